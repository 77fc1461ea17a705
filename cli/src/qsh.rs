//! `asap qsh`: the canonical request of a Connect token, and its hash. For whoever looks for the reason of a
//! `query_hash_mismatch`.

use asap_engine::{BaseUrl, ConnectRequest};
use clap::Args;

use crate::outcome::{Fault, Outcome};
use crate::output;

const EXAMPLES: &str = "\
Examples:
  asap qsh --method GET --url '/panel?issue=A-1&user=x%20y'
  asap qsh --method POST --url /connect/installed --base-url https://app.example/connect

Standard output has two lines: the canonical request, and its SHA-256 as qsh has it. The parameter jwt is in neither.

Exit codes: 0 done; 2 usage error, or a request that no endpoint takes.";

/// The base URL of an app whose path is empty.
const NO_BASE_PATH: &str = "https://localhost";

/// Options of `asap qsh`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// The method of the request
    #[arg(long, value_name = "METHOD")]
    method: String,

    /// Path and query as they are on the wire, a slash first
    #[arg(long, value_name = "PATH?QUERY")]
    url: String,

    /// The base URL of the app, whose path is not part of the canonical request
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
}

/// Prints the two lines.
pub(crate) fn run(options: &Options) -> Result<Outcome, Fault> {
    if !options.url.starts_with('/') {
        return Err(Fault::new(
            "--url: give the path and the query, beginning with a slash",
        ));
    }
    if options.method.is_empty()
        || !options
            .method
            .bytes()
            .all(|byte| byte.is_ascii_alphabetic())
    {
        return Err(Fault::new("--method: give a method, such as GET"));
    }
    let base_url = options.base_url.as_deref().unwrap_or(NO_BASE_PATH);
    let base_url =
        BaseUrl::parse(base_url).map_err(|error| Fault::new(format!("--base-url: {error}")))?;
    let request = ConnectRequest::new(&options.method, &options.url);
    let canonical = request
        .canonical(&base_url)
        .and_then(|canonical| Ok((canonical, request.query_hash(&base_url)?)));
    let (canonical, hash) = canonical.map_err(|error| Fault::new(format!("--url: {error}")))?;
    output::line(&format!("{canonical}\n{hash}"))
}
