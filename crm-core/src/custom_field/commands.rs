//! Keeping custom fields (Q3).

use super::check::{LONGEST_PATTERN, compare, fit, whole};
use super::value::LONGEST;
use super::{
    CUSTOM, CUSTOM_FIELD, CustomField, Customized, FieldIndex, FieldKey, FieldOption, FieldType, FieldValue,
    MOST_FIELDS, MOST_OPTIONS, StoredField,
};
use crate::access::Access;
use crate::crm::Session;
use crate::dictionary::EntryCode;
use crate::error::{Error, Violation, refusals};
use crate::history;
use crate::operations::op;
use crate::organisation::Context;
use crate::query::{Condition, Test};
use crate::record::Record;
use crate::text::{Checker, fold};
use crate::work::{Stop, Work};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// A custom field as an administrator gives it: one that is there already is changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct CustomFieldInput {
    /// What has it.
    pub of: Customized,
    /// Its key: a small letter, then up to 39 more small letters, digits and `_`. None of the names that the record's own
    /// fields have.
    pub key: FieldKey,
    /// What people see, at most 60 characters; no two fields of one kind of records look alike.
    pub label: String,
    /// What it holds. Of a field that is there it changes by [`Session::change_field_type`] alone.
    pub field_type: FieldType,
    /// What helps to fill it in, at most 300 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub help: Option<String>,
    /// Whether a new record must have it, and none may lose it.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub required: bool,
    /// Whether no two records have the same value; fixed once the field is there. Not of choices of many, yes and no, and
    /// long texts.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub unique: bool,
    /// What a new record holds that says nothing else. Not of unique fields and automatic numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub default_value: Option<FieldValue>,
    /// The least value, of numbers, amounts, days and instants. What records hold already stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub least: Option<FieldValue>,
    /// The greatest value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub most: Option<FieldValue>,
    /// The regular expression that a text must match as a whole, at most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub pattern: Option<String>,
    /// Of an automatic number: how it is made, with `{random}` and dates as in
    /// [`Settings::customer_number`](crate::Settings::customer_number).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub number: Option<String>,
    /// The options to choose from, at most 200. One that was there and is missing is retired.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub options: Vec<FieldOption>,
    /// When the field is there at all, by other fields of the record; absent: always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub visible_when: Option<Condition>,
    /// Whether records are found and put in order by it: at most 8 fields of customers, 4 of contacts, 4 of
    /// contracts, 2 of follow-ups. Not of long texts.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub filterable: bool,
    /// Its place among the fields, 0 to 9999.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = 0))]
    pub order: i32,
    /// Whether it is retired.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub retired: bool,
    /// The version that was read, to be given when a field is changed: somebody else's change in between is then a
    /// conflict. Absent: it is changed whatever it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub version: Option<i64>,
}

impl CustomFieldInput {
    /// A field of a type, with nothing else said.
    pub fn new(of: Customized, key: FieldKey, label: impl Into<String>, ty: FieldType) -> Self {
        CustomFieldInput {
            of,
            key,
            label: label.into(),
            field_type: ty,
            help: None,
            required: false,
            unique: false,
            default_value: None,
            least: None,
            most: None,
            pattern: None,
            number: None,
            options: Vec::new(),
            visible_when: None,
            filterable: false,
            order: 0,
            retired: false,
            version: None,
        }
    }
}

refusals! {
    /// Why a custom field can't be as asked.
    pub enum CustomFieldRefusal {
        /// What a field holds changes by [`Session::change_field_type`] alone, and never where it is unique or a number that is given by itself.
        TypeFixed { key } = "field_type_fixed", "What this field holds can't be changed so", "该字段的类型不可这样更改";
        /// Some values would be none of the new type.
        ValuesUnfit { count } = "field_values_unfit", "Some values can't be of the new type", "部分已有值无法转换为新的类型";
        /// More values, or records to look through, than one change can take.
        ValuesTooMany { most } = "field_values_too_many", "There are too many records to change what the field holds", "记录过多，无法更改该字段的类型";
        /// The field comes to hold something else right now.
        FieldChanging { field } = "field_changing", "The type of a field is being changed; try again in a minute", "正在更改字段类型，请稍后再试";
        /// Whether values are unique can't change while the field exists.
        UniqueFixed { key } = "field_unique_fixed", "Whether values are unique can't be changed once the field is there", "字段是否唯一在创建后不可更改";
        /// As many fields as there are columns for it are filterable.
        TooManyFilterable { most } = "too_many_filterable_fields", "No more fields of this kind can be filterable", "可筛选字段数量已达上限";
        /// Another record has the value of a unique field.
        ValueTaken { field } = "field_value_taken", "Another record has this value", "该字段的值已被其他记录使用";
        /// Records can't be found by the field yet.
        FieldBuilding { field } = "field_building", "The field can't be used for filters yet; try again in a minute", "该字段正在建立索引，请稍后再试";
    }
}

/// What of a field stands in the history.
pub(super) const TOLD: [&str; 15] = [
    "label",
    "field_type",
    "help",
    "required",
    "unique",
    "default_value",
    "least",
    "most",
    "pattern",
    "number",
    "options",
    "visible_when",
    "index",
    "order",
    "retired",
];

impl Session<'_> {
    /// The custom fields of a kind of records, in their order; retired ones, too.
    ///
    /// ```
    /// # #[cfg(feature = "system")] {
    /// # use crm_core::{Actor, Crm, CustomFieldInput, Customized, FieldKey, FieldType, NewOrganisation};
    /// # let crm = Crm::in_memory();
    /// # let host = Actor::system("acme", "set-up")?;
    /// # crm.as_user(&host).create_organisation(NewOrganisation::named("Acme"))?;
    /// let area = CustomFieldInput::new(Customized::Customer, FieldKey::new("area")?, "面积", FieldType::Decimal);
    /// crm.as_user(&host).save_custom_field(area)?;
    /// assert_eq!(crm.as_user(&host).custom_fields(Customized::Customer)?.len(), 1);
    /// # }
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub fn custom_fields(&self, of: Customized) -> Result<Vec<CustomField>, Error> {
        self.query(&op::custom_fields, |work| {
            let access = work.access()?;
            let keeps = access.may(op::save_custom_field.right);
            let told = |stored: &&StoredField| {
                let field = format!("{}.{CUSTOM}{}", of.as_str(), stored.field.key);
                keeps || access.field(&field) > crate::access::FieldAccess::Hidden
            };
            Ok(work.context.fields_of(of).iter().filter(told).map(StoredField::told).collect())
        })
    }

    /// Adds or changes a custom field.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `customer.manage_fields`; [`Error::Invalid`]; [`Error::Conflict`];
    /// `field_type_fixed`, `field_unique_fixed`, `too_many_filterable_fields`.
    pub fn save_custom_field(&self, field: CustomFieldInput) -> Result<CustomField, Error> {
        self.command(
            &op::save_custom_field,
            &field,
            |work| work.keep_field(&field),
            |work, _| {
                let known = work.context.field(field.of, field.key.as_str());
                let absent = || Error::NotFound { record: CUSTOM_FIELD.name.to_owned(), id: field.key.to_string() };
                known.map(StoredField::told).ok_or_else(|| absent().into())
            },
        )
    }
}

/// Refuses what would show a field by others that the actor does not read, or no more: it would tell of them.
pub(super) fn shown_by_what_is_read(
    access: &Access<'_>,
    before: Option<&CustomField>,
    field: &CustomField,
) -> Result<(), Error> {
    let before = before.and_then(|before| before.visible_when.as_ref());
    if before == field.visible_when.as_ref() {
        return Ok(());
    }
    let tests = before.into_iter().chain(&field.visible_when).flat_map(Condition::tests);
    for test in tests {
        access.reading(&format!("{}.{}", field.of.as_str(), test.key), "visible_when")?;
    }
    Ok(())
}

/// The organisation's fields are others from now on.
pub(super) fn fields_changed(work: &mut Work<'_>) -> Result<(), Error> {
    let organisation = work.context.organisation.clone();
    work.change_organisation(&organisation)
}

impl Work<'_> {
    /// Adds a field, or changes the one that has its key.
    pub(crate) fn keep_field(&mut self, input: &CustomFieldInput) -> Result<CustomField, Stop> {
        let context = self.context.clone();
        let fields = context.fields_of(input.of);
        let known = context.field(input.of, input.key.as_str());
        let mut field = checked(input, known.map(|known| &known.field), fields, &context)?;
        if let Some(StoredField { field: known, .. }) = known {
            if known.field_type != field.field_type {
                return Err(CustomFieldRefusal::TypeFixed { key: input.key.to_string() }.into());
            }
            if known.unique != field.unique {
                return Err(CustomFieldRefusal::UniqueFixed { key: input.key.to_string() }.into());
            }
        }
        shown_by_what_is_read(&self.access()?, known.map(|known| &known.field), &field)?;
        let what = format!("custom_field.{}", field.path());
        let Some(known) = known else {
            if fields.len() >= MOST_FIELDS {
                return Err(Violation::too_many("custom_fields", MOST_FIELDS as i64).into());
            }
            let slot = self.place_field(&mut field, None, fields)?;
            let stored = StoredField { field, slot, version: 1 };
            self.insert(&CUSTOM_FIELD, stored.to_row()?);
            let label = history::change("label", None, Some(stored.field.label.clone().into()));
            let ty = history::change("field_type", None, Some(history::as_value(&stored.field.field_type)));
            self.remember_setting(&what, "save_custom_field", vec![label, ty])?;
            fields_changed(self)?;
            return Ok(stored.told());
        };
        if input.version.is_some_and(|version| version != known.version) {
            return Err(Error::Conflict { record: CUSTOM_FIELD.name.to_owned(), id: field.path() }.into());
        }
        let slot = self.place_field(&mut field, Some(known), fields)?;
        let changes = history::changes(&known.field, &field, &TOLD);
        if changes.is_empty() {
            return Ok(known.told());
        }
        let mut saved = StoredField { field, slot, version: known.version };
        self.update(&CUSTOM_FIELD, saved.to_row()?);
        saved.version += 1;
        self.remember_setting(&what, "save_custom_field", changes)?;
        fields_changed(self)?;
        Ok(saved.told())
    }

    /// Gives a field that records shall be found by a column of its own, and takes it from one that they shall not.
    pub(super) fn place_field(
        &mut self,
        field: &mut CustomField,
        known: Option<&StoredField>,
        fields: &[StoredField],
    ) -> Result<Option<usize>, Stop> {
        let held = known.and_then(|known| known.slot);
        // Retired ones are found by nothing.
        if field.index == FieldIndex::None || field.retired {
            field.index = FieldIndex::None;
            return Ok(None);
        }
        if let (Some(slot), Some(known)) = (held, known) {
            field.index = known.field.index;
            return Ok(Some(slot));
        }
        let taken = |slot: &usize| fields.iter().any(|stored| stored.slot == Some(*slot));
        let most = field.of.slots();
        let Some(free) = (0..most).find(|slot| !taken(slot)) else {
            return Err(CustomFieldRefusal::TooManyFilterable { most: most.to_string() }.into());
        };
        field.index = FieldIndex::Building;
        self.begin_walk(field.of)?;
        Ok(Some(free))
    }
}

impl Work<'_> {
    /// What is shown by an entry of a dictionary is shown by the one that it is merged into.
    pub(crate) fn conditions_follow(
        &mut self,
        dictionary: &str,
        from: &EntryCode,
        into: &EntryCode,
    ) -> Result<(), Error> {
        for stored in &self.context.clone().fields {
            let Some(condition) = &stored.field.visible_when else { continue };
            let after = condition.with_code(dictionary, from, into);
            if after != *condition {
                let mut changed = stored.clone();
                changed.field.visible_when = Some(after);
                self.update(&CUSTOM_FIELD, changed.to_row()?);
            }
        }
        Ok(())
    }
}

/// The field as it is kept, cleaned and checked.
pub(super) fn checked(
    input: &CustomFieldInput,
    known: Option<&CustomField>,
    fields: &[StoredField],
    context: &Context,
) -> Result<CustomField, Error> {
    let mut check = Checker::new();
    let ty = input.field_type;
    check.ensure(input.key.is_well_formed(), || Violation::malformed("key"));
    check.ensure(!input.of.reserves(input.key.as_str()), || Violation::not_allowed("key"));
    check.ensure((0..=9999).contains(&input.order), || Violation::out_of_range("order"));
    let label = check.line("label", &input.label, 60);
    let alike = fields.iter().map(|stored| &stored.field).filter(|other| other.key != input.key && !other.retired);
    let alike = alike.into_iter().any(|other| fold(&other.label) == fold(&label));
    check.ensure(input.retired || !alike, || Violation::repeated("label"));
    let one_of_a_kind = !matches!(ty, FieldType::ManyOf | FieldType::YesNo | FieldType::LongText);
    check.ensure(!input.unique || one_of_a_kind, || Violation::not_allowed("unique"));
    check.ensure(!input.filterable || ty != FieldType::LongText, || Violation::not_allowed("filterable"));
    check.ensure(ty.is_text() || input.pattern.is_none(), || Violation::not_allowed("pattern"));
    check.ensure(ty != FieldType::AutoNumber || input.pattern.is_none(), || Violation::not_allowed("pattern"));
    let pattern = check.optional_line("pattern", &input.pattern, LONGEST_PATTERN);
    if let Some(pattern) = &pattern {
        check.ensure(whole(pattern).is_some(), || Violation::malformed("pattern"));
    }
    let number = check.optional_line("number", &input.number, 40);
    check.ensure(number.is_none() || ty == FieldType::AutoNumber, || Violation::not_allowed("number"));
    let numbered = number.as_ref().is_some_and(|number| number.contains("{random}"));
    check.ensure(ty != FieldType::AutoNumber || numbered, || Violation::malformed("number"));
    let options = options(input, known, &mut check);
    let mut field = CustomField {
        of: input.of,
        key: input.key.clone(),
        label,
        help: check.optional_line("help", &input.help, 300),
        field_type: ty,
        required: input.required && ty != FieldType::AutoNumber,
        unique: input.unique || ty == FieldType::AutoNumber,
        default_value: None,
        least: None,
        most: None,
        pattern,
        number,
        options,
        visible_when: input.visible_when.clone(),
        index: if input.filterable { FieldIndex::Building } else { FieldIndex::None },
        order: input.order,
        retired: input.retired,
        version: known.map_or(1, |known| known.version),
    };
    bounds(input, &mut field, context, &mut check);
    if let Some(condition) = &field.visible_when {
        check.under("visible_when", |check| seen_by(condition, &field, fields, check));
    }
    check.done()?;
    Ok(field)
}

/// The options, with those that are missing by now retired behind them.
fn options(input: &CustomFieldInput, known: Option<&CustomField>, check: &mut Checker) -> Vec<FieldOption> {
    if !input.field_type.has_options() {
        check.ensure(input.options.is_empty(), || Violation::not_allowed("options"));
        return Vec::new();
    }
    if input.options.len() > MOST_OPTIONS {
        check.note(Violation::too_many("options", MOST_OPTIONS as i64));
        return Vec::new();
    }
    let mut options: Vec<FieldOption> = Vec::with_capacity(input.options.len());
    for (place, option) in input.options.iter().enumerate() {
        check.under(&format!("options[{place}]"), |check| {
            let label = check.line("label", &option.label, 60);
            check.ensure(option.code.as_str().chars().count() <= 20, || Violation::too_long("code", 20));
            check.ensure(options.iter().all(|other| other.code != option.code), || Violation::repeated("code"));
            let alike = options.iter().any(|other| !other.retired && fold(&other.label) == fold(&label));
            check.ensure(option.retired || !alike, || Violation::repeated("label"));
            options.push(FieldOption { code: option.code.clone(), label, retired: option.retired });
        });
    }
    for gone in known.map(|known| known.options.as_slice()).unwrap_or_default() {
        if options.iter().all(|option| option.code != gone.code) {
            options.push(FieldOption { retired: true, ..gone.clone() });
        }
    }
    check.ensure(options.len() <= MOST_OPTIONS, || Violation::too_many("options", MOST_OPTIONS as i64));
    check.ensure(options.iter().any(|option| !option.retired), || Violation::required("options"));
    if input.filterable && input.field_type == FieldType::ManyOf {
        // All of them must find room in one column.
        let room: usize = options.iter().map(|option| option.code.as_str().len() + 1).sum();
        check.ensure(room + 2 <= LONGEST, || Violation::not_allowed("filterable"));
    }
    options
}

/// Default and bounds.
fn bounds(input: &CustomFieldInput, field: &mut CustomField, context: &Context, check: &mut Checker) {
    for (at, bound) in [("least", &input.least), ("most", &input.most)] {
        check.ensure(bound.is_none() || field.field_type.has_bounds(), || Violation::not_allowed(at));
    }
    if !field.field_type.has_bounds() && (input.least.is_some() || input.most.is_some()) {
        return;
    }
    let bare = CustomField { least: None, most: None, ..field.clone() };
    let mut taken = |at: &str, value: &Option<FieldValue>, of: &CustomField| {
        let value = value.as_ref()?;
        fit(of, at, value, None, context, check)
    };
    field.least = taken("least", &input.least, &bare);
    field.most = taken("most", &input.most, &bare);
    let bounded = field.clone();
    field.default_value = taken("default_value", &input.default_value, &bounded);
    if let (Some(least), Some(most)) = (&field.least, &field.most) {
        let ordered = compare(least, most).is_some_and(|order| order != Ordering::Greater);
        check.ensure(ordered, || Violation::out_of_range("most"));
    }
    let given = !field.unique && field.field_type != FieldType::AutoNumber;
    check.ensure(field.default_value.is_none() || given, || Violation::not_allowed("default_value"));
}

/// Whether a condition speaks of fields that the record has, other than the one that it shows.
fn seen_by(condition: &Condition, field: &CustomField, fields: &[StoredField], check: &mut Checker) {
    check.ensure(field.field_type != FieldType::AutoNumber, || Violation::not_allowed("visible_when"));
    if !condition.check(check) {
        return;
    }
    check.ensure(condition.relations().is_empty(), || Violation::not_allowed("visible_when"));
    for test in condition.tests() {
        let key = test.key.strip_prefix(CUSTOM);
        let own = |key| fields.iter().map(|stored| &stored.field).find(|own| own.key.as_str() == key);
        let ty = match key {
            Some(key) => own(key).map(|own| own.field_type),
            None => field.of.shown_by(&test.key),
        };
        let itself = key == Some(field.key.as_str());
        check.ensure(ty.is_some() && !itself, || Violation::unknown(test.key.clone()));
        if let Some(ty) = ty {
            // What depends on the day would hide a field overnight.
            let timeless = !matches!(test.is, Test::Days(_));
            check.ensure(timeless && test.fits(ty), || Violation::malformed(test.key.clone()));
        }
    }
}
