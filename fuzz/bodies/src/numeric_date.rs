//! Times, against exact decimals of any size: both roundings, and whether one lies within a span of another.

use std::cmp::Ordering;
use std::sync::LazyLock;
use std::time::Duration;

use asap_engine::internals::Date;
use regex::Regex;

use crate::input::Input;
use crate::oracle::decimal::Decimal;

/// RFC 8259 section 6.
static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\A-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?\z")
        .expect("a regular expression")
});

/// The spans that matter are those around the hour and around nothing.
const SPANS: [Duration; 6] = [
    Duration::from_secs(3600),
    Duration::ZERO,
    Duration::from_nanos(1),
    Duration::from_nanos(3_600_000_000_001),
    Duration::from_secs(60),
    Duration::MAX,
];

/// A byte chooses a span; the rest is two numbers with a comma between them.
pub fn numeric_date(data: &[u8]) {
    let mut input = Input::new(data);
    let span = input.choose(&SPANS);
    let Ok(text) = std::str::from_utf8(input.rest()) else {
        return;
    };
    let (one, other) = text.split_once(',').unwrap_or((text, "0"));
    if !NUMBER.is_match(one) || !NUMBER.is_match(other) {
        return;
    }
    let arrays = [one, other].map(|literal| format!("[{literal}]"));
    let dates = arrays
        .each_ref()
        .map(|array| Date::parse(array).expect("a number"));
    let exact = [one, other].map(Decimal::parse);
    for (date, exact) in dates.iter().zip(&exact) {
        assert_eq!(date.floor().as_nanos(), exact.floor_nanos().0, "{text}");
        assert_eq!(date.ceiling().as_nanos(), exact.ceiling_nanos(), "{text}");
    }
    for (later, earlier) in [(0, 1), (1, 0), (0, 0)] {
        let is_within = dates[later].is_within(span, &dates[earlier]);
        let order = exact[later].cmp_sum(&[&exact[earlier], &Decimal::duration(span)]);
        assert_eq!(is_within, order != Ordering::Greater, "{span:?}: {text}");
    }
}
