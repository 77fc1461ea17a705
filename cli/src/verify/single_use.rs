//! `--single-use`: which tokens were accepted before, exactly.
//!
//! An engine's `ReplayWindow` is for time that only goes forward. Here each token may bring an instant of its own, so
//! this log never drops an entry: a token is remembered until its expiry and the leeway, by the instants of the tokens
//! themselves. It is asked in the order of the input, when the signature is known to be good.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};

use asap_engine::{UnixTime, VerifyError};
use siphasher::sip128::{Hasher128, SipHasher13};

/// How many tokens are remembered: some 550 MB of memory.
const CAPACITY: usize = 10_000_000;

/// The secret under which tokens are told apart: SipHash-1-3 with 128 bits of output, so that nobody can make two
/// tokens that look the same.
#[derive(Clone, Copy)]
pub(super) struct FingerprintKey(SipHasher13);

impl FingerprintKey {
    /// A key from the randomness that the standard library's hashers are keyed with.
    pub(super) fn random() -> Self {
        let word = || RandomState::new().hash_one(());
        Self(SipHasher13::new_with_keys(word(), word()))
    }

    /// The fingerprint of (`iss`, `jti`). The length comes first, so that no other pair is the same sequence of bytes.
    pub(super) fn fingerprint(&self, issuer: &str, token_id: &str) -> u128 {
        let mut hasher = self.0;
        hasher.write_usize(issuer.len());
        hasher.write(issuer.as_bytes());
        hasher.write(token_id.as_bytes());
        hasher.finish128().as_u128()
    }
}

impl fmt::Debug for FingerprintKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FingerprintKey(..)")
    }
}

/// A token that every other check accepted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sighting {
    pub(super) fingerprint: u128,
    /// Until when it is remembered, inclusive: `exp` widened by the leeway.
    pub(super) keep_until: UnixTime,
    /// The instant at which it was judged.
    pub(super) now: UnixTime,
}

/// The tokens of this run.
#[derive(Debug)]
pub(super) struct Log {
    kept: HashMap<u128, UnixTime>,
    capacity: usize,
}

impl Log {
    pub(super) fn new() -> Self {
        Self::with_capacity(CAPACITY)
    }

    fn with_capacity(capacity: usize) -> Self {
        Self {
            kept: HashMap::new(),
            capacity,
        }
    }

    /// Remembers the token, unless it is remembered or there is no room.
    pub(super) fn check(&mut self, sighting: Sighting) -> Result<(), VerifyError> {
        let is_full = self.kept.len() >= self.capacity;
        match self.kept.entry(sighting.fingerprint) {
            Entry::Occupied(kept) if sighting.now <= *kept.get() => Err(VerifyError::Replayed),
            Entry::Occupied(mut kept) => {
                kept.insert(sighting.keep_until);
                Ok(())
            }
            Entry::Vacant(_) if is_full => Err(VerifyError::ReplayLogFull),
            Entry::Vacant(place) => {
                place.insert(sighting.keep_until);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;

    fn sighting(fingerprint: u128, now: i64, keep_until: i64) -> Sighting {
        Sighting {
            fingerprint,
            keep_until: UnixTime::from_secs(keep_until),
            now: UnixTime::from_secs(now),
        }
    }

    #[test]
    fn a_token_is_taken_once_while_it_is_remembered_whatever_way_time_goes() {
        let mut log = Log::new();
        assert_eq!(log.check(sighting(1, 50, 100)), Ok(()));
        for now in [50, 100, 20, 99] {
            assert_eq!(
                log.check(sighting(1, now, 100)),
                Err(VerifyError::Replayed),
                "{now}"
            );
        }
        // Another token of the same jti, after the first is forgotten.
        assert_eq!(log.check(sighting(1, 101, 200)), Ok(()));
        assert_eq!(log.check(sighting(1, 60, 100)), Err(VerifyError::Replayed));
        assert_eq!(log.check(sighting(2, 60, 100)), Ok(()));
    }

    #[test]
    fn a_full_log_refuses_what_is_new_and_forgets_nothing() {
        let mut log = Log::with_capacity(2);
        assert_eq!(log.check(sighting(1, 1, 10)), Ok(()));
        assert_eq!(log.check(sighting(2, 1, 10)), Ok(()));
        assert_eq!(
            log.check(sighting(3, 1, 10)),
            Err(VerifyError::ReplayLogFull)
        );
        assert_eq!(log.check(sighting(1, 1, 10)), Err(VerifyError::Replayed));
        assert_eq!(log.check(sighting(1, 11, 20)), Ok(()));
    }

    #[test]
    fn no_two_ways_to_cut_the_same_text_share_a_fingerprint() {
        let key = FingerprintKey::random();
        let text = "abcdefgh";
        let whole = key.fingerprint(text, "");
        for cut in 0..text.len() {
            let (issuer, token_id) = text.split_at(cut);
            assert_ne!(key.fingerprint(issuer, token_id), whole, "{cut}");
        }
        assert_eq!(key.fingerprint("a", "b"), key.fingerprint("a", "b"));
        assert_ne!(
            key.fingerprint("a", "b"),
            FingerprintKey::random().fingerprint("a", "b")
        );
    }
}
