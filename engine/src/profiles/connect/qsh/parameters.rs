//! The parameters of a query and of a form, in one of the two orders of a canonical request.

use std::cmp::Ordering;
use std::ops::RangeInclusive;

use arrayvec::ArrayVec;

use super::component::{Component, is_unreserved};
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
    /// Both, as they are spelled, with what stands between them.
    field: &'a [u8],
    name: Component<'a>,
    value: Component<'a>,
    /// How the encoded name begins: see [`Component::encoded_prefix`].
    prefix: u64,
}

impl Parameter<'_> {
    /// The order of names, and of the values of one name. Values are compared by what they stand for, whatever the
    /// documentation says of percent-encoded ones: the published vector "Multi-value II" has it so.
    fn cmp(&self, other: &Self, order: NameOrder) -> Ordering {
        let names = match order {
            NameOrder::Encoded => match self.prefix.cmp(&other.prefix) {
                Ordering::Equal => self.name.cmp_encoded(other.name),
                decided => decided,
            },
            NameOrder::Decoded => self.name.cmp_decoded(other.name),
        };
        names.then_with(|| self.value.cmp_decoded(other.value))
    }

    /// Whether a canonical request has it as it is spelled.
    fn is_canonical(&self) -> bool {
        // One without an equals sign gets one.
        self.field.len() > self.name.length_spelled()
            && self.name.is_canonical()
            && self.value.is_canonical()
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
    /// None yet.
    pub(super) const fn new() -> Self {
        Self {
            few: ArrayVec::new_const(),
            many: Vec::new(),
        }
    }

    /// Takes those of a query or a form in.
    pub(super) fn read(&mut self, fields: &'a [u8]) -> Result<(), VerifyError> {
        for field in Fields::of(fields) {
            let read =
                |spelled, is_plain| Component::read(spelled, is_plain).map_err(Malformed::refusal);
            let name = read(field.name, field.name_is_plain)?;
            let value = read(field.value, field.value_is_plain)?;
            if !name.is(TOKEN) {
                self.push(Parameter {
                    field: field.spelled,
                    name,
                    value,
                    prefix: name.encoded_prefix(),
                })?;
            }
        }
        Ok(())
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
        for parameter in self.all() {
            let Parameter { name, value, .. } = *parameter;
            if last.is_some_and(|last| last.is_same(name)) {
                out.push(b',');
                value.write(out);
                continue;
            }
            if last.replace(name).is_some() {
                out.push(b'&');
            }
            if parameter.is_canonical() {
                out.extend_from_slice(parameter.field);
            } else {
                name.write(out);
                out.push(b'=');
                value.write(out);
            }
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
    for field in Fields::of(fields) {
        if !LENGTHS_OF_TOKEN.contains(&field.name.len()) {
            continue;
        }
        let name = Component::read(field.name, field.name_is_plain);
        let name = name.map_err(Malformed::refusal)?;
        if name.is(TOKEN) && token.replace(field.value).is_some() {
            return Err(VerifyError::SeveralTokens);
        }
    }
    Ok(token)
}

/// A field of a query or a form as it is spelled. One without an equals sign has an empty value.
struct Field<'a> {
    /// All of it, without the separator.
    spelled: &'a [u8],
    name: &'a [u8],
    value: &'a [u8],
    name_is_plain: bool,
    value_is_plain: bool,
}

/// The fields of a query or a form that are not empty.
struct Fields<'a> {
    unread: &'a [u8],
}

impl<'a> Fields<'a> {
    const fn of(fields: &'a [u8]) -> Self {
        Self { unread: fields }
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    #[inline]
    fn next(&mut self) -> Option<Field<'a>> {
        while let [b'&', rest @ ..] = self.unread {
            self.unread = rest;
        }
        let unread = self.unread;
        let mut bytes = unread.iter().enumerate();
        let (mut end, mut name_end) = (unread.len(), None);
        let (mut is_plain, mut name_is_plain) = (true, true);
        for (at, byte) in &mut bytes {
            if is_unreserved(*byte) {
                continue;
            }
            match byte {
                b'&' => {
                    end = at;
                    break;
                }
                b'=' if name_end.is_none() => {
                    name_end = Some(at);
                    (name_is_plain, is_plain) = (is_plain, true);
                }
                _ => is_plain = false,
            }
        }
        let (spelled, rest) = unread.split_at_checked(end)?;
        self.unread = rest;
        if spelled.is_empty() {
            return None;
        }
        Some(
            match name_end.and_then(|end| spelled.split_at_checked(end)) {
                Some((name, value)) => Field {
                    spelled,
                    name,
                    value: value.get(1..).unwrap_or_default(),
                    name_is_plain,
                    value_is_plain: is_plain,
                },
                None => Field {
                    spelled,
                    name: spelled,
                    value: &[],
                    name_is_plain: is_plain,
                    value_is_plain: true,
                },
            },
        )
    }
}
