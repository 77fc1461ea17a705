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

#[cfg(test)]
mod tests {
    use crate::{Algorithm, Backend, KeyRejected, SigningKey, VerifyingKey};

    #[test]
    fn a_build_without_kernels_says_so_and_has_aws_lc_as_its_fastest() {
        let (key, _) = SigningKey::generate(Algorithm::Es256).unwrap();
        let load = |backend| VerifyingKey::from_pem_with(key.public_key_pem().as_bytes(), backend);
        assert_eq!(
            load(Backend::Accel).err(),
            Some(KeyRejected::BackendMissing)
        );
        let (message, key_of_auto) = (b"message", load(Backend::Auto).unwrap());
        let signature = key.sign(message).unwrap();
        let verified = key_of_auto.verify(Algorithm::Es256, message, &signature);
        assert_eq!(verified, Ok(()));
    }
}
