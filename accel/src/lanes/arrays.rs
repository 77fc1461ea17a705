//! Eight lanes in an array.

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
