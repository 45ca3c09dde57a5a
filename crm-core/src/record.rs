//! How records become rows and rows records.

use crate::error::Error;
use crate::json;
use crate::store::{Kind, Row, StoreError, Value};
use crate::time::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What a column holds for an instant in the future that is not set: behind every other.
pub(crate) const NEVER: i64 = 9_007_199_254_740_991;
/// What a column holds for an instant in the past that is not set: before every other.
pub(crate) const LONG_AGO: i64 = -9_007_199_254_740_991;
/// What a text column holds for what is absent.
pub(crate) const ABSENT: &str = "-";

/// A record that was removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct Removed {
    /// What it was: `contact`, `relation`, `share`.
    pub record: String,
    /// Its id.
    pub id: String,
}

impl Removed {
    pub(crate) fn new(record: &str, id: impl ToString) -> Self {
        Removed { record: record.to_owned(), id: id.to_string() }
    }
}

/// A record with a kind of its own. The body holds the record as it was last written by an
/// [`Update`](crate::store::Write::Update); columns that are live hold newer values than it.
pub(crate) trait Record: Serialize + DeserializeOwned {
    /// Its kind.
    const KIND: &'static Kind;

    /// The key.
    fn key(&self) -> String;

    /// The version it was read at; 1 for a new one.
    fn version(&self) -> i64;

    /// The columns, in the kind's order.
    fn columns(&self) -> Vec<Value>;

    /// Takes version and live columns over from the row.
    fn refresh(&mut self, row: &Columns<'_>);

    /// As a row, to insert or update.
    fn to_row(&self) -> Result<Row, Error> {
        let body = json::text(self).map_err(|error| StoreError::Corrupt(format!("{}: {error}", Self::KIND.name)))?;
        Ok(Row { id: self.key(), version: self.version(), values: self.columns(), body })
    }

    /// From a row.
    fn from_row(row: &Row) -> Result<Self, Error> {
        let mut record: Self = serde_json::from_str(&row.body)
            .map_err(|error| StoreError::Corrupt(format!("{} {}: {error}", Self::KIND.name, row.id)))?;
        record.refresh(&Columns { kind: Self::KIND, row });
        Ok(record)
    }

    /// From many rows.
    fn from_rows(rows: &[Row]) -> Result<Vec<Self>, Error> {
        rows.iter().map(Self::from_row).collect()
    }
}

/// A record of a kind without columns, with a field `version`.
macro_rules! plain_record {
    ($record:ty, $kind:expr, |$this:ident| $key:expr) => {
        impl $crate::record::Record for $record {
            const KIND: &'static $crate::store::Kind = $kind;

            fn key(&self) -> String {
                let $this = self;
                $key
            }

            fn version(&self) -> i64 {
                self.version
            }

            fn columns(&self) -> Vec<$crate::store::Value> {
                Vec::new()
            }

            fn refresh(&mut self, row: &$crate::record::Columns<'_>) {
                self.version = row.version();
            }
        }
    };
}
pub(crate) use plain_record;

/// The columns of a row by name.
pub(crate) struct Columns<'r> {
    kind: &'static Kind,
    row: &'r Row,
}

impl<'r> Columns<'r> {
    pub(crate) fn of(kind: &'static Kind, row: &'r Row) -> Self {
        Columns { kind, row }
    }

    pub(crate) fn version(&self) -> i64 {
        self.row.version
    }

    pub(crate) fn value(&self, column: &str) -> Option<&Value> {
        self.row.values.get(self.kind.position(column)?)
    }

    pub(crate) fn integer(&self, column: &str) -> i64 {
        self.value(column).and_then(Value::as_integer).unwrap_or_default()
    }

    /// The text, unless it is absent.
    pub(crate) fn text(&self, column: &str) -> Option<String> {
        self.value(column).and_then(Value::as_text).filter(|text| *text != ABSENT).map(str::to_owned)
    }

    /// The instant, unless it is one of the two that stand for none.
    pub(crate) fn instant(&self, column: &str) -> Option<Timestamp> {
        match self.integer(column) {
            NEVER | LONG_AGO => None,
            millis => Some(Timestamp::saturating(millis)),
        }
    }
}

/// The column of a text that may be absent.
pub(crate) fn text_column(text: Option<&str>) -> Value {
    Value::Text(text.unwrap_or(ABSENT).to_owned())
}

/// At most so many bytes, cut at a character's border.
pub(crate) fn bytes_column(text: &str, most: usize) -> Value {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    Value::Bytes(text.as_bytes().get(..end).unwrap_or_default().to_vec())
}
