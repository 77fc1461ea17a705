//! What the tables of keys take that the engine's kernels have.

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
