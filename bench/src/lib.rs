//! What the benches share, which is the package asap-bench-kit. This package has the peers that `compare` needs.

pub use asap_bench_kit::{
    AUDIENCE, Floor, KEY_ID, NOW, Tokens, cache_of, decode_segments, measure, profiles, subject,
};
