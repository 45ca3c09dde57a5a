//! What a store holds, told so that two states can be held against each other.

use crm_core::OrgId;
use crm_core::store::{Answer, Read, Search, Store, Value as Column};
use crm_tests::ORG;
use serde_json::Value;
use std::collections::BTreeMap;

/// Under which customers everything stands, by kind and id: what its columns say. What the check for duplicates makes of
/// customers is derived.
pub fn places(store: &dyn Store) -> BTreeMap<(String, String), Vec<String>> {
    let mut places = BTreeMap::new();
    for kind in crm_core::KINDS.iter().filter(|kind| kind.name != "match_key") {
        for row in rows(store, kind) {
            let named = ["customer", "first", "second"];
            let columns = kind.columns.iter().zip(&row.values).filter(|(column, _)| named.contains(&column.name));
            let at: Vec<String> = columns.filter_map(|(_, value)| value.as_text().map(str::to_owned)).collect();
            if !at.is_empty() {
                places.insert((kind.name.to_owned(), row.id), at);
            }
        }
    }
    places
}

fn rows(store: &dyn Store, kind: &'static crm_core::store::Kind) -> Vec<crm_core::store::Row> {
    match store.read(&OrgId::new(ORG).unwrap(), &[Read::Find(Search::of(kind))]).unwrap().pop() {
        Some(Answer::Rows(rows)) => rows,
        other => panic!("{other:?}"),
    }
}

/// A record without its versions.
pub fn plain(record: &Value) -> Value {
    let mut record = record.clone();
    if let Some(fields) = record.as_object_mut() {
        fields.remove("version");
    }
    record
}

/// Everything that is true, byte for byte, apart from versions, histories, and what is derived: sums, which a rebuild compares,
/// and the index of names, which a check asks.
pub fn state(store: &dyn Store) -> String {
    let derived = ["rollup", "rollup_year", "name_index", "name_gram", "name_entry", "name_of", "name_tail"];
    // Reminders that a merge settles wait again after the next tick.
    let apart = [
        "history",
        "event",
        "event_consumer",
        "idempotency",
        "merge",
        "merge_part",
        "organisation",
        "guard",
        "reminder",
    ];
    let mut lines = Vec::new();
    for kind in crm_core::KINDS.iter().filter(|kind| !derived.contains(&kind.name) && !apart.contains(&kind.name)) {
        for row in rows(store, kind).into_iter().filter(|row| !row.id.starts_with("follow_up_due:")) {
            let mut body = plain(&serde_json::from_str(&row.body).unwrap());
            // What a live column holds the body holds as it was when it was written last.
            for column in kind.columns.iter().filter(|column| column.live) {
                body.as_object_mut().map(|body| body.remove(column.name));
            }
            let columns = kind.columns.iter().zip(&row.values).map(|(column, value)| match value {
                Column::Integer(number) => format!("{}={number}", column.name),
                Column::Text(text) => format!("{}={text:?}", column.name),
                Column::Bytes(bytes) => format!("{}={}", column.name, String::from_utf8_lossy(bytes).escape_debug()),
            });
            lines.push(format!("{} {} {} {body}", kind.name, row.id, columns.collect::<Vec<_>>().join(" ")));
        }
    }
    lines.join("\n")
}

/// Contacts stand in the scope of their customer: lists show them to who sees that.
pub fn scopes_agree(store: &dyn Store) {
    let kind = |name: &str| *crm_core::KINDS.iter().find(|kind| kind.name == name).unwrap();
    let text = |kind: &'static crm_core::store::Kind, row: &crm_core::store::Row, column: &str| {
        row.values[kind.position(column).unwrap()].as_text().unwrap().to_owned()
    };
    let customers = rows(store, kind("customer"));
    for row in rows(store, kind("contact")) {
        let customer = customers.iter().find(|own| own.id == text(kind("contact"), &row, "customer")).unwrap();
        assert_eq!(text(kind("contact"), &row, "scope"), text(kind("customer"), customer, "scope"), "{}", row.id);
    }
}
