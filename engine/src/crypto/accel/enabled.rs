//! The third backend: this project's own kernels for the keys and processors that they are made for, and aws-lc for all else.
//!
//! Every key is prepared for aws-lc, which is what refuses a bad key, and beside it for a [kernel](kernel) if there is one. The
//! [guard](guard) of a kernel has aws-lc decide whatever the kernel refuses and a sample of what it accepts, and takes
//! the kernel out of use at the first answer that differs. A [switch] does so by configuration.

mod balance;
mod guard;
mod kernel;
mod rsa;
mod self_test;
mod stats;
mod switch;

pub use stats::{AccelStats, KernelState, KernelStats};
pub use switch::switch_accel;

use guard::{Guard, GuardedKey};
#[cfg(feature = "internals")]
use kernel::Kernel;
use rsa::RsaKernel;
use switch::SWITCH;

use crate::crypto::public_key::PublicKey;
use crate::crypto::{Algorithm, aws_lc};
use crate::error::KeyRejected;

/// Whether this build has kernels.
pub(crate) const IS_BUILT: bool = true;

/// The guard of the kernel for RSA.
static RSA: Guard = Guard::new(&SWITCH);

/// What monitoring is told of the kernels of [`Backend::Accel`](crate::Backend::Accel) in this process.
#[must_use]
pub fn accel_stats() -> AccelStats {
    AccelStats {
        rsa: RSA.stats::<RsaKernel>(),
    }
}

/// What the kernel says by itself, without its guard: for tests and fuzz targets. `None` if the key is none of the kernel's.
#[cfg(feature = "internals")]
pub(crate) fn verify_by_kernel_alone(
    key: PublicKey<'_>,
    algorithm: Algorithm,
    message: &[u8],
    signature: &[u8],
) -> Option<bool> {
    if !RsaKernel::is_for(key.kind) || !key.kind.verifies(algorithm) {
        return None;
    }
    let kernel = RsaKernel::prepare(key)?;
    Some(kernel.is_valid(algorithm, message, signature))
}

/// A key as aws-lc holds it, and as a kernel does.
#[derive(Debug)]
pub(crate) struct PreparedKey {
    library: aws_lc::PreparedKey,
    kernel: Option<GuardedKey<RsaKernel>>,
}

impl PreparedKey {
    pub(crate) fn new(key: PublicKey<'_>) -> Result<Self, KeyRejected> {
        let library = aws_lc::PreparedKey::new(key)?;
        let kernel = GuardedKey::prepare(&RSA, key);
        Ok(Self { library, kernel })
    }

    /// Whether `signature` is this key's over `message`. `algorithm` is one of the key's own.
    #[inline]
    pub(crate) fn is_valid(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let by_library = || self.library.is_valid(algorithm, message, signature);
        match &self.kernel {
            Some(kernel) => kernel.is_valid(algorithm, message, signature, by_library),
            None => by_library(),
        }
    }
}
