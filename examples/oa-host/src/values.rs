//! What a browser sends: names with values, out of a query or a form.

use std::collections::BTreeSet;

use crm_core::{Birthday, Calendar, Currency, Date, Decimal, EntryCode, TimeZone, Timestamp, Violation};

/// Names with values, in the order in which they came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Values(Vec<(String, String)>);

impl Values {
    /// Out of a query or the body of a form.
    pub(crate) fn parse(encoded: &[u8]) -> Self {
        Values(form_urlencoded::parse(encoded).map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// The first value of a name; empty when there is none.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The first value of a name, trimmed, unless it is blank.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let text = self.get(name).trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// Every value of a name that is not blank.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.0
            .iter()
            .filter(|(known, value)| known == name && !value.trim().is_empty())
            .map(|(_, value)| value.as_str())
            .collect()
    }

    /// Whether a box is ticked.
    pub(crate) fn ticked(&self, name: &str) -> bool {
        !self.get(name).is_empty()
    }

    /// The lines of a text, without blank ones.
    pub(crate) fn lines(&self, name: &str) -> Vec<String> {
        self.get(name).lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }

    /// The same with one more value.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.0.push((name.to_owned(), value.into()));
        self
    }

    /// The same with one more value, if there is one.
    #[must_use]
    pub(crate) fn with_some(self, name: &str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The same with all of the others behind it.
    #[must_use]
    pub(crate) fn and(mut self, others: Values) -> Self {
        self.0.extend(others.0);
        self
    }

    /// The same without some names.
    #[must_use]
    pub(crate) fn without(mut self, of: impl Fn(&str) -> bool) -> Self {
        self.0.retain(|(name, _)| !of(name));
        self
    }

    /// What is named under a prefix, by the names behind it.
    pub(crate) fn under(&self, prefix: &str) -> Values {
        let named = |(name, value): &(String, String)| Some((name.strip_prefix(prefix)?.to_owned(), value.clone()));
        Values(self.0.iter().filter_map(named).collect())
    }

    /// The same with the things of a numbered list one after the other, as the CRM numbers them: one of which nothing
    /// is typed but what is only sent along is left out, wherever it stands.
    #[must_use]
    pub(crate) fn packed(self, list: &str, sent_along: &str) -> Self {
        let place = |name: &str| -> Option<(usize, String)> {
            let (place, field) = name.strip_prefix(list)?.strip_prefix('_')?.split_once('_')?;
            Some((place.parse().ok()?, field.to_owned()))
        };
        let typed = self.0.iter().filter(|(_, value)| !value.trim().is_empty());
        let typed = typed.filter_map(|(name, _)| place(name)).filter(|(_, field)| field != sent_along);
        let places: BTreeSet<usize> = typed.map(|(place, _)| place).collect();
        let packed = self.0.into_iter().filter_map(|(name, value)| match place(&name) {
            None => Some((name, value)),
            Some((was, field)) => {
                let now = places.iter().position(|place| *place == was)?;
                Some((format!("{list}_{now}_{field}"), value))
            }
        });
        Values(packed.collect())
    }

    /// Adds what fields of a birthday show.
    #[must_use]
    pub(crate) fn with_birthday(self, birthday: Option<&Birthday>) -> Self {
        let Some(birthday) = birthday else { return self };
        let calendar = match birthday.calendar {
            Calendar::Solar => "solar",
            Calendar::Lunar => "lunar",
        };
        self.with("birthday_calendar", calendar)
            .with_some("birthday_year", birthday.year.map(|year| year.to_string()))
            .with("birthday_month", birthday.month.to_string())
            .with("birthday_day", birthday.day.to_string())
            .with_some("birthday_leap", birthday.leap_month.then_some("1"))
    }

    /// Every name with its value.
    pub(crate) fn pairs(&self) -> &[(String, String)] {
        &self.0
    }
}

/// Reads typed values and notes what can't be read, so that a form says everything at once.
pub(crate) struct Reader<'v> {
    values: &'v Values,
    zone: TimeZone,
    violations: Vec<Violation>,
}

impl<'v> Reader<'v> {
    pub(crate) fn new(values: &'v Values, zone: TimeZone) -> Self {
        Reader { values, zone, violations: Vec::new() }
    }

    /// An instant typed as local time of the organisation.
    pub(crate) fn instant(&mut self, name: &str) -> Option<Timestamp> {
        let text = self.values.text(name)?;
        let at = self.zone.instant_of(&text);
        if at.is_none() {
            self.violations.push(Violation::malformed(name));
        }
        at
    }

    /// The code of an entry of a dictionary.
    pub(crate) fn code(&mut self, name: &str) -> Option<EntryCode> {
        let code = EntryCode::new(self.values.text(name)?);
        if code.is_err() {
            self.violations.push(Violation::unknown(name));
        }
        code.ok()
    }

    /// A whole number; 0 when it is none.
    pub(crate) fn number(&mut self, name: &str) -> i32 {
        let Some(text) = self.values.text(name) else {
            self.violations.push(Violation::required(name));
            return 0;
        };
        text.parse().unwrap_or_else(|_| {
            self.violations.push(Violation::malformed(name));
            0
        })
    }

    /// A whole number, where there is one.
    pub(crate) fn whole(&mut self, name: &str) -> Option<i64> {
        let number = self.values.text(name)?.parse();
        if number.is_err() {
            self.violations.push(Violation::malformed(name));
        }
        number.ok()
    }

    /// Numbers of days, one behind the other.
    pub(crate) fn days(&mut self, name: &str) -> Vec<i32> {
        let typed = self.values.get(name).split([',', '，', '、', ' ']).map(str::trim).filter(|part| !part.is_empty());
        let days: Result<Vec<i32>, _> = typed.map(str::parse).collect();
        if days.is_err() {
            self.violations.push(Violation::malformed(name));
        }
        days.unwrap_or_default()
    }

    /// A day.
    pub(crate) fn day(&mut self, name: &str) -> Option<Date> {
        let day = self.values.text(name)?.parse();
        if day.is_err() {
            self.violations.push(Violation::malformed(name));
        }
        day.ok()
    }

    /// A day that must be there.
    pub(crate) fn needed_day(&mut self, name: &str) -> Option<Date> {
        self.require(name);
        self.day(name)
    }

    /// Notes a field that is blank and must not be.
    pub(crate) fn require(&mut self, name: &str) {
        if self.values.text(name).is_none() {
            self.note(Violation::required(name));
        }
    }

    /// Notes something that the page itself found wrong.
    pub(crate) fn note(&mut self, violation: Violation) {
        self.violations.push(violation);
    }

    /// An exact number; commas between thousands are left out.
    pub(crate) fn decimal(&mut self, name: &str) -> Option<Decimal> {
        let number = self.values.text(name)?.replace([',', '，'], "").parse();
        if number.is_err() {
            self.violations.push(Violation::malformed(name));
        }
        number.ok()
    }

    /// An exact number that must be there; nothing when it is none.
    pub(crate) fn needed_decimal(&mut self, name: &str) -> Decimal {
        self.require(name);
        self.decimal(name).unwrap_or(Decimal::ZERO)
    }

    /// A currency.
    pub(crate) fn currency(&mut self, name: &str) -> Option<Currency> {
        let currency = Currency::new(&self.values.text(name)?.to_uppercase());
        if currency.is_err() {
            self.violations.push(Violation::unknown(name));
        }
        currency.ok()
    }

    /// Anything that is read out of text, such as an id.
    pub(crate) fn parsed<T: std::str::FromStr>(&mut self, name: &str) -> Option<T> {
        let parsed = self.values.text(name)?.parse();
        if parsed.is_err() {
            self.violations.push(Violation::unknown(name));
        }
        parsed.ok()
    }

    /// Anything that is made from text and may refuse it, such as a user's id.
    pub(crate) fn made<T: TryFrom<String>>(&mut self, name: &str) -> Option<T> {
        let made = T::try_from(self.values.text(name)?);
        if made.is_err() {
            self.violations.push(Violation::unknown(name));
        }
        made.ok()
    }

    /// The fields of a birthday.
    pub(crate) fn birthday(&mut self) -> Option<Birthday> {
        let (year, month, day) =
            (self.values.text("birthday_year"), self.values.text("birthday_month"), self.values.text("birthday_day"));
        if year.is_none() && month.is_none() && day.is_none() {
            return None;
        }
        let number = |text: Option<String>| text.and_then(|text| text.parse::<i32>().ok());
        let (Some(month), Some(day)) = (number(month), number(day)) else {
            self.violations.push(Violation::malformed("birthday"));
            return None;
        };
        let known = year.is_some();
        let year = number(year);
        if known && year.is_none() {
            self.violations.push(Violation::malformed("birthday"));
        }
        let calendar = if self.values.get("birthday_calendar") == "lunar" { Calendar::Lunar } else { Calendar::Solar };
        Some(Birthday { calendar, year, month, day, leap_month: self.values.ticked("birthday_leap") })
    }

    /// The end: everything that could not be read.
    pub(crate) fn done(self) -> Result<(), crm_core::Error> {
        if self.violations.is_empty() { Ok(()) } else { Err(crm_core::Error::Invalid { violations: self.violations }) }
    }
}

/// A path with a query, encoded.
pub(crate) fn url(path: &str, pairs: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        query.append_pair(name, value);
    }
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// The addresses of the first page, where another one is shown, and of the next, of the list that the named values make.
pub(crate) fn around(path: &str, names: &[&str], values: &Values, next: Option<&str>) -> (String, String) {
    let mut same: Vec<(&str, &str)> = names.iter().map(|name| (*name, values.get(name))).collect();
    let first = if values.text("cursor").is_some() { url(path, &same) } else { String::new() };
    let next = next.map(|next| {
        same.push(("cursor", next));
        url(path, &same)
    });
    (first, next.unwrap_or_default())
}

/// A path of this host, or the first page: where a form says to go next, nothing else may be meant.
pub(crate) fn local(path: &str) -> String {
    let inside = path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains('\\')
        && !path.chars().any(char::is_control)
        && path.is_ascii();
    if inside { path.to_owned() } else { "/".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_host_are_gone_to() {
        assert_eq!(local("/customers?view=mine"), "/customers?view=mine");
        for path in ["//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nSet-Cookie: x=1", ""] {
            assert_eq!(local(path), "/", "{path:?}");
        }
    }

    #[test]
    fn numbered_things_follow_each_other() {
        let sent = b"lines_0_name=&lines_0_id=7&lines_3_name=b&lines_3_id=9&lines_1_price=5&name=x&lines_x=1";
        let packed = Values::parse(sent).packed("lines", "id");
        for (name, value) in [("lines_0_price", "5"), ("lines_1_name", "b"), ("lines_1_id", "9"), ("name", "x")] {
            assert_eq!(packed.get(name), value, "{name}");
        }
        assert_eq!(packed.pairs().len(), 5);
        assert_eq!(packed.get("lines_x"), "1");
    }

    #[test]
    fn queries_are_encoded() {
        assert_eq!(url("/a", &[("x", "客户 &"), ("y", "")]), "/a?x=%E5%AE%A2%E6%88%B7+%26");
    }
}
