//! Clients of a server that misbehaves once, and what they make of it.

use std::time::Duration;

use asap_engine::limits::MAX_FETCH_BURST;
use asap_engine::{KeyError, KeyRepository, KeyRepositoryConfig};
use asap_tests::authority::Authority;
use asap_tests::key_client::{fetched, is_at_hand, until};
use asap_tests::keys::public_key_pem;
use asap_tests::wire_server::{Playing, WireServer, response};
use tokio::net::TcpStream;

use crate::log;

/// A deadline that a test waits for.
pub(crate) const SHORT: Duration = Duration::from_millis(800);

/// A deadline that must not be the one that passes.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// Half of those: how long a test waits for what is not about a deadline.
const PATIENCE: Duration = Duration::from_secs(30);

/// The configuration of a client that trusts `authority` and has no deadline and no rate to speak of.
pub(crate) fn patient(base_url: &str, authority: &Authority) -> KeyRepositoryConfig {
    let config = KeyRepositoryConfig::allowing_http_to_loopback(base_url).unwrap();
    let config = config.with_root_certificates(authority.pem().as_bytes());
    config
        .unwrap()
        .with_connect_deadline(LONG)
        .with_headers_deadline(LONG)
        .with_fetch_deadline(LONG)
        .with_fetch_rate(MAX_FETCH_BURST, LONG)
        .with_fetch_rate_per_issuer(MAX_FETCH_BURST, LONG)
}

/// A response with a new key that is not kept, so that each fetch asks.
pub(crate) fn key_response() -> String {
    response("200 OK", "Cache-Control: no-store\r\n", &public_key_pem())
}

/// Asks until the key is there: a short deadline may pass on a slow machine.
pub(crate) async fn fetched_in_the_end(repository: &KeyRepository, key_id: &str) {
    let asking = async { while fetched(repository, key_id).await != Ok(()) {} };
    let asked = tokio::time::timeout(PATIENCE, asking).await;
    asked.unwrap_or_else(|_| panic!("{key_id} was never fetched"));
}

/// When another key is fetched.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Other {
    /// While the first fetch goes on.
    Meanwhile,
    /// After it: what is still being connected would be overtaken by the other's connection.
    Afterwards,
}

/// Has `script` play its first connection badly, and expects of the client that it fails with a line in the log that
/// starts with `failure`, that another key is fetched all the same, and that this one is fetched the next time.
pub(crate) async fn fails_once(
    (name, failure): (&str, &str),
    other: Other,
    configure: impl FnOnce(KeyRepositoryConfig) -> KeyRepositoryConfig,
    authority: &Authority,
    script: impl Fn(usize, TcpStream) -> Playing + Send + Sync + 'static,
) {
    let (bad, good) = (format!("svc/{name}/bad"), format!("svc/{name}/good"));
    assert!(log::failures(&bad).is_empty(), "{name} is played twice");
    let server = WireServer::start(script).await;
    let config = configure(patient(&server.url("/keys"), authority));
    let repository = KeyRepository::new(config).unwrap();
    let first = tokio::spawn({
        let (repository, bad) = (repository.clone(), bad.clone());
        async move { fetched(&repository, &bad).await }
    });
    until("the first connection", || server.accepted() > 0).await;
    if other == Other::Meanwhile {
        fetched_in_the_end(&repository, &good).await;
    }
    let first = tokio::time::timeout(PATIENCE, first).await;
    let first = first.unwrap_or_else(|_| panic!("{name} went on beyond its deadline"));
    assert_eq!(first.unwrap(), Err(KeyError::Unavailable), "{name}");
    assert!(!is_at_hand(&repository, &bad), "{name}");
    let logged = log::failures(&bad);
    assert!(
        logged.len() == 1 && logged[0].starts_with(failure),
        "{name} was logged as {logged:?}"
    );
    fetched_in_the_end(&repository, &bad).await;
    fetched_in_the_end(&repository, &good).await;
    until("the end of all fetches", || {
        repository.stats().in_flight == 0
    })
    .await;
}
