//! Queries 查询: conditions on the fields of records, which mean the same in memory and on every store (Q1).

mod columns;
mod condition;
mod fields;
mod related;
mod saved;

pub(crate) use columns::{Catalogue, Column, Days, Known};
pub use condition::{Condition, DayRange, FieldTest, Test};
pub use fields::FieldOrder;
pub use related::{Belonging, RelatedTest};
pub(crate) use saved::{SAVED_QUERY, SAVED_QUERY_FOR, SAVED_QUERY_MARKS};
pub use saved::{SavedQuery, SavedQueryInput, SavedQueryRefusal};
