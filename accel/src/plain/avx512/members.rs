//! The members of a document: which are there, and where their values are.
//!
//! Each stretch from one start to the next is looked at by itself: it must begin with a name in quotes and a colon, and
//! end with the quote that ends a string, or be digits to its end. That leaves one thing which could stand in it besides:
//! further quotes. So all quotes that were accounted for are counted, and must be all that there are.

use super::super::room::STEP;
use super::super::{MAX_NAME, MAX_OTHERS};
use super::document::{Document, Span};
use super::index::Index;
use super::names::{self, Name, Names};

/// What was found.
pub(super) struct Members {
    /// The known members, by their slots.
    spans: [Span; 8],
    /// Which of them are there, a bit a slot.
    seen: u32,
    /// Whether `aud` is an array.
    pub(super) has_array: bool,
}

impl Members {
    #[inline]
    pub(super) const fn new() -> Self {
        Self {
            spans: [Span::EMPTY; 8],
            seen: 0,
            has_array: false,
        }
    }

    /// Reads the members. `None` if one is not plain, or if a name occurs twice. How the known ones end is not looked at
    /// yet: see [`Document::string`] and [`Document::seconds`].
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2,popcnt")]
    pub(super) fn read(
        &mut self,
        document: &Document<'_, '_>,
        names: &'static Names,
    ) -> Option<()> {
        let mut walk = Walk::new(document)?;
        // What the next member may be.
        let mut known = &names.members;
        let mut unusual = None;
        while let Some((head, span)) = walk.past_known(known, &mut self.spans) {
            let unusual = unusual.get_or_insert_with(Unusual::new);
            known = unusual.take(document, names, head, span)?;
        }
        let mut seen = walk.seen;
        let mut more = 0;
        if let Some(unusual) = unusual {
            more = unusual.count_more()?;
            if let (Some(slot), Some(span)) = (names.array, unusual.array) {
                *self.spans.get_mut(slot)? = span;
                seen |= 1 << slot;
                self.has_array = true;
            }
        }
        self.seen = seen;
        // Two for each name, and two for each string that is a value. A name that is there again has two more.
        let strings = (seen & names.strings).count_ones();
        let pairs = seen.count_ones().wrapping_add(strings).wrapping_add(more);
        (document.index.quote_count() == pairs.wrapping_mul(2)).then_some(())
    }

    /// Where the known member of this slot is.
    #[inline]
    pub(super) fn span(&self, slot: usize) -> Option<Span> {
        if self.seen & (1 << slot) == 0 {
            return None;
        }
        self.spans.get(slot).copied()
    }
}

/// How far a document is read.
struct Walk<'i> {
    index: &'i Index,
    /// What is left of the starts of this step.
    starts: u64,
    step: usize,
    /// Where this step begins.
    step_start: usize,
    /// Where the next member begins, and its first bytes.
    start: usize,
    head: u64,
    /// Which known members were passed.
    seen: u32,
}

impl<'i> Walk<'i> {
    /// `None` if no member begins behind the brace.
    #[inline(always)]
    fn new(document: &Document<'_, 'i>) -> Option<Self> {
        let index = document.index;
        // The first member begins there, and nothing before.
        let starts = index.starts().first()?.checked_sub(0b10)?;
        if starts & 0b11 != 0 {
            return None;
        }
        Some(Self {
            index,
            starts,
            step: 0,
            step_start: 0,
            start: 1,
            // SAFETY: there is a first step.
            head: u64::from_le_bytes(*unsafe { index.piece(0, 1) }),
            seen: 0,
        })
    }

    /// Goes past members that are known and past the first that is not, if there is one: its first bytes, and where it is.
    #[inline(always)]
    fn past_known(&mut self, known: &[Name; 8], spans: &mut [Span; 8]) -> Option<(u64, Span)> {
        loop {
            while self.starts == 0 {
                self.step = self.step.wrapping_add(1);
                self.step_start = self.step_start.wrapping_add(STEP);
                self.starts = *self.index.starts().get(self.step)?;
            }
            // The next start ends the member here. The last one is where the document ends.
            let bit = usize::try_from(self.starts.trailing_zeros()).ok()?;
            self.starts &= self.starts.wrapping_sub(1);
            let next = self.step_start.wrapping_add(bit);
            let span = Span::new(self.start, next.wrapping_sub(1));
            let head = self.head;
            self.start = next;
            // SAFETY: the starts are bits of bytes of a step that was taken, and the end is one too.
            self.head = u64::from_le_bytes(*unsafe { self.index.piece(self.step, bit) });
            let slot = names::slot(head);
            let name = known.get(slot)?;
            if head & name.mask != name.head {
                return Some((head, span));
            }
            *spans.get_mut(slot)? = span;
            self.seen |= 1 << slot;
        }
    }
}

/// Members that are not known, and `aud` if it is an array.
struct Unusual {
    /// The names of the others.
    names: [Span; MAX_OTHERS],
    count: usize,
    /// How many of their values are strings.
    strings: usize,
    /// The array, once it has begun.
    array: Option<Span>,
    /// Whether it has not ended.
    is_open: bool,
    /// How many elements it has so far.
    elements: usize,
}

impl Unusual {
    const fn new() -> Self {
        Self {
            names: [Span::EMPTY; MAX_OTHERS],
            count: 0,
            strings: 0,
            array: None,
            is_open: false,
            elements: 0,
        }
    }

    /// Takes what is here. `None` if it is not plain, may not be there, or is there again. What the next member may be.
    #[inline(never)]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2,popcnt")]
    fn take(
        &mut self,
        document: &Document<'_, '_>,
        names: &'static Names,
        head: u64,
        span: Span,
    ) -> Option<&'static [Name; 8]> {
        let slot = names::slot(head);
        if self.is_open {
            self.element(document, span.start(), span.end())?;
        } else if head & names::NAME != names.members.get(slot)?.head & names::NAME {
            self.other(document, names, span)?;
        } else {
            // A known name with another kind of value.
            let is_array = document.byte(span.value()) == b'[';
            if names.array != Some(slot) || !is_array || self.array.is_some() {
                return None;
            }
            self.array = Some(span);
            self.element(document, span.value().wrapping_add(1), span.end())?;
        }
        Some(if self.is_open {
            &names::NOTHING
        } else {
            &names.members
        })
    }

    /// Takes a member that is not known.
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2,popcnt")]
    fn other(&mut self, document: &Document<'_, '_>, names: &Names, span: Span) -> Option<()> {
        let name_end = document.next_quote(span.start())?;
        let value = name_end.wrapping_add(2);
        if document.byte(name_end.wrapping_add(1)) != b':' {
            return None;
        }
        if document.byte(value) == b'"' {
            let last = span.end().wrapping_sub(1);
            if last <= value || document.byte(last) != b'"' {
                return None;
            }
            self.strings = self.strings.wrapping_add(1);
        } else {
            document.number(value, span.end().checked_sub(value)?)?;
        }
        let name = Span::new(span.start().wrapping_add(1), name_end);
        self.note(document, names, name)
    }

    /// Notes the name of a member that is not known.
    fn note(&mut self, document: &Document<'_, '_>, names: &Names, name: Span) -> Option<()> {
        let text = |name: Span| document.text.as_bytes().get(name.start()..name.end());
        let new = text(name)?;
        let mut seen = self.names.iter().take(self.count);
        if new.len() > MAX_NAME
            || names.refused == Some(new)
            || seen.any(|seen| text(*seen) == Some(new))
        {
            return None;
        }
        *self.names.get_mut(self.count)? = name;
        self.count = self.count.wrapping_add(1);
        Some(())
    }

    /// Takes an element of the array, from its quote to the comma or brace behind it. Each but the first stands behind a
    /// comma, and so looks like a member.
    fn element(&mut self, document: &Document<'_, '_>, start: usize, end: usize) -> Option<()> {
        let last = end.wrapping_sub(1);
        let is_last = document.byte(last) == b']';
        let last = last.wrapping_sub(usize::from(is_last));
        if last <= start || document.byte(start) != b'"' || document.byte(last) != b'"' {
            return None;
        }
        if let Some(array) = self.array {
            self.array = Some(Span::new(array.start(), end));
        }
        self.is_open = !is_last;
        self.elements = self.elements.wrapping_add(1);
        Some(())
    }

    /// How many pairs of quotes all this has, apart from the name and the first element of the array. `None` if the array
    /// has no end.
    fn count_more(&self) -> Option<u32> {
        if self.is_open {
            return None;
        }
        let others = self.count.wrapping_add(self.strings);
        u32::try_from(others.wrapping_add(self.elements.saturating_sub(1))).ok()
    }
}
