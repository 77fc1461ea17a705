//! A request, as far as a Connect token is about it, and the token that it carries.

use std::fmt;

use super::BaseUrl;
use super::qsh::{self, token_in};
use crate::error::VerifyError;

/// A request: its method and target, its `Authorization`, and its form if it has one. It borrows all of them.
///
/// ```
/// # use asap_engine::{BaseUrl, ConnectRequest};
/// let base = BaseUrl::parse("https://app.example/connect")?;
/// let request = ConnectRequest::new("get", "/connect/panel/?b=2&a=%7e1&b=1&jwt=x.y.z");
/// assert_eq!(request.canonical(&base)?, "GET&/panel&a=~1&b=1,2");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct ConnectRequest<'a> {
    method: &'a str,
    path: &'a str,
    query: &'a str,
    form: Option<&'a [u8]>,
    authorization: Authorization<'a>,
}

/// What the headers `Authorization` hold.
#[derive(Clone, Copy)]
enum Authorization<'a> {
    /// No token of this kind.
    None,
    /// One token.
    Token(&'a [u8]),
    /// More than one.
    Several,
}

impl<'a> ConnectRequest<'a> {
    /// A request of this method and of this target, path and query, as they are on the wire: nothing may have decoded or
    /// normalised them.
    #[must_use]
    pub fn new(method: &'a str, target: &'a str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self {
            method,
            path,
            query,
            form: None,
            authorization: Authorization::None,
        }
    }

    /// With the value of a header `Authorization`. A token stands there after `JWT` and a space; of any other scheme is no
    /// token of this kind. Call it for each of such headers.
    #[must_use]
    pub fn with_authorization(mut self, value: &'a [u8]) -> Self {
        let scheme_and_token = value.split_at_checked(b"JWT ".len());
        let Some((scheme, token)) = scheme_and_token else {
            return self;
        };
        if scheme.eq_ignore_ascii_case(b"JWT ") {
            self.authorization = match self.authorization {
                Authorization::None => Authorization::Token(token.trim_ascii()),
                Authorization::Token(_) | Authorization::Several => Authorization::Several,
            };
        }
        self
    }

    /// With a body of the type `application/x-www-form-urlencoded`. Its fields count as parameters, as they do for the
    /// products, and its field `jwt` may be the token.
    #[must_use]
    pub const fn with_form(mut self, body: &'a [u8]) -> Self {
        self.form = Some(body);
        self
    }

    /// The token of the request, unverified: from `Authorization`, from the parameter `jwt`, or from the form's field `jwt`.
    ///
    /// # Errors
    ///
    /// [`TokenMissing`](VerifyError::TokenMissing); [`SeveralTokens`](VerifyError::SeveralTokens) if two of these places
    /// hold different tokens or one of them holds two, since another reader could take the other one;
    /// [`RequestMalformed`](VerifyError::RequestMalformed) if a name that may be `jwt` is malformed.
    pub fn unverified_token(&self) -> Result<&'a [u8], VerifyError> {
        let authorized = match self.authorization {
            Authorization::None => None,
            Authorization::Token(token) => Some(token),
            Authorization::Several => return Err(VerifyError::SeveralTokens),
        };
        let in_query = token_in(self.query.as_bytes())?;
        let in_form = token_in(self.form.unwrap_or_default())?;
        let mut tokens = [authorized, in_query, in_form].into_iter().flatten();
        let token = tokens.next().ok_or(VerifyError::TokenMissing)?;
        if tokens.all(|other| other == token) {
            Ok(token)
        } else {
            Err(VerifyError::SeveralTokens)
        }
    }

    /// The canonical request, whose hash is `qsh`. If the request has a form, its fields are in it.
    ///
    /// # Errors
    ///
    /// [`RequestMalformed`](VerifyError::RequestMalformed) for a broken escape, NUL, or what is not UTF-8 in a name or
    /// value; [`RequestTooLarge`](VerifyError::RequestTooLarge) beyond the limits.
    pub fn canonical(&self, base: &BaseUrl) -> Result<String, VerifyError> {
        qsh::canonical(self, base)
    }

    /// `qsh`: the SHA-256 of the [canonical request](Self::canonical) in lower-case hexadecimal.
    ///
    /// # Errors
    ///
    /// As [`canonical`](Self::canonical).
    pub fn query_hash(&self, base: &BaseUrl) -> Result<String, VerifyError> {
        let hash = crate::crypto::digest::sha256_hex(self.canonical(base)?.as_bytes());
        Ok(hash.into_iter().map(char::from).collect())
    }

    pub(super) const fn method(&self) -> &'a str {
        self.method
    }

    pub(super) const fn path(&self) -> &'a str {
        self.path
    }

    pub(super) const fn query(&self) -> &'a [u8] {
        self.query.as_bytes()
    }

    pub(super) const fn form(&self) -> Option<&'a [u8]> {
        self.form
    }
}

/// Shows nothing of it: a token may stand in the query.
impl fmt::Debug for ConnectRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectRequest").finish_non_exhaustive()
    }
}
