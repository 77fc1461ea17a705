//! `--algorithm NAME`, as `alg` spells it.

use asap_engine::Algorithm;
use clap::builder::{PossibleValuesParser, TypedValueParser};

/// Takes the exact name of an algorithm, and lets completions offer all of them.
pub(crate) fn parser() -> impl TypedValueParser<Value = Algorithm> {
    let names = Algorithm::ALL.iter().map(|algorithm| algorithm.name());
    PossibleValuesParser::new(names)
        .try_map(|name| Algorithm::from_name(&name).ok_or("there is no such algorithm"))
}
