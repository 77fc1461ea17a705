//! The layer: a class of endpoints, and the settings that are the middleware's own.

use std::sync::Arc;
use std::time::Duration;

use tower_layer::Layer;

use super::guard::Guard;
use super::service::AuthenticateConnect;
use crate::middleware::refusal::{Answers, Scheme};

/// Puts a class of endpoints of a Connect app in front of a service: only requests with a token that it accepts get
/// through, with who sent them in their extensions.
///
/// | class | for | in the extensions is | reads |
/// |---|---|---|---|
/// | [`ConnectModule`](crate::ConnectModule) | modules, webhooks, `enabled`, `disabled` | a [`ConnectIdentity`](crate::ConnectIdentity) | forms |
/// | [`ConnectContext`](crate::ConnectContext) | calls of the app's own pages | a [`ConnectIdentity`](crate::ConnectIdentity) | forms |
/// | [`ConnectLifecycle`](crate::ConnectLifecycle) | `installed`, `uninstalled` | a [`ConnectInstallation`](crate::ConnectInstallation) | every body |
///
/// It adds nothing to the checks of the class; what it adds is where a token is in a request, and what a refusal is as a
/// response:
///
/// 1. The token is in `Authorization` after `JWT`, in the parameter `jwt` of the query, or in the field `jwt` of a form. A
///    request with two different tokens is refused.
/// 2. No token, or one that the class refuses: 401 and `WWW-Authenticate: JWT`.
/// 3. A token that could not be checked, and may be good: 503 and `Retry-After`.
/// 4. Neither response has a body or says which check failed. For outer layers, which log and count, the
///    [`VerifyError`](crate::VerifyError) is in the response's extensions.
/// 5. What is read of a body is at most [`MAX_CONNECT_BODY_LENGTH`](crate::limits::MAX_CONNECT_BODY_LENGTH) bytes, more is
///    refused, and the service gets every byte. A lifecycle request without a token is refused unread. How long a client may
///    take to send it is the server's to bound; meanwhile it keeps no place of the inner service. Any other body is not
///    touched: a token says nothing about it.
/// 6. `qsh` is the hash of path and query as they came, so nothing outside this layer may rewrite the URI. In axum, put the
///    layer around a `nest` and not inside, unless what is nested at is the path of the app's base URL.
/// 7. An accepted request goes on without the parameter `jwt` in its URI, so that no log of an inner service has it
///    ([`with_token_in_uri`](Self::with_token_in_uri) leaves it there), and with `Authorization` marked so that `Debug` does
///    not show it.
/// 8. There is no request, of whatever method or path, that needs no token. Route around the layer what is open to all.
///
/// ```
/// # use asap_engine::{BaseUrl, ConfigError};
/// use std::sync::Arc;
///
/// use asap_engine::{ConnectContext, ConnectLayer, ConnectModule, ConnectPolicy, MemoryTenants};
///
/// # fn example() -> Result<(), ConfigError> {
/// let tenants = Arc::new(MemoryTenants::new());
/// let policy = ConnectPolicy::new(BaseUrl::parse("https://app.example")?);
/// let modules = ConnectModule::new(policy.clone(), Arc::clone(&tenants));
/// let in_front_of_modules = ConnectLayer::new(Arc::new(modules));
/// let in_front_of_own_api = ConnectLayer::new(Arc::new(ConnectContext::new(policy, tenants)));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ConnectLayer<V> {
    guard: Guard<V>,
}

impl<V> ConnectLayer<V> {
    /// A layer whose services all ask `verifier`.
    #[must_use]
    pub const fn new(verifier: Arc<V>) -> Self {
        Self {
            guard: Guard {
                verifier,
                answers: Answers::new(Scheme::Jwt),
                takes_token_out: true,
            },
        }
    }

    /// After how long a client whose token could not be checked should try again, one second unless told
    /// otherwise. It is sent in whole seconds, rounded up.
    #[must_use]
    pub const fn with_retry_after(mut self, retry_after: Duration) -> Self {
        self.guard.answers.retry_after = retry_after;
        self
    }

    /// Leaves the parameter `jwt` in the URI of an accepted request: for a service that hands the request on to another
    /// one, which verifies it too.
    #[must_use]
    pub const fn with_token_in_uri(mut self) -> Self {
        self.guard.takes_token_out = false;
        self
    }
}

impl<S, V> Layer<S> for ConnectLayer<V> {
    type Service = AuthenticateConnect<S, V>;

    fn layer(&self, inner: S) -> Self::Service {
        AuthenticateConnect::new(inner, self.guard.clone())
    }
}

impl<V> Clone for ConnectLayer<V> {
    fn clone(&self) -> Self {
        Self {
            guard: self.guard.clone(),
        }
    }
}
