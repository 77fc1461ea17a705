//! What decides anew how long a key lives: a 304, a redirect on the way; and what does not: the time of day.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use asap_engine::KeyRepositoryConfig;
use asap_engine::internals::{SimulatedSending, World, simulated_repository};
use asap_tests::key_client::{KEY, fetched, is_at_hand};
use asap_tests::keys::public_key_pem;
use asap_tests::simulated::{SimulatedServer, in_paused_time, simulated_reply};
use http::Request;
use tokio::time::sleep;

use crate::answers::{MOMENT, at_once, client_of, condition, key_with, once, seconds, status};

#[test]
fn a_304_decides_anew_how_long_the_key_lives() {
    // Header fields of the 304, and for how long the key lives on.
    let cases: [(&[(&str, &str)], u64); 7] = [
        (&[], 10),
        (&[("cache-control", "max-age=100")], 100),
        (&[("cache-control", "max-age=100"), ("age", "60")], 40),
        (&[("cache-control", "max-age=5")], 5),
        (&[("cache-control", "no-store, max-age=100")], 0),
        (&[("cache-control", "no-cache, max-age=100")], 0),
        (
            &[("cache-control", "max-age=5, stale-while-revalidate=15")],
            20,
        ),
    ];
    for (fields, end) in cases {
        for (pause, expected) in [
            (seconds(end).saturating_sub(MOMENT), end > 0),
            (seconds(end), false),
        ] {
            in_paused_time(async {
                let pem = public_key_pem();
                let server = SimulatedServer::new(move |number, request| match number {
                    0 => at_once(key_with("max-age=10", &pem)),
                    _ => {
                        assert_eq!(condition(&request), Some("\"v1\""));
                        at_once(simulated_reply(304, fields, ""))
                    }
                });
                let keys = client_of(&server).await;
                sleep(seconds(10)).await;
                assert_eq!(fetched(&keys, KEY).await, Ok(()));
                sleep(pause).await;
                assert_eq!(is_at_hand(&keys, KEY), expected, "{fields:?} {pause:?}");
            });
        }
    }
}

#[test]
fn an_immutable_key_is_not_refreshed_ahead() {
    for (cache_control, asked) in [("max-age=100", 2), ("max-age=100, immutable", 1)] {
        in_paused_time(async {
            let server = once(cache_control, || status(503));
            let keys = client_of(&server).await;
            assert!(is_at_hand(&keys, KEY));
            sleep(seconds(91)).await;
            assert!(is_at_hand(&keys, KEY));
            assert!(server.asked().len() >= asked, "{cache_control}");
            assert!(asked > 1 || server.asked().len() == 1, "{cache_control}");
        });
    }
}

#[test]
fn what_a_redirect_leads_to_is_kept_no_longer_than_the_redirect() {
    for (redirect, key, end) in [
        (None, "max-age=60", 0),
        (Some("max-age=5"), "max-age=60", 5),
        (Some("max-age=60"), "max-age=5", 5),
        (Some("max-age=60, no-store"), "max-age=60", 0),
        (Some("no-cache"), "max-age=60", 0),
    ] {
        for pause in [seconds(end).saturating_sub(MOMENT), seconds(end)] {
            in_paused_time(async {
                let pem = public_key_pem();
                let server = SimulatedServer::new(move |_, request| {
                    if request.uri().path() == "/elsewhere" {
                        return at_once(key_with(key, &pem));
                    }
                    let mut headers = vec![("location", "/elsewhere")];
                    headers.extend(redirect.map(|text| ("cache-control", text)));
                    at_once(simulated_reply(301, &headers, ""))
                });
                let keys = client_of(&server).await;
                sleep(pause).await;
                let expected = pause < seconds(end);
                assert_eq!(is_at_hand(&keys, KEY), expected, "{redirect:?} {pause:?}");
            });
        }
    }
}

/// A machine whose time of day steps.
struct Stepping {
    server: Arc<SimulatedServer>,
    ahead: AtomicU64,
}

impl World for Stepping {
    fn send(&self, request: Request<()>, is_redirected: bool) -> SimulatedSending {
        self.server.send(request, is_redirected)
    }

    fn time_of_day(&self) -> SystemTime {
        self.server.time_of_day() + seconds(self.ahead.load(Ordering::Relaxed))
    }

    fn random(&self) -> u64 {
        self.server.random()
    }
}

#[test]
fn a_step_of_the_time_of_day_moves_no_end() {
    const YEAR: u64 = 365 * 24 * 3600;
    for (before, after) in [(0, YEAR), (YEAR, 0)] {
        for (pause, expected) in [(seconds(60) - MOMENT, true), (seconds(60), false)] {
            in_paused_time(async {
                let world = Arc::new(Stepping {
                    server: once("max-age=60", || status(503)),
                    ahead: AtomicU64::new(before),
                });
                let config = KeyRepositoryConfig::new("https://keys.example").unwrap();
                let keys = simulated_repository(config, Arc::clone(&world)).unwrap();
                assert_eq!(fetched(&keys, KEY).await, Ok(()));
                world.ahead.store(after, Ordering::Relaxed);
                sleep(pause).await;
                assert_eq!(is_at_hand(&keys, KEY), expected);
            });
        }
    }
}
