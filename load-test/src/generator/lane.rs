//! One thread of the generator: its connections, and what each of them does until the phase is over.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::HeaderValue;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use super::connection::{Answer, Connection};
use super::turnstile::{Ticket, Turnstile};
use super::{GRACE, Load};
use crate::cpu;
use crate::number::count;
use crate::scenario::Kind;
use crate::statistics::Tally;
use crate::tokens::{Draw, Stock};

/// How many times in a row a deal may be passed over before the connection gives up.
const MAX_PASSES: usize = 2_000;

/// A thread of the generator, between phases.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) runtime: Runtime,
    pub(super) connections: Vec<Connection>,
}

/// What the connections of a thread share during a phase.
pub(super) struct Shared {
    pub(super) turnstile: Turnstile,
    pub(super) start: Instant,
    pub(super) load: Load,
    pub(super) stock: Arc<Stock>,
    pub(super) tally: Mutex<Tally>,
    pub(super) progress: Arc<Counters>,
    pub(super) max_requests: u64,
}

/// What all threads count together.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) sent: AtomicU64,
    pub(super) dry: AtomicU64,
}

impl Lane {
    /// Sends on all connections until the phase is over.
    pub(super) fn run(
        &mut self,
        shared: Shared,
        duration: Duration,
    ) -> (Tally, Duration, Option<Duration>) {
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
                tally.judged(kind, wrong.then(|| answer.explain(kind, exactly)));
            }
        });
    }
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
