//! The first sheet of a workbook (xlsx), cell by cell.
//!
//! A workbook is an archive of XML. Whoever made it may mean no good: it is unpacked once into nothing, and counted, before it is opened,
//! whatever it says of its sizes. Entities of its own are not resolved by what reads XML here.

use super::read::{FileRefusal, Rows};
use crate::error::Error;
use crate::import::{MOST_COLUMNS, MOST_ROWS};
use calamine::{DataRef, DataType as _, Reader as _, Xlsx, XlsxError};
use quick_xml::events::Event;
use std::io::{BufReader, Cursor, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The most bytes of all parts together.
const MOST_UNPACKED: u64 = 1_024 * 1_024 * 1_024;
/// The most bytes of the texts that cells share, which stand in memory.
const MOST_SHARED: u64 = 96 * 1_024 * 1_024;
/// The most bytes of any part that is neither a sheet nor those texts.
const MOST_OTHER: u64 = 32 * 1_024 * 1_024;
/// The most texts that cells share: each takes more room in memory than in the part.
const MOST_TEXTS: u64 = 2_000_000;
/// The most bytes between two tags of a sheet or of the shared texts: what reads XML keeps them all.
const MOST_BETWEEN: u64 = 1_024 * 1_024;
/// From here on a spreadsheet does not keep every digit of a whole number.
const ROUNDED: f64 = 1e15;
/// The most parts.
const MOST_PARTS: usize = 5_000;

fn broken() -> Error {
    FileRefusal::BrokenWorkbook.into()
}

/// How much of the name of a shared text was seen.
#[derive(Clone, Copy, PartialEq)]
enum Tag {
    /// No tag, or one that is something else.
    Other,
    /// Its beginning, or a prefix.
    Begun,
    S,
    Si,
    /// Another name, which may be a prefix.
    Name,
}

/// Counts what is written to it, up to limits.
struct Counted {
    so_far: u64,
    most: u64,
    /// Whether it is XML whose tags are looked at.
    tags: bool,
    /// Bytes since the last tag began.
    between: u64,
    texts: u64,
    tag: Tag,
}

impl Counted {
    fn new(most: u64, tags: bool) -> Self {
        Counted { so_far: 0, most, tags, between: 0, texts: 0, tag: Tag::Other }
    }

    /// Takes in a byte; whether it still fits.
    fn see(&mut self, byte: u8) -> bool {
        self.between = if byte == b'<' { 0 } else { self.between.saturating_add(1) };
        self.tag = match (self.tag, byte) {
            (_, b'<') => Tag::Begun,
            (Tag::Other, _) => Tag::Other,
            (_, b':') => Tag::Begun,
            (Tag::Begun, b's') => Tag::S,
            (Tag::S, b'i') => Tag::Si,
            (tag, b'>' | b'/' | b' ' | b'\t' | b'\r' | b'\n') => {
                self.texts = self.texts.saturating_add(u64::from(tag == Tag::Si));
                Tag::Other
            }
            _ => Tag::Name,
        };
        self.between <= MOST_BETWEEN && self.texts <= MOST_TEXTS
    }
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.so_far = self.so_far.saturating_add(bytes.len() as u64);
        let fits = self.so_far <= self.most && (!self.tags || bytes.iter().all(|byte| self.see(*byte)));
        if fits { Ok(bytes.len()) } else { Err(std::io::ErrorKind::FileTooLarge.into()) }
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Refuses what would not fit, once unpacked.
fn check_sizes(bytes: &[u8]) -> Result<(), Error> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| broken())?;
    if archive.len() > MOST_PARTS {
        return Err(FileRefusal::Bomb.into());
    }
    let mut left = MOST_UNPACKED;
    for place in 0..archive.len() {
        let mut part = archive.by_index(place).map_err(|_| broken())?;
        let name = part.name().map_err(|_| broken())?.to_lowercase();
        let shared = name.ends_with("sharedstrings.xml");
        let sheet = name.contains("worksheets/");
        let most = match shared {
            true => MOST_SHARED,
            false if sheet => left,
            false => MOST_OTHER,
        };
        let mut counted = Counted::new(most.min(left), shared || sheet);
        match std::io::copy(&mut part, &mut counted) {
            Ok(_) => left = left.saturating_sub(counted.so_far),
            Err(error) if error.kind() == std::io::ErrorKind::FileTooLarge => return Err(FileRefusal::Bomb.into()),
            Err(_) => return Err(broken()),
        }
        drop(part);
        if shared {
            let part = archive.by_index(place).map_err(|_| broken())?;
            check_count(BufReader::new(part), counted.so_far)?;
        }
    }
    Ok(())
}

/// How many texts are shared is said before them, and room is made for so many: each takes some bytes of the part.
fn check_count(part: impl std::io::BufRead, size: u64) -> Result<(), Error> {
    let mut xml = quick_xml::Reader::from_reader(part);
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match xml.read_event_into(&mut buffer).map_err(|_| broken())? {
            Event::Start(element) if element.local_name().as_ref() == "sst" => {
                let count = element.try_get_attribute("uniqueCount").map_err(|_| broken())?;
                let count = count.and_then(|count| count.value.trim().parse::<u64>().ok());
                return if count.is_some_and(|count| count > size.min(MOST_TEXTS)) {
                    Err(FileRefusal::Bomb.into())
                } else {
                    Ok(())
                };
            }
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

/// A number without what a spreadsheet shows of it: whole ones with all their digits.
fn number(value: f64) -> String {
    // Its own form has no exponent.
    format!("{value}")
}

/// A cell as a text. What a spreadsheet rounded is refused, as a long number would be taken for another one, and so is what shows an error: it is
/// not known what should stand there.
fn cell(value: &DataRef<'_>, row: u32) -> Result<String, Error> {
    let row = || row.to_string();
    Ok(match value {
        DataRef::Int(number) if number.unsigned_abs() >= ROUNDED as u64 => {
            return Err(FileRefusal::LongNumber { row: row() }.into());
        }
        DataRef::Float(value) if value.abs() >= ROUNDED => return Err(FileRefusal::LongNumber { row: row() }.into()),
        DataRef::Error(_) => return Err(FileRefusal::ErrorCell { row: row() }.into()),
        DataRef::Empty => String::new(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(value) => number(*value),
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(yes) => yes.to_string(),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::DateTime(at) if at.is_duration() => number(at.as_f64()),
        DataRef::DateTime(at) => {
            let (year, month, day, hour, minute, ..) = at.to_ymd_hms_milli();
            let clock = format!("{hour:02}:{minute:02}");
            match (at.as_f64() < 1.0, at.as_f64().fract() == 0.0) {
                (true, _) => clock,
                (false, true) => format!("{year:04}-{month:02}-{day:02}"),
                (false, false) => format!("{year:04}-{month:02}-{day:02} {clock}"),
            }
        }
    })
}

/// Hands on the rows of the first sheet.
pub(super) fn rows(bytes: &[u8], rows: &mut Rows<'_>) -> Result<(), Error> {
    check_sizes(bytes)?;
    // What reads it counts rows and columns without looking whether they fit: a made-up reference may end in a panic, which is a broken
    // workbook and nothing else. Rows that were handed on by then are for the caller to forget.
    catch_unwind(AssertUnwindSafe(|| sheet(bytes, rows))).unwrap_or_else(|_| Err(broken()))
}

fn sheet(bytes: &[u8], rows: &mut Rows<'_>) -> Result<(), Error> {
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(|_: XlsxError| broken())?;
    let name = book.sheet_names().first().cloned().ok_or_else(broken)?;
    let mut cells = book.worksheet_cells_reader(&name).map_err(|_| broken())?;
    let most = u32::try_from(MOST_ROWS).unwrap_or(u32::MAX);
    let mut row: Vec<String> = Vec::new();
    let mut place: u32 = 0;
    while let Some(own) = cells.next_cell().map_err(|_| broken())? {
        let (at, column) = own.get_position();
        if own.get_value().is_empty() {
            continue;
        }
        if at > most {
            return Err(FileRefusal::TooManyRows { limit: MOST_ROWS.to_string() }.into());
        }
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        if column >= MOST_COLUMNS {
            return Err(FileRefusal::TooManyColumns { row: at.saturating_add(1).to_string() }.into());
        }
        if at < place {
            return Err(broken());
        }
        while place < at {
            rows.take(std::mem::take(&mut row))?;
            place += 1;
        }
        if row.len() <= column {
            row.resize(column + 1, String::new());
        }
        if let Some(to) = row.get_mut(column) {
            *to = cell(own.get_value(), at.saturating_add(1))?;
        }
    }
    if row.is_empty() { Ok(()) } else { rows.take(row) }
}
