//! Random histories of customers and contracts, and what the reports on them must say, added up from the rows.

use crm_core::store::{Answer, Read, Search, Write};
use crm_core::{Actor, Session};
use crm_tests::{Bed, ORG, PEOPLE, POSITIONS, call, found};
use proptest::prelude::Rng as _;
use proptest::test_runner::{RngAlgorithm, TestRng};
use serde_json::{Value, json};

/// Chance, from a seed alone.
pub struct Dice(TestRng);

impl Dice {
    pub fn new(seed: u64) -> Self {
        let mut bytes = [11; 32];
        bytes[..8].copy_from_slice(&seed.to_be_bytes());
        Dice(TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.0.next_u64() % n.max(1) as u64) as usize
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// The people and positions of the standard world, and nothing else.
pub fn tree(bed: &Bed) {
    found(&bed.crm, ORG, &PEOPLE, &POSITIONS);
    for (number, name) in [("P-1", "机床"), ("P-2", "刀具"), ("P-3", "培训")] {
        let product = json!({"product": {"number": number, "name": name}});
        call(&bed.host(), "create_product", &product).unwrap();
    }
}

const SELLERS: [&str; 9] = ["alice", "bob", "mona", "dora", "xavier", "stan", "luis", "eve", "rhea"];

fn amount(dice: &mut Dice) -> String {
    // Great ones are rare: the sums of 100,000 contracts are to stay within what an amount may be.
    let minor = match dice.below(200) {
        0..10 => 1,
        10 => 999_999_999_999,
        _ => dice.below(9_000_000) as i64 + 10,
    };
    format!("{}.{:02}", minor / 100, minor % 100)
}

fn signing_day(dice: &mut Dice) -> String {
    let (year, month, day) = (2024 + dice.below(3), 1 + dice.below(12), 1 + dice.below(28));
    let month = if year == 2026 { 1 + month % 10 } else { month };
    format!("{year}-{month:02}-{day:02}")
}

fn contract(dice: &mut Dice, products: &[String], parent: Option<&Value>) -> Value {
    let mut new = json!({"name": "合同"});
    match parent {
        Some(parent) => {
            new["parent"] = parent["id"].clone();
            new["currency"] = parent["currency"].clone();
            if parent["currency"] != "CNY" {
                new["rate"] = parent["rate"].clone();
            }
        }
        None => match dice.below(6) {
            0 => (new["currency"], new["rate"]) = (json!("USD"), json!(dice.pick(&["7.1234", "6.999999"]))),
            1 => (new["currency"], new["rate"]) = (json!("JPY"), json!("0.048517")),
            _ => {}
        },
    }
    let yen = new["currency"] == "JPY";
    if dice.below(3) > 0 {
        let mut lines = Vec::new();
        for _ in 0..=dice.below(3) {
            let price = if yen { dice.below(90_000).to_string() } else { amount(dice) };
            let mut line = json!({"name": "行", "quantity": (["1", "2.5", "3"][dice.below(3)]), "price": price});
            if dice.below(4) > 0 {
                line["product"] = json!(dice.pick(products));
            }
            lines.push(line);
        }
        new["lines"] = json!(lines);
    }
    if new.get("lines").is_none() || dice.below(4) == 0 {
        let amount = if yen { dice.below(900_000).to_string() } else { amount(dice) };
        let sign = if parent.is_some() && dice.below(2) == 0 { "-" } else { "" };
        new["amount"] = json!(format!("{sign}{amount}"));
        if new.get("lines").is_some() {
            new["agreed_price"] = json!(true);
        }
    }
    new
}

/// Does so many things by chance. Much of it is refused; what is done is what counts.
pub fn history(bed: &Bed, seed: u64, steps: usize) {
    let mut dice = Dice::new(seed);
    let all = json!({"query": {}, "page": {"size": 100}});
    let products = call(&bed.host(), "products", &all).unwrap();
    let products: Vec<String> =
        products["items"].as_array().unwrap().iter().map(|own| own["id"].as_str().unwrap().to_owned()).collect();
    let (mut customers, mut contracts): (Vec<String>, Vec<Value>) = (Vec::new(), Vec::new());
    for step in 0..steps {
        let who = *dice.pick(&SELLERS);
        let session = bed.user(who);
        // However long the history is, it ends within the years that the oracle asks for.
        if dice.below(20) == 0 {
            let hours = 1 + dice.below(200) as i64;
            bed.clock.advance(if bed.now().to_string().as_str() < "2029" { 3_600_000 * hours } else { 1_000 });
        }
        let dims = |dice: &mut Dice| {
            json!({
                "level": dice.pick(&["a", "b", "c"]), "stage": dice.pick(&["contact", "needs", "won", "lost"]),
                "source": dice.pick(&["website", "other"]), "region": dice.pick(&["浙江", "江苏", "=1+1"]),
            })
        };
        match dice.below(28) {
            20.. if !contracts.is_empty() => {
                let at = dice.below(contracts.len());
                pay(bed, &mut dice, &contracts[at]["id"]);
            }
            0..=3 => {
                let mut new = if dice.below(3) > 0 { dims(&mut dice) } else { json!({}) };
                new["name"] = json!(format!("客户 {step}"));
                if let Ok(made) = call(&session, "create_customer", &json!({"customer": new})) {
                    customers.push(made["id"].as_str().unwrap().to_owned());
                }
            }
            4..=6 if !customers.is_empty() => {
                let id = dice.pick(&customers).clone();
                let adam = bed.user("adam");
                let Ok(customer) = call(&adam, "customer", &json!({"customer": id})) else { continue };
                let other = *dice.pick(&SELLERS);
                let owner = bed.user(customer["owner"].as_str().unwrap());
                let _ = match dice.below(5) {
                    0 => {
                        let mut edit = dims(&mut dice);
                        edit["version"] = customer["version"].clone();
                        call(&owner, "edit_customer", &json!({"customer": id, "edit": edit}))
                    }
                    1 => call(&adam, "transfer_customers", &json!({"customers": [id], "transfer": {"to": other}})),
                    2 => call(&owner, "delete_customer", &json!({"customer": id})),
                    3 => call(&owner, "restore_customer", &json!({"customer": id, "name": null})),
                    _ => {
                        let follow_up = json!({"content": "谈", "stage": dice.pick(&["needs", "won"])});
                        call(&owner, "follow_up", &json!({"customer": id, "follow_up": follow_up}))
                    }
                };
            }
            7..=12 if !customers.is_empty() => {
                let id = dice.pick(&customers).clone();
                let parent = if dice.below(3) == 0 && !contracts.is_empty() {
                    Some(dice.pick(&contracts).clone())
                } else {
                    None
                };
                let customer = parent.as_ref().map_or(json!(id), |parent| parent["customer"].clone());
                let adam = bed.user("adam");
                let Ok(owner) = call(&adam, "customer", &json!({"customer": customer})) else { continue };
                let owner = bed.user(owner["owner"].as_str().unwrap());
                let new = contract(&mut dice, &products, parent.as_ref());
                let Ok(made) = call(&owner, "create_contract", &json!({"customer": customer, "contract": new})) else {
                    continue;
                };
                let signed_on = signing_day(&mut dice);
                let submit = json!({"contract": made["id"], "version": 1, "signed_on": signed_on});
                if let Ok(signed) = call(&owner, "submit_contract", &submit) {
                    let known =
                        ["id", "customer", "currency", "rate"].map(|name| (name.to_owned(), signed[name].clone()));
                    contracts.push(known.into_iter().collect());
                }
            }
            13..=17 if !contracts.is_empty() => {
                let at = dice.below(contracts.len());
                change(bed, &mut dice, &mut contracts[at]);
            }
            18 if dice.below(30) == 0 => {
                let [from, into] = [*dice.pick(&["a", "b", "c"]), *dice.pick(&["a", "b", "c"])];
                let merge = json!({"dictionary": "level", "from": from, "into": into});
                if call(&bed.host(), "merge_dictionary_entries", &merge).is_ok() {
                    // It is taken back: what comes under its code again is counted apart from what was moved.
                    let entry = json!({"entry": {"dictionary": "level", "code": from, "label": "again", "order": 1}});
                    call(&bed.host(), "save_dictionary_entry", &entry).unwrap();
                }
            }
            _ => {}
        }
    }
}

/// Plans what is paid on a contract, receives some of it, takes it back, gives it back, writes it off.
fn pay(bed: &Bed, dice: &mut Dice, contract: &Value) {
    let adam = bed.user("adam");

    let Ok(view) = call(&adam, "contract", &json!({"contract": contract})) else { return };
    let yen = view["contract"]["currency"] == "JPY";
    let amount = |dice: &mut Dice| if yen { (1 + dice.below(400_000)).to_string() } else { amount(dice) };
    let money = amount(dice);
    let _ = match dice.below(9) {
        0..=2 => {
            let mut instalments = Vec::new();
            for _ in 0..=dice.below(3) {
                let due = format!("{}-{:02}-{:02}", 2025 + dice.below(3), 1 + dice.below(12), 1 + dice.below(28));
                let mut instalment = json!({"amount": amount(dice), "due_on": due});
                if dice.below(5) == 0 {
                    instalment = json!({"amount": amount(dice), "milestone": "验收", "milestone_days": 30});
                }
                instalments.push(instalment);
            }
            let plan = json!({"contract": contract, "revision": view["contract"]["payments"]["revision"], "instalments": instalments});
            call(&adam, "set_payment_plan", &plan)
        }
        3..=5 => {
            let on = format!("2026-{:02}-{:02}", 1 + dice.below(11), 1 + dice.below(20));
            let receipt = json!({"on": on, "amount": money, "as_credit": dice.below(4) == 0});
            call(&adam, "record_receipt", &json!({"contract": contract, "receipt": receipt}))
        }
        6 => {
            let of = json!({"query": {"of": {"kind": "contract", "contract": contract}}, "page": {"size": 20}});
            let Ok(page) = call(&adam, "receipts", &of) else { return };
            let items = page["items"].as_array().unwrap();
            if items.is_empty() {
                return;
            }
            let receipt = dice.pick(items)["receipt"]["id"].clone();
            call(&adam, "reverse_receipt", &json!({"receipt": receipt, "reason": "R"}))
        }
        7 => {
            let refund = json!({"on": "2026-11-20", "amount": money, "reason": "R"});
            call(&adam, "record_refund", &json!({"contract": contract, "refund": refund}))
        }
        _ => {
            let write_off = json!({"reason": "R", "amount": money});
            call(&adam, "write_off", &json!({"contract": contract, "write_off": write_off}))
        }
    };
}

/// Changes a contract by chance.
fn change(bed: &Bed, dice: &mut Dice, known: &mut Value) {
    let adam = bed.user("adam");
    let Ok(view) = call(&adam, "contract", &json!({"contract": known["id"]})) else { return };
    let contract = &view["contract"];
    let (id, version) = (contract["id"].clone(), contract["version"].clone());
    let transfer = json!({"contract": id, "transfer": {"version": version, "to": dice.pick(&SELLERS)}});
    let _ = match dice.below(6) {
        0 => call(&adam, "void_contract", &json!({"contract": id, "version": version, "reason": "R"})),
        1 => call(&adam, "complete_contract", &json!({"contract": id, "version": version})),
        2 => {
            let on = contract["signed_on"].clone();
            call(&adam, "terminate_contract", &json!({"contract": id, "version": version, "on": on, "reason": "R"}))
        }
        3 => call(&adam, "transfer_contract", &transfer),
        _ => call(&adam, "set_contract_performance", &transfer),
    };
}

/// Adds to every third sum what nothing counts for; says to how many.
pub fn damage(bed: &Bed) -> usize {
    let org = crm_core::OrgId::new(ORG).unwrap();
    let mut changes = crm_core::store::ChangeSet::new(org.clone());
    for (name, columns) in [("rollup", ["entries", "amount"]), ("rollup_year", ["entries_03", "base_amount_12"])] {
        let kind = *crm_core::KINDS.iter().find(|kind| kind.name == name).unwrap();
        let read = [Read::Find(Search::of(kind))];
        let Some(Answer::Rows(rows)) = bed.crm.store().read(&org, &read).unwrap().pop() else { panic!("no rows") };
        for mut row in rows.into_iter().step_by(3) {
            for value in &mut row.values {
                if let crm_core::store::Value::Integer(number) = value {
                    *number = 7;
                }
            }
            changes.writes.push(Write::Add { kind, row, columns: columns.to_vec() });
        }
    }
    bed.crm.store().commit(&changes).unwrap();
    changes.writes.len()
}

/// Leaves the organisation as one whose sums were made by an earlier edition of the library.
pub fn made_by_an_earlier_edition(bed: &Bed) {
    let kind = *crm_core::KINDS.iter().find(|kind| kind.name == "organisation").unwrap();
    let org = crm_core::OrgId::new(ORG).unwrap();
    let read = [Read::Find(Search::of(kind))];
    let Some(Answer::Rows(rows)) = bed.crm.store().read(&org, &read).unwrap().pop() else { panic!("no rows") };
    let mut changes = crm_core::store::ChangeSet::new(org);
    for mut row in rows {
        let mut body: Value = serde_json::from_str(&row.body).unwrap();
        assert!(body.as_object_mut().unwrap().remove("figures_edition").is_some());
        row.body = body.to_string();
        changes.writes.push(Write::Update { kind, row, changes: Vec::new() });
    }
    assert_eq!(changes.writes.len(), 1);
    bed.crm.store().commit(&changes).unwrap();
}

/// How many parts of sums stand beside them.
pub fn parts(bed: &Bed) -> usize {
    bed.dump().lines().filter(|line| line.starts_with("acme rollup") && line.contains('~')).count()
}

/// One of many who write at once.
pub fn busy(bed: &Bed, thread: usize) {
    let who = ["alice", "bob", "mona", "stan"][thread];
    let session: Session<'_> = bed.crm.as_user(&Actor::user(ORG, who).unwrap());
    for step in 0..12 {
        let new = json!({"customer": {"name": format!("{who} {step}"), "level": "a", "stage": "contact"}});
        let Ok(customer) = call(&session, "create_customer", &new) else { continue };
        let id = customer["id"].clone();
        let edit = json!({"customer": id, "edit": {"version": 1, "level": "b"}});
        let _ = call(&session, "edit_customer", &edit);
        let follow_up = json!({"customer": id, "follow_up": {"content": "谈", "stage": "won"}});
        let _ = call(&session, "follow_up", &follow_up);
        let contract = json!({"customer": id, "contract": {"name": "合同", "amount": "10.01"}});
        let Ok(made) = call(&session, "create_contract", &contract) else { continue };
        let _ = call(&session, "submit_contract", &json!({"contract": made["id"], "version": 1, "signed_on": null}));
    }
}
