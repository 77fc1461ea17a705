//! Instructions instead of nanoseconds, counted by valgrind: the same on a busy machine and on a calm one, so a limit on
//! them can fail continuous integration. `cargo run -p asap-instructions -- --check` runs this and holds it
//! against bench/instructions/baseline.json.
//!
//! What is counted is the way that a processor without AVX-512 takes: valgrind does not know that, and says so to
//! whoever asks. Each function does its work [`TIMES`] times on what its setup has done once before, so neither the first
//! call's preparations nor a lucky line in a hash table weigh.

#![expect(
    clippy::expect_used,
    reason = "a bench that cannot measure what it says stops"
)]
#![allow(
    missing_docs,
    unused_qualifications,
    reason = "in what the macros make"
)]

use std::hint::black_box;

use asap_bench_kit::subject::{self, Saying};
use asap_bench_kit::{AUDIENCE, KEY_ID, NOW, Tokens, cache_of};
use asap_engine::{
    Algorithm, Engine, KeyId, KeySource, Keyring, Lookup, Policy, ReplayLog, ReplayWindow,
    RsaKeySize, Scratch, SigningKey, UnixTime, Verdict, VerifyError,
};
use gungraun::prelude::*;

/// How often each does its work.
const TIMES: usize = 256;

/// A token and what becomes of it before its signature.
struct Admission {
    policy: Policy,
    now: UnixTime,
    token: String,
    scratch: Scratch,
    answer: Option<VerifyError>,
}

impl Admission {
    fn new(token: String, now: i64, answer: Option<VerifyError>) -> Self {
        let mut admission = Self {
            policy: Policy::new(AUDIENCE).expect("a name"),
            now: UnixTime::from_secs(now),
            token,
            scratch: Scratch::new(),
            answer,
        };
        admission.once();
        admission
    }

    fn once(&mut self) {
        let token = black_box(self.token.as_bytes());
        let admitted = self.policy.admit(token, self.now, &mut self.scratch);
        assert_eq!(admitted.err(), self.answer);
    }
}

/// A token as long as one signed by RSA with 2048 bits. Nobody looks at the signature here, and making a key would take
/// valgrind half a minute.
fn token(claims: &str) -> String {
    let (key, _) = SigningKey::generate(Algorithm::EdDsa).expect("the library makes keys");
    let signed = Tokens::sign_with(&key, claims, 1).expect("the library signs");
    let token = signed.tokens.first().expect("one token");
    let (input, _) = token.rsplit_once('.').expect("a token has dots");
    format!("{input}.{}", "A".repeat(342))
}

fn parsed() -> Admission {
    Admission::new(token(""), 0, Some(VerifyError::NotYetValid))
}

fn malformed() -> Admission {
    let token = token("").replace('.', "!");
    Admission::new(token, NOW, Some(VerifyError::NotCompact))
}

fn admitted() -> Admission {
    Admission::new(token(""), NOW, None)
}

fn own_claim() -> Admission {
    Admission::new(token(r#","scope":"read write""#), NOW, None)
}

fn many_claims() -> Admission {
    let claims: String = (0..200)
        .map(|number| format!(r#","claim-{number}":"{number}""#))
        .collect();
    Admission::new(token(&claims), NOW, None)
}

fn expired() -> Admission {
    let late = NOW.saturating_add(3_600);
    Admission::new(token(""), late, Some(VerifyError::Expired))
}

#[library_benchmark]
#[bench::token(parsed())]
#[bench::malformed(malformed())]
fn parse(mut admission: Admission) -> Admission {
    for _ in 0..TIMES {
        admission.once();
    }
    admission
}

#[library_benchmark]
#[bench::plain(admitted())]
#[bench::own_claim(own_claim())]
#[bench::claims_200(many_claims())]
#[bench::expired(expired())]
fn admit(mut admission: Admission) -> Admission {
    for _ in 0..TIMES {
        admission.once();
    }
    admission
}

/// A keyring, and the names of its keys.
struct Keys {
    keyring: Keyring,
    names: Vec<String>,
}

impl Keys {
    fn new(count: usize) -> Self {
        let tokens = Tokens::sign(Algorithm::EdDsa, RsaKeySize::Bits2048, 0).expect("a key");
        let pem = tokens.public_key_pem.as_bytes();
        let names: Vec<_> = (1..count)
            .map(|number| format!("micros/service-{number}/key-2026-11"))
            .chain([KEY_ID.to_owned()])
            .collect();
        let keyring = Keyring::from_pems(names.iter().map(|name| (name.as_str(), pem)));
        let keys = Self {
            keyring: keyring.expect("good keys"),
            names,
        };
        keys.look_up(0);
        keys
    }

    fn look_up(&self, number: usize) {
        let at = number.checked_rem(self.names.len()).unwrap_or(0);
        let name = self.names.get(at).expect("a name");
        let key_id = KeyId::parse(black_box(name)).expect("a kid");
        let found = self
            .keyring
            .with_key(key_id, |key| key.verifies(Algorithm::EdDsa));
        assert_eq!(found, Lookup::Found(true));
    }
}

#[library_benchmark]
#[bench::keys_1(Keys::new(1))]
#[bench::keys_200(Keys::new(200))]
fn key_look_up(keys: Keys) -> Keys {
    for number in 0..TIMES {
        keys.look_up(number);
    }
    keys
}

/// A window for single use, and how many tokens it has seen.
struct Window {
    window: ReplayWindow,
    token_ids: Vec<String>,
}

impl Window {
    fn new() -> Self {
        let window = ReplayWindow::new(10_000).expect("memory");
        let new = Self {
            window,
            token_ids: (0..=TIMES)
                .map(|number| format!("6f1d2c3b-8a90-4e5f-b7c6-{number:012x}"))
                .collect(),
        };
        new.insert(TIMES);
        new
    }

    fn insert(&self, number: usize) {
        let token_id = self.token_ids.get(number).expect("an id");
        let keep_until = UnixTime::from_secs(NOW.saturating_add(60));
        let answer = self.window.check_and_insert(
            "micros/service-a",
            black_box(token_id),
            keep_until,
            Tokens::now(),
        );
        assert!(answer.is_ok());
    }
}

#[library_benchmark]
#[bench::new(Window::new())]
fn replay_insert(window: Window) -> Window {
    for number in 0..TIMES {
        window.insert(number);
    }
    window
}

/// An engine that keeps tokens, and the tokens.
struct Cache {
    engine: Engine<Keyring>,
    tokens: Vec<String>,
    scratch: Scratch,
}

impl Cache {
    fn new(count: usize) -> Self {
        let key = subject::key(Algorithm::EdDsa, RsaKeySize::Bits2048).expect("a key");
        // As long as tokens of RSA with 2048 bits.
        let note = format!(r#","note":"{}""#, "x".repeat(180));
        let saying = Saying::of_this_hour().with_claims(&note);
        let tokens = Tokens::sign_as(&key, &saying, count).expect("the library signs");
        Self {
            engine: cache_of(&tokens).expect("memory"),
            tokens: tokens.tokens,
            scratch: Scratch::new(),
        }
    }

    fn hit(&mut self, number: usize) {
        let at = number.checked_rem(self.tokens.len()).unwrap_or(0);
        let token = self.tokens.get(at).expect("a token");
        let verdict = self
            .engine
            .verify_now(black_box(token.as_bytes()), &mut self.scratch);
        assert!(matches!(verdict, Ok(Verdict::Verified(_))));
    }
}

#[library_benchmark]
#[bench::tokens_1(Cache::new(1))]
#[bench::tokens_100(Cache::new(100))]
fn cache_hit(mut cache: Cache) -> Cache {
    for number in 0..TIMES {
        cache.hit(number);
    }
    cache
}

library_benchmark_group!(
    name = hot_path,
    benchmarks = [parse, admit, key_look_up, cache_hit, replay_insert]
);
main!(library_benchmark_groups = hot_path);
