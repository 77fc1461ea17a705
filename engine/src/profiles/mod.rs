//! The other tokens that Atlassian's platform sends to apps, verified by the stages, errors, limits and key clients of this
//! engine.
//!
//! A profile says which claims a token has and who it must be for; what is the same for all of them stays where it is:
//! [`jws`](crate::jws), [`claims`](crate::claims), [`validity`](crate::validity), [`keys`](crate::keys).

mod connect;
mod forge;
mod published;
mod trello;

pub use connect::{
    BaseUrl, ConnectContext, ConnectIdentity, ConnectInstallation, ConnectLifecycle, ConnectModule,
    ConnectPolicy, ConnectRequest, ConnectSigner, ConnectVerdict, MemoryTenants, TenantError,
    TenantStore,
};
/// For the fuzz targets.
#[cfg(feature = "internals")]
pub(crate) use connect::{Covered, check_query_hash};
pub use forge::{
    ForgeApp, ForgeContext, ForgeEnvironment, ForgeHeaders, ForgeInstallation,
    ForgeInstallationContext, ForgeInvocation, ForgeLicense, ForgeModule, ForgePolicy,
    ForgeVerifier, OpaqueToken,
};
pub use published::SetVerdict;
pub use trello::{TrelloIdentity, TrelloPolicy, TrelloVerifier};
