//! The suite of `http-tests/cache-tests` (370 tests of HTTP caches), played against the real client of a key
//! repository: a scripted origin, a virtual clock, and keys as bodies. `docs/CACHING.md` says, test by test, what came
//! of it, and why what was not played does not concern a client that asks for keys.
//!
//! ```text
//! suite (the JSON, in place) ─▶ applicability ─▶ play ◀─▶ origin (World)
//!                                                 └─▶ verdict ─▶ page (docs/CACHING.md)
//! ```

mod applicability;
#[expect(dead_code, reason = "only the finding of a document is needed here")]
#[path = "../vectors/data.rs"]
mod data;
mod explained;
mod origin;
mod page;
mod play;
mod suite;
mod verdict;
