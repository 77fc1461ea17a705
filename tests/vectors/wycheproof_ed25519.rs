//! Wycheproof's EdDSA: Ed25519, and Ed448, whose key must be refused.

use asap_engine::Algorithm;

use crate::data;
use crate::judge::{self, Case, Keys};

/// The cases of an `ed` file.
pub(crate) fn eddsa(file: &str) -> Option<Vec<Case>> {
    judge::groups(file, Keys::of_group, |keys, test| {
        keys.verify(
            Algorithm::EdDsa,
            &data::bytes(test, "msg"),
            &data::bytes(test, "sig"),
        )
    })
}

#[cfg(test)]
mod tests {
    use crate::tally::check;

    #[test]
    fn ed25519() {
        check("wycheproof/ed25519_test.json");
    }

    #[test]
    fn a_key_on_ed448_is_refused() {
        check("wycheproof/ed448_test.json");
    }
}
