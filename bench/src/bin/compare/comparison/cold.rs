//! A token never seen, under a key at hand, against the bare primitive.

use std::error::Error;

use asap_engine::{Algorithm, RsaKeySize, SigningKey};

use super::strictness::assert_verifies;
use asap_bench_kit::measure::{Row, Subject, take_turns};

use super::{Comparison, Peer, TOKENS, Verifier};
use asap_bench_kit::subject::{self, Saying};
use asap_bench_kit::{Floor, Tokens};

/// The kinds of tokens, as cases name them.
pub(super) const KINDS: [(&str, Algorithm, RsaKeySize); 7] = [
    ("RS256-2048", Algorithm::Rs256, RsaKeySize::Bits2048),
    ("RS256-3072", Algorithm::Rs256, RsaKeySize::Bits3072),
    ("RS256-4096", Algorithm::Rs256, RsaKeySize::Bits4096),
    ("PS256-2048", Algorithm::Ps256, RsaKeySize::Bits2048),
    ("ES256", Algorithm::Es256, RsaKeySize::Bits2048),
    ("ES384", Algorithm::Es384, RsaKeySize::Bits2048),
    ("EdDSA", Algorithm::EdDsa, RsaKeySize::Bits2048),
];

pub(super) fn rows(comparison: &Comparison<'_>) -> Result<Vec<Row>, Box<dyn Error>> {
    let mut rows = Vec::new();
    for (kind, algorithm, size) in KINDS {
        let case = format!("{kind}/cold");
        if comparison.is_wanted(&case) {
            let key = subject::key(algorithm, size)?;
            let tokens = Tokens::sign_as(&key, &Saying::of_this_hour(), TOKENS)?;
            rows.extend(of_all(comparison, &case, &key, &tokens.tokens, true)?);
        }
    }
    Ok(rows)
}

/// Has the floor check the signatures of good tokens, and every subject that offers the algorithm verify `tokens`,
/// which it is to accept or to refuse.
pub(super) fn of_all(
    comparison: &Comparison<'_>,
    case: &str,
    key: &SigningKey,
    tokens: &[String],
    is_accepted: bool,
) -> Result<Vec<Row>, Box<dyn Error>> {
    let good = Tokens::sign_as(key, &Saying::of_this_hour(), TOKENS)?;
    let floor = Floor::of(&good)?;
    let aws_lc = comparison.version("aws-lc-rs");
    let mut subjects = vec![Subject::new("floor/aws-lc", aws_lc, TOKENS, |number| {
        floor.verify(number)
    })];
    for peer in &comparison.subjects {
        let Some(mut verifier) = (peer.verifier)(key.algorithm(), key.public_key_pem())? else {
            println!("{case:<28} {:<16} {:>9}", peer.name, "not offered");
            continue;
        };
        assert_verifies(peer.name, key, &mut verifier)?;
        let subject = subject(comparison, peer, verifier, tokens, is_accepted);
        subjects.push(subject);
    }
    take_turns(case, subjects, comparison.batches)
}

fn subject<'a>(
    comparison: &Comparison<'_>,
    peer: &Peer,
    mut verifier: Verifier,
    tokens: &'a [String],
    is_accepted: bool,
) -> Subject<'a> {
    let version = comparison.version(peer.package);
    Subject::new(peer.name, version, tokens.len(), move |number| {
        tokens
            .get(number)
            .is_some_and(|token| verifier(token) == is_accepted)
    })
    .with_accepts(comparison.accepts(peer.name))
}
