//! Where a token is looked for: a keyed hash of its end.
//!
//! The end of a token is its signature, and only authentic tokens are kept, so hashing the last bytes finds as well as
//! hashing all: whoever cannot sign meets at most the few tokens of one set, each of which is compared whole. The hash
//! is NH (the universal hash of UMAC, RFC 4418 section 5.2.2, with words of 64 bits), under a key drawn at start, so that
//! nobody can aim tokens at one set. If it collides, two tokens share a set.

use crate::error::ConfigError;

/// How many of the last bytes are hashed: of the shortest signature, nearly half.
const END: usize = 32;

/// The secret under which ends are hashed.
pub(super) struct Finder([u64; END / 8]);

impl Finder {
    /// A key from the operating system's randomness, by way of aws-lc.
    pub(super) fn random() -> Result<Self, ConfigError> {
        let mut bytes = [0; END];
        aws_lc_rs::rand::fill(&mut bytes).map_err(|_| {
            ConfigError::new("the token cache needs randomness, and the system gave none")
        })?;
        Ok(Self(words(&bytes)))
    }

    /// The hash of the end of `token`. None if there is too little of it, which no authentic token is.
    #[inline]
    pub(super) fn hash(&self, token: &[u8]) -> Option<Hash> {
        let ([w0, w1, w2, w3], [k0, k1, k2, k3]) = (words(token.last_chunk::<END>()?), self.0);
        let product = |a: u64, k: u64, b: u64, l: u64| {
            u128::from(a.wrapping_add(k)).wrapping_mul(u128::from(b.wrapping_add(l)))
        };
        let sum = product(w0, k0, w1, k1).wrapping_add(product(w2, k2, w3, k3));
        let [low, high] = [sum, sum >> 64].map(|half| u64::try_from(half & u128::from(u64::MAX)));
        // An odd multiplier, so that the high bits, which choose, depend on all.
        let mixed = (low.ok()? ^ high.ok()?).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Some(Hash(mixed ^ (mixed >> 32)))
    }
}

#[inline]
fn words(bytes: &[u8; END]) -> [u64; END / 8] {
    let (chunks, _) = bytes.as_chunks::<8>();
    let mut words = [0; END / 8];
    for (word, chunk) in words.iter_mut().zip(chunks) {
        *word = u64::from_le_bytes(*chunk);
    }
    words
}

/// What a token is found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hash(pub(super) u64);

impl Hash {
    /// One of `count`: the high word of a product spreads evenly over any number.
    #[inline]
    pub(super) fn choose(self, count: usize) -> usize {
        let count = u128::try_from(count).unwrap_or(0);
        let chosen = u128::from(self.0).wrapping_mul(count) >> 64;
        usize::try_from(chosen).unwrap_or(0)
    }

    /// Eight bits that the choice does not depend on much. Never zero.
    #[inline]
    pub(super) fn tag(self) -> u64 {
        (self.0 & 0xff).max(1)
    }
}

#[cfg(test)]
#[cfg(not(shuttle))]
mod tests {
    use super::*;

    fn finder(key: u64) -> Finder {
        Finder([key, key ^ 0xa5a5, key.rotate_left(17), !key])
    }

    #[test]
    fn the_end_of_a_token_is_what_finds_it() {
        let finder = finder(0x0123_4567_89ab_cdef);
        let end = [b'e'; END];
        let hash = finder.hash(&end);
        assert!(hash.is_some());
        assert_eq!(finder.hash(&[&b"before"[..], &end].concat()), hash);
        assert_eq!(finder.hash(&end[1..]), None);
        for position in 0..END {
            let mut other = end;
            other[position] ^= 1;
            assert_ne!(finder.hash(&other), hash, "{position}");
        }
    }

    #[test]
    fn another_key_spreads_tokens_otherwise() {
        let end = [b'e'; END];
        assert_ne!(finder(1).hash(&end), finder(2).hash(&end));
        assert!(Finder::random().unwrap().0 != Finder::random().unwrap().0);
    }

    #[test]
    fn tokens_spread_over_all_sets_and_tags() {
        let finder = finder(0x0123_4567_89ab_cdef);
        let (mut sets, mut tags) = ([0; 64], [0; 256]);
        for number in 0..64_000_u64 {
            let mut end = [b'A'; END];
            end[..8].copy_from_slice(&number.to_be_bytes());
            let hash = finder.hash(&end).unwrap();
            sets[hash.choose(64)] += 1;
            tags[usize::try_from(hash.tag()).unwrap()] += 1;
        }
        // 1,000 and 250 on average, with standard deviations of 32 and 16.
        assert!(
            sets.iter().all(|count| (800..1_200).contains(count)),
            "{sets:?}"
        );
        assert_eq!(tags[0], 0);
        assert!(
            tags[2..].iter().all(|count| (150..350).contains(count)),
            "{tags:?}"
        );
    }
}
