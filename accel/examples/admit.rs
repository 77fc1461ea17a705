//! What it takes to parse and admit a token, by the short way and by the way of all, in turns in one process:
//!
//! ```text
//! cargo run --release -p asap-accel --example admit
//! ```
//!
//! The signatures are no signatures: nobody looks at them here.

#![expect(
    clippy::expect_used,
    clippy::cast_precision_loss,
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a measurement that cannot measure what it says stops"
)]

use std::hint::black_box;
use std::time::Instant;

use asap_engine::internals::{admit_plain, admit_portably};
use asap_engine::{Policy, Scratch, UnixTime};
use base64_simd::URL_SAFE_NO_PAD;

const NOW: i64 = 1_795_000_010;
/// How often each case is measured, and how many times through the tokens each time.
const ROUNDS: usize = 300;
const TURNS: usize = 10;

fn token(algorithm: &str, issuer: &str, number: usize, more: &str, signature: usize) -> String {
    let header = format!(r#"{{"alg":"{algorithm}","kid":"{issuer}/key-2026-11","typ":"JWT"}}"#);
    let payload = format!(
        r#"{{"iss":"{issuer}","sub":"{issuer}","aud":"micros/service-b","iat":{},"nbf":{},"exp":{},"jti":"6f1d2c3b-8a90-4e5f-b7c6-{number:012x}"{more}}}"#,
        NOW - 10,
        NOW - 10,
        NOW + 50
    );
    let signature = vec![0xa5; signature];
    let parts = [header.as_bytes(), payload.as_bytes(), &signature];
    parts
        .map(|part| URL_SAFE_NO_PAD.encode_to_string(part))
        .join(".")
}

fn tokens(make: impl Fn(usize) -> String) -> Vec<String> {
    (0..256).map(make).collect()
}

/// Nanoseconds a token.
fn measure(tokens: &[String], mut admit: impl FnMut(&[u8]) -> bool) -> f64 {
    let start = Instant::now();
    for _ in 0..TURNS {
        for token in tokens {
            assert!(black_box(admit(black_box(token.as_bytes()))));
        }
    }
    start.elapsed().as_nanos() as f64 / (TURNS * tokens.len()) as f64
}

fn main() {
    let any = Policy::new("micros/service-b").expect("an audience");
    let issuer = |number: usize| format!("micros/service-{}", number % 100);
    let listed = any.clone().with_issuers((0..100).map(issuer));
    let listed = listed.expect("issuers");
    let lengths =
        |number: usize| format!("{}{number}", "micros/some-service-name/".repeat(number % 3));
    let a = "micros/service-a";
    let cases = [
        ("one shape", &any, tokens(|n| token("RS256", a, n, "", 256))),
        (
            "one more claim",
            &any,
            tokens(|n| token("RS256", a, n, r#","scope":"read write""#, 256)),
        ),
        ("ES256", &any, tokens(|n| token("ES256", a, n, "", 64))),
        (
            "100 issuers, listed",
            &listed,
            tokens(|n| token("RS256", &issuer(n), n, "", 256)),
        ),
        (
            "issuers of all lengths",
            &any,
            tokens(|n| token("RS256", &lengths(n * 7), n, "", 256)),
        ),
    ];
    let now = UnixTime::from_secs(NOW);
    let mut scratch = Scratch::new();
    println!("nanoseconds, median (least) of {ROUNDS}");
    for (name, policy, tokens) in &cases {
        for token in tokens {
            let short = admit_plain(policy, token.as_bytes(), now, &mut scratch);
            assert!(short.is_some(), "{name}: not plain, or no such processor");
        }
        let mut samples = [Vec::new(), Vec::new()];
        for _ in 0..ROUNDS {
            samples[0].push(measure(tokens, |token| {
                policy.admit(token, now, &mut scratch).is_ok()
            }));
            samples[1].push(measure(tokens, |token| {
                admit_portably(policy, token, now, &mut scratch).is_ok()
            }));
        }
        let [short, all] = samples.map(|mut samples| {
            samples.sort_by(f64::total_cmp);
            format!("{:6.1} ({:6.1})", samples[ROUNDS / 2], samples[0])
        });
        println!(
            "{name:24} {} bytes  admit {short}  portable {all}",
            tokens[0].len()
        );
    }
}
