//! The layer around a service: what it reads, what it hands on, and what it answers.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use base64_simd::URL_SAFE_NO_PAD;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response};
use http_body::Body;
use tower_layer::Layer;
use tower_service::Service;

use super::test_doubles::{Script, script};
use super::{AuthenticateConnect, ConnectAuthenticator, ConnectBody, ConnectLayer};
use crate::limits::MAX_CONNECT_BODY_LENGTH;
use crate::middleware::test_doubles::{Inner, Log};
use crate::{
    BaseUrl, ConnectContext, ConnectIdentity, ConnectLifecycle, ConnectModule, ConnectPolicy,
    ConnectRequest, ConnectSigner, Keyring, Lookup, MemoryTenants, SharedSecret, TenantError,
    TenantStore, UnixTime, VerifyError,
};

const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);
const TENANT: &str = "jira:1234";
const FORM: &str = "application/x-www-form-urlencoded";

type Served = ConnectBody<Script>;
type Guarded<V> = AuthenticateConnect<Inner<Served>, V>;

fn secret() -> SharedSecret {
    SharedSecret::new("7512836e-9137-48ac-baaf-a1935b96e17a").unwrap()
}

fn base() -> BaseUrl {
    BaseUrl::parse("https://app.example").unwrap()
}

fn tenants() -> MemoryTenants {
    let tenants = MemoryTenants::new();
    tenants.insert(TENANT, secret());
    tenants
}

fn module<S: TenantStore>(tenants: S) -> ConnectModule<S> {
    ConnectModule::new(ConnectPolicy::new(base()), tenants).with_clock(|| NOW)
}

fn behind<V: ConnectAuthenticator>(verifier: V) -> (Guarded<V>, Arc<Log<Served>>) {
    let log = Arc::default();
    let layer = ConnectLayer::new(Arc::new(verifier));
    (layer.layer(Inner::new(&log)), log)
}

/// A token of the tenant for this request.
fn token(method: &Method, target: &str, form: Option<&str>) -> String {
    let mut request = ConnectRequest::new(method.as_str(), target);
    if let Some(form) = form {
        request = request.with_form(form.as_bytes());
    }
    let signer = ConnectSigner::new(TENANT).unwrap();
    signer.sign(&request, &base(), &secret(), NOW).unwrap()
}

fn context_token() -> String {
    let now = NOW.as_secs();
    let payload = format!(
        r#"{{"iss":"{TENANT}","iat":{now},"exp":{},"qsh":"context-qsh"}}"#,
        now + 180
    );
    let header = URL_SAFE_NO_PAD.encode_to_string(r#"{"typ":"JWT","alg":"HS256"}"#);
    let input = format!("{header}.{}", URL_SAFE_NO_PAD.encode_to_string(payload));
    let signature = URL_SAFE_NO_PAD.encode_to_string(secret().sign(input.as_bytes()));
    format!("{input}.{signature}")
}

fn request(method: Method, target: &str, body: Script) -> Request<Script> {
    Request::builder()
        .method(method)
        .uri(target)
        .body(body)
        .unwrap()
}

fn with(mut request: Request<Script>, fields: &[(&'static str, &str)]) -> Request<Script> {
    for (name, value) in fields {
        let value = HeaderValue::from_str(value).unwrap();
        request.headers_mut().append(*name, value);
    }
    request
}

/// A `GET` of a module, as a frame asks for it.
fn framed() -> Request<Script> {
    let token = token(&Method::GET, "/panel?issue=A-1", None);
    let target = format!("/panel?issue=A-1&jwt={token}");
    request(Method::GET, &target, Script::default())
}

/// A `POST` of a module, whose form has the token and the parameters.
fn posted(pieces: usize) -> (Request<Script>, String) {
    let token = token(&Method::POST, "/panel", Some("issue=A-1"));
    let form = format!("issue=A-1&jwt={token}");
    let length = form.len().div_ceil(pieces);
    let pieces: Vec<String> = form
        .as_bytes()
        .chunks(length)
        .map(|piece| String::from_utf8(piece.to_vec()).unwrap())
        .collect();
    let request = request(Method::POST, "/panel", script(&pieces));
    (with(request, &[(CONTENT_TYPE.as_str(), FORM)]), form)
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn call<V: ConnectAuthenticator>(
    service: &mut Guarded<V>,
    request: Request<Script>,
) -> <Guarded<V> as Service<Request<Script>>>::Future {
    let mut context = Context::from_waker(Waker::noop());
    let is_ready = Service::<Request<Script>>::poll_ready(service, &mut context);
    assert!(matches!(is_ready, Poll::Ready(Ok(()))));
    service.call(request)
}

/// The answer, however often a body has to be waited for.
fn answered<V: ConnectAuthenticator>(
    service: &mut Guarded<V>,
    request: Request<Script>,
) -> Response<String> {
    let mut future = pin!(call(service, request));
    for _ in 0..100 {
        if let Poll::Ready(answer) = poll(future.as_mut()) {
            return answer.unwrap();
        }
    }
    panic!("there is nothing to wait for")
}

/// Every byte of a body that the inner service got.
fn bytes_of(body: Served) -> Vec<u8> {
    let (mut body, mut bytes) = (pin!(body), Vec::new());
    loop {
        match body
            .as_mut()
            .poll_frame(&mut Context::from_waker(Waker::noop()))
        {
            Poll::Ready(Some(Ok(frame))) => bytes.extend_from_slice(frame.data_ref().unwrap()),
            Poll::Ready(None) => return bytes,
            Poll::Ready(Some(Err(error))) => panic!("{error}"),
            Poll::Pending => {}
        }
    }
}

fn only_served(log: &Log<Served>) -> Request<Served> {
    let mut served = log.served.lock().unwrap();
    assert_eq!(served.len(), 1);
    served.pop().unwrap()
}

#[track_caller]
fn assert_refused(response: &Response<String>, error: VerifyError) {
    assert_eq!(response.extensions().get(), Some(&error));
    assert_eq!(response.status(), 401);
    assert_eq!(response.headers()["www-authenticate"], "JWT");
    assert_eq!(response.headers().len(), 1);
    assert!(response.body().is_empty());
}

#[test]
fn a_module_is_served_with_its_tenant_and_without_the_token_in_its_uri() {
    let (mut service, log) = behind(module(tenants()));
    assert_eq!(answered(&mut service, framed()).body(), "served");
    let served = only_served(&log);
    let identity = served
        .extensions()
        .get::<ConnectIdentity<'static>>()
        .unwrap();
    assert_eq!(identity.client_key(), TENANT);
    assert_eq!(served.uri(), "/panel?issue=A-1");
}

#[test]
fn the_token_stays_in_the_uri_where_the_next_server_needs_it() {
    let log = Arc::default();
    let layer = ConnectLayer::new(Arc::new(module(tenants()))).with_token_in_uri();
    let mut service = layer.layer(Inner::new(&log));
    let request = framed();
    let uri = request.uri().clone();
    answered(&mut service, request);
    assert_eq!(*only_served(&log).uri(), uri);
}

#[test]
fn a_webhook_s_body_is_not_read_however_long_it_is() {
    let (mut service, log) = behind(module(tenants()));
    let target = "/issue-created?user=1";
    let authorization = format!("JWT {}", token(&Method::POST, target, None));
    let long = "x".repeat(MAX_CONNECT_BODY_LENGTH + 1);
    let webhook = with(
        request(Method::POST, target, script(&[&long, "y"])),
        &[
            ("authorization", &authorization),
            ("content-type", "application/json"),
        ],
    );
    let mut future = pin!(call(&mut service, webhook));
    assert!(poll(future.as_mut()).is_ready(), "it waited for a body");
    let served = only_served(&log);
    assert_eq!(served.headers()[AUTHORIZATION], authorization);
    assert!(!format!("{:?}", served.headers()).contains(&authorization));
    assert_eq!(bytes_of(served.into_body()).len(), long.len() + 1);
}

#[test]
fn a_form_is_read_and_handed_on_whole() {
    for pieces in [1, 2, 7] {
        let (mut service, log) = behind(module(tenants()));
        let (request, form) = posted(pieces);
        assert_eq!(answered(&mut service, request).body(), "served");
        let served = only_served(&log);
        let identity = served
            .extensions()
            .get::<ConnectIdentity<'static>>()
            .unwrap();
        assert!(identity.covers_form());
        assert_eq!(bytes_of(served.into_body()), form.as_bytes());
    }
}

#[test]
fn a_form_with_another_field_is_refused() {
    let (mut service, log) = behind(module(tenants()));
    let (mut request, form) = posted(1);
    *request.body_mut() = script(&[format!("{form}&admin=1")]);
    assert_refused(
        &answered(&mut service, request),
        VerifyError::QueryHashMismatch,
    );
    assert_eq!(log.served(), 0);
}

#[test]
fn a_form_beyond_the_limit_is_refused() {
    let (mut service, log) = behind(module(tenants()));
    let (mut request, _) = posted(1);
    *request.body_mut() = script(&["x".repeat(MAX_CONNECT_BODY_LENGTH), "y".to_owned()]);
    assert_refused(
        &answered(&mut service, request),
        VerifyError::RequestTooLarge,
    );
    let (mut request, _) = posted(1);
    request.body_mut().announced = u64::try_from(MAX_CONNECT_BODY_LENGTH).unwrap() + 1;
    assert_refused(
        &answered(&mut service, request),
        VerifyError::RequestTooLarge,
    );
    assert_eq!(log.served(), 0);
}

#[test]
fn a_form_that_breaks_off_is_refused() {
    let (mut service, log) = behind(module(tenants()));
    let (mut request, _) = posted(1);
    request.body_mut().frames.push_back(Err("gone"));
    assert_refused(
        &answered(&mut service, request),
        VerifyError::RequestMalformed,
    );
    assert_eq!(log.served(), 0);
}

#[test]
fn a_request_without_a_token_or_with_two_is_refused() {
    let (mut service, log) = behind(module(tenants()));
    let plain = request(Method::GET, "/panel", Script::default());
    assert_refused(&answered(&mut service, plain), VerifyError::TokenMissing);
    let other = format!("JWT {}", context_token());
    let two = with(framed(), &[("authorization", &other)]);
    assert_refused(&answered(&mut service, two), VerifyError::SeveralTokens);
    assert_eq!((log.served(), log.reserved()), (0, 0));
}

/// CVE-2021-26073, CVE-2021-26074 and CVE-2021-26077.
#[test]
fn a_page_s_token_opens_its_own_endpoints_and_no_others() {
    let authorization = format!("JWT {}", context_token());
    let call = || {
        with(
            request(Method::GET, "/api/settings", Script::default()),
            &[("authorization", &authorization)],
        )
    };
    let context = ConnectContext::new(ConnectPolicy::new(base()), tenants()).with_clock(|| NOW);
    let (mut service, log) = behind(context);
    assert_eq!(answered(&mut service, call()).body(), "served");
    assert_eq!(log.served(), 1);
    assert_refused(
        &answered(&mut service, framed()),
        VerifyError::QueryHashNotOfContext,
    );

    let (mut service, log) = behind(module(tenants()));
    assert_refused(
        &answered(&mut service, call()),
        VerifyError::QueryHashOfContext,
    );
    assert_eq!(log.served(), 0);
}

#[test]
fn a_message_of_an_installation_without_a_token_is_refused_unread() {
    let lifecycle = || {
        let keys = Keyring::from_pems(std::iter::empty::<(&str, &[u8])>()).unwrap();
        ConnectLifecycle::new(ConnectPolicy::new(base()), keys).with_clock(|| NOW)
    };
    let (mut service, log) = behind(lifecycle());
    let mut message = request(Method::POST, "/installed", script(&["{}"]));
    message.body_mut().never_ends = true;
    let mut future = pin!(call(&mut service, message));
    let Poll::Ready(Ok(response)) = poll(future.as_mut()) else {
        panic!("it waits for a body that nobody needs");
    };
    assert_refused(&response, VerifyError::TokenMissing);

    // The secret of the tenant vouches for no installation.
    let authorization = format!("JWT {}", token(&Method::POST, "/installed", None));
    let message = with(
        request(
            Method::POST,
            "/installed",
            script(&[r#"{"clientKey":"jira:1234"}"#]),
        ),
        &[
            ("authorization", &authorization),
            ("content-type", "application/json"),
        ],
    );
    assert_refused(
        &answered(&mut service, message),
        VerifyError::AlgorithmUnsupported,
    );
    assert_eq!(log.served(), 0);
}

#[test]
fn a_body_that_is_waited_for_keeps_no_place_of_the_inner_service() {
    let (mut service, log) = behind(module(tenants()));
    let (mut slow, _) = posted(2);
    slow.body_mut().never_ends = true;
    let mut slow = pin!(call(&mut service, slow));
    for _ in 0..10 {
        assert!(poll(slow.as_mut()).is_pending());
        assert_eq!(log.reserved(), 0);
    }
    assert_eq!(answered(&mut service, framed()).body(), "served");
}

#[test]
fn a_request_whose_body_was_read_waits_until_the_inner_service_is_ready() {
    let (mut service, log) = behind(module(tenants()));
    let mut future = pin!(call(&mut service, posted(1).0));
    log.busy.store(true, Ordering::SeqCst);
    for _ in 0..10 {
        assert!(poll(future.as_mut()).is_pending());
    }
    assert_eq!(log.served(), 0);
    log.busy.store(false, Ordering::SeqCst);
    assert!(poll(future.as_mut()).is_ready());
    assert_eq!((log.served(), log.reserved()), (1, 0));
}

/// A store that has nothing at hand, and whose look-ups end as they are told to.
#[derive(Debug, Default)]
struct Remote {
    fetched: Mutex<Option<Result<Arc<SharedSecret>, TenantError>>>,
}

impl Remote {
    fn answer(&self, fetched: Result<SharedSecret, TenantError>) {
        *self.fetched.lock().unwrap() = Some(fetched.map(Arc::new));
    }
}

impl TenantStore for Remote {
    fn with_secret<T>(&self, _: &str, _: impl FnOnce(&SharedSecret) -> T) -> Lookup<T> {
        Lookup::NotLoaded
    }

    fn fetch(
        &self,
        client_key: &str,
    ) -> impl Future<Output = Result<Arc<SharedSecret>, TenantError>> + Send {
        assert_eq!(client_key, TENANT);
        poll_fn(|_| match &*self.fetched.lock().unwrap() {
            Some(fetched) => Poll::Ready(fetched.clone()),
            None => Poll::Pending,
        })
    }
}

#[test]
fn a_request_waits_for_its_secret_and_keeps_no_place_meanwhile() {
    for request in [framed, || posted(3).0] {
        let store = Arc::<Remote>::default();
        let (mut service, log) = behind(module(Arc::clone(&store)));
        let mut future = pin!(call(&mut service, request()));
        for _ in 0..10 {
            assert!(poll(future.as_mut()).is_pending());
            assert_eq!((log.served(), log.reserved()), (0, 0));
        }
        store.answer(Ok(secret()));
        assert!(poll(future.as_mut()).is_ready());
        let served = only_served(&log);
        assert!(
            served
                .extensions()
                .get::<ConnectIdentity<'static>>()
                .is_some()
        );
        assert!(!served.uri().to_string().contains("jwt"));
    }
}

#[test]
fn a_store_that_is_away_is_no_fault_of_the_token() {
    let store = Remote::default();
    store.answer(Err(TenantError::Unavailable));
    let log = Arc::default();
    let layer =
        ConnectLayer::new(Arc::new(module(store))).with_retry_after(Duration::from_millis(1_500));
    let mut service = layer.layer(Inner::new(&log));
    let response = answered(&mut service, framed());
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()["retry-after"], "2");
    assert_eq!(response.headers().len(), 1);
    assert_eq!(
        response.extensions().get(),
        Some(&VerifyError::TenantUnavailable)
    );
    assert_eq!(log.served(), 0);
}

#[test]
fn a_tenant_that_the_store_does_not_have_is_refused() {
    let store = Remote::default();
    store.answer(Err(TenantError::Unknown));
    let (mut service, _) = behind(module(store));
    assert_refused(
        &answered(&mut service, framed()),
        VerifyError::TenantUnknown,
    );
    let (mut service, _) = behind(module(MemoryTenants::new()));
    assert_refused(
        &answered(&mut service, framed()),
        VerifyError::TenantUnknown,
    );
}

#[test]
fn the_errors_of_the_inner_service_pass_through() {
    let (mut service, _) = behind(module(tenants()));
    let target = format!("/broken?jwt={}", token(&Method::GET, "/broken", None));
    let future = pin!(call(
        &mut service,
        request(Method::GET, &target, Script::default())
    ));
    assert!(matches!(poll(future), Poll::Ready(Err("broken"))));
}

#[test]
fn neither_the_service_nor_its_future_nor_a_body_shows_a_token() {
    let (mut service, log) = behind(module(tenants()));
    let (request, form) = posted(1);
    let future = call(&mut service, request);
    let shown = format!("{service:?} {future:?}");
    let (request, _) = posted(1);
    answered(&mut service, request);
    let shown = format!("{shown} {:?}", only_served(&log).into_body());
    for part in ["AuthenticateConnect", "ConnectFuture", "ConnectBody"] {
        assert!(shown.contains(part), "{shown}");
    }
    let (_, token) = form.split_once("jwt=").unwrap();
    assert!(
        !shown.contains(token) && !shown.contains("issue"),
        "{shown}"
    );
}

#[test]
fn futures_and_services_may_change_threads() {
    const fn is_send<T: Send + 'static>() {}
    is_send::<Guarded<ConnectModule<MemoryTenants>>>();
    is_send::<super::ConnectFuture<Inner<Served>, Script, ConnectLifecycle<Keyring>>>();
}
