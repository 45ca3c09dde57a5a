//! The first pinyin of each Chinese character, from a dense table made of the crate `pinyin`'s data: as the
//! crate holds them, a pointer a character, they were a seventh of the wasm module.
//!
//! `pinyin.bin`: the syllables, each with a blank behind, ended by 0; then runs of characters up to the end: how far
//! from the last one's end a run starts, how long it is, and a number a character, its syllable's place, from 1 on; 0
//! has none. Starts and lengths are [`number`]s; so are syllables, rarer ones behind the first 128.

use super::dense::number;
use std::sync::LazyLock;

static TABLE: &[u8] = include_bytes!("data/pinyin.bin");

struct Readings {
    syllables: Vec<&'static str>,
    /// Where a run starts and the syllable of each of its characters.
    runs: Vec<(u32, Vec<u16>)>,
}

static READINGS: LazyLock<Readings> = LazyLock::new(|| {
    let end = TABLE.iter().position(|byte| *byte == 0).unwrap_or_default();
    let (names, mut rest) = TABLE.split_at_checked(end).unwrap_or_default();
    rest = rest.get(1..).unwrap_or_default();
    let syllables = std::str::from_utf8(names).unwrap_or_default().split_terminator(' ').collect();
    let mut runs = Vec::new();
    let mut start = 0;
    while let (Some(gap), Some(length)) = (number(&mut rest), number(&mut rest)) {
        start += gap as u32;
        let run: Vec<u16> = (0..length).map_while(|_| number(&mut rest)).map(|place| place as u16).collect();
        runs.push((start, run));
        start += length as u32;
    }
    Readings { syllables, runs }
});

/// The first reading of a Chinese character, without its tone.
pub(crate) fn first_pinyin(c: char) -> Option<&'static str> {
    // Nothing below is Chinese.
    if c < '\u{3000}' {
        return None;
    }
    let code = u32::from(c);
    let readings = &*READINGS;
    let (start, run) = readings.runs.get(readings.runs.partition_point(|(start, _)| *start <= code).checked_sub(1)?)?;
    let place = run.get((code - start) as usize)?;
    readings.syllables.get(usize::from(place.checked_sub(1)?)).copied()
}

#[cfg(test)]
mod tests {
    use super::super::dense::{put_number, same_as_kept};
    use super::*;
    use ::pinyin::ToPinyin as _;
    use std::collections::BTreeMap;

    fn reading(c: char) -> Option<&'static str> {
        c.to_pinyin().map(::pinyin::Pinyin::plain)
    }

    /// The table as the crate has it now.
    fn table() -> Vec<u8> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for syllable in ('\0'..=char::MAX).filter_map(reading) {
            *counts.entry(syllable).or_default() += 1;
        }
        let mut syllables: Vec<&str> = counts.keys().copied().collect();
        syllables.sort_by_key(|syllable| (std::cmp::Reverse(counts[syllable]), *syllable));
        let mut out = Vec::new();
        for syllable in &syllables {
            out.extend_from_slice(syllable.as_bytes());
            out.push(b' ');
        }
        out.push(0);
        let places: BTreeMap<&str, u32> = syllables.iter().copied().zip(1..).collect();
        let mut runs: Vec<(u32, Vec<u32>)> = Vec::new();
        for c in '\0'..=char::MAX {
            let Some(syllable) = reading(c) else { continue };
            let code = u32::from(c);
            match runs.last_mut() {
                // A hole of some characters is cheaper than another run.
                Some((start, run)) if code - (*start + run.len() as u32) < 64 => {
                    run.resize((code - *start) as usize, 0);
                    run.push(places[syllable]);
                }
                _ => runs.push((code, vec![places[syllable]])),
            }
        }
        let mut end = 0;
        for (start, run) in runs {
            put_number(&mut out, u64::from(start - end));
            put_number(&mut out, run.len() as u64);
            end = start + run.len() as u32;
            run.into_iter().for_each(|place| put_number(&mut out, u64::from(place)));
        }
        out
    }

    #[test]
    fn the_table_is_the_crates() {
        same_as_kept(&table(), "src/text/data/pinyin.bin");
    }

    #[test]
    fn every_character_reads_as_in_the_crate() {
        for c in '\0'..=char::MAX {
            assert_eq!(first_pinyin(c), reading(c), "{c:?}");
        }
    }
}
