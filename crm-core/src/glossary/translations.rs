//! Texts in a language that the host brings.

use super::{TERMS, fill};
use crate::custom_field::Customized;
use crate::error::{Error, ErrorTexts, Language, Violation};
use crate::layout::{OwnField, TITLES, own_fields};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A text of the library, by its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct CoreText {
    /// `term.` and the key of a term, `error.` and the code of an error, `violation.` and the code of a violation, `menu.` and the id of an
    /// entry, `calendar.` and the kind of a reminder, `section.` and the key of a section of forms, `field.` and a field of forms, `column.`
    /// and a column of an exported list. It stays from version to version.
    pub key: String,
    /// In English, with terms in braces.
    pub english: String,
    /// In Chinese.
    pub chinese: String,
}

/// Every text of the library: what a translation has to say.
///
/// ```
/// let texts = crm_core::texts();
/// assert!(texts.iter().any(|text| text.key == "error.in_pool" && text.english.contains("{pool}")));
/// ```
pub fn texts() -> Vec<CoreText> {
    let text = |group: &str, name: &str, english: &str, chinese: &str| CoreText {
        key: format!("{group}.{name}"),
        english: english.to_owned(),
        chinese: chinese.to_owned(),
    };
    let mut all: Vec<CoreText> =
        TERMS.iter().map(|(key, chinese, english, ..)| text("term", key, english, chinese)).collect();
    all.extend(
        crate::error::plain_texts().iter().map(|(code, english, chinese)| text("error", code, english, chinese)),
    );
    all.extend(
        REFUSALS
            .iter()
            .flat_map(|room| room.iter())
            .map(|(code, english, chinese)| text("error", code, english, chinese)),
    );
    all.extend(Violation::TEXTS.iter().map(|(code, english, chinese)| text("violation", code, english, chinese)));
    all.extend(crate::menu::labels().into_iter().map(|(id, english, chinese)| text("menu", id, english, chinese)));
    all.extend(crate::reminder::labels().map(|(kind, english, chinese)| text("calendar", kind, english, chinese)));
    all.extend(TITLES.iter().map(|(key, english, chinese)| text("section", key, english, chinese)));
    for of in Customized::ALL {
        let path = |own: &OwnField| format!("{}.{}", of.as_str(), own.name);
        all.extend(own_fields(of).iter().map(|own| text("field", &path(own), own.english, own.chinese)));
    }
    all.extend(crate::export::labels().map(|(column, english, chinese)| text("column", &column, english, chinese)));
    all
}

/// The refusals of all rooms.
const REFUSALS: &[ErrorTexts] = &[
    crate::error::CallRefusal::ALL,
    crate::customer::CustomerRefusal::ALL,
    crate::money::MoneyRefusal::ALL,
    crate::relation::RelationRefusal::ALL,
    crate::follow_up::FollowUpRefusal::ALL,
    crate::hand_over::HandOverRefusal::ALL,
    crate::reminder::ReminderRefusal::ALL,
    crate::moving::MovingRefusal::ALL,
    crate::report::ReportRefusal::ALL,
    crate::contract::ContractRefusal::ALL,
    crate::access::RevealRefusal::ALL,
    crate::query::SavedQueryRefusal::ALL,
    crate::dictionary::DictionaryRefusal::ALL,
    crate::payment::PaymentRefusal::ALL,
    crate::contact::ContactRefusal::ALL,
    crate::pool::PoolRefusal::ALL,
    crate::position::PositionRefusal::ALL,
    crate::product::ProductRefusal::ALL,
    crate::merge::MergeRefusal::ALL,
    crate::custom_field::CustomFieldRefusal::ALL,
    crate::approval::ApprovalRefusal::ALL,
    crate::sharing::SharingRefusal::ALL,
    crate::export::ExportRefusal::ALL,
    crate::import::ImportRefusal::ALL,
    #[cfg(feature = "files")]
    crate::files::FileRefusal::ALL,
];

/// The texts of the library in another language, as a host gives them: a JSON object of `texts` by the keys of [`texts`], in which
/// `term.` entries are the words of the terms: an organisation renames its Chinese and English ones alone. What is not there is said in English.
///
/// ```
/// use crm_core::{Translations, Error};
/// let json = r#"{"texts": {"term.pool": "Kundenpool", "error.not_found": "Nicht gefunden: {record}"}}"#;
/// let german = Translations::from_json(json)?;
/// let error = Error::NotFound { record: "customer".into(), id: "1".into() };
/// assert_eq!(german.error(&error), "Nicht gefunden: customer");
/// assert!(german.missing().contains(&"error.in_pool".to_owned()));
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Translations {
    texts: BTreeMap<String, String>,
}

impl Translations {
    /// Out of JSON.
    ///
    /// # Errors
    /// [`Error::Invalid`]: `malformed` for what is no such JSON, `unknown` for a key that no text has.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        let catalogue: Translations = serde_json::from_str(json).map_err(|_| Violation::malformed("catalogue"))?;
        let known: Vec<String> = texts().into_iter().map(|text| text.key).collect();
        let unknown = catalogue.texts.keys().filter(|key| !known.contains(key));
        let violations: Vec<Violation> = unknown.map(|key| Violation::unknown(format!("texts.{key}"))).collect();
        if violations.is_empty() { Ok(catalogue) } else { Err(Error::Invalid { violations }) }
    }

    /// Keys of texts that it does not have.
    pub fn missing(&self) -> Vec<String> {
        texts().into_iter().map(|text| text.key).filter(|key| !self.texts.contains_key(key)).collect()
    }

    /// A text by its key, with its terms; data by name stand in braces, too.
    pub fn text(&self, key: &str, data: &BTreeMap<String, String>) -> Option<String> {
        let text = self.texts.get(key)?;
        let word = |name: &str| match data.get(name) {
            Some(value) => Some(value.as_str()),
            None => {
                let preset = || TERMS.iter().find(|(key, ..)| *key == name).map(|(_, _, english, ..)| *english);
                self.texts.get(&format!("term.{name}")).map(String::as_str).or_else(preset)
            }
        };
        Some(fill(text, word))
    }

    /// What went wrong, for a person.
    pub fn error(&self, error: &Error) -> String {
        if let Error::Invalid { violations } = error {
            let told: Vec<String> =
                violations.iter().map(|own| format!("{} {}", own.field, self.violation(own))).collect();
            return told.join("; ");
        }
        let known = self.text(&format!("error.{}", error.code()), &error.data());
        known.unwrap_or_else(|| error.text(Language::English))
    }

    /// What is wrong with a field, without its name.
    pub fn violation(&self, violation: &Violation) -> String {
        let limit = violation.limit.map(|limit| ("limit".to_owned(), limit.to_string()));
        let known = self.text(&format!("violation.{}", violation.code), &limit.into_iter().collect());
        known.unwrap_or_else(|| violation.text(Language::English))
    }
}
