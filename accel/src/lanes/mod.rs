//! Eight lanes of 64 bits, as registers of AVX-512 and as arrays.
//!
//! What computes in lanes is written once, over `vector::Vector`, in items inside the macro `lanes!`. It is compiled twice: in a module
//! where `vector` is `registers` and the macro asks for the processor's features, and in one where it is `arrays` and the
//! macro adds nothing. The second is the model that the first is held against, and runs where there is no AVX-512.

// Every index is a constant, or the counter of a loop over an array whose size is a constant. What could overflow is bounded where
// it stands, panics in a test, and is meant where it says `wrapping`. The conversions cut words off.
#![allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::needless_range_loop
)]

/// Every function asks for what the registers take.
#[cfg(target_arch = "x86_64")]
macro_rules! over_registers {
    ($($item:item)*) => { $(
        #[inline]
        #[target_feature(enable = "avx512f,avx512dq,avx512ifma,avx512vbmi2")]
        $item
    )* };
}
/// Every function is as it stands.
macro_rules! over_arrays {
    ($($item:item)*) => { $( $item )* };
}
pub(crate) use over_arrays;
#[cfg(target_arch = "x86_64")]
pub(crate) use over_registers;

pub(crate) mod arrays;
#[cfg(target_arch = "x86_64")]
pub(crate) mod registers;
mod tier;

pub use tier::Tier;

/// The bits of a limb: what one multiplication takes of each lane.
pub(crate) const LIMB_BITS: u32 = 52;
/// 2^52 - 1.
pub(crate) const LIMB: u64 = (1 << LIMB_BITS) - 1;
