//! The generator: threads with connections, which send what the deck deals and check what comes back.
//!
//! Threads, runtimes and connections live as long as the generator, so that all phases of a run use the same ones.
//! Each thread keeps a tally of its own; they are merged when the phase is over.

mod connection;
mod lane;
#[cfg(test)]
mod tests;
mod turnstile;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use http::{HeaderValue, Uri};
use tokio::runtime::Builder;

use self::connection::Connection;
pub(crate) use self::connection::Destination;
use self::lane::{Counters, Lane, Shared};
pub(crate) use self::turnstile::Pace;
use self::turnstile::Turnstile;
use crate::cpu;
use crate::progress;
use crate::scenario::{Deck, Kind};
use crate::statistics::Tally;
use crate::tokens::{Draw, Stock};

/// How long the last answers of a phase may take.
const GRACE: Duration = Duration::from_secs(10);

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
    /// The share of the machine that other processes had meanwhile.
    pub(crate) others: Option<f64>,
    /// Whether it ended early because there were no more tokens.
    pub(crate) ran_dry: bool,
}

/// Threads and connections.
#[derive(Debug)]
pub(crate) struct Generator {
    lanes: Vec<Lane>,
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
        let machine_before = cpu::MachineTime::now();
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
        let machine = cpu::MachineTime::now().zip(machine_before);
        let mut outcome = Outcome {
            tally: Tally::new(),
            elapsed: Duration::ZERO,
            gateway_cpu: cpu_after
                .zip(cpu_before)
                .map(|(after, before)| after.saturating_sub(before)),
            generator_cpu: Some(Duration::ZERO),
            others: machine.and_then(|(after, before)| after.taken_by_others_since(before)),
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
