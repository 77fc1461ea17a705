//! The sum of many points, an eighth of them in each lane, and then of the lanes.

use super::super::point::Affine;
use super::field::{
    Field, hold_below, multiply, negate_some, pick_field, reduced, square, subtract, subtract_two,
};
use super::lanes;
use super::vector::{Vector, all, and, lanes_of, load, right, right_pair, swap, transpose};
use crate::lanes::LIMB;
use crate::modular::words::Words;

/// As `point::Sum`, in eight lanes. x < 1.01 p, y < 4.4 p, the others < 1.3 p.
#[derive(Debug, Clone, Copy)]
struct Sums {
    x: Field,
    y: Field,
    zz: Field,
    zzz: Field,
}

lanes! {
    /// x and zz of the sum of all points, each negated where it says so, modulo p and both times the same power of 2.
    ///
    /// There are 16 points at least. zz is zero if a sum on the way met a case that the formulas do not cover.
    pub(super) fn sum(points: &[(&Affine, bool)]) -> (Words, Words) {
        let (rounds, rest) = points.as_chunks::<8>();
        let mut rounds = rounds.iter();
        let (Some(first), Some(second)) = (rounds.next(), rounds.next()) else {
            return ([0; 4], [0; 4]);
        };
        let mut sums = first_sum(&gather(first), &gather(second));
        for round in rounds {
            sums = next_sum(&sums, &gather(round));
        }
        if !rest.is_empty() {
            let mut last = [points[0]; 8];
            last[..rest.len()].copy_from_slice(rest);
            let next = next_sum(&sums, &gather(&last));
            let mask = (1_u16 << rest.len()) as u8 - 1;
            sums = Sums {
                x: pick_field(mask, &sums.x, &next.x),
                y: pick_field(mask, &sums.y, &next.y),
                zz: pick_field(mask, &sums.zz, &next.zz),
                zzz: pick_field(mask, &sums.zzz, &next.zzz),
            };
        }
        let sums = join::<4>(&sums);
        let sums = join::<2>(&sums);
        let sums = join::<1>(&sums);
        (words(&reduced(&sums.x)), words(&reduced(&sums.zz)))
    }

    /// The coordinates of eight points, a point to a lane.
    fn gather(points: &[(&Affine, bool); 8]) -> (Field, Field) {
        let mut rows = [all(0); 8];
        let mut negated = 0;
        for k in 0..8 {
            rows[k] = load(&points[k].0.words());
            negated |= u8::from(points[k].1) << k;
        }
        let [x0, x1, x2, x3, y0, y1, y2, y3] = transpose(rows);
        (
            limbs([x0, x1, x2, x3]),
            negate_some(&limbs([y0, y1, y2, y3]), negated),
        )
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

    /// The lowest lane, a number below 2^256.
    fn words(a: &Field) -> Words {
        let mut limbs = [0; 5];
        for k in 0..5 {
            limbs[k] = lanes_of(a.0[k])[0];
        }
        [
            limbs[0] | limbs[1] << 52,
            limbs[1] >> 12 | limbs[2] << 40,
            limbs[2] >> 24 | limbs[3] << 28,
            limbs[3] >> 36 | limbs[4] << 16,
        ]
    }

    fn first_sum((x1, y1): &(Field, Field), (x2, y2): &(Field, Field)) -> Sums {
        let difference = subtract::<1>(x2, x1); // < 2 p
        let slope = subtract::<2>(y2, y1); // < 3 p
        let zz = square(&difference);
        let zzz = multiply(&difference, &zz);
        let q = multiply(x1, &zz);
        let x = subtract_two(&square(&slope), &zzz, &q);
        let y = subtract::<2>(
            &multiply(&slope, &subtract::<2>(&q, &x)),
            &multiply(y1, &zzz),
        );
        let sums = Sums { x, y, zz, zzz };
        hold_bounds(&sums);
        sums
    }

    fn hold_bounds(sums: &Sums) {
        hold_below(&sums.x, 1.01);
        hold_below(&sums.y, 4.4);
        hold_below(&sums.zz, 1.3);
        hold_below(&sums.zzz, 1.3);
    }

    fn next_sum(sums: &Sums, (x, y): &(Field, Field)) -> Sums {
        let difference = subtract::<2>(&multiply(x, &sums.zz), &sums.x); // < 3.3 p
        let slope = subtract::<5>(&multiply(y, &sums.zzz), &sums.y); // < 6.3 p
        let square_of_difference = square(&difference); // < 1.8 p
        let cube = multiply(&difference, &square_of_difference); // < 1.5 p
        let q = multiply(&sums.x, &square_of_difference); // < 1.22 p
        hold_below(&difference, 3.3);
        hold_below(&slope, 6.3);
        hold_below(&square_of_difference, 1.8);
        hold_below(&cube, 1.5);
        hold_below(&q, 1.22);
        let x = subtract_two(&square(&slope), &cube, &q);
        let y = subtract::<2>(
            &multiply(&slope, &subtract::<2>(&q, &x)), // < 2.4 p
            &multiply(&sums.y, &cube),                 // < 1.5 p
        );
        let sums = Sums {
            x,
            y,
            zz: multiply(&sums.zz, &square_of_difference),
            zzz: multiply(&sums.zzz, &cube),
        };
        hold_bounds(&sums);
        sums
    }

    /// Adds lane k ^ BY to lane k. The two compute one half of the products each: where lanes differ, "ours" is of
    /// the lane whose number has that bit zero.
    fn join<const BY: u8>(sums: &Sums) -> Sums {
        let upper = match BY {
            4 => 0b1111_0000,
            2 => 0b1100_1100,
            _ => 0b1010_1010,
        };
        let other = Sums {
            x: swapped::<BY>(&sums.x),
            y: swapped::<BY>(&sums.y),
            zz: swapped::<BY>(&sums.zz),
            zzz: swapped::<BY>(&sums.zzz),
        };
        // In the lower lanes U1 = X1 ZZ2, in the upper ones U2 = X2 ZZ1.
        let u = multiply(&sums.x, &other.zz);
        let s = multiply(&sums.y, &other.zzz);
        let (u_other, s_other) = (swapped::<BY>(&u), swapped::<BY>(&s));
        let (u1, u2) = (pick_field(upper, &u, &u_other), pick_field(upper, &u_other, &u));
        let (s1, s2) = (pick_field(upper, &s, &s_other), pick_field(upper, &s_other, &s));
        let difference = subtract::<2>(&u2, &u1);
        let slope = subtract::<2>(&s2, &s1);
        // The square of the difference below, of the slope above.
        let squares = square(&pick_field(upper, &difference, &slope));
        let squares_other = swapped::<BY>(&squares);
        let square_of_difference = pick_field(upper, &squares, &squares_other);
        let square_of_slope = pick_field(upper, &squares_other, &squares);
        // The cube below, Q above.
        let products = multiply(&pick_field(upper, &difference, &u1), &square_of_difference);
        let products_other = swapped::<BY>(&products);
        let cube = pick_field(upper, &products, &products_other);
        let q = pick_field(upper, &products_other, &products);
        let x = subtract_two(&square_of_slope, &cube, &q);
        // R (Q - X3) below, S1 PPP above.
        let products = multiply(
            &pick_field(upper, &slope, &s1),
            &pick_field(upper, &subtract::<2>(&q, &x), &cube),
        );
        let products_other = swapped::<BY>(&products);
        let y = subtract::<2>(
            &pick_field(upper, &products, &products_other),
            &pick_field(upper, &products_other, &products),
        );
        // ZZ below, ZZZ above.
        let ours = pick_field(upper, &sums.zz, &sums.zzz);
        let others = pick_field(upper, &other.zz, &other.zzz);
        let denominators = multiply(
            &multiply(&ours, &others),
            &pick_field(upper, &square_of_difference, &cube),
        );
        let denominators_other = swapped::<BY>(&denominators);
        let sums = Sums {
            x,
            y,
            zz: pick_field(upper, &denominators, &denominators_other),
            zzz: pick_field(upper, &denominators_other, &denominators),
        };
        hold_bounds(&sums);
        sums
    }

    fn swapped<const BY: u8>(a: &Field) -> Field {
        let mut limbs = a.0;
        for limb in &mut limbs {
            *limb = swap::<BY>(*limb);
        }
        Field(limbs)
    }
}
