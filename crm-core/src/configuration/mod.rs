//! The whole configuration of an organisation 配置 as one file (G1): what its administrators shape, and nothing of people or customers.
//!
//! Positions, their holders and targets are no part of it: the host keeps the former in step, the latter are of people. For the same reason roles,
//! pools and panels come without the people and positions that are named in them, and keep those that they have where they arrive.
//!
//! A section is a field of [`Configuration`], what fills it in `export.rs`, and what takes it in in `import.rs`, by the very functions by which
//! it is saved by hand. Each decides on the organisation as the sections before it leave it; everything goes in one commit.

mod export;
mod import;

use crate::access::{FieldRight, Permission, RoleId};
use crate::custom_field::CustomFieldInput;
use crate::dictionary::{DictionaryEntryInput, EntryCode};
use crate::glossary::TermInput;
use crate::id::PoolId;
use crate::layout::LayoutInput;
use crate::money::Decimal;
use crate::organisation::{Settings, WorkCalendar};
use crate::panel::PanelColumn;
use crate::pool::PoolField;
use crate::product::ListPrice;
use serde::{Deserialize, Serialize};

/// The form of the file that this version of the library writes and reads.
const VERSION: i32 = 1;

/// The most entries of dictionaries in a file.
const MOST_ENTRIES: usize = 10_000;
/// The most layouts in a file: one for each form.
const MOST_LAYOUTS: usize = 16;
/// The most custom fields in a file.
const MOST_FIELDS: usize = 1_000;
/// The most products in a file; a catalogue of more is left out.
const MOST_PRODUCTS: usize = 5_000;

/// What the administrators of an organisation shape: settings, basic data, custom fields, layouts, pools, roles, panels, the work calendar and the
/// catalogue.
/// A section that is absent says nothing. Records are named by what stays when they are renamed, codes, keys,
/// ids, numbers; panels by their titles, so that one that was renamed arrives as another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    /// The version of this form: 1.
    pub version: i32,
    /// Entries of dictionaries, at most 10,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub dictionaries: Option<Vec<DictionaryEntryInput>>,
    /// Custom fields, at most 1,000. A field that holds a person comes without its default, which is somebody; one that is there keeps its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub custom_fields: Option<Vec<CustomFieldInput>>,
    /// Layouts of forms that are not the standard ones, at most 16. A form that is not named keeps its layout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub layouts: Option<Vec<LayoutInput>>,
    /// Pools, at most 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub pools: Option<Vec<ConfiguredPool>>,
    /// The settings, with those of customers, duplicates, follow-ups, pools and their rules, contracts and their numbers, approval, sharing,
    /// reminders and reports. Their version is of where they come from, and not looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub settings: Option<Settings>,
    /// Which days are worked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub work_calendar: Option<WorkCalendar>,
    /// What the organisation calls things, where that is not as preset; terms that are missing are called as preset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub glossary: Option<Vec<TermInput>>,
    /// The catalogue, at most 5,000 products.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub products: Option<Vec<ConfiguredProduct>>,
    /// Roles with their rights on modules and fields, at most 1,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub roles: Option<Vec<ConfiguredRole>>,
    /// Panels of the host's own data, at most 50.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub panels: Option<Vec<ConfiguredPanel>>,
    /// Sections that the export left out because they are too large for a file: `products`.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub left_out: Vec<String>,
}

impl Default for Configuration {
    fn default() -> Self {
        Configuration {
            version: VERSION,
            dictionaries: None,
            custom_fields: None,
            layouts: None,
            pools: None,
            settings: None,
            work_calendar: None,
            glossary: None,
            products: None,
            roles: None,
            panels: None,
            left_out: Vec::new(),
        }
    }
}

/// A pool as a configuration has it: without administrators and members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct ConfiguredPool {
    /// The id, which stays where it arrives, and by which the rules name it. Where another pool has its name already, that one is meant.
    pub id: PoolId,
    /// The name, at most 60 characters.
    pub name: String,
    /// Whether customers go there where no pool is named.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub standard: bool,
    /// What is hidden until a customer is claimed.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub hidden: Vec<PoolField>,
    /// Whether follow-ups of before are shown.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub show_follow_ups: bool,
    /// Whether nothing goes there any more.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub retired: bool,
}

/// A panel as a configuration has it: without the positions and people that see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct ConfiguredPanel {
    /// The title, at most 30 characters, by which it is the same panel.
    pub title: String,
    /// Where its rows come from, a name that the host knows.
    pub source: String,
    /// Its columns, 1 to 20.
    pub columns: Vec<PanelColumn>,
    /// Whether everybody sees it. One that is for some, of whom none is named where it arrives, arrives retired: whoever brings it back says whom
    /// it is for.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub everyone: bool,
    /// Roles whose holders see it.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub roles: Vec<RoleId>,
    /// Its place among the panels, 0 to 10,000.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = 0))]
    pub order: i32,
    /// Whether nobody sees it any more.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub retired: bool,
}

/// A role as a configuration has it: without people and positions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct ConfiguredRole {
    /// The id.
    pub id: RoleId,
    /// The name, at most 60 characters.
    pub name: String,
    /// Whether its holders see every customer and have every right that is not denied them.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub administrator: bool,
    /// Rights it grants.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub allow: Vec<Permission>,
    /// Rights it denies, whatever other roles grant.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub deny: Vec<Permission>,
    /// How far it reaches into fields.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub fields: Vec<FieldRight>,
    /// Whether everyone in the organisation has it.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub everyone: bool,
    /// Roles of the host whose bearers have it, at most 100.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub host_roles: Vec<String>,
}

/// A product as a configuration has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct ConfiguredProduct {
    /// The number, at most 60 characters, by which it is the same product.
    pub number: String,
    /// The name, 1 to 200 characters.
    pub name: String,
    /// The category, a code of the dictionary `product_category`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub category: Option<EntryCode>,
    /// The unit, at most 20 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub unit: Option<String>,
    /// List prices, at most 20, one per currency.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub prices: Vec<ListPrice>,
    /// The tax rate in percent, 0 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub tax_rate: Option<Decimal>,
    /// A description, at most 4,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub description: Option<String>,
    /// Whether it is retired.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub retired: bool,
}

/// What the import of a configuration did, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct ConfigurationReport {
    /// Things that are new.
    pub added: i32,
    /// Things that change.
    pub changed: i32,
    /// Things that are there as they are.
    pub unchanged: i32,
    /// Things that can't be as they are; as long as there is one nothing is taken in.
    pub refused: i32,
    /// One for each thing that is not unchanged, in the order in which they are taken in. A repeat under the same idempotency key has the
    /// numbers alone.
    pub items: Vec<ConfigurationItem>,
}

/// What became, or would become, of one thing of a configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct ConfigurationItem {
    /// The section: `dictionaries`, `custom_fields`, `layouts`, `pools`, `settings`, `work_calendar`, `glossary`, `products`, `roles` or `panels`.
    pub section: String,
    /// Which thing of it: `level/a`, `customer/area`, a pool's name, a product's number, a role's id, a panel's title; empty where the section is one.
    pub item: String,
    /// What becomes of it.
    pub outcome: ConfigurationOutcome,
    /// The fields that change, as the history names them.
    pub fields: Vec<String>,
    /// The code of the error, of one that is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The error in English and Chinese, in this order; empty when it is not refused.
    pub texts: Vec<String>,
}

/// What becomes of one thing of a configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum ConfigurationOutcome {
    /// It is new.
    Added,
    /// It is there and changes.
    Changed,
    /// It can't be as it is.
    Refused,
}
