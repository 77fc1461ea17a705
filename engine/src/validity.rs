//! For how long a token may be valid, and how far clocks may differ: the checks of time that every kind of token passes.

use std::time::Duration;

use crate::claims::NumericDate;
use crate::error::{ConfigError, VerifyError};
use crate::limits::{DEFAULT_LEEWAY, MAX_LEEWAY, MAX_LIFETIME};
use crate::pipeline::Window;
use crate::time::UnixTime;

/// What a policy asks of a token's times.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Validity {
    leeway: Duration,
    max_lifetime: Duration,
}

impl Validity {
    /// The default leeway, and the hard limit of a lifetime.
    pub(crate) const DEFAULT: Self = Self {
        leeway: DEFAULT_LEEWAY,
        max_lifetime: MAX_LIFETIME,
    };

    /// The same with another leeway, which is at most [`MAX_LEEWAY`].
    pub(crate) fn with_leeway(self, leeway: Duration) -> Result<Self, ConfigError> {
        if leeway > MAX_LEEWAY {
            return Err(ConfigError::new(format!(
                "a leeway of {leeway:?} is more than {MAX_LEEWAY:?}: mend the clock instead"
            )));
        }
        Ok(Self { leeway, ..self })
    }

    /// The same with another cap on lifetimes, which is at most [`MAX_LIFETIME`].
    pub(crate) fn with_max_lifetime(self, max_lifetime: Duration) -> Result<Self, ConfigError> {
        if max_lifetime.is_zero() || max_lifetime > MAX_LIFETIME {
            return Err(ConfigError::new(format!(
                "the longest lifetime of a token must be more than 0 s and at most {MAX_LIFETIME:?}"
            )));
        }
        Ok(Self {
            max_lifetime,
            ..self
        })
    }

    /// How far clocks may differ.
    pub(crate) const fn leeway(&self) -> Duration {
        self.leeway
    }

    /// How long after now the last of the tokens that are valid now ends.
    pub(crate) const fn longest_memory(&self) -> Duration {
        self.max_lifetime
            .saturating_add(self.leeway)
            .saturating_add(self.leeway)
    }

    /// Whether it is time for a token, both ends included and widened by the leeway, and whether its lifetime, which is
    /// never widened, is short enough.
    #[inline(always)]
    pub(crate) fn check(
        &self,
        issued_at: &NumericDate<'_>,
        valid_from: &NumericDate<'_>,
        expires_at: &NumericDate<'_>,
        now: UnixTime,
    ) -> Result<Window, VerifyError> {
        let window = Window {
            from: valid_from.ceiling().saturating_sub(self.leeway),
            until: expires_at.floor().saturating_add(self.leeway),
        };
        window.check(now)?;
        if expires_at.is_within(self.max_lifetime, issued_at) {
            Ok(window)
        } else {
            Err(VerifyError::LifetimeTooLong)
        }
    }
}
