//! No replay detection, said by name.

use std::time::Duration;

use super::{ReplayError, ReplayLog};
use crate::time::UnixTime;

/// Remembers nothing: "The client MAY reuse the same token for multiple HTTP requests to the resource server
/// within the lifetime of the token".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Reusable;

impl ReplayLog for Reusable {
    fn check_and_insert(
        &self,
        _issuer: &str,
        _token_id: &str,
        _keep_until: UnixTime,
        _now: UnixTime,
    ) -> Result<(), ReplayError> {
        Ok(())
    }

    fn longest_memory(&self) -> Duration {
        Duration::MAX
    }
}
