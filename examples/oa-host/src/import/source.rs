//! The files of a data set, read whole and checked before anything is written: a file that is
//! only half understood is refused, not half imported.

use super::ImportError;
use std::fs;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

/// The most that one file may unpack to: a small archive can hold a great nothing.
const MOST_BYTES: u64 = 256 * 1024 * 1024;

/// A CSV file by its columns.
#[derive(Debug)]
pub(super) struct Table {
    /// The name of the file, for messages.
    pub(super) file: String,
    pub(super) rows: Vec<TableRow>,
}

/// One row: the columns that were asked for, in that order.
#[derive(Debug)]
pub(super) struct TableRow {
    /// The line where it begins.
    pub(super) line: u64,
    cells: Vec<String>,
    /// The row as it stands in the file.
    pub(super) text: String,
}

impl TableRow {
    /// The cell of a column, by the column's place in the list that was asked for.
    pub(super) fn cell(&self, place: usize) -> &str {
        self.cells.get(place).map_or("", String::as_str)
    }
}

/// Reads `stem.csv`, or `stem.csv.gz`, which must have the columns; others are passed over.
pub(super) fn table(dir: &Path, stem: &str, columns: &[&str]) -> Result<Table, ImportError> {
    let (path, file) = find(dir, stem)?;
    let text = text_of(&path, &file)?;
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| malformed(&file, &error))?.clone();
    let mut places = Vec::with_capacity(columns.len());
    for column in columns {
        let mut found = header.iter().enumerate().filter(|(_, name)| name == column);
        match (found.next(), found.next()) {
            (Some((place, _)), None) => places.push(place),
            (None, _) => return Err(ImportError::ColumnMissing { file, column: (*column).to_owned() }),
            (Some(_), Some(_)) => return Err(ImportError::ColumnTwice { file, column: (*column).to_owned() }),
        }
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| malformed(&file, &error))?;
        let line = record.position().map_or(0, csv::Position::line);
        rows.push(TableRow {
            line,
            cells: places.iter().map(|place| record.get(*place).unwrap_or_default().to_owned()).collect(),
            text: record.iter().collect::<Vec<_>>().join(","),
        });
    }
    Ok(Table { file, rows })
}

/// That the directory is there, before any of its files is missed.
pub(super) fn directory(dir: &Path) -> Result<(), ImportError> {
    match fs::metadata(dir) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err(ImportError::Directory { path: dir.to_owned(), reason: "it is not a directory".to_owned() }),
        Err(error) => Err(ImportError::Directory { path: dir.to_owned(), reason: error.to_string() }),
    }
}

fn find(dir: &Path, stem: &str) -> Result<(PathBuf, String), ImportError> {
    for ending in ["csv", "csv.gz"] {
        let file = format!("{stem}.{ending}");
        let path = dir.join(&file);
        if path.is_file() {
            return Ok((path, file));
        }
    }
    Err(ImportError::FileMissing { file: format!("{stem}.csv"), path: dir.to_owned() })
}

fn text_of(path: &Path, file: &str) -> Result<String, ImportError> {
    let unreadable = |error: std::io::Error| match error.kind() {
        ErrorKind::UnexpectedEof => ImportError::Truncated { file: file.to_owned() },
        _ => ImportError::Unreadable { file: file.to_owned(), reason: error.to_string() },
    };
    let opened = fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    let most = MOST_BYTES + 1;
    if file.ends_with(".gz") {
        flate2::read::MultiGzDecoder::new(opened).take(most).read_to_end(&mut bytes).map_err(unreadable)?;
    } else {
        opened.take(most).read_to_end(&mut bytes).map_err(unreadable)?;
    }
    if bytes.len() as u64 > MOST_BYTES {
        return Err(ImportError::TooLarge { file: file.to_owned(), megabytes: MOST_BYTES / 1024 / 1024 });
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let line = 1 + good.iter().filter(|byte| **byte == b'\n').count() as u64;
        ImportError::NotUtf8 { file: file.to_owned(), line }
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

fn malformed(file: &str, error: &csv::Error) -> ImportError {
    let line = error.position().map_or(0, csv::Position::line);
    let problem = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} fields where the header has {expected_len}")
        }
        _ => error.to_string(),
    };
    ImportError::Malformed { file: file.to_owned(), line, problem }
}
