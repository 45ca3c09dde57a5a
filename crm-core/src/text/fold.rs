//! Folding: the one form in which texts are compared, the same on every store.

use super::normal::nfkc;
use super::pinyin::first_pinyin;

/// The version of [`fold`] and [`sort_key`]: what they made is stored, so a change of theirs
/// needs a migration.
pub const FOLD_VERSION: i32 = 1;

/// Folds a text for comparing: NFKC (full width becomes half width), lower case, blanks
/// shrunk to one and dropped between and beside Chinese characters.
///
/// ```
/// use crm_core::text::fold;
/// assert_eq!(fold("ＡＢＣ　有限 公司（北京）"), fold("abc 有限公司(北京)"));
/// ```
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut blank = false;
    for c in nfkc(text).chars().flat_map(char::to_lowercase) {
        if c.is_whitespace() || is_ignorable(c) {
            blank |= c.is_whitespace();
            continue;
        }
        let between_words =
            c.is_ascii_alphanumeric() && folded.chars().next_back().is_some_and(|last| last.is_ascii_alphanumeric());
        if blank && between_words {
            folded.push(' ');
        }
        blank = false;
        folded.push(c);
    }
    folded
}

/// Whether a character shows nothing: a blank, one of those that folding drops, or a filler.
pub(crate) fn shows_nothing(c: char) -> bool {
    let filler = matches!(c, '\u{115f}' | '\u{1160}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}');
    c.is_whitespace() || is_ignorable(c) || filler
}

/// Characters that show nothing: zero-width ones, marks of direction, the byte order mark.
fn is_ignorable(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

/// The key by which a text is sorted: digits and letters first, Chinese characters by their
/// first pinyin, then by themselves; at most 96 bytes.
///
/// ```
/// use crm_core::text::sort_key;
/// assert!(sort_key("阿里") < sort_key("百度"));
/// assert!(sort_key("3M") < sort_key("阿里"));
/// ```
pub fn sort_key(text: &str) -> Vec<u8> {
    const LONGEST: usize = 96;
    let folded = fold(text);
    let mut key = Vec::with_capacity(LONGEST);
    for c in folded.chars() {
        match first_pinyin(c) {
            // A syllable, then a byte below all letters, so that "xi an" sorts before "xian".
            Some(syllable) => {
                key.push(b'{'); // behind the Latin letters
                key.extend_from_slice(syllable.as_bytes());
                key.push(b' ');
            }
            None => {
                let mut buffer = [0; 4];
                key.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
            }
        }
        if key.len() >= LONGEST {
            break;
        }
    }
    // Characters of one reading are kept apart by the characters themselves.
    if key.len() + 1 + folded.len() <= LONGEST {
        key.push(0);
        key.extend_from_slice(folded.as_bytes());
    }
    key.truncate(LONGEST);
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_is_idempotent_and_ignores_width_case_blanks() {
        for text in ["ＡＢＣ", "a  b", " 中 国 ", "（北京）", "ﬁ", "İ", "\u{feff}甲"] {
            assert_eq!(fold(&fold(text)), fold(text), "{text:?}");
        }
        assert_eq!(fold("Ａ　B"), "a b");
        assert_eq!(fold("华 为\u{200b}技术"), "华为技术");
    }

    #[test]
    fn sort_keys_follow_pinyin() {
        let mut names = vec!["张三", "李四", "阿明", "Zoe", "bob", "3M", "王五"];
        names.sort_by_key(|name| sort_key(name));
        assert_eq!(names, ["3M", "bob", "Zoe", "阿明", "李四", "王五", "张三"]);
    }

    #[test]
    fn sort_keys_are_bounded() {
        assert!(sort_key(&"长".repeat(10_000)).len() <= 96);
    }
}
