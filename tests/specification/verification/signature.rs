//! Whose signature it is, and by which key.

use std::sync::Arc;

use asap_engine::{Algorithm, Engine, Keyring, VerifyError};
use asap_tests::backends::judge_by_all;
use asap_tests::counting::{Answer, CountingKeys};
use asap_tests::fixture::{NOW, block_on, engine, judge, policy, verdict};
use asap_tests::key_client::{always, repository};
use asap_tests::key_server::cached;
use asap_tests::keys::{key, other_key};
use asap_tests::token::{Token, base64url, compact, sign_input, signature_of, with_signature};

use crate::sources::verifies_rs256;

/// "The resource server MUST decode and verify the signature of the access token using the public key of the
/// issuer (“iss”) identified by “kid”."
#[test]
fn the_signature_must_be_verified_using_the_public_key_identified_by_kid() {
    for algorithm in Algorithm::ALL {
        let token = Token::good(*algorithm);
        assert_eq!(judge_by_all(token.sign()), Ok(()), "{algorithm}");
        // The issuer has another key, and the token names that one.
        let names_other = token.header("kid", &format!("\"client/other-{algorithm}\""));
        let refused = judge_by_all(names_other.sign());
        assert_eq!(refused, Err(VerifyError::SignatureInvalid), "{algorithm}");
    }
    // Each bit of what was signed counts, and each of the signature.
    let token = Token::good(Algorithm::Rs256).sign();
    let bytes = token.as_bytes();
    for position in (0..bytes.len()).filter(|at| bytes[*at] != b'.') {
        let mut changed = bytes.to_vec();
        changed[position] = if bytes[position] == b'A' { b'B' } else { b'A' };
        assert!(judge_by_all(changed).is_err(), "{position}");
    }
}

/// "Detailed instructions to decode and verify the access token are given by JWT and JWS."
#[test]
fn the_token_is_decoded_as_jwt_and_jws_say() {
    let token = Token::es256();
    // RFC 7515 section 5.2: base64url without "line breaks, whitespace, or other additional characters", a
    // completely valid JSON object in UTF-8, and no extension that is critical and not understood.
    let good = token.sign();
    let (input, _) = good.rsplit_once('.').unwrap();
    for (input, refusal) in [
        (format!("{input}="), VerifyError::InvalidBase64),
        (format!(" {input}"), VerifyError::InvalidBase64),
        (input.replace('.', "+."), VerifyError::InvalidBase64),
        (
            format!("{}.e30", base64url("[]")),
            VerifyError::InvalidHeader,
        ),
        (
            format!("{}.e30", base64url("{}{}")),
            VerifyError::InvalidHeader,
        ),
        (
            format!(
                "{}.{}",
                base64url(token.header_json()),
                base64url("\"\u{e9}\"")
            ),
            VerifyError::InvalidClaims,
        ),
    ] {
        let forged = sign_input(key(Algorithm::Es256), &input);
        assert_eq!(judge(forged), Err(refusal), "{input}");
    }
    let critical = token.clone().header("crit", "[\"x\"]").header("x", "1");
    assert_eq!(judge(critical.sign()), Err(VerifyError::CriticalHeader));
    // RFC 7519 section 7.3: names and values are compared after unescaping, and nothing else is done to them.
    let escaped = token.clone().header("kid", r#""client\/ES\u003256""#);
    assert_eq!(judge(escaped.sign()), Ok(()));
    let escaped = token.clone().without_claim("jti");
    assert_eq!(judge(escaped.claims_and(r#""\u006ati":"1""#)), Ok(()));
    // RFC 7519 section 4: a claim that is there twice is refused, whichever of them would be good.
    let twice = token.claims_and(r#""aud":"server""#);
    assert_eq!(judge(twice), Err(VerifyError::DuplicateClaim));
}

/// "Resource servers MUST implement at least the RS256 algorithm (as defined by JWA), and they CAN implement other
/// algorithms."
#[test]
fn resource_servers_must_implement_rs256() {
    // A policy that says nothing about algorithms takes it, by every backend, and only with a good signature.
    let token = Token::good(Algorithm::Rs256);
    let signed = token.sign();
    assert!(verifies_rs256(
        &signed,
        key(Algorithm::Rs256).public_key_pem()
    ));
    assert_eq!(judge_by_all(&signed), Ok(()));
    let mut signature = signature_of(&signed);
    for position in [0, 127, 255] {
        signature[position] ^= 1;
        let forged = with_signature(&signed, &signature);
        assert_eq!(judge_by_all(forged), Err(VerifyError::SignatureInvalid));
        signature[position] ^= 1;
    }
}

/// "Resource servers MUST implement at least the RS256 algorithm (as defined by JWA), and they CAN implement other
/// algorithms."
#[test]
fn resource_servers_can_implement_other_algorithms() {
    for algorithm in Algorithm::ALL {
        let keys = [(format!("client/{algorithm}"), key(*algorithm))];
        let pems = keys
            .iter()
            .map(|(kid, key)| (kid.as_str(), key.public_key_pem().as_bytes()));
        let keys = Keyring::from_pems(pems).unwrap();
        let engine = Engine::new(policy(), keys).with_clock(|| NOW);
        let token = Token::good(*algorithm).sign();
        assert_eq!(verdict(&engine, token), Ok(()), "{algorithm}");
    }
}

/// "Resource servers MUST reject tokens signed with an unsupported algorithm."
#[test]
fn tokens_signed_with_an_unsupported_algorithm_must_be_rejected() {
    for unknown in [
        "none",
        "HS256",
        "ES256K",
        "RS1",
        "Ed448",
        "ML-DSA-44",
        "",
        "x",
    ] {
        let token = Token::es256().header("alg", &format!("\"{unknown}\""));
        let refused = Err(VerifyError::AlgorithmUnsupported);
        assert_eq!(judge_by_all(token.sign()), refused, "{unknown}");
    }
    // What a policy does not list is not supported either, however good the signature.
    for algorithm in Algorithm::ALL {
        let others = Algorithm::ALL
            .iter()
            .copied()
            .filter(|one| one != algorithm);
        let engine = engine(policy().with_algorithms(others).unwrap());
        let refused = verdict(&engine, Token::good(*algorithm).sign());
        assert_eq!(
            refused,
            Err(VerifyError::AlgorithmNotAllowed),
            "{algorithm}"
        );
    }
}

/// "Either the key it is known statically (by configuration) or it can be discovered at runtime (see Key
/// discovery)."
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_key_is_known_statically_or_discovered_at_runtime() {
    let token = Token::es256().sign();
    assert_eq!(
        engine(policy()).verify(token.as_bytes()).await.map(drop),
        Ok(())
    );
    let pem = key(Algorithm::Es256).public_key_pem();
    let server = always(move || cached("max-age=60", pem)).await;
    let discovering = Engine::new(policy(), repository(&server)).with_clock(|| NOW);
    assert_eq!(discovering.verify(token.as_bytes()).await.map(drop), Ok(()));
    assert_eq!(server.asked().len(), 1);
}

/// "The claimed key is identified by the “kid”."
#[test]
fn the_claimed_key_is_identified_by_the_kid() {
    // Two names of one key are two keys, and one name is one key however many there are.
    let pem = key(Algorithm::Es256).public_key_pem().as_bytes();
    let other = other_key(Algorithm::Es256).public_key_pem().as_bytes();
    let keys = [("client/a", pem), ("client/b", pem), ("client/c", other)];
    let keys = Keyring::from_pems(keys).unwrap();
    let engine = Engine::new(policy(), keys).with_clock(|| NOW);
    for (kid, expected) in [
        ("client/a", Ok(())),
        ("client/b", Ok(())),
        ("client/c", Err(VerifyError::SignatureInvalid)),
        ("client/d", Err(VerifyError::KeyUnknown)),
        ("client/A", Err(VerifyError::KeyUnknown)),
    ] {
        let token = Token::es256().header("kid", &format!("\"{kid}\""));
        assert_eq!(verdict(&engine, token.sign()), expected, "{kid}");
    }
}

/// "Invalid signatures, signatures made with an unknown key, and signatures made with a key different from the
/// claimed one MUST be rejected."
#[test]
fn invalid_signatures_must_be_rejected() {
    for algorithm in Algorithm::ALL {
        let good = Token::good(*algorithm).sign();
        let signature = signature_of(&good);
        let mut flipped = signature.clone();
        *flipped.last_mut().unwrap() ^= 1;
        for forged in [
            flipped,
            vec![0; signature.len()],
            vec![0xff; signature.len()],
            signature[1..].to_vec(),
            [&signature[..], &[0]].concat(),
            [&[0], &signature[..]].concat(),
        ] {
            let forged = with_signature(&good, forged);
            let refused = Err(VerifyError::SignatureInvalid);
            assert_eq!(judge_by_all(forged), refused, "{algorithm}");
        }
        // A good signature over another token.
        let another = Token::good(*algorithm).claim("jti", "\"another\"").sign();
        let moved = with_signature(&another, &signature);
        assert_eq!(judge_by_all(moved), Err(VerifyError::SignatureInvalid));
    }
}

/// "Invalid signatures, signatures made with an unknown key, and signatures made with a key different from the
/// claimed one MUST be rejected."
#[test]
fn signatures_made_with_an_unknown_key_must_be_rejected() {
    let unknown = Token::es256().header("kid", "\"client/unknown\"").sign();
    assert_eq!(judge(&unknown), Err(VerifyError::KeyUnknown));
    // Nor is any other key tried in its place, whoever is asked.
    for end in [
        Answer::Unknown,
        Answer::Fetched(Err(asap_engine::KeyError::Unknown)),
    ] {
        let engine = Engine::new(policy(), CountingKeys::new(end)).with_clock(|| NOW);
        let refused = block_on(engine.verify(unknown.as_bytes())).map(|_| ());
        assert_eq!(refused, Err(VerifyError::KeyUnknown));
        assert_eq!(engine.keys().lookups(), 1);
    }
}

/// "Invalid signatures, signatures made with an unknown key, and signatures made with a key different from the
/// claimed one MUST be rejected."
#[test]
fn signatures_made_with_a_key_different_from_the_claimed_one_must_be_rejected() {
    for algorithm in Algorithm::ALL {
        // Both keys are known, and both are the client's.
        let token = Token::good(*algorithm);
        let by_other = token.sign_with(other_key(*algorithm));
        assert_eq!(judge_by_all(by_other), Err(VerifyError::SignatureInvalid));
        let claimed = token.header("kid", &format!("\"client/other-{algorithm}\""));
        assert_eq!(
            judge_by_all(claimed.sign_with(other_key(*algorithm))),
            Ok(())
        );
    }
    // A fetched key is no other than the one that was asked for.
    let fetched = Answer::Fetched(Ok(Arc::new(Answer::key(Algorithm::Es256))));
    let engine = Engine::new(policy(), CountingKeys::new(fetched)).with_clock(|| NOW);
    let by_other = Token::es256().sign_with(other_key(Algorithm::Es256));
    let refused = block_on(engine.verify(by_other.as_bytes())).map(|_| ());
    assert_eq!(refused, Err(VerifyError::SignatureInvalid));
}

/// "Unsigned access tokens MUST be rejected."
#[test]
fn unsigned_access_tokens_must_be_rejected() {
    for algorithm in Algorithm::ALL {
        let token = Token::good(*algorithm);
        let unsigned = compact(token.header_json(), token.claims_json(), "");
        let refused = judge_by_all(&unsigned);
        assert_eq!(refused, Err(VerifyError::SignatureInvalid), "{algorithm}");
        let without_dot = unsigned.trim_end_matches('.');
        assert_eq!(judge_by_all(without_dot), Err(VerifyError::NotCompact));
        let none = token.header("alg", "\"none\"");
        let unsecured = compact(none.header_json(), none.claims_json(), "");
        assert_eq!(
            judge_by_all(unsecured),
            Err(VerifyError::AlgorithmUnsupported)
        );
    }
}
