//! Values that no two records of a kind may have.
//!
//! Customers hold theirs with their other unique values. For all other records every command comes by here before its commit, so that no
//! room can forget them.

use super::{CustomFieldRefusal, CustomValue, Customized, FieldKey, FieldType, FieldValue, value_of};
use crate::duplicate::phone_key;
use crate::error::Error;
use crate::organisation::{Context, UNIQUE_KEY, holder_of, unique_key};
use crate::store::{Kind, Row, Write};
use crate::text::FOLD_VERSION;
use crate::work::{Stop, Work};
use std::collections::{BTreeMap, BTreeSet};

/// What of its custom fields no other record may have: the space of the values, the value, and its field.
pub(crate) fn unique_values(
    of: Customized,
    values: &[CustomValue],
    context: &Context,
) -> Vec<(String, String, FieldKey)> {
    let fields = context.fields_of(of).iter().map(|stored| &stored.field);
    let unique = fields.filter(|field| field.unique).filter_map(|field| {
        let value = value_of(values, field.key.as_str())?;
        // Texts folded by another version are other values.
        let same = match (field.field_type, value) {
            (FieldType::Phone, FieldValue::Text(phone)) => phone_key(phone).unwrap_or_else(|| value.same()),
            _ => value.same(),
        };
        Some((format!("{}_field.{FOLD_VERSION}.{}", of.as_str(), field.key), same, field.key.clone()))
    });
    unique.collect()
}

/// The refusal of a value that another record has, by the key under which it is held.
pub(crate) fn value_taken(key: &str) -> Option<Error> {
    let space = |of: &Customized| key.strip_prefix(of.as_str())?.strip_prefix("_field.");
    let (_, field) = Customized::ALL.iter().find_map(space)?.split_once('.')?;
    let field = field.split([':', '#']).next().unwrap_or_default().to_owned();
    Some(CustomFieldRefusal::ValueTaken { field }.into())
}

/// The rows by which a record holds its unique values, by their keys, each with its field.
fn keys(of: Customized, row: &Row, context: &Context) -> Result<BTreeMap<String, (Row, FieldKey)>, Error> {
    let values = super::index::held(row)?;
    let own = unique_values(of, &values, context).into_iter().map(|(space, value, field)| {
        let key = unique_key(&space, &value, &row.id);
        (key.id.clone(), (key, field))
    });
    Ok(own.collect())
}

/// Of records other than customers.
fn customized(kind: &Kind) -> Option<Customized> {
    Customized::of_kind(kind).filter(|of| *of != Customized::Customer)
}

impl Work<'_> {
    /// Claims the unique values that records get, and gives back those that they have no longer.
    pub(crate) fn hold_unique_fields(&mut self) -> Result<(), Stop> {
        let context = self.context.clone();
        let is_unique = |of: Customized| context.fields_of(of).iter().any(|stored| stored.field.unique);
        if !Customized::ALL.into_iter().any(|of| of != Customized::Customer && is_unique(of)) {
            return Ok(());
        }
        let (mut wanted, mut dropped) = (BTreeMap::new(), BTreeMap::<String, BTreeSet<String>>::new());
        for write in &self.changes.writes {
            let (of, id, after) = match write {
                Write::Insert { kind, row } | Write::Update { kind, row, .. } | Write::Restore { kind, row, .. } => {
                    (customized(kind), &row.id, Some(row))
                }
                Write::Delete { kind, id, .. } => (customized(kind), id, None),
                _ => continue,
            };
            let Some(of) = of else { continue };
            let before = match write {
                Write::Insert { .. } | Write::Restore { .. } => None,
                _ => self.seen(of.kind(), id),
            };
            let of_row = |row: Option<&Row>| row.map(|row| keys(of, row, &context)).transpose();
            let (mut had, has) = (of_row(before)?.unwrap_or_default(), of_row(after)?.unwrap_or_default());
            for (key, (row, field)) in has {
                if had.remove(&key).is_some() {
                    continue;
                }
                if wanted.insert(key, (row, field.clone())).is_some() {
                    return Err(CustomFieldRefusal::ValueTaken { field: field.to_string() }.into());
                }
            }
            for key in had.into_keys() {
                dropped.entry(key).or_default().insert(id.clone());
            }
        }
        let mut ids: Vec<String> = wanted.keys().chain(dropped.keys()).cloned().collect();
        ids.sort();
        ids.dedup();
        if ids.is_empty() {
            return Ok(());
        }
        let standing = self.get(&UNIQUE_KEY, ids)?;
        let mut standing: BTreeMap<String, Row> = standing.into_iter().map(|row| (row.id.clone(), row)).collect();
        let gives = |key: &str, held: &Row| {
            let holder = holder_of(held);
            holder.is_some_and(|holder| dropped.get(key).is_some_and(|from| from.contains(&holder)))
        };
        for (key, (row, field)) in wanted {
            match standing.remove(&key) {
                None => self.insert(&UNIQUE_KEY, row),
                // Whoever had it gives it away with this.
                Some(held) if gives(&key, &held) => {
                    self.update(&UNIQUE_KEY, Row { version: held.version, ..row });
                }
                Some(held) if holder_of(&held) == holder_of(&row) => {}
                Some(_) => return Err(CustomFieldRefusal::ValueTaken { field: field.to_string() }.into()),
            }
        }
        for key in dropped.keys() {
            if let Some(held) = standing.remove(key).filter(|held| gives(key, held)) {
                self.write(Write::Delete { kind: &UNIQUE_KEY, id: held.id, version: held.version });
            }
        }
        Ok(())
    }
}
