//! `asap sign` signs what the engine accepts, nothing else, and tells nobody the key.

use std::fs;
use std::process::Command;

use asap_engine::{Algorithm, Engine, Keyring, Policy, Scratch, SigningKey, Verdict};
use asap_tests::fixture::verdict_now;
use asap_tests::token::decoded;

use crate::tool::{Directory, asap, done, keygen, refused};

/// `asap sign` for `svc`, with its key `svc/k` and for `them`.
fn sign(private_key: &str) -> Command {
    let mut command = asap();
    command
        .args(["sign", "--issuer", "svc", "--key-id", "svc/k"])
        .args(["--audience", "them", "--private-key", private_key]);
    command
}

fn segment(token: &str, position: usize) -> String {
    let segment = token.trim_end().split('.').nth(position).unwrap();
    String::from_utf8(decoded(segment)).unwrap()
}

/// The payload with the clock's and the random claims taken out, and how long the token lives.
fn payload(token: &str) -> (String, i64) {
    let payload = segment(token, 1);
    let number = |name: &str| -> (String, i64) {
        let (_, rest) = payload.split_once(&format!("\"{name}\":")).unwrap();
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        (format!("\"{name}\":{digits},"), digits.parse().unwrap())
    };
    let ((issued, from), (expires, to)) = (number("iat"), number("exp"));
    let (_, rest) = payload.split_once("\"jti\":\"").unwrap();
    let token_id = format!("\"jti\":\"{}\"", rest.split('"').next().unwrap());
    let payload = payload.replace(&issued, "").replace(&expires, "");
    (payload.replace(&token_id, "*"), to - from)
}

/// The engine with the published keys of `key_ids`, for `them`.
fn engine(directory: &Directory, key_ids: &[String]) -> Engine<Keyring> {
    let keys: Vec<_> = key_ids
        .iter()
        .map(|key_id| (key_id.clone(), directory.read(&format!("public/{key_id}"))))
        .collect();
    let keys = keys
        .iter()
        .map(|(key_id, pem)| (key_id.as_str(), pem.as_bytes()));
    Engine::new(
        Policy::new("them").unwrap(),
        Keyring::from_pems(keys).unwrap(),
    )
}

#[test]
fn what_is_signed_with_any_algorithm_is_accepted() {
    let directory = Directory::new();
    let key_ids: Vec<_> = Algorithm::ALL
        .iter()
        .map(|algorithm| format!("svc/{algorithm}"))
        .collect();
    keygen(&directory, "svc/RS256", "RS256");
    for key_id in &key_ids {
        let algorithm = key_id.strip_prefix("svc/").unwrap();
        if algorithm.starts_with(['R', 'P']) {
            // One key for all of them, because making one takes long.
            directory.write(
                &format!("public/{key_id}"),
                directory.read("public/svc/RS256"),
            );
            directory.write(
                &format!("private/{key_id}.pem"),
                directory.read("private/svc/RS256.pem"),
            );
        } else {
            keygen(&directory, key_id, algorithm);
        }
    }
    let engine = engine(&directory, &key_ids);
    for (algorithm, key_id) in Algorithm::ALL.iter().zip(&key_ids) {
        let token = done(
            asap()
                .args(["sign", "--issuer", "svc", "--key-id", key_id])
                .args([
                    "--private-key",
                    &directory.at(&format!("private/{key_id}.pem")),
                ])
                .args(["--audience", "them", "--algorithm", algorithm.name()]),
        );
        let token = token.strip_suffix('\n').unwrap();
        let mut scratch = Scratch::new();
        match engine.verify_now(token.as_bytes(), &mut scratch).unwrap() {
            Verdict::Verified(identity) => {
                assert_eq!(identity.algorithm(), *algorithm);
                assert_eq!(identity.issuer(), "svc");
                assert_eq!(identity.subject(), "svc");
                assert_eq!(identity.key_id(), key_id);
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_key_signs_with_rs256_or_with_what_its_curve_has() {
    let directory = Directory::new();
    for (made_for, signs_with) in [
        ("PS512", "RS256"),
        ("ES256", "ES256"),
        ("ES384", "ES384"),
        ("ES512", "ES512"),
        ("EdDSA", "EdDSA"),
    ] {
        let key = keygen(&directory, &format!("svc/{made_for}"), made_for);
        let token = done(&mut sign(&key));
        assert_eq!(
            segment(&token, 0),
            format!(r#"{{"alg":"{signs_with}","kid":"svc/k","typ":"JWT"}}"#)
        );
        let wrong = if signs_with == "ES384" {
            "ES256"
        } else {
            "ES384"
        };
        refused(sign(&key).args(["--algorithm", wrong]), "--algorithm");
    }
}

#[test]
fn one_audience_is_a_string_and_several_are_an_array() {
    let directory = Directory::new();
    let key = keygen(&directory, "svc/k", "EdDSA");
    for (more, audience) in [
        (vec![], r#""them""#),
        (vec!["--audience", "others"], r#"["them","others"]"#),
        (vec!["--audience", "b", "c"], r#"["them","b","c"]"#),
    ] {
        let (payload, lifetime) = payload(&done(sign(&key).args(more)));
        assert_eq!(payload, format!(r#"{{"iss":"svc","aud":{audience},*}}"#));
        assert_eq!(lifetime, 60);
    }
}

#[test]
fn every_claim_is_written_as_it_was_given() {
    let directory = Directory::new();
    let key = keygen(&directory, "svc/k", "EdDSA");
    let claims = r#" { "b" : [1.50, 1e3, 12345678901234567890, -0, true, null, {"x":"é\n"}], "a":"\u0041" } "#;
    let token = done(sign(&key).args(["--subject", "some \"user\"", "--claims", claims]));
    assert_eq!(
        payload(&token).0,
        r#"{"iss":"svc","sub":"some \"user\"","aud":"them",*,"a":"A","b":[1.50,1e3,12345678901234567890,-0,true,null,{"x":"é\n"}]}"#
    );
    assert_eq!(
        payload(&done(sign(&key).args(["--claims", "{}"]))).0,
        r#"{"iss":"svc","aud":"them",*}"#
    );
    let engine = engine(&directory, &["svc/k".to_owned()]);
    verdict_now(&engine, token.trim_end()).unwrap();
}

#[test]
fn a_token_lives_as_long_as_was_asked_for_and_an_hour_at_most() {
    let directory = Directory::new();
    let key = keygen(&directory, "svc/k", "EdDSA");
    for (lifetime, seconds) in [("1", 1), ("90", 90), ("30s", 30), ("5m", 300), ("1h", 3600)] {
        let token = done(sign(&key).args(["--lifetime", lifetime]));
        assert_eq!(payload(&token).1, seconds);
    }
    for lifetime in ["0", "61m", "3601", "2h", "-1", "1.5s", "", "soon"] {
        let line = refused(
            sign(&key).arg(format!("--lifetime={lifetime}")),
            "--lifetime",
        );
        assert!(lifetime.is_empty() || line.contains("1h"), "{line}");
    }
}

#[test]
fn the_environment_stands_in_for_options_and_they_win() {
    let directory = Directory::new();
    let key = fs::read_to_string(keygen(&directory, "svc/k", "EdDSA")).unwrap();
    let engine = engine(&directory, &["svc/k".to_owned()]);
    let der = base64_simd::STANDARD.encode_to_string(asap_tests::keys::der_of(&key));
    let from_environment = |private_key: &str| {
        let mut command = asap();
        command
            .args(["sign", "--audience", "them"])
            .env("ASAP_ISSUER", "svc")
            .env("ASAP_KEY_ID", "svc/k")
            .env("ASAP_PRIVATE_KEY", private_key);
        command
    };
    for private_key in [
        key.clone(),
        key.replace('\n', "\\n"),
        format!("data:application/pkcs8;kid=svc%2Fk;base64,{der}"),
        format!("data:application/pkcs8;kid=svc/k;base64,{der}\n"),
    ] {
        let token = done(&mut from_environment(&private_key));
        verdict_now(&engine, token.trim_end()).unwrap();
        // The same text in a file.
        let file = directory.write("file", &private_key);
        done(&mut sign(&file));
    }
    let other = format!("data:application/pkcs8;kid=svc%2Fother;base64,{der}");
    refused(&mut from_environment(&other), "--key-id");

    let mut options_win = sign(&directory.at("private/svc/k.pem"));
    options_win
        .env("ASAP_ISSUER", "..")
        .env("ASAP_KEY_ID", "..")
        .env("ASAP_PRIVATE_KEY", "nonsense");
    done(&mut options_win);
}

#[test]
fn what_a_verifier_would_refuse_is_not_signed() {
    let directory = Directory::new();
    let key = keygen(&directory, "svc/k", "EdDSA");
    let with = |issuer: &str, key_id: &str, more: &[&str], word: &str| {
        let mut command = asap();
        command.args(["sign", "--issuer", issuer, "--key-id", key_id]);
        command.args(["--audience", "them", "--private-key", &key]);
        refused(command.args(more), word);
    };
    with("svc", "other/k", &[], "--key-id");
    with("svc", "svc", &[], "--key-id");
    with("svc", "svcs/k", &[], "--key-id");
    with("svc", "svc/../k", &[], "--key-id");
    with("svc", "svc/k\n", &[], "--key-id");
    with("", "svc/k", &[], "--issuer");
    with("svc/", "svc//k", &[], "--issuer");
    with("s c", "s c/k", &[], "--issuer");
    with("svc", "svc/k", &["--audience", ""], "--audience");
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(8 * 1024));
    with("svc", "svc/k", &["--claims", &long], "--claims");
    for claims in [
        r#"{"iss":"other"}"#,
        r#"{"exp":1}"#,
        r#"{"iat":1}"#,
        r#"{"aud":"x"}"#,
        r#"{"jti":"x"}"#,
        r#"{"nbf":1}"#,
        r#"{"sub":"x"}"#,
        r#"{"\u0069ss":"x"}"#,
        r#"{"a":1,"a":2}"#,
        r#"{"a":{"b":1,"b":2}}"#,
        r#"{"a":NaN}"#,
        r#"{"a":1"#,
        r#"[]"#,
        "7",
        "",
        &("{\"a\":".repeat(40) + "1" + &"}".repeat(40)),
    ] {
        with("svc", "svc/k", &["--claims", claims], "--claims");
    }
}

#[test]
fn what_is_missing_is_named() {
    let directory = Directory::new();
    let key = keygen(&directory, "svc/k", "EdDSA");
    let command = |options: &[&str]| {
        let mut command = asap();
        command.arg("sign").args(options);
        command
    };
    refused(
        &mut command(&[
            "--issuer",
            "svc",
            "--key-id",
            "svc/k",
            "--private-key",
            &key,
        ]),
        "--audience",
    );
    refused(
        &mut command(&[
            "--audience",
            "a",
            "--key-id",
            "svc/k",
            "--private-key",
            &key,
        ]),
        "ASAP_ISSUER",
    );
    refused(
        &mut command(&["--audience", "a", "--issuer", "svc", "--private-key", &key]),
        "ASAP_KEY_ID",
    );
    let mut no_key = command(&["--audience", "a", "--issuer", "svc", "--key-id", "svc/k"]);
    refused(&mut no_key, "--private-key");
    refused(no_key.env("ASAP_PRIVATE_KEY", ""), "ASAP_PRIVATE_KEY");
    let mut bad_issuer = command(&[
        "--audience",
        "a",
        "--key-id",
        "svc/k",
        "--private-key",
        &key,
    ]);
    refused(bad_issuer.env("ASAP_ISSUER", "../svc"), "ASAP_ISSUER");
}

#[test]
fn what_is_no_private_key_is_refused_by_the_name_of_its_source() {
    let directory = Directory::new();
    let key = fs::read_to_string(keygen(&directory, "svc/k", "ES256")).unwrap();
    let public = directory.read("public/svc/k");
    refused(&mut sign(&directory.at("nowhere")), "--private-key");
    refused(
        &mut sign(directory.path().to_str().unwrap()),
        "--private-key",
    );
    for text in [
        "".to_owned(),
        "nonsense".to_owned(),
        public,
        key.repeat(2),
        key.replace("PRIVATE", "ENCRYPTED PRIVATE"),
        "x".repeat(100_000),
        format!("data:application/pkcs8;kid=svc/k;base64,{}", "A".repeat(64)),
    ] {
        refused(&mut sign(&directory.write("file", &text)), "--private-key");
    }
    refused(
        &mut sign(&directory.write("file", [0xff, 0xfe])),
        "--private-key",
    );
    let mut in_environment = asap();
    in_environment.args([
        "sign",
        "--issuer",
        "svc",
        "--key-id",
        "svc/k",
        "--audience",
        "a",
    ]);
    refused(
        in_environment.env("ASAP_PRIVATE_KEY", "nonsense"),
        "ASAP_PRIVATE_KEY",
    );
}

/// Whatever is wrong, and wherever the key was put by mistake, standard error shows nothing of it.
#[test]
fn no_line_shows_anything_of_a_private_key() {
    let directory = Directory::new();
    let file = keygen(&directory, "svc/k", "RS256");
    let key = fs::read_to_string(&file).unwrap();
    let der = base64_simd::STANDARD.encode_to_string(asap_tests::keys::der_of(&key));
    let one_line = key.replace('\n', "\\n");
    let uri = format!("data:application/pkcs8;kid=svc/k;base64,{der}");
    let other_uri = format!("data:;base64,{der}");
    let common = [
        "sign",
        "--issuer",
        "svc",
        "--key-id",
        "svc/k",
        "--audience",
        "them",
    ];
    let check = |command: &mut Command| {
        let line = refused(command, "");
        assert!(line.len() < 300, "{line}");
        for part in der.as_bytes().chunks(16) {
            let part = str::from_utf8(part).unwrap();
            assert!(part.len() < 16 || !line.contains(part), "{line}");
        }
    };
    for text in [&key, &one_line, &uri, &other_uri, &der] {
        check(asap().args(common).args(["--private-key", text]));
        check(asap().args(common).arg(format!("--private-key={text}")));
        check(asap().args(common).arg(text));
        check(
            asap()
                .args(common)
                .args(["--algorithm", text, "--private-key", &file]),
        );
        check(
            asap()
                .args(common)
                .args(["--lifetime", text, "--private-key", &file]),
        );
        check(asap().arg(text));
        check(asap().args([
            "keys",
            "serve",
            "--dir",
            "/",
            "--tls-cert",
            "x",
            "--tls-key",
            text,
        ]));
    }
    for text in [&key, &one_line, &uri] {
        let mut command = asap();
        command.args(common).args(["--private-key", text]);
        refused(&mut command, "must not stand on the command line");
    }
    for text in [&other_uri, &der, &key[..400].to_owned(), &format!("{key}x")] {
        let mut command = asap();
        command.args(common).args(["--surprise"]);
        check(command.env("ASAP_PRIVATE_KEY", text));
        check(asap().args(common).env("ASAP_PRIVATE_KEY", text));
    }
    check(
        asap()
            .args(common)
            .env("ASAP_PRIVATE_KEY", &key)
            .args(["--algorithm", "ES256"]),
    );
}

#[test]
fn the_token_is_all_that_is_printed_and_each_is_new() {
    let directory = Directory::new();
    let key = keygen(&directory, "svc/k", "ES256");
    let outputs = [sign(&key).output().unwrap(), sign(&key).output().unwrap()];
    for output in &outputs {
        assert_eq!(output.stderr, b"");
        let text = String::from_utf8(output.stdout.clone()).unwrap();
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        assert!(
            text.strip_suffix('\n').unwrap().bytes().all(legal),
            "{text}"
        );
    }
    assert_ne!(outputs[0].stdout, outputs[1].stdout);
    let pem = fs::read(&key).unwrap();
    SigningKey::from_pem(Algorithm::Es256, &pem).unwrap();
}
