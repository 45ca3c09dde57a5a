//! What is remembered, deleted, done to many: C7, C8, C9.

use crm_core::{
    ContactEdit, CustomerEdit, CustomerEditItem, CustomerKind, CustomerQuery, CustomerStatus, NameRule, NewCustomer,
    NewFollowUp, NextFollowUp, PageRequest, ShareInput, ShareRight, View,
};
use crm_tests::inputs::{contact, entry, named, names, to};
use crm_tests::{at, in_every_world, refused, user, violates};
use proptest::prelude::*;

#[test]
fn c7_the_history_folds_back_to_what_was_created() {
    in_every_world(|world| {
        let field = prop_oneof![
            Just("name"),
            Just("region"),
            Just("level"),
            Just("phones"),
            Just("description"),
            Just("stage"),
            Just("number")
        ];
        let edits = proptest::collection::vec((field, 0..4_i32, any::<bool>()), 1..12);
        let config = ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() };
        let mut runner = proptest::test_runner::TestRunner::new(config);
        let round = std::cell::Cell::new(0);
        let property = |edits: Vec<(&'static str, i32, bool)>| {
            round.set(round.get() + 1);
            let alice = world.user("alice");
            let made = alice.create_customer(named(&format!("History {}", round.get()))).unwrap();
            let mut version = made.version;
            for (field, n, clear) in edits {
                world.bed.clock.advance(1_000);
                let mut edit = CustomerEdit { version, ..CustomerEdit::default() };
                let text = format!("{field} {} {n}", round.get());
                match field {
                    "name" => edit.name = Some(text),
                    "number" => edit.number = Some(text),
                    _ if clear => edit.clear = vec![field.to_owned()],
                    "region" => edit.region = Some(text),
                    "level" => edit.level = Some(entry(["a", "b", "c"][n as usize % 3])),
                    "phones" => edit.phones = Some(vec![text]),
                    "description" => edit.description = Some(text),
                    _ if n > 1 => {
                        let follow_up = NewFollowUp { stage: Some(entry("needs")), ..NewFollowUp::text("Moved") };
                        alice.follow_up(made.id, follow_up).unwrap();
                        continue;
                    }
                    _ => edit.stage = Some(entry("won")),
                }
                version = alice.edit_customer(made.id, edit).unwrap().version;
            }
            let now = serde_json::to_value(alice.customer(made.id).unwrap()).unwrap();
            let mut folded = now.clone();
            let mut page = PageRequest::first(3);
            loop {
                let history = alice.customer_history(made.id, page).unwrap();
                for change in history.items.iter().flat_map(|entry| &entry.changes) {
                    let empty = serde_json::json!([]);
                    let stands = folded.get(&change.field).filter(|value| **value != empty);
                    prop_assert_eq!(stands, change.became.as_ref(), "{}", change.field);
                    match &change.was {
                        Some(was) => folded[&change.field] = was.clone(),
                        None if change.field == "phones" => folded["phones"] = empty,
                        None => drop(folded.as_object_mut().unwrap().remove(&change.field)),
                    }
                }
                match history.next {
                    Some(next) => page = PageRequest::first(3).after(next),
                    None => break,
                }
            }
            let mut made = serde_json::to_value(made).unwrap();
            for unkept in ["version", "changed_at", "idle_since", "last_follow_up_at"] {
                made.as_object_mut().unwrap().remove(unkept);
                folded.as_object_mut().unwrap().remove(unkept);
            }
            prop_assert_eq!(folded, made);
            Ok(())
        };
        runner.run(&edits, property).unwrap();
    });
}

#[test]
fn c7_contacts_keep_a_history_too_and_whoever_stops_being_primary() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let edit = ContactEdit { version: 1, title: Some("总监".to_owned()), ..ContactEdit::default() };
        alice.edit_contact(world.second, edit).unwrap();
        alice.correlated("request-7").set_primary_contact(world.second).unwrap();
        let dump = world.bed.dump();
        let of = |id: String| {
            dump.lines()
                .filter(|line| line.starts_with("acme history ") && line.contains(&format!("contact:{id}")))
                .count()
        };
        assert_eq!(of(world.second.to_string()), 2);
        assert_eq!(of(world.primary.to_string()), 1);
        assert!(dump.contains("\"correlation_id\":\"request-7\""));
    });
}

#[test]
fn c8_the_recycle_bin_hides_restores_and_purges() {
    in_every_world(|world| {
        let alice = world.user("alice");
        alice.delete_customer(world.customer).unwrap();
        refused(alice.delete_customer(world.customer), "in_recycle_bin");
        for who in ["rhea", "eve", "bob"] {
            refused(world.user(who).customer(world.customer), "not_found");
        }
        let deleted = world.user("mona").customer(world.customer).unwrap();
        assert_eq!((deleted.status, deleted.deleted_at), (CustomerStatus::Deleted, Some(world.bed.now())));
        for (who, view) in
            [("alice", View::Mine), ("mona", View::Subordinates), ("adam", View::All), ("rhea", View::SharedWithMe)]
        {
            assert!(!names(world, who, view.clone()).contains(&deleted.name), "{who} {view:?}");
        }
        for who in ["alice", "mona", "dora", "adam"] {
            assert!(names(world, who, View::RecycleBin).contains(&deleted.name), "{who}");
        }
        assert_eq!(names(world, "bob", View::RecycleBin), [] as [&str; 0]);
        let edit = CustomerEdit { version: deleted.version, ..CustomerEdit::default() };
        refused(alice.edit_customer(world.customer, edit), "in_recycle_bin");
        refused(alice.follow_up(world.customer, NewFollowUp::text("x")), "in_recycle_bin");
        refused(alice.add_contact(world.customer, contact("x")), "in_recycle_bin");
        refused(
            alice.reply(world.follow_up, crm_core::NewReply { content: "x".to_owned(), ..Default::default() }),
            "in_recycle_bin",
        );
        assert_eq!(
            alice.transfer_customers(vec![world.customer], to("luis")).unwrap().items[0].error.as_deref(),
            Some("in_recycle_bin")
        );

        world.bed.clock.advance_days(29);
        world.bed.crm.tick_all().unwrap();
        let restored = alice.restore_customer(world.customer, None).unwrap();
        assert_eq!((restored.status, restored.deleted_at), (CustomerStatus::Active, None));
        refused(alice.restore_customer(world.customer, None), "not_in_recycle_bin");
        let panels = alice.customer_panels(world.customer).unwrap();
        assert_eq!((panels.contacts.len(), panels.relations.len(), panels.follow_ups.len()), (2, 1, 1));
        assert_eq!(world.user("rhea").customer(world.customer).unwrap().id, world.customer);

        world.bed.clock.advance_days(2);
        world.bed.crm.tick_all().unwrap();
        assert_eq!(
            alice.customer(world.customer).unwrap().status,
            CustomerStatus::Active,
            "a restored one is not purged"
        );
        refused(alice.customer(world.deleted), "not_found");

        alice.delete_customer(world.customer).unwrap();
        world.bed.clock.advance_days(31);
        world.bed.crm.tick_all().unwrap();
        refused(alice.customer(world.customer), "not_found");
        refused(alice.contact(world.primary), "not_found");
        refused(alice.follow_up_with_replies(world.follow_up), "not_found");
        refused(alice.restore_customer(world.customer, None), "not_found");
        assert_eq!(alice.relations(world.partner).unwrap(), []);
        let id = world.customer.to_string();
        let left: Vec<String> = world
            .bed
            .dump()
            .lines()
            .filter(|line| line.contains(&id))
            .filter(|line| !line.contains(" history ") && !line.contains(" event ") && !line.contains(" idempotency "))
            .map(str::to_owned)
            .collect();
        assert!(left.is_empty(), "{left:#?}");
    });
}

#[test]
fn c8_keys_are_checked_again_on_restoring() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let old =
            alice.create_customer(NewCustomer { number: Some("N1".to_owned()), ..named("同名 有限公司") }).unwrap();
        refused(alice.create_customer(named("同名有限公司")), "same_name");
        alice.delete_customer(old.id).unwrap();
        let new = world
            .user("bob")
            .create_customer(NewCustomer { number: Some("N2".to_owned()), ..named("同名有限公司") })
            .unwrap();
        refused(alice.restore_customer(old.id, None), "same_name");
        let edit = CustomerEdit {
            version: 1,
            name: Some("另一".to_owned()),
            number: Some("N1".to_owned()),
            ..CustomerEdit::default()
        };
        world.user("bob").edit_customer(new.id, edit).unwrap();
        refused(alice.restore_customer(old.id, None), "number_taken");
        world.user("bob").delete_customer(new.id).unwrap();
        alice.restore_customer(old.id, None).unwrap();
        refused(world.user("bob").restore_customer(new.id, None), "number_taken");
    });
}

#[test]
fn c8_an_unrelated_edit_is_not_refused_for_a_name_that_was_allowed_before() {
    in_every_world(|world| {
        let (alice, host) = (world.user("alice"), world.bed.host());
        let mut settings = host.settings().unwrap();
        settings.same_name = NameRule::Allow;
        settings = host.change_settings(settings).unwrap();
        let twins = [0, 1].map(|_| alice.create_customer(named("Twin")).unwrap().id);
        settings.same_name = NameRule::Refuse;
        host.change_settings(settings).unwrap();
        for twin in twins {
            let edit = CustomerEdit { version: 1, region: Some("here".to_owned()), ..CustomerEdit::default() };
            alice.edit_customer(twin, edit).unwrap();
        }
        refused(alice.create_customer(named("twin")), "same_name");
        let person = NewCustomer { kind: Some(CustomerKind::Person), ..named("Twin") };
        alice.create_customer(person).unwrap();
    });
}

#[test]
fn c9_batches_answer_item_by_item_with_one_audit_entry() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let edit = |customer, version, name: &str| {
            let edit = CustomerEdit { version, name: Some(name.to_owned()), ..CustomerEdit::default() };
            CustomerEditItem { customer, edit }
        };
        let audits =
            || world.bed.dump().lines().filter(|line| line.contains(" history ") && line.contains("batch:")).count();
        let before = audits();
        let version = alice.customer(world.partner).unwrap().version;
        let items = vec![
            edit(world.third, alice.customer(world.third).unwrap().version, "Third, edited"),
            edit(world.foreign, 1, "Taken over"),
            edit(world.partner, version + 1, "Stale"),
            edit(world.partner, version, "Third, edited"),
            edit(world.partner, version, " "),
            edit(world.deleted, 2, "Gone"),
            edit(world.third, 1, "Twice"),
        ];
        let answer = alice.edit_customers(items).unwrap();
        let codes: Vec<&str> = answer.items.iter().map(|item| item.error.as_deref().unwrap_or("done")).collect();
        assert_eq!(codes, ["done", "not_found", "conflict", "same_name", "invalid", "in_recycle_bin", "conflict"]);
        assert_eq!((answer.done, answer.failed), (1, 6));
        assert!(answer.items[1].texts.len() == 2 && answer.items[0].texts.is_empty());
        assert_eq!(audits(), before + 1);
        violates(alice.edit_customers(vec![]), "edits", "required");
        violates(alice.transfer_customers(vec![world.third; 501], to("luis")), "customers", "too_many");
        let unchanged = world.bed.dump();
        assert_eq!(alice.edit_customers(vec![edit(world.foreign, 1, "x")]).unwrap().failed, 1);
        assert_eq!(world.bed.dump(), unchanged, "nothing done, nothing noted");
        // One alone is noted where it is done; what changes nothing leaves no note.
        for _ in ["it is changed", "it is called so already"] {
            let version = alice.customer(world.third).unwrap().version;
            assert_eq!(alice.edit_customers(vec![edit(world.third, version, "Third, alone")]).unwrap().done, 1);
            assert_eq!(audits(), before + 2);
        }
    });
}

#[test]
fn c9_next_dates_are_planned_for_many() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let next = at("2026-11-25T01:00:00Z");
        let plan = |customer, at| NextFollowUp { customer, at };
        let answer = alice
            .plan_follow_ups(vec![
                plan(world.customer, Some(next)),
                plan(world.third, Some(at("2020-01-01T00:00:00Z"))),
                plan(world.foreign, None),
            ])
            .unwrap();
        let codes: Vec<&str> = answer.items.iter().map(|item| item.error.as_deref().unwrap_or("done")).collect();
        assert_eq!(codes, ["done", "invalid", "not_found"]);
        assert_eq!(alice.customer(world.customer).unwrap().next_follow_up_at, Some(next));
        assert_eq!(world.user("eve").plan_follow_ups(vec![plan(world.customer, None)]).unwrap().done, 1);
        assert_eq!(
            world.user("rhea").plan_follow_ups(vec![plan(world.customer, None)]).unwrap().items[0].error.as_deref(),
            Some("forbidden")
        );
        assert_eq!(alice.customer(world.customer).unwrap().next_follow_up_at, None);
    });
}

#[test]
fn c9_a_batch_under_a_key_goes_on_where_it_stopped_and_does_nothing_twice() {
    in_every_world(|world| {
        let mona = || world.user("mona").idempotent("hand-over");
        let all = vec![world.customer, world.partner, world.third];
        assert_eq!(mona().transfer_customers(all.clone(), to("bob")).unwrap().done, 3);
        let after = world.bed.dump();
        assert_eq!(mona().transfer_customers(all.clone(), to("bob")).unwrap().done, 3);
        assert_eq!(world.bed.dump(), after);
        let other = mona().transfer_customers(all, to("luis")).unwrap();
        assert_eq!(
            other.items.iter().map(|item| item.error.as_deref()).collect::<Vec<_>>(),
            [Some("idempotency_key_reused"); 3]
        );
        assert_eq!(world.bed.dump(), after);
        let shown =
            world.user("bob").customers(CustomerQuery::from(View::Mine), PageRequest::first(9).counted()).unwrap();
        assert_eq!(shown.count.unwrap().value, 3);
        let share = ShareInput { person: Some(user("bob")), right: ShareRight::Edit, ..ShareInput::default() };
        refused(world.user("mona").share_customer(world.third, share), "share_with_owner");
    });
}
