//! Each part against num-bigint, the tiers against each other, and whole decisions against aws-lc.

use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair,
    ParsedPublicKey,
};
use num_bigint::BigUint;

use super::point::Sum;
use super::*;
use crate::lanes::LIMB;
use crate::test_support::{Spread, tiers, value, words_of};

/// Numbers in which carries and borrows are what they seldom are, and some that are spread.
fn edges(spread: &mut Spread) -> Vec<Words> {
    let mut edges = vec![
        [0, 0, 0, 0],
        [1, 0, 0, 0],
        [2, 0, 0, 0],
        [u64::MAX, 0, 0, 0],
        [0, 1, 0, 0],
        [0, 0, 0, 1 << 63],
        [u64::MAX, u64::MAX, u64::MAX, u64::MAX],
        [u64::MAX, u64::MAX, 0, 0],
        [0, 0, u64::MAX, u64::MAX],
        [1 << 51, 1 << 40, 1 << 28, 1 << 16],
    ];
    for modulus in [&P::WORDS, &N::WORDS] {
        for distance in [1, 2, 3, 1 << 40] {
            edges.push(words::sub(modulus, &[distance, 0, 0, 0]).0);
        }
        edges.push(*modulus);
        edges.push(words::add(modulus, &[1, 0, 0, 0]).0);
    }
    for bit in (0..256).step_by(13) {
        let mut one = [0; 4];
        one[bit / 64] = 1 << (bit % 64);
        edges.push(one);
    }
    for _ in 0..8 {
        edges.push(spread.words());
    }
    edges
}

fn bytes(words: &Words) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (to, word) in bytes
        .as_chunks_mut::<8>()
        .0
        .iter_mut()
        .zip(words.iter().rev())
    {
        *to = word.to_be_bytes();
    }
    bytes
}

#[test]
fn sums_and_products_modulo_both_primes_are_what_num_bigint_computes() {
    fn check<M: Modulus>(spread: &mut Spread) {
        let r = BigUint::from(1_u8) << 256;
        let m = value(&M::WORDS);
        let mut edges = edges(spread);
        // Words of ones between others: what is carried out of a row of a product is most there.
        for _ in 0..40 {
            let mask = spread.words().map(|word| (word & 1).wrapping_neg());
            let any = spread.words();
            edges.push(std::array::from_fn(|k| any[k] | mask[k]));
        }
        let (edges, above): (Vec<Words>, Vec<Words>) = edges
            .into_iter()
            .partition(|a| words::is_below(a, &M::WORDS));
        // One factor, a digest, may be the modulus or more.
        for a in &above {
            for b in &edges {
                let product = value(&M::multiply(a, b));
                assert!(product < m);
                assert_eq!(&product * &r % &m, value(a) * value(b) % &m);
            }
        }
        for a in &edges {
            for b in &edges {
                let (x, y) = (value(a), value(b));
                assert_eq!(value(&M::add(a, b)), (&x + &y) % &m);
                assert_eq!(value(&M::sub(a, b)), (&x + &m - &y) % &m);
                let product = value(&M::multiply(a, b));
                assert!(product < m);
                assert_eq!(&product * &r % &m, &x * &y % &m);
            }
            assert_eq!(value(&M::enter(a)), value(a) * &r % &m);
            assert_eq!(M::leave(&M::enter(a)), *a);
        }
    }
    let mut spread = Spread(1);
    check::<P>(&mut spread);
    check::<N>(&mut spread);
}

#[test]
fn an_inverse_is_one() {
    fn check<M: Modulus>(spread: &mut Spread) {
        let m = value(&M::WORDS);
        let mut numbers = edges(spread);
        numbers.extend((0..500).map(|_| spread.words()));
        for number in numbers {
            if !words::is_below(&number, &M::WORDS) || words::is_zero(&number) {
                continue;
            }
            let inverse = inverse::inverse::<M>(&number).unwrap();
            assert!(words::is_below(&inverse, &M::WORDS));
            assert_eq!(value(&inverse) * value(&number) % &m, BigUint::from(1_u8));
        }
        assert!(inverse::inverse::<M>(&[0; 4]).is_none());
    }
    let mut spread = Spread(2);
    check::<P>(&mut spread);
    check::<N>(&mut spread);
}

#[test]
fn digits_sum_up_to_their_number() {
    let mut spread = Spread(3);
    let offset: BigUint = BigUint::from(1_u8) << 280;
    for width in (4..=8).chain([9, 10]) {
        for mut number in edges(&mut spread) {
            number[0] |= 1;
            let mut count = 0;
            let mut sum = offset.clone();
            let mut places = vec![];
            digits::for_each(&number, width, |place, is_negative| {
                let window = count;
                let multiple = 2 * (place - window * (1 << (width - 1))) + 1;
                let digit = BigUint::from(multiple) << (window * width);
                if is_negative {
                    sum -= digit;
                } else {
                    sum += digit;
                }
                places.push(place);
                count += 1;
            });
            assert_eq!(count, digits::windows(width));
            assert!(places.iter().all(|place| *place < digits::entries(width)));
            assert_eq!(sum, &offset + value(&number));
        }
    }
}

/// A point times a number, by doubling and adding: what the tables are held against.
fn times(point: &Affine, number: &BigUint) -> Affine {
    let mut multiple: Option<Affine> = None;
    for bit in (0..number.bits()).rev() {
        multiple = multiple.map(|multiple| table::double_all(&[multiple]).unwrap()[0]);
        if number.bit(bit) {
            multiple = Some(match multiple {
                None => *point,
                Some(multiple) if multiple == *point => table::double_all(&[multiple]).unwrap()[0],
                Some(multiple) => table::add_all(&[multiple], &[*point]).unwrap()[0],
            });
        }
    }
    multiple.unwrap()
}

#[test]
fn every_entry_of_a_table_is_the_multiple_it_stands_for() {
    let point = times(&point::base(), &BigUint::from(12_345_678_901_u64));
    for width in WIDTHS {
        let table = Table::new(&point, width).unwrap();
        assert_eq!(table.points.len(), digits::entries(width));
        let per_window = 1 << (width - 1);
        for (place, entry) in table.points.iter().enumerate().step_by(7) {
            let (window, odd) = (place / per_window, 2 * (place % per_window) + 1);
            let number = BigUint::from(odd) << (window * width);
            assert_eq!(*entry, times(&point, &(number % value(&N::WORDS))));
        }
    }
}

#[test]
fn lanes_and_their_model_make_the_same_sums() {
    if Tier::best() != Tier::Lanes {
        return;
    }
    let mut spread = Spread(4);
    let table = Table::new(&point::base(), 6).unwrap().in_limbs();
    for count in [16, 17, 23, 24, 40, 72, 75, 93] {
        for _ in 0..20 {
            let points: Vec<(&Affine, bool)> = (0..count)
                .map(|_| {
                    let place = spread.next() as usize % table.points.len();
                    (&table.points[place], spread.next().is_multiple_of(2))
                })
                .collect();
            assert_eq!(sum(Tier::Lanes, &points), sum(Tier::Model, &points));
        }
    }
}

/// Numbers up to `times` p in five limbs, those at the ends and with full limbs among them.
fn below(times: u32, spread: &mut Spread) -> BigUint {
    let end = value(&P::WORDS) * times;
    let small = BigUint::from(spread.next() >> (spread.next() % 64));
    match spread.next() % 8 {
        0 => BigUint::from(spread.next() % 3),
        1 => &end - 1_u8 - small,
        2 => (value(&P::WORDS) * (spread.next() as u32 % times) + small) % end,
        3 => ((BigUint::from(1_u8) << (52 * (1 + spread.next() % 5))) - 1_u8) % end,
        4 => (BigUint::from(1_u8) << (spread.next() % 256)) % end,
        _ => spread.below(&end),
    }
}

/// In limbs of 52 bits.
fn limbs_of(numbers: &[BigUint]) -> [[u64; 8]; 5] {
    let limb = |number: &BigUint, at| words_of(&(number >> (52 * at)))[0] & LIMB;
    std::array::from_fn(|at| std::array::from_fn(|lane| limb(&numbers[lane], at)))
}

#[test]
fn steps_of_the_lanes_are_right_up_to_their_bounds() {
    let mut spread = Spread(6);
    let p = value(&P::WORDS);
    let r = BigUint::from(1_u8) << 260;
    for _ in 0..3_000 {
        let mut draw =
            |times| -> Vec<BigUint> { (0..8).map(|_| below(times, &mut spread)).collect() };
        let (a, b, c) = (draw(6), draw(5), draw(1));
        let [of_a, of_b, of_c] = [&a, &b, &c].map(|numbers| limbs_of(numbers));
        let results = model::steps::all(&of_a, &of_b, &of_c);
        #[cfg(target_arch = "x86_64")]
        if Tier::best() == Tier::Lanes {
            assert_eq!(avx512::steps(&of_a, &of_b, &of_c), results);
        }
        for lane in 0..8 {
            let (a, b, c) = (&a[lane], &b[lane], &c[lane]);
            let negated = if lane % 2 == 1 { &p - c } else { c.clone() };
            // What each result is modulo p, times R for the products, and below which hundredths of p.
            let expected = [
                (a * b, a * b * 100_u8 / (&p * 16_u8) + &p * 110_u8),
                (a * a, a * a * 100_u8 / (&p * 16_u8) + &p * 110_u8),
                (a + &p * 5_u8 - b, (a + &p * 5_u8) * 100_u8),
                (a + &p * 4_u8 - c * 3_u8, &p * 101_u8),
                (a.clone(), &p * 101_u8),
                (negated, &p * 100_u8),
            ];
            for (at, (expected, most)) in expected.iter().enumerate() {
                let limbs = results[at].map(|limb| limb[lane]);
                assert!(limbs.iter().all(|limb| *limb <= LIMB));
                let number = limbs
                    .iter()
                    .rev()
                    .fold(BigUint::ZERO, |value, limb| (value << 52) + *limb);
                assert!(
                    &number * 100_u8 <= *most,
                    "{at}: {number:x} of {a:x} {b:x} {c:x}"
                );
                let scaled = if at < 2 { number * &r } else { number };
                assert_eq!(scaled % &p, expected % &p, "{at}: {a:x} {b:x} {c:x}");
            }
        }
    }
}

/// A signature, and what aws-lc makes of it.
struct Case<'a> {
    public_key: &'a [u8],
    digest: [u8; 32],
    signature: [u8; 64],
}

impl Case<'_> {
    fn is_valid(&self) -> bool {
        let key = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, self.public_key).unwrap();
        let digest = Digest::import_less_safe(&self.digest, &digest::SHA256).unwrap();
        key.verify_digest_sig(&digest, &self.signature).is_ok()
    }
}

fn sha256(message: &[u8]) -> [u8; 32] {
    digest::digest(&digest::SHA256, message)
        .as_ref()
        .try_into()
        .unwrap()
}

fn joined(r: &Words, s: &Words) -> [u8; 64] {
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&bytes(r));
    signature[32..].copy_from_slice(&bytes(s));
    signature
}

#[test]
fn signatures_valid_and_changed_get_the_verdict_of_aws_lc() {
    let mut spread = Spread(5);
    for width in WIDTHS {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let public_key = pair.public_key().as_ref();
        let keys: Vec<VerifyKey> = tiers()
            .into_iter()
            .map(|tier| VerifyKey::with_tier(public_key, width, tier).unwrap())
            .collect();
        for round in 0..3_u8 {
            let message = [round; 50];
            let digest = sha256(&message);
            let signature = pair.sign(&SystemRandom::new(), &message).unwrap();
            let signature: [u8; 64] = signature.as_ref().try_into().unwrap();
            let mut cases = vec![(digest, signature)];
            let (r, s) = signature.split_at(32);
            let r = words::from_bytes(r.try_into().unwrap());
            let s = words::from_bytes(s.try_into().unwrap());
            // The other of the two that every signature has.
            cases.push((digest, joined(&r, &words::sub(&N::WORDS, &s).0)));
            cases.push((digest, joined(&s, &r)));
            for edge in edges(&mut spread) {
                cases.push((digest, joined(&edge, &s)));
                cases.push((digest, joined(&r, &edge)));
                cases.push((bytes(&edge), signature));
            }
            let mut changed = signature;
            changed[spread.next() as usize % 64] ^= 1 << (spread.next() % 8);
            cases.push((digest, changed));
            for (digest, signature) in cases {
                let case = Case {
                    public_key,
                    digest,
                    signature,
                };
                let expected = if case.is_valid() {
                    Verdict::Valid
                } else {
                    Verdict::Invalid
                };
                // A digest of zero makes u1 zero, and n G is at infinity: one after the other, the sum meets it.
                let is_zero = digest == [0; 32] || digest == bytes(&N::WORDS);
                for key in &keys {
                    let verdict = key.verify(&digest, &signature);
                    let is_open = is_zero && verdict == Verdict::Undecided;
                    assert!(verdict == expected || is_open, "{key:?} {verdict:?}");
                }
            }
        }
    }
}

/// Keys whose private number is known, and u1 and u2 chosen so that sums on the way meet each other, their negative, or infinity.
#[test]
fn what_the_formulas_do_not_cover_is_undecided_and_never_wrong() {
    let n = value(&N::WORDS);
    let one = BigUint::from(1_u8);
    let powers = [1_u32, 64, 255].map(|bit| (&one << bit) % &n);
    let mut privates = vec![one.clone(), &n - 1_u8, BigUint::from(2_u8), &n - 2_u8];
    privates.extend([BigUint::from(3_u8), (&n + 1_u8) >> 1]);
    privates.extend(powers.iter().cloned());
    let (mut undecided, mut valid, mut invalid) = (0, 0, 0);
    for private in &privates {
        let point = times(&point::base(), private);
        let plain = |a: &Words| bytes(&P::multiply(a, &[1, 0, 0, 0]));
        let public_key = [&[4][..], &plain(&point.x), &plain(&point.y)].concat();
        let keys: Vec<VerifyKey> = tiers()
            .into_iter()
            .map(|tier| VerifyKey::with_tier(&public_key, 6, tier).unwrap())
            .collect();
        let mut numbers = vec![BigUint::ZERO, one.clone(), &n - 1_u8, BigUint::from(255_u8)];
        numbers.extend(powers.iter().cloned());
        for u2 in &numbers[1..] {
            let mut firsts = numbers.clone();
            // u1 = -u2 d gives infinity, u1 = u2 d twice the same, and so on.
            let product = u2 * private % &n;
            firsts.extend([product.clone(), (&n - &product) % &n, &product * 3_u8 % &n]);
            for u1 in firsts {
                let total = (&u1 + &product) % &n;
                if total == BigUint::ZERO {
                    // The sum is at infinity: there is no r that it could be.
                    let case_r = one.clone();
                    let s = &case_r * u2.modinv(&n).unwrap() % &n;
                    let e = &u1 * &s % &n;
                    let signature = joined(&words_of(&case_r), &words_of(&s));
                    let digest = bytes(&words_of(&e));
                    let case = Case {
                        public_key: &public_key,
                        digest,
                        signature,
                    };
                    assert!(!case.is_valid());
                    for key in &keys {
                        assert_eq!(key.verify(&digest, &signature), Verdict::Undecided);
                    }
                    undecided += 1;
                    continue;
                }
                let sum = times(&point::base(), &total);
                let r = BigUint::from_bytes_be(&plain(&sum.x)) % &n;
                let s = &r * u2.modinv(&n).unwrap() % &n;
                let e = &u1 * &s % &n;
                for e in [e.clone(), (&e + 1_u8) % &n] {
                    let signature = joined(&words_of(&r), &words_of(&s));
                    let digest = bytes(&words_of(&e));
                    let case = Case {
                        public_key: &public_key,
                        digest,
                        signature,
                    };
                    let is_valid = case.is_valid();
                    for key in &keys {
                        match key.verify(&digest, &signature) {
                            Verdict::Undecided => undecided += 1,
                            Verdict::Valid => {
                                assert!(is_valid);
                                valid += 1;
                            }
                            Verdict::Invalid => {
                                assert!(!is_valid);
                                invalid += 1;
                            }
                        }
                    }
                }
            }
        }
    }
    assert!(undecided > 100, "{undecided}");
    assert!(valid > 300 && invalid > 300, "{valid} {invalid}");
}

#[test]
fn a_sum_of_a_point_with_itself_or_its_negative_has_no_zz() {
    let base = point::base();
    let negative = Affine {
        x: base.x,
        y: P::negate(&base.y),
    };
    for other in [base, negative] {
        let mut sum = Sum::of(&base, &other);
        assert!(words::is_zero(&sum.zz));
        sum.add(&times(&base, &BigUint::from(5_u8)));
        assert!(words::is_zero(&sum.zz));
    }
}

#[test]
fn a_key_is_one_uncompressed_point_of_the_curve() {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let good = pair.public_key().as_ref().to_vec();
    assert!(VerifyKey::new(&good).is_some());
    for width in [0, 3, 9, 64] {
        assert!(VerifyKey::with_tier(&good, width, Tier::best()).is_none());
    }
    for first in [0, 2, 3, 5] {
        let mut other = good.clone();
        other[0] = first;
        assert!(VerifyKey::new(&other).is_none());
    }
    for length in [0, 1, 33, 64] {
        assert!(VerifyKey::new(&good[..length]).is_none());
    }
    assert!(VerifyKey::new(&[&good[..], &[0]].concat()).is_none());
    for at in [1, 32, 33, 64] {
        let mut other = good.clone();
        other[at] ^= 1;
        assert!(VerifyKey::new(&other).is_none());
    }
    // A coordinate that is p or more, where it would be on the curve modulo p: x = 0 is, and so is p.
    let zero = [0; 32];
    let root = value(&P::multiply(&square_root_of_b(), &[1, 0, 0, 0]));
    let y = bytes(&words_of(&root));
    assert!(VerifyKey::new(&[&[4][..], &zero, &y].concat()).is_some());
    assert!(VerifyKey::new(&[&[4][..], &bytes(&P::WORDS), &y].concat()).is_none());
    assert!(VerifyKey::new(&[4; 65]).is_none());
    assert!(VerifyKey::new(&[&[4][..], &[0; 64]].concat()).is_none());
}

/// b to the power of (p + 1) / 4, since p is 3 modulo 4.
fn square_root_of_b() -> Words {
    let exponent: BigUint = (value(&P::WORDS) + 1_u8) >> 2;
    let b = P::enter(&point::B);
    (0..exponent.bits()).rev().fold(P::ONE, |power, bit| {
        let square = P::square(&power);
        if exponent.bit(bit) {
            P::multiply(&square, &b)
        } else {
            square
        }
    })
}
