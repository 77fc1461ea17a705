//! What it costs to refuse: a flood of bad tokens is cheap to send. The floor is the bare check of a good token.

use std::error::Error;

use asap_engine::{Algorithm, RsaKeySize};

use super::cold::{self, Case};
use super::task::{Call, malformed, wrong_signature};
use super::{Comparison, Row, TOKENS};
use asap_bench_kit::Tokens;
use asap_bench_kit::subject::{self, Life, Saying};

pub(super) fn rows(comparison: &Comparison<'_>) -> Result<Vec<Row>, Box<dyn Error>> {
    let key = subject::key(Algorithm::Rs256, RsaKeySize::Bits2048)?;
    let good = Tokens::sign_as(&key, &Saying::of_this_hour(), TOKENS)?.tokens;
    let expired = Saying::default().with_life(Life::over());
    let expired = Tokens::sign_as(&key, &expired, TOKENS)?.tokens;
    let malformed: Result<Vec<_>, _> = good.iter().map(|token| malformed(token)).collect();
    let next = good.iter().cycle().skip(1);
    let swapped: Result<Vec<_>, _> = good
        .iter()
        .zip(next)
        .map(|(token, next)| wrong_signature(token, next))
        .collect();
    let mut rows = Vec::new();
    for (name, tokens) in [
        ("RS256-2048/expired", expired),
        ("RS256-2048/malformed", malformed?),
        ("RS256-2048/wrong signature", swapped?),
    ] {
        if comparison.is_wanted(name) {
            let calls: Vec<Call> = tokens.into_iter().map(Call::from).collect();
            rows.extend(cold::of_all(
                comparison,
                Case::asap(name, &key)?,
                &calls,
                false,
            )?);
        }
    }
    Ok(rows)
}
