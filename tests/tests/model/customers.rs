//! Inputs of what is done with customers and what lies under them.

use crate::draws::*;
use crate::{Dice, Known};
use crm_core::Crm;
use crm_tests::POSITIONS;
use serde_json::{Value, json};

fn view(dice: &mut Dice) -> Value {
    match dice.below(11) {
        9 | 10 => json!({"kind": "pool"}),
        0 => json!({"kind": "not_followed_for", "days": dice.pick(&[0, 1, 2, 7, 30, 3650, 3651])}),
        n => {
            json!({"kind": (["mine", "today", "shared_with_me", "subordinates", "recently_viewed", "all", "recycle_bin", "mine"][n - 1])})
        }
    }
}

fn pool(dice: &mut Dice, known: &Known) -> Value {
    if dice.one_in(2) { json!("00000000-0000-7000-8000-000000000001") } else { json!(known.id(dice, "pool")) }
}

fn contact(dice: &mut Dice) -> Value {
    let mut contact = json!({"name": if dice.one_in(6) { json!(text(dice)) } else { json!("联系人") }});
    maybe(dice, &mut contact, "primary", |_| json!(true));
    maybe(dice, &mut contact, "phones", |dice| json!([text(dice), "138"]));
    maybe(dice, &mut contact, "email", some_text);
    maybe(dice, &mut contact, "note", some_text);
    maybe(dice, &mut contact, "custom", |dice| json!([contact_value(dice)]));
    maybe(
        dice,
        &mut contact,
        "birthday",
        |dice| json!({"calendar": "lunar", "month": dice.below(14), "day": dice.below(33)}),
    );
    contact
}

fn relation(dice: &mut Dice, known: &Known) -> Value {
    let mut relation = json!({"customer": known.id(dice, "customer"), "kind": code_of(dice, "relation_kind")});
    maybe(dice, &mut relation, "inverse", |_| json!(true));
    maybe(dice, &mut relation, "note", some_text);
    relation
}

/// A value of one of the ten fields that are there by and by, mostly of its type.
fn custom_value(dice: &mut Dice) -> Value {
    let field = dice.below(10);
    json!({"field": format!("f{field}"), "value": field_value(dice, field)})
}

/// A value of a custom field of a contact, often of the one that is there first.
fn contact_value(dice: &mut Dice) -> Value {
    let field = if dice.one_in(2) { 0 } else { dice.below(10) };
    json!({"field": format!("f{field}"), "value": field_value(dice, field)})
}

/// What is asked of what belongs to a customer.
fn related(dice: &mut Dice) -> Value {
    let of = *dice.pick(&["contracts", "instalments", "receipts"]);
    let key = match of {
        "contracts" => *dice.pick(&["unreceived", "received", "unreceived", "ends_on"]),
        "instalments" => "open",
        _ => "net",
    };
    let amount = || json!({"money": {"amount": "100", "currency": "CNY"}});
    let mut test = json!({"of": of});
    maybe(dice, &mut test, "total", |dice| json!({"key": key, "is": {*dice.pick(&["less", "at_least"]): amount()}}));
    maybe(dice, &mut test, "matching", |dice| match of {
        "contracts" if dice.one_in(2) => json!({"field": {"key": "status", "is": {"equal": {"one_of": "in_force"}}}}),
        _ => json!({"field": {"key": key, "is": {"greater": amount()}}}),
    });
    json!({"related": test})
}

/// A condition on a custom field.
fn on_field(dice: &mut Dice, field: usize) -> Value {
    let is = match *dice.pick(&["equal", "one_of", "less", "at_least", "empty", "contains", "begins_with"]) {
        "one_of" => json!({"one_of": [field_value(dice, field), field_value(dice, field)]}),
        "empty" => json!("empty"),
        word @ ("contains" | "begins_with") => json!({word: some_text(dice)}),
        word => json!({word: field_value(dice, field)}),
    };
    json!({"field": {"key": format!("custom.f{field}"), "is": is}})
}

/// Conditions over fields of customers that are there, and some that are not.
fn condition(dice: &mut Dice, deep: usize) -> Value {
    if dice.one_in(5) {
        return related(dice);
    }
    match dice.below(if deep == 0 { 3 } else { 6 }) {
        3 => json!({"all": [condition(dice, deep - 1), condition(dice, deep - 1)]}),
        4 => json!({"any": [condition(dice, deep - 1), condition(dice, deep - 1)]}),
        5 => json!({"not": condition(dice, deep - 1)}),
        0 => {
            let key = *dice.pick(&["level", "owner", "created_at", "name", "locked", "nothing"]);
            let is = match key {
                "level" => json!({"one_of": [{"one_of": code_of(dice, "level")}]}),
                "owner" => json!({"equal": {"person": person(dice)}}),
                "created_at" => json!({"days": {"from": -(dice.below(30) as i64), "to": 0}}),
                "name" => json!({"contains": some_text(dice)}),
                "locked" => json!({"equal": {"yes_no": dice.one_in(2)}}),
                _ => json!("empty"),
            };
            json!({"field": {"key": key, "is": is}})
        }
        _ => {
            let field = dice.below(10);
            on_field(dice, field)
        }
    }
}

fn customer_fields(dice: &mut Dice, object: &mut Value) {
    for field in ["short_name", "region", "address", "website", "email", "description", "credit_code", "number"] {
        maybe(dice, object, field, |dice| if dice.one_in(3) { some_text(dice) } else { json!("a@b.example") });
    }
    for field in ["level", "stage", "source", "industry"] {
        maybe(dice, object, field, |dice| code_of(dice, field));
    }
    maybe(dice, object, "phones", |dice| json!([text(dice)]));
    maybe(dice, object, "custom", |dice| json!([custom_value(dice), custom_value(dice)]));
    maybe(dice, object, "duplicate_reason", some_text);
    if dice.one_in(10) {
        object["kind"] = json!("person");
    }
}

pub fn input(dice: &mut Dice, known: &mut Known, operation: &str, crm: &Crm) -> Option<Value> {
    let id = |dice: &mut Dice, kind: &str| known.id(dice, kind);
    let customer = id(dice, "customer");
    Some(match operation {
        "create_customer" => {
            known.made += 1;
            let name = if dice.one_in(5) { text(dice) } else { format!("客户 {}", dice.below(known.made + 20)) };
            let mut customer = json!({"name": name});
            customer_fields(dice, &mut customer);
            maybe(dice, &mut customer, "owner", person);
            if dice.one_in(6) {
                customer["pool"] = pool(dice, known);
            }
            maybe(dice, &mut customer, "contacts", |dice| json!([contact(dice), contact(dice)]));
            maybe(dice, &mut customer, "relations", |dice| json!([relation(dice, known), relation(dice, known)]));
            json!({"customer": customer})
        }
        "customers" => {
            let mut query = json!({"view": view(dice)});
            maybe(dice, &mut query, "order", |dice| {
                json!(dice.pick(&["newest", "oldest", "name", "next_follow_up", "longest_idle", "shortest_idle"]))
            });
            if dice.one_in(3) {
                query["matching"] = condition(dice, 3);
            }
            if dice.one_in(6) {
                let field = format!("f{}", dice.below(10));
                query["order_by"] = json!({"field": field, "descending": dice.one_in(2)});
            }
            if dice.one_in(4) {
                let mut filter = json!({});
                maybe(dice, &mut filter, "text", some_text);
                maybe(dice, &mut filter, "level", |dice| code_of(dice, "level"));
                maybe(dice, &mut filter, "owner", person);
                query["filter"] = filter;
            }
            json!({"query": query, "page": page(dice, known)})
        }
        "saved_queries" => json!({}),
        "save_query" => {
            let mut query = json!({"name": some_text(dice), "query": {"view": view(dice)}});
            if dice.one_in(2) {
                query["query"]["matching"] = condition(dice, 1);
            }
            if dice.one_in(3) {
                query["id"] = json!(id(dice, "saved_query"));
                query["version"] = json!(1 + dice.below(2));
            }
            maybe(dice, &mut query, "people", |dice| json!([person(dice)]));
            maybe(dice, &mut query, "positions", |dice| json!([dice.pick(&POSITIONS)]));
            maybe(dice, &mut query, "columns", |dice| json!([dice.pick(&["name", "level", "custom.f1", "nothing"])]));
            query["everyone"] = json!(dice.one_in(8));
            json!({"query": query})
        }
        "delete_saved_query" => json!({"query": id(dice, "saved_query")}),
        "mark_saved_query" => {
            json!({"query": id(dice, "saved_query"), "pinned": dice.one_in(2), "standard": dice.one_in(3)})
        }
        "saved_query_customers" => json!({"query": id(dice, "saved_query"), "page": page(dice, known)}),
        "preview_merge" | "merge_customers" => {
            let mut merge = json!({"survivor": customer, "sources": [id(dice, "customer")]});
            maybe(dice, &mut merge, "keep_owners", |dice| json!(dice.pick(&["read", "edit"])));
            maybe(dice, &mut merge, "parent_with_child", |dice| json!(dice.one_in(2)));
            maybe(dice, &mut merge, "fields", |dice| {
                let field = *dice.pick(&["name", "level", "phones", "address", "owner", "custom.f1", "custom.f6"]);
                json!([{"field": field, "from": customer}])
            });
            json!({"merge": merge})
        }
        "reveal_customer_field" => {
            json!({"customer": customer, "field": dice.pick(&["phones", "level", "custom.f0", "custom.f1", "name", ""])})
        }
        "reveal_contact_field" => {
            json!({"contact": id(dice, "contact"), "field": dice.pick(&["phones", "email", "birthday", "name"])})
        }
        "reveal_follow_up_field" => {
            json!({"follow_up": id(dice, "follow_up"), "field": dice.pick(&["method", "next_content", "place", "content"])})
        }
        "reveal_contract_field" => {
            json!({"contract": id(dice, "contract"), "field": dice.pick(&["note", "customer_signatory", "amount"])})
        }
        "merges" => json!({"customer": customer}),
        "merge" | "unmerge" => json!({"merge": id(dice, "merge")}),
        "check_duplicates" => {
            let mut draft = json!({"name": format!("客户 {}", dice.below(known.made + 20))});
            for field in ["short_name", "website", "email", "credit_code"] {
                maybe(
                    dice,
                    &mut draft,
                    field,
                    |dice| if dice.one_in(3) { some_text(dice) } else { json!("a@b.example") },
                );
            }
            maybe(dice, &mut draft, "phones", |dice| json!([text(dice)]));
            json!({"draft": draft})
        }
        "check_contact_duplicates" => {
            let mut draft = json!({"name": format!("联系人 {}", dice.below(known.made + 20))});
            for field in ["email", "address"] {
                maybe(dice, &mut draft, field, some_text);
            }
            maybe(dice, &mut draft, "phones", |dice| json!([text(dice)]));
            json!({"draft": draft})
        }
        "duplicate_lookups" | "duplicate_groups" => json!({"page": page(dice, known)}),
        "find_duplicate_groups" => json!({"score": if dice.one_in(2) { None } else { Some(560 + dice.below(450)) }}),
        "duplicate_search" | "cancel_duplicate_search" => json!({}),
        "dismiss_duplicates" | "reopen_duplicates" => {
            json!({"customers": [customer, id(dice, "customer"), id(dice, "customer")]})
        }
        "count_customers" => json!({"views": [view(dice), view(dice), view(dice)]}),
        "panels" => json!({}),
        "save_panel" => {
            let columns = ["name", "due", "Name"].map(|key| json!({"key": key, "label": key}));
            let mut panel = json!({"title": format!("面板 {}", dice.below(6)), "source": "projects", "columns": columns[..1 + usize::from(dice.one_in(8))]});
            maybe(dice, &mut panel, "people", |dice| json!([person(dice)]));
            maybe(dice, &mut panel, "positions", |dice| json!([dice.pick(&POSITIONS).0]));
            if dice.one_in(3) {
                let id = id(dice, "panel");
                panel["version"] = json!(known.version(dice, &id));
                panel["panel"] = json!(id);
                panel["retired"] = json!(dice.one_in(3));
            }
            json!({"panel": panel})
        }
        "panel_rows" => json!({"customer": customer, "panel": id(dice, "panel"), "page": page(dice, known)}),
        "search_customers" => {
            let typed =
                ["客户", "客", "kh", "联系人", "lxr", "138", "1380", "0000", "00000000", "北方", "13900009999", " "];
            let text = match dice.below(3) {
                0 => format!("客户 {}", dice.below(40)),
                1 => text(dice),
                _ => (*dice.pick(&typed)).to_owned(),
            };
            json!({"text": text, "limit": if dice.one_in(2) { None } else { Some(1 + dice.below(55)) }})
        }
        "customer_history" => json!({"customer": customer, "page": page(dice, known)}),
        "contact_history" => json!({"contact": id(dice, "contact"), "page": page(dice, known)}),
        "follow_up_history" => json!({"follow_up": id(dice, "follow_up"), "page": page(dice, known)}),
        "replies" => json!({"follow_up": id(dice, "follow_up"), "page": page(dice, known)}),
        "reply_history" => json!({"reply": id(dice, "reply"), "page": page(dice, known)}),
        "correct_reply" => json!({"reply": id(dice, "reply"), "version": dice.below(3), "content": some_text(dice)}),
        "edit_customer" | "edit_customers" => {
            let mut edit = json!({"version": known.version(dice, &customer)});
            customer_fields(dice, &mut edit);
            maybe(dice, &mut edit, "name", |dice| json!(format!("客户 {}", dice.below(40))));
            maybe(dice, &mut edit, "clear", |dice| {
                json!([dice.pick(&["level", "phones", "stage", "region", "name", "custom.f1", "custom.f7"])])
            });
            match operation {
                "edit_customer" => json!({"customer": customer, "edit": edit}),
                _ => {
                    json!({"edits": [{"customer": customer, "edit": edit}, {"customer": id(dice, "customer"), "edit": {"version": 1, "region": "x"}}]})
                }
            }
        }
        "plan_follow_ups" => {
            json!({"plans": [{"customer": customer, "at": instant(dice, crm)}, {"customer": id(dice, "customer")}]})
        }
        "transfer_customers" => {
            let mut transfer = json!({"to": person(dice)});
            maybe(dice, &mut transfer, "to_position", |dice| json!(dice.pick(&POSITIONS).0));
            maybe(dice, &mut transfer, "keep_reader_until", |dice| instant(dice, crm));
            maybe(dice, &mut transfer, "reason", some_text);
            json!({"customers": [customer, id(dice, "customer")], "transfer": transfer})
        }
        "add_contact" => json!({"customer": customer, "contact": contact(dice)}),
        "contact" | "set_primary_contact" => json!({"contact": id(dice, "contact")}),
        "contacts" => {
            let mut filter = json!({"mine": dice.one_in(2)});
            maybe(dice, &mut filter, "text", some_text);
            let field = |dice: &mut Dice| if dice.one_in(2) { 0 } else { dice.below(10) };
            maybe(dice, &mut filter, "matching", |dice| {
                let field = field(dice);
                on_field(dice, field)
            });
            if dice.one_in(4) {
                filter["order_by"] = json!({"field": format!("f{}", field(dice)), "descending": dice.one_in(2)});
            }
            json!({"filter": filter, "page": page(dice, known)})
        }
        "edit_contact" => {
            let contact = id(dice, "contact");
            let mut edit = json!({"version": known.version(dice, &contact), "title": some_text(dice)});
            maybe(dice, &mut edit, "name", some_text);
            maybe(dice, &mut edit, "clear", |dice| json!([dice.pick(&["title", "custom.f0", "custom.f1"])]));
            maybe(dice, &mut edit, "custom", |dice| json!([contact_value(dice)]));
            json!({"contact": contact, "edit": edit})
        }
        "remove_contact" => {
            json!({"contact": id(dice, "contact"), "new_primary": if dice.one_in(2) { json!(id(dice, "contact")) } else { Value::Null }})
        }
        "erase_person" => {
            json!({"contact": id(dice, "contact"), "reason": if dice.one_in(2) { some_text(dice) } else { Value::Null }})
        }
        "add_relation" => json!({"customer": customer, "relation": relation(dice, known)}),
        "remove_relation" => json!({"relation": id(dice, "relation")}),
        "follow_up" => {
            let mut follow_up = json!({"content": some_text(dice)});
            maybe(dice, &mut follow_up, "at", |dice| instant(dice, crm));
            maybe(dice, &mut follow_up, "next_at", |dice| instant(dice, crm));
            maybe(dice, &mut follow_up, "next_content", |dice| json!(format!("a{}回访", dice.below(9))));
            maybe(dice, &mut follow_up, "method", |dice| code_of(dice, "method"));
            maybe(dice, &mut follow_up, "stage", |dice| code_of(dice, "stage"));
            maybe(dice, &mut follow_up, "contact", |dice| json!(id(dice, "contact")));
            maybe(
                dice,
                &mut follow_up,
                "place",
                |dice| json!({"text": text(dice), "latitude": dice.below(2_000_000) as f64 / 11_000.7 - 90.0}),
            );
            json!({"customer": customer, "follow_up": follow_up})
        }
        "correct_follow_up" => {
            let follow_up = id(dice, "follow_up");
            json!({"follow_up": follow_up, "version": known.version(dice, &follow_up), "content": some_text(dice)})
        }
        "follow_ups" => {
            let of = if dice.one_in(2) {
                json!({"kind": "of", "customer": customer})
            } else {
                json!({"kind": dice.pick(&["mine", "subordinates"])})
            };
            let mut query = json!({"of": of});
            maybe(dice, &mut query, "from", |dice| instant(dice, crm));
            maybe(dice, &mut query, "author", person);
            maybe(dice, &mut query, "method", |dice| code_of(dice, "method"));
            maybe(
                dice,
                &mut query,
                "matching",
                |dice| json!({"not": {"field": {"key": "author", "is": {"equal": {"person": person(dice)}}}}}),
            );
            json!({"query": query, "page": page(dice, known)})
        }
        "follow_up_with_replies" => json!({"follow_up": id(dice, "follow_up")}),
        "reply" => {
            let mut reply = json!({"content": some_text(dice)});
            maybe(dice, &mut reply, "to", |dice| json!(id(dice, "reply")));
            maybe(dice, &mut reply, "addressed", |dice| json!([person(dice), person(dice)]));
            json!({"follow_up": id(dice, "follow_up"), "reply": reply})
        }
        "share_customer" | "share_customers" => {
            let mut share = if dice.one_in(3) {
                json!({"position": dice.pick(&POSITIONS).0})
            } else {
                json!({"person": person(dice)})
            };
            maybe(dice, &mut share, "ends_at", |dice| instant(dice, crm));
            maybe(dice, &mut share, "right", |_| json!("edit"));
            maybe(dice, &mut share, "panels", |dice| {
                let panels =
                    ["information", "contacts", "follow_ups", "documents", "contracts", "receipts", "contacts"];
                let panels = panels.iter().filter(|_| dice.one_in(3)).collect::<Vec<_>>();
                let right = |dice: &mut Dice| dice.pick(&["read", "edit"]).to_owned();
                panels.into_iter().map(|panel| json!({"panel": panel, "right": right(dice)})).collect()
            });
            match operation {
                "share_customer" => json!({"customer": customer, "share": share}),
                _ => json!({"customers": [customer, id(dice, "customer")], "share": share}),
            }
        }
        "preview_hand_over" | "hand_over" => {
            let mut hand_over = json!({"to": person(dice)});
            if !dice.one_in(4) {
                hand_over["from"] = person(dice);
            }
            maybe(dice, &mut hand_over, "position", |dice| json!(dice.pick(&POSITIONS).0));
            maybe(dice, &mut hand_over, "to_position", |dice| json!(dice.pick(&POSITIONS).0));
            maybe(dice, &mut hand_over, "parts", |dice| {
                let parts = ["customers", "contracts", "shares", "pools", "shares"];
                json!(parts.iter().filter(|_| dice.one_in(3)).collect::<Vec<_>>())
            });
            maybe(dice, &mut hand_over, "keep_reader_until", |dice| instant(dice, crm));
            maybe(dice, &mut hand_over, "reason", some_text);
            json!({"hand_over": hand_over})
        }
        "hand_overs" => json!({"page": page(dice, known)}),
        "reminders" => {
            let mut query = json!({"shelf": dice.pick(&["open", "snoozed", "ended"]), "late": dice.one_in(4)});
            maybe(dice, &mut query, "kinds", |dice| json!([dice.pick(&["reply", "follow_up_due", "birthday"])]));
            json!({"query": query, "page": page(dice, known)})
        }
        "reminder_counts" | "reminder_preferences" | "calendar_feed" | "withdraw_calendar" => json!({}),
        "calendar" => {
            let mut query = json!({"from": day(dice), "until": day(dice)});
            maybe(dice, &mut query, "kinds", |dice| json!([dice.pick(&["reply", "contract_end", "birthday"])]));
            json!({"query": query})
        }
        "publish_calendar" => json!({"language": dice.pick(&["zh", "en"])}),
        "published_calendar" => json!({"token": id(dice, "calendar_token")}),
        "reminder" => json!({"reminder": id(dice, "reminder")}),
        "mark_reminders" => {
            json!({"reminders": [id(dice, "reminder")], "mark": dice.pick(&["done", "dismissed", "open"])})
        }
        "snooze_reminders" => json!({"reminders": [id(dice, "reminder")], "until": instant(dice, crm)}),
        "change_reminder_preferences" => {
            let mut preferences = json!({"version": dice.below(3)});
            maybe(dice, &mut preferences, "birthday", |dice| json!([dice.below(5)]));
            maybe(dice, &mut preferences, "reply", |dice| json!(dice.one_in(2)));
            json!({"preferences": preferences})
        }
        "pools" | "claim_allowance" => json!({}),
        "preview_recycling" => {
            let owner = if dice.one_in(2) { person(dice) } else { json!(null) };
            json!({"until": day(dice), "owner": owner})
        }
        "simulate_recycling" => {
            let mut simulation = json!({"rules": rules(dice), "from": day(dice), "to": day(dice)});
            maybe(dice, &mut simulation, "after", person);
            json!({"simulation": simulation})
        }
        "save_pool" => {
            let mut input = json!({"name": format!("Pool {}", dice.below(4)), "show_follow_ups": dice.one_in(2)});
            if dice.one_in(2) {
                input["pool"] = pool(dice, known);
                input["version"] = json!(dice.below(4));
            }
            maybe(dice, &mut input, "administrators", |dice| json!([person(dice)]));
            maybe(dice, &mut input, "people", |dice| json!([person(dice), person(dice)]));
            maybe(dice, &mut input, "positions", |dice| json!([dice.pick(&POSITIONS).0]));
            maybe(dice, &mut input, "standard", |dice| json!(dice.one_in(2)));
            maybe(dice, &mut input, "retired", |dice| json!(dice.one_in(2)));
            maybe(dice, &mut input, "hidden", |_| json!(["phones", "address"]));
            json!({"pool": input})
        }
        "release_customers" => {
            let mut release = json!({});
            if dice.one_in(3) {
                release["pool"] = pool(dice, known);
            }
            maybe(dice, &mut release, "reason", |dice| code_of(dice, "release_reason"));
            maybe(dice, &mut release, "note", some_text);
            json!({"customers": [customer, id(dice, "customer"), id(dice, "customer")], "release": release})
        }
        "claim_customers" => {
            json!({"customers": [customer, id(dice, "customer"), id(dice, "customer")], "position": null})
        }
        "assign_customers" => {
            let mut assignment = json!({"to": person(dice)});
            maybe(dice, &mut assignment, "to_position", |dice| json!(dice.pick(&POSITIONS).0));
            json!({"customers": [customer, id(dice, "customer"), id(dice, "customer")], "assignment": assignment})
        }
        "lock_customers" => json!({"customers": [customer, id(dice, "customer")], "reason": some_text(dice)}),
        "unlock_customers" => json!({"customers": [customer, id(dice, "customer")]}),
        "end_share" => json!({"share": id(dice, "share")}),
        "explain_access" | "customer" | "customer_panels" | "mark_viewed" | "delete_customer" | "restore_customer"
        | "relations" | "shares" => {
            json!({"customer": customer})
        }
        _ => return None,
    })
}
