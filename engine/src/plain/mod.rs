//! The short way for tokens that are written plainly (feature `accel`): read whole and at once by the crate `asap-accel`.
//!
//! It may answer what the readers of [`jws`](crate::jws) and [`claims`](crate::claims) would, or nothing, and then those
//! are asked. It refuses no token: which code a token gets is theirs to say. Without the feature it never answers.

#[cfg_attr(feature = "accel", path = "enabled.rs")]
#[cfg_attr(not(feature = "accel"), path = "disabled.rs")]
mod reader;

pub(crate) use reader::PlainRoom;

use crate::claims::Claims;
use crate::jws::Header;

/// What stands in a plain token, none of it verified.
pub(crate) struct Plain<'a> {
    /// What the signature is over.
    pub(crate) signing_input: &'a [u8],
    pub(crate) signature: &'a [u8],
    pub(crate) header: Header<'a>,
    pub(crate) claims: Claims<'a>,
}

#[cfg(test)]
mod tests;
