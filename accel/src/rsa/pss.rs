//! EMSA-PSS-VERIFY (RFC 8017 section 9.1.2), with MGF1 (appendix B.2.1) over the same hash and a salt as long as the hash.

use super::Hash;

/// The most bytes of an encoded message: 4096 bits.
const MAX_LENGTH: usize = 512;
/// The longest digest.
const MAX_DIGEST: usize = 64;

/// Whether `encoded` is an encoding of `digest`. It has as many bits as the modulus, which is a multiple of 8, less one:
/// so it is as long as the modulus, and its highest bit is zero.
pub(super) fn is_encoding<D: AsRef<[u8]>>(
    encoded: &[u8],
    hash: Hash,
    digest: &[u8],
    hash_function: impl Fn(&[u8]) -> D,
) -> bool {
    let hash_length = hash.length();
    if digest.len() != hash_length {
        return false;
    }
    let Some((rest, [0xbc])) = encoded.split_last_chunk() else {
        return false;
    };
    let Some((masked, expected)) = rest.split_at_checked(rest.len().saturating_sub(hash_length))
    else {
        return false;
    };
    if masked.first().is_none_or(|first| first >> 7 != 0) {
        return false;
    }

    let mut data = [0_u8; MAX_LENGTH];
    let Some(data) = data.get_mut(..masked.len()) else {
        return false;
    };
    data.copy_from_slice(masked);
    unmask(data, expected, &hash_function);
    if let Some(first) = data.first_mut() {
        *first &= 0x7f;
    }

    let Some((padding, salt)) = data.split_at_checked(data.len().saturating_sub(hash_length))
    else {
        return false;
    };
    let Some((1, zeros)) = padding.split_last() else {
        return false;
    };
    if zeros.iter().any(|byte| *byte != 0) {
        return false;
    }

    // M' = 00 00 00 00 00 00 00 00 || digest || salt.
    let mut message = [0_u8; 8 + 2 * MAX_DIGEST];
    copy(&mut message, 8, digest);
    copy(&mut message, 8 + hash_length, salt);
    let message = message.get(..8 + 2 * hash_length).unwrap_or(&[]);
    hash_function(message).as_ref() == expected
}

/// `data` XOR MGF1(`seed`).
fn unmask<D: AsRef<[u8]>>(data: &mut [u8], seed: &[u8], hash_function: &impl Fn(&[u8]) -> D) {
    let mut input = [0_u8; MAX_DIGEST + 4];
    copy(&mut input, 0, seed);
    for (counter, block) in (0_u32..).zip(data.chunks_mut(seed.len())) {
        copy(&mut input, seed.len(), &counter.to_be_bytes());
        let mask = hash_function(input.get(..seed.len() + 4).unwrap_or(&[]));
        for (byte, mask) in block.iter_mut().zip(mask.as_ref()) {
            *byte ^= mask;
        }
    }
}

/// Copies `bytes` to `at`, where there is room for them.
fn copy(to: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(to) = to.get_mut(at..at + bytes.len()) {
        to.copy_from_slice(bytes);
    }
}
