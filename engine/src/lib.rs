#![doc = "draft"]
pub mod limits;
mod crypto;
mod error;
mod keys;
mod replay;
mod time;
pub use crypto::Algorithm;
pub use error::{CHALLENGE_WITHOUT_TOKEN, ConfigError, KeyRejected, Stage, VerifyError};
pub use keys::KeyId;
pub use replay::{ReplayError, ReplayLog, ReplayWindow};
pub use time::{Clock, SystemClock, UnixTime};
