//! What a store is asked.

use super::{Kind, Row, Value};

/// One question of a batch; see [`Store::read`](super::Store::read).
#[derive(Debug, Clone)]
pub enum Read {
    /// Rows by key. Keys that do not exist are left out of the answer, which has the order of
    /// the keys asked for.
    Get {
        /// The kind.
        kind: &'static Kind,
        /// The keys, without repeats.
        ids: Vec<String>,
    },
    /// Some columns of rows, where their bodies are not needed: to put many rows in order of
    /// which few are shown.
    Columns {
        /// Which rows.
        of: Selection,
        /// The columns of the kind that are wanted, in the order in which they are answered.
        columns: Vec<&'static str>,
    },
    /// A page of rows.
    Find(Search),
    /// How many rows there are, if looking at fewer than `cap` rows tells. Rows looked at are
    /// those of the scope that pass the [range](Search::range) of the search.
    Count {
        /// The rows to count; its `after`, `until` and `limit` do not matter.
        search: Search,
        /// How many rows are looked at, at the most.
        cap: i64,
    },
    /// Sums over rows: of each set of values that the columns `by` have, in the order of those values.
    Sum {
        /// The rows to add up; its direction, `after`, `until` and `limit` do not matter. An order names the column whose
        /// conditions are a [range](Search::range) of the scope's index.
        search: Search,
        /// The columns by which rows are grouped.
        by: Vec<&'static str>,
        /// The integer columns that are added up.
        columns: Vec<&'static str>,
    },
}

/// The rows of a [`Read::Columns`].
#[derive(Debug, Clone)]
pub enum Selection {
    /// As [`Read::Get`] answers them.
    Keys {
        /// The kind.
        kind: &'static Kind,
        /// The keys, without repeats.
        ids: Vec<String>,
    },
    /// As [`Read::Find`] answers them.
    Page(Search),
}

impl Selection {
    /// The kind of the rows.
    pub fn kind(&self) -> &'static Kind {
        match self {
            Selection::Keys { kind, .. } => kind,
            Selection::Page(search) => search.kind,
        }
    }
}

/// The answer to a [`Read`], in the place of its question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// To [`Read::Get`] and [`Read::Find`].
    Rows(Vec<Row>),
    /// To [`Read::Columns`]: the key of each row with the values of the columns asked for.
    Columns(Vec<(String, Vec<Value>)>),
    /// To [`Read::Count`]: the number, or `None` where `cap` rows of the scope (before the
    /// filter) were reached.
    Count(Option<i64>),
    /// To [`Read::Sum`]: the values of each group with the sums of its rows; no group without rows.
    Sums(Vec<(Vec<Value>, Vec<i64>)>),
}

/// What parts the first part of an id from the next where rows are searched by it.
pub const SEPARATOR: char = '\u{1f}';
/// The character that comes next.
const BEHIND_SEPARATOR: char = '\u{20}';

/// A page of the rows of a kind: those of a scope that pass a filter, in one order.
#[derive(Debug, Clone)]
pub struct Search {
    /// The kind.
    pub kind: &'static Kind,
    /// Only rows whose `scope` column has one of these values; `None`: all of the organisation.
    /// Values do not repeat. An index begins with the scope's column and goes on with the
    /// order's: a page is then merged from the heads of as many index ranges as there are
    /// values, and costs what is shown, not what exists.
    pub scope: Option<Scope>,
    /// Only rows that pass.
    pub filter: Filter,
    /// The column to order by; `id` breaks ties in the same direction. `None`: by `id` alone.
    pub order: Option<&'static str>,
    /// The direction of the order.
    pub direction: Direction,
    /// Only rows behind this place: the value of the order's column (`None` when the order is
    /// by `id` alone) and the id of the last row seen.
    pub after: Option<(Option<Value>, String)>,
    /// Only rows whose id is less than this; of a page in the order of ids.
    pub until: Option<String>,
    /// The size of the page, 1 to 10,000.
    pub limit: i64,
}

impl Search {
    /// All rows of a kind in the order of their ids, to be narrowed.
    pub fn of(kind: &'static Kind) -> Self {
        Search {
            kind,
            scope: None,
            filter: Filter::All(Vec::new()),
            order: None,
            direction: Direction::Ascending,
            after: None,
            until: None,
            limit: 10_000,
        }
    }

    /// The rows of a kind whose ids begin with `start` and the separator behind it, in the order of their ids.
    pub fn beginning(kind: &'static Kind, start: &str) -> Self {
        let (after, until) = (format!("{start}{SEPARATOR}"), format!("{start}{BEHIND_SEPARATOR}"));
        Search { after: Some((None, after)), until: Some(until), ..Search::of(kind) }
    }

    /// The rows of a kind whose ids begin with `start`, in the order of their ids; no id has the greatest character.
    pub fn starting(kind: &'static Kind, start: &str) -> Self {
        let until = format!("{start}{}", char::MAX);
        Search { after: Some((None, start.to_owned())), until: Some(until), ..Search::of(kind) }
    }

    /// The conditions on the order's column that stand in the outermost [`Filter::All`]: within
    /// a scope they are a range of its index.
    pub fn range(&self) -> impl Iterator<Item = &Filter> {
        let all = match &self.filter {
            Filter::All(all) => all.as_slice(),
            _ => &[],
        };
        all.iter().filter(|filter| matches!(filter, Filter::Is(column, _, _) if Some(*column) == self.order))
    }

    /// Only rows whose `column` has one of `values`.
    pub fn within(mut self, column: &'static str, values: Vec<Value>) -> Self {
        self.scope = Some(Scope { column, values });
        self
    }

    /// Only rows that pass `filter`.
    pub fn filtered(mut self, filter: Filter) -> Self {
        self.filter = filter;
        self
    }

    /// In the order of `column`.
    pub fn ordered(mut self, column: &'static str, direction: Direction) -> Self {
        self.order = Some(column);
        self.direction = direction;
        self
    }

    /// At most `limit` rows.
    pub fn limited(mut self, limit: i64) -> Self {
        self.limit = limit;
        self
    }
}

/// See [`Search::scope`].
#[derive(Debug, Clone)]
pub struct Scope {
    /// A column of the kind.
    pub column: &'static str,
    /// The values, without repeats. None at all: no rows.
    pub values: Vec<Value>,
}

/// The direction of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Smallest first.
    Ascending,
    /// Greatest first.
    Descending,
}

impl Filter {
    /// Whether a row of the kind passes, where `related` says what rows of other kinds do. A column that the kind does not have passes
    /// nothing.
    pub fn passes(&self, kind: &Kind, row: &Row, related: &dyn Fn(&Related, &str) -> bool) -> bool {
        let own = |column: &str| kind.position(column).and_then(|place| row.values.get(place));
        self.holds(&own, &|others| related(others, &row.id))
    }

    /// Whether it holds for the columns of a row; one that is not there passes nothing.
    pub(crate) fn holds<'v>(
        &self,
        own: &impl Fn(&str) -> Option<&'v Value>,
        related: &dyn Fn(&Related) -> bool,
    ) -> bool {
        match self {
            Filter::All(all) => all.iter().all(|filter| filter.holds(own, related)),
            Filter::Any(any) => any.iter().any(|filter| filter.holds(own, related)),
            Filter::Not(inner) => !inner.holds(own, related),
            Filter::Is(column, comparison, value) => own(column).is_some_and(|own| comparison.holds(own, value)),
            Filter::Related(others) => related(others),
            Filter::In(column, values) => own(column).is_some_and(|own| values.contains(own)),
            Filter::Contains(column, part) => match own(column) {
                // Windows of no size do not exist; everything contains nothing.
                Some(Value::Bytes(own)) => part.is_empty() || own.windows(part.len()).any(|window| window == part),
                _ => false,
            },
        }
    }
}

/// A condition on the columns of a row. Column names are the description's own, never input.
#[derive(Debug, Clone)]
pub enum Filter {
    /// All of them hold; an empty list always holds.
    All(Vec<Filter>),
    /// One of them holds; an empty list never holds.
    Any(Vec<Filter>),
    /// It does not hold.
    Not(Box<Filter>),
    /// The column compared with a value of its own type.
    Is(&'static str, Comparison, Value),
    /// The column has one of the values.
    In(&'static str, Vec<Value>),
    /// The bytes column contains the bytes.
    Contains(&'static str, Vec<u8>),
    /// Rows of another kind that belong to the row.
    Related(Box<Related>),
}

/// Rows of another kind of the organisation that hold the id of a row, and what is asked of them.
#[derive(Debug, Clone)]
pub struct Related {
    /// Their kind.
    pub kind: &'static Kind,
    /// The text column in which they hold the id; an index of the kind begins with it.
    pub column: &'static str,
    /// Which of them; without any that relate themselves.
    pub filter: Filter,
    /// What is asked.
    pub has: Has,
}

/// What is asked of related rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Has {
    /// There is one.
    One,
    /// The sum of an integer column, nought without rows, compared with a value. It fits 64 bits.
    Sum(&'static str, Comparison, i64),
}

impl Filter {
    /// The column equals the value.
    pub fn equal(column: &'static str, value: impl Into<Value>) -> Self {
        Filter::Is(column, Comparison::Equal, value.into())
    }

    /// Whether only rows pass that have something in a bytes column; see [`Index::present`](super::Index::present).
    pub(crate) fn is_there(&self, column: &str) -> bool {
        match self {
            Filter::All(all) => all.iter().any(|filter| filter.is_there(column)),
            Filter::Is(own, Comparison::Equal | Comparison::AtLeast, value) if *own == column => {
                *value > Value::nothing()
            }
            Filter::Is(own, Comparison::Greater, value) if *own == column => *value >= Value::nothing(),
            _ => false,
        }
    }

    /// Adds the columns that it looks at, each once.
    pub(crate) fn columns(&self, into: &mut Vec<&'static str>) {
        match self {
            Filter::All(list) | Filter::Any(list) => list.iter().for_each(|filter| filter.columns(into)),
            Filter::Not(inner) => inner.columns(into),
            Filter::Related(_) => {}
            Filter::Is(column, ..) | Filter::In(column, _) | Filter::Contains(column, _) => {
                if !into.contains(column) {
                    into.push(column);
                }
            }
        }
    }

    /// Adds what it asks of related rows, in its order.
    pub(crate) fn related<'f>(&'f self, into: &mut Vec<&'f Related>) {
        match self {
            Filter::All(list) | Filter::Any(list) => list.iter().for_each(|filter| filter.related(into)),
            Filter::Not(inner) => inner.related(into),
            Filter::Related(others) => into.push(others),
            Filter::Is(..) | Filter::In(..) | Filter::Contains(..) => {}
        }
    }

    /// Whether it always holds because it asks nothing.
    pub fn is_empty(&self) -> bool {
        matches!(self, Filter::All(all) if all.iter().all(Filter::is_empty))
    }
}

/// How a column is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// =
    Equal,
    /// <
    Less,
    /// <=
    AtMost,
    /// >
    Greater,
    /// >=
    AtLeast,
}

impl Comparison {
    /// Whether a value compares so with another one.
    pub fn holds<T: PartialOrd>(self, own: &T, other: &T) -> bool {
        match self {
            Comparison::Equal => own == other,
            Comparison::Less => own < other,
            Comparison::AtMost => own <= other,
            Comparison::Greater => own > other,
            Comparison::AtLeast => own >= other,
        }
    }
}
