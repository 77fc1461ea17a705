//! The stages of one verification, each by itself, and what comes before there is anything to verify.
//!
//! `parse`, `admit`, `authenticate`, `accept` and `verify` are the way of a token; `floor` is what of it nobody gets
//! around; `issue` and `load` are the client's side and the start. Figures of two runs do not compare on a machine that
//! others share: for ratios, which need both sides in turns, run `compare`.

#![expect(
    clippy::expect_used,
    reason = "a bench that cannot measure what it says stops"
)]

use asap_bench::{AUDIENCE, Tokens};
use asap_engine::{Algorithm, Policy, RsaKeySize};
use criterion::{Throughput, criterion_group, criterion_main};

mod admit;
mod authenticate;
mod connect;
mod floor;
mod issue;
mod load;
mod parse;
mod verify;

/// How many distinct tokens take turns.
const TOKENS: usize = 64;

fn tokens(algorithm: Algorithm) -> Tokens {
    Tokens::sign(algorithm, RsaKeySize::Bits2048, TOKENS).expect("the library signs")
}

fn policy(audience: &str) -> Policy {
    Policy::new(audience).expect("the audience is not empty")
}

fn wanted() -> Policy {
    policy(AUDIENCE)
}

/// As many bytes a call as the first of `tokens` has.
fn bytes_of(tokens: &[String]) -> Throughput {
    let length = tokens.first().map_or(0, String::len);
    Throughput::Bytes(u64::try_from(length).unwrap_or(0))
}

criterion_group!(
    pipeline,
    floor::bench,
    parse::bench,
    admit::bench,
    authenticate::bench,
    authenticate::accept,
    verify::bench,
    connect::bench,
    issue::bench,
    load::bench
);
criterion_main!(pipeline);
