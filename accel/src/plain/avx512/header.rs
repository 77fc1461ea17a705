//! The header: read, and remembered until another one comes.
//!
//! Tokens that one client signs with one key have the same header, byte for byte, and mostly come one after the other. What
//! stands in a header follows from its bytes alone, so the header that was read last, in the same room, need not be read
//! again: no token has to be authentic for that.

use std::arch::x86_64::*;

use super::super::MAX_HEADER;
use super::super::room::{Area, HEADER_AREA};
use super::decode::low_bits;
use super::document::{Document, Span};
use super::index::Index;
use super::members::Members;
use super::names;

/// The header that was read last.
pub(in super::super) struct Remembered {
    /// As it was sent.
    encoded: Area<{ MAX_HEADER + 1 }>,
    /// How many characters that are. Of none, nothing is remembered, and the rest means nothing.
    length: usize,
    /// Where `alg` and `kid` are in the area that it was decoded to.
    algorithm: Span,
    key_id: Span,
}

/// What stands in a header.
pub(super) struct Header<'a> {
    pub(super) algorithm: &'a str,
    pub(super) key_id: &'a str,
    /// How many characters it has. The one behind them is a dot.
    pub(super) length: usize,
}

impl Remembered {
    pub(in super::super) const NOTHING: Self = Self {
        encoded: Area::NEW,
        length: 0,
        algorithm: Span::EMPTY,
        key_id: Span::EMPTY,
    };

    /// The header of `token`, which is decoded to `area`, or has been.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2,popcnt")]
    pub(super) fn header<'a>(
        &mut self,
        token: &[u8],
        area: &'a mut Area<HEADER_AREA>,
    ) -> Option<Header<'a>> {
        if !self.is_of(token) {
            // What is in the area changes now.
            self.length = 0;
            self.length = self.read(token, area)?;
        }
        // SAFETY: it was read from this area, as text.
        let algorithm = unsafe { text(area, self.algorithm) };
        // SAFETY: the same.
        let key_id = unsafe { text(area, self.key_id) };
        Some(Header {
            algorithm,
            key_id,
            length: self.length,
        })
    }

    /// Whether `token` begins with the header that is remembered.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2,popcnt")]
    fn is_of(&self, token: &[u8]) -> bool {
        if self.length == 0 || token.get(self.length) != Some(&b'.') {
            return false;
        }
        let mut at = 0;
        while at < self.length {
            let present = low_bits(self.length.wrapping_sub(at));
            let place = self.encoded.0.as_ptr().wrapping_add(at);
            // SAFETY: as many bytes of it were remembered.
            let remembered = unsafe { _mm512_maskz_loadu_epi8(present, place.cast()) };
            let place = token.as_ptr().wrapping_add(at);
            // SAFETY: the token has more than as many bytes.
            let other = unsafe { _mm512_maskz_loadu_epi8(present, place.cast()) };
            if _mm512_cmpneq_epi8_mask(remembered, other) != 0 {
                return false;
            }
            at = at.wrapping_add(64);
        }
        true
    }

    /// Reads the header of `token`, and remembers all of it but its length, which it answers.
    #[inline(never)]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2,popcnt")]
    fn read(&mut self, token: &[u8], area: &mut Area<HEADER_AREA>) -> Option<usize> {
        let mut index = Index::new();
        let length = index.read(token, area)?;
        // SAFETY: the index has just read into this area.
        let header = unsafe { Document::new(area, &index) }?;
        let mut parameters = Members::new();
        parameters.read(&header, &names::HEADER)?;
        let (algorithm, key_id) = (parameters.span(names::ALG)?, parameters.span(names::KID)?);
        header.string(algorithm)?;
        header.string(key_id)?;
        if let Some(kind) = parameters.span(names::TYP) {
            header.string(kind)?;
        }
        let string =
            |span: Span| Span::new(span.value().wrapping_add(1), span.end().wrapping_sub(1));
        (self.algorithm, self.key_id) = (string(algorithm), string(key_id));
        let encoded = self.encoded.0.get_mut(..length)?;
        encoded.write_copy_of_slice(token.get(..length)?);
        Some(length)
    }
}

/// A part of a decoded header.
///
/// # Safety
///
/// A header was decoded to the area as text, and the part is inside of it.
#[inline(always)]
unsafe fn text(area: &Area<HEADER_AREA>, part: Span) -> &str {
    // SAFETY: it was written up to there, by the contract.
    let written = unsafe { area.written(part.end()) };
    // SAFETY: the part begins before it ends.
    let part = unsafe { written.get_unchecked(part.start()..) };
    // SAFETY: it is ASCII.
    unsafe { std::str::from_utf8_unchecked(part) }
}
