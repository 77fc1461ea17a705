//! What an app asks of the tokens that products send it, whichever endpoint they are sent to.

use std::time::Duration;

use super::BaseUrl;
use crate::error::ConfigError;
use crate::limits::{DEFAULT_MAX_TOKEN_LENGTH, MAX_CONNECT_LEEWAY};
use crate::validity::Validity;

/// What an app asks of Connect tokens: where it is to be found, and for how long a token may be valid.
///
/// ```
/// # use asap_engine::{BaseUrl, ConnectPolicy};
/// let policy = ConnectPolicy::new(BaseUrl::parse("https://app.example")?);
/// # Ok::<(), asap_engine::ConfigError>(())
/// ```
#[derive(Debug, Clone)]
pub struct ConnectPolicy {
    pub(super) base_url: BaseUrl,
    pub(super) validity: Validity,
}

impl ConnectPolicy {
    /// The longest token that is admitted, in bytes.
    pub(super) const MAX_TOKEN_LENGTH: usize = DEFAULT_MAX_TOKEN_LENGTH;

    /// Asks for tokens to the app at `base_url`, the `baseUrl` of its descriptor. Whatever is not set is safe: 30 seconds
    /// of leeway, lifetimes of up to one hour.
    #[must_use]
    pub const fn new(base_url: BaseUrl) -> Self {
        Self {
            base_url,
            validity: Validity::DEFAULT,
        }
    }

    /// Widens the time in which a token is valid by `leeway` on both sides.
    ///
    /// # Errors
    ///
    /// If it exceeds [`MAX_CONNECT_LEEWAY`](crate::limits::MAX_CONNECT_LEEWAY).
    pub fn with_leeway(mut self, leeway: Duration) -> Result<Self, ConfigError> {
        if leeway > MAX_CONNECT_LEEWAY {
            return Err(ConfigError::new(format!(
                "a leeway of {leeway:?} is more than {MAX_CONNECT_LEEWAY:?}: mend the clock instead"
            )));
        }
        self.validity = self.validity.with_leeway(leeway)?;
        Ok(self)
    }

    /// Refuses tokens that live longer than `max_lifetime`. Products' tokens live 3 minutes, those of an installation up to
    /// 15.
    ///
    /// # Errors
    ///
    /// If it is zero or exceeds [`MAX_LIFETIME`](crate::limits::MAX_LIFETIME).
    pub fn with_max_lifetime(mut self, max_lifetime: Duration) -> Result<Self, ConfigError> {
        self.validity = self.validity.with_max_lifetime(max_lifetime)?;
        Ok(self)
    }
}
