//! `tokio::sync::watch` on shuttle's mutex: as much of it as the flights use, with its promises and nothing of its
//! inside. Whoever waits is woken by the next value, and by the end of the sender.

use std::future::poll_fn;
use std::ops::Deref;
use std::sync::Arc;
use std::task::{Poll, Waker};

use shuttle::sync::{Mutex, MutexGuard};

pub(in super::super) fn channel<T>(value: T) -> (Sender<T>, Receiver<T>) {
    let shared = Arc::new(Mutex::new(State {
        value,
        is_closed: false,
        waiting: Vec::new(),
    }));
    (Sender(Arc::clone(&shared)), Receiver(shared))
}

#[derive(Debug)]
struct State<T> {
    value: T,
    is_closed: bool,
    waiting: Vec<Waker>,
}

impl<T> State<T> {
    fn wake_all(&mut self) {
        self.waiting.drain(..).for_each(Waker::wake);
    }
}

/// The value, locked.
pub(in super::super) struct Ref<'a, T>(MutexGuard<'a, State<T>>);

impl<T> Deref for Ref<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.value
    }
}

#[derive(Debug)]
pub(in super::super) struct Sender<T>(Arc<Mutex<State<T>>>);

impl<T> Sender<T> {
    pub(in super::super) fn subscribe(&self) -> Receiver<T> {
        Receiver(Arc::clone(&self.0))
    }

    pub(in super::super) fn send_replace(&self, value: T) -> T {
        let mut state = self.0.lock().unwrap();
        let before = std::mem::replace(&mut state.value, value);
        state.wake_all();
        before
    }

    pub(in super::super) fn borrow(&self) -> Ref<'_, T> {
        Ref(self.0.lock().unwrap())
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let mut state = self.0.lock().unwrap();
        state.is_closed = true;
        state.wake_all();
    }
}

#[derive(Debug)]
pub(in super::super) struct Receiver<T>(Arc<Mutex<State<T>>>);

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// The sender is gone, and its last value is not the one that was waited for.
#[derive(Debug)]
pub(in super::super) struct Closed;

impl<T> Receiver<T> {
    pub(in super::super) async fn wait_for(
        &mut self,
        is_wanted: impl Fn(&T) -> bool,
    ) -> Result<Ref<'_, T>, Closed> {
        // A value that is wanted stays: a flight brings one.
        poll_fn(|context| {
            let mut state = self.0.lock().unwrap();
            if is_wanted(&state.value) || state.is_closed {
                return Poll::Ready(());
            }
            state.waiting.push(context.waker().clone());
            Poll::Pending
        })
        .await;
        let state = self.0.lock().unwrap();
        if is_wanted(&state.value) {
            Ok(Ref(state))
        } else {
            Err(Closed)
        }
    }
}
