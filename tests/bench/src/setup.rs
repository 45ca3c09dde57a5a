//! Stores, organisations and inputs that several measures use.

use crate::Result;
use crm_core::store::sql::SqlOptions;
use crm_core::store::sql::sqlite::{Durability, SqliteOptions, SqliteStore, WriteStats, rusqlite};
use crm_core::store::{Answer, ChangeSet, CommitError, Kind, Read, Store, StoreError};
use crm_core::{Actor, Crm, EntryCode, NewContact, NewCustomer, NewOrganisation, OrgId, PersonInput, SyncMode};
use crm_core::{PositionInput, SystemEnvironment};
use rusqlite::Connection;
use rusqlite::types::Value;
use std::path::Path;
use std::sync::Arc;

/// The organisation of all measures.
pub const ORG: &str = "bench";

/// A store that the bench holds, too.
#[derive(Clone)]
pub struct Shared(pub Arc<SqliteStore>);

impl Store for Shared {
    fn read(&self, org: &OrgId, reads: &[Read]) -> std::result::Result<Vec<Answer>, StoreError> {
        self.0.read(org, reads)
    }
    fn commit(&self, changes: &ChangeSet) -> std::result::Result<(), CommitError> {
        self.0.commit(changes)
    }
    fn due_organisations(
        &self,
        kind: &'static Kind,
        column: &'static str,
        until: i64,
        limit: i64,
    ) -> std::result::Result<Vec<OrgId>, StoreError> {
        self.0.due_organisations(kind, column, until, limit)
    }
    fn concurrent(&self) -> bool {
        self.0.concurrent()
    }
}

impl Shared {
    /// What the writer did.
    pub fn stats(&self) -> WriteStats {
        self.0.executor().write_stats()
    }
}

/// Opens the library's store.
pub fn store(path: &Path, durability: Durability) -> Result<Shared> {
    let file = SqliteOptions { durability, ..SqliteOptions::default() };
    Ok(Shared(Arc::new(SqliteStore::open_file(path, file, SqlOptions::new(crm_core::KINDS))?)))
}

/// A database with one salesperson at a position.
pub fn small(path: &Path, durability: Durability) -> Result<(Crm, Shared)> {
    let store = store(path, durability)?;
    let crm = Crm::new(store.clone(), SystemEnvironment);
    people(&crm)?;
    Ok((crm, store))
}

/// One person of a benchmark has more customers than a salesperson may.
pub fn without_limits(system: &crm_core::Session<'_>) -> Result<()> {
    let mut settings = system.settings()?;
    settings.pool.most_held = 0;
    system.change_settings(settings)?;
    Ok(())
}

/// Founds the organisation of one salesperson at a position.
pub fn people(crm: &Crm) -> Result<()> {
    let system = crm.as_user(&Actor::system(ORG, "bench")?);
    system.create_organisation(NewOrganisation::named("Bench"))?;
    without_limits(&system)?;
    system.sync_people(vec![PersonInput::new("alice", "Alice")?], SyncMode::Delta)?;
    system.sync_positions(vec![PositionInput::new("east", "East", None, &["alice"])?], SyncMode::Delta, false)?;
    Ok(())
}

/// The customer that is created over and over, with one contact: the fields that a quick form has.
pub fn customer(number: usize) -> Result<NewCustomer> {
    Ok(NewCustomer {
        name: format!("杭州云帆科技第{number:08}有限公司"),
        short_name: Some(format!("云帆{number}")),
        level: Some(EntryCode::new("a")?),
        stage: Some(EntryCode::new("contact")?),
        source: Some(EntryCode::new("website")?),
        industry: Some(EntryCode::new("it")?),
        region: Some("浙江省杭州市".into()),
        address: Some("西湖区文三路 478 号华星时代广场 12 楼".into()),
        phones: vec![format!("0571-{number:08}")],
        contacts: vec![NewContact {
            name: "王小明".into(),
            title: Some("采购经理".into()),
            phones: vec![format!("138{number:08}")],
            ..NewContact::default()
        }],
        ..NewCustomer::default()
    })
}

/// A bare connection with the settings of the library's writer.
pub fn bare(path: &Path, synchronous: &str) -> Result<Connection> {
    let connection = Connection::open(path)?;
    connection.set_prepared_statement_cache_capacity(256);
    connection.pragma_update(None, "cache_size", -65_536)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.pragma_update(None, "wal_autocheckpoint", 4_000)?;
    connection.pragma_update(None, "journal_size_limit", 4 * 4_000 * 4_096)?;
    Ok(connection)
}

/// The tables of the library.
fn tables(connection: &Connection) -> Result<Vec<String>> {
    let mut statement = connection
        .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'crm\\_%' ESCAPE '\\'")?;
    let names = statement.query_map([], |row| row.get(0))?;
    Ok(names.collect::<std::result::Result<_, _>>()?)
}

/// How far each table of a file is filled.
pub struct Mark(Vec<(String, i64)>);

/// Rows that the library wrote, to be written again by bare statements.
pub struct Recorded {
    /// A statement for each table, with its rows in the order they came.
    tables: Vec<(String, Vec<Vec<Value>>)>,
    commands: usize,
    /// How many rows of which table a command makes.
    pub shape: serde_json::Value,
}

impl Mark {
    /// Where the file stands now.
    pub fn of(connection: &Connection) -> Result<Self> {
        let mark = |table: String| -> Result<_> {
            let sql = format!("SELECT coalesce(max(rowid), 0) FROM \"{table}\"");
            let rows = connection.query_row(&sql, [], |row| row.get(0))?;
            Ok((table, rows))
        };
        Ok(Mark(tables(connection)?.into_iter().map(mark).collect::<Result<_>>()?))
    }

    /// What so many commands inserted since. Sums, to which all of them add in place, are not among the bare statements:
    /// a command does more than those.
    pub fn since(&self, connection: &Connection, commands: usize) -> Result<Recorded> {
        let mut found = Vec::new();
        let mut shape = serde_json::Map::new();
        for (table, from) in self.0.iter().filter(|(table, _)| !table.starts_with("crm_rollup")) {
            let sql = format!("SELECT * FROM \"{table}\" WHERE rowid > ?1 ORDER BY rowid");
            let mut statement = connection.prepare(&sql)?;
            let width = statement.column_count();
            let names: Vec<String> = statement.column_names().into_iter().map(|name| format!("\"{name}\"")).collect();
            let rows = statement
                .query_map([from], |row| {
                    (0..width).map(|place| row.get(place)).collect::<rusqlite::Result<Vec<Value>>>()
                })?
                .collect::<rusqlite::Result<Vec<_>>>()?;
            if rows.is_empty() {
                continue;
            }
            if rows.len() % commands != 0 {
                return Err(format!("{} rows of {table} by {commands} commands", rows.len()).into());
            }
            shape.insert(table.clone(), (rows.len() / commands).into());
            let places: Vec<String> = (1..=width).map(|place| format!("?{place}")).collect();
            found
                .push((format!("INSERT INTO \"{table}\" ({}) VALUES ({})", names.join(", "), places.join(", ")), rows));
        }
        Ok(Recorded { tables: found, commands, shape: shape.into() })
    }
}

impl Recorded {
    /// Writes the rows by bare prepared statements, so many commands to a transaction; each transaction looks at the
    /// organisation's version as a command does.
    pub fn replay(&self, connection: &Connection, together: usize) -> Result<()> {
        self.replay_with(connection, together, |_| Ok(()))
    }

    /// As [`Recorded::replay`], with what else each command does.
    pub fn replay_with(
        &self,
        connection: &Connection,
        together: usize,
        mut also: impl FnMut(usize) -> Result<()>,
    ) -> Result<()> {
        let mut begin = connection.prepare("BEGIN IMMEDIATE")?;
        let mut commit = connection.prepare("COMMIT")?;
        let mut check =
            connection.prepare("SELECT version FROM crm_organisation WHERE org_id = ?1 AND id = 'organisation'")?;
        let mut inserts = Vec::new();
        for (sql, rows) in &self.tables {
            inserts.push((connection.prepare(sql)?, rows.chunks(rows.len() / self.commands).collect::<Vec<_>>()));
        }
        for command in 0..self.commands {
            if command % together == 0 {
                begin.raw_execute()?;
            }
            check.query_row([ORG], |row| row.get::<_, i64>(0))?;
            for (statement, rows) in &mut inserts {
                for row in rows[command] {
                    for (place, value) in row.iter().enumerate() {
                        statement.raw_bind_parameter(place + 1, value)?;
                    }
                    statement.raw_execute()?;
                }
            }
            also(command)?;
            if (command + 1) % together == 0 || command + 1 == self.commands {
                commit.raw_execute()?;
            }
        }
        Ok(())
    }
}
