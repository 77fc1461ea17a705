//! `Set-Cookie`: cookies that no script reads and that never go without TLS.

use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue};

const HTTP_ONLY: &[u8] = b"HttpOnly";
const SECURE: &[u8] = b"Secure";

/// "an application must set HttpOnly and Secure attributes when sending Set-Cookie headers" (2023, Connect apps, 7.4).
/// Which cookies are "session-related" no layer can know, so all get both but those that are named.
#[derive(Debug, Clone, Default)]
pub(super) struct Cookies {
    for_scripts: Vec<Box<[u8]>>,
}

impl Cookies {
    pub(super) fn allow_scripts(&mut self, name: &str) {
        self.for_scripts.push(name.as_bytes().into());
    }

    /// Gives each cookie what it lacks.
    pub(super) fn apply(&self, headers: &mut HeaderMap) {
        for (name, cookie) in headers.iter_mut() {
            if name != SET_COOKIE {
                continue;
            }
            if let Some(mut completed) = self.completed(cookie.as_bytes()) {
                completed.set_sensitive(cookie.is_sensitive());
                *cookie = completed;
            }
        }
    }

    /// The cookie with what it lacks, or nothing if it lacks nothing.
    fn completed(&self, cookie: &[u8]) -> Option<HeaderValue> {
        let mut parts = cookie.split(|&byte| byte == b';');
        let name = name_of(parts.next().unwrap_or_default());
        let (mut is_http_only, mut is_secure) =
            (self.for_scripts.iter().any(|own| **own == *name), false);
        for attribute in parts {
            is_http_only |= is_called(attribute, HTTP_ONLY);
            is_secure |= is_called(attribute, SECURE);
        }
        let lacking = [(is_http_only, HTTP_ONLY), (is_secure, SECURE)];
        if lacking.iter().all(|(is_there, _)| *is_there) {
            return None;
        }
        let mut completed = cookie.to_vec();
        for (is_there, attribute) in lacking {
            if !is_there {
                completed.extend_from_slice(b"; ");
                completed.extend_from_slice(attribute);
            }
        }
        // It cannot fail: what was added to a value is text.
        HeaderValue::try_from(completed).ok()
    }
}

/// RFC 6265 section 5.2: what stands before the first `=`, without the whitespace around it.
fn name_of(pair: &[u8]) -> &[u8] {
    pair.split(|&byte| byte == b'=')
        .next()
        .unwrap_or_default()
        .trim_ascii()
}

/// RFC 6265 sections 5.2.5 and 5.2.6: the name counts, in any case, whatever its value is.
fn is_called(attribute: &[u8], name: &[u8]) -> bool {
    name_of(attribute).eq_ignore_ascii_case(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(cookies: &Cookies, before: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut headers = HeaderMap::new();
        for value in before {
            headers.append(SET_COOKIE, HeaderValue::from_bytes(value).unwrap());
        }
        cookies.apply(&mut headers);
        let after = headers.get_all(SET_COOKIE).iter();
        after.map(|value| value.as_bytes().to_vec()).collect()
    }

    #[track_caller]
    fn assert_completed(before: &str, after: &str) {
        let completed = applied(&Cookies::default(), &[before.as_bytes()]);
        assert_eq!(completed, [after.as_bytes()], "{before}");
    }

    #[test]
    fn a_cookie_gets_what_it_lacks() {
        for (before, after) in [
            ("a=b", "a=b; HttpOnly; Secure"),
            ("a=b; Secure", "a=b; Secure; HttpOnly"),
            ("a=b; HttpOnly", "a=b; HttpOnly; Secure"),
            (
                "a=b; Path=/; SameSite=None",
                "a=b; Path=/; SameSite=None; HttpOnly; Secure",
            ),
            ("a=b;", "a=b;; HttpOnly; Secure"),
            ("", "; HttpOnly; Secure"),
        ] {
            assert_completed(before, after);
        }
    }

    #[test]
    fn a_cookie_that_lacks_nothing_stays_byte_for_byte() {
        for cookie in [
            "a=b; HttpOnly; Secure",
            "a=b;secure;httponly",
            "a=b; SECURE=no ; HTTPONLY = 1; Path=/",
        ] {
            assert_completed(cookie, cookie);
        }
    }

    #[test]
    fn only_attributes_count() {
        for cookie in [
            "Secure=1",
            "HttpOnly",
            "a=HttpOnly Secure",
            "a=b; Path=/Secure; Domain=HttpOnly",
            "a=b; HttpOnlyX; XSecure; Http-Only",
            "a=\"; x\", Secure, HttpOnly",
        ] {
            assert_completed(cookie, &format!("{cookie}; HttpOnly; Secure"));
        }
    }

    #[test]
    fn each_of_several_cookies_is_completed_and_their_order_stays() {
        let after = applied(
            &Cookies::default(),
            &[b"a=1", b"b=2; HttpOnly; Secure", b"c=3; Secure"],
        );
        let expected: [&[u8]; 3] = [
            b"a=1; HttpOnly; Secure",
            b"b=2; HttpOnly; Secure",
            b"c=3; Secure; HttpOnly",
        ];
        assert_eq!(after, expected);
    }

    #[test]
    fn bytes_that_are_no_text_stay_as_they_are() {
        let after = applied(&Cookies::default(), &[b"a=\xff\x80"]);
        assert_eq!(after, [b"a=\xff\x80; HttpOnly; Secure"]);
    }

    #[test]
    fn what_debug_must_not_show_it_still_does_not() {
        let mut headers = HeaderMap::new();
        let mut value = HeaderValue::from_static("session=secret");
        value.set_sensitive(true);
        headers.insert(SET_COOKIE, value);
        Cookies::default().apply(&mut headers);
        assert!(!format!("{headers:?}").contains("secret"));
    }

    #[test]
    fn a_cookie_for_scripts_is_named_exactly() {
        let mut cookies = Cookies::default();
        cookies.allow_scripts("csrf");
        let after = applied(&cookies, &[b"csrf=1", b" csrf =2", b"CSRF=3", b"csrf2=4"]);
        let expected: [&[u8]; 4] = [
            b"csrf=1; Secure",
            b" csrf =2; Secure",
            b"CSRF=3; HttpOnly; Secure",
            b"csrf2=4; HttpOnly; Secure",
        ];
        assert_eq!(after, expected);
    }
}
