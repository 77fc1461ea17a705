//! Asks a repository that is down until it answers again, so that no fetch has to find out.
//!
//! One task per repository that is down and wanted, with a pause between two questions that grows up to a bound. It does
//! not wait for one answer before the next question: a question that was swallowed while the server hung does not delay
//! the news that it is back. The task holds repository and fetcher weakly, and the repository ends it when it is dropped.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, timeout};

use super::environment::Environment;
use super::failure::Failure;
use super::fetch::Fetcher;
use super::origin::{Origin, Said};
use crate::KeyId;

tokio::task_local! {
    /// Set where a question is asked, so that a simulated network can tell it from a fetch.
    static ASKING: ();
}

/// Whether the request that is being sent is a prober's.
#[cfg(feature = "internals")]
pub(super) fn is_asking() -> bool {
    ASKING.try_with(|()| ()).is_ok()
}

/// What a prober needs.
pub(super) struct Prober<V> {
    pub(super) repository: Weak<Origin>,
    pub(super) fetcher: Weak<Fetcher<V>>,
    pub(super) environment: Arc<dyn Environment>,
    /// The deadline of one question.
    pub(super) deadline: Duration,
}

/// What came of one question.
struct Probed {
    key_id: Box<str>,
    asked: Instant,
    said: Said,
}

/// Says, however the task ends, that nobody probes any more.
struct Probing(Weak<Origin>);

impl Drop for Probing {
    fn drop(&mut self) {
        if let Some(repository) = self.0.upgrade() {
            repository.end_probing();
        }
    }
}

impl<V: Send + Sync + 'static> Prober<V> {
    /// Begins to probe, in the runtime that this is called in. The caller has been told to by
    /// [`Origin::begin_probing`].
    pub(super) fn start(self) -> AbortHandle {
        tokio::spawn(self.run()).abort_handle()
    }

    async fn run(self) {
        let mut probing = Probing(self.repository.clone());
        let mut probes = JoinSet::new();
        while let Some(pause) = self.pause() {
            // Over when the time is, or with the first answer that is none of an outage.
            let _ = timeout(pause, self.recovery(&mut probes)).await;
            let (Some(repository), Some(fetcher)) =
                (self.repository.upgrade(), self.fetcher.upgrade())
            else {
                return;
            };
            let Some(key_id) = repository.next_probe() else {
                // From that call on another prober may be at work, whose end this one must not tell.
                probing.0 = Weak::new();
                return;
            };
            probes.spawn(probe(fetcher, repository, key_id, self.deadline));
        }
    }

    fn pause(&self) -> Option<Duration> {
        let repository = self.repository.upgrade()?;
        Some(repository.probe_pause(self.environment.random()))
    }

    /// Waits until a probe has been answered, and notes the outages that others meet.
    async fn recovery(&self, probes: &mut JoinSet<Option<Probed>>) {
        while let Some(probed) = probes.join_next().await {
            let (Ok(Some(probed)), Some(repository)) = (probed, self.repository.upgrade()) else {
                continue;
            };
            let Some(key_id) = KeyId::parse(&probed.key_id) else {
                continue;
            };
            repository.note(key_id, probed.asked, &probed.said);
            if !matches!(probed.said, Said::Nothing(_)) {
                return;
            }
        }
        std::future::pending().await
    }
}

/// One question. The answer is not used for anything else: it is nobody's fetch.
fn probe<V>(
    fetcher: Arc<Fetcher<V>>,
    repository: Arc<Origin>,
    key_id: Box<str>,
    deadline: Duration,
) -> impl Future<Output = Option<Probed>> {
    let base = repository.base().clone();
    drop(repository);
    ASKING.scope((), async move {
        let asked = Instant::now();
        let said = {
            let asking = fetcher.fetch_from(&base, KeyId::parse(&key_id)?, None);
            match timeout(deadline, asking).await {
                Ok(found) => Said::of(found.as_ref().map(|(found, ..)| found)),
                Err(_) => Said::Nothing(Failure::Deadline),
            }
        };
        Some(Probed {
            key_id,
            asked,
            said,
        })
    })
}
