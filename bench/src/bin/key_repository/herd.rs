//! A hundred callers at once, in the situations in which gateways' key fetching is known to hurt: nothing cached, all
//! cached, keys that do not exist, expiry, outage. The same callers, tokens and key server for each subject.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::runtime::Builder;

use crate::Failure;
use crate::callers::{Crowd, Outcome};
use crate::envoy::{Envoy, Fetching};
use crate::gateway::Gateway;
use crate::remote::{Identity, KeyServer};
use crate::report::Report;
use crate::signer::Signer;

const ISSUER: &str = "bench/herd";
/// In whose name the keys are that do not exist.
const STRANGER: &str = "bench/strangers";
/// The key of the first half, which nothing is known of at the start.
const FIRST: &str = "bench/herd/key-1";
/// The key of the second half, whose freshness ends.
const SECOND: &str = "bench/herd/key-2";
/// How many callers there are.
const HERD: usize = 100;
/// How long after the end of freshness they come.
const BEYOND: Duration = Duration::from_millis(300);

/// How large it all is.
#[derive(Debug, Clone, Copy)]
struct Size {
    /// How long the key server takes to answer.
    delay: Duration,
    /// For how long keys are fresh.
    fresh: Duration,
    /// The steady load: the time between two tokens, and all of it.
    interval: Duration,
    steady: Duration,
}

impl Size {
    const fn new(is_quick: bool) -> Self {
        if is_quick {
            Self {
                delay: Duration::from_millis(50),
                fresh: Duration::from_secs(1),
                interval: Duration::from_millis(10),
                steady: Duration::from_secs(3),
            }
        } else {
            Self {
                delay: Duration::from_millis(200),
                fresh: Duration::from_secs(3),
                interval: Duration::from_millis(2),
                steady: Duration::from_secs(10),
            }
        }
    }
}

/// Who verifies.
#[derive(Debug, Clone, Copy)]
enum Subject<'a> {
    Engine,
    Envoy(&'a Path, Fetching),
}

impl Subject<'_> {
    const fn name(self) -> &'static str {
        match self {
            Self::Engine => "asap-engine",
            Self::Envoy(_, Fetching::OnDemand) => "Envoy",
            Self::Envoy(_, Fetching::Background) => "Envoy, async_fetch",
        }
    }
}

/// What runs while a subject is measured.
enum Running {
    Engine(Gateway),
    Envoy(Envoy),
}

impl Running {
    const fn port(&self) -> u16 {
        match self {
            Self::Engine(gateway) => gateway.port,
            Self::Envoy(envoy) => envoy.port,
        }
    }
}

/// Runs every situation, for the engine and for Envoy if there is one.
pub(crate) fn run(
    is_quick: bool,
    envoy: Option<&Path>,
    report: &mut Report,
) -> Result<(), Failure> {
    let size = Size::new(is_quick);
    println!(
        "herd: {HERD} callers; the key server takes {:?}, keys are fresh for {:?}\n{:<20} {:<28} {:>8} {:>9} {:>9} {:>9}  good tokens refused",
        size.delay, size.fresh, "subject", "situation", "fetches", "accepted", "p50 ms", "worst ms"
    );
    let mut subjects = vec![Subject::Engine];
    if let Some(program) = envoy {
        subjects.push(Subject::Envoy(program, Fetching::OnDemand));
        subjects.push(Subject::Envoy(program, Fetching::Background));
    }
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let signer = Signer::new()?;
    let identity = Identity::new(&signer, &[FIRST, SECOND])?;
    for subject in subjects {
        let mut herd = Herd::start(subject, size, &signer, &identity)?;
        runtime.block_on(herd.meet_everything(is_quick, report))?;
    }
    println!();
    Ok(())
}

/// One subject and what it stands in.
struct Herd<'a> {
    subject: Subject<'a>,
    size: Size,
    signer: &'a Signer,
    key_server: KeyServer,
    running: Running,
    /// An engine that nothing was asked of yet, for the last situation.
    spare: Gateway,
    /// An engine that had the first key fetched before it opened.
    warmed: Gateway,
}

impl<'a> Herd<'a> {
    fn start(
        subject: Subject<'a>,
        size: Size,
        signer: &'a Signer,
        identity: &'a Identity,
    ) -> Result<Self, Failure> {
        let mut key_server = KeyServer::start(identity)?;
        // So that the keys that are there before it begins do not count on how soon that is.
        key_server.serve(&fresh_for(FOREVER), size.delay)?;
        let running = match subject {
            Subject::Engine => Running::Engine(Gateway::start(key_server.config(identity)?, &[])?),
            Subject::Envoy(program, fetching) => Running::Envoy(Envoy::start(
                program,
                fetching,
                key_server.port(),
                identity.certificate(),
                size.fresh,
            )?),
        };
        Ok(Self {
            warmed: Gateway::start(key_server.config(identity)?, &[FIRST])?,
            spare: Gateway::start(key_server.config(identity)?, &[])?,
            subject,
            size,
            signer,
            key_server,
            running,
        })
    }

    async fn meet_everything(
        &mut self,
        is_quick: bool,
        report: &mut Report,
    ) -> Result<(), Failure> {
        let mut crowd = Crowd::connect(self.running.port(), 2 * HERD).await?;
        let first = self.good_tokens(FIRST)?;
        let second = self.good_tokens(SECOND)?;
        if is_quick {
            // So that what is counted does not depend on how long it takes.
            self.key_server
                .serve(&fresh_for(FOREVER), self.size.delay)?;
        }
        if matches!(self.subject, Subject::Engine) {
            self.warmed_up(&first, report).await?;
        }
        if !is_quick {
            // In the quick form, what is counted does not depend on how long it takes.
            self.key_server
                .serve(&fresh_for(self.size.fresh), self.size.delay)?;
        }
        self.while_fresh(&mut crowd, &first, report).await?;
        self.key_server
            .serve(&fresh_for(self.size.fresh), self.size.delay)?;
        self.at_expiry(&mut crowd, &second, report).await?;
        self.in_an_outage(&mut crowd, &second, report).await?;
        if matches!(self.subject, Subject::Engine) {
            self.in_an_outage_foreseen(&second, report).await?;
        }
        Ok(())
    }

    /// The first callers of a gateway that had its keys fetched before it opened.
    async fn warmed_up(&mut self, good: &[Arc<str>], report: &mut Report) -> Result<(), Failure> {
        let mut crowd = Crowd::connect(self.warmed.port, HERD).await?;
        let before = self.fetches()?;
        let [first] = crowd.all_at_once([good]).await?;
        let fetches = self.fetches()? - before;
        self.row("first callers, warmed up", fetches, &first, report);
        self.promise(
            report,
            "a warmed-up gateway lets all in",
            first.accepted() == 100,
        );
        Ok(())
    }

    /// Nothing cached, all cached, and keys that do not exist beside good ones.
    async fn while_fresh(
        &mut self,
        crowd: &mut Crowd,
        good: &[Arc<str>],
        report: &mut Report,
    ) -> Result<(), Failure> {
        let before = self.fetches()?;
        let [cold] = crowd.all_at_once([good]).await?;
        let fetches = self.fetches()? - before;
        self.row("cold", fetches, &cold, report);
        self.promise(report, "one fetch for a cold herd", fetches == 1);
        self.promise(report, "a cold herd is let in", cold.accepted() == 100);

        let before = self.fetches()?;
        let [warm] = crowd.all_at_once([good]).await?;
        let fetches = self.fetches()? - before;
        self.row("warm", fetches, &warm, report);
        self.promise(report, "a warm herd is let in", warm.accepted() == 100);

        let unknown: Vec<Arc<str>> = (0..HERD)
            .map(|number| {
                let key_id = format!("{STRANGER}/unknown-{number}");
                self.signer.token(STRANGER, &key_id, number).map(Into::into)
            })
            .collect::<Result<_, _>>()?;
        let before = self.fetches()?;
        let [strangers, known] = crowd.all_at_once([&unknown, good]).await?;
        let fetches = self.fetches()? - before;
        self.row("100 unknown keys: those", fetches, &strangers, report);
        self.row("  and 100 known beside them", fetches, &known, report);
        self.promise(
            report,
            "unknown keys open no door",
            strangers.accepted() == 0,
        );
        self.promise(
            report,
            "known keys go on beside unknown",
            known.accepted() == 100,
        );
        self.promise(report, "one fetch for a key at most", fetches <= 100);
        Ok(())
    }

    /// After a pause in which freshness ended, and under a steady load in which it ends again and again.
    async fn at_expiry(
        &mut self,
        crowd: &mut Crowd,
        good: &[Arc<str>],
        report: &mut Report,
    ) -> Result<(), Failure> {
        crowd.all_at_once([good.get(..1).unwrap_or(good)]).await?;
        let before = self.fetches()?;
        tokio::time::sleep(self.size.fresh + BEYOND).await;
        let [expired] = crowd.all_at_once([good]).await?;
        let fetches = self.fetches()? - before;
        self.row("after expiry", fetches, &expired, report);
        self.promise(report, "no refusal at expiry", expired.accepted() == 100);

        let (before, start) = (self.fetches()?, Instant::now());
        let steady = crowd
            .steadily(good, self.size.interval, self.size.steady)
            .await?;
        let fetches = self.fetches()? - before;
        self.row("steady load over expiries", fetches, &steady, report);
        self.promise(
            report,
            "no refusal under a steady load",
            steady.accepted() == steady.count(),
        );
        // A key is asked for again after three quarters of its freshness at the earliest.
        let possible = start.elapsed().as_secs_f64() / self.size.fresh.as_secs_f64() * 2.0 + 2.0;
        self.promise(
            report,
            "no more fetches than keys go stale",
            fetches as f64 <= possible,
        );
        Ok(())
    }

    /// The key server answers 503 when the key has gone stale.
    async fn in_an_outage(
        &mut self,
        crowd: &mut Crowd,
        good: &[Arc<str>],
        report: &mut Report,
    ) -> Result<(), Failure> {
        self.key_server.fail()?;
        tokio::time::sleep(self.size.fresh + BEYOND).await;
        let before = self.fetches()?;
        let [outage] = crowd.all_at_once([good]).await?;
        let fetches = self.fetches()? - before;
        self.row("503, key stale", fetches, &outage, report);
        let blamed = outage
            .verdicts
            .keys()
            .any(|answer| answer.starts_with("401"));
        self.promise(report, "an outage is not blamed on tokens", !blamed);
        Ok(())
    }

    /// The same, but the key's response allowed to use it stale on errors (RFC 5861 section 4).
    async fn in_an_outage_foreseen(
        &mut self,
        good: &[Arc<str>],
        report: &mut Report,
    ) -> Result<(), Failure> {
        let foreseen = format!("{}, stale-if-error=60", fresh_for(self.size.fresh));
        self.key_server.serve(&foreseen, self.size.delay)?;
        let mut crowd = Crowd::connect(self.spare.port, HERD).await?;
        crowd.all_at_once([good.get(..1).unwrap_or(good)]).await?;
        self.key_server.fail()?;
        tokio::time::sleep(self.size.fresh + BEYOND).await;
        let before = self.fetches()?;
        let [outage] = crowd.all_at_once([good]).await?;
        let fetches = self.fetches()? - before;
        self.row("503, with stale-if-error", fetches, &outage, report);
        let all = outage.accepted() == outage.count();
        self.promise(report, "stale-if-error is honoured", all);
        Ok(())
    }

    fn good_tokens(&self, key_id: &str) -> Result<Vec<Arc<str>>, Failure> {
        (0..HERD)
            .map(|number| Ok(self.signer.token(ISSUER, key_id, number)?.into()))
            .collect()
    }

    fn fetches(&mut self) -> Result<u64, Failure> {
        Ok(self.key_server.counters()?.total())
    }

    fn row(&self, situation: &str, fetches: u64, outcome: &Outcome, report: &mut Report) {
        let (name, latency) = (self.subject.name(), outcome.latency);
        println!(
            "{name:<20} {situation:<28} {fetches:>8} {:>9} {:>9.1} {:>9.1}  {}",
            outcome.accepted(),
            latency.p50.as_secs_f64() * 1e3,
            latency.worst.as_secs_f64() * 1e3,
            outcome.refusals(),
        );
        report.keep(json!({
            "scenario": "herd",
            "subject": name,
            "situation": situation.trim(),
            "fetches": fetches,
            "verdicts": outcome.verdicts,
            "latency_us": latency.to_json(),
        }));
    }

    /// Holds the engine, and nobody else, to what it promises.
    fn promise(&self, report: &mut Report, what: &str, is_kept: bool) {
        if matches!(self.subject, Subject::Engine) {
            report.promise(what, is_kept);
        }
    }
}

/// Longer than any run.
const FOREVER: Duration = Duration::from_secs(3600);

fn fresh_for(freshness: Duration) -> String {
    format!("max-age={}", freshness.as_secs())
}
