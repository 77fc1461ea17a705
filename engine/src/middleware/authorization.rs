//! Where a request's token is. What the token is worth is the verifier's to say.

use http::HeaderMap;
use http::header::AUTHORIZATION;

const BEARER: &[u8] = b"Bearer";

/// The token of a request with these headers: what follows `Bearer` and the spaces after it, in the one
/// `Authorization` header. RFC 9110 section 11.4: `credentials = auth-scheme [ 1*SP ( token68 / ... ) ]`, where
/// the scheme "is case-insensitive" (section 11.1).
pub(super) fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let (scheme, rest) = only_value(headers)?.split_at_checked(BEARER.len())?;
    if !scheme.eq_ignore_ascii_case(BEARER) {
        return None;
    }
    match rest.iter().position(|&byte| byte != b' ') {
        None | Some(0) => None,
        Some(spaces) => rest.get(spaces..),
    }
}

/// As [`bearer`], or the token alone, which is the whole value: a token has no space in it, and a scheme without a token
/// is none.
pub(super) fn bearer_or_bare(headers: &HeaderMap) -> Option<&[u8]> {
    let value = only_value(headers)?;
    let is_bare =
        !value.is_empty() && !value.contains(&b' ') && !value.eq_ignore_ascii_case(BEARER);
    if is_bare {
        Some(value)
    } else {
        bearer(headers)
    }
}

/// Two such headers leave it to each reader which one counts, so neither does.
fn only_value(headers: &HeaderMap) -> Option<&[u8]> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => Some(value.as_bytes()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn found(values: &[&str], find: impl Fn(&HeaderMap) -> Option<&[u8]>) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        find(&headers).map(|token| String::from_utf8(token.to_vec()).unwrap())
    }

    fn token_of(values: &[&str]) -> Option<String> {
        found(values, bearer)
    }

    #[test]
    fn the_token_follows_the_scheme_in_any_case() {
        for scheme in ["Bearer", "bearer", "BEARER", "bEaReR"] {
            let value = format!("{scheme} a.b.c");
            assert_eq!(token_of(&[&value]).as_deref(), Some("a.b.c"), "{scheme}");
        }
    }

    #[test]
    fn one_or_more_spaces_stand_before_the_token_and_nothing_else_does() {
        assert_eq!(token_of(&["Bearer    a.b.c"]).as_deref(), Some("a.b.c"));
        for value in ["Bearera.b.c", "Bearer\ta.b.c", "Bearer:a.b.c", "Bearer=a"] {
            assert_eq!(token_of(&[value]), None, "{value}");
        }
    }

    #[test]
    fn all_that_follows_the_spaces_is_the_token() {
        for token in [
            "\ta.b.c",
            "a.b.c ",
            "a.b.c, Bearer d.e.f",
            "\"a.b.c\"",
            "a b",
        ] {
            let value = format!("Bearer {token}");
            assert_eq!(token_of(&[&value]).as_deref(), Some(token));
        }
    }

    #[test]
    fn a_scheme_without_a_token_has_none() {
        for value in ["Bearer", "Bearer ", "Bearer   ", "", " ", "Beare"] {
            assert_eq!(token_of(&[value]), None, "{value:?}");
        }
    }

    #[test]
    fn another_scheme_has_none() {
        for value in [
            "Basic YTpi",
            "Bearerx a.b.c",
            "JWT a.b.c",
            "a.b.c",
            " Bearer a.b.c",
        ] {
            assert_eq!(token_of(&[value]), None, "{value}");
        }
    }

    #[test]
    fn of_two_headers_neither_counts() {
        assert_eq!(token_of(&["Bearer a.b.c", "Bearer a.b.c"]), None);
        assert_eq!(token_of(&["Basic YTpi", "Bearer a.b.c"]), None);
        assert_eq!(token_of(&["Bearer a.b.c", ""]), None);
    }

    #[test]
    fn bytes_that_are_no_text_are_left_to_the_engine() {
        let mut headers = HeaderMap::new();
        let value = HeaderValue::from_bytes(b"Bearer \xff\x80").unwrap();
        headers.insert(AUTHORIZATION, value);
        assert_eq!(bearer(&headers), Some(&b"\xff\x80"[..]));
    }

    #[test]
    fn no_other_header_is_read() {
        let mut headers = HeaderMap::new();
        headers.insert("proxy-authorization", HeaderValue::from_static("Bearer a"));
        headers.insert("cookie", HeaderValue::from_static("access_token=a"));
        assert_eq!(bearer(&headers), None);
    }

    #[test]
    fn a_token_alone_is_found_where_it_may_stand_alone() {
        let token_of = |values: &[&str]| found(values, bearer_or_bare);
        for value in ["a.b.c", "Bearer a.b.c", "bearer  a.b.c"] {
            assert_eq!(token_of(&[value]).as_deref(), Some("a.b.c"), "{value}");
        }
        for value in [
            "",
            "Bearer",
            "BEARER ",
            "Basic YTpi",
            "JWT a.b.c",
            " a.b.c",
            "a.b.c ",
        ] {
            assert_eq!(token_of(&[value]), None, "{value:?}");
        }
        assert_eq!(token_of(&["a.b.c", "a.b.c"]), None);
    }
}
