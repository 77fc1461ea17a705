//! A run from its start to its report: the order of the phases.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use asap_engine::limits::MAX_FETCH_BURST;
use asap_engine::{Backend, KeyRepository, KeyRepositoryConfig};
use http::{HeaderValue, Uri};

use crate::cli::Options;
use crate::environment::{Environment, cores};
use crate::findings::{Fetches, Findings};
use crate::gateway::{Gateway, Memory, OPEN_PATH};
use crate::generator::{Destination, Generator, Load, Outcome, Pace, Phase};
use crate::key_repository::{RepositoryServer, Served};
use crate::number::{count, float, grouped, grouped_float, nanos, ratio};
use crate::parties::Parties;
use crate::plan::{MAX_TOKENS, Plan};
use crate::progress::Progress;
use crate::report::Outputs;
use crate::scenario::{Deck, Kind};
use crate::signing::Lot;
use crate::target;
use crate::tokens::Stock;

/// How long signing may take where a rate was asked for.
const SIGNING_PATIENCE: Duration = Duration::from_secs(3_600);
/// How often the gateway may ask in vain for one more key: as often as can be said.
const UNLIMITED: Duration = Duration::from_micros(1);
/// What other gateways are free to answer as they like: the specification leaves replay detection to them, and
/// says nothing of key servers that fail.
const OURS_ALONE: [Kind; 2] = [Kind::Replayed, Kind::KeyServerFails];

/// Runs everything and prints the table. Whether every answer was right; an error is one of configuration.
pub(crate) fn run(options: &Options) -> Result<bool, String> {
    let environment = Environment::observe();
    let outputs = Outputs::open(options.json.as_deref(), options.report.as_deref())?;
    let progress = Progress::new();
    let mut rig = Rig::start(options, &progress)?;
    let findings = rig.measure(options, environment, &progress)?;
    print!("{}", outputs.write(&findings)?);
    Ok(findings.passed())
}

/// Everything that runs, and what is sent to it.
struct Rig {
    plan: Plan,
    parties: Parties,
    repository: RepositoryServer,
    /// Nothing where the target is somebody else's.
    gateway: Option<Gateway>,
    generator: Generator,
    stock: Arc<Stock>,
    deck: Arc<Deck>,
    left_out: Vec<Kind>,
    signed: Lot,
    signing: Duration,
}

impl Rig {
    fn start(options: &Options, progress: &Progress) -> Result<Self, String> {
        let left_out: Vec<Kind> = match &options.target {
            Some(_) => OURS_ALONE
                .into_iter()
                .filter(|kind| options.scenario.share(*kind) > 0.0)
                .collect(),
            None => Vec::new(),
        };
        let plan = Plan::new(options, &left_out);
        plan.check()?;
        progress.say(&format!(
            "load-test: {}; signing first, then about {} s of sending",
            options.scenario.summary,
            options.duration.as_secs()
        ));
        let parties = Parties::generate(plan.lifetime())?;
        let mut stock = Stock::new(&parties, options.scenario.single_use)?;
        let started = Instant::now();
        let phase = progress.phase("signing for the warm-up", plan.first_lot().total());
        let signed = stock.sign(&parties, plan.first_lot(), SIGNING_PATIENCE, &phase)?;
        phase.finish(&signed_note(signed, started.elapsed()));
        let signing = started.elapsed();

        let repository = RepositoryServer::start(parties.public_keys.iter().cloned())?;
        let (gateway, destination) = match &options.target {
            Some(target) => (None, Arc::new(Destination::new(target, false)?)),
            None => {
                let keys = || {
                    let config = KeyRepositoryConfig::new(&repository.base_url)?
                        .with_backend(Backend::Auto)
                        .with_root_certificates(repository.root_certificate.as_bytes())?
                        // Each token that names an unknown key is to be answered as such, however many there are.
                        .with_fetch_rate_per_issuer(MAX_FETCH_BURST, UNLIMITED)
                        .with_fetch_rate(MAX_FETCH_BURST, UNLIMITED);
                    KeyRepository::new(config)
                };
                let gateway =
                    Gateway::start(keys, Memory::of(options.scenario), gateway_threads())?;
                let url = format!("http://{}/", gateway.address);
                let uri: Uri = url.parse().map_err(|_| format!("{url} is not a URL"))?;
                (Some(gateway), Arc::new(Destination::new(&uri, true)?))
            }
        };
        let connect = || Generator::connect(&destination, options.connections, generator_threads());
        let generator = match &gateway {
            Some(_) => connect()?,
            None => target::await_target(&repository, connect, &stock, progress)?,
        };
        Ok(Self {
            deck: Arc::new(options.scenario.deck(&left_out)),
            plan,
            parties,
            repository,
            gateway,
            generator,
            stock: Arc::new(stock),
            left_out,
            signed,
            signing,
        })
    }

    fn measure(
        &mut self,
        options: &Options,
        environment: Environment,
        progress: &Progress,
    ) -> Result<Findings, String> {
        let warm_up = self.verified(
            "warm-up",
            Pace::Closed,
            self.plan.warm_up,
            u64::MAX,
            progress,
        )?;
        let capacity = capacity_of(&warm_up);
        self.sign(capacity, progress)?;

        let mut ceiling = Vec::new();
        ceiling.extend(self.ceiling(progress)?);
        let saturation = if self.plan.saturation.is_zero() {
            None
        } else {
            let most = self.plan.saturation_requests(capacity, self.stock.left());
            Some(self.verified(
                "saturated",
                Pace::Closed,
                self.plan.saturation,
                most,
                progress,
            )?)
        };
        if saturation.is_some() {
            ceiling.extend(self.ceiling(progress)?);
        }

        let saturated = saturation.as_ref().map_or(capacity, rate_of);
        let offered = self.plan.offered(saturated, self.stock.left());
        let pace = offered.map_or(Pace::Closed, |(rate, _)| Pace::Open(rate));
        let main = self.verified("main phase", pace, self.plan.main, u64::MAX, progress)?;
        if saturation.is_none() {
            ceiling.extend(self.ceiling(progress)?);
        }
        let (issuers, keys) = self.parties.published();
        Ok(Findings {
            scenario: options.scenario,
            environment: environment.after_the_run(),
            duration: options.duration,
            target: options.target.as_ref().map(ToString::to_string),
            left_out: self.left_out.clone(),
            connections: options.connections,
            gateway_threads: if self.gateway.is_some() {
                gateway_threads()
            } else {
                0
            },
            generator_threads: self.generator.threads(),
            issuers,
            keys,
            signed: self.signed,
            signing: self.signing,
            ceiling,
            warm_up,
            saturation,
            main,
            offered: offered.map(|(rate, _)| rate),
            bounded_by_tokens: offered.is_some_and(|(_, bounded)| bounded),
            fetches: fetches(&self.repository.served),
        })
    }

    /// Signs what the rest of the run needs.
    fn sign(&mut self, capacity: f64, progress: &Progress) -> Result<(), String> {
        let mut lot = self.plan.second_lot(capacity, self.stock.left());
        if lot.total() > MAX_TOKENS {
            lot = lot.scaled(MAX_TOKENS);
        }
        if lot.total() == 0 {
            return Ok(());
        }
        let limit = self.plan.signing_limit().unwrap_or(SIGNING_PATIENCE);
        let started = Instant::now();
        let phase = progress.phase("signing", lot.total());
        let stock =
            Arc::get_mut(&mut self.stock).ok_or("requests of the warm-up are still under way")?;
        let signed = stock.sign(&self.parties, lot, limit, &phase)?;
        phase.finish(&signed_note(signed, started.elapsed()));
        self.signed = self.signed.plus(signed);
        self.signing = self.signing.saturating_add(started.elapsed());
        Ok(())
    }

    fn verified(
        &mut self,
        label: &'static str,
        pace: Pace,
        duration: Duration,
        max_requests: u64,
        progress: &Progress,
    ) -> Result<Outcome, String> {
        let load = Load::Dealt(Arc::clone(&self.deck));
        self.phase(
            Phase {
                label,
                pace,
                duration,
                max_requests,
                load,
            },
            progress,
        )
    }

    /// One half of the ceiling.
    fn ceiling(&mut self, progress: &Progress) -> Result<Option<Outcome>, String> {
        if self.gateway.is_none() {
            return Ok(None);
        }
        // As long as the tokens that the other phases send, and looked at by nobody.
        let token = HeaderValue::try_from(format!("Bearer {}", "x".repeat(500)))
            .map_err(|error| error.to_string())?;
        let phase = Phase {
            label: "ceiling",
            pace: Pace::Closed,
            duration: self.plan.ceiling.div_f64(2.0),
            max_requests: u64::MAX,
            load: Load::Open(Uri::from_static(OPEN_PATH), token),
        };
        self.phase(phase, progress).map(Some)
    }

    fn phase(&mut self, phase: Phase, progress: &Progress) -> Result<Outcome, String> {
        let shown = progress.phase(phase.label, nanos(phase.duration));
        let outcome = self.generator.run(&phase, &self.stock, &shown)?;
        let pace = match phase.pace {
            Pace::Closed => String::new(),
            Pace::Open(rate) => format!(" of {} offered", grouped_float(rate)),
        };
        shown.finish(&format!(
            "{} requests in {:.1} s: {}/s{pace}, {} wrong",
            grouped(outcome.tally.requests()),
            outcome.elapsed.as_secs_f64(),
            grouped_float(rate_of(&outcome)),
            grouped(outcome.tally.wrong())
        ));
        Ok(outcome)
    }
}

/// Half of the cores, rounded down.
fn gateway_threads() -> usize {
    cores().div_euclid(2).max(1)
}

/// The other half.
fn generator_threads() -> usize {
    cores().saturating_sub(gateway_threads()).max(1)
}

/// How many requests a second the gateway may do: by its CPU time, which does not depend on what else the machine
/// does, or by its rate where that is not known.
fn capacity_of(outcome: &Outcome) -> f64 {
    let threads = float(count(gateway_threads()));
    let requests = float(outcome.tally.requests());
    let by_cpu = outcome
        .gateway_cpu
        .and_then(|cpu| ratio(requests * threads, cpu.as_secs_f64()));
    by_cpu.map_or_else(|| rate_of(outcome), |by_cpu| by_cpu.max(rate_of(outcome)))
}

fn rate_of(outcome: &Outcome) -> f64 {
    ratio(
        float(outcome.tally.requests()),
        outcome.elapsed.as_secs_f64(),
    )
    .unwrap_or(0.0)
}

fn signed_note(signed: Lot, elapsed: Duration) -> String {
    format!(
        "{} RS256 and {} ES256 tokens in {:.1} s",
        grouped(signed.rs256),
        grouped(signed.es256),
        elapsed.as_secs_f64()
    )
}

fn fetches(served: &Served) -> Fetches {
    Fetches {
        keys: served.keys.load(Ordering::Relaxed),
        not_modified: served.not_modified.load(Ordering::Relaxed),
        not_found: served.not_found.load(Ordering::Relaxed),
        failures: served.failures.load(Ordering::Relaxed),
    }
}
