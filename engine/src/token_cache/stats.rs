//! What monitoring is told of a token cache.

/// The counters of a [`TokenCache`](super::TokenCache) since it was made, and how it stands.
///
/// They are read one after the other while others go on counting, so sums may be out by what happened meanwhile. Reading
/// them takes no lock and holds up nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct TokenCacheStats {
    /// Tokens that were accepted because they had been verified before.
    pub hits: u64,
    /// Tokens that were checked in full, whatever became of them.
    pub misses: u64,
    /// Tokens that were kept.
    pub insertions: u64,
    /// Those of them that had to go, or gave way to the same token under another key.
    pub evictions: u64,
    /// Tokens that are kept, those included that have expired or whose key has gone.
    pub entries: usize,
    /// What they and the cache take, in bytes.
    pub bytes: usize,
    /// What they may take, in bytes.
    pub max_bytes: usize,
}
