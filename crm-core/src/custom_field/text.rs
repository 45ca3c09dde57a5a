//! Values of custom fields as people write them: in files, and where a field changes what it holds.

use super::{CustomField, FieldType, FieldValue};
use crate::actor::UserId;
use crate::date::Date;
use crate::dictionary::EntryCode;
use crate::money::{Currency, Decimal, Money};
use crate::organisation::Context;
use crate::text::fold;

/// A value as people read it, `yes` for one that is yes or no.
pub(crate) fn spoken(
    value: &FieldValue,
    field: Option<&CustomField>,
    context: &Context,
    yes: impl Fn(bool) -> String,
) -> String {
    let option = |code: &EntryCode| {
        let option = field.and_then(|field| field.option(code));
        option.map_or_else(|| code.to_string(), |option| option.label.clone())
    };
    match value {
        FieldValue::Text(text) => text.clone(),
        FieldValue::Integer(number) => number.to_string(),
        FieldValue::Decimal(number) => number.to_string(),
        FieldValue::Money(money) => format!("{} {}", money.amount, money.currency),
        FieldValue::Date(date) => date.to_string(),
        FieldValue::Time(at) => context.settings().time_zone.local_text(*at),
        FieldValue::YesNo(own) => yes(*own),
        FieldValue::OneOf(code) => option(code),
        FieldValue::ManyOf(codes) => codes.iter().map(option).collect::<Vec<_>>().join(BETWEEN),
        FieldValue::Person(person) => {
            context.people.get(person).map_or_else(|| person.to_string(), |person| person.name.clone())
        }
    }
}

/// What stands between several values of one cell, as they are written.
pub(crate) const BETWEEN: &str = "; ";

/// Several values of one cell, as they are read.
pub(crate) fn several(text: &str) -> Vec<String> {
    let parts = text.split([';', '；', ',', '，', '、', '|', '\n']).map(str::trim);
    parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// A day as people write it: `2026-03-01`, `2026/3/1`, `2026.3.1`, `2026年3月1日`, with a clock behind it or without.
fn day(text: &str) -> Option<Date> {
    let text = text.split([' ', 'T']).next()?;
    let text = text.replace(['/', '.', '年', '月'], "-");
    let mut parts = text.trim_end_matches('日').split('-');
    let (year, month, date) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let (month, date): (u8, u8) = (month.parse().ok()?, date.parse().ok()?);
    format!("{year}-{month:02}-{date:02}").parse().ok()
}

/// A number as people write it, with commas between thousands or without.
fn decimal(text: &str) -> Option<Decimal> {
    let text = text.replace([',', '，', ' '], "");
    text.strip_prefix('+').unwrap_or(&text).parse().ok()
}

fn whole(text: &str) -> Option<i64> {
    let number = decimal(text)?.to_string();
    let number = number.split_once('.').map_or(number.as_str(), |(whole, rest)| match rest.trim_matches('0') {
        "" => whole,
        _ => "",
    });
    number.parse().ok()
}

fn yes(text: &str) -> Option<bool> {
    match fold(text).as_str() {
        "是" | "有" | "y" | "yes" | "true" | "1" | "√" => Some(true),
        "否" | "无" | "n" | "no" | "false" | "0" | "×" => Some(false),
        _ => None,
    }
}

/// The code that a text means among codes and labels: by its label, its code, its code however that is written, or by its label without what
/// that has in brackets; each only where one alone is meant.
pub(crate) fn meant<'l>(text: &str, all: impl Iterator<Item = (&'l EntryCode, &'l str)> + Clone) -> Option<EntryCode> {
    let wanted = fold(text);
    let plain = |label: &str| fold(label.split(['（', '(']).next().unwrap_or_default().trim());
    type Fits<'f> = &'f dyn Fn(&EntryCode, &str) -> bool;
    let ways: [Fits<'_>; 4] = [
        &|_, label| fold(label) == wanted,
        &|code, _| code.as_str() == text,
        &|code, _| fold(code.as_str()) == wanted,
        &|_, label| plain(label) == wanted,
    ];
    ways.iter().find_map(|fits| {
        let mut found = all.clone().filter(|(code, label)| fits(code, label)).map(|(code, _)| code.clone());
        found.next().filter(|_| found.next().is_none())
    })
}

/// A person by his id or, where only one is called so, by his name.
pub(crate) fn person(context: &Context, text: &str) -> Option<UserId> {
    let by_id = UserId::new(text).ok().filter(|id| context.people.contains_key(id));
    let wanted = fold(text);
    let mut called = context.people.values().filter(|person| person.active && fold(&person.name) == wanted);
    let by_name = called.next().map(|person| person.id.clone()).filter(|_| called.next().is_none());
    by_id.or(by_name)
}

fn option(field: &CustomField, text: &str) -> Option<EntryCode> {
    let options = field.options.iter().filter(|option| !option.retired);
    meant(text, options.map(|option| (&option.code, option.label.as_str())))
}

/// The value that a text is of a custom field; what has no form that could be one is none.
pub(crate) fn understood(context: &Context, field: &CustomField, text: &str) -> Option<FieldValue> {
    let settings = context.settings();
    Some(match field.field_type {
        FieldType::Integer => FieldValue::Integer(whole(text)?),
        FieldType::Decimal => FieldValue::Decimal(decimal(text)?),
        FieldType::Money => {
            let (amount, currency) = match text.rsplit_once(' ') {
                Some((amount, currency)) if currency.len() == 3 => (amount, Currency::new(currency).ok()?),
                _ => (text, settings.contract.base_currency),
            };
            FieldValue::Money(Money { amount: decimal(amount)?, currency })
        }
        FieldType::Date => FieldValue::Date(day(text)?),
        FieldType::Time => FieldValue::Time(settings.time_zone.instant_of(text)?),
        FieldType::YesNo => FieldValue::YesNo(yes(text)?),
        FieldType::OneOf => FieldValue::OneOf(option(field, text)?),
        FieldType::ManyOf => {
            let codes = several(text).iter().map(|text| option(field, text)).collect::<Option<Vec<_>>>()?;
            FieldValue::ManyOf(codes)
        }
        FieldType::Person => FieldValue::Person(person(context, text)?),
        _ => FieldValue::Text(text.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn q5_entries_are_found_by_label_code_and_what_stands_before_brackets() {
        let codes = ["a", "b", "B"].map(|code| EntryCode::new(code).unwrap());
        let labels = ["A级（重点）", "B级(普通)", "B级（其他）"];
        let all = || codes.iter().zip(labels);
        let found = |text: &str| meant(text, all()).map(|code| code.to_string());
        assert_eq!(found("Ａ级（重点）").as_deref(), Some("a"));
        assert_eq!((found("A").as_deref(), found("a级").as_deref()), (Some("a"), Some("a")));
        assert_eq!((found("b").as_deref(), found("B").as_deref()), (Some("b"), Some("B")));
        // Two are called so.
        assert_eq!((found("B级"), found("C")), (None, None));
    }

    #[test]
    fn q5_cells_are_read_as_people_write_them() {
        for text in ["2026-03-01", "2026/3/1", "2026.3.1", "2026年3月1日", "2026-03-01 08:00", "2026-03-01T00:00:00"]
        {
            assert_eq!(day(text).unwrap().to_string(), "2026-03-01", "{text}");
        }
        for text in ["", "2026", "2026-13-01", "46082", "1-2-3-4", "2026-2-30"] {
            assert_eq!(day(text), None, "{text}");
        }
        assert_eq!(decimal("1,234.50").unwrap().to_string(), "1234.50");
        assert_eq!((whole("1,200"), whole("12.00"), whole("12.5"), whole("x")), (Some(1_200), Some(12), None, None));
        assert_eq!(several("138; 139、0571，a|b"), ["138", "139", "0571", "a", "b"]);
        assert_eq!((yes("是"), yes("NO"), yes("maybe")), (Some(true), Some(false), None));
    }
}
