//! Non-interference (A3): two databases that differ in what somebody may not see answer everything that he asks alike. What differs are fields
//! that are hidden from him, what of masked ones does not show, and what lies with customers that are not there for him.
//!
//! What is meant to show is not told apart here: names, numbers and owners (D1), and that a unique value is taken.

use crate::{Dice, Known, asked, input, number, spoil};
use crm_core::{Actor, OPERATIONS, SyncMode};
use crm_tests::{Bed, ORG, PEOPLE, POSITIONS, call, found};
use proptest::prelude::Rng as _;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What the watched person does not see.
const HIDDEN: [&str; 12] = [
    "customer.stage",
    "customer.credit_code",
    "customer.level",
    "customer.email",
    "customer.custom.f1",
    "customer.custom.f6",
    "contact.email",
    "contact.birthday",
    "contact.custom.f0",
    "customer.birthday",
    "follow_up.next_content",
    "contract.customer_signatory",
];
/// What he sees masked.
const MASKED: [&str; 3] = ["customer.phones", "customer.custom.f0", "contact.phones"];

/// All of that, but for a field that he sees nevertheless.
fn rights(seen: &str) -> Value {
    let right = |access: &'static str| move |field: &&str| json!({"field": field, "access": access});
    let read = [json!({"field": "customer.region", "access": "read"})];
    let all = HIDDEN.iter().filter(|field| **field != seen).map(right("hidden"));
    all.chain(MASKED.iter().filter(|field| **field != seen).map(right("masked"))).chain(read).collect()
}

/// The custom fields of both: customers' `f7` is there where `f6`, which is hidden, is `x`.
fn fields() -> Vec<Value> {
    let field =
        |key: &str, ty: &str| json!({"of": "customer", "key": key, "label": key, "field_type": ty, "filterable": true});
    let mut chosen = field("f6", "one_of");
    chosen["options"] = json!([{"code": "x", "label": "甲"}, {"code": "y", "label": "乙"}]);
    let mut shown = field("f7", "yes_no");
    shown["visible_when"] = json!({"field": {"key": "custom.f6", "is": {"equal": {"one_of": "x"}}}});
    shown["default_value"] = json!({"yes_no": true});
    let of_contacts = json!({"of": "contact", "key": "f0", "label": "f0", "field_type": "text", "filterable": true});
    vec![field("f0", "text"), field("f1", "integer"), field("f2", "decimal"), chosen, shown, of_contacts]
}

/// The same with other secrets: as many, as long, valid or not just the same.
fn twin(value: &mut Value) {
    let swapped = |text: &str| -> String {
        text.chars()
            .map(|c| match c {
                'a' => 'b',
                'b' => 'a',
                other => other,
            })
            .collect()
    };
    match value {
        Value::Array(items) => items.iter_mut().for_each(twin),
        Value::Object(object) => {
            for (name, own) in object.iter_mut() {
                match name.as_str() {
                    "level" => {
                        if let Some(code) = own.as_str() {
                            let other =
                                ["a", "b", "c", "a"].windows(2).find(|pair| pair[0] == code).map(|pair| pair[1]);
                            *own = json!(other.unwrap_or(code));
                        }
                    }
                    "stage" => {
                        let stages = ["contact", "needs", "won", "lost", "contact"];
                        let other = stages.windows(2).find(|pair| own.as_str() == Some(pair[0])).map(|pair| pair[1]);
                        if let Some(other) = other {
                            *own = json!(other);
                        }
                    }
                    "email" | "credit_code" | "next_content" | "customer_signatory" => {
                        if let Some(text) = own.as_str() {
                            *own = json!(swapped(text));
                        }
                    }
                    "phones" => {
                        for phone in own.as_array_mut().into_iter().flatten() {
                            *phone = json!(other_digits(phone.as_str().unwrap_or_default()));
                        }
                    }
                    "birthday" => {
                        if let Some(month) = own["month"].as_i64() {
                            own["month"] = json!(13 - month);
                        }
                    }
                    "value" => {
                        if let Some(number) = own["integer"].as_i64() {
                            *own = json!({"integer": number + 1});
                        } else if let Some(text) = own["text"].as_str() {
                            *own = json!({"text": other_digits(text)});
                        } else if let Some(code) = own["one_of"].as_str() {
                            let other = ["x", "y", "x"].windows(2).find(|pair| pair[0] == code).map(|pair| pair[1]);
                            *own = json!({"one_of": other.unwrap_or(code)});
                        }
                    }
                    _ => twin(own),
                }
            }
        }
        _ => {}
    }
}

/// Another number of which as much shows.
fn other_digits(text: &str) -> String {
    let place = |place: usize, c: char| match c {
        '0'..='9' if (3..7).contains(&place) && text.len() == 11 => char::from(b'0' + (9 - (c as u8 - b'0'))),
        other => other,
    };
    text.chars().enumerate().map(|(at, c)| place(at, c)).collect()
}

/// Secrets as they are mostly: numbers of eleven digits, codes and addresses that are some.
fn with_secrets(dice: &mut Dice, value: &mut Value) {
    let number = |dice: &mut Dice| format!("138{:04}{:04}", 500 * dice.below(20), dice.below(3));
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| with_secrets(dice, item)),
        Value::Object(object) => {
            for (name, own) in object.iter_mut() {
                match name.as_str() {
                    "phones" => *own = json!((0..1 + dice.below(2)).map(|_| number(dice)).collect::<Vec<_>>()),
                    "credit_code" => *own = json!(format!("91330100ab{:08}", dice.below(50))),
                    "email" => *own = json!(format!("a{}@b.example", dice.below(50))),
                    "value" if own.get("text").is_some() => *own = json!({"text": number(dice)}),
                    _ => with_secrets(dice, own),
                }
            }
        }
        _ => {}
    }
}

/// Both databases.
struct Pair {
    beds: [Bed; 2],
    seed: u64,
}

impl Pair {
    /// The watched person is careful in both.
    fn new(seed: u64, watched: &str, seen: &str) -> Self {
        let beds = [Bed::memory(), Bed::memory()];
        for bed in &beds {
            found(&bed.crm, ORG, &PEOPLE, &POSITIONS);
            let host = bed.host();
            for field in fields() {
                call(&host, "save_custom_field", &json!({ "field": field })).unwrap();
            }
            let careful = json!({"id": "careful", "name": "Careful", "people": [watched], "fields": rights(seen)});
            call(&host, "sync_roles", &json!({"roles": [careful], "mode": SyncMode::Delta})).unwrap();
            let mut settings = call(&host, "settings", &json!({})).unwrap();
            settings["duplicates"]["same_phone"] = json!("allow");
            settings["duplicates"]["same_credit_code"] = json!("allow");
            settings["pool"]["most_held"] = json!(0);
            call(&host, "change_settings", &json!({ "settings": settings })).unwrap();
        }
        Pair { beds, seed }
    }

    /// What others do: it succeeds in both, or in neither.
    fn others(&self, actor: &Actor, operation: &str, given: &Value) -> Option<Value> {
        self.in_step();
        let mut other = given.clone();
        twin(&mut other);
        let [one, two] = &self.beds;
        let answers = [(one, given), (two, &other)]
            .map(|(bed, given)| asked(&bed.crm.as_user(actor), operation, &given.to_string()));
        let word = |answer: &Result<String, String>| match answer {
            Ok(_) => "done".to_owned(),
            Err(error) => error.split(' ').next().unwrap_or_default().to_owned(),
        };
        assert_eq!(
            word(&answers[0]),
            word(&answers[1]),
            "CRM_SEED={}: what is made secret decides something: {operation} {given} and {other}: {answers:?}",
            self.seed
        );
        answers[0].as_ref().ok().map(|answer| serde_json::from_str(answer).unwrap())
    }

    /// What the watched person asks, and the answer, if it is alike in both; else by what he can tell them apart.
    fn watched(&self, actor: &Actor, operation: &str, json: &str) -> Result<Result<String, String>, String> {
        self.in_step();
        let [mut one, mut two] = self.beds.each_ref().map(|bed| asked(&bed.crm.as_user(actor), operation, json));
        if operation.starts_with("reveal_") {
            // It is there to tell, and writes down that it did.
            for answer in [&mut one, &mut two].into_iter().flatten() {
                let mut told: Value = serde_json::from_str(answer).unwrap();
                told["value"] = json!(told["value"].is_null());
                *answer = told.to_string();
            }
        }
        if one == two {
            return Ok(one);
        }
        Err(format!("CRM_SEED={}: {actor:?} can tell by {operation} {json}:\n{one:?}\n{two:?}", self.seed))
    }

    /// Both make the same ids from here on, whatever was made for others before.
    fn in_step(&self) {
        use crm_core::Environment as _;
        let drawn = |bed: &Bed| u128::from_be_bytes(bed.clock.entropy().unwrap());
        let most = self.beds.iter().map(drawn).max().unwrap_or_default();
        for bed in &self.beds {
            while drawn(bed) < most + 1 {}
        }
    }
}

/// What others do around the watched person, but for what changes the organisation.
const OTHERS: [&str; 30] = [
    "create_customer",
    "create_customer",
    "edit_customer",
    "edit_customer",
    "edit_customer",
    "edit_customers",
    "add_contact",
    "add_contact",
    "edit_contact",
    "edit_contact",
    "set_primary_contact",
    "remove_contact",
    "add_relation",
    "follow_up",
    "follow_up",
    "reply",
    "plan_follow_ups",
    "transfer_customers",
    "share_customer",
    "end_share",
    "merge_customers",
    "unmerge",
    "delete_customer",
    "restore_customer",
    "release_customers",
    "claim_customers",
    "create_contract",
    "submit_contract",
    "record_receipt",
    "attach_document",
];

/// Where secrets would show, if they did.
const LOOKING: [&str; 25] = [
    "contract",
    "contracts",
    "contract_history",
    "form",
    "customer",
    "customers",
    "customers",
    "search_customers",
    "customer_panels",
    "customer_history",
    "contact",
    "contacts",
    "contact_history",
    "preview_merge",
    "merge_customers",
    "merges",
    "merge",
    "check_duplicates",
    "check_contact_duplicates",
    "duplicate_groups",
    "customer_report",
    "report_customers",
    "follow_ups",
    "calendar",
    "reminders",
];

/// How often each answer came; or how the watched person, who sees a field nevertheless, can tell.
fn run(seed: u64, calls: usize, seen: &str) -> Result<BTreeMap<String, usize>, String> {
    let mut dice = Dice::new(seed);
    let watched = *dice.pick(&["alice", "mona", "xavier"]);
    let pair = Pair::new(seed, watched, seen);
    let me = Actor::user(ORG, watched).unwrap();
    let host = Actor::system(ORG, "test").unwrap();
    let mut known = Known { settings: 2, ..Known::default() };
    let mut unseen = Vec::new();
    let mut codes = BTreeMap::new();
    let mut done = 0;
    while done < calls {
        if dice.one_in(3) {
            let millis = *dice.pick(&[1_000, 60_000, 3_600_000, 86_400_000]);
            pair.beds.iter().for_each(|bed| bed.clock.advance(millis));
        }
        if dice.one_in(4) {
            pair.others(&host, "tick", &json!({}));
        }
        for _ in 0..1 + dice.below(3) {
            let operation = *dice.pick(&OTHERS);
            let line = ["alice", "bob", "xavier", "mona", "dora", "adam"];
            let who = Actor::user(ORG, *dice.pick(&line)).unwrap();
            if who == me {
                continue;
            }
            let mut given = input(&mut dice, &mut known, operation, &pair.beds[0].crm);
            let mut who = who;
            if operation == "create_customer" && !dice.one_in(4) {
                given["customer"]["owner"] = json!(watched);
                who = host.clone();
                if dice.one_in(3) {
                    given["customer"]["kind"] = json!("person");
                    given["customer"]["birthday"] =
                        json!({"calendar": "solar", "month": 1 + dice.below(12), "day": 1 + dice.below(28)});
                }
            }
            if operation == "share_customer" && dice.one_in(2) {
                given["share"]["person"] = json!(watched);
            }
            with_secrets(&mut dice, &mut given);
            if let Some(answer) = pair.others(&who, operation, &given) {
                known.learn(operation, &answer);
            }
        }
        // Another branch has customers that are not there for him, in one of the two another life.
        if dice.one_in(3) {
            let stan = Actor::user(ORG, "stan").unwrap();
            let name = format!("北方 {}", unseen.len());
            let new = json!({"customer": {"name": name, "phones": ["13800000000"], "level": "a"}});
            if let Some(made) = pair.others(&stan, "create_customer", &new) {
                unseen.push(made["id"].as_str().unwrap().to_owned());
            }
        }
        if let Some(customer) = unseen.last().filter(|_| dice.one_in(2)) {
            let stan = pair.beds[1].user("stan");
            let content = format!("拜访 {}", dice.0.next_u64());
            call(&stan, "follow_up", &json!({"customer": customer, "follow_up": {"content": content}})).unwrap();
            call(&stan, "add_contact", &json!({"customer": customer, "contact": {"name": content}})).unwrap();
        }
        for _ in 0..5 {
            let operation = if dice.one_in(2) { *dice.pick(&LOOKING) } else { dice.pick(OPERATIONS).name };
            let mut given = input(&mut dice, &mut known, operation, &pair.beds[0].crm);
            if operation.starts_with("check_") {
                // He guesses what somebody may have.
                with_secrets(&mut dice, &mut given);
            }
            let json = if dice.one_in(40) { spoil(&mut dice, given) } else { given.to_string() };
            let probed = unseen.last().filter(|_| dice.one_in(10));
            let json = match probed {
                Some(unseen) => known.ids.values().flatten().fold(json, |json, id| json.replace(id.as_str(), unseen)),
                None => json,
            };
            let answer = pair.watched(&me, operation, &json)?;
            done += 1;
            let code = match &answer {
                Ok(answer) => {
                    known.learn(operation, &serde_json::from_str(answer).unwrap());
                    format!("done {operation}")
                }
                Err(error) => error.split(' ').next().unwrap_or_default().to_owned(),
            };
            *codes.entry(code).or_default() += 1;
        }
    }
    Ok(codes)
}

#[test]
fn a3_what_may_not_be_seen_makes_no_difference() {
    // Sequences of five calls.
    let sequences = number("CRM_SEQUENCES").unwrap_or(20_000) as usize;
    let first = number("CRM_SEED")
        .unwrap_or_else(|| std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs());
    println!("CRM_SEED={first} and on");
    let worlds = if number("CRM_SEED").is_some() { 1 } else { sequences.div_ceil(250) };
    let mut codes: BTreeMap<String, usize> = BTreeMap::new();
    for seed in first..first + worlds as u64 {
        for (code, count) in run(seed, 250 * 5, "").unwrap_or_else(|told| panic!("{told}")) {
            *codes.entry(code).or_default() += count;
        }
    }
    println!("{codes:?}");
    if worlds > 10 {
        // A test that asks nothing proves nothing.
        for code in ["done customer", "done customers", "done customer_history", "done contacts", "done preview_merge"]
        {
            assert!(codes.contains_key(code), "{code} never came: {codes:?}");
        }
    }
}

#[test]
fn a3_what_may_be_seen_makes_a_difference() {
    // Otherwise the test above would prove nothing: each of the fields gives the pair away where it is not hidden.
    for seen in HIDDEN.iter().chain(&MASKED) {
        let told = (1..=100).find_map(|seed| run(seed, 250 * 5, seen).err());
        assert!(told.is_some(), "nobody can tell by {seen}");
    }
}
