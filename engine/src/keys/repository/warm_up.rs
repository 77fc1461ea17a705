//! What became of the keys that a gateway asked for before it opened.

/// The result of [`KeyRepository::warm_up`](super::KeyRepository::warm_up): a `kid` that was named twice is here twice.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct WarmUp {
    /// How many keys are at hand now.
    pub at_hand: usize,
    /// The `kid`s of which the repository says that there is no such key.
    pub unknown: Vec<Box<str>>,
    /// The `kid`s whose keys could not be asked for, or not in time: another attempt may find them.
    pub unavailable: Vec<Box<str>>,
    /// The `kid`s whose keys are there, but whose responses may not be kept: each token will have its key fetched.
    pub not_kept: Vec<Box<str>>,
}
