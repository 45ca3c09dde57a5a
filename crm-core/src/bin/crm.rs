//! `crm`: what an administrator of the host does with an organisation from outside.

use clap::{Parser, Subcommand};
use crm_core::store::sql::{Database, Migrate, SqlOptions};
use crm_core::{Afterwards, Crm, KINDS, Moved, OrgId, SystemEnvironment};
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Moves organisations between databases.
#[derive(Parser)]
#[command(name = "crm", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
#[allow(clippy::enum_variant_names, reason = "the names are those of the commands")]
enum Command {
    /// Writes an organisation into a file; it is read only meanwhile.
    ExportOrganisation {
        /// The database.
        #[arg(long, value_name = Database::FORMS)]
        database: Database,
        /// The organisation.
        #[arg(long)]
        organisation: String,
        /// The file, which must not be there yet; `-` is standard output.
        #[arg(long, default_value = "-")]
        output: PathBuf,
        /// Leave it read only: it moves away.
        #[arg(long)]
        stay_closed: bool,
    },
    /// Brings an organisation in from such a file.
    ImportOrganisation {
        /// The database; tables are made when absent.
        #[arg(long, value_name = Database::FORMS)]
        database: Database,
        /// The file; `-` is standard input.
        #[arg(long, default_value = "-")]
        input: PathBuf,
    },
    /// Opens an organisation that an export closed.
    ReopenOrganisation {
        /// The database.
        #[arg(long, value_name = Database::FORMS)]
        database: Database,
        /// The organisation.
        #[arg(long)]
        organisation: String,
    },
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(done) => {
            eprintln!("crm: {done}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("crm: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<String, String> {
    let organisation = |id: String| OrgId::new(id).map_err(|error| error.to_string());
    match command {
        Command::ExportOrganisation { database, organisation: id, output, stay_closed } => {
            let (crm, org) = (open(&database, false)?, organisation(id)?);
            let to: Box<dyn Write> = if output == Path::new("-") {
                Box::new(std::io::stdout().lock())
            } else {
                Box::new(std::fs::File::create_new(&output).map_err(|error| format!("{}: {error}", output.display()))?)
            };
            let afterwards = if stay_closed { Afterwards::StayClosed } else { Afterwards::Reopen };
            let moved = crm.export_organisation(&org, &mut BufWriter::new(to), afterwards);
            moved.map(|moved| told("exported", &moved)).map_err(failed)
        }
        Command::ImportOrganisation { database, input } => {
            let mut from: Box<dyn Read> = if input == Path::new("-") {
                Box::new(std::io::stdin().lock())
            } else {
                Box::new(std::fs::File::open(&input).map_err(|error| format!("{}: {error}", input.display()))?)
            };
            let moved = open(&database, true)?.import_organisation(&mut from);
            moved.map(|moved| told("imported", &moved)).map_err(failed)
        }
        Command::ReopenOrganisation { database, organisation: id } => {
            let org = organisation(id)?;
            open(&database, false)?.reopen_organisation(&org).map_err(failed)?;
            Ok(format!("{} is open", org.as_str()))
        }
    }
}

/// Opens a store. One that is only read is neither made nor migrated.
fn open(database: &Database, make: bool) -> Result<Crm, String> {
    match database {
        Database::Sqlite(path) if !make && !path.exists() => {
            return Err(format!("{}: there is no such file", path.display()));
        }
        _ => {}
    }
    let migrate = if make { Migrate::Auto } else { Migrate::Verify };
    let store = database.open(SqlOptions { migrate, ..SqlOptions::new(KINDS) });
    Ok(Crm::new(store.map_err(|error| format!("{database}: {error}"))?, SystemEnvironment))
}

fn told(done: &str, moved: &Moved) -> String {
    format!("{done} {}: {} rows, SHA-256 {}", moved.organisation.as_str(), moved.rows, moved.sha256)
}

/// The error with what it speaks of, such as the line of a file.
fn failed(error: crm_core::Error) -> String {
    let data: Vec<String> = error.data().iter().map(|(name, value)| format!("{name}: {value}")).collect();
    if data.is_empty() { error.to_string() } else { format!("{error} ({})", data.join(", ")) }
}
