//! Merging customers and taking it back: D5 to D7.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod histories;
mod state;

use crm_core::{
    ApprovalDecision, ContactMerge, CustomerId, DuplicateDraft, FollowUpQuery, FollowUps, MergeChoice, MergeEffect,
    MergeId, MergeInput, MergeItem, NewContact, NewCustomer, NewFollowUp, PageRequest, ShareInput, ShareRight, View,
};
use crm_tests::inputs::{contact, entry, full, named, names, relation, to};
use crm_tests::{World, in_every_world, refused, user, violates};
use serde_json::json;
use state::{places, plain};

fn merge(world: &World, who: &str, survivor: CustomerId, sources: &[CustomerId]) -> MergeId {
    let answer = world.user(who).merge_customers(MergeInput::of(survivor, sources.to_vec())).unwrap();
    answer.merge.unwrap().id
}

fn create(world: &World, who: &str, name: &str) -> CustomerId {
    world.user(who).create_customer(named(name)).unwrap().id
}

fn effects<'i>(items: &'i [MergeItem], record: &str) -> Vec<(MergeEffect, &'i str)> {
    items.iter().filter(|item| item.record == record).map(|item| (item.effect, item.name.as_str())).collect()
}

#[test]
fn d5_every_kind_of_reference_moves() {
    in_every_world(|world| {
        let (here, there) = (world.customer, world.partner);
        world.user("alice").add_contact(there, contact("王五")).unwrap();
        world.user("alice").follow_up(there, NewFollowUp::text("第一次拜访")).unwrap();
        let share = ShareInput { person: Some(user("olga")), ..ShareInput::default() };
        world.user("alice").share_customer(there, share).unwrap();
        world.user("alice").add_relation(there, relation(world.third, "business", false)).unwrap();
        let file = serde_json::from_value(crm_tests::cases::document()).unwrap();
        world.user("alice").attach_document(there, file).unwrap();
        // Whatever names a customer in a column: a kind that is new here needs a row of it above, and a case in the merge.
        let before = places(world.bed.crm.store());
        let kinds = crm_core::KINDS
            .iter()
            .filter(|kind| kind.columns.iter().any(|column| ["customer", "first", "second"].contains(&column.name)));
        for kind in kinds.filter(|kind| kind.name != "match_key") {
            let rows = before.iter().filter(|((own, _), at)| own == kind.name && at.contains(&there.to_string()));
            assert!(rows.count() > 0, "no {} under the source", kind.name);
        }
        merge(world, "mona", here, &[there]);
        let after = places(world.bed.crm.store());
        for ((kind, id), at) in &after {
            assert!(!at.contains(&there.to_string()), "{kind} {id} still stands under the source");
        }
        for ((kind, id), at) in before.iter().filter(|(_, at)| at.contains(&there.to_string())) {
            let gone = ["relation", "customer_credit"].contains(&kind.as_str());
            let now = after.get(&(kind.clone(), id.clone()));
            assert!(now.map_or(gone, |now| now.contains(&here.to_string())), "{kind} {id}: {at:?} {now:?}");
        }
        // Nothing else names the source, but what is there to name it.
        let knows = ["customer", "merge", "merge_part", "history", "event", "recent_view", "duplicate_lookup"];
        for row in world.bed.dump().lines().filter(|row| row.contains(&there.to_string())) {
            let kind = row.split(' ').nth(1).unwrap();
            // Bodies keep what they were written with; columns are the truth.
            let moved = before.keys().any(|(own, id)| own == kind && row.contains(id.as_str()));
            assert!(knows.contains(&kind) || moved, "{row}");
        }
        // As people see it.
        let alice = world.user("alice");
        let panels = alice.customer_panels(here).unwrap();
        assert!(panels.contacts.iter().all(|contact| contact.customer == here) && panels.contacts.len() == 3);
        assert_eq!(panels.contacts.iter().filter(|contact| contact.primary).count(), 1);
        let related: Vec<CustomerId> = panels.relations.iter().map(|relation| relation.customer).collect();
        assert_eq!(related, [world.third]);
        let query = FollowUpQuery {
            of: FollowUps::Of { customer: here },
            author: None,
            from: None,
            before: None,
            method: None,
            matching: None,
            order_by: None,
        };
        let follow_ups = alice.follow_ups(query, PageRequest::first(20)).unwrap();
        assert_eq!(follow_ups.items.len(), 2);
        assert_eq!(alice.contract(world.contract).unwrap().contract.customer, here);
        assert_eq!(alice.customer_credit(here).unwrap()[0].balance.to_string(), "50.00");
        assert_eq!(alice.approval(world.approval).unwrap().customer, here);
        // Money that was half paid goes on.
        let version = alice.contract(world.supplemented).unwrap();
        assert_eq!(version.contract.payments.received.to_string(), "520.00");
        assert_eq!(world.bed.host().rebuild_rollups().unwrap().corrected, 0);
    });
}

#[test]
fn d6_the_id_and_the_number_of_the_source_answer_with_the_survivor() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let first = create(world, "alice", "宁波远洋贸易有限公司");
        let second = create(world, "alice", "宁波远洋贸易（集团）");
        let third = create(world, "alice", "远洋贸易宁波公司");
        let number = alice.customer(first).unwrap().number;
        merge(world, "alice", second, &[first]);
        merge(world, "alice", third, &[second]);
        for id in [first, second, third] {
            assert_eq!(alice.customer(id).unwrap().id, third);
            assert_eq!(alice.customer_panels(id).unwrap().customer.id, third);
        }
        // What is done to the old id is done to the survivor.
        let added = alice.add_contact(first, contact("李四")).unwrap();
        assert_eq!(added.customer, third);
        alice.follow_up(second, NewFollowUp::text("电话")).unwrap();
        let version = alice.customer(first).unwrap().version;
        let edit = serde_json::from_value(json!({"version": version, "short_name": "远洋"})).unwrap();
        assert_eq!(alice.edit_customer(first, edit).unwrap().id, third);
        assert_eq!(alice.customer_history(first, PageRequest::first(50)).unwrap().items.len(), 6);
        refused(alice.add_relation(third, relation(first, "partner", false)), "relation_to_itself");
        // One customer is left in the lists, found by every number and name.
        let listed = names(world, "alice", View::Mine);
        assert!(
            listed.contains(&"远洋贸易宁波公司".to_owned()) && !listed.contains(&"宁波远洋贸易有限公司".to_owned())
        );
        let query = json!({"query": {"view": {"kind": "mine"}, "filter": {"text": number}}, "page": World::page(10)});
        let found = crm_tests::call(&alice, "customers", &query).unwrap();
        assert_eq!(found["items"].as_array().unwrap().len(), 1, "{found}");
        // D3: its name is held by the survivor.
        refused(alice.create_customer(named("宁波远洋贸易有限公司")), "same_name");
        for folded in [false, true] {
            let check = alice.check_duplicates(DuplicateDraft::named("宁波远洋贸易有限公司")).unwrap();
            assert_eq!(
                (check.hits.len(), check.hits[0].customer, check.hits[0].score),
                (1, Some(third), 1_000),
                "{folded}"
            );
            world.bed.crm.tick_all().unwrap();
        }
        // A stranger learns nothing by an old id.
        refused(world.user("stan").customer(first), "not_found");
        // In the recycle bin it is no other than the survivor, and nothing is left of it after that.
        alice.delete_customer(first).unwrap();
        assert_eq!(names(world, "alice", View::RecycleBin).len(), 2);
        let freed = create(world, "alice", "宁波远洋贸易有限公司");
        alice.restore_customer(second, None).unwrap();
        assert_eq!(alice.customer(first).unwrap().id, third);
        alice.delete_customer(third).unwrap();
        world.bed.clock.advance_days(31);
        while world.bed.crm.tick_all().unwrap().more {}
        for id in [first, second, third] {
            refused(alice.customer(id), "not_found");
            let kept = world.bed.dump();
            let mut kept = kept.lines().filter(|row| row.contains(&id.to_string()));
            let row = kept.find(|row| !["history", "event", "idempotency"].contains(&row.split(' ').nth(1).unwrap()));
            assert_eq!(row, None);
        }
        assert_eq!(alice.customer(freed).unwrap().id, freed);
    });
}

#[test]
fn d5_fields_are_chosen_and_proposed() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let here = alice
            .create_customer(NewCustomer {
                address: Some("旧地址".to_owned()),
                phones: vec!["1".to_owned()],
                ..named("云杉科技")
            })
            .unwrap();
        let there = alice.create_customer(full()).unwrap();
        let mut input = MergeInput::of(here.id, vec![there.id]);
        let preview = alice.preview_merge(input.clone()).unwrap();
        let field = |name: &str| preview.fields.iter().find(|field| field.field == name).unwrap();
        assert_eq!((field("name").from, field("name").conflict), (Some(here.id), true));
        assert_eq!((field("level").from, field("level").conflict), (Some(there.id), false));
        assert_eq!((field("phones").from, field("phones").conflict), (None, false));
        // An address goes with its region.
        assert_eq!((field("address").from, field("address").conflict), (Some(here.id), true));
        assert_eq!(field("address").values[1].value, json!({"region": "浙江杭州", "address": "文三路 1 号"}));
        let shown = &preview.customer;
        assert_eq!(shown.phones, ["1", "0571-88880000", "400-1"]);
        assert_eq!((shown.region.as_deref(), shown.short_name.as_deref()), (None, Some("云杉")));
        let from = there.id;
        input.fields = ["name", "address"].map(|field| MergeChoice { field: field.to_owned(), from }).to_vec();
        // Another wish is of the same customers.
        assert_eq!(alice.preview_merge(input.clone()).unwrap().fingerprint, preview.fingerprint);
        input.fingerprint = Some(preview.fingerprint);
        alice.follow_up(there.id, NewFollowUp::text("新的跟进")).unwrap();
        refused(alice.merge_customers(input.clone()), "changed_since_preview");
        refused(alice.preview_merge(input.clone()), "changed_since_preview");
        input.fingerprint = None;
        let preview = alice.preview_merge(input.clone()).unwrap();
        input.fingerprint = Some(preview.fingerprint.clone());
        let answer = alice.merge_customers(input).unwrap();
        let merged = alice.customer(there.id).unwrap();
        assert_eq!(merged, answer.customer);
        // The preview was what came, but for the merge's own id and the version.
        let told = |customer: &crm_core::Customer| plain(&serde_json::to_value(customer).unwrap());
        assert_eq!(told(&preview.customer), told(&merged));
        assert_eq!((merged.name.as_str(), merged.region.as_deref()), ("云杉软件有限公司", Some("浙江杭州")));
        // It is found by what it was called, too.
        let check = alice.check_duplicates(DuplicateDraft::named("云杉科技")).unwrap();
        assert_eq!(check.hits[0].customer, Some(here.id));
        let undone = alice.unmerge(answer.merge.unwrap().id).unwrap();
        assert_eq!(
            (undone.survivor.name.as_str(), undone.customers[0].name.as_str()),
            ("云杉科技", "云杉软件有限公司")
        );
        assert!(undone.stayed.is_empty());
    });
}

#[test]
fn d5_contacts_shares_and_relations_are_united() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let with = |name: &str, phone: &str| NewContact { phones: vec![phone.to_owned()], ..contact(name) };
        let made = |name: &str, contacts| alice.create_customer(NewCustomer { contacts, ..named(name) }).unwrap().id;
        let here = made("甲公司", vec![with("张三", "13800000001"), with("李四", "13800000002")]);
        let email = Some("zhang@example.com".to_owned());
        let there =
            made("乙公司", vec![NewContact { email, ..with("张叁", "138 0000 0001") }, with("王五", "13800000003")]);
        let child = made("丙公司", vec![]);
        let other = made("丁公司", vec![]);
        let contacts = |id| alice.customer_panels(id).unwrap().contacts;
        let (zhang, twin) = (contacts(here)[0].id, contacts(there)[0].id);
        let about = NewFollowUp { contact: Some(twin), ..NewFollowUp::text("与张叁通话") };
        let follow_up = alice.follow_up(there, about).unwrap().id;
        for (customer, person, right) in [
            (here, "rhea", ShareRight::Read),
            (there, "rhea", ShareRight::Edit),
            (there, "eve", ShareRight::Read),
            (there, "mona", ShareRight::Read),
        ] {
            alice
                .share_customer(customer, ShareInput { person: Some(user(person)), right, ..ShareInput::default() })
                .unwrap();
        }
        world.user("mona").transfer_customers(vec![here], to("bob")).unwrap();
        let bob = world.user("bob");
        bob.share_customer(here, ShareInput { person: Some(user("rhea")), ..ShareInput::default() }).unwrap();
        let mona = world.user("mona");
        mona.add_relation(here, relation(other, "partner", false)).unwrap();
        mona.add_relation(there, relation(other, "partner", false)).unwrap();
        mona.add_relation(here, relation(there, "business", false)).unwrap();
        mona.add_relation(there, relation(child, "parent", false)).unwrap();
        let before = plain_dump(world);
        let mut input = MergeInput::of(here, vec![there]);
        let preview = mona.preview_merge(input.clone()).unwrap();
        assert_eq!(preview.equal_contacts, [ContactMerge { contact: twin, into: zhang }]);
        input.contacts = preview.equal_contacts;
        input.keep_owners = Some(ShareRight::Edit);
        let preview = mona.preview_merge(input.clone()).unwrap();
        let items = preview.items.clone();
        assert_eq!(
            effects(&items, "contact"),
            [(MergeEffect::United, "张叁"), (MergeEffect::Moved, "王五"), (MergeEffect::Changed, "张三")]
        );
        assert_eq!(
            effects(&items, "share"),
            [
                (MergeEffect::United, "rhea"),
                (MergeEffect::Changed, "rhea"),
                (MergeEffect::Moved, "eve"),
                (MergeEffect::Moved, "mona"),
                (MergeEffect::Added, "alice")
            ]
        );
        let relations = effects(&items, "relation");
        let mut kinds: Vec<MergeEffect> = relations.iter().map(|(effect, _)| *effect).collect();
        kinds.sort_by_key(|effect| *effect as u8);
        assert_eq!(kinds, [MergeEffect::Moved, MergeEffect::United, MergeEffect::Dropped]);
        let answer = mona.merge_customers(input).unwrap();
        let merged = bob.customer_panels(here).unwrap();
        assert_eq!(
            merged.contacts.iter().map(|contact| contact.name.as_str()).collect::<Vec<_>>(),
            ["张三", "李四", "王五"]
        );
        assert_eq!(merged.contacts[0].email.as_deref(), Some("zhang@example.com"));
        assert_eq!(
            bob.customer_panels(here)
                .unwrap()
                .follow_ups
                .iter()
                .find(|view| view.follow_up.id == follow_up)
                .unwrap()
                .follow_up
                .contact,
            Some(zhang)
        );
        let shares = bob.shares(here).unwrap();
        let of = |person: &str| shares.iter().find(|share| share.person == Some(user(person))).unwrap().right;
        assert_eq!((shares.len(), of("rhea"), of("alice")), (4, ShareRight::Edit, ShareRight::Edit));
        assert_eq!(mona.relations(here).unwrap().len(), 2);
        // And back.
        let undone = mona.unmerge(answer.merge.unwrap().id).unwrap();
        assert!(undone.stayed.is_empty(), "{:?}", undone.stayed);
        assert_eq!(crm_tests::difference(&before, &plain_dump(world)), "");
    });
}

fn plain_dump(world: &World) -> String {
    state::state(world.bed.crm.store())
}

#[test]
fn d5_a_parent_and_its_child_only_if_told_and_never_a_circle() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let ids: Vec<CustomerId> =
            ["总公司", "分公司", "孙公司", "外公司"].iter().map(|name| create(world, "alice", name)).collect();
        let parent = |a: usize, b: usize| alice.add_relation(ids[a], relation(ids[b], "parent", false)).unwrap();
        parent(0, 1);
        parent(1, 2);
        let input = |a: usize, b: usize, told: bool| MergeInput {
            parent_with_child: told,
            ..MergeInput::of(ids[a], vec![ids[b]])
        };
        refused(alice.merge_customers(input(0, 1, false)), "parent_with_child");
        refused(alice.preview_merge(input(1, 0, false)), "parent_with_child");
        for told in [false, true] {
            refused(alice.merge_customers(input(0, 2, told)), "relation_circle");
            refused(alice.merge_customers(input(2, 0, told)), "relation_circle");
        }
        let before = plain_dump(world);
        let merge = alice.merge_customers(input(0, 1, true)).unwrap().merge.unwrap().id;
        let relations = alice.relations(ids[1]).unwrap();
        assert_eq!((relations.len(), relations[0].customer), (1, ids[2]));
        refused(alice.add_relation(ids[2], relation(ids[1], "parent", false)), "relation_circle");
        alice.unmerge(merge).unwrap();
        assert_eq!(crm_tests::difference(&before, &plain_dump(world)), "");
        // All three together are one family.
        let three = MergeInput { parent_with_child: true, ..MergeInput::of(ids[0], vec![ids[1], ids[2]]) };
        alice.merge_customers(three).unwrap();
        assert!(alice.relations(ids[0]).unwrap().is_empty());
    });
}

#[test]
fn d5_who_may_merge_and_what_is_refused() {
    in_every_world(|world| {
        let (here, there) = (world.customer, world.partner);
        let of = |survivor, sources: &[CustomerId]| MergeInput::of(survivor, sources.to_vec());
        let alice = world.user("alice");
        violates(alice.merge_customers(of(here, &[])), "sources", "required");
        violates(alice.merge_customers(of(here, &[there, there])), "sources[1]", "repeated");
        violates(alice.merge_customers(of(here, &[there; 11])), "sources", "too_many");
        refused(alice.merge_customers(of(here, &[here])), "merge_with_itself");
        refused(alice.merge_customers(of(here, &[world.foreign])), "not_found");
        refused(alice.merge_customers(of(here, &[world.deleted])), "in_recycle_bin");
        let bad = |change: fn(&mut MergeInput, CustomerId)| {
            let mut input = of(here, &[there]);
            change(&mut input, world.third);
            alice.merge_customers(input)
        };
        let choose = |field: &str, from| MergeChoice { field: field.to_owned(), from };
        let mut input = of(here, &[there]);
        input.fields =
            vec![choose("owner", here), choose("name", world.third), choose("level", here), choose("level", here)];
        let answer = alice.merge_customers(input);
        violates(answer, "fields[0].field", "unknown");
        violates(
            bad(|input, third| input.fields.push(MergeChoice { field: "name".to_owned(), from: third })),
            "fields[0].from",
            "unknown",
        );
        let (one, two) = (world.primary, world.second);
        let mut input = of(here, &[there]);
        input.contacts = vec![ContactMerge { contact: one, into: two }];
        violates(alice.merge_customers(input), "contacts[0].contact", "unknown");
        violates(bad(|input, _| input.reason = Some("长".repeat(301))), "reason", "too_long");
        // A company and a person.
        let person = alice
            .create_customer(NewCustomer { kind: Some(crm_core::CustomerKind::Person), ..named("赵六") })
            .unwrap()
            .id;
        refused(alice.merge_customers(of(here, &[person])), "different_kinds");
        // Who may only read or edit the source, and who sees one of them alone.
        refused(world.user("eve").merge_customers(of(here, &[there])), "not_found");
        let share = ShareInput { person: Some(user("eve")), right: ShareRight::Edit, ..ShareInput::default() };
        alice.share_customer(there, share).unwrap();
        refused(world.user("eve").merge_customers(of(here, &[there])), "forbidden");
        refused(world.user("stan").preview_merge(of(here, &[there])), "not_found");
        // Nothing of all this did anything.
        assert_eq!(alice.merges(here).unwrap().len(), 1);
        let merge = merge(world, "mona", here, &[there]);
        refused(alice.merge_customers(of(world.third, &[there])), "already_merged");
        refused(alice.merge_customers(of(there, &[world.third])), "already_merged");
        refused(alice.merge_customers(of(here, &[there])), "already_merged");
        // Who may see the merge, and take it back.
        refused(world.user("stan").merge(merge), "not_found");
        assert!(!world.user("rhea").merge(merge).unwrap().undoable);
        refused(world.user("rhea").unmerge(merge), "forbidden");
        assert!(effects(&world.user("rhea").merge(merge).unwrap().items, "share").is_empty());
        let view = world.user("mona").merge(merge).unwrap();
        assert!(view.undoable && !view.items.is_empty());
        world.user("eve").unmerge(merge).unwrap();
        refused(alice.unmerge(merge), "merge_undone");
    });
}

#[test]
fn d7_what_changed_or_came_after_the_merge_stays_and_is_named() {
    in_every_world(|world| {
        let (here, there) = (world.customer, world.partner);
        let alice = world.user("alice");
        let kept = alice.add_contact(there, contact("原样")).unwrap().id;
        let edited = alice.add_contact(there, contact("将改")).unwrap().id;
        let quiet = alice.follow_up(there, NewFollowUp::text("无回复")).unwrap().id;
        let answered = alice.follow_up(there, NewFollowUp::text("有回复")).unwrap().id;
        let merge = merge(world, "mona", here, &[there]);
        let edit = serde_json::from_value(json!({"version": 1, "title": "总经理"})).unwrap();
        alice.edit_contact(edited, edit).unwrap();
        let came = alice.add_contact(there, contact("后来")).unwrap().id;
        world.user("mona").reply(answered, serde_json::from_value(json!({"content": "好"})).unwrap()).unwrap();
        let written = alice.follow_up(here, NewFollowUp::text("合并后")).unwrap().id;
        alice
            .record_receipt(
                world.supplemented,
                serde_json::from_value(json!({"amount": "10", "on": "2026-11-20"})).unwrap(),
            )
            .unwrap();
        let version = alice.customer(here).unwrap().version;
        alice.edit_customer(here, serde_json::from_value(json!({"version": version, "level": "a"})).unwrap()).unwrap();
        let undone = alice.unmerge(merge).unwrap();
        let stayed = |record: &str, id: String| {
            let item = undone.stayed.iter().find(|item| item.record == record && item.id == id);
            item.map(|item| item.effect)
        };
        let (changed, after) = (Some(MergeEffect::ChangedSince), Some(MergeEffect::CameAfter));
        assert_eq!(stayed("contact", edited.to_string()), changed);
        assert_eq!(stayed("contact", came.to_string()), after);
        assert_eq!(stayed("contact", kept.to_string()), None);
        assert_eq!(stayed("follow_up", answered.to_string()), changed);
        assert_eq!(stayed("follow_up", written.to_string()), after);
        assert_eq!(stayed("follow_up", quiet.to_string()), None);
        // The contract with all that belongs to it, since money came on it; the others go back.
        assert_eq!(stayed("contract", world.supplemented.to_string()), changed);
        assert_eq!(stayed("receipt", world.receipt.to_string()), changed);
        assert_eq!(stayed("contract", world.contract.to_string()), None);
        assert_eq!(alice.contract(world.supplemented).unwrap().contract.customer, here);
        assert_eq!(alice.contract(world.contract).unwrap().contract.customer, there);
        assert_eq!(alice.customer_credit(there).unwrap()[0].balance.to_string(), "50.00");
        assert!(alice.customer_credit(here).unwrap().is_empty());
        let contacts = |id| alice.customer_panels(id).unwrap().contacts;
        assert_eq!(
            contacts(there).iter().map(|contact| (contact.id, contact.primary)).collect::<Vec<_>>(),
            [(kept, true)]
        );
        assert_eq!(contacts(here).iter().filter(|contact| contact.primary).count(), 1);
        assert_eq!(alice.customer(here).unwrap().level, Some(entry("a")));
        assert_eq!(alice.merge(merge).unwrap().stayed, undone.stayed);
        assert_eq!(alice.customer(there).unwrap().id, there);
    });
}

#[test]
fn d7_a_later_merge_is_undone_first() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let ids: Vec<CustomerId> =
            ["甲方", "乙方", "丙方", "丁方"].iter().map(|name| create(world, "alice", name)).collect();
        let before = plain_dump(world);
        let first = merge(world, "alice", ids[0], &[ids[1]]);
        let second = merge(world, "alice", ids[0], &[ids[2]]);
        let third = merge(world, "alice", ids[3], &[ids[0]]);
        for id in &ids {
            assert_eq!(alice.customer(*id).unwrap().id, ids[3]);
        }
        let later = |merge| alice.merge(merge).unwrap().later;
        assert_eq!([later(first), later(second), later(third)], [Some(third), Some(third), None]);
        refused(alice.unmerge(first), "later_merge_first");
        refused(alice.unmerge(second), "later_merge_first");
        alice.unmerge(third).unwrap();
        for id in &ids[..3] {
            assert_eq!(alice.customer(*id).unwrap().id, ids[0]);
        }
        refused(alice.unmerge(first), "later_merge_first");
        alice.unmerge(second).unwrap();
        alice.unmerge(first).unwrap();
        assert_eq!(crm_tests::difference(&before, &plain_dump(world)), "");
        assert_eq!(alice.merges(ids[0]).unwrap().len(), 2);
        // And once more from the beginning.
        merge(world, "alice", ids[0], &[ids[1], ids[2], ids[3]]);
        assert_eq!(names(world, "alice", View::Mine).iter().filter(|name| name.ends_with('方')).count(), 1);
    });
}

#[test]
fn k9_a_merge_waits_for_approval() {
    in_every_world(|world| {
        let mut settings = world.bed.host().settings().unwrap();
        settings.contract.approval = vec!["merge".to_owned()];
        world.bed.host().change_settings(settings).unwrap();
        let (here, there) = (world.customer, world.third);
        // Who may see both but dispose of neither may ask.
        world
            .user("alice")
            .share_customer(there, ShareInput { person: Some(user("eve")), ..ShareInput::default() })
            .unwrap();
        let eve = world.user("eve");
        assert!(eve.preview_merge(MergeInput::of(here, vec![there])).unwrap().needs_approval);
        for decision in [ApprovalDecision::Rejected, ApprovalDecision::Approved] {
            let before = plain_dump(world);
            let asked = eve.merge_customers(MergeInput::of(here, vec![there])).unwrap();
            assert_eq!((asked.merge, asked.customer.approval), (None, asked.approval));
            for id in [here, there] {
                refused(
                    world
                        .user("mona")
                        .transfer_customers(vec![id], to("bob"))
                        .map(|done| assert_eq!(done.done, 0, "{done:?}"))
                        .and(world.user("alice").delete_customer(id)),
                    "customer_pending",
                );
            }
            refused(world.user("alice").merge_customers(MergeInput::of(here, vec![there])), "customer_pending");
            world.user("mona").resolve_approval(asked.approval.unwrap(), decision, None, None).unwrap();
            let (one, other) =
                (world.user("alice").customer(here).unwrap(), world.user("alice").customer(there).unwrap());
            assert_eq!((one.approval, other.approval), (None, None));
            if decision == ApprovalDecision::Rejected {
                assert_eq!((one.id, other.id), (here, there));
                assert_ne!(before, plain_dump(world)); // the request is kept
            } else {
                assert_eq!(other.id, here);
            }
        }
    });
}

#[test]
fn d5_two_crossed_merges_at_once_and_an_edit_between() {
    in_every_world(|world| {
        for round in 0..6 {
            let (a, b) =
                (create(world, "alice", &format!("对{round}甲")), create(world, "alice", &format!("对{round}乙")));
            let barrier = std::sync::Barrier::new(3);
            let run = |survivor, source| {
                barrier.wait();
                world.user("alice").merge_customers(MergeInput::of(survivor, vec![source]))
            };
            let (one, other, written) = std::thread::scope(|scope| {
                let one = scope.spawn(|| run(a, b));
                let other = scope.spawn(|| run(b, a));
                let written = scope.spawn(|| {
                    barrier.wait();
                    world.user("alice").follow_up(a, NewFollowUp::text("同时")).unwrap()
                });
                (one.join().unwrap(), other.join().unwrap(), written.join().unwrap())
            });
            let (won, lost, survivor) = match (one, other) {
                (Ok(won), lost) => (won, lost, a),
                (lost, Ok(won)) => (won, lost, b),
                (one, other) => panic!("{one:?} {other:?}"),
            };
            refused(lost, "already_merged");
            let alice = world.user("alice");
            assert_eq!((alice.customer(a).unwrap().id, alice.customer(b).unwrap().id), (survivor, survivor));
            // Wherever it was written, it is under the survivor.
            let at = places(world.bed.crm.store());
            assert_eq!(at[&("follow_up".to_owned(), written.id.to_string())], [survivor.to_string()]);
            alice.unmerge(won.merge.unwrap().id).unwrap();
            assert_ne!(alice.customer(a).unwrap().id, alice.customer(b).unwrap().id);
        }
    });
}

#[test]
fn d5_nobody_gets_more_rights_by_a_merge_than_he_has() {
    in_every_world(|world| {
        let here = world.customer;
        let eve = world.user("eve");
        let own = create(world, "eve", "伊芙的客户");
        let stan = ShareInput { person: Some(user("stan")), right: ShareRight::Edit, ..ShareInput::default() };
        eve.share_customer(own, stan).unwrap();
        // Who only edits the survivor does not share it on.
        refused(eve.merge_customers(MergeInput::of(here, vec![own])), "forbidden");
        let bare = create(world, "eve", "伊芙的另一客户");
        let kept = MergeInput { keep_owners: Some(ShareRight::Edit), ..MergeInput::of(here, vec![bare]) };
        let before = plain_dump(world);
        eve.preview_merge(kept).unwrap();
        assert_eq!(crm_tests::difference(&before, &plain_dump(world)), "");
        // With whom the survivor is shared he is not told either.
        let merge = world.user("alice").merges(here).unwrap()[0].id;
        assert!(effects(&eve.merge(merge).unwrap().items, "share").is_empty());
        // What went back is answered to who may see it.
        let undone = world.user("eve").unmerge(merge).unwrap();
        assert!(undone.customers.is_empty() && undone.merge.sources.is_empty());
        let secret = create(world, "alice", "爱丽丝的客户");
        let hidden = create(world, "alice", "对伊芙隐藏的客户");
        world.user("alice").add_relation(secret, relation(hidden, "partner", false)).unwrap();
        let merge = self::merge(world, "mona", here, &[secret]);
        assert!(effects(&eve.merge(merge).unwrap().items, "relation").is_empty());
        assert_eq!(effects(&world.user("alice").merge(merge).unwrap().items, "relation").len(), 1);
        assert!(eve.unmerge(merge).unwrap().customers.is_empty());
        let told = eve.merges(here).unwrap();
        assert!(told.iter().all(|merge| merge.sources.iter().all(|source| source.id != secret)));
        assert!(eve.merge(merge).unwrap().items.iter().all(|item| item.from == here));
        // Contacts are not united without the rights to them.
        let roles = json!({"roles": [{"id": "sales", "name": "S", "everyone": true, "allow": ["customer.view", "customer.edit", "customer.delete", "customer.merge"]}], "mode": "delta"});
        crm_tests::call(&world.bed.host(), "sync_roles", &roles).unwrap();
        let mut pair = MergeInput::of(here, vec![world.third]);
        pair.contacts = vec![ContactMerge { contact: world.second, into: world.primary }];
        refused(world.user("alice").merge_customers(pair), "forbidden");
    });
}

#[test]
fn d7_what_others_took_or_moved_meanwhile_is_theirs() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let with = |name: &str, contacts: Vec<NewContact>| {
            alice.create_customer(NewCustomer { contacts, ..named(name) }).unwrap().id
        };
        let phone = |name: &str| NewContact { phones: vec!["13800000001".to_owned()], ..contact(name) };
        let here = with("前公司", vec![phone("张三")]);
        let there = with("后公司", vec![NewContact { title: Some("总监".to_owned()), ..phone("张叁") }]);
        // A contact of the survivor stays where the survivor went.
        let mut input = MergeInput::of(here, vec![there]);
        input.contacts = alice.preview_merge(input.clone()).unwrap().equal_contacts;
        let first = alice.merge_customers(input).unwrap().merge.unwrap().id;
        world.user("mona").transfer_customers(vec![here], to("bob")).unwrap();
        world.user("mona").unmerge(first).unwrap();
        let seen = |who: &str| {
            crm_tests::call(&world.user(who), "contacts", &json!({"filter": {"text": "张"}, "page": World::page(20)}))
                .unwrap()
        };
        let names = |who: &str| -> Vec<String> {
            seen(who)["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| row["contact"]["name"].as_str().unwrap().to_owned())
                .collect()
        };
        assert_eq!((names("bob"), names("alice")), (vec!["张三".to_owned()], vec!["张叁".to_owned()]));
        // The survivor took the name over by an edit: the source can't have it back as well.
        let mona = world.user("mona");
        let second = merge(world, "mona", here, &[there]);
        let rename = |name: &str| {
            let version = mona.customer(here).unwrap().version;
            let edit = serde_json::from_value(json!({"version": version, "name": name})).unwrap();
            mona.edit_customer(here, edit).unwrap();
        };
        rename("后公司");
        refused(mona.unmerge(second), "name_taken_since");
        rename("第三名");
        mona.unmerge(second).unwrap();
        // And what it is called no longer is free.
        create(world, "alice", "前公司");
        refused(alice.create_customer(named("后公司")), "same_name");
        // Two receipts with one number: each is reversed for itself.
        let prepay = |customer: CustomerId, who: &str| {
            let prepayment = json!({"on": "2026-11-20", "amount": "50", "voucher": "V1"});
            let input = json!({"customer": customer, "prepayment": prepayment});
            crm_tests::call(&world.user(who), "record_prepayment", &input).unwrap()["id"].clone()
        };
        let receipts = [prepay(here, "bob"), prepay(there, "alice")];
        merge(world, "mona", here, &[there]);
        for receipt in receipts.iter().rev() {
            crm_tests::call(&mona, "reverse_receipt", &json!({"receipt": receipt, "reason": "误"})).unwrap();
        }
        assert_eq!(mona.customer_credit(here).unwrap()[0].balance.to_string(), "0.00");
    });
}

#[test]
fn k5_credit_that_is_used_while_customers_are_merged_is_counted_once() {
    in_every_world(|world| {
        for _ in 0..4 {
            let alice = world.user("alice");
            let there = create(world, "alice", "预收客户");
            let call = |operation: &str, input| crm_tests::call(&world.user("alice"), operation, &input).unwrap();
            let contract =
                call("create_contract", json!({"customer": there, "contract": {"name": "C", "amount": "100"}}));
            call("submit_contract", json!({"contract": contract["id"], "version": 1}));
            call("record_prepayment", json!({"customer": there, "prepayment": {"on": "2026-11-20", "amount": "50"}}));
            let barrier = std::sync::Barrier::new(2);
            let (used, merged) = std::thread::scope(|scope| {
                let used = scope.spawn(|| {
                    barrier.wait();
                    call("use_prepayment", json!({"contract": contract["id"], "amount": "5"}))
                });
                let merged = scope.spawn(|| {
                    barrier.wait();
                    merge(world, "alice", world.third, &[there])
                });
                (used.join().unwrap(), merged.join().unwrap())
            });
            assert_eq!(used["amount"], "5.00");
            assert_eq!(alice.customer_credit(world.third).unwrap()[0].balance.to_string(), "45.00");
            alice.unmerge(merged).unwrap();
            let left = |customer| {
                alice.customer_credit(customer).unwrap().iter().map(|own| own.balance.to_string()).collect::<Vec<_>>()
            };
            assert_eq!([left(world.third), left(there)].concat().iter().filter(|own| *own == "45.00").count(), 1);
            world.user("mona").unmerge(merged).unwrap_err();
            let version = alice.customer(there).unwrap().version;
            let edit = json!({"version": version, "name": format!("已用{}", there)});
            alice.edit_customer(there, serde_json::from_value(edit).unwrap()).unwrap();
            // The next round begins without it.
            let rest = left(world.third);
            if rest.iter().any(|own| own == "45.00") {
                return;
            }
        }
    });
}
