//! Inputs of what is done with contracts, documents, approvals and products.

use crate::draws::*;
use crate::{Dice, Known};
use crm_core::Crm;
use crm_tests::POSITIONS;
use serde_json::{Value, json};

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

pub fn input(dice: &mut Dice, known: &mut Known, operation: &str, _crm: &Crm) -> Option<Value> {
    let id = |dice: &mut Dice, kind: &str| known.id(dice, kind);
    let customer = id(dice, "customer");
    Some(match operation {
        "create_contract" => {
            let mut contract = json!({"name": if dice.one_in(5) { text(dice) } else { "合同".to_owned() }});
            contract_fields(dice, known, &mut contract);
            maybe(dice, &mut contract, "customer_signatory", |dice| json!(format!("a{}经理", dice.below(9))));
            maybe(dice, &mut contract, "number", |dice| json!(format!("HT{}", dice.below(30))));
            maybe(dice, &mut contract, "parent", |dice| json!(id(dice, "contract")));
            if dice.one_in(8) {
                contract["amount"] = json!(dice.pick(&["-1", "-2.5", "-1000"]));
                let lowered = json!({"instalment": id(dice, "instalment"), "amount": decimal(dice)});
                maybe(dice, &mut contract, "lowers", |_| json!([lowered]));
            }
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
            maybe(dice, &mut query, "overdue", |dice| json!(dice.one_in(2)));
            maybe(dice, &mut query, "unpaid", |dice| json!(dice.one_in(2)));
            maybe(dice, &mut query, "expired", |dice| json!(dice.one_in(2)));
            maybe(dice, &mut query, "owner", person);
            maybe(dice, &mut query, "signed_from", day);
            maybe(dice, &mut query, "ends_to", day);
            maybe(dice, &mut query, "matching", |dice| {
                let amount = json!({"money": {"amount": "100", "currency": "CNY"}});
                json!({"field": {"key": dice.pick(&["unreceived", "received"]), "is": {*dice.pick(&["less", "at_least"]): amount}}})
            });
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
        _ => return None,
    })
}
