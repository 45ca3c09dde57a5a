//! A field that comes to hold something else (Q3): every value becomes one of the new type, or nothing changes; and it can be looked at before.

use super::check::{fit, matches_whole};
use super::commands::{checked, shown_by_what_is_read};
use super::index::held;
use super::text::{person, several, spoken, understood};
use super::{
    CUSTOM, CUSTOM_FIELD, CustomField, CustomFieldInput, CustomFieldRefusal, CustomValue, Customized, FieldIndex,
    FieldKey, FieldType, FieldValue, StoredField, value_of,
};
use crate::crm::Session;
use crate::error::{Error, Violation};
use crate::history;
use crate::operations::op;
use crate::organisation::Context;
use crate::query::{SAVED_QUERY, SavedQuery};
use crate::record::Record;
use crate::store::{Kind, Read, Row, Search, StoreError, Write};
use crate::text::Checker;
use crate::time::{TimeZone, Timestamp};
use crate::work::{Stop, Work, rows};
use serde::{Deserialize, Serialize};
use std::cell::Cell;

/// How many records are looked through, and how many values change in one commit.
const MOST_RECORDS: usize = 500_000;
const MOST_VALUES: i32 = 10_000;
/// How many records are read at once.
const PAGE: i64 = 1_000;
/// How many values that do not fit are told.
const EXAMPLES: usize = 20;

/// How long a change takes at the most, in milliseconds: who left it undone does not hold others up for ever.
const LONGEST: i64 = 600_000;

/// A field that comes to hold something else right now: its values stand still.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Retyping {
    of: Customized,
    key: FieldKey,
    /// Since when.
    since: Timestamp,
}

impl Retyping {
    fn holds(&self, now: Timestamp) -> bool {
        now >= self.since && now < self.since.plus_millis(LONGEST)
    }
}

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
    /// The first 20 that do not.
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

/// What of a body is told.
#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    name: String,
}

impl Session<'_> {
    /// Changes what a field holds, along with all else of it, and every value that records have: texts are read as a file's cells are, if nothing
    /// of them is lost; numbers, days, choices and people become texts as people write them, one choice becomes one of many, an instant its day.
    /// A yes or no becomes nothing else. With `preview` nothing is changed; without it nothing is changed either unless every value fits. The history
    /// of each record keeps what it was. Meanwhile nobody writes a record that has a value in the field (`field_changing`).
    ///
    /// What a merge that is taken back later would bring back as another type stays away, and what moved in a merge and had a value counts as
    /// changed since.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `customer.manage_fields`, the right to view such records, and for who does not see all of them;
    /// [`Error::NotFound`]; [`Error::Conflict`]; [`Error::Invalid`]: `repeated` on `field_type` for what it holds already, `not_allowed` where another
    /// field is shown by it and could not be any more; `field_type_fixed` for unique fields and automatic numbers, `field_unique_fixed`;
    /// `field_values_unfit`; `field_values_too_many` beyond 10,000 values or 500,000 records; `field_changing`.
    pub fn change_field_type(&self, field: CustomFieldInput, preview: bool) -> Result<FieldTypeChange, Error> {
        let aside = Session::clone(self).not_idempotent();
        if preview {
            return aside.query(&op::change_field_type, |work| {
                work.looked_through(&field, |_, _| ()).map(|(change, _)| change)
            });
        }
        // Most of what is refused is refused before anything is written.
        let looked = aside.query(&op::change_field_type, |work| {
            let same = work.context.field(field.of, field.key.as_str()).map(|known| known.field.field_type);
            match same == Some(field.field_type) {
                // As after a repeat of the same request.
                true => Ok(None),
                false => work.looked_through(&field, |_, _| ()).map(|(change, _)| Some(change)),
            }
        })?;
        let mark = Cell::new(None);
        let input = (&field, preview);
        if let Some(change) = looked {
            if change.unfit > 0 {
                return Err(CustomFieldRefusal::ValuesUnfit { count: change.unfit.to_string() }.into());
            }
            // From this commit to the last the values stand still: what is looked through is what is changed.
            let begin = |work: &mut Work<'_>| {
                mark.set(Some(work.begin_retyping(&field)?));
                Ok(None::<CustomField>)
            };
            aside.command(&op::change_field_type, &input, begin, |_, _| Ok(None))?;
        }
        let done = self.command(
            &op::change_field_type,
            &input,
            |work| work.retype_field(&field, mark.get()),
            |work, made| {
                let number = |place: usize| made.get(place).and_then(|number| number.parse().ok()).unwrap_or_default();
                let known = work.context.field(field.of, field.key.as_str());
                let absent = || Error::NotFound { record: CUSTOM_FIELD.name.to_owned(), id: field.key.to_string() };
                Ok(FieldTypeChange {
                    field: known.map(StoredField::told).ok_or_else(absent)?,
                    values: number(0),
                    unfit: 0,
                    examples: Vec::new(),
                    saved_queries: number(1),
                })
            },
        );
        if done.is_err() && mark.get().is_some() {
            let end = |work: &mut Work<'_>| {
                work.end_retyping(mark.get())?;
                Ok(None::<CustomField>)
            };
            // What went wrong first is told; a mark that stays ends by itself.
            drop(aside.command(&op::change_field_type, &input, end, |_, _| Ok(None)));
        }
        done
    }
}

/// What a value becomes in a field that holds something else; none of what can't be one, or would lose something.
fn converted(value: &FieldValue, from: &CustomField, to: &CustomField, context: &Context) -> Option<FieldValue> {
    let settings = context.settings();
    let zone = settings.time_zone;
    let text = spoken(value, Some(from), context, |_| String::new());
    let read = |text: &str| understood(context, to, text);
    let became = match (value, to.field_type) {
        (FieldValue::YesNo(_), _) => return None,
        (FieldValue::OneOf(code), FieldType::ManyOf) => FieldValue::ManyOf(vec![code.clone()]),
        (FieldValue::ManyOf(codes), FieldType::OneOf) => match codes.as_slice() {
            [code] => FieldValue::OneOf(code.clone()),
            _ => return None,
        },
        (FieldValue::Time(at), FieldType::Date) => FieldValue::Date(crate::date::Date::of(zone.day_of(*at))),
        (FieldValue::Date(_), FieldType::Time) => FieldValue::Time(zone.instant_of(&text)?),
        (FieldValue::Money(money), FieldType::Decimal | FieldType::Integer) => {
            let base = money.currency == settings.contract.base_currency;
            read(&money.amount.to_string()).filter(|_| base)?
        }
        (FieldValue::Text(own), ty) if !ty.is_text() => read(own).filter(|became| is_whole(own, became, zone))?,
        // What several have in common, or a text leaves out, would not be told apart any more.
        (FieldValue::Person(own), _) => read(&text).filter(|_| person(context, &text).as_ref() == Some(own))?,
        (FieldValue::Time(at), _) => read(&text).filter(|_| zone.instant_of(&text) == Some(*at))?,
        (FieldValue::ManyOf(codes), _) => read(&text).filter(|_| several(&text).len() == codes.len())?,
        _ => read(&text)?,
    };
    // What was chosen may be retired by now, and who is named may have left: what records hold stays.
    let mut check = Checker::new();
    let fitted = fit(to, "value", &became, Some(&became), context, &mut check);
    check.done().ok()?;
    fitted
}

/// A number as people write it, with commas between thousands or without.
const NUMBER: &str = r"-?(0|[1-9][0-9]{0,2}(,[0-9]{3})+|[1-9][0-9]*)(\.[0-9]+)?";

/// Whether a text says no more than the value that was read out of it: no number of a phone is one, and no day has words behind it.
fn is_whole(text: &str, became: &FieldValue, zone: TimeZone) -> bool {
    let text = text.trim();
    match became {
        FieldValue::Integer(_) | FieldValue::Decimal(_) => matches_whole(NUMBER, text),
        // Its currency stands behind it.
        FieldValue::Money(_) => matches_whole(NUMBER, text.rsplit_once(' ').map_or(text, |(amount, _)| amount)),
        FieldValue::Date(_) => {
            !text.contains([' ', 'T']) || zone.instant_of(text).is_some_and(|at| says(text, at, zone))
        }
        FieldValue::Time(at) => says(text, *at, zone),
        _ => true,
    }
}

/// Whether a text is an instant as it is written, with nothing behind it but seconds that are none.
fn says(text: &str, at: Timestamp, zone: TimeZone) -> bool {
    let written = zone.local_text(at);
    let text = text.replace('T', " ");
    [written.clone(), format!("{written}:00")].contains(&text)
}

/// The values of a row before and after, with its body then; none where it has no value in the field. What does not fit is the last.
fn rewritten(
    row: &Row,
    key: &str,
    becoming: &dyn Fn(&FieldValue) -> Option<FieldValue>,
) -> Result<Option<Rewritten>, Error> {
    // Keys are written as they are.
    if !row.body.contains(key) {
        return Ok(None);
    }
    let before = held(row)?;
    let Some(own) = value_of(&before, key).cloned() else { return Ok(None) };
    let Some(value) = becoming(&own) else { return Ok(Some(Err(own))) };
    let became = |held: &CustomValue| match held.field.as_str() == key {
        true => CustomValue { value: value.clone(), ..held.clone() },
        false => held.clone(),
    };
    let after: Vec<CustomValue> = before.iter().map(became).collect();
    let body = with_values(row, &after)?;
    Ok(Some(Ok((before, after, body))))
}

/// Values before and after with the body that holds those, or the value that does not fit. Former names of customers hold unique values
/// alone, which never change their type.
type Rewritten = Result<(Vec<CustomValue>, Vec<CustomValue>, String), FieldValue>;

/// The body of a row with these custom values.
fn with_values(row: &Row, values: &[CustomValue]) -> Result<String, Error> {
    let corrupt = |error: serde_json::Error| Error::from(StoreError::Corrupt(format!("{}: {error}", row.id)));
    let mut body: serde_json::Value = serde_json::from_str(&row.body).map_err(corrupt)?;
    if let Some(object) = body.as_object_mut() {
        object.insert("custom".to_owned(), history::as_value(&values));
    }
    Ok(body.to_string())
}

impl Work<'_> {
    /// The field that shall hold something else, and as what.
    fn as_retyped(&self, input: &CustomFieldInput) -> Result<(StoredField, CustomField), Error> {
        let context = self.context.clone();
        let fields = context.fields_of(input.of);
        let absent = || Error::NotFound { record: CUSTOM_FIELD.name.to_owned(), id: input.key.to_string() };
        let known = context.field(input.of, input.key.as_str()).ok_or_else(absent)?;
        let access = self.access()?;
        // Counts and examples tell of every record.
        let view = format!("{}.view", input.of.as_str());
        access.allow(&view)?;
        if !access.sees_all() {
            return Err(Error::Forbidden { module: input.of.as_str().to_owned(), right: "view_all".to_owned() });
        }
        access.reading(&format!("{}.{CUSTOM}{}", input.of.as_str(), input.key), "key")?;
        if input.version.is_some_and(|version| version != known.version) {
            return Err(Error::Conflict { record: CUSTOM_FIELD.name.to_owned(), id: known.field.path() });
        }
        if input.field_type == known.field.field_type {
            return Err(Violation::repeated("field_type").into());
        }
        let key = || input.key.to_string();
        if known.field.unique || input.field_type == FieldType::AutoNumber {
            return Err(CustomFieldRefusal::TypeFixed { key: key() }.into());
        }
        if input.unique {
            return Err(CustomFieldRefusal::UniqueFixed { key: key() }.into());
        }
        let field = checked(input, Some(&known.field), fields, &context)?;
        shown_by_what_is_read(&access, Some(&known.field), &field)?;
        let path = format!("{CUSTOM}{}", input.key);
        let shows = |other: &StoredField| {
            let tests = other.field.visible_when.as_ref().map(|condition| condition.tests()).unwrap_or_default();
            tests.iter().any(|test| test.key == path && !test.fits(field.field_type))
        };
        if fields.iter().any(shows) {
            return Err(Violation::not_allowed("field_type").into());
        }
        Ok((known.clone(), field))
    }

    /// From now on nobody writes a record that has a value in the field.
    fn begin_retyping(&mut self, input: &CustomFieldInput) -> Result<Timestamp, Stop> {
        self.as_retyped(input)?;
        let mut organisation = self.context.organisation.clone();
        if let Some(other) = organisation.retyping.as_ref().filter(|other| other.holds(self.now)) {
            return Err(CustomFieldRefusal::FieldChanging { field: other.key.to_string() }.into());
        }
        organisation.retyping = Some(Retyping { of: input.of, key: input.key.clone(), since: self.now });
        self.change_organisation(&organisation)?;
        Ok(self.now)
    }

    /// Records are written again.
    fn end_retyping(&mut self, mark: Option<Timestamp>) -> Result<(), Stop> {
        let mut organisation = self.context.organisation.clone();
        if organisation.retyping.as_ref().map(|own| own.since) == mark {
            organisation.retyping = None;
            self.change_organisation(&organisation)?;
        }
        Ok(())
    }

    /// What would become of every value; `fits` takes each row with its values before and after and its body then.
    fn looked_through(
        &mut self,
        input: &CustomFieldInput,
        mut fits: impl FnMut(Row, (Vec<CustomValue>, Vec<CustomValue>, String)),
    ) -> Result<(FieldTypeChange, StoredField), Stop> {
        let (known, mut field) = self.as_retyped(input)?;
        let context = self.context.clone();
        let (mut values, mut unfit, mut examples) = (0_i32, 0_i32, Vec::new());
        let becoming = |value: &FieldValue| converted(value, &known.field, &field, &context);
        self.every_row(input.of.kind(), |row| {
            let Some(became) = rewritten(&row, input.key.as_str(), &becoming)? else { return Ok(()) };
            values = values.saturating_add(1);
            if values > MOST_VALUES {
                return Err(CustomFieldRefusal::ValuesTooMany { most: MOST_VALUES.to_string() }.into());
            }
            match became {
                Ok(became) => fits(row, became),
                Err(value) => {
                    unfit = unfit.saturating_add(1);
                    if examples.len() < EXAMPLES {
                        let name = serde_json::from_str::<Named>(&row.body).map(|named| named.name).unwrap_or_default();
                        examples.push(UnfitValue { record: row.id, name, value });
                    }
                }
            }
            Ok(())
        })?;
        let path = format!("{CUSTOM}{}", input.key);
        let lost = field.index == FieldIndex::None || field.retired;
        let asks = |saved: &SavedQuery| {
            let tests = saved.query.matching.as_ref().map(|condition| condition.tests()).unwrap_or_default();
            let tested = tests.iter().any(|test| test.key == path && (lost || !test.fits(field.field_type)));
            tested || (lost && saved.query.order_by.as_ref().is_some_and(|order| order.field == input.key))
        };
        let mut saved_queries = 0;
        // They are of customers alone.
        if input.of == Customized::Customer {
            let queries = SavedQuery::from_rows(&self.find_all(Search::of(&SAVED_QUERY))?)?;
            saved_queries = i32::try_from(queries.iter().filter(|saved| asks(saved)).count()).unwrap_or(i32::MAX);
        }
        field.version = known.version;
        Ok((FieldTypeChange { field, values, unfit, examples, saved_queries }, known))
    }

    fn retype_field(&mut self, input: &CustomFieldInput, mark: Option<Timestamp>) -> Result<FieldTypeChange, Stop> {
        let mut changed = Vec::new();
        let (change, known) = self.looked_through(input, |row, became| changed.push((row, became)))?;
        let mut organisation = self.context.organisation.clone();
        let own = organisation.retyping.take().filter(|own| own.holds(self.now) && Some(own.since) == mark);
        if own.is_none() {
            // It took too long, and somebody else may change it.
            return Err(Error::Conflict { record: CUSTOM_FIELD.name.to_owned(), id: known.field.path() }.into());
        }
        if change.unfit > 0 {
            return Err(CustomFieldRefusal::ValuesUnfit { count: change.unfit.to_string() }.into());
        }
        self.made(change.values);
        self.made(change.saved_queries);
        let mut field = change.field.clone();
        let slot = self.place_field(&mut field, Some(&known), self.context.clone().fields_of(input.of))?;
        let what = format!("custom_field.{}", field.path());
        let changes = history::changes(&known.field, &field, &super::commands::TOLD);
        let mut saved = StoredField { field, slot, version: known.version };
        self.update(&CUSTOM_FIELD, saved.to_row()?);
        saved.version += 1;
        for (row, (before, after, body)) in changed {
            let told = super::changes(&before, &after);
            self.remember(input.of.as_str(), row.id.clone(), op::change_field_type.name, told)?;
            self.rewrite(input.of.kind(), row, body);
        }
        self.retyping = true;
        self.remember_setting(&what, op::change_field_type.name, changes)?;
        self.change_organisation(&organisation)?;
        Ok(FieldTypeChange { field: saved.told(), ..change })
    }

    /// Whether a value of before is one that its field can have now.
    pub(crate) fn fits_its_field(&self, of: Customized, own: &CustomValue) -> bool {
        let field = self.context.field(of, own.field.as_str());
        field.is_none_or(|stored| own.value.is_of(stored.field.field_type))
    }

    /// A row of before without values that its fields can't have any more.
    pub(crate) fn as_fields_are(&self, kind: &Kind, row: Row) -> Result<Row, Error> {
        let Some(of) = Customized::of_kind(kind) else { return Ok(row) };
        let mut values = held(&row)?;
        let had = values.len();
        values.retain(|own| self.fits_its_field(of, own));
        if values.len() == had {
            return Ok(row);
        }
        let body = with_values(&row, &values)?;
        Ok(Row { body, ..row })
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

    /// Refuses what would write a value of a field whose values stand still.
    pub(super) fn hold_still(&self) -> Result<(), Error> {
        let still = self.context.organisation.retyping.as_ref().filter(|still| still.holds(self.now));
        let Some(still) = still.filter(|_| !self.retyping) else { return Ok(()) };
        for write in &self.changes.writes {
            let (Write::Insert { kind, row }
            | Write::Put { kind, row }
            | Write::Update { kind, row, .. }
            | Write::Restore { kind, row, .. }) = write
            else {
                continue;
            };
            if Customized::of_kind(kind) == Some(still.of) && value_of(&held(row)?, still.key.as_str()).is_some() {
                return Err(CustomFieldRefusal::FieldChanging { field: still.key.to_string() }.into());
            }
        }
        Ok(())
    }
}
