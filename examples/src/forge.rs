//! The remote of a Forge app: Atlassian calls it on behalf of users, each time with an invocation token.

use std::sync::Arc;

use asap_engine::{
    AuthenticateLayer, ForgeHeaders, ForgeInvocation, ForgeVerifier, KeySetSource,
    SecureResponseLayer,
};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::map_response;
use axum::routing::post;
use axum::{Extension, Router};

use crate::log_refusal;

/// `/installation` and `/user` for invocations that `verifier` accepts.
pub fn app<K: KeySetSource + 'static>(verifier: ForgeVerifier<K>) -> Router {
    Router::new()
        .route("/installation", post(installation))
        .route("/user", post(user))
        .layer(AuthenticateLayer::new(Arc::new(verifier)))
        .layer(map_response(log_refusal))
        .layer(SecureResponseLayer::new())
}

/// Data is kept by installation, so that no tenant sees that of another.
async fn installation(Extension(invocation): Extension<ForgeInvocation<'static>>) -> String {
    format!("data of {}", invocation.app().installation_id)
}

/// "An application must default to using asUser()": without the user's token nothing is done in the user's name.
async fn user(
    Extension(invocation): Extension<ForgeInvocation<'static>>,
    headers: HeaderMap,
) -> Result<String, StatusCode> {
    let headers = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()));
    match (
        invocation.principal(),
        ForgeHeaders::of(headers).oauth_user(),
    ) {
        (Some(user), Some(_token)) => Ok(format!("in the name of {user}")),
        _ => Err(StatusCode::FORBIDDEN),
    }
}
