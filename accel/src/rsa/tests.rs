use num_bigint::BigUint;

use super::*;

fn random(seed: &mut u64, bytes: usize) -> Vec<u8> {
    (0..bytes)
        .map(|_| {
            *seed ^= *seed << 13;
            *seed ^= *seed >> 7;
            *seed ^= *seed << 17;
            (*seed >> 32) as u8
        })
        .collect()
}

#[test]
fn the_power_is_what_num_bigint_computes() {
    let mut seed = 77;
    for bytes in [256, 384, 512] {
        for round in 0..20 {
            let mut n = random(&mut seed, bytes);
            n[0] |= 0x80;
            n[bytes - 1] |= 1;
            if round == 1 {
                n.fill(0xff);
            }
            let key = VerifyKey::new(&n).unwrap();
            let mut s = random(&mut seed, bytes);
            s[0] &= 0x7f;
            if round == 2 {
                s.fill(0xff);
                s[0] = 0x7f;
            }
            let expected = BigUint::from_bytes_be(&s)
                .modpow(&BigUint::from(65537u32), &BigUint::from_bytes_be(&n));
            let got = key.recover_portably(&s).unwrap();
            assert_eq!(
                BigUint::from_bytes_be(got.as_ref()),
                expected,
                "portable {bytes} {round}"
            );
            let got = key.recover(&s).unwrap();
            assert_eq!(
                BigUint::from_bytes_be(got.as_ref()),
                expected,
                "kernel {bytes} {round}"
            );
        }
    }
}
