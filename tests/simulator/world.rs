//! Key servers, the network to them, the time of day and chance, all from one seed.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use asap_engine::UnixTime;
use asap_engine::internals::{Probe, SimulatedResponse, SimulatedSending, World as EngineWorld};
use asap_tests::fixture::NOW_SECONDS;
use asap_tests::walk::Walk;
use http::{Request, header};
use http_body_util::combinators::UnsyncBoxBody;
use tokio::time::Instant;

use crate::bodies::PlayedBody;
use crate::faults::{Fault, Weather};
use crate::kid::Kid;
use crate::model::{Model, Sent};
use crate::plan::{Action, Plan, WELL};
use crate::servers::Published;
use crate::trace::Trace;

/// The world of one simulation. Clones are the same world.
#[derive(Clone)]
pub(crate) struct World(pub(crate) Arc<Mutex<State>>);

/// Everything in it.
pub(crate) struct State {
    pub(crate) model: Model,
    pub(crate) trace: Trace,
    start: Instant,
    pub(crate) weathers: Vec<Weather>,
    pub(crate) published: BTreeMap<(usize, Kid), Published>,
    /// By how much the client's clock is off.
    offset: i64,
    pub(crate) chance: Walk,
    client_chance: Walk,
    /// Looked up only: their own numbers differ from run to run.
    tasks: HashMap<tokio::task::Id, u64>,
}

/// What an exchange is about.
pub(crate) struct Asked {
    pub(crate) id: u64,
    pub(crate) kid: Kid,
    pub(crate) repository: usize,
    /// Which redirect of how many this follows.
    pub(crate) hop: Option<(usize, usize)>,
    pub(crate) condition: Option<String>,
    pub(crate) fault: Fault,
}

/// The URL of a repository.
pub(crate) fn base_url(repository: usize) -> String {
    format!("https://r{repository}.example/keys")
}

impl World {
    pub(crate) fn new(seed: u64, plan: &Plan, is_shown: bool) -> Self {
        Self(Arc::new(Mutex::new(State {
            model: Model::new(plan.settings.clone()),
            trace: Trace::new(is_shown),
            start: Instant::now(),
            weathers: vec![WELL; plan.settings.repositories],
            published: BTreeMap::new(),
            offset: 0,
            chance: Walk(seed ^ 0xc4a0_ce00_0000_0000),
            client_chance: Walk(seed ^ 0xc11e_4700_0000_0000),
            tasks: HashMap::new(),
        })))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Does what the timeline says; calls are not for the world.
    pub(crate) fn act(&self, action: &Action) {
        let mut state = self.lock();
        state.note("act", &[], action);
        match action {
            Action::Publish {
                repository,
                kid,
                key,
                caching,
            } => state.publish(*repository, *kid, *key, caching.clone()),
            Action::Change {
                repository,
                weather,
            } => state.weathers[*repository] = *weather,
            Action::StepClock { seconds } => state.offset = *seconds,
            Action::Heal => state.heal(),
            Action::Call(_) => {}
        }
    }

    /// The client's time of day.
    pub(crate) fn client_time(&self) -> UnixTime {
        SystemTime::from(ClientTime(self.lock().client_time())).into()
    }
}

/// A time of day, since 1970.
struct ClientTime(Duration);

impl From<ClientTime> for SystemTime {
    fn from(time: ClientTime) -> Self {
        UNIX_EPOCH + time.0
    }
}

impl State {
    /// How long the simulation has run.
    pub(crate) fn now(&self) -> Duration {
        Instant::now().duration_since(self.start)
    }

    pub(crate) fn note(&mut self, what: &str, numbers: &[u64], detail: &dyn std::fmt::Debug) {
        let now = self.now();
        self.trace.note(now, what, numbers, detail);
    }

    /// What a server that is asked first would say of a key, and if it has none the next.
    pub(crate) fn owner_generation(&self, kid: Kid) -> Option<usize> {
        (0..self.weathers.len())
            .find_map(|repository| self.published.get(&(repository, kid))?.key.ok())
    }

    pub(crate) fn true_time(&self) -> Duration {
        Duration::from_secs(NOW_SECONDS.unsigned_abs()) + self.now()
    }

    pub(crate) fn client_time(&self) -> Duration {
        let offset = Duration::from_secs(self.offset.unsigned_abs());
        if self.offset < 0 {
            self.true_time() - offset
        } else {
            self.true_time() + offset
        }
    }

    /// The task that asks, by the order in which tasks came to ask.
    fn task(&mut self) -> u64 {
        let next = self.tasks.len() as u64;
        let task = tokio::task::id();
        *self.tasks.entry(task).or_insert(next)
    }

    /// Takes a request: what it is about, and how long its head takes.
    fn take(&mut self, request: &Request<()>, is_redirected: bool) -> (Asked, Duration) {
        let now = self.now();
        let url = request.uri().to_string();
        let text = |name| request.headers().get(name)?.to_str().ok();
        let condition = text(header::IF_NONE_MATCH).map(str::to_owned);
        let kid = Kid::of_path(request.uri().path()).unwrap();
        let host = request.uri().host().unwrap();
        let number = |text: &str| text.parse::<usize>().unwrap();
        let mut hop = None;
        let repository = match host
            .strip_prefix('r')
            .and_then(|h| h.strip_suffix(".example"))
        {
            Some(repository) => number(repository),
            None => {
                let mut parts = request.uri().path().split('/').skip(1).map(number);
                let mut part = || parts.next().unwrap();
                hop = Some((part(), part()));
                part()
            }
        };
        if request.uri().scheme_str() != Some("https") || hop.is_some() != is_redirected {
            self.model.violated(now, format!("a request for {url}"));
        }
        let task = self.task();
        let sent = Sent {
            kid,
            rank: repository,
            is_probe: request.extensions().get::<Probe>().is_some(),
            url: &url,
            is_redirected,
            condition: condition.as_deref(),
            revalidates: request.headers().contains_key(header::CACHE_CONTROL),
        };
        let id = self.model.begin(now, task, &sent);
        let weather = self.weathers[repository];
        let is_hit = self.chance.below(1000) < weather.permille && hop.is_none();
        let fault = if is_hit { weather.fault } else { Fault::None };
        let (least, most) = weather.delay;
        let mut delay = least + self.chance.number() % (most - least + 1);
        if let Fault::LateHead(late) = fault {
            delay += late;
        }
        self.note(
            "ask",
            &[id, task, repository as u64],
            &(&url, &condition, fault),
        );
        let asked = Asked {
            id,
            kid,
            repository,
            hop,
            condition,
            fault,
        };
        (asked, Duration::from_millis(delay))
    }
}

/// A request under way and its response; ended when the client lets go of it.
pub(crate) struct Exchange {
    world: World,
    id: u64,
}

impl Exchange {
    /// The last part of the body is handed over.
    pub(crate) fn body_ends(&self) {
        let mut state = self.world.lock();
        let now = state.now();
        state.note("body", &[self.id], &());
        state.model.body_ended(now, self.id);
    }

    /// The body breaks off.
    pub(crate) fn body_breaks(&self) {
        self.world.lock().model.body_broke(self.id);
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let mut state = self.world.lock();
        let now = state.now();
        state.note("end", &[self.id], &());
        state.model.end(now, self.id);
    }
}

impl EngineWorld for World {
    fn send(&self, request: Request<()>, is_redirected: bool) -> SimulatedSending {
        let (asked, delay) = self.lock().take(&request, is_redirected);
        let exchange = Exchange {
            world: self.clone(),
            id: asked.id,
        };
        Box::pin(async move {
            if asked.fault == Fault::Refused {
                return Err(io::ErrorKind::ConnectionRefused.into());
            }
            tokio::time::sleep(delay).await;
            match asked.fault {
                Fault::Reset => return Err(io::ErrorKind::ConnectionReset.into()),
                Fault::Silent => std::future::pending().await,
                _ => {}
            }
            let (head, script) = {
                let mut state = exchange.world.lock();
                let (head, script) = state.answer(&asked);
                state.model.announced(asked.id, script.tells_length);
                (head, script)
            };
            let body = PlayedBody::new(script, exchange);
            let response: SimulatedResponse = head.body(UnsyncBoxBody::new(body)).unwrap();
            Ok(response)
        })
    }

    fn time_of_day(&self) -> SystemTime {
        ClientTime(self.lock().client_time()).into()
    }

    fn random(&self) -> u64 {
        self.lock().client_chance.number()
    }
}
