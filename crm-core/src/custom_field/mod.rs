//! Custom fields 自定义字段: what administrators add to customers, contacts, follow-ups and contracts.
//!
//! A field is defined once for its kind of records. What is found and put in order by it stands, beside the record itself, in
//! one of a few columns that the kind keeps for that (`index.rs`).

mod check;
mod commands;
mod entered;
mod index;
mod retype;
mod text;
mod unique;
mod value;

pub use commands::{CustomFieldInput, CustomFieldRefusal};
pub(crate) use entered::{changes, entered_values, gathered, is_clearable, spread};
pub(crate) use index::{
    FIELD_WALK, INDEX_FIELDS, SINCE_ELSEWHERE, SLOTS, indexed_field, no_fields, slot_column, slot_index,
};
pub(crate) use retype::Retyping;
pub use retype::{FieldTypeChange, UnfitValue};
pub(crate) use text::{BETWEEN, meant, person, several, spoken, understood};
pub(crate) use unique::{unique_values, value_taken};
pub use value::{CustomValue, FieldKey, FieldValue};
pub(crate) use value::{absent, folded, value_of};

use crate::dictionary::EntryCode;
use crate::query::Condition;
use crate::record::plain_record;
use crate::store::Kind;
use serde::{Deserialize, Serialize};

/// Fields by `record/key`.
pub(crate) static CUSTOM_FIELD: Kind = Kind { since: SINCE, ..Kind::plain("custom_field") };

/// The migration of the room.
pub(crate) const SINCE: i32 = 17;

/// What stands before the key of a custom field where fields are named: in conditions, in the history, in choices.
pub(crate) const CUSTOM: &str = "custom.";

/// The most fields of a kind of records, retired ones counted.
pub(crate) const MOST_FIELDS: usize = 200;
/// The most options of a field.
pub(crate) const MOST_OPTIONS: usize = 200;

/// What has custom fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum Customized {
    /// Customers 客户.
    Customer,
    /// Contacts 联系人.
    Contact,
    /// Follow-ups 跟单: filled in when one is written.
    FollowUp,
    /// Contracts 合同.
    Contract,
}

impl Customized {
    /// All of them.
    pub(crate) const ALL: [Customized; 4] =
        [Customized::Customer, Customized::Contact, Customized::FollowUp, Customized::Contract];

    /// As it stands in keys and rights: `customer`, `contact`, `follow_up`, `contract`.
    ///
    /// ```
    /// # use crm_core::Customized;
    /// let right = format!("{}.note", Customized::Contract.as_str());
    /// assert_eq!(right, "contract.note"); // as in `FieldRight::field`
    /// ```
    pub fn as_str(self) -> &'static str {
        match self {
            Customized::Customer => "customer",
            Customized::Contact => "contact",
            Customized::FollowUp => "follow_up",
            Customized::Contract => "contract",
        }
    }

    /// Whose rows are of a kind.
    pub(crate) fn of_kind(kind: &Kind) -> Option<Customized> {
        Customized::ALL.into_iter().find(|of| of.kind() == kind)
    }

    /// The kind of its rows.
    pub(crate) fn kind(self) -> &'static Kind {
        match self {
            Customized::Customer => &crate::customer::CUSTOMER,
            Customized::Contact => &crate::contact::CONTACT,
            Customized::FollowUp => &crate::follow_up::FOLLOW_UP,
            Customized::Contract => &crate::contract::CONTRACT,
        }
    }

    /// What a field that its records have by themselves holds, if other fields can be shown by it.
    pub(crate) fn shown_by(self, name: &str) -> Option<FieldType> {
        match self {
            Customized::Customer => crate::customer::shown_by(name),
            _ => None,
        }
    }

    /// Of what records a path such as `customer.phones` names a field, and the name of the field.
    pub(crate) fn of_path(path: &str) -> Option<(Customized, &str)> {
        let (word, name) = path.split_once('.')?;
        Some((Customized::ALL.into_iter().find(|of| of.as_str() == word)?, name))
    }

    /// By how many custom fields lists of its records are narrowed and put in order.
    pub(crate) fn slots(self) -> usize {
        SLOTS.into_iter().filter(|slot| self.kind().column(slot).is_some()).count()
    }

    /// The fields that its records have by themselves, and words that would be taken for something else.
    pub(crate) fn reserves(self, key: &str) -> bool {
        let own: &[&str] = match self {
            Customized::Customer => &crate::customer::FIELDS,
            Customized::Contact => &crate::contact::FIELDS,
            Customized::FollowUp => &crate::follow_up::FIELDS,
            Customized::Contract => &crate::contract::FIELDS,
        };
        own.contains(&key) || RESERVED.contains(&key)
    }
}

/// Words that languages or the library itself read as something else.
const RESERVED: [&str; 8] = ["id", "version", "custom", "constructor", "prototype", "hasown", "tostring", "org"];

/// What a custom field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    /// One line of text 文本, at most 200 characters.
    Text,
    /// Text of several lines 长文本, at most 4,000 characters.
    LongText,
    /// A whole number 整数 below 2^53.
    Integer,
    /// An exact decimal 小数 of at most 6 places.
    Decimal,
    /// An amount of a currency 金额.
    Money,
    /// A day 日期.
    Date,
    /// An instant 时间.
    Time,
    /// 是/否
    YesNo,
    /// One of the options 单选.
    OneOf,
    /// Several of the options 多选.
    ManyOf,
    /// A person of the organisation 人员.
    Person,
    /// A phone 电话, at most 40 characters.
    Phone,
    /// An e-mail address 邮箱.
    Email,
    /// A link to the web 链接.
    Link,
    /// A number that is given by itself 自动编号 when a record is created, and never changes.
    AutoNumber,
}

impl FieldType {
    /// Whether its values are texts.
    pub(crate) fn is_text(self) -> bool {
        use FieldType::{AutoNumber, Email, Link, LongText, Phone, Text};
        matches!(self, Text | LongText | Phone | Email | Link | AutoNumber)
    }

    /// Whether it is chosen from options.
    pub(crate) fn has_options(self) -> bool {
        matches!(self, FieldType::OneOf | FieldType::ManyOf)
    }

    /// Whether its values have bounds.
    pub(crate) fn has_bounds(self) -> bool {
        matches!(self, FieldType::Integer | FieldType::Decimal | FieldType::Money | FieldType::Date | FieldType::Time)
    }

    /// How many characters a text of it has at the most.
    pub(crate) fn longest(self) -> i64 {
        match self {
            FieldType::LongText => 4_000,
            FieldType::Phone => 40,
            _ => 200,
        }
    }
}

/// Whether records are found and put in order by a custom field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum FieldIndex {
    /// They are not.
    #[default]
    None,
    /// They will be, once a tick has gone through what was there before.
    Building,
    /// They are.
    Ready,
}

/// An option of a custom field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct FieldOption {
    /// The code that records hold, at most 20 characters.
    pub code: EntryCode,
    /// What people see, at most 60 characters.
    pub label: String,
    /// Whether it is retired: records keep it, nobody chooses it any more.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub retired: bool,
}

/// A custom field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct CustomField {
    /// What has it.
    pub of: Customized,
    /// Its key, which stays.
    pub key: FieldKey,
    /// What people see.
    pub label: String,
    /// What helps to fill it in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// What it holds.
    pub field_type: FieldType,
    /// Whether a new record must have it, and none may lose it.
    #[serde(default)]
    pub required: bool,
    /// Whether no two records have the same value.
    #[serde(default)]
    pub unique: bool,
    /// What a new record holds that says nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_value: Option<FieldValue>,
    /// The least value, of numbers, amounts, days and instants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least: Option<FieldValue>,
    /// The greatest value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<FieldValue>,
    /// The regular expression that a text must match as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// Of an automatic number: how it is made, as [`Settings::customer_number`](crate::Settings::customer_number).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// The options to choose from.
    #[serde(default)]
    pub options: Vec<FieldOption>,
    /// When the field is there at all, by other fields of the record; absent: always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible_when: Option<Condition>,
    /// Whether records are found and put in order by it.
    #[serde(default)]
    pub index: FieldIndex,
    /// Its place among the fields, ascending.
    pub order: i32,
    /// Whether it is retired: records keep what they hold, nobody fills it in any more.
    #[serde(default)]
    pub retired: bool,
    /// The version.
    #[serde(default)]
    pub version: i64,
}

/// A custom field as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredField {
    pub(crate) field: CustomField,
    /// Which of the columns of [`SLOTS`] is its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) slot: Option<usize>,
    #[serde(default)]
    pub(crate) version: i64,
}

plain_record!(StoredField, &CUSTOM_FIELD, |stored| stored.field.path());

impl StoredField {
    /// The field as it is told.
    pub(crate) fn told(&self) -> CustomField {
        CustomField { version: self.version, ..self.field.clone() }
    }
}

impl CustomField {
    /// What it is called among the fields of all kinds of records.
    pub(crate) fn path(&self) -> String {
        format!("{}/{}", self.of.as_str(), self.key)
    }

    /// The option of a code.
    pub(crate) fn option(&self, code: &EntryCode) -> Option<&FieldOption> {
        self.options.iter().find(|option| option.code == *code)
    }
}
