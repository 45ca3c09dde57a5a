//! Groups of duplicates among all customers: D4, on every store.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use crm_core::store::{Answer, ChangeSet, Kind, Read, Search, Write};
use crm_core::{
    CustomerEdit, CustomerId, CustomerKind, DuplicateGroup, DuplicateSearchState, DuplicateVerdict, Error, NewCustomer,
    OrgId, PageRequest, ShareInput,
};
use crm_tests::inputs::named;
use crm_tests::{ORG, World, in_every_world, refused, user, violates};
use std::collections::BTreeSet;

fn create(world: &World, who: &str, customer: NewCustomer) -> CustomerId {
    world.user(who).create_customer(customer).unwrap().id
}

fn edit(world: &World, customer: CustomerId, edit: CustomerEdit) {
    let version = world.user("adam").customer(customer).unwrap().version;
    world.user("adam").edit_customer(customer, CustomerEdit { version, ..edit }).unwrap();
}

fn groups(world: &World, who: &str) -> Vec<DuplicateGroup> {
    world.user(who).duplicate_groups(PageRequest::first(100)).unwrap().items
}

fn names(group: &DuplicateGroup) -> Vec<&str> {
    group.customers.iter().map(|member| member.name.as_str()).collect()
}

/// Names of every group.
fn found(world: &World, who: &str) -> Vec<Vec<String>> {
    groups(world, who).iter().map(|group| names(group).into_iter().map(str::to_owned).collect()).collect()
}

fn search(world: &World) {
    let search = world.user("adam").find_duplicate_groups(None).unwrap();
    assert_eq!((search.state, search.percent, search.complete), (DuplicateSearchState::Finished, 100, true));
}

/// Gives the right to merge to everybody.
fn let_merge(world: &World) {
    let mut roles = world.user("adam").roles().unwrap();
    let sales = roles.iter_mut().find(|role| role.everyone).unwrap();
    sales.allow.push(crm_core::Permission::new("customer.merge").unwrap());
    let inputs: Vec<serde_json::Value> = roles
        .iter()
        .filter(|role| role.everyone)
        .map(|role| {
            let mut role = serde_json::to_value(role).unwrap();
            role.as_object_mut().unwrap().remove("version");
            role
        })
        .collect();
    let inputs = serde_json::from_value(inputs.into()).unwrap();
    world.user("adam").sync_roles(inputs, crm_core::SyncMode::Delta).unwrap();
}

fn kind(name: &str) -> &'static Kind {
    crm_core::KINDS.iter().find(|kind| kind.name == name).unwrap()
}

fn rows(world: &World, of: &str) -> Vec<crm_core::store::Row> {
    let org = OrgId::new(ORG).unwrap();
    match world.bed.crm.store().read(&org, &[Read::Find(Search::of(kind(of)))]).unwrap().pop() {
        Some(Answer::Rows(rows)) => rows,
        _ => Vec::new(),
    }
}

#[test]
fn d4_all_customers_are_gone_through_and_groups_say_why() {
    in_every_world(|world| {
        assert_eq!(world.user("adam").duplicate_search().unwrap().state, DuplicateSearchState::Never);
        assert!(groups(world, "adam").is_empty());
        let yunfan = create(world, "alice", named("杭州鲲鹏科技有限公司"));
        create(world, "stan", named("鲲鹏科技（杭州）有限公司"));
        create(world, "olga", named("杭州鲲朋科技股份有限公司"));
        create(world, "alice", named("杭州白鹭信息技术有限公司"));
        create(world, "alice", named("杭州白鹭信技息术有限公司"));
        for name in ["宁波远洋贸易有限公司", "宁波苍狼贸易有限公司", "Heron Labs Inc"] {
            create(world, "bob", named(name));
        }
        // By what they have in common to the letter, whatever they are called.
        let code = |name: &str| NewCustomer {
            credit_code: Some("91350100M000100Y43".to_owned()),
            duplicate_reason: Some("站点".to_owned()),
            ..named(name)
        };
        create(world, "alice", code("福州启明仓储有限公司"));
        create(world, "stan", code("厦门星辰物流有限公司"));
        // People of the same name only where something else is the same.
        let person = |phone: &str| NewCustomer {
            kind: Some(CustomerKind::Person),
            phones: vec![phone.to_owned()],
            duplicate_reason: Some("另一个人".to_owned()),
            ..named("李雷")
        };
        for phone in ["13800138000", "13900139000", "+86 138 0013 8000"] {
            create(world, "alice", person(phone));
        }
        for folded in [false, true] {
            search(world);
            let told = groups(world, "adam");
            let names: Vec<Vec<&str>> = told.iter().map(names).collect();
            assert_eq!(names.len(), 4, "{names:?} {folded}");
            assert_eq!(names[0], ["杭州鲲鹏科技有限公司", "鲲鹏科技（杭州）有限公司", "杭州鲲朋科技股份有限公司"]);
            assert!(told.windows(2).all(|two| two[0].score >= two[1].score));
            let pair = &told[0].pairs[0];
            assert_eq!((pair.one, pair.score, pair.verdict), (yunfan, 1_000, DuplicateVerdict::Certain));
            assert_eq!((pair.reasons[0].code.as_str(), told[0].pairs.len()), ("same_name", 3));
            let reasons = |group: &DuplicateGroup| -> Vec<String> {
                group.pairs[0].reasons.iter().map(|reason| reason.code.clone()).collect()
            };
            let of = |name: &str| told.iter().find(|group| group.customers[0].name == name).unwrap();
            assert_eq!(reasons(of("福州启明仓储有限公司"))[0], "same_credit_code");
            assert!(reasons(of("李雷")).contains(&"same_phone".to_owned()) && of("李雷").customers.len() == 2);
            assert_eq!(reasons(of("杭州白鹭信息技术有限公司")), ["similar_letters"]);
            assert_eq!(told[0].customers[0].owner.as_str(), "alice");
            world.bed.crm.tick_all().unwrap();
        }
        let search = world.user("adam").duplicate_search().unwrap();
        assert_eq!((search.groups, search.left_out, search.crowded, search.score), (4, 0, 0, 850));
        assert_eq!(search.by.as_deref(), Some("adam"));
        // From another score on there are fewer, or more.
        let count = |score: i32| world.user("adam").find_duplicate_groups(Some(score)).unwrap().groups;
        assert_eq!((count(990), count(600) >= 4), (1, true));
        violates(world.user("adam").find_duplicate_groups(Some(599)), "score", "out_of_range");
        violates(world.user("adam").find_duplicate_groups(Some(1_001)), "score", "out_of_range");
    });
}

#[test]
fn d4_a_branch_and_the_same_name_elsewhere_are_no_duplicates_by_their_names_alone() {
    in_every_world(|world| {
        let with = |name: &str, phone: &str| NewCustomer { phones: vec![phone.to_owned()], ..named(name) };
        create(world, "alice", with("鲲鹏科技有限公司", "0571-88880000"));
        create(world, "alice", with("鲲鹏科技有限公司北京分公司", "0571-88880000"));
        create(world, "alice", with("鲲鹏科技有限公司上海分公司", "0571-88880000"));
        create(world, "alice", with("杭州白鹭软件有限公司", "0571-77770000"));
        create(world, "alice", with("上海白鹭软件有限公司", "021-77770000"));
        search(world);
        assert!(groups(world, "adam").is_empty(), "{:?}", found(world, "adam"));
        // What both have says otherwise.
        create(world, "alice", with("宁波白鹭软件有限公司", "021-77770000"));
        search(world);
        assert_eq!(found(world, "adam"), [["上海白鹭软件有限公司", "宁波白鹭软件有限公司"]]);
    });
}

#[test]
fn d4_a_dismissed_pair_stays_dismissed_until_one_of_both_changes() {
    in_every_world(|world| {
        let adam = world.user("adam");
        let ids: Vec<CustomerId> = ["杭州鲲鹏科技有限公司", "杭州鲲鹏科技股份有限公司", "鲲鹏科技（杭州）有限公司"]
            .map(|name| create(world, "alice", named(name)))
            .to_vec();
        search(world);
        assert_eq!(groups(world, "adam")[0].pairs.len(), 3);
        assert_eq!(adam.dismiss_duplicates(vec![ids[0], ids[1]]).unwrap(), 1);
        for again in [false, true] {
            let told = groups(world, "adam");
            assert_eq!((told[0].customers.len(), told[0].pairs.len()), (3, 2), "{again}");
            search(world);
        }
        assert_eq!(adam.dismiss_duplicates(ids.clone()).unwrap(), 3);
        for _ in 0..2 {
            assert!(groups(world, "adam").is_empty());
            search(world);
        }
        assert_eq!(adam.duplicate_search().unwrap().groups, 0);
        // What is not compared changes nothing.
        edit(world, ids[0], CustomerEdit { region: Some("浙江".to_owned()), ..CustomerEdit::default() });
        search(world);
        assert!(groups(world, "adam").is_empty());
        edit(world, ids[0], CustomerEdit { phones: Some(vec!["0571-88880000".to_owned()]), ..CustomerEdit::default() });
        search(world);
        assert_eq!(groups(world, "adam")[0].pairs.len(), 2);
        // Dismissed anew, as they are now.
        assert_eq!(adam.idempotent("k").dismiss_duplicates(ids.clone()).unwrap(), 3);
        assert_eq!(world.user("adam").idempotent("k").dismiss_duplicates(ids.clone()).unwrap(), 3);
        search(world);
        assert!(groups(world, "adam").is_empty());
        // Of who is gone for good nothing is left.
        assert_eq!(rows(world, "duplicate_dismissed").len(), 3);
        world.user("alice").delete_customer(ids[0]).unwrap();
        search(world);
        assert_eq!(rows(world, "duplicate_dismissed").len(), 3);
        world.bed.clock.advance_days(31);
        world.bed.crm.tick_all().unwrap();
        search(world);
        assert_eq!(rows(world, "duplicate_dismissed").len(), 1);
        violates(world.user("adam").dismiss_duplicates(vec![ids[1], ids[1]]), "customers", "out_of_range");
        let many =
            vec![ids[1]; 1].into_iter().chain((0..20).map(|n| create(world, "bob", named(&format!("客户 {n}")))));
        violates(world.user("adam").dismiss_duplicates(many.collect()), "customers", "out_of_range");
    });
}

#[test]
fn d4_a_dismissal_is_taken_back() {
    in_every_world(|world| {
        let names = ["杭州鲲鹏科技有限公司", "鲲鹏科技（杭州）有限公司", "杭州鲲朋科技股份有限公司"];
        let ids: Vec<CustomerId> = names.iter().map(|name| create(world, "alice", named(name))).collect();
        let other = create(world, "stan", named("上海苍鹭贸易有限公司"));
        search(world);
        let adam = world.user("adam");
        let before = groups(world, "adam");
        assert_eq!(adam.dismiss_duplicates(ids.clone()).unwrap(), 3);
        assert!(groups(world, "adam").is_empty());
        // One pair of three.
        assert_eq!(adam.reopen_duplicates(vec![ids[1], ids[0], ids[0]]).unwrap(), 1);
        assert_eq!(groups(world, "adam")[0].pairs.len(), 1);
        // Said again under the same key it is answered the same.
        let keyed = || adam.clone().idempotent("again").reopen_duplicates(ids.clone());
        assert_eq!((keyed().unwrap(), keyed().unwrap()), (2, 2));
        assert_eq!(groups(world, "adam"), before);
        assert_eq!(adam.reopen_duplicates(ids.clone()).unwrap(), 0);
        violates(adam.reopen_duplicates(vec![ids[0]]), "customers", "out_of_range");
        violates(adam.reopen_duplicates(Vec::new()), "customers", "out_of_range");
        assert!(matches!(world.user("alice").reopen_duplicates(vec![ids[0], other]), Err(Error::NotFound { .. })));
    });
}

#[test]
fn d4_groups_show_what_is_there_today() {
    in_every_world(|world| {
        let ids: Vec<CustomerId> = ["杭州鲲鹏科技有限公司", "杭州鲲鹏科技股份有限公司", "鲲鹏科技（杭州）有限公司"]
            .map(|name| create(world, "alice", named(name)))
            .to_vec();
        search(world);
        edit(world, ids[1], CustomerEdit { name: Some("宁波苍狼贸易有限公司".to_owned()), ..CustomerEdit::default() });
        assert_eq!(found(world, "adam"), [["杭州鲲鹏科技有限公司", "鲲鹏科技（杭州）有限公司"]]);
        edit(world, ids[0], CustomerEdit { name: Some("杭州鲲朋科技有限公司".to_owned()), ..CustomerEdit::default() });
        assert_eq!(found(world, "adam"), [["杭州鲲朋科技有限公司", "鲲鹏科技（杭州）有限公司"]]);
        world.user("alice").delete_customer(ids[0]).unwrap();
        assert!(groups(world, "adam").is_empty());
        world.user("alice").restore_customer(ids[0], None).unwrap();
        assert_eq!(groups(world, "adam").len(), 1);
        // Whoever is in the bin is not searched for either.
        world.user("alice").delete_customer(ids[0]).unwrap();
        search(world);
        world.user("alice").restore_customer(ids[0], None).unwrap();
        assert!(groups(world, "adam").is_empty());
        search(world);
        assert_eq!(groups(world, "adam").len(), 1);
    });
}

#[test]
fn d4_who_lists_groups_sees_only_customers_that_he_may_open() {
    in_every_world(|world| {
        refused(world.user("alice").find_duplicate_groups(None), "forbidden");
        refused(world.user("alice").duplicate_search(), "forbidden");
        let names = ["杭州鲲鹏科技有限公司", "杭州鲲鹏科技股份有限公司", "鲲鹏科技（杭州）有限公司"];
        let ids: Vec<CustomerId> =
            names.iter().zip(["alice", "stan", "bob"]).map(|(name, who)| create(world, who, named(name))).collect();
        // The search is the administrator's; what one sees of it is his own.
        world.user("adam").find_duplicate_groups(None).unwrap();
        assert_eq!(found(world, "adam"), [names.to_vec()]);
        // alice and bob are below mona, stan is not.
        assert_eq!(found(world, "mona"), [vec![names[0], names[2]]]);
        for who in ["alice", "stan", "bob"] {
            let page = world.user(who).duplicate_groups(PageRequest::first(5)).unwrap();
            assert_eq!((page.items.len(), page.next), (0, None), "{who}");
        }
        let share = ShareInput { person: Some(user("stan")), ..ShareInput::default() };
        world.user("alice").share_customer(ids[0], share).unwrap();
        assert_eq!(found(world, "stan"), [vec![names[0], names[1]]]);
        // Who may only read one of them dismisses nothing, and of whom he does not see he is told nothing.
        refused(world.user("stan").dismiss_duplicates(vec![ids[0], ids[1]]), "forbidden");
        refused(world.user("stan").dismiss_duplicates(vec![ids[1], ids[2]]), "not_found");
        world.user("mona").dismiss_duplicates(vec![ids[0], ids[2]]).unwrap();
        assert!(groups(world, "mona").is_empty());
        assert_eq!(groups(world, "adam")[0].pairs.len(), 2);
    });
}

#[test]
fn d4_a_search_is_cancelled_begun_again_and_replaced() {
    in_every_world(|world| {
        create(world, "alice", named("杭州鲲鹏科技有限公司"));
        create(world, "alice", named("鲲鹏科技（杭州）有限公司"));
        // Where none goes on there is nothing to cancel.
        assert_eq!(world.user("adam").cancel_duplicate_search().unwrap().state, DuplicateSearchState::Never);
        search(world);
        assert_eq!(world.user("adam").cancel_duplicate_search().unwrap().state, DuplicateSearchState::Finished);
        assert_eq!(rows(world, "duplicate_group").len(), 1);
        // One that was killed half-way: its row says that it goes on, and it wrote some groups.
        let org = OrgId::new(ORG).unwrap();
        let standing = rows(world, "duplicate_search").pop().unwrap();
        let mut body: serde_json::Value = serde_json::from_str(&standing.body).unwrap();
        body["run"] = "killed".into();
        body["told"]["state"] = "running".into();
        let mut half = ChangeSet::new(org);
        let row = crm_core::store::Row { body: body.to_string(), ..standing };
        half.writes.push(Write::Update { kind: kind("duplicate_search"), row, changes: Vec::new() });
        for place in 0..1_200 {
            let row = crm_core::store::Row {
                id: format!("killed/{place:06}"),
                version: 1,
                values: Vec::new(),
                body: r#"{"c":[]}"#.to_owned(),
            };
            half.writes.push(Write::Insert { kind: kind("duplicate_group"), row });
        }
        world.bed.crm.store().commit(&half).unwrap();
        // The groups of the one before are still shown.
        assert_eq!(groups(world, "adam").len(), 1);
        assert_eq!(world.user("adam").duplicate_search().unwrap().state, DuplicateSearchState::Running);
        let cancelled = world.user("adam").cancel_duplicate_search().unwrap();
        assert_eq!(cancelled.state, DuplicateSearchState::Cancelled);
        assert_eq!(groups(world, "adam").len(), 1);
        create(world, "alice", named("杭州白鹭信息技术有限公司"));
        create(world, "alice", named("白鹭信息技术（杭州）有限公司"));
        search(world);
        assert_eq!((groups(world, "adam").len(), rows(world, "duplicate_group").len()), (2, 2));
    });
}

#[test]
fn d4_whoever_cancels_ends_a_search_that_goes_on() {
    in_every_world(|world| {
        for n in 0..30 {
            create(world, "alice", named(&format!("杭州鲲鹏{n}号科技有限公司")));
        }
        search(world);
        let before = found(world, "adam");
        // The clock is asked at every step: there it is cancelled, or another search begins.
        for another in [false, true] {
            let steps = std::sync::atomic::AtomicUsize::new(0);
            let crm = &world.bed.crm;
            let adam = crm_tests::Role::Administrator.actor();
            let ended = std::thread::scope(|scope| {
                let running = scope.spawn(|| crm.as_user(&adam).find_duplicate_groups(None));
                while !running.is_finished() {
                    if another {
                        crm.as_user(&adam).find_duplicate_groups(None).ok();
                    } else {
                        crm.as_user(&adam).cancel_duplicate_search().ok();
                    }
                    steps.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                }
                running.join().unwrap()
            });
            // It was finished or cancelled, and whichever it was, nothing is half there.
            if let Ok(ended) = ended {
                assert_ne!(ended.state, DuplicateSearchState::Running);
            }
            assert_eq!(found(world, "adam"), before, "{another}");
            search(world);
            let runs: BTreeSet<String> = rows(world, "duplicate_group")
                .into_iter()
                .map(|row| row.id.split('/').next().unwrap().to_owned())
                .collect();
            assert_eq!(runs.len(), 1);
            assert_eq!(found(world, "adam"), before, "{another}");
        }
    });
}

#[test]
fn d4_pages_of_groups_go_on_and_end() {
    in_every_world(|world| {
        for n in ["鲲鹏", "白鹭", "苍狼", "远洋", "启明"] {
            create(world, "alice", named(&format!("杭州{n}信息技术有限公司")));
            create(world, "stan", named(&format!("{n}信息技术（杭州）有限公司")));
            create(world, "alice", named(&format!("宁波{n}鹤文化传媒有限公司")));
            create(world, "alice", named(&format!("宁波{n}鹤文化传媒股份有限公司")));
        }
        search(world);
        let all = found(world, "adam");
        assert_eq!(all.len(), 10);
        let pages = |who: &str, size: i32| {
            let (mut told, mut page, mut count) = (Vec::new(), PageRequest::first(size), 0);
            loop {
                let answer = world.user(who).duplicate_groups(page).unwrap();
                assert!(answer.items.len() <= size as usize);
                count += 1;
                told.extend(answer.items.iter().map(|group| names(group).into_iter().map(str::to_owned).collect()));
                match answer.next {
                    Some(next) => page = PageRequest::first(size).after(next),
                    None => return (told, count),
                }
            }
        };
        for size in [1, 3, 10, 11] {
            let (told, count): (Vec<Vec<String>>, i32) = pages("adam", size);
            assert_eq!((told, count), (all.clone(), (10 + size - 1) / size), "{size}");
        }
        let_merge(world);
        // Of what alice sees there are fewer, and no page is missing.
        let (told, _) = pages("alice", 2);
        assert_eq!(told.len(), 5);
        // A marker belongs to its search.
        let first = world.user("adam").duplicate_groups(PageRequest::first(1)).unwrap();
        search(world);
        let next = PageRequest::first(1).after(first.next.unwrap());
        refused(world.user("adam").duplicate_groups(next), "cursor_foreign");
    });
}
