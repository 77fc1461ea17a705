//! What the tables of keys take that the engine's kernels have, and what they may: in a build without kernels none and nothing.

#[cfg(feature = "accel")]
pub use asap_engine::limit_key_tables;
#[cfg(feature = "accel")]
pub use asap_engine::limits::DEFAULT_KEY_TABLE_BYTES;

/// What they may take unless told otherwise.
#[cfg(not(feature = "accel"))]
pub const DEFAULT_KEY_TABLE_BYTES: usize = 0;

/// Does nothing.
#[cfg(not(feature = "accel"))]
pub const fn limit_key_tables(_: usize) {}

/// How many tables there are, and their bytes. `None` in a build without kernels.
#[cfg(feature = "accel")]
#[must_use]
pub fn key_tables() -> Option<(usize, usize)> {
    let tables = asap_engine::accel_stats().tables;
    Some((tables.tables, tables.bytes))
}

/// How many tables there are, and their bytes. `None` in a build without kernels.
#[cfg(not(feature = "accel"))]
#[must_use]
pub const fn key_tables() -> Option<(usize, usize)> {
    None
}
