//! A service that takes orders, on PostgreSQL with sqlx. Whoever orders becomes a customer in the CRM, in the service's own
//! transaction: order and customer are kept or lost together.
//!
//! ```text
//! rust-host postgres://... [--current-thread]
//! ```
//!
//! On MySQL and MariaDB it is the same with `MySqlPool` and `MysqlStore`. The runtime may have one thread or many: the
//! CRM's work runs where it may block, and the task that waits for it serves it the transaction.

use crm_core::store::sql::server::sqlx::{self, PgPool, Postgres, Transaction};
use crm_core::store::sql::server::{PostgresStore, ServerOptions};
use crm_core::store::sql::{SqlOptions, TablePrefix};
use crm_core::{Actor, Crm, CustomerId, KINDS, NewCustomer, NewOrganisation, PersonInput, PositionInput, SyncMode};
use crm_core::{CustomerEdit, SystemEnvironment};
use std::sync::Arc;

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// The service: its own pool, and the CRM in the same database.
struct Service {
    pool: PgPool,
    store: Arc<PostgresStore>,
    crm: Arc<Crm>,
    alice: Actor,
}

impl Service {
    async fn open(url: &str) -> Result<Self, Failed> {
        let pool = PgPool::connect(url).await?;
        sqlx::query("CREATE TABLE IF NOT EXISTS host_order (number TEXT PRIMARY KEY, customer TEXT NOT NULL)")
            .execute(&pool)
            .await?;
        let url = url.to_owned();
        // Opening and founding block: not on a thread of the runtime.
        let opened = tokio::task::spawn_blocking(move || -> Result<_, Failed> {
            let options = SqlOptions { prefix: TablePrefix::new("host_crm_")?, ..SqlOptions::new(KINDS) };
            let store = Arc::new(PostgresStore::connect(&url, ServerOptions::default(), options)?);
            let crm = Arc::new(Crm::new(store.clone(), SystemEnvironment));
            let host = Actor::system("acme", "set-up")?;
            if crm.as_user(&host).settings().is_err() {
                let host = crm.as_user(&host);
                host.create_organisation(NewOrganisation::named("Acme"))?;
                host.sync_people(vec![PersonInput::new("alice", "Alice")?], SyncMode::Delta)?;
                let sales = PositionInput::new("sales", "Sales", None, &["alice"])?;
                host.sync_positions(vec![sales], SyncMode::Delta, false)?;
            }
            Ok((store, crm))
        });
        let (store, crm) = opened.await??;
        Ok(Service { pool, store, crm, alice: Actor::user("acme", "alice")? })
    }

    /// Takes an order in an open transaction, which stays the caller's.
    async fn order(
        &self,
        transaction: &mut Transaction<'_, Postgres>,
        number: &str,
        company: &str,
    ) -> Result<CustomerId, Failed> {
        let (crm, alice) = (self.crm.clone(), self.alice.clone());
        let (number, company) = (number.to_owned(), company.to_owned());
        let key = number.clone();
        let made = self.store.lend_transaction(transaction, move |lent| {
            let session = crm.join(lent).as_user(&alice).idempotent(key);
            session.create_customer(NewCustomer::named(company)).map(|customer| customer.id)
        });
        let customer = made.await??;
        sqlx::query("INSERT INTO host_order (number, customer) VALUES ($1, $2)")
            .bind(number)
            .bind(customer.to_string())
            .execute(&mut **transaction)
            .await?;
        Ok(customer)
    }

    /// An edit with an old version is refused, and the transaction is usable as before.
    async fn refused(&self, transaction: &mut Transaction<'_, Postgres>, id: CustomerId) -> Result<String, Failed> {
        let (crm, alice) = (self.crm.clone(), self.alice.clone());
        let edited = self.store.lend_transaction(transaction, move |lent| {
            let edit = CustomerEdit { version: 7, description: Some("Late".into()), ..CustomerEdit::default() };
            crm.join(lent).as_user(&alice).edit_customer(id, edit)
        });
        Ok(edited.await?.map_or_else(|error| error.code().to_owned(), |_| "edited".to_owned()))
    }

    /// Whether the CRM knows a customer, and the service an order of his.
    async fn known(&self, id: CustomerId) -> Result<(bool, bool), Failed> {
        let (crm, alice) = (self.crm.clone(), self.alice.clone());
        let customer = tokio::task::spawn_blocking(move || crm.as_user(&alice).customer(id).is_ok()).await?;
        let orders = sqlx::query("SELECT 1 FROM host_order WHERE customer = $1").bind(id.to_string());
        Ok((customer, orders.fetch_optional(&self.pool).await?.is_some()))
    }
}

async fn run(url: String) -> Result<(), Failed> {
    let service = Service::open(&url).await?;
    let stamp = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_nanos();

    let mut transaction = service.pool.begin().await?;
    let kept = service.order(&mut transaction, &format!("A-{stamp}"), &format!("Kept {stamp}")).await?;
    println!("an edit of an old version: {}", service.refused(&mut transaction, kept).await?);
    transaction.commit().await?;
    println!("after a commit: customer {}, order {}", service.known(kept).await?.0, service.known(kept).await?.1);

    let mut transaction = service.pool.begin().await?;
    let lost = service.order(&mut transaction, &format!("B-{stamp}"), &format!("Lost {stamp}")).await?;
    transaction.rollback().await?;
    println!("after a rollback: customer {}, order {}", service.known(lost).await?.0, service.known(lost).await?.1);
    Ok(())
}

fn main() -> Result<(), Failed> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().ok_or("usage: rust-host postgres://... [--current-thread]")?;
    let runtime = match arguments.next().as_deref() {
        Some("--current-thread") => tokio::runtime::Builder::new_current_thread().enable_all().build()?,
        _ => tokio::runtime::Builder::new_multi_thread().enable_all().build()?,
    };
    runtime.block_on(run(url))
}
