//! The tokens: signed before they are sent, on all cores, and handed out while they are sent.
//!
//! Good tokens are distinct. Under single use each is handed out once; where tokens may be reused, they go round.
//! Bad ones go round: they are refused every time, whoever has sent them before.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use asap_engine::{Issuer, TokenRequest, UnixTime};
use bytes::Bytes;
use http::HeaderValue;

use crate::environment::cores;
use crate::gateway::AUDIENCE;
use crate::number::{count, nanos};
use crate::parties::Parties;
use crate::progress::Phase;
use crate::scenario::Kind;

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

/// How many good tokens of each algorithm.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Lot {
    pub(crate) rs256: u64,
    pub(crate) es256: u64,
}

impl Lot {
    pub(crate) fn total(self) -> u64 {
        self.rs256.saturating_add(self.es256)
    }

    /// The same proportion, so many in all.
    pub(crate) fn scaled(self, total: u64) -> Self {
        let scale = |part: u64| {
            part.saturating_mul(total)
                .checked_div(self.total())
                .unwrap_or(0)
        };
        Self {
            rs256: scale(self.rs256),
            es256: scale(self.es256),
        }
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            rs256: self.rs256.saturating_add(other.rs256),
            es256: self.es256.saturating_add(other.es256),
        }
    }
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

    /// Signs good tokens on all cores, in their proportion, for `limit` at most, and adds them.
    pub(crate) fn sign(
        &mut self,
        parties: &Parties,
        lot: Lot,
        limit: Duration,
        phase: &Phase,
    ) -> Result<Lot, String> {
        let threads = cores();
        let deadline = Instant::now().checked_add(limit);
        let signed = AtomicU64::new(0);
        let batches = thread::scope(|scope| {
            let workers: Vec<_> = (0..threads)
                .map(|worker| {
                    let signed = &signed;
                    let share = share_of(lot, count(worker), count(threads));
                    scope.spawn(move || batch(parties, share, worker, deadline, signed))
                })
                .collect();
            while workers.iter().any(|worker| !worker.is_finished()) {
                thread::sleep(Duration::from_millis(20));
                let done = signed.load(Ordering::Relaxed);
                phase.update(done, || {
                    format!(
                        "{} of {} tokens",
                        crate::number::grouped(done),
                        crate::number::grouped(lot.total())
                    )
                });
            }
            workers
                .into_iter()
                .map(|worker| {
                    worker
                        .join()
                        .map_err(|_| "a signing thread panicked".to_owned())?
                })
                .collect::<Result<Vec<_>, String>>()
        })?;
        let mut added = Lot::default();
        for (rs256, es256) in batches {
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

/// The part of a lot that one of several workers signs.
fn share_of(lot: Lot, worker: u64, workers: u64) -> Lot {
    let share = |total: u64| {
        let rest = total.checked_rem(workers).unwrap_or(0);
        total
            .checked_div(workers)
            .unwrap_or(0)
            .saturating_add(u64::from(worker < rest))
    };
    Lot {
        rs256: share(lot.rs256),
        es256: share(lot.es256),
    }
}

type Signed = (Vec<HeaderValue>, Vec<HeaderValue>);

/// Signs a share of a lot, the algorithms taking turns in their proportion, until it is done or time is up.
fn batch(
    parties: &Parties,
    share: Lot,
    worker: usize,
    deadline: Option<Instant>,
    progress: &AtomicU64,
) -> Result<Signed, String> {
    let (mut rs256, mut es256) = (Vec::new(), Vec::new());
    loop {
        let (rsa_done, p256_done) = (count(rs256.len()), count(es256.len()));
        let (rsa_left, p256_left) = (rsa_done < share.rs256, p256_done < share.es256);
        if !rsa_left && !p256_left || deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Ok((rs256, es256));
        }
        // done/total is compared crosswise, so that neither algorithm runs ahead of its proportion.
        let rsa_behind =
            rsa_done.saturating_mul(share.es256) <= p256_done.saturating_mul(share.rs256);
        let (kind, signed) = if rsa_left && (rsa_behind || !p256_left) {
            (Kind::GoodRs256, &mut rs256)
        } else {
            (Kind::GoodEs256, &mut es256)
        };
        let now = UnixTime::from(SystemTime::now());
        let turn = worker.wrapping_add(signed.len());
        signed.push(header(token(signer(parties, kind, turn)?, AUDIENCE, now)?)?);
        progress.fetch_add(1, Ordering::Relaxed);
    }
}

fn signer(parties: &Parties, kind: Kind, turn: usize) -> Result<&Issuer, String> {
    parties
        .signer(kind, turn)
        .ok_or_else(|| format!("nobody signs tokens of the kind {kind:?}"))
}

fn token(issuer: &Issuer, audience: &str, now: UnixTime) -> Result<String, String> {
    issuer
        .sign(&TokenRequest::new(audience), now)
        .map_err(|error| error.to_string())
}

fn header(token: String) -> Result<HeaderValue, String> {
    let value = Bytes::from(format!("Bearer {token}"));
    let mut header = HeaderValue::from_maybe_shared(value).map_err(|error| error.to_string())?;
    header.set_sensitive(true);
    Ok(header)
}

/// Changes one character in the middle of the signature. The text stays canonical base64url, so that the
/// signature is what is wrong, and nothing else.
fn forge(token: String) -> String {
    let start = token.rfind('.').map_or(0, |dot| dot.saturating_add(1));
    let middle = start.saturating_add(token.len().saturating_sub(start).div_euclid(2));
    token
        .char_indices()
        .map(|(index, character)| match character {
            'A' if index == middle => 'B',
            _ if index == middle => 'A',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lot_is_shared_out_whole() {
        let lot = Lot {
            rs256: 10,
            es256: 31,
        };
        let sum = (0..4)
            .map(|worker| share_of(lot, worker, 4))
            .fold(Lot::default(), Lot::plus);
        assert_eq!(sum, lot);
    }

    #[test]
    fn a_forged_token_differs_in_one_character_of_the_signature() {
        let token = "aaaa.bbbb.ccccCcccc".to_owned();
        let forged = forge(token.clone());
        assert_eq!(forged.len(), token.len());
        assert_eq!(forged, "aaaa.bbbb.ccccAcccc");
        assert_eq!(forge(forged), "aaaa.bbbb.ccccBcccc");
    }

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
