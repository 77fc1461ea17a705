//! `asap keys serve`: a key repository, "a web server that exposes the keys via unauthenticated HTTPS" and serves
//! "only static files".
//!
//! GET and HEAD of `/<kid>` answer with the file `DIR/<kid>`, read for each request: publishing a key is copying a file,
//! and a file that is gone is gone at once. Plain http is for loopback alone. In the order of a request:
//! [`connections`] (bounds and deadlines), [`answer`] (what is said), [`directory`] (what may be served),
//! [`conditional`] (what the client has already).

mod answer;
mod conditional;
mod connections;
mod directory;
mod tls;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use self::answer::Site;
use self::directory::Directory;
use crate::outcome::{Fault, Outcome};
use crate::output;

/// The longest time, in seconds, that a key may be said to be fresh: a year, which no cache goes beyond.
const LONGEST_MAX_AGE: i64 = 31_536_000;

const EXAMPLES: &str = "\
Examples:
  asap keys serve --dir keys/public
  asap keys serve --dir keys/public --listen 127.0.0.1:0    # a free port: see the line that it prints
  asap keys serve --dir /srv/keys --listen 0.0.0.0:8443 --tls-cert chain.pem --tls-key key.pem --max-age 60

When it is ready it prints one line, \"serving DIR at URL\", on standard output. SIGTERM and SIGINT end it.

Exit codes: 0 done; 2 usage or configuration error.";

/// Options of `asap keys serve`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// The directory: DIR/a/b is the public key of kid a/b
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,

    /// Address and port to listen on; port 0 takes a free one. Without TLS a loopback address
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: String,

    /// The certificate and what leads from it to its authority, PEM
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,

    /// The certificate's private key, PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,

    /// For how many seconds caches may keep a key, so for how long verifiers may trust one that was deleted
    #[arg(long, value_name = "SECONDS", default_value_t = 300,
          value_parser = clap::value_parser!(u32).range(0..=LONGEST_MAX_AGE))]
    max_age: u32,
}

/// Serves until a signal ends it.
pub(crate) fn run(options: &Options) -> Result<Outcome, Fault> {
    let address = address(options)?;
    let tls = match (&options.tls_cert, &options.tls_key) {
        (Some(certificate), Some(key)) => Some(tls::acceptor(certificate, key)?),
        _ => None,
    };
    let directory = Directory::open(&options.dir)?;
    let site = Arc::new(Site::new(directory, options.max_age, tls.is_some())?);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(connections::MAX_READERS)
        .build()
        .map_err(|error| Fault::new(format!("no runtime: {error}")))?;
    runtime.block_on(async {
        let listener = TcpListener::bind(address)
            .await
            .map_err(|error| Fault::new(format!("--listen: {address}: {error}")))?;
        let stop = stop_signal()
            .map_err(|error| Fault::new(format!("signals cannot be waited for: {error}")))?;
        let bound = listener
            .local_addr()
            .map_err(|error| Fault::new(format!("--listen: {error}")))?;
        site.survey();
        let scheme = if tls.is_some() { "https" } else { "http" };
        output::line(&format!(
            "serving {} at {scheme}://{bound}/",
            options.dir.display()
        ))?;
        connections::serve(listener, tls, site, stop).await;
        Ok(Outcome::Done)
    })
}

/// Where to listen. "In that case, the base URL MUST start with https:", so plain http does not leave this machine.
fn address(options: &Options) -> Result<SocketAddr, Fault> {
    let address: SocketAddr = options.listen.parse().map_err(|_| {
        Fault::new("--listen must be an IP address and a port, as 127.0.0.1:8080 or [::1]:0")
    })?;
    if options.tls_cert.is_none() && !address.ip().to_canonical().is_loopback() {
        return Err(Fault::new(
            "--listen: plain http is for loopback only: give --tls-cert and --tls-key, or listen on 127.0.0.1 or [::1]",
        ));
    }
    Ok(address)
}

/// Watches for SIGTERM and SIGINT from now on; the future ends with the first.
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
