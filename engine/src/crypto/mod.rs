//! Signatures: which algorithms there are, which keys fit them, and which library checks or makes them.
//!
//! Nothing outside this module names a cryptographic library. A key is read strictly here, once, whatever the
//! library would let through, and is tied here to the algorithms it can verify.

#[cfg_attr(feature = "accel", path = "accel/enabled.rs")]
#[cfg_attr(not(feature = "accel"), path = "accel/disabled.rs")]
mod accel;
mod algorithm;
mod aws_lc;
pub(crate) mod digest;
pub(crate) mod public_key;
#[cfg_attr(feature = "ring", path = "ring/enabled.rs")]
#[cfg_attr(not(feature = "ring"), path = "ring/disabled.rs")]
mod ring;
mod shared_secret;
mod sign_error;
mod signing;
mod verifying_key;

#[cfg(all(feature = "accel", feature = "internals"))]
pub(crate) use accel::verify_by_kernel_alone;
#[cfg(feature = "accel")]
pub use accel::{
    AccelStats, KernelState, KernelStats, TableStats, accel_stats, limit_key_tables, switch_accel,
};
pub use algorithm::Algorithm;
pub(crate) use shared_secret::HS256;
pub use shared_secret::SharedSecret;
pub use sign_error::SignError;
pub use signing::{RsaKeySize, SigningKey};
pub(crate) use verifying_key::KeySerial;
pub use verifying_key::{Backend, VerifyingKey};
