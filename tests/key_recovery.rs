//! How soon a key repository that was down is asked again, what it is asked meanwhile, and what the log is told: in
//! paused time, where every pause can be measured.

use std::cell::RefCell;
use std::fmt::{Debug, Write};
use std::future::pending;
use std::io;
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

use asap_engine::internals::{Probe, SimulatedResponse, World};
use asap_engine::{KeyError, KeyRepository};
use asap_tests::key_client::{KEY, fetched, without_rates};
use asap_tests::keys::public_key_pem;
use asap_tests::simulated::{Answering, SimulatedServer, in_paused_time, simulated_reply};
use http::Request;
use tokio::time::{Instant, sleep};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// How long every answer takes.
const DELAY: Duration = Duration::from_millis(20);

/// What one of the two servers does at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    Good,
    /// It serves all keys but `svc/poison`.
    Fragile,
    Status(u16),
    Hang,
    Refuse,
}

/// Two repositories, of which the first changes its mood, and a client of both.
struct Pair {
    server: Arc<SimulatedServer>,
    first: Arc<Mutex<Mood>>,
    /// What the first was asked for, when, and whether by a probe.
    asked: Arc<Mutex<Vec<(Instant, String, bool)>>>,
    keys: KeyRepository,
}

impl Pair {
    fn new(first: Mood, second: Mood) -> Self {
        let (first, asked) = (Arc::new(Mutex::new(first)), Arc::default());
        let pem = public_key_pem();
        let (inside, log): (_, Arc<Mutex<Vec<_>>>) = (Arc::clone(&first), Arc::clone(&asked));
        let server = SimulatedServer::new(move |_, request: Request<()>| -> Answering {
            let path = request.uri().path().to_owned();
            let mood = if request.uri().host() == Some("keys.example") {
                let is_probe = request.extensions().get::<Probe>().is_some();
                let asked = (Instant::now(), path.clone(), is_probe);
                log.lock().unwrap().push(asked);
                *inside.lock().unwrap()
            } else {
                second
            };
            Box::pin(answer(mood, path, pem.clone()))
        });
        let keys = server.client_with(|config| {
            let config = config.with_fallback("https://standby.example").unwrap();
            without_rates(config).with_fallback_on_not_found(true)
        });
        Self {
            server,
            first,
            asked,
            keys,
        }
    }

    fn turn(&self, mood: Mood) {
        *self.first.lock().unwrap() = mood;
    }

    fn asked(&self) -> Vec<(Instant, String, bool)> {
        self.asked.lock().unwrap().clone()
    }

    fn is_up(&self) -> bool {
        self.keys.stats().repositories[0].is_up
    }

    /// A fetch, and how long it took.
    async fn fetch(&self, text: &str) -> (Result<(), KeyError>, Duration) {
        let start = Instant::now();
        (fetched(&self.keys, text).await, start.elapsed())
    }
}

async fn answer(mood: Mood, path: String, pem: String) -> io::Result<SimulatedResponse> {
    sleep(DELAY).await;
    let status = match mood {
        Mood::Fragile if path == "/svc/poison" => 500,
        Mood::Good | Mood::Fragile => {
            return Ok(simulated_reply(
                200,
                &[("cache-control", "max-age=9"), ("x-trace", SECRET)],
                pem,
            ));
        }
        Mood::Status(status) => status,
        Mood::Hang => return pending().await,
        Mood::Refuse => return Err(io::ErrorKind::ConnectionRefused.into()),
    };
    Ok(simulated_reply(status, &[("x-trace", SECRET)], SECRET))
}

/// What answers hold and logs must not.
const SECRET: &str = "hunter2";

#[test]
fn a_repository_that_answers_again_is_asked_again_within_a_second() {
    for seed in 0..120_u32 {
        in_paused_time(async {
            let outage = [
                Mood::Hang,
                Mood::Refuse,
                Mood::Status(503),
                Mood::Status(500),
            ][seed as usize % 4];
            // Some have served a key before, some have not.
            let pair = Pair::new(if seed % 3 == 0 { Mood::Good } else { outage }, Mood::Good);
            // Another seed, other jitter.
            for _ in 0..seed {
                let _ = pair.server.random();
            }
            assert_eq!(fetched(&pair.keys, KEY).await, Ok(()));
            pair.turn(outage);
            assert_eq!(fetched(&pair.keys, "svc/other").await, Ok(()));
            assert!(!pair.is_up());
            sleep(MILLISECOND * seed * 97).await;
            pair.turn(Mood::Good);
            let answers_again = Instant::now();
            let mut number = 0;
            while !pair.is_up() {
                number += 1;
                let (fetched, took) = pair.fetch(&format!("svc/{number}")).await;
                assert_eq!(fetched, Ok(()));
                // Nobody has waited for the sick one: this is the time that the answer of the other takes.
                assert!(took < 2 * DELAY, "seed {seed}: {took:?}");
            }
            assert!(answers_again.elapsed() < SECOND, "seed {seed}");
            let asked = pair.asked().len();
            assert_eq!(fetched(&pair.keys, "svc/last").await, Ok(()));
            assert_eq!(pair.asked().len(), asked + 1);
        });
    }
}

#[test]
fn a_hanging_repository_costs_one_caller_its_share_of_the_deadline_once() {
    in_paused_time(async {
        let pair = Pair::new(Mood::Hang, Mood::Good);
        let (fetched, took) = pair.fetch("svc/0").await;
        assert_eq!(fetched, Ok(()));
        // Half of the five seconds of a fetch.
        assert!(took > 2 * SECOND && took < 3 * SECOND, "{took:?}");
        for number in 1..1000 {
            let (fetched, took) = pair.fetch(&format!("svc/{number}")).await;
            assert_eq!(fetched, Ok(()));
            assert!(took < 2 * DELAY, "{number}: {took:?}");
        }
    });
}

#[test]
fn probes_back_off_and_are_few() {
    in_paused_time(async {
        let pair = Pair::new(Mood::Refuse, Mood::Good);
        assert_eq!(fetched(&pair.keys, KEY).await, Ok(()));
        sleep(30 * SECOND).await;
        let asked = pair.asked();
        let pauses: Vec<_> = asked.windows(2).map(|two| two[1].0 - two[0].0).collect();
        assert!(pauses.iter().all(|pause| *pause < SECOND / 2));
        assert!(pauses[0] < 150 * MILLISECOND && pauses[5] > 300 * MILLISECOND);
        // Different from each other, so that many clients do not ask in step.
        let mut different = pauses.clone();
        different.sort();
        different.dedup();
        assert!(different.len() > 20, "{different:?}");
        let probes = usize::try_from(pair.keys.stats().probes).unwrap();
        assert!((60..=90).contains(&probes), "{probes}");
        let probed = asked.iter().filter(|(.., is_probe)| *is_probe);
        assert_eq!((asked.len() - 1, probed.count()), (probes, probes));
    });
}

#[test]
fn an_idle_client_is_silent_after_a_minute_and_its_next_fetch_asks() {
    in_paused_time(async {
        let pair = Pair::new(Mood::Refuse, Mood::Good);
        assert_eq!(fetched(&pair.keys, KEY).await, Ok(()));
        sleep(59 * SECOND).await;
        let asked = pair.asked().len();
        sleep(2 * SECOND).await;
        assert!(pair.asked().len() > asked);
        let asked = pair.asked().len();
        sleep(3600 * SECOND).await;
        assert_eq!(pair.asked().len(), asked);
        pair.turn(Mood::Good);
        assert!(!pair.is_up());
        assert_eq!(fetched(&pair.keys, "svc/next").await, Ok(()));
        assert!(pair.is_up());
        let asked = pair.asked();
        let (_, path, is_probe) = asked.last().unwrap();
        assert_eq!((path.as_str(), *is_probe), ("/svc/next", false));
    });
}

#[test]
fn a_fetch_that_asks_an_idle_repository_in_vain_has_it_probed_again() {
    in_paused_time(async {
        let pair = Pair::new(Mood::Refuse, Mood::Good);
        assert_eq!(fetched(&pair.keys, KEY).await, Ok(()));
        sleep(3600 * SECOND).await;
        assert_eq!(fetched(&pair.keys, "svc/next").await, Ok(()));
        let asked = pair.asked().len();
        sleep(SECOND).await;
        assert!(pair.asked().len() > asked);
    });
}

#[test]
fn a_key_that_the_server_fails_at_takes_it_down_once_a_minute() {
    in_paused_time(async {
        let pair = Pair::new(Mood::Fragile, Mood::Status(404));
        assert_eq!(fetched(&pair.keys, KEY).await, Ok(()));
        let mut times_down = 0;
        for number in 0..1200 {
            let (poisoned, _) = pair.fetch("svc/poison").await;
            assert_eq!(poisoned, Err(KeyError::Unavailable));
            let (good, _) = pair.fetch(&format!("svc/{number}")).await;
            if good.is_err() {
                times_down += 1;
                sleep(SECOND).await;
            }
            sleep(100 * MILLISECOND).await;
        }
        // Some three minutes.
        assert!((1..=5).contains(&times_down), "{times_down}");
    });
}

#[test]
fn nothing_is_left_when_the_repository_is_dropped() {
    for mood in [Mood::Hang, Mood::Refuse] {
        in_paused_time(async {
            let pair = Pair::new(mood, Mood::Good);
            assert_eq!(fetched(&pair.keys, KEY).await, Ok(()));
            // Long enough for several questions to hang.
            sleep(2 * SECOND).await;
            let metrics = tokio::runtime::Handle::current().metrics();
            assert!(metrics.num_alive_tasks() > 0);
            let Pair {
                server,
                keys,
                asked,
                ..
            } = pair;
            drop(keys);
            let before = asked.lock().unwrap().len();
            sleep(MILLISECOND).await;
            assert_eq!(metrics.num_alive_tasks(), 0, "{mood:?}");
            assert_eq!(Arc::strong_count(&server), 1, "{mood:?}");
            sleep(10 * SECOND).await;
            assert_eq!(asked.lock().unwrap().len(), before);
        });
    }
}

thread_local! {
    /// What the engine told the log on this thread, which is all of one test.
    static LINES: RefCell<Vec<(Level, String)>> = const { RefCell::new(Vec::new()) };
}

/// Writes down what the engine tells the log. There is one for all threads: callsites remember whether anybody listens.
struct Log;

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("asap_engine")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        let told = (*event.metadata().level(), line.0);
        LINES.with_borrow_mut(|lines| lines.push(told));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, "{}={value:?} ", field.name()).unwrap();
    }
}

/// Runs a test whose log is written down.
fn logged(test: impl Future<Output = ()>) {
    static LISTENING: Once = Once::new();
    LISTENING.call_once(|| tracing::subscriber::set_global_default(Log).unwrap());
    in_paused_time(test);
    let lines = LINES.take();
    assert!(!lines.is_empty());
    for (_, line) in lines {
        assert!(!line.contains(SECRET) && !line.contains("BEGIN"), "{line}");
    }
}

/// What an operator has seen so far who does not debug.
fn told() -> Vec<(Level, String)> {
    let mut lines = LINES.with_borrow(Clone::clone);
    lines.retain(|(level, _)| *level <= Level::INFO);
    lines
}

#[test]
fn the_log_is_told_once_of_each_change() {
    logged(async {
        let pair = Pair::new(Mood::Good, Mood::Good);
        assert_eq!(fetched(&pair.keys, KEY).await, Ok(()));
        assert!(told().is_empty());
        for (round, mood) in [Mood::Status(503), Mood::Refuse, Mood::Hang]
            .into_iter()
            .enumerate()
        {
            pair.turn(mood);
            for number in 0..50 {
                assert_eq!(
                    fetched(&pair.keys, &format!("svc/{round}-{number}")).await,
                    Ok(())
                );
                sleep(100 * MILLISECOND).await;
            }
            assert_eq!(told().len(), 2 * round + 1);
            pair.turn(Mood::Good);
            sleep(SECOND).await;
            assert_eq!(told().len(), 2 * round + 2);
            sleep(60 * SECOND).await;
        }
        assert_eq!(told().len(), 6);
        for (change, failure) in told()
            .chunks(2)
            .zip(["status 503", "connection", "deadline"])
        {
            let [(down, why), (up, again)] = change else {
                panic!("two events a round")
            };
            assert_eq!((*down, *up), (Level::WARN, Level::INFO));
            for line in [why, again] {
                assert!(
                    line.contains("repository=\"https://keys.example\""),
                    "{line}"
                );
            }
            assert!(
                why.contains(failure) && why.contains("key_id=svc/"),
                "{why}"
            );
            assert!(again.contains("down_for_seconds="), "{again}");
        }
    });
}

#[test]
fn one_repository_alone_is_told_of_too_and_an_outage_does_not_fill_the_log() {
    logged(async {
        let server = SimulatedServer::new(|number, _: Request<()>| async move {
            Ok(simulated_reply(
                if number < 1000 { 503 } else { 404 },
                &[],
                SECRET,
            ))
        });
        let keys = server.client_with(without_rates);
        for number in 0..1000 {
            let unavailable = fetched(&keys, &format!("svc/{number}")).await;
            assert_eq!(unavailable, Err(KeyError::Unavailable));
        }
        assert_eq!(told().len(), 1);
        assert_eq!(fetched(&keys, KEY).await, Err(KeyError::Unknown));
        let levels: Vec<_> = told().iter().map(|(level, _)| *level).collect();
        assert_eq!(levels, [Level::WARN, Level::INFO]);
    });
}
