//! Definitions of tables and indexes, derived from the descriptions.

use super::dialect::{Holds, name};
use super::{Dialect, TablePrefix};
use crate::store::{Column, ColumnType, Index, Kind, Repeats};
use sea_query::{
    ColumnDef, Expr, Index as Indexes, IndexCreateStatement, MysqlQueryBuilder, PostgresQueryBuilder,
    SqliteQueryBuilder, Table,
};

/// Renders with the builder of a dialect.
macro_rules! render {
    ($dialect:expr, $statement:expr) => {
        match $dialect {
            Dialect::Sqlite | Dialect::Dm => $statement.to_string(SqliteQueryBuilder),
            Dialect::Postgres | Dialect::Kingbase => $statement.to_string(PostgresQueryBuilder),
            Dialect::Mysql | Dialect::Mariadb => $statement.to_string(MysqlQueryBuilder),
        }
    };
}

/// The greatest migration that the descriptions know.
pub(super) fn latest(kinds: &[&Kind]) -> i32 {
    let of = |kind: &&Kind| {
        let columns = kind.columns.iter().map(|c| c.since);
        let indexes = kind.indexes.iter().map(|i| i.since);
        columns.chain(indexes).fold(kind.since, i32::max)
    };
    kinds.iter().map(of).fold(0, i32::max)
}

/// The statements of one migration, in the order of the descriptions: tables made by it, and
/// columns and indexes that it adds to older ones.
pub(super) fn migration(dialect: Dialect, prefix: &TablePrefix, kinds: &[&'static Kind], number: i32) -> Vec<String> {
    let mut statements = Vec::new();
    for kind in kinds.iter().filter(|kind| kind.since <= number) {
        let table = prefix.table(kind.name);
        if kind.since == number {
            statements.push(create_table(dialect, &table, kind));
        } else {
            let added = kind.columns.iter().filter(|c| c.since == number);
            for column in added {
                statements.push(add_column(dialect, &table, column));
                statements.extend(column.repeats.map(|what| fill(dialect, &table, column, what)));
            }
        }
        // What claims to be older than its table came with it.
        let added = kind.indexes.iter().filter(|i| i.since.max(kind.since) == number);
        statements.extend(added.map(|index| create_index(dialect, &table, index)));
    }
    statements
}

fn column(dialect: Dialect, name: &'static str, holds: Holds) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.custom(dialect.column_type(holds)).not_null();
    column
}

fn create_table(dialect: Dialect, table: &str, kind: &Kind) -> String {
    let mut create = Table::create();
    create
        .table(name(table))
        .col(column(dialect, "org_id", Holds::Org))
        .col(column(dialect, "id", Holds::Value(ColumnType::Text)))
        .col(column(dialect, "version", Holds::Value(ColumnType::Integer)));
    for c in kind.columns.iter().filter(|c| c.since <= kind.since) {
        create.col(column(dialect, c.name, Holds::Value(c.ty)));
    }
    create.col(column(dialect, "body", Holds::Body)).primary_key(Indexes::create().col("org_id").col("id"));
    if let Some(options) = dialect.table_options() {
        create.extra(options);
    }
    render!(dialect, create)
}

fn add_column(dialect: Dialect, table: &str, added: &Column) -> String {
    let mut definition = column(dialect, added.name, Holds::Value(added.ty));
    definition.default(Expr::cust(dialect.column_default(added.ty)));
    let mut alter = Table::alter();
    alter.table(name(table)).add_column(definition);
    render!(dialect, alter)
}

/// Has the rows that are there repeat what they have elsewhere.
fn fill(dialect: Dialect, table: &str, column: &Column, what: Repeats) -> String {
    let [table, own] = [table, column.name].map(|name| dialect.quote(name));
    let text = match what {
        Repeats::Body(member) => dialect.body_text(&dialect.quote("body"), member),
        Repeats::Beginning(other) => format!("SUBSTR({}, 1, 1)", dialect.quote(other)),
    };
    // However many there are: other statements of the connection end in time.
    let unlimited = if dialect == Dialect::Mariadb { "SET STATEMENT max_statement_time = 0 FOR " } else { "" };
    format!("{unlimited}UPDATE {table} SET {own} = COALESCE({text}, {})", dialect.column_default(column.ty))
}

fn create_index(dialect: Dialect, table: &str, index: &Index) -> String {
    let mut create: IndexCreateStatement = Indexes::create();
    // In SQLite and PostgreSQL indexes share one space of names with the tables.
    create.name(format!("{table}_{}", index.name)).table(name(table));
    if !index.across {
        create.col("org_id");
    }
    for column in index.columns {
        create.col(*column);
    }
    create.col(if index.across { "org_id" } else { "id" });
    let mut create = render!(dialect, create);
    if let Some((column, nothing)) = index.present.zip(dialect.zero_byte()) {
        create.push_str(&format!(" WHERE {} > {nothing}", dialect.quote(column)));
    }
    create
}
