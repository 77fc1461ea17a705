//! The same work on several threads at once, and what a call takes then.

use std::error::Error;
use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use crate::measure::{Row, quantile_of};

/// Calls of a batch: long beside the start of a thread's work, short beside the machine's moods.
const CALLS: u32 = 20_000;

/// Has each of `threads` threads make calls in batches, all at the same time, and says what a call took its caller.
/// `work(n)` makes what thread `n` calls.
pub(super) fn measure<W: FnMut() -> bool>(
    what: &str,
    subject: &str,
    amount: usize,
    threads: usize,
    batches: usize,
    work: impl Fn(usize) -> W + Sync,
) -> Result<Row, Box<dyn Error>> {
    let barrier = Barrier::new(threads);
    let samples: Vec<Option<Vec<f64>>> = thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|number| {
                let (barrier, work) = (&barrier, &work);
                scope.spawn(move || batches_of(work(number), barrier, batches))
            })
            .collect();
        let ended = running.into_iter().map(|thread| thread.join());
        ended.map(|samples| samples.ok().flatten()).collect()
    });
    let samples: Option<Vec<_>> = samples.into_iter().collect();
    let samples = samples
        .ok_or_else(|| format!("{subject} gave a wrong answer"))?
        .concat();
    let mut once = work(0);
    let allocations = allocation_counter::measure(|| {
        black_box(once());
    });
    let [ns, ns_p5, ns_p95] = [0.5, 0.05, 0.95].map(|quantile| quantile_of(&samples, quantile));
    let row = Row {
        case: format!(
            "{what}/{amount}, {threads} thread{}",
            if threads == 1 { "" } else { "s" }
        ),
        subject: subject.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ns,
        ns_p5,
        ns_p95,
        allocations: allocations.count_total,
        ratio_to_floor: 1.0,
        amount: u64::try_from(amount).ok(),
        threads: Some(threads),
        accepts: Vec::new(),
    };
    println!("{row}");
    Ok(row)
}

/// The nanoseconds of a call in each batch, or `None` if an answer was wrong. The first batch warms up.
fn batches_of(
    mut call: impl FnMut() -> bool,
    barrier: &Barrier,
    batches: usize,
) -> Option<Vec<f64>> {
    let mut samples = Vec::with_capacity(batches);
    let mut right = true;
    for batch in 0..=batches {
        barrier.wait();
        let start = Instant::now();
        for _ in 0..CALLS {
            right &= black_box(call());
        }
        let elapsed: Duration = start.elapsed();
        if batch > 0 {
            samples.push(elapsed.as_nanos() as f64 / f64::from(CALLS));
        }
    }
    right.then_some(samples)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thread_works_and_a_wrong_answer_is_seen() {
        let row = measure("what", "who", 3, 2, 2, |_| || true).unwrap();
        assert_eq!(row.threads, Some(2));
        assert_eq!(row.allocations, 0);
        assert!(measure("what", "who", 3, 2, 2, |number| move || number == 0).is_err());
    }
}
