//! What the tests of the public API share: keys, a mint for odd tokens, doubles with counters, and a fake clock.
//!
//! The tests are the files beside this directory, one per promise. They see of the engine what every user sees;
//! those in paused time come in by one door more, the simulated network of feature `internals`.
//! What fails here fails by panicking.

pub mod authority;
pub mod backends;
pub mod clock;
pub mod connect;
pub mod counting;
pub mod fixture;
pub mod forge;
pub mod jwk;
pub mod key_client;
pub mod key_server;
pub mod keys;
pub mod published;
pub mod simulated;
pub mod spki;
pub mod token;
pub mod walk;
pub mod wire_server;
