//! Any modulus and any signature: the RSA kernel, its portable twin and num-bigint raise it to the same power, and refuse the same.

use asap_accel::rsa::{Hash, VerifyKey};
use num_bigint::BigUint;

use crate::input::Input;

/// The lengths of moduli, those of the kernel's domain and one beside each.
const LENGTHS: [usize; 6] = [256, 384, 512, 255, 383, 513];

/// A byte chooses the length of the modulus; one says of its bits whether the modulus is made odd and full, whether both numbers
/// repeat what they have instead of ending in zeros, and whether the signature is made shorter or longer; then the length of what the
/// modulus has, in two bytes, the modulus, and the signature.
pub fn rsa_kernel(data: &[u8]) {
    let mut input = Input::new(data);
    let length = input.choose(&LENGTHS);
    let switches = input.byte();
    let given = usize::from(input.word());
    let (modulus, signature) = input.rest().split_at(given.min(input.rest().len()));
    let mut modulus = filled(modulus, length, switches & 2 != 0);
    if switches & 1 != 0 {
        modulus[0] |= 0x80;
        *modulus.last_mut().expect("none is empty") |= 1;
    }
    let length_of_signature = match switches >> 2 & 3 {
        1 => length - 1,
        2 => length + 1,
        _ => length,
    };
    let signature = filled(signature, length_of_signature, switches & 2 != 0);

    let is_in_domain = matches!(length, 256 | 384 | 512)
        && modulus[0] & 0x80 != 0
        && modulus.last().is_some_and(|last| last & 1 == 1);
    let key = VerifyKey::new(&modulus);
    assert_eq!(key.is_some(), is_in_domain, "which moduli it takes");
    let Some(key) = key else {
        return;
    };

    let by_kernel = key.recover(&signature);
    let by_twin = key.recover_portably(&signature);
    let (n, s) = (
        BigUint::from_bytes_be(&modulus),
        BigUint::from_bytes_be(&signature),
    );
    let power =
        (signature.len() == length && s < n).then(|| s.modpow(&BigUint::from(65_537_u32), &n));
    for recovered in [&by_kernel, &by_twin] {
        let recovered = recovered
            .as_ref()
            .map(|encoded| BigUint::from_bytes_be(encoded.as_ref()));
        assert_eq!(recovered, power, "the power");
    }
    if let Some(encoded) = &by_kernel {
        assert_eq!(encoded.as_ref().len(), length);
    }

    // What the power says of a signature is what the comparison without it says.
    for hash in [Hash::Sha256, Hash::Sha384, Hash::Sha512] {
        let digest = &modulus[..hash.length()];
        let verdict = key.verify_pkcs1(hash, digest, &signature);
        assert_eq!(verdict, key.verify_pkcs1_portably(hash, digest, &signature));
        let is_padded = by_kernel.as_ref().is_some_and(|encoded| {
            let encoded = encoded.as_ref();
            encoded.starts_with(&[0, 1, 0xff]) && encoded.ends_with(digest)
        });
        assert!(is_padded || !verdict, "it accepts what has no padding");
    }
}

/// `bytes` in front, and then zeros or the same again.
fn filled(bytes: &[u8], length: usize, repeat: bool) -> Vec<u8> {
    if repeat && !bytes.is_empty() {
        bytes.iter().copied().cycle().take(length).collect()
    } else {
        let mut filled = bytes.to_vec();
        filled.resize(length, 0);
        filled
    }
}
