//! A resource server named `server` at a fixed time, and what it says of a token.

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use asap_engine::{
    Algorithm, Backend, Engine, KeySource, Keyring, Policy, ReplayLog, Scratch, UnixTime, Verdict,
    VerifyError,
};

use crate::keys::{key, other_key};

/// The time at which the fixture verifies, in seconds.
pub const NOW_SECONDS: i64 = 1_700_000_000;

/// The time at which the fixture verifies.
pub const NOW: UnixTime = UnixTime::from_secs(NOW_SECONDS);

/// The name of the resource server.
pub const AUDIENCE: &str = "server";

/// The name of the client.
pub const ISSUER: &str = "client";

/// A time so many seconds after the fixture's.
#[must_use]
pub const fn after(seconds: i64) -> UnixTime {
    UnixTime::from_secs(NOW_SECONDS + seconds)
}

/// A policy without leeway, so that every boundary is where the specification has it.
#[must_use]
pub fn policy() -> Policy {
    let policy = Policy::new(AUDIENCE).unwrap();
    policy.with_leeway(Duration::ZERO).unwrap()
}

/// The keys of these algorithms: `client/<alg>`, `client/other-<alg>` and `neighbour/<alg>`.
#[must_use]
pub fn keyring(algorithms: &[Algorithm], backend: Backend) -> Keyring {
    let mut keys = Vec::new();
    for algorithm in algorithms {
        let (one, other) = (key(*algorithm), other_key(*algorithm));
        keys.push((format!("client/{algorithm}"), one));
        keys.push((format!("client/other-{algorithm}"), other));
        keys.push((format!("neighbour/{algorithm}"), other));
    }
    let pems = keys
        .iter()
        .map(|(key_id, key)| (key_id.as_str(), key.public_key_pem().as_bytes()));
    Keyring::from_pems_with(pems, backend).unwrap()
}

/// A resource server that knows the ES256 keys, at the fixture's time.
#[must_use]
pub fn engine(policy: Policy) -> Engine<Keyring> {
    engine_at(policy, NOW)
}

/// A resource server that knows the ES256 keys, at this time.
#[must_use]
pub fn engine_at(policy: Policy, now: UnixTime) -> Engine<Keyring> {
    let keys = keyring(&[Algorithm::Es256], Backend::default());
    Engine::new(policy, keys).with_clock(move || now)
}

/// What `engine` says of a token whose key needs no fetch, without waiting.
///
/// # Errors
///
/// The refusal.
pub fn verdict_now<K: KeySource, R: ReplayLog>(
    engine: &Engine<K, R>,
    token: impl AsRef<[u8]>,
) -> Result<(), VerifyError> {
    match engine.verify_now(token.as_ref(), &mut Scratch::new())? {
        Verdict::Verified(_) => Ok(()),
        other => panic!("the key should be at hand: {other:?}"),
    }
}

/// What `engine` says of a token that may be reused, by both of its entries, which must agree.
///
/// # Errors
///
/// The refusal.
pub fn verdict<K: KeySource>(
    engine: &Engine<K>,
    token: impl AsRef<[u8]>,
) -> Result<(), VerifyError> {
    let now = verdict_now(engine, token.as_ref());
    let waited = block_on(engine.verify(token.as_ref())).map(|_| ());
    assert_eq!(now, waited, "the two entries of the engine disagree");
    now
}

/// What the fixture says of a token, with a policy without leeway.
///
/// # Errors
///
/// The refusal.
pub fn judge(token: impl AsRef<[u8]>) -> Result<(), VerifyError> {
    verdict(&engine(policy()), token)
}

/// Runs a future that waits for nothing outside of itself.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}
