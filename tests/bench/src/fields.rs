//! Lists of customers with 20 custom fields each, narrowed and put in order by them: Q1, Q3.

use crate::generate::{self, NOW, Noon, manager, member};
use crate::recycling::ticked;
use crate::report::{Measure, percentiles};
use crate::setup::{self, ORG};
use crate::views::{LEAST_CALLS, PATIENCE, most_calls};
use crate::{Options, Result};
use crm_core::store::sql::sqlite::Durability;
use crm_core::store::sql::sqlite::rusqlite::{Connection, params};
use crm_core::{
    Actor, Condition, Crm, CustomFieldInput, CustomerOrder, CustomerQuery, Customized, DayRange, EntryCode, FieldKey,
    FieldOption, FieldOrder, FieldType, FieldValue, PageRequest, Test, View,
};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Instant;

/// Fields by which customers are found, and how many values each has.
const FILTERABLE: [(&str, FieldType, usize); 8] = [
    ("kind_of", FieldType::OneOf, 5),
    ("staff", FieldType::Integer, 1_000),
    ("budget", FieldType::Money, 100_000),
    ("since", FieldType::Date, 2_000),
    ("tags", FieldType::ManyOf, 5),
    ("code", FieldType::Text, 1_000_000),
    ("listed", FieldType::YesNo, 2),
    ("area", FieldType::Decimal, 10_000),
];

const CODES: [&str; 5] = ["v", "w", "x", "y", "z"];

/// What a customer has of a field, out of a number.
fn value(ty: FieldType, number: usize) -> Value {
    match ty {
        FieldType::OneOf => json!({"one_of": CODES[number % 5]}),
        FieldType::ManyOf => json!({"many_of": [CODES[number % 4], CODES[4]]}),
        FieldType::Integer => json!({"integer": number}),
        FieldType::Money => json!({"money": {"amount": number.to_string(), "currency": "CNY"}}),
        FieldType::Date => {
            let (year, month, day) = (2021 + number / 336, 1 + number / 28 % 12, 1 + number % 28);
            json!({"date": format!("{year}-{month:02}-{day:02}")})
        }
        FieldType::YesNo => json!({"yes_no": number == 0}),
        FieldType::Decimal => json!({"decimal": format!("{number}.50")}),
        _ => json!({"text": format!("T{number}")}),
    }
}

fn definitions() -> Result<Vec<(CustomFieldInput, usize)>> {
    let further = (0..12).map(|place| (format!("more{place}"), FieldType::Text, 1_000, false));
    let found = FILTERABLE.iter().map(|(key, ty, values)| ((*key).to_owned(), *ty, *values, true));
    let mut all = Vec::new();
    for (key, ty, values, filterable) in found.chain(further) {
        let mut field = CustomFieldInput::new(Customized::Customer, FieldKey::new(key.as_str())?, key, ty);
        field.filterable = filterable;
        if matches!(ty, FieldType::OneOf | FieldType::ManyOf) {
            for code in CODES {
                field.options.push(FieldOption { code: EntryCode::new(code)?, label: code.into(), retired: false });
            }
        }
        all.push((field, values));
    }
    Ok(all)
}

/// Every customer gets a value of every field, straight into its body; the library then makes what it finds them by.
fn prepared(crm: &Crm, bare: &Connection) -> Result<()> {
    let system = Actor::system(ORG, "bench")?;
    let host = crm.as_user(&system);
    if !host.custom_fields(Customized::Customer)?.is_empty() {
        return Ok(());
    }
    let definitions = definitions()?;
    let mut chance = generate::Chance(7);
    let bodies = {
        let mut all = bare.prepare("SELECT id, body FROM crm_customer WHERE org_id = ?1 ORDER BY id")?;
        let rows = all.query_map([ORG], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
        rows.collect::<std::result::Result<Vec<_>, _>>()?
    };
    bare.execute_batch("BEGIN")?;
    let mut update = bare.prepare("UPDATE crm_customer SET body = ?3 WHERE org_id = ?1 AND id = ?2")?;
    for (id, body) in bodies {
        let mut body: Value = serde_json::from_str(&body)?;
        let custom = definitions.iter().map(
            |(field, values)| json!({"field": field.key, "value": value(field.field_type, chance.below(*values))}),
        );
        body["custom"] = custom.collect();
        update.execute(params![ORG, id, body.to_string()])?;
    }
    drop(update);
    bare.execute_batch("COMMIT")?;
    for (field, _) in definitions {
        host.save_custom_field(field)?;
    }
    while ticked(&host)?.1 > 0 {}
    bare.execute_batch("ANALYZE")?;
    Ok(())
}

/// One question: its name, its target in milliseconds, and what is asked.
struct Case {
    name: &'static str,
    target: f64,
    condition: Condition,
    order: Order,
}

enum Order {
    Own(CustomerOrder),
    By(&'static str),
}

fn cases() -> Result<Vec<Case>> {
    let number = |number| FieldValue::Integer(number);
    let code = |code: &str| Ok::<_, crm_core::Error>(FieldValue::OneOf(EntryCode::new(code)?));
    let at_least = |key: &str, value| Condition::field(key, Test::AtLeast(value));
    let recent = Condition::field("custom.since", Test::Days(DayRange { from: Some(-30), to: Some(0) }));
    let tagged = Condition::field("custom.tags", Test::OneOf(vec![code("v")?, code("w")?]));
    let newest = || Order::Own(CustomerOrder::Newest);
    let one = |name, condition, order| Case { name, target: 15.0, condition, order };
    let three = |name, condition, order| Case { name, target: 100.0, condition, order };
    let text = |text: &str| FieldValue::Text(text.to_owned());
    Ok(vec![
        one("a-fifth/newest", Condition::equal("custom.kind_of", code("x")?), newest()),
        one("a-thousandth/newest", Condition::equal("custom.staff", number(500)), newest()),
        one("a-thousandth/by-name", Condition::equal("custom.staff", number(500)), Order::Own(CustomerOrder::Name)),
        one("one-of-all/newest", Condition::equal("custom.code", text("T77")), newest()),
        one("none/newest", Condition::equal("custom.staff", number(-1)), newest()),
        one("the-upper-hundredth/by-itself", at_least("custom.staff", number(990)), Order::By("staff")),
        one("the-upper-hundredth/newest", at_least("custom.staff", number(990)), newest()),
        one("of-30-days/by-itself", recent.clone(), Order::By("since")),
        three(
            "all-of-three/newest",
            Condition::All(vec![
                Condition::equal("custom.kind_of", code("y")?),
                at_least("custom.staff", number(900)),
                tagged.clone(),
            ]),
            newest(),
        ),
        three(
            "any-of-three/newest",
            Condition::Any(vec![
                Condition::equal("custom.staff", number(3)),
                Condition::equal("custom.code", text("T9")),
                recent,
            ]),
            newest(),
        ),
        three(
            "all-of-three-that-nobody-has/newest",
            Condition::All(vec![
                Condition::equal("custom.kind_of", code("y")?),
                at_least("custom.staff", number(1_000)),
                Condition::Not(Box::new(tagged)),
            ]),
            newest(),
        ),
    ])
}

/// Generates, measures.
pub fn run(options: &Options, dir: &Path) -> Result<()> {
    let customers = ((1_000_000.0 * options.scale) as usize).max(2_500);
    let path = dir.join(format!("fields-{customers}.db"));
    generate::fill(&path, customers, false)?;
    let bare = setup::bare(&path, "OFF")?;
    let crm = Crm::new(setup::store(&path, Durability::Normal)?, Noon);
    prepared(&crm, &bare)?;
    let people = [
        ("mine", member(0, 0), View::Mine),
        ("subordinates", manager(0), View::Subordinates),
        ("all", "admin".to_owned(), View::All),
    ];
    for case in cases()? {
        for (who, user, view) in &people {
            let name = format!("fields/{who}/{}", case.name);
            if !options.wants(&name) {
                continue;
            }
            let mut query = CustomerQuery { matching: Some(case.condition.clone()), ..view.clone().into() };
            match case.order {
                Order::Own(order) => query.order = Some(order),
                Order::By(field) => {
                    query.order_by = Some(FieldOrder { field: FieldKey::new(field)?, descending: true })
                }
            }
            let actor = Actor::user(ORG, user.as_str())?;
            let session = crm.as_user(&actor);
            let ask = || session.customers(query.clone(), PageRequest::first(20));
            let rows = ask()?.items.len();
            let (began, mut times) = (Instant::now(), Vec::new());
            while times.len() < LEAST_CALLS.min(most_calls(options))
                || (times.len() < most_calls(options) && began.elapsed() < PATIENCE)
            {
                let asked = Instant::now();
                ask()?;
                times.push(asked.elapsed());
            }
            let (p50, p99) = percentiles(&mut times);
            Measure {
                measure: &name,
                value: p99,
                unit: "ms p99",
                floor: None,
                judged: p99,
                target: Some((case.target, false)),
                on: json!({"what": "the first 20 that meet a condition on custom fields", "customers": customers,
                    "fields": 20, "rows": rows, "p50": p50, "at": NOW}),
            }
            .print();
        }
    }
    Ok(())
}
