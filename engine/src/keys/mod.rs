//! Keys: their names, their text, and where they come from.

mod key_id;
pub use key_id::KeyId;
pub(crate) use key_id::is_service_identifier;

mod pem;
mod private;
mod private_der;
pub use private::PrivateKeyPem;
#[cfg(test)]
pub(crate) use pem::single_section;
pub(crate) use private::encode_section;
pub(crate) use private_der::{check_pkcs1, check_pkcs8, check_sec1};
