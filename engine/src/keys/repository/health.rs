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
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;
    use crate::keys::repository::entry::tests::at;
    use http::StatusCode;

    fn key_id(text: &str) -> KeyId<'_> {
        KeyId::parse(text).unwrap()
    }

    fn health() -> Health {
        Health::new(at(0))
    }

    /// Takes it down at this second, by a request for `text` that failed at once.
    fn down(health: &mut Health, text: &str, second: u64) {
        let status = Failure::Status(StatusCode::SERVICE_UNAVAILABLE);
        let change = health.failed(key_id(text), at(second), at(second), &status);
        assert_eq!(change, Some(Change::Down));
        health.want(key_id(text), at(second));
    }

    fn is_asked(health: &mut Health, text: &str, second: u64) -> bool {
        matches!(health.turn(key_id(text), at(second)), Turn::Ask)
    }

    #[test]
    fn an_outage_takes_it_down_and_an_answer_brings_it_up_once_each() {
        let mut health = health();
        assert!(health.is_up() && is_asked(&mut health, "a/b", 0));
        assert_eq!(health.answered(key_id("a/b"), true, at(1)), None);
        down(&mut health, "a/b", 2);
        for failures in 2..10 {
            let failed = health.failed(key_id("a/c"), at(3), at(3), &Failure::Deadline);
            assert_eq!((failed, health.consecutive_failures()), (None, failures));
        }
        assert_eq!((health.is_up(), health.since()), (false, at(2)));
        let after = Duration::from_secs(5);
        assert_eq!(
            health.answered(key_id("a/c"), false, at(7)),
            Some(Change::Up { after })
        );
        assert_eq!(health.answered(key_id("a/c"), true, at(8)), None);
        assert_eq!((health.is_up(), health.since()), (true, at(7)));
        assert_eq!(health.consecutive_failures(), 0);
    }

    #[test]
    fn while_it_is_down_a_fetch_passes_it_by_and_is_told_why() {
        let mut health = health();
        down(&mut health, "a/b", 0);
        let failed = health.failed(key_id("a/b"), at(1), at(1), &Failure::TooLong);
        assert_eq!(failed, None);
        assert!(matches!(
            health.turn(key_id("a/b"), at(1)),
            Turn::Skip(Failure::TooLong)
        ));
    }

    #[test]
    fn an_outage_that_began_before_the_last_answer_says_nothing_new() {
        let mut health = health();
        let _ = health.answered(key_id("a/b"), true, at(5));
        let late = health.failed(key_id("a/c"), at(4), at(9), &Failure::Deadline);
        assert_eq!((late, health.consecutive_failures()), (None, 0));
        let new = health.failed(key_id("a/c"), at(5), at(9), &Failure::Deadline);
        assert_eq!(new, Some(Change::Down));
    }

    #[test]
    fn one_prober_at_a_time_and_none_while_it_is_up() {
        let mut health = health();
        assert!(!health.begin_probing());
        down(&mut health, "a/b", 0);
        assert!(health.begin_probing() && !health.begin_probing());
        let _ = health.answered(key_id("a/b"), true, at(1));
        assert_eq!(health.next_probe(at(1)), None);
        down(&mut health, "a/b", 2);
        assert!(health.begin_probing());
    }

    #[test]
    fn a_probe_asks_by_turns_for_a_key_that_was_served_and_for_one_that_is_wanted() {
        let mut health = health();
        let _ = health.answered(key_id("a/missing"), false, at(0));
        let _ = health.answered(key_id("a/served"), true, at(0));
        down(&mut health, "a/poison", 1);
        let mut probed = || health.next_probe(at(1)).unwrap();
        assert_eq!(
            [probed(), probed(), probed()].map(String::from),
            ["a/served", "a/poison", "a/served"]
        );
        let mut standby = Health::new(at(0));
        standby.served_elsewhere(key_id("a/elsewhere"));
        down(&mut standby, "a/poison", 1);
        assert_eq!(standby.next_probe(at(1)).as_deref(), Some("a/elsewhere"));
        let mut fresh = Health::new(at(0));
        down(&mut fresh, "a/first", 1);
        assert!(!is_asked(&mut fresh, "a/second", 2));
        for _ in 0..2 {
            assert_eq!(fresh.next_probe(at(2)).as_deref(), Some("a/second"));
        }
    }

    #[test]
    fn a_key_that_the_server_fails_at_takes_it_down_once_a_minute_at_most() {
        let mut health = health();
        down(&mut health, "a/poison", 100);
        let _ = health.answered(key_id("a/served"), true, at(101));
        for second in 101..161 {
            let failed = health.failed(
                key_id("a/poison"),
                at(second),
                at(second),
                &Failure::Deadline,
            );
            assert_eq!(failed, None);
            assert!(health.is_up());
            let _ = health.answered(key_id("a/served"), true, at(second));
        }
        down(&mut health, "a/poison", 161);
        // A real outage: the same key is served when it is over, or it lasted longer than a probe takes.
        let _ = health.answered(key_id("a/served"), true, at(170));
        down(&mut health, "a/poison", 171);
        let _ = health.answered(key_id("a/poison"), true, at(171));
        down(&mut health, "a/poison", 172);
    }

    #[test]
    fn suspects_are_few() {
        let mut health = health();
        for number in 0..3 * MAX_SUSPECTS {
            down(&mut health, &format!("a/{number}"), 1);
            let _ = health.answered(key_id("a/served"), true, at(1));
            assert!(health.suspects.len() <= MAX_SUSPECTS);
        }
    }

    #[test]
    fn probing_ends_when_nobody_wants_it_and_leaves_it_to_the_next_fetch() {
        let mut health = health();
        down(&mut health, "a/b", 10);
        assert!(health.begin_probing());
        assert!(health.next_probe(at(70)).is_some());
        assert!(!is_asked(&mut health, "a/b", 70));
        assert!(health.next_probe(at(130)).is_some());
        assert_eq!(health.next_probe(at(131)), None);
        assert!(!health.is_up());
        assert!(is_asked(&mut health, "a/b", 1000) && !is_asked(&mut health, "a/b", 1000));
        assert!(health.begin_probing());
    }

    #[test]
    fn two_pauses_take_less_than_a_second_however_long_it_is_down() {
        let mut health = health();
        down(&mut health, "a/b", 0);
        let mut before = Duration::ZERO;
        for number in 0..20 {
            let (longest, shortest) = (health.pause(0), health.pause(250));
            assert!(shortest >= longest * 3 / 4 && longest >= before);
            assert!(2 * longest < Duration::from_secs(1));
            assert!(number > 0 || longest == Duration::from_millis(100));
            before = longest;
            assert!(health.next_probe(at(0)).is_some());
        }
    }
}
