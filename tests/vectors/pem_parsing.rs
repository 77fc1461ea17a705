//! Public keys in PEM that Wycheproof publishes for key agreement: each is loaded or refused. Points of P-256 under
//! its name and uncompressed are keys for ES256 too; X25519 has no signatures.

use crate::data;
use crate::judge::{self, Case, Keys};

/// The cases of a `pem` file.
pub(crate) fn public_keys(file: &str) -> Option<Vec<Case>> {
    judge::groups(
        file,
        |_| (),
        |(), test| Keys::from_pem(data::text(test, "public")).verdict(),
    )
}

#[cfg(test)]
mod tests {
    use crate::tally::check;

    #[test]
    fn only_named_curves_uncompressed_points_and_strict_der_load() {
        check("wycheproof/ecdh_secp256r1_pem_test.json");
    }

    #[test]
    fn no_key_for_x25519_loads() {
        check("wycheproof/x25519_pem_test.json");
    }
}
