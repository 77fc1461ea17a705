//! What names, texts and claims may look like.

use std::collections::BTreeMap;

use asap_engine::ClaimValue;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::Value;

/// The claims that have a method of their own (RFC 7519 section 4.1).
const REGISTERED: [&str; 7] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];

/// Any text of up to so many characters: of all planes, control characters, and what JSON escapes.
pub(crate) fn text(max: usize) -> impl Strategy<Value = String> {
    let character = prop_oneof![
        3 => any::<char>(),
        1 => prop::char::range('\0', '\u{7f}'),
        1 => prop::sample::select(vec!['"', '\\', '/', '\n', '\u{8}', '{', '}', '[', ',', ':', '\u{ffff}', '\u{2028}']),
    ];
    vec(character, 0..=max).prop_map(String::from_iter)
}

/// Any text but the empty one.
pub(crate) fn some_text(max: usize) -> impl Strategy<Value = String> {
    text(max).prop_filter("empty", |text| !text.is_empty())
}

/// So many segments of a `kid`, joined.
pub(crate) fn segments(count: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = String> {
    let segment = "[A-Za-z0-9_.+-]{1,9}"
        .prop_filter("a dot segment", |text| !matches!(text.as_str(), "." | ".."));
    vec(segment, count).prop_map(|segments| segments.join("/"))
}

/// Additional claims: names that are not registered, some of them nearly, and values of any nesting up to the limit.
pub(crate) fn claims() -> impl Strategy<Value = BTreeMap<String, Value>> {
    let near = prop::sample::select(vec!["", "ISS", "iss ", "aud\0", "jt", "jtii", "\"exp"]);
    let name = prop_oneof![4 => text(12), 1 => near.prop_map(str::to_owned)]
        .prop_filter("a registered claim", |name| {
            !REGISTERED.contains(&name.as_str())
        });
    btree_map(name, nested(), 0..5)
}

fn nested() -> impl Strategy<Value = Value> {
    // Four levels at most, in up to 27 arrays or objects of one value: 31 are allowed below the payload.
    let wrapped = |(value, names): (Value, Vec<Option<String>>)| {
        names.into_iter().fold(value, |inner, name| match name {
            Some(name) => Value::Object(std::iter::once((name, inner)).collect()),
            None => Value::Array(vec![inner]),
        })
    };
    let deep = (value(), vec(prop::option::of(text(3)), 20..=27)).prop_map(wrapped);
    prop_oneof![9 => value(), 1 => deep]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text(20).prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(text(6), inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// The same value in the issuer's type. There are whole numbers only.
pub(crate) fn claim_value(value: &Value) -> ClaimValue {
    match value {
        Value::Null => ClaimValue::Null,
        Value::Bool(value) => ClaimValue::Bool(*value),
        Value::Number(number) => ClaimValue::Integer(number.as_i64().unwrap()),
        Value::String(text) => ClaimValue::String(text.clone()),
        Value::Array(values) => ClaimValue::Array(values.iter().map(claim_value).collect()),
        Value::Object(members) => {
            let members = members
                .iter()
                .map(|(name, value)| (name.clone(), claim_value(value)));
            ClaimValue::Object(members.collect())
        }
    }
}
