//! What an organisation calls things 术语 (H3): in one glossary that all texts of the library go through, and texts in languages that a
//! host brings.
//!
//! Texts name terms by their keys, `{pool}`, or `{Pool}` where a sentence begins: no text names one in words. They are filled where an answer
//! leaves the library: refusals in one place (`log.rs`), labels of the menu, events of a calendar.

mod commands;
mod translations;

pub use translations::{CoreText, Translations, texts};

use crate::error::Language;
use serde::{Deserialize, Serialize};

/// Key, Chinese, English, and what others call it in Chinese and in English. English plurals end in `s`.
type Preset = (&'static str, &'static str, &'static str, &'static [&'static str], &'static [&'static str]);

/// Every term that can be renamed.
pub(crate) const TERMS: [Preset; 4] = [
    ("pool", "客户池", "customer pool", &["公海", "公海客户", "客户公海"], &["public pool", "open pool"]),
    ("follow_up", "跟单", "follow-up", &["跟进", "拜访"], &["activity", "visit"]),
    ("follow", "跟进", "follow", &["跟单", "拜访"], &["contact", "visit"]),
    ("receipt", "收款", "receipt", &["回款", "到账"], &["payment", "collection"]),
];

/// The words of an organisation, term by term in a fixed order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct Glossary {
    /// The terms.
    pub terms: Vec<Term>,
}

/// A term and what it is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct Term {
    /// The key: `pool`, `follow_up` (the record), `follow` (what people do), `receipt`.
    pub key: String,
    /// What the organisation calls it in Chinese.
    pub chinese: String,
    /// What it calls it in English, in small letters and as one of many.
    pub english: String,
    /// What it is called in Chinese where nobody says otherwise.
    pub preset_chinese: String,
    /// What it is called in English where nobody says otherwise.
    pub preset_english: String,
    /// What others call it in Chinese, to choose from.
    pub other_chinese: Vec<String>,
    /// What others call it in English.
    pub other_english: Vec<String>,
}

/// What a term shall be called. What is absent is called as it is preset.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct TermInput {
    /// The key.
    pub key: String,
    /// In Chinese, at most 20 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub chinese: Option<String>,
    /// In English, at most 40 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub english: Option<String>,
}

impl Default for Glossary {
    /// Everything is called as it is preset.
    fn default() -> Self {
        Glossary::of(&[])
    }
}

impl Glossary {
    /// The terms as they are called where only these are said to be called otherwise.
    pub(crate) fn of(chosen: &[TermInput]) -> Self {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let term = |(key, chinese, english, other_chinese, other_english): &Preset| Term {
            key: (*key).to_owned(),
            chinese: word(chosen, key, Language::Chinese).unwrap_or(chinese).to_owned(),
            english: word(chosen, key, Language::English).unwrap_or(english).to_owned(),
            preset_chinese: (*chinese).to_owned(),
            preset_english: (*english).to_owned(),
            other_chinese: owned(other_chinese),
            other_english: owned(other_english),
        };
        Glossary { terms: TERMS.iter().map(term).collect() }
    }

    /// A text with the words of this glossary: `{pool}` becomes what the organisation calls a pool, `{Pool}` the same with a great letter.
    /// What is in braces and no term stays. For texts of the host's own.
    ///
    /// ```
    /// # #[cfg(feature = "system")] {
    /// # use crm_core::{Actor, Crm, Language, NewOrganisation, TermInput};
    /// # let crm = Crm::in_memory();
    /// # let host = Actor::system("acme", "set-up")?;
    /// # crm.as_user(&host).create_organisation(NewOrganisation::named("Acme"))?;
    /// let term = TermInput { key: "pool".into(), chinese: Some("公海".into()), english: None };
    /// let glossary = crm.as_user(&host).save_glossary(vec![term])?;
    /// assert_eq!(glossary.fill("移入{pool}", Language::Chinese), "移入公海");
    /// assert_eq!(glossary.fill("{Pool}s", Language::English), "Customer pools");
    /// # }
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    pub fn fill(&self, text: &str, language: Language) -> String {
        fill(text, |key| {
            let term = self.terms.iter().find(|term| term.key == key)?;
            Some(if language == Language::Chinese { term.chinese.as_str() } else { term.english.as_str() })
        })
    }
}

/// The word that was chosen for a term.
fn word<'c>(chosen: &'c [TermInput], key: &str, language: Language) -> Option<&'c str> {
    let term = chosen.iter().find(|term| term.key == key)?;
    if language == Language::Chinese { term.chinese.as_deref() } else { term.english.as_deref() }
}

/// A text of the library in the words of an organisation.
pub(crate) fn in_words_of(chosen: &[TermInput], language: Language, text: &str) -> String {
    fill(text, |key| {
        let (_, chinese, english, ..) = TERMS.iter().find(|(own, ..)| *own == key)?;
        let preset = if language == Language::Chinese { chinese } else { english };
        Some(word(chosen, key, language).unwrap_or(preset))
    })
}

/// A text of the library in its own words.
pub(crate) fn in_preset_words(language: Language, text: &str) -> String {
    in_words_of(&[], language, text)
}

/// Puts words into a text, once: what they hold themselves stays.
fn fill<'w>(text: &str, word: impl Fn(&str) -> Option<&'w str>) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, after)) = behind.split_once('}') else {
            filled.push('{');
            rest = behind;
            continue;
        };
        let key = name.to_ascii_lowercase();
        match word(&key) {
            Some(word) if key == name => filled.push_str(word),
            Some(word) => {
                let mut letters = word.chars();
                filled.extend(letters.next().into_iter().flat_map(char::to_uppercase));
                filled.push_str(letters.as_str());
            }
            None => {
                filled.push('{');
                filled.push_str(name);
                filled.push('}');
            }
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn h3_terms_are_put_in_with_a_great_letter_where_the_text_has_one() {
        let chosen =
            [TermInput { key: "pool".into(), chinese: Some("公海".into()), english: Some("open sea".into()) }];
        let told = |language, text| in_words_of(&chosen, language, text);
        assert_eq!(told(Language::Chinese, "客户在{pool}中，请先{follow}"), "客户在公海中，请先跟进");
        assert_eq!(told(Language::English, "{Pool}s and {receipt}s, {id} {"), "Open seas and receipts, {id} {");
    }

    proptest! {
        #[test]
        fn h3_a_text_without_terms_stays_as_it_is(text in "[a-z{}跟单 ]{0,30}") {
            let named = TERMS.iter().any(|(key, ..)| text.contains(&format!("{{{key}}}")));
            prop_assume!(!named);
            prop_assert_eq!(in_preset_words(Language::Chinese, &text), text);
        }
    }
}
