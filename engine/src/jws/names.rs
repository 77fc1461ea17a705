//! Finds a member name that occurs twice (RFC 7515 section 4, RFC 7519 section 4: names must be unique).
//!
//! A token's length bounds how many names there are, some two thousand in 8 KiB, so comparing each with each
//! would let one token cost milliseconds. The first few are compared as they come, without allocation; if
//! there are more, all are sorted once at the end.

use std::borrow::Cow;

use super::json::Text;

/// The names that are compared as they come. Few tokens carry more claims of their own.
const FEW: usize = 8;

/// The names seen so far that no field of its own watches over.
#[derive(Debug)]
pub(crate) struct Names<'a> {
    few: [Text<'a>; FEW],
    count: usize,
    more: Vec<Text<'a>>,
}

impl<'a> Names<'a> {
    pub(crate) const fn new() -> Self {
        Self {
            few: [Text::EMPTY; FEW],
            count: 0,
            more: Vec::new(),
        }
    }

    /// Takes the next name in. False if it is already known to have occurred.
    pub(crate) fn insert(&mut self, name: Text<'a>) -> bool {
        if self.few.iter().take(self.count).any(|seen| *seen == name) {
            return false;
        }
        match self.few.get_mut(self.count) {
            Some(free) => {
                *free = name;
                self.count = self.count.saturating_add(1);
            }
            None => self.more.push(name),
        }
        true
    }

    /// Whether all names are distinct, once the last is in.
    #[inline]
    pub(crate) fn are_distinct(&self) -> bool {
        self.more.is_empty() || are_distinct(&self.more)
    }
}

fn are_distinct(names: &[Text<'_>]) -> bool {
    let mut names: Vec<Cow<'_, str>> = names.iter().copied().map(Text::decode).collect();
    names.sort_unstable();
    names.array_windows().all(|[one, next]| one != next)
}

#[cfg(test)]
mod tests {
    use super::super::json::Members;
    use super::*;

    fn distinct(document: &str) -> bool {
        let mut members = Members::of(document).unwrap();
        let mut names = Names::new();
        while let Some((name, _)) = members.next().unwrap() {
            if !names.insert(name) {
                return false;
            }
        }
        names.are_distinct()
    }

    #[test]
    fn a_name_that_occurs_twice_is_found_among_few_and_among_many() {
        for count in [2, FEW, FEW + 1, FEW + 2, 3 * FEW] {
            let mut members: Vec<_> = (0..count).map(|name| format!("\"n{name}\":0")).collect();
            assert!(distinct(&format!("{{{}}}", members.join(","))), "{count}");
            for position in [0, count / 2, count - 1] {
                let again = members[position].replace('n', "\\u006e");
                members.push(again);
                assert!(
                    !distinct(&format!("{{{}}}", members.join(","))),
                    "{position} of {count}"
                );
                members.pop();
            }
        }
    }
}
