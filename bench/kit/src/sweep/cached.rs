//! From one cached token to a hundred thousand: a hit, by one thread and by two at once.
//!
//! The tokens are as long as those signed by RSA with 2048 bits, and signed by ECDSA, which takes less time to make.

use std::error::Error;

use asap_engine::{Algorithm, RsaKeySize, Scratch, Verdict};

use super::threads::measure;
use crate::measure::{Row, step};
use crate::subject::{self, Saying};
use crate::{Tokens, cache_of};

const COUNTS: [usize; 6] = [1, 10, 100, 1_000, 10_000, 100_000];

pub(super) fn rows(batches: usize) -> Result<Vec<Row>, Box<dyn Error>> {
    let key = subject::key(Algorithm::Es256, RsaKeySize::Bits2048)?;
    let note = format!(r#","note":"{}""#, "x".repeat(180));
    let saying = Saying::of_this_hour().with_claims(&note);
    let mut rows = Vec::new();
    for count in COUNTS {
        let tokens = Tokens::sign_as(&key, &saying, count)?;
        let engine = cache_of(&tokens)?;
        for threads in [1, 2] {
            let row = measure(
                "cached",
                "engine/token cache",
                count,
                threads,
                batches,
                |from| {
                    let mut number = step(from * 7_919, count);
                    let mut scratch = Scratch::new();
                    let (engine, tokens) = (&engine, &tokens);
                    move || {
                        number = step(number, count);
                        tokens.tokens.get(number).is_some_and(|token| {
                            let verdict = engine.verify_now(token.as_bytes(), &mut scratch);
                            matches!(verdict, Ok(Verdict::Verified(_)))
                        })
                    }
                },
            )?;
            rows.push(row);
        }
    }
    Ok(rows)
}
