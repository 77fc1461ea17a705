//! `asap keys serve` over TLS, asked by the engine's own client and by others.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use asap_engine::{KeyError, KeyRepository, KeyRepositoryConfig};
use asap_tests::key_client::{fetched, is_at_hand};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{
    ClientConfig, ClientConnection, ProtocolVersion, RootCertStore, SupportedProtocolVersion,
};

use crate::server::{Answer, Server, request};
use crate::tool::{Directory, asap, keygen, refused};

/// A directory with the key `svc/k`, and the files `ca.pem`, `cert.pem` and `key.pem` for 127.0.0.1.
fn published() -> Directory {
    let directory = Directory::new();
    keygen(&directory, "svc/k", "ES256");
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    let certificate = certificate.signed_by(&key, &authority).unwrap();
    directory.write("ca.pem", authority.pem());
    directory.write("cert.pem", certificate.pem());
    directory.write("key.pem", key.serialize_pem());
    directory
}

fn serve(directory: &Directory, options: &[&str]) -> Server {
    let (certificate, key) = (directory.at("cert.pem"), directory.at("key.pem"));
    let tls = ["--tls-cert", &certificate, "--tls-key", &key];
    let server = Server::start(&directory.at("public"), &[&tls, options].concat());
    assert!(
        server.url.starts_with("https://127.0.0.1:"),
        "{}",
        server.url
    );
    server
}

/// A client of the engine that trusts the directory's authority.
fn client(directory: &Directory, server: &Server) -> KeyRepository {
    let config = KeyRepositoryConfig::new(&server.url).unwrap();
    let authority = fs::read(directory.at("ca.pem")).unwrap();
    KeyRepository::new(config.with_root_certificates(&authority).unwrap()).unwrap()
}

#[tokio::test]
async fn the_engine_fetches_a_key_and_learns_of_its_deletion() {
    let directory = published();
    let server = serve(&directory, &["--max-age", "0"]);
    let client = client(&directory, &server);
    assert_eq!(fetched(&client, "svc/k").await, Ok(()));
    assert_eq!(fetched(&client, "svc/none").await, Err(KeyError::Unknown));
    // Stale at once: each use asks again.
    assert!(!is_at_hand(&client, "svc/k"));
    assert_eq!(fetched(&client, "svc/k").await, Ok(()));
    fs::remove_file(directory.at("public/svc/k")).unwrap();
    assert_eq!(fetched(&client, "svc/k").await, Err(KeyError::Unknown));
}

#[tokio::test]
async fn the_engine_keeps_a_key_as_long_as_it_is_fresh() {
    let directory = published();
    let server = serve(&directory, &[]);
    let client = client(&directory, &server);
    assert_eq!(fetched(&client, "svc/k").await, Ok(()));
    fs::remove_file(directory.at("public/svc/k")).unwrap();
    assert!(is_at_hand(&client, "svc/k"));
    assert_eq!(client.stats().fetches, 1);
}

#[tokio::test]
async fn a_directory_that_is_gone_leaves_it_open_whether_there_is_a_key() {
    let directory = published();
    let server = serve(&directory, &[]);
    let client = client(&directory, &server);
    fs::rename(directory.at("public"), directory.at("away")).unwrap();
    assert_eq!(fetched(&client, "svc/k").await, Err(KeyError::Unavailable));
}

/// What is answered over this version of TLS.
fn ask(
    directory: &Directory,
    server: &Server,
    version: &'static SupportedProtocolVersion,
) -> (Answer, ProtocolVersion, Option<Vec<u8>>) {
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_file(directory.at("ca.pem")).unwrap();
    roots.add(authority).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let mut connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut socket = TcpStream::connect(server.address).unwrap();
    let mut stream = rustls::Stream::new(&mut connection, &mut socket);
    stream.write_all(&request("GET", "/svc/k", &[])).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let protocol = connection.alpn_protocol().map(ToOwned::to_owned);
    (
        Answer::read(&answer),
        connection.protocol_version().unwrap(),
        protocol,
    )
}

#[test]
fn tls_1_2_and_1_3_are_spoken_and_say_that_http_is_over() {
    let directory = published();
    let server = serve(&directory, &[]);
    for version in [&TLS12, &TLS13] {
        let (answer, spoken, protocol) = ask(&directory, &server, version);
        assert_eq!(
            (answer.status, &answer.body),
            (200, &directory.read("public/svc/k"))
        );
        assert_eq!(spoken, version.version);
        assert_eq!(protocol.as_deref(), Some(&b"http/1.1"[..]));
        let year = Some("max-age=31536000");
        assert_eq!(answer.header("strict-transport-security"), year);
    }
    // Plain http on the port of TLS.
    let answer = server.exchange(&request("GET", "/svc/k", &[]));
    let text = String::from_utf8_lossy(&answer).into_owned();
    assert!(!text.contains("PUBLIC KEY"), "{text}");
    let (status, ..) = server.end("TERM");
    assert_eq!(status.code(), Some(0));
}

#[test]
fn with_tls_it_may_listen_anywhere() {
    let directory = published();
    let (certificate, key) = (directory.at("cert.pem"), directory.at("key.pem"));
    let mut server = asap();
    server
        .args(["keys", "serve", "--dir", &directory.at("public")])
        .args([
            "--listen",
            "0.0.0.0:0",
            "--tls-cert",
            &certificate,
            "--tls-key",
            &key,
        ])
        .stdout(std::process::Stdio::piped());
    let mut server = server.spawn().unwrap();
    let mut line = [0; 8];
    server.stdout.take().unwrap().read_exact(&mut line).unwrap();
    assert_eq!(&line, b"serving ");
    server.kill().unwrap();
    server.wait().unwrap();
}

#[test]
fn a_certificate_that_cannot_be_used_is_refused_in_one_line() {
    let directory = published();
    let other = directory.write("other.pem", KeyPair::generate().unwrap().serialize_pem());
    let (certificate, key) = (directory.at("cert.pem"), directory.at("key.pem"));
    let nonsense = directory.write("nonsense", "nonsense");
    let damaged = fs::read_to_string(&certificate)
        .unwrap()
        .replacen("MI", "AA", 1);
    let damaged = directory.write("damaged.pem", damaged);
    let nowhere = directory.at("nowhere");
    for (certificate, key, word) in [
        (&certificate, &other, "--tls-key"),
        (&certificate, &nonsense, "--tls-key"),
        (&certificate, &certificate, "--tls-key"),
        (&certificate, &nowhere, "--tls-key"),
        (&nonsense, &key, "--tls-cert"),
        (&key, &key, "--tls-cert"),
        (&nowhere, &key, "--tls-cert"),
        (&damaged, &key, "--tls-cert"),
    ] {
        let mut command = asap();
        command
            .args(["keys", "serve", "--dir", &directory.at("public")])
            .args([
                "--listen",
                "127.0.0.1:0",
                "--tls-cert",
                certificate,
                "--tls-key",
                key,
            ]);
        refused(&mut command, word);
    }
}
