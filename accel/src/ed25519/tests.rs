//! Each part against num-bigint or against doubling and adding, the tiers against each other, and whole decisions against aws-lc.

use aws_lc_rs::digest;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, ParsedPublicKey};
use num_bigint::BigUint;

use super::point::Sum;
use super::*;
use crate::lanes::LIMB;
use crate::test_support::{Spread, tiers, value, words_of};

fn bytes(words: &Words) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (to, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(words) {
        *to = word.to_le_bytes();
    }
    bytes
}

fn order() -> BigUint {
    value(&L::WORDS)
}

/// Numbers below the order, those at its ends among them.
fn scalars(spread: &mut Spread) -> Vec<BigUint> {
    let l = order();
    let mut scalars: Vec<BigUint> = [0_u32, 1, 2, 7, 8, 31, 32, 33, 63, 64, 255, 256]
        .map(BigUint::from)
        .to_vec();
    for distance in [1_u32, 2, 8, 33] {
        scalars.push(&l - distance);
    }
    for bit in (5..252).step_by(41) {
        scalars.push(BigUint::from(1_u8) << bit);
        scalars.push((BigUint::from(1_u8) << bit) - 1_u8);
    }
    for _ in 0..6 {
        scalars.push(spread.below(&l));
    }
    scalars
}

/// The coordinates of a sum, in Montgomery's form.
fn affine(sum: &Sum) -> (Words, Words) {
    let inverse = field::invert(&sum.z).unwrap();
    [&sum.x, &sum.y]
        .map(|side| field::canonical(&field::multiply(side, &inverse)))
        .into()
}

/// A point times a number, by doubling and adding.
fn times((x, y): &(Words, Words), number: &BigUint) -> (Words, Words) {
    let addend = |sum: &Sum| table::addends(&[*sum]).unwrap()[0];
    let point = addend(&Sum::of_affine(x, y));
    let mut multiple = Sum::neutral();
    for bit in (0..number.bits()).rev() {
        let same = addend(&multiple);
        multiple.add(&same, false);
        if number.bit(bit) {
            multiple.add(&point, false);
        }
    }
    affine(&multiple)
}

fn plus(one: &(Words, Words), other: &(Words, Words)) -> (Words, Words) {
    let mut sum = Sum::of_affine(&one.0, &one.1);
    let other = table::addends(&[Sum::of_affine(&other.0, &other.1)]).unwrap()[0];
    sum.add(&other, false);
    affine(&sum)
}

fn base() -> (Words, Words) {
    point::decode(&curve::BASE).unwrap()
}

fn encoded((x, y): &(Words, Words)) -> [u8; 32] {
    let mut encoded = bytes(&field::canonical(y));
    encoded[31] |= (field::canonical(x)[0] as u8 & 1) << 7;
    encoded
}

fn hash(signature: &[u8; 64], key: &[u8; 32], message: &[u8]) -> [u8; 64] {
    let input = [&signature[..32], key, message].concat();
    digest::digest(&digest::SHA512, &input)
        .as_ref()
        .try_into()
        .unwrap()
}

#[test]
fn the_constants_are_those_of_the_curve() {
    let p = value(&P::WORDS);
    assert_eq!(p, (BigUint::from(1_u8) << 255) - 19_u8);
    let d = value(&curve::D);
    assert_eq!((&d * 121_666_u32 + 121_665_u32) % &p, BigUint::ZERO);
    let root = value(&curve::ROOT_OF_MINUS_ONE);
    assert_eq!(&root * &root % &p, &p - 1_u8);
    let twice_d = curve::TWICE_D_LIMBS
        .iter()
        .rev()
        .fold(BigUint::ZERO, |value, limb| (value << 52) + *limb);
    assert_eq!(twice_d, d * 2_u8 % &p);
    // The order takes the base point to (0, 1), and no half or third of it does.
    assert_eq!(times(&base(), &order()), ([0; 4], field::ONE));
    assert_eq!(encoded(&base()), curve::BASE);
}

#[test]
fn sums_and_products_are_what_num_bigint_computes() {
    let mut spread = Spread(6);
    let p = value(&P::WORDS);
    let full: BigUint = (BigUint::from(1_u8) << 256) - 1_u8;
    let mut numbers = vec![BigUint::ZERO, BigUint::from(1_u8), full.clone()];
    for distance in [1_u32, 18, 19, 20, 37, 38, 39] {
        numbers.push(BigUint::from(distance));
        numbers.push(&full - distance);
        numbers.push(&p + distance);
        numbers.push(&p - distance);
        numbers.push(&p * 2_u8 - distance);
        numbers.push(&p * 2_u8 + distance);
    }
    numbers.push(p.clone());
    numbers.retain(|number| number.bits() <= 256);
    for _ in 0..20 {
        numbers.push(spread.below(&full));
    }
    for x in &numbers {
        let a = words_of(x);
        assert_eq!(value(&field::canonical(&a)), x % &p);
        assert_eq!(value(&field::canonical(&field::square(&a))), x * x % &p);
        for y in &numbers {
            let b = words_of(y);
            let canonical = |words: Words| value(&field::canonical(&words));
            assert_eq!(canonical(field::add(&a, &b)), (x + y) % &p);
            assert_eq!(canonical(field::sub(&a, &b)), (x + &p * 3_u8 - y) % &p);
            assert_eq!(canonical(field::multiply(&a, &b)), x * y % &p);
        }
        match field::invert(&a) {
            Some(inverse) => assert_eq!(value(&inverse) * x % &p, BigUint::from(1_u8)),
            None => assert_eq!(x % &p, BigUint::ZERO),
        }
    }
}

#[test]
fn limbs_are_reduced_whole() {
    let p = value(&P::WORDS);
    for top in [0, 1, 1 << 47, (1 << 48) - 1, 1 << 48, (1 << 48) + 77] {
        for low in [0, 1, 18, 19, 20, LIMB - 18, LIMB] {
            for middle in [0, LIMB] {
                let limbs = [low, middle, middle, middle, top];
                let value_of = limbs
                    .iter()
                    .rev()
                    .fold(BigUint::ZERO, |value, limb| (value << 52) + *limb);
                assert_eq!(value(&curve::from_limbs(limbs)), value_of % &p);
            }
        }
    }
}

#[test]
fn a_hash_is_reduced_modulo_the_order() {
    let mut spread = Spread(1);
    let mut hashes = vec![[0; 64], [0xff; 64]];
    for _ in 0..200 {
        let mut hash = [0; 64];
        hash.as_chunks_mut::<8>()
            .0
            .iter_mut()
            .for_each(|chunk| *chunk = spread.next().to_le_bytes());
        hashes.push(hash);
    }
    for hash in hashes {
        let expected = BigUint::from_bytes_le(&hash) % order();
        assert_eq!(value(&reduced(&hash)), expected);
    }
}

#[test]
fn digits_sum_up_to_their_number() {
    let mut spread = Spread(2);
    let offset: BigUint = BigUint::from(1_u8) << 280;
    for width in WIDTHS.chain([9, 10]) {
        for number in scalars(&mut spread) {
            let mut window = 0;
            let mut sum = offset.clone();
            digits::for_each(&words_of(&number), width, |place, is_negative| {
                if let Some(place) = place {
                    assert!(place < digits::entries(width));
                    let multiple = place - window * digits::per_window(width) + 1;
                    let digit = BigUint::from(multiple) << (window * width);
                    if is_negative {
                        sum -= digit;
                    } else {
                        sum += digit;
                    }
                }
                window += 1;
            });
            assert_eq!(window, digits::windows(width));
            assert_eq!(sum, &offset + number);
        }
    }
}

#[test]
fn every_entry_of_a_table_is_the_multiple_it_stands_for() {
    let point = times(&base(), &BigUint::from(12_345_678_901_u64));
    for width in WIDTHS {
        let table = Table::new(&point.0, &point.1, width).unwrap();
        assert_eq!(table.points.len(), digits::entries(width));
        for (place, entry) in table.points.iter().enumerate().step_by(37) {
            let window = place / digits::per_window(width);
            let multiple = place % digits::per_window(width) + 1;
            let (x, y) = times(&point, &(BigUint::from(multiple) << (window * width)));
            assert_eq!(
                *entry,
                table::addends(&[Sum::of_affine(&x, &y)]).unwrap()[0]
            );
        }
    }
}

/// Sums of many kinds, the empty one and those that meet themselves among them: the formulas hold for all.
#[test]
fn the_tiers_make_the_sum_that_doubling_and_adding_makes() {
    let mut spread = Spread(3);
    for private in [1_u32, 2, 8, 12_345] {
        let point = times(&base(), &BigUint::from(private));
        let keys: Vec<VerifyKey> = tiers()
            .into_iter()
            .map(|tier| VerifyKey::with_tier(&encoded(&point), 5, tier).unwrap())
            .collect();
        let scalars = scalars(&mut spread);
        for (at, s) in scalars.iter().enumerate() {
            let mut hashes = vec![scalars[(at * 7 + 3) % scalars.len()].clone()];
            // s B - h A is (0, 1).
            hashes.push(s * BigUint::from(private).modinv(&order()).unwrap() % order());
            for h in hashes {
                let total = (s + (order() - &h) * private) % order();
                let expected = times(&base(), &total);
                for key in &keys {
                    let [x, y, z] = key.sum(&words_of(s), &words_of(&h)).unwrap();
                    let inverse = field::invert(&z).unwrap();
                    let sum = (
                        field::canonical(&field::multiply(&x, &inverse)),
                        field::canonical(&field::multiply(&y, &inverse)),
                    );
                    assert_eq!(sum, expected, "{key:?}");
                }
            }
        }
    }
}

#[test]
fn lanes_and_their_model_make_the_same_limbs() {
    if Tier::best() != Tier::Lanes {
        return;
    }
    let mut spread = Spread(4);
    let (x, y) = base();
    let table = Table::new(&x, &y, 6).unwrap();
    for count in [8, 16, 24, 72, 104] {
        for _ in 0..10 {
            let points: Vec<(&Addend, bool)> = (0..count)
                .map(|_| {
                    let place = spread.next() as usize % (table.points.len() + 9);
                    let point = table.points.get(place).unwrap_or(&NOTHING);
                    (point, spread.next().is_multiple_of(2))
                })
                .collect();
            assert_eq!(avx512::sum(&points), model::sum(&points));
        }
    }
}

/// Five limbs, full ones and empty ones among them: any are an operand.
fn any_limbs(spread: &mut Spread) -> [[u64; 8]; 5] {
    let limb = |spread: &mut Spread| match spread.next() % 8 {
        0 => 0,
        1 => LIMB,
        2 => LIMB - spread.next() % 0x1000,
        3 => 1 << (spread.next() % 52),
        _ => spread.next() & LIMB,
    };
    std::array::from_fn(|_| std::array::from_fn(|_| limb(spread)))
}

#[test]
fn steps_of_the_lanes_are_right_for_all_limbs() {
    let mut spread = Spread(7);
    let p = value(&P::WORDS);
    let lane = |limbs: &[[u64; 8]; 5], at: usize| {
        let limbs = limbs.iter().rev().map(|limb| limb[at]);
        limbs.fold(BigUint::ZERO, |value, limb| (value << 52) + limb)
    };
    // 2^256 + 2^215.
    let most = (BigUint::from(1_u8) << 256) + (BigUint::from(1_u8) << 215);
    for _ in 0..4_000 {
        let (of_a, of_b) = (any_limbs(&mut spread), any_limbs(&mut spread));
        let results = model::steps::all(&of_a, &of_b);
        #[cfg(target_arch = "x86_64")]
        if Tier::best() == Tier::Lanes {
            assert_eq!(avx512::steps(&of_a, &of_b), results);
        }
        for at in 0..8 {
            let (a, b) = (lane(&of_a, at), lane(&of_b, at));
            for (result, expected) in results.iter().zip([&a * &b, &a + &b, &a + &p * 64_u8 - &b]) {
                let number = lane(result, at);
                assert!(result.iter().all(|limb| limb[at] <= LIMB));
                assert!(number < most, "{number:x}");
                assert_eq!(number % &p, expected % &p, "{a:x} {b:x}");
            }
        }
    }
}

/// What aws-lc makes of a signature, and all tiers.
fn same_verdict(
    keys: &[VerifyKey],
    public: &[u8; 32],
    message: &[u8],
    signature: &[u8; 64],
) -> bool {
    let parsed = ParsedPublicKey::new(&ED25519, public).unwrap();
    let expected = parsed.verify_sig(message, signature).is_ok();
    for key in keys {
        let verdict = key.verify(&hash(signature, public, message), signature);
        assert_eq!(verdict, expected, "{key:?}");
    }
    expected
}

#[test]
fn signatures_valid_and_changed_get_the_verdict_of_aws_lc() {
    let mut spread = Spread(5);
    let p = value(&P::WORDS);
    for width in WIDTHS {
        let pair = Ed25519KeyPair::generate().unwrap();
        let public: [u8; 32] = pair.public_key().as_ref().try_into().unwrap();
        let keys: Vec<VerifyKey> = tiers()
            .into_iter()
            .map(|tier| VerifyKey::with_tier(&public, width, tier).unwrap())
            .collect();
        for round in 0..4_u8 {
            let message = [round; 40];
            let signature: [u8; 64] = pair.sign(&message).as_ref().try_into().unwrap();
            assert!(same_verdict(&keys, &public, &message, &signature));
            let (r, s) = signature.split_at(32);
            let joined = |r: &[u8], s: &[u8]| {
                let mut joined = [0; 64];
                joined[..32].copy_from_slice(r);
                joined[32..].copy_from_slice(s);
                joined
            };
            let mut cases = vec![joined(s, r), [0; 64], [0xff; 64]];
            let scalar = BigUint::from_bytes_le(s);
            for times in 1..=15_u32 {
                let larger = &scalar + order() * times;
                if larger.bits() <= 256 {
                    cases.push(joined(r, &bytes(&words_of(&larger))));
                }
            }
            for edge in [BigUint::ZERO, BigUint::from(1_u8), order(), order() - 1_u8] {
                cases.push(joined(r, &bytes(&words_of(&edge))));
            }
            for edge in [0_u8, 1, 2, 18] {
                // Encodings of y, canonical and not.
                for y in [BigUint::from(edge), &p + edge, &p - edge - 1_u8] {
                    let mut encoding = bytes(&words_of(&y));
                    cases.push(joined(&encoding, s));
                    encoding[31] |= 0x80;
                    cases.push(joined(&encoding, s));
                }
            }
            for _ in 0..8 {
                let mut changed = signature;
                changed[spread.next() as usize % 64] ^= 1 << (spread.next() % 8);
                cases.push(changed);
            }
            let mut other_sign = signature;
            other_sign[31] ^= 0x80;
            cases.push(other_sign);
            for signature in cases {
                assert!(!same_verdict(&keys, &public, &message, &signature));
            }
        }
    }
}

/// Signatures that nobody makes but who knows the private number: R of small order, s of zero, and keys with a part of small order,
/// for which one signature in eight is valid where the cofactor is left out.
#[test]
fn signatures_made_by_hand_get_the_verdict_of_aws_lc() {
    let l = order();
    // A point of order 8: some point times the order.
    let torsion = (2_u8..)
        .filter_map(|first| {
            let mut encoding = [0; 32];
            encoding[0] = first;
            point::decode(&encoding)
        })
        .map(|point| times(&point, &l))
        .find(|point| times(point, &BigUint::from(4_u8)) != ([0; 4], field::ONE))
        .unwrap();
    let private = BigUint::from(987_654_321_u64);
    let honest = times(&base(), &private);
    let (mut valid, mut invalid) = (0, 0);
    for part in 0..8_u32 {
        let point = plus(&honest, &times(&torsion, &BigUint::from(part)));
        let public = encoded(&point);
        let keys: Vec<VerifyKey> = tiers()
            .into_iter()
            .map(|tier| VerifyKey::with_tier(&public, 6, tier).unwrap())
            .collect();
        for round in 0..12_u8 {
            let message = [round; 30];
            for nonce in [0_u64, 1, 77_777_777_777] {
                for extra in [0_u32, 1, 4] {
                    let r = plus(
                        &times(&base(), &BigUint::from(nonce)),
                        &times(&torsion, &BigUint::from(extra)),
                    );
                    let mut signature = [0; 64];
                    signature[..32].copy_from_slice(&encoded(&r));
                    let h = value(&reduced(&hash(&signature, &public, &message)));
                    let s = (h * &private + nonce) % &l;
                    signature[32..].copy_from_slice(&bytes(&words_of(&s)));
                    if same_verdict(&keys, &public, &message, &signature) {
                        valid += 1;
                    } else {
                        invalid += 1;
                    }
                }
            }
        }
    }
    assert!(valid > 50 && invalid > 200, "{valid} {invalid}");
}

#[test]
fn a_key_is_one_point_in_its_one_spelling_with_x_other_than_zero() {
    let good = encoded(&times(&base(), &BigUint::from(99_u8)));
    assert!(VerifyKey::new(&good).is_some());
    for width in [0, 3, 9] {
        assert!(VerifyKey::with_tier(&good, width, Tier::best()).is_none());
    }
    let mut one = [0; 32];
    one[0] = 1;
    let minus_one = bytes(&words::sub(&P::WORDS, &[1, 0, 0, 0]).0);
    for encoding in [one, minus_one, bytes(&P::WORDS), [0xff; 32]] {
        assert!(VerifyKey::new(&encoding).is_none());
    }
    // Half of all y have no x.
    let count = (2_u8..100)
        .filter(|first| {
            let mut encoding = [0; 32];
            encoding[0] = *first;
            VerifyKey::with_tier(&encoding, 4, Tier::Scalar).is_some()
        })
        .count();
    assert!((30..70).contains(&count), "{count}");
}
