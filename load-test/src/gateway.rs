//! The gateway that is measured: an HTTP server on hyper that authenticates every request through the engine.
//!
//! 401 with `WWW-Authenticate` for a token that is refused (RFC 6750 section 3), 503 with `Retry-After` where the
//! key server could not be asked, 200 otherwise. On [`OPEN_PATH`] it answers 200 without looking at the token:
//! that is the ceiling.
//!
//! It names the engine's code in the header [`CODE_HEADER`], so that the generator can check each answer
//! exactly. A gateway in production keeps that to itself: the challenge says `invalid_token` and no more.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use asap_engine::{
    CHALLENGE_WITHOUT_TOKEN, ConfigError, Engine, KeySource, Policy, ReplayLog, ReplayWindow,
    VerifyError,
};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

use crate::scenario::{ACCEPTED, NO_TOKEN};

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
/// When a client should come again after a 503, in seconds.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

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
        single_use: bool,
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
            spawn(listener, keys, single_use).map_err(|error| error.to_string())?;
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
    single_use: bool,
) -> Result<(), ConfigError> {
    let engine = Engine::new(Policy::new(AUDIENCE)?, keys()?);
    if single_use {
        let engine = engine.with_replay_log(ReplayWindow::new(REPLAY_CAPACITY)?)?;
        tokio::spawn(accept(listener, Arc::new(engine)));
    } else {
        tokio::spawn(accept(listener, Arc::new(engine)));
    }
    Ok(())
}

async fn accept<K, R>(listener: TcpListener, engine: Arc<Engine<K, R>>)
where
    K: KeySource + 'static,
    R: ReplayLog + 'static,
{
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors: let those in use be given back.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        tokio::spawn(serve(stream, Arc::clone(&engine)));
    }
}

async fn serve<K: KeySource, R: ReplayLog>(stream: TcpStream, engine: Arc<Engine<K, R>>) {
    // Answers are small and must not wait for more of them.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request: Request<Incoming>| {
        let engine = &engine;
        async move { Ok::<_, Infallible>(answer(engine, request.uri().path(), request.headers()).await) }
    });
    // A client that goes away is no failure of the gateway.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer<K: KeySource, R: ReplayLog>(
    engine: &Engine<K, R>,
    path: &str,
    headers: &HeaderMap,
) -> Response<Empty<Bytes>> {
    if path == OPEN_PATH {
        return response(StatusCode::OK, ACCEPTED);
    }
    let Some(token) = bearer_token(headers) else {
        return without_token();
    };
    match engine.verify(token).await {
        Ok(_identity) => response(StatusCode::OK, ACCEPTED),
        Err(error) => refusal(error),
    }
}

/// The token of an `Authorization: Bearer` header. The scheme is case-insensitive (RFC 9110 section 11.1).
fn bearer_token(headers: &HeaderMap) -> Option<&[u8]> {
    let value = headers.get(header::AUTHORIZATION)?.as_bytes();
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then_some(token)
}

fn response(status: StatusCode, code: &'static str) -> Response<Empty<Bytes>> {
    let mut response = Response::new(Empty::new());
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CODE_HEADER, HeaderValue::from_static(code));
    response
}

fn refusal(error: VerifyError) -> Response<Empty<Bytes>> {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::UNAUTHORIZED);
    let mut response = response(status, error.code());
    match error.challenge() {
        Some(challenge) => {
            response.headers_mut().insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static(challenge),
            );
        }
        None => {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, RETRY_AFTER);
        }
    }
    response
}

fn without_token() -> Response<Empty<Bytes>> {
    let mut response = response(StatusCode::UNAUTHORIZED, NO_TOKEN);
    let challenge = HeaderValue::from_static(CHALLENGE_WITHOUT_TOKEN);
    response
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, challenge);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn authorization(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static(value))])
    }

    #[test]
    fn the_scheme_is_bearer_in_any_case_and_nothing_else() {
        assert_eq!(
            bearer_token(&authorization("Bearer a.b.c")),
            Some(b"a.b.c".as_slice())
        );
        assert_eq!(
            bearer_token(&authorization("bEARER a.b.c")),
            Some(b"a.b.c".as_slice())
        );
        assert_eq!(bearer_token(&authorization("Basic a.b.c")), None);
        assert_eq!(bearer_token(&authorization("Bearer")), None);
        assert_eq!(bearer_token(&HeaderMap::new()), None);
    }

    #[test]
    fn a_refusal_is_challenged_and_a_failing_key_server_is_not() {
        let refused = refusal(VerifyError::Expired);
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(
            refused.headers()[header::WWW_AUTHENTICATE],
            r#"Bearer error="invalid_token""#
        );
        assert_eq!(refused.headers()[CODE_HEADER], "expired");
        assert!(!refused.headers().contains_key(header::RETRY_AFTER));

        let unavailable = refusal(VerifyError::KeyUnavailable);
        assert_eq!(unavailable.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(unavailable.headers().contains_key(header::RETRY_AFTER));
        assert!(!unavailable.headers().contains_key(header::WWW_AUTHENTICATE));

        assert_eq!(
            without_token().headers()[header::WWW_AUTHENTICATE],
            "Bearer"
        );
    }
}
