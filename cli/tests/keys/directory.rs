//! `asap keys serve` leaves its directory by no target and no link, and serves public keys alone.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use crate::server::{Server, assert_not_found, published, serve};
use crate::tool::{Directory, done, keygen};

/// Whatever the target looks like, nothing but a key of the directory is answered with.
#[test]
fn no_target_leads_out_of_the_directory() {
    let directory = published();
    let secret = directory.read("private/svc/k.pem");
    directory.write("outside", directory.read("public/svc/k"));
    let server = serve(&directory);
    for target in [
        "/../outside",
        "/svc/../../outside",
        "/svc/../svc/k",
        "/./svc/k",
        "/svc/./k",
        "//svc/k",
        "/svc//k",
        "/svc/k/",
        "/",
        "//",
        "/..",
        "/.",
        "/svc",
        "/svc/",
        "/svc/..",
        "/%2e%2e/outside",
        "/%2E%2E%2Foutside",
        "/..%2foutside",
        "/svc%2fk",
        "/svc/%6b",
        "/%252e%252e/outside",
        "/svc/k%00",
        "/svc/k%0a",
        "/..%5coutside",
        "/..%c0%af../outside",
        "/svc/k?x",
        "/svc/k?",
        "/svc/k;x",
        "/SVC/K",
        "/~root",
        "/etc/passwd",
        "/../private/svc/k.pem",
        "/private/svc/k.pem",
        "http://localhost/../outside",
        "http://localhost",
        "http://localhost/%2e%2e/outside",
        "/svc/k/k",
        "/...",
        "/svc/..k",
    ] {
        let answer = server.get(target);
        assert_not_found(&answer, target);
    }
    // What is no target at all is refused before it is looked at.
    let refused: [&[u8]; 9] = [
        b"GET svc/k HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET ../outside HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /svc\\..\\k\\ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /svc/k\0 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /svc/\x01k HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /svc/k x HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET  HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    ];
    for bytes in refused {
        let answer = server.exchange(bytes);
        let text = String::from_utf8_lossy(&answer).into_owned();
        let status = text.get(9..12).unwrap_or_default();
        assert!(["400", "404", ""].contains(&status), "{text}");
        assert!(
            !text.contains("KEY") && !text.contains(secret.lines().nth(1).unwrap()),
            "{text}"
        );
    }
    // RFC 9112 section 3.2.2: a server must accept the absolute form.
    assert_eq!(server.get("http://localhost/svc/k").status, 200);
}

#[test]
fn links_may_lead_inside_and_not_outside() {
    let directory = published();
    directory.write("outside/k", directory.read("public/svc/k"));
    for (to, name) in [
        ("k", "svc/inside"),
        ("../../outside/k", "svc/outside"),
        ("../outside", "linked"),
        ("svc", "svc2"),
        ("nowhere", "svc/dangling"),
        ("loop", "svc/loop"),
        ("/etc/passwd", "svc/absolute"),
        ("/dev/zero", "svc/zero"),
    ] {
        symlink(to, directory.at(&format!("public/{name}"))).unwrap();
    }
    let server = serve(&directory);
    assert_eq!(server.get("/svc/inside").status, 200);
    assert_eq!(server.get("/svc2/k").status, 200);
    for path in [
        "/svc/outside",
        "/linked/k",
        "/svc/dangling",
        "/svc/absolute",
        "/svc/zero",
    ] {
        assert_not_found(&server.get(path), path);
    }
    assert_ne!(server.get("/svc/loop").status, 200);
    // The directory itself may be a link, which is set to another version of all keys.
    let again = Directory::new();
    keygen(&again, "svc/new", "ES256");
    symlink(directory.at("public"), again.at("current")).unwrap();
    let server = Server::start(&again.at("current"), &[]);
    assert_eq!(
        (server.get("/svc/k").status, server.get("/svc/new").status),
        (200, 404)
    );
    symlink(again.at("public"), again.at("next")).unwrap();
    fs::rename(again.at("next"), again.at("current")).unwrap();
    assert_eq!(
        (server.get("/svc/k").status, server.get("/svc/new").status),
        (404, 200)
    );
}

#[test]
fn what_is_no_public_key_is_never_served_and_is_warned_about_once() {
    let directory = published();
    let (public, private) = (
        directory.read("public/svc/k"),
        directory.read("private/svc/k.pem"),
    );
    let bodies = [
        ("private", private.clone()),
        ("pkcs1", private.replace("PRIVATE KEY", "RSA PRIVATE KEY")),
        (
            "encrypted",
            private.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"),
        ),
        ("both", format!("{public}{private}")),
        ("relabelled", private.replace("PRIVATE KEY", "PUBLIC KEY")),
        ("two", public.repeat(2)),
        ("before", format!("comment\n{public}")),
        ("certificate", public.replace("PUBLIC KEY", "CERTIFICATE")),
        ("empty", String::new()),
        ("long", format!("{}{public}", "\n".repeat(70_000))),
        ("page", "<html></html>".to_owned()),
    ];
    for (name, body) in &bodies {
        directory.write(&format!("public/bad/{name}"), body);
    }
    directory.write("public/bad/a name\nof two lines", &public);
    done(Command::new("mkfifo").arg(directory.at("public/bad/pipe")));
    let server = serve(&directory);
    directory.write("public/later", &private);
    for _ in 0..2 {
        for (name, _) in &bodies {
            assert_not_found(&server.get(&format!("/bad/{name}")), name);
        }
        assert_not_found(&server.get("/bad/pipe"), "pipe");
        assert_not_found(&server.get("/later"), "later");
        assert_not_found(&server.get("/never"), "never");
        assert_eq!(server.get("/svc/k").status, 200);
    }
    let (status, stdout, stderr) = server.end("TERM");
    assert!(status.success());
    assert_eq!(stdout, "");
    let secret = private.lines().nth(1).unwrap();
    assert!(
        !stderr.contains(secret) && !stderr.contains("html"),
        "{stderr}"
    );
    let warned = |name: &str| {
        stderr
            .lines()
            .filter(|line| line.contains(name))
            .collect::<Vec<_>>()
    };
    for name in bodies
        .iter()
        .map(|(name, _)| *name)
        .chain(["a name\\nof two", "pipe\""])
    {
        let lines = warned(&format!("bad/{name}"));
        assert_eq!(lines.len(), 1, "{name}: {stderr}");
    }
    for name in [
        "bad/private",
        "bad/pkcs1",
        "bad/encrypted",
        "bad/both",
        "/later",
    ] {
        assert!(warned(name)[0].contains("holds a private key"), "{stderr}");
    }
    assert_eq!(stderr.lines().count(), bodies.len() + 3, "{stderr}");
}

/// A directory that is not there for a while says nothing about its keys.
#[test]
fn a_directory_that_is_gone_is_503_and_not_404() {
    let directory = published();
    let server = serve(&directory);
    fs::rename(directory.at("public"), directory.at("away")).unwrap();
    let answer = server.get("/svc/k");
    assert_eq!(
        (answer.status, answer.header("cache-control")),
        (503, Some("no-store"))
    );
    fs::rename(directory.at("away"), directory.at("public")).unwrap();
    assert_eq!(server.get("/svc/k").status, 200);
}
