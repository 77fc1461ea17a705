//! The six header parameters that could bring a key of the sender's choice.

use std::io::ErrorKind;
use std::net::TcpListener;

use asap_engine::{Algorithm, Engine, SigningKey, VerifyError};
use asap_tests::fixture::{NOW, judge, policy};
use asap_tests::key_client::repository;
use asap_tests::key_server::{KeyServer, cached};
use asap_tests::keys::key;
use asap_tests::token::{Token, base64url};
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use rcgen::{CertificateParams, KeyPair};

use crate::OF_EVERY_TYPE;

const IGNORED: [&str; 6] = ["jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256"];

/// "The resource server MUST ignore the following claims if they are present in the header of the access token:"
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_following_header_parameters_must_be_ignored() {
    // All six at once, as a forger would send them, and as an honest client would.
    let forger = Forger::new();
    let all = |token: Token| {
        IGNORED
            .iter()
            .fold(token, |token, name| token.header(name, &forger.value(name)))
    };
    let forged = all(Token::es256()).sign_with(&forger.key);
    assert_eq!(judge(forged), Err(VerifyError::SignatureInvalid));
    assert_eq!(judge(all(Token::es256()).sign()), Ok(()));
    // Nor do they stand in for the kid.
    let nameless = all(Token::es256().without_header("kid"));
    assert_eq!(judge(nameless.sign()), Err(VerifyError::KeyIdMissing));
    forger.assert_nobody_came();
}

/// "“jku”: as defined by JWS."
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jku_must_be_ignored() {
    assert_ignored("jku").await;
}

/// "“jwk”: as defined by JWS."
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jwk_must_be_ignored() {
    assert_ignored("jwk").await;
}

/// "“x5u”: as defined by JWS."
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn x5u_must_be_ignored() {
    assert_ignored("x5u").await;
}

/// "“x5c”: as defined by JWS."
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn x5c_must_be_ignored() {
    assert_ignored("x5c").await;
}

/// "“x5t”: as defined by JWS."
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn x5t_must_be_ignored() {
    assert_ignored("x5t").await;
}

/// "“x5t#S256”: as defined by JWS."
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn x5t_s256_must_be_ignored() {
    assert_ignored("x5t#S256").await;
}

/// A good token with this parameter, of whatever type and value, is good, and a forged one forged, by a resource
/// server that could fetch: it asks the key repository for the one key, and nobody for anything else.
async fn assert_ignored(name: &str) {
    let pem = key(Algorithm::Es256).public_key_pem();
    // Nothing may be kept, so each token has its key fetched.
    let server = KeyServer::https(move |_| std::future::ready(cached("no-store", pem))).await;
    let engine = Engine::new(policy(), repository(&server)).with_clock(|| NOW);
    let forger = Forger::new();
    let mut values: Vec<_> = OF_EVERY_TYPE.iter().map(ToString::to_string).collect();
    values.extend(forger.urls());
    values.push(forger.value(name));
    for value in &values {
        let token = Token::es256().header(name, value);
        let verdict = engine.verify(token.sign().as_bytes()).await;
        assert_eq!(verdict.map(drop), Ok(()), "{name}: {value}");
        let forged = token.sign_with(&forger.key);
        let verdict = engine.verify(forged.as_bytes()).await.map(drop);
        assert_eq!(
            verdict,
            Err(VerifyError::SignatureInvalid),
            "{name}: {value}"
        );
    }
    let asked = server.asked();
    assert_eq!(asked.len(), 2 * values.len());
    assert!(asked.iter().all(|asked| asked.path == "/keys/client/ES256"));
    forger.assert_nobody_came();
}

/// Somebody with a key, a certificate and a server of their own.
struct Forger {
    key: SigningKey,
    pair: KeyPair,
    listener: TcpListener,
}

impl Forger {
    fn new() -> Self {
        let pair = KeyPair::generate().unwrap();
        let key = SigningKey::from_pem(Algorithm::Es256, pair.serialize_pem().as_bytes()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self {
            key,
            pair,
            listener,
        }
    }

    /// URLs of the server, as JSON of the types that could hold one.
    fn urls(&self) -> Vec<String> {
        let address = self.listener.local_addr().unwrap();
        let mut values = Vec::new();
        for url in [
            format!("http://{address}/k"),
            format!("https://{address}/k"),
        ] {
            values.push(format!("\"{url}\""));
            values.push(format!("[\"{url}\"]"));
            values.push(format!(
                "{{\"url\":\"{url}\",\"jku\":\"{url}\",\"x5u\":\"{url}\"}}"
            ));
        }
        values
    }

    /// What this parameter would say of the forger's key.
    fn value(&self, name: &str) -> String {
        let params = CertificateParams::new(["client".to_owned()]).unwrap();
        let certificate = params.self_signed(&self.pair).unwrap();
        let der = certificate.der();
        match name {
            "jwk" => {
                // An uncompressed point: the byte 4, x and y (RFC 5480 section 2.2).
                let (x, y) = self.pair.public_key_raw()[1..].split_at(32);
                let (x, y) = (base64url(x), base64url(y));
                format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}","kid":"client/ES256"}}"#)
            }
            "x5c" => format!("[\"{}\"]", base64_simd::STANDARD.encode_to_string(der)),
            "x5t" => {
                let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, der);
                format!("\"{}\"", base64url(digest))
            }
            "x5t#S256" => format!("\"{}\"", base64url(digest(&SHA256, der))),
            _ => self.urls().swap_remove(0),
        }
    }

    fn assert_nobody_came(&self) {
        let accepted = self.listener.accept().map(|_| ());
        assert_eq!(accepted.unwrap_err().kind(), ErrorKind::WouldBlock);
    }
}
