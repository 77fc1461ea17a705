//! The multiples of a point for all windows: no doubling is left for a verification.

use super::curve::D;
use super::digits::{entries, per_window, windows};
use super::field;
use super::point::{Addend, Sum};
use crate::modular::words::Words;

/// For each window i of `width` bits: 2^(width * i) times 1, 2, 3, ... as many as digits can ask for.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) width: usize,
    pub(super) points: Box<[Addend]>,
}

impl Table {
    /// The table of a point by its coordinates.
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

    /// What the table takes, in bytes.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(&*self.points)
    }
}

/// All as they are added, for one inversion. `None` if a Z is zero, or a point is not on the curve, which never happens.
pub(super) fn addends(sums: &[Sum]) -> Option<Vec<Addend>> {
    let mut product = field::ONE;
    let mut inverses = Vec::with_capacity(sums.len());
    for sum in sums {
        inverses.push(product);
        product = field::multiply(&product, &sum.z);
    }
    let mut inverse = field::invert(&product)?;
    for (slot, sum) in inverses.iter_mut().zip(sums).rev() {
        *slot = field::multiply(slot, &inverse);
        inverse = field::multiply(&inverse, &sum.z);
    }
    sums.iter()
        .zip(&inverses)
        .map(|(sum, inverse)| {
            let (x, y) = (
                field::multiply(&sum.x, inverse),
                field::multiply(&sum.y, inverse),
            );
            let product = field::multiply(&D, &field::multiply(&x, &y));
            // -x^2 + y^2 = 1 + d x^2 y^2.
            let left = field::sub(&field::square(&y), &field::square(&x));
            let right = field::add(
                &field::ONE,
                &field::multiply(&product, &field::multiply(&x, &y)),
            );
            let [a, b, c, d] = field::canonical(&field::add(&y, &x));
            let [e, f, g, h] = field::canonical(&field::sub(&y, &x));
            field::is_equal(&left, &right).then(|| Addend {
                sides: [a, b, c, d, e, f, g, h],
                product: field::canonical(&field::add(&product, &product)),
            })
        })
        .collect()
}
