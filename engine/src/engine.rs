//! The shell: a policy, a source of keys, a replay log or a token cache, a clock, and the ways to ask them.
//!
//! All that waits, and all that reads a clock, is here; what is checked is in [`pipeline`](crate::pipeline).

use std::fmt;

use crate::crypto::{KeySerial, VerifyingKey};
use crate::error::{ConfigError, VerifyError};
use crate::identity::{Identity, IdentityRef, Layout};
use crate::jws::Scratch;
use crate::keys::{KeyId, KeySource, Lookup};
use crate::limits::{BATCH_AT_ONE_TIME, ROUGH_TIME_MARGIN};
use crate::pipeline::{Admitted, Window};
use crate::policy::Policy;
use crate::replay::{ReplayLog, Reusable};
use crate::time::{Clock, SystemClock, UnixTime};
use crate::token_cache::{TokenCache, Verified};

/// Verifies tokens: one policy, one source of keys.
///
/// Share it by reference or in an `Arc`; all its methods take `&self`.
///
/// Tokens may be reused, as the specification allows clients to, unless
/// [`with_replay_log`](Self::with_replay_log) says otherwise. An engine whose clients reuse theirs can remember them:
/// [`with_token_cache`](Self::with_token_cache).
pub struct Engine<K, R = Reusable> {
    policy: Policy,
    keys: K,
    replay: R,
    token_cache: Option<TokenCache>,
    clock: Box<dyn Clock>,
}

impl<K: KeySource> Engine<K> {
    /// An engine that checks tokens against `policy` with the keys of `keys`, by the system's clock.
    #[must_use]
    pub fn new(policy: Policy, keys: K) -> Self {
        Self {
            policy,
            keys,
            replay: Reusable,
            token_cache: None,
            clock: Box::new(SystemClock),
        }
    }

    /// Accepts each token once: "The resource server MAY reject a token if the token nonce has been previously
    /// seen." Tell your clients: "it MUST explicitly document that behaviour".
    ///
    /// # Errors
    ///
    /// If `replay` cannot remember for as long as the policy lets a token live, or if the engine has a token cache, which
    /// would accept tokens again.
    pub fn with_replay_log<R: ReplayLog>(self, replay: R) -> Result<Engine<K, R>, ConfigError> {
        if self.token_cache.is_some() {
            return Err(ConfigError::new(
                "an engine with a token cache accepts a token again and cannot detect replays: leave out the cache or the replay log",
            ));
        }
        let (needed, offered) = (self.policy.longest_memory(), replay.longest_memory());
        if needed > offered {
            return Err(ConfigError::new(format!(
                "the replay log remembers for {offered:?} and the policy needs {needed:?}: shorten the leeway or the lifetime"
            )));
        }
        Ok(Engine {
            policy: self.policy.with_single_use(),
            keys: self.keys,
            replay,
            token_cache: None,
            clock: self.clock,
        })
    }

    /// Remembers the tokens that it verified in `cache`, and accepts one that comes again for a fraction of the cost: all
    /// of its bytes are those of a token that this engine has verified, the time is in its window, and its key is at
    /// hand and has been the same ever since. A token of which one of these does not hold is checked in full.
    ///
    /// For clients that send a token many times. Where each request has a token of its own, it costs memory and gains
    /// nothing.
    ///
    /// ```
    /// # use asap_engine::{Algorithm, Engine, Issuer, Keyring, Policy, Scratch, SigningKey, TokenCache, TokenRequest};
    /// # let (key, _) = SigningKey::generate(Algorithm::Es256)?;
    /// # let pem = key.public_key_pem().to_owned();
    /// # let token = Issuer::new("client", "client/key-1", key)?
    /// #     .sign(&TokenRequest::new("my-service"), std::time::SystemTime::now().into())?;
    /// # let keys = Keyring::from_pems([("client/key-1", pem.as_bytes())])?;
    /// let engine = Engine::new(Policy::new("my-service")?, keys)
    ///     .with_token_cache(TokenCache::new(16 * 1024 * 1024)?)?;
    /// let mut scratch = Scratch::new();
    /// engine.verify_now(token.as_bytes(), &mut scratch)?;
    /// engine.verify_now(token.as_bytes(), &mut scratch)?;
    /// assert_eq!(engine.token_cache().map(|cache| cache.stats().hits), Some(1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the policy asks for single use.
    pub fn with_token_cache(mut self, cache: TokenCache) -> Result<Self, ConfigError> {
        if self.policy.is_single_use() {
            return Err(ConfigError::new(
                "a policy of single use and a token cache, which accepts a token again, contradict each other: leave out one of them",
            ));
        }
        self.token_cache = Some(cache);
        Ok(self)
    }
}

impl<K: KeySource, R: ReplayLog> Engine<K, R> {
    /// Reads the time from `clock` instead of the system's.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// The source of keys.
    pub const fn keys(&self) -> &K {
        &self.keys
    }

    /// The cache of verified tokens, if there is one.
    pub const fn token_cache(&self) -> Option<&TokenCache> {
        self.token_cache.as_ref()
    }

    /// Verifies `token`, waiting for its key if that has to be fetched.
    ///
    /// Dropping the future is safe at any point; a fetch that others wait for goes on.
    ///
    /// # Errors
    ///
    /// The code of the first check that the token does not pass.
    pub async fn verify(&self, token: &[u8]) -> Result<Identity, VerifyError> {
        let is_time = |window| self.is_time(window);
        if let Some(identity) = self.recall(token, is_time, Identity::of_piece) {
            return Ok(identity);
        }
        let now = self.clock.now();
        let (key_id, issuer): (Box<str>, Box<str>) = {
            let mut scratch = Scratch::new();
            match self.check(token, now, &mut scratch)? {
                Verdict::Verified(identity) => return Ok(identity.to_owned()),
                Verdict::NeedsKey(pending) => (
                    pending.key_id().as_str().into(),
                    pending.unverified_issuer().into(),
                ),
            }
        };
        let key_id = KeyId::parse(&key_id).ok_or(VerifyError::KeyIdInvalid)?;
        let key = self.keys.fetch(key_id, &issuer).await?;
        // The wait took time, so the token is read anew, under the time that it is now.
        let mut scratch = Scratch::new();
        let now = self.clock.now();
        let identity = self
            .policy
            .admit(token, now, &mut scratch)?
            .authenticate(&key)?
            .accept(now, &self.replay)?;
        Ok(identity.to_owned())
    }

    /// Verifies `token` without waiting: for a gateway with an event loop of its own. What it answers borrows
    /// `token` and `scratch`; nothing is allocated for a realistic token, unless a token cache keeps it.
    ///
    /// # Errors
    ///
    /// The code of the first check that the token does not pass.
    pub fn verify_now<'a>(
        &self,
        token: &'a [u8],
        scratch: &'a mut Scratch,
    ) -> Result<Verdict<'a>, VerifyError> {
        let (is_time, now) = (|window| self.is_time(window), || self.clock.now());
        self.recall_or_check(token, is_time, now, scratch)
    }

    /// Verifies many tokens that are there at the same time, such as those of pipelined requests, as
    /// [`verify_now`](Self::verify_now) verifies each, and hands the verdicts to `each` in the order of the tokens, with
    /// their places in it. Nothing is allocated for realistic tokens.
    ///
    /// A verdict borrows `scratch`, which serves the next token too: what is to be kept of it is kept by `each`. For a
    /// token that [needs its key](Verdict::NeedsKey), ask [`verify`](Self::verify) afterwards. If tokens are for single
    /// use, of two with the same `jti` the first is accepted.
    ///
    /// The clock is read once for every 16 tokens: all of them were there when it was read, so the time is right for
    /// each, and reading it is a third of what it costs to recall a token.
    ///
    /// ```
    /// # use asap_engine::{Algorithm, Engine, Issuer, Keyring, Policy, Scratch, SigningKey, TokenRequest, Verdict};
    /// # let (key, _) = SigningKey::generate(Algorithm::Es256)?;
    /// # let pem = key.public_key_pem().to_owned();
    /// # let token = Issuer::new("client", "client/key-1", key)?
    /// #     .sign(&TokenRequest::new("my-service"), std::time::SystemTime::now().into())?;
    /// # let keys = Keyring::from_pems([("client/key-1", pem.as_bytes())])?;
    /// # let engine = Engine::new(Policy::new("my-service")?, keys);
    /// let tokens = [token.as_bytes(), b"not a token"];
    /// let mut answers = [None; 2];
    /// engine.verify_batch(&tokens, &mut Scratch::new(), |place, verdict| {
    ///     answers[place] = Some(match verdict {
    ///         Ok(Verdict::Verified(identity)) => identity.issuer().len(),
    ///         Ok(_) => unreachable!("a keyring has its keys at hand"),
    ///         Err(refusal) => usize::from(refusal.status()),
    ///     });
    /// });
    /// assert_eq!(answers, [Some("client".len()), Some(401)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn verify_batch(
        &self,
        tokens: &[&[u8]],
        scratch: &mut Scratch,
        mut each: impl FnMut(usize, Result<Verdict<'_>, VerifyError>),
    ) {
        let mut places = 0_usize..;
        for together in tokens.chunks(BATCH_AT_ONE_TIME) {
            let now = self.clock.now();
            if let Some(cache) = &self.token_cache {
                cache.prepare(together);
            }
            for (token, place) in together.iter().zip(places.by_ref()) {
                let is_time = |window: Window| window.check(now).is_ok();
                each(place, self.recall_or_check(token, is_time, || now, scratch));
            }
        }
    }

    /// Recalls `token`, or else checks it in full.
    fn recall_or_check<'a>(
        &self,
        token: &'a [u8],
        is_time: impl Fn(Window) -> bool,
        now: impl FnOnce() -> UnixTime,
        scratch: &'a mut Scratch,
    ) -> Result<Verdict<'a>, VerifyError> {
        let recalled = self.recall(token, is_time, |texts, layout| {
            scratch.keep_text(texts);
            *layout
        });
        let Some(layout) = recalled else {
            return self.check(token, now(), scratch);
        };
        let identity = IdentityRef::of_piece(scratch.text(), layout);
        Ok(Verdict::Verified(identity))
    }

    /// Checks `token` in full, and keeps it if there is a cache and it passed.
    fn check<'a>(
        &self,
        token: &'a [u8],
        now: UnixTime,
        scratch: &'a mut Scratch,
    ) -> Result<Verdict<'a>, VerifyError> {
        let admitted = self.policy.admit(token, now, scratch)?;
        admitted.prepare(&self.replay);
        let checked = self.keys.with_key(admitted.key_id(), |key| {
            (admitted.authenticate(key), key.serial())
        });
        match checked {
            Lookup::Found((authentic, serial)) => {
                let authentic = authentic?;
                let identity = authentic.accept(now, &self.replay)?;
                if let Some(cache) = &self.token_cache {
                    let lease = self.keys.lease(admitted.key_id());
                    cache.keep(&Verified {
                        token,
                        identity,
                        window: authentic.window(),
                        key: serial,
                        // The key may have changed since it was used.
                        lease: lease.filter(|lease| lease.key() == serial),
                    });
                }
                Ok(Verdict::Verified(identity))
            }
            Lookup::Unknown => Err(VerifyError::KeyUnknown),
            Lookup::NotLoaded => Ok(Verdict::NeedsKey(Pending { admitted })),
        }
    }

    /// What `take` makes of the identity of a token that was verified before and still holds.
    fn recall<T>(
        &self,
        token: &[u8],
        is_time: impl Fn(Window) -> bool,
        take: impl FnMut(&str, &Layout) -> T,
    ) -> Option<T> {
        let cache = self.token_cache.as_ref()?;
        let is_current = |key_id: KeyId<'_>, serial| self.is_current(key_id, serial);
        cache.recall(token, is_time, is_current, take)
    }

    /// Whether it is now in `window`. The exact time, which costs a quarter of a hit, is read only where it matters.
    fn is_time(&self, window: Window) -> bool {
        let holds_anyhow = |roughly| window.holds_around(roughly, ROUGH_TIME_MARGIN);
        self.clock.now_roughly().is_some_and(holds_anyhow) || window.check(self.clock.now()).is_ok()
    }

    /// Whether the key at hand is the one with this serial number.
    fn is_current(&self, key_id: KeyId<'_>, serial: KeySerial) -> bool {
        let is_current = self.keys.with_key(key_id, |key| key.serial() == serial);
        matches!(is_current, Lookup::Found(true))
    }

    /// Goes on with a token that was waiting for `key`, at the time that it is now. `pending` is one that this
    /// engine handed out: it stands for this policy's checks and no other's.
    ///
    /// # Errors
    ///
    /// The code of the first check that the token does not pass.
    pub fn resume<'a>(
        &self,
        pending: Pending<'a>,
        key: &VerifyingKey,
    ) -> Result<IdentityRef<'a>, VerifyError> {
        pending.admitted.prepare(&self.replay);
        let authentic = pending.admitted.authenticate(key)?;
        authentic.accept(self.clock.now(), &self.replay)
    }
}

impl<K: fmt::Debug, R: fmt::Debug> fmt::Debug for Engine<K, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("policy", &self.policy)
            .field("keys", &self.keys)
            .field("replay", &self.replay)
            .field("token_cache", &self.token_cache)
            .finish_non_exhaustive()
    }
}

/// What [`Engine::verify_now`] can say at once of a token that it does not refuse.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Verdict<'a> {
    /// Every check passed.
    Verified(IdentityRef<'a>),
    /// Every check passed that needs no key, and the key is not at hand: have it fetched with
    /// [`KeySource::fetch`] and go on with [`Engine::resume`].
    NeedsKey(Pending<'a>),
}

/// A token that waits for its key. `Debug` shows nothing of it.
#[derive(Debug, Clone, Copy)]
pub struct Pending<'a> {
    admitted: Admitted<'a>,
}

impl<'a> Pending<'a> {
    /// The key that is wanted.
    #[must_use]
    pub const fn key_id(&self) -> KeyId<'a> {
        self.admitted.key_id()
    }

    /// Who owns the key, as the token claims: for [`KeySource::fetch`], and for nothing that needs it verified.
    #[must_use]
    pub const fn unverified_issuer(&self) -> &'a str {
        self.admitted.unverified_issuer()
    }
}
