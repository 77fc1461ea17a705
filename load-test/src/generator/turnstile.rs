//! When the next request is due.
//!
//! In the open loop, requests are due at instants that are fixed before the first is sent, whatever the server
//! does. Connections come to the turnstile when they are free, the first in line waits for the next instant, and
//! all others wait behind it. Where no connection is free at an instant, the next one that comes finds it past,
//! sends at once, and the time it is late is part of the measured latency: otherwise a slow server would be
//! measured only when it is ready ("coordinated omission").
//!
//! The one in front does not sleep, since the timer of the runtime is exact to a millisecond only; it yields to
//! the other connections of its thread until the instant has come.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use tokio::task::yield_now;

use crate::number::{count, float};

/// How far before its instant the one in front stops sleeping.
const SPIN: Duration = Duration::from_millis(3);

/// How a phase paces its requests.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Pace {
    /// As soon as the last answer is there.
    Closed,
    /// So many requests a second, over all threads.
    Open(f64),
}

/// The instants of one thread: every `stride`-th of the whole schedule, from `first` on.
#[derive(Debug, Clone, Copy)]
struct Schedule {
    start: Instant,
    pace: Pace,
    duration: Duration,
    next: u64,
    stride: u64,
}

impl Schedule {
    /// The next instant, or nothing when the phase is over. In the closed loop, that is now.
    fn next(&mut self) -> Option<Instant> {
        let offset = match self.pace {
            Pace::Closed => self.start.elapsed(),
            Pace::Open(rate) => Duration::try_from_secs_f64(float(self.next) / rate).ok()?,
        };
        if offset >= self.duration {
            return None;
        }
        self.next = self.next.saturating_add(self.stride);
        self.start.checked_add(offset)
    }
}

/// Leave to send.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ticket {
    /// When the request is due: latency counts from here.
    pub(crate) intended: Instant,
    /// Whether a connection was free in time.
    pub(crate) in_time: bool,
}

/// What the connections of one thread line up at.
#[derive(Debug)]
pub(crate) struct Turnstile {
    schedule: Mutex<Schedule>,
    closed: bool,
}

impl Turnstile {
    /// The turnstile of thread `thread` of `threads`, for a phase that begins at `start`.
    pub(crate) fn new(
        start: Instant,
        pace: Pace,
        duration: Duration,
        thread: usize,
        threads: usize,
    ) -> Self {
        Self {
            schedule: Mutex::new(Schedule {
                start,
                pace,
                duration,
                next: count(thread),
                stride: count(threads),
            }),
            closed: pace == Pace::Closed,
        }
    }

    /// Waits for the next instant. `None` when the phase is over.
    pub(crate) async fn pass(&self) -> Option<Ticket> {
        // Held across the wait, which is the point: it keeps the others in line, in the order they came.
        let mut schedule = self.schedule.lock().await;
        let intended = schedule.next()?;
        if self.closed {
            return Some(Ticket {
                intended,
                in_time: true,
            });
        }
        let mut in_time = false;
        loop {
            let left = intended.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Some(Ticket { intended, in_time });
            }
            in_time = true;
            match left.checked_sub(SPIN) {
                Some(sleep) => tokio::time::sleep(sleep).await,
                None => yield_now().await,
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;

    fn schedule(pace: Pace, thread: u64, threads: u64) -> Schedule {
        Schedule {
            start: Instant::now(),
            pace,
            duration: Duration::from_secs(2),
            next: thread,
            stride: threads,
        }
    }

    #[test]
    fn a_schedule_is_even_and_ends_with_its_phase() {
        let mut schedule = schedule(Pace::Open(1_000.0), 0, 1);
        let instants: Vec<Instant> = std::iter::from_fn(|| schedule.next()).collect();
        assert_eq!(instants.len(), 2_000);
        assert_eq!(instants[0], schedule.start);
        assert_eq!(
            instants[1_500] - schedule.start,
            Duration::from_millis(1_500)
        );
    }

    #[test]
    fn the_threads_share_a_schedule_without_overlap() {
        let start = Instant::now();
        let mut offsets: Vec<Duration> = (0..3)
            .flat_map(|thread| {
                let mut schedule = Schedule {
                    start,
                    ..schedule(Pace::Open(300.0), thread, 3)
                };
                std::iter::from_fn(move || schedule.next())
                    .map(|instant| instant - start)
                    .collect::<Vec<_>>()
            })
            .collect();
        offsets.sort();
        offsets.dedup();
        assert_eq!(offsets.len(), 600);
    }

    #[test]
    fn a_late_comer_gets_the_instant_it_missed() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let start = Instant::now().checked_sub(Duration::from_secs(1)).unwrap();
        let turnstile = Turnstile::new(start, Pace::Open(1_000.0), Duration::from_secs(10), 0, 1);
        runtime.block_on(async {
            let first = turnstile.pass().await.unwrap();
            let second = turnstile.pass().await.unwrap();
            assert_eq!(first.intended, start);
            assert_eq!(second.intended - start, Duration::from_millis(1));
            assert!(!first.in_time && !second.in_time);
        });
    }

    #[test]
    fn nobody_passes_after_the_end() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let start = Instant::now().checked_sub(Duration::from_secs(3)).unwrap();
        let turnstile = Turnstile::new(start, Pace::Closed, Duration::from_secs(2), 0, 1);
        assert!(runtime.block_on(turnstile.pass()).is_none());
    }
}
