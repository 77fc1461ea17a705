//! Refresh ahead: keys in use are revalidated by a timer shortly before they go stale, so that nobody waits for it.
//!
//! ```text
//! cache ─ fetched or renewed ─▶ schedule ─ its time has come ─▶ in use since? ─ yes ─▶ revalidation in the background
//!                                                                   └─ no ─▶ left alone: its next use sees to it
//! ```
//!
//! One task per repository waits for the earliest of the times. It holds the repository weakly and ends with it. A key
//! that nobody uses is asked for no more: it costs nothing, and its deletion is seen when it is wanted again.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::Notify;

use super::entry::Entry;
use super::environment::Moment;
use super::shared::{Fetch, Runtime, Shared};
use crate::VerifyingKey;
use crate::limits::MIN_SCHEDULE_SWEEP;

/// When which key is to be refreshed.
#[derive(Debug)]
pub(super) struct Schedule<V = VerifyingKey> {
    due: Mutex<Due<V>>,
    sooner: Notify,
}

/// The times, and how many of them there may be before those of dropped keys are swept out.
#[derive(Debug)]
struct Due<V> {
    times: BinaryHeap<Reverse<Time<V>>>,
    sweep_at: usize,
}

/// One key's time. It counts only as long as it is still the key's own.
#[derive(Debug)]
struct Time<V> {
    at: Moment,
    entry: Weak<Entry<V>>,
}

impl<V> Schedule<V> {
    pub(super) fn new() -> Self {
        Self {
            due: Mutex::new(Due {
                times: BinaryHeap::new(),
                sweep_at: MIN_SCHEDULE_SWEEP,
            }),
            sooner: Notify::new(),
        }
    }

    /// Notes when `entry` wants to be refreshed.
    pub(super) fn add(&self, entry: &Arc<Entry<V>>) {
        let at = entry.refresh_at();
        if at == Moment::NEVER {
            // Somebody is refreshing it, and will come here after.
            return;
        }
        let is_first = {
            let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
            due.sweep_if_large();
            let is_first = due.times.peek().is_none_or(|Reverse(first)| at < first.at);
            due.times.push(Reverse(Time {
                at,
                entry: Arc::downgrade(entry),
            }));
            is_first
        };
        if is_first {
            self.wake();
        }
    }

    /// Takes the keys whose time has come, and tells the next time.
    pub(super) fn take_due(&self, now: Moment) -> (Vec<Arc<Entry<V>>>, Option<Moment>) {
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        let mut entries = Vec::new();
        while let Some(Reverse(first)) = due.times.peek() {
            if first.at > now {
                return (entries, Some(first.at));
            }
            let Some(Reverse(time)) = due.times.pop() else {
                break;
            };
            // Of a key that was renewed meanwhile, another time is in here.
            let is_current = |entry: &Arc<Entry<V>>| entry.refresh_at() == time.at;
            entries.extend(time.entry.upgrade().filter(is_current));
        }
        (entries, None)
    }

    /// Has the refresher look again.
    pub(super) fn wake(&self) {
        self.sooner.notify_one();
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.due.lock().unwrap().times.len()
    }
}

impl<V> Due<V> {
    /// Keeps the times of dropped keys from piling up, at a cost that each addition shares.
    fn sweep_if_large(&mut self) {
        if self.times.len() >= self.sweep_at {
            self.times
                .retain(|Reverse(time)| time.entry.strong_count() > 0);
            self.sweep_at = self.times.len().saturating_mul(2).max(MIN_SCHEDULE_SWEEP);
        }
    }
}

/// Refreshes keys in use when their time comes, until the repository is dropped.
pub(super) async fn refresh_ahead<F: Fetch, S: Runtime>(
    schedule: Arc<Schedule<F::Document>>,
    repository: Weak<Shared<F, S>>,
) {
    loop {
        // Before the look, so that what is added after it is not missed.
        let sooner = pin!(schedule.sooner.notified());
        let wait = {
            let Some(repository) = repository.upgrade() else {
                return;
            };
            let (entries, next) = schedule.take_due(repository.now());
            for entry in entries {
                repository.refresh_if_in_use(entry);
            }
            next.map(|next| next.since(repository.now()))
        };
        match wait {
            // Rounded up by tokio to a millisecond.
            Some(wait) => drop(tokio::time::timeout(wait, sooner).await),
            None => sooner.await,
        }
    }
}

impl<V> PartialEq for Time<V> {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl<V> Eq for Time<V> {}

impl<V> PartialOrd for Time<V> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<V> Ord for Time<V> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at)
    }
}

#[cfg(test)]
mod tests {
    use super::super::entry::tests::{at, entry, lifetime, response};
    use super::*;

    /// A key that is fresh for `seconds`, which is refreshed at three fifths of them.
    fn fresh_for(seconds: u64) -> Arc<Entry> {
        entry("a/b", &lifetime(seconds, seconds, seconds))
    }

    fn due(schedule: &Schedule, second: u64) -> usize {
        schedule.take_due(at(second)).0.len()
    }

    #[test]
    fn keys_come_due_in_the_order_of_their_times() {
        let schedule = Schedule::new();
        let (late, soon) = (fresh_for(400), fresh_for(100));
        schedule.add(&late);
        schedule.add(&soon);
        assert!(schedule.take_due(at(59)).0.is_empty());
        assert_eq!(schedule.take_due(at(59)).1, Some(at(60)));
        let (entries, next) = schedule.take_due(at(60));
        assert!(entries.len() == 1 && Arc::ptr_eq(&entries[0], &soon));
        assert_eq!(next, Some(at(240)));
        assert_eq!(due(&schedule, 240), 1);
        assert_eq!(schedule.take_due(at(240)).1, None);
    }

    #[test]
    fn a_time_that_the_key_has_no_more_does_not_count() {
        let schedule = Schedule::new();
        let entry = fresh_for(100);
        schedule.add(&entry);
        entry.renew(response(), at(50), &lifetime(100, 100, 100), 0);
        schedule.add(&entry);
        assert_eq!(due(&schedule, 60), 0);
        assert_eq!(due(&schedule, 110), 1);
        assert!(entry.claim_refresh(at(110)));
        schedule.add(&entry);
        assert_eq!(schedule.len(), 0);
    }

    #[test]
    fn the_times_of_dropped_keys_do_not_pile_up() {
        let schedule = Schedule::new();
        let kept: Vec<_> = (0..10).map(|_| fresh_for(1_000_000)).collect();
        kept.iter().for_each(|entry| schedule.add(entry));
        for _ in 0..10 * MIN_SCHEDULE_SWEEP {
            schedule.add(&fresh_for(1_000_000));
            assert!(schedule.len() <= MIN_SCHEDULE_SWEEP);
        }
        assert_eq!(due(&schedule, 1_000_000), kept.len());
    }
}
