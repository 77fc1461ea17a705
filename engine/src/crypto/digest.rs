//! SHA-256 (FIPS 180-4) as lower-case hexadecimal.

use aws_lc_rs::digest::{SHA256, digest};

/// The hash of `message`, in lower-case hexadecimal.
pub(crate) fn sha256_hex(message: &[u8]) -> [u8; 64] {
    let hash = digest(&SHA256, message);
    let mut hex = [0; 64];
    for (pair, byte) in hex.as_chunks_mut().0.iter_mut().zip(hash.as_ref()) {
        *pair = [digit(byte >> 4), digit(byte & 15)];
    }
    hex
}

/// The digit of a number below 16.
const fn digit(number: u8) -> u8 {
    match number {
        0..=9 => b'0'.saturating_add(number),
        _ => b'a'.saturating_sub(10).saturating_add(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_hash_of_the_published_examples() {
        for (message, hash) in [
            (
                "",
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            ),
            (
                "abc",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
        ] {
            assert_eq!(sha256_hex(message.as_bytes()), hash.as_bytes());
        }
    }
}
