//! What it costs to refuse: a flood of bad tokens is cheap to send. The floor is the bare check of a good token.

use std::error::Error;

use asap_engine::{Algorithm, RsaKeySize};

use super::strictness::{malformed, wrong_signature};
use super::{Comparison, Row, TOKENS, cold};
use asap_bench_kit::Tokens;
use asap_bench_kit::subject::{self, Saying};

pub(super) fn rows(comparison: &Comparison<'_>) -> Result<Vec<Row>, Box<dyn Error>> {
    let key = subject::key(Algorithm::Rs256, RsaKeySize::Bits2048)?;
    let now = subject::now();
    let good = Tokens::sign_as(&key, &Saying::of_this_hour(), TOKENS)?.tokens;
    let expired = Saying::default().with_times(now - 7_200, now - 3_700);
    let expired = Tokens::sign_as(&key, &expired, TOKENS)?.tokens;
    let malformed: Result<Vec<_>, _> = good.iter().map(|token| malformed(token)).collect();
    let next = good.iter().cycle().skip(1);
    let swapped: Result<Vec<_>, _> = good
        .iter()
        .zip(next)
        .map(|(token, next)| wrong_signature(token, next))
        .collect();
    let mut rows = Vec::new();
    for (case, tokens) in [
        ("RS256-2048/expired", expired),
        ("RS256-2048/malformed", malformed?),
        ("RS256-2048/wrong signature", swapped?),
    ] {
        if comparison.is_wanted(case) {
            rows.extend(cold::of_all(comparison, case, &key, &tokens, false)?);
        }
    }
    Ok(rows)
}
