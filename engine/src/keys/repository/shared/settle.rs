//! What becomes of an answer: the cache is brought up to date, and those who wait are told.

use std::sync::Arc;

use super::{Fetch, Fetched, Runtime, Shared};
use crate::KeyId;
use crate::keys::KeyError;
use crate::keys::repository::entry::Entry;
use crate::keys::repository::environment::MonotonicClock;
use crate::keys::repository::fetch::{Answer, Reuse};
use crate::keys::repository::refresher::Schedule;
use crate::keys::repository::stats::Outcome;

impl<F: Fetch, S: Runtime> Shared<F, S> {
    /// Brings the cache up to date with an answer, and tells what those who wait get.
    pub(super) fn settle(
        &self,
        key_id: KeyId<'_>,
        known: Option<Arc<Entry<F::Document>>>,
        answer: Answer<F::Document>,
    ) -> Fetched<F::Document> {
        self.stats.ended(match &answer {
            Answer::Key { .. } => Outcome::Key,
            Answer::Unchanged { .. } => Outcome::Unchanged,
            Answer::NoSuchKey => Outcome::NotFound,
            Answer::Withdrawn(failure) | Answer::Failed(failure) => Outcome::Failed(failure),
        });
        match (answer, known) {
            (
                Answer::Key {
                    key,
                    body_length,
                    reuse,
                },
                known,
            ) => {
                let key = Arc::new(key);
                self.store(key_id, &key, body_length, reuse);
                if let Some(known) = known {
                    // After the store: whoever looks meanwhile finds one or the other.
                    self.cache.remove(&known);
                }
                Ok(key)
            }
            (Answer::Unchanged { reuse }, Some(known)) => {
                let key = Arc::clone(known.key());
                self.renew(&known, reuse);
                Ok(key)
            }
            (answer @ (Answer::NoSuchKey | Answer::Withdrawn(_)), known) => {
                if let Some(known) = known {
                    self.cache.remove(&known);
                }
                Err(match answer {
                    Answer::NoSuchKey => KeyError::Unknown,
                    _ => KeyError::Unavailable,
                })
            }
            (Answer::Failed(failure), Some(known)) => {
                let now = self.clock.now();
                known.could_not_refresh(now, failure.allows_stale(), self.random());
                self.schedule.add(&known);
                if known.is_usable(now) {
                    Ok(Arc::clone(known.key()))
                } else {
                    Err(KeyError::Unavailable)
                }
            }
            (Answer::Failed(_) | Answer::Unchanged { .. }, None) => Err(KeyError::Unavailable),
        }
    }

    fn store(&self, key_id: KeyId<'_>, key: &Arc<F::Document>, body_length: usize, reuse: Reuse) {
        let Reuse {
            response,
            lifetime,
            asked,
        } = reuse;
        if lifetime.is_reusable() {
            let asked = self.clock.moment(asked);
            let key = Arc::clone(key);
            let entry = Entry::new(
                key_id.as_str(),
                key,
                body_length,
                response,
                asked,
                &lifetime,
                self.random(),
            );
            let entry = Arc::new(entry);
            self.cache.insert(&entry, self.clock.now());
            self.schedule.add(&entry);
        }
    }

    fn renew(&self, known: &Arc<Entry<F::Document>>, reuse: Reuse) {
        let Reuse {
            response,
            lifetime,
            asked,
        } = reuse;
        if lifetime.is_reusable() {
            known.renew(response, self.clock.moment(asked), &lifetime, self.random());
            self.cache.keep(known);
            self.schedule.add(known);
        } else {
            self.cache.remove(known);
        }
    }
}

/// The duty to refresh a key. However the attempt ends, another one becomes possible.
pub(super) struct RefreshClaim<V> {
    pub(super) claimed: Option<Arc<Entry<V>>>,
    pub(super) clock: MonotonicClock,
    pub(super) schedule: Arc<Schedule<V>>,
    pub(super) random: u64,
}

impl<V> Drop for RefreshClaim<V> {
    fn drop(&mut self) {
        if let Some(entry) = &self.claimed
            && entry.postpone_claimed(self.clock.now(), self.random)
        {
            self.schedule.add(entry);
        }
    }
}
