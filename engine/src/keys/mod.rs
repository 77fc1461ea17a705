//! Keys: their names, their text, and where they come from.
//!
//! A [`KeySource`] answers at once or says that it has to fetch; only the fetch waits. A [`Keyring`] holds the keys
//! it is given; a `KeyRepository` (feature `http`) fetches them. Where an issuer publishes all of its keys together, a
//! [`KeySetSource`] answers with the whole [`KeySet`].

mod jwk;
mod key_id;
mod key_set;
mod keyring;
mod lease;
pub(crate) mod pem;
mod private;
mod private_der;
#[cfg(feature = "http")]
pub(crate) mod repository;
mod source;

pub use key_id::KeyId;
pub(crate) use key_id::is_service_identifier;
pub use key_set::{KeySet, KeySetRejected, KeySetSource, KeySetVersion, StaticKeySet};
pub use keyring::Keyring;
pub use lease::KeyLease;
pub use private::PrivateKeyPem;
pub(crate) use private::encode_section;
pub(crate) use private_der::{check_pkcs1, check_pkcs8, check_sec1};
#[cfg(feature = "http")]
pub use repository::{
    FetchOutcomes, KeyRepository, KeyRepositoryConfig, KeyRepositoryStats, KeySetFormat,
    KeySetRepository, KeySetRepositoryConfig, RepositoryStats, WarmUp,
};
pub use source::{KeyError, KeySource, Lookup};
