//! `asap keygen` writes both halves of a key, or nothing.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use asap_engine::{Algorithm, SigningKey, VerifyingKey};

use crate::tool::{Directory, asap, done, keygen, refused};

fn mode(path: &str) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

fn files(directory: &Directory) -> Vec<String> {
    let listed = done(
        Command::new("find")
            .arg(directory.path())
            .args(["-type", "f"]),
    );
    listed.lines().map(ToOwned::to_owned).collect()
}

fn keygen_in(directory: &Directory, more: &[&str]) -> Command {
    let mut command = asap();
    command
        .arg("keygen")
        .args(more)
        .arg("--out")
        .arg(directory.path());
    command
}

#[test]
fn both_halves_of_a_key_for_every_algorithm_belong_together() {
    let directory = Directory::new();
    for algorithm in Algorithm::ALL {
        let key_id = format!("my-service/a.{algorithm}");
        let private = keygen(&directory, &key_id, algorithm.name());
        let private = fs::read_to_string(private).unwrap();
        assert!(private.starts_with("-----BEGIN PRIVATE KEY-----\n"));
        let key = SigningKey::from_pem(*algorithm, private.as_bytes()).unwrap();
        let public = directory.read(&format!("public/{key_id}"));
        assert_eq!(key.public_key_pem(), public);
        let key = VerifyingKey::from_pem(public.as_bytes()).unwrap();
        assert!(key.verifies(*algorithm));
    }
}

#[test]
fn rs256_with_2048_bits_is_made_unless_told_otherwise() {
    let directory = Directory::new();
    for (name, bits, length) in [("a", None, 294), ("b", Some("3072"), 422)] {
        let mut command = keygen_in(&directory, &["--issuer", "svc", "--key-name", name]);
        if let Some(bits) = bits {
            command.args(["--rsa-bits", bits]);
        }
        assert_eq!(done(&mut command), format!("svc/{name}\n"));
        let pem = directory.read(&format!("public/svc/{name}"));
        assert_eq!(asap_tests::keys::der_of(&pem).len(), length);
    }
}

#[test]
fn what_is_private_is_its_owners_alone_whatever_the_umask() {
    let directory = Directory::new();
    let command = format!(
        "umask 000 && '{}' keygen --issuer a/b --key-name c --algorithm ES256 --out '{}'",
        env!("CARGO_BIN_EXE_asap"),
        directory.path().display()
    );
    done(Command::new("sh").args(["-c", &command]));
    assert_eq!(mode(&directory.at("private/a/b/c.pem")), 0o600);
    for path in ["private", "private/a", "private/a/b"] {
        assert_eq!(mode(&directory.at(path)), 0o700, "{path}");
    }
    assert_eq!(mode(&directory.at("public/a/b/c")), 0o666);
    assert_eq!(mode(&directory.at("public/a")), 0o777);
}

#[test]
fn it_says_what_was_written_and_prints_the_kid_alone() {
    let directory = Directory::new();
    let options = ["--issuer", "svc", "--key-name", "k", "--algorithm", "ES256"];
    let output = keygen_in(&directory, &options).output().unwrap();
    assert_eq!(output.stdout, b"svc/k\n");
    let told = crate::tool::stderr(&output);
    assert!(told.contains(&directory.at("private/svc/k.pem")), "{told}");
    assert!(told.contains(&directory.at("public/svc/k")), "{told}");
    assert!(!told.contains("-----"), "{told}");
}

#[test]
fn a_key_that_is_there_is_never_overwritten() {
    let directory = Directory::new();
    let options = ["--issuer", "svc", "--key-name", "k", "--algorithm", "ES256"];
    keygen(&directory, "svc/k", "ES256");
    let before = (
        directory.read("private/svc/k.pem"),
        directory.read("public/svc/k"),
    );
    let line = refused(&mut keygen_in(&directory, &options), "--key-name");
    assert!(line.contains("private/svc/k.pem exists"), "{line}");
    assert_eq!(
        before,
        (
            directory.read("private/svc/k.pem"),
            directory.read("public/svc/k")
        )
    );

    // Where only one half is left, the other is not made anew.
    fs::remove_file(directory.at("private/svc/k.pem")).unwrap();
    refused(&mut keygen_in(&directory, &options), "public/svc/k exists");
    assert_eq!(files(&directory), [directory.at("public/svc/k")]);
    assert_eq!(directory.read("public/svc/k"), before.1);

    // A link that leads nowhere is not followed.
    symlink(directory.at("elsewhere"), directory.at("private/svc/l.pem")).unwrap();
    let options = ["--issuer", "svc", "--key-name", "l", "--algorithm", "ES256"];
    refused(
        &mut keygen_in(&directory, &options),
        "private/svc/l.pem exists",
    );
    assert_eq!(files(&directory).len(), 1);
}

#[test]
fn a_disk_that_is_full_leaves_no_half_of_a_key() {
    // The private key of 2048 bits is longer than the 1024 bytes that a file may have here.
    let directory = Directory::new();
    let command = format!(
        "trap '' XFSZ; ulimit -f 1; '{}' keygen --issuer svc --key-name k --out '{}'",
        env!("CARGO_BIN_EXE_asap"),
        directory.path().display()
    );
    refused(
        Command::new("bash").args(["-c", &command]),
        "--out: cannot write",
    );
    assert_eq!(files(&directory), [""; 0]);
}

#[test]
fn what_cannot_be_is_refused_in_one_line_and_leaves_nothing() {
    let directory = Directory::new();
    let es256 = ["--algorithm", "ES256"];
    for (issuer, name, word) in [
        ("..", "k", "--issuer"),
        ("../svc", "k", "--issuer"),
        ("/svc", "k", "--issuer"),
        ("svc/", "k", "--issuer"),
        ("s v c", "k", "--issuer"),
        ("", "k", "--issuer"),
        ("svc", "", "--key-name"),
        ("svc", ".", "--key-name"),
        ("svc", "a//b", "--key-name"),
        ("svc", "a/../../b", "--key-name"),
        ("svc", "k\n", "--key-name"),
        ("svc", "k\\..", "--key-name"),
        ("svc", "clé", "--key-name"),
    ] {
        let options = ["--issuer", issuer, "--key-name", name];
        refused(keygen_in(&directory, &options).args(es256), word);
    }
    let long = "a/".repeat(300) + "a";
    let options = ["--issuer", &long, "--key-name", &long];
    refused(keygen_in(&directory, &options).args(es256), "1024");
    let options = ["--issuer", "svc", "--key-name", "k"];
    for (more, word) in [
        (["--rsa-bits", "1024"], "--rsa-bits"),
        (["--rsa-bits", "2048x"], "--rsa-bits"),
        (["--algorithm", "HS256"], "--algorithm"),
        (["--algorithm", "es256"], "--algorithm"),
        (["--surprise", "x"], "--surprise"),
    ] {
        refused(keygen_in(&directory, &options).args(more), word);
    }
    let both = ["--rsa-bits", "2048", "--algorithm", "EdDSA"];
    refused(keygen_in(&directory, &options).args(both), "--rsa-bits");
    refused(
        &mut keygen_in(&directory, &["--issuer", "svc"]),
        "--key-name",
    );
    assert_eq!(files(&directory), [""; 0]);
    let file = directory.write("file", "");
    refused(
        asap()
            .arg("keygen")
            .args(options)
            .args(es256)
            .args(["--out", &file]),
        "--out",
    );
    assert_eq!(files(&directory), [file]);
}
