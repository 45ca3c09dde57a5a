//! Several reads by key as one statement: on a server each statement is a round trip, and more than one need a
//! transaction around them to see one state, which costs two more.

use super::dialect::Dialect;
use super::statements::{Text, Texts};
use super::{Expected, Statement};
use crate::store::{ColumnType, StoreError, Value};
use std::sync::Arc;

/// Up to how many keys a read may have to join others: each number of them is another text.
pub(super) const KEYS: usize = 8;

/// A read: of which kind, and of which keys.
pub(super) type Keyed<'a> = (&'a Texts, &'a [String]);

/// Texts that were rendered, by their kinds and how many keys each has.
pub(super) type Rendered = std::collections::HashMap<Vec<(&'static str, usize)>, Arc<str>>;

/// The columns that all branches share: so many of each type. Branches with fewer fill up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Width {
    integers: usize,
    texts: usize,
    bytes: usize,
}

impl Width {
    fn of(types: &[ColumnType]) -> Self {
        let count = |ty| types.iter().filter(|own| **own == ty).count();
        Width { integers: count(ColumnType::Integer), texts: count(ColumnType::Text), bytes: count(ColumnType::Bytes) }
    }

    fn or(self, other: Width) -> Self {
        Width {
            integers: self.integers.max(other.integers),
            texts: self.texts.max(other.texts),
            bytes: self.bytes.max(other.bytes),
        }
    }

    /// The types in the order in which all branches have them.
    fn types(self) -> impl Iterator<Item = ColumnType> {
        let of = std::iter::repeat_n::<ColumnType>;
        of(ColumnType::Integer, self.integers)
            .chain(of(ColumnType::Text, self.texts))
            .chain(of(ColumnType::Bytes, self.bytes))
    }
}

fn width(of: &[Keyed<'_>]) -> Width {
    of.iter().map(|(texts, _)| Width::of(&texts.row)).fold(Width::default(), Width::or)
}

/// The text of the statement, which depends on the kinds and on how many keys there are of each.
pub(super) fn text(dialect: Dialect, of: &[Keyed<'_>]) -> Arc<str> {
    let width = width(of);
    let mut text = Text::new(dialect, "");
    for (place, (texts, ids)) in of.iter().enumerate() {
        text = text.add(if place == 0 { "SELECT " } else { " UNION ALL SELECT " }).add(&place.to_string());
        for ty in [ColumnType::Integer, ColumnType::Text, ColumnType::Bytes] {
            let columns = texts.names().zip(texts.row.iter()).filter(|(_, own)| **own == ty).map(|(name, _)| name);
            let most = width.types().filter(|shared| *shared == ty).count();
            let have = Width::of(&texts.row).types().filter(|own| *own == ty).count();
            text = columns.fold(text, |text, name| text.add(", ").name("x").add(".").name(name));
            for _ in have..most {
                text = text.add(", ").add(dialect.nothing(ty));
            }
        }
        text = text.add(" FROM ").name(&texts.table).add(" AS ").name("x").add(" WHERE ");
        text = text.name("x").add(".").name("org_id").add(" = ").bind().add(" AND ").name("x").add(".").name("id");
        text = text.add(" IN (").list(ids.iter(), |text, _| text.bind()).add(")");
    }
    text.done()
}

/// The statement.
pub(super) fn statement(sql: Arc<str>, org: &str, of: &[Keyed<'_>]) -> Statement {
    let keys = of.iter().flat_map(|(_, ids)| std::iter::once(org).chain(ids.iter().map(String::as_str)));
    Statement {
        sql,
        parameters: keys.map(Value::from).collect(),
        columns: std::iter::once(ColumnType::Integer).chain(width(of).types()).collect(),
        expected: Expected::Any,
        adds_up: None,
    }
}

/// The rows of each branch, in the columns that its kind has.
pub(super) fn apart(of: &[Keyed<'_>], rows: Vec<Vec<Value>>) -> Result<Vec<Vec<Vec<Value>>>, StoreError> {
    let damaged = || StoreError::Corrupt("a row of several reads can't be told apart".into());
    let width = width(of);
    let mut sets: Vec<Vec<Vec<Value>>> = of.iter().map(|_| Vec::new()).collect();
    for row in rows {
        let mut row = row.into_iter();
        let place = match row.next() {
            Some(Value::Integer(place)) => usize::try_from(place).map_err(|_| damaged())?,
            _ => return Err(damaged()),
        };
        let (texts, _) = of.get(place).ok_or_else(damaged)?;
        let mut integers = row.by_ref().take(width.integers).collect::<Vec<_>>().into_iter();
        let mut strings = row.by_ref().take(width.texts).collect::<Vec<_>>().into_iter();
        let mut bytes = row;
        let own = texts.row.iter().map(|ty| match ty {
            ColumnType::Integer => integers.next(),
            ColumnType::Text => strings.next(),
            ColumnType::Bytes => bytes.next(),
        });
        let own = own.collect::<Option<Vec<_>>>().ok_or_else(damaged)?;
        sets.get_mut(place).ok_or_else(damaged)?.push(own);
    }
    Ok(sets)
}
