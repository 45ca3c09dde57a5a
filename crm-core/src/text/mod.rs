//! Text as people type it: checked on the way in, folded for comparing and sorting.

mod check;
mod dense;
mod fold;
mod normal;
mod pinyin;
mod simplified;

pub(crate) use check::{Checker, is_email, is_web_address};
pub(crate) use dense::number;
#[cfg(test)]
pub(crate) use dense::{put_number, same_as_kept};
pub use fold::{FOLD_VERSION, fold, sort_key};
pub(crate) use pinyin::first_pinyin;
pub use simplified::simplified;

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
