//! A key is used for as long as the answer that brought it allows, to the second and not longer, and what brought no
//! key is not remembered (docs/CACHING.md). In paused time: nothing here waits.

mod answers;
mod failures;
mod lifetimes;
mod recalled;
mod removal;
mod stale;
