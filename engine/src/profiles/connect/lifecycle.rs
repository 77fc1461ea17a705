//! `installed` and `uninstalled`: the messages that make a tenant, so that no tenant's secret can vouch for them.
//!
//! Signed by Atlassian with RS256; the key is found by `kid` in the repository of install keys. There is no exception for
//! tenants that are not known yet, and none for a token that is signed with a secret: neither the one that is kept nor the
//! one in the message.

use std::borrow::Cow;
use std::fmt;

use super::claims::Claims;
use super::identity::ConnectInstallation;
use super::shared_secret::ConnectVerdict;
use super::{BaseUrl, ConnectPolicy, ConnectRequest, qsh};
use crate::crypto::{Algorithm, VerifyingKey};
use crate::error::VerifyError;
use crate::jws::fields::{self, fields};
use crate::jws::json::Value;
use crate::jws::{Room, Scratch};
use crate::keys::{KeyId, KeySource, Lookup};
use crate::limits::MAX_CONNECT_BODY_LENGTH;
use crate::pipeline::Window;
use crate::profiles::published::Unverified;
use crate::time::{Clock, SystemClock, UnixTime};

/// The endpoint of the messages `installed` and `uninstalled`.
///
/// `keys` are Atlassian's install keys, as `https://connect-install-keys.atlassian.com` publishes them, and no others: any
/// key of theirs may sign for any tenant. Which repository is asked comes from the configuration and never from a message.
pub struct ConnectLifecycle<K> {
    policy: ConnectPolicy,
    keys: K,
    clock: Box<dyn Clock>,
}

impl<K: KeySource> ConnectLifecycle<K> {
    /// An endpoint by the system's clock.
    #[must_use]
    pub fn new(policy: ConnectPolicy, keys: K) -> Self {
        Self {
            policy,
            keys,
            clock: Box::new(SystemClock),
        }
    }

    /// Reads the time from `clock` instead of the system's.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// The source of Atlassian's keys.
    pub const fn keys(&self) -> &K {
        &self.keys
    }

    /// Verifies the token of `request`, whose body is `body`, waiting for the key if that is not at hand.
    ///
    /// # Errors
    ///
    /// The code of the first check that the token does not pass.
    pub async fn verify(
        &self,
        request: &ConnectRequest<'_>,
        body: &[u8],
    ) -> Result<ConnectInstallation<'static>, VerifyError> {
        let (key_id, client_key): (Box<str>, Box<str>) = {
            let mut room = Room::new();
            match self.judge(request, body, &mut room)? {
                Judged::Verified(installation) => return Ok(installation.into_owned()),
                Judged::NeedsKey(admitted) => (
                    admitted.key_id.as_str().into(),
                    admitted.unverified_installation.client_key.as_ref().into(),
                ),
            }
        };
        let key_id = KeyId::parse(&key_id).ok_or(VerifyError::KeyIdInvalid)?;
        // The claimed tenant stands where an issuer does: for the limits on what is asked for in its name.
        let key = self.keys.fetch(key_id, &client_key).await?;
        // The wait took time, so the token is read anew, under the time that it is now.
        let (now, mut room) = (self.clock.now(), Room::new());
        let admitted = admit(&self.policy, request, body, now, &mut room)?;
        let installation = admitted.authenticate(&key)?.accept(now)?;
        Ok(installation.into_owned())
    }

    /// Verifies the token of `request`, whose body is `body`, without waiting. What it answers borrows `request` and
    /// `scratch`.
    ///
    /// # Errors
    ///
    /// The code of the first check that the token does not pass.
    pub fn verify_now<'a>(
        &self,
        request: &ConnectRequest<'a>,
        body: &[u8],
        scratch: &'a mut Scratch,
    ) -> Result<ConnectVerdict<ConnectInstallation<'a>>, VerifyError> {
        let (_, room) = scratch.parts();
        Ok(match self.judge(request, body, room)? {
            Judged::Verified(installation) => ConnectVerdict::Verified(installation),
            Judged::NeedsKey(_) => ConnectVerdict::NeedsKey,
        })
    }

    fn judge<'a>(
        &self,
        request: &ConnectRequest<'a>,
        body: &[u8],
        room: &'a mut Room,
    ) -> Result<Judged<'a>, VerifyError> {
        let now = self.clock.now();
        let admitted = admit(&self.policy, request, body, now, room)?;
        let checked = self
            .keys
            .with_key(admitted.key_id, |key| admitted.clone().authenticate(key));
        match checked {
            Lookup::Found(authentic) => authentic?.accept(now).map(Judged::Verified),
            Lookup::Unknown => Err(VerifyError::KeyUnknown),
            Lookup::NotLoaded => Ok(Judged::NeedsKey(admitted)),
        }
    }
}

impl<K: fmt::Debug> fmt::Debug for ConnectLifecycle<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectLifecycle")
            .field("policy", &self.policy)
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}

/// What the keys at hand say of a token.
enum Judged<'a> {
    Verified(ConnectInstallation<'a>),
    NeedsKey(Admitted<'a>),
}

/// A token that the app wants, if its signature is good. Only [`admit`] makes one.
#[derive(Clone)]
struct Admitted<'a> {
    signing_input: &'a [u8],
    signature: &'a [u8],
    key_id: KeyId<'a>,
    unverified_installation: ConnectInstallation<'a>,
    window: Window,
}

/// A token whose signature is that of Atlassian's key. Only [`Admitted::authenticate`] makes one.
struct Authentic<'a> {
    installation: ConnectInstallation<'a>,
    window: Window,
}

/// Checks everything that needs no key.
fn admit<'a>(
    policy: &ConnectPolicy,
    request: &ConnectRequest<'a>,
    body: &[u8],
    now: UnixTime,
    room: &'a mut Room,
) -> Result<Admitted<'a>, VerifyError> {
    let token = request.unverified_token()?;
    let mut token = Unverified::open(token, ConnectPolicy::MAX_TOKEN_LENGTH, room)?;
    let key_id = token
        .parameters
        .key_id()?
        .decode_into(&mut token.spare)
        .and_then(KeyId::parse)
        .ok_or(VerifyError::KeyIdInvalid)?;
    let claims = Claims::read(token.document, &mut token.spare)?;
    let audience = claims.audience(&mut token.spare)?;
    let window = claims.check_time(policy, now)?;
    if !audience.iter().any(|url| policy.base_url.is(&url)) {
        return Err(VerifyError::AudienceMismatch);
    }
    check_body(body, claims.client_key)?;
    check_query_hash(claims.query_hash, request, &policy.base_url)?;
    Ok(Admitted {
        signing_input: token.signing_input,
        signature: token.signature,
        key_id,
        unverified_installation: ConnectInstallation {
            client_key: Cow::Borrowed(claims.client_key),
            key_id: Cow::Borrowed(key_id.as_str()),
            issued_at: claims.issued_at.floor(),
            expires_at: claims.expires_at.floor(),
        },
        window,
    })
}

fn check_query_hash(
    claimed: &str,
    request: &ConnectRequest<'_>,
    base_url: &BaseUrl,
) -> Result<(), VerifyError> {
    if claimed == qsh::CONTEXT {
        return Err(VerifyError::QueryHashOfContext);
    }
    qsh::check(claimed, request, base_url).map(drop)
}

fields! {
    /// What of a message is compared with its token.
    struct Message {
        client_key = "clientKey",
    }
}

/// The message is of the tenant that the token names: who may speak for one may not install another.
fn check_body(body: &[u8], client_key: &str) -> Result<(), VerifyError> {
    if body.len() > MAX_CONNECT_BODY_LENGTH {
        return Err(VerifyError::RequestTooLarge);
    }
    let document = simdutf8::basic::from_utf8(body).map_err(|_| VerifyError::BodyInvalid)?;
    let message: Message<'_> = fields::read(document).map_err(|_| VerifyError::BodyInvalid)?;
    let Some(Value::Text(claimed)) = message.client_key else {
        return Err(VerifyError::BodyInvalid);
    };
    if claimed.is(client_key) {
        Ok(())
    } else {
        Err(VerifyError::ClientKeyMismatch)
    }
}

impl<'a> Admitted<'a> {
    fn authenticate(self, key: &VerifyingKey) -> Result<Authentic<'a>, VerifyError> {
        key.verify(Algorithm::Rs256, self.signing_input, self.signature)?;
        Ok(Authentic {
            installation: self.unverified_installation,
            window: self.window,
        })
    }
}

impl<'a> Authentic<'a> {
    fn accept(self, now: UnixTime) -> Result<ConnectInstallation<'a>, VerifyError> {
        self.window.check(now)?;
        Ok(self.installation)
    }
}
