//! The generator against a gateway with static keys. Phases end after a number of requests, not after a time.

use super::*;
use crate::gateway::{Gateway, Memory};
use crate::parties::Parties;
use crate::progress::Progress;
use crate::scenario::Scenario;
use crate::signing::Lot;
use asap_engine::Keyring;

struct Bench {
    generator: Generator,
    stock: Arc<Stock>,
    /// Runs as long as it is held.
    _gateway: Gateway,
}

/// A gateway that remembers tokens, or does not, and tokens that are sent once, or go round.
fn bench(remembers: bool, single_use: bool) -> Bench {
    let parties = Parties::generate(Duration::from_secs(600)).unwrap();
    let mut stock = Stock::new(&parties, single_use).unwrap();
    let phase = Progress::new().phase("signing", 0);
    let lot = Lot {
        rs256: 40,
        es256: 400,
    };
    assert_eq!(
        stock
            .sign(&parties, lot, Duration::from_secs(600), &phase)
            .unwrap(),
        lot
    );
    let pems = parties.public_keys.clone();
    let keys = move || {
        Keyring::from_pems(
            pems.iter()
                .map(|(key_id, pem)| (key_id.as_str(), pem.as_bytes())),
        )
    };
    let memory = if remembers {
        Memory::Replays
    } else {
        Memory::Nothing
    };
    let gateway = Gateway::start(keys, memory, 1).unwrap();
    let url: Uri = format!("http://{}/", gateway.address).parse().unwrap();
    let destination = Arc::new(Destination::new(&url, true).unwrap());
    Bench {
        generator: Generator::connect(&destination, 4, 2).unwrap(),
        stock: Arc::new(stock),
        _gateway: gateway,
    }
}

impl Bench {
    fn run(&mut self, pace: Pace, max_requests: u64, load: Load) -> Outcome {
        let phase = Phase {
            label: "test",
            pace,
            duration: Duration::from_secs(600),
            max_requests,
            load,
        };
        self.generator
            .run(&phase, &self.stock, &Progress::new().phase("test", 0))
            .unwrap()
    }
}

/// Everything but what a keyring cannot answer: it does not fail.
fn deck() -> Load {
    Load::Dealt(Arc::new(
        Scenario::named("mixed")
            .unwrap()
            .deck(&[Kind::KeyServerFails]),
    ))
}

#[test]
fn a_gateway_with_the_engine_answers_every_kind_as_it_must() {
    let mut bench = bench(true, true);
    let outcome = bench.run(Pace::Closed, 300, deck());
    assert_eq!(outcome.tally.requests(), 300);
    assert_eq!(
        (outcome.tally.wrong(), outcome.tally.unanswered),
        (0, 0),
        "{:?}",
        outcome.tally.examples
    );
    for kind in [
        Kind::GoodRs256,
        Kind::GoodEs256,
        Kind::Expired,
        Kind::WrongAudience,
        Kind::BadSignature,
        Kind::Replayed,
    ] {
        assert!(outcome.tally.sent.contains_key(&kind), "{kind:?}");
    }
    assert!(outcome.tally.refusals["expired"] > 0 && outcome.tally.refusals["replayed"] > 0);
}

#[test]
fn a_gateway_that_forgets_is_caught() {
    let mut bench = bench(false, true);
    let outcome = bench.run(Pace::Closed, 300, deck());
    let replayed = outcome.tally.sent[&Kind::Replayed];
    assert!(replayed.requests > 0);
    assert_eq!(replayed.wrong, replayed.requests);
    assert_eq!(outcome.tally.wrong(), replayed.wrong);
    let (first, _) = outcome.tally.examples.first_key_value().unwrap();
    assert!(
        first.contains("must get 401 replayed, got 200"),
        "{:?}",
        outcome.tally.examples
    );
}

#[test]
fn a_phase_ends_when_its_tokens_are_spent() {
    let mut bench = bench(true, true);
    let outcome = bench.run(Pace::Closed, u64::MAX, deck());
    assert!(outcome.ran_dry);
    assert_eq!(outcome.tally.wrong(), 0, "{:?}", outcome.tally.examples);
    let good = outcome.tally.sent[&Kind::GoodRs256]
        .requests
        .max(outcome.tally.sent[&Kind::GoodEs256].requests);
    assert!(good >= 40);
}

#[test]
fn the_open_loop_sends_its_whole_schedule() {
    let mut bench = bench(true, true);
    let outcome = bench.run(Pace::Open(10_000.0), 200, deck());
    assert_eq!(outcome.tally.requests(), 200);
    assert_eq!(outcome.tally.wrong(), 0, "{:?}", outcome.tally.examples);
    let in_time = outcome.tally.lateness.count();
    assert_eq!(in_time.saturating_add(outcome.tally.backlogged), 200);
}

#[test]
fn the_ceiling_looks_at_no_token() {
    let mut bench = bench(true, true);
    let junk = HeaderValue::from_static("Bearer junk");
    let path = Uri::from_static(crate::gateway::OPEN_PATH);
    let outcome = bench.run(Pace::Closed, 50, Load::Open(path, junk));
    assert_eq!(outcome.tally.requests(), 50);
    assert!(outcome.tally.refusals.is_empty());
}

#[test]
fn a_gateway_that_goes_away_is_a_request_without_an_answer() {
    let Bench {
        mut generator,
        stock,
        _gateway,
    } = bench(true, true);
    drop(_gateway);
    let phase = Phase {
        label: "test",
        pace: Pace::Closed,
        duration: Duration::from_secs(600),
        max_requests: 10,
        load: deck(),
    };
    let outcome = generator
        .run(&phase, &stock, &Progress::new().phase("test", 0))
        .unwrap();
    assert_eq!(outcome.tally.requests(), 0);
    assert!(outcome.tally.unanswered > 0);
}

#[test]
fn a_scenario_says_what_its_gateway_remembers() {
    let scenario = Scenario::named("recalled-rs256").unwrap();
    assert_eq!(Memory::of(scenario), Memory::Tokens);
    let replays = Scenario::named("mixed").unwrap();
    assert_eq!(Memory::of(replays), Memory::Replays);
    let neither = Scenario::named("good-rs256").unwrap();
    assert_eq!(Memory::of(neither), Memory::Nothing);
}
