//! A Connect app at the fixture's time, its tenant, and tokens that a product would send it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use asap_engine::{
    Algorithm, BaseUrl, ConnectContext, ConnectIdentity, ConnectLifecycle, ConnectModule,
    ConnectPolicy, ConnectRequest, ConnectVerdict, Keyring, Lookup, MemoryTenants, Scratch,
    SharedSecret, TenantError, TenantStore, VerifyError,
};

use crate::fixture::{NOW, NOW_SECONDS, block_on};
use crate::forge::hmac;
use crate::keys::{key, other_key};
use crate::token::{Token, base64url};

/// The `baseUrl` of the app.
pub const BASE: &str = "https://app.example/connect";

/// The tenant.
pub const TENANT: &str = "jira:1234-5678-9000";

/// What the tenant and the app share.
pub const SECRET: &str = "7512836e-9137-48ac-baaf-a1935b96e17a";

/// Another tenant.
pub const OTHER_TENANT: &str = "jira:other";

/// What the other tenant and the app share.
pub const OTHER_SECRET: &str = "00000000-9137-48ac-baaf-a1935b96e17a";

/// The `kid` of Atlassian's key.
pub const INSTALL_KEY: &str = "9d1f1c3e-5a29-4b8e-8f0e-0d8d4a0c6f11";

/// The base URL of the app.
#[must_use]
pub fn base() -> BaseUrl {
    BaseUrl::parse(BASE).unwrap()
}

/// A policy without leeway, so that every boundary is where the document has it.
#[must_use]
pub fn policy() -> ConnectPolicy {
    let policy = ConnectPolicy::new(base());
    policy.with_leeway(std::time::Duration::ZERO).unwrap()
}

/// A store that knows both tenants.
#[must_use]
pub fn tenants() -> MemoryTenants {
    let tenants = MemoryTenants::new();
    tenants.insert(TENANT, SharedSecret::new(SECRET).unwrap());
    tenants.insert(OTHER_TENANT, SharedSecret::new(OTHER_SECRET).unwrap());
    tenants
}

/// A module's endpoint.
#[must_use]
pub fn module() -> ConnectModule<MemoryTenants> {
    ConnectModule::new(policy(), tenants()).with_clock(|| NOW)
}

/// An endpoint of the app's own pages.
#[must_use]
pub fn context() -> ConnectContext<MemoryTenants> {
    ConnectContext::new(policy(), tenants()).with_clock(|| NOW)
}

/// Atlassian's keys: one that signs, and one of P-256 that must not.
#[must_use]
pub fn install_keys() -> Keyring {
    let (rsa, p256) = (key(Algorithm::Rs256), key(Algorithm::Es256));
    let other = other_key(Algorithm::Rs256);
    Keyring::from_pems([
        (INSTALL_KEY, rsa.public_key_pem().as_bytes()),
        ("other", other.public_key_pem().as_bytes()),
        ("p256", p256.public_key_pem().as_bytes()),
    ])
    .unwrap()
}

/// The endpoint of installations.
#[must_use]
pub fn lifecycle() -> ConnectLifecycle<Keyring> {
    ConnectLifecycle::new(policy(), install_keys()).with_clock(|| NOW)
}

/// The claims of a token of the tenant for this request, with any `qsh`.
#[must_use]
pub fn claims(query_hash: &str) -> Token {
    Token::es256()
        .without_header("kid")
        .header("typ", "\"JWT\"")
        .header("alg", "\"HS256\"")
        .without_claim("aud")
        .without_claim("jti")
        .claim("iss", &format!("\"{TENANT}\""))
        .claim("iat", &NOW_SECONDS.to_string())
        .claim("exp", &(NOW_SECONDS + 180).to_string())
        .claim("sub", "\"5b10a2844c20165700ede21g\"")
        .claim("context", "{}")
        .claim("qsh", &format!("\"{query_hash}\""))
}

/// The claims of a token of the tenant for this request.
#[must_use]
pub fn claims_for(method: &str, target: &str) -> Token {
    let request = ConnectRequest::new(method, target);
    claims(&request.query_hash(&base()).unwrap())
}

/// The token, signed with HMAC and SHA-256 whatever its header says.
#[must_use]
pub fn hs256(token: &Token, secret: impl AsRef<[u8]>) -> String {
    let input = [
        base64url(token.header_json()),
        base64url(token.claims_json()),
    ]
    .join(".");
    let signature = hmac(256, secret.as_ref(), input.as_bytes());
    format!("{input}.{}", base64url(signature))
}

/// A token of an installation, as Atlassian signs it, for this request.
#[must_use]
pub fn install_claims(method: &str, target: &str) -> Token {
    let request = ConnectRequest::new(method, target);
    let hash = request.query_hash(&base()).unwrap();
    Token::good(Algorithm::Rs256)
        .header("kid", &format!("\"{INSTALL_KEY}\""))
        .header("typ", "\"JWT\"")
        .claim("iss", &format!("\"{TENANT}\""))
        .claim("aud", &format!("[\"{BASE}\"]"))
        .claim("exp", &(NOW_SECONDS + 900).to_string())
        .claim("qsh", &format!("\"{hash}\""))
        .without_claim("jti")
}

/// What a module's endpoint says of `token` in the header of a request, by both of its entries, which must agree.
///
/// # Errors
///
/// The refusal.
pub fn judge_module(
    method: &str,
    target: &str,
    token: &str,
) -> Result<ConnectIdentity<'static>, VerifyError> {
    let value = format!("JWT {token}");
    let request = ConnectRequest::new(method, target).with_authorization(value.as_bytes());
    judge(&request)
}

/// What a module's endpoint says of `request`, by both of its entries, which must agree.
///
/// # Errors
///
/// The refusal.
pub fn judge(request: &ConnectRequest<'_>) -> Result<ConnectIdentity<'static>, VerifyError> {
    let (module, mut scratch) = (module(), Scratch::new());
    let now = module
        .verify_now(request, &mut scratch)
        .map(|verdict| match verdict {
            ConnectVerdict::Verified(identity) => identity.into_owned(),
            other => panic!("the secret is at hand: {other:?}"),
        });
    let waited = block_on(module.verify(request));
    assert!(now == waited, "the two entries disagree");
    now
}

/// What an endpoint of the app's own pages says of `token`.
///
/// # Errors
///
/// The refusal.
pub fn judge_context(token: &str) -> Result<ConnectIdentity<'static>, VerifyError> {
    let value = format!("JWT {token}");
    let request =
        ConnectRequest::new("GET", "/connect/api/data").with_authorization(value.as_bytes());
    block_on(context().verify(&request))
}

/// A store that has nothing at hand and answers when it is asked, counting.
#[derive(Debug, Clone)]
pub struct RemoteTenants {
    answer: Result<(), TenantError>,
    asked: Arc<AtomicUsize>,
}

impl RemoteTenants {
    /// A store that knows the tenant, or answers with this error.
    #[must_use]
    pub fn new(answer: Result<(), TenantError>) -> Self {
        Self {
            answer,
            asked: Arc::default(),
        }
    }

    /// How often it was asked.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

impl TenantStore for RemoteTenants {
    fn with_secret<T>(&self, _: &str, _: impl FnOnce(&SharedSecret) -> T) -> Lookup<T> {
        Lookup::NotLoaded
    }

    async fn fetch(&self, client_key: &str) -> Result<Arc<SharedSecret>, TenantError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.answer?;
        if client_key == TENANT {
            Ok(Arc::new(SharedSecret::new(SECRET).unwrap()))
        } else {
            Err(TenantError::Unknown)
        }
    }
}
