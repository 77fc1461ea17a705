//! Reads the suite. A member that is not known here is a failure, so that nothing of a test is passed over.

use serde_json::Value;

use crate::data;

/// A group of tests.
#[derive(Debug)]
pub(crate) struct Suite {
    pub(crate) id: String,
    pub(crate) tests: Vec<Test>,
}

/// How much a test asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// What the RFC demands.
    Required,
    /// What makes a cache more efficient.
    Optimal,
    /// A question, without a right answer.
    Check,
}

/// One test: what is asked one after the other, and what is expected of the cache.
#[derive(Debug)]
pub(crate) struct Test {
    pub(crate) id: String,
    pub(crate) kind: Kind,
    /// For shared caches; a private one may leave it out.
    pub(crate) is_for_shared: bool,
    /// Why it cannot be played offline against a shared cache, if it cannot.
    pub(crate) why_not_offline: String,
    pub(crate) steps: Vec<Step>,
}

/// What is expected of the answer to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    /// It is an earlier answer.
    Cached,
    /// It is the origin's.
    NotCached,
    /// The origin was asked with this header field and said 304.
    Validated(&'static str),
}

/// One request of a test, what the origin answers, and what is expected.
#[derive(Debug, Clone)]
pub(crate) struct Step(Value);

const MEMBERS: [&str; 27] = [
    "cache",
    "check_body",
    "disconnect",
    "expected_interim_responses",
    "expected_method",
    "expected_request_headers",
    "expected_response_headers",
    "expected_response_headers_missing",
    "expected_response_text",
    "expected_status",
    "expected_type",
    "filename",
    "interim_responses",
    "magic_ims",
    "magic_locations",
    "pause_after",
    "query_arg",
    "redirect",
    "request_body",
    "request_headers",
    "request_method",
    "response_body",
    "response_headers",
    "response_pause",
    "response_status",
    "rfc850date",
    "setup",
];

impl Step {
    fn new(value: &Value) -> Self {
        for member in value.as_object().unwrap().keys() {
            let is_known = MEMBERS.contains(&member.as_str()) || member == "setup_tests";
            assert!(is_known, "{member} is not known");
        }
        Self(value.clone())
    }

    pub(crate) fn has(&self, member: &str) -> bool {
        self.0.get(member).is_some()
    }

    fn is(&self, member: &str) -> bool {
        self.0[member].as_bool().unwrap_or(false)
    }

    fn list(&self, member: &str) -> &[Value] {
        self.0[member].as_array().map_or(&[], Vec::as_slice)
    }

    /// Name in lower case and value of each line; a date is a number of seconds from now.
    pub(crate) fn lines(&self, member: &str) -> impl Iterator<Item = (String, &Value)> {
        self.list(member).iter().map(|line| match line.as_array() {
            Some(line) => (line[0].as_str().unwrap().to_lowercase(), &line[1]),
            None => (line.as_str().unwrap().to_lowercase(), &Value::Null),
        })
    }

    /// The text of the last response header field of this name.
    pub(crate) fn response_header(&self, name: &str) -> Option<&str> {
        let lines = self.lines("response_headers");
        lines.filter(|(line, _)| line == name).last()?.1.as_str()
    }

    /// What the answer is expected to be, if anything is.
    pub(crate) fn expected(&self) -> Option<Expected> {
        Some(match self.0.get("expected_type")?.as_str().unwrap() {
            "cached" => Expected::Cached,
            "not_cached" => Expected::NotCached,
            "etag_validated" => Expected::Validated("if-none-match"),
            "lm_validated" => Expected::Validated("if-modified-since"),
            other => panic!("{other} is not known"),
        })
    }

    /// Whether a failure of this check says nothing about what the test is for.
    pub(crate) fn is_setup(&self, check: &str) -> bool {
        self.is("setup") || self.list("setup_tests").iter().any(|one| one == check)
    }

    /// The status of the origin's answer.
    pub(crate) fn status(&self) -> u16 {
        let status = self.0["response_status"][0].as_u64().unwrap_or(200);
        u16::try_from(status).unwrap()
    }

    /// The status that the client is to see: `None` if any will do.
    pub(crate) fn expected_status(&self) -> Option<u16> {
        match self.0.get("expected_status") {
            Some(status) => Some(u16::try_from(status.as_u64()?).unwrap()),
            None => Some(self.status()),
        }
    }

    pub(crate) fn disconnects(&self) -> bool {
        self.is("disconnect")
    }

    pub(crate) fn pauses_after(&self) -> bool {
        // The suite's client looks only whether the member is there.
        self.has("pause_after")
    }

    /// For how many seconds the origin keeps its answer back.
    pub(crate) fn response_pause(&self) -> u64 {
        self.0["response_pause"].as_u64().unwrap_or(0)
    }

    /// The method of the request.
    pub(crate) fn method(&self) -> &str {
        self.0["request_method"].as_str().unwrap_or("GET")
    }

    /// The `kid` whose URL stands for the URL of the request.
    pub(crate) fn key_id(&self) -> String {
        let text = |member: &str| self.0[member].as_str().unwrap_or("none").replace('=', "-");
        format!("svc/{}/{}", text("filename"), text("query_arg"))
    }
}

/// All suites, if they are there.
pub(crate) fn suites() -> Option<Vec<Suite>> {
    let suites = data::document("cache-tests", "cache-tests.json")?;
    let index = data::document("cache-tests", "offline_index.json")?;
    let suites = suites.as_array().unwrap().iter().map(|suite| Suite {
        id: data::text(suite, "id").to_owned(),
        tests: data::tests(suite)
            .iter()
            .map(|test| Test::read(test, why_not_offline(test, &index)))
            .collect(),
    });
    Some(suites.collect())
}

fn why_not_offline<'v>(test: &Value, index: &'v Value) -> &'v str {
    let mut entries = index.as_array().unwrap().iter();
    let entry = entries.find(|entry| entry["id"] == test["id"]).unwrap();
    data::text(entry, "why_not")
}

impl Test {
    /// A test as the suite has it.
    pub(crate) fn read(test: &Value, why_not_offline: &str) -> Self {
        let steps = test["requests"].as_array().unwrap();
        Self {
            id: data::text(test, "id").to_owned(),
            kind: match test["kind"].as_str() {
                None | Some("required") => Kind::Required,
                Some("optimal") => Kind::Optimal,
                Some("check") => Kind::Check,
                Some(other) => panic!("{other} is not known"),
            },
            is_for_shared: test["browser_skip"].as_bool().unwrap_or(false),
            why_not_offline: why_not_offline.to_owned(),
            steps: steps.iter().map(Step::new).collect(),
        }
    }
}
