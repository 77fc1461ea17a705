//! The text of a private key: PEM, or the data URI that ASAP clients keep in their environment.
//!
//! Only the issuing side reads these. Nothing here opens a file or looks at the environment: the caller hands in the text.
//! Copies of secret text and bytes are wiped when dropped, and no error quotes them.

use std::fmt;

use rustls_pki_types::pem::SectionKind;
use zeroize::Zeroizing;

use super::KeyId;
use super::pem::single_section;
use crate::crypto::{Algorithm, SigningKey};
use crate::error::KeyRejected;
use crate::limits::MAX_PEM_LENGTH;

const DATA_URI_PREFIX: &str = "data:application/pkcs8;kid=";

impl SigningKey {
    /// Reads a private key from PEM: PKCS#8 (`PRIVATE KEY`), PKCS#1 (`RSA PRIVATE KEY`) or SEC1
    /// (`EC PRIVATE KEY`), exactly one section.
    ///
    /// # Errors
    ///
    /// [`KeyRejected`] names what is wrong: [`NotPem`](KeyRejected::NotPem), also for an encrypted PKCS#1 key and for
    /// two sections (`openssl ecparam -genkey` without `-noout` writes two);
    /// [`WrongPemLabel`](KeyRejected::WrongPemLabel) for anything but an unencrypted private key;
    /// [`UnsupportedAlgorithm`](KeyRejected::UnsupportedAlgorithm) for a key that `algorithm` does not sign with.
    pub fn from_pem(algorithm: Algorithm, pem: &[u8]) -> Result<Self, KeyRejected> {
        let (kind, der) = single_section(pem)?;
        match kind {
            SectionKind::PrivateKey => Self::from_pkcs8(algorithm, &der),
            SectionKind::RsaPrivateKey => Self::from_pkcs1(algorithm, &der),
            SectionKind::EcPrivateKey => Self::from_sec1(algorithm, &der),
            _ => Err(KeyRejected::WrongPemLabel),
        }
    }

    /// Reads `data:application/pkcs8;kid=<kid>;base64,<PKCS#8 DER>`, and returns the `kid` with the key.
    ///
    /// The `kid` may be percent-encoded or plain, and so may the base64, which has its padding. A plus sign
    /// stands for itself, as it does in every URI (atlassian-jwt-auth reads it as a space). White space
    /// around the URI is ignored.
    ///
    /// # Errors
    ///
    /// [`NotDataUri`](KeyRejected::NotDataUri) for another form; [`KeyIdMismatch`](KeyRejected::KeyIdMismatch) for a
    /// `kid` outside the grammar; otherwise as [`from_pem`](Self::from_pem).
    pub fn from_data_uri(algorithm: Algorithm, uri: &str) -> Result<(String, Self), KeyRejected> {
        if uri.len() > MAX_PEM_LENGTH {
            return Err(KeyRejected::NotDataUri);
        }
        let (key_id, data) = uri
            .trim_ascii()
            .strip_prefix(DATA_URI_PREFIX)
            .and_then(|rest| rest.split_once(";base64,"))
            .ok_or(KeyRejected::NotDataUri)?;
        let key_id = percent_decode(key_id).ok_or(KeyRejected::NotDataUri)?;
        let key_id = str::from_utf8(&key_id)
            .ok()
            .and_then(KeyId::parse)
            .ok_or(KeyRejected::KeyIdMismatch)?;
        let mut der = percent_decode(data).ok_or(KeyRejected::NotDataUri)?;
        let length = base64_simd::STANDARD
            .decode_inplace(der.as_mut_slice())
            .map_err(|_| KeyRejected::NotDataUri)?
            .len();
        der.truncate(length);
        let key = Self::from_pkcs8(algorithm, &der)?;
        Ok((key_id.as_str().to_owned(), key))
    }

    /// Reads what the variable `ASAP_PRIVATE_KEY` holds: a data URI, or PEM. `key_id` is what `ASAP_KEY_ID`
    /// says, and the `kid` of a data URI must be the same.
    ///
    /// In PEM, the two characters `\n` stand for a line end: environment files often hold a key on one line.
    ///
    /// # Errors
    ///
    /// [`KeyIdMismatch`](KeyRejected::KeyIdMismatch) for another `kid`; otherwise as
    /// [`from_pem`](Self::from_pem) and [`from_data_uri`](Self::from_data_uri).
    pub fn from_text(algorithm: Algorithm, text: &str, key_id: &str) -> Result<Self, KeyRejected> {
        if text.trim_ascii().starts_with("data:") {
            let (named, key) = Self::from_data_uri(algorithm, text)?;
            return if named == key_id {
                Ok(key)
            } else {
                Err(KeyRejected::KeyIdMismatch)
            };
        }
        // Never longer than `text`, so that no secret is left behind by a reallocation.
        let mut pem = Zeroizing::new(String::with_capacity(text.len()));
        let mut parts = text.split("\\n");
        pem.push_str(parts.next().unwrap_or_default());
        for part in parts {
            pem.push('\n');
            pem.push_str(part);
        }
        Self::from_pem(algorithm, pem.as_bytes())
    }
}

/// The PKCS#8 PEM of a private key, wiped when dropped. `Debug` does not show it.
pub struct PrivateKeyPem(Zeroizing<String>);

impl PrivateKeyPem {
    /// Writes PKCS#8 DER as a section `PRIVATE KEY`.
    pub(crate) fn from_pkcs8(der: &[u8]) -> Self {
        Self(encode_section("PRIVATE KEY", der))
    }

    /// The secret text, with a line end after its last line.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PrivateKeyPem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKeyPem(..)")
    }
}

/// One section of PEM, 64 columns wide (RFC 7468 section 2).
pub(crate) fn encode_section(label: &str, der: &[u8]) -> Zeroizing<String> {
    let base64 = Zeroizing::new(base64_simd::STANDARD.encode_to_string(der));
    // Twice the base64, and the two lines with the label: more than is needed, so that nothing is reallocated.
    let capacity = base64
        .len()
        .saturating_add(label.len())
        .saturating_add(64)
        .saturating_mul(2);
    let mut pem = Zeroizing::new(String::with_capacity(capacity));
    for part in ["-----BEGIN ", label, "-----\n"] {
        pem.push_str(part);
    }
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at_checked(64).unwrap_or((rest, ""));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    for part in ["-----END ", label, "-----\n"] {
        pem.push_str(part);
    }
    pem
}

/// Decodes `%XX` (RFC 3986 section 2.1) and nothing else. `None` if a percent sign has no two digits.
fn percent_decode(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut decoded = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let (high, low) = (hex_digit(bytes.next()?)?, hex_digit(bytes.next()?)?);
            decoded.push((high << 4) | low);
        } else {
            decoded.push(byte);
        }
    }
    Some(decoded)
}

const fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte.wrapping_sub(b'0')),
        b'a'..=b'f' => Some(byte.wrapping_sub(b'a').wrapping_add(10)),
        b'A'..=b'F' => Some(byte.wrapping_sub(b'A').wrapping_add(10)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
