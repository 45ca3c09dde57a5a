//! What a host mounts and shows: dictionaries (G1), menu (H2), manifest (H4), dispatch and the
//! OpenAPI document (H5), time that passes.

use crm_core::{DictionaryEntryInput, EntryCode, Language, NewCustomer, NewFollowUp, OPERATIONS, PageRequest, View};
use crm_tests::{World, call, in_every_world, on_every_store, refused, user, violates};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn entry(dictionary: &str, code: &str, label: &str) -> DictionaryEntryInput {
    DictionaryEntryInput {
        dictionary: dictionary.to_owned(),
        code: EntryCode::new(code).unwrap(),
        label: label.to_owned(),
        inverse_label: None,
        hierarchical: false,
        order: 7,
        colour: Some("#00ff7f".to_owned()),
        retired: false,
        version: None,
    }
}

fn code(code: &str) -> EntryCode {
    EntryCode::new(code).unwrap()
}

#[test]
fn g1_entries_are_added_renamed_ordered_coloured_and_retired() {
    in_every_world(|world| {
        let adam = world.user("adam");
        let level = |retired| DictionaryEntryInput { retired, ..entry("level", "vip", "VIP 客户") };
        assert_eq!(adam.save_dictionary_entry(level(false)).unwrap().version, 1);
        let levels: Vec<String> = adam
            .dictionaries()
            .unwrap()
            .into_iter()
            .filter(|entry| entry.dictionary == "level")
            .map(|entry| entry.code.to_string())
            .collect();
        assert_eq!(levels, ["a", "b", "c", "vip"]);
        let alice = world.user("alice");
        let made = alice.create_customer(NewCustomer { level: Some(code("vip")), ..NewCustomer::named("V") }).unwrap();
        assert_eq!(adam.save_dictionary_entry(level(true)).unwrap().version, 2);
        assert_eq!(adam.save_dictionary_entry(level(true)).unwrap().version, 2, "nothing changed");
        violates(
            alice.create_customer(NewCustomer { level: Some(code("vip")), ..NewCustomer::named("W") }),
            "level",
            "unknown",
        );
        // Who has it keeps it, through an edit too.
        let edit = crm_core::CustomerEdit {
            version: 1,
            level: Some(code("vip")),
            region: Some("R".to_owned()),
            ..Default::default()
        };
        assert_eq!(alice.edit_customer(made.id, edit).unwrap().level, Some(code("vip")));
        for (bad, field, why) in [
            (entry("none", "x", "X"), "dictionary", "unknown"),
            (entry("level", "x", " "), "label", "required"),
            (DictionaryEntryInput { order: 10_000, ..entry("level", "x", "X") }, "order", "out_of_range"),
            (
                DictionaryEntryInput { colour: Some("red".to_owned()), ..entry("level", "x", "X") },
                "colour",
                "malformed",
            ),
            (DictionaryEntryInput { hierarchical: true, ..entry("level", "x", "X") }, "hierarchical", "not_allowed"),
            (
                DictionaryEntryInput { inverse_label: Some("Y".to_owned()), ..entry("level", "x", "X") },
                "inverse_label",
                "not_allowed",
            ),
        ] {
            violates(adam.save_dictionary_entry(bad), field, why);
        }
    });
}

#[test]
fn g1_merging_values_moves_every_record_that_holds_them() {
    in_every_world(|world| {
        let (alice, adam) = (world.user("alice"), world.user("adam"));
        let mut settings = adam.settings().unwrap();
        settings.follow_up.methods_that_count = vec![code("phone"), code("visit")];
        adam.change_settings(settings).unwrap();
        let made = alice
            .create_customer(NewCustomer {
                level: Some(code("a")),
                stage: Some(code("needs")),
                ..NewCustomer::named("M")
            })
            .unwrap();
        let written =
            alice.follow_up(made.id, NewFollowUp { method: Some(code("phone")), ..NewFollowUp::text("x") }).unwrap();
        let merge = |dictionary: &str, from: &str, into: &str| {
            adam.merge_dictionary_entries(dictionary.to_owned(), code(from), code(into))
        };
        merge("level", "a", "b").unwrap();
        merge("stage", "needs", "won").unwrap();
        merge("method", "phone", "visit").unwrap();
        let customer = alice.customer(made.id).unwrap();
        assert_eq!((customer.level, customer.stage, customer.version), (Some(code("b")), Some(code("won")), 1));
        let follow_up = alice.follow_up_with_replies(written.id).unwrap().follow_up;
        assert_eq!((follow_up.method, follow_up.stage), (Some(code("visit")), Some(code("won"))));
        assert_eq!(adam.settings().unwrap().follow_up.methods_that_count, [code("visit")]);
        assert_eq!(alice.customer(world.customer).unwrap().level, None, "who had none has none");
        let filter = crm_core::CustomerFilter { level: Some(code("b")), ..Default::default() };
        let query = crm_core::CustomerQuery { filter, ..View::Mine.into() };
        assert_eq!(alice.customers(query, PageRequest::default()).unwrap().items.len(), 1);
        refused(merge("level", "b", "b"), "merge_into_itself");
        refused(merge("level", "b", "zz"), "not_found");
        refused(merge("relation_kind", "partner", "business"), "relation_kinds_stay");
        violates(merge("none", "a", "b"), "dictionary", "unknown");
        let retired: Vec<bool> = adam
            .dictionaries()
            .unwrap()
            .iter()
            .filter(|entry| entry.dictionary == "level")
            .map(|entry| entry.retired)
            .collect();
        assert_eq!(retired, [true, false, false]);
    });
}

#[test]
fn g1_presets_come_in_chinese_and_english_and_settings_are_checked() {
    on_every_store(|bed| {
        let host = bed.host();
        let new =
            crm_core::NewOrganisation { language: Some(Language::English), ..crm_core::NewOrganisation::named("Acme") };
        host.create_organisation(new.clone()).unwrap();
        refused(host.create_organisation(new), "organisation_exists");
        let entries = host.dictionaries().unwrap();
        assert!(entries.iter().any(|entry| entry.label == "Manufacturing") && entries.len() > 30);
        let other = bed.crm.as_user(&crm_core::Actor::system("globex", "test").unwrap());
        other.create_organisation(crm_core::NewOrganisation::named("环球")).unwrap();
        assert!(other.dictionaries().unwrap().iter().any(|entry| entry.label == "制造业"));
        let changed = |change: &dyn Fn(&mut crm_core::Settings)| {
            let mut settings = host.settings().unwrap();
            change(&mut settings);
            host.change_settings(settings)
        };
        violates(changed(&|settings| settings.recycle_bin_days = 0), "recycle_bin_days", "out_of_range");
        violates(changed(&|settings| settings.customer_number = "x".repeat(41)), "customer_number", "too_long");
        violates(
            changed(&|settings| settings.follow_up.correction_hours = 721),
            "follow_up.correction_hours",
            "out_of_range",
        );
        violates(changed(&|settings| settings.follow_up.least_length = -1), "follow_up.least_length", "out_of_range");
        violates(
            changed(&|settings| settings.follow_up.methods_that_count = vec![code("drum")]),
            "follow_up.methods_that_count[0]",
            "unknown",
        );
        changed(&|settings| settings.recycle_bin_days = 60).unwrap();
        assert_eq!(host.settings().unwrap().recycle_bin_days, 60);
        let history = host.settings_history(PageRequest::default()).unwrap();
        assert_eq!(history.items[0].changes[0].was, Some(json!(30)));
    });
}

fn menu(world: &World, who: &str) -> Vec<(String, Option<i64>)> {
    world
        .user(who)
        .menu()
        .unwrap()
        .entries
        .into_iter()
        .map(|entry| (entry.id, entry.badge.map(|badge| badge.value)))
        .collect()
}

#[test]
fn h2_the_menu_shows_what_one_may_use_with_counts() {
    in_every_world(|world| {
        let alice = menu(world, "alice");
        assert!(alice.contains(&("mine".to_owned(), Some(3))) && alice.contains(&("subordinates".to_owned(), Some(0))));
        assert!(!alice.iter().any(|(id, _)| ["all", "roles", "settings", "dictionaries"].contains(&id.as_str())));
        assert!(menu(world, "mona").contains(&("subordinates".to_owned(), Some(3))));
        assert!(menu(world, "rhea").contains(&("shared".to_owned(), Some(1))));
        let adam = menu(world, "adam");
        assert!(adam.contains(&("all".to_owned(), Some(3))) && adam.iter().any(|(id, _)| id == "settings"));
        // Every badge is the count of its view.
        for who in ["alice", "mona", "dora", "rhea", "adam"] {
            for entry in world.user(who).menu().unwrap().entries {
                assert!(OPERATIONS.iter().any(|operation| operation.name == entry.operation), "{}", entry.operation);
                let (Some(view), Some(badge)) = (entry.view, entry.badge) else {
                    continue;
                };
                let page = world.user(who).customers(view, PageRequest::first(500)).unwrap();
                assert_eq!(page.items.len() as i64, badge.value, "{who} {}", entry.id);
            }
        }
    });
}

#[test]
fn h4_the_manifest_describes_what_there_is() {
    let manifest = serde_json::to_value(crm_core::plugin_manifest()).unwrap();
    let operations: BTreeSet<&str> = OPERATIONS.iter().map(|operation| operation.name).collect();
    let named: BTreeSet<&str> =
        manifest["operations"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert_eq!(named, operations);
    for entry in manifest["menu"].as_array().unwrap() {
        assert!(operations.contains(entry["operation"].as_str().unwrap()));
        assert!(!entry["english"].as_str().unwrap().is_empty() && !entry["chinese"].as_str().unwrap().is_empty());
    }
    for right in manifest["rights"].as_array().unwrap() {
        crm_core::Permission::new(right.as_str().unwrap()).unwrap();
    }
    assert_eq!(manifest["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn h4_every_event_that_comes_is_announced_in_the_manifest() {
    in_every_world(|world| {
        let alice = world.user("alice");
        alice.end_share(world.share).unwrap();
        alice.remove_relation(world.relation).unwrap();
        alice.delete_customer(world.third).unwrap();
        alice.restore_customer(world.third, None).unwrap();
        alice.remove_contact(world.second, None).unwrap();
        world.bed.clock.advance_days(40);
        world.bed.crm.tick_all().unwrap();
        let events = world.user("adam").events("oa".to_owned(), 1_000).unwrap();
        let kinds: BTreeSet<&str> = events.iter().map(|event| event.kind.as_str()).collect();
        for kind in &kinds {
            assert!(crm_core::EVENT_KINDS.contains(kind), "{kind}");
        }
        assert!(kinds.contains("customer_purged") && kinds.contains("share_ended") && kinds.len() > 10, "{kinds:?}");
        assert!(events.iter().zip(1..).all(|(event, number)| event.number == number));
        // Acknowledged ones do not come again, and another consumer has its own place.
        assert_eq!(world.user("adam").acknowledge_events("oa".to_owned(), 5).unwrap(), 5);
        assert_eq!(world.user("adam").events("oa".to_owned(), 1).unwrap()[0].number, 6);
        assert_eq!(world.user("adam").acknowledge_events("oa".to_owned(), 2).unwrap(), 5, "never back");
        assert_eq!(world.user("adam").events("mail".to_owned(), 1).unwrap()[0].number, 1);
        violates(world.user("adam").acknowledge_events("oa".to_owned(), 100_000), "up_to", "out_of_range");
    });
}

#[test]
fn h5_the_document_describes_every_operation_and_every_reference_resolves() {
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
                fields.values().for_each(|inner| references(inner, found));
            }
            Value::Array(items) => items.iter().for_each(|inner| references(inner, found)),
            _ => {}
        }
    }
    let document = crm_core::openapi_document("/api");
    assert_eq!(document["paths"].as_object().unwrap().len(), OPERATIONS.len());
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 50);
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    for operation in OPERATIONS {
        let post = &document["paths"][format!("/api/{}", operation.name)]["post"];
        assert_eq!(post["operationId"], operation.name);
        assert!(!operation.summary.trim().is_empty());
        let keyed =
            post["parameters"].as_array().unwrap().iter().any(|parameter| parameter["name"] == "Idempotency-Key");
        assert_eq!(keyed, operation.command);
    }
}

#[test]
fn h5_dispatch_and_the_methods_answer_alike() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let same = |operation: &str, input: Value, typed: Value| {
            assert_eq!(call(&alice, operation, &input).unwrap(), typed, "{operation}")
        };
        let json = |value: &dyn erased::Serialize| value.json();
        same("customer", json!({"customer": world.customer}), json(&alice.customer(world.customer).unwrap()));
        same(
            "customer_panels",
            json!({"customer": world.customer}),
            json(&alice.customer_panels(world.customer).unwrap()),
        );
        same("menu", json!({}), json(&alice.menu().unwrap()));
        same("people", json!({"text": "ma"}), json(&alice.people(Some("ma".to_owned())).unwrap()));
        let page = alice.customers(View::NotFollowedFor { days: 1 }, PageRequest::first(3).counted()).unwrap();
        same(
            "customers",
            json!({"query": {"view": {"kind": "not_followed_for", "days": 1}}, "page": {"size": 3, "count": true}}),
            json(&page),
        );
        // What has a default need not be said.
        let input = json!({"query": {"view": {"kind": "mine"}}, "page": {}});
        assert_eq!(call(&alice, "customers", &input).unwrap()["items"].as_array().unwrap().len(), 3);
        let _ = user("alice");
    });
}

mod erased {
    /// Anything that becomes JSON.
    pub trait Serialize {
        fn json(&self) -> serde_json::Value;
    }
    macro_rules! serialize {
        ($($ty:ty),*) => {$(impl Serialize for $ty {
            fn json(&self) -> serde_json::Value {
                serde_json::to_value(self).unwrap()
            }
        })*};
    }
    serialize!(
        crm_core::Customer,
        crm_core::CustomerPanels,
        crm_core::Menu,
        Vec<crm_core::Person>,
        crm_core::CustomerPage
    );
}

#[test]
fn h1_ticks_catch_up_after_any_silence_and_cost_what_is_due() {
    in_every_world(|world| {
        for n in 0..130 {
            let id = world.user("alice").create_customer(NewCustomer::named(format!("Gone {n}"))).unwrap().id;
            world.user("alice").delete_customer(id).unwrap();
        }
        // Reminders of the day.
        world.bed.crm.tick_all().unwrap();
        assert_eq!(world.bed.crm.tick_all().unwrap().done, 0);
        world.bed.clock.advance_days(400);
        assert_eq!(world.bed.crm.due_organisations().unwrap().len(), 2);
        let first = world.bed.host().tick().unwrap();
        assert!(first.more && first.done == 100, "{first:?}");
        world.bed.crm.tick_all().unwrap();
        assert_eq!(world.bed.crm.due_organisations().unwrap(), []);
        assert_eq!(world.user("alice").customers(View::RecycleBin, PageRequest::default()).unwrap().items, []);
        assert_eq!(world.bed.crm.tick_all().unwrap().done, 0);
    });
}
