//! In front of an HTTP service: each request is authenticated before the service sees it.
//!
//! [`authorization`] says where a request's token is, a verifier ([`authenticator`]) what it is worth, [`refusal`] what a
//! refusal looks like, [`secrecy`] what of it the service does not show; [`service`] and [`future`] put them together as tower
//! asks. The rules are numbered at [`AuthenticateLayer`]. Nothing here checks a token.
//!
//! [`response`] is a layer of its own, for what responses must have.

mod authenticator;
mod authorization;
mod connect;
mod future;
mod layer;
mod refusal;
mod response;
mod secrecy;
mod service;
#[cfg(test)]
mod test_doubles;
#[cfg(test)]
mod tests;

pub use authenticator::Authenticator;
pub use connect::{
    AuthenticateConnect, ConnectAuthenticator, ConnectBody, ConnectFuture, ConnectLayer,
};
pub use future::ResponseFuture;
pub use layer::AuthenticateLayer;
pub use response::{
    ContentSecurityPolicy, ReferrerPolicy, SecureResponse, SecureResponseFuture,
    SecureResponseLayer,
};
pub use service::Authenticate;

/// For the fuzz targets.
#[cfg(feature = "internals")]
#[must_use]
pub fn bearer_token(headers: &http::HeaderMap) -> Option<&[u8]> {
    authorization::bearer(headers)
}
