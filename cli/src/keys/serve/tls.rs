//! The server's certificate: TLS 1.2 and 1.3, read once at start.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;
use zeroize::Zeroizing;

use crate::outcome::Fault;

/// The longest file of certificates or of a key, in bytes.
const MAX_FILE_LENGTH: usize = 256 * 1024;

/// Reads the chain and the key, and checks that they belong together.
pub(super) fn acceptor(certificate: &Path, key: &Path) -> Result<TlsAcceptor, Fault> {
    let chain = read("--tls-cert", certificate)?;
    let chain = CertificateDer::pem_slice_iter(&chain)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| Fault::new("--tls-cert: the file is not PEM"))?;
    if chain.is_empty() {
        return Err(Fault::new("--tls-cert: the file holds no CERTIFICATE"));
    }
    let key = read("--tls-key", key)?;
    let key = PrivateKeyDer::from_pem_slice(&key)
        .map_err(|_| Fault::new("--tls-key: the file holds no unencrypted private key in PEM"))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|error| Fault::new(format!("--tls-cert and --tls-key: {error}")))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// The file's bytes. Its name is not quoted: where it is expected, a key may have been pasted.
fn read(option: &str, path: &Path) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let cannot_read = |error| Fault::new(format!("{option}: the file that it names: {error}"));
    let file = File::open(path).map_err(cannot_read)?;
    // Room for all of it, so that nothing of a key is left behind by a reallocation.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_FILE_LENGTH.saturating_mul(2)));
    file.take(u64::try_from(MAX_FILE_LENGTH).unwrap_or(u64::MAX))
        .read_to_end(&mut bytes)
        .map_err(cannot_read)?;
    Ok(bytes)
}
