//! Exports 导出 (Q5): lists as rows of texts, as their viewer sees them, each written down.
//!
//! An export goes page by page: the row of the export keeps how far it has come, so that what it says of the number of rows is what was
//! given, whatever becomes of who asked. What a page holds goes by the rights of the moment in which it is asked for.

mod cells;
mod commands;
mod defuse;
mod lists;

pub use crate::id::ExportId;
pub use commands::{ExportLogPage, ExportRefusal, ExportRows};
pub use defuse::{defused, restored};
pub(crate) use lists::{EXPORT_RIGHTS, labels};

use crate::contact::ContactFilter;
use crate::contract::ContractQuery;
use crate::customer::CustomerQuery;
use crate::error::{Error, Language};
use crate::follow_up::FollowUpQuery;
use crate::payment::{InstalmentQuery, ReceiptQuery};
use crate::product::ProductQuery;
use crate::record::{Columns, Record};
use crate::store::{Column, ColumnType, Index, Kind, StoreError, Value};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The migration of the room.
const SINCE: i32 = 18;

/// Exports by id. They are kept: who took what along is asked late.
pub(crate) static EXPORT: Kind = Kind {
    name: "export",
    columns: &[
        Column { since: SINCE, ..Column::projected("person", ColumnType::Text) },
        Column { since: SINCE, ..Column::projected("at", ColumnType::Integer) },
    ],
    indexes: &[
        Index { since: SINCE, ..Index::on("person", &["person", "at"]) },
        Index { since: SINCE, ..Index::on("at", &["at"]) },
    ],
    since: SINCE,
};

/// The most rows of an export, unless the settings say something else.
pub(crate) const ROWS: i32 = 100_000;
/// The most that they may say: so many go on a sheet of a workbook, below the row of headers.
pub(crate) const MOST_ROWS: i32 = 1_048_575;
/// The most columns.
const MOST_COLUMNS: usize = 400;
/// Rows on a page where nobody says.
const PAGE: i32 = 500;
/// Rows on a page, at the most.
pub(crate) const MOST_ON_PAGE: i32 = 5_000;

/// What to export: exactly one of the lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct ExportInput {
    /// A list of customers; needs the right `customer.export`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub customers: Option<CustomerQuery>,
    /// Contacts; needs the right `contact.export`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub contacts: Option<ContactFilter>,
    /// Follow-ups; needs the right `follow_up.export`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub follow_ups: Option<FollowUpQuery>,
    /// Contracts; needs the right `contract.export`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub contracts: Option<ContractQuery>,
    /// Receipts; needs the right `payment.export`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub receipts: Option<ReceiptQuery>,
    /// Instalments; needs the right `payment.export`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub instalments: Option<InstalmentQuery>,
    /// Products; needs the right `product.export`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub products: Option<ProductQuery>,
    /// The columns in their order, at most 400: names of fields, of customers, contacts, follow-ups and contracts also `custom.` with the key of
    /// a custom field. None: all that the exporter reads. A field that he sees masked is no column.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub columns: Vec<String>,
    /// The language of headers and of what stands for codes.
    pub language: Language,
    /// Rows on a page, 1 to 5,000. Long ones cost less a row, above all where many people's records are exported.
    #[serde(default = "page_size")]
    #[cfg_attr(feature = "uniffi", uniffi(default = 500))]
    pub page_size: i32,
}

fn page_size() -> i32 {
    PAGE
}

impl ExportInput {
    /// Of no list yet, in a language.
    pub fn in_language(language: Language) -> Self {
        ExportInput {
            customers: None,
            contacts: None,
            follow_ups: None,
            contracts: None,
            receipts: None,
            instalments: None,
            products: None,
            columns: Vec::new(),
            language,
            page_size: PAGE,
        }
    }
}

/// An export 导出记录.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct Export {
    /// The id.
    pub id: ExportId,
    /// The list, by the name that it has in [`ExportInput`]: `customers`, `contacts`, ...
    pub list: String,
    /// Who exported.
    pub person: String,
    /// When he began.
    pub at: Timestamp,
    /// What was asked of the list, as JSON; empty for who does not read or edit every field.
    pub filter: String,
    /// The columns.
    pub columns: Vec<ExportColumn>,
    /// How many rows were given so far.
    pub rows: i64,
    /// How many rows are given at the most.
    pub limit: i64,
    /// Whether the list had more rows than that.
    pub capped: bool,
    /// When the last row was given, or the exporter ended it; absent: neither.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// The version.
    #[serde(default)]
    pub version: i64,
}

/// A column of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct ExportColumn {
    /// The name of the field.
    pub name: String,
    /// The header.
    pub label: String,
    /// Whether its cells are plain numbers, or empty.
    pub number: bool,
}

impl crate::access::Redact for Export {
    fn redact(&mut self, access: &crate::access::Access<'_>) {
        // It may tell by which values of fields a list was narrowed.
        if access.restricts_fields() {
            self.filter.clear();
        }
    }
}

/// An export as it is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Stored {
    export: Export,
    language: Language,
    page_size: i32,
    /// How many pages were given.
    pages: i32,
    /// The marker of the page that was given last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last: Option<String>,
    /// The rows before that page.
    before: i64,
    /// When that page was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    given: Option<Timestamp>,
    /// The marker of the next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl Stored {
    /// What was asked for, out of what the log tells of it: the query is kept once.
    fn input(&self) -> Result<ExportInput, Error> {
        fn query<T: serde::de::DeserializeOwned>(filter: &str) -> Result<Option<T>, Error> {
            let unreadable = |error: serde_json::Error| {
                StoreError::Corrupt(format!("the query of an export can't be read: {error}"))
            };
            Ok(Some(serde_json::from_str(filter).map_err(unreadable)?))
        }
        let filter = self.export.filter.as_str();
        let mut input = ExportInput { page_size: self.page_size, ..ExportInput::in_language(self.language) };
        match self.export.list.as_str() {
            "customers" => input.customers = query(filter)?,
            "contacts" => input.contacts = query(filter)?,
            "follow_ups" => input.follow_ups = query(filter)?,
            "contracts" => input.contracts = query(filter)?,
            "receipts" => input.receipts = query(filter)?,
            "instalments" => input.instalments = query(filter)?,
            "products" => input.products = query(filter)?,
            // Then there is no list, which is refused.
            _ => {}
        }
        Ok(input)
    }
}

impl Record for Stored {
    const KIND: &'static Kind = &EXPORT;

    fn key(&self) -> String {
        self.export.id.to_string()
    }

    fn version(&self) -> i64 {
        self.export.version
    }

    fn columns(&self) -> Vec<Value> {
        vec![self.export.person.as_str().into(), self.export.at.millis().into()]
    }

    fn refresh(&mut self, row: &Columns<'_>) {
        self.export.version = row.version();
    }
}
