//! A verified token that is kept holds on to its key by a lease, and for no longer than a look-up would find that key.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use asap_engine::limits::MIN_TOKEN_CACHE_BYTES;
use asap_engine::{
    Algorithm, Engine, KeyError, KeyId, KeyLease, KeyRepository, KeyRepositoryConfig, KeySource,
    Lookup, Scratch, TokenCache, Verdict, VerifyError, VerifyingKey,
};
use asap_tests::clock::FakeClock;
use asap_tests::fixture::{NOW, policy};
use asap_tests::key_client::without_rates;
use asap_tests::keys::{key, other_key};
use asap_tests::simulated::{SimulatedServer, in_paused_time, simulated_reply};
use asap_tests::token::Token;
use tokio::time::sleep;

use crate::answers::{MOMENT, at_once, condition, key_with, seconds, status};

/// A repository whose keys are not looked up while this is so: only leases find them.
struct ByLease {
    keys: KeyRepository,
    only: AtomicBool,
}

impl KeySource for ByLease {
    fn with_key<T>(
        &self,
        key_id: KeyId<'_>,
        use_key: impl FnOnce(&VerifyingKey) -> T,
    ) -> Lookup<T> {
        if self.only.load(Ordering::SeqCst) {
            return Lookup::NotLoaded;
        }
        self.keys.with_key(key_id, use_key)
    }

    fn lease(&self, key_id: KeyId<'_>) -> Option<KeyLease> {
        self.keys.lease(key_id)
    }

    async fn fetch(&self, key_id: KeyId<'_>, issuer: &str) -> Result<Arc<VerifyingKey>, KeyError> {
        self.keys.fetch(key_id, issuer).await
    }
}

/// More keys than a cache of a few keeps.
const OTHERS: usize = 40;

struct Gateway {
    engine: Engine<ByLease>,
    token: String,
}

impl Gateway {
    /// A gateway that has verified a token and kept it.
    async fn with_token(server: &Arc<SimulatedServer>) -> Self {
        let gateway = Self::new(server, |config| config);
        gateway.keep_token().await;
        gateway
    }

    fn new(
        server: &Arc<SimulatedServer>,
        configure: impl FnOnce(KeyRepositoryConfig) -> KeyRepositoryConfig,
    ) -> Self {
        let keys = ByLease {
            keys: server.client_with(configure),
            only: false.into(),
        };
        let engine = Engine::new(policy(), keys)
            .with_clock(FakeClock::new(NOW))
            .with_token_cache(TokenCache::new(MIN_TOKEN_CACHE_BYTES).unwrap())
            .unwrap();
        let token = Token::es256().sign();
        Self { engine, token }
    }

    /// Has the token verified and kept.
    async fn keep_token(&self) {
        assert!(self.engine.verify(self.token.as_bytes()).await.is_ok());
        assert_eq!(self.ask(), Ok(true), "checked in full, and kept");
        assert!(self.is_leased());
    }

    /// Fetches other keys, numbered from `first`.
    async fn fetch_others(&self, first: usize) {
        for number in first..first + OTHERS {
            let text = format!("client/other-{number}");
            let other = KeyId::parse(&text).unwrap();
            assert!(self.engine.keys().fetch(other, "client").await.is_ok());
        }
    }

    /// Whether the token is verified at once; false if its key is not at hand.
    fn ask(&self) -> Result<bool, VerifyError> {
        let mut scratch = Scratch::new();
        let verdict = self
            .engine
            .verify_now(self.token.as_bytes(), &mut scratch)?;
        Ok(matches!(verdict, Verdict::Verified(_)))
    }

    /// Whether the token is recalled by its lease alone.
    fn is_leased(&self) -> bool {
        self.engine.keys().only.store(true, Ordering::SeqCst);
        let is_leased = self.ask() == Ok(true);
        self.engine.keys().only.store(false, Ordering::SeqCst);
        is_leased
    }

    fn hits_of_keys(&self) -> u64 {
        self.engine.keys().keys.stats().hits
    }
}

fn pem() -> &'static str {
    key(Algorithm::Es256).public_key_pem()
}

#[test]
fn a_lease_ends_with_the_freshness_of_the_key_to_the_moment() {
    in_paused_time(async {
        let server = SimulatedServer::new(|number, _| match number {
            0 => at_once(key_with("max-age=100", pem())),
            _ => status(503),
        });
        let gateway = Gateway::with_token(&server).await;
        sleep(seconds(100) - 2 * MOMENT).await;
        assert!(gateway.is_leased());
        sleep(2 * MOMENT).await;
        assert!(!gateway.is_leased());
        assert_eq!(gateway.ask(), Ok(false));
    });
}

#[test]
fn each_recalled_token_counts_as_one_use_of_its_key() {
    in_paused_time(async {
        let server = SimulatedServer::new(|_, _| at_once(key_with("max-age=100", pem())));
        let gateway = Gateway::with_token(&server).await;
        let before = gateway.hits_of_keys();
        for times in 1..=3 {
            assert!(gateway.is_leased());
            assert_eq!(gateway.hits_of_keys(), before + times);
        }
    });
}

/// Only leases use the key, and it is refreshed ahead all the same; each 304 has the lease live on.
#[test]
fn a_304_has_a_lease_live_on_and_its_uses_alone_have_the_key_refreshed_ahead() {
    in_paused_time(async {
        let server = SimulatedServer::new(|_, request| match condition(&request) {
            Some(_) => {
                let headers = [("cache-control", "max-age=10"), ("etag", "\"v1\"")];
                at_once(simulated_reply(304, &headers, String::new()))
            }
            None => at_once(key_with("max-age=10", pem())),
        });
        let gateway = Gateway::with_token(&server).await;
        for second in 0..100 {
            assert!(gateway.is_leased(), "{second}");
            sleep(seconds(1)).await;
        }
        let asked = server.asked().len();
        assert!((11..=18).contains(&asked), "{asked}");
    });
}

#[test]
fn a_lease_ends_when_another_key_takes_the_place_of_its_own() {
    in_paused_time(async {
        let server = SimulatedServer::new(|number, _| {
            let pem = match number {
                0 => pem(),
                _ => other_key(Algorithm::Es256).public_key_pem(),
            };
            at_once(key_with("max-age=100", pem))
        });
        let gateway = Gateway::with_token(&server).await;
        sleep(seconds(81)).await;
        assert_eq!(server.asked().len(), 2);
        assert!(!gateway.is_leased());
        assert_eq!(gateway.ask(), Err(VerifyError::SignatureInvalid));
    });
}

/// An entry that had to go is not known to the flight that brings the next one: it must not be used beside it.
#[test]
fn a_lease_ends_when_its_key_has_to_go_so_that_another_key_is_not_missed() {
    in_paused_time(async {
        let server = SimulatedServer::new(|number, _| {
            let pem = match number {
                0..=OTHERS => pem(),
                _ => other_key(Algorithm::Es256).public_key_pem(),
            };
            at_once(key_with("max-age=3600", pem))
        });
        let gateway = Gateway::new(&server, |config| without_rates(config.with_max_keys(8)));
        // Those that come first are kept best.
        gateway.fetch_others(0).await;
        gateway.keep_token().await;
        gateway.fetch_others(OTHERS).await;
        assert!(!gateway.is_leased());
        assert_eq!(gateway.ask(), Ok(false), "the key is not at hand");
        let refused = gateway.engine.verify(gateway.token.as_bytes()).await;
        assert_eq!(refused.unwrap_err(), VerifyError::SignatureInvalid);
        assert!(!gateway.is_leased());
        // Nor does its own refresh, had it been due, bring it back.
        sleep(Duration::from_secs(3000)).await;
        assert!(!gateway.is_leased());
    });
}
