//! Keys: their names, their text, and where they come from.

mod key_id;
pub use key_id::KeyId;
