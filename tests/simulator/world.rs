//! Key servers, the network to them, the time of day and chance, all from one seed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use asap_engine::internals::{SimulatedResponse, SimulatedSending, World as EngineWorld};
use asap_engine::{KeyRepository, UnixTime};
use asap_tests::fixture::NOW_SECONDS;
use asap_tests::walk::Walk;
use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::combinators::UnsyncBoxBody;
use tokio::time::Instant;

use crate::caching::Caching;
use crate::faults::{Ending, Fault, PlayedBody, Weather};
use crate::kid::Kid;
use crate::model::{Model, Outcome, Sent};
use crate::plan::{Action, Plan, WELL};
use crate::supplies::{GENERATIONS, public_key};
use crate::trace::Trace;

/// The world of one simulation. Clones are the same world.
#[derive(Clone)]
pub(crate) struct World(pub(crate) Arc<Mutex<State>>);

/// Everything in it.
pub(crate) struct State {
    pub(crate) model: Model,
    pub(crate) trace: Trace,
    start: Instant,
    weathers: Vec<Weather>,
    published: BTreeMap<(usize, Kid), Published>,
    /// By how much the client's clock is off.
    offset: i64,
    chance: Walk,
    client_chance: Walk,
    /// Looked up only: their own numbers differ from run to run.
    tasks: HashMap<tokio::task::Id, u64>,
    keys: Weak<KeyRepository>,
}

/// What a server has for a `kid`.
struct Published {
    key: Result<usize, u16>,
    caching: Caching,
    version: u64,
    has_validator: bool,
}

/// What an exchange is about.
struct Asked {
    id: u64,
    kid: Kid,
    repository: usize,
    /// Which redirect of how many this follows.
    hop: Option<(usize, usize)>,
    condition: Option<String>,
    fault: Fault,
}

const CIRCLE: usize = 99;

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
            keys: Weak::new(),
        })))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// The client in this world.
    pub(crate) fn inhabit(&self, keys: &Arc<KeyRepository>) {
        self.lock().keys = Arc::downgrade(keys);
    }

    /// How many fetches the client has counted.
    fn counted_fetches(&self) -> Option<u64> {
        let keys = self.lock().keys.upgrade()?;
        Some(keys.stats().fetches)
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

    fn true_time(&self) -> Duration {
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

    fn publish(&mut self, repository: usize, kid: Kid, key: Result<usize, u16>, caching: Caching) {
        let has_validator = self.chance.below(4) != 0;
        let place = self.published.entry((repository, kid));
        let published = place.or_insert_with(|| Published {
            key,
            caching: Caching::default(),
            version: 0,
            has_validator,
        });
        published.key = key;
        published.caching = caching;
        published.version += 1;
    }

    /// All servers are well, and agree: every key is published again, by all mirrors and by one at least.
    fn heal(&mut self) {
        self.weathers.fill(WELL);
        let falls_back = self.model.settings.falls_back_on_not_found;
        let repositories = 0..self.weathers.len();
        let kids: BTreeSet<Kid> = self.published.keys().map(|(_, kid)| *kid).collect();
        for kid in kids {
            let chosen = self.chance.below(GENERATIONS);
            let holder = self.chance.below(repositories.len());
            let generation = self.owner_generation(kid).unwrap_or(chosen);
            let nobody_has_it = self.owner_generation(kid).is_none();
            for repository in repositories.clone() {
                let has_it = self.published[&(repository, kid)].key.is_ok();
                let is_here = !falls_back || has_it || (nobody_has_it && repository == holder);
                let key = if is_here { Ok(generation) } else { Err(404) };
                if self.published[&(repository, kid)].key != key {
                    let caching = Caching::draw(&mut self.chance);
                    self.publish(repository, kid, key, caching);
                }
            }
        }
    }

    /// The task that asks, by the order in which tasks came to ask.
    fn task(&mut self) -> u64 {
        let next = self.tasks.len() as u64;
        let task = tokio::task::id();
        *self.tasks.entry(task).or_insert(next)
    }

    /// Takes a request: what it is about, and how long its head takes.
    fn take(
        &mut self,
        request: &Request<()>,
        is_redirected: bool,
        counted: Option<u64>,
    ) -> (Asked, Duration) {
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
            // A fetch is counted right before its first request; what is not counted is a probe.
            is_counted: counted.is_none_or(|counted| counted > self.model.fetches()),
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

    /// The head of a response, and how its body comes.
    fn answer(&mut self, asked: &Asked) -> (http::response::Builder, Script) {
        match asked.hop {
            None => match asked.fault {
                Fault::Redirected(hops) => self.redirect(asked, (1, hops), false),
                Fault::Circle => self.redirect(asked, (1, CIRCLE), false),
                Fault::Downgrade | Fault::Nowhere => self.redirect(asked, (0, 0), true),
                // It says so of whatever was asked.
                Fault::Status(304) if asked.condition.is_some() => {
                    let dated = Caching::default().dated(0);
                    let received = self.client_time();
                    self.outcome(asked, Outcome::NotModified { dated, received });
                    (Response::builder().status(304), Script::empty())
                }
                Fault::Status(status) => {
                    self.outcome(asked, Outcome::Status(status));
                    (
                        Response::builder().status(status),
                        Script::page(&mut self.chance),
                    )
                }
                _ => self.content(asked),
            },
            Some((1, CIRCLE)) => self.redirect(asked, (2, CIRCLE), true),
            Some((hop, hops)) if hop < hops => self.redirect(asked, (hop + 1, hops), hop >= 10),
            Some(_) => self.content(asked),
        }
    }

    fn outcome(&mut self, asked: &Asked, outcome: Outcome) {
        let now = self.now();
        self.model.answered(now, asked.id, outcome);
    }

    fn redirect(
        &mut self,
        asked: &Asked,
        (hop, hops): (usize, usize),
        is_refused: bool,
    ) -> (http::response::Builder, Script) {
        let (kid, repository) = (asked.kid, asked.repository);
        let path = format!("elsewhere.example/{hop}/{hops}/{repository}/{kid}");
        let location = match asked.fault {
            Fault::Downgrade => format!("http://{path}"),
            _ if (hop, hops) == (2, CIRCLE) => format!("{}/{kid}", base_url(repository)),
            _ => format!("https://{path}"),
        };
        let mut response = Response::builder();
        let caching = match self.published.get(&(repository, kid)) {
            Some(published) if self.chance.below(2) == 0 => published.caching.clone(),
            _ => Caching::draw(&mut self.chance),
        };
        let dated = caching.dated(self.true_time().as_secs().cast_signed());
        let allowance = dated.allowance(self.client_time());
        dated.write(response.headers_mut().unwrap());
        if asked.fault != Fault::Nowhere {
            response = response.header(header::LOCATION, location);
        }
        let status = [301, 302, 303, 307, 308][self.chance.below(5)];
        // Whether such a redirect may be kept is the client's to know; if not, the oracle allows too much.
        self.outcome(
            asked,
            Outcome::Redirect {
                allowance,
                is_refused,
            },
        );
        (response.status(status), Script::page(&mut self.chance))
    }

    /// What the server has for the `kid`.
    fn content(&mut self, asked: &Asked) -> (http::response::Builder, Script) {
        let (now, received) = (self.true_time(), self.client_time());
        let published = self.published.get(&(asked.repository, asked.kid));
        let Some((generation, published)) =
            published.and_then(|published| Some((published.key.ok()?, published)))
        else {
            let status = published.map_or(404, |published| published.key.unwrap_err());
            self.outcome(asked, Outcome::NoSuchKey(status));
            return (
                Response::builder().status(status),
                Script::page(&mut self.chance),
            );
        };
        let mut response = Response::builder().status(200);
        let headers = response.headers_mut().unwrap();
        let dated = published.caching.dated(now.as_secs().cast_signed());
        dated.write(headers);
        let validator = published
            .has_validator
            .then(|| format!("\"v{}\"", published.version));
        if let Some(validator) = &validator {
            headers.insert(header::ETAG, validator.try_into().unwrap());
        }
        if asked.condition.is_some() && asked.fault == Fault::WrongNotModified {
            headers.insert(header::ETAG, header::HeaderValue::from_static("\"other\""));
            self.outcome(asked, Outcome::Void);
            return (response.status(304), Script::empty());
        }
        if asked.condition.is_some() && asked.condition == validator {
            if self.chance.below(2) == 0 {
                headers.remove(header::ETAG);
            }
            self.outcome(asked, Outcome::NotModified { dated, received });
            return (response.status(304), Script::empty());
        }
        if asked.fault == Fault::Encoded {
            headers.insert(
                header::CONTENT_ENCODING,
                header::HeaderValue::from_static("gzip"),
            );
        }
        let is_key = !matches!(
            asked.fault,
            Fault::Page | Fault::Junk | Fault::Oversize | Fault::Encoded
        );
        let outcome = if is_key {
            Outcome::Key {
                generation,
                validator,
                allowance: dated.allowance(received),
                dated,
            }
        } else {
            Outcome::Unusable
        };
        self.outcome(asked, outcome);
        let script = Script::of(asked.fault, public_key(generation), &mut self.chance);
        (response, script)
    }
}

/// How a body comes.
struct Script {
    parts: Vec<Bytes>,
    pause: Duration,
    ending: Ending,
    tells_length: bool,
}

impl Script {
    fn empty() -> Self {
        Self {
            parts: Vec::new(),
            pause: Duration::ZERO,
            ending: Ending::Complete,
            tells_length: true,
        }
    }

    /// The page that comes with a status.
    fn page(chance: &mut Walk) -> Self {
        let page = Bytes::from_static(b"<html>There is no key here.</html>");
        let ending = match chance.below(8) {
            0 => Ending::Silent,
            1 => Ending::Broken,
            _ => Ending::Complete,
        };
        Self {
            parts: vec![page],
            pause: Duration::from_millis([0, 0, 20][chance.below(3)]),
            ending,
            tells_length: chance.below(3) != 0,
        }
    }

    fn of(fault: Fault, key: Bytes, chance: &mut Walk) -> Self {
        let half = key.len() / 2;
        let mut script = Self {
            parts: vec![key.slice(..half), key.slice(half..)],
            tells_length: chance.below(2) == 0,
            ..Self::empty()
        };
        match fault {
            Fault::SlowBody(pause) => script.pause = Duration::from_millis(pause),
            Fault::StalledBody | Fault::TruncatedBody => {
                script.parts.pop();
                script.tells_length = false;
                script.ending = if fault == Fault::StalledBody {
                    Ending::Silent
                } else {
                    Ending::Broken
                };
            }
            Fault::Page => return Self::page(chance),
            Fault::Junk => {
                script.parts = vec![Bytes::from_static(
                    b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
                )];
            }
            Fault::Oversize => script.parts = vec![Bytes::from(vec![b'A'; 16 * 1024]); 5],
            _ => {}
        }
        script
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
        let counted = self.counted_fetches();
        let (asked, delay) = self.lock().take(&request, is_redirected, counted);
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
            let body = PlayedBody::new(
                script.parts,
                script.pause,
                script.ending,
                script.tells_length,
                exchange,
            );
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
