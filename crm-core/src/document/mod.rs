//! Documents 客户文档 (C5): what the library knows of files that the host keeps.

mod bytes;
mod commands;

#[cfg(feature = "system")]
pub use bytes::DocumentFolder;
pub use bytes::{DocumentBytes, KeptBytes};
pub(crate) use commands::{DOCUMENTS_UNDER, unlink};
pub use commands::{DocumentPage, DocumentsOf, NewDocument};

use crate::customer::CustomerId;
use crate::id::{ContractId, DocumentId};
use crate::record::{Columns, Record, text_column};
use crate::store::{Column, ColumnType, Index, Kind, Value};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The migration that brought the room.
const SINCE: i32 = 4;

/// Documents by id.
pub(crate) static DOCUMENT: Kind = Kind {
    name: "document",
    columns: &[
        Column { name: "customer", ty: ColumnType::Text, live: true, since: SINCE, repeats: None },
        Column { name: "contract", ty: ColumnType::Text, live: true, since: SINCE, repeats: None },
        Column { name: "created_at", ty: ColumnType::Integer, live: false, since: SINCE, repeats: None },
    ],
    indexes: &[
        Index { since: SINCE, ..Index::on("customer", &["customer", "created_at"]) },
        Index { since: SINCE, ..Index::on("contract", &["contract", "created_at"]) },
    ],
    since: SINCE,
};

/// A document of a customer, and perhaps of one of its contracts. Its bytes are where the host keeps them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct Document {
    /// The id.
    pub id: DocumentId,
    /// The customer.
    pub customer: CustomerId,
    /// The contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<ContractId>,
    /// The file's name.
    pub name: String,
    /// The media type, such as `application/pdf`.
    pub media_type: String,
    /// The size in bytes.
    pub size: i64,
    /// The SHA-256 of the bytes, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// Where the host keeps it.
    pub reference: String,
    /// When it was attached.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
    /// The version.
    #[serde(default)]
    pub version: i64,
}

impl Record for Document {
    const KIND: &'static Kind = &DOCUMENT;

    fn key(&self) -> String {
        self.id.to_string()
    }
    fn version(&self) -> i64 {
        self.version
    }
    fn columns(&self) -> Vec<Value> {
        vec![
            self.customer.to_string().into(),
            text_column(self.contract.map(|contract| contract.to_string()).as_deref()),
            self.created_at.millis().into(),
        ]
    }
    fn refresh(&mut self, row: &Columns<'_>) {
        self.version = row.version();
        if let Some(Ok(customer)) = row.text("customer").map(|customer| customer.parse()) {
            self.customer = customer;
        }
        self.contract = row.text("contract").and_then(|contract| contract.parse().ok());
    }
}
