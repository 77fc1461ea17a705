//! Points as RFC 8032 section 5.1 writes them down, over num-bigint.

use std::sync::LazyLock;

use num_bigint::BigUint;

use super::{L, P, power_of_two, to_bytes};

/// x = X / Z, y = Y / Z, x y = T / Z.
#[derive(Debug, Clone)]
pub(crate) struct Point {
    x: BigUint,
    y: BigUint,
    z: BigUint,
    t: BigUint,
}

static D: LazyLock<BigUint> = LazyLock::new(|| {
    let inverse = BigUint::from(121_666_u32).modinv(&P).expect("p is a prime");
    (&*P - 121_665_u32) * inverse % &*P
});

/// 2^i times the base point.
static POWERS: LazyLock<Vec<Point>> = LazyLock::new(|| {
    let double = |point: &Point| Some(point.plus(point));
    let powers = std::iter::successors(Some(base()), double);
    powers.take(253).collect()
});

/// The eight points of small order: the multiples of one of order 8.
pub(crate) static SMALL: LazyLock<[Point; 8]> = LazyLock::new(|| {
    let generator = (2_u8..)
        .filter_map(|y| Point::decode(&to_bytes(&BigUint::from(y))))
        .map(|point| point.times(&L))
        .find(|point| !point.times(&BigUint::from(4_u8)).is_neutral())
        .expect("there is one among few");
    std::array::from_fn(|k| generator.times(&BigUint::from(k)))
});

fn base() -> Point {
    let mut bytes = [0x66; 32];
    bytes[0] = 0x58;
    Point::decode(&bytes).expect("it is on the curve")
}

fn minus(a: &BigUint, b: &BigUint) -> BigUint {
    (a + &*P - b) % &*P
}

impl Point {
    fn of(x: BigUint, y: BigUint) -> Self {
        Self {
            t: &x * &y % &*P,
            z: BigUint::from(1_u8),
            x,
            y,
        }
    }

    pub(crate) fn neutral() -> Self {
        Self::of(BigUint::ZERO, BigUint::from(1_u8))
    }

    /// Section 5.1.4.
    pub(crate) fn plus(&self, other: &Self) -> Self {
        let product = |a: BigUint, b: BigUint| a * b % &*P;
        let a = product(minus(&self.y, &self.x), minus(&other.y, &other.x));
        let b = product(&self.y + &self.x, &other.y + &other.x);
        let c = &self.t * &other.t % &*P * 2_u8 * &*D % &*P;
        let d = &self.z * &other.z * 2_u8 % &*P;
        let (e, f) = (minus(&b, &a), minus(&d, &c));
        let (g, h) = (d + c, b + a);
        Self {
            x: &e * &f % &*P,
            y: &g * &h % &*P,
            z: f * g % &*P,
            t: e * h % &*P,
        }
    }

    pub(crate) fn negated(&self) -> Self {
        Self {
            x: minus(&BigUint::ZERO, &self.x),
            t: minus(&BigUint::ZERO, &self.t),
            ..self.clone()
        }
    }

    pub(crate) fn times(&self, number: &BigUint) -> Self {
        let mut multiple = Self::neutral();
        for bit in (0..number.bits()).rev() {
            multiple = multiple.plus(&multiple);
            if number.bit(bit) {
                multiple = multiple.plus(self);
            }
        }
        multiple
    }

    /// A multiple of the base point, up to 2^253 - 1 times.
    pub(crate) fn base_times(number: &BigUint) -> Self {
        let bits = (0..number.bits()).filter(|bit| number.bit(*bit));
        bits.fold(Self::neutral(), |sum, bit| {
            sum.plus(&POWERS[usize::try_from(bit).unwrap()])
        })
    }

    fn is_neutral(&self) -> bool {
        self.x == BigUint::ZERO && self.y == self.z
    }

    /// Section 5.1.2.
    pub(crate) fn encode(&self) -> [u8; 32] {
        let inverse = self.z.modinv(&P).expect("z is not zero");
        let x = &self.x * &inverse % &*P;
        let mut bytes = to_bytes(&(&self.y * inverse % &*P));
        bytes[31] |= u8::from(x.bit(0)) << 7;
        bytes
    }

    /// Section 5.1.3.
    pub(crate) fn decode(bytes: &[u8; 32]) -> Option<Self> {
        let number = BigUint::from_bytes_le(bytes);
        let (sign, y) = (number.bit(255), number % power_of_two(255));
        let square = &y * &y % &*P;
        let u = minus(&square, &BigUint::from(1_u8));
        let v = &*D * square + 1_u8;
        let quotient = u * v.modinv(&P)? % &*P;
        let mut x = quotient.modpow(&((&*P + 3_u8) >> 3), &P);
        if &x * &x % &*P != quotient {
            x = x * BigUint::from(2_u8).modpow(&((&*P - 1_u8) >> 2), &P) % &*P;
        }
        let is_root = &x * &x % &*P == quotient;
        if y >= *P || !is_root || (x == BigUint::ZERO && sign) {
            return None;
        }
        if x.bit(0) != sign {
            x = minus(&BigUint::ZERO, &x);
        }
        Some(Self::of(x, y))
    }
}
