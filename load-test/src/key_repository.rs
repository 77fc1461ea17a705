//! The key repository that the gateway asks: static PEM files over TLS, as the specification describes it
//! ("a web server that exposes the keys via unauthenticated HTTPS").
//!
//! Its certificate is made at start by an authority that is made at start too; whoever is to trust it gets the
//! authority's certificate as configuration. Keys are fresh for some seconds only, and have an `ETag`: during a
//! run each of them is revalidated several times, as in a long life, only faster.
//!
//! Under [`FAILING_PREFIX`] it answers 503, so that there is a key that cannot be fetched.

use std::collections::HashMap;
use std::convert::Infallible;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// The last segment of a `kid` whose key this repository fails to deliver begins with this.
pub(crate) const FAILING_PREFIX: &str = "failing-";
/// For how long a key is fresh, in seconds.
pub(crate) const MAX_AGE: u64 = 5;
/// How long a client may take to say hello.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);

/// How often the repository was asked, by what it answered.
#[derive(Debug, Default)]
pub(crate) struct Served {
    pub(crate) keys: AtomicU64,
    pub(crate) not_modified: AtomicU64,
    pub(crate) not_found: AtomicU64,
    pub(crate) failures: AtomicU64,
}

/// A key repository that runs until the process ends.
#[derive(Debug)]
pub(crate) struct RepositoryServer {
    /// The base URL: the key of `kid` is at `${base_url}/${kid}`.
    pub(crate) base_url: String,
    /// The certificate of the authority, PEM.
    pub(crate) root_certificate: String,
    pub(crate) served: Arc<Served>,
}

struct Entry {
    pem: Bytes,
    etag: HeaderValue,
}

struct Files {
    by_path: HashMap<String, Entry>,
    cache_control: HeaderValue,
    served: Arc<Served>,
}

impl RepositoryServer {
    /// Starts it on a free port of the loopback, on a thread of its own. `keys` are `kid` and PEM.
    pub(crate) fn start(keys: impl IntoIterator<Item = (String, String)>) -> Result<Self, String> {
        let (config, root_certificate) =
            tls().map_err(|error| format!("no certificate could be made: {error}"))?;
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .and_then(|listener| listener.set_nonblocking(true).map(|()| listener))
            .map_err(|error| format!("no port for the key repository: {error}"))?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let served = Arc::new(Served::default());
        let files = Arc::new(Files {
            by_path: keys
                .into_iter()
                .map(|(key_id, pem)| (format!("/{key_id}"), Entry::new(pem)))
                .collect(),
            cache_control: HeaderValue::try_from(format!("public, max-age={MAX_AGE}"))
                .map_err(|error| error.to_string())?,
            served: Arc::clone(&served),
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| format!("no runtime for the key repository: {error}"))?;
        thread::Builder::new()
            .name("key-repository".to_owned())
            .spawn(move || runtime.block_on(accept(listener, TlsAcceptor::from(config), files)))
            .map_err(|error| format!("no thread for the key repository: {error}"))?;
        Ok(Self {
            base_url: base_url(address),
            root_certificate,
            served,
        })
    }
}

fn base_url(address: SocketAddr) -> String {
    format!("https://localhost:{}", address.port())
}

impl Entry {
    fn new(pem: String) -> Self {
        let mut hasher = DefaultHasher::new();
        pem.hash(&mut hasher);
        let etag = HeaderValue::try_from(format!("\"{:016x}\"", hasher.finish()))
            .unwrap_or(HeaderValue::from_static("\"key\""));
        Self {
            pem: pem.into(),
            etag,
        }
    }
}

/// An authority, and a certificate for this host that it signed.
fn tls() -> Result<(Arc<ServerConfig>, String), Box<dyn std::error::Error>> {
    let mut authority = CertificateParams::new(Vec::new())?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    authority
        .distinguished_name
        .push(DnType::CommonName, "load-test authority");
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;

    let mut host = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()])?;
    host.distinguished_name
        .push(DnType::CommonName, "load-test key repository");
    let host_key = KeyPair::generate()?;
    let certificate = host.signed_by(&host_key, &authority)?;

    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let private_key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(host_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private_key)?;
    Ok((Arc::new(config), authority.pem()))
}

async fn accept(listener: std::net::TcpListener, acceptor: TlsAcceptor, files: Arc<Files>) {
    let Ok(listener) = TcpListener::from_std(listener) else {
        return;
    };
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors: let those in use be given back.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        tokio::spawn(serve(stream, acceptor.clone(), Arc::clone(&files)));
    }
}

async fn serve(stream: TcpStream, acceptor: TlsAcceptor, files: Arc<Files>) {
    let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream)).await
    else {
        return;
    };
    let service = service_fn(move |request| {
        let response = answer(&files, &request);
        async move { Ok::<_, Infallible>(response) }
    });
    // A client that goes away is no failure of the repository.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

fn answer<B>(files: &Files, request: &Request<B>) -> Response<Full<Bytes>> {
    let served = &files.served;
    let path = request.uri().path();
    if request.method() != Method::GET {
        return plain(StatusCode::METHOD_NOT_ALLOWED);
    }
    if path
        .rsplit('/')
        .next()
        .is_some_and(|name| name.starts_with(FAILING_PREFIX))
    {
        served.failures.fetch_add(1, Ordering::Relaxed);
        return plain(StatusCode::SERVICE_UNAVAILABLE);
    }
    let Some(entry) = files.by_path.get(path) else {
        served.not_found.fetch_add(1, Ordering::Relaxed);
        return plain(StatusCode::NOT_FOUND);
    };
    let unchanged = request.headers().get(header::IF_NONE_MATCH) == Some(&entry.etag);
    let mut response = if unchanged {
        served.not_modified.fetch_add(1, Ordering::Relaxed);
        plain(StatusCode::NOT_MODIFIED)
    } else {
        served.keys.fetch_add(1, Ordering::Relaxed);
        Response::new(Full::new(entry.pem.clone()))
    };
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/x-pem-file"),
    );
    headers.insert(header::CACHE_CONTROL, files.cache_control.clone());
    headers.insert(header::ETAG, entry.etag.clone());
    response
}

fn plain(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> Files {
        Files {
            by_path: HashMap::from([("/service/a/key".to_owned(), Entry::new("a key".to_owned()))]),
            cache_control: HeaderValue::from_static("max-age=5"),
            served: Arc::new(Served::default()),
        }
    }

    fn get(files: &Files, path: &str, etag: Option<&HeaderValue>) -> Response<Full<Bytes>> {
        let mut request = Request::get(path).body(()).unwrap();
        if let Some(etag) = etag {
            request
                .headers_mut()
                .insert(header::IF_NONE_MATCH, etag.clone());
        }
        answer(files, &request)
    }

    #[test]
    fn a_key_is_served_with_what_http_caching_needs() {
        let files = files();
        let response = get(&files, "/service/a/key", None);
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "application/x-pem-file"
        );
        assert_eq!(response.headers()[header::CACHE_CONTROL], "max-age=5");
        let etag = response.headers()[header::ETAG].clone();
        assert_eq!(
            get(&files, "/service/a/key", Some(&etag)).status(),
            StatusCode::NOT_MODIFIED
        );
        assert_eq!(files.served.not_modified.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn an_unknown_key_is_404_and_a_failing_one_503() {
        let files = files();
        assert_eq!(
            get(&files, "/service/a/other", None).status(),
            StatusCode::NOT_FOUND
        );
        assert_eq!(
            get(&files, "/service/a/failing-1", None).status(),
            StatusCode::SERVICE_UNAVAILABLE
        );
        let post = Request::post("/service/a/key").body(()).unwrap();
        assert_eq!(
            answer(&files, &post).status(),
            StatusCode::METHOD_NOT_ALLOWED
        );
    }

    #[test]
    fn the_certificate_is_signed_by_the_authority_that_is_handed_out() {
        let (_, root) = tls().unwrap();
        assert!(root.starts_with("-----BEGIN CERTIFICATE-----"));
    }
}
