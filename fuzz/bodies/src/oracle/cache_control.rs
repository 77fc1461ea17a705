//! `Cache-Control` (RFC 9111 section 5.2) and dates (RFC 9110 section 5.6.7) by the simplest reading that is not wrong.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, header};
use regex::Regex;

/// RFC 9111 section 1.2.2.
const LONGEST: u64 = 1 << 31;

/// What the lines may mean at most; and, if they are simple, what they mean.
#[derive(Debug, Default)]
pub(crate) struct Naive {
    /// No line has a quotation mark, so every comma separates.
    pub(crate) is_simple: bool,
    pub(crate) is_never_stored: bool,
    pub(crate) no_cache: bool,
    pub(crate) must_revalidate: bool,
    pub(crate) max_age: Option<u64>,
    pub(crate) while_revalidating: u64,
    pub(crate) on_error: u64,
    /// The longest of all numbers that stand after the name, wherever it stands.
    pub(crate) longest_max_age: Option<u64>,
    pub(crate) longest_while_revalidating: u64,
    pub(crate) longest_on_error: u64,
}

impl Naive {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let lines: Vec<String> = headers
            .get_all(header::CACHE_CONTROL)
            .iter()
            .map(|line| String::from_utf8_lossy(line.as_bytes()).to_ascii_lowercase())
            .collect();
        let text = lines.join(",");
        let directives: Vec<(&str, Option<&str>)> = text
            .split(',')
            .map(|directive| match directive.split_once('=') {
                Some((name, _)) if name.ends_with([' ', '\t']) => (name.trim(), None),
                Some((name, value)) => (name.trim(), Some(value.trim_end())),
                None => (directive.trim(), None),
            })
            .collect();
        let is_simple = !text.contains('"');
        let has = |name| is_simple && directives.iter().any(|(one, _)| *one == name);
        let smallest = |name| {
            let values = directives.iter().filter(|(one, _)| *one == name);
            values
                .map(|(_, value)| seconds(value.unwrap_or_default()))
                .min()
        };
        Self {
            is_simple,
            is_never_stored: has("no-store"),
            no_cache: has("no-cache"),
            must_revalidate: has("must-revalidate"),
            max_age: smallest("max-age"),
            while_revalidating: smallest("stale-while-revalidate").unwrap_or(0),
            on_error: smallest("stale-if-error").unwrap_or(0),
            longest_max_age: longest(&text, "max-age"),
            longest_while_revalidating: longest(&text, "stale-while-revalidate").unwrap_or(0),
            longest_on_error: longest(&text, "stale-if-error").unwrap_or(0),
        }
    }
}

fn seconds(digits: &str) -> u64 {
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    match digits.parse::<u64>() {
        _ if !is_number => 0,
        Ok(seconds) => seconds.min(LONGEST),
        Err(_) => LONGEST,
    }
}

fn longest(text: &str, name: &str) -> Option<u64> {
    let values = text.match_indices(name).map(|(at, _)| {
        let after = text[at + name.len()..].trim_start();
        let value = after
            .strip_prefix('=')
            .unwrap_or_default()
            .trim_start_matches('"');
        let end = value
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(value.len());
        seconds(&value[..end])
    });
    values.max()
}

static IMF_DATE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\A[A-Z][a-z]{2}, ([0-9]{2}) ([A-Z][a-z]{2}) ([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) GMT\z")
        .expect("a regular expression")
});

/// A date in the form that a server must use.
pub(crate) fn imf_date(text: &str) -> Option<SystemTime> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let found = IMF_DATE.captures(text)?;
    let number = |group: usize| found[group].parse::<u64>().ok();
    let (day, year) = (number(1)?, number(3)?);
    let month = MONTHS.iter().position(|month| *month == &found[2])?;
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let mut days = day.checked_sub(1)?;
    for earlier in 1970..year.max(1970) {
        days += if is_leap(earlier) { 366 } else { 365 };
    }
    for earlier in 0..month {
        days += match earlier {
            1 if is_leap(year) => 29,
            1 => 28,
            3 | 5 | 8 | 10 => 30,
            _ => 31,
        };
    }
    let seconds = days * 86_400 + number(4)? * 3600 + number(5)? * 60 + number(6)?;
    Some(UNIX_EPOCH + Duration::from_secs(if year < 1970 { 0 } else { seconds }))
}
