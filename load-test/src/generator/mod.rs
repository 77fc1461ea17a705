//! The generator: threads with connections, which send what the deck deals and check what comes back.
//!
//! Threads, runtimes and connections live as long as the generator, so that all phases of a run use the same ones.
//! Each thread keeps a tally of its own; they are merged when the phase is over.

mod connection;
#[cfg(test)]
mod tests;
mod turnstile;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use http::{HeaderValue, Uri};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

pub(crate) use self::connection::{Answer, Connection, Destination};
pub(crate) use self::turnstile::Pace;
use self::turnstile::{Ticket, Turnstile};
use crate::cpu;
use crate::number::count;
use crate::progress;
use crate::scenario::{Deck, Kind};
use crate::statistics::Tally;
use crate::tokens::{Draw, Stock};

/// How long the last answers of a phase may take.
const GRACE: Duration = Duration::from_secs(10);
/// How many times in a row a deal may be passed over before the connection gives up.
const MAX_PASSES: usize = 2_000;

/// What to send in a phase.
#[derive(Debug, Clone)]
pub(crate) enum Load {
    /// Requests with this token to a path that does not look at it.
    Open(Uri, HeaderValue),
    /// What the deck deals.
    Dealt(Arc<Deck>),
}

/// One phase of a run.
#[derive(Debug, Clone)]
pub(crate) struct Phase {
    pub(crate) label: &'static str,
    pub(crate) pace: Pace,
    pub(crate) duration: Duration,
    /// Ends the phase before its time.
    pub(crate) max_requests: u64,
    pub(crate) load: Load,
}

/// What came of a phase.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    pub(crate) tally: Tally,
    /// From the start to the last answer.
    pub(crate) elapsed: Duration,
    /// CPU time of the gateway's threads.
    pub(crate) gateway_cpu: Option<Duration>,
    /// CPU time of the generator's threads.
    pub(crate) generator_cpu: Option<Duration>,
    /// Whether it ended early because there were no more tokens.
    pub(crate) ran_dry: bool,
}

/// A thread of the generator, between phases.
#[derive(Debug)]
struct Lane {
    runtime: Runtime,
    connections: Vec<Connection>,
}

/// Threads and connections.
#[derive(Debug)]
pub(crate) struct Generator {
    lanes: Vec<Lane>,
}

/// What the connections of a thread share during a phase.
struct Shared {
    turnstile: Turnstile,
    start: Instant,
    load: Load,
    stock: Arc<Stock>,
    tally: Mutex<Tally>,
    progress: Arc<Counters>,
    max_requests: u64,
}

/// What all threads count together.
#[derive(Debug, Default)]
struct Counters {
    sent: AtomicU64,
    dry: AtomicU64,
}

impl Generator {
    /// Opens `connections`, spread over `threads`.
    pub(crate) fn connect(
        destination: &Arc<Destination>,
        connections: usize,
        threads: usize,
    ) -> Result<Self, String> {
        let threads = threads.clamp(1, connections.max(1));
        let lanes = (0..threads)
            .map(|thread| {
                let runtime = Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .map_err(|error| format!("no runtime for the generator: {error}"))?;
                let mine = (thread..connections).step_by(threads);
                let connections = runtime.block_on(async {
                    let mut open = Vec::new();
                    for _ in mine {
                        open.push(Connection::open(Arc::clone(destination)).await?);
                    }
                    Ok::<_, String>(open)
                })?;
                Ok(Lane {
                    runtime,
                    connections,
                })
            })
            .collect::<Result<_, String>>()?;
        Ok(Self { lanes })
    }

    /// How many threads send.
    pub(crate) fn threads(&self) -> usize {
        self.lanes.len()
    }

    /// Whether the gateway accepts a good token.
    pub(crate) fn is_accepted(&mut self, stock: &Stock) -> bool {
        let Some(lane) = self.lanes.first_mut() else {
            return false;
        };
        let draw = [Kind::GoodEs256, Kind::GoodRs256]
            .into_iter()
            .find_map(|kind| match stock.draw(kind) {
                Draw::Token(token) => Some(token),
                _ => None,
            });
        lane.runtime
            .block_on(async {
                let connection = lane.connections.first_mut()?;
                connection.ready().await.ok()?;
                let answer = tokio::time::timeout(GRACE, connection.send(None, draw))
                    .await
                    .ok()?
                    .ok()?;
                answer.status.is_success().then_some(())
            })
            .is_some()
    }

    /// Runs a phase.
    pub(crate) fn run(
        &mut self,
        phase: &Phase,
        stock: &Arc<Stock>,
        progress: &progress::Phase,
    ) -> Result<Outcome, String> {
        let counters = Arc::new(Counters::default());
        let threads = self.lanes.len();
        let cpu_before = cpu::of_threads_named(crate::gateway::THREAD_NAME);
        let start = Instant::now();
        let results = thread::scope(|scope| {
            let mut running = Vec::new();
            for (index, lane) in self.lanes.iter_mut().enumerate() {
                let shared = Shared {
                    turnstile: Turnstile::new(start, phase.pace, phase.duration, index, threads),
                    start,
                    load: phase.load.clone(),
                    stock: Arc::clone(stock),
                    tally: Mutex::new(Tally::new()),
                    progress: Arc::clone(&counters),
                    max_requests: phase.max_requests,
                };
                let handle = thread::Builder::new()
                    .name("generator".to_owned())
                    .spawn_scoped(scope, move || lane.run(shared, phase.duration))
                    .map_err(|error| format!("no thread for the generator: {error}"))?;
                running.push(handle);
            }
            while running.iter().any(|handle| !handle.is_finished()) {
                thread::sleep(Duration::from_millis(50));
                show(progress, start, &counters);
            }
            running
                .into_iter()
                .map(|handle| {
                    handle
                        .join()
                        .map_err(|_| "a thread of the generator panicked".to_owned())
                })
                .collect::<Result<Vec<_>, String>>()
        })?;
        let cpu_after = cpu::of_threads_named(crate::gateway::THREAD_NAME);
        let mut outcome = Outcome {
            tally: Tally::new(),
            elapsed: Duration::ZERO,
            gateway_cpu: cpu_after
                .zip(cpu_before)
                .map(|(after, before)| after.saturating_sub(before)),
            generator_cpu: Some(Duration::ZERO),
            ran_dry: counters.dry.load(Ordering::Relaxed) > 0,
        };
        for (tally, elapsed, cpu) in results {
            outcome.tally.merge(tally);
            outcome.elapsed = outcome.elapsed.max(elapsed);
            outcome.generator_cpu = outcome
                .generator_cpu
                .zip(cpu)
                .map(|(sum, cpu)| sum.saturating_add(cpu));
        }
        Ok(outcome)
    }
}

fn show(progress: &progress::Phase, start: Instant, counters: &Counters) {
    let elapsed = start.elapsed();
    let sent = counters.sent.load(Ordering::Relaxed);
    progress.update(crate::number::nanos(elapsed), || {
        format!(
            "{} requests in {:.1} s",
            crate::number::grouped(sent),
            elapsed.as_secs_f64()
        )
    });
}

impl Lane {
    /// Sends on all connections until the phase is over.
    fn run(&mut self, shared: Shared, duration: Duration) -> (Tally, Duration, Option<Duration>) {
        let start = shared.start;
        let shared = Arc::new(shared);
        let connections = std::mem::take(&mut self.connections);
        self.connections = self.runtime.block_on(async {
            let mut tasks = JoinSet::new();
            for (index, connection) in connections.into_iter().enumerate() {
                tasks.spawn(drive(connection, index, Arc::clone(&shared)));
            }
            let mut idle = Vec::new();
            let all = async {
                while let Some(finished) = tasks.join_next().await {
                    idle.extend(finished.ok().flatten());
                }
            };
            let in_time = tokio::time::timeout(duration.saturating_add(GRACE), all)
                .await
                .is_ok();
            if !in_time {
                let hanging = count(tasks.len());
                shared.with_tally(|tally| {
                    tally.unanswered = tally.unanswered.saturating_add(hanging)
                });
                tasks.shutdown().await;
            }
            idle
        });
        let elapsed = start.elapsed();
        let tally = std::mem::replace(
            &mut *shared.tally.lock().unwrap_or_else(PoisonError::into_inner),
            Tally::new(),
        );
        (tally, elapsed, cpu::of_this_thread())
    }
}

impl Shared {
    fn with_tally(&self, update: impl FnOnce(&mut Tally)) {
        update(&mut self.tally.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// What to send next: its kind, if it is checked by one, and the value of `Authorization`.
    fn deal(
        &self,
        position: &mut usize,
        accepted: Option<&HeaderValue>,
    ) -> Option<(Option<Kind>, Option<HeaderValue>)> {
        let deck = match &self.load {
            Load::Open(_, authorization) => return Some((None, Some(authorization.clone()))),
            Load::Dealt(deck) => deck,
        };
        for _ in 0..MAX_PASSES {
            let kind = deck.at(*position);
            *position = position.wrapping_add(1);
            let draw = match (kind, accepted) {
                (Kind::Replayed, Some(token)) => Draw::Token(token.clone()),
                _ => self.stock.draw(kind),
            };
            match draw {
                Draw::Token(token) => return Some((Some(kind), Some(token))),
                Draw::Without => return Some((Some(kind), None)),
                Draw::NotNow => {}
                Draw::Spent => {
                    self.progress.dry.fetch_add(1, Ordering::Relaxed);
                    return None;
                }
            }
        }
        None
    }

    fn record(
        &self,
        ticket: Ticket,
        sent: Instant,
        kind: Option<Kind>,
        answer: &Answer,
        exactly: bool,
    ) {
        let now = Instant::now();
        let wrong = kind.map(|kind| (kind, !answer.is(kind.expected(), exactly)));
        self.with_tally(|tally| {
            tally.answered(
                now.saturating_duration_since(self.start),
                now.saturating_duration_since(ticket.intended),
                now.saturating_duration_since(sent),
            );
            if ticket.in_time {
                tally
                    .lateness
                    .record(sent.saturating_duration_since(ticket.intended));
            } else {
                tally.backlogged = tally.backlogged.saturating_add(1);
            }
            if !answer.status.is_success() {
                tally.refused(answer.code());
            }
            if let Some((kind, wrong)) = wrong {
                tally.judged(kind, wrong.then(|| explain(kind, answer)));
            }
        });
    }
}

fn explain(kind: Kind, answer: &Answer) -> String {
    let expected = kind.expected();
    format!(
        "{}: must get {} {}, got {answer}",
        kind.label(),
        expected.status,
        expected.code
    )
}

/// Sends on one connection until the phase is over, and gives it back if it still works.
async fn drive(
    mut connection: Connection,
    index: usize,
    shared: Arc<Shared>,
) -> Option<Connection> {
    let path = match &shared.load {
        Load::Open(path, _) => Some(path),
        Load::Dealt(_) => None,
    };
    let mut position = index.wrapping_mul(61);
    let mut accepted: Option<HeaderValue> = None;
    loop {
        if let Err(reason) = connection.ready().await {
            shared.with_tally(|tally| tally.lost(reason));
            return None;
        }
        let Some(ticket) = shared.turnstile.pass().await else {
            return Some(connection);
        };
        if shared.progress.sent.fetch_add(1, Ordering::Relaxed) >= shared.max_requests {
            return Some(connection);
        }
        let Some((kind, authorization)) = shared.deal(&mut position, accepted.as_ref()) else {
            return Some(connection);
        };
        let sent = Instant::now();
        match connection.send(path, authorization.clone()).await {
            Ok(answer) => {
                shared.record(ticket, sent, kind, &answer, connection.names_codes());
                if answer.status.is_success() && kind.and_then(Kind::good_algorithm).is_some() {
                    accepted = authorization;
                }
            }
            Err(reason) => shared.with_tally(|tally| tally.lost(reason)),
        }
    }
}
