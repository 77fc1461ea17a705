//! What must hold of every answer, judged by the books alone.
//!
//! An answer needs a reason in what the servers said: an acceptance a key that was served and may still be used,
//! a refusal a failure that the caller itself waited for.

use std::fmt;
use std::time::Duration;

use asap_engine::{KeyRepositoryStats, VerifyError};

use crate::books::{KeyBook, Stamp};
use crate::kid::Kid;
use crate::model::Model;
use crate::plan::Call;
use crate::supplies::TOKEN_LIFETIME;

/// The policy's leeway.
pub(crate) const LEEWAY: Duration = Duration::from_secs(30);

/// What a caller waits beyond the deadline of the fetch, and what tokio's timers may add.
const GRACE: Duration = Duration::from_millis(250 + 2);

/// A token that was presented.
#[derive(Debug, Clone)]
pub(crate) struct Presented {
    pub(crate) number: u64,
    pub(crate) call: Call,
    pub(crate) generation: usize,
    pub(crate) issued_at: i64,
    pub(crate) begun: Stamp,
    /// The client's time of day when it was presented.
    pub(crate) begun_time: Duration,
    pub(crate) begun_stats: KeyRepositoryStats,
    pub(crate) begun_requests: u64,
    /// Whether a refusal is a fault of the client, whatever else is so.
    pub(crate) must_be_accepted: bool,
}

/// When an answer came, and what else was so then.
pub(crate) struct Moment {
    pub(crate) at: Duration,
    pub(crate) client_time: Duration,
    pub(crate) stats: KeyRepositoryStats,
}

impl Presented {
    /// Whether the token is valid at this time of day.
    fn is_valid_at(&self, time: Duration) -> bool {
        let issued = Duration::from_secs(self.issued_at.unsigned_abs());
        let expires = issued + Duration::from_secs(TOKEN_LIFETIME.unsigned_abs());
        issued <= time + LEEWAY && time <= expires + LEEWAY
    }
}

impl KeyBook {
    /// Whether the cache may give the key of a generation that `suits`.
    fn may_be_cached(&self, at: Duration, suits: impl Fn(usize) -> bool) -> bool {
        self.current.as_ref().is_some_and(|current| {
            let on_error = current.error_since && at < current.on_error_until;
            suits(current.generation) && (at < current.usable_until || on_error)
        })
    }

    /// Whether whoever began to wait then may have been brought the key of a generation that `suits`.
    fn may_be_brought(&self, at: Duration, begun: Stamp, suits: impl Fn(usize) -> bool) -> bool {
        self.served.is_some_and(|(stamp, generation)| {
            suits(generation) && stamp.at == at && stamp.sequence > begun.sequence
        })
    }

    /// Whether the cache must have a key, if it has dropped none.
    fn surely_cached(&self, at: Duration) -> bool {
        self.current
            .as_ref()
            .is_some_and(|current| at < current.surely_usable_until)
    }
}

impl Model {
    fn complain(&mut self, at: Duration, presented: &Presented, what: impl fmt::Display) {
        let (number, kid) = (presented.number, presented.call.kid);
        self.violated(at, format!("call {number} for {kid}: {what}"));
    }

    /// Whether nothing can have been evicted.
    fn holds_all(&self) -> bool {
        self.settings.max_keys > 8
    }

    /// `verify_now` has found no key: then none may be used.
    pub(crate) fn judge_miss(&mut self, at: Duration, presented: &Presented) {
        let book = self.keys.get(&presented.call.kid);
        if self.holds_all() && book.is_some_and(|book| book.surely_cached(at)) {
            self.complain(at, presented, "a key that may still be used is not at hand");
        }
    }

    /// The caller has an answer. Whoever looked only has nothing but the cache to thank for it.
    pub(crate) fn judge(
        &mut self,
        moment: &Moment,
        presented: &Presented,
        answer: Result<(), VerifyError>,
        from_cache: bool,
    ) {
        let at = moment.at;
        let waited = at - presented.begun.at;
        if waited > self.settings.fetch_deadline + GRACE {
            self.complain(at, presented, format_args!("waited {waited:?}"));
        }
        let was_fresh = self.holds_all()
            && self
                .keys
                .get(&presented.call.kid)
                .is_some_and(|book| book.surely_cached(presented.begun.at));
        if was_fresh && !waited.is_zero() && self.is_unchanged(presented) {
            self.complain(at, presented, "waited for a key that was at hand");
        }
        let valid_before = presented.is_valid_at(presented.begun_time);
        let valid_after = presented.is_valid_at(moment.client_time);
        let reason = match answer {
            Ok(()) => self.why_accepted(at, presented, from_cache) && valid_before && valid_after,
            Err(VerifyError::Expired | VerifyError::NotYetValid) => !(valid_before && valid_after),
            Err(VerifyError::SignatureInvalid) => self.why_bad_signature(at, presented, from_cache),
            Err(VerifyError::KeyUnknown) => self.why_unknown(at, presented),
            Err(VerifyError::KeyUnavailable) => self.why_unavailable(moment, presented, waited),
            Err(_) => false,
        };
        if !reason {
            self.complain(at, presented, format_args!("no reason for {answer:?}"));
        } else if presented.must_be_accepted && answer.is_err() {
            self.complain(
                at,
                presented,
                format_args!("{answer:?} in a world that is well"),
            );
        }
        if !valid_before && self.exchanges != presented.begun_requests {
            self.complain(at, presented, "a token that policy refuses was asked about");
        }
    }

    /// Whether the key that was fresh when the caller came is the one that is known now.
    fn is_unchanged(&self, presented: &Presented) -> bool {
        self.keys.get(&presented.call.kid).is_some_and(|book| {
            book.served
                .is_none_or(|(stamp, _)| stamp.sequence < presented.begun.sequence)
        })
    }

    fn suits(
        &self,
        at: Duration,
        presented: &Presented,
        from_cache: bool,
        suits: impl Fn(usize) -> bool,
    ) -> bool {
        self.keys.get(&presented.call.kid).is_some_and(|book| {
            book.may_be_cached(at, &suits)
                || (!from_cache && book.may_be_brought(at, presented.begun, &suits))
        })
    }

    /// A key that was served, not removed since, and may be used at this moment; of the generation that signed.
    fn why_accepted(&self, at: Duration, presented: &Presented, from_cache: bool) -> bool {
        let signer = presented.generation;
        self.suits(at, presented, from_cache, |generation| generation == signer)
    }

    fn why_bad_signature(&self, at: Duration, presented: &Presented, from_cache: bool) -> bool {
        let signer = presented.generation;
        self.suits(at, presented, from_cache, |generation| generation != signer)
    }

    /// A server said so while this caller waited: failures are not cached.
    fn why_unknown(&self, at: Duration, presented: &Presented) -> bool {
        self.keys
            .get(&presented.call.kid)
            .and_then(|book| book.not_found)
            .is_some_and(|stamp| stamp.at == at && stamp.sequence > presented.begun.sequence)
    }

    /// Asking failed while this caller waited, or a limit was reached when it came.
    fn why_unavailable(
        &mut self,
        moment: &Moment,
        presented: &Presented,
        waited: Duration,
    ) -> bool {
        let failed = self
            .keys
            .get(&presented.call.kid)
            .and_then(|book| book.failed)
            .is_some_and(|stamp| stamp.sequence > presented.begun.sequence);
        // It waited for a place all the time.
        let was_full = self.full.is_some_and(|full| full >= presented.begun.at);
        let gave_up = was_full && waited >= self.settings.fetch_deadline;
        failed || gave_up || (waited.is_zero() && self.why_refused(moment, presented))
    }

    /// A limit was reached, by those whom it is for.
    fn why_refused(&mut self, moment: &Moment, presented: &Presented) -> bool {
        let (before, now) = (&presented.begun_stats, &moment.stats);
        let issuer = presented.call.kid.issuer();
        if now.refused_by_issuer_rate > before.refused_by_issuer_rate {
            self.rates.refuse(moment.at, issuer, true);
            return true;
        }
        if now.refused_by_rate > before.refused_by_rate {
            self.rates.refuse(moment.at, issuer, false);
            return true;
        }
        false
    }

    /// What must hold of the counters at any time.
    pub(crate) fn judge_stats(&mut self, at: Duration, stats: &KeyRepositoryStats) {
        for starved in self.rates.judge(at) {
            // Those that wait for a place are counted, and have not come to a request.
            if self.full.is_none() {
                self.violated(at, starved);
            }
        }
        let settings = &self.settings;
        // Beside those that have a place, as many wait as the rates have let through; and a revalidation of each key.
        let refilled = at.as_nanos() / settings.over_all.interval.as_nanos();
        let let_through = u128::from(settings.over_all.burst) + refilled;
        let waiting = 2 * usize::try_from(let_through).unwrap() + settings.kids;
        let under_way = 3 * settings.max_concurrent_fetches + waiting;
        let bounds = [
            (stats.keys <= settings.max_keys, "more keys than allowed"),
            (
                stats.keys_in_use <= settings.max_keys,
                "more keys in use than allowed",
            ),
            (
                stats.in_flight <= under_way,
                "more fetches under way than allowed",
            ),
            (
                stats.revalidations <= stats.fetches,
                "more revalidations than fetches",
            ),
            (
                stats.failures <= stats.fetches,
                "more failures than fetches",
            ),
            (
                self.open.len() <= stats.in_flight,
                "a request that is of no fetch under way",
            ),
            (
                stats.fetches == self.fetches(),
                "fetches that were not counted, or not made",
            ),
        ];
        for (is_kept, bound) in bounds {
            if !is_kept {
                self.violated(at, format!("{bound}: {stats:?}"));
            }
        }
    }

    /// The generation that a good token of `kid` must be signed with now to be accepted, if that is certain.
    pub(crate) fn certain_generation(
        &self,
        at: Duration,
        kid: Kid,
        owner: Option<usize>,
    ) -> Option<usize> {
        let book = self.keys.get(&kid);
        let Some(current) = book.and_then(|book| book.current.as_ref()) else {
            return owner;
        };
        let may_be_used = at < current.usable_until.max(current.on_error_until);
        match owner {
            owner if owner == Some(current.generation) => owner,
            owner if !may_be_used => owner,
            _ => None,
        }
    }
}
