//! What a record has in its custom fields after somebody gave some values.

use super::check::{clean_values, given_values};
use super::{CUSTOM, CustomValue, Customized, FieldType, FieldValue, value_of};
use crate::access::{Access, FieldAccess};
use crate::error::Error;
use crate::history::{self, FieldChange};
use crate::organisation::Context;
use crate::text::Checker;
use crate::work::Work;
use serde::Serialize;

/// What a record has in its custom fields after somebody gave some values, or named fields that become empty. `before` are those that
/// it had, none for a new record; `own` answers for the fields that are not custom ones.
pub(crate) fn entered_values(
    of: Customized,
    own: &dyn Fn(&str) -> Option<FieldValue>,
    before: Option<&[CustomValue]>,
    (given, clear): (&[CustomValue], &[String]),
    access: &Access<'_>,
    check: &mut Checker,
) -> Vec<CustomValue> {
    let context = access.context;
    let fields = context.fields_of(of);
    let mut values = given_values(fields, given, before.unwrap_or_default(), context, check);
    let cleared =
        |value: &CustomValue| clear.iter().any(|name| name.strip_prefix(CUSTOM) == Some(value.field.as_str()));
    let named = |value: &CustomValue| given.iter().any(|own| own.field == value.field);
    let kept = before.unwrap_or_default().iter().filter(|value| !cleared(value) && !named(value));
    values.extend(kept.cloned());
    if before.is_none() {
        let defaults = fields.iter().map(|stored| &stored.field).filter(|field| !field.retired);
        for field in defaults {
            if let Some(value) = field.default_value.clone()
                && value_of(&values, field.key.as_str()).is_none()
                && !given.iter().any(|own| own.field == field.key)
            {
                values.push(CustomValue { field: field.key.clone(), value });
            }
        }
    }
    // Nobody is asked for what he may not give.
    let asked = |key: &str| access.field(&format!("{}.{CUSTOM}{key}", of.as_str())) == FieldAccess::Edit;
    clean_values(fields, values, given, before, own, &asked, check)
}

/// A record as JSON in which each custom field stands by itself, under its name.
pub(crate) fn spread(record: &impl Serialize) -> serde_json::Value {
    let mut value = history::as_value(record);
    let Some(object) = value.as_object_mut() else { return value };
    let Some(serde_json::Value::Array(custom)) = object.remove("custom") else { return value };
    let own = custom.into_iter().filter_map(|mut own| {
        let name = format!("{CUSTOM}{}", own.get("field")?.as_str()?);
        Some((name, own.get_mut("value")?.take()))
    });
    object.extend(own);
    value
}

/// Back from [`spread`].
pub(crate) fn gathered(mut value: serde_json::Value) -> serde_json::Value {
    let Some(object) = value.as_object_mut() else { return value };
    let names: Vec<String> = object.keys().filter(|name| name.starts_with(CUSTOM)).cloned().collect();
    let custom = names.iter().filter_map(|name| {
        let field = name.strip_prefix(CUSTOM)?;
        Some(serde_json::json!({ "field": field, "value": object.remove(name)? }))
    });
    let custom: Vec<serde_json::Value> = custom.collect();
    object.insert("custom".to_owned(), custom.into());
    value
}

/// Whether a name in a list of fields to make empty is a custom field's that can be.
pub(crate) fn is_clearable(of: Customized, name: &str, context: &Context) -> bool {
    let field = name.strip_prefix(CUSTOM).and_then(|key| context.field(of, key));
    field.is_some_and(|stored| stored.field.field_type != FieldType::AutoNumber)
}

/// What changed in custom fields, each by its name.
pub(crate) fn changes(before: &[CustomValue], after: &[CustomValue]) -> Vec<FieldChange> {
    let mut keys: Vec<&str> = before.iter().chain(after).map(|own| own.field.as_str()).collect();
    keys.sort_unstable();
    keys.dedup();
    let changed = keys.into_iter().map(|key| (key, value_of(before, key), value_of(after, key)));
    let changed = changed.filter(|(_, was, became)| was != became);
    changed
        .map(|(key, was, became)| {
            history::change(&format!("{CUSTOM}{key}"), was.map(history::as_value), became.map(history::as_value))
        })
        .collect()
}

impl Work<'_> {
    /// Gives a new record its automatic numbers.
    pub(crate) fn number_fields(&mut self, of: Customized, values: &mut Vec<CustomValue>) -> Result<(), Error> {
        let context = self.context.clone();
        let numbered = context.fields_of(of).iter().map(|stored| &stored.field);
        for field in numbered.filter(|field| field.field_type == FieldType::AutoNumber && !field.retired) {
            let pattern = field.number.as_deref().unwrap_or("{random}");
            let number = crate::customer::number(pattern, context.settings().time_zone, self.now, self.draw()?);
            values.push(CustomValue { field: field.key.clone(), value: FieldValue::Text(number) });
        }
        values.sort_by(|a, b| a.field.cmp(&b.field));
        Ok(())
    }
}
