//! Bad input, field by field: the fields are those of the OpenAPI document, so that a new one is
//! tried without a line here. A typed error, nothing changed, never a panic. H5, and the bounds
//! that C1, C2, F1 and G1 set.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use crm_core::{Actor, Error, OPERATIONS, Operation};
use crm_tests::{Bed, Role, World, call, cases, code, difference, in_every_world, refused, violates};
use serde_json::{Value, json};

/// Where a field stands: names of fields and places in lists.
#[derive(Debug, Clone)]
enum Step {
    Field(String),
    Item,
}

/// A field of an input: where it stands and its schema.
struct Field {
    path: Vec<Step>,
    schema: Value,
}

impl Field {
    fn name(&self) -> String {
        self.path
            .iter()
            .map(|step| match step {
                Step::Field(name) => format!(".{name}"),
                Step::Item => "[0]".to_owned(),
            })
            .collect()
    }

    fn is(&self, ty: &str) -> bool {
        match &self.schema["type"] {
            Value::String(own) => own == ty,
            Value::Array(own) => own.iter().any(|own| own == ty),
            // A choice of variants is an object here, or an enumeration of texts.
            _ => {
                ty == if self.schema.get("oneOf").is_some_and(|all| all[0]["type"] == "object") {
                    "object"
                } else {
                    "string"
                }
            }
        }
    }

    fn optional(&self) -> bool {
        self.is("null") || self.schema.get("default").is_some() || self.schema["nullable"] == true
    }
}

/// How deep fields are looked for.
const DEEPEST: usize = 9;

struct Schemas(Value);

impl Schemas {
    fn resolve(&self, schema: &Value) -> Value {
        if let Some(name) = schema["$ref"].as_str() {
            let name = name.rsplit('/').next().unwrap();
            let mut resolved = self.resolve(&self.0["components"]["schemas"][name]);
            if let Some(default) = schema.get("default") {
                resolved["default"] = default.clone();
            }
            return resolved;
        }
        // Something or nothing.
        if let Some(any) = schema["anyOf"].as_array() {
            let mut resolved = self.resolve(any.iter().find(|schema| schema["type"] != "null").unwrap());
            resolved["nullable"] = json!(true);
            return resolved;
        }
        schema.clone()
    }

    fn walk(&self, schema: &Value, path: Vec<Step>, found: &mut Vec<Field>) {
        // What may stand within itself has the same fields further in.
        if path.len() > DEEPEST {
            return;
        }
        let schema = self.resolve(schema);
        let variants = schema["oneOf"].as_array().cloned().unwrap_or_default();
        for part in variants.iter().chain([&schema]) {
            for (name, inner) in part["properties"].as_object().into_iter().flatten() {
                self.walk(inner, [path.clone(), vec![Step::Field(name.clone())]].concat(), found);
            }
        }
        if let Some(items) = schema.get("items") {
            self.walk(items, [path.clone(), vec![Step::Item]].concat(), found);
        }
        found.push(Field { path, schema });
    }

    fn fields(&self, operation: &Operation) -> Vec<Field> {
        let path = format!("/api/{}", operation.name);
        let schema = &self.0["paths"][&path]["post"]["requestBody"]["content"]["application/json"]["schema"];
        let mut found = Vec::new();
        self.walk(schema, Vec::new(), &mut found);
        assert!(found.last().unwrap().schema["properties"].is_object() || found.len() == 1, "{}", operation.name);
        found
    }
}

/// The input with a value put in a place; what stands in the way is made.
fn with(mut input: Value, path: &[Step], value: Value) -> Value {
    let mut at = &mut input;
    for step in path {
        at = match step {
            Step::Field(name) => {
                if !at.is_object() {
                    *at = json!({});
                }
                &mut at[name]
            }
            Step::Item => {
                if at.as_array().is_none_or(Vec::is_empty) {
                    *at = json!([null]);
                }
                &mut at[0]
            }
        };
    }
    *at = value;
    input
}

/// What may come out of a bad value.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    /// It must be refused as invalid, with a field.
    Invalid,
    /// It must be refused, however.
    Refused,
    /// It may be taken, or refused with a typed error.
    Any,
}

fn bad_values(field: &Field, world: &World, thorough: bool) -> Vec<(Value, Fate)> {
    use Fate::{Any, Invalid, Refused};
    let mut bad = Vec::new();
    if field.is("string") {
        bad.push((json!("长".repeat(5_000)), Refused));
        bad.push((json!("a\u{0}b"), Refused));
        bad.push((json!("bell\u{7}"), Refused));
        bad.push((json!(""), Any));
        bad.push((json!(" \u{3000}\t"), Any));
        bad.push((json!("\u{200b}\u{feff}"), Any));
        bad.push((json!("'; DROP TABLE crm_customer; --"), Any));
        bad.push((json!("\u{202e}gnp.exe"), Any));
        bad.push((json!("-"), Any));
        if thorough {
            bad.push((json!("x".repeat(1_000_000)), Refused));
        }
    }
    if field.schema["format"] == "uuid" {
        for id in
            [world.foreign.to_string(), world.share.to_string(), world.reply.to_string(), cases::ABSENT.to_owned()]
        {
            bad.push((json!(id), Any));
        }
        for id in [
            "{0193a000-0000-7000-8000-00000000dead}",
            "0193a00000007000800000000000dead",
            "urn:uuid:0193a000-0000-7000-8000-00000000dead",
        ] {
            bad.push((json!(id), Invalid));
        }
    }
    if field.schema["format"] == "date-time" {
        for at in [
            "1899-12-31T23:59:59Z",
            "10000-01-01T00:00:00Z",
            "2026-02-30T00:00:00Z",
            "2026-11-23",
            "2026-11-23T25:00:00Z",
            "2026-11-23T07:00:00+99:00",
            "-0001-01-01T00:00:00Z",
            "now",
        ] {
            bad.push((json!(at), Invalid));
        }
        for at in ["1900-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z", "2026-12-31T23:59:60Z"] {
            bad.push((json!(at), Any));
        }
    }
    if field.is("integer") || field.is("number") {
        for number in
            [json!(i64::MIN), json!(i64::MAX), json!(u64::MAX), json!(-1), json!(0), json!(9_007_199_254_740_993_i64)]
        {
            bad.push((number, Any));
        }
        if field.is("integer") {
            bad.push((json!(1.5), Invalid));
            bad.push((json!(1e300), Invalid));
        } else {
            bad.push((json!(1e300), Refused));
        }
    }
    if field.is("array") {
        bad.push((json!(vec![json!({}); 3]), Refused));
        if thorough {
            let item = json!({"id": "x", "name": "x"});
            bad.push((json!(vec![json!("x"); 20_001]), Refused));
            bad.push((json!(vec![item; 20_001]), Refused));
        }
    }
    if field.is("object") {
        bad.push((json!({"__proto__": {}}), Refused));
    }
    // Wrong types.
    let values = [
        ("string", json!("text")),
        ("integer", json!(7)),
        ("boolean", json!(true)),
        ("array", json!([[]])),
        ("object", json!({"a": 1})),
    ];
    for (ty, value) in values {
        let fits = field.is(ty) || ty == "integer" && field.is("number");
        if !fits {
            bad.push((value, if field.path.is_empty() { Refused } else { Invalid }));
        }
    }
    if !field.optional() {
        bad.push((Value::Null, Any));
    }
    bad
}

fn check(
    operation: &Operation,
    field: &str,
    given: &str,
    answer: Result<String, Error>,
    fate: Fate,
) -> Result<bool, String> {
    let short: String = given.chars().take(300).collect();
    // Of a batch of one, what became of the item.
    let item = |answer: &String| {
        serde_json::from_str::<Value>(answer).ok()?.get("items")?.get(0)?.get("error")?.as_str().map(str::to_owned)
    };
    match answer {
        Ok(answer) if operation.command && item(&answer).is_some() => match item(&answer).unwrap().as_str() {
            "unavailable" => Err(format!("{}{field} answered {short} with {answer}", operation.name)),
            other if fate == Fate::Invalid && other != "invalid" => {
                Err(format!("{}{field} answered {short} with {other}", operation.name))
            }
            _ => Ok(false),
        },
        Ok(_) if fate == Fate::Any || !operation.command && fate == Fate::Refused => Ok(operation.command),
        Ok(answer) => {
            let answer: String = answer.chars().take(200).collect();
            Err(format!("{}{field} took {short}: {answer}", operation.name))
        }
        Err(error) => {
            let fields_named =
                error.violations().iter().all(|violation| !violation.field.is_empty() && !violation.code.is_empty());
            if error.code() == "unavailable"
                || !fields_named
                || error.code() == "invalid" && error.violations().is_empty()
            {
                return Err(format!("{}{field} answered {short} with {error:?}", operation.name));
            }
            if fate == Fate::Invalid && error.code() != "invalid" {
                return Err(format!("{}{field} answered {short} with {}", operation.name, error.code()));
            }
            Ok(false)
        }
    }
}

/// A call with a bad value.
struct Attempt {
    operation: &'static str,
    field: String,
    given: String,
    actor: Actor,
}

impl Attempt {
    fn answer(&self, world: &World) -> Result<String, Error> {
        world.bed.crm.as_user(&self.actor).dispatch(self.operation, &self.given)
    }
}

/// Who may do an operation, so that it is the value which is refused.
fn who_may(operation: &str) -> Actor {
    match operation {
        "create_organisation" => Actor::system("acme", "test").unwrap(),
        // Alone of her customer's, alice follows up and corrects.
        _ if operation.contains("correct_follow_up") => Role::Owner.actor(),
        _ if operation.contains("correct_reply") => Role::Superior.actor(),
        _ => Role::Administrator.actor(),
    }
}

/// Notes attempts that were refused if something has changed since the last look.
fn unchanged(world: &World, before: &mut String, refused: &mut Vec<Attempt>, wrong: &mut Vec<String>) {
    let attempts = std::mem::take(refused);
    let after = world.bed.dump();
    if after != *before {
        let short = |attempt: &Attempt| attempt.given.chars().take(200).collect::<String>();
        let calls = attempts.iter().map(|attempt| format!("{}{} {}", attempt.operation, attempt.field, short(attempt)));
        let calls: Vec<String> = calls.collect();
        wrong.push(format!("one of these changed:\n{}\n{}", calls.join("\n"), difference(before, &after)));
        *before = after;
    }
}

fn every_field(make: fn() -> Bed, thorough: bool) {
    let schemas = Schemas(crm_core::openapi_document("/api"));
    let mut world = World::in_bed(make());
    let mut before = world.bed.dump();
    let (mut tried, mut wrong, mut refused) = (0, Vec::new(), Vec::new());
    for operation in OPERATIONS {
        let fields = schemas.fields(operation);
        for field in &fields {
            let mut calls: Vec<(String, Fate)> = Vec::new();
            let (_, input) = cases::case(operation.name, &world, false).unwrap();
            for (value, fate) in bad_values(field, &world, thorough) {
                calls.push((with(input.clone(), &field.path, value).to_string(), fate));
            }
            if field.is("string") && !field.path.is_empty() {
                let text = with(input.clone(), &field.path, json!("@@")).to_string();
                for lone in ["\\ud800", "\\udc00", "\\ud800\\ud800", "\\u12"] {
                    calls.push((text.replace("@@", lone), Fate::Invalid));
                }
            }
            if field.is("object") && field.schema["properties"].is_object() | field.schema["oneOf"].is_array() {
                let mut path = field.path.clone();
                path.push(Step::Field("unknown_field".to_owned()));
                calls.push((with(input.clone(), &path, json!(1)).to_string(), Fate::Invalid));
            }
            for (given, fate) in calls {
                let actor = who_may(operation.name);
                let attempt = Attempt { operation: operation.name, field: field.name(), given, actor };
                let answer = attempt.answer(&world);
                tried += 1;
                match check(operation, &attempt.field, &attempt.given, answer, fate) {
                    Ok(false) => refused.push(attempt),
                    taken => {
                        wrong.extend(taken.err());
                        // What was refused before is tried again on its own, where it can be seen to change nothing.
                        world = World::in_bed(make());
                        before = world.bed.dump();
                        for attempt in &refused {
                            let _ = attempt.answer(&world);
                        }
                        unchanged(&world, &mut before, &mut refused, &mut wrong);
                    }
                }
            }
        }
        if operation.name == "events" {
            // Reading events numbers them first: that is not a change of anything.
            before = world.bed.dump();
            refused.clear();
        }
        unchanged(&world, &mut before, &mut refused, &mut wrong);
    }
    println!("{tried} bad inputs");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(tried > 2_000);
}

#[test]
fn h5_every_field_of_every_operation_in_memory() {
    every_field(Bed::memory, true);
}

#[test]
fn h5_every_field_of_every_operation_in_sqlite() {
    every_field(Bed::sqlite, false);
}

#[test]
fn h5_what_is_no_json_is_malformed() {
    in_every_world(|world| {
        let before = world.bed.dump();
        let deep = |open: &str| open.repeat(100_000);
        let ten_megabytes = "x".repeat(10_000_000);
        for operation in OPERATIONS.iter().filter(|operation| operation.name != "create_organisation") {
            let session = world.role(Role::Administrator);
            for text in
                ["", " ", "null", "[]", "7", "\"x\"", "{", "{}}", "{\"a\"}", "\u{feff}{}", "{\"customer\":", "nan"]
            {
                refused(session.dispatch(operation.name, text), "invalid");
            }
            for text in [deep("["), deep("{\"customer\":"), format!("{{\"customer\":{}", deep("["))] {
                refused(session.dispatch(operation.name, &text), "invalid");
            }
        }
        for (operation, field) in
            [("create_customer", "customer"), ("customer", "customer"), ("people", "text"), ("events", "consumer")]
        {
            let input = json!({field: ten_megabytes, "limit": 1});
            refused(world.role(Role::Administrator).dispatch(operation, &input.to_string()), "invalid");
        }
        let twice = r#"{"customer":{"name":"A","name":"B"}}"#;
        refused(world.role(Role::Owner).dispatch("create_customer", twice), "invalid");
        refused(world.role(Role::Owner).dispatch("no_such", "{}"), "operation_unknown");
        assert_eq!(world.bed.dump(), before);
    });
}

#[test]
fn h5_a_key_given_twice_is_named() {
    in_every_world(|world| {
        let twice = r#"{"customer": {"name": "A", "name": "B"}}"#;
        violates(world.user("alice").dispatch("create_customer", twice), "customer.name", "repeated");
    });
}

#[test]
fn h5_fields_that_may_not_be_given_are_named() {
    in_every_world(|world| {
        let alice = world.user("alice");
        for field in [
            "id",
            "owner_name",
            "version",
            "created_by",
            "created_at",
            "status",
            "deleted_at",
            "received_at",
            "idle_since",
            "__proto__",
            "org",
        ] {
            let input = json!({"customer": {"name": "X", field: "x"}});
            violates(call(&alice, "create_customer", &input), &format!("customer.{field}"), "not_allowed");
            let input = json!({"customer": world.customer, "edit": {"version": 1, "id": world.third}});
            violates(call(&alice, "edit_customer", &input), "edit.id", "not_allowed");
        }
        let owner = json!({"customer": world.customer, "edit": {"version": 1, "owner": "bob"}});
        violates(call(&alice, "edit_customer", &owner), "edit.owner", "not_allowed");
        violates(call(&alice, "edit_customer", &json!({"edit": {"version": 1}})), "customer", "required");
    });
}

/// A first page of one and its marker, of every list that has pages.
fn lists(world: &World) -> Vec<(&'static str, Value, &'static str)> {
    let alice = world.user("alice");
    let masked = json!([{"field": "contact.phones", "access": "masked"}]);
    let careful = json!({"id": "careful", "name": "Careful", "people": ["rhea"], "fields": masked});
    call(&world.bed.host(), "sync_roles", &json!({"roles": [careful], "mode": "delta"})).unwrap();
    for _ in 0..3 {
        let phones = json!({"contact": world.primary, "field": "phones"});
        call(&world.user("rhea"), "reveal_contact_field", &phones).unwrap();
    }
    for n in 0..3 {
        let draft = json!({"draft": {"name": "Partner"}});
        call(&world.user("stan"), "check_duplicates", &draft).unwrap();
        let version = alice.customer(world.customer).unwrap().version;
        let edit = json!({"customer": world.customer, "edit": {"version": version, "region": format!("R{n}")}});
        call(&alice, "edit_customer", &edit).unwrap();
        let contact = call(&alice, "contact", &json!({"contact": world.primary})).unwrap();
        let edit = json!({"contact": world.primary, "edit": {"version": contact["version"], "title": format!("T{n}")}});
        call(&alice, "edit_contact", &edit).unwrap();
        call(&alice, "follow_up", &json!({"customer": world.customer, "follow_up": {"content": "x"}})).unwrap();
        let written = call(&alice, "follow_up_with_replies", &json!({"follow_up": world.follow_up})).unwrap();
        let correct = json!({"follow_up": world.follow_up, "version": written["follow_up"]["version"], "content": format!("C{n}")});
        call(&alice, "correct_follow_up", &correct).unwrap();
        call(&alice, "reply", &json!({"follow_up": world.follow_up, "reply": {"content": "x", "to": null}})).unwrap();
        let correct = json!({"reply": world.reply, "version": n + 1, "content": format!("R{n}")});
        call(&world.user("mona"), "correct_reply", &correct).unwrap();
        let entry = json!({"contract": world.contract, "entry": {"kind": "risk", "value": n + 1}});
        call(&alice, "add_contract_entry", &entry).unwrap();
        let document = json!({"customer": world.customer, "document": cases::document()});
        call(&alice, "attach_document", &document).unwrap();
        let new = json!({"customer": world.partner, "contract": {"name": format!("K{n}"), "amount": "1"}});
        call(&alice, "create_contract", &new).unwrap();
        let edit = json!({"contract": world.draft, "edit": {"version": n + 1, "note": format!("N{n}")}});
        call(&alice, "edit_contract", &edit).unwrap();
        let receipt = json!({"contract": world.contract, "receipt": {"on": "2026-11-23", "amount": "1"}});
        call(&alice, "record_receipt", &receipt).unwrap();
        let mut settings = world.bed.host().settings().unwrap();
        settings.contract.approval = vec!["sign".to_owned()];
        world.bed.host().change_settings(settings).unwrap();
        let made = call(&alice, "create_contract", &new).unwrap();
        let submit = json!({"contract": made["id"], "version": 1, "signed_on": null});
        call(&alice, "submit_contract", &submit).unwrap();
        let edit = json!({"product": world.product, "edit": {"version": n + 1, "unit": format!("U{n}")}});
        call(&world.user("adam"), "edit_product", &edit).unwrap();
        call(&world.user("adam"), "create_product", &json!({"product": {"name": format!("P{n}")}})).unwrap();
        let hand_over = json!({"hand_over": {"from": "eve", "to": "rhea"}});
        call(&world.user("adam"), "hand_over", &hand_over).unwrap();
        let export = json!({"export": {"products": {}, "language": "en"}});
        call(&world.user("adam"), "begin_export", &export).unwrap();
        let import = json!({"input": {"file": "f.csv", "headers": ["客户名称"]}});
        call(&alice, "begin_import", &import).unwrap();
        let rows = json!([[format!("Row {n}"), "no level"]]);
        call(&alice, "import_rows", &json!({"import_id": world.import, "first": n + 1, "rows": rows})).unwrap();
        let mut settings = world.bed.host().settings().unwrap();
        settings.recycle_bin_days += 1;
        world.bed.host().change_settings(settings).unwrap();
    }
    for (place, name) in ["鲲鹏", "白鹭", "苍狼"].iter().flat_map(|name| [("杭州", name), ("", name)]) {
        let customer = json!({"customer": {"name": format!("{place}{name}信息技术有限公司")}});
        call(&alice, "create_customer", &customer).unwrap();
    }
    call(&world.user("adam"), "find_duplicate_groups", &json!({"score": null})).unwrap();
    let plan = json!([{"amount": "1", "due_on": "2027-01-31"}, {"amount": "2", "due_on": "2027-02-28"}, {"amount": "2", "milestone": "M"}]);
    let plan = json!({"contract": world.contract, "revision": 3, "instalments": plan});
    call(&alice, "set_payment_plan", &plan).unwrap();
    for content in ["好", "继续"] {
        let reply = json!({"follow_up": world.follow_up, "reply": {"content": content}});
        call(&world.user("mona"), "reply", &reply).unwrap();
    }
    let figure = json!({"of": {"kind": "mine"}, "from": "2026-01-01", "to": "2026-12-31"});
    vec![
        ("report_customers", json!({"query": {"of": {"kind": "mine"}}}), "alice"),
        ("report_follow_ups", json!({"query": figure}), "alice"),
        ("report_contracts", json!({"query": figure}), "alice"),
        ("report_receipts", json!({"query": figure}), "alice"),
        ("report_instalments", json!({"query": {"of": {"kind": "mine"}}}), "alice"),
        ("customers", json!({"query": {"view": {"kind": "mine"}}}), "alice"),
        ("customers", json!({"query": {"view": {"kind": "mine"}, "order": "name"}}), "alice"),
        ("saved_query_customers", json!({"query": world.saved}), "alice"),
        ("contacts", json!({"filter": {}}), "alice"),
        ("customer_history", json!({"customer": world.customer}), "alice"),
        ("contact_history", json!({"contact": world.primary}), "alice"),
        ("follow_up_history", json!({"follow_up": world.follow_up}), "alice"),
        ("settings_history", json!({}), "adam"),
        ("hand_overs", json!({}), "adam"),
        ("reminders", json!({"query": {}}), "alice"),
        ("duplicate_lookups", json!({}), "adam"),
        ("field_reveals", json!({}), "adam"),
        ("exports", json!({}), "adam"),
        ("imports", json!({}), "alice"),
        ("import_report", json!({"import_id": world.import}), "alice"),
        ("duplicate_groups", json!({}), "adam"),
        ("products", json!({"query": {}}), "alice"),
        ("products", json!({"query": {"order": "newest"}}), "alice"),
        ("product_history", json!({"product": world.product}), "alice"),
        ("contracts", json!({"query": {"of": {"kind": "mine"}}}), "alice"),
        ("contracts", json!({"query": {"of": {"kind": "of", "customer": world.partner}, "order": "number"}}), "alice"),
        ("contract_entries", json!({"contract": world.contract, "kind": "risk"}), "alice"),
        ("receipts", json!({"query": {"of": {"kind": "mine"}}}), "alice"),
        ("receipts", json!({"query": {"of": {"kind": "contract", "contract": world.contract}}}), "alice"),
        ("instalments", json!({"query": {"of": {"kind": "mine"}}}), "alice"),
        ("documents", json!({"of": {"kind": "customer", "customer": world.customer}}), "alice"),
        ("contract_history", json!({"contract": world.draft}), "alice"),
        ("approvals", json!({"pending": true}), "alice"),
        ("approvals", json!({"pending": false}), "mona"),
        ("replies", json!({"follow_up": world.follow_up}), "alice"),
        ("reply_history", json!({"reply": world.reply}), "mona"),
        ("follow_ups", json!({"query": {"of": {"kind": "mine"}}}), "alice"),
    ]
}

#[test]
fn h5_foreign_and_altered_cursors_are_refused_everywhere() {
    in_every_world(|world| {
        let ask = |who: &str, operation: &str, input: &Value, cursor: Option<&str>, size: i64| {
            let mut input = input.clone();
            input["page"] = json!({"size": size, "cursor": cursor});
            call(&world.user(who), operation, &input)
        };
        let lists = lists(world);
        let paged = OPERATIONS.iter().filter(|operation| {
            let document = crm_core::openapi_document("/api");
            let path = format!("/api/{}", operation.name);
            document["paths"][&path]["post"]["requestBody"]["content"]["application/json"]["schema"]["properties"]["page"].is_object()
        });
        // Without a host there is nothing to turn to in a panel: its markers are tested with one, in `panels.rs`.
        for operation in paged.filter(|operation| operation.name != "panel_rows") {
            assert!(lists.iter().any(|(name, ..)| *name == operation.name), "{} has pages and no case", operation.name);
        }
        let mut cursors = Vec::new();
        for (operation, input, who) in &lists {
            let first = ask(who, operation, input, None, 1).unwrap();
            let next = first["next"].as_str().unwrap_or_else(|| panic!("{operation} has one page")).to_owned();
            ask(who, operation, input, Some(&next), 1).unwrap();
            cursors.push(next);
        }
        for (place, (operation, input, who)) in lists.iter().enumerate() {
            for (other, cursor) in cursors.iter().enumerate() {
                if other != place {
                    refused(ask(who, operation, input, Some(cursor), 1), "cursor_foreign");
                }
            }
            let own = &cursors[place];
            for other in ["mona", "dora", "adam"].iter().filter(|other| *other != who) {
                let answer = ask(other, operation, input, Some(own), 1);
                assert!(
                    matches!(code(&answer).as_str(), "cursor_foreign" | "forbidden" | "not_found"),
                    "{operation} {answer:?}"
                );
            }
            for size in [0, -1, 501, i64::from(i32::MAX), i64::from(i32::MIN)] {
                violates(ask(who, operation, input, None, size), "page.size", "out_of_range");
            }
            for garbage in [
                "",
                " ",
                "x",
                "AAAA",
                "e30",
                "=",
                "....",
                "\u{0}",
                &own[1..],
                &own[..own.len() - 1],
                &own.repeat(40),
                &format!("{own}A"),
            ] {
                let answer = ask(who, operation, input, Some(garbage), 1);
                refused(answer, "cursor_foreign");
            }
            // Opened and altered: another type of value, none, two, of another version, a long id.
            let cursor: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(own).unwrap()).unwrap();
            let alter = |change: &dyn Fn(&mut serde_json::Map<String, Value>)| {
                let mut cursor = cursor.clone();
                change(cursor.as_object_mut().unwrap());
                URL_SAFE_NO_PAD.encode(cursor.to_string())
            };
            let types = ["number", "text", "bytes"];
            let had = types.iter().find(|ty| cursor.get(**ty).is_some()).unwrap();
            for ty in types.iter().filter(|ty| *ty != had) {
                let value = if *ty == "number" { json!(5) } else { json!("AAAA") };
                let altered = alter(&|cursor| {
                    cursor.remove(*had);
                    cursor.insert((*ty).to_owned(), value.clone());
                });
                refused(ask(who, operation, input, Some(&altered), 1), "cursor_foreign");
                let two = alter(&|cursor| drop(cursor.insert((*ty).to_owned(), value.clone())));
                refused(ask(who, operation, input, Some(&two), 1), "cursor_foreign");
            }
            refused(ask(who, operation, input, Some(&alter(&|cursor| drop(cursor.remove(*had)))), 1), "cursor_foreign");
            refused(ask(who, operation, input, Some(&alter(&|cursor| cursor["v"] = json!(2))), 1), "cursor_foreign");
            refused(
                ask(who, operation, input, Some(&alter(&|cursor| cursor["id"] = json!("x".repeat(192)))), 1),
                "cursor_foreign",
            );
            // Its own place moved is a place in one's own list: an answer, or a refusal, no failure.
            for number in [i64::MIN, -1, 0, i64::MAX] {
                let moved = alter(&|cursor| cursor.get_mut("number").into_iter().for_each(|own| *own = json!(number)));
                ask(who, operation, input, Some(&moved), 1).unwrap();
            }
            refused(
                ask(who, operation, input, Some(&alter(&|cursor| cursor["id"] = json!("a\u{0}"))), 1),
                "cursor_foreign",
            );
            for id in ["", "x", "'", "%"] {
                ask(who, operation, input, Some(&alter(&|cursor| cursor["id"] = json!(id))), 1).unwrap();
            }
        }
    });
}

#[test]
fn h5_a_cursor_of_another_organisation_is_foreign() {
    in_every_world(|world| {
        let page =
            |cursor: Option<&str>| json!({"query": {"view": {"kind": "mine"}}, "page": {"size": 1, "cursor": cursor}});
        let here = call(&world.role(Role::Owner), "customers", &page(None)).unwrap();
        let cursor = here["next"].as_str().unwrap();
        refused(call(&world.role(Role::OtherOrganisation), "customers", &page(Some(cursor))), "cursor_foreign");
    });
}

#[test]
fn h5_an_idempotency_key_is_bounded_and_belongs_to_one_request() {
    in_every_world(|world| {
        let named = |name: &str| crm_core::NewCustomer::named(name);
        let before = world.bed.dump();
        let alice = |key: &str| world.user("alice").idempotent(key);
        violates(alice("").create_customer(named("A")), "idempotency_key", "required");
        violates(alice(&"k".repeat(101)).create_customer(named("A")), "idempotency_key", "too_long");
        violates(alice("a\u{0}").create_customer(named("A")), "idempotency_key", "control_character");
        let plan = || vec![crm_core::NextFollowUp { customer: world.customer, at: None }];
        violates(alice(&"k".repeat(101)).plan_follow_ups(plan()), "idempotency_key", "too_long");
        assert_eq!(world.bed.dump(), before);
        let longest = "键".repeat(100);
        assert_eq!(alice(&longest).plan_follow_ups(plan()).unwrap().done, 1);

        let made = alice("one").create_customer(named("A")).unwrap();
        let after = world.bed.dump();
        assert_eq!(alice("one").create_customer(named("A")).unwrap(), made);
        refused(alice("one").create_customer(named("B")), "idempotency_key_reused");
        refused(alice("one").delete_customer(made.id), "idempotency_key_reused");
        assert_eq!(world.bed.dump(), after);
        // The same key of somebody else, of the other organisation, is another key.
        assert_ne!(world.user("bob").idempotent("one").create_customer(named("B")).unwrap().id, made.id);
        // A refused request leaves its key free.
        refused(alice("two").create_customer(named("A")), "same_name");
        alice("two").create_customer(named("C")).unwrap();
        // Thirty days later it is free again.
        world.bed.clock.advance_days(30);
        alice("one").create_customer(named("D")).unwrap();
        world.bed.crm.tick_all().unwrap();
        assert_eq!(alice("one").create_customer(named("D")).unwrap().name, "D");
    });
}

#[test]
fn h5_removals_under_a_key_are_answered_alike() {
    in_every_world(|world| {
        for (operation, input) in [
            ("remove_contact", json!({"contact": world.second, "new_primary": null})),
            ("remove_relation", json!({"relation": world.relation})),
            ("end_share", json!({"share": world.share})),
            ("delete_customer", json!({"customer": world.third})),
            ("set_primary_contact", json!({"contact": world.primary})),
            ("reply", json!({"follow_up": world.follow_up, "reply": {"content": "x", "to": world.reply}})),
            ("share_customer", json!({"customer": world.customer, "share": {"person": "stan"}})),
            (
                "add_relation",
                json!({"customer": world.customer, "relation": {"customer": world.partner, "kind": "parent"}}),
            ),
        ] {
            let keyed = world.user("alice").idempotent(operation);
            let first = call(&keyed, operation, &input).unwrap();
            let after = world.bed.dump();
            assert_eq!(call(&keyed, operation, &input).unwrap(), first, "{operation}");
            assert_eq!(world.bed.dump(), after, "{operation}");
        }
    });
}

#[test]
fn h1_ids_of_the_host_are_checked_when_the_actor_is_made() {
    for bad in ["", " ", " a", "a ", "a\u{0}", "a\nb", "-", &"x".repeat(65)] {
        assert!(Actor::user(bad, "alice").is_err(), "{bad:?}");
        assert!(Actor::user("acme", bad).is_err(), "{bad:?}");
        assert!(Actor::system("acme", bad).is_err(), "{bad:?}");
    }
    Actor::user("组织", "x".repeat(64)).unwrap();
}
