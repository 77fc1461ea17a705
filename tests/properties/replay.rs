//! The replay window against what it stands for: a map that forgets nothing.

use std::collections::HashMap;

use asap_engine::{ReplayError, ReplayLog, ReplayWindow, UnixTime};
use asap_tests::fixture::NOW_SECONDS;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::for_all;

const SECOND: i128 = 1_000_000_000;
/// One hour, and twice the largest leeway.
const LONGEST: i128 = 4200 * SECOND;

/// One token that is offered. Times in nanoseconds.
#[derive(Debug, Clone)]
struct Offer {
    issuer: &'static str,
    token_id: String,
    keep_until: i128,
    now: i128,
}

/// Few names, so that they come again; some that are the same text, cut elsewhere.
fn name() -> impl Strategy<Value = (&'static str, String)> {
    let issuers = prop::sample::select(vec!["a", "a/b", "ab", "c"]);
    let token_ids =
        prop::sample::select(vec!["", "b", "/b", "b/", "/b/b", "1", "2", "3", "é", "\0"]);
    (issuers, token_ids.prop_map(str::to_owned))
}

fn nanos() -> impl Strategy<Value = i128> {
    prop_oneof![Just(0), Just(1), Just(SECOND - 1), 0..SECOND]
}

/// A sequence of offers by clocks that disagree, and now and then jump.
fn offers() -> impl Strategy<Value = Vec<Offer>> {
    let start = prop_oneof![
        4 => Just(i128::from(NOW_SECONDS) * SECOND),
        1 => Just(0),
        1 => Just(-5000 * SECOND),
    ];
    let step = prop_oneof![
        6 => 0..=2_i128,
        2 => -20..=20_i128,
        1 => 50..=200_i128,
        1 => 8000..=9000_i128,
    ];
    let life = prop_oneof![
        4 => 0..=90_i128,
        2 => -10..=10_i128,
        1 => 4195..=4205_i128,
        1 => 0..=4200_i128,
    ];
    let one = (name(), step, life, nanos(), nanos());
    (start, vec(one, 1..120)).prop_map(|(start, offers)| {
        let mut time = start;
        let offer = |((issuer, token_id), step, life, more, most)| {
            time += step * SECOND;
            Offer {
                issuer,
                token_id,
                keep_until: time + life * SECOND + most,
                now: time + more,
            }
        };
        offers.into_iter().map(offer).collect()
    })
}

/// The window's promise, without its bounds.
#[derive(Debug, Default)]
struct Model {
    latest: i128,
    kept: HashMap<(&'static str, String), i128>,
}

impl Model {
    /// Whole seconds; times before the first are the first.
    fn second(nanos: i128) -> i128 {
        nanos.div_euclid(SECOND).max(1)
    }

    /// The log's time: it takes the latest that it was ever handed.
    fn advance(&mut self, now: i128) -> i128 {
        self.latest = self.latest.max(Self::second(now));
        self.latest
    }

    fn live(&self) -> usize {
        self.kept
            .values()
            .filter(|until| **until >= self.latest)
            .count()
    }

    /// What a log without limits says. It remembers only what it accepts.
    fn expected(&mut self, offer: &Offer) -> Result<i128, ReplayError> {
        if offer.keep_until > offer.now + LONGEST {
            return Err(ReplayError::ExpiresTooLate);
        }
        let now = self.advance(offer.now);
        let expiry = Self::second(offer.keep_until + SECOND - 1);
        let name = (offer.issuer, offer.token_id.clone());
        match self.kept.get(&name) {
            Some(until) if *until >= now => Err(ReplayError::Seen),
            _ if expiry < now => Err(ReplayError::Expired),
            _ => Ok(expiry),
        }
    }

    fn remember(&mut self, offer: &Offer, expiry: i128) {
        self.kept
            .insert((offer.issuer, offer.token_id.clone()), expiry);
    }
}

fn offered(window: &ReplayWindow, offer: &Offer) -> Result<(), ReplayError> {
    let [keep_until, now] = [offer.keep_until, offer.now].map(UnixTime::from_nanos);
    window.check_and_insert(offer.issuer, &offer.token_id, keep_until, now)
}

/// `ReplayLog`: "Remembers the token `token_id` of `issuer` until `keep_until`, inclusive, unless it is remembered
/// already", and "A log's time never goes back". Answer for answer.
#[test]
fn a_window_with_room_answers_as_an_exact_log_does() {
    for_all(400, offers(), |offers| {
        let window = ReplayWindow::new(offers.len()).unwrap();
        let mut model = Model::default();
        for offer in &offers {
            let expected = model.expected(offer);
            prop_assert_eq!(offered(&window, offer), expected.map(|_| ()), "{:?}", offer);
            if let Ok(expiry) = expected {
                model.remember(offer, expiry);
            }
        }
        Ok(())
    });
}

/// Floods of new tokens, of a number, a lifetime and a pause before them in seconds.
fn floods() -> impl Strategy<Value = Vec<(u16, i128, i128)>> {
    vec((1..700_u16, 0..=100_i128, 0..=60_i128), 1..5)
}

/// `ReplayWindow`: "It remembers at least `capacity` live tokens", and what it has no room for it refuses: a live entry
/// never gives way.
#[test]
fn a_window_without_room_refuses_and_forgets_nothing() {
    let floods = (1..=60_usize, floods());
    let refused = std::cell::Cell::new(0);
    for_all(30, floods, |(capacity, floods)| {
        let window = ReplayWindow::new(capacity).unwrap();
        let mut model = Model::default();
        let (mut now, mut number, mut accepted) = (i128::from(NOW_SECONDS) * SECOND, 0, Vec::new());
        for (count, life, pause) in floods {
            now += pause * SECOND;
            for _ in 0..count {
                number += 1;
                let offer = Offer {
                    issuer: "a",
                    token_id: number.to_string(),
                    keep_until: now + life * SECOND,
                    now,
                };
                let expiry = model.expected(&offer).unwrap();
                match offered(&window, &offer) {
                    Ok(()) => {
                        model.remember(&offer, expiry);
                        accepted.push(offer);
                    }
                    refusal => {
                        prop_assert_eq!(refusal, Err(ReplayError::Full));
                        prop_assert!(model.live() >= capacity, "{} of {}", model.live(), capacity);
                        refused.set(refused.get() + 1);
                    }
                }
            }
            // All that is live is known, whatever came after it.
            for offer in &accepted {
                let again = Offer {
                    now,
                    keep_until: now + SECOND,
                    ..offer.clone()
                };
                let known = model.expected(&again) == Err(ReplayError::Seen);
                if known {
                    prop_assert_eq!(offered(&window, &again), Err(ReplayError::Seen));
                }
            }
        }
        Ok(())
    });
    assert!(refused.get() > 100, "only {refused:?} found no room");
}
