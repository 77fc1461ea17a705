//! No token is good but the one that was signed: every other spelling of its bytes is refused.

use std::sync::OnceLock;

use asap_engine::Algorithm;
use asap_tests::backends::judge_by_all;
use asap_tests::token::Token;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::for_all;

/// One change of a sequence of bytes.
#[derive(Debug, Clone)]
enum Change {
    FlipBit(Index, u8),
    Replace(Index, u8),
    Insert(Index, u8),
    Delete(Index),
    Truncate(Index),
    /// A piece of the token once more, where it stands.
    Repeat(Index, u8),
    /// The bytes at two places, each in the place of the other.
    Swap(Index, Index),
}

fn change() -> impl Strategy<Value = Change> {
    let place = any::<Index>;
    // What means something in a token is tried more often.
    let byte = || {
        let special = prop::sample::select(b".=-_+/ \n\0A".to_vec());
        prop_oneof![any::<u8>(), special]
    };
    prop_oneof![
        4 => (place(), 0..8_u8).prop_map(|(at, bit)| Change::FlipBit(at, bit)),
        3 => (place(), byte()).prop_map(|(at, byte)| Change::Replace(at, byte)),
        2 => (place(), byte()).prop_map(|(at, byte)| Change::Insert(at, byte)),
        1 => place().prop_map(Change::Delete),
        1 => place().prop_map(Change::Truncate),
        1 => (place(), 1..=255_u8).prop_map(|(at, length)| Change::Repeat(at, length)),
        1 => (place(), place()).prop_map(|(one, other)| Change::Swap(one, other)),
    ]
}

impl Change {
    fn of(&self, token: &str) -> Vec<u8> {
        let mut bytes = token.as_bytes().to_vec();
        let length = bytes.len();
        match *self {
            Self::FlipBit(at, bit) => bytes[at.index(length)] ^= 1 << bit,
            Self::Replace(at, byte) => bytes[at.index(length)] = byte,
            Self::Insert(at, byte) => bytes.insert(at.index(length + 1), byte),
            Self::Delete(at) => drop(bytes.remove(at.index(length))),
            Self::Truncate(at) => bytes.truncate(at.index(length)),
            Self::Repeat(at, piece) => {
                let start = at.index(length);
                let end = length.min(start + usize::from(piece));
                let piece = bytes[start..end].to_vec();
                bytes.splice(start..start, piece);
            }
            Self::Swap(one, other) => bytes.swap(one.index(length), other.index(length)),
        }
        bytes
    }
}

fn good(algorithm: Algorithm) -> &'static str {
    static GOOD: [OnceLock<String>; Algorithm::ALL.len()] =
        [const { OnceLock::new() }; Algorithm::ALL.len()];
    let position = Algorithm::ALL
        .iter()
        .position(|one| *one == algorithm)
        .unwrap();
    GOOD[position].get_or_init(|| Token::good(algorithm).claim("sub", r#""jos\u00e9""#).sign())
}

/// RFC 7515 section 5.2: "If any of these steps fails, the signature or MAC cannot be validated", and base64url has one
/// spelling. (An ECDSA signature has a twin, which differs in half of it: `signature_confusion.rs`.)
#[test]
fn any_change_of_a_token_is_refused_by_every_backend() {
    for algorithm in Algorithm::ALL {
        assert_eq!(judge_by_all(good(*algorithm)), Ok(()), "{algorithm}");
    }
    let inputs = (prop::sample::select(Algorithm::ALL), change());
    for_all(2_000, inputs, |(algorithm, change)| {
        let good = good(algorithm);
        let changed = change.of(good);
        prop_assume!(changed != good.as_bytes());
        prop_assert!(judge_by_all(changed).is_err());
        Ok(())
    });
}

/// The same for two good tokens of one key: no segment of the one fits the other.
#[test]
fn no_token_can_be_put_together_from_two_good_ones() {
    let inputs = (prop::sample::select(Algorithm::ALL), 1..7_u8, 1..1000_u16);
    for_all(60, inputs, |(algorithm, from_other, number)| {
        let one = good(algorithm);
        let other = Token::good(algorithm)
            .header("typ", "\"JWT\"")
            .claim("jti", &format!("\"{number}\""))
            .sign();
        let pairs = one.split('.').zip(other.split('.')).enumerate();
        let mixed: Vec<_> = pairs
            .map(|(segment, (one, other))| {
                if from_other & (1 << segment) == 0 {
                    one
                } else {
                    other
                }
            })
            .collect();
        prop_assert!(judge_by_all(mixed.join(".")).is_err());
        Ok(())
    });
}
