//! The rows of a file, as texts.

use super::workbook;
use crate::error::{Error, refusals};
use crate::import::{LONGEST_CELL, MOST_COLUMNS, MOST_ROWS};
use encoding_rs::GB18030;
use std::borrow::Cow;

/// The most bytes of a file that is read.
pub const MOST_BYTES: usize = 64 * 1024 * 1024;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A csv file; its cells are divided by commas or, where the first line has none, by semicolons or tabulators.
    Csv(Encoding),
    /// A workbook, of which the first sheet is read.
    Xlsx,
}

/// How the characters of a csv file are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8 where all of it is that, else GB18030.
    #[default]
    Detected,
    /// UTF-8, with its mark or without.
    Utf8,
    /// GB18030, and with it GBK and GB2312.
    Gb18030,
}

impl FileKind {
    /// By the first bytes: a workbook is an archive, everything else is taken for csv.
    pub fn of(bytes: &[u8]) -> Self {
        if bytes.starts_with(b"PK\x03\x04") { FileKind::Xlsx } else { FileKind::Csv(Encoding::Detected) }
    }
}

refusals! {
    /// Why a file can't be read.
    pub enum FileRefusal {
        /// It has more bytes than are taken.
        TooLarge = "file_too_large", "The file is too large", "文件过大";
        /// It has no row.
        Empty = "file_empty", "There is nothing in the file", "文件中没有内容";
        /// A line has bytes that are no characters.
        Encoding { line } = "file_encoding", "The file is written in another encoding, or broken", "文件编码不符或已损坏";
        /// It is no csv file.
        BrokenCsv { line } = "file_broken_csv", "The csv file can't be read", "无法读取该 CSV 文件";
        /// It is no workbook, or broken.
        BrokenWorkbook = "file_broken_workbook", "The workbook can't be read", "无法读取该工作簿";
        /// It grows beyond all bounds when it is unpacked.
        Bomb = "file_bomb", "The workbook is larger than it seems, and is not opened", "工作簿解压后过大，未予打开";
        /// It has more rows than are taken.
        TooManyRows { limit } = "file_too_many_rows", "The file has too many rows", "文件行数过多";
        /// A row has more cells than there are headers, or than are taken.
        TooManyColumns { row } = "file_too_many_columns", "A row has too many cells", "某行的单元格过多";
        /// A cell has more characters than are taken.
        LongCell { row } = "file_long_cell", "A cell has too much text", "某个单元格的内容过长";
        /// A number of a workbook has more digits than a spreadsheet keeps of one: its last digits are wrong already.
        LongNumber { row } = "file_long_number", "A number is too long and has lost its last digits: format the column as text and enter it again", "某个数字过长，末尾数位已失真：请将该列设为文本格式后重新录入";
        /// A cell of a workbook shows an error, as `#N/A`, instead of a value.
        ErrorCell { row } = "file_error_cell", "A cell shows an error instead of a value", "某个单元格是错误值（如 #N/A）";
    }
}

/// What takes the rows, one by one.
pub(super) type Each<'e> = &'e mut dyn FnMut(Vec<String>) -> Result<(), Error>;

/// Checks rows as they come.
pub(super) struct Rows<'e> {
    each: Each<'e>,
    rows: i64,
}

impl Rows<'_> {
    /// Refuses the next row if it has more cells than are taken.
    fn check_width(&self, cells: usize) -> Result<(), Error> {
        if cells > MOST_COLUMNS {
            return Err(FileRefusal::TooManyColumns { row: self.rows.saturating_add(1).to_string() }.into());
        }
        Ok(())
    }

    /// The next row, without the empty cells at its end.
    pub(super) fn take(&mut self, mut cells: Vec<String>) -> Result<(), Error> {
        self.rows += 1;
        // One of them is that of the headers.
        if self.rows > MOST_ROWS + 1 {
            return Err(FileRefusal::TooManyRows { limit: MOST_ROWS.to_string() }.into());
        }
        while cells.last().is_some_and(|cell| cell.trim().is_empty()) {
            cells.pop();
        }
        let row = || self.rows.to_string();
        if cells.len() > MOST_COLUMNS {
            return Err(FileRefusal::TooManyColumns { row: row() }.into());
        }
        let long = |cell: &String| cell.chars().nth(LONGEST_CELL as usize).is_some();
        if cells.iter().any(long) {
            return Err(FileRefusal::LongCell { row: row() }.into());
        }
        (self.each)(cells)
    }
}

/// Hands on the rows of a file, from its first one on; blank ones, too, as they have places.
///
/// # Errors
/// [`FileRefusal`]; what `each` answers.
pub(super) fn rows(kind: FileKind, bytes: &[u8], each: Each<'_>) -> Result<(), Error> {
    if bytes.len() > MOST_BYTES {
        return Err(FileRefusal::TooLarge.into());
    }
    let mut rows = Rows { each, rows: 0 };
    match kind {
        FileKind::Csv(encoding) => csv_rows(&text(bytes, encoding)?, &mut rows),
        FileKind::Xlsx => workbook::rows(bytes, &mut rows),
    }
}

/// The line of a place among bytes, from 1.
fn line(bytes: &[u8], place: usize) -> String {
    let before = bytes.get(..place).unwrap_or(bytes);
    (before.iter().filter(|byte| **byte == b'\n').count() + 1).to_string()
}

/// The text that bytes are, without its mark.
fn text(bytes: &[u8], encoding: Encoding) -> Result<Cow<'_, str>, Error> {
    let marked = bytes.strip_prefix(b"\xef\xbb\xbf");
    let bytes = marked.unwrap_or(bytes);
    let utf8 = std::str::from_utf8(bytes).map_err(|error| line(bytes, error.valid_up_to()));
    match (utf8, encoding) {
        (Ok(text), Encoding::Utf8 | Encoding::Detected) => Ok(Cow::Borrowed(text)),
        (Err(line), Encoding::Utf8) => Err(FileRefusal::Encoding { line }.into()),
        // What says that it is UTF-8 is nothing else.
        (Err(line), Encoding::Detected) if marked.is_some() => Err(FileRefusal::Encoding { line }.into()),
        (Err(_), Encoding::Detected) | (_, Encoding::Gb18030) => {
            GB18030.decode_without_bom_handling_and_without_replacement(bytes).ok_or_else(|| {
                let mut decoder = GB18030.new_decoder_without_bom_handling();
                let mut out = String::with_capacity(bytes.len().saturating_mul(2).min(4 * MOST_BYTES));
                let (_, read) = decoder.decode_to_string_without_replacement(bytes, &mut out, true);
                FileRefusal::Encoding { line: line(bytes, read) }.into()
            })
        }
    }
}

fn csv_rows(text: &str, rows: &mut Rows<'_>) -> Result<(), Error> {
    if text.contains('\0') {
        return Err(FileRefusal::BrokenCsv { line: line(text.as_bytes(), text.find('\0').unwrap_or_default()) }.into());
    }
    let first = text.lines().next().unwrap_or_default();
    let divider = [b',', b';', b'\t'].into_iter().find(|divider| first.as_bytes().contains(divider)).unwrap_or(b',');
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(divider).from_reader(text.as_bytes());
    let mut record = csv::StringRecord::new();
    loop {
        let before = reader.position().clone();
        let broken = |_| Error::from(FileRefusal::BrokenCsv { line: before.line().to_string() });
        if !reader.read_record(&mut record).map_err(broken)? {
            return Ok(());
        }
        // The reader passes over empty lines: they have places, too.
        for _ in 0..blank_lines(text.as_bytes(), usize::try_from(before.byte()).unwrap_or(usize::MAX)) {
            rows.take(Vec::new())?;
        }
        // Counted before there is a text for each: one line may be nothing but commas.
        let used = record.iter().enumerate().filter(|(_, cell)| !cell.trim().is_empty());
        let used = used.fold(0, |_, (place, _)| place + 1);
        rows.check_width(used)?;
        rows.take(record.iter().take(used).map(str::to_owned).collect())?;
    }
}

/// How many empty lines stand at a place behind a row.
fn blank_lines(bytes: &[u8], place: usize) -> usize {
    let mut rest = bytes.get(place..).unwrap_or_default();
    // Half of the end of the line before it.
    if place.checked_sub(1).and_then(|before| bytes.get(before)) == Some(&b'\r') {
        rest = rest.strip_prefix(b"\n").unwrap_or(rest);
    }
    let mut lines = 0;
    while let Some(next) =
        rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")).or_else(|| rest.strip_prefix(b"\r"))
    {
        rest = next;
        lines += 1;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: FileKind, bytes: &[u8]) -> Result<Vec<Vec<String>>, String> {
        let mut all = Vec::new();
        let each: Each<'_> = &mut |cells| {
            all.push(cells);
            Ok(())
        };
        rows(kind, bytes, each).map_err(|error| format!("{} {:?}", error.code(), error.data()))?;
        Ok(all)
    }

    fn csv(bytes: &[u8]) -> Result<Vec<Vec<String>>, String> {
        read(FileKind::Csv(Encoding::Detected), bytes)
    }

    #[test]
    fn q5_csv_is_read_in_utf8_and_gb18030_and_what_is_neither_is_refused() {
        let expected = vec![vec!["名称", "电话"], vec!["云帆𠮷", "138"]];
        let text = "名称,电话\r\n云帆𠮷,138\r\n";
        let (gb, _, _) = GB18030.encode(text);
        for bytes in [text.as_bytes(), &[b"\xef\xbb\xbf", text.as_bytes()].concat(), &gb] {
            assert_eq!(csv(bytes).unwrap(), expected);
        }
        assert_eq!(read(FileKind::Csv(Encoding::Gb18030), &gb).unwrap(), expected);
        let refused = read(FileKind::Csv(Encoding::Utf8), &gb).unwrap_err();
        assert_eq!(refused, r#"file_encoding {"line": "1"}"#);
        // Neither: a byte that begins nothing, on the second line.
        let refused = csv(b"\xc3\xfb\xb3\xc6\n\xff\xff\n").unwrap_err();
        assert_eq!(refused, r#"file_encoding {"line": "2"}"#);
        let refused = csv(b"\xef\xbb\xbfname\nok\nbro\xffken\n").unwrap_err();
        assert_eq!(refused, r#"file_encoding {"line": "3"}"#);
        assert!(csv(b"name\na\0b\n").unwrap_err().starts_with("file_broken_csv"));
    }

    #[test]
    fn q5_csv_rows_keep_their_places() {
        let rows = csv(b"name;phones\n\nA;\"1\n2\"\n\"say \"\"hi\"\"\";;;\n,\n").unwrap();
        let expected: Vec<Vec<&str>> =
            vec![vec!["name", "phones"], vec![], vec!["A", "1\n2"], vec!["say \"hi\""], vec![","]];
        assert_eq!(rows, expected);
        assert_eq!(csv(b"\r\n\r\nname\r\n\r\nA\r\nB").unwrap().len(), 6);
        assert_eq!(csv(b"name\ta,b\nx\ty\n").unwrap()[1], ["x\ty"]);
        assert_eq!(csv(b"").unwrap(), Vec::<Vec<String>>::new());
    }

    #[test]
    fn q5_files_are_bounded() {
        let wide = format!("a\n{}x\n", "x,".repeat(MOST_COLUMNS));
        assert_eq!(csv(wide.as_bytes()).unwrap_err(), r#"file_too_many_columns {"row": "2"}"#);
        let long = format!("a\nb\n{}\n", "长".repeat(LONGEST_CELL as usize + 1));
        assert_eq!(csv(long.as_bytes()).unwrap_err(), r#"file_long_cell {"row": "3"}"#);
        let many = "a\n".repeat(MOST_ROWS as usize + 2);
        assert!(csv(many.as_bytes()).unwrap_err().starts_with("file_too_many_rows"));
        assert!(csv(&vec![b'a'; MOST_BYTES + 1]).unwrap_err().starts_with("file_too_large"));
    }
}
