//! What the client was told, exchange by exchange: the oracle's own books, kept without a look at the client.
//!
//! Where the client may go either way, the books keep both bounds: how long a key may be used at least and at most.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::books::{Flight, KeyBook, Serving, Stamp};
use crate::caching::{Allowance, Dated};
use crate::kid::Kid;
use crate::plan::Settings;
use crate::rates::Rates;

/// The books of one simulation.
pub(crate) struct Model {
    pub(crate) settings: Settings,
    pub(crate) keys: BTreeMap<Kid, KeyBook>,
    pub(crate) open: BTreeMap<u64, Open>,
    flights: BTreeMap<u64, Flight>,
    pub(crate) rates: Rates,
    /// When all places of one kind may have been taken.
    pub(crate) full: Option<Duration>,
    pub(crate) violations: Vec<String>,
    /// Exchanges begun.
    pub(crate) exchanges: u64,
    sequence: u64,
}

/// One request and what follows it.
pub(crate) struct Open {
    kid: Kid,
    flight: u64,
    rank: usize,
    url: String,
    sent: Duration,
    answered: Duration,
    is_complete: bool,
    is_broken: bool,
    /// Whether the client reads the body even if it decides nothing: it is said to be short.
    is_read: bool,
    outcome: Outcome,
}

/// A request.
pub(crate) struct Sent<'a> {
    pub(crate) kid: Kid,
    /// Which repository it goes to, by itself or through a redirect.
    pub(crate) rank: usize,
    /// Whether it asks only if the repository is there again: it is nobody's fetch.
    pub(crate) is_probe: bool,
    pub(crate) url: &'a str,
    pub(crate) is_redirected: bool,
    pub(crate) condition: Option<&'a str>,
    /// Whether it asks about a key that the client has, with a condition or without.
    pub(crate) revalidates: bool,
}

/// What became of an exchange.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Nothing yet: it counts as an outage.
    Nothing,
    /// A body that is a key, once it is complete.
    Key {
        generation: usize,
        validator: Option<String>,
        dated: Dated,
        allowance: Allowance,
    },
    /// The key was served: its body is complete.
    Served,
    NotModified {
        dated: Dated,
        received: Duration,
    },
    /// A 304 that makes the client ask again.
    Void,
    NoSuchKey(u16),
    Redirect {
        allowance: Allowance,
        is_refused: bool,
    },
    Status(u16),
    /// A body that is no key.
    Unusable,
}

impl Model {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            keys: BTreeMap::new(),
            open: BTreeMap::new(),
            flights: BTreeMap::new(),
            full: None,
            rates: Rates::new(settings.per_issuer, settings.over_all),
            violations: Vec::new(),
            exchanges: 0,
            sequence: 0,
            settings,
        }
    }

    pub(crate) fn violated(&mut self, at: Duration, what: String) {
        self.violations.push(format!("at {at:?}: {what}"));
    }

    /// How many fetches have come to their first request.
    pub(crate) fn fetches(&self) -> u64 {
        self.flights.len() as u64
    }

    pub(crate) fn stamp(&mut self, at: Duration) -> Stamp {
        self.sequence += 1;
        let sequence = self.sequence;
        Stamp { at, sequence }
    }

    /// A request is sent, by this task.
    pub(crate) fn begin(&mut self, at: Duration, task: u64, request: &Sent<'_>) -> u64 {
        let id = self.exchanges;
        let &Sent {
            kid,
            rank,
            is_probe,
            url,
            is_redirected,
            condition,
            revalidates,
        } = request;
        self.exchanges += 1;
        if is_probe {
            return id;
        }
        let others = self.open.values().filter(|open| open.kid == kid);
        if others.count() > 0 {
            self.violated(at, format!("two requests for {kid} at once"));
        }
        if !revalidates && !self.flights.contains_key(&task) {
            let too_much = self.rates.take(at, &kid.issuer());
            // Those that waited for a place may come all at once.
            self.violations
                .extend(too_much.filter(|_| self.full.is_none()));
        }
        let begin = || Flight::of(kid, !revalidates);
        let flight = self.flights.entry(task).or_insert_with(begin);
        if flight.kid != kid {
            let other = flight.kid;
            self.violated(at, format!("a fetch of {other} asks for {kid}"));
            return id;
        }
        flight.begin_chain(at, is_redirected);
        let is_known =
            |serving: &Serving| serving.url == url && serving.validator.as_deref() == condition;
        let book = self.keys.entry(kid).or_default();
        let is_baseless = condition.is_some() && !book.current.as_ref().is_some_and(is_known);
        let open = Open {
            kid,
            flight: task,
            rank,
            url: url.to_owned(),
            sent: at,
            answered: at,
            is_complete: false,
            is_broken: false,
            is_read: false,
            outcome: Outcome::Nothing,
        };
        self.open.insert(id, open);
        self.note_places(at);
        if is_baseless {
            self.violated(
                at,
                format!("a condition for {url} that is of another response"),
            );
        }
        // Those of known issuers, of others, and revalidations.
        let most = 3 * self.settings.max_concurrent_fetches;
        if self.open.len() > most {
            let count = self.open.len();
            self.violated(
                at,
                format!("{count} requests at once, and {most} are allowed"),
            );
        }
        id
    }

    /// A head has come.
    pub(crate) fn answered(&mut self, at: Duration, id: u64, outcome: Outcome) {
        let stamp = self.stamp(at);
        let Some(open) = self.open.get_mut(&id) else {
            return;
        };
        let flight = self.flights.get_mut(&open.flight).unwrap();
        let book = self.keys.get_mut(&open.kid).unwrap();
        match &outcome {
            Outcome::NotModified { dated, received } => {
                if let Some(stored) = book.current.take() {
                    let dated = stored.dated.freshened(dated);
                    flight
                        .chain_mut()
                        .pass(open.sent, dated.allowance(*received));
                    let chain = flight.chain.take().unwrap();
                    book.serve(stamp, &chain, Serving { dated, ..stored });
                }
            }
            Outcome::Void => flight.chain_mut().is_void = true,
            Outcome::Redirect { allowance, .. } => flight.chain_mut().pass(open.sent, *allowance),
            _ => {}
        }
        open.outcome = outcome;
        open.answered = at;
    }

    /// The last part of a body has come.
    pub(crate) fn body_ended(&mut self, at: Duration, id: u64) {
        let stamp = self.stamp(at);
        let Some(open) = self.open.get_mut(&id) else {
            return;
        };
        open.is_complete = true;
        let flight = self.flights.get_mut(&open.flight).unwrap();
        let book = self.keys.get_mut(&open.kid).unwrap();
        match std::mem::replace(&mut open.outcome, Outcome::Served) {
            Outcome::Key {
                generation,
                validator,
                dated,
                allowance,
            } => {
                flight.chain_mut().pass(open.sent, allowance);
                let chain = flight.chain.take().unwrap();
                let served = Serving {
                    generation,
                    surely_usable_until: Duration::ZERO,
                    usable_until: Duration::ZERO,
                    on_error_until: Duration::ZERO,
                    error_since: false,
                    url: open.url.clone(),
                    validator,
                    dated,
                };
                book.serve(stamp, &chain, served);
                if flight.is_first {
                    self.rates.give_back(at, &open.kid.issuer());
                }
            }
            other => open.outcome = other,
        }
    }

    /// How the body comes.
    pub(crate) fn announced(&mut self, id: u64, is_read: bool) {
        if let Some(open) = self.open.get_mut(&id) {
            open.is_read = is_read;
        }
    }

    fn note_places(&mut self, at: Duration) {
        if self.open.len() >= self.settings.max_concurrent_fetches {
            self.full = Some(at);
        }
    }

    /// A body breaks off.
    pub(crate) fn body_broke(&mut self, id: u64) {
        if let Some(open) = self.open.get_mut(&id) {
            open.is_broken = true;
        }
    }

    /// The client has let go of the request and its response.
    pub(crate) fn end(&mut self, at: Duration, id: u64) {
        let stamp = self.stamp(at);
        self.note_places(at);
        let Some(open) = self.open.remove(&id) else {
            return;
        };
        let (repositories, falls_back) = (
            self.settings.repositories,
            self.settings.falls_back_on_not_found,
        );
        let Some(flight) = self.flights.get_mut(&open.flight) else {
            return;
        };
        let book = self.keys.get_mut(&open.kid).unwrap();
        let is_settled = open.is_settled_at(at);
        let head_took = match open.outcome {
            Outcome::Nothing => at - open.sent,
            _ => open.answered - open.sent,
        };
        let is_late = head_took > self.settings.headers_deadline;
        match open.outcome {
            Outcome::Served | Outcome::NotModified { .. } | Outcome::Void => {}
            Outcome::Redirect { is_refused, .. } if is_settled => {
                if is_refused {
                    flight.fail(book, stamp, false, false);
                }
            }
            Outcome::NoSuchKey(status) if is_settled => {
                let have_answered = match (falls_back, status) {
                    // It says so for all mirrors, or those that do not answer may have the key.
                    (false, _) => 0,
                    (true, _) => repositories,
                };
                flight.no_such_key(book, stamp, have_answered);
                if !falls_back && flight.answers <= open.rank {
                    // One before it was passed by.
                    book.failed = Some(stamp);
                }
            }
            Outcome::Status(status) if is_settled => {
                let allows_stale = matches!(status, 500 | 502 | 503 | 504);
                flight.fail(book, stamp, status >= 500, allows_stale);
            }
            Outcome::Unusable if open.is_complete => flight.fail(book, stamp, false, false),
            // A deadline ended it, or the connection did.
            _ => flight.fail(book, stamp, true, true),
        }
        if is_late {
            self.violated(at, format!("a head was waited for {head_took:?}"));
        }
    }
}

/// For how long the client reads a body that decides nothing. Everything happens at whole milliseconds.
const DRAINED: Duration = Duration::from_millis(50);

impl Open {
    /// Whether the client had the whole of a head, and let go of the body by itself: at once, or at its end, or when it
    /// had read for long enough. Otherwise a deadline has ended all.
    fn is_settled_at(&self, at: Duration) -> bool {
        let waited = at - self.answered;
        let has_ended = self.is_complete || self.is_broken || waited == DRAINED;
        if self.is_read {
            has_ended
        } else {
            waited.is_zero()
        }
    }
}
