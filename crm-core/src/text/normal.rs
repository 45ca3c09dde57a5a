//! NFKC, the normal form in which texts are folded, from a dense table made of the crate `unicode-normalization`'s
//! data, which as the crate holds them took 67 KB of the gzipped wasm module.
//!
//! `normal.bin` is four lists of [`number`]s, each with its length in front. Of each character that decomposes: how
//! far it is from the last one; twice the length of its decomposition, plus one where it comes back when that is
//! composed; and, in a list of their own, the characters of the decompositions, each as the way from the last one,
//! zigzag. Then runs of combining characters: how far from the last one's end it starts, how long it is, its class.
//! Syllables of Hangul are computed.

use super::dense::number;
use crate::sorted::Sort as _;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

static TABLE: &[u8] = include_bytes!("data/normal.bin");

/// Hangul: syllables from here on are a leading consonant, a vowel and one of 27 trailing consonants or none.
const SYLLABLES: u32 = 0xac00;
const LEADING: u32 = 0x1100;
const VOWELS: u32 = 0x1161;
const BEFORE_TRAILING: u32 = 0x11a7;

#[derive(Default)]
struct Forms {
    /// Characters that decompose, and where their parts end in `parts`; those of the first begin at 0.
    whole: Vec<(u32, usize)>,
    parts: Vec<char>,
    /// Two characters and what they compose to.
    pairs: HashMap<(char, char), char>,
    /// Runs of combining characters: the first, the one behind the last, the class.
    combining: Vec<(u32, u32, u8)>,
}

static FORMS: LazyLock<Forms> = LazyLock::new(|| {
    let mut rest = TABLE;
    let mut list = || -> Vec<u64> {
        let length = number(&mut rest).unwrap_or_default();
        (0..length).map_while(|_| number(&mut rest)).collect()
    };
    let (gaps, shapes, steps, runs) = (list(), list(), list(), list());
    let mut forms = Forms::default();
    let mut at = 0;
    for step in steps {
        at += (step >> 1) as i64 ^ -((step & 1) as i64);
        forms.parts.push(u32::try_from(at).ok().and_then(char::from_u32).unwrap_or_default());
    }
    let mut code = 0;
    let mut end = 0;
    let mut composed = Vec::new();
    for (gap, shape) in gaps.into_iter().zip(shapes) {
        code += gap as u32;
        let start = end;
        end += (shape >> 1) as usize;
        forms.whole.push((code, end));
        if let (1, Some(whole)) = (shape & 1, char::from_u32(code)) {
            composed.push((end - start, start, whole));
        }
    }
    // What three characters compose to is a pair of what the first two do and the third.
    for length in 2..=4 {
        for (_, start, whole) in composed.iter().filter(|known| known.0 == length) {
            let parts = forms.parts.get(*start..start + length).unwrap_or_default();
            let Some((last, [first, middle @ ..])) = parts.split_last() else { continue };
            let first = middle.iter().try_fold(*first, |first, next| forms.pairs.get(&(first, *next)).copied());
            if let Some(first) = first {
                forms.pairs.insert((first, *last), *whole);
            }
        }
    }
    let mut code = 0;
    for run in runs.chunks_exact(3) {
        if let [gap, length, class] = run {
            code += (gap + length) as u32;
            forms.combining.push((code - *length as u32, code, *class as u8));
        }
    }
    forms
});

impl Forms {
    fn decompose(&self, c: char, mut each: impl FnMut(char)) {
        let code = u32::from(c);
        if let syllable @ 0..11_172 = code.wrapping_sub(SYLLABLES) {
            let trailing = syllable % 28;
            let parts = [LEADING + syllable / 588, VOWELS + syllable % 588 / 28, BEFORE_TRAILING + trailing];
            parts.into_iter().take(if trailing == 0 { 2 } else { 3 }).filter_map(char::from_u32).for_each(each);
            return;
        }
        let Ok(place) = self.whole.binary_search_by_key(&code, |(whole, _)| *whole) else { return each(c) };
        let end_of = |place: usize| self.whole.get(place).map_or(0, |(_, end)| *end);
        let start = place.checked_sub(1).map_or(0, end_of);
        self.parts.get(start..end_of(place)).unwrap_or_default().iter().copied().for_each(each);
    }

    fn compose(&self, first: char, second: char) -> Option<char> {
        let (leading, vowel) = (u32::from(first).wrapping_sub(LEADING), u32::from(second).wrapping_sub(VOWELS));
        if leading < 19 && vowel < 21 {
            return char::from_u32(SYLLABLES + (leading * 21 + vowel) * 28);
        }
        let syllable = u32::from(first).wrapping_sub(SYLLABLES);
        if let (0..11_172, trailing @ 1..28) = (syllable, u32::from(second).wrapping_sub(BEFORE_TRAILING))
            && syllable % 28 == 0
        {
            return char::from_u32(u32::from(first) + trailing);
        }
        self.pairs.get(&(first, second)).copied()
    }

    /// How a character combines with the one before; 0 where it does not.
    fn class(&self, c: char) -> u8 {
        let code = u32::from(c);
        let place = self.combining.partition_point(|(_, end, _)| *end <= code);
        self.combining.get(place).filter(|(start, ..)| *start <= code).map_or(0, |(.., class)| *class)
    }
}

/// Whether a character is in normal form beside any other of its kind: Latin without marks, and Chinese.
fn is_plain(c: char) -> bool {
    matches!(c, '\0'..='\u{9f}' | '\u{4e00}'..='\u{9fff}')
}

/// The normal form of a text.
pub(super) fn nfkc(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let forms = &*FORMS;
    let mut parts: Vec<(u8, char)> = Vec::with_capacity(text.len());
    for c in text.chars() {
        forms.decompose(c, |part| parts.push((forms.class(part), part)));
    }
    for marks in parts.chunk_by_mut(|(before, _), (class, _)| *before != 0 && *class != 0) {
        // Of one class they stay in their order.
        marks.order_by_key(|(class, _)| *class);
    }
    let mut composed: Vec<char> = Vec::with_capacity(parts.len());
    let mut starter = None;
    // The class of the last one behind the starter that did not compose with it.
    let mut between = None;
    for (class, c) in parts {
        let place = starter.and_then(|place: usize| composed.get_mut(place));
        if let Some(start) = place.filter(|_| between.is_none_or(|between| between < class))
            && let Some(whole) = forms.compose(*start, c)
        {
            *start = whole;
            continue;
        }
        if class == 0 {
            starter = Some(composed.len());
            between = None;
        } else {
            between = Some(class);
        }
        composed.push(c);
    }
    Cow::Owned(composed.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::super::dense::{put_number, same_as_kept};
    use super::*;
    use proptest::prelude::*;
    use unicode_normalization::UnicodeNormalization as _;
    use unicode_normalization::char::{canonical_combining_class, compose, decompose_canonical, decompose_compatible};

    fn decomposed(decompose: fn(char, &mut dyn FnMut(char)), c: char) -> Vec<char> {
        let mut parts = Vec::new();
        decompose(c, &mut |part| parts.push(part));
        parts
    }

    fn compatible(c: char) -> Vec<char> {
        decomposed(|c, each| decompose_compatible(c, each), c)
    }

    fn canonical(c: char) -> Vec<char> {
        decomposed(|c, each| decompose_canonical(c, each), c)
    }

    fn is_syllable(c: char) -> bool {
        matches!(c, '\u{ac00}'..='\u{d7a3}')
    }

    /// Whether a character comes back when its parts are composed.
    fn comes_back(c: char, parts: &[char]) -> bool {
        let (first, rest) = parts.split_first().unwrap();
        rest.iter().try_fold(*first, |first, next| compose(first, *next)) == Some(c)
    }

    /// The table as the crate has it now.
    fn table() -> Vec<u8> {
        let (mut gaps, mut shapes, mut steps, mut runs) = (Vec::new(), Vec::new(), Vec::new(), Vec::<u64>::new());
        let (mut last, mut at, mut end) = (0, 0_i64, 0);
        for c in '\0'..=char::MAX {
            let (code, parts) = (u32::from(c), compatible(c));
            if parts != [c] && !is_syllable(c) {
                gaps.push(u64::from(code - last));
                last = code;
                // A part that would decompose further does not occur, so neither does a pair that it is one of.
                let back = parts == canonical(c) && parts.len() > 1 && comes_back(c, &parts);
                shapes.push(parts.len() as u64 * 2 + u64::from(back));
                for part in parts {
                    let step = i64::from(u32::from(part)) - at;
                    steps.push(((step << 1) ^ (step >> 63)) as u64);
                    at += step;
                }
            }
            let class = u64::from(canonical_combining_class(c));
            if class != 0 {
                match runs.as_mut_slice() {
                    [.., length, last] if end == code && *last == class => *length += 1,
                    _ => runs.extend([u64::from(code - end), 1, class]),
                }
                end = code + 1;
            }
        }
        let mut out = Vec::new();
        for list in [gaps, shapes, steps, runs] {
            put_number(&mut out, list.len() as u64);
            list.into_iter().for_each(|value| put_number(&mut out, value));
        }
        out
    }

    #[test]
    fn the_table_is_the_crates() {
        same_as_kept(&table(), "src/text/data/normal.bin");
    }

    #[test]
    fn every_character_is_as_in_the_crate() {
        for c in '\0'..=char::MAX {
            let mut parts = Vec::new();
            FORMS.decompose(c, |part| parts.push(part));
            assert_eq!(parts, compatible(c), "{c:?}");
            assert_eq!(FORMS.class(c), canonical_combining_class(c), "{c:?}");
            assert_eq!(nfkc(&c.to_string()), c.nfkc().collect::<String>(), "{c:?}");
            let nexts = ['\u{300}', '\u{323}', '\u{345}', '\u{3099}', '\u{1161}', '\u{11a8}', 'a', '中'];
            // What neither comes apart nor sorts nor composes is tried with one neighbour: that is most of them.
            let inert = parts == [c] && FORMS.class(c) == 0 && nexts.iter().all(|next| compose(c, *next).is_none());
            for next in nexts.into_iter().take(if inert { 1 } else { nexts.len() }) {
                let text: String = [c, next].into_iter().collect();
                assert_eq!(nfkc(&text), text.nfkc().collect::<String>(), "{text:?}");
            }
        }
    }

    #[test]
    fn every_pair_is_as_in_the_crate() {
        let wholes = ('\0'..=char::MAX).filter(|c| canonical(*c).len() > 1 && !is_syllable(*c));
        let (firsts, seconds): (Vec<char>, Vec<char>) = wholes
            .filter_map(|c| {
                let parts = canonical(c);
                let (last, rest) = parts.split_last()?;
                let first = rest.iter().copied().reduce(|first, next| compose(first, next).unwrap_or(first))?;
                Some((first, *last))
            })
            .unzip();
        let seconds: std::collections::BTreeSet<char> = seconds.into_iter().collect();
        for first in firsts {
            for second in &seconds {
                let text: String = [first, *second].into_iter().collect();
                assert_eq!(nfkc(&text), text.nfkc().collect::<String>(), "{text:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn every_text_is_as_in_the_crate(
            text in "([\u{300}-\u{36f}\u{591}-\u{5c7}\u{1d165}-\u{1d172}a-zäḍắ\u{1100}-\u{11ff}가-갹\u{3040}-\u{30ff}]|\\PC){0,40}"
        ) {
            prop_assert_eq!(nfkc(&text), text.nfkc().collect::<String>());
        }
    }
}
