//! In front of the endpoints of a Connect app: each request is authenticated before the service sees it, its body included
//! where a token may be in it or about it.
//!
//! [`presented`] is what a verifier looks at, [`reading`] gets a body, [`body`] hands it on, [`authenticator`] and
//! [`endpoints`] ask the profile, [`guard`] acts on what it says; [`service`] and [`future`] put them together as tower asks. The rules are numbered at
//! [`ConnectLayer`]. Nothing here checks a token.

mod authenticator;
mod body;
mod endpoints;
mod future;
mod guard;
mod layer;
mod presented;
mod reading;
mod service;
#[cfg(test)]
mod test_doubles;
#[cfg(test)]
mod tests;
mod uri;

pub use authenticator::ConnectAuthenticator;
pub use body::ConnectBody;
pub use future::ConnectFuture;
pub use layer::ConnectLayer;
pub use service::AuthenticateConnect;
