//! Whether values fit their fields.

use super::value::value_of;
use super::{CUSTOM, CustomField, CustomValue, FieldType, FieldValue, StoredField};
use crate::error::Violation;
use crate::money::MOST;
use crate::organisation::Context;
use crate::text::{Checker, is_email, is_web_address};
use std::cmp::Ordering;

/// Values that somebody gives for a new record or an edit, cleaned; `held` is what the record has, with options and people that
/// nobody chooses any more.
pub(crate) fn given_values(
    fields: &[StoredField],
    given: &[CustomValue],
    held: &[CustomValue],
    context: &Context,
    check: &mut Checker,
) -> Vec<CustomValue> {
    let mut clean: Vec<CustomValue> = Vec::with_capacity(given.len());
    if given.len() > super::MOST_FIELDS {
        check.note(Violation::too_many("custom", super::MOST_FIELDS as i64));
        return clean;
    }
    for (place, own) in given.iter().enumerate() {
        check.under(&format!("custom[{place}]"), |check| {
            let field = fields.iter().map(|stored| &stored.field).find(|field| field.key == own.field);
            let Some(field) = field.filter(|field| !field.retired) else {
                return check.note(Violation::unknown("field"));
            };
            if clean.iter().any(|other| other.field == own.field) {
                return check.note(Violation::repeated("field"));
            }
            if field.field_type == FieldType::AutoNumber {
                return check.note(Violation::not_allowed("field"));
            }
            let held = value_of(held, own.field.as_str());
            if let Some(value) = fit(field, "value", &own.value, held, context, check) {
                clean.push(CustomValue { field: own.field.clone(), value });
            }
        });
    }
    clean
}

/// A value as its field takes it; what does not fit is noted. None, too, for what chooses nothing.
pub(crate) fn fit(
    field: &CustomField,
    at: &str,
    value: &FieldValue,
    held: Option<&FieldValue>,
    context: &Context,
    check: &mut Checker,
) -> Option<FieldValue> {
    if !value.is_of(field.field_type) {
        check.note(Violation::malformed(at));
        return None;
    }
    let clean = match value {
        FieldValue::Text(text) => {
            let text = match field.field_type {
                FieldType::LongText => check.lines(at, text, field.field_type.longest()),
                ty => check.line(at, text, ty.longest()),
            };
            let well_formed = match field.field_type {
                FieldType::Email => is_email(&text),
                FieldType::Link => is_web_address(&text),
                _ => true,
            };
            let matches = field.pattern.as_deref().is_none_or(|pattern| matches_whole(pattern, &text));
            // An empty one has been noted already.
            check.ensure((well_formed && matches) || text.is_empty(), || Violation::malformed(at));
            FieldValue::Text(text)
        }
        FieldValue::Integer(number) => {
            check.ensure((-MOST..=MOST).contains(number), || Violation::out_of_range(at));
            value.clone()
        }
        FieldValue::Money(money) => {
            check.ensure(money.amount.minor(money.currency).is_some(), || Violation::malformed(at));
            value.clone()
        }
        FieldValue::OneOf(code) => {
            let known = field.option(code).is_some_and(|option| !option.retired || held == Some(value));
            check.ensure(known, || Violation::unknown(at));
            value.clone()
        }
        FieldValue::ManyOf(codes) => {
            let held = match held {
                Some(FieldValue::ManyOf(held)) => held.as_slice(),
                _ => &[],
            };
            if codes.len() > super::MOST_OPTIONS {
                check.note(Violation::too_many(at, super::MOST_OPTIONS as i64));
                return None;
            }
            for (place, code) in codes.iter().enumerate() {
                let known = field.option(code).is_some_and(|option| !option.retired || held.contains(code));
                check.ensure(known, || Violation::unknown(format!("{at}[{place}]")));
                let again = codes.iter().take(place).any(|other| other == code);
                check.ensure(!again, || Violation::repeated(format!("{at}[{place}]")));
            }
            let chosen = field.options.iter().map(|option| &option.code).filter(|code| codes.contains(code));
            let chosen: Vec<_> = chosen.cloned().collect();
            if chosen.is_empty() {
                return None;
            }
            FieldValue::ManyOf(chosen)
        }
        FieldValue::Person(person) => {
            check.ensure(context.is_active(person) || held == Some(value), || Violation::unknown(at));
            value.clone()
        }
        FieldValue::Decimal(_) | FieldValue::Date(_) | FieldValue::Time(_) | FieldValue::YesNo(_) => value.clone(),
    };
    let outside = |bound: &Option<FieldValue>, passed| {
        let bound = bound.as_ref();
        bound.is_some_and(|bound| compare(&clean, bound).is_none_or(|order| order == passed))
    };
    let within = !outside(&field.least, Ordering::Less) && !outside(&field.most, Ordering::Greater);
    check.ensure(within, || Violation::out_of_range(at));
    Some(clean)
}

/// Which of two values of one type is greater; none of amounts of two currencies.
pub(crate) fn compare(a: &FieldValue, b: &FieldValue) -> Option<Ordering> {
    if let (FieldValue::Money(a), FieldValue::Money(b)) = (a, b)
        && a.currency != b.currency
    {
        return None;
    }
    Some(a.column().cmp(&b.column()))
}

/// The most characters of a pattern.
pub(super) const LONGEST_PATTERN: i64 = 200;

/// A pattern that is to match the whole of a text; none where it is no pattern.
pub(super) fn whole(pattern: &str) -> Option<regex_lite::Regex> {
    let made = |pattern: &str| regex_lite::RegexBuilder::new(pattern).size_limit(64 * 1024).build().ok();
    // By itself, too: it must not end the group that is put around it.
    made(pattern).and_then(|_| made(&format!(r"\A(?:{pattern})\z")))
}

pub(super) fn matches_whole(pattern: &str, text: &str) -> bool {
    whole(pattern).is_some_and(|pattern| pattern.is_match(text))
}

/// The values of a record after somebody gave some: what is not there because of other fields is dropped, and what must be there
/// is. `before` are those that it had, none for a new record; `own` answers for the fields that are not custom ones; `asked` says who
/// is asked for what is missing.
pub(crate) fn clean_values(
    fields: &[StoredField],
    mut values: Vec<CustomValue>,
    given: &[CustomValue],
    before: Option<&[CustomValue]>,
    own: &dyn Fn(&str) -> Option<FieldValue>,
    asked: &dyn Fn(&str) -> bool,
    check: &mut Checker,
) -> Vec<CustomValue> {
    let hidden = |field: &CustomField, values: &[CustomValue]| {
        let of = |name: &str| match name.strip_prefix(CUSTOM) {
            Some(key) => value_of(values, key).cloned(),
            None => own(name),
        };
        field.visible_when.as_ref().is_some_and(|condition| !condition.holds(&of))
    };
    // What is dropped may take others along.
    loop {
        let gone = fields
            .iter()
            .map(|stored| &stored.field)
            .find(|field| value_of(&values, field.key.as_str()).is_some() && hidden(field, &values));
        let Some(gone) = gone else { break };
        values.retain(|own| own.field != gone.key);
        if let Some(place) = given.iter().position(|own| own.field == gone.key) {
            check.note(Violation::not_allowed(format!("custom[{place}].field")));
        }
    }
    for field in fields.iter().map(|stored| &stored.field) {
        let key = field.key.as_str();
        let had = before.is_none_or(|before| value_of(before, key).is_some());
        let missing = field.required && !field.retired && field.field_type != FieldType::AutoNumber && had;
        if missing && asked(key) && value_of(&values, key).is_none() && !hidden(field, &values) {
            check.note(Violation::required(format!("{CUSTOM}{key}")));
        }
    }
    values.sort_by(|a, b| a.field.cmp(&b.field));
    values
}
