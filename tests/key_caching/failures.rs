//! What brought no key is not kept, whatever its header fields say, and a revalidation that failed replaces nothing.

use asap_engine::KeyError;
use asap_tests::key_client::{KEY, fetched, is_at_hand};
use asap_tests::keys::public_key_pem;
use asap_tests::simulated::{SimulatedServer, in_paused_time, simulated_reply};
use tokio::time::sleep;

use crate::answers::{FAILURES, Failing, at_once, condition, key_with, seconds, status};

#[test]
fn no_failure_is_kept_and_the_next_fetch_asks_again() {
    let absent: [(&str, Failing); 3] = [
        ("403", || status(403)),
        ("404", || status(404)),
        ("410", || status(410)),
    ];
    let unavailable = FAILURES.map(|one| (one, KeyError::Unavailable));
    let unknown = absent.map(|one| (one, KeyError::Unknown));
    for ((name, failing), expected) in unavailable.into_iter().chain(unknown) {
        in_paused_time(async {
            let pem = public_key_pem();
            let server = SimulatedServer::new(move |number, request| match number {
                0..2 => failing(),
                _ => {
                    assert_eq!(condition(&request), None, "a failure was revalidated");
                    at_once(key_with("max-age=3600", &pem))
                }
            });
            let keys = server.client();
            for asked in 1..=2 {
                assert_eq!(fetched(&keys, KEY).await, Err(expected), "{name}");
                assert!(!is_at_hand(&keys, KEY), "{name}");
                assert_eq!(
                    (server.asked().len(), keys.stats().keys),
                    (asked, 0),
                    "{name}"
                );
            }
            assert_eq!(fetched(&keys, KEY).await, Ok(()), "{name}");
            assert!(is_at_hand(&keys, KEY), "{name}");
        });
    }
}

#[test]
fn a_failed_revalidation_replaces_nothing() {
    for (name, failing) in FAILURES {
        in_paused_time(async {
            let pem = public_key_pem();
            let server = SimulatedServer::new(move |number, request| match number {
                0 => at_once(key_with("max-age=10", &pem)),
                1..3 => failing(),
                _ => {
                    assert_eq!(condition(&request), Some("\"v1\""));
                    let headers = [("cache-control", "max-age=10"), ("etag", "\"v1\"")];
                    at_once(simulated_reply(304, &headers, ""))
                }
            });
            let keys = server.client();
            assert_eq!(fetched(&keys, KEY).await, Ok(()));
            sleep(seconds(10)).await;
            for _ in 0..2 {
                let failed = fetched(&keys, KEY).await;
                assert_eq!(failed, Err(KeyError::Unavailable), "{name}");
                assert!(!is_at_hand(&keys, KEY), "{name}");
            }
            assert_eq!(fetched(&keys, KEY).await, Ok(()), "{name}");
            assert!(is_at_hand(&keys, KEY), "{name}");
            assert_eq!((server.asked().len(), keys.stats().keys), (4, 1), "{name}");
        });
    }
}
