//! A key repository whose network, time of day and chance a test plays (feature `internals`). Everything between is the
//! real client; monotonic time is tokio's, which a test may pause.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use foldhash::SharedSeed;
use foldhash::fast::SeedableRandomState;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;

use super::environment::Environment;
use super::failure::Failure;
use super::prober::is_asking;
use super::transport::{Destination, Sending, Transport};
use super::{KeyRepository, KeyRepositoryConfig, KeySetRepository, KeySetRepositoryConfig};
use crate::ConfigError;

/// A response that a test plays: its head, and a body that arrives as the test wants or breaks off.
pub type SimulatedResponse = Response<UnsyncBoxBody<Bytes, io::Error>>;

/// How the response to one request comes about.
pub type SimulatedSending = Pin<Box<dyn Future<Output = io::Result<SimulatedResponse>> + Send>>;

/// Among the extensions of a request that no fetch made: it asks whether a repository that was down answers again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Probe;

/// What a simulated client finds around itself.
pub trait World: Send + Sync + 'static {
    /// Brings the head of the response to `request`, or the error of a connection that fails.
    fn send(&self, request: Request<()>, is_redirected: bool) -> SimulatedSending;

    /// The time of day.
    fn time_of_day(&self) -> SystemTime;

    /// The next random number.
    fn random(&self) -> u64;
}

/// A client of the key servers in `world`.
///
/// # Errors
///
/// As [`KeyRepository::new`].
pub fn simulated_repository<W: World>(
    config: KeyRepositoryConfig,
    world: Arc<W>,
) -> Result<KeyRepository, ConfigError> {
    config.check()?;
    let played = Arc::new(Played(world));
    let transport: Arc<Played<W>> = Arc::clone(&played);
    KeyRepository::assemble(&config, transport, played)
}

/// A client of the key set in `world`.
///
/// # Errors
///
/// As [`KeySetRepository::new`].
pub fn simulated_key_set_repository<W: World>(
    config: KeySetRepositoryConfig,
    world: Arc<W>,
) -> Result<KeySetRepository, ConfigError> {
    config.check()?;
    let played = Arc::new(Played(world));
    let transport: Arc<Played<W>> = Arc::clone(&played);
    KeySetRepository::assemble(&config, transport, played)
}

struct Played<W>(Arc<W>);

impl<W: World> Transport for Played<W> {
    fn send(&self, mut request: Request<()>, to: Destination) -> Sending<'_> {
        if is_asking() {
            request.extensions_mut().insert(Probe);
        }
        let sending = self.0.send(request, to != Destination::Repository);
        Box::pin(async move { sending.await.map_err(|error| Failure::of(&error)) })
    }
}

impl<W: World> Environment for Played<W> {
    fn time_of_day(&self) -> SystemTime {
        self.0.time_of_day()
    }

    fn random(&self) -> u64 {
        self.0.random()
    }

    fn hasher(&self) -> SeedableRandomState {
        SeedableRandomState::with_seed(self.0.random(), SharedSeed::global_fixed())
    }
}
