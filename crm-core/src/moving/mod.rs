//! Moving house 搬家: an organisation as one file, out of one store and into another.
//!
//! The file is JSON Lines in UTF-8. First a header: format, version, organisation, kinds with their columns. Then a
//! line for each row, `[kind, id, version, [values], body]`, kind by kind in the order of the header, each in the order of
//! its ids; bytes are in Base64. Last a footer with the number of rows of each kind and the SHA-256 of all that stands before
//! it. Neither side holds more than some pages of rows.

mod export;
mod import;

pub use export::Afterwards;

use crate::actor::OrgId;
use crate::error::{Error, refusals};
use crate::store::ColumnType;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const FORMAT: &str = "crm-organisation";
const VERSION: i64 = 1;
/// The longest line, in bytes: what is held of one row at the most.
const LONGEST_LINE: usize = 16 * 1024 * 1024;

/// What was moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The organisation.
    pub organisation: OrgId,
    /// How many rows.
    pub rows: i64,
    /// The SHA-256 of the file's rows and header, in hexadecimal digits.
    pub sha256: String,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    format: String,
    version: i64,
    organisation: OrgId,
    kinds: Vec<KindHeader>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KindHeader {
    kind: String,
    columns: Vec<(String, String)>,
}

/// The first two fields of any header, whatever its version.
#[derive(Deserialize)]
struct Claimed {
    format: String,
    version: i64,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Footer {
    rows: BTreeMap<String, i64>,
    sha256: String,
}

impl Header {
    fn of(organisation: OrgId) -> Self {
        let name = |ty| match ty {
            ColumnType::Integer => "integer",
            ColumnType::Text => "text",
            ColumnType::Bytes => "bytes",
        };
        let kinds = crate::KINDS.iter().map(|kind| KindHeader {
            kind: kind.name.to_owned(),
            columns: kind.columns.iter().map(|column| (column.name.to_owned(), name(column.ty).to_owned())).collect(),
        });
        Header { format: FORMAT.to_owned(), version: VERSION, organisation, kinds: kinds.collect() }
    }
}

refusals! {
    /// Refusals of the import.
    pub enum MovingRefusal {
        /// The file is of a newer format, or its kinds are not those of this version of the library.
        OtherVersion = "export_of_other_version", "The file was exported by another version of the library", "该文件由其他版本导出";
        /// A line is not what it should be.
        Malformed { line, problem } = "export_malformed", "The file is not a sound export", "该文件不是有效的导出文件";
        /// The file ends before its footer.
        Truncated = "export_truncated", "The file is not complete", "该文件不完整";
        /// The checksum or the counts are not those of the rows.
        Damaged = "export_damaged", "The file is damaged: its checksum is wrong", "该文件已损坏：校验和不符";
    }
}

fn io(error: &std::io::Error) -> Error {
    Error::Unavailable { reason: format!("the file of the export: {error}"), retryable: false }
}
