//! Signatures: which algorithms there are, and which library checks or makes them.

mod algorithm;
mod verifying_key;
pub use algorithm::Algorithm;
pub use verifying_key::{Backend, VerifyingKey};
