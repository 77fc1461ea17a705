//! When a repository is down, when it is up again, and who is asked for what meanwhile.

use super::*;
use crate::keys::repository::entry::tests::at;
use http::StatusCode;

fn key_id(text: &str) -> KeyId<'_> {
    KeyId::parse(text).unwrap()
}

fn health() -> Health {
    Health::new(at(0))
}

/// Takes it down at this second, by a request for `text` that failed at once.
fn down(health: &mut Health, text: &str, second: u64) {
    let status = Failure::Status(StatusCode::SERVICE_UNAVAILABLE);
    let change = health.failed(key_id(text), at(second), at(second), &status);
    assert_eq!(change, Some(Change::Down));
    health.want(key_id(text), at(second));
}

fn is_asked(health: &mut Health, text: &str, second: u64) -> bool {
    matches!(health.turn(key_id(text), at(second)), Turn::Ask)
}

#[test]
fn an_outage_takes_it_down_and_an_answer_brings_it_up_once_each() {
    let mut health = health();
    assert!(health.is_up() && is_asked(&mut health, "a/b", 0));
    assert_eq!(health.answered(key_id("a/b"), true, at(1)), None);
    down(&mut health, "a/b", 2);
    for failures in 2..10 {
        let failed = health.failed(key_id("a/c"), at(3), at(3), &Failure::Deadline);
        assert_eq!((failed, health.consecutive_failures()), (None, failures));
    }
    assert_eq!((health.is_up(), health.since()), (false, at(2)));
    let after = Duration::from_secs(5);
    assert_eq!(
        health.answered(key_id("a/c"), false, at(7)),
        Some(Change::Up { after })
    );
    assert_eq!(health.answered(key_id("a/c"), true, at(8)), None);
    assert_eq!((health.is_up(), health.since()), (true, at(7)));
    assert_eq!(health.consecutive_failures(), 0);
}

#[test]
fn while_it_is_down_a_fetch_passes_it_by_and_is_told_why() {
    let mut health = health();
    down(&mut health, "a/b", 0);
    let failed = health.failed(key_id("a/b"), at(1), at(1), &Failure::TooLong);
    assert_eq!(failed, None);
    assert!(matches!(
        health.turn(key_id("a/b"), at(1)),
        Turn::Skip(Failure::TooLong)
    ));
}

#[test]
fn an_outage_that_began_before_the_last_answer_says_nothing_new() {
    let mut health = health();
    let _ = health.answered(key_id("a/b"), true, at(5));
    let late = health.failed(key_id("a/c"), at(4), at(9), &Failure::Deadline);
    assert_eq!((late, health.consecutive_failures()), (None, 0));
    let new = health.failed(key_id("a/c"), at(5), at(9), &Failure::Deadline);
    assert_eq!(new, Some(Change::Down));
}

#[test]
fn one_prober_at_a_time_and_none_while_it_is_up() {
    let mut health = health();
    assert!(!health.begin_probing());
    down(&mut health, "a/b", 0);
    assert!(health.begin_probing() && !health.begin_probing());
    let _ = health.answered(key_id("a/b"), true, at(1));
    assert_eq!(health.next_probe(at(1)), None);
    down(&mut health, "a/b", 2);
    assert!(health.begin_probing());
}

#[test]
fn a_probe_asks_by_turns_for_a_key_that_was_served_and_for_one_that_is_wanted() {
    let mut health = health();
    let _ = health.answered(key_id("a/missing"), false, at(0));
    let _ = health.answered(key_id("a/served"), true, at(0));
    down(&mut health, "a/poison", 1);
    let mut probed = || health.next_probe(at(1)).unwrap();
    assert_eq!(
        [probed(), probed(), probed()].map(String::from),
        ["a/served", "a/poison", "a/served"]
    );
    let mut standby = Health::new(at(0));
    standby.served_elsewhere(key_id("a/elsewhere"));
    down(&mut standby, "a/poison", 1);
    assert_eq!(standby.next_probe(at(1)).as_deref(), Some("a/elsewhere"));
    let mut fresh = Health::new(at(0));
    down(&mut fresh, "a/first", 1);
    assert!(!is_asked(&mut fresh, "a/second", 2));
    for _ in 0..2 {
        assert_eq!(fresh.next_probe(at(2)).as_deref(), Some("a/second"));
    }
}

#[test]
fn a_key_that_the_server_fails_at_takes_it_down_once_a_minute_at_most() {
    let mut health = health();
    down(&mut health, "a/poison", 100);
    let _ = health.answered(key_id("a/served"), true, at(101));
    for second in 101..161 {
        let failed = health.failed(
            key_id("a/poison"),
            at(second),
            at(second),
            &Failure::Deadline,
        );
        assert_eq!(failed, None);
        assert!(health.is_up());
        let _ = health.answered(key_id("a/served"), true, at(second));
    }
    down(&mut health, "a/poison", 161);
    // A real outage: the same key is served when it is over, or it lasted longer than a probe takes.
    let _ = health.answered(key_id("a/served"), true, at(170));
    down(&mut health, "a/poison", 171);
    let _ = health.answered(key_id("a/poison"), true, at(171));
    down(&mut health, "a/poison", 172);
}

#[test]
fn suspects_are_few() {
    let mut health = health();
    for number in 0..3 * MAX_SUSPECTS {
        down(&mut health, &format!("a/{number}"), 1);
        let _ = health.answered(key_id("a/served"), true, at(1));
        assert!(health.suspects.len() <= MAX_SUSPECTS);
    }
}

#[test]
fn probing_ends_when_nobody_wants_it_and_leaves_it_to_the_next_fetch() {
    let mut health = health();
    down(&mut health, "a/b", 10);
    assert!(health.begin_probing());
    assert!(health.next_probe(at(70)).is_some());
    assert!(!is_asked(&mut health, "a/b", 70));
    assert!(health.next_probe(at(130)).is_some());
    assert_eq!(health.next_probe(at(131)), None);
    assert!(!health.is_up());
    assert!(is_asked(&mut health, "a/b", 1000) && !is_asked(&mut health, "a/b", 1000));
    assert!(health.begin_probing());
}

#[test]
fn two_pauses_take_less_than_a_second_however_long_it_is_down() {
    let mut health = health();
    down(&mut health, "a/b", 0);
    let mut before = Duration::ZERO;
    for number in 0..20 {
        let (longest, shortest) = (health.pause(0), health.pause(250));
        assert!(shortest >= longest * 3 / 4 && longest >= before);
        assert!(2 * longest < Duration::from_secs(1));
        assert!(number > 0 || longest == Duration::from_millis(100));
        before = longest;
        assert!(health.next_probe(at(0)).is_some());
    }
}
