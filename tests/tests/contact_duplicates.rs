//! The check of contacts on entry: D1, D2, D3, on every store.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use crm_core::duplicate::ComparedContact;
use crm_core::store::{Answer, ChangeSet, Kind, Read, Row, Search, Write};
use crm_core::{
    Birthday, Calendar, Contact, ContactCheck, ContactDraft, ContactEdit, ContactId, CustomerId, CustomerStatus,
    DuplicateVerdict, MergeInput, NewContact, NewCustomer, OrgId, PageRequest, ShareInput,
};
use crm_tests::inputs::{contact, named};
use crm_tests::{ORG, World, in_every_world, refused, user, violates};
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeSet;

fn phoned(name: &str, phone: &str) -> NewContact {
    NewContact { phones: vec![phone.to_owned()], ..contact(name) }
}

fn born(name: &str, month: i32, day: i32) -> NewContact {
    let birthday = Birthday { calendar: Calendar::Solar, year: Some(1980), month, day, leap_month: false };
    NewContact { birthday: Some(birthday), ..contact(name) }
}

fn typed(contact: &NewContact) -> ContactDraft {
    ContactDraft {
        name: contact.name.clone(),
        phones: contact.phones.clone(),
        email: contact.email.clone(),
        birthday: contact.birthday,
        address: contact.address.clone(),
        contact: None,
    }
}

fn of_contact(contact: &Contact) -> ContactDraft {
    ContactDraft {
        name: contact.name.clone(),
        phones: contact.phones.clone(),
        email: contact.email.clone(),
        birthday: contact.birthday,
        address: contact.address.clone(),
        contact: Some(contact.id),
    }
}

fn check(world: &World, who: &str, contact: &NewContact) -> ContactCheck {
    world.user(who).check_contact_duplicates(typed(contact)).unwrap()
}

fn found(world: &World, who: &str, contact: &NewContact) -> Vec<String> {
    check(world, who, contact).hits.into_iter().map(|hit| hit.name).collect()
}

fn company(world: &World, who: &str, name: &str, contacts: Vec<NewContact>) -> CustomerId {
    world.user(who).create_customer(NewCustomer { contacts, ..named(name) }).unwrap().id
}

/// The contacts of a customer, the primary one first.
fn contacts_of(world: &World, customer: CustomerId) -> Vec<Contact> {
    let mut all = all_contacts(world);
    all.retain(|contact| contact.customer == customer);
    all.sort_by_key(|contact| !contact.primary);
    all
}

fn all_contacts(world: &World) -> Vec<Contact> {
    let read = |row: Row| serde_json::from_str::<Contact>(&row.body).unwrap().id;
    let ids: Vec<ContactId> = rows(world, "contact").into_iter().map(read).collect();
    ids.into_iter().filter_map(|id| world.user("adam").contact(id).ok()).collect()
}

fn kind(name: &str) -> &'static Kind {
    crm_core::KINDS.iter().find(|kind| kind.name == name).unwrap()
}

fn rows(world: &World, of: &str) -> Vec<Row> {
    let org = OrgId::new(ORG).unwrap();
    match world.bed.crm.store().read(&org, &[Read::Find(Search::of(kind(of)))]).unwrap().pop() {
        Some(Answer::Rows(rows)) => rows,
        _ => Vec::new(),
    }
}

/// By which keys every contact must be found.
fn keys_due(world: &World) -> BTreeSet<String> {
    let mut due = BTreeSet::new();
    for row in rows(world, "contact") {
        let contact: Contact = serde_json::from_str(&row.body).unwrap();
        let keys = ComparedContact::new(&of_contact(&contact)).keys();
        due.extend(keys.into_iter().map(|key| format!("{key}\u{1f}{}", row.id)));
    }
    due
}

fn keys_standing(world: &World) -> BTreeSet<String> {
    rows(world, "contact_key").into_iter().map(|row| row.id).collect()
}

#[test]
fn d2_contacts_are_found_by_name_phone_email_and_birthday_and_it_says_why() {
    in_every_world(|world| {
        let office = "杭州市西湖区文三路 100 号 3 幢";
        let wang = NewContact {
            email: Some("wang@kunpeng.example".to_owned()),
            address: Some(office.to_owned()),
            ..phoned("王小明", "138 0013 8000")
        };
        let customer =
            company(world, "alice", "杭州鲲鹏科技有限公司", vec![wang.clone(), born("Jonathan Smith", 5, 17)]);
        company(world, "alice", "宁波白鹭软件有限公司", vec![contact("李雷"), phoned("韩梅梅", "0574-66660000")]);
        let whole = check(world, "alice", &phoned("Wang Xiaoming", "+86 13800138000"));
        assert!(whole.complete, "{whole:?}");
        let hit = &whole.hits[0];
        assert_eq!(
            (hit.name.as_str(), hit.customer, hit.customer_name.as_str()),
            ("王小明", customer, "杭州鲲鹏科技有限公司")
        );
        assert_eq!((hit.score, hit.verdict, whole.hits.len()), (930, DuplicateVerdict::Certain, 1));
        let codes: Vec<&str> = hit.reasons.iter().map(|reason| reason.code.as_str()).collect();
        assert_eq!(codes, ["same_name", "same_phone"]);
        assert!(hit.reasons.iter().all(|reason| !reason.english.is_empty() && !reason.chinese.is_empty()));
        for (typed, names) in [
            (contact("王晓明"), vec!["王小明"]),
            (NewContact { email: Some("WANG@kunpeng.example".to_owned()), ..contact("小王") }, vec!["王小明"]),
            (NewContact { address: Some(office.to_owned()), ..contact("王小茗") }, vec!["王小明"]),
            (born("smith, jonathan", 5, 18), vec!["Jonathan Smith"]),
            (born("Jonathon Smyth", 5, 17), vec!["Jonathan Smith"]),
            (contact("韩梅梅"), vec!["韩梅梅"]),
            // Before a name is typed; somebody else at the same desk is none.
            (phoned("", "0574 6666 0000"), vec!["韩梅梅"]),
            (phoned("赵四", "0574 6666 0000"), vec![]),
            (contact("孙悟空"), vec![]),
            (contact("王"), vec![]),
            (contact("🙂"), vec![]),
        ] {
            assert_eq!(found(world, "alice", &typed), names, "{typed:?}");
        }
        // Nothing typed yet asks for nothing.
        assert!(world.user("alice").check_contact_duplicates(ContactDraft::default()).unwrap().hits.is_empty());
        // He is no duplicate of himself, and follows what becomes of him.
        let [wang, smith] = &contacts_of(world, customer)[..] else { panic!("two contacts") };
        let own = ContactDraft { contact: Some(wang.id), ..of_contact(wang) };
        assert!(world.user("alice").check_contact_duplicates(own).unwrap().hits.is_empty());
        let edit = ContactEdit { version: wang.version, name: Some("王大力".to_owned()), ..ContactEdit::default() };
        world.user("alice").edit_contact(wang.id, edit).unwrap();
        assert!(found(world, "alice", &contact("王小明")).is_empty());
        assert_eq!(found(world, "alice", &contact("王大力")), ["王大力"]);
        assert_eq!(keys_standing(world), keys_due(world));
        world.user("alice").remove_contact(wang.id, Some(smith.id)).unwrap();
        assert!(found(world, "alice", &contact("王大力")).is_empty());
        assert_eq!(keys_standing(world), keys_due(world));
    });
}

#[test]
fn d1_of_contacts_of_customers_that_one_may_not_open_one_learns_nothing() {
    in_every_world(|world| {
        let wang = phoned("王小明", "13800138000");
        let customer = company(world, "alice", "杭州鲲鹏科技有限公司", vec![wang.clone()]);
        let nothing = ContactCheck { hits: Vec::new(), complete: true };
        assert_eq!(check(world, "stan", &wang), nothing);
        assert_eq!(found(world, "mona", &wang), ["王小明"]);
        world
            .user("alice")
            .share_customer(customer, ShareInput { person: Some(user("stan")), ..ShareInput::default() })
            .unwrap();
        assert_eq!(found(world, "stan", &wang), ["王小明"]);
        // What lies in the recycle bin is nobody's duplicate, and is one again.
        world.user("alice").delete_customer(customer).unwrap();
        assert_eq!(check(world, "alice", &wang), nothing);
        world.user("alice").restore_customer(customer, None).unwrap();
        assert_eq!(found(world, "alice", &wang), ["王小明"]);
        world.user("alice").delete_customer(customer).unwrap();
        world.bed.clock.advance_days(40);
        world.bed.crm.tick_all().unwrap();
        assert!(rows(world, "contact").iter().all(|row| !row.body.contains(&customer.to_string())));
        assert_eq!(check(world, "adam", &wang), nothing);
        assert_eq!(keys_standing(world), keys_due(world));
    });
}

#[test]
fn d1_odd_contacts_are_answered() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let draft = |name: &str| ContactDraft { name: name.to_owned(), ..ContactDraft::default() };
        violates(alice.check_contact_duplicates(draft(&"x".repeat(1_000_000))), "name", "too_long");
        for odd in ["a\u{0}b", "\u{202e}明小王"] {
            violates(alice.check_contact_duplicates(draft(odd)), "name", "control_character");
        }
        let phones = |phones: Vec<String>| ContactDraft { phones, ..draft("王小明") };
        violates(alice.check_contact_duplicates(phones(vec!["1".repeat(41)])), "phones[0]", "too_long");
        violates(alice.check_contact_duplicates(phones(vec!["138".to_owned(); 11])), "phones", "too_many");
        let birthday = Birthday { calendar: Calendar::Solar, year: Some(1980), month: 13, day: 1, leap_month: false };
        let born = ContactDraft { birthday: Some(birthday), ..draft("王小明") };
        violates(alice.check_contact_duplicates(born), "birthday", "out_of_range");
        let customer = company(world, "alice", "杭州鲲鹏科技有限公司", vec![]);
        for name in ["王", "…", "a b c d e f g h i j k l m n o p", "王 Wang わ", &"王".repeat(100)] {
            alice.add_contact(customer, contact(name)).unwrap();
            alice.check_contact_duplicates(draft(name)).unwrap();
        }
        assert_eq!(keys_standing(world), keys_due(world));
    });
}

/// So many contacts of one name.
fn crowd(world: &World, who: &str, customers: usize, each: usize) {
    for number in 0..customers {
        let contacts = (0..each).map(|_| contact("王伟")).collect();
        company(world, who, &format!("杭州{number}号鲲鹏科技有限公司"), contacts);
    }
}

#[test]
fn d2_of_a_name_that_a_thousand_have_the_answer_says_that_it_is_not_whole() {
    in_every_world(|world| {
        crowd(world, "alice", 20, 50);
        assert_eq!((check(world, "alice", &contact("王伟")).hits.len()), 10);
        assert!(check(world, "alice", &contact("王伟")).complete);
        // Whoever tells something more is found all the same.
        company(world, "bob", "宁波白鹭软件有限公司", vec![phoned("王伟", "13900139000")]);
        let beyond = check(world, "mona", &phoned("王伟", "13900139000"));
        assert_eq!((beyond.hits[0].score, beyond.complete), (930, false));
    });
}

#[test]
fn d1_contacts_that_one_may_not_see_take_nobodys_place_and_are_not_told_by_what_is_missing() {
    in_every_world(|world| {
        company(world, "stan", "宁波白鹭软件有限公司", vec![contact("王伟")]);
        crowd(world, "alice", 21, 50);
        company(world, "stan", "宁波苍鹭软件有限公司", vec![contact("王伟")]);
        let seen = check(world, "stan", &contact("王伟"));
        assert_eq!((seen.hits.len(), seen.complete), (2, true));
    });
}

#[test]
fn d2_contacts_of_before_their_keys_are_taken_in_by_the_daily_tick() {
    in_every_world(|world| {
        for number in 0..30 {
            let contacts =
                vec![phoned(&format!("王小{}", ['明', '力', '兰'][number % 3]), &format!("138001380{number:02}"))];
            company(world, "alice", &format!("{number}号白鹭软件有限公司"), contacts);
        }
        world.bed.crm.tick_all().unwrap();
        let store = world.bed.crm.store();
        let mut changes = ChangeSet::new(OrgId::new(ORG).unwrap());
        for row in rows(world, "contact_key") {
            changes.writes.push(Write::Delete { kind: kind("contact_key"), id: row.id, version: row.version });
        }
        // As it was written by a library that knew no keys of contacts.
        let index = rows(world, "name_index").remove(0);
        let mut body: serde_json::Value = serde_json::from_str(&index.body).unwrap();
        body.as_object_mut().unwrap().remove("contacts").unwrap();
        let row = Row { body: body.to_string(), ..index };
        changes.writes.push(Write::Update { kind: kind("name_index"), row, changes: Vec::new() });
        store.commit(&changes).unwrap();
        let seventh = phoned("王小力", "13800138007");
        assert_eq!(check(world, "alice", &seventh), ContactCheck { hits: Vec::new(), complete: false });
        // One that is changed meanwhile, and one that goes.
        let hits = |phone: &str| found(world, "alice", &phoned("王小力", phone)).len();
        let all = all_contacts(world);
        let of = |phone: &str| all.iter().find(|contact| contact.phones == [phone]).unwrap();
        let (changed, gone) = (of("13800138010"), of("13800138011"));
        let edit = ContactEdit { version: changed.version, phones: Some(vec![]), ..ContactEdit::default() };
        world.user("alice").edit_contact(changed.id, edit).unwrap();
        world.user("alice").remove_contact(gone.id, None).unwrap();
        world.bed.clock.advance_days(1);
        world.bed.crm.tick_all().unwrap();
        assert_eq!(
            (check(world, "alice", &seventh).hits[0].score, check(world, "alice", &seventh).complete),
            (930, true)
        );
        assert!(hits("13800138008") > 0);
        assert_eq!(keys_standing(world), keys_due(world));
    });
}

#[test]
fn d3_a_contact_that_is_like_another_is_warned_of_or_refused_as_the_settings_say() {
    in_every_world(|world| {
        let wang = phoned("王小明", "13800138000");
        let customer = company(world, "alice", "杭州鲲鹏科技有限公司", vec![wang.clone()]);
        let own = company(world, "bob", "宁波白鹭软件有限公司", vec![]);
        let set = |warn: i32, refuse: i32| {
            let mut settings = world.bed.host().settings().unwrap();
            settings.duplicates.warn_contact_from = warn;
            settings.duplicates.refuse_contact_from = refuse;
            world.bed.host().change_settings(settings)
        };
        // By itself nothing is asked.
        world.user("alice").add_contact(customer, wang.clone()).unwrap();
        for (field, outcome) in [("warn_contact_from", set(1_001, 0)), ("refuse_contact_from", set(0, -1))] {
            violates(outcome, &format!("duplicates.{field}"), "out_of_range");
        }
        set(850, 0).unwrap();
        let alice = world.user("alice");
        refused(alice.add_contact(customer, wang.clone()), "likely_duplicate_contact");
        let why = |reason: &str| NewContact { duplicate_reason: Some(reason.to_owned()), ..wang.clone() };
        violates(alice.add_contact(customer, why(&"x".repeat(301))), "duplicate_reason", "too_long");
        alice.add_contact(customer, why("另一个王小明")).unwrap();
        let told = serde_json::to_value(alice.customer_history(customer, PageRequest::first(1)).unwrap()).unwrap();
        let changes = told["items"][0]["changes"].as_array().unwrap();
        assert!(
            changes
                .iter()
                .any(|change| change["field"] == "contact_duplicate_reason" && change["became"] == "另一个王小明"),
            "{told}"
        );
        // Whoever may not open the other one is not asked: a warning would tell that he is there.
        world.user("stan").create_customer(NewCustomer { contacts: vec![wang.clone()], ..named("上海苍鹭") }).unwrap();
        // With a customer, and when something that is compared changes.
        let whole = |reason: Option<&str>| NewCustomer {
            contacts: vec![NewContact { duplicate_reason: reason.map(str::to_owned), ..wang.clone() }],
            ..named("杭州鲲鹏二号")
        };
        refused(alice.create_customer(whole(None)), "likely_duplicate_contact");
        let long = "x".repeat(301);
        violates(alice.create_customer(whole(Some(&long))), "contacts[0].duplicate_reason", "too_long");
        alice.create_customer(whole(Some("同名"))).unwrap();
        let other = world.user("bob").add_contact(own, contact("李雷")).unwrap().id;
        let mona = world.user("mona");
        let edit = |name: &str, reason: Option<&str>| ContactEdit {
            version: mona.contact(other).unwrap().version,
            name: Some(name.to_owned()),
            phones: Some(vec!["13800138000".to_owned()]),
            duplicate_reason: reason.map(str::to_owned),
            ..ContactEdit::default()
        };
        refused(mona.edit_contact(other, edit("王小明", None)), "likely_duplicate_contact");
        mona.edit_contact(other, edit("王小明", Some("是他"))).unwrap();
        let history = serde_json::to_value(mona.contact_history(other, PageRequest::first(1)).unwrap()).unwrap();
        assert!(history.to_string().contains("是他"), "{history}");
        // What is not compared may change without being asked.
        let title = ContactEdit {
            version: mona.contact(other).unwrap().version,
            title: Some("总监".to_owned()),
            ..ContactEdit::default()
        };
        mona.edit_contact(other, title).unwrap();
        // Whoever sees no contacts is asked nothing of them, and reads of them in no history.
        let blind = json!({"id": "blind", "name": "x", "deny": ["contact.view"], "people": ["bob"]});
        let blind = serde_json::from_value(json!([blind])).unwrap();
        mona.add_contact(own, why("也是他")).unwrap();
        let read = |who: &str| {
            serde_json::to_string(&world.user(who).customer_history(own, PageRequest::first(9)).unwrap()).unwrap()
        };
        assert!(read("bob").contains("也是他"));
        world.user("adam").sync_roles(blind, crm_core::SyncMode::Delta).unwrap();
        assert!(!read("bob").contains("也是他") && read("mona").contains("也是他"));
        world.user("bob").add_contact(own, wang.clone()).unwrap();
        // No reason helps against a refusal.
        set(850, 930).unwrap();
        refused(alice.add_contact(customer, why("另一个")), "certain_duplicate_contact");
        set(0, 930).unwrap();
        let like = alice.add_contact(customer, contact("王小明")).unwrap();
        // Whoever is as like to another one as before may be changed otherwise, and may not become more like.
        let (wang, version) =
            contacts_of(world, customer).into_iter().map(|wang| (wang.id, wang.version)).next().unwrap();
        let edit = |version: i64| ContactEdit { version, ..ContactEdit::default() };
        let office = Some("杭州市西湖区文三路 100 号 3 幢".to_owned());
        alice.edit_contact(wang, ContactEdit { address: office, ..edit(version) }).unwrap();
        let like_more = ContactEdit { phones: Some(vec!["13800138000".to_owned()]), ..edit(like.version) };
        refused(alice.edit_contact(like.id, like_more), "certain_duplicate_contact");
        // Contacts that come together are like each other, too.
        let twins = |second: NewContact| NewCustomer {
            contacts: vec![phoned("孙悟空", "13700137000"), second],
            ..named("苏州仙鹤")
        };
        refused(alice.create_customer(twins(phoned("孙悟空", "137 0013 7000"))), "certain_duplicate_contact");
        alice.create_customer(twins(contact("孙悟空"))).unwrap();
        assert_eq!(keys_standing(world), keys_due(world));
    });
}

#[derive(Debug, Clone)]
enum Step {
    Add(usize, usize),
    Edit(usize, usize),
    Remove(usize),
    Merge(usize, usize),
    Unmerge(usize),
    Bin(usize),
    Purge,
    Restore(usize),
}

/// Somebody out of not too many.
fn somebody(place: usize) -> NewContact {
    let name = ["王小明", "王晓明", "李雷", "Li Lei", "Lei Li", "John Smith"][place % 6];
    let mut somebody = contact(name);
    if place / 6 % 2 == 1 {
        somebody.phones = vec![format!("1380013800{}", place / 12 % 3)];
    }
    if place / 36 % 2 == 1 {
        somebody.email = Some(format!("p{}@x.example", place / 72 % 2));
    }
    somebody
}

fn step() -> impl Strategy<Value = Step> {
    let customer = || 0..4_usize;
    let who = || 0..144_usize;
    prop_oneof![
        5 => (customer(), who()).prop_map(|(customer, who)| Step::Add(customer, who)),
        3 => (who(), who()).prop_map(|(contact, who)| Step::Edit(contact, who)),
        2 => who().prop_map(Step::Remove),
        2 => (customer(), customer()).prop_map(|(one, other)| Step::Merge(one, other)),
        2 => who().prop_map(Step::Unmerge),
        1 => customer().prop_map(Step::Bin),
        1 => Just(Step::Purge),
        1 => customer().prop_map(Step::Restore),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 200, ..ProptestConfig::default() })]

    /// Against a model that compares with everybody, after any history.
    #[test]
    fn d2_the_keys_of_contacts_are_what_contacts_are_and_find_whom_comparing_finds(
        steps in prop::collection::vec(step(), 1..25), asked in prop::collection::vec(0..144_usize, 3),
    ) {
        in_every_world(|world| {
            let adam = world.user("adam");
            let ids: Vec<CustomerId> = (0..4).map(|n| company(world, "alice", &format!("{n}号鲲鹏"), vec![])).collect();
            let mut merges = Vec::new();
            for step in &steps {
                let all = all_contacts(world);
                let one = |place: usize| (!all.is_empty()).then(|| all[place % all.len()].id);
                // What can't be done now is refused, and changes nothing.
                match step {
                    Step::Add(customer, who) => drop(adam.add_contact(ids[*customer], somebody(*who))),
                    Step::Edit(place, who) => {
                        if let Some(Ok(contact)) = one(*place).map(|id| adam.contact(id)) {
                            let new = somebody(*who);
                            let edit = json!({"version": contact.version, "name": new.name, "phones": new.phones, "email": new.email});
                            drop(adam.edit_contact(contact.id, serde_json::from_value(edit).unwrap()));
                        }
                    }
                    Step::Remove(place) => if let Some(id) = one(*place) {
                        drop(adam.remove_contact(id, all.iter().map(|contact| contact.id).find(|other| *other != id)));
                    }
                    Step::Merge(survivor, source) => {
                        let merge = MergeInput::of(ids[*survivor], vec![ids[*source]]);
                        merges.extend(adam.merge_customers(merge).ok().and_then(|answer| answer.merge));
                    }
                    Step::Unmerge(place) => if !merges.is_empty() {
                        drop(adam.unmerge(merges[place % merges.len()].id));
                    }
                    Step::Bin(customer) => drop(adam.delete_customer(ids[*customer])),
                    Step::Purge => {
                        world.bed.clock.advance_days(40);
                        world.bed.crm.tick_all().unwrap();
                    }
                    Step::Restore(customer) => drop(adam.restore_customer(ids[*customer], None)),
                }
                assert_eq!(keys_standing(world), keys_due(world), "{step:?}");
            }
            for who in &asked {
                let draft = typed(&somebody(*who));
                let compared = ComparedContact::new(&draft);
                let mut expected = Vec::new();
                for contact in all_contacts(world) {
                    let score = compared.similarity(&ComparedContact::new(&of_contact(&contact))).score;
                    let active = adam.customer(contact.customer).is_ok_and(|customer| customer.status == CustomerStatus::Active);
                    if score >= 600 && active {
                        expected.push(score);
                    }
                }
                expected.sort_by(|a, b| b.cmp(a));
                expected.truncate(10);
                let told: Vec<i32> = adam.check_contact_duplicates(draft).unwrap().hits.iter().map(|hit| hit.score).collect();
                assert_eq!(told, expected);
            }
        });
    }
}
