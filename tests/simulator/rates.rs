//! The rates that fetches keep to, counted from the requests that servers saw.

use std::collections::BTreeMap;
use std::time::Duration;

/// At most `burst` at once, and one more each `interval`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    pub(crate) burst: u32,
    pub(crate) interval: Duration,
}

/// Who asked for keys that were not in the cache, and when.
pub(crate) struct Rates {
    per_issuer: Rate,
    over_all: Rate,
    of_issuers: BTreeMap<String, Takings>,
    of_all: Takings,
    refused: Vec<Refused>,
}

/// The times of fetches, and the times at which a key that came gave one back.
#[derive(Default)]
struct Takings {
    taken: Vec<Duration>,
    given_back: Vec<Duration>,
}

/// A refusal that is to be judged once time has gone on: what caused it may not have come to its request yet.
struct Refused {
    at: Duration,
    issuer: String,
    by_issuer_rate: bool,
}

impl Takings {
    /// Whether more were taken up to now than a rate lets through, if buckets of two may have been open.
    fn exceed(&self, rate: Rate) -> bool {
        let Some(&now) = self.taken.last() else {
            return false;
        };
        self.taken.iter().enumerate().any(|(first, start)| {
            let refilled = (now - *start).as_nanos() / rate.interval.as_nanos();
            let back = self.given_back.iter().filter(|at| *at >= start).count();
            let allowed = 2 * (u128::from(rate.burst) + refilled) + back as u128;
            (self.taken.len() - first) as u128 > allowed
        })
    }

    /// Whether so much was taken that a bucket may have been empty then.
    fn may_be_exhausted(&self, rate: Rate, at: Duration) -> bool {
        let since = at.saturating_sub(rate.interval * rate.burst);
        let taken = self
            .taken
            .iter()
            .filter(|taken| **taken >= since && **taken <= at);
        taken.count() as u64 >= u64::from(rate.burst)
    }
}

impl Rates {
    pub(crate) fn new(per_issuer: Rate, over_all: Rate) -> Self {
        Self {
            per_issuer,
            over_all,
            of_issuers: BTreeMap::new(),
            of_all: Takings::default(),
            refused: Vec::new(),
        }
    }

    /// A first fetch for this issuer asks. Tells what it must not.
    pub(crate) fn take(&mut self, at: Duration, issuer: &str) -> Option<String> {
        let own = self.of_issuers.entry(issuer.to_owned()).or_default();
        own.taken.push(at);
        self.of_all.taken.push(at);
        let is_too_much = own.exceed(self.per_issuer) || self.of_all.exceed(self.over_all);
        is_too_much.then(|| format!("fetches for {issuer} beyond the rate"))
    }

    /// A first fetch for this issuer brought a key.
    pub(crate) fn give_back(&mut self, at: Duration, issuer: &str) {
        let own = self.of_issuers.entry(issuer.to_owned()).or_default();
        own.given_back.push(at);
        self.of_all.given_back.push(at);
    }

    /// A fetch was refused for a rate.
    pub(crate) fn refuse(&mut self, at: Duration, issuer: String, by_issuer_rate: bool) {
        self.refused.push(Refused {
            at,
            issuer,
            by_issuer_rate,
        });
    }

    /// Time has gone on: who was refused before, and for no reason of its own?
    pub(crate) fn judge(&mut self, now: Duration) -> Vec<String> {
        let (due, rest) = std::mem::take(&mut self.refused)
            .into_iter()
            .partition(|refused| refused.at < now);
        self.refused = rest;
        let due: Vec<Refused> = due;
        let starved = due.into_iter().filter(|refused| !self.has_reason(refused));
        let starved = starved.map(|Refused { at, issuer, .. }| {
            format!("{issuer} was refused at {at:?} for what others did")
        });
        starved.collect()
    }

    fn has_reason(&self, refused: &Refused) -> bool {
        let own = self.of_issuers.get(&refused.issuer);
        if refused.by_issuer_rate {
            own.is_some_and(|own| own.may_be_exhausted(self.per_issuer, refused.at))
        } else {
            self.of_all.may_be_exhausted(self.over_all, refused.at)
        }
    }
}
