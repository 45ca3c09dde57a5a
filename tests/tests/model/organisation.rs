//! Inputs of what is done with the organisation: settings, people, positions, roles, dictionaries, events.

use crate::draws::*;
use crate::{Dice, Known};
use crm_core::{Crm, OPERATIONS};
use crm_tests::{PEOPLE, POSITIONS};
use serde_json::{Value, json};

/// A tree of positions: the world's, shuffled a little.
fn positions(dice: &mut Dice) -> Value {
    let mut list = Vec::new();
    for (id, parent, holders) in POSITIONS {
        let parent = if dice.one_in(6) { Some(dice.pick(&POSITIONS).0) } else { parent };
        let mut holders: Vec<&str> = holders.to_vec();
        if dice.one_in(3) {
            let another = dice.pick(&PEOPLE).0;
            if !holders.contains(&another) {
                holders.push(another);
            }
        }
        if dice.one_in(4) {
            holders.pop();
        }
        if !dice.one_in(15) {
            list.push(json!({"id": id, "name": id, "parent": parent, "holders": holders}));
        }
    }
    json!(list)
}

pub fn input(dice: &mut Dice, known: &mut Known, operation: &str, _crm: &Crm) -> Option<Value> {
    Some(match operation {
        "create_organisation" => json!({"organisation": {"name": "Again"}}),
        "change_settings" => json!({"settings": {
            "version": known.settings + i64::from(dice.one_in(5)),
            "time_zone": dice.pick(&["Asia/Shanghai", "America/New_York", "Europe/Berlin", "Nowhere"]),
            "same_name": dice.pick(&["refuse", "refuse", "allow"]),
            "recycle_bin_days": dice.pick(&[0, 1, 2, 30]),
            "follow_up": {"correction_hours": dice.pick(&[0, 24, 721]), "superiors_count": dice.one_in(2), "least_length": dice.below(4)},
            "pool": {"recycling": rules(dice)},
            "contract": {
                "number": dice.pick(&["HT{yyyyMMdd}{seq:4}", "C-{yyyy}-{MM}/{seq:1}", "{seq:0}"]),
                "number_reset": dice.pick(&["prefix", "month"]),
                "agreed_price": dice.pick(&["marked", "marked", "refuse"]),
                "plan_over": dice.pick(&["warn", "refuse"]),
                "receipt_over": dice.pick(&["credit", "credit", "refuse"]),
                "amendable": ["in_force"],
                "approval": dice.pick(&[json!([]), json!(["sign"]), json!(["supplement", "void"]), json!(["receipt"]), json!(["none"])]),
            },
        }}),
        "people" | "search_people" => json!({"text": some_text(dice)}),
        "sync_people" => {
            let people: Vec<Value> = PEOPLE
                .iter()
                .map(|(id, roles)| json!({"id": id, "name": id, "host_roles": roles, "active": !dice.one_in(30)}))
                .collect();
            let few: Vec<Value> = people.iter().filter(|_| dice.one_in(4)).cloned().collect();
            if dice.one_in(2) {
                json!({"people": people, "mode": "whole"})
            } else {
                json!({"people": few, "mode": "delta"})
            }
        }
        "deactivate_person" => json!({"person": if dice.one_in(3) { person(dice) } else { json!("luis") }}),
        "sync_positions" => {
            json!({"positions": positions(dice), "mode": dice.pick(&["whole", "delta"]), "preview": dice.one_in(3)})
        }
        "sync_roles" => {
            let right = dice.pick(OPERATIONS).right;
            let rights = if right.is_empty() { json!([]) } else { json!([right]) };
            let mut role = json!({"id": dice.pick(&["one", "two"]), "name": "Role", "people": [person(dice)]});
            role[if dice.one_in(4) { "deny" } else { "allow" }] = rights;
            maybe(dice, &mut role, "fields", |dice| {
                let field = *dice.pick(&[
                    "customer.level",
                    "customer.phones",
                    "customer.custom.f1",
                    "contact.phones",
                    "customer.name",
                ]);
                json!([{"field": field, "access": dice.pick(&["hidden", "masked", "read", "edit"])}])
            });
            json!({"roles": [role], "mode": "delta"})
        }
        "save_dictionary_entry" => {
            let dictionary = *dice.pick(&["level", "stage", "method", "relation_kind", "product_category", "none"]);
            json!({"entry": {"dictionary": dictionary, "code": code_of(dice, dictionary), "label": some_text(dice), "order": dice.below(4), "retired": dice.one_in(5)}})
        }
        "custom_fields" | "layouts" => json!({"of": dice.pick(&["customer", "contact"])}),
        "save_layout" | "preview_form" => json!({"layout": layout(dice)}),
        "reset_layout" | "form" => {
            json!({"of": dice.pick(&["customer", "contact"]), "purpose": dice.pick(&PURPOSES)})
        }
        "save_custom_field" => json!({"field": custom_field(dice)}),
        "change_field_type" => json!({"field": custom_field(dice), "preview": !dice.one_in(5)}),
        "merge_dictionary_entries" => {
            let dictionary = *dice.pick(&["level", "stage", "method", "relation_kind"]);
            json!({"dictionary": dictionary, "from": code_of(dice, dictionary), "into": code_of(dice, dictionary)})
        }
        "begin_export" => {
            let of = json!({"of": {"kind": dice.pick(&["mine", "subordinates", "all"])}});
            let (list, query) = match dice.below(8) {
                0 => ("contacts", json!({"mine": dice.one_in(2)})),
                1 => ("follow_ups", of),
                2 => ("contracts", of),
                3 => ("receipts", of),
                4 => ("instalments", of),
                5 => ("products", json!({})),
                _ => ("customers", json!({"view": {"kind": dice.pick(&["mine", "all", "pool", "subordinates"])}})),
            };
            let language = *dice.pick(&["zh", "en", "xx"]);
            let mut export = json!({"language": language, "page_size": dice.pick(&[0, 1, 2, 500, 501])});
            export[list] = query;
            maybe(dice, &mut export, "columns", |dice| {
                json!([dice.pick(&["name", "level", "phones", "custom.f1", "nothing", "customer_name"]), "number"])
            });
            json!({"export": export})
        }
        "import_columns" => {
            json!({"headers": [dice.pick(&["客户名称", "name", "级别", ""]), dice.pick(&["name", "f1", "电话"])]})
        }
        "begin_import" => {
            let headers = json!([
                dice.pick(&["客户名称", "Company", "客户名称", ""]),
                "级别",
                dice.pick(&["联系人", "f1", "级别"])
            ]);
            let mut import = json!({"file": some_text(dice), "headers": headers, "dry_run": dice.one_in(3)});
            maybe(dice, &mut import, "duplicate_reason", some_text);
            maybe(dice, &mut import, "fields", |dice| {
                json!([dice.pick(&["name", "level", "nothing"]), dice.pick(&["", "custom.f1", "phones"])])
            });
            json!({"input": import})
        }
        "import_rows" => {
            let row = |dice: &mut Dice| json!([some_text(dice), dice.pick(&["A", "a", "", "zz"]), some_text(dice)]);
            let rows = json!([row(dice), row(dice)]);
            json!({"import_id": known.id(dice, "import"), "first": dice.pick(&[0, 1, 1, 3, 5]), "rows": rows})
        }
        "finish_import" => json!({"import_id": known.id(dice, "import")}),
        "import_report" => json!({"import_id": known.id(dice, "import"), "page": page(dice, known)}),
        "export_rows" => json!({"export": known.id(dice, "export"), "number": dice.pick(&[0, 1, 1, 2, 3])}),
        "finish_export" => json!({"export": known.id(dice, "export")}),
        "settings_history" | "field_reveals" | "exports" | "imports" => json!({"page": page(dice, known)}),
        "events" => json!({"consumer": dice.pick(&["oa", "mail"]), "limit": dice.pick(&[0, 1, 10, 1_000, 1_001])}),
        "acknowledge_events" => {
            json!({"consumer": dice.pick(&["oa", "mail"]), "up_to": dice.pick(&[-1, 0, 1, 5, 20, 100_000])})
        }
        "sync_work_calendar" => {
            json!({"calendar": {"holidays": [day(dice), day(dice)], "workdays": [dice.pick(&["2026-11-28", "2026-11-27"])]}})
        }
        "save_glossary" => {
            let term = |dice: &mut Dice| json!({"key": dice.pick(&["pool", "receipt", "follow", "pond"]), "chinese": dice.pick(&["公海", "回款", "", "{"])});
            json!({"terms": (0..dice.below(3)).map(|_| term(dice)).collect::<Vec<_>>()})
        }
        "import_configuration" => {
            let mut configuration = json!({"version": if dice.one_in(8) { 2 } else { 1 }});
            maybe(dice, &mut configuration, "dictionaries", |dice| {
                let dictionary = *dice.pick(&["level", "stage", "method", "none"]);
                json!([{"dictionary": dictionary, "code": code_of(dice, dictionary), "label": some_text(dice), "retired": dice.one_in(5)}])
            });
            maybe(dice, &mut configuration, "custom_fields", |dice| {
                let mut field = custom_field(dice);
                field.as_object_mut().unwrap().remove("version");
                json!([field])
            });
            maybe(dice, &mut configuration, "pools", |dice| {
                let id = format!("0193a000-0000-7000-8000-00000000f00{}", dice.below(3));
                json!([{"id": id, "name": format!("Pool {}", dice.below(4)), "standard": dice.one_in(3), "retired": dice.one_in(4)}])
            });
            maybe(
                dice,
                &mut configuration,
                "settings",
                |dice| json!({"recycle_bin_days": dice.pick(&[0, 2, 30]), "pool": {"recycling": rules(dice)}}),
            );
            maybe(dice, &mut configuration, "work_calendar", |dice| json!({"holidays": [day(dice)]}));
            maybe(
                dice,
                &mut configuration,
                "products",
                |dice| json!([{"number": dice.pick(&["SP-1", "P1", "p1"]), "name": some_text(dice), "retired": dice.one_in(4)}]),
            );
            maybe(dice, &mut configuration, "roles", |dice| {
                let right = dice.pick(OPERATIONS).right;
                let rights = if right.is_empty() { json!([]) } else { json!([right]) };
                json!([{"id": dice.pick(&["one", "two", "guest"]), "name": "Role", "allow": rights}])
            });
            json!({"configuration": configuration, "preview": dice.one_in(3)})
        }
        "export_configuration"
        | "settings"
        | "work_calendar"
        | "glossary"
        | "menu"
        | "positions"
        | "roles"
        | "dictionaries"
        | "tick"
        | "field_rights" => {
            json!({})
        }
        _ => return None,
    })
}
