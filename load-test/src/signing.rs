//! Signing, before anything is sent: on all cores, the algorithms in their proportion.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use asap_engine::{Issuer, TokenRequest, UnixTime};
use bytes::Bytes;
use http::HeaderValue;

use crate::environment::cores;
use crate::gateway::AUDIENCE;
use crate::number::{count, grouped};
use crate::parties::Parties;
use crate::progress::Phase;
use crate::scenario::Kind;

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

/// Signs a lot, for `limit` at most: what each core has signed.
pub(crate) fn sign(
    parties: &Parties,
    lot: Lot,
    limit: Duration,
    phase: &Phase,
) -> Result<Vec<Signed>, String> {
    let threads = cores();
    let deadline = Instant::now().checked_add(limit);
    let signed = AtomicU64::new(0);
    thread::scope(|scope| {
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
                format!("{} of {} tokens", grouped(done), grouped(lot.total()))
            });
        }
        workers
            .into_iter()
            .map(|worker| {
                worker
                    .join()
                    .map_err(|_| "a signing thread panicked".to_owned())?
            })
            .collect()
    })
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

/// RS256 and ES256.
pub(crate) type Signed = (Vec<HeaderValue>, Vec<HeaderValue>);

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

/// Whose turn it is to sign a token of a kind.
pub(crate) fn signer(parties: &Parties, kind: Kind, turn: usize) -> Result<&Issuer, String> {
    parties
        .signer(kind, turn)
        .ok_or_else(|| format!("nobody signs tokens of the kind {kind:?}"))
}

/// A fresh token.
pub(crate) fn token(issuer: &Issuer, audience: &str, now: UnixTime) -> Result<String, String> {
    issuer
        .sign(&TokenRequest::new(audience), now)
        .map_err(|error| error.to_string())
}

/// The token as the value of `Authorization`.
pub(crate) fn header(token: String) -> Result<HeaderValue, String> {
    let value = Bytes::from(format!("Bearer {token}"));
    let mut header = HeaderValue::from_maybe_shared(value).map_err(|error| error.to_string())?;
    header.set_sensitive(true);
    Ok(header)
}

/// Changes one character in the middle of the signature. The text stays canonical base64url, so that the
/// signature is what is wrong, and nothing else.
pub(crate) fn forge(token: String) -> String {
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
}
