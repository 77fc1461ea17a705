//! What is remembered of issuers: how much each may still ask for, and who has given a key. All of it in tables of fixed
//! size, under a keyed hash whose key is drawn at the start.
//!
//! The issuer of a token whose key is not at hand is whatever the token says, so nothing here may grow with it, and
//! nobody may be able to aim at the place of another. An issuer has one bucket in each of two rows. It is refused when
//! both are empty, and takes from those that are not: so it gets its rate whole, unless others have emptied both. With
//! [`ISSUER_BUCKETS`](limits::ISSUER_BUCKETS) in a row, one issuer that floods has both of another's with a
//! probability of 1 in their square, 17 million; `n` of them, with one of `(n / 4096)²` at most. An issuer that shares a
//! bucket with others may get up to twice its rate; what all of them get is limited elsewhere.

use siphasher::sip128::{Hasher128, SipHasher13};
use std::hash::Hasher;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::environment::{Environment, Moment};
use super::rate::{Bucket, Rate};
use crate::limits::{ISSUER_BUCKETS, KNOWN_ISSUER_LINES};

/// How many issuers one line of [`KnownIssuers`] holds: a cache line.
const LINE: usize = 8;

/// An issuer, as the tables know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct IssuerMark {
    buckets: [usize; 2],
    line: usize,
    /// Tells the issuers of a line apart; never zero.
    name: u64,
}

/// What one fetch took from its issuer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken {
    mark: IssuerMark,
    from: [bool; 2],
}

/// The secret under which issuers are marked.
struct MarkKey(SipHasher13);

impl MarkKey {
    fn mark(&self, issuer: &str) -> IssuerMark {
        let mut hasher = self.0;
        hasher.write(issuer.as_bytes());
        let hash = hasher.finish128();
        let choose = |skip: u32, among: usize| {
            let bits = usize::try_from((hash.h1 >> skip) & 0xf_ffff).unwrap_or(0);
            bits.checked_rem(among).unwrap_or(0)
        };
        IssuerMark {
            buckets: [choose(0, ISSUER_BUCKETS), choose(20, ISSUER_BUCKETS)],
            line: choose(40, KNOWN_ISSUER_LINES),
            name: hash.h2.max(1),
        }
    }
}

/// What is remembered of issuers.
pub(super) struct Issuers {
    key: MarkKey,
    rate: Rate,
    rows: [Box<[Bucket]>; 2],
    known: KnownIssuers,
}

impl Issuers {
    /// Tables in which every issuer has the whole of `rate`, and none is known.
    pub(super) fn new(rate: Rate, environment: &dyn Environment) -> Self {
        let key = SipHasher13::new_with_keys(environment.random(), environment.random());
        let row = || (0..ISSUER_BUCKETS).map(|_| Bucket::full()).collect();
        Self {
            key: MarkKey(key),
            rate,
            rows: [row(), row()],
            known: KnownIssuers::new(),
        }
    }

    pub(super) fn mark(&self, issuer: &str) -> IssuerMark {
        self.key.mark(issuer)
    }

    /// Takes one fetch from what the issuer may ask for, if anything is left of that.
    pub(super) fn take(&self, mark: IssuerMark, now: Moment) -> Option<Taken> {
        let [one, other] = self.buckets(mark);
        let from = [one, other].map(|bucket| bucket.is_some_and(|it| it.take(self.rate, now)));
        from.contains(&true).then_some(Taken { mark, from })
    }

    /// Gives back what a fetch took.
    pub(super) fn give_back(&self, taken: Taken) {
        for (bucket, was_taken) in self.buckets(taken.mark).into_iter().zip(taken.from) {
            if let Some(bucket) = bucket.filter(|_| was_taken) {
                bucket.give_back(self.rate);
            }
        }
    }

    /// Remembers that the issuer has given a key.
    pub(super) fn remember(&self, taken: Taken) {
        self.known.remember(taken.mark);
    }

    /// Whether the issuer has given a key, as far as is remembered.
    pub(super) fn knows(&self, mark: IssuerMark) -> bool {
        self.known.contains(mark)
    }

    fn buckets(&self, mark: IssuerMark) -> [Option<&Bucket>; 2] {
        let ([first, second], [one, other]) = (&self.rows, mark.buckets);
        [first.get(one), second.get(other)]
    }
}

/// The issuers that have given a key: the 64-bit names of [`LINE`] in each of [`KNOWN_ISSUER_LINES`] lines.
///
/// Only a key that the repository has can put a name in, or put one out when the line is full. Another issuer is taken
/// for a known one once in `2^61` times. A known issuer may be forgotten if eight later ones fall into its line: of 4,000
/// one or none, of 8,000 less than one in a hundred. It is then treated as one that has not given a key yet, until it
/// gives the next.
struct KnownIssuers {
    lines: Box<[[AtomicU64; LINE]]>,
    next: AtomicUsize,
}

impl KnownIssuers {
    fn new() -> Self {
        Self {
            lines: (0..KNOWN_ISSUER_LINES)
                .map(|_| Default::default())
                .collect(),
            next: AtomicUsize::new(0),
        }
    }

    fn contains(&self, mark: IssuerMark) -> bool {
        self.lines.get(mark.line).is_some_and(|line| {
            line.iter()
                .any(|name| name.load(Ordering::Relaxed) == mark.name)
        })
    }

    fn remember(&self, mark: IssuerMark) {
        if self.contains(mark) {
            return;
        }
        let Some(line) = self.lines.get(mark.line) else {
            return;
        };
        let is_in = line.iter().any(|name| {
            name.compare_exchange(0, mark.name, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
        });
        if !is_in {
            let turn = self.next.fetch_add(1, Ordering::Relaxed) % LINE;
            if let Some(name) = line.get(turn) {
                name.store(mark.name, Ordering::Relaxed);
            }
        }
    }
}

#[cfg(test)]
#[cfg(not(shuttle))]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;
    use crate::keys::repository::environment::Machine;
    use std::collections::HashSet;
    use std::time::Duration;

    const BURST: u32 = 4;

    fn issuers() -> Issuers {
        Issuers::new(Rate::new(BURST, Duration::from_secs(1000)), &Machine)
    }

    fn now() -> Moment {
        Moment::from_nanos(1)
    }

    fn take_all(issuers: &Issuers, mark: IssuerMark) -> u32 {
        let mut taken = 0;
        while issuers.take(mark, now()).is_some() {
            taken += 1;
        }
        taken
    }

    fn mark(buckets: [usize; 2], line: usize, name: u64) -> IssuerMark {
        IssuerMark {
            buckets,
            line,
            name,
        }
    }

    #[test]
    fn an_issuer_gets_its_burst_and_no_more() {
        let issuers = issuers();
        let flooding = issuers.mark("flood");
        assert_eq!(take_all(&issuers, flooding), BURST);
        let taken = {
            issuers.give_back(Taken {
                mark: flooding,
                from: [true; 2],
            });
            take_all(&issuers, flooding)
        };
        assert_eq!(taken, 1);
    }

    #[test]
    fn an_issuer_that_shares_one_bucket_with_a_flood_gets_its_burst() {
        let issuers = issuers();
        assert_eq!(take_all(&issuers, mark([1, 2], 0, 1)), BURST);
        assert_eq!(take_all(&issuers, mark([1, 3], 0, 2)), BURST);
        assert_eq!(take_all(&issuers, mark([4, 2], 0, 3)), BURST);
        assert_eq!(take_all(&issuers, mark([1, 2], 0, 4)), 0);
    }

    #[test]
    fn what_was_taken_from_one_bucket_is_given_back_to_that_one() {
        let issuers = issuers();
        assert_eq!(take_all(&issuers, mark([1, 2], 0, 1)), BURST);
        let taken = issuers.take(mark([1, 3], 0, 2), now()).unwrap();
        assert_eq!(taken.from, [false, true]);
        issuers.give_back(taken);
        assert!(issuers.take(mark([1, 2], 0, 1), now()).is_none());
        assert_eq!(take_all(&issuers, mark([1, 3], 0, 2)), BURST);
    }

    #[test]
    fn an_issuer_is_known_once_it_has_given_a_key() {
        let issuers = issuers();
        let good = issuers.mark("good");
        assert!(!issuers.knows(good));
        let taken = issuers.take(good, now()).unwrap();
        issuers.remember(taken);
        assert!(issuers.knows(good) && !issuers.knows(issuers.mark("other")));
    }

    #[test]
    fn a_full_line_forgets_one_issuer_for_each_that_comes() {
        let known = KnownIssuers::new();
        let all = 1..=100;
        for name in all.clone() {
            known.remember(mark([0, 0], 7, name));
            known.remember(mark([0, 0], 7, name));
            assert!(known.contains(mark([0, 0], 7, name)));
        }
        let left = all.filter(|name| known.contains(mark([0, 0], 7, *name)));
        assert_eq!(left.count(), LINE);
        assert!(!known.contains(mark([0, 0], 8, 100)));
    }

    #[test]
    fn issuers_are_spread_over_all_of_the_tables() {
        let issuers = issuers();
        let marks: Vec<_> = (0..100_000)
            .map(|number| issuers.mark(&format!("service-{number}")))
            .collect();
        for row in 0..2 {
            let used: HashSet<_> = marks.iter().map(|mark| mark.buckets[row]).collect();
            assert_eq!(used.len(), ISSUER_BUCKETS);
        }
        let lines: HashSet<_> = marks.iter().map(|mark| mark.line).collect();
        assert_eq!(lines.len(), KNOWN_ISSUER_LINES);
        let pairs: HashSet<_> = marks.iter().map(|mark| mark.buckets).collect();
        // Of 100,000 in 4,096 x 4,096 some 300 share both, and not thousands.
        assert!(pairs.len() > 99_000, "{}", pairs.len());
        assert_ne!(
            issuers.mark("service-1"),
            Issuers::new(issuers.rate, &Machine).mark("service-1")
        );
    }
}
