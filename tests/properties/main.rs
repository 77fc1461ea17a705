//! What holds for every input, asked of inputs that nobody thought of.
//!
//! Each property has a fixed number of cases from a fixed seed, so that a commit that passes here passes everywhere,
//! and one that fails fails again. To look elsewhere, and longer:
//!
//! `PROPTEST_RNG_SEED=7 PROPTEST_CASES=10000 cargo test -p asap-tests --test properties`
//!
//! Nothing is kept of a failure: the seed finds it again, and what was found becomes a test of its own with a name.

mod mutation;
mod names;
mod policies;
mod replay;
mod reuse;
mod round_trip;
mod shapes;
mod spelling;
mod time;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngSeed, TestCaseResult, TestRunner};

/// Any number will do, as long as it stays.
const SEED: u64 = 7519;

/// Asks whether `property` holds for so many `inputs`, and panics with the smallest one found for which it does not.
fn for_all<S: Strategy>(cases: u32, inputs: S, property: impl Fn(S::Value) -> TestCaseResult) {
    // What the environment says.
    let told = Config::default();
    let seed = match told.rng_seed {
        RngSeed::Random => RngSeed::Fixed(SEED),
        fixed @ RngSeed::Fixed(_) => fixed,
    };
    let cases = match std::env::var_os("PROPTEST_CASES") {
        Some(_) => told.cases,
        None => cases,
    };
    let config = Config {
        cases,
        rng_seed: seed,
        failure_persistence: None,
        ..told
    };
    if let Err(failure) = TestRunner::new(config).run(&inputs, property) {
        panic!("PROPTEST_RNG_SEED={seed} PROPTEST_CASES={cases}: {failure}");
    }
}
