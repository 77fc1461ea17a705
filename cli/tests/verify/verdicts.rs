//! What is said of a token, to the byte, and that it is what the engine says.

use asap_engine::{Algorithm, VerifyError};
use asap_tests::backends::judge_by_all;
use asap_tests::keys::other_key;
use asap_tests::token::{Token, with_signature};
use serde_json::Value;

use crate::support::{AT_NOW, KEYS, asap, judge, run, verify};

#[test]
fn an_accepted_token_is_one_object_with_its_members_in_order() {
    let run = judge(&[], Token::es256().sign());
    assert_eq!(
        run.stdout,
        "{\"id\":null,\"verdict\":\"accepted\",\"issuer\":\"client\",\"subject\":\"client\",\
         \"audience\":[\"server\"],\"key_id\":\"client/ES256\",\"token_id\":\"token-1\",\
         \"algorithm\":\"ES256\",\"expires_at\":1700000060}\n"
    );
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
}

#[test]
fn a_refused_token_is_one_object_with_its_members_in_order() {
    let token = Token::es256().claim("exp", "1699999999").sign();
    let run = judge(&[], token);
    assert_eq!(
        run.stdout,
        "{\"id\":null,\"verdict\":\"refused\",\"code\":\"expired\",\"stage\":\"policy\",\
         \"status\":401,\"detail\":\"the token has expired\"}\n"
    );
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
}

#[test]
fn whatever_a_claim_holds_is_escaped_as_json_is() {
    let text = "q\" b\\ n\n t\t z\0 e\u{1b} d\u{7f} c\u{9b} l\u{2028} é 🦀 /";
    let json = serde_json::to_string(text).unwrap();
    let token = Token::es256()
        .claim("sub", &json)
        .claim("jti", &json)
        .claim("aud", &format!("[\"\",{json},\"s\\u0065rver\"]"))
        .claim("exp", "1700000060.5000000019")
        .sign();
    let run = judge(&[], token);
    let expected = format!(
        "{{\"id\":null,\"verdict\":\"accepted\",\"issuer\":\"client\",\"subject\":{json},\
         \"audience\":[\"\",{json},\"server\"],\"key_id\":\"client/ES256\",\"token_id\":{json},\
         \"algorithm\":\"ES256\",\"expires_at\":1700000060.500000001}}\n"
    );
    assert_eq!(run.stdout, expected);
}

#[test]
fn a_line_for_people_cannot_be_forged_by_a_claim() {
    let keys = ["--audience", "server", "--keys", KEYS.as_str()];
    let arguments: Vec<_> = keys.iter().chain(AT_NOW).copied().collect();
    let token = Token::es256()
        .claim("sub", r#""a\naccepted  \u001b[2K\u202e""#)
        .claim("jti", r#""x y""#);
    let run = verify(&arguments, token.sign());
    assert_eq!(
        run.stdout,
        "accepted  issuer client  subject \"a\\naccepted  \\u{1b}[2K\\u{202e}\"  audience \"server\"  \
         key client/ES256  token \"x y\"  algorithm ES256  expires 1700000060\n"
    );
    let run = verify(&arguments, "not a token");
    assert_eq!(
        run.stdout,
        "refused  not_compact  parse  the token is not three segments joined by two dots\n"
    );
}

#[test]
fn every_verdict_is_the_engines_on_each_backend_and_in_both_forms() {
    let tokens = corpus();
    let expected: Vec<_> = tokens
        .iter()
        .map(|token| match judge_by_all(token) {
            Ok(()) => "accepted",
            Err(refusal) => refusal.code(),
        })
        .collect();
    let lines = tokens.join("\n");
    assert_eq!(judge(&[], &lines).codes(), expected);
    for backend in ["aws-lc", "accel", "auto"] {
        assert_eq!(judge(&["--backend", backend], &lines).codes(), expected);
    }
    let objects: Vec<_> = tokens
        .iter()
        .map(|token| serde_json::json!({ "token": token }).to_string())
        .collect();
    let run = judge(
        &["--input", "jsonl", "--backend", "ring"],
        objects.join("\n"),
    );
    assert_eq!(run.codes(), expected);
    for (verdict, code) in run.verdicts().iter().zip(expected) {
        let refusal = VerifyError::ALL
            .iter()
            .find(|refusal| refusal.code() == code);
        let Some(refusal) = refusal else { continue };
        assert_eq!(verdict["stage"], refusal.stage().as_str());
        assert_eq!(verdict["status"], refusal.status());
        assert_eq!(verdict["detail"], refusal.detail());
    }
}

#[test]
fn a_backend_that_does_not_know_a_curve_cannot_say_whether_a_token_is_good() {
    let token = Token::good(Algorithm::Es512).sign();
    assert_eq!(judge(&[], &token).codes(), ["accepted"]);
    assert_eq!(judge(&["--backend", "auto"], &token).codes(), ["accepted"]);
    assert_eq!(
        judge(&["--backend", "ring"], &token).codes(),
        ["key_unavailable"]
    );
}

#[test]
fn the_policy_is_what_the_options_say() {
    let es256 = Token::es256().sign();
    let late = Token::es256().claim("exp", "1699999990").sign();
    for (options, token, code) in [
        (&["--algorithm", "ES256", "RS256"][..], &es256, "accepted"),
        (&["--algorithm", "RS256"], &es256, "algorithm_not_allowed"),
        (&["--issuer", "other", "client"], &es256, "accepted"),
        (
            &["--issuer", "other", "--issuer", "neighbour"],
            &es256,
            "issuer_not_allowed",
        ),
        (&[], &late, "expired"),
        (&["--single-use"], &es256, "accepted"),
    ] {
        assert_eq!(judge(options, token).codes(), [code], "{options:?}");
    }
    let with = |further: &[&str], token: &str| {
        let fixed = ["--keys", KEYS.as_str(), "--json"];
        let arguments: Vec<_> = fixed.iter().chain(further).copied().collect();
        verify(&arguments, token).codes()
    };
    let at = "1700000000";
    assert_eq!(
        with(&["--audience", "a", "server", "--at", at], &es256),
        ["accepted"]
    );
    assert_eq!(
        with(
            &["--audience", "a", "--audience", "server", "--at", at],
            &es256
        ),
        ["accepted"]
    );
    assert_eq!(
        with(&["--audience", "Server", "--at", at], &es256),
        ["audience_mismatch"]
    );
    // The default leeway is 30 seconds, on both sides.
    for (at, code) in [
        ("1700000090", "accepted"),
        ("1700000090.000000001", "expired"),
        ("1699999970", "accepted"),
        ("1699999969.999999999", "not_yet_valid"),
        ("-5", "not_yet_valid"),
    ] {
        let arguments = ["--audience", "server", "--at", at];
        assert_eq!(with(&arguments, &es256), [code], "{at}");
    }
    assert_eq!(
        with(
            &[
                "--audience",
                "server",
                "--at",
                "1700000090",
                "--leeway",
                "29.5"
            ],
            &es256
        ),
        ["expired"]
    );
    // Without an instant, it is now.
    assert_eq!(with(&["--audience", "server"], &es256), ["expired"]);
}

/// Tokens that are good, or bad in one way each.
fn corpus() -> Vec<String> {
    let good = Token::es256();
    let mut tokens: Vec<_> = Algorithm::ALL
        .iter()
        .filter(|algorithm| **algorithm != Algorithm::Es512)
        .map(|algorithm| Token::good(*algorithm).sign())
        .collect();
    for (name, json) in [
        ("alg", "\"none\""),
        ("alg", "\"HS256\""),
        ("alg", "\"RS256\""),
        ("alg", "1"),
        ("kid", "\"client/../x\""),
        ("kid", "\"client/absent\""),
        ("kid", "\"neighbour/ES256\""),
        ("kid", "7"),
        ("crit", "[]"),
        ("typ", "[]"),
    ] {
        tokens.push(good.clone().header(name, json).sign());
    }
    for (name, json) in [
        ("iss", "\"neighbour\""),
        ("iss", "\"a b\""),
        ("exp", "\"1700000060\""),
        ("exp", "1700003601"),
        ("exp", "1699999999.999999999"),
        ("iat", "1700000000.000000001"),
        ("iat", "null"),
        ("nbf", "1700000001"),
        ("nbf", "{}"),
        ("aud", "\"other\""),
        ("aud", "[1]"),
        ("jti", "1"),
        ("sub", "false"),
        ("deep", &format!("{}1{}", "[".repeat(40), "]".repeat(40))),
        ("long", &format!("\"{}\"", "x".repeat(9_000))),
    ] {
        tokens.push(good.clone().claim(name, json).sign());
    }
    for name in ["iss", "exp", "iat", "aud", "jti"] {
        tokens.push(good.clone().without_claim(name).sign());
    }
    tokens.push(good.clone().without_header("kid").sign());
    tokens.push(good.clone().without_header("alg").sign());
    tokens.push(good.clone().header_and("\"alg\":\"ES256\""));
    tokens.push(good.clone().claims_and("\"x\":1,\"x\":2"));
    tokens.push(good.sign_with(other_key(Algorithm::Es256)));
    let signed = good.sign();
    tokens.extend(["", ".", "..", "a.b.c.d", " ", "{}"].map(str::to_owned));
    tokens.push(format!("{signed}="));
    tokens.push(format!(" {signed}"));
    tokens.push(format!("Bearer {signed}"));
    tokens.push(signed);
    tokens
}

/// What `--stats` says of the kernel for RSA after a good token of each algorithm and a bad one of RS256, with this value of
/// `ASAP_ACCEL`.
fn kernel_with(environment: Option<&str>, backend: &str) -> Value {
    let good = |algorithm: &Algorithm| Token::good(*algorithm).sign();
    let mut tokens: Vec<_> = Algorithm::ALL.iter().map(good).collect();
    let bad = vec![1; 256];
    tokens.push(with_signature(&good(&Algorithm::Rs256), bad));
    let fixed = ["verify", "--audience", "server", "--keys", KEYS.as_str()];
    let further = ["--json", "--stats", "--backend", backend];
    let mut tool = asap(&[&fixed[..], AT_NOW, &further].concat());
    tool.env_remove("ASAP_ACCEL");
    tool.envs(environment.map(|value| ("ASAP_ACCEL", value)));
    let run = run(&mut tool, tokens.join("\n"));
    let mut expected = vec!["accepted"; Algorithm::ALL.len()];
    expected.push("signature_invalid");
    assert_eq!(run.codes(), expected);
    let stats: Value = serde_json::from_str(&run.stderr).unwrap();
    assert_eq!(stats["kernels"]["rsa"]["disagreements"], 0);
    stats["kernels"]["rsa"].clone()
}

#[test]
fn the_environment_leaves_the_kernels_off_and_the_counters_say_so() {
    for off in ["off", "false", ""] {
        for backend in ["auto", "accel"] {
            let kernel = kernel_with(Some(off), backend);
            assert_eq!(kernel["state"], "off_by_environment", "{off:?}");
            assert_eq!(kernel["keys_prepared"], 0);
            assert_eq!(kernel["refusals_rechecked"], 0);
        }
    }
}

#[test]
fn the_kernels_are_in_use_where_the_processor_has_the_instructions() {
    for (environment, backend) in [(None, "auto"), (Some("on"), "auto"), (None, "accel")] {
        let kernel = kernel_with(environment, backend);
        if kernel["is_available"] == true {
            assert_eq!(kernel["state"], "on");
            assert!(kernel["keys_prepared"].as_u64() > Some(0), "{kernel}");
            assert_eq!(kernel["refusals_rechecked"], 1);
        } else {
            assert_eq!(kernel["state"], "no_instructions");
            assert_eq!(kernel["keys_prepared"], 0);
        }
    }
    let unused = kernel_with(None, "aws-lc");
    assert_eq!(
        (&unused["keys_prepared"], &unused["keys_left"]),
        (&0.into(), &0.into())
    );
}
