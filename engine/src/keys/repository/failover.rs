//! Several repositories: who is asked for a key, in which order, and what their answers mean together.
//!
//! ```text
//! those that are up, in order ─ an outage ─▶ the next ─ all of them ─▶ those that were passed by, in order
//!                             └ any other answer ends it; a 404 only if the repositories do not hold the same keys
//! ```
//!
//! One that is down is passed by, and its silence counts as an outage: that there is no such key is certain only if
//! nobody who comes before has been silent. With one repository there is no choice, and every fetch asks it.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use tokio::time::{Instant, timeout};

use super::config::KeyRepositoryConfig;
use super::environment::{Environment, MonotonicClock};
use super::failure::Failure;
use super::fetch::{Answer, Fetcher, Found, Reading, Reuse};
use super::freshness::{Lifetime, StoredResponse};
use super::health::Turn;
use super::origin::{Origin, Said};
use super::prober::Prober;
use super::shared::Fetch;
use super::snapshot::RepositoryStats;
use super::transport::Transport;
use super::url::BaseUrl;
use crate::{KeyId, VerifyingKey, limits};

/// The repositories of a client.
pub(super) struct Failover<V = VerifyingKey> {
    repositories: Vec<Arc<Origin>>,
    fetcher: Arc<Fetcher<V>>,
    environment: Arc<dyn Environment>,
    fallback_on_not_found: bool,
    minimum_freshness: Duration,
    fetch_deadline: Duration,
    probe_deadline: Duration,
}

/// One fetch on its way through the repositories.
struct Search<'a> {
    key_id: KeyId<'a>,
    stored: Option<&'a StoredResponse>,
    start: Instant,
    /// How many repositories may still be asked.
    left: u32,
    /// Who has not answered, by rank, and why.
    silent: Vec<(usize, Failure)>,
    is_answered: bool,
}

impl<V: Send + Sync + 'static> Failover<V> {
    /// Asks the repositories of `config` through `transport`. It asks nothing yet.
    pub(super) fn new(
        config: &KeyRepositoryConfig,
        reading: Reading<V>,
        transport: Arc<dyn Transport>,
        environment: Arc<dyn Environment>,
    ) -> Self {
        let clock = MonotonicClock::start();
        let repository = |base: &BaseUrl| Arc::new(Origin::new(base.clone(), clock));
        let fetcher = Fetcher::new(config, reading, transport, Arc::clone(&environment));
        Self {
            repositories: config.repositories.iter().map(repository).collect(),
            fetcher: Arc::new(fetcher),
            environment,
            fallback_on_not_found: config.fallback_on_not_found,
            minimum_freshness: config.minimum_freshness,
            fetch_deadline: config.fetch_deadline,
            probe_deadline: config.headers_deadline.min(limits::PROBE_DEADLINE),
        }
    }

    /// Asks one repository for its share of what is left of the deadline.
    async fn ask(
        &self,
        rank: usize,
        repository: &Arc<Origin>,
        search: &mut Search<'_>,
    ) -> ControlFlow<Answer<V>> {
        let share = self
            .fetch_deadline
            .saturating_sub(search.start.elapsed())
            .checked_div(search.left)
            .unwrap_or_default();
        search.left = search.left.saturating_sub(1);
        search.silent.retain(|(silent, _)| *silent != rank);
        let asked = Instant::now();
        let asking = self
            .fetcher
            .fetch_from(repository.base(), search.key_id, search.stored);
        let found = timeout(share, asking)
            .await
            .unwrap_or(Err(Failure::Deadline));
        report(repository.base(), search.key_id, &found);
        let said = Said::of(found.as_ref().map(|(found, ..)| found));
        repository.note(search.key_id, asked, &said);
        if matches!(said, Said::Key) {
            for other in &self.repositories {
                other.served_elsewhere(search.key_id);
            }
        }
        if let Said::Nothing(failure) = said {
            repository.want(search.key_id);
            self.probe_if_down(repository);
            search.silent.push((rank, failure));
            return ControlFlow::Continue(());
        }
        search.is_answered = true;
        self.weigh(rank, search, found)
    }

    /// What an answer means after those before it.
    fn weigh(
        &self,
        rank: usize,
        search: &Search<'_>,
        found: Result<(Found<V>, Lifetime, Instant), Failure>,
    ) -> ControlFlow<Answer<V>> {
        let (found, lifetime, asked) = match found {
            Ok(found) => found,
            Err(failure) => return ControlFlow::Break(Answer::Failed(failure)),
        };
        let reuse = |response| Reuse {
            response,
            lifetime: lifetime.at_least(self.minimum_freshness),
            asked,
        };
        ControlFlow::Break(match found {
            Found::Key {
                key,
                body_length,
                response,
            } => Answer::Key {
                key,
                body_length,
                reuse: reuse(response),
            },
            Found::Unchanged { response } => Answer::Unchanged {
                reuse: reuse(response),
            },
            Found::NoSuchKey(StatusCode::NOT_FOUND) if self.fallback_on_not_found => {
                return ControlFlow::Continue(());
            }
            Found::NoSuchKey(_) if self.fallback_on_not_found => search.conclusion(),
            Found::NoSuchKey(_) | Found::Redirect { .. } => search.no_such_key(rank),
        })
    }

    /// Has a repository probed that is down, if there is another one to ask meanwhile.
    fn probe_if_down(&self, repository: &Arc<Origin>) {
        if self.repositories.len() > 1 && repository.begin_probing() {
            let prober = Prober {
                repository: Arc::downgrade(repository),
                fetcher: Arc::downgrade(&self.fetcher),
                environment: Arc::clone(&self.environment),
                deadline: self.probe_deadline,
            };
            repository.probed_by(prober.start());
        }
    }
}

impl<V: Send + Sync + 'static> Fetch for Failover<V> {
    type Document = V;

    async fn fetch(&self, key_id: KeyId<'_>, stored: Option<&StoredResponse>) -> Answer<V> {
        let mut search = Search {
            key_id,
            stored,
            start: Instant::now(),
            left: u32::try_from(self.repositories.len()).unwrap_or(u32::MAX),
            silent: Vec::new(),
            is_answered: false,
        };
        let mut passed_by = Vec::new();
        for (rank, repository) in self.repositories.iter().enumerate() {
            match repository.turn(key_id) {
                Turn::Ask => {
                    if let ControlFlow::Break(answer) =
                        self.ask(rank, repository, &mut search).await
                    {
                        return answer;
                    }
                }
                Turn::Skip(failure) => {
                    self.probe_if_down(repository);
                    search.silent.push((rank, failure));
                    passed_by.push((rank, repository));
                }
            }
        }
        // If nobody has answered there is nobody better to ask.
        for (rank, repository) in passed_by {
            if search.is_answered {
                break;
            }
            if let ControlFlow::Break(answer) = self.ask(rank, repository, &mut search).await {
                return answer;
            }
        }
        search.conclusion()
    }

    fn repositories(&self) -> Vec<RepositoryStats> {
        let each = self.repositories.iter();
        each.map(|repository| repository.stats()).collect()
    }
}

impl Search<'_> {
    /// Repositories that hold different keys have not given it: nobody has it if all have answered.
    fn conclusion<V>(&self) -> Answer<V> {
        match self.silent.first() {
            Some((_, failure)) => Answer::Failed(failure.clone()),
            None => Answer::NoSuchKey,
        }
    }

    /// A mirror does not have it. One before it that was silent may still give it to those who wait, but what is stored
    /// of it is gone: the deletion of a key must reach whom it can.
    fn no_such_key<V>(&self, rank: usize) -> Answer<V> {
        match self.silent.iter().find(|(silent, _)| *silent < rank) {
            Some((_, failure)) => Answer::Withdrawn(failure.clone()),
            None => Answer::NoSuchKey,
        }
    }
}

/// For operators who look closely: the repository, the `kid` and what became of it.
fn report<V>(
    base: &BaseUrl,
    key_id: KeyId<'_>,
    found: &Result<(Found<V>, Lifetime, Instant), Failure>,
) {
    let repository = base.as_str();
    match found {
        Ok((Found::NoSuchKey(status), ..)) => {
            tracing::debug!(repository, %key_id, status = status.as_u16(), "there is no such key");
        }
        Ok((Found::Unchanged { .. }, ..)) => {
            tracing::debug!(repository, %key_id, "the key is unchanged");
        }
        Ok(_) => tracing::debug!(repository, %key_id, "the key was fetched"),
        // No warning: an outage would fill the log. That it has begun is one (`origin.rs`).
        Err(failure) => {
            tracing::debug!(repository, %key_id, %failure, "the key could not be fetched");
        }
    }
}
