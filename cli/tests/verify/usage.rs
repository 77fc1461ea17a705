//! What cannot work ends with 2 and one line that names the option, before a token is read.

use std::fs;

use crate::support::{KEYS, Run, directory, verify};

/// A token is on standard input, and nothing is said of it.
fn refuse(arguments: &[&str]) -> Run {
    let run = verify(arguments, "eyJ.eyJ.eyJ\n");
    let said = &run.stderr;
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(
        said.starts_with("asap: ") && !said.contains("eyJ"),
        "{said}"
    );
    run
}

#[test]
fn every_option_that_cannot_work_is_named() {
    let keys = ["--keys", KEYS.as_str()];
    let audience = ["--audience", "server"];
    let url = ["--key-repository", "https://keys.example"];
    for (further, named) in [
        (&["--audience", ""][..], "--audience"),
        (&["--leeway", "301"], "--leeway"),
        (&["--leeway", "-1"], "--leeway"),
        (&["--leeway", "300.000000001"], "--leeway"),
        (&["--leeway", "long"], "--leeway"),
        (&["--algorithm", "RS255"], "--algorithm"),
        (&["--algorithm", "RS256", "none"], "--algorithm"),
        (&["--algorithm", "rs256"], "--algorithm"),
        (&["--algorithm"], "--algorithm"),
        (&["--issuer", "a b"], "--issuer"),
        (&["--issuer", ""], "--issuer"),
        (&["--backend", "openssl"], "--backend"),
        (&["--input", "json"], "--input"),
        (&["--at", "now"], "--at"),
        (&["--at", "1e400"], "--at"),
        (&["--at"], "--at"),
        (&url, "--key-repository"),
        (&["--profile", "connect"], "--profile"),
        (&["--surprise"], "--surprise"),
    ] {
        let arguments: Vec<_> = audience
            .iter()
            .chain(&keys)
            .chain(further)
            .copied()
            .collect();
        let said = refuse(&arguments).stderr;
        assert!(said.contains(named), "{further:?}: {said}");
    }
    for (arguments, named) in [
        (&keys[..], "--audience"),
        (&audience, "--keys"),
        (&audience, "--key-repository"),
        (&[], "--audience"),
    ] {
        let said = refuse(arguments).stderr;
        assert!(said.contains(named), "{arguments:?}: {said}");
    }
}

#[test]
fn a_key_source_that_cannot_be_is_named_with_its_path() {
    let directory = directory();
    let file = directory.join("file");
    fs::write(&file, "no certificate").unwrap();
    let (absent, file) = (directory.join("absent"), file.to_str().unwrap());
    let absent = absent.to_str().unwrap();
    let ca = ["--key-repository", "https://keys.example", "--ca-file"];
    for (arguments, option, path) in [
        (vec!["--keys", absent], "--keys", absent),
        (vec!["--keys", file], "--keys", file),
        ([&ca[..], &[absent]].concat(), "--ca-file", absent),
        ([&ca[..], &[file]].concat(), "--ca-file", file),
    ] {
        let said = refuse(&[&["--audience", "server"][..], &arguments].concat()).stderr;
        assert!(said.contains(option) && said.contains(path), "{said}");
    }
}

#[test]
fn a_repository_that_may_not_be_asked_is_refused_without_its_password() {
    for (urls, further) in [
        (&["http://keys.example"][..], &[][..]),
        (&["http://127.0.0.1:1"], &[]),
        (&["http://keys.example"], &["--allow-http-loopback"]),
        (&["https://user:secret@keys.example"], &[]),
        (&["https://keys.example?secret"], &[]),
        (&["keys.example"], &[]),
        (&[""], &[]),
        (&["https://keys.example", "http://keys.example"], &[]),
        (&["https://keys.example"; 9], &[]),
    ] {
        let arguments = [&["--audience", "server", "--key-repository"], urls, further].concat();
        let said = refuse(&arguments).stderr;
        assert!(said.contains("--key-repository"), "{urls:?}: {said}");
        assert!(!said.contains("secret"), "{said}");
    }
}

#[test]
fn a_token_on_the_command_line_is_refused_and_not_repeated() {
    let keys = KEYS.as_str();
    refuse(&["eyJ.eyJ.eyJ", "--audience", "server", "--keys", keys]);
    refuse(&["--audience", "server", "--keys", keys, "eyJ.eyJ.eyJ"]);
}

#[test]
fn the_help_shows_how_it_is_used() {
    let run = verify(&["--help"], "");
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    for part in [
        "Examples:",
        "Exit codes:",
        "--key-repository <URL>",
        "jsonl",
        "--profile connect-install",
    ] {
        assert!(run.stdout.contains(part), "{part}");
    }
}

#[test]
fn each_profile_says_what_it_lacks() {
    let jsonl = ["--input", "jsonl"];
    for (profile, arguments, lacking) in [
        ("asap", &[][..], "--audience"),
        (
            "asap",
            &["--audience", "a"],
            "--keys DIR or --key-repository URL",
        ),
        ("connect", &[], "--tenant"),
        ("connect", &["--tenant", "a=f"], "--method and --url"),
        ("connect-context", &jsonl, "--tenant"),
        ("connect-install", &["--keys", "d"], "--base-url"),
        (
            "connect-install",
            &["--base-url", "https://a.example"],
            "--keys DIR",
        ),
        (
            "connect-install",
            &["--keys", "d", "--base-url", "https://a.example"],
            "--method and --url",
        ),
        (
            "connect-install",
            &[
                "--keys",
                "d",
                "--base-url",
                "https://a.example",
                "--method",
                "POST",
                "--url",
                "/",
            ],
            "--body-file",
        ),
        ("forge", &["--jwks", "f"], "--app-id"),
        ("forge", &["--app-id", "a"], "--jwks"),
        ("trello", &["--trello-keys", "f"], "--plugin-id"),
        ("trello", &["--plugin-id", "a"], "--trello-keys"),
    ] {
        let said = refuse(&[&["--profile", profile], arguments].concat()).stderr;
        assert!(said.starts_with(&format!("asap: {lacking}")), "{said}");
        assert!(
            said.contains(&format!("--profile {profile} needs it")),
            "{said}"
        );
    }
}

#[test]
fn an_option_that_a_profile_has_no_use_for_is_refused() {
    let asap = ["--audience", "server", "--keys", KEYS.as_str()];
    let connect = ["--tenant", "a=f", "--method", "GET", "--url", "/"];
    let forge = ["--jwks", "f", "--app-id", "a"];
    let trello = ["--trello-keys", "f", "--plugin-id", "a"];
    for (profile, needed, further) in [
        ("asap", &asap[..], &["--tenant", "a=f"][..]),
        ("asap", &asap, &["--url", "/", "--method", "GET"]),
        ("asap", &asap, &["--base-url", "https://a.example"]),
        ("asap", &asap, &["--jwks", "f"]),
        ("connect", &connect, &["--audience", "a"]),
        ("connect", &connect, &["--keys", "d"]),
        ("connect", &connect, &["--algorithm", "RS256"]),
        ("connect", &connect, &["--single-use"]),
        ("connect", &connect, &["--backend", "ring"]),
        ("connect", &connect, &["--body-file", "f"]),
        (
            "connect-context",
            &connect,
            &["--key-repository", "https://keys.example"],
        ),
        ("forge", &forge, &["--audience", "a"]),
        ("forge", &forge, &["--single-use"]),
        ("forge", &forge, &["--issuer", "a"]),
        ("forge", &forge, &["--plugin-id", "a"]),
        ("trello", &trello, &["--app-id", "a"]),
        ("trello", &trello, &["--method", "GET", "--url", "/"]),
    ] {
        let said = refuse(&[&["--profile", profile], needed, further].concat()).stderr;
        let useless = further
            .iter()
            .any(|option| said.starts_with(&format!("asap: {option}:")));
        assert!(
            useless && said.contains("has no use for it"),
            "{profile} {further:?}: {said}"
        );
    }
    for (arguments, named) in [
        (&["--profile", "bitbucket"][..], "--profile"),
        (&["--method", "GET"], "--url"),
        (&["--url", "/"], "--method"),
    ] {
        let said = refuse(arguments).stderr;
        assert!(said.contains(named), "{arguments:?}: {said}");
    }
}
