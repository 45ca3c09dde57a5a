//! Inputs of what is done with payment plans and receipts.

use crate::draws::*;
use crate::{Dice, Known};
use crm_core::Crm;
use serde_json::{Value, json};

fn instalment(dice: &mut Dice, known: &Known) -> Value {
    let mut instalment = json!({});
    match dice.below(3) {
        0 => instalment["percent"] = json!(dice.pick(&["50", "50", "33.33", "100", "0", "101"])),
        _ => instalment["amount"] = decimal(dice),
    }
    if !dice.one_in(3) {
        instalment["due_on"] = day(dice);
    }
    maybe(dice, &mut instalment, "milestone", |_| json!("验收"));
    maybe(dice, &mut instalment, "milestone_days", |dice| json!(dice.pick(&[0, 30, -1, 3_651])));
    maybe(dice, &mut instalment, "condition", some_text);
    maybe(dice, &mut instalment, "id", |dice| json!(known.id(dice, "instalment")));
    instalment
}

fn whose(dice: &mut Dice, known: &Known) -> Value {
    match dice.below(5) {
        0 => json!({"kind": "customer", "customer": known.id(dice, "customer")}),
        1 => json!({"kind": "contract", "contract": known.id(dice, "contract")}),
        n => json!({"kind": (["mine", "subordinates", "all"][n - 2])}),
    }
}

pub fn input(dice: &mut Dice, known: &mut Known, operation: &str, _crm: &Crm) -> Option<Value> {
    let contract = known.id(dice, "contract");
    Some(match operation {
        "payment_plan" => json!({"contract": contract}),
        "draft_payment_plan" => {
            let mut generator = json!({});
            if dice.one_in(2) {
                generator["parts"] = json!(dice.pick(&[0, 1, 3, 7, 120, 121]));
            } else {
                let percents = [decimal(dice), json!("50"), json!("50")];
                generator["percents"] = json!(percents[dice.below(2)..]);
            }
            maybe(dice, &mut generator, "first_due_on", day);
            maybe(dice, &mut generator, "interval", |dice| {
                json!(dice.pick(&["month", "quarter", "half_year", "year"]))
            });
            json!({"contract": contract, "generator": generator})
        }
        "set_payment_plan" => {
            let revision = known.revisions.get(&contract).copied().unwrap_or_default() + i64::from(dice.one_in(10));
            let instalments: Vec<Value> = (0..dice.below(5)).map(|_| instalment(dice, known)).collect();
            json!({"contract": contract, "revision": revision, "instalments": instalments})
        }
        "record_receipt" => {
            let mut receipt = json!({"on": day(dice), "amount": decimal(dice)});
            maybe(dice, &mut receipt, "instalment", |dice| json!(known.id(dice, "instalment")));
            maybe(dice, &mut receipt, "as_credit", |_| json!(true));
            maybe(dice, &mut receipt, "method", |dice| json!(dice.pick(&["transfer", "cash", "none"])));
            maybe(dice, &mut receipt, "payer", some_text);
            maybe(dice, &mut receipt, "voucher", |dice| json!(format!("V{}", dice.below(5))));
            json!({"contract": contract, "receipt": receipt})
        }
        "record_receipts" => {
            let part = |dice: &mut Dice| json!({"contract": known.id(dice, "contract"), "amount": decimal(dice)});
            let parts: Vec<Value> = (0..dice.below(4)).map(|_| part(dice)).collect();
            let mut slip = json!({"on": "2026-11-23", "parts": parts});
            maybe(dice, &mut slip, "voucher", |dice| json!(format!("V{}", dice.below(5))));
            json!({"slip": slip})
        }
        "record_prepayment" => {
            let mut prepayment = json!({"on": day(dice), "amount": decimal(dice)});
            maybe(dice, &mut prepayment, "currency", currency);
            maybe(dice, &mut prepayment, "rate", decimal);
            maybe(dice, &mut prepayment, "voucher", |dice| json!(format!("V{}", dice.below(5))));
            json!({"customer": known.id(dice, "customer"), "prepayment": prepayment})
        }
        "use_prepayment" => json!({"contract": contract, "amount": decimal(dice), "instalment": null}),
        "allocate_credit" => {
            let amount = if dice.one_in(2) { decimal(dice) } else { Value::Null };
            let instalment = if dice.one_in(3) { json!(known.id(dice, "instalment")) } else { Value::Null };
            json!({"contract": contract, "amount": amount, "instalment": instalment})
        }
        "customer_credit" => json!({"customer": known.id(dice, "customer")}),
        "reverse_receipt" => json!({"receipt": known.id(dice, "receipt"), "reason": some_text(dice)}),
        "record_refund" => {
            let mut refund = json!({"on": "2026-11-23", "amount": decimal(dice), "reason": some_text(dice)});
            maybe(dice, &mut refund, "instalment", |dice| json!(known.id(dice, "instalment")));
            maybe(dice, &mut refund, "voucher", |dice| json!(format!("V{}", dice.below(5))));
            json!({"contract": contract, "refund": refund})
        }
        "write_off" => {
            let mut write_off = json!({"reason": some_text(dice)});
            maybe(dice, &mut write_off, "amount", decimal);
            maybe(dice, &mut write_off, "instalment", |dice| json!(known.id(dice, "instalment")));
            json!({"contract": contract, "write_off": write_off})
        }
        "date_instalment" => json!({"instalment": known.id(dice, "instalment"), "on": day(dice)}),
        "set_invoiced" => json!({"contract": contract, "amount": decimal(dice)}),
        "receipt" => json!({"receipt": known.id(dice, "receipt")}),
        "receipts" => {
            let mut query = json!({"of": whose(dice, known)});
            maybe(dice, &mut query, "receipt_kind", |dice| json!(dice.pick(&["receipt", "reversal", "refund"])));
            maybe(dice, &mut query, "method", |dice| json!(dice.pick(&["transfer", "cash"])));
            maybe(dice, &mut query, "owner", person);
            maybe(dice, &mut query, "from", day);
            maybe(dice, &mut query, "to", day);
            maybe(dice, &mut query, "text", some_text);
            json!({"query": query, "page": page(dice, known)})
        }
        "instalments" => {
            let mut query = json!({"of": whose(dice, known)});
            maybe(dice, &mut query, "overdue", |_| json!(true));
            maybe(dice, &mut query, "open", |_| json!(true));
            maybe(dice, &mut query, "owner", person);
            maybe(dice, &mut query, "due_from", day);
            maybe(dice, &mut query, "due_to", day);
            json!({"query": query, "page": page(dice, known)})
        }
        _ => return None,
    })
}
