//! Measures, each beside its floor: what bare prepared statements need for the same work on the same machine in the
//! same run. One line of JSON per measure.
//!
//! ```text
//! crm-bench [--scale FRACTION] [--dir DIR] [--rounds N] [--seconds S] [--keep]
//!     [--only create|claims|recycling|reminders|receipts|reports[/PART]|commits|sizes|search|views[/PART]|moving|servers[/create|/clients|/reminders|/views[/PART]]]
//! crm-bench duplicates NAMES QUERIES [STORE]...
//! crm-bench groups NAMES [QUERIES] [--to COUNT] [STORE]...
//! crm-bench febrl DIR
//! ```

mod claims;
mod commits;
mod contracts;
mod create;
mod duplicates;
mod febrl;
mod fields;
mod files;
mod floor;
mod generate;
mod groups;
mod moving;
mod receipts;
mod recycling;
mod reminders;
mod report;
mod sales;
mod search;
mod servers;
mod setup;
mod sizes;
mod views;

/// Whatever goes wrong ends the run.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// What was asked for.
#[derive(Debug, Clone)]
pub struct Options {
    /// Fraction of 1,000,000 customers and 5,000,000 follow-ups, and of 1,000,000 contracts.
    pub scale: f64,
    /// Where the databases are made; a directory of the system's for temporary files when absent.
    pub dir: Option<std::path::PathBuf>,
    /// Only measures whose name begins with this.
    pub only: Option<String>,
    /// Rounds of which the median counts.
    pub rounds: usize,
    /// Seconds of each round that is measured by time.
    pub seconds: f64,
    /// Whether the generated database stays, and is used again.
    pub keep: bool,
}

impl Options {
    fn parse(mut args: impl Iterator<Item = String>) -> Result<Self> {
        let mut options = Options { scale: 1.0, dir: None, only: None, rounds: 7, seconds: 3.0, keep: false };
        while let Some(flag) = args.next() {
            let mut value = || args.next().ok_or_else(|| format!("{flag} needs a value"));
            match flag.as_str() {
                "--scale" => options.scale = value()?.parse()?,
                "--dir" => options.dir = Some(value()?.into()),
                "--only" => options.only = Some(value()?),
                "--rounds" => options.rounds = value()?.parse()?,
                "--seconds" => options.seconds = value()?.parse()?,
                "--keep" => options.keep = true,
                other => return Err(format!("unknown option {other}").into()),
            }
        }
        let sound = options.scale > 0.0 && options.scale <= 10.0 && options.rounds > 0 && options.seconds > 0.0;
        if sound { Ok(options) } else { Err("a value is out of range".into()) }
    }

    /// Whether a measure was asked for.
    pub fn wants(&self, measure: &str) -> bool {
        self.only.as_deref().is_none_or(|only| measure.starts_with(only) || only.starts_with(measure))
    }
}

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1).peekable();
    if args.peek().map(String::as_str) == Some(commits::CHILD) {
        return commits::child(args.skip(1));
    }
    if args.peek().map(String::as_str) == Some(moving::CHILD) {
        return moving::moved(args.skip(1));
    }
    if args.peek().map(String::as_str) == Some(files::CHILD) {
        return files::exported(args.skip(1));
    }
    if args.peek().map(String::as_str) == Some("duplicates") {
        return duplicates::run(args.skip(1));
    }
    if args.peek().map(String::as_str) == Some("febrl") {
        return febrl::run(args.skip(1));
    }
    if args.peek().map(String::as_str) == Some("groups") {
        return groups::run(args.skip(1));
    }
    let options = Options::parse(args)?;
    let temporary = match &options.dir {
        Some(dir) => {
            std::fs::create_dir_all(dir)?;
            tempfile::tempdir_in(dir)?
        }
        None => tempfile::tempdir()?,
    };
    let dir = temporary.path();
    if options.wants("create") {
        create::run(&options, dir)?;
    }
    if options.wants("claims") {
        claims::run(&options, dir)?;
    }
    if options.wants("recycling") {
        recycling::run(&options, dir)?;
    }
    if options.wants("reminders") {
        reminders::run(&options, dir)?;
    }
    if options.wants("receipts") {
        receipts::run(&options, dir)?;
    }
    if options.wants("commits") {
        commits::run(&options, dir)?;
    }
    if options.wants("sizes") {
        sizes::run(&options, dir)?;
    }
    if options.wants("views") {
        views::run(&options, dir)?;
    }
    if options.wants("search") {
        search::run(&options, dir)?;
    }
    if options.wants("fields") {
        fields::run(&options, dir)?;
    }
    if options.wants("reports") {
        sales::run(&options, dir)?;
    }
    if options.wants("files") {
        files::run(&options, dir)?;
    }
    if options.wants("moving") {
        moving::run(&options, dir)?;
    }
    if options.wants("servers") {
        servers::run(&options, dir)?;
    }
    Ok(())
}
