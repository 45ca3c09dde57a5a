//! The customer pool 客户池: P1, P2, P5, P6, P7, S2.

use crm_core::{
    Assignment, CustomerId, CustomerStatus, NewContact, NewCustomer, PageRequest, Pool, PoolEntry, PoolField,
    PoolInput, PositionId, Release, Session, SyncMode, View,
};
use crm_tests::inputs::{entry, named, names, to};
use crm_tests::{Bed, PEOPLE, World, call, code, found, in_every_world, position, refused, user, violates};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;
use std::collections::BTreeSet;

const ALL: View = View::Pool { pool: None };

fn released(note: &str) -> Release {
    Release { note: Some(note.to_owned()), ..Release::default() }
}

fn assigned(to: &str) -> Assignment {
    Assignment { to: user(to), to_position: None, reason: None }
}

fn at(position: &str) -> PositionId {
    PositionId::new(position).unwrap()
}

/// Moves the clock of a world, forth or back.
fn set_clock(world: &World, now: crm_core::Timestamp) {
    world.bed.clock.advance(now.millis() - world.bed.now().millis());
}

/// What became of a batch of one.
#[track_caller]
fn only(answer: Result<crm_core::BatchAnswer, crm_core::Error>) -> Result<(), String> {
    let answer = answer.unwrap();
    assert_eq!(answer.items.len(), 1);
    answer.items[0].error.clone().map_or(Ok(()), Err)
}

fn claim(world: &World, who: &str, customer: CustomerId) -> Result<(), String> {
    only(world.user(who).claim_customers(vec![customer], None))
}

fn release(world: &World, who: &str, customer: CustomerId) {
    only(world.user(who).release_customers(vec![customer], released("No need"))).unwrap();
}

fn pool(world: &World) -> Pool {
    world.user("adam").pools().unwrap().remove(0)
}

/// The pool as it would be given back.
fn input(pool: &Pool) -> PoolInput {
    PoolInput {
        pool: Some(pool.id),
        version: Some(pool.version),
        name: pool.name.clone(),
        standard: pool.standard,
        administrators: pool.administrators.clone(),
        people: pool.people.clone(),
        positions: pool.positions.clone(),
        hidden: Some(pool.hidden.clone()),
        show_follow_ups: pool.show_follow_ups,
        retired: pool.retired,
    }
}

fn change(world: &World, alter: impl FnOnce(&mut PoolInput)) -> Pool {
    let mut changed = input(&pool(world));
    alter(&mut changed);
    world.user("adam").save_pool(changed).unwrap()
}

fn settings(world: &World, alter: impl FnOnce(&mut crm_core::PoolSettings)) {
    let host = world.bed.host();
    let mut settings = host.settings().unwrap();
    alter(&mut settings.pool);
    host.change_settings(settings).unwrap();
}

/// Who of the world sees a customer in the pool: in the list, by its id and in what is said of it, all the same.
fn seers(world: &World, customer: CustomerId) -> BTreeSet<&'static str> {
    let sees = |who: &str| {
        let session = world.user(who);
        let listed = session.customers(ALL, PageRequest::first(500)).unwrap();
        let listed = listed.items.iter().any(|found| found.id == customer);
        assert_eq!(session.customer(customer).is_ok(), listed, "{who}");
        assert_eq!(session.explain_access(customer).is_ok(), listed, "{who}");
        listed
    };
    PEOPLE.iter().map(|(who, _)| *who).filter(|who| *who != "dan").filter(|who| sees(who)).collect()
}

#[test]
fn p2_a_released_customer_leaves_its_owner_and_remembers_him() {
    in_every_world(|world| {
        let (alice, customer) = (world.user("alice"), world.customer);
        let next = world.bed.now().plus_days(3);
        let plan = crm_core::NextFollowUp { customer, at: Some(next) };
        assert_eq!(alice.plan_follow_ups(vec![plan]).unwrap().done, 1);
        only(alice.lock_customers(vec![customer], Some("Key".to_owned()))).unwrap();
        // Released by his superior: the former owner is alice all the same.
        let why = Release { reason: Some(entry("no_need")), note: Some("Asked twice".to_owned()), pool: None };
        only(world.user("mona").release_customers(vec![customer], why)).unwrap();
        let seen = world.user("bob").customer(customer).unwrap();
        let stay = seen.pool_stay.clone().unwrap();
        assert_eq!(seen.status, CustomerStatus::Pooled);
        assert_eq!((stay.former_owner, stay.former_position), (user("alice"), Some(at("agent"))));
        assert_eq!((stay.entry, stay.by.as_str(), stay.at), (PoolEntry::Released, "mona", world.bed.now()));
        assert_eq!((stay.reason, stay.note.as_deref()), (Some(entry("no_need")), Some("Asked twice")));
        assert_eq!((seen.next_follow_up_at, seen.lock), (None, None));
        assert_eq!(seen.former_owners.iter().map(|former| former.person.as_str()).collect::<Vec<_>>(), ["alice"]);
        // It is in no list of his, his superiors', or those it was shared with (S2).
        for (who, view) in [
            ("alice", View::Mine),
            ("alice", View::Today),
            ("mona", View::Subordinates),
            ("rhea", View::SharedWithMe),
            ("adam", View::All),
        ] {
            assert!(!names(world, who, view.clone()).contains(&seen.name), "{who} {view:?}");
        }
        for sharee in ["rhea", "eve", "dora"] {
            refused(world.user(sharee).customer(customer), "not_found");
        }
        assert_eq!(world.user("adam").shares(customer).unwrap(), []);
        // Its contract stays with whom it is.
        let contract = alice.contract(world.contract).unwrap().contract;
        assert_eq!(contract.owner, user("alice"));
        release(world, "alice", world.partner);
        assert_eq!(alice.contract(world.contract).unwrap().contract, contract);
        let paid = json!({"contract": world.contract, "receipt": {"on": "2026-11-20", "amount": "1"}});
        call(&alice, "record_receipt", &paid).unwrap();
    });
}

#[test]
fn p2_what_is_in_the_pool_is_nobodys_to_work_on() {
    in_every_world(|world| {
        let before = world.bed.dump();
        let adam = world.user("adam");
        let customer = world.pooled;
        let version = adam.customer(customer).unwrap().version;
        for (operation, input) in [
            ("edit_customer", json!({"customer": customer, "edit": {"version": version, "region": "X"}})),
            ("delete_customer", json!({"customer": customer})),
            ("share_customer", json!({"customer": customer, "share": {"person": "stan"}})),
            ("add_contact", json!({"customer": customer, "contact": {"name": "C"}})),
            ("follow_up", json!({"customer": customer, "follow_up": {"content": "Met"}})),
            ("create_contract", json!({"customer": customer, "contract": {"name": "N", "amount": "1"}})),
            ("merge_customers", json!({"merge": {"survivor": world.third, "sources": [customer]}})),
            ("attach_document", json!({"customer": customer, "document": crm_tests::cases::document()})),
        ] {
            assert_eq!(code(&call(&adam, operation, &input)), "in_pool", "{operation}");
            let by_bob = code(&call(&world.user("bob"), operation, &input));
            assert!(["forbidden", "not_found"].contains(&by_bob.as_str()), "{operation} {by_bob}");
        }
        for batch in [
            adam.transfer_customers(vec![customer], to("bob")),
            adam.lock_customers(vec![customer], None),
            adam.unlock_customers(vec![customer]),
        ] {
            assert_eq!(only(batch), Err("in_pool".to_owned()));
        }
        assert_eq!(world.bed.dump(), before);
    });
}

#[test]
fn p2_contracts_of_a_customer_in_the_pool_go_on() {
    in_every_world(|world| {
        let (alice, adam) = (world.user("alice"), world.user("adam"));
        let receipts = |who: &Session<'_>, of: &str| {
            let input = json!({"query": {"of": {"kind": of}}, "page": {"size": 50}});
            let items = call(who, "receipts", &input).unwrap()["items"].as_array().unwrap().clone();
            items.iter().filter(|item| item["receipt"]["contract"].is_null()).count()
        };
        assert_eq!((receipts(&alice, "mine"), receipts(&adam, "all")), (1, 1));
        release(world, "alice", world.partner);
        // What was paid before there is a contract stands where its customer does, and only there.
        assert_eq!((receipts(&alice, "mine"), receipts(&adam, "all")), (0, 1));
        alice.submit_contract(world.draft, 1, None).unwrap();
        let decision = json!({"approval": world.approval, "decision": "approved", "by": null, "note": null});
        call(&world.user("mona"), "resolve_approval", &decision).unwrap();
        let used = json!({"contract": world.contract, "amount": "10", "instalment": null});
        call(&alice, "use_prepayment", &used).unwrap();
        assert_eq!((receipts(&alice, "mine"), receipts(&adam, "all")), (0, 2));
        let mut document = crm_tests::cases::document();
        document["contract"] = json!(world.contract);
        call(&alice, "attach_document", &json!({"customer": world.partner, "document": document})).unwrap();
        assert_eq!(claim(world, "bob", world.partner), Ok(()));
        assert_eq!((receipts(&alice, "mine"), receipts(&world.user("bob"), "mine")), (0, 2));
    });
}

#[test]
fn p7_a_lock_ends_where_its_owner_could_lock_another_meanwhile() {
    in_every_world(|world| {
        let alice = world.user("alice");
        settings(world, |pool| pool.most_locked = 1);
        alice.delete_customer(world.third).unwrap();
        only(alice.lock_customers(vec![world.customer], None)).unwrap();
        assert_eq!(alice.restore_customer(world.third, None).unwrap().lock, None);
        only(alice.unlock_customers(vec![world.customer])).unwrap();
        only(alice.lock_customers(vec![world.third], None)).unwrap();
        let merged = alice.merge_customers(crm_core::MergeInput::of(world.customer, vec![world.third])).unwrap();
        only(alice.lock_customers(vec![world.customer], None)).unwrap();
        alice.unmerge(merged.merge.unwrap().id).unwrap();
        assert_eq!(alice.customer(world.third).unwrap().lock, None);
    });
}

#[test]
fn p2_a_customer_is_created_straight_into_the_pool() {
    in_every_world(|world| {
        let contact = NewContact { name: "C".to_owned(), ..NewContact::default() };
        let new = NewCustomer { pool: Some(pool(world).id), contacts: vec![contact], ..named("Imported") };
        let made = world.user("alice").create_customer(new.clone()).unwrap();
        assert_eq!((made.status, made.former_owners.len()), (CustomerStatus::Pooled, 0));
        assert_eq!(made.pool_stay.unwrap().entry, PoolEntry::Created);
        assert!(seers(world, made.id).contains("bob"));
        // Who entered it may claim it himself.
        assert_eq!(claim(world, "alice", made.id), Ok(()));
        assert_eq!(world.user("alice").customer_panels(made.id).unwrap().contacts.len(), 1);
        let unknown = NewCustomer { pool: Some(world.customer.to_string().parse().unwrap()), ..named("Other") };
        violates(world.user("alice").create_customer(unknown), "pool", "unknown");
    });
}

#[test]
fn p1_what_a_pool_hides_shows_once_it_is_claimed() {
    in_every_world(|world| {
        let (alice, bob) = (world.user("alice"), world.user("bob"));
        let contact: NewContact = serde_json::from_value(json!({
            "name": "C", "phones": ["138 0000 0001"], "email": "c@d.example", "wechat": "cc", "qq": "12345", "address": "Road 1",
        }))
        .unwrap();
        let full = NewCustomer { contacts: vec![contact], ..crm_tests::inputs::full() };
        let customer = alice.create_customer(full).unwrap().id;
        alice.follow_up(customer, crm_core::NewFollowUp::text("Called 138 0000 0001")).unwrap();
        let whole = alice.customer(customer).unwrap();
        release(world, "alice", customer);
        let hides = |hidden: &[PoolField]| {
            change(world, |pool| pool.hidden = Some(hidden.to_vec()));
            let panels = bob.customer_panels(customer).unwrap();
            let listed = bob.customers(ALL, PageRequest::first(100)).unwrap().items;
            let listed = listed.into_iter().find(|found| found.id == customer).unwrap();
            assert_eq!(panels.customer, listed);
            assert_eq!(listed, bob.customer(customer).unwrap());
            let contact = &panels.contacts[0];
            let shown = [
                (PoolField::Phones, !listed.phones.is_empty(), !contact.phones.is_empty()),
                (PoolField::Email, listed.email.is_some(), contact.email.is_some()),
                (PoolField::Wechat, true, contact.wechat.is_some()),
                (PoolField::Qq, true, contact.qq.is_some()),
                (PoolField::Address, listed.address.is_some(), contact.address.is_some()),
            ];
            for (field, of_customer, of_contact) in shown {
                let hidden = hidden.contains(&field);
                assert_eq!(of_contact, !hidden, "{field:?}");
                assert!(of_customer != hidden || matches!(field, PoolField::Wechat | PoolField::Qq), "{field:?}");
            }
            panels
        };
        for field in PoolField::ALL {
            hides(&[field]);
        }
        hides(&[]);
        let panels = hides(&PoolField::ALL);
        assert_eq!(panels.allowed, ["claim", "assign_from_pool"]);
        assert_eq!(panels.follow_ups, []);
        // Nothing else tells it: no history, no contact by its id, no follow-up, no check for duplicates.
        refused(bob.customer_history(customer, PageRequest::first(5)), "forbidden");
        refused(bob.contact(panels.contacts[0].id), "not_found");
        let draft = json!({"draft": {"name": "", "phones": [whole.phones[0]]}});
        assert_eq!(call(&bob, "check_duplicates", &draft).unwrap()["hits"], json!([]));
        let draft = json!({"draft": {"name": whole.name, "phones": [whole.phones[0]]}});
        let hit = call(&bob, "check_duplicates", &draft).unwrap()["hits"][0].clone();
        assert_eq!((hit["in_pool"].as_bool(), hit["customer"].as_str()), (Some(true), Some(&*customer.to_string())));
        assert!(hit["reasons"].as_array().unwrap().iter().all(|reason| reason["code"] != "same_phone"), "{hit}");
        // Follow-ups of before, where the pool says so.
        change(world, |pool| pool.show_follow_ups = true);
        assert_eq!(bob.customer_panels(customer).unwrap().follow_ups.len(), 1);
        // The administrators of the pool see all.
        change(world, |pool| pool.administrators = vec![user("olga")]);
        assert_eq!(world.user("olga").customer(customer).unwrap().phones, whole.phones);
        assert_eq!(claim(world, "bob", customer), Ok(()));
        let claimed = bob.customer_panels(customer).unwrap();
        assert_eq!((&claimed.customer.phones, &claimed.customer.address), (&whole.phones, &whole.address));
        assert_eq!(claimed.contacts[0].wechat.as_deref(), Some("cc"));
        // The new owner reads everything that went before (C6).
        assert_eq!(claimed.follow_ups.len(), 1);
        assert_eq!((claimed.customer.received_at, claimed.customer.idle_since), (world.bed.now(), world.bed.now()));
    });
}

#[test]
fn p1_members_and_administrators() {
    in_every_world(|world| {
        let customer = world.pooled;
        let line = BTreeSet::from(["alice", "bob", "mona", "xavier", "luis", "adam"]);
        assert_eq!(seers(world, customer), line);
        // Members, whoever had it.
        change(world, |pool| {
            pool.people = vec![user("rhea")];
            pool.positions = vec![at("north")];
        });
        assert_eq!(seers(world, customer), BTreeSet::from(["rhea", "olga", "stan", "eve", "adam"]));
        assert_eq!(claim(world, "bob", customer), Err("not_found".to_owned()));
        change(world, |pool| {
            pool.positions = Vec::new();
            pool.administrators = vec![user("dora")];
        });
        assert_eq!(seers(world, customer), BTreeSet::from(["rhea", "dora", "adam"]));
        let why = world.user("dora").explain_access(customer).unwrap().grants;
        let rules: Vec<_> = why.iter().map(|grant| (grant.person.as_str(), grant.rule.as_str(), grant.edit)).collect();
        assert_eq!(
            rules,
            [("adam", "administrator", false), ("dora", "pool_administrator", false), ("rhea", "pool", false)]
        );
        let own = world.user("rhea").explain_access(customer).unwrap().grants;
        assert_eq!(own.iter().map(|grant| grant.rule.as_str()).collect::<Vec<_>>(), ["pool"]);
        // A pool's administrator assigns to whoever sees it there, an organisation's to anybody.
        let assign = |who: &str, to: &str| only(world.user(who).assign_customers(vec![customer], assigned(to)));
        assert_eq!(assign("dora", "stan"), Err("outside_pool".to_owned()));
        assert_eq!(assign("dora", "dan"), Err("owner_deactivated".to_owned()));
        assert_eq!(assign("rhea", "stan"), Err("owner_outside_subtree".to_owned()));
        assert_eq!(assign("rhea", "rhea"), Err("forbidden".to_owned()));
        // He who administers it assigns to those below him as any superior does.
        only(world.user("dora").assign_customers(vec![customer], assigned("mona"))).unwrap();
        release(world, "mona", customer);
        assert_eq!(assign("dora", "rhea"), Ok(()));
        assert_eq!(world.user("rhea").customer(customer).unwrap().owner, user("rhea"));
        release(world, "rhea", customer);
        assert_eq!(assign("adam", "bob"), Ok(()));
    });
}

#[test]
fn p1_bad_pools_are_refused() {
    in_every_world(|world| {
        let adam = world.user("adam");
        let own = pool(world);
        let mut before = world.bed.dump();
        let wrong = |field: &str, code: &str, alter: &dyn Fn(&mut PoolInput)| {
            let mut changed = input(&own);
            alter(&mut changed);
            violates(adam.save_pool(changed), field, code);
        };
        wrong("name", "required", &|pool| pool.name = " ".to_owned());
        wrong("name", "too_long", &|pool| pool.name = "x".repeat(61));
        wrong("administrators[0]", "unknown", &|pool| pool.administrators = vec![user("dan")]);
        wrong("people[1]", "repeated", &|pool| pool.people = vec![user("bob"), user("bob")]);
        wrong("people[0]", "unknown", &|pool| pool.people = vec![user("nobody")]);
        wrong("positions[0]", "unknown", &|pool| pool.positions = vec![at("moon")]);
        let with = |alter: &dyn Fn(&mut PoolInput)| {
            let mut changed = input(&own);
            alter(&mut changed);
            code(&adam.save_pool(changed))
        };
        assert_eq!(with(&|pool| pool.version = Some(9)), "conflict");
        assert_eq!(with(&|pool| pool.version = None), "conflict");
        assert_eq!(with(&|pool| pool.standard = false), "standard_pool");
        assert_eq!(with(&|pool| pool.retired = true), "standard_pool");
        assert_eq!(with(&|pool| pool.pool = Some(world.customer.to_string().parse().unwrap())), "not_found");
        assert_eq!(world.bed.dump(), before);
        // A second one becomes the standard; the first can be retired once it is empty.
        let second = adam.save_pool(PoolInput { standard: true, ..named_pool("Second") }).unwrap();
        assert_eq!(adam.pools().unwrap().iter().map(|pool| pool.standard).collect::<Vec<_>>(), [true, false]);
        violates(adam.save_pool(named_pool("Second")), "name", "repeated");
        before = world.bed.dump();
        let first = adam.pools().unwrap().remove(1);
        let retired = PoolInput { retired: true, ..input(&first) };
        refused(adam.save_pool(retired.clone()), "pool_not_empty");
        let into = |pool: &Pool| Release { pool: Some(pool.id), ..released("Moved") };
        assert_eq!(only(adam.release_customers(vec![world.pooled], into(&first))), Err("in_that_pool".to_owned()));
        assert_eq!(world.bed.dump(), before);
        only(adam.release_customers(vec![world.pooled], into(&second))).unwrap();
        let moved = adam.customer(world.pooled).unwrap();
        let history = adam.customer_history(world.pooled, PageRequest::first(1)).unwrap().items.remove(0);
        let note = history.changes.iter().find(|change| change.field == "note").unwrap();
        assert_eq!(note.became, Some(json!("Moved")));
        assert_eq!((moved.pool_stay.unwrap().pool, moved.former_owners.len()), (second.id, 1));
        adam.save_pool(retired).unwrap();
        assert_eq!(
            adam.release_customers(vec![world.third], into(&first)).unwrap().items[0].error.as_deref(),
            Some("invalid")
        );
        for (release, field) in [
            (Release::default(), "reason"),
            (Release { note: Some(" ".to_owned()), ..Release::default() }, "reason"),
            (Release { reason: Some(entry("moon")), ..Release::default() }, "reason"),
        ] {
            let item = adam.release_customers(vec![world.third], release).unwrap().items.remove(0);
            assert!(item.error.as_deref() == Some("invalid") && item.texts[0].contains(field), "{item:?}");
        }
    });
}

fn named_pool(name: &str) -> PoolInput {
    PoolInput { name: name.to_owned(), ..PoolInput::default() }
}

#[test]
fn p6_limits_bind_and_nothing_is_spent_on_what_fails() {
    in_every_world(|world| {
        settings(world, |pool| (pool.claims_per_day, pool.cool_down_days) = (2, 7));
        let made = |name: &str| {
            let new = NewCustomer { pool: Some(pool(world).id), ..named(name) };
            world.user("mona").create_customer(new).unwrap().id
        };
        let customers: Vec<_> = (0..4).map(|n| made(&format!("Pool {n}"))).collect();
        let left = |who: &str| world.user(who).claim_allowance().unwrap().claims_left.unwrap();
        assert_eq!(left("bob"), 2);
        assert_eq!(claim(world, "bob", customers[0]), Ok(()));
        // Own by now; of others; in no pool; absent: none of it costs anything.
        for (customer, error) in [
            (customers[0], "not_in_pool"),
            (world.customer, "not_found"),
            (world.deleted, "not_found"),
            (world.foreign, "not_found"),
        ] {
            assert_eq!(claim(world, "bob", customer), Err(error.to_owned()));
        }
        assert_eq!(claim(world, "alice", world.third), Err("not_in_pool".to_owned()));
        assert_eq!(claim(world, "alice", customers[0]), Err("already_claimed".to_owned()));
        // Who did not see it in the pool does not learn that it was there.
        assert_eq!(claim(world, "stan", customers[0]), Err("not_found".to_owned()));
        // Nobody takes it back around the days of cooling down by his superior.
        let back = only(world.user("mona").assign_customers(vec![world.pooled], assigned("alice")));
        assert_eq!(back, Err("cool_down".to_owned()));
        assert_eq!(left("bob"), 1);
        // Giving it back gives nothing back.
        release(world, "bob", customers[0]);
        assert_eq!(left("bob"), 1);
        assert_eq!(claim(world, "bob", customers[0]), Err("cool_down".to_owned()));
        assert_eq!(claim(world, "bob", customers[1]), Ok(()));
        assert_eq!(claim(world, "bob", customers[2]), Err("claim_limit".to_owned()));
        let by_host = only(world.bed.host().claim_customers(vec![customers[2]], None));
        assert_eq!(by_host, Err("claim_by_system".to_owned()));
        // An administrator's assignment knows no cooling down, and is no claim.
        only(world.user("adam").assign_customers(vec![customers[0]], assigned("bob"))).unwrap();
        assert_eq!(left("bob"), 0);
        // The next day begins at midnight in Shanghai.
        set_clock(world, crm_tests::at("2026-11-23T23:59:59+08:00"));
        assert_eq!(left("bob"), 0);
        set_clock(world, crm_tests::at("2026-11-24T00:00:00+08:00"));
        assert_eq!(left("bob"), 2);
        assert_eq!(claim(world, "bob", customers[2]), Ok(()));
        // A clock that goes back gives no day twice.
        set_clock(world, crm_tests::at("2026-11-23T12:00:00+08:00"));
        assert_eq!(left("bob"), 1);
        // Seven days after he lost it, to the second, he may claim again.
        let lost = world.user("mona").customer(world.pooled).unwrap().former_owners[0].until;
        set_clock(world, lost.plus_days(7).plus_millis(-1));
        assert_eq!(claim(world, "alice", world.pooled), Err("cool_down".to_owned()));
        set_clock(world, lost.plus_days(7));
        assert_eq!(claim(world, "alice", world.pooled), Ok(()));
        // A day later an id says nothing of what became of it.
        assert_eq!(claim(world, "bob", world.pooled), Err("already_claimed".to_owned()));
        world.bed.clock.advance_days(1);
        assert_eq!(claim(world, "bob", world.pooled), Err("not_found".to_owned()));
        // Where there is no cooling down, a clock that went back makes none.
        settings(world, |pool| pool.cool_down_days = 0);
        release(world, "alice", world.pooled);
        world.bed.clock.advance(-3_600_000);
        assert_eq!(claim(world, "alice", world.pooled), Ok(()));
    });
}

#[test]
fn p6_the_holding_limit_binds_whatever_gives_a_customer() {
    in_every_world(|world| {
        let held = world.user("alice").claim_allowance().unwrap().held;
        assert_eq!(held as usize, names(world, "alice", View::Mine).len());
        settings(world, |pool| pool.most_held = held);
        let limit = "holding_limit";
        let alice = world.user("alice");
        let before = world.bed.dump();
        refused(alice.create_customer(named("One more")), limit);
        refused(alice.restore_customer(world.deleted, None), limit);
        refused(alice.unmerge(world.merge), limit);
        assert_eq!(
            only(world.user("adam").assign_customers(vec![world.pooled], assigned("alice"))),
            Err(limit.to_owned())
        );
        assert_eq!(world.bed.dump(), before);
        let bobs = world.user("bob").create_customer(named("Bob's")).unwrap().id;
        assert_eq!(only(world.user("mona").transfer_customers(vec![bobs], to("alice"))), Err(limit.to_owned()));
        // From one position of hers to another nothing is gained.
        release(world, "alice", world.partner);
        assert_eq!(only(world.user("mona").transfer_customers(vec![bobs], to("alice"))), Ok(()));
        refused(alice.create_customer(named("One more")), limit);
        // Straight into the pool nobody gets it.
        alice.create_customer(NewCustomer { pool: Some(pool(world).id), ..named("In the pool") }).unwrap();
        // Locked and dealt ones count or not.
        settings(world, |pool| pool.count_locked = false);
        assert_eq!(alice.claim_allowance().unwrap().held, held - 1);
        alice.create_customer(named("One more")).unwrap();
        refused(alice.create_customer(named("Two more")), limit);
        settings(world, |pool| pool.count_dealt = false);
        let dealt = alice.create_contract(bobs, crm_core::NewContract::of("N", "1".parse().unwrap())).unwrap();
        refused(alice.create_customer(named("Two more")), limit);
        alice.submit_contract(dealt.id, 1, None).unwrap();
        alice.create_customer(named("Two more")).unwrap();
        refused(alice.create_customer(named("Three more")), limit);
        settings(world, |pool| pool.most_held = 0);
        alice.create_customer(named("Three more")).unwrap();
    });
}

#[test]
fn p7_locks_have_a_limit_of_the_owners() {
    in_every_world(|world| {
        let mona = world.user("mona");
        settings(world, |pool| pool.most_locked = 2);
        assert_eq!(only(mona.lock_customers(vec![world.third], None)), Err("locked_already".to_owned()));
        assert_eq!(only(mona.lock_customers(vec![world.customer], Some("Key".to_owned()))), Ok(()));
        assert_eq!(only(mona.lock_customers(vec![world.partner], None)), Err("lock_limit".to_owned()));
        let lock = world.user("alice").customer(world.customer).unwrap().lock.unwrap();
        assert_eq!((lock.by.as_str(), lock.reason.as_deref(), lock.at), ("mona", Some("Key"), world.bed.now()));
        assert_eq!(world.user("alice").claim_allowance().unwrap().locks_left, Some(0));
        // It is the owner's: with another owner it ends.
        only(mona.transfer_customers(vec![world.customer], to("bob"))).unwrap();
        assert_eq!(world.user("bob").customer(world.customer).unwrap().lock, None);
        assert_eq!(only(mona.lock_customers(vec![world.partner], None)), Ok(()));
        assert_eq!(only(mona.unlock_customers(vec![world.third])), Ok(()));
        assert_eq!(only(mona.unlock_customers(vec![world.third])), Err("not_locked".to_owned()));
        violates(mona.lock_customers(vec![world.third], Some("x".repeat(201))), "reason", "too_long");
    });
}

/// A tree of positions and who holds what, drawn.
#[derive(Debug, Clone)]
struct Drawn {
    /// The position above each, of those before it.
    parents: Vec<Option<usize>>,
    /// Which positions are removed in the end.
    removed: Vec<bool>,
    /// At which position the customer was owned.
    owned_at: usize,
    levels: i32,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let parents = proptest::collection::vec(any::<prop::sample::Index>(), 1..9);
    (parents, proptest::collection::vec(prop::bool::weighted(0.25), 9), any::<prop::sample::Index>(), 0..4i32).prop_map(
        |(parents, removed, owned_at, levels)| {
            let parents: Vec<Option<usize>> = parents
                .iter()
                .enumerate()
                .map(|(place, above)| (place > 0).then(|| above.index(place + 1)).filter(|above| *above < place))
                .collect();
            let owned_at = owned_at.index(parents.len());
            Drawn { removed: removed[..parents.len()].to_vec(), parents, owned_at, levels }
        },
    )
}

impl Drawn {
    /// Who holds which position sees it: told apart from the library, from the top down.
    fn seers(&self) -> BTreeSet<usize> {
        let above = |place: usize| self.parents[place];
        // The chain from the position up, of those that stand.
        let mut chain = Vec::new();
        let mut next = Some(self.owned_at);
        while let Some(place) = next {
            if !self.removed[place] {
                chain.push(place);
            }
            next = above(place);
        }
        let Some(top) = chain.get(self.levels as usize).or(chain.last()) else {
            // Nobody stands above it: everybody sees it, also who holds no position.
            return (0..self.parents.len()).collect();
        };
        let mut seers = BTreeSet::from([*top]);
        // Parents come before their children.
        for place in 0..self.parents.len() {
            if above(place).is_some_and(|above| seers.contains(&above)) {
                seers.insert(place);
            }
        }
        seers.into_iter().filter(|place| !self.removed[*place]).collect()
    }
}

#[test]
fn p5_who_sees_what_was_owned_where_by_an_oracle() {
    for make in Bed::every() {
        let bed = make();
        let mut runs = TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
        let organisations = std::cell::Cell::new(0);
        runs.run(&drawn(), |drawn| {
            let org = format!("drawn-{}", organisations.replace(organisations.get() + 1));
            let people: Vec<String> = (0..drawn.parents.len()).map(|place| format!("p{place}")).collect();
            let held = |place: usize| [people[place].as_str()];
            let names: Vec<String> = (0..drawn.parents.len()).map(|place| format!("at{place}")).collect();
            let listed: Vec<(&str, &[&str])> = people.iter().map(|person| (person.as_str(), &[][..])).collect();
            found(&bed.crm, &org, &listed, &[]);
            let host = bed.crm.as_user(&crm_core::Actor::system(&org, "test").unwrap());
            let given = |removed: bool| -> Vec<crm_core::PositionInput> {
                (0..drawn.parents.len())
                    .filter(|place| !removed || !drawn.removed[*place])
                    .map(|place| {
                        // Where the one above is removed the host names the next that stands.
                        let mut above = drawn.parents[place];
                        while let Some(gone) = above.filter(|above| removed && drawn.removed[*above]) {
                            above = drawn.parents[gone];
                        }
                        position(&names[place], above.map(|above| names[above].as_str()), &held(place))
                    })
                    .collect()
            };
            host.sync_positions(given(false), SyncMode::Whole, false).unwrap();
            let of = |place: usize| bed.crm.as_user(&crm_core::Actor::user(&org, &people[place]).unwrap());
            let owner = of(drawn.owned_at);
            let customer = owner.create_customer(named("Pooled")).unwrap().id;
            only(owner.release_customers(vec![customer], released("No need"))).unwrap();
            let mut settings = host.settings().unwrap();
            settings.pool.levels_up = drawn.levels;
            host.change_settings(settings).unwrap();
            // Read by the tree as it is then, not as it was.
            host.sync_positions(given(true), SyncMode::Whole, false).unwrap();
            let expected = drawn.seers();
            let sees = |session: Session<'_>| {
                let listed = session.customers(ALL, PageRequest::first(5)).unwrap().items.len() == 1;
                assert_eq!(session.customer(customer).is_ok(), listed);
                listed
            };
            let found: BTreeSet<usize> = (0..drawn.parents.len()).filter(|place| sees(of(*place))).collect();
            prop_assert_eq!(&found, &expected, "{:?}", &drawn);
            Ok(())
        })
        .unwrap();
    }
}
