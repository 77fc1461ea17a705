//! Tokens without end, each with a key of its own that does not exist: how many of them reach the key server, what
//! they take of memory, what they do to tokens whose key is known, and whether a new issuer still gets its key.
//!
//! Time goes in turns: nothing but known keys; the same flood at an engine that has no repository (what the work of
//! refusing costs on this machine); the flood at the engine that is measured. One thread verifies tokens with a known
//! key all the while, and another one floods.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use asap_engine::{Engine, Keyring, Policy, Scratch, Verdict, VerifyError, limits};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

use crate::gateway::{Verifier, verifier};
use crate::remote::{Identity, KeyServer};
use crate::report::Report;
use crate::samples::{Samples, Summary};
use crate::signer::{AUDIENCE, Signer};
use crate::{Failure, cpu};

const ISSUER: &str = "bench/known";
const KEY_ID: &str = "bench/known/key-1";
/// How many tokens with a known key take turns.
const KNOWN_TOKENS: usize = 64;
/// How many tokens of the flood are under way at once.
const UNDER_WAY: usize = 256;
/// How long a newcomer goes on trying.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a newcomer waits before it tries again.
const PAUSE: Duration = Duration::from_millis(10);

/// Whose turn it is.
mod turn {
    pub(super) const QUIET: u8 = 0;
    pub(super) const WITHOUT_REPOSITORY: u8 = 1;
    pub(super) const FLOOD: u8 = 2;
}

/// The names of the turns, in their order.
const TURNS: [&str; 3] = ["quiet", "flood without repository", "flood"];

/// How large a case is.
#[derive(Debug, Clone, Copy)]
struct Size {
    issuers: usize,
    tokens: usize,
    turn: Duration,
}

/// Runs the cases.
pub(crate) fn run(is_quick: bool, report: &mut Report) -> Result<(), Failure> {
    let (tokens, turn) = if is_quick {
        (20_000, Duration::from_millis(50))
    } else {
        (1_000_000, Duration::from_millis(500))
    };
    for issuers in [1, 10_000] {
        let size = Size {
            issuers,
            tokens,
            turn,
        };
        let row = Stand::build(size)?.measure()?;
        report.promise("no unknown key opens a door", row["accepted"] == 0);
        report.promise("known keys go on in a flood", row["known_refused"] == 0);
        report.promise(
            "a newcomer gets its key",
            row["newcomers"] == row["newcomers_accepted"],
        );
        report.keep(row);
    }
    println!();
    Ok(())
}

/// Everything that one case stands on.
struct Stand {
    size: Size,
    signer: Signer,
    key_server: KeyServer,
    runtime: Runtime,
    flooded: Arc<Verifier>,
    pinned: Engine<Keyring>,
    known: Vec<String>,
    turn: AtomicU8,
    is_over: AtomicBool,
    /// How many tokens of the flood the engine has answered.
    answered: AtomicUsize,
}

/// What the flood was answered.
type Verdicts = BTreeMap<&'static str, u64>;

impl Stand {
    fn build(size: Size) -> Result<Self, Failure> {
        let signer = Signer::new()?;
        let identity = Identity::new(&signer, &[])?;
        let mut key_server = KeyServer::start(&identity)?;
        key_server.serve("max-age=3600", Duration::ZERO)?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("keys")
            .enable_all()
            .build()?;
        let config = key_server.config(&identity)?;
        let flooded = Arc::new(runtime.block_on(async { verifier(config) })?);
        let known: Vec<_> = (0..KNOWN_TOKENS)
            .map(|number| signer.token(ISSUER, KEY_ID, number))
            .collect::<Result<_, _>>()?;
        let first = known.first().ok_or("there are no known tokens")?;
        runtime.block_on(flooded.verify(first.as_bytes()))?;
        let keyring = Keyring::from_pems([(KEY_ID, signer.public_key_pem().as_bytes())])?;
        Ok(Self {
            size,
            signer,
            key_server,
            runtime,
            flooded,
            pinned: Engine::new(Policy::new(AUDIENCE)?, keyring),
            known,
            turn: AtomicU8::new(turn::QUIET),
            is_over: AtomicBool::new(false),
            answered: AtomicUsize::new(0),
        })
    }

    fn measure(mut self) -> Result<Value, Failure> {
        let before = self.key_server.counters()?;
        let (start, resident_before) = (Instant::now(), cpu::resident_kib());
        let (known, flood, directed) = std::thread::scope(|scope| {
            let known = scope.spawn(|| self.verify_known());
            let flood = scope.spawn(|| self.flood());
            let directed = self.direct();
            self.is_over.store(true, Ordering::Relaxed);
            let known = known.join().map_err(|_| "the known tokens panicked")?;
            let verdicts = flood.join().map_err(|_| "the flood panicked")??;
            Ok::<_, Failure>((known, verdicts, directed?))
        })?;
        let asked = self.key_server.counters()?;
        let stats = self.flooded.keys().stats();
        let (known_latencies, known_refused) = known;
        let elapsed = start.elapsed();
        let row = json!({
            "scenario": "flood",
            "issuers": self.size.issuers,
            "tokens": self.answered.load(Ordering::Relaxed),
            "seconds": elapsed.as_secs_f64(),
            "seconds_of_flood": directed.flooded.as_secs_f64(),
            "not_found_by_server": asked.not_found - before.not_found,
            "allowed_by_limits": self.allowed(elapsed),
            "keys_from_server": asked.keys - before.keys,
            "refused_by_limits": stats.refused_by_limits,
            "keys_cached": stats.keys,
            "accepted": flood.get("accepted").copied().unwrap_or(0),
            "verdicts": flood,
            "known_refused": known_refused,
            "known_latency_us": TURNS
                .into_iter()
                .zip(known_latencies)
                .map(|(name, latency)| (name.to_owned(), latency.to_json()))
                .collect::<serde_json::Map<_, _>>(),
            "resident_kib": [resident_before, directed.resident_middle, cpu::resident_kib()],
            "new_issuers": newcomers(&directed.new_issuers),
            "new_keys": newcomers(&directed.new_keys),
        });
        print(&row);
        Ok(row)
    }

    /// Tokens with the known key, one after the other: their latencies by turn, and how many were not verified.
    fn verify_known(&self) -> ([Summary; 3], u64) {
        let mut samples: [Samples; 3] = std::array::from_fn(|_| Samples::default());
        let (mut scratch, mut refused) = (Scratch::new(), 0);
        for token in self.known.iter().cycle() {
            if self.is_over.load(Ordering::Relaxed) {
                break;
            }
            let turn = self.turn.load(Ordering::Relaxed);
            let start = Instant::now();
            let verdict = self.flooded.verify_now(token.as_bytes(), &mut scratch);
            let latency = start.elapsed();
            if !matches!(verdict, Ok(Verdict::Verified(_))) {
                refused += 1;
            }
            if let Some(samples) = samples.get_mut(usize::from(turn)) {
                samples.push(latency);
            }
        }
        (samples.map(Samples::summary), refused)
    }

    /// The flood: what its tokens were answered.
    fn flood(&self) -> Result<Verdicts, Failure> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let mut verdicts = Verdicts::new();
        let mut scratch = Scratch::new();
        runtime.block_on(async {
            let mut asking = JoinSet::new();
            let mut number = 0;
            while !self.is_over.load(Ordering::Relaxed) {
                match self.turn.load(Ordering::Relaxed) {
                    turn::FLOOD => {
                        let (token, verifier) = (self.stranger(number), Arc::clone(&self.flooded));
                        asking.spawn(async move { code(verifier.verify(token.as_bytes()).await) });
                        number += 1;
                    }
                    turn::WITHOUT_REPOSITORY => {
                        let token = self.stranger(number);
                        let _ = self.pinned.verify_now(token.as_bytes(), &mut scratch);
                        number += 1;
                        continue;
                    }
                    _ => tokio::time::sleep(Duration::from_millis(1)).await,
                }
                while asking.len() >= UNDER_WAY
                    && let Some(answer) = asking.join_next().await
                {
                    self.note(&mut verdicts, answer?);
                }
                while let Some(answer) = asking.try_join_next() {
                    self.note(&mut verdicts, answer?);
                }
            }
            while let Some(answer) = asking.join_next().await {
                self.note(&mut verdicts, answer?);
            }
            Ok(verdicts)
        })
    }

    fn note(&self, verdicts: &mut Verdicts, code: &'static str) {
        *verdicts.entry(code).or_default() += 1;
        self.answered.fetch_add(1, Ordering::Relaxed);
    }

    /// A token with a key of its own that does not exist.
    fn stranger(&self, number: usize) -> String {
        let issuer = format!("bench/flood-{}", number % self.size.issuers);
        let key_id = format!("{issuer}/unknown-{number}");
        self.signer.unsigned(&issuer, &key_id, number)
    }

    /// What the default limits let the flood ask for in this time: one lane, or one issuer.
    fn allowed(&self, elapsed: Duration) -> f64 {
        let rate = |burst: u32, interval: Duration| {
            f64::from(burst) + elapsed.as_secs_f64() / interval.as_secs_f64()
        };
        let lane = rate(limits::DEFAULT_FETCH_BURST, limits::DEFAULT_FETCH_INTERVAL);
        let issuer = rate(
            limits::DEFAULT_FETCH_BURST_PER_ISSUER,
            limits::DEFAULT_FETCH_INTERVAL_PER_ISSUER,
        );
        lane.min(issuer * self.size.issuers as f64)
    }

    /// Gives the turns, and in each turn of the flood has somebody come with the first token of a new key: a new issuer
    /// and one that has a key already, in turn.
    fn direct(&self) -> Result<Directed, Failure> {
        let mut directed = Directed::default();
        let mut number = 0_usize;
        while self.answered.load(Ordering::Relaxed) < self.size.tokens || number < 2 {
            for turn in [turn::QUIET, turn::WITHOUT_REPOSITORY] {
                self.turn.store(turn, Ordering::Relaxed);
                std::thread::sleep(self.size.turn);
            }
            let start = Instant::now();
            self.turn.store(turn::FLOOD, Ordering::Relaxed);
            std::thread::sleep(self.size.turn / 2);
            if number.is_multiple_of(2) {
                let latency = self.newcomer(&format!("bench/newcomer-{number}"), number)?;
                directed.new_issuers.push(latency);
            } else {
                directed.new_keys.push(self.newcomer(ISSUER, number)?);
            }
            number += 1;
            std::thread::sleep(self.size.turn.saturating_sub(start.elapsed()));
            directed.flooded += start.elapsed();
            if self.answered.load(Ordering::Relaxed) < self.size.tokens / 2 {
                directed.resident_middle = cpu::resident_kib();
            }
        }
        Ok(directed)
    }

    /// How long the first token of a new key takes until it is accepted, if it ever is.
    fn newcomer(&self, issuer: &str, number: usize) -> Result<Option<Duration>, Failure> {
        let key_id = format!("{issuer}/key-new-{number}");
        let token = self.signer.token(issuer, &key_id, 0)?;
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if self
                .runtime
                .block_on(self.flooded.verify(token.as_bytes()))
                .is_ok()
            {
                return Ok(Some(start.elapsed()));
            }
            std::thread::sleep(PAUSE);
        }
        Ok(None)
    }
}

/// What came about while the turns went on.
#[derive(Debug, Default)]
struct Directed {
    flooded: Duration,
    resident_middle: u64,
    /// How long the first tokens of new issuers took.
    new_issuers: Vec<Option<Duration>>,
    /// How long the first tokens of new keys of a known issuer took.
    new_keys: Vec<Option<Duration>>,
}

fn code<T>(verdict: Result<T, VerifyError>) -> &'static str {
    verdict.map_or_else(VerifyError::code, |_| "accepted")
}

fn newcomers(latencies: &[Option<Duration>]) -> Value {
    let mut samples = Samples::default();
    let accepted = latencies.iter().flatten();
    accepted.for_each(|latency| samples.push(*latency));
    let summary = samples.summary();
    json!({
        "tried": latencies.len(),
        "accepted": summary.count,
        "latency_us": summary.to_json(),
    })
}

fn print(row: &Value) {
    let float = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
    println!(
        "flood: {} tokens with unknown keys of {} issuers in {:.1} s: {}",
        row["tokens"],
        row["issuers"],
        float(&row["seconds_of_flood"]),
        row["verdicts"],
    );
    println!(
        "  the key server was asked for {} of them in {:.1} s (the limits allow {:.0}); memory at start, middle and end: {} KiB",
        row["not_found_by_server"],
        float(&row["seconds"]),
        float(&row["allowed_by_limits"]),
        row["resident_kib"],
    );
    for (name, newcomers) in [
        ("new issuers", &row["new_issuers"]),
        ("new keys of a known issuer", &row["new_keys"]),
    ] {
        println!(
            "  {name} that got their key: {} of {}, after {:.1} ms (p50), {:.1} ms (worst)",
            newcomers["accepted"],
            newcomers["tried"],
            float(&newcomers["latency_us"]["p50"]) / 1e3,
            float(&newcomers["latency_us"]["worst"]) / 1e3,
        );
    }
    println!(
        "  {:<42} {:>8} {:>8} {:>8} {:>8} {:>9}",
        "known key, microseconds", "calls", "p50", "p99", "p99.9", "worst"
    );
    for turn in TURNS {
        let latency = &row["known_latency_us"][turn];
        println!(
            "  {turn:<42} {:>8} {:>8.1} {:>8.1} {:>8.1} {:>9.1}",
            latency["count"],
            float(&latency["p50"]),
            float(&latency["p99"]),
            float(&latency["p999"]),
            float(&latency["worst"]),
        );
    }
}
