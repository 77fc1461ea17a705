//! The key server: static answers over TLS, after a delay, with the `Cache-Control` that it was last told.
//!
//! It runs in a process of its own, so that its time on the CPU can be told from the client's. Its first line of
//! standard input says what it serves; each line after that may change its mind, and is answered by its counters. The
//! end of its input is its own.
//!
//! A `kid` whose last segment begins with `key` has the one public key there is; any other has none. The key set at
//! [`KEY_SET`] is for verifiers that want one.

use std::convert::Infallible;
use std::io::{BufRead, Write};
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::Failure;

/// The path of the key set.
pub(crate) const KEY_SET: &str = "/jwks.json";
/// The `ETag` of the key: it never changes.
const ETAG: HeaderValue = HeaderValue::from_static("\"1\"");

/// What is served and how, and what was asked.
#[derive(Debug, Default)]
struct Server {
    public_key: Bytes,
    key_set: Bytes,
    manner: Mutex<Manner>,
    keys: AtomicU64,
    not_modified: AtomicU64,
    not_found: AtomicU64,
    failures: AtomicU64,
    key_sets: AtomicU64,
}

/// How it answers at the moment.
#[derive(Debug, Clone)]
struct Manner {
    cache_control: HeaderValue,
    delay: Duration,
    is_failing: bool,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            cache_control: HeaderValue::from_static("no-store"),
            delay: Duration::ZERO,
            is_failing: false,
        }
    }
}

/// Serves until the end of standard input.
///
/// # Errors
///
/// If a line says what cannot be done.
pub(crate) fn serve() -> Result<(), Failure> {
    let mut orders = std::io::stdin().lock().lines();
    let first: Value = serde_json::from_str(&orders.next().ok_or("no first line")??)?;
    let text = |name: &str| first[name].as_str().unwrap_or_default();
    let acceptor = TlsAcceptor::from(tls(text("certificate"), text("private_key"))?);
    let server = Arc::new(Server {
        public_key: text("public_key").to_owned().into(),
        key_set: text("key_set").to_owned().into(),
        ..Server::default()
    });
    let port = u16::try_from(first["port"].as_u64().unwrap_or(0))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, port)))?;
    answer_line(&json!({ "port": listener.local_addr()?.port() }))?;
    let serving = Arc::clone(&server);
    std::thread::spawn(move || runtime.block_on(accept(listener, acceptor, serving)));
    for order in orders {
        server.obey(&serde_json::from_str(&order?)?)?;
        answer_line(&server.counters())?;
    }
    Ok(())
}

fn answer_line(answer: &Value) -> Result<(), Failure> {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{answer}")?;
    Ok(output.flush()?)
}

fn tls(certificate: &str, private_key: &str) -> Result<Arc<ServerConfig>, Failure> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(certificate.as_bytes())?],
            PrivateKeyDer::from_pem_slice(private_key.as_bytes())?,
        )?;
    Ok(Arc::new(config))
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, server: Arc<Server>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors: let those in use be given back.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        tokio::spawn(connection(stream, acceptor.clone(), Arc::clone(&server)));
    }
}

async fn connection(stream: TcpStream, acceptor: TlsAcceptor, server: Arc<Server>) {
    let _ = stream.set_nodelay(true);
    let Ok(stream) = acceptor.accept(stream).await else {
        return;
    };
    let service = service_fn(move |request: Request<Incoming>| {
        let server = Arc::clone(&server);
        async move { Ok::<_, Infallible>(server.answer(&request).await) }
    });
    // A client that goes away is no failure of the server.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

impl Server {
    fn manner(&self) -> Manner {
        let manner = self.manner.lock().unwrap_or_else(PoisonError::into_inner);
        manner.clone()
    }

    fn obey(&self, order: &Value) -> Result<(), Failure> {
        let mut manner = self.manner.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cache_control) = order["cache_control"].as_str() {
            manner.cache_control = HeaderValue::try_from(cache_control)?;
        }
        if let Some(millis) = order["delay_ms"].as_u64() {
            manner.delay = Duration::from_millis(millis);
        }
        if let Some(is_failing) = order["is_failing"].as_bool() {
            manner.is_failing = is_failing;
        }
        Ok(())
    }

    fn counters(&self) -> Value {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        json!({
            "keys": count(&self.keys),
            "not_modified": count(&self.not_modified),
            "not_found": count(&self.not_found),
            "failures": count(&self.failures),
            "key_sets": count(&self.key_sets),
        })
    }

    /// Counts a request when it comes, and answers it after the delay.
    async fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        let manner = self.manner();
        let path = request.uri().path();
        let is_key = path
            .rsplit('/')
            .next()
            .is_some_and(|name| name.starts_with("key"));
        let is_unchanged = request.headers().get(header::IF_NONE_MATCH) == Some(&ETAG);
        let (status, body, counter) = if manner.is_failing {
            (StatusCode::SERVICE_UNAVAILABLE, None, &self.failures)
        } else if path == KEY_SET {
            (StatusCode::OK, Some(&self.key_set), &self.key_sets)
        } else if !is_key {
            (StatusCode::NOT_FOUND, None, &self.not_found)
        } else if is_unchanged {
            (StatusCode::NOT_MODIFIED, None, &self.not_modified)
        } else {
            (StatusCode::OK, Some(&self.public_key), &self.keys)
        };
        counter.fetch_add(1, Ordering::Relaxed);
        if !manner.delay.is_zero() {
            tokio::time::sleep(manner.delay).await;
        }
        let mut response = Response::new(Full::new(body.cloned().unwrap_or_default()));
        *response.status_mut() = status;
        if status == StatusCode::OK || status == StatusCode::NOT_MODIFIED {
            let headers = response.headers_mut();
            headers.insert(header::CACHE_CONTROL, manner.cache_control);
            headers.insert(header::ETAG, ETAG);
        }
        response
    }
}
