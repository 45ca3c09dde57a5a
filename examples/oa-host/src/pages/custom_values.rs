//! Values of custom fields: as fields of a form, as they are typed, and as people read them.

use crate::desk::{Choice, Desk, Look};
use crate::failure::Failure;
use crate::form::{Sheet, custom};
use crate::pages::query;
use crate::values::{Reader, Values};
use crm_core::{
    Currency, CustomField, CustomValue, Customized, EntryCode, Error, FieldKey, FieldOption, FieldType, FieldValue,
    Money, UserId, Violation,
};

/// What stands before the key of a custom field where the CRM names fields.
pub(crate) const CUSTOM: &str = "custom.";

/// A custom field of a customer, as its page shows it.
pub(crate) struct Shown {
    pub(crate) label: String,
    pub(crate) text: String,
    /// Where it leads; empty: nowhere.
    pub(crate) href: String,
    pub(crate) retired: bool,
}

/// The records that a word such as `contact` means; customers where it means none.
pub(crate) fn of_word(word: &str) -> Customized {
    match word {
        "contact" => Customized::Contact,
        "follow_up" => Customized::FollowUp,
        "contract" => Customized::Contract,
        _ => Customized::Customer,
    }
}

/// A custom field by its name, as in `custom.area`.
pub(crate) fn known<'d>(d: &'d Look<'_>, of: Customized, name: &str) -> Option<&'d CustomField> {
    let key = name.strip_prefix(CUSTOM)?;
    d.fields_of(of).find(|field| field.key.as_str() == key)
}

/// The value that a field has.
pub(crate) fn held<'v>(values: &'v [CustomValue], key: &FieldKey) -> Option<&'v FieldValue> {
    values.iter().find(|own| own.field == *key).map(|own| &own.value)
}

/// The fields that have values, in the order of the fields.
pub(crate) fn shown(d: &Look<'_>, of: Customized, values: &[CustomValue]) -> Vec<Shown> {
    let having = d.fields_of(of).filter_map(|field| Some((field, held(values, &field.key)?)));
    let shown = having.map(|(field, value)| {
        let text = said(d, field, value);
        Shown { label: field.label.clone(), href: href(field.field_type, &text), text, retired: field.retired }
    });
    shown.collect()
}

/// A value as people read it.
pub(crate) fn said(d: &Look<'_>, field: &CustomField, value: &FieldValue) -> String {
    let option = |code: &EntryCode| {
        let known = field.options.iter().find(|option| option.code == *code);
        known.map_or_else(|| code.to_string(), |option| option.label.clone())
    };
    match value {
        FieldValue::Text(text) => text.clone(),
        FieldValue::Integer(number) => number.to_string(),
        FieldValue::Decimal(number) => number.to_string(),
        FieldValue::Money(money) => d.money(money.amount, money.currency),
        FieldValue::Date(day) => day.to_string(),
        FieldValue::Time(at) => d.time(at),
        FieldValue::YesNo(yes) => d.t(if *yes { "yes" } else { "no" }).to_owned(),
        FieldValue::OneOf(code) => option(code),
        FieldValue::ManyOf(codes) => codes.iter().map(option).collect::<Vec<_>>().join(d.t("between_reasons")),
        FieldValue::Person(person) => d.person(person.as_str()),
    }
}

/// Where a value leads: only the web, a phone, a mailbox.
pub(crate) fn href(ty: FieldType, text: &str) -> String {
    let dialled = |letter: char| letter.is_ascii_digit() || matches!(letter, ' ' | '-' | '(' | ')' | '+');
    match ty {
        FieldType::Link if text.starts_with("https://") || text.starts_with("http://") => text.to_owned(),
        FieldType::Email => format!("mailto:{text}"),
        // With anything else in it, such as an extension, it would be another number.
        FieldType::Phone if text.chars().all(dialled) => {
            format!(
                "tel:{}",
                text.chars().filter(|letter| letter.is_ascii_digit() || *letter == '+').collect::<String>()
            )
        }
        _ => String::new(),
    }
}

/// A value as the field of a form shows it.
pub(crate) fn written(d: &Look<'_>, value: &FieldValue) -> String {
    match value {
        FieldValue::Text(text) => text.clone(),
        FieldValue::Integer(number) => number.to_string(),
        FieldValue::Decimal(number) => number.to_string(),
        FieldValue::Money(money) => money.amount.to_string(),
        FieldValue::Date(day) => day.to_string(),
        FieldValue::Time(at) => d.time(at).replace(' ', "T"),
        FieldValue::YesNo(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        FieldValue::OneOf(code) => code.to_string(),
        FieldValue::ManyOf(codes) => codes.iter().map(EntryCode::as_str).collect::<Vec<_>>().join(", "),
        FieldValue::Person(person) => person.to_string(),
    }
}

/// A value in one line, an amount with its currency.
pub(crate) fn in_line(d: &Look<'_>, value: &FieldValue) -> String {
    match value {
        FieldValue::Money(money) => format!("{} {}", money.amount, money.currency.code()),
        other => written(d, other),
    }
}

/// A value as it is typed in one line; none of what is not of the type. An amount without a currency is of this one.
pub(crate) fn typed(d: &Look<'_>, ty: FieldType, text: &str, currency: Currency) -> Option<FieldValue> {
    let number = |text: &str| text.replace([',', '，'], "");
    Some(match ty {
        FieldType::Text
        | FieldType::LongText
        | FieldType::Phone
        | FieldType::Email
        | FieldType::Link
        | FieldType::AutoNumber => FieldValue::Text(text.to_owned()),
        FieldType::Integer => FieldValue::Integer(number(text).parse().ok()?),
        FieldType::Decimal => FieldValue::Decimal(number(text).parse().ok()?),
        FieldType::Money => {
            let mut parts = text.split_whitespace();
            let amount = number(parts.next()?).parse().ok()?;
            let named = parts.next().map(|code| Currency::new(&code.to_uppercase())).transpose().ok()?;
            let currency = named.unwrap_or(currency);
            parts.next().is_none().then_some(FieldValue::Money(Money { amount, currency }))?
        }
        FieldType::Date => FieldValue::Date(text.parse().ok()?),
        FieldType::Time => FieldValue::Time(d.zone.instant_of(text)?),
        FieldType::YesNo => FieldValue::YesNo(match text.to_lowercase().as_str() {
            "yes" | "是" | "1" => true,
            "no" | "否" | "0" => false,
            _ => return None,
        }),
        FieldType::OneOf => FieldValue::OneOf(EntryCode::new(text).ok()?),
        FieldType::ManyOf => {
            let codes = text.split([',', '，', '、']).map(str::trim).filter(|code| !code.is_empty());
            FieldValue::ManyOf(codes.map(EntryCode::new).collect::<Result<_, _>>().ok()?)
        }
        FieldType::Person => FieldValue::Person(UserId::new(text).ok()?),
    })
}

/// The field of the currency of an amount: keys hold no dot.
fn currency_of(name: &str) -> String {
    format!("currency.{name}")
}

/// The fields that have values, each with what people read.
pub(crate) fn facts(d: &Look<'_>, of: Customized, values: &[CustomValue]) -> Vec<(String, String)> {
    shown(d, of, values).into_iter().map(|own| (own.label, own.text)).collect()
}

/// What the fields of a form show of these values.
pub(crate) fn with_values(d: &Look<'_>, values: Values, own: &[CustomValue]) -> Values {
    own.iter().fold(values, |values, own| {
        let name = custom(own.field.as_str());
        match &own.value {
            FieldValue::ManyOf(codes) => codes.iter().fold(values, |values, code| values.with(&name, code.as_str())),
            FieldValue::Money(money) => {
                values.with(&name, money.amount.to_string()).with(&currency_of(&name), money.currency.code())
            }
            other => values.with(&name, written(d, other)),
        }
    })
}

/// What the fields of a new record show at first.
pub(crate) fn with_defaults(d: &Look<'_>, of: Customized, values: Values) -> Values {
    let given = d
        .fields_of(of)
        .filter(|field| !field.retired)
        .filter_map(|field| Some(CustomValue { field: field.key.clone(), value: field.default_value.clone()? }));
    with_values(d, values, &given.collect::<Vec<_>>())
}

fn options(field: &CustomField, held: Option<&FieldValue>) -> Vec<Choice> {
    let holds = |option: &FieldOption| match held {
        Some(FieldValue::OneOf(code)) => *code == option.code,
        Some(FieldValue::ManyOf(codes)) => codes.contains(&option.code),
        _ => false,
    };
    let open = field.options.iter().filter(|option| !option.retired || holds(option));
    open.map(|option| Choice::new(option.code.as_str(), &option.label)).collect()
}

/// 是 and 否.
pub(crate) fn yes_or_no(d: &Look<'_>) -> Vec<Choice> {
    vec![Choice::new("yes", d.t("yes")), Choice::new("no", d.t("no"))]
}

/// The people who can be chosen, and who is chosen already.
pub(crate) fn people(desk: &Desk<'_>, held: Option<&FieldValue>) -> Result<Vec<Choice>, Failure> {
    let mut people = desk.people_choices()?;
    if let Some(FieldValue::Person(person)) = held
        && people.iter().all(|choice| choice.value != person.as_str())
    {
        people.push(Choice::new(person.as_str(), desk.look.person(person.as_str())));
    }
    Ok(people)
}

/// One field of a form for the value of a custom field; nothing is said about it yet.
pub(crate) fn input<'a>(
    desk: &Desk<'_>,
    sheet: Sheet<'a>,
    name: &str,
    field: &CustomField,
    held: Option<&FieldValue>,
) -> Result<Sheet<'a>, Failure> {
    let d = &desk.look;
    let bound = |value: &Option<FieldValue>| value.as_ref().map(|value| written(d, value)).unwrap_or_default();
    let sheet = match field.field_type {
        FieldType::Text => sheet.line(name, 200),
        FieldType::LongText => sheet.area(name, 4_000),
        FieldType::Integer => sheet.input("number", name).bounds(bound(&field.least), bound(&field.most)),
        FieldType::Decimal | FieldType::AutoNumber => sheet.line(name, 24),
        FieldType::Money => sheet.money(name, &currency_of(name), desk.base_currency()?.code()),
        FieldType::Date => sheet.input("date", name).bounds(bound(&field.least), bound(&field.most)),
        FieldType::Time => sheet.input("datetime-local", name).bounds(bound(&field.least), bound(&field.most)),
        FieldType::YesNo => sheet.choice(name, yes_or_no(d)),
        FieldType::OneOf => sheet.choice(name, options(field, held)),
        FieldType::ManyOf => sheet.checks(name, options(field, held)),
        FieldType::Person => sheet.choice(name, people(desk, held)?),
        FieldType::Phone => sheet.input("tel", name),
        FieldType::Email => sheet.input("email", name),
        FieldType::Link => sheet.input("url", name),
    };
    Ok(sheet)
}

/// What helps to fill in a field: what administrators say, when it is there at all, and what it holds otherwise.
fn help(d: &Look<'_>, field: &CustomField, fresh: bool) -> String {
    let mut said: Vec<String> = field.help.clone().into_iter().collect();
    if let Some(condition) = &field.visible_when {
        let key = if field.required { "required_when" } else { "filled_when" };
        said.push(d.t(key).replace("{condition}", &query::words(d, condition)));
    }
    if let (Some(default), true) = (&field.default_value, fresh) {
        said.push(d.t("default_is").replace("{value}", &self::said(d, field, default)));
    }
    said.join(d.t("between_sentences"))
}

/// The part of a form for custom fields; `record` is what the record has, none where it is a new one.
pub(crate) fn fields<'a>(
    desk: &Desk<'_>,
    sheet: Sheet<'a>,
    of: Customized,
    record: Option<&[CustomValue]>,
) -> Result<Sheet<'a>, Failure> {
    let mut sheet = sheet.section("custom_fields");
    for field in desk.look.fields_of(of).filter(|field| !field.retired) {
        sheet = one_field(desk, sheet, &custom(field.key.as_str()), field, record)?;
    }
    Ok(sheet)
}

/// One custom field of a form.
pub(crate) fn one_field<'a>(
    desk: &Desk<'_>,
    sheet: Sheet<'a>,
    name: &str,
    field: &CustomField,
    record: Option<&[CustomValue]>,
) -> Result<Sheet<'a>, Failure> {
    let d = &desk.look;
    let value = record.and_then(|record| held(record, &field.key));
    if field.field_type == FieldType::AutoNumber {
        let number = value.map(|value| said(d, field, value));
        let told =
            number.unwrap_or_else(|| d.t(if record.is_none() { "numbered_later" } else { "not_numbered" }).to_owned());
        let help = field.help.clone().unwrap_or_default();
        return Ok(sheet.told(name, told).labelled(&field.label).explained(help));
    }
    let sheet =
        input(desk, sheet, name, field, value)?.labelled(&field.label).explained(help(d, field, record.is_none()));
    // What was never there may stay away, and what is there at times can't be asked of the browser.
    let owed = field.required && field.visible_when.is_none() && (record.is_none() || value.is_some());
    Ok(if owed { sheet.required() } else { sheet })
}

/// What a form says about custom fields.
#[derive(Default)]
pub(crate) struct Given {
    /// Values that are others than before.
    pub(crate) values: Vec<CustomValue>,
    /// Names of those that become empty.
    pub(crate) clear: Vec<String>,
}

/// Reads what was typed; `record` is what the record has, none for a new one. What is as it was is left out: it may be
/// something that nobody chooses any more, or hidden by what else was changed.
pub(crate) fn read(
    desk: &Desk<'_>,
    values: &Values,
    of: Customized,
    record: Option<&[CustomValue]>,
    read: &mut Reader<'_>,
) -> Result<Given, Error> {
    read_under(desk, values, (of, ""), record, read)
}

/// The same of fields whose names begin with something.
pub(crate) fn read_under(
    desk: &Desk<'_>,
    values: &Values,
    (of, under): (Customized, &str),
    record: Option<&[CustomValue]>,
    read: &mut Reader<'_>,
) -> Result<Given, Error> {
    let d = &desk.look;
    let base = desk.base_currency()?;
    let mut given = Given::default();
    let open = d.fields_of(of).filter(|field| !field.retired && field.field_type != FieldType::AutoNumber);
    for field in open {
        let path = format!("{CUSTOM}{}", field.key);
        let was = record.map_or(field.default_value.as_ref(), |record| held(record, &field.key));
        match one(d, &format!("{under}{}", custom(field.key.as_str())), field, values, base) {
            Ok(Some(value)) => {
                if was.is_none_or(|was| in_line(d, was) != in_line(d, &value)) {
                    given.values.push(CustomValue { field: field.key.clone(), value });
                }
            }
            Ok(None) if record.is_some() && was.is_some() => given.clear.push(path),
            Ok(None) => {}
            Err(()) => read.note(Violation::malformed(path)),
        }
    }
    Ok(given)
}

/// What is typed into one field; none where nothing is.
fn one(
    d: &Look<'_>,
    name: &str,
    field: &CustomField,
    values: &Values,
    base: Currency,
) -> Result<Option<FieldValue>, ()> {
    if field.field_type == FieldType::ManyOf {
        let codes: Vec<EntryCode> =
            values.all(name).into_iter().map(EntryCode::new).collect::<Result<_, _>>().map_err(|_| ())?;
        return Ok((!codes.is_empty()).then_some(FieldValue::ManyOf(codes)));
    }
    let Some(text) = values.text(name) else { return Ok(None) };
    let text = match (field.field_type, values.text(&currency_of(name))) {
        (FieldType::Money, Some(currency)) => format!("{text} {currency}"),
        (FieldType::LongText, _) => text.replace("\r\n", "\n"),
        _ => text,
    };
    typed(d, field.field_type, &text, base).map(Some).ok_or(())
}

/// The error with the fields of the form in place of the places in what was sent.
pub(crate) fn placed(error: Error, sent: &[CustomValue]) -> Error {
    placed_under(error, "", sent)
}

/// The same of values that stand under something.
pub(crate) fn placed_under(error: Error, under: &str, sent: &[CustomValue]) -> Error {
    let Error::Invalid { violations } = error else { return error };
    let named = violations.into_iter().map(|violation| {
        let bare = violation.field.strip_prefix(under).and_then(|rest| rest.strip_prefix("custom["));
        let place = bare.and_then(|rest| rest.split(']').next());
        let own = place.and_then(|place| sent.get(place.parse::<usize>().ok()?));
        match own {
            Some(own) => Violation { field: format!("{under}{CUSTOM}{}", own.field), ..violation },
            None => violation,
        }
    });
    Error::Invalid { violations: named.collect() }
}

/// A value of the history as people read it; none of what is no value of a custom field.
pub(crate) fn told(d: &Look<'_>, of: Customized, name: &str, value: &serde_json::Value) -> Option<String> {
    let value: FieldValue = serde_json::from_value(value.clone()).ok()?;
    Some(said(d, known(d, of, name)?, &value))
}

/// What a field of this name is called; none of what is no custom field.
pub(crate) fn called(d: &Look<'_>, of: Customized, name: &str) -> Option<String> {
    known(d, of, name).map(|field| field.label.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn q3_only_the_web_phones_and_mailboxes_are_linked() {
        for (ty, text, leads) in [
            (FieldType::Link, "https://a.example/x", "https://a.example/x"),
            (FieldType::Link, "javascript:alert(1)", ""),
            (FieldType::Text, "https://a.example", ""),
            (FieldType::Phone, "+86 (571) 8888-0000", "tel:+8657188880000"),
            (FieldType::Phone, "0571-88880000 转 8001", ""),
            (FieldType::Email, "a@b.example", "mailto:a@b.example"),
        ] {
            assert_eq!(href(ty, text), leads, "{text}");
        }
    }

    #[test]
    fn q3_a_violation_is_said_beside_the_field_that_was_sent() {
        let sent = |key: &str| CustomValue { field: FieldKey::new(key).unwrap(), value: FieldValue::Integer(1) };
        let paths = ["custom[1].value", "custom[0].field", "custom[1].value[2]", "custom.c", "name", "custom[7].value"];
        let violations = paths.map(Violation::malformed).to_vec();
        let placed = placed(Error::Invalid { violations }, &[sent("a"), sent("b")]);
        let fields: Vec<&str> = placed.violations().iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(fields, ["custom.b", "custom.a", "custom.b", "custom.c", "name", "custom[7].value"]);
    }
}
