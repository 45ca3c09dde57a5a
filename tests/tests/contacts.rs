//! Contacts and relations: C2, C3.

use crm_core::{Calendar, ContactEdit, NewContact, NewCustomer, PageRequest, ShareInput};
use crm_tests::inputs::{contact, entry, named, relation, to};
use crm_tests::{in_every_world, refused, user, violates};
use proptest::prelude::*;

#[test]
fn c2_the_owner_is_the_caller_or_somebody_below_him() {
    in_every_world(|world| {
        let owned = |owner: &str| NewCustomer { owner: Some(user(owner)), ..named(owner) };
        let mona = world.user("mona");
        assert_eq!(mona.create_customer(named("Own")).unwrap().owner.as_str(), "mona");
        assert_eq!(mona.create_customer(owned("alice")).unwrap().owner.as_str(), "alice");
        assert_eq!(mona.create_customer(owned("luis")).unwrap().owner_position.unwrap().as_str(), "helper");
        for (who, owner) in [("mona", "dora"), ("mona", "stan"), ("alice", "bob"), ("alice", "mona")] {
            refused(world.user(who).create_customer(owned(owner)), "owner_outside_subtree");
        }
        refused(mona.create_customer(owned("dan")), "owner_deactivated");
        violates(mona.create_customer(owned("nobody")), "owner", "unknown");
        assert_eq!(world.user("adam").create_customer(owned("stan")).unwrap().owner.as_str(), "stan");
        violates(world.bed.host().create_customer(named("Nobody's")), "owner", "required");
        let elsewhere = NewCustomer {
            owner_position: Some(crm_core::position::PositionId::new("north").unwrap()),
            ..named("Elsewhere")
        };
        violates(world.user("alice").create_customer(elsewhere), "owner_position", "not_allowed");
    });
}

#[test]
fn c2_contacts_and_relations_come_in_the_same_command_or_not_at_all() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let customer = |contacts, relations| NewCustomer { contacts, relations, ..named("Whole") };
        let before = world.bed.dump();
        let two = vec![NewContact { primary: true, ..contact("A") }, NewContact { primary: true, ..contact("B") }];
        violates(alice.create_customer(customer(two, vec![])), "contacts.primary", "repeated");
        violates(
            alice.create_customer(customer(vec![contact("A"), contact(" ")], vec![])),
            "contacts[1].name",
            "required",
        );
        violates(alice.create_customer(customer(vec![contact("A"); 51], vec![])), "contacts", "too_many");
        refused(alice.create_customer(customer(vec![], vec![relation(world.foreign, "partner", false)])), "not_found");
        violates(
            alice.create_customer(customer(vec![], vec![relation(world.partner, "friend", false)])),
            "relations[0].kind",
            "unknown",
        );
        let twice = vec![relation(world.partner, "partner", false), relation(world.partner, "partner", false)];
        refused(alice.create_customer(customer(vec![contact("A")], twice)), "relation_exists");
        let circle = vec![relation(world.partner, "parent", false), relation(world.partner, "parent", true)];
        refused(alice.create_customer(customer(vec![], circle)), "relation_circle");
        assert_eq!(world.bed.dump(), before);

        let relations = vec![
            relation(world.partner, "parent", true),
            relation(world.partner, "business", false),
            relation(world.third, "parent", false),
        ];
        let made = alice
            .create_customer(customer(vec![contact("A"), NewContact { primary: true, ..contact("B") }], relations))
            .unwrap();
        let panels = alice.customer_panels(made.id).unwrap();
        assert_eq!(
            panels.contacts.iter().map(|c| (c.name.as_str(), c.primary)).collect::<Vec<_>>(),
            [("B", true), ("A", false)]
        );
        assert_eq!(panels.relations.len(), 3);
        assert_eq!(alice.relations(world.third).unwrap()[0].label, "母公司");
    });
}

#[test]
fn c2_the_first_contact_is_primary_and_removing_it_asks_for_another() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let first = alice.add_contact(world.third, contact("First")).unwrap();
        let second = alice.add_contact(world.third, contact("Second")).unwrap();
        assert!(first.primary && !second.primary);
        refused(alice.remove_contact(first.id, None), "primary_contact_needed");
        violates(alice.remove_contact(first.id, Some(first.id)), "new_primary", "unknown");
        violates(alice.remove_contact(first.id, Some(world.second)), "new_primary", "unknown");
        alice.remove_contact(first.id, Some(second.id)).unwrap();
        assert!(alice.contact(second.id).unwrap().primary);
        // Its history names what was called.
        let history = alice.contact_history(second.id, PageRequest::first(5)).unwrap();
        assert_eq!(history.items[0].operation, "remove_contact");
        refused(alice.contact(first.id), "not_found");
        alice.remove_contact(second.id, None).unwrap();
        assert!(alice.customer_panels(world.third).unwrap().contacts.is_empty());
        assert!(alice.add_contact(world.third, contact("Third")).unwrap().primary);
    });
}

#[test]
fn c2_a_contact_keeps_every_field_and_its_edits() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let birthday =
            crm_core::Birthday { calendar: Calendar::Solar, year: Some(1984), month: 2, day: 29, leap_month: false };
        let full = NewContact {
            gender: Some(crm_core::Gender::Female),
            title: Some("总监".to_owned()),
            department: Some("采购".to_owned()),
            phones: vec!["13800138000".to_owned()],
            email: Some("li@a.example".to_owned()),
            wechat: Some("li-wx".to_owned()),
            qq: Some("10001".to_owned()),
            birthday: Some(birthday),
            address: Some("路 1".to_owned()),
            preferences: Some("茶".to_owned()),
            note: Some("注".to_owned()),
            ..contact("李雷")
        };
        let made = alice.add_contact(world.third, full).unwrap();
        assert_eq!(alice.contact(made.id).unwrap(), made);
        let edit = ContactEdit {
            version: 1,
            title: Some("经理".to_owned()),
            clear: vec!["qq".to_owned()],
            ..ContactEdit::default()
        };
        let edited = alice.edit_contact(made.id, edit.clone()).unwrap();
        assert_eq!((edited.title.as_deref(), edited.qq.as_deref(), edited.version), (Some("经理"), None, 2));
        assert_eq!(alice.contact(made.id).unwrap(), edited);
        refused(alice.edit_contact(made.id, edit), "conflict");
        let edit = ContactEdit { version: 2, clear: vec!["name".to_owned()], ..ContactEdit::default() };
        violates(alice.edit_contact(made.id, edit), "clear[0]", "unknown");
        let bad = NewContact { birthday: Some(crm_core::Birthday { year: Some(1985), ..birthday }), ..contact("X") };
        violates(alice.add_contact(world.third, bad), "birthday", "out_of_range");
    });
}

#[test]
fn c2_the_list_of_contacts_goes_over_all_customers_one_sees() {
    in_every_world(|world| {
        let list = |who: &str, text: Option<&str>, mine| {
            let filter =
                crm_core::ContactFilter { text: text.map(str::to_owned), mine, ..crm_core::ContactFilter::default() };
            let page = world.user(who).contacts(filter, PageRequest::first(50).counted()).unwrap();
            assert_eq!(page.count.unwrap().value, page.items.len() as i64);
            page.items.into_iter().map(|row| (row.contact.name, row.customer_name)).collect::<Vec<_>>()
        };
        world.user("mona").create_customer(NewCustomer { contacts: vec![contact("安娜")], ..named("Mona's") }).unwrap();
        assert_eq!(list("alice", None, false).len(), 2);
        assert_eq!(list("mona", None, false).len(), 3);
        assert_eq!(list("mona", None, true), [("安娜".to_owned(), "Mona's".to_owned())]);
        assert_eq!(list("adam", Some("ＳＥＣＯＮＤ"), false).len(), 1);
        assert_eq!(list("dora", Some("13800138000"), false).len(), 0, "blanks inside a number stay");
        assert_eq!(list("dora", Some("0013"), false).len(), 2);
        for who in ["bob", "stan", "xavier"] {
            assert_eq!(list(who, None, false), [], "{who}");
        }
        for who in ["rhea", "eve"] {
            assert_eq!((list(who, None, false).len(), list(who, None, true).len()), (2, 0), "{who}");
        }
        world.user("alice").delete_customer(world.customer).unwrap();
        assert_eq!(list("alice", None, false), []);
        world.user("alice").restore_customer(world.customer, None).unwrap();
        assert_eq!(list("alice", None, false).len(), 2);
        world.user("mona").transfer_customers(vec![world.customer], to("bob")).unwrap();
        assert_eq!((list("alice", None, false).len(), list("bob", None, false).len()), (0, 2));
    });
}

#[derive(Debug, Clone)]
enum ContactStep {
    Add(bool),
    Primary(usize),
    Remove(usize, Option<usize>),
    BinAndBack,
    Transfer,
}

fn contact_step() -> impl Strategy<Value = ContactStep> {
    prop_oneof![
        3 => any::<bool>().prop_map(ContactStep::Add),
        2 => (0..8_usize).prop_map(ContactStep::Primary),
        3 => (0..8_usize, proptest::option::of(0..8_usize)).prop_map(|(gone, heir)| ContactStep::Remove(gone, heir)),
        1 => Just(ContactStep::BinAndBack),
        1 => Just(ContactStep::Transfer),
    ]
}

#[test]
fn c2_there_is_one_primary_contact_after_any_sequence() {
    in_every_world(|world| {
        let steps = proptest::collection::vec(contact_step(), 1..25);
        let config = ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() };
        let round = std::cell::Cell::new(0);
        let mut runner = proptest::test_runner::TestRunner::new(config);
        let property = |steps: Vec<ContactStep>| {
            round.set(round.get() + 1);
            let mona = world.user("mona");
            let customer = mona.create_customer(named(&format!("Sequence {}", round.get()))).unwrap().id;
            for step in steps {
                let contacts = mona.customer_panels(customer).unwrap().contacts;
                let id = |place: usize| contacts.get(place % contacts.len().max(1)).map(|contact| contact.id);
                match step {
                    ContactStep::Add(primary) => {
                        mona.add_contact(customer, NewContact { primary, ..contact("Somebody") }).unwrap();
                    }
                    ContactStep::Primary(place) => {
                        id(place).into_iter().for_each(|id| assert!(mona.set_primary_contact(id).unwrap().primary));
                    }
                    ContactStep::Remove(gone, heir) => {
                        let Some(gone) = id(gone) else { continue };
                        let primary = contacts[0].id == gone;
                        let heir = heir.and_then(id);
                        let must_name = primary && contacts.len() > 1;
                        let done = mona.remove_contact(gone, heir).is_ok();
                        prop_assert_eq!(done, !must_name || heir.is_some_and(|heir| heir != gone));
                    }
                    ContactStep::BinAndBack => {
                        mona.delete_customer(customer).unwrap();
                        mona.restore_customer(customer, None).unwrap();
                    }
                    ContactStep::Transfer => {
                        let owner =
                            if mona.customer(customer).unwrap().owner.as_str() == "mona" { "alice" } else { "mona" };
                        prop_assert_eq!(mona.transfer_customers(vec![customer], to(owner)).unwrap().done, 1);
                    }
                }
                let contacts = mona.customer_panels(customer).unwrap().contacts;
                let primaries = contacts.iter().filter(|contact| contact.primary).count();
                prop_assert_eq!(primaries, contacts.len().min(1));
            }
            Ok(())
        };
        runner.run(&steps, property).unwrap();
    });
}

#[test]
fn c3_a_relation_is_seen_from_both_ends_by_the_name_of_its_direction() {
    in_every_world(|world| {
        let alice = world.user("alice");
        // `inverse`: the other one is the parent.
        let added = alice.add_relation(world.customer, relation(world.third, "parent", true)).unwrap();
        assert_eq!((added.label.as_str(), added.inverse, added.customer), ("母公司", true, world.third));
        let there = alice.relations(world.third).unwrap();
        assert_eq!((there[0].label.as_str(), there[0].inverse, there[0].customer), ("子公司", false, world.customer));
        assert_eq!(there[0].id, added.id);
        refused(alice.add_relation(world.third, relation(world.customer, "parent", false)), "relation_exists");
        refused(alice.add_relation(world.third, relation(world.third, "partner", false)), "relation_to_itself");
        // A partner is a partner from both ends, and one once.
        refused(alice.add_relation(world.partner, relation(world.customer, "partner", false)), "relation_exists");
        refused(alice.add_relation(world.partner, relation(world.customer, "partner", true)), "relation_exists");
        alice.remove_relation(added.id).unwrap();
        refused(alice.remove_relation(added.id), "not_found");
        assert_eq!(alice.relations(world.third).unwrap(), []);
        alice.add_relation(world.third, relation(world.customer, "parent", true)).unwrap();
        assert_eq!(alice.relations(world.third).unwrap()[0].label, "母公司");
    });
}

#[test]
fn c3_administrators_add_kinds_with_a_name_of_each_direction() {
    in_every_world(|world| {
        let kind = crm_core::DictionaryEntryInput {
            dictionary: "relation_kind".to_owned(),
            code: entry("dealer"),
            label: "代理商".to_owned(),
            inverse_label: Some("厂家".to_owned()),
            hierarchical: false,
            order: 9,
            colour: None,
            retired: false,
            version: None,
        };
        refused(world.user("alice").save_dictionary_entry(kind.clone()), "forbidden");
        world.user("adam").save_dictionary_entry(kind.clone()).unwrap();
        let alice = world.user("alice");
        alice.add_relation(world.third, relation(world.partner, "dealer", false)).unwrap();
        alice.add_relation(world.third, relation(world.partner, "dealer", true)).unwrap();
        let labels: Vec<String> = alice.relations(world.third).unwrap().into_iter().map(|view| view.label).collect();
        assert_eq!(labels, ["厂家", "代理商"]);
        refused(
            world
                .user("adam")
                .save_dictionary_entry(crm_core::DictionaryEntryInput { hierarchical: true, ..kind.clone() }),
            "hierarchy_fixed",
        );
        world.user("adam").save_dictionary_entry(crm_core::DictionaryEntryInput { retired: true, ..kind }).unwrap();
        violates(
            alice.add_relation(world.third, relation(world.customer, "dealer", false)),
            "relation.kind",
            "unknown",
        );
        assert_eq!(alice.relations(world.third).unwrap().len(), 2, "what is there stays");
    });
}

#[test]
fn c3_parents_make_no_cycle_whatever_is_tried() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let customers: Vec<_> =
            (0..6).map(|n| alice.create_customer(named(&format!("Company {n}"))).unwrap().id).collect();
        let config = ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() };
        let mut runner = proptest::test_runner::TestRunner::new(config);
        let pairs = proptest::collection::vec((0..6_usize, 0..6_usize, any::<bool>()), 1..20);
        let property = |pairs: Vec<(usize, usize, bool)>| {
            let mut edges: Vec<(usize, usize)> = Vec::new();
            let mut made = Vec::new();
            for (parent, child, from_below) in pairs {
                let answer = if from_below {
                    alice.add_relation(customers[child], relation(customers[parent], "parent", true))
                } else {
                    alice.add_relation(customers[parent], relation(customers[child], "parent", false))
                };
                // Naively: is the parent reachable from the child?
                let mut below = std::collections::BTreeSet::from([child]);
                for _ in 0..6 {
                    below.extend(edges.iter().filter(|(p, _)| below.contains(p)).map(|(_, c)| *c).collect::<Vec<_>>());
                }
                let expected = if parent == child {
                    "relation_to_itself"
                } else if edges.contains(&(parent, child)) {
                    "relation_exists"
                } else if below.contains(&parent) {
                    "relation_circle"
                } else {
                    "done"
                };
                prop_assert_eq!(crm_tests::code(&answer), expected);
                if let Ok(view) = answer {
                    edges.push((parent, child));
                    made.push(view.id);
                }
            }
            made.into_iter().for_each(|id| drop(alice.remove_relation(id).unwrap()));
            Ok(())
        };
        runner.run(&pairs, property).unwrap();
    });
}

#[test]
fn c3_a_related_customer_that_one_does_not_see_does_not_show() {
    in_every_world(|world| {
        let partner = world.user("alice").create_customer(named("Another partner")).unwrap().id;
        let related = world.user("alice").add_relation(world.customer, relation(partner, "partner", false)).unwrap().id;
        world.user("alice").remove_relation(world.relation).unwrap();
        // Rhea and eve see the customer, not its partner.
        for who in ["rhea", "eve"] {
            assert_eq!(world.user(who).relations(world.customer).unwrap(), [], "{who}");
            assert_eq!(world.user(who).customer_panels(world.customer).unwrap().relations, []);
            refused(world.user(who).remove_relation(related), "not_found");
        }
        let alone = world.user("eve").add_relation(world.customer, relation(world.third, "partner", false));
        assert_eq!(refused(alone, "not_found").data()["id"], world.third.to_string());
        assert_eq!(world.user("mona").relations(world.customer).unwrap().len(), 1);
        world
            .user("alice")
            .share_customer(partner, ShareInput { person: Some(user("rhea")), ..ShareInput::default() })
            .unwrap();
        assert_eq!(world.user("rhea").relations(world.customer).unwrap().len(), 1);
        refused(world.user("rhea").remove_relation(related), "forbidden");
        world.user("alice").delete_customer(partner).unwrap();
        for who in ["rhea", "alice", "adam"] {
            assert_eq!(world.user(who).relations(world.customer).unwrap(), [], "{who}: it is in the recycle bin");
        }
        world.user("alice").restore_customer(partner, None).unwrap();
        assert_eq!(world.user("alice").relations(world.customer).unwrap().len(), 1);
    });
}
