//! A gateway with the engine in it, on one thread: 200 for a good token, else the status and the code of the refusal.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::Arc;

use asap_engine::{Engine, KeyId, KeyRepository, KeyRepositoryConfig, Policy};
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

use crate::Failure;
use crate::signer::AUDIENCE;

/// What verifies here.
pub(crate) type Verifier = Engine<KeyRepository>;

/// An engine that gets its keys as `config` says. Fetches run on the runtime that this is called in.
pub(crate) fn verifier(config: KeyRepositoryConfig) -> Result<Verifier, Failure> {
    Ok(Engine::new(
        Policy::new(AUDIENCE)?,
        KeyRepository::new(config)?,
    ))
}

/// A gateway that runs until it is dropped.
pub(crate) struct Gateway {
    pub(crate) port: u16,
    /// Holds the thread.
    _runtime: Runtime,
}

impl Gateway {
    /// Starts it on a free port of the loopback, when it has these keys.
    pub(crate) fn start(config: KeyRepositoryConfig, warm: &[&str]) -> Result<Self, Failure> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("gateway")
            .enable_all()
            .build()?;
        let port = runtime.block_on(async {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
            let port = listener.local_addr()?.port();
            let engine = verifier(config)?;
            let warm = warm.iter().filter_map(|key_id| KeyId::parse(key_id));
            engine.keys().warm_up(warm).await;
            tokio::spawn(accept(listener, Arc::new(engine)));
            Ok::<_, Failure>(port)
        })?;
        Ok(Self {
            port,
            _runtime: runtime,
        })
    }
}

async fn accept(listener: TcpListener, engine: Arc<Verifier>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, Arc::clone(&engine)));
    }
}

async fn serve(stream: TcpStream, engine: Arc<Verifier>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| {
        let engine = Arc::clone(&engine);
        async move { Ok::<_, Infallible>(answer(&engine, &request).await) }
    });
    // A caller that goes away is no failure of the gateway.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(engine: &Verifier, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let value = request.headers().get(header::AUTHORIZATION);
    let token = value.and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
    let mut response = Response::new(Full::default());
    if let Err(refusal) = engine.verify(token.unwrap_or_default()).await {
        *response.status_mut() =
            StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::UNAUTHORIZED);
        *response.body_mut() = Full::new(Bytes::from_static(refusal.code().as_bytes()));
    }
    response
}
