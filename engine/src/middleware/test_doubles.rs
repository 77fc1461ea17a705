//! What the tests put on both sides of the layer: an inner service that minds its readiness, a key source whose
//! fetches end when they are told to, and an issuer.

use std::future::{Future, Ready, poll_fn, ready};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_service::Service;

use crate::{
    Algorithm, Issuer, KeyError, KeyId, KeySource, Lookup, SigningKey, TokenRequest, UnixTime,
    VerifyingKey,
};

pub(super) const NOW: i64 = 1_700_000_000;
pub(super) const KEY_ID: &str = "client/key-1";

pub(super) static ISSUER: LazyLock<Issuer> = LazyLock::new(|| {
    let (key, _) = SigningKey::generate(Algorithm::Es256).unwrap();
    Issuer::new("client", KEY_ID, key).unwrap()
});

pub(super) fn token_for(audience: &str) -> String {
    let request = TokenRequest::new(audience);
    ISSUER.sign(&request, UnixTime::from_secs(NOW)).unwrap()
}

/// What became of the inner services that share it.
#[derive(Debug)]
pub(super) struct Log<B = ()> {
    pub(super) served: Mutex<Vec<Request<B>>>,
    reserved: AtomicUsize,
    pub(super) busy: AtomicBool,
}

impl<B> Default for Log<B> {
    fn default() -> Self {
        Self {
            served: Mutex::default(),
            reserved: AtomicUsize::default(),
            busy: AtomicBool::default(),
        }
    }
}

impl<B> Log<B> {
    pub(super) fn served(&self) -> usize {
        self.served.lock().unwrap().len()
    }

    pub(super) fn reserved(&self) -> usize {
        self.reserved.load(Ordering::SeqCst)
    }
}

/// A service that is reserved by being ready, as one with a limit on concurrency is.
#[derive(Debug)]
pub(super) struct Inner<B = ()> {
    log: Arc<Log<B>>,
    is_ready: bool,
}

impl<B> Inner<B> {
    pub(super) fn new(log: &Arc<Log<B>>) -> Self {
        Self {
            log: Arc::clone(log),
            is_ready: false,
        }
    }

    fn release(&mut self) {
        if std::mem::take(&mut self.is_ready) {
            self.log.reserved.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

impl<B> Clone for Inner<B> {
    fn clone(&self) -> Self {
        Self::new(&self.log)
    }
}

impl<B> Drop for Inner<B> {
    fn drop(&mut self) {
        self.release();
    }
}

impl<B> Service<Request<B>> for Inner<B> {
    type Response = Response<String>;
    type Error = &'static str;
    type Future = Ready<Result<Response<String>, &'static str>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        if self.log.busy.load(Ordering::SeqCst) {
            return Poll::Pending;
        }
        if !std::mem::replace(&mut self.is_ready, true) {
            self.log.reserved.fetch_add(1, Ordering::SeqCst);
        }
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        assert!(self.is_ready, "called without being ready");
        self.release();
        let is_broken = request.uri().path() == "/broken";
        self.log.served.lock().unwrap().push(request);
        ready(if is_broken {
            Err("broken")
        } else {
            Ok(Response::new("served".to_owned()))
        })
    }
}

pub(super) type Fetched = Result<Arc<VerifyingKey>, KeyError>;

/// Has no key at hand, and a fetch waits until it is told how it ends.
#[derive(Debug, Default)]
pub(super) struct Remote {
    fetched: Mutex<Option<Fetched>>,
    pub(super) fetches: AtomicUsize,
}

impl Remote {
    pub(super) fn answer(&self, fetched: Fetched) {
        *self.fetched.lock().unwrap() = Some(fetched);
    }

    pub(super) fn answer_with_the_key(&self) {
        let key = VerifyingKey::from_pem(ISSUER.public_key_pem().as_bytes()).unwrap();
        self.answer(Ok(Arc::new(key)));
    }
}

impl KeySource for Remote {
    fn with_key<T>(&self, _: KeyId<'_>, _: impl FnOnce(&VerifyingKey) -> T) -> Lookup<T> {
        Lookup::NotLoaded
    }

    fn fetch(&self, key_id: KeyId<'_>, _: &str) -> impl Future<Output = Fetched> + Send {
        assert_eq!(key_id.as_str(), KEY_ID);
        self.fetches.fetch_add(1, Ordering::SeqCst);
        poll_fn(|_| match &*self.fetched.lock().unwrap() {
            Some(fetched) => Poll::Ready(fetched.clone()),
            None => Poll::Pending,
        })
    }
}
