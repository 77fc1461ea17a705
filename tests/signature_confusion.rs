//! Checks 8 and 9: a signature counts only as what its key makes, by the key's own algorithm.
//!
//! Every case is asked of each backend, and they must agree.

use asap_engine::{Algorithm, VerifyError, VerifyingKey};
use asap_tests::backends::judge_by_all;
use asap_tests::forge::{der_signature, hmac, twin};
use asap_tests::keys::{der_of, key, other_key};
use asap_tests::token::{Token, compact, signature_of, with_signature};

/// "The resource server MUST decode and verify the signature of the access token using the public key of the
/// issuer (“iss”) identified by “kid”." "Resource servers MUST implement at least the RS256 algorithm (as defined
/// by JWA), and they CAN implement other algorithms."
#[test]
fn the_resource_server_must_verify_the_signature_of_the_access_token() {
    for algorithm in Algorithm::ALL {
        assert_eq!(
            judge_by_all(Token::good(*algorithm).sign()),
            Ok(()),
            "{algorithm}"
        );
    }
}

/// RFC 8725 section 3.1: the algorithm is the key's, and the token's `alg` may only agree.
#[test]
fn each_key_verifies_its_own_algorithms_and_refuses_every_other() {
    let family = |algorithm: Algorithm| match algorithm.name() {
        name if name.starts_with(['R', 'P']) => "RSA",
        name => name,
    };
    for of_key in Algorithm::ALL {
        for claimed in Algorithm::ALL {
            // Signed with the key as it signs; `alg` says something else.
            let token = Token::good(*of_key)
                .header("alg", &format!("\"{claimed}\""))
                .sign();
            let expected = if claimed == of_key {
                Ok(())
            } else if family(*claimed) == family(*of_key) {
                Err(VerifyError::SignatureInvalid)
            } else {
                Err(VerifyError::AlgorithmMismatch)
            };
            assert_eq!(
                judge_by_all(token),
                expected,
                "{claimed} for a key of {of_key}"
            );
        }
    }
}

/// "signatures made with a key different from the claimed one MUST be rejected."
#[test]
fn signatures_made_with_a_key_different_from_the_claimed_one_must_be_rejected() {
    for algorithm in Algorithm::ALL {
        let token = Token::good(*algorithm);
        let by_the_other = token.sign_with(other_key(*algorithm));
        assert_eq!(
            judge_by_all(by_the_other),
            Err(VerifyError::SignatureInvalid),
            "{algorithm}"
        );
        let claimed = token.header("kid", &format!("\"client/other-{algorithm}\""));
        assert_eq!(
            judge_by_all(claimed.sign()),
            Err(VerifyError::SignatureInvalid),
            "{algorithm}"
        );
        assert_eq!(
            judge_by_all(claimed.sign_with(other_key(*algorithm))),
            Ok(()),
            "{algorithm}"
        );
    }
}

/// "It MUST NOT be ‘none’": "Unsigned access tokens MUST be rejected."
#[test]
fn unsigned_access_tokens_must_be_rejected() {
    for algorithm in Algorithm::ALL {
        let good = Token::good(*algorithm);
        let empty = with_signature(&good.sign(), "");
        assert_eq!(
            judge_by_all(empty),
            Err(VerifyError::SignatureInvalid),
            "{algorithm}"
        );
        for none in ["none", "None", "NONE", "nOnE", "noNe"] {
            let token = good.clone().header("alg", &format!("\"{none}\""));
            for token in [
                token.sign(),
                compact(token.header_json(), token.claims_json(), ""),
            ] {
                assert_eq!(
                    judge_by_all(token),
                    Err(VerifyError::AlgorithmUnsupported),
                    "{none}"
                );
            }
        }
    }
}

/// "and it MUST NOT be a symmetric key algorithm.": a public key is no secret (CVE-2016-10555 and its heirs).
#[test]
fn a_public_key_is_never_the_key_of_an_hmac() {
    for algorithm in Algorithm::ALL {
        let pem = key(*algorithm).public_key_pem();
        let der = der_of(pem);
        let lines: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let secrets = [
            pem.as_bytes().to_vec(),
            pem.trim_end().as_bytes().to_vec(),
            pem.replace('\n', "\r\n").into_bytes(),
            format!(" {pem}").into_bytes(),
            format!("\n{pem}").into_bytes(),
            pem.replace('\n', "").into_bytes(),
            lines.into_bytes(),
            der.clone(),
            der[der.len() - 32..].to_vec(),
            Vec::new(),
        ];
        for secret in secrets {
            for bits in [256, 384, 512] {
                for (alg, expected) in [
                    (format!("HS{bits}"), VerifyError::AlgorithmUnsupported),
                    (format!("hs{bits}"), VerifyError::AlgorithmUnsupported),
                    (algorithm.to_string(), VerifyError::SignatureInvalid),
                ] {
                    let token = Token::good(*algorithm).header("alg", &format!("\"{alg}\""));
                    let unsigned = compact(token.header_json(), token.claims_json(), "");
                    let signing_input = unsigned.strip_suffix('.').unwrap();
                    let mac = hmac(bits, &secret, signing_input.as_bytes());
                    assert_eq!(
                        judge_by_all(with_signature(&unsigned, mac)),
                        Err(expected),
                        "{alg}"
                    );
                }
            }
        }
    }
}

/// RFC 7518 section 3.4: "The JWS Signature value MUST be a 64-octet sequence. If it is not a 64-octet sequence,
/// the validation has failed."
#[test]
fn an_ecdsa_signature_is_of_fixed_width_and_never_der() {
    for algorithm in [Algorithm::Es256, Algorithm::Es384, Algorithm::Es512] {
        let good = Token::good(algorithm).sign();
        let signature = signature_of(&good);
        let (r, s) = signature.split_at(signature.len() / 2);
        let zero = vec![0; r.len()];
        let minimal = der_signature(&[zero.as_slice(), &zero].concat());
        for forged in [
            der_signature(&signature),
            minimal,
            b"\x30\x06\x02\x01\x00\x02\x01\x00".to_vec(),
            [&[0], r, s].concat(),
            [&[0], r, &[0], s].concat(),
            [r, &[0], s].concat(),
            [r, s, &[0]].concat(),
            [s, r].concat(),
            [r, r].concat(),
            r.to_vec(),
        ] {
            let token = with_signature(&good, &forged);
            assert_eq!(
                judge_by_all(token),
                Err(VerifyError::SignatureInvalid),
                "{algorithm} {forged:02x?}"
            );
        }
    }
    // A DER signature takes some 70 bytes. Cut to the right width it is still none of JWS.
    let good = Token::es256().sign();
    let mut cut = der_signature(&signature_of(&good));
    cut.resize(64, 0);
    assert_eq!(
        judge_by_all(with_signature(&good, cut)),
        Err(VerifyError::SignatureInvalid)
    );
}

/// CVE-2022-21449: r and s are in 1 to n - 1 (FIPS 186-5 section 6.4.2).
#[test]
fn an_ecdsa_signature_of_numbers_out_of_range_is_invalid() {
    // n, n - 1, n + 1 and p of P-256.
    let n = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    let p = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";
    let hex = |text: &str| -> Vec<u8> {
        (0..32)
            .map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
            .collect()
    };
    let with_last = |last: &str| hex(&format!("{}{last}", &n[..62]));
    let (zero, mut one) = (vec![0; 32], vec![0; 32]);
    one[31] = 1;
    let odd = [
        zero,
        one,
        hex(n),
        with_last("50"),
        with_last("52"),
        hex(p),
        vec![0xff; 32],
    ];
    let good = Token::es256().sign();
    let signature = signature_of(&good);
    for number in &odd {
        for forged in [
            [number, &signature[32..]].concat(),
            [&signature[..32], number].concat(),
        ] {
            assert_eq!(
                judge_by_all(with_signature(&good, forged)),
                Err(VerifyError::SignatureInvalid)
            );
        }
        for other in &odd {
            let forged = [number.as_slice(), other].concat();
            assert_eq!(
                judge_by_all(with_signature(&good, forged)),
                Err(VerifyError::SignatureInvalid)
            );
        }
    }
}

/// Attack SIG-07: RFC 7518 section 3.4 has no rule on low `s`, so both of an ES256 signature's forms are valid.
#[test]
fn the_high_s_twin_of_an_ecdsa_signature_is_valid() {
    let good = Token::es256().sign();
    let signature = signature_of(&good);
    let other = twin(&signature);
    assert_ne!(other, signature);
    assert_eq!(twin(&other), signature);
    assert_eq!(judge_by_all(with_signature(&good, other)), Ok(()));
}

/// RFC 7518 sections 3.3 and 3.5: PKCS #1 v1.5 and PSS are two algorithms of one key, and neither passes for the
/// other, nor one hash for another.
#[test]
fn pss_does_not_pass_for_pkcs1_nor_one_hash_for_another() {
    let rsa = || {
        Algorithm::ALL
            .iter()
            .filter(|one| one.name().starts_with(['R', 'P']))
    };
    for made in rsa() {
        for claimed in rsa() {
            // The signature is good by `made` over a header that says `claimed`.
            let token = Token::good(*claimed);
            let expected = if made == claimed {
                Ok(())
            } else {
                Err(VerifyError::SignatureInvalid)
            };
            assert_eq!(
                judge_by_all(token.sign_with(key(*made))),
                expected,
                "{made} as {claimed}"
            );
        }
    }
}

/// "Invalid signatures [...] MUST be rejected."
#[test]
fn invalid_signatures_must_be_rejected() {
    for algorithm in Algorithm::ALL {
        let good = Token::good(*algorithm).sign();
        let signature = signature_of(&good);
        let length = signature.len();
        let mut forged = vec![
            Vec::new(),
            vec![0],
            vec![0; length],
            vec![0xff; length],
            vec![1; length],
            vec![0; length - 1],
            vec![0; length + 1],
            signature[1..].to_vec(),
            signature[..length - 1].to_vec(),
            [&signature[..], &[0]].concat(),
            [&[0], &signature[..]].concat(),
            [&signature[..], &signature].concat(),
            signature.iter().rev().copied().collect(),
            vec![0; 4000],
        ];
        for bit in [0, 1, 7, length * 4, length * 8 - 2, length * 8 - 1] {
            let mut flipped = signature.clone();
            flipped[bit / 8] ^= 0x80 >> (bit % 8);
            forged.push(flipped);
        }
        // The signature of another token of the same key.
        forged.push(signature_of(
            &Token::good(*algorithm).claim("jti", "\"2\"").sign(),
        ));
        for signature in forged {
            let token = with_signature(&good, &signature);
            assert_eq!(
                judge_by_all(token),
                Err(VerifyError::SignatureInvalid),
                "{algorithm} {}",
                signature.len()
            );
        }
        assert_eq!(judge_by_all(good), Ok(()), "{algorithm}");
    }
}

/// RFC 7515 section 5.2: the signature is over the header and the payload as they were sent.
#[test]
fn a_signature_is_over_the_header_and_the_payload_as_they_were_sent() {
    for algorithm in Algorithm::ALL {
        let token = Token::good(*algorithm);
        let signature = signature_of(&token.sign());
        for changed in [
            token.clone().claim("sub", "\"admin\""),
            token.clone().claim("jti", "\"token-2\""),
            token.clone().claim("exp", "1700000061"),
            token.clone().header("typ", "\"JWT\""),
            token.clone().claim("exp", "1700000060 "),
            token
                .clone()
                .header("kid", &format!("\"client\\/{algorithm}\"")),
        ] {
            let forged = compact(changed.header_json(), changed.claims_json(), &signature);
            assert_eq!(
                judge_by_all(forged),
                Err(VerifyError::SignatureInvalid),
                "{changed:?}"
            );
            assert_eq!(judge_by_all(changed.sign()), Ok(()), "{changed:?}");
        }
    }
}

/// docs/DESIGN.md, check 8: "a key is read once, at load, and tied there to what it can verify".
#[test]
fn a_key_says_which_algorithms_are_its_own() {
    for algorithm in Algorithm::ALL {
        let public = VerifyingKey::from_pem(key(*algorithm).public_key_pem().as_bytes()).unwrap();
        assert!(public.verifies(*algorithm));
        let own = Algorithm::ALL
            .iter()
            .filter(|one| public.verifies(**one))
            .count();
        let is_rsa = algorithm.name().starts_with(['R', 'P']);
        assert_eq!(own, if is_rsa { 6 } else { 1 }, "{algorithm}");
    }
}
