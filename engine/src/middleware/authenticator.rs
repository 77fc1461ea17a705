//! What verifies the tokens of requests, and the profiles that find theirs in the `Authorization` header.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use http::HeaderMap;

use super::authorization::{bearer, bearer_or_bare};
use crate::engine::{Engine, Verdict};
use crate::error::VerifyError;
use crate::identity::Identity;
use crate::jws::Scratch;
use crate::keys::{KeySetSource, KeySource};
use crate::profiles::{ForgeInvocation, ForgeVerifier, SetVerdict, TrelloIdentity, TrelloVerifier};
use crate::replay::ReplayLog;

/// A verification that waits. It is boxed, since the future of an `async fn` has no name; next to the fetch of
/// a key the allocation is nothing.
pub(super) type Verification<I> = Pin<Box<dyn Future<Output = Result<I, VerifyError>> + Send>>;

/// A verifier that an [`AuthenticateLayer`](crate::AuthenticateLayer) can put in front of a service. Only this crate has
/// some.
///
/// | verifier | the token is | in the request's extensions is |
/// |---|---|---|
/// | [`Engine`] (ASAP) | after `Bearer` in `Authorization` | an [`Identity`] |
/// | [`ForgeVerifier`] | after `Bearer` in `Authorization` | a [`ForgeInvocation`] |
/// | [`TrelloVerifier`] | after `Bearer` in `Authorization`, or all of it | a [`TrelloIdentity`] |
pub trait Authenticator: Verify {}

/// The walls of [`Authenticator`]: what the service asks it.
#[expect(
    unnameable_types,
    reason = "so that only this crate implements Authenticator"
)]
pub trait Verify: Send + Sync + 'static {
    /// Who sent a request, as the inner service finds it in the extensions.
    type Identity: Clone + Send + Sync + 'static;

    /// Headers that hold other tokens.
    const TOKENS_BESIDE: &'static [&'static str] = &[];

    /// The token of a request with these headers.
    fn token(headers: &HeaderMap) -> Option<&[u8]>;

    /// Verifies a token without waiting. None: it has to wait.
    ///
    /// # Errors
    ///
    /// The code of the first check that the token does not pass.
    fn verify_now(&self, token: &[u8]) -> Result<Option<Self::Identity>, VerifyError>;

    /// Verifies a token, waiting for its key.
    fn verify(
        &self,
        token: &[u8],
    ) -> impl Future<Output = Result<Self::Identity, VerifyError>> + Send;
}

/// A verification that owns what it needs.
pub(super) fn verification<V: Verify>(
    verifier: &Arc<V>,
    token: Box<[u8]>,
) -> Verification<V::Identity> {
    let verifier = Arc::clone(verifier);
    Box::pin(async move { verifier.verify(&token).await })
}

impl<K: KeySource + 'static, R: ReplayLog + 'static> Authenticator for Engine<K, R> {}

impl<K: KeySource + 'static, R: ReplayLog + 'static> Verify for Engine<K, R> {
    type Identity = Identity;

    fn token(headers: &HeaderMap) -> Option<&[u8]> {
        bearer(headers)
    }

    fn verify_now(&self, token: &[u8]) -> Result<Option<Identity>, VerifyError> {
        Ok(match self.verify_now(token, &mut Scratch::new())? {
            Verdict::Verified(identity) => Some(identity.to_owned()),
            Verdict::NeedsKey(_) => None,
        })
    }

    fn verify(&self, token: &[u8]) -> impl Future<Output = Result<Identity, VerifyError>> + Send {
        self.verify(token)
    }
}

impl<K: KeySetSource + 'static> Authenticator for ForgeVerifier<K> {}

impl<K: KeySetSource + 'static> Verify for ForgeVerifier<K> {
    type Identity = ForgeInvocation<'static>;

    /// "Never share or log any OAuth access tokens provided."
    const TOKENS_BESIDE: &'static [&'static str] = &["x-forge-oauth-system", "x-forge-oauth-user"];

    fn token(headers: &HeaderMap) -> Option<&[u8]> {
        bearer(headers)
    }

    fn verify_now(&self, token: &[u8]) -> Result<Option<Self::Identity>, VerifyError> {
        Ok(match self.verify_now(token, &mut Scratch::new())? {
            SetVerdict::Verified(invocation) => Some(invocation.into_owned()),
            SetVerdict::NeedsKeys => None,
        })
    }

    fn verify(
        &self,
        token: &[u8],
    ) -> impl Future<Output = Result<Self::Identity, VerifyError>> + Send {
        self.verify(token)
    }
}

impl<K: KeySetSource + 'static> Authenticator for TrelloVerifier<K> {}

impl<K: KeySetSource + 'static> Verify for TrelloVerifier<K> {
    type Identity = TrelloIdentity<'static>;

    /// "`Authorization: <token>`" in Trello's sample; how a Power-Up sends it to its own server is its own to choose.
    fn token(headers: &HeaderMap) -> Option<&[u8]> {
        bearer_or_bare(headers)
    }

    fn verify_now(&self, token: &[u8]) -> Result<Option<Self::Identity>, VerifyError> {
        Ok(match self.verify_now(token, &mut Scratch::new())? {
            SetVerdict::Verified(identity) => Some(identity.into_owned()),
            SetVerdict::NeedsKeys => None,
        })
    }

    fn verify(
        &self,
        token: &[u8],
    ) -> impl Future<Output = Result<Self::Identity, VerifyError>> + Send {
        self.verify(token)
    }
}
