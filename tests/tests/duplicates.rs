//! The check for duplicates: D1 to D3, on every store.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use crm_core::duplicate::name_similarity;
use crm_core::store::{Answer, ChangeSet, Read, Search, Store, Write};
use crm_core::{
    CustomerEdit, CustomerId, CustomerKind, DuplicateCheck, DuplicateDraft, DuplicateRule, DuplicateVerdict, NameRule,
    NewCustomer, OrgId, PageRequest, ShareInput, ShareRight,
};
use crm_tests::inputs::{named, to};
use crm_tests::{Bed, ORG, World, in_every_world, on_every_store, refused, violates};
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;

fn check(world: &World, who: &str, name: &str) -> DuplicateCheck {
    world.user(who).check_duplicates(DuplicateDraft::named(name)).unwrap()
}

fn names(check: &DuplicateCheck) -> Vec<&str> {
    check.hits.iter().map(|hit| hit.name.as_str()).collect()
}

fn create(world: &World, who: &str, name: &str) -> CustomerId {
    world.user(who).create_customer(named(name)).unwrap().id
}

fn rename(world: &World, who: &str, customer: CustomerId, name: &str) {
    let version = world.user(who).customer(customer).unwrap().version;
    let edit = CustomerEdit { version, name: Some(name.to_owned()), ..CustomerEdit::default() };
    world.user(who).edit_customer(customer, edit).unwrap();
}

#[test]
fn d1_what_is_typed_finds_customers_from_the_commit_on() {
    in_every_world(|world| {
        let fold = || world.bed.crm.tick_all().unwrap();
        let yunfan = create(world, "alice", "杭州鲲鹏科技有限公司");
        create(world, "alice", "上海远洋贸易有限公司");
        for folded in [false, true] {
            for typed in
                ["鲲鹏科技（杭州）", "杭州鯤鵬科技", "杭州鲲朋科技股份有限公司", "杭州鹏鲲科技有限公司", "鲲鹏"]
            {
                let found = check(world, "alice", typed);
                assert_eq!((names(&found), found.complete), (vec!["杭州鲲鹏科技有限公司"], true), "{typed} {folded}");
                assert_eq!(found.hits[0].customer, Some(yunfan));
            }
            fold();
        }
        let found = check(world, "alice", "鲲鹏科技（杭州）有限公司");
        let hit = &found.hits[0];
        assert_eq!(
            (hit.score, hit.verdict, hit.reasons[0].code.as_str()),
            (1_000, DuplicateVerdict::Certain, "same_name")
        );
        assert_eq!((hit.owner.as_ref().unwrap().as_str(), hit.owner_name.as_deref()), ("alice", Some("alice")));
        // No duplicate of itself.
        let own = DuplicateDraft { customer: Some(yunfan), ..DuplicateDraft::named("杭州鲲鹏科技有限公司") };
        assert!(world.user("alice").check_duplicates(own).unwrap().hits.is_empty());
        // Under its new name at once, and no more under the old one.
        for folded in [false, true] {
            rename(world, "alice", yunfan, if folded { "杭州苍狼软件有限公司" } else { "杭州白鹭软件有限公司" });
            let now = if folded { "苍狼软件" } else { "白鹭软件" };
            for _ in 0..2 {
                assert!(names(&check(world, "alice", "杭州鲲鹏科技有限公司")).is_empty());
                assert_eq!(check(world, "alice", now).hits[0].customer, Some(yunfan), "{now}");
                fold();
            }
        }
        // Not in the recycle bin, and again out of it.
        world.user("alice").delete_customer(yunfan).unwrap();
        assert!(check(world, "alice", "苍狼软件").hits.is_empty());
        world.user("alice").restore_customer(yunfan, None).unwrap();
        assert_eq!(check(world, "alice", "苍狼软件").hits.len(), 1);
        // Nothing is left of it when it is gone for good, in whichever state.
        let tailed = create(world, "alice", "苍狼软件（宁波）有限公司");
        for customer in [yunfan, tailed] {
            world.user("alice").delete_customer(customer).unwrap();
        }
        world.bed.clock.advance_days(31);
        fold();
        let dump = world.bed.dump();
        let left = dump.lines().filter(|line| line.contains(" name_") && line.contains("苍狼")).collect::<Vec<_>>();
        assert!(left.is_empty(), "{left:?}");
        for customer in [yunfan, tailed] {
            let kept = |line: &&str| {
                line.contains(&customer.to_string()) && !line.contains(" history ") && !line.contains(" event ")
            };
            let of_the_index =
                dump.lines().filter(kept).filter(|line| line.contains(" name_") || line.contains(" match_key "));
            assert_eq!(of_the_index.count(), 0);
        }
    });
}

#[test]
fn d2_credit_code_phone_domain_and_short_name_count_too() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let made = alice
            .create_customer(NewCustomer {
                short_name: Some("白鹭".to_owned()),
                credit_code: Some("91330100MA2B0XYZ1K".to_owned()),
                phones: vec!["0571-8888 0000".to_owned()],
                website: Some("https://www.bailu.example/cn".to_owned()),
                email: Some("info@mail.bailu.example".to_owned()),
                ..named("杭州白鹭软件有限公司")
            })
            .unwrap();
        let of = |draft: DuplicateDraft| alice.check_duplicates(draft).unwrap();
        let draft = || DuplicateDraft::named("全然不同的名字");
        for (draft, code) in [
            (DuplicateDraft { credit_code: Some("91330100ma2b0xyz1k".to_owned()), ..draft() }, "same_credit_code"),
            (DuplicateDraft { phones: vec!["+86 571 88880000".to_owned()], ..draft() }, "same_phone"),
            (DuplicateDraft { email: Some("INFO@mail.bailu.example".to_owned()), ..draft() }, "same_email"),
            (DuplicateDraft { website: Some("bailu.example".to_owned()), ..draft() }, "same_domain"),
            (DuplicateDraft { email: Some("someone@bailu.example".to_owned()), ..draft() }, "same_domain"),
        ] {
            let found = of(draft);
            let reasons: Vec<&str> = found.hits[0].reasons.iter().map(|reason| reason.code.as_str()).collect();
            assert!(reasons.contains(&code), "{code}: {reasons:?}");
            assert_eq!(found.hits[0].customer, Some(made.id));
        }
        // A short name alone is likely, not certain.
        assert_eq!(of(DuplicateDraft::named("白鹭")).hits[0].verdict, DuplicateVerdict::Likely);
        // What is given up is found no more, what no provider of mail tells is no domain.
        let edit = CustomerEdit {
            version: made.version,
            email: Some("bailu@qq.com".to_owned()),
            clear: vec!["phones".to_owned(), "credit_code".to_owned()],
            ..CustomerEdit::default()
        };
        alice.edit_customer(made.id, edit).unwrap();
        assert!(of(DuplicateDraft { phones: vec!["0571-88880000".to_owned()], ..draft() }).hits.is_empty());
        assert!(of(DuplicateDraft { credit_code: Some("91330100MA2B0XYZ1K".to_owned()), ..draft() }).hits.is_empty());
        assert!(of(DuplicateDraft { email: Some("other@qq.com".to_owned()), ..draft() }).hits.is_empty());
        // What is odd about a credit code is said; a code is one in full width, too.
        let code = |code: &str| of(DuplicateDraft { credit_code: Some(code.to_owned()), ..draft() });
        assert_eq!(code("9133").warnings, ["credit_code.malformed"]);
        assert_eq!(code("91330100MA2B0XYZ1K").warnings, ["credit_code.check_digit"]);
        assert!(code("９１３５０１００Ｍ０００１００Ｙ４３").warnings.is_empty());
        assert_eq!(of(DuplicateDraft { email: Some("bailu@QQ.com".to_owned()), ..draft() }).hits.len(), 1);
        // People are compared with people.
        let person = NewCustomer { kind: Some(CustomerKind::Person), ..named("白鹭") };
        let person = alice.create_customer(person).unwrap().id;
        let of_person = of(DuplicateDraft { kind: Some(CustomerKind::Person), ..DuplicateDraft::named("白鹭") });
        assert_eq!((of_person.hits.len(), of_person.hits[0].customer), (1, Some(person)));
        assert_eq!(of_person.hits[0].verdict, DuplicateVerdict::Possible);
    });
}

#[test]
fn d1_of_customers_that_one_may_not_open_one_learns_name_owner_score_and_no_more() {
    in_every_world(|world| {
        let hidden = |name: &str, rest: NewCustomer| NewCustomer { name: name.to_owned(), ..rest };
        let bare = hidden("杭州白鹭软件有限公司", NewCustomer::default());
        let rich = NewCustomer {
            // A short name is no full one: it is not told.
            short_name: Some("小黑".to_owned()),
            credit_code: None,
            phones: vec!["0571-88880000".to_owned()],
            website: Some("bailu.example".to_owned()),
            email: Some("info@bailu.example".to_owned()),
            region: Some("浙江".to_owned()),
            ..hidden("杭州苍鹭软件有限公司", NewCustomer::default())
        };
        for customer in [bare, rich] {
            world.user("alice").create_customer(customer).unwrap();
        }
        for folded in [false, true] {
            let asked = |name: &str| DuplicateDraft {
                phones: vec!["0571-88880000".to_owned()],
                website: Some("bailu.example".to_owned()),
                email: Some("info@bailu.example".to_owned()),
                ..DuplicateDraft::named(name)
            };
            let learn = |name: &str| {
                let found = world.user("stan").check_duplicates(asked(name)).unwrap();
                let exact: Vec<_> = found.hits.into_iter().filter(|hit| hit.name.contains(name)).collect();
                assert_eq!(exact.len(), 1, "{name} {folded}");
                let told = serde_json::to_string(&exact[0]).unwrap();
                assert!(!told.contains("\"customer\""), "{told}");
                told.replace(&exact[0].name, "NAME")
            };
            // Nothing that one has and the other has not shows.
            assert_eq!(learn("白鹭软件"), learn("苍鹭软件"), "{folded}");
            // Fishing: places, trades, legal forms, single characters, and what is no name.
            for typed in [
                "杭州",
                "软件",
                "有限公司",
                "杭州软件有限公司",
                "杭州市",
                "鹭",
                "白",
                "软件有限公司",
                "中国",
                "小黑",
                "杭州黑狗软件有限公司",
            ] {
                let found = world.user("stan").check_duplicates(asked(typed)).unwrap();
                assert!(found.hits.is_empty(), "{typed}: {:?}", names(&found));
            }
            world.bed.crm.tick_all().unwrap();
        }
        // By the settings no owner either.
        let mut settings = world.bed.host().settings().unwrap();
        (settings.duplicates.show_owner, settings.duplicates.lookups_per_day) = (false, 8);
        world.bed.host().change_settings(settings).unwrap();
        let found = check(world, "stan", "白鹭软件");
        assert_eq!((found.hits[0].owner.clone(), found.hits[0].owner_name.clone()), (None, None));
        // So often a day, and whoever manages the settings sees who asked.
        let asked = |found: &DuplicateCheck| (found.hits.len() == 1, found.limited);
        let more: Vec<_> = (0..6).map(|_| asked(&check(world, "stan", "白鹭软件"))).collect();
        assert!(more.contains(&(true, false)) && more.ends_with(&[(false, true)]), "{more:?}");
        assert_eq!(asked(&check(world, "alice", "白鹭软件")), (true, false));
        refused(world.user("stan").duplicate_lookups(PageRequest::default()), "forbidden");
        let noted = world.bed.host().duplicate_lookups(PageRequest::first(3)).unwrap();
        assert_eq!(
            (noted.items.len(), noted.items[0].person.as_str(), noted.items[0].name.as_str()),
            (3, "stan", "白鹭软件")
        );
        let next = world.bed.host().duplicate_lookups(PageRequest::first(500).after(noted.next.unwrap())).unwrap();
        assert_eq!(next.items.len(), 8 - 3);
        // The next day again; after half a year nobody knows.
        world.bed.clock.advance_days(1);
        assert_eq!(asked(&check(world, "stan", "白鹭软件")), (true, false));
        world.bed.clock.advance_days(181);
        world.bed.crm.tick_all().unwrap();
        assert!(world.bed.host().duplicate_lookups(PageRequest::default()).unwrap().items.is_empty());
    });
}

#[test]
fn d1_nobody_fishes_among_customers_that_he_may_not_open() {
    in_every_world(|world| {
        for name in [
            "杭州银行股份有限公司",
            "青岛啤酒股份有限公司",
            "Acme Trading Co., Ltd.",
            "Orion Technology Ltd",
            "Shanghai Xinda Trading Co., Ltd.",
            "Abacus Trading Inc",
            "Colt Ltd",
            "美国国际有限公司",
        ] {
            create(world, "alice", name);
        }
        let learns = |name: &str, short: Option<&str>| {
            let draft = DuplicateDraft { short_name: short.map(str::to_owned), ..DuplicateDraft::named(name) };
            names(&world.user("stan").check_duplicates(draft).unwrap()).len()
        };
        for folded in [false, true] {
            for typed in [
                "杭州",
                "青岛",
                "trading",
                "Technology Ltd",
                "shanghai",
                "ab",
                "co ltd",
                "Co., Ltd.",
                "美国",
                "国际",
                "有限",
            ] {
                assert_eq!(learns(typed, None), 0, "{typed} {folded}");
                assert_eq!(learns(typed, Some("氼氽")), 0, "{typed} with a short name, {folded}");
            }
            assert_eq!((learns("Acme", None), learns("Xinda Trading", None)), (1, 1), "{folded}");
            world.bed.crm.tick_all().unwrap();
        }
        // When he has asked enough, the answer is the same whether there is something or not.
        let mut settings = world.bed.host().settings().unwrap();
        settings.duplicates.lookups_per_day = 0;
        world.bed.host().change_settings(settings).unwrap();
        let (there, not_there) = (check(world, "stan", "Acme Trading"), check(world, "stan", "鲲鹏软件"));
        assert_eq!(there, not_there);
        assert!(there.limited);
        // An idempotency key opens nothing.
        let keyed =
            || world.user("stan").idempotent("k").check_duplicates(DuplicateDraft::named("Acme Trading")).unwrap();
        assert_eq!((keyed(), keyed()), (there.clone(), there));
        // Nor does naming one as his own.
        let mut settings = world.bed.host().settings().unwrap();
        settings.duplicates.lookups_per_day = 50;
        world.bed.host().change_settings(settings).unwrap();
        let hidden = check(world, "alice", "Acme Trading").hits[0].customer;
        let draft = DuplicateDraft { customer: hidden, ..DuplicateDraft::named("Acme Trading") };
        assert_eq!(world.user("stan").check_duplicates(draft).unwrap().hits.len(), 1);
    });
}

#[test]
fn d2_what_many_have_in_common_hides_nobody() {
    let world = World::in_bed(Bed::memory());
    let alice = world.user("alice");
    // More branches than are compared, in whichever order they came.
    for number in 0..300 {
        alice
            .create_customer(named(&format!(
                "招商银行股份有限公司第{}分行",
                "一二三四五六七八九十".chars().nth(number % 10).unwrap().to_string().repeat(1 + number / 10)
            )))
            .unwrap();
    }
    world.bed.crm.tick_all().unwrap();
    for name in ["招商银行股份有限公司第一分行", "招商银行股份有限公司第十十十分行"] {
        let found = check(&world, "alice", name);
        assert_eq!((found.hits[0].name.as_str(), found.hits[0].score), (name, 1_000));
    }
    // More at one domain than are told.
    for number in 0..80 {
        let email = Some(format!("{number}@shared.example"));
        alice.create_customer(NewCustomer { email, ..named(&format!("{number}号客栈")) }).unwrap();
    }
    let draft = DuplicateDraft { email: Some("79@shared.example".to_owned()), ..DuplicateDraft::named("别名") };
    assert_eq!(alice.check_duplicates(draft).unwrap().hits[0].name, "79号客栈");
    // Many in the recycle bin: they are nobody's duplicates.
    for round in 0..60 {
        let customer = create(&world, "alice", "杭州青鸟软件有限公司");
        if round < 59 {
            alice.delete_customer(customer).unwrap();
        }
        if round % 20 == 0 {
            world.bed.crm.tick_all().unwrap();
        }
    }
    assert_eq!(check(&world, "alice", "青鸟软件").hits.len(), 1);
}

#[test]
fn d2_names_of_another_version_are_understood_anew() {
    in_every_world(|world| {
        let before = create(world, "alice", "杭州青鸟软件有限公司");
        world.bed.crm.tick_all().unwrap();
        create(world, "alice", "宁波青鸟软件有限公司");
        let whole = check(world, "alice", "青鸟软件");
        // As if another version had made them.
        let (store, org) = (world.bed.crm.store(), OrgId::new(ORG).unwrap());
        let kind = |name: &str| crm_core::KINDS.iter().copied().find(|kind| kind.name == name).unwrap();
        for (name, from, to) in [("name_index", "\"edition\":1", "\"edition\":0"), ("name_tail", "\"e\":1", "\"e\":0")]
        {
            let Some(Answer::Rows(rows)) = store.read(&org, &[Read::Find(Search::of(kind(name)))]).unwrap().pop()
            else {
                panic!()
            };
            let mut changes = ChangeSet::new(org.clone());
            for mut row in rows {
                assert!(row.body.contains(from), "{}", row.body);
                row.body = row.body.replace(from, to);
                if name == "name_tail" {
                    row.body = row.body.replace("青鸟", "错误");
                }
                changes.writes.push(Write::Put { kind: kind(name), row });
            }
            store.commit(&changes).unwrap();
        }
        assert!(!check(world, "alice", "青鸟软件").complete);
        rename(world, "alice", before, "杭州青鸟软件股份有限公司");
        world.bed.clock.advance_days(1);
        world.bed.crm.tick_all().unwrap();
        let found = check(world, "alice", "青鸟软件");
        assert!(found.complete);
        assert_eq!(names(&found), ["宁波青鸟软件有限公司", "杭州青鸟软件股份有限公司"]);
        assert_eq!(found.hits.len(), whole.hits.len());
        assert!(!world.bed.dump().contains("错误"));
    });
}

#[test]
fn d1_whoever_may_open_it_learns_all_of_it() {
    in_every_world(|world| {
        let customer = create(world, "alice", "杭州白鹭软件有限公司");
        let sees = |who: &str| check(world, who, "白鹭软件").hits[0].customer.is_some();
        assert_eq!(["alice", "mona", "dora", "adam", "stan", "bob"].map(sees), [true, true, true, true, false, false]);
        let share = |person: &str| ShareInput {
            person: Some(crm_tests::user(person)),
            position: None,
            right: ShareRight::Read,
            panels: Vec::new(),
            ends_at: None,
            label: None,
        };
        world.user("alice").share_customer(customer, share("stan")).unwrap();
        assert!(sees("stan"));
        world.user("mona").transfer_customers(vec![customer], to("bob")).unwrap();
        assert_eq!(["alice", "bob"].map(sees), [false, true]);
    });
}

#[test]
fn d3_exact_values_are_held_when_a_customer_is_saved() {
    in_every_world(|world| {
        let (alice, stan) = (world.user("alice"), world.user("stan"));
        let coded = |name: &str| NewCustomer { credit_code: Some("91330100MA2B0XYZ1K".to_owned()), ..named(name) };
        let first = alice.create_customer(coded("杭州白鹭软件有限公司")).unwrap();
        let before = world.bed.dump();
        refused(stan.create_customer(coded("白鹭宁波仓库")), "same_credit_code");
        assert_eq!(world.bed.dump(), before);
        // With a reason, which is kept.
        let why =
            NewCustomer { duplicate_reason: Some(" 同一主体的仓库 ".to_owned()), ..coded("白鹭宁波仓库") };
        let second = stan.create_customer(why.clone()).unwrap();
        let history = stan.customer_history(second.id, PageRequest::default()).unwrap();
        let change = &history.items[0].changes[0];
        assert_eq!((change.field.as_str(), change.became.clone()), ("duplicate_reason", Some(json!("同一主体的仓库"))));
        violates(
            stan.create_customer(NewCustomer { duplicate_reason: Some("x".repeat(301)), ..why.clone() }),
            "duplicate_reason",
            "too_long",
        );
        // An edit that leaves it alone is not asked; one that brings it is.
        rename(world, "stan", second.id, "白鹭宁波二仓");
        let third = create(world, "stan", "青鸟软件有限公司");
        let edit = |reason: Option<&str>| CustomerEdit {
            version: stan.customer(third).unwrap().version,
            credit_code: Some("91330100ma2b0xyz1k".to_owned()),
            duplicate_reason: reason.map(str::to_owned),
            ..CustomerEdit::default()
        };
        refused(stan.edit_customer(third, edit(None)), "same_credit_code");
        stan.edit_customer(third, edit(Some("总部"))).unwrap();
        // Whoever is in the recycle bin holds nothing.
        for (who, customer) in [("alice", first.id), ("stan", second.id), ("stan", third)] {
            world.user(who).delete_customer(customer).unwrap();
        }
        stan.create_customer(coded("白鹭四")).unwrap();
        // Refused, or of no matter.
        let rule = |rule: DuplicateRule| {
            let mut settings = world.bed.host().settings().unwrap();
            (settings.duplicates.same_credit_code, settings.duplicates.same_phone) = (rule, rule);
            world.bed.host().change_settings(settings).unwrap();
        };
        rule(DuplicateRule::Refuse);
        // Nor does one come back from the recycle bin beside another.
        refused(world.user("alice").restore_customer(first.id, None), "same_credit_code");
        let why = NewCustomer { duplicate_reason: Some("仓库".to_owned()), ..coded("白鹭五") };
        refused(alice.create_customer(why), "same_credit_code");
        let called = |name: &str, kind| NewCustomer { kind, phones: vec!["138 0013 8000".to_owned()], ..named(name) };
        let person = Some(CustomerKind::Person);
        alice.create_customer(called("王小明", person)).unwrap();
        refused(stan.create_customer(called("王晓明", person)), "same_phone");
        // A company has the phone of whom it likes.
        stan.create_customer(called("王记商行", None)).unwrap();
        rule(DuplicateRule::Allow);
        stan.create_customer(called("王晓明", person)).unwrap();
        alice.create_customer(coded("白鹭六")).unwrap();
    });
}

#[test]
fn d3_scores_warn_and_refuse_where_the_settings_say_so() {
    in_every_world(|world| {
        create(world, "alice", "杭州白鹭软件有限公司");
        let stan = world.user("stan");
        let scores = |warn_from, refuse_from| {
            let mut settings = world.bed.host().settings().unwrap();
            (settings.duplicates.warn_from, settings.duplicates.refuse_from) = (warn_from, refuse_from);
            world.bed.host().change_settings(settings).unwrap();
        };
        scores(900, 1_000);
        for _ in 0..2 {
            let error = refused(stan.create_customer(named("杭州白鹭软件股份有限公司")), "likely_duplicate");
            assert!(!error.to_string().contains("白鹭"), "{error}");
            refused(stan.create_customer(named("白鹭软件（杭州）有限公司")), "certain_duplicate");
            world.bed.crm.tick_all().unwrap();
        }
        let why = Some("另一家".to_owned());
        let made = stan
            .create_customer(NewCustomer {
                duplicate_reason: why.clone(), ..named("杭州白鹭软件股份有限公司")
            })
            .unwrap();
        let certain = NewCustomer { duplicate_reason: why, ..named("白鹭软件（杭州）有限公司") };
        refused(stan.create_customer(certain), "certain_duplicate");
        // Its own name is no news.
        let edit = CustomerEdit { version: made.version, region: Some("浙江".to_owned()), ..CustomerEdit::default() };
        stan.edit_customer(made.id, edit).unwrap();
        // What is refused is not saved because something else is only warned of.
        let coded = |name: &str, duplicate_reason| NewCustomer {
            credit_code: Some("91330100MA2B0XYZ1K".to_owned()),
            duplicate_reason,
            ..named(name)
        };
        stan.create_customer(coded("别的公司", None)).unwrap();
        let both = coded("白鹭软件（杭州）有限公司", Some("分公司".to_owned()));
        refused(stan.create_customer(both), "certain_duplicate");
        scores(0, 0);
        stan.create_customer(named("白鹭软件（杭州）有限公司")).unwrap();
    });
}

#[test]
fn d1_odd_names_are_answered() {
    in_every_world(|world| {
        for odd in [
            "🙂",
            "（）",
            "…",
            "\u{200f}\u{200e}云",
            "云",
            "A",
            "公司",
            "有限公司",
            "The",
            "שלום עולם",
            "ＡＢＣ 科技 Ⅷ",
        ] {
            if world.user("alice").create_customer(named(odd)).is_ok() {
                world.bed.crm.tick_all().unwrap();
            }
            check(world, "alice", odd);
            check(world, "stan", odd);
        }
        let long = |length: usize| DuplicateDraft::named("云".repeat(length));
        violates(world.user("alice").check_duplicates(long(400_000)), "name", "too_long");
        world.user("alice").check_duplicates(long(200)).unwrap();
        world.user("alice").create_customer(named(&"云帆".repeat(100))).unwrap();
        world.bed.crm.tick_all().unwrap();
        assert_eq!(check(world, "alice", &"云帆".repeat(100)).hits[0].score, 1_000);
        assert!(check(world, "alice", "").hits.is_empty());
        let nonsense = DuplicateDraft { credit_code: Some("12'; --".to_owned()), ..DuplicateDraft::named("云帆") };
        world.user("alice").check_duplicates(nonsense).unwrap();
        let mut settings = world.bed.host().settings().unwrap();
        (settings.duplicates.likely, settings.duplicates.possible) = (950, 951);
        violates(world.bed.host().change_settings(settings.clone()), "duplicates.likely", "out_of_range");
        violates(world.bed.host().change_settings(settings), "duplicates.possible", "out_of_range");
    });
}

#[test]
fn d2_thousands_of_names_at_once_are_found_without_a_tick() {
    let world = World::in_bed(Bed::sqlite());
    crm_tests::inputs::without_limit(&world.bed.host());
    for number in 0..1_200 {
        let name = format!("{}{}贸易有限公司", ["青鸟", "白鹭", "苍狼", "玄武"][number % 4], number);
        world.user("alice").create_customer(named(&name)).unwrap();
    }
    let found = check(&world, "alice", "青鸟0贸易有限公司");
    assert_eq!((found.hits[0].name.as_str(), found.complete), ("青鸟0贸易有限公司", true));
}

/// The rows of some kinds, as a change set that takes them away.
fn without(store: &dyn Store, kinds: &[&str]) -> ChangeSet {
    let org = OrgId::new(ORG).unwrap();
    let mut changes = ChangeSet::new(org.clone());
    for kind in crm_core::KINDS.iter().copied().filter(|kind| kinds.contains(&kind.name)) {
        let found = store.read(&org, &[Read::Find(Search::of(kind))]).unwrap().pop();
        let Some(Answer::Rows(rows)) = found else { continue };
        let gone = rows.into_iter().map(|row| Write::Delete { kind, id: row.id, version: row.version });
        changes.writes.extend(gone);
    }
    changes
}

#[test]
fn d2_customers_of_before_the_index_are_taken_in_by_the_daily_tick() {
    in_every_world(|world| {
        for number in 0..40 {
            let phones = vec![format!("0571-888800{number:02}")];
            let customer = NewCustomer { phones, ..named(&format!("{number}号白鹭软件有限公司")) };
            world.user("alice").create_customer(customer).unwrap();
        }
        world.bed.crm.tick_all().unwrap();
        let whole = check(world, "alice", "7号白鹭软件");
        let store = world.bed.crm.store();
        let gone = ["name_index", "name_gram", "name_entry", "name_of", "name_tail", "match_key"];
        store.commit(&without(store, &gone)).unwrap();
        let none = check(world, "alice", "7号白鹭软件");
        assert_eq!((none.hits.len(), none.complete), (0, false));
        // One that is changed meanwhile.
        let customer = whole.hits[0].customer.unwrap();
        let version = world.user("alice").customer(customer).unwrap().version;
        let edit = CustomerEdit { version, phones: Some(vec!["021-1234 5678".to_owned()]), ..CustomerEdit::default() };
        world.user("alice").edit_customer(customer, edit).unwrap();
        world.bed.clock.advance_days(1);
        world.bed.crm.tick_all().unwrap();
        assert_eq!(check(world, "alice", "7号白鹭软件"), whole);
        for (phone, hits) in [("021-12345678", 1), ("0571-88880007", 0), ("0571-88880008", 1)] {
            let draft = DuplicateDraft { phones: vec![phone.to_owned()], ..DuplicateDraft::named("🙂") };
            assert_eq!(world.user("alice").check_duplicates(draft).unwrap().hits.len(), hits, "{phone}");
        }
        world.user("alice").delete_customer(customer).unwrap();
        assert_eq!(world.bed.host().rebuild_rollups().unwrap().corrected, 0);
    });
}

/// What a customer is called in a history, by chance.
fn name_of(place: usize) -> String {
    let brands = ["鲲鹏", "鲲朋", "白鹭", "苍鹭", "acme", "TCL"];
    let ends = ["科技有限公司", "科技股份有限公司", "贸易有限公司", ""];
    let regions = ["杭州", "上海", "", "浙江省杭州市"];
    format!("{}{}{}", regions[place % 4], brands[place / 4 % 6], ends[place / 24 % 4])
}

#[derive(Debug, Clone)]
enum Step {
    Create(usize),
    Rename(usize, usize),
    Delete(usize),
    Restore(usize),
    Fold,
    Wait,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0_usize..96).prop_map(Step::Create),
        3 => (0_usize..40, 0_usize..96).prop_map(|(which, name)| Step::Rename(which, name)),
        1 => (0_usize..40).prop_map(Step::Delete),
        1 => (0_usize..40).prop_map(Step::Restore),
        2 => Just(Step::Fold),
        1 => Just(Step::Wait),
    ];
    proptest::collection::vec(step, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever happened, the check finds those that comparing with everyone finds, with the same scores.
    #[test]
    fn d2_the_index_finds_what_comparing_with_everyone_finds(steps in steps(), asked in proptest::collection::vec(0_usize..96, 1..6)) {
        let world = World::in_bed(Bed::memory());
        let mut settings = world.bed.host().settings().unwrap();
        settings.same_name = NameRule::Allow;
        world.bed.host().change_settings(settings).unwrap();
        let alice = world.user("alice");
        let mut made: Vec<CustomerId> = Vec::new();
        for step in steps {
            let of = |which: usize| made.get(which % made.len().max(1)).copied();
            match step {
                Step::Create(name) => made.push(alice.create_customer(named(&name_of(name))).unwrap().id),
                Step::Rename(which, name) => {
                    if let Some(version) = of(which).and_then(|id| alice.customer(id).ok()).map(|found| found.version) {
                        let edit = CustomerEdit { version, name: Some(name_of(name)), ..CustomerEdit::default() };
                        let _ = alice.edit_customer(of(which).unwrap(), edit);
                    }
                }
                Step::Delete(which) => drop(of(which).map(|id| alice.delete_customer(id))),
                Step::Restore(which) => drop(of(which).map(|id| alice.restore_customer(id, None))),
                Step::Fold => drop(world.bed.crm.tick_all().unwrap()),
                Step::Wait => world.bed.clock.advance_days(20),
            }
        }
        let standing: BTreeMap<CustomerId, String> = made
            .iter()
            .filter_map(|id| alice.customer(*id).ok())
            .filter(|customer| customer.deleted_at.is_none())
            .map(|customer| (customer.id, customer.name))
            .collect();
        for asked in asked {
            let asked = name_of(asked);
            let mut expected: Vec<i32> = standing.values().map(|name| name_similarity(&asked, name).score).filter(|score| *score >= 600).collect();
            expected.sort_by(|a, b| b.cmp(a));
            let found = alice.check_duplicates(DuplicateDraft::named(&asked)).unwrap();
            let mut scores: Vec<i32> = found.hits.iter().map(|hit| hit.score).collect();
            scores.sort_by(|a, b| b.cmp(a));
            // Of many only the best are told; a name in which the legal form is told goes before another.
            let told = expected.len().min(10);
            prop_assert_eq!(scores.len(), told, "{}: {:?}", asked, names(&found));
            if expected.len() <= 10 {
                prop_assert_eq!(&scores, &expected, "{}", asked);
            }
            for hit in &found.hits {
                prop_assert_eq!(standing.get(&hit.customer.unwrap()), Some(&hit.name));
            }
        }
    }
}

#[test]
fn d2_stores_agree_on_what_is_alike() {
    let mut answers: Vec<(&str, String)> = Vec::new();
    on_every_store(|bed| {
        crm_tests::found(&bed.crm, ORG, &[("alice", &[])], &[("agent", None, &["alice"])]);
        for place in 0..96 {
            let _ = bed.user("alice").create_customer(named(&name_of(place)));
            if place % 30 == 7 {
                bed.crm.tick_all().unwrap();
            }
        }
        let told: Vec<DuplicateCheck> = (0..96)
            .map(|place| bed.user("alice").check_duplicates(DuplicateDraft::named(name_of(place))).unwrap())
            .collect();
        assert!(told.iter().all(|check| !check.hits.is_empty()));
        TOLD.with(|all| all.borrow_mut().push((bed.store, serde_json::to_string(&told).unwrap())));
    });
    TOLD.with(|all| answers.append(&mut all.borrow_mut()));
    for (store, answer) in &answers {
        assert_eq!(answer, &answers[0].1, "{store}");
    }
}

thread_local! {
    static TOLD: std::cell::RefCell<Vec<(&'static str, String)>> = const { std::cell::RefCell::new(Vec::new()) };
}
