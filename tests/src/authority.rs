//! A certificate authority for one test, and what servers present under it.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, SupportedProtocolVersion};

/// A name that is nobody's: for repositories behind a proxy that resolves it to loopback.
pub const PUBLIC_NAME: &str = "keys.example";

/// A certificate authority.
#[derive(Debug)]
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A server's certificate and its key.
#[derive(Debug)]
pub struct Leaf {
    certificate: CertificateDer<'static>,
    key: KeyPair,
}

impl Authority {
    /// An authority that nobody else trusts.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "each is another one")]
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Its certificate.
    #[must_use]
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for localhost, 127.0.0.1 and [`PUBLIC_NAME`], changed by `change` before it is signed.
    pub fn leaf(&self, change: impl FnOnce(&mut CertificateParams)) -> Leaf {
        let key = KeyPair::generate().unwrap();
        let mut params = names();
        change(&mut params);
        let certificate = params.signed_by(&key, &self.0).unwrap().der().clone();
        Leaf { certificate, key }
    }

    /// A server's configuration for localhost, 127.0.0.1 and [`PUBLIC_NAME`].
    #[must_use]
    pub fn server_config(&self) -> ServerConfig {
        self.leaf(|_| ()).server_config(rustls::ALL_VERSIONS)
    }
}

impl Leaf {
    /// A certificate for localhost, 127.0.0.1 and [`PUBLIC_NAME`] that vouches for itself.
    #[must_use]
    pub fn self_signed() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = names();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = params.self_signed(&key).unwrap().der().clone();
        Self { certificate, key }
    }

    /// The configuration of a server that presents it and speaks `versions` of TLS.
    #[must_use]
    pub fn server_config(self, versions: &[&'static SupportedProtocolVersion]) -> ServerConfig {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![self.certificate],
                PrivateKeyDer::try_from(self.key.serialize_der()).unwrap(),
            )
            .unwrap()
    }
}

fn names() -> CertificateParams {
    CertificateParams::new(["localhost", "127.0.0.1", PUBLIC_NAME].map(str::to_owned)).unwrap()
}
