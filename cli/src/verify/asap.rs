//! Tokens of the profile asap: one policy, keys by name, and single use if it is asked for.
//!
//! The stages are those of the engine, one by one, because each token may bring an instant of its own.

use std::sync::Arc;
use std::time::Duration;

use asap_engine::{Policy, Reusable, Scratch, UnixTime, VerifyError};
use tokio::runtime::Runtime;

use super::accepted::Accepted;
use super::ahead::Ahead;
use super::keys::{Keys, Source};
use super::line::Line;
use super::options::Options;
use super::single_use::{FingerprintKey, Sighting};
use super::sources::{self, in_option};
use crate::outcome::Fault;

/// What is asked of every token.
#[derive(Debug)]
pub(super) struct Asap {
    pub(super) policy: Policy,
    pub(super) leeway: Duration,
    /// Present if tokens are for single use.
    pub(super) single_use: Option<FingerprintKey>,
    pub(super) source: Arc<Source>,
}

/// What one worker has to judge with.
#[derive(Debug)]
pub(super) struct Bench {
    rules: Arc<Asap>,
    pub(super) keys: Keys,
    scratch: Scratch,
}

impl Asap {
    pub(super) fn new(options: &Options, workers: usize) -> Result<(Self, Option<Runtime>), Fault> {
        let policy = policy(options)?;
        let (source, runtime) = sources::keys_by_name(options, workers)?;
        let rules = Self {
            policy,
            leeway: options.leeway,
            single_use: options.single_use.then(FingerprintKey::random),
            source,
        };
        Ok((rules, runtime))
    }

    /// Has a key fetched that a later token needs. As at its turn, none for a token that the policy refuses.
    pub(super) fn look_ahead(&self, line: &Line<'_>, now: UnixTime, ahead: &mut Ahead<'_>) {
        let mut scratch = Scratch::new();
        if let Ok(admitted) = self.policy.admit(&line.token, now, &mut scratch) {
            ahead.begin(admitted.key_id(), admitted.unverified_issuer());
        }
    }
}

impl Bench {
    pub(super) fn new(rules: &Arc<Asap>) -> Self {
        Self {
            rules: Arc::clone(rules),
            keys: Keys::new(Arc::clone(&rules.source)),
            scratch: Scratch::new(),
        }
    }

    /// Takes a token through every stage but the replay log's. Calls `before_wait` if the key has to be waited for.
    pub(super) fn judge<'a>(
        &'a mut self,
        line: &'a Line<'_>,
        now: impl Fn() -> UnixTime,
        before_wait: impl FnOnce(&Asap, &mut Ahead<'_>),
    ) -> Result<Accepted<'a>, VerifyError> {
        let Self {
            rules,
            keys,
            scratch,
        } = self;
        let admitted = rules.policy.admit(&line.token, now(), scratch)?;
        let authentic = keys.authenticate(admitted, |ahead| before_wait(rules, ahead))?;
        let now = now();
        let identity = authentic.accept(now, &Reusable::default())?;
        let sighting = rules.single_use.map(|key| Sighting {
            fingerprint: key.fingerprint(identity.issuer(), identity.token_id()),
            keep_until: identity.expires_at().saturating_add(rules.leeway),
            now,
        });
        Ok(Accepted::Asap(identity, sighting))
    }
}

fn policy(options: &Options) -> Result<Policy, Fault> {
    let (first, further) = options
        .audience
        .split_first()
        .ok_or_else(|| Fault::new("--audience: name at least one"))?;
    let mut policy = Policy::new(first).map_err(in_option("--audience"))?;
    for audience in further {
        policy = policy
            .with_audience(audience)
            .map_err(in_option("--audience"))?;
    }
    policy = policy
        .with_leeway(options.leeway)
        .map_err(in_option("--leeway"))?;
    if !options.issuer.is_empty() {
        policy = policy
            .with_issuers(&options.issuer)
            .map_err(in_option("--issuer"))?;
    }
    if !options.algorithm.is_empty() {
        policy = policy
            .with_algorithms(options.algorithm.iter().copied())
            .map_err(in_option("--algorithm"))?;
    }
    Ok(if options.single_use {
        policy.with_single_use()
    } else {
        policy
    })
}
