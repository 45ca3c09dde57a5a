//! A row of texts as a customer with a contact.

use super::fields::CONTACT;
use super::{Import, ImportError};
use crate::contact::{Gender, NewContact};
use crate::custom_field::{CUSTOM, CustomValue, Customized, meant, person, several, understood};
use crate::customer::{CustomerKind, NewCustomer};
use crate::dictionary::{self, EntryCode};
use crate::error::{Error, Language, Violation};
use crate::export::restored;
use crate::organisation::Context;
use crate::text::fold;
use crate::time::{Birthday, Calendar};

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

/// The code of an entry of a dictionary.
fn code(context: &Context, dictionary: &str, text: &str) -> Option<EntryCode> {
    let entries = context.dictionaries.get(dictionary)?.iter().filter(|entry| !entry.retired);
    meant(text, entries.map(|entry| (&entry.code, entry.label.as_str())))
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
                    match stored.and_then(|own| Some((own.key.clone(), understood(context, own, text)?))) {
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
        let value = stored.and_then(|own| Some((own.key.clone(), understood(context, own, text)?)));
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
    fn q5_birthdays_are_read_as_people_write_them() {
        let own = birthday("农历 1990-闰04-08").unwrap();
        assert_eq!(
            (own.calendar, own.year, own.month, own.day, own.leap_month),
            (Calendar::Lunar, Some(1990), 4, 8, true)
        );
        assert_eq!(birthday("03-05").unwrap().year, None);
        assert_eq!(birthday("1990年3月5日").unwrap().month, 3);
        assert!(birthday("2026-02-31").is_none() && birthday("soon").is_none());
    }
}
