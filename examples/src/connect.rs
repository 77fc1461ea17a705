//! A Connect app: the product installs it, shows its pages in frames and sends it webhooks; its own pages ask it too. Three
//! classes of endpoints, each behind a layer of its own, and nothing that is behind none.

use std::sync::Arc;

use asap_engine::{
    ConfigError, ConnectContext, ConnectIdentity, ConnectInstallation, ConnectLayer,
    ConnectLifecycle, ConnectModule, ContentSecurityPolicy, KeySource, MemoryTenants,
    SecureResponseLayer, SharedSecret, TenantStore,
};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::middleware::map_response;
use axum::routing::{get, post};
use axum::{Extension, Router};
use serde_json::Value;

use crate::log_refusal;

/// The app: messages that `lifecycle` accepts make tenants of `tenants`, which `modules` and `context` look up.
///
/// # Errors
///
/// If the policy for pages in the product's frames is none.
pub fn app<K, T>(
    tenants: Arc<MemoryTenants>,
    lifecycle: ConnectLifecycle<K>,
    modules: ConnectModule<T>,
    context: ConnectContext<T>,
) -> Result<Router, ConfigError>
where
    K: KeySource + 'static,
    T: TenantStore + 'static,
{
    let installations = Router::new()
        .route("/installed", post(installed))
        .route("/uninstalled", post(uninstalled))
        .with_state(tenants)
        .layer(ConnectLayer::new(Arc::new(lifecycle)));
    let modules = Router::new()
        .route("/panel", get(panel).post(panel))
        .route("/issue-created", post(issue_created))
        .layer(ConnectLayer::new(Arc::new(modules)));
    let own_pages = Router::new()
        .route("/api/settings", get(settings))
        .layer(ConnectLayer::new(Arc::new(context)));

    let policy = ContentSecurityPolicy::new()
        .with_directive(
            "frame-ancestors",
            "https://*.atlassian.net https://*.jira.com",
        )?
        .with_directive("script-src", "'self' https://connect-cdn.atl-paas.net")?;
    Ok(installations
        .merge(modules)
        .merge(own_pages)
        .layer(map_response(log_refusal))
        .layer(SecureResponseLayer::new().with_content_security_policy(policy)))
}

/// A secret comes with each installation and takes the place of the one before. The layer has compared the `clientKey` of
/// the message with that of the token.
async fn installed(
    State(tenants): State<Arc<MemoryTenants>>,
    Extension(installation): Extension<ConnectInstallation<'static>>,
    message: Bytes,
) -> StatusCode {
    let message: Value = serde_json::from_slice(&message).unwrap_or_default();
    let secret = message.get("sharedSecret").and_then(Value::as_str);
    let Some(Ok(secret)) = secret.map(SharedSecret::new) else {
        return StatusCode::BAD_REQUEST;
    };
    tenants.insert(installation.client_key(), secret);
    StatusCode::NO_CONTENT
}

async fn uninstalled(
    State(tenants): State<Arc<MemoryTenants>>,
    Extension(installation): Extension<ConnectInstallation<'static>>,
) -> StatusCode {
    tenants.remove(installation.client_key());
    StatusCode::NO_CONTENT
}

async fn panel(Extension(identity): Extension<ConnectIdentity<'static>>) -> String {
    let user = identity.account_id().unwrap_or("nobody");
    format!("a panel of {} for {user}", identity.client_key())
}

/// The token says nothing about this body: what is in it is looked up in the product before it is believed.
async fn issue_created(
    Extension(identity): Extension<ConnectIdentity<'static>>,
    webhook: Bytes,
) -> String {
    format!("{} bytes for {}", webhook.len(), identity.client_key())
}

async fn settings(Extension(identity): Extension<ConnectIdentity<'static>>) -> String {
    format!("settings of {}", identity.client_key())
}
