//! The history of a record: who changed what, from what to what.

use crate::app::Reply;
use crate::desk::{Desk, Look};
use crate::values::{Values, url};
use askama::Template;
use crm_core::{Error, FieldChange, HistoryEntry, HistoryPage, PageRequest, dictionary};

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
    fn of(desk: &Desk<'_>, entry: &HistoryEntry) -> Self {
        let d = &desk.look;
        let change = |change: &FieldChange| {
            let said = |value: &Option<serde_json::Value>| {
                value.as_ref().map(|value| words(desk, &change.field, value)).unwrap_or_default()
            };
            (named(d, "f_", &change.field), said(&change.was), said(&change.became))
        };
        Entry {
            at: d.time(&entry.at),
            by: d.person(&entry.by),
            what: named(d, "op_", &entry.operation),
            changes: entry.changes.iter().map(change).collect(),
        }
    }
}

/// The page of a history, which hangs below a page with a name.
pub(crate) fn page(
    desk: &Desk<'_>,
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
        Err(error) => {
            // A marker of another list: the first page says so.
            desk.complain(desk.for_form(error)?.text(d.lang().core()));
            return desk.go(&here);
        }
    };
    desk.page(&Page {
        d,
        back,
        name,
        entries: found.items.iter().map(|entry| Entry::of(desk, entry)).collect(),
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

/// A value of the history in words.
fn words(desk: &Desk<'_>, field: &str, value: &serde_json::Value) -> String {
    let d = &desk.look;
    match value {
        serde_json::Value::String(text) => match field {
            "level" | "stage" | "source" | "industry" | "method" => {
                d.label(field, &crm_core::EntryCode::new(text.as_str()).ok())
            }
            "owner" | "author" => d.person(text),
            "owner_position" => desk
                .positions()
                .ok()
                .and_then(|all| all.into_iter().find(|position| position.id.as_str() == text))
                .map_or_else(|| text.clone(), |position| position.name),
            // The other end of a relation, where the person sees it.
            "first" | "second" => text
                .parse()
                .ok()
                .and_then(|id| desk.crm.customer(id).ok())
                .map_or_else(|| "—".to_owned(), |other| other.name),
            "kind" if !matches!(text.as_str(), "company" | "person") => {
                d.label(dictionary::RELATION_KIND, &crm_core::EntryCode::new(text.as_str()).ok())
            }
            "kind" => named(d, "kind_", text),
            "status" => named(d, "status_", text),
            "gender" => named(d, "gender_", text),
            "with" => match text.split_once(':') {
                Some(("u", person)) => d.person(person),
                Some(("p", position)) => position.to_owned(),
                _ => text.clone(),
            },
            "right" => named(d, "right_", text),
            _ => match text.parse::<crm_core::Timestamp>() {
                Ok(at) => d.time(&at),
                Err(_) => text.clone(),
            },
        },
        serde_json::Value::Bool(yes) => d.t(if *yes { "yes" } else { "no" }).to_owned(),
        serde_json::Value::Array(items) => {
            items.iter().map(|item| words(desk, field, item)).collect::<Vec<_>>().join("\n")
        }
        serde_json::Value::Object(fields) => {
            let known = fields.iter().filter(|(_, value)| !value.is_null());
            known
                .map(|(name, value)| format!("{}: {}", named(d, "f_", name), words(desk, name, value)))
                .collect::<Vec<_>>()
                .join("\n")
        }
        serde_json::Value::Null => String::new(),
        other => other.to_string(),
    }
}
