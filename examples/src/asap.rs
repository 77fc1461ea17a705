//! A resource server of ASAP: services of the same company ask it, each with a token that it has signed itself.

use std::sync::Arc;

use asap_engine::{AuthenticateLayer, Engine, Identity, KeySource, ReplayLog, SecureResponseLayer};
use axum::middleware::map_response;
use axum::routing::get;
use axum::{Extension, Router};

use crate::log_refusal;

/// `/greeting` for those whom `engine` accepts, `/health` for all.
pub fn app<K, R>(engine: Engine<K, R>) -> Router
where
    K: KeySource + 'static,
    R: ReplayLog + 'static,
{
    Router::new()
        .route("/greeting", get(greeting))
        .layer(AuthenticateLayer::new(Arc::new(engine)))
        .route("/health", get(async || "healthy"))
        .layer(map_response(log_refusal))
        .layer(SecureResponseLayer::new())
}

async fn greeting(Extension(identity): Extension<Identity>) -> String {
    format!("hello, {}", identity.issuer())
}
