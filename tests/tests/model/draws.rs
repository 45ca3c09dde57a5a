//! What is drawn by chance for every room: texts, codes, instants, people, pages, amounts.

use crate::{Dice, Known};
use crm_core::Crm;
use crm_tests::PEOPLE;
use serde_json::{Value, json};

pub const TEXTS: [&str; 16] = [
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

pub fn text(dice: &mut Dice) -> String {
    match dice.below(30) {
        0 => "长".repeat(5_000),
        1 => "é".repeat(dice.below(300)),
        _ => (*dice.pick(&TEXTS)).to_owned(),
    }
}

pub fn some_text(dice: &mut Dice) -> Value {
    if dice.one_in(3) { json!(text(dice)) } else { json!(["杭州", "Region", "line one", "总监"][dice.below(4)]) }
}

pub fn code_of(dice: &mut Dice, dictionary: &str) -> Value {
    let codes: &[&str] = match dictionary {
        "level" => &["a", "b", "c", "d", "zz"],
        "stage" => &["contact", "needs", "won", "lost", "a"],
        "method" => &["phone", "visit", "wechat", "drum"],
        "relation_kind" => &["partner", "parent", "parent", "business", "dealer"],
        _ => &["other", "it", "website", ""],
    };
    json!(dice.pick(codes))
}

pub fn instant(dice: &mut Dice, crm: &Crm) -> Value {
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

pub fn person(dice: &mut Dice) -> Value {
    match dice.below(20) {
        0 => json!("nobody"),
        _ => json!(dice.pick(&PEOPLE).0),
    }
}

pub fn maybe(dice: &mut Dice, object: &mut Value, field: &str, value: impl FnOnce(&mut Dice) -> Value) {
    if dice.one_in(4) {
        object[field] = value(dice);
    }
}

pub fn page(dice: &mut Dice, known: &Known) -> Value {
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

/// A decimal, mostly one that may be.
pub fn decimal(dice: &mut Dice) -> Value {
    match dice.below(12) {
        0 => json!(dice.pick(&["", "1e3", "0.0000001", "9007199254740992", "-", "01.50", "-0", "NaN"])),
        1 => json!(0.1),
        2 => json!(dice.pick(&["9007199254740991", "-9007199254740991", "0.000001", "-5", "101"])),
        _ => json!(dice.pick(&["0", "1", "2.5", "0.335", "13", "6.00", "99.99", "1000", "0.005", "3"])),
    }
}

pub fn currency(dice: &mut Dice) -> Value {
    json!(dice.pick(&["CNY", "CNY", "CNY", "USD", "JPY", "KWD", "XYZ"]))
}

pub fn day(dice: &mut Dice) -> Value {
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

/// Rules that move customers to the pool.
pub fn rules(dice: &mut Dice) -> Value {
    let limits = |dice: &mut Dice| {
        let mut rule = json!({"enabled": !dice.one_in(4)});
        maybe(dice, &mut rule, "level", |dice| code_of(dice, "level"));
        maybe(dice, &mut rule, "idle_days", |dice| json!(dice.pick(&[1, 2, 7, 0])));
        maybe(dice, &mut rule, "undealt_days", |dice| json!(dice.pick(&[1, 5, 30])));
        maybe(dice, &mut rule, "holding_days", |dice| json!(dice.pick(&[2, 60])));
        rule
    };
    let rules: Vec<Value> = (0..dice.below(3)).map(|_| limits(dice)).collect();
    json!({
        "rules": rules,
        "protection_days": dice.below(3),
        "dealt": dice.pick(&["kept", "kept_until", "not_kept"]),
        "warn_days": dice.pick(&[json!([3, 1]), json!([1]), json!([]), json!([91])]),
        "working_days": dice.one_in(3),
    })
}

/// The types of the ten custom fields that the model makes, by their numbers.
const FIELD_TYPES: [&str; 10] =
    ["text", "integer", "decimal", "money", "date", "yes_no", "one_of", "many_of", "person", "auto_number"];

/// What forms are for.
pub const PURPOSES: [&str; 4] = ["create", "quick_create", "edit", "view"];

/// A layout to set: of a few fields, some of them required.
pub fn layout(dice: &mut Dice) -> Value {
    const FIELDS: [&str; 9] = [
        "customer.name",
        "customer.level",
        "customer.phones",
        "customer.custom.f0",
        "customer.custom.f9",
        "contact.name",
        "contact.title",
        "contact.custom.f0",
        "customer.none",
    ];
    let mut sections = Vec::new();
    for place in 0..1 + dice.below(2) {
        let fields: Vec<Value> = (0..dice.below(4))
            .map(|_| {
                json!({
                    "field": dice.pick(&FIELDS), "width": 1 + dice.below(5), "read_only": dice.one_in(8),
                    "required": dice.one_in(5),
                })
            })
            .collect();
        sections
            .push(json!({"key": format!("s{place}"), "title": "分区", "columns": 1 + dice.below(4), "fields": fields}));
    }
    let mut layout = json!({
        "of": dice.pick(&["customer", "contact"]), "purpose": dice.pick(&PURPOSES), "sections": sections,
    });
    maybe(dice, &mut layout, "left_out", |dice| json!([dice.pick(&FIELDS)]));
    layout
}

/// A custom field to make or to change; which one it is says what it holds.
pub fn custom_field(dice: &mut Dice) -> Value {
    let place = dice.below(10);
    let ty = FIELD_TYPES[place];
    let mut field = json!({
        "of": if dice.one_in(3) { "contact" } else { "customer" },
        "key": format!("f{place}"),
        "label": format!("字段{place}"),
        "field_type": if dice.one_in(12) { *dice.pick(&FIELD_TYPES) } else { ty },
        "retired": dice.one_in(10),
    });
    field["filterable"] = json!(!dice.one_in(3));
    if ["one_of", "many_of"].contains(&ty) {
        let options = [json!({"code": "x", "label": "甲"}), json!({"code": "y", "label": "乙"})];
        field["options"] = json!(if dice.one_in(4) { &options[..1] } else { &options[..] });
    }
    if ty == "auto_number" {
        field["number"] = json!("N{random}");
    }
    maybe(dice, &mut field, "required", |dice| json!(dice.one_in(3)));
    maybe(dice, &mut field, "default_value", |dice| field_value(dice, place));
    maybe(dice, &mut field, "least", |dice| field_value(dice, place));
    field["unique"] = json!(place == 1);
    if dice.one_in(6) {
        let of = dice.below(10);
        field["visible_when"] = json!({"field": {"key": format!("custom.f{of}"), "is": "empty"}});
    }
    field
}

/// A value of the custom field of this number, mostly of its type.
pub fn field_value(dice: &mut Dice, field: usize) -> Value {
    let field = if dice.one_in(12) { dice.below(10) } else { field };
    match field {
        0 => json!({"text": if dice.one_in(3) { text(dice) } else { "红".to_owned() }}),
        1 => json!({"integer": dice.below(5) as i64 - 2}),
        2 => json!({"decimal": *dice.pick(&["1", "1.50", "-2", "0.000001", "9007199254740991"])}),
        3 => {
            json!({"money": {"amount": *dice.pick(&["1", "10.50", "0.001"]), "currency": *dice.pick(&["CNY", "USD", "JPY"])}})
        }
        4 => json!({"date": *dice.pick(&["2026-11-23", "2026-01-01", "2028-02-29"])}),
        5 => json!({"yes_no": dice.one_in(2)}),
        6 => json!({"one_of": *dice.pick(&["x", "y", "z"])}),
        7 => json!({"many_of": [*dice.pick(&["x", "y"]), *dice.pick(&["x", "y", "z"])]}),
        8 => json!({"person": person(dice)}),
        _ => json!({"text": "N1"}),
    }
}
