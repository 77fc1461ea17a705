//! A configuration that cannot work fails at start, with one line that says what to mend.

use std::time::Duration;

use asap_engine::limits::{MAX_LEEWAY, MAX_LIFETIME, MAX_TOKEN_LENGTH};
use asap_engine::{
    Algorithm, Backend, ConfigError, Engine, Issuer, Keyring, Policy, ReplayError, ReplayLog,
    ReplayWindow, SigningKey, UnixTime,
};
use asap_tests::fixture::{NOW, policy, verdict_now};
use asap_tests::keys::{der_of, key};
use asap_tests::token::Token;

/// docs/DESIGN.md: "one line that says what to mend".
#[test]
fn a_policy_that_cannot_work_is_refused() {
    let new = || Policy::new("server").unwrap();
    assert_line(Policy::new(""), &["audience", "empty"]);
    assert_line(new().with_audience(""), &["audience", "empty"]);
    assert_line(new().with_algorithms([]), &["algorithms", "empty"]);
    assert_line(
        new().with_issuers(Vec::<String>::new()),
        &["issuers", "empty"],
    );
    for bad in [
        "",
        "/",
        "a//b",
        "..",
        "a/../b",
        "a b",
        "a\nb",
        "a\r\nb",
        "é",
        "https://a",
    ] {
        assert_line(new().with_issuers(["client", bad]), &["issuer", "segments"]);
    }
    for bad in [0, MAX_TOKEN_LENGTH + 1, usize::MAX] {
        assert_line(new().with_max_token_length(bad), &["token", "1 to 65536"]);
    }
    for bad in [
        MAX_LIFETIME + Duration::from_nanos(1),
        Duration::MAX,
        Duration::ZERO,
    ] {
        assert_line(new().with_max_lifetime(bad), &["lifetime", "3600s"]);
    }
    for bad in [
        Duration::from_secs(301),
        MAX_LEEWAY + Duration::from_nanos(1),
        Duration::MAX,
    ] {
        assert_line(new().with_leeway(bad), &["leeway", "300s", "clock"]);
    }
}

/// A line that says what to mend does not say that 300 s are more than 300 s.
#[test]
fn a_line_about_durations_tells_parts_of_a_second() {
    let leeway = MAX_LEEWAY + Duration::from_millis(1);
    let refused = Policy::new("server").unwrap().with_leeway(leeway);
    assert_line(refused, &["300.001"]);
    let engine = Engine::new(policy(), Keyring::from_pems([]).unwrap());
    let refused = engine.with_replay_log(Forgetful(Duration::from_millis(3_599_500)));
    assert_line(refused, &["3599.5"]);
    let half = policy()
        .with_max_lifetime(Duration::from_millis(1_500))
        .unwrap();
    let engine = Engine::new(half, Keyring::from_pems([]).unwrap());
    let refused = engine.with_replay_log(Forgetful(Duration::from_secs(1)));
    assert_line(refused, &["1.5"]);
}

/// The other side of each boundary.
#[test]
fn a_policy_at_the_boundary_is_taken() {
    let new = || Policy::new(" ").unwrap();
    assert!(new().with_audience("x").is_ok());
    assert!(new().with_algorithms([Algorithm::Rs256]).is_ok());
    assert!(new().with_issuers(["a", "a/b", "..."]).is_ok());
    assert!(new().with_max_token_length(1).is_ok());
    assert!(new().with_max_token_length(MAX_TOKEN_LENGTH).is_ok());
    assert!(new().with_max_lifetime(Duration::from_nanos(1)).is_ok());
    assert!(new().with_max_lifetime(MAX_LIFETIME).is_ok());
    assert!(new().with_leeway(Duration::ZERO).is_ok());
    assert!(new().with_leeway(MAX_LEEWAY).is_ok());
}

/// `Keyring::from_pems`: "Names the first `kid` that is outside the grammar or given twice, or whose key was
/// refused, and why."
#[test]
fn a_keyring_names_the_kid_whose_key_is_to_be_mended() {
    let pem = key(Algorithm::Es256).public_key_pem();
    let load = |kid: &str, pem: &str| Keyring::from_pems([(kid, pem.as_bytes())]);
    for bad in ["", "/a", "a/", "a//b", "a/..", "a b", "a\nb", "a\r"] {
        assert_line(load(bad, pem), &["kid", "segments"]);
    }
    let twice = Keyring::from_pems([
        ("a/b", pem.as_bytes()),
        ("c/d", pem.as_bytes()),
        ("a/b", pem.as_bytes()),
    ]);
    assert_line(twice, &["a/b", "twice"]);
    let private = SigningKey::generate(Algorithm::Es256).unwrap().1;
    let certificate = pem.replace("PUBLIC KEY", "CERTIFICATE");
    for (text, why) in [
        ("", "PEM"),
        ("<html></html>", "PEM"),
        (&format!("{pem}{pem}"), "PEM"),
        (&pem.replace("-----END", "-----and"), "PEM"),
        (private.as_str(), "label"),
        (&certificate, "label"),
        (
            "-----BEGIN PUBLIC KEY-----\nAQIDBA==\n-----END PUBLIC KEY-----\n",
            "DER",
        ),
    ] {
        assert_line(load("svc/key-1", text), &["svc/key-1", why]);
    }
    let p521 = key(Algorithm::Es512).public_key_pem().as_bytes();
    let by_ring = Keyring::from_pems_with([("svc/p521", p521)], Backend::Ring);
    assert_line(by_ring, &["svc/p521", "not one that is supported"]);
    // No keys at all is a keyring: one that is yet to be filled.
    assert!(Keyring::from_pems([]).is_ok_and(|keys| keys.is_empty()));
    assert!(load("svc/key-1", pem).is_ok_and(|keys| keys.len() == 1));
    assert_eq!(der_of(pem).len(), 91);
}

/// `ReplayWindow::new`: "If `capacity` is zero or above 2^31".
#[test]
fn a_replay_window_without_room_or_without_bounds_is_refused() {
    for bad in [0, (1 << 31) + 1, usize::MAX] {
        assert_line(
            ReplayWindow::new(bad),
            &["capacity", "1 to 2147483648", &bad.to_string()],
        );
    }
    assert_eq!(ReplayWindow::new(1).unwrap().capacity(), 1);
}

/// `Engine::with_replay_log`: "If `replay` cannot remember for as long as the policy lets a token live."
#[test]
fn a_replay_log_that_forgets_before_a_token_expires_is_refused() {
    let with = |policy: Policy, seconds: u64| {
        Engine::new(policy, Keyring::from_pems([]).unwrap())
            .with_replay_log(Forgetful(Duration::from_secs(seconds)))
    };
    assert_line(with(policy(), 3599), &["3599s", "3600s", "shorten"]);
    assert!(with(policy(), 3600).is_ok());
    let minute = || policy().with_max_lifetime(Duration::from_secs(60)).unwrap();
    assert_line(with(minute(), 59), &["59s", "60s"]);
    assert!(with(minute(), 60).is_ok());
    // A client's clock may be ahead by the leeway, and a token lives on for the leeway.
    let lenient = || minute().with_leeway(Duration::from_secs(30)).unwrap();
    assert_line(with(lenient(), 119), &["119s", "120s"]);
    assert!(with(lenient(), 120).is_ok());
    // The window in memory serves every policy there is.
    let longest = policy().with_leeway(MAX_LEEWAY).unwrap();
    let engine = Engine::new(longest, Keyring::from_pems([]).unwrap());
    assert!(
        engine
            .with_replay_log(ReplayWindow::new(1).unwrap())
            .is_ok()
    );
}

/// "The value of “kid” MUST be prefixed with the service identifier of the client and a “/” character." "There is
/// a hard limit of one hour."
#[test]
fn an_issuer_that_no_resource_server_would_accept_is_refused() {
    let new = |issuer: &str, kid: &str| {
        let (key, _) = SigningKey::generate(Algorithm::EdDsa).unwrap();
        Issuer::new(issuer, kid, key)
    };
    for bad in ["", "/", "a//b", "..", "a b", "a\nb", "é"] {
        assert_line(new(bad, "a/key"), &["issuer", "segments"]);
        assert_line(new("a", &format!("a/{bad}")), &["key id", "segments"]);
    }
    for (issuer, kid) in [
        ("a", "b/key"),
        ("a", "a"),
        ("a/b", "a/key"),
        ("a", "ab/key"),
        ("A", "a/key"),
    ] {
        assert_line(
            new(issuer, kid),
            &["key id must start with the issuer and a slash"],
        );
    }
    for bad in [
        Duration::ZERO,
        Duration::from_millis(1_500),
        Duration::from_secs(3_601),
        Duration::MAX,
    ] {
        let issuer = new("a", "a/key").unwrap();
        assert_line(issuer.with_lifetime(bad), &["lifetime", "1 to 3600"]);
    }
    for good in [1, 3_600] {
        assert!(
            new("a", "a/key")
                .unwrap()
                .with_lifetime(Duration::from_secs(good))
                .is_ok()
        );
    }
}

/// `Policy`: "Whatever is not set is safe: every algorithm of [`Algorithm`], every issuer that owns its key, 30 seconds
/// of leeway, tokens of up to one hour and 8 KiB."
#[test]
fn whatever_is_not_set_is_safe() {
    let keys = asap_tests::fixture::keyring(Algorithm::ALL, Backend::default());
    let engine = Engine::new(Policy::new("server").unwrap(), keys).with_clock(|| NOW);
    for algorithm in Algorithm::ALL {
        assert_eq!(
            verdict_now(&engine, Token::good(*algorithm).sign()),
            Ok(()),
            "{algorithm}"
        );
    }
    let late = Token::es256().claim("iat", "1699999910");
    assert!(verdict_now(&engine, late.clone().claim("exp", "1699999970").sign()).is_ok());
    assert!(verdict_now(&engine, late.claim("exp", "1699999969").sign()).is_err());
    assert!(verdict_now(&engine, Token::es256().claim("exp", "1700003600").sign()).is_ok());
    assert!(verdict_now(&engine, Token::es256().claim("exp", "1700003601").sign()).is_err());
}

/// A log that remembers for so long.
struct Forgetful(Duration);

impl ReplayLog for Forgetful {
    fn check_and_insert(
        &self,
        _: &str,
        _: &str,
        _: UnixTime,
        _: UnixTime,
    ) -> Result<(), ReplayError> {
        Err(ReplayError::Full)
    }

    fn longest_memory(&self) -> Duration {
        self.0
    }
}

fn assert_line<T>(outcome: Result<T, ConfigError>, words: &[&str]) {
    let Err(error) = outcome else {
        panic!("accepted, though {words:?}");
    };
    let line = error.to_string();
    assert!(
        !line.contains(char::is_control),
        "more than one line: {line:?}"
    );
    assert!((20..300).contains(&line.len()), "{line:?}");
    for word in words {
        assert!(line.contains(word), "{line:?} does not say {word:?}");
    }
}
