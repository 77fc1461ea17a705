//! This build has no kernels: a key for them cannot be made.

use std::convert::Infallible;

use crate::crypto::Algorithm;
use crate::crypto::public_key::PublicKey;
use crate::error::KeyRejected;

/// Whether this build has kernels.
pub(crate) const IS_BUILT: bool = false;

/// No value of this type exists.
#[derive(Debug)]
pub(crate) struct PreparedKey(Infallible);

impl PreparedKey {
    pub(crate) const fn new(_key: PublicKey<'_>) -> Result<Self, KeyRejected> {
        Err(KeyRejected::BackendMissing)
    }

    pub(crate) const fn is_valid(&self, _: Algorithm, _message: &[u8], _signature: &[u8]) -> bool {
        match self.0 {}
    }
}
