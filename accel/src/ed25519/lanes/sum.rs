//! The sum of many points, an eighth of them in each lane, and then of the lanes.

use super::super::curve::TWICE_D_LIMBS;
use super::super::point::Addend;
use super::field::{Field, add, multiply, pick_field, subtract};
use super::lanes;
use super::vector::{
    Vector, all, and, lanes_of, load, load_half, right, right_pair, swap, transpose,
};
use crate::lanes::LIMB;

/// As `point::Sum`, in eight lanes.
#[derive(Debug, Clone, Copy)]
struct Sums {
    x: Field,
    y: Field,
    z: Field,
    t: Field,
}

/// As `point::Addend`, with the lanes in which it is taken away.
struct Addends {
    plus: Field,
    minus: Field,
    product: Field,
    negated: u8,
}

lanes! {
    /// X, Y and Z of the sum of all points, each taken away where it says so, in limbs. There are eight points at least; those
    /// beyond the last multiple of eight count for nothing.
    pub(super) fn sum(points: &[(&Addend, bool)]) -> [[u64; 5]; 3] {
        let mut rounds = points.as_chunks::<8>().0.iter();
        let Some(first) = rounds.next() else {
            return [[0; 5]; 3];
        };
        let mut sums = first_sum(&gather(first));
        for round in rounds {
            sums = next_sum(&sums, &gather(round));
        }
        let sums = join::<4>(&sums);
        let sums = join::<2>(&sums);
        let sums = join::<1>(&sums);
        [lowest(&sums.x), lowest(&sums.y), lowest(&sums.z)]
    }

    /// Eight points, a point to a lane.
    fn gather(points: &[(&Addend, bool); 8]) -> Addends {
        let mut sides = [all(0); 8];
        let mut products = [all(0); 8];
        let mut negated = 0;
        for k in 0..8 {
            sides[k] = load(&points[k].0.sides);
            products[k] = load_half(&points[k].0.product);
            negated |= u8::from(points[k].1) << k;
        }
        let [p0, p1, p2, p3, m0, m1, m2, m3] = transpose(sides);
        let [t0, t1, t2, t3, ..] = transpose(products);
        let (plus, minus) = (limbs([p0, p1, p2, p3]), limbs([m0, m1, m2, m3]));
        Addends {
            plus: pick_field(negated, &plus, &minus),
            minus: pick_field(negated, &minus, &plus),
            product: limbs([t0, t1, t2, t3]),
            negated,
        }
    }

    /// Four words of 64 bits as five limbs of 52.
    fn limbs(words: [Vector; 4]) -> Field {
        let mask = all(LIMB);
        Field([
            and(words[0], mask),
            and(right_pair::<52>(words[0], words[1]), mask),
            and(right_pair::<40>(words[1], words[2]), mask),
            and(right_pair::<28>(words[2], words[3]), mask),
            right::<16>(words[3]),
        ])
    }

    fn lowest(a: &Field) -> [u64; 5] {
        let mut limbs = [0; 5];
        for k in 0..5 {
            limbs[k] = lanes_of(a.0[k])[0];
        }
        limbs
    }

    /// The sum with (0, 1): X = 2 E, Y = 2 H, Z = 4, T = E H.
    fn first_sum(addends: &Addends) -> Sums {
        let e = subtract(&addends.plus, &addends.minus);
        let h = add(&addends.plus, &addends.minus);
        let zero = all(0);
        Sums {
            x: add(&e, &e),
            y: add(&h, &h),
            z: Field([all(4), zero, zero, zero, zero]),
            t: multiply(&e, &h),
        }
    }

    fn next_sum(sums: &Sums, addends: &Addends) -> Sums {
        let a = multiply(&subtract(&sums.y, &sums.x), &addends.minus);
        let b = multiply(&add(&sums.y, &sums.x), &addends.plus);
        let c = multiply(&sums.t, &addends.product);
        let d = add(&sums.z, &sums.z);
        let (e, h) = (subtract(&b, &a), add(&b, &a));
        let (less, more) = (subtract(&d, &c), add(&d, &c));
        // A point that is taken away has the other sign in C.
        let f = pick_field(addends.negated, &less, &more);
        let g = pick_field(addends.negated, &more, &less);
        Sums {
            x: multiply(&e, &f),
            y: multiply(&g, &h),
            z: multiply(&f, &g),
            t: multiply(&e, &h),
        }
    }

    /// Adds lane k ^ BY to lane k. The two compute one half of the products each.
    fn join<const BY: u8>(sums: &Sums) -> Sums {
        let upper = match BY {
            4 => 0b1111_0000,
            2 => 0b1100_1100,
            _ => 0b1010_1010,
        };
        let mut twice_d = [all(0); 5];
        for k in 0..5 {
            twice_d[k] = all(TWICE_D_LIMBS[k]);
        }
        // (Y - X) (Y' - X') below, (Y + X) (Y' + X') above.
        let sides = pick_field(upper, &subtract(&sums.y, &sums.x), &add(&sums.y, &sums.x));
        let ab = multiply(&sides, &other_side::<BY>(upper, sums));
        // 2 d T T' below, Z Z' above.
        let ours = pick_field(upper, &multiply(&sums.t, &Field(twice_d)), &sums.z);
        let others = pick_field(upper, &swapped::<BY>(&sums.t), &swapped::<BY>(&sums.z));
        let cz = multiply(&ours, &others);
        let (a, b) = both::<BY>(upper, &ab);
        let (c, zz) = both::<BY>(upper, &cz);
        let d = add(&zz, &zz);
        let (e, h) = (subtract(&b, &a), add(&b, &a));
        let (f, g) = (subtract(&d, &c), add(&d, &c));
        // E F below, G H above; then E H below, F G above.
        let (x, y) = both::<BY>(upper, &multiply(&pick_field(upper, &e, &g), &pick_field(upper, &f, &h)));
        let (t, z) = both::<BY>(upper, &multiply(&pick_field(upper, &e, &f), &pick_field(upper, &h, &g)));
        Sums { x, y, z, t }
    }

    /// Y' - X' of the other lane below, Y' + X' above.
    fn other_side<const BY: u8>(upper: u8, sums: &Sums) -> Field {
        pick_field(
            upper,
            &swapped::<BY>(&subtract(&sums.y, &sums.x)),
            &swapped::<BY>(&add(&sums.y, &sums.x)),
        )
    }

    /// What the lower lane of a pair computed, and what the upper one did, in both.
    fn both<const BY: u8>(upper: u8, a: &Field) -> (Field, Field) {
        let other = swapped::<BY>(a);
        (pick_field(upper, a, &other), pick_field(upper, &other, a))
    }

    fn swapped<const BY: u8>(a: &Field) -> Field {
        let mut limbs = a.0;
        for limb in &mut limbs {
            *limb = swap::<BY>(*limb);
        }
        Field(limbs)
    }
}
