//! A decoded document, and how parts of it are read.

use super::super::MAX_DIGITS;
use super::super::room::{Area, STEP};
use super::index::{Index, SLOT};
use super::number::number;

/// A decoded document in bytes of 0x20 to 0x7f without a backslash, between braces.
#[derive(Clone, Copy)]
pub(super) struct Document<'a, 'i> {
    pub(super) text: &'a str,
    pub(super) index: &'i Index,
}

/// A part of a document, most often a member without the comma or brace behind it.
///
/// It is one number, since two that are stored one by one cannot be loaded in one piece at once.
#[derive(Clone, Copy)]
pub(super) struct Span(u32);

impl Span {
    pub(super) const EMPTY: Self = Self(0);

    #[expect(
        clippy::as_conversions,
        reason = "a document has fewer than 2^16 bytes"
    )]
    #[inline]
    pub(super) const fn new(start: usize, end: usize) -> Self {
        Self((start | end << 16) as u32)
    }

    #[expect(clippy::as_conversions, reason = "every u32 is a usize here")]
    #[inline]
    pub(super) const fn start(self) -> usize {
        self.0 as usize & 0xffff
    }

    #[expect(clippy::as_conversions, reason = "every u32 is a usize here")]
    #[inline]
    pub(super) const fn end(self) -> usize {
        self.0 as usize >> 16
    }

    /// Where the value begins of a member whose name has three letters.
    #[inline]
    pub(super) const fn value(self) -> usize {
        self.start().wrapping_add(6)
    }
}

impl<'a, 'i> Document<'a, 'i> {
    /// The document that `index` has read into `area`. `None` if there are no braces around it.
    ///
    /// # Safety
    ///
    /// It was this area that the index read into, without a refusal, and nothing since.
    #[inline]
    pub(super) unsafe fn new<const N: usize>(area: &'a Area<N>, index: &'i Index) -> Option<Self> {
        // SAFETY: the steps were written into their area, one behind the other.
        let text = unsafe { area.written(index.length()) };
        // SAFETY: none of the bytes is below 0x20 as a signed number, so all are ASCII.
        let text = unsafe { std::str::from_utf8_unchecked(text) };
        let is_object = matches!(text.as_bytes(), [b'{', .., b'}']);
        is_object.then_some(Self { text, index })
    }

    /// Eight bytes, as a number, from this byte of this step on. They may reach beyond the end.
    ///
    /// # Safety
    ///
    /// The step was taken, and `bit` is below 48.
    #[inline]
    pub(super) unsafe fn head(&self, step: usize, bit: usize) -> u64 {
        let slots = self.index.slots();
        debug_assert!(step < slots.len() && bit < STEP);
        let place = step.wrapping_mul(SLOT).wrapping_add(bit);
        // SAFETY: the slot was written, by the contract.
        let head = unsafe { slots.as_ptr().cast::<u8>().add(place) };
        // SAFETY: it has 16 bytes behind the first 48.
        u64::from_le_bytes(unsafe { head.cast::<[u8; 8]>().read() })
    }

    /// The string that is the value of the member here, whose name has three letters and whose value begins with a
    /// quote. `None` if it ends somewhere else.
    #[inline]
    pub(super) fn string(&self, span: Span) -> Option<&'a str> {
        let start = span.value().wrapping_add(1);
        let end = span.end().wrapping_sub(1);
        if end < start || self.byte(end) != b'"' {
            return None;
        }
        self.slice(start, end)
    }

    /// The value of the member here, whose name has three letters, as it is spelled.
    #[inline]
    pub(super) fn spelling(&self, span: Span) -> Option<&'a str> {
        self.slice(span.value(), span.end())
    }

    /// The number that is the value of the member here, whose name has three letters.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2,popcnt")]
    pub(super) fn seconds(&self, span: Span) -> Option<i64> {
        let length = span.end().wrapping_sub(span.value());
        self.number(span.value(), length)
    }

    /// The number of so many digits here.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2,popcnt")]
    pub(super) fn number(&self, start: usize, length: usize) -> Option<i64> {
        let place = start.wrapping_add((start / STEP).wrapping_mul(SLOT - STEP));
        let slots = self.index.slots().as_flattened();
        number(slots.get(place..)?.first_chunk::<MAX_DIGITS>()?, length)
    }

    /// A part of the text.
    #[inline]
    fn slice(&self, start: usize, end: usize) -> Option<&'a str> {
        // Every byte of ASCII is where a character begins, which `str::get` would have to look for.
        let part = self.text.as_bytes().get(start..end)?;
        // SAFETY: the text is ASCII.
        Some(unsafe { std::str::from_utf8_unchecked(part) })
    }

    /// The byte here. Behind the end it is one that no document has.
    #[inline]
    pub(super) fn byte(&self, at: usize) -> u8 {
        self.text.as_bytes().get(at).copied().unwrap_or(0)
    }

    /// Where the first quote after the byte at `at` stands.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2,popcnt")]
    pub(super) fn next_quote(&self, at: usize) -> Option<usize> {
        let mut step = at / STEP;
        let all = self.index.quotes();
        let mut quotes = all.get(step)? & (!1 << (at % STEP));
        while quotes == 0 {
            step = step.wrapping_add(1);
            quotes = *all.get(step)?;
        }
        let place = usize::try_from(quotes.trailing_zeros()).ok()?;
        Some(step.wrapping_mul(STEP).wrapping_add(place))
    }
}
