//! Tokens of an issuer that publishes all of its keys as one set: the profiles forge and trello.

use std::sync::Arc;

use asap_engine::{
    ForgePolicy, ForgeVerifier, KeySetFormat, Scratch, SetVerdict, TrelloPolicy, TrelloVerifier,
    UnixTime, VerifyError,
};
use tokio::runtime::{Handle, Runtime};

use super::accepted::Accepted;
use super::clock::LineClock;
use super::key_set::SetSource;
use super::line::Line;
use super::options::Options;
use super::sources::{self, in_option};
use crate::outcome::Fault;

/// What is asked of every token: `P` says which.
#[derive(Debug)]
pub(super) struct Published<P> {
    policy: P,
    pub(super) source: Arc<SetSource>,
    runtime: Handle,
}

/// A policy that says whose Power-Up a token is to be of.
#[derive(Debug)]
pub(super) struct PowerUp {
    policy: TrelloPolicy,
    plugin_id: Box<str>,
}

/// What one worker has to judge calls to a Forge app's remote with.
#[derive(Debug)]
pub(super) struct ForgeBench {
    verifier: ForgeVerifier<Arc<SetSource>>,
    shared: Shared,
}

/// What one worker has to judge a Power-Up's tokens with.
#[derive(Debug)]
pub(super) struct TrelloBench {
    verifier: TrelloVerifier<Arc<SetSource>>,
    plugin_id: Box<str>,
    shared: Shared,
}

#[derive(Debug)]
struct Shared {
    clock: LineClock,
    runtime: Handle,
    scratch: Scratch,
}

impl Shared {
    fn new(runtime: &Handle) -> Self {
        Self {
            clock: LineClock::default(),
            runtime: runtime.clone(),
            scratch: Scratch::new(),
        }
    }

    /// Asks a verifier at the instant `at`: `at_once`, and if that takes keys that are not at hand, `waiting` for them, before
    /// which it calls `before_wait`.
    fn judge<'a, T>(
        &'a mut self,
        at: Option<UnixTime>,
        at_once: impl FnOnce(&'a mut Scratch) -> Result<SetVerdict<T>, VerifyError>,
        before_wait: impl FnOnce(),
        waiting: impl FnOnce(&Handle) -> Result<T, VerifyError>,
    ) -> Result<T, VerifyError> {
        self.clock.set(at);
        match at_once(&mut self.scratch)? {
            SetVerdict::Verified(claims) => Ok(claims),
            _ => {
                before_wait();
                waiting(&self.runtime)
            }
        }
    }
}

impl Published<ForgePolicy> {
    pub(super) fn forge(options: &Options) -> Result<(Self, Runtime), Fault> {
        let policy = ForgePolicy::new(options.app_id.as_deref().unwrap_or_default())
            .map_err(in_option("--app-id"))?
            .with_leeway(options.leeway)
            .map_err(in_option("--leeway"))?;
        let place = options.jwks.as_deref().unwrap_or_default();
        let (source, runtime) = sources::key_set(options, "--jwks", place, KeySetFormat::JwkSet)?;
        Ok(Self::new(policy, source, runtime))
    }

    pub(super) fn bench(&self) -> ForgeBench {
        let shared = Shared::new(&self.runtime);
        let verifier = ForgeVerifier::new(self.policy.clone(), Arc::clone(&self.source));
        ForgeBench {
            verifier: verifier.with_clock(shared.clock.clone()),
            shared,
        }
    }
}

impl Published<PowerUp> {
    pub(super) fn trello(options: &Options) -> Result<(Self, Runtime), Fault> {
        let plugin_id = options.plugin_id.as_deref().unwrap_or_default();
        let policy = TrelloPolicy::new(plugin_id)
            .map_err(in_option("--plugin-id"))?
            .with_leeway(options.leeway)
            .map_err(in_option("--leeway"))?;
        let policy = PowerUp {
            policy,
            plugin_id: plugin_id.into(),
        };
        let place = options.trello_keys.as_deref().unwrap_or_default();
        let (source, runtime) =
            sources::key_set(options, "--trello-keys", place, KeySetFormat::PemList)?;
        Ok(Self::new(policy, source, runtime))
    }

    pub(super) fn bench(&self) -> TrelloBench {
        let shared = Shared::new(&self.runtime);
        let PowerUp { policy, plugin_id } = &self.policy;
        let verifier = TrelloVerifier::new(policy.clone(), Arc::clone(&self.source));
        TrelloBench {
            verifier: verifier.with_clock(shared.clock.clone()),
            plugin_id: plugin_id.clone(),
            shared,
        }
    }
}

impl<P> Published<P> {
    fn new(policy: P, source: Arc<SetSource>, runtime: Runtime) -> (Self, Runtime) {
        let rules = Self {
            policy,
            source,
            runtime: runtime.handle().clone(),
        };
        (rules, runtime)
    }
}

impl ForgeBench {
    /// Verifies a token at the instant `at`. Calls `before_wait` if the keys have to be waited for.
    pub(super) fn judge<'a>(
        &'a mut self,
        line: &'a Line<'_>,
        at: Option<UnixTime>,
        before_wait: impl FnOnce(),
    ) -> Result<Accepted<'a>, VerifyError> {
        let invocation = self.shared.judge(
            at,
            |scratch| self.verifier.verify_now(&line.token, scratch),
            before_wait,
            |runtime| runtime.block_on(self.verifier.verify(&line.token)),
        )?;
        Ok(Accepted::Forge(Box::new(invocation)))
    }
}

impl TrelloBench {
    /// Verifies a token at the instant `at`. Calls `before_wait` if the keys have to be waited for.
    pub(super) fn judge<'a>(
        &'a mut self,
        line: &'a Line<'_>,
        at: Option<UnixTime>,
        before_wait: impl FnOnce(),
    ) -> Result<Accepted<'a>, VerifyError> {
        let identity = self.shared.judge(
            at,
            |scratch| self.verifier.verify_now(&line.token, scratch),
            before_wait,
            |runtime| runtime.block_on(self.verifier.verify(&line.token)),
        )?;
        Ok(Accepted::Trello(identity, &self.plugin_id))
    }
}
