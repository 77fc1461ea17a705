//! Keys: their names, their text, and where they come from.

mod key_id;
#[cfg(feature = "http")]
mod repository;
mod source;
pub use key_id::KeyId;
#[cfg(feature = "http")]
pub use repository::{KeyRepository, KeyRepositoryConfig, KeyRepositoryStats};
pub use source::{KeyError, KeySource, Lookup};
