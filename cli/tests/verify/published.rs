//! `--profile forge` and `--profile trello`: keys from a file or a URL, and verdicts in the same form as ASAP's.

use std::fs;
use std::sync::LazyLock;

use asap_engine::Algorithm;
use asap_tests::jwk::{pem_list, rs256, set};
use asap_tests::key_server::{Asked, KeyServer, Reply, cached, reply};
use asap_tests::keys::{key, other_key};
use asap_tests::published::{APP, FORGE_KEY, PLUGIN, forge_set, forge_token, trello_token};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::support::{AT_NOW, Run, directory, verify};

/// A file of a test's own.
fn file(name: &str, content: &str) -> String {
    let path = directory().join(name);
    fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

static JWKS: LazyLock<String> = LazyLock::new(|| file("jwks.json", &forge_set()));
static TRELLO_KEYS: LazyLock<String> =
    LazyLock::new(|| file("keys.json", &pem_list(&[key(Algorithm::Rs256)])));

/// Judges as the Forge app of the fixture.
fn forge(further: &[&str], input: impl AsRef<[u8]>) -> Run {
    let fixed = ["--profile", "forge", "--app-id", APP, "--json"];
    verify(&[&fixed, AT_NOW, further].concat(), input)
}

/// Judges as the Power-Up of the fixture.
fn trello(further: &[&str], input: impl AsRef<[u8]>) -> Run {
    let fixed = ["--profile", "trello", "--plugin-id", PLUGIN, "--json"];
    verify(&[&fixed, AT_NOW, further].concat(), input)
}

#[test]
fn a_call_to_a_forge_remote_is_accepted_with_its_members() {
    let run = forge(&["--jwks", &JWKS], forge_token().sign());
    let expected = json!({
        "id": null, "verdict": "accepted", "issuer": "forge/invocation-token",
        "subject": "655362:312d3308-8954-42b0-aa38-771a10c88656", "audience": [APP], "key_id": FORGE_KEY,
        "token_id": "d8a496253ec8c18a54631e4c82cbedd5d0ae8570", "algorithm": "RS256",
        "expires_at": 1_700_000_025,
    });
    assert_eq!((run.code, run.verdicts()), (0, vec![expected]));
    let from_a_back_end = forge_token().without_claim("principal").sign();
    let run = forge(&["--jwks", &JWKS], from_a_back_end);
    assert_eq!((run.code, &run.verdicts()[0]["subject"]), (0, &Value::Null));
}

#[test]
fn a_power_ups_user_is_accepted_with_its_members() {
    let run = trello(&["--trello-keys", &TRELLO_KEYS], trello_token().sign());
    let expected = json!({
        "id": null, "verdict": "accepted", "issuer": "trello",
        "subject": "5e645dc2c4205e1416218404", "audience": [PLUGIN], "key_id": null,
        "token_id": null, "algorithm": "RS256", "expires_at": 1_700_000_900,
    });
    assert_eq!((run.code, run.verdicts()), (0, vec![expected]));
}

#[test]
fn what_a_token_does_not_have_is_a_dash_for_people() {
    let arguments = [
        "--profile",
        "trello",
        "--plugin-id",
        PLUGIN,
        "--trello-keys",
    ];
    let arguments = [&arguments[..], &[&TRELLO_KEYS], AT_NOW].concat();
    let run = verify(&arguments, trello_token().sign());
    let expected = format!(
        "accepted  issuer trello  subject \"5e645dc2c4205e1416218404\"  audience \"{PLUGIN}\"  \
         key -  token -  algorithm RS256  expires 1700000900\n"
    );
    assert_eq!(run.stdout, expected);
}

#[test]
fn a_token_of_another_app_user_or_key_is_refused_by_its_code() {
    let forged = forge_token().sign_with(other_key(Algorithm::Rs256));
    for (token, code) in [
        (
            forge_token()
                .claim("aud", "\"ari:cloud:ecosystem::app/other\"")
                .sign(),
            "audience_mismatch",
        ),
        (forge_token().claim("exp", "1699999999").sign(), "expired"),
        (
            forge_token().header("kid", "\"another\"").sign(),
            "key_unknown",
        ),
        (forged, "signature_invalid"),
        (String::new(), "not_compact"),
    ] {
        let run = forge(&["--jwks", &JWKS], format!("{token}\n"));
        assert_eq!((run.code, run.codes()), (1, vec![code.to_owned()]));
    }
    let forged = trello_token().sign_with(other_key(Algorithm::Rs256));
    for (token, code) in [
        (
            trello_token()
                .claim("idPlugin", "\"5e66784c606cb1160a8f5dc1\"")
                .sign(),
            "plugin_mismatch",
        ),
        (
            trello_token().without_claim("idMember").sign(),
            "member_missing",
        ),
        (forged, "signature_invalid"),
    ] {
        let run = trello(&["--trello-keys", &TRELLO_KEYS], token);
        assert_eq!((run.code, run.codes()), (1, vec![code.to_owned()]));
    }
}

#[test]
fn each_token_is_judged_at_the_instant_that_its_line_names() {
    let token = forge_token().sign();
    let line = |at: &str| format!("{{\"token\":\"{token}\",\"at\":{at},\"method\":1}}\n");
    let lines: Vec<_> = [
        "1699999999",
        "1700000000",
        "1700000025",
        "1700000026",
        "null",
    ]
    .map(line)
    .concat()
    .into_bytes();
    let run = forge(&["--jwks", &JWKS, "--input", "jsonl"], lines);
    let codes = [
        "not_yet_valid",
        "accepted",
        "accepted",
        "expired",
        "accepted",
    ];
    assert_eq!(run.codes(), codes, "{}", run.stderr);
}

/// A publisher of both kinds of sets, to be kept for a minute.
async fn script(asked: Asked) -> Reply {
    match asked.path.as_str() {
        "/jwks.json" => cached("max-age=60", forge_set()),
        "/keys" => cached("max-age=60", pem_list(&[key(Algorithm::Rs256)])),
        "/garbage" => cached("max-age=60", "garbage"),
        _ => reply(500, &[], ""),
    }
}

#[test]
fn keys_come_from_a_url_over_tls_once() {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(KeyServer::https(script));
    let ca = file("ca.pem", std::str::from_utf8(server.ca_pem()).unwrap());
    let tokens = |token: String| vec![token; 2_000].join("\n");
    let url = server.url("/jwks.json");
    let arguments = ["--jwks", &url, "--ca-file", &ca, "--stats"];
    let run = forge(&arguments, tokens(forge_token().sign()));
    assert_eq!(run.codes(), vec!["accepted"; 2_000]);
    assert_eq!((run.code, server.asked().len()), (0, 1));
    assert_eq!((run.stat("fetches"), run.stat("refused_by_limits")), (1, 0));
    let url = server.url("/keys");
    let arguments = ["--trello-keys", &url, "--ca-file", &ca, "--stats"];
    let run = trello(&arguments, tokens(trello_token().sign()));
    assert_eq!(run.codes(), vec!["accepted"; 2_000]);
    assert_eq!((run.code, server.asked().len()), (0, 2));
}

#[test]
fn a_publisher_that_fails_says_nothing_of_the_token() {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(KeyServer::http(script));
    for path in ["/garbage", "/broken"] {
        let url = server.url(path);
        let run = forge(
            &["--jwks", &url, "--allow-http-loopback"],
            forge_token().sign(),
        );
        assert_eq!(
            (run.code, run.codes()),
            (1, vec!["key_unavailable".to_owned()])
        );
        assert_eq!(run.verdicts()[0]["status"], 503);
    }
    // Nobody is asked for a token that is refused without keys.
    let before = server.asked().len();
    let url = server.url("/jwks.json");
    let expired = forge_token().claim("exp", "1699999999").sign();
    let run = forge(&["--jwks", &url, "--allow-http-loopback"], expired);
    assert_eq!(
        (run.codes(), server.asked().len()),
        (vec!["expired".to_owned()], before)
    );
}

#[test]
fn the_counters_of_a_file_are_those_of_one_reading() {
    let tokens = [forge_token().sign(), forge_token().sign()].join("\n");
    let run = forge(&["--jwks", &JWKS, "--stats"], tokens);
    let names = ["fetches", "hits", "coalesced", "refused_by_limits"];
    assert_eq!(names.map(|name| run.stat(name)), [1, 2, 0, 0]);
}

#[test]
fn a_set_that_cannot_be_used_is_named_before_a_token_is_read() {
    let mut private = rs256(key(Algorithm::Rs256), FORGE_KEY);
    private.insert_str(1, "\"d\":\"AQAB\",");
    for (place, word) in [
        (file("none.json", "{\"keys\":[]}"), "none.json"),
        (file("private.json", &set(&[private])), "private.json"),
        ("/absent/jwks.json".to_owned(), "/absent/jwks.json"),
        ("http://keys.example/jwks.json".to_owned(), "--jwks"),
        ("https://user:secret@keys.example/".to_owned(), "--jwks"),
    ] {
        let run = forge(&["--jwks", &place], forge_token().sign());
        assert_eq!((run.code, run.stdout.as_str()), (2, ""));
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
        assert!(run.stderr.contains("--jwks") && run.stderr.contains(word));
        assert!(!run.stderr.contains("secret"), "{}", run.stderr);
    }
    for (further, option) in [
        (["--jwks", &JWKS, "--leeway", "301"], "--leeway"),
        (["--jwks", &JWKS, "--backend", "openssl"], "--backend"),
    ] {
        let run = forge(&further, "");
        assert!(
            run.code == 2 && run.stderr.contains(option),
            "{}",
            run.stderr
        );
    }
}
