//! `If-None-Match` (RFC 9110 section 13.1.2): whether the client has the key already.

use http::HeaderMap;
use http::header::IF_NONE_MATCH;

/// Whether one of the entity tags that the client has is `etag`, which has its quotes. Compared weakly, as section
/// 13.1.2 says: `W/` makes no difference. What is no list of entity tags matches nothing.
pub(super) fn has_it(headers: &HeaderMap, etag: &str) -> bool {
    headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|list| list.trim_matches([' ', '\t']) == "*" || lists(list, etag))
}

fn lists(mut list: &str, etag: &str) -> bool {
    loop {
        list = list.trim_start_matches([' ', '\t', ',']);
        list = list.strip_prefix("W/").unwrap_or(list);
        let Some((opaque, rest)) = list
            .strip_prefix('"')
            .and_then(|after| after.split_once('"'))
        else {
            return false;
        };
        if etag
            .strip_prefix('"')
            .and_then(|etag| etag.strip_suffix('"'))
            == Some(opaque)
        {
            return true;
        }
        list = rest;
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn matches(values: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(IF_NONE_MATCH, HeaderValue::from_str(value).unwrap());
        }
        has_it(&headers, "\"abc\"")
    }

    #[test]
    fn the_tag_is_found_wherever_it_stands() {
        for value in [
            "\"abc\"",
            " \"abc\"\t",
            "W/\"abc\"",
            "*",
            " * ",
            "\"x\", \"abc\"",
            "\"x\",W/\"abc\",\"y\"",
            ", ,\"\" , \"abc\"",
            "\"a,b\",\"abc\"",
        ] {
            assert!(matches(&[value]), "{value}");
        }
        assert!(matches(&["\"x\"", "\"abc\""]));
    }

    #[test]
    fn what_is_not_the_tag_is_not_found() {
        for value in [
            "",
            "abc",
            "\"abc",
            "\"ABC\"",
            "\"abcd\"",
            "\"x,abc\"",
            "w/\"abc\"",
            "\"**\"",
            "**",
            "x, \"abc\"",
        ] {
            assert!(!matches(&[value]), "{value}");
        }
        assert!(!matches(&[]));
    }
}
