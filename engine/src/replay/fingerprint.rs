//! What the window remembers of a token: a keyed hash of (`iss`, `jti`), never the text.
//!
//! SipHash-1-3 with 128 bits of output, under a key drawn at start. Nobody who does not know the key can aim at
//! a collision or at one line of the window, and it runs everywhere at the same speed. The standard library's
//! hasher gives 64 bits, of which the choice of a line takes up to thirty; hashing twice would cost double.
//! A collision can only refuse a good token, never admit a replay.

use std::fmt;
use std::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher13};

use crate::error::ConfigError;

/// The bits of a fingerprint that are compared. With seven words compared per line and the line chosen by
/// other bits, a good token is refused as a replay once in some 3e14 insertions.
pub(super) const MARK_BITS: u32 = 51;

/// A token's fingerprint.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Fingerprint {
    /// Chooses the line.
    place: u64,
    /// What is compared: [`MARK_BITS`] bits, never zero.
    mark: u64,
}

impl Fingerprint {
    /// The token's home among `lines` lines: the high word of a product spreads evenly over any number.
    pub(super) fn home(self, lines: usize) -> usize {
        let lines = u128::try_from(lines).unwrap_or(0);
        let home = u128::from(self.place).wrapping_mul(lines) >> 64;
        usize::try_from(home).unwrap_or(0)
    }

    /// [`MARK_BITS`] bits, never zero.
    pub(super) const fn mark(self) -> u64 {
        self.mark
    }
}

/// The secret under which fingerprints are made.
pub(super) struct FingerprintKey(SipHasher13);

impl FingerprintKey {
    /// A key from the operating system's randomness, by way of aws-lc.
    pub(super) fn random() -> Result<Self, ConfigError> {
        let mut key = [0; 16];
        aws_lc_rs::rand::fill(&mut key).map_err(|_| {
            ConfigError::new("the replay window needs randomness, and the system gave none")
        })?;
        Ok(Self::from_bytes(&key))
    }

    pub(super) fn from_bytes(key: &[u8; 16]) -> Self {
        Self(SipHasher13::new_with_key(key))
    }

    /// The fingerprint of the pair. The length of the issuer comes first, so that no other pair is the same
    /// sequence of bytes.
    pub(super) fn fingerprint(&self, issuer: &str, token_id: &str) -> Fingerprint {
        let mut hasher = self.0;
        hasher.write_usize(issuer.len());
        hasher.write(issuer.as_bytes());
        hasher.write(token_id.as_bytes());
        let (place, rest) = hasher.finish128().as_u64();
        let mark = rest >> (64 - MARK_BITS);
        Fingerprint {
            place,
            mark: mark.max(1),
        }
    }
}

impl fmt::Debug for FingerprintKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FingerprintKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_ways_to_cut_the_same_text_share_a_fingerprint() {
        let key = FingerprintKey::from_bytes(&[7; 16]);
        let text = "abcdefghijklmnopqrstuvwxyz";
        let whole = key.fingerprint(text, "");
        for cut in 0..text.len() {
            let (issuer, token_id) = text.split_at(cut);
            assert!(key.fingerprint(issuer, token_id) != whole, "{cut}");
        }
        assert!(key.fingerprint("a", "b") == key.fingerprint("a", "b"));
    }

    #[test]
    fn each_key_is_another_and_gives_other_fingerprints() {
        let (one, other) = (
            FingerprintKey::random().unwrap(),
            FingerprintKey::random().unwrap(),
        );
        assert!(one.fingerprint("a", "b") != other.fingerprint("a", "b"));
    }

    #[test]
    fn the_key_is_not_printed() {
        assert_eq!(
            format!("{:?}", FingerprintKey::from_bytes(&[7; 16])),
            "FingerprintKey(..)"
        );
    }

    #[test]
    fn homes_cover_every_line_and_marks_fit() {
        let key = FingerprintKey::from_bytes(&[7; 16]);
        let mut seen = [0_u32; 13];
        for n in 0..13_000 {
            let fingerprint = key.fingerprint("issuer", &n.to_string());
            seen[fingerprint.home(13)] += 1;
            assert!((1..1 << MARK_BITS).contains(&fingerprint.mark()));
        }
        assert!(
            seen.iter().all(|&count| (850..1150).contains(&count)),
            "{seen:?}"
        );
    }
}
