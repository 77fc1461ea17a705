//! `asap sign`: a token on standard output.
//!
//! It signs nothing that `asap verify` would refuse: names outside the grammar, a key that the issuer does not own, a
//! life of more than an hour, a token that is too long.

mod lifetime;
mod private_key;

use std::env;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use asap_engine::limits::DEFAULT_MAX_TOKEN_LENGTH;
use asap_engine::{Algorithm, ClaimValue, Issuer, SignError, TokenRequest};
use clap::Args;

use crate::outcome::{Fault, Outcome};
use crate::{algorithm, names, output};

const EXAMPLES: &str = "\
Examples:
  asap sign --issuer my-service --key-id my-service/2026-11 \\
      --private-key keys/private/my-service/2026-11.pem --audience their-service
  export ASAP_ISSUER=my-service ASAP_KEY_ID=my-service/2026-11 ASAP_PRIVATE_KEY=\"$(cat the-key.pem)\"
  asap sign --audience their-service --lifetime 5m --subject some-user
  asap sign --audience their-service --claims '{\"scope\":\"read\",\"rate\":1.50}'
  curl -H \"Authorization: Bearer $(asap sign --audience their-service)\" https://their-service.example.com/

Environment:
  ASAP_PRIVATE_KEY    the private key, PEM or data:application/pkcs8;kid=...;base64,..., unless --private-key names a file
  ASAP_ISSUER         unless --issuer is given
  ASAP_KEY_ID         unless --key-id is given

Exit codes: 0 done; 2 usage or configuration error.";

/// Options of `asap sign`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// The service that sends the token: iss [default: ASAP_ISSUER]
    #[arg(long, value_name = "NAME")]
    issuer: Option<String>,

    /// The name of the key, which begins with the issuer and a slash: kid [default: ASAP_KEY_ID]
    #[arg(long, value_name = "KID")]
    key_id: Option<String>,

    /// The file with the private key, PEM or a data URI [default: the key itself in ASAP_PRIVATE_KEY]
    #[arg(long, value_name = "FILE")]
    private_key: Option<PathBuf>,

    /// Whom the token is for: aud. A string for one, an array for several
    #[arg(long, value_name = "NAME", required = true, num_args = 1..)]
    audience: Vec<String>,

    /// On whose behalf: sub
    #[arg(long, value_name = "NAME")]
    subject: Option<String>,

    /// How long the token is valid, up to an hour: 60s, 5m, 1h or plain seconds
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = lifetime::parse)]
    lifetime: Duration,

    /// What to sign with: RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512 or EdDSA
    /// [default: RS256 for an RSA key, else what the key's curve signs with]
    #[arg(long, value_name = "NAME", hide_possible_values = true, value_parser = algorithm::parser())]
    algorithm: Option<Algorithm>,

    /// More claims, a JSON object. Not iss, sub, aud, exp, nbf, iat and jti, which the other options and the clock make
    #[arg(long, value_name = "JSON")]
    claims: Option<String>,
}

/// Signs a token and prints it.
pub(crate) fn run(options: &Options) -> Result<Outcome, Fault> {
    let issuer = option_or_variable(options.issuer.as_deref(), "--issuer", "ASAP_ISSUER")?;
    let key_id = option_or_variable(options.key_id.as_deref(), "--key-id", "ASAP_KEY_ID")?;
    if !key_id.starts_with(&format!("{issuer}/")) {
        return Err(Fault::new(
            "--key-id must begin with the issuer and a slash: my-service/2026-11 for my-service",
        ));
    }
    let request = request(options)?;
    let key = private_key::read(options.private_key.as_deref(), options.algorithm, &key_id)?;
    let issuer = Issuer::new(&issuer, &key_id, key)
        .and_then(|issuer| issuer.with_lifetime(options.lifetime))
        .map_err(|error| Fault::new(error.to_string()))?;
    let token = match issuer.sign(&request, SystemTime::now().into()) {
        Ok(token) if token.len() <= DEFAULT_MAX_TOKEN_LENGTH => token,
        Ok(_) | Err(SignError::TokenTooLong) => return Err(too_long()),
        Err(error) => return Err(Fault::new(format!("the token was not signed: {error}"))),
    };
    output::line(&token)
}

/// What an option says, or else a variable of the environment, checked to be in the grammar.
fn option_or_variable(given: Option<&str>, option: &str, variable: &str) -> Result<String, Fault> {
    if let Some(name) = given {
        names::check(option, name)?;
        return Ok(name.to_owned());
    }
    match env::var_os(variable) {
        Some(name) if !name.is_empty() => {
            let name = name.to_string_lossy();
            names::check(variable, &name)?;
            Ok(name.into_owned())
        }
        _ => Err(Fault::new(format!(
            "{option} is missing, and {variable} is not set"
        ))),
    }
}

/// What the token shall say.
fn request(options: &Options) -> Result<TokenRequest, Fault> {
    if options.audience.iter().any(String::is_empty) {
        return Err(Fault::new("--audience must not be empty"));
    }
    let mut audiences = options.audience.iter();
    let mut request = TokenRequest::new(audiences.next().map_or("", String::as_str));
    for audience in audiences {
        request = request.with_additional_audience(audience);
    }
    if let Some(subject) = &options.subject {
        request = request.with_subject(subject);
    }
    match &options.claims {
        Some(claims) => with_claims(request, claims),
        None => Ok(request),
    }
}

fn with_claims(mut request: TokenRequest, json: &str) -> Result<TokenRequest, Fault> {
    let fault = |error| match error {
        SignError::InvalidJson => {
            Fault::new("--claims must be one JSON object, as {\"scope\":\"read\"}")
        }
        SignError::TokenTooLong => too_long(),
        error => Fault::new(format!("--claims: {error}")),
    };
    let ClaimValue::Object(claims) = ClaimValue::from_json(json).map_err(fault)? else {
        return Err(fault(SignError::InvalidJson));
    };
    for (name, value) in claims {
        request = request.with_claim(name, value).map_err(fault)?;
    }
    Ok(request)
}

fn too_long() -> Fault {
    Fault::new(format!(
        "the token would have more than {DEFAULT_MAX_TOKEN_LENGTH} bytes, which verifiers refuse: say less with --claims, --audience and --subject"
    ))
}
