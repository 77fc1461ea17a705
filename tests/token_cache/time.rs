//! A token is recalled in its time and in no other, whichever way the clock goes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use asap_engine::{Clock, UnixTime, VerifyError};
use asap_tests::clock::FakeClock;
use asap_tests::fixture::{NOW, after, policy};
use asap_tests::token::Token;

use crate::{caching_by, in_full, is_recalled};

/// "The resource server MUST verify that the current time is between nbf (optional) and exp (required), inclusive":
/// each time that the token comes.
#[test]
fn a_token_is_recalled_from_nbf_to_exp_inclusive_and_at_no_other_time() {
    let clock = FakeClock::new(NOW);
    let engine = caching_by(policy(), clock.clone());
    let token = Token::es256().claim("nbf", "1700000010").sign();
    clock.set(after(10));
    assert_eq!(in_full(&engine, &token), Ok(()));
    let nano = Duration::from_nanos(1);
    let refused = [
        (after(10).saturating_sub(nano), VerifyError::NotYetValid),
        (after(60).saturating_add(nano), VerifyError::Expired),
        (UnixTime::from_nanos(i128::MIN), VerifyError::NotYetValid),
        (UnixTime::from_nanos(i128::MAX), VerifyError::Expired),
    ];
    for (now, refusal) in refused {
        clock.set(now);
        assert_eq!(in_full(&engine, &token), Err(refusal), "{now}");
        for now in [after(10), after(60), after(30)] {
            clock.set(now);
            assert!(is_recalled(&engine, &token), "{now}");
        }
    }
}

/// "a missing nbf claim defaults to the value of iat": a clock that is set back to before it finds no token.
#[test]
fn a_clock_that_is_set_back_refuses_what_is_not_valid_yet() {
    let clock = FakeClock::new(NOW);
    let engine = caching_by(policy(), clock.clone());
    let token = Token::es256().sign();
    assert_eq!(in_full(&engine, &token), Ok(()));
    clock.set(after(-1));
    assert_eq!(in_full(&engine, &token), Err(VerifyError::NotYetValid));
    clock.set(NOW);
    assert!(is_recalled(&engine, &token));
}

/// The leeway is the policy's, on a token that comes again as on one that comes first.
#[test]
fn the_leeway_widens_the_time_on_both_sides() {
    let clock = FakeClock::new(NOW);
    let lenient = policy().with_leeway(Duration::from_secs(5)).unwrap();
    let engine = caching_by(lenient, clock.clone());
    let token = Token::es256().sign();
    assert_eq!(in_full(&engine, &token), Ok(()));
    for now in [-5, 0, 60, 65] {
        clock.set(after(now));
        assert!(is_recalled(&engine, &token), "{now}");
    }
    for (now, refusal) in [(-6, VerifyError::NotYetValid), (66, VerifyError::Expired)] {
        clock.set(after(now));
        assert_eq!(in_full(&engine, &token), Err(refusal), "{now}");
    }
}

/// Exact decimals: a tenth of a nanosecond past `exp` is past it.
#[test]
fn fractions_of_a_nanosecond_count() {
    let clock = FakeClock::new(NOW);
    let engine = caching_by(policy(), clock.clone());
    let token = Token::es256()
        .claim("nbf", "1700000000.0000000001")
        .claim("exp", "1700000059.9999999999")
        .sign();
    let nanos = |nanos: u64| NOW.saturating_add(Duration::from_nanos(nanos));
    clock.set(nanos(1));
    assert_eq!(in_full(&engine, &token), Ok(()));
    clock.set(nanos(59_999_999_999));
    assert!(is_recalled(&engine, &token));
    clock.set(nanos(60_000_000_000));
    assert_eq!(in_full(&engine, &token), Err(VerifyError::Expired));
    clock.set(NOW);
    assert_eq!(in_full(&engine, &token), Err(VerifyError::NotYetValid));
}

/// A clock that can also be read roughly, by so much off, and counts how often it was read exactly.
#[derive(Clone)]
struct Rough {
    exact: FakeClock,
    off: i128,
    reads: Arc<AtomicUsize>,
}

impl Clock for Rough {
    fn now(&self) -> UnixTime {
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.exact.now()
    }

    fn now_roughly(&self) -> Option<UnixTime> {
        let exact = self.exact.now().as_nanos();
        Some(UnixTime::from_nanos(exact + self.off))
    }
}

/// A rough time decides nothing that the exact one would decide otherwise, and saves the exact one elsewhere.
#[test]
fn a_rough_time_decides_only_what_a_second_cannot_change() {
    const SECOND: i128 = 1_000_000_000;
    for off in [-SECOND + 1, -4_000_000, 0, 4_000_000, SECOND - 1] {
        let exact = FakeClock::new(NOW);
        let reads = Arc::default();
        let clock = Rough {
            exact: exact.clone(),
            off,
            reads: Arc::clone(&reads),
        };
        let engine = caching_by(policy(), clock);
        let token = Token::es256().sign();
        assert_eq!(in_full(&engine, &token), Ok(()));
        // Of a token from second 0 to 60: its ends to the nanosecond, and every quarter of a second.
        let ends = [-1, 0, 1, 60 * SECOND - 1, 60 * SECOND, 60 * SECOND + 1];
        let quarters = (-8..=248).map(|quarter| quarter * SECOND / 4);
        for at in quarters.chain(ends) {
            exact.set(UnixTime::from_nanos(NOW.as_nanos() + at));
            let before = reads.load(Ordering::SeqCst);
            let is_valid = (0..=60 * SECOND).contains(&at);
            assert_eq!(is_recalled(&engine, &token), is_valid, "{at} {off}");
            let read = reads.load(Ordering::SeqCst) - before;
            let rough = at + off;
            let is_clear = (SECOND..=59 * SECOND).contains(&rough);
            assert_eq!(read == 0, is_clear, "{at} {off} {read}");
        }
    }
}
