//! The members of a JSON object that somebody asked for, each there once or not at all.
//!
//! Every object that this engine reads by the strict way comes through here: headers, claims, what claims hold, and key
//! sets. All names are compared after unescaping, those that nobody asked for too (RFC 7515 section 4, RFC 7519 section
//! 4, RFC 7517 section 4).

use super::json::{JsonError, Members, Value};
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
    let mut fields = F::default();
    let mut others = Names::new();
    let mut members = Members::of(document)?;
    while let Some((name, value)) = members.next()? {
        let is_first = match fields.place(&name.decode()) {
            Some(place) => place.replace(value).is_none(),
            None => others.insert(name),
        };
        if !is_first {
            return Err(FieldsError::Duplicate);
        }
    }
    if others.are_distinct() {
        Ok(fields)
    } else {
        Err(FieldsError::Duplicate)
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
