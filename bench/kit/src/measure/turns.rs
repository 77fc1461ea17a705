//! Measuring: the subjects of a case take turns, batch by batch, in one process.
//!
//! A machine that others share drifts by half and more from one minute to the next, so the figures of two runs do not
//! compare. What is reported of each subject is the median of its batches, and its ratio to the first one's, which had
//! its turns in the same milliseconds.

use std::error::Error;
use std::fmt;
use std::hint::black_box;
use std::time::{Duration, Instant};

use super::Row;

/// How long a batch is to take, about: long beside the clock's resolution, short beside the machine's moods.
const BATCH: Duration = Duration::from_micros(1_500);
/// For how long a subject is warmed up, and the size of its batches found.
const WARM_UP: Duration = Duration::from_millis(30);

/// One thing to measure.
pub struct Subject<'a> {
    name: String,
    version: String,
    accepts: Vec<String>,
    run: Box<dyn FnMut(usize) -> bool + 'a>,
    /// What happens before each call, and is not timed.
    before: Option<Box<dyn FnMut() + 'a>>,
    /// Of how many tokens `run` takes the number.
    tokens: usize,
    next: usize,
    samples: Vec<f64>,
}

impl<'a> Subject<'a> {
    /// `run(n)` does its work on token `n` of so many, and says whether the answer was right.
    pub fn new(
        name: impl Into<String>,
        version: &str,
        tokens: usize,
        run: impl FnMut(usize) -> bool + 'a,
    ) -> Self {
        Self {
            name: name.into(),
            version: version.to_owned(),
            accepts: Vec::new(),
            run: Box::new(run),
            before: None,
            tokens,
            next: 0,
            samples: Vec::new(),
        }
    }

    /// Says in its row what it accepts.
    #[must_use]
    pub fn with_accepts(mut self, accepts: &[String]) -> Self {
        self.accepts = accepts.to_vec();
        self
    }

    /// Has `before` happen before each call. Calls are timed one by one then, so reading the clock is part of their time.
    #[must_use]
    pub fn after_each(mut self, before: impl FnMut() + 'a) -> Self {
        self.before = Some(Box::new(before));
        self
    }

    /// Does its work on the next token. The order of tokens is not that of memory, so no prefetcher knows the next.
    fn call(&mut self) -> bool {
        self.next = step(self.next, self.tokens);
        (self.run)(self.next)
    }

    /// Times `count` calls, and keeps the nanoseconds of one.
    fn measure(&mut self, count: usize) -> Result<(), Box<dyn Error>> {
        let (elapsed, right) = if self.before.is_some() {
            self.time_one_by_one(count)
        } else {
            self.time_all(count)
        };
        if !right {
            return Err(format!("{} gave a wrong answer", self.name).into());
        }
        self.samples.push(elapsed.as_nanos() as f64 / count as f64);
        Ok(())
    }

    fn time_all(&mut self, count: usize) -> (Duration, bool) {
        let start = Instant::now();
        let mut right = true;
        for _ in 0..count {
            right &= self.call();
        }
        (start.elapsed(), right)
    }

    fn time_one_by_one(&mut self, count: usize) -> (Duration, bool) {
        let (mut elapsed, mut right) = (Duration::ZERO, true);
        for _ in 0..count {
            self.prepare();
            let (of_one, is_right) = self.time_all(1);
            elapsed += of_one;
            right &= is_right;
        }
        (elapsed, right)
    }

    fn prepare(&mut self) {
        if let Some(before) = &mut self.before {
            before();
        }
    }

    /// How many calls a batch has.
    fn batch(&mut self) -> usize {
        let start = Instant::now();
        let mut count = 0_u32;
        while start.elapsed() < WARM_UP {
            self.prepare();
            black_box(self.call());
            count = count.saturating_add(1);
        }
        let batches = WARM_UP.as_micros().div_euclid(BATCH.as_micros());
        usize::try_from(u128::from(count).div_euclid(batches))
            .unwrap_or(1)
            .max(1)
    }

    fn allocations(&mut self) -> u64 {
        allocation_counter::measure(|| {
            black_box(self.call());
        })
        .count_total
    }

    fn quantile(&self, quantile: f64) -> f64 {
        quantile_of(&self.samples, quantile)
    }
}

impl fmt::Debug for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// The number after `number` in an order that visits all of `0..count` and jumps about.
#[must_use]
pub fn step(number: usize, count: usize) -> usize {
    // A prime, so it shares no divisor with any count that is used here.
    const PRIME: usize = 1_000_003;
    (number + PRIME) % count.max(1)
}

/// The `quantile` of `samples`, by the nearest rank.
#[must_use]
pub fn quantile_of(samples: &[f64], quantile: f64) -> f64 {
    let mut samples = samples.to_vec();
    samples.sort_by(f64::total_cmp);
    let last = samples.len().saturating_sub(1) as f64;
    samples
        .get((last * quantile).round() as usize)
        .copied()
        .unwrap_or(f64::NAN)
}

/// Measures the subjects of one case in turns, and prints a row for each. The first is the floor.
///
/// # Errors
///
/// If one gives a wrong answer.
pub fn take_turns(
    case: &str,
    mut subjects: Vec<Subject<'_>>,
    batches: usize,
) -> Result<Vec<Row>, Box<dyn Error>> {
    let counts: Vec<_> = subjects.iter_mut().map(Subject::batch).collect();
    for _ in 0..batches {
        for (subject, count) in subjects.iter_mut().zip(&counts) {
            subject.measure(*count)?;
        }
    }
    let floor = subjects
        .first()
        .map_or(f64::NAN, |floor| floor.quantile(0.5));
    Ok(subjects
        .iter_mut()
        .map(|subject| row(case, subject, floor))
        .collect())
}

fn row(case: &str, subject: &mut Subject<'_>, floor: f64) -> Row {
    let [ns, ns_p5, ns_p95] = [0.5, 0.05, 0.95].map(|quantile| subject.quantile(quantile));
    let row = Row {
        case: case.to_owned(),
        subject: subject.name.clone(),
        version: subject.version.clone(),
        ns,
        ns_p5,
        ns_p95,
        allocations: subject.allocations(),
        ratio_to_floor: ns / floor,
        amount: None,
        threads: None,
        accepts: subject.accepts.clone(),
    };
    println!("{row}");
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_token_has_its_turn() {
        for count in [1, 2, 256, 1_000, 100_000] {
            let mut seen = vec![false; count];
            let mut number = 0;
            for _ in 0..count {
                number = step(number, count);
                seen[number] = true;
            }
            assert!(seen.iter().all(|seen| *seen), "{count}");
        }
    }

    #[test]
    fn quantiles_are_of_the_nearest_rank() {
        let samples: Vec<f64> = (0..=100).rev().map(f64::from).collect();
        assert_eq!(
            [0.05, 0.5, 0.95].map(|quantile| quantile_of(&samples, quantile)),
            [5.0, 50.0, 95.0]
        );
        assert!(quantile_of(&[], 0.5).is_nan());
    }

    #[test]
    fn what_comes_before_each_call_comes_before_each_and_is_not_timed() {
        let (before, calls) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
        let slow = Subject::new("slow", "0", 1, |_| {
            calls.set(calls.get() + 1);
            before.get() == calls.get()
        });
        let mut slow = slow.after_each(|| before.set(before.get() + 1));
        let count = slow.batch();
        assert!(slow.measure(count).is_ok());
        assert!(calls.get() > count);
    }

    #[test]
    fn a_wrong_answer_ends_the_measuring() {
        let wrong = Subject::new("nobody", "0", 1, |_| false);
        assert!(take_turns("case", vec![wrong], 1).is_err());
    }

    #[test]
    fn the_first_subject_is_the_floor_and_allocations_are_counted() {
        let subjects = vec![
            Subject::new("floor", "0", 8, |number| black_box(number) < 8),
            Subject::new("other", "0", 8, |number| black_box(vec![number]).len() == 1),
        ];
        let rows = take_turns("case", subjects, 3).unwrap();
        assert_eq!(rows[0].ratio_to_floor.to_bits(), 1.0_f64.to_bits());
        assert_eq!([rows[0].allocations, rows[1].allocations], [0, 1]);
    }
}
