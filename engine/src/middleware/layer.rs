//! The layer: a verifier, and the one setting that is the middleware's own.

use std::sync::Arc;
use std::time::Duration;

use tower_layer::Layer;

use super::Authenticate;
use super::refusal::{Answers, Scheme};

/// Puts a verifier in front of a service: only requests with a token that it accepts get through, with who sent them in
/// their extensions. [`Authenticator`](crate::Authenticator) has the table of verifiers: [`Engine`](crate::Engine) for
/// ASAP, [`ForgeVerifier`](crate::ForgeVerifier), [`TrelloVerifier`](crate::TrelloVerifier).
///
/// It adds nothing to the checks of the verifier;
/// what it adds is where a token is in a request, and what a refusal is as a response:
///
/// 1. The token comes from the one `Authorization` header of the scheme `Bearer`: the scheme in any case, one
///    or more spaces, the token (RFC 9110 sections 11.1 and 11.4, RFC 6750 section 2.1). It never comes from
///    the query or the body: "that means that the `access_token` parameter in the request-body and the
///    `access_token` query parameter in the URI are not supported". A Power-Up of Trello may send its token without a
///    scheme, as Trello's sample does.
/// 2. No such header, one of another scheme, or two `Authorization` headers of any scheme: 401 and
///    `WWW-Authenticate: Bearer`, without an error code (RFC 6750 section 3.1).
/// 3. A token that the verifier refuses: 401 and `WWW-Authenticate: Bearer error="invalid_token"`.
/// 4. A token that could not be checked, and may be good: 503 and `Retry-After`.
/// 5. Neither response has a body or says which check failed. For outer layers, which log and count, the
///    [`VerifyError`](crate::VerifyError) of rules 3 and 4 is in the response's extensions.
/// 6. An accepted request goes on with the [`Identity`](crate::Identity), or what another verifier has in its place, in
///    its extensions, in the place of any that was there.
/// 7. The `Authorization` header goes on as it came, as the OAuth tokens of Forge do, but marked so that `Debug` shows
///    none of them. Whoever forwards the request to another audience should
///    remove it, since a token can be reused by all who see it; only the inner service knows that.
/// 8. There is no request, of whatever method or path, that needs no token. Route around the layer what is
///    open to all.
///
/// A Forge token may be as long as 16 KiB, which is as long as an HTTP/2 server lets all headers be, unless told otherwise.
///
/// The inner service must be ready before a request is taken, and stays reserved while a key is fetched; a
/// refusal gives its place back. Put a limit on concurrency outside this layer to have it cover those waits.
/// How long a fetch may take is the key source's to bound.
///
/// ```
/// # use std::convert::Infallible;
/// # use std::future::{Future, Ready, ready};
/// # use std::pin::pin;
/// # use std::task::{Context, Poll, Waker};
/// # use asap_engine::{Algorithm, Issuer, SigningKey, TokenRequest};
/// # let (key, _) = SigningKey::generate(Algorithm::Es256)?;
/// # let pem = key.public_key_pem().to_owned();
/// # let token = Issuer::new("client", "client/key-1", key)?
/// #     .sign(&TokenRequest::new("my-service"), std::time::SystemTime::now().into())?;
/// use std::sync::Arc;
///
/// use asap_engine::{AuthenticateLayer, Engine, Identity, Keyring, Policy};
/// use http::{Request, Response};
/// use tower_layer::Layer;
/// use tower_service::Service;
///
/// #[derive(Clone)]
/// struct Greeter;
///
/// impl Service<Request<()>> for Greeter {
///     type Response = Response<String>;
///     type Error = Infallible;
///     type Future = Ready<Result<Response<String>, Infallible>>;
///
///     fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
///         Poll::Ready(Ok(()))
///     }
///
///     fn call(&mut self, request: Request<()>) -> Self::Future {
///         let sender = request.extensions().get::<Identity>().map_or("nobody", Identity::issuer);
///         ready(Ok(Response::new(format!("hello, {sender}"))))
///     }
/// }
///
/// let keys = Keyring::from_pems([("client/key-1", pem.as_bytes())])?;
/// let engine = Arc::new(Engine::new(Policy::new("my-service")?, keys));
/// let mut service = AuthenticateLayer::new(engine).layer(Greeter);
/// # let mut answer = |request| {
/// #     let mut context = Context::from_waker(Waker::noop());
/// #     assert!(service.poll_ready(&mut context).is_ready());
/// #     match pin!(service.call(request)).poll(&mut context) {
/// #         Poll::Ready(Ok(response)) => response,
/// #         _ => unreachable!("a keyring has its keys at hand"),
/// #     }
/// # };
///
/// let request = Request::get("/").header("authorization", format!("Bearer {token}")).body(())?;
/// assert_eq!(answer(request).into_body(), "hello, client");
///
/// let response = answer(Request::get("/").body(())?);
/// assert_eq!(response.status(), 401);
/// assert_eq!(response.headers()["www-authenticate"], "Bearer");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct AuthenticateLayer<V> {
    verifier: Arc<V>,
    answers: Answers,
}

impl<V> AuthenticateLayer<V> {
    /// A layer whose services all ask `verifier`.
    #[must_use]
    pub const fn new(verifier: Arc<V>) -> Self {
        Self {
            verifier,
            answers: Answers::new(Scheme::Bearer),
        }
    }

    /// After how long a client whose token could not be checked should try again, one second unless told
    /// otherwise. It is sent in whole seconds, rounded up.
    #[must_use]
    pub const fn with_retry_after(mut self, retry_after: Duration) -> Self {
        self.answers.retry_after = retry_after;
        self
    }
}

impl<S, V> Layer<S> for AuthenticateLayer<V> {
    type Service = Authenticate<S, V>;

    fn layer(&self, inner: S) -> Self::Service {
        Authenticate::new(inner, Arc::clone(&self.verifier), self.answers)
    }
}

impl<V> Clone for AuthenticateLayer<V> {
    fn clone(&self) -> Self {
        Self {
            verifier: Arc::clone(&self.verifier),
            answers: self.answers,
        }
    }
}
