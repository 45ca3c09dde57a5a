//! Bare prepared statements over a pool of sqlx.

use crate::Result;
use crate::setup::ORG;
use crm_core::store::sql::server::Server;
use crm_core::store::sql::server::sqlx::{self, AssertSqlSafe, Connection as _, MySql, Pool, Postgres};
use crm_core::store::{Kind, Row, Value};
use std::future::Future;
use std::sync::Arc;

/// What the bench itself says to a server.
pub trait Bare: Server + Sized {
    const WORD: &'static str;
    const VARIABLE: &'static str;
    const START: &'static str;
    const SHARED: &'static str;
    /// As it runs by default where commits wait for the disk.
    const DURABLE: &'static str;
    fn quote(name: &str) -> String;
    fn placeholder(place: usize) -> String;
    fn drop_index(table: &str, index: &str) -> String;
    fn analyse(table: &str) -> String;
    fn run(
        connection: &mut Self::Connection,
        sql: Arc<str>,
        values: Vec<Value>,
    ) -> impl Future<Output = std::result::Result<usize, sqlx::Error>> + Send;
    fn say(
        connection: &mut Self::Connection,
        sql: Arc<str>,
    ) -> impl Future<Output = std::result::Result<(), sqlx::Error>> + Send;
    fn text(
        connection: &mut Self::Connection,
        sql: &'static str,
    ) -> impl Future<Output = std::result::Result<String, sqlx::Error>> + Send;
}

macro_rules! bare {
    ($server:ty) => {
        async fn run(
            connection: &mut Self::Connection,
            sql: Arc<str>,
            values: Vec<Value>,
        ) -> std::result::Result<usize, sqlx::Error> {
            let mut query = sqlx::query::<$server>(AssertSqlSafe(sql));
            for value in values {
                query = match value {
                    Value::Integer(integer) => query.bind(integer),
                    Value::Text(text) => query.bind(text),
                    Value::Bytes(bytes) => query.bind(bytes),
                };
            }
            query.fetch_all(connection).await.map(|rows| rows.len())
        }

        async fn say(connection: &mut Self::Connection, sql: Arc<str>) -> std::result::Result<(), sqlx::Error> {
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(drop)
        }

        async fn text(
            connection: &mut Self::Connection,
            sql: &'static str,
        ) -> std::result::Result<String, sqlx::Error> {
            sqlx::query_scalar::<$server, String>(sql).fetch_one(connection).await
        }
    };
}

impl Bare for Postgres {
    const WORD: &'static str = "postgres";
    const VARIABLE: &'static str = "CRM_POSTGRES_URL";
    const START: &'static str = "BEGIN";
    const SHARED: &'static str = " FOR SHARE";
    const DURABLE: &'static str =
        "SELECT current_setting('fsync') || ', synchronous_commit ' || current_setting('synchronous_commit')";
    fn quote(name: &str) -> String {
        format!("\"{name}\"")
    }
    fn placeholder(place: usize) -> String {
        format!("${place}")
    }
    fn drop_index(table: &str, index: &str) -> String {
        format!("DROP INDEX {table}_{index}")
    }
    fn analyse(table: &str) -> String {
        format!("VACUUM ANALYZE {table}")
    }
    bare!(Postgres);
}

impl Bare for MySql {
    const WORD: &'static str = "mariadb";
    const VARIABLE: &'static str = "CRM_MYSQL_URL";
    const START: &'static str = "START TRANSACTION";
    const SHARED: &'static str = " LOCK IN SHARE MODE";
    const DURABLE: &'static str = "SELECT CONCAT('innodb_flush_log_at_trx_commit ', @@innodb_flush_log_at_trx_commit)";
    fn quote(name: &str) -> String {
        format!("`{name}`")
    }
    fn placeholder(_: usize) -> String {
        "?".to_owned()
    }
    fn drop_index(table: &str, index: &str) -> String {
        format!("DROP INDEX {table}_{index} ON {table}")
    }
    fn analyse(table: &str) -> String {
        format!("ANALYZE TABLE {table}")
    }
    bare!(MySql);
}

fn alone() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

/// Runs texts one after the other.
pub fn statements<S: Bare>(url: &str, texts: &[String]) -> Result<()> {
    alone()?.block_on(async {
        let mut connection = S::Connection::connect(url).await?;
        for text in texts {
            S::say(&mut connection, text.as_str().into()).await?;
        }
        Ok(connection.close().await?)
    })
}

/// `INSERT` of so many rows of a kind.
pub fn insert<S: Bare>(prefix: &str, kind: &Kind, rows: usize) -> Arc<str> {
    let names = ["org_id", "id", "version"].into_iter().chain(kind.columns.iter().map(|column| column.name));
    let names: Vec<String> = names.chain(["body"]).map(S::quote).collect();
    let width = names.len();
    let row = |row: usize| {
        let places: Vec<String> = (1..=width).map(|place| S::placeholder(row * width + place)).collect();
        format!("({})", places.join(", "))
    };
    let places: Vec<String> = (0..rows).map(row).collect();
    format!("INSERT INTO {prefix}{} ({}) VALUES {}", kind.name, names.join(", "), places.join(", ")).into()
}

/// The parameters of [`insert`].
pub fn values(rows: &[Row]) -> Vec<Value> {
    let of = |row: &Row| {
        let first = [Value::from(ORG), Value::from(row.id.as_str()), Value::Integer(row.version)];
        first.into_iter().chain(row.values.iter().cloned()).chain([Value::from(row.body.as_str())]).collect::<Vec<_>>()
    };
    rows.iter().flat_map(of).collect()
}

/// How rows are put into statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statements {
    /// One for each row.
    EachRow,
    /// One for the rows that a command writes into a table.
    EachTable,
}

/// The rows of one command, by their statements.
pub type Command = Vec<(Arc<str>, Vec<Value>)>;

/// The rows of a round as the statements of so many commands.
pub fn commands<S: Bare>(
    prefix: &str,
    rows: &[(&'static Kind, Vec<Row>)],
    commands: usize,
    how: Statements,
) -> Result<Vec<Command>> {
    let mut made: Vec<Command> = vec![Vec::new(); commands];
    for (kind, rows) in rows {
        if rows.len() % commands != 0 {
            return Err(format!("{} rows of {} by {commands} commands", rows.len(), kind.name).into());
        }
        let of_each = rows.len() / commands;
        let together = if how == Statements::EachRow { 1 } else { of_each };
        let sql = insert::<S>(prefix, kind, together);
        for (command, rows) in made.iter_mut().zip(rows.chunks(of_each)) {
            command.extend(rows.chunks(together).map(|rows| (sql.clone(), values(rows))));
        }
    }
    Ok(made)
}

/// Writes the rows of commands, a transaction each, from so many connections at once; how many seconds it took.
pub fn replay<S: Bare>(url: &str, prefix: &str, all: Vec<Command>, connections: usize) -> Result<f64> {
    let runtime = match connections {
        1 => alone()?,
        _ => tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?,
    };
    runtime.block_on(async {
        let pool = sqlx::pool::PoolOptions::<S>::new()
            .max_connections(u32::try_from(connections)?)
            .min_connections(u32::try_from(connections)?)
            .test_before_acquire(false)
            .connect(url)
            .await?;
        let (org, id, shared) = (S::placeholder(1), S::placeholder(2), S::SHARED);
        let check: Arc<str> =
            format!("SELECT version FROM {prefix}organisation WHERE org_id = {org} AND id = {id}{shared}").into();
        let mut shares: Vec<Vec<Command>> = vec![Vec::new(); connections];
        for (place, command) in all.into_iter().enumerate() {
            shares[place % connections].push(command);
        }
        // Each connection has prepared its statements before the clock starts, as those of the library have.
        let mut held = Vec::new();
        for _ in 0..connections {
            let mut connection = pool.acquire().await?;
            let head = vec![Value::from(ORG), Value::from("organisation")];
            S::run(&mut connection, check.clone(), head).await?;
            held.push(connection);
        }
        drop(held);
        let started = std::time::Instant::now();
        let mut tasks = tokio::task::JoinSet::new();
        for share in shares {
            tasks.spawn(write_all::<S>(pool.clone(), check.clone(), share));
        }
        while let Some(done) = tasks.join_next().await {
            done??;
        }
        Ok(started.elapsed().as_secs_f64())
    })
}

async fn write_all<S: Bare>(
    pool: Pool<S>,
    check: Arc<str>,
    share: Vec<Command>,
) -> std::result::Result<(), sqlx::Error> {
    for command in share {
        let mut connection = pool.acquire().await?;
        S::say(&mut connection, S::START.into()).await?;
        let head = vec![Value::from(ORG), Value::from("organisation")];
        S::run(&mut connection, check.clone(), head).await?;
        for (sql, values) in command {
            S::run(&mut connection, sql, values).await?;
        }
        S::say(&mut connection, "COMMIT".into()).await?;
    }
    Ok(())
}

/// The one text that a query answers.
pub fn text<S: Bare>(url: &str, sql: &'static str) -> Result<String> {
    alone()?.block_on(async {
        let mut connection = S::Connection::connect(url).await?;
        let text = S::text(&mut connection, sql).await?;
        connection.close().await?;
        Ok(text)
    })
}
