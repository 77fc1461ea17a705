//! The payload, against serde_json and the rules; and the two readers of objects against each other.

use asap_engine::KeyId;
use asap_engine::internals::{Member, Value, parse_claims, plain_members, strict_members};

use crate::oracle;
use crate::oracle::json::{self, Json};
use crate::seen::Seen;

/// `data` is a decoded payload.
pub fn claims(data: &[u8]) {
    // One that owns some issuers and not others: the reader takes a short cut where it does.
    let key_id = KeyId::parse("client/a/key").expect("a key id");
    let actual = parse_claims(data, key_id).map(|claims| Seen::by_engine(&claims));
    let expected = oracle::claims::read(data).map(|claims| Seen::by_oracle(&claims));
    oracle::agree(&actual, &expected);
    if let Ok(document) = std::str::from_utf8(data) {
        readers(document);
    }
}

/// The strict reader takes what serde_json takes, and the plain one only what the strict one reads the same.
fn readers(document: &str) {
    let strict = strict_members(document);
    let expected = json::members(document).ok().map(|members| {
        let members = members.into_iter();
        members
            .map(|(name, value)| (name, shown(value)))
            .collect::<Vec<Member>>()
    });
    assert_eq!(strict, expected);
    if let Some(plain) = plain_members(document) {
        assert_eq!(Some(plain), strict, "the readers differ");
    }
}

fn shown(value: Json) -> Value {
    match value {
        Json::Text(text) => Value::Text(text),
        Json::Number(literal) => {
            let is_plain = literal.len() <= 18
                && !literal.starts_with('0')
                && literal.bytes().all(|byte| byte.is_ascii_digit());
            let whole = literal.parse().ok().filter(|_| is_plain);
            Value::Number(literal, whole)
        }
        Json::Array(spelling, _) => Value::Array(spelling),
        Json::Other => Value::Other,
    }
}
