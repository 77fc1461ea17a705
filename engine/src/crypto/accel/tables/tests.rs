use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::*;
use crate::crypto::accel::kernel::{Answer, Kernel};
use crate::crypto::accel::{Ed25519Kernel, P256Kernel};
use crate::crypto::public_key::PublicKey;
use crate::crypto::{Algorithm, SigningKey};
use crate::keys::pem;
use crate::limits::{TABLE_TRIALS, TABLE_USES, TABLE_USES_AFTER_EVICTION};

/// A table of so many bytes, or none.
#[derive(Debug)]
struct Make {
    bytes: Option<usize>,
    made: Arc<AtomicUsize>,
}

impl Build for Make {
    type Table = usize;

    fn build(&self) -> Option<usize> {
        self.made.fetch_add(1, Ordering::Relaxed);
        self.bytes
    }

    fn bytes(table: &usize) -> usize {
        *table
    }
}

fn shelf(max_bytes: usize) -> &'static Shelf {
    /// A shelf lives for as long as the process. Who looks for leaks finds it here.
    static SHELVES: Mutex<Vec<&'static Shelf>> = Mutex::new(Vec::new());
    let shelf: &'static Shelf = Box::leak(Box::new(Shelf::new(max_bytes)));
    SHELVES.lock().unwrap().push(shelf);
    shelf
}

fn slot(shelf: &'static Shelf, bytes: Option<usize>) -> (Slot<Make>, Arc<AtomicUsize>) {
    let made = Arc::new(AtomicUsize::new(0));
    let make = Make {
        bytes,
        made: Arc::clone(&made),
    };
    (Slot::new(shelf, make), made)
}

/// Waits for the other thread: for what comes, however long it takes, up to a minute.
fn until(what: impl Fn() -> bool) {
    let start = Instant::now();
    while !what() {
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "it does not come"
        );
        std::thread::yield_now();
    }
}

fn use_times(slot: &Slot<Make>, times: u32) {
    for _ in 0..times {
        slot.table();
    }
}

#[test]
fn a_key_gets_its_table_after_its_first_uses_and_not_before() {
    let (slot, made) = slot(shelf(100), Some(10));
    use_times(&slot, TABLE_USES - 1);
    assert_eq!(made.load(Ordering::Relaxed), 0);
    use_times(&slot, 1);
    until(|| slot.table().is_some());
    assert_eq!(made.load(Ordering::Relaxed), 1);
    use_times(&slot, 1000);
    assert_eq!(made.load(Ordering::Relaxed), 1);
}

#[test]
fn a_key_that_can_have_no_table_is_asked_once() {
    let (slot, made) = slot(shelf(100), None);
    use_times(&slot, TABLE_USES);
    until(|| made.load(Ordering::Relaxed) == 1);
    use_times(&slot, 100_000);
    assert!(slot.table().is_none());
    assert_eq!(made.load(Ordering::Relaxed), 1);
}

#[test]
fn tables_stay_within_their_bytes_and_the_one_unused_for_longest_goes() {
    let shelf = shelf(100);
    let slots: Vec<_> = [40, 40, 1, 40]
        .map(|bytes| slot(shelf, Some(bytes)).0)
        .into();
    let on_shelf = |slot: &Slot<Make>, bytes: usize| {
        use_times(slot, TABLE_USES);
        until(|| shelf.stats().bytes == bytes);
    };
    on_shelf(&slots[0], 40);
    on_shelf(&slots[1], 80);
    use_times(&slots[1], 1);
    // The shelf's time goes on with each table, so what is used now is used after that.
    on_shelf(&slots[2], 81);
    use_times(&slots[2], 1);
    use_times(&slots[0], 1);
    use_times(&slots[3], TABLE_USES);
    until(|| shelf.stats().evictions == 1);
    until(|| shelf.stats().tables == 3);
    let has_table = slots.iter().map(|slot| slot.table().is_some());
    assert!(has_table.eq([true, false, true, true]));
    let stats = shelf.stats();
    assert_eq!((stats.bytes, stats.builds), (81, 4));
}

#[test]
fn a_lower_limit_is_kept_at_once_and_none_is_no_tables() {
    let shelf = shelf(100);
    let slots: Vec<_> = [30, 40].map(|bytes| slot(shelf, Some(bytes)).0).into();
    for (slot, bytes) in slots.iter().zip([30, 70]) {
        use_times(slot, TABLE_USES);
        until(|| shelf.stats().bytes == bytes);
    }
    use_times(&slots[1], 1);
    shelf.limit(69);
    let has_table = slots.iter().map(|slot| slot.table().is_some());
    assert!(has_table.eq([false, true]));
    assert_eq!((shelf.stats().bytes, shelf.stats().evictions), (40, 1));
    shelf.limit(0);
    assert_eq!((shelf.stats().tables, shelf.stats().bytes), (0, 0));
    use_times(&slots[1], TABLE_USES_AFTER_EVICTION);
    until(|| shelf.stats().builds == 3);
    assert!(slots[1].table().is_none());
}

#[test]
fn after_an_eviction_it_takes_more_uses() {
    let shelf = shelf(10);
    let (one, made) = slot(shelf, Some(10));
    let (other, _) = slot(shelf, Some(10));
    use_times(&one, TABLE_USES);
    until(|| one.table().is_some());
    use_times(&other, TABLE_USES);
    until(|| shelf.stats().evictions == 1);
    use_times(&one, TABLE_USES_AFTER_EVICTION - 1);
    assert_eq!(made.load(Ordering::Relaxed), 1);
    use_times(&one, 1);
    until(|| made.load(Ordering::Relaxed) == 2);
}

#[test]
fn a_table_without_room_is_not_kept() {
    let shelf = shelf(10);
    let (large, made) = slot(shelf, Some(11));
    use_times(&large, TABLE_USES);
    until(|| made.load(Ordering::Relaxed) == 1 && shelf.stats().builds == 1);
    until(|| large.table().is_none());
    assert_eq!(shelf.stats().bytes, 0);
}

#[test]
fn a_key_that_is_gone_takes_its_table_with_it() {
    let shelf = shelf(100);
    let (slot, _) = slot(shelf, Some(60));
    use_times(&slot, TABLE_USES);
    until(|| slot.table().is_some());
    until(|| shelf.stats().tables == 1);
    drop(slot);
    until(|| shelf.stats().bytes == 0);
    assert_eq!(shelf.stats().tables, 0);
}

fn a_key_gets_a_table_which_is_tried_and_then_trusted<K: Kernel>(algorithm: Algorithm) {
    let (signer, _) = SigningKey::generate(algorithm).unwrap();
    let spki = pem::public_key(signer.public_key_pem().as_bytes()).unwrap();
    let key = K::prepare(PublicKey::from_spki(&spki).unwrap()).unwrap();
    let signature = signer.sign(b"message").unwrap();
    let answer = |message: &[u8]| key.answer(algorithm, message, &signature);
    for _ in 0..TABLE_USES {
        assert_eq!(answer(b"message"), Answer::NotReady);
    }
    until(|| answer(b"message") != Answer::NotReady);
    for _ in 0..TABLE_TRIALS {
        // However many come before the library has confirmed one.
        for _ in 0..2 * TABLE_TRIALS {
            assert_eq!(answer(b"message"), Answer::ValidOnTrial);
        }
        assert_eq!(answer(b"another message"), Answer::Invalid);
        key.confirm();
    }
    assert_eq!(answer(b"message"), Answer::Valid);
    assert_eq!(answer(b"another message"), Answer::Invalid);
}

#[test]
fn a_key_of_p256_gets_a_table_which_is_tried_and_then_trusted() {
    a_key_gets_a_table_which_is_tried_and_then_trusted::<P256Kernel>(Algorithm::Es256);
}

#[test]
fn a_key_of_ed25519_gets_a_table_which_is_tried_and_then_trusted() {
    a_key_gets_a_table_which_is_tried_and_then_trusted::<Ed25519Kernel>(Algorithm::EdDsa);
}
