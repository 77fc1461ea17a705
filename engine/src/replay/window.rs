//! The replay log in memory: exact, bounded, and without an insertion that waits for anything but its line.
//!
//! A window is an array of [lines](super::line) of 64 bytes. The fingerprint of a token chooses its home line;
//! a token whose home is full goes to the next line that is not, and the lines it passed note until when
//! somebody has to look further. An entry that has expired is a free place, so nothing is ever retired.
//!
//! # Why it is exact
//!
//! The home line stays locked for the whole of an insertion, so of two insertions of one token the second
//! starts after the first is done. It then finds the entry, unless a visitor cleared it, or the note that
//! leads to it; but that visitor left its time in the line, and it is after the entry's expiry. The second
//! insertion takes the latest time of every line it visits, and refuses a token that has expired by then.
//! A token is thus accepted twice only if the first one's time was over, by a clock that never goes back.
//!
//! A thread that holds its home waits only for later lines, one at a time, so no two wait for each other.

use std::fmt;
use std::time::Duration;

use super::fingerprint::{Fingerprint, FingerprintKey};
use super::line::{ENTRIES, Line, Visit};
use super::memory::{PREFETCHES, prefer_huge_pages, prefetch};
use super::second::{LatestSecond, Second};
use super::{MAX_KEPT, ReplayError, ReplayLog};
use crate::error::ConfigError;
use crate::time::UnixTime;

/// The places of every ten that are taken at full capacity: 15.3 bytes an entry. At 7 it would be 13.1, and an
/// insertion at full capacity would take a sixth longer, because more of them find their home full.
const LOAD_TENTHS: usize = 6;

/// How many lines may hold an entry, its home included. At full capacity they have 896 places for 538 +- 23
/// entries: that one more finds no place is 15 standard deviations away. Fewer where each step of each thread counts.
const REACH: usize = if cfg!(all(test, shuttle)) { 2 } else { 128 };

/// The largest capacity: half a million tokens a second, of an hour each, in 33 GB.
const MAX_CAPACITY: usize = 1 << 31;

/// A [`ReplayLog`] in the memory of this process, of fixed size, for any number of threads.
///
/// It remembers at least `capacity` live tokens, in 15.3 bytes each: all of its memory is taken and written
/// to when it is made, and none later. Where every place within reach of a token holds a live entry, the token
/// is refused ([`ReplayError::Full`]); up to `capacity` tokens that does not happen in practice: it takes 900
/// of them where chance puts 538 +- 23. Size it for the rate of accepted tokens times their life and leeway.
///
/// What it does not do: it is empty after a restart (a policy may refuse tokens issued before the start), and
/// it knows nothing of what other processes have seen. If a clock was ahead and is set back, tokens are
/// refused as expired until it has caught up: a log that went back could accept again what it has forgotten.
///
/// With the feature `accel`, the window asks Linux for huge pages, and has a token's line brought near while its signature
/// is checked ([`prepare`](ReplayLog::prepare)). Together they take about half off an insertion into a large window. Huge
/// pages want `/sys/kernel/mm/transparent_hugepage/enabled` to be `madvise`, as it mostly is, or `always`. Without the
/// feature, the environment variable `GLIBC_TUNABLES=glibc.malloc.hugetlb=1` asks for them where glibc is the allocator.
///
/// ```
/// use asap_engine::{ReplayError, ReplayLog, ReplayWindow, UnixTime};
///
/// let window = ReplayWindow::new(1_000_000)?;
/// let (now, keep_until) = (UnixTime::from_secs(1_700_000_000), UnixTime::from_secs(1_700_000_090));
/// assert_eq!(window.check_and_insert("issuer", "nonce", keep_until, now), Ok(()));
/// assert_eq!(window.check_and_insert("issuer", "nonce", keep_until, now), Err(ReplayError::Seen));
/// # Ok::<(), asap_engine::ConfigError>(())
/// ```
pub struct ReplayWindow {
    latest: LatestSecond,
    key: FingerprintKey,
    capacity: usize,
    /// The lines that are homes, and `REACH - 1` more for what flows over the end.
    lines: Box<[Line]>,
    homes: usize,
}

impl ReplayWindow {
    /// A window that remembers at least `capacity` live tokens.
    ///
    /// # Errors
    ///
    /// If `capacity` is zero or above 2^31, if there is not enough memory, or if the system has no randomness.
    pub fn new(capacity: usize) -> Result<Self, ConfigError> {
        Self::with_key(capacity, FingerprintKey::random()?)
    }

    fn with_key(capacity: usize, key: FingerprintKey) -> Result<Self, ConfigError> {
        if !(1..=MAX_CAPACITY).contains(&capacity) {
            return Err(ConfigError::new(format!(
                "the capacity of the replay window must be 1 to {MAX_CAPACITY} tokens, not {capacity}"
            )));
        }
        let homes = capacity
            .saturating_mul(10)
            .div_ceil(ENTRIES.saturating_mul(LOAD_TENTHS));
        let total = homes.saturating_add(REACH).saturating_sub(1);
        let mut lines = Vec::new();
        lines.try_reserve_exact(total).map_err(|_| {
            ConfigError::new(format!(
                "there is not enough memory for a replay window of {capacity} tokens"
            ))
        })?;
        prefer_huge_pages(lines.spare_capacity_mut());
        lines.resize_with(total, Line::empty);
        Ok(Self {
            latest: LatestSecond::new(),
            key,
            capacity,
            lines: lines.into_boxed_slice(),
            homes,
        })
    }

    /// How many live tokens the window is sure to have room for.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.capacity
    }

    /// The memory that the window takes, in bytes: it neither grows nor shrinks.
    #[must_use]
    pub const fn memory(&self) -> usize {
        size_of_val(&*self.lines).saturating_add(size_of::<Self>())
    }

    /// Everything after the fingerprint, which can be had before the token's signature is checked.
    fn insert(&self, token: Fingerprint, expiry: Second, now: Second) -> Result<(), ReplayError> {
        let home = token.home(self.homes);
        let reach = self.lines.get(home..home.saturating_add(REACH));
        let Some((home, later)) = reach.and_then(<[Line]>::split_first) else {
            return Err(ReplayError::Full);
        };
        let mark = token.mark();
        let mut home = home.visit(now);
        let now = search(&home, later, mark)?;
        place(&mut home, later, Entry { mark, expiry }, now)
    }
}

/// What is to be remembered.
struct Entry {
    mark: u64,
    expiry: Second,
}

/// Looks for the token in every line that may hold it. Returns the latest time of those lines.
fn search(home: &Visit<'_>, later: &[Line], mark: u64) -> Result<Second, ReplayError> {
    if home.holds(mark) {
        return Err(ReplayError::Seen);
    }
    let mut now = home.now();
    let mut look_further = home.was_passed();
    for line in later {
        if !look_further {
            break;
        }
        let visit = line.visit(now);
        if visit.holds(mark) {
            return Err(ReplayError::Seen);
        }
        now = visit.now();
        look_further = visit.was_passed();
    }
    Ok(now)
}

/// Puts the entry into the first line that has room, and leaves a note in those it passes.
///
/// A line is looked at again here although `search` may have been there: others may have filled it meanwhile.
/// Only this token cannot have come, while its home is held.
fn place(
    home: &mut Visit<'_>,
    later: &[Line],
    entry: Entry,
    mut now: Second,
) -> Result<(), ReplayError> {
    if entry.expiry < now {
        return Err(ReplayError::Expired);
    }
    if home.put(entry.mark, entry.expiry) {
        return Ok(());
    }
    home.pass(entry.expiry);
    for line in later {
        let mut visit = line.visit(now);
        now = visit.now();
        if entry.expiry < now {
            return Err(ReplayError::Expired);
        }
        if visit.put(entry.mark, entry.expiry) {
            return Ok(());
        }
        visit.pass(entry.expiry);
    }
    Err(ReplayError::Full)
}

impl ReplayLog for ReplayWindow {
    /// # Errors
    ///
    /// As the trait says. [`ReplayError::ExpiresTooLate`] if `keep_until` is more than 4200 s after `now`: one
    /// hour, and twice the largest leeway.
    fn check_and_insert(
        &self,
        issuer: &str,
        token_id: &str,
        keep_until: UnixTime,
        now: UnixTime,
    ) -> Result<(), ReplayError> {
        if keep_until > now.saturating_add(MAX_KEPT) {
            return Err(ReplayError::ExpiresTooLate);
        }
        let token = self.key.fingerprint(issuer, token_id);
        self.insert(
            token,
            Second::ceil(keep_until),
            self.latest.advance(Second::floor(now)),
        )
    }

    /// With the feature `accel`, has the token's line brought near. That makes its fingerprint once more, which costs less
    /// than waiting for the memory; without the feature it does nothing.
    fn prepare(&self, issuer: &str, token_id: &str) {
        if PREFETCHES {
            let token = self.key.fingerprint(issuer, token_id);
            if let Some(line) = self.lines.get(token.home(self.homes)) {
                prefetch(line);
            }
        }
    }

    fn longest_memory(&self) -> Duration {
        MAX_KEPT
    }
}

impl fmt::Debug for ReplayWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplayWindow")
            .field("capacity", &self.capacity)
            .field("memory", &self.memory())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[cfg(shuttle)]
mod interleavings;
#[cfg(test)]
#[cfg(not(shuttle))]
mod tests;
