//! Reads tokens that are written plainly, which is how machines write them.
//!
//! A reader answers what the engine's own code would read, or nothing, and then the engine's own code decides
//! everything, the refusal included. There are two readers of the same tokens: [`PlainToken::read`], with AVX-512 where
//! the processor has it, and [`PlainToken::read_portably`], a byte at a time, which is the definition in code.
//!
//! A token is plain if all of this holds:
//! - three segments of strict base64url: no padding, no foreign characters, trailing bits zero; at most
//!   [`MAX_HEADER`], [`MAX_PAYLOAD`] and [`MAX_SIGNATURE`] characters;
//! - header and payload are objects of one member or more, in bytes of 0x20 to 0x7f without a backslash and
//!   without whitespace outside of strings;
//! - no string ends with a comma, so that a comma before a quote is always one between members or elements;
//! - a value is a string, or 1 to 16 digits of which the first is not zero;
//! - no name occurs twice, and none is longer than [`MAX_NAME`]; at most [`MAX_OTHERS`] in the header, and as many in
//!   the payload, are names that this module does not know;
//! - `alg` and `kid` are strings, `typ` too if it is there, and `crit` is not;
//! - `iss`, `jti`, `exp` and `iat` are there, `sub` and `nbf` may be: times are numbers, the others strings. `aud` is a
//!   string, or an array of one string or more.

#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;
mod room;
#[cfg(test)]
mod tests;

use std::fmt;

pub use room::PlainRoom;

/// The longest header, in characters: its `kid` may have some 140. The last of four steps of 64 is not full.
const MAX_HEADER: usize = 255;
/// The longest payload, in characters: 16 steps, some 760 bytes. Longer ones carry what is seldom plain.
const MAX_PAYLOAD: usize = 1023;
/// The longest signature, in characters: RSA with 8192 bits.
const MAX_SIGNATURE: usize = 1366;
/// The most members of names that are not known here: each is compared with each. The engine's own reader takes more.
const MAX_OTHERS: usize = 8;
/// The longest name, in bytes.
const MAX_NAME: usize = 63;
/// The most digits of a number: two times eight at once.
const MAX_DIGITS: usize = 16;

/// What stands in a plain token, none of it verified. `Debug` shows nothing of it.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlainToken<'a> {
    /// What the signature is over: the first two segments and their dot.
    pub signing_input: &'a [u8],
    /// The third segment, decoded.
    pub signature: &'a [u8],
    /// `alg`, any string.
    pub algorithm: &'a str,
    /// `kid`, any string.
    pub key_id: &'a str,
    /// `iss`, any string.
    pub issuer: &'a str,
    /// `sub`, any string.
    pub subject: Option<&'a str>,
    /// `aud`.
    pub audience: PlainAudience<'a>,
    /// `jti`, any string.
    pub token_id: &'a str,
    /// `exp`, in seconds since the epoch, from 1 to 10^16 - 1.
    pub expires_at: i64,
    /// `iat`, in the same way.
    pub issued_at: i64,
    /// `nbf`, in the same way.
    pub not_before: Option<i64>,
    /// The second segment, decoded.
    pub document: &'a str,
}

impl<'a> PlainToken<'a> {
    /// Reads `token` with AVX-512. `None` if it is not plain, or if the processor does not have what that takes.
    #[inline]
    #[must_use]
    pub fn read(token: &'a [u8], room: &'a mut PlainRoom) -> Option<Self> {
        #[cfg(target_arch = "x86_64")]
        {
            avx512::read(token, room)
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            let _ = (token, room);
            None
        }
    }

    /// Reads `token` a byte at a time. `None` if it is not plain.
    ///
    /// For tests: the engine's own reader is faster than this one, and takes every token.
    #[must_use]
    pub fn read_portably(token: &'a [u8], room: &'a mut PlainRoom) -> Option<Self> {
        portable::read(token, room)
    }

    /// Whether [`read`](Self::read) can answer at all on this processor.
    #[must_use]
    pub fn can_be_read() -> bool {
        #[cfg(target_arch = "x86_64")]
        {
            avx512::is_available()
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            false
        }
    }
}

impl fmt::Debug for PlainToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlainToken").finish_non_exhaustive()
    }
}

/// `aud` as it is spelled. `Debug` shows nothing of it.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlainAudience<'a> {
    /// The string without its quotes, or the array with its brackets.
    pub spelling: &'a str,
    /// Whether it is an array of strings.
    pub is_array: bool,
}

impl fmt::Debug for PlainAudience<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlainAudience").finish_non_exhaustive()
    }
}
