//! Off by configuration: by the environment when the process starts, or by a call while it runs.

use std::env;
use std::ffi::OsStr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// The name of the variable. It is read once.
const VARIABLE: &str = "ASAP_ACCEL";

/// The switch of this process.
pub(super) static SWITCH: Switch = Switch::new();

/// Has [`Backend::Accel`](crate::Backend::Accel) use its kernels, or leave all signatures to aws-lc, from now on and in the
/// whole process.
///
/// It is on at the start. Keys that are loaded while it is off stay with aws-lc when it is on again. It does not overrule the
/// environment variable `ASAP_ACCEL`, which is read once, no later than when the first key is loaded: with `on` or without it there are kernels,
/// with `off` and with any other value there are none. Nor does it bring back a kernel that is out of use for an answer
/// that was wrong.
pub fn switch_accel(on: bool) {
    SWITCH.set(on);
}

/// Whether the kernels may be used.
#[derive(Debug)]
pub(super) struct Switch {
    is_off: AtomicBool,
    is_off_by_environment: OnceLock<bool>,
}

impl Switch {
    pub(super) const fn new() -> Self {
        Self {
            is_off: AtomicBool::new(false),
            is_off_by_environment: OnceLock::new(),
        }
    }

    /// A switch that is on, beside an environment that is known.
    #[cfg(test)]
    pub(super) fn with_environment(is_off: bool) -> Self {
        Self {
            is_off: AtomicBool::new(false),
            is_off_by_environment: OnceLock::from(is_off),
        }
    }

    pub(super) fn set(&self, on: bool) {
        self.is_off.store(!on, Ordering::Relaxed);
    }

    #[inline]
    pub(super) fn is_off(&self) -> bool {
        self.is_off.load(Ordering::Relaxed)
    }

    /// Whether the environment says so, for as long as the process lives.
    pub(super) fn is_off_by_environment(&self) -> bool {
        *self
            .is_off_by_environment
            .get_or_init(|| env::var_os(VARIABLE).is_some_and(|value| says_off(&value)))
    }
}

/// Whoever sets the variable and misspells it has more likely meant the careful of the two values.
fn says_off(value: &OsStr) -> bool {
    let is_known = value == "on" || value == "off";
    if !is_known {
        tracing::warn!("ASAP_ACCEL is neither on nor off: the kernels are off");
    }
    value != "on"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_value_but_on_is_off() {
        assert!(!says_off(OsStr::new("on")));
        for off in ["off", "", "ON", "0", "1", "on "] {
            assert!(says_off(OsStr::new(off)), "{off:?}");
        }
    }
}
