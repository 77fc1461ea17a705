//! What a verified invocation token says.

use std::borrow::Cow;
use std::fmt;

use super::{ForgeApp, ForgeContext};
use crate::time::UnixTime;

/// A call that Atlassian has made to this app's remote. Only a [`ForgeVerifier`](super::ForgeVerifier) makes one.
///
/// `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct ForgeInvocation<'a> {
    pub(super) app: ForgeApp<'a>,
    pub(super) context: Option<ForgeContext<'a>>,
    pub(super) principal: Option<Cow<'a, str>>,
    pub(super) key_id: Cow<'a, str>,
    pub(super) token_id: Cow<'a, str>,
    pub(super) issued_at: UnixTime,
    pub(super) expires_at: UnixTime,
}

impl<'a> ForgeInvocation<'a> {
    /// `app`: which app is called, and where it is installed. "The list of contexts" and all else in it is of the tenant
    /// that the call is for: keep data by [`installation_id`](ForgeApp::installation_id).
    #[must_use]
    pub const fn app(&self) -> &ForgeApp<'a> {
        &self.app
    }

    /// `context`: from where in the product the call came. "When invoked from a backend function, no context is currently
    /// provided."
    #[must_use]
    pub const fn context(&self) -> Option<&ForgeContext<'a>> {
        self.context.as_ref()
    }

    /// `principal`: "The identifier for the user who invoked the app. UI modules only."
    #[must_use]
    pub fn principal(&self) -> Option<&str> {
        self.principal.as_deref()
    }

    /// `kid`: which of Atlassian's keys has signed.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// `jti`. The platform may send a token more than once.
    #[must_use]
    pub fn token_id(&self) -> &str {
        &self.token_id
    }

    /// `iat`, rounded down.
    #[must_use]
    pub const fn issued_at(&self) -> UnixTime {
        self.issued_at
    }

    /// `exp`, rounded down.
    #[must_use]
    pub const fn expires_at(&self) -> UnixTime {
        self.expires_at
    }

    /// A copy that lives on.
    #[must_use]
    pub fn into_owned(self) -> ForgeInvocation<'static> {
        ForgeInvocation {
            app: self.app.into_owned(),
            context: self.context.map(ForgeContext::into_owned),
            principal: self.principal.map(|text| Cow::Owned(text.into_owned())),
            key_id: Cow::Owned(self.key_id.into_owned()),
            token_id: Cow::Owned(self.token_id.into_owned()),
            issued_at: self.issued_at,
            expires_at: self.expires_at,
        }
    }
}

impl fmt::Debug for ForgeInvocation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForgeInvocation").finish_non_exhaustive()
    }
}
