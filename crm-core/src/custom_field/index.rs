//! What records are found and put in order by: a few columns of their kind, each of which is one field's.
//!
//! Every command comes by here before its commit, so that no room can forget them. They are live: a tick fills them for what was
//! there before the field was, without a new version of anything.

use super::commands::fields_changed;
use super::value::absent;
use super::{CustomFieldRefusal, CustomValue, Customized, FieldIndex, SINCE, StoredField, value_of};
use crate::agenda::{self, Duty, Turn};
use crate::error::{Error, Violation};
use crate::organisation::Context;
use crate::record::{Record, plain_record};
use crate::sorted::Sort as _;
use crate::store::{Change, Column, ColumnType, Index, Kind, Read, Row, Search, StoreError, Value, Write};
use crate::work::{Stop, Work, rows};
use serde::{Deserialize, Serialize};

/// The columns that a kind keeps for its custom fields: customers all of them, contacts and contracts four, follow-ups, of which there are the
/// most, two. Each has an index, which every new record pays for.
pub(crate) const SLOTS: [&str; 8] = ["field1", "field2", "field3", "field4", "field5", "field6", "field7", "field8"];

/// Since when kinds beside customers have some.
pub(crate) const SINCE_ELSEWHERE: i32 = 20;

/// The description of such a column.
pub(crate) const fn slot_column(name: &'static str, since: i32) -> Column {
    Column { since, ..Column::live(name, ColumnType::Bytes) }
}

/// The index of such a column within a scope.
pub(crate) const fn slot_index(name: &'static str, columns: &'static [&'static str], since: i32) -> Index {
    Index { since, ..Index::on(name, columns) }
}

/// These columns of a kind, with their places.
fn slots_of(kind: &Kind) -> impl Iterator<Item = (usize, &'static str)> {
    SLOTS.into_iter().filter_map(|slot| Some((kind.position(slot)?, slot)))
}

/// What a record has in these columns until its commit, which writes what it is found by.
pub(crate) fn no_fields(kind: &Kind) -> impl Iterator<Item = Value> {
    slots_of(kind).map(|_| absent())
}

/// How far the records of before have got the columns of fields that were made filterable, by the kind of records.
pub(crate) static FIELD_WALK: Kind = Kind { since: SINCE, ..Kind::plain("custom_field_walk") };

/// See [`FIELD_WALK`].
#[derive(Debug, Serialize, Deserialize)]
struct Walk {
    /// The kind of records.
    of: Customized,
    /// The last record that has its columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<String>,
    #[serde(default)]
    version: i64,
}

plain_record!(Walk, &FIELD_WALK, |walk| walk.of.as_str().to_owned());

/// Fills columns for the records of before, some at a time.
pub(crate) static INDEX_FIELDS: Duty =
    Duty { kind: "index_fields", run: |work, of| work.walk_for_fields(of), together: None };

/// How many records of before one commit goes through.
const BATCH: i64 = 200;

/// Of the body of a record.
#[derive(Deserialize)]
struct Held {
    #[serde(default)]
    custom: Vec<CustomValue>,
}

pub(super) fn held(row: &Row) -> Result<Vec<CustomValue>, Error> {
    let held: Held = serde_json::from_str(&row.body)
        .map_err(|error| StoreError::Corrupt(format!("the custom fields of {}: {error}", row.id)))?;
    Ok(held.custom)
}

fn column_of(values: &[CustomValue], stored: &StoredField) -> Value {
    value_of(values, stored.field.key.as_str()).map_or_else(absent, super::FieldValue::column)
}

/// The fields of a kind that have a column, with its name.
fn indexed<'c>(context: &'c Context, kind: &Kind) -> Vec<(&'c StoredField, &'static str)> {
    let fields = Customized::of_kind(kind).map(|of| context.fields_of(of)).unwrap_or_default();
    let mut indexed: Vec<_> = fields.iter().filter_map(|stored| Some((stored, *SLOTS.get(stored.slot?)?))).collect();
    // Whatever order the fields have, statements name their columns in one.
    indexed.order_by(|a, b| a.1.cmp(b.1));
    indexed
}

/// A custom field that has a column which is ready, with that.
pub(crate) fn indexed_field<'c>(
    context: &'c Context,
    of: Customized,
    key: &str,
    at: &str,
) -> Result<(&'c StoredField, &'static str), Error> {
    let unknown = || Error::from(Violation::unknown(at));
    let stored = context.field(of, key).ok_or_else(unknown)?;
    if stored.field.index == FieldIndex::Building {
        return Err(CustomFieldRefusal::FieldBuilding { field: stored.field.key.to_string() }.into());
    }
    let column = stored.slot.and_then(|slot| SLOTS.get(slot)).ok_or_else(unknown)?;
    Ok((stored, column))
}

impl Work<'_> {
    /// Writes what records are found by along with them.
    pub(crate) fn index_fields(&mut self) -> Result<(), Error> {
        let context = self.context.clone();
        self.hold_still()?;
        for write in &mut self.changes.writes {
            match write {
                Write::Insert { kind, row } | Write::Put { kind, row } | Write::Restore { kind, row, .. } => {
                    let fields = indexed(&context, kind);
                    let values = if fields.is_empty() { Vec::new() } else { held(row)? };
                    // What comes back from before may have what another field had there.
                    for (place, column) in slots_of(kind) {
                        let field = fields.iter().find(|(_, own)| *own == column);
                        if let Some(own) = row.values.get_mut(place) {
                            *own = field.map_or_else(absent, |(stored, _)| column_of(&values, stored));
                        }
                    }
                }
                Write::Update { kind, row, changes } => {
                    let fields = indexed(&context, kind);
                    if fields.is_empty() {
                        continue;
                    }
                    let values = held(row)?;
                    for (stored, column) in fields {
                        let value = column_of(&values, stored);
                        match changes.iter_mut().find(|(own, _)| *own == column) {
                            // It is still as it was read, or this is decided again.
                            Some((_, Change::Replace(_, after))) => *after = value,
                            Some((_, change)) => *change = Change::Set(value),
                            None => changes.push((column, Change::Set(value))),
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The records of before get the columns of fields that were made filterable: all of them from the beginning.
    pub(super) fn begin_walk(&mut self, of: Customized) -> Result<(), Error> {
        let row = Walk { of, after: None, version: 1 }.to_row()?;
        self.write(Write::Put { kind: &FIELD_WALK, row });
        self.write(agenda::at(self.now, &INDEX_FIELDS, of.as_str()));
        Ok(())
    }

    fn walk_for_fields(&mut self, of: &str) -> Result<Turn, Stop> {
        let context = self.context.clone();
        let Some(of) = Customized::ALL.into_iter().find(|own| own.as_str() == of) else { return Ok(Turn::NotNow) };
        let Some(row) = self.get_one(&FIELD_WALK, of.as_str().to_owned())? else { return Ok(Turn::Done) };
        let walk = Walk::from_row(&row)?;
        let kind = of.kind();
        let mut building = indexed(&context, kind);
        building.retain(|(stored, _)| stored.field.index == FieldIndex::Building);
        let mut search = Search::of(kind).limited(BATCH);
        search.after = walk.after.clone().map(|after| (None, after));
        let found = match building.is_empty() {
            // They are not to be found by it any more.
            true => Vec::new(),
            false => rows(self.read(vec![Read::Find(search)])?.into_iter().next()),
        };
        for row in &found {
            let values = held(row)?;
            let columns = building.iter().map(|(stored, column)| (*column, column_of(&values, stored)));
            let columns: Vec<(&'static str, Value)> = columns.collect();
            let stands = |(column, value): &(&'static str, Value)| {
                kind.position(column).and_then(|place| row.values.get(place)) == Some(value)
            };
            if columns.iter().all(stands) {
                continue;
            }
            let changed = columns.into_iter().map(|(column, value)| (column, Change::Set(value))).collect();
            self.touch(kind, &row.id, Some(row.version), changed);
        }
        if (found.len() as i64) == BATCH {
            let after = found.last().map(|row| row.id.clone());
            self.update(&FIELD_WALK, Walk { after, ..walk }.to_row()?);
            return Ok(Turn::Begun);
        }
        self.write(Write::Delete { kind: &FIELD_WALK, id: row.id, version: walk.version });
        for (stored, _) in &building {
            let mut ready = (*stored).clone();
            ready.field.index = FieldIndex::Ready;
            self.update(&super::CUSTOM_FIELD, ready.to_row()?);
        }
        if !building.is_empty() {
            fields_changed(self)?;
        }
        Ok(Turn::Done)
    }
}
