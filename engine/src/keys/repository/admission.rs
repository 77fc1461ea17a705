//! Which fetches may begin: the limits that a flood of tokens meets.
//!
//! ```text
//! not in the cache ─▶ known issuer? ─▶ issuer's rate ─▶ lane's rate ─▶ lane's place, waited for ─▶ fetch
//!                                            └───────────────┴─ refused at once
//! in the cache ─────▶ a place of another kind, waited for ─▶ fetch
//! ```
//!
//! The issuers that have given a key have a lane of their own, so that a flood in thousands of invented names cannot
//! keep a known service's new key away. A fetch that brings a key gives back what it took from the rates: nobody can make
//! keys exist, so what is limited is asking in vain, and how much is under way: as many fetches wait for a place as the
//! bursts allow, and no more. So a cold start with hundreds of good keys waits a moment, where a cap alone would turn
//! most of them away. A refusal by one limit takes nothing from the others.
//!
//! Revalidations are as many as there are keys in the cache, each asked about once at a time; they are not refused but
//! wait. Nobody's tokens can take their places. What a gateway asks for by itself before it opens goes the same way.
//!
//! What this cannot do: whoever floods in the name of a service takes part of the rate that its new keys need. Its keys
//! in the cache are not concerned.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::environment::{Environment, Moment};
use super::issuers::{Issuers, Taken};
use super::rate::{Bucket, Rate};
use crate::limits;

/// What is allowed.
#[derive(Debug, Clone, Copy)]
pub(super) struct FetchLimits {
    /// The places of each lane.
    pub(super) places: usize,
    /// Those of revalidations.
    pub(super) revalidations: usize,
    /// What one issuer may ask for.
    pub(super) per_issuer: Rate,
    /// What a lane may ask for.
    pub(super) per_lane: Rate,
}

/// The limits on fetches.
pub(super) struct Admission {
    known_issuers: Lane,
    other_issuers: Lane,
    lane_rate: Rate,
    issuers: Issuers,
    revalidations: Arc<Semaphore>,
    warnings: Bucket,
}

/// The places and the rate that a group of issuers share.
struct Lane {
    places: Arc<Semaphore>,
    bucket: Bucket,
}

/// What a fetch is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose<'a> {
    /// Nothing is known of the key; it may not exist.
    FirstFetch {
        /// Who owns the key, as a token claims that nobody has verified.
        issuer: &'a str,
    },
    /// The key was once fetched.
    Revalidation,
    /// The gateway itself named the key.
    WarmUp,
}

/// The limit that refused a fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The issuer has asked for too much.
    IssuerRate,
    /// All issuers together have.
    Rate,
    /// No place has become free in time.
    Places,
}

/// Leave to fetch, to be held for as long as that takes.
pub(super) struct Ticket {
    places: Arc<Semaphore>,
    /// Given up with the ticket.
    place: Option<OwnedSemaphorePermit>,
    charge: Option<Charge>,
}

/// What a fetch took from the rates.
#[derive(Debug, Clone, Copy)]
struct Charge {
    taken: Taken,
    is_known: bool,
}

impl Admission {
    pub(super) fn new(limits: FetchLimits, environment: &dyn Environment) -> Self {
        let lane = || Lane {
            places: Arc::new(Semaphore::new(limits.places)),
            bucket: Bucket::full(),
        };
        Self {
            known_issuers: lane(),
            other_issuers: lane(),
            lane_rate: limits.per_lane,
            issuers: Issuers::new(limits.per_issuer, environment),
            revalidations: Arc::new(Semaphore::new(limits.revalidations)),
            warnings: Bucket::full(),
        }
    }

    /// Leave for a fetch, unless a limit is against it.
    pub(super) fn admit(&self, purpose: Purpose<'_>, now: Moment) -> Result<Ticket, Refusal> {
        let Purpose::FirstFetch { issuer } = purpose else {
            return Ok(Ticket {
                places: Arc::clone(&self.revalidations),
                place: None,
                charge: None,
            });
        };
        let mark = self.issuers.mark(issuer);
        let is_known = self.issuers.knows(mark);
        let lane = self.lane(is_known);
        // The issuer's own limit first: a flood in one name does not so much as touch what others share.
        let taken = self.issuers.take(mark, now).ok_or(Refusal::IssuerRate)?;
        if !lane.bucket.take(self.lane_rate, now) {
            self.issuers.give_back(taken);
            return Err(Refusal::Rate);
        }
        Ok(Ticket {
            places: Arc::clone(&lane.places),
            place: None,
            charge: Some(Charge { taken, is_known }),
        })
    }

    /// The fetch of `ticket` brought a key: it has cost nothing, and its issuer is known from now on.
    pub(super) fn brought_key(&self, ticket: &mut Ticket) {
        if let Some(Charge { taken, is_known }) = ticket.charge.take() {
            self.issuers.give_back(taken);
            self.lane(is_known).bucket.give_back(self.lane_rate);
            self.issuers.remember(taken);
        }
    }

    /// Whether a refusal may be reported as a warning: one in a second may.
    pub(super) fn may_warn(&self, now: Moment) -> bool {
        self.warnings
            .take(Rate::new(1, limits::REFUSAL_WARNING_INTERVAL), now)
    }

    const fn lane(&self, is_known: bool) -> &Lane {
        if is_known {
            &self.known_issuers
        } else {
            &self.other_issuers
        }
    }
}

impl Ticket {
    /// Waits for a place, in the order of asking.
    pub(super) async fn take_place(&mut self) {
        // Nobody closes the semaphore.
        self.place = Arc::clone(&self.places).acquire_owned().await.ok();
    }
}

#[cfg(test)]
#[cfg(not(shuttle))]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;
    use crate::keys::repository::environment::Machine;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};
    use std::time::Duration;

    /// Nothing refills while a test runs.
    const SLOW: Duration = Duration::from_secs(1000);

    fn admission(places: usize, per_issuer: u32, per_lane: u32) -> Admission {
        let limits = FetchLimits {
            places,
            revalidations: places,
            per_issuer: Rate::new(per_issuer, SLOW),
            per_lane: Rate::new(per_lane, SLOW),
        };
        Admission::new(limits, &Machine)
    }

    fn first(admission: &Admission, issuer: &str) -> Result<Ticket, Refusal> {
        admission.admit(Purpose::FirstFetch { issuer }, Moment::from_nanos(1))
    }

    fn refusal(admission: &Admission, issuer: &str) -> Option<Refusal> {
        first(admission, issuer).err()
    }

    fn revalidation(admission: &Admission) -> Ticket {
        let now = Moment::from_nanos(1);
        admission.admit(Purpose::Revalidation, now).unwrap()
    }

    /// The ticket, if its place is there at once.
    fn placed(mut ticket: Ticket) -> Option<Ticket> {
        let mut context = Context::from_waker(Waker::noop());
        let is_there = pin!(ticket.take_place()).poll(&mut context).is_ready();
        is_there.then_some(ticket)
    }

    #[test]
    fn unknown_keys_cannot_take_the_places_of_known_ones() {
        let admission = admission(2, 100, 100);
        let held = [(); 2].map(|()| placed(first(&admission, "svc").unwrap()).unwrap());
        assert!(placed(first(&admission, "svc").unwrap()).is_none());
        assert!(placed(revalidation(&admission)).is_some());
        drop(held);
        assert!(placed(first(&admission, "svc").unwrap()).is_some());
    }

    #[test]
    fn an_issuer_that_asks_in_vain_uses_up_its_own_rate_and_no_other() {
        let admission = admission(100, 3, 100);
        for _ in 0..3 {
            drop(first(&admission, "flood").unwrap());
        }
        assert_eq!(refusal(&admission, "flood"), Some(Refusal::IssuerRate));
        assert_eq!(refusal(&admission, "good"), None);
    }

    #[test]
    fn all_issuers_together_keep_to_the_rate_over_all() {
        let admission = admission(100, 3, 10);
        let refusals = (0..1000).map(|number| refusal(&admission, &format!("flood-{number}")));
        let refusals: Vec<_> = refusals.collect();
        assert_eq!(refusals.iter().filter(|it| it.is_none()).count(), 10);
        assert!(refusals[10..].iter().all(|it| *it == Some(Refusal::Rate)));
    }

    #[test]
    fn a_refusal_takes_nothing_from_the_other_limits() {
        let by_issuer = admission(100, 1, 2);
        drop(first(&by_issuer, "a").unwrap());
        for _ in 0..10 {
            assert_eq!(refusal(&by_issuer, "a"), Some(Refusal::IssuerRate));
        }
        assert_eq!(refusal(&by_issuer, "b"), None);

        let by_rate = admission(100, 1, 1);
        drop(first(&by_rate, "a").unwrap());
        assert_eq!(refusal(&by_rate, "b"), Some(Refusal::Rate));
        let mark = by_rate.issuers.mark("b");
        let now = Moment::from_nanos(1);
        assert!(by_rate.issuers.take(mark, now).is_some());
    }

    #[test]
    fn good_keys_are_limited_by_the_places_alone() {
        let admission = admission(1, 1, 1);
        for number in 0..1000 {
            for issuer in ["one", &format!("service-{number}")] {
                let mut ticket = first(&admission, issuer).unwrap();
                admission.brought_key(&mut ticket);
            }
        }
    }

    #[test]
    fn a_flood_in_invented_names_leaves_known_issuers_their_places_and_their_rate() {
        let admission = admission(4, 4, 4);
        admission.brought_key(&mut first(&admission, "known").unwrap());
        let mut held: Vec<_> = (0..4)
            .map(|number| placed(first(&admission, &format!("flood-{number}")).unwrap()).unwrap())
            .collect();
        held.push(placed(first(&admission, "known").unwrap()).unwrap());
        drop(held);
        assert_eq!(refusal(&admission, "flood-5"), Some(Refusal::Rate));
        assert_eq!(refusal(&admission, "known"), None);
    }

    #[test]
    fn what_was_taken_from_the_lane_of_others_is_given_back_to_it() {
        let admission = admission(10, 10, 2);
        let mut both = [(); 2].map(|()| first(&admission, "new").unwrap());
        for ticket in &mut both {
            admission.brought_key(ticket);
            admission.brought_key(ticket);
        }
        for lane in ["new", "other"] {
            assert_eq!(refusal(&admission, lane), None);
            assert_eq!(refusal(&admission, lane), None);
            assert_eq!(refusal(&admission, lane), Some(Refusal::Rate));
        }
    }

    #[test]
    fn revalidations_wait_for_a_place_and_spend_no_rate() {
        let admission = admission(1, 1, 1);
        for _ in 0..100 {
            assert!(placed(revalidation(&admission)).is_some());
        }
        let held = placed(revalidation(&admission)).unwrap();
        let mut waiting = revalidation(&admission);
        let mut context = Context::from_waker(Waker::noop());
        let mut place = pin!(waiting.take_place());
        assert_eq!(place.as_mut().poll(&mut context), Poll::Pending);
        drop(held);
        assert_eq!(place.as_mut().poll(&mut context), Poll::Ready(()));
        assert_eq!(refusal(&admission, "svc"), None);
    }

    #[test]
    fn a_flood_is_warned_of_once_a_second() {
        let admission = admission(1, 1, 1);
        let warned = |millis: u64| {
            let now = Moment::from_nanos(1).saturating_add(Duration::from_millis(millis));
            (0..100).filter(|_| admission.may_warn(now)).count()
        };
        assert_eq!([0, 999, 1000, 5000].map(warned), [1, 0, 1, 1]);
    }
}
