//! The three profiles of Connect: a token with the request that it came with, secrets from files alone.

use std::fs;
use std::sync::LazyLock;

use asap_engine::Algorithm;
use asap_tests::connect::{
    BASE, INSTALL_KEY, OTHER_SECRET, OTHER_TENANT, SECRET, TENANT, claims, claims_for, hs256,
    install_claims,
};
use asap_tests::key_server::{Asked, KeyServer, Reply, cached, reply};
use asap_tests::keys::key;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::support::{AT_NOW, Run, directory, verify, write_key};

const TARGET: &str = "/connect/panel?issue=A-1&user=x%20y";

/// A file of a test's own.
fn file(name: &str, content: &str) -> String {
    let path = directory().join(name);
    fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

/// `--tenant` for both tenants of the fixture, one file with a line end and one without.
static TENANTS: LazyLock<[String; 2]> = LazyLock::new(|| {
    [
        format!("{TENANT}={}", file("one", &format!("{SECRET}\r\n"))),
        format!("{OTHER_TENANT}={}", file("other", OTHER_SECRET)),
    ]
});

/// A directory with Atlassian's key.
static INSTALL_KEYS: LazyLock<String> = LazyLock::new(|| {
    let directory = directory();
    write_key(
        &directory,
        INSTALL_KEY,
        key(Algorithm::Rs256).public_key_pem(),
    );
    directory.to_str().unwrap().to_owned()
});

fn with_secrets(profile: &str, further: &[&str], input: impl AsRef<[u8]>) -> Run {
    let [one, other] = &*TENANTS;
    let fixed = [
        "--profile",
        profile,
        "--base-url",
        BASE,
        "--json",
        "--tenant",
        one,
        other,
    ];
    verify(&[&fixed, AT_NOW, further].concat(), input)
}

/// Judges as a module of the fixture, of which [`TARGET`] was asked.
fn module(input: impl AsRef<[u8]>) -> Run {
    with_secrets("connect", &["--method", "GET", "--url", TARGET], input)
}

/// Judges as the endpoint of installations, with the key in a directory.
fn install(further: &[&str], input: impl AsRef<[u8]>) -> Run {
    let fixed = [
        "--profile",
        "connect-install",
        "--base-url",
        BASE,
        "--json",
        "--keys",
    ];
    verify(
        &[&fixed[..], &[INSTALL_KEYS.as_str()], AT_NOW, further].concat(),
        input,
    )
}

fn line(members: &Value) -> String {
    format!("{members}\n")
}

fn message(client_key: &str) -> String {
    json!({"key": "app", "clientKey": client_key, "sharedSecret": SECRET}).to_string()
}

#[test]
fn a_products_request_is_accepted_with_its_members() {
    let run = module(hs256(&claims_for("GET", TARGET), SECRET));
    let expected = json!({
        "id": null, "verdict": "accepted", "issuer": TENANT, "subject": "5b10a2844c20165700ede21g",
        "audience": [], "key_id": null, "token_id": null, "algorithm": "HS256",
        "expires_at": 1_700_000_180,
    });
    assert_eq!(
        (run.code, run.verdicts()),
        (0, vec![expected]),
        "{}",
        run.stderr
    );
}

#[test]
fn a_token_of_another_request_tenant_or_class_is_refused_by_its_code() {
    let good = claims_for("GET", TARGET);
    for (token, code) in [
        (
            hs256(&claims_for("POST", TARGET), SECRET),
            "query_hash_mismatch",
        ),
        (
            hs256(&claims_for("GET", "/connect/panel?issue=A-2"), SECRET),
            "query_hash_mismatch",
        ),
        (
            hs256(&claims("context-qsh"), SECRET),
            "query_hash_of_context",
        ),
        (
            hs256(&good.clone().without_claim("qsh"), SECRET),
            "query_hash_missing",
        ),
        (hs256(&good, OTHER_SECRET), "signature_invalid"),
        (
            hs256(&good.clone().claim("iss", "\"jira:stranger\""), SECRET),
            "tenant_unknown",
        ),
        (
            hs256(&good.clone().claim("exp", "1699999999"), SECRET),
            "expired",
        ),
        (
            hs256(&good.clone().without_claim("exp"), SECRET),
            "expiry_missing",
        ),
        (
            install_claims("GET", TARGET).sign(),
            "algorithm_not_allowed",
        ),
        (String::new(), "not_compact"),
    ] {
        let run = module(format!("{token}\n"));
        assert_eq!((run.code, run.codes()), (1, vec![code.to_owned()]));
    }
}

#[test]
fn the_request_of_a_line_wins_over_the_options() {
    let [get, post] =
        ["GET", "POST"].map(|method| hs256(&claims_for(method, "/connect/a?b=c"), SECRET));
    let form = hs256(&claims_for("POST", "/connect/a?b=c&d=e"), SECRET);
    let lines = [
        json!({"id": 1, "token": get, "method": "GET", "url": "/connect/a?b=c"}),
        json!({"id": 2, "token": get, "url": "/connect/a?b=c"}),
        json!({"id": 3, "token": post, "url": "/connect/a?b=c"}),
        json!({"id": 4, "token": post, "method": "POST", "url": "/connect/a?b=c", "body": "{\"100%\":1}"}),
        json!({"id": 5, "token": form, "method": "POST", "url": "/connect/a?b=c", "body": "d=e"}),
        json!({"id": 6, "token": form, "method": "POST", "url": "/connect/a?b=c", "body": "d=f"}),
        json!({"id": 7, "token": get, "method": "GET", "url": format!("/connect/a?b=c&jwt={get}")}),
        json!({"id": 8, "token": get, "method": "GET", "url": format!("/connect/a?b=c&jwt={post}")}),
        json!({"id": 9, "token": get, "at": 1_700_000_181, "url": "/connect/a?b=c"}),
    ];
    let lines: String = lines.iter().map(line).collect();
    let further = ["--input", "jsonl", "--method", "GET", "--url", TARGET];
    let run = with_secrets("connect", &further, lines);
    let codes = [
        "accepted",
        "accepted",
        "query_hash_mismatch",
        "accepted",
        "accepted",
        "query_hash_mismatch",
        "accepted",
        "several_tokens",
        "expired",
    ];
    assert_eq!(run.codes(), codes, "{}", run.stderr);
}

#[test]
fn a_line_that_does_not_say_its_request_ends_the_run_where_no_option_does() {
    let token = hs256(&claims_for("GET", TARGET), SECRET);
    let good = json!({"token": token, "method": "GET", "url": TARGET});
    for (members, said) in [
        (
            json!({"token": token, "url": TARGET}),
            "has no \"method\", and there is no --method",
        ),
        (
            json!({"token": token, "method": "GET"}),
            "has no \"url\", and there is no --url",
        ),
        (
            json!({"token": token, "method": 1, "url": TARGET}),
            "a \"method\" that is not a string",
        ),
        (
            json!({"token": token, "method": "GET", "url": "panel"}),
            "not begin with a slash",
        ),
        (
            json!({"token": token, "method": "GET", "url": TARGET, "body": {}}),
            "a \"body\" that is",
        ),
    ] {
        let run = with_secrets(
            "connect",
            &["--input", "jsonl"],
            line(&good) + &line(&members),
        );
        assert_eq!((run.code, run.codes()), (2, vec!["accepted".to_owned()]));
        assert!(
            run.stderr.contains("line 2") && run.stderr.contains(said),
            "{}",
            run.stderr
        );
        assert!(!run.stderr.contains(&token), "{}", run.stderr);
    }
    let members = json!({"token": install_claims("POST", "/connect/installed").sign()});
    let further = [
        "--input",
        "jsonl",
        "--method",
        "POST",
        "--url",
        "/connect/installed",
    ];
    let run = install(&further, line(&members));
    assert!(
        run.code == 2 && run.stderr.contains("has no \"body\""),
        "{}",
        run.stderr
    );
}

#[test]
fn a_pages_token_is_good_for_context_endpoints_alone() {
    let page = hs256(&claims("context-qsh"), SECRET);
    let run = with_secrets(
        "connect-context",
        &[],
        format!("{page}\n{}\n", hs256(&claims_for("GET", TARGET), SECRET)),
    );
    assert_eq!(
        (run.code, run.codes()),
        (
            1,
            ["accepted", "query_hash_not_of_context"]
                .map(String::from)
                .to_vec()
        )
    );
    let forged = hs256(&claims("context-qsh"), OTHER_SECRET);
    let run = with_secrets(
        "connect-context",
        &["--method", "GET", "--url", TARGET],
        forged,
    );
    assert_eq!(run.codes(), ["signature_invalid"]);
}

#[test]
fn an_installation_is_accepted_with_its_members() {
    let body = file("body.json", &message(TENANT));
    let further = [
        "--method",
        "POST",
        "--url",
        "/connect/installed",
        "--body-file",
        &body,
    ];
    let run = install(
        &further,
        install_claims("POST", "/connect/installed").sign(),
    );
    let expected = json!({
        "id": null, "verdict": "accepted", "issuer": TENANT, "subject": null, "audience": [BASE],
        "key_id": INSTALL_KEY, "token_id": null, "algorithm": "RS256", "expires_at": 1_700_000_900,
    });
    assert_eq!(
        (run.code, run.verdicts()),
        (0, vec![expected]),
        "{}",
        run.stderr
    );
}

#[test]
fn an_installation_that_atlassian_did_not_sign_for_this_app_and_tenant_is_refused() {
    let target = "/connect/installed";
    let good = install_claims("POST", target);
    let (own, other) = (message(TENANT), message(OTHER_TENANT));
    let cases = [
        (good.sign(), &own, "accepted"),
        (good.sign(), &other, "client_key_mismatch"),
        (
            hs256(&claims_for("POST", target), SECRET),
            &own,
            "algorithm_unsupported",
        ),
        (
            good.clone().claim("qsh", "\"context-qsh\"").sign(),
            &own,
            "query_hash_of_context",
        ),
        (
            good.clone()
                .claim("aud", "\"https://app.example.evil\"")
                .sign(),
            &own,
            "audience_mismatch",
        ),
        (
            good.clone().header("kid", "\"absent\"").sign(),
            &own,
            "key_unknown",
        ),
        (
            good.clone().header("kid", "\"../outside\"").sign(),
            &own,
            "key_id_invalid",
        ),
        (good.sign(), &"[]".to_owned(), "body_invalid"),
    ];
    let lines: String = cases
        .iter()
        .map(|(token, body, _)| {
            line(&json!({"token": token, "method": "POST", "url": target, "body": body}))
        })
        .collect();
    let run = install(&["--input", "jsonl", "--stats"], lines);
    assert_eq!(
        run.codes(),
        cases.map(|(_, _, code)| code),
        "{}",
        run.stderr
    );
    // The key that is there, and the one that is not.
    assert_eq!((run.stat("fetches"), run.stat("keys")), (2, 1));
}

/// The repository of install keys.
async fn script(asked: Asked) -> Reply {
    if asked.path == format!("/{INSTALL_KEY}") {
        cached("max-age=60", key(Algorithm::Rs256).public_key_pem())
    } else {
        reply(404, &[], "")
    }
}

#[test]
fn the_install_key_comes_from_a_repository_once() {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(KeyServer::https(script));
    let ca = file("ca.pem", std::str::from_utf8(server.ca_pem()).unwrap());
    let (url, body) = (server.url(""), file("body.json", &message(TENANT)));
    let token = install_claims("POST", "/connect/installed").sign();
    let fixed = [
        "--profile",
        "connect-install",
        "--base-url",
        BASE,
        "--json",
        "--stats",
    ];
    let further = [
        "--key-repository",
        &url,
        "--ca-file",
        &ca,
        "--body-file",
        &body,
    ];
    let request = ["--method", "POST", "--url", "/connect/installed"];
    let arguments = [&fixed[..], AT_NOW, &further, &request].concat();
    let run = verify(&arguments, vec![token; 500].join("\n"));
    assert_eq!(run.codes(), vec!["accepted"; 500], "{}", run.stderr);
    assert_eq!((run.stat("fetches"), server.asked().len()), (1, 1));
}

#[test]
fn a_client_key_cannot_forge_a_line_for_people() {
    let client_key = "jira\naccepted  issuer x";
    let tenant = format!("{client_key}={}", file("secret", SECRET));
    let token = claims_for("GET", "/").claim("iss", "\"jira\\naccepted  issuer x\"");
    let fixed = [
        "--profile",
        "connect",
        "--tenant",
        &tenant,
        "--method",
        "GET",
        "--url",
        "/",
    ];
    let run = verify(&[&fixed, AT_NOW].concat(), hs256(&token, SECRET));
    assert_eq!(
        (run.code, run.stdout.lines().count()),
        (0, 1),
        "{}",
        run.stderr
    );
    assert!(
        run.stdout
            .starts_with("accepted  issuer \"jira\\naccepted  issuer x\"  ")
    );
}

#[test]
fn a_secret_is_the_content_of_a_file_and_is_never_repeated() {
    let token = hs256(&claims_for("GET", TARGET), SECRET);
    let given = |content: &str| format!("{TENANT}={}", file("secret", content));
    for (tenants, said) in [
        (vec![SECRET.to_owned()], "CLIENT_KEY=SECRET_FILE"),
        (vec![format!("={SECRET}")], "CLIENT_KEY=SECRET_FILE"),
        (vec![format!("{TENANT}=")], "CLIENT_KEY=SECRET_FILE"),
        (vec![format!("{TENANT}={SECRET}")], "No such file"),
        (vec![given("short")], "must have 32"),
        (vec![given("")], "must have 32"),
        (
            vec![given(&format!("{SECRET}\n").repeat(200))],
            "longer than any secret",
        ),
        (
            vec![given(key(Algorithm::Es256).public_key_pem())],
            "no shared secret",
        ),
        (vec![given(SECRET), given(OTHER_SECRET)], "two secrets"),
    ] {
        let tenants: Vec<_> = tenants.iter().map(String::as_str).collect();
        let fixed = [
            "--profile",
            "connect",
            "--method",
            "GET",
            "--url",
            TARGET,
            "--tenant",
        ];
        let run = verify(&[&fixed[..], &tenants].concat(), token.as_str());
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{said}");
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
        assert!(
            run.stderr.contains(said) && run.stderr.contains("--tenant"),
            "{}",
            run.stderr
        );
        assert!(!run.stderr.contains(SECRET), "{}", run.stderr);
    }
}

#[test]
fn what_cannot_work_is_named() {
    let [tenant, _] = &*TENANTS;
    let fixed = ["--profile", "connect", "--tenant", tenant];
    let get = ["--method", "GET", "--url"];
    for (further, option) in [
        (&["/", "--leeway", "31"][..], "--leeway"),
        (&["/", "--base-url", "app.example"], "--base-url"),
        (&["/", "--base-url", "https://app.example?x"], "--base-url"),
        (&["https://app.example/panel"], "--url"),
    ] {
        let run = verify(&[&fixed[..], &get, further].concat(), "");
        assert_eq!(run.code, 2);
        assert!(
            run.stderr.starts_with(&format!("asap: {option}:")),
            "{}",
            run.stderr
        );
    }
    let body = [
        "--method",
        "POST",
        "--url",
        "/",
        "--body-file",
        "/absent/body.json",
    ];
    let run = install(&body, "");
    assert!(
        run.code == 2 && run.stderr.contains("--body-file /absent/body.json"),
        "{}",
        run.stderr
    );
}

#[test]
fn look_ups_of_secrets_are_counted() {
    let token = hs256(&claims_for("GET", TARGET), SECRET);
    let further = ["--method", "GET", "--url", TARGET, "--stats"];
    let run = with_secrets("connect", &further, [token.as_str(); 3].join("\n"));
    let names = ["fetches", "hits", "coalesced", "refused_by_limits", "keys"];
    assert_eq!(names.map(|name| run.stat(name)), [0, 3, 0, 0, 2]);
}
