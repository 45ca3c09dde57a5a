//! What of a name is looked up: neighbouring characters, by how they sound.
//!
//! What is spelt with other characters that sound alike is found under the same grams. They are fewer than those of the
//! characters themselves, and so the index is smaller and found to miss no more.

use super::name::{CompanyName, is_chinese};
use crate::sorted::Sort as _;
use crate::text::first_pinyin;

/// Of how many characters of a name grams are made.
const LONGEST: usize = 60;

/// A run of characters that belong together.
enum Run {
    /// The sound of each character.
    Chinese(Vec<String>),
    /// A word in letters and digits.
    Word(Vec<char>),
}

fn runs(text: &str) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut apart = true;
    for c in text.chars().take(LONGEST) {
        if !c.is_alphanumeric() {
            apart = true;
            continue;
        }
        let chinese = is_chinese(c);
        let sound = || first_pinyin(c).map_or_else(|| c.to_string(), str::to_owned);
        match runs.last_mut().filter(|_| !apart) {
            Some(Run::Chinese(sounds)) if chinese => sounds.push(sound()),
            Some(Run::Word(letters)) if !chinese => letters.push(c),
            _ if chinese => runs.push(Run::Chinese(vec![sound()])),
            _ => runs.push(Run::Word(vec![c])),
        }
        apart = false;
    }
    runs
}

/// Two sounds that follow each other.
fn pair(first: &str, second: &str) -> String {
    format!("{first}.{second}")
}

/// Three letters that follow each other; the ends of a word count as one.
fn triples(word: &[char]) -> Vec<String> {
    let padded: Vec<char> = ['^'].iter().chain(word).chain(&['$']).copied().collect();
    padded.windows(3).map(|three| three.iter().collect()).collect()
}

fn each_once(mut grams: Vec<String>) -> Vec<String> {
    grams.order_by(|a, b| a.cmp(b));
    grams.dedup();
    grams
}

/// Where and who and what: what is looked up of a name.
fn looked_up(name: &CompanyName) -> String {
    if name.brand.contains(' ') { name.brand.clone() } else { format!("{}{}", name.region, name.core()) }
}

/// The grams under which a name stands, in their order.
pub(super) fn grams(name: &CompanyName) -> Vec<String> {
    let mut grams = Vec::new();
    for run in runs(&looked_up(name)) {
        match run {
            Run::Chinese(sounds) => match &sounds[..] {
                [one] => grams.push(one.clone()),
                more => grams.extend(more.iter().zip(more.iter().skip(1)).map(|(a, b)| pair(a, b))),
            },
            Run::Word(letters) => grams.extend(triples(&letters)),
        }
    }
    each_once(grams)
}

/// The grams under which names like this one stand: characters may have changed places, and one may be too many.
pub(super) fn grams_of_alike(name: &CompanyName) -> Vec<String> {
    let mut asked = grams(name);
    for run in runs(&looked_up(name)) {
        if let Run::Chinese(sounds) = run {
            asked.extend(sounds.iter().zip(sounds.iter().skip(1)).map(|(a, b)| pair(b, a)));
            asked.extend(sounds.iter().zip(sounds.iter().skip(2)).map(|(a, b)| pair(a, b)));
        }
    }
    each_once(asked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(name: &str) -> Vec<String> {
        grams(&CompanyName::of(name))
    }

    #[test]
    fn d2_names_that_sound_alike_stand_under_the_same_grams() {
        assert_eq!(of("杭州云帆科技有限公司"), ["fan.ke", "hang.zhou", "ke.ji", "yun.fan", "zhou.yun"]);
        assert_eq!(of("杭州云凡科技有限公司"), of("杭州云帆科技有限公司"));
        assert_eq!(of("Acme Xy Inc"), ["^ac", "^xy", "acm", "cme", "me$", "xy$"]);
        assert_eq!(of("TCL科技"), ["^tc", "cl$", "ke.ji", "tcl"]);
        assert_eq!((of("云"), of("🙂"), of("a")), (vec!["yun".to_owned()], vec![], vec!["^a$".to_owned()]));
    }

    #[test]
    fn d2_who_asks_finds_what_changed_places_and_what_is_one_more() {
        let asked = grams_of_alike(&CompanyName::of("云帆科技"));
        for other in ["帆云科技", "云科技"] {
            assert!(of(other).iter().any(|gram| asked.contains(gram) && gram != "ke.ji"), "{other}");
        }
    }

    proptest! {
        /// However long and odd, a name has a bounded number of short grams, each once.
        #[test]
        fn d2_grams_are_few_and_short(text in "\\PC{0,300}") {
            let grams = grams_of_alike(&CompanyName::of(&text));
            prop_assert!(grams.len() <= 4 * LONGEST);
            prop_assert!(grams.iter().all(|gram| !gram.is_empty() && gram.chars().count() <= 16));
            prop_assert!(grams.is_sorted_by(|a, b| a < b));
        }
    }
}
