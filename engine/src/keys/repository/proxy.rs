//! A proxy on the way to the key servers: where it is, who asks, and what it answered.
//!
//! It comes from the configuration and from nowhere else. https goes through it in a tunnel (CONNECT, RFC 9110 section
//! 9.3.6), so that it sees names and sizes and no key; plain http to loopback does not go through it.

use std::error::Error;
use std::fmt;

use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderValue, Uri};
use percent_encoding::percent_decode_str;
use url::Url;
use zeroize::Zeroizing;

use super::failure::Failure;
use crate::ConfigError;

/// A proxy that opens tunnels.
#[derive(Debug, Clone)]
pub(super) struct Proxy {
    /// `http://host:port/`, without credentials.
    pub(super) uri: Uri,
    /// The value of `Proxy-Authorization`, marked as sensitive.
    pub(super) authorization: Option<HeaderValue>,
}

impl Proxy {
    /// Checks the URL of a proxy. The error never quotes it: it could hold a password.
    pub(super) fn parse(text: &str) -> Result<Self, ConfigError> {
        let url = Url::parse(text).map_err(|_| {
            ConfigError::new(
                "the proxy's URL is not a URL: write it as http://host:port or http://user:password@host:port",
            )
        })?;
        if url.scheme() != "http" {
            return Err(ConfigError::new(
                "the proxy's URL must start with http: (the key servers are spoken to over TLS inside of its tunnel)",
            ));
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(ConfigError::new(
                "the proxy's URL has a path, a query or a fragment: a proxy has a host and a port only",
            ));
        }
        let authority = url.host_str().and_then(|host| {
            let port = url.port_or_known_default()?;
            format!("{host}:{port}").parse::<Authority>().ok()
        });
        let uri = authority.and_then(|authority| {
            let uri = Uri::builder().scheme(Scheme::HTTP).authority(authority);
            uri.path_and_query(PathAndQuery::from_static("/"))
                .build()
                .ok()
        });
        let uri = uri.ok_or_else(|| {
            ConfigError::new("the proxy's URL has no host: write it as http://host:port")
        })?;
        Ok(Self {
            uri,
            authorization: authorization(&url)?,
        })
    }
}

/// The Basic scheme (RFC 7617): user name and password, joined by a colon, in base64.
fn authorization(url: &Url) -> Result<Option<HeaderValue>, ConfigError> {
    if url.username().is_empty() && url.password().is_none() {
        return Ok(None);
    }
    let decoded = |text: &str| Zeroizing::new(percent_decode_str(text).collect::<Vec<u8>>());
    let user = decoded(url.username());
    let password = decoded(url.password().unwrap_or_default());
    if user.contains(&b':') || user.iter().chain(password.iter()).any(u8::is_ascii_control) {
        return Err(ConfigError::new(
            "the proxy's credentials cannot be sent: a user name has no colon, and neither has control characters",
        ));
    }
    let mut joined = Zeroizing::new(Vec::with_capacity(256));
    joined.extend_from_slice(&user);
    joined.push(b':');
    joined.extend_from_slice(&password);
    let encoded = Zeroizing::new(base64_simd::STANDARD.encode_to_string(joined.as_slice()));
    let value = Zeroizing::new(["Basic ", encoded.as_str()].concat());
    let mut value = HeaderValue::from_str(&value)
        .map_err(|_| ConfigError::new("the proxy's credentials are too long: shorten them"))?;
    value.set_sensitive(true);
    Ok(Some(value))
}

/// What the proxy did instead of opening a tunnel.
#[derive(Debug, Clone)]
pub(super) enum ProxyError {
    /// It could not be connected to.
    Unreachable(Box<Failure>),
    /// It broke the connection off.
    Closed,
    /// It wants credentials, or other ones (407).
    Unauthorized,
    /// It answered with something else than 200, or not in HTTP.
    Refused,
}

impl fmt::Display for ProxyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(failure) => write!(f, "not reached: {failure}"),
            Self::Closed => f.write_str("connection closed before there was a tunnel"),
            Self::Unauthorized => f.write_str("credentials wanted (status 407)"),
            Self::Refused => f.write_str("no tunnel: neither 200 nor 407, or no HTTP"),
        }
    }
}

impl Error for ProxyError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_a_host_a_port_and_maybe_credentials() {
        for (text, uri, authorization) in [
            ("http://proxy:3128", "http://proxy:3128/", None),
            ("http://proxy", "http://proxy:80/", None),
            ("HTTP://10.0.0.1:8080/", "http://10.0.0.1:8080/", None),
            ("http://[::1]:3128", "http://[::1]:3128/", None),
            (
                "http://user:password@proxy:3128",
                "http://proxy:3128/",
                Some("Basic dXNlcjpwYXNzd29yZA=="),
            ),
            (
                "http://user@proxy",
                "http://proxy:80/",
                Some("Basic dXNlcjo="),
            ),
            (
                "http://user:p%40ss%3A%2F@proxy",
                "http://proxy:80/",
                Some("Basic dXNlcjpwQHNzOi8="),
            ),
        ] {
            let proxy = Proxy::parse(text).unwrap();
            assert_eq!(proxy.uri, uri);
            let value = proxy.authorization.as_ref();
            assert_eq!(value.map(|value| value.to_str().unwrap()), authorization);
            assert!(value.is_none_or(HeaderValue::is_sensitive));
        }
    }

    #[test]
    fn what_is_no_proxy_is_refused_without_being_quoted() {
        for text in [
            "",
            "proxy:3128",
            "proxy",
            "https://secret@proxy:3128",
            "socks5://secret@proxy:1080",
            "http://",
            "http://secret@proxy/path",
            "http://secret@proxy?query",
            "http://secret@proxy#fragment",
            "http://se%3Acret@proxy",
            "http://user:secret%0A@proxy",
            "http://secret@proxy:99999",
        ] {
            let error = Proxy::parse(text).unwrap_err().to_string();
            assert!(!error.contains("secret") && !error.contains('\n'), "{text}");
        }
    }

    #[test]
    fn credentials_are_not_in_what_is_printed() {
        let proxy = Proxy::parse("http://user:password@proxy:3128").unwrap();
        let printed = format!("{proxy:?}");
        assert!(
            !printed.contains("user") && !printed.contains("password"),
            "{printed}"
        );
        assert!(!printed.contains("dXNlcjpwYXNzd29yZA"), "{printed}");
    }
}
