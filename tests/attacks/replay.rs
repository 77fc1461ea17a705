//! Section 7, what one process shows of it: a token that comes twice.

use std::time::Duration;

use asap_engine::{Algorithm, VerifyError};
use asap_tests::fixture::{after, policy};
use asap_tests::forge;
use asap_tests::keys::other_key;
use asap_tests::token::{Token, base64url, signature_of, with_signature};

use crate::case::{Case, attack, twin};

rows! {
    /// "The resource server MAY reject a token if the token nonce has been previously seen."
    "RPL-01" rpl_01_the_same_token_again = again;
    /// A `jti` belongs to its issuer.
    "RPL-03" rpl_03_the_jti_of_another_issuer = other_issuers;
    /// An entry is kept until the token could not be used anyway.
    "RPL-04" rpl_04_until_exp_and_the_leeway = until_exp;
    /// What is remembered is (`iss`, `jti`), and not the bytes of the token.
    "RPL-06" rpl_06_malleated_copies = malleated;
}

const REPLAYED: VerifyError = VerifyError::Replayed;

fn again() -> Vec<Case> {
    let token = Token::es256();
    let signed = token.sign();
    let other = |json: &str| Token::es256().claim("jti", json).sign();
    let mut cases = vec![
        // "The client MAY reuse the same token".
        twin("where tokens may be reused", &signed).after(after(0), &signed),
        twin("where it is the first", &signed).once(),
        attack("where each is taken once", &signed, REPLAYED)
            .once()
            .after(after(0), &signed),
        attack("signed anew", token.sign(), REPLAYED)
            .once()
            .after(after(0), &signed),
        attack(
            "of another text",
            token.clone().claim("x", "1").sign(),
            REPLAYED,
        )
        .once()
        .after(after(0), &signed),
        attack(
            "of another exp",
            token.clone().claim("exp", "1700000050").sign(),
            REPLAYED,
        )
        .once()
        .after(after(0), &signed),
        attack("of an escaped jti", other("\"t\\u006fken-1\""), REPLAYED)
            .once()
            .after(after(0), &signed),
        attack("of an empty jti", other("\"\""), REPLAYED)
            .once()
            .after(after(0), other("\"\"")),
        attack(
            "of another algorithm and key",
            Token::good(Algorithm::Rs256).sign(),
            REPLAYED,
        )
        .once()
        .after(after(0), &signed),
    ];
    for near in [
        "\"token-2\"",
        "\"Token-1\"",
        "\"token-1 \"",
        "\"token-1\\u0000\"",
        "\"\"",
    ] {
        cases.push(twin(near, other(near)).once().after(after(0), &signed));
    }
    // A thousand others later: peers drop the oldest of a thousand.
    let flood = (0..200).map(|number| other(&format!("\"flood-{number}\"")));
    let first = attack("after two hundred others", &signed, REPLAYED).once();
    let first = first.after(after(0), &signed);
    cases.push(flood.fold(first, |case, token| case.after(after(0), token)));
    cases
}

fn other_issuers() -> Vec<Case> {
    let token = Token::es256().sign();
    let neighbours = |jti: &str| {
        Token::es256()
            .claim("iss", "\"neighbour\"")
            .claim("jti", &format!("\"{jti}\""))
            .header("kid", "\"neighbour/ES256\"")
            .sign_with(other_key(Algorithm::Es256))
    };
    let by_other_key = Token::es256()
        .header("kid", "\"client/other-ES256\"")
        .sign_with(other_key(Algorithm::Es256));
    vec![
        twin("the same jti of another issuer", neighbours("token-1"))
            .once()
            .after(after(0), &token),
        twin("and the other way around", &token)
            .once()
            .after(after(0), neighbours("token-1")),
        twin("where issuer and jti run together", neighbours("ntoken-1"))
            .once()
            .after(after(0), &token),
        attack("by another key of the issuer", by_other_key, REPLAYED)
            .once()
            .after(after(0), &token),
        attack("the neighbour's own again", neighbours("token-1"), REPLAYED)
            .once()
            .after(after(0), &token)
            .after(after(0), neighbours("token-1")),
    ]
}

fn until_exp() -> Vec<Case> {
    let token = Token::es256().sign();
    let leeway = |seconds| policy().with_leeway(Duration::from_secs(seconds)).unwrap();
    let nanosecond = Duration::from_nanos(1);
    let again = |name: &str| {
        attack(name, &token, REPLAYED)
            .once()
            .after(after(0), &token)
    };
    let expired = |name: &str| {
        attack(name, &token, VerifyError::Expired)
            .once()
            .after(after(0), &token)
    };
    vec![
        again("at exp").at(after(60)),
        expired("a nanosecond after").at(after(60).saturating_add(nanosecond)),
        again("at exp and the leeway")
            .at(after(90))
            .under(leeway(30)),
        expired("a nanosecond after that")
            .at(after(90).saturating_add(nanosecond))
            .under(leeway(30)),
        again("at exp and the widest leeway")
            .at(after(360))
            .under(leeway(300)),
        twin("the first time, at exp and the leeway", &token)
            .once()
            .at(after(90))
            .under(leeway(30)),
    ]
}

fn malleated() -> Vec<Case> {
    let mut cases = Vec::new();
    for algorithm in [Algorithm::Es256, Algorithm::Es384] {
        let token = Token::good(algorithm).sign();
        let copy = with_signature(&token, forge::twin(&signature_of(&token)));
        let name = format!("high s of {algorithm}");
        cases.push(
            attack(name.clone(), &copy, REPLAYED)
                .once()
                .after(after(0), &token),
        );
        cases.push(twin(name, &copy).once());
    }
    let token = Token::es256().sign();
    let mut bits = token.clone();
    let last = bits.pop().unwrap();
    let next = char::from(u8::try_from(last).unwrap() + 1);
    let bits = format!("{bits}{next}");
    for (name, copy) in [
        ("trailing bits", bits),
        ("padding", format!("{token}==")),
        ("a dot", format!("{token}.{}", base64url(""))),
    ] {
        let refusal = if name == "a dot" {
            VerifyError::NotCompact
        } else {
            VerifyError::InvalidBase64
        };
        cases.push(attack(name, copy, refusal).once().after(after(0), &token));
    }
    cases
}
