//! The history of a record: who changed what, from what to what.

use crate::app::{Reply, Shared};
use crate::desk::{Desk, Look};
use crate::form::field_of;
use crate::pages::Params;
use crate::pages::custom_values::{self, of_word};
use crate::session::Visitor;
use crate::text::Lang;
use crate::values::{Values, url};
use askama::Template;
use axum::extract::State;
use crm_core::{
    Currency, Decimal, EntryCode, Error, FieldChange, Glossary, HistoryEntry, HistoryPage, PageRequest, Term,
    dictionary,
};

/// Whose history it is.
#[derive(Clone, Copy)]
pub(crate) enum Of {
    Customer,
    /// With the currency of its amounts.
    Contract(Currency),
    /// The settings, dictionaries, roles, pools and whatever else an administrator shapes.
    Settings,
}

impl Of {
    /// The part of a record's name in the keys of texts.
    fn part(self) -> &'static str {
        match self {
            Of::Customer => "customer",
            Of::Contract(_) => "contract",
            Of::Settings => "settings",
        }
    }
}

/// Fields that hold an id and nothing to read: what they stand for is told by the fields beside them.
const UNTOLD: [&str; 3] = ["approval", "id", "product"];

#[derive(Template)]
#[template(path = "history.html")]
struct Page<'a> {
    d: &'a Look<'a>,
    back: String,
    name: String,
    entries: Vec<Entry>,
    first: String,
    next: String,
}

/// One commit in the history.
struct Entry {
    at: String,
    by: String,
    what: String,
    changes: Vec<(String, String, String)>,
}

impl Entry {
    fn of(desk: &Desk<'_>, of: Of, entry: &HistoryEntry) -> Self {
        let d = &desk.look;
        let change = |change: &FieldChange| {
            if let Some(label) = custom_values::called(d, of_word(of.part()), &change.field) {
                let said = |value: &Option<serde_json::Value>| {
                    value
                        .as_ref()
                        .and_then(|value| custom_values::told(d, of_word(of.part()), &change.field, value))
                        .unwrap_or_default()
                };
                return (label, said(&change.was), said(&change.became));
            }
            let said = |value: &Option<serde_json::Value>| {
                value.as_ref().map(|value| words(desk, (of, of.part()), &change.field, value)).unwrap_or_default()
            };
            let label = match of {
                Of::Settings => setting(d, &change.field),
                _ => called(d, of.part(), &change.field),
            };
            (label, said(&change.was), said(&change.became))
        };
        Entry {
            at: d.time(&entry.at),
            by: d.person(&entry.by),
            what: named(d, "op_", &entry.operation),
            changes: entry
                .changes
                .iter()
                .filter(|change| !UNTOLD.contains(&change.field.as_str()))
                .map(change)
                .collect(),
        }
    }
}

/// The page of a history, which hangs below a page with a name.
pub(crate) fn page(
    desk: &Desk<'_>,
    of: Of,
    (back, name): (String, String),
    params: &Values,
    read: impl FnOnce(PageRequest) -> Result<HistoryPage, Error>,
) -> Reply {
    let d = &desk.look;
    let mut page = PageRequest::first(30);
    page.cursor = params.text("cursor");
    let here = format!("{back}/history");
    let found = match read(page) {
        Ok(found) => found,
        Err(error) => return desk.lost(error, &here),
    };
    desk.page(&Page {
        d,
        back,
        name,
        entries: found.items.iter().map(|entry| Entry::of(desk, of, entry)).collect(),
        next: found.next.map(|next| url(&here, &[("cursor", &next)])).unwrap_or_default(),
        first: if params.text("cursor").is_some() { here } else { String::new() },
    })
}

/// The text of a name, or the name itself where the table does not know it.
pub(crate) fn named(d: &Look<'_>, prefix: &str, name: &str) -> String {
    let key = format!("{prefix}{name}");
    let text = d.t(&key);
    if text == key { name.to_owned() } else { text.to_owned() }
}

/// What a field of a part of a record is called.
fn called(d: &Look<'_>, part: &str, field: &str) -> String {
    let key = format!("h_{part}_{field}");
    let text = d.t(&key);
    if text == key { named(d, "f_", field) } else { text.to_owned() }
}

/// What a setting is called: that of a form, or behind the name of the thing it belongs to, as in `role sales.name`.
fn setting(d: &Look<'_>, path: &str) -> String {
    if let Some((term, language)) = path.strip_prefix("glossary.").and_then(|rest| rest.split_once('.')) {
        let called = Glossary::default().terms.into_iter().find(|known| known.key == term);
        let english = d.lang() == Lang::English;
        let preset = |known: Term| if english { known.preset_english } else { known.preset_chinese };
        let called = called.map_or_else(|| term.to_owned(), preset);
        return format!("{} · {called} · {}", d.t("glossary"), named(d, "f_", language));
    }
    let whole = named(d, "f_", &field_of(path));
    match path.rsplit_once('.') {
        Some((thing, field)) if whole == field_of(path) => format!("{thing} · {}", named(d, "f_", field)),
        _ => whole,
    }
}

/// The history of what administrators shape.
pub(crate) async fn settings(State(app): State<Shared>, visitor: Visitor, Params(params): Params) -> Reply {
    app.desk(visitor, move |desk| {
        let back = ("/settings".to_owned(), desk.look.menu_label("settings"));
        page(desk, Of::Settings, back, &params, |page| desk.crm.settings_history(page))
    })
    .await
}

/// A value of the history in words. The part is the record itself, or the field in which the value lies.
fn words(desk: &Desk<'_>, (of, part): (Of, &str), field: &str, value: &serde_json::Value) -> String {
    let d = &desk.look;
    match value {
        serde_json::Value::String(text) => said(desk, (of, part), field, text),
        serde_json::Value::Bool(yes) => d.t(if *yes { "yes" } else { "no" }).to_owned(),
        serde_json::Value::Array(items) => {
            let items = items.iter().map(|item| {
                let said = words(desk, (of, part), field, item);
                // Each of several things has a line.
                if item.is_object() { said.replace('\n', " · ") } else { said }
            });
            items.collect::<Vec<_>>().join("\n")
        }
        serde_json::Value::Object(fields) => {
            // What a former name held of a custom field.
            if let ("custom", Some(field), Some(own)) = (field, fields.get("field"), fields.get("value")) {
                let name = format!("{}{}", custom_values::CUSTOM, field.as_str().unwrap_or_default());
                let of = of_word(of.part());
                let label = custom_values::called(d, of, &name).unwrap_or_else(|| name.clone());
                return format!("{label}: {}", custom_values::told(d, of, &name, own).unwrap_or_default());
            }
            let known = fields.iter().filter(|(name, value)| !value.is_null() && !UNTOLD.contains(&name.as_str()));
            known
                .map(|(name, value)| format!("{}: {}", called(d, field, name), words(desk, (of, field), name, value)))
                .collect::<Vec<_>>()
                .join("\n")
        }
        serde_json::Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// A value that is text: what a code, an id, an amount or a time stands for.
fn said(desk: &Desk<'_>, (of, part): (Of, &str), field: &str, text: &str) -> String {
    let d = &desk.look;
    let entry = |dictionary: &str| d.label(dictionary, &EntryCode::new(text).ok());
    match (part, field) {
        ("contract", "kind") => entry(dictionary::CONTRACT_KIND),
        ("contract", "payment_method") => entry(dictionary::PAYMENT_METHOD),
        ("contract", "status") => named(d, "contract_", text),
        ("contract", "renewed_by") => {
            let other = text.parse().ok().and_then(|id| desk.crm.contract(id).ok()).map(|view| view.contract);
            other.map_or_else(|| "—".to_owned(), |other| other.number.unwrap_or(other.name))
        }
        ("pool_stay", "pool") => {
            text.parse().ok().and_then(|id| desk.pool_name(id).ok()).unwrap_or_else(|| "—".to_owned())
        }
        ("pool_stay", "entry") => named(d, "pool_entry_", text),
        ("pool_stay", "rule") => named(d, "recycle_", text),
        ("pool_stay", "reason") => entry(dictionary::RELEASE_REASON),
        ("pool_stay" | "lock", "by") | ("former_owners", "person") => d.person(text),
        ("receipt", "kind") => named(d, "receipt_", text),
        ("receipt", "status") => named(d, "receipt_is_", text),
        (_, "level" | "stage" | "source" | "industry" | "method") => entry(field),
        (_, "owner" | "author" | "performer" | "former_owner") => d.person(text),
        (_, "owner_position" | "performer_position" | "former_position") => desk
            .positions()
            .ok()
            .and_then(|all| all.into_iter().find(|position| position.id.as_str() == text))
            .map_or_else(|| text.to_owned(), |position| position.name),
        // The other end of a relation, where the person sees it.
        (_, "first" | "second") => text
            .parse()
            .ok()
            .and_then(|id| desk.crm.customer(id).ok())
            .map_or_else(|| "—".to_owned(), |other| other.name),
        (_, "kind") if !matches!(text, "company" | "person") => entry(dictionary::RELATION_KIND),
        (_, "kind") => named(d, "kind_", text),
        (_, "status") => named(d, "status_", text),
        (_, "gender") => named(d, "gender_", text),
        (_, "with") => match text.split_once(':') {
            Some(("u", person)) => d.person(person),
            Some(("p", position)) => position.to_owned(),
            _ => text.to_owned(),
        },
        (_, "right") => named(d, "right_", text),
        (_, "amount" | "effective_amount" | "whole_discount" | "invoiced" | "list_price" | "price" | "net" | "tax") => {
            match (of, text.parse::<Decimal>()) {
                (Of::Contract(currency), Ok(amount)) => d.money(amount, currency),
                _ => text.to_owned(),
            }
        }
        _ => match text.parse::<crm_core::Timestamp>() {
            Ok(at) => d.time(&at),
            Err(_) => text.to_owned(),
        },
    }
}
