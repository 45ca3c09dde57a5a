//! A file of customers, row by row into the organisation.

use super::FileError;
use super::read::{FileKind, FileRefusal, rows};
use crate::crm::Session;
use crate::error::{CallRefusal, Error};
use crate::import::{Import, ImportInput};

/// Rows that are imported in one go.
const BATCH: usize = 500;

/// How often rows are sent once more where that may help.
const AGAIN: usize = 3;

/// Whether the same call may succeed when it is made once more.
fn may_pass(error: &Error) -> bool {
    matches!(error, Error::Unavailable { retryable: true, .. } | Error::Conflict { .. })
        || error.code() == CallRefusal::CONTENDED
}

/// A file of customers to import.
#[derive(Debug, Clone)]
pub struct FileImport<'b> {
    /// What it is called.
    pub file: String,
    /// What it is.
    pub kind: FileKind,
    /// What it holds; its first row that is not blank has the headers.
    pub bytes: &'b [u8],
    /// As [`ImportInput::fields`].
    pub fields: Vec<String>,
    /// As [`ImportInput::dry_run`].
    pub dry_run: bool,
    /// As [`ImportInput::duplicate_reason`].
    pub duplicate_reason: Option<String>,
}

/// How a file begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSample {
    /// Its headers.
    pub headers: Vec<String>,
    /// Rows that are not blank, as many as were asked for.
    pub rows: Vec<Vec<String>>,
    /// How many rows stand below the headers, blank ones included.
    pub count: i64,
}

/// Looks through a whole file, and tells how it begins.
///
/// # Errors
/// [`Error::Refused`] with a code of [`FileRefusal`], also where a row has more cells than there are headers.
pub fn file_sample(kind: FileKind, bytes: &[u8], most: usize) -> Result<FileSample, Error> {
    let mut sample = FileSample { headers: Vec::new(), rows: Vec::new(), count: 0 };
    let mut seen: i64 = 0;
    rows(kind, bytes, &mut |cells| {
        seen += 1;
        if sample.headers.is_empty() {
            // Lines are broken in headers to make columns narrow.
            let clean = |header: String| header.replace(char::is_control, " ");
            sample.headers = cells.into_iter().map(clean).collect();
            return Ok(());
        }
        sample.count += 1;
        if cells.len() > sample.headers.len() {
            return Err(FileRefusal::TooManyColumns { row: seen.to_string() }.into());
        }
        if !cells.is_empty() && sample.rows.len() < most {
            sample.rows.push(cells);
        }
        Ok(())
    })?;
    if sample.headers.is_empty() { Err(FileRefusal::Empty.into()) } else { Ok(sample) }
}

impl Session<'_> {
    /// Imports a file of customers, as [`Session::begin_import`] and [`Session::import_rows`] do. The file is looked through as a whole first:
    /// where it can't be read, nothing of it is imported. `progress` is told how far it has come. What fails for want of the store, or beside
    /// others, is sent up to three times more; where that does not help, the import is not ended and can be gone on with by
    /// [`Session::import_rows`].
    ///
    /// # Errors
    /// [`FileError::Crm`]: `Refused` with a code of [`FileRefusal`]; as [`Session::begin_import`] and [`Session::import_rows`]. Then rows that were
    /// imported before stay, and the import tells which.
    pub fn import_file(&self, from: FileImport<'_>, mut progress: impl FnMut(&Import)) -> Result<Import, FileError> {
        let sample = file_sample(from.kind, from.bytes, 0)?;
        // Each file is an import of its own, whatever key the session has.
        let session = Session::clone(self).not_idempotent();
        let mut import = session.begin_import(ImportInput {
            file: from.file,
            headers: sample.headers,
            fields: from.fields,
            dry_run: from.dry_run,
            duplicate_reason: from.duplicate_reason,
        })?;
        let mut batch: Vec<Vec<String>> = Vec::with_capacity(BATCH);
        let mut headed = false;
        let mut send = |batch: &mut Vec<Vec<String>>, import: &mut Import| -> Result<(), Error> {
            let (rows, before) = (std::mem::take(batch), import.rows);
            let mut failed = 0;
            loop {
                // What was done of them before an error is not sent again.
                let done = usize::try_from(import.rows.saturating_sub(before)).unwrap_or(usize::MAX);
                let rest = rows.get(done..).unwrap_or_default();
                if rest.is_empty() {
                    return Ok(());
                }
                match session.import_rows(import.id, import.rows.saturating_add(1), rest.to_vec()) {
                    Ok(answer) => {
                        *import = answer.so_far;
                        progress(import);
                    }
                    Err(error) if failed < AGAIN && may_pass(&error) => {
                        failed += 1;
                        *import = session.import_so_far(import.id)?;
                    }
                    Err(error) => return Err(error),
                }
            }
        };
        let gone = rows(from.kind, from.bytes, &mut |cells| {
            if !headed {
                headed = !cells.is_empty();
                return Ok(());
            }
            batch.push(cells);
            if batch.len() < BATCH { Ok(()) } else { send(&mut batch, &mut import) }
        });
        let gone = gone.and_then(|()| send(&mut batch, &mut import));
        match gone {
            Err(error) if may_pass(&error) => Err(error.into()),
            gone => {
                // It also says how many rows there were. Of two things that go wrong the first is told.
                let ended = session.finish_import(import.id);
                gone?;
                Ok(ended?)
            }
        }
    }
}
