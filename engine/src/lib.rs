#![doc = "draft"]
pub mod limits;
mod crypto;
mod error;
mod keys;
mod time;
pub use crypto::{Algorithm, Backend, VerifyingKey};
pub use error::{CHALLENGE_WITHOUT_TOKEN, ConfigError, KeyRejected, Stage, VerifyError};
pub use keys::{KeyError, KeyId, KeySource, Lookup};
#[cfg(feature = "http")]
pub use keys::{KeyRepository, KeyRepositoryConfig, KeyRepositoryStats};
pub use time::{Clock, SystemClock, UnixTime};
