//! The commands of docs/KEYS.md do what the page says, pasted in order.

use std::env;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;

use crate::tool::Directory;

const PAGE: &str = include_str!("../../../docs/KEYS.md");

/// The blocks of the page that are marked as shell.
fn commands() -> Vec<&'static str> {
    let blocks = PAGE.split("\n```sh\n").skip(1);
    blocks
        .map(|block| block.split("\n```").next().unwrap())
        .collect()
}

/// A place to listen that is nobody else's: an address of the loopback that only this process uses, and a port that was
/// free there a moment ago.
fn free_place() -> SocketAddr {
    let [.., high, low] = std::process::id().to_be_bytes();
    let listener = TcpListener::bind((Ipv4Addr::new(127, 77, high, low.clamp(1, 254)), 0));
    listener.unwrap().local_addr().unwrap()
}

#[test]
fn the_commands_of_the_page_work_as_they_stand() {
    let directory = Directory::new();
    let blocks = commands();
    assert!(blocks.len() >= 9, "{}", blocks.len());
    let place = free_place().to_string();
    let script = blocks.join("\n").replace("127.0.0.1:8080", &place);
    assert!(!script.contains(":8080"));
    let binary = Path::new(env!("CARGO_BIN_EXE_asap")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), env::var("PATH").unwrap());
    let output = Command::new("timeout")
        .args(["120", "bash", "-euo", "pipefail", "-c"])
        .arg(format!("trap 'kill $(jobs -p) || true' EXIT\n{script}\n"))
        .current_dir(directory.path())
        .env("PATH", path)
        .output()
        .unwrap();
    let stderr = crate::tool::stderr(&output);
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{stdout}{stderr}");
    assert!(
        stdout.contains("\nrefused: the old key is gone\n"),
        "{stdout}"
    );
    assert!(stdout.starts_with("my-service/2026-11\n"), "{stdout}");
    assert_eq!(
        fs::read_to_string(directory.at("ready.txt")).unwrap(),
        format!("serving keys/public at http://{place}/\n")
    );
    // What the last steps leave is the new key.
    assert!(Path::new(&directory.at("keys/public/my-service/2026-12")).exists());
    assert!(!Path::new(&directory.at("keys/public/my-service/2026-11")).exists());
}

/// What the page shows of the server's answers is what `serve.rs` sees of them.
#[test]
fn the_headers_on_the_page_are_those_that_are_sent() {
    let tests = concat!(include_str!("serve.rs"), include_str!("serve_tls.rs"));
    for value in [
        "public, max-age=300, must-revalidate",
        "default-src 'none'; frame-ancestors 'none'",
        "max-age=31536000",
        "application/x-pem-file",
    ] {
        assert!(PAGE.contains(value) && tests.contains(value), "{value}");
    }
}
