//! Eight lanes of 64 bits in an array.

use std::array::from_fn;

pub(super) type Vector = [u64; 8];

const LIMB: u64 = (1 << 52) - 1;

pub(super) fn all(value: u64) -> Vector {
    [value; 8]
}
pub(super) fn add(a: Vector, b: Vector) -> Vector {
    from_fn(|k| a[k].wrapping_add(b[k]))
}
pub(super) fn sub(a: Vector, b: Vector) -> Vector {
    from_fn(|k| a[k].wrapping_sub(b[k]))
}
pub(super) fn and(a: Vector, b: Vector) -> Vector {
    from_fn(|k| a[k] & b[k])
}
pub(super) fn left<const BITS: u32>(a: Vector) -> Vector {
    a.map(|lane| lane << BITS)
}
pub(super) fn right<const BITS: u32>(a: Vector) -> Vector {
    a.map(|lane| lane >> BITS)
}
pub(super) fn right_signed<const BITS: u32>(a: Vector) -> Vector {
    a.map(|lane| (lane.cast_signed() >> BITS).cast_unsigned())
}
pub(super) fn right_pair<const BITS: i32>(low: Vector, high: Vector) -> Vector {
    from_fn(|k| ((u128::from(high[k]) << 64 | u128::from(low[k])) >> BITS) as u64)
}
pub(super) fn low(sum: Vector, a: Vector, b: Vector) -> Vector {
    from_fn(|k| {
        sum[k].wrapping_add((u128::from(a[k] & LIMB) * u128::from(b[k] & LIMB)) as u64 & LIMB)
    })
}
pub(super) fn high(sum: Vector, a: Vector, b: Vector) -> Vector {
    from_fn(|k| {
        sum[k].wrapping_add(((u128::from(a[k] & LIMB) * u128::from(b[k] & LIMB)) >> 52) as u64)
    })
}
pub(super) fn pick(mask: u8, a: Vector, b: Vector) -> Vector {
    from_fn(|k| if mask >> k & 1 == 1 { b[k] } else { a[k] })
}
pub(super) fn swap<const BY: u8>(a: Vector) -> Vector {
    from_fn(|k| a[k ^ usize::from(BY)])
}
pub(super) fn load(point: &super::super::point::Affine) -> Vector {
    from_fn(|k| if k < 4 { point.x[k] } else { point.y[k - 4] })
}
pub(super) fn lanes_of(a: Vector) -> [u64; 8] {
    a
}
pub(super) fn transpose(rows: [Vector; 8]) -> [Vector; 8] {
    from_fn(|k| from_fn(|j| rows[j][k]))
}
