//! The other libraries, each asked as strictly as it can be, with its key prepared as well as it can be.
//!
//! What each of them lets through all the same is found out by [`strictness`](super::strictness), not claimed here.

use std::error::Error;

use super::engine;
use super::task::{Call, Task};

mod asap;
mod biscuit;
mod jsonwebtoken;
mod jwt_simple;

/// Says whether a call is accepted, by the system's clock.
pub(crate) type Verifier = Box<dyn FnMut(&Call) -> bool>;

/// Makes a verifier, its key prepared. `None` if that is not offered.
pub(crate) type Prepare = fn(&Task<'_>) -> Result<Option<Verifier>, Box<dyn Error>>;

/// Something that verifies tokens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer {
    /// The name of its rows.
    pub(crate) name: &'static str,
    /// The package whose version in Cargo.lock is its version.
    pub(crate) package: &'static str,
    /// What of it is measured, in a few words.
    pub(crate) what: &'static str,
    /// How it is told what to verify.
    pub(crate) verifier: Prepare,
}

impl Peer {
    /// A peer of that name and that package.
    pub(crate) const fn new(
        name: &'static str,
        package: &'static str,
        what: &'static str,
        verifier: Prepare,
    ) -> Self {
        Self {
            name,
            package,
            what,
            verifier,
        }
    }

    /// Whether it is this engine, which knows more than the JWT.
    pub(super) fn is_this_engine(&self) -> bool {
        self.package == engine::PACKAGE
    }
}

/// Those that need nothing but Rust and a C compiler.
pub(super) const PEERS: [Peer; 4] = [
    Peer::new(
        "jsonwebtoken",
        "jsonwebtoken",
        "on aws-lc, which it has parse the key in each call: it has no parsed key",
        jsonwebtoken::verifier,
    ),
    Peer::new("jwt-simple", "jwt-simple", JWT_SIMPLE, jwt_simple::verifier),
    Peer::new(
        "biscuit",
        "biscuit",
        "on ring, which parses the key in each call",
        biscuit::verifier,
    ),
    Peer::new(
        "asap",
        "asap",
        "the crate of that name: RS256 only, with a kid, on ring; the key comes from its cache",
        asap::verifier,
    ),
];

const JWT_SIMPLE: &str = if cfg!(feature = "pure-rust") {
    "its build in Rust alone; its default build has BoringSSL for RSA: see bench/peers"
} else {
    "its default build: BoringSSL for RSA, Rust for the rest"
};
