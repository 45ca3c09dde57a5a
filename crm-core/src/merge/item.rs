//! How things stood that a merge moved or changed: what it needs to be taken back.

use super::{MergeEffect, MergeItem, SINCE};
use crate::custom_field::SLOTS;
use crate::customer::CustomerId;
use crate::error::Error;
use crate::id::{ContactId, MergeId};
use crate::json;
use crate::record::{Columns, Record};
use crate::sorted::Gather as _;
use crate::store::{Column, ColumnType, Index, Kind, Row, Search, StoreError, Value};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// What a merge keeps, some hundred things to a row, in the order of their keys.
pub(crate) static MERGE_PART: Kind = Kind {
    name: "merge_part",
    columns: &[Column { since: SINCE, ..Column::projected("merge", ColumnType::Text) }],
    indexes: &[Index { since: SINCE, ..Index::on("merge", &["merge"]) }],
    since: SINCE,
};

/// The most bytes of what stands in one row.
const MOST_BYTES: usize = 200_000;

/// One thing that a merge moved, changed, removed or made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Item {
    /// Its kind.
    pub(super) kind: String,
    pub(super) id: String,
    /// Whose it was.
    pub(super) from: CustomerId,
    /// What goes back together or not at all; absent: it stands for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) unit: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) effect: Option<MergeEffect>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) name: String,
    /// The contact that took it up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) into: Option<ContactId>,
    /// The columns that it was moved by, as they were.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) columns: BTreeMap<String, String>,
    /// The row as it was, where more than that changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) before: Option<Image>,
    /// Whether the merge made it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) made: bool,
    /// What the row held before.
    #[serde(skip)]
    pub(super) was: String,
    /// What the row was left as; absent: it was removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) left: Option<String>,
}

/// A row as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Image {
    version: i64,
    values: Vec<serde_json::Value>,
    body: String,
}

impl Image {
    pub(super) fn of(row: &Row) -> Self {
        let value = |value: &Value| match value {
            Value::Integer(integer) => serde_json::Value::from(*integer),
            Value::Text(text) => serde_json::Value::from(text.as_str()),
            Value::Bytes(bytes) => serde_json::Value::from(STANDARD_NO_PAD.encode(bytes)),
        };
        Image { version: row.version, values: row.values.iter().map(value).collect(), body: row.body.clone() }
    }

    /// The row; columns that were added since are given by `now`.
    pub(super) fn row(&self, kind: &'static Kind, id: &str, now: Option<&Row>) -> Result<Row, Error> {
        let corrupt = || Error::from(StoreError::Corrupt(format!("merge: {} {id}", kind.name)));
        let mut values = Vec::with_capacity(kind.columns.len());
        for (place, column) in kind.columns.iter().enumerate() {
            let Some(kept) = self.values.get(place) else {
                let standing = now.and_then(|now| now.values.get(place)).cloned();
                values.push(standing.unwrap_or_else(|| nothing(column.ty)));
                continue;
            };
            values.push(match (column.ty, kept) {
                (ColumnType::Integer, kept) => kept.as_i64().ok_or_else(corrupt)?.into(),
                (ColumnType::Text, kept) => kept.as_str().ok_or_else(corrupt)?.into(),
                (ColumnType::Bytes, kept) => {
                    let bytes = kept.as_str().and_then(|text| STANDARD_NO_PAD.decode(text).ok());
                    Value::Bytes(bytes.ok_or_else(corrupt)?)
                }
            });
        }
        Ok(Row { id: id.to_owned(), version: self.version, values, body: self.body.clone() })
    }
}

fn nothing(ty: ColumnType) -> Value {
    match ty {
        ColumnType::Integer => Value::Integer(0),
        ColumnType::Text => crate::record::text_column(None),
        ColumnType::Bytes => Value::Bytes(Vec::new()),
    }
}

/// What a row holds, but for where it stands: moving it does not change it. Columns that are newer than the merge do not
/// count.
pub(super) fn digest(kind: &'static Kind, row: &Row, columns: usize) -> String {
    let standing: &[&str] = match kind.name {
        "contact" => &["customer", "scope"],
        "receipt" if Columns::of(kind, row).text("contract").is_none() => &["customer", "scope"],
        "relation" => &["first", "second"],
        // Ticks and settings move them.
        "customer" => &["recycling", "received_at", "recycle_warning"],
        _ => &["customer"],
    };
    let mut hash = Sha256::new();
    for (column, value) in kind.columns.iter().zip(&row.values).take(columns) {
        // Custom fields stand in the body; what records are found by is written with the commit, and by ticks.
        if standing.contains(&column.name) || SLOTS.contains(&column.name) {
            continue;
        }
        match value {
            Value::Integer(integer) => hash.update(integer.to_be_bytes()),
            Value::Text(text) => hash.update(text.as_bytes()),
            Value::Bytes(bytes) => hash.update(bytes),
        }
        hash.update([0]);
    }
    hash.update(row.body.as_bytes());
    let hash = hash.finalize();
    STANDARD_NO_PAD.encode(hash.get(..12).unwrap_or_default())
}

impl Item {
    /// What only its place changes of.
    pub(super) fn moved(kind: &'static Kind, row: &Row, from: CustomerId, columns: &[&str]) -> Self {
        let own = Columns::of(kind, row);
        let was = |column: &&str| Some(((*column).to_owned(), own.text(column)?));
        Item {
            columns: columns.iter().filter_map(was).into_map(),
            effect: Some(MergeEffect::Moved),
            ..Item::kept(kind, row, from)
        }
    }

    /// What nothing changes of, but that goes along.
    pub(super) fn kept(kind: &'static Kind, row: &Row, from: CustomerId) -> Self {
        Item {
            kind: kind.name.to_owned(),
            id: row.id.clone(),
            from,
            unit: None,
            effect: None,
            name: String::new(),
            into: None,
            columns: BTreeMap::new(),
            made: false,
            before: None,
            was: digest(kind, row, kind.columns.len()),
            left: Some(digest(kind, row, kind.columns.len())),
        }
    }

    /// What becomes another.
    pub(super) fn changed(kind: &'static Kind, before: &Row, after: &Row, from: CustomerId) -> Self {
        Item {
            before: Some(Image::of(before)),
            effect: Some(MergeEffect::Changed),
            was: digest(kind, before, kind.columns.len()),
            ..Item::kept(kind, after, from)
        }
    }

    /// What goes.
    pub(super) fn removed(kind: &'static Kind, row: &Row, from: CustomerId, effect: Option<MergeEffect>) -> Self {
        Item { before: Some(Image::of(row)), effect, left: None, ..Item::kept(kind, row, from) }
    }

    /// What is made.
    pub(super) fn made(kind: &'static Kind, row: &Row, from: CustomerId) -> Self {
        Item { effect: Some(MergeEffect::Added), made: true, ..Item::kept(kind, row, from) }
    }

    pub(super) fn named(self, name: impl Into<String>) -> Self {
        Item { name: name.into().chars().take(60).collect(), ..self }
    }

    pub(super) fn within(self, unit: impl Into<String>) -> Self {
        Item { unit: Some(unit.into()), ..self }
    }

    pub(super) fn silent(self) -> Self {
        Item { effect: None, ..self }
    }

    /// Whether a row is as the merge left it; `columns` is how many its kind had then.
    pub(super) fn stands_as_left(&self, kind: &'static Kind, row: Option<&Row>, columns: usize) -> bool {
        self.left.as_deref() == row.map(|row| digest(kind, row, columns)).as_deref()
    }

    /// As people are shown it.
    pub(super) fn shown(&self) -> Option<MergeItem> {
        Some(MergeItem {
            record: self.kind.clone(),
            id: self.id.clone(),
            name: self.name.clone(),
            from: self.from,
            effect: self.effect?,
        })
    }
}

/// What stands in a row of [`MERGE_PART`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Part {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) items: Vec<Item>,
    /// What the survivor had of its own, by kind.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) own: BTreeMap<String, Vec<String>>,
    /// How many columns kinds had.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) columns: BTreeMap<String, usize>,
    /// Taken back: what stayed with the survivor.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) stayed: Vec<MergeItem>,
}

impl Part {
    /// The row of a part.
    pub(super) fn row(&self, merge: MergeId, key: &str) -> Result<Row, Error> {
        let body = json::text(self).map_err(|error| StoreError::Corrupt(format!("merge: {error}")))?;
        Ok(Row { id: format!("{merge}/{key}"), version: 1, values: vec![merge.to_string().into()], body })
    }

    /// All that a merge keeps, out of its rows.
    pub(super) fn gathered(rows: &[Row]) -> Result<Self, Error> {
        let mut all = Part::default();
        for row in rows {
            let part: Part = serde_json::from_str(&row.body)
                .map_err(|error| StoreError::Corrupt(format!("merge_part {}: {error}", row.id)))?;
            all.items.extend(part.items);
            all.columns.extend(part.columns);
            all.stayed.extend(part.stayed);
            for (kind, ids) in part.own {
                all.own.entry(kind).or_default().extend(ids);
            }
        }
        Ok(all)
    }
}

/// Cuts a list into rows that stores take.
pub(super) fn cut<T: Serialize + Clone>(
    all: &[T],
    merge: MergeId,
    letter: char,
    part: impl Fn(Vec<T>) -> Part,
) -> Result<Vec<Row>, Error> {
    let mut rows = Vec::new();
    let (mut held, mut size) = (Vec::new(), 0);
    for one in all {
        let text = json::text(one).map_err(|error| StoreError::Corrupt(format!("merge: {error}")))?;
        if size + text.len() > MOST_BYTES && !held.is_empty() {
            let key = format!("{letter}{:05}", rows.len());
            rows.push(part(std::mem::take(&mut held)).row(merge, &key)?);
            size = 0;
        }
        size += text.len();
        held.push(one.clone());
    }
    if !held.is_empty() {
        let key = format!("{letter}{:05}", rows.len());
        rows.push(part(held).row(merge, &key)?);
    }
    Ok(rows)
}

/// The parts of a merge.
pub(crate) fn part_of(merge: MergeId) -> Search {
    Search::of(&MERGE_PART).within("merge", vec![merge.to_string().into()])
}

/// A record with the row that it stands in.
pub(super) struct Standing<R> {
    pub(super) row: Row,
    pub(super) record: R,
}

impl<R: Record> Standing<R> {
    pub(super) fn all(rows: Vec<Row>) -> Result<Vec<Self>, Error> {
        let standing = |row: Row| Ok(Standing { record: R::from_row(&row)?, row });
        rows.into_iter().map(standing).collect()
    }
}
