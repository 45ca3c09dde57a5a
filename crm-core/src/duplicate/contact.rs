//! How alike two contacts are (D2), who are persons: by name, phone, e-mail, birthday and address; and by which keys those are
//! found that may be alike.
//!
//! Each thing that both tell speaks for or against their being the same, with a weight; the sum makes the score. No single one is
//! enough: many are called the same, share a desk's phone, or live at one address.

use super::key::values;
use super::name::is_chinese;
use super::similarity::{CERTAIN, Text, alike, common, ratio, sound};
use crate::id::ContactId;
use crate::sorted::Sort as _;
use crate::text::{first_pinyin, fold, simplified};
use crate::time::{Birthday, Calendar};
use serde::{Deserialize, Serialize};

/// How much of a name or an address is looked at, in characters.
const LONGEST: usize = 120;
/// From how many thousandths on two words are the same word.
const LIKE: i32 = 600;
/// The greatest weight of an address.
const ADDRESS: i32 = 90;
/// From how many points on two may be the same.
const POSSIBLE: i32 = 60;
/// The greatest score of persons of other names who share neither birthday nor e-mail.
const COLLEAGUES: i32 = 800;
/// Of how many words.
const WORDS: usize = 16;
/// How many letters of a name or an address make its key.
const KEYED: usize = 40;
/// How many words of a name.
const KEYED_WORDS: usize = 4;

/// A text as it is compared: its characters with their sounds, and its words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Line {
    chars: Vec<char>,
    sounds: Vec<u64>,
    words: Vec<Vec<char>>,
    chinese: bool,
}

impl Line {
    fn of(text: &str) -> Self {
        let folded: String = simplified(&fold(text)).chars().take(LONGEST).collect();
        let chars: Vec<char> = folded.chars().filter(|c| c.is_alphanumeric()).collect();
        let chinese = chars.iter().any(|c| is_chinese(*c));
        let words = folded.split(|c: char| !c.is_alphanumeric() && c != '\'').filter(|word| !word.is_empty());
        let words = words.take(WORDS).map(|word| word.chars().filter(|c| *c != '\'').collect()).collect();
        Line { sounds: chars.iter().map(|c| sound(*c)).collect(), chars, words, chinese }
    }

    /// As it is spelt in pinyin.
    fn romanised(&self) -> Line {
        let spelt: Vec<String> =
            self.chars.iter().map(|c| first_pinyin(*c).map_or_else(|| c.to_string(), str::to_owned)).collect();
        Line::of(&spelt.join(" "))
    }

    fn text(&self) -> Text<'_> {
        Text { chars: &self.chars, sounds: &self.sounds }
    }

    /// How alike two lines are, in thousandths, whichever order their words have.
    fn alike(&self, other: &Line) -> i32 {
        if self.chars.is_empty() || other.chars.is_empty() {
            return 0;
        }
        if self.chinese || other.chinese {
            return alike(self.text(), other.text()).0;
        }
        whole_of_words(&self.words, &other.words).max(letters(&self.chars, &other.chars))
    }
}

/// How alike two words are, in thousandths.
fn letters(a: &[char], b: &[char]) -> i32 {
    ratio(common(a, b), a.len(), b.len())
}

/// How alike two lists of words are: each word with the one that is most like it, long ones counting for more.
fn whole_of_words(a: &[Vec<char>], b: &[Vec<char>]) -> i32 {
    let mut pairs: Vec<(i32, usize, usize)> = Vec::new();
    for (i, x) in a.iter().enumerate() {
        for (j, y) in b.iter().enumerate() {
            // What is too long for the other is nothing like it.
            if ratio(x.len().min(y.len()), x.len(), y.len()) < LIKE {
                continue;
            }
            let score = if x == y { 1_000 } else { letters(x, y) };
            if score >= LIKE {
                pairs.push((score, i, j));
            }
        }
    }
    pairs.order_by(|a, b| b.cmp(a));
    let size = |words: &[Vec<char>]| words.iter().map(Vec::len).sum::<usize>();
    let (mut taken_a, mut taken_b, mut sum) = (vec![false; a.len()], vec![false; b.len()], 0_usize);
    for (score, i, j) in pairs {
        let (Some(x), Some(y)) = (taken_a.get_mut(i), taken_b.get_mut(j)) else { continue };
        if *x || *y {
            continue;
        }
        (*x, *y) = (true, true);
        let length = a.get(i).map_or(0, Vec::len) + b.get(j).map_or(0, Vec::len);
        sum += usize::try_from(score).unwrap_or_default() * length;
    }
    i32::try_from(sum / (size(a) + size(b)).max(1)).unwrap_or_default()
}

/// What is known of a contact that may be there already. Only the name must be given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields, default)]
pub struct ContactDraft {
    /// The name as far as it is typed, at most 100 characters.
    pub name: String,
    /// Phones, at most 10.
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub phones: Vec<String>,
    /// The e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub email: Option<String>,
    /// The birthday.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub birthday: Option<Birthday>,
    /// The address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub address: Option<String>,
    /// The contact that is being edited: it is no duplicate of itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub contact: Option<ContactId>,
}

/// Why two contacts are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContactReason {
    /// 姓名相同: the same name, also with given name and surname exchanged, or in pinyin.
    SameName,
    /// 姓名相近: a name that sounds the same, or with some letters more, less or others.
    SimilarName,
    /// 电话相同
    SamePhone,
    /// 邮箱相同
    SameEmail,
    /// 生日相同
    SameBirthday,
    /// 生日相近: a digit that differs, or month and day exchanged.
    SimilarBirthday,
    /// 地址相同
    SameAddress,
    /// 地址相近
    SimilarAddress,
}

/// How alike two contacts are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactSimilarity {
    /// From 0 to 1,000, as of customers: from 600 on they may be the same, from 850 on they likely are, from 930 on certainly.
    pub score: i32,
    /// Why, the strongest first.
    pub reasons: Vec<ContactReason>,
}

/// A contact as it is compared: worked out once.
#[derive(Debug, Clone)]
pub struct ComparedContact {
    name: Line,
    /// As it is spelt in pinyin, where it is Chinese.
    spelt: Option<Line>,
    address: Line,
    phones_and_email: Vec<String>,
    birthday: Option<Birthday>,
}

impl ComparedContact {
    /// A contact, ready to be compared with many.
    pub fn new(contact: &ContactDraft) -> Self {
        let name = Line::of(&contact.name);
        let mut told = values(None, contact.phones.iter().map(String::as_str), contact.email.as_deref(), None);
        // Colleagues have one domain.
        told.retain(|value| !value.starts_with("domain:"));
        ComparedContact {
            spelt: name.chinese.then(|| name.romanised()),
            name,
            address: Line::of(contact.address.as_deref().unwrap_or_default()),
            phones_and_email: told,
            birthday: contact.birthday,
        }
    }

    /// By what those are found who may be the same: phones, e-mail address, birthday, where the address begins, and the name: its
    /// letters in any order, and the beginnings of any two of its words.
    pub fn keys(&self) -> Vec<String> {
        let mut keys = self.phones_and_email.clone();
        if let Some(Birthday { calendar, year: Some(year), month, day, .. }) = self.birthday {
            let moon = if calendar == Calendar::Lunar { "moon" } else { "" };
            keys.push(format!("born:{moon}{year:04}{month:02}{day:02}"));
        }
        let spelt = self.spelt.as_ref().unwrap_or(&self.name);
        // What many neither say nor hear apart is left out wherever it stands: sh and s, zh and z, ch and c, ng and n.
        let told = spelt.chars.iter().filter(|letter| !matches!(letter, 'g' | 'h'));
        let mut letters: Vec<char> = told.copied().take(KEYED).collect();
        letters.order_by(char::cmp);
        if letters.len() > 1 {
            keys.push(format!("name:{}", letters.into_iter().collect::<String>()));
        }
        if self.spelt.is_none() {
            let words = || self.name.words.iter().take(KEYED_WORDS).enumerate();
            for (place, word) in words() {
                for (other, beside) in words() {
                    if place != other
                        && let Some(first) = beside.first()
                    {
                        keys.push(format!("word:{}{first}", word.iter().take(3).collect::<String>()));
                    }
                }
            }
        }
        // What is not Chinese begins with the house and the street.
        let address: String = match self.address.chinese {
            true => self.address.chars.iter().take(KEYED).collect(),
            false => self.address.words.iter().take(3).flatten().take(KEYED).collect(),
        };
        if address.chars().nth(5).is_some() {
            keys.push(format!("place:{address}"));
        }
        keys.order_by(Ord::cmp);
        keys.dedup();
        keys
    }

    fn name_alike(&self, other: &ComparedContact) -> i32 {
        match (&self.spelt, &other.spelt) {
            (Some(spelt), None) => spelt.alike(&other.name),
            (None, Some(spelt)) => self.name.alike(spelt),
            _ => self.name.alike(&other.name),
        }
    }

    /// How alike this contact and another are: the same both ways.
    pub fn similarity(&self, other: &ComparedContact) -> ContactSimilarity {
        let mut told: Vec<(i32, ContactReason)> = Vec::new();
        let (mut against, mut stranger) = (0, false);
        // One character more of a Chinese name is another name, unless it sounds the same.
        let least = if self.name.chinese && other.name.chinese { 750 } else { 450 };
        match self.name_alike(other) {
            // What is not typed yet speaks neither for nor against.
            _ if self.name.chars.is_empty() || other.name.chars.is_empty() => stranger = true,
            name if name < least => {
                against += 40;
                stranger = true;
            }
            1_000 => told.push((80, ContactReason::SameName)),
            900.. => told.push((70, ContactReason::SimilarName)),
            800.. => told.push((60, ContactReason::SimilarName)),
            650.. => told.push((40, ContactReason::SimilarName)),
            _ => {}
        }
        let (ours, theirs) = (&self.phones_and_email, &other.phones_and_email);
        let both = |kind: &str| ours.iter().any(|value| value.starts_with(kind) && theirs.contains(value));
        let any = |kind: &str| [ours, theirs].iter().all(|own| own.iter().any(|value| value.starts_with(kind)));
        for (kind, points, reason) in
            [("phone:", 80, ContactReason::SamePhone), ("email:", 90, ContactReason::SameEmail)]
        {
            if both(kind) {
                told.push((points, reason));
            } else if any(kind) {
                against += 10;
            }
        }
        if let (Some(ours), Some(theirs)) = (&self.birthday, &other.birthday) {
            match birthday_alike(ours, theirs) {
                1_000 => told.push((80, ContactReason::SameBirthday)),
                800.. => told.push((50, ContactReason::SimilarBirthday)),
                600.. => {}
                _ => against += 25,
            }
        }
        let so_far = told.iter().map(|(points, _)| points).sum::<i32>() - against;
        let both_tell = !self.address.chars.is_empty() && !other.address.chars.is_empty();
        // Of strangers nobody asks where they live.
        if both_tell && so_far + ADDRESS >= POSSIBLE {
            match self.address.alike(&other.address) {
                950.. => told.push((ADDRESS, ContactReason::SameAddress)),
                800.. => told.push((80, ContactReason::SimilarAddress)),
                650.. => told.push((60, ContactReason::SimilarAddress)),
                500.. => told.push((30, ContactReason::SimilarAddress)),
                _ => against += 20,
            }
        }
        told.order_by(|a, b| b.0.cmp(&a.0));
        let points = told.iter().map(|(points, _)| points).sum::<i32>() - against;
        let own = |reason: &ContactReason| matches!(reason, ContactReason::SameEmail | ContactReason::SameBirthday);
        let reasons: Vec<ContactReason> = told.into_iter().map(|(_, reason)| reason).collect();
        // Colleagues share a desk's phone and the address of their company.
        let most = if stranger && !reasons.iter().any(own) { COLLEAGUES } else { CERTAIN };
        // Whatever he calls himself there.
        let least = if reasons.contains(&ContactReason::SameEmail) { 600 } else { 0 };
        ContactSimilarity { score: score_of(points).min(most).max(least), reasons }
    }
}

/// Points in thousandths: the same name alone is possible, with something else as good it is likely, with two it is certain.
fn score_of(points: i32) -> i32 {
    const STEPS: [(i32, i32); 6] = [(0, 0), (POSSIBLE, 600), (80, 700), (105, 850), (160, 930), (260, 1_000)];
    let mut from = (0, 0);
    for (at, score) in STEPS {
        if points <= at {
            let span = (at - from.0).max(1);
            return (from.1 + (points - from.0).max(0) * (score - from.1) / span).clamp(0, CERTAIN);
        }
        from = (at, score);
    }
    CERTAIN
}

/// How alike two birthdays are, in thousandths: the same, with a digit that differs or two that changed places, month and day
/// exchanged. What stands in two calendars is not compared.
fn birthday_alike(a: &Birthday, b: &Birthday) -> i32 {
    if a.calendar != b.calendar {
        return 600;
    }
    let known = a.year.zip(b.year);
    let (day, year) = ((a.month, a.day) == (b.month, b.day), known.is_none_or(|(a, b)| a == b));
    match (day, year) {
        (true, true) if a.leap_month == b.leap_month && a.year == b.year => return 1_000,
        (true, true) => return 900,
        (false, true) if (a.month, a.day) == (b.day, b.month) => return 850,
        _ => {}
    }
    let digits = |date: &Birthday| -> Vec<char> {
        format!("{:04}{:02}{:02}", date.year.filter(|_| known.is_some()).unwrap_or_default(), date.month, date.day)
            .chars()
            .collect()
    };
    match common(&digits(a), &digits(b)) {
        // Without years there are four digits in which to differ.
        7.. if known.is_some() => 850,
        6 if known.is_some() => 650,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Calendar;
    use proptest::prelude::*;

    fn named(name: &str) -> ContactDraft {
        ContactDraft { name: name.to_owned(), ..ContactDraft::default() }
    }

    fn born(name: &str, year: i32, month: i32, day: i32) -> ContactDraft {
        let birthday = Birthday { calendar: Calendar::Solar, year: Some(year), month, day, leap_month: false };
        ContactDraft { birthday: Some(birthday), ..named(name) }
    }

    fn with(name: &str, phone: &str, address: &str) -> ContactDraft {
        ContactDraft { phones: vec![phone.to_owned()], address: Some(address.to_owned()), ..named(name) }
    }

    fn of(one: &ContactDraft, other: &ContactDraft) -> ContactSimilarity {
        ComparedContact::new(one).similarity(&ComparedContact::new(other))
    }

    #[test]
    fn d2_a_name_alone_may_be_anybodys_and_with_something_else_it_is_likely() {
        let score = |one: &ContactDraft, other: &ContactDraft| of(one, other).score;
        for (one, other) in [("王小明", "王小明"), ("Wang Xiaoming", "王小明"), ("John Smith", "Smith, John")]
        {
            let name = score(&named(one), &named(other));
            assert!((600..850).contains(&name), "{one} {other} {name}");
        }
        assert!(score(&born("王小明", 1980, 5, 17), &born("王晓明", 1980, 5, 17)) >= 850);
        assert!(score(&born("Jonathan Smith", 1980, 5, 17), &born("smith jonathon", 1980, 5, 18)) >= 850);
        let phone = |name: &str| with(name, "138 0013 8000", "");
        assert!(score(&phone("王小明"), &with("王小明", "+86 13800138000", "")) >= 930);
        // Another person of the same name.
        assert!(score(&born("王小明", 1980, 5, 17), &born("王小明", 1993, 11, 2)) < 600);
    }

    #[test]
    fn d2_colleagues_are_not_one_person() {
        let desk = |name: &str| with(name, "0571-88880000", "杭州市西湖区文三路 100 号");
        for (one, other) in [("王伟", "王芳"), ("王小明", "李磊"), ("Alice Miller", "Bob Stone")] {
            let found = of(&desk(one), &desk(other)).score;
            assert!(found < 850, "{one} {other} {found}");
            let address = |name: &str| ContactDraft { phones: Vec::new(), ..desk(name) };
            assert!(of(&address(one), &address(other)).score < 600, "{one} {other}");
        }
    }

    #[test]
    fn d2_reasons_say_what_two_contacts_have_in_common() {
        use ContactReason::*;
        let one = ContactDraft {
            email: Some("Wang@yunfan.example".to_owned()),
            ..with("王伟", "13800138000", "杭州市西湖区文三路 100 号")
        };
        let other = ContactDraft { email: Some("wang@yunfan.example".to_owned()), ..named("王玮") };
        assert_eq!(of(&one, &other).reasons, [SameEmail, SimilarName]);
        assert_eq!(of(&one, &one).reasons, [SameEmail, SameAddress, SameName, SamePhone]);
        let nickname = ContactDraft { email: one.email.clone(), ..named("小王") };
        assert_eq!(of(&nickname, &one), ContactSimilarity { score: 600, reasons: vec![SameEmail] });
        // A phone alone, before a name is typed.
        assert_eq!(of(&with("", "13800138000", ""), &one).score, 700);
        let (may, day) = (born("A B", 1980, 5, 7), born("A B", 1980, 7, 5));
        assert_eq!(of(&may, &day).reasons, [SameName, SimilarBirthday]);
        assert_eq!(of(&named(""), &named("")), ContactSimilarity { score: 0, reasons: Vec::new() });
    }

    #[test]
    fn d2_whoever_is_called_the_same_has_a_key_in_common() {
        let keys = |name: &str| ComparedContact::new(&named(name)).keys();
        for (one, other) in
            [("陈刚", "Gang Chen"), ("林国华", "Guohua Lin"), ("张明", "Zang Min"), ("John Smith", "Smith, John")]
        {
            assert!(keys(one).iter().any(|key| keys(other).contains(key)), "{one} {other}");
        }
        assert!(keys("").is_empty() && keys("王小明") != keys("李小明"));
    }

    proptest! {
        #[test]
        fn d2_contacts_are_alike_both_ways(
            a in "[王李小晓明伟a-d ']{0,12}", b in "[王李小晓明伟a-d ']{0,12}",
            x in prop::option::of("[杭州路a-c 1-3]{0,12}"), y in prop::option::of("[杭州路a-c 1-3]{0,12}"),
            days in (1..13_i32, 1..29_i32, 1..13_i32, 1..29_i32),
        ) {
            let one = ContactDraft { address: x, ..born(&a, 1980, days.0, days.1) };
            let other = ContactDraft { address: y, ..born(&b, 1980, days.2, days.3) };
            let (there, back) = (of(&one, &other), of(&other, &one));
            prop_assert_eq!(there.score, back.score);
            prop_assert!((0..=CERTAIN).contains(&there.score));
        }
    }
}
