//! Clients whose tokens come to a replay window at such a rate that a given number of them is live at any time.

use std::array::from_fn;
use std::hint::black_box;
use std::str::from_utf8;

use asap_engine::{ReplayLog, ReplayWindow, UnixTime};

const ISSUER: &str = "services/billing";
const START: i64 = 1_700_000_000;

/// The life of a token, in seconds. It is remembered through its last second, hence in 61 of them.
const LIFE: i64 = 60;
const SECONDS_REMEMBERED: u64 = 61;

/// How many tokens are under way between preparation and insertion: what a signature's time is enough for many times over.
pub(crate) const UNDER_WAY: usize = 8;

/// A client that sends tokens, each with an id of its own, and tells the time by how many it and its like have sent.
#[derive(Clone)]
pub(crate) struct Client {
    next: TokenId,
    /// How many tokens were sent by all clients so far.
    time: u64,
    /// How many are sent by all while this one sends one.
    step: u64,
    per_second: u64,
}

/// The token id, a UUID.
pub(crate) type TokenId = [u8; 36];

impl Client {
    /// The client whose token ids begin with `name`, where `live` tokens of all clients are live at any time.
    pub(crate) fn new(name: u8, live: u64) -> Self {
        let mut next = *b"00000000-0000-4000-8000-000000000000";
        if let Some(first) = next.first_mut() {
            *first = name;
        }
        Self {
            next,
            time: 0,
            step: 1,
            per_second: live.div_euclid(SECONDS_REMEMBERED),
        }
    }

    /// Has the client go on with others: from the latest time at which one of `all` has arrived, `together` at once.
    pub(crate) fn go_on(all: &mut [Self], together: usize) {
        let latest = all.iter().map(|client| client.time).max().unwrap_or(0);
        for client in all {
            client.time = latest;
            client.step = u64::try_from(together).unwrap_or(1);
        }
    }

    /// Sends `count` tokens, all of which are new and for all of which there is room.
    pub(crate) fn send(&mut self, window: &ReplayWindow, count: u64) {
        for _ in 0..count {
            let token_id = self.next_token_id();
            self.insert(window, &token_id);
        }
    }

    /// As [`send`](Self::send), and prepares each token some tokens before it is inserted, as an engine does before it
    /// checks the signature.
    pub(crate) fn send_prepared(&mut self, window: &ReplayWindow, count: u64) {
        let mut under_way: [TokenId; UNDER_WAY] = from_fn(|_| self.next_token_id());
        for number in 0..count {
            let slot = slot(&mut under_way, number);
            let due = *slot;
            self.insert(window, &due);
            *slot = self.next_token_id();
            Self::prepare(window, slot);
        }
    }

    /// Has the window bring near what it needs for a token.
    pub(crate) fn prepare(window: &ReplayWindow, token_id: &TokenId) {
        window.prepare(ISSUER, text(token_id));
    }

    /// Has the window remember a token that is new.
    pub(crate) fn insert(&mut self, window: &ReplayWindow, token_id: &TokenId) {
        let second = i64::try_from(self.time.div_euclid(self.per_second)).expect("seconds");
        let now = START.saturating_add(second);
        let (keep_until, now) = (
            UnixTime::from_secs(now.saturating_add(LIFE)),
            UnixTime::from_secs(now),
        );
        self.time = self.time.saturating_add(self.step);
        let inserted = window.check_and_insert(ISSUER, text(token_id), keep_until, now);
        if let Err(error) = black_box(inserted) {
            panic!("a new token was refused: {error}");
        }
    }

    /// Another token id: it counts in the digits, from the end.
    pub(crate) fn next_token_id(&mut self) -> TokenId {
        for digit in self.next.iter_mut().rev().take(12) {
            if *digit < b'9' {
                *digit = digit.saturating_add(1);
                break;
            }
            *digit = b'0';
        }
        self.next
    }
}

/// Where the token lies whose turn it is.
pub(crate) fn slot(under_way: &mut [TokenId; UNDER_WAY], number: u64) -> &mut TokenId {
    let turn = usize::try_from(number).unwrap_or(0) % UNDER_WAY;
    under_way.get_mut(turn).expect("a turn")
}

fn text(token_id: &TokenId) -> &str {
    from_utf8(token_id).expect("digits")
}
