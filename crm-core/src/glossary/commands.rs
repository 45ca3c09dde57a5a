//! Keeping the glossary.

use super::{Glossary, TERMS, TermInput};
use crate::crm::Session;
use crate::error::{Error, Language, Violation};
use crate::history;
use crate::operations::op;
use crate::organisation::Context;
use crate::text::Checker;
use crate::work::{Stop, Work};

impl Session<'_> {
    /// What the organisation calls things.
    ///
    /// # Errors
    /// Those of every call.
    pub fn glossary(&self) -> Result<Glossary, Error> {
        self.query(&op::glossary, |work| Ok(Glossary::of(&work.context.organisation.glossary)))
    }

    /// Says what the organisation calls things, in place of what was said before: terms that are not named, or without a word, are called
    /// as they are preset. All texts of the library use these words from then on: labels of the menu, refusals, calendars.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `settings.manage_settings`; [`Error::Invalid`]: `unknown` for no term, `repeated`,
    /// `malformed` for a word with braces.
    pub fn save_glossary(&self, terms: Vec<TermInput>) -> Result<Glossary, Error> {
        self.command(
            &op::save_glossary,
            &terms,
            |work| work.keep_glossary(&terms, "terms"),
            |work, _| Ok(Glossary::of(&work.context.organisation.glossary)),
        )
    }
}

impl Work<'_> {
    /// Keeps the words that differ from the presets; `field` is where they were given.
    pub(crate) fn keep_glossary(&mut self, terms: &[TermInput], field: &str) -> Result<Glossary, Stop> {
        let chosen = checked(terms, field)?;
        let mut organisation = self.context.organisation.clone();
        let (before, after) = (Glossary::of(&organisation.glossary), Glossary::of(&chosen));
        let mut changes = Vec::new();
        for (was, is) in before.terms.iter().zip(&after.terms) {
            for (language, was_called, is_called) in
                [("chinese", &was.chinese, &is.chinese), ("english", &was.english, &is.english)]
            {
                if was_called != is_called {
                    let (was_called, is_called) = (was_called.as_str().into(), is_called.as_str().into());
                    changes.push(history::change(&format!("{}.{language}", is.key), Some(was_called), Some(is_called)));
                }
            }
        }
        if changes.is_empty() {
            return Ok(after);
        }
        organisation.glossary = chosen;
        self.change_organisation(&organisation)?;
        self.remember_setting("glossary", op::save_glossary.name, changes)?;
        self.announce("settings_changed", "settings", "settings", serde_json::json!({}))?;
        Ok(after)
    }
}

/// The words that are no presets, in the order of the terms.
fn checked(terms: &[TermInput], field: &str) -> Result<Vec<TermInput>, Error> {
    let mut check = Checker::new();
    check.ensure(terms.len() <= TERMS.len(), || Violation::too_many(field, TERMS.len() as i64));
    let mut chosen = Vec::new();
    for (place, term) in terms.iter().enumerate().take(TERMS.len()) {
        check.under(&format!("{field}[{place}]"), |check| {
            let known = TERMS.iter().find(|(key, ..)| *key == term.key);
            check.ensure(known.is_some(), || Violation::unknown("key"));
            check.ensure(!terms.iter().take(place).any(|other| other.key == term.key), || Violation::repeated("key"));
            let mut word = |language: &str, word: &Option<String>, most: i64| {
                let word = check.optional_line(language, word, most)?;
                check.ensure(!word.contains(['{', '}']), || Violation::malformed(language));
                Some(word)
            };
            let (chinese, english) = (word("chinese", &term.chinese, 20), word("english", &term.english, 40));
            if let Some((key, preset_chinese, preset_english, ..)) = known {
                let differs = |word: Option<String>, preset: &str| word.filter(|word| word != preset);
                let (chinese, english) = (differs(chinese, preset_chinese), differs(english, preset_english));
                if chinese.is_some() || english.is_some() {
                    chosen.push(TermInput { key: (*key).to_owned(), chinese, english });
                }
            }
        });
    }
    check.done()?;
    Ok(chosen)
}

impl Context {
    /// A text of the library in the organisation's words.
    pub(crate) fn in_own_words(&self, language: Language, text: &str) -> String {
        super::in_words_of(&self.organisation.glossary, language, text)
    }
}
