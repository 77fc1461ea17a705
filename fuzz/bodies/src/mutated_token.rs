//! Signed tokens, changed by the input: whatever is accepted is, up to its signature, byte for byte a token that was
//! signed, and both backends say the same of it.

use std::sync::LazyLock;
use std::time::Duration;

use asap_engine::{Backend, Engine, Keyring, Policy, Scratch, UnixTime, Verdict, VerifyError};

use crate::fixed::{CLAIMS, FIXED, NOW_SECONDS};
use crate::input::Input;
use crate::oracle::base64::{Alphabet, decode, encode};

const MAX_CHANGES: usize = 32;

static AWS_LC: LazyLock<Engine<Keyring>> = LazyLock::new(|| engine(Backend::AwsLc));
static RING: LazyLock<Engine<Keyring>> = LazyLock::new(|| engine(Backend::Ring));

/// A byte chooses the token; then changes of four bytes each.
pub fn mutated_token(data: &[u8]) {
    let mut input = Input::new(data);
    let original = &FIXED[usize::from(input.byte()) % FIXED.len()];
    let mut token = original.token.as_bytes().to_vec();
    for _ in 0..MAX_CHANGES {
        if input.is_empty() {
            break;
        }
        change(&mut token, &mut input);
    }
    let verdict = verdict(&AWS_LC, &token);
    assert_eq!(verdict, self::verdict(&RING, &token), "the backends differ");
    if token == original.token.as_bytes() {
        assert_eq!(verdict.as_deref(), Ok(original.key_id));
    }
    let Ok(key_id) = verdict else {
        return;
    };
    let dot = token
        .iter()
        .rposition(|byte| *byte == b'.')
        .expect("two dots");
    let mut signed = FIXED.iter();
    assert!(
        signed.any(|one| one.signing_input().as_bytes() == &token[..dot] && one.key_id == key_id),
        "accepted, and never signed"
    );
}

/// One change of the token's text, of what a segment stands for, or of a segment for that of another token.
fn change(token: &mut Vec<u8>, input: &mut Input<'_>) {
    let (operation, position, value) = (input.byte() % 8, usize::from(input.word()), input.byte());
    match operation {
        0..=3 => edit(token, operation, position, value),
        4..=6 => {
            let mut segments: Vec<Vec<u8>> = token
                .split(|byte| *byte == b'.')
                .map(<[u8]>::to_vec)
                .collect();
            let count = segments.len();
            let segment = &mut segments[position % count];
            let Some(mut bytes) = decode(Alphabet::Url, segment) else {
                return;
            };
            edit(&mut bytes, operation - 4, position / count, value);
            *segment = encode(Alphabet::Url, &bytes).into_bytes();
            *token = segments.join(&b'.');
        }
        _ => {
            let other = &FIXED[usize::from(value) % FIXED.len()];
            let mut segments: Vec<&[u8]> = token.split(|byte| *byte == b'.').collect();
            let others: Vec<&[u8]> = other.token.as_bytes().split(|byte| *byte == b'.').collect();
            let count = segments.len();
            segments[position % count] = others[position % count % others.len()];
            *token = segments.join(&b'.');
        }
    }
}

fn edit(bytes: &mut Vec<u8>, operation: u8, position: usize, value: u8) {
    let place = position % (bytes.len() + 1);
    match operation {
        0 => {
            if let Some(byte) = bytes.get_mut(place) {
                *byte = value;
            }
        }
        1 => bytes.insert(place, value),
        2 => {
            if place < bytes.len() {
                bytes.remove(place);
            }
        }
        _ => bytes.truncate(place),
    }
}

fn engine(backend: Backend) -> Engine<Keyring> {
    let keys = FIXED
        .iter()
        .map(|one| (one.key_id, one.public_pem.as_bytes()));
    let keys: std::collections::BTreeMap<_, _> = keys.collect();
    let keys = Keyring::from_pems_with(keys, backend).expect("keys");
    let policy = Policy::new("server").and_then(|policy| policy.with_leeway(Duration::ZERO));
    Engine::new(policy.expect("a policy"), keys).with_clock(|| UnixTime::from_secs(NOW_SECONDS))
}

/// The `kid` of an accepted token.
fn verdict(engine: &Engine<Keyring>, token: &[u8]) -> Result<String, VerifyError> {
    match engine.verify_now(token, &mut Scratch::new())? {
        Verdict::Verified(identity) => {
            assert_eq!(identity.claims_json(), CLAIMS, "accepted with other claims");
            Ok(identity.key_id().to_owned())
        }
        other => panic!("a keyring has its keys at hand: {other:?}"),
    }
}
