//! The constants of the curve -x^2 + y^2 = 1 + d x^2 y^2 (RFC 8032 section 5.1).

use crate::modular::modulus::Modulus;
use crate::modular::words::{self, Words};

/// p = 2^255 - 19.
#[derive(Debug)]
pub(super) struct P;

impl Modulus for P {
    const WORDS: Words = [
        0xffff_ffff_ffff_ffed,
        0xffff_ffff_ffff_ffff,
        0xffff_ffff_ffff_ffff,
        0x7fff_ffff_ffff_ffff,
    ];
}

/// The order of the base point.
#[derive(Debug)]
pub(super) struct L;

impl Modulus for L {
    const WORDS: Words = [
        0x5812_631a_5cf5_d3ed,
        0x14de_f9de_a2f7_9cd6,
        0x0000_0000_0000_0000,
        0x1000_0000_0000_0000,
    ];
}

/// d = -121665 / 121666.
pub(super) const D: Words = [
    0x75eb_4dca_1359_78a3,
    0x0070_0a4d_4141_d8ab,
    0x8cc7_4079_7779_e898,
    0x5203_6cee_2b6f_fe73,
];

/// A square root of -1.
pub(super) const ROOT_OF_MINUS_ONE: Words = [
    0xc4ee_1b27_4a0e_a0b0,
    0x2f43_1806_ad2f_e478,
    0x2b4d_0099_3dfb_d7a7,
    0x2b83_2480_4fc1_df0b,
];

/// The base point, encoded: y = 4/5, and x even.
pub(super) const BASE: [u8; 32] = {
    let mut base = [0x66; 32];
    base[0] = 0x58;
    base
};

/// 2 d in limbs of 52 bits.
pub(super) const TWICE_D_LIMBS: [u64; 5] = {
    const LIMB: u64 = (1 << 52) - 1;
    const TWICE_D: Words = [
        0xebd6_9b94_26b2_f159,
        0x00e0_149a_8283_b156,
        0x198e_80f2_eef3_d130,
        0x2406_d9dc_56df_fce7,
    ];
    [
        TWICE_D[0] & LIMB,
        (TWICE_D[0] >> 52 | TWICE_D[1] << 12) & LIMB,
        (TWICE_D[1] >> 40 | TWICE_D[2] << 24) & LIMB,
        (TWICE_D[2] >> 28 | TWICE_D[3] << 36) & LIMB,
        TWICE_D[3] >> 16,
    ]
};

/// A number of five limbs of 52 bits, below 2^257, modulo p and below it.
pub(super) fn from_limbs(limbs: [u64; 5]) -> Words {
    let above = limbs[4] >> 47;
    let limbs = [
        limbs[0],
        limbs[1],
        limbs[2],
        limbs[3],
        limbs[4] & ((1 << 47) - 1),
    ];
    let words = [
        limbs[0] | limbs[1] << 52,
        limbs[1] >> 12 | limbs[2] << 40,
        limbs[2] >> 24 | limbs[3] << 28,
        limbs[3] >> 36 | limbs[4] << 16,
    ];
    // 2^255 = 19. Below 2^255 + 57, which is below 2 p.
    P::canonical(words::add(&words, &[19 * above, 0, 0, 0]).0)
}
