//! The odd multiples of a point for all windows: no doubling is left for a verification.

use super::curve::P;
use super::digits::{entries, windows};
use super::point::{Affine, Sum};
use crate::modular::modulus::Modulus;
use crate::modular::words::{self, Words};

/// For each window i of `width` bits: 2^(width * i) times 1, 3, 5, ... as many as digits can ask for.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) width: usize,
    pub(super) points: Box<[Affine]>,
}

impl Table {
    /// `None` if a sum met a case that the formulas do not cover, which no point of the curve gives.
    pub(super) fn new(point: &Affine, width: usize) -> Option<Self> {
        let per_window = 1 << (width - 1);
        let mut points = vec![*point; entries(width)];
        let bases = bases(point, width)?;
        for (window, base) in bases.iter().enumerate() {
            points[window * per_window] = *base;
        }
        let mut doubles = double_all(&bases)?;
        // The next odd multiple in all windows at once, for one inversion.
        for multiple in 1..per_window {
            doubles.truncate(points.len().saturating_sub(multiple).div_ceil(per_window));
            let before: Vec<Affine> = (0..doubles.len())
                .map(|window| points[window * per_window + multiple - 1])
                .collect();
            let next = add_all(&before, &doubles)?;
            for (window, next) in next.iter().enumerate() {
                points[window * per_window + multiple] = *next;
            }
        }
        points.iter().all(Affine::is_on_curve).then(|| Self {
            width,
            points: points.into(),
        })
    }

    /// The same points in the form that the lanes take: with R = 2^260.
    pub(super) fn in_limbs(mut self) -> Self {
        // 2^260 / R, times R.
        const FACTOR: Words = [16, 0, 0, 0];
        let factor = P::enter(&FACTOR);
        for point in &mut self.points {
            point.x = P::multiply(&point.x, &factor);
            point.y = P::multiply(&point.y, &factor);
        }
        self
    }

    /// What the table takes, in bytes.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(&*self.points)
    }
}

/// 2^(width * i) times the point, for all windows.
fn bases(point: &Affine, width: usize) -> Option<Vec<Affine>> {
    let mut sums = vec![];
    let mut sum = Sum {
        x: point.x,
        y: point.y,
        zz: P::ONE,
        zzz: P::ONE,
    };
    for window in 0..windows(width) {
        if window > 0 {
            for _ in 0..width {
                sum = doubled(&sum);
            }
        }
        sums.push(sum);
    }
    let inverses = invert_all(&sums.iter().map(|sum| sum.zzz).collect::<Vec<_>>())?;
    Some(
        sums.iter()
            .zip(inverses)
            .map(|(sum, inverse)| {
                // 1/ZZ = (ZZ/ZZZ)^2.
                let root = P::multiply(&sum.zz, &inverse);
                Affine {
                    x: P::multiply(&sum.x, &P::square(&root)),
                    y: P::multiply(&sum.y, &inverse),
                }
            })
            .collect(),
    )
}

/// Twice a sum, which is not at infinity; no point of the curve has y = 0.
fn doubled(sum: &Sum) -> Sum {
    let u = P::add(&sum.y, &sum.y);
    let v = P::square(&u);
    let w = P::multiply(&u, &v);
    let s = P::multiply(&sum.x, &v);
    // 3 (X^2 - ZZ^2), since a = -3.
    let product = P::multiply(&P::sub(&sum.x, &sum.zz), &P::add(&sum.x, &sum.zz));
    let m = P::add(&P::add(&product, &product), &product);
    let x = P::sub(&P::square(&m), &P::add(&s, &s));
    let y = P::sub(&P::multiply(&m, &P::sub(&s, &x)), &P::multiply(&w, &sum.y));
    Sum {
        x,
        y,
        zz: P::multiply(&v, &sum.zz),
        zzz: P::multiply(&w, &sum.zzz),
    }
}

pub(super) fn double_all(points: &[Affine]) -> Option<Vec<Affine>> {
    let inverses = invert_all(
        &points
            .iter()
            .map(|point| P::add(&point.y, &point.y))
            .collect::<Vec<_>>(),
    )?;
    Some(
        points
            .iter()
            .zip(inverses)
            .map(|(point, inverse)| {
                let square = P::sub(&P::square(&point.x), &P::ONE);
                let slope = P::multiply(&P::add(&P::add(&square, &square), &square), &inverse);
                on_line(point, &point.x, &slope)
            })
            .collect(),
    )
}

pub(super) fn add_all(ones: &[Affine], others: &[Affine]) -> Option<Vec<Affine>> {
    let differences: Vec<Words> = ones
        .iter()
        .zip(others)
        .map(|(one, other)| P::sub(&other.x, &one.x))
        .collect();
    let inverses = invert_all(&differences)?;
    Some(
        ones.iter()
            .zip(others)
            .zip(inverses)
            .map(|((one, other), inverse)| {
                let slope = P::multiply(&P::sub(&other.y, &one.y), &inverse);
                on_line(one, &other.x, &slope)
            })
            .collect(),
    )
}

/// The sum of `one` and a point with `other_x`, where the line through them has this slope.
#[inline]
pub(super) fn on_line(one: &Affine, other_x: &Words, slope: &Words) -> Affine {
    let x = P::sub(&P::sub(&P::square(slope), &one.x), other_x);
    let y = P::sub(&P::multiply(slope, &P::sub(&one.x, &x)), &one.y);
    Affine { x, y }
}

/// The inverses of all, for one inversion and three products each. `None` if one is zero.
fn invert_all(values: &[Words]) -> Option<Vec<Words>> {
    let mut product = P::ONE;
    let mut inverses = Vec::with_capacity(values.len());
    for value in values {
        inverses.push(product);
        product = P::multiply(&product, value);
    }
    if words::is_zero(&product) {
        return None;
    }
    let mut inverse = P::invert(&product)?;
    for (slot, value) in inverses.iter_mut().zip(values).rev() {
        *slot = P::multiply(slot, &inverse);
        inverse = P::multiply(&inverse, value);
    }
    Some(inverses)
}
