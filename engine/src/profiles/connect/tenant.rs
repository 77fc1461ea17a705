//! Where the secrets of the installations are.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::crypto::SharedSecret;
use crate::error::VerifyError;
use crate::keys::Lookup;

/// Why a look-up brought no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TenantError {
    /// The store says that there is no such installation.
    Unknown,
    /// The store could not be asked, or what it holds is no secret, which says nothing about the token.
    Unavailable,
}

impl From<TenantError> for VerifyError {
    fn from(error: TenantError) -> Self {
        match error {
            TenantError::Unknown => Self::TenantUnknown,
            TenantError::Unavailable => Self::TenantUnavailable,
        }
    }
}

/// Where the app keeps the secrets that it shares with its installations, each under its `clientKey`.
///
/// A store answers for the client key that it is asked for and for no other: keys are compared byte for byte.
pub trait TenantStore: Send + Sync {
    /// Hands the secret to `use_secret` if it is at hand. Never waits.
    fn with_secret<T>(
        &self,
        client_key: &str,
        use_secret: impl FnOnce(&SharedSecret) -> T,
    ) -> Lookup<T>;

    /// Gets a secret that is not at hand: the only wait of a verification. `client_key` is what a token claims, at most
    /// [`MAX_CLIENT_KEY_LENGTH`](crate::limits::MAX_CLIENT_KEY_LENGTH) bytes of any text; nothing of the token is verified
    /// yet.
    fn fetch(
        &self,
        client_key: &str,
    ) -> impl Future<Output = Result<Arc<SharedSecret>, TenantError>> + Send;
}

impl<S: TenantStore> TenantStore for Arc<S> {
    fn with_secret<T>(
        &self,
        client_key: &str,
        use_secret: impl FnOnce(&SharedSecret) -> T,
    ) -> Lookup<T> {
        (**self).with_secret(client_key, use_secret)
    }

    fn fetch(
        &self,
        client_key: &str,
    ) -> impl Future<Output = Result<Arc<SharedSecret>, TenantError>> + Send {
        (**self).fetch(client_key)
    }
}

/// Tenants in memory. Readers take no lock; an installation copies the table, which costs a fraction of a millisecond for
/// ten thousand tenants.
///
/// ```
/// # use asap_engine::{MemoryTenants, SharedSecret};
/// let tenants = MemoryTenants::new();
/// tenants.insert("jira:1234", SharedSecret::new("7512836e-9137-48ac-baaf-a1935b96e17a")?);
/// assert_eq!(tenants.len(), 1);
/// assert!(tenants.remove("jira:1234"));
/// # Ok::<(), asap_engine::ConfigError>(())
/// ```
#[derive(Default)]
pub struct MemoryTenants {
    secrets: ArcSwap<HashMap<Arc<str>, Arc<SharedSecret>>>,
}

impl MemoryTenants {
    /// No tenants.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a secret for this client key, in the place of the one it had. From then on that one verifies nothing.
    ///
    /// Call it for a message that [`ConnectLifecycle`](super::ConnectLifecycle) has verified, and for no other.
    pub fn insert(&self, client_key: impl Into<String>, secret: SharedSecret) {
        let client_key: Arc<str> = client_key.into().into();
        let secret = Arc::new(secret);
        self.secrets.rcu(|secrets| {
            let mut secrets = HashMap::clone(secrets);
            secrets.insert(Arc::clone(&client_key), Arc::clone(&secret));
            secrets
        });
    }

    /// Forgets a tenant. False if there was none.
    pub fn remove(&self, client_key: &str) -> bool {
        let before = self.secrets.rcu(|secrets| {
            let mut secrets = HashMap::clone(secrets);
            secrets.remove(client_key);
            secrets
        });
        before.contains_key(client_key)
    }

    /// How many tenants there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.secrets.load().len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl TenantStore for MemoryTenants {
    fn with_secret<T>(
        &self,
        client_key: &str,
        use_secret: impl FnOnce(&SharedSecret) -> T,
    ) -> Lookup<T> {
        match self.secrets.load().get(client_key) {
            Some(secret) => Lookup::Found(use_secret(secret)),
            None => Lookup::Unknown,
        }
    }

    async fn fetch(&self, client_key: &str) -> Result<Arc<SharedSecret>, TenantError> {
        let secrets = self.secrets.load();
        let secret = secrets.get(client_key).ok_or(TenantError::Unknown)?;
        Ok(Arc::clone(secret))
    }
}

/// Tells how many there are.
impl fmt::Debug for MemoryTenants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryTenants")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}
