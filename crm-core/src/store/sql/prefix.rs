//! The prefix of table names.

use crate::store::StoreError;

/// What the names of all tables begin with: `crm_` unless the host wants another. A lower-case
/// letter and at most 15 more of `a-z`, `0-9` and `_`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TablePrefix(String);

impl TablePrefix {
    /// Takes a prefix over.
    ///
    /// # Errors
    /// [`StoreError::Schema`] when it is no plain identifier or too long.
    pub fn new(prefix: impl Into<String>) -> Result<Self, StoreError> {
        let prefix = prefix.into();
        let begins = prefix.starts_with(|c: char| c.is_ascii_lowercase());
        let plain = prefix.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if begins && plain && prefix.len() <= 16 {
            Ok(TablePrefix(prefix))
        } else {
            Err(StoreError::Schema(format!("{prefix:?} can't begin the name of a table")))
        }
    }

    /// The prefix itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of a table.
    pub(super) fn table(&self, kind: &str) -> String {
        format!("{}{kind}", self.0)
    }
}

impl Default for TablePrefix {
    fn default() -> Self {
        TablePrefix("crm_".to_owned())
    }
}
