//! What the benches share: realistic tokens, keys for them, the bare primitive that each verification costs at least, how
//! subjects are measured in turns, and what is made of the figures.
//!
//! The token of ASAP has `iss`, `sub`, `aud`, `iat`, `nbf`, `exp` and a UUID for `jti`, and a header of three
//! parameters: 660 bytes with an RSA key of 2048 bits, 404 with ES256. Those of [`profiles`] are as their documentation shows
//! them.
//!
//! A package of its own, without the peers: they take minutes to build, and only `compare` needs them.

mod cache;
mod floor;
#[cfg(feature = "accel")]
pub mod kernels;
pub mod key_tables;
pub mod measure;
pub mod profiles;
pub mod report;
pub mod subject;
pub mod sweep;

pub use cache::cache_of;
pub use floor::{Floor, decode_segments};
pub use subject::{AUDIENCE, KEY_ID, NOW, Tokens};
