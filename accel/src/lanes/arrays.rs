//! Eight lanes in an array. What the lanes' numbers must not exceed is asserted here, in builds with debug assertions.

use std::array::from_fn;

use super::LIMB;

pub(crate) type Vector = [u64; 8];

pub(crate) fn all(value: u64) -> Vector {
    [value; 8]
}
pub(crate) fn add(a: Vector, b: Vector) -> Vector {
    from_fn(|k| a[k].wrapping_add(b[k]))
}
pub(crate) fn sub(a: Vector, b: Vector) -> Vector {
    from_fn(|k| a[k].wrapping_sub(b[k]))
}
pub(crate) fn and(a: Vector, b: Vector) -> Vector {
    from_fn(|k| a[k] & b[k])
}
pub(crate) fn left<const BITS: u32>(a: Vector) -> Vector {
    a.map(|lane| lane << BITS)
}
pub(crate) fn right<const BITS: u32>(a: Vector) -> Vector {
    a.map(|lane| lane >> BITS)
}
pub(crate) fn right_signed<const BITS: u32>(a: Vector) -> Vector {
    a.map(|lane| (lane.cast_signed() >> BITS).cast_unsigned())
}
pub(crate) fn right_pair<const BITS: i32>(low: Vector, high: Vector) -> Vector {
    from_fn(|k| ((u128::from(high[k]) << 64 | u128::from(low[k])) >> BITS) as u64)
}
pub(crate) fn low(sum: Vector, a: Vector, b: Vector) -> Vector {
    from_fn(|k| {
        sum[k].wrapping_add((u128::from(a[k] & LIMB) * u128::from(b[k] & LIMB)) as u64 & LIMB)
    })
}
pub(crate) fn high(sum: Vector, a: Vector, b: Vector) -> Vector {
    from_fn(|k| {
        sum[k].wrapping_add(((u128::from(a[k] & LIMB) * u128::from(b[k] & LIMB)) >> 52) as u64)
    })
}
pub(crate) fn pick(mask: u8, a: Vector, b: Vector) -> Vector {
    from_fn(|k| if mask >> k & 1 == 1 { b[k] } else { a[k] })
}
pub(crate) fn swap<const BY: u8>(a: Vector) -> Vector {
    from_fn(|k| a[k ^ usize::from(BY)])
}
pub(crate) fn load(lanes: &[u64; 8]) -> Vector {
    *lanes
}
pub(crate) fn load_half(lanes: &[u64; 4]) -> Vector {
    from_fn(|k| lanes.get(k).copied().unwrap_or(0))
}
pub(crate) fn lanes_of(a: Vector) -> [u64; 8] {
    a
}
pub(crate) fn transpose(rows: [Vector; 8]) -> [Vector; 8] {
    from_fn(|k| from_fn(|j| rows[j][k]))
}

/// No lane of these limbs is above `most`.
pub(crate) fn assert_at_most(limbs: &[Vector], most: u64) {
    debug_assert!(limbs.as_flattened().iter().all(|lane| *lane <= most));
}
/// Every lane is between -2^62 and 2^62.
pub(crate) fn assert_signed(limbs: &[Vector]) {
    let is_far = |lane: &u64| lane.cast_signed().unsigned_abs() >= 1 << 62;
    debug_assert!(!limbs.as_flattened().iter().any(is_far));
}
/// Each number is below `times` p, to 52 bits.
pub(crate) fn assert_below(number: &[Vector; 5], p: &[u64; 5], times: f64) {
    if cfg!(debug_assertions) {
        let ratios = ratios(number, p);
        assert!(ratios.iter().all(|ratio| *ratio <= times), "{ratios:?}");
    }
}
/// Each product divided by 2^260, 16 p, is below (A B / 16 + 1.1) p for a of A p and b of B p.
pub(crate) fn assert_product(
    product: &[Vector; 5],
    a: &[Vector; 5],
    b: &[Vector; 5],
    p: &[u64; 5],
) {
    if cfg!(debug_assertions) {
        let (a, b) = (ratios(a, p), ratios(b, p));
        let most: [f64; 8] = from_fn(|k| a[k] * b[k] / 16.0 + 1.1);
        let ratios = ratios(product, p);
        assert!((0..8).all(|k| ratios[k] < most[k]), "{ratios:?} {most:?}");
    }
}
/// How many p each number is.
fn ratios(number: &[Vector; 5], p: &[u64; 5]) -> [f64; 8] {
    let size = |low: u64, high: u64| high as f64 * 2_f64.powi(52) + low as f64;
    from_fn(|k| size(number[3][k], number[4][k]) / size(p[3], p[4]))
}
