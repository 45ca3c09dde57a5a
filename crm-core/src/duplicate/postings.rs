//! Lists of ordinals as text: differences in Base64 VLQ, as source maps have them.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Adds a number: five bits to a character, the lowest first; the sixth says that more follow.
fn put(mut number: i64, text: &mut String) {
    loop {
        let more = number >= 32;
        let digit = (number & 31) | if more { 32 } else { 0 };
        let letter = usize::try_from(digit).ok().and_then(|digit| ALPHABET.get(digit));
        text.push(letter.map_or('A', |byte| char::from(*byte)));
        if !more {
            return;
        }
        number >>= 5;
    }
}

/// Ordinals that ascend.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Postings {
    text: String,
    last: i64,
    count: usize,
}

impl Postings {
    /// A list out of its text; what is none ends it.
    pub(super) fn of(text: &str) -> Self {
        let ordinals = ordinals(text);
        Postings { text: text.to_owned(), last: ordinals.last().copied().unwrap_or_default(), count: ordinals.len() }
    }

    /// Adds an ordinal, greater than all before.
    pub(super) fn push(&mut self, ordinal: i64) {
        put((ordinal - self.last).max(0), &mut self.text);
        self.last = ordinal;
        self.count += 1;
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The text.
    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

/// How many ordinals a text has: each ends with a character of the first half of the alphabet.
pub(super) fn count(text: &str) -> usize {
    text.bytes().filter(|byte| matches!(byte, b'A'..=b'Z' | b'a'..=b'f')).count()
}

/// The ordinals of a text; what is none ends it.
pub(super) fn ordinals(text: &str) -> Vec<i64> {
    let mut found = Vec::new();
    let (mut last, mut number, mut shift) = (0_i64, 0_i64, 0_u32);
    for byte in text.bytes() {
        let digit = i64::from(match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => break,
        });
        number |= (digit & 31).checked_shl(shift).unwrap_or_default();
        if digit >= 32 {
            shift = shift.saturating_add(5);
            continue;
        }
        last = last.saturating_add(number);
        found.push(last);
        (number, shift) = (0, 0);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn d2_a_list_reads_as_it_was_written(steps in proptest::collection::vec(1_i64..3_000_000, 0..300)) {
            let mut list = Postings::default();
            let mut all = Vec::new();
            for step in steps {
                all.push(all.last().copied().unwrap_or_default() + step);
                list.push(all.last().copied().unwrap_or_default());
            }
            prop_assert_eq!(ordinals(list.text()), all);
            prop_assert_eq!(count(list.text()), list.count());
            prop_assert_eq!(Postings::of(list.text()), list);
        }

        #[test]
        fn d2_what_is_no_list_is_read_as_one(text in "\\PC{0,60}") {
            prop_assert!(ordinals(&text).len() <= text.len());
        }
    }
}
