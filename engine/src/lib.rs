#![doc = "draft"]
pub mod limits;
mod crypto;
mod error;
mod issuer;
mod keys;
mod time;
pub use crypto::Algorithm;
pub use error::{CHALLENGE_WITHOUT_TOKEN, ConfigError, KeyRejected, Stage, VerifyError};
pub use keys::KeyId;
pub use time::{Clock, SystemClock, UnixTime};
pub use crypto::{RsaKeySize, SignError, SigningKey};
pub use keys::PrivateKeyPem;
pub use issuer::{ClaimValue, Issuer, TokenRequest};
