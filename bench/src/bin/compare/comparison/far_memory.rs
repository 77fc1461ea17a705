//! A token never seen, by a program that has touched 16 MiB since the last one, so that nothing a verification reads is in the
//! caches of its core: the clock is read around each call, which takes some 20 ns of it.

use std::error::Error;
use std::hint::black_box;

use asap_bench_kit::subject::{self, Saying};
use asap_bench_kit::{Floor, Tokens};

use super::cold::KINDS;
use super::task::{Call, Key, Profile, Task};
use super::{Comparison, Row, Subject, take_turns};

/// The kinds of tokens whose keys are prepared as tables or constants.
const SHOWN: [&str; 3] = ["RS256-2048", "ES256", "EdDSA"];

/// What is touched before each call, in bytes.
const TOUCHED: usize = 16 << 20;

/// The bytes that come into a cache at once.
const LINE: usize = 64;

/// How many distinct tokens take turns.
const TOKENS: usize = 16;

/// How often a key is used before anything is measured: it has what a kernel prepares for it after eight uses.
const USES_BEFORE: usize = 64;

pub(super) fn rows(comparison: &Comparison<'_>) -> Result<Vec<Row>, Box<dyn Error>> {
    let mut rows = Vec::new();
    for (kind, algorithm, size) in KINDS {
        let case = format!("{kind}/16 MiB touched");
        if SHOWN.contains(&kind) && comparison.is_wanted(&case) {
            let key = subject::key(algorithm, size)?;
            let tokens = Tokens::sign_as(&key, &Saying::of_this_hour(), TOKENS)?;
            let task = Task {
                profile: Profile::Asap,
                key: Key::of(&key),
            };
            rows.extend(after_touching(comparison, &case, &task, &tokens)?);
        }
    }
    Ok(rows)
}

fn after_touching(
    comparison: &Comparison<'_>,
    case: &str,
    task: &Task<'_>,
    tokens: &Tokens,
) -> Result<Vec<Row>, Box<dyn Error>> {
    let floor = Floor::of(tokens)?;
    let calls: Vec<Call> = tokens.tokens.iter().cloned().map(Call::from).collect();
    let aws_lc = comparison.version("aws-lc-rs");
    let mut subjects = vec![Subject::new("floor/aws-lc", aws_lc, TOKENS, |number| {
        floor.verify(number)
    })];
    for peer in comparison
        .subjects
        .iter()
        .filter(|peer| peer.is_this_engine())
    {
        let Some(mut verifier) = (peer.verifier)(task)? else {
            continue;
        };
        for call in calls.iter().cycle().take(USES_BEFORE) {
            verifier(call);
        }
        let (calls, version) = (&calls, comparison.version(peer.package));
        subjects.push(Subject::new(peer.name, version, TOKENS, move |number| {
            calls.get(number).is_some_and(&mut verifier)
        }));
    }
    let subjects = subjects
        .into_iter()
        .map(|subject| subject.after_each(touching()))
        .collect();
    take_turns(case, subjects, comparison.batches)
}

/// Reads and writes each line of a memory of its own.
fn touching() -> impl FnMut() {
    let mut memory = vec![0_u8; TOUCHED];
    move || {
        for byte in black_box(&mut memory).iter_mut().step_by(LINE) {
            *byte = byte.wrapping_add(1);
        }
    }
}
