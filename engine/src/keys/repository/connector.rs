//! Connections to key repositories: TLS 1.2 and 1.3 over TCP, with one deadline from the name to the handshake.
//!
//! hyper's own connect timeout ends with TCP, and a connection that is still being made when its request is gone
//! goes on in the background: a server that stalls the handshake would collect them.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::net::TcpStream;
use tower_service::Service;

use super::config::KeyRepositoryConfig;
use super::url::PlainHttp;
use crate::ConfigError;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Connects within the deadline or not at all.
#[derive(Clone)]
pub(super) struct Connector {
    https: HttpsConnector<HttpConnector>,
    deadline: Duration,
}

impl Connector {
    /// A connector as `config` wants it.
    pub(super) fn new(config: &KeyRepositoryConfig) -> Result<Self, ConfigError> {
        let tls = tls_config(config)?;
        let mut tcp = HttpConnector::new();
        // The scheme is settled by the builder below.
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(config.connect_deadline));
        let builder = HttpsConnectorBuilder::new().with_tls_config(tls);
        let builder = match config.plain_http {
            PlainHttp::Refused => builder.https_only(),
            PlainHttp::ToLoopback => builder.https_or_http(),
        };
        Ok(Self {
            https: builder.enable_http1().wrap_connector(tcp),
            deadline: config.connect_deadline,
        })
    }
}

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.https.poll_ready(context)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.https.call(uri);
        let deadline = self.deadline;
        Box::pin(async move {
            match tokio::time::timeout(deadline, connecting).await {
                Ok(connected) => connected,
                Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut).into()),
            }
        })
    }
}

/// The provider is passed by hand: a library does not choose one for its process.
fn tls_config(config: &KeyRepositoryConfig) -> Result<ClientConfig, ConfigError> {
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
