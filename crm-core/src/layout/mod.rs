//! Layouts 布局: what forms of customers, contacts, follow-ups and contracts show, in which sections, rows and columns (Q4).
//!
//! A layout says where fields stand, and which of them a new record must have. [`Session::form`](crate::Session::form) joins it with what the
//! fields are and with the rights of who asks, so that a host draws the form and knows nothing else. What no layout names stands at the end, in the
//! section of the details, unless the layout leaves it out: a new custom field is seen without anybody's doing.

mod commands;
mod form;
mod own;
mod standard;

pub use commands::LayoutInput;
pub(crate) use commands::check_required;
pub use form::{Form, FormField, FormOption, FormSection};
pub(crate) use own::{OwnField, own_fields};
pub(crate) use standard::TITLES;

use crate::custom_field::Customized;
use crate::record::plain_record;
use crate::store::Kind;
use serde::{Deserialize, Serialize};

/// Layouts by `record/form`.
pub(crate) static LAYOUT: Kind = Kind { since: SINCE, ..Kind::plain("layout") };

/// The migration of the room.
const SINCE: i32 = 18;

/// The most sections of a layout.
pub(crate) const MOST_SECTIONS: usize = 20;
/// The most columns of a section.
pub(crate) const MOST_COLUMNS: i32 = 4;

/// What a form is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum FormPurpose {
    /// 新建
    Create,
    /// 快速新建: what is asked at least.
    QuickCreate,
    /// 编辑
    Edit,
    /// 查看
    View,
}

impl FormPurpose {
    /// All of them.
    pub(crate) const ALL: [FormPurpose; 4] =
        [FormPurpose::Create, FormPurpose::QuickCreate, FormPurpose::Edit, FormPurpose::View];

    /// As it stands in keys.
    pub(crate) fn word(self) -> &'static str {
        match self {
            FormPurpose::Create => "create",
            FormPurpose::QuickCreate => "quick_create",
            FormPurpose::Edit => "edit",
            FormPurpose::View => "view",
        }
    }

    /// Whether a new record comes of it.
    pub(crate) fn creates(self) -> bool {
        matches!(self, FormPurpose::Create | FormPurpose::QuickCreate)
    }

    /// Whether it shows what its layout does not name.
    fn shows_the_rest(self) -> bool {
        self != FormPurpose::QuickCreate
    }
}

/// A field in a layout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct LayoutField {
    /// The field with the kind of its records: `customer.name`, `customer.custom.` and the key of a custom field. Forms that create
    /// customers take fields of contacts, too: those of the first contact.
    pub field: String,
    /// Over how many columns of its section it reaches; more than there are is all of them.
    #[serde(default = "one")]
    #[cfg_attr(feature = "uniffi", uniffi(default = 1))]
    pub width: i32,
    /// Whether it begins a row.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub begins_row: bool,
    /// Whether it is shown, not asked for. Rights are another thing: who may edit the field edits it elsewhere.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub read_only: bool,
    /// Whether a new record must have it, and none may lose it, as far as who enters it may give it. In the layout of
    /// [`FormPurpose::Create`], for every way in which people enter records; custom fields say it themselves. Not of what every
    /// record has anyway or is made, nor of what some can't have, such as a company's birthday.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub required: bool,
}

/// As serde takes it.
fn one() -> i32 {
    1
}

impl LayoutField {
    /// A field of one column.
    pub fn new(field: impl Into<String>) -> Self {
        LayoutField { field: field.into(), width: 1, begins_row: false, read_only: false, required: false }
    }

    /// The same over several columns.
    #[must_use]
    pub fn wide(self, width: i32) -> Self {
        LayoutField { width, ..self }
    }

    /// The same, and a new record must have it.
    #[must_use]
    pub fn required(self) -> Self {
        LayoutField { required: true, ..self }
    }
}

/// A section 分区 of a layout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct LayoutSection {
    /// Its key, at most 40 small letters, digits and `_`; `basic` 基本信息, `details` 客户详情, `contact` 联系人详情,
    /// `money` 金额 and `more` 其他信息 have a title by themselves.
    pub key: String,
    /// Its title, at most 60 characters; absent: that of its key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub title: Option<String>,
    /// How many columns it has, 1 to 4.
    #[serde(default = "one")]
    #[cfg_attr(feature = "uniffi", uniffi(default = 1))]
    pub columns: i32,
    /// Whether it is folded away at first.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub folded: bool,
    /// Its fields, in their order.
    pub fields: Vec<LayoutField>,
}

/// The layout of a form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct Layout {
    /// Of what records.
    pub of: Customized,
    /// What the form is for.
    pub purpose: FormPurpose,
    /// Its sections, in their order.
    pub sections: Vec<LayoutSection>,
    /// Fields that it does not show.
    #[serde(default)]
    pub left_out: Vec<String>,
    /// Whether it is the one that every organisation has at first.
    #[serde(default)]
    pub standard: bool,
    /// The version; 0 of a standard one.
    #[serde(default)]
    pub version: i64,
}

plain_record!(Layout, &LAYOUT, |layout| format!("{}/{}", layout.of.as_str(), layout.purpose.word()));

impl Layout {
    /// Every field that it names, in order.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &LayoutField> {
        self.sections.iter().flat_map(|section| &section.fields)
    }
}
