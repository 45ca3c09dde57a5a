//! How alike two names of companies are, with the reasons.

use super::name::CompanyName;
use crate::sorted::Sort as _;
use crate::text::first_pinyin;
use serde::{Deserialize, Serialize};

/// The greatest score: the same name.
pub const CERTAIN: i32 = 1_000;

/// The greatest score of names whose brands have nothing in common.
const STRANGERS: i32 = 500;

/// Why two names are alike, or less alike than their letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum NameReason {
    /// 名称相同: the same, however it is written.
    SameName,
    /// 字号与行业相同: the same but for place and legal form.
    SameCore,
    /// 读音相同: characters that sound alike.
    SameSound,
    /// 文字相近: a character more, less, another, or in another place.
    SimilarLetters,
    /// 地区不同: in different places.
    OtherRegion,
    /// 分支机构不同: a branch, or another one.
    OtherBranch,
}

/// How alike two names are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct NameSimilarity {
    /// From 0 to 1,000, which is the same name.
    pub score: i32,
    /// Why, the strongest first.
    pub reasons: Vec<NameReason>,
}

/// A name as it is compared: its characters and their sounds, worked out once.
#[derive(Debug, Clone)]
pub struct Compared {
    name: CompanyName,
    /// Place, brand and trade, one behind the other.
    chars: Vec<char>,
    sounds: Vec<u64>,
    /// Where the brand begins and where it ends.
    brand: (usize, usize),
}

/// A part of a name by its characters and by their sounds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'n, C = char, S = u64> {
    pub(super) chars: &'n [C],
    pub(super) sounds: &'n [S],
}

/// A number for each character: equal for those that sound alike.
pub(super) fn sound(c: char) -> u64 {
    match first_pinyin(c) {
        Some(syllable) => syllable.bytes().fold(0, |sum, byte| (sum << 5) | u64::from(byte & 31)),
        None => (1 << 60) | u64::from(u32::from(c)),
    }
}

/// The length of the longest sequence that both have in their order.
pub(super) fn common<T: PartialEq>(a: &[T], b: &[T]) -> usize {
    // Names are short: their row stands on the stack.
    let mut short = [0_usize; 33];
    let mut long = Vec::new();
    let row = match short.get_mut(..=b.len()) {
        Some(row) => row,
        None => {
            long.resize(b.len() + 1, 0);
            &mut long[..]
        }
    };
    for x in a {
        let (mut diagonal, mut left) = (0, 0);
        for (y, cell) in b.iter().zip(row.iter_mut().skip(1)) {
            let above = *cell;
            left = if x == y { diagonal + 1 } else { above.max(left) };
            (*cell, diagonal) = (left, above);
        }
    }
    row.last().copied().unwrap_or_default()
}

/// Twice what is common of the sum of the lengths, in thousandths.
pub(super) fn ratio(common: usize, a: usize, b: usize) -> i32 {
    (2_000 * common).checked_div(a + b).unwrap_or_default() as i32
}

/// Characters in common, whatever their order.
fn shared<C: PartialEq + Clone>(a: &[C], b: &[C]) -> usize {
    let mut left = b.to_vec();
    let mut both = 0;
    for x in a {
        if let Some(place) = left.iter().position(|y| x == y) {
            left.swap_remove(place);
            both += 1;
        }
    }
    both
}

/// How alike two texts are: in their order, a little less by their sounds, and less where only the order differs; and
/// whether it is their sounds that are the same.
pub(super) fn alike<C: PartialEq + Clone, S: PartialEq>(a: Text<'_, C, S>, b: Text<'_, C, S>) -> (i32, bool) {
    let (m, n) = (a.chars.len(), b.chars.len());
    if m == 0 || n == 0 {
        return (0, false);
    }
    if a.chars == b.chars {
        return (1_000, false);
    }
    let letters = ratio(common(a.chars, b.chars), m, n);
    let bag = ratio(shared(a.chars, b.chars), m, n);
    // Two characters that changed places.
    let order_free = if bag > letters { letters + (bag - letters) * 7 / 10 } else { letters };
    let sounds = ratio(common(a.sounds, b.sounds), m, n);
    let by_sound = if sounds > letters { letters + (sounds - letters) * 6 / 10 } else { 0 };
    if by_sound > order_free { (by_sound, a.sounds == b.sounds) } else { (order_free, false) }
}

impl Compared {
    /// A name, ready to be compared with many.
    pub fn new(name: CompanyName) -> Self {
        let parts = [&name.region, &name.brand, &name.trade];
        let mut chars = Vec::with_capacity(parts.iter().map(|part| part.len()).sum::<usize>() / 2);
        let [begins, ends, _] = parts.map(|part| {
            chars.extend(part.chars());
            chars.len()
        });
        Compared { sounds: chars.iter().map(|c| sound(*c)).collect(), chars, brand: (begins, ends), name }
    }

    fn from(&self, start: usize, end: usize) -> Text<'_> {
        Text {
            chars: self.chars.get(start..end).unwrap_or_default(),
            sounds: self.sounds.get(start..end).unwrap_or_default(),
        }
    }

    /// Where, who and what.
    fn whole(&self) -> Text<'_> {
        self.from(0, self.chars.len())
    }

    /// Who and what.
    fn core(&self) -> Text<'_> {
        self.from(self.brand.0, self.chars.len())
    }

    /// Who.
    fn brand(&self) -> Text<'_> {
        self.from(self.brand.0, self.brand.1)
    }

    /// The name.
    pub fn name(&self) -> &CompanyName {
        &self.name
    }

    /// Place, brand and trade by characters and sounds, and where the brand begins and ends.
    pub(super) fn by_sounds(&self) -> (Text<'_>, (usize, usize)) {
        (self.whole(), self.brand)
    }

    /// How many characters of both brands sound alike, in their order.
    pub(super) fn brand_in_common(&self, other: &Compared) -> usize {
        common(self.brand().sounds, other.brand().sounds)
    }

    /// Whether both names have something in common that tells them from others: two characters of what is no place, trade
    /// or legal form, or a word.
    pub(super) fn tells(&self, other: &Compared) -> bool {
        let (a, b) = (&self.name, &other.name);
        if a.distinguishing() < 2 || b.distinguishing() < 2 {
            return false;
        }
        let chinese = |name: &CompanyName| name.brand.chars().any(super::name::is_chinese);
        match chinese(a) || chinese(b) {
            true => self.brand_in_common(other) >= 2,
            false => a.telling_words().any(|word| word.len() >= 2 && b.telling_words().any(|own| own == word)),
        }
    }

    /// How alike this name and another are: the same both ways.
    pub fn similarity(&self, other: &Compared) -> NameSimilarity {
        let (a, b) = (self, other);
        let mut reasons = Vec::new();
        let (core, core_sounds) = alike(a.core(), b.core());
        let (whole, whole_sounds) = alike(a.whole(), b.whole());
        // Who it is counts for more than what it does.
        let (brand, _) = alike(a.brand(), b.brand());
        let weighed = (core * 2 + brand) / 3;
        let (region_a, region_b) = (a.name.region.as_str(), b.name.region.as_str());
        let within = region_a.contains(region_b) || region_b.contains(region_a);
        let mut score = if within {
            let missing = match (region_a.is_empty(), region_b.is_empty()) {
                (true, true) | (false, false) => 0,
                _ => 80,
            };
            (weighed - missing).max(whole - 20)
        } else {
            reasons.push(NameReason::OtherRegion);
            (weighed - 150).max(whole - 60)
        };
        // One name is the other with a place before it that is told apart in one of them only.
        let (short, long) = if a.chars.len() <= b.chars.len() { (a, b) } else { (b, a) };
        let (own, with) = (&short.chars, &long.chars);
        let before = with.len() - own.len();
        if own.len() >= 3 && before <= long.name.region.chars().count() && with.ends_with(own) {
            score = score.max(915);
        }
        // One name is the beginning of the other: what it does is not told.
        let (x, y) = (a.core().chars, b.core().chars);
        let (short, long) = if x.len() <= y.len() { (x, y) } else { (y, x) };
        if short.len() >= 2 && short.len() < long.len() && long.starts_with(short) {
            score = score.max(if within { 720 } else { 650 });
        }
        if core == 1_000 {
            reasons.insert(0, NameReason::SameCore);
        } else if core_sounds || whole_sounds {
            reasons.insert(0, NameReason::SameSound);
        } else if score > 0 {
            reasons.insert(0, NameReason::SimilarLetters);
        }
        score -= match (a.name.legal_form.is_empty(), b.name.legal_form.is_empty()) {
            (true, true) => 0,
            (false, false) if a.name.legal_form == b.name.legal_form => 0,
            (false, false) => 3,
            _ => 72,
        };
        if a.name.group != b.name.group {
            score -= 3;
        }
        let strangers = score > STRANGERS && a.brand_in_common(b) == 0;
        if strangers && a.name.distinguishing() >= 2 && b.name.distinguishing() >= 2 {
            // 杭州云帆科技 and 杭州苍鹭科技: nothing of who they are.
            score = STRANGERS;
        }
        if a.name.branch != b.name.branch {
            reasons.push(NameReason::OtherBranch);
            score = score.min(850);
        }
        if a.name.key.is_empty() || b.name.key.is_empty() {
            // What has no letters says nothing.
            return NameSimilarity { score: 0, reasons: Vec::new() };
        }
        if a.name.parts() == b.name.parts() {
            // 吉林省 and 吉林市 are told alike, and （中国） is not told.
            let letters = |name: &CompanyName| {
                let mut letters: Vec<char> = name.key.chars().collect();
                letters.order_by(char::cmp);
                letters
            };
            let same = a.name.key == b.name.key || letters(&a.name) == letters(&b.name);
            let score = if same { CERTAIN } else { CERTAIN - 2 };
            return NameSimilarity { score, reasons: vec![NameReason::SameName] };
        }
        NameSimilarity { score: score.clamp(0, CERTAIN - 1), reasons }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(one: &str, other: &str) -> NameSimilarity {
        Compared::new(CompanyName::of(one)).similarity(&Compared::new(CompanyName::of(other)))
    }

    #[test]
    fn d2_reasons_say_what_is_alike_and_what_is_not() {
        use NameReason::*;
        for (one, other, reasons) in [
            ("杭州云帆科技有限公司", "云帆科技（杭州）有限公司", vec![SameName]),
            ("杭州云帆科技有限公司", "杭州云帆科技股份有限公司", vec![SameCore]),
            ("杭州云帆科技有限公司", "上海云帆科技有限公司", vec![SameCore, OtherRegion]),
            ("杭州云帆科技有限公司", "杭州云凡科技有限公司", vec![SameSound]),
            ("杭州云帆科技有限公司", "杭州云船科技有限公司", vec![SimilarLetters]),
            ("云帆科技有限公司", "云帆科技有限公司北京分公司", vec![SameCore, OtherBranch]),
        ] {
            assert_eq!(of(one, other).reasons, reasons, "{one} {other}");
        }
        // What has no letters is like nothing, not even itself.
        assert_eq!((of("", "").score, of("🙂", "（）").score), (0, 0));
        // Places that are told alike, and a bracket that is not told, are no certainty.
        assert_eq!(of("吉林省云帆科技有限公司", "吉林市云帆科技有限公司").score, CERTAIN - 2);
        assert_eq!(of("云帆（中国）有限公司", "云帆有限公司").score, CERTAIN - 2);
        assert_eq!(of("云帆科技", "🙂").score, 0);
    }

    #[test]
    fn d2_a_branch_is_never_its_company_for_certain() {
        let branch = of("云帆科技有限公司", "云帆科技有限公司北京分公司").score;
        assert!(branch <= 850, "{branch}");
        // What sounds alike is more alike than what does not.
        let (sound, letter) = (of("云帆科技有限公司", "云凡科技有限公司"), of("云帆科技有限公司", "云船科技有限公司"));
        assert!(sound.score > letter.score, "{sound:?} {letter:?}");
    }

    proptest! {
        #[test]
        fn d2_names_are_alike_both_ways_and_each_to_itself(a in "[云帆凡科技贸易上海杭州市有限公司集团分行()a-c]{0,12}", b in "[云帆凡科技贸易上海杭州市有限公司集团分行()a-c]{0,12}") {
            prop_assert_eq!(of(&a, &b), of(&b, &a));
            let says_something = a.chars().any(char::is_alphanumeric);
            prop_assert_eq!(of(&a, &a).score, if says_something { CERTAIN } else { 0 });
            prop_assert!((0..=CERTAIN).contains(&of(&a, &b).score));
        }
    }
}
