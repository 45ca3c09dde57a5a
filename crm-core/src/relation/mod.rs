//! Relations 关联客户 between customers (C3).

mod commands;

pub(crate) use commands::{MOST_ABOVE, RELATIONS_UNDER, parents_guard, relations_of};
pub use commands::{RelationRefusal, RelationView};

use crate::dictionary::EntryCode;
use crate::id::{CustomerId, RelationId};
use crate::organisation::unique_key_id;
use crate::record::{Columns, Record};
use crate::store::{Column, ColumnType, Index, Kind, Value};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Relations by id; `hierarchical` is 1 where the first customer is the parent of the second.
pub(crate) static RELATION: Kind = Kind {
    name: "relation",
    columns: &[
        Column::live("first", ColumnType::Text),
        Column::live("second", ColumnType::Text),
        Column::projected("hierarchical", ColumnType::Integer),
    ],
    indexes: &[Index::on("first", &["first"]), Index::on("second", &["second"])],
    since: 1,
};

/// A relation between two customers, as it stands in its row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Relation {
    pub(crate) id: RelationId,
    pub(crate) first: CustomerId,
    pub(crate) second: CustomerId,
    pub(crate) kind: EntryCode,
    #[serde(default)]
    pub(crate) hierarchical: bool,
    #[serde(default)]
    pub(crate) note: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) created_by: String,
    #[serde(default)]
    pub(crate) version: i64,
}

impl Relation {
    /// A relation stands once, from whichever end it was made; one with two directions once per
    /// direction.
    pub(crate) fn unique_key_id(&self) -> String {
        unique_key_id("relation", &format!("{}:{}:{}", self.first, self.second, self.kind))
    }
}

impl Record for Relation {
    const KIND: &'static Kind = &RELATION;

    fn key(&self) -> String {
        self.id.to_string()
    }
    fn version(&self) -> i64 {
        self.version
    }
    fn columns(&self) -> Vec<Value> {
        vec![self.first.to_string().into(), self.second.to_string().into(), i64::from(self.hierarchical).into()]
    }
    fn refresh(&mut self, row: &Columns<'_>) {
        self.version = row.version();
        let customer = |column: &str| row.text(column).and_then(|id| id.parse().ok());
        self.first = customer("first").unwrap_or(self.first);
        self.second = customer("second").unwrap_or(self.second);
    }
}
