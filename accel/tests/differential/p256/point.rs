//! Points in affine coordinates, every case of a sum by itself: slow, and plain enough to be read against SEC 1 section 2.2.1.

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use num_bigint::BigUint;

use super::{P, number, to_bytes};

/// A point, or `None` at infinity.
pub(crate) type Point = Option<(BigUint, BigUint)>;

fn b() -> BigUint {
    number("5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b")
}

pub(crate) fn base() -> Point {
    Some((
        number("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"),
        number("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"),
    ))
}

fn minus(a: &BigUint, b: &BigUint) -> BigUint {
    (a + &*P - b) % &*P
}

pub(crate) fn plus(one: &Point, other: &Point) -> Point {
    let (Some((x1, y1)), Some((x2, y2))) = (one, other) else {
        return one.clone().or_else(|| other.clone());
    };
    let (rise, run) = if x1 != x2 {
        (minus(y2, y1), minus(x2, x1))
    } else if y1 == y2 {
        // The order is odd, so y is not zero.
        (minus(&(x1 * x1 * 3_u8), &BigUint::from(3_u8)), y1 * 2_u8)
    } else {
        return None;
    };
    let slope = rise * run.modinv(&P).expect("p is a prime") % &*P;
    let x = minus(&minus(&(&slope * &slope), x1), x2);
    let y = minus(&(slope * minus(x1, &x)), y1);
    Some((x, y))
}

pub(crate) fn times(point: &Point, number: &BigUint) -> Point {
    let mut multiple = None;
    for bit in (0..number.bits()).rev() {
        multiple = plus(&multiple, &multiple);
        if number.bit(bit) {
            multiple = plus(&multiple, point);
        }
    }
    multiple
}

/// A multiple of the base point, 1 to n - 1 times: by aws-lc, which is fast.
pub(crate) fn base_times(number: &BigUint) -> (BigUint, BigUint) {
    let key = PrivateKey::from_private_key(&ECDH_P256, &to_bytes(number)).expect("in range");
    let public = key.compute_public_key().expect("not at infinity");
    let (x, y) = public.as_ref()[1..].split_at(32);
    (BigUint::from_bytes_be(x), BigUint::from_bytes_be(y))
}

/// A point with this x, if there is one.
pub(crate) fn with_x(x: &BigUint) -> Point {
    let square = (minus(&(x * x * x), &(x * 3_u8 % &*P)) + b()) % &*P;
    let y = square.modpow(&((&*P + 1_u8) >> 2), &P);
    (&y * &y % &*P == square).then(|| (x.clone(), y))
}
