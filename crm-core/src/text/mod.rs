//! Text as people type it: checked on the way in, folded for comparing and sorting.

mod check;
mod fold;

pub(crate) use check::{Checker, is_email, is_web_address};
pub use fold::{FOLD_VERSION, fold, sort_key};
