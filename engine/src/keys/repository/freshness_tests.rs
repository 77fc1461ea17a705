//! What is fresh, for how long, and what a 304 changes.

use super::*;

const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

fn received() -> SystemTime {
    httpdate::parse_http_date(DATE).unwrap()
}

fn url() -> Url {
    Url::parse("https://keys.example/svc/key").unwrap()
}

fn request() -> Request<()> {
    let mut request = Request::new(());
    *request.uri_mut() = url().as_str().parse().unwrap();
    request
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    request
}

fn headers(lines: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(
            HeaderName::try_from(*name).unwrap(),
            HeaderValue::from_str(value).unwrap(),
        );
    }
    headers
}

fn stored(lines: &[(&str, &str)]) -> StoredResponse {
    StoredResponse::new(
        &url(),
        &request(),
        StatusCode::OK,
        &headers(lines),
        received(),
    )
}

fn fresh_seconds(lines: &[(&str, &str)]) -> u64 {
    stored(lines).lifetime().fresh.as_secs()
}

#[test]
fn a_response_is_fresh_for_as_long_as_it_says() {
    assert_eq!(fresh_seconds(&[("cache-control", "max-age=60")]), 60);
    assert_eq!(
        fresh_seconds(&[("cache-control", "Private, Max-Age=\"60\"")]),
        60
    );
    assert_eq!(
        fresh_seconds(&[("expires", "Sun, 06 Nov 1994 08:50:37 GMT"), ("date", DATE)]),
        60
    );
    assert_eq!(
        fresh_seconds(&[("expires", "Sunday, 06-Nov-94 08:50:37 GMT")]),
        60
    );
    assert_eq!(
        fresh_seconds(&[("expires", "Sun Nov  6 08:50:37 1994")]),
        60
    );
    assert_eq!(
        fresh_seconds(&[
            ("cache-control", "max-age=5"),
            ("expires", "Sun, 06 Nov 1999 08:50:37 GMT")
        ]),
        5
    );
}

#[test]
fn names_in_dates_are_read_in_any_case() {
    for date in [
        "SUN, 06 NOV 1994 08:50:37 gmt",
        "sun, 06 nov 1994 08:50:37 gMT",
        "sUNDAY, 06-nOV-94 08:50:37 Gmt",
        "SUN NOV  6 08:50:37 1994",
    ] {
        assert_eq!(fresh_seconds(&[("expires", date)]), 60, "{date}");
    }
    for date in [
        "Sun, 06 Nov 1994 08:50:37 utc",
        "Sun, 06 Now 1994 08:50:37 GMT",
        "Mon, 06 Nov 1994 08:50:37 GMT",
        "Mon Nov  6 08:50:37 1994",
    ] {
        assert_eq!(fresh_seconds(&[("expires", date)]), 0, "{date}");
    }
}

#[test]
fn what_does_not_say_how_long_is_not_guessed_at() {
    for lines in [
        &[][..],
        &[("last-modified", "Sun, 06 Nov 1904 08:49:37 GMT")],
        &[("cache-control", "public")],
        &[("cache-control", "immutable")],
        &[("cache-control", "s-maxage=60")],
        &[("etag", "\"a\"")],
        &[("expires", "0")],
        &[
            ("expires", "Sun, 06 Nov 1994 08:50:37 GMT"),
            ("expires", "Sun, 06 Nov 1999 08:50:37 GMT"),
        ],
    ] {
        assert!(!stored(lines).lifetime().is_reusable(), "{lines:?}");
    }
}

#[test]
fn what_must_not_be_reused_is_not() {
    for line in [
        ("cache-control", "NO-STORE"),
        ("cache-control", "no-cache"),
        ("cache-control", "x=\"unterminated"),
        ("vary", "accept, *"),
        ("age", "18446744073709551615"),
    ] {
        let lines = [
            (
                "cache-control",
                "max-age=3600, stale-while-revalidate=9, stale-if-error=9",
            ),
            line,
        ];
        assert!(!stored(&lines).lifetime().is_reusable(), "{line:?}");
    }
    assert_eq!(
        fresh_seconds(&[
            ("pragma", "no-cache"),
            ("expires", "Sun, 06 Nov 1999 08:50:37 GMT")
        ]),
        0
    );
}

#[test]
fn what_comes_stale_may_be_used_only_as_it_says_itself() {
    for line in [
        ("cache-control", "max-age=0"),
        ("age", "3600"),
        ("date", "Sun, 06 Nov 1994 07:49:37 GMT"),
    ] {
        let plain = [("cache-control", "max-age=3600"), line];
        assert!(!stored(&plain).lifetime().is_reusable(), "{line:?}");
        let stale = [
            ("cache-control", "max-age=3600, stale-while-revalidate=9"),
            line,
        ];
        let lifetime = stored(&stale).lifetime();
        assert_eq!(
            (lifetime.fresh, lifetime.on_error),
            (Duration::ZERO, Duration::ZERO),
            "{line:?}"
        );
        assert_eq!(
            lifetime.while_revalidating,
            Duration::from_secs(9),
            "{line:?}"
        );
    }
}

#[test]
fn age_is_the_larger_of_what_is_stated_and_what_the_date_shows() {
    let with = |lines: &[(&str, &str)]| {
        let mut all = vec![("cache-control", "max-age=100")];
        all.extend_from_slice(lines);
        fresh_seconds(&all)
    };
    assert_eq!(with(&[("age", "30")]), 70);
    assert_eq!(with(&[("age", "30"), ("age", "40, 10")]), 70);
    assert_eq!(with(&[("age", "40, 10"), ("age", "30")]), 60);
    assert_eq!(with(&[("age", "later")]), 100);
    assert_eq!(with(&[("age", "later, 40")]), 100);
    assert_eq!(with(&[("date", "Sun, 06 Nov 1994 08:49:27 GMT")]), 90);
    assert_eq!(
        with(&[("date", "Sun, 06 Nov 1994 08:49:27 GMT"), ("age", "30")]),
        70
    );
    assert_eq!(with(&[("date", "Sun, 06 Nov 2094 08:49:37 GMT")]), 100);
    assert_eq!(with(&[("date", "yesterday")]), 100);
}

#[test]
fn stale_windows_follow_the_freshness_and_shrink_with_age() {
    let lines = [
        (
            "cache-control",
            "max-age=10, stale-while-revalidate=20, stale-if-error=30",
        ),
        ("age", "15"),
    ];
    let lifetime = stored(&lines).lifetime();
    assert_eq!(lifetime.fresh, Duration::ZERO);
    assert_eq!(lifetime.while_revalidating, Duration::from_secs(15));
    assert_eq!(lifetime.on_error, Duration::from_secs(25));
}

#[test]
fn a_redirect_without_freshness_of_its_own_is_asked_each_time() {
    let key = stored(&[("cache-control", "max-age=60")]).lifetime();
    let hop = |status: StatusCode, lines: &[(&str, &str)]| {
        let hop = StoredResponse::new(&url(), &request(), status, &headers(lines), received());
        key.through(hop.lifetime()).fresh.as_secs()
    };
    assert_eq!(hop(StatusCode::FOUND, &[]), 0);
    assert_eq!(hop(StatusCode::MOVED_PERMANENTLY, &[]), 0);
    assert_eq!(hop(StatusCode::FOUND, &[("cache-control", "max-age=5")]), 5);
    assert_eq!(
        hop(
            StatusCode::PERMANENT_REDIRECT,
            &[("cache-control", "max-age=500")]
        ),
        60
    );
    assert_eq!(
        hop(
            StatusCode::SEE_OTHER,
            &[("cache-control", "max-age=500, no-store")]
        ),
        0
    );
    let stale = [(
        "cache-control",
        "stale-while-revalidate=9, stale-if-error=9",
    )];
    let hop = StoredResponse::new(
        &url(),
        &request(),
        StatusCode::FOUND,
        &headers(&stale),
        received(),
    );
    assert!(
        !hop.lifetime().is_reusable(),
        "a 302 is stored only if it says for how long"
    );
}

#[test]
fn a_refresh_comes_between_75_and_90_percent_of_the_freshness() {
    let mut lifetime = stored(&[("cache-control", "max-age=1000")]).lifetime();
    assert_eq!(lifetime.refresh_point(0), Duration::from_secs(750));
    assert_eq!(lifetime.refresh_point(150), Duration::from_secs(900));
    assert_eq!(lifetime.refresh_point(151), Duration::from_secs(750));
    lifetime.fresh = Duration::MAX;
    assert!(lifetime.refresh_point(7) < Duration::MAX);
    let immutable = stored(&[("cache-control", "max-age=1000, immutable")]).lifetime();
    assert_eq!(immutable.refresh_point(7), Duration::from_secs(1000));
}

#[test]
fn a_revalidation_names_the_validators_of_the_stored_response() {
    let response = stored(&[
        ("cache-control", "max-age=60"),
        ("etag", "W/\"a\""),
        ("last-modified", DATE),
    ]);
    let conditional = response.conditional(&request(), received()).unwrap();
    assert_eq!(conditional.get(header::IF_NONE_MATCH).unwrap(), "W/\"a\"");
    assert_eq!(conditional.get(header::IF_MODIFIED_SINCE).unwrap(), DATE);
    assert!(
        stored(&[("cache-control", "max-age=60")])
            .conditional(&request(), received())
            .is_none()
    );
    let mut elsewhere = request();
    *elsewhere.uri_mut() = "https://keys.example/svc/other".parse().unwrap();
    assert!(response.conditional(&elsewhere, received()).is_none());
}

#[test]
fn a_304_brings_headers_that_the_stored_response_did_not_have() {
    let response = stored(&[
        ("etag", "\"a\""),
        ("expires", "Sun, 06 Nov 1994 08:50:37 GMT"),
        ("age", "40"),
    ]);
    let freshen = |lines: &[(&str, &str)]| {
        let freshened = response.freshened(&request(), &headers(lines), received());
        freshened.map(|freshened| freshened.lifetime().fresh.as_secs())
    };
    assert_eq!(freshen(&[]), Some(60));
    assert_eq!(freshen(&[("etag", "\"a\""), ("age", "20")]), Some(40));
    assert_eq!(
        freshen(&[
            ("etag", "\"a\""),
            ("cache-control", "max-age=600"),
            ("cache-control", "public")
        ]),
        Some(600)
    );
    assert_eq!(freshen(&[("cache-control", "no-store")]), Some(0));
    assert_eq!(freshen(&[("etag", "\"b\"")]), None);
    assert_eq!(
        freshen(&[("etag", "\"a\""), ("age", "18446744073709551615")]),
        Some(0)
    );
}
