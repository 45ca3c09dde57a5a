//! Texts that a spreadsheet would take for a formula.
//!
//! A csv file says of no cell whether it is a text: a spreadsheet that opens it decides by the first character, and some look behind blanks and
//! at full-width signs. A workbook says so, and needs none of this.

use std::borrow::Cow;

/// What some program passes over before it looks for a sign: blanks of every kind, control characters, what has no width, and the marks of
/// direction.
fn passed_over(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}')
}

/// What begins a formula, in all its widths.
fn begins_formula(c: char) -> bool {
    matches!(c,
        '=' | '+' | '-' | '@'
        | '\u{ff1d}' | '\u{ff0b}' | '\u{ff0d}' | '\u{ff20}'
        | '\u{fe66}' | '\u{fe62}' | '\u{fe63}' | '\u{fe6b}'
        | '\u{207a}'..='\u{207c}' | '\u{208a}'..='\u{208c}' | '\u{2212}')
}

/// A number as it is written everywhere: perhaps a sign, digits, perhaps a point and digits.
fn is_plain_number(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    match unsigned.split_once('.') {
        Some((whole, rest)) => digits(whole) && digits(rest),
        None => digits(unsigned),
    }
}

/// Whether a spreadsheet might carry the text out.
fn is_live(text: &str) -> bool {
    let signs = text.chars().find(|c| !passed_over(*c)).is_some_and(begins_formula);
    (signs || text.starts_with(['\t', '\r', '\n'])) && !is_plain_number(text)
}

/// A text as it may stand in a cell of a csv file: one that a spreadsheet might carry out as a formula begins with an apostrophe, everything
/// else is as it was. Plain numbers stay, so that `-12.50` can be added up and `+8613800001234` be dialled. [`restored`] gives back what
/// it was.
///
/// ```
/// use crm_core::export::defused;
/// assert_eq!(defused("=HYPERLINK(A1)"), "'=HYPERLINK(A1)");
/// assert_eq!(defused("\u{3000}＝1+1"), "'\u{3000}＝1+1");
/// assert_eq!(defused("-12.50"), "-12.50");
/// assert_eq!(defused("云帆科技"), "云帆科技");
/// ```
pub fn defused(text: &str) -> Cow<'_, str> {
    // One that begins with apostrophes of its own gets one more, or they could not be told apart.
    if is_live(text.trim_start_matches('\'')) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// What a text of a csv file was before [`defused`].
pub fn restored(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if is_live(rest.trim_start_matches('\'')) => rest,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn q5_no_cell_is_a_formula() {
        let before =
            ["", " ", "\t", "\r", "\n", "\u{3000}", "\u{feff}", "\u{200b}", "\u{a0} \u{2060}", "\u{202e}", "\0"];
        for sign in ["=", "+", "-", "@", "＝", "＋", "－", "＠", "﹦", "﹢", "﹣", "﹫", "−"] {
            for before in before {
                let text = format!("{before}{sign}cmd|' /C calc'!A0");
                assert_eq!(defused(&text), format!("'{text}"), "{text:?}");
            }
        }
        for text in ["\tx", "\rx", "\nx", "-", "+1-2", "-1.", "+.5", "-1e5", "- 5", "＋86 138", "+86 138-0000-1234"] {
            assert_eq!(defused(text), format!("'{text}"), "{text:?}");
        }
        for text in ["", "1+1", "a=b", "-12.50", "+8613800001234", "0", "13800001234", " 云帆", "'quoted'", "（-1）"]
        {
            assert_eq!(defused(text), text, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn q5_what_was_defused_is_no_formula_and_comes_back(text in "['=+@0-9. \t\r\u{3000}\u{feff}\u{200b}＝＋－＠a-c-]{0,8}") {
            let cell = defused(&text);
            prop_assert_eq!(restored(&cell), text.as_str());
            let first = cell.chars().find(|c| !passed_over(*c));
            prop_assert!(!first.is_some_and(begins_formula) || is_plain_number(&cell));
            prop_assert!(!cell.starts_with(['\t', '\r', '\n']));
        }

        #[test]
        fn q5_any_text_comes_back(text in any::<String>()) {
            let cell = defused(&text);
            prop_assert_eq!(restored(&cell), text.as_str());
        }
    }
}
