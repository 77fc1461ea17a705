//! The parameters of a query and of a form, in one of the two orders of a canonical request.

use std::cmp::Ordering;
use std::ops::RangeInclusive;

use arrayvec::ArrayVec;

use super::component::Component;
use super::{Malformed, NameOrder};
use crate::error::VerifyError;
use crate::limits::MAX_CONNECT_PARAMETERS;

/// As many parameters as have room without an allocation.
const FEW: usize = 24;

/// The name of the parameter that holds a token. It is in no hash.
const TOKEN: &str = "jwt";

/// How many bytes that name may be spelled with: three letters, of which each may be an escape of three characters.
const LENGTHS_OF_TOKEN: RangeInclusive<usize> = 3..=9;

/// A parameter.
#[derive(Debug, Clone, Copy)]
struct Parameter<'a> {
    name: Component<'a>,
    value: Component<'a>,
}

impl Parameter<'_> {
    /// The order of names, and of the values of one name. Values are compared by what they stand for, whatever the
    /// documentation says of percent-encoded ones: the published vector "Multi-value II" has it so.
    fn cmp(&self, other: &Self, order: NameOrder) -> Ordering {
        let names = match order {
            NameOrder::Encoded => self.name.cmp_encoded(other.name),
            NameOrder::Decoded => self.name.cmp_decoded(other.name),
        };
        names.then_with(|| self.value.cmp_decoded(other.value))
    }
}

/// The parameters of a request, without its token.
#[derive(Debug)]
pub(super) struct Parameters<'a> {
    few: ArrayVec<Parameter<'a>, FEW>,
    /// All of them, if they are not few.
    many: Vec<Parameter<'a>>,
}

impl<'a> Parameters<'a> {
    /// Reads those of `query`, and of `form` if there is one.
    pub(super) fn read(query: &'a [u8], form: Option<&'a [u8]>) -> Result<Self, VerifyError> {
        let mut parameters = Self {
            few: ArrayVec::new(),
            many: Vec::new(),
        };
        for (name, value) in spelled(query).chain(spelled(form.unwrap_or_default())) {
            let read = |spelled| Component::read(spelled).map_err(Malformed::refusal);
            let (name, value) = (read(name)?, read(value)?);
            if !name.is(TOKEN) {
                parameters.push(Parameter { name, value })?;
            }
        }
        Ok(parameters)
    }

    fn push(&mut self, parameter: Parameter<'a>) -> Result<(), VerifyError> {
        if self.many.is_empty() {
            let Err(full) = self.few.try_push(parameter) else {
                return Ok(());
            };
            self.many.extend(self.few.drain(..));
            self.many.push(full.element());
            return Ok(());
        }
        if self.many.len() >= MAX_CONNECT_PARAMETERS {
            return Err(VerifyError::RequestTooLarge);
        }
        self.many.push(parameter);
        Ok(())
    }

    /// Puts them into this order.
    pub(super) fn sort(&mut self, order: NameOrder) {
        self.all_mut()
            .sort_unstable_by(|one, other| one.cmp(other, order));
    }

    /// Whether they are in this order.
    pub(super) fn are_sorted(&self, order: NameOrder) -> bool {
        self.all()
            .is_sorted_by(|one, next| one.cmp(next, order) != Ordering::Greater)
    }

    /// Appends them, sorted, with the values of one name joined by commas.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let mut last: Option<Component<'_>> = None;
        for Parameter { name, value } in self.all() {
            match last {
                Some(last) if last.is_same(*name) => out.push(b','),
                _ => {
                    if last.is_some() {
                        out.push(b'&');
                    }
                    name.write(out);
                    out.push(b'=');
                }
            }
            value.write(out);
            last = Some(*name);
        }
    }

    fn all(&self) -> &[Parameter<'a>] {
        if self.many.is_empty() {
            &self.few
        } else {
            &self.many
        }
    }

    fn all_mut(&mut self) -> &mut [Parameter<'a>] {
        if self.many.is_empty() {
            &mut self.few
        } else {
            &mut self.many
        }
    }
}

/// The value of the parameter `jwt` of a query or a form, as it is spelled: no character of a token needs an escape, so
/// one that is written with escapes is none. If there are several, that is an error.
pub(in crate::profiles::connect) fn token_in(fields: &[u8]) -> Result<Option<&[u8]>, VerifyError> {
    let mut token = None;
    for (name, value) in spelled(fields) {
        if !LENGTHS_OF_TOKEN.contains(&name.len()) {
            continue;
        }
        let name = Component::read(name).map_err(Malformed::refusal)?;
        if name.is(TOKEN) && token.replace(value).is_some() {
            return Err(VerifyError::SeveralTokens);
        }
    }
    Ok(token)
}

/// Names and values as they are spelled. A field without an equals sign has an empty value.
fn spelled(fields: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut unread = Some(fields);
    let fields = std::iter::from_fn(move || {
        let (field, rest) = split(unread?, b'&');
        unread = rest;
        Some(field)
    });
    fields.filter(|field| !field.is_empty()).map(|field| {
        let (name, value) = split(field, b'=');
        (name, value.unwrap_or_default())
    })
}

/// What stands before the first separator, and what after it.
#[inline]
fn split(text: &[u8], separator: u8) -> (&[u8], Option<&[u8]>) {
    let parts = memchr::memchr(separator, text).and_then(|at| text.split_at_checked(at));
    match parts {
        Some((before, [_, after @ ..])) => (before, Some(after)),
        _ => (text, None),
    }
}
