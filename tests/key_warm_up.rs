//! Readiness: a gateway may have its keys fetched before it opens.

use std::time::Duration;

use asap_tests::key_client::{fetched, is_at_hand, key_id};
use asap_tests::keys::public_key_pem;
use asap_tests::simulated::{SimulatedServer, in_paused_time, simulated_reply};
use tokio::time::Instant;

fn key_ids(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("svc/{number}")).collect()
}

#[test]
fn all_keys_are_at_hand_when_it_is_done_and_no_rate_limits_it() {
    in_paused_time(async {
        let server = SimulatedServer::giving_everyone("max-age=60", Duration::from_millis(10));
        let slow = Duration::from_secs(1000);
        let keys = server.client_with(|config| {
            config
                .with_fetch_rate(1, slow)
                .with_fetch_rate_per_issuer(1, slow)
        });
        let wanted = key_ids(2000);
        let start = Instant::now();
        let result = keys.warm_up(wanted.iter().map(|text| key_id(text))).await;
        assert_eq!(result.at_hand, 2000, "{result:?}");
        // 32 at once, each in 10 milliseconds.
        assert!(start.elapsed() >= Duration::from_millis(2000 / 32 * 10));
        assert!(wanted.iter().all(|text| is_at_hand(&keys, text)));
        assert_eq!(server.asked().len(), 2000);
        // Again: there is nothing to do.
        let again = keys.warm_up(wanted.iter().map(|text| key_id(text))).await;
        assert_eq!(again.at_hand, 2000);
        assert_eq!(server.asked().len(), 2000);
    });
}

#[test]
fn it_says_of_each_key_that_is_missing_why() {
    in_paused_time(async {
        let pem = public_key_pem();
        let server = SimulatedServer::new(move |_, request| {
            let pem = pem.clone();
            async move {
                Ok(match request.uri().path() {
                    "/svc/unknown" => simulated_reply(404, &[], ""),
                    "/svc/unavailable" => simulated_reply(503, &[], ""),
                    "/svc/silent" => std::future::pending().await,
                    "/svc/for-once" => simulated_reply(200, &[], pem),
                    _ => simulated_reply(200, &[("cache-control", "max-age=60")], pem),
                })
            }
        });
        let keys = server.client();
        let wanted = [
            "svc/there",
            "svc/unknown",
            "svc/unavailable",
            "svc/silent",
            "svc/for-once",
        ];
        let start = Instant::now();
        let result = keys.warm_up(wanted.map(key_id)).await;
        assert!(start.elapsed() <= Duration::from_millis(5_300));
        assert_eq!(result.at_hand, 1);
        assert_eq!(*result.unknown, ["svc/unknown".into()]);
        assert_eq!(
            *result.unavailable,
            ["svc/unavailable".into(), "svc/silent".into()]
        );
        assert_eq!(*result.not_kept, ["svc/for-once".into()]);
    });
}

#[test]
fn it_joins_the_fetches_that_callers_have_begun() {
    in_paused_time(async {
        let server = SimulatedServer::giving_everyone("max-age=60", Duration::from_millis(10));
        let keys = server.client();
        let caller = tokio::spawn({
            let keys = keys.clone();
            async move { fetched(&keys, "svc/0").await }
        });
        tokio::task::yield_now().await;
        let wanted = key_ids(1);
        let result = keys.warm_up(wanted.iter().map(|text| key_id(text))).await;
        assert_eq!((result.at_hand, server.asked().len()), (1, 1));
        caller.await.unwrap().unwrap();
    });
}
