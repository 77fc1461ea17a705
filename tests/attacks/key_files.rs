//! Section 2, the frame of a key: what a key repository may answer in the place of one PEM public key.

use asap_engine::{Algorithm, KeyRejected, PrivateKeyPem, SigningKey};
use asap_tests::keys::{der_of, key, pem};
use asap_tests::token::Token;

use crate::case::{Case, bad_key, twin};

rows! {
    /// RFC 7468 section 2; "a resource in PEM format".
    "KEY-14" key_14_pem_pitfalls = pem_pitfalls;
    /// A private key is nobody's public key.
    "KEY-15" key_15_a_private_key_or_a_certificate_is_published = other_sections;
}

/// The key under test: whoever reads it leniently accepts the token.
fn good_pem() -> &'static str {
    key(Algorithm::Es256).public_key_pem()
}

fn token(kid: &str) -> String {
    Token::es256().header("kid", &format!("\"{kid}\"")).sign()
}

fn refused(row: &str, name: &str, text: impl AsRef<[u8]>, rejected: KeyRejected) -> Case {
    let kid = format!("client/{row}/{name}");
    bad_key(name, &kid, text, rejected, token(&kid))
}

fn taken(row: &str, name: &str, text: impl AsRef<[u8]>) -> Case {
    let kid = format!("client/{row}/{name}");
    twin(name, token(&kid)).with_key(&kid, text)
}

fn pem_pitfalls() -> Vec<Case> {
    let good = good_pem();
    let other = asap_tests::keys::other_key(Algorithm::Es256).public_key_pem();
    let der = der_of(good);
    let base64: String = good.lines().filter(|line| !line.starts_with('-')).collect();
    let trailing = pem("PUBLIC KEY", &[&der[..], &[0]].concat());
    let twice = pem("PUBLIC KEY", &[&der[..], &der].concat());
    let not_pem = KeyRejected::NotPem;
    let mut cases = vec![
        refused("KEY-14", "trailing-DER", trailing, KeyRejected::NotDer),
        refused("KEY-14", "two-keys-in-DER", twice, KeyRejected::NotDer),
        refused(
            "KEY-14",
            "cut-DER",
            pem("PUBLIC KEY", &der[..der.len() - 1]),
            KeyRejected::NotDer,
        ),
        refused("KEY-14", "bare-DER", &der, not_pem),
        refused(
            "KEY-14",
            "not-UTF-8",
            b"\xff\xfe-----BEGIN PUBLIC KEY-----",
            not_pem,
        ),
    ];
    for (name, text) in [
        ("nothing", String::new()),
        ("white-space", " \r\n\t".to_owned()),
        (
            "HTML",
            "<!DOCTYPE html><html><body>Log in</body></html>".to_owned(),
        ),
        ("HTML-around", format!("<html><pre>\n{good}</pre></html>")),
        ("two-keys", format!("{good}{other}")),
        ("the-same-twice", format!("{good}{good}")),
        ("text-before", format!("Public key of the client:\n{good}")),
        ("text-after", format!("{good}end\n")),
        ("a-comment", format!("# key\n{good}")),
        ("BOM", format!("\u{feff}{good}")),
        ("NUL-after", format!("{good}\0")),
        ("no-padding", good.replace('=', "")),
        ("no-frame", base64.clone()),
        ("one-line", good.replace('\n', "")),
        ("no-end", good.replace("-----END PUBLIC KEY-----", "")),
        (
            "labels-differ",
            good.replace("END PUBLIC KEY", "END CERTIFICATE"),
        ),
        ("four-dashes", good.replace("-----BEGIN", "----BEGIN")),
        (
            "headers",
            good.replacen("-----\n", "-----\nProc-Type: 4,ENCRYPTED\n\n", 1),
        ),
        ("base64url", good.replacen("-----\n", "-----\n-_", 1)),
        (
            "JWK",
            "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}".to_owned(),
        ),
        ("JWK-Set", "{\"keys\":[]}".to_owned()),
        (
            "ssh-rsa",
            "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ== client".to_owned(),
        ),
        (
            "SSH2",
            "---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n---- END SSH2 PUBLIC KEY ----\n".to_owned(),
        ),
    ] {
        cases.push(refused("KEY-14", name, text, not_pem));
    }
    for label in [
        "CERTIFICATE",
        "RSA PUBLIC KEY",
        "EC PUBLIC KEY",
        "public key",
        "PUBLIC  KEY",
        "ANY",
    ] {
        let text = good.replace("PUBLIC KEY", label);
        let name = format!("label-{}", label.replace(' ', "-"));
        cases.push(refused("KEY-14", &name, text, KeyRejected::WrongPemLabel));
    }
    for (name, text) in [
        ("as-it-is", good.to_owned()),
        ("CRLF", good.replace('\n', "\r\n")),
        ("CR", good.replace('\n', "\r")),
        ("no-line-end", good.trim_end().to_owned()),
        ("white-space-around", format!("\r\n \t{good}\n\n ")),
        (
            "long-line",
            format!("-----BEGIN PUBLIC KEY-----\n{base64}\n-----END PUBLIC KEY-----\n"),
        ),
    ] {
        cases.push(taken("KEY-14", name, text));
    }
    cases
}

fn other_sections() -> Vec<Case> {
    let wrong = KeyRejected::WrongPemLabel;
    let (key, private) = SigningKey::generate(Algorithm::Es256).unwrap();
    let private: PrivateKeyPem = private;
    let private = private.as_str();
    let kid = |name: &str| format!("client/KEY-15/{name}");
    let by_it = |name: &str| {
        let token = Token::es256().header("kid", &format!("\"{}\"", kid(name)));
        token.sign_with(&key)
    };
    let mut cases = Vec::new();
    for (name, text, rejected) in [
        ("private-key", private.to_owned(), wrong),
        (
            "private-key-relabelled",
            private.replace("PRIVATE KEY", "PUBLIC KEY"),
            KeyRejected::NotDer,
        ),
        (
            "both",
            format!("{}{private}", key.public_key_pem()),
            KeyRejected::NotPem,
        ),
        (
            "both-private-first",
            format!("{private}{}", key.public_key_pem()),
            KeyRejected::NotPem,
        ),
        ("certificate", rcgen_certificate(), wrong),
        (
            "certificate-relabelled",
            rcgen_certificate().replace("CERTIFICATE", "PUBLIC KEY"),
            KeyRejected::NotDer,
        ),
        (
            "EC-PRIVATE-KEY",
            private.replace("PRIVATE KEY", "EC PRIVATE KEY"),
            wrong,
        ),
        (
            "RSA-PRIVATE-KEY",
            private.replace("PRIVATE KEY", "RSA PRIVATE KEY"),
            wrong,
        ),
        (
            "ENCRYPTED-PRIVATE-KEY",
            private.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"),
            wrong,
        ),
        (
            "OPENSSH-PRIVATE-KEY",
            private.replace("PRIVATE KEY", "OPENSSH PRIVATE KEY"),
            wrong,
        ),
    ] {
        cases.push(bad_key(name, &kid(name), text, rejected, by_it(name)));
    }
    let public = twin("the public key", by_it("public-key"));
    cases.push(public.with_key(&kid("public-key"), key.public_key_pem()));
    cases
}

/// A certificate that says nothing of importance.
fn rcgen_certificate() -> String {
    let key = rcgen::KeyPair::generate().unwrap();
    let parameters = rcgen::CertificateParams::new(vec!["client".to_owned()]).unwrap();
    parameters.self_signed(&key).unwrap().pem()
}
