//! `aud`: one string, or an array of them (RFC 7519 section 4.1.3).

use std::borrow::Cow;
use std::fmt;

use crate::jws::json::plain::PlainValue;
use crate::jws::json::{Elements, Value};

/// The audience of a token. `Debug` shows none of the names.
#[derive(Clone, Copy)]
pub struct Audience<'a>(Form<'a>);

#[derive(Clone, Copy)]
enum Form<'a> {
    Single(&'a str),
    /// A validated JSON array that holds strings only, as it is spelled.
    Array(&'a str),
}

impl<'a> Audience<'a> {
    pub(crate) const fn single(name: &'a str) -> Self {
        Self(Form::Single(name))
    }

    /// `value` in a plain payload.
    #[inline(always)]
    pub(crate) const fn plain(value: PlainValue<'a>) -> Option<Self> {
        match value {
            PlainValue::Text(name) => Some(Self(Form::Single(name))),
            PlainValue::Texts(array) => Some(Self(Form::Array(array))),
            PlainValue::Whole(_) | PlainValue::Other(_) => None,
        }
    }

    /// `array` is a validated JSON array. `None` unless all of its elements are strings.
    pub(crate) fn array(array: &'a str) -> Option<Self> {
        Elements::of(array)
            .all(|element| matches!(element, Value::Text(_)))
            .then_some(Self(Form::Array(array)))
    }

    /// Whether `name` is one of the audience, code point for code point (RFC 7519 section 7.3).
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        match self.0 {
            Form::Single(single) => single == name,
            Form::Array(array) => Elements::of(array)
                .any(|element| matches!(element, Value::Text(text) if text.is(name))),
        }
    }

    /// The names in the audience, in order.
    pub fn iter(&self) -> impl Iterator<Item = Cow<'a, str>> + use<'a> {
        let (single, array) = match self.0 {
            Form::Single(single) => (Some(single), "[]"),
            Form::Array(array) => (None, array),
        };
        let elements = Elements::of(array).filter_map(|element| match element {
            Value::Text(text) => Some(text.decode()),
            _ => None,
        });
        single.map(Cow::Borrowed).into_iter().chain(elements)
    }

    /// The text that this audience borrows, and whether it is an array.
    pub(crate) const fn spelling(&self) -> (&'a str, bool) {
        match self.0 {
            Form::Single(single) => (single, false),
            Form::Array(array) => (array, true),
        }
    }

    /// The audience of a [`spelling`](Self::spelling) that was kept elsewhere.
    pub(crate) const fn from_spelling(text: &'a str, is_array: bool) -> Self {
        Self(if is_array {
            Form::Array(text)
        } else {
            Form::Single(text)
        })
    }
}

impl fmt::Debug for Audience<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Audience").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_matches_whole_and_code_point_for_code_point() {
        let audience = Audience::array(r#"["one","t\u0077o",""]"#).unwrap();
        for name in ["one", "two", ""] {
            assert!(audience.contains(name), "{name:?}");
        }
        for name in ["on", "ONE", "one ", "one,two", "t\\u0077o"] {
            assert!(!audience.contains(name), "{name:?}");
        }
        assert!(Audience::single("é").contains("é"));
        assert!(!Audience::single("é").contains("e\u{301}"));
        assert!(!Audience::array("[]").unwrap().contains(""));
    }

    #[test]
    fn names_come_in_order() {
        let names: Vec<_> = Audience::array(r#"["one","t\u0077o"]"#)
            .unwrap()
            .iter()
            .collect();
        assert_eq!(names, ["one", "two"]);
        assert_eq!(Audience::single("one").iter().collect::<Vec<_>>(), ["one"]);
    }

    #[test]
    fn an_array_of_other_things_is_not_an_audience() {
        for array in ["[1]", "[\"a\",null]", "[[\"a\"]]"] {
            assert!(Audience::array(array).is_none(), "{array}");
        }
    }
}
