//! Connect: the tokens that Jira and Confluence send to apps, and apps to them.
//!
//! Three classes of endpoints, a type each, and nothing that takes whatever comes:
//!
//! | type | what is sent to it | signed by | `qsh` |
//! |---|---|---|---|
//! | [`ConnectModule`] | modules, webhooks, `enabled` and `disabled` | the tenant's secret, HS256 | the hash of the request |
//! | [`ConnectLifecycle`] | `installed` and `uninstalled` | Atlassian's key, RS256 | the hash of the request |
//! | [`ConnectContext`] | calls of the app's own pages | the tenant's secret, HS256 | `context-qsh` |
//!
//! A token that is good for one of them is refused by the others.
//!
//! Not here: tokens that an app issues to itself. An app that wants those has ASAP.
//!
//! Source: developer.atlassian.com/cloud/confluence/understanding-jwt and "Security for Connect apps"; "Connect security
//! requirements" 1.1 to 1.5 and 8.

mod base_url;
mod claims;
mod endpoints;
mod identity;
mod lifecycle;
mod policy;
mod qsh;
mod request;
mod shared_secret;
mod signer;
mod tenant;

pub use base_url::BaseUrl;
pub use endpoints::{ConnectContext, ConnectModule};
pub use identity::{ConnectIdentity, ConnectInstallation};
pub use lifecycle::ConnectLifecycle;
pub use policy::ConnectPolicy;
/// For the fuzz targets.
#[cfg(feature = "internals")]
pub(crate) use qsh::{Covered, check as check_query_hash};
pub use request::ConnectRequest;
pub use shared_secret::ConnectVerdict;
pub use signer::ConnectSigner;
pub use tenant::{MemoryTenants, TenantError, TenantStore};
