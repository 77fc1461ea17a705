//! What the window asks of the machine's memory: hints, which change when it is fast and never what is in it. Without the
//! feature `accel`, nothing.

#[cfg(feature = "accel")]
pub(super) use asap_accel::{prefer_huge_pages, prefetch};
#[cfg(not(feature = "accel"))]
pub(super) use without::{prefer_huge_pages, prefetch};

/// Whether a prefetch does anything: what it takes to know the line is spared where it does not.
pub(super) const PREFETCHES: bool = cfg!(feature = "accel");

#[cfg(not(feature = "accel"))]
mod without {
    use std::mem::MaybeUninit;

    pub(in crate::replay) const fn prefetch<T>(_place: &T) {}

    pub(in crate::replay) const fn prefer_huge_pages<T>(_memory: &mut [MaybeUninit<T>]) -> bool {
        false
    }
}
