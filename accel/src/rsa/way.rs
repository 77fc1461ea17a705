//! By which of the two a result is computed.

#[cfg(target_arch = "x86_64")]
use super::avx512;
use super::key::{Digested, Key};
use super::number::Number;
use super::{is_available, portable};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    #[cfg(target_arch = "x86_64")]
    Kernel,
    Portable,
}

/// Calls the same function of one or the other.
macro_rules! either {
    ($way:expr, $function:ident($($argument:expr),*)) => {
        match $way {
            #[cfg(target_arch = "x86_64")]
            Way::Kernel => avx512::$function($($argument),*),
            Way::Portable => portable::$function($($argument),*),
        }
    };
}

impl Way {
    /// The kernel, where the processor has what it takes.
    #[inline]
    pub(super) fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        if is_available() {
            return Self::Kernel;
        }
        Self::Portable
    }

    /// `s^65536 / R^65535` modulo n, below 2.1 n.
    pub(super) fn squarings<const Z: usize>(self, key: &Key<Z>, s: &Number<Z>) -> Number<Z> {
        either!(self, squarings(key, s))
    }

    /// `a * b / R` modulo n, below 2.1 n.
    pub(super) fn multiply<const Z: usize>(
        self,
        key: &Key<Z>,
        a: &Number<Z>,
        b: &Number<Z>,
    ) -> Number<Z> {
        either!(self, multiply(key, a, b))
    }

    /// `s^65537` modulo n, below 2.1 n.
    pub(super) fn power<const Z: usize>(self, key: &Key<Z>, s: &Number<Z>) -> Number<Z> {
        either!(self, power(key, s))
    }

    /// Whether `s^65537` is the padding and `digest`, in limbs, modulo n.
    #[inline]
    pub(super) fn is_power_padded<const Z: usize>(
        self,
        key: &Key<Z>,
        s: &Number<Z>,
        digested: &Digested<Z>,
        digest: &[u64],
    ) -> bool {
        either!(self, is_power_padded(key, s, digested, digest))
    }
}
