//! One store over every SQL database.

mod executor;

pub use executor::{Executor, Expected, Outcome, Statement};

/// The dialect of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite.
    Sqlite,
}
