//! A steady load over keys that are fresh for two seconds, every key used once a second: whether any token ever meets
//! a key that has to be waited for, and what a verification costs while keys are being refreshed.
//!
//! Slots of the schedule go in turn to the engine with the repository and to one whose keys never change, so that what
//! the machine does to a verification, it does to both. A call's latency is its own; the load does not wait for late
//! calls (the JSON has the time from each slot's instant too, which includes up to a millisecond of sleep).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::{Duration, Instant};

use asap_engine::{Engine, KeyId, KeySource, Keyring, Policy, Scratch, Verdict};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Semaphore, mpsc};

use crate::gateway::{Verifier, verifier};
use crate::remote::{Identity, KeyServer};
use crate::report::Report;
use crate::samples::{Samples, Summary};
use crate::signer::{AUDIENCE, Signer};
use crate::{Failure, cpu};

/// The name of the thread that fetches keys.
const THREAD_NAME: &str = "keys";
/// How many keys one issuer has.
const KEYS_OF_AN_ISSUER: usize = 4;
/// How many first fetches run at once: fewer than the client allows.
const FIRST_FETCHES: usize = 24;
/// How long it may take until every key was there once.
const PATIENCE: Duration = Duration::from_secs(60);

/// How large a case is.
#[derive(Debug, Clone, Copy)]
struct Size {
    keys: usize,
    /// Tokens a second, half of them for each engine.
    rate: u32,
    fresh: Duration,
    delay: Duration,
    measured: Duration,
}

/// Where a key stands, as the load sees it.
mod state {
    pub(super) const NEVER_SEEN: u8 = 0;
    pub(super) const ASKED_FIRST: u8 = 1;
    pub(super) const SEEN: u8 = 2;
}

/// Runs the cases.
pub(crate) fn run(is_quick: bool, report: &mut Report) -> Result<(), Failure> {
    let case = |keys, delay_ms| Size {
        keys,
        rate: 20_000,
        fresh: Duration::from_secs(2),
        delay: Duration::from_millis(delay_ms),
        measured: Duration::from_secs(20),
    };
    let quick = Size {
        keys: 200,
        rate: 2_000,
        fresh: Duration::from_secs(4),
        delay: Duration::from_millis(1),
        measured: Duration::from_secs(2),
    };
    let cases = if is_quick {
        vec![quick]
    } else {
        vec![case(1, 20), case(10_000, 1)]
    };
    for size in cases {
        let row = measure(size)?;
        let waits = row["needs_key_after_first"].as_u64();
        // A machine that stands still for longer than a refresh may be late breaks this, so the quick form, which runs
        // on any machine, does not hold it to that.
        report.promise(
            "no key is waited for after its first",
            is_quick || waits == Some(0),
        );
        report.promise(
            "no more fetches than keys go stale",
            row["gets_per_second"].as_f64() <= row["possible_gets_per_second"].as_f64(),
        );
        report.keep(row);
    }
    println!();
    Ok(())
}

/// Everything that one case stands on.
struct Stand {
    size: Size,
    tokens: Vec<(String, String)>,
    key_server: KeyServer,
    runtime: Runtime,
    refreshed: Arc<Verifier>,
    pinned: Engine<Keyring>,
    states: Arc<[AtomicU8]>,
}

/// One call.
struct Call {
    /// When it was due, since the start.
    due: Duration,
    latency: Duration,
    from_due: Duration,
    is_refreshed: bool,
}

fn measure(size: Size) -> Result<Value, Failure> {
    let mut stand = Stand::build(size)?;
    let wanted = stand.fetch_on_demand();
    stand.until_all_seen(&wanted)?;
    let (before, start) = (stand.key_server.counters()?, Instant::now());
    let cpu_before = (cpu::of_threads(THREAD_NAME), stand.key_server.cpu());
    let (calls, in_flight, waits) = stand.load(size.measured, &wanted);
    let elapsed = start.elapsed().as_secs_f64();
    let after = stand.key_server.counters()?;
    let share = |now: Duration, then: Duration| (now - then).as_secs_f64() / elapsed;
    let row = json!({
        "scenario": "refresh",
        "keys": size.keys,
        "offered_per_second": size.rate,
        "max_age_s": size.fresh.as_secs(),
        "delay_ms": size.delay.as_millis() as u64,
        "calls": calls.len(),
        "needs_key_after_first": waits,
        "gets_per_second": (after.total() - before.total()) as f64 / elapsed,
        // After three fifths of their freshness at the earliest, and once more in the time that is measured.
        "possible_gets_per_second":
            size.keys as f64 * (1.0 / (0.6 * size.fresh.as_secs_f64()) + 2.0 / elapsed),
        "revalidated": after.not_modified - before.not_modified,
        "keys_thread_cpu": share(cpu::of_threads(THREAD_NAME), cpu_before.0),
        "key_server_cpu": share(stand.key_server.cpu(), cpu_before.1),
        "time_in_flight": share_of(&in_flight),
        "latency_us": latencies(&calls, &in_flight),
    });
    print(&row);
    Ok(row)
}

impl Stand {
    fn build(size: Size) -> Result<Self, Failure> {
        let signer = Signer::new()?;
        let identity = Identity::new(&signer, &[])?;
        let mut key_server = KeyServer::start(&identity)?;
        let cache_control = format!("max-age={}", size.fresh.as_secs());
        key_server.serve(&cache_control, size.delay)?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name(THREAD_NAME)
            .enable_all()
            .build()?;
        let config = key_server.config(&identity)?;
        let refreshed = runtime.block_on(async { verifier(config) })?;
        let names: Vec<_> = (0..size.keys).map(names).collect();
        let pem = signer.public_key_pem().as_bytes();
        let keyring = Keyring::from_pems(names.iter().map(|(_, key_id)| (key_id.as_str(), pem)))?;
        Ok(Self {
            size,
            tokens: sign(&signer, names)?,
            key_server,
            runtime,
            refreshed: Arc::new(refreshed),
            pinned: Engine::new(Policy::new(AUDIENCE)?, keyring),
            states: (0..size.keys).map(|_| AtomicU8::default()).collect(),
        })
    }

    /// Fetches, a few at a time, the keys that are sent to it.
    fn fetch_on_demand(&self) -> mpsc::UnboundedSender<usize> {
        let (wanted, mut asked) = mpsc::unbounded_channel::<usize>();
        let places = Arc::new(Semaphore::new(FIRST_FETCHES));
        let (verifier, states) = (Arc::clone(&self.refreshed), Arc::clone(&self.states));
        self.runtime.spawn(async move {
            while let Some(number) = asked.recv().await {
                let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                    return;
                };
                let (verifier, states) = (Arc::clone(&verifier), Arc::clone(&states));
                tokio::spawn(async move {
                    let (issuer, key_id) = names(number);
                    let fetched = match KeyId::parse(&key_id) {
                        Some(key_id) => verifier.keys().fetch(key_id, &issuer).await.is_ok(),
                        None => false,
                    };
                    let now = if fetched {
                        state::SEEN
                    } else {
                        state::NEVER_SEEN
                    };
                    if let Some(state) = states.get(number) {
                        state.fetch_max(now, Ordering::Relaxed);
                        // A first fetch that failed may be tried again.
                        let _ = state.compare_exchange(
                            state::ASKED_FIRST,
                            now,
                            Ordering::Relaxed,
                            Ordering::Relaxed,
                        );
                    }
                    drop(place);
                });
            }
        });
        wanted
    }

    /// Loads until every key was there once and has been refreshed since.
    fn until_all_seen(&self, wanted: &mpsc::UnboundedSender<usize>) -> Result<(), Failure> {
        let start = Instant::now();
        let is_seen = |state: &AtomicU8| state.load(Ordering::Relaxed) == state::SEEN;
        while !self.states.iter().all(is_seen) {
            if start.elapsed() > PATIENCE {
                let seen = self.states.iter().filter(|state| is_seen(state)).count();
                let keys = self.size.keys;
                return Err(format!("{seen} of {keys} keys could be fetched in a minute").into());
            }
            // Long enough for every key to have its turn.
            self.load(Duration::from_secs(1), wanted);
        }
        self.load(self.size.fresh, wanted);
        Ok(())
    }

    /// The load: its calls, in which milliseconds a fetch was in flight, and how many tokens met a key that had been
    /// there and was not.
    fn load(
        &self,
        duration: Duration,
        wanted: &mpsc::UnboundedSender<usize>,
    ) -> (Vec<Call>, Vec<bool>, u64) {
        let start = Instant::now();
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let watching = scope.spawn(|| self.watch(start, &is_over));
            let (calls, waits) = self.call(start, duration, wanted);
            is_over.store(true, Ordering::Relaxed);
            (calls, watching.join().unwrap_or_default(), waits)
        })
    }

    /// Notes for each millisecond whether a fetch was in flight. With thousands of keys one always is, and asking takes
    /// longer.
    fn watch(&self, start: Instant, is_over: &AtomicBool) -> Vec<bool> {
        let (mut in_flight, mut fetches) = (Vec::new(), 0);
        while !is_over.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(if self.size.keys > 1 {
                20
            } else {
                1
            }));
            let stats = self.refreshed.keys().stats();
            let is_busy = stats.in_flight > 0 || stats.fetches != fetches;
            fetches = stats.fetches;
            in_flight.resize(start.elapsed().as_millis() as usize + 1, is_busy);
        }
        in_flight
    }

    fn call(
        &self,
        start: Instant,
        duration: Duration,
        wanted: &mpsc::UnboundedSender<usize>,
    ) -> (Vec<Call>, u64) {
        let slots = (duration.as_secs_f64() * f64::from(self.size.rate)) as u32;
        let interval = Duration::from_secs(1) / self.size.rate;
        let mut calls = Vec::with_capacity(slots as usize);
        let (mut scratch, mut waits) = (Scratch::new(), 0);
        for slot in 0..slots {
            let due = interval * slot;
            // Calls come due in bursts of a millisecond, so that waiting for them takes no processor.
            while start.elapsed() < due {
                std::thread::sleep(Duration::from_millis(1));
            }
            let number = (slot as usize / 2) % self.size.keys;
            let (Some((_, token)), Some(state)) =
                (self.tokens.get(number), self.states.get(number))
            else {
                continue;
            };
            let is_refreshed = slot % 2 == 0;
            let called = Instant::now();
            let verdict = if is_refreshed {
                self.refreshed.verify_now(token.as_bytes(), &mut scratch)
            } else {
                self.pinned.verify_now(token.as_bytes(), &mut scratch)
            };
            let latency = called.elapsed();
            let is_verified = matches!(verdict, Ok(Verdict::Verified(_)));
            if is_verified {
                calls.push(Call {
                    due,
                    latency,
                    from_due: start.elapsed().saturating_sub(due),
                    is_refreshed,
                });
            } else {
                match state.load(Ordering::Relaxed) {
                    state::NEVER_SEEN => {
                        state.store(state::ASKED_FIRST, Ordering::Relaxed);
                        let _ = wanted.send(number);
                    }
                    state::SEEN => {
                        waits += 1;
                        let _ = wanted.send(number);
                    }
                    _ => {}
                }
            }
        }
        (calls, waits)
    }
}

/// The issuer and the `kid` of a key.
fn names(number: usize) -> (String, String) {
    let issuer = format!("bench/refresh-{}", number / KEYS_OF_AN_ISSUER);
    let key_id = format!("{issuer}/key-{number}");
    (issuer, key_id)
}

/// A token for each key, signed on two threads: `kid` and token.
fn sign(signer: &Signer, names: Vec<(String, String)>) -> Result<Vec<(String, String)>, Failure> {
    let half = names.len().div_ceil(2).max(1);
    std::thread::scope(|scope| {
        let signing: Vec<_> = names
            .chunks(half)
            .map(|part| {
                scope.spawn(move || {
                    part.iter()
                        .map(|(issuer, key_id)| {
                            Ok((key_id.clone(), signer.token(issuer, key_id, 0)?))
                        })
                        .collect::<Result<Vec<_>, Failure>>()
                })
            })
            .collect();
        let mut tokens = Vec::with_capacity(names.len());
        for part in signing {
            tokens.extend(part.join().map_err(|_| "a signing thread panicked")??);
        }
        Ok(tokens)
    })
}

fn share_of(flags: &[bool]) -> f64 {
    let set = flags.iter().filter(|flag| **flag).count();
    set as f64 / flags.len().max(1) as f64
}

/// The latencies while a fetch was in flight and otherwise, of each engine.
fn latencies(calls: &[Call], in_flight: &[bool]) -> Value {
    let of = |is_refreshed: bool, is_around: bool| -> (Summary, Summary) {
        let (mut latency, mut from_due) = (Samples::default(), Samples::default());
        for call in calls {
            let millisecond = call.due.as_millis() as usize;
            let flag = in_flight.get(millisecond).copied().unwrap_or(false);
            if call.is_refreshed == is_refreshed && flag == is_around {
                latency.push(call.latency);
                from_due.push(call.from_due);
            }
        }
        (latency.summary(), from_due.summary())
    };
    let both = |is_refreshed: bool| {
        let (around, around_due) = of(is_refreshed, true);
        let (outside, outside_due) = of(is_refreshed, false);
        json!({
            "fetch_in_flight": around.to_json(),
            "no_fetch": outside.to_json(),
            "fetch_in_flight_from_due": around_due.to_json(),
            "no_fetch_from_due": outside_due.to_json(),
        })
    };
    json!({ "repository": both(true), "pinned_keys": both(false) })
}

fn print(row: &Value) {
    println!(
        "refresh: {} keys, max-age={}, the key server takes {} ms, {} calls at {} a second",
        row["keys"], row["max_age_s"], row["delay_ms"], row["calls"], row["offered_per_second"],
    );
    let float = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
    println!(
        "  tokens that met a key gone stale: {}; {:.1} GETs a second; a fetch in flight {:.0} % of the time; CPU: fetching {:.1} %, key server {:.1} %",
        row["needs_key_after_first"],
        float(&row["gets_per_second"]),
        float(&row["time_in_flight"]) * 100.0,
        float(&row["keys_thread_cpu"]) * 100.0,
        float(&row["key_server_cpu"]) * 100.0,
    );
    println!(
        "  {:<42} {:>8} {:>8} {:>8} {:>8} {:>9}",
        "microseconds", "calls", "p50", "p99", "p99.9", "worst"
    );
    for (name, engine) in [
        ("keys refreshed", "repository"),
        ("keys pinned", "pinned_keys"),
    ] {
        for (when, window) in [
            ("while a fetch was in flight", "fetch_in_flight"),
            ("otherwise", "no_fetch"),
        ] {
            let latency = &row["latency_us"][engine][window];
            println!(
                "  {:<42} {:>8} {:>8.1} {:>8.1} {:>8.1} {:>9.1}",
                format!("{name}, {when}"),
                latency["count"],
                float(&latency["p50"]),
                float(&latency["p99"]),
                float(&latency["p999"]),
                float(&latency["worst"]),
            );
        }
    }
}
