//! How a request reaches a key server: connections, and the clients that keep them.
//!
//! It knows requests and the heads and bodies of responses, and nothing of keys. The fetcher asks it through
//! [`Transport`], so that a simulated network can stand in its place.

use std::io;
use std::pin::Pin;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::{CaptureConnection, capture_connection};
use hyper_util::client::legacy::{self as client, Client};
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::config::KeyRepositoryConfig;
use super::connection::Proven;
use super::connector::{Connector, tls_config};
use super::failure::{Failure, Loss};
use super::resolver::Reachable;
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
    /// A response's, and it leads where the configuration lets it (`BaseUrl::trusts_redirect_to`).
    TrustedRedirect,
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
    repositories: Client<Connector, Empty<Bytes>>,
    /// With connections of its own: one that was made to a repository's private address must not serve a redirect
    /// that may not lead there.
    redirects: Client<Connector, Empty<Bytes>>,
}

impl HttpTransport {
    /// A client as `config` wants it. It connects to nothing yet.
    pub(super) fn new(config: &KeyRepositoryConfig) -> Result<Self, ConfigError> {
        let tls = tls_config(config)?;
        let reachable = match config.unrestricted_redirects {
            true => Reachable::Everything,
            false => Reachable::PublicOnly,
        };
        let connector = |reachable| Connector::new(config, tls.clone(), reachable);
        Ok(Self {
            repositories: kept(config, connector(Reachable::Everything)),
            redirects: kept(config, connector(reachable)),
        })
    }
}

fn kept(config: &KeyRepositoryConfig, connector: Connector) -> Client<Connector, Empty<Bytes>> {
    // A burst of fetches and one of revalidations leave their connections to the next ones.
    let idle = config
        .max_concurrent_fetches
        .saturating_add(config.max_concurrent_revalidations);
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(limits::IDLE_CONNECTION)
        .pool_max_idle_per_host(idle)
        .http1_max_buf_size(limits::MAX_RESPONSE_HEAD)
        // The pings below are timed by it.
        .timer(TokioTimer::new())
        .http2_initial_stream_window_size(limits::HTTP2_STREAM_WINDOW)
        .http2_initial_connection_window_size(limits::HTTP2_CONNECTION_WINDOW)
        .http2_max_header_list_size(limits::HTTP2_MAX_HEADER_LIST)
        .http2_max_concurrent_reset_streams(idle)
        // Who does not answer a ping in the time for an answer to a request would not answer a request either. Idle
        // connections are asked too, so that no fetch finds out first.
        .http2_keep_alive_interval(config.headers_deadline)
        .http2_keep_alive_timeout(config.headers_deadline)
        .http2_keep_alive_while_idle(true)
        .build(connector)
}

impl Transport for HttpTransport {
    fn send(&self, request: Request<()>, to: Destination) -> Sending<'_> {
        let client = match to {
            Destination::Repository | Destination::TrustedRedirect => &self.repositories,
            Destination::Redirect => &self.redirects,
        };
        Box::pin(async move {
            let response = match ask(client, &request).await {
                Err((_, Again::Yes)) => {
                    tracing::debug!("a request was lost with its connection: it is sent once more");
                    ask(client, &request).await
                }
                first => first,
            };
            let response = response.map_err(|(error, _)| Failure::of(&error))?;
            Ok(response.map(|body| body.map_err(io::Error::other).boxed_unsync()))
        })
    }
}

/// Whether a request that failed may be sent once more.
#[derive(Debug, Clone, Copy)]
enum Again {
    Yes,
    No,
}

/// Sends a request once.
async fn ask(
    client: &Client<Connector, Empty<Bytes>>,
    request: &Request<()>,
) -> Result<Response<Incoming>, (client::Error, Again)> {
    let mut request = request.clone().map(|()| Empty::new());
    let mut suspect = Suspect(Some(capture_connection(&mut request)));
    let sent = client.request(request).await;
    let connection = suspect.0.take();
    let metadata = connection
        .as_ref()
        .map(CaptureConnection::connection_metadata);
    let connected = metadata.as_ref().and_then(|metadata| metadata.as_ref());
    let error = match sent {
        Ok(response) => {
            connected.inspect(|connected| Proven::mark(connected));
            return Ok(response);
        }
        Err(error) => error,
    };
    let again = match (connected, Loss::of(&error)) {
        (Some(connected), Some(loss)) => {
            // One that is going away may still look open to the pool.
            connected.poison();
            match loss {
                Loss::Declined => Again::Yes,
                Loss::Disconnected if Proven::is_marked(connected) => Again::Yes,
                Loss::Disconnected => Again::No,
            }
        }
        _ => Again::No,
    };
    Err((error, again))
}

/// The connection of a request that nobody has answered yet. One that did not answer in time gets no further
/// requests: over HTTP/2 all of them share it, and if the network swallows what is sent, each would wait in vain until
/// a ping has found out.
struct Suspect(Option<CaptureConnection>);

impl Drop for Suspect {
    fn drop(&mut self) {
        if let Some(connection) = &self.0
            && let Some(connected) = connection.connection_metadata().as_ref()
        {
            connected.poison();
        }
    }
}
