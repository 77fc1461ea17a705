//! `--lifetime`: seconds, minutes or an hour.

use std::time::Duration;

use asap_engine::limits::MAX_LIFETIME;

/// Reads `60s`, `5m`, `1h` or plain seconds; from one second to one hour ("There is a hard limit of one hour").
pub(super) fn parse(text: &str) -> Result<Duration, String> {
    let (digits, unit) = match text.as_bytes().last() {
        Some(b's') => (text.strip_suffix('s'), 1),
        Some(b'm') => (text.strip_suffix('m'), 60),
        Some(b'h') => (text.strip_suffix('h'), 3600),
        _ => (Some(text), 1),
    };
    digits
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|digits| digits.parse::<u64>().ok())
        .and_then(|count| count.checked_mul(unit))
        .map(Duration::from_secs)
        .filter(|lifetime| !lifetime.is_zero() && *lifetime <= MAX_LIFETIME)
        .ok_or_else(|| "it is from 1s to 1h, written as 60s, 5m, 1h or as plain seconds".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_minutes_and_an_hour_are_lifetimes() {
        for (text, seconds) in [
            ("1", 1),
            ("60", 60),
            ("60s", 60),
            ("1m", 60),
            ("5m", 300),
            ("60m", 3600),
            ("1h", 3600),
            ("3600s", 3600),
            ("007", 7),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn nothing_more_than_an_hour_and_nothing_of_no_length() {
        for text in [
            "",
            "s",
            "0",
            "0s",
            "-1",
            "+1",
            "1.5",
            "3601",
            "61m",
            "2h",
            "1d",
            "1 m",
            "1H",
            "60ss",
            "99999999999999999999h",
            "18446744073709551615h",
            "५",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
