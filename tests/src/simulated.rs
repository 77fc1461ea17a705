//! A key server without sockets, in tokio's paused time: what takes minutes for a client takes a moment for its test.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use asap_engine::internals::{
    SimulatedResponse, SimulatedSending, World, simulated_key_set_repository, simulated_repository,
};
use asap_engine::{
    KeyRepository, KeyRepositoryConfig, KeySetFormat, KeySetRepository, KeySetRepositoryConfig,
};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use tokio::time::{Instant, sleep};

use crate::keys::public_key_pem;

/// What the server does with a request, given how many it had before.
type Script = Box<dyn Fn(usize, Request<()>) -> Answering + Send + Sync>;

/// How an answer comes about.
pub type Answering = Pin<Box<dyn Future<Output = io::Result<SimulatedResponse>> + Send>>;

/// The server, and the machine of its client.
pub struct SimulatedServer {
    script: Script,
    start: Instant,
    asked: Mutex<Vec<Duration>>,
    random: AtomicU64,
}

impl std::fmt::Debug for SimulatedServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimulatedServer").finish_non_exhaustive()
    }
}

impl SimulatedServer {
    /// A server that answers as `script` says.
    pub fn new<A>(script: impl Fn(usize, Request<()>) -> A + Send + Sync + 'static) -> Arc<Self>
    where
        A: Future<Output = io::Result<SimulatedResponse>> + Send + 'static,
    {
        Arc::new(Self {
            script: Box::new(move |number, request| Box::pin(script(number, request))),
            start: Instant::now(),
            asked: Mutex::default(),
            random: AtomicU64::new(0),
        })
    }

    /// A server that takes `delay` to give everyone the same new key, to be cached so.
    #[must_use]
    pub fn giving_everyone(cache_control: &'static str, delay: Duration) -> Arc<Self> {
        let pem = public_key_pem();
        Self::new(move |_, _| {
            let pem = pem.clone();
            async move {
                sleep(delay).await;
                Ok(simulated_reply(
                    200,
                    &[("cache-control", cache_control)],
                    pem,
                ))
            }
        })
    }

    /// A client of this server.
    #[must_use]
    pub fn client(self: &Arc<Self>) -> KeyRepository {
        self.client_with(|config| config)
    }

    /// A client of this server that is told more.
    pub fn client_with(
        self: &Arc<Self>,
        configure: impl FnOnce(KeyRepositoryConfig) -> KeyRepositoryConfig,
    ) -> KeyRepository {
        let config = KeyRepositoryConfig::new("https://keys.example").unwrap();
        simulated_repository(configure(config), Arc::clone(self)).unwrap()
    }

    /// A client of the key set that this server has.
    pub fn set_client(
        self: &Arc<Self>,
        format: KeySetFormat,
        configure: impl FnOnce(KeySetRepositoryConfig) -> KeySetRepositoryConfig,
    ) -> KeySetRepository {
        let config = KeySetRepositoryConfig::new(format, "https://keys.example/set.json").unwrap();
        simulated_key_set_repository(configure(config), Arc::clone(self)).unwrap()
    }

    /// When it was asked, since it was made.
    #[must_use]
    pub fn asked(&self) -> Vec<Duration> {
        self.asked.lock().unwrap().clone()
    }
}

impl World for SimulatedServer {
    fn send(&self, request: Request<()>, _: bool) -> SimulatedSending {
        let number = {
            let mut asked = self.asked.lock().unwrap();
            asked.push(self.start.elapsed());
            asked.len() - 1
        };
        (self.script)(number, request)
    }

    /// In step with the paused time.
    fn time_of_day(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000) + self.start.elapsed()
    }

    /// The same numbers in each run, spread widely.
    fn random(&self) -> u64 {
        let number = self.random.fetch_add(1, Ordering::Relaxed);
        number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 7
    }
}

/// A response of `status` with these headers and this body.
#[must_use]
pub fn simulated_reply(
    status: u16,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> SimulatedResponse {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    let body = Full::new(body.into()).map_err(|never| match never {});
    response.body(body.boxed_unsync()).unwrap()
}

/// Runs `test` in time that stands still while anything can go on, and jumps when nothing can.
pub fn in_paused_time<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(test)
}
