//! How alike two names of companies are, with the reasons.

use super::name::CompanyName;
use crate::sorted::Sort as _;
use crate::text::first_pinyin;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// The greatest score: the same name.
pub const CERTAIN: i32 = 1_000;

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
    core: Text,
    brand: Text,
    whole: Text,
}

/// A text with its characters by their codes and by their sounds.
#[derive(Debug, Clone)]
struct Text {
    chars: Vec<char>,
    sorted: Vec<char>,
    sounds: Vec<u64>,
}

impl Text {
    fn of(text: &str) -> Self {
        let chars: Vec<char> = text.chars().collect();
        let mut sorted = chars.clone();
        sorted.order_by(char::cmp);
        Text { sounds: chars.iter().map(|c| sound(*c)).collect(), sorted, chars }
    }
}

/// A number for each character: equal for those that sound alike.
fn sound(c: char) -> u64 {
    match first_pinyin(c) {
        Some(syllable) => syllable.bytes().fold(0, |sum, byte| (sum << 5) | u64::from(byte & 31)),
        None => (1 << 60) | u64::from(u32::from(c)),
    }
}

/// The length of the longest sequence that both have in their order.
fn common<T: PartialEq>(a: &[T], b: &[T]) -> usize {
    let mut row = vec![0_usize; b.len() + 1];
    for x in a {
        let mut diagonal = 0;
        for (place, y) in b.iter().enumerate() {
            let above = row.get(place + 1).copied().unwrap_or_default();
            let left = row.get(place).copied().unwrap_or_default();
            let best = if x == y { diagonal + 1 } else { above.max(left) };
            if let Some(cell) = row.get_mut(place + 1) {
                *cell = best;
            }
            diagonal = above;
        }
    }
    row.last().copied().unwrap_or_default()
}

/// Twice what is common of the sum of the lengths, in thousandths.
fn ratio(common: usize, a: usize, b: usize) -> i32 {
    (2_000 * common).checked_div(a + b).unwrap_or_default() as i32
}

/// Characters in common, whatever their order.
fn shared(a: &[char], b: &[char]) -> usize {
    let (mut x, mut y, mut both) = (a.iter().peekable(), b.iter().peekable(), 0);
    while let (Some(left), Some(right)) = (x.peek(), y.peek()) {
        match left.cmp(right) {
            Ordering::Less => drop(x.next()),
            Ordering::Greater => drop(y.next()),
            Ordering::Equal => {
                both += 1;
                x.next();
                y.next();
            }
        }
    }
    both
}

/// How alike two texts are: in their order, a little less by their sounds, and less where only the order differs; and
/// whether it is their sounds that are the same.
fn alike(a: &Text, b: &Text) -> (i32, bool) {
    let (m, n) = (a.chars.len(), b.chars.len());
    if m == 0 || n == 0 {
        return (0, false);
    }
    if a.chars == b.chars {
        return (1_000, false);
    }
    let letters = ratio(common(&a.chars, &b.chars), m, n);
    let bag = ratio(shared(&a.sorted, &b.sorted), m, n);
    // Two characters that changed places.
    let order_free = if bag > letters { letters + (bag - letters) * 7 / 10 } else { letters };
    let sounds = ratio(common(&a.sounds, &b.sounds), m, n);
    let by_sound = if sounds > letters { letters + (sounds - letters) * 6 / 10 } else { 0 };
    if by_sound > order_free { (by_sound, a.sounds == b.sounds) } else { (order_free, false) }
}

impl Compared {
    /// A name, ready to be compared with many.
    pub fn new(name: CompanyName) -> Self {
        let (core, brand) = (Text::of(&name.core()), Text::of(&name.brand));
        let whole = Text::of(&format!("{}{}", name.region, name.core()));
        Compared { name, core, brand, whole }
    }

    /// The name.
    pub fn name(&self) -> &CompanyName {
        &self.name
    }

    /// How alike this name and another are: the same both ways.
    pub fn similarity(&self, other: &Compared) -> NameSimilarity {
        let (a, b) = (self, other);
        let mut reasons = Vec::new();
        let (core, core_sounds) = alike(&a.core, &b.core);
        let (whole, whole_sounds) = alike(&a.whole, &b.whole);
        // Who it is counts for more than what it does.
        let (brand, _) = alike(&a.brand, &b.brand);
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
        let (short, long) = if a.whole.chars.len() <= b.whole.chars.len() { (a, b) } else { (b, a) };
        let (own, with) = (&short.whole.chars, &long.whole.chars);
        let before = with.len() - own.len();
        if own.len() >= 3 && before <= long.name.region.chars().count() && with.ends_with(own) {
            score = score.max(915);
        }
        // One name is the beginning of the other: what it does is not told.
        let (x, y) = (&a.core.chars, &b.core.chars);
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
        if a.name.branch != b.name.branch {
            reasons.push(NameReason::OtherBranch);
            score = score.min(850);
        }
        if a.name == b.name {
            return NameSimilarity { score: CERTAIN, reasons: vec![NameReason::SameName] };
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
        assert_eq!(of("", "").score, CERTAIN);
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
            prop_assert_eq!(of(&a, &a).score, CERTAIN);
            prop_assert!((0..=CERTAIN).contains(&of(&a, &b).score));
        }
    }
}
