//! Erasing a person: C8.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use crm_core::text::{fold, sort_key};
use crm_core::{
    Birthday, ContactDraft, ContactEdit, ContactId, ContactMerge, CustomerId, ERASED_NAME, FieldAccess, FieldRight,
    Gender, MergeEffect, MergeId, MergeInput, NewContact, PageRequest, Permission, RoleInput, SyncMode,
};
use crm_tests::inputs::{contact, named};
use crm_tests::{Bed, World, difference, in_every_world, refused, user, violates};
use proptest::prelude::*;
use serde_json::json;

/// Somebody with something in every field, none of which stands anywhere else.
fn somebody(n: usize) -> NewContact {
    NewContact {
        name: format!("{}{n}", ["欧阳锋芒", "Xaver Quirin", "司徒"][n % 3]),
        gender: Some(Gender::Male),
        title: Some(format!("首席品鉴官{n}")),
        department: Some(format!("秘境部{n}")),
        phones: vec![format!("139 7654 00{n:02}"), format!("+86-571-770077{n:02}")],
        email: Some(format!("quirin.{n}@secret-mail.example")),
        wechat: Some(format!("wx_quirin_{n}")),
        qq: Some(format!("7788990{n}")),
        birthday: Some(birthday(n)),
        address: Some(format!("琉璃巷{n}号")),
        preferences: Some(format!("喜欢普洱{n}\n不喝酒{n}")),
        note: Some(format!("曾任馆长{n}")),
        ..NewContact::default()
    }
}

fn birthday(n: usize) -> Birthday {
    serde_json::from_value(json!({"calendar": "solar", "year": 1961 + n, "month": 11, "day": 26})).unwrap()
}

/// Everything by which somebody could be known, in every form in which it may stand.
fn traces(person: &NewContact) -> Vec<String> {
    let mut texts = vec![person.name.clone()];
    texts.extend(person.phones.iter().cloned());
    for text in
        [&person.title, &person.department, &person.email, &person.wechat, &person.qq, &person.address, &person.note]
    {
        texts.extend(text.clone());
    }
    texts.extend(person.preferences.iter().flat_map(|text| text.lines().map(str::to_owned)));
    let mut traces = texts.clone();
    traces.extend(texts.iter().map(|text| fold(text)));
    traces.extend(texts.iter().map(|text| String::from_utf8_lossy(&sort_key(text)).escape_debug().to_string()));
    for phone in &person.phones {
        let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
        traces.push(digits.trim_start_matches("86").to_owned());
        traces.push(digits);
    }
    if let Some(birthday) = person.birthday {
        let year = birthday.year.unwrap();
        traces.push(format!("\"year\":{year}"));
        traces.push(format!("born:{year:04}{:02}{:02}", birthday.month, birthday.day));
    }
    // By what lists and checks find him.
    let draft = ContactDraft {
        name: person.name.clone(),
        phones: person.phones.clone(),
        email: person.email.clone(),
        birthday: person.birthday,
        address: person.address.clone(),
        contact: None,
    };
    traces.extend(crm_core::duplicate::ComparedContact::new(&draft).keys());
    traces.retain(|trace| trace.chars().count() > 1);
    traces
}

/// Where anything of somebody stands: in the columns and bodies of all rows, merge records opened up, and on SQLite in the rows themselves.
fn found(world: &World, person: &NewContact) -> Vec<String> {
    let mut lines: Vec<String> = world.bed.dump().lines().map(str::to_owned).collect();
    lines.extend(raw_rows(&world.bed));
    let images: Vec<String> = lines.iter().flat_map(|line| opened(line)).collect();
    lines.extend(images);
    let traces = traces(person);
    let mut found = Vec::new();
    for line in lines {
        // What JSON escapes is the same text.
        let plain = line.replace("\\\\", "\\").replace("\\\"", "\"");
        if let Some(trace) = traces.iter().find(|trace| line.contains(*trace) || plain.contains(*trace)) {
            found.push(format!("{trace}: {line}"));
        }
    }
    found
}

/// Bytes that stand in a text as base64.
fn opened(line: &str) -> Vec<String> {
    use base64::Engine as _;
    let words = line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '+' || c == '/'));
    let decode = |word: &str| base64::engine::general_purpose::STANDARD_NO_PAD.decode(word).ok();
    words
        .filter(|word| word.len() > 7)
        .filter_map(decode)
        .map(|bytes| String::from_utf8_lossy(&bytes).escape_debug().to_string())
        .collect()
}

/// Every value of every table, as SQLite has it.
fn raw_rows(bed: &Bed) -> Vec<String> {
    if bed.store != "sqlite" {
        return Vec::new();
    }
    let connection = rusqlite::Connection::open(bed.file()).unwrap();
    let tables: Vec<String> = {
        let mut names = connection.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").unwrap();
        names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let mut lines = Vec::new();
    for table in tables {
        let mut all = connection.prepare(&format!("SELECT * FROM \"{table}\"")).unwrap();
        let width = all.column_count();
        let mut rows = all.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let mut line = table.clone();
            for place in 0..width {
                use rusqlite::types::ValueRef;
                match row.get_ref(place).unwrap() {
                    ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                        line.push(' ');
                        line.push_str(&String::from_utf8_lossy(bytes));
                    }
                    ValueRef::Integer(number) => line.push_str(&format!(" {number}")),
                    _ => {}
                }
            }
            lines.push(line);
        }
    }
    lines
}

fn erase(world: &World, contact: ContactId) -> crm_core::Erasure {
    world.user("adam").erase_person(contact, None).unwrap()
}

fn edit(world: &World, id: ContactId, change: impl FnOnce(&mut ContactEdit)) {
    let alice = world.user("alice");
    let mut edit = ContactEdit { version: alice.contact(id).unwrap().version, ..ContactEdit::default() };
    change(&mut edit);
    alice.edit_contact(id, edit).unwrap();
}

/// Somebody who was edited, reminded of and published.
fn known(world: &World, of: CustomerId, n: usize) -> (ContactId, Vec<NewContact>) {
    let alice = world.user("alice");
    let person = somebody(n);
    let id = alice.add_contact(of, person.clone()).unwrap().id;
    let later = NewContact { birthday: Some(birthday(n)), ..somebody(n + 3) };
    edit(world, id, |edit| {
        (edit.name, edit.phones, edit.email) =
            (Some(later.name.clone()), Some(later.phones.clone()), later.email.clone());
        (edit.title, edit.wechat, edit.qq) = (later.title.clone(), later.wechat.clone(), later.qq.clone());
        (edit.address, edit.note, edit.preferences) =
            (later.address.clone(), later.note.clone(), later.preferences.clone());
        edit.department = later.department.clone();
    });
    (id, vec![person, later])
}

#[test]
fn c8_nothing_of_an_erased_person_is_left_in_any_row() {
    in_every_world(|world| {
        let (id, states) = known(world, world.customer, 1);
        // Three days ahead of the birthday, and on it.
        for _ in 0..4 {
            world.bed.clock.advance(86_400_000);
            world.bed.crm.tick_all().unwrap();
        }
        world.bed.host().published_calendar(world.calendar.clone()).unwrap();
        for state in &states {
            let before = found(world, state);
            for kind in ["contact ", "history ", "contact_key "] {
                let there = before.iter().any(|line| line.contains(kind));
                assert!(there || (kind != "history " && state.name != states[1].name), "{kind} of {}", state.name);
            }
        }
        let events = |world: &World| {
            let all = world.user("adam").events("oa".into(), 1_000).unwrap();
            all.into_iter().filter(|event| event.data["subject"] == json!(format!("contact:{id}"))).count()
        };
        let reminded = |world: &World| {
            world
                .bed
                .dump()
                .lines()
                .filter(|line| line.contains(" reminder ") && line.contains(&format!("contact:{id}")))
                .count()
        };
        assert!(events(world) > 0 && reminded(world) > 0);
        let erasure = erase(world, id);
        assert_eq!(erasure.contacts, [id]);
        assert!(
            erasure.history >= 2 && erasure.reminders > 0 && erasure.events > 0 && erasure.merges == 0,
            "{erasure:?}"
        );
        for state in &states {
            assert_eq!(found(world, state), Vec::<String>::new());
        }
        assert_eq!((events(world), reminded(world)), (0, 0));
        // What stays: that there was one, and that and by whom it was erased.
        let alice = world.user("alice");
        let left = alice.contact(id).unwrap();
        assert_eq!((left.name.as_str(), left.phones.len(), left.birthday), (ERASED_NAME, 0, None));
        assert!(left.erased_at.is_some() && left.created_by == "alice" && left.changed_by == "adam");
        let history = alice.contact_history(id, PageRequest::first(50)).unwrap().items;
        assert_eq!((history[0].operation.as_str(), history[0].by.as_str()), ("erase_person", "adam"));
        assert!(history[1].changes.iter().all(|change| change.was.is_none() && change.became.is_none()));
        assert!(history[1].changes.iter().any(|change| change.field == "phones"));
        let told = world.user("adam").events("hr".into(), 1_000).unwrap();
        assert!(told.iter().any(|event| event.kind == "person_erased" && event.subject == id.to_string()));
        let calendar = world.bed.host().published_calendar(world.calendar.clone()).unwrap().text;
        assert!(states.iter().all(|state| !calendar.contains(&state.name)));
        // A second time there is nothing to do.
        let before = world.bed.dump();
        assert_eq!(erase(world, id).history, 0);
        assert_eq!(difference(&before, &world.bed.dump()), "");
        // Nobody writes anything about him any more; he can be removed.
        let edit = ContactEdit { version: left.version, name: Some("x".into()), ..ContactEdit::default() };
        refused(alice.edit_contact(id, edit), "person_erased");
        alice.remove_contact(id, None).unwrap();
    });
}

fn merged(world: &World, survivor: CustomerId, source: CustomerId, same: &[(ContactId, ContactId)]) -> MergeId {
    let contacts = same.iter().map(|(contact, into)| ContactMerge { contact: *contact, into: *into }).collect();
    let input = MergeInput { contacts, ..MergeInput::of(survivor, vec![source]) };
    world.user("mona").merge_customers(input).unwrap().merge.unwrap().id
}

#[test]
fn c8_a_merge_that_is_taken_back_brings_nothing_of_an_erased_person_back() {
    in_every_world(|world| {
        let (here, there) = (world.third, world.partner);
        let (own, mut states) = known(world, here, 1);
        let (twin, more) = known(world, there, 2);
        let (moved, others) = known(world, there, 6);
        states.extend(more);
        let merge = merged(world, here, there, &[(twin, own)]);
        assert!(states.iter().all(|state| !found(world, state).is_empty()));
        // Whom it was united with is the same person, whichever of the two is named.
        let erasure = erase(world, twin);
        assert_eq!(erasure.contacts.len(), 2);
        assert!(erasure.merges > 0);
        assert!(erase(world, moved).merges > 0);
        let nothing = |world: &World| {
            for state in states.iter().chain(&others) {
                assert_eq!(found(world, state), Vec::<String>::new());
            }
        };
        nothing(world);
        let undone = world.user("mona").unmerge(merge).unwrap();
        nothing(world);
        // They go back where they were, without a word about them.
        let alice = world.user("alice");
        assert!(!undone.stayed.iter().any(|item| item.record == "contact"), "{:?}", undone.stayed);
        for (id, of) in [(own, here), (twin, there), (moved, there)] {
            let contact = alice.contact(id).unwrap();
            assert_eq!((contact.customer, contact.name.as_str()), (of, ERASED_NAME));
        }
        let kept = alice.merge(merge).unwrap();
        let contacts: Vec<(MergeEffect, &str)> = kept
            .items
            .iter()
            .filter(|item| item.record == "contact")
            .map(|item| (item.effect, item.name.as_str()))
            .collect();
        assert!(contacts.len() >= 3 && contacts.iter().filter(|(_, name)| *name == ERASED_NAME).count() >= 3);
    });
}

#[test]
fn c8_after_a_merge_was_taken_back_each_is_his_own_person_again() {
    in_every_world(|world| {
        let (here, there) = (world.third, world.partner);
        let (own, states) = known(world, here, 1);
        let (twin, others) = known(world, there, 2);
        let merge = merged(world, here, there, &[(twin, own)]);
        world.user("mona").unmerge(merge).unwrap();
        assert_eq!(erase(world, own).contacts, [own]);
        for state in &states {
            assert_eq!(found(world, state), Vec::<String>::new());
        }
        assert_eq!(world.user("alice").contact(twin).unwrap().name, others[1].name);
        // The record of a merge of before, that the customer is in no longer, keeps nothing, either.
        assert!(erase(world, twin).merges > 0);
        for state in &others {
            assert_eq!(found(world, state), Vec::<String>::new());
        }
    });
}

#[test]
fn c8_who_was_removed_purged_or_lies_in_the_recycle_bin_can_be_erased() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let (removed, states) = known(world, world.customer, 1);
        alice.remove_contact(removed, None).unwrap();
        assert!(states.iter().any(|state| !found(world, state).is_empty()));
        assert!(erase(world, removed).history >= 2);
        for state in &states {
            assert_eq!(found(world, state), Vec::<String>::new());
        }
        let of = alice.create_customer(named("曾经")).unwrap().id;
        let (binned, states) = known(world, of, 4);
        alice.delete_customer(of).unwrap();
        erase(world, binned);
        for state in &states {
            assert_eq!(found(world, state), Vec::<String>::new());
        }
        let of = alice.create_customer(named("过去")).unwrap().id;
        let (purged, states) = known(world, of, 4);
        alice.delete_customer(of).unwrap();
        world.bed.clock.advance(40 * 86_400_000);
        world.bed.crm.tick_all().unwrap();
        refused(world.user("adam").contact(purged), "not_found");
        assert!(states.iter().any(|state| !found(world, state).is_empty()));
        erase(world, purged);
        for state in &states {
            assert_eq!(found(world, state), Vec::<String>::new());
        }
        refused(world.user("adam").erase_person(crm_tests::cases::ABSENT.parse().unwrap(), None), "not_found");
    });
}

#[test]
fn c8_only_who_keeps_the_settings_erases_and_only_whom_he_reaches() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let reason = Some("本人要求".to_owned());
        refused(alice.erase_person(world.primary, None), "forbidden");
        let role = RoleInput {
            allow: vec![Permission::new("settings.manage_settings").unwrap()],
            people: vec![user("alice"), user("stan"), user("rhea")],
            ..RoleInput::named("keeper", "K").unwrap()
        };
        world.bed.host().sync_roles(vec![role], SyncMode::Delta).unwrap();
        let before = world.bed.dump();
        refused(world.user("stan").erase_person(world.primary, None), "not_found");
        refused(world.user("rhea").erase_person(world.primary, None), "forbidden");
        violates(alice.erase_person(world.primary, Some("x".repeat(301))), "reason", "too_long");
        assert_eq!(difference(&before, &world.bed.dump()), "");
        let answer = alice.clone().idempotent("k").erase_person(world.primary, reason.clone()).unwrap();
        let before = world.bed.dump();
        assert_eq!(alice.clone().idempotent("k").erase_person(world.primary, reason.clone()).unwrap(), answer);
        assert_eq!(difference(&before, &world.bed.dump()), "");
        let told = alice.contact_history(world.primary, PageRequest::first(1)).unwrap().items.remove(0);
        assert_eq!(told.changes[1].became, Some(json!("本人要求")));
        // Of others nothing is lost.
        assert_eq!(alice.contact(world.second).unwrap().name, "Second contact");
        // How often something was changed is not told to who may not know of all that could have been.
        edit(world, world.second, |edit| edit.wechat = Some("wx-2".to_owned()));
        let blind = RoleInput {
            fields: vec![FieldRight { field: "contact.wechat".to_owned(), access: FieldAccess::Hidden }],
            people: vec![user("alice")],
            ..RoleInput::named("blind", "B").unwrap()
        };
        world.bed.host().sync_roles(vec![blind], SyncMode::Delta).unwrap();
        assert_eq!(alice.erase_person(world.second, None).unwrap().history, 0);
        let left = world.user("adam").contact_history(world.second, PageRequest::first(9)).unwrap().items;
        assert!(left[1].changes.iter().all(|change| change.field == "wechat" && change.became.is_none()));
    });
}

#[test]
fn c8_an_erased_person_is_found_by_nothing_and_is_like_nobody() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let (one, states) = known(world, world.customer, 1);
        let (other, _) = known(world, world.third, 2);
        let check = |person: &NewContact| {
            let draft =
                ContactDraft { name: person.name.clone(), phones: person.phones.clone(), ..ContactDraft::default() };
            alice.check_contact_duplicates(draft).unwrap().hits.len()
        };
        assert_eq!(check(&states[1]), 1);
        erase(world, one);
        erase(world, other);
        assert_eq!((check(&states[1]), check(&contact(ERASED_NAME))), (0, 0));
        let preview = world.user("mona").preview_merge(MergeInput::of(world.customer, vec![world.third])).unwrap();
        assert!(preview.equal_contacts.is_empty());
        let into = MergeInput {
            contacts: vec![ContactMerge { contact: other, into: one }],
            ..MergeInput::of(world.customer, vec![world.third])
        };
        violates(world.user("mona").preview_merge(into), "contacts[0].into", "not_allowed");
    });
}

/// What people do with contacts.
#[derive(Debug, Clone)]
enum Step {
    Add { of: usize, n: usize },
    Edit { contact: usize, n: usize },
    Remove { contact: usize },
    Merge { into: usize, from: usize, unite: bool },
    Unmerge,
    Days(i64),
    Publish,
    Erase { contact: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let (few, many) = (|| 0..3_usize, || 0..40_usize);
    prop_oneof![
        4 => (few(), many()).prop_map(|(of, n)| Step::Add { of, n }),
        3 => (few(), many()).prop_map(|(contact, n)| Step::Edit { contact, n }),
        1 => few().prop_map(|contact| Step::Remove { contact }),
        3 => (few(), few(), any::<bool>()).prop_map(|(into, from, unite)| Step::Merge { into, from, unite }),
        3 => Just(Step::Unmerge),
        1 => (1..3_i64).prop_map(Step::Days),
        1 => Just(Step::Publish),
        1 => few().prop_map(|contact| Step::Erase { contact }),
    ]
}

/// Carries steps out, as far as they are possible; answers who came to be, and all that was ever said of anybody.
fn live(
    world: &World,
    steps: &[Step],
    contacts: &mut Vec<ContactId>,
    said: &mut Vec<NewContact>,
    merges: &mut Vec<MergeId>,
) {
    let (alice, mona) = (world.user("alice"), world.user("mona"));
    let customers = [world.third, world.partner, world.customer];
    for step in steps {
        match step {
            Step::Add { of, n } => {
                let person = somebody(*n);
                if let Ok(added) = alice.add_contact(customers[*of], person.clone()) {
                    contacts.push(added.id);
                    said.push(person);
                }
            }
            Step::Edit { contact, n } => {
                let Some(id) = contacts.iter().rev().nth(*contact) else { continue };
                let Ok(known) = alice.contact(*id) else { continue };
                let (person, version) = (somebody(*n), known.version);
                let edit = ContactEdit {
                    version,
                    name: Some(person.name.clone()),
                    phones: Some(person.phones.clone()),
                    birthday: person.birthday,
                    note: person.note.clone(),
                    ..ContactEdit::default()
                };
                if alice.edit_contact(*id, edit).is_ok() {
                    said.push(person);
                }
            }
            Step::Remove { contact } => {
                let Some(id) = contacts.iter().rev().nth(*contact) else { continue };
                let _ = alice.remove_contact(*id, None);
            }
            Step::Merge { into, from, unite } => {
                let of = |customer| mona.customer_panels(customer).map(|panels| panels.contacts).unwrap_or_default();
                let (here, there) = (of(customers[*into]), of(customers[*from]));
                let mut input = MergeInput::of(customers[*into], vec![customers[*from]]);
                if let (true, Some(twin), Some(own)) = (unite, there.last(), here.last()) {
                    input.contacts = vec![ContactMerge { contact: twin.id, into: own.id }];
                }
                if let Ok(answer) = mona.merge_customers(input) {
                    merges.extend(answer.merge.map(|merge| merge.id));
                }
            }
            Step::Unmerge => {
                if let Some(last) = merges.pop() {
                    mona.unmerge(last).unwrap();
                }
            }
            Step::Days(days) => {
                world.bed.clock.advance(days * 86_400_000);
                world.bed.crm.tick_all().unwrap();
            }
            Step::Publish => {
                world.bed.host().published_calendar(world.calendar.clone()).unwrap();
            }
            Step::Erase { contact } => {
                let Some(id) = contacts.iter().rev().nth(*contact) else { continue };
                erase(world, *id);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    /// Whatever was done before: when everybody is erased, nothing of anybody is left, and merges that are taken back then bring nothing back.
    #[test]
    fn c8_whatever_was_done_before_nothing_is_left(steps in prop::collection::vec(step(), 1..24), sqlite in prop::bool::weighted(0.3)) {
        let world = World::in_bed(if sqlite { Bed::sqlite() } else { Bed::memory() });
        let (mut contacts, mut said, mut merges) = (Vec::new(), Vec::new(), Vec::new());
        live(&world, &steps, &mut contacts, &mut said, &mut merges);
        for id in &contacts {
            erase(&world, *id);
        }
        for person in &said {
            prop_assert_eq!(found(&world, person), Vec::<String>::new());
        }
        while let Some(merge) = merges.pop() {
            world.user("mona").unmerge(merge).unwrap();
        }
        for person in &said {
            prop_assert_eq!(found(&world, person), Vec::<String>::new());
        }
        prop_assert_eq!(world.bed.host().rebuild_rollups().unwrap().corrected, 0);
    }
}
