//! Traditional characters as simplified ones, one by one, from a dense table made of the dictionaries of OpenCC.
//!
//! `simplified.bin`: a pair of numbers a character, how far it stands behind the one before, and how far its simplified
//! one is from it, with the sign in the last bit.

use super::dense::number;
use std::sync::LazyLock;

static TABLE: &[u8] = include_bytes!("data/simplified.bin");

static PAIRS: LazyLock<Vec<(char, char)>> = LazyLock::new(|| {
    let (mut rest, mut at, mut pairs) = (TABLE, 0_u32, Vec::new());
    while let (Some(gap), Some(far)) = (number(&mut rest), number(&mut rest)) {
        at += gap as u32;
        let far = if far & 1 == 0 { (far >> 1) as i64 } else { -((far >> 1) as i64) };
        let simple = u32::try_from(i64::from(at) + far).ok().and_then(char::from_u32);
        pairs.extend(char::from_u32(at).zip(simple));
    }
    pairs
});

/// The text with every traditional character as its simplified one. Words are not looked at: 乾 is 干, also in 乾坤.
///
/// ```
/// assert_eq!(crm_core::text::simplified("寧波繼峯汽車"), "宁波继峰汽车");
/// ```
pub fn simplified(text: &str) -> String {
    let pairs = &*PAIRS;
    let simple = |c: char| match pairs.binary_search_by_key(&c, |(own, _)| *own) {
        Ok(at) => pairs.get(at).map_or(c, |(_, simple)| *simple),
        Err(_) => c,
    };
    text.chars().map(|c| if c < '\u{3400}' { c } else { simple(c) }).collect()
}

#[cfg(test)]
mod tests {
    use super::super::dense::{put_number, same_as_kept};
    use ferrous_opencc::{OpenCC, config::BuiltinConfig};

    #[test]
    fn the_table_is_what_the_dictionaries_say() {
        let dictionaries = OpenCC::from_config(BuiltinConfig::T2s).unwrap();
        let (mut table, mut last) = (Vec::new(), 0);
        for c in '\u{3400}'..='\u{2ffff}' {
            let simple = dictionaries.convert(&c.to_string());
            let simple = simple.chars().next().unwrap();
            if simple != c {
                let far = i64::from(u32::from(simple)) - i64::from(u32::from(c));
                put_number(&mut table, u64::from(u32::from(c) - last));
                put_number(&mut table, far.unsigned_abs() << 1 | u64::from(far < 0));
                last = u32::from(c);
            }
        }
        same_as_kept(&table, "src/text/data/simplified.bin");
    }
}
