//! The place of one key's table.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

use arc_swap::{ArcSwapOption, Guard};

use super::trial::Tried;
use super::{Build, Shelf};
use crate::limits::{TABLE_MAX_USES, TABLE_USES, TABLE_USES_AFTER_EVICTION};

/// Where a key has its table, if it has one.
pub(in crate::crypto::accel) struct Slot<B: Build> {
    shelf: &'static Shelf,
    place: Arc<Place<B>>,
}

pub(in crate::crypto::accel) struct Place<B: Build> {
    build: B,
    table: ArcSwapOption<Tried<B::Table>>,
    /// What the table takes, in bytes.
    bytes: AtomicUsize,
    /// How often the table was missed since there was none.
    uses: AtomicU32,
    /// How many of these ask for a table.
    uses_wanted: AtomicU32,
    /// Whether a table is being made, or cannot be.
    is_settled: AtomicBool,
    /// The shelf's time when the table was last used.
    used_at: AtomicU32,
}

/// What a shelf does with the places of all kinds of tables.
pub(in crate::crypto::accel) trait OnShelf: Send + Sync {
    /// Makes the table, and says how many bytes it takes. `None` if there is none to be had.
    fn build(&self) -> Option<usize>;
    /// The shelf's time when the table was last used.
    fn used_at(&self) -> u32;
    /// What the table takes, in bytes.
    fn bytes(&self) -> usize;
    /// Takes the table away. The key has to be used more often for another.
    fn evict(&self);
}

impl<B: Build> Slot<B> {
    pub(super) fn new(shelf: &'static Shelf, build: B) -> Self {
        Self {
            shelf,
            place: Arc::new(Place {
                build,
                table: ArcSwapOption::empty(),
                bytes: AtomicUsize::new(0),
                uses: AtomicU32::new(0),
                uses_wanted: AtomicU32::new(TABLE_USES),
                is_settled: AtomicBool::new(false),
                used_at: AtomicU32::new(0),
            }),
        }
    }

    /// The table, if there is one by now. Asking for it in vain is what makes one, after a while.
    #[inline]
    pub(super) fn table(&self) -> Guard<Option<Arc<Tried<B::Table>>>> {
        let table = self.place.table.load();
        if table.is_some() {
            self.place.touch(self.shelf.now());
        } else {
            self.miss();
        }
        table
    }

    #[cold]
    fn miss(&self) {
        let place = &self.place;
        if place.is_settled.load(Ordering::Relaxed) {
            return;
        }
        let uses = place.uses.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        if uses >= place.uses_wanted.load(Ordering::Relaxed)
            && !place.is_settled.swap(true, Ordering::Relaxed)
            && !self.shelf.ask(place.clone())
        {
            place.ask_again();
        }
    }
}

impl<B: Build> Place<B> {
    /// A line that other threads read is written once for each time of the shelf, which is seldom.
    #[inline]
    fn touch(&self, now: u32) {
        if self.used_at.load(Ordering::Relaxed) != now {
            self.used_at.store(now, Ordering::Relaxed);
        }
    }

    fn ask_again(&self) {
        self.uses.store(0, Ordering::Relaxed);
        self.is_settled.store(false, Ordering::Relaxed);
    }
}

impl<B: Build> OnShelf for Place<B> {
    fn build(&self) -> Option<usize> {
        let table = self.build.build()?;
        let bytes = B::bytes(&table);
        self.bytes.store(bytes, Ordering::Relaxed);
        self.table.store(Some(Arc::new(Tried::new(table))));
        Some(bytes)
    }

    fn used_at(&self) -> u32 {
        self.used_at.load(Ordering::Relaxed)
    }

    fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    fn evict(&self) {
        self.table.store(None);
        self.bytes.store(0, Ordering::Relaxed);
        let wanted = self.uses_wanted.load(Ordering::Relaxed);
        let more = wanted
            .saturating_mul(2)
            .clamp(TABLE_USES_AFTER_EVICTION, TABLE_MAX_USES);
        self.uses_wanted.store(more, Ordering::Relaxed);
        self.ask_again();
    }
}

impl<B: Build> fmt::Debug for Slot<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot")
            .field("bytes", &self.place.bytes())
            .finish_non_exhaustive()
    }
}
