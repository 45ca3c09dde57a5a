//! PostgreSQL and MariaDB as stores under test: a bed takes a set of tables that no other has, emptied, and gives
//! it back. The servers are named by `CRM_POSTGRES_URL` and `CRM_MYSQL_URL`; `tests/servers` starts some. Without them
//! the tests run on the other stores and say so, and fail where `CRM_REQUIRE_SERVERS` is 1.

use crm_core::store::Kind;
use crm_core::store::sql::server::{Server, ServerExecutor, ServerOptions, sqlx};
use crm_core::store::sql::sqlite::{SqliteOptions, SqliteStore};
use crm_core::store::sql::{Executor as _, Expected, SqlOptions, SqlStore, Statement, TablePrefix};
use crm_core::{Crm, KINDS, SystemEnvironment};
use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

/// A store on a server.
pub type ServerStore<S> = SqlStore<ServerExecutor<S>>;

/// A set of tables.
pub struct Set<S: Server> {
    prefix: TablePrefix,
    store: Arc<ServerStore<S>>,
    /// Held by the process that has the set: see [`set_of_before`].
    lock: Option<File>,
}

/// Sets of tables that are free.
type Free<S> = Mutex<Vec<Set<S>>>;

/// A server that tests run on.
pub trait Tested: Server + Sized {
    /// What a bed on it calls itself.
    const STORE: &'static str;
    /// Names its address.
    const VARIABLE: &'static str;
    /// The sets of tables of this process that no bed has.
    fn free() -> &'static Free<Self>;
}

impl Tested for sqlx::Postgres {
    const STORE: &'static str = "postgres";
    const VARIABLE: &'static str = "CRM_POSTGRES_URL";
    fn free() -> &'static Free<Self> {
        static FREE: Free<sqlx::Postgres> = Mutex::new(Vec::new());
        &FREE
    }
}

impl Tested for sqlx::MySql {
    const STORE: &'static str = "mariadb";
    const VARIABLE: &'static str = "CRM_MYSQL_URL";
    fn free() -> &'static Free<Self> {
        static FREE: Free<sqlx::MySql> = Mutex::new(Vec::new());
        &FREE
    }
}

/// The address of a server, if there is one.
pub fn url<S: Tested>() -> Option<String> {
    match std::env::var(S::VARIABLE) {
        Ok(url) if !url.is_empty() => Some(url),
        _ if std::env::var("CRM_REQUIRE_SERVERS").is_ok_and(|set| set == "1") => {
            panic!("{} is not set: start servers with tests/servers", S::VARIABLE)
        }
        _ => {
            static SAID: Once = Once::new();
            SAID.call_once(|| println!("NOT ON SERVERS: {} is not set", S::VARIABLE));
            None
        }
    }
}

/// A prefix that nobody had before: of the process, the moment, and counted.
pub fn prefix() -> TablePrefix {
    static NEXT: AtomicI64 = AtomicI64::new(0);
    let millis = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    let (process, count) = (std::process::id() & 0xffff, NEXT.fetch_add(1, Ordering::Relaxed));
    TablePrefix::new(format!("t{:x}{process:x}{count:x}_", millis & 0xf_ffff)).unwrap()
}

/// A set of tables of a process that has ended, or a name for a new one. Making tables takes seconds, and every file of tests is a process:
/// in the folder that `CRM_TABLE_SETS` names there is a file for each set of a server, locked by who has it.
fn set_of_before(url: &str) -> (TablePrefix, Option<File>) {
    let Some(folder) = std::env::var_os("CRM_TABLE_SETS") else { return (prefix(), None) };
    let folder = Path::new(&folder).join(url.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-"));
    std::fs::create_dir_all(&folder).unwrap();
    for file in std::fs::read_dir(&folder).unwrap() {
        let file = file.unwrap();
        let lock = File::open(file.path()).unwrap();
        if is_free(&lock) {
            return (TablePrefix::new(file.file_name().into_string().unwrap()).unwrap(), Some(lock));
        }
    }
    let prefix = prefix();
    let lock = File::create(folder.join(prefix.as_str())).unwrap();
    // Between the two another process may have taken it: then that one has it.
    if is_free(&lock) { (prefix, Some(lock)) } else { set_of_before(url) }
}

/// Takes a set's file, unless another process has it.
fn is_free(file: &File) -> bool {
    match file.try_lock() {
        Ok(()) => true,
        Err(TryLockError::WouldBlock) => false,
        Err(TryLockError::Error(error)) => panic!("{error}"),
    }
}

/// Opens a store in tables of a prefix, which are made when they are not there.
pub fn open<S: Server>(url: &str, prefix: TablePrefix, kinds: &'static [&'static Kind]) -> ServerStore<S> {
    let server = ServerOptions { connections: 12, connect_timeout: Duration::from_secs(5), ..ServerOptions::default() };
    SqlStore::connect(url, server, SqlOptions { prefix, ..SqlOptions::new(kinds) }).unwrap()
}

/// A CRM with the system's clock on a store by its address: that of a server, or `sqlite:PATH`.
pub fn open_crm(url: &str, prefix: &str) -> Crm {
    let prefix = TablePrefix::new(prefix).unwrap();
    match url.split_once(':') {
        Some(("postgres", _)) => Crm::new(open::<sqlx::Postgres>(url, prefix, KINDS), SystemEnvironment),
        Some(("mysql", _)) => Crm::new(open::<sqlx::MySql>(url, prefix, KINDS), SystemEnvironment),
        Some(("sqlite", path)) => {
            let options = SqlOptions { prefix, ..SqlOptions::new(KINDS) };
            Crm::new(SqliteStore::open_file(path, SqliteOptions::default(), options).unwrap(), SystemEnvironment)
        }
        _ => panic!("{url}"),
    }
}

/// A set of tables for as long as it is held.
pub struct Lease<S: Tested> {
    /// The store in them.
    pub store: Arc<ServerStore<S>>,
    /// What their names begin with.
    pub prefix: TablePrefix,
    lock: Option<File>,
}

impl<S: Tested> Lease<S> {
    /// Empty tables on a server.
    pub fn take(url: &str) -> Self {
        let free = S::free().lock().unwrap().pop();
        let Set { prefix, store, lock } = free.unwrap_or_else(|| {
            let (prefix, lock) = set_of_before(url);
            Set { store: Arc::new(open(url, prefix.clone(), KINDS)), prefix, lock }
        });
        let empty = |kind: &&Kind| Statement {
            sql: format!("DELETE FROM {}{}", prefix.as_str(), kind.name).into(),
            parameters: Vec::new(),
            columns: Arc::new([]),
            expected: Expected::Any,
            adds_up: None,
        };
        let statements: Vec<_> = KINDS.iter().map(empty).collect();
        store.executor().write(&statements).unwrap();
        Lease { store, prefix, lock }
    }
}

impl<S: Tested> Drop for Lease<S> {
    fn drop(&mut self) {
        // A test that failed may have left threads behind that still write: nobody gets them while this process lives.
        if std::thread::panicking() {
            std::mem::forget(self.lock.take());
        } else {
            let (prefix, store) = (self.prefix.clone(), self.store.clone());
            S::free().lock().unwrap().push(Set { prefix, store, lock: self.lock.take() });
        }
    }
}

/// Servers that one test has to itself, whose commits wait for the disk.
pub struct OwnServers {
    directory: tempfile::TempDir,
    variables: Vec<(String, String)>,
    /// The address of PostgreSQL.
    pub postgres: String,
    /// The address of MariaDB.
    pub mysql: String,
}

impl OwnServers {
    /// Starts both, with variables that `tests/servers` knows.
    pub fn start(variables: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        // PostgreSQL runs as somebody else.
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(directory.path(), open).unwrap();
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut own = OwnServers { directory, variables, postgres: String::new(), mysql: String::new() };
        let addresses = own.command("start");
        for line in addresses.lines() {
            match line.trim_start_matches("export ").split_once('=') {
                Some(("CRM_POSTGRES_URL", url)) => own.postgres = url.to_owned(),
                Some(("CRM_MYSQL_URL", url)) => own.mysql = url.to_owned(),
                _ => panic!("{line}"),
            }
        }
        own
    }

    /// Kills both where they stand.
    pub fn crash(&self) {
        self.command("crash");
    }

    /// Starts both on what was left.
    pub fn again(&self) {
        self.command("again");
    }

    fn command(&self, what: &str) -> String {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("servers");
        let mut command = std::process::Command::new(script);
        // Not to a pipe, which the servers would keep open: to a file.
        let out = self.directory.path().join("out");
        command.arg(what).arg(self.directory.path().join("data"));
        command.env_remove("CRM_SERVERS_FAST").envs(self.variables.iter().map(|(name, value)| (name, value)));
        let status = command.stdout(std::fs::File::create(&out).unwrap()).status().unwrap();
        assert!(status.success(), "tests/servers {what}");
        std::fs::read_to_string(out).unwrap()
    }
}

impl Drop for OwnServers {
    fn drop(&mut self) {
        self.command("stop");
    }
}
