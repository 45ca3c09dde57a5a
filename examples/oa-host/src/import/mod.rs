//! The import of a real data set: agents under managers under offices, accounts, and a year of
//! deals, each of which becomes follow-ups of its agent on the account, and a contract with its receipt where it was won.
//!
//! It adds what is missing and alters nothing that is there, so that it can be run again at any
//! time: after it was killed, or a year later, when people have worked on. What is there is
//! recognised by what people can't edit or seldom do (customer number, author and time of a
//! follow-up), not by idempotency keys alone, which are forgotten after 30 days.

mod load;
mod plan;
mod report;
mod sales;
mod source;
mod structure;

pub(crate) use report::{ImportSummary, report_path, write_report};

use crm_core::{Crm, Error};
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

/// The organisation that the data set goes to, unless another one is named.
pub(crate) const ORGANISATION: &str = "crm-sales";

/// How the numbers of imported customers begin.
const NUMBER_PREFIX: &str = "CRM-SALES-";

/// Why an import did not take place, or not to its end. What it had written stays; run again, it
/// goes on from there.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ImportError {
    #[error("the directory {} can't be read: {reason}", path.display())]
    Directory { path: PathBuf, reason: String },
    #[error("there is no {file} (or {file}.gz) in {}", path.display())]
    FileMissing { file: String, path: PathBuf },
    #[error("{file} can't be read: {reason}")]
    Unreadable { file: String, reason: String },
    #[error("{file} is cut off: its compressed data ends too early")]
    Truncated { file: String },
    #[error("{file} unpacks to more than {megabytes} MB")]
    TooLarge { file: String, megabytes: u64 },
    #[error("{file}, line {line}: not UTF-8")]
    NotUtf8 { file: String, line: u64 },
    #[error("{file}, line {line}: {problem}")]
    Malformed { file: String, line: u64, problem: String },
    #[error("{file} has no column {column}")]
    ColumnMissing { file: String, column: String },
    #[error("{file} has the column {column} twice")]
    ColumnTwice { file: String, column: String },
    #[error("the CRM can't go on: {0}")]
    Crm(#[from] Error),
    #[error("the report {} can't be written: {reason}", path.display())]
    Report { path: PathBuf, reason: String },
}

/// Imports the data set in a directory into an organisation, which is founded when absent. With
/// `progress`, and where standard error is a terminal, a bar shows how far it is.
///
/// # Errors
/// [`ImportError`]; every file is read and checked before anything is written.
pub(crate) fn run(crm: &Crm, org: &str, dir: &Path, progress: bool) -> Result<ImportSummary, ImportError> {
    source::directory(dir)?;
    let tables = plan::Tables {
        teams: source::table(dir, "sales_teams", &plan::TEAM_COLUMNS)?,
        products: source::table(dir, "products", &plan::PRODUCT_COLUMNS)?,
        accounts: source::table(dir, "accounts", &plan::ACCOUNT_COLUMNS)?,
        deals: source::table(dir, "sales_pipeline", &plan::DEAL_COLUMNS)?,
    };
    let mut summary = ImportSummary::default();
    let zone = structure::organisation(crm, org)?;
    let now = zone.local_text(crm.now()?);
    let today = now.get(..10).unwrap_or_default();
    let plan = plan::plan(&tables, today, &mut summary);
    structure::people(crm, org, &plan, &mut summary)?;
    structure::dictionaries(crm, org, &plan, &mut summary)?;
    let products = sales::products(crm, org, &plan, &mut summary)?;
    let customers = load::customers(crm, org, &plan, &mut summary)?;
    let bar = match progress && std::io::stderr().is_terminal() {
        true => indicatif::ProgressBar::new(0),
        false => indicatif::ProgressBar::hidden(),
    };
    if let Ok(style) = indicatif::ProgressStyle::with_template("{bar:40} {pos}/{len} follow-ups, {eta} left") {
        bar.set_style(style);
    }
    let done = load::follow_ups(&load::Target { crm, org, zone, products: &products }, &customers, &bar, &mut summary);
    bar.finish_and_clear();
    done?;
    summary.rejections.sort();
    Ok(summary)
}

/// FNV-1a, 64 bits: the same on every machine and in every version.
fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
