//! The layer: an engine, and the one setting that is the middleware's own.

use std::sync::Arc;
use std::time::Duration;

use tower_layer::Layer;

use super::Authenticate;
use crate::engine::Engine;
use crate::replay::Reusable;

/// A key source that was away is asked anew for each token, so there is no reason to stay away for long.
const DEFAULT_RETRY_AFTER: Duration = Duration::from_secs(1);

/// Puts an [`Engine`] in front of a service: only requests with a token that it accepts get through, with the
/// [`Identity`](crate::Identity) in their extensions.
///
/// The token is that of the one `Authorization: Bearer` header. The others are answered here, with an empty
/// body: 401 and `WWW-Authenticate` without a token or with a bad one, 503 and `Retry-After` where it could not
/// be checked. Why a token was refused is the [`VerifyError`](crate::VerifyError) in the response's extensions.
#[derive(Debug)]
pub struct AuthenticateLayer<K, R = Reusable> {
    engine: Arc<Engine<K, R>>,
    retry_after: Duration,
}

impl<K, R> AuthenticateLayer<K, R> {
    /// A layer whose services all ask `engine`.
    #[must_use]
    pub const fn new(engine: Arc<Engine<K, R>>) -> Self {
        Self {
            engine,
            retry_after: DEFAULT_RETRY_AFTER,
        }
    }

    /// After how long a client whose token could not be checked should try again, one second unless told
    /// otherwise. It is sent in whole seconds, rounded up.
    #[must_use]
    pub const fn with_retry_after(mut self, retry_after: Duration) -> Self {
        self.retry_after = retry_after;
        self
    }
}

impl<S, K, R> Layer<S> for AuthenticateLayer<K, R> {
    type Service = Authenticate<S, K, R>;

    fn layer(&self, inner: S) -> Self::Service {
        Authenticate::new(inner, Arc::clone(&self.engine), self.retry_after)
    }
}

impl<K, R> Clone for AuthenticateLayer<K, R> {
    fn clone(&self) -> Self {
        Self {
            engine: Arc::clone(&self.engine),
            retry_after: self.retry_after,
        }
    }
}
