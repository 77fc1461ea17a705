//! A key repository on loopback, over TLS, that answers as a script says and remembers what it was asked.
//!
//! The script is a function of what was asked; it may wait, for a [`Gate`] or for ever.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, Method, Response};
use http_body_util::Full;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::authority::Authority;

/// One request.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Asked {
    /// How many requests the server had seen before.
    pub number: usize,
    /// The method.
    pub method: Method,
    /// The path.
    pub path: String,
    /// The headers.
    pub headers: HeaderMap,
}

impl Asked {
    /// The value of a header, if there is one.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// One response.
pub type Reply = Response<ReplyBody>;

/// A body whose length the server announces or hides.
#[derive(Debug)]
pub struct ReplyBody {
    bytes: Full<Bytes>,
    hides_length: bool,
    never_ends: bool,
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match Pin::new(&mut self.bytes).poll_frame(context) {
            Poll::Ready(None) if self.never_ends => Poll::Pending,
            polled => polled,
        }
    }

    fn is_end_stream(&self) -> bool {
        !self.never_ends && self.bytes.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        if self.hides_length {
            SizeHint::default()
        } else {
            self.bytes.size_hint()
        }
    }
}

/// A response of `status` with these headers and this body.
pub fn reply(status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Reply {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response
        .body(ReplyBody {
            bytes: Full::new(body.into()),
            hides_length: false,
            never_ends: false,
        })
        .unwrap()
}

/// A 200 with `Cache-Control`.
pub fn cached(cache_control: &str, body: impl Into<Bytes>) -> Reply {
    let headers = [
        ("cache-control", cache_control),
        ("content-type", "application/x-pem-file"),
    ];
    reply(200, &headers, body)
}

/// The same response with a body whose length is not announced.
#[must_use]
pub fn without_length(mut reply: Reply) -> Reply {
    reply.body_mut().hides_length = true;
    reply
}

/// The same response with a body that does not end after its last byte.
#[must_use]
pub fn unfinished(reply: Reply) -> Reply {
    let mut reply = without_length(reply);
    reply.body_mut().never_ends = true;
    reply
}

/// What holds a script back until the test lets it pass.
#[derive(Debug, Clone)]
pub struct Gate(Arc<Semaphore>);

impl Gate {
    /// A closed gate.
    #[must_use]
    pub fn closed() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }

    /// Opens the gate for good.
    pub fn open(&self) {
        self.0.add_permits(Semaphore::MAX_PERMITS / 2);
    }

    /// Waits for the gate to open.
    pub async fn pass(&self) {
        drop(self.0.acquire().await.unwrap());
    }
}

/// The server. Dropping it closes it and all of its connections.
#[derive(Debug)]
pub struct KeyServer {
    address: SocketAddr,
    scheme: &'static str,
    ca_pem: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    accepting: JoinHandle<()>,
}

impl KeyServer {
    /// A server over TLS, under a certificate authority of its own.
    pub async fn https<F, R>(script: F) -> Self
    where
        F: Fn(Asked) -> R + Send + Sync + 'static,
        R: Future<Output = Reply> + Send + 'static,
    {
        let authority = Authority::new();
        let acceptor = TlsAcceptor::from(Arc::new(authority.server_config()));
        Self::start(script, Some(acceptor), authority.pem()).await
    }

    /// A server over plain http.
    pub async fn http<F, R>(script: F) -> Self
    where
        F: Fn(Asked) -> R + Send + Sync + 'static,
        R: Future<Output = Reply> + Send + 'static,
    {
        Self::start(script, None, String::new()).await
    }

    async fn start<F, R>(script: F, acceptor: Option<TlsAcceptor>, ca_pem: String) -> Self
    where
        F: Fn(Asked) -> R + Send + Sync + 'static,
        R: Future<Output = Reply> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let scheme = if acceptor.is_some() { "https" } else { "http" };
        let asked = Arc::default();
        let accepting = tokio::spawn(accept(
            listener,
            acceptor,
            Arc::new(script),
            Arc::clone(&asked),
        ));
        Self {
            address,
            scheme,
            ca_pem,
            asked,
            accepting,
        }
    }

    /// The URL of a path on this server.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    /// The certificate of the server's authority.
    #[must_use]
    pub fn ca_pem(&self) -> &[u8] {
        self.ca_pem.as_bytes()
    }

    /// What the server was asked so far.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for KeyServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept<F, R>(
    listener: TcpListener,
    acceptor: Option<TlsAcceptor>,
    script: Arc<F>,
    asked: Arc<Mutex<Vec<Asked>>>,
) where
    F: Fn(Asked) -> R + Send + Sync + 'static,
    R: Future<Output = Reply> + Send + 'static,
{
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        connections.spawn(serve(
            stream,
            acceptor.clone(),
            Arc::clone(&script),
            Arc::clone(&asked),
        ));
    }
}

async fn serve<F, R>(
    stream: TcpStream,
    acceptor: Option<TlsAcceptor>,
    script: Arc<F>,
    asked: Arc<Mutex<Vec<Asked>>>,
) where
    F: Fn(Asked) -> R + Send + Sync + 'static,
    R: Future<Output = Reply> + Send + 'static,
{
    let service = service_fn(move |request: http::Request<Incoming>| {
        let request = {
            let mut all = asked.lock().unwrap();
            let request = Asked {
                number: all.len(),
                method: request.method().clone(),
                path: request.uri().path().to_owned(),
                headers: request.headers().clone(),
            };
            all.push(request.clone());
            request
        };
        let reply = script(request);
        async move { Ok::<_, Infallible>(reply.await) }
    });
    // A client that breaks a connection off is a case of the tests, not an error of theirs.
    let _ = match acceptor {
        Some(acceptor) => match acceptor.accept(stream).await {
            Ok(tls) => {
                http1::Builder::new()
                    .serve_connection(TokioIo::new(tls), service)
                    .await
            }
            Err(_) => return,
        },
        None => {
            http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await
        }
    };
}
