//! The sentences of the specification that bind a key repository (`asap keys serve`) and the tool as a client
//! (`asap keygen`, `asap sign`). docs/SPECIFICATION.md is the table; the tests of the library are in
//! tests/specification/.

use std::fs;
use std::os::unix::fs::symlink;

use asap_engine::{KeyRepository, KeyRepositoryConfig};
use asap_tests::key_client::fetched;
use asap_tests::token::decoded;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use crate::server::Server;
use crate::tool::{Directory, asap, done, keygen, refused};

/// "Since all resource servers MUST implement at least RS256 (as defined by JWA), the client SHOULD use RS256 to
/// ensure interoperability with the resource server."
#[test]
fn the_tool_uses_rs256_unless_told_otherwise() {
    let directory = Directory::new();
    let out = directory.path().to_str().unwrap();
    done(asap().args(["keygen", "--issuer", "svc", "--key-name", "k", "--out", out]));
    let token = signed(&directory.at("private/svc/k.pem"), &[]);
    let header = String::from_utf8(decoded(token.split('.').next().unwrap())).unwrap();
    assert!(header.contains(r#""alg":"RS256""#), "{header}");
}

/// "For security reasons, the client SHOULD issue short-lived tokens."
#[test]
fn the_tool_signs_for_a_minute_unless_told_otherwise() {
    let directory = Directory::new();
    let key = keygen(&directory, "svc/k", "ES256");
    let es256 = ["--algorithm", "ES256"];
    assert_eq!(lifetime(&signed(&key, &es256)), 60);
    let shorter = [&es256[..], &["--lifetime", "5s"]].concat();
    assert_eq!(lifetime(&signed(&key, &shorter)), 5);
}

/// "There is a hard limit of one hour."
#[test]
fn the_tool_signs_for_no_longer_than_an_hour() {
    let directory = Directory::new();
    let key = keygen(&directory, "svc/k", "ES256");
    let of = |lifetime| ["--algorithm", "ES256", "--lifetime", lifetime];
    assert_eq!(lifetime(&signed(&key, &of("3600s"))), 3600);
    for beyond in ["3601s", "61m", "2h"] {
        refused(sign(&key).args(of(beyond)), "lifetime");
    }
}

/// "Part of the service registration process MAY involve generating a priv/pub key pair and uploading the public key
/// to the key repository to enable key discovery."
#[tokio::test]
async fn a_key_pair_is_generated_and_its_public_half_published() {
    let directory = Directory::new();
    keygen(&directory, "svc/k", "ES256");
    let server = Server::start(&directory.at("public"), &[]);
    let config = KeyRepositoryConfig::allowing_http_to_loopback(&server.url).unwrap();
    let client = KeyRepository::new(config).unwrap();
    assert_eq!(fetched(&client, "svc/k").await, Ok(()));
    // What it makes for publication has nothing of the private half.
    let published = directory.read("public/svc/k");
    assert!(published.starts_with("-----BEGIN PUBLIC KEY-----\n"));
    assert!(directory.read("private/svc/k.pem").contains("PRIVATE KEY"));
}

/// "The relative URL path is a function of the key identifier (“kid”), as follows: `${baseurl}/${kid}`."
#[test]
fn a_key_is_served_under_its_identifier() {
    let directory = Directory::new();
    for kid in ["svc/k", "svc/eu/a..b", "svc/...", "svc/+-_"] {
        keygen(&directory, kid, "ES256");
        let server = Server::start(&directory.at("public"), &[]);
        let answer = server.get(&format!("/{kid}"));
        assert_eq!(answer.status, 200, "{kid}");
        assert_eq!(answer.body, directory.read(&format!("public/{kid}")));
    }
}

/// "The key repository MAY be a web server that exposes the keys via unauthenticated HTTPS."
#[tokio::test]
async fn keys_are_exposed_via_unauthenticated_https() {
    let directory = Directory::new();
    keygen(&directory, "svc/k", "ES256");
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    let certificate = certificate.signed_by(&key, &authority).unwrap();
    let certificate = directory.write("cert.pem", certificate.pem());
    let key = directory.write("key.pem", key.serialize_pem());
    let tls = ["--tls-cert", &certificate, "--tls-key", &key];
    let server = Server::start(&directory.at("public"), &tls);
    // Neither a client's certificate nor a name is asked for: the engine's client has none.
    let config = KeyRepositoryConfig::new(&server.url).unwrap();
    let config = config.with_root_certificates(authority.pem().as_bytes());
    let client = KeyRepository::new(config.unwrap()).unwrap();
    assert_eq!(fetched(&client, "svc/k").await, Ok(()));
}

/// "In that case, the base URL MUST start with “https:”."
#[test]
fn without_https_nothing_is_served_beyond_this_machine() {
    let directory = Directory::new();
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let arguments = ["keys", "serve", "--listen", address, "--dir"];
        refused(asap().args(arguments).arg(directory.path()), "--tls-cert");
    }
}

/// "The key repository SHOULD serve the resource with “Content-Type: application/x-pem-file”."
#[test]
fn a_key_is_served_as_application_x_pem_file() {
    let directory = Directory::new();
    for algorithm in ["RS256", "ES256", "ES384", "ES512", "EdDSA"] {
        keygen(&directory, &format!("svc/{algorithm}"), algorithm);
        let server = Server::start(&directory.at("public"), &[]);
        for accept in ["application/x-pem-file", "text/html", "*/*"] {
            let header = format!("Accept: {accept}");
            let answer = server.ask("GET", &format!("/svc/{algorithm}"), &[&header]);
            let content_type = answer.header("content-type");
            assert_eq!(content_type, Some("application/x-pem-file"), "{algorithm}");
        }
    }
}

/// "As per the HTTP caching protocol, failures to retrieve a key MUST NOT be cached."
#[test]
fn a_failure_says_that_it_must_not_be_cached() {
    let directory = Directory::new();
    keygen(&directory, "svc/k", "ES256");
    let server = Server::start(&directory.at("public"), &[]);
    for (method, target, status) in [
        ("GET", "/svc/none", 404),
        ("GET", "/", 404),
        ("GET", "/svc/k?x", 404),
        ("POST", "/svc/k", 405),
    ] {
        let answer = server.ask(method, target, &[]);
        assert_eq!(answer.status, status, "{target}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{target}");
        assert_eq!(answer.header("etag"), None, "{target}");
    }
    fs::rename(directory.at("public"), directory.at("away")).unwrap();
    let answer = server.get("/svc/k");
    let told = (answer.status, answer.header("cache-control"));
    assert_eq!(told, (503, Some("no-store")));
}

/// "Public keys published in the key repository NEVER change, but MAY be eventually removed."
#[test]
fn a_published_key_is_not_overwritten_and_may_be_removed() {
    let directory = Directory::new();
    keygen(&directory, "svc/k", "ES256");
    let server = Server::start(&directory.at("public"), &[]);
    let before = server.get("/svc/k");
    assert_eq!(before.status, 200);
    let arguments = ["keygen", "--issuer", "svc", "--key-name", "k", "--out"];
    refused(asap().args(arguments).arg(directory.path()), "svc/k");
    assert_eq!(server.get("/svc/k").body, before.body);
    fs::remove_file(directory.at("public/svc/k")).unwrap();
    assert_eq!(server.get("/svc/k").status, 404);
}

/// "Therefore, key repositories MUST ensure that all the contents in the key repository or reachable by redirections
/// from the key repository are trustworthy."
#[test]
fn nothing_is_served_but_public_keys_that_lie_in_the_directory() {
    let directory = Directory::new();
    keygen(&directory, "svc/k", "ES256");
    let public = directory.read("public/svc/k");
    let outside = directory.write("outside", &public);
    symlink(&outside, directory.at("public/svc/link")).unwrap();
    symlink(directory.path(), directory.at("public/svc/up")).unwrap();
    let private = directory.read("private/svc/k.pem");
    directory.write("public/svc/private", private);
    directory.write("public/svc/page", "<html></html>");
    directory.write("public/svc/two", format!("{public}{public}"));
    directory.write("public/svc/odd name", &public);
    let server = Server::start(&directory.at("public"), &[]);
    for target in [
        "/../outside",
        "/svc/../../outside",
        "/svc/%2e%2e/%2e%2e/outside",
        "/svc/..%2f..%2foutside",
        "/svc//k",
        "//svc/k",
        "/svc/link",
        "/svc/up/outside",
        "/svc/private",
        "/svc/page",
        "/svc/two",
        "/svc/odd%20name",
        "/svc/",
        "/svc",
        "/",
    ] {
        let answer = server.get(target);
        assert_eq!(answer.status, 404, "{target}");
        assert!(!answer.body.contains("KEY"), "{target}");
    }
    assert_eq!(server.get("/svc/k").body, public);
}

/// "For security reasons, a key repository SHOULD serve only static files and SHOULD avoid open redirections."
#[test]
fn only_static_files_are_served() {
    let directory = Directory::new();
    keygen(&directory, "svc/k", "ES256");
    let server = Server::start(&directory.at("public"), &[]);
    let file = directory.read("public/svc/k");
    // Byte for byte, whatever the request says beside the path.
    for header in [
        "X-Forwarded-Host: a",
        "Cookie: a=b",
        "Authorization: Bearer a",
        "Range: bytes=0-3",
    ] {
        let answer = server.ask("GET", "/svc/k", &[header]);
        assert_eq!((answer.status, &answer.body), (200, &file), "{header}");
    }
    for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"] {
        assert_eq!(server.ask(method, "/svc/k", &[]).status, 405, "{method}");
    }
    assert_eq!(directory.read("public/svc/k"), file);
}

/// "For security reasons, a key repository SHOULD serve only static files and SHOULD avoid open redirections."
#[test]
fn there_are_no_redirections() {
    let directory = Directory::new();
    keygen(&directory, "svc/k", "ES256");
    let server = Server::start(&directory.at("public"), &[]);
    for target in [
        "/svc/k",
        "/svc/k/",
        "/svc",
        "/svc/",
        "/",
        "//keys.example/svc/k",
        "/\\keys.example",
        "/svc/k?url=https://keys.example",
        "/https://keys.example/",
        "http://keys.example/svc/k",
        "/svc/none",
    ] {
        for header in [
            "X-Forwarded-Host: keys.example",
            "X-Forwarded-Proto: http",
            "X-Original-URL: /x",
        ] {
            let answer = server.ask("GET", target, &[header]);
            assert!(!(300..400).contains(&answer.status), "{target}");
            for name in ["location", "refresh", "content-location", "link"] {
                assert_eq!(answer.header(name), None, "{target}");
            }
        }
    }
}

fn sign(private_key: &str) -> std::process::Command {
    let mut command = asap();
    command.args([
        "sign",
        "--issuer",
        "svc",
        "--key-id",
        "svc/k",
        "--audience",
        "server",
    ]);
    command.args(["--private-key", private_key]);
    command
}

fn signed(private_key: &str, options: &[&str]) -> String {
    done(sign(private_key).args(options)).trim_end().to_owned()
}

/// `exp` less `iat`.
fn lifetime(token: &str) -> i64 {
    let claims = String::from_utf8(decoded(token.split('.').nth(1).unwrap())).unwrap();
    let number = |name: &str| -> i64 {
        let (_, rest) = claims.split_once(&format!("\"{name}\":")).unwrap();
        let end = rest.find(|byte: char| !byte.is_ascii_digit()).unwrap();
        rest[..end].parse().unwrap()
    };
    number("exp").checked_sub(number("iat")).unwrap()
}
