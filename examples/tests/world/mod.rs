//! An app on a real socket, a client that speaks HTTP/1.1 by hand, a server of keys, and one that is away.

use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use axum::http::header::CACHE_CONTROL;
use axum::routing::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the layer of responses sets, up to where an app has its own.
const FIELDS_OF_EVERY_RESPONSE: [&str; 4] = [
    "strict-transport-security: max-age=31536000; includeSubDomains",
    "referrer-policy: no-referrer",
    "cache-control: no-cache, no-store",
    "content-security-policy: default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors ",
];

/// A response.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Answer {
    /// The value of a header, if there is one.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    #[track_caller]
    pub(crate) fn assert_served(&self, body: &str) {
        assert_eq!((self.status, self.body.as_str()), (200, body));
    }

    /// What is refused says nothing of the reason.
    #[track_caller]
    pub(crate) fn assert_refused(&self, challenge: &str) {
        assert_eq!((self.status, self.body.as_str()), (401, ""));
        assert_eq!(self.header("www-authenticate"), Some(challenge));
    }

    #[track_caller]
    pub(crate) fn assert_unavailable(&self) {
        assert_eq!((self.status, self.body.as_str()), (503, ""));
        assert_eq!(self.header("www-authenticate"), None);
        assert_eq!(self.header("retry-after"), Some("1"));
    }
}

/// Serves `app` on loopback until the test ends.
pub(crate) async fn listen(app: Router) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    address
}

/// The URL of a server that answers `content` at `/keys`, with `Cache-Control: max-age=60`.
pub(crate) async fn key_server(path: &str, content: String) -> String {
    let keys = get(async move || ([(CACHE_CONTROL, "max-age=60")], content));
    let address = listen(Router::new().route(path, keys)).await;
    format!("http://{address}")
}

/// The URL of a server that nobody is at: whoever had the port has left it.
pub(crate) async fn key_server_that_is_away() -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// Sends a request on a connection of its own, and reads the response to its end.
pub(crate) async fn ask(
    address: SocketAddr,
    method: &str,
    target: &str,
    fields: &[&str],
    body: &str,
) -> Answer {
    let mut request =
        format!("{method} {target} HTTP/1.1\r\nhost: app.example\r\nconnection: close\r\n");
    if !body.is_empty() {
        request.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    for field in fields {
        request.push_str(field);
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    request.push_str(body);

    let mut stream = TcpStream::connect(address).await.unwrap();
    // A server that refuses a body unread may reset the connection after its response.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut response = Vec::new();
    let _ = stream.read_to_end(&mut response).await;
    let response = String::from_utf8(response).unwrap();
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    for field in FIELDS_OF_EVERY_RESPONSE {
        assert!(head.contains(field), "{field} is missing in {head}");
    }
    let answer = Answer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        head: head.to_owned(),
        body: body.to_owned(),
    };
    let length = answer.header("content-length");
    assert!(length.is_none_or(|length| length == body.len().to_string()));
    answer
}
