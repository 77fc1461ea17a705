//! Why a repository yielded neither a key nor the answer that there is none: for the log, and for what comes next.

use std::error::Error;
use std::{fmt, io};

use http::StatusCode;
use http_body_util::LengthLimitError;

use super::proxy::ProxyError;
use super::redirect::RedirectRefusal;
use super::resolver::NameError;

/// What went wrong. It quotes nothing of a response but its status.
#[derive(Debug, Clone)]
pub(super) enum Failure {
    /// No URL can be made of the base and the `kid`.
    Url,
    /// The server's name could not be resolved.
    Name(io::ErrorKind),
    /// The proxy opened no tunnel.
    Proxy(ProxyError),
    /// The connection failed, or broke.
    Connection(io::ErrorKind),
    /// TLS did not come about: the certificate is not trusted, for one.
    Tls(rustls::Error),
    /// A deadline passed.
    Deadline,
    /// The response breaks off.
    Truncated,
    /// The response is not HTTP, or longer in its head than is read.
    Http,
    /// A status that says nothing about the key.
    Status(StatusCode),
    /// A redirect that may not be followed, or too many of them.
    Redirect(RedirectRefusal),
    /// The body is encoded, which was not asked for.
    ContentEncoding,
    /// The body is longer than a key can be.
    TooLong,
    /// The body is no public key.
    NotAKey(crate::KeyRejected),
    /// The body is no set of keys to rely on.
    NotAKeySet(crate::KeySetRejected),
}

impl Failure {
    /// What an error of the client says, whatever it is wrapped in.
    pub(super) fn of(error: &(dyn Error + 'static)) -> Self {
        let mut kind = io::ErrorKind::Other;
        // Connected, and speaking HTTP.
        let mut speaks = false;
        let mut current = Some(error);
        while let Some(error) = current {
            if let Some(failure) = Self::named_by(error) {
                return failure;
            }
            speaks |= error.is::<hyper::Error>();
            current = match error.downcast_ref::<io::Error>() {
                Some(io) => {
                    kind = io.kind();
                    // `source` of an I/O error skips the error that it was made from.
                    io.get_ref()
                        .map(|inner| -> &(dyn Error + 'static) { inner })
                }
                None => error.source(),
            };
        }
        match kind {
            io::ErrorKind::TimedOut => Self::Deadline,
            io::ErrorKind::UnexpectedEof if speaks => Self::Truncated,
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput if speaks => Self::Http,
            kind => Self::Connection(kind),
        }
    }

    /// What an error says by itself, without those inside of it.
    fn named_by(error: &(dyn Error + 'static)) -> Option<Self> {
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return Some(Self::Tls(tls.clone()));
        }
        if let Some(proxy) = error.downcast_ref::<ProxyError>() {
            return Some(Self::Proxy(proxy.clone()));
        }
        if let Some(name) = error.downcast_ref::<NameError>() {
            return Some(match name {
                NameError::Unresolved(kind) => Self::Name(*kind),
                NameError::Private => Self::Redirect(RedirectRefusal::PrivateAddress),
            });
        }
        if error.is::<LengthLimitError>() {
            return Some(Self::TooLong);
        }
        if let Some(http) = error.downcast_ref::<hyper::Error>() {
            return match http {
                _ if http.is_timeout() => Some(Self::Deadline),
                _ if http.is_incomplete_message() => Some(Self::Truncated),
                _ if http.is_parse() => Some(Self::Http),
                _ => None,
            };
        }
        let http2 = error.downcast_ref::<h2::Error>()?;
        Some(match http2.get_io() {
            Some(io) => Self::of(io),
            // It was the server that broke off the request or the connection.
            None if http2.is_remote() => Self::Connection(io::ErrorKind::ConnectionReset),
            None => Self::Http,
        })
    }

    /// Whether the next repository may have what this one could not give: connection failures, deadlines, answers that
    /// are none, and 5xx.
    pub(super) fn is_outage(&self) -> bool {
        match self {
            Self::Status(status) => status.is_server_error(),
            _ => self.is_no_answer(),
        }
    }

    /// Whether a stale key may be used instead: "an error is any situation that would result in a 500, 502, 503, or
    /// 504 HTTP response status code being returned" (RFC 5861 section 4).
    pub(super) fn allows_stale(&self) -> bool {
        match self {
            Self::Status(status) => matches!(status.as_u16(), 500 | 502 | 503 | 504),
            _ => self.is_no_answer(),
        }
    }

    /// Whether no whole answer came: what a gateway answers with 502 or 504.
    fn is_no_answer(&self) -> bool {
        matches!(
            self,
            Self::Name(_)
                | Self::Proxy(_)
                | Self::Connection(_)
                | Self::Tls(_)
                | Self::Deadline
                | Self::Truncated
                | Self::Http
        )
    }
}

/// How a request was lost that may be sent once more: it is a GET, and the server need not have looked at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    /// The server does not take it, or shuts down in good order (RFC 9113 sections 6.8 and 8.7).
    Declined,
    /// The connection ended under it.
    Disconnected,
}

impl Loss {
    /// What an error of the client says, if it is about a connection that there was.
    pub(super) fn of(error: &(dyn Error + 'static)) -> Option<Self> {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
        let mut current = Some(error);
        while let Some(error) = current {
            if let Some(client) = error.downcast_ref::<hyper_util::client::legacy::Error>()
                && client.is_connect()
            {
                return None;
            }
            if let Some(http) = error.downcast_ref::<hyper::Error>()
                && (http.is_incomplete_message() || http.is_canceled() || http.is_closed())
            {
                return Some(Self::Disconnected);
            }
            if let Some(http2) = error.downcast_ref::<h2::Error>() {
                return match http2.reason() {
                    Some(h2::Reason::NO_ERROR) if http2.is_go_away() => Some(Self::Declined),
                    Some(h2::Reason::REFUSED_STREAM) => Some(Self::Declined),
                    _ => (http2.is_go_away() || http2.is_io()).then_some(Self::Disconnected),
                };
            }
            if let Some(io) = error.downcast_ref::<io::Error>() {
                let ends = [
                    BrokenPipe,
                    ConnectionAborted,
                    ConnectionReset,
                    UnexpectedEof,
                ];
                return ends.contains(&io.kind()).then_some(Self::Disconnected);
            }
            current = error.source();
        }
        None
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url => f.write_str("no URL can be made of base and kid"),
            Self::Name(kind) => write!(f, "name not resolved: {kind}"),
            Self::Proxy(error) => write!(f, "proxy: {error}"),
            Self::Connection(kind) => write!(f, "connection: {kind}"),
            Self::Tls(error) => write!(f, "TLS: {error}"),
            Self::Deadline => f.write_str("deadline passed"),
            Self::Truncated => f.write_str("response breaks off"),
            Self::Http => f.write_str("response is not HTTP, or its head is too long"),
            Self::Status(status) => write!(f, "status {}", status.as_u16()),
            Self::Redirect(refusal) => write!(f, "redirect refused: {refusal}"),
            Self::ContentEncoding => f.write_str("body is encoded"),
            Self::TooLong => f.write_str("body is longer than a key"),
            Self::NotAKey(rejected) => write!(f, "body is no public key: {rejected}"),
            Self::NotAKeySet(rejected) => write!(f, "body is no key set: {rejected}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_is_found_inside_the_errors_around_it() {
        let of = |error: Box<dyn Error + Send + Sync>| {
            Failure::of(&io::Error::other(io::Error::other(error)))
        };
        assert!(matches!(
            of(rustls::Error::DecryptError.into()),
            Failure::Tls(_)
        ));
        assert!(matches!(
            of(ProxyError::Closed.into()),
            Failure::Proxy(ProxyError::Closed)
        ));
        let unresolved = NameError::Unresolved(io::ErrorKind::NotFound);
        assert!(matches!(of(unresolved.into()), Failure::Name(_)));
        assert!(matches!(
            of(NameError::Private.into()),
            Failure::Redirect(RedirectRefusal::PrivateAddress)
        ));
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert!(matches!(
            of(refused.into()),
            Failure::Connection(io::ErrorKind::ConnectionRefused)
        ));
        let timeout = io::Error::from(io::ErrorKind::TimedOut);
        assert!(matches!(of(timeout.into()), Failure::Deadline));
        // An end of file is a truncated response only once there is one.
        let ended = io::Error::from(io::ErrorKind::UnexpectedEof);
        assert!(matches!(of(ended.into()), Failure::Connection(_)));
        let reset = h2::Error::from(h2::Reason::INTERNAL_ERROR);
        assert!(matches!(of(reset.into()), Failure::Http));
    }

    #[test]
    fn a_request_is_lost_only_with_its_connection_or_by_the_servers_own_word() {
        let refused = h2::Error::from(h2::Reason::REFUSED_STREAM);
        assert_eq!(Loss::of(&refused), Some(Loss::Declined));
        let internal = h2::Error::from(h2::Reason::INTERNAL_ERROR);
        assert_eq!(Loss::of(&internal), None);
        for (kind, loss) in [
            (io::ErrorKind::ConnectionReset, Some(Loss::Disconnected)),
            (io::ErrorKind::UnexpectedEof, Some(Loss::Disconnected)),
            (io::ErrorKind::TimedOut, None),
            (io::ErrorKind::InvalidData, None),
        ] {
            assert_eq!(Loss::of(&io::Error::from(kind)), loss, "{kind}");
        }
    }

    #[test]
    fn only_an_outage_leads_to_the_next_repository_or_to_a_stale_key() {
        let status = |code| Failure::Status(StatusCode::from_u16(code).unwrap());
        for failure in [
            Failure::Deadline,
            Failure::Connection(io::ErrorKind::Other),
            Failure::Name(io::ErrorKind::NotFound),
            Failure::Proxy(ProxyError::Refused),
            Failure::Truncated,
            Failure::Http,
            status(500),
            status(503),
        ] {
            assert!(failure.is_outage() && failure.allows_stale(), "{failure}");
        }
        assert!(status(507).is_outage() && !status(507).allows_stale());
        for failure in [
            Failure::Redirect(RedirectRefusal::TooMany),
            Failure::TooLong,
            Failure::ContentEncoding,
            status(206),
            status(429),
        ] {
            assert!(!failure.is_outage() && !failure.allows_stale(), "{failure}");
        }
    }
}
