//! The `kid`s of the simulation: a few that key servers may publish, and any number that nobody does.

use std::fmt;

/// A `kid`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kid {
    /// Of a legitimate issuer; two share one.
    Known(usize),
    /// Made up by a flooder.
    Unknown { issuer: usize, number: usize },
}

impl Kid {
    /// Who owns it.
    pub(crate) fn issuer(self) -> String {
        match self {
            Self::Known(number) => format!("svc{}", number / 2),
            Self::Unknown { issuer, .. } => format!("flood{issuer}"),
        }
    }

    /// The `kid` that the last two segments of `path` spell.
    pub(crate) fn of_path(path: &str) -> Option<Self> {
        let mut segments = path.rsplit('/');
        let name: usize = segments.next()?.strip_prefix("key-")?.parse().ok()?;
        let issuer = segments.next()?;
        if let Some(issuer) = issuer.strip_prefix("flood") {
            let issuer = issuer.parse().ok()?;
            return Some(Self::Unknown { issuer, number: name });
        }
        let known = issuer.strip_prefix("svc")?.parse::<usize>().ok()? * 2 + name;
        (name < 2).then_some(Self::Known(known))
    }
}

impl fmt::Display for Kid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Known(number) => number % 2,
            Self::Unknown { number, .. } => *number,
        };
        write!(f, "{}/key-{name}", self.issuer())
    }
}
