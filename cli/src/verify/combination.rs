//! Which options go together: what a profile needs, and what it has no use for.
//!
//! An option that would change nothing is refused: whoever gives `--audience` to a profile that has its audience
//! elsewhere would believe that it was checked.

use super::line::{LineForm, Reading};
use super::options::{Options, ProfileName};
use crate::outcome::Fault;

use ProfileName::{Asap, Connect, ConnectContext, ConnectInstall, Forge, Trello};

/// An option that not every profile has.
struct Own {
    name: &'static str,
    is_given: fn(&Options) -> bool,
    /// The profiles that need it.
    needed_by: &'static [ProfileName],
    /// Further profiles that can use it.
    taken_by: &'static [ProfileName],
}

const fn own(
    name: &'static str,
    is_given: fn(&Options) -> bool,
    needed_by: &'static [ProfileName],
    taken_by: &'static [ProfileName],
) -> Own {
    Own {
        name,
        is_given,
        needed_by,
        taken_by,
    }
}

#[rustfmt::skip]
const OWN: &[Own] = &[
    own("--audience", |options| !options.audience.is_empty(), &[Asap], &[]),
    own("--tenant", |options| !options.tenant.is_empty(), &[Connect, ConnectContext], &[]),
    own("--jwks", |options| options.jwks.is_some(), &[Forge], &[]),
    own("--app-id", |options| options.app_id.is_some(), &[Forge], &[]),
    own("--trello-keys", |options| options.trello_keys.is_some(), &[Trello], &[]),
    own("--plugin-id", |options| options.plugin_id.is_some(), &[Trello], &[]),
    own("--keys", |options| options.keys.is_some(), &[], &[Asap, ConnectInstall]),
    own("--key-repository", |options| !options.key_repository.is_empty(), &[], &[Asap, ConnectInstall]),
    own("--base-url", |options| options.base_url.is_some(), &[ConnectInstall], &[Connect, ConnectContext]),
    own("--method", |options| options.method.is_some(), &[], &[Connect, ConnectContext, ConnectInstall]),
    own("--url", |options| options.url.is_some(), &[], &[Connect, ConnectContext, ConnectInstall]),
    own("--body-file", |options| options.body_file.is_some(), &[], &[ConnectInstall]),
    own("--issuer", |options| !options.issuer.is_empty(), &[], &[Asap]),
    own("--algorithm", |options| !options.algorithm.is_empty(), &[], &[Asap]),
    own("--single-use", |options| options.single_use, &[], &[Asap]),
    own("--backend", |options| options.backend.is_some(), &[], &[Asap, ConnectInstall, Forge, Trello]),
    own("--ca-file", |options| options.ca_file.is_some(), &[], &[Asap, ConnectInstall, Forge, Trello]),
    own("--allow-http-loopback", |options| options.allow_http_loopback, &[], &[Asap, ConnectInstall, Forge, Trello]),
];

/// Checks the options against each other.
pub(super) fn check(options: &Options) -> Result<(), Fault> {
    for own in OWN {
        own.check(options)?;
    }
    let profile = options.profile;
    let has_keys_by_name = options.keys.is_some() || !options.key_repository.is_empty();
    if matches!(profile, Asap | ConnectInstall) && !has_keys_by_name {
        return missing(profile, "--keys DIR or --key-repository URL");
    }
    if options.input == LineForm::Jsonl {
        return Ok(());
    }
    if matches!(profile, Connect | ConnectInstall) && options.url.is_none() {
        return missing(profile, "--method and --url, or --input jsonl with both,");
    }
    if profile == ConnectInstall && options.body_file.is_none() {
        return missing(profile, "--body-file, or --input jsonl with \"body\",");
    }
    Ok(())
}

/// What a line is, and what of its request each must say since the options do not.
pub(super) fn reading(options: &Options) -> Reading {
    let profile = options.profile;
    let needs_request = matches!(profile, Connect | ConnectInstall) && options.url.is_none();
    Reading {
        form: options.input,
        has_request: matches!(profile, Connect | ConnectContext | ConnectInstall),
        needs_request,
        needs_body: profile == ConnectInstall && options.body_file.is_none(),
    }
}

impl Own {
    fn check(&self, options: &Options) -> Result<(), Fault> {
        let (profile, is_given) = (options.profile, (self.is_given)(options));
        let is_needed = self.needed_by.contains(&profile);
        if is_needed && !is_given {
            return missing(profile, self.name);
        }
        if is_given && !is_needed && !self.taken_by.contains(&profile) {
            let (name, profile) = (self.name, profile.name());
            return Err(Fault::new(format!(
                "{name}: --profile {profile} has no use for it (see --help)"
            )));
        }
        Ok(())
    }
}

fn missing(profile: ProfileName, what: &str) -> Result<(), Fault> {
    let profile = profile.name();
    Err(Fault::new(format!(
        "{what} is missing: --profile {profile} needs it (see --help)"
    )))
}
