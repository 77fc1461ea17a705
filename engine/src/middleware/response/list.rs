//! Lists in fields (RFC 9110 sections 5.3, 5.6.1, 5.6.4).

use http::{HeaderMap, HeaderName};

/// The members of all fields of this name, without the whitespace around them. Empty ones are left out, as the RFC asks
/// of recipients.
pub(super) fn members(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &[u8]> {
    headers
        .get_all(name)
        .into_iter()
        .flat_map(|value| parts(value.as_bytes(), b','))
        .filter(|member| !member.is_empty())
}

/// What stands between the delimiters that are not in a quoted string, without the whitespace around it.
pub(super) fn parts(value: &[u8], delimiter: u8) -> impl Iterator<Item = &[u8]> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let is_delimiter = move |&byte: &u8| {
        if is_escaped {
            is_escaped = false;
            return false;
        }
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\\' => is_escaped = is_quoted,
            _ => {}
        }
        byte == delimiter && !is_quoted
    };
    value.split(is_delimiter).map(<[u8]>::trim_ascii)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(value: &str) -> Vec<&str> {
        let parts = parts(value.as_bytes(), b',');
        parts
            .map(|part| std::str::from_utf8(part).unwrap())
            .collect()
    }

    #[test]
    fn a_delimiter_in_a_quoted_string_parts_nothing() {
        assert_eq!(texts("a, b=\"c, d\" ,e"), ["a", "b=\"c, d\"", "e"]);
        assert_eq!(texts("b=\"\\\", c\", d"), ["b=\"\\\", c\"", "d"]);
        assert_eq!(texts("a\\, b"), ["a\\", "b"]);
        assert_eq!(texts("\"a, b"), ["\"a, b"]);
    }
}
