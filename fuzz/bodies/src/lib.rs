//! The fuzz targets, as plain functions: each takes any bytes, holds the engine against a second, slower and simpler
//! way to the same answer, and panics where the two differ. `cargo fuzz` calls them through `fuzz/fuzz_targets`; the
//! test `seeds` of this package calls them on a stable toolchain, with the committed seeds and with mutations of them.
//!
//! The module `oracle` holds what several of them compare with. No body may depend on the time of day or on randomness.

mod admit;
mod backends;
mod base64url;
mod bearer;
mod cache_headers;
mod claims;
mod compact;
mod connect_token;
mod ed25519_kernel;
mod fixed;
mod header;
mod input;
mod jwk_set;
mod key_id;
mod key_response;
mod modular;
mod mutated_token;
mod numeric_date;
mod oracle;
mod p256_kernel;
mod pem;
mod plain_token;
mod private_key;
mod query_hash;
mod rsa_kernel;
mod seen;
mod spki;

pub use admit::admit;
pub use backends::backends;
pub use base64url::base64url;
pub use bearer::bearer;
pub use cache_headers::cache_headers;
pub use claims::claims;
pub use compact::compact;
pub use connect_token::connect_token;
pub use ed25519_kernel::ed25519_kernel;
pub use header::header;
pub use jwk_set::jwk_set;
pub use key_id::key_id;
pub use key_response::key_response;
pub use modular::modular;
pub use mutated_token::mutated_token;
pub use numeric_date::numeric_date;
pub use p256_kernel::p256_kernel;
pub use pem::pem;
pub use plain_token::plain_token;
pub use private_key::private_key;
pub use query_hash::query_hash;
pub use rsa_kernel::rsa_kernel;
pub use spki::spki;

/// A body: it takes any bytes, and panics at a finding.
pub type Body = fn(&[u8]);
