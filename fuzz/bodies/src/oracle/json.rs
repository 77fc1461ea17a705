//! A JSON object as serde_json reads it, all members kept.
//!
//! The engine differs from serde_json in three known ways, which are modelled here: serde_json does not look at
//! escapes in what it skips, so each string is read once more by itself; a number is kept as it is spelled, since
//! serde_json would refuse what no float holds; and the depth is counted here.

use asap_engine::limits::MAX_NESTING;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A value, as far as the engine looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Json {
    Text(String),
    Number(String),
    /// As it is spelled, and its elements.
    Array(String, Vec<Self>),
    Other,
}

/// Why a document is not one that the engine reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refused {
    /// It may be outside the grammar.
    pub(crate) syntax: bool,
    /// It may be nested too deep.
    pub(crate) too_deep: bool,
}

impl Refused {
    const DEEP: Self = Self {
        syntax: false,
        too_deep: true,
    };
}

/// The members of the object that `document` is, in order, duplicates included.
pub(crate) fn members(document: &str) -> Result<Vec<(String, Json)>, Refused> {
    let brackets = document.matches(['[', '{']).count();
    // Where the grammar is broken, it depends on the reader whether the break or the depth comes first.
    let broken = Refused {
        syntax: true,
        too_deep: brackets > MAX_NESTING,
    };
    let object: Object<'_> = serde_json::from_str(document).map_err(|_| broken)?;
    let mut found = Vec::new();
    let mut refused = None;
    for (name, value) in object.0 {
        match json(value, 1) {
            Some(Ok(value)) => found.push((name, value)),
            Some(Err(TooDeep)) => refused = refused.or(Some(Refused::DEEP)),
            None => refused = Some(broken),
        }
    }
    refused.map_or(Ok(found), Err)
}

struct TooDeep;

/// The value that `raw` spells at this depth. `None` if it has a lone surrogate.
fn json(raw: &RawValue, depth: usize) -> Option<Result<Json, TooDeep>> {
    let text = raw.get();
    let is_container = text.starts_with(['[', '{']);
    if is_container && depth == MAX_NESTING {
        // What is below may have lone surrogates too; if it could, the engine must have met the depth first.
        return Some(Err(TooDeep));
    }
    Some(Ok(match text.as_bytes()[0] {
        b'"' => Json::Text(serde_json::from_str(text).ok()?),
        b'-' | b'0'..=b'9' => Json::Number(text.to_owned()),
        b'[' => {
            let elements: Vec<&RawValue> = serde_json::from_str(text).ok()?;
            match all(elements.into_iter(), depth)? {
                Ok(elements) => Json::Array(text.to_owned(), elements),
                Err(too_deep) => return Some(Err(too_deep)),
            }
        }
        b'{' => {
            let object: Object<'_> = serde_json::from_str(text).ok()?;
            match all(object.0.into_iter().map(|(_, value)| value), depth)? {
                Ok(_) => Json::Other,
                Err(too_deep) => return Some(Err(too_deep)),
            }
        }
        _ => Json::Other,
    }))
}

fn all<'a>(
    values: impl Iterator<Item = &'a RawValue>,
    depth: usize,
) -> Option<Result<Vec<Json>, TooDeep>> {
    let mut found = Vec::new();
    let mut too_deep = false;
    for value in values {
        match json(value, depth + 1)? {
            Ok(value) => found.push(value),
            Err(TooDeep) => too_deep = true,
        }
    }
    Some(if too_deep { Err(TooDeep) } else { Ok(found) })
}

/// The members of an object, duplicates included.
struct Object<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Object(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// Whether a name occurs twice.
pub(crate) fn has_duplicates(members: &[(String, Json)]) -> bool {
    let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names.windows(2).any(|pair| pair[0] == pair[1])
}

/// The value of the member of this name.
pub(crate) fn member<'a>(members: &'a [(String, Json)], name: &str) -> Option<&'a Json> {
    let mut found = members.iter().filter(|(one, _)| one == name);
    found.next().map(|(_, value)| value)
}
