//! URLs: where a key is asked for, and with whom may be spoken.
//!
//! Pure. Nothing but https leaves this module, except plain http to loopback where that was asked for by name.

use std::net::IpAddr;

use http::Uri;
use url::{Host, Origin, Url};

use super::address::is_public;
use crate::{ConfigError, KeyId};

/// Whether plain http may be spoken, and with whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PlainHttp {
    /// With nobody: "the base URL MUST start with `https:`".
    Refused,
    /// With 127.0.0.0/8, ::1 and localhost.
    ToLoopback,
}

/// The base URL of one key repository, without its trailing slash; or the URL of the one document that it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BaseUrl {
    text: Box<str>,
    is_document: bool,
    origin: Origin,
    is_private: bool,
    is_https: bool,
}

impl BaseUrl {
    /// Checks a base URL from a configuration. The error never quotes it: it could hold a password.
    pub(super) fn parse(text: &str, plain_http: PlainHttp) -> Result<Self, ConfigError> {
        let url = Url::parse(text).map_err(|_| {
            ConfigError::new(
                "the key repository's base URL is not a URL: write it as https://host/path",
            )
        })?;
        if !url.has_host() || url.host_str().is_none_or(str::is_empty) {
            return Err(ConfigError::new(
                "the key repository's base URL has no host: write it as https://host/path",
            ));
        }
        if has_credentials(&url) {
            return Err(ConfigError::new(
                "the key repository's base URL has a user name or password: remove it, the repository is public",
            ));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(ConfigError::new(
                "the key repository's base URL has a query or a fragment: remove it, keys are at a path",
            ));
        }
        if !may_speak(&url, plain_http) {
            return Err(ConfigError::new(
                "the key repository's base URL must start with https: (plain http is for loopback, if allowed by name)",
            ));
        }
        let text = url.as_str();
        Ok(Self {
            text: text.strip_suffix('/').unwrap_or(text).into(),
            is_document: false,
            origin: url.origin(),
            is_private: is_private(&url),
            is_https: url.scheme() == "https",
        })
    }

    /// Checks the URL of the one document that holds all keys, which keeps to the same rules.
    pub(super) fn parse_document(text: &str, plain_http: PlainHttp) -> Result<Self, ConfigError> {
        let base = Self::parse(text, plain_http)?;
        let whole = Url::parse(text).map_or(base.text, |url| String::from(url).into_boxed_str());
        Ok(Self {
            text: whole,
            is_document: true,
            ..base
        })
    }

    /// `${baseurl}/${kid}`, or the one document. The grammar of a `kid` leaves nothing to escape.
    pub(super) fn key_url(&self, key_id: KeyId<'_>) -> Option<Url> {
        if self.is_document {
            return Url::parse(&self.text).ok();
        }
        Url::parse(&format!("{}/{key_id}", self.text)).ok()
    }

    /// The base URL, for operators.
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether its redirects may lead to `url` wherever that is: within its own scheme, host and port (RFC 6454 section
    /// 5), or anywhere if the configuration itself names it by a private address. What a public repository must not
    /// reach through us, a private one reaches without us.
    pub(super) fn trusts_redirect_to(&self, url: &Url) -> bool {
        self.is_private || self.origin == url.origin()
    }

    /// Whether it is https.
    pub(super) const fn is_https(&self) -> bool {
        self.is_https
    }
}

/// The same URL in the type that a request takes.
pub(super) fn to_uri(url: &Url) -> Option<Uri> {
    url.as_str().parse().ok()
}

/// Whether the URL's scheme may be spoken with its host.
pub(super) fn may_speak(url: &Url, plain_http: PlainHttp) -> bool {
    match url.scheme() {
        "https" => true,
        "http" => plain_http == PlainHttp::ToLoopback && is_loopback(url),
        _ => false,
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// Whether the URL says by itself that it leads to a private address. What a name resolves to is judged when it is
/// connected to.
pub(super) fn is_private(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => !is_public(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => !is_public(IpAddr::V6(address)),
        Some(Host::Domain(name)) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            name == "localhost" || name.ends_with(".localhost")
        }
        None => true,
    }
}

/// Whether the URL names a user or a password.
pub(super) fn has_credentials(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(text: &str) -> Result<BaseUrl, ConfigError> {
        BaseUrl::parse(text, PlainHttp::Refused)
    }

    #[test]
    fn the_key_id_is_appended_to_the_base_with_one_slash() {
        let key_id = KeyId::parse("svc/a..b/...+-_").unwrap();
        for text in [
            "https://keys.example/v1",
            "https://keys.example/v1/",
            "HTTPS://KEYS.example:443/v1",
        ] {
            assert_eq!(
                base(text).unwrap().key_url(key_id).unwrap().as_str(),
                "https://keys.example/v1/svc/a..b/...+-_"
            );
        }
        assert_eq!(
            base("https://keys.example")
                .unwrap()
                .key_url(key_id)
                .unwrap()
                .as_str(),
            "https://keys.example/svc/a..b/...+-_"
        );
    }

    #[test]
    fn one_document_is_asked_for_by_its_own_url() {
        let key_id = KeyId::parse("key-set").unwrap();
        for text in [
            "https://keys.example/.well-known/jwks.json",
            "https://keys.example/keys/",
        ] {
            let document = BaseUrl::parse_document(text, PlainHttp::Refused).unwrap();
            assert_eq!(document.key_url(key_id).unwrap().as_str(), text);
            assert_eq!(document.as_str(), text);
        }
        for text in ["http://keys.example/jwks.json", "https://keys.example/?a"] {
            assert!(
                BaseUrl::parse_document(text, PlainHttp::Refused).is_err(),
                "{text}"
            );
        }
    }

    #[test]
    fn a_base_url_that_could_not_be_trusted_is_refused_without_being_quoted() {
        for text in [
            "",
            "keys.example",
            "http://keys.example",
            "http://127.0.0.1",
            "ftp://keys.example",
            "file:///keys",
            "https://",
            "https://user@keys.example",
            "https://:secret@keys.example",
            "https://keys.example/?a",
            "https://keys.example/#a",
            "data:text/plain,a",
        ] {
            let error = base(text).unwrap_err().to_string();
            assert!(!error.contains("secret") && !error.contains('\n'), "{text}");
        }
    }

    #[test]
    fn plain_http_is_for_loopback_and_only_when_asked_for() {
        for text in [
            "http://127.0.0.1:8080",
            "http://127.8.8.8",
            "http://[::1]:1",
            "http://localhost/keys",
        ] {
            assert!(
                BaseUrl::parse(text, PlainHttp::ToLoopback).is_ok(),
                "{text}"
            );
            assert!(BaseUrl::parse(text, PlainHttp::Refused).is_err(), "{text}");
        }
        for text in [
            "http://10.0.0.1",
            "http://localhost.example",
            "http://128.0.0.1",
            "http://[::2]",
            "ftp://localhost",
        ] {
            assert!(
                BaseUrl::parse(text, PlainHttp::ToLoopback).is_err(),
                "{text}"
            );
        }
    }
}
