//! Lists as files, and files as customers (Q5): csv and workbooks (xlsx).
//!
//! Files are written row by row, whatever their size: in memory stands one page. A file that was not finished is none: on an error the
//! caller throws away what was written so far. A file that is read comes as bytes, of which the host bounds how many it takes
//! ([`MOST_BYTES`]); it is looked through as a whole before anything is done with it.

mod import;
mod read;
mod workbook;
mod write;

pub use import::{FileImport, FileSample, file_sample};
pub use read::{Encoding, FileKind, FileRefusal, MOST_BYTES};

use crate::error::Error;

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The CRM said no.
    #[error(transparent)]
    Crm(#[from] Error),
    /// The file can't be written.
    #[error("the file can't be written: {0}")]
    Write(String),
}
