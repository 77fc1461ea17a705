//! Many threads, one cache.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

use asap_engine::{Keyring, Scratch, Verdict, VerifyError};
use asap_tests::keys::key;
use asap_tests::token::Token;

use crate::caching;

const ROUNDS: usize = 3_000;

/// Threads that recall, keep and evict at once get each token's own identity.
#[test]
fn threads_that_keep_and_evict_recall_each_token_as_itself() {
    let engine = Arc::new(caching());
    // Three times what fits.
    let tokens: Arc<Vec<_>> = Arc::new(
        (0..700)
            .map(|number| Token::es256().claim("jti", &format!("\"{number}\"")).sign())
            .collect(),
    );
    let threads: Vec<_> = (0..4)
        .map(|thread| {
            let (engine, tokens) = (Arc::clone(&engine), Arc::clone(&tokens));
            thread::spawn(move || {
                let mut scratch = Scratch::new();
                for round in 0..ROUNDS {
                    // Some tokens come often, so that there are hits as well.
                    let number =
                        [round / 2 * 11 + thread * 175, round % 50][round % 2] % tokens.len();
                    let token = tokens[number].as_bytes();
                    match engine.verify_now(token, &mut scratch) {
                        Ok(Verdict::Verified(identity)) => {
                            assert_eq!(identity.token_id(), number.to_string());
                        }
                        other => panic!("{other:?}"),
                    }
                    let stats = engine.token_cache().unwrap().stats();
                    assert!(stats.bytes <= stats.max_bytes, "{stats:?}");
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let stats = engine.token_cache().unwrap().stats();
    assert_eq!(stats.hits + stats.misses, 4 * 3_000);
    assert!(stats.hits > 1_000 && stats.evictions > 100, "{stats:?}");
}

/// Once a thread has removed the key, no verification that begins later accepts a token by it, on any thread.
#[test]
fn a_key_that_one_thread_removes_is_removed_for_all() {
    let (engine, token) = (Arc::new(caching()), Token::es256().sign());
    let is_removed = Arc::new(AtomicBool::new(false));
    // Nothing is removed before each has had its token accepted.
    let all_have_begun = Arc::new(Barrier::new(4));
    let threads: Vec<_> = (0..3)
        .map(|_| {
            let (engine, token) = (Arc::clone(&engine), token.clone());
            let (is_removed, all_have_begun) =
                (Arc::clone(&is_removed), Arc::clone(&all_have_begun));
            thread::spawn(move || {
                let mut scratch = Scratch::new();
                for accepted in 0.. {
                    if accepted == 1 {
                        all_have_begun.wait();
                    }
                    let was_removed = is_removed.load(Ordering::SeqCst);
                    match engine.verify_now(token.as_bytes(), &mut scratch) {
                        Ok(_) => assert!(!was_removed, "after {accepted}"),
                        Err(refusal) => {
                            assert_eq!(refusal, VerifyError::KeyUnknown);
                            return accepted;
                        }
                    }
                }
                0
            })
        })
        .collect();
    all_have_begun.wait();
    while engine.token_cache().unwrap().stats().hits < 1_000 {
        thread::yield_now();
    }
    engine.keys().replace(Keyring::from_pems([]).unwrap());
    is_removed.store(true, Ordering::SeqCst);
    for thread in threads {
        assert!(thread.join().unwrap() > 0);
    }
    let pem = key(asap_engine::Algorithm::Es256).public_key_pem();
    let again = Keyring::from_pems([("client/ES256", pem.as_bytes())]);
    engine.keys().replace(again.unwrap());
    assert!(
        engine
            .verify_now(token.as_bytes(), &mut Scratch::new())
            .is_ok()
    );
}
