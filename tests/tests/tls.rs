//! Encrypted connections to servers whose certificate a test made: taken with the right authority, refused without it.

use crm_core::store::StoreError;
use crm_core::store::sql::server::sqlx::{
    self, AssertSqlSafe, Connection as _, MySql, PgConnection, Postgres, Row as _,
};
use crm_core::store::sql::server::{Server, ServerOptions};
use crm_core::store::sql::{SqlOptions, SqlStore};
use crm_core::{Actor, Crm, NewCustomer, SystemEnvironment};
use crm_tests::servers::{OwnServers, ServerStore, prefix, url};
use crm_tests::{ORG, found};
use std::path::{Path, PathBuf};
use std::process::Command;

/// An authority and, signed by it, the certificate of a server at 127.0.0.1 (and nowhere else).
fn certify(directory: &Path) -> PathBuf {
    std::fs::create_dir(directory).unwrap();
    let config = "[req]\ndistinguished_name = name\n[name]\n\
        [authority]\nbasicConstraints = critical, CA:TRUE\nkeyUsage = critical, keyCertSign\n\
        [server]\nsubjectAltName = IP:127.0.0.1\nextendedKeyUsage = serverAuth\n";
    std::fs::write(directory.join("config"), config).unwrap();
    let openssl = |arguments: &str| {
        let done = Command::new("openssl").args(arguments.split(' ')).current_dir(directory).output();
        let done = done.expect("openssl is missing: apt-get install openssl");
        assert!(done.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&done.stderr));
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -config config";
    openssl(&format!("req -x509 {key} -days 30 -subj /CN=Authority -extensions authority -keyout ca.key -out ca.pem"));
    openssl(&format!("req {key} -subj /CN=Server -keyout server.key -out server.csr"));
    openssl(
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile config -extensions server -out server.pem",
    );
    directory.join("ca.pem")
}

fn opened<S: Server>(url: &str) -> Result<ServerStore<S>, StoreError> {
    let server = ServerOptions { connections: 2, ..ServerOptions::default() };
    SqlStore::connect(url, server, SqlOptions { prefix: prefix(), ..SqlOptions::new(crm_core::KINDS) })
}

/// A store is opened, and work is done in it.
fn taken<S: Server>(url: &str) -> ServerStore<S> {
    let store = opened::<S>(url).unwrap_or_else(|error| panic!("{url}: {error}"));
    let store = std::sync::Arc::new(store);
    let crm = Crm::new(store.clone(), SystemEnvironment);
    found(&crm, ORG, &[("alice", &[])], &[("agent", None, &["alice"])]);
    crm.as_user(&Actor::user(ORG, "alice").unwrap()).create_customer(NewCustomer::named("Encrypted")).unwrap();
    drop(crm);
    std::sync::Arc::into_inner(store).unwrap()
}

#[track_caller]
fn not_taken<S: Server>(url: &str) {
    match opened::<S>(url) {
        Err(StoreError::CannotOpen(_)) => {}
        Err(error) => panic!("{url}: refused as {error:?}"),
        Ok(_) => panic!("{url}: taken"),
    }
}

#[test]
fn h1_servers_are_trusted_by_their_certificate() {
    let (Some(plain), Some(plain_mysql)) = (url::<Postgres>(), url::<MySql>()) else { return };
    let directory = tempfile::tempdir().unwrap();
    let [ca, other] = ["right", "other"].map(|name| certify(&directory.path().join(name)));
    let (ca, other) = (ca.display(), other.display());
    let own = OwnServers::start(&[("CRM_SERVERS_TLS", directory.path().join("right").to_str().unwrap())]);

    let at = |how: &str| format!("{}?{how}", own.postgres);
    drop(taken::<Postgres>(&at("sslmode=require")));
    let store = taken::<Postgres>(&at(&format!("sslmode=verify-full&sslrootcert={ca}")));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (all, encrypted) = runtime.block_on(async {
        let mut connection = PgConnection::connect(&at("sslmode=disable")).await.unwrap();
        let sql = "SELECT COUNT(*), COUNT(*) FILTER (WHERE ssl) FROM pg_stat_ssl WHERE pid <> pg_backend_pid() \
             AND pid IN (SELECT pid FROM pg_stat_activity WHERE usename = 'crm')";
        let row = sqlx::query(sql).fetch_one(&mut connection).await.unwrap();
        (row.get::<i64, _>(0), row.get::<i64, _>(1))
    });
    assert!(all > 0 && all == encrypted, "{encrypted} of {all} connections are encrypted");
    drop(store);
    // Nobody, or somebody else, vouches for it; it has another name; it does not speak TLS.
    not_taken::<Postgres>(&at("sslmode=verify-full"));
    not_taken::<Postgres>(&at(&format!("sslmode=verify-full&sslrootcert={other}")));
    not_taken::<Postgres>(&at(&format!("sslmode=verify-ca&sslrootcert={other}")));
    not_taken::<Postgres>(&at("sslmode=verify-full&sslrootcert=/no/such/file"));
    let named = at(&format!("sslmode=verify-full&sslrootcert={ca}")).replace("127.0.0.1", "localhost");
    not_taken::<Postgres>(&named);
    drop(taken::<Postgres>(&named.replace("verify-full", "verify-ca")));
    not_taken::<Postgres>(&format!("{plain}?sslmode=require"));

    let at = |how: &str| format!("{}?{how}", own.mysql);
    // From here on the server itself lets nobody in who does not encrypt.
    runtime.block_on(async {
        let mut connection = sqlx::MySqlConnection::connect(&own.mysql).await.unwrap();
        let sql = "ALTER USER crm@127.0.0.1, crm@localhost REQUIRE SSL";
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
    });
    not_taken::<MySql>(&at("ssl-mode=DISABLED"));
    drop(taken::<MySql>(&at("ssl-mode=REQUIRED")));
    drop(taken::<MySql>(&at(&format!("ssl-mode=VERIFY_IDENTITY&ssl-ca={ca}"))));
    not_taken::<MySql>(&at("ssl-mode=VERIFY_IDENTITY"));
    not_taken::<MySql>(&at(&format!("ssl-mode=VERIFY_IDENTITY&ssl-ca={other}")));
    not_taken::<MySql>(&at(&format!("ssl-mode=VERIFY_CA&ssl-ca={other}")));
    let named = at(&format!("ssl-mode=VERIFY_IDENTITY&ssl-ca={ca}")).replace("127.0.0.1", "localhost");
    not_taken::<MySql>(&named);
    not_taken::<MySql>(&format!("{plain_mysql}?ssl-mode=REQUIRED"));
}
