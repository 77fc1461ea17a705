//! Eight lanes in a register.

use std::arch::x86_64::*;

use super::over_registers as lanes;

pub(crate) type Vector = __m512i;

lanes! {
    pub(crate) fn all(value: u64) -> Vector {
        _mm512_set1_epi64(value.cast_signed())
    }
    pub(crate) fn add(a: Vector, b: Vector) -> Vector {
        _mm512_add_epi64(a, b)
    }
    pub(crate) fn sub(a: Vector, b: Vector) -> Vector {
        _mm512_sub_epi64(a, b)
    }
    pub(crate) fn and(a: Vector, b: Vector) -> Vector {
        _mm512_and_si512(a, b)
    }
    pub(crate) fn left<const BITS: u32>(a: Vector) -> Vector {
        _mm512_slli_epi64::<BITS>(a)
    }
    pub(crate) fn right<const BITS: u32>(a: Vector) -> Vector {
        _mm512_srli_epi64::<BITS>(a)
    }
    /// With the sign.
    pub(crate) fn right_signed<const BITS: u32>(a: Vector) -> Vector {
        _mm512_srai_epi64::<BITS>(a)
    }
    /// The lowest 64 bits of `high << 64 | low`, shifted right.
    pub(crate) fn right_pair<const BITS: i32>(low: Vector, high: Vector) -> Vector {
        _mm512_shrdi_epi64::<BITS>(low, high)
    }
    pub(crate) fn low(sum: Vector, a: Vector, b: Vector) -> Vector {
        _mm512_madd52lo_epu64(sum, a, b)
    }
    pub(crate) fn high(sum: Vector, a: Vector, b: Vector) -> Vector {
        _mm512_madd52hi_epu64(sum, a, b)
    }
    /// b in the lanes of the mask, a in the others.
    pub(crate) fn pick(mask: u8, a: Vector, b: Vector) -> Vector {
        _mm512_mask_blend_epi64(mask, a, b)
    }
    /// Lane k is lane `k ^ BY`.
    pub(crate) fn swap<const BY: u8>(a: Vector) -> Vector {
        match BY {
            1 => _mm512_permutex_epi64::<0b1011_0001>(a),
            2 => _mm512_permutex_epi64::<0b0100_1110>(a),
            _ => _mm512_shuffle_i64x2::<0b0100_1110>(a, a),
        }
    }
    pub(crate) fn load(lanes: &[u64; 8]) -> Vector {
        // SAFETY: the array is 64 readable bytes.
        unsafe { _mm512_loadu_si512(lanes.as_ptr().cast()) }
    }
    /// The lower four lanes; the upper ones are zero.
    pub(crate) fn load_half(lanes: &[u64; 4]) -> Vector {
        // SAFETY: the mask asks for the 32 readable bytes of the array.
        unsafe { _mm512_maskz_loadu_epi64(0x0f, lanes.as_ptr().cast()) }
    }
    pub(crate) fn lanes_of(a: Vector) -> [u64; 8] {
        let mut lanes = [0_u64; 8];
        // SAFETY: the array is 64 writable bytes.
        unsafe { _mm512_storeu_si512(lanes.as_mut_ptr().cast(), a) };
        lanes
    }
    /// Lane k of row j becomes lane j of row k.
    pub(crate) fn transpose(rows: [Vector; 8]) -> [Vector; 8] {
        let [a, b, c, d, e, f, g, h] = rows;
        let (ab0, ab1) = (_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
        let (cd0, cd1) = (_mm512_unpacklo_epi64(c, d), _mm512_unpackhi_epi64(c, d));
        let (ef0, ef1) = (_mm512_unpacklo_epi64(e, f), _mm512_unpackhi_epi64(e, f));
        let (gh0, gh1) = (_mm512_unpacklo_epi64(g, h), _mm512_unpackhi_epi64(g, h));
        let (abcd0, abcd4) = (_mm512_shuffle_i64x2::<0x88>(ab0, cd0), _mm512_shuffle_i64x2::<0xdd>(ab0, cd0));
        let (abcd1, abcd5) = (_mm512_shuffle_i64x2::<0x88>(ab1, cd1), _mm512_shuffle_i64x2::<0xdd>(ab1, cd1));
        let (efgh0, efgh4) = (_mm512_shuffle_i64x2::<0x88>(ef0, gh0), _mm512_shuffle_i64x2::<0xdd>(ef0, gh0));
        let (efgh1, efgh5) = (_mm512_shuffle_i64x2::<0x88>(ef1, gh1), _mm512_shuffle_i64x2::<0xdd>(ef1, gh1));
        [
            _mm512_shuffle_i64x2::<0x88>(abcd0, efgh0),
            _mm512_shuffle_i64x2::<0x88>(abcd1, efgh1),
            _mm512_shuffle_i64x2::<0x88>(abcd4, efgh4),
            _mm512_shuffle_i64x2::<0x88>(abcd5, efgh5),
            _mm512_shuffle_i64x2::<0xdd>(abcd0, efgh0),
            _mm512_shuffle_i64x2::<0xdd>(abcd1, efgh1),
            _mm512_shuffle_i64x2::<0xdd>(abcd4, efgh4),
            _mm512_shuffle_i64x2::<0xdd>(abcd5, efgh5),
        ]
    }
    /// The arrays assert this and the following; registers do not.
    pub(crate) fn assert_at_most(_: &[Vector], _: u64) {}
    pub(crate) fn assert_signed(_: &[Vector]) {}
    pub(crate) fn assert_below(_: &[Vector; 5], _: &[u64; 5], _: f64) {}
    pub(crate) fn assert_product(_: &[Vector; 5], _: &[Vector; 5], _: &[Vector; 5], _: &[u64; 5]) {}
}
