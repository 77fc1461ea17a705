//! The back end of a Trello Power-Up: its front end asks it from the browser, with the token that `t.jwt()` gave it.

use std::sync::Arc;

use asap_engine::{
    AuthenticateLayer, KeySetSource, SecureResponseLayer, TrelloIdentity, TrelloVerifier,
};
use axum::middleware::map_response;
use axum::routing::get;
use axum::{Extension, Router};

use crate::log_refusal;

/// `/settings` for users whom `verifier` accepts.
pub fn app<K: KeySetSource + 'static>(verifier: TrelloVerifier<K>) -> Router {
    Router::new()
        .route("/settings", get(settings))
        .layer(AuthenticateLayer::new(Arc::new(verifier)))
        .layer(map_response(log_refusal))
        .layer(SecureResponseLayer::new())
}

async fn settings(Extension(identity): Extension<TrelloIdentity<'static>>) -> String {
    format!("settings of {}", identity.member_id())
}
