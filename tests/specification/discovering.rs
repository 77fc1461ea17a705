//! Resource servers that have their keys from a key repository.

use asap_engine::{Algorithm, Engine, KeyRepository, VerifyError};
use asap_tests::fixture::{NOW, policy};
use asap_tests::key_client::{config, repository};
use asap_tests::key_server::KeyServer;
use asap_tests::keys::key;

/// The client's public key, which is `client/ES256` in good tokens.
pub(crate) fn es256() -> &'static str {
    key(Algorithm::Es256).public_key_pem()
}

pub(crate) fn discovering(server: &KeyServer) -> Engine<KeyRepository> {
    Engine::new(policy(), repository(server)).with_clock(|| NOW)
}

/// A client of `server` that trusts `other` too, as it trusts one authority for all servers in the open.
pub(crate) fn trusting(server: &KeyServer, other: &KeyServer) -> KeyRepository {
    let roots = [server.ca_pem(), other.ca_pem()].concat();
    let config = config(server).with_root_certificates(&roots).unwrap();
    // Both are on loopback, where a redirect leads only if it is told so.
    KeyRepository::new(config.with_unrestricted_redirects(true)).unwrap()
}

pub(crate) async fn verdict(
    engine: &Engine<KeyRepository>,
    token: &str,
) -> Result<(), VerifyError> {
    engine.verify(token.as_bytes()).await.map(drop)
}
