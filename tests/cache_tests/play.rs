//! Plays a test: asks for the key of each step as a gateway does, first what is at hand, then the repository, and
//! checks what the suite's client checks, in its order.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use asap_engine::internals::simulated_repository;
use asap_engine::{
    Algorithm, KeyError, KeyRepository, KeyRepositoryConfig, KeySource, Lookup, SigningKey,
    VerifyingKey,
};
use asap_tests::key_client::key_id;
use asap_tests::simulated::in_paused_time;
use tokio::time::sleep;

use crate::applicability::distinguishes;
use crate::origin::{NOT_CONDITIONAL, Origin};
use crate::suite::{Expected, Step, Test};

/// The pause of the suite.
const PAUSE: Duration = Duration::from_secs(3);

/// No test has more steps.
const MAX_STEPS: usize = 3;

/// A check that did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Whether it belongs to the setup, so that nothing is known of what the test is for.
    pub(crate) is_setup: bool,
    pub(crate) message: String,
}

/// What came of one step: the number of the step whose key was used.
type Used = Result<usize, KeyError>;

/// Plays a test from its first step to its last, on a clock of its own.
pub(crate) fn play(test: &Test) -> Result<(), Fault> {
    play_with_origin(test).1
}

fn play_with_origin(test: &Test) -> (Arc<Origin>, Result<(), Fault>) {
    in_paused_time(async {
        let pems = keys().iter().map(|key| key.pem.clone()).collect();
        let origin = Origin::new(&test.steps, pems);
        let played = play_steps(&test.steps, &origin).await;
        (origin, played)
    })
}

async fn play_steps(steps: &[Step], origin: &Arc<Origin>) -> Result<(), Fault> {
    let config = KeyRepositoryConfig::new("https://keys.example/").unwrap();
    let repository = simulated_repository(config, Arc::clone(origin)).unwrap();
    for (number, step) in steps.iter().enumerate() {
        origin.begin(number);
        let used = used(&repository, origin, step).await;
        check_answer(steps, number, used, origin)?;
        if step.pauses_after() {
            sleep(PAUSE).await;
        }
    }
    for (number, step) in steps.iter().enumerate() {
        check_request(number, step, origin)?;
    }
    Ok(())
}

async fn used(repository: &KeyRepository, origin: &Origin, step: &Step) -> Used {
    let text = step.key_id();
    let key_id = key_id(&text);
    if let Lookup::Found(number) = repository.with_key(key_id, number_of) {
        origin.used();
        // Whatever this use has set off runs before the paused clock moves.
        sleep(Duration::from_millis(1)).await;
        return Ok(number);
    }
    origin.set_asking(true);
    let fetched = repository.fetch(key_id, "svc").await;
    origin.set_asking(false);
    fetched.map(|key| number_of(&key))
}

fn check_answer(steps: &[Step], number: usize, used: Used, origin: &Origin) -> Result<(), Fault> {
    let step = &steps[number];
    let was_asked = origin.asked(number).is_some();
    match step.expected() {
        Some(Expected::Cached) => demand(
            step.is_setup("expected_type"),
            used.is_ok_and(|used| used < number),
            || format!("answer {} does not come from the cache", number + 1),
        )?,
        Some(Expected::NotCached) => demand(
            step.is_setup("expected_type"),
            was_asked && used.map_or(true, |used| used == number),
            || format!("answer {} comes from the cache", number + 1),
        )?,
        Some(Expected::Validated(_)) | None => {}
    }
    if let Some(status) = step.expected_status() {
        let is_setup = match step.expected() {
            Some(Expected::Validated(_)) => step.is_setup("expected_type"),
            _ if step.has("expected_status") => step.is_setup("expected_status"),
            _ => true,
        };
        let expected = outcome(status);
        demand(is_setup, used.map(drop) == expected, || {
            format!("answer {} is {used:?} and not that of {status}", number + 1)
        })?;
    }
    for (name, text) in step.lines("expected_response_headers") {
        let is_setup = step.is_setup("expected_response_headers");
        let told = if name == "client-request-count" {
            let count: usize = text.as_str().unwrap().parse().unwrap();
            used.is_ok_and(|used| used + 1 == count)
        } else if distinguishes(steps, &name) {
            let text = text.as_str();
            used.is_ok_and(|used| steps[used].response_header(&name) == text)
        } else {
            // That the fields themselves are not handed on is a rule of `applicability`.
            continue;
        };
        demand(is_setup, told, || {
            format!("answer {} is not the one with this {name}", number + 1)
        })?;
    }
    for (name, _) in step.lines("expected_response_headers_missing") {
        if name == "server-request-count" {
            let is_setup = step.is_setup("expected_response_headers_missing");
            demand(is_setup, used.is_err(), || {
                format!("answer {} is one of the origin", number + 1)
            })?;
        }
    }
    Ok(())
}

fn check_request(number: usize, step: &Step, origin: &Origin) -> Result<(), Fault> {
    if step.expected() == Some(Expected::Cached) {
        return Ok(());
    }
    let asked = origin.asked(number);
    if let Some(Expected::Validated(condition)) = step.expected() {
        let has = asked
            .as_ref()
            .is_some_and(|asked| asked.headers.contains_key(condition));
        demand(step.is_setup("expected_type"), has, || {
            format!("request {} has no {condition}", number + 1)
        })?;
    }
    for (name, text) in step.lines("expected_request_headers") {
        let sent = asked.as_ref().and_then(|asked| asked.headers.get(&name));
        let is_as_expected = match text.as_str() {
            Some(text) => sent.is_some_and(|sent| sent == text),
            None => sent.is_some(),
        };
        demand(
            step.is_setup("expected_request_headers"),
            is_as_expected,
            || format!("request {} has another {name}", number + 1),
        )?;
    }
    Ok(())
}

fn demand(is_setup: bool, holds: bool, message: impl FnOnce() -> String) -> Result<(), Fault> {
    if holds {
        return Ok(());
    }
    Err(Fault {
        is_setup,
        message: message(),
    })
}

/// What the client makes of a status: a key, that there is none, or that nothing is known.
fn outcome(status: u16) -> Result<(), KeyError> {
    match status {
        200 | 301 | 302 | 303 | 304 | 307 | 308 => Ok(()),
        403 | 404 | 410 => Err(KeyError::Unknown),
        _ => {
            assert_ne!(status, NOT_CONDITIONAL, "the origin's own");
            Err(KeyError::Unavailable)
        }
    }
}

/// A key, and what shows that it is this one.
struct Key {
    pem: String,
    signature: Vec<u8>,
}

fn keys() -> &'static [Key] {
    static KEYS: OnceLock<Vec<Key>> = OnceLock::new();
    KEYS.get_or_init(|| {
        let new = || {
            let (key, _) = SigningKey::generate(Algorithm::Es256).unwrap();
            Key {
                pem: key.public_key_pem().to_owned(),
                signature: key.sign(b"mine").unwrap(),
            }
        };
        (0..MAX_STEPS).map(|_| new()).collect()
    })
}

/// The number of the step whose answer brought this key.
fn number_of(key: &VerifyingKey) -> usize {
    let mut keys = keys().iter();
    let number = keys.position(|one| {
        let verified = key.verify(Algorithm::Es256, b"mine", &one.signature);
        verified.is_ok()
    });
    number.unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn test(steps: Value) -> Test {
        Test::read(&json!({ "id": "ours", "requests": steps }), "")
    }

    fn fresh_for(cache_control: &str) -> Value {
        json!([["Cache-Control", cache_control], ["ETag", "\"a\""]])
    }

    #[test]
    fn what_a_stale_use_sets_off_is_answered() {
        let stale = "max-age=1, stale-while-revalidate=9";
        let (origin, played) = play_with_origin(&test(json!([
            { "response_headers": fresh_for(stale), "pause_after": true },
            { "response_headers": fresh_for("max-age=9"), "expected_type": "cached", "pause_after": true },
            { "expected_type": "cached", "expected_response_headers": [["client-request-count", "2"]] },
        ])));
        assert_eq!(played, Ok(()));
        let asked = origin.asked(1).unwrap();
        assert!(asked.headers.contains_key("if-none-match"));
        assert!(origin.asked(2).is_none());
    }

    #[test]
    fn what_is_asked_ahead_is_not_answered() {
        let (origin, played) = play_with_origin(&test(json!([
            { "response_headers": fresh_for("max-age=2") },
            { "expected_type": "cached", "pause_after": true },
            { "expected_type": "not_cached" },
        ])));
        assert_eq!(played, Ok(()));
        assert!(origin.asked(1).is_none() && origin.asked(2).is_some());
    }

    #[test]
    fn a_check_that_does_not_hold_is_a_fault() {
        let faulty = |expected: &str, pause: bool| {
            let mut first = json!({ "response_headers": fresh_for("max-age=2"), "setup": true });
            if pause {
                first["pause_after"] = true.into();
            }
            let second = json!({ "expected_type": expected });
            play(&test(json!([first, second]))).is_err()
        };
        assert!(faulty("cached", true) && !faulty("not_cached", true));
        assert!(!faulty("cached", false) && faulty("not_cached", false));
        assert!(!faulty("etag_validated", true) && faulty("etag_validated", false));
        assert!(faulty("lm_validated", true));
    }
}
