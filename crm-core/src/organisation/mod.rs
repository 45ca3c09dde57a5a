//! The organisation 组织: its settings, and the [`Context`] that every decision stands on.

mod calendar;
mod commands;
mod context;
mod settings;

pub(crate) use calendar::Days;
pub use calendar::WorkCalendar;
pub(crate) use context::{Context, ContextCache};
pub use settings::{
    AgreedPriceRule, ContractSettings, DuplicateRule, DuplicateSettings, FollowUpSettings, NameRule, NumberReset,
    PlanRule, ReceiptRule, ReportSettings, Settings, SharingSettings,
};

use crate::error::{Error, Language};
use crate::record::{Record, plain_record};
use crate::store::{Kind, Row};
use serde::{Deserialize, Serialize};

/// One row per organisation. Its version is the version of everything in the context.
pub(crate) static ORGANISATION: Kind = Kind::plain("organisation");

/// Rows that commands write only to exclude each other, such as two that could close a circle of
/// parents from both ends.
pub(crate) static GUARD: Kind = Kind::plain("guard");

/// Unique values: the key of a row is `space:value`, its body names the holder.
pub(crate) static UNIQUE_KEY: Kind = Kind::plain("unique_key");

/// What an organisation begins with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct NewOrganisation {
    /// The name, at most 200 characters.
    pub name: String,
    /// The language of the presets: `zh` (when absent) or `en`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub language: Option<Language>,
    /// The time zone of its days; China's when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub time_zone: Option<crate::time::TimeZone>,
}

impl NewOrganisation {
    /// Of a name, with Chinese presets and China's time zone.
    pub fn named(name: impl Into<String>) -> Self {
        NewOrganisation { name: name.into(), language: None, time_zone: None }
    }
}

/// An organisation as it stands in its row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Organisation {
    pub(crate) name: String,
    pub(crate) settings: Settings,
    #[serde(default, skip_serializing_if = "Standing::is_open")]
    pub(crate) standing: Standing,
    /// The zone of whose days the sums of the reports are; absent: they were never made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) figures: Option<crate::time::TimeZone>,
    /// The edition in which those sums stand.
    #[serde(default)]
    pub(crate) figures_edition: i32,
    /// Which days are worked, as the host said last.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) calendar: WorkCalendar,
    /// What it calls things, where that is not as preset.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) glossary: Vec<crate::glossary::TermInput>,
    /// The field whose type is being changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) retyping: Option<crate::custom_field::Retyping>,
    #[serde(default)]
    pub(crate) version: i64,
}

/// What may be done in an organisation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    /// Everything.
    #[default]
    Open,
    /// It is read only: it is being exported, or has moved away.
    Closed,
    /// Nothing: it is being imported and is not there yet.
    Arriving,
}

fn is_default(calendar: &WorkCalendar) -> bool {
    *calendar == WorkCalendar::default()
}

impl Standing {
    fn is_open(&self) -> bool {
        *self == Standing::Open
    }
}

impl Organisation {
    /// The zone of whose days the sums of the reports are, if they stand as this version of the library reads them.
    pub(crate) fn figures(&self) -> Option<crate::time::TimeZone> {
        self.figures.filter(|_| self.figures_edition == crate::report::EDITION)
    }

    pub(crate) fn to_row(&self, version: i64) -> Result<Row, Error> {
        let mut row = Record::to_row(self)?;
        row.version = version;
        Ok(row)
    }
}

plain_record!(Organisation, &ORGANISATION, |_organisation| ORGANISATION.name.to_owned());

/// The row that holds a unique value. Long values stand by their hash.
pub(crate) fn unique_key(space: &str, value: &str, holder: &str) -> Row {
    Row {
        id: unique_key_id(space, value),
        version: 1,
        values: Vec::new(),
        body: serde_json::json!({ "holder": holder }).to_string(),
    }
}

/// The key of [`unique_key`].
pub(crate) fn unique_key_id(space: &str, value: &str) -> String {
    use sha2::Digest as _;
    let length = value.chars().count();
    if length <= 140 && space.len() + length <= 185 {
        return format!("{space}:{value}");
    }
    let hash = sha2::Sha256::digest(value.as_bytes());
    format!("{space}#{}", crate::text::hex(&hash))
}

/// The row of a unique value by its key.
pub(crate) fn unique_key_row(id: String, holder: &str) -> Row {
    Row { id, version: 1, values: Vec::new(), body: serde_json::json!({ "holder": holder }).to_string() }
}

/// Who holds a unique value.
pub(crate) fn holder_of(row: &Row) -> Option<String> {
    let body: serde_json::Value = serde_json::from_str(&row.body).ok()?;
    Some(body.get("holder")?.as_str()?.to_owned())
}
