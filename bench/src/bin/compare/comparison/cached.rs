//! A token that was verified before, in an engine that keeps verified tokens.
//!
//! The floor is comparing the token with a copy of it, of which there are as many: nobody may leave that out, and where
//! they do not fit into the processor's caches, it waits for memory as often as a hit does. No peer keeps tokens: what
//! one takes for the same token is its row of the case `RS256-2048/cold`.

use std::error::Error;
use std::hint::black_box;

use asap_bench_kit::subject::{self, Saying};
use asap_bench_kit::{Tokens, cache_of};
use asap_engine::{Algorithm, RsaKeySize, Scratch, TokenCache, Verdict};

use super::{Comparison, Row, Subject, take_turns};

pub(super) fn rows(comparison: &Comparison<'_>, quick: bool) -> Result<Vec<Row>, Box<dyn Error>> {
    let mut rows = Vec::new();
    for count in [1, 1_000, 100_000] {
        let case = format!("RS256-2048/cached hit {count}");
        // Signing so many takes longer than a look may.
        let is_too_many = quick && count > 1_000;
        if comparison.is_wanted(&case) && !is_too_many {
            let key = subject::key(Algorithm::Rs256, RsaKeySize::Bits2048)?;
            let tokens = Tokens::sign_as(&key, &Saying::of_this_hour(), count)?;
            rows.extend(hits(comparison, &case, &tokens)?);
        }
    }
    Ok(rows)
}

fn hits(
    comparison: &Comparison<'_>,
    case: &str,
    tokens: &Tokens,
) -> Result<Vec<Row>, Box<dyn Error>> {
    let engine = cache_of(tokens)?;
    let copies = tokens.tokens.clone();
    let count = tokens.tokens.len();
    let mut scratch = Scratch::new();
    let of_token = |number: usize| tokens.tokens.get(number);
    let subjects = vec![
        Subject::new(
            "floor/bytes",
            comparison.version("asap-bench"),
            count,
            |number| black_box(copies.get(number)) == black_box(of_token(number)),
        ),
        Subject::new(
            "engine/token cache",
            comparison.version("asap-engine"),
            count,
            |number| {
                of_token(number).is_some_and(|token| {
                    let verdict = engine.verify_now(token.as_bytes(), &mut scratch);
                    matches!(verdict, Ok(Verdict::Verified(_)))
                })
            },
        ),
    ];
    let rows = take_turns(case, subjects, comparison.batches)?;
    let stats = engine.token_cache().map(TokenCache::stats);
    let misses = stats.map_or(u64::MAX, |stats| stats.misses);
    if misses > u64::try_from(count)? {
        return Err(format!("{case}: {misses} misses for {count} tokens").into());
    }
    Ok(rows)
}
