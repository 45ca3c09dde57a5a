//! Keeping the dictionaries (G1).

use super::{DICTIONARIES, DICTIONARY_ENTRY, DictionaryEntry, EntryCode, RELATION_KIND};
use crate::crm::Session;
use crate::error::{Error, Violation, refusals};
use crate::history;
use crate::operations::op;
use crate::record::Record;
use crate::store::{Kind, Value, Write};
use crate::text::Checker;
use crate::work::{Stop, Work};
use serde::{Deserialize, Serialize};

/// An entry as an administrator types it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct DictionaryEntryInput {
    /// The dictionary.
    pub dictionary: String,
    /// The code; an entry that has it is changed, otherwise one is added.
    pub code: EntryCode,
    /// What people see, at most 60 characters.
    pub label: String,
    /// Of a kind of relation: its name seen from the other end, at most 60 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub inverse_label: Option<String>,
    /// Of a kind of relation: whether it makes a tree. Fixed once the entry is there.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub hierarchical: bool,
    /// Its place in the list, 0 to 9999.
    #[serde(default)]
    pub order: i32,
    /// A colour as `#rrggbb`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub colour: Option<String>,
    /// Whether it is retired.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub retired: bool,
    /// The version that was read, to be given when an entry is changed: somebody else's change in between is then a
    /// conflict. Absent: it is changed whatever it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub version: Option<i64>,
}

refusals! {
    /// Why a dictionary can't be as asked.
    pub enum DictionaryRefusal {
        /// Whether a kind of relation makes a tree can't change while it exists.
        HierarchyFixed = "hierarchy_fixed", "Whether this kind of relation has two directions or makes a tree can't be changed", "此关联类型是否分方向、是否为层级关系不可更改";
        /// An entry can't be merged into itself.
        MergeIntoItself = "merge_into_itself", "An entry can't be merged into itself", "不能合并到自身";
        /// Kinds of relation can't be merged: each names two directions.
        RelationKindsStay = "relation_kinds_stay", "Kinds of relation can't be merged", "关联类型不能合并";
    }
}

impl Session<'_> {
    /// Every entry of every dictionary, in order, retired ones too.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `dictionary.view`.
    pub fn dictionaries(&self) -> Result<Vec<DictionaryEntry>, Error> {
        self.query(&op::dictionaries, |work| {
            Ok(DICTIONARIES
                .iter()
                .filter_map(|dictionary| work.context.dictionaries.get(*dictionary))
                .flatten()
                .cloned()
                .collect())
        })
    }

    /// Adds an entry to a dictionary, or changes one: label, order, colour, retirement.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `dictionary.edit`; [`Error::Invalid`];
    /// `hierarchy_fixed`.
    pub fn save_dictionary_entry(&self, entry: DictionaryEntryInput) -> Result<DictionaryEntry, Error> {
        self.command(
            &op::save_dictionary_entry,
            &entry,
            |work| work.keep_entry(&entry),
            |work, _| {
                let known = work.context.entry(&entry.dictionary, entry.code.as_str());
                known.cloned().ok_or_else(|| not_found(&entry.dictionary, &entry.code).into())
            },
        )
    }

    /// Merges a value into another: every record that holds it holds the other from then on, and
    /// the entry is retired.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `dictionary.edit`; [`Error::NotFound`];
    /// [`Error::Invalid`] for an unknown dictionary; `merge_into_itself`, `relation_kinds_stay`.
    pub fn merge_dictionary_entries(
        &self,
        dictionary: String,
        from: EntryCode,
        into: EntryCode,
    ) -> Result<DictionaryEntry, Error> {
        self.command(
            &op::merge_dictionary_entries,
            &(&dictionary, &from, &into),
            |work| {
                if !DICTIONARIES.contains(&dictionary.as_str()) {
                    return Err(Violation::unknown("dictionary").into());
                }
                let context = work.context.clone();
                let find = |code: &EntryCode| {
                    context.entry(&dictionary, code.as_str()).cloned().ok_or_else(|| not_found(&dictionary, code))
                };
                let (mut source, survivor) = (find(&from)?, find(&into)?);
                if from == into {
                    return Err(DictionaryRefusal::MergeIntoItself.into());
                }
                if dictionary == RELATION_KIND {
                    return Err(DictionaryRefusal::RelationKindsStay.into());
                }
                for (kind, column) in holders_of(&dictionary) {
                    work.write(Write::Reassign {
                        kind,
                        column,
                        from: Value::from(from.as_str()),
                        to: Value::from(into.as_str()),
                    });
                }
                work.conditions_follow(&dictionary, &from, &into)?;
                work.saved_queries_follow(&dictionary, &from, &into)?;
                source.retired = true;
                work.update(&DICTIONARY_ENTRY, source.to_row()?);
                let changes = vec![history::change("merged_into", None, Some(serde_json::json!(into)))];
                work.remember_setting(&source.key(), "merge_dictionary_entries", changes)?;
                let mut organisation = context.organisation.clone();
                let counted = &mut organisation.settings.follow_up.methods_that_count;
                if dictionary == super::METHOD && counted.contains(&from) {
                    counted.retain(|code| *code != from && *code != into);
                    counted.push(into.clone());
                }
                if dictionary == super::LEVEL {
                    organisation.settings.pool.recycling.forget_level(&from);
                    work.levels_merged(&from, &into);
                }
                work.change_organisation(&organisation)?;
                Ok(survivor)
            },
            |work, _| {
                let known = work.context.entry(&dictionary, into.as_str());
                known.cloned().ok_or_else(|| not_found(&dictionary, &into).into())
            },
        )
    }
}

impl Work<'_> {
    /// Adds an entry, or changes the one that has its code.
    pub(crate) fn keep_entry(&mut self, entry: &DictionaryEntryInput) -> Result<DictionaryEntry, Stop> {
        let mut saved = checked(entry)?;
        let context = self.context.clone();
        if let Some(known) = context.entry(&entry.dictionary, entry.code.as_str()) {
            let directed = |entry: &DictionaryEntry| entry.inverse_label.is_some();
            if known.hierarchical != saved.hierarchical || directed(known) != directed(&saved) {
                return Err(DictionaryRefusal::HierarchyFixed.into());
            }
            if entry.version.is_some_and(|version| version != known.version) {
                return Err(conflict(known).into());
            }
            saved.version = known.version;
            let changes = history::changes(known, &saved, &["label", "inverse_label", "order", "colour", "retired"]);
            if changes.is_empty() {
                return Ok(saved);
            }
            self.update(&DICTIONARY_ENTRY, saved.to_row()?);
            self.remember_setting(&saved.key(), "save_dictionary_entry", changes)?;
            saved.version += 1;
        } else {
            let held = context.dictionaries.get(&entry.dictionary).map_or(0, Vec::len);
            if held >= 1_000 {
                return Err(Violation::too_many("dictionary", 1_000).into());
            }
            self.insert(&DICTIONARY_ENTRY, saved.to_row()?);
            let label = history::change("label", None, Some(saved.label.clone().into()));
            self.remember_setting(&saved.key(), "save_dictionary_entry", vec![label])?;
        }
        self.change_organisation(&context.organisation)?;
        Ok(saved)
    }
}

/// Kinds and columns that hold values of a dictionary.
fn holders_of(dictionary: &str) -> Vec<(&'static Kind, &'static str)> {
    use crate::customer::CUSTOMER;
    use crate::follow_up::FOLLOW_UP;
    match dictionary {
        super::LEVEL => vec![(&CUSTOMER, "level")],
        super::STAGE => vec![(&CUSTOMER, "stage"), (&FOLLOW_UP, "stage")],
        super::SOURCE => vec![(&CUSTOMER, "source")],
        super::INDUSTRY => vec![(&CUSTOMER, "industry")],
        super::METHOD => vec![(&FOLLOW_UP, "method")],
        super::CONTRACT_KIND => vec![(&crate::contract::CONTRACT, "kind")],
        super::PAYMENT_METHOD => {
            vec![(&crate::contract::CONTRACT, "payment_method"), (&crate::payment::RECEIPT, "method")]
        }
        super::RELEASE_REASON => vec![(&CUSTOMER, "release_reason")],
        super::PRODUCT_CATEGORY => vec![(&crate::product::PRODUCT, "category")],
        _ => Vec::new(),
    }
}

fn not_found(dictionary: &str, code: &EntryCode) -> Error {
    Error::NotFound { record: "dictionary_entry".to_owned(), id: format!("{dictionary}/{code}") }
}

fn conflict(entry: &DictionaryEntry) -> Error {
    Error::Conflict { record: "dictionary_entry".to_owned(), id: entry.key() }
}

fn checked(entry: &DictionaryEntryInput) -> Result<DictionaryEntry, Error> {
    let mut check = Checker::new();
    let relation = entry.dictionary == RELATION_KIND;
    check.ensure(DICTIONARIES.contains(&entry.dictionary.as_str()), || Violation::unknown("dictionary"));
    check.ensure((0..=9999).contains(&entry.order), || Violation::out_of_range("order"));
    check.ensure(relation || entry.inverse_label.is_none(), || Violation::not_allowed("inverse_label"));
    let directed = entry.inverse_label.as_ref().is_some_and(|label| !label.trim().is_empty());
    check.ensure(directed || !entry.hierarchical, || Violation::required("inverse_label"));
    check.ensure(relation || !entry.hierarchical, || Violation::not_allowed("hierarchical"));
    if let Some(colour) = &entry.colour {
        let is_colour =
            colour.strip_prefix('#').is_some_and(|hex| hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit()));
        check.ensure(is_colour, || Violation::malformed("colour"));
    }
    let clean = DictionaryEntry {
        dictionary: entry.dictionary.clone(),
        code: entry.code.clone(),
        label: check.line("label", &entry.label, 60),
        inverse_label: check.optional_line("inverse_label", &entry.inverse_label, 60),
        hierarchical: entry.hierarchical,
        order: entry.order,
        colour: entry.colour.clone(),
        retired: entry.retired,
        version: 1,
    };
    check.done()?;
    Ok(clean)
}
