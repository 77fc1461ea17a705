//! Connections to key repositories: TLS 1.2 and 1.3 over TCP or through a proxy's tunnel, with one deadline from the
//! name to the handshake.
//!
//! hyper's own connect timeout ends with TCP, and a connection that is still being made when its request is gone
//! goes on in the background: a server that stalls the handshake would collect them.

use std::error::Error;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::Uri;
use http::uri::Scheme;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::net::TcpStream;
use tower_service::Service;

use super::config::KeyRepositoryConfig;
use super::connection::Remembering;
use super::failure::Failure;
use super::proxy::ProxyError;
use super::resolver::{Reachable, Resolver};
use super::url::PlainHttp;
use crate::ConfigError;

type BoxError = Box<dyn Error + Send + Sync>;

/// Connects within the deadline or not at all.
#[derive(Clone)]
pub(super) struct Connector {
    https: HttpsConnector<Way>,
    deadline: Duration,
}

impl Connector {
    /// A connector as `config` wants it, to what is `reachable`.
    pub(super) fn new(
        config: &KeyRepositoryConfig,
        tls: ClientConfig,
        reachable: Reachable,
    ) -> Self {
        let builder = HttpsConnectorBuilder::new().with_tls_config(tls);
        let builder = match config.plain_http {
            PlainHttp::Refused => builder.https_only(),
            PlainHttp::ToLoopback => builder.https_or_http(),
        };
        let way = Way::new(config, reachable);
        let https = if config.http2 {
            builder.enable_http1().enable_http2().wrap_connector(way)
        } else {
            builder.enable_http1().wrap_connector(way)
        };
        Self {
            https,
            deadline: config.connect_deadline,
        }
    }
}

impl Service<Uri> for Connector {
    type Response = Remembering<MaybeHttpsStream<TokioIo<TcpStream>>>;
    type Error = BoxError;
    type Future = Connecting<Self::Response>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.https.poll_ready(context)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.https.call(uri);
        let deadline = self.deadline;
        Box::pin(async move {
            match tokio::time::timeout(deadline, connecting).await {
                Ok(connected) => connected.map(Remembering::new),
                Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut).into()),
            }
        })
    }
}

type Connecting<T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send>>;

/// The way to a server: straight, or through the proxy's tunnel.
#[derive(Clone)]
struct Way {
    straight: HttpConnector<Resolver>,
    tunnel: Option<Tunnel<HttpConnector<Resolver>>>,
}

/// hyper-util does not name it.
type TunnelError = <Tunnel<HttpConnector<Resolver>> as Service<Uri>>::Error;

impl Way {
    fn new(config: &KeyRepositoryConfig, reachable: Reachable) -> Self {
        let tunnel = config.proxy.as_ref().map(|proxy| {
            // The proxy itself may be anywhere; names behind it are the proxy's to resolve.
            let tunnel = Tunnel::new(proxy.uri.clone(), tcp(config, Reachable::Everything));
            match &proxy.authorization {
                Some(authorization) => tunnel.with_auth(authorization.clone()),
                None => tunnel,
            }
        });
        Self {
            straight: tcp(config, reachable),
            tunnel,
        }
    }
}

impl Service<Uri> for Way {
    type Response = TokioIo<TcpStream>;
    type Error = BoxError;
    type Future = Connecting<Self::Response>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        if let Some(tunnel) = &mut self.tunnel {
            ready!(tunnel.poll_ready(context)).map_err(proxy_error)?;
        }
        self.straight.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        match &mut self.tunnel {
            Some(tunnel) if uri.scheme() == Some(&Scheme::HTTPS) => {
                let connecting = tunnel.call(uri);
                Box::pin(async move { connecting.await.map_err(|error| proxy_error(error).into()) })
            }
            _ => {
                let connecting = self.straight.call(uri);
                Box::pin(async move { connecting.await.map_err(Into::into) })
            }
        }
    }
}

fn tcp(config: &KeyRepositoryConfig, reachable: Reachable) -> HttpConnector<Resolver> {
    let mut tcp = HttpConnector::new_with_resolver(Resolver::system(reachable));
    // The scheme is settled by the TLS connector around it.
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    // Shared out among the addresses of a name, so that one that does not answer leaves time for the others.
    tcp.set_connect_timeout(Some(config.connect_deadline));
    tcp
}

fn proxy_error(error: TunnelError) -> ProxyError {
    match error {
        TunnelError::ConnectFailed(error) => {
            ProxyError::Unreachable(Box::new(Failure::of(error.as_ref())))
        }
        TunnelError::Io(_) | TunnelError::TunnelUnexpectedEof => ProxyError::Closed,
        TunnelError::ProxyAuthRequired => ProxyError::Unauthorized,
        TunnelError::MissingHost
        | TunnelError::ProxyHeadersTooLong
        | TunnelError::TunnelUnsuccessful => ProxyError::Refused,
    }
}

/// The provider is passed by hand: a library does not choose one for its process.
pub(super) fn tls_config(config: &KeyRepositoryConfig) -> Result<ClientConfig, ConfigError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(|error| ConfigError::new(format!("TLS cannot be set up: {error}")))?;
    if let Some(roots) = &config.roots {
        return Ok(builder
            .with_root_certificates(Arc::clone(roots))
            .with_no_client_auth());
    }
    match builder.clone().with_platform_verifier() {
        Ok(builder) => Ok(builder.with_no_client_auth()),
        // Nobody needs to be trusted where https is spoken with nobody.
        Err(_) if config.repositories.iter().all(|base| !base.is_https()) => Ok(builder
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth()),
        Err(error) => Err(ConfigError::new(format!(
            "the platform's root certificates cannot be loaded ({error}): install them or name your own roots"
        ))),
    }
}
