//! Who sent the request: what is left of a token once every check has passed.

mod layout;

use std::borrow::Cow;
use std::fmt;

pub(crate) use layout::{Layout, TEXTS};

use crate::claims::{Audience, Claims};
use crate::crypto::Algorithm;
use crate::jws::Header;
use crate::time::UnixTime;

/// A verified identity that borrows the token's scratch space. Only
/// [`Authentic::accept`](crate::Authentic::accept) makes one, and a token cache of what that made. `Debug` shows none of
/// the claims.
#[derive(Clone, Copy)]
pub struct IdentityRef<'a>(Form<'a>);

#[derive(Clone, Copy)]
enum Form<'a> {
    /// As it was parsed.
    Parsed(Parsed<'a>),
    /// Kept in one piece: a text is looked for when it is asked for.
    Kept(&'a str, Layout),
}

/// The texts, wherever each lies.
#[derive(Clone, Copy)]
struct Parsed<'a> {
    algorithm: Algorithm,
    key_id: &'a str,
    issuer: &'a str,
    subject: Option<&'a str>,
    audience: Audience<'a>,
    token_id: &'a str,
    issued_at: UnixTime,
    expires_at: UnixTime,
    claims_json: &'a str,
}

impl<'a> IdentityRef<'a> {
    pub(crate) fn new(header: Header<'a>, claims: Claims<'a>) -> Self {
        Self(Form::Parsed(Parsed {
            algorithm: header.algorithm,
            key_id: header.key_id.as_str(),
            issuer: claims.issuer,
            subject: claims.subject,
            audience: claims.audience,
            token_id: claims.token_id,
            issued_at: claims.issued_at.floor(),
            expires_at: claims.expires_at.floor(),
            claims_json: claims.document,
        }))
    }

    /// The identity that was kept as `text`, with this layout.
    pub(crate) const fn of_piece(text: &'a str, layout: Layout) -> Self {
        Self(Form::Kept(text, layout))
    }

    /// The texts that make up one piece, in their order, and where each text lies in it.
    pub(crate) fn pieces(&self) -> ([&'a str; TEXTS], Layout) {
        match &self.0 {
            Form::Parsed(parsed) => Layout::new(parsed),
            Form::Kept(text, layout) => ([text, "", "", "", "", ""], *layout),
        }
    }

    /// The service that issued the token (`iss`).
    #[must_use]
    pub fn issuer(&self) -> &'a str {
        match &self.0 {
            Form::Parsed(parsed) => parsed.issuer,
            Form::Kept(text, layout) => layout.issuer(text),
        }
    }

    /// On whose behalf (`sub`): "If the sub claim is not defined, the resource server MUST assume that the
    /// effective subject is the same as the issuer."
    #[must_use]
    pub fn subject(&self) -> &'a str {
        let subject = match &self.0 {
            Form::Parsed(parsed) => parsed.subject,
            Form::Kept(text, layout) => layout.subject(text),
        };
        subject.unwrap_or_else(|| self.issuer())
    }

    /// Whom the token is meant for (`aud`), this resource server among them.
    #[must_use]
    pub fn audience(&self) -> Audience<'a> {
        match &self.0 {
            Form::Parsed(parsed) => parsed.audience,
            Form::Kept(text, layout) => layout.audience(text),
        }
    }

    /// The token's own name (`jti`).
    #[must_use]
    pub fn token_id(&self) -> &'a str {
        match &self.0 {
            Form::Parsed(parsed) => parsed.token_id,
            Form::Kept(text, layout) => layout.token_id(text),
        }
    }

    /// The key that signed it (`kid`).
    #[must_use]
    pub fn key_id(&self) -> &'a str {
        match &self.0 {
            Form::Parsed(parsed) => parsed.key_id,
            Form::Kept(text, layout) => layout.key_id(text),
        }
    }

    /// The algorithm of the signature (`alg`).
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        match &self.0 {
            Form::Parsed(parsed) => parsed.algorithm,
            Form::Kept(_, layout) => layout.algorithm,
        }
    }

    /// When the token was issued (`iat`), rounded down to the nanosecond.
    #[must_use]
    pub const fn issued_at(&self) -> UnixTime {
        match &self.0 {
            Form::Parsed(parsed) => parsed.issued_at,
            Form::Kept(_, layout) => layout.issued_at,
        }
    }

    /// When the token expires (`exp`), rounded down to the nanosecond.
    #[must_use]
    pub const fn expires_at(&self) -> UnixTime {
        match &self.0 {
            Form::Parsed(parsed) => parsed.expires_at,
            Form::Kept(_, layout) => layout.expires_at,
        }
    }

    /// All claims as the JSON object that was signed, for claims that the specification does not name. Names
    /// are known to be unique.
    #[must_use]
    pub fn claims_json(&self) -> &'a str {
        match &self.0 {
            Form::Parsed(parsed) => parsed.claims_json,
            Form::Kept(text, layout) => layout.claims_json(text),
        }
    }

    /// The identity apart from the scratch space, in one allocation.
    #[must_use]
    pub fn to_owned(&self) -> Identity {
        let (pieces, layout) = self.pieces();
        Identity {
            text: pieces.concat().into_boxed_str(),
            layout,
        }
    }
}

impl fmt::Debug for IdentityRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("algorithm", &self.algorithm())
            .finish_non_exhaustive()
    }
}

/// A verified identity that stands alone: what [`Engine::verify`](crate::Engine::verify) answers.
#[derive(Clone)]
pub struct Identity {
    text: Box<str>,
    layout: Layout,
}

impl Identity {
    /// The identity whose texts, in one piece, have this layout.
    pub(crate) fn of_piece(text: &str, layout: &Layout) -> Self {
        Self {
            text: text.into(),
            layout: *layout,
        }
    }

    /// The same identity, borrowed.
    #[must_use]
    pub const fn as_ref(&self) -> IdentityRef<'_> {
        IdentityRef::of_piece(&self.text, self.layout)
    }

    /// The service that issued the token (`iss`).
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.as_ref().issuer()
    }

    /// On whose behalf (`sub`), or the issuer where the token does not say.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.as_ref().subject()
    }

    /// Whom the token is meant for (`aud`), in order.
    pub fn audience(&self) -> impl Iterator<Item = Cow<'_, str>> {
        self.as_ref().audience().iter()
    }

    /// The token's own name (`jti`).
    #[must_use]
    pub fn token_id(&self) -> &str {
        self.as_ref().token_id()
    }

    /// The key that signed it (`kid`).
    #[must_use]
    pub fn key_id(&self) -> &str {
        self.as_ref().key_id()
    }

    /// The algorithm of the signature (`alg`).
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.layout.algorithm
    }

    /// When the token was issued (`iat`), rounded down to the nanosecond.
    #[must_use]
    pub const fn issued_at(&self) -> UnixTime {
        self.layout.issued_at
    }

    /// When the token expires (`exp`), rounded down to the nanosecond.
    #[must_use]
    pub const fn expires_at(&self) -> UnixTime {
        self.layout.expires_at
    }

    /// All claims as the JSON object that was signed.
    #[must_use]
    pub fn claims_json(&self) -> &str {
        self.as_ref().claims_json()
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.as_ref(), f)
    }
}
