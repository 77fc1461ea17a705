//! An engine that keeps verified tokens, and has verified some.

use std::error::Error;

use asap_engine::{Engine, Keyring, Policy, Scratch, TokenCache};

use crate::{AUDIENCE, KEY_ID, Tokens};

/// Room for a token in the cache, twice over.
const ROOM: usize = 4_096;

/// An engine, by the system's clock, that has verified all of `tokens` and keeps them.
///
/// # Errors
///
/// If there is no memory, or one of them is not good.
pub fn cache_of(tokens: &Tokens) -> Result<Engine<Keyring>, Box<dyn Error>> {
    let room = tokens.tokens.len().saturating_mul(ROOM);
    let cache = TokenCache::new(room.max(1 << 20))?;
    let keys = Keyring::from_pems([(KEY_ID, tokens.public_key_pem.as_bytes())])?;
    let engine = Engine::new(Policy::new(AUDIENCE)?, keys).with_token_cache(cache)?;
    let mut scratch = Scratch::new();
    for token in &tokens.tokens {
        engine.verify_now(token.as_bytes(), &mut scratch)?;
    }
    Ok(engine)
}
