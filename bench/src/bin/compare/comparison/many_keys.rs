//! A token never seen, under another key each time: what is prepared for a key lies far away when it is needed again, or is not
//! there at all, since the tables of this engine's kernels have 16 MiB for all keys unless they are given more.
//!
//! The peers are not asked: what one takes for a token is its row of the case `cold`, whatever the key.

use std::error::Error;
use std::thread;
use std::time::Duration;

use asap_bench_kit::key_tables::{DEFAULT_KEY_TABLE_BYTES, key_tables, limit_key_tables};
use asap_bench_kit::subject::{self, ISSUER, Saying};
use asap_bench_kit::{AUDIENCE, Floor, Tokens};
use asap_engine::{Algorithm, Backend, Engine, Keyring, Policy, RsaKeySize, Scratch, Verdict};

use super::{Comparison, Row, Subject, engine, take_turns};

/// The kinds of tokens.
const KINDS: [(&str, Algorithm); 2] = [("ES256", Algorithm::Es256), ("EdDSA", Algorithm::EdDsa)];

/// How many keys take turns, and how many bytes their tables may take.
const KEYS: [(usize, usize); 3] = [
    (100, DEFAULT_KEY_TABLE_BYTES),
    (1_000, DEFAULT_KEY_TABLE_BYTES),
    (1_000, 256 << 20),
];

/// How often each key is used before anything is measured, and once more when the tables are made: a key gets one after eight uses, or
/// has met that there is no room.
const USES_BEFORE: usize = 10;

/// The order of those uses, which is not that of the measuring: else all that have tables would come in a row. It shares no
/// divisor with the numbers of keys.
const STRIDE_BEFORE: usize = 617;

pub(super) fn rows(comparison: &Comparison<'_>, quick: bool) -> Result<Vec<Row>, Box<dyn Error>> {
    let mut rows = Vec::new();
    for ((kind, algorithm), (count, bytes)) in KINDS
        .into_iter()
        .flat_map(|kind| KEYS.map(|keys| (kind, keys)))
    {
        let case = match bytes {
            DEFAULT_KEY_TABLE_BYTES => format!("{kind}/{count} keys"),
            _ => format!("{kind}/{} MiB for {count} keys", bytes >> 20),
        };
        // Getting so many keys into use takes longer than a look may.
        let is_too_many = quick && count > 100;
        if comparison.is_wanted(&case) && !is_too_many {
            let owners: Result<Vec<_>, _> = (0..count).map(|n| Owner::new(algorithm, n)).collect();
            limit_key_tables(bytes);
            rows.extend(of_owners(comparison, &case, &owners?)?);
            limit_key_tables(DEFAULT_KEY_TABLE_BYTES);
        }
    }
    Ok(rows)
}

/// A key by its name, and a token that it has signed.
struct Owner {
    key_id: String,
    tokens: Tokens,
}

impl Owner {
    fn new(algorithm: Algorithm, number: usize) -> Result<Self, Box<dyn Error>> {
        let key = subject::key(algorithm, RsaKeySize::Bits2048)?;
        let key_id = format!("{ISSUER}/key-{number:04}");
        let header = subject::header_of(algorithm, &key_id);
        let payload = Saying::of_this_hour().payload(number);
        let tokens = Tokens::sign_payloads(&key, &header, [payload])?;
        Ok(Self { key_id, tokens })
    }

    fn token(&self) -> &[u8] {
        self.tokens
            .tokens
            .first()
            .map_or(b"", |token| token.as_bytes())
    }
}

fn of_owners(
    comparison: &Comparison<'_>,
    case: &str,
    owners: &[Owner],
) -> Result<Vec<Row>, Box<dyn Error>> {
    let floors = owners.iter().map(|owner| Floor::of(&owner.tokens));
    let floors = floors.collect::<Result<Vec<_>, _>>()?;
    let engines = [
        ("engine/aws-lc", Backend::AwsLc),
        (engine::ACCEL, Backend::Accel),
    ]
    .into_iter()
    .filter(|(name, _)| {
        comparison
            .subjects
            .iter()
            .any(|subject| subject.name == *name)
    })
    .map(|(name, backend)| Ok((name, engine_of(owners, backend)?)))
    .collect::<Result<Vec<_>, Box<dyn Error>>>()?;
    let mut subjects = vec![Subject::new(
        "floor/aws-lc",
        comparison.version("aws-lc-rs"),
        owners.len(),
        |number| floors.get(number).is_some_and(|floor| floor.verify(0)),
    )];
    for (name, engine) in &engines {
        let mut scratch = Scratch::new();
        let mut verify = move |number: usize| {
            owners.get(number).is_some_and(|owner| {
                let verdict = engine.verify_now(owner.token(), &mut scratch);
                matches!(verdict, Ok(Verdict::Verified(_)))
            })
        };
        // Tables are made after some uses, and tried in some more.
        for _ in 0..2 {
            let uses = 0..USES_BEFORE * owners.len();
            if !uses
                .map(|n| n * STRIDE_BEFORE % owners.len())
                .all(&mut verify)
            {
                return Err(format!("{name} refuses a good token").into());
            }
            wait_for_tables();
        }
        let version = comparison.version(engine::PACKAGE);
        subjects.push(Subject::new(*name, version, owners.len(), verify));
    }
    let rows = take_turns(case, subjects, comparison.batches)?;
    if let Some((tables, bytes)) = key_tables() {
        println!(
            "{case:<28} {tables} of {} keys have tables, {bytes} bytes",
            owners.len()
        );
    }
    Ok(rows)
}

fn engine_of(owners: &[Owner], backend: Backend) -> Result<Engine<Keyring>, Box<dyn Error>> {
    let keys = owners.iter().map(|owner| {
        let pem = owner.tokens.public_key_pem.as_bytes();
        (&*owner.key_id, pem)
    });
    let keys = Keyring::from_pems_with(keys, backend)?;
    Ok(Engine::new(Policy::new(AUDIENCE)?, keys))
}

/// Waits until no more tables are being made.
fn wait_for_tables() {
    let mut before = None;
    while before != key_tables() {
        before = key_tables();
        thread::sleep(Duration::from_millis(50));
    }
}
