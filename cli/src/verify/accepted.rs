//! What is said of a token that was accepted, whatever its profile.

use asap_engine::{
    Audience, ConnectIdentity, ConnectInstallation, ForgeInvocation, IdentityRef, TrelloIdentity,
    UnixTime,
};

use super::single_use::Sighting;

/// What a profile has verified.
#[derive(Debug)]
pub(super) enum Accepted<'a> {
    /// A service, and what is remembered of its token if tokens are for single use.
    Asap(IdentityRef<'a>, Option<Sighting>),
    /// An installation of a Connect app, and perhaps one of its users.
    Connect(ConnectIdentity<'a>),
    /// A message that installs or uninstalls the Connect app at this URL.
    Installation(ConnectInstallation<'a>, &'a str),
    /// A call to a Forge app's remote.
    Forge(Box<ForgeInvocation<'a>>),
    /// A user of the Power-Up of this identifier.
    Trello(TrelloIdentity<'a>, &'a str),
}

/// The members of a verdict. What a profile's tokens do not have is absent.
#[derive(Debug)]
pub(super) struct Facts<'a> {
    pub(super) issuer: &'a str,
    pub(super) subject: Option<&'a str>,
    pub(super) audience: Names<'a>,
    pub(super) key_id: Option<&'a str>,
    pub(super) token_id: Option<&'a str>,
    pub(super) algorithm: &'static str,
    pub(super) expires_at: UnixTime,
}

/// Whom a token is for.
#[derive(Debug)]
pub(super) enum Names<'a> {
    /// What `aud` says.
    Claim(Audience<'a>),
    /// The one that was asked for.
    One(&'a str),
    /// The tokens of the profile do not say.
    None,
}

impl Names<'_> {
    pub(super) fn for_each(&self, mut take: impl FnMut(&str)) {
        match self {
            Self::Claim(audience) => audience.iter().for_each(|name| take(&name)),
            Self::One(name) => take(name),
            Self::None => {}
        }
    }
}

impl Accepted<'_> {
    pub(super) fn facts(&self) -> Facts<'_> {
        match self {
            Self::Asap(identity, _) => Facts {
                issuer: identity.issuer(),
                subject: Some(identity.subject()),
                audience: Names::Claim(identity.audience()),
                key_id: Some(identity.key_id()),
                token_id: Some(identity.token_id()),
                algorithm: identity.algorithm().name(),
                expires_at: identity.expires_at(),
            },
            Self::Connect(identity) => Facts {
                issuer: identity.client_key(),
                subject: identity.account_id(),
                audience: Names::None,
                key_id: None,
                token_id: None,
                algorithm: "HS256",
                expires_at: identity.expires_at(),
            },
            Self::Installation(installation, base_url) => Facts {
                issuer: installation.client_key(),
                subject: None,
                audience: Names::One(base_url),
                key_id: Some(installation.key_id()),
                token_id: None,
                algorithm: "RS256",
                expires_at: installation.expires_at(),
            },
            Self::Forge(invocation) => Facts {
                issuer: "forge/invocation-token",
                subject: invocation.principal(),
                audience: Names::One(&invocation.app().id),
                key_id: Some(invocation.key_id()),
                token_id: Some(invocation.token_id()),
                algorithm: "RS256",
                expires_at: invocation.expires_at(),
            },
            Self::Trello(identity, plugin_id) => Facts {
                issuer: "trello",
                subject: Some(identity.member_id()),
                audience: Names::One(plugin_id),
                key_id: None,
                token_id: None,
                algorithm: "RS256",
                expires_at: identity.expires_at(),
            },
        }
    }
}
