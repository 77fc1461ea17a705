//! One simulation from its seed to its end: the timeline and those who wait, all polled by one task in one order.
//!
//! Tokio wakes those who wait for the same thing in an order of its own, which no seed decides. So they are no tasks:
//! whatever wakes the driver, it polls all of them in the order in which they came.

use std::collections::VecDeque;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use asap_engine::internals::simulated_repository;
use asap_engine::limits::MIN_TOKEN_CACHE_BYTES;
use asap_engine::{Engine, KeyRepository, KeyRepositoryConfig, Policy, TokenCache};
use asap_tests::fixture::AUDIENCE;
use tokio::runtime::{Builder, Handle};
use tokio::task::yield_now;
use tokio::time::{Instant, Sleep, sleep, sleep_until};

use crate::clients::{Server, present};
use crate::oracle::LEEWAY;
use crate::plan::{Action, Plan, Settings};
use crate::world::{World, base_url};

/// What a simulation came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// What tells its trace from another, and how many events it has.
    pub(crate) trace: (u64, u64),
    /// The first things that must not be.
    pub(crate) violations: Vec<String>,
}

/// Runs the simulation of a seed, and shows what happens in it if so wanted.
pub(crate) fn run(seed: u64, is_shown: bool) -> Outcome {
    let plan = Plan::of(seed);
    if is_shown {
        println!("seed {seed}: {:?}", plan.settings);
    }
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(simulate(seed, &plan, is_shown))
}

async fn simulate(seed: u64, plan: &Plan, is_shown: bool) -> Outcome {
    let world = World::new(seed, plan, is_shown);
    let config = configuration(&plan.settings);
    let keys = simulated_repository(config, Arc::new(world.clone())).unwrap();
    let clock = world.clone();
    let policy = Policy::new(AUDIENCE).unwrap().with_leeway(LEEWAY).unwrap();
    let mut engine = Engine::new(policy, keys).with_clock(move || clock.client_time());
    if plan.settings.keeps_tokens {
        let cache = TokenCache::new(MIN_TOKEN_CACHE_BYTES).unwrap();
        engine = engine.with_token_cache(cache).unwrap();
    }
    let server = Rc::new(Server {
        engine,
        world: world.clone(),
    });
    let start = Instant::now();
    let timeline = plan.timeline.iter();
    let timeline = timeline.map(|(at, action)| (start + *at, action.clone()));
    let driver = Driver {
        server: Rc::clone(&server),
        timeline: timeline.collect(),
        alarm: Box::pin(sleep_until(start)),
        callers: Vec::new(),
        calls: 0,
    };
    tokio::task::unconstrained(driver).await;
    idle(server, plan).await;
    finish(&world, plan).await
}

fn configuration(settings: &Settings) -> KeyRepositoryConfig {
    let mut config = KeyRepositoryConfig::new(&base_url(0))
        .unwrap()
        .with_fallback_on_not_found(settings.falls_back_on_not_found)
        .with_headers_deadline(settings.headers_deadline)
        .with_fetch_deadline(settings.fetch_deadline)
        .with_max_keys(settings.max_keys)
        .with_max_concurrent_fetches(settings.max_concurrent_fetches)
        .with_max_concurrent_revalidations(settings.max_concurrent_fetches)
        .with_fetch_rate_per_issuer(settings.per_issuer.burst, settings.per_issuer.interval)
        .with_fetch_rate(settings.over_all.burst, settings.over_all.interval);
    for repository in 1..settings.repositories {
        config = config.with_fallback(&base_url(repository)).unwrap();
    }
    config
}

/// Nobody waits any more: after the longest deadline every fetch under way is a refresh that has begun just now.
async fn idle(server: Rc<Server>, plan: &Plan) {
    sleep(plan.settings.fetch_deadline + Duration::from_secs(1)).await;
    for _ in 0..2 * plan.settings.kids {
        yield_now().await;
    }
    let under_way = keys(&server).stats().in_flight;
    let mut state = server.world.lock();
    let (now, requests) = (state.now(), state.model.open.len());
    // Others may wait for a place, if there are fewer than keys.
    let places = plan.settings.max_concurrent_fetches;
    if under_way > requests && requests < places {
        let what = format!("{under_way} fetches under way and {requests} requests");
        state.model.violated(now, what);
    }
}

/// The repository is gone: after the longest deadline nothing of it is left.
async fn finish(world: &World, plan: &Plan) -> Outcome {
    sleep(plan.settings.fetch_deadline + Duration::from_secs(1)).await;
    let mut state = world.lock();
    let now = state.now();
    let tasks = Handle::current().metrics().num_alive_tasks();
    let requests = state.model.open.len();
    if tasks + requests > 0 {
        let what = format!("{tasks} tasks and {requests} requests outlive the repository");
        state.model.violated(now, what);
    }
    let holders = Arc::strong_count(&world.0);
    if holders > 1 {
        state
            .model
            .violated(now, format!("{holders} hold the world in the end"));
    }
    state.note("over", &[tasks as u64, requests as u64], &());
    Outcome {
        trace: state.trace.summary(),
        violations: std::mem::take(&mut state.model.violations),
    }
}

/// Does what the timeline says, and polls those who wait.
struct Driver {
    server: Rc<Server>,
    timeline: VecDeque<(Instant, Action)>,
    alarm: Pin<Box<Sleep>>,
    callers: Vec<Pin<Box<dyn Future<Output = ()>>>>,
    calls: u64,
}

impl Driver {
    /// Does the next thing of the timeline, if it is time.
    fn advance(&mut self, context: &mut Context<'_>) -> bool {
        let Some((at, _)) = self.timeline.front() else {
            return false;
        };
        if self.alarm.deadline() != *at {
            self.alarm.as_mut().reset(*at);
        }
        if self.alarm.as_mut().poll(context).is_pending() {
            return false;
        }
        let Some((_, action)) = self.timeline.pop_front() else {
            return false;
        };
        if let Action::Call(call) = action {
            let caller = present(Rc::clone(&self.server), self.calls, call);
            self.callers.push(Box::pin(caller));
            self.calls += 1;
        } else {
            self.server.world.act(&action);
        }
        true
    }

    fn poll_callers(&mut self, context: &mut Context<'_>) {
        self.callers
            .retain_mut(|caller| caller.as_mut().poll(context).is_pending());
        let stats = keys(&self.server).stats();
        let mut state = self.server.world.lock();
        let now = state.now();
        state.model.judge_stats(now, &stats);
    }
}

fn keys(server: &Server) -> &KeyRepository {
    server.engine.keys()
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.poll_callers(context);
        while self.advance(context) {
            self.poll_callers(context);
        }
        if self.timeline.is_empty() && self.callers.is_empty() {
            return Poll::Ready(());
        }
        Poll::Pending
    }
}
