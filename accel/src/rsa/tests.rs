//! The kernel against its twin and both against num-bigint, on moduli and numbers that random ones never resemble. The
//! tests in `accel/tests/` hold whole decisions against aws-lc.

use num_bigint::BigUint;

use super::key::Digested;
use super::*;
use crate::test_support::Spread;

/// The two ways, or the one that there is on this processor.
fn ways() -> Vec<Way> {
    let mut ways = vec![Way::Portable];
    if Way::best() != Way::Portable {
        ways.push(Way::best());
    }
    ways
}

fn power_of_two(bits: usize) -> BigUint {
    BigUint::from(1_u8) << bits
}

/// Odd moduli of exactly `bits` bits in which carries and limbs are what they seldom are.
fn moduli(bits: usize, spread: &mut Spread) -> Vec<BigUint> {
    let full = power_of_two(bits);
    let half = power_of_two(bits - 1);
    let mut moduli = vec![
        &full - 1_u8,
        &half + 1_u8,
        &full - power_of_two(bits / 2) - 1_u8,
        &full - power_of_two(bits - 2) - 1_u8,
        &half + power_of_two(52) - 1_u8,
        &half + power_of_two(bits / 3) + 1_u8,
        (&full - 1_u8) / 3_u8 * 2_u8 + 1_u8,
    ];
    for _ in 0..2 {
        moduli.push(spread.number(bits as u64) | &half | BigUint::from(1_u8));
    }
    moduli
}

/// Numbers below `n`.
fn numbers(n: &BigUint, spread: &mut Spread) -> Vec<BigUint> {
    let bits = n.bits() as usize;
    let mut numbers = vec![
        BigUint::ZERO,
        BigUint::from(1_u8),
        n - 1_u8,
        n - 2_u8,
        power_of_two(52) - 1_u8,
        power_of_two(bits - 1) - 1_u8,
        n >> 1,
        n - power_of_two(52 * 7),
        // Every limb is 2^52 - 1, and every limb but the lowest is.
        power_of_two(bits / 52 * 52 - 52) - 1_u8,
        power_of_two(bits / 52 * 52 - 52) - power_of_two(52),
    ];
    for _ in 0..3 {
        numbers.push(spread.below(n));
    }
    numbers
}

fn bytes_of(number: &BigUint, length: usize) -> Vec<u8> {
    let bytes = number.to_bytes_be();
    let mut padded = vec![0; length - bytes.len()];
    padded.extend_from_slice(&bytes);
    padded
}

fn number_of<const Z: usize>(value: &BigUint) -> Number<Z> {
    Number::from_bytes(&bytes_of(value, Number::<Z>::BYTES)).unwrap()
}

/// Of any number of limbs, those of up to 2.1 times the modulus too.
fn value_of<const Z: usize>(number: &Number<Z>) -> BigUint {
    (0..Number::<Z>::LIMBS)
        .rev()
        .fold(BigUint::ZERO, |value, k| {
            (value << LIMB_BITS) + number.limb(k)
        })
}

fn r<const Z: usize>() -> BigUint {
    power_of_two(Number::<Z>::LIMBS * LIMB_BITS)
}

#[test]
fn a_number_is_read_and_written_in_the_order_of_its_bytes() {
    fn check<const Z: usize>() {
        let mut spread = Spread(1);
        for value in numbers(&moduli(Number::<Z>::BYTES * 8, &mut spread)[7], &mut spread) {
            let number = number_of::<Z>(&value);
            assert_eq!(value_of(&number), value);
            let mut bytes = vec![0; Number::<Z>::BYTES];
            number.to_bytes(&mut bytes);
            assert_eq!(BigUint::from_bytes_be(&bytes), value);
        }
    }
    check::<5>();
    check::<8>();
    check::<10>();
}

#[test]
fn a_product_is_what_num_bigint_computes_and_the_same_limbs_both_ways() {
    fn check<const Z: usize>() {
        let mut spread = Spread(2);
        for n in moduli(Number::<Z>::BYTES * 8, &mut spread) {
            let key = Key::<Z>::new(&bytes_of(&n, Number::<Z>::BYTES), Way::best()).unwrap();
            let numbers = numbers(&n, &mut spread);
            for (a, b) in numbers.iter().zip(numbers.iter().cycle().skip(4)) {
                let product = |way: Way| way.multiply(&key, &number_of(a), &number_of(b));
                let expected = product(Way::Portable);
                assert!(value_of(&expected) * 10_u8 < &n * 21_u8);
                assert_eq!(value_of(&expected) * r::<Z>() % &n, a * b % &n);
                for way in ways() {
                    assert_eq!(product(way), expected);
                }
            }
        }
    }
    check::<5>();
    check::<8>();
    check::<10>();
}

#[test]
fn the_power_is_what_num_bigint_computes_and_the_same_limbs_both_ways() {
    fn check<const Z: usize>() {
        let mut spread = Spread(3);
        for n in moduli(Number::<Z>::BYTES * 8, &mut spread) {
            let key = Key::<Z>::new(&bytes_of(&n, Number::<Z>::BYTES), Way::best()).unwrap();
            for s in numbers(&n, &mut spread).iter().step_by(3) {
                let powers = ways().into_iter().map(|way| way.power(&key, &number_of(s)));
                let expected = s.modpow(&BigUint::from(65537_u32), &n);
                for power in powers {
                    assert_eq!(value_of(&power) % &n, expected);
                }
                let squared = ways()
                    .into_iter()
                    .map(|way| way.squarings(&key, &number_of(s)));
                assert!(squared.is_sorted_by(|one, other| one == other));
            }
        }
    }
    check::<5>();
    check::<8>();
    check::<10>();
    if is_available() {
        assert!(RareWay::WideSquare.taken() > 0);
        assert!(RareWay::CarryRipple.taken() > 0);
    }
}

/// Any signature is made one of any digest by a padding that fits them, so that what must be accepted can be tried on moduli of
/// which nobody knows the factors.
#[test]
fn the_padded_digest_is_accepted_and_nothing_beside_it() {
    fn check<const Z: usize>() {
        let mut spread = Spread(4);
        for n in moduli(Number::<Z>::BYTES * 8, &mut spread) {
            let key = Key::<Z>::new(&bytes_of(&n, Number::<Z>::BYTES), Way::best()).unwrap();
            let masked = r::<Z>()
                .modinv(&n)
                .unwrap()
                .modpow(&BigUint::from(65536_u32), &n);
            for (s, hash) in numbers(&n, &mut spread)
                .iter()
                .zip(Hash::ALL.iter().cycle())
            {
                let digest = match spread.next() % 3 {
                    0 => BigUint::ZERO,
                    1 => power_of_two(hash.length() * 8) - 1_u8,
                    _ => spread.number(8 * hash.length() as u64),
                };
                let encoded = s.modpow(&BigUint::from(65537_u32), &n);
                let padding = (&encoded + &n + &n - &digest) * &masked % &n;
                let limbs = digest_limbs(&bytes_of(&digest, hash.length()));
                let accepts = |way: Way, padding: &BigUint, s: &BigUint| {
                    let digested = Digested {
                        padding: number_of(padding),
                        factor: key.digested(*hash).factor,
                    };
                    let limbs = &limbs[..hash.limbs()];
                    way.is_power_padded(&key, &number_of(s), &digested, limbs)
                };
                let bits = n.bits();
                for way in ways() {
                    assert!(accepts(way, &padding, s));
                    for bit in [0, 1, 51, 52, 53, bits / 2, bits - 2] {
                        let mut other = padding.clone();
                        other.set_bit(bit, !other.bit(bit));
                        if other < n {
                            assert!(!accepts(way, &other, s), "{way:?} bit {bit}");
                        }
                    }
                }
            }
        }
    }
    check::<5>();
    check::<8>();
    check::<10>();
    if is_available() {
        for quotient in -2..=2 {
            assert!(RareWay::Quotient(quotient).taken() > 0, "{quotient}");
        }
    }
}

#[test]
fn a_modulus_out_of_the_domain_makes_no_key() {
    for length in [0, 1, 128, 255, 257, 320, 383, 385, 511, 513, 1024] {
        assert!(VerifyKey::new(&vec![0xff; length]).is_none(), "{length}");
    }
    for length in [256, 384, 512] {
        let odd = vec![0xff; length];
        assert!(VerifyKey::new(&odd).is_some());
        let mut even = odd.clone();
        even[length - 1] = 0xfe;
        assert!(VerifyKey::new(&even).is_none());
        let mut short = odd;
        short[0] = 0x7f;
        assert!(VerifyKey::new(&short).is_none());
        let mut one = vec![0; length];
        one[length - 1] = 1;
        assert!(VerifyKey::new(&one).is_none());
        assert!(VerifyKey::new(&vec![0; length]).is_none());
    }
}

#[test]
fn a_signature_is_as_long_as_the_modulus_and_below_it() {
    for length in [256, 384, 512] {
        let mut modulus = vec![0xff; length];
        modulus[length - 1] = 0xfd;
        let key = VerifyKey::new(&modulus).unwrap();
        let mut below = modulus.clone();
        below[length - 1] = 0xfc;
        assert!(key.recover(&below).is_some());
        assert!(key.recover(&modulus).is_none());
        assert!(key.recover(&vec![0xff; length]).is_none());
        assert!(key.recover(&below[1..]).is_none());
        assert!(key.recover(&[&[0], &below[..]].concat()).is_none());
        assert!(key.recover(&[]).is_none());
    }
}

#[test]
fn a_digest_of_another_length_is_refused() {
    let key = VerifyKey::new(&[0xff; 256]).unwrap();
    for length in [0, 31, 33, 48, 64] {
        assert!(!key.verify_pkcs1(Hash::Sha256, &vec![0; length], &[1; 256]));
    }
}
