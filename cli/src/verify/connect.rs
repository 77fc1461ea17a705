//! The profiles of Connect: a token and the request that it came with.
//!
//! The token of a line stands in for the request's `Authorization`; if the URL or the form of the request carries another
//! one, the request is refused as an app would refuse it.

use std::sync::Arc;

use asap_engine::{
    BaseUrl, ConnectContext, ConnectLifecycle, ConnectModule, ConnectPolicy, ConnectRequest,
    ConnectVerdict, Scratch, UnixTime, VerifyError,
};
use tokio::runtime::{Handle, Runtime};
use zeroize::Zeroizing;

use super::accepted::Accepted;
use super::clock::LineClock;
use super::keys::Source;
use super::line::Line;
use super::options::{Options, ProfileName};
use super::sources::{self, in_file, in_option};
use super::tenants::Tenants;
use crate::outcome::Fault;

/// The app of whoever does not say where it is: at the root of its host.
const SOMEWHERE: &str = "https://localhost";

/// What is asked of every token.
#[derive(Debug)]
pub(super) struct Connect {
    policy: ConnectPolicy,
    base_url: BaseUrl,
    given: Arc<Given>,
    runtime: Handle,
    pub(super) endpoint: Endpoint,
}

/// Which class of endpoints the tokens were sent to.
#[derive(Debug)]
pub(super) enum Endpoint {
    Module(Arc<Tenants>),
    Context(Arc<Tenants>),
    Lifecycle(Arc<Source>),
}

/// The request of lines that do not say theirs.
#[derive(Debug)]
struct Given {
    method: String,
    url: String,
    body: Vec<u8>,
}

/// What one worker has to judge with.
#[derive(Debug)]
pub(super) struct Bench {
    verifier: Verifier,
    given: Arc<Given>,
    base_url: BaseUrl,
    clock: LineClock,
    runtime: Handle,
    scratch: Scratch,
    /// The header that a token would have come in.
    authorization: Zeroizing<Vec<u8>>,
}

#[derive(Debug)]
enum Verifier {
    Module(ConnectModule<Arc<Tenants>>),
    Context(ConnectContext<Arc<Tenants>>),
    Lifecycle(ConnectLifecycle<Arc<Source>>),
}

impl Connect {
    pub(super) fn new(options: &Options, workers: usize) -> Result<(Self, Runtime), Fault> {
        let base_url = options.base_url.as_deref().unwrap_or(SOMEWHERE);
        let base_url = BaseUrl::parse(base_url).map_err(in_option("--base-url"))?;
        let policy = ConnectPolicy::new(base_url.clone())
            .with_leeway(options.leeway)
            .map_err(in_option("--leeway"))?;
        let given = Arc::new(Given::new(options)?);
        let mut runtime = None;
        let endpoint = match options.profile {
            ProfileName::ConnectInstall => {
                let (source, of_fetches) = sources::keys_by_name(options, workers)?;
                runtime = of_fetches;
                Endpoint::Lifecycle(source)
            }
            ProfileName::ConnectContext => {
                Endpoint::Context(Arc::new(Tenants::read(&options.tenant)?))
            }
            _ => Endpoint::Module(Arc::new(Tenants::read(&options.tenant)?)),
        };
        let runtime = match runtime {
            Some(runtime) => runtime,
            None => sources::runtime()?,
        };
        let rules = Self {
            policy,
            base_url,
            given,
            runtime: runtime.handle().clone(),
            endpoint,
        };
        Ok((rules, runtime))
    }

    pub(super) fn bench(&self) -> Bench {
        let (policy, clock) = (self.policy.clone(), LineClock::default());
        let verifier = match &self.endpoint {
            Endpoint::Module(tenants) => Verifier::Module(
                ConnectModule::new(policy, Arc::clone(tenants)).with_clock(clock.clone()),
            ),
            Endpoint::Context(tenants) => Verifier::Context(
                ConnectContext::new(policy, Arc::clone(tenants)).with_clock(clock.clone()),
            ),
            Endpoint::Lifecycle(keys) => Verifier::Lifecycle(
                ConnectLifecycle::new(policy, Arc::clone(keys)).with_clock(clock.clone()),
            ),
        };
        Bench {
            verifier,
            given: Arc::clone(&self.given),
            base_url: self.base_url.clone(),
            clock,
            runtime: self.runtime.clone(),
            scratch: Scratch::new(),
            authorization: Zeroizing::default(),
        }
    }

    pub(super) fn stats_json(&self) -> String {
        match &self.endpoint {
            Endpoint::Module(tenants) | Endpoint::Context(tenants) => tenants.stats_json(),
            Endpoint::Lifecycle(source) => source.stats_json(),
        }
    }
}

impl Given {
    fn new(options: &Options) -> Result<Self, Fault> {
        let url = options.url.as_deref().unwrap_or("/");
        if !url.starts_with('/') {
            return Err(Fault::new(
                "--url: give path and query as they were on the wire, from the first slash on",
            ));
        }
        let body = match &options.body_file {
            Some(path) => {
                sources::read(path).map_err(|error| in_file("--body-file", path, &error))?
            }
            None => Vec::new(),
        };
        Ok(Self {
            method: options.method.as_deref().unwrap_or("GET").to_owned(),
            url: url.to_owned(),
            body,
        })
    }
}

impl Bench {
    /// Verifies a token at the instant `at`. Calls `before_wait` if its key has to be waited for.
    pub(super) fn judge<'a>(
        &'a mut self,
        line: &'a Line<'_>,
        at: Option<UnixTime>,
        before_wait: impl FnOnce(),
    ) -> Result<Accepted<'a>, VerifyError> {
        self.clock.set(at);
        self.authorization.clear();
        self.authorization.extend_from_slice(b"JWT ");
        self.authorization.extend_from_slice(&line.token);
        let given = &*self.given;
        let method = line.request.method.as_deref().unwrap_or(&given.method);
        let url = line.request.url.as_deref().unwrap_or(&given.url);
        let request = ConnectRequest::new(method, url).with_authorization(&self.authorization);
        let body = line.request.body.as_deref();
        let with_form = match body {
            Some(form) if !is_json(form) => request.with_form(form),
            _ => request,
        };
        let (runtime, scratch) = (&self.runtime, &mut self.scratch);
        match &self.verifier {
            Verifier::Module(module) => {
                let identity = match module.verify_now(&with_form, scratch)? {
                    ConnectVerdict::Verified(identity) => identity,
                    _ => runtime.block_on(module.verify(&with_form))?,
                };
                Ok(Accepted::Connect(identity))
            }
            Verifier::Context(context) => {
                let identity = match context.verify_now(&with_form, scratch)? {
                    ConnectVerdict::Verified(identity) => identity,
                    _ => runtime.block_on(context.verify(&with_form))?,
                };
                Ok(Accepted::Connect(identity))
            }
            Verifier::Lifecycle(lifecycle) => {
                let body = body.unwrap_or(&given.body);
                let installation = match lifecycle.verify_now(&request, body, scratch)? {
                    ConnectVerdict::Verified(installation) => installation,
                    _ => {
                        before_wait();
                        runtime.block_on(lifecycle.verify(&request, body))?
                    }
                };
                Ok(Accepted::Installation(installation, self.base_url.as_str()))
            }
        }
    }
}

/// Whether a body is a document, which no token covers, and not a form.
fn is_json(body: &[u8]) -> bool {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    matches!(first, Some(b'{' | b'['))
}
