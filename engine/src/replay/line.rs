//! One line of the window: seven entries and the word that guards them, in 64 bytes.
//!
//! Each of the words is an entry, or zero. An entry is a mark and the expiry second modulo 2^13; an entry that
//! has expired is as good as zero.
//!
//! # Why the modulus never confuses the living and the dead
//!
//! The control word holds `visited`, the latest second at which anyone held the line. Whoever locks the line
//! at a later second clears, before anything else, each entry that expired before that second, and then moves
//! `visited` forward. So at `visited` every entry in the line is live: none expires before it. None expires
//! more than 2^13 - 1 seconds after it either, because an entry is put in only if it expires within
//! [`MAX_KEPT`](super::MAX_KEPT) of a second that is not after `visited`. Hence an entry expires at the one
//! second of `visited ..= visited + 2^13 - 1` that has its residue, however long the line was left alone:
//! the residue is read relative to `visited`, never relative to now. Nothing needs to be swept.

use super::MAX_KEPT;
use super::fingerprint::MARK_BITS;
use super::second::{SECOND_BITS, Second};
use super::sync::{AtomicU64, Ordering, spin_loop, yield_now};

/// The entries of a line: what a cache line of eight words has beside the control word.
pub(super) const ENTRIES: usize = 7;

/// The bits of an expiry in an entry: the fewest that carry [`MAX_KEPT`] and a second for rounding.
const EXPIRY_BITS: u32 = 64 - MARK_BITS;
const EXPIRY_MASK: u64 = (1 << EXPIRY_BITS) - 1;

/// The control word: the lock, then how long entries that passed this line may live, then `visited`.
const LOCKED: u64 = 1;
const PASSED_SHIFT: u32 = 1;
const VISITED_SHIFT: u32 = PASSED_SHIFT + EXPIRY_BITS;
const _: () = assert!(
    VISITED_SHIFT + SECOND_BITS <= 64,
    "the control word overflows"
);
const _: () = assert!(
    MAX_KEPT.as_secs() + 2 <= EXPIRY_MASK,
    "an expiry does not fit its bits"
);

/// How often a thread looks at a locked line before it gives up its time slice: a holder is done within a
/// hundred nanoseconds, unless it was itself preempted.
const SPINS: u32 = 64;

/// Seven entries and their control word.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct Line {
    control: AtomicU64,
    entries: [AtomicU64; ENTRIES],
}

impl Line {
    pub(super) const fn empty() -> Self {
        Self {
            control: AtomicU64::new(Second::FIRST.bits() << VISITED_SHIFT),
            entries: [const { AtomicU64::new(0) }; ENTRIES],
        }
    }

    /// Waits for the line, holds it until the visit is dropped, and clears what has expired.
    ///
    /// A thread that holds one line may wait for a later one, never for an earlier one.
    pub(super) fn visit(&self, now: Second) -> Visit<'_> {
        let control = self.lock();
        let visited = Second::from_bits(control >> VISITED_SHIFT);
        let passed = (control >> PASSED_SHIFT) & EXPIRY_MASK;
        let elapsed = now.since(visited);
        if elapsed > 0 {
            self.expire(visited, elapsed);
        }
        Visit {
            line: self,
            now: now.max(visited),
            passed: passed.saturating_sub(elapsed),
        }
    }

    /// Takes the lock and returns the control word without it.
    fn lock(&self) -> u64 {
        let mut spins: u32 = 0;
        loop {
            let control = self.control.load(Ordering::Relaxed);
            if control & LOCKED == 0 && self.try_lock(control) {
                return control;
            }
            spins = spins.saturating_add(1);
            if spins < SPINS {
                spin_loop()
            } else {
                yield_now()
            }
        }
    }

    fn try_lock(&self, control: u64) -> bool {
        self.control
            .compare_exchange_weak(
                control,
                control | LOCKED,
                Ordering::Acquire,
                Ordering::Relaxed,
            )
            .is_ok()
    }

    /// Clears the entries that expire before `elapsed` seconds after `visited`.
    fn expire(&self, visited: Second, elapsed: u64) {
        for entry in &self.entries {
            let word = entry.load(Ordering::Relaxed);
            let expires_in = word.wrapping_sub(visited.bits()) & EXPIRY_MASK;
            let kept = if expires_in >= elapsed { word } else { 0 };
            entry.store(kept, Ordering::Relaxed);
        }
    }
}

/// A line that this thread holds, and in which every entry is live.
#[derive(Debug)]
pub(super) struct Visit<'a> {
    line: &'a Line,
    now: Second,
    /// For how many seconds from `now` an entry that passed this line may live; 0 if there is none.
    passed: u64,
}

impl Visit<'_> {
    /// The line's time: that of the caller, or of an earlier visitor if that was later.
    pub(super) const fn now(&self) -> Second {
        self.now
    }

    /// Whether an entry of this mark is here.
    pub(super) fn holds(&self, mark: u64) -> bool {
        let mut found = false;
        for entry in &self.line.entries {
            found |= entry.load(Ordering::Relaxed) >> EXPIRY_BITS == mark;
        }
        found
    }

    /// Whether a live entry may lie in a later line because this one was full.
    pub(super) const fn was_passed(&self) -> bool {
        self.passed > 0
    }

    /// Puts an entry into a free word, or returns `false` if there is none. `expiry` is at or after
    /// [`now`](Self::now).
    pub(super) fn put(&self, mark: u64, expiry: Second) -> bool {
        let word = (mark << EXPIRY_BITS) | (expiry.bits() & EXPIRY_MASK);
        let free = self
            .line
            .entries
            .iter()
            .find(|entry| entry.load(Ordering::Relaxed) == 0);
        free.inspect(|entry| entry.store(word, Ordering::Relaxed))
            .is_some()
    }

    /// Notes that an entry which expires at `expiry` goes to a later line.
    pub(super) fn pass(&mut self, expiry: Second) {
        // It lives through its last second: hence one more.
        self.passed = self.passed.max(expiry.since(self.now).saturating_add(1));
    }
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        let control = (self.now.bits() << VISITED_SHIFT) | (self.passed << PASSED_SHIFT);
        self.line.control.store(control, Ordering::Release);
    }
}

#[cfg(test)]
#[cfg(not(shuttle))]
mod tests {
    use super::*;

    const START: u64 = 1_700_000_000;

    fn at(offset: u64) -> Second {
        Second::from_bits(START + offset)
    }

    #[test]
    fn a_line_is_one_cache_line() {
        assert_eq!((size_of::<Line>(), align_of::<Line>()), (64, 64));
    }

    #[test]
    fn an_entry_is_live_through_its_last_second_at_every_residue() {
        for phase in 0..=EXPIRY_MASK {
            let line = Line::empty();
            assert!(line.visit(at(phase)).put(1, at(phase + 60)));
            assert!(line.visit(at(phase + 60)).holds(1), "{phase}");
            assert!(!line.visit(at(phase + 61)).holds(1), "{phase}");
        }
    }

    #[test]
    fn an_entry_left_alone_for_any_time_is_neither_lost_nor_revived() {
        let longest = MAX_KEPT.as_secs() + 1;
        for life in [0, 1, 60, 4095, 4096, longest] {
            for idle in
                (0..40_000)
                    .step_by(7)
                    .chain([life, life + 1, 8191, 8192, 8193, 8192 + life])
            {
                let line = Line::empty();
                assert!(line.visit(at(0)).put(1, at(life)));
                assert_eq!(line.visit(at(idle)).holds(1), idle <= life, "{life} {idle}");
            }
        }
    }

    #[test]
    fn the_note_of_what_passed_lasts_as_long_as_what_passed() {
        let line = Line::empty();
        line.visit(at(0)).pass(at(60));
        line.visit(at(1)).pass(at(30));
        assert!(line.visit(at(60)).was_passed());
        assert!(!line.visit(at(61)).was_passed());
        line.visit(at(100)).pass(at(100));
        assert!(line.visit(at(100)).was_passed());
        assert!(!line.visit(at(101)).was_passed());
    }

    #[test]
    fn a_visitor_with_an_earlier_time_gets_the_time_of_the_line() {
        let line = Line::empty();
        drop(line.visit(at(100)));
        assert_eq!(line.visit(at(50)).now(), at(100));
        assert_eq!(line.visit(at(150)).now(), at(150));
    }

    #[test]
    fn an_eighth_entry_finds_no_place_until_one_has_expired() {
        let line = Line::empty();
        for mark in 1..=7 {
            assert!(line.visit(at(0)).put(mark, at(mark)));
        }
        assert!(!line.visit(at(1)).put(8, at(60)));
        assert!(line.visit(at(2)).put(8, at(60)));
        let visit = line.visit(at(2));
        assert!(!visit.holds(1));
        assert!((2..=8).all(|mark| visit.holds(mark)));
    }
}
