//! The layer: what it sets, and how to say otherwise.

use std::sync::Arc;
use std::time::Duration;

use tower_layer::Layer;

use super::content::ContentSecurityPolicy;
use super::referrer::ReferrerPolicy;
use super::service::SecureResponse;
use super::settings::Settings;
use super::transport::StrictTransport;
use crate::error::ConfigError;

/// Gives the responses of a service the header fields that the Marketplace's security requirements of 2023 ask for.
///
/// | field | set | what the inner service has set is kept if |
/// |---|---|---|
/// | `Strict-Transport-Security` | `max-age=31536000; includeSubDomains` | it has a year at least, and the subdomains |
/// | `Content-Security-Policy` | [`ContentSecurityPolicy::new`] | it says what scripts may run, and neither `'unsafe-inline'` nor `'unsafe-eval'` |
/// | `Referrer-Policy` | `no-referrer` | each policy in it is one of [`ReferrerPolicy`] |
/// | `Cache-Control` | `no-cache, no-store` | it has both |
/// | each `Set-Cookie` | `HttpOnly`, `Secure` | it stays, and gets what it lacks |
///
/// What is not kept is replaced. So a page with a nonce says its own policy, and nobody has to look for the response that
/// forgot one. All of them are on; each can be configured or left out. Responses that caches may keep, such as static
/// files, are for a layer of their own, [`without_cache_control`](Self::without_cache_control): which pages are sensitive
/// no layer can know.
///
/// Statuses, bodies and all other fields stay as they are, and so do errors of the inner service. Put this layer outside
/// the one that authenticates, so that refusals have these fields too. Nothing is allocated for a response but a cookie
/// that lacked something, and the room that [`HeaderMap`](http::HeaderMap) takes for new fields.
///
/// ```
/// # use asap_engine::ConfigError;
/// use asap_engine::{ContentSecurityPolicy, SecureResponseLayer};
///
/// let policy = ContentSecurityPolicy::new()
///     .with_directive("frame-ancestors", "https://*.atlassian.net")?
///     .with_directive("script-src", "'self' https://connect-cdn.atl-paas.net")?;
/// let layer = SecureResponseLayer::new().with_content_security_policy(policy);
/// # Ok::<(), ConfigError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct SecureResponseLayer {
    settings: Arc<Settings>,
}

impl SecureResponseLayer {
    /// A layer that sets all of it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn with(mut self, set: impl FnOnce(&mut Settings)) -> Self {
        set(Arc::make_mut(&mut self.settings));
        self
    }

    /// For how long browsers may use nothing but TLS, and whether that is said of the subdomains too ("When possible, add
    /// the includeSubDomain directive"). A year and yes, unless told otherwise.
    ///
    /// # Errors
    ///
    /// If `max_age` is shorter than 365 days.
    pub fn with_strict_transport_security(
        self,
        max_age: Duration,
        with_subdomains: bool,
    ) -> Result<Self, ConfigError> {
        let strict = StrictTransport::new(max_age, with_subdomains)?;
        Ok(self.with(|settings| settings.transport = Some(strict)))
    }

    /// Leaves `Strict-Transport-Security` to the inner service, or to the proxy that terminates TLS.
    #[must_use]
    pub fn without_strict_transport_security(self) -> Self {
        self.with(|settings| settings.transport = None)
    }

    /// The policy of pages that have none of their own.
    #[must_use]
    pub fn with_content_security_policy(self, policy: ContentSecurityPolicy) -> Self {
        self.with(|settings| settings.content = Some(policy))
    }

    /// Leaves `Content-Security-Policy` to the inner service.
    #[must_use]
    pub fn without_content_security_policy(self) -> Self {
        self.with(|settings| settings.content = None)
    }

    /// The policy of responses that have none of their own.
    #[must_use]
    pub fn with_referrer_policy(self, policy: ReferrerPolicy) -> Self {
        self.with(|settings| settings.referrer = Some(policy))
    }

    /// Leaves `Referrer-Policy` to the inner service.
    #[must_use]
    pub fn without_referrer_policy(self) -> Self {
        self.with(|settings| settings.referrer = None)
    }

    /// Leaves `Cache-Control` to the inner service: for responses without sensitive data.
    #[must_use]
    pub fn without_cache_control(self) -> Self {
        self.with(|settings| settings.is_kept_out_of_caches = false)
    }

    /// Lets scripts read the cookie of this name, which then is `Secure` and need not be `HttpOnly`: a token against
    /// forged requests that a page sends back, not a session.
    #[must_use]
    pub fn with_cookie_for_scripts(self, name: &str) -> Self {
        self.with(|settings| {
            settings.cookies.get_or_insert_default().allow_scripts(name);
        })
    }

    /// Leaves the attributes of cookies to the inner service.
    #[must_use]
    pub fn without_cookie_attributes(self) -> Self {
        self.with(|settings| settings.cookies = None)
    }
}

impl<S> Layer<S> for SecureResponseLayer {
    type Service = SecureResponse<S>;

    fn layer(&self, inner: S) -> Self::Service {
        SecureResponse::new(inner, Arc::clone(&self.settings))
    }
}
