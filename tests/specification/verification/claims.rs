//! Whose key it is, whom the token speaks for, whom it is meant for, and what else it may say.

use asap_engine::{Algorithm, Engine, Keyring, ReplayWindow, VerifyError};
use asap_tests::fixture::{NOW, engine, judge, policy, verdict, verdict_now};
use asap_tests::keys::{key, other_key};
use asap_tests::token::Token;

use crate::OF_EVERY_TYPE;
use crate::sources::{identity, identity_by};

/// "The resource server MUST check that the key identified by “kid” is owned by the issuer."
#[test]
fn the_key_identified_by_kid_must_be_owned_by_the_issuer() {
    // The neighbour's own good key and signature, in the client's name, and the reverse.
    let neighbour = Token::es256().header("kid", "\"neighbour/ES256\"");
    let forged = neighbour.sign_with(other_key(Algorithm::Es256));
    assert_eq!(judge(forged), Err(VerifyError::KeyNotOwned));
    let reverse = Token::es256().claim("iss", "\"neighbour\"");
    assert_eq!(judge(reverse.sign()), Err(VerifyError::KeyNotOwned));
    let honest = neighbour.claim("iss", "\"neighbour\"");
    assert_eq!(judge(honest.sign_with(other_key(Algorithm::Es256))), Ok(()));
}

/// "In order to do so, the resource server MAY check if the “kid” string starts with “`$iss/`” (where `$iss` is the
/// value of the “iss” claim) and, in affirmative case, accept that as proof of ownership of the key by the issuer."
#[test]
fn a_kid_that_starts_with_iss_and_a_slash_is_proof_of_ownership() {
    for (iss, kid, is_owned) in [
        ("client", "client/key", true),
        ("client", "client/eu/key", true),
        ("client/eu", "client/eu/key", true),
        ("client/eu", "client/key", false),
        ("client/key", "client/key", false),
        ("clien", "client/key", false),
        ("client", "client.eu/key", false),
        ("client", "Client/key", false),
        ("client", "eu/client/key", false),
    ] {
        let token = named(iss, kid);
        let expected = match is_owned {
            true => Ok(()),
            false => Err(VerifyError::KeyNotOwned),
        };
        assert_eq!(verdict(&engine_with(kid), token), expected, "{iss} {kid}");
    }
}

/// "The resource server MAY use other mechanisms to the same effect."
#[test]
fn no_other_mechanism_proves_ownership() {
    // Neither a configured key, nor a listed issuer, nor a subject, nor a signature that is good.
    for extra in ["\"client\"", "\"neighbour\""] {
        let token = Token::es256()
            .header("kid", "\"neighbour/key\"")
            .header("iss", extra)
            .claim("sub", extra)
            .claim("azp", extra)
            .sign();
        let pem = key(Algorithm::Es256).public_key_pem().as_bytes();
        let keys = Keyring::from_pems([("neighbour/key", pem), ("client/key", pem)]).unwrap();
        let policy = policy().with_issuers(["client", "neighbour"]).unwrap();
        let engine = Engine::new(policy, keys).with_clock(|| NOW);
        assert_eq!(verdict(&engine, token), Err(VerifyError::KeyNotOwned));
    }
}

/// "If the “sub” claim is not defined, the resource server MUST assume that the effective subject is the same as
/// the issuer."
#[test]
fn the_effective_subject_is_the_issuer_where_sub_is_not_defined() {
    for name in ["client", "client/eu", "a.b-c_d+e"] {
        let kid = format!("{name}/key");
        let identity = identity_by(&engine_with(&kid), &named(name, &kid));
        assert_eq!((identity.issuer(), identity.subject()), (name, name));
    }
    // A `sub` that is defined and empty is defined.
    let empty = Token::es256().claim("sub", "\"\"").sign();
    assert_eq!(identity(policy(), &empty).subject(), "");
}

/// "The resource server MUST verify that it is the intended audience of the access token by checking that at least
/// one of the values of “aud” is the identifier of the resource server mutually agreed by the client and the
/// resource server."
#[test]
fn the_resource_server_must_verify_that_it_is_the_intended_audience() {
    for meant in [
        "\"server\"",
        "[\"server\"]",
        "[\"a\",\"server\",\"b\"]",
        "[\"s\\u0065rver\"]",
    ] {
        let token = Token::es256().claim("aud", meant);
        assert_eq!(judge(token.sign()), Ok(()), "{meant}");
    }
    for other in [
        "\"\"",
        "\"*\"",
        "\"Server\"",
        "\"server \"",
        "\"server/\"",
        "\"serve\"",
        "\"servers\"",
        "\"server,other\"",
        "\"\u{ff53}erver\"",
        "[]",
        "[\"other\",\"serve\",\"r\"]",
    ] {
        let token = Token::es256().claim("aud", other);
        let refused = Err(VerifyError::AudienceMismatch);
        assert_eq!(judge(token.sign()), refused, "{other}");
    }
    // A server of two names is meant by either.
    let two = || engine(policy().with_audience("server.example").unwrap());
    for meant in ["\"server\"", "\"server.example\""] {
        let token = Token::es256().claim("aud", meant).sign();
        assert_eq!(verdict(&two(), token), Ok(()), "{meant}");
    }
}

/// "The resource server MAY reject a token if the token nonce (“jti”) has been previously seen by the resource
/// server in another request."
#[test]
fn a_token_whose_nonce_has_been_seen_may_be_rejected() {
    let token = Token::es256().sign();
    // Unless asked to, it does not.
    let reusing = engine(policy());
    for _ in 0..3 {
        assert_eq!(verdict(&reusing, &token), Ok(()));
    }
    let window = ReplayWindow::new(100).unwrap();
    let detecting = engine(policy()).with_replay_log(window).unwrap();
    assert_eq!(verdict_now(&detecting, &token), Ok(()));
    assert_eq!(verdict_now(&detecting, &token), Err(VerifyError::Replayed));
    // It is the nonce that counts: whatever else the token says, and only for this issuer.
    let renewed = Token::es256().claim("sub", "\"user\"").sign();
    assert_eq!(verdict_now(&detecting, renewed), Err(VerifyError::Replayed));
    let neighbour = Token::es256()
        .header("kid", "\"neighbour/ES256\"")
        .claim("iss", "\"neighbour\"")
        .sign_with(other_key(Algorithm::Es256));
    assert_eq!(verdict_now(&detecting, neighbour), Ok(()));
}

/// "If the resource server decides to implement duplicate detection, it MUST explicitly document that behaviour."
#[test]
fn duplicate_detection_must_be_documented() {
    let readme = include_str!("../../../README.md");
    let (_, section) = readme.split_once("\n## Single use, documented\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let words: Vec<_> = section.split_whitespace().collect();
    let section = words.join(" ");
    // Whether it is on, how it is turned on, what counts as a duplicate, for how long, and when it is full.
    for word in [
        "By default this engine detects none",
        "Engine::with_replay_log",
        "(`iss`, `jti`)",
        "`exp`",
        "full",
        "restart",
    ] {
        assert!(section.contains(word), "README.md, Single use: {word}");
    }
}

/// "Besides the values of “kid”, “iss”, “sub”, “nbf”, “exp” and the signature, the resource server MUST NOT use any
/// other claim or header as the basis to decide if the request is authentic."
#[test]
fn no_other_claim_or_header_may_be_the_basis_of_the_decision() {
    let others = [
        "typ",
        "cty",
        "zip",
        "enc",
        "b64",
        "epk",
        "url",
        "nonce",
        "ver",
        "azp",
        "scope",
        "scp",
        "roles",
        "act",
        "cnf",
        "client_id",
        "auth_time",
        "acr",
        "amr",
        "nbf ",
        "exp ",
        "IAT",
        "",
        "\\u0000",
        "qsh",
        "events",
        "htm",
        "htu",
        "ath",
        "status",
        "may_act",
    ];
    let forger = other_key(Algorithm::Es256);
    for value in OF_EVERY_TYPE {
        for name in others {
            let in_header = Token::es256().header(name, value);
            let in_claims = Token::es256().claim(name, value);
            for token in [&in_header, &in_claims] {
                assert_eq!(judge(token.sign()), Ok(()), "{name:?}: {value}");
            }
            let forged = judge(in_claims.sign_with(forger));
            assert_eq!(
                forged,
                Err(VerifyError::SignatureInvalid),
                "{name:?}: {value}"
            );
        }
        // In the header, what names a claim says nothing, and the reverse.
        for name in ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"] {
            let token = Token::es256().header(name, value);
            assert_eq!(judge(token.sign()), Ok(()), "{name} in the header: {value}");
        }
        for name in ["alg", "kid", "crit", "jku", "jwk"] {
            let token = Token::es256().claim(name, value);
            assert_eq!(judge(token.sign()), Ok(()), "{name} in the claims: {value}");
        }
    }
    // `iat` decides the lifespan and the default of `nbf`, which other sentences ask for, and nothing else.
    for iat in ["1700000001", "1800000000", "1e400"] {
        let token = Token::es256().claim("nbf", "1700000000").claim("iat", iat);
        assert_eq!(judge(token.sign()), Ok(()), "{iat}");
    }
    // `jti` has to be there, and its value is no matter of authenticity: two tokens may share one.
    let again = Token::es256().claim("sub", "\"another\"");
    assert_eq!(judge(again.sign()), Ok(()));
    // Five hundred claims more are five hundred claims to ignore.
    let many: Vec<_> = (0..500).map(|number| format!("\"x{number}\":0")).collect();
    assert_eq!(judge(Token::es256().claims_and(&many.join(","))), Ok(()));
}

fn engine_with(kid: &str) -> Engine<Keyring> {
    let pem = key(Algorithm::Es256).public_key_pem().as_bytes();
    let keys = Keyring::from_pems([(kid, pem)]).unwrap();
    Engine::new(policy(), keys).with_clock(|| NOW)
}

fn named(iss: &str, kid: &str) -> String {
    let token = Token::es256().header("kid", &format!("\"{kid}\""));
    token.claim("iss", &format!("\"{iss}\"")).sign()
}
