//! The headers of a call beside the invocation token.

use std::fmt;

/// An OAuth token: "OAuth tokens provided for FRC (and JWT claims within) need to be treated as Opaque". It is handed on
/// as it came, and shown nowhere: "Never share or log any OAuth access tokens provided."
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct OpaqueToken<'a>(&'a [u8]);

impl<'a> OpaqueToken<'a> {
    /// The token, for the `Authorization` of a call to Atlassian and for nothing else.
    #[must_use]
    pub const fn expose(self) -> &'a [u8] {
        self.0
    }
}

impl fmt::Debug for OpaqueToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpaqueToken").finish_non_exhaustive()
    }
}

/// What a call carries in headers of its own. None of them says who calls: that is the invocation token's to say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ForgeHeaders<'a> {
    oauth_system: Option<OpaqueToken<'a>>,
    oauth_user: Option<OpaqueToken<'a>>,
}

impl<'a> ForgeHeaders<'a> {
    /// Picks them out of a request's headers, whose names may be in any case. One that stands there twice is left out: it
    /// is each reader's guess which of the two counts.
    pub fn of(headers: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        let (mut system, mut user) = (Occurrence::Never, Occurrence::Never);
        for (name, value) in headers {
            if name.eq_ignore_ascii_case("x-forge-oauth-system") {
                system.note(value);
            } else if name.eq_ignore_ascii_case("x-forge-oauth-user") {
                user.note(value);
            }
        }
        Self {
            oauth_system: system.once(),
            oauth_user: user.once(),
        }
    }

    /// `x-forge-oauth-system`: "The app system token."
    #[must_use]
    pub const fn oauth_system(&self) -> Option<OpaqueToken<'a>> {
        self.oauth_system
    }

    /// `x-forge-oauth-user`: "The app's user token", for calls on behalf of the user.
    #[must_use]
    pub const fn oauth_user(&self) -> Option<OpaqueToken<'a>> {
        self.oauth_user
    }
}

/// How often a header was there.
#[derive(Clone, Copy)]
enum Occurrence<'a> {
    Never,
    Once(&'a [u8]),
    Twice,
}

impl<'a> Occurrence<'a> {
    const fn note(&mut self, value: &'a [u8]) {
        *self = match self {
            Self::Never => Self::Once(value),
            Self::Once(_) | Self::Twice => Self::Twice,
        };
    }

    const fn once(self) -> Option<OpaqueToken<'a>> {
        match self {
            Self::Once(value) => Some(OpaqueToken(value)),
            Self::Never | Self::Twice => None,
        }
    }
}
