//! A clock that shows what it is told.

use std::sync::{Arc, Mutex};

use asap_engine::{Clock, UnixTime};

/// A clock that stands still until it is set. Clones are the same clock.
#[derive(Debug, Clone)]
pub struct FakeClock(Arc<Mutex<UnixTime>>);

impl FakeClock {
    /// A clock that shows `now`.
    #[must_use]
    pub fn new(now: UnixTime) -> Self {
        Self(Arc::new(Mutex::new(now)))
    }

    /// Sets it.
    pub fn set(&self, now: UnixTime) {
        *self.0.lock().unwrap() = now;
    }
}

impl Clock for FakeClock {
    fn now(&self) -> UnixTime {
        *self.0.lock().unwrap()
    }
}
