//! A decoded document, and how parts of it are read.

use super::super::MAX_DIGITS;
use super::super::room::{Area, STEP};
use super::index::Index;
use super::number::{number, three_numbers};

/// A decoded document in bytes of 0x20 to 0x7f without a backslash, between braces.
#[derive(Clone, Copy)]
pub(super) struct Document<'a, 'i> {
    pub(super) text: &'a str,
    pub(super) index: &'i Index,
}

/// A part of a document, most often a member without the comma or brace behind it.
///
/// It is one number, of the start and of where the next member would begin, since two that are stored one by one cannot be loaded in one piece at once.
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
        Self((start | end.wrapping_add(1) << 16) as u32)
    }

    #[expect(clippy::as_conversions, reason = "every u32 is a usize here")]
    #[inline]
    pub(super) const fn start(self) -> usize {
        self.0 as usize & 0xffff
    }

    #[expect(clippy::as_conversions, reason = "every u32 is a usize here")]
    #[inline]
    pub(super) const fn end(self) -> usize {
        (self.0 as usize >> 16).wrapping_sub(1)
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

    /// The string that is the value of the member here, whose name has three letters and whose value begins with a
    /// quote. `None` if it ends somewhere else.
    #[inline(always)]
    pub(super) fn string(&self, span: Span) -> Option<&'a str> {
        // `"abc":""` is the shortest.
        let length = span.end().wrapping_sub(span.start()).checked_sub(8)?;
        debug_assert!(span.end() < self.text.len());
        let end = span.end().wrapping_sub(1);
        // SAFETY: members end inside of the text, and this one is not empty.
        if *unsafe { self.text.as_bytes().get_unchecked(end) } != b'"' {
            return None;
        }
        // SAFETY: the value begins inside of the member, and the last of its bytes is before that quote.
        Some(unsafe { self.part(span.value().wrapping_add(1), length) })
    }

    /// The value of the member here, whose name has three letters, as it is spelled.
    #[inline]
    pub(super) fn spelling(&self, span: Span) -> Option<&'a str> {
        let length = span.end().checked_sub(span.value())?;
        debug_assert!(span.end() < self.text.len());
        // SAFETY: members end inside of the text.
        Some(unsafe { self.part(span.value(), length) })
    }

    /// The numbers that are the values of three members, whose names have three letters.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2,popcnt")]
    pub(super) fn seconds(&self, spans: [Span; 3]) -> Option<[i64; 3]> {
        let [one, two, three] = spans;
        three_numbers(self.spelled(one), self.spelled(two), self.spelled(three))
    }

    /// The bytes from a member's value on, whose name has three letters, and the value's length.
    #[inline(always)]
    fn spelled(&self, span: Span) -> (&'i [u8; MAX_DIGITS], usize) {
        let length = span.end().wrapping_sub(span.value());
        // SAFETY: a member whose name has three letters has a byte behind it.
        (unsafe { self.digits(span.value()) }, length)
    }

    /// The number of so many digits here.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2,popcnt")]
    pub(super) fn number(&self, start: usize, length: usize) -> Option<i64> {
        if start >= self.text.len() {
            return None;
        }
        // SAFETY: it was just asked.
        number(unsafe { self.digits(start) }, length)
    }

    /// As many bytes from here on as a number may have digits.
    ///
    /// # Safety
    ///
    /// `start` is inside of the text.
    #[inline(always)]
    unsafe fn digits(&self, start: usize) -> &'i [u8; MAX_DIGITS] {
        let (step, byte) = (start / STEP, start % STEP);
        // SAFETY: the step has 16 bytes behind each of its own.
        unsafe { self.index.piece(step, byte) }
    }

    /// A part of the text.
    ///
    /// # Safety
    ///
    /// It is inside of the text.
    #[inline(always)]
    unsafe fn part(&self, start: usize, length: usize) -> &'a str {
        debug_assert!(start.wrapping_add(length) <= self.text.len());
        // SAFETY: it is, by the contract.
        let start = unsafe { self.text.as_ptr().add(start) };
        // SAFETY: the same.
        let part = unsafe { std::slice::from_raw_parts(start, length) };
        // SAFETY: the text is ASCII, so a character begins at each byte.
        unsafe { std::str::from_utf8_unchecked(part) }
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
