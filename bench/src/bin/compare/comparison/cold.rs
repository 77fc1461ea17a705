//! A token never seen, under a key at hand, against the bare primitive.

use std::error::Error;

use asap_engine::{Algorithm, RsaKeySize, SigningKey};

use asap_bench_kit::measure::{Row, Subject, take_turns};

use super::strictness;
use super::task::{Call, Key, Probes, Profile, Task};
use super::{Comparison, Peer, TOKENS, Verifier};
use asap_bench_kit::subject::{self, Saying};
use asap_bench_kit::{Floor, Tokens};

/// The kinds of tokens, as cases name them.
pub(super) const KINDS: [(&str, Algorithm, RsaKeySize); 8] = [
    ("RS256-2048", Algorithm::Rs256, RsaKeySize::Bits2048),
    ("RS256-3072", Algorithm::Rs256, RsaKeySize::Bits3072),
    ("RS256-4096", Algorithm::Rs256, RsaKeySize::Bits4096),
    ("PS256-2048", Algorithm::Ps256, RsaKeySize::Bits2048),
    ("ES256", Algorithm::Es256, RsaKeySize::Bits2048),
    ("ES384", Algorithm::Es384, RsaKeySize::Bits2048),
    ("ES512", Algorithm::Es512, RsaKeySize::Bits2048),
    ("EdDSA", Algorithm::EdDsa, RsaKeySize::Bits2048),
];

pub(super) fn rows(comparison: &Comparison<'_>) -> Result<Vec<Row>, Box<dyn Error>> {
    let mut rows = Vec::new();
    for (kind, algorithm, size) in KINDS {
        let name = format!("{kind}/cold");
        if comparison.is_wanted(&name) {
            let key = subject::key(algorithm, size)?;
            let tokens = Tokens::sign_as(&key, &Saying::of_this_hour(), TOKENS)?.tokens;
            let calls: Vec<Call> = tokens.into_iter().map(Call::from).collect();
            rows.extend(of_all(comparison, Case::asap(&name, &key)?, &calls, true)?);
        }
    }
    Ok(rows)
}

/// What the subjects are asked for, and what nobody who does it gets around.
pub(super) struct Case<'a> {
    pub(super) name: &'a str,
    pub(super) task: Task<'a>,
    pub(super) probes: Probes,
    /// The bare primitives, on good token number so and so.
    pub(super) floor: Box<dyn FnMut(usize) -> bool>,
}

impl<'a> Case<'a> {
    /// ASAP's tokens that `key` signs.
    pub(super) fn asap(name: &'a str, key: &'a SigningKey) -> Result<Self, Box<dyn Error>> {
        let good = Tokens::sign_as(key, &Saying::of_this_hour(), TOKENS)?;
        let floor = Floor::of(&good)?;
        Ok(Self {
            name,
            task: Task {
                profile: Profile::Asap,
                key: Key::of(key),
            },
            probes: strictness::probes(key)?,
            floor: Box::new(move |number| floor.verify(number)),
        })
    }
}

/// Has the floor check good tokens, and every subject that can verify `calls`, which it is to accept or to refuse.
pub(super) fn of_all(
    comparison: &Comparison<'_>,
    case: Case<'_>,
    calls: &[Call],
    is_accepted: bool,
) -> Result<Vec<Row>, Box<dyn Error>> {
    let Case {
        name,
        task,
        probes,
        floor,
    } = case;
    let aws_lc = comparison.version("aws-lc-rs");
    let mut subjects = vec![Subject::new("floor/aws-lc", aws_lc, TOKENS, floor)];
    for peer in &comparison.subjects {
        let Some(mut verifier) = (peer.verifier)(&task)? else {
            println!("{name:<28} {:<16} {:>9}", peer.name, "not offered");
            continue;
        };
        probes.assert_verifies(peer, &mut verifier)?;
        let mut subject = subject(comparison, peer, verifier, calls, is_accepted);
        // What it accepts was tried with tokens of ASAP.
        if task.profile == Profile::Asap {
            subject = subject.with_accepts(comparison.accepts(peer.name));
        }
        subjects.push(subject);
    }
    take_turns(name, subjects, comparison.batches)
}

fn subject<'a>(
    comparison: &Comparison<'_>,
    peer: &Peer,
    mut verifier: Verifier,
    calls: &'a [Call],
    is_accepted: bool,
) -> Subject<'a> {
    let version = comparison.version(peer.package);
    Subject::new(peer.name, version, calls.len(), move |number| {
        calls
            .get(number)
            .is_some_and(|call| verifier(call) == is_accepted)
    })
}
