//! Customers, their panels, their transfer: C1, C4, C6.

use crm_core::{
    Calendar, CustomerEdit, CustomerKind, CustomerStatus, NewCustomer, NewFollowUp, PageRequest, Transfer, View,
};
use crm_tests::inputs::{entry, full, named, names, to};
use crm_tests::{in_every_world, refused, user, violates};

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
        let all = [
            "edit",
            "assign",
            "merge",
            "share",
            "lock",
            "release",
            "delete",
            "add_contact",
            "edit_contact",
            "remove_contact",
            "follow_up",
            "attach_document",
            "create_contract",
            "record_prepayment",
        ];
        for who in ["alice", "mona", "dora", "adam"] {
            assert_eq!(panels(who).allowed, all, "{who}");
        }
        assert_eq!(panels("rhea").allowed, [] as [&str; 0]);
        assert_eq!(
            panels("eve").allowed,
            [
                "edit",
                "merge",
                "add_contact",
                "edit_contact",
                "remove_contact",
                "follow_up",
                "attach_document",
                "create_contract",
                "record_prepayment"
            ]
        );
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
            deny: rights.iter().map(|right| crm_core::Permission::new(right).unwrap()).collect(),
            people: vec![user("alice")],
            ..crm_core::RoleInput::named("narrow", "Narrow").unwrap()
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
