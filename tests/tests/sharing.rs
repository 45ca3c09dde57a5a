//! Sharing 共享 by panel: S1.

use crm_core::SharePanel;
use crm_tests::{World, call, cases, code, in_every_world, refused, violates};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

const RIGHTS: [Option<&str>; 3] = [None, Some("read"), Some("edit")];

fn panel_name(panel: SharePanel) -> String {
    serde_json::to_value(panel).unwrap().as_str().unwrap().to_owned()
}

/// A call on something of a customer that stands on a panel.
struct OnPanel {
    panel: SharePanel,
    operation: &'static str,
    input: Value,
    /// Whether it changes something.
    edits: bool,
    /// Whether it names what stands on the panel, so that there is nothing where the panel is closed; else it names the customer.
    by_record: bool,
}

/// Something of each panel, read and changed; of the customer and, where contracts are concerned, of the partner.
fn on_panels(world: &World, customer_version: i64) -> Vec<OnPanel> {
    use SharePanel::{Contacts, Contracts, Documents, FollowUps, Information, Receipts};
    let (customer, partner, page) = (world.customer, world.partner, json!({"size": 20}));
    let of = |panel, operation, input, edits, by_record| OnPanel { panel, operation, input, edits, by_record };
    vec![
        of(Information, "relations", json!({"customer": customer}), false, false),
        of(Information, "customer_history", json!({"customer": customer, "page": page}), false, false),
        of(Contacts, "contact", json!({"contact": world.primary}), false, true),
        of(Contacts, "contact_history", json!({"contact": world.primary, "page": page}), false, true),
        of(
            FollowUps,
            "follow_ups",
            json!({"query": {"of": {"kind": "of", "customer": customer}}, "page": page}),
            false,
            false,
        ),
        of(FollowUps, "follow_up_with_replies", json!({"follow_up": world.follow_up}), false, true),
        of(FollowUps, "reply", json!({"follow_up": world.follow_up, "reply": {"content": "Z"}}), false, true),
        of(
            Documents,
            "documents",
            json!({"of": {"kind": "customer", "customer": customer}, "page": page}),
            false,
            false,
        ),
        of(Documents, "document", json!({"document": world.document}), false, true),
        of(
            Contracts,
            "contracts",
            json!({"query": {"of": {"kind": "of", "customer": partner}}, "page": page}),
            false,
            false,
        ),
        of(Contracts, "contract", json!({"contract": world.supplemented}), false, true),
        of(
            Receipts,
            "receipts",
            json!({"query": {"of": {"kind": "customer", "customer": partner}}, "page": page}),
            false,
            false,
        ),
        of(Receipts, "customer_credit", json!({"customer": partner}), false, false),
        of(
            Information,
            "edit_customer",
            json!({"customer": customer, "edit": {"version": customer_version, "region": "X"}}),
            true,
            false,
        ),
        of(Contacts, "add_contact", json!({"customer": customer, "contact": {"name": "New"}}), true, false),
        of(FollowUps, "follow_up", json!({"customer": customer, "follow_up": {"content": "Met"}}), true, false),
        of(Documents, "attach_document", json!({"customer": customer, "document": cases::document()}), true, false),
        of(
            Contracts,
            "create_contract",
            json!({"customer": partner, "contract": {"name": "N", "amount": "1"}}),
            true,
            false,
        ),
        of(
            Receipts,
            "record_prepayment",
            json!({"customer": partner, "prepayment": {"on": "2026-11-23", "amount": "1"}}),
            true,
            false,
        ),
    ]
}

fn shared(world: &World, with: &Value, rights: &[Option<&str>]) {
    let named: Vec<Value> = SharePanel::ALL
        .iter()
        .zip(rights)
        .filter_map(|(panel, right)| right.map(|right| json!({"panel": panel, "right": right})))
        .collect();
    let mut share = with.clone();
    share["panels"] = json!(named);
    let customers = json!([world.customer, world.partner]);
    let answer =
        call(&world.user("alice"), "share_customers", &json!({"customers": customers, "share": share})).unwrap();
    assert_eq!(answer["done"], 2, "{answer}");
}

/// What stan reaches is what his shares allow together, panel by panel, by every way there is.
fn reaches_as_allowed(world: &World, allowed: &[Option<&str>]) {
    let stan = world.user("stan");
    let on = |panel: SharePanel| {
        let place = SharePanel::ALL.iter().position(|known| *known == panel).unwrap();
        allowed[place]
    };
    let seen = allowed.iter().any(Option::is_some);
    let whole = on(SharePanel::Information).is_some();
    let customer = call(&stan, "customer", &json!({"customer": world.customer}));
    if !seen {
        refused(customer, "not_found");
        return;
    }
    let customer = customer.unwrap();
    assert_eq!(customer["name"], "杭州云帆科技有限公司");
    assert_eq!(customer["region"].is_string(), whole, "{customer}");
    let panels = call(&stan, "customer_panels", &json!({"customer": world.customer})).unwrap();
    let open: Vec<String> =
        SharePanel::ALL.iter().filter(|panel| on(**panel).is_some()).map(|p| panel_name(*p)).collect();
    assert_eq!(panels["open"], json!(open));
    assert_eq!(panels["customer"], customer);
    for (field, panel) in [
        ("contacts", SharePanel::Contacts),
        ("relations", SharePanel::Information),
        ("follow_ups", SharePanel::FollowUps),
    ] {
        assert_eq!(panels[field].as_array().unwrap().is_empty(), on(panel).is_none(), "{field}: {panels}");
    }
    let found = |input: &Value| {
        let page = call(&stan, "customers", input).unwrap();
        let items = page["items"].as_array().unwrap().clone();
        items.into_iter().find(|item| item["id"] == json!(world.customer))
    };
    let list = |view: &str, filter: Value, order: Option<&str>| {
        let query = json!({"view": {"kind": view}, "filter": filter, "order": order});
        found(&json!({"query": query, "page": {"size": 20, "count": true}}))
    };
    for view in ["shared_with_me", "recently_viewed"] {
        if view == "recently_viewed" {
            call(&stan, "mark_viewed", &json!({"customer": world.customer})).unwrap();
        }
        let shown = Some(call(&stan, "customer", &json!({"customer": world.customer})).unwrap());
        assert_eq!(list(view, json!({}), None), shown, "{view}");
        assert_eq!(list(view, json!({"text": "云帆"}), Some("name")), shown, "{view}");
        // What is not open neither narrows a list nor puts it in order.
        let telling = shown.filter(|_| whole);
        assert_eq!(list(view, json!({"level": "a"}), None), telling, "{view}");
        assert_eq!(list(view, json!({}), Some("longest_idle")), telling, "{view}");
        assert_eq!(list(view, json!({}), Some("next_follow_up")), telling, "{view}");
    }
    let contacts = call(&stan, "contacts", &json!({"filter": {}, "page": {"size": 20}})).unwrap();
    let lists = contacts["items"].as_array().unwrap().iter().any(|item| item["contact"]["id"] == json!(world.primary));
    assert_eq!(lists, on(SharePanel::Contacts).is_some(), "{contacts}");
    let alike = call(&stan, "check_duplicates", &json!({"draft": {"name": "杭州云帆科技有限公司"}})).unwrap();
    assert_eq!(alike["hits"][0].get("customer").is_some(), whole, "{alike}");
    let version = world.user("alice").customer(world.customer).unwrap().version;
    for ask in on_panels(world, version) {
        let expected = match (on(ask.panel), ask.edits) {
            (Some("edit"), _) | (Some("read"), false) => "done",
            (None, _) if ask.by_record => "not_found",
            _ => "forbidden",
        };
        // A document of a contract, and a receipt of it, are reached by the contract as well.
        let answer = call(&stan, ask.operation, &ask.input);
        assert_eq!(code(&answer), expected, "{} with {allowed:?}: {answer:?}", ask.operation);
    }
    tells_no_more_than(world, &on);
    for (operation, input, panel) in [
        ("payment_plan", json!({"contract": world.supplemented}), SharePanel::Receipts),
        ("receipt", json!({"receipt": world.receipt}), SharePanel::Receipts),
        (
            "documents",
            json!({"of": {"kind": "contract", "contract": world.supplemented}, "page": {"size": 5}}),
            SharePanel::Documents,
        ),
    ] {
        let answer = call(&stan, operation, &input);
        let expected = match (on(panel).is_some(), on(SharePanel::Contracts).is_some()) {
            (true, _) => "done",
            // It names the contract, which is there for him.
            (false, true) if operation != "receipt" => "forbidden",
            (false, _) => "not_found",
        };
        assert_eq!(code(&answer), expected, "{operation} with {allowed:?}: {answer:?}");
    }
}

/// What stands on one panel tells nothing of another: the stage, whose follow-ups they were, what was paid, which contract.
fn tells_no_more_than<'r>(world: &World, on: &dyn Fn(SharePanel) -> Option<&'r str>) {
    let (stan, page) = (world.user("stan"), json!({"size": 20}));
    let open = |panel| on(panel).is_some();
    let items = |operation: &str, input: Value| call(&stan, operation, &input).ok().map(|page| page["items"].clone());
    let of_customer = |item: &&Value| item["follow_up"]["customer"] == json!(world.customer);
    let mine = json!({"query": {"of": {"kind": "mine"}}, "page": page});
    let mine = items("follow_ups", mine).unwrap();
    let mine: Vec<&Value> = mine.as_array().unwrap().iter().filter(of_customer).collect();
    assert!(open(SharePanel::FollowUps) || mine.is_empty(), "{mine:?}");
    assert!(open(SharePanel::Information) || mine.iter().all(|item| item["follow_up"]["stage"].is_null()), "{mine:?}");
    let moved = json!({"customer": world.customer, "follow_up": {"content": "Moved", "stage": "needs"}});
    let both = on(SharePanel::FollowUps) == Some("edit") && on(SharePanel::Information) == Some("edit");
    assert_eq!(code(&call(&stan, "follow_up", &moved)), if both { "done" } else { "forbidden" });
    let history = json!({"contract": world.supplemented, "page": page});
    if let Some(history) = items("contract_history", history) {
        let receipts = history.to_string().contains("\"receipt\"");
        assert_eq!(receipts, open(SharePanel::Receipts), "{history}");
    }
    let receipts = json!({"query": {"of": {"kind": "customer", "customer": world.partner}}, "page": page});
    if let Some(receipts) = items("receipts", receipts) {
        let named = receipts.as_array().unwrap().iter().any(|row| row["contract_name"].is_string());
        assert_eq!(named, open(SharePanel::Contracts), "{receipts}");
    }
}

fn prepared(world: &World) {
    let version = world.user("alice").customer(world.customer).unwrap().version;
    let edit = json!({"version": version, "region": "浙江", "level": "a", "phones": ["0571 8888 6666"]});
    call(&world.user("alice"), "edit_customer", &json!({"customer": world.customer, "edit": edit})).unwrap();
}

#[test]
fn s1_a_share_opens_each_of_its_panels_as_far_as_it_says_and_no_other() {
    in_every_world(|world| {
        prepared(world);
        for number in 1..SharePanel::ALL.len() * 2 + 1 {
            let mut rights = [None; 6];
            rights[(number - 1) / 2] = RIGHTS[1 + (number - 1) % 2];
            shared(world, &json!({"person": "stan"}), &rights);
            reaches_as_allowed(world, &rights);
        }
    });
}

#[test]
fn s1_shares_to_a_person_and_to_his_position_are_added_up_panel_by_panel() {
    let right = || prop::sample::select(&RIGHTS[..]);
    let rights = || prop::collection::vec(right(), 6).prop_filter("names none", |all| all.iter().any(Option::is_some));
    for make in crm_tests::Bed::every() {
        let cases = if make().store == "memory" { 48 } else { 6 };
        let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
        runner
            .run(&(rights(), rights(), any::<bool>()), |(own, of_position, ended)| {
                let world = World::in_bed(make());
                prepared(&world);
                shared(&world, &json!({"person": "stan"}), &own);
                let until = json!({"position": "north-agent", "ends_at": "2026-11-23T09:00:00Z"});
                shared(&world, &until, &of_position);
                if ended {
                    world.bed.clock.advance(3 * 3_600_000);
                }
                let both: Vec<Option<&str>> = own
                    .iter()
                    .zip(&of_position)
                    .map(|(own, other)| if ended { *own } else { best(own, other) })
                    .collect();
                reaches_as_allowed(&world, &both);
                Ok(())
            })
            .unwrap();
    }
}

/// The higher of two rights.
fn best<'a>(one: &Option<&'a str>, other: &Option<&'a str>) -> Option<&'a str> {
    let rank = |right: &Option<&str>| RIGHTS.iter().position(|known| known == right);
    if rank(one) >= rank(other) { *one } else { *other }
}

#[test]
fn s1_many_customers_are_shared_item_by_item() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let share = json!({"person": "stan", "right": "edit", "label": "售前"});
        let input = json!({"customers": [world.customer, world.foreign, world.deleted, world.third], "share": share});
        let answer = call(&alice, "share_customers", &input).unwrap();
        let codes: Vec<&str> =
            answer["items"].as_array().unwrap().iter().map(|item| item["error"].as_str().unwrap_or("done")).collect();
        assert_eq!(codes, ["done", "not_found", "in_recycle_bin", "done"]);
        assert_eq!((&answer["done"], &answer["failed"]), (&json!(2), &json!(2)));
        assert!(world.user("stan").customer(world.third).is_ok());
        // A sharee does not share on, and nothing is shared with its owner.
        let on = json!({"customers": [world.customer], "share": {"person": "rhea"}});
        let answer = call(&world.user("stan"), "share_customers", &on).unwrap();
        assert_eq!(answer["items"][0]["error"], "forbidden");
        let back = json!({"customers": [world.customer], "share": {"person": "alice"}});
        assert_eq!(call(&alice, "share_customers", &back).unwrap()["items"][0]["error"], "share_with_owner");
        violates(call(&alice, "share_customers", &json!({"customers": [], "share": share})), "customers", "required");
    });
}

#[test]
fn s1_whom_the_balance_is_not_shared_with_does_not_spend_it() {
    in_every_world(|world| {
        let stan = world.user("stan");
        shared(world, &json!({"person": "stan"}), &[None, None, None, None, Some("edit"), None]);
        let draft = json!({"customer": world.partner, "contract": {"name": "His", "amount": "1000"}});
        let contract = call(&stan, "create_contract", &draft).unwrap()["id"].clone();
        call(&stan, "submit_contract", &json!({"contract": contract, "version": 1})).unwrap();
        let spent = |amount: &str| call(&stan, "use_prepayment", &json!({"contract": contract, "amount": amount}));
        refused(spent("1"), "forbidden");
        refused(spent("900"), "forbidden");
        shared(world, &json!({"person": "stan"}), &[None, None, None, None, Some("edit"), Some("edit")]);
        refused(spent("900"), "more_than_credit");
        spent("1").unwrap();
    });
}

#[test]
fn s1_panels_are_named_once_and_all_six_alike_are_none_named() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let share = |panels: Value| {
            let share = json!({"person": "stan", "panels": panels});
            call(&alice, "share_customer", &json!({"customer": world.customer, "share": share}))
        };
        let twice = json!([{"panel": "contacts"}, {"panel": "contacts", "right": "edit"}]);
        violates(share(twice), "panels[1].panel", "repeated");
        refused(share(json!([{"panel": "salaries"}])), "invalid");
        refused(share(json!(["contacts"])), "invalid");
        let all: Vec<Value> = SharePanel::ALL.iter().map(|panel| json!({"panel": panel, "right": "edit"})).collect();
        let answer = share(json!(all)).unwrap();
        assert_eq!((&answer["right"], answer.get("panels")), (&json!("edit"), None));
        world.bed.clock.advance(1_000);
        let answer = share(json!([{"panel": "receipts"}, {"panel": "contacts", "right": "edit"}])).unwrap();
        let named = json!([{"panel": "contacts", "right": "edit"}, {"panel": "receipts", "right": "read"}]);
        assert_eq!((&answer["right"], &answer["panels"]), (&json!("edit"), &named));
        // It stands so in the list, in the explanation, and in the history.
        let shares = call(&alice, "shares", &json!({"customer": world.customer})).unwrap();
        let told = shares.as_array().unwrap().iter().find(|share| share["person"] == "stan").unwrap();
        assert_eq!(told["panels"], named);
        let explained = call(&alice, "explain_access", &json!({"customer": world.customer})).unwrap();
        let grant = explained["grants"].as_array().unwrap().iter().find(|grant| grant["person"] == "stan").unwrap();
        assert_eq!((&grant["rule"], &grant["panels"]), (&json!("share"), &named));
        let history = json!({"customer": world.customer, "page": {"size": 1}});
        let history = call(&alice, "customer_history", &history).unwrap();
        assert_eq!(history["items"][0]["changes"][0]["became"]["panels"], named, "{history}");
    });
}
