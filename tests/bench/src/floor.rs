//! The best that bare statements do for the page of a list and its count: one seek in the index for each scope, the
//! rows of the scopes that can be on the page, merged here; the count out of the index alone, up to the same cap.

use crate::Result;
use crate::setup::ORG;
use crm_core::store::sql::sqlite::rusqlite::types::{Value, ValueRef};
use crm_core::store::sql::sqlite::rusqlite::{Connection, Row};

/// Rows of a page, and one more that tells whether another follows.
const LIMIT: usize = 21;
const CAP: i64 = 10_000;

/// A list as bare statements see it.
#[derive(Debug, Clone)]
pub struct List {
    /// The table, without prefix.
    pub table: &'static str,
    /// The column of the scopes.
    pub scope: &'static str,
    /// The scopes.
    pub scopes: Vec<String>,
    /// The column of the order.
    pub order: &'static str,
    /// Whether the greatest comes first.
    pub descending: bool,
    /// A column that is to be less than a value.
    pub less: Option<(&'static str, i64)>,
    /// Whether it is counted.
    pub counted: bool,
    /// Statements that are run with the page, with one parameter: the ids of a column as a JSON array.
    pub beside: Vec<(usize, &'static str)>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord, Clone)]
enum Key {
    Integer(i64),
    Bytes(Vec<u8>),
}

impl Key {
    fn of(row: &Row<'_>, place: usize) -> Result<Self> {
        Ok(match row.get_ref(place)? {
            ValueRef::Integer(integer) => Key::Integer(integer),
            ValueRef::Blob(bytes) => Key::Bytes(bytes.to_vec()),
            _ => return Err("an order of another type".into()),
        })
    }
}

impl List {
    fn direction(&self) -> &'static str {
        if self.descending { "DESC" } else { "ASC" }
    }

    fn condition(&self) -> String {
        self.less.map_or(String::new(), |(column, bound)| format!(" AND {column} < {bound}"))
    }

    /// Reads the page and the count; how many rows there were.
    pub fn run(&self, db: &Connection) -> Result<(usize, i64)> {
        let mut page: Vec<Vec<Value>> = Vec::with_capacity(LIMIT);
        match self.scopes.as_slice() {
            [scope] => {
                let (table, column, order, way) = (self.table, self.scope, self.order, self.direction());
                // Where the filter stands on another column than the order, its index leads and the page is sorted.
                let lead = match self.less {
                    Some((less, _)) if less != order => format!("+{order} {way}, id {way}"),
                    _ => format!("{order} {way}, id {way}"),
                };
                let sql = format!(
                    "SELECT * FROM crm_{table} WHERE org_id = '{ORG}' AND {column} = ?1{} ORDER BY {lead} LIMIT {LIMIT}",
                    self.condition()
                );
                let mut statement = db.prepare_cached(&sql)?;
                let width = statement.column_count();
                let mut rows = statement.query([scope])?;
                while let Some(row) = rows.next()? {
                    page.push((0..width).map(|place| row.get(place)).collect::<std::result::Result<_, _>>()?);
                }
            }
            _ => self.merge(db, &mut page)?,
        }
        for (column, sql) in &self.beside {
            let ids: Vec<&str> = page
                .iter()
                .filter_map(|row| if let Some(Value::Text(id)) = row.get(*column) { Some(id.as_str()) } else { None })
                .collect();
            let mut statement = db.prepare_cached(sql)?;
            let mut rows = statement.query([serde_json::to_string(&ids)?])?;
            while let Some(row) = rows.next()? {
                std::hint::black_box(row.get::<_, Value>(0)?);
            }
        }
        Ok((page.len(), if self.counted { self.count(db)? } else { 0 }))
    }

    /// The first key of each scope, by one statement out of the index; then the rows of those scopes alone that can
    /// be on the page.
    fn merge(&self, db: &Connection, page: &mut Vec<Vec<Value>>) -> Result<()> {
        let (table, column, order, way) = (self.table, self.scope, self.order, self.direction());
        let (condition, first) = (self.condition(), if self.descending { "max" } else { "min" });
        let scopes = serde_json::to_string(&self.scopes)?;
        let of_scope =
            |scope: &str| format!("FROM crm_{table} WHERE org_id = '{ORG}' AND {column} = {scope}{condition}");
        let sql =
            format!("SELECT v.key, (SELECT {first}({order}) {}) AS head FROM json_each(?1) AS v", of_scope("v.value"));
        let mut heads: Vec<(Key, usize)> = Vec::with_capacity(self.scopes.len());
        let mut statement = db.prepare_cached(&sql)?;
        let mut rows = statement.query([&scopes])?;
        while let Some(row) = rows.next()? {
            if !matches!(row.get_ref(1)?, ValueRef::Null) {
                heads.push((Key::of(row, 1)?, row.get::<_, i64>(0)? as usize));
            }
        }
        drop(rows);
        heads.sort_by(|a, b| if self.descending { b.0.cmp(&a.0) } else { a.0.cmp(&b.0) });
        let last = heads.get(LIMIT - 1).map(|(key, _)| key.clone());
        let sql = format!("SELECT {order}, id {} ORDER BY {order} {way}, id {way} LIMIT {LIMIT}", of_scope("?1"));
        let mut statement = db.prepare_cached(&sql)?;
        let mut found: Vec<(Key, String)> = Vec::new();
        for (place, (key, scope)) in heads.iter().enumerate() {
            if place >= LIMIT && Some(key) != last.as_ref() {
                break;
            }
            let mut rows = statement.query([&self.scopes[*scope]])?;
            while let Some(row) = rows.next()? {
                found.push((Key::of(row, 0)?, row.get(1)?));
            }
        }
        found.sort_by(|a, b| if self.descending { b.cmp(a) } else { a.cmp(b) });
        found.truncate(LIMIT);
        let ids: Vec<&str> = found.iter().map(|(_, id)| id.as_str()).collect();
        let sql = format!(
            "SELECT x.* FROM json_each(?1) AS k CROSS JOIN crm_{table} AS x WHERE x.org_id = '{ORG}' AND x.id = k.value"
        );
        let mut whole = db.prepare_cached(&sql)?;
        let width = whole.column_count();
        let mut rows = whole.query([serde_json::to_string(&ids)?])?;
        while let Some(row) = rows.next()? {
            page.push((0..width).map(|place| row.get(place)).collect::<std::result::Result<_, _>>()?);
        }
        Ok(())
    }

    fn count(&self, db: &Connection) -> Result<i64> {
        let (table, column, condition) = (self.table, self.scope, self.condition());
        let sql = format!(
            "SELECT count(*) FROM (SELECT 1 FROM json_each(?1) AS v CROSS JOIN crm_{table} AS x WHERE x.org_id = '{ORG}' AND x.{column} = v.value{condition} LIMIT {CAP})"
        );
        let mut statement = db.prepare_cached(&sql)?;
        Ok(statement.query_row([serde_json::to_string(&self.scopes)?], |row| row.get(0))?)
    }
}

/// A statement of its own for a list that is no union of scopes.
pub fn statement(db: &Connection, sql: &str) -> Result<usize> {
    let mut statement = db.prepare_cached(sql)?;
    let width = statement.column_count();
    let mut rows = statement.query([])?;
    let mut read = 0;
    while let Some(row) = rows.next()? {
        for place in 0..width {
            std::hint::black_box(row.get::<_, Value>(place)?);
        }
        read += 1;
    }
    Ok(read)
}
