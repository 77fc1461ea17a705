//! URLs: where a key is asked for, and whether a redirect may be followed.
//!
//! Pure. Nothing but https leaves this module, except plain http to loopback where that was asked for by name. A
//! `Location` is read as RFC 3986 has it; where browsers read something else into it, it is refused.

use std::fmt;
use std::net::IpAddr;

use http::Uri;
use url::{Host, Origin, Url};

use super::address::is_public;
use crate::{ConfigError, KeyId, limits};

/// Whether plain http may be spoken, and with whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PlainHttp {
    /// With nobody: "the base URL MUST start with `https:`".
    Refused,
    /// With 127.0.0.0/8, ::1 and localhost.
    ToLoopback,
}

/// The base URL of one key repository, without its trailing slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BaseUrl {
    text: Box<str>,
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
                "the key repository's base URL has a query or a fragment: remove it, the kid is appended to the path",
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
            origin: url.origin(),
            is_private: is_private(&url),
            is_https: url.scheme() == "https",
        })
    }

    /// `${baseurl}/${kid}`. The grammar of a `kid` leaves nothing to escape.
    pub(super) fn key_url(&self, key_id: KeyId<'_>) -> Option<Url> {
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

/// Why a redirect is not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RedirectRefusal {
    /// There is no `Location`, or there are several.
    NoLocation,
    /// `Location` is no URI reference of RFC 3986, is longer than is read, or is read differently by others.
    Location,
    /// It leads to another scheme than https, or to plain http after https.
    Scheme,
    /// It has a user name or a password.
    Credentials,
    /// It leads to an address that is not of the public Internet.
    PrivateAddress,
    /// It leads to another port than that of https.
    Port,
    /// It leads to where it came from.
    Loop,
    /// It is one more than are followed.
    TooMany,
}

impl fmt::Display for RedirectRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoLocation => "not exactly one Location",
            Self::Location => "Location is not a URI reference that everyone reads alike",
            Self::Scheme => "not to https",
            Self::Credentials => "a user name or password in its URL",
            Self::PrivateAddress => "to a private address",
            Self::Port => "to another port than 443",
            Self::Loop => "a loop",
            Self::TooMany => "one too many",
        })
    }
}

/// Where redirects may lead.
#[derive(Debug, Clone, Copy)]
pub(super) struct RedirectRules {
    /// Whether plain http may be spoken, where no https was before.
    pub(super) plain_http: PlainHttp,
    /// Whether they may leave the repository's origin for private addresses and odd ports.
    pub(super) unrestricted: bool,
}

/// Where a redirect leads (RFC 9110 section 10.2.2), or why it may not be followed.
pub(super) fn redirect_target(
    base: &BaseUrl,
    from: &Url,
    location: &[u8],
    rules: RedirectRules,
) -> Result<Url, RedirectRefusal> {
    let location = uri_reference(location).ok_or(RedirectRefusal::Location)?;
    let mut target = from.join(location).map_err(|_| RedirectRefusal::Location)?;
    target.set_fragment(None);
    let plain_http = match from.scheme() {
        "https" => PlainHttp::Refused,
        _ => rules.plain_http,
    };
    if !may_speak(&target, plain_http) {
        return Err(RedirectRefusal::Scheme);
    }
    if has_credentials(&target) {
        return Err(RedirectRefusal::Credentials);
    }
    if authority(location).is_some_and(|authority| !names_host_of(authority, &target)) {
        return Err(RedirectRefusal::Location);
    }
    if !rules.unrestricted && !base.trusts_redirect_to(&target) {
        if is_private(&target) {
            return Err(RedirectRefusal::PrivateAddress);
        }
        if target.port().is_some() {
            return Err(RedirectRefusal::Port);
        }
    }
    Ok(target)
}

/// `location` if it is made of the characters of RFC 3986 section 2 and has no form that browsers mend: a scheme
/// without `//`, or `//` without a host.
fn uri_reference(location: &[u8]) -> Option<&str> {
    let is_of_uri =
        |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(byte);
    if location.len() > limits::MAX_LOCATION || !location.iter().all(is_of_uri) {
        return None;
    }
    let location = std::str::from_utf8(location).ok()?;
    let is_well_formed = match (scheme(location), authority(location)) {
        (_, Some(authority)) => !authority.is_empty(),
        // `may_speak` refuses the other schemes, and says so.
        (Some(scheme), None) => !["https", "http"]
            .iter()
            .any(|web| scheme.eq_ignore_ascii_case(web)),
        (None, None) => true,
    };
    is_well_formed.then_some(location)
}

/// RFC 3986 section 3.1.
fn scheme(location: &str) -> Option<&str> {
    let (scheme, _) = location.split_once(':')?;
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    is_scheme.then_some(scheme)
}

/// RFC 3986 section 3.2: what is between `//` and the path.
fn authority(location: &str) -> Option<&str> {
    let rest = match scheme(location) {
        Some(scheme) => location.strip_prefix(scheme)?.strip_prefix(':')?,
        None => location,
    };
    let rest = rest.strip_prefix("//")?;
    rest.split(['/', '?', '#']).next()
}

/// Whether the host is written as it was understood. `0x7f000001` is a name to RFC 3986 and an address to browsers, and
/// so is `127.1`; `%6b` is a letter to some.
fn names_host_of(authority: &str, target: &Url) -> bool {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => host,
        _ => authority,
    };
    match target.host() {
        // There is only one way to write brackets, and many to write what they hold.
        Some(Host::Ipv6(_)) => true,
        _ => target
            .host_str()
            .is_some_and(|understood| host.eq_ignore_ascii_case(understood)),
    }
}

/// Whether the URL says by itself that it leads to a private address. What a name resolves to is judged when it is
/// connected to.
fn is_private(url: &Url) -> bool {
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

/// The same URL in the type that a request takes.
pub(super) fn to_uri(url: &Url) -> Option<Uri> {
    url.as_str().parse().ok()
}

fn may_speak(url: &Url, plain_http: PlainHttp) -> bool {
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

fn has_credentials(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(text: &str) -> Result<BaseUrl, ConfigError> {
        BaseUrl::parse(text, PlainHttp::Refused)
    }

    const RULES: RedirectRules = RedirectRules {
        plain_http: PlainHttp::Refused,
        unrestricted: false,
    };

    fn redirected(
        from: &str,
        location: &[u8],
        rules: RedirectRules,
    ) -> Result<String, RedirectRefusal> {
        let from = Url::parse(from).unwrap();
        let base = BaseUrl::parse(from.as_str(), PlainHttp::ToLoopback).unwrap();
        redirect_target(&base, &from, location, rules).map(String::from)
    }

    fn redirect(from: &str, location: &str) -> Option<String> {
        redirected(from, location.as_bytes(), RULES).ok()
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

    #[test]
    fn a_relative_location_is_resolved_against_the_url_that_was_asked() {
        let from = "https://keys.example/v1/svc/key";
        assert_eq!(
            redirect(from, "other").as_deref(),
            Some("https://keys.example/v1/svc/other")
        );
        assert_eq!(
            redirect(from, "/x?y#z").as_deref(),
            Some("https://keys.example/x?y")
        );
        assert_eq!(
            redirect(from, "//cdn.example/x").as_deref(),
            Some("https://cdn.example/x")
        );
        assert_eq!(
            redirect(from, "../../k").as_deref(),
            Some("https://keys.example/k")
        );
    }

    #[test]
    fn a_redirect_leads_from_https_to_https_only() {
        let from = "https://keys.example/v1/svc/key";
        for location in [
            "http://keys.example/",
            "http://127.0.0.1/",
            "file:///etc/passwd",
            "data:,x",
            "ftp://keys.example/",
            "https://user@keys.example/",
            "https://",
            "https://[",
            "javascript:0",
        ] {
            assert_eq!(redirect(from, location), None, "{location}");
        }
        let to_loopback = |from: &str, location: &str| {
            let rules = RedirectRules {
                plain_http: PlainHttp::ToLoopback,
                unrestricted: true,
            };
            redirected(from, location.as_bytes(), rules)
        };
        assert_eq!(
            to_loopback(from, "http://127.0.0.1/"),
            Err(RedirectRefusal::Scheme)
        );
        assert!(to_loopback("http://127.0.0.1/a", "/b").is_ok());
        assert!(to_loopback("http://127.0.0.1/a", "http://127.0.0.1:81/b").is_ok());
        assert!(to_loopback("http://127.0.0.1/a", "http://keys.example/").is_err());
    }

    #[test]
    fn a_location_that_is_read_differently_by_others_is_refused() {
        let from = "https://keys.example/v1/svc/key";
        for location in [
            "https:\\\\evil.example/k",
            "https://keys.example\\@evil.example/k",
            "\\\\evil.example/k",
            "ht\ttps://evil.example/k",
            "https://keys.example/k\r\nX-Inj: 1",
            "https://keys.example/a b",
            " https://keys.example/a",
            "https://keys.example/k\u{e9}y",
            "https://\u{43a}eys.example/k",
            "https://keys.ex%61mple/k",
            "https:///k",
            "///k",
            "//",
            "https:k",
            "https:/k",
            "HTTPS:k",
            "https://127.1/k",
            "https://134744072/k",
            "https://0x08080808/k",
            "https://010.8.8.8/k",
            "https://[::1/k",
            "https://keys.example:99999/k",
            "/<k>",
        ] {
            let refused = redirected(from, location.as_bytes(), RULES);
            assert_eq!(refused, Err(RedirectRefusal::Location), "{location}");
            let unrestricted = RedirectRules {
                unrestricted: true,
                ..RULES
            };
            let refused = redirected(from, location.as_bytes(), unrestricted);
            assert_eq!(refused, Err(RedirectRefusal::Location), "{location}");
        }
        let longest = format!("/{}", "a".repeat(limits::MAX_LOCATION - 1));
        assert!(redirect(from, &longest).is_some());
        assert!(redirect(from, &format!("{longest}a")).is_none());
        assert!(redirected(from, b"/\xff", RULES).is_err());
    }

    #[test]
    fn a_redirect_leaves_the_repository_for_public_addresses_and_port_443_unless_told_otherwise() {
        use RedirectRefusal::{Port, PrivateAddress};
        let from = "https://keys.example/v1/svc/key";
        let unrestricted = RedirectRules {
            unrestricted: true,
            ..RULES
        };
        for (location, refusal) in [
            ("https://127.0.0.1/k", PrivateAddress),
            ("//10.0.0.1/k", PrivateAddress),
            ("https://169.254.169.254/latest", PrivateAddress),
            ("https://[::1]/k", PrivateAddress),
            ("https://[::ffff:127.0.0.1]/k", PrivateAddress),
            ("https://[64:ff9b::7f00:1]/k", PrivateAddress),
            ("https://[fd00:ec2::254]:8443/", PrivateAddress),
            ("https://localhost/k", PrivateAddress),
            ("https://LOCALHOST./k", PrivateAddress),
            ("https://a.localhost/k", PrivateAddress),
            ("https://keys.example:22/k", Port),
            ("https://cdn.example:8443/k", Port),
            ("https://8.8.8.8:8443/k", Port),
        ] {
            let refused = redirected(from, location.as_bytes(), RULES);
            assert_eq!(refused, Err(refusal), "{location}");
            assert!(
                redirected(from, location.as_bytes(), unrestricted).is_ok(),
                "{location}"
            );
        }
        for location in [
            "https://8.8.8.8/k",
            "https://[2606:4700::1111]/k",
            "https://CDN.example:443/k",
            "https://cdn.example:/k",
            "https://cdn.example./k",
        ] {
            assert!(redirect(from, location).is_some(), "{location}");
        }
        // From one private server to another.
        for location in ["https://127.0.0.1:9443/k", "https://10.0.0.1/k"] {
            assert!(redirect("https://localhost:8443/svc/key", location).is_some());
        }
        // Where the configuration itself leads is not the redirect's word.
        for own in ["https://127.0.0.1:8443/keys/k", "https://localhost/k"] {
            assert!(redirect(own, "/elsewhere").is_some(), "{own}");
        }
    }

    #[test]
    fn credentials_are_refused_and_told_apart() {
        let from = "https://keys.example/v1/svc/key";
        for location in [
            "https://user:pw@keys.example/k",
            "https://keys.example@evil.example/k",
            "//user@keys.example/k",
        ] {
            let refused = redirected(from, location.as_bytes(), RULES);
            assert_eq!(refused, Err(RedirectRefusal::Credentials), "{location}");
        }
    }
}
