//! Which arrays and objects are open, without a stack that grows.

use super::JsonError;
use crate::limits::MAX_NESTING;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Container {
    Array,
    Object,
}

/// The containers that are open inside the document's own object, innermost in the lowest bit of `objects`.
#[derive(Debug, Default)]
pub(super) struct Nesting {
    objects: u64,
    depth: usize,
    /// Nothing was read of the innermost container yet.
    pub(super) empty: bool,
}

const _: () = assert!(MAX_NESTING <= 64, "the open containers are bits of a u64");

impl Nesting {
    pub(super) fn enter(&mut self, container: Container) -> Result<(), JsonError> {
        self.depth = self.depth.saturating_add(1);
        // The document's own object is the first level.
        if self.depth >= MAX_NESTING {
            return Err(JsonError::TooDeep);
        }
        self.objects = (self.objects << 1) | u64::from(container == Container::Object);
        self.empty = true;
        Ok(())
    }

    pub(super) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.objects >>= 1;
    }

    pub(super) fn innermost(&self) -> Option<Container> {
        if self.depth == 0 {
            None
        } else if self.objects & 1 == 1 {
            Some(Container::Object)
        } else {
            Some(Container::Array)
        }
    }
}
