//! Claims that are JSON already: read by the strict reader that verifiers use, so that what is signed here is read there.
//!
//! It refuses what a verifier would refuse in a payload, and duplicate members at every depth: two receivers could
//! read such an object in two ways.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use super::claim_value::ClaimValue;
use crate::crypto::SignError;
use crate::jws::json::{Elements, JsonError, Literal, Members, Value};
use crate::limits::MAX_TOKEN_LENGTH;

/// A number as JSON spells it (RFC 8259 section 6), every digit kept. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct JsonNumber(String);

impl JsonNumber {
    /// Takes a number in the grammar of JSON, without white space. `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match Value::of(text) {
            Ok(Value::Number(number)) if number.literal().len() == text.len() => {
                Some(Self(text.to_owned()))
            }
            _ => None,
        }
    }

    /// The number as it was spelled.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for JsonNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JsonNumber(..)")
    }
}

impl ClaimValue {
    /// Reads one JSON value. Numbers keep their spelling, strings their characters; the members of an object come
    /// into the order of their names.
    ///
    /// ```
    /// use asap_engine::{ClaimValue, TokenRequest};
    ///
    /// let request = TokenRequest::new("their-service")
    ///     .with_claim("rate", ClaimValue::from_json("1.50")?)?;
    /// # let _ = request;
    /// # Ok::<(), asap_engine::SignError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SignError::InvalidJson`] for anything else, also for a lone surrogate escape;
    /// [`SignError::DuplicateClaim`] for an object with two members of one name; [`SignError::NestingTooDeep`]
    /// beyond [`MAX_NESTING`](crate::limits::MAX_NESTING); [`SignError::TokenTooLong`] for a text that no token
    /// could hold.
    pub fn from_json(text: &str) -> Result<Self, SignError> {
        if text.len() > MAX_TOKEN_LENGTH {
            return Err(SignError::TokenTooLong);
        }
        // An object that is the whole text may be a payload, and then has itself for the first level.
        if text.trim_ascii_start().starts_with('{') {
            object(text)
        } else {
            Value::of(text).map_err(refusal).and_then(read)
        }
    }
}

/// A value that was validated whole. It recurses as deep as the value is nested, which the reader has bounded.
fn read(value: Value<'_>) -> Result<ClaimValue, SignError> {
    Ok(match value {
        Value::Text(text) => ClaimValue::String(text.decode().into_owned()),
        Value::Number(number) => whole(number.literal()),
        Value::Array(array) => {
            ClaimValue::Array(Elements::of(array).map(read).collect::<Result<_, _>>()?)
        }
        Value::Object(members) => object(members)?,
        Value::Literal(Literal::True) => ClaimValue::Bool(true),
        Value::Literal(Literal::False) => ClaimValue::Bool(false),
        Value::Literal(Literal::Null) => ClaimValue::Null,
    })
}

fn object(text: &str) -> Result<ClaimValue, SignError> {
    let mut members = Members::of(text).map_err(refusal)?;
    let mut values = BTreeMap::new();
    let mut is_duplicate = false;
    // To the end even so: that a text is no JSON outweighs that it names something twice.
    while let Some((name, value)) = members.next().map_err(refusal)? {
        match values.entry(name.decode().into_owned()) {
            Entry::Occupied(_) => is_duplicate = true,
            Entry::Vacant(entry) => {
                entry.insert(read(value)?);
            }
        }
    }
    if is_duplicate {
        return Err(SignError::DuplicateClaim);
    }
    Ok(ClaimValue::Object(values))
}

/// A number that an integer spells the same way is that integer.
fn whole(literal: &str) -> ClaimValue {
    match literal.parse::<i64>() {
        Ok(number) if number.to_string() == literal => ClaimValue::Integer(number),
        _ => ClaimValue::Number(JsonNumber(literal.to_owned())),
    }
}

const fn refusal(error: JsonError) -> SignError {
    match error {
        JsonError::Syntax => SignError::InvalidJson,
        JsonError::TooDeep => SignError::NestingTooDeep,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::MAX_NESTING;

    fn written(text: &str) -> Result<String, SignError> {
        let mut json = String::new();
        ClaimValue::from_json(text)?.write(&mut json);
        Ok(json)
    }

    #[test]
    fn numbers_are_written_as_they_were_spelled() {
        for number in [
            "0",
            "-0",
            "1",
            "-1",
            "1.0",
            "1.50",
            "1e3",
            "1E+03",
            "0.10000000000000000000000000000000001",
            "9007199254740993",
            "9223372036854775807",
            "9223372036854775808",
            "-9223372036854775808",
            "123456789012345678901234567890",
        ] {
            assert_eq!(written(number).unwrap(), number);
            let nested = format!("{{\"a\":[{number}]}}");
            assert_eq!(written(&nested).unwrap(), nested);
            assert_eq!(JsonNumber::parse(number).unwrap().as_str(), number);
        }
        assert_eq!(ClaimValue::from_json("7"), Ok(ClaimValue::Integer(7)));
        for text in [
            "", " 1", "1 ", "01", "+1", "1.", ".5", "NaN", "\"1\"", "1,2", "true",
        ] {
            assert!(JsonNumber::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_value_keeps_its_meaning() {
        for (text, expected) in [
            (" null ", "null"),
            ("true", "true"),
            ("false", "false"),
            (r#""\u0041\/\n""#, r#""A/\n""#),
            ("[ ]", "[]"),
            (
                r#" [1, "a", null, {"b": [true]}] "#,
                r#"[1,"a",null,{"b":[true]}]"#,
            ),
            ("\n{\"b\":1,\t\"a\": {} }\r", r#"{"a":{},"b":1}"#),
            ("{}", "{}"),
        ] {
            assert_eq!(written(text).unwrap(), expected, "{text}");
            assert_eq!(written(expected).unwrap(), expected);
        }
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in [
            "",
            " ",
            "{",
            "nul",
            "{} {}",
            "1 2",
            "{'a':1}",
            "{\"a\":1,}",
            "\u{feff}{}",
            r#""\ud800""#,
            r#"{"a":1,"a":2"#,
            "\u{b}{}",
        ] {
            assert_eq!(written(text), Err(SignError::InvalidJson), "{text}");
        }
        let long = format!("\"{}\"", "a".repeat(MAX_TOKEN_LENGTH));
        assert_eq!(written(&long), Err(SignError::TokenTooLong));
    }

    #[test]
    fn two_members_of_one_name_are_refused_at_every_depth() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"[{"x":{"a":1,"b":2,"a":3}}]"#,
        ] {
            assert_eq!(written(text), Err(SignError::DuplicateClaim), "{text}");
        }
        assert!(written(r#"{"a":{"a":1},"b":{"a":1}}"#).is_ok());
    }

    #[test]
    fn an_object_is_nested_as_deep_as_a_payload_and_no_deeper() {
        let nested = |levels: usize| format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels));
        assert!(written(&nested(MAX_NESTING)).is_ok());
        for levels in [MAX_NESTING + 1, 10_000] {
            assert_eq!(written(&nested(levels)), Err(SignError::NestingTooDeep));
        }
        let array = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(written(&array(MAX_NESTING - 1)).is_ok());
        assert_eq!(written(&array(MAX_NESTING)), Err(SignError::NestingTooDeep));
    }

    #[test]
    fn debug_does_not_show_the_number() {
        let number = JsonNumber::parse("1.5").unwrap();
        assert_eq!(format!("{number:?}"), "JsonNumber(..)");
        assert_eq!(format!("{:?}", ClaimValue::from(number)), "Number(..)");
    }
}
