//! Checks of typed input, which find everything that is wrong at once.

use crate::error::{Error, Violation};

/// Collects violations while input is cleaned.
#[derive(Debug, Default)]
pub(crate) struct Checker {
    prefix: String,
    violations: Vec<Violation>,
}

impl Checker {
    /// For the fields of the input itself.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Checks what stands below `path`, such as `contacts[2]`.
    pub(crate) fn under<T>(&mut self, path: &str, check: impl FnOnce(&mut Checker) -> T) -> T {
        let outer = self.prefix.clone();
        self.prefix = if outer.is_empty() { format!("{path}.") } else { format!("{outer}{path}.") };
        let result = check(self);
        self.prefix = outer;
        result
    }

    /// Notes a violation of a field below the present path.
    pub(crate) fn note(&mut self, mut violation: Violation) {
        violation.field.insert_str(0, &self.prefix);
        self.violations.push(violation);
    }

    /// Notes it unless the condition holds.
    pub(crate) fn ensure(&mut self, holds: bool, violation: impl FnOnce() -> Violation) {
        if !holds {
            self.note(violation());
        }
    }

    /// One line of text that must be there, trimmed.
    pub(crate) fn line(&mut self, field: &str, text: &str, most: i64) -> String {
        let text = text.trim();
        if shows_nothing(text) {
            self.note(Violation::required(field));
        }
        self.bounded(field, text, most, char::is_control);
        text.to_owned()
    }

    /// One line of text that may be absent; blank counts as absent.
    pub(crate) fn optional_line(&mut self, field: &str, text: &Option<String>, most: i64) -> Option<String> {
        let text = text.as_deref().map(str::trim).filter(|text| !shows_nothing(text))?;
        self.bounded(field, text, most, char::is_control);
        Some(text.to_owned())
    }

    /// Text of several lines that must be there, trimmed, with LF for every line end.
    pub(crate) fn lines(&mut self, field: &str, text: &str, most: i64) -> String {
        let text = text.trim().replace("\r\n", "\n").replace('\r', "\n");
        if shows_nothing(&text) {
            self.note(Violation::required(field));
        }
        self.bounded(field, &text, most, |c| c.is_control() && c != '\n' && c != '\t');
        text
    }

    /// Text of several lines that may be absent.
    pub(crate) fn optional_lines(&mut self, field: &str, text: &Option<String>, most: i64) -> Option<String> {
        let text = text.as_deref().filter(|text| !shows_nothing(text))?;
        Some(self.lines(field, text, most))
    }

    /// A list of lines, such as phones: each there, none twice, at most `items`.
    pub(crate) fn list(&mut self, field: &str, list: &[String], items: usize, most: i64) -> Vec<String> {
        if list.len() > items {
            self.note(Violation::too_many(field, items as i64));
            return Vec::new();
        }
        let mut clean: Vec<String> = Vec::with_capacity(list.len());
        for (place, item) in list.iter().enumerate() {
            let item = self.line(&format!("{field}[{place}]"), item, most);
            if clean.contains(&item) {
                self.note(Violation::repeated(format!("{field}[{place}]")));
            }
            clean.push(item);
        }
        clean
    }

    /// Marks that turn the direction of text make a name read as another.
    fn turns_text(c: char) -> bool {
        matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    }

    fn bounded(&mut self, field: &str, text: &str, most: i64, forbidden: impl Fn(char) -> bool) {
        if text.chars().count() as i64 > most {
            self.note(Violation::too_long(field, most));
        }
        if text.chars().any(|c| forbidden(c) || Self::turns_text(c)) {
            self.note(Violation::control_character(field));
        }
    }

    /// The end: everything that was wrong, at once.
    pub(crate) fn done(self) -> Result<(), Error> {
        if self.violations.is_empty() { Ok(()) } else { Err(Error::Invalid { violations: self.violations }) }
    }
}

/// Whether a text has the form of an e-mail address. Kept loose: what the mail system takes is
/// its own matter.
pub(crate) fn is_email(text: &str) -> bool {
    match text.split_once('@') {
        Some((name, domain)) => {
            !name.is_empty()
                && domain.len() >= 3
                && domain.contains('.')
                && !domain.starts_with('.')
                && !domain.ends_with('.')
                && !domain.contains('@')
                && !text.chars().any(char::is_whitespace)
        }
        None => false,
    }
}

/// Whether a text may be followed as a link to the web: with `http` or `https`, or with no scheme
/// at all. Any other scheme could run something where it is shown.
pub(crate) fn is_web_address(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    if lower.starts_with("http://") || lower.starts_with("https://") {
        return true;
    }
    let (first, rest) = lower.split_once(':').unwrap_or((&lower, "80"));
    // `example.com:8080/path` has a port, `javascript:...` a scheme.
    let port = rest.split('/').next().unwrap_or_default();
    first.contains('.') && !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())
}
/// Whether nobody would see anything of a text.
fn shows_nothing(text: &str) -> bool {
    text.chars().all(super::fold::shows_nothing)
}
