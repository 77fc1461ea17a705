//! The values of additional claims, and how they are written as JSON (RFC 8259).

use std::collections::BTreeMap;
use std::fmt;

use super::claim_json::JsonNumber;

/// A JSON value of an additional claim.
///
/// Typed, so that nothing has to be parsed or checked when a token is signed. What is JSON already is read with
/// [`from_json`](Self::from_json). `Debug` tells the kind of value and not the value.
#[derive(Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClaimValue {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number. Receivers that read numbers as floats lose digits beyond 2^53.
    Integer(i64),
    /// Any other number, as it is spelled: a fraction, an exponent, more digits than 64 bits hold.
    Number(JsonNumber),
    /// A string, of any characters.
    String(String),
    /// An array.
    Array(Vec<Self>),
    /// An object. Its members have one value each, and are written in the order of their names.
    Object(BTreeMap<String, Self>),
}

impl ClaimValue {
    /// Whether the value has at most `levels` of arrays and objects in one another.
    pub(super) fn is_within(&self, levels: usize) -> bool {
        let Some(inner) = levels.checked_sub(1) else {
            return !matches!(self, Self::Array(_) | Self::Object(_));
        };
        match self {
            Self::Array(values) => values.iter().all(|value| value.is_within(inner)),
            Self::Object(members) => members.values().all(|value| value.is_within(inner)),
            Self::Null | Self::Bool(_) | Self::Integer(_) | Self::Number(_) | Self::String(_) => {
                true
            }
        }
    }

    /// Appends the value as JSON. It recurses as deep as the value is nested, which is bounded where a claim is
    /// taken into a request.
    pub(super) fn write(&self, json: &mut String) {
        match self {
            Self::Null => json.push_str("null"),
            Self::Bool(true) => json.push_str("true"),
            Self::Bool(false) => json.push_str("false"),
            Self::Integer(number) => json.push_str(&number.to_string()),
            Self::Number(number) => json.push_str(number.as_str()),
            Self::String(text) => write_string(json, text),
            Self::Array(values) => {
                json.push('[');
                for (position, value) in values.iter().enumerate() {
                    if position > 0 {
                        json.push(',');
                    }
                    value.write(json);
                }
                json.push(']');
            }
            Self::Object(members) => {
                json.push('{');
                for (position, (name, value)) in members.iter().enumerate() {
                    if position > 0 {
                        json.push(',');
                    }
                    write_string(json, name);
                    json.push(':');
                    value.write(json);
                }
                json.push('}');
            }
        }
    }
}

/// Appends `text` as a JSON string (RFC 8259 section 7): the quotation mark, the reverse solidus and the
/// control characters up to U+001F are escaped, everything else stands for itself in UTF-8.
pub(crate) fn write_string(json: &mut String, text: &str) {
    json.push('"');
    for character in text.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\u{8}' => json.push_str("\\b"),
            '\t' => json.push_str("\\t"),
            '\n' => json.push_str("\\n"),
            '\u{c}' => json.push_str("\\f"),
            '\r' => json.push_str("\\r"),
            '\0'..='\u{1f}' => json.push_str(&format!("\\u{:04x}", u32::from(character))),
            _ => json.push(character),
        }
    }
    json.push('"');
}

impl fmt::Debug for ClaimValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "Null",
            Self::Bool(_) => "Bool(..)",
            Self::Integer(_) => "Integer(..)",
            Self::Number(_) => "Number(..)",
            Self::String(_) => "String(..)",
            Self::Array(_) => "Array(..)",
            Self::Object(_) => "Object(..)",
        })
    }
}

impl From<&str> for ClaimValue {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for ClaimValue {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<bool> for ClaimValue {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for ClaimValue {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<JsonNumber> for ClaimValue {
    fn from(number: JsonNumber) -> Self {
        Self::Number(number)
    }
}

impl From<Vec<Self>> for ClaimValue {
    fn from(values: Vec<Self>) -> Self {
        Self::Array(values)
    }
}

impl From<BTreeMap<String, Self>> for ClaimValue {
    fn from(members: BTreeMap<String, Self>) -> Self {
        Self::Object(members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: impl Into<ClaimValue>) -> String {
        let mut json = String::new();
        value.into().write(&mut json);
        json
    }

    #[test]
    fn every_kind_of_value_is_written_as_json() {
        assert_eq!(written(ClaimValue::Null), "null");
        assert_eq!(written(true), "true");
        assert_eq!(written(false), "false");
        assert_eq!(written(i64::MIN), "-9223372036854775808");
        assert_eq!(written(""), r#""""#);
        assert_eq!(written(vec![]), "[]");
        assert_eq!(
            written(vec![1.into(), "a".into(), vec![].into()]),
            r#"[1,"a",[]]"#
        );
        let members = BTreeMap::from([
            ("b\"".to_owned(), 1.into()),
            ("a".to_owned(), ClaimValue::Null),
        ]);
        assert_eq!(written(members), r#"{"a":null,"b\"":1}"#);
    }

    #[test]
    fn strings_are_escaped_where_json_requires_it_and_nowhere_else() {
        assert_eq!(written("\"\\/\u{8}\t\n\u{c}\r"), r#""\"\\/\b\t\n\f\r""#);
        assert_eq!(
            written("\0\u{1}\u{b}\u{1f} \u{7f}"),
            "\"\\u0000\\u0001\\u000b\\u001f \u{7f}\""
        );
        assert_eq!(
            written("é€\u{2028}\u{10ffff}😀"),
            "\"é€\u{2028}\u{10ffff}😀\""
        );
    }

    #[test]
    fn every_character_of_the_first_planes_is_read_back_as_it_was() {
        // The reverse of `write_string`, written apart from it.
        fn read_back(json: &str) -> String {
            let mut text = String::new();
            let mut rest = json
                .strip_prefix('"')
                .unwrap()
                .strip_suffix('"')
                .unwrap()
                .chars();
            while let Some(character) = rest.next() {
                assert!(
                    character >= ' ' && character != '"',
                    "unescaped {character:?}"
                );
                if character != '\\' {
                    text.push(character);
                    continue;
                }
                text.push(match rest.next().unwrap() {
                    'u' => {
                        let digits: String = rest.by_ref().take(4).collect();
                        char::from_u32(u32::from_str_radix(&digits, 16).unwrap()).unwrap()
                    }
                    'b' => '\u{8}',
                    't' => '\t',
                    'n' => '\n',
                    'f' => '\u{c}',
                    'r' => '\r',
                    other => other,
                });
            }
            text
        }
        let all: String = (0..0x2_0000).filter_map(char::from_u32).collect();
        assert!(read_back(&written(all.as_str())) == all);
    }

    #[test]
    fn nesting_is_counted_in_arrays_and_objects() {
        let flat: ClaimValue = 1.into();
        assert!(flat.is_within(0));
        let array = ClaimValue::Array(vec![flat]);
        assert!(!array.is_within(0) && array.is_within(1));
        let object = ClaimValue::Object(BTreeMap::from([("a".to_owned(), array)]));
        assert!(!object.is_within(1) && object.is_within(2));
    }

    #[test]
    fn debug_does_not_show_values() {
        let value = ClaimValue::Array(vec!["secret".into()]);
        assert_eq!(format!("{value:?}"), "Array(..)");
    }
}
