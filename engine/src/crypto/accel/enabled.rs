//! The third backend: this project's own kernels for the keys and processors that they are made for, and aws-lc for all else.
//!
//! Every key is prepared for aws-lc, which is what refuses a bad key, and beside it for a [kernel](kernel) if there is one. The
//! [guard](guard) of a kernel has aws-lc decide whatever the kernel refuses and a sample of what it accepts, and takes
//! the kernel out of use at the first answer that differs. A [switch] does so by configuration.

mod balance;
mod ed25519;
mod guard;
mod kernel;
mod p256;
mod rsa;
mod self_test;
mod stats;
mod switch;
mod tables;

pub use stats::{AccelStats, KernelState, KernelStats, TableStats};
pub use switch::switch_accel;
pub use tables::limit_key_tables;

use ed25519::Ed25519Kernel;
use guard::{Guard, GuardedKey};
#[cfg(feature = "internals")]
use kernel::{Answer, Kernel};
use p256::P256Kernel;
use rsa::RsaKernel;
use switch::SWITCH;
use tables::Shelf;

use crate::crypto::public_key::{KeyKind, PublicKey};
use crate::crypto::{Algorithm, aws_lc};
use crate::error::KeyRejected;

/// Whether this build has kernels.
pub(crate) const IS_BUILT: bool = true;

/// The guard of the kernel for RSA.
static RSA: Guard = Guard::new(&SWITCH);
/// Of that for P-256.
static P256: Guard = Guard::new(&SWITCH);
/// Of that for Ed25519.
static ED25519: Guard = Guard::new(&SWITCH);

/// What monitoring is told of the kernels of [`Backend::Accel`](crate::Backend::Accel) in this process.
#[must_use]
pub fn accel_stats() -> AccelStats {
    AccelStats {
        rsa: RSA.stats::<RsaKernel>(),
        p256: P256.stats::<P256Kernel>(),
        ed25519: ED25519.stats::<Ed25519Kernel>(),
        tables: Shelf::of_process().stats(),
    }
}

/// What a kernel says by itself, without its guard: for tests and fuzz targets. `None` if there is none for the key, or if it
/// cannot tell.
#[cfg(feature = "internals")]
pub(crate) fn verify_by_kernel_alone(
    key: PublicKey<'_>,
    algorithm: Algorithm,
    message: &[u8],
    signature: &[u8],
) -> Option<bool> {
    if !key.kind.verifies(algorithm) {
        return None;
    }
    let answer = match key.kind {
        KeyKind::Rsa { .. } => RsaKernel::prepare(key)?.answer(algorithm, message, signature),
        KeyKind::P256 => P256Kernel::prepare_at_once(key)?.answer(algorithm, message, signature),
        KeyKind::Ed25519 => {
            Ed25519Kernel::prepare_at_once(key)?.answer(algorithm, message, signature)
        }
        KeyKind::P384 | KeyKind::P521 => return None,
    };
    match answer {
        Answer::Valid | Answer::ValidOnTrial => Some(true),
        Answer::Invalid => Some(false),
        Answer::NotReady | Answer::Undecided => None,
    }
}

/// A key as aws-lc holds it, and as a kernel does.
#[derive(Debug)]
pub(crate) struct PreparedKey {
    library: aws_lc::PreparedKey,
    kernel: Kernels,
}

#[derive(Debug)]
enum Kernels {
    Rsa(GuardedKey<RsaKernel>),
    P256(GuardedKey<P256Kernel>),
    Ed25519(GuardedKey<Ed25519Kernel>),
    None,
}

impl PreparedKey {
    pub(crate) fn new(key: PublicKey<'_>) -> Result<Self, KeyRejected> {
        let library = aws_lc::PreparedKey::new(key)?;
        let kernel = match key.kind {
            KeyKind::Rsa { .. } => GuardedKey::prepare(&RSA, key).map(Kernels::Rsa),
            KeyKind::P256 => GuardedKey::prepare(&P256, key).map(Kernels::P256),
            KeyKind::Ed25519 => GuardedKey::prepare(&ED25519, key).map(Kernels::Ed25519),
            KeyKind::P384 | KeyKind::P521 => None,
        };
        Ok(Self {
            library,
            kernel: kernel.unwrap_or(Kernels::None),
        })
    }

    /// Whether `signature` is this key's over `message`. `algorithm` is one of the key's own.
    #[inline]
    pub(crate) fn is_valid(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let by_library = || self.library.is_valid(algorithm, message, signature);
        match &self.kernel {
            Kernels::Rsa(kernel) => kernel.is_valid(algorithm, message, signature, by_library),
            Kernels::P256(kernel) => kernel.is_valid(algorithm, message, signature, by_library),
            Kernels::Ed25519(kernel) => kernel.is_valid(algorithm, message, signature, by_library),
            Kernels::None => by_library(),
        }
    }
}
