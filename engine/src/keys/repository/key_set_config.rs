//! What the client of a key set is told: where the set is, in which form, whom to trust, and how often to ask.

use std::time::Duration;

use super::config::KeyRepositoryConfig;
use super::url::{BaseUrl, PlainHttp};
use crate::limits::{
    DEFAULT_SET_REFETCH_INTERVAL, MAX_SET_MINIMUM_FRESHNESS, SET_FETCH_BURST, SET_FETCH_INTERVAL,
    SET_REFETCH_INTERVALS, SETS_KEPT,
};
use crate::{Backend, ConfigError};

/// The form in which a publisher shows its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeySetFormat {
    /// A JWK Set (RFC 7517 section 5): Forge.
    JwkSet,
    /// `{"keys": [...]}` with PEM texts in it: Trello.
    PemList,
}

/// The settings of a [`KeySetRepository`](super::KeySetRepository).
///
/// Unless told otherwise it speaks https only, over HTTP/2 or HTTP/1.1, trusts what the platform trusts, goes through no
/// proxy, follows redirects into the public Internet only, and keeps to the limits in [`limits`](crate::limits).
#[derive(Debug, Clone)]
pub struct KeySetRepositoryConfig {
    pub(super) http: KeyRepositoryConfig,
    pub(super) format: KeySetFormat,
    pub(super) refetch_interval: Duration,
}

impl KeySetRepositoryConfig {
    /// The set is at `url`, in this form.
    ///
    /// # Errors
    /// If the URL is not https, or has credentials, a query or a fragment.
    pub fn new(format: KeySetFormat, url: &str) -> Result<Self, ConfigError> {
        Self::with_plain_http(format, url, PlainHttp::Refused)
    }

    /// As [`new`](Self::new), but plain http is allowed to 127.0.0.0/8, ::1 and localhost.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn allowing_http_to_loopback(format: KeySetFormat, url: &str) -> Result<Self, ConfigError> {
        Self::with_plain_http(format, url, PlainHttp::ToLoopback)
    }

    fn with_plain_http(
        format: KeySetFormat,
        url: &str,
        plain_http: PlainHttp,
    ) -> Result<Self, ConfigError> {
        let http = KeyRepositoryConfig::of(BaseUrl::parse_document(url, plain_http)?, plain_http)
            .with_max_keys(SETS_KEPT)
            .with_fetch_rate_per_issuer(SET_FETCH_BURST, SET_FETCH_INTERVAL);
        Ok(Self {
            http,
            format,
            refetch_interval: DEFAULT_SET_REFETCH_INTERVAL,
        })
    }

    /// Trusts exactly the root certificates in `pem`, and not the platform's.
    ///
    /// # Errors
    /// If there is no certificate in `pem`, or one that is none.
    pub fn with_root_certificates(mut self, pem: &[u8]) -> Result<Self, ConfigError> {
        self.http = self.http.with_root_certificates(pem)?;
        Ok(self)
    }

    /// A proxy that https goes through, as
    /// [`KeyRepositoryConfig::with_proxy`](KeyRepositoryConfig::with_proxy) takes it.
    ///
    /// # Errors
    /// If the URL is not http, or has a path, a query or a fragment.
    pub fn with_proxy(mut self, url: &str) -> Result<Self, ConfigError> {
        self.http = self.http.with_proxy(url)?;
        Ok(self)
    }

    /// Whether HTTP/2 is offered, over TLS and beside HTTP/1.1. Default: yes.
    #[must_use]
    pub fn with_http2(mut self, offered: bool) -> Self {
        self.http = self.http.with_http2(offered);
        self
    }

    /// Whether a redirect may lead away from the set's own origin to private addresses and other ports than 443. Default:
    /// no.
    #[must_use]
    pub fn with_unrestricted_redirects(mut self, unrestricted: bool) -> Self {
        self.http = self.http.with_unrestricted_redirects(unrestricted);
        self
    }

    /// The deadlines for a connection, from a request to the head of its response, and for the whole of a fetch. Default:
    /// 2, 3 and 5 seconds.
    #[must_use]
    pub fn with_deadlines(mut self, connect: Duration, headers: Duration, fetch: Duration) -> Self {
        self.http = self
            .http
            .with_connect_deadline(connect)
            .with_headers_deadline(headers)
            .with_fetch_deadline(fetch);
        self
    }

    /// Keeps a set at least for so long, whatever its response says: for a publisher that says nothing of it, where else
    /// each token would ask. A key that is withdrawn is trusted for that long too. Default: zero, so that the response
    /// decides.
    #[must_use]
    pub const fn with_minimum_freshness(mut self, freshness: Duration) -> Self {
        self.http.minimum_freshness = freshness;
        self
    }

    /// How often the set is asked for again because a token's key is not in it; and so for how long after that a key may
    /// still be missed. Default: [`DEFAULT_SET_REFETCH_INTERVAL`].
    #[must_use]
    pub const fn with_refetch_interval(mut self, interval: Duration) -> Self {
        self.refetch_interval = interval;
        self
    }

    /// The library that verifies with the keys. Default: [`Backend::AwsLc`].
    #[must_use]
    pub fn with_backend(mut self, backend: Backend) -> Self {
        self.http = self.http.with_backend(backend);
        self
    }

    /// What no single setting can check.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        self.http.check()?;
        if !SET_REFETCH_INTERVALS.contains(&self.refetch_interval) {
            return Err(ConfigError::new(
                "the interval at which a key set is asked for again is outside 1 ms to 1 hour: set it within",
            ));
        }
        if self.http.minimum_freshness > MAX_SET_MINIMUM_FRESHNESS {
            return Err(ConfigError::new(
                "the minimum freshness of a key set is beyond a day: shorten it, withdrawn keys are trusted meanwhile",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
#[cfg(not(shuttle))]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_work_is_found_at_the_start() {
        let config = || {
            KeySetRepositoryConfig::new(KeySetFormat::JwkSet, "https://keys.example/jwks.json")
                .unwrap()
        };
        assert!(config().check().is_ok());
        let second = Duration::from_secs(1);
        for broken in [
            config().with_refetch_interval(Duration::ZERO),
            config().with_refetch_interval(Duration::from_secs(3601)),
            config().with_minimum_freshness(Duration::from_secs(24 * 3600 + 1)),
            config().with_deadlines(Duration::ZERO, second, second),
        ] {
            let message = broken.check().unwrap_err().to_string();
            assert!(!message.contains('\n'), "{message}");
        }
    }
}
