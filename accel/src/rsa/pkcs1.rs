//! EMSA-PKCS1-v1_5 (RFC 8017 section 9.2).

use super::Hash;

/// The encoded message of `length` bytes for a digest of zeros: 00 01, bytes of ff, 00, and the `DigestInfo`.
pub(super) fn padding(hash: Hash, length: usize) -> Vec<u8> {
    let info = digest_info(hash);
    let filled = length - 3 - info.len() - hash.length();
    let mut encoded = vec![0, 1];
    encoded.resize(2 + filled, 0xff);
    encoded.push(0);
    encoded.extend_from_slice(info);
    encoded.resize(length, 0);
    encoded
}

/// The DER of `DigestInfo` up to the digest itself (RFC 8017 section 9.2, note 1).
const fn digest_info(hash: Hash) -> &'static [u8; 19] {
    match hash {
        Hash::Sha256 => {
            b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"
        }
        Hash::Sha384 => {
            b"\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30"
        }
        Hash::Sha512 => {
            b"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40"
        }
    }
}
