//! Promises that hold whichever thread goes on at each step.
//!
//! `RUSTFLAGS="--cfg shuttle" cargo test -p asap-engine --lib --features http --target-dir target/shuttle interleavings`

use std::sync::{Arc, LazyLock};

use shuttle::thread;

use super::*;
use crate::crypto::{Algorithm, SigningKey, VerifyingKey};
use crate::jws::Scratch;
use crate::policy::Policy;
use crate::replay::Reusable;
use crate::{Issuer, TokenRequest};

const SCHEDULES: usize = 1_000;
const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);
const HASH: Hash = Hash(0x0123_4567_89ab_cdef);

/// Three tokens, with the subjects `0` to `2`.
static TOKENS: LazyLock<([String; 3], VerifyingKey)> = LazyLock::new(|| {
    let (key, _) = SigningKey::generate(Algorithm::EdDsa).unwrap();
    let public = VerifyingKey::from_pem(key.public_key_pem().as_bytes()).unwrap();
    let issuer = Issuer::new("client", "client/key", key).unwrap();
    let sign = |subject: &str| {
        let request = TokenRequest::new("server").with_subject(subject);
        issuer.sign(&request, NOW).unwrap()
    };
    (["0", "1", "2"].map(sign), public)
});

/// A table with room for so many of the tokens.
fn table(entries: usize) -> Arc<Table> {
    let set = size_of::<set::Set>() + size_of::<ledger::Ledger>();
    Arc::new(Table::new(set + entries * 900).unwrap())
}

fn keep(table: &Table, number: usize) {
    let (tokens, key) = &*TOKENS;
    let mut scratch = Scratch::new();
    let policy = Policy::new("server").unwrap();
    let token = tokens[number].as_bytes();
    let authentic = policy.admit(token, NOW, &mut scratch).unwrap();
    let authentic = authentic.authenticate(key).unwrap();
    let identity = authentic.accept(NOW, &Reusable).unwrap();
    let (window, key) = (authentic.window(), key.serial());
    table.keep(
        HASH,
        &Verified {
            token,
            identity,
            window,
            key,
        },
    );
}

/// Whether a token is found, and if so as itself.
fn is_found(table: &Table, number: usize) -> bool {
    let found = table.set(HASH).unwrap().find(HASH, |entry| {
        let texts = entry.texts_if_of(TOKENS.0[number].as_bytes())?;
        let texts = entry.layout().texts(texts).unwrap();
        Some(entry.layout().identity(texts).subject().to_owned())
    });
    assert!(
        found
            .as_ref()
            .is_none_or(|found| *found == number.to_string())
    );
    found.is_some()
}

fn under_many_schedules(check: fn()) {
    shuttle::check_random(check, SCHEDULES);
    shuttle::check_pct(check, SCHEDULES, 3);
}

#[test]
fn two_threads_that_keep_one_token_keep_it_once_and_leave_no_lock() {
    under_many_schedules(|| {
        let table = table(3);
        let threads = [0; 2].map(|_| {
            let table = Arc::clone(&table);
            thread::spawn(move || keep(&table, 0))
        });
        threads.map(|thread| thread.join().unwrap());
        assert_eq!((table.entries(), table.insertions()), (1, 1));
        assert!(is_found(&table, 0));
        keep(&table, 1);
        assert!(is_found(&table, 1));
    });
}

#[test]
fn whoever_looks_while_others_come_and_go_finds_a_token_as_itself_and_no_more_than_fit() {
    under_many_schedules(|| {
        let table = table(1);
        let writers = [0, 1].map(|first| {
            let table = Arc::clone(&table);
            thread::spawn(move || {
                for number in [first, 2, 1 - first] {
                    keep(&table, number);
                    assert!(table.entries() <= 1);
                }
            })
        });
        for number in [0, 1, 2, 0, 1, 2] {
            is_found(&table, number);
        }
        writers.map(|writer| writer.join().unwrap());
        assert!(table.entries() <= 1);
        assert_eq!(
            (0..3).filter(|number| is_found(&table, *number)).count(),
            table.entries()
        );
    });
}
