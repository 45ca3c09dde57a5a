//! The fields that columns of an import go to, and which column goes to which.

use super::{Import, ImportInput, MOST_COLUMNS};
use crate::access::{Access, FieldAccess};
use crate::custom_field::{CUSTOM, Customized, FieldType};
use crate::error::Violation;
use crate::export::restored;
use crate::layout::own_fields;
use crate::text::{Checker, fold};
use serde::{Deserialize, Serialize};

/// What stands before the fields of the contact.
pub(super) const CONTACT: &str = "contact.";

/// A field that a column can go to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct ImportField {
    /// Its name: `phones`, `contact.phones`, `custom.` and the key of a custom field, `contact.custom.` and that of one of contacts.
    pub name: String,
    /// What it is called in English; a custom field's label, of contacts behind the word for them.
    pub english: String,
    /// What it is called in Chinese; a custom field's label, of contacts behind the word for them.
    pub chinese: String,
    /// Whether a column must go to it.
    pub required: bool,
}

/// To which fields columns can go, and would.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct ImportColumns {
    /// The fields that the actor may give.
    pub known: Vec<ImportField>,
    /// For each header the field that is called like it; empty: none is.
    pub fields: Vec<String>,
}

/// The fields that records have by themselves, by their names, with what they are called in Chinese and English.
fn own() -> impl Iterator<Item = (String, String, String)> {
    let customers = own_fields(Customized::Customer).iter();
    let customers = customers.map(|own| (own.name.to_owned(), own.chinese.to_owned(), own.english.to_owned()));
    let owner = ("owner".to_owned(), "所属销售".to_owned(), "Owner".to_owned());
    let contacts = own_fields(Customized::Contact).iter().map(|own| {
        let english = if own.english.chars().nth(1).is_some_and(char::is_uppercase) {
            own.english.to_owned()
        } else {
            own.english.to_lowercase()
        };
        (format!("{CONTACT}{}", own.name), format!("联系人{}", own.chinese), format!("Contact {english}"))
    });
    customers.chain([owner]).chain(contacts)
}

/// Other words by which headers are known, too.
const ALSO: [(&str, &str); 12] = [
    ("名称", "name"),
    ("公司名称", "name"),
    ("客户", "name"),
    ("公司", "name"),
    ("company", "name"),
    ("customer", "name"),
    ("税号", "credit_code"),
    ("手机", "contact.phones"),
    ("联系人", "contact.name"),
    ("contact", "contact.name"),
    ("phone", "phones"),
    ("email", "email"),
];

/// The fields that the actor may give.
pub(super) fn known(access: &Access<'_>) -> Vec<ImportField> {
    // Rights are said of the record and its field: `customer.phones`, `contact.phones`.
    let gives = |name: &str| {
        let of = if name.starts_with(CONTACT) { name.to_owned() } else { format!("customer.{name}") };
        let contact = !name.starts_with(CONTACT) || access.may("contact.create");
        let owner = name != "owner" || access.may("customer.assign");
        contact && owner && access.field(&of) == FieldAccess::Edit
    };
    let own = own().map(|(name, chinese, english)| ImportField { required: name == "name", name, english, chinese });
    let custom = |of: Customized| {
        let fields = access.context.fields_of(of).iter().map(|stored| &stored.field);
        fields.filter(|field| !field.retired && field.field_type != FieldType::AutoNumber)
    };
    let customers = custom(Customized::Customer).map(|field| ImportField {
        name: format!("{CUSTOM}{}", field.key),
        english: field.label.clone(),
        chinese: field.label.clone(),
        required: false,
    });
    let contacts = custom(Customized::Contact).map(|field| ImportField {
        name: format!("{CONTACT}{CUSTOM}{}", field.key),
        english: format!("Contact {}", field.label),
        chinese: format!("联系人{}", field.label),
        required: false,
    });
    own.chain(customers).chain(contacts).filter(|field| gives(&field.name)).collect()
}

/// For each header the field that is called like it, each field once.
pub(super) fn by_header(headers: &[String], known: &[ImportField]) -> Vec<String> {
    let mut taken: Vec<&str> = Vec::new();
    let called = |header: &str| {
        let header = fold(restored(header).trim());
        let like = |text: &str| fold(text) == header;
        let also = ALSO.iter().find(|(word, _)| like(word)).map(|(_, name)| *name);
        // A custom field that is called so is meant before a word that is known, too.
        let by_name = known.iter().find(|field| like(&field.name) || like(&field.chinese) || like(&field.english));
        by_name.or_else(|| known.iter().find(|field| Some(field.name.as_str()) == also))
    };
    let mut fields = Vec::with_capacity(headers.len());
    for header in headers {
        match called(header).filter(|_| !header.trim().is_empty()) {
            Some(field) if !taken.contains(&field.name.as_str()) => {
                taken.push(&field.name);
                fields.push(field.name.clone());
            }
            _ => fields.push(String::new()),
        }
    }
    fields
}

/// The headers, clean; what is wrong with them is noted.
pub(super) fn check_headers(headers: &[String], path: &str, check: &mut Checker) -> Vec<String> {
    let most = MOST_COLUMNS;
    check.ensure(headers.iter().any(|header| !header.trim().is_empty()), || Violation::required(path));
    check.ensure(headers.len() <= most, || Violation::too_many(path, most as i64));
    let folded: Vec<String> = headers.iter().take(most).map(|header| fold(header.trim())).collect();
    let mut clean = Vec::with_capacity(folded.len());
    for (place, header) in headers.iter().enumerate().take(most) {
        let at = || format!("{path}[{place}]");
        clean.push(check.optional_line(&at(), &Some(header.clone()), 200).unwrap_or_default());
        let own = folded.get(place);
        let again = folded.iter().take(place).any(|other| !other.is_empty() && Some(other) == own);
        check.ensure(!again, || Violation::repeated(at()));
    }
    clean
}

/// The headers, and the fields of their columns, as they were given or by the headers.
pub(super) fn mapping(input: &ImportInput, known: &[ImportField], check: &mut Checker) -> (Vec<String>, Vec<String>) {
    let headers = check_headers(&input.headers, "headers", check);
    let fields = if input.fields.is_empty() {
        by_header(input.headers.get(..MOST_COLUMNS).unwrap_or(&input.headers), known)
    } else {
        input.fields.clone()
    };
    check.ensure(fields.len() <= input.headers.len(), || {
        Violation::too_many("fields", i64::try_from(input.headers.len()).unwrap_or(i64::MAX))
    });
    for (place, field) in fields.iter().enumerate().take(MOST_COLUMNS).filter(|(_, field)| !field.is_empty()) {
        let at = || format!("fields[{place}]");
        check.ensure(known.iter().any(|known| known.name == *field), || Violation::unknown(at()));
        check.ensure(!fields.iter().take(place).any(|other| other == field), || Violation::repeated(at()));
    }
    for required in known.iter().filter(|known| known.required) {
        let goes = fields.contains(&required.name);
        check.ensure(goes, || Violation::required(format!("fields.{}", required.name)));
    }
    (headers, fields)
}

impl Import {
    /// The header of the column that goes to a field.
    pub(super) fn header_of(&self, field: &str) -> Option<&str> {
        let place = self.fields.iter().position(|own| own == field)?;
        self.headers.get(place).map(String::as_str)
    }
}
