//! What `asap verify` may be asked.
//!
//! [`combination`](super::combination) says which options go together, [`sources`](super::sources) makes what they name.

use std::path::PathBuf;
use std::time::Duration;

use asap_engine::{Algorithm, UnixTime};
use clap::{Args, ValueEnum};

use super::instant;
use super::line::LineForm;

const HELP: &str = r#"Profiles, and what each needs:
  asap             --audience NAME... (--keys DIR | --key-repository URL...)
  connect          --tenant CLIENT_KEY=SECRET_FILE... --method M --url PATH?QUERY [--base-url URL]
                   a module or a webhook: HS256, and qsh is the hash of the request
  connect-context  --tenant CLIENT_KEY=SECRET_FILE...
                   what an app's page sends: HS256, and qsh is context-qsh
  connect-install  (--keys DIR | --key-repository URL...) --base-url URL --method M --url PATH?QUERY --body-file FILE
                   installed and uninstalled: RS256, for the app at --base-url, of the clientKey of the body
  forge            --jwks FILE|URL --app-id ARI
                   invocation tokens for the app's remote
  trello           --trello-keys FILE|URL --plugin-id ID
                   tokens of a Power-Up
  An option that a profile has no use for is an error. A secret is the content of its file, without a line end.

Input:
  Every line is a token, one without characters too (it is refused). Lines end with LF or CRLF.
  With --input jsonl every line is an object: {"token": "...", "at": 1700000000, "id": "..."}. "at" (seconds since
  1970, decimals too) is the instant at which the token is judged and wins over --at; "id" (any JSON scalar) is
  repeated in the output as it is spelled; both may be absent or null. For the profiles of Connect "method", "url" and
  "body" (strings) are the request that the token came with, and win over --method, --url and --body-file. Other
  members are ignored. A line that is no such object ends the run with exit code 2; the verdicts before it stand.

Output, with --json, one object a token, in the order of the input:
  {"id":null,"verdict":"accepted","issuer":"...","subject":"...","audience":["..."],"key_id":"...","token_id":"...",
   "algorithm":"RS256","expires_at":1700000060}
  {"id":null,"verdict":"refused","code":"expired","stage":"policy","status":401,"detail":"..."}
  "expires_at" is in seconds, rounded down to the nanosecond; "subject" is the issuer where a token of the profile asap
  has no sub. What tokens of a profile do not have is null, or an empty audience. "subject" is the user's account for
  connect, the principal for forge, idMember for trello; "audience" the app's identifier for forge, idPlugin for trello.

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
  The request that a product has sent to a Connect app, and the message that installs one:
    printf '%s\n' "$TOKEN" | asap verify --profile connect --tenant 1234-client-key=secret.txt \
        --base-url https://app.example --method GET --url '/panel?issue=KEY-1'
    printf '%s\n' "$TOKEN" | asap verify --profile connect-install \
        --key-repository https://connect-install-keys.atlassian.com --base-url https://app.example \
        --method POST --url /installed --body-file body.json
  The token of a call to a Forge app's remote, and of a Power-Up:
    printf '%s\n' "$TOKEN" | asap verify --profile forge --app-id ari:cloud:ecosystem::app/8db33809 \
        --jwks https://forge.cdn.prod.atlassian-dev.net/.well-known/jwks.json
    printf '%s\n' "$TOKEN" | asap verify --profile trello --plugin-id 5e66784c606cb1160a8f5dc0 \
        --trello-keys https://api.trello.com/1/resource/jwt-public-keys

Exit codes: 0 every token was accepted (or there was none); 1 a token was refused; 2 usage or configuration error,
or input that is not as --input says."#;

/// Options of `asap verify`.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct Options {
    /// Which of the platform's tokens they are
    #[arg(long, value_name = "NAME", default_value = "asap")]
    pub(super) profile: ProfileName,

    /// Accept tokens for one of these audiences (aud)
    #[arg(long, value_name = "NAME", num_args = 1..)]
    pub(super) audience: Vec<String>,

    /// Take the public key of kid a/b from the PEM file DIR/a/b
    #[arg(long, value_name = "DIR", conflicts_with = "key_repository")]
    pub(super) keys: Option<PathBuf>,

    /// Fetch the public key of kid a/b from URL/a/b; further URLs are asked when those before them are down
    #[arg(long, value_name = "URL", num_args = 1..)]
    pub(super) key_repository: Vec<String>,

    /// Take the key set of Forge (JWK Set) from here
    #[arg(long, value_name = "FILE|URL")]
    pub(super) jwks: Option<String>,

    /// Accept tokens for this Forge app, app.id of its manifest.yml
    #[arg(long, value_name = "ARI")]
    pub(super) app_id: Option<String>,

    /// Take Trello's list of keys from here
    #[arg(long, value_name = "FILE|URL")]
    pub(super) trello_keys: Option<String>,

    /// Accept tokens of this Power-Up (idPlugin)
    #[arg(long, value_name = "ID")]
    pub(super) plugin_id: Option<String>,

    /// Take the secret that an installation shares with the app from a file
    #[arg(long, value_name = "CLIENT_KEY=SECRET_FILE", num_args = 1..)]
    pub(super) tenant: Vec<String>,

    /// Where the app is: baseUrl of its descriptor
    #[arg(long, value_name = "URL")]
    pub(super) base_url: Option<String>,

    /// The method of the request
    #[arg(long, value_name = "M", requires = "url")]
    pub(super) method: Option<String>,

    /// Path and query of the request as they were on the wire
    #[arg(long, value_name = "PATH?QUERY", requires = "method")]
    pub(super) url: Option<String>,

    /// The body of the request
    #[arg(long, value_name = "FILE")]
    pub(super) body_file: Option<PathBuf>,

    /// Trust these root certificates, and not the platform's, when keys are fetched
    #[arg(long, value_name = "PEM")]
    pub(super) ca_file: Option<PathBuf>,

    /// Let keys be fetched by plain http from this machine
    #[arg(long)]
    pub(super) allow_http_loopback: bool,

    /// Accept tokens of these issuers (iss) only
    #[arg(long, value_name = "NAME", num_args = 1..)]
    pub(super) issuer: Vec<String>,

    /// Widen the time in which a token is valid on both sides, up to 300 (connect: 30)
    #[arg(long, value_name = "SECONDS", default_value = "30", allow_negative_numbers = true, value_parser = seconds)]
    pub(super) leeway: Duration,

    /// Accept these signature algorithms (alg) only
    #[arg(long, value_name = "NAME", num_args = 1.., value_parser = algorithm)]
    pub(super) algorithm: Vec<Algorithm>,

    /// Accept each token (iss and jti) once, in the order of the input; up to 10 million are remembered
    #[arg(long)]
    pub(super) single_use: bool,

    /// Check signatures with this library [default: auto]
    #[arg(long, value_name = "NAME")]
    pub(super) backend: Option<BackendName>,

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

/// The names of `--profile`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ProfileName {
    /// Service to service
    Asap,
    /// A product's request to a module or a webhook of a Connect app
    Connect,
    /// A Connect app's own page
    ConnectContext,
    /// A Connect app's installation and uninstallation
    ConnectInstall,
    /// A Forge app's remote
    Forge,
    /// A Trello Power-Up
    Trello,
}

impl ProfileName {
    /// As it is spelled on the command line.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Asap => "asap",
            Self::Connect => "connect",
            Self::ConnectContext => "connect-context",
            Self::ConnectInstall => "connect-install",
            Self::Forge => "forge",
            Self::Trello => "trello",
        }
    }
}

/// The names of `--backend`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum BackendName {
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
