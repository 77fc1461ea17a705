//! Where a plain token is decoded to.

use std::fmt;
use std::mem::MaybeUninit;

/// What 64 characters stand for, in bytes.
pub(super) const STEP: usize = 48;
/// What one decoding step writes, in bytes: the next step, or nobody, uses what is beyond the first 48.
pub(super) const WRITTEN: usize = 64;

/// The room for so many characters, with a last step that is not full and what is written behind it.
const fn area(characters: usize) -> usize {
    let steps = (characters / 64).saturating_add(1);
    steps.saturating_mul(STEP).saturating_add(WRITTEN - STEP)
}

/// How many steps there are in an area of so many bytes, the last one included.
#[cfg(target_arch = "x86_64")]
pub(super) const fn steps_of(area: usize) -> usize {
    area.saturating_sub(WRITTEN - STEP) / STEP
}

pub(super) const HEADER_AREA: usize = area(super::MAX_HEADER);
pub(super) const PAYLOAD_AREA: usize = area(super::MAX_PAYLOAD);
pub(super) const SIGNATURE_AREA: usize = area(super::MAX_SIGNATURE);

/// Room for one plain token. It allocates nothing, and is not even zeroed: only what a token wrote is read.
pub struct PlainRoom {
    pub(super) header: Area<HEADER_AREA>,
    pub(super) payload: Area<PAYLOAD_AREA>,
    pub(super) signature: Area<SIGNATURE_AREA>,
    #[cfg(target_arch = "x86_64")]
    pub(super) remembered: super::avx512::Remembered,
}

/// The room of one segment, at the start of a cache line.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(super) struct Area<const N: usize>(pub(super) [MaybeUninit<u8>; N]);

impl<const N: usize> Area<N> {
    pub(super) const NEW: Self = Self([MaybeUninit::uninit(); N]);
}

impl PlainRoom {
    /// Room in which nothing stands.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            header: Area::NEW,
            payload: Area::NEW,
            signature: Area::NEW,
            #[cfg(target_arch = "x86_64")]
            remembered: super::avx512::Remembered::NOTHING,
        }
    }
}

impl Default for PlainRoom {
    fn default() -> Self {
        Self::new()
    }
}

/// Room of its own: what stands in this one is no part of it.
impl Clone for PlainRoom {
    fn clone(&self) -> Self {
        Self::new()
    }
}

impl fmt::Debug for PlainRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlainRoom").finish_non_exhaustive()
    }
}
