//! The gateway that is measured: an HTTP server on hyper that authenticates every request through the engine's
//! middleware.
//!
//! 401 with `WWW-Authenticate` for a token that is refused (RFC 6750 section 3), 503 with `Retry-After` where the
//! key server could not be asked, 200 otherwise. On [`OPEN_PATH`] it answers 200 without looking at the token:
//! that is the ceiling.
//!
//! It names the engine's code in the header [`CODE_HEADER`], so that the generator can check each answer
//! exactly. A gateway in production keeps that to itself: the challenge says `invalid_token` and no more.

use std::convert::Infallible;
use std::future::{Ready, poll_fn, ready};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use asap_engine::{
    Authenticate, AuthenticateLayer, ConfigError, Engine, KeySource, Policy, ReplayLog,
    ReplayWindow, TokenCache, VerifyError,
};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tower_layer::Layer;
use tower_service::Service;

use crate::scenario::{ACCEPTED, NO_TOKEN, Scenario};

/// What this resource server is called in `aud`.
pub(crate) const AUDIENCE: &str = "load-test/gateway";
/// The path that is answered without verification.
pub(crate) const OPEN_PATH: &str = "/open";
/// The header that names the engine's code.
pub(crate) const CODE_HEADER: HeaderName = HeaderName::from_static("x-asap-code");
/// The name of the gateway's threads, by which their CPU time is found.
pub(crate) const THREAD_NAME: &str = "gateway";
/// How many tokens the replay log remembers: more than are ever signed.
const REPLAY_CAPACITY: usize = 2_500_000;

/// What the gateway's cache of verified tokens takes, in bytes: more than all tokens that go round.
const TOKEN_CACHE_BYTES: usize = 64 * 1024 * 1024;

/// What a gateway remembers of the tokens that it accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Memory {
    Nothing,
    /// That they were sent, so that none is accepted again.
    Replays,
    /// That they were verified, so that they are accepted again for less.
    Tokens,
}

impl Memory {
    /// What a scenario asks for.
    pub(crate) const fn of(scenario: &Scenario) -> Self {
        match (scenario.single_use, scenario.keeps_tokens) {
            (true, _) => Self::Replays,
            (false, true) => Self::Tokens,
            (false, false) => Self::Nothing,
        }
    }
}

/// A gateway that runs until it is dropped.
#[derive(Debug)]
pub(crate) struct Gateway {
    pub(crate) address: SocketAddr,
    /// Holds the threads.
    _runtime: Runtime,
}

impl Gateway {
    /// Starts it on a free port of the loopback, on `threads` threads of its own. `keys` is called on them, since a
    /// source of keys that fetches does so on the runtime that it is made on.
    pub(crate) fn start<K: KeySource + 'static>(
        keys: impl FnOnce() -> Result<K, ConfigError>,
        memory: Memory,
        threads: usize,
    ) -> Result<Self, String> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads)
            .thread_name(THREAD_NAME)
            .enable_all()
            .build()
            .map_err(|error| format!("no runtime for the gateway: {error}"))?;
        let address = runtime.block_on(async {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
                .await
                .map_err(|error| format!("no port for the gateway: {error}"))?;
            let address = listener.local_addr().map_err(|error| error.to_string())?;
            spawn(listener, keys, memory).map_err(|error| error.to_string())?;
            Ok::<_, String>(address)
        })?;
        Ok(Self {
            address,
            _runtime: runtime,
        })
    }
}

fn spawn<K: KeySource + 'static>(
    listener: TcpListener,
    keys: impl FnOnce() -> Result<K, ConfigError>,
    memory: Memory,
) -> Result<(), ConfigError> {
    let engine = Engine::new(Policy::new(AUDIENCE)?, keys()?);
    match memory {
        Memory::Nothing => tokio::spawn(accept(listener, Arc::new(engine))),
        Memory::Replays => {
            let engine = engine.with_replay_log(ReplayWindow::new(REPLAY_CAPACITY)?)?;
            tokio::spawn(accept(listener, Arc::new(engine)))
        }
        Memory::Tokens => {
            let engine = engine.with_token_cache(TokenCache::new(TOKEN_CACHE_BYTES)?)?;
            tokio::spawn(accept(listener, Arc::new(engine)))
        }
    };
    Ok(())
}

async fn accept<K, R>(listener: TcpListener, engine: Arc<Engine<K, R>>)
where
    K: KeySource + 'static,
    R: ReplayLog + 'static,
{
    let service = AuthenticateLayer::new(engine).layer(Resource);
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors: let those in use be given back.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        tokio::spawn(serve(stream, service.clone()));
    }
}

async fn serve<K, R>(stream: TcpStream, authenticated: Authenticate<Resource, Engine<K, R>>)
where
    K: KeySource + 'static,
    R: ReplayLog + 'static,
{
    // Answers are small and must not wait for more of them.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| {
        let mut authenticated = authenticated.clone();
        async move {
            if request.uri().path() == OPEN_PATH {
                return Resource.call(request).await;
            }
            poll_fn(|context| {
                Service::<Request<Incoming>>::poll_ready(&mut authenticated, context)
            })
            .await?;
            authenticated.call(request).await.map(with_code)
        }
    });
    // A client that goes away is no failure of the gateway.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// What the gateway guards: something that is there at once.
#[derive(Debug, Clone, Copy)]
struct Resource;

impl<B> Service<Request<B>> for Resource {
    type Response = Response<Empty<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        let mut response = Response::new(Empty::new());
        response
            .headers_mut()
            .insert(CODE_HEADER, HeaderValue::from_static(ACCEPTED));
        ready(Ok(response))
    }
}

/// Names the code of a refusal, which the middleware leaves in the extensions.
fn with_code(mut response: Response<Empty<Bytes>>) -> Response<Empty<Bytes>> {
    let code = match response.extensions().get::<VerifyError>() {
        Some(refusal) => refusal.code(),
        None if response.status() == StatusCode::UNAUTHORIZED => NO_TOKEN,
        None => return response,
    };
    response
        .headers_mut()
        .insert(CODE_HEADER, HeaderValue::from_static(code));
    response
}
