//! The caller's buffer, into which a token is decoded.

use std::fmt;

/// Enough for a token of some 1,000 bytes, so that a realistic one needs no allocation.
const INLINE: usize = 1280;

/// Room into which one token after another is decoded. Reuse it: it allocates for the first long token only.
#[derive(Clone)]
pub struct Scratch {
    inline: [u8; INLINE],
    heap: Vec<u8>,
}

impl Scratch {
    /// Room for a realistic token, without an allocation.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            inline: [0; INLINE],
            heap: Vec::new(),
        }
    }

    /// `length` bytes of room. What it holds is left from an earlier token.
    pub(crate) fn room(&mut self, length: usize) -> &mut [u8] {
        if let Some(room) = self.inline.get_mut(..length) {
            return room;
        }
        if self.heap.len() < length {
            self.heap.resize(length, 0);
        }
        self.heap.get_mut(..length).unwrap_or_default()
    }
}

impl Default for Scratch {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Scratch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scratch").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_of_every_length_asked_for() {
        let mut scratch = Scratch::new();
        for length in [0, 1, INLINE, INLINE + 1, 100_000, 3] {
            assert_eq!(scratch.room(length).len(), length);
        }
    }
}
