//! Private keys in all their forms: what is accepted publishes a key that verifies what it signs; all else is refused
//! by code; and the forms agree on the same bytes.

use asap_engine::{Algorithm, KeyRejected, SigningKey, VerifyingKey};

use crate::input::Input;
use crate::oracle::base64::{Alphabet, encode};

/// A byte chooses the algorithm, one the form: PEM or data URI as it is, or DER to be wrapped in one.
pub fn private_key(data: &[u8]) {
    let mut input = Input::new(data);
    let algorithm = input.choose(Algorithm::ALL);
    let form = input.byte() % 5;
    let rest = input.rest();
    let label = match form {
        0 => return text(algorithm, rest),
        1 => {
            drop(check(algorithm, SigningKey::from_pem(algorithm, rest)));
            return;
        }
        2 => "PRIVATE KEY",
        3 => "RSA PRIVATE KEY",
        _ => "EC PRIVATE KEY",
    };
    let base64 = encode(Alphabet::Standard, rest);
    let pem = format!("-----BEGIN {label}-----\n{base64}\n-----END {label}-----\n");
    let published = check(algorithm, SigningKey::from_pem(algorithm, pem.as_bytes()));
    assert!(
        published.is_err() || is_one_sequence(rest),
        "bytes after the key"
    );
    if label == "PRIVATE KEY" && !rest.is_empty() {
        let uri = format!("data:application/pkcs8;kid=client/key;base64,{base64}");
        let from_uri = SigningKey::from_data_uri(algorithm, &uri).map(|(key_id, key)| {
            assert_eq!(key_id, "client/key");
            key
        });
        let from_uri = from_uri.map(|key| key.public_key_pem().to_owned());
        // The frames have limits of their own on the length.
        if pem.len() < asap_engine::limits::MAX_PEM_LENGTH {
            assert_eq!(from_uri, published, "the forms differ");
        }
    }
}

/// What the variable of the environment holds.
fn text(algorithm: Algorithm, bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let key = SigningKey::from_text(algorithm, text, "client/key");
    drop(check(algorithm, key));
    if let Ok((key_id, key)) = SigningKey::from_data_uri(algorithm, text) {
        let again = SigningKey::from_text(algorithm, text, &key_id).expect("the same text");
        assert_eq!(again.public_key_pem(), key.public_key_pem());
    }
}

/// What `key` publishes, once it is known to fit what it signs.
fn check(
    algorithm: Algorithm,
    key: Result<SigningKey, KeyRejected>,
) -> Result<String, KeyRejected> {
    let key = key?;
    assert_eq!(key.algorithm(), algorithm);
    let published = key.public_key_pem().to_owned();
    let public = VerifyingKey::from_pem(published.as_bytes()).expect("what it publishes is a key");
    let signature = key.sign(b"message").expect("a signature");
    assert_eq!(public.verify(algorithm, b"message", &signature), Ok(()));
    Ok(published)
}

/// Whether `der` is one SEQUENCE from its first byte to its last.
fn is_one_sequence(der: &[u8]) -> bool {
    let length = match der {
        [0x30, length @ 0..=0x7f, ..] => 2 + usize::from(*length),
        [0x30, 0x81, length, ..] => 3 + usize::from(*length),
        [0x30, 0x82, high, low, ..] => 4 + usize::from(u16::from_be_bytes([*high, *low])),
        _ => return false,
    };
    der.len() == length
}
