//! Migrations: numbered by the descriptions' `since`, recorded with a checksum of what was done.

use super::dialect::{Holds, json_set};
use super::{Dialect, Executor, Expected, Outcome, SqlOptions, Statement, TablePrefix, ddl};
use crate::store::{ColumnType, Kind, Repeats, StoreError, Value};
use crate::text::hex;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

/// What opening a store does about its tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Migrate {
    /// Makes them, and brings them up to date.
    #[default]
    Auto,
    /// Refuses tables that are not up to date; changes nothing.
    Verify,
    /// Neither looks at them nor changes them: for a process that knows they are right.
    Off,
}

/// The definitions that lead from migration `from` (0: no tables) to migration `to`, with the
/// records of them, for whoever changes tables by hand: afterwards [`Migrate::Verify`] finds
/// everything done. Numbers beyond the latest migration add nothing.
pub fn schema_ddl(dialect: Dialect, prefix: &TablePrefix, kinds: &[&'static Kind], from: i32, to: i32) -> String {
    let mut text = String::new();
    let mut add = |statement: &str| {
        text.push_str(statement);
        text.push_str(";\n");
    };
    if from < 1 {
        add(&create_record(dialect, prefix));
    }
    for number in from.max(0) + 1..=to.min(ddl::latest(kinds)) {
        let migration = Migration::new(dialect, prefix, kinds, number);
        migration.statements.iter().for_each(|statement| add(statement));
        add(&migration.insert(dialect, prefix, "done"));
    }
    text
}

/// One migration, rendered.
struct Migration {
    number: i32,
    statements: Vec<String>,
    checksum: String,
}

impl Migration {
    fn new(dialect: Dialect, prefix: &TablePrefix, kinds: &[&'static Kind], number: i32) -> Self {
        let statements = ddl::migration(dialect, prefix, kinds, number);
        // Of the description, not of the text: another renderer may set a blank differently.
        let checksum = hex(&Sha256::digest(described(kinds, number).as_bytes()));
        Migration { number, statements, checksum }
    }

    /// Its record. All values are our own digits and letters.
    fn insert(&self, dialect: Dialect, prefix: &TablePrefix, state: &str) -> String {
        let conflict = match dialect {
            Dialect::Mysql | Dialect::Mariadb => "",
            _ => " ON CONFLICT DO NOTHING",
        };
        let (table, columns) = record(dialect, prefix);
        if dialect == Dialect::Dm {
            let (number, checksum, column) = (self.number, &self.checksum, dialect.quote("number"));
            return format!(
                "MERGE INTO {table} USING (SELECT {number} AS \"n\" FROM DUAL) AS \"n\" ON ({table}.{column} = \"n\".\"n\") \
                 WHEN NOT MATCHED THEN INSERT ({columns}) VALUES ({number}, '{checksum}', '{state}')"
            );
        }
        let (verb, number, checksum) = (insert_verb(dialect), self.number, &self.checksum);
        format!("{verb} INTO {table} ({columns}) VALUES ({number}, '{checksum}', '{state}'){conflict}")
    }
}

/// What a migration adds, in a form that only a change of the descriptions changes: not their
/// order, and not a column or index that says it is older than its table, with which it came.
fn described(kinds: &[&'static Kind], number: i32) -> String {
    let mut kinds = kinds.to_vec();
    kinds.sort_by_key(|kind| kind.name);
    let mut text = String::new();
    for kind in kinds {
        let came = |since: i32| since.max(kind.since) == number;
        if came(kind.since) {
            let _ = writeln!(text, "kind {}", kind.name);
        }
        for column in kind.columns.iter().filter(|column| came(column.since)) {
            let _ = writeln!(text, "column {} {} {:?} {}", kind.name, column.name, column.ty, column.live);
            match column.repeats {
                None => {}
                Some(Repeats::Body(member)) => drop(writeln!(text, "repeats {member}")),
                Some(Repeats::Beginning(other)) => drop(writeln!(text, "repeats the beginning of {other}")),
            }
        }
        for index in kind.indexes.iter().filter(|index| came(index.since)) {
            let _ = writeln!(text, "index {} {} {} {}", kind.name, index.name, index.columns.join(","), index.across);
            if let Some(column) = index.present {
                let _ = writeln!(text, "where {column}");
            }
        }
    }
    text
}

fn insert_verb(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Mysql | Dialect::Mariadb => "INSERT IGNORE",
        _ => "INSERT",
    }
}

/// The table of records, and its columns.
fn record(dialect: Dialect, prefix: &TablePrefix) -> (String, String) {
    let columns = ["number", "checksum", "state"].map(|column| dialect.quote(column)).join(", ");
    (dialect.quote(&prefix.table("migration")), columns)
}

fn create_record(dialect: Dialect, prefix: &TablePrefix) -> String {
    let integer = dialect.column_type(Holds::Value(ColumnType::Integer));
    let text = dialect.column_type(Holds::Org);
    let [number, checksum, state] = ["number", "checksum", "state"].map(|column| dialect.quote(column));
    let (table, _) = record(dialect, prefix);
    let options = dialect.table_options().map(|options| format!(" {options}")).unwrap_or_default();
    format!(
        "CREATE TABLE IF NOT EXISTS {table} ( {number} {integer} NOT NULL PRIMARY KEY, \
         {checksum} {text} NOT NULL, {state} {text} NOT NULL ){options}"
    )
}

/// Does what the options say.
pub(super) fn run<E: Executor>(executor: &E, options: &SqlOptions) -> Result<(), StoreError> {
    if options.migrate == Migrate::Off {
        return Ok(());
    }
    let known = ddl::latest(options.kinds);
    let mut found = settled(executor, options)?;
    while found < known {
        if options.migrate == Migrate::Verify {
            return Err(StoreError::NotMigrated { found, known });
        }
        apply(executor, options, found + 1)?;
        // Somebody else may have done it, or more: what counts is what stands there now.
        let now = settled(executor, options)?;
        if now <= found {
            return Err(StoreError::Schema(format!("migration {} leaves no trace", found + 1)));
        }
        found = now;
    }
    Ok(())
}

/// The state of the tables, when nobody is at them: where definitions can't be rolled back, somebody may be right now.
fn settled<E: Executor>(executor: &E, options: &SqlOptions) -> Result<i32, StoreError> {
    let mut before = None;
    loop {
        let problem = match state(executor, options) {
            Err(StoreError::Schema(problem)) if options.migrate == Migrate::Auto => problem,
            state => return state,
        };
        // The same once nobody is at work: it stays. Another one: the next migration began meanwhile.
        if before.as_ref() == Some(&problem) || !waited(executor, &options.prefix)? {
            return Err(StoreError::Schema(problem));
        }
        before = Some(problem);
    }
}

/// Applies one migration, unless another process was faster.
fn apply<E: Executor>(executor: &E, options: &SqlOptions, number: i32) -> Result<(), StoreError> {
    let (dialect, prefix) = (executor.dialect(), &options.prefix);
    let migration = Migration::new(dialect, prefix, options.kinds, number);
    let (table, _) = record(dialect, prefix);
    let (state, column) = (dialect.quote("state"), dialect.quote("number"));
    let done = format!("UPDATE {table} SET {state} = 'done' WHERE {column} = {number}");
    let lock = Lock::new(dialect, prefix);
    let mut statements: Vec<_> = lock.before.into_iter().collect();
    if matches!(dialect, Dialect::Postgres | Dialect::Kingbase) {
        // Of this transaction alone: tables may be large.
        statements.push(plain("SET LOCAL statement_timeout = 0", Expected::Any));
    }
    statements.push(plain(&create_record(dialect, prefix), Expected::Any));
    let recorded = statements.len();
    // Whoever writes the record does the work; everything is rolled back for a second one.
    statements.push(plain(&migration.insert(dialect, prefix, "started"), Expected::Rows(1)));
    statements.extend(lock.recorded);
    statements.extend(migration.statements.iter().map(|sql| plain(sql, Expected::Any)));
    statements.push(plain(&done, Expected::Rows(1)));
    statements.extend(lock.after);
    match executor.write(&statements)? {
        Outcome::Done => Ok(()),
        Outcome::Unexpected { statement } if statement == recorded => Ok(()),
        Outcome::Unexpected { .. } => Err(StoreError::Schema(format!("migration {number} could not be recorded"))),
    }
}

/// What keeps two processes from defining the same table at once.
#[derive(Default)]
struct Lock {
    /// On PostgreSQL two definitions of one name meet as an error, so that the second has to wait.
    /// The lock ends with the transaction.
    before: Option<Statement>,
    /// On MySQL a definition commits, and with it the record that a second one waits for. The lock tells it that
    /// the first lives; it is taken before the record can be seen.
    recorded: Option<Statement>,
    after: Option<Statement>,
}

impl Lock {
    fn new(dialect: Dialect, prefix: &TablePrefix) -> Self {
        match dialect {
            // A definition on DM commits, and a second process finds the record of the first: one at a time.
            Dialect::Sqlite | Dialect::Dm => Lock::default(),
            Dialect::Postgres | Dialect::Kingbase => {
                let name = prefix.table("migration");
                let lock = format!("SELECT CAST(pg_advisory_xact_lock(hashtext('{name}')) AS text)");
                let columns = Arc::new([ColumnType::Text]);
                Lock { before: Some(Statement { columns, ..plain(&lock, Expected::Rows(1)) }), ..Lock::default() }
            }
            Dialect::Mysql | Dialect::Mariadb => {
                let call = |function: &str| one(&format!("SELECT {function}"));
                let name = lock_name(prefix);
                Lock {
                    before: None,
                    recorded: Some(call(&format!("GET_LOCK({name}, 0)"))),
                    after: Some(call(&format!("RELEASE_LOCK({name})"))),
                }
            }
        }
    }
}

/// The name of the lock on MySQL, where locks are those of the whole server.
fn lock_name(prefix: &TablePrefix) -> String {
    format!("CONCAT(DATABASE(), '.{}')", prefix.table("migration"))
}

fn one(sql: &str) -> Statement {
    Statement { columns: Arc::new([ColumnType::Integer]), ..plain(sql, Expected::Rows(1)) }
}

/// Waits for as long as another process is migrating, a minute at the most. False where that can't be:
/// there a migration is there whole or not at all.
fn waited<E: Executor>(executor: &E, prefix: &TablePrefix) -> Result<bool, StoreError> {
    if !matches!(executor.dialect(), Dialect::Mysql | Dialect::Mariadb) {
        return Ok(false);
    }
    let name = lock_name(prefix);
    let ask = one(&format!("SELECT CASE WHEN IS_FREE_LOCK({name}) = 1 THEN 1 ELSE SLEEP(0.2) END"));
    for _ in 0..300 {
        if first_set(executor, ask.clone())?.first().and_then(|row| row.first()) == Some(&Value::Integer(1)) {
            return Ok(true);
        }
    }
    Err(StoreError::Busy("another process migrates the tables".into()))
}

fn plain(sql: &str, expected: Expected) -> Statement {
    Statement { sql: sql.into(), parameters: Vec::new(), columns: Arc::new([]), expected, adds_up: None }
}

/// The greatest migration done, after a look at everything that should be there.
fn state<E: Executor>(executor: &E, options: &SqlOptions) -> Result<i32, StoreError> {
    let (dialect, prefix) = (executor.dialect(), &options.prefix);
    let known = ddl::latest(options.kinds);
    let mut present = tables(first_set(executor, list_tables(dialect, options))?)?;
    let mut recorded = Vec::new();
    if present.keys().any(|(table, _)| *table == prefix.table("migration")) {
        // Asked again together with the records, so that both are of one state.
        let both = [list_tables(dialect, options), list_records(dialect, prefix)];
        let mut sets = executor.read(&both)?.into_iter();
        if let (Some(listed), Some(set)) = (sets.next(), sets.next()) {
            present = tables(listed)?;
            recorded = records(set)?;
        }
    }
    // Told before anything else: what a newer library did, this one can't judge.
    let found = recorded.last().map_or(0, |(number, ..)| *number);
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    for (expected, (number, checksum, state)) in (1..).zip(&recorded) {
        if *number != expected {
            return Err(StoreError::Schema(format!("migration {expected} is not recorded")));
        }
        if state != "done" {
            return Err(StoreError::Schema(format!(
                "migration {number} began and did not end: compare the tables with what `schema_ddl` says from {} to \
                 {number}, make them so, run its updates, and set its state in {} to done",
                number - 1,
                prefix.table("migration")
            )));
        }
        if *checksum != Migration::new(dialect, prefix, options.kinds, *number).checksum {
            return Err(StoreError::Schema(format!("migration {number} was another one")));
        }
    }
    for kind in options.kinds {
        let table = prefix.table(kind.name);
        if kind.since > found {
            if present.keys().any(|(name, _)| *name == table) {
                return Err(StoreError::Schema(format!("table {table} is there, but no record of its migration")));
            }
            continue;
        }
        let integer = Holds::Value(ColumnType::Integer);
        let fixed = [("org_id", Holds::Org), ("id", Holds::Value(ColumnType::Text)), ("version", integer)];
        let own = kind.columns.iter().filter(|c| c.since <= found).map(|c| (c.name, Holds::Value(c.ty)));
        for (column, holds) in fixed.into_iter().chain([("body", Holds::Body)]).chain(own) {
            let Some(collation) = present.get(&(table.clone(), column.to_owned())) else {
                return Err(StoreError::Schema(format!("table {table} lacks its column {column}")));
            };
            // By another collation other texts are the same, and lists come in another order.
            let compared = matches!(holds, Holds::Org | Holds::Value(ColumnType::Text));
            if let Some(needed) = dialect.collation().filter(|needed| compared && needed != collation) {
                let mend = dialect.retype(&table, column, holds);
                return Err(StoreError::Schema(format!(
                    "table {table}, column {column}: its collation is {collation}, not {needed}: {mend}"
                )));
            }
        }
    }
    Ok(found)
}

/// Asks for the tables of the store that are there, with their columns and the collations of these.
fn list_tables(dialect: Dialect, options: &SqlOptions) -> Statement {
    let names = options.kinds.iter().map(|kind| kind.name).chain(["migration"]);
    let names: Vec<Value> = names.map(|name| Value::Text(options.prefix.table(name))).collect();
    let sql = match dialect {
        Dialect::Sqlite => {
            "SELECT t.name, c.name, '-' FROM json_each(?) AS n JOIN sqlite_schema AS t ON t.name = n.value \
             JOIN pragma_table_info(t.name) AS c WHERE t.type IN ('table', 'view')"
        }
        Dialect::Postgres | Dialect::Kingbase => {
            "SELECT table_name::text, column_name::text, COALESCE(collation_name::text, '-') FROM information_schema.columns \
             WHERE table_schema = current_schema() \
             AND table_name::text IN (SELECT value FROM json_array_elements_text($1::text::json))"
        }
        Dialect::Mysql | Dialect::Mariadb => {
            "SELECT table_name, column_name, COALESCE(collation_name, '-') FROM information_schema.columns \
             WHERE table_schema = DATABASE() AND JSON_CONTAINS(?, JSON_QUOTE(table_name))"
        }
        Dialect::Dm => {
            "SELECT TABLE_NAME, COLUMN_NAME, '-' FROM ALL_TAB_COLUMNS \
             WHERE OWNER = SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA') AND TABLE_NAME IN \
             (SELECT \"n\".\"value\" FROM JSON_TABLE(?, '$[*]' COLUMNS (\"value\" VARCHAR(764) PATH '$')) AS \"n\")"
        }
    };
    Statement {
        parameters: vec![Value::Text(json_set(&names))],
        columns: Arc::new([ColumnType::Text; 3]),
        ..plain(sql, Expected::Any)
    }
}

/// The collation of each column of each table.
type Columns = BTreeMap<(String, String), String>;

fn tables(set: Vec<Vec<Value>>) -> Result<Columns, StoreError> {
    let column = |row: Vec<Value>| match <[Value; 3]>::try_from(row) {
        Ok([Value::Text(table), Value::Text(column), Value::Text(collation)]) => Ok(((table, column), collation)),
        _ => Err(StoreError::Corrupt("the list of tables".into())),
    };
    set.into_iter().map(column).collect()
}

/// Asks for number, checksum and state of the migrations recorded, in the order of the numbers.
fn list_records(dialect: Dialect, prefix: &TablePrefix) -> Statement {
    let (table, columns) = record(dialect, prefix);
    let number = dialect.quote("number");
    Statement {
        columns: Arc::new([ColumnType::Integer, ColumnType::Text, ColumnType::Text]),
        ..plain(&format!("SELECT {columns} FROM {table} ORDER BY {number}"), Expected::Any)
    }
}

fn records(set: Vec<Vec<Value>>) -> Result<Vec<(i32, String, String)>, StoreError> {
    let record = |row: Vec<Value>| match <[Value; 3]>::try_from(row) {
        Ok([Value::Integer(number), Value::Text(checksum), Value::Text(state)]) => {
            Ok((i32::try_from(number).unwrap_or(i32::MAX), checksum, state))
        }
        _ => Err(StoreError::Corrupt("the record of a migration".into())),
    };
    set.into_iter().map(record).collect()
}

fn first_set<E: Executor>(executor: &E, statement: Statement) -> Result<Vec<Vec<Value>>, StoreError> {
    let mut sets = executor.read(&[statement])?.into_iter();
    sets.next().ok_or_else(|| StoreError::Failed("the executor does not answer".into()))
}

#[cfg(test)]
mod tests {
    use super::described;
    use crate::store::{Column, ColumnType, Index, Kind};

    #[test]
    fn a_kind_that_comes_later_leaves_earlier_migrations_as_they_were() {
        static FIRST: Kind = Kind {
            name: "first",
            columns: &[Column::live("a", ColumnType::Text)],
            indexes: &[Index::on("a", &["a"])],
            since: 1,
        };
        static LATER: Kind = Kind { name: "a_later", since: 2, ..FIRST };
        assert_eq!(described(&[&FIRST], 1), described(&[&LATER, &FIRST], 1));
        assert_eq!(described(&[&FIRST, &LATER], 2), described(&[&LATER, &FIRST], 2));
        assert!(described(&[&LATER], 2).contains("column a_later a"));
    }

    #[test]
    fn the_first_migration_is_frozen() {
        let hash = super::hex(&<sha2::Sha256 as sha2::Digest>::digest(described(crate::KINDS, 1).as_bytes()));
        assert_eq!(
            hash, "5529cf6ec8fabff2e879e65018dc96e3b85303378c9b8070303354411afc4d3e",
            "a released migration never changes: add to the next one"
        );
    }
}
