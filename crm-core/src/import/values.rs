//! A row of texts as a customer with a contact.

use super::fields::CONTACT;
use super::{Import, ImportError};
use crate::UserId;
use crate::contact::{Gender, NewContact};
use crate::custom_field::{CUSTOM, CustomField, CustomValue, Customized, FieldType, FieldValue};
use crate::customer::{CustomerKind, NewCustomer};
use crate::date::Date;
use crate::dictionary::{self, EntryCode};
use crate::error::{Error, Language, Violation};
use crate::export::restored;
use crate::money::{Currency, Decimal, Money};
use crate::organisation::Context;
use crate::text::fold;
use crate::time::{Birthday, Calendar};

/// What stands between several values of one cell.
fn several(text: &str) -> Vec<String> {
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

/// A birthday: a day, `03-01` without a year, and behind `农历` or `lunar` one of that calendar, `闰` or `leap` before the month of a leap
/// month, as exports write it.
fn birthday(text: &str) -> Option<Birthday> {
    let text = text.trim();
    let lunar = ["农历", "lunar"].iter().find_map(|word| text.strip_prefix(word));
    let calendar = if lunar.is_some() { Calendar::Lunar } else { Calendar::Solar };
    let text = lunar.unwrap_or(text).trim();
    let leap_month = text.contains('闰') || text.contains("leap");
    let text = text.replace("leap ", "").replace('闰', "").replace(['/', '.', '年', '月'], "-");
    let parts: Vec<&str> = text.trim_end_matches('日').split('-').collect();
    let (year, month, day) = match parts.as_slice() {
        [year, month, day] => (Some(year.parse().ok()?), month, day),
        [month, day] => (None, month, day),
        _ => return None,
    };
    let birthday = Birthday { calendar, year, month: month.parse().ok()?, day: day.parse().ok()?, leap_month };
    birthday.is_possible().then_some(birthday)
}

/// The code that a text means among codes and labels: by its label, its code, its code however that is written, or by its label without what
/// that has in brackets; each only where one alone is meant.
fn meant<'l>(text: &str, all: impl Iterator<Item = (&'l EntryCode, &'l str)> + Clone) -> Option<EntryCode> {
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

/// The code of an entry of a dictionary.
fn code(context: &Context, dictionary: &str, text: &str) -> Option<EntryCode> {
    let entries = context.dictionaries.get(dictionary)?.iter().filter(|entry| !entry.retired);
    meant(text, entries.map(|entry| (&entry.code, entry.label.as_str())))
}

/// A person by his id or, where only one is called so, by his name.
fn person(context: &Context, text: &str) -> Option<UserId> {
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
fn custom(context: &Context, field: &CustomField, text: &str) -> Option<FieldValue> {
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

/// Whether a row has nothing.
pub(super) fn is_blank(cells: &[String]) -> bool {
    cells.iter().all(|cell| cell.trim().is_empty())
}

/// What a row gives a field.
pub(super) fn cell<'r>(import: &Import, cells: &'r [String], field: &str) -> Option<&'r str> {
    let place = import.fields.iter().position(|own| own == field)?;
    cells.get(place).map(|cell| restored(cell).trim()).filter(|text| !text.is_empty())
}

/// The customer that a row is, or what of it has no form that could be read.
pub(super) fn customer(context: &Context, import: &Import, cells: &[String]) -> Result<NewCustomer, Vec<ImportError>> {
    let mut wrong = Vec::new();
    let mut new = NewCustomer { duplicate_reason: import.duplicate_reason.clone(), ..NewCustomer::default() };
    let mut contact = NewContact { duplicate_reason: import.duplicate_reason.clone(), ..NewContact::default() };
    let mut with_contact = false;
    for field in import.fields.iter().filter(|field| !field.is_empty()) {
        let Some(text) = cell(import, cells, field) else { continue };
        let own = || Some(text.to_owned());
        let mut entry = |dictionary: &str, to: &mut Option<EntryCode>| {
            *to = code(context, dictionary, text);
            if to.is_none() {
                wrong.push(told(import, field, &Violation::unknown(field.as_str())));
            }
        };
        match field.as_str() {
            "number" => new.number = own(),
            "name" => new.name = text.to_owned(),
            "short_name" => new.short_name = own(),
            "kind" => match fold(text).as_str() {
                "企业" | "公司" | "company" => new.kind = Some(CustomerKind::Company),
                "个人" | "person" => new.kind = Some(CustomerKind::Person),
                _ => wrong.push(told(import, field, &Violation::unknown(field.as_str()))),
            },
            "credit_code" => new.credit_code = own(),
            "level" => entry(dictionary::LEVEL, &mut new.level),
            "stage" => entry(dictionary::STAGE, &mut new.stage),
            "source" => entry(dictionary::SOURCE, &mut new.source),
            "industry" => entry(dictionary::INDUSTRY, &mut new.industry),
            "region" => new.region = own(),
            "address" => new.address = own(),
            "phones" => new.phones = several(text),
            "website" => new.website = own(),
            "email" => new.email = own(),
            "description" => new.description = own(),
            "birthday" => {
                new.birthday = birthday(text);
                if new.birthday.is_none() {
                    wrong.push(told(import, field, &Violation::malformed(field.as_str())));
                }
            }
            "owner" => {
                new.owner = person(context, text);
                if new.owner.is_none() {
                    wrong.push(told(import, field, &Violation::unknown(field.as_str())));
                }
            }
            name => {
                if let Some(key) = name.strip_prefix(CUSTOM) {
                    let stored = context.field(Customized::Customer, key).map(|stored| &stored.field);
                    match stored.and_then(|own| Some((own.key.clone(), custom(context, own, text)?))) {
                        Some((field, value)) => new.custom.push(CustomValue { field, value }),
                        None => wrong.push(told(import, field, &Violation::malformed(name))),
                    }
                } else if let Some(part) = name.strip_prefix(CONTACT) {
                    with_contact = true;
                    if !give(context, &mut contact, part, text) {
                        wrong.push(told(import, field, &Violation::malformed(name)));
                    }
                }
            }
        }
    }
    if with_contact {
        new.contacts.push(contact);
    }
    if wrong.is_empty() { Ok(new) } else { Err(wrong) }
}

/// Gives a contact what a cell says of it; `false` where that can't be read.
fn give(context: &Context, contact: &mut NewContact, part: &str, text: &str) -> bool {
    let own = Some(text.to_owned());
    if let Some(key) = part.strip_prefix(CUSTOM) {
        let stored = context.field(Customized::Contact, key).map(|stored| &stored.field);
        let value = stored.and_then(|own| Some((own.key.clone(), custom(context, own, text)?)));
        let Some((field, value)) = value else { return false };
        contact.custom.push(CustomValue { field, value });
        return true;
    }
    match part {
        "name" => text.clone_into(&mut contact.name),
        "gender" => {
            contact.gender = match fold(text).as_str() {
                "女" | "female" | "f" | "女士" => Some(Gender::Female),
                "男" | "male" | "m" | "先生" => Some(Gender::Male),
                "其他" | "other" => Some(Gender::Other),
                _ => None,
            };
            return contact.gender.is_some();
        }
        "title" => contact.title = own,
        "department" => contact.department = own,
        "phones" => contact.phones = several(text),
        "email" => contact.email = own,
        "wechat" => contact.wechat = own,
        "qq" => contact.qq = own,
        "birthday" => {
            contact.birthday = birthday(text);
            return contact.birthday.is_some();
        }
        "address" => contact.address = own,
        "preferences" => contact.preferences = own,
        "note" => contact.note = own,
        _ => return false,
    }
    true
}

/// A violation of a field as it is told of a row.
fn told(import: &Import, field: &str, violation: &Violation) -> ImportError {
    ImportError {
        column: import.header_of(field).unwrap_or_default().to_owned(),
        code: violation.code.clone(),
        texts: vec![violation.text(Language::English), violation.text(Language::Chinese)],
    }
}

/// What is wrong with a row that was refused.
pub(super) fn refused(import: &Import, new: &NewCustomer, error: &Error) -> Vec<ImportError> {
    let Error::Invalid { violations } = error else {
        let texts = vec![error.text(Language::English), error.text(Language::Chinese)];
        return vec![ImportError { column: String::new(), code: error.code().to_owned(), texts }];
    };
    let named =
        |path: &str, values: &[CustomValue]| match path.strip_prefix("custom[").and_then(|rest| rest.split(']').next())
        {
            Some(place) => {
                let own = place.parse::<usize>().ok().and_then(|place| values.get(place));
                own.map(|own| format!("{CUSTOM}{}", own.field)).unwrap_or_default()
            }
            None => path.split('[').next().unwrap_or_default().to_owned(),
        };
    let given = new.contacts.first().map(|contact| contact.custom.as_slice()).unwrap_or_default();
    let field = |path: &str| match path.strip_prefix("contacts[0].") {
        Some(part) => format!("{CONTACT}{}", named(part, given)),
        None => named(path, &new.custom),
    };
    violations.iter().map(|violation| told(import, &field(&violation.field), violation)).collect()
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
        let own = birthday("农历 1990-闰04-08").unwrap();
        assert_eq!(
            (own.calendar, own.year, own.month, own.day, own.leap_month),
            (Calendar::Lunar, Some(1990), 4, 8, true)
        );
        assert_eq!(birthday("03-05").unwrap().year, None);
        assert_eq!(birthday("1990年3月5日").unwrap().month, 3);
        assert!(birthday("2026-02-31").is_none() && birthday("soon").is_none());
        assert_eq!(several("138; 139、0571，a|b"), ["138", "139", "0571", "a", "b"]);
        assert_eq!((yes("是"), yes("NO"), yes("maybe")), (Some(true), Some(false), None));
    }
}
