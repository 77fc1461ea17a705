//! What the Marketplace's security requirements of 2023 ask of an app's responses: header fields, and nothing of a body.
//!
//! One file a field: [`transport`] has `Strict-Transport-Security`, [`content`] `Content-Security-Policy`, [`referrer`]
//! `Referrer-Policy`, [`caching`] `Cache-Control`, [`cookies`] `Set-Cookie`. Each answers one question, whether what the
//! inner service has set is enough. [`settings`] puts them together, [`layer`], [`service`] and [`future`] do as tower asks.
//! The rules are at [`SecureResponseLayer`].

mod caching;
mod content;
mod cookies;
mod future;
mod layer;
mod list;
mod referrer;
mod service;
mod settings;
#[cfg(test)]
mod tests;
mod transport;

pub use content::ContentSecurityPolicy;
pub use future::SecureResponseFuture;
pub use layer::SecureResponseLayer;
pub use referrer::ReferrerPolicy;
pub use service::SecureResponse;
