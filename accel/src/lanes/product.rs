//! The product of two numbers of five limbs, eight at once: the same for every prime.

use super::lanes;
use super::vector::{Vector, add, all, high, low};

lanes! {
    /// a * b in ten limbs below 2^57, for limbs below 2^52.
    pub(super) fn product(a: &[Vector; 5], b: &[Vector; 5]) -> [Vector; 10] {
        // Low and high halves apart, for shorter chains.
        let mut lows = [all(0); 10];
        let mut highs = [all(0); 10];
        for i in 0..5 {
            for j in 0..5 {
                lows[i + j] = low(lows[i + j], a[i], b[j]);
                highs[i + j + 1] = high(highs[i + j + 1], a[i], b[j]);
            }
        }
        let mut total = lows;
        for k in 0..10 {
            total[k] = add(lows[k], highs[k]);
        }
        total
    }
}
