//! "The token format MUST be signed JWT": its form, its signature, its header.

use asap_engine::{Algorithm, Engine, KeyId, Keyring, TokenRequest, VerifyError};
use asap_tests::backends::judge_by_all;
use asap_tests::fixture::{NOW, judge, policy, verdict};
use asap_tests::forge::hmac;
use asap_tests::keys::{key, other_key};
use asap_tests::token::{Token, compact, decoded, signed, with_signature};

use crate::OF_EVERY_TYPE;
use crate::sources::{client, issuer, json, verifies_rs256};

/// "The token format MUST be signed JWT."
#[test]
fn the_token_format_must_be_signed_jwt() {
    let token = Token::es256();
    assert_eq!(judge(token.sign()), Ok(()));
    let unsigned = compact(token.header_json(), token.claims_json(), "");
    let nested = signed(key(Algorithm::Es256), token.header_json(), token.sign());
    // The shape of a JWE (RFC 7516 section 7.1), and tokens that are no JWT at all.
    let encrypted = format!("{}.AAAA.AAAA", token.sign());
    for other in [
        unsigned.as_str(),
        &nested,
        &encrypted,
        "",
        "opaque",
        "b64token+/==",
        &token.claims_json(),
    ] {
        assert!(judge(other).is_err(), "{other}");
    }
    // What the client's side makes: a header and a claims set, which are JSON objects, and a signature.
    let issued = client().sign(&TokenRequest::new("server"), NOW);
    let issued = issued.unwrap();
    assert!(json(&issued, 0).is_object() && json(&issued, 1).is_object());
    assert_eq!(decoded(issued.split('.').nth(2).unwrap()).len(), 64);
}

/// "Tokens MUST be signed with the private key of the client using JWS."
#[test]
fn tokens_must_be_signed_with_the_private_key_of_the_client_using_jws() {
    // RFC 7515 section 5.1: the signature is over ASCII(BASE64URL(header) || '.' || BASE64URL(payload)), which
    // the library itself says here, without any code of the engine.
    let issuer = issuer(Algorithm::Rs256);
    let token = issuer.sign(&TokenRequest::new("server"), NOW).unwrap();
    assert!(verifies_rs256(&token, issuer.public_key_pem()));
    let other = other_key(Algorithm::Rs256).public_key_pem();
    assert!(!verifies_rs256(&token, other));

    let token = Token::good(Algorithm::Rs256);
    assert_eq!(judge_by_all(token.sign()), Ok(()));
    let by_another = token.sign_with(other_key(Algorithm::Rs256));
    assert_eq!(judge_by_all(by_another), Err(VerifyError::SignatureInvalid));
    // A signature over the decoded bytes is none of JWS.
    let text = format!("{}.{}", token.header_json(), token.claims_json());
    let over_text = key(Algorithm::Rs256).sign(text.as_bytes()).unwrap();
    let forged = with_signature(&token.sign(), over_text);
    assert_eq!(judge_by_all(forged), Err(VerifyError::SignatureInvalid));
}

/// "The JOSE header (the first component of the JWT triple) MUST contain at least:"
#[test]
fn the_jose_header_must_contain_alg_and_kid() {
    let token = Token::es256();
    for (name, refusal) in [
        ("alg", VerifyError::AlgorithmMissing),
        ("kid", VerifyError::KeyIdMissing),
    ] {
        let value = format!(
            "\"{}\"",
            if name == "alg" {
                "ES256"
            } else {
                "client/ES256"
            }
        );
        let without = token.clone().without_header(name);
        assert_eq!(judge(without.clone().sign()), Err(refusal));
        // In the payload it is not in the header.
        assert_eq!(judge(without.claim(name, &value).sign()), Err(refusal));
    }
    let issued = client().sign(&TokenRequest::new("server"), NOW);
    let header = json(&issued.unwrap(), 0);
    assert_eq!(header["alg"], "ES256");
    assert_eq!(header["kid"], "client/ES256");
}

/// "“alg”: the algorithm used to sign the token."
#[test]
fn alg_is_the_algorithm_used_to_sign_the_token() {
    for used in Algorithm::ALL {
        let token = issuer(*used).sign(&TokenRequest::new("server"), NOW);
        assert_eq!(json(&token.unwrap(), 0)["alg"], used.name());
        for said in Algorithm::ALL {
            let token = Token::good(*used).header("alg", &format!("\"{said}\""));
            let accepted = judge_by_all(token.sign()).is_ok();
            assert_eq!(accepted, said == used, "signed with {used}, says {said}");
        }
    }
}

/// "It MUST be one of the asymmetric key algorithms defined by JWA."
#[test]
fn alg_must_be_one_of_the_asymmetric_key_algorithms_defined_by_jwa() {
    // RFC 7518 section 3.1, and the entry that RFC 8037 made in the registry of its section 7.1.
    let asymmetric = [
        "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
    ];
    assert_eq!(Algorithm::ALL.len(), asymmetric.len());
    for name in asymmetric {
        let algorithm = Algorithm::from_name(name).unwrap();
        assert_eq!(
            judge_by_all(Token::good(algorithm).sign()),
            Ok(()),
            "{name}"
        );
    }
    // Others of the registry, other spellings, and what is no algorithm.
    for name in [
        "ES256K",
        "RSA-OAEP",
        "ECDH-ES",
        "RS1",
        "A128KW",
        "dir",
        "A128GCM",
        "rs256",
        "eddsa",
        "RS256 ",
        " RS256",
        "RS256\\u0000",
        "SHA256",
        "",
    ] {
        let token = Token::es256().header("alg", &format!("\"{name}\"")).sign();
        let refused = Err(VerifyError::AlgorithmUnsupported);
        assert_eq!(judge(token), refused, "{name}");
        assert_eq!(Algorithm::from_name(name), None);
    }
}

/// "It MUST NOT be ‘none’, and it MUST NOT be a symmetric key algorithm."
#[test]
fn alg_must_not_be_none() {
    for none in ["none", "None", "NONE", "nOnE", "n\\u006fne", "none "] {
        let token = Token::es256().header("alg", &format!("\"{none}\""));
        let unsigned = compact(token.header_json(), token.claims_json(), "");
        for token in [token.sign(), unsigned] {
            let refused = Err(VerifyError::AlgorithmUnsupported);
            assert_eq!(judge_by_all(token), refused, "{none}");
        }
        assert_eq!(Algorithm::from_name(none), None, "nor can it be issued");
    }
}

/// "It MUST NOT be ‘none’, and it MUST NOT be a symmetric key algorithm."
#[test]
fn alg_must_not_be_a_symmetric_key_algorithm() {
    let pem = key(Algorithm::Es256).public_key_pem();
    for bits in [256, 384, 512] {
        let token = Token::es256().header("alg", &format!("\"HS{bits}\""));
        let unsigned = compact(token.header_json(), token.claims_json(), "");
        // The public key is known to all. As the secret of an HMAC it must open nothing.
        let input = unsigned.strip_suffix('.').unwrap();
        let keyed = hmac(bits, pem.as_bytes(), input.as_bytes());
        for token in [token.sign(), with_signature(&unsigned, keyed)] {
            let refused = Err(VerifyError::AlgorithmUnsupported);
            assert_eq!(judge_by_all(token), refused, "HS{bits}");
        }
        assert_eq!(Algorithm::from_name(&format!("HS{bits}")), None);
    }
}

/// "“kid”: key identifier, as defined by JWS, with the difference that here it is mandatory."
#[test]
fn kid_is_mandatory() {
    let missing = Err(VerifyError::KeyIdMissing);
    let token = Token::es256();
    assert_eq!(judge(token.clone().without_header("kid").sign()), missing);
    // "as defined by JWS": it "MUST be a case-sensitive string" (RFC 7515 section 4.1.4).
    for value in OF_EVERY_TYPE.iter().filter(|value| !value.starts_with('"')) {
        let token = token.clone().header("kid", value);
        assert_eq!(judge(token.sign()), missing, "{value}");
    }
    for kid in ["client/es256", "CLIENT/ES256"] {
        let token = token.clone().header("kid", &format!("\"{kid}\""));
        assert!(judge(token.sign()).is_err(), "{kid}");
    }
}

/// "The key identifier MUST be a String that is a non-empty sequence of non-empty substrings joined with the
/// forward slash character (“/”)."
#[test]
fn the_key_identifier_must_be_a_non_empty_sequence_of_non_empty_substrings() {
    for kid in [
        "",
        "/",
        "//",
        "client/",
        "/client",
        "client//key",
        "client/key/",
    ] {
        assert_key_identifier(kid, false);
    }
    for kid in ["client/k", "client/a/b/c/d/e/f/g", "client/-", "client/_/+"] {
        assert_key_identifier(kid, true);
    }
}

/// "None of the substrings can be “.” or “..”."
#[test]
fn none_of_the_substrings_can_be_one_dot_or_two() {
    for kid in [
        ".",
        "..",
        "client/.",
        "client/..",
        "./client",
        "client/../key",
        "client/./key",
    ] {
        assert_key_identifier(kid, false);
    }
    for kid in [
        "client/...",
        "client/.key",
        "client/..key",
        "client/key..",
        "client/a..b",
    ] {
        assert_key_identifier(kid, true);
    }
}

/// "As a further restriction, the key identifier must match the following Java regular expression:
/// `^[\w.\-\+/]*$`."
#[test]
fn the_key_identifier_must_match_the_java_regular_expression() {
    // Java's `\w` is ASCII: of all characters there are, these and no others.
    for character in '\0'..=char::MAX {
        let matches = character.is_ascii_alphanumeric() || "_.-+/".contains(character);
        let mut buffer = [b'a'; 6];
        let length = character.len_utf8();
        character.encode_utf8(&mut buffer[1..]);
        let text = std::str::from_utf8(&buffer[..length + 2]).unwrap();
        assert_eq!(KeyId::parse(text).is_some(), matches, "{text:?}");
    }
    // The whole string: a line end before the end of it is none that `$` forgives.
    for end in ["\\n", "\\r\\n", "\\u0085", "\\u2028"] {
        assert_key_identifier(&format!("client/key{end}"), false);
        assert_key_identifier(&format!("{end}client/key"), false);
        assert_key_identifier(&format!("client/{end}key"), false);
    }
}

/// "The JOSE header MAY contain the “typ” header, but since JWS is being used, this header MUST be ignored."
#[test]
fn the_jose_header_may_contain_typ() {
    assert_eq!(judge(Token::es256().without_header("typ").sign()), Ok(()));
    assert_eq!(
        judge(Token::es256().header("typ", "\"JWT\"").sign()),
        Ok(())
    );
    let issued = client().sign(&TokenRequest::new("server"), NOW);
    assert_eq!(json(&issued.unwrap(), 0)["typ"], "JWT");
}

/// "The JOSE header MAY contain the “typ” header, but since JWS is being used, this header MUST be ignored."
#[test]
fn typ_must_be_ignored() {
    for value in OF_EVERY_TYPE {
        let token = Token::es256().header("typ", value);
        assert_eq!(judge(token.sign()), Ok(()), "{value}");
        let forged = token.sign_with(other_key(Algorithm::Es256));
        assert_eq!(judge(forged), Err(VerifyError::SignatureInvalid), "{value}");
    }
    for value in ["\"JWE\"", "\"JOSE+JSON\"", "\"at+jwt\"", "\"secevent+jwt\""] {
        let token = Token::es256().header("typ", value);
        assert_eq!(judge(token.sign()), Ok(()), "{value}");
    }
}

/// Whether a token of this `kid`, written as JSON, gets as far as its key, and whether such a key can be configured.
#[track_caller]
fn assert_key_identifier(kid: &str, is_one: bool) {
    let token = Token::es256().header("kid", &format!("\"{kid}\"")).sign();
    let pem = key(Algorithm::Es256).public_key_pem().as_bytes();
    let plain: String = serde_json::from_str(&format!("\"{kid}\"")).unwrap();
    assert_eq!(KeyId::parse(&plain).is_some(), is_one, "{kid:?}");
    match Keyring::from_pems([(plain.as_str(), pem)]) {
        Ok(keys) => {
            let engine = Engine::new(policy(), keys).with_clock(|| NOW);
            assert_eq!(verdict(&engine, token), Ok(()), "{kid:?}");
            assert!(is_one, "{kid:?}");
        }
        Err(_) => {
            assert_eq!(judge(token), Err(VerifyError::KeyIdInvalid), "{kid:?}");
            assert!(!is_one, "{kid:?}");
        }
    }
}
