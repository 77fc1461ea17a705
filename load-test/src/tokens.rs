//! The tokens of a run, handed out while they are sent.
//!
//! Good tokens are distinct. Under single use each is handed out once; where tokens may be reused, they go round.
//! Bad ones go round: they are refused every time, whoever has sent them before.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use asap_engine::UnixTime;
use http::HeaderValue;

use crate::gateway::AUDIENCE;
use crate::number::{count, nanos};
use crate::parties::Parties;
use crate::progress::Phase;
use crate::scenario::Kind;
use crate::signing::{self, Lot, forge, header, signer, token};

/// How many tokens of each bad kind there are.
const BAD_TOKENS: usize = 256;
/// The least time between two requests that make the gateway ask the key repository for a key that it does not
/// get. The engine limits how often that may happen; within the limits every answer is certain.
const FETCH_INTERVAL: Duration = Duration::from_millis(100);

/// Tokens of one kind.
#[derive(Debug, Default)]
struct Pool {
    tokens: Vec<HeaderValue>,
    next: AtomicUsize,
    once: bool,
}

impl Pool {
    fn round(tokens: Vec<HeaderValue>) -> Self {
        Self {
            tokens,
            ..Self::default()
        }
    }

    fn take(&self) -> Option<HeaderValue> {
        let position = self.next.fetch_add(1, Ordering::Relaxed);
        let index = if self.once {
            position
        } else {
            position.checked_rem(self.tokens.len())?
        };
        self.tokens.get(index).cloned()
    }

    fn left(&self) -> u64 {
        count(
            self.tokens
                .len()
                .saturating_sub(self.next.load(Ordering::Relaxed)),
        )
    }

    fn extend(&mut self, more: Vec<HeaderValue>) {
        let used = self.next.get_mut();
        *used = (*used).min(self.tokens.len());
        self.tokens.extend(more);
    }
}

/// What a draw from the stock gives.
#[derive(Debug)]
pub(crate) enum Draw {
    /// The value of `Authorization`.
    Token(HeaderValue),
    /// A request of this kind carries no token.
    Without,
    /// Not now: the gateway would have to ask for keys too often.
    NotNow,
    /// There are no more.
    Spent,
}

/// All tokens of a run.
#[derive(Debug)]
pub(crate) struct Stock {
    rs256: Pool,
    es256: Pool,
    expired: Pool,
    wrong_audience: Pool,
    bad_signature: Pool,
    unknown_key: Pool,
    failing_key: Pool,
    origin: Instant,
    next_fetch: AtomicU64,
}

impl Stock {
    /// Signs the bad tokens; good ones are added by [`sign`](Self::sign).
    pub(crate) fn new(parties: &Parties, single_use: bool) -> Result<Self, String> {
        let now = UnixTime::from(SystemTime::now());
        // Two hours ago: whatever lived then has expired, whatever the leeway.
        let long_ago = now.saturating_sub(Duration::from_secs(7_200));
        let bad = |kind, audience: &str, at| {
            (0..BAD_TOKENS)
                .map(|turn| token(signer(parties, kind, turn)?, audience, at))
                .collect::<Result<Vec<_>, String>>()
        };
        let headers = |tokens: Vec<String>| {
            tokens
                .into_iter()
                .map(header)
                .collect::<Result<Vec<_>, _>>()
        };
        let forged = bad(Kind::BadSignature, AUDIENCE, now)?
            .into_iter()
            .map(forge)
            .collect();
        let good = || Pool {
            once: single_use,
            ..Pool::default()
        };
        Ok(Self {
            rs256: good(),
            es256: good(),
            expired: Pool::round(headers(bad(Kind::Expired, AUDIENCE, long_ago)?)?),
            wrong_audience: Pool::round(headers(bad(
                Kind::WrongAudience,
                "load-test/another",
                now,
            )?)?),
            bad_signature: Pool::round(headers(forged)?),
            unknown_key: Pool::round(headers(bad(Kind::UnknownKey, AUDIENCE, now)?)?),
            failing_key: Pool::round(headers(bad(Kind::KeyServerFails, AUDIENCE, now)?)?),
            origin: Instant::now(),
            next_fetch: AtomicU64::new(0),
        })
    }

    /// Takes a token of a kind. [`Kind::Replayed`] has none of its own: it is one that was accepted before.
    pub(crate) fn draw(&self, kind: Kind) -> Draw {
        if kind.fetches() && !self.may_fetch() {
            return Draw::NotNow;
        }
        let pool = match kind {
            Kind::GoodRs256 => &self.rs256,
            Kind::GoodEs256 => &self.es256,
            Kind::Expired => &self.expired,
            Kind::WrongAudience => &self.wrong_audience,
            Kind::BadSignature => &self.bad_signature,
            Kind::UnknownKey => &self.unknown_key,
            Kind::KeyServerFails => &self.failing_key,
            Kind::NoToken => return Draw::Without,
            Kind::Replayed => return Draw::NotNow,
        };
        pool.take().map_or(Draw::Spent, Draw::Token)
    }

    fn may_fetch(&self) -> bool {
        let now = nanos(self.origin.elapsed());
        let next = self.next_fetch.load(Ordering::Relaxed);
        let after = now.saturating_add(nanos(FETCH_INTERVAL));
        now >= next
            && self
                .next_fetch
                .compare_exchange(next, after, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }

    /// How many good tokens are left of each algorithm.
    pub(crate) fn left(&self) -> Lot {
        Lot {
            rs256: self.rs256.left(),
            es256: self.es256.left(),
        }
    }

    /// Signs good tokens, for `limit` at most, and adds them. Says how many there were.
    pub(crate) fn sign(
        &mut self,
        parties: &Parties,
        lot: Lot,
        limit: Duration,
        phase: &Phase,
    ) -> Result<Lot, String> {
        let mut added = Lot::default();
        for (rs256, es256) in signing::sign(parties, lot, limit, phase)? {
            added = added.plus(Lot {
                rs256: count(rs256.len()),
                es256: count(es256.len()),
            });
            self.rs256.extend(rs256);
            self.es256.extend(es256);
        }
        Ok(added)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_that_is_used_once_runs_dry_and_a_round_one_does_not() {
        let tokens = vec![
            HeaderValue::from_static("one"),
            HeaderValue::from_static("two"),
        ];
        let mut once = Pool {
            tokens: tokens.clone(),
            once: true,
            ..Pool::default()
        };
        assert!(once.take().is_some() && once.take().is_some() && once.take().is_none());
        assert_eq!(once.left(), 0);
        once.extend(vec![HeaderValue::from_static("three")]);
        assert_eq!(once.take().unwrap(), "three");

        let round = Pool::round(tokens);
        assert_eq!((0..3).filter_map(|_| round.take()).count(), 3);
        assert!(Pool::default().take().is_none());
    }
}
