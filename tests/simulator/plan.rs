//! What a seed draws before anything runs: how the client is configured, what servers and clients do, and when.

use std::time::Duration;

use asap_tests::walk::Walk;

use crate::caching::Caching;
use crate::faults::{Fault, Weather};
use crate::kid::{IMPERSONATED, Kid};
use crate::rates::Rate;
use crate::supplies::GENERATIONS;

/// One simulation.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) settings: Settings,
    /// What happens, in order.
    pub(crate) timeline: Vec<(Duration, Action)>,
}

/// How the client is configured.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// How many `kid`s of legitimate issuers there are.
    pub(crate) kids: usize,
    pub(crate) repositories: usize,
    pub(crate) falls_back_on_not_found: bool,
    pub(crate) headers_deadline: Duration,
    pub(crate) fetch_deadline: Duration,
    pub(crate) max_keys: usize,
    pub(crate) max_concurrent_fetches: usize,
    pub(crate) per_issuer: Rate,
    pub(crate) over_all: Rate,
    /// Whether the resource server keeps verified tokens.
    pub(crate) keeps_tokens: bool,
}

/// Something that happens at its time.
#[derive(Debug, Clone)]
pub(crate) enum Action {
    /// A server publishes this generation of a key, with these headers, or no key and one of the statuses for that.
    Publish {
        repository: usize,
        kid: Kid,
        key: Result<usize, u16>,
        caching: Caching,
    },
    /// The faults of a server change.
    Change { repository: usize, weather: Weather },
    /// The clock of the client is so many seconds off from now on.
    StepClock { seconds: i64 },
    /// Somebody presents a token.
    Call(Call),
    /// The world is well from now on.
    Heal,
}

/// Somebody who presents a token.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call {
    pub(crate) kid: Kid,
    pub(crate) signed_by: Signer,
    pub(crate) validity: Validity,
    pub(crate) way: Way,
    /// When the caller hangs up.
    pub(crate) patience: Option<Duration>,
    /// The world is well: a refusal needs a reason other than the network.
    pub(crate) must_succeed: bool,
}

/// With which key a token is signed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Signer {
    /// With the one that its `kid` stands for.
    Owner,
    /// With the key of this generation, whatever is published.
    Generation(usize),
}

/// When a token is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Validity {
    Now,
    Before,
    After,
}

/// How the engine is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// `verify`.
    Verify,
    /// `verify_now`, and if the key is wanted `fetch` and `resume`.
    Stepwise,
    /// `verify_now` alone.
    Look,
}

fn milliseconds(milliseconds: usize) -> Duration {
    Duration::from_millis(u64::try_from(milliseconds).unwrap())
}

/// A pause of any size: none, of a network, of a client, of a cache.
fn pause(walk: &mut Walk) -> Duration {
    let bound = [1, 50, 50, 1_000, 5_000, 20_000, 60_000][walk.below(7)];
    milliseconds(walk.below(bound))
}

impl Plan {
    /// What `seed` stands for.
    pub(crate) fn of(seed: u64) -> Self {
        let mut walk = Walk(seed ^ 0x5eed_0f00_0000_0000);
        let settings = Settings::draw(seed, &mut walk);
        let mut plan = Self {
            settings,
            timeline: Vec::new(),
        };
        plan.publish_all(&mut walk);
        let calls = 6 + walk.below(24);
        plan.draw_calls(&mut walk, calls);
        let end = plan.end();
        plan.draw_changes(&mut walk, end);
        plan.draw_flood(&mut walk, end);
        plan.draw_end(&mut walk);
        plan.timeline.sort_by_key(|(at, _)| *at);
        plan
    }

    fn end(&self) -> Duration {
        self.timeline
            .iter()
            .map(|(at, _)| *at)
            .max()
            .unwrap_or_default()
    }

    fn add(&mut self, at: Duration, action: Action) {
        self.timeline.push((at, action));
    }

    /// Mirrors publish every key; repositories that hold different keys each some, and every key is in one of them.
    fn publish_all(&mut self, walk: &mut Walk) {
        let repositories = self.settings.repositories;
        let are_mirrors = !self.settings.falls_back_on_not_found || walk.below(3) == 0;
        for number in 0..self.settings.kids {
            let holder = walk.below(repositories);
            let generation = walk.below(GENERATIONS);
            for repository in 0..repositories {
                let is_here = are_mirrors || repository == holder;
                let action = Action::Publish {
                    repository,
                    kid: Kid::Known(number),
                    key: if is_here { Ok(generation) } else { Err(404) },
                    caching: Caching::draw(walk),
                };
                self.add(Duration::ZERO, action);
            }
        }
        for repository in 0..repositories {
            let weather = Weather::draw_first(walk);
            let change = Action::Change {
                repository,
                weather,
            };
            self.add(Duration::ZERO, change);
        }
    }

    fn draw_calls(&mut self, walk: &mut Walk, calls: usize) {
        let mut at = Duration::ZERO;
        let favourite = Kid::Known(walk.below(self.settings.kids));
        for _ in 0..calls {
            at += pause(walk);
            let kid = match walk.below(3) {
                0 => Kid::Known(walk.below(self.settings.kids)),
                _ => favourite,
            };
            let herd = if walk.below(8) == 0 {
                2 + walk.below(8)
            } else {
                1
            };
            for _ in 0..herd {
                let call = Call::draw(walk, kid);
                self.add(at, Action::Call(call));
            }
        }
    }

    /// Faults, rotations, deletions and steps of the clock, at any time before the end.
    fn draw_changes(&mut self, walk: &mut Walk, end: Duration) {
        let moment = |walk: &mut Walk| {
            milliseconds(walk.below(usize::try_from(end.as_millis()).unwrap() + 1))
        };
        for _ in 0..walk.below(8) {
            let at = moment(walk);
            let repository = walk.below(self.settings.repositories);
            let weather = Weather::draw(walk);
            self.add(
                at,
                Action::Change {
                    repository,
                    weather,
                },
            );
        }
        for _ in 0..walk.below(6) {
            let mut at = moment(walk);
            let kid = Kid::Known(walk.below(self.settings.kids));
            let key = match walk.below(2) {
                0 => Ok(walk.below(GENERATIONS)),
                _ => Err([404, 410, 403][walk.below(3)]),
            };
            for repository in 0..self.settings.repositories {
                let caching = Caching::draw(walk);
                self.add(
                    at,
                    Action::Publish {
                        repository,
                        kid,
                        key,
                        caching,
                    },
                );
                // Mirrors lag.
                at += pause(walk) / 10;
            }
        }
        for _ in 0..walk.below(3) {
            let seconds = [0, 1, -1, 20, -20, 70, -70, 3_600, -3_600, 86_400, -86_400];
            let seconds = seconds[walk.below(seconds.len())];
            self.add(moment(walk), Action::StepClock { seconds });
        }
    }

    fn draw_flood(&mut self, walk: &mut Walk, end: Duration) {
        if walk.below(3) != 0 {
            return;
        }
        let begin = milliseconds(walk.below(usize::try_from(end.as_millis()).unwrap() + 1));
        let issuers = 1 + walk.below(3);
        let first = [0, 0, IMPERSONATED][walk.below(3)];
        let mut at = begin;
        let hangs = walk.below(3) == 0;
        for repository in (0..self.settings.repositories).filter(|_| hangs) {
            let weather = Weather {
                fault: Fault::Silent,
                permille: 1000,
                delay: (0, 0),
            };
            self.add(
                at,
                Action::Change {
                    repository,
                    weather,
                },
            );
        }
        for _ in 0..10 + walk.below(50) {
            if walk.below(4) == 0 {
                at += pause(walk) / 20;
            }
            let kid = Kid::Unknown {
                issuer: first + walk.below(issuers),
                number: 2 + walk.below(64),
            };
            let call = Call::draw(walk, kid);
            self.add(at, Action::Call(call));
        }
    }

    /// The world gets well, and after a while every issuer must get through.
    fn draw_end(&mut self, walk: &mut Walk) {
        let healed = self.end() + pause(walk);
        self.add(healed, Action::Heal);
        let refilled = 2 * self.settings.per_issuer.interval;
        let mut at = healed + self.settings.fetch_deadline + RECOVERY + refilled;
        for number in 0..self.settings.kids {
            let mut call = Call::draw(walk, Kid::Known(number));
            call.signed_by = Signer::Owner;
            call.validity = Validity::Now;
            call.way = [Way::Verify, Way::Stepwise][walk.below(2)];
            call.patience = None;
            call.must_succeed = true;
            self.add(at, Action::Call(call));
            at += milliseconds(400 + walk.below(400));
        }
    }
}

/// How long after the last fault every issuer must get through: "recovery under 1 s after it answers again".
const RECOVERY: Duration = Duration::from_secs(1);

impl Settings {
    fn draw(seed: u64, walk: &mut Walk) -> Self {
        let repositories = 1 + walk.below(3);
        let fetch_deadline = [500, 2_000, 5_000][walk.below(3)];
        let headers_deadline = [400, 1_000, 3_000][walk.below(3)].min(fetch_deadline);
        Self {
            kids: 1 + walk.below(8),
            repositories,
            falls_back_on_not_found: walk.below(2) == 0,
            headers_deadline: milliseconds(headers_deadline),
            fetch_deadline: milliseconds(fetch_deadline),
            max_keys: [1, 2, 3, 16, 16, 16, 16, 16_384][walk.below(8)],
            max_concurrent_fetches: [1, 2, 4, 32, 32, 32][walk.below(6)],
            per_issuer: Rate {
                burst: [1, 2, 4, 16][walk.below(4)],
                interval: milliseconds([100, 500, 2_000][walk.below(3)]),
            },
            over_all: Rate {
                burst: [4, 16, 64][walk.below(3)],
                interval: milliseconds([20, 200][walk.below(2)]),
            },
            // Every other seed, and no draw, so that a seed is the plan that it was before.
            keeps_tokens: seed.is_multiple_of(2),
        }
    }
}

impl Call {
    fn draw(walk: &mut Walk, kid: Kid) -> Self {
        let signed_by = match walk.below(8) {
            0 => Signer::Generation(walk.below(GENERATIONS)),
            _ => Signer::Owner,
        };
        let validity = match walk.below(20) {
            0 => Validity::Before,
            1 => Validity::After,
            _ => Validity::Now,
        };
        let way = [Way::Verify, Way::Verify, Way::Stepwise, Way::Look][walk.below(4)];
        let patience = (walk.below(6) == 0).then(|| milliseconds(walk.below(1_000)));
        Self {
            kid,
            signed_by,
            validity,
            way,
            patience,
            must_succeed: false,
        }
    }
}

/// A server that does all it should.
pub(crate) const WELL: Weather = Weather {
    fault: Fault::None,
    permille: 0,
    delay: (1, 30),
};
