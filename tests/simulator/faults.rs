//! How servers and networks fail.

use asap_tests::walk::Walk;

/// How one exchange goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It does not.
    None,
    /// The connection is refused, or breaks before a head has come.
    Refused,
    Reset,
    /// No head ever comes, or late.
    Silent,
    LateHead(u64),
    /// A status that says nothing about the key.
    Status(u16),
    /// The body comes slowly, stops, or breaks off.
    SlowBody(u64),
    StalledBody,
    TruncatedBody,
    /// A body that is no key.
    Page,
    Junk,
    Oversize,
    Encoded,
    /// Redirects: followed, in a circle, to plain http, to nowhere.
    Redirected(usize),
    Circle,
    Downgrade,
    Nowhere,
    /// A 304 about another response.
    WrongNotModified,
}

/// The faults of a server for a while.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weather {
    pub(crate) fault: Fault,
    /// How many of a thousand exchanges it hits.
    pub(crate) permille: usize,
    /// The delay of a head, in milliseconds, from and to.
    pub(crate) delay: (u64, u64),
}

impl Weather {
    /// Mostly well, so that there are keys to lose.
    pub(crate) fn draw_first(walk: &mut Walk) -> Self {
        match walk.below(3) {
            0 => Self::draw(walk),
            _ => crate::plan::WELL,
        }
    }

    pub(crate) fn draw(walk: &mut Walk) -> Self {
        let fault = match walk.below(26) {
            0..4 => Fault::None,
            4 => Fault::Refused,
            5 => Fault::Reset,
            6 | 7 => Fault::Silent,
            8 => Fault::LateHead([300, 900, 2_500, 6_000][walk.below(4)]),
            9..13 => Fault::Status([500, 502, 503, 504, 507, 429, 401, 304, 206][walk.below(9)]),
            13 => Fault::SlowBody([50, 300, 1_500][walk.below(3)]),
            14 => Fault::StalledBody,
            15 => Fault::TruncatedBody,
            16 => Fault::Page,
            17 => Fault::Junk,
            18 => Fault::Oversize,
            19 => Fault::Encoded,
            20 | 21 => Fault::Redirected([1, 2, 10, 11][walk.below(4)]),
            22 => Fault::Circle,
            23 => Fault::Downgrade,
            24 => Fault::Nowhere,
            _ => Fault::WrongNotModified,
        };
        Self {
            fault,
            permille: [1000, 1000, 700, 300][walk.below(4)],
            delay: [(0, 0), (1, 30), (50, 250), (0, 700)][walk.below(4)],
        }
    }
}
