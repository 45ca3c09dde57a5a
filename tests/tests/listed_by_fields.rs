//! Lists of contacts, follow-ups and contracts by custom fields: Q1, Q3, A3.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use crm_core::{
    Condition, ContactFilter, ContractQuery, Contracts, CustomFieldInput, CustomValue, CustomerId, Customized, Error,
    FieldAccess, FieldIndex, FieldKey, FieldOrder, FieldRight, FieldType, FieldValue, FollowUpQuery, FollowUps,
    MergeInput, Money, NewContact, NewContract, NewFollowUp, PageRequest, RoleInput, Session, SyncMode, Test,
};
use crm_tests::inputs::{contact, named};
use crm_tests::{World, in_every_world, refused, user, violates};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use std::cmp::Ordering;

const KINDS: [Customized; 3] = [Customized::Contact, Customized::FollowUp, Customized::Contract];

fn key(key: &str) -> FieldKey {
    FieldKey::new(key).unwrap()
}

fn filterable(of: Customized, name: &str, ty: FieldType) -> CustomFieldInput {
    CustomFieldInput { filterable: true, ..CustomFieldInput::new(of, key(name), name, ty) }
}

fn ready(world: &World) {
    while world.bed.host().tick().unwrap().more {}
    for of in KINDS {
        let fields = world.user("adam").custom_fields(of).unwrap();
        assert!(fields.iter().all(|field| field.index != FieldIndex::Building));
    }
}

/// Two fields of each kind, ready.
fn fields(world: &World) {
    for of in KINDS {
        for (name, ty) in [("rank", FieldType::Integer), ("remark", FieldType::Text)] {
            world.user("adam").save_custom_field(filterable(of, name, ty)).unwrap();
        }
    }
    ready(world);
}

fn custom(rank: Option<i64>, note: Option<&str>) -> Vec<CustomValue> {
    let rank = rank.map(|rank| CustomValue { field: key("rank"), value: FieldValue::Integer(rank) });
    let note = note.map(|note| CustomValue { field: key("remark"), value: FieldValue::Text(note.to_owned()) });
    rank.into_iter().chain(note).collect()
}

/// A record of a kind that is called so.
fn made(session: &Session<'_>, of: Customized, customer: CustomerId, name: &str, custom: Vec<CustomValue>) {
    match of {
        Customized::Contact => drop(session.add_contact(customer, NewContact { custom, ..contact(name) }).unwrap()),
        Customized::FollowUp => {
            drop(session.follow_up(customer, NewFollowUp { custom, ..NewFollowUp::text(name) }).unwrap());
        }
        _ => {
            let new = NewContract { custom, ..NewContract::of(name, "100".parse().unwrap()) };
            session.create_contract(customer, new).unwrap();
        }
    }
}

fn order(descending: bool) -> FieldOrder {
    FieldOrder { field: key("rank"), descending }
}

/// A page of what a person finds of his own.
fn page(
    session: &Session<'_>,
    of: Customized,
    matching: Option<&Condition>,
    order_by: Option<FieldOrder>,
    page: PageRequest,
) -> Result<(Vec<String>, Option<String>), Error> {
    let matching = matching.cloned();
    Ok(match of {
        Customized::Contact => {
            let found = session.contacts(ContactFilter { mine: true, matching, order_by, text: None }, page)?;
            (found.items.into_iter().map(|row| row.contact.name).collect(), found.next)
        }
        Customized::FollowUp => {
            let query = FollowUpQuery { matching, order_by, ..FollowUps::Mine.into() };
            let found = session.follow_ups(query, page)?;
            (found.items.into_iter().map(|view| view.follow_up.content).collect(), found.next)
        }
        _ => {
            let query = ContractQuery { matching, order_by, ..Contracts::Mine.into() };
            let found = session.contracts(query, page)?;
            (found.items.into_iter().map(|row| row.contract.name).collect(), found.next)
        }
    })
}

/// All that a person finds of those that have a name of ours, page by page.
fn found(session: &Session<'_>, of: Customized, matching: Option<&Condition>, by: Option<FieldOrder>) -> Vec<String> {
    let (mut all, mut cursor) = (Vec::new(), None);
    loop {
        let request = PageRequest { cursor, ..PageRequest::first(3) };
        let (names, next) = page(session, of, matching, by.clone(), request).unwrap();
        all.extend(names.into_iter().filter(|name| name.starts_with('记')));
        let Some(next) = next else { return all };
        cursor = Some(next);
    }
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}

#[test]
fn q3_contacts_follow_ups_and_contracts_are_found_and_put_in_order_by_their_fields() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let customer = alice.create_customer(named("有记录的客户")).unwrap().id;
        // Before there is a field to find them by.
        for of in KINDS {
            world
                .user("adam")
                .save_custom_field(CustomFieldInput { filterable: false, ..filterable(of, "rank", FieldType::Integer) })
                .unwrap();
            made(&alice, of, customer, "记一", custom(Some(7), None));
            let seven = Condition::equal("custom.rank", FieldValue::Integer(7));
            violates(page(&alice, of, Some(&seven), None, PageRequest::first(3)), "matching.custom.rank", "unknown");
            violates(page(&alice, of, None, Some(order(false)), PageRequest::first(3)), "order_by.field", "unknown");
            world.user("adam").save_custom_field(filterable(of, "rank", FieldType::Integer)).unwrap();
            refused(page(&alice, of, Some(&seven), None, PageRequest::first(3)), "field_building");
            made(&alice, of, customer, "记二", custom(Some(3), None));
        }
        ready(world);
        fields(world);
        for of in KINDS {
            made(&alice, of, customer, "记三", custom(Some(5), Some("华东")));
            made(&alice, of, customer, "记四", custom(None, Some("华北")));
            let matching = |is: Test| Condition::field("custom.rank", is);
            let of_rank = |is: Test| sorted(found(&alice, of, Some(&matching(is)), None));
            assert_eq!(of_rank(Test::AtLeast(FieldValue::Integer(5))), ["记一", "记三"]);
            assert_eq!(of_rank(Test::Empty), ["记四"]);
            let begins = Condition::field("custom.remark", Test::BeginsWith("华".to_owned()));
            assert_eq!(sorted(found(&alice, of, Some(&begins), None)), ["记三", "记四"]);
            assert_eq!(
                found(&alice, of, Some(&matching(Test::Greater(FieldValue::Integer(0)))), Some(order(false))),
                ["记二", "记三", "记一"]
            );
            assert_eq!(found(&alice, of, None, Some(order(true))), ["记一", "记三", "记二", "记四"]);
            // A marker belongs to the order that gave it.
            let next = page(&alice, of, None, Some(order(true)), PageRequest::first(1)).unwrap().1.unwrap();
            refused(page(&alice, of, None, None, PageRequest::first(1).after(next)), "cursor_foreign");
        }
    });
}

#[test]
fn q1_follow_ups_and_contracts_are_found_by_what_they_have_by_themselves() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let customer = alice.create_customer(named("有记录的客户")).unwrap().id;
        made(&alice, Customized::FollowUp, customer, "记一", vec![]);
        made(&alice, Customized::Contract, customer, "记一", vec![]);
        let names = |of, condition: &Condition| found(&alice, of, Some(condition), None);
        let author = |who: &str| Condition::equal("author", FieldValue::Person(user(who)));
        assert_eq!(names(Customized::FollowUp, &author("alice")), ["记一"]);
        assert!(names(Customized::FollowUp, &author("bob")).is_empty());
        let amount = |amount: &str| {
            FieldValue::Money(Money { amount: amount.parse().unwrap(), currency: crm_core::Currency::CNY })
        };
        let unpaid = |is| Condition::field("unreceived", is);
        // Of a draft nothing is to be received.
        assert!(names(Customized::Contract, &unpaid(Test::AtLeast(amount("1")))).is_empty());
        assert_eq!(names(Customized::Contract, &unpaid(Test::Less(amount("1")))), ["记一"]);
        assert_eq!(names(Customized::Contract, &Condition::field("name", Test::Contains("记".to_owned()))), ["记一"]);
        for (of, name) in
            [(Customized::Contact, "name"), (Customized::FollowUp, "stage"), (Customized::Contract, "note")]
        {
            let condition = Condition::field(name, Test::Empty);
            let field = format!("matching.{name}");
            violates(page(&alice, of, Some(&condition), None, PageRequest::first(3)), &field, "unknown");
        }
        let both = ContractQuery {
            order: Some(crm_core::ContractOrder::Number),
            order_by: Some(order(false)),
            ..Contracts::Mine.into()
        };
        violates(alice.contracts(both, PageRequest::first(3)), "order_by", "not_allowed");
        let deep = (0..12).fold(Condition::All(vec![]), |inner, _| Condition::Not(Box::new(inner)));
        for of in KINDS {
            violates(page(&alice, of, Some(&deep), None, PageRequest::first(3)), "matching.condition", "too_many");
        }
    });
}

#[test]
fn q3_so_many_fields_are_filterable_and_no_more() {
    in_every_world(|world| {
        let adam = world.user("adam");
        for (of, most) in [(Customized::Contact, 4), (Customized::FollowUp, 2), (Customized::Contract, 4)] {
            for place in 0..most {
                adam.save_custom_field(filterable(of, &format!("f{place}"), FieldType::Text)).unwrap();
            }
            let error =
                refused(adam.save_custom_field(filterable(of, "more", FieldType::Text)), "too_many_filterable_fields");
            assert_eq!(error.data()["most"], most.to_string());
        }
    });
}

#[test]
fn a3_lists_are_not_narrowed_or_ordered_by_fields_that_are_hidden() {
    in_every_world(|world| {
        let (alice, adam) = (world.user("alice"), world.user("adam"));
        let customer = alice.create_customer(named("有记录的客户")).unwrap().id;
        fields(world);
        for of in KINDS {
            made(&alice, of, customer, "记一", custom(Some(7), None));
            let seven = Condition::equal("custom.rank", FieldValue::Integer(7));
            for access in [FieldAccess::Hidden, FieldAccess::Masked] {
                let right = FieldRight { field: format!("{}.custom.rank", of.as_str()), access };
                let role = RoleInput {
                    fields: vec![right],
                    people: vec![user("alice")],
                    ..RoleInput::named("blind", "Blind").unwrap()
                };
                adam.sync_roles(vec![role], SyncMode::Delta).unwrap();
                violates(
                    page(&alice, of, Some(&seven), None, PageRequest::first(3)),
                    "matching.custom.rank",
                    "unknown",
                );
                violates(
                    page(&alice, of, None, Some(order(false)), PageRequest::first(3)),
                    "order_by.field",
                    "unknown",
                );
            }
            assert_eq!(found(&alice, of, None, None), ["记一"]);
        }
    });
}

/// A record as the oracle knows it.
#[derive(Debug, Clone)]
struct Known {
    name: String,
    rank: Option<i64>,
    note: Option<&'static str>,
}

const NOTES: [&str; 3] = ["甲", "乙", "甲乙"];

fn any_condition() -> impl Strategy<Value = Condition> {
    let rank = (0_i64..6).prop_map(FieldValue::Integer);
    let compared = prop::sample::select(vec![
        Test::Equal as fn(FieldValue) -> Test,
        Test::Less,
        Test::AtMost,
        Test::Greater,
        Test::AtLeast,
    ]);
    let note = prop::sample::select(NOTES.to_vec());
    let leaf = prop_oneof![
        3 => (compared, rank).prop_map(|(by, rank)| Condition::field("custom.rank", by(rank))),
        1 => Just(Condition::field("custom.rank", Test::Empty)),
        1 => note.clone().prop_map(|note| Condition::equal("custom.remark", FieldValue::Text(note.to_owned()))),
        1 => note.prop_map(|note| Condition::field("custom.remark", Test::Contains(note.to_owned()))),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Condition::All),
            prop::collection::vec(inner.clone(), 0..3).prop_map(Condition::Any),
            inner.prop_map(|inner| Condition::Not(Box::new(inner))),
        ]
    })
}

/// What a condition means, written apart from the library.
fn holds(condition: &Condition, of: &Known) -> bool {
    match condition {
        Condition::All(all) => all.iter().all(|inner| holds(inner, of)),
        Condition::Any(any) => any.iter().any(|inner| holds(inner, of)),
        Condition::Not(inner) => !holds(inner, of),
        Condition::Related(_) => unreachable!(),
        Condition::Field(test) if test.key == "custom.rank" => {
            let compared = |value: &FieldValue| match value {
                FieldValue::Integer(asked) => of.rank.map(|rank| rank.cmp(asked)),
                _ => None,
            };
            let is = |value: &FieldValue, all: &[Ordering]| compared(value).is_some_and(|own| all.contains(&own));
            match &test.is {
                Test::Equal(value) => is(value, &[Ordering::Equal]),
                Test::Less(value) => is(value, &[Ordering::Less]),
                Test::AtMost(value) => is(value, &[Ordering::Less, Ordering::Equal]),
                Test::Greater(value) => is(value, &[Ordering::Greater]),
                Test::AtLeast(value) => is(value, &[Ordering::Greater, Ordering::Equal]),
                _ => of.rank.is_none(),
            }
        }
        Condition::Field(test) => match &test.is {
            Test::Equal(FieldValue::Text(text)) => of.note == Some(text.as_str()),
            Test::Contains(text) => of.note.is_some_and(|note| note.contains(text.as_str())),
            _ => unreachable!(),
        },
    }
}

#[test]
fn q1_random_conditions_on_them_find_what_an_oracle_finds() {
    in_every_world(|world| {
        let alice = world.user("alice");
        fields(world);
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let mut all = Vec::new();
        for number in 0..24 {
            let drawn = (prop::option::of(0_i64..6), prop::option::of(prop::sample::select(NOTES.to_vec())));
            let (rank, note) = drawn.new_tree(&mut runner).unwrap().current();
            all.push(Known { name: format!("记{number:02}"), rank, note });
        }
        for of in KINDS {
            let customer = alice.create_customer(named(&format!("{}的客户", of.as_str()))).unwrap().id;
            for known in &all {
                made(&alice, of, customer, &known.name, custom(known.rank, known.note));
            }
            for _ in 0..25 {
                let condition = any_condition().new_tree(&mut runner).unwrap().current();
                let meant = |known: &&Known| holds(&condition, known);
                let meant: Vec<String> = all.iter().filter(meant).map(|known| known.name.clone()).collect();
                assert_eq!(sorted(found(&alice, of, Some(&condition), None)), meant, "{condition:?}");
                // Put in order those that have nothing come first, or last.
                let ranks = |descending| -> Vec<Option<i64>> {
                    let names = found(&alice, of, Some(&condition), Some(order(descending)));
                    assert_eq!(names.len(), meant.len());
                    names.iter().map(|name| all.iter().find(|known| known.name == *name).unwrap().rank).collect()
                };
                assert!(ranks(false).is_sorted(), "{condition:?}");
                assert!(ranks(true).is_sorted_by(|a, b| a >= b), "{condition:?}");
            }
        }
    });
}

#[test]
fn d7_what_records_are_found_by_is_no_change_of_them_and_comes_back_with_them() {
    in_every_world(|world| {
        let (alice, adam) = (world.user("alice"), world.user("adam"));
        let rank = |of| CustomFieldInput { filterable: false, ..filterable(of, "rank", FieldType::Integer) };
        for of in KINDS {
            adam.save_custom_field(rank(of)).unwrap();
        }
        let two = ["记录甲", "记录乙"].map(|name| {
            let customer = alice.create_customer(named(name)).unwrap().id;
            for of in KINDS {
                made(&alice, of, customer, "记一", custom(Some(7), None));
            }
            customer
        });
        let merged = || {
            let merge = MergeInput::of(two[0], vec![two[1]]);
            alice.merge_customers(merge).unwrap().merge.unwrap().id
        };
        let whole = |merge, when: &str| {
            let back = alice.unmerge(merge).unwrap();
            assert!(back.stayed.is_empty(), "{when}: {:?}", back.stayed);
            let seven = Condition::equal("custom.rank", FieldValue::Integer(7));
            let less = Condition::less("custom.rank", FieldValue::Integer(7));
            for of in KINDS {
                assert_eq!(found(&alice, of, Some(&seven), None).len(), 2, "{when}: {of:?}");
                assert!(found(&alice, of, Some(&less), None).is_empty(), "{when}: {of:?}");
            }
        };
        // Made filterable after the merge.
        let merge = merged();
        for of in KINDS {
            adam.save_custom_field(filterable(of, "rank", FieldType::Integer)).unwrap();
        }
        ready(world);
        whole(merge, "made filterable after it");
        whole(merged(), "filterable before it");
        // The place that it had there is another field's by now.
        let merge = merged();
        for of in KINDS {
            adam.save_custom_field(rank(of)).unwrap();
            adam.save_custom_field(filterable(of, "other", FieldType::Integer)).unwrap();
            adam.save_custom_field(filterable(of, "rank", FieldType::Integer)).unwrap();
        }
        ready(world);
        whole(merge, "in another place");
        for of in KINDS {
            let other = Condition::equal("custom.other", FieldValue::Integer(7));
            assert!(found(&alice, of, Some(&other), None).is_empty(), "{of:?}");
        }
    });
}
