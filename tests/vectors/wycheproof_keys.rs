//! The JWK and JWK sets of Wycheproof: each key is loaded or refused as what it is once it is a PEM, and a token is
//! judged under the key that its `kid` names.

use serde_json::Value;

use crate::data;
use crate::judge::Keys;

/// The keys of one group, with their `kid`.
#[derive(Debug)]
pub(crate) struct GroupKeys(Vec<(String, Keys)>);

impl GroupKeys {
    /// Reads the public keys of a group, or the only keys that it has.
    pub(crate) fn of(group: &Value) -> Self {
        let jwk = group.get("public").or_else(|| group.get("private"));
        let jwks = match jwk.unwrap() {
            set if set["keys"].is_array() => set["keys"].as_array().unwrap().as_slice(),
            one => std::slice::from_ref(one),
        };
        let named = |jwk: &Value| (data::text(jwk, "kid").to_owned(), Keys::from_jwk(jwk));
        Self(jwks.iter().map(named).collect())
    }

    /// The key that the header of `jws` names; the first one where it names none of them.
    pub(crate) fn named_by(&self, jws: &str) -> &Keys {
        let (header, _) = jws.split_once('.').unwrap_or_default();
        let header = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(header);
        let header: Value = serde_json::from_slice(&header.unwrap_or_default()).unwrap_or_default();
        let named = self.0.iter().find(|(key_id, _)| header["kid"] == **key_id);
        named.map_or(self.first(), |(_, keys)| keys)
    }

    /// The first key.
    pub(crate) fn first(&self) -> &Keys {
        &self.0[0].1
    }
}

#[cfg(test)]
mod tests {
    use crate::tally::check;

    #[test]
    fn keys_that_are_malformed_or_too_weak_verify_nothing() {
        check("wycheproof/json_web_key_test.json");
    }
}
