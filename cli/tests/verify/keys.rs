//! Where keys come from: a directory that no kid leaves, and repositories over TLS.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use asap_engine::Algorithm;
use asap_tests::key_server::{Asked, Gate, KeyServer, Reply, cached, reply};
use asap_tests::keys::key;
use asap_tests::token::Token;
use tokio::runtime::Runtime;

use crate::support::{AT_NOW, Run, asap, directory, run, verify, write_key};

fn pem() -> &'static str {
    key(Algorithm::Es256).public_key_pem()
}

/// A good token whose key is named so.
fn token_of(key_id: &str) -> String {
    Token::es256()
        .header("kid", &format!("\"{key_id}\""))
        .sign()
}

/// Judges with the keys that these arguments name.
fn with_keys(arguments: &[&str], tokens: &[String]) -> Run {
    let fixed = ["--audience", "server", "--json", "--stats"];
    let arguments = [&fixed, AT_NOW, arguments].concat();
    verify(&arguments, tokens.join("\n"))
}

fn with_directory(path: &Path, tokens: &[String]) -> Run {
    with_keys(&["--keys", path.to_str().unwrap()], tokens)
}

#[test]
fn the_key_of_a_kid_is_the_file_of_its_name() {
    let root = directory();
    for key_id in [
        "client/k",
        "client/a/b/c",
        "client/a..b",
        "client/...",
        "client/-+_.pem",
    ] {
        write_key(&root, key_id, pem());
        let run = with_directory(&root, &[token_of(key_id)]);
        assert_eq!(run.codes(), ["accepted"], "{key_id}");
    }
}

#[test]
fn a_key_is_read_once() {
    let root = directory();
    write_key(&root, "client/k", pem());
    write_key(&root, "client/bad", "");
    let tokens =
        ["k", "k", "bad", "k", "bad", "absent"].map(|name| token_of(&format!("client/{name}")));
    let run = with_directory(&root, &tokens);
    assert_eq!(run.stat("fetches"), 4, "one of k, and the others each time");
    assert_eq!(run.stat("hits"), 2);
    assert_eq!(
        (run.stat("coalesced"), run.stat("refused_by_limits")),
        (0, 0)
    );
    assert_eq!((run.stat("failures"), run.stat("keys")), (2, 1));
}

#[test]
fn workers_that_miss_the_same_key_read_it_once() {
    let root = directory();
    write_key(&root, "client/k", pem());
    let tokens = vec![token_of("client/k"); 4_000];
    let run = with_directory(&root, &tokens);
    assert!(run.codes().iter().all(|code| code == "accepted"));
    assert_eq!(run.stat("fetches"), 1);
    assert_eq!(run.stat("hits") + run.stat("coalesced"), 3_999);
}

#[test]
fn what_is_no_file_is_no_key_and_a_file_without_a_key_says_nothing_of_the_token() {
    let root = directory();
    write_key(&root, "client/dir/below", pem());
    write_key(&root, "client/file", pem());
    write_key(&root, "client/garbage", "garbage");
    write_key(&root, "client/empty", "");
    write_key(&root, "client/twice", &pem().repeat(2));
    write_key(
        &root,
        "client/small",
        &format!("{pem}{}", " ".repeat(60_000), pem = pem()),
    );
    write_key(
        &root,
        "client/large",
        &format!("{pem}{}", " ".repeat(66_000), pem = pem()),
    );
    let pipe = root.join("client/pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let long = "x".repeat(300);
    for (name, code, status) in [
        ("absent", "key_unknown", 401),
        ("absent/below", "key_unknown", 401),
        ("file/below", "key_unknown", 401),
        ("dir", "key_unknown", 401),
        ("pipe", "key_unknown", 401),
        (&long, "key_unknown", 401),
        ("garbage", "key_unavailable", 503),
        ("empty", "key_unavailable", 503),
        ("twice", "key_unavailable", 503),
        ("large", "key_unavailable", 503),
    ] {
        let run = with_directory(&root, &[token_of(&format!("client/{name}"))]);
        let verdict = &run.verdicts()[0];
        assert_eq!(
            (&verdict["code"], &verdict["status"]),
            (&code.into(), &status.into()),
            "{name}"
        );
        assert_eq!(verdict["stage"], "key");
    }
    let run = with_directory(&root, &[token_of("client/small")]);
    assert_eq!(run.codes(), ["accepted"]);
}

#[cfg(unix)]
#[test]
fn a_kid_never_leads_outside_of_the_directory() {
    use std::os::unix::fs::symlink;
    let outer = directory();
    let root = outer.join("keys");
    write_key(&outer, "outside/client/k", pem());
    write_key(&outer, "keys-too/k", pem());
    write_key(&root, "client/k", pem());
    symlink(outer.join("outside/client/k"), root.join("client/absolute")).unwrap();
    symlink("../../outside/client/k", root.join("client/relative")).unwrap();
    symlink("../../keys-too", root.join("client/sibling")).unwrap();
    symlink("/", root.join("client/slash")).unwrap();
    symlink("k", root.join("client/inside")).unwrap();
    symlink("absent", root.join("client/dangling")).unwrap();
    symlink("loop", root.join("client/loop")).unwrap();
    symlink(&root, outer.join("link")).unwrap();
    let below_slash = format!("slash{}", outer.join("outside/client/k").display());
    for (name, code) in [
        ("absolute", "key_unknown"),
        ("relative", "key_unknown"),
        ("sibling/k", "key_unknown"),
        (below_slash.as_str(), "key_unknown"),
        ("slash/dev/zero", "key_unknown"),
        ("dangling", "key_unknown"),
        ("loop", "key_unavailable"),
        ("inside", "accepted"),
        ("../outside/client/k", "key_id_invalid"),
        ("/k", "key_id_invalid"),
    ] {
        let token = token_of(&format!("client/{name}"));
        for root in [root.clone(), outer.join("link")] {
            let run = with_directory(&root, std::slice::from_ref(&token));
            assert_eq!(run.codes(), [code], "{name}");
        }
    }
}

/// A repository that has the key of `client/k`, to be kept for a minute.
async fn script(asked: Asked) -> Reply {
    match asked.path.as_str() {
        "/keys/client/k" => cached("max-age=60", pem()),
        path if path.starts_with("/keys/new-") => cached("max-age=60", pem()),
        "/keys/client/uncached" => reply(200, &[], pem()),
        "/keys/client/garbage" => cached("max-age=60", "garbage"),
        "/keys/client/broken" => reply(500, &[], ""),
        _ => reply(404, &[], ""),
    }
}

#[test]
fn a_flood_of_unknown_keys_costs_a_repository_what_the_limit_says() {
    const FLOOD: usize = 20_000;
    const NEW: usize = 20;
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(KeyServer::https(script));
    let ca = directory().join("ca.pem");
    fs::write(&ca, server.ca_pem()).unwrap();
    let url = server.url("/keys");
    let arguments = ["--key-repository", &url, "--ca-file", ca.to_str().unwrap()];
    let of_another = |key_id: &str, issuer: &str| {
        let token = Token::es256().header("kid", &format!("\"{key_id}\""));
        token.claim("iss", &format!("\"{issuer}\"")).sign()
    };
    let (head, tail) = of_another("flooding/00000", "flooding")
        .split_once('.')
        .map(|(_, tail)| ("flooding/", tail.to_owned()))
        .unwrap();
    let mut tokens: Vec<_> = (0..FLOOD)
        .map(|number| {
            let header = format!("{{\"alg\":\"ES256\",\"kid\":\"{head}{number:05}\"}}");
            let header = base64_simd::URL_SAFE_NO_PAD.encode_to_string(header);
            format!("{header}.{tail}")
        })
        .collect();
    // The first tokens of new issuers, late in the flood: one in a single name leaves them what they need.
    for number in 0..NEW {
        let issuer = format!("new-{number}");
        let token = of_another(&format!("{issuer}/k"), &issuer);
        tokens.insert(FLOOD / 2 + number * 400, token);
    }
    tokens.insert(0, token_of("client/k"));
    tokens.push(token_of("client/k"));
    let run = with_keys(&arguments, &tokens);
    let codes = run.codes();
    assert_eq!([&codes[0], &codes[FLOOD + NEW + 1]], ["accepted"; 2]);
    let count = |code: &str| codes.iter().filter(|one| *one == code).count();
    assert_eq!(count("accepted"), NEW + 2);
    let (unknown, unavailable) = (count("key_unknown"), count("key_unavailable"));
    assert_eq!(unknown + unavailable, FLOOD);
    assert!((1_024..FLOOD / 4).contains(&unknown), "{unknown}");
    assert_eq!(
        run.stat("refused_by_limits"),
        u64::try_from(unavailable).unwrap()
    );
    assert_eq!(server.asked().len(), unknown + NEW + 1);
}

#[test]
fn keys_come_from_a_repository_over_tls_once() {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(KeyServer::https(script));
    let ca = directory().join("ca.pem");
    fs::write(&ca, server.ca_pem()).unwrap();
    let url = server.url("/keys");
    let arguments = ["--key-repository", &url, "--ca-file", ca.to_str().unwrap()];
    let tokens = vec![token_of("client/k"); 4_000];
    let run = with_keys(&arguments, &tokens);
    assert_eq!(run.codes(), vec!["accepted"; 4_000]);
    assert_eq!((run.code, server.asked().len()), (0, 1));
    assert_eq!(run.stat("fetches"), 1);
    assert_eq!(run.stat("hits") + run.stat("coalesced"), 3_999);
    assert_eq!(run.stat("refused_by_limits"), 0);

    let names = ["absent", "garbage", "broken", "uncached", "uncached"];
    let tokens = names.map(|name| token_of(&format!("client/{name}")));
    let run = with_keys(&arguments, &tokens);
    let codes = [
        "key_unknown",
        "key_unavailable",
        "key_unavailable",
        "accepted",
        "accepted",
    ];
    assert_eq!(run.codes(), codes);
    // The last line has no end, so it is a block of its own, and two workers may want its key at once.
    let waits = run.stat("fetches") + run.stat("coalesced");
    assert_eq!((run.code, waits, run.stat("failures")), (1, 5, 2));

    // Whom it does not trust, it does not ask.
    let before = server.asked().len();
    let stranger = runtime.block_on(KeyServer::https(script));
    fs::write(&ca, stranger.ca_pem()).unwrap();
    let run = with_keys(&arguments, &[token_of("client/k")]);
    assert_eq!(run.codes(), ["key_unavailable"]);
    assert_eq!(server.asked().len(), before);
}

/// rustls-native-certs, which finds the platform's, goes by this variable, as OpenSSL does.
#[cfg(target_os = "linux")]
#[test]
fn whom_the_platform_trusts_is_trusted_where_no_certificate_is_named() {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(KeyServer::https(script));
    let stranger = runtime.block_on(KeyServer::https(script));
    let directory = directory();
    let url = server.url("/keys");
    let with_roots = |name: &str, pem: &[u8]| {
        let path = directory.join(name);
        fs::write(&path, pem).unwrap();
        let fixed = ["verify", "--audience", "server", "--json", "--stats"];
        let arguments = [&fixed, AT_NOW, &["--key-repository", &url]].concat();
        let mut tool = asap(&arguments);
        tool.env("SSL_CERT_FILE", path).env_remove("SSL_CERT_DIR");
        run(&mut tool, token_of("client/k")).codes()
    };
    assert_eq!(with_roots("own.pem", server.ca_pem()), ["accepted"]);
    let before = server.asked().len();
    let refused = with_roots("stranger.pem", stranger.ca_pem());
    assert_eq!(refused, ["key_unavailable"]);
    assert_eq!(server.asked().len(), before);
}

#[test]
fn verdicts_do_not_wait_for_the_key_of_a_later_token() {
    let runtime = Runtime::new().unwrap();
    let gate = Gate::closed();
    let inside = gate.clone();
    let server = runtime.block_on(KeyServer::http(move |asked| {
        let gate = inside.clone();
        async move {
            if asked.path.ends_with("held") {
                gate.pass().await;
            }
            cached("max-age=60", pem())
        }
    }));
    let url = server.url("/keys");
    let fixed = ["verify", "--audience", "server", "--allow-http-loopback"];
    let mut child = asap(&[&fixed, AT_NOW, &["--key-repository", &url]].concat())
        .spawn()
        .unwrap();
    let tokens = ["k", "held", "k"].map(|name| token_of(&format!("client/{name}")));
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(tokens.join("\n").as_bytes()).unwrap();
    drop(stdin);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    assert!(
        first.starts_with("accepted") && first.contains("client/k"),
        "{first}"
    );
    gate.open();
    let rest: Vec<_> = lines.map(Result::unwrap).collect();
    assert!(
        rest[0].contains("client/held") && rest[1].contains("client/k"),
        "{rest:?}"
    );
    assert_eq!((rest.len(), child.wait().unwrap().code()), (2, Some(0)));
}

#[test]
fn the_keys_of_the_next_tokens_are_fetched_while_one_is_waited_for() {
    const KEYS: usize = 8;
    let runtime = Runtime::new().unwrap();
    let (gate, asked) = (Gate::closed(), Arc::new(AtomicUsize::new(0)));
    let server = runtime.block_on(KeyServer::http(move |_| {
        let (gate, asked) = (gate.clone(), Arc::clone(&asked));
        async move {
            // Nobody is answered before all have been asked for.
            if asked.fetch_add(1, Ordering::SeqCst) + 1 == KEYS {
                gate.open();
            }
            gate.pass().await;
            cached("max-age=60", pem())
        }
    }));
    let url = server.url("/keys");
    let mut tokens = Vec::new();
    for number in 0..KEYS {
        let token = token_of(&format!("client/{number}"));
        let late = Token::es256().header("kid", &format!("\"client/late-{number}\""));
        tokens.extend([token.clone(), late.claim("exp", "1699999999").sign(), token]);
    }
    let run = with_keys(
        &["--allow-http-loopback", "--key-repository", &url],
        &tokens,
    );
    assert_eq!(
        run.codes(),
        ["accepted", "expired", "accepted"].repeat(KEYS)
    );
    assert_eq!(server.asked().len(), KEYS);
    let used = run.stat("hits") + run.stat("coalesced");
    assert_eq!((run.stat("fetches"), used), (8, 8));
}

#[test]
fn nothing_is_fetched_for_a_token_that_the_policy_refuses() {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(KeyServer::http(script));
    let url = server.url("/keys/");
    let arguments = ["--allow-http-loopback", "--key-repository", &url];
    let late = Token::es256().claim("exp", "1699999999").sign();
    let run = with_keys(&arguments, &[late]);
    assert_eq!(
        (run.codes(), run.stat("fetches")),
        (vec!["expired".to_owned()], 0)
    );
    assert!(server.asked().is_empty());
    let run = with_keys(&arguments, &[token_of("client/k")]);
    assert_eq!(run.codes(), ["accepted"]);
}

#[test]
fn the_next_repository_is_asked_when_one_is_down() {
    let runtime = Runtime::new().unwrap();
    let standby = runtime.block_on(KeyServer::http(script));
    let broken = runtime.block_on(KeyServer::http(|_| std::future::ready(reply(503, &[], ""))));
    let (broken, url) = (broken.url(""), standby.url("/keys"));
    let tokens = ["k", "absent"].map(|name| token_of(&format!("client/{name}")));
    for arguments in [
        vec!["--key-repository", &broken, &url],
        vec!["--key-repository", &broken, "--key-repository", &url],
    ] {
        let run = with_keys(
            &[&["--allow-http-loopback"], &arguments[..]].concat(),
            &tokens,
        );
        // The one that is down may have the other key.
        assert_eq!(run.codes(), ["accepted", "key_unavailable"]);
    }
    let arguments = ["--allow-http-loopback", "--key-repository", &broken];
    assert_eq!(
        with_keys(&arguments, &tokens).codes(),
        ["key_unavailable", "key_unavailable"]
    );
}
