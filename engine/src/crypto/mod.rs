//! Signatures: which algorithms there are, and which library checks or makes them.

mod algorithm;
pub use algorithm::Algorithm;
