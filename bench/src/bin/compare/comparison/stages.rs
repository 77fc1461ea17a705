//! What a verification is made of, each part by itself: for the stacked bar of docs/BENCHMARKS.md.
//!
//! `stage/parse` and `stage/admit` contain what comes before them, since the stages have no other doors: what a stage
//! costs by itself is the difference. Both are the portable way; `stage/admit here` is what this build does on this machine.
//! The first subject is the whole, so the column "/floor" is the share of it.

use std::error::Error;
use std::hint::black_box;

use asap_engine::internals::admit_portably;
use asap_engine::{
    Backend, Clock, Engine, KeyId, KeySource, Keyring, Lookup, Policy, ReplayLog, ReplayWindow,
    Scratch, SystemClock, UnixTime, Verdict, VerifyError, VerifyingKey,
};

use super::cold::KINDS;
use super::{Comparison, Row, Subject, TOKENS, take_turns};
use asap_bench_kit::subject::{self, ISSUER, Saying};
use asap_bench_kit::{AUDIENCE, KEY_ID, Tokens, decode_segments};

/// The kinds of tokens whose stages are shown.
const SHOWN: [&str; 3] = ["RS256-2048", "ES256", "EdDSA"];

pub(super) fn rows(comparison: &Comparison<'_>) -> Result<Vec<Row>, Box<dyn Error>> {
    let mut rows = Vec::new();
    for (kind, algorithm, size) in KINDS {
        let case = format!("{kind}/stages");
        if SHOWN.contains(&kind) && comparison.is_wanted(&case) {
            let key = subject::key(algorithm, size)?;
            let tokens = Tokens::sign_as(&key, &Saying::of_this_hour(), TOKENS)?;
            rows.extend(stages(comparison, &case, &tokens)?);
        }
    }
    Ok(rows)
}

fn stages(
    comparison: &Comparison<'_>,
    case: &str,
    tokens: &Tokens,
) -> Result<Vec<Row>, Box<dyn Error>> {
    let version = comparison.version("asap-engine");
    let policy = Policy::new(AUDIENCE)?;
    let pem = tokens.public_key_pem.as_bytes();
    let engine = Engine::new(policy.clone(), keyring(pem)?);
    let keys = keyring(pem)?;
    let key = VerifyingKey::from_pem(pem)?;
    let key_id = KeyId::parse(KEY_ID).ok_or("a kid in the grammar")?;
    let (algorithm, tokens) = (tokens.algorithm, &tokens.tokens);
    let clock = SystemClock::default();
    let now = clock.now();
    let mut scratches = vec![Scratch::new(); TOKENS];
    let admitted: Result<Vec<_>, _> = tokens
        .iter()
        .zip(&mut scratches)
        .map(|(token, scratch)| policy.admit(token.as_bytes(), now, scratch))
        .collect();
    let admitted = admitted?;
    let [mut whole, mut parse, mut admit, mut here] = std::array::from_fn(|_| Scratch::new());
    let early = UnixTime::from_secs(0);
    let (mut buffer, mut client) = (vec![0; 1_024], Client::new()?);
    let of_token = |number: usize| tokens.get(number).map_or("", String::as_str);
    let subjects = vec![
        Subject::new("stage/whole", version, TOKENS, |number| {
            let verdict = engine.verify_now(of_token(number).as_bytes(), &mut whole);
            matches!(verdict, Ok(Verdict::Verified(_)))
        }),
        Subject::new("stage/clock", version, TOKENS, |_| {
            black_box(clock.now()) >= now
        }),
        Subject::new(
            "stage/base64url",
            comparison.version("base64-simd"),
            TOKENS,
            |number| decode_segments(of_token(number), &mut buffer).is_some(),
        ),
        // Refused right after the last claim is read.
        Subject::new("stage/parse", version, TOKENS, |number| {
            let refusal =
                admit_portably(&policy, of_token(number).as_bytes(), early, &mut parse).err();
            refusal == Some(VerifyError::NotYetValid)
        }),
        Subject::new("stage/admit", version, TOKENS, |number| {
            admit_portably(&policy, of_token(number).as_bytes(), now, &mut admit).is_ok()
        }),
        Subject::new("stage/admit here", version, TOKENS, |number| {
            policy
                .admit(of_token(number).as_bytes(), now, &mut here)
                .is_ok()
        }),
        Subject::new("stage/key", version, TOKENS, |_| {
            let found = keys.with_key(black_box(key_id), |key| key.verifies(algorithm));
            matches!(found, Lookup::Found(true))
        }),
        Subject::new("stage/signature", version, TOKENS, |number| {
            admitted
                .get(number)
                .is_some_and(|admitted| admitted.authenticate(&key).is_ok())
        }),
        Subject::new("stage/replay", version, TOKENS, |_| client.send()),
    ];
    take_turns(case, subjects, comparison.batches)
}

fn keyring(pem: &[u8]) -> Result<Keyring, Box<dyn Error>> {
    Ok(Keyring::from_pems_with([(KEY_ID, pem)], Backend::AwsLc)?)
}

/// A client whose tokens live for a minute, about half a million of which are live in a window for a million.
struct Client {
    window: ReplayWindow,
    sent: u64,
    token_id: [u8; 36],
}

impl Client {
    const START: i64 = 1_795_000_000;
    const LIFE: i64 = 60;
    const A_SECOND: u64 = 8_192;

    fn new() -> Result<Self, Box<dyn Error>> {
        let mut client = Self {
            window: ReplayWindow::new(1_000_000)?,
            sent: 0,
            token_id: *b"6f1d2c3b-8a90-4e5f-b7c6-000000000000",
        };
        let filling = (0..500_000).all(|_| client.send());
        filling
            .then_some(client)
            .ok_or_else(|| "a new token was refused".into())
    }

    /// Has the window remember the next token.
    fn send(&mut self) -> bool {
        self.sent += 1;
        for digit in self.token_id.iter_mut().rev().take(12) {
            *digit += 1;
            if *digit <= b'9' {
                break;
            }
            *digit = b'0';
        }
        let now = Self::START + (self.sent / Self::A_SECOND) as i64;
        let token_id = str::from_utf8(&self.token_id).unwrap_or_default();
        self.window
            .check_and_insert(
                ISSUER,
                token_id,
                UnixTime::from_secs(now + Self::LIFE),
                UnixTime::from_secs(now),
            )
            .is_ok()
    }
}
