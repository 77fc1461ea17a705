//! Replay detection: the last stage, for resource servers that enforce single use.
//!
//! "The resource server MAY reject a token if the token nonce (`jti`) has been previously seen by the resource
//! server in another request. If the resource server decides to implement duplicate detection, it MUST
//! explicitly document that behaviour." It comes after the signature, so that nobody who cannot sign fills
//! the log or burns another's `jti`.
//!
//! [`ReplayLog`] is what the pipeline asks, [`ReplayWindow`] is the log in memory. A log refuses what it cannot
//! remember; it never forgets a live entry to make room.

mod fingerprint;
mod line;
mod memory;
mod reusable;
mod second;
mod sync;
mod window;

use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::error::VerifyError;
use crate::limits::{MAX_LEEWAY, MAX_LIFETIME};
use crate::time::UnixTime;

pub use reusable::Reusable;
pub use window::ReplayWindow;

/// How far beyond `now` a log has to remember: a token issued by a clock that is ahead by the largest leeway,
/// with the longest life, remembered until its `exp` and the largest leeway.
pub(crate) const MAX_KEPT: Duration = MAX_LIFETIME
    .saturating_add(MAX_LEEWAY)
    .saturating_add(MAX_LEEWAY);

/// Remembers which tokens were accepted, for as long as each could be accepted again.
pub trait ReplayLog: Send + Sync {
    /// Remembers the token `token_id` (`jti`) of `issuer` (`iss`) until `keep_until`, inclusive, unless it is
    /// remembered already. `keep_until` is `exp` widened by the leeway.
    ///
    /// It is one atomic step: of any number of concurrent calls with the same `issuer` and `token_id`, one is
    /// `Ok`. A log's time never goes back: it takes the latest `now` that it was ever handed.
    ///
    /// # Errors
    ///
    /// [`ReplayError::Seen`] if the token is remembered; the other variants if it cannot be remembered.
    fn check_and_insert(
        &self,
        issuer: &str,
        token_id: &str,
        keep_until: UnixTime,
        now: UnixTime,
    ) -> Result<(), ReplayError>;

    /// Is told that [`check_and_insert`](Self::check_and_insert) will be asked about this token if its signature turns
    /// out good: a log may bring near what it will need, while the signature is checked. It remembers nothing of it,
    /// since anybody can send such a token, and it never waits. Does nothing by default.
    fn prepare(&self, issuer: &str, token_id: &str) {
        _ = (issuer, token_id);
    }

    /// How far ahead of now `keep_until` may lie.
    fn longest_memory(&self) -> Duration;
}

/// Why a replay log did not take a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReplayError {
    /// A token of this issuer and token id was taken before, and is remembered still.
    Seen,
    /// Every place where the token could be remembered holds a live entry.
    Full,
    /// `keep_until` is further ahead than the log can remember.
    ExpiresTooLate,
    /// `keep_until` is before the latest time that the log has seen: another caller's clock is ahead of this
    /// one's. The log may have forgotten this token already, so it cannot say that it is new.
    Expired,
}

impl From<ReplayError> for VerifyError {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::Seen => Self::Replayed,
            ReplayError::Full => Self::ReplayLogFull,
            ReplayError::ExpiresTooLate => Self::ExpiresTooLate,
            ReplayError::Expired => Self::Expired,
        }
    }
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Seen => "the token was taken before",
            Self::Full => "the replay log is full of live entries",
            Self::ExpiresTooLate => "the token lives longer than the replay log can remember",
            Self::Expired => "the token has expired by the replay log's clock",
        })
    }
}

impl Error for ReplayError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_of_a_log_has_its_own_code() {
        let codes = [
            (ReplayError::Seen, "replayed", 401),
            (ReplayError::Full, "replay_log_full", 503),
            (ReplayError::ExpiresTooLate, "expires_too_late", 401),
            (ReplayError::Expired, "expired", 401),
        ];
        for (error, code, status) in codes {
            let refusal = VerifyError::from(error);
            assert_eq!((refusal.code(), refusal.status()), (code, status));
        }
    }

    #[test]
    fn the_longest_that_a_token_is_kept_is_one_hour_and_the_leeway_twice() {
        assert_eq!(MAX_KEPT, Duration::from_secs(4200));
    }
}
