//! Tokens that were issued and are still good for further requests.
//!
//! "The client MAY reuse the same token for multiple HTTP requests to the resource server within the lifetime of
//! the token". A fixed number of them is kept, the least recently used one gives way, and a token is never handed
//! out in the last quarter of its life: the request still has to arrive, at a clock that may be ahead.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::TokenRequest;
use crate::time::UnixTime;

/// How many tokens are kept: as many resource servers and subjects as one service is likely to call within a
/// minute. One takes about 1 KiB, and 256 of the longest 16 MiB.
pub(super) const MAX_KEPT_TOKENS: usize = 256;

/// A token and when it lives, in seconds since the epoch.
#[derive(Clone)]
pub(super) struct Issued {
    pub(super) token: Arc<str>,
    pub(super) issued_at: i64,
    pub(super) expires_at: i64,
}

impl Issued {
    /// Whether a quarter of its life or more is left at `now`, and its life has begun: if the clock was set back
    /// before `iat`, verifiers would not accept it yet.
    fn is_reusable(&self, now: UnixTime) -> bool {
        let issued_at = UnixTime::from_secs(self.issued_at);
        let expires_at = UnixTime::from_secs(self.expires_at);
        let life = expires_at.as_nanos().saturating_sub(issued_at.as_nanos());
        let left = expires_at.as_nanos().saturating_sub(now.as_nanos());
        issued_at <= now && left.saturating_mul(4) >= life
    }
}

/// The tokens in reuse, by the request that each of them answers.
#[derive(Default)]
pub(super) struct KeptTokens {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    tokens: HashMap<TokenRequest, Kept>,
    /// Counts uses, to tell which token was used least recently.
    uses: u64,
}

struct Kept {
    issued: Issued,
    last_use: u64,
}

impl KeptTokens {
    /// A reusable token for exactly this request.
    pub(super) fn find(&self, request: &TokenRequest, now: UnixTime) -> Option<Arc<str>> {
        let mut guard = self.lock();
        let state = &mut *guard;
        state.uses = state.uses.saturating_add(1);
        let kept = state.tokens.get_mut(request)?;
        if !kept.issued.is_reusable(now) {
            return None;
        }
        kept.last_use = state.uses;
        Some(Arc::clone(&kept.issued.token))
    }

    /// Keeps a token for later requests. If another thread has kept a reusable one meanwhile, that one stays and is returned,
    /// so that all callers come to use the same.
    pub(super) fn keep(&self, request: &TokenRequest, issued: Issued, now: UnixTime) -> Arc<str> {
        let mut guard = self.lock();
        let state = &mut *guard;
        state.uses = state.uses.saturating_add(1);
        if let Some(kept) = state.tokens.get_mut(request) {
            if !kept.issued.is_reusable(now) {
                kept.issued = issued;
            }
            kept.last_use = state.uses;
            return Arc::clone(&kept.issued.token);
        }
        if state.tokens.len() >= MAX_KEPT_TOKENS {
            state.make_room(now);
        }
        let token = Arc::clone(&issued.token);
        let last_use = state.uses;
        state
            .tokens
            .insert(request.clone(), Kept { issued, last_use });
        token
    }

    /// A panic of another thread cannot leave the map half-changed, so its poison says nothing.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Drops what is no longer of use, or else the least recently used token.
    fn make_room(&mut self, now: UnixTime) {
        self.tokens.retain(|_, kept| kept.issued.is_reusable(now));
        if self.tokens.len() < MAX_KEPT_TOKENS {
            return;
        }
        if let Some(oldest) = self.tokens.values().map(|kept| kept.last_use).min() {
            self.tokens.retain(|_, kept| kept.last_use != oldest);
        }
    }
}
