//! Redirects: whether they may be followed.
//!
//! Pure. A `Location` is read as RFC 3986 has it; where browsers read something else into it, it is refused. What a name
//! resolves to is judged by the resolver, on the addresses that are connected to.

use std::fmt;

use url::{Host, Url};

use super::url::{BaseUrl, PlainHttp, has_credentials, is_private, may_speak};
use crate::limits;

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

#[cfg(test)]
mod tests {
    use super::*;

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
