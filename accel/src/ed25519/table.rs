//! The multiples of a point for all windows: no doubling is left for a verification.

use super::curve::{D, P};
use super::digits::{entries, per_window, windows};
use super::point::{Addend, Sum};
use crate::modular::words::{self, Words};

/// For each window i of `width` bits: 2^(width * i) times 1, 2, 3, ... as many as digits can ask for.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) width: usize,
    pub(super) points: Box<[Addend]>,
}

impl Table {
    /// The table of a point by its coordinates, in Montgomery's form.
    pub(super) fn new(x: &Words, y: &Words, width: usize) -> Option<Self> {
        let mut sums = Vec::with_capacity(entries(width));
        let mut base = Sum::of_affine(x, y);
        for _ in 0..windows(width) {
            let addend = addends(&[base])?.pop()?;
            let mut sum = base;
            for _ in 0..per_window(width) {
                sums.push(sum);
                sum.add(&addend, false);
            }
            // 2^(width - 1) times this one, twice.
            base = *sums.last()?;
            let addend = addends(&[base])?.pop()?;
            base.add(&addend, false);
        }
        Some(Self {
            width,
            points: addends(&sums)?.into(),
        })
    }

    /// The same points outside of Montgomery's form, which the lanes take.
    pub(super) fn in_limbs(mut self) -> Self {
        for point in &mut self.points {
            let [a, b, c, d, e, f, g, h] = point.sides;
            let [a, b, c, d] = P.leave(&[a, b, c, d]);
            let [e, f, g, h] = P.leave(&[e, f, g, h]);
            point.sides = [a, b, c, d, e, f, g, h];
            point.product = P.leave(&point.product);
        }
        self
    }

    /// What the table takes, in bytes.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(&*self.points)
    }
}

/// All as they are added, for one inversion. `None` if a Z is zero, or a point is not on the curve, which never happens.
pub(super) fn addends(sums: &[Sum]) -> Option<Vec<Addend>> {
    let mut product = P.one;
    let mut inverses = Vec::with_capacity(sums.len());
    for sum in sums {
        inverses.push(product);
        product = P.multiply(&product, &sum.z);
    }
    if words::is_zero(&product) {
        return None;
    }
    let mut inverse = P.invert(&product)?;
    for (slot, sum) in inverses.iter_mut().zip(sums).rev() {
        *slot = P.multiply(slot, &inverse);
        inverse = P.multiply(&inverse, &sum.z);
    }
    let d = P.enter(&D);
    sums.iter()
        .zip(&inverses)
        .map(|(sum, inverse)| {
            let (x, y) = (P.multiply(&sum.x, inverse), P.multiply(&sum.y, inverse));
            let product = P.multiply(&d, &P.multiply(&x, &y));
            // -x^2 + y^2 = 1 + d x^2 y^2.
            let left = P.sub(&P.square(&y), &P.square(&x));
            let right = P.add(&P.one, &P.multiply(&product, &P.multiply(&x, &y)));
            let [a, b, c, d] = P.add(&y, &x);
            let [e, f, g, h] = P.sub(&y, &x);
            (left == right).then(|| Addend {
                sides: [a, b, c, d, e, f, g, h],
                product: P.add(&product, &product),
            })
        })
        .collect()
}
