//! Tokens of Trello's Power-Ups: "JWT tokens must be properly validated on the server-side to ensure that the JWT signature
//! is (a) valid, (b) not expired, (c) it comes from your Power-Up, and (d) is a particular Trello user" (Marketplace
//! security requirements of 2023, Trello apps, 1.2).

use std::fs;
use std::time::Duration;

use asap_engine::limits::{MAX_KEYS_TRIED, MAX_TRELLO_STATE_LENGTH};
use asap_engine::{
    Algorithm, KeySet, KeySetRejected, RsaKeySize, SigningKey, StaticKeySet, TrelloPolicy,
    TrelloVerifier, UnixTime, VerifyError as E,
};
use asap_tests::fixture::{NOW, NOW_SECONDS, after};
use asap_tests::jwk::{pem_list, rs256, set};
use asap_tests::keys::{der_of, key, other_key};
use asap_tests::published::{
    PLUGIN, trello, trello_keys, trello_refusal, trello_token, trello_verdict,
};
use asap_tests::token::{base64url, compact, decoded, with_signature};
use serde_json::Value;

#[test]
fn a_token_of_this_power_up_says_who_its_user_is() {
    let identity = trello_verdict(&trello(trello_keys()), &trello_token().sign()).unwrap();
    assert_eq!(identity.member_id(), "5e645dc2c4205e1416218404");
    assert_eq!(identity.board_id(), Some("5e667811606cb1160a8f5bf7"));
    assert_eq!(identity.state(), Some("test"));
    assert_eq!(
        (identity.issued_at(), identity.expires_at()),
        (NOW, after(900))
    );
}

/// (a)
#[test]
fn a_signature_that_is_not_of_trello_is_refused() {
    let forged = trello_token().sign_with(other_key(Algorithm::Rs256));
    assert_eq!(trello_refusal(&forged), Some(E::SignatureInvalid));
    let token = trello_token().sign();
    for signature in [vec![], vec![0; 256], vec![0xff; 512]] {
        assert_eq!(
            trello_refusal(&with_signature(&token, signature)),
            Some(E::SignatureInvalid)
        );
    }
}

/// (a), by the algorithm: RS256 is ours to say.
#[test]
fn no_other_algorithm_is_taken() {
    for algorithm in [Algorithm::Rs384, Algorithm::Ps256] {
        let token = trello_token().header("alg", &format!("\"{algorithm}\""));
        assert_eq!(
            trello_refusal(&token.sign_with(key(algorithm))),
            Some(E::AlgorithmNotAllowed)
        );
    }
    for name in ["none", "HS256", "RS256 "] {
        let token = trello_token().header("alg", &format!("\"{name}\"")).sign();
        assert_eq!(
            trello_refusal(&token),
            Some(E::AlgorithmUnsupported),
            "{name}"
        );
    }
    let token = trello_token().header("alg", "\"HS256\"");
    let input = format!(
        "{}.{}",
        base64url(token.header_json()),
        base64url(token.claims_json())
    );
    let pem = key(Algorithm::Rs256).public_key_pem();
    for secret in [pem.as_bytes(), &der_of(pem)] {
        let secret = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret);
        let tag = aws_lc_rs::hmac::sign(&secret, input.as_bytes());
        assert_eq!(
            trello_refusal(&format!("{input}.{}", base64url(tag))),
            Some(E::AlgorithmUnsupported)
        );
    }
}

/// (b)
#[test]
fn an_expired_token_is_refused() {
    let policy = || TrelloPolicy::new(PLUGIN).unwrap();
    let at = |policy: TrelloPolicy, seconds| {
        let verifier = TrelloVerifier::new(policy, trello_keys());
        let verifier = verifier.with_clock(move || after(seconds));
        trello_verdict(&verifier, &trello_token().sign()).err()
    };
    let strict = || policy().with_leeway(Duration::ZERO).unwrap();
    assert_eq!([0, 900].map(|seconds| at(strict(), seconds)), [None; 2]);
    assert_eq!(at(strict(), 901), Some(E::Expired));
    assert_eq!(at(strict(), -1), Some(E::NotYetValid));
    assert_eq!(
        (at(policy(), 930), at(policy(), 931)),
        (None, Some(E::Expired))
    );
    let short = policy()
        .with_max_lifetime(Duration::from_secs(899))
        .unwrap();
    assert_eq!(at(short, 0), Some(E::LifetimeTooLong));
    for (claim, missing, invalid) in [
        ("exp", E::ExpiryMissing, E::ExpiryInvalid),
        ("iat", E::IssuedAtMissing, E::IssuedAtInvalid),
    ] {
        assert_eq!(
            trello_refusal(&trello_token().without_claim(claim).sign()),
            Some(missing)
        );
        assert_eq!(
            trello_refusal(&trello_token().claim(claim, "\"1\"").sign()),
            Some(invalid)
        );
    }
    let later = trello_token().claim("nbf", &(NOW_SECONDS + 60).to_string());
    assert_eq!(trello_refusal(&later.sign()), Some(E::NotYetValid));
}

/// (c): the tokens of all Power-Ups are signed with the same keys.
#[test]
fn a_token_of_another_power_up_is_refused() {
    for other in [
        "\"5e66784c606cb1160a8f5dc1\"",
        "\"\"",
        "\"5E66784C606CB1160A8F5DC0\"",
    ] {
        let token = trello_token().claim("idPlugin", other).sign();
        assert_eq!(trello_refusal(&token), Some(E::PluginMismatch), "{other}");
    }
    for none in ["null", "1", "[\"5e66784c606cb1160a8f5dc0\"]"] {
        let token = trello_token().claim("idPlugin", none).sign();
        assert_eq!(trello_refusal(&token), Some(E::PluginMissing), "{none}");
    }
    let token = trello_token().without_claim("idPlugin").sign();
    assert_eq!(trello_refusal(&token), Some(E::PluginMissing));
    let token = trello_token()
        .without_claim("idPlugin")
        .claim("aud", "\"5e66784c606cb1160a8f5dc0\"");
    assert_eq!(trello_refusal(&token.sign()), Some(E::PluginMissing));
}

/// (d)
#[test]
fn a_token_of_nobody_in_particular_is_refused() {
    assert_eq!(
        trello_refusal(&trello_token().without_claim("idMember").sign()),
        Some(E::MemberMissing)
    );
    for nobody in ["null", "\"\"", "0", "{}", "[\"5e645dc2c4205e1416218404\"]"] {
        let token = trello_token().claim("idMember", nobody).sign();
        assert_eq!(trello_refusal(&token), Some(E::MemberMissing), "{nobody}");
    }
}

#[test]
fn the_issuer_is_trello() {
    for issuer in ["\"Trello\"", "\"trello.com\"", "\"\""] {
        let token = trello_token().claim("iss", issuer).sign();
        assert_eq!(
            trello_refusal(&token),
            Some(E::IssuerNotAllowed),
            "{issuer}"
        );
    }
    assert_eq!(
        trello_refusal(&trello_token().without_claim("iss").sign()),
        Some(E::IssuerMissing)
    );
    assert_eq!(
        trello_refusal(&trello_token().claim("iss", "null").sign()),
        Some(E::IssuerInvalid)
    );
}

#[test]
fn a_state_of_up_to_2048_units_is_taken() {
    let with = |state: String| trello_refusal(&trello_token().claim("state", &state).sign());
    for (unit, units) in [
        ("x", 1),
        ("é", 1),
        ("\u{1f600}", 2),
        (r"\n", 1),
        (r"\ud83d\ude00", 2),
    ] {
        let longest = unit.repeat(MAX_TRELLO_STATE_LENGTH / units);
        assert_eq!(with(format!("\"{longest}\"")), None, "{unit}");
        assert_eq!(
            with(format!("\"{longest}x\"")),
            Some(E::StateTooLong),
            "{unit}"
        );
    }
    assert_eq!(with("null".into()), None);
    for other in ["1", "{}", "[\"a\"]", "false"] {
        assert_eq!(with(other.into()), Some(E::StateInvalid), "{other}");
    }
    let none = trello_token()
        .without_claim("state")
        .without_claim("idBoard")
        .sign();
    let identity = trello_verdict(&trello(trello_keys()), &none).unwrap();
    assert_eq!((identity.state(), identity.board_id()), (None, None));
    let board = trello_token().claim("idBoard", "1").sign();
    assert_eq!(trello_refusal(&board), Some(E::BoardInvalid));
}

/// "Usually one, two during rotation": each key of the list is tried.
#[test]
fn each_key_of_the_list_is_tried() {
    let (one, other) = (key(Algorithm::Rs256), other_key(Algorithm::Rs256));
    for order in [[one, other], [other, one]] {
        let keys = StaticKeySet::new(KeySet::from_pem_list(pem_list(&order).as_bytes()).unwrap());
        let verifier = trello(keys);
        for signer in order {
            assert!(trello_verdict(&verifier, &trello_token().sign_with(signer)).is_ok());
        }
    }
    let keys = |list: &str| StaticKeySet::new(KeySet::from_pem_list(list.as_bytes()).unwrap());
    let elliptic = pem_list(&[key(Algorithm::Es256)]);
    let refusal = trello_verdict(&trello(keys(&elliptic)), &trello_token().sign()).err();
    assert_eq!(refusal, Some(E::AlgorithmMismatch));
    let mixed = pem_list(&[key(Algorithm::Es256), one]);
    assert!(trello_verdict(&trello(keys(&mixed)), &trello_token().sign()).is_ok());
}

/// A `kid` names no key of the list, so whatever it is makes no difference.
#[test]
fn a_kid_is_not_looked_at() {
    for kid in ["\"x\"", "1", "null", "\"../../etc/passwd\""] {
        assert_eq!(
            trello_refusal(&trello_token().header("kid", kid).sign()),
            None,
            "{kid}"
        );
    }
}

/// A key set of any size costs a token that names no key eight verifications at most.
#[test]
fn no_more_than_eight_keys_are_tried() {
    let stranger = SigningKey::generate(Algorithm::Rs256).unwrap().0;
    let sets = |before: usize| {
        let mut keys: Vec<_> = (0..before)
            .map(|number| rs256(&stranger, &format!("stranger-{number}")))
            .collect();
        keys.push(rs256(key(Algorithm::Rs256), "ours"));
        StaticKeySet::new(KeySet::from_jwk_set(set(&keys).as_bytes()).unwrap())
    };
    let verdict = |before| trello_verdict(&trello(sets(before)), &trello_token().sign()).err();
    assert_eq!(verdict(MAX_KEYS_TRIED - 1), None);
    assert_eq!(verdict(MAX_KEYS_TRIED), Some(E::SignatureInvalid));
}

#[test]
fn a_list_that_cannot_be_relied_on_is_refused() {
    use KeySetRejected as R;
    let pem = |key: &SigningKey| Value::from(key.public_key_pem()).to_string();
    let one = pem(key(Algorithm::Rs256));
    let many = [one.as_str(); MAX_KEYS_TRIED + 1].join(",");
    let cases = [
        (String::new(), R::NotJson),
        ("[]".to_owned(), R::NotJson),
        ("{}".to_owned(), R::NotASet),
        (format!("{{\"keys\":{one}}}"), R::NotASet),
        (format!("{{\"keys\":[{one},1]}}"), R::NotASet),
        (
            format!("{{\"keys\":[{{\"kty\":\"RSA\"}},{one}]}}"),
            R::NotASet,
        ),
        (
            format!("{{\"keys\":[{one}],\"keys\":[{one}]}}"),
            R::DuplicateMember,
        ),
        ("{\"keys\":[]}".to_owned(), R::NoKeys),
        (format!("{{\"keys\":[{one},\"\"]}}"), R::MalformedKey),
        (
            format!("{{\"keys\":[{}]}}", one.replace("PUBLIC", "PRIVATE")),
            R::MalformedKey,
        ),
        (format!("{{\"keys\":[{many}]}}"), R::TooManyKeys),
        (
            format!("{{\"keys\":[{one}],\"x\":\"{}\"}}", "x".repeat(64 * 1024)),
            R::TooLong,
        ),
    ];
    for (list, rejected) in cases {
        let shown = &list[..list.len().min(60)];
        assert_eq!(
            KeySet::from_pem_list(list.as_bytes()).err(),
            Some(rejected),
            "{shown}"
        );
    }
    let unknown = format!("{{\"version\":1,\"keys\":[{one}]}}");
    assert_eq!(KeySet::from_pem_list(unknown.as_bytes()).unwrap().len(), 1);
}

/// Trello signs with a key of 4096 bits.
#[test]
fn a_key_of_4096_bits_is_taken() {
    let (large, _) = SigningKey::generate_rsa(Algorithm::Rs256, RsaKeySize::Bits4096).unwrap();
    let list = pem_list(&[&large]);
    let verifier = trello(StaticKeySet::new(
        KeySet::from_pem_list(list.as_bytes()).unwrap(),
    ));
    assert!(trello_verdict(&verifier, &trello_token().sign_with(&large)).is_ok());
}

/// The example of the documentation of `t.jwt()`, and a key from one of Trello's samples: everything about the token is in
/// order but that it is signed with another key (`signature_verifies_with_key` of the vector says so).
#[test]
fn the_published_example_is_refused_at_its_signature_and_nowhere_before() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/vectors/connect/trello-tjwt.json"
    );
    let Ok(text) = fs::read_to_string(path) else {
        return;
    };
    let vector: Value = serde_json::from_str(&text).unwrap();
    let token = vector["token"].as_str().unwrap();
    let claim = |name: &str| vector["claims"][name].as_str().unwrap();
    let list = serde_json::json!({ "keys": [vector["public_key_pem"]] }).to_string();
    let now = UnixTime::from_secs(vector["valid_at"].as_i64().unwrap());
    let verdict = |plugin: &str, list: &str, token: &str| {
        let keys = StaticKeySet::new(KeySet::from_pem_list(list.as_bytes()).unwrap());
        let policy = TrelloPolicy::new(plugin).unwrap();
        let verifier = TrelloVerifier::new(policy, keys).with_clock(move || now);
        trello_verdict(&verifier, token)
    };
    let plugin = claim("idPlugin");
    assert_eq!(
        verdict(plugin, &list, token).err(),
        Some(E::SignatureInvalid)
    );
    assert_eq!(
        verdict(PLUGIN, &list, &compact("{}", "{}", "")).err(),
        Some(E::AlgorithmMissing)
    );
    // The same header and payload under a key that is at hand.
    let mut segments = token.split('.').map(decoded);
    let (header, payload) = (segments.next().unwrap(), segments.next().unwrap());
    let ours = key(Algorithm::Rs256);
    let token = asap_tests::token::signed(ours, header, payload);
    let identity = verdict(plugin, &pem_list(&[ours]), &token).unwrap();
    assert_eq!(identity.member_id(), claim("idMember"));
    assert_eq!(identity.board_id(), Some(claim("idBoard")));
    assert_eq!(identity.state(), Some(claim("state")));
}

/// docs/DESIGN.md: nothing of a token in what anything prints.
#[test]
fn nothing_prints_a_claim() {
    let verifier = trello(trello_keys());
    let identity = trello_verdict(&verifier, &trello_token().sign()).unwrap();
    let shown = format!("{verifier:?} {identity:?}");
    for secret in ["5e645dc2", "5e667811", "test"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn a_configuration_that_names_no_power_up_is_refused() {
    for plugin in ["", " ", "5e66784c606cb1160a8f5dc0\n", "a/b"] {
        assert!(TrelloPolicy::new(plugin).is_err(), "{plugin:?}");
    }
}
