//! Which fetches may begin: the limits that a flood of tokens meets.
//!
//! A key that is already in the cache has places of its own, so that a flood of unknown keys cannot keep good ones from
//! being refreshed. Nothing queues: over the limit is refused at once.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The limits on fetches. A limit on their rate, per issuer and over all, belongs here too: it would see what
/// [`Admission::admit`] sees.
#[derive(Debug)]
pub(super) struct Admission {
    first_fetches: Arc<Semaphore>,
    revalidations: Arc<Semaphore>,
}

/// What a fetch is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose<'a> {
    /// Nothing is known of the key; it may not exist.
    FirstFetch {
        /// Who owns the key, as a token claims that nobody has verified.
        issuer: &'a str,
    },
    /// The key was once fetched.
    Revalidation,
}

impl Admission {
    /// At most `max_concurrent` fetches of either purpose.
    pub(super) fn new(max_concurrent: usize) -> Self {
        Self {
            first_fetches: Arc::new(Semaphore::new(max_concurrent)),
            revalidations: Arc::new(Semaphore::new(max_concurrent)),
        }
    }

    /// A place for a fetch, to be held for as long as it runs.
    pub(super) fn admit(&self, purpose: Purpose<'_>) -> Option<OwnedSemaphorePermit> {
        let places = match purpose {
            Purpose::FirstFetch { .. } => &self.first_fetches,
            Purpose::Revalidation => &self.revalidations,
        };
        Arc::clone(places).try_acquire_owned().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_keys_cannot_take_the_places_of_known_ones() {
        let admission = Admission::new(2);
        let first = Purpose::FirstFetch { issuer: "svc" };
        let held = [first; 2].map(|purpose| admission.admit(purpose).unwrap());
        assert!(admission.admit(first).is_none());
        assert!(admission.admit(Purpose::Revalidation).is_some());
        drop(held);
        assert!(admission.admit(first).is_some());
    }
}
