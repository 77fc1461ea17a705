//! The profiles: what each asks of every token, and what a worker judges its tokens with.

use std::sync::Arc;

use asap_engine::{ForgePolicy, UnixTime, VerifyError};
use tokio::runtime::Runtime;

use super::accepted::Accepted;
use super::ahead::Ahead;
use super::asap::{self, Asap};
use super::connect::{self, Connect};
use super::line::Line;
use super::options::{Options, ProfileName};
use super::published::{ForgeBench, PowerUp, Published, TrelloBench};
use crate::outcome::Fault;

/// What is asked of every token, shared by all workers.
#[derive(Debug)]
pub(super) enum Profile {
    Asap(Arc<Asap>),
    Connect(Connect),
    Forge(Published<ForgePolicy>),
    Trello(Published<PowerUp>),
}

/// What one worker has of its own to judge with.
#[derive(Debug)]
pub(super) enum Bench {
    Asap(Box<asap::Bench>),
    Connect(Box<connect::Bench>),
    Forge(Box<ForgeBench>),
    Trello(Box<TrelloBench>),
}

/// What a worker is about to wait for.
pub(super) enum Wait<'a, 'b> {
    /// One key, beside which those of the next tokens may be fetched.
    Key(&'a Asap, &'a mut Ahead<'b>),
    /// What nothing else is fetched beside.
    Alone,
}

impl Profile {
    /// What the options stand for, and the runtime that fetches run on.
    pub(super) fn new(options: &Options, workers: usize) -> Result<(Self, Option<Runtime>), Fault> {
        match options.profile {
            ProfileName::Forge => {
                let (rules, runtime) = Published::forge(options)?;
                Ok((Self::Forge(rules), Some(runtime)))
            }
            ProfileName::Trello => {
                let (rules, runtime) = Published::trello(options)?;
                Ok((Self::Trello(rules), Some(runtime)))
            }
            ProfileName::Connect | ProfileName::ConnectContext | ProfileName::ConnectInstall => {
                let (rules, runtime) = Connect::new(options, workers)?;
                Ok((Self::Connect(rules), Some(runtime)))
            }
            ProfileName::Asap => {
                let (rules, runtime) = Asap::new(options, workers)?;
                Ok((Self::Asap(Arc::new(rules)), runtime))
            }
        }
    }

    pub(super) fn bench(&self) -> Bench {
        match self {
            Self::Asap(rules) => Bench::Asap(Box::new(asap::Bench::new(rules))),
            Self::Connect(rules) => Bench::Connect(Box::new(rules.bench())),
            Self::Forge(rules) => Bench::Forge(Box::new(rules.bench())),
            Self::Trello(rules) => Bench::Trello(Box::new(rules.bench())),
        }
    }

    /// What the source of keys was asked so far, as one JSON object.
    pub(super) fn stats_json(&self) -> String {
        match self {
            Self::Asap(rules) => rules.source.stats_json(),
            Self::Connect(rules) => rules.stats_json(),
            Self::Forge(rules) => rules.source.stats_json(),
            Self::Trello(rules) => rules.source.stats_json(),
        }
    }
}

impl Bench {
    /// Judges a token: `at` the instant that is asked for, or at the time that `now` says it is.
    pub(super) fn judge<'a>(
        &'a mut self,
        line: &'a Line<'_>,
        at: Option<UnixTime>,
        now: impl Fn() -> UnixTime,
        before_wait: impl FnOnce(Wait<'_, '_>),
    ) -> Result<Accepted<'a>, VerifyError> {
        match self {
            Self::Asap(bench) => bench.judge(line, now, |rules, ahead| {
                before_wait(Wait::Key(rules, ahead))
            }),
            Self::Connect(bench) => bench.judge(line, at, || before_wait(Wait::Alone)),
            Self::Forge(bench) => bench.judge(line, at, || before_wait(Wait::Alone)),
            Self::Trello(bench) => bench.judge(line, at, || before_wait(Wait::Alone)),
        }
    }

    /// Tells the source of keys what was answered without it.
    pub(super) fn report_hits(&mut self) {
        if let Self::Asap(bench) = self {
            bench.keys.report_hits();
        }
    }

    /// No token of this block comes any more.
    pub(super) fn end_block(&mut self) {
        if let Self::Asap(bench) = self {
            bench.keys.end_block();
        }
    }
}
