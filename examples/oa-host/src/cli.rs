//! The command line: opens the database, fills it when it is new, serves or imports.

use crate::app::App;
use crate::projects::Projects;
use crate::session::Sessions;
use crate::webhook::{self, Webhook};
use crate::{demo, import, server};
use clap::{Parser, Subcommand};
use crm_core::store::sql::{Database, SqlOptions};
use crm_core::{Actor, Crm, DocumentFolder, Error, KINDS, NewOrganisation, PersonInput, SyncMode, SystemEnvironment};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// An office host with customer management inside.
#[derive(Parser)]
#[command(name = "oa-host", version)]
struct Cli {
    /// The database; made when absent.
    #[arg(long, global = true, default_value = "sqlite:oa-host.db", value_name = Database::FORMS)]
    database: Database,
    /// The address to serve.
    #[arg(long, default_value = "127.0.0.1:8077")]
    listen: String,
    /// The organisation to serve, or to import into.
    #[arg(long, global = true)]
    organisation: Option<String>,
    /// The folder for documents; beside the database when none is named.
    #[arg(long, value_name = "DIR")]
    documents: Option<PathBuf>,
    /// Begin with an administrator and nothing else, instead of the demo organisation.
    #[arg(long)]
    empty: bool,
    /// Believe the header X-OA-User, which names the person: only behind a gateway that sets it.
    #[arg(long)]
    trust_user_header: bool,
    /// Seconds between looks at what is due.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    tick_seconds: u64,
    /// Tell this address, of http or https, what people are to be notified of, also what happened before as far as it is kept. Signed as
    /// Standard Webhooks asks, with the secret in OA_NOTIFY_SECRET (whsec_ and base64). At least once: the same webhook-id may come
    /// again. Only one of several hosts on a database is to have it.
    #[arg(long, value_name = "URL")]
    notify_webhook: Option<String>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Brings data in from files.
    Import {
        #[command(subcommand)]
        from: ImportFrom,
    },
}

#[derive(Subcommand)]
enum ImportFrom {
    /// A set of CSV files of sales opportunities: accounts, pipeline, products, teams.
    CrmSales {
        /// The folder with the files.
        dir: PathBuf,
    },
}

/// Runs the program.
pub(crate) fn run() -> ExitCode {
    match go(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("oa-host: {text}");
            ExitCode::FAILURE
        }
    }
}

fn go(cli: Cli) -> Result<(), String> {
    let database = &cli.database;
    let org = cli.organisation.clone();
    if let Some(Command::Import { from: ImportFrom::CrmSales { dir } }) = &cli.command {
        return bring_in(database, org.as_deref().unwrap_or(import::ORGANISATION), dir);
    }
    let webhook = cli.notify_webhook.as_deref().map(|url| Webhook::new(url, std::env::var_os(webhook::SECRET)));
    let webhook = webhook.transpose()?;
    let org = org.unwrap_or_else(|| demo::ORGANISATION.to_owned());
    let crm = opened(database, &org, cli.empty)?;
    let projects = Projects::open(&beside(database).with_extension("projects.db"));
    let projects = projects.map_err(|error| error.to_string())?;
    if !cli.empty && org == demo::ORGANISATION {
        projects.begin(&crm, &org).map_err(|error| at(database, &error))?;
    }
    let crm = crm.with_panels(projects);
    let mut orgs = vec![org];
    if orgs.iter().all(|org| org != import::ORGANISATION) {
        orgs.push(import::ORGANISATION.to_owned());
    }
    let documents = cli.documents.clone().unwrap_or_else(|| beside(database).with_extension("documents"));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("no threads: {error}"))?;
    let served = runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(&cli.listen).await;
        let listener = listener.map_err(|error| format!("can't listen on {}: {error}", cli.listen))?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        println!("http://{address}/");
        let app = App {
            crm,
            orgs,
            documents: Box::new(DocumentFolder::new(documents)),
            gateway: cli.trust_user_header,
            sessions: Sessions::default(),
            uploads: crate::uploads::Uploads::default(),
        };
        let tick = Duration::from_secs(cli.tick_seconds);
        server::serve(app, listener, tick, webhook).await.map_err(|error| error.to_string())
    });
    // A call of the CRM may still be on its way: it ends within the wait for the database.
    runtime.shutdown_timeout(Duration::from_secs(10));
    served
}

fn bring_in(database: &Database, org: &str, dir: &Path) -> Result<(), String> {
    let crm = open(database)?;
    let summary = import::run(&crm, org, dir, true).map_err(|error| error.to_string())?;
    let report = import::report_path(beside(database));
    import::write_report(&summary, &report).map_err(|error| error.to_string())?;
    println!("{summary}report: {}", report.display());
    Ok(())
}

fn open(database: &Database) -> Result<Crm, String> {
    let store = database.open(SqlOptions::new(KINDS)).map_err(|error| format!("{database}: {error}"))?;
    Ok(Crm::new(store, SystemEnvironment))
}

/// Tells the demo story into a database, unless something is there already: a file, or the organisation.
/// Of two hosts that begin at once on one server one tells it, while the other serves what there is.
fn tell_the_demo(database: &Database) -> Result<(), Error> {
    let told = match database {
        Database::Sqlite(path) if path.exists() => return Ok(()),
        Database::Sqlite(path) => return demo::create(path),
        _ => demo::load(database.open(SqlOptions::new(KINDS))?),
    };
    match told {
        Err(Error::Refused(refusal)) if refusal.code == "organisation_exists" => Ok(()),
        told => told,
    }
}

/// Where a report about an import is put.
fn beside(database: &Database) -> &Path {
    match database {
        Database::Sqlite(path) => path,
        Database::Postgres(_) | Database::Mysql(_) => Path::new("oa-host"),
    }
}

/// Opens the database. Where nothing is yet it is made with the demo organisation, or with an
/// administrator alone; in one that is there, only an organisation without anybody is founded.
fn opened(database: &Database, org: &str, empty: bool) -> Result<Crm, String> {
    if !empty && org == demo::ORGANISATION {
        tell_the_demo(database).map_err(|error| at(database, &error))?;
    }
    let crm = open(database)?;
    found(&crm, org).map_err(|error| at(database, &error))?;
    Ok(crm)
}

/// Founds an organisation that is not there, with an administrator: somebody must be able to sign in.
fn found(crm: &Crm, org: &str) -> Result<(), Error> {
    let session = crm.as_user(&Actor::system(org, "set-up")?);
    match session.create_organisation(NewOrganisation::named(org)) {
        Err(Error::Refused(refusal)) if refusal.code == "organisation_exists" => return Ok(()),
        other => other?,
    };
    let mut administrator = PersonInput::new("admin", "管理员")?;
    administrator.host_roles.push("crm_admin".to_owned());
    session.sync_people(vec![administrator], SyncMode::Delta)?;
    Ok(())
}

fn at(database: &Database, error: &Error) -> String {
    format!("{database}: {}", said(error))
}

/// What went wrong, for a person at a terminal.
fn said(error: &Error) -> String {
    match error {
        Error::Unavailable { reason, .. } => reason.clone(),
        other => other.to_string(),
    }
}
