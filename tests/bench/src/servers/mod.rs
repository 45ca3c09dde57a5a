//! PostgreSQL and MariaDB, named by `CRM_POSTGRES_URL` and `CRM_MYSQL_URL`: creating beside bare statements, 64
//! connections beside one, every view on as many customers as on SQLite. What is made there is dropped again.

mod bare;
mod clients;
mod create;
mod reminders;
mod views;

use crate::{Options, Result};
pub use bare::Bare;
use crm_core::store::sql::server::sqlx::{MySql, Postgres};
use crm_core::store::sql::server::{ServerExecutor, ServerOptions};
use crm_core::store::sql::{SqlOptions, SqlStore, TablePrefix};
use crm_core::store::{Answer, Read, Row, Search, Store};
use crm_core::{Crm, KINDS, OrgId, SystemEnvironment};
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

/// Everything that was asked for, on every server that is named.
pub fn run(options: &Options, dir: &Path) -> Result<()> {
    on::<Postgres>(options, dir)?;
    on::<MySql>(options, dir)
}

fn on<S: Bare>(options: &Options, dir: &Path) -> Result<()> {
    let Some(url) = std::env::var(S::VARIABLE).ok().filter(|url| !url.is_empty()) else {
        eprintln!("servers/*/{}: not measured, {} names no server", S::WORD, S::VARIABLE);
        return Ok(());
    };
    if options.wants(&format!("servers/create/{}", S::WORD)) {
        create::run::<S>(options, &url)?;
    }
    if options.wants(&format!("servers/clients/{}", S::WORD)) {
        clients::run::<S>(options, &url)?;
    }
    if options.wants(&format!("servers/reminders/{}", S::WORD)) {
        reminders::run::<S>(options, &url, dir)?;
    }
    if options.wants(&format!("servers/views/{}", S::WORD)) {
        views::run::<S>(options, &url, dir)?;
    }
    Ok(())
}

/// Tables of one measure, dropped with it.
pub struct Tables<S: Bare> {
    pub store: Arc<SqlStore<ServerExecutor<S>>>,
    pub prefix: String,
    url: String,
    keep: bool,
}

impl<S: Bare> Tables<S> {
    pub fn open(url: &str, prefix: &str, connections: i32) -> Result<Self> {
        let server = ServerOptions { connections, ..ServerOptions::default() };
        let options = SqlOptions { prefix: TablePrefix::new(prefix)?, ..SqlOptions::new(KINDS) };
        let store = Arc::new(SqlStore::connect(url, server, options)?);
        Ok(Tables { store, prefix: prefix.to_owned(), url: url.to_owned(), keep: false })
    }

    /// With the one salesperson of the small measures.
    pub fn small(url: &str, prefix: &str, connections: i32) -> Result<(Crm, Self)> {
        let tables = Tables::<S>::open(url, prefix, connections)?;
        let crm = Crm::new(tables.store.clone(), SystemEnvironment);
        crate::setup::people(&crm)?;
        Ok((crm, tables))
    }
}

impl<S: Bare> Drop for Tables<S> {
    fn drop(&mut self) {
        if !self.keep {
            drop_tables::<S>(&self.url, &self.prefix);
        }
    }
}

fn drop_tables<S: Bare>(url: &str, prefix: &str) {
    let names = KINDS.iter().map(|kind| kind.name).chain(["migration"]);
    let drop = names.map(|name| format!("DROP TABLE IF EXISTS {prefix}{name}")).collect::<Vec<_>>();
    if let Err(error) = bare::statements::<S>(url, &drop) {
        eprintln!("tables {prefix}*: not dropped: {error}");
    }
}

/// Tables that somebody else makes, dropped with what is answered.
pub struct Dropped {
    url: String,
    prefix: &'static str,
}

/// See [`Dropped`].
pub fn dropped(url: &str, prefix: &'static str) -> Dropped {
    Dropped { url: url.to_owned(), prefix }
}

impl Drop for Dropped {
    fn drop(&mut self) {
        match self.url.starts_with("postgres") {
            true => drop_tables::<Postgres>(&self.url, self.prefix),
            false => drop_tables::<MySql>(&self.url, self.prefix),
        }
    }
}

/// A prefix that only this process has.
fn prefix(word: &str) -> String {
    format!("{word}{:x}_", std::process::id())
}

/// Rows of each kind that came since the last look.
#[derive(Default)]
pub struct Seen(HashSet<(&'static str, String)>);

impl Seen {
    pub fn fresh(&mut self, store: &dyn Store) -> Result<Vec<(&'static crm_core::store::Kind, Vec<Row>)>> {
        let org = OrgId::new(crate::setup::ORG)?;
        let mut all = Vec::new();
        for kind in KINDS {
            let mut search = Search::of(kind).limited(2_000);
            let mut fresh = Vec::new();
            loop {
                let answer = store.read(&org, &[Read::Find(search.clone())])?.into_iter().next();
                let Some(Answer::Rows(rows)) = answer else { return Err("no rows were answered".into()) };
                let full = rows.len() as i64 >= search.limit;
                search.after = rows.last().map(|last| (None, last.id.clone()));
                fresh.extend(rows.into_iter().filter(|row| self.0.insert((kind.name, row.id.clone()))));
                if !full {
                    break;
                }
            }
            if !fresh.is_empty() {
                all.push((*kind, fresh));
            }
        }
        Ok(all)
    }
}

/// Whether commits wait for the disk, as the server says.
fn durable<S: Bare>(url: &str) -> Result<String> {
    Ok(format!("{}: {}", S::WORD, bare::text::<S>(url, S::DURABLE)?))
}
