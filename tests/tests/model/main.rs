//! The model test: random operations through `dispatch` on every store side by side. Every
//! answer is the same byte for byte, and so are the dumps at the end. `CRM_STEPS` says how many
//! operations (`CRM_SERVER_STEPS` on servers), `CRM_SEED` which ones: a failure prints the seed that repeats it.

mod contracts;
mod customers;
mod draws;
mod organisation;
mod payments;
mod reports;
mod secrets;

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
    /// Of the plans of contracts.
    revisions: BTreeMap<String, i64>,
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
            "save_query" | "saved_queries" | "mark_saved_query" => "saved_query",
            "create_contract" | "edit_contract" | "submit_contract" | "contracts" | "contract" => "contract",
            "record_receipt" | "record_receipts" | "record_prepayment" | "use_prepayment" | "record_refund"
            | "write_off" | "receipt" | "receipts" => "receipt",
            "approvals" | "approval" => "approval",
            "save_pool" | "pools" => "pool",
            "begin_export" | "exports" => "export",
            "begin_import" | "imports" => "import",
            "save_panel" | "panels" => "panel",
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
                        "customer" | "survivor" | "customers" => "customer",
                        "merge" => "merge",
                        "contract" | "supplements" | "snapshot" => "contract",
                        "instalments" | "instalment" => "instalment",
                        "reminder" => "reminder",
                        _ => kind,
                    };
                    self.walk(inner_kind, inner);
                }
                // A plan names its contract, a contract is one.
                if let Some(revision) = fields.get("payments").and_then(|own| own["revision"].as_i64())
                    && let Some(contract) = fields.get("contract").or(fields.get("id")).and_then(Value::as_str)
                {
                    self.revisions.insert(contract.to_owned(), revision);
                }
                if let Some(approval) = fields.get("approval").and_then(Value::as_str) {
                    let ids = self.ids.entry("approval").or_default();
                    if !ids.iter().any(|known| known == approval) {
                        ids.push(approval.to_owned());
                    }
                }
                if let Some(token) = fields.get("token").and_then(Value::as_str) {
                    self.ids.entry("calendar_token").or_default().push(token.to_owned());
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
/// An input of an operation, from the room that has it.
fn input(dice: &mut Dice, known: &mut Known, operation: &str, crm: &Crm) -> Value {
    [customers::input, contracts::input, payments::input, reports::input, organisation::input]
        .iter()
        .find_map(|input| input(dice, known, operation, crm))
        .unwrap_or_else(|| panic!("the model knows no input for {operation}"))
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
        // What is signed, planned and paid comes of several steps.
        "create_contract" | "submit_contract" | "set_payment_plan" | "record_receipt" => 8,
        "share_customer" | "customer" | "customer_panels" | "transfer_customers" => 6,
        "create_organisation"
        | "sync_people"
        | "deactivate_person"
        | "sync_positions"
        | "sync_roles"
        | "change_settings"
        | "save_panel"
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
    // With the parts of sums in their sums every store has the same rows. The first tick may do what makes others.
    for bed in beds.iter().chain(&beds) {
        bed.clock.advance(60_000);
        bed.crm.tick_all().unwrap();
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
