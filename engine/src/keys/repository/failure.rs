//! Why a repository yielded neither a key nor the answer that there is none: for the log, and for what comes next.

use std::error::Error;
use std::{fmt, io};

use http::StatusCode;
use http_body_util::LengthLimitError;

/// What went wrong. It quotes nothing of a response but its status.
#[derive(Debug, Clone)]
pub(super) enum Failure {
    /// No URL can be made of the base and the `kid`.
    Url,
    /// The connection failed, or broke.
    Connection(io::ErrorKind),
    /// TLS did not come about: the certificate is not trusted, for one.
    Tls(rustls::Error),
    /// A deadline passed.
    Deadline,
    /// A status that says nothing about the key.
    Status(StatusCode),
    /// A redirect that may not be followed, or too many of them.
    Redirect,
    /// The body is encoded, which was not asked for.
    ContentEncoding,
    /// The body is longer than a key can be.
    TooLong,
    /// The body is no public key.
    NotAKey(crate::KeyRejected),
}

impl Failure {
    /// What an error of the client says, whatever it is wrapped in.
    pub(super) fn of(error: &(dyn Error + 'static)) -> Self {
        let mut kind = io::ErrorKind::Other;
        let mut current = Some(error);
        while let Some(error) = current {
            if let Some(tls) = error.downcast_ref::<rustls::Error>() {
                return Self::Tls(tls.clone());
            }
            if error.is::<LengthLimitError>() {
                return Self::TooLong;
            }
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
            kind => Self::Connection(kind),
        }
    }

    /// Whether the next repository may have what this one could not give: connection failures, deadlines and 5xx.
    pub(super) fn is_outage(&self) -> bool {
        match self {
            Self::Connection(_) | Self::Tls(_) | Self::Deadline => true,
            Self::Status(status) => status.is_server_error(),
            _ => false,
        }
    }

    /// Whether a stale key may be used instead: "an error is any situation that would result in a 500, 502, 503, or
    /// 504 HTTP response status code being returned" (RFC 5861 section 4).
    pub(super) fn allows_stale(&self) -> bool {
        match self {
            Self::Connection(_) | Self::Tls(_) | Self::Deadline => true,
            Self::Status(status) => matches!(status.as_u16(), 500 | 502 | 503 | 504),
            _ => false,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url => f.write_str("no URL can be made of base and kid"),
            Self::Connection(kind) => write!(f, "connection: {kind}"),
            Self::Tls(error) => write!(f, "TLS: {error}"),
            Self::Deadline => f.write_str("deadline passed"),
            Self::Status(status) => write!(f, "status {}", status.as_u16()),
            Self::Redirect => f.write_str("redirect refused, in a loop, or one too many"),
            Self::ContentEncoding => f.write_str("body is encoded"),
            Self::TooLong => f.write_str("body is longer than a key"),
            Self::NotAKey(rejected) => write!(f, "body is no public key: {rejected}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_is_found_inside_the_errors_around_it() {
        let tls = io::Error::other(io::Error::other(rustls::Error::DecryptError));
        assert!(matches!(Failure::of(&tls), Failure::Tls(_)));
        let refused = io::Error::other(io::Error::from(io::ErrorKind::ConnectionRefused));
        let failure = Failure::of(&refused);
        assert!(matches!(
            failure,
            Failure::Connection(io::ErrorKind::ConnectionRefused)
        ));
        let timeout = io::Error::from(io::ErrorKind::TimedOut);
        assert!(matches!(Failure::of(&timeout), Failure::Deadline));
    }

    #[test]
    fn only_an_outage_leads_to_the_next_repository_or_to_a_stale_key() {
        let status = |code| Failure::Status(StatusCode::from_u16(code).unwrap());
        for failure in [
            Failure::Deadline,
            Failure::Connection(io::ErrorKind::Other),
            status(500),
            status(503),
        ] {
            assert!(failure.is_outage() && failure.allows_stale(), "{failure}");
        }
        assert!(status(507).is_outage() && !status(507).allows_stale());
        for failure in [
            Failure::Redirect,
            Failure::TooLong,
            Failure::ContentEncoding,
            status(206),
            status(429),
        ] {
            assert!(!failure.is_outage() && !failure.allows_stale(), "{failure}");
        }
    }
}
