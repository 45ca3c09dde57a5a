//! Handing over 交接 what somebody has: C6, A7, K9, P6, S2.

use crm_core::store::{Answer, ChangeSet, CommitError, Kind, MemoryStore, Read, Store, StoreError};
use crm_core::{
    Actor, Crm, CustomerId, HandOver, HandOverCounts, HandOverInput, HandOverPart, HandOverState, NewContract,
    NewFollowUp, NewInstalment, OrgId, PageRequest, PoolInput, PositionId, ShareInput, ShareRight, SyncMode, View,
};
use crm_tests::inputs::{named, names, to};
use crm_tests::{
    Bed, ORG, PEOPLE, POSITIONS, call, found, in_every_world, on_every_store, position, refused, user, violates,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Barrier};

const DAY: i64 = 86_400_000;

fn at(position: &str) -> PositionId {
    PositionId::new(position).unwrap()
}

/// Everything of alice's to somebody.
fn hers(to: &str) -> HandOverInput {
    HandOverInput::of(user("alice"), user(to))
}

fn counts(customers: i32, contracts: i32) -> HandOverCounts {
    HandOverCounts { customers, contracts, ..HandOverCounts::default() }
}

/// Hands over, after a preview that must have said what it comes to.
#[track_caller]
fn hand_over(bed: &Bed, who: &str, input: &HandOverInput) -> HandOver {
    let preview = bed.user(who).preview_hand_over(input.clone()).unwrap();
    let handed = bed.user(who).hand_over(input.clone()).unwrap();
    assert_eq!(handed.state, HandOverState::Finished);
    assert_eq!(
        (preview.moves, preview.parts, preview.to_position),
        (handed.moved, handed.parts.clone(), handed.to_position.clone())
    );
    assert_eq!((preview.stays, preview.stay_count), (handed.stays.clone(), handed.stay_count));
    handed
}

/// The kinds and data of events of a kind.
fn events(bed: &Bed, kind: &str) -> Vec<Value> {
    let events = bed.host().events("test".to_owned(), 500).unwrap();
    events.into_iter().filter(|event| event.kind == kind).map(|event| event.data).collect()
}

fn pool_of(bed: &Bed) -> crm_core::Pool {
    bed.host().pools().unwrap().remove(0)
}

/// Gives people places in the pool.
fn appoint(bed: &Bed, administrators: &[&str], people: &[&str]) {
    let pool = pool_of(bed);
    let input = PoolInput {
        pool: Some(pool.id),
        version: Some(pool.version),
        name: pool.name.clone(),
        standard: true,
        administrators: administrators.iter().map(|person| user(person)).collect(),
        people: people.iter().map(|person| user(person)).collect(),
        hidden: Some(pool.hidden.clone()),
        ..PoolInput::default()
    };
    bed.host().save_pool(input).unwrap();
}

#[test]
fn c6_all_that_a_leaver_has_goes_to_another_one_as_the_preview_says() {
    in_every_world(|world| {
        let bed = &world.bed;
        let next = bed.now().plus_millis(2 * DAY);
        let plan = NewFollowUp { next_at: Some(next), ..NewFollowUp::text("Called") };
        world.user("alice").follow_up(world.partner, plan).unwrap();
        let stans = world.user("stan").create_customer(named("Stan's")).unwrap().id;
        let share = ShareInput { person: Some(user("alice")), right: ShareRight::Edit, ..ShareInput::default() };
        world.user("stan").share_customer(stans, share).unwrap();
        appoint(bed, &["olga", "alice"], &["alice", "luis"]);
        bed.host().deactivate_person(user("alice")).unwrap();

        let mut input = hers("luis");
        input.reason = Some("Left".to_owned());
        let handed = hand_over(bed, "adam", &input);
        let moved = HandOverCounts {
            customers: 3,
            planned_follow_ups: 1,
            contracts: 3,
            open_instalments: 2,
            shares: 1,
            pools: 1,
        };
        assert_eq!((handed.moved, handed.stay_count), (moved, 1));
        let stays = &handed.stays[0];
        assert_eq!(
            (stays.part, stays.name.as_str(), stays.error.as_str()),
            (HandOverPart::Contracts, "Supplement", "contract_pending")
        );
        assert_eq!(handed.to_position, Some(at("helper")));

        // The new owner reads everything that went before, and has the plan.
        let luis = world.user("luis");
        let customer = luis.customer(world.partner).unwrap();
        assert_eq!((customer.owner, customer.next_follow_up_at), (user("luis"), Some(next)));
        assert_eq!(luis.customer(world.customer).unwrap().owner_position, Some(at("helper")));
        let history = luis.customer_history(world.partner, PageRequest::first(20)).unwrap();
        let entry = history.items.iter().find(|entry| entry.operation == "hand_over").unwrap();
        assert_eq!(entry.by, "adam");
        let fields: Vec<&str> = entry.changes.iter().map(|change| change.field.as_str()).collect();
        assert_eq!(fields, ["owner", "owner_position", "reason"]);
        // What was shared with him ends with the change of owner, what others had.
        assert!(world.user("rhea").customer(world.customer).is_err());
        // The duties of contracts and what hangs on them, not the performance of signed ones.
        let contract = luis.contract(world.supplemented).unwrap().contract;
        assert_eq!((contract.owner, contract.performer), (user("luis"), user("alice")));
        assert_eq!(luis.contract(world.draft).unwrap().contract.performer, user("luis"));
        let query = json!({"query": {"of": {"kind": "mine"}}, "page": {"size": 20}});
        assert_eq!(call(&luis, "instalments", &query).unwrap()["items"].as_array().unwrap().len(), 2);
        assert!(!call(&luis, "receipts", &query).unwrap()["items"].as_array().unwrap().is_empty());
        // The share and the places in the pool.
        assert_eq!(luis.customer(stans).unwrap().owner, user("stan"));
        let shares = world.user("stan").shares(stans).unwrap();
        assert_eq!(
            (shares.len(), shares[0].person.clone(), shares[0].right),
            (1, Some(user("luis")), ShareRight::Edit)
        );
        let pool = pool_of(bed);
        assert_eq!((pool.administrators, pool.people), (vec![user("olga"), user("luis")], vec![user("luis")]));
        // What lies in a pool or the recycle bin stays.
        assert_eq!(world.user("adam").customer(world.pooled).unwrap().owner, user("alice"));
        assert_eq!(world.user("adam").restore_customer(world.deleted, None).unwrap().owner, user("alice"));

        // Whoever watches is told, once for each and once for the whole.
        let transferred = events(bed, "customer_transferred");
        assert!(
            transferred.iter().filter(|data| data["hand_over"] == json!(handed.id)).count() == 3,
            "{transferred:?}"
        );
        let told = events(bed, "handed_over");
        assert_eq!((told.len(), &told[0]["notify"], &told[0]["stay_count"]), (1, &json!(["luis", "adam"]), &json!(1)));

        // It stands in the list of who began it, or keeps the organisation.
        let listed = world.user("adam").hand_overs(PageRequest::first(10)).unwrap().items;
        assert_eq!(listed, vec![handed.clone()]);
        assert!(world.user("mona").hand_overs(PageRequest::first(10)).unwrap().items.is_empty());
        // What is left goes when it can.
        let approval = world.approval;
        world.user("adam").resolve_approval(approval, crm_core::ApprovalDecision::Approved, None, None).unwrap();
        let again = hand_over(bed, "adam", &hers("luis"));
        assert_eq!((again.moved, again.stay_count), (HandOverCounts { customers: 1, ..counts(0, 1) }, 0));
        let nothing = hand_over(bed, "adam", &hers("luis"));
        assert_eq!((nothing.moved, nothing.stay_count), (HandOverCounts::default(), 0));
    });
}

#[test]
fn c6_what_is_had_at_a_position_goes_to_its_next_holder() {
    on_every_store(|bed| {
        found(&bed.crm, ORG, &PEOPLE, &POSITIONS);
        // Bob has customers at two positions; alice, who stays, at one of them.
        let positions = |agents: &[&str], helpers: &[&str]| {
            let changed = vec![position("agent", Some("manager"), agents), position("helper", Some("agent"), helpers)];
            bed.host().sync_positions(changed, SyncMode::Delta, false).unwrap();
        };
        positions(&["alice", "bob"], &["luis", "bob"]);
        let customer = |who: &str, position: &str, name: &str| {
            let new = crm_core::NewCustomer { owner_position: Some(at(position)), ..named(name) };
            bed.user(who).create_customer(new).unwrap().id
        };
        let of_agent = customer("bob", "agent", "Agent's");
        let of_helper = customer("bob", "helper", "Helper's");
        let of_alice = customer("alice", "agent", "Alice's");
        let contract = NewContract::of("Signed", "100".parse().unwrap());
        let contract = bed.user("bob").create_contract(of_agent, contract).unwrap().id;
        positions(&["alice", "xavier"], &["luis"]);

        let input =
            HandOverInput { from: None, position: Some(at("agent")), ..HandOverInput::of(user("bob"), user("xavier")) };
        let handed = hand_over(bed, "mona", &input);
        assert_eq!((handed.moved, handed.stay_count), (counts(1, 1), 0));
        assert_eq!(
            (handed.to_position, handed.parts),
            (Some(at("agent")), vec![HandOverPart::Customers, HandOverPart::Contracts])
        );
        let owner = |customer: CustomerId| bed.host().customer(customer).unwrap().owner;
        assert_eq!([of_agent, of_helper, of_alice].map(owner), [user("xavier"), user("bob"), user("alice")]);
        assert_eq!(bed.user("xavier").contract(contract).unwrap().contract.owner, user("xavier"));

        // Of one person's, only what is had at the position.
        let input = HandOverInput { position: Some(at("helper")), ..HandOverInput::of(user("bob"), user("luis")) };
        assert_eq!(hand_over(bed, "mona", &input).moved, counts(1, 0));
        assert_eq!(owner(of_helper), user("luis"));
        // Somebody keeps his customers and changes the position at which he has them: nobody's shares end, no clock begins anew.
        let shared = ShareInput { person: Some(user("stan")), ..ShareInput::default() };
        bed.user("luis").share_customer(of_helper, shared).unwrap();
        let received = bed.host().customer(of_helper).unwrap().received_at;
        positions(&["alice", "xavier", "luis"], &[]);
        bed.clock.advance(DAY);
        let input = HandOverInput {
            position: Some(at("helper")),
            to_position: Some(at("agent")),
            ..HandOverInput::of(user("luis"), user("luis"))
        };
        assert_eq!(hand_over(bed, "mona", &input).moved, counts(1, 0));
        let moved = bed.host().customer(of_helper).unwrap();
        assert_eq!((moved.owner_position, moved.received_at), (Some(at("agent")), received));
        assert!(bed.user("stan").customer(of_helper).is_ok());
    });
}

#[test]
fn c6_a_superior_hands_over_what_is_had_below_him_and_nothing_else() {
    on_every_store(|bed| {
        found(&bed.crm, ORG, &PEOPLE, &POSITIONS);
        let positions = |agents: &[&str], north: &[&str]| {
            let changed =
                vec![position("agent", Some("manager"), agents), position("north-agent", Some("north"), north)];
            bed.host().sync_positions(changed, SyncMode::Delta, false).unwrap();
        };
        positions(&["alice", "bob"], &["stan", "alice"]);
        let south = bed
            .user("alice")
            .create_customer(crm_core::NewCustomer { owner_position: Some(at("agent")), ..named("South") });
        let north = bed
            .user("alice")
            .create_customer(crm_core::NewCustomer { owner_position: Some(at("north-agent")), ..named("North") });
        let (south, north) = (south.unwrap().id, north.unwrap().id);
        let stans = bed.user("stan").create_customer(named("Stan's")).unwrap().id;
        bed.user("stan")
            .share_customer(stans, ShareInput { person: Some(user("alice")), ..ShareInput::default() })
            .unwrap();
        appoint(bed, &["alice"], &[]);

        let handed = hand_over(bed, "mona", &hers("bob"));
        assert_eq!(handed.moved, counts(1, 0));
        assert_eq!(handed.parts, [HandOverPart::Customers, HandOverPart::Contracts]);
        let owner = |customer: CustomerId| bed.host().customer(customer).unwrap().owner;
        assert_eq!([south, north].map(owner), [user("bob"), user("alice")]);
        assert!(bed.user("alice").customer(stans).is_ok());
        assert_eq!(pool_of(bed).administrators, [user("alice")]);
        // The others' parts are not hers to name, either.
        for part in [HandOverPart::Shares, HandOverPart::Pools] {
            let input = HandOverInput { parts: vec![part], ..hers("bob") };
            let code = if part == HandOverPart::Shares { "invalid" } else { "forbidden" };
            refused(bed.user("mona").hand_over(input), code);
        }
        assert_eq!(bed.user("mona").hand_overs(PageRequest::first(5)).unwrap().items.len(), 1);
        assert_eq!(bed.user("adam").hand_overs(PageRequest::first(5)).unwrap().items.len(), 1);
        // An administrator gives the rest.
        let handed = hand_over(bed, "adam", &hers("stan"));
        assert_eq!(handed.moved, HandOverCounts { shares: 1, pools: 1, ..counts(1, 0) });
        // Nobody shares with its owner.
        assert!(bed.user("stan").shares(stans).unwrap().is_empty());
    });
}

#[test]
fn c6_a_share_of_both_is_united_at_the_higher_right() {
    in_every_world(|world| {
        let stan = world.user("stan");
        let customers: Vec<CustomerId> =
            ["One", "Two", "Three"].map(|name| stan.create_customer(named(name)).unwrap().id).into();
        let day = |days: i64| Some(world.bed.now().plus_millis(days * DAY));
        let share = |customer, person: &str, right, ends_at| {
            let share = ShareInput { person: Some(user(person)), right, ends_at, ..ShareInput::default() };
            stan.share_customer(customer, share).unwrap()
        };
        use ShareRight::{Edit, Read};
        // The higher right that holds longer, the same twice, and two of which neither holds for the other.
        share(customers[0], "alice", Edit, None);
        share(customers[0], "luis", Read, day(2));
        share(customers[1], "alice", Read, day(1));
        share(customers[1], "luis", Read, day(2));
        share(customers[2], "alice", Edit, day(1));
        share(customers[2], "luis", Read, None);
        let input = HandOverInput { parts: vec![HandOverPart::Shares], ..hers("luis") };
        assert_eq!(
            hand_over(&world.bed, "adam", &input).moved,
            HandOverCounts { shares: 3, ..HandOverCounts::default() }
        );
        let rights = |customer| {
            let shares = stan.shares(customer).unwrap();
            assert!(shares.iter().all(|share| share.person == Some(user("luis"))));
            let mut rights: Vec<_> = shares.iter().map(|share| (share.right, share.ends_at)).collect();
            rights.sort();
            rights
        };
        assert_eq!(rights(customers[0]), [(Edit, None)]);
        assert_eq!(rights(customers[1]), [(Read, day(2))]);
        assert_eq!(rights(customers[2]), [(Read, None), (Edit, day(1))]);
        // Ends that came along come.
        world.bed.clock.advance(3 * DAY);
        world.bed.crm.tick_all().unwrap();
        assert_eq!(rights(customers[0]), [(Edit, None)]);
        assert_eq!(rights(customers[1]), []);
        assert_eq!(rights(customers[2]), [(Read, None)]);
    });
}

#[test]
fn s2_shares_end_when_the_owner_changes_or_stay_by_the_settings() {
    in_every_world(|world| {
        let host = world.bed.host();
        let mut settings = host.settings().unwrap();
        assert!(settings.sharing.end_with_owner);
        settings.sharing.end_with_owner = false;
        host.change_settings(settings).unwrap();
        let alice = world.user("alice");
        alice
            .share_customer(world.customer, ShareInput { person: Some(user("bob")), ..ShareInput::default() })
            .unwrap();
        assert_eq!(world.user("mona").transfer_customers(vec![world.customer], to("bob")).unwrap().done, 1);
        // Those of others stay, the new owner's own does not.
        let shares = world.user("bob").shares(world.customer).unwrap();
        let with: Vec<_> = shares.iter().filter_map(|share| share.person.clone()).collect();
        assert_eq!(with.len(), 2);
        assert!(with.contains(&user("rhea")) && with.contains(&user("eve")));
        assert!(world.user("rhea").customer(world.customer).is_ok());
        // The same when everything is handed over.
        let input = HandOverInput::of(user("bob"), user("luis"));
        assert_eq!(hand_over(&world.bed, "mona", &input).moved, counts(1, 0));
        assert!(world.user("rhea").customer(world.customer).is_ok());
        // In a pool they end in any case.
        let release = crm_core::Release { note: Some("No need".to_owned()), ..crm_core::Release::default() };
        assert_eq!(world.user("luis").release_customers(vec![world.customer], release).unwrap().done, 1);
        refused(world.user("rhea").customer(world.customer), "not_found");
    });
}

#[test]
fn c6_who_had_a_customer_reads_it_until_a_day_if_asked() {
    in_every_world(|world| {
        let until = world.bed.now().plus_millis(DAY);
        let input = HandOverInput { keep_reader_until: Some(until), ..hers("bob") };
        assert_eq!(hand_over(&world.bed, "mona", &input).moved.customers, 3);
        assert!(world.user("alice").customer(world.third).is_ok());
        let locked = world.user("alice").lock_customers(vec![world.third], None).unwrap();
        assert_eq!(locked.items[0].error.as_deref(), Some("forbidden"));
        world.bed.clock.advance(DAY);
        refused(world.user("alice").customer(world.third), "not_found");
    });
}

#[test]
fn c6_an_administrator_who_lets_somebody_read_on_does_not_take_it_from_him_again() {
    in_every_world(|world| {
        let stans = world.user("stan").create_customer(named("Stan's")).unwrap().id;
        let share = ShareInput { person: Some(user("alice")), ..ShareInput::default() };
        world.user("stan").share_customer(stans, share).unwrap();
        let until = world.bed.now().plus_millis(DAY);
        let input = HandOverInput { keep_reader_until: Some(until), ..hers("bob") };
        let handed = hand_over(&world.bed, "adam", &input);
        assert_eq!((handed.moved.customers, handed.moved.shares), (3, 1));
        assert!(world.user("alice").customer(world.third).is_ok());
        refused(world.user("alice").customer(stans), "not_found");
        // Who mirrors shares is told of both: that one ended, and whose it is.
        let of_stans = |kind: &str| {
            let events = world.bed.host().events("test".to_owned(), 500).unwrap();
            let of_kind = events.into_iter().filter(|event| event.kind == kind && event.subject == stans.to_string());
            of_kind.map(|event| event.data["with"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(of_stans("share_ended"), ["u:alice"]);
        assert_eq!(of_stans("customer_shared"), ["u:alice", "u:bob"]);
    });
}

#[test]
fn c6_two_who_hand_over_to_each_other_come_to_an_end_in_memory() {
    let (crm, cut, clock) = large();
    for place in 0..60 {
        person(&crm, "luis").create_customer(named(&format!("His {place}"))).unwrap();
    }
    crm.as_user(&Actor::system(ORG, "test").unwrap())
        .sync_people(vec![crm_tests::person("alice", &[])], SyncMode::Delta)
        .unwrap();
    cut.after(1);
    let one = person(&crm, "mona").hand_over(hers("luis")).unwrap();
    cut.after(1);
    let other = person(&crm, "mona").hand_over(HandOverInput::of(user("luis"), user("alice"))).unwrap();
    assert_eq!([one.state, other.state], [HandOverState::Running; 2]);
    cut.after(i64::MAX);
    clock.advance(120_000);
    crm.tick_all().unwrap();
    let all = person(&crm, "mona").hand_overs(PageRequest::first(5)).unwrap().items;
    assert!(all.iter().all(|handed| handed.state == HandOverState::Finished), "{all:?}");
    let had: Vec<usize> = ["alice", "luis"]
        .iter()
        .map(|who| person(&crm, who).customers(View::Mine, PageRequest::first(500)).unwrap().items.len())
        .collect();
    assert_eq!(had.iter().sum::<usize>(), 290);
}

#[test]
fn c6_what_the_holder_of_a_position_who_was_deactivated_had_at_it_goes_to_the_next_one() {
    in_every_world(|world| {
        // The host has not taken him out of it yet.
        world.bed.host().deactivate_person(user("alice")).unwrap();
        let input = HandOverInput { from: None, position: Some(at("agent")), ..hers("bob") };
        let handed = hand_over(&world.bed, "mona", &input);
        assert_eq!((handed.moved.customers, handed.to_position), (3, Some(at("agent"))));
    });
}

#[test]
fn a3_nobody_is_told_by_a_hand_over_what_he_may_not_see() {
    in_every_world(|world| {
        let deny = |right: &str| {
            let role = json!({"roles": [{"id": "narrow", "name": "Narrow", "deny": [right], "people": ["mona"]}], "mode": "delta"});
            call(&world.bed.host(), "sync_roles", &role).unwrap();
        };
        let mona = world.user("mona");
        let preview = || mona.preview_hand_over(hers("bob"));
        assert_eq!((preview().unwrap().moves.open_instalments, preview().unwrap().stays.len()), (2, 1));
        deny("payment.view");
        let seen = preview().unwrap();
        assert_eq!((seen.moves.contracts, seen.moves.open_instalments), (3, 0));
        deny("contract.view");
        let seen = preview().unwrap();
        assert_eq!((seen.parts, seen.moves, seen.stay_count), (vec![HandOverPart::Customers], counts(3, 0), 0));
        let contracts = HandOverInput { parts: vec![HandOverPart::Contracts], ..hers("bob") };
        refused(mona.hand_over(contracts), "forbidden");
        deny("customer.view");
        let seen = preview().unwrap();
        assert_eq!(
            (seen.parts, seen.moves),
            (vec![HandOverPart::Contracts], HandOverCounts { open_instalments: 2, ..counts(0, 3) })
        );
        // What stays is told by the name that it has, to who may see it still.
        // The rights of before are hers again.
        deny("product.create");
        let handed = mona.hand_over(hers("bob")).unwrap();
        assert_eq!((handed.stays.len(), handed.stays[0].name.as_str()), (1, "Supplement"));
        let listed = || mona.hand_overs(PageRequest::first(5)).unwrap().items.remove(0);
        assert_eq!(listed(), handed);
        let moved = vec![position("manager", Some("director"), &[])];
        world.bed.host().sync_positions(moved, SyncMode::Delta, false).unwrap();
        assert_eq!((listed().stays.len(), listed().stay_count, listed().moved), (0, 1, handed.moved));
    });
}

#[test]
fn p6_what_does_not_count_is_not_too_many_for_who_has_too_many() {
    in_every_world(|world| {
        for place in 0..5 {
            world.user("luis").create_customer(named(&format!("His {place}"))).unwrap();
        }
        let mut settings = world.bed.host().settings().unwrap();
        (settings.pool.most_held, settings.pool.count_dealt) = (2, false);
        world.bed.host().change_settings(settings).unwrap();
        // The partner is dealt, the others are not.
        let handed = hand_over(&world.bed, "mona", &hers("luis"));
        assert_eq!((handed.moved.customers, handed.stay_count), (1, 3));
        assert_eq!(world.user("luis").customer(world.partner).unwrap().owner, user("luis"));
        assert_eq!(world.user("mona").transfer_customers(vec![world.third], to("luis")).unwrap().failed, 1);
    });
}

#[test]
fn p6_nobody_gets_more_than_he_may_have_and_the_rest_is_named() {
    on_every_store(|bed| {
        found(&bed.crm, ORG, &PEOPLE, &POSITIONS);
        for place in 0..7 {
            bed.user("alice").create_customer(named(&format!("Customer {place}"))).unwrap();
        }
        bed.user("luis").create_customer(named("His own")).unwrap();
        let limit = |most: i32| {
            let mut settings = bed.host().settings().unwrap();
            settings.pool.most_held = most;
            bed.host().change_settings(settings).unwrap();
        };
        limit(4);
        let handed = hand_over(bed, "mona", &hers("luis"));
        assert_eq!((handed.moved, handed.stay_count), (counts(3, 0), 4));
        assert!(
            handed.stays.iter().all(|stays| stays.error == "holding_limit" && stays.texts.len() == 2),
            "{:?}",
            handed.stays
        );
        limit(0);
        assert_eq!(hand_over(bed, "mona", &hers("luis")).moved, counts(4, 0));
        assert_eq!(names_of(bed, "luis").len(), 8);
    });
}

fn names_of(bed: &Bed, who: &str) -> Vec<String> {
    let page = bed.user(who).customers(View::Mine, PageRequest::first(500)).unwrap();
    page.items.into_iter().map(|customer| customer.name).collect()
}

#[test]
fn k9_where_transfers_need_approval_an_administrator_hands_over() {
    in_every_world(|world| {
        let host = world.bed.host();
        let mut settings = host.settings().unwrap();
        settings.contract.approval = vec!["transfer".to_owned()];
        host.change_settings(settings).unwrap();
        // One waits for approval: it stays.
        assert_eq!(world.user("mona").transfer_customers(vec![world.third], to("bob")).unwrap().done, 1);
        refused(world.user("mona").hand_over(hers("luis")), "hand_over_needs_administrator");
        refused(world.user("mona").preview_hand_over(hers("luis")), "hand_over_needs_administrator");
        // Contracts are no customers.
        let contracts = HandOverInput { parts: vec![HandOverPart::Contracts], ..hers("bob") };
        assert_eq!(world.user("mona").preview_hand_over(contracts).unwrap().moves.contracts, 3);
        let handed = hand_over(&world.bed, "adam", &hers("luis"));
        assert_eq!(handed.moved.customers, 2);
        let codes: Vec<_> = handed.stays.iter().map(|stays| stays.error.as_str()).collect();
        assert_eq!(codes, ["customer_pending", "contract_pending"]);
        assert_eq!(names(world, "alice", View::Mine), ["Third"]);
    });
}

#[test]
fn c6_input_that_is_wrong_is_refused_and_changes_nothing() {
    in_every_world(|world| {
        let before = world.bed.dump();
        let mona = world.user("mona");
        let both = |input: HandOverInput| {
            let preview = mona.preview_hand_over(input.clone()).map(|_| ());
            let handed = mona.hand_over(input).map(|_| ());
            assert_eq!(format!("{preview:?}"), format!("{handed:?}"));
            handed
        };
        violates(both(HandOverInput { from: None, ..hers("luis") }), "from", "required");
        violates(both(HandOverInput::of(user("nobody"), user("luis"))), "from", "unknown");
        violates(both(hers("nobody")), "to", "unknown");
        violates(both(HandOverInput { position: Some(at("moon")), ..hers("luis") }), "position", "unknown");
        violates(both(hers("alice")), "to", "not_allowed");
        violates(world.user("adam").hand_over(hers("alice")), "to", "not_allowed");
        violates(both(HandOverInput { position: Some(at("agent")), ..hers("alice") }), "to", "not_allowed");
        violates(both(HandOverInput { to_position: Some(at("agent")), ..hers("luis") }), "to_position", "not_allowed");
        // Stan works elsewhere; so he neither gives nor gets.
        violates(both(HandOverInput::of(user("stan"), user("luis"))), "from", "not_allowed");
        refused(both(hers("stan")), "owner_outside_subtree");
        let north = HandOverInput { from: None, position: Some(at("north-agent")), ..hers("luis") };
        violates(both(north), "position", "not_allowed");
        refused(both(hers("dan")), "owner_deactivated");
        for days in [-1, 0, 400_000] {
            let keep_reader_until = Some(world.bed.now().plus_millis(days * DAY));
            violates(both(HandOverInput { keep_reader_until, ..hers("luis") }), "keep_reader_until", "out_of_range");
        }
        let left = HandOverInput {
            keep_reader_until: Some(world.bed.now().plus_millis(DAY)),
            ..HandOverInput::of(user("dan"), user("luis"))
        };
        violates(both(left), "keep_reader_until", "not_allowed");
        violates(both(HandOverInput { reason: Some("x".repeat(201)), ..hers("luis") }), "reason", "too_long");
        let twice = HandOverInput { parts: vec![HandOverPart::Customers; 2], ..hers("luis") };
        violates(both(twice), "parts[1]", "repeated");
        // What is had as a person has no position.
        let shares = HandOverInput { position: Some(at("agent")), parts: vec![HandOverPart::Shares], ..hers("luis") };
        violates(world.user("adam").hand_over(shares), "parts", "not_allowed");
        let unknown = json!({"hand_over": {"from": "alice", "to": "luis", "customers": []}});
        refused(call(&mona, "hand_over", &unknown), "invalid");
        refused(world.user("dan").hand_over(hers("luis")), "actor_unknown");
        assert_eq!(world.bed.dump(), before);
    });
}

#[test]
fn c6_a_repeat_under_the_same_key_answers_the_same_hand_over() {
    in_every_world(|world| {
        let once = world.user("mona").idempotent("leaver-1").hand_over(hers("luis")).unwrap();
        world.user("alice").create_customer(named("Since then")).unwrap();
        let again = world.user("mona").idempotent("leaver-1").hand_over(hers("luis")).unwrap();
        assert_eq!(once, again);
        refused(world.user("mona").idempotent("leaver-1").hand_over(hers("bob")), "idempotency_key_reused");
        assert_eq!(names(world, "alice", View::Mine), ["Since then"]);
    });
}

/// A store that fails after some commits, until it is mended.
#[derive(Clone)]
struct Cut(Arc<(MemoryStore, AtomicI64)>);

impl Cut {
    fn after(&self, commits: i64) {
        self.0.1.store(commits, Ordering::SeqCst);
    }
}

impl Store for Cut {
    fn read(&self, org: &OrgId, reads: &[Read]) -> Result<Vec<Answer>, StoreError> {
        self.0.0.read(org, reads)
    }

    fn commit(&self, changes: &ChangeSet) -> Result<(), CommitError> {
        if self.0.1.fetch_sub(1, Ordering::SeqCst) <= 0 {
            return Err(CommitError::Store(StoreError::Failed("cut".to_owned())));
        }
        self.0.0.commit(changes)
    }

    fn due_organisations(
        &self,
        kind: &'static Kind,
        column: &'static str,
        until: i64,
        limit: i64,
    ) -> Result<Vec<OrgId>, StoreError> {
        self.0.0.due_organisations(kind, column, until, limit)
    }
}

/// A CRM of which alice, who left, had 230 customers and 25 contracts; and how to cut it off.
fn large() -> (Crm, Cut, Arc<crm_core::TestEnvironment>) {
    let clock = Arc::new(crm_core::TestEnvironment::at(crm_tests::START).unwrap());
    let cut = Cut(Arc::new((MemoryStore::new(), AtomicI64::new(i64::MAX))));
    let crm = Crm::new(cut.clone(), clock.clone());
    found(&crm, ORG, &PEOPLE, &POSITIONS);
    let alice = person(&crm, "alice");
    for place in 0..230 {
        alice.create_customer(named(&format!("Customer {place}"))).unwrap();
    }
    let first = alice.customers(View::Mine, PageRequest::first(1)).unwrap().items[0].id;
    for place in 0..25 {
        let contract = NewContract::of(format!("Contract {place}"), "100".parse().unwrap());
        alice.create_contract(first, contract).unwrap();
    }
    crm.as_user(&Actor::system(ORG, "test").unwrap()).deactivate_person(user("alice")).unwrap();
    (crm, cut, clock)
}

fn person<'c>(crm: &'c Crm, who: &str) -> crm_core::Session<'c> {
    crm.as_user(&Actor::user(ORG, who).unwrap())
}

fn first_of(crm: &Crm) -> Option<HandOver> {
    person(crm, "mona").hand_overs(PageRequest::first(5)).unwrap().items.into_iter().next()
}

#[test]
fn c6_what_is_interrupted_anywhere_stands_and_a_tick_goes_on_with_the_rest_in_memory() {
    let mut lasted = 0;
    for commits in 0.. {
        let (crm, cut, clock) = large();
        cut.after(commits);
        let began = person(&crm, "mona").hand_over(hers("luis"));
        cut.after(i64::MAX);
        let Ok(began) = began else {
            // Not even that it begins was written.
            assert_eq!((commits, first_of(&crm)), (0, None));
            continue;
        };
        assert_eq!(began.state == HandOverState::Running, began.finished_at.is_none());
        if began.state == HandOverState::Finished {
            lasted = commits;
            assert_eq!(began.moved, counts(230, 25));
            break;
        }
        // What goes on is left to who began it; what was interrupted goes on within minutes, in his name.
        crm.tick_all().unwrap();
        assert_eq!(first_of(&crm), Some(began));
        clock.advance(120_000);
        crm.tick_all().unwrap();
        let ended = first_of(&crm).unwrap();
        assert_eq!((ended.state, ended.moved, ended.stay_count), (HandOverState::Finished, counts(230, 25), 0));
        let luis = person(&crm, "luis");
        let theirs = luis.customers(View::Mine, PageRequest::first(500)).unwrap().items;
        assert_eq!(theirs.len(), 230);
        assert!(theirs.iter().all(|customer| customer.changed_by == "mona"));
        for customer in theirs.iter().take(3).chain(theirs.iter().rev().take(3)) {
            let history = luis.customer_history(customer.id, PageRequest::first(5)).unwrap().items;
            assert_eq!(history.iter().filter(|entry| entry.operation == "hand_over").count(), 1);
            assert_eq!(history[0].by, "mona");
        }
    }
    // A beginning, five pages of customers and three of contracts, and once more through each.
    assert_eq!(lasted, 11);
}

#[test]
fn c6_it_stops_when_who_was_to_get_it_leaves_or_loses_the_position_in_memory() {
    for leaves in [true, false] {
        let (crm, cut, clock) = large();
        cut.after(2);
        let began = person(&crm, "mona").hand_over(hers("luis")).unwrap();
        assert_eq!((began.state, began.moved), (HandOverState::Running, counts(50, 0)));
        cut.after(i64::MAX);
        let host = crm.as_user(&Actor::system(ORG, "test").unwrap());
        if leaves {
            host.deactivate_person(user("luis")).unwrap();
        } else {
            host.sync_positions(vec![position("helper", Some("agent"), &[])], SyncMode::Delta, false).unwrap();
        }
        clock.advance(120_000);
        crm.tick_all().unwrap();
        let ended = first_of(&crm).unwrap();
        let error = if leaves { "owner_deactivated" } else { "owner_elsewhere" };
        assert_eq!(
            (ended.state, ended.moved, ended.error.as_deref()),
            (HandOverState::Stopped, counts(50, 0), Some(error))
        );
        // The rest goes to another one.
        assert_eq!(person(&crm, "mona").hand_over(hers("bob")).unwrap().moved, counts(180, 25));
    }
}

#[test]
fn c6_others_go_on_working_while_it_goes_on() {
    on_every_store(|bed| {
        found(&bed.crm, ORG, &PEOPLE, &POSITIONS);
        let customers: Vec<CustomerId> = (0..120)
            .map(|place| bed.user("alice").create_customer(named(&format!("Customer {place}"))).unwrap().id)
            .collect();
        let barrier = Barrier::new(4);
        std::thread::scope(|scope| {
            // Others transfer and follow up, two hand over at once.
            scope.spawn(|| {
                barrier.wait();
                for customer in customers.iter().rev().step_by(7) {
                    let moved = bed.user("dora").transfer_customers(vec![*customer], to("bob")).unwrap();
                    let error = moved.items[0].error.as_deref();
                    assert!(matches!(error, None | Some("contended")), "{error:?}");
                }
            });
            scope.spawn(|| {
                barrier.wait();
                for customer in customers.iter().step_by(5) {
                    let written = bed.user("dora").follow_up(*customer, NewFollowUp::text("Called"));
                    assert!(written.is_ok(), "{written:?}");
                }
            });
            for to in ["luis", "xavier"] {
                let barrier = &barrier;
                scope.spawn(move || {
                    barrier.wait();
                    let mut handed = bed.user("mona").hand_over(hers(to)).unwrap();
                    while handed.state == HandOverState::Running {
                        bed.clock.advance(120_000);
                        bed.crm.tick_all().unwrap();
                        let all = bed.user("mona").hand_overs(PageRequest::first(5)).unwrap().items;
                        handed = all.into_iter().find(|other| other.id == handed.id).unwrap();
                    }
                    assert_eq!(handed.stay_count, 0);
                });
            }
        });
        // Each has gone, once from alice, to one of them.
        assert!(names_of(bed, "alice").is_empty());
        let all: Vec<String> = ["bob", "luis", "xavier"].iter().flat_map(|who| names_of(bed, who)).collect();
        assert_eq!(all.len(), 120);
        let counted: i32 = bed
            .user("mona")
            .hand_overs(PageRequest::first(5))
            .unwrap()
            .items
            .iter()
            .map(|one| one.moved.customers)
            .sum();
        let gone = |customer: &CustomerId| {
            let history = bed.host().customer_history(*customer, PageRequest::first(20)).unwrap().items;
            history.iter().filter(|entry| entry.operation == "hand_over").count()
        };
        assert_eq!(usize::try_from(counted).unwrap(), customers.iter().map(gone).sum::<usize>());
    });
}

/// What a customer or contract of alice's is made to.
#[derive(Debug, Clone)]
enum Made {
    Plain,
    Planned,
    Pooled,
    Deleted,
    Pending,
    Locked,
    Contract { submitted: bool, waits: bool, void: bool },
    Shared { edit: bool, known: Option<bool>, to_new_owner: bool },
}

fn made() -> impl Strategy<Value = Made> {
    prop_oneof![
        Just(Made::Plain),
        Just(Made::Planned),
        Just(Made::Pooled),
        Just(Made::Deleted),
        Just(Made::Pending),
        Just(Made::Locked),
        any::<[bool; 3]>().prop_map(|[submitted, waits, void]| Made::Contract { submitted, waits, void }),
        (any::<bool>(), any::<Option<bool>>(), any::<bool>()).prop_map(|(edit, known, to_new_owner)| Made::Shared {
            edit,
            known,
            to_new_owner
        }),
    ]
}

#[test]
fn c6_a_hand_over_does_what_its_preview_says_whatever_somebody_has() {
    let mut runner = TestRunner::new(Config { cases: 24, ..Config::default() });
    let strategy = (proptest::collection::vec(made(), 0..14), 0..9i32, any::<[bool; 4]>(), any::<bool>());
    for make in Bed::every() {
        runner
            .run(&strategy, |(all, most_held, named_parts, stay)| {
                let bed = make();
                found(&bed.crm, ORG, &PEOPLE, &POSITIONS);
                let settings = |approval: &[&str], most: i32| {
                    let mut settings = bed.host().settings().unwrap();
                    settings.contract.approval = approval.iter().map(|command| (*command).to_owned()).collect();
                    settings.pool.most_held = most;
                    settings.sharing.end_with_owner = !stay;
                    bed.host().change_settings(settings).unwrap();
                };
                settings(&[], 0);
                let alice = bed.user("alice");
                for (place, made) in all.iter().enumerate() {
                    let own =
                        |owner: &str| bed.user(owner).create_customer(named(&format!("Customer {place}"))).unwrap().id;
                    match made {
                        Made::Plain => _ = own("alice"),
                        Made::Planned => {
                            let next = Some(bed.now().plus_millis(DAY));
                            alice
                                .follow_up(own("alice"), NewFollowUp { next_at: next, ..NewFollowUp::text("Met") })
                                .unwrap();
                        }
                        Made::Pooled => {
                            let release =
                                crm_core::Release { note: Some("No".to_owned()), ..crm_core::Release::default() };
                            assert_eq!(alice.release_customers(vec![own("alice")], release).unwrap().done, 1);
                        }
                        Made::Deleted => _ = alice.delete_customer(own("alice")).unwrap(),
                        Made::Pending => {
                            settings(&["transfer"], 0);
                            assert_eq!(
                                bed.user("mona").transfer_customers(vec![own("alice")], to("bob")).unwrap().done,
                                1
                            );
                            settings(&[], 0);
                        }
                        Made::Locked => assert_eq!(alice.lock_customers(vec![own("alice")], None).unwrap().done, 1),
                        Made::Contract { submitted, waits, void } => {
                            let customer = own("xavier");
                            let share = ShareInput {
                                person: Some(user("alice")),
                                right: ShareRight::Edit,
                                ..ShareInput::default()
                            };
                            bed.user("xavier").share_customer(customer, share).unwrap();
                            let contract = NewContract::of("Contract", "100".parse().unwrap());
                            let contract = alice.create_contract(customer, contract).unwrap();
                            let plan = vec![NewInstalment::of("100".parse().unwrap(), "2027-01-31".parse().unwrap())];
                            alice.set_payment_plan(contract.id, 0, plan).unwrap();
                            let version = bed.user("alice").contract(contract.id).unwrap().contract.version;
                            if *submitted {
                                settings(if *waits { &["sign"] } else { &[] }, 0);
                                let signed = alice.submit_contract(contract.id, version, None).unwrap();
                                settings(&[], 0);
                                if *void && !*waits {
                                    alice.void_contract(contract.id, signed.version, "Wrong".to_owned()).unwrap();
                                }
                            }
                        }
                        Made::Shared { edit, known, to_new_owner } => {
                            let owner = if *to_new_owner { "luis" } else { "stan" };
                            let customer = own(owner);
                            let share = |person: &str, edit: bool| {
                                let right = if edit { ShareRight::Edit } else { ShareRight::Read };
                                let share = ShareInput { person: Some(user(person)), right, ..ShareInput::default() };
                                bed.user(owner).share_customer(customer, share).unwrap();
                            };
                            share("alice", *edit);
                            if let Some(edit) = known.filter(|_| owner != "luis") {
                                share("luis", edit);
                            }
                        }
                    }
                }
                settings(&[], most_held);
                let every =
                    [HandOverPart::Customers, HandOverPart::Contracts, HandOverPart::Shares, HandOverPart::Pools];
                let parts = every.iter().zip(named_parts).filter(|(_, named)| *named).map(|(part, _)| *part).collect();
                let input = HandOverInput { parts, ..hers("luis") };
                let handed = hand_over(&bed, "adam", &input);
                // Nothing but what was named as left is there to be handed over any more.
                let again = bed.user("adam").preview_hand_over(input).unwrap();
                assert_eq!((again.moves, again.stays), (HandOverCounts::default(), handed.stays));
                if handed.parts.contains(&HandOverPart::Customers) {
                    let left = names_of(&bed, "alice").len();
                    let named = bed
                        .user("adam")
                        .preview_hand_over(HandOverInput { parts: vec![HandOverPart::Customers], ..hers("luis") });
                    assert_eq!(named.unwrap().stay_count as usize, left);
                    if most_held > 0 {
                        let held = names_of(&bed, "luis").len();
                        let own =
                            all.iter().filter(|made| matches!(made, Made::Shared { to_new_owner: true, .. })).count();
                        assert!(held <= (most_held as usize).max(own));
                    }
                }
                if handed.parts.contains(&HandOverPart::Shares) {
                    let shared =
                        bed.user("alice").customers(View::SharedWithMe, PageRequest::first(500)).unwrap().items;
                    assert!(shared.is_empty(), "{shared:?}");
                }
                Ok(())
            })
            .unwrap();
    }
}
