//! `Content-Security-Policy`: which scripts a page may run, and who may frame it.

use http::header::CONTENT_SECURITY_POLICY;
use http::{HeaderMap, HeaderValue};

use crate::error::ConfigError;

/// Where a script is from, and whether it may stand in the page: Content Security Policy Level 3, sections 6.1.11 to
/// 6.1.13, and `default-src`, which is asked where `script-src` is not said (section 6.8.1).
const DIRECTIVES_OF_SCRIPTS: [&str; 4] = [
    "default-src",
    "script-src",
    "script-src-elem",
    "script-src-attr",
];

/// "This will make the policy ineffective against XSS vulnerabilities."
const WEAK_SOURCES: [&[u8]; 2] = [b"'unsafe-inline'", b"'unsafe-eval'"];

/// A policy for pages of an app, in which no script is `'unsafe-inline'` or `'unsafe-eval'`: "Do not use unsafe-inline or
/// unsafe-eval directives in script-src" (Marketplace security requirements of 2023, Connect apps, 7.1).
///
/// It begins as `default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`. A
/// page that the product shows in a frame says which products may, and loads the product's script from where it is:
///
/// ```
/// # use asap_engine::{ConfigError, ContentSecurityPolicy};
/// let policy = ContentSecurityPolicy::new()
///     .with_directive("frame-ancestors", "https://*.atlassian.net https://*.jira.com")?
///     .with_directive("script-src", "'self' https://connect-cdn.atl-paas.net")?;
/// # Ok::<(), ConfigError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentSecurityPolicy {
    directives: Vec<(Box<str>, Box<str>)>,
    value: HeaderValue,
}

impl ContentSecurityPolicy {
    /// The policy that a page without frames and foreign scripts needs.
    #[must_use]
    pub fn new() -> Self {
        let directives = [
            ("default-src", "'self'"),
            ("object-src", "'none'"),
            ("base-uri", "'none'"),
            ("form-action", "'self'"),
            ("frame-ancestors", "'none'"),
        ];
        let text = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; \
                    frame-ancestors 'none'";
        Self {
            directives: directives
                .map(|(name, value)| (name.into(), value.into()))
                .into(),
            value: HeaderValue::from_static(text),
        }
    }

    /// Says `name value`, in the place of what the policy says of `name` so far. Some directives have no value: leave it
    /// empty.
    ///
    /// # Errors
    ///
    /// If the policy would let scripts be `'unsafe-inline'` or `'unsafe-eval'`, or if this is not one directive.
    pub fn with_directive(mut self, name: &str, value: &str) -> Result<Self, ConfigError> {
        let is_name = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
        let is_value = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b';' && byte != b',';
        if name.is_empty() || !name.bytes().all(is_name) || !value.bytes().all(is_value) {
            return Err(ConfigError::new(format!(
                "{name:?} {value:?} is not one directive of a Content-Security-Policy"
            )));
        }
        if DIRECTIVES_OF_SCRIPTS.contains(&name) && is_weak(value.as_bytes()) {
            return Err(ConfigError::new(format!(
                "the directive {name} of the Content-Security-Policy allows unsafe-inline or unsafe-eval: the requirements forbid both for scripts; for styles say style-src"
            )));
        }
        self.directives.retain(|(said, _)| **said != *name);
        self.directives.push((name.into(), value.trim().into()));
        self.value = HeaderValue::try_from(self.text()).map_err(|_| {
            ConfigError::new("the Content-Security-Policy is too long for a header field")
        })?;
        Ok(self)
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for (name, value) in &self.directives {
            for part in [if text.is_empty() { "" } else { "; " }, name] {
                text.push_str(part);
            }
            if !value.is_empty() {
                text.push(' ');
                text.push_str(value);
            }
        }
        text
    }

    pub(super) fn apply(&self, headers: &mut HeaderMap) {
        if !is_met(headers) {
            headers.insert(CONTENT_SECURITY_POLICY, self.value.clone());
        }
    }
}

impl Default for ContentSecurityPolicy {
    fn default() -> Self {
        Self::new()
    }
}

/// Of several policies, in fields of their own or joined by commas, a browser enforces all: so one that is strict is
/// enough.
fn is_met(headers: &HeaderMap) -> bool {
    headers
        .get_all(CONTENT_SECURITY_POLICY)
        .into_iter()
        .flat_map(|value| value.as_bytes().split(|&byte| byte == b','))
        .any(is_strict)
}

/// Whether a policy says what scripts may run, and that none of them may be unsafe.
fn is_strict(policy: &[u8]) -> bool {
    let sources = |wanted: &str| {
        // Of a directive that occurs twice, the first counts (section 2.2.1).
        policy.split(|&byte| byte == b';').find_map(|directive| {
            let directive = directive.trim_ascii();
            let name_end = directive.iter().position(u8::is_ascii_whitespace);
            let (name, value) = directive.split_at_checked(name_end.unwrap_or(directive.len()))?;
            name.eq_ignore_ascii_case(wanted.as_bytes())
                .then_some(value)
        })
    };
    let [fallback, scripts, elements, attributes] = DIRECTIVES_OF_SCRIPTS.map(sources);
    let strict = |sources: &[u8]| !is_weak(sources);
    scripts.or(fallback).is_some_and(strict)
        && elements.is_none_or(strict)
        && attributes.is_none_or(strict)
}

fn is_weak(sources: &[u8]) -> bool {
    let is_weak = |source: &[u8]| {
        let is = |weak: &&[u8]| source.eq_ignore_ascii_case(weak);
        WEAK_SOURCES.iter().any(is)
    };
    sources.split(u8::is_ascii_whitespace).any(is_weak)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULT: &str = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

    fn applied(policy: &ContentSecurityPolicy, before: &[&'static str]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for value in before {
            headers.append(CONTENT_SECURITY_POLICY, HeaderValue::from_static(value));
        }
        policy.apply(&mut headers);
        let after = headers.get_all(CONTENT_SECURITY_POLICY).iter();
        after
            .map(|value| value.to_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn the_first_policy_is_the_text_of_its_directives() {
        let policy = ContentSecurityPolicy::new();
        assert_eq!(policy.text(), DEFAULT);
        assert_eq!(applied(&policy, &[]), [DEFAULT]);
    }

    #[test]
    fn a_directive_replaces_the_one_of_its_name() {
        let policy = ContentSecurityPolicy::new()
            .with_directive("frame-ancestors", "https://*.atlassian.net")
            .unwrap()
            .with_directive("upgrade-insecure-requests", "")
            .unwrap();
        let text = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors https://*.atlassian.net; upgrade-insecure-requests";
        assert_eq!(applied(&policy, &[]), [text]);
    }

    #[test]
    fn unsafe_scripts_cannot_be_configured() {
        for name in DIRECTIVES_OF_SCRIPTS {
            for value in [
                "'unsafe-inline'",
                "'self' 'Unsafe-Eval'",
                "'nonce-a'  'unsafe-inline'",
            ] {
                let error = ContentSecurityPolicy::new()
                    .with_directive(name, value)
                    .unwrap_err();
                assert!(error.to_string().contains(name), "{error}");
            }
        }
        for (name, value) in [
            ("style-src", "'self' 'unsafe-inline'"),
            ("script-src", "'self' 'nonce-abc' 'wasm-unsafe-eval'"),
        ] {
            assert!(
                ContentSecurityPolicy::new()
                    .with_directive(name, value)
                    .is_ok()
            );
        }
    }

    #[test]
    fn what_is_not_one_directive_is_refused() {
        for (name, value) in [
            ("", "'self'"),
            ("script-src 'unsafe-inline'", ""),
            ("Script-Src", "'self'"),
            ("img-src", "'self'; script-src 'unsafe-inline'"),
            ("img-src", "'self', script-src *"),
            ("img-src", "a\r\nset-cookie: b"),
            ("img-src", "a\tb"),
            ("img-src", "caf\u{e9}.example"),
        ] {
            let refused = ContentSecurityPolicy::new().with_directive(name, value);
            assert!(refused.is_err(), "{name:?} {value:?}");
        }
    }

    #[test]
    fn a_strict_policy_of_the_inner_service_is_kept() {
        for values in [
            &["script-src 'nonce-abc'; style-src 'unsafe-inline'"][..],
            &["default-src 'none'"],
            &["default-src 'unsafe-inline'; script-src 'self'"],
            &["SCRIPT-SRC\t'self'"],
            &["script-src"],
            &["script-src 'self'; script-src 'unsafe-inline'"],
            &["script-src 'unsafe-inline'", "script-src 'self'"],
            &["script-src 'unsafe-inline', script-src 'self'"],
        ] {
            assert_eq!(applied(&ContentSecurityPolicy::new(), values), values);
        }
    }

    #[test]
    fn a_policy_that_is_silent_on_scripts_or_lets_them_be_unsafe_is_replaced() {
        for values in [
            &[""][..],
            &["frame-ancestors https://*.atlassian.net"],
            &["script-src 'self' 'unsafe-inline'"],
            &["script-src 'self' 'UNSAFE-EVAL'"],
            &["default-src 'self' 'unsafe-eval'"],
            &["script-src 'self'; script-src-elem 'unsafe-inline'"],
            &["script-src 'self'; script-src-attr 'unsafe-inline'"],
            &["script-src-elem 'self'"],
            &["script-src 'unsafe-inline'; script-src 'self'"],
            &["script-src 'unsafe-inline'", "img-src 'self'"],
        ] {
            assert_eq!(
                applied(&ContentSecurityPolicy::new(), values),
                [DEFAULT],
                "{values:?}"
            );
        }
    }
}
