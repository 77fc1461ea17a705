//! Two repositories, the first of which goes away and comes back: killed, or hung with its sockets open. A steady load
//! goes on meanwhile, one token in ten with a key that was never asked for.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use asap_engine::{KeyRepositoryConfig, VerifyError};
use serde_json::{Value, json};
use tokio::runtime::Builder;
use tokio::task::JoinSet;

use crate::Failure;
use crate::gateway::{Verifier, verifier};
use crate::remote::{Identity, KeyServer};
use crate::report::Report;
use crate::samples::Samples;
use crate::signer::Signer;

const ISSUER: &str = "bench/recovery";
/// The time between two tokens.
const INTERVAL: Duration = Duration::from_millis(2);
/// One token in so many has a key that was never asked for.
const NEW_KEYS: usize = 10;
/// How long the first repository may stay unasked after it has come back.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a repository that hung may take to read what was sent to it meanwhile.
const DRAIN: Duration = Duration::from_millis(50);

/// What happens to the first repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mishap {
    Killed,
    Hung,
}

/// The parts of a run.
const PHASES: [&str; 3] = ["both there", "the first away", "the first back"];

/// Runs the mishaps.
pub(crate) fn run(is_quick: bool, report: &mut Report) -> Result<(), Failure> {
    let phase = if is_quick {
        Duration::from_millis(500)
    } else {
        Duration::from_secs(4)
    };
    for mishap in [Mishap::Killed, Mishap::Hung] {
        let row = measure(mishap, phase)?;
        if mishap == Mishap::Killed {
            let refused = row["refused"].as_u64();
            report.promise(
                "nobody is refused for a dead repository",
                refused == Some(0),
            );
        }
        report.keep(row);
    }
    println!();
    Ok(())
}

/// One token's way.
struct Call {
    phase: usize,
    is_new: bool,
    code: &'static str,
    latency: Duration,
}

fn measure(mishap: Mishap, phase: Duration) -> Result<Value, Failure> {
    let signer = Signer::new()?;
    let identity = Identity::new(&signer, &[])?;
    let serve = |server: &mut KeyServer| server.serve("max-age=1", Duration::from_millis(5));
    let mut first = KeyServer::start(&identity)?;
    let mut second = KeyServer::start(&identity)?;
    serve(&mut first)?;
    serve(&mut second)?;
    let config = KeyRepositoryConfig::new(&first.base_url())?
        .with_fallback(&second.base_url())?
        .with_root_certificates(identity.certificate().as_bytes())?;
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("keys")
        .enable_all()
        .build()?;
    let engine = Arc::new(runtime.block_on(async { verifier(config) })?);
    // More than are needed, however long the first repository stays unasked.
    let rounds = (phase * 4).as_millis() / (INTERVAL.as_millis() * NEW_KEYS as u128);
    let tokens = tokens(&signer, rounds as usize)?;
    let now = AtomicUsize::new(0);
    let (calls, asked_after) = std::thread::scope(|scope| {
        let load = scope.spawn(|| load(&engine, &tokens, &now));
        let play = || {
            std::thread::sleep(phase);
            now.store(1, Ordering::Relaxed);
            first = away(first, mishap, phase, &identity, serve)?;
            now.store(2, Ordering::Relaxed);
            let asked_after = until_asked(&mut first, mishap)?;
            std::thread::sleep(phase);
            Ok::<_, Failure>(asked_after)
        };
        let played = play();
        now.store(PHASES.len(), Ordering::Relaxed);
        let calls = load.join().map_err(|_| "the load panicked")??;
        Ok::<_, Failure>((calls, played?))
    })?;
    let row = json!({
        "scenario": "recovery",
        "first_repository": format!("{mishap:?}").to_lowercase(),
        "away_s": phase.as_secs_f64(),
        "calls": calls.len(),
        "refused": calls.iter().filter(|call| call.code != ACCEPTED).count(),
        "asked_again_after_ms": asked_after.map(|after| after.as_secs_f64() * 1e3),
        "second_was_asked": second.counters()?.total(),
        "phases": PHASES.iter().enumerate().map(|(phase, name)| summary(&calls, phase, name)).collect::<Vec<_>>(),
    });
    print(&row);
    Ok(row)
}

/// The first repository goes away for so long and comes back.
fn away(
    server: KeyServer,
    mishap: Mishap,
    duration: Duration,
    identity: &Identity,
    serve: impl Fn(&mut KeyServer) -> Result<(), Failure>,
) -> Result<KeyServer, Failure> {
    match mishap {
        Mishap::Killed => {
            let port = server.port();
            drop(server);
            std::thread::sleep(duration);
            let mut server = KeyServer::start_on(identity, port)?;
            serve(&mut server)?;
            Ok(server)
        }
        Mishap::Hung => {
            server.hang(true)?;
            std::thread::sleep(duration);
            server.hang(false)?;
            Ok(server)
        }
    }
}

/// How long it takes until the first repository is asked again.
fn until_asked(server: &mut KeyServer, mishap: Mishap) -> Result<Option<Duration>, Failure> {
    let start = Instant::now();
    if mishap == Mishap::Hung {
        std::thread::sleep(DRAIN);
    }
    let before = match mishap {
        Mishap::Killed => 0,
        Mishap::Hung => server.counters()?.total(),
    };
    while start.elapsed() < PATIENCE {
        if server.counters()?.total() > before {
            return Ok(Some(start.elapsed()));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(None)
}

/// A token of the known key, and as many of new keys as there may be rounds.
fn tokens(signer: &Signer, rounds: usize) -> Result<Vec<Arc<str>>, Failure> {
    (0..=rounds)
        .map(|number| {
            let key_id = format!("{ISSUER}/key-{number}");
            Ok(signer.token(ISSUER, &key_id, number)?.into())
        })
        .collect()
}

/// The load, until the last phase has ended.
fn load(
    engine: &Arc<Verifier>,
    tokens: &[Arc<str>],
    phase: &AtomicUsize,
) -> Result<Vec<Call>, Failure> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let known = tokens.first().ok_or("there are no tokens")?;
    runtime.block_on(async {
        let (mut asking, mut calls) = (JoinSet::new(), Vec::new());
        let (mut number, mut due) = (0_usize, Instant::now());
        loop {
            let phase = phase.load(Ordering::Relaxed);
            if phase >= PHASES.len() {
                break;
            }
            tokio::time::sleep_until(due.into()).await;
            let new = number
                .is_multiple_of(NEW_KEYS)
                .then(|| tokens.get(1 + number / NEW_KEYS))
                .flatten();
            let (engine, token) = (Arc::clone(engine), Arc::clone(new.unwrap_or(known)));
            let is_new = new.is_some();
            asking.spawn(async move {
                let verdict = engine.verify(token.as_bytes()).await;
                Call {
                    phase,
                    is_new,
                    code: verdict.map_or_else(VerifyError::code, |_| ACCEPTED),
                    latency: due.elapsed(),
                }
            });
            while let Some(call) = asking.try_join_next() {
                calls.push(call?);
            }
            number += 1;
            due += INTERVAL;
        }
        while let Some(call) = asking.join_next().await {
            calls.push(call?);
        }
        Ok(calls)
    })
}

/// What [`Call::code`] is for a token that was let in.
const ACCEPTED: &str = "accepted";

fn summary(calls: &[Call], phase: usize, name: &str) -> Value {
    let of = |is_new: bool| {
        let (mut samples, mut codes) = (Samples::default(), BTreeMap::<_, u64>::new());
        for call in calls {
            if call.phase == phase && call.is_new == is_new {
                samples.push(call.latency);
                *codes.entry(call.code).or_default() += 1;
            }
        }
        json!({ "verdicts": codes, "latency_us": samples.summary().to_json() })
    };
    json!({ "phase": name, "known_key": of(false), "new_keys": of(true) })
}

fn print(row: &Value) {
    let float = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
    println!(
        "recovery: the first of two repositories {} for {} s under {} tokens: {} refused; asked again after {:.0} ms",
        row["first_repository"].as_str().unwrap_or_default(),
        row["away_s"],
        row["calls"],
        row["refused"],
        float(&row["asked_again_after_ms"]),
    );
    println!(
        "  {:<34} {:>9} {:>9} {:>9}  verdicts",
        "milliseconds", "p50", "p99", "worst"
    );
    for phase in row["phases"].as_array().into_iter().flatten() {
        for kind in ["known_key", "new_keys"] {
            let (calls, latency) = (&phase[kind], &phase[kind]["latency_us"]);
            println!(
                "  {:<34} {:>9.1} {:>9.1} {:>9.1}  {}",
                format!("{}, {kind}", phase["phase"].as_str().unwrap_or_default()),
                float(&latency["p50"]) / 1e3,
                float(&latency["p99"]) / 1e3,
                float(&latency["worst"]) / 1e3,
                calls["verdicts"],
            );
        }
    }
}
