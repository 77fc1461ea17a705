//! Refresh ahead, in paused time: a key in use never goes stale, and a key that nobody uses is asked for no more.

use std::time::Duration;

use asap_engine::KeyRepository;
use asap_tests::key_client::{KEY, fetched, is_at_hand, key_id};
use asap_tests::keys::public_key_pem;
use asap_tests::simulated::{SimulatedServer, in_paused_time, simulated_reply};
use tokio::time::{Instant, sleep};

const MILLISECOND: Duration = Duration::from_millis(1);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Uses a key every `pause` for so long. Panics if it is not at hand once.
async fn use_steadily(keys: &KeyRepository, text: &str, pause: Duration, how_long: Duration) {
    let end = Instant::now() + how_long;
    while Instant::now() < end {
        sleep(pause).await;
        assert!(is_at_hand(keys, text), "a verification would have waited");
    }
}

#[test]
fn under_steady_load_nobody_waits_after_the_first() {
    in_paused_time(async {
        let server = SimulatedServer::giving_everyone("max-age=2", 100 * MILLISECOND);
        let keys = server.client();
        fetched(&keys, KEY).await.unwrap();
        use_steadily(&keys, KEY, 7 * MILLISECOND, seconds(180)).await;
        // Refreshed at 60 to 80 % of its freshness: every 1.2 to 1.6 seconds, and the answer's tenth more.
        let asked = server.asked().len();
        assert!((180 * 10 / 17..=180 * 10 / 12).contains(&asked), "{asked}");
    });
}

#[test]
fn one_use_in_each_freshness_keeps_a_key_fresh() {
    in_paused_time(async {
        let server = SimulatedServer::giving_everyone("max-age=2", 100 * MILLISECOND);
        let keys = server.client();
        fetched(&keys, KEY).await.unwrap();
        use_steadily(&keys, KEY, 1_150 * MILLISECOND, seconds(600)).await;
    });
}

#[test]
fn a_thousand_keys_fetched_together_are_refreshed_apart() {
    in_paused_time(async {
        let server = SimulatedServer::giving_everyone("max-age=2", 20 * MILLISECOND);
        let keys = server.client_with(|config| {
            config
                .with_max_concurrent_fetches(1000)
                .with_max_concurrent_revalidations(1000)
        });
        let key_ids: Vec<_> = (0..1000).map(|number| format!("svc/{number}")).collect();
        let warm = keys.warm_up(key_ids.iter().map(|text| key_id(text))).await;
        assert_eq!(warm.at_hand, 1000);
        let end = Instant::now() + seconds(10);
        while Instant::now() < end {
            sleep(100 * MILLISECOND).await;
            for key_id in &key_ids {
                assert!(is_at_hand(&keys, key_id), "{key_id}");
            }
        }
        let refreshes: Vec<_> = server.asked().split_off(1000);
        // From 1.2 to 1.6 seconds after the first fetches, in every tenth of that time some.
        for tenth in 0..10 {
            let from = 1_200 * MILLISECOND + tenth * 40 * MILLISECOND;
            let within = refreshes
                .iter()
                .filter(|at| (from..from + 40 * MILLISECOND).contains(*at));
            let count = within.count();
            assert!((50..=200).contains(&count), "{count} at {from:?}");
        }
    });
}

/// With the limit on revalidations that there is unless told otherwise.
#[test]
fn ten_thousand_keys_that_are_fresh_for_two_seconds_are_always_at_hand() {
    in_paused_time(async {
        let server = SimulatedServer::giving_everyone("max-age=2", 20 * MILLISECOND);
        let keys = server.client_with(|config| config.with_max_concurrent_fetches(1000));
        let key_ids: Vec<_> = (0..10_000).map(|number| format!("svc/{number}")).collect();
        let warm = keys.warm_up(key_ids.iter().map(|text| key_id(text))).await;
        assert_eq!(warm.at_hand, 10_000);
        for _ in 0..7 {
            for key_id in &key_ids {
                assert!(is_at_hand(&keys, key_id), "{key_id}");
            }
            sleep(500 * MILLISECOND).await;
        }
    });
}

#[test]
fn a_key_that_nobody_uses_is_asked_for_no_more() {
    in_paused_time(async {
        let server = SimulatedServer::giving_everyone("max-age=2", Duration::ZERO);
        let keys = server.client();
        fetched(&keys, KEY).await.unwrap();
        sleep(seconds(3600)).await;
        assert_eq!(server.asked().len(), 1);
        assert!(!is_at_hand(&keys, KEY));
        // Used once more, it is refreshed once more.
        fetched(&keys, KEY).await.unwrap();
        assert!(is_at_hand(&keys, KEY));
        sleep(seconds(3600)).await;
        assert_eq!(server.asked().len(), 3);
    });
}

#[test]
fn a_refresh_that_fails_is_tried_again_before_the_key_goes_stale() {
    in_paused_time(async {
        let pem = public_key_pem();
        let server = SimulatedServer::new(move |number, _| {
            // Two of three requests fail.
            let status = if number % 3 == 0 { 200 } else { 503 };
            let answer = simulated_reply(status, &[("cache-control", "max-age=10")], pem.clone());
            std::future::ready(Ok(answer))
        });
        let keys = server.client();
        fetched(&keys, KEY).await.unwrap();
        use_steadily(&keys, KEY, 50 * MILLISECOND, seconds(300)).await;
        assert!(keys.stats().failures > 30);
    });
}

#[test]
fn an_outage_costs_a_request_a_second_at_first_and_fewer_later() {
    in_paused_time(async {
        let pem = public_key_pem();
        let server = SimulatedServer::new(move |number, _| {
            let status = if number == 0 { 200 } else { 503 };
            let answer = simulated_reply(status, &[("cache-control", "max-age=3600")], pem.clone());
            std::future::ready(Ok(answer))
        });
        let keys = server.client();
        fetched(&keys, KEY).await.unwrap();
        use_steadily(&keys, KEY, seconds(1), seconds(3590)).await;
        // The last two fifths to fifth of the hour, with pauses that grow to a minute and a half at most.
        let asked = server.asked().len();
        assert!((8..=30).contains(&asked), "{asked}");
    });
}

#[test]
fn a_key_that_is_gone_at_its_refresh_is_not_used_again() {
    in_paused_time(async {
        let pem = public_key_pem();
        let server = SimulatedServer::new(move |number, _| {
            let status = if number == 0 { 200 } else { 404 };
            let answer = simulated_reply(status, &[("cache-control", "max-age=100")], pem.clone());
            std::future::ready(Ok(answer))
        });
        let keys = server.client();
        fetched(&keys, KEY).await.unwrap();
        use_steadily(&keys, KEY, 10 * MILLISECOND, seconds(59)).await;
        sleep(seconds(22)).await;
        assert!(!is_at_hand(&keys, KEY));
        sleep(seconds(3600)).await;
        assert_eq!(server.asked().len(), 2);
    });
}

#[test]
fn an_immutable_key_is_left_alone_while_it_is_fresh() {
    in_paused_time(async {
        let pem = public_key_pem();
        let server = SimulatedServer::new(move |_, _| {
            let headers = [("cache-control", "max-age=100, immutable")];
            std::future::ready(Ok(simulated_reply(200, &headers, pem.clone())))
        });
        let keys = server.client();
        fetched(&keys, KEY).await.unwrap();
        use_steadily(&keys, KEY, 10 * MILLISECOND, seconds(99)).await;
        assert_eq!(server.asked().len(), 1);
        // When its time is over it is asked for in the background, since it is in use.
        sleep(seconds(2)).await;
        assert!(is_at_hand(&keys, KEY));
        assert_eq!(server.asked().len(), 2);
    });
}

#[test]
fn a_dropped_repository_leaves_no_task_behind() {
    in_paused_time(async {
        let server = SimulatedServer::giving_everyone("max-age=2", 100 * MILLISECOND);
        let keys = server.client();
        fetched(&keys, KEY).await.unwrap();
        assert!(is_at_hand(&keys, KEY));
        let alive = || {
            tokio::runtime::Handle::current()
                .metrics()
                .num_alive_tasks()
        };
        assert_eq!(alive(), 1, "the refresher");
        drop(keys);
        sleep(seconds(10)).await;
        assert_eq!(alive(), 0);
        assert_eq!(server.asked().len(), 1);
    });
}
