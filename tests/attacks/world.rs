//! Where the keys of all paths come from: three keyrings, and one key server for the whole run with six clients
//! of it.

use std::collections::HashMap;
use std::future::ready;
use std::sync::{Arc, LazyLock, Mutex};

use asap_engine::{
    Algorithm, Backend, KeyError, KeyId, KeyRepository, KeyRepositoryConfig, KeySource, Keyring,
    Lookup, VerifyingKey,
};
use asap_tests::backends::known_to_ring;
use asap_tests::fixture::keyring;
use asap_tests::key_client::without_rates;
use asap_tests::key_server::{Asked, KeyServer, Reply, cached, reply};
use asap_tests::keys::{key, other_key};
use tokio::runtime::Runtime;

use crate::case::Case;

/// The paths of the key server that were asked for.
pub(crate) fn paths_asked() -> Vec<String> {
    let asked = WORLD.server.asked();
    asked.into_iter().map(|one| one.path).collect()
}

/// A URL on the key server, whose certificate is trusted.
pub(crate) fn server_url(path: &str) -> String {
    WORLD.server.url(path)
}

/// A source whose keys have all to be fetched.
#[derive(Debug)]
pub(crate) struct Waiting(pub(crate) Arc<Keyring>);

impl KeySource for Waiting {
    fn with_key<T>(&self, _: KeyId<'_>, _: impl FnOnce(&VerifyingKey) -> T) -> Lookup<T> {
        Lookup::NotLoaded
    }

    async fn fetch(&self, key_id: KeyId<'_>, issuer: &str) -> Result<Arc<VerifyingKey>, KeyError> {
        self.0.fetch(key_id, issuer).await
    }
}

/// All the keys of the fixture.
pub(crate) static AWS_LC: LazyLock<Arc<Keyring>> =
    LazyLock::new(|| Arc::new(keyring(Algorithm::ALL, Backend::AwsLc)));

/// The same, for the kernels.
pub(crate) static ACCEL: LazyLock<Arc<Keyring>> =
    LazyLock::new(|| Arc::new(keyring(Algorithm::ALL, Backend::Accel)));

/// Those that ring knows.
pub(crate) static RING: LazyLock<Arc<Keyring>> = LazyLock::new(|| {
    let known = Algorithm::ALL.iter().copied();
    let known: Vec<_> = known.filter(|one| known_to_ring(*one)).collect();
    Arc::new(keyring(&known, Backend::Ring))
});

/// One key server for the whole run, and two clients of it on each backend.
pub(crate) struct World {
    pub(crate) runtime: Runtime,
    server: KeyServer,
    published: Published,
    repository: Clients,
    uncached: Clients,
}

/// A client on each backend.
struct Clients {
    aws_lc: Arc<KeyRepository>,
    ring: Arc<KeyRepository>,
    accel: Arc<KeyRepository>,
}

impl Clients {
    fn on(&self, backend: Backend, case: &Case) -> Option<&Arc<KeyRepository>> {
        match backend {
            Backend::Ring => case.known_to_ring.then_some(&self.ring),
            Backend::Accel => Some(&self.accel),
            _ => Some(&self.aws_lc),
        }
    }
}

/// What the server publishes for each `kid`.
type Published = Arc<Mutex<HashMap<String, Vec<u8>>>>;

pub(crate) static WORLD: LazyLock<World> = LazyLock::new(World::start);

impl World {
    fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let published = Published::default();
        let script = Arc::clone(&published);
        let server = runtime.block_on(KeyServer::https(move |asked| {
            ready(answer(&script, &asked))
        }));
        let client = |path: &str, backend| {
            let config = KeyRepositoryConfig::new(&server.url(path)).unwrap();
            // Thousands of cases ask in vain, and each is to get its code.
            let config = without_rates(config);
            let config = config.with_root_certificates(server.ca_pem()).unwrap();
            let _inside = runtime.enter();
            Arc::new(KeyRepository::new(config.with_backend(backend)).unwrap())
        };
        let clients = |path| Clients {
            aws_lc: client(path, Backend::AwsLc),
            ring: client(path, Backend::Ring),
            accel: client(path, Backend::Accel),
        };
        let (repository, uncached) = (clients("/keys"), clients("/uncached"));
        let world = Self {
            runtime,
            server,
            published,
            repository,
            uncached,
        };
        for algorithm in Algorithm::ALL {
            let (one, other) = (key(*algorithm), other_key(*algorithm));
            for (key_id, key) in [
                ("client/", one),
                ("client/other-", other),
                ("neighbour/", other),
            ] {
                world.publish(
                    &format!("{key_id}{algorithm}"),
                    key.public_key_pem().as_bytes(),
                );
            }
        }
        world
    }

    /// The client that keeps what it fetched, if its backend knows the key of the case.
    pub(crate) fn repository(&self, backend: Backend, case: &Case) -> Option<&Arc<KeyRepository>> {
        self.repository.on(backend, case)
    }

    /// The client that may keep nothing, if its backend knows the key of the case.
    pub(crate) fn uncached(&self, backend: Backend, case: &Case) -> Option<&Arc<KeyRepository>> {
        self.uncached.on(backend, case)
    }

    /// A `kid` keeps its key, since the clients keep what they fetched.
    pub(crate) fn publish(&self, key_id: &str, pem: &[u8]) {
        let mut published = self.published.lock().unwrap();
        let before = published.insert(key_id.to_owned(), pem.to_vec());
        assert!(
            before.is_none_or(|before| before == pem),
            "two keys of {key_id}"
        );
    }
}

fn answer(published: &Mutex<HashMap<String, Vec<u8>>>, asked: &Asked) -> Reply {
    let published = published.lock().unwrap();
    let (cache_control, key_id) = match asked.path.strip_prefix("/keys/") {
        Some(key_id) => ("max-age=3600", key_id),
        None => (
            "no-store",
            asked.path.strip_prefix("/uncached/").unwrap_or(""),
        ),
    };
    match published.get(key_id) {
        Some(pem) => cached(cache_control, pem.clone()),
        None => reply(404, &[], ""),
    }
}
