//! What servers do to a caller: they go away at the worst moment, have no connection left, wait for locks, are set up
//! for something else. Every answer is typed, nothing is half done, and afterwards it goes on. And the host's own
//! transaction on them.

use crm_core::store::sql::server::sqlx::{self, AssertSqlSafe, Connection as _, MySql, Postgres};
use crm_core::store::sql::server::{Server, ServerOptions};
use crm_core::store::sql::{SqlOptions, SqlStore, TablePrefix};
use crm_core::store::{Answer, ChangeSet, Column, ColumnType, Kind, Read, Repeats, Row, Store as _, StoreError, Write};
use crm_core::{Actor, Crm, CustomerId, Error, NewContact, NewCustomer, SystemEnvironment};
use crm_tests::servers::{Lease, ServerStore, Tested, prefix, url};
use crm_tests::{ORG, code, found, refused};
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What happens to a connection on its way.
const PASS: u8 = 0;
/// It is cut when the client says COMMIT, before the server hears it.
const CUT_BEFORE_COMMIT: u8 = 1;
/// It is cut when the server has answered COMMIT, before the client hears it.
const CUT_AFTER_COMMIT: u8 = 2;
/// Nobody is let in.
const CLOSED: u8 = 3;

/// Stands between the library and a server, cuts connections, and counts how often one side waits for the other.
struct Wire {
    address: SocketAddr,
    mode: Arc<AtomicU8>,
    trips: Arc<AtomicI64>,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl Wire {
    fn to(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (mode, trips, open) = (Arc::new(AtomicU8::new(PASS)), Arc::new(AtomicI64::new(0)), Arc::default());
        let wire = Wire { address, mode: mode.clone(), trips: trips.clone(), open: Arc::clone(&open) };
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                if mode.load(Ordering::SeqCst) == CLOSED {
                    continue;
                }
                let server = TcpStream::connect(&server).unwrap();
                client.set_nodelay(true).unwrap();
                server.set_nodelay(true).unwrap();
                open.lock().unwrap().extend([client.try_clone().unwrap(), server.try_clone().unwrap()]);
                // Whose turn it was: a trip begins when the client speaks after the server.
                let (asked, committing) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
                for (mut from, mut to, from_client) in
                    [(client.try_clone().unwrap(), server.try_clone().unwrap(), true), (server, client, false)]
                {
                    let (mode, trips) = (mode.clone(), trips.clone());
                    let (asked, committing) = (asked.clone(), committing.clone());
                    std::thread::spawn(move || {
                        let mut bytes = [0; 65_536];
                        while let Ok(read @ 1..) = from.read(&mut bytes) {
                            let said = &bytes[..read];
                            if from_client && !asked.swap(true, Ordering::SeqCst) {
                                trips.fetch_add(1, Ordering::SeqCst);
                            }
                            if !from_client {
                                asked.store(false, Ordering::SeqCst);
                            }
                            let commit = said.strip_suffix(b"\0").unwrap_or(said).ends_with(b"COMMIT");
                            if from_client {
                                committing.store(commit, Ordering::SeqCst);
                                if commit && mode.load(Ordering::SeqCst) == CUT_BEFORE_COMMIT {
                                    break;
                                }
                            } else if !from_client
                                && mode.load(Ordering::SeqCst) == CUT_AFTER_COMMIT
                                && committing.load(Ordering::SeqCst)
                            {
                                break;
                            }
                            if to.write_all(said).is_err() {
                                break;
                            }
                        }
                        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
                    });
                }
            }
        });
        wire
    }

    fn set(&self, mode: u8) {
        self.mode.store(mode, Ordering::SeqCst);
    }

    fn cut_all(&self) {
        self.open.lock().unwrap().drain(..).for_each(|stream| drop(stream.shutdown(Shutdown::Both)));
    }

    /// Round trips of what runs.
    fn trips<T>(&self, what: impl FnOnce() -> T) -> (T, i64) {
        let before = self.trips.load(Ordering::SeqCst);
        let done = what();
        (done, self.trips.load(Ordering::SeqCst) - before)
    }
}

/// `user@host:port/database` of a URL, with another place.
fn through(url: &str, wire: &Wire) -> String {
    let (head, place) = url.split_once('@').unwrap();
    format!("{head}@{}/{}", wire.address, place.split_once('/').unwrap().1)
}

fn place(url: &str) -> String {
    url.split_once('@').unwrap().1.split('/').next().unwrap().to_owned()
}

struct Bed<S: Tested> {
    crm: Arc<Crm>,
    store: Arc<ServerStore<S>>,
    wire: Wire,
    url: String,
    prefix: TablePrefix,
}

/// A CRM behind a wire, with alice in it.
fn bed<S: Tested>(options: &ServerOptions) -> Option<Bed<S>> {
    let url = url::<S>()?;
    let wire = Wire::to(place(&url));
    let prefix = prefix();
    let sql = SqlOptions { prefix: prefix.clone(), ..SqlOptions::new(crm_core::KINDS) };
    let store = Arc::new(SqlStore::connect(&through(&url, &wire), options.clone(), sql).unwrap());
    let crm = Arc::new(Crm::new(store.clone(), SystemEnvironment));
    found(&crm, ORG, &[("alice", &[])], &[("agent", None, &["alice"])]);
    Some(Bed { crm, store, wire, url, prefix })
}

fn alice() -> Actor {
    Actor::user(ORG, "alice").unwrap()
}

fn quick() -> ServerOptions {
    ServerOptions {
        connections: 4,
        connect_timeout: Duration::from_millis(700),
        statement_timeout: Duration::from_millis(900),
    }
}

fn create(crm: &Crm, key: &str, name: &str) -> Result<CustomerId, Error> {
    let contacts = vec![NewContact { name: "王经理".into(), ..NewContact::default() }];
    let new = NewCustomer { contacts, ..NewCustomer::named(name) };
    crm.as_user(&alice()).idempotent(key).create_customer(new).map(|made| made.id)
}

fn customers(crm: &Crm) -> usize {
    crm_tests::dump(crm.store(), ORG).lines().filter(|line| line.starts_with("acme customer ")).count()
}

/// Retryable, in other words: the caller may ask again.
fn unavailable<T: std::fmt::Debug>(answer: Result<T, Error>) -> String {
    match answer {
        Err(Error::Unavailable { reason, .. }) => reason,
        other => panic!("unavailable was expected, not {other:?}"),
    }
}

fn goes_away<S: Tested>() {
    let Some(bed) = bed::<S>(&quick()) else { return };
    create(&bed.crm, "first", "first").unwrap();
    // Before: nothing comes through, and it is said in time.
    bed.wire.set(CLOSED);
    bed.wire.cut_all();
    let begun = Instant::now();
    unavailable(create(&bed.crm, "away", "away"));
    assert!(begun.elapsed() < Duration::from_secs(10));
    bed.wire.set(PASS);
    assert_eq!(customers(&bed.crm), 1);
    // In the middle: cut connections are replaced without anybody's doing.
    bed.wire.cut_all();
    create(&bed.crm, "again", "again").unwrap();
    // At the commit, unheard: it did not happen.
    bed.wire.set(CUT_BEFORE_COMMIT);
    unavailable(create(&bed.crm, "unheard", "unheard"));
    bed.wire.set(PASS);
    assert_eq!(customers(&bed.crm), 2);
    let made = create(&bed.crm, "unheard", "unheard").unwrap();
    assert_eq!(create(&bed.crm, "unheard", "unheard").unwrap(), made);
    assert_eq!(customers(&bed.crm), 3);
    // At the commit, with the answer lost: it happened, and the key says so.
    bed.wire.set(CUT_AFTER_COMMIT);
    let told = unavailable(create(&bed.crm, "lost", "lost"));
    assert!(told.contains("not known"), "{told}");
    bed.wire.set(PASS);
    assert_eq!(customers(&bed.crm), 4);
    let made = create(&bed.crm, "lost", "lost").unwrap();
    assert_eq!(bed.crm.as_user(&alice()).customer(made).unwrap().name, "lost");
    assert_eq!(customers(&bed.crm), 4);
}

#[test]
fn h1_postgres_goes_away_before_during_and_after_the_commit() {
    goes_away::<Postgres>();
}

#[test]
fn h1_mariadb_goes_away_before_during_and_after_the_commit() {
    goes_away::<MySql>();
}

/// Somebody holds the row of the organisation.
async fn hold<S: Tested>(url: &str, prefix: &TablePrefix) -> S::Connection
where
    for<'c> &'c mut S::Connection: sqlx::Executor<'c, Database = S>,
{
    let mut connection = S::Connection::connect(url).await.unwrap();
    let lock = format!("SELECT id FROM {}organisation WHERE org_id = '{ORG}' FOR UPDATE", prefix.as_str());
    for sql in ["BEGIN".to_owned(), lock] {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    }
    connection
}

/// `waiting_sql` answers a row when somebody waits for a lock in tables of the prefix. (MariaDB looks anew at who waits
/// only when nobody has asked for a tenth of a second, PostgreSQL within a transaction when it is told to.)
fn waits<S: Tested>(waiting_sql: &str)
where
    for<'c> &'c mut S::Connection: sqlx::Executor<'c, Database = S>,
{
    let options = ServerOptions { connections: 1, statement_timeout: Duration::from_secs(3), ..quick() };
    let Some(bed) = bed::<S>(&options) else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut held = runtime.block_on(hold::<S>(&bed.url, &bed.prefix));
    // A lock that is not given ends with the time of the statement, and says that it may be tried again.
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| create(&bed.crm, "waits", "waits"));
        // And who finds the only connection in use is told so.
        let asks = || AssertSqlSafe(waiting_sql.replace("PREFIX", bed.prefix.as_str()));
        while runtime.block_on(sqlx::raw_sql(asks()).fetch_optional(&mut held)).unwrap().is_none() {
            assert!(!waiting.is_finished(), "nobody waited");
        }
        let told = unavailable(bed.crm.as_user(&alice()).menu());
        assert!(told.contains("connections"), "{told}");
        match waiting.join().unwrap() {
            Err(Error::Unavailable { retryable: true, .. }) => {}
            other => panic!("{other:?}"),
        }
    });
    assert_eq!(customers(&bed.crm), 0);
    runtime.block_on(async { held.close().await.unwrap() });
    create(&bed.crm, "waits", "waits").unwrap();
    assert_eq!(customers(&bed.crm), 1);
}

#[test]
fn h1_a_lock_that_is_not_given_on_postgres_ends_in_time() {
    waits::<Postgres>(
        "DO $$ BEGIN PERFORM pg_stat_clear_snapshot(); END $$; SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%PREFIX%'",
    );
}

#[test]
fn h1_a_lock_that_is_not_given_on_mariadb_ends_in_time() {
    waits::<MySql>(
        "DO SLEEP(0.15); SELECT 1 FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT' AND trx_query LIKE '%PREFIX%'",
    );
}

/// Many processes open tables that nobody made yet: all find them made.
fn opened_by_many<S: Tested>() {
    let Some(url) = url::<S>() else { return };
    let prefix = prefix();
    let open = || {
        let sql = SqlOptions { prefix: prefix.clone(), ..SqlOptions::new(crm_core::KINDS) };
        ServerStore::<S>::connect(&url, ServerOptions { connections: 1, ..ServerOptions::default() }, sql)
    };
    std::thread::scope(|scope| {
        let opening: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
        for opened in opening {
            opened.join().unwrap().unwrap();
        }
    });
}

#[test]
fn h1_tables_that_eight_open_at_once_are_made_once() {
    opened_by_many::<Postgres>();
    opened_by_many::<MySql>();
}

/// A kind, and the same with columns that repeat what its rows have.
const OWNER: Column = Column::live("owner", ColumnType::Text);
static DEAL: Kind = Kind { name: "deal", columns: &[OWNER], indexes: &[], since: 1 };
static DEALS: &[&Kind] = &[&DEAL];
static GROWN_DEAL: Kind = Kind {
    columns: &[
        OWNER,
        Column {
            since: 2,
            repeats: Some(Repeats::Body("currency")),
            ..Column::projected("currency", ColumnType::Text)
        },
        Column { since: 2, repeats: Some(Repeats::Beginning("owner")), ..Column::live("sort", ColumnType::Text) },
    ],
    ..DEAL
};
static GROWN_DEALS: &[&Kind] = &[&GROWN_DEAL];

fn grows<S: Tested>() {
    let Some(url) = url::<S>() else { return };
    let prefix = prefix();
    let open = |kinds| {
        let sql = SqlOptions { prefix: prefix.clone(), ..SqlOptions::new(kinds) };
        ServerStore::<S>::connect(&url, quick(), sql).unwrap()
    };
    let org = crm_core::OrgId::new(ORG).unwrap();
    let bodies =
        [("a", r#"{"currency":"USD","no":1}"#, "USD"), ("b", r#"{"no":2}"#, "-"), ("c", r#"{"name":"\"客户\""}"#, "-")];
    let row = |id: &str, body: &str, currency: Option<&str>| {
        let values = ["ux".into()]
            .into_iter()
            .chain(currency.into_iter().flat_map(|currency| [currency.into(), "u".into()]))
            .collect();
        Row { id: id.into(), version: 1, values, body: body.into() }
    };
    let mut changes = ChangeSet::new(org.clone());
    let inserted = bodies.iter().map(|(id, body, _)| Write::Insert { kind: &DEAL, row: row(id, body, None) });
    changes.writes.extend(inserted);
    open(DEALS).commit(&changes).unwrap();
    let ids = bodies.iter().map(|(id, ..)| (*id).to_owned()).collect();
    let answers = open(GROWN_DEALS).read(&org, &[Read::Get { kind: &GROWN_DEAL, ids }]).unwrap();
    let expected = bodies.iter().map(|(id, body, currency)| row(id, body, Some(currency))).collect();
    assert_eq!(answers, [Answer::Rows(expected)]);
}

#[test]
fn h1_columns_that_repeat_are_filled_on_postgres() {
    grows::<Postgres>();
}

#[test]
fn h1_columns_that_repeat_are_filled_on_mariadb() {
    grows::<MySql>();
}

/// Runs statements as a DBA would.
fn administer<S: Tested>(url: &str, statements: &[String]) -> Result<(), sqlx::Error>
where
    for<'c> &'c mut S::Connection: sqlx::Executor<'c, Database = S>,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut connection = S::Connection::connect(url).await?;
        for sql in statements {
            sqlx::raw_sql(AssertSqlSafe(sql.clone())).execute(&mut connection).await?;
        }
        connection.close().await
    })
}

fn reopened<S: Server>(url: &str, prefix: &TablePrefix) -> Result<(), StoreError> {
    let sql = SqlOptions { prefix: prefix.clone(), ..SqlOptions::new(crm_core::KINDS) };
    SqlStore::connect(url, quick(), sql).map(|_: SqlStore<crm_core::store::sql::server::ServerExecutor<S>>| ())
}

#[test]
fn h1_tables_that_are_not_as_they_should_be_are_refused_with_what_mends_them() {
    if let Some(url) = url::<Postgres>() {
        let prefix = prefix();
        reopened::<Postgres>(&url, &prefix).unwrap();
        let spoil = format!(
            "ALTER TABLE {}customer ALTER COLUMN org_id TYPE VARCHAR(191) COLLATE \"default\"",
            prefix.as_str()
        );
        administer::<Postgres>(&url, &[spoil]).unwrap();
        mended::<Postgres>(&url, &prefix);
        administer::<Postgres>(&url, &[format!("UPDATE {}migration SET state = 'started'", prefix.as_str())]).unwrap();
        half::<Postgres>(&url, &prefix);
        // Another encoding is refused before anything is looked at.
        let name = format!("latin_{}", prefix.as_str());
        administer::<Postgres>(
            &url,
            &[format!("CREATE DATABASE {name} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")],
        )
        .unwrap();
        let latin = format!("{}/{name}", url.rsplit_once('/').unwrap().0);
        assert!(
            matches!(reopened::<Postgres>(&latin, &prefix), Err(StoreError::Engine(text)) if text.contains("LATIN1"))
        );
        let replica = format!("{url}?options=-c%20default_transaction_read_only=on");
        assert!(matches!(reopened::<Postgres>(&replica, &prefix), Err(StoreError::ReadOnly(_))));
        assert!(matches!(
            reopened::<Postgres>("postgres://crm@127.0.0.1:1/crm", &prefix),
            Err(StoreError::CannotOpen(_))
        ));
        let nothing = format!("{}/no_such", url.rsplit_once('/').unwrap().0);
        assert!(matches!(reopened::<Postgres>(&nothing, &prefix), Err(StoreError::CannotOpen(_))));
    }
    if let Some(url) = url::<MySql>() {
        let prefix = prefix();
        reopened::<MySql>(&url, &prefix).unwrap();
        let spoil = format!(
            "ALTER TABLE {}customer MODIFY org_id VARCHAR(64) COLLATE utf8mb4_general_ci NOT NULL",
            prefix.as_str()
        );
        administer::<MySql>(&url, &[spoil]).unwrap();
        mended::<MySql>(&url, &prefix);
        administer::<MySql>(&url, &[format!("UPDATE {}migration SET state = 'started'", prefix.as_str())]).unwrap();
        half::<MySql>(&url, &prefix);
        assert!(matches!(reopened::<MySql>("mysql://crm@127.0.0.1:1/crm", &prefix), Err(StoreError::CannotOpen(_))));
        let nothing = format!("{}/no_such", url.rsplit_once('/').unwrap().0);
        assert!(matches!(reopened::<MySql>(&nothing, &prefix), Err(StoreError::CannotOpen(_))));
    }
}

/// The refusal names the statement that mends the table, and the statement does.
fn mended<S: Tested>(url: &str, prefix: &TablePrefix)
where
    for<'c> &'c mut S::Connection: sqlx::Executor<'c, Database = S>,
{
    let Err(StoreError::Schema(text)) = reopened::<S>(url, prefix) else { panic!("a wrong collation was taken") };
    let mend = text.split_once("ALTER").unwrap_or_else(|| panic!("{text}")).1;
    administer::<S>(url, &[format!("ALTER{mend}")]).unwrap();
    reopened::<S>(url, prefix).unwrap();
}

/// What a killed process left of a migration is said, and not gone on with blindly.
fn half<S: Server>(url: &str, prefix: &TablePrefix) {
    let Err(StoreError::Schema(text)) = reopened::<S>(url, prefix) else { panic!("half a migration was taken") };
    assert!(text.contains("began and did not end"), "{text}");
}

/// The host's row and the CRM's, together or not at all, on both kinds of runtime.
fn lent<S: Tested>()
where
    for<'c> &'c mut S::Connection: sqlx::Executor<'c, Database = S>,
{
    let Some(bed) = bed::<S>(&ServerOptions::default()) else { return };
    let orders = format!("{}orders", bed.prefix.as_str());
    administer::<S>(&bed.url, &[format!("CREATE TABLE {orders} (name VARCHAR(40) NOT NULL PRIMARY KEY)")]).unwrap();
    let single = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let many = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for (round, runtime) in [single, many].iter().enumerate() {
        for commits in [true, false] {
            let name = format!("order-{round}-{commits}");
            let made = runtime.block_on(async {
                let mut connection = S::Connection::connect(&bed.url).await.unwrap();
                let mut transaction = connection.begin().await.unwrap();
                let sql = AssertSqlSafe(format!("INSERT INTO {orders} VALUES ('{name}')"));
                sqlx::raw_sql(sql).execute(&mut *transaction).await.unwrap();
                let (crm, named) = (bed.crm.clone(), name.clone());
                let made = bed.store.lend_transaction(&mut transaction, move |lent| {
                    assert!(lent.joined());
                    let session = crm.join(lent).as_user(&alice());
                    let number = |number: &str| NewCustomer {
                        number: Some(number.to_owned()),
                        ..NewCustomer::named(named.clone())
                    };
                    let made = session.create_customer(number(&named)).unwrap().id;
                    // Inside it is seen, outside it is not; a refusal leaves everything usable.
                    assert_eq!(session.customer(made).unwrap().name, named);
                    assert!(crm.as_user(&alice()).customer(made).is_err());
                    refused(session.create_customer(number(&named)), "number_taken");
                    let edit =
                        crm_core::CustomerEdit { version: 7, description: Some("x".into()), ..Default::default() };
                    assert_eq!(code(&session.edit_customer(made, edit)), "conflict");
                    made
                });
                let made = made.await.unwrap();
                match commits {
                    true => transaction.commit().await.unwrap(),
                    false => transaction.rollback().await.unwrap(),
                }
                made
            });
            let there = bed.crm.as_user(&alice()).customer(made);
            assert_eq!(there.is_ok(), commits, "{there:?}");
            let again = administer::<S>(&bed.url, &[format!("INSERT INTO {orders} VALUES ('{name}')")]);
            assert_eq!(again.is_err(), commits, "the host's row stands with the customer");
        }
    }
    // Work that breaks off is said; the transaction is still the host's.
    let told = single_threaded(async {
        let mut connection = S::Connection::connect(&bed.url).await.unwrap();
        let mut transaction = connection.begin().await.unwrap();
        let told = bed.store.lend_transaction(&mut transaction, |_| -> () { panic!("on purpose") }).await;
        transaction.rollback().await.unwrap();
        told
    });
    assert!(matches!(told, Err(StoreError::Failed(_))), "{told:?}");
    // A call from within a runtime of one thread blocks it, and comes back.
    single_threaded(async { create(&bed.crm, "inside", "inside").unwrap() });
}

fn single_threaded<T>(what: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(what)
}

#[test]
fn h1_a_lent_transaction_of_postgres_holds_both_or_neither() {
    lent::<Postgres>();
}

#[test]
fn h1_a_lent_transaction_of_mariadb_holds_both_or_neither() {
    lent::<MySql>();
}

/// Round trips of a command against those of a bare transaction over the same kind of pool: one to begin, one for each
/// row, one to commit, and the look that the pool has at a connection that comes back.
fn round_trips<S: Tested>()
where
    for<'c> &'c mut S::Connection: sqlx::Executor<'c, Database = S>,
{
    let Some(bed) = bed::<S>(&ServerOptions { connections: 1, ..ServerOptions::default() }) else { return };
    for warm in 0..3 {
        create(&bed.crm, &format!("warm-{warm}"), &format!("warm-{warm}")).unwrap();
    }
    let rows = |crm: &Crm| crm_tests::dump(crm.store(), ORG).lines().count();
    let before = rows(&bed.crm);
    let ((), trips) = bed.wire.trips(|| {
        for n in 0..COUNTED {
            create(&bed.crm, &format!("counted-{n}"), &format!("counted-{n}")).unwrap();
        }
    });
    let written = (rows(&bed.crm) - before) / COUNTED as usize;
    let bare = single_threaded(async {
        let pool = sqlx::pool::PoolOptions::<S>::new().max_connections(1).test_before_acquire(false);
        let pool = pool.connect(&through(&bed.url, &bed.wire)).await.unwrap();
        let before = bed.wire.trips.load(Ordering::SeqCst);
        for _ in 0..COUNTED {
            let mut connection = pool.acquire().await.unwrap();
            for sql in std::iter::once("BEGIN").chain(std::iter::repeat_n("SELECT 1", written)).chain(["COMMIT"]) {
                sqlx::raw_sql(sql).execute(&mut *connection).await.unwrap();
            }
        }
        bed.wire.trips.load(Ordering::SeqCst) - before
    });
    // The pool looks at a connection behind the caller's back: the last look may fall on either side of the count.
    let [trips, bare] = [trips, bare].map(|trips| (trips + COUNTED / 2) / COUNTED);
    println!("{}: {written} rows, {trips} round trips, {bare} of the bare transaction", S::STORE);
    assert!(trips <= bare + 2, "{}: {trips} round trips, {bare} of the bare transaction", S::STORE);
}

/// How many commands the round trips are counted over.
const COUNTED: i64 = 20;

#[test]
fn h1_a_command_on_postgres_costs_two_round_trips_more_than_its_rows() {
    round_trips::<Postgres>();
}

#[test]
fn h1_a_command_on_mariadb_costs_two_round_trips_more_than_its_rows() {
    round_trips::<MySql>();
}

#[test]
fn h1_tables_of_a_test_are_empty_again() {
    for _ in 0..2 {
        if let Some(url) = url::<Postgres>() {
            let lease = Lease::<Postgres>::take(&url);
            assert_eq!(crm_tests::dump(&*lease.store, ORG), "");
            found(&Crm::new(lease.store.clone(), SystemEnvironment), ORG, &[("alice", &[])], &[]);
        }
    }
}
