//! What a verified token says.

use std::borrow::Cow;
use std::fmt;

use super::claims::owned;
use super::qsh::Covered;
use crate::time::UnixTime;

/// An installation of the app, and perhaps one of its users. Only [`ConnectModule`](super::ConnectModule) and
/// [`ConnectContext`](super::ConnectContext) make one.
///
/// Whatever an app keeps of or for a request it keeps under [`client_key`](Self::client_key): it is the tenant, and the
/// token of one tenant says nothing about another. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct ConnectIdentity<'a> {
    pub(super) client_key: Cow<'a, str>,
    pub(super) account_id: Option<Cow<'a, str>>,
    pub(super) context: Option<Cow<'a, str>>,
    pub(super) issued_at: UnixTime,
    pub(super) expires_at: UnixTime,
    pub(super) covered: Option<Covered>,
}

impl ConnectIdentity<'_> {
    /// `iss`: the tenant, whose secret has signed the token.
    #[must_use]
    pub fn client_key(&self) -> &str {
        &self.client_key
    }

    /// `sub`: the account of the user. What the user may do is for the app to ask the product.
    #[must_use]
    pub fn account_id(&self) -> Option<&str> {
        self.account_id.as_deref()
    }

    /// `context`: a JSON object, as it is spelled.
    #[must_use]
    pub fn context(&self) -> Option<&str> {
        self.context.as_deref()
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

    /// Whether the tenant has signed method, path and query of this request: true of every token of a module and false of
    /// a page's own.
    #[must_use]
    pub const fn covers_query(&self) -> bool {
        self.covered.is_some()
    }

    /// Whether the tenant has signed the fields of the request's form too. If not, whoever sent the request chose them.
    #[must_use]
    pub const fn covers_form(&self) -> bool {
        matches!(self.covered, Some(Covered::QueryAndForm))
    }

    /// A copy that lives on.
    #[must_use]
    pub fn into_owned(self) -> ConnectIdentity<'static> {
        ConnectIdentity {
            client_key: owned(self.client_key),
            account_id: self.account_id.map(owned),
            context: self.context.map(owned),
            issued_at: self.issued_at,
            expires_at: self.expires_at,
            covered: self.covered,
        }
    }
}

impl fmt::Debug for ConnectIdentity<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectIdentity").finish_non_exhaustive()
    }
}

/// A message `installed` or `uninstalled`, signed by Atlassian for this app. Only
/// [`ConnectLifecycle`](super::ConnectLifecycle) makes one. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct ConnectInstallation<'a> {
    pub(super) client_key: Cow<'a, str>,
    pub(super) key_id: Cow<'a, str>,
    pub(super) issued_at: UnixTime,
    pub(super) expires_at: UnixTime,
}

impl ConnectInstallation<'_> {
    /// The tenant: `iss` of the token and `clientKey` of the message. The rest of the message is what Atlassian's servers
    /// have sent over TLS; the signature does not cover it.
    #[must_use]
    pub fn client_key(&self) -> &str {
        &self.client_key
    }

    /// `kid`: the key that signed.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
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
    pub fn into_owned(self) -> ConnectInstallation<'static> {
        ConnectInstallation {
            client_key: owned(self.client_key),
            key_id: owned(self.key_id),
            issued_at: self.issued_at,
            expires_at: self.expires_at,
        }
    }
}

impl fmt::Debug for ConnectInstallation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectInstallation")
            .finish_non_exhaustive()
    }
}
