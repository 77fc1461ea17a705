//! A clock that stands where a line of the input wants it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use asap_engine::{Clock, UnixTime};

/// The instant at which the token at hand is judged; the time of day if there is none. One worker's own.
#[derive(Debug, Clone, Default)]
pub(super) struct LineClock(Arc<Mutex<Option<UnixTime>>>);

impl LineClock {
    /// Puts the clock to `at`, or has it run.
    pub(super) fn set(&self, at: Option<UnixTime>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }
}

impl Clock for LineClock {
    fn now(&self) -> UnixTime {
        let at = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        at.unwrap_or_else(|| SystemTime::now().into())
    }
}
