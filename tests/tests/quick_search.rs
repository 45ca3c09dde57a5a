//! The quick search: what is typed into a box, F4 with A2 and A3, on every store.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use crm_core::store::{Answer, ChangeSet, Kind, Read, Row, Search, Write};
use crm_core::text::{fold, simplified};
use crm_core::{
    Contact, Customer, CustomerEdit, CustomerId, CustomerKind, CustomerStatus, FieldAccess, FieldRight, FoundCustomers,
    MergeInput, NameRule, NewContact, NewCustomer, OrgId, Permission, PoolField, PoolInput, Release, RoleInput,
    ShareInput, SharePanel, SharedPanel, SyncMode,
};
use crm_tests::inputs::{contact, named, to};
use crm_tests::{ORG, World, in_every_world, person, position, user, violates};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::collections::BTreeMap;

fn search(world: &World, who: &str, text: &str) -> FoundCustomers {
    world.user(who).search_customers(text.to_owned(), Some(50)).unwrap()
}

/// What somebody finds: names, by what, and what stands there.
fn told(world: &World, who: &str, text: &str) -> Vec<(String, String, String)> {
    let found = search(world, who, text).customers;
    found.into_iter().map(|found| (found.name, found.by, found.matched)).collect()
}

fn names(world: &World, who: &str, text: &str) -> Vec<String> {
    told(world, who, text).into_iter().map(|(name, ..)| name).collect()
}

fn phoned(name: &str, phone: &str) -> NewContact {
    NewContact { phones: vec![phone.to_owned()], ..contact(name) }
}

fn make(world: &World, who: &str, name: &str, change: impl FnOnce(&mut NewCustomer)) -> CustomerId {
    let mut new = named(name);
    change(&mut new);
    world.user(who).create_customer(new).unwrap().id
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

/// By what everybody is found, and in which scope.
fn keys(world: &World) -> BTreeMap<String, String> {
    let text = |row: Row| (row.id, row.values[0].as_text().unwrap().to_owned());
    rows(world, "customer_key").into_iter().map(text).collect()
}

/// Takes the keys away, as if the library of then had known none.
fn forget_keys(world: &World) {
    let mut changes = ChangeSet::new(OrgId::new(ORG).unwrap());
    for row in rows(world, "customer_key") {
        changes.writes.push(Write::Delete { kind: kind("customer_key"), id: row.id, version: row.version });
    }
    let index = rows(world, "name_index").remove(0);
    let mut body: serde_json::Value = serde_json::from_str(&index.body).unwrap();
    body.as_object_mut().unwrap().remove("keys").unwrap();
    let row = Row { body: body.to_string(), ..index };
    changes.writes.push(Write::Update { kind: kind("name_index"), row, changes: Vec::new() });
    world.bed.crm.store().commit(&changes).unwrap();
}

fn tick(world: &World) {
    world.bed.clock.advance_days(1);
    world.bed.crm.tick_all().unwrap();
}

#[test]
fn f4_the_quick_search_finds_names_initials_numbers_contacts_and_phones() {
    in_every_world(|world| {
        make(world, "alice", "苏州星野科技有限公司", |new| {
            new.number = Some("KH-7".to_owned());
            new.short_name = Some("星野集团".to_owned());
            new.phones = vec!["0571-8888 1234".to_owned()];
            new.contacts = vec![phoned("欧阳小明", "+86 159 0013 5678"), contact("Jane van Dyke")];
        });
        make(world, "alice", "重庆长安电器厂", |_| {});
        make(world, "alice", "浙江省杭州市白鹳科技有限公司", |_| {});
        make(world, "alice", "Acme Cloud Services Inc.", |_| {});
        make(world, "alice", "李雷", |new| new.kind = Some(CustomerKind::Person));
        let cloud = "苏州星野科技有限公司";
        for (text, by, matched) in [
            ("苏州星野科技有限公司", "name", cloud),
            ("苏州", "name", cloud),
            ("星野科技", "name", cloud),
            ("星野科", "name", cloud),
            (" 苏州 星野 ", "name", cloud),
            ("ｓｚｘｙ", "name", cloud),
            ("XYKJ", "name", cloud),
            ("星野集", "short_name", "星野集团"),
            ("xyjt", "short_name", "星野集团"),
            ("kh-7", "number", "KH-7"),
            ("欧阳小明", "contact", "欧阳小明"),
            ("阳小明", "contact", "欧阳小明"),
            ("oyxm", "contact", "欧阳小明"),
            ("jane v", "contact", "Jane van Dyke"),
            ("Dyke", "contact", "Jane van Dyke"),
            ("0571", "phone", "0571-8888 1234"),
            ("0571-88881234", "phone", "0571-8888 1234"),
            ("+86 571 88881234", "phone", "0571-8888 1234"),
            ("1234", "phone", "0571-8888 1234"),
            ("88881234", "phone", "0571-8888 1234"),
            ("159", "contact_phone", "+86 159 0013 5678"),
            ("15900135678", "contact_phone", "+86 159 0013 5678"),
            ("5678", "contact_phone", "+86 159 0013 5678"),
        ] {
            let found = told(world, "alice", text);
            assert_eq!(found, [(cloud.to_owned(), by.to_owned(), matched.to_owned())], "{text}");
        }
        for (text, name) in [
            ("cqca", "重庆长安电器厂"),
            ("zqza", "重庆长安电器厂"),
            ("杭州市白鹳", "浙江省杭州市白鹳科技有限公司"),
            ("白鹳科技", "浙江省杭州市白鹳科技有限公司"),
            ("cloud serv", "Acme Cloud Services Inc."),
            ("ACME", "Acme Cloud Services Inc."),
            ("ll", "李雷"),
            ("雷", "李雷"),
        ] {
            assert_eq!(names(world, "alice", text), [name], "{text}");
        }
        // Too few digits, no word's beginning, nothing at all.
        for text in ["57", "234", "帆科", "ame", "zz", "", "  ", "--", "\u{200b}"] {
            assert!(told(world, "alice", text).is_empty(), "{text:?}");
        }
        assert!(told(world, "stan", "星野").is_empty());
        let alice = world.user("alice");
        violates(alice.search_customers("x".repeat(61), None), "text", "too_long");
        violates(alice.search_customers("a\u{0}".to_owned(), None), "text", "control_character");
        for limit in [0, -1, 51, i32::MIN] {
            violates(alice.search_customers("a".to_owned(), Some(limit)), "limit", "out_of_range");
        }
    });
}

#[test]
fn f4_the_quick_search_tells_the_best_first_and_not_more_than_are_asked_for() {
    in_every_world(|world| {
        for name in ["宁波青鸟", "青鸟软件有限公司", "青鸟", "杭州青鸟软件有限公司"] {
            make(world, "alice", name, |_| {});
        }
        make(world, "alice", "白鹭贸易有限公司", |new| {
            // One customer, however much of it is found.
            new.short_name = Some("青鸟贸易".to_owned());
            new.contacts = (0..30).map(|number| contact(&format!("青鸟{number}"))).collect();
        });
        let found = names(world, "alice", "青鸟");
        assert_eq!(
            found[..3],
            ["青鸟", "青鸟贸易", "青鸟软件有限公司"].map(|name| match name {
                "青鸟贸易" => "白鹭贸易有限公司".to_owned(),
                name => name.to_owned(),
            })
        );
        assert_eq!(found.len(), 5);
        for limit in 1..=5 {
            let few = world.user("alice").search_customers("青鸟".to_owned(), Some(limit)).unwrap().customers;
            let few: Vec<String> = few.into_iter().map(|found| found.name).collect();
            assert_eq!(few, found[..usize::try_from(limit).unwrap()], "{limit}");
        }
        for number in 0..30 {
            make(world, "alice", &format!("红隼{number}号店"), |_| {});
        }
        assert_eq!(world.user("alice").search_customers("红隼".to_owned(), None).unwrap().customers.len(), 20);
        assert_eq!(search(world, "alice", "hs").customers.len(), 30);
    });
}

#[test]
fn a2_what_nobody_may_see_takes_no_place_in_the_quick_search() {
    in_every_world(|world| {
        let own = make(world, "alice", "上海灰雁贸易有限公司", |_| {});
        for number in 0..130 {
            make(world, "stan", &format!("上海灰{number}贸易有限公司"), |new| {
                new.contacts = vec![contact("灰雁")];
            });
        }
        for (who, text) in [("alice", "上海"), ("alice", "sh"), ("mona", "上海"), ("dora", "上海灰")] {
            let found = world.user(who).search_customers(text.to_owned(), Some(1)).unwrap();
            assert_eq!(found.customers.iter().map(|found| found.id).collect::<Vec<_>>(), [own], "{who} {text}");
        }
        assert!(names(world, "bob", "上海").is_empty());
        assert_eq!(search(world, "adam", "上海").customers.len(), 50);
        // Of what is shared, as far as it is.
        let shared = make(world, "stan", "上海黑颈鹤有限公司", |new| {
            new.phones = vec!["021-60001111".to_owned()];
            new.contacts = vec![phoned("丁一", "13912345678")];
        });
        let finds = |text: &str| search(world, "alice", text).customers.iter().any(|found| found.id == shared);
        for (panels, finding) in [
            (vec![SharePanel::Documents], [true, false, false, false]),
            (vec![SharePanel::Information], [true, true, false, false]),
            (vec![SharePanel::Contacts], [true, false, true, true]),
            (vec![], [true, true, true, true]),
        ] {
            let panels = panels.into_iter().map(|panel| SharedPanel { panel, right: Default::default() }).collect();
            let share = ShareInput { person: Some(user("alice")), panels, ..ShareInput::default() };
            assert!(!finds("黑颈鹤"));
            let share = world.user("stan").share_customer(shared, share).unwrap();
            assert_eq!(["黑颈鹤", "60001111", "丁一", "5678"].map(finds), finding, "{:?}", share.panels);
            world.user("stan").end_share(share.id).unwrap();
        }
    });
}

#[test]
fn a2_who_is_above_hundreds_of_people_finds_what_is_theirs_however_much_stands_before_it() {
    in_every_world(|world| {
        let host = world.bed.host();
        let crowd: Vec<String> = (0..220).map(|number| format!("crowd{number}")).collect();
        host.sync_people(crowd.iter().map(|id| person(id, &[])).collect(), SyncMode::Delta).unwrap();
        let holders: Vec<&str> = crowd.iter().map(String::as_str).collect();
        host.sync_positions(vec![position("crowd", Some("manager"), &holders)], SyncMode::Delta, false).unwrap();
        for number in 0..24 {
            make(world, "stan", &format!("北方{number}号贸易有限公司"), |new| {
                new.contacts = (0..50).map(|place| contact(&format!("灰雁{place}"))).collect();
            });
        }
        let theirs =
            make(world, "crowd7", "宁波松鸦贸易有限公司", |new| new.contacts = vec![contact("灰雁王")]);
        let own = make(world, "mona", "宁波星鸦贸易有限公司", |_| {});
        make(world, "stan", "宁波渡鸦贸易有限公司", |_| {});
        let ids = |text: &str| search(world, "mona", text).customers.iter().map(|found| found.id).collect::<Vec<_>>();
        assert_eq!(ids("灰雁"), [theirs]);
        assert_eq!(ids("nbs"), [theirs]);
        let both = ids("宁波");
        assert!(both.len() == 2 && both.contains(&theirs) && both.contains(&own));
        assert_eq!(search(world, "adam", "灰雁").customers.len(), 25);
        world
            .user("crowd7")
            .release_customers(vec![theirs], Release { note: Some("-".to_owned()), ..Release::default() })
            .unwrap();
        assert_eq!((ids("灰雁"), names(world, "crowd8", "灰雁").len()), (vec![theirs], 1));
        assert!(names(world, "olga", "松鸦").is_empty());
    });
}

#[test]
fn a3_the_quick_search_finds_nothing_by_what_the_actor_does_not_read() {
    in_every_world(|world| {
        make(world, "alice", "蓝鲸科技有限公司", |new| {
            new.phones = vec!["0571-77770001".to_owned()];
            new.contacts = vec![phoned("周正", "13900007777")];
        });
        let finds = || ["蓝鲸", "77770001", "周正", "13900007777"].map(|text| names(world, "alice", text).len());
        assert_eq!(finds(), [1, 1, 1, 1]);
        let role = |fields: &[(&str, FieldAccess)], deny: &[&str]| {
            let right =
                |(field, access): &(&str, FieldAccess)| FieldRight { field: (*field).to_owned(), access: *access };
            let role = RoleInput {
                people: vec![user("alice")],
                fields: fields.iter().map(right).collect(),
                deny: deny.iter().map(|right| Permission::new(right).unwrap()).collect(),
                ..RoleInput::named("careful", "Careful").unwrap()
            };
            world.bed.host().sync_roles(vec![role], SyncMode::Delta).unwrap();
        };
        role(&[("customer.phones", FieldAccess::Masked)], &[]);
        assert_eq!(finds(), [1, 0, 1, 1]);
        role(&[("contact.phones", FieldAccess::Hidden)], &[]);
        assert_eq!(finds(), [1, 1, 1, 0]);
        role(&[], &["contact.view"]);
        assert_eq!(finds(), [1, 1, 0, 0]);
    });
}

#[test]
fn p1_the_quick_search_finds_in_pools_what_they_show() {
    in_every_world(|world| {
        let id = make(world, "alice", "白头鹎软件有限公司", |new| {
            new.phones = vec!["0571-66660001".to_owned()];
            new.contacts = vec![phoned("郑和", "13700007777")];
        });
        let finds = |who: &str| ["白头鹎", "66660001", "郑和", "13700007777"].map(|text| names(world, who, text).len());
        world
            .user("alice")
            .release_customers(vec![id], Release { note: Some("-".to_owned()), ..Release::default() })
            .unwrap();
        let pool = world.user("adam").pools().unwrap().remove(0);
        let change = |hidden: Vec<PoolField>| {
            let pool = world.user("adam").pools().unwrap().remove(0);
            let input = PoolInput {
                pool: Some(pool.id),
                version: Some(pool.version),
                name: pool.name,
                standard: pool.standard,
                administrators: pool.administrators,
                people: pool.people,
                positions: pool.positions,
                hidden: Some(hidden),
                show_follow_ups: pool.show_follow_ups,
                retired: pool.retired,
            };
            world.user("adam").save_pool(input).unwrap();
        };
        change(vec![]);
        assert_eq!((finds("bob"), finds("stan"), finds("adam")), ([1; 4], [0; 4], [1; 4]));
        assert_eq!(search(world, "bob", "白头鹎").customers[0].status, CustomerStatus::Pooled);
        change(vec![PoolField::Phones]);
        assert_eq!((finds("bob"), finds("adam")), ([1, 0, 1, 0], [1; 4]));
        assert_eq!(world.user("adam").pools().unwrap()[0].id, pool.id);
    });
}

#[test]
fn f4_keys_of_the_quick_search_follow_whatever_happens() {
    in_every_world(|world| {
        let first = make(world, "alice", "杭州天鹅科技有限公司", |new| {
            new.phones = vec!["0571-88880000".to_owned()];
            new.contacts = vec![phoned("王小明", "13800138000"), contact("李四")];
        });
        let second = make(world, "alice", "宁波天鹅贸易有限公司", |new| new.contacts = vec![contact("赵六")]);
        let whole = |what: &str| {
            let standing = keys(world);
            forget_keys(world);
            assert!(!search(world, "alice", "天鹅").complete);
            tick(world);
            assert!(search(world, "alice", "天鹅").complete);
            let anew = keys(world);
            assert!(anew == standing, "{what}: {standing:?}\n{anew:?}");
        };
        whole("created");
        let alice = world.user("alice");
        let version = |id| world.user("adam").customer(id).unwrap().version;
        let edit = CustomerEdit {
            version: version(first),
            name: Some("杭州大雁科技有限公司".to_owned()),
            phones: Some(vec!["0571-99990000".to_owned()]),
            ..CustomerEdit::default()
        };
        alice.edit_customer(first, edit).unwrap();
        whole("renamed");
        assert_eq!((names(world, "alice", "大雁").len(), names(world, "alice", "99990000").len()), (1, 1));
        let contacts = alice.customer_panels(first).unwrap().contacts;
        let edit = crm_core::ContactEdit {
            version: contacts[0].version,
            name: Some("汪晓明".to_owned()),
            ..crm_core::ContactEdit::default()
        };
        alice.edit_contact(contacts[0].id, edit).unwrap();
        alice.remove_contact(contacts[1].id, None).unwrap();
        whole("contacts");
        world.user("mona").transfer_customers(vec![first], to("bob")).unwrap();
        whole("transferred");
        assert_eq!((names(world, "alice", "汪晓").len(), names(world, "bob", "汪晓").len()), (0, 1));
        let bob = world.user("bob");
        bob.delete_customer(first).unwrap();
        whole("deleted");
        assert!(names(world, "bob", "大雁").is_empty() && names(world, "adam", "大雁").is_empty());
        bob.restore_customer(first, None).unwrap();
        whole("restored");
        let note = Release { note: Some("-".to_owned()), ..Release::default() };
        bob.release_customers(vec![first], note).unwrap();
        whole("released");
        alice.claim_customers(vec![first], None).unwrap();
        whole("claimed");
        let merge = MergeInput::of(second, vec![first]);
        let merged = alice.merge_customers(merge).unwrap().merge.unwrap();
        whole("merged");
        for text in ["大雁", "汪晓明", "99990000"] {
            assert_eq!(names(world, "alice", text), ["宁波天鹅贸易有限公司"], "{text}");
        }
        assert_eq!(told(world, "alice", "杭州大")[0].1, "former_name");
        alice.unmerge(merged.id).unwrap();
        whole("taken back");
        assert_eq!(names(world, "alice", "汪晓明"), ["杭州大雁科技有限公司"]);
        // The keys of before are taken in while things change.
        forget_keys(world);
        bob.create_customer(named("北京天鹅有限公司")).unwrap();
        world.user("mona").transfer_customers(vec![first], to("bob")).unwrap();
        let edit =
            CustomerEdit { version: version(second), name: Some("宁波苍鹭".to_owned()), ..CustomerEdit::default() };
        alice.edit_customer(second, edit).unwrap();
        tick(world);
        whole("meanwhile");
        assert_eq!((names(world, "bob", "汪晓明").len(), names(world, "alice", "苍鹭").len()), (1, 1));
    });
}

/// Names with what they begin with, and what stands in them from later words on, worked out by hand.
const NAMES: [(&str, &[&str], &[&str]); 8] = [
    ("杭州云帆科技有限公司", &["杭州云帆科技有限公司", "hzyfkjyxgs"], &["云帆科技有限公司", "yfkjyxgs"]),
    ("云帆", &["云帆", "yf"], &[]),
    ("上海云海贸易有限公司", &["上海云海贸易有限公司", "shyhmyyxgs"], &["云海贸易有限公司", "yhmyyxgs"]),
    ("长安汽车", &["长安汽车", "caqc", "zaqc", "caqj", "zaqj"], &[]),
    ("Acme Cloud Ltd", &["acmecloudltd"], &["cloudltd", "ltd"]),
    ("A1（上海）", &["a1上海", "a1sh"], &["上海", "sh"]),
    ("360安全", &["360安全", "360aq"], &[]),
    ("雲海", &["云海", "yh"], &[]),
];
const PEOPLE: [(&str, &[&str], &[&str]); 4] = [
    ("王云", &["王云", "wy"], &["云"]),
    ("云小帆", &["云小帆", "yxf"], &["小帆", "xf"]),
    ("Ann Cloud", &["anncloud"], &["cloud"]),
    ("上官云海", &["上官云海", "sgyh"], &["官云海", "gyh"]),
];
const PHONES: [(&str, &str); 5] = [
    ("0571-88880000", "57188880000"),
    ("+86 138 0013 8000", "13800138000"),
    ("1380013", "1380013"),
    ("3600000", "3600000"),
    ("110", ""),
];

/// How well a text is met by names: to the letter, at the beginning, further on.
fn met(name: &str, text: &str, known: &[(&str, &[&str], &[&str])]) -> Option<u8> {
    let letters: String = simplified(&fold(text)).chars().filter(|c| c.is_alphanumeric()).take(24).collect();
    let (_, begins, later) = known.iter().find(|(own, ..)| *own == name).unwrap();
    if letters.is_empty() {
        return None;
    }
    if begins.contains(&letters.as_str()) {
        return Some(0);
    }
    if begins.iter().any(|begins| begins.starts_with(&letters)) {
        return Some(1);
    }
    later.iter().any(|later| later.starts_with(&letters)).then_some(2)
}

fn met_phone(phone: &str, text: &str) -> Option<u8> {
    let number = PHONES.iter().find(|(own, _)| *own == phone).unwrap().1;
    let typed: String = fold(text).chars().filter(char::is_ascii_digit).collect();
    if number.is_empty() || !fold(text).chars().all(|c| c.is_ascii_digit() || " +-()/.".contains(c)) {
        return None;
    }
    let mut national = typed.strip_prefix("00").unwrap_or(&typed);
    national = national.strip_prefix("86").filter(|rest| rest.len() >= 10).unwrap_or(national);
    national = national.strip_prefix('0').unwrap_or(national);
    if national.len() >= 3 && number.starts_with(national) {
        return Some(if number == national { 0 } else { 1 });
    }
    let last = if typed.len() < 7 { typed.as_str() } else { national };
    (last.len() >= 4 && number.ends_with(last)).then_some(2)
}

/// What somebody would find if everything that he may open were held against the text.
fn oracle(world: &World, who: &str, all: &[CustomerId], text: &str) -> BTreeMap<CustomerId, u8> {
    let mut found = BTreeMap::new();
    let session = world.user(who);
    for id in all {
        let Ok(panels) = session.customer_panels(*id) else { continue };
        let Customer { name, short_name, phones, status, number, .. } = &panels.customer;
        if !matches!(status, CustomerStatus::Active | CustomerStatus::Pooled) {
            continue;
        }
        let mut best: Vec<u8> = [Some(name), short_name.as_ref()]
            .into_iter()
            .flatten()
            .filter_map(|name| met(name, text, &NAMES))
            .collect();
        best.extend((number == text.trim() || *number == text.trim().to_uppercase()).then_some(0));
        best.extend(phones.iter().filter_map(|phone| met_phone(phone, text)));
        for Contact { name, phones, .. } in &panels.contacts {
            best.extend(met(name, text, &PEOPLE));
            best.extend(phones.iter().filter_map(|phone| met_phone(phone, text)));
        }
        if let Some(best) = best.into_iter().min() {
            found.insert(*id, best);
        }
    }
    found
}

#[test]
fn f4_the_quick_search_is_what_an_oracle_finds() {
    let texts = || {
        prop_oneof![
            (0..NAMES.len(), 1usize..12, 0usize..6)
                .prop_map(|(name, length, from)| { NAMES[name].0.chars().skip(from).take(length).collect::<String>() }),
            (0..NAMES.len(), 1usize..6).prop_map(|(name, length)| {
                let (_, begins, later) = NAMES[name];
                begins.iter().chain(later).last().unwrap().chars().take(length).collect::<String>()
            }),
            (0..PEOPLE.len(), 1usize..5, 0usize..3).prop_map(|(name, length, from)| {
                PEOPLE[name].0.chars().skip(from).take(length).collect::<String>()
            }),
            (0..PHONES.len(), 2usize..14, 0usize..6).prop_map(|(phone, length, from)| {
                PHONES[phone].0.chars().skip(from).take(length).collect::<String>()
            }),
            "[云海yhsw013. ]{1,4}",
        ]
    };
    let customer = || {
        (
            (0..NAMES.len(), prop::option::of(0..NAMES.len()), prop::option::of(0..PHONES.len())),
            prop::collection::vec((0..PEOPLE.len(), prop::option::of(0..PHONES.len())), 0..3),
            prop::sample::select(vec!["alice", "bob", "stan", "mona"]),
            0..6,
        )
    };
    let given = (prop::collection::vec(customer(), 1..10), prop::collection::vec(texts(), 12));
    let mut runner = TestRunner::new(Config { cases: 12, failure_persistence: None, ..Config::default() });
    runner
        .run(&given, |(customers, texts)| {
            in_every_world(|world| {
                let mut settings = world.bed.host().settings().unwrap();
                settings.same_name = NameRule::Allow;
                world.bed.host().change_settings(settings).unwrap();
                let mut all = Vec::new();
                for ((name, short, phone), contacts, owner, fate) in &customers {
                    let id = make(world, owner, NAMES[*name].0, |new| {
                        new.short_name = short.map(|short| NAMES[short].0.to_owned());
                        new.phones = phone.iter().map(|phone| PHONES[*phone].0.to_owned()).collect();
                        let contact = |(name, phone): &(usize, Option<usize>)| NewContact {
                            phones: phone.iter().map(|phone| PHONES[*phone].0.to_owned()).collect(),
                            ..contact(PEOPLE[*name].0)
                        };
                        new.contacts = contacts.iter().map(contact).collect();
                    });
                    all.push(id);
                    let owner = world.user(owner);
                    let share = |panels: Vec<SharePanel>| ShareInput {
                        person: Some(user("rhea")),
                        panels: panels
                            .into_iter()
                            .map(|panel| SharedPanel { panel, right: Default::default() })
                            .collect(),
                        ..ShareInput::default()
                    };
                    match fate {
                        0 => drop(owner.delete_customer(id).unwrap()),
                        1 => {
                            drop(owner.release_customers(
                                vec![id],
                                Release { note: Some("-".to_owned()), ..Release::default() },
                            ))
                        }
                        2 => drop(owner.share_customer(id, share(vec![])).unwrap()),
                        3 => drop(owner.share_customer(id, share(vec![SharePanel::Contacts])).unwrap()),
                        4 => drop(world.user("adam").transfer_customers(vec![id], to("alice")).unwrap()),
                        _ => {}
                    }
                }
                for text in &texts {
                    for who in ["alice", "bob", "mona", "dora", "stan", "rhea", "adam"] {
                        let found = search(world, who, text).customers;
                        let due = oracle(world, who, &all, text);
                        let made = found.iter().filter(|found| all.contains(&found.id));
                        let ranks: Vec<Option<&u8>> = made.map(|found| due.get(&found.id)).collect();
                        let context = format!("{who} {text:?} {found:?} {due:?}");
                        assert!(ranks.iter().all(Option::is_some) && ranks.len() == due.len(), "{context}");
                        assert!(ranks.is_sorted(), "{context}");
                    }
                }
            });
            Ok(())
        })
        .unwrap();
}
