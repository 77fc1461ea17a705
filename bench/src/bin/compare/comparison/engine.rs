//! This engine as a subject: keys, a policy, the system's clock, and the caller's scratch space.

use std::error::Error;

use asap_engine::{
    Algorithm, Backend, BaseUrl, ConnectModule, ConnectPolicy, ConnectRequest, ConnectVerdict,
    Engine, ForgePolicy, ForgeVerifier, KeySet, Keyring, MemoryTenants, Policy, RsaKeySize,
    Scratch, SetVerdict, SharedSecret, StaticKeySet, TrelloPolicy, TrelloVerifier, Verdict,
    VerifyingKey,
};

use super::task::{Key, Profile, Request, Task};
use super::{Peer, Verifier};
use asap_bench_kit::profiles::{connect, forge, trello};
use asap_bench_kit::{AUDIENCE, KEY_ID, subject};

/// This engine on each backend that this build has.
pub(super) fn subjects() -> Result<Vec<Peer>, Box<dyn Error>> {
    let key = subject::key(Algorithm::Es256, RsaKeySize::Bits2048)?;
    let of_accel = VerifyingKey::from_pem_with(key.public_key_pem().as_bytes(), Backend::Accel);
    let has_kernels = of_accel.is_ok();
    Ok(SUBJECTS
        .into_iter()
        .filter(|subject| has_kernels || subject.name != ACCEL)
        .collect())
}

/// The package of them all.
pub(super) const PACKAGE: &str = "asap-engine";
pub(super) const ACCEL: &str = "engine/accel";

const SUBJECTS: [Peer; 3] = [
    Peer::new(
        "engine/aws-lc",
        PACKAGE,
        "verify_now, the key found by its kid in a keyring of one, or in a set of one; Connect's in MemoryTenants",
        |task| verifier(task, Backend::AwsLc),
    ),
    Peer::new(
        "engine/ring",
        PACKAGE,
        "the same with Backend::Ring; not for Connect, whose HS256 is aws-lc's whatever the backend",
        |task| verifier(task, Backend::Ring),
    ),
    Peer::new(
        ACCEL,
        PACKAGE,
        "the same with Backend::Accel: its kernels where the key and the processor have one, aws-lc for all else",
        |task| verifier(task, Backend::Accel),
    ),
];

fn verifier(task: &Task<'_>, backend: Backend) -> Result<Option<Verifier>, Box<dyn Error>> {
    match (task.profile, task.key) {
        // ring knows no P-521.
        (Profile::Asap, Key::Public(Algorithm::Es512, _)) if backend == Backend::Ring => Ok(None),
        (Profile::Asap, Key::Public(_, pem)) => asap(pem, backend).map(Some),
        (Profile::Forge, Key::Public(_, pem)) => forge(pem, backend).map(Some),
        (Profile::Trello, Key::Public(_, pem)) => trello(pem, backend).map(Some),
        (Profile::Connect, Key::Secret(secret)) if backend == Backend::AwsLc => {
            connect(secret).map(Some)
        }
        _ => Ok(None),
    }
}

fn asap(public_key_pem: &str, backend: Backend) -> Result<Verifier, Box<dyn Error>> {
    let keys = Keyring::from_pems_with([(KEY_ID, public_key_pem.as_bytes())], backend)?;
    let engine = Engine::new(Policy::new(AUDIENCE)?, keys);
    let mut scratch = Scratch::new();
    Ok(Box::new(move |call| {
        matches!(
            engine.verify_now(call.token.as_bytes(), &mut scratch),
            Ok(Verdict::Verified(_))
        )
    }))
}

fn connect(secret: &str) -> Result<Verifier, Box<dyn Error>> {
    let tenants = MemoryTenants::new();
    tenants.insert(connect::TENANT, SharedSecret::new(secret)?);
    let policy = ConnectPolicy::new(BaseUrl::parse(connect::BASE_URL)?);
    let module = ConnectModule::new(policy, tenants);
    let mut scratch = Scratch::new();
    Ok(Box::new(move |call| {
        let Some(Request {
            target,
            authorization,
        }) = &call.request
        else {
            return false;
        };
        let request =
            ConnectRequest::new("GET", target).with_authorization(authorization.as_bytes());
        matches!(
            module.verify_now(&request, &mut scratch),
            Ok(ConnectVerdict::Verified(_))
        )
    }))
}

fn forge(public_key_pem: &str, backend: Backend) -> Result<Verifier, Box<dyn Error>> {
    let set = forge::jwk_set(public_key_pem)?;
    let set = KeySet::from_jwk_set_with(set.as_bytes(), backend)?;
    let verifier = ForgeVerifier::new(ForgePolicy::new(forge::APP)?, StaticKeySet::new(set));
    let mut scratch = Scratch::new();
    Ok(Box::new(move |call| {
        matches!(
            verifier.verify_now(call.token.as_bytes(), &mut scratch),
            Ok(SetVerdict::Verified(_))
        )
    }))
}

fn trello(public_key_pem: &str, backend: Backend) -> Result<Verifier, Box<dyn Error>> {
    let list = trello::pem_list(public_key_pem);
    let list = KeySet::from_pem_list_with(list.as_bytes(), backend)?;
    let verifier = TrelloVerifier::new(TrelloPolicy::new(trello::PLUGIN)?, StaticKeySet::new(list));
    let mut scratch = Scratch::new();
    Ok(Box::new(move |call| {
        matches!(
            verifier.verify_now(call.token.as_bytes(), &mut scratch),
            Ok(SetVerdict::Verified(_))
        )
    }))
}
