//! From one key to ten thousand: the look-up in a keyring, by one thread and by two at once.

use std::error::Error;

use asap_engine::{Algorithm, KeyId, KeySource, Keyring, Lookup, RsaKeySize};

use super::threads::measure;
use crate::Tokens;
use crate::measure::{Row, step};

const COUNTS: [usize; 6] = [1, 10, 100, 1_000, 3_000, 10_000];

pub(super) fn rows(batches: usize) -> Result<Vec<Row>, Box<dyn Error>> {
    let pem = Tokens::sign(Algorithm::Es256, RsaKeySize::Bits2048, 0)?.public_key_pem;
    let mut rows = Vec::new();
    for count in COUNTS {
        let names: Vec<_> = (0..count)
            .map(|number| format!("micros/service-{number}/key-2026-11"))
            .collect();
        let keys = Keyring::from_pems(names.iter().map(|name| (name.as_str(), pem.as_bytes())))?;
        let key_ids: Vec<_> = names.iter().filter_map(|name| KeyId::parse(name)).collect();
        let look_up = |number: usize| {
            key_ids.get(number).is_some_and(|key_id| {
                let found = keys.with_key(*key_id, |key| key.verifies(Algorithm::Es256));
                matches!(found, Lookup::Found(true))
            })
        };
        for threads in [1, 2] {
            rows.push(measure(
                "keys",
                "engine/keyring",
                count,
                threads,
                batches,
                |from| {
                    let mut number = step(from * 7_919, count);
                    move || {
                        number = step(number, count);
                        look_up(number)
                    }
                },
            )?);
        }
    }
    Ok(rows)
}
