//! What a verified token of a Power-Up says.

use std::borrow::Cow;
use std::fmt;

use crate::time::UnixTime;

/// A user of Trello who uses this Power-Up. Only a [`TrelloVerifier`](super::TrelloVerifier) makes one.
///
/// `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct TrelloIdentity<'a> {
    pub(super) member_id: Cow<'a, str>,
    pub(super) board_id: Option<Cow<'a, str>>,
    pub(super) state: Option<Cow<'a, str>>,
    pub(super) issued_at: UnixTime,
    pub(super) expires_at: UnixTime,
}

impl TrelloIdentity<'_> {
    /// `idMember`: the user.
    #[must_use]
    pub fn member_id(&self) -> &str {
        &self.member_id
    }

    /// `idBoard`: the board on which the Power-Up was used.
    #[must_use]
    pub fn board_id(&self) -> Option<&str> {
        self.board_id.as_deref()
    }

    /// `state`: what the Power-Up's front end has put there. Trello vouches for none of it.
    #[must_use]
    pub fn state(&self) -> Option<&str> {
        self.state.as_deref()
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
    pub fn into_owned(self) -> TrelloIdentity<'static> {
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        TrelloIdentity {
            member_id: owned(self.member_id),
            board_id: self.board_id.map(owned),
            state: self.state.map(owned),
            issued_at: self.issued_at,
            expires_at: self.expires_at,
        }
    }
}

impl fmt::Debug for TrelloIdentity<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrelloIdentity").finish_non_exhaustive()
    }
}
