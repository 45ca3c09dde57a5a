//! The custom fields of customers, contacts, follow-ups and contracts: their order with a preview of the form, and adding and changing one.

use crate::app::{Reply, Shared};
use crate::desk::{Choice, Desk, Look};
use crate::failure::Failure;
use crate::form::Sheet;
use crate::pages::custom_values::{self, CUSTOM, of_word};
use crate::pages::field_type;
use crate::pages::query::{CODES, words};
use crate::pages::settings::{chosen, word};
use crate::pages::{Above, Params, form_page};
use crate::security::Posted;
use crate::session::Visitor;
use crate::values::{Reader, Values, url};
use askama::Template;
use axum::extract::State;
use crm_core::{
    Condition, Currency, CustomField, CustomFieldInput, Customized, EntryCode, Error, FieldIndex, FieldKey,
    FieldOption, FieldTest, FieldType, FieldValue, Test, Violation,
};

/// The list of the fields.
pub(crate) const HERE: &str = "/custom-fields";
const EDIT: &str = "/custom-fields/edit";

/// Stands for a condition that is not one of the simple ones.
const KEPT: &str = "kept";

/// Between the places of fields, so that one can come between two.
const STEP: i32 = 10;

pub(super) const TYPES: [(&str, FieldType); 15] = [
    ("text", FieldType::Text),
    ("long_text", FieldType::LongText),
    ("integer", FieldType::Integer),
    ("decimal", FieldType::Decimal),
    ("money", FieldType::Money),
    ("date", FieldType::Date),
    ("time", FieldType::Time),
    ("yes_no", FieldType::YesNo),
    ("one_of", FieldType::OneOf),
    ("many_of", FieldType::ManyOf),
    ("person", FieldType::Person),
    ("phone", FieldType::Phone),
    ("email", FieldType::Email),
    ("link", FieldType::Link),
    ("auto_number", FieldType::AutoNumber),
];

#[derive(Template)]
#[template(path = "custom_fields.html")]
struct Page<'a> {
    d: &'a Look<'a>,
    /// Kinds of records: address, words, whether it is the one at hand.
    tabs: Vec<(String, String, bool)>,
    of: &'static str,
    /// Whether their forms are laid out.
    laid_out: bool,
    rows: Vec<Row>,
    preview: Option<Sheet<'a>>,
}

/// One field of the list.
struct Row {
    key: String,
    label: String,
    ty: String,
    marks: Vec<(&'static str, String)>,
    shown_when: String,
    edit: String,
    retired: bool,
    /// The fields that it passes when it goes up, and down; empty: it is the first, or the last.
    above: String,
    below: String,
}

/// A form is not shown to who may not send it.
pub(super) fn manager(desk: &Desk<'_>) -> Result<(), Failure> {
    desk.needs("customer", "manage_fields")
}

pub(super) fn type_label(d: &Look<'_>, ty: FieldType) -> String {
    d.t(&format!("type_{}", word(&TYPES, ty))).to_owned()
}

/// Records that have custom fields, by the words of addresses.
pub(super) const KINDS: [(&str, Customized); 4] = [
    ("customer", Customized::Customer),
    ("contact", Customized::Contact),
    ("follow_up", Customized::FollowUp),
    ("contract", Customized::Contract),
];

pub(super) fn list_of(of: Customized) -> String {
    if of == Customized::Customer {
        return HERE.to_owned();
    }
    url(HERE, &[("of", word(&KINDS, of))])
}

pub(crate) async fn show(State(app): State<Shared>, visitor: Visitor, Params(params): Params) -> Reply {
    app.desk(visitor, move |desk| {
        manager(desk)?;
        let d = &desk.look;
        let of = of_word(params.get("of"));
        let fields: Vec<&CustomField> = d.fields_of(of).collect();
        let key = |place: Option<usize>| {
            place.and_then(|place| fields.get(place)).map(|field| field.key.to_string()).unwrap_or_default()
        };
        let rows = fields.iter().enumerate().map(|(place, field)| Row {
            above: key(place.checked_sub(1)),
            below: key(place.checked_add(1)),
            ..row(d, field)
        });
        let values = custom_values::with_defaults(d, of, Values::default());
        let open = fields.iter().any(|field| !field.retired);
        let preview = match open {
            true => {
                let sheet = Sheet::new(desk, "", &values, None).looked_at().prefix("preview-");
                Some(custom_values::fields(desk, sheet, of, None)?.done())
            }
            false => None,
        };
        let tabs =
            KINDS.iter().map(|(name, own)| (list_of(*own), d.t(&format!("records_{name}")).to_owned(), *own == of));
        let laid_out = matches!(of, Customized::Customer | Customized::Contact);
        desk.page(&Page { d, tabs: tabs.collect(), of: word(&KINDS, of), laid_out, rows: rows.collect(), preview })
    })
    .await
}

fn row(d: &Look<'_>, field: &CustomField) -> Row {
    let index = match field.index {
        FieldIndex::None => None,
        FieldIndex::Building => Some(("vacant", "mark_building")),
        FieldIndex::Ready => Some(("good", "mark_filterable")),
    };
    let marks = [
        field.required.then_some(("main", "mark_required")),
        // Automatic numbers are unique by themselves.
        (field.unique && field.field_type != FieldType::AutoNumber).then_some(("main", "mark_unique")),
        index,
        field.retired.then_some(("", "retired")),
    ];
    Row {
        key: field.key.to_string(),
        label: field.label.clone(),
        ty: type_label(d, field.field_type),
        marks: marks.into_iter().flatten().map(|(class, key)| (class, d.t(key).to_owned())).collect(),
        shown_when: field.visible_when.as_ref().map(|condition| words(d, condition)).unwrap_or_default(),
        edit: url(EDIT, &[("of", word(&KINDS, field.of)), ("key", field.key.as_str())]),
        retired: field.retired,
        above: String::new(),
        below: String::new(),
    }
}

/// What keeps a field as it is.
pub(super) fn as_it_is(field: &CustomField) -> CustomFieldInput {
    CustomFieldInput {
        of: field.of,
        key: field.key.clone(),
        label: field.label.clone(),
        field_type: field.field_type,
        help: field.help.clone(),
        required: field.required,
        unique: field.unique,
        default_value: field.default_value.clone(),
        least: field.least.clone(),
        most: field.most.clone(),
        pattern: field.pattern.clone(),
        number: field.number.clone(),
        options: field.options.clone(),
        visible_when: field.visible_when.clone(),
        filterable: field.index != FieldIndex::None,
        order: field.order,
        retired: field.retired,
        version: Some(field.version),
    }
}

/// Who stands at which place once two neighbours have changed places: only those whose place is another one.
fn moved(fields: &[&CustomField], upper: usize) -> Vec<(usize, i32)> {
    let (Some(first), Some(second)) = (fields.get(upper), fields.get(upper + 1)) else { return Vec::new() };
    if first.order < second.order {
        return vec![(upper, second.order), (upper + 1, first.order)];
    }
    // Several stand at one place: all get their own.
    let mut places: Vec<usize> = (0..fields.len()).collect();
    places.swap(upper, upper + 1);
    let orders = places.into_iter().zip((0..).step_by(STEP.unsigned_abs() as usize));
    orders.filter(|(place, order)| fields.get(*place).is_some_and(|field| field.order != *order)).collect()
}

/// Moves a field past its neighbour. Sent twice, it is past it already.
pub(crate) async fn shift(State(app): State<Shared>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        manager(desk)?;
        let of = of_word(values.get("of"));
        let fields: Vec<&CustomField> = desk.look.fields_of(of).collect();
        let place = |name: &str| fields.iter().position(|field| field.key.as_str() == values.get(name));
        let (Some(own), Some(past)) = (place("key"), place("past")) else { return Err(Failure::not_found()) };
        let up = values.get("way") == "up";
        let back = format!("{}#field-{}", list_of(of), values.get("key"));
        let upper = if up { past } else { own };
        if own.abs_diff(past) != 1 || (own > past) != up {
            return desk.go(&back);
        }
        let saved = moved(&fields, upper).into_iter().try_for_each(|(place, order)| {
            let Some(field) = fields.get(place) else { return Ok(()) };
            desk.crm.save_custom_field(CustomFieldInput { order, ..as_it_is(field) }).map(drop)
        });
        match saved {
            Ok(()) => desk.go(&back),
            Err(error) => desk.lost(error, &list_of(of)),
        }
    })
    .await
}

pub(super) fn known(desk: &Desk<'_>, of: Customized, key: &str) -> Option<CustomField> {
    desk.look.fields_of(of).find(|field| field.key.as_str() == key).cloned()
}

pub(crate) async fn edit(State(app): State<Shared>, visitor: Visitor, Params(params): Params) -> Reply {
    app.desk(visitor, move |desk| {
        manager(desk)?;
        let values = match params.text("key") {
            None => Values::default().with("of", word(&KINDS, of_word(params.get("of")))),
            Some(key) => {
                let of = of_word(params.get("of"));
                values_of(&desk.look, &known(desk, of, &key).ok_or_else(Failure::not_found)?)
            }
        };
        draw(desk, &values, None)
    })
    .await
}

/// A condition that the form can show: that one field has one value.
fn simple(condition: &Condition) -> Option<String> {
    match condition {
        Condition::Field(FieldTest { key, is: Test::Equal(FieldValue::OneOf(code)) }) => Some(format!("{key}={code}")),
        _ => None,
    }
}

/// An option in a line.
fn line(option: &FieldOption) -> String {
    if option.code.as_str() == option.label {
        option.label.clone()
    } else {
        format!("{} {}", option.code, option.label)
    }
}

/// What the form of a field shows of it.
fn values_of(d: &Look<'_>, field: &CustomField) -> Values {
    let bound = |value: &Option<FieldValue>| {
        value.as_ref().map(|value| {
            if field.field_type == FieldType::Money {
                custom_values::in_line(d, value)
            } else {
                custom_values::written(d, value)
            }
        })
    };
    let options: Vec<String> = field.options.iter().filter(|option| !option.retired).map(line).collect();
    let condition = field.visible_when.as_ref();
    let values = Values::default()
        .with("known", "1")
        .with("of", word(&KINDS, field.of))
        .with("version", field.version.to_string())
        .with("key", field.key.as_str())
        .with("type", word(&TYPES, field.field_type))
        .with("label", &field.label)
        .with_some("help", field.help.clone())
        .with_some("required", field.required.then_some("1"))
        .with_some("filterable", (field.index != FieldIndex::None).then_some("1"))
        .with_some("least", bound(&field.least))
        .with_some("most", bound(&field.most))
        .with_some("pattern", field.pattern.clone())
        .with_some("number", field.number.clone())
        .with("options", options.join("\n"))
        .with_some("visible_when", condition.map(|known| simple(known).unwrap_or_else(|| KEPT.to_owned())))
        .with_some("retired", field.retired.then_some("1"));
    match &field.default_value {
        Some(FieldValue::ManyOf(codes)) => {
            codes.iter().fold(values, |values, code| values.with("default_value", code.as_str()))
        }
        default => values.with_some("default_value", bound(default)),
    }
}

/// What a field can be shown by: the entries of dictionaries, and the options of other fields.
fn conditions(d: &Look<'_>, of: Customized, known: Option<&CustomField>) -> Vec<Choice> {
    let mut choices: Vec<Choice> = Vec::new();
    let mut add = |name: &str, label: &str, of: Vec<Choice>| {
        let named = |choice: Choice| {
            Choice::new(format!("{name}={}", choice.value), format!("{label} {} {}", d.t("test_is"), choice.label))
        };
        choices.extend(of.into_iter().map(named));
    };
    for (name, dictionary) in CODES.into_iter().filter(|_| of == Customized::Customer) {
        add(name, d.t(&format!("f_{name}")), d.choices(dictionary, ""));
    }
    let itself = |field: &&CustomField| known.is_some_and(|known| known.key == field.key);
    for field in
        d.fields_of(of).filter(|field| field.field_type == FieldType::OneOf && !field.retired && !itself(field))
    {
        let options = field.options.iter().filter(|option| !option.retired);
        let options = options.map(|option| Choice::new(option.code.as_str(), &option.label)).collect();
        add(&format!("{CUSTOM}{}", field.key), &field.label, options);
    }
    if let Some(condition) = known.and_then(|known| known.visible_when.as_ref()) {
        let value = simple(condition).unwrap_or_else(|| KEPT.to_owned());
        if choices.iter().all(|choice| choice.value != value) {
            choices.insert(0, Choice::new(value, words(d, condition)));
        }
    }
    choices
}

/// Which parts of a field there are for a type.
struct Fits {
    filterable: bool,
    default: bool,
    bounds: bool,
    pattern: bool,
    number: bool,
    options: bool,
}

impl Fits {
    fn of(ty: FieldType, unique: bool) -> Self {
        use FieldType::{
            AutoNumber, Date, Decimal, Email, Integer, Link, LongText, ManyOf, Money, OneOf, Phone, Text, Time,
        };
        Fits {
            filterable: ty != LongText,
            default: ty != AutoNumber && !unique,
            bounds: matches!(ty, Integer | Decimal | Money | Date | Time),
            pattern: matches!(ty, Text | LongText | Phone | Email | Link),
            number: ty == AutoNumber,
            options: matches!(ty, OneOf | ManyOf),
        }
    }

    /// Before the type is chosen.
    const ALL: Fits =
        Fits { filterable: true, default: true, bounds: true, pattern: true, number: true, options: true };
}

fn draw(desk: &Desk<'_>, values: &Values, error: Option<&Error>) -> Reply {
    let d = &desk.look;
    let of = of_word(values.get("of"));
    let now = if values.ticked("known") {
        Some(known(desk, of, values.get("key")).ok_or_else(Failure::not_found)?)
    } else {
        None
    };
    let told = error.cloned().map(named);
    let conflict = matches!(error, Some(Error::Conflict { .. }));
    let present = now.as_ref().map(|now| values_of(d, now)).filter(|_| conflict);
    let mut sheet = Sheet::new(desk, EDIT, values, told.as_ref())
        .problem(error.and_then(|error| wrong_lines(desk, values, error)))
        .present(present.as_ref())
        .hidden("of", word(&KINDS, of))
        .cancel(list_of(of));
    let fits = now.as_ref().map_or(Fits::ALL, |now| Fits::of(now.field_type, now.unique));
    if let Some(now) = &now {
        // After a conflict the form counts on the field as it stands now.
        let version = if conflict { now.version.to_string() } else { values.get("version").to_owned() };
        sheet = sheet.hidden("known", "1").hidden("key", now.key.as_str()).hidden("version", version);
        sheet = sheet.hidden("type", word(&TYPES, now.field_type));
    } else {
        let types = TYPES.iter().map(|(name, ty)| Choice::new(*name, type_label(d, *ty))).collect();
        sheet = sheet.choice("type", types).required().help("type_help").line("key", 40).required().help("key_help");
    }
    sheet = sheet.line("label", 60).required().labelled(d.t("field_label"));
    if let Some(now) = now.as_ref().filter(|now| field_type::can_change(now)) {
        sheet = sheet.link(field_type::page_of(now), "change_type");
    }
    sheet = sheet.line("help", 300).help("help_help").wide();
    sheet = marks(sheet, now.as_ref(), &fits);
    sheet = sheet.section("s_values");
    if fits.options {
        let retired = now.as_ref().map(|now| retired_options(d, now)).unwrap_or_default();
        let help = d.t(if now.is_some() { "options_kept_help" } else { "options_help" });
        sheet = sheet.area("options", 20_000).explained(format!("{help}{retired}"));
        sheet = if now.is_some() { sheet.required() } else { sheet };
    }
    if fits.number {
        sheet = sheet.line("number", 40).labelled(d.t("field_number")).help("field_number_help");
        sheet = if now.is_some() { sheet.required() } else { sheet };
    }
    if fits.bounds {
        sheet = limit(d, limit(d, sheet, "least", now.as_ref()), "most", now.as_ref());
    }
    if fits.pattern {
        sheet =
            sheet.line("pattern", 200).explained(d.t(if now.is_some() { "pattern_help" } else { "pattern_new_help" }));
    }
    if fits.default {
        sheet = match &now {
            Some(now) if now.field_type == FieldType::Money => sheet.line("default_value", 40).help("money_hint"),
            Some(now) => {
                let bare = CustomField { least: None, most: None, ..now.clone() };
                custom_values::input(desk, sheet, "default_value", &bare, now.default_value.as_ref())?
                    .explained(d.t("default_kept_help"))
            }
            None => sheet.line("default_value", 200).help("default_help"),
        };
    }
    sheet = sheet.choice("visible_when", conditions(d, of, now.as_ref())).help("visible_help");
    let fixed = |field: &CustomField| {
        let unique = Some(d.t("mark_unique").to_owned()).filter(|_| field.unique);
        let parts = [Some(type_label(d, field.field_type)), Some(field.key.to_string()), unique];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
    };
    let above = Above {
        title: d.t(if now.is_some() { "edit_field" } else { "add_field" }).to_owned(),
        back: (list_of(of), d.t("custom_fields").to_owned()),
        intro: now.as_ref().map(fixed).unwrap_or_default(),
    };
    form_page(desk, above, sheet, error)
}

/// What a field is marked with.
fn marks<'a>(sheet: Sheet<'a>, now: Option<&CustomField>, fits: &Fits) -> Sheet<'a> {
    let mut sheet = sheet.section("s_rules");
    if now.is_none_or(|now| now.field_type != FieldType::AutoNumber) {
        sheet = sheet.tick("required").help("required_help");
    }
    if now.is_none() {
        sheet = sheet.tick("unique").help("unique_help");
    }
    if fits.filterable {
        sheet = sheet.tick("filterable").help("filterable_help");
    }
    if now.is_some() {
        sheet = sheet.tick("retired").help("field_retired_help");
    }
    sheet
}

/// The field for a bound, as its type is typed.
fn limit<'a>(d: &Look<'_>, sheet: Sheet<'a>, name: &str, of: Option<&CustomField>) -> Sheet<'a> {
    match of.map(|of| of.field_type) {
        Some(FieldType::Integer) => sheet.input("number", name),
        Some(FieldType::Date) => sheet.input("date", name),
        Some(FieldType::Time) => sheet.input("datetime-local", name),
        Some(FieldType::Money) => sheet.line(name, 40).explained(d.t("money_hint")),
        Some(_) => sheet.line(name, 40),
        None => sheet.line(name, 40).help("bounds_help"),
    }
}

/// The options that nobody chooses any more, in words.
fn retired_options(d: &Look<'_>, field: &CustomField) -> String {
    let retired: Vec<String> = field.options.iter().filter(|option| option.retired).map(line).collect();
    if retired.is_empty() {
        return String::new();
    }
    let told = d.t("options_retired").replace("{options}", &retired.join(d.t("between_reasons")));
    format!("{}{told}", d.t("between_sentences"))
}

/// The error with the fields of this form in place of the parts of a field.
pub(super) fn named(error: Error) -> Error {
    let Error::Invalid { violations } = error else { return error };
    let named = violations.into_iter().map(|violation| {
        let whole = ["options", "visible_when", "default_value", "least", "most"];
        let of = whole
            .into_iter()
            .find(|name| violation.field.strip_prefix(name).is_some_and(|rest| rest.starts_with(['[', '.'])));
        match of {
            Some(name) => Violation { field: name.to_owned(), ..violation },
            None => violation,
        }
    });
    Error::Invalid { violations: named.collect() }
}

/// The options of which an error speaks.
fn wrong_lines(desk: &Desk<'_>, values: &Values, error: &Error) -> Option<String> {
    let line = |violation: &Violation| {
        let place = violation.field.strip_prefix("options[")?.split(']').next()?;
        values.lines("options").into_iter().nth(place.parse().ok()?)
    };
    let mut wrong: Vec<String> = error.violations().iter().filter_map(line).take(10).collect();
    wrong.dedup();
    (!wrong.is_empty()).then(|| desk.t("wrong_lines").replace("{lines}", &wrong.join(desk.t("between_reasons"))))
}

pub(crate) async fn save(State(app): State<Shared>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        manager(desk)?;
        match saved(desk, &values) {
            Ok(_) => {
                desk.notice("done_saved");
                desk.go(&list_of(of_word(values.get("of"))))
            }
            Err(error) => draw(desk, &values, Some(&desk.for_form(error)?)),
        }
    })
    .await
}

/// The options that lines name: a code and what people see, or one word for both.
pub(super) fn options(values: &Values, read: &mut Reader<'_>) -> Vec<FieldOption> {
    let mut options = Vec::new();
    for (place, line) in values.lines("options").into_iter().enumerate() {
        let (code, label) = line.split_once(char::is_whitespace).unwrap_or((&line, &line));
        match EntryCode::new(code) {
            Ok(code) => options.push(FieldOption { code, label: label.trim().to_owned(), retired: false }),
            Err(_) => read.note(Violation::malformed(format!("options[{place}]"))),
        }
    }
    options
}

/// The condition that was chosen.
fn condition(values: &Values, known: Option<&CustomField>, read: &mut Reader<'_>) -> Option<Condition> {
    let text = values.text("visible_when")?;
    let held = known.and_then(|known| known.visible_when.clone());
    if text == KEPT {
        return held;
    }
    let chosen = text
        .split_once('=')
        .and_then(|(key, code)| Some(Condition::equal(key, FieldValue::OneOf(EntryCode::new(code).ok()?))));
    if chosen.is_none() {
        read.note(Violation::unknown("visible_when"));
    }
    chosen
}

/// A value that a part of the field has, as its type is typed.
fn part(
    d: &Look<'_>,
    values: &Values,
    name: &str,
    ty: FieldType,
    base: Currency,
    read: &mut Reader<'_>,
) -> Option<FieldValue> {
    let text = match ty {
        FieldType::ManyOf => values.all(name).join(","),
        _ => values.text(name).unwrap_or_default(),
    };
    if text.is_empty() {
        return None;
    }
    let value = custom_values::typed(d, ty, &text, base);
    if value.is_none() {
        read.note(Violation::malformed(name));
    }
    value
}

fn saved(desk: &Desk<'_>, values: &Values) -> Result<CustomField, Error> {
    let d = &desk.look;
    let mut read = Reader::new(values, d.zone);
    let of = of_word(values.get("of"));
    let standing = known(desk, of, values.get("key").trim());
    let exists = values.ticked("known");
    // A key that is taken would change the other field.
    if !exists && standing.is_some() {
        read.note(Violation::repeated("key"));
    }
    let standing = standing.filter(|_| exists);
    read.require("key");
    let key = FieldKey::new(values.get("key").trim()).ok();
    read.require("type");
    let ty = match values.text("type") {
        Some(name) => chosen(&mut read, &TYPES, "type", &name),
        None => None,
    };
    let base = desk.base_currency()?;
    let options = options(values, &mut read);
    let visible_when = condition(values, standing.as_ref(), &mut read);
    let mut value = |name: &str| part(d, values, name, ty?, base, &mut read);
    let (default, least, most) = (value("default_value"), value("least"), value("most"));
    read.done()?;
    let last = d.fields_of(of).map(|field| field.order).max();
    let free = last.map_or(0, |last| last.saturating_add(STEP).min(9_999));
    desk.acting(values).save_custom_field(CustomFieldInput {
        of,
        key: key.ok_or_else(|| Violation::malformed("key"))?,
        label: values.get("label").to_owned(),
        field_type: ty.ok_or_else(|| Violation::required("type"))?,
        help: values.text("help"),
        required: values.ticked("required"),
        unique: standing.as_ref().map_or_else(|| values.ticked("unique"), |standing| standing.unique),
        default_value: default,
        least,
        most,
        pattern: values.text("pattern"),
        number: values.text("number"),
        options,
        visible_when,
        filterable: values.ticked("filterable"),
        order: standing.as_ref().map_or(free, |standing| standing.order),
        retired: values.ticked("retired"),
        version: values.text("version").and_then(|version| version.parse().ok()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(key: &str, order: i32) -> CustomField {
        CustomField {
            of: Customized::Customer,
            key: FieldKey::new(key).unwrap(),
            label: key.to_owned(),
            help: None,
            field_type: FieldType::Text,
            required: false,
            unique: false,
            default_value: None,
            least: None,
            most: None,
            pattern: None,
            number: None,
            options: Vec::new(),
            visible_when: None,
            index: FieldIndex::None,
            order,
            retired: false,
            version: 1,
        }
    }

    #[test]
    fn q3_two_fields_change_places_and_no_other_moves() {
        let fields = [field("a", 0), field("b", 10), field("c", 20)];
        let fields: Vec<&CustomField> = fields.iter().collect();
        assert_eq!(moved(&fields, 1), [(1, 20), (2, 10)]);
        assert_eq!(moved(&fields, 2), []);
        // Where they stand at one place all get their own.
        let fields = [field("a", 0), field("b", 0), field("c", 5)];
        let fields: Vec<&CustomField> = fields.iter().collect();
        assert_eq!(moved(&fields, 0), [(0, 10), (2, 20)]);
    }
}
