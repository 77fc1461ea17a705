//! The frame of PEM, against a reader that writes the frame it expects and compares; and the keys in it.

use asap_engine::internals::pem_section;
use asap_engine::limits::MAX_PEM_LENGTH;
use asap_engine::{Backend, KeyRejected, VerifyingKey};

use crate::oracle::base64::{Alphabet, decode, encode};

/// The labels that the library which names them knows; a key has five of them.
const LABELS: [&str; 8] = [
    "PUBLIC KEY",
    "PRIVATE KEY",
    "RSA PRIVATE KEY",
    "EC PRIVATE KEY",
    "CERTIFICATE",
    "X509 CRL",
    "CERTIFICATE REQUEST",
    "ECHCONFIG",
];

/// `data` is a PEM text.
pub fn pem(data: &[u8]) {
    let section = pem_section(data);
    let expected = expected(data);
    match (&section, &expected) {
        (Ok((label, bytes)), Ok((expected_label, expected_bytes))) => {
            assert_eq!(bytes, expected_bytes);
            if *label != "another label" {
                assert_eq!(label, expected_label);
            }
            let dashes = data.windows(5).filter(|five| five == b"-----").count();
            assert_eq!(dashes, 4, "accepted, and not one section");
        }
        _ => assert_eq!(section.as_ref().err(), expected.as_ref().err()),
    }
    let key = VerifyingKey::from_pem(data);
    if key.is_ok() {
        assert!(matches!(section, Ok(("PUBLIC KEY", _))));
    }
    let by_ring = VerifyingKey::from_pem_with(data, Backend::Ring);
    let is_p521 = by_ring.as_ref().err() == Some(&KeyRejected::UnsupportedAlgorithm);
    assert!(
        is_p521 || by_ring.is_ok() == key.is_ok(),
        "the backends differ"
    );
}

fn expected(text: &[u8]) -> Result<(&'static str, Vec<u8>), KeyRejected> {
    let not_pem = Err(KeyRejected::NotPem);
    if text.len() > MAX_PEM_LENGTH {
        return not_pem;
    }
    let text = text.trim_ascii();
    let Some(label) = label(text) else {
        return not_pem;
    };
    let first = [b"-----BEGIN ", label, b"-----"].concat();
    let last = [b"-----END ", label, b"-----"].concat();
    if text.len() < first.len() + last.len() || !text.starts_with(&first) || !text.ends_with(&last)
    {
        return not_pem;
    }
    let body = String::from_utf8_lossy(&text[first.len()..text.len() - last.len()]);
    let stands_alone = body
        .trim_start_matches([' ', '\t'])
        .starts_with(['\r', '\n'])
        && body.ends_with(['\r', '\n']);
    let base64: String = body.split(|c: char| c.is_ascii_whitespace()).collect();
    let Some(bytes) = decode(Alphabet::Standard, base64.as_bytes()).filter(|_| stands_alone) else {
        return not_pem;
    };
    if bytes.is_empty() {
        return not_pem;
    }
    assert_eq!(encode(Alphabet::Standard, &bytes), base64);
    let known = LABELS.iter().find(|known| known.as_bytes() == label);
    known
        .map(|known| (*known, bytes))
        .ok_or(KeyRejected::WrongPemLabel)
}

/// What stands between `BEGIN` and the next five dashes.
fn label(text: &[u8]) -> Option<&[u8]> {
    let rest = text.strip_prefix(b"-----BEGIN ")?;
    let end = (0..rest.len()).find(|at| rest[*at..].starts_with(b"-----"))?;
    Some(&rest[..end])
}
