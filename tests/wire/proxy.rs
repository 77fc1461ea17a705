//! Proxies: what they are asked, and what comes of those that do not answer as they should.

use std::sync::{Arc, Mutex};

use asap_engine::{KeyError, KeyRepository, KeyRepositoryConfig};
use asap_tests::authority::PUBLIC_NAME;
use asap_tests::key_client::{fetched, until};
use asap_tests::key_server::{KeyServer, cached, reply};
use asap_tests::keys::public_key_pem;
use asap_tests::wire_server::{Playing, WireServer, dribble, repeat, request, send, silence};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;

use crate::client::{LONG, SHORT, fetched_in_the_end};
use crate::log;

/// What a proxy was asked, head by head.
type Asked = Arc<Mutex<Vec<String>>>;

/// A proxy that opens every tunnel. It resolves every name to loopback.
async fn proxy() -> (WireServer, Asked) {
    let asked = Asked::default();
    let sink = Arc::clone(&asked);
    let proxy = WireServer::start(move |_, stream| {
        let sink = Arc::clone(&sink);
        Box::pin(tunnel(stream, sink))
    });
    (proxy.await, asked)
}

async fn tunnel(mut stream: TcpStream, asked: Asked) -> std::io::Result<()> {
    let Some(head) = request(&mut stream).await? else {
        return Ok(());
    };
    let target = head.split(' ').nth(1).unwrap_or_default();
    let port = target.rsplit(':').next().unwrap_or_default().to_owned();
    asked.lock().unwrap().push(head);
    let mut server = TcpStream::connect(format!("127.0.0.1:{port}")).await?;
    send(&mut stream, "HTTP/1.1 200 Connection established\r\n\r\n").await?;
    copy_bidirectional(&mut stream, &mut server).await.map(drop)
}

/// A client that asks for `name` on the server's port.
fn by_name(server: &KeyServer, name: &str) -> KeyRepositoryConfig {
    let url = server.url("/keys").replace("127.0.0.1", name);
    let config = KeyRepositoryConfig::allowing_http_to_loopback(&url).unwrap();
    config.with_root_certificates(server.ca_pem()).unwrap()
}

fn through(config: KeyRepositoryConfig, proxy: &WireServer, user: &str) -> KeyRepository {
    let config = config.with_proxy(&format!("http://{user}{}", proxy.address()));
    KeyRepository::new(config.unwrap()).unwrap()
}

async fn key_server() -> KeyServer {
    let pem = public_key_pem();
    KeyServer::https(move |_| std::future::ready(cached("no-store", pem.clone()))).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn https_goes_through_one_tunnel_that_is_asked_for_by_name() {
    let (server, (proxy, asked)) = (key_server().await, proxy().await);
    let config = by_name(&server, "localhost");
    let port = server.url("").rsplit(':').next().unwrap().to_owned();
    let repository = through(config, &proxy, "user:p%40ss@");
    for number in 0..5 {
        let key_id = format!("svc/proxy/{number}");
        assert_eq!(fetched(&repository, &key_id).await, Ok(()));
    }
    // "user:p@ss" in base64.
    let expected = format!(
        "CONNECT localhost:{port} HTTP/1.1\r\nHost: localhost:{port}\r\n\
         Proxy-Authorization: Basic dXNlcjpwQHNz\r\n\r\n"
    );
    assert_eq!(*asked.lock().unwrap(), [expected]);
    // What is for the proxy alone does not reach the server.
    let headers = server.asked().into_iter().map(|asked| asked.headers);
    assert!(
        headers
            .into_iter()
            .all(|headers| !headers.contains_key("proxy-authorization"))
    );
    assert_eq!(server.asked().len(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plain_http_to_loopback_does_not_go_through_the_proxy() {
    let (pem, (proxy, asked)) = (public_key_pem(), proxy().await);
    let server = KeyServer::http(move |_| std::future::ready(cached("no-store", pem.clone())));
    let server = server.await;
    let config = KeyRepositoryConfig::allowing_http_to_loopback(&server.url("/keys")).unwrap();
    assert_eq!(
        fetched(&through(config, &proxy, ""), "svc/proxy/plain").await,
        Ok(())
    );
    assert_eq!((asked.lock().unwrap().len(), proxy.accepted()), (0, 0));
}

/// What it says about names behind it is its own word, so only what a URL says by itself is refused here.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redirect_to_a_private_address_is_not_asked_of_the_proxy() {
    let (proxy, asked) = proxy().await;
    for location in [
        "https://127.0.0.2/k",
        "https://[::1]/k",
        "https://localhost./k",
    ] {
        let server = KeyServer::https(move |_| {
            std::future::ready(reply(302, &[("location", location)], ""))
        });
        let server = server.await;
        let repository = through(by_name(&server, PUBLIC_NAME), &proxy, "");
        let before = asked.lock().unwrap().len();
        let redirected = fetched(&repository, "svc/proxy/redirected").await;
        assert_eq!(redirected, Err(KeyError::Unavailable));
        assert_eq!(asked.lock().unwrap().len(), before + 1, "{location}");
    }
    for logged in log::failures("svc/proxy/redirected") {
        assert_eq!(logged, "redirect refused: to a private address");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_that_opens_no_tunnel_is_named_in_the_log_without_its_credentials() {
    const REFUSED: &str = "proxy: no tunnel";
    let server = Arc::new(key_server().await);
    for (name, failure, answer) in [
        (
            "407",
            "proxy: credentials wanted",
            "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
        ),
        ("403", REFUSED, "HTTP/1.1 403 Forbidden\r\n\r\n"),
        ("502", REFUSED, "HTTP/1.1 502 Bad Gateway\r\nX: y\r\n\r\n"),
        (
            "redirect",
            REFUSED,
            "HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1/\r\n\r\n",
        ),
        ("junk", REFUSED, "SSH-2.0-OpenSSH_9.2\r\n"),
        ("closed", "proxy: connection closed", ""),
        (
            "closed_in_the_head",
            "proxy: connection closed",
            "HTTP/1.1 200 ",
        ),
        ("endless", REFUSED, "HTTP/1.1 200 OK\r\nX: "),
        ("silent", "deadline passed", ""),
        ("byte_by_byte", "deadline passed", ""),
        // The tunnel is there, and whoever is at its end does not speak TLS.
        (
            "no_tls",
            "TLS: received corrupt message",
            "HTTP/1.1 200 OK\r\n\r\n",
        ),
    ] {
        let port = server.url("").rsplit(':').next().unwrap().to_owned();
        let proxy = WireServer::start(move |number, mut stream| -> Playing {
            let port = port.clone();
            Box::pin(async move {
                if number > 0 {
                    return tunnel(stream, Asked::default()).await;
                }
                assert!(request(&mut stream).await?.unwrap().contains(&port));
                match name {
                    "silent" => silence(&mut stream).await,
                    "byte_by_byte" => loop {
                        dribble(
                            &mut stream,
                            "HTTP/1.1 200 OK\r\nX: y\r\n",
                            Duration::from_millis(50),
                        )
                        .await?;
                    },
                    "endless" => {
                        send(&mut stream, answer).await?;
                        repeat(&mut stream, [b'x'; 1024]).await
                    }
                    "no_tls" => {
                        send(&mut stream, answer).await?;
                        stream.read_u8().await?;
                        send(&mut stream, answer).await
                    }
                    _ => {
                        send(&mut stream, answer).await?;
                        stream.shutdown().await?;
                        silence(&mut stream).await
                    }
                }
            })
        })
        .await;
        let key_id = format!("svc/proxy/{name}");
        assert!(log::failures(&key_id).is_empty());
        let deadline = if failure == "deadline passed" {
            SHORT
        } else {
            LONG
        };
        let config = by_name(&server, "localhost")
            .with_connect_deadline(deadline)
            .with_headers_deadline(LONG)
            .with_fetch_deadline(LONG);
        let repository = through(config, &proxy, "user:secret@");
        let fetched = tokio::time::timeout(LONG / 2, fetched(&repository, &key_id)).await;
        assert_eq!(fetched, Ok(Err(KeyError::Unavailable)), "{name}");
        let logged = log::failures(&key_id);
        assert!(
            logged.len() == 1 && logged[0].starts_with(failure),
            "{name}: {logged:?}"
        );
        assert!(!logged[0].contains("secret"));
        fetched_in_the_end(&repository, &key_id).await;
        until("the end of the fetch", || repository.stats().in_flight == 0).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_that_is_not_there_is_told_from_a_server_that_is_not() {
    let server = key_server().await;
    let closed = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    assert!(log::failures("svc/proxy/absent").is_empty());
    let config = by_name(&server, "localhost").with_proxy(&closed).unwrap();
    let repository = KeyRepository::new(config).unwrap();
    assert_eq!(
        fetched(&repository, "svc/proxy/absent").await,
        Err(KeyError::Unavailable)
    );
    assert_eq!(
        log::failures("svc/proxy/absent"),
        ["proxy: not reached: connection: connection refused"]
    );
}

#[test]
fn a_proxy_that_cannot_be_is_found_at_the_start_without_being_quoted() {
    let config = || KeyRepositoryConfig::new("https://keys.example").unwrap();
    for url in [
        "",
        "proxy",
        "https://secret@proxy",
        "socks5://secret@proxy",
        "http://secret@proxy/path",
    ] {
        let error = config().with_proxy(url).unwrap_err().to_string();
        assert!(!error.contains("secret") && !error.contains('\n'), "{url}");
    }
    let config = config()
        .with_proxy("http://user:secret@proxy:3128")
        .unwrap();
    let printed = format!("{config:?}");
    // Neither as it was given nor in base64.
    assert!(
        !printed.contains("secret") && !printed.contains("dXNlcjpzZWNyZXQ"),
        "{printed}"
    );
}
