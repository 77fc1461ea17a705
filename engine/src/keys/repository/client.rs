//! What every client is made of, whatever it fetches: the shared parts, and a wait that ends.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;

use super::admission::Admission;
use super::cache::KeyCache;
use super::config::KeyRepositoryConfig;
use super::environment::Environment;
use super::failover::Failover;
use super::fetch::Reading;
use super::flight::Waiter;
use super::refresher::refresh_ahead;
use super::shared::{Fetched, Shared};
use super::transport::Transport;
use crate::keys::KeyError;
use crate::{ConfigError, VerifyingKey, limits};

/// A client of repositories of `V`. Clones share everything.
pub(super) struct Client<V: Send + Sync + 'static = VerifyingKey> {
    pub(super) shared: Arc<Shared<Failover<V>, Handle>>,
    runtime: Handle,
    patience: Duration,
}

impl<V: Send + Sync + 'static> Client<V> {
    /// The client of a checked configuration, on a transport and in an environment of the caller's.
    pub(super) fn assemble(
        config: &KeyRepositoryConfig,
        reading: Reading<V>,
        transport: Arc<dyn Transport>,
        environment: Arc<dyn Environment>,
    ) -> Result<Self, ConfigError> {
        let runtime = Handle::try_current().map_err(|_| {
            ConfigError::new("a key repository needs a tokio runtime: make it inside of one, which stays its own")
        })?;
        let cache = KeyCache::new(config.max_keys, config.max_bytes, environment.hasher());
        let admission = Admission::new(config.fetch_limits(), &*environment);
        let fetcher = Failover::new(config, reading, transport, Arc::clone(&environment));
        let shared = Arc::new(Shared::new(
            cache,
            admission,
            fetcher,
            runtime.clone(),
            config.fetch_deadline,
            environment,
        ));
        let refresher = refresh_ahead(Arc::clone(shared.schedule()), Arc::downgrade(&shared));
        drop(runtime.spawn(refresher));
        Ok(Self {
            shared,
            runtime,
            patience: config.fetch_deadline.saturating_add(limits::FETCH_GRACE),
        })
    }

    /// Waits for a flight, but no longer than a fetch may take.
    pub(super) async fn wait(&self, waiter: Waiter<Fetched<V>>) -> Fetched<V> {
        let patient = {
            // The caller may be of another runtime, or of none.
            let _runtime = self.runtime.enter();
            tokio::time::timeout(self.patience, waiter.wait())
        };
        match patient.await {
            Ok(Some(fetched)) => fetched,
            Ok(None) | Err(_) => Err(KeyError::Unavailable),
        }
    }
}

impl<V: Send + Sync + 'static> Clone for Client<V> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            runtime: self.runtime.clone(),
            patience: self.patience,
        }
    }
}
