//! What the threads do.

use std::hint::black_box;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use asap_bench::{AUDIENCE, KEY_ID, Tokens};
use asap_engine::{
    Algorithm, Engine, KeyId, KeyRepository, KeyRepositoryConfig, KeySource, Keyring, Lookup,
    Policy, ReplayWindow, RsaKeySize, Scratch, TokenCache, UnixTime, Verdict, VerifyError,
};
use tokio::runtime::Runtime;

use crate::client::Client;
use crate::key_server;

const TOKENS: usize = 64;

/// One thing that is done over and over.
pub(crate) struct Case<'a> {
    /// What it is called.
    pub(crate) name: &'a str,
    /// Is told before a round how many threads take part.
    pub(crate) before: Box<dyn Fn(usize)>,
    /// Has the thread of a number, 0 or 1, do it so many times.
    pub(crate) work: Box<dyn Fn(usize, u32) + Sync>,
}

impl<'a> Case<'a> {
    fn new(name: &'a str, work: impl Fn(usize, u32) + Sync + 'static) -> Self {
        Self {
            name,
            before: Box::new(|_| ()),
            work: Box::new(work),
        }
    }
}

/// All cases, each made when its turn comes.
pub(crate) fn all() -> impl Iterator<Item = Case<'static>> {
    let makers: [fn() -> Case<'static>; 14] = [
        nothing_shared,
        || verification("cold verify: RS256, 2048 bits", Algorithm::Rs256),
        || verification("cold verify: ES256", Algorithm::Es256),
        || verification("cold verify: EdDSA", Algorithm::EdDsa),
        recalled,
        || {
            refusal(
                "refusal: not a compact token",
                "not.a token",
                0,
                VerifyError::NotCompact,
            )
        },
        || {
            let token = token(Algorithm::Es256);
            refusal("refusal: expired", &token, 3600, VerifyError::Expired)
        },
        || {
            let forged = forged(&tokens(Algorithm::Es256));
            refusal(
                "refusal: wrong signature, ES256",
                &forged,
                0,
                VerifyError::SignatureInvalid,
            )
        },
        || look_up("look-up: keyring of 1,000", keyring(1_000)),
        || look_up("look-up: keyring of 1", keyring(1)),
        || look_up("look-up: key repository with 1,000", repository(1_000)),
        || look_up("look-up: key repository with 1", repository(1)),
        || insertion("replay window of 10,000,000: insertion", false),
        || insertion("the same, prepared", true),
    ];
    makers.into_iter().map(|make| make())
}

/// Arithmetic in registers.
fn nothing_shared() -> Case<'static> {
    Case::new("nothing shared: 1,000 multiplications", |_, count| {
        for number in 0..count {
            let product = (0..1_000_u64).fold(u64::from(number), |product, _| {
                black_box(product).wrapping_mul(6_364_136_223_846_793_005)
            });
            black_box(product);
        }
    })
}

fn engine(tokens: &Tokens, now: UnixTime) -> Engine<Keyring> {
    let policy = Policy::new(AUDIENCE).expect("the audience is not empty");
    let keys = Keyring::from_pems([(KEY_ID, tokens.public_key_pem.as_bytes())]).expect("a key");
    Engine::new(policy, keys).with_clock(move || now)
}

fn tokens(algorithm: Algorithm) -> Tokens {
    Tokens::sign(algorithm, RsaKeySize::Bits2048, TOKENS).expect("the library signs")
}

fn token(algorithm: Algorithm) -> String {
    tokens(algorithm).tokens.pop().expect("there are tokens")
}

/// A token with the signature of another.
fn forged(tokens: &Tokens) -> String {
    let mut parts = tokens
        .tokens
        .iter()
        .filter_map(|token| token.rsplit_once('.'));
    let ((signed, _), (_, signature)) = (
        parts.next().expect("a token"),
        parts.next().expect("another"),
    );
    format!("{signed}.{signature}")
}

/// The same kept token, on all threads.
fn recalled() -> Case<'static> {
    let tokens = tokens(Algorithm::Rs256);
    let cache = TokenCache::new(1 << 20).expect("a mebibyte");
    let engine = engine(&tokens, Tokens::now())
        .with_token_cache(cache)
        .expect("tokens may be reused");
    Case::new("cached hit: all the same token", move |_, count| {
        let mut scratch = Scratch::new();
        let token = tokens.tokens.first().expect("there are tokens");
        for _ in 0..count {
            let verdict = engine.verify_now(token.as_bytes(), &mut scratch);
            assert!(matches!(verdict, Ok(Verdict::Verified(_))));
        }
    })
}

fn verification(name: &'static str, algorithm: Algorithm) -> Case<'static> {
    let tokens = tokens(algorithm);
    let engine = engine(&tokens, Tokens::now());
    Case::new(name, move |_, count| {
        let mut scratch = Scratch::new();
        for token in tokens.tokens.iter().cycle().take(as_usize(count)) {
            let verdict = engine.verify_now(black_box(token.as_bytes()), &mut scratch);
            assert!(matches!(verdict, Ok(Verdict::Verified(_))), "{verdict:?}");
        }
    })
}

/// A refusal, `later` seconds after the token was signed.
fn refusal(name: &'static str, token: &str, later: u64, expected: VerifyError) -> Case<'static> {
    let now = Tokens::now().saturating_add(Duration::from_secs(later));
    let (engine, token) = (engine(&tokens(Algorithm::Es256), now), token.to_owned());
    Case::new(name, move |_, count| {
        let mut scratch = Scratch::new();
        for _ in 0..count {
            let verdict = engine.verify_now(black_box(token.as_bytes()), &mut scratch);
            assert_eq!(verdict.err(), Some(expected));
        }
    })
}

fn key_ids(count: usize) -> Vec<String> {
    (0..count)
        .map(|number| format!("services/team-{:02}/key-2026-{number:05}", number % 37))
        .collect()
}

fn keyring(count: usize) -> (Keyring, Vec<String>) {
    let (key_ids, pem) = (key_ids(count), tokens(Algorithm::EdDsa).public_key_pem);
    let keys = key_ids.iter().map(|text| (text.as_str(), pem.as_bytes()));
    (Keyring::from_pems(keys).expect("keys"), key_ids)
}

/// A repository's client with its keys at hand, and the runtime that it lives in.
struct Warm {
    keys: KeyRepository,
    _runtime: Runtime,
}

fn repository(count: usize) -> (Arc<Warm>, Vec<String>) {
    let (key_ids, pem) = (key_ids(count), tokens(Algorithm::EdDsa).public_key_pem);
    let url = key_server::start(&pem, Duration::from_secs(86_400));
    let runtime = Runtime::new().expect("a runtime");
    let keys = runtime.block_on(async {
        let config = KeyRepositoryConfig::allowing_http_to_loopback(&url).expect("a loopback URL");
        let keys = KeyRepository::new(config).expect("a repository");
        let wanted = key_ids.iter().filter_map(|text| KeyId::parse(text));
        assert_eq!(keys.warm_up(wanted).await.at_hand, count);
        keys
    });
    let warm = Warm {
        keys,
        _runtime: runtime,
    };
    (Arc::new(warm), key_ids)
}

/// What looks up the key of a `kid`.
trait Keys: Send + Sync {
    fn has(&self, key_id: KeyId<'_>) -> bool;
}

impl Keys for Keyring {
    fn has(&self, key_id: KeyId<'_>) -> bool {
        is_found(self, key_id)
    }
}

impl Keys for Arc<Warm> {
    fn has(&self, key_id: KeyId<'_>) -> bool {
        is_found(&self.keys, key_id)
    }
}

fn is_found(keys: &impl KeySource, key_id: KeyId<'_>) -> bool {
    let found = keys.with_key(black_box(key_id), |key| {
        black_box(key);
    });
    matches!(found, Lookup::Found(()))
}

fn look_up(
    name: &'static str,
    (keys, key_ids): (impl Keys + 'static, Vec<String>),
) -> Case<'static> {
    Case::new(name, move |thread, count| {
        let kids: Vec<_> = key_ids
            .iter()
            .filter_map(|text| KeyId::parse(text))
            .collect();
        // The threads go through the keys half a turn apart; with one key, both use that.
        let half = thread.wrapping_mul(kids.len() / 2);
        let (first, second) = kids.split_at(half);
        let turn = second.iter().chain(first).cycle();
        for key_id in turn.take(as_usize(count)) {
            assert!(keys.has(*key_id));
        }
    })
}

fn insertion(name: &'static str, is_prepared: bool) -> Case<'static> {
    let window = ReplayWindow::new(10_000_000).expect("memory");
    let mut clients = [b'a', b'b'].map(|name| Client::new(name, 10_000_000));
    for turn in 0..clients.len() {
        Client::go_on(&mut clients, 1);
        if let Some(client) = clients.get_mut(turn) {
            client.send(&window, 5_000_000);
        }
    }
    let clients = Arc::new(Mutex::new(clients));
    let together = Arc::clone(&clients);
    let mut case = Case::new(name, move |thread, count| {
        // Each thread has its client for the round, and gives back how far it has come.
        let mut client = clients
            .lock()
            .expect("no round failed")
            .get(thread)
            .expect("two threads")
            .clone();
        if is_prepared {
            client.send_prepared(&window, count.into());
        } else {
            client.send(&window, count.into());
        }
        if let Some(place) = clients.lock().expect("no round failed").get_mut(thread) {
            *place = client;
        }
    });
    case.before = Box::new(move |threads| {
        Client::go_on(&mut *together.lock().expect("no round failed"), threads);
    });
    case
}

fn as_usize(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
