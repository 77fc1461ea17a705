//! Signatures: which algorithms there are, and which library checks or makes them.

mod algorithm;
pub use algorithm::Algorithm;

mod sign_error;
mod signing;
pub use sign_error::SignError;
pub use signing::{RsaKeySize, SigningKey};
