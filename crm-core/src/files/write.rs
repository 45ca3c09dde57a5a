//! Lists written as files.

use super::FileError;
use crate::crm::Session;
use crate::export::{Export, ExportInput, MOST_ON_PAGE, defused};
use rust_xlsxwriter::{Workbook, Worksheet, XlsxError};
use std::io::{Seek, Write};

impl FileError {
    fn write(error: impl std::fmt::Display) -> Self {
        FileError::Write(error.to_string())
    }
}

/// Digits of a number that a spreadsheet keeps.
const DIGITS: usize = 15;

/// A cell of numbers as a spreadsheet may have it; one of more digits than it keeps stays a text.
fn as_number(cell: &str) -> Option<f64> {
    let digits = cell.bytes().filter(u8::is_ascii_digit).count();
    let plain = cell.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.'));
    if plain && (1..=DIGITS).contains(&digits) { cell.parse().ok() } else { None }
}

impl Session<'_> {
    /// Exports a list as csv: UTF-8 with the mark by which spreadsheets know it, lines ended by CR LF, a row of headers, no cell a formula
    /// ([`defused`]). `progress` is told how many rows were written so far.
    ///
    /// # Errors
    /// [`FileError::Crm`] as [`Session::begin_export`] and [`Session::export_rows`]; [`FileError::Write`]. Then the export is ended, and
    /// what was written is no file.
    pub fn export_csv(
        &self,
        input: ExportInput,
        to: impl Write,
        progress: impl FnMut(i64),
    ) -> Result<Export, FileError> {
        let mut writer = csv::WriterBuilder::new();
        writer.terminator(csv::Terminator::CRLF).buffer_capacity(1 << 16);
        let mut marked = Some(to);
        let mut open: Option<csv::Writer<_>> = None;
        let mut write = |_: &Export, rows: &[Vec<String>], _: u32| -> Result<(), FileError> {
            if let Some(mut to) = marked.take() {
                to.write_all("\u{feff}".as_bytes()).map_err(FileError::write)?;
                open = Some(writer.from_writer(to));
            }
            let Some(out) = &mut open else { return Ok(()) };
            for row in rows {
                out.write_record(row.iter().map(|cell| defused(cell).into_owned())).map_err(FileError::write)?;
            }
            Ok(())
        };
        let export = self.export_by_page(input, &mut write, progress)?;
        if let Some(mut out) = open {
            out.flush().map_err(FileError::write)?;
        }
        Ok(export)
    }

    /// Exports a list as a workbook (xlsx) of one sheet: a row of headers that stays in sight, numbers as numbers, everything else as text, which
    /// no program takes for a formula. What is being made lies in the system's temporary folder. `progress` is told how many rows were
    /// written so far.
    ///
    /// # Errors
    /// As [`Session::export_csv`].
    pub fn export_xlsx(
        &self,
        input: ExportInput,
        to: impl Write + Seek + Send,
        progress: impl FnMut(i64),
    ) -> Result<Export, FileError> {
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet_with_constant_memory();
        sheet.set_freeze_panes(1, 0).map_err(FileError::write)?;
        let mut write = |export: &Export, rows: &[Vec<String>], first: u32| -> Result<(), FileError> {
            for (row, cells) in (first..).zip(rows) {
                write_row(sheet, export, row, cells).map_err(FileError::write)?;
            }
            Ok(())
        };
        let export = self.export_by_page(input, &mut write, progress)?;
        workbook.save_to_writer(to).map_err(FileError::write)?;
        Ok(export)
    }

    /// Goes through an export: `write` gets the headers as the first row, then the rows of each page, with the place of the first of them.
    fn export_by_page(
        &self,
        input: ExportInput,
        write: &mut RowWriter<'_>,
        mut progress: impl FnMut(i64),
    ) -> Result<Export, FileError> {
        // Each file is an export of its own, whatever key the session has.
        let session = Session::clone(self).not_idempotent();
        // Nobody else sees the pages: they are as long as they may be.
        let export = session.begin_export(ExportInput { page_size: MOST_ON_PAGE, ..input })?;
        let mut go = || {
            let heads: Vec<String> = export.columns.iter().map(|column| column.label.clone()).collect();
            write(&export, &[heads], 0)?;
            let mut place: u32 = 1;
            for number in 1.. {
                let page = session.export_rows(export.id, number)?;
                write(&export, &page.rows, place)?;
                place = place.saturating_add(u32::try_from(page.rows.len()).unwrap_or(u32::MAX));
                progress(i64::from(place.saturating_sub(1)));
                if !page.more {
                    break;
                }
            }
            Ok::<(), FileError>(())
        };
        let gone = go();
        // It also says how many rows there were. Of two things that go wrong the first is told.
        let ended = session.finish_export(export.id);
        gone?;
        Ok(ended?)
    }
}

/// What takes rows of an export, from a place on.
type RowWriter<'w> = dyn FnMut(&Export, &[Vec<String>], u32) -> Result<(), FileError> + 'w;

fn write_row(sheet: &mut Worksheet, export: &Export, row: u32, cells: &[String]) -> Result<(), XlsxError> {
    for (place, (cell, column)) in (0u16..).zip(cells.iter().zip(&export.columns)) {
        if cell.is_empty() {
            continue;
        }
        match as_number(cell).filter(|_| column.number && row > 0) {
            Some(number) => sheet.write_number(row, place, number)?,
            None => sheet.write_string(row, place, cell)?,
        };
    }
    Ok(())
}
