//! What verifies the requests of a class of endpoints.

use std::future::Future;

use super::presented::Presented;
use crate::error::VerifyError;

/// A class of endpoints that a [`ConnectLayer`](crate::ConnectLayer) can put in front of a service. Only this crate has
/// some.
pub trait ConnectAuthenticator: VerifyRequest {}

/// The walls of [`ConnectAuthenticator`]: what the service asks it.
#[expect(
    unnameable_types,
    reason = "so that only this crate implements ConnectAuthenticator"
)]
pub trait VerifyRequest: Send + Sync + 'static {
    /// Who sent a request, as the inner service finds it in the extensions.
    type Identity: Clone + Send + Sync + 'static;

    /// Whether every body takes part in the verification, or forms alone.
    const EVERY_BODY: bool;

    /// Refuses a request that no body can make good, before its body is read.
    ///
    /// # Errors
    ///
    /// The code of the check that it does not pass.
    fn before_reading(&self, request: &Presented<'_>) -> Result<(), VerifyError>;

    /// Verifies a request without waiting. None: it has to wait.
    ///
    /// # Errors
    ///
    /// The code of the first check that it does not pass.
    fn verify_now(&self, request: &Presented<'_>) -> Result<Option<Self::Identity>, VerifyError>;

    /// Verifies a request, waiting for its secret or its key.
    fn verify(
        &self,
        request: &Presented<'_>,
    ) -> impl Future<Output = Result<Self::Identity, VerifyError>> + Send;
}
