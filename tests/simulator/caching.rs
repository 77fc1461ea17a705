//! What responses say about their caching, and how long RFC 9111 and RFC 5861 let a private cache use them.
//!
//! This is the oracle's own reading, made from the drawn values and never from header text.

use std::time::{Duration, UNIX_EPOCH};

use asap_tests::walk::Walk;
use http::{HeaderMap, HeaderValue, header};

/// `Cache-Control`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Directives {
    no_store: bool,
    no_cache: bool,
    must_revalidate: bool,
    immutable: bool,
    max_age: Option<u64>,
    stale_while_revalidate: Option<u64>,
    stale_if_error: Option<u64>,
}

/// How a server has its answers cached.
#[derive(Debug, Clone, Default)]
pub(crate) struct Caching {
    directives: Option<Directives>,
    /// Seconds from `Date` to `Expires`; `None` inside for a date that is none.
    expires: Option<Option<i64>>,
    has_date: bool,
    age: Option<u64>,
    varies_on_everything: bool,
}

/// The same in one response.
#[derive(Debug, Clone)]
pub(crate) struct Dated {
    directives: Option<Directives>,
    expires: Option<Option<i64>>,
    date: Option<i64>,
    age: Option<u64>,
    varies_on_everything: bool,
}

/// For how long a response may be used, from its request on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowance {
    pub(crate) fresh: Duration,
    pub(crate) while_revalidating: Duration,
    pub(crate) on_error: Duration,
    /// By how much a correct reading may be shorter: dates have whole seconds.
    pub(crate) slack: Duration,
}

const LIFETIMES: [u64; 8] = [0, 1, 2, 5, 10, 30, 60, 300];
const EXTENSIONS: [u64; 5] = [0, 1, 5, 30, 120];

impl Caching {
    /// Most servers say `max-age`; the rest is what else there is.
    pub(crate) fn draw(walk: &mut Walk) -> Self {
        let lifetime = |walk: &mut Walk| LIFETIMES[walk.below(LIFETIMES.len())];
        let extension = |walk: &mut Walk| {
            (walk.below(3) == 0).then(|| EXTENSIONS[walk.below(EXTENSIONS.len())])
        };
        let mut caching = Self {
            has_date: walk.below(4) != 0,
            age: (walk.below(6) == 0).then(|| [0, 1, 7, 31, 600][walk.below(5)]),
            varies_on_everything: walk.below(40) == 0,
            ..Self::default()
        };
        if walk.below(10) != 0 {
            caching.directives = Some(Directives {
                no_store: walk.below(20) == 0,
                no_cache: walk.below(20) == 0,
                must_revalidate: walk.below(20) == 0,
                immutable: walk.below(10) == 0,
                max_age: (walk.below(10) != 0).then(|| lifetime(walk)),
                stale_while_revalidate: extension(walk),
                stale_if_error: extension(walk),
            });
        }
        if walk.below(6) == 0 {
            let seconds = i64::try_from(lifetime(walk)).unwrap();
            caching.expires = Some((walk.below(8) != 0).then_some(seconds));
        }
        caching
    }

    /// In a response made at this time of day, in seconds.
    pub(crate) fn dated(&self, now: i64) -> Dated {
        Dated {
            directives: self.directives.clone(),
            expires: self.expires.map(|from_now| Some(now + from_now?)),
            date: self.has_date.then_some(now),
            age: self.age,
            varies_on_everything: self.varies_on_everything,
        }
    }
}

impl Dated {
    /// As header fields.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        if let Some(directives) = &self.directives {
            headers.insert(header::CACHE_CONTROL, directives.text().try_into().unwrap());
        }
        if let Some(expires) = self.expires {
            let value = expires.map_or(HeaderValue::from_static("0"), http_date);
            headers.insert(header::EXPIRES, value);
        }
        if let Some(date) = self.date {
            headers.insert(header::DATE, http_date(date));
        }
        if let Some(age) = self.age {
            headers.insert(header::AGE, age.into());
        }
        if self.varies_on_everything {
            headers.insert(header::VARY, HeaderValue::from_static("*"));
        }
    }

    /// What is stored once a 304 has said `newer` (RFC 9111 section 3.2). `Date` and `Age` are of one message.
    pub(crate) fn freshened(&self, newer: &Self) -> Self {
        Self {
            directives: newer.directives.clone().or_else(|| self.directives.clone()),
            expires: newer.expires.or(self.expires),
            date: newer.date,
            age: newer.age,
            varies_on_everything: newer.varies_on_everything || self.varies_on_everything,
        }
    }

    /// For how long it may be used, if it was received at this time of day.
    pub(crate) fn allowance(&self, received: Duration) -> Allowance {
        let directives = self.directives.clone().unwrap_or_default();
        if directives.no_store || self.varies_on_everything {
            return Allowance::NONE;
        }
        let date = self
            .date
            .map(|date| Duration::from_secs(date.unsigned_abs()));
        let dated = directives.max_age.is_none() || self.date.is_some();
        let fresh = match (directives.no_cache, directives.max_age, self.expires) {
            (true, ..) => Duration::ZERO,
            (false, Some(seconds), _) => Duration::from_secs(seconds),
            (false, None, Some(Some(expires))) => {
                let expires = Duration::from_secs(expires.unsigned_abs());
                expires.saturating_sub(date.unwrap_or(received))
            }
            (false, None, _) => Duration::ZERO,
        };
        let apparent = date.map_or(0, |date| received.saturating_sub(date).as_secs());
        let age = Duration::from_secs(apparent.max(self.age.unwrap_or(0)));
        let is_strict = directives.must_revalidate || directives.no_cache;
        let until = |extension: Option<u64>| {
            let extension = if is_strict { 0 } else { extension.unwrap_or(0) };
            (fresh + Duration::from_secs(extension)).saturating_sub(age)
        };
        Allowance {
            fresh: until(None),
            while_revalidating: until(directives.stale_while_revalidate),
            on_error: until(directives.stale_if_error),
            slack: match (directives.max_age, self.expires) {
                // Not every status may be stored then.
                (None, None) => Duration::MAX,
                _ => Duration::from_secs(u64::from(dated)),
            },
        }
    }
}

impl Directives {
    fn text(&self) -> String {
        let flags = [
            (self.no_store, "no-store"),
            (self.no_cache, "no-cache"),
            (self.must_revalidate, "must-revalidate"),
            (self.immutable, "immutable"),
        ];
        let seconds = [
            (self.max_age, "max-age"),
            (self.stale_while_revalidate, "stale-while-revalidate"),
            (self.stale_if_error, "stale-if-error"),
        ];
        let flags = flags
            .iter()
            .filter(|flag| flag.0)
            .map(|flag| flag.1.to_owned());
        let seconds = seconds
            .iter()
            .filter_map(|(seconds, name)| Some(format!("{name}={}", (*seconds)?)));
        flags.chain(seconds).collect::<Vec<_>>().join(", ")
    }
}

impl Allowance {
    /// Of a response that is not kept.
    pub(crate) const NONE: Self = Self {
        fresh: Duration::ZERO,
        while_revalidating: Duration::ZERO,
        on_error: Duration::ZERO,
        slack: Duration::ZERO,
    };

    /// For how long it may be used, if nothing goes wrong.
    pub(crate) fn usable(&self) -> Duration {
        self.fresh.max(self.while_revalidating)
    }
}

fn http_date(seconds: i64) -> HeaderValue {
    let time = UNIX_EPOCH + Duration::from_secs(seconds.unsigned_abs());
    HeaderValue::try_from(httpdate::fmt_http_date(time)).unwrap()
}
