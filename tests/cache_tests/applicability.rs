//! Which tests concern a client that asks for keys: rules by what a test uses, and none by its name.
//!
//! The client sends GET with the same header fields each time, stores what has a key, and hands on the key and nothing
//! else. What a test does beyond that cannot be asked of it.

use crate::suite::{Expected, Step, Test};

/// Why a test does not concern the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reason {
    /// Another method than GET.
    Method,
    /// `CDN-Cache-Control`.
    Cdn,
    /// Conditions, ranges, credentials, cookies and directives in requests.
    RequestFields,
    /// Requests that differ, where the origin varies.
    Varying,
    /// Directives that bind shared caches only.
    Shared,
    /// The reload of a browser.
    Reload,
    /// A failure, or something else that is no key, is to be reused.
    Failure,
    /// A body that is encoded.
    Encoding,
    /// Interim responses.
    Interim,
    /// The header fields of the answer that is handed on. What else the test checks is played.
    ResponseFields,
}

impl Reason {
    /// All reasons, the first that holds wins.
    pub(crate) const ALL: [Self; 10] = [
        Self::Method,
        Self::Cdn,
        Self::RequestFields,
        Self::Reload,
        Self::Varying,
        Self::Shared,
        Self::Failure,
        Self::Encoding,
        Self::Interim,
        Self::ResponseFields,
    ];

    /// One word for it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Method => "method",
            Self::Cdn => "CDN",
            Self::RequestFields => "request fields",
            Self::Varying => "varying requests",
            Self::Shared => "shared caches",
            Self::Reload => "reload",
            Self::Failure => "failure reused",
            Self::Encoding => "encoding",
            Self::Interim => "interim responses",
            Self::ResponseFields => "response fields",
        }
    }

    /// What it means.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Method => "another method than GET: the client sends no other",
            Self::Cdn => {
                "`CDN-Cache-Control`: binds the caches of a CDN (RFC 9213), not a client's"
            }
            Self::RequestFields => {
                "conditions, `Range`, `Authorization`, `Cookie`, `Pragma` or `Cache-Control` of the one who asks: a \
                 caller of the client names a `kid` and nothing else"
            }
            Self::Varying => {
                "requests that differ in a field, or send one: the client's fields are the same each time; where a test \
                 sends the same twice, it is played without them"
            }
            Self::Shared => {
                "`s-maxage`, `private` or `proxy-revalidate` as a shared cache has them: they do not bind a private one \
                 (RFC 9111 sections 5.2.2.7, 5.2.2.8, 5.2.2.10)"
            }
            Self::Reload => {
                "a user's reload: the client has none; `immutable` is tested where it counts, at the refresh ahead"
            }
            Self::Failure => {
                "reuse of an answer that has no key: \"failures to retrieve a key MUST NOT be cached\"; tests that demand \
                 that it is not reused are played"
            }
            Self::Encoding => {
                "an encoded body: not asked for, and refused (`Accept-Encoding: identity`)"
            }
            Self::Interim => "1xx answers handed on: the transport reads past them",
            Self::ResponseFields => {
                "fields of the answer that is handed on: the client hands on a key. Everything else of such a test is \
                 played, and holds; which answer was used is told by its key"
            }
        }
    }

    /// Whether the rest of the test is played.
    pub(crate) fn leaves_a_rest(self) -> bool {
        self == Self::ResponseFields
    }

    fn holds(self, test: &Test) -> bool {
        let any = |holds: fn(&Step) -> bool| test.steps.iter().any(holds);
        match self {
            Self::Method => any(|step| step.method() != "GET"),
            Self::Cdn => any(|step| has_response_field(step, "cdn-cache-control")),
            Self::RequestFields => any(|step| step.lines("request_headers").any(is_meant)),
            Self::Varying => varies(&test.steps),
            Self::Shared => test.is_for_shared && any(names_shared_directive),
            Self::Reload => any(|step| step.has("cache")),
            Self::Failure => reuses_failure(&test.steps),
            Self::Encoding => any(|step| has_response_field(step, "content-encoding")),
            Self::Interim => any(|step| step.has("interim_responses")),
            Self::ResponseFields => any_asserted_field(&test.steps),
        }
    }
}

/// Why the test does not concern the client, if it does not.
pub(crate) fn why_not(test: &Test) -> Option<Reason> {
    let reason = Reason::ALL.into_iter().find(|reason| reason.holds(test));
    // What the index calls browser only is about private caches: it is played.
    let is_left_out = !matches!(test.why_not_offline.as_str(), "" | "browser only");
    assert!(
        reason.is_some() || !is_left_out,
        "{} is left out of the index: {}",
        test.id,
        test.why_not_offline
    );
    reason
}

/// Whether the values of a response header field tell the answers apart, none of which is a 304: what field the client
/// would hand on is told by the key.
pub(crate) fn distinguishes(steps: &[Step], name: &str) -> bool {
    let mut values: Vec<_> = steps
        .iter()
        .filter_map(|step| step.response_header(name))
        .collect();
    let count = values.len();
    values.sort_unstable();
    values.dedup();
    let revalidates = |step: &Step| matches!(step.expected(), Some(Expected::Validated(_)));
    count > 1 && values.len() == count && !steps.iter().any(revalidates)
}

fn has_response_field(step: &Step, name: &str) -> bool {
    step.lines("response_headers").any(|(line, _)| line == name)
}

fn is_meant((name, _): (String, &serde_json::Value)) -> bool {
    name.starts_with("if-")
        || [
            "authorization",
            "cache-control",
            "cookie",
            "pragma",
            "range",
        ]
        .contains(&name.as_str())
}

/// Whether the requests differ, or the origin is to see a field that the client does not send.
fn varies(steps: &[Step]) -> bool {
    let fields = |step: &Step| -> Vec<(String, String)> {
        let lines = step.lines("request_headers");
        lines.map(|(name, text)| (name, text.to_string())).collect()
    };
    let is_foreign = |step: &Step| {
        let mut lines = step.lines("expected_request_headers");
        lines.any(|(name, _)| !name.starts_with("if-"))
    };
    steps
        .windows(2)
        .any(|pair| fields(&pair[0]) != fields(&pair[1]))
        || steps.iter().any(is_foreign)
}

fn names_shared_directive(step: &Step) -> bool {
    step.lines("response_headers").any(|(name, text)| {
        let text = text.as_str().unwrap_or_default();
        name == "cache-control"
            && ["s-maxage", "private", "proxy-revalidate"]
                .iter()
                .any(|directive| text.contains(directive))
    })
}

/// Whether an answer is to be reused, and none before it has a key or leads to one.
fn reuses_failure(steps: &[Step]) -> bool {
    let has_key = |step: &Step| matches!(step.status(), 200 | 301 | 302 | 303 | 307 | 308);
    let mut before = false;
    steps.iter().any(|step| {
        let reused = step.expected() == Some(Expected::Cached) && !before;
        before |= has_key(step);
        reused
    })
}

fn any_asserted_field(steps: &[Step]) -> bool {
    let asserted = |step: &Step| {
        let present = step.lines("expected_response_headers");
        let missing = step.lines("expected_response_headers_missing");
        present
            .filter(|(name, _)| name != "client-request-count" && !distinguishes(steps, name))
            .chain(missing.filter(|(name, _)| name != "server-request-count"))
            .count()
            > 0
    };
    steps.iter().any(asserted)
}
