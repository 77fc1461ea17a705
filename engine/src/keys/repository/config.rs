//! What a key repository client is told: where keys are, whom to trust, and how much it may cost.

use std::sync::Arc;
use std::time::Duration;

use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::admission::FetchLimits;
use super::proxy::Proxy;
use super::rate::Rate;
use super::url::{BaseUrl, PlainHttp};
use crate::{Backend, ConfigError, limits};

/// The settings of a [`KeyRepository`](super::KeyRepository).
///
/// Unless told otherwise it speaks https only, over HTTP/2 or HTTP/1.1, trusts what the platform trusts, goes through no
/// proxy, follows redirects into the public Internet only, and keeps to the limits in [`limits`](crate::limits).
#[derive(Debug, Clone)]
pub struct KeyRepositoryConfig {
    pub(super) repositories: Vec<BaseUrl>,
    pub(super) plain_http: PlainHttp,
    pub(super) roots: Option<Arc<RootCertStore>>,
    pub(super) proxy: Option<Proxy>,
    pub(super) http2: bool,
    pub(super) unrestricted_redirects: bool,
    pub(super) fallback_on_not_found: bool,
    pub(super) connect_deadline: Duration,
    pub(super) headers_deadline: Duration,
    pub(super) fetch_deadline: Duration,
    pub(super) max_keys: usize,
    pub(super) max_bytes: u64,
    pub(super) max_concurrent_fetches: usize,
    pub(super) max_concurrent_revalidations: usize,
    pub(super) rate_per_issuer: Rate,
    pub(super) rate: Rate,
    pub(super) backend: Backend,
    /// Nothing but the responses says how long a key is fresh; this is for sets of keys.
    pub(super) minimum_freshness: Duration,
}

impl KeyRepositoryConfig {
    /// Keys are at `${base_url}/${kid}`. "The base URL MUST start with `https:`"; a slash at its end makes no
    /// difference.
    ///
    /// # Errors
    /// If the URL is not https, or has credentials, a query or a fragment.
    pub fn new(base_url: &str) -> Result<Self, ConfigError> {
        Self::with_plain_http(base_url, PlainHttp::Refused)
    }

    /// As [`new`](Self::new), but plain http is allowed to 127.0.0.0/8, ::1 and localhost: for tests and for a
    /// repository behind a proxy on the same machine. Elsewhere it is refused still.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn allowing_http_to_loopback(base_url: &str) -> Result<Self, ConfigError> {
        Self::with_plain_http(base_url, PlainHttp::ToLoopback)
    }

    fn with_plain_http(base_url: &str, plain_http: PlainHttp) -> Result<Self, ConfigError> {
        let base_url = BaseUrl::parse(base_url, plain_http)?;
        Ok(Self::of(base_url, plain_http))
    }

    /// The defaults for one repository.
    pub(super) fn of(repository: BaseUrl, plain_http: PlainHttp) -> Self {
        Self {
            repositories: vec![repository],
            plain_http,
            roots: None,
            proxy: None,
            http2: true,
            unrestricted_redirects: false,
            fallback_on_not_found: false,
            connect_deadline: limits::DEFAULT_CONNECT_DEADLINE,
            headers_deadline: limits::DEFAULT_HEADERS_DEADLINE,
            fetch_deadline: limits::DEFAULT_FETCH_DEADLINE,
            max_keys: limits::DEFAULT_MAX_KEYS,
            max_bytes: limits::DEFAULT_MAX_KEY_BYTES,
            max_concurrent_fetches: limits::DEFAULT_MAX_CONCURRENT_FETCHES,
            max_concurrent_revalidations: limits::DEFAULT_MAX_CONCURRENT_REVALIDATIONS,
            rate_per_issuer: Rate::new(
                limits::DEFAULT_FETCH_BURST_PER_ISSUER,
                limits::DEFAULT_FETCH_INTERVAL_PER_ISSUER,
            ),
            rate: Rate::new(limits::DEFAULT_FETCH_BURST, limits::DEFAULT_FETCH_INTERVAL),
            backend: Backend::default(),
            minimum_freshness: Duration::ZERO,
        }
    }

    /// One more repository, asked if those before it could not be connected to, did not answer in time, or
    /// answered 5xx.
    ///
    /// # Errors
    /// As for the first URL, and beyond eight repositories.
    pub fn with_fallback(mut self, base_url: &str) -> Result<Self, ConfigError> {
        if self.repositories.len() >= limits::MAX_REPOSITORIES {
            return Err(ConfigError::new(
                "more than 8 key repositories: each shares the deadline, name fewer",
            ));
        }
        self.repositories
            .push(BaseUrl::parse(base_url, self.plain_http)?);
        Ok(self)
    }

    /// Whether the next repository is asked on a 404 too: for repositories that hold different keys.
    #[must_use]
    pub const fn with_fallback_on_not_found(mut self, fallback: bool) -> Self {
        self.fallback_on_not_found = fallback;
        self
    }

    /// Trusts exactly the root certificates in `pem`, and not the platform's.
    ///
    /// # Errors
    /// If there is no certificate in `pem`, or one that is none.
    pub fn with_root_certificates(mut self, pem: &[u8]) -> Result<Self, ConfigError> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let added = certificate
                .ok()
                .and_then(|certificate| roots.add(certificate).ok());
            if added.is_none() {
                return Err(ConfigError::new(
                    "a root certificate cannot be read: give X.509 certificates in PEM",
                ));
            }
        }
        if roots.is_empty() {
            return Err(ConfigError::new(
                "there is no root certificate in the PEM text: give at least one",
            ));
        }
        self.roots = Some(Arc::new(roots));
        Ok(self)
    }

    /// A proxy that https goes through, in a tunnel (CONNECT): `http://host:port`, or
    /// `http://user:password@host:port` with what needs it percent-encoded. Plain http to loopback does not go through
    /// it. Default: none; environment variables such as `HTTPS_PROXY` are not read.
    ///
    /// The proxy resolves the names, so what a redirect may reach through it is for the proxy to say: here only
    /// addresses written as such, and `localhost`, are refused.
    ///
    /// # Errors
    /// If the URL is not http, or has a path, a query or a fragment.
    pub fn with_proxy(mut self, url: &str) -> Result<Self, ConfigError> {
        self.proxy = Some(Proxy::parse(url)?);
        Ok(self)
    }

    /// Whether HTTP/2 is offered, over TLS and beside HTTP/1.1. Default: yes.
    #[must_use]
    pub const fn with_http2(mut self, offered: bool) -> Self {
        self.http2 = offered;
        self
    }

    /// Whether a redirect may lead away from the repository's own origin to private addresses (loopback, link-local,
    /// RFC 1918, unique local and the like, by name or by number) and to other ports than 443. Default: no; but
    /// redirects within the origin may, and those of a repository whose base URL names a private address or localhost.
    ///
    /// Allow it where the repository redirects to another server of the same private network, and nobody but its
    /// operators can make it redirect.
    #[must_use]
    pub const fn with_unrestricted_redirects(mut self, unrestricted: bool) -> Self {
        self.unrestricted_redirects = unrestricted;
        self
    }

    /// The deadline for a connection: name, TCP, TLS, and the proxy's tunnel if there is one. Default: 2 seconds.
    #[must_use]
    pub const fn with_connect_deadline(mut self, deadline: Duration) -> Self {
        self.connect_deadline = deadline;
        self
    }

    /// The deadline from each request to the head of its response, connecting included. Default: 3 seconds.
    #[must_use]
    pub const fn with_headers_deadline(mut self, deadline: Duration) -> Self {
        self.headers_deadline = deadline;
        self
    }

    /// The deadline for the whole of a fetch, redirects and further repositories included, of which each gets an
    /// equal share of what is left; a caller waits no longer than a quarter of a second more. Default: 5 seconds.
    #[must_use]
    pub const fn with_fetch_deadline(mut self, deadline: Duration) -> Self {
        self.fetch_deadline = deadline;
        self
    }

    /// How many keys the cache holds. Default: [`DEFAULT_MAX_KEYS`](limits::DEFAULT_MAX_KEYS).
    #[must_use]
    pub const fn with_max_keys(mut self, keys: usize) -> Self {
        self.max_keys = keys;
        self
    }

    /// How many bytes of keys the cache holds, at least 128 KiB. Default: [`DEFAULT_MAX_KEY_BYTES`](limits::DEFAULT_MAX_KEY_BYTES).
    #[must_use]
    pub const fn with_max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// How many fetches of keys not in the cache may run at once, and as many again for issuers that have given a key
    /// already. Beyond that they wait, in the order of asking. Default:
    /// [`DEFAULT_MAX_CONCURRENT_FETCHES`](limits::DEFAULT_MAX_CONCURRENT_FETCHES).
    #[must_use]
    pub const fn with_max_concurrent_fetches(mut self, fetches: usize) -> Self {
        self.max_concurrent_fetches = fetches;
        self
    }

    /// How many revalidations may run at once, beside those fetches; a warm-up's fetches count as such. Beyond that they
    /// wait, in the order of asking. Thousands of keys that are fresh for seconds need more of them the longer the
    /// repository takes for an answer. Default:
    /// [`DEFAULT_MAX_CONCURRENT_REVALIDATIONS`](limits::DEFAULT_MAX_CONCURRENT_REVALIDATIONS).
    #[must_use]
    pub const fn with_max_concurrent_revalidations(mut self, revalidations: usize) -> Self {
        self.max_concurrent_revalidations = revalidations;
        self
    }

    /// How many fetches of keys not in the cache the tokens of one issuer may cause: `burst` at once, and one more
    /// every `interval`. A fetch that brings a key gives back what it took, so this limits asking in vain, and how
    /// much one issuer may have under way. Beyond that a fetch is refused at once, as a key that is unavailable. Default:
    /// [`DEFAULT_FETCH_BURST_PER_ISSUER`](limits::DEFAULT_FETCH_BURST_PER_ISSUER), and one every
    /// [`DEFAULT_FETCH_INTERVAL_PER_ISSUER`](limits::DEFAULT_FETCH_INTERVAL_PER_ISSUER).
    #[must_use]
    pub const fn with_fetch_rate_per_issuer(mut self, burst: u32, interval: Duration) -> Self {
        self.rate_per_issuer = Rate::new(burst, interval);
        self
    }

    /// The same for all issuers together: as much for those that have given a key already, and as much for all
    /// others. Default: [`DEFAULT_FETCH_BURST`](limits::DEFAULT_FETCH_BURST), and one every
    /// [`DEFAULT_FETCH_INTERVAL`](limits::DEFAULT_FETCH_INTERVAL).
    #[must_use]
    pub const fn with_fetch_rate(mut self, burst: u32, interval: Duration) -> Self {
        self.rate = Rate::new(burst, interval);
        self
    }

    /// The library that verifies with the keys. Default: [`Backend::AwsLc`].
    #[must_use]
    pub const fn with_backend(mut self, backend: Backend) -> Self {
        self.backend = backend;
        self
    }

    /// The limits on fetches.
    pub(super) const fn fetch_limits(&self) -> FetchLimits {
        FetchLimits {
            places: self.max_concurrent_fetches,
            revalidations: self.max_concurrent_revalidations,
            per_issuer: self.rate_per_issuer,
            per_lane: self.rate,
        }
    }

    /// What no single setting can check.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let deadlines = [
            self.connect_deadline,
            self.headers_deadline,
            self.fetch_deadline,
        ];
        if deadlines
            .iter()
            .any(|deadline| deadline.is_zero() || *deadline > limits::MAX_FETCH_DEADLINE)
        {
            return Err(ConfigError::new(
                "a deadline of key fetches is 0 or beyond a minute: set it between",
            ));
        }
        if self.max_keys == 0 || self.max_bytes < limits::MIN_KEY_BYTES {
            return Err(ConfigError::new(
                "the key cache has no room: allow at least one key and 128 KiB",
            ));
        }
        let at_once = [
            self.max_concurrent_fetches,
            self.max_concurrent_revalidations,
        ];
        let allowed = 1..=limits::MAX_CONCURRENT_FETCHES;
        if !at_once.iter().all(|places| allowed.contains(places)) {
            return Err(ConfigError::new(
                "the limit on concurrent key fetches or revalidations is outside 1 to 4096: set it within",
            ));
        }
        let rates = [self.rate_per_issuer, self.rate];
        if !rates.into_iter().all(Rate::is_sensible) {
            return Err(ConfigError::new(
                "a rate of key fetches is outside 1 to 1000000 at once, one more every microsecond to hour: set it within",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> KeyRepositoryConfig {
        KeyRepositoryConfig::new("https://keys.example").unwrap()
    }

    #[test]
    fn what_cannot_work_is_found_at_the_start() {
        assert!(config().check().is_ok());
        for broken in [
            config().with_connect_deadline(Duration::ZERO),
            config().with_headers_deadline(Duration::ZERO),
            config().with_fetch_deadline(Duration::from_secs(61)),
            config().with_max_keys(0),
            config().with_max_bytes(limits::MIN_KEY_BYTES - 1),
            config().with_max_concurrent_fetches(0),
            config().with_max_concurrent_fetches(4097),
            config().with_max_concurrent_revalidations(0),
            config().with_max_concurrent_revalidations(4097),
            config().with_fetch_rate(0, Duration::from_secs(1)),
            config().with_fetch_rate(1, Duration::ZERO),
            config().with_fetch_rate_per_issuer(1_000_001, Duration::from_secs(1)),
            config().with_fetch_rate_per_issuer(1, Duration::from_secs(3601)),
        ] {
            let message = broken.check().unwrap_err().to_string();
            assert!(!message.contains('\n'), "{message}");
        }
    }

    #[test]
    fn root_certificates_are_pem_certificates() {
        for pem in [
            "",
            "nonsense",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        ] {
            assert!(
                config().with_root_certificates(pem.as_bytes()).is_err(),
                "{pem}"
            );
        }
    }

    #[test]
    fn proxies_are_named_by_a_url_of_their_own() {
        assert!(config().with_proxy("http://proxy.example:3128").is_ok());
        for url in [
            "",
            "proxy.example:3128",
            "https://proxy.example:3128",
            "http://proxy.example/x",
        ] {
            assert!(config().with_proxy(url).is_err(), "{url}");
        }
    }

    #[test]
    fn further_repositories_keep_to_the_rules_of_the_first() {
        assert!(config().with_fallback("http://127.0.0.1").is_err());
        let local = KeyRepositoryConfig::allowing_http_to_loopback("http://127.0.0.1").unwrap();
        let mut local = local.with_fallback("http://[::1]/keys").unwrap();
        for _ in local.repositories.len()..limits::MAX_REPOSITORIES {
            local = local.with_fallback("https://keys.example").unwrap();
        }
        assert!(local.with_fallback("https://keys.example").is_err());
    }
}
