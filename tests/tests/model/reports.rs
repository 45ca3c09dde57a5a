//! Inputs of reports.

use crate::draws::*;
use crate::{Dice, Known};
use crm_core::Crm;
use crm_tests::{PEOPLE, POSITIONS};
use serde_json::{Value, json};

fn whose(dice: &mut Dice) -> Value {
    match dice.below(6) {
        0 => json!({"kind": "person", "person": dice.pick(&PEOPLE).0}),
        1 => json!({"kind": "position", "position": dice.pick(&POSITIONS).0}),
        2 => json!({"kind": "all"}),
        n => json!({"kind": (["mine", "subtree", "subtree"][n - 3])}),
    }
}

fn spanned(dice: &mut Dice) -> Value {
    let from = *dice.pick(&["2026-11-01", "2026-11-23", "2025-01-01", "1900-01-01"]);
    json!({"of": whose(dice), "from": from, "to": dice.pick(&["2026-12-31", "2026-11-24", "2027-06-30"])})
}

fn of_months(dice: &mut Dice) -> Value {
    let to = dice.pick(&["2026-11-24", "2026-12-31", "2027-09-01", "2027-10-01"]);
    json!({"of": whose(dice), "from": dice.pick(&["2026-11-01", "2026-10-31"]), "to": to})
}

fn target(dice: &mut Dice) -> Value {
    let month = dice.pick(&["2026-11-01", "2026-11-30", "2026-12-15", "2027-01-01", "2036-12-01"]);
    // Few are set often: most of these versions are not there yet, or not any more.
    let mut target = json!({"month": month, "version": dice.pick(&[0, 0, 1, 2, 3])});
    match dice.one_in(2) {
        true => target["person"] = json!(dice.pick(&PEOPLE).0),
        false => target["position"] = json!(dice.pick(&POSITIONS).0),
    }
    for field in ["signed", "received"] {
        maybe(dice, &mut target, field, |dice| {
            let mut amount = json!({"amount": dice.pick(&["100", "0.5", "90071992547409.91", "0", "1.005"])});
            maybe(dice, &mut amount, "currency", currency);
            json!([amount])
        });
    }
    maybe(dice, &mut target, "new_customers", |dice| json!(dice.pick(&[1, 20, 0, 1_000_000_000])));
    maybe(dice, &mut target, "follow_ups", |dice| json!(dice.below(50)));
    maybe(dice, &mut target, "clear", |dice| json!([dice.pick(&["signed", "follow_ups", "month"])]));
    target
}

pub fn input(dice: &mut Dice, known: &mut Known, operation: &str, crm: &Crm) -> Option<Value> {
    Some(match operation {
        "customer_report" => {
            json!({"of": whose(dice), "by": dice.pick(&["level", "stage", "source", "industry", "region"])})
        }
        "activity_report" => {
            let mut query = spanned(dice);
            query["per"] = json!(dice.pick(&["day", "week", "month"]));
            query["by_person"] = json!(dice.one_in(2));
            json!({"query": query})
        }
        "sales_report" => {
            let mut query = spanned(dice);
            query["per"] = json!(dice.pick(&["month", "quarter", "year", "whole"]));
            query["basis"] = json!(dice.pick(&["signed", "received"]));
            maybe(dice, &mut query, "by", |dice| json!(dice.pick(&["person", "position", "product"])));
            maybe(dice, &mut query, "compare", |dice| json!(dice.pick(&["previous", "last_year"])));
            maybe(dice, &mut query, "in_base", |_| json!(true));
            maybe(dice, &mut query, "currency", |dice| json!(dice.pick(&["CNY", "USD"])));
            json!({"query": query})
        }
        "report_customers" => {
            let mut query = json!({"of": whose(dice)});
            maybe(dice, &mut query, "by", |dice| json!(dice.pick(&["level", "stage", "region"])));
            maybe(dice, &mut query, "code", |dice| json!(dice.pick(&["a", "contact", "杭州", ""])));
            maybe(dice, &mut query, "created_from", |_| json!("2026-11-24"));
            maybe(dice, &mut query, "created_to", |_| json!("2026-11-24"));
            json!({"query": query, "page": page(dice, known)})
        }
        "ageing_report" => json!({"of": whose(dice), "by": dice.pick(&[None, Some("person"), Some("position")])}),
        "report_instalments" => {
            let mut query = json!({"of": whose(dice)});
            maybe(dice, &mut query, "due_from", day);
            maybe(dice, &mut query, "due_to", day);
            maybe(dice, &mut query, "currency", currency);
            json!({"query": query, "page": page(dice, known)})
        }
        "report_receipts" => {
            let mut query = spanned(dice);
            maybe(dice, &mut query, "currency", currency);
            json!({"query": query, "page": page(dice, known)})
        }
        "report_follow_ups" => json!({"query": spanned(dice), "page": page(dice, known)}),
        "report_contracts" => {
            let mut query = spanned(dice);
            maybe(dice, &mut query, "product", |dice| json!(known.id(dice, "product")));
            maybe(dice, &mut query, "without_product", |_| json!(true));
            json!({"query": query, "page": page(dice, known)})
        }
        "set_targets" => {
            let many = 1 + dice.below(3);
            json!({"targets": (0..many).map(|_| target(dice)).collect::<Vec<_>>()})
        }
        "targets" => json!({"query": of_months(dice)}),
        "target_report" => {
            let mut query = of_months(dice);
            query["per"] = json!(dice.pick(&["month", "quarter", "year", "whole"]));
            query["by"] = json!(dice.pick(&["person", "position"]));
            maybe(dice, &mut query, "in_base", |_| json!(true));
            json!({"query": query})
        }
        "rebuild_rollups" => {
            let _ = crm;
            json!({})
        }
        _ => return None,
    })
}
