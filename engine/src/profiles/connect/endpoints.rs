//! The endpoints at which a tenant's own tokens are taken: one type a class.

use std::fmt;

use super::shared_secret::{ConnectVerdict, QueryHash, Verifier};
use super::tenant::TenantStore;
use super::{ConnectIdentity, ConnectPolicy, ConnectRequest};
use crate::error::VerifyError;
use crate::jws::Scratch;
use crate::time::Clock;

macro_rules! endpoints {
    ($( $(#[$doc:meta])* $name:ident = $query_hash:ident; )+) => {
        $(
            $(#[$doc])*
            pub struct $name<S>(Verifier<S>);

            impl<S: TenantStore> $name<S> {
                /// An endpoint of this class, by the system's clock.
                #[must_use]
                pub fn new(policy: ConnectPolicy, tenants: S) -> Self {
                    Self(Verifier::new(policy, QueryHash::$query_hash, tenants))
                }

                /// Reads the time from `clock` instead of the system's.
                #[must_use]
                pub fn with_clock(self, clock: impl Clock + 'static) -> Self {
                    Self(self.0.with_clock(clock))
                }

                /// The store of the tenants' secrets.
                pub const fn tenants(&self) -> &S {
                    self.0.tenants()
                }

                /// Verifies the token of `request`, waiting for its tenant's secret if that is not at hand.
                ///
                /// # Errors
                ///
                /// The code of the first check that the token does not pass.
                pub async fn verify(
                    &self,
                    request: &ConnectRequest<'_>,
                ) -> Result<ConnectIdentity<'static>, VerifyError> {
                    self.0.verify(request).await
                }

                /// Verifies the token of `request` without waiting. What it answers borrows `request` and `scratch`.
                ///
                /// # Errors
                ///
                /// The code of the first check that the token does not pass.
                pub fn verify_now<'a>(
                    &self,
                    request: &ConnectRequest<'a>,
                    scratch: &'a mut Scratch,
                ) -> Result<ConnectVerdict<ConnectIdentity<'a>>, VerifyError> {
                    self.0.verify_now(request, scratch)
                }
            }

            impl<S: fmt::Debug> fmt::Debug for $name<S> {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    self.0.describe(stringify!($name), f)
                }
            }
        )+
    };
}

endpoints! {
    /// The endpoint of a module or a webhook, and of every message of the life cycle but `installed` and `uninstalled`:
    /// what the product itself asks for. A token is good for the one request whose hash it holds.
    ///
    /// ```
    /// # use std::time::SystemTime;
    /// # use asap_engine::{BaseUrl, ConnectModule, ConnectPolicy, ConnectRequest, ConnectSigner, MemoryTenants, SharedSecret};
    /// # use asap_engine::{ConnectVerdict, Scratch};
    /// # let secret = || SharedSecret::new("7512836e-9137-48ac-baaf-a1935b96e17a");
    /// # let base = BaseUrl::parse("https://app.example")?;
    /// # let unsigned = ConnectRequest::new("GET", "/panel?issue=A-1");
    /// # let token = ConnectSigner::new("jira:1234")?.sign(&unsigned, &base, &secret()?, SystemTime::now().into())?;
    /// let tenants = MemoryTenants::new();
    /// tenants.insert("jira:1234", secret()?);
    /// let panel = ConnectModule::new(ConnectPolicy::new(base), tenants);
    ///
    /// let target = format!("/panel?issue=A-1&jwt={token}");
    /// let request = ConnectRequest::new("GET", &target);
    /// match panel.verify_now(&request, &mut Scratch::new())? {
    ///     ConnectVerdict::Verified(identity) => println!("tenant {}", identity.client_key()),
    ///     _ => unreachable!("the secrets are at hand"),
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ConnectModule = Computed;

    /// The endpoint of the app's own pages: what a page in a product's frame asks for with the token of
    /// `AP.context.getToken()`. Such a token names tenant and user, is good for every request to these endpoints, and is
    /// refused everywhere else.
    ConnectContext = Context;
}
