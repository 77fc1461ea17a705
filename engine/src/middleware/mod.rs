//! In front of an HTTP service: each request is authenticated before the service sees it.
//!
//! [`bearer`] says where a request's token is, the [`Engine`](crate::Engine) what it is worth, [`refusal`] what a
//! refusal looks like; [`service`] and [`future`] put them together as tower asks. The rules are numbered at
//! [`AuthenticateLayer`]. Nothing here checks a token.

mod bearer;
mod future;
mod layer;
mod refusal;
mod response;
mod service;
#[cfg(test)]
mod test_doubles;
#[cfg(test)]
mod tests;

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
    bearer::token(headers)
}
