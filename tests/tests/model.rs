//! The model test: random operations through `dispatch` on every store side by side. Every
//! answer is the same byte for byte, and so are the dumps at the end. `CRM_STEPS` says how many
//! operations (`CRM_SERVER_STEPS` on servers), `CRM_SEED` which ones: a failure prints the seed that repeats it.

use crm_core::{Actor, Crm, OPERATIONS, Session};
use crm_tests::{Bed, ORG, OTHER_ORG, PEOPLE, POSITIONS, difference, found};
use proptest::prelude::Rng as _;
use proptest::test_runner::{RngAlgorithm, TestRng};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Chance, from a seed alone.
struct Dice(TestRng);

impl Dice {
    fn new(seed: u64) -> Self {
        let mut bytes = [7; 32];
        bytes[..8].copy_from_slice(&seed.to_be_bytes());
        Dice(TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
    }

    fn below(&mut self, n: usize) -> usize {
        (self.0.next_u64() % n.max(1) as u64) as usize
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// What the answers have shown so far, for the next questions: ids by kind, versions, cursors.
#[derive(Default)]
struct Known {
    ids: BTreeMap<&'static str, Vec<String>>,
    versions: BTreeMap<String, i64>,
    cursors: Vec<String>,
    keyed: Vec<(String, String, &'static str, String)>,
    made: usize,
    settings: i64,
}

impl Known {
    /// Learns from an answer: ids by the names of the fields around them.
    fn learn(&mut self, operation: &str, answer: &Value) {
        let kind = match operation {
            "create_customer" | "customers" | "customer" | "edit_customer" => "customer",
            "add_contact" | "contact" | "contacts" | "edit_contact" | "set_primary_contact" => "contact",
            "add_relation" | "relations" => "relation",
            "follow_up" | "correct_follow_up" => "follow_up",
            "follow_ups" | "follow_up_with_replies" => "follow_up",
            "reply" => "reply",
            "share_customer" | "shares" => "share",
            "create_contract" | "edit_contract" | "submit_contract" | "contracts" | "contract" => "contract",
            "approvals" | "approval" => "approval",
            "attach_document" | "document" | "documents" => "document",
            "create_product" | "product" | "products" | "edit_product" => "product",
            _ => "",
        };
        if let Some(version) = answer["version"].as_i64().filter(|_| operation.ends_with("settings")) {
            self.settings = version;
        }
        self.walk(kind, answer);
    }

    fn walk(&mut self, kind: &'static str, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.walk(kind, item)),
            Value::Object(fields) => {
                if let Some(id) = fields.get("id").and_then(Value::as_str)
                    && !kind.is_empty()
                    && id.len() == 36
                {
                    let ids = self.ids.entry(kind).or_default();
                    if !ids.iter().any(|known| known == id) {
                        ids.push(id.to_owned());
                    }
                    if let Some(version) = fields.get("version").and_then(Value::as_i64) {
                        self.versions.insert(id.to_owned(), version);
                    }
                }
                for (name, inner) in fields {
                    let inner_kind = match name.as_str() {
                        "contacts" | "contact" => "contact",
                        "relations" => "relation",
                        "follow_ups" | "follow_up" => "follow_up",
                        "replies" | "reply" => "reply",
                        "customer" => "customer",
                        "contract" | "supplements" | "snapshot" => "contract",
                        _ => kind,
                    };
                    self.walk(inner_kind, inner);
                }
                if let Some(approval) = fields.get("approval").and_then(Value::as_str) {
                    let ids = self.ids.entry("approval").or_default();
                    if !ids.iter().any(|known| known == approval) {
                        ids.push(approval.to_owned());
                    }
                }
                if let Some(next) = fields.get("next").and_then(Value::as_str) {
                    self.cursors.push(next.to_owned());
                    if self.cursors.len() > 30 {
                        self.cursors.remove(0);
                    }
                }
            }
            _ => {}
        }
    }

    fn id(&self, dice: &mut Dice, kind: &str) -> String {
        let empty = Vec::new();
        let ids = self.ids.get(kind).unwrap_or(&empty);
        match dice.below(40) {
            0 => "0193a000-0000-7000-8000-00000000dead".to_owned(),
            1 => self
                .ids
                .values()
                .flatten()
                .nth(dice.below(self.ids.values().map(Vec::len).sum()))
                .cloned()
                .unwrap_or_default(),
            2 => "no id".to_owned(),
            _ if ids.is_empty() => "0193a000-0000-7000-8000-00000000beef".to_owned(),
            // Mostly recent ones, so that things happen to the same records.
            n if n < 36 => ids[ids.len() - 1 - dice.below(ids.len().min(6))].clone(),
            _ => dice.pick(ids).clone(),
        }
    }

    fn version(&self, dice: &mut Dice, id: &str) -> i64 {
        let known = self.versions.get(id).copied().unwrap_or(1);
        match dice.below(12) {
            0 => known - 1,
            1 => known + 1,
            2 => *dice.pick(&[0, -1, i64::MAX, i64::MIN]),
            _ => known,
        }
    }
}

const TEXTS: [&str; 16] = [
    "",
    " ",
    "云帆",
    "ＡＢＣ",
    "%_\\",
    "'; DROP TABLE crm_customer; --",
    "a\u{0}b",
    "\u{202e}abc",
    "\u{200b}",
    "李雷",
    "zoe@a.example",
    "13800138000",
    "x\r\ny",
    "😀",
    "ﬁnance",
    "-",
];

fn text(dice: &mut Dice) -> String {
    match dice.below(30) {
        0 => "长".repeat(5_000),
        1 => "é".repeat(dice.below(300)),
        _ => (*dice.pick(&TEXTS)).to_owned(),
    }
}

fn some_text(dice: &mut Dice) -> Value {
    if dice.one_in(3) { json!(text(dice)) } else { json!(["杭州", "Region", "line one", "总监"][dice.below(4)]) }
}

fn code_of(dice: &mut Dice, dictionary: &str) -> Value {
    let codes: &[&str] = match dictionary {
        "level" => &["a", "b", "c", "d", "zz"],
        "stage" => &["contact", "needs", "won", "lost", "a"],
        "method" => &["phone", "visit", "wechat", "drum"],
        "relation_kind" => &["partner", "parent", "parent", "business", "dealer"],
        _ => &["other", "it", "website", ""],
    };
    json!(dice.pick(codes))
}

fn instant(dice: &mut Dice, crm: &Crm) -> Value {
    let now = crm.now().unwrap();
    let minutes = *dice.pick(&[-100_000, -6, -5, -1, 0, 1, 5, 6, 600, 1_440, 10_000, 100_000]);
    match dice.below(20) {
        0 => json!("9999-12-31T23:59:59.999Z"),
        1 => json!("1900-01-01T00:00:00Z"),
        2 => json!("1899-12-31T23:59:59Z"),
        3 => json!("soon"),
        _ => json!(now.plus_millis(minutes * 60_000)),
    }
}

fn person(dice: &mut Dice) -> Value {
    match dice.below(20) {
        0 => json!("nobody"),
        _ => json!(dice.pick(&PEOPLE).0),
    }
}

fn maybe(dice: &mut Dice, object: &mut Value, field: &str, value: impl FnOnce(&mut Dice) -> Value) {
    if dice.one_in(4) {
        object[field] = value(dice);
    }
}

fn page(dice: &mut Dice, known: &Known) -> Value {
    let mut page = json!({"size": dice.pick(&[1, 2, 3, 5, 20, 500])});
    if dice.one_in(15) {
        page["size"] = json!(dice.pick(&[0, -1, 501, i64::from(i32::MAX)]));
    }
    if dice.one_in(2) && !known.cursors.is_empty() {
        page["cursor"] = json!(dice.pick(&known.cursors));
    }
    maybe(dice, &mut page, "count", |_| json!(true));
    page
}

fn view(dice: &mut Dice) -> Value {
    match dice.below(9) {
        0 => json!({"kind": "not_followed_for", "days": dice.pick(&[0, 1, 2, 7, 30, 3650, 3651])}),
        n => {
            json!({"kind": (["mine", "today", "shared_with_me", "subordinates", "recently_viewed", "all", "recycle_bin", "mine"][n - 1])})
        }
    }
}

fn contact(dice: &mut Dice) -> Value {
    let mut contact = json!({"name": if dice.one_in(6) { json!(text(dice)) } else { json!("联系人") }});
    maybe(dice, &mut contact, "primary", |_| json!(true));
    maybe(dice, &mut contact, "phones", |dice| json!([text(dice), "138"]));
    maybe(dice, &mut contact, "email", some_text);
    maybe(dice, &mut contact, "note", some_text);
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

fn customer_fields(dice: &mut Dice, object: &mut Value) {
    for field in ["short_name", "region", "address", "website", "email", "description", "credit_code", "number"] {
        maybe(dice, object, field, |dice| if dice.one_in(3) { some_text(dice) } else { json!("a@b.example") });
    }
    for field in ["level", "stage", "source", "industry"] {
        maybe(dice, object, field, |dice| code_of(dice, field));
    }
    maybe(dice, object, "phones", |dice| json!([text(dice)]));
    if dice.one_in(10) {
        object["kind"] = json!("person");
    }
}

/// A decimal, mostly one that may be.
fn decimal(dice: &mut Dice) -> Value {
    match dice.below(12) {
        0 => json!(dice.pick(&["", "1e3", "0.0000001", "9007199254740992", "-", "01.50", "-0", "NaN"])),
        1 => json!(0.1),
        2 => json!(dice.pick(&["9007199254740991", "-9007199254740991", "0.000001", "-5", "101"])),
        _ => json!(dice.pick(&["0", "1", "2.5", "0.335", "13", "6.00", "99.99", "1000", "0.005", "3"])),
    }
}

fn currency(dice: &mut Dice) -> Value {
    json!(dice.pick(&["CNY", "CNY", "CNY", "USD", "JPY", "KWD", "XYZ"]))
}

fn day(dice: &mut Dice) -> Value {
    json!(dice.pick(&[
        "2026-11-01",
        "2026-11-23",
        "2026-11-24",
        "2026-12-31",
        "2027-02-29",
        "1899-01-01",
        "2030-01-01"
    ]))
}

fn contract_fields(dice: &mut Dice, known: &Known, object: &mut Value) {
    if !dice.one_in(4) {
        object["amount"] = decimal(dice);
    }
    for field in ["starts_on", "ends_on", "signed_on"] {
        maybe(dice, object, field, day);
    }
    maybe(dice, object, "note", some_text);
    maybe(dice, object, "whole_discount", decimal);
    maybe(dice, object, "agreed_price", |_| json!(true));
    maybe(dice, object, "kind", |dice| json!(dice.pick(&["sale", "none"])));
    if dice.one_in(8) {
        object["currency"] = currency(dice);
        object["rate"] = decimal(dice);
    }
    maybe(dice, object, "lines", |dice| {
        let lines = (0..=dice.below(4)).map(|_| {
            let mut line = json!({"name": "行", "quantity": decimal(dice), "price": decimal(dice)});
            if dice.one_in(3) {
                line["product"] = json!(known.id(dice, "product"));
            }
            maybe(dice, &mut line, "tax_rate", decimal);
            maybe(dice, &mut line, "discount_percent", decimal);
            if dice.one_in(8) {
                line["discount_amount"] = decimal(dice);
            }
            line
        });
        json!(lines.collect::<Vec<_>>())
    });
}

fn product_fields(dice: &mut Dice, object: &mut Value) {
    maybe(dice, object, "number", |dice| json!(format!("SP-{}", dice.below(30))));
    maybe(dice, object, "category", |dice| json!(dice.pick(&["goods", "software", "none"])));
    maybe(dice, object, "unit", some_text);
    maybe(dice, object, "description", some_text);
    maybe(dice, object, "tax_rate", decimal);
    maybe(dice, object, "prices", |dice| {
        json!([
            {"currency": currency(dice), "price": decimal(dice)}, {"currency": "EUR", "price": decimal(dice)}
        ])
    });
}

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

fn input(dice: &mut Dice, known: &mut Known, operation: &str, crm: &Crm) -> Value {
    let id = |dice: &mut Dice, kind: &str| known.id(dice, kind);
    let customer = id(dice, "customer");
    match operation {
        "create_organisation" => json!({"organisation": {"name": "Again"}}),
        "change_settings" => json!({"settings": {
            "version": known.settings + i64::from(dice.one_in(5)),
            "time_zone": dice.pick(&["Asia/Shanghai", "America/New_York", "Europe/Berlin", "Nowhere"]),
            "same_name": dice.pick(&["refuse", "refuse", "allow"]),
            "recycle_bin_days": dice.pick(&[0, 1, 2, 30]),
            "follow_up": {"correction_hours": dice.pick(&[0, 24, 721]), "superiors_count": dice.one_in(2), "least_length": dice.below(4)},
            "contract": {
                "number": dice.pick(&["HT{yyyyMMdd}{seq:4}", "C-{yyyy}-{MM}/{seq:1}", "{seq:0}"]),
                "number_reset": dice.pick(&["prefix", "month"]),
                "agreed_price": dice.pick(&["marked", "marked", "refuse"]),
                "amendable": ["in_force"],
                "approval": dice.pick(&[json!([]), json!(["sign"]), json!(["supplement", "void"]), json!(["none"])]),
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
            json!({"roles": [role], "mode": "delta"})
        }
        "save_dictionary_entry" => {
            let dictionary = *dice.pick(&["level", "stage", "method", "relation_kind", "product_category", "none"]);
            json!({"entry": {"dictionary": dictionary, "code": code_of(dice, dictionary), "label": some_text(dice), "order": dice.below(4), "retired": dice.one_in(5)}})
        }
        "merge_dictionary_entries" => {
            let dictionary = *dice.pick(&["level", "stage", "method", "relation_kind"]);
            json!({"dictionary": dictionary, "from": code_of(dice, dictionary), "into": code_of(dice, dictionary)})
        }
        "create_customer" => {
            known.made += 1;
            let name = if dice.one_in(5) { text(dice) } else { format!("客户 {}", dice.below(known.made + 20)) };
            let mut customer = json!({"name": name});
            customer_fields(dice, &mut customer);
            maybe(dice, &mut customer, "owner", person);
            maybe(dice, &mut customer, "contacts", |dice| json!([contact(dice), contact(dice)]));
            maybe(dice, &mut customer, "relations", |dice| json!([relation(dice, known), relation(dice, known)]));
            json!({"customer": customer})
        }
        "customers" => {
            let mut query = json!({"view": view(dice)});
            maybe(dice, &mut query, "order", |dice| {
                json!(dice.pick(&["newest", "oldest", "name", "next_follow_up", "longest_idle", "shortest_idle"]))
            });
            if dice.one_in(4) {
                let mut filter = json!({});
                maybe(dice, &mut filter, "text", some_text);
                maybe(dice, &mut filter, "level", |dice| code_of(dice, "level"));
                maybe(dice, &mut filter, "owner", person);
                query["filter"] = filter;
            }
            json!({"query": query, "page": page(dice, known)})
        }
        "count_customers" => json!({"views": [view(dice), view(dice), view(dice)]}),
        "customer_history" => json!({"customer": customer, "page": page(dice, known)}),
        "contact_history" => json!({"contact": id(dice, "contact"), "page": page(dice, known)}),
        "follow_up_history" => json!({"follow_up": id(dice, "follow_up"), "page": page(dice, known)}),
        "replies" => json!({"follow_up": id(dice, "follow_up"), "page": page(dice, known)}),
        "reply_history" => json!({"reply": id(dice, "reply"), "page": page(dice, known)}),
        "settings_history" => json!({"page": page(dice, known)}),
        "correct_reply" => json!({"reply": id(dice, "reply"), "version": dice.below(3), "content": some_text(dice)}),
        "edit_customer" | "edit_customers" => {
            let mut edit = json!({"version": known.version(dice, &customer)});
            customer_fields(dice, &mut edit);
            maybe(dice, &mut edit, "name", |dice| json!(format!("客户 {}", dice.below(40))));
            maybe(dice, &mut edit, "clear", |dice| json!([dice.pick(&["level", "phones", "stage", "region", "name"])]));
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
        "contacts" => json!({"filter": {"text": some_text(dice), "mine": dice.one_in(2)}, "page": page(dice, known)}),
        "edit_contact" => {
            let contact = id(dice, "contact");
            let mut edit = json!({"version": known.version(dice, &contact), "title": some_text(dice)});
            maybe(dice, &mut edit, "name", some_text);
            maybe(dice, &mut edit, "clear", |_| json!(["title"]));
            json!({"contact": contact, "edit": edit})
        }
        "remove_contact" => {
            json!({"contact": id(dice, "contact"), "new_primary": if dice.one_in(2) { json!(id(dice, "contact")) } else { Value::Null }})
        }
        "add_relation" => json!({"customer": customer, "relation": relation(dice, known)}),
        "remove_relation" => json!({"relation": id(dice, "relation")}),
        "follow_up" => {
            let mut follow_up = json!({"content": some_text(dice)});
            maybe(dice, &mut follow_up, "at", |dice| instant(dice, crm));
            maybe(dice, &mut follow_up, "next_at", |dice| instant(dice, crm));
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
            json!({"query": query, "page": page(dice, known)})
        }
        "follow_up_with_replies" => json!({"follow_up": id(dice, "follow_up")}),
        "reply" => {
            let mut reply = json!({"content": some_text(dice)});
            maybe(dice, &mut reply, "to", |dice| json!(id(dice, "reply")));
            maybe(dice, &mut reply, "addressed", |dice| json!([person(dice), person(dice)]));
            json!({"follow_up": id(dice, "follow_up"), "reply": reply})
        }
        "share_customer" => {
            let mut share = if dice.one_in(3) {
                json!({"position": dice.pick(&POSITIONS).0})
            } else {
                json!({"person": person(dice)})
            };
            maybe(dice, &mut share, "ends_at", |dice| instant(dice, crm));
            maybe(dice, &mut share, "right", |_| json!("edit"));
            json!({"customer": customer, "share": share})
        }
        "create_contract" => {
            let mut contract = json!({"name": if dice.one_in(5) { text(dice) } else { "合同".to_owned() }});
            contract_fields(dice, known, &mut contract);
            maybe(dice, &mut contract, "number", |dice| json!(format!("HT{}", dice.below(30))));
            maybe(dice, &mut contract, "parent", |dice| json!(id(dice, "contract")));
            if dice.one_in(10) {
                contract["renews"] = json!(id(dice, "contract"));
            }
            maybe(dice, &mut contract, "owner", person);
            json!({"customer": customer, "contract": contract})
        }
        "edit_contract" => {
            let contract = id(dice, "contract");
            let mut edit = json!({"version": known.version(dice, &contract)});
            if dice.one_in(2) {
                contract_fields(dice, known, &mut edit);
            }
            maybe(dice, &mut edit, "clear", |dice| json!([dice.pick(&["note", "ends_on", "whole_discount", "lines"])]));
            json!({"contract": contract, "edit": edit})
        }
        "contract" => json!({"contract": id(dice, "contract")}),
        "contract_history" => json!({"contract": id(dice, "contract"), "page": page(dice, known)}),
        "contracts" => {
            let of = match dice.below(4) {
                0 => json!({"kind": "of", "customer": customer}),
                n => json!({"kind": (["mine", "subordinates", "all"][n - 1])}),
            };
            let mut query = json!({"of": of});
            maybe(dice, &mut query, "order", |dice| {
                json!(dice.pick(&["newest", "signed", "last_signed", "ending", "number"]))
            });
            maybe(dice, &mut query, "text", some_text);
            maybe(dice, &mut query, "status", |dice| json!(dice.pick(&["draft", "in_force", "void", "pending"])));
            maybe(dice, &mut query, "expired", |dice| json!(dice.one_in(2)));
            maybe(dice, &mut query, "owner", person);
            maybe(dice, &mut query, "signed_from", day);
            maybe(dice, &mut query, "ends_to", day);
            json!({"query": query, "page": page(dice, known)})
        }
        "delete_contract" | "complete_contract" => {
            let contract = id(dice, "contract");
            json!({"contract": contract, "version": known.version(dice, &contract)})
        }
        "submit_contract" => {
            let contract = id(dice, "contract");
            let signed_on = if dice.one_in(3) { day(dice) } else { Value::Null };
            json!({"contract": contract, "version": known.version(dice, &contract), "signed_on": signed_on})
        }
        "terminate_contract" => {
            let contract = id(dice, "contract");
            let version = known.version(dice, &contract);
            json!({"contract": contract, "version": version, "on": day(dice), "reason": some_text(dice)})
        }
        "void_contract" => {
            let contract = id(dice, "contract");
            json!({"contract": contract, "version": known.version(dice, &contract), "reason": some_text(dice)})
        }
        "transfer_contract" | "set_contract_performance" => {
            let contract = id(dice, "contract");
            let mut transfer = json!({"version": known.version(dice, &contract), "to": person(dice)});
            maybe(dice, &mut transfer, "to_position", |dice| json!(dice.pick(&POSITIONS).0));
            json!({"contract": contract, "transfer": transfer})
        }
        "add_contract_entry" => {
            let kind = dice.pick(&["evaluation", "progress", "risk", "mood"]);
            let value = *dice.pick(&[-1, 0, 1, 3, 4, 5, 6, 100, 101]);
            json!({"contract": id(dice, "contract"), "entry": {"kind": kind, "value": value, "text": some_text(dice)}})
        }
        "contract_entries" => {
            let kind = dice.pick(&["evaluation", "progress", "risk"]);
            json!({"contract": id(dice, "contract"), "kind": kind, "page": page(dice, known)})
        }
        "attach_document" => {
            let mut document = json!({
                "name": if dice.one_in(3) { json!(text(dice)) } else { json!("合同.pdf") },
                "media_type": dice.pick(&["application/pdf", "image/png", "pdf", "a/b/c"]),
                "size": dice.pick(&[0, 1, 1 << 20, 1 << 30, (1 << 30) + 1]),
                "sha256": if dice.one_in(5) { text(dice) } else { "Ab".repeat(32) },
                "reference": format!("files/{}", dice.below(50)),
            });
            maybe(dice, &mut document, "contract", |dice| json!(id(dice, "contract")));
            json!({"customer": customer, "document": document})
        }
        "document" | "remove_document" => json!({"document": id(dice, "document")}),
        "documents" => {
            let of = if dice.one_in(2) {
                json!({"kind": "customer", "customer": customer})
            } else {
                json!({"kind": "contract", "contract": id(dice, "contract")})
            };
            json!({"of": of, "page": page(dice, known)})
        }
        "approvals" => json!({"pending": dice.one_in(2), "page": page(dice, known)}),
        "approval" => json!({"approval": id(dice, "approval")}),
        "resolve_approval" => {
            let decision = dice.pick(&["approved", "approved", "rejected", "withdrawn"]);
            let by = if dice.one_in(4) { person(dice) } else { Value::Null };
            json!({"approval": id(dice, "approval"), "decision": decision, "by": by, "note": some_text(dice)})
        }
        "create_product" => {
            known.made += 1;
            let mut product = json!({"name": if dice.one_in(5) { text(dice) } else { format!("商品 {}", dice.below(known.made + 20)) }});
            product_fields(dice, &mut product);
            json!({"product": product})
        }
        "product" => json!({"product": id(dice, "product")}),
        "product_history" => json!({"product": id(dice, "product"), "page": page(dice, known)}),
        "products" => {
            let mut query = json!({});
            maybe(dice, &mut query, "order", |dice| json!(dice.pick(&["name", "number", "newest"])));
            maybe(dice, &mut query, "text", some_text);
            maybe(dice, &mut query, "category", |dice| json!(dice.pick(&["goods", "service"])));
            maybe(dice, &mut query, "retired", |dice| json!(dice.one_in(2)));
            json!({"query": query, "page": page(dice, known)})
        }
        "edit_product" => {
            let product = id(dice, "product");
            let mut edit = json!({"version": known.version(dice, &product)});
            product_fields(dice, &mut edit);
            maybe(dice, &mut edit, "name", |dice| json!(format!("商品 {}", dice.below(20))));
            maybe(dice, &mut edit, "retired", |dice| json!(dice.one_in(2)));
            maybe(dice, &mut edit, "clear", |dice| json!([dice.pick(&["category", "prices", "unit", "name"])]));
            json!({"product": product, "edit": edit})
        }
        "end_share" => json!({"share": id(dice, "share")}),
        "events" => json!({"consumer": dice.pick(&["oa", "mail"]), "limit": dice.pick(&[0, 1, 10, 1_000, 1_001])}),
        "acknowledge_events" => {
            json!({"consumer": dice.pick(&["oa", "mail"]), "up_to": dice.pick(&[-1, 0, 1, 5, 20, 100_000])})
        }
        "explain_access" | "customer" | "customer_panels" | "mark_viewed" | "delete_customer" | "restore_customer"
        | "relations" | "shares" => {
            json!({"customer": customer})
        }
        "settings" | "menu" | "positions" | "roles" | "dictionaries" | "tick" => json!({}),
        other => panic!("the model knows no input for {other}"),
    }
}

/// Now and then something that fits no operation.
fn spoil(dice: &mut Dice, mut input: Value) -> String {
    let fields: Vec<String> = input.as_object().unwrap().keys().cloned().collect();
    match dice.below(4) {
        0 => input["unknown"] = json!(1),
        1 if !fields.is_empty() => drop(input.as_object_mut().unwrap().remove(dice.pick(&fields))),
        2 if !fields.is_empty() => input[dice.pick(&fields)] = json!({"wrong": [1, null, "type"]}),
        _ => return input.to_string()[..input.to_string().char_indices().nth(3).map_or(1, |(at, _)| at)].to_owned(),
    }
    input.to_string()
}

fn asked(session: &Session<'_>, operation: &str, json: &str) -> Result<String, String> {
    session
        .dispatch(operation, json)
        .map_err(|error| format!("{} {:?} {:?}", error.code(), error.data(), error.violations()))
}

/// How often each operation is drawn: what changes customers more often than what changes all.
fn weight(operation: &str) -> usize {
    match operation {
        "create_customer" => 16,
        "customers" | "edit_customer" | "follow_up" | "add_contact" => 8,
        "add_relation" => 14,
        "share_customer" | "customer" | "customer_panels" | "transfer_customers" => 6,
        "create_organisation"
        | "sync_people"
        | "deactivate_person"
        | "sync_positions"
        | "sync_roles"
        | "change_settings"
        | "merge_dictionary_entries"
        | "menu"
        | "roles"
        | "settings"
        | "positions"
        | "dictionaries" => 1,
        _ => 3,
    }
}

fn run(stores: &[fn() -> Bed], seed: u64, steps: usize) -> BTreeMap<String, usize> {
    let beds: Vec<Bed> = stores.iter().map(|make| make()).collect();
    for bed in &beds {
        found(&bed.crm, ORG, &PEOPLE, &POSITIONS);
        found(&bed.crm, OTHER_ORG, &[("alice", &[]), ("adam", &["crm_admin"])], &[("agent", None, &["alice"])]);
    }
    let mut dice = Dice::new(seed);
    let mut known = Known { settings: 1, ..Known::default() };
    let mut codes = BTreeMap::new();
    let drawn: Vec<&str> =
        OPERATIONS.iter().flat_map(|operation| vec![operation.name; weight(operation.name)]).collect();
    for step in 0..steps {
        if dice.one_in(8) {
            let millis = *dice.pick(&[1, 1_000, 60_000, 3_600_000, 7 * 3_600_000, 86_400_000, 3 * 86_400_000]);
            beds.iter().for_each(|bed| bed.clock.advance(millis));
        }
        let operation = *dice.pick(&drawn);
        let (org, who) = match dice.below(30) {
            0 => (OTHER_ORG, "alice"),
            1 => (ORG, "nobody"),
            2 => ("nowhere", "alice"),
            n if n < 13 => (ORG, "adam"),
            n if n < 22 => (ORG, "dora"),
            _ => (ORG, dice.pick(&PEOPLE).0),
        };
        let actor = if dice.one_in(10) { Actor::system(ORG, "test") } else { Actor::user(org, who) }.unwrap();
        let given = input(&mut dice, &mut known, operation, &beds[0].crm);
        let mut json = if dice.one_in(40) { spoil(&mut dice, given) } else { given.to_string() };
        let mut operation = operation;
        let key = match dice.below(12) {
            0 => Some(format!("key {}", dice.below(50))),
            1 if !known.keyed.is_empty() => {
                // The same again, or something else under the same key.
                let at = dice.below(known.keyed.len());
                let (key, name, before, old) = known.keyed[at].clone();
                if name == actor.name() && !dice.one_in(4) {
                    (operation, json) = (before, old);
                }
                Some(key)
            }
            _ => None,
        };
        if let Some(key) = &key {
            known.keyed.push((key.clone(), actor.name(), operation, json.clone()));
        }
        let answer = |bed: &Bed| {
            let mut session = bed.crm.as_user(&actor).correlated(format!("step {step}"));
            if let Some(key) = &key {
                session = session.idempotent(key.clone());
            }
            asked(&session, operation, &json)
        };
        let answers: Vec<_> = beds.iter().map(answer).collect();
        for (bed, answer) in beds.iter().zip(&answers) {
            let store = bed.store;
            assert_eq!(answers[0], *answer, "{store}, CRM_SEED={seed}, step {step}: {operation} {json} by {actor:?}");
        }
        let outcome = match &answers[0] {
            Ok(answer) => {
                if org == ORG {
                    known.learn(operation, &serde_json::from_str(answer).unwrap());
                }
                "done"
            }
            Err(error) => error.split(' ').next().unwrap(),
        };
        assert_ne!(
            outcome, "unavailable",
            "CRM_SEED={seed}, step {step}: {operation} {json} by {actor:?}: {:?}",
            answers[0]
        );
        *codes.entry(outcome.to_owned()).or_insert(0) += 1;
    }
    let dumps: Vec<_> = beds.iter().map(Bed::dump).collect();
    for (bed, dump) in beds.iter().zip(&dumps) {
        let differ = || format!("{}, CRM_SEED={seed}:\n{}", bed.store, difference(&dumps[0], dump));
        assert!(dumps[0] == *dump, "{}", differ());
    }
    codes
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// Runs some steps under seeds of the moment, or all of them under the seed that is named.
fn on(stores: &[fn() -> Bed], steps: usize) -> BTreeMap<String, usize> {
    let seeds: Vec<u64> = match number("CRM_SEED") {
        Some(seed) => vec![seed],
        None => {
            let first = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
            println!("CRM_SEED={first} and on");
            (first..first + (steps as u64).div_ceil(1_000)).collect()
        }
    };
    let per_seed = steps.div_ceil(seeds.len());
    let mut codes: BTreeMap<String, usize> = BTreeMap::new();
    for seed in &seeds {
        for (code, count) in run(stores, *seed, per_seed) {
            *codes.entry(code).or_default() += count;
        }
    }
    println!("{codes:?}");
    assert!(codes["done"] * 5 > steps, "{codes:?}");
    codes
}

#[test]
fn model_every_store_answers_alike_byte_for_byte() {
    // Steps wait for servers: by default fewer.
    let steps = number("CRM_SERVER_STEPS").map_or(6_000, |steps| steps as usize);
    if !Bed::servers().is_empty() {
        on(&Bed::every(), steps);
    }
}

#[test]
fn model_memory_and_sqlite_answer_alike_byte_for_byte() {
    let steps = number("CRM_STEPS").map_or(100_000, |steps| steps as usize);
    let codes = on(&[Bed::memory, Bed::sqlite], steps);
    if number("CRM_SEED").is_none() {
        // A model that reaches nothing proves nothing.
        for code in [
            "done",
            "not_found",
            "forbidden",
            "actor_unknown",
            "invalid",
            "conflict",
            "same_name",
            "cursor_foreign",
            "idempotency_key_reused",
            "primary_contact_needed",
            "relation_circle",
            "in_recycle_bin",
        ] {
            assert!(codes.contains_key(code), "{code} never came: {codes:?}");
        }
    }
}
