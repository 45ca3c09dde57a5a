//! What an import did, and which rows it could not take.

use super::ImportError;
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// How many of a kind were made, were there already, could not be taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) created: u64,
    pub(crate) unchanged: u64,
    pub(crate) rejected: u64,
}

/// A row that could not be taken, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rejection {
    /// The file.
    pub(crate) file: String,
    /// The line where the row begins.
    pub(crate) line: u64,
    /// What the row is about: the account, the agent, the deal.
    pub(crate) subject: String,
    /// A stable code.
    pub(crate) code: String,
    /// Why, in words.
    pub(crate) reason: String,
    /// The row as it stands in the file.
    pub(crate) row: String,
}

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ImportSummary {
    pub(crate) people: Tally,
    pub(crate) positions: Tally,
    pub(crate) dictionary_entries: Tally,
    pub(crate) products: Tally,
    pub(crate) customers: Tally,
    pub(crate) relations: Tally,
    pub(crate) shares: Tally,
    pub(crate) deals: Tally,
    pub(crate) follow_ups: Tally,
    pub(crate) contracts: Tally,
    pub(crate) receipts: Tally,
    /// Spellings that were mended, and in how many rows.
    pub(crate) mended: BTreeMap<String, u64>,
    /// Rows that could not be taken, in the order of the files.
    pub(crate) rejections: Vec<Rejection>,
}

impl ImportSummary {
    fn tallies(&self) -> [(&'static str, Tally); 11] {
        [
            ("people", self.people),
            ("positions", self.positions),
            ("dictionary entries", self.dictionary_entries),
            ("products", self.products),
            ("customers", self.customers),
            ("relations", self.relations),
            ("shares", self.shares),
            ("deals (rows)", self.deals),
            ("follow-ups", self.follow_ups),
            ("contracts", self.contracts),
            ("receipts", self.receipts),
        ]
    }
}

impl fmt::Display for ImportSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<20}{:>9}{:>11}{:>10}", "", "created", "unchanged", "rejected")?;
        for (name, tally) in self.tallies() {
            writeln!(f, "{name:<20}{:>9}{:>11}{:>10}", tally.created, tally.unchanged, tally.rejected)?;
        }
        for (what, rows) in &self.mended {
            writeln!(f, "mended {what}: {rows} rows")?;
        }
        let mut reasons: BTreeMap<(&str, &str), u64> = BTreeMap::new();
        for rejection in &self.rejections {
            *reasons.entry((&rejection.file, &rejection.code)).or_default() += 1;
        }
        for ((file, code), rows) in reasons {
            writeln!(f, "not taken from {file}, {code}: {rows} rows")?;
        }
        Ok(())
    }
}

/// Where the report of an import into a database file goes: beside it.
pub(crate) fn report_path(database: &Path) -> PathBuf {
    let mut name = database.file_name().unwrap_or_default().to_owned();
    name.push(".import-report.csv");
    database.with_file_name(name)
}

/// Writes the rows that could not be taken, as CSV. An earlier report is replaced as a whole,
/// also by one without rows: it must not speak of another run.
pub(crate) fn write_report(summary: &ImportSummary, path: &Path) -> Result<(), ImportError> {
    let failed = |reason: String| ImportError::Report { path: path.to_owned(), reason };
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer
        .write_record(["file", "line", "subject", "code", "reason", "row"])
        .map_err(|error| failed(error.to_string()))?;
    for rejection in &summary.rejections {
        let line = rejection.line.to_string();
        let cells = [&rejection.file, &line, &rejection.subject, &rejection.code, &rejection.reason, &rejection.row];
        writer.write_record(cells.map(|cell| defused(cell))).map_err(|error| failed(error.to_string()))?;
    }
    let bytes = writer.into_inner().map_err(|error| failed(error.to_string()))?;
    let mut unfinished = path.file_name().unwrap_or_default().to_owned();
    unfinished.push(".unfinished");
    let unfinished = path.with_file_name(unfinished);
    fs::write(&unfinished, bytes)
        .and_then(|()| fs::rename(&unfinished, path))
        .map_err(|error| failed(error.to_string()))
}

/// A cell that no spreadsheet takes for a formula.
fn defused(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_defused_in_the_report() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("report.csv");
        let rejection = Rejection {
            file: "accounts.csv".to_owned(),
            line: 2,
            subject: "=HYPERLINK(\"http://x.example\")".to_owned(),
            code: "invalid".to_owned(),
            reason: "@why".to_owned(),
            row: "+1,2".to_owned(),
        };
        let summary = ImportSummary { rejections: vec![rejection], ..ImportSummary::default() };
        write_report(&summary, &path).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(
            text,
            "file,line,subject,code,reason,row\naccounts.csv,2,\"'=HYPERLINK(\"\"http://x.example\"\")\",invalid,'@why,\"'+1,2\"\n"
        );
    }
}
