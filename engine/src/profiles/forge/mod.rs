//! Forge: the invocation token (FIT) that Atlassian sends with each call to an app's remote.
//!
//! RS256 with a `kid` from Atlassian's JWK Set; `iss` is `forge/invocation-token`; `aud` is the app's own identifier, which
//! comes from the configuration and never from the token: every other Forge app is sent tokens with the same keys. Times
//! and `jti` are required. The OAuth tokens that may come beside it are passed on unread.
//!
//! Not for single use: the platform sends a token again when it retries an event, and `requestRemote` keeps tokens. Whoever
//! needs more has `jti`.
//!
//! Source: "Forge Remote essentials" (developer.atlassian.com/platform/forge/remote/essentials), section "The Forge
//! Invocation Token (FIT)".

mod app;
mod context;
mod headers;
mod invocation;
mod part;
mod policy;
mod verifier;

pub use app::{
    ForgeApp, ForgeEnvironment, ForgeInstallation, ForgeInstallationContext, ForgeLicense,
    ForgeModule,
};
pub use context::ForgeContext;
pub use headers::{ForgeHeaders, OpaqueToken};
pub use invocation::ForgeInvocation;
pub use policy::ForgePolicy;
pub use verifier::ForgeVerifier;
