#![allow(clippy::arithmetic_side_effects)]

use std::collections::HashMap;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use super::*;

const START: i64 = 1_700_000_000;
const SECOND: i128 = 1_000_000_000;

fn at(offset: i64) -> UnixTime {
    UnixTime::from_secs(START + offset)
}

fn seeded(capacity: usize, seed: u8) -> ReplayWindow {
    ReplayWindow::with_key(capacity, FingerprintKey::from_bytes(&[seed; 16])).unwrap()
}

/// SplitMix64: a walk that every run repeats.
struct Walk(u64);

impl Walk {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

#[test]
fn a_token_is_taken_once() {
    let window = ReplayWindow::new(100).unwrap();
    assert_eq!(window.check_and_insert("a", "1", at(60), at(0)), Ok(()));
    assert_eq!(
        window.check_and_insert("a", "1", at(60), at(0)),
        Err(ReplayError::Seen)
    );
    assert_eq!(
        window.check_and_insert("a", "1", at(90), at(30)),
        Err(ReplayError::Seen)
    );
}

#[test]
fn what_is_prepared_is_not_remembered() {
    let window = ReplayWindow::new(100).unwrap();
    for _ in 0..1000 {
        window.prepare("a", "1");
    }
    assert_eq!(window.check_and_insert("a", "1", at(60), at(0)), Ok(()));
    window.prepare("a", "1");
    assert_eq!(
        window.check_and_insert("a", "1", at(60), at(0)),
        Err(ReplayError::Seen)
    );
}

#[test]
fn a_token_id_belongs_to_its_issuer() {
    let window = ReplayWindow::new(100).unwrap();
    for (issuer, token_id) in [
        ("a", "bc"),
        ("ab", "c"),
        ("abc", ""),
        ("", "abc"),
        ("b", "bc"),
    ] {
        assert_eq!(
            window.check_and_insert(issuer, token_id, at(60), at(0)),
            Ok(()),
            "{issuer} {token_id}"
        );
    }
}

#[test]
fn a_token_is_remembered_through_its_last_second_and_no_longer() {
    let window = ReplayWindow::new(100).unwrap();
    window.check_and_insert("a", "1", at(60), at(0)).unwrap();
    assert_eq!(
        window.check_and_insert("a", "1", at(120), at(60)),
        Err(ReplayError::Seen)
    );
    assert_eq!(window.check_and_insert("a", "1", at(120), at(61)), Ok(()));
}

#[test]
fn part_of_a_second_is_remembered_as_a_whole_one() {
    let window = ReplayWindow::new(100).unwrap();
    let keep_until = UnixTime::from_nanos(at(60).as_nanos() + 1);
    let last = UnixTime::from_nanos(at(61).as_nanos() + SECOND - 1);
    window
        .check_and_insert("a", "1", keep_until, at(0))
        .unwrap();
    assert_eq!(
        window.check_and_insert("a", "1", at(120), last),
        Err(ReplayError::Seen)
    );
    assert_eq!(window.check_and_insert("a", "1", at(120), at(62)), Ok(()));
}

#[test]
fn what_lives_longer_than_the_horizon_is_refused() {
    let window = ReplayWindow::new(100).unwrap();
    let now = UnixTime::from_nanos(at(0).as_nanos() + 999_999_999);
    let horizon = now.saturating_add(MAX_KEPT);
    let beyond = UnixTime::from_nanos(horizon.as_nanos() + 1);
    assert_eq!(
        window.check_and_insert("a", "1", beyond, now),
        Err(ReplayError::ExpiresTooLate)
    );
    assert_eq!(
        window.check_and_insert("a", "1", UnixTime::from_secs(i64::MAX), now),
        Err(ReplayError::ExpiresTooLate)
    );
    assert_eq!(window.check_and_insert("a", "1", horizon, now), Ok(()));
    assert_eq!(
        window.check_and_insert("a", "1", horizon, horizon),
        Err(ReplayError::Seen)
    );
}

#[test]
fn a_clock_that_goes_back_brings_nothing_back() {
    let window = ReplayWindow::new(100).unwrap();
    window.check_and_insert("a", "1", at(60), at(0)).unwrap();
    window.check_and_insert("a", "2", at(200), at(100)).unwrap();
    assert_eq!(
        window.check_and_insert("a", "1", at(60), at(0)),
        Err(ReplayError::Expired)
    );
    assert_eq!(
        window.check_and_insert("a", "3", at(60), at(0)),
        Err(ReplayError::Expired)
    );
    assert_eq!(
        window.check_and_insert("a", "2", at(200), at(0)),
        Err(ReplayError::Seen)
    );
    assert_eq!(window.check_and_insert("a", "4", at(100), at(0)), Ok(()));
}

#[test]
fn times_that_no_token_has_are_taken_once_too() {
    for now in [i64::MIN, -1, 0, 1, i64::MAX].map(UnixTime::from_secs) {
        let window = ReplayWindow::new(1).unwrap();
        assert_eq!(window.check_and_insert("a", "1", now, now), Ok(()));
        assert_eq!(
            window.check_and_insert("a", "1", now, now),
            Err(ReplayError::Seen)
        );
    }
}

#[test]
fn a_capacity_of_nothing_or_beyond_reason_is_a_configuration_error() {
    for capacity in [0, MAX_CAPACITY + 1, usize::MAX] {
        let error = ReplayWindow::new(capacity).unwrap_err();
        assert!(error.to_string().contains("capacity"), "{error}");
    }
}

#[test]
fn an_entry_takes_less_than_sixteen_bytes() {
    let window = ReplayWindow::new(100_000).unwrap();
    assert_eq!(window.capacity(), 100_000);
    assert!(window.memory() < 16 * 100_000, "{}", window.memory());
    assert!(format!("{window:?}").starts_with("ReplayWindow { capacity: 100000, memory: "));
}

#[test]
fn there_is_room_for_every_token_up_to_capacity() {
    for capacity in [1, 2, 10, 100, 896, 897, 5_000, 40_000] {
        for seed in 0..5 {
            let window = seeded(capacity, seed);
            for pass in [Ok(()), Err(ReplayError::Seen)] {
                for n in 0..capacity {
                    let result = window.check_and_insert("a", &n.to_string(), at(60), at(0));
                    assert_eq!(result, pass, "{n} of {capacity}, seed {seed}");
                }
            }
        }
    }
}

#[test]
fn there_is_room_in_each_generation_of_tokens() {
    // 100 tokens a second of 60 s each, the last second included: 6,100 live at any time.
    let window = seeded(6_100, 1);
    for n in 0..60_000 {
        let now = n / 100;
        assert_eq!(
            window.check_and_insert("a", &n.to_string(), at(now + 60), at(now)),
            Ok(()),
            "{n}"
        );
    }
}

#[test]
fn a_full_window_refuses_and_forgets_nobody() {
    let window = seeded(10, 1);
    let results: Vec<_> = (0..3_000)
        .map(|n| window.check_and_insert("a", &n.to_string(), at(60 + n % 60), at(0)))
        .collect();
    let taken = results.iter().filter(|result| result.is_ok()).count();
    assert!((896..=(3 + 127) * ENTRIES).contains(&taken), "{taken}");
    assert!(
        results
            .iter()
            .all(|result| matches!(result, Ok(()) | Err(ReplayError::Full)))
    );
    for (n, result) in (0..).zip(&results) {
        let again = window.check_and_insert("a", &n.to_string(), at(120), at(59));
        assert_eq!(
            again,
            Err(if result.is_ok() {
                ReplayError::Seen
            } else {
                ReplayError::Full
            }),
            "{n}"
        );
    }
    for (n, result) in (0..).zip(&results).filter(|(_, result)| result.is_ok()) {
        let seen = window.check_and_insert("a", &n.to_string(), at(119), at(119))
            == Err(ReplayError::Seen);
        assert_eq!(seen, result.is_ok() && n % 60 == 59, "{n}");
    }
}

#[test]
fn what_expires_makes_room() {
    let window = seeded(1, 1);
    let mut taken = 0;
    while window
        .check_and_insert("a", &format!("{taken}"), at(60), at(0))
        .is_ok()
    {
        taken += 1;
    }
    assert_eq!(
        window.check_and_insert("a", "new", at(70), at(60)),
        Err(ReplayError::Full)
    );
    for n in 0..taken {
        assert_eq!(
            window.check_and_insert("b", &n.to_string(), at(90), at(61)),
            Ok(()),
            "{n}"
        );
    }
    assert_eq!(
        window.check_and_insert("b", "new", at(90), at(61)),
        Err(ReplayError::Full)
    );
}

/// The window and a map of everything must give the same answer, at every step of a random walk.
fn agrees_with_a_map(capacity: usize, ids: u64, steps: u64, seed: u8) {
    let window = seeded(capacity, seed);
    let mut oracle: HashMap<(String, String), i128> = HashMap::new();
    let mut walk = Walk(seed.into());
    let (mut time, mut latest) = (START, i128::MIN);
    let mut answers: HashMap<Result<(), ReplayError>, u64> = HashMap::new();
    for step in 0..steps {
        time += match walk.below(1000) {
            0 => i64::try_from(walk.below(20_000)).unwrap(),
            1..5 => -i64::try_from(walk.below(100)).unwrap(),
            5..300 => i64::try_from(walk.below(4)).unwrap(),
            _ => 0,
        };
        let now = i128::from(time) * SECOND + i128::from(walk.below(1_000_000_000));
        let life = if walk.below(10) == 0 { 4_210 } else { 120 };
        let keep_until = now + i128::from(walk.below(life * 1_000_000_000));
        let id = (
            format!("issuer-{}", walk.below(3)),
            format!("token-{}", walk.below(ids)),
        );
        latest = latest.max(now.div_euclid(SECOND));
        let expiry = (keep_until + SECOND - 1).div_euclid(SECOND);
        let expected = if keep_until > now + 4_200 * SECOND {
            Err(ReplayError::ExpiresTooLate)
        } else if oracle.get(&id).is_some_and(|&expiry| expiry >= latest) {
            Err(ReplayError::Seen)
        } else if expiry < latest {
            Err(ReplayError::Expired)
        } else {
            oracle.insert(id.clone(), expiry);
            Ok(())
        };
        let answer = window.check_and_insert(
            &id.0,
            &id.1,
            UnixTime::from_nanos(keep_until),
            UnixTime::from_nanos(now),
        );
        assert_eq!(answer, expected, "step {step}, seed {seed}");
        *answers.entry(answer).or_default() += 1;
    }
    assert_eq!(answers.len(), 4, "the walk meets every answer: {answers:?}");
}

#[test]
fn over_days_of_simulated_time_it_agrees_with_a_map_of_everything() {
    for seed in 0..4 {
        agrees_with_a_map(3_000, 1_000, 60_000, seed);
    }
}

#[test]
fn with_most_entries_far_from_home_it_agrees_with_a_map_of_everything() {
    // Two homes for up to 600 live tokens: chains of dozens of lines.
    for seed in 0..4 {
        agrees_with_a_map(5, 200, 60_000, seed);
    }
}

#[test]
fn a_thread_that_slept_with_an_old_time_takes_nothing_that_was_forgotten() {
    // The old time goes past the clock, straight to the lines, as that of a preempted thread would.
    for crowd in [0, 5, 50] {
        let window = seeded(1, 3);
        let token = window.key.fingerprint("a", "token");
        let others = |issuer: &str, expiry, now| {
            for n in 0..crowd {
                let other = window.key.fingerprint(issuer, &n.to_string());
                window
                    .insert(other, Second::floor(at(expiry)), Second::floor(at(now)))
                    .unwrap();
            }
        };
        let expiry = Second::floor(at(150));
        others("early", 150, 100);
        assert_eq!(window.insert(token, expiry, Second::floor(at(100))), Ok(()));
        others("late", 260, 200);
        let first = window.key.fingerprint("a", "first at 200");
        window
            .insert(first, Second::floor(at(260)), Second::floor(at(200)))
            .unwrap();
        assert_eq!(
            window.insert(token, expiry, Second::floor(at(100))),
            Err(ReplayError::Expired),
            "{crowd}"
        );
    }
}

#[test]
fn what_was_forgotten_far_from_home_is_not_taken_at_home() {
    let window = seeded(40, 3);
    let second = |offset| Second::floor(at(offset));
    let with_home = |home| {
        let tokens = (0..).map(|n: u32| window.key.fingerprint("a", &n.to_string()));
        tokens.filter(move |token| token.home(window.homes) == home)
    };
    let mut at_home = with_home(0);
    for early in at_home.by_ref().take(ENTRIES) {
        window.insert(early, second(110), second(100)).unwrap();
    }
    // Its home is full, so it goes to the next line, which is then visited when it has expired.
    let token = at_home.next().unwrap();
    window.insert(token, second(150), second(100)).unwrap();
    let neighbour = with_home(1).next().unwrap();
    window.insert(neighbour, second(260), second(200)).unwrap();
    // Its home has room by now, and has not heard of that later time.
    let again = window.insert(token, second(150), second(120));
    assert_eq!(again, Err(ReplayError::Expired));
}

/// Every thread offers each of `tokens`, in the same order. Returns how often each was taken.
fn offer_from_four_threads(
    window: &ReplayWindow,
    tokens: u32,
    times: impl Fn(u32) -> (i64, i64) + Sync,
) -> Vec<u32> {
    let taken: Vec<AtomicU32> = (0..tokens).map(|_| AtomicU32::new(0)).collect();
    let start = Barrier::new(4);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                start.wait();
                for (n, taken) in (0..).zip(&taken) {
                    let (keep_until, now) = times(n);
                    match window.check_and_insert("a", &n.to_string(), at(keep_until), at(now)) {
                        Ok(()) => _ = taken.fetch_add(1, Ordering::Relaxed),
                        Err(error) => assert_ne!(error, ReplayError::Full),
                    }
                }
            });
        }
    });
    taken.into_iter().map(AtomicU32::into_inner).collect()
}

#[test]
fn of_many_threads_with_one_token_one_takes_it() {
    for (capacity, tokens) in [(20_000, 20_000), (1, 890), (100, 890)] {
        let window = seeded(capacity, 1);
        let taken = offer_from_four_threads(&window, tokens, |_| (60, 0));
        assert!(taken.iter().all(|&count| count == 1), "{capacity}");
    }
}

#[test]
fn of_many_threads_with_one_token_one_takes_it_while_entries_expire() {
    // 100 tokens a second of 2 s: the threads drift apart by more than a life, and those behind are refused.
    for capacity in [1, 300, 5_000] {
        let window = seeded(capacity, 1);
        let taken = offer_from_four_threads(&window, 20_000, |n| {
            let now = i64::from(n / 100);
            (now + 2, now)
        });
        assert!(taken.iter().all(|&count| count == 1), "{capacity}");
    }
}
