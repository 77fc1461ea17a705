//! **asap-engine** verifies ASAP service-to-service tokens: short-lived signed JWTs whose public key is found at
//! `${repository}/${kid}`.
//!
//! The way of a token, one stage a type, cheapest refusal first:
//!
//! ```text
//! bytes ─ jws ─▶ Compact ─ policy ─▶ Admitted ─ keys ─▶ VerifyingKey ─ crypto ─▶ Authentic ─ replay ─▶ Identity
//! refused at:     parse               policy             key                     signature   replay
//! ```
//!
//! A first program:
//!
//! ```
//! # use asap_engine::{Algorithm, Issuer, SigningKey, TokenRequest};
//! # let (key, _) = SigningKey::generate(Algorithm::Es256)?;
//! # let pem = key.public_key_pem().to_owned();
//! # let token = Issuer::new("client", "client/key-1", key)?
//! #     .sign(&TokenRequest::new("my-service"), std::time::SystemTime::now().into())?;
//! use asap_engine::{Engine, Keyring, Policy, Scratch, Verdict};
//!
//! let keys = Keyring::from_pems([("client/key-1", pem.as_bytes())])?;
//! let engine = Engine::new(Policy::new("my-service")?, keys);
//! match engine.verify_now(token.as_bytes(), &mut Scratch::new())? {
//!     Verdict::Verified(identity) => println!("{} sent it", identity.issuer()),
//!     _ => unreachable!("a keyring has its keys at hand"),
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! With the feature `http`, keys come from a key repository, fetched once however many ask, and
//! [`Engine::verify`] is the one call that waits.
//!
//! | feature | adds | pulls in |
//! |---|---|---|
//! | (none) | the pipeline, static keys, the replay window, the token cache, signing | aws-lc-rs |
//! | `http` | `KeyRepository`, `KeySetRepository` | tokio, hyper, rustls |
//! | `ring` | `Backend::Ring`, a second opinion on every signature | ring |
//! | `tower` | `AuthenticateLayer` and `ConnectLayer`, which answer 401 and 503 themselves, and `SecureResponseLayer` | tower-layer, tower-service, http, http-body, bytes |
//! | `accel` | `Backend::Accel`: RSA, P-256 and Ed25519 by kernels of this project; plain tokens with AVX-512, prefetching: chosen at run time | asap-accel, which has `unsafe`; tracing |
//! | `internals` | for the fuzz targets; no promise | |
//!
//! Features add and never alter. To read the code, go on with `pipeline.rs` (the order of checks), then
//! `error.rs` (the table of refusals), then the module you came for.

// In a test an overflow panics, which is what a test is for.
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

mod claims;
mod crypto;
mod engine;
mod error;
mod identity;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod internals;
mod issuer;
mod jws;
mod keys;
pub mod limits;
#[cfg(feature = "tower")]
mod middleware;
mod pipeline;
mod plain;
mod policy;
mod profiles;
mod replay;
mod striped;
mod time;
mod token_cache;
mod validity;

// The way of a token.
pub use engine::{Engine, Pending, Verdict};
pub use identity::{Identity, IdentityRef};
pub use jws::Scratch;
pub use pipeline::{Admitted, Authentic};
pub use policy::Policy;
// What can go wrong.
pub use error::{CHALLENGE_WITHOUT_TOKEN, ConfigError, KeyRejected, Stage, VerifyError};
// What it is made of.
pub use claims::Audience;
#[cfg(feature = "accel")]
pub use crypto::{
    AccelStats, KernelState, KernelStats, TableStats, accel_stats, limit_key_tables, switch_accel,
};
pub use crypto::{Algorithm, Backend, SharedSecret, VerifyingKey};
#[cfg(feature = "http")]
pub use keys::{
    FetchOutcomes, KeyRepository, KeyRepositoryConfig, KeyRepositoryStats, KeySetFormat,
    KeySetRepository, KeySetRepositoryConfig, RepositoryStats, WarmUp,
};
pub use keys::{KeyError, KeyId, KeyLease, KeySource, Keyring, Lookup};
pub use keys::{KeySet, KeySetRejected, KeySetSource, KeySetVersion, StaticKeySet};
pub use replay::{ReplayError, ReplayLog, ReplayWindow, Reusable};
pub use time::{Clock, SystemClock, UnixTime};
pub use token_cache::{TokenCache, TokenCacheStats};
// The other tokens of Atlassian's platform.
pub use profiles::{
    BaseUrl, ConnectContext, ConnectIdentity, ConnectInstallation, ConnectLifecycle, ConnectModule,
    ConnectPolicy, ConnectRequest, ConnectSigner, ConnectVerdict, ForgeApp, ForgeContext,
    ForgeEnvironment, ForgeHeaders, ForgeInstallation, ForgeInstallationContext, ForgeInvocation,
    ForgeLicense, ForgeModule, ForgePolicy, ForgeVerifier, MemoryTenants, OpaqueToken, SetVerdict,
    TenantError, TenantStore, TrelloIdentity, TrelloPolicy, TrelloVerifier,
};
// In front of an HTTP service.
#[cfg(feature = "tower")]
pub use middleware::{
    Authenticate, AuthenticateConnect, AuthenticateLayer, Authenticator, ConnectAuthenticator,
    ConnectBody, ConnectFuture, ConnectLayer, ContentSecurityPolicy, ReferrerPolicy,
    ResponseFuture, SecureResponse, SecureResponseFuture, SecureResponseLayer,
};
// The issuing side.
pub use crypto::{RsaKeySize, SignError, SigningKey};
pub use issuer::{ClaimValue, Issuer, JsonNumber, TokenRequest};
pub use keys::PrivateKeyPem;

/// Compiles the programs of the README.
#[cfg(all(doctest, feature = "http"))]
#[doc = include_str!("../../README.md")]
#[derive(Debug)]
#[non_exhaustive]
pub struct Readme;
