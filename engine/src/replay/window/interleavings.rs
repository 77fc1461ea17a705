//! Promises that hold whichever thread goes on at each step.
//!
//! `RUSTFLAGS="--cfg shuttle" cargo test -p asap-engine --lib --features http --target-dir target/shuttle interleavings`

use std::sync::Arc;

use shuttle::thread;

use super::*;

const SCHEDULES: usize = 2_000;

fn at(offset: i64) -> UnixTime {
    UnixTime::from_secs(1_700_000_000_i64.saturating_add(offset))
}

fn second(offset: i64) -> Second {
    Second::floor(at(offset))
}

/// A window of two homes, the first of which is full until `full_until`, and tokens of the first and the second.
fn window_with_a_full_home(
    full_until: i64,
) -> (Arc<ReplayWindow>, Vec<Fingerprint>, Vec<Fingerprint>) {
    let key = FingerprintKey::from_bytes(&[7; 16]);
    let window = Arc::new(ReplayWindow::with_key(8, key).unwrap());
    assert_eq!(window.homes, 2);
    let (mut first, second_home): (Vec<_>, Vec<_>) = (0..64)
        .map(|n: u32| window.key.fingerprint("a", &n.to_string()))
        .partition(|token| token.home(2) == 0);
    for token in first.drain(..ENTRIES) {
        window
            .insert(token, second(full_until), second(100))
            .unwrap();
    }
    (window, first, second_home)
}

/// Runs `check` under random schedules, and under those that a few ill-placed preemptions make.
fn under_many_schedules(check: fn()) {
    shuttle::check_random(check, SCHEDULES);
    shuttle::check_pct(check, SCHEDULES, 3);
}

#[test]
fn of_three_threads_with_one_token_one_takes_it() {
    under_many_schedules(|| {
        let (window, tokens, _) = window_with_a_full_home(160);
        let threads = [0; 3].map(|_| {
            let (window, token) = (window.clone(), tokens[0]);
            thread::spawn(move || window.insert(token, second(160), second(100)))
        });
        let results = threads.map(|thread| thread.join().unwrap());
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    });
}

#[test]
fn of_two_threads_with_old_and_new_times_one_at_most_takes_a_token() {
    under_many_schedules(|| {
        let (window, tokens, neighbours) = window_with_a_full_home(110);
        let offer = |token: Fingerprint, expiry, now| {
            let window = window.clone();
            thread::spawn(move || window.insert(token, second(expiry), second(now)))
        };
        // The token goes past its full home at 100, and home at 120. A neighbour clears the next line at 200.
        let once = offer(tokens[0], 150, 100);
        let again = offer(tokens[0], 150, 120);
        let neighbour = offer(neighbours[0], 260, 200);
        let results = [once, again].map(|thread| thread.join().unwrap());
        assert!(
            results.iter().filter(|result| result.is_ok()).count() <= 1,
            "{results:?}"
        );
        assert_eq!(neighbour.join().unwrap(), Ok(()));
    });
}

#[test]
fn tokens_that_contend_for_the_same_lines_are_all_taken_and_all_remembered() {
    under_many_schedules(|| {
        let (window, tokens, neighbours) = window_with_a_full_home(160);
        let offered = [
            [tokens[0], neighbours[0]],
            [neighbours[1], tokens[1]],
            [tokens[2], tokens[3]],
        ];
        let threads = offered.map(|tokens| {
            let window = window.clone();
            thread::spawn(move || {
                tokens.map(|token| window.insert(token, second(160), second(100)))
            })
        });
        for thread in threads {
            assert_eq!(thread.join().unwrap(), [Ok(()); 2]);
        }
        for token in offered.into_iter().flatten() {
            assert_eq!(
                window.insert(token, second(160), second(160)),
                Err(ReplayError::Seen)
            );
        }
    });
}

#[test]
fn of_four_threads_whose_clocks_disagree_one_takes_a_token_of_an_empty_window() {
    under_many_schedules(|| {
        let window =
            Arc::new(ReplayWindow::with_key(8, FingerprintKey::from_bytes(&[7; 16])).unwrap());
        let threads = [100, 103, 101, 160].map(|now| {
            let window = window.clone();
            thread::spawn(move || window.check_and_insert("a", "1", at(160), at(now)))
        });
        let results = threads.map(|thread| thread.join().unwrap());
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
        let others = results.iter().filter(|result| result.is_err());
        assert!(
            others
                .into_iter()
                .all(|result| *result == Err(ReplayError::Seen)),
            "{results:?}"
        );
    });
}

#[test]
fn of_three_threads_one_takes_a_token_anew_when_its_time_is_over() {
    under_many_schedules(|| {
        let (window, tokens, _) = window_with_a_full_home(110);
        // It lies in the line after its home, and all of the home is over at the same time.
        window.insert(tokens[0], second(110), second(100)).unwrap();
        let threads = [111, 111, 112].map(|now| {
            let (window, token) = (window.clone(), tokens[0]);
            thread::spawn(move || window.insert(token, second(200), second(now)))
        });
        let results = threads.map(|thread| thread.join().unwrap());
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    });
}

/// A window in which the tokens of the first home have one place left, and such tokens.
fn window_with_one_place() -> (Arc<ReplayWindow>, Vec<Fingerprint>) {
    let (window, mut tokens, _) = window_with_a_full_home(160);
    for token in tokens.drain(..ENTRIES - 1) {
        window.insert(token, second(160), second(100)).unwrap();
    }
    (window, tokens)
}

#[test]
fn of_two_tokens_one_takes_the_last_place_and_the_other_is_refused() {
    under_many_schedules(|| {
        let (window, tokens) = window_with_one_place();
        let threads = [tokens[0], tokens[1]].map(|token| {
            let window = window.clone();
            thread::spawn(move || (token, window.insert(token, second(160), second(100))))
        });
        let mut results = threads.map(|thread| thread.join().unwrap());
        results.sort_by_key(|(_, result)| result.is_err());
        let [(taken, first), (_, last)] = results;
        assert_eq!((first, last), (Ok(()), Err(ReplayError::Full)));
        assert_eq!(
            window.insert(taken, second(160), second(160)),
            Err(ReplayError::Seen)
        );
    });
}

#[test]
fn of_two_threads_with_one_token_one_takes_the_last_place_and_the_other_has_seen_it() {
    under_many_schedules(|| {
        let (window, tokens) = window_with_one_place();
        let threads = [(); 2].map(|()| {
            let (window, token) = (window.clone(), tokens[0]);
            thread::spawn(move || window.insert(token, second(160), second(100)))
        });
        let mut results = threads.map(|thread| thread.join().unwrap());
        results.sort_by_key(Result::is_err);
        assert_eq!(results, [Ok(()), Err(ReplayError::Seen)]);
    });
}
