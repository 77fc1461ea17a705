//! The members of a JSON object that somebody asked for, each there once or not at all.
//!
//! Every object that this engine does not read into what it means at once comes through here: headers, claims, what claims hold,
//! and key sets. All names are compared after unescaping, those that nobody asked for too (RFC 7515 section 4, RFC 7519 section
//! 4, RFC 7517 section 4).

use super::json::plain::PlainMembers;
use super::json::{JsonError, Members, Text, Value};
use super::names::Names;

/// The members that are asked for, as they stand in the document.
pub(crate) trait Fields<'a>: Default {
    /// The place of the member of this name, or `None` if nobody asks for it.
    fn place(&mut self, name: &str) -> Option<&mut Option<Value<'a>>>;
}

/// Why an object was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldsError {
    /// It is not one JSON object.
    Syntax,
    /// It is nested deeper than the limit.
    TooDeep,
    /// A name occurs twice.
    Duplicate,
}

impl From<JsonError> for FieldsError {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::Syntax => Self::Syntax,
            JsonError::TooDeep => Self::TooDeep,
        }
    }
}

/// Reads `document`, which must be one object.
pub(crate) fn read<'a, F: Fields<'a>>(document: &'a str) -> Result<F, FieldsError> {
    match read_plain(document) {
        Some(fields) => Ok(fields),
        None => read_any(document),
    }
}

/// An object that is written plainly and has no name twice.
#[inline]
fn read_plain<'a, F: Fields<'a>>(document: &'a str) -> Option<F> {
    let mut found = Found::<F>::new();
    let mut members = PlainMembers::of(document);
    while let Some(member) = members.next()? {
        let name = Text::plain(members.name(member)?);
        found.take(name, members.value(member)?).ok()?;
    }
    found.all_distinct().ok()
}

/// Any object, with its first fault.
#[inline(never)]
fn read_any<'a, F: Fields<'a>>(document: &'a str) -> Result<F, FieldsError> {
    let mut found = Found::<F>::new();
    let mut members = Members::of(document)?;
    while let Some((name, value)) = members.next()? {
        found.take(name, value)?;
    }
    found.all_distinct()
}

/// What was found so far.
struct Found<'a, F> {
    fields: F,
    others: Names<'a>,
}

impl<'a, F: Fields<'a>> Found<'a, F> {
    fn new() -> Self {
        Self {
            fields: F::default(),
            others: Names::new(),
        }
    }

    /// Takes the next member in.
    #[inline]
    fn take(&mut self, name: Text<'a>, value: Value<'a>) -> Result<(), FieldsError> {
        let is_first = match self.fields.place(&name.decode()) {
            Some(place) => place.replace(value).is_none(),
            None => self.others.insert(name),
        };
        if is_first {
            Ok(())
        } else {
            Err(FieldsError::Duplicate)
        }
    }

    /// The members that are asked for, once the last is in.
    #[inline]
    fn all_distinct(self) -> Result<F, FieldsError> {
        if self.others.are_distinct() {
            Ok(self.fields)
        } else {
            Err(FieldsError::Duplicate)
        }
    }
}

/// Declares the members that are asked for of one kind of object: the field's name and the member's.
macro_rules! fields {
    ($(#[$doc:meta])* $visibility:vis struct $name:ident { $( $field:ident = $member:literal, )+ }) => {
        $(#[$doc])*
        #[derive(Default)]
        $visibility struct $name<'a> {
            $( $field: Option<$crate::jws::json::Value<'a>>, )+
        }

        impl<'a> $crate::jws::fields::Fields<'a> for $name<'a> {
            fn place(&mut self, name: &str) -> Option<&mut Option<$crate::jws::json::Value<'a>>> {
                match name {
                    $( $member => Some(&mut self.$field), )+
                    _ => None,
                }
            }
        }
    };
}
pub(crate) use fields;

#[cfg(test)]
mod tests {
    use super::*;

    fields! {
        /// Two of the members.
        struct Pair { one = "one", other = "other", }
    }

    fn read_pair(document: &str) -> Result<(bool, bool), FieldsError> {
        read::<Pair<'_>>(document).map(|pair| (pair.one.is_some(), pair.other.is_some()))
    }

    #[test]
    fn what_is_asked_for_is_found_whatever_stands_around_it() {
        assert_eq!(read_pair("{}"), Ok((false, false)));
        assert_eq!(read_pair(r#"{"one":1}"#), Ok((true, false)));
        assert_eq!(
            read_pair(r#"{"x":[],"oth\u0065r":null,"ONE":2,"one":{}}"#),
            Ok((true, true))
        );
    }

    #[test]
    fn no_name_occurs_twice() {
        for twice in [
            r#"{"one":1,"one":1}"#,
            r#"{"one":1,"on\u0065":1}"#,
            r#"{"x":1,"one":1,"\u0078":1}"#,
        ] {
            assert_eq!(read_pair(twice), Err(FieldsError::Duplicate), "{twice}");
        }
        let many: String = (0..40).map(|number| format!("\"m{number}\":0,")).collect();
        assert_eq!(read_pair(&format!("{{{many}\"x\":0}}")), Ok((false, false)));
        assert_eq!(
            read_pair(&format!("{{{many}\"m39\":0}}")),
            Err(FieldsError::Duplicate)
        );
    }

    #[test]
    fn anything_else_than_one_object_is_refused() {
        for text in ["", "[]", "{", "{}{}", r#"{"one"}"#] {
            assert_eq!(read_pair(text), Err(FieldsError::Syntax), "{text}");
        }
        let deep = format!("{{\"x\":{}", "[".repeat(100));
        assert_eq!(read_pair(&deep), Err(FieldsError::TooDeep));
    }
}
