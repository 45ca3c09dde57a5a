//! A field that comes to hold something else (Q3): every value becomes one of the new type, or nothing changes; and it can be looked at before.

use super::check::fit;
use super::commands::{checked, fields_changed};
use super::text::{spoken, understood};
use super::{
    CUSTOM, CUSTOM_FIELD, CustomField, CustomFieldInput, CustomFieldRefusal, CustomValue, FieldType, FieldValue,
    StoredField,
};
use crate::crm::Session;
use crate::error::{Error, Violation};
use crate::history;
use crate::operations::op;
use crate::organisation::Context;
use crate::query::{SAVED_QUERY, SavedQuery};
use crate::record::Record;
use crate::store::{Kind, Read, Row, Search, StoreError};
use crate::text::Checker;
use crate::work::{Stop, Work, rows};
use serde::{Deserialize, Serialize};

/// How many records are looked through, and how many values change in one commit.
const MOST_RECORDS: usize = 500_000;
const MOST_VALUES: usize = 20_000;
/// How many records are read at once.
const PAGE: i64 = 1_000;
/// How many values that do not fit are told.
const EXAMPLES: usize = 20;

/// What comes of a field that holds something else from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct FieldTypeChange {
    /// The field as it is then.
    pub field: CustomField,
    /// How many records have a value in it.
    pub values: i32,
    /// How many of those do not fit: there must be none.
    pub unfit: i32,
    /// The first 20 that do not, for who sees every record.
    pub examples: Vec<UnfitValue>,
    /// How many saved queries ask something of it that can't be asked any more: they are refused when they are run.
    pub saved_queries: i32,
}

/// A value that is none of the new type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct UnfitValue {
    /// The id of the record.
    pub record: String,
    /// Its name; empty where it has none.
    pub name: String,
    /// The value.
    pub value: FieldValue,
}

/// What of a body is looked at and changed.
#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    name: String,
}

impl Session<'_> {
    /// Changes what a field holds, along with all else of it, and every value that records have: texts are read as a file's cells are, numbers,
    /// days, choices and people become texts as people write them, one choice becomes one of many, an instant its day. A yes or no becomes
    /// nothing else. With `preview` nothing is changed; without it nothing is changed either unless every value fits. Histories keep what
    /// was. What a merge that is taken back later would bring back as another type stays away.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `customer.manage_fields`; [`Error::NotFound`]; [`Error::Conflict`]; [`Error::Invalid`]: `repeated` on
    /// `field_type` for what it holds already, `not_allowed` where another field is shown by it and could not be any more;
    /// `field_type_fixed` for unique fields and automatic numbers; `field_values_unfit`; `field_values_too_many` beyond 20,000 values or
    /// 500,000 records.
    pub fn change_field_type(&self, field: CustomFieldInput, preview: bool) -> Result<FieldTypeChange, Error> {
        self.command(
            &op::change_field_type,
            &(&field, preview),
            |work| work.retype_field(&field, preview),
            |work, made| {
                let number = |place: usize| made.get(place).and_then(|number| number.parse().ok()).unwrap_or_default();
                let known = work.context.field(field.of, field.key.as_str());
                let absent = || Error::NotFound { record: CUSTOM_FIELD.name.to_owned(), id: field.key.to_string() };
                Ok(FieldTypeChange {
                    field: known.map(StoredField::told).ok_or_else(absent)?,
                    values: number(0),
                    unfit: number(1),
                    examples: Vec::new(),
                    saved_queries: number(2),
                })
            },
        )
    }
}

/// What a value becomes in a field that holds something else; none of what can't be one.
fn converted(value: &FieldValue, from: &CustomField, to: &CustomField, context: &Context) -> Option<FieldValue> {
    let settings = context.settings();
    let zone = settings.time_zone;
    let became = match (value, to.field_type) {
        (FieldValue::YesNo(_), _) => return None,
        (FieldValue::OneOf(code), FieldType::ManyOf) => FieldValue::ManyOf(vec![code.clone()]),
        (FieldValue::ManyOf(codes), FieldType::OneOf) => match codes.as_slice() {
            [code] => FieldValue::OneOf(code.clone()),
            _ => return None,
        },
        (FieldValue::Time(at), FieldType::Date) => FieldValue::Date(crate::date::Date::of(zone.day_of(*at))),
        (FieldValue::Date(_), FieldType::Time) => {
            FieldValue::Time(zone.instant_of(&spoken(value, Some(from), context, |_| String::new()))?)
        }
        (FieldValue::Money(money), FieldType::Decimal | FieldType::Integer) => {
            let base = money.currency == settings.contract.base_currency;
            understood(context, to, &money.amount.to_string()).filter(|_| base)?
        }
        _ => understood(context, to, &spoken(value, Some(from), context, |_| String::new()))?,
    };
    // What was chosen may be retired by now, and who is named may have left: what records hold stays.
    let mut check = Checker::new();
    let fitted = fit(to, "value", &became, Some(&became), context, &mut check);
    check.done().ok()?;
    fitted
}

/// The body of a row with other values of a field; none where it has no value of it. What does not fit is told to `unfit` and left out.
fn rewritten(
    row: &Row,
    key: &str,
    becoming: &dyn Fn(&FieldValue) -> Option<FieldValue>,
    unfit: &mut dyn FnMut(&FieldValue),
) -> Result<Option<String>, Error> {
    let corrupt = |error: serde_json::Error| Error::from(StoreError::Corrupt(format!("{}: {error}", row.id)));
    if !row.body.contains(key) {
        return Ok(None);
    }
    let mut body: serde_json::Value = serde_json::from_str(&row.body).map_err(corrupt)?;
    let mut changed = false;
    let mut each = |values: &mut serde_json::Value, own: bool| -> Result<(), Error> {
        let Some(list) = values.as_array_mut() else { return Ok(()) };
        let mut kept = Vec::with_capacity(list.len());
        for item in list.drain(..) {
            if item.get("field").and_then(serde_json::Value::as_str) != Some(key) {
                kept.push(item);
                continue;
            }
            changed = true;
            let held: CustomValue = serde_json::from_value(item).map_err(corrupt)?;
            match becoming(&held.value) {
                Some(value) => kept.push(history::as_value(&CustomValue { value, ..held })),
                None if own => unfit(&held.value),
                // What something was called before it was merged has to fit nothing.
                None => {}
            }
        }
        *list = kept;
        Ok(())
    };
    if let Some(own) = body.get_mut("custom") {
        each(own, true)?;
    }
    for former in body.get_mut("former").and_then(|former| former.as_array_mut()).into_iter().flatten() {
        if let Some(own) = former.get_mut("custom") {
            each(own, false)?;
        }
    }
    Ok(if changed { Some(body.to_string()) } else { None })
}

impl Work<'_> {
    fn retype_field(&mut self, input: &CustomFieldInput, preview: bool) -> Result<FieldTypeChange, Stop> {
        let context = self.context.clone();
        let fields = context.fields_of(input.of);
        let absent = || Error::NotFound { record: CUSTOM_FIELD.name.to_owned(), id: input.key.to_string() };
        let known = context.field(input.of, input.key.as_str()).ok_or_else(absent)?;
        let access = self.access()?;
        access.reading(&format!("{}.{CUSTOM}{}", input.of.word(), input.key), "key")?;
        if input.version.is_some_and(|version| version != known.version) {
            return Err(Error::Conflict { record: CUSTOM_FIELD.name.to_owned(), id: known.field.path() }.into());
        }
        let sees_all = access.sees_all();
        if input.field_type == known.field.field_type {
            return Err(Violation::repeated("field_type").into());
        }
        let fixed = |ty: FieldType| ty == FieldType::AutoNumber;
        if fixed(input.field_type) || fixed(known.field.field_type) || known.field.unique || input.unique {
            return Err(CustomFieldRefusal::TypeFixed { key: input.key.to_string() }.into());
        }
        let mut field = checked(input, Some(&known.field), fields, &context)?;
        let path = format!("{CUSTOM}{}", input.key);
        let shows = |other: &StoredField| {
            let tests = other.field.visible_when.as_ref().map(|condition| condition.tests()).unwrap_or_default();
            tests.iter().any(|test| test.key == path && !test.fits(field.field_type))
        };
        if fields.iter().any(shows) {
            return Err(Violation::not_allowed("field_type").into());
        }
        let (mut values, mut unfit, mut examples) = (0_i32, 0_i32, Vec::new());
        let mut changed = Vec::new();
        let becoming = |value: &FieldValue| converted(value, &known.field, &field, &context);
        self.every_row(input.of.kind(), |row| {
            let mut wrong = None;
            let body = rewritten(&row, input.key.as_str(), &becoming, &mut |value| wrong = Some(value.clone()))?;
            let Some(body) = body else { return Ok(()) };
            values = values.saturating_add(1);
            if let Some(value) = wrong {
                unfit = unfit.saturating_add(1);
                if sees_all && examples.len() < EXAMPLES {
                    let name = serde_json::from_str::<Named>(&row.body).map(|named| named.name).unwrap_or_default();
                    examples.push(UnfitValue { record: row.id.clone(), name, value });
                }
            }
            if values as usize > MOST_VALUES {
                return Err(CustomFieldRefusal::ValuesTooMany { most: MOST_VALUES.to_string() }.into());
            }
            if !preview && unfit == 0 {
                changed.push((row, body));
            }
            Ok(())
        })?;
        let asks = |saved: &SavedQuery| {
            let tests = saved.query.matching.as_ref().map(|condition| condition.tests()).unwrap_or_default();
            tests.iter().any(|test| test.key == path && !test.fits(field.field_type))
        };
        let queries = SavedQuery::from_rows(&self.find_all(Search::of(&SAVED_QUERY))?)?;
        let saved_queries = i32::try_from(queries.iter().filter(|saved| asks(saved)).count()).unwrap_or(i32::MAX);
        for number in [values, unfit, saved_queries] {
            self.made(number);
        }
        if preview {
            field.version = known.version;
            return Ok(FieldTypeChange { field, values, unfit, examples, saved_queries });
        }
        if unfit > 0 {
            return Err(CustomFieldRefusal::ValuesUnfit { count: unfit.to_string() }.into());
        }
        let slot = self.place_field(&mut field, Some(known), fields)?;
        let what = format!("custom_field.{}", field.path());
        let changes = history::changes(&known.field, &field, &super::commands::TOLD);
        let mut saved = StoredField { field, slot, version: known.version };
        self.update(&CUSTOM_FIELD, saved.to_row()?);
        saved.version += 1;
        // From here on what the rows hold is written by what the field holds now.
        for (row, body) in changed {
            self.rewrite(input.of.kind(), row, body);
        }
        self.remember_setting(&what, op::change_field_type.name, changes)?;
        fields_changed(self)?;
        Ok(FieldTypeChange { field: saved.told(), values, unfit, examples, saved_queries })
    }

    /// Goes through all rows of a kind without remembering them.
    fn every_row(&mut self, kind: &'static Kind, mut look: impl FnMut(Row) -> Result<(), Error>) -> Result<(), Stop> {
        let mut search = Search::of(kind).limited(PAGE);
        let mut seen = 0;
        loop {
            let found = self.unremembered(vec![Read::Find(search.clone())])?.into_iter().next();
            let found = rows(found);
            let last = found.last().map(|row| row.id.clone());
            let whole = (found.len() as i64) < PAGE;
            seen += found.len();
            if seen > MOST_RECORDS {
                return Err(Error::from(CustomFieldRefusal::ValuesTooMany { most: MOST_VALUES.to_string() }).into());
            }
            found.into_iter().try_for_each(&mut look)?;
            if whole {
                return Ok(());
            }
            search.after = last.map(|id| (None, id));
        }
    }
}
