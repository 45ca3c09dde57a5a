//! Customers, contacts, relations: C1 to C4, C6 to C9.

use crm_core::{
    Calendar, ContactEdit, CustomerEdit, CustomerEditItem, CustomerKind, CustomerQuery, CustomerStatus, EntryCode,
    NameRule, NewContact, NewCustomer, NewFollowUp, NewRelation, NextFollowUp, PageRequest, ShareInput, ShareRight,
    Transfer, View,
};
use crm_tests::{World, at, in_every_world, refused, user, violates};
use proptest::prelude::*;

fn entry(code: &str) -> EntryCode {
    EntryCode::new(code).unwrap()
}

fn named(name: &str) -> NewCustomer {
    NewCustomer::named(name)
}

fn contact(name: &str) -> NewContact {
    NewContact { name: name.to_owned(), ..NewContact::default() }
}

fn to(owner: &str) -> Transfer {
    Transfer { to: user(owner), to_position: None, keep_reader_until: None, reason: None }
}

fn relation(customer: crm_core::CustomerId, kind: &str, inverse: bool) -> NewRelation {
    NewRelation { customer, kind: entry(kind), inverse, note: None }
}

fn names(world: &World, who: &str, view: View) -> Vec<String> {
    let page = world.user(who).customers(view, PageRequest::first(500)).unwrap();
    page.items.into_iter().map(|customer| customer.name).collect()
}

fn full() -> NewCustomer {
    NewCustomer {
        number: Some("KH-1".to_owned()),
        short_name: Some("云杉".to_owned()),
        credit_code: Some("91330100ma2b0xyz1k".to_owned()),
        level: Some(entry("a")),
        stage: Some(entry("contact")),
        source: Some(entry("website")),
        industry: Some(entry("it")),
        region: Some("浙江杭州".to_owned()),
        address: Some("文三路 1 号".to_owned()),
        phones: vec!["0571-88880000".to_owned(), "400-1".to_owned()],
        website: Some("https://yunshan.example".to_owned()),
        email: Some("info@yunshan.example".to_owned()),
        description: Some("第一行\r\n第二行".to_owned()),
        ..named("云杉软件有限公司")
    }
}

#[test]
fn c1_a_customer_keeps_every_field() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let made = alice.create_customer(full()).unwrap();
        assert_eq!(alice.customer(made.id).unwrap(), made);
        assert_eq!((made.number.as_str(), made.owner.as_str(), made.status), ("KH-1", "alice", CustomerStatus::Active));
        assert_eq!(made.owner_position.as_ref().unwrap().as_str(), "agent");
        assert_eq!(made.credit_code.as_deref(), Some("91330100MA2B0XYZ1K"));
        assert_eq!(made.description.as_deref(), Some("第一行\n第二行"));
        assert_eq!(
            (made.created_at, made.received_at, made.idle_since),
            (world.bed.now(), made.created_at, made.created_at)
        );
        assert_eq!((made.created_by.as_str(), made.version), ("alice", 1));
        assert_eq!((made.last_follow_up_at, made.next_follow_up_at), (None, None));
    });
}

#[test]
fn c1_a_number_follows_the_pattern_in_the_organisations_day_and_is_unique() {
    in_every_world(|world| {
        let host = world.bed.host();
        let mut settings = host.settings().unwrap();
        settings.customer_number = "C{yyyy}/{MM}/{yyyyMMdd}-{random}".to_owned();
        settings = host.change_settings(settings).unwrap();
        // 17:00 in UTC is tomorrow in Shanghai.
        world.bed.clock.advance(10 * 3_600_000);
        let alice = world.user("alice");
        let first = alice.create_customer(named("One")).unwrap();
        let second = alice.create_customer(named("Two")).unwrap();
        assert!(first.number.starts_with("C2026/11/20261124-"), "{}", first.number);
        assert_ne!(first.number, second.number);
        let again = alice.create_customer(NewCustomer { number: Some(first.number.clone()), ..named("Three") });
        assert_eq!(refused(again, "number_taken").data()["number"], first.number);
        let edit = CustomerEdit { version: second.version, number: Some(first.number), ..CustomerEdit::default() };
        refused(alice.edit_customer(second.id, edit), "number_taken");
        settings.customer_number = "C{yyyy}".to_owned();
        violates(host.change_settings(settings), "customer_number", "malformed");
    });
}

#[test]
fn c1_a_birthday_belongs_to_a_person() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let birthday =
            crm_core::Birthday { calendar: Calendar::Lunar, year: None, month: 8, day: 15, leap_month: false };
        violates(
            alice.create_customer(NewCustomer { birthday: Some(birthday), ..named("Company") }),
            "birthday",
            "not_allowed",
        );
        let person = NewCustomer { kind: Some(CustomerKind::Person), birthday: Some(birthday), ..named("Person") };
        let person = alice.create_customer(person).unwrap();
        assert_eq!(person.birthday, Some(birthday));
        let edit = CustomerEdit { version: 1, kind: Some(CustomerKind::Company), ..CustomerEdit::default() };
        violates(alice.edit_customer(person.id, edit), "birthday", "not_allowed");
        let impossible = [
            (Calendar::Solar, 2, 30, false),
            (Calendar::Solar, 1, 1, true),
            (Calendar::Lunar, 13, 1, false),
            (Calendar::Lunar, 1, 31, false),
            (Calendar::Solar, 0, 1, false),
        ];
        for (calendar, month, day, leap_month) in impossible {
            let birthday = Some(crm_core::Birthday { calendar, year: None, month, day, leap_month });
            let customer = NewCustomer { kind: Some(CustomerKind::Person), birthday, ..named("Impossible") };
            violates(alice.create_customer(customer), "birthday", "out_of_range");
        }
    });
}

#[test]
fn c1_a_follow_up_does_not_move_the_version_and_an_edit_does() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let before = alice.customer(world.customer).unwrap();
        world.bed.clock.advance(1_000);
        let next = Some(world.bed.now().plus_days(3));
        let follow_up = NewFollowUp { next_at: next, stage: Some(entry("needs")), ..NewFollowUp::text("Met") };
        alice.follow_up(world.customer, follow_up).unwrap();
        let followed = alice.customer(world.customer).unwrap();
        assert_eq!(followed.version, before.version);
        assert_eq!((followed.last_follow_up_at, followed.next_follow_up_at), (Some(world.bed.now()), next));
        assert_eq!(followed.stage, Some(entry("needs")));
        // A form that was open all the while is still good, and takes nothing back.
        let edit =
            CustomerEdit { version: before.version, region: Some("上海".to_owned()), ..CustomerEdit::default() };
        let edited = alice.edit_customer(world.customer, edit.clone()).unwrap();
        assert_eq!(edited.version, before.version + 1);
        assert_eq!(alice.customer(world.customer).unwrap(), edited);
        assert_eq!((edited.stage, edited.next_follow_up_at), (Some(entry("needs")), next));
        assert_eq!((edited.changed_by.as_str(), edited.changed_at), ("alice", world.bed.now()));
        refused(alice.edit_customer(world.customer, edit), "conflict");
    });
}

#[test]
fn c1_an_edit_sets_clears_and_refuses_what_it_does_not_know() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let made = alice.create_customer(full()).unwrap();
        let clear = [
            "short_name",
            "credit_code",
            "level",
            "stage",
            "source",
            "industry",
            "region",
            "address",
            "phones",
            "website",
            "email",
            "description",
            "birthday",
        ];
        let edit = CustomerEdit { version: 1, clear: clear.map(str::to_owned).to_vec(), ..CustomerEdit::default() };
        let cleared = alice.edit_customer(made.id, edit).unwrap();
        assert_eq!((cleared.short_name, cleared.level, cleared.phones, cleared.email), (None, None, vec![], None));
        let nothing = alice.edit_customer(made.id, CustomerEdit { version: 2, ..CustomerEdit::default() }).unwrap();
        assert_eq!(nothing.version, 2, "an edit that changes nothing is none");
        for (place, field) in ["name", "number", "owner", "id", "version"].into_iter().enumerate() {
            let mut clear = vec!["region".to_owned(); place];
            clear.push(field.to_owned());
            let edit = CustomerEdit { version: 2, clear, ..CustomerEdit::default() };
            violates(alice.edit_customer(made.id, edit), &format!("clear[{place}]"), "unknown");
        }
    });
}

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
            let filter = crm_core::ContactFilter { text: text.map(str::to_owned), mine };
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
        // Rhea and eve see the customer, not its partner.
        for who in ["rhea", "eve"] {
            assert_eq!(world.user(who).relations(world.customer).unwrap(), [], "{who}");
            assert_eq!(world.user(who).customer_panels(world.customer).unwrap().relations, []);
            refused(world.user(who).remove_relation(world.relation), "not_found");
        }
        let alone = world.user("eve").add_relation(world.customer, relation(world.third, "partner", false));
        assert_eq!(refused(alone, "not_found").data()["id"], world.third.to_string());
        assert_eq!(world.user("mona").relations(world.customer).unwrap().len(), 1);
        world
            .user("alice")
            .share_customer(world.partner, ShareInput { person: Some(user("rhea")), ..ShareInput::default() })
            .unwrap();
        assert_eq!(world.user("rhea").relations(world.customer).unwrap().len(), 1);
        refused(world.user("rhea").remove_relation(world.relation), "forbidden");
        world.user("alice").delete_customer(world.partner).unwrap();
        for who in ["rhea", "alice", "adam"] {
            assert_eq!(world.user(who).relations(world.customer).unwrap(), [], "{who}: it is in the recycle bin");
        }
        world.user("alice").restore_customer(world.partner, None).unwrap();
        assert_eq!(world.user("alice").relations(world.customer).unwrap().len(), 1);
    });
}

#[test]
fn c4_the_view_of_a_customer_assembles_its_panels() {
    in_every_world(|world| {
        let panels = |who: &str| world.user(who).customer_panels(world.customer).unwrap();
        let alice = panels("alice");
        assert_eq!(alice.customer.id, world.customer);
        assert_eq!((alice.contacts.len(), alice.relations.len(), alice.follow_ups.len()), (2, 1, 1));
        assert_eq!(
            (alice.follow_ups[0].replies.len(), alice.follow_ups[0].customer_name.as_str()),
            (1, "杭州云帆科技有限公司")
        );
        let all = ["edit", "assign", "share", "delete", "add_contact", "edit_contact", "remove_contact", "follow_up"];
        for who in ["alice", "mona", "dora", "adam"] {
            assert_eq!(panels(who).allowed, all, "{who}");
        }
        assert_eq!(panels("rhea").allowed, [] as [&str; 0]);
        assert_eq!(panels("eve").allowed, ["edit", "add_contact", "edit_contact", "remove_contact", "follow_up"]);
        let deleted = world.user("alice").customer_panels(world.deleted).unwrap();
        assert_eq!(deleted.allowed, ["restore"]);
        for who in ["bob", "stan", "xavier"] {
            refused(world.user(who).customer_panels(world.customer), "not_found");
        }
    });
}

#[test]
fn c4_panels_follow_the_rights_on_their_modules() {
    in_every_world(|world| {
        let deny = |rights: &[&str]| crm_core::RoleInput {
            id: crm_core::RoleId::new("narrow").unwrap(),
            name: "Narrow".to_owned(),
            administrator: false,
            allow: vec![],
            deny: rights.iter().map(|right| crm_core::Permission::new(right).unwrap()).collect(),
            everyone: false,
            people: vec![user("alice")],
            positions: vec![],
            host_roles: vec![],
        };
        world
            .bed
            .host()
            .sync_roles(vec![deny(&["contact.view", "follow_up.view"])], crm_core::SyncMode::Delta)
            .unwrap();
        let panels = world.user("alice").customer_panels(world.customer).unwrap();
        assert_eq!((panels.contacts.len(), panels.follow_ups.len(), panels.relations.len()), (0, 0, 1));
        refused(world.user("alice").contact(world.primary), "forbidden");
        refused(world.user("alice").follow_up_with_replies(world.follow_up), "forbidden");
    });
}

#[test]
fn c6_the_new_owner_reads_all_that_went_before_and_the_old_one_only_if_asked() {
    in_every_world(|world| {
        let until = world.bed.now().plus_days(2);
        world.bed.clock.advance_days(1);
        let moved = Transfer { keep_reader_until: Some(until), reason: Some("调岗".to_owned()), ..to("bob") };
        let answer = world.user("mona").transfer_customers(vec![world.customer], moved).unwrap();
        assert_eq!((answer.done, answer.failed), (1, 0));
        let bob = world.user("bob").customer_panels(world.customer).unwrap();
        assert_eq!((bob.contacts.len(), bob.follow_ups.len(), bob.customer.owner.as_str()), (2, 1, "bob"));
        assert_eq!((bob.customer.received_at, bob.customer.idle_since), (world.bed.now(), world.bed.now()));
        assert_eq!(bob.customer.owner_position.unwrap().as_str(), "agent");
        let history = world.user("bob").customer_history(world.customer, PageRequest::first(1)).unwrap();
        let fields: Vec<&str> = history.items[0].changes.iter().map(|change| change.field.as_str()).collect();
        assert_eq!((fields, history.items[0].by.as_str()), (vec!["owner", "reason"], "mona"));
        // That he may still read is remembered and announced as any share is.
        let history = world.user("bob").customer_history(world.customer, PageRequest::first(2)).unwrap();
        let given = history.items[1].changes[0].became.clone().unwrap();
        assert_eq!((&given["with"], &given["right"]), (&serde_json::json!("u:alice"), &serde_json::json!("read")));
        let events = world.bed.host().events("oa".to_owned(), 1_000).unwrap();
        let shared = events.iter().rfind(|event| event.kind == "customer_shared").unwrap();
        assert_eq!(shared.data, given);
        // The shares are over; alice reads until the day comes, then no more, tick or not.
        for who in ["rhea", "eve"] {
            refused(world.user(who).customer(world.customer), "not_found");
        }
        let alice = world.user("alice");
        assert_eq!(alice.customer(world.customer).unwrap().owner.as_str(), "bob");
        let edit = CustomerEdit { version: 9, ..CustomerEdit::default() };
        refused(alice.edit_customer(world.customer, edit), "forbidden");
        assert_eq!(names(world, "alice", View::SharedWithMe), ["杭州云帆科技有限公司"]);
        world.bed.clock.advance_days(1);
        refused(alice.customer(world.customer), "not_found");
        assert_eq!(names(world, "alice", View::SharedWithMe), [] as [&str; 0]);
        world.bed.host().tick().unwrap();
        refused(alice.customer(world.customer), "not_found");
        assert_eq!(world.user("bob").shares(world.customer).unwrap(), []);
    });
}

#[test]
fn c6_only_who_disposes_of_it_transfers_and_only_below_himself() {
    in_every_world(|world| {
        let item = |who: &str, owner: &str| {
            let answer = world.user(who).transfer_customers(vec![world.customer], to(owner)).unwrap();
            answer.items[0].error.clone().unwrap_or_else(|| "done".to_owned())
        };
        let before = world.bed.dump();
        assert_eq!(item("alice", "alice"), "owner_already");
        assert_eq!(item("alice", "bob"), "owner_outside_subtree");
        assert_eq!(item("alice", "nobody"), "invalid");
        // What is wrong is named as it was given.
        let nobody = world.user("mona").transfer_customers(vec![world.customer], to("nobody")).unwrap();
        assert_eq!(nobody.items[0].texts, ["to is not known", "to 不存在"]);
        assert_eq!(item("mona", "dan"), "owner_deactivated");
        assert_eq!(item("mona", "stan"), "owner_outside_subtree");
        for who in ["bob", "stan", "xavier"] {
            assert_eq!(item(who, who), "not_found", "{who}");
        }
        for who in ["rhea", "eve"] {
            assert_eq!(item(who, who), "forbidden", "{who}");
        }
        let past = Transfer { keep_reader_until: Some(world.bed.now()), ..to("bob") };
        let answer = world.user("mona").transfer_customers(vec![world.customer], past).unwrap();
        assert_eq!(answer.items[0].error.as_deref(), Some("invalid"));
        assert_eq!(world.bed.dump(), before);
        assert_eq!(item("alice", "luis"), "done");
        assert_eq!(item("mona", "mona"), "done");
        assert_eq!(item("adam", "stan"), "done");
        assert_eq!(item("mona", "mona"), "not_found");
    });
}

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
        let items = vec![
            edit(world.third, 1, "Third, edited"),
            edit(world.foreign, 1, "Taken over"),
            edit(world.partner, 7, "Stale"),
            edit(world.partner, 1, "Third, edited"),
            edit(world.partner, 1, " "),
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
