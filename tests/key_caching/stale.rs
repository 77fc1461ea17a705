//! A stale key is used while it is revalidated, or if it cannot be, when and only when its answer says so, to the
//! second (RFC 5861).

use std::future::pending;
use std::io;
use std::time::Duration;

use asap_engine::KeyError;
use asap_tests::key_client::{KEY, fetched, is_at_hand};
use asap_tests::simulated::in_paused_time;
use tokio::time::sleep;

use crate::answers::{
    Failing, MOMENT, Odd, client_of, error, odd, once, redirect, seconds, status, text,
};

/// Whether a key with this `Cache-Control` is at hand so long after it was fetched.
fn at_hand_after(cache_control: &'static str, pause: Duration) -> bool {
    in_paused_time(async {
        let keys = client_of(&once(cache_control, || status(503))).await;
        sleep(pause).await;
        is_at_hand(&keys, KEY)
    })
}

/// What a caller gets who waits for a key with this `Cache-Control`, so long after it was fetched and with a server
/// that answers so.
fn fetched_after(
    cache_control: &'static str,
    pause: Duration,
    then: Failing,
) -> Result<(), KeyError> {
    in_paused_time(async {
        let server = once(cache_control, then);
        let keys = client_of(&server).await;
        sleep(pause).await;
        let fetched = fetched(&keys, KEY).await;
        assert!(server.asked().len() > 1, "nobody asked");
        fetched
    })
}

#[test]
fn a_key_is_at_hand_to_the_second_and_stale_only_while_it_is_revalidated() {
    for (cache_control, end) in [
        ("max-age=10", 10),
        ("max-age=10, immutable", 10),
        ("max-age=10, stale-if-error=20", 10),
        ("max-age=10, stale-while-revalidate=0", 10),
        ("max-age=10, stale-while-revalidate=20", 30),
        ("max-age=0, stale-while-revalidate=20", 20),
        ("max-age=10, stale-while-revalidate=20, must-revalidate", 10),
    ] {
        assert!(
            at_hand_after(cache_control, seconds(end) - MOMENT),
            "{cache_control}"
        );
        assert!(
            !at_hand_after(cache_control, seconds(end)),
            "{cache_control}"
        );
    }
    for cache_control in [
        "no-store, max-age=10, stale-while-revalidate=20",
        "no-cache, max-age=10, stale-while-revalidate=20",
        "max-age=0",
        "public",
        "immutable",
    ] {
        assert!(
            !at_hand_after(cache_control, Duration::ZERO),
            "{cache_control}"
        );
    }
}

#[test]
fn a_stale_key_stands_in_on_errors_to_the_second_if_its_answer_says_so() {
    const ALLOWED: &str = "max-age=10, stale-if-error=20";
    for then in [
        (|| status(500)) as Failing,
        || status(502),
        || status(503),
        || status(504),
        || error(io::ErrorKind::ConnectionRefused),
        || odd(Odd::Breaks),
    ] {
        for (pause, expected) in [
            (seconds(10), Ok(())),
            (seconds(30) - MOMENT, Ok(())),
            (seconds(30), Err(KeyError::Unavailable)),
        ] {
            assert_eq!(fetched_after(ALLOWED, pause, then), expected, "{pause:?}");
        }
    }
    // A deadline is an error too, three seconds after the question.
    let silent: Failing = || Box::pin(pending());
    assert_eq!(fetched_after(ALLOWED, seconds(26), silent), Ok(()));
    let too_late = fetched_after(ALLOWED, seconds(28), silent);
    assert_eq!(too_late, Err(KeyError::Unavailable));
}

#[test]
fn a_stale_key_does_not_stand_in_for_what_is_no_error_or_against_a_directive() {
    const ALLOWED: &str = "max-age=10, stale-if-error=20";
    for then in [
        (|| status(429)) as Failing,
        || status(401),
        || status(501),
        || status(203),
        || text("<html>"),
        || text(vec![b' '; 64 * 1024 + 1]),
        || redirect("http://keys.example/svc/key"),
    ] {
        let fetched = fetched_after(ALLOWED, seconds(10), then);
        assert_eq!(fetched, Err(KeyError::Unavailable));
    }
    for cache_control in [
        "max-age=10",
        "max-age=10, stale-while-revalidate=0",
        "max-age=10, stale-if-error=0",
        "max-age=10, stale-if-error=20, must-revalidate",
        "no-cache, max-age=10, stale-if-error=20",
        "no-store, max-age=10, stale-if-error=20",
    ] {
        let fetched = fetched_after(cache_control, seconds(10), || status(503));
        assert_eq!(fetched, Err(KeyError::Unavailable), "{cache_control}");
    }
}
