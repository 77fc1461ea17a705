//! The objects in a token's claims: texts and flags by name, each of its documented type or not there.

use std::borrow::Cow;

use crate::jws::json::{Elements, Literal, Value};

/// What a member of such an object may hold.
pub(super) trait Part<'a>: Sized {
    /// The same without the token.
    type Owned: 'static;

    /// Reads it. `None` if it is of another type.
    fn read(value: Value<'a>) -> Option<Self>;

    /// A copy that lives on.
    fn into_owned(self) -> Self::Owned;
}

impl<'a> Part<'a> for Cow<'a, str> {
    type Owned = Cow<'static, str>;

    fn read(value: Value<'a>) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text.decode()),
            _ => None,
        }
    }

    fn into_owned(self) -> Cow<'static, str> {
        Cow::Owned(Self::into_owned(self))
    }
}

impl<'a> Part<'a> for bool {
    type Owned = Self;

    fn read(value: Value<'a>) -> Option<Self> {
        match value {
            Value::Literal(Literal::True) => Some(true),
            Value::Literal(Literal::False) => Some(false),
            _ => None,
        }
    }

    fn into_owned(self) -> Self {
        self
    }
}

impl<'a, T: Part<'a>> Part<'a> for Vec<T> {
    type Owned = Vec<T::Owned>;

    fn read(value: Value<'a>) -> Option<Self> {
        match value {
            Value::Array(array) => Elements::of(array).map(T::read).collect(),
            _ => None,
        }
    }

    fn into_owned(self) -> Self::Owned {
        self.into_iter().map(T::into_owned).collect()
    }
}

/// A member that may be left out: by JSON's `null` too, which some writers put where nothing is.
pub(super) fn optional<'a, T: Part<'a>>(value: Option<Value<'a>>) -> Option<Option<T>> {
    match value {
        None | Some(Value::Literal(Literal::Null)) => Some(None),
        Some(value) => T::read(value).map(Some),
    }
}

/// Declares an object, none of whose members need be there.
macro_rules! part {
    (
        $(#[$doc:meta])*
        pub struct $name:ident<$life:lifetime> {
            $( $(#[$field_doc:meta])* $field:ident: $kind:ty = $member:literal, )+
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Default)]
        #[non_exhaustive]
        pub struct $name<$life> {
            $( $(#[$field_doc])* pub $field: Option<$kind>, )+
        }

        impl<$life> $crate::profiles::forge::part::Part<$life> for $name<$life> {
            type Owned = $name<'static>;

            fn read(value: $crate::jws::json::Value<$life>) -> Option<Self> {
                $crate::jws::fields::fields! {
                    /// The members as they stand in the document.
                    struct Members { $( $field = $member, )+ }
                }
                let $crate::jws::json::Value::Object(document) = value else {
                    return None;
                };
                let members: Members<'_> = $crate::jws::fields::read(document).ok()?;
                Some(Self {
                    $( $field: $crate::profiles::forge::part::optional(members.$field)?, )+
                })
            }

            fn into_owned(self) -> $name<'static> {
                $name {
                    $( $field: self.$field.map($crate::profiles::forge::part::Part::into_owned), )+
                }
            }
        }

        /// Shows nothing of the claims.
        impl std::fmt::Debug for $name<'_> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    };
}
pub(super) use part;
