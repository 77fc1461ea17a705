//! What one `kid` and one fetch have come to: until when a key may be used, at least and at most.

use std::time::Duration;

use crate::caching::{Allowance, Dated};
use crate::kid::Kid;

/// What is known of one `kid`.
#[derive(Default)]
pub(crate) struct KeyBook {
    /// The last key that was served for it, unless it was said to be gone since.
    pub(crate) current: Option<Serving>,
    /// When a key was last served, and which.
    pub(crate) served: Option<(Stamp, usize)>,
    pub(crate) failed: Option<Stamp>,
    pub(crate) not_found: Option<Stamp>,
}

/// A moment, and its place among those at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) at: Duration,
    pub(crate) sequence: u64,
}

/// A key as it was served, and until when it may be used.
pub(crate) struct Serving {
    pub(crate) generation: usize,
    pub(crate) surely_usable_until: Duration,
    pub(crate) usable_until: Duration,
    pub(crate) on_error_until: Duration,
    /// Whether asking again failed since, in a way that allows a stale answer.
    pub(crate) error_since: bool,
    pub(crate) url: String,
    pub(crate) validator: Option<String>,
    pub(crate) dated: Dated,
}

/// A request to a repository and the redirects that followed it.
pub(crate) struct Chain {
    pub(crate) began: Duration,
    pub(crate) spans: Option<Allowance>,
    pub(crate) usable_until: Duration,
    pub(crate) on_error_until: Duration,
    pub(crate) is_void: bool,
}

/// What one task of the client asks: the repositories one after the other.
pub(crate) struct Flight {
    pub(crate) kid: Kid,
    /// Nothing was known of the key: what it took from the rates is given back if there is one.
    pub(crate) is_first: bool,
    pub(crate) chain: Option<Chain>,
    pub(crate) had_outage: bool,
    pub(crate) answers: usize,
}

impl KeyBook {
    /// A key was served, after all of a chain.
    pub(crate) fn serve(&mut self, stamp: Stamp, chain: &Chain, served: Serving) {
        let spans = chain.spans.unwrap();
        self.served = Some((stamp, served.generation));
        self.current = Some(Serving {
            surely_usable_until: chain.began + spans.usable().saturating_sub(spans.slack),
            usable_until: chain.usable_until,
            on_error_until: chain.on_error_until,
            error_since: false,
            ..served
        });
    }
}

impl Flight {
    pub(crate) fn of(kid: Kid, is_first: bool) -> Self {
        Self {
            kid,
            is_first,
            chain: None,
            had_outage: false,
            answers: 0,
        }
    }

    pub(crate) fn begin_chain(&mut self, at: Duration, is_redirected: bool) {
        let began = match &self.chain {
            Some(_) if is_redirected => return,
            // The client counts from its first request.
            Some(chain) if chain.is_void => chain.began,
            _ => at,
        };
        self.chain = Some(Chain {
            began,
            spans: None,
            usable_until: Duration::MAX,
            on_error_until: Duration::MAX,
            is_void: false,
        });
    }

    pub(crate) fn chain_mut(&mut self) -> &mut Chain {
        self.chain.as_mut().unwrap()
    }

    /// There is no such key, if so many repositories have answered.
    pub(crate) fn no_such_key(&mut self, book: &mut KeyBook, stamp: Stamp, have_answered: usize) {
        self.chain = None;
        self.answers += 1;
        book.not_found = Some(stamp);
        let is_certain = !self.had_outage && self.answers >= have_answered;
        if self.had_outage || !is_certain {
            book.failed = Some(stamp);
        }
        if is_certain || have_answered == 0 {
            book.current = None;
        } else if let Some(current) = &mut book.current {
            // If one was passed by because it is down, that is an outage, and otherwise the key is gone.
            current.surely_usable_until = Duration::ZERO;
            current.error_since = true;
        }
    }

    pub(crate) fn fail(
        &mut self,
        book: &mut KeyBook,
        stamp: Stamp,
        is_outage: bool,
        allows_stale: bool,
    ) {
        self.chain = None;
        self.answers += 1;
        self.had_outage |= is_outage;
        book.failed = Some(stamp);
        if let Some(current) = &mut book.current {
            current.error_since |= allows_stale;
        }
    }
}

impl Chain {
    /// A response allows so much from its request on: of all on the way, the least counts.
    pub(crate) fn pass(&mut self, sent: Duration, allowance: Allowance) {
        self.usable_until = self.usable_until.min(sent + allowance.usable());
        self.on_error_until = self.on_error_until.min(sent + allowance.on_error);
        self.spans = Some(match self.spans {
            Some(spans) => Allowance {
                fresh: spans.fresh.min(allowance.fresh),
                while_revalidating: spans.while_revalidating.min(allowance.while_revalidating),
                on_error: spans.on_error.min(allowance.on_error),
                slack: spans.slack.max(allowance.slack),
            },
            None => allowance,
        });
    }
}
