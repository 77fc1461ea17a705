//! Measuring in turns, and the rows that come of it.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "figures for people"
)]

mod program;
mod row;
mod turns;

pub use program::Options;
pub use row::Row;
pub use turns::{Subject, quantile_of, step, take_turns};
