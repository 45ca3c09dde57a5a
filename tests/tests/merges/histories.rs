//! Random histories: a merge and its taking back lose nothing.

use crate::state::{places, scopes_agree, state};
use crm_core::{
    ContactMerge, CustomerId, MergeChoice, MergeEffect, MergeInput, NewContact, NewFollowUp, ShareInput, ShareRight,
};
use crm_tests::inputs::{named, relation};
use crm_tests::{Bed, World, call, difference, user};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Something that people do, to one customer or two of them.
#[derive(Debug, Clone)]
enum Step {
    Contact { of: usize, name: usize, phone: usize },
    Primary { of: usize, contact: usize },
    EditContact { of: usize, contact: usize },
    RemoveContact { of: usize, contact: usize },
    FollowUp { of: usize, contact: usize, stage: bool, next: bool },
    Reply { of: usize, follow_up: usize },
    Share { of: usize, with: usize, edit: bool, ends: bool },
    EndShare { of: usize, share: usize },
    Relate { of: usize, to: usize, kind: usize },
    Unrelate { of: usize, relation: usize },
    Contract { of: usize, signed: bool, plan: bool },
    Receipt { of: usize, contract: usize },
    Entry { of: usize, contract: usize },
    Prepay { of: usize, voucher: usize },
    UsePrepayment { of: usize, contract: usize },
    Document { of: usize, contract: usize },
    Edit { of: usize, field: usize, value: usize },
    Transfer { of: usize, to: usize },
    Tick,
}

const NAMES: [&str; 4] = ["张三", "李四", "王五", "赵六"];
const GRANTEES: [&str; 4] = ["rhea", "eve", "stan", "bob"];
const FIELDS: [&str; 6] = ["short_name", "level", "phones", "email", "region", "next"];

fn step() -> impl Strategy<Value = Step> {
    use Step::*;
    let n = || 0_usize..5;
    prop_oneof![
        3 => (n(), 0_usize..4, 0_usize..6).prop_map(|(of, name, phone)| Contact { of, name, phone }),
        1 => (n(), n()).prop_map(|(of, contact)| Primary { of, contact }),
        1 => (n(), n()).prop_map(|(of, contact)| EditContact { of, contact }),
        1 => (n(), n()).prop_map(|(of, contact)| RemoveContact { of, contact }),
        3 => (n(), n(), any::<bool>(), any::<bool>()).prop_map(|(of, contact, stage, next)| FollowUp { of, contact, stage, next }),
        1 => (n(), n()).prop_map(|(of, follow_up)| Reply { of, follow_up }),
        3 => (n(), 0_usize..4, any::<bool>(), any::<bool>()).prop_map(|(of, with, edit, ends)| Share { of, with, edit, ends }),
        1 => (n(), n()).prop_map(|(of, share)| EndShare { of, share }),
        4 => (n(), n(), 0_usize..3).prop_map(|(of, to, kind)| Relate { of, to, kind }),
        1 => (n(), n()).prop_map(|(of, relation)| Unrelate { of, relation }),
        2 => (n(), any::<bool>(), any::<bool>()).prop_map(|(of, signed, plan)| Contract { of, signed, plan }),
        2 => (n(), n()).prop_map(|(of, contract)| Receipt { of, contract }),
        1 => (n(), n()).prop_map(|(of, contract)| Entry { of, contract }),
        2 => (n(), 0_usize..3).prop_map(|(of, voucher)| Prepay { of, voucher }),
        1 => (n(), n()).prop_map(|(of, contract)| UsePrepayment { of, contract }),
        1 => (n(), n()).prop_map(|(of, contract)| Document { of, contract }),
        3 => (n(), 0_usize..6, 0_usize..3).prop_map(|(of, field, value)| Edit { of, field, value }),
        1 => (n(), 0_usize..2).prop_map(|(of, to)| Transfer { of, to }),
        1 => Just(Tick),
    ]
}

/// What is done, and what of it was possible does not matter: the same state comes from the same steps.
fn act(world: &World, customers: &[CustomerId], step: &Step) {
    let mona = world.user("mona");
    let of = |place: usize| customers[place % customers.len()];
    let panels = |place: usize| mona.customer_panels(of(place)).unwrap();
    let contact = |place: usize, contact: usize| {
        let contacts = panels(place).contacts;
        contacts.get(contact % contacts.len().max(1)).cloned()
    };
    let contracts = |place: usize| -> Vec<Value> {
        let query = json!({"query": {"of": {"kind": "of", "customer": of(place)}}, "page": World::page(50)});
        let found = call(&mona, "contracts", &query).unwrap();
        found["items"].as_array().unwrap().iter().map(|row| row["contract"].clone()).collect()
    };
    let contract = |place: usize, contract: usize| {
        let all = contracts(place);
        all.get(contract % all.len().max(1)).cloned()
    };
    let attempt = |operation: &str, input: Value| {
        // What is refused is no matter, what is misspelt is.
        let answer = call(&mona, operation, &input);
        assert!(crm_tests::code(&answer) != "invalid", "{operation} {answer:?}");
    };
    match step {
        Step::Contact { of: at, name, phone } => {
            let phones = (*phone > 0).then(|| format!("1380000000{phone}")).into_iter().collect();
            let new = NewContact { name: NAMES[*name].to_owned(), phones, ..NewContact::default() };
            mona.add_contact(of(*at), new).ok();
        }
        Step::Primary { of: at, contact: one } => {
            contact(*at, *one).map(|contact| mona.set_primary_contact(contact.id));
        }
        Step::EditContact { of: at, contact: one } => {
            if let Some(contact) = contact(*at, *one) {
                attempt(
                    "edit_contact",
                    json!({"contact": contact.id, "edit": {"version": contact.version, "title": "经理"}}),
                );
            }
        }
        Step::RemoveContact { of: at, contact: one } => {
            if let Some(contact) = contact(*at, *one) {
                let heir = panels(*at).contacts.iter().map(|other| other.id).find(|id| *id != contact.id);
                mona.remove_contact(contact.id, heir).ok();
            }
        }
        Step::FollowUp { of: at, contact: one, stage, next } => {
            let contact = contact(*at, *one).map(|contact| contact.id);
            let stage = stage.then(|| crm_tests::inputs::entry("contact"));
            let next_at = next.then(|| world.bed.now().plus_days(3));
            mona.follow_up(of(*at), NewFollowUp { contact, stage, next_at, ..NewFollowUp::text("拜访") }).ok();
        }
        Step::Reply { of: at, follow_up } => {
            let all = panels(*at).follow_ups;
            if let Some(view) = all.get(follow_up % all.len().max(1)) {
                attempt("reply", json!({"follow_up": view.follow_up.id, "reply": {"content": "好"}}));
            }
        }
        Step::Share { of: at, with, edit, ends } => {
            let right = if *edit { ShareRight::Edit } else { ShareRight::Read };
            let ends_at = ends.then(|| world.bed.now().plus_days(2));
            let share = ShareInput { person: Some(user(GRANTEES[*with])), right, ends_at, ..ShareInput::default() };
            mona.share_customer(of(*at), share).ok();
        }
        Step::EndShare { of: at, share } => {
            let all = mona.shares(of(*at)).unwrap();
            all.get(share % all.len().max(1)).map(|share| mona.end_share(share.id));
        }
        Step::Relate { of: at, to, kind } => {
            let kind = ["partner", "parent", "business"][*kind];
            mona.add_relation(of(*at), relation(of(*to), kind, false)).ok();
        }
        Step::Unrelate { of: at, relation } => {
            let all = mona.relations(of(*at)).unwrap();
            all.get(relation % all.len().max(1)).map(|relation| mona.remove_relation(relation.id));
        }
        Step::Contract { of: at, signed, plan } => {
            let new = json!({"name": "合同", "amount": "100"});
            let draft = call(&mona, "create_contract", &json!({"customer": of(*at), "contract": new})).unwrap();
            if *plan {
                let instalments =
                    json!([{"amount": "40", "due_on": "2026-12-01"}, {"amount": "60", "due_on": "2026-12-02"}]);
                attempt(
                    "set_payment_plan",
                    json!({"contract": draft["id"], "revision": 0, "instalments": instalments}),
                );
            }
            if *signed {
                attempt("submit_contract", json!({"contract": draft["id"], "version": draft["version"]}));
            }
        }
        Step::Receipt { of: at, contract: one } => {
            if let Some(contract) = contract(*at, *one) {
                attempt(
                    "record_receipt",
                    json!({"contract": contract["id"], "receipt": {"amount": "7", "on": "2026-11-20"}}),
                );
            }
        }
        Step::Entry { of: at, contract: one } => {
            if let Some(contract) = contract(*at, *one) {
                attempt(
                    "add_contract_entry",
                    json!({"contract": contract["id"], "entry": {"kind": "progress", "value": 10}}),
                );
            }
        }
        Step::Prepay { of: at, voucher } => {
            let voucher = (*voucher > 0).then(|| format!("V{voucher}"));
            let prepayment = json!({"amount": "30", "on": "2026-11-20", "voucher": voucher});
            attempt("record_prepayment", json!({"customer": of(*at), "prepayment": prepayment}));
        }
        Step::UsePrepayment { of: at, contract: one } => {
            if let Some(contract) = contract(*at, *one) {
                attempt("use_prepayment", json!({"contract": contract["id"], "amount": "5"}));
            }
        }
        Step::Document { of: at, contract: one } => {
            let mut document = crm_tests::cases::document();
            if let Some(contract) = contract(*at, *one) {
                document["contract"] = contract["id"].clone();
            }
            attempt("attach_document", json!({"customer": of(*at), "document": document}));
        }
        Step::Edit { of: at, field, value } => {
            let customer = mona.customer(of(*at)).unwrap();
            let mut edit = json!({"version": customer.version});
            let text = format!("值{value}");
            match FIELDS[*field] {
                "level" => edit["level"] = json!(["a", "b", "c"][*value]),
                "phones" => edit["phones"] = json!([format!("0571-8888000{value}"), format!("0571-8888100{at}")]),
                "email" => edit["email"] = json!(format!("v{value}@firma{value}.example")),
                "next" => {
                    let at = world.bed.now().plus_days(1 + *value as i64);
                    return attempt("plan_follow_ups", json!({"plans": [{"customer": customer.id, "at": at}]}));
                }
                own => edit[own] = json!(text),
            }
            attempt("edit_customer", json!({"customer": customer.id, "edit": edit}));
        }
        Step::Transfer { of: at, to } => {
            let to = crm_tests::inputs::to(["alice", "bob"][*to]);
            mona.transfer_customers(vec![of(*at)], to).ok();
        }
        Step::Tick => {
            world.bed.clock.advance_days(1);
            world.bed.crm.tick_all().unwrap();
        }
    }
}

/// Three that are merged and two others.
fn people(bed: Bed) -> (World, Vec<CustomerId>) {
    let world = World::in_bed(bed);
    let names = ["杭州甲虫软件有限公司", "甲虫软件（杭州）", "甲壳虫软件有限公司", "外一公司", "外二公司"];
    let customers = names.map(|name| world.user("alice").create_customer(named(name)).unwrap().id).to_vec();
    (world, customers)
}

/// How they are merged.
fn wish(world: &World, customers: &[CustomerId], fields: &[(usize, usize)], owners: bool) -> MergeInput {
    let mut input = MergeInput {
        parent_with_child: true,
        keep_owners: owners.then_some(ShareRight::Edit),
        ..MergeInput::of(customers[0], vec![customers[1], customers[2]])
    };
    let all = ["name", "level", "phones", "address", "email", "short_name"];
    let mut chosen = BTreeSet::new();
    for (field, from) in fields.iter().filter(|(field, _)| chosen.insert(*field)) {
        input.fields.push(MergeChoice { field: all[*field].to_owned(), from: customers[*from] });
    }
    if let Ok(preview) = world.user("mona").preview_merge(input.clone()) {
        let mut into = BTreeSet::new();
        let once = |pair: &ContactMerge| into.insert(pair.into);
        input.contacts = preview.equal_contacts.into_iter().filter(once).collect();
    }
    input
}

/// What an effect leaves of its place.
fn at(places: &BTreeMap<(String, String), Vec<String>>, kind: &str, id: &str) -> Vec<String> {
    places.get(&(kind.to_owned(), id.to_owned())).cloned().unwrap_or_default()
}

fn prove(bed: Bed, before: &[Step], between: &[Step], fields: &[(usize, usize)], owners: bool) {
    let (world, customers) = people(bed);
    before.iter().for_each(|step| act(&world, &customers, step));
    let store = world.bed.crm.store();
    let mona = world.user("mona");
    let input = wish(&world, &customers, fields, owners);
    let was = (state(store), places(store));
    let preview = mona.preview_merge(input.clone());
    assert_eq!(difference(&was.0, &state(store)), "", "a preview does nothing");
    let merged = mona
        .merge_customers(MergeInput { fingerprint: preview.as_ref().ok().map(|own| own.fingerprint.clone()), ..input });
    let (preview, merged) = match (preview, merged) {
        (Ok(preview), Ok(merged)) => (preview, merged.merge.unwrap()),
        (Err(shown), Err(refused)) => {
            assert_eq!(shown.code(), refused.code());
            assert_eq!(difference(&was.0, &state(store)), "", "a refusal does nothing");
            return;
        }
        (preview, merged) => panic!("{preview:?} {merged:?}"),
    };
    // The preview told all that moved, and nothing that did not.
    let told = mona.merge(merged.id).unwrap().items;
    let shape = |items: &[crm_core::MergeItem]| -> Vec<(String, String, MergeEffect)> {
        let mut all: Vec<_> = items
            .iter()
            .map(|item| {
                let drawn = item.effect == MergeEffect::Added;
                (item.record.clone(), if drawn { String::new() } else { item.id.clone() }, item.effect)
            })
            .collect();
        all.sort_by_key(|(record, id, effect)| (record.clone(), id.clone(), *effect as u8));
        all
    };
    assert_eq!(shape(&preview.items), shape(&told));
    let now = places(store);
    let sources = [customers[1].to_string(), customers[2].to_string()];
    for ((kind, id), place) in &now {
        assert!(kind == "recent_view" || !place.iter().any(|own| sources.contains(own)), "{kind} {id} {place:?}");
        let moved = was.1.get(&(kind.clone(), id.clone())).is_some_and(|before| before != place);
        // Plans go with their contracts.
        assert!(
            !moved || kind == "instalment" || told.iter().any(|item| item.record == *kind && item.id == *id),
            "{kind} {id}"
        );
    }
    assert_eq!(world.bed.host().rebuild_rollups().unwrap().corrected, 0);
    between.iter().for_each(|step| act(&world, &customers, step));
    let worked = (state(store), places(store));
    let undone = mona.unmerge(merged.id).unwrap();
    scopes_agree(store);
    let back = (state(store), places(store));
    assert_eq!(world.bed.host().rebuild_rollups().unwrap().corrected, 0);
    if between.is_empty() {
        assert_eq!(difference(&was.0, &back.0), "", "with nothing between it is as it was");
        assert!(undone.stayed.is_empty(), "{:?}", undone.stayed);
        return;
    }
    let listed: BTreeSet<(String, String)> =
        undone.stayed.iter().map(|item| (item.record.clone(), item.id.clone())).collect();
    let survivor = customers[0].to_string();
    for ((kind, id), place) in &worked.1 {
        let now = at(&back.1, kind, id);
        // What the survivor had of a credit that was made for it may be gone with the merge, and its owners' shares.
        let credit = kind == "customer_credit";
        assert!(credit || kind == "share" || !now.is_empty(), "{kind} {id} is lost");
        let (origin, listed) = (was.1.get(&(kind.clone(), id.clone())), listed.contains(&(kind.clone(), id.clone())));
        let top = !["instalment", "customer_credit", "approval"].contains(&kind.as_str()) && place.contains(&survivor);
        match origin {
            // It came after the merge.
            None if top && !now.is_empty() => {
                let of_a_contract = now == *place && !listed;
                let contract = of_a_contract && ["receipt", "document"].contains(&kind.as_str());
                assert!(contract || (listed && now == *place), "{kind} {id} came and is not named: {now:?}");
            }
            Some(origin) if top && now != *origin => assert!(listed, "{kind} {id} stayed and is not named"),
            _ => {}
        }
    }
    // Nothing that was there before is lost that nobody took away.
    for (kind, id) in was.1.keys() {
        let gone = at(&back.1, kind, id).is_empty();
        let united = told.iter().any(|item| {
            item.record == *kind && item.id == *id && [MergeEffect::United, MergeEffect::Dropped].contains(&item.effect)
        });
        let taken_away = !united && at(&worked.1, kind, id).is_empty();
        let over = kind == "share" || kind == "customer_credit" || kind == "relation";
        assert!(!gone || taken_away || over, "{kind} {id} is lost");
    }
    // Money is where it was or where it came to, and nowhere twice.
    let credit = |state: &str| -> i64 {
        let rows = state.lines().filter(|line| line.starts_with("customer_credit "));
        let balance = |row: &str| row.split("balance=").nth(1)?.split(' ').next()?.parse::<i64>().ok();
        rows.filter_map(balance).sum()
    };
    assert_eq!(credit(&worked.0), credit(&back.0));
    for customer in &customers {
        let contacts = mona.customer_panels(*customer).unwrap().contacts;
        let primary = contacts.iter().filter(|contact| contact.primary).count();
        assert_eq!(primary, usize::from(!contacts.is_empty()), "{contacts:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// D7: merged and taken back with nothing between, everything is as it was, byte for byte.
    #[test]
    fn d7_a_merge_taken_back_at_once_was_never_there(
        before in proptest::collection::vec(step(), 0..60),
        fields in proptest::collection::vec((0_usize..6, 0_usize..3), 0..4),
        owners in any::<bool>(),
    ) {
        prove(Bed::memory(), &before, &[], &fields, owners);
    }

    /// D7: with work between nothing is lost, and the list of what stayed is complete.
    #[test]
    fn d7_work_between_is_kept_and_named(
        before in proptest::collection::vec(step(), 0..40),
        between in proptest::collection::vec(step(), 1..30),
        fields in proptest::collection::vec((0_usize..6, 0_usize..3), 0..4),
        owners in any::<bool>(),
    ) {
        prove(Bed::memory(), &before, &between, &fields, owners);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3, ..ProptestConfig::default() })]

    /// D7: on every store.
    #[test]
    fn d7_every_store_takes_a_merge_back(
        before in proptest::collection::vec(step(), 20..50),
        between in proptest::collection::vec(step(), 0..12),
    ) {
        for make in Bed::every().into_iter().skip(1) {
            prove(make(), &before, &between, &[(0, 1)], true);
        }
    }
}
