//! A token never seen, under another key each time: what is prepared for a key lies far away when it is needed again, or is not
//! there at all, since the tables of this engine's kernels have 16 MiB for all keys.
//!
//! The peers are not asked: what one takes for a token is its row of the case `cold`, whatever the key.

use std::error::Error;

use asap_bench_kit::subject::{self, ISSUER, Saying};
use asap_bench_kit::{AUDIENCE, Floor, Tokens, key_tables};
use asap_engine::{Algorithm, Backend, Engine, Keyring, Policy, RsaKeySize, Scratch, Verdict};

use super::{Comparison, Row, Subject, engine, take_turns};

/// The kinds of tokens, and how many keys take turns.
const CASES: [(&str, Algorithm, usize); 4] = [
    ("ES256", Algorithm::Es256, 100),
    ("ES256", Algorithm::Es256, 1_000),
    ("EdDSA", Algorithm::EdDsa, 100),
    ("EdDSA", Algorithm::EdDsa, 1_000),
];

/// How often each key is used before anything is measured: a key has a table after eight uses, or has met that there is no room.
const USES_BEFORE: usize = 20;

/// The order of those uses, which is not that of the measuring: else all that have tables would come in a row. It shares no
/// divisor with the numbers of keys.
const STRIDE_BEFORE: usize = 617;

pub(super) fn rows(comparison: &Comparison<'_>) -> Result<Vec<Row>, Box<dyn Error>> {
    let mut rows = Vec::new();
    for (kind, algorithm, count) in CASES {
        let case = format!("{kind}/{count} keys");
        if comparison.is_wanted(&case) {
            let owners: Result<Vec<_>, _> = (0..count).map(|n| Owner::new(algorithm, n)).collect();
            rows.extend(of_owners(comparison, &case, &owners?)?);
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
        for number in (0..USES_BEFORE * owners.len()).map(|n| n * STRIDE_BEFORE % owners.len()) {
            if !verify(number) {
                return Err(format!("{name} refuses a good token").into());
            }
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
