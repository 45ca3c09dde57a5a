//! Which of the customers gives which field: pure.

use super::{MergeChoice, MergeField, MergeValue};
use crate::custom_field::{CUSTOM, gathered, spread};
use crate::customer::{Customer, CustomerId, MOST_PHONES};
use crate::error::{Error, Violation};
use crate::store::StoreError;
use crate::text::Checker;
use serde_json::Value;
use std::collections::BTreeSet;

/// Fields of which one customer gives the value. An address goes with its region: half of one and half of another is
/// nobody's.
const FIELDS: [(&str, &[&str]); 13] = [
    ("name", &["name"]),
    ("short_name", &["short_name"]),
    ("credit_code", &["credit_code"]),
    ("level", &["level"]),
    ("stage", &["stage"]),
    ("source", &["source"]),
    ("industry", &["industry"]),
    ("address", &["region", "address"]),
    ("phones", &["phones"]),
    ("website", &["website"]),
    ("email", &["email"]),
    ("description", &["description"]),
    ("birthday", &["birthday"]),
];

/// The survivor with the fields that it is given, and where each comes from.
pub(super) fn chosen(
    survivor: &Customer,
    sources: &[Customer],
    choices: &[MergeChoice],
) -> Result<(Customer, Vec<MergeField>), Error> {
    let all: Vec<(CustomerId, Value)> =
        std::iter::once(survivor).chain(sources).map(|customer| (customer.id, spread(customer))).collect();
    let custom = all.iter().filter_map(|(_, value)| value.as_object()).flat_map(|object| object.keys());
    let custom: BTreeSet<&str> = custom.filter(|name| name.starts_with(CUSTOM)).map(String::as_str).collect();
    let custom: Vec<(&str, [&str; 1])> = custom.into_iter().map(|name| (name, [name])).collect();
    let fields: Vec<(&str, &[&str])> =
        FIELDS.into_iter().chain(custom.iter().map(|(name, parts)| (*name, parts.as_slice()))).collect();
    let mut check = Checker::new();
    for (place, choice) in choices.iter().enumerate() {
        let path = |field: &str| format!("fields[{place}].{field}");
        check.ensure(fields.iter().any(|(field, _)| *field == choice.field), || Violation::unknown(path("field")));
        let again = choices.iter().take(place).any(|other| other.field == choice.field);
        check.ensure(!again, || Violation::repeated(path("field")));
        check.ensure(all.iter().any(|(id, _)| *id == choice.from), || Violation::unknown(path("from")));
    }
    check.done()?;
    let mut after = spread(survivor);
    let mut told = Vec::new();
    for (field, parts) in fields {
        let has = |value: &Value| parts.iter().any(|part| is_something(value.get(part)));
        let having: Vec<&(CustomerId, Value)> = all.iter().filter(|(_, value)| has(value)).collect();
        let Some((first, _)) = having.first() else { continue };
        let choice = choices.iter().find(|choice| choice.field == field).map(|choice| choice.from);
        let mut from = Some(choice.unwrap_or(*first));
        if field == "phones"
            && choice.is_none()
            && let Some(united) = united(&having)
        {
            from = from.filter(|_| having.len() == 1);
            put(&mut after, "phones", Some(&united));
        } else {
            let of = all.iter().find(|(id, _)| Some(*id) == from).map(|(_, value)| value);
            parts.iter().for_each(|part| put(&mut after, part, of.and_then(|value| value.get(part))));
        }
        let of_parts = |value: &Value| parts.iter().map(|part| value.get(part).cloned()).collect::<Vec<_>>();
        let lost = |(_, value): &&(CustomerId, Value)| match from {
            Some(_) => of_parts(value) != of_parts(&after),
            None => false,
        };
        let conflict = having.iter().any(lost);
        let shown = |value: &Value| match parts {
            [part] => value.get(part).cloned().unwrap_or_default(),
            _ => parts.iter().filter_map(|part| Some(((*part).to_owned(), value.get(part)?.clone()))).collect(),
        };
        let values = having.iter().map(|(customer, value)| MergeValue { customer: *customer, value: shown(value) });
        told.push(MergeField { field: field.to_owned(), values: values.collect(), from, conflict });
    }
    Ok((as_customer(after, survivor)?, told))
}

/// All phones, each once; none where they are more than a customer has.
fn united(having: &[&(CustomerId, Value)]) -> Option<Value> {
    let mut phones: Vec<Value> = Vec::new();
    for phone in having.iter().filter_map(|(_, value)| value.get("phones")?.as_array()).flatten() {
        if !phones.contains(phone) {
            phones.push(phone.clone());
        }
    }
    (phones.len() <= MOST_PHONES).then_some(Value::Array(phones))
}

fn is_something(value: Option<&Value>) -> bool {
    value.is_some_and(crate::history::is_something)
}

/// Sets a field of a customer as JSON; what is nothing is left out, as it is in a row.
pub(super) fn put(customer: &mut Value, field: &str, value: Option<&Value>) {
    let Some(object) = customer.as_object_mut() else { return };
    match value.filter(|value| !value.is_null()) {
        Some(value) => object.insert(field.to_owned(), value.clone()),
        None if field == "phones" => object.insert(field.to_owned(), Value::Array(Vec::new())),
        None => object.remove(field),
    };
}

/// Back from JSON.
pub(super) fn as_customer(value: Value, was: &Customer) -> Result<Customer, Error> {
    let corrupt = |error: serde_json::Error| Error::from(StoreError::Corrupt(format!("customer {}: {error}", was.id)));
    let customer: Customer = serde_json::from_str(&gathered(value).to_string()).map_err(corrupt)?;
    Ok(Customer { version: was.version, ..customer })
}
