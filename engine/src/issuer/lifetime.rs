//! For how long a token lives that is signed here.

use std::time::Duration;

use crate::crypto::SignError;
use crate::error::ConfigError;
use crate::limits::MAX_LIFETIME;
use crate::time::UnixTime;

/// A lifetime: a whole number of seconds, from one to an hour.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lifetime {
    seconds: i64,
}

impl Lifetime {
    /// "a sub-minute expire time is recommended" on synchronised clocks; a minute serves the others too, and every
    /// peer's verifier.
    pub(crate) const OF_SERVICES: Self = Self { seconds: 60 };
    /// As the tokens of Atlassian's products live.
    pub(crate) const OF_PRODUCTS: Self = Self { seconds: 180 };

    /// Takes what a caller asks for.
    pub(crate) fn new(lifetime: Duration) -> Result<Self, ConfigError> {
        let is_allowed =
            !lifetime.is_zero() && lifetime <= MAX_LIFETIME && lifetime.subsec_nanos() == 0;
        let seconds = i64::try_from(lifetime.as_secs())
            .ok()
            .filter(|_| is_allowed);
        let seconds = seconds.ok_or_else(|| {
            ConfigError::new(
                "the lifetime of a token must be a whole number of seconds, from 1 to 3600",
            )
        })?;
        Ok(Self { seconds })
    }

    /// In seconds.
    pub(crate) const fn seconds(self) -> i64 {
        self.seconds
    }

    /// `iat` and `exp` of a token issued at `now`.
    pub(crate) fn times(self, now: UnixTime) -> Result<(i64, i64), SignError> {
        let issued_at = now.as_secs();
        // `as_secs` clamps: a later second would be issued as an earlier one.
        let is_in_range = now >= UnixTime::default() && issued_at < i64::MAX;
        let expires_at = issued_at.checked_add(self.seconds).filter(|_| is_in_range);
        Ok((issued_at, expires_at.ok_or(SignError::ClockOutOfRange)?))
    }
}
