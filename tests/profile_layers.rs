//! Forge's and Trello's verifiers in front of a service: what the service gets, and what a refusal looks like.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use asap_engine::{
    AuthenticateLayer, Authenticator, ForgeHeaders, ForgeInvocation, KeyError, KeySet,
    KeySetSource, KeySetVersion, StaticKeySet, TrelloIdentity, VerifyError,
};
use asap_tests::fixture::block_on;
use asap_tests::published::{
    APP, forge, forge_set, forge_token, jwk_set, trello, trello_keys, trello_token,
};
use http::{HeaderValue, Request, Response};
use tower_layer::Layer;
use tower_service::Service;

/// Keeps what reaches it.
#[derive(Debug, Clone, Default)]
struct Inner {
    served: Arc<Mutex<Vec<Request<()>>>>,
}

impl Service<Request<()>> for Inner {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = Ready<Result<Response<String>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        self.served.lock().unwrap().push(request);
        ready(Ok(Response::new("served".to_owned())))
    }
}

/// A set that has to be fetched first, or that nobody can fetch.
#[derive(Debug)]
enum Remote {
    There(StaticKeySet),
    Away,
}

impl KeySetSource for Remote {
    fn with_set<T>(&self, _: impl FnOnce(&KeySet) -> T) -> Option<T> {
        None
    }

    async fn fetch(&self, seen: Option<KeySetVersion>) -> Result<Arc<KeySet>, KeyError> {
        match self {
            Self::There(keys) => keys.fetch(seen).await,
            Self::Away => Err(KeyError::Unavailable),
        }
    }
}

/// The response to a request with these headers, and the request as it was served.
fn ask<V: Authenticator>(
    verifier: V,
    headers: &[(&'static str, String)],
) -> (Response<String>, Option<Request<()>>) {
    let inner = Inner::default();
    let mut service = AuthenticateLayer::new(Arc::new(verifier)).layer(inner.clone());
    let mut request = Request::new(());
    for (name, value) in headers {
        let value = HeaderValue::from_str(value).unwrap();
        request.headers_mut().append(*name, value);
    }
    let Ok(response) = block_on(service.call(request));
    let served = inner.served.lock().unwrap().pop();
    assert_eq!(served.is_some(), response.body() == "served");
    (response, served)
}

fn bearer(token: &str) -> (&'static str, String) {
    ("authorization", format!("Bearer {token}"))
}

#[track_caller]
fn assert_refused(response: &Response<String>, error: VerifyError) {
    assert_eq!(response.status(), 401);
    assert_eq!(
        response.headers()["www-authenticate"],
        r#"Bearer error="invalid_token""#
    );
    assert_eq!(response.extensions().get(), Some(&error));
    assert!(response.body().is_empty());
}

#[track_caller]
fn assert_unavailable(response: &Response<String>) {
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()["retry-after"], "1");
    assert_eq!(response.headers().len(), 1);
    assert_eq!(
        response.extensions().get(),
        Some(&VerifyError::KeyUnavailable)
    );
}

#[test]
fn a_forge_invocation_is_served_with_its_oauth_tokens_which_debug_does_not_show() {
    let token = forge_token().sign();
    let oauth = "opaque-and-secret".to_owned();
    let headers = [
        bearer(&token),
        ("x-forge-oauth-system", oauth.clone()),
        ("x-forge-oauth-user", oauth.clone()),
    ];
    let (_, waited) = ask(forge(Remote::There(jwk_set(&forge_set()))), &headers);
    let (_, at_hand) = ask(forge(jwk_set(&forge_set())), &headers);
    for served in [waited.unwrap(), at_hand.unwrap()] {
        let invocation = served
            .extensions()
            .get::<ForgeInvocation<'static>>()
            .unwrap();
        assert_eq!(invocation.app().id, APP);
        let fields = served.headers().iter();
        let forge = ForgeHeaders::of(fields.map(|(name, value)| (name.as_str(), value.as_bytes())));
        assert_eq!(forge.oauth_system().unwrap().expose(), oauth.as_bytes());
        assert_eq!(forge.oauth_user().unwrap().expose(), oauth.as_bytes());
        let shown = format!("{served:?}");
        assert!(!shown.contains(&oauth) && !shown.contains(&token));
    }
}

#[test]
fn a_power_up_s_token_may_stand_alone() {
    let token = trello_token().sign();
    for header in [bearer(&token), ("authorization", token.clone())] {
        let (_, served) = ask(trello(trello_keys()), &[header]);
        let served = served.unwrap();
        let identity = served
            .extensions()
            .get::<TrelloIdentity<'static>>()
            .unwrap();
        assert_eq!(identity.member_id(), "5e645dc2c4205e1416218404");
        assert!(!format!("{served:?}").contains(&token));
    }
    let (response, _) = ask(forge(jwk_set(&forge_set())), &[("authorization", token)]);
    assert_eq!(response.headers()["www-authenticate"], "Bearer");
}

#[test]
fn what_another_profile_s_verifier_accepts_is_refused() {
    let (response, _) = ask(trello(trello_keys()), &[bearer(&forge_token().sign())]);
    assert_refused(&response, VerifyError::PluginMissing);
    let (response, _) = ask(
        forge(jwk_set(&forge_set())),
        &[bearer(&trello_token().sign())],
    );
    assert_refused(&response, VerifyError::KeyIdMissing);
}

#[test]
fn keys_that_cannot_be_fetched_are_no_fault_of_the_token() {
    assert_unavailable(&ask(forge(Remote::Away), &[bearer(&forge_token().sign())]).0);
    assert_unavailable(&ask(trello(Remote::Away), &[bearer(&trello_token().sign())]).0);
    let expired = trello_token().claim("exp", "1").sign();
    let (response, _) = ask(trello(Remote::Away), &[bearer(&expired)]);
    assert_eq!(response.status(), 401);
}
