//! A mint: good tokens, and tokens that differ from a good one in any text of any member.

use asap_engine::{Algorithm, SigningKey};

use crate::fixture::{AUDIENCE, ISSUER, NOW_SECONDS};
use crate::keys::key;

/// The segment that stands for `bytes`.
#[must_use]
pub fn base64url(bytes: impl AsRef<[u8]>) -> String {
    base64_simd::URL_SAFE_NO_PAD.encode_to_string(bytes)
}

/// What a segment stands for.
#[must_use]
pub fn decoded(segment: &str) -> Vec<u8> {
    base64_simd::URL_SAFE_NO_PAD.decode_to_vec(segment).unwrap()
}

/// A token of any header, any payload and any signature.
#[must_use]
pub fn compact(
    header: impl AsRef<[u8]>,
    payload: impl AsRef<[u8]>,
    signature: impl AsRef<[u8]>,
) -> String {
    [base64url(header), base64url(payload), base64url(signature)].join(".")
}

/// A token of any header and any payload, signed.
#[must_use]
pub fn signed(key: &SigningKey, header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
    sign_input(
        key,
        &format!("{}.{}", base64url(header), base64url(payload)),
    )
}

/// A token of the two segments and the dot of `signing_input`, whatever they are, signed.
#[must_use]
pub fn sign_input(key: &SigningKey, signing_input: &str) -> String {
    let signature = key.sign(signing_input.as_bytes()).unwrap();
    format!("{signing_input}.{}", base64url(signature))
}

/// `token` with its signature replaced.
#[must_use]
pub fn with_signature(token: &str, signature: impl AsRef<[u8]>) -> String {
    let (signing_input, _) = token.rsplit_once('.').unwrap();
    format!("{signing_input}.{}", base64url(signature))
}

/// The signature of `token`.
#[must_use]
pub fn signature_of(token: &str) -> Vec<u8> {
    decoded(token.rsplit_once('.').unwrap().1)
}

/// A good token of exactly this many bytes, signed with ES256.
#[must_use]
pub fn of_length(length: usize) -> String {
    let token = |typ: usize, filler: usize| {
        Token::es256()
            .header("typ", &format!("\"{}\"", "t".repeat(typ)))
            .claim("x", &format!("\"{}\"", "x".repeat(filler)))
    };
    // No segment has 4n + 1 characters, so the header's length makes up for that of the payload.
    let (typ, payload) = (0..4)
        .map(|typ| {
            let header = base64url(token(typ, 0).header_json()).len();
            (typ, length - header - 2 - 86)
        })
        .find(|(_, payload)| payload % 4 != 1)
        .unwrap();
    let filler = payload * 3 / 4 - token(typ, 0).claims_json().len();
    let token = token(typ, filler).sign();
    assert_eq!(token.len(), length);
    token
}

/// The members of a header and of a payload, each value as the JSON text that spells it.
#[derive(Debug, Clone)]
pub struct Token {
    algorithm: Algorithm,
    header: Vec<(String, String)>,
    claims: Vec<(String, String)>,
}

impl Token {
    /// A token that the fixture accepts: signed by `client` for `server` with its key of `algorithm`, at the
    /// fixture's time, for a minute.
    #[must_use]
    pub fn good(algorithm: Algorithm) -> Self {
        let token = Self {
            algorithm,
            header: Vec::new(),
            claims: Vec::new(),
        };
        token
            .header("alg", &format!("\"{algorithm}\""))
            .header("kid", &format!("\"{ISSUER}/{algorithm}\""))
            .claim("iss", &format!("\"{ISSUER}\""))
            .claim("aud", &format!("\"{AUDIENCE}\""))
            .claim("iat", &NOW_SECONDS.to_string())
            .claim("exp", &(NOW_SECONDS + 60).to_string())
            .claim("jti", "\"token-1\"")
    }

    /// A good token that is signed with ES256, the quickest to make.
    #[must_use]
    pub fn es256() -> Self {
        Self::good(Algorithm::Es256)
    }

    /// With this header parameter, in the place of the one of the same name if there is one.
    #[must_use]
    pub fn header(mut self, name: &str, json: &str) -> Self {
        set(&mut self.header, name, json);
        self
    }

    /// With this claim, in the place of the one of the same name if there is one.
    #[must_use]
    pub fn claim(mut self, name: &str, json: &str) -> Self {
        set(&mut self.claims, name, json);
        self
    }

    /// Without this header parameter.
    #[must_use]
    pub fn without_header(mut self, name: &str) -> Self {
        self.header.retain(|(member, _)| member != name);
        self
    }

    /// Without this claim.
    #[must_use]
    pub fn without_claim(mut self, name: &str) -> Self {
        self.claims.retain(|(member, _)| member != name);
        self
    }

    /// With one more member at the end of the header, spelled like this, name and all.
    #[must_use]
    pub fn header_and(self, member: &str) -> String {
        let header = self.header_json();
        let header = format!("{},{member}}}", header.strip_suffix('}').unwrap());
        signed(key(self.algorithm), header, self.claims_json())
    }

    /// With one more member at the end of the payload, spelled like this, name and all.
    #[must_use]
    pub fn claims_and(self, member: &str) -> String {
        let claims = self.claims_json();
        let claims = format!("{},{member}}}", claims.strip_suffix('}').unwrap());
        signed(key(self.algorithm), self.header_json(), claims)
    }

    /// The header as JSON.
    #[must_use]
    pub fn header_json(&self) -> String {
        object(&self.header)
    }

    /// The payload as JSON.
    #[must_use]
    pub fn claims_json(&self) -> String {
        object(&self.claims)
    }

    /// Signed with the client's key of the algorithm that the token was made for, whatever its `alg` says now.
    #[must_use]
    pub fn sign(&self) -> String {
        self.sign_with(key(self.algorithm))
    }

    /// Signed with `key`.
    #[must_use]
    pub fn sign_with(&self, key: &SigningKey) -> String {
        signed(key, self.header_json(), self.claims_json())
    }
}

fn set(members: &mut Vec<(String, String)>, name: &str, json: &str) {
    match members.iter_mut().find(|(member, _)| member == name) {
        Some((_, value)) => json.clone_into(value),
        None => members.push((name.to_owned(), json.to_owned())),
    }
}

fn object(members: &[(String, String)]) -> String {
    let members: Vec<_> = members
        .iter()
        .map(|(name, value)| format!("\"{name}\":{value}"))
        .collect();
    format!("{{{}}}", members.join(","))
}
