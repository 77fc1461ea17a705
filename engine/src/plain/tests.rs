//! The two ways to be admitted, against each other.
