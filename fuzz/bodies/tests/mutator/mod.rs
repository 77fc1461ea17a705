//! A small mutator without luck: what it makes follows from the target's name alone.

/// Makes inputs from seeds and words.
pub(crate) struct Mutator<'a> {
    state: u64,
    seeds: &'a [Vec<u8>],
    words: Vec<Vec<u8>>,
}

impl<'a> Mutator<'a> {
    pub(crate) fn new(target: &str, seeds: &'a [Vec<u8>], words: Vec<Vec<u8>>) -> Self {
        let start = target
            .bytes()
            .fold(0x9e37_79b9_7f4a_7c15, |state: u64, byte| {
                state.rotate_left(8) ^ u64::from(byte)
            });
        Self {
            state: start,
            seeds,
            words,
        }
    }

    /// A seed with up to eight changes; or, one time in eight, nothing but words.
    pub(crate) fn next_input(&mut self) -> Vec<u8> {
        if self.below(8) == 0 {
            let count = self.below(12);
            return (0..count).flat_map(|_| self.word()).collect();
        }
        let seeds = self.seeds;
        let mut input = seeds[self.below(seeds.len())].clone();
        for _ in 0..=self.below(8) {
            self.change(&mut input);
        }
        input
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let place = self.below(input.len() + 1);
        match self.below(7) {
            0 => {
                if let Some(byte) = input.get_mut(place) {
                    *byte ^= 1 << self.below(8);
                }
            }
            1 => {
                let byte = self.below(256) as u8;
                if let Some(old) = input.get_mut(place) {
                    *old = byte;
                }
            }
            2 => {
                let end = (place + 1 + self.below(4)).min(input.len());
                input.drain(place.min(end)..end);
            }
            3 => {
                let word = self.word();
                input.splice(place..place, word);
            }
            4 => {
                let word = self.word();
                let end = (place + word.len()).min(input.len());
                input.splice(place..end, word);
            }
            5 => {
                let end = (place + 1 + self.below(16)).min(input.len());
                let copied = input[place..end].to_vec();
                let to = self.below(input.len() + 1);
                input.splice(to..to, copied);
            }
            _ => {
                let seeds = self.seeds;
                let other = &seeds[self.below(seeds.len())];
                let from = self.below(other.len() + 1);
                input.truncate(place);
                input.extend_from_slice(&other[from..]);
            }
        }
    }

    fn word(&mut self) -> Vec<u8> {
        let index = self.below(self.words.len());
        self.words[index].clone()
    }

    /// A number below `limit`, by splitmix64.
    fn below(&mut self, limit: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % limit.max(1) as u64) as usize
    }
}

/// Undoes `\xAB`, the one escape that the dictionaries use.
pub(crate) fn unescape(word: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = word;
    while let Some((before, after)) = rest.split_once("\\x") {
        bytes.extend_from_slice(before.as_bytes());
        bytes.push(u8::from_str_radix(&after[..2], 16).expect("two digits"));
        rest = &after[2..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    bytes
}
