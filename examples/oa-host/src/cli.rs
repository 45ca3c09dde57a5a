//! The command line: opens the database, fills it when it is new, serves or imports.

use crate::app::App;
use crate::session::Sessions;
use crate::{demo, import, server};
use clap::{Parser, Subcommand};
use crm_core::{Actor, Crm, Error, NewOrganisation, PersonInput, SyncMode};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// An office host with customer management inside.
#[derive(Parser)]
#[command(name = "oa-host", version)]
struct Cli {
    /// The database; made when absent.
    #[arg(long, global = true, default_value = "sqlite:oa-host.db", value_name = "sqlite:PATH")]
    database: String,
    /// The address to serve.
    #[arg(long, default_value = "127.0.0.1:8077")]
    listen: String,
    /// The organisation to serve.
    #[arg(long, global = true, default_value = "demo")]
    organisation: String,
    /// Begin with an administrator and nothing else, instead of the demo organisation.
    #[arg(long, global = true)]
    empty: bool,
    /// Believe the header X-OA-User, which names the person: only behind a gateway that sets it.
    #[arg(long)]
    trust_user_header: bool,
    /// Seconds between looks at what is due.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    tick_seconds: u64,
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
    /// The CSV set "CRM sales opportunities": accounts, pipeline, products, teams.
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
    let path = cli.database.strip_prefix("sqlite:").filter(|path| !path.is_empty());
    let path = path.ok_or_else(|| format!("--database takes sqlite:PATH, not {}", cli.database))?;
    let crm = Crm::sqlite(path).map_err(|error| format!("{path}: {}", said(&error)))?;
    if let Some(Command::Import { from: ImportFrom::CrmSales { dir } }) = &cli.command {
        found(&crm, &cli.organisation, true).map_err(|error| said(&error))?;
        let summary = import::run(&crm, &cli.organisation, dir).map_err(|error| error.to_string())?;
        println!("{summary}");
        return Ok(());
    }
    found(&crm, &cli.organisation, cli.empty).map_err(|error| said(&error))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("no threads: {error}"))?;
    let served = runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(&cli.listen).await;
        let listener = listener.map_err(|error| format!("can't listen on {}: {error}", cli.listen))?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        println!("http://{address}/");
        let app = App { crm, org: cli.organisation, gateway: cli.trust_user_header, sessions: Sessions::default() };
        let tick = Duration::from_secs(cli.tick_seconds);
        server::serve(app, listener, tick).await.map_err(|error| error.to_string())
    });
    // A call of the CRM may still be on its way: it ends within the wait for the database.
    runtime.shutdown_timeout(Duration::from_secs(10));
    served
}

/// Fills a new database: with the demo organisation, or with an administrator alone.
fn found(crm: &Crm, org: &str, empty: bool) -> Result<(), Error> {
    let system = Actor::system(org, "set-up")?;
    let session = crm.as_user(&system);
    match session.settings() {
        Ok(_) => return Ok(()),
        Err(Error::ActorUnknown { .. }) => {}
        Err(error) => return Err(error),
    }
    if !empty && org == "demo" {
        return demo::load(crm);
    }
    session.create_organisation(NewOrganisation::named(org))?;
    let mut administrator = PersonInput::new("admin", "管理员")?;
    administrator.host_roles.push("crm_admin".to_owned());
    session.sync_people(vec![administrator], SyncMode::Delta)?;
    Ok(())
}

/// What went wrong, for a person at a terminal.
fn said(error: &Error) -> String {
    match error {
        Error::Unavailable { reason, .. } => reason.clone(),
        other => other.to_string(),
    }
}
