//! Clients of a [`KeyServer`], and what the tests of the key repository ask them.

use std::time::Duration;

use asap_engine::{KeyError, KeyId, KeyRepository, KeyRepositoryConfig, KeySource, Lookup};

use crate::key_server::{Gate, KeyServer, Reply, cached};
use crate::keys::public_key_pem;

/// The `kid` that most tests ask for.
pub const KEY: &str = "svc/key";

/// `text` as a `kid`.
#[must_use]
pub fn key_id(text: &str) -> KeyId<'_> {
    KeyId::parse(text).unwrap()
}

/// The configuration of a client that trusts `server` and asks it alone.
#[must_use]
pub fn config(server: &KeyServer) -> KeyRepositoryConfig {
    let config = KeyRepositoryConfig::new(&server.url("/keys/")).unwrap();
    config.with_root_certificates(server.ca_pem()).unwrap()
}

/// The same with deadlines that no fetch meets, however busy the machine is.
#[must_use]
pub fn patient(config: KeyRepositoryConfig) -> KeyRepositoryConfig {
    let longest = asap_engine::limits::MAX_FETCH_DEADLINE;
    config
        .with_connect_deadline(longest)
        .with_headers_deadline(longest)
        .with_fetch_deadline(longest)
}

/// The same with rates that no test reaches.
#[must_use]
pub fn without_rates(config: KeyRepositoryConfig) -> KeyRepositoryConfig {
    let interval = Duration::from_micros(1);
    config
        .with_fetch_rate_per_issuer(100_000, interval)
        .with_fetch_rate(100_000, interval)
}

/// A client of `server`, in the runtime that this is called in.
#[must_use]
pub fn repository(server: &KeyServer) -> KeyRepository {
    KeyRepository::new(config(server)).unwrap()
}

/// A TLS server that gives every request the same answer.
pub async fn always(answer: impl Fn() -> Reply + Send + Sync + 'static) -> KeyServer {
    KeyServer::https(move |_| std::future::ready(answer())).await
}

/// A TLS server that gives every request the same new key, to be cached so, once the gate is open.
pub async fn held(cache_control: &'static str) -> (KeyServer, Gate) {
    let (pem, gate) = (public_key_pem(), Gate::closed());
    let inside = gate.clone();
    let server = KeyServer::https(move |_| {
        let (pem, gate) = (pem.clone(), inside.clone());
        async move {
            gate.pass().await;
            cached(cache_control, pem)
        }
    });
    (server.await, gate)
}

/// What a fetch brought, without the key.
///
/// # Errors
///
/// As [`KeySource::fetch`].
pub async fn fetched(repository: &KeyRepository, text: &str) -> Result<(), KeyError> {
    repository.fetch(key_id(text), "svc").await.map(drop)
}

/// Whether the key is found without a wait.
#[must_use]
pub fn is_at_hand(repository: &KeyRepository, text: &str) -> bool {
    matches!(repository.with_key(key_id(text), |_| ()), Lookup::Found(()))
}

/// Waits, without a fixed time, for what must come about.
pub async fn until(what: &str, condition: impl Fn() -> bool) {
    let waiting = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(30), waiting).await;
    waited.unwrap_or_else(|_| panic!("{what} did not come about"));
}
