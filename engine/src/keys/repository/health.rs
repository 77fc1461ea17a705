//! Whether one repository answers: up or down, when it changed, and which of its keys a probe should ask for.
//!
//! Pure transitions: time comes in as a [`Moment`], and what follows goes out as a [`Change`]. An outage (no connection,
//! a deadline, 5xx) takes a repository down, any other answer brings it up: 404 is an answer. Nothing here is about a
//! key: that one could not be fetched is not remembered for the next who asks.

use std::time::Duration;

use super::environment::Moment;
use super::failure::Failure;
use crate::KeyId;
use crate::limits::{
    MAX_SUSPECTS, PROBE_PAUSE, PROBES_WITHOUT_DEMAND, SUSPECT_FOR, SUSPECT_WITHIN,
};

/// What is known of one repository.
#[derive(Debug)]
pub(super) struct Health {
    is_up: bool,
    since: Moment,
    last_answer: Moment,
    consecutive_failures: u32,
    /// What took it down, or was seen last while it was.
    failure: Failure,
    /// The key whose fetch took it down.
    culprit: Option<Box<str>>,
    suspects: Vec<Suspect>,
    /// A key that it has served; until it has, one that another has.
    served: Option<Box<str>>,
    /// The key that a fetch wanted of it last, without success.
    wanted: Option<Box<str>>,
    wanted_at: Moment,
    probes: u32,
    is_probed: bool,
    is_left_to_fetches: bool,
}

/// A key that the server fails at while it serves others: it says nothing about the repository.
#[derive(Debug)]
struct Suspect {
    key_id: Box<str>,
    until: Moment,
}

/// A change of state, for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// It was up.
    Down,
    /// It was down for so long.
    Up {
        /// Since it went down.
        after: Duration,
    },
}

/// Whether a fetch asks a repository, when its turn comes.
#[derive(Debug)]
pub(super) enum Turn {
    /// It is asked.
    Ask,
    /// It is down, for this reason.
    Skip(Failure),
}

impl Health {
    /// A repository that nobody has asked: up until it turns out otherwise.
    pub(super) const fn new(now: Moment) -> Self {
        Self {
            is_up: true,
            since: now,
            last_answer: Moment::PAST,
            consecutive_failures: 0,
            failure: Failure::Deadline,
            culprit: None,
            suspects: Vec::new(),
            served: None,
            wanted: None,
            wanted_at: Moment::PAST,
            probes: 0,
            is_probed: false,
            is_left_to_fetches: false,
        }
    }

    pub(super) const fn is_up(&self) -> bool {
        self.is_up
    }

    /// Since when it is up, or down.
    pub(super) const fn since(&self) -> Moment {
        self.since
    }

    /// How many requests have failed since the last that did not, probes included.
    pub(super) const fn consecutive_failures(&self) -> u32 {
        self.consecutive_failures
    }

    /// A fetch has come to this repository.
    pub(super) fn turn(&mut self, key_id: KeyId<'_>, now: Moment) -> Turn {
        if self.is_up || std::mem::take(&mut self.is_left_to_fetches) {
            return Turn::Ask;
        }
        self.want(key_id, now);
        Turn::Skip(self.failure.clone())
    }

    /// A fetch wanted a key and went without: for as long as that happens there is a point in probing.
    pub(super) fn want(&mut self, key_id: KeyId<'_>, now: Moment) {
        self.wanted = Some(key_id.as_str().into());
        self.wanted_at = now;
    }

    /// It answered a request for `key_id`, with the key or otherwise.
    pub(super) fn answered(
        &mut self,
        key_id: KeyId<'_>,
        with_key: bool,
        now: Moment,
    ) -> Option<Change> {
        self.last_answer = now;
        self.consecutive_failures = 0;
        self.suspects
            .retain(|suspect| *suspect.key_id != *key_id.as_str());
        if with_key && self.served.as_deref() != Some(key_id.as_str()) {
            self.served = Some(key_id.as_str().into());
        }
        if self.is_up {
            return None;
        }
        let after = now.since(self.since);
        let culprit = self.culprit.take();
        if let Some(culprit) = culprit.filter(|culprit| **culprit != *key_id.as_str())
            && after <= SUSPECT_WITHIN
        {
            self.suspect(culprit, now);
        }
        self.is_up = true;
        self.since = now;
        Some(Change::Up { after })
    }

    /// Another repository has served `key_id`: nobody made it up.
    pub(super) fn served_elsewhere(&mut self, key_id: KeyId<'_>) {
        if self.served.is_none() {
            self.served = Some(key_id.as_str().into());
        }
    }

    /// A request for `key_id` that was sent at `asked` met an outage.
    pub(super) fn failed(
        &mut self,
        key_id: KeyId<'_>,
        asked: Moment,
        now: Moment,
        failure: &Failure,
    ) -> Option<Change> {
        if asked < self.last_answer {
            // It has answered another since: this one is late with its news.
            return None;
        }
        self.consecutive_failures = self.consecutive_failures.saturating_add(1);
        if !self.is_up {
            self.failure = failure.clone();
            return None;
        }
        let is_suspect =
            |suspect: &Suspect| *suspect.key_id == *key_id.as_str() && now < suspect.until;
        if self.suspects.iter().any(is_suspect) {
            return None;
        }
        self.failure = failure.clone();
        self.culprit = Some(key_id.as_str().into());
        self.is_up = false;
        self.since = now;
        self.probes = 0;
        self.is_left_to_fetches = false;
        Some(Change::Down)
    }

    /// The oldest suspect goes if there are too many.
    fn suspect(&mut self, key_id: Box<str>, now: Moment) {
        self.suspects
            .retain(|suspect| suspect.key_id != key_id && now < suspect.until);
        if self.suspects.len() >= MAX_SUSPECTS {
            self.suspects.remove(0);
        }
        self.suspects.push(Suspect {
            key_id,
            until: now.saturating_add(SUSPECT_FOR),
        });
    }

    /// Whether somebody must begin to probe, which is the caller from here on.
    pub(super) const fn begin_probing(&mut self) -> bool {
        let begins = !self.is_up && !self.is_probed;
        self.is_probed |= begins;
        begins
    }

    /// The key to probe for, or `None` if there is no need to go on. By turns a key that it has served and one that is
    /// wanted of it: neither a key that the server fails at nor one that it has lost can keep it down.
    pub(super) fn next_probe(&mut self, now: Moment) -> Option<Box<str>> {
        let is_wanted = now.since(self.wanted_at) <= PROBES_WITHOUT_DEMAND;
        let candidates = match self.probes % 2 {
            0 => [&self.served, &self.wanted],
            _ => [&self.wanted, &self.served],
        };
        let key_id = candidates.into_iter().flatten().next().cloned();
        if self.is_up || !is_wanted || key_id.is_none() {
            self.end_probing();
            return None;
        }
        self.probes = self.probes.saturating_add(1);
        key_id
    }

    /// Nobody probes from here on: a fetch must try, if it is still down.
    pub(super) const fn end_probing(&mut self) {
        self.is_probed = false;
        self.is_left_to_fetches = !self.is_up;
    }

    /// How long to wait for the next probe: doubled with each up to a bound, and up to a quarter less, at random.
    pub(super) fn pause(&self, random: u64) -> Duration {
        let doubled = PROBE_PAUSE
            .start()
            .saturating_mul(1 << self.probes.min(6))
            .min(*PROBE_PAUSE.end());
        let permille = 1000_u64.saturating_sub(random % 251);
        let nanos = u64::try_from(doubled.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(nanos.saturating_mul(permille) / 1000)
    }
}

#[cfg(test)]
#[path = "health_tests.rs"]
#[allow(clippy::arithmetic_side_effects)]
mod tests;
