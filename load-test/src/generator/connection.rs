//! One keep-alive connection to the gateway: a request, its answer, the next request.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Empty};
use hyper::body::Body;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::gateway::CODE_HEADER;
use crate::scenario::{ACCEPTED, Expected, Kind};

/// Where requests go.
#[derive(Debug)]
pub(crate) struct Destination {
    /// Host and port, for the connection.
    authority: String,
    host: HeaderValue,
    /// The path where tokens are verified.
    pub(crate) path: Uri,
    /// Whether the gateway is ours, which names its codes.
    pub(crate) names_codes: bool,
}

impl Destination {
    pub(crate) fn new(target: &Uri, names_codes: bool) -> Result<Self, String> {
        let host = target
            .host()
            .ok_or_else(|| format!("{target} has no host"))?;
        let authority = format!("{host}:{}", target.port_u16().unwrap_or(80));
        let path = target.path_and_query().map_or("/", |path| path.as_str());
        Ok(Self {
            host: HeaderValue::try_from(&authority).map_err(|error| error.to_string())?,
            authority,
            path: path.parse().map_err(|error| format!("{target}: {error}"))?,
            names_codes,
        })
    }
}

/// What came back, as far as it is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    code: Option<HeaderValue>,
    challenge: Option<HeaderValue>,
    retry_after: bool,
}

impl Answer {
    /// The code, or the status where the gateway names none.
    pub(crate) fn code(&self) -> &str {
        let named = self.code.as_ref().and_then(|code| code.to_str().ok());
        named.unwrap_or(match self.status.as_u16() {
            200 => ACCEPTED,
            401 => "status_401",
            503 => "status_503",
            _ => "status_other",
        })
    }

    /// Whether this is what the request must get: all of it from our own gateway, the status from others.
    pub(crate) fn is(&self, expected: Expected, exactly: bool) -> bool {
        if self.status.as_u16() != expected.status {
            return false;
        }
        !exactly
            || (self.code() == expected.code
                && self.challenge.as_ref().map(HeaderValue::as_bytes)
                    == expected.challenge.map(str::as_bytes)
                && self.retry_after == (expected.status == 503))
    }

    /// How this answer is not what the request must get.
    pub(crate) fn explain(&self, kind: Kind, exactly: bool) -> String {
        let (label, expected) = (kind.label(), kind.expected());
        if !exactly {
            return format!(
                "{label}: must get {}, got {}",
                expected.status,
                self.status.as_u16()
            );
        }
        let with = |present| if present { "with" } else { "without" };
        format!(
            "{label}: must get {} {}, got {} {} {} WWW-Authenticate, {} Retry-After",
            expected.status,
            expected.code,
            self.status.as_u16(),
            self.code(),
            with(self.challenge.is_some()),
            with(self.retry_after)
        )
    }
}

/// An open connection.
#[derive(Debug)]
pub(crate) struct Connection {
    destination: Arc<Destination>,
    sender: SendRequest<Empty<Bytes>>,
}

impl Connection {
    /// Connects. Must run on the runtime that will drive the connection.
    pub(crate) async fn open(destination: Arc<Destination>) -> Result<Self, String> {
        let sender = connect(&destination).await?;
        Ok(Self {
            destination,
            sender,
        })
    }

    /// Whether answers carry their codes.
    pub(crate) fn names_codes(&self) -> bool {
        self.destination.names_codes
    }

    /// Makes sure that the next request can be sent, on a new connection if the gateway has closed this one, as it
    /// may do between two requests.
    pub(crate) async fn ready(&mut self) -> Result<(), String> {
        if self.sender.ready().await.is_err() {
            self.sender = connect(&self.destination).await?;
        }
        Ok(())
    }

    /// Sends a request and waits for the whole answer. `path` is that of the destination unless given.
    pub(crate) async fn send(
        &mut self,
        path: Option<&Uri>,
        authorization: Option<HeaderValue>,
    ) -> Result<Answer, String> {
        let mut request = Request::new(Empty::new());
        *request.uri_mut() = path.unwrap_or(&self.destination.path).clone();
        let headers = request.headers_mut();
        headers.insert(header::HOST, self.destination.host.clone());
        if let Some(authorization) = authorization {
            headers.insert(header::AUTHORIZATION, authorization);
        }
        let mut response = self
            .sender
            .send_request(request)
            .await
            .map_err(|error| error.to_string())?;
        while !response.body().is_end_stream() {
            match response.frame().await {
                Some(frame) => drop(frame.map_err(|error| error.to_string())?),
                None => break,
            }
        }
        let headers = response.headers_mut();
        Ok(Answer {
            code: headers.remove(CODE_HEADER),
            challenge: headers.remove(header::WWW_AUTHENTICATE),
            retry_after: headers.contains_key(header::RETRY_AFTER),
            status: response.status(),
        })
    }
}

async fn connect(destination: &Destination) -> Result<SendRequest<Empty<Bytes>>, String> {
    let authority = &destination.authority;
    let stream = TcpStream::connect(authority)
        .await
        .map_err(|error| format!("no connection to {authority}: {error}"))?;
    stream
        .set_nodelay(true)
        .map_err(|error| error.to_string())?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| error.to_string())?;
    // Its end is seen by whoever sends the next request.
    tokio::spawn(async move {
        let _ = connection.await;
    });
    Ok(sender)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(
        status: u16,
        code: Option<&'static str>,
        challenge: Option<&'static str>,
        retry_after: bool,
    ) -> Answer {
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            code: code.map(HeaderValue::from_static),
            challenge: challenge.map(HeaderValue::from_static),
            retry_after,
        }
    }

    const INVALID: Option<&str> = Some(r#"Bearer error="invalid_token""#);

    #[test]
    fn our_own_gateway_must_answer_exactly() {
        let expected = Kind::Expired.expected();
        assert!(answer(401, Some("expired"), INVALID, false).is(expected, true));
        assert!(!answer(401, Some("replayed"), INVALID, false).is(expected, true));
        assert!(!answer(401, Some("expired"), None, false).is(expected, true));
        assert!(!answer(401, Some("expired"), Some("Bearer"), false).is(expected, true));
        assert!(!answer(401, Some("expired"), INVALID, true).is(expected, true));
        assert!(!answer(200, Some("accepted"), None, false).is(expected, true));
    }

    #[test]
    fn a_failing_key_server_needs_retry_after() {
        let expected = Kind::KeyServerFails.expected();
        assert!(answer(503, Some("key_unavailable"), None, true).is(expected, true));
        assert!(!answer(503, Some("key_unavailable"), None, false).is(expected, true));
    }

    #[test]
    fn another_gateway_is_held_to_the_status() {
        let expected = Kind::Expired.expected();
        assert!(answer(401, None, Some("Bearer realm=\"x\""), false).is(expected, false));
        assert!(!answer(403, None, None, false).is(expected, false));
        assert_eq!(answer(401, None, None, false).code(), "status_401");
    }

    #[test]
    fn a_destination_is_taken_from_the_url() {
        let destination =
            Destination::new(&Uri::from_static("http://example.test/a?b=c"), false).unwrap();
        assert_eq!(destination.authority, "example.test:80");
        assert_eq!(destination.path, "/a?b=c");
        assert_eq!(
            Destination::new(&Uri::from_static("http://127.0.0.1:81"), true)
                .unwrap()
                .path,
            "/"
        );
    }
}
