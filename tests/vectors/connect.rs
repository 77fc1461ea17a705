//! Connect's published requests: the 78 that Atlassian's own library has signed, the examples of its Java and JavaScript
//! test suites, and those of the documentation. Each has its canonical text and its hash; the 78 have a token too.

use asap_engine::{
    BaseUrl, ConnectModule, ConnectPolicy, ConnectRequest, MemoryTenants, SharedSecret, UnixTime,
    VerifyError,
};
use asap_tests::fixture::block_on;
use serde_json::Value;

use crate::data::{self, text};

/// The cases of a file, if the folder is there: as many as it is known to have.
fn cases(file: &str, count: usize) -> Option<(Value, Vec<Value>)> {
    let Some(mut document) = data::document("connect", file) else {
        let root = data::root();
        eprintln!(
            "skipped: connect/{file}, {count} cases: {} is not there",
            root.display()
        );
        return None;
    };
    let Value::Array(cases) = document["vectors"].take() else {
        panic!("{file} has no vectors");
    };
    assert_eq!(cases.len(), count, "{file}");
    Some((document, cases))
}

fn base(path: &str) -> BaseUrl {
    BaseUrl::parse(&format!("https://example.com{path}")).unwrap()
}

/// Holds what the engine makes of a request against what was published.
fn check(case: &Value, request: &ConnectRequest<'_>, base: &BaseUrl) {
    assert_eq!(
        request.canonical(base).unwrap(),
        text(case, "canonical"),
        "{case}"
    );
    assert_eq!(
        request.query_hash(base).unwrap(),
        text(case, "qsh"),
        "{case}"
    );
}

/// Path and query of a URL of the vectors' one host.
fn target<'v>(case: &'v Value, member: &str) -> &'v str {
    text(case, member)
        .strip_prefix("https://example.com")
        .unwrap()
}

#[test]
fn the_78_requests_that_atlassian_signed_are_accepted() {
    let Some((document, cases)) = cases("connect-qsh-official-78.json", 78) else {
        return;
    };
    for case in &cases {
        let (method, tenant) = (text(case, "method"), text(&case["claims"], "iss"));
        check(
            case,
            &ConnectRequest::new(method, target(case, "url")),
            &base(""),
        );
        let tenants = MemoryTenants::new();
        tenants.insert(
            tenant,
            SharedSecret::new(text(&document, "secret")).unwrap(),
        );
        let issued_at = case["claims"]["iat"].as_i64().unwrap();
        let verifier = |seconds| {
            ConnectModule::new(ConnectPolicy::new(base("")), tenants_of(&document, tenant))
                .with_clock(move || UnixTime::from_secs(issued_at + seconds))
        };
        let signed = ConnectRequest::new(method, target(case, "signed_url"));
        let identity = block_on(verifier(1).verify(&signed)).unwrap();
        assert_eq!(identity.client_key(), tenant, "{case}");
        // The same token, as `Authorization`, for the request as it was before it had one, and for others.
        let value = format!("JWT {}", text(case, "token"));
        let with_token = |method, target| {
            let request = ConnectRequest::new(method, target).with_authorization(value.as_bytes());
            block_on(verifier(1).verify(&request)).map(drop)
        };
        assert_eq!(with_token(method, target(case, "url")), Ok(()), "{case}");
        let mismatch = Err(VerifyError::QueryHashMismatch);
        assert_eq!(with_token("PATCH", target(case, "url")), mismatch, "{case}");
        let tampered = format!(
            "{}{}tampered=1",
            target(case, "url"),
            if text(case, "url").contains('?') {
                "&"
            } else {
                "?"
            }
        );
        assert_eq!(with_token(method, &tampered), mismatch, "{case}");
        let expired = block_on(verifier(180 + 31).verify(&signed)).map(drop);
        assert_eq!(expired, Err(VerifyError::Expired), "{case}");
    }
}

fn tenants_of(document: &Value, tenant: &str) -> MemoryTenants {
    let tenants = MemoryTenants::new();
    tenants.insert(tenant, SharedSecret::new(text(document, "secret")).unwrap());
    tenants
}

/// Percent-encodes every byte, which stands for the same parameter as any other spelling does.
fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

#[test]
fn the_requests_of_the_java_library_are_hashed_as_there() {
    let Some((_, cases)) = cases("connect-qsh-java-suite.json", 9) else {
        return;
    };
    for case in &cases {
        let mut fields = Vec::new();
        for parameter in case["params"].as_array().unwrap() {
            let name = escaped(parameter[0].as_str().unwrap());
            for value in parameter[1].as_array().unwrap() {
                fields.push(format!("{name}={}", escaped(value.as_str().unwrap())));
            }
        }
        let target = format!("{}?{}", text(case, "path"), fields.join("&"));
        check(
            case,
            &ConnectRequest::new(text(case, "method"), &target),
            &base(""),
        );
    }
}

#[test]
fn the_requests_of_the_javascript_library_are_hashed_as_there() {
    let Some((_, cases)) = cases("connect-qsh-js-suite.json", 13) else {
        return;
    };
    for case in &cases {
        let base_url = text(case, "base_url");
        let base = if base_url.starts_with("https://") {
            BaseUrl::parse(base_url).unwrap()
        } else {
            base(base_url)
        };
        let target = format!("{}?{}", text(case, "path"), text(case, "query"));
        let mut request = ConnectRequest::new(text(case, "method"), &target);
        if case["check_body"] == true {
            request = request.with_form(text(case, "form_body").as_bytes());
        }
        check(case, &request, &base);
    }
}

#[test]
fn the_requests_of_the_documentation_are_hashed_as_there() {
    let Some((_, cases)) = cases("connect-doc-examples.json", 6) else {
        return;
    };
    let mut hashed = 0;
    for case in &cases {
        let target = match (&case["url"], &case["path"]) {
            (Value::String(url), _) => url
                .strip_prefix("http://localhost:2990")
                .unwrap()
                .to_owned(),
            (_, Value::String(path)) => format!("{path}?{}", text(case, "query")),
            _ => continue,
        };
        let request = ConnectRequest::new(text(case, "method"), &target);
        if case["claims"].is_null() {
            check(case, &request, &base(""));
        } else {
            // A token whose secret nobody knows: its hash is that of its request.
            let hash = request.query_hash(&base("")).unwrap();
            assert_eq!(hash, text(&case["claims"], "qsh"));
        }
        hashed += 1;
    }
    assert_eq!(hashed, 4);
}
