//! `crm`: what an administrator of the host does with an organisation from outside.

use clap::{Parser, Subcommand};
use crm_core::store::sql::{Database, Migrate, SqlOptions};
use crm_core::{Afterwards, Crm, KINDS, Moved, OrgId, SystemEnvironment};
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Moves organisations between databases.
#[derive(Parser)]
#[command(name = "crm", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// How far a long command tells that it is.
#[derive(clap::Args)]
struct Telling {
    /// Say on standard error how far it is, every so many seconds; 0: never.
    #[arg(long, value_name = "SECONDS", default_value_t = 2.0)]
    progress: f64,
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
        #[command(flatten)]
        telling: Telling,
    },
    /// Brings an organisation in from such a file.
    ImportOrganisation {
        /// The database; tables are made when absent.
        #[arg(long, value_name = Database::FORMS)]
        database: Database,
        /// The file; `-` is standard input.
        #[arg(long, default_value = "-")]
        input: PathBuf,
        #[command(flatten)]
        telling: Telling,
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
        Command::ExportOrganisation { database, organisation: id, output, stay_closed, telling } => {
            let (crm, org) = (open(&database, false)?, organisation(id)?);
            let to: Box<dyn Write> = if output == Path::new("-") {
                Box::new(std::io::stdout().lock())
            } else {
                Box::new(std::fs::File::create_new(&output).map_err(|error| format!("{}: {error}", output.display()))?)
            };
            let afterwards = if stay_closed { Afterwards::StayClosed } else { Afterwards::Reopen };
            let mut to = BufWriter::new(Watched::new(to, "exporting", None, &telling));
            let moved = crm.export_organisation(&org, &mut to, afterwards);
            moved.map(|moved| told("exported", &moved)).map_err(failed)
        }
        Command::ImportOrganisation { database, input, telling } => {
            let (from, size): (Box<dyn Read>, _) = if input == Path::new("-") {
                (Box::new(std::io::stdin().lock()), None)
            } else {
                let file = std::fs::File::open(&input).map_err(|error| format!("{}: {error}", input.display()))?;
                let size = file.metadata().ok().map(|known| known.len()).filter(|size| *size > 0);
                (Box::new(file), size)
            };
            let mut from = Watched::new(from, "importing", size, &telling);
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

/// A file that is written or read, and tells how far it is.
struct Watched<F> {
    file: F,
    doing: &'static str,
    /// How many bytes there will be, where that is known.
    size: Option<u64>,
    every: Option<Duration>,
    told: Instant,
    lines: u64,
    bytes: u64,
}

impl<F> Watched<F> {
    fn new(file: F, doing: &'static str, size: Option<u64>, telling: &Telling) -> Self {
        let every = Duration::try_from_secs_f64(telling.progress).ok().filter(|every| !every.is_zero());
        Watched { file, doing, size, every, told: Instant::now(), lines: 0, bytes: 0 }
    }

    fn saw(&mut self, bytes: &[u8]) {
        self.lines += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.bytes += bytes.len() as u64;
        if self.every.is_some_and(|every| self.told.elapsed() >= every) {
            self.told = Instant::now();
            let part = self.size.map_or(String::new(), |size| format!(", {} %", self.bytes.saturating_mul(100) / size));
            let (doing, lines, megabytes) = (self.doing, self.lines, self.bytes / 1_000_000);
            // Who closed it does not want to know.
            writeln!(std::io::stderr(), "crm: {doing}: {lines} lines, {megabytes} MB{part}").ok();
        }
    }
}

impl<W: Write> Write for Watched<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.saw(bytes.get(..written).unwrap_or(bytes));
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read(into)?;
        self.saw(into.get(..read).unwrap_or(into));
        Ok(read)
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
