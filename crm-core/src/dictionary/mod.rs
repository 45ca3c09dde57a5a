//! Dictionaries 基础数据: the lists that people choose from, which administrators keep.

mod commands;
mod presets;

pub use commands::{DictionaryEntryInput, DictionaryRefusal};
pub(crate) use presets::preset_entries;

use crate::actor::host_id;
use crate::error::{Error, Violation};
use crate::record::plain_record;
use crate::store::Kind;
use crate::text::Checker;
use serde::{Deserialize, Serialize};

host_id! {
    /// The code of a dictionary entry: it stays when the label changes.
    EntryCode, "code"
}

/// Customer level 客户级别.
pub const LEVEL: &str = "level";
/// Sales stage 销售阶段.
pub const STAGE: &str = "stage";
/// Customer source 客户来源.
pub const SOURCE: &str = "source";
/// Industry 行业.
pub const INDUSTRY: &str = "industry";
/// Follow-up method 跟进方式.
pub const METHOD: &str = "method";
/// Kind of relation 关联类型.
pub const RELATION_KIND: &str = "relation_kind";

/// Category of products 商品分类.
pub const PRODUCT_CATEGORY: &str = "product_category";

/// Kind of contract 合同类型.
pub const CONTRACT_KIND: &str = "contract_kind";
/// Payment method 付款方式.
pub const PAYMENT_METHOD: &str = "payment_method";

/// Why a customer goes to the pool 释放原因.
pub const RELEASE_REASON: &str = "release_reason";

/// Every dictionary.
pub const DICTIONARIES: [&str; 10] = [
    LEVEL,
    STAGE,
    SOURCE,
    INDUSTRY,
    METHOD,
    RELATION_KIND,
    PRODUCT_CATEGORY,
    CONTRACT_KIND,
    PAYMENT_METHOD,
    RELEASE_REASON,
];

/// Entries by `dictionary/code`.
pub(crate) static DICTIONARY_ENTRY: Kind = Kind::plain("dictionary_entry");

/// An entry of a dictionary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct DictionaryEntry {
    /// The dictionary: `level`, `stage`, `source`, `industry`, `method`, `relation_kind`, `product_category`,
    /// `contract_kind`, `payment_method` or `release_reason`.
    pub dictionary: String,
    /// The code that records hold.
    pub code: EntryCode,
    /// What people see.
    pub label: String,
    /// Of a kind of relation: its name seen from the other end. A partner is a partner from both
    /// ends, a parent's other end is the subsidiary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inverse_label: Option<String>,
    /// Of a kind of relation: whether the first is the parent of the second, so that no circle
    /// may close.
    #[serde(default)]
    pub hierarchical: bool,
    /// Its place in the list, ascending.
    pub order: i32,
    /// A colour as `#rrggbb`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour: Option<String>,
    /// Whether it is retired: records keep it, nobody chooses it any more.
    #[serde(default)]
    pub retired: bool,
    /// The version.
    #[serde(default)]
    pub version: i64,
}

plain_record!(DictionaryEntry, &DICTIONARY_ENTRY, |entry| format!("{}/{}", entry.dictionary, entry.code));

/// Checks a code that a record shall hold: it exists and, unless the record holds it already, is
/// not retired.
pub(crate) fn check_code(
    check: &mut Checker,
    context: &crate::organisation::Context,
    dictionary: &str,
    field: &str,
    code: Option<&EntryCode>,
    held: Option<&EntryCode>,
) {
    let Some(code) = code.filter(|code| held != Some(code)) else {
        return;
    };
    let entry = context.entry(dictionary, code.as_str());
    if entry.is_none_or(|entry| entry.retired) {
        check.note(Violation::unknown(field));
    }
}
