//! However a token spells what it says, it says the same: JSON leaves a choice for nearly every character.

use asap_engine::Algorithm;
use asap_engine::{Scratch, Verdict};
use asap_tests::fixture::{AUDIENCE, ISSUER, NOW_SECONDS, engine, policy};
use asap_tests::keys::key;
use asap_tests::token::signed;
use asap_tests::walk::Walk;
use proptest::prelude::*;
use serde_json::Value;

use crate::for_all;
use crate::shapes::{claims, text};

/// RFC 7519 section 7.3: "comparing this string value to another" is comparing code points after "any JSON-applied
/// escaping" is undone; and what the identity hands on is the payload itself.
#[test]
fn a_token_means_the_same_however_it_is_spelled() {
    let subjects = prop::option::of(text(20));
    let inputs = (claims(), text(20), text(20), subjects, any::<u64>());
    let engine = engine(policy());
    for_all(200, inputs, |(others, token_id, other, subject, seed)| {
        let mut walk = Walk(seed);
        let header = [
            ("alg".to_owned(), Value::from("ES256")),
            ("kid".to_owned(), "client/ES256".into()),
            ("typ".to_owned(), "JWT".into()),
        ];
        let audience = match walk.below(2) {
            0 => Value::from(AUDIENCE),
            _ => Value::from(vec![other.as_str(), AUDIENCE, other.as_str()]),
        };
        let mut claims: Vec<_> = others.into_iter().collect();
        claims.extend([
            ("iss".to_owned(), ISSUER.into()),
            ("aud".to_owned(), audience.clone()),
            ("iat".to_owned(), NOW_SECONDS.into()),
            ("exp".to_owned(), (NOW_SECONDS + 60).into()),
            ("jti".to_owned(), token_id.as_str().into()),
        ]);
        claims.extend(
            subject
                .iter()
                .map(|subject| ("sub".to_owned(), subject.as_str().into())),
        );
        let payload = spelled_object(claims, &mut walk);
        let header = spelled_object(header.to_vec(), &mut walk);
        let token = signed(key(Algorithm::Es256), header, &payload);

        let mut scratch = Scratch::new();
        let verdict = engine.verify_now(token.as_bytes(), &mut scratch);
        let Ok(Verdict::Verified(identity)) = verdict else {
            return Err(TestCaseError::fail(format!("{verdict:?} for {payload}")));
        };
        prop_assert_eq!(identity.claims_json(), payload);
        prop_assert_eq!(identity.issuer(), ISSUER);
        prop_assert_eq!(identity.subject(), subject.as_deref().unwrap_or(ISSUER));
        prop_assert_eq!(identity.token_id(), token_id);
        prop_assert_eq!(identity.key_id(), "client/ES256");
        let names: Vec<_> = match &audience {
            Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
            single => single.as_str().into_iter().collect(),
        };
        prop_assert!(identity.audience().iter().eq(names));
        Ok(())
    });
}

/// An object of these members in any order, each spelled in any way that RFC 8259 allows.
fn spelled_object(mut members: Vec<(String, Value)>, walk: &mut Walk) -> String {
    for last in (1..members.len()).rev() {
        members.swap(last, walk.below(last + 1));
    }
    let members: Vec<_> = members
        .iter()
        .map(|(name, value)| format!("{}:{}", spelled_text(name, walk), spelled(value, walk)))
        .collect();
    spaced(&format!("{{{}}}", members.join(",")), walk)
}

fn spelled(value: &Value, walk: &mut Walk) -> String {
    let spelled = match value {
        Value::String(text) => return spelled_text(text, walk),
        Value::Number(number) => match walk.below(4) {
            0 => format!("{number}.0"),
            1 => format!("{number}0e-1"),
            2 => format!("{number}E+0"),
            _ => number.to_string(),
        },
        Value::Array(values) => {
            let values: Vec<_> = values.iter().map(|value| spelled(value, walk)).collect();
            format!("[{}]", values.join(","))
        }
        Value::Object(members) => {
            let members = members
                .iter()
                .map(|(name, value)| (name.clone(), value.clone()));
            return spelled_object(members.collect(), walk);
        }
        word => word.to_string(),
    };
    spaced(&spelled, walk)
}

fn spelled_text(text: &str, walk: &mut Walk) -> String {
    let mut spelled = String::from('"');
    // Whole texts without an escape, too: most are so, and they take another way through the reader.
    let is_plain = walk.below(3) == 0;
    for character in text.chars() {
        let short = match character {
            '"' | '\\' | '/' => Some(character),
            '\u{8}' => Some('b'),
            '\t' => Some('t'),
            '\n' => Some('n'),
            '\u{c}' => Some('f'),
            '\r' => Some('r'),
            _ => None,
        };
        let must_be_escaped = matches!(character, '"' | '\\' | '\0'..='\u{1f}');
        match (walk.below(4), short) {
            (0..=2, _) | (_, None) if !must_be_escaped && (is_plain || walk.below(2) == 0) => {
                spelled.push(character);
            }
            (0, Some(short)) => spelled.extend(['\\', short]),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    spelled.push_str(&match walk.below(2) {
                        0 => format!("\\u{unit:04x}"),
                        _ => format!("\\u{unit:04X}"),
                    });
                }
            }
        }
    }
    spelled.push('"');
    spaced(&spelled, walk)
}

fn spaced(text: &str, walk: &mut Walk) -> String {
    let mut space = || ["", "", "", " ", "\t\r\n "][walk.below(5)];
    format!("{}{text}{}", space(), space())
}
