//! Having memory brought near before it is looked at: a hint, which the feature `accel` can give. Without it, nothing is
//! done.

/// Whether hints can be given.
pub(super) const IS_AVAILABLE: bool = cfg!(feature = "accel");

const LINE: usize = 64;

/// Asks for the line in which `place` begins.
#[inline]
pub(super) fn line<T>(place: &T) {
    #[cfg(feature = "accel")]
    asap_accel::prefetch(place);
    #[cfg(not(feature = "accel"))]
    let _ = place;
}

/// Asks for all lines of `bytes`.
#[inline]
pub(super) fn bytes(bytes: &[u8]) {
    bytes.chunks(LINE).filter_map(<[u8]>::first).for_each(line);
}
