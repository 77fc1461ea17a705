//! What `asap verify` may be asked, and the policy and keys that it stands for.
//!
//! Whatever cannot work is found here, before a token is read.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use asap_engine::{
    Algorithm, Backend, ConfigError, KeyRepository, KeyRepositoryConfig, Policy, UnixTime,
};
use clap::{ArgGroup, Args, ValueEnum};
use tokio::runtime::{self, Runtime};

use super::directory::KeyDirectory;
use super::instant;
use super::keys::Source;
use super::line::LineForm;
use crate::outcome::Fault;

/// The longest file of root certificates that is read, in bytes: fifty times what platforms ship.
const MAX_CA_FILE: u64 = 16 * 1024 * 1024;

/// How many keys may be asked for in vain at once in one issuer's name: the tokens are the caller's own, so each unknown
/// key of a corpus gets its answer. A flood still meets its limit, and says so in `refused_by_limits`.
const FETCH_BURST_PER_ISSUER: u32 = 1024;

/// How often one more may be asked for in vain in one issuer's name.
const FETCH_INTERVAL_PER_ISSUER: Duration = Duration::from_millis(40);

/// How many keys may be asked for in vain at once in all names: four times as many, so that a flood in one name leaves
/// other issuers what they need for their first key.
const FETCH_BURST: u32 = 4096;

/// How often one more may be asked for in vain in all names.
const FETCH_INTERVAL: Duration = Duration::from_millis(10);

const HELP: &str = r#"Input:
  Every line is a token, one without characters too (it is refused). Lines end with LF or CRLF.
  With --input jsonl every line is an object: {"token": "...", "at": 1700000000, "id": "..."}. "at" (seconds since
  1970, decimals too) is the instant at which the token is judged and wins over --at; "id" (any JSON scalar) is
  repeated in the output as it is spelled; both may be absent or null; other members are ignored. A line that is no
  such object ends the run with exit code 2; the verdicts before it stand.

Output, with --json, one object a token, in the order of the input:
  {"id":null,"verdict":"accepted","issuer":"...","subject":"...","audience":["..."],"key_id":"...","token_id":"...",
   "algorithm":"RS256","expires_at":1700000060}
  {"id":null,"verdict":"refused","code":"expired","stage":"policy","status":401,"detail":"..."}
  "expires_at" is in seconds, rounded down to the nanosecond; "subject" is the issuer where the token has no sub.

Key repositories are asked for up to 1024 keys that they do not have in one issuer's name, and for 25 more a second; in
  all names for up to 4096, and 100 more a second: a flood of unknown keys costs no more. Beyond that a token is refused
  with key_unavailable, which --stats counts as refused_by_limits.

Kernels (--backend accel, and auto) are this project's own arithmetic. aws-lc decides whatever they refuse and one in 1024 of
  what they accept, and the first answer that differs takes a kernel out of use. With ASAP_ACCEL=off in the environment they
  are not used. --stats has a member "kernels" that says of each whether it is in use, or why not, and what it has done:
  {"rsa":{"state":"on",...},"p256":{...},"ed25519":{...},"tables":{...}}; "disagreements" other than 0 should be reported.

Examples:
  Why is this token refused? The public key of kid a/b is the file keys/a/b:
    printf '%s\n' "$TOKEN" | asap verify --audience my-service --keys keys
  With the keys of a repository, only tokens of two issuers, each accepted once:
    asap verify --audience my-service --key-repository https://keys.example/v1 \
        --issuer your-service their-service --single-use < tokens.txt
  A corpus at the instants that it names, for a script:
    asap verify --audience my-service --keys keys --input jsonl --at 1700000000 --json --stats < corpus.jsonl

Exit codes: 0 every token was accepted (or there was none); 1 a token was refused; 2 usage or configuration error,
or input that is not as --input says."#;

/// Options of `asap verify`.
#[derive(Debug, Args)]
#[command(
    after_help = HELP,
    group = ArgGroup::new("key source").required(true).args(["keys", "key_repository"])
)]
pub(crate) struct Options {
    /// Accept tokens for one of these audiences (aud)
    #[arg(long, value_name = "NAME", required = true, num_args = 1..)]
    audience: Vec<String>,

    /// Take the public key of kid a/b from the PEM file DIR/a/b
    #[arg(long, value_name = "DIR")]
    keys: Option<PathBuf>,

    /// Fetch the public key of kid a/b from URL/a/b; further URLs are asked when those before them are down
    #[arg(long, value_name = "URL", num_args = 1..)]
    key_repository: Vec<String>,

    /// Trust these root certificates, and not the platform's, when keys are fetched
    #[arg(long, value_name = "PEM")]
    ca_file: Option<PathBuf>,

    /// Let keys be fetched by plain http from this machine
    #[arg(long)]
    allow_http_loopback: bool,

    /// Accept tokens of these issuers (iss) only
    #[arg(long, value_name = "NAME", num_args = 1..)]
    issuer: Vec<String>,

    /// Widen the time in which a token is valid on both sides, up to 300
    #[arg(long, value_name = "SECONDS", default_value = "30", allow_negative_numbers = true, value_parser = seconds)]
    pub(super) leeway: Duration,

    /// Accept these signature algorithms (alg) only
    #[arg(long, value_name = "NAME", num_args = 1.., value_parser = algorithm)]
    algorithm: Vec<Algorithm>,

    /// Accept each token (iss and jti) once, in the order of the input; up to 10 million are remembered
    #[arg(long)]
    pub(super) single_use: bool,

    /// Check signatures with this library
    #[arg(long, value_name = "NAME", default_value = "auto")]
    backend: BackendName,

    /// What a line of the input is
    #[arg(long, value_name = "FORM", default_value = "lines")]
    pub(super) input: LineForm,

    /// Judge tokens at this instant, in seconds since 1970 [default: now]
    #[arg(long, value_name = "UNIX_SECONDS", allow_negative_numbers = true, value_parser = point_in_time)]
    pub(super) at: Option<UnixTime>,

    /// Print a JSON object a token
    #[arg(long)]
    pub(super) json: bool,

    /// Print the counters of the key source and of the kernels at the end, as a JSON object on standard error
    #[arg(long)]
    pub(super) stats: bool,
}

/// The names of `--backend`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum BackendName {
    /// aws-lc, with each key parsed once
    AwsLc,
    /// A second opinion; it knows no P-521
    Ring,
    /// This project's own kernels where the key and the processor have one (RSA of 2048, 3072 or 4096 bits with AVX-512), and
    /// aws-lc for all else
    Accel,
    /// The fastest that this build has: accel
    Auto,
}

impl Options {
    /// What is asked of every token.
    pub(super) fn policy(&self) -> Result<Policy, Fault> {
        let (first, further) = self
            .audience
            .split_first()
            .ok_or_else(|| Fault::new("--audience: name at least one"))?;
        let mut policy = Policy::new(first).map_err(in_option("--audience"))?;
        for audience in further {
            policy = policy
                .with_audience(audience)
                .map_err(in_option("--audience"))?;
        }
        policy = policy
            .with_leeway(self.leeway)
            .map_err(in_option("--leeway"))?;
        if !self.issuer.is_empty() {
            policy = policy
                .with_issuers(&self.issuer)
                .map_err(in_option("--issuer"))?;
        }
        if !self.algorithm.is_empty() {
            policy = policy
                .with_algorithms(self.algorithm.iter().copied())
                .map_err(in_option("--algorithm"))?;
        }
        Ok(if self.single_use {
            policy.with_single_use()
        } else {
            policy
        })
    }

    /// Where keys come from, and the runtime of fetches if there are any. Up to `workers` fetches run at once.
    pub(super) fn source(&self, workers: usize) -> Result<(Arc<Source>, Option<Runtime>), Fault> {
        let backend = self.backend();
        if let Some(path) = &self.keys {
            let directory = KeyDirectory::open(path, backend)
                .map_err(|error| Fault::new(format!("--keys {}: {error}", path.display())))?;
            return Ok((Arc::new(Source::Directory(directory)), None));
        }
        let config = self
            .repository_config()?
            .with_backend(backend)
            .with_max_concurrent_fetches(workers.clamp(
                asap_engine::limits::DEFAULT_MAX_CONCURRENT_FETCHES,
                asap_engine::limits::MAX_CONCURRENT_FETCHES,
            ))
            .with_fetch_rate_per_issuer(FETCH_BURST_PER_ISSUER, FETCH_INTERVAL_PER_ISSUER)
            .with_fetch_rate(FETCH_BURST, FETCH_INTERVAL);
        let runtime = runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(|error| Fault::new(format!("a thread cannot be started: {error}")))?;
        let repository = {
            let _runtime = runtime.enter();
            KeyRepository::new(config).map_err(in_option("--key-repository"))?
        };
        let source = Source::Repository(repository, runtime.handle().clone());
        Ok((Arc::new(source), Some(runtime)))
    }

    const fn backend(&self) -> Backend {
        match self.backend {
            BackendName::AwsLc => Backend::AwsLc,
            BackendName::Ring => Backend::Ring,
            BackendName::Accel => Backend::Accel,
            BackendName::Auto => Backend::Auto,
        }
    }

    fn repository_config(&self) -> Result<KeyRepositoryConfig, Fault> {
        let (first, fallbacks) = self
            .key_repository
            .split_first()
            .ok_or_else(|| Fault::new("--key-repository: name at least one"))?;
        let config = if self.allow_http_loopback {
            KeyRepositoryConfig::allowing_http_to_loopback(first)
        } else {
            KeyRepositoryConfig::new(first)
        };
        let mut config = config.map_err(in_option("--key-repository"))?;
        for url in fallbacks {
            config = config
                .with_fallback(url)
                .map_err(in_option("--key-repository"))?;
        }
        let Some(path) = &self.ca_file else {
            return Ok(config);
        };
        let fault = |why: &dyn std::fmt::Display| {
            Fault::new(format!("--ca-file {}: {why}", path.display()))
        };
        let pem = read_limited(path).map_err(|error| fault(&error))?;
        config
            .with_root_certificates(&pem)
            .map_err(|error| fault(&error))
    }
}

fn in_option(option: &str) -> impl Fn(ConfigError) -> Fault {
    move |error| Fault::new(format!("{option}: {error}"))
}

fn read_limited(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    File::open(path)?.take(MAX_CA_FILE).read_to_end(&mut text)?;
    Ok(text)
}

fn point_in_time(text: &str) -> Result<UnixTime, String> {
    instant::unix_time(text).ok_or_else(|| "give seconds since 1970 as a decimal number".to_owned())
}

fn seconds(text: &str) -> Result<Duration, String> {
    instant::unix_time(text)
        .and_then(|time| u64::try_from(time.as_nanos()).ok())
        .map(Duration::from_nanos)
        .ok_or_else(|| "give a number of seconds from 0 to 300".to_owned())
}

fn algorithm(name: &str) -> Result<Algorithm, String> {
    Algorithm::from_name(name).ok_or_else(|| {
        let names: Vec<_> = Algorithm::ALL.iter().map(|one| one.name()).collect();
        format!("choose from {}", names.join(", "))
    })
}
