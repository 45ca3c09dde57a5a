//! Conditions on records: as they are put together on a list, out of the query of an address, and in words; and orders by custom fields.

use crate::desk::{Choice, Desk, Look};
use crate::failure::Failure;
use crate::pages::custom_values::{self, CUSTOM};
use crate::values::Values;
use crm_core::{
    Belonging, Condition, Currency, CustomField, Customized, Date, DayRange, EntryCode, Error, FieldIndex, FieldKey,
    FieldOrder, FieldTest, FieldType, FieldValue, RelatedTest, Test, TimeZone, Timestamp, Violation, dictionary,
};

/// The most rows.
const ROWS: usize = 5;
/// What addresses say of them.
const NAMES: [&str; 3 * ROWS + 1] = [
    "q0_field", "q0_test", "q0_value", "q1_field", "q1_test", "q1_value", "q2_field", "q2_test", "q2_value",
    "q3_field", "q3_test", "q3_value", "q4_field", "q4_test", "q4_value", "match",
];
/// Rows that stand ready to be filled in.
const READY: usize = 2;
/// Behind the name of a field of days: counted from today.
const RELATIVE: &str = "~";

/// Codes of dictionaries that customers hold.
pub(crate) const CODES: [(&str, &str); 4] = [
    ("level", dictionary::LEVEL),
    ("stage", dictionary::STAGE),
    ("source", dictionary::SOURCE),
    ("industry", dictionary::INDUSTRY),
];
/// Instants that customers have, with the keys of their names; whether one can be without.
const TIMES: [(&str, &str, bool); 3] = [
    ("created_at", "created_on", false),
    ("last_follow_up_at", "last_follow_up", true),
    ("next_follow_up_at", "next_follow_up", true),
];

/// What can be asked of what belongs to customers: the field with the key of its name, its type (amounts are added up), and whether only contracts in
/// force are meant.
const BELONGING: [(Belonging, &str, &str, FieldType, bool); 7] = [
    (Belonging::Contracts, "", "q_contracts_in_force", FieldType::YesNo, true),
    (Belonging::Contracts, "unreceived", "q_contracts_unreceived_total", FieldType::Money, false),
    (Belonging::Contracts, "received", "q_contracts_received_total", FieldType::Money, false),
    (Belonging::Contracts, "signed_on", "q_contracts_signed_on", FieldType::Date, false),
    (Belonging::Contracts, "ends_on", "q_contracts_in_force_ends_on", FieldType::Date, true),
    (Belonging::Instalments, "due_on", "q_instalments_due_on", FieldType::Date, false),
    (Belonging::Receipts, "received_on", "q_receipts_received_on", FieldType::Date, false),
];

/// The rights to see what belongs to customers, and how it is called in conditions.
fn belonging(of: Belonging) -> (&'static [&'static str], &'static str) {
    match of {
        Belonging::Contracts => (&["contract.view"], "contracts"),
        Belonging::Instalments => (&["contract.view", "payment.view"], "instalments"),
        Belonging::Receipts => (&["contract.view", "payment.view"], "receipts"),
    }
}

/// That something belongs to a customer of which a test holds; of an amount, that what it adds up to passes.
fn belongs(of: Belonging, key: &str, in_force: bool, is: Test) -> Condition {
    let related = |matching: Vec<Condition>, total| {
        let mut matching = matching;
        let matching = if matching.len() < 2 { matching.pop() } else { Some(Condition::All(matching)) };
        Condition::Related(RelatedTest { of, matching: matching.map(Box::new), total })
    };
    let mut matching = Vec::new();
    if let Some(code) = EntryCode::new("in_force").ok().filter(|_| in_force) {
        matching.push(Condition::equal("status", FieldValue::OneOf(code)));
    }
    match is {
        Test::Equal(FieldValue::YesNo(true)) => related(matching, None),
        Test::Equal(FieldValue::YesNo(false)) => Condition::Not(Box::new(related(matching, None))),
        Test::Less(FieldValue::Money(_))
        | Test::AtMost(FieldValue::Money(_))
        | Test::Greater(FieldValue::Money(_))
        | Test::AtLeast(FieldValue::Money(_))
        | Test::Equal(FieldValue::Money(_)) => related(matching, Some(FieldTest { key: key.to_owned(), is })),
        is => {
            matching.push(Condition::field(key, is));
            related(matching, None)
        }
    }
}

/// A field that can be asked for.
struct Asked {
    /// As in conditions; with [`RELATIVE`] behind it where days are counted from today.
    name: String,
    label: String,
    ty: FieldType,
    choices: Vec<Choice>,
    /// Whether a record can be without.
    optional: bool,
    /// Whether it can't be asked for yet.
    building: bool,
    /// Of what belongs to a customer, with its key there, and whether only contracts in force are meant.
    of: Option<(Belonging, &'static str, bool)>,
}

/// The tests that can be asked of a field, and what is typed for them.
pub(crate) struct Tests {
    /// The field that they are of.
    pub(crate) of: String,
    /// Begins the names of the fields of the form; empty: the script of the page does that.
    pub(crate) prefix: String,
    pub(crate) tests: Vec<Choice>,
    /// The kind of the field for the value.
    pub(crate) kind: &'static str,
    pub(crate) choices: Vec<Choice>,
    /// What is typed where it is no day, choice or number; may be empty.
    pub(crate) hint: String,
    pub(crate) test: String,
    pub(crate) value: String,
}

/// One condition, as it is put together.
pub(crate) struct Row {
    pub(crate) place: usize,
    pub(crate) field: String,
    pub(crate) tests: Option<Tests>,
    pub(crate) error: String,
}

/// Conditions as the list shows them.
#[derive(Default)]
pub(crate) struct Builder {
    pub(crate) rows: Vec<Row>,
    /// What can be chosen as a field; the second tells whether not yet.
    pub(crate) fields: Vec<(Choice, bool)>,
    /// For each field what its row becomes when it is chosen.
    pub(crate) templates: Vec<Tests>,
    /// Whether one of them is enough.
    pub(crate) any: bool,
    /// How many conditions there are.
    pub(crate) count: usize,
    pub(crate) open: bool,
    /// What the list is narrowed by.
    pub(crate) condition: Option<Condition>,
    /// Whether something can't be read.
    pub(crate) wrong: bool,
    /// What an address says to mean the same.
    pub(crate) pairs: Vec<(String, String)>,
}

/// The custom fields by which lists of records are narrowed and put in order, or will be.
fn found_by<'d>(d: &'d Look<'_>, of: Customized) -> impl Iterator<Item = &'d CustomField> {
    d.fields_of(of).filter(move |field| {
        field.index != FieldIndex::None && d.reads(&format!("{}.{CUSTOM}{}", of.as_str(), field.key))
    })
}

/// The orders by custom fields that a list can have, as addresses say them: the greatest first with a sign before it.
pub(crate) fn orders(d: &Look<'_>, of: Customized) -> Vec<Choice> {
    let ready = found_by(d, of).filter(|field| field.index == FieldIndex::Ready);
    let both = ready.flat_map(|field| {
        let choice = |sign: &str, key: &str| {
            Choice::new(format!("{sign}{CUSTOM}{}", field.key), d.t(key).replace("{field}", &field.label))
        };
        [choice("", "order_ascending"), choice("-", "order_descending")]
    });
    both.collect()
}

/// The custom field by which an address puts a list in order, if it is one.
pub(crate) fn order_by(params: &Values) -> Result<Option<FieldOrder>, Error> {
    let wanted = params.text("order").unwrap_or_default();
    let (key, descending) = wanted.strip_prefix('-').map_or((wanted.as_str(), false), |wanted| (wanted, true));
    let key = key.strip_prefix(CUSTOM).map(FieldKey::new).transpose().map_err(|_| Violation::unknown("order"))?;
    Ok(key.map(|field| FieldOrder { field, descending }))
}

/// The same of a list that has no other order than its own and those.
pub(crate) fn only_by_fields(params: &Values) -> Result<Option<FieldOrder>, Error> {
    let order_by = order_by(params)?;
    if params.text("order").is_some() && order_by.is_none() {
        return Err(Violation::unknown("order").into());
    }
    Ok(order_by)
}

/// What addresses of a list have: what the list has by itself, and conditions.
pub(crate) fn names(own: &[&'static str]) -> Vec<&'static str> {
    own.iter().chain(&NAMES).copied().collect()
}

fn fields(desk: &Desk<'_>, of: Customized) -> Result<Vec<Asked>, Failure> {
    let d = &desk.look;
    let mut asked: Vec<Asked> = Vec::new();
    let mut ask = |name: String, label: &str, ty: FieldType, choices: Vec<Choice>, optional: bool, building: bool| {
        let days = matches!(ty, FieldType::Date | FieldType::Time);
        let relative = days.then(|| Asked {
            name: format!("{name}{RELATIVE}"),
            label: d.t("from_today").replace("{field}", label),
            ty,
            choices: Vec::new(),
            optional: false,
            building,
            of: None,
        });
        asked.push(Asked { name, label: label.to_owned(), ty, choices, optional, building, of: None });
        asked.extend(relative);
    };
    for field in found_by(d, of) {
        let choices = match field.field_type {
            // Records may still hold what nobody chooses any more.
            FieldType::OneOf | FieldType::ManyOf => {
                field.options.iter().map(|option| Choice::new(option.code.as_str(), &option.label)).collect()
            }
            FieldType::YesNo => custom_values::yes_or_no(d),
            FieldType::Person => desk.people_choices()?,
            _ => Vec::new(),
        };
        let building = field.index == FieldIndex::Building;
        ask(format!("{CUSTOM}{}", field.key), &field.label, field.field_type, choices, true, building);
    }
    if of == Customized::Contract {
        let choices = |dictionary| d.choices(dictionary, "");
        ask(
            "kind".to_owned(),
            d.t("dict_contract_kind"),
            FieldType::OneOf,
            choices(dictionary::CONTRACT_KIND),
            true,
            false,
        );
        if d.reads("contract.payment_method") {
            let methods = choices(dictionary::PAYMENT_METHOD);
            ask("payment_method".to_owned(), d.t("f_payment_method"), FieldType::OneOf, methods, true, false);
        }
        for (name, label) in [("signed_on", "f_signed_on"), ("ends_on", "f_ends_on")] {
            ask(name.to_owned(), d.t(label), FieldType::Date, Vec::new(), true, false);
        }
        for name in ["received", "unreceived"] {
            ask(name.to_owned(), d.t(&format!("q_{name}")), FieldType::Money, Vec::new(), false, false);
        }
    }
    if of == Customized::FollowUp {
        if d.reads("follow_up.method") {
            let methods = d.choices(dictionary::METHOD, "");
            ask("method".to_owned(), d.t("f_method"), FieldType::OneOf, methods, true, false);
        }
        ask("author".to_owned(), d.t("f_person"), FieldType::Person, desk.people_choices()?, false, false);
        ask("at".to_owned(), d.t("f_at"), FieldType::Time, Vec::new(), false, false);
    }
    if of != Customized::Customer {
        return Ok(asked);
    }
    for (name, dictionary) in CODES.into_iter().filter(|(name, _)| d.reads(&format!("customer.{name}"))) {
        let choices = d.choices(dictionary, "");
        ask(name.to_owned(), d.t(&format!("f_{name}")), FieldType::OneOf, choices, true, false);
    }
    ask("owner".to_owned(), d.t("f_owner"), FieldType::Person, desk.people_choices()?, false, false);
    for (name, label, optional) in TIMES {
        ask(name.to_owned(), d.t(label), FieldType::Time, Vec::new(), optional, false);
    }
    ask("locked".to_owned(), d.t("locked"), FieldType::YesNo, custom_values::yes_or_no(d), false, false);
    for (of, key, label, ty, in_force) in BELONGING {
        let (rights, word) = belonging(of);
        if !rights.iter().all(|right| d.may(right)) {
            continue;
        }
        let choices = if ty == FieldType::YesNo { custom_values::yes_or_no(d) } else { Vec::new() };
        let mut name = format!("{word}.{key}");
        name.truncate(name.trim_end_matches('.').len());
        let label = d.t(label);
        let own = |name: String, label: String| Asked {
            name,
            label,
            ty,
            choices: choices.clone(),
            optional: false,
            building: false,
            of: Some((of, key, in_force)),
        };
        asked.push(own(name.clone(), label.to_owned()));
        asked.extend(
            (ty == FieldType::Date)
                .then(|| own(format!("{name}{RELATIVE}"), d.t("from_today").replace("{field}", label))),
        );
    }
    Ok(asked)
}

impl Asked {
    fn relative(&self) -> bool {
        self.name.ends_with(RELATIVE)
    }

    fn key(&self) -> &str {
        self.name.trim_end_matches(RELATIVE)
    }

    /// Its tests by name, each with the key of what it is called.
    fn tests(&self) -> Vec<(&'static str, &'static str)> {
        const COMPARED: [&str; 5] = ["equal", "less", "at_most", "greater", "at_least"];
        let mut tests = match self.ty {
            FieldType::Date | FieldType::Time if self.relative() => {
                vec![("past", "test_past"), ("coming", "test_coming"), ("older", "test_older")]
            }
            FieldType::Date | FieldType::Time => {
                let words = ["test_on", "test_before", "test_until", "test_after", "test_from"];
                COMPARED.into_iter().zip(words).collect()
            }
            FieldType::Integer | FieldType::Decimal | FieldType::Money => {
                let words = ["test_equal", "test_less", "test_at_most", "test_greater", "test_at_least"];
                COMPARED.into_iter().zip(words).collect()
            }
            FieldType::OneOf | FieldType::Person => vec![("equal", "test_is"), ("not", "test_is_not")],
            FieldType::YesNo => vec![("equal", "test_is")],
            FieldType::ManyOf => vec![("among", "test_among"), ("lacks", "test_lacks")],
            _ => vec![("contains", "test_contains"), ("begins", "test_begins"), ("equal", "test_is")],
        };
        if self.optional {
            tests.extend([("empty", "test_empty"), ("there", "test_there")]);
        }
        tests
    }

    fn drawn(&self, d: &Look<'_>, prefix: String, test: &str, value: &str) -> Tests {
        // What can't be read is shown as it was typed.
        let read = |kind: &'static str, read: bool| if value.is_empty() || read { kind } else { "text" };
        let kind = match self.ty {
            _ if self.relative() => read("number", value.parse::<i64>().is_ok()),
            FieldType::Date | FieldType::Time => read("date", value.parse::<Date>().is_ok()),
            FieldType::OneOf | FieldType::ManyOf | FieldType::YesNo | FieldType::Person => "select",
            FieldType::Integer => read("number", value.parse::<i64>().is_ok()),
            _ => "text",
        };
        Tests {
            of: self.name.clone(),
            prefix,
            tests: self.tests().into_iter().map(|(name, key)| Choice::new(name, d.t(key))).collect(),
            kind,
            choices: self.choices.clone(),
            hint: match self.ty {
                FieldType::Money => d.t("money_hint").to_owned(),
                _ if self.relative() => d.t("f_days").to_owned(),
                _ => String::new(),
            },
            test: test.to_owned(),
            value: value.to_owned(),
        }
    }

    /// The condition that a row means.
    fn condition(
        &self,
        d: &Look<'_>,
        test: &str,
        text: Option<String>,
        base: Currency,
    ) -> Result<Condition, Violation> {
        if self.tests().iter().all(|(name, _)| *name != test) {
            return Err(Violation::unknown("test"));
        }
        let is = |test: Test| match self.of {
            Some((of, key, in_force)) => belongs(of, key, in_force, test),
            None => Condition::field(self.key(), test),
        };
        let not = |condition: Condition| Condition::Not(Box::new(condition));
        match test {
            "empty" => return Ok(is(Test::Empty)),
            "there" => return Ok(not(is(Test::Empty))),
            _ => {}
        }
        let text = text.ok_or_else(|| Violation::required("value"))?;
        if self.relative() {
            let days: i32 = text.parse().map_err(|_| Violation::malformed("value"))?;
            if !(0..=36_000).contains(&days) {
                return Err(Violation::out_of_range("value"));
            }
            let (from, to) = match test {
                "past" => (Some(-days), Some(0)),
                "coming" => (Some(0), Some(days)),
                "older" => (None, Some(-days - 1)),
                _ => return Err(Violation::unknown("test")),
            };
            return Ok(is(Test::Days(DayRange { from, to })));
        }
        let malformed = || Violation::malformed("value");
        if self.ty == FieldType::Time {
            let start = d.zone.instant_of(&text).ok_or_else(malformed)?;
            return of_day(d.zone, start, test, &is).ok_or_else(|| Violation::unknown("test"));
        }
        match test {
            "contains" => return Ok(is(Test::Contains(text))),
            "begins" => return Ok(is(Test::BeginsWith(text))),
            _ => {}
        }
        // Of a choice of many one option is asked for.
        let ty = if self.ty == FieldType::ManyOf { FieldType::OneOf } else { self.ty };
        let value = custom_values::typed(d, ty, &text, base).ok_or_else(malformed)?;
        if !self.choices.is_empty() && self.choices.iter().all(|choice| choice.value != text) {
            // An entry that was retired, a person who left: found where it is still held.
            let known = matches!(&value, FieldValue::Person(person) if d.person(person.as_str()) != person.as_str());
            let known = known || matches!(value, FieldValue::OneOf(_)) && !self.key().starts_with(CUSTOM);
            if !known {
                return Err(Violation::unknown("value"));
            }
        }
        Ok(match test {
            "equal" => is(Test::Equal(value)),
            "not" => not(is(Test::Equal(value))),
            "among" => is(Test::OneOf(vec![value])),
            "lacks" => not(is(Test::OneOf(vec![value]))),
            "less" => is(Test::Less(value)),
            "at_most" => is(Test::AtMost(value)),
            "greater" => is(Test::Greater(value)),
            "at_least" => is(Test::AtLeast(value)),
            _ => return Err(Violation::unknown("test")),
        })
    }
}

/// A test of a whole day on an instant.
fn of_day(zone: TimeZone, day: Timestamp, test: &str, is: &dyn Fn(Test) -> Condition) -> Option<Condition> {
    let start = FieldValue::Time(zone.start_of(zone.day_of(day)));
    let end = FieldValue::Time(zone.start_of(zone.day_after(day, 1)));
    Some(match test {
        "equal" => Condition::All(vec![is(Test::AtLeast(start)), is(Test::Less(end))]),
        "less" => is(Test::Less(start)),
        "at_most" => is(Test::Less(end)),
        "greater" => is(Test::AtLeast(end)),
        "at_least" => is(Test::AtLeast(start)),
        _ => return None,
    })
}

/// Conditions that all hold, where those on one kind of what belongs to a customer hold of one and the same.
fn of_one(conditions: Vec<Condition>) -> Vec<Condition> {
    let mut joined: Vec<Condition> = Vec::new();
    for condition in conditions {
        let single = |other: &Condition| match (other, &condition) {
            (Condition::Related(one), Condition::Related(other)) => {
                one.of == other.of && one.total.is_none() && other.total.is_none()
            }
            _ => false,
        };
        match (joined.iter().position(single), condition) {
            (Some(place), Condition::Related(other)) => {
                if let Some(Condition::Related(one)) = joined.get_mut(place) {
                    let both: Vec<Condition> =
                        one.matching.take().into_iter().chain(other.matching).map(|inner| *inner).collect();
                    one.matching = (!both.is_empty()).then(|| Box::new(Condition::All(both)));
                }
            }
            (_, condition) => joined.push(condition),
        }
    }
    joined
}

/// What the query of an address asks for of records.
pub(crate) fn read(desk: &Desk<'_>, of: Customized, params: &Values) -> Result<Builder, Failure> {
    let d = &desk.look;
    let known = fields(desk, of)?;
    let base = desk.base_currency()?;
    let mut builder = Builder { any: params.get("match") == "any", ..Builder::default() };
    let mut conditions = Vec::new();
    for place in 0..ROWS {
        let of = |part: &str| params.text(&format!("q{place}_{part}"));
        let Some(name) = of("field") else { continue };
        let now = builder.rows.len();
        let (test, value) = (of("test").unwrap_or_default(), of("value"));
        let pairs = [("field", name.clone()), ("test", test.clone()), ("value", value.clone().unwrap_or_default())];
        builder.pairs.extend(pairs.into_iter().map(|(part, value)| (format!("q{now}_{part}"), value)));
        let mut row = Row { place: now, field: name.clone(), tests: None, error: String::new() };
        match known.iter().find(|asked| asked.name == name) {
            None => row.error = Violation::unknown("field").text(d.lang().core()),
            Some(asked) => {
                row.tests = Some(asked.drawn(d, format!("q{now}"), &test, value.as_deref().unwrap_or_default()));
                // Where only the field is chosen the rest comes next.
                if test.is_empty() && value.is_none() {
                    builder.open = true;
                } else {
                    match asked.condition(d, &test, value, base) {
                        Ok(condition) => conditions.push(condition),
                        Err(violation) => row.error = violation.text(d.lang().core()),
                    }
                }
            }
        }
        builder.wrong |= !row.error.is_empty();
        builder.rows.push(row);
    }
    builder.count = conditions.len();
    if !builder.any {
        conditions = of_one(conditions);
    }
    builder.open |= builder.wrong;
    builder.condition = match (conditions.pop(), builder.any) {
        (None, _) => None,
        (Some(only), _) if conditions.is_empty() => Some(only),
        (Some(last), any) => {
            conditions.push(last);
            Some(if any { Condition::Any(conditions) } else { Condition::All(conditions) })
        }
    };
    if builder.any {
        builder.pairs.push(("match".to_owned(), "any".to_owned()));
    }
    let filled = builder.rows.len();
    for place in filled..(filled + READY).min(ROWS) {
        builder.rows.push(Row { place, field: String::new(), tests: None, error: String::new() });
    }
    builder.templates = known.iter().map(|asked| asked.drawn(d, String::new(), "", "")).collect();
    let choice = |asked: Asked| {
        let label = if asked.building { d.t("still_building").replace("{field}", &asked.label) } else { asked.label };
        (Choice::new(asked.name, label), asked.building)
    };
    builder.fields = known.into_iter().map(choice).collect();
    Ok(builder)
}

impl Builder {
    /// What the list is narrowed by; what can't be read would narrow nothing.
    pub(crate) fn wanted(&self) -> Result<Option<Condition>, Error> {
        if self.wrong { Err(Violation::malformed("matching").into()) } else { Ok(self.condition.clone()) }
    }

    /// What a list has, or nothing and what is wrong with what it was asked: beside its rows, where it is said of them.
    pub(crate) fn found<T>(
        &mut self,
        desk: &Desk<'_>,
        ask: impl FnOnce(&Builder) -> Result<T, Error>,
    ) -> Result<(Option<T>, String), Failure> {
        let d = &desk.look;
        if self.wrong {
            return Ok((None, d.t("see_conditions").to_owned()));
        }
        match ask(self) {
            Ok(found) => Ok((Some(found), String::new())),
            Err(error) => {
                let error = desk.for_form(error)?;
                let beside = self.blame(&error, d);
                Ok((None, if beside { d.t("see_conditions").to_owned() } else { d.said(&error) }))
            }
        }
    }

    /// Says beside its row what the CRM found wrong with it; whether all of it could be said so.
    pub(crate) fn blame(&mut self, error: &Error, d: &Look<'_>) -> bool {
        let lang = d.lang().core();
        let of = |row: &Row, path: &str| {
            let rest = path.strip_prefix(row.field.trim_end_matches(RELATIVE));
            !row.field.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        let mut all = true;
        let building = error.data().get("field").filter(|_| error.code() == "field_building").cloned();
        let mut said: Vec<(String, String)> =
            building.into_iter().map(|key| (format!("{CUSTOM}{key}"), error.text(lang))).collect();
        for violation in error.violations() {
            match violation.field.strip_prefix("matching.") {
                Some(path) => said.push((path.to_owned(), violation.text(lang))),
                None => all = false,
            }
        }
        all &= !said.is_empty();
        for (path, text) in said {
            let mut rows = self.rows.iter_mut().filter(|row| of(row, &path)).peekable();
            all &= rows.peek().is_some();
            rows.for_each(|row| row.error.clone_from(&text));
            self.open = true;
        }
        all
    }
}

/// A condition in words.
pub(crate) fn words(d: &Look<'_>, condition: &Condition) -> String {
    let joined = |list: &[Condition], key: &str| {
        let parts: Vec<String> = list
            .iter()
            .map(|inner| match inner {
                Condition::All(inside) | Condition::Any(inside) if inside.len() > 1 => format!("({})", words(d, inner)),
                _ => words(d, inner),
            })
            .collect();
        parts.join(d.t(key))
    };
    match condition {
        Condition::All(list) => joined(list, "joined_and"),
        Condition::Any(list) => joined(list, "joined_or"),
        Condition::Not(inner) => d.t("not_so").replace("{condition}", &words(d, inner)),
        Condition::Field(test) => test_words(d, test),
        // No field is shown by what belongs to a customer, and nothing else is told so.
        Condition::Related(_) => String::new(),
    }
}

fn test_words(d: &Look<'_>, test: &FieldTest) -> String {
    let label = custom_values::called(d, Customized::Customer, &test.key)
        .unwrap_or_else(|| d.t(&format!("f_{}", test.key)).to_owned());
    let value = |value: &FieldValue| match (custom_values::known(d, Customized::Customer, &test.key), value) {
        (Some(field), value) => custom_values::said(d, field, value),
        (None, FieldValue::OneOf(code)) => {
            let dictionary = CODES.iter().find(|(name, _)| *name == test.key);
            dictionary.map_or_else(|| code.to_string(), |(_, dictionary)| d.label(dictionary, &Some(code.clone())))
        }
        (None, other) => custom_values::in_line(d, other),
    };
    let (key, said) = match &test.is {
        Test::Equal(own) => ("test_is", value(own)),
        Test::OneOf(all) => ("test_one_of", all.iter().map(value).collect::<Vec<_>>().join(d.t("between_reasons"))),
        Test::Less(own) => ("test_less", value(own)),
        Test::AtMost(own) => ("test_at_most", value(own)),
        Test::Greater(own) => ("test_greater", value(own)),
        Test::AtLeast(own) => ("test_at_least", value(own)),
        Test::Contains(text) => ("test_contains", text.clone()),
        Test::BeginsWith(text) => ("test_begins", text.clone()),
        Test::Days(DayRange { from, to }) => {
            let edge = |days: &Option<i32>| days.map_or_else(|| "…".to_owned(), |days| days.to_string());
            ("test_days", format!("{}–{}", edge(from), edge(to)))
        }
        Test::Empty => ("test_empty", String::new()),
    };
    format!("{label} {} {said}", d.t(key)).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn q1_a_day_is_asked_for_as_a_whole() {
        let zone = TimeZone::SHANGHAI;
        let day = zone.instant_of("2026-03-01").unwrap();
        let next = zone.instant_of("2026-03-02").unwrap();
        let is = |test: Test| Condition::field("created_at", test);
        let time = FieldValue::Time;
        for (test, means) in [
            ("less", is(Test::Less(time(day)))),
            ("at_most", is(Test::Less(time(next)))),
            ("greater", is(Test::AtLeast(time(next)))),
            ("at_least", is(Test::AtLeast(time(day)))),
            ("equal", Condition::All(vec![is(Test::AtLeast(time(day))), is(Test::Less(time(next)))])),
        ] {
            assert_eq!(of_day(zone, day, test, &is), Some(means), "{test}");
        }
        assert_eq!(of_day(zone, day, "contains", &is), None);
    }
}
