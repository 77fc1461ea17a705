//! Promises that hold whichever thread goes on at each step.
//!
//! `RUSTFLAGS="--cfg shuttle" cargo test -p asap-engine --lib --features http --target-dir target/shuttle interleavings`

use std::sync::{Arc, LazyLock};

use shuttle::thread;

use super::*;
use crate::crypto::{Algorithm, SigningKey, VerifyingKey};
use crate::identity::{Identity, IdentityRef};
use crate::jws::Scratch;
use crate::pipeline::Window;
use crate::policy::Policy;
use crate::replay::Reusable;
use crate::time::UnixTime;
use crate::{Issuer, TokenRequest};

const SCHEDULES: usize = 1_000;
const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);
const HASH: Hash = Hash(0x0123_4567_89ab_cdef);

/// A token that was verified.
struct Kept {
    token: String,
    identity: Identity,
    window: Window,
    key: KeySerial,
}

/// Three of them, with the subjects `0` to `2`. Made before shuttle begins, whose stacks are too small to verify on.
static TOKENS: LazyLock<[Kept; 3]> = LazyLock::new(|| {
    let (key, _) = SigningKey::generate(Algorithm::EdDsa).unwrap();
    let public = VerifyingKey::from_pem(key.public_key_pem().as_bytes()).unwrap();
    let issuer = Issuer::new("client", "client/key", key).unwrap();
    let policy = Policy::new("server").unwrap();
    ["0", "1", "2"].map(|subject| {
        let request = TokenRequest::new("server").with_subject(subject);
        let (token, mut scratch) = (issuer.sign(&request, NOW).unwrap(), Scratch::new());
        let admitted = policy.admit(token.as_bytes(), NOW, &mut scratch).unwrap();
        let authentic = admitted.authenticate(&public).unwrap();
        let identity = authentic.accept(NOW, &Reusable).unwrap().to_owned();
        let (window, key) = (authentic.window(), public.serial());
        Kept {
            token,
            identity,
            window,
            key,
        }
    })
});

/// A table with room for so many of the tokens.
fn table(entries: usize) -> Arc<Table> {
    let set = size_of::<set::Set>() + size_of::<ledger::Ledger>();
    Arc::new(Table::new(set + entries * 900).unwrap())
}

fn keep(table: &Table, number: usize) {
    let kept = &TOKENS[number];
    table.keep(
        HASH,
        &Verified {
            token: kept.token.as_bytes(),
            identity: kept.identity.as_ref(),
            window: kept.window,
            key: kept.key,
            lease: None,
        },
    );
}

/// Whether a token is found, and if so as itself.
fn is_found(table: &Table, number: usize) -> bool {
    let found = table.set(HASH).unwrap().find(HASH, |entry| {
        let texts = entry.texts_if_of(TOKENS[number].token.as_bytes())?;
        let identity = IdentityRef::of_piece(texts, *entry.layout());
        Some(identity.subject().to_owned())
    });
    assert!(
        found
            .as_ref()
            .is_none_or(|found| *found == number.to_string())
    );
    found.is_some()
}

fn under_many_schedules(check: fn()) {
    LazyLock::force(&TOKENS);
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
        for thread in threads {
            thread.join().unwrap();
        }
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
        for writer in writers {
            writer.join().unwrap();
        }
        assert!(table.entries() <= 1);
        assert_eq!(
            (0..3).filter(|number| is_found(&table, *number)).count(),
            table.entries()
        );
    });
}
