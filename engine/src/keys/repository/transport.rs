//! How a request reaches a key server: connections, and the client that keeps them.
//!
//! It knows requests and the heads and bodies of responses, and nothing of keys. The fetcher asks it through
//! [`Transport`], so that a simulated network can stand in its place.

use std::io;
use std::pin::Pin;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::config::KeyRepositoryConfig;
use super::connector::Connector;
use super::failure::Failure;
use crate::{ConfigError, limits};

/// The body of a response, as it arrives or breaks off.
pub(super) type TransportBody = UnsyncBoxBody<Bytes, io::Error>;

/// The head of a response, when it has arrived.
pub(super) type Sending<'a> =
    Pin<Box<dyn Future<Output = Result<Response<TransportBody>, Failure>> + Send + 'a>>;

/// Whose word it is that a request is sent there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Destination {
    /// The configuration's: a base URL and a `kid`.
    Repository,
    /// A response's: where it redirected to.
    Redirect,
}

/// Sends requests without bodies. Deadlines are the caller's, who drops the future when one has passed.
pub(super) trait Transport: Send + Sync + 'static {
    /// Sends `request` and waits for the head of its response.
    fn send(&self, request: Request<()>, to: Destination) -> Sending<'_>;
}

/// Sockets, TLS and HTTP.
pub(super) struct HttpTransport {
    client: Client<Connector, Empty<Bytes>>,
}

impl HttpTransport {
    /// A client as `config` wants it. It connects to nothing yet.
    pub(super) fn new(config: &KeyRepositoryConfig) -> Result<Self, ConfigError> {
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(limits::IDLE_CONNECTION)
            .pool_max_idle_per_host(limits::MAX_IDLE_CONNECTIONS)
            .http1_max_buf_size(limits::MAX_RESPONSE_HEAD)
            .build(Connector::new(config)?);
        Ok(Self { client })
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: Request<()>, _: Destination) -> Sending<'_> {
        let sending = self.client.request(request.map(|()| Empty::new()));
        Box::pin(async move {
            let response = sending.await.map_err(|error| Failure::of(&error))?;
            Ok(response.map(|body| body.map_err(io::Error::other).boxed_unsync()))
        })
    }
}
