//! Tokens that are signed with a tenant's secret, at the two classes of endpoints that take them.
//!
//! ```text
//! request ─ admit ─▶ Admitted ─ authenticate ─▶ Authentic ─ accept ─▶ ConnectIdentity
//!            parse, policy, qsh     the secret        time once more
//! ```
//!
//! No store is asked for a token that is refused without it.

use std::borrow::Cow;
use std::fmt;

use super::claims::Claims;
use super::identity::ConnectIdentity;
use super::qsh::{self, Covered};
use super::tenant::TenantStore;
use super::{ConnectPolicy, ConnectRequest};
use crate::crypto::SharedSecret;
use crate::error::VerifyError;
use crate::jws::{Parameters, Room, Scratch};
use crate::keys::Lookup;
use crate::pipeline::Window;
use crate::profiles::published::Unverified;
use crate::time::{Clock, SystemClock, UnixTime};

/// What can be said at once of a token that is not refused.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectVerdict<T> {
    /// Every check passed.
    Verified(T),
    /// Every check passed that needs no key, and the key or the secret is not at hand. The endpoint's `verify` waits for
    /// it.
    NeedsKey,
}

/// Which `qsh` an endpoint takes. There is no class that takes any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum QueryHash {
    /// The hash of the request and nothing else.
    Computed,
    /// `context-qsh` and nothing else.
    Context,
}

impl QueryHash {
    fn check(
        self,
        claimed: &str,
        request: &ConnectRequest<'_>,
        policy: &ConnectPolicy,
    ) -> Result<Option<Covered>, VerifyError> {
        match (self, claimed == qsh::CONTEXT) {
            (Self::Computed, false) => qsh::check(claimed, request, &policy.base_url).map(Some),
            (Self::Computed, true) => Err(VerifyError::QueryHashOfContext),
            (Self::Context, true) => Ok(None),
            (Self::Context, false) => Err(VerifyError::QueryHashNotOfContext),
        }
    }
}

/// A token that an endpoint wants, if its signature is good. Only [`admit`] makes one.
struct Admitted<'a> {
    /// The tenant that the token claims to be of: it may only select the secret.
    unverified_client_key: &'a str,
    signing_input: &'a [u8],
    signature: &'a [u8],
    unverified_identity: ConnectIdentity<'a>,
    window: Window,
}

/// A token whose signature is that of its tenant's secret. Only [`Admitted::authenticate`] makes one.
struct Authentic<'a> {
    identity: ConnectIdentity<'a>,
    window: Window,
}

/// Checks everything that needs no secret.
fn admit<'a>(
    policy: &ConnectPolicy,
    query_hash: QueryHash,
    request: &ConnectRequest<'a>,
    now: UnixTime,
    room: &'a mut Room,
) -> Result<Admitted<'a>, VerifyError> {
    let token = request.unverified_token()?;
    let limit = ConnectPolicy::MAX_TOKEN_LENGTH;
    let mut token = Unverified::open_as(token, limit, room, Parameters::expect_hs256)?;
    let claims = Claims::read(token.document, &mut token.spare)?;
    let window = claims.check_time(policy, now)?;
    let covered = query_hash.check(claims.query_hash, request, policy)?;
    Ok(Admitted {
        unverified_client_key: claims.client_key,
        signing_input: token.signing_input,
        signature: token.signature,
        unverified_identity: ConnectIdentity {
            client_key: Cow::Borrowed(claims.client_key),
            account_id: claims.account_id.map(Cow::Borrowed),
            context: claims.context.map(Cow::Borrowed),
            issued_at: claims.issued_at.floor(),
            expires_at: claims.expires_at.floor(),
            covered,
        },
        window,
    })
}

impl<'a> Admitted<'a> {
    fn authenticate(self, secret: &SharedSecret) -> Result<Authentic<'a>, VerifyError> {
        secret.verify(self.signing_input, self.signature)?;
        Ok(Authentic {
            identity: self.unverified_identity,
            window: self.window,
        })
    }
}

impl<'a> Authentic<'a> {
    fn accept(self, now: UnixTime) -> Result<ConnectIdentity<'a>, VerifyError> {
        self.window.check(now)?;
        Ok(self.identity)
    }
}

/// One policy, one class of endpoints, one store.
pub(super) struct Verifier<S> {
    policy: ConnectPolicy,
    query_hash: QueryHash,
    tenants: S,
    clock: Box<dyn Clock>,
}

impl<S: TenantStore> Verifier<S> {
    pub(super) fn new(policy: ConnectPolicy, query_hash: QueryHash, tenants: S) -> Self {
        Self {
            policy,
            query_hash,
            tenants,
            clock: Box::new(SystemClock),
        }
    }

    pub(super) fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    pub(super) const fn tenants(&self) -> &S {
        &self.tenants
    }

    pub(super) async fn verify(
        &self,
        request: &ConnectRequest<'_>,
    ) -> Result<ConnectIdentity<'static>, VerifyError> {
        let client_key: Box<str> = {
            let mut room = Room::new();
            match self.judge(request, &mut room)? {
                Judged::Verified(identity) => return Ok(identity.into_owned()),
                Judged::NeedsSecret(client_key) => client_key.into(),
            }
        };
        let secret = self.tenants.fetch(&client_key).await?;
        // The wait took time, so the token is read anew, under the time that it is now.
        let (now, mut room) = (self.clock.now(), Room::new());
        let admitted = admit(&self.policy, self.query_hash, request, now, &mut room)?;
        let identity = admitted.authenticate(&secret)?.accept(now)?;
        Ok(identity.into_owned())
    }

    pub(super) fn verify_now<'a>(
        &self,
        request: &ConnectRequest<'a>,
        scratch: &'a mut Scratch,
    ) -> Result<ConnectVerdict<ConnectIdentity<'a>>, VerifyError> {
        let (_, room) = scratch.parts();
        Ok(match self.judge(request, room)? {
            Judged::Verified(identity) => ConnectVerdict::Verified(identity),
            Judged::NeedsSecret(_) => ConnectVerdict::NeedsKey,
        })
    }

    fn judge<'a>(
        &self,
        request: &ConnectRequest<'a>,
        room: &'a mut Room,
    ) -> Result<Judged<'a>, VerifyError> {
        let now = self.clock.now();
        let admitted = admit(&self.policy, self.query_hash, request, now, room)?;
        let client_key = admitted.unverified_client_key;
        let checked = self
            .tenants
            .with_secret(client_key, |secret| admitted.authenticate(secret));
        match checked {
            Lookup::Found(authentic) => authentic?.accept(now).map(Judged::Verified),
            Lookup::Unknown => Err(VerifyError::TenantUnknown),
            Lookup::NotLoaded => Ok(Judged::NeedsSecret(client_key)),
        }
    }
}

impl<S: fmt::Debug> Verifier<S> {
    pub(super) fn describe(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(name)
            .field("policy", &self.policy)
            .field("tenants", &self.tenants)
            .finish_non_exhaustive()
    }
}

/// What the secrets at hand say of a token.
enum Judged<'a> {
    Verified(ConnectIdentity<'a>),
    /// That of the tenant of this client key.
    NeedsSecret(&'a str),
}
