//! Descriptions of what is stored: a [`Kind`] is one table, said once for every store.

/// One kind of record: its table, its typed columns, its indexes.
///
/// A row of a kind is `org_id, id, version, <columns>, body`; the primary key is
/// `(org_id, id)`. What is filtered or sorted has a column, the rest stands in `body` (JSON).
/// SQL definitions, the mapping of rows and the memory store all follow from the description,
/// so that a new room of the domain adds a description and no store changes.
#[derive(Debug)]
pub struct Kind {
    /// The table's name without the prefix, `snake_case`, at most 40 characters.
    pub name: &'static str,
    /// The columns beside `org_id`, `id`, `version` and `body`.
    pub columns: &'static [Column],
    /// The indexes beside the primary key.
    pub indexes: &'static [Index],
    /// The number of the migration that created the table.
    pub since: i32,
}

/// One typed column of a [`Kind`]. Columns are never NULL: absence has a value of its own.
#[derive(Debug)]
pub struct Column {
    /// The column's name, `snake_case`, at most 40 characters.
    pub name: &'static str,
    /// What it holds.
    pub ty: ColumnType,
    /// Whether the column is the truth of its value. A live column may be changed without the
    /// body and without a new version ([`Write::Touch`](super::Write::Touch),
    /// [`Write::Reassign`](super::Write::Reassign)); any other is a projection of the body.
    pub live: bool,
    /// The number of the migration that added the column.
    pub since: i32,
    /// What a column added later repeats: rows of before get it from there. Absent: they have nothing.
    pub repeats: Option<Repeats>,
}

/// What of a row a [`Column`] repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeats {
    /// A text of the body.
    Body(&'static str),
    /// The first character of another text column.
    Beginning(&'static str),
}

impl Column {
    /// A column that is the truth of its value; of the first migration.
    pub const fn live(name: &'static str, ty: ColumnType) -> Self {
        Column { name, ty, live: true, since: 1, repeats: None }
    }

    /// A column that projects the body; of the first migration.
    pub const fn projected(name: &'static str, ty: ColumnType) -> Self {
        Column { name, ty, live: false, since: 1, repeats: None }
    }
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// A signed 64-bit integer: counts, instants in milliseconds, flags as 0 and 1.
    Integer,
    /// Text of at most 191 characters, compared byte by byte. Never empty (some engines turn
    /// the empty text into NULL): absence is written as `-`.
    Text,
    /// Bytes of at most 255, compared byte by byte: folded text and sort keys.
    Bytes,
}

/// An index of a [`Kind`]. `org_id` stands before its columns and `id` behind them, unless it
/// goes [`across`](Index::across) organisations.
#[derive(Debug)]
pub struct Index {
    /// The index's name without the table's, `snake_case`.
    pub name: &'static str,
    /// Names of columns, in order.
    pub columns: &'static [&'static str],
    /// Whether it goes across organisations: `org_id` then stands behind its columns. Only
    /// [`Store::due_organisations`](super::Store::due_organisations) needs one; `false`
    /// everywhere else.
    pub across: bool,
    /// Only rows that have something in this bytes column: more than a single 0, which stands for nothing. It serves what asks for such rows
    /// alone. On engines without indexes of some rows it has all.
    pub present: Option<&'static str>,
    /// The number of the migration that added the index.
    pub since: i32,
}

impl Index {
    /// An index within organisations; of the first migration.
    pub const fn on(name: &'static str, columns: &'static [&'static str]) -> Self {
        Index { name, columns, across: false, present: None, since: 1 }
    }
}

impl Kind {
    /// A kind without columns, which is looked up by key or read whole; of the first migration.
    pub const fn plain(name: &'static str) -> Self {
        Kind { name, columns: &[], indexes: &[], since: 1 }
    }

    /// The position of a column among [`Kind::columns`].
    pub fn position(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|c| c.name == column)
    }

    /// The description of a column.
    pub fn column(&self, column: &str) -> Option<&'static Column> {
        self.columns.iter().find(|c| c.name == column)
    }
}

impl PartialEq for Kind {
    /// Kinds are the same when their names are.
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Kind {}
