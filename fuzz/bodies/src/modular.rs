//! Any two numbers: sums, differences, products and inverses modulo the four primes of the curves are those of num-bigint.

use asap_accel::{Operation, ed25519, p256};
use num_bigint::BigUint;

use crate::input::Input;

type Compute = fn(Operation, &[u64; 4], &[u64; 4]) -> Option<[u64; 4]>;

/// The prime, in hexadecimal; what computes; and whether that takes any numbers and divides no product.
const MODULI: [(&str, Compute, bool); 5] = [
    (
        "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
        p256::arithmetic::field,
        false,
    ),
    (
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
        p256::arithmetic::order,
        false,
    ),
    (PRIME_OF_ED25519, ed25519::arithmetic::field, false),
    (PRIME_OF_ED25519, ed25519::arithmetic::loose_field, true),
    (ORDER_OF_ED25519, ed25519::arithmetic::order, false),
];

const PRIME_OF_ED25519: &str = "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed";
const ORDER_OF_ED25519: &str = "1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed";

/// A byte chooses the modulus; one says whether each number is taken from the modulus, and whether the second is one more or less than
/// the first; then two numbers of 32 bytes, the highest first, which are also a hash of 64.
pub fn modular(data: &[u8]) {
    let mut input = Input::new(data);
    let (prime, compute, is_loose) = input.choose(&MODULI);
    let switches = input.byte();
    let modulus = number(prime);
    let (high, low) = (input.array::<32>(), input.array::<32>());
    let (mut any_a, mut any_b) = (BigUint::from_bytes_be(&high), BigUint::from_bytes_be(&low));
    match switches >> 2 & 3 {
        1 => any_b = &any_a + 1_u8,
        2 => any_b = &any_a + &modulus - 1_u8,
        _ => {}
    }
    for (number, switch) in [(&mut any_a, 1), (&mut any_b, 2)] {
        if switches & switch != 0 {
            *number = &modulus * 2_u8.pow(4) - &*number % &modulus;
        }
        *number %= BigUint::from(1_u8) << 256;
    }
    let (a, b) = (&any_a % &modulus, &any_b % &modulus);
    let radix = BigUint::from(1_u8) << 256;

    // Loose numbers are taken as they are, the others below the modulus; but one factor of a product may be any.
    let (of_a, of_b) = if is_loose {
        (words(&any_a), words(&any_b))
    } else {
        (words(&a), words(&b))
    };
    let of = |operation, a: &[u64; 4], b: &[u64; 4]| compute(operation, a, b).map(|c| value(&c));
    assert_eq!(of(Operation::Add, &of_a, &of_b), Some((&a + &b) % &modulus));
    let difference = (&a + &modulus - &b) % &modulus;
    assert_eq!(of(Operation::Subtract, &of_a, &of_b), Some(difference));
    let product = of(Operation::Multiply, &words(&any_a), &of_b).expect("there is one");
    assert!(product < modulus);
    let scale = if is_loose { BigUint::from(1_u8) } else { radix };
    assert_eq!(product * scale % &modulus, &any_a * &b % &modulus);
    assert_eq!(
        of(Operation::Invert, &of_a, &of_b),
        a.modinv(&modulus),
        "the inverse"
    );

    let mut hash = [0; 64];
    hash[..32].copy_from_slice(&high);
    hash[32..].copy_from_slice(&low);
    let reduced = BigUint::from_bytes_le(&hash) % number(ORDER_OF_ED25519);
    assert_eq!(value(&ed25519::arithmetic::reduced(&hash)), reduced);
}

fn number(hex: &str) -> BigUint {
    BigUint::parse_bytes(hex.as_bytes(), 16).expect("hex")
}

fn value(words: &[u64; 4]) -> BigUint {
    let above = |value: BigUint, word: &u64| (value << 64) + *word;
    words.iter().rev().fold(BigUint::ZERO, above)
}

/// Of a number below 2^256.
fn words(number: &BigUint) -> [u64; 4] {
    let mut words = [0; 4];
    for (word, digit) in words.iter_mut().zip(number.iter_u64_digits()) {
        *word = digit;
    }
    words
}
