//! Positions, roles, who sees what and why: A1 to A4, A7, and people kept in step (H1).

use crm_core::{
    Actor, ContactEdit, Crm, CustomerId, FieldAccess, FieldRight, NewCustomer, PageRequest, Permission, PositionInput,
    RoleInput, ShareInput, SyncMode, Transfer, View,
};
use crm_tests::{Bed, Role, code, found, in_every_world, on_every_store, person, position, refused, user, violates};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn role(id: &str, allow: &[&str], deny: &[&str], people: &[&str]) -> RoleInput {
    let rights = |rights: &[&str]| rights.iter().map(|right| Permission::new(right).unwrap()).collect();
    RoleInput {
        allow: rights(allow),
        deny: rights(deny),
        people: people.iter().map(|id| user(id)).collect(),
        ..RoleInput::named(id, id).unwrap()
    }
}

#[test]
fn a1_positions_form_a_tree_without_cycles() {
    in_every_world(|world| {
        let host = world.bed.host();
        let before = world.bed.dump();
        let sync = |positions: Vec<PositionInput>, mode| host.sync_positions(positions, mode, false);
        refused(sync(vec![position("director", Some("agent"), &[])], SyncMode::Delta), "position_circle");
        refused(sync(vec![position("self", Some("self"), &[])], SyncMode::Delta), "position_circle");
        violates(sync(vec![position("x", Some("nowhere"), &[])], SyncMode::Delta), "positions[x].parent", "unknown");
        violates(
            sync(vec![position("x", None, &["alice", "nobody"])], SyncMode::Delta),
            "positions[x].holders",
            "unknown",
        );
        violates(
            sync(vec![position("x", None, &[]), position("x", None, &[])], SyncMode::Delta),
            "positions[1].id",
            "repeated",
        );
        let without_manager: Vec<_> = crm_tests::POSITIONS
            .iter()
            .filter(|(id, ..)| *id != "manager")
            .map(|(id, parent, holders)| position(id, *parent, holders))
            .collect();
        refused(sync(without_manager, SyncMode::Whole), "position_has_others_below");
        refused(world.user("dora").sync_positions(vec![], SyncMode::Whole, true), "forbidden");
        assert_eq!(world.bed.dump(), before);
    });
}

#[test]
fn a1_a_tree_of_ten_thousand_positions_has_64_levels_and_no_more() {
    let bed = Bed::memory();
    found(&bed.crm, "acme", &[("top", &[]), ("end", &[])], &[]);
    let tree = |levels: usize| {
        let deep = (0..levels).map(|n| {
            let parent = (n > 0).then(|| format!("p{}", n - 1));
            let holders: &[&str] = if n == 0 {
                &["top"]
            } else if n + 1 == levels {
                &["end"]
            } else {
                &[]
            };
            position(&format!("p{n}"), parent.as_deref(), holders)
        });
        let wide = (levels..10_000).map(|n| position(&format!("w{n}"), Some("p0"), &[]));
        deep.chain(wide).collect::<Vec<_>>()
    };
    refused(bed.host().sync_positions(tree(65), SyncMode::Whole, false), "positions_too_deep");
    let report = bed.host().sync_positions(tree(64), SyncMode::Whole, false).unwrap();
    assert_eq!((report.report.added, report.access[0].gained.len()), (10_000, 9_999));
    let made = bed.user("end").create_customer(NewCustomer::named("Deep")).unwrap();
    assert_eq!(bed.user("top").customer(made.id).unwrap().id, made.id);
    let circle = bed.host().sync_positions(vec![position("p0", Some("p63"), &["top"])], SyncMode::Delta, false);
    refused(circle, "position_circle");
}

#[test]
fn a1_a_removed_position_keeps_its_customers_in_sight_of_those_above() {
    in_every_world(|world| {
        let host = world.bed.host();
        let left: Vec<_> = crm_tests::POSITIONS
            .iter()
            .filter(|(id, ..)| !["agent", "helper"].contains(id))
            .map(|(id, parent, holders)| position(id, *parent, holders))
            .collect();
        assert_eq!(host.sync_positions(left.clone(), SyncMode::Whole, false).unwrap().report.removed, 2);
        for who in ["alice", "mona", "dora"] {
            assert_eq!(world.user(who).customer(world.customer).unwrap().id, world.customer, "{who}");
        }
        assert_eq!(world.user("mona").customers(View::Subordinates, PageRequest::default()).unwrap().items.len(), 3);
        assert!(!host.positions().unwrap().iter().any(|position| position.id.as_str() == "agent"));
        let new = world.user("alice").create_customer(NewCustomer::named("Without a position")).unwrap();
        assert_eq!(new.owner_position, None);
        refused(world.user("mona").customer(new.id), "not_found");
        let after = world.bed.dump();
        assert_eq!(host.sync_positions(left, SyncMode::Whole, false).unwrap().report, crm_core::SyncReport::default());
        assert_eq!(world.bed.dump(), after, "twice is once");
    });
}

#[test]
fn a1_a_vacant_position_keeps_what_is_below_it() {
    in_every_world(|world| {
        let host = world.bed.host();
        let preview =
            host.sync_positions(vec![position("manager", Some("director"), &[])], SyncMode::Delta, true).unwrap();
        let before = world.bed.dump();
        let lost: Vec<&str> = preview.access[0].lost.iter().map(|position| position.as_str()).collect();
        assert_eq!((preview.access[0].person.as_str(), lost), ("mona", vec!["agent", "helper"]));
        assert_eq!(world.bed.dump(), before, "a preview changes nothing");
        let done =
            host.sync_positions(vec![position("manager", Some("director"), &[])], SyncMode::Delta, false).unwrap();
        assert_eq!(done, preview);
        refused(world.user("mona").customer(world.customer), "not_found");
        assert_eq!(world.user("dora").customers(View::Subordinates, PageRequest::default()).unwrap().items.len(), 3);
        // He who left the position keeps his own customers, at the position they were received at.
        let own = world
            .user("dora")
            .create_customer(NewCustomer { owner: Some(user("alice")), ..NewCustomer::named("Own") })
            .unwrap()
            .id;
        host.sync_positions(
            vec![
                position("agent", Some("manager"), &["bob"]),
                position("north-agent", Some("north"), &["alice", "stan"]),
            ],
            SyncMode::Delta,
            false,
        )
        .unwrap();
        assert_eq!(world.user("alice").customer(own).unwrap().owner_position.unwrap().as_str(), "agent");
        assert_eq!(world.user("dora").customer(own).unwrap().id, own);
        refused(world.user("olga").customer(own), "not_found");
        let new = world.user("alice").create_customer(NewCustomer::named("New")).unwrap().id;
        refused(world.user("dora").customer(new), "not_found");
        assert_eq!(world.user("olga").customer(new).unwrap().owner_position.unwrap().as_str(), "north-agent");
    });
}

type Tree = Vec<(usize, Vec<usize>)>;
const USERS: [&str; 5] = ["u0", "u1", "u2", "u3", "u4"];

/// Eight positions, each below an earlier one or a root, each with some holders; and then again.
fn trees() -> impl Strategy<Value = (Tree, Tree, Vec<(usize, usize)>)> {
    let tree = || proptest::collection::vec((0..9_usize, proptest::collection::vec(0..5_usize, 0..3)), 8);
    (tree(), tree(), proptest::collection::vec((0..5_usize, 0..8_usize), 0..10))
}

fn inputs(tree: &Tree) -> Vec<PositionInput> {
    let input = |(n, (parent, holders)): (usize, &(usize, Vec<usize>))| {
        let holders: BTreeSet<&str> = holders.iter().map(|holder| USERS[*holder]).collect();
        let parent = (n > 0 && *parent < 8).then(|| format!("p{}", parent % n));
        position(&format!("p{n}"), parent.as_deref(), &holders.into_iter().collect::<Vec<_>>())
    };
    tree.iter().enumerate().map(input).collect()
}

/// Naively: do the holders of one position lie above another, by going up parent by parent?
fn is_superior(tree: &[PositionInput], who: &str, position: &str) -> bool {
    let parents: BTreeMap<&str, Option<&str>> =
        tree.iter().map(|input| (input.id.as_str(), input.parent.as_ref().map(|parent| parent.as_str()))).collect();
    let mut above = parents.get(position).copied().flatten();
    while let Some(id) = above {
        if tree.iter().any(|input| input.id.as_str() == id && input.holders.contains(&user(who))) {
            return true;
        }
        above = parents[id];
    }
    false
}

#[test]
fn a2_who_sees_a_customer_is_who_is_above_its_position_in_any_tree_by_record_list_count_and_explanation() {
    for make in Bed::every() {
        let cases = if make().store == "memory" { 60 } else { 15 };
        let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
        let mut runner = proptest::test_runner::TestRunner::new(config);
        let property = |(first, second, wanted): (Tree, Tree, Vec<(usize, usize)>)| {
            let bed = make();
            let people: Vec<(&str, &[&str])> =
                USERS.iter().map(|id| (*id, &[][..])).chain([("root", &["crm_admin"][..])]).collect();
            found(&bed.crm, "acme", &people, &[]);
            let mut customers: Vec<(CustomerId, String, Option<String>)> = Vec::new();
            for (round, tree) in [inputs(&first), inputs(&second)].into_iter().enumerate() {
                bed.host().sync_positions(tree.clone(), SyncMode::Whole, false).unwrap();
                for (n, (owner, place)) in wanted.iter().enumerate() {
                    let held = tree[*place].holders.contains(&user(USERS[*owner]));
                    let new = NewCustomer {
                        owner_position: held.then(|| tree[*place].id.clone()),
                        ..NewCustomer::named(format!("{round} {n}"))
                    };
                    let made = bed.user(USERS[*owner]).create_customer(new).unwrap();
                    customers.push((made.id, USERS[*owner].to_owned(), made.owner_position.map(String::from)));
                }
                for who in USERS {
                    let session = bed.user(who);
                    let all = |view| {
                        let page = session.customers(view, PageRequest::first(500).counted()).unwrap();
                        assert_eq!(page.count.unwrap().value, page.items.len() as i64);
                        page.items.into_iter().map(|customer| customer.id).collect::<BTreeSet<_>>()
                    };
                    let (mine, below) = (all(View::Mine), all(View::Subordinates));
                    for (id, owner, place) in &customers {
                        let own = owner == who;
                        let superior = place.as_deref().is_some_and(|place| is_superior(&tree, who, place));
                        prop_assert_eq!(
                            session.customer(*id).is_ok(),
                            own || superior,
                            "{} {:?}",
                            who,
                            (id, owner, place)
                        );
                        prop_assert_eq!(mine.contains(id), own);
                        prop_assert_eq!(below.contains(id), superior && !own);
                    }
                }
                for (id, ..) in &customers {
                    let explained: BTreeSet<String> = bed
                        .user("root")
                        .explain_access(*id)
                        .unwrap()
                        .grants
                        .into_iter()
                        .map(|grant| grant.person.into())
                        .collect();
                    let seen: BTreeSet<String> = USERS
                        .iter()
                        .chain(&["root"])
                        .filter(|who| bed.user(who).customer(*id).is_ok())
                        .map(|who| (*who).to_owned())
                        .collect();
                    prop_assert_eq!(explained, seen);
                }
                prop_assert_eq!(
                    bed.user("root").customers(View::All, PageRequest::first(500)).unwrap().items.len(),
                    customers.len()
                );
            }
            Ok(())
        };
        runner.run(&trees(), property).unwrap();
    }
}

#[test]
fn a2_holders_of_one_position_do_not_see_each_others_customers() {
    in_every_world(|world| {
        refused(world.user("bob").customer(world.customer), "not_found");
        refused(world.user("luis").customer(world.customer), "not_found");
        // Superiors of the owner's other positions see nothing of what is owned here.
        world
            .bed
            .host()
            .sync_positions(vec![position("north-agent", Some("north"), &["alice", "stan"])], SyncMode::Delta, false)
            .unwrap();
        refused(world.user("olga").customer(world.customer), "not_found");
        assert_eq!(world.user("dora").customer(world.customer).unwrap().id, world.customer);
    });
}

#[test]
fn a2_a_share_to_a_position_opens_for_its_holders_of_today() {
    in_every_world(|world| {
        let position_share = ShareInput {
            position: Some(crm_core::position::PositionId::new("north").unwrap()),
            ..ShareInput::default()
        };
        world.user("alice").share_customer(world.third, position_share).unwrap();
        assert_eq!(world.user("olga").customer(world.third).unwrap().id, world.third);
        refused(world.user("stan").customer(world.third), "not_found");
        world
            .bed
            .host()
            .sync_positions(vec![position("north", Some("root"), &["stan"])], SyncMode::Delta, false)
            .unwrap();
        refused(world.user("olga").customer(world.third), "not_found");
        assert_eq!(world.user("stan").customer(world.third).unwrap().id, world.third);
    });
}

#[test]
fn a2_a_share_ends_at_its_instant_whether_anybody_ticks_or_not() {
    in_every_world(|world| {
        let ends_at = Some(world.bed.now().plus_millis(1_000));
        let share = ShareInput { person: Some(user("stan")), ends_at, ..ShareInput::default() };
        world.user("alice").share_customer(world.third, share).unwrap();
        world.bed.clock.advance(999);
        world.user("stan").customer(world.third).unwrap();
        world.bed.clock.advance(1);
        refused(world.user("stan").customer(world.third), "not_found");
        assert_eq!(world.user("stan").customers(View::SharedWithMe, PageRequest::default()).unwrap().items, []);
        assert_eq!(world.user("alice").shares(world.third).unwrap(), []);
        world.bed.crm.tick_all().unwrap();
        assert!(!world.bed.dump().contains("acme agenda \"share_end"));
    });
}

#[test]
fn a2_a_share_that_is_replaced_answers_as_it_stands() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let share = |label: &str| ShareInput {
            person: Some(user("stan")),
            label: Some(label.to_owned()),
            ..ShareInput::default()
        };
        for (label, version) in [("one", 1), ("two", 2), ("three", 3)] {
            let answered = alice.share_customer(world.third, share(label)).unwrap();
            assert_eq!(answered.version, version);
            assert_eq!(alice.shares(world.third).unwrap(), [answered]);
        }
    });
}

#[test]
fn a3_who_may_not_view_contacts_is_shown_none_by_editing_one() {
    in_every_world(|world| {
        world.bed.host().sync_roles(vec![role("blind", &[], &["contact.view"], &["alice"])], SyncMode::Delta).unwrap();
        let alice = world.user("alice");
        let before = world.bed.dump();
        let nothing = ContactEdit { version: 1, ..ContactEdit::default() };
        refused(alice.edit_contact(world.primary, nothing), "forbidden");
        refused(alice.set_primary_contact(world.second), "forbidden");
        refused(alice.remove_contact(world.second, None), "forbidden");
        assert_eq!(world.bed.dump(), before);
        let allowed = alice.customer_panels(world.customer).unwrap().allowed;
        assert!(!allowed.iter().any(|doable| doable == "edit_contact" || doable == "remove_contact"), "{allowed:?}");
    });
}

#[test]
fn a3_grants_unite_and_a_denial_beats_them() {
    in_every_world(|world| {
        let host = world.bed.host();
        let sync = |roles| host.sync_roles(roles, SyncMode::Delta).unwrap();
        let events = || code(&world.user("alice").events("c".to_owned(), 1));
        assert_eq!(events(), "forbidden");
        sync(vec![
            role("one", &["event.view"], &[], &["alice"]),
            role("two", &["event.view", "event.edit"], &[], &["alice"]),
        ]);
        assert_eq!(events(), "done");
        sync(vec![role("three", &[], &["event.view"], &["alice"])]);
        assert_eq!(events(), "forbidden");
        sync(vec![role("three", &[], &["customer.view"], &["adam"])]);
        refused(world.user("adam").customer(world.customer), "forbidden");
        assert_eq!(events(), "done");
        // By position, by the host's role, by everyone.
        let by_position = RoleInput {
            positions: vec![crm_core::position::PositionId::new("manager").unwrap()],
            ..role("p", &["event.view"], &[], &[])
        };
        let by_host = RoleInput { host_roles: vec!["auditor".to_owned()], ..role("h", &["event.view"], &[], &[]) };
        sync(vec![by_position, by_host]);
        host.sync_people(vec![person("stan", &["auditor"])], SyncMode::Delta).unwrap();
        for (who, expected) in [("mona", "done"), ("stan", "done"), ("dora", "forbidden"), ("bob", "forbidden")] {
            assert_eq!(code(&world.user(who).events("c".to_owned(), 1)), expected, "{who}");
        }
        sync(vec![RoleInput { everyone: true, ..role("e", &["event.view"], &[], &[]) }]);
        assert_eq!(code(&world.user("bob").events("c".to_owned(), 1)), "done");
    });
}

#[test]
fn a3_nobody_gets_a_role_by_a_position_that_he_gives_himself() {
    in_every_world(|world| {
        let (host, dora) = (world.bed.host(), world.user("dora"));
        let chief = RoleInput {
            administrator: true,
            positions: vec![crm_core::position::PositionId::new("helper").unwrap()],
            ..role("chief", &[], &[], &[])
        };
        let keeper = role("keeper", &["position.edit", "person.edit"], &[], &["dora"]);
        host.sync_roles(vec![chief, keeper], SyncMode::Delta).unwrap();
        let before = world.bed.dump();
        let seat = || vec![position("helper", Some("manager"), &["luis", "dora"])];
        for preview in [true, false] {
            refused(dora.sync_positions(seat(), SyncMode::Delta, preview), "forbidden");
        }
        assert_eq!(world.bed.dump(), before);
        // What no role goes by she keeps as before, and the host does as it likes.
        dora.sync_positions(vec![position("annex", Some("manager"), &["dora"])], SyncMode::Delta, false).unwrap();
        // H1: the preview tells who becomes an administrator.
        let preview = host.sync_positions(seat(), SyncMode::Delta, true).unwrap();
        let hers = preview.access.iter().find(|change| change.person.as_str() == "dora").unwrap();
        assert_eq!(hers.administrator, Some(true));
        host.sync_positions(seat(), SyncMode::Delta, false).unwrap();
        assert!(dora.menu().unwrap().administrator);
    });
}

#[test]
fn a3_the_last_administrator_stays() {
    in_every_world(|world| {
        let (host, adam) = (world.bed.host(), world.user("adam"));
        host.sync_roles(vec![role("keeper", &["person.edit"], &[], &["dora"])], SyncMode::Delta).unwrap();
        let before = world.bed.dump();
        let dora = world.user("dora");
        refused(dora.deactivate_person(user("adam")), "forbidden");
        violates(adam.deactivate_person(user("adam")), "person", "not_allowed");
        violates(adam.sync_people(vec![person("adam", &[])], SyncMode::Delta), "people", "not_allowed");
        violates(adam.sync_people(vec![person("dora", &[])], SyncMode::Whole), "people", "not_allowed");
        assert_eq!(world.bed.dump(), before);
        dora.deactivate_person(user("bob")).unwrap();
        // With another administrator he may go; the host may do so in any case.
        adam.sync_people(vec![person("mona", &["crm_admin"])], SyncMode::Delta).unwrap();
        adam.deactivate_person(user("adam")).unwrap();
        host.deactivate_person(user("mona")).unwrap();
    });
}

#[test]
fn a3_nobody_takes_his_own_administration_away() {
    in_every_world(|world| {
        let adam = world.user("adam");
        violates(adam.sync_roles(vec![role("sales", &[], &[], &[])], SyncMode::Whole), "roles", "not_allowed");
        let before = world.bed.dump();
        refused(
            world.user("alice").sync_roles(
                vec![RoleInput { administrator: true, ..role("mine", &[], &[], &["alice"]) }],
                SyncMode::Delta,
            ),
            "forbidden",
        );
        assert_eq!(world.bed.dump(), before);
    });
}

#[test]
fn a3_every_list_needs_the_right_to_view() {
    in_every_world(|world| {
        world.bed.host().sync_roles(vec![role("blind", &[], &["customer.view"], &["alice"])], SyncMode::Delta).unwrap();
        let alice = world.user("alice");
        let page = PageRequest::default;
        refused(alice.customers(View::Mine, page()), "forbidden");
        refused(alice.contacts(crm_core::ContactFilter::default(), page()), "forbidden");
        refused(alice.follow_ups(crm_core::FollowUps::Mine, page()), "forbidden");
        refused(alice.count_customers(vec![View::Mine]), "forbidden");
        assert!(
            alice.menu().unwrap().entries.iter().all(|entry| entry.badge.is_none() && entry.operation != "customers")
        );
    });
}

#[test]
fn a4_the_explanation_names_person_rule_and_position() {
    in_every_world(|world| {
        let explained = world.user("alice").explain_access(world.customer).unwrap();
        let lines: Vec<String> = explained
            .grants
            .iter()
            .map(|grant| {
                format!("{} {} {} {}", grant.person, grant.rule, grant.edit, grant.through.as_deref().unwrap_or("-"))
            })
            .collect();
        assert_eq!(
            lines,
            [
                "adam administrator true -",
                "alice owner true -",
                "dora superior true director",
                "eve share true -",
                "mona superior true manager",
                "rhea share false -",
            ]
        );
        for who in ["rhea", "eve"] {
            // Others are told why they see it themselves.
            let grants = world.user(who).explain_access(world.customer).unwrap().grants;
            assert_eq!(
                grants.iter().map(|grant| (grant.person.as_str(), grant.rule.as_str())).collect::<Vec<_>>(),
                [(who, "share")]
            );
        }
        refused(world.user("bob").explain_access(world.customer), "not_found");
    });
}

#[test]
fn a4_the_explanation_covers_roles_rights_and_fields() {
    in_every_world(|world| {
        let (adam, alice) = (world.user("adam"), world.user("alice"));
        let right = |field: &str, access| FieldRight { field: field.to_owned(), access };
        let role = |id: &str, fields| RoleInput {
            fields,
            people: vec![user("mona"), user("alice")],
            ..RoleInput::named(id, id).unwrap()
        };
        let one = RoleInput {
            deny: vec![Permission::new("customer.delete").unwrap()],
            ..role("one", vec![right("customer.phones", FieldAccess::Masked), right("contact.note", FieldAccess::Edit)])
        };
        let two =
            role("two", vec![right("customer.phones", FieldAccess::Read), right("contact.note", FieldAccess::Hidden)]);
        adam.sync_roles(vec![one, two], SyncMode::Delta).unwrap();
        let told = |who: &str| world.user(who).explain_access(world.customer).unwrap();
        let all = told("adam");
        let people: Vec<&str> = all.people.iter().map(|own| own.person.as_str()).collect();
        assert_eq!(people, ["adam", "alice", "dora", "eve", "mona", "rhea"]);
        let mona = &all.people[4];
        let fields: Vec<(&str, FieldAccess, Vec<&str>)> = mona
            .fields
            .iter()
            .map(|own| (own.field.as_str(), own.access, own.roles.iter().map(|role| role.as_str()).collect()))
            .collect();
        assert_eq!(
            fields,
            [("customer.phones", FieldAccess::Read, vec!["two"]), ("contact.note", FieldAccess::Hidden, vec!["two"])]
        );
        assert!(mona.roles.iter().any(|role| role.as_str() == "one") && all.people[0].fields.is_empty());
        let has = |who: usize, right: &str| all.people[who].rights.iter().any(|own| own == right);
        assert!(has(2, "customer.delete") && !has(4, "customer.delete") && has(4, "customer.view"));
        // Whoever may not see roles is told of his own alone.
        let own = told("alice").people;
        assert_eq!(own.iter().map(|own| own.person.as_str()).collect::<Vec<_>>(), ["alice"]);
        assert_eq!(own[0], all.people[1]);
        assert_eq!(told("rhea").people.len(), 1);
        assert!(alice.roles().is_err());
    });
}

#[test]
fn a7_a_deactivated_person_can_do_nothing_and_what_he_owns_stays_visible() {
    in_every_world(|world| {
        let host = world.bed.host();
        host.deactivate_person(user("alice")).unwrap();
        let after = world.bed.dump();
        refused(world.user("alice").menu(), "actor_unknown");
        refused(world.user("alice").create_customer(NewCustomer::named("x")), "actor_unknown");
        assert!(!host.deactivate_person(user("alice")).unwrap().active);
        assert_eq!(world.bed.dump(), after, "twice is once");
        let mona = world.user("mona");
        assert_eq!(mona.customers(View::Subordinates, PageRequest::default()).unwrap().items.len(), 3);
        refused(
            mona.share_customer(world.third, ShareInput { person: Some(user("dan")), ..ShareInput::default() }),
            "share_with_deactivated",
        );
        let hand_over = Transfer { to: user("bob"), to_position: None, keep_reader_until: None, reason: None };
        assert_eq!(
            mona.transfer_customers(vec![world.customer, world.partner, world.third], hand_over).unwrap().done,
            3
        );
        assert_eq!(world.user("bob").customers(View::Mine, PageRequest::default()).unwrap().items.len(), 3);
        host.sync_people(vec![person("alice", &[])], SyncMode::Delta).unwrap();
        assert_eq!(world.user("alice").customers(View::Mine, PageRequest::default()).unwrap().items, []);
        refused(world.role(Role::Unknown).menu(), "actor_unknown");
    });
}

#[test]
fn h1_people_are_kept_in_step_whole_or_by_delta_and_twice_is_once() {
    on_every_store(|bed| {
        found(&bed.crm, "acme", &[("alice", &[]), ("bob", &[])], &[("a", None, &["alice"])]);
        let host = bed.host();
        let all = || vec![person("alice", &["x"]), person("carl", &[])];
        let report = host.sync_people(all(), SyncMode::Whole).unwrap();
        assert_eq!((report.added, report.changed, report.removed), (1, 1, 1));
        let after = bed.dump();
        assert_eq!(host.sync_people(all(), SyncMode::Whole).unwrap(), crm_core::SyncReport::default());
        assert_eq!(bed.dump(), after);
        refused(bed.user("bob").menu(), "actor_unknown");
        assert_eq!(host.sync_people(vec![person("bob", &[])], SyncMode::Delta).unwrap().changed, 1);
        bed.user("bob").menu().unwrap();
        violates(
            host.sync_people(vec![person("a", &[]), person("a", &[])], SyncMode::Delta),
            "people[1].id",
            "repeated",
        );
        violates(host.sync_people(vec![person("system:tick", &[])], SyncMode::Delta), "people[0].id", "not_allowed");
        assert!(Actor::user("acme", "system:tick").is_err(), "nobody goes by the name of the system");
        // A repeat under a key is answered alike.
        let keyed = bed.crm.as_user(&Actor::system("acme", "sync").unwrap()).idempotent("nightly");
        let first = keyed.sync_people(vec![person("dora", &[])], SyncMode::Delta).unwrap();
        assert_eq!(keyed.sync_people(vec![person("dora", &[])], SyncMode::Delta).unwrap(), first);
        assert_eq!(first.added, 1);
    });
}

#[test]
fn h1_a_correlation_id_goes_to_history_and_events() {
    in_every_world(|world| {
        let edit =
            crm_core::CustomerEdit { version: world.version, region: Some("X".to_owned()), ..Default::default() };
        world.bed.clock.advance(1_000);
        world.user("alice").correlated("req-1").edit_customer(world.customer, edit.clone()).unwrap();
        let history = world.user("alice").customer_history(world.customer, PageRequest::first(1)).unwrap();
        assert_eq!(history.items[0].correlation_id.as_deref(), Some("req-1"));
        let events = world.user("adam").events("c".to_owned(), 1_000).unwrap();
        let named = events.iter().filter(|event| event.correlation_id.as_deref() == Some("req-1"));
        assert_eq!(named.map(|event| event.kind.as_str()).collect::<Vec<_>>(), ["customer_changed"]);
        let before = world.bed.dump();
        for (bad, why) in [("x".repeat(101), "too_long"), ("a\u{0}b".to_owned(), "control_character")] {
            violates(
                world.user("alice").correlated(bad).edit_customer(world.customer, edit.clone()),
                "correlation_id",
                why,
            );
        }
        assert_eq!(world.bed.dump(), before);
    });
}

#[test]
fn h1_the_reason_of_the_system_stands_in_history_and_events() {
    in_every_world(|world| {
        let system = world.bed.crm.as_user(&Actor::system("acme", "import").unwrap());
        let made = system
            .create_customer(NewCustomer { owner: Some(user("alice")), ..NewCustomer::named("Imported") })
            .unwrap();
        assert_eq!(made.created_by, "system:import");
        let _: &Crm = &world.bed.crm;
    });
}
