//! The layer around a service, on keys at hand and on keys that are fetched.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use http::header::AUTHORIZATION;
use http::{HeaderValue, Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use super::test_doubles::{ISSUER, Inner, KEY_ID, Log, NOW, Remote, token_for};
use super::{Authenticate, AuthenticateLayer, ResponseFuture};
use crate::{
    Engine, Identity, KeyError, KeySource, Keyring, Policy, ReplayWindow, TokenRequest, UnixTime,
    VerifyError,
};

fn request(uri: &str, authorization: &[&str]) -> Request<()> {
    let mut request = Request::get(uri).body(()).unwrap();
    for value in authorization {
        let value = HeaderValue::from_str(value).unwrap();
        request.headers_mut().append(AUTHORIZATION, value);
    }
    request
}

fn good_request() -> Request<()> {
    request("/", &[&format!("Bearer {}", token_for("my-service"))])
}

fn engine<K: KeySource>(keys: K) -> Engine<K> {
    let policy = Policy::new("my-service").unwrap();
    Engine::new(policy, keys).with_clock(|| UnixTime::from_secs(NOW))
}

fn keyring() -> Keyring {
    Keyring::from_pems([(KEY_ID, ISSUER.public_key_pem().as_bytes())]).unwrap()
}

fn local() -> (Authenticate<Inner, Engine<Keyring>>, Arc<Log>) {
    let log = Arc::default();
    let layer = AuthenticateLayer::new(Arc::new(engine(keyring())));
    (layer.layer(Inner::new(&log)), log)
}

type RemoteEngine = Engine<Arc<Remote>>;

fn remote() -> (Authenticate<Inner, RemoteEngine>, Arc<Log>, Arc<Remote>) {
    let (log, keys) = (Arc::default(), Arc::<Remote>::default());
    let layer = AuthenticateLayer::new(Arc::new(engine(Arc::clone(&keys))));
    (layer.layer(Inner::new(&log)), log, keys)
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Hands `request` to the service once it is ready.
fn call<S: Service<Request<()>>>(service: &mut S, request: Request<()>) -> S::Future {
    let is_ready = service.poll_ready(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(is_ready, Poll::Ready(Ok(()))));
    service.call(request)
}

fn answered<F, E>(future: F) -> Response<String>
where
    F: Future<Output = Result<Response<String>, E>>,
    E: std::fmt::Debug,
{
    match poll(pin!(future)) {
        Poll::Ready(answer) => answer.unwrap(),
        Poll::Pending => panic!("there is nothing to wait for"),
    }
}

fn header<'a>(response: &'a Response<String>, name: &str) -> Option<&'a str> {
    let value = response.headers().get(name)?;
    Some(value.to_str().unwrap())
}

#[track_caller]
fn assert_invalid_token(response: &Response<String>, error: VerifyError) {
    assert_eq!(response.status(), 401);
    let challenge = header(response, "www-authenticate");
    assert_eq!(challenge, Some(r#"Bearer error="invalid_token""#));
    assert_eq!(response.extensions().get(), Some(&error));
    assert!(response.body().is_empty());
}

#[test]
fn an_accepted_request_goes_on_with_the_identity_and_its_header() {
    let (mut service, log) = local();
    let authorization = format!("bearer  {}", token_for("my-service"));
    let future = call(&mut service, request("/path", &[&authorization]));
    assert_eq!(answered(future).body(), "served");
    let served = log.served.lock().unwrap();
    assert_eq!(
        served[0].extensions().get::<Identity>().unwrap().issuer(),
        "client"
    );
    assert_eq!(served[0].headers()[AUTHORIZATION], authorization);
    assert_eq!(served[0].uri(), "/path");
}

#[test]
fn debug_of_an_accepted_request_shows_no_token() {
    let (mut service, log) = local();
    let request = good_request();
    let token = request.headers()[AUTHORIZATION].clone();
    answered(call(&mut service, request));
    let served = log.served.lock().unwrap();
    assert_eq!(served[0].headers()[AUTHORIZATION], token);
    assert!(!format!("{:?}", served[0]).contains(token.to_str().unwrap()));
}

#[test]
fn debug_of_a_request_that_waited_for_its_key_shows_no_token() {
    let (mut service, log, keys) = remote();
    keys.answer_with_the_key();
    let request = good_request();
    let token = request.headers()[AUTHORIZATION].clone();
    answered(call(&mut service, request));
    let served = log.served.lock().unwrap();
    assert!(!format!("{:?}", served[0]).contains(token.to_str().unwrap()));
}

#[test]
fn an_identity_that_was_there_gives_way() {
    let (mut service, log) = local();
    let token = |subject| {
        let request = TokenRequest::new("my-service").with_subject(subject);
        ISSUER.sign(&request, UnixTime::from_secs(NOW)).unwrap()
    };
    let bearer = |subject| request("/", &[&format!("Bearer {}", token(subject))]);
    answered(call(&mut service, bearer("first")));
    let first = log.served.lock().unwrap().pop().unwrap();
    let mut second = bearer("second");
    *second.extensions_mut() = first.extensions().clone();
    answered(call(&mut service, second));
    let served = log.served.lock().unwrap();
    assert_eq!(
        served[0].extensions().get::<Identity>().unwrap().subject(),
        "second"
    );
}

#[test]
fn a_request_without_a_token_in_its_one_header_is_answered_without_an_error_code() {
    let (mut service, log) = local();
    let token = token_for("my-service");
    let bearer = format!("Bearer {token}");
    for request in [
        request("/", &[]),
        request("/", &["Basic YTpi"]),
        request("/", &["Bearer"]),
        request("/", &[&bearer, &bearer]),
        request("/", &["Basic YTpi", &bearer]),
        request(&format!("/?access_token={token}"), &[]),
    ] {
        let response = answered(call(&mut service, request));
        assert_eq!(response.status(), 401);
        assert_eq!(header(&response, "www-authenticate"), Some("Bearer"));
        assert!(response.body().is_empty());
    }
    assert_eq!(log.served(), 0);
}

#[test]
fn a_refused_token_is_answered_alike_whatever_was_wrong_with_it() {
    let (mut service, log) = local();
    let good = token_for("my-service");
    let another = token_for("my-service");
    let (input, _) = good.rsplit_once('.').unwrap();
    let (_, other_signature) = another.rsplit_once('.').unwrap();
    for (token, error) in [
        (
            format!("{input}.{other_signature}"),
            VerifyError::SignatureInvalid,
        ),
        (token_for("another-service"), VerifyError::AudienceMismatch),
        (format!("{good}, {good}"), VerifyError::NotCompact),
        (format!("{good} "), VerifyError::InvalidBase64),
        ("a".repeat(20_000), VerifyError::TokenTooLong),
    ] {
        let request = request("/", &[&format!("Bearer {token}")]);
        assert_invalid_token(&answered(call(&mut service, request)), error);
    }
    assert_eq!(log.served(), 0);
}

#[test]
fn a_request_waits_for_its_key_and_goes_on_to_the_service_that_was_ready() {
    let (mut service, log, keys) = remote();
    let mut future = pin!(call(&mut service, good_request()));
    assert!(poll(future.as_mut()).is_pending());
    assert_eq!((log.served(), log.reserved()), (0, 1));
    keys.answer_with_the_key();
    let Poll::Ready(Ok(response)) = poll(future.as_mut()) else {
        panic!("the key is there");
    };
    assert_eq!(response.body(), "served");
    assert_eq!((log.served(), log.reserved()), (1, 0));
    let served = log.served.lock().unwrap();
    assert_eq!(
        served[0].extensions().get::<Identity>().unwrap().key_id(),
        KEY_ID
    );
}

#[test]
fn another_request_is_taken_while_one_waits() {
    let (mut service, log, keys) = remote();
    let mut first = pin!(call(&mut service, good_request()));
    assert!(poll(first.as_mut()).is_pending());
    let mut second = pin!(call(&mut service, good_request()));
    assert!(poll(second.as_mut()).is_pending());
    assert_eq!(log.reserved(), 2);
    keys.answer_with_the_key();
    assert!(poll(second).is_ready());
    assert!(poll(first).is_ready());
    assert_eq!((log.served(), log.reserved()), (2, 0));
}

#[test]
fn a_key_that_does_not_exist_is_the_fault_of_the_token() {
    let (mut service, log, keys) = remote();
    keys.answer(Err(KeyError::Unknown));
    let response = answered(call(&mut service, good_request()));
    assert_invalid_token(&response, VerifyError::KeyUnknown);
    assert_eq!((log.served(), log.reserved()), (0, 0));
}

#[test]
fn a_token_that_could_not_be_checked_may_come_again_after_a_second() {
    let (mut service, log, keys) = remote();
    keys.answer(Err(KeyError::Unavailable));
    let response = answered(call(&mut service, good_request()));
    assert_eq!(response.status(), 503);
    assert_eq!(header(&response, "retry-after"), Some("1"));
    assert_eq!(header(&response, "www-authenticate"), None);
    assert_eq!(
        response.extensions().get(),
        Some(&VerifyError::KeyUnavailable)
    );
    assert!(response.body().is_empty());
    assert_eq!((log.served(), log.reserved()), (0, 0));
}

#[test]
fn the_wait_after_a_503_is_the_layer_s_to_say() {
    let keys = Remote::default();
    keys.answer(Err(KeyError::Unavailable));
    let layer = AuthenticateLayer::new(Arc::new(engine(keys)))
        .with_retry_after(Duration::from_millis(89_500));
    let mut service = layer.clone().layer(Inner::new(&Arc::default())).clone();
    let response = answered(call(&mut service, good_request()));
    assert_eq!(header(&response, "retry-after"), Some("90"));
}

#[test]
fn a_token_that_expires_while_its_key_is_fetched_is_refused() {
    let time = Arc::new(AtomicI64::new(NOW));
    let keys = Arc::new(Remote::default());
    let clock = Arc::clone(&time);
    let engine = engine(Arc::clone(&keys))
        .with_clock(move || UnixTime::from_secs(clock.load(Ordering::SeqCst)));
    let log = Arc::default();
    let mut service = AuthenticateLayer::new(Arc::new(engine)).layer(Inner::new(&log));
    let mut future = pin!(call(&mut service, good_request()));
    assert!(poll(future.as_mut()).is_pending());
    time.store(NOW + 3600, Ordering::SeqCst);
    keys.answer_with_the_key();
    assert_invalid_token(&answered(future), VerifyError::Expired);
    assert_eq!(log.served(), 0);
}

#[test]
fn nothing_is_fetched_for_a_token_that_policy_refuses() {
    let (mut service, _, keys) = remote();
    let bearer = format!("Bearer {}", token_for("another-service"));
    let response = answered(call(&mut service, request("/", &[&bearer])));
    assert_invalid_token(&response, VerifyError::AudienceMismatch);
    assert_eq!(keys.fetches.load(Ordering::SeqCst), 0);
}

#[test]
fn a_token_that_waited_for_its_key_is_spent_once_and_not_again() {
    let (keys, log) = (Arc::new(Remote::default()), Arc::default());
    keys.answer_with_the_key();
    let replay = ReplayWindow::new(1_000).unwrap();
    let engine = engine(keys).with_replay_log(replay).unwrap();
    let mut service = AuthenticateLayer::new(Arc::new(engine)).layer(Inner::new(&log));
    let bearer = format!("Bearer {}", token_for("my-service"));
    let response = answered(call(&mut service, request("/", &[&bearer])));
    assert_eq!(response.body(), "served");
    let response = answered(call(&mut service, request("/", &[&bearer])));
    assert_invalid_token(&response, VerifyError::Replayed);
    assert_eq!(log.served(), 1);
}

#[test]
fn a_refusal_gives_the_place_of_the_inner_service_back() {
    let (mut service, log) = local();
    for request in [request("/", &[]), request("/", &["Bearer a.b.c"])] {
        let future = call(&mut service, request);
        assert_eq!(log.reserved(), 0);
        answered(future);
    }
    assert_eq!(
        answered(call(&mut service, good_request())).body(),
        "served"
    );
}

#[test]
fn a_dropped_wait_gives_the_place_of_the_inner_service_back() {
    let (mut service, log, _) = remote();
    {
        let mut future = pin!(call(&mut service, good_request()));
        assert!(poll(future.as_mut()).is_pending());
        assert_eq!(log.reserved(), 1);
    }
    assert_eq!((log.served(), log.reserved()), (0, 0));
}

#[test]
fn the_layer_is_ready_when_the_inner_service_is() {
    let (mut service, log) = local();
    let mut context = Context::from_waker(Waker::noop());
    log.busy.store(true, Ordering::SeqCst);
    assert!(service.poll_ready(&mut context).is_pending());
    log.busy.store(false, Ordering::SeqCst);
    assert!(service.poll_ready(&mut context).is_ready());
}

#[test]
fn the_errors_of_the_inner_service_pass_through() {
    let bearer = format!("Bearer {}", token_for("my-service"));
    let (mut service, _) = local();
    let at_hand = call(&mut service, request("/broken", &[&bearer]));
    assert!(matches!(poll(pin!(at_hand)), Poll::Ready(Err("broken"))));
    let (mut service, _, keys) = remote();
    keys.answer_with_the_key();
    let fetched = call(&mut service, request("/broken", &[&bearer]));
    assert!(matches!(poll(pin!(fetched)), Poll::Ready(Err("broken"))));
}

#[test]
fn futures_and_services_may_change_threads() {
    const fn is_send<T: Send + 'static>() {}
    is_send::<Authenticate<Inner, Engine<Arc<Remote>, ReplayWindow>>>();
    is_send::<ResponseFuture<Inner, (), Identity>>();
}

#[test]
fn neither_the_service_nor_its_future_shows_a_token() {
    let (mut service, _, _) = remote();
    let token = token_for("my-service");
    let future = call(&mut service, request("/", &[&format!("Bearer {token}")]));
    let shown = format!("{service:?} {future:?}");
    assert!(shown.contains("Authenticate") && shown.contains("ResponseFuture"));
    assert!(!shown.contains(&token) && !shown.contains("authorization"));
}
