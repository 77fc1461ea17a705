//! Callers of a gateway over HTTP, each with a connection of its own, opened before anything is measured.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::Failure;
use crate::samples::{Samples, Summary};

/// How long an answer may take before it counts as none.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a gateway answered, and after how long.
#[derive(Debug)]
struct Answer {
    /// The status, and what the body says if it is not 200.
    verdict: String,
    latency: Duration,
}

/// What a group of callers got.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outcome {
    /// How many got which answer.
    pub(crate) verdicts: BTreeMap<String, u64>,
    pub(crate) latency: Summary,
}

impl Outcome {
    fn of(answers: impl IntoIterator<Item = Answer>) -> Self {
        let (mut verdicts, mut samples) = (BTreeMap::new(), Samples::default());
        for answer in answers {
            let count: &mut u64 = verdicts.entry(answer.verdict).or_default();
            *count += 1;
            samples.push(answer.latency);
        }
        Self {
            verdicts,
            latency: samples.summary(),
        }
    }

    pub(crate) fn count(&self) -> u64 {
        self.verdicts.values().sum()
    }

    /// How many were let in.
    pub(crate) fn accepted(&self) -> u64 {
        self.verdicts.get("200").copied().unwrap_or(0)
    }

    /// Those who were not, by the answer they got.
    pub(crate) fn refusals(&self) -> String {
        let refusals = self
            .verdicts
            .iter()
            .filter(|(verdict, _)| *verdict != "200");
        let listed: Vec<_> = refusals
            .map(|(verdict, count)| format!("{count} x {verdict}"))
            .collect();
        if listed.is_empty() {
            "0".to_owned()
        } else {
            listed.join(", ")
        }
    }
}

/// One caller with its connection.
struct Caller(SendRequest<Empty<Bytes>>);

impl Caller {
    async fn connect(port: u16) -> Result<Self, Failure> {
        let stream = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self(sender))
    }

    /// Sends a token; `since` is when it was due.
    async fn ask(&mut self, token: &str, since: Instant) -> Result<Answer, Failure> {
        let request = Request::get("/")
            .header(header::HOST, "gateway")
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .body(Empty::new())?;
        let exchange = async {
            let response = self.0.send_request(request).await?;
            let status = response.status().as_u16();
            let body = response.into_body().collect().await?.to_bytes();
            Ok::<_, hyper::Error>((status, body))
        };
        let (status, body) = tokio::time::timeout(PATIENCE, exchange).await??;
        let verdict = match status {
            200 => "200".to_owned(),
            _ => format!("{status} {}", String::from_utf8_lossy(&body)),
        };
        Ok(Answer {
            verdict,
            latency: since.elapsed(),
        })
    }
}

/// Callers with open connections.
pub(crate) struct Crowd {
    port: u16,
    free: Vec<Caller>,
}

impl Crowd {
    /// Opens so many connections.
    pub(crate) async fn connect(port: u16, count: usize) -> Result<Self, Failure> {
        let mut callers = Vec::with_capacity(count);
        for _ in 0..count {
            callers.push(Caller::connect(port).await?);
        }
        Ok(Self {
            port,
            free: callers,
        })
    }

    /// Each token at once, on a connection of its own: what each group of them got.
    pub(crate) async fn all_at_once<const N: usize>(
        &mut self,
        groups: [&[Arc<str>]; N],
    ) -> Result<[Outcome; N], Failure> {
        let mut asking = JoinSet::new();
        for (group, tokens) in groups.into_iter().enumerate() {
            for token in tokens {
                let mut caller = self.free.pop().ok_or("fewer connections than tokens")?;
                let token = Arc::clone(token);
                asking.spawn(async move {
                    let answer = caller.ask(&token, Instant::now()).await;
                    (caller, group, answer)
                });
            }
        }
        let mut answers = Vec::new();
        while let Some(asked) = asking.join_next().await {
            let (caller, group, answer) = asked?;
            self.free.push(caller);
            answers.push((group, answer?));
        }
        let mut outcomes = std::array::from_fn(|_| Vec::new());
        for (group, answer) in answers {
            if let Some(outcome) = outcomes.get_mut(group) {
                outcome.push(answer);
            }
        }
        Ok(outcomes.map(Outcome::of))
    }

    /// A token every `interval` for `duration`, whatever the answers do: latencies count from when each was due. The
    /// runtime's timer is exact to a millisecond.
    pub(crate) async fn steadily(
        &mut self,
        tokens: &[Arc<str>],
        interval: Duration,
        duration: Duration,
    ) -> Result<Outcome, Failure> {
        let mut asking = JoinSet::new();
        let (mut answers, start) = (Vec::new(), Instant::now());
        let mut due = start;
        for token in tokens.iter().cycle() {
            if due.duration_since(start) >= duration {
                break;
            }
            tokio::time::sleep_until(due.into()).await;
            while let Some(asked) = asking.try_join_next() {
                let (caller, answer): (Caller, Result<Answer, Failure>) = asked?;
                self.free.push(caller);
                answers.push(answer?);
            }
            let mut caller = match self.free.pop() {
                Some(caller) => caller,
                None => Caller::connect(self.port).await?,
            };
            let token = Arc::clone(token);
            asking.spawn(async move {
                let answer = caller.ask(&token, due).await;
                (caller, answer)
            });
            due += interval;
        }
        while let Some(asked) = asking.join_next().await {
            let (caller, answer) = asked?;
            self.free.push(caller);
            answers.push(answer?);
        }
        Ok(Outcome::of(answers))
    }
}
