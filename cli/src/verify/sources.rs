//! What the options name: keys in a directory, at a repository, in a set; the library that verifies with them.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use asap_engine::{
    Backend, ConfigError, KeyRepository, KeyRepositoryConfig, KeySet, KeySetFormat,
    KeySetRepository, KeySetRepositoryConfig,
};
use tokio::runtime::{self, Runtime};

use super::directory::KeyDirectory;
use super::key_set::SetSource;
use super::keys::Source;
use super::options::{BackendName, Options};
use crate::outcome::Fault;

/// The longest file that is read whole, in bytes: fifty times the root certificates that platforms ship.
const MAX_FILE: u64 = 16 * 1024 * 1024;

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

/// Where keys by name come from, and the runtime of fetches if there are any. Up to `workers` fetches run at once.
pub(super) fn keys_by_name(
    options: &Options,
    workers: usize,
) -> Result<(Arc<Source>, Option<Runtime>), Fault> {
    let backend = backend(options);
    if let Some(path) = &options.keys {
        let directory =
            KeyDirectory::open(path, backend).map_err(|error| in_file("--keys", path, &error))?;
        return Ok((Arc::new(Source::Directory(directory)), None));
    }
    let config = repository_config(options)?
        .with_backend(backend)
        .with_max_concurrent_fetches(workers.clamp(
            asap_engine::limits::DEFAULT_MAX_CONCURRENT_FETCHES,
            asap_engine::limits::MAX_CONCURRENT_FETCHES,
        ))
        .with_fetch_rate_per_issuer(FETCH_BURST_PER_ISSUER, FETCH_INTERVAL_PER_ISSUER)
        .with_fetch_rate(FETCH_BURST, FETCH_INTERVAL);
    let runtime = runtime()?;
    let repository = {
        let _runtime = runtime.enter();
        KeyRepository::new(config).map_err(in_option("--key-repository"))?
    };
    let source = Source::Repository(repository, runtime.handle().clone());
    Ok((Arc::new(source), Some(runtime)))
}

/// The set at `place`, a file or a URL that `option` names.
pub(super) fn key_set(
    options: &Options,
    option: &str,
    place: &str,
    format: KeySetFormat,
) -> Result<(Arc<SetSource>, Runtime), Fault> {
    let backend = backend(options);
    let runtime = runtime()?;
    if !is_url(place) {
        let path = Path::new(place);
        let json = read(path).map_err(|error| in_file(option, path, &error))?;
        let set = match format {
            KeySetFormat::PemList => KeySet::from_pem_list_with(&json, backend),
            _ => KeySet::from_jwk_set_with(&json, backend),
        };
        let set = set.map_err(|error| in_file(option, path, &error))?;
        return Ok((Arc::new(SetSource::file(set)), runtime));
    }
    let config = if options.allow_http_loopback {
        KeySetRepositoryConfig::allowing_http_to_loopback(format, place)
    } else {
        KeySetRepositoryConfig::new(format, place)
    };
    let mut config = config.map_err(in_option(option))?.with_backend(backend);
    if let Some((path, pem)) = root_certificates(options)? {
        config = config
            .with_root_certificates(&pem)
            .map_err(|error| in_file("--ca-file", path, &error))?;
    }
    let repository = {
        let _runtime = runtime.enter();
        KeySetRepository::new(config).map_err(in_option(option))?
    };
    Ok((Arc::new(SetSource::Repository(repository)), runtime))
}

fn is_url(place: &str) -> bool {
    place.contains("://")
}

fn backend(options: &Options) -> Backend {
    match options.backend.unwrap_or(BackendName::Auto) {
        BackendName::AwsLc => Backend::AwsLc,
        BackendName::Ring => Backend::Ring,
        BackendName::Accel => Backend::Accel,
        BackendName::Auto => Backend::Auto,
    }
}

/// Fetches run on a thread of their own, beside those that judge.
pub(super) fn runtime() -> Result<Runtime, Fault> {
    runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| Fault::new(format!("a thread cannot be started: {error}")))
}

fn repository_config(options: &Options) -> Result<KeyRepositoryConfig, Fault> {
    let (first, fallbacks) = options
        .key_repository
        .split_first()
        .ok_or_else(|| Fault::new("--key-repository: name at least one"))?;
    let config = if options.allow_http_loopback {
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
    if let Some((path, pem)) = root_certificates(options)? {
        config = config
            .with_root_certificates(&pem)
            .map_err(|error| in_file("--ca-file", path, &error))?;
    }
    Ok(config)
}

/// The file that `--ca-file` names, and its text.
fn root_certificates(options: &Options) -> Result<Option<(&Path, Vec<u8>)>, Fault> {
    let Some(path) = &options.ca_file else {
        return Ok(None);
    };
    let pem = read(path).map_err(|error| in_file("--ca-file", path, &error))?;
    Ok(Some((path, pem)))
}

/// Says which file holds what cannot be used.
pub(super) fn in_file(option: &str, path: &Path, why: &dyn std::fmt::Display) -> Fault {
    Fault::new(format!("{option} {}: {why}", path.display()))
}

/// Says which option holds what the engine cannot work with.
pub(super) fn in_option(option: &str) -> impl Fn(ConfigError) -> Fault + '_ {
    move |error| Fault::new(format!("{option}: {error}"))
}

/// The content of a file, up to a bound.
pub(super) fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    File::open(path)?.take(MAX_FILE).read_to_end(&mut text)?;
    Ok(text)
}
