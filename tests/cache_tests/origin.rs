//! The origin of the suite, in the client's simulated world: it answers the requests of one test as the suite's server
//! does, at a time of day that goes with tokio's paused clock.
//!
//! The body is always a public key, another one with each step, so that the key tells which answer was used. A redirect
//! leads to a URL of its own, where the step's key is fresh for long.
//!
//! The client asks in the background too. What it asks because a stale key was just used (stale-while-revalidate) is
//! part of the test and answered. What it asks ahead, by the time, before a key goes stale, no cache of the suite
//! does: it meets a closed port and takes nothing away.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use asap_engine::internals::{SimulatedResponse, SimulatedSending, World};
use asap_tests::simulated::simulated_reply;
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use serde_json::Value;
use tokio::time::Instant;

use crate::suite::{Expected, Step};

/// 2026-09-13T12:26:40Z, when the clock of each test starts: before all dates that the suite calls future.
const START: Duration = Duration::from_secs(1_789_302_400);

/// The path that redirects lead to, followed by the number of their step.
const TARGET: &str = "/target/";

/// What the suite's server says instead of a 304, if the request is not conditional.
pub(crate) const NOT_CONDITIONAL: u16 = 999;

/// The origin of one test.
#[derive(Debug)]
pub(crate) struct Origin {
    steps: Vec<Step>,
    pems: Vec<String>,
    start: Instant,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    step: usize,
    is_asking: bool,
    used_at: Option<Instant>,
    asked: Vec<Asked>,
    answered: Vec<Option<HeaderMap>>,
}

/// A request that the origin saw.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) step: usize,
    pub(crate) headers: HeaderMap,
}

impl Origin {
    pub(crate) fn new(steps: &[Step], pems: Vec<String>) -> Arc<Self> {
        Arc::new(Self {
            steps: steps.to_vec(),
            pems,
            start: Instant::now(),
            state: Mutex::new(State {
                answered: vec![None; steps.len()],
                ..State::default()
            }),
        })
    }

    /// The requests from here on are those of this step.
    pub(crate) fn begin(&self, step: usize) {
        self.state.lock().unwrap().step = step;
    }

    /// A caller begins to wait for a key, or has waited.
    pub(crate) fn set_asking(&self, is_asking: bool) {
        self.state.lock().unwrap().is_asking = is_asking;
    }

    /// A key was used at this moment.
    pub(crate) fn used(&self) {
        self.state.lock().unwrap().used_at = Some(Instant::now());
    }

    /// The first request of a step.
    pub(crate) fn asked(&self, step: usize) -> Option<Asked> {
        let state = self.state.lock().unwrap();
        state.asked.iter().find(|asked| asked.step == step).cloned()
    }

    /// The number of the step that a request belongs to, once it is noted. `None` if it is asked ahead.
    fn note(&self, request: &Request<()>) -> Option<usize> {
        let mut state = self.state.lock().unwrap();
        if !state.is_asking && state.used_at != Some(Instant::now()) {
            return None;
        }
        let step = state.step;
        state.asked.push(Asked {
            step,
            headers: request.headers().clone(),
        });
        Some(step)
    }

    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + START + self.start.elapsed()
    }

    /// The text of the header field that the step before sent, or would have sent.
    fn previous(&self, step: usize, name: &str) -> Option<HeaderValue> {
        let before = step.checked_sub(1)?;
        let state = self.state.lock().unwrap();
        match &state.answered[before] {
            Some(headers) => headers.get(name).cloned(),
            None => self.steps[before].response_header(name).map(value),
        }
    }

    fn status(&self, step: usize, request: &HeaderMap) -> u16 {
        if !matches!(self.steps[step].expected(), Some(Expected::Validated(_))) {
            return self.steps[step].status();
        }
        let is_met = |condition: &str, validator: &str| {
            let previous = self.previous(step, validator);
            previous.is_some() && request.get(condition) == previous.as_ref()
        };
        let is_met =
            is_met("if-modified-since", "last-modified") || is_met("if-none-match", "etag");
        if is_met { 304 } else { NOT_CONDITIONAL }
    }

    fn respond(&self, step: usize, request: &HeaderMap) -> io::Result<SimulatedResponse> {
        let mut headers = HeaderMap::new();
        for (name, text) in self.steps[step].lines("response_headers") {
            let name = HeaderName::try_from(name).unwrap();
            headers.append(name, self.fixed_up(text));
        }
        if !headers.contains_key("date") {
            headers.insert("date", self.fixed_up(&Value::from(0)));
        }
        let status = self.status(step, request);
        if (300..400).contains(&status) && status != 304 {
            headers.insert("location", value(&format!("{TARGET}{step}")));
        }
        self.state.lock().unwrap().answered[step] = Some(headers.clone());
        if self.steps[step].disconnects() {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        let body = if matches!(status, 204 | 304) {
            ""
        } else {
            &self.pems[step]
        };
        Ok(response(status, headers, body))
    }

    /// A date is given in seconds from now.
    fn fixed_up(&self, text: &Value) -> HeaderValue {
        let Some(seconds) = text.as_i64() else {
            return value(text.as_str().unwrap());
        };
        let distance = Duration::from_secs(seconds.unsigned_abs());
        let date = if seconds < 0 {
            self.now() - distance
        } else {
            self.now() + distance
        };
        value(&httpdate::fmt_http_date(date))
    }
}

impl World for Origin {
    fn send(&self, request: Request<()>, _: bool) -> SimulatedSending {
        if let Some(step) = request.uri().path().strip_prefix(TARGET) {
            let mut headers = HeaderMap::new();
            headers.insert("cache-control", value("max-age=1000000"));
            let pem = &self.pems[step.parse::<usize>().unwrap()];
            let target = response(200, headers, pem);
            return Box::pin(std::future::ready(Ok(target)));
        }
        let Some(step) = self.note(&request) else {
            let refused = io::ErrorKind::ConnectionRefused;
            return Box::pin(std::future::ready(Err(refused.into())));
        };
        let answer = self.respond(step, request.headers());
        let pause = Duration::from_secs(self.steps[step].response_pause());
        Box::pin(async move {
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            answer
        })
    }

    fn time_of_day(&self) -> SystemTime {
        self.now()
    }

    fn random(&self) -> u64 {
        // No test depends on chance.
        7
    }
}

fn response(status: u16, headers: HeaderMap, body: &str) -> SimulatedResponse {
    let mut response = simulated_reply(status, &[], body.to_owned());
    *response.headers_mut() = headers;
    response
}

/// A field value, its characters as the bytes of ISO 8859-1, as node sends them.
fn value(text: &str) -> HeaderValue {
    let bytes: Vec<_> = text.chars().map(|c| u8::try_from(c).unwrap()).collect();
    HeaderValue::from_bytes(&bytes).unwrap()
}
