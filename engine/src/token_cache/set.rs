//! Seven places for tokens, in one cache line: seven pointers, and one word about them.
//!
//! The word has eight bits of the hash for each place, so that seldom a token is compared in vain, and a mark for each
//! place whether it was used since the last time room was sought. Readers take no lock; they write one thing, the mark,
//! and that only if it is not set yet. There is one writer at a time, which is the [table](super::table)'s to see to.

use std::sync::Arc;

use arc_swap::{ArcSwapOption, Guard};

use super::entry::Entry;
use super::finder::Hash;
use super::sync::{AtomicU64, Ordering};

/// How many tokens a set holds.
pub(super) const PLACES: usize = 7;

/// The first bit of each place's eight.
const ONES: u64 = 0x0001_0101_0101_0101;
/// The last bit of each place's eight.
const LASTS: u64 = ONES << 7;
/// The first of the marks.
const FIRST_MARK: u64 = 1 << 56;
const ALL_MARKS: u64 = 0x7f << 56;

#[repr(align(64))]
#[derive(Default)]
pub(super) struct Set {
    about: AtomicU64,
    places: [ArcSwapOption<Entry>; PLACES],
}

/// One of the seven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place(u32);

impl Place {
    fn all() -> impl Iterator<Item = Self> {
        (0_u32..).take(PLACES).map(Self)
    }

    const fn tag(self, tag: u64) -> u64 {
        tag.wrapping_shl(self.0.wrapping_mul(8))
    }

    const fn mark(self) -> u64 {
        FIRST_MARK.wrapping_shl(self.0)
    }
}

impl Set {
    /// What `use_entry` makes of the first entry that it makes something of, among those that the hash may stand for.
    #[inline]
    pub(super) fn find<T>(
        &self,
        hash: Hash,
        mut use_entry: impl FnMut(&Entry) -> Option<T>,
    ) -> Option<T> {
        let about = self.about.load(Ordering::Relaxed);
        for place in alike(about, hash) {
            let entry = self.entry(place)?;
            let Some(entry) = &*entry else { continue };
            if let Some(made) = use_entry(entry) {
                if about & place.mark() == 0 {
                    self.about.fetch_or(place.mark(), Ordering::Relaxed);
                }
                return Some(made);
            }
        }
        None
    }

    #[inline]
    fn entry(&self, place: Place) -> Option<Guard<Option<Arc<Entry>>>> {
        let place = self.places.get(usize::try_from(place.0).ok()?)?;
        Some(place.load())
    }

    /// The place of the entry that `is_wanted`, among those that the hash may stand for.
    pub(super) fn place_of(
        &self,
        hash: Hash,
        mut is_wanted: impl FnMut(&Entry) -> bool,
    ) -> Option<Place> {
        alike(self.about.load(Ordering::Relaxed), hash).find(|place| {
            let entry = self.entry(*place);
            entry.is_some_and(|entry| entry.as_ref().is_some_and(|entry| is_wanted(entry)))
        })
    }

    /// A place that is empty, or else one that was not used since the last time. If there is neither, those that were
    /// used count as unused from now on.
    pub(super) fn room(&self) -> Option<Place> {
        let about = self.about.load(Ordering::Relaxed);
        let room = Place::all()
            .find(|place| about & place.tag(0xff) == 0)
            .or_else(|| Place::all().find(|place| about & place.mark() == 0));
        if room.is_none() {
            self.about.fetch_and(!ALL_MARKS, Ordering::Relaxed);
        }
        room
    }

    /// Frees every entry that was not used since the last time, and has the others count as unused from now on. Answers
    /// how many went.
    pub(super) fn sweep(&self) -> usize {
        let about = self.about.fetch_and(!ALL_MARKS, Ordering::Relaxed);
        Place::all()
            .filter(|place| about & place.tag(0xff) != 0 && about & place.mark() == 0)
            .filter(|place| self.put(*place, 0, None))
            .count()
    }

    /// Puts an entry into a place, and frees the one that was there. True if there was one.
    pub(super) fn keep(&self, place: Place, hash: Hash, entry: Entry) -> bool {
        self.put(place, hash.tag(), Some(Arc::new(entry)))
    }

    fn put(&self, place: Place, tag: u64, entry: Option<Arc<Entry>>) -> bool {
        let nothing = place.tag(0xff) | place.mark();
        self.about.fetch_and(!nothing, Ordering::Relaxed);
        let index = usize::try_from(place.0).unwrap_or(usize::MAX);
        let before = self.places.get(index).and_then(|place| place.swap(entry));
        self.about.fetch_or(place.tag(tag), Ordering::Relaxed);
        before.is_some()
    }
}

/// The places whose eight bits are those of `hash`. Now and then it names one more.
#[inline]
fn alike(about: u64, hash: Hash) -> impl Iterator<Item = Place> {
    let differing = about ^ ONES.wrapping_mul(hash.tag());
    let mut same = differing.wrapping_sub(ONES) & !differing & LASTS;
    std::iter::from_fn(move || {
        let first = (same != 0).then(|| Place(same.trailing_zeros() / 8))?;
        same &= same.wrapping_sub(1);
        Some(first)
    })
}
