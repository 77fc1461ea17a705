//! Single flight: whatever number of callers miss the same key, one of them leads and the others wait.
//!
//! The leader holds a [`Landing`]. Whatever becomes of it (an answer, a panic, a runtime that is shut down), the
//! flight is removed and everyone who waits is woken. Nothing here is kept after that: "failures to retrieve
//! a key MUST NOT be cached".

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::sync::{DashMap, Entry, watch};

/// The flights under way, by key. `A` is what a flight brings home.
#[derive(Debug)]
pub(super) struct Flights<A> {
    under_way: DashMap<Arc<str>, Flight<A>>,
}

/// One of them.
#[derive(Debug)]
struct Flight<A> {
    receiver: watch::Receiver<Option<A>>,
    begun: Instant,
}

/// The part that a caller has in a flight.
pub(super) enum Joined<A> {
    /// Nobody was fetching this key: the caller must see to it.
    Lead(Landing<A>),
    /// Somebody is.
    Wait(Waiter<A>),
}

impl<A: Clone> Flights<A> {
    pub(super) fn new() -> Self {
        Self {
            under_way: DashMap::new(),
        }
    }

    /// Joins the flight for `key`, or begins one.
    pub(super) fn join(self: &Arc<Self>, key: &str) -> Joined<A> {
        if let Some(flight) = self.under_way.get(key) {
            return Joined::Wait(Waiter(flight.value().receiver.clone()));
        }
        let key: Arc<str> = key.into();
        match self.under_way.entry(Arc::clone(&key)) {
            Entry::Occupied(flight) => Joined::Wait(Waiter(flight.get().receiver.clone())),
            Entry::Vacant(place) => {
                let (sender, receiver) = watch::channel(None);
                let begun = Instant::now();
                place.insert(Flight { receiver, begun });
                Joined::Lead(Landing {
                    flights: Arc::clone(self),
                    key,
                    sender,
                })
            }
        }
    }

    /// How many flights are under way.
    pub(super) fn len(&self) -> usize {
        self.under_way.len()
    }

    /// For how long the oldest flight has been under way. It walks through all of them.
    pub(super) fn oldest(&self) -> Option<Duration> {
        let begun = self.under_way.iter().map(|flight| flight.value().begun);
        begun.min().map(|begun| begun.elapsed())
    }
}

/// The leader's duty to end the flight. Dropped without an answer, it wakes the waiters with none.
pub(super) struct Landing<A> {
    flights: Arc<Flights<A>>,
    key: Arc<str>,
    sender: watch::Sender<Option<A>>,
}

impl<A> Landing<A> {
    /// Another who waits for this flight.
    pub(super) fn waiter(&self) -> Waiter<A> {
        Waiter(self.sender.subscribe())
    }

    /// The key that is fetched.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// Ends the flight. What it brought must be in the cache before: whoever comes now starts another.
    pub(super) fn land(self, answer: A) {
        self.flights.under_way.remove(&self.key);
        self.sender.send_replace(Some(answer));
    }
}

impl<A> Drop for Landing<A> {
    fn drop(&mut self) {
        // After `land` the entry is gone, and may already belong to the next flight of the same key.
        let ended = self.sender.borrow().is_some();
        if !ended {
            self.flights.under_way.remove(&self.key);
        }
    }
}

/// One who waits for a flight. Dropping it cancels nothing.
pub(super) struct Waiter<A>(watch::Receiver<Option<A>>);

impl<A: Clone> Waiter<A> {
    /// What the flight brought, or `None` if it ended without an answer.
    pub(super) async fn wait(mut self) -> Option<A> {
        let answer = self.0.wait_for(Option::is_some).await.ok()?;
        answer.as_ref().cloned()
    }
}

#[cfg(test)]
#[cfg(not(shuttle))]
mod tests {
    use super::*;

    fn block_on(test: impl Future<Output = ()>) {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(test);
    }

    fn lead(flights: &Arc<Flights<u32>>, key: &str) -> Landing<u32> {
        match flights.join(key) {
            Joined::Lead(landing) => landing,
            Joined::Wait(_) => panic!("somebody else leads"),
        }
    }

    fn wait(flights: &Arc<Flights<u32>>, key: &str) -> Waiter<u32> {
        match flights.join(key) {
            Joined::Lead(_) => panic!("nobody leads"),
            Joined::Wait(waiter) => waiter,
        }
    }

    #[test]
    fn all_who_wait_get_what_the_leader_brings() {
        block_on(async {
            let flights = Arc::new(Flights::new());
            let landing = lead(&flights, "a");
            let waiters = [wait(&flights, "a"), wait(&flights, "a"), landing.waiter()];
            let other = lead(&flights, "b");
            landing.land(7);
            for waiter in waiters {
                assert_eq!(waiter.wait().await, Some(7));
            }
            assert_eq!(flights.len(), 1);
            drop(other);
            assert_eq!(flights.len(), 0);
        });
    }

    #[test]
    fn a_leader_that_panics_wakes_everyone_and_leaves_no_flight() {
        block_on(async {
            let flights = Arc::new(Flights::new());
            let landing = lead(&flights, "a");
            let waiter = wait(&flights, "a");
            let task = tokio::spawn(async move {
                let _landing = landing;
                panic!("on purpose");
            });
            assert!(task.await.is_err());
            assert_eq!(waiter.wait().await, None);
            lead(&flights, "a").land(1);
        });
    }

    #[test]
    fn a_landed_flight_leaves_the_next_one_of_its_key_alone() {
        block_on(async {
            let flights = Arc::new(Flights::new());
            let first = lead(&flights, "a");
            let waiter = first.waiter();
            first.land(1);
            let second = lead(&flights, "a");
            assert_eq!(waiter.wait().await, Some(1));
            assert_eq!(flights.len(), 1);
            second.land(2);
        });
    }
}
