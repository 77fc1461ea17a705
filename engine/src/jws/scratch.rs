//! The caller's buffer, into which a token is decoded.

use std::fmt;

use arrayvec::ArrayString;

use crate::plain::PlainRoom;

/// Enough for a token of some 1,000 bytes, so that a realistic one needs no allocation.
const INLINE: usize = 1280;

/// Enough for the `kid` and the claims of such a token.
const INLINE_TEXT: usize = 768;

/// Room into which one token after another is decoded. Reuse it: it allocates for the first long token only.
#[derive(Clone)]
pub struct Scratch {
    plain: PlainRoom,
    room: Room,
    /// The texts of an identity that was kept: a `str`, since to check bytes again would cost more than to copy them.
    text: ArrayString<INLINE_TEXT>,
    long_text: String,
}

impl Scratch {
    /// Room for a realistic token, without an allocation.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            plain: PlainRoom::new(),
            room: Room::new(),
            text: ArrayString::new_const(),
            long_text: String::new(),
        }
    }

    /// Room for the short way of plain tokens, and for the way of all. Apart, so that a token that turns out not to be
    /// plain can still go the other way.
    pub(crate) const fn parts(&mut self) -> (&mut PlainRoom, &mut Room) {
        (&mut self.plain, &mut self.room)
    }

    /// Keeps a copy of `text`.
    pub(crate) fn keep_text(&mut self, text: &str) {
        self.text.clear();
        self.long_text.clear();
        if self.text.try_push_str(text).is_err() {
            self.long_text.push_str(text);
        }
    }

    /// The text that was kept last.
    pub(crate) fn text(&self) -> &str {
        if self.long_text.is_empty() {
            &self.text
        } else {
            &self.long_text
        }
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

/// Room for any token.
#[derive(Clone)]
pub(crate) struct Room {
    inline: [u8; INLINE],
    heap: Vec<u8>,
}

impl Room {
    pub(crate) const fn new() -> Self {
        Self {
            inline: [0; INLINE],
            heap: Vec::new(),
        }
    }

    /// `length` bytes of room. What it holds is left from an earlier token.
    pub(crate) fn bytes(&mut self, length: usize) -> &mut [u8] {
        if let Some(room) = self.inline.get_mut(..length) {
            return room;
        }
        if self.heap.len() < length {
            self.heap.resize(length, 0);
        }
        self.heap.get_mut(..length).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_that_was_kept_last_is_there_whatever_its_length() {
        let mut scratch = Scratch::new();
        assert_eq!(scratch.text(), "");
        for length in [5, INLINE_TEXT, INLINE_TEXT + 1, 3, 100_000, 0, 1] {
            let text = "x".repeat(length);
            scratch.keep_text(&text);
            assert_eq!(scratch.text(), text);
        }
    }

    #[test]
    fn there_is_room_of_every_length_asked_for() {
        let mut room = Room::new();
        for length in [0, 1, INLINE, INLINE + 1, 100_000, 3] {
            assert_eq!(room.bytes(length).len(), length);
        }
    }
}
