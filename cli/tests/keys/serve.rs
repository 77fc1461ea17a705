//! `asap keys serve` serves public keys as HTTP caching wants them, and nothing else.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use asap_engine::{KeyError, KeyRepository, KeyRepositoryConfig};
use asap_tests::key_client::{fetched, is_at_hand, until};

use crate::server::{Answer, Server, assert_not_found, published, request, serve};
use crate::tool::{asap, keygen, refused};

#[test]
fn a_key_is_served_with_what_caches_and_the_marketplace_want() {
    let directory = published();
    let server = serve(&directory);
    let answer = server.get("/svc/k");
    assert_eq!(
        (answer.status, &answer.body),
        (200, &directory.read("public/svc/k"))
    );
    let length = answer.body.len().to_string();
    for (name, value) in [
        ("content-type", "application/x-pem-file"),
        ("cache-control", "public, max-age=300, must-revalidate"),
        ("content-length", &length),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        (
            "content-security-policy",
            "default-src 'none'; frame-ancestors 'none'",
        ),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    // Strict-Transport-Security means nothing over http (RFC 6797 section 7.2).
    for name in [
        "server",
        "strict-transport-security",
        "set-cookie",
        "x-powered-by",
    ] {
        assert_eq!(answer.header(name), None, "{name}");
    }
    let etag = answer.header("etag").unwrap();
    assert!(
        etag.len() == 34 && etag.starts_with('"') && etag.ends_with('"'),
        "{etag}"
    );

    let server = Server::start(&directory.at("public"), &["--max-age", "0"]);
    let cache_control = "public, max-age=0, must-revalidate";
    assert_eq!(
        server.get("/svc/k").header("cache-control"),
        Some(cache_control)
    );
}

#[test]
fn head_says_what_get_says_without_the_key() {
    let directory = published();
    let server = serve(&directory);
    for (path, status) in [("/svc/k", 200), ("/svc/none", 404)] {
        let (head, get) = (server.ask("HEAD", path, &[]), server.get(path));
        assert_eq!((head.status, head.body.as_str()), (status, ""));
        let without_date = |answer: Answer| -> Vec<_> {
            let headers = answer.headers.into_iter();
            headers.filter(|(name, _)| name != "date").collect()
        };
        assert_eq!(without_date(head), without_date(get));
    }
}

#[test]
fn a_client_that_has_the_key_is_told_so() {
    let directory = published();
    let server = serve(&directory);
    let answer = server.get("/svc/k");
    let etag = answer.header("etag").unwrap();
    for value in [
        etag.to_owned(),
        format!("W/{etag}"),
        format!("\"x\", {etag}, \"y\""),
        "*".to_owned(),
    ] {
        for method in ["GET", "HEAD"] {
            let header = format!("If-None-Match: {value}");
            let answer = server.ask(method, "/svc/k", &[&header]);
            assert_eq!((answer.status, answer.body.as_str()), (304, ""), "{value}");
            assert_eq!(answer.header("etag"), Some(etag));
            let cache_control = "public, max-age=300, must-revalidate";
            assert_eq!(answer.header("cache-control"), Some(cache_control));
            assert_eq!(answer.header("content-length"), None);
        }
    }
    let lines = ["If-None-Match: \"x\"", &format!("If-None-Match: {etag}")];
    assert_eq!(server.ask("GET", "/svc/k", &lines).status, 304);
    for value in ["\"x\"", "", "x", &etag.to_uppercase().replace('"', "\"x")] {
        let header = format!("If-None-Match: {value}");
        assert_eq!(
            server.ask("GET", "/svc/k", &[&header]).status,
            200,
            "{value}"
        );
        assert_not_found(&server.ask("GET", "/svc/none", &[&header]), value);
    }
    assert_not_found(&server.ask("GET", "/svc/none", &["If-None-Match: *"]), "*");
}

#[test]
fn publishing_is_copying_a_file_and_what_is_deleted_is_gone_at_once() {
    let directory = published();
    let server = serve(&directory);
    let first = server.get("/svc/k");
    assert_not_found(&server.get("/svc/l"), "before");
    keygen(&directory, "svc/l", "EdDSA");
    let answer = server.get("/svc/l");
    assert_eq!(
        (answer.status, &answer.body),
        (200, &directory.read("public/svc/l"))
    );
    assert_ne!(answer.header("etag"), first.header("etag"));
    fs::remove_file(directory.at("public/svc/k")).unwrap();
    let etag = format!("If-None-Match: {}", first.header("etag").unwrap());
    assert_not_found(&server.ask("GET", "/svc/k", &[&etag]), "deleted");
    fs::rename(directory.at("public/svc/l"), directory.at("public/svc/k")).unwrap();
    assert_eq!(server.get("/svc/k").body, answer.body);
}

/// Stands between a client and the server, and keeps what the server says.
fn overheard(server: SocketAddr) -> (SocketAddr, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let answers = Arc::clone(&heard);
    thread::spawn(move || {
        for client in listener.incoming() {
            let (mut client, answers) = (client.unwrap(), Arc::clone(&answers));
            let mut server = TcpStream::connect(server).unwrap();
            let (mut asking, mut asked) =
                (client.try_clone().unwrap(), server.try_clone().unwrap());
            thread::spawn(move || std::io::copy(&mut asking, &mut asked));
            thread::spawn(move || {
                let mut buffer = [0; 4096];
                while let Ok(length @ 1..) = server.read(&mut buffer) {
                    answers.lock().unwrap().extend(&buffer[..length]);
                    client.write_all(&buffer[..length]).unwrap();
                }
            });
        }
    });
    (address, heard)
}

#[tokio::test]
async fn the_engine_revalidates_a_key_by_its_tag_and_drops_it_when_it_is_deleted() {
    let directory = published();
    let server = Server::start(&directory.at("public"), &["--max-age", "2"]);
    let (address, heard) = overheard(server.address);
    let config = KeyRepositoryConfig::allowing_http_to_loopback(&format!("http://{address}"));
    let client = KeyRepository::new(config.unwrap()).unwrap();
    assert_eq!(fetched(&client, "svc/k").await, Ok(()));
    // While it is used it is asked about before it is stale, or else when it is.
    while client.stats().revalidations == 0 {
        assert_eq!(fetched(&client, "svc/k").await, Ok(()));
        tokio::task::yield_now().await;
    }
    until("the answer", || client.stats().in_flight == 0).await;
    let answers = String::from_utf8(heard.lock().unwrap().clone()).unwrap();
    assert_eq!(
        answers.matches("HTTP/1.1 200 OK\r\n").count(),
        1,
        "{answers}"
    );
    let not_modified = answers.matches("HTTP/1.1 304 Not Modified\r\n").count();
    assert_eq!(
        u64::try_from(not_modified),
        Ok(client.stats().revalidations),
        "{answers}"
    );
    fs::remove_file(directory.at("public/svc/k")).unwrap();
    until("the end of the key", || !is_at_hand(&client, "svc/k")).await;
    assert_eq!(fetched(&client, "svc/k").await, Err(KeyError::Unknown));
}

#[test]
fn only_get_and_head_are_answered() {
    let directory = published();
    let server = serve(&directory);
    for method in [
        "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get", "PROPFIND",
    ] {
        let answer = server.ask(method, "/svc/k", &[]);
        assert_eq!(answer.status, 405, "{method}");
        assert_eq!(answer.header("allow"), Some("GET, HEAD"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
    assert_eq!(server.ask("OPTIONS", "*", &[]).status, 405);
    assert_eq!(server.ask("CONNECT", "localhost:80", &[]).status, 405);
    // The body of a request is not asked for and not read.
    let mut with_body = request("GET", "/svc/k", &["Content-Length: 5"]);
    with_body.extend(b"hello");
    assert_eq!(Answer::read(&server.exchange(&with_body)).status, 200);
    assert_eq!(directory.read("public/svc/k"), server.get("/svc/k").body);
}

#[test]
fn heads_beyond_the_limits_are_refused() {
    let directory = published();
    let server = serve(&directory);
    let long = format!("X: {}", "x".repeat(20_000));
    let many = vec!["X: x"; 70];
    for headers in [vec![long.as_str()], many] {
        let answer = server.exchange(&request("GET", "/svc/k", &headers));
        let text = String::from_utf8_lossy(&answer).into_owned();
        assert!(text.starts_with("HTTP/1.1 431 "), "{text}");
    }
    let path = format!("/{}", "a".repeat(1025));
    assert_not_found(&server.get(&path), "a kid that is too long");
    let path = format!("/svc/{}", "a".repeat(300));
    assert_not_found(&server.get(&path), "a name that is too long for a file");
    assert_eq!(server.get("/svc/k").status, 200);
}

#[test]
fn a_connection_serves_one_request_after_another() {
    let directory = published();
    let server = serve(&directory);
    let mut requests = b"GET /svc/k HTTP/1.1\r\nHost: x\r\n\r\n".repeat(3);
    requests.extend(request("GET", "/svc/none", &[]));
    let answers = server.exchange(&requests);
    let text = String::from_utf8(answers).unwrap();
    assert_eq!(text.matches("HTTP/1.1 200 OK").count(), 3);
    assert_eq!(text.matches("HTTP/1.1 404 Not Found").count(), 1);
}

#[test]
fn clients_that_say_nothing_do_not_keep_others_from_their_keys() {
    let directory = published();
    let server = serve(&directory);
    let silent: Vec<_> = (0..200)
        .map(|_| TcpStream::connect(server.address).unwrap())
        .collect();
    assert_eq!(server.get("/svc/k").status, 200);
    drop(silent);
}

#[test]
fn a_signal_ends_it_with_success() {
    let directory = published();
    for signal in ["TERM", "INT"] {
        let server = serve(&directory);
        // An idle connection does not hold it up.
        let idle = TcpStream::connect(server.address).unwrap();
        assert_eq!(server.get("/svc/k").status, 200);
        let address = server.address;
        let (status, stdout, stderr) = server.end(signal);
        assert_eq!(
            (status.code(), stdout.as_str(), stderr.as_str()),
            (Some(0), "", "")
        );
        assert!(TcpStream::connect(address).is_err());
        drop(idle);
    }
}

#[test]
fn what_cannot_be_served_is_refused_in_one_line() {
    let directory = published();
    let public = directory.at("public");
    let serve = |options: &[&str]| {
        let mut command = asap();
        command.args(["keys", "serve"]).args(options);
        command
    };
    refused(&mut serve(&[]), "--dir");
    refused(&mut serve(&["--dir", &directory.at("nowhere")]), "--dir");
    refused(
        &mut serve(&["--dir", &directory.at("public/svc/k")]),
        "--dir",
    );
    for listen in [
        "",
        "127.0.0.1",
        "localhost:8080",
        ":8080",
        "127.0.0.1:70000",
        "8080",
        "example.com:80",
    ] {
        refused(
            &mut serve(&["--dir", &public, "--listen", listen]),
            "--listen",
        );
    }
    for listen in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0", "[::ffff:192.0.2.1]:0"] {
        let line = refused(
            &mut serve(&["--dir", &public, "--listen", listen]),
            "--listen",
        );
        assert!(line.contains("--tls-cert"), "{line}");
    }
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken
        .local_addr()
        .map(|address| (taken, address.to_string()))
        .unwrap();
    refused(
        &mut serve(&["--dir", &public, "--listen", &taken.1]),
        "--listen",
    );
    for max_age in ["-1", "x", "31536001", "1.5", ""] {
        let option = format!("--max-age={max_age}");
        refused(&mut serve(&["--dir", &public, &option]), "--max-age");
    }
    refused(
        &mut serve(&["--dir", &public, "--tls-cert", "x"]),
        "--tls-key",
    );
    refused(
        &mut serve(&["--dir", &public, "--tls-key", "x"]),
        "--tls-cert",
    );
    refused(asap().arg("keys"), "--help");
}
