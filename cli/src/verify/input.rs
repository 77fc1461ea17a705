//! Standard input, cut into blocks of whole lines.
//!
//! What has been read is passed on at once: a script that writes one token gets its verdict before it writes the next.
//! No line takes more memory than the longest that is read: of a longer one the beginning is passed on, one byte longer
//! than a line may be, and the rest is dropped.

use std::io::{self, Read};

/// How much is read at once: some 350 tokens, four milliseconds of work.
const BLOCK: usize = 256 * 1024;
/// The longest line, in bytes: sixteen times the longest token that any policy admits.
pub(super) const MAX_LINE: usize = 1024 * 1024;

/// Whole lines, one block after the other. The last line of the last block may lack its line end.
#[derive(Debug)]
pub(super) struct Blocks<R> {
    input: R,
    buffer: Vec<u8>,
    /// How many bytes at the start of the buffer are the beginning of a line.
    begun: usize,
    /// Whether the line that is being read is dropped to its end.
    is_dropping: bool,
}

impl<R: Read> Blocks<R> {
    pub(super) const fn new(input: R) -> Self {
        Self {
            input,
            buffer: Vec::new(),
            begun: 0,
            is_dropping: false,
        }
    }

    /// The next block, or `None` at the end of the input.
    pub(super) fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            let filled = self.fill()?;
            if filled == self.begun {
                return Ok(self.take_last());
            }
            let filled = if self.is_dropping {
                self.drop_line(filled)
            } else {
                filled
            };
            if let Some(block) = self.cut(filled) {
                return Ok(Some(block));
            }
        }
    }

    /// Reads once, behind what the buffer holds. Answers how much it then holds: no more than before at the end of the
    /// input.
    fn fill(&mut self) -> io::Result<usize> {
        let room = self.buffer.len().saturating_sub(self.begun);
        if room < BLOCK / 2 {
            self.buffer.resize(self.begun.saturating_add(BLOCK), 0);
        }
        let free = self.buffer.get_mut(self.begun..).unwrap_or_default();
        loop {
            match self.input.read(free) {
                Ok(read) => return Ok(self.begun.saturating_add(read)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Drops the rest of a line that is too long. Answers how much is left of the first `filled` bytes.
    fn drop_line(&mut self, filled: usize) -> usize {
        let fresh = self.buffer.get(..filled).unwrap_or_default();
        let Some(end) = memchr::memchr(b'\n', fresh) else {
            return 0;
        };
        self.is_dropping = false;
        let start = end.saturating_add(1);
        self.buffer.copy_within(start..filled, 0);
        filled.saturating_sub(start)
    }

    /// Takes the whole lines of the first `filled` bytes, or the beginning of a line that is too long.
    fn cut(&mut self, filled: usize) -> Option<Vec<u8>> {
        let begun = std::mem::replace(&mut self.begun, filled);
        let fresh = self.buffer.get(begun..filled).unwrap_or_default();
        if let Some(last) = memchr::memrchr(b'\n', fresh) {
            let end = begun.saturating_add(last).saturating_add(1);
            let block = self.buffer.get(..end)?.to_vec();
            self.buffer.copy_within(end..filled, 0);
            self.begun = filled.saturating_sub(end);
            return Some(block);
        }
        if filled <= MAX_LINE {
            return None;
        }
        self.begun = 0;
        self.is_dropping = true;
        self.buffer.get(..=MAX_LINE).map(<[u8]>::to_vec)
    }

    /// The last line, if it lacks its line end.
    fn take_last(&mut self) -> Option<Vec<u8>> {
        let last = self.buffer.get(..self.begun).unwrap_or_default();
        let block = (!last.is_empty()).then(|| last.to_vec());
        self.begun = 0;
        block
    }
}

/// The lines of a block, without their line ends (LF or CRLF).
pub(super) fn lines(block: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    let whole = block.strip_suffix(b"\n").unwrap_or(block);
    let mut rest = (!block.is_empty()).then_some(whole);
    std::iter::from_fn(move || {
        let text = rest?;
        let line = match memchr::memchr(b'\n', text) {
            Some(end) => {
                rest = text.get(end.saturating_add(1)..);
                text.get(..end)?
            }
            None => {
                rest = None;
                text
            }
        };
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    })
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;

    /// Hands out the pieces one a read.
    struct Pieces<'a>(std::slice::Iter<'a, &'a [u8]>);

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let piece = self.0.next().copied().unwrap_or_default();
            buffer[..piece.len()].copy_from_slice(piece);
            Ok(piece.len())
        }
    }

    fn blocks(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut blocks = Blocks::new(Pieces(pieces.iter()));
        std::iter::from_fn(|| blocks.next().unwrap()).collect()
    }

    fn all_lines(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
        let blocks = blocks(pieces);
        let lines = blocks.iter().flat_map(|block| lines(block));
        lines.map(<[u8]>::to_vec).collect()
    }

    #[test]
    fn what_was_read_is_passed_on_as_soon_as_a_line_ends() {
        assert_eq!(
            blocks(&[b"a", b"b\nc", b"d\ne\nf", b"g"]),
            [&b"ab\n"[..], b"cd\ne\n", b"fg"]
        );
    }

    #[test]
    fn every_line_is_one_wherever_it_is_cut() {
        let text = b"one\r\n\ntwo\n\r\nthree\rfour\n\n";
        let expected =
            ["one", "", "two", "", "three\rfour", ""].map(|line| line.as_bytes().to_vec());
        for first in 1..text.len() {
            for second in first..text.len() {
                let pieces = [&text[..first], &text[first..second], &text[second..]];
                let pieces: Vec<_> = pieces
                    .into_iter()
                    .filter(|piece| !piece.is_empty())
                    .collect();
                assert_eq!(all_lines(&pieces), expected, "{first} {second}");
            }
        }
    }

    #[test]
    fn the_last_line_needs_no_line_end() {
        assert_eq!(all_lines(&[b"a\nb\r"]), [b"a", b"b"]);
        assert_eq!(all_lines(&[b"\n"]), [b""]);
        assert!(all_lines(&[]).is_empty());
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_on_by_its_beginning_and_takes_no_more_memory() {
        let piece = vec![b'x'; BLOCK / 2];
        let mut pieces: Vec<&[u8]> = vec![b"before\nxx"];
        pieces.extend(std::iter::repeat_n(&piece[..], 50));
        pieces.extend([&b"xx\nafter\nand"[..], b" more"]);
        let mut blocks = Blocks::new(Pieces(pieces.iter()));
        let mut seen: Vec<(usize, Vec<u8>)> = Vec::new();
        while let Some(block) = blocks.next().unwrap() {
            seen.extend(lines(&block).map(|line| (line.len(), line[..line.len().min(8)].to_vec())));
            assert!(blocks.buffer.len() <= MAX_LINE + 2 * BLOCK);
        }
        let expected = [
            (6, &b"before"[..]),
            (MAX_LINE + 1, b"xxxxxxxx"),
            (5, b"after"),
            (8, b"and more"),
        ];
        assert_eq!(
            seen,
            expected.map(|(length, start)| (length, start.to_vec()))
        );
    }

    #[test]
    fn a_line_that_is_too_long_may_be_the_last() {
        let piece = vec![b'x'; BLOCK / 2];
        let pieces: Vec<&[u8]> = std::iter::repeat_n(&piece[..], 20).collect();
        let lengths: Vec<_> = all_lines(&pieces).iter().map(Vec::len).collect();
        assert_eq!(lengths, [MAX_LINE + 1]);
    }
}
