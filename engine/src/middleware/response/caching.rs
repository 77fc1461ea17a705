//! `Cache-Control`: no store keeps a page with sensitive data.

use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderValue};

use super::list::members;

/// "using no-cache and no-store instead of private in the cache control header" (2023, Connect apps, 7.3).
pub(super) fn apply(headers: &mut HeaderMap) {
    if !is_met(headers) {
        headers.insert(
            CACHE_CONTROL,
            HeaderValue::from_static("no-cache, no-store"),
        );
    }
}

/// `no-cache` with an argument concerns the fields that it names and no others (RFC 9111 section 5.2.2.4), so it is not
/// what is asked for.
fn is_met(headers: &HeaderMap) -> bool {
    let has = |wanted: &[u8]| {
        members(headers, CACHE_CONTROL).any(|directive| directive.eq_ignore_ascii_case(wanted))
    };
    has(b"no-cache") && has(b"no-store")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(before: &[&'static str]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for value in before {
            headers.append(CACHE_CONTROL, HeaderValue::from_static(value));
        }
        apply(&mut headers);
        let after = headers.get_all(CACHE_CONTROL).iter();
        after
            .map(|value| value.to_str().unwrap().to_owned())
            .collect()
    }

    const DEFAULT: &str = "no-cache, no-store";

    #[test]
    fn both_directives_are_set_where_there_is_none() {
        assert_eq!(applied(&[]), [DEFAULT]);
    }

    #[test]
    fn what_has_both_is_kept_in_any_form() {
        for values in [
            &["no-store, no-cache, must-revalidate"][..],
            &["No-Cache,NO-STORE"],
            &["no-cache", "no-store"],
        ] {
            assert_eq!(applied(values), values);
        }
    }

    #[test]
    fn whatever_else_the_inner_service_says_is_replaced() {
        for values in [
            &["private"][..],
            &["public, max-age=31536000, immutable"],
            &["no-cache"],
            &["no-store"],
            &["no-cache=\"set-cookie\", no-store"],
            &["x-no-cache, no-store"],
            &["x=\"y, no-cache, no-store, z\""],
            &["no-cache; no-store"],
            &["private", "no-cache"],
        ] {
            assert_eq!(applied(values), [DEFAULT], "{values:?}");
        }
    }
}
