//! Imports 导入 (Q5): customers with a contact each, out of rows of texts. Each row is entered as a person would enter it: the same rights, the same
//! rules, the same check for duplicates. What became of it is told to whoever imports, and to nobody else.
//!
//! An import goes batch by batch. Its row keeps how far it has come, and each of its rows has a share of one idempotency key: a batch that was
//! interrupted is sent again and creates nothing twice.

mod commands;
mod fields;
mod values;

pub use crate::id::ImportId;
pub use commands::{ImportLogPage, ImportRefusal, ImportReportPage};
pub use fields::{ImportColumns, ImportField};

use crate::id::CustomerId;
use crate::record::{Columns, Record};
use crate::store::{Column, ColumnType, Index, Kind, Value};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The migration of the room.
const SINCE: i32 = 18;

/// Imports by id.
pub(crate) static IMPORT: Kind = Kind {
    name: "import",
    columns: &[
        Column { since: SINCE, ..Column::projected("person", ColumnType::Text) },
        Column { since: SINCE, ..Column::projected("at", ColumnType::Integer) },
    ],
    indexes: &[Index { since: SINCE, ..Index::on("person", &["person", "at"]) }],
    since: SINCE,
};

/// For how many days it is kept what became of rows: what they gave is nobody's but the importer's.
const DAYS: i64 = 90;

/// Rows of imports that became no customer, by import and place.
pub(crate) static IMPORT_ROW: Kind = Kind {
    name: "import_row",
    columns: &[
        Column { since: SINCE, ..Column::projected("import", ColumnType::Text) },
        Column { since: SINCE, ..Column::projected("place", ColumnType::Integer) },
        Column { since: SINCE, ..Column::projected("at", ColumnType::Integer) },
    ],
    indexes: &[
        Index { since: SINCE, ..Index::on("place", &["import", "place"]) },
        Index { since: SINCE, ..Index::on("at", &["at"]) },
    ],
    since: SINCE,
};

/// The most rows of an import.
pub(crate) const MOST_ROWS: i64 = 200_000;
/// The most columns.
pub(crate) const MOST_COLUMNS: usize = 200;
/// The most characters of a cell.
pub(crate) const LONGEST_CELL: i64 = 10_000;

/// An import to begin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct ImportInput {
    /// What the file is called, at most 200 characters.
    pub file: String,
    /// The headers of its columns, 1 to 200, of which no two are the same; a column without one is left out.
    pub headers: Vec<String>,
    /// For each column the name of its field, as [`ImportColumns`] lists them; empty: it is left out. None at all: each column goes to the
    /// field that is called like its header.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub fields: Vec<String>,
    /// Whether it only tells what would become of the rows. What two rows of the file have in common is found by the import itself.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub dry_run: bool,
    /// Why rows are created of whose likeness to others the settings warn, at most 300 characters; absent: such rows are skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub duplicate_reason: Option<String>,
}

/// An import 导入记录.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct Import {
    /// The id.
    pub id: ImportId,
    /// What the file is called.
    pub file: String,
    /// Who imports.
    pub person: String,
    /// When he began.
    pub at: Timestamp,
    /// The headers of the columns.
    pub headers: Vec<String>,
    /// For each column the name of its field; empty: it is left out.
    pub fields: Vec<String>,
    /// Whether it only tells what would become of the rows.
    pub dry_run: bool,
    /// Why rows are created of whose likeness to others the settings warn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicate_reason: Option<String>,
    /// How many rows came so far, blank ones included.
    pub rows: i64,
    /// How many became customers, or would.
    pub created: i64,
    /// How many are like customers that are there, and were left out.
    pub skipped: i64,
    /// How many could not be entered.
    pub failed: i64,
    /// When it was ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// The version.
    #[serde(default)]
    pub version: i64,
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct ImportedRow {
    /// Its place among the rows below the headers, from 1.
    pub place: i64,
    /// The name that it gives, as far as it has one.
    pub name: String,
    /// `created`, `skipped` for one that is like a customer that is there, `failed`, or `blank`.
    pub outcome: String,
    /// The customer that it became; none in a dry run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<CustomerId>,
    /// Why it became none.
    #[serde(default)]
    pub errors: Vec<ImportError>,
}

/// Something that is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct ImportError {
    /// The header of the column; empty: it is about the whole row.
    pub column: String,
    /// The code of a violation or of a refusal.
    pub code: String,
    /// It in English and Chinese, in this order.
    pub texts: Vec<String>,
}

/// What became of the rows of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct ImportAnswer {
    /// One for each row, in their order.
    pub rows: Vec<ImportedRow>,
    /// The import as it stands after them.
    pub so_far: Import,
}

// Of fields it tells what its importer gave himself.
crate::access::nothing_to_redact!(Import, ImportedRow, ImportAnswer, ImportColumns);

impl Record for Import {
    const KIND: &'static Kind = &IMPORT;

    fn key(&self) -> String {
        self.id.to_string()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn columns(&self) -> Vec<Value> {
        vec![self.person.as_str().into(), self.at.millis().into()]
    }

    fn refresh(&mut self, row: &Columns<'_>) {
        self.version = row.version();
    }
}

/// A row that is kept for the report.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Reported {
    import: ImportId,
    at: Timestamp,
    row: ImportedRow,
}

impl Record for Reported {
    const KIND: &'static Kind = &IMPORT_ROW;

    fn key(&self) -> String {
        format!("{}\u{1f}{:08}", self.import, self.row.place)
    }

    fn version(&self) -> i64 {
        1
    }

    fn columns(&self) -> Vec<Value> {
        vec![self.import.to_string().into(), self.row.place.into(), self.at.millis().into()]
    }

    fn refresh(&mut self, _: &Columns<'_>) {}
}
