//! The `kid`s of the simulation: a few that key servers may publish, and any number that nobody does.

use std::fmt;

/// A `kid`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kid {
    /// Of a legitimate issuer; two share one.
    Known(usize),
    /// Made up by a flooder, in a name of its own or in that of a legitimate issuer. The number is at least 2.
    Unknown { issuer: usize, number: usize },
}

/// The first number of an issuer in whose name somebody floods.
pub(crate) const IMPERSONATED: usize = 100;

impl Kid {
    /// Who owns it.
    pub(crate) fn issuer(self) -> String {
        match self {
            Self::Known(number) => format!("svc{}", number / 2),
            Self::Unknown { issuer, .. } if issuer >= IMPERSONATED => {
                format!("svc{}", issuer - IMPERSONATED)
            }
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
            return Some(Self::Unknown {
                issuer,
                number: name,
            });
        }
        let issuer = issuer.strip_prefix("svc")?.parse::<usize>().ok()?;
        Some(match name {
            0 | 1 => Self::Known(2 * issuer + name),
            number => Self::Unknown {
                issuer: issuer + IMPERSONATED,
                number,
            },
        })
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
