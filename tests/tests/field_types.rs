//! A field that comes to hold something else: Q3.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use crm_core::{
    Condition, CustomFieldInput, CustomValue, CustomerEdit, CustomerId, CustomerQuery, Customized, EntryCode, FieldKey,
    FieldOption, FieldType, FieldTypeChange, FieldValue, MergeInput, NewContact, NewCustomer, NewFollowUp, PageRequest,
    SavedQueryInput, Test, View,
};
use crm_tests::{World, difference, in_every_world, refused, violates};
use proptest::prelude::*;
use proptest::strategy::ValueTree;

fn key(text: &str) -> FieldKey {
    FieldKey::new(text).unwrap()
}

fn field(name: &str, ty: FieldType) -> CustomFieldInput {
    CustomFieldInput::new(Customized::Customer, key(name), format!("字段 {name}"), ty)
}

fn code(text: &str) -> EntryCode {
    EntryCode::new(text).unwrap()
}

fn options() -> Vec<FieldOption> {
    let option = |(own, label): (&str, &str)| FieldOption { code: code(own), label: label.to_owned(), retired: false };
    [("x", "甲"), ("y", "乙"), ("z", "丙")].map(option).to_vec()
}

fn value(name: &str, value: FieldValue) -> CustomValue {
    CustomValue { field: key(name), value }
}

fn text(text: &str) -> FieldValue {
    FieldValue::Text(text.to_owned())
}

fn with(name: &str, custom: Vec<CustomValue>) -> NewCustomer {
    NewCustomer { name: name.to_owned(), custom, ..NewCustomer::default() }
}

fn held(world: &World, id: CustomerId) -> Vec<CustomValue> {
    world.user("alice").customer(id).unwrap().custom
}

#[test]
fn q3_every_value_becomes_one_of_the_new_type_or_nothing_changes() {
    in_every_world(|world| {
        let (adam, alice) = (world.user("adam"), world.user("alice"));
        let area = |ty| CustomFieldInput { filterable: true, ..field("area", ty) };
        adam.save_custom_field(area(FieldType::Text)).unwrap();
        while world.bed.host().tick().unwrap().more {}
        let of = |name: &str, own: &str| alice.create_customer(with(name, vec![value("area", text(own))])).unwrap().id;
        let (fits, odd) = (of("fits", "1,200"), of("odd", "很大"));
        let none = alice.create_customer(with("none", Vec::new())).unwrap().id;
        let deleted = of("deleted", "7");
        alice.delete_customer(deleted).unwrap();
        let before = world.bed.dump();
        let preview = adam.change_field_type(area(FieldType::Integer), true).unwrap();
        assert_eq!((preview.values, preview.unfit, preview.field.field_type), (3, 1, FieldType::Integer));
        assert_eq!(preview.examples[0].record, odd.to_string());
        assert_eq!((preview.examples[0].name.as_str(), &preview.examples[0].value), ("odd", &text("很大")));
        refused(adam.change_field_type(area(FieldType::Integer), false), "field_values_unfit");
        assert_eq!(difference(&before, &world.bed.dump()), "");
        // What would lose something does not fit.
        let says = |own: &str| {
            let version = alice.customer(odd).unwrap().version;
            let edit = CustomerEdit { version, custom: vec![value("area", text(own))], ..CustomerEdit::default() };
            alice.edit_customer(odd, edit).unwrap();
        };
        for own in ["007", "+8613800138000", "1,2,3", "138, 139", "138 139", "1.2,3", "1.5", "0,123", "12个"] {
            says(own);
            assert_eq!(adam.change_field_type(area(FieldType::Integer), true).unwrap().unfit, 1, "{own}");
        }
        says("2026-03-01 起每年续签");
        assert_eq!(adam.change_field_type(area(FieldType::Date), true).unwrap().unfit, 3);
        says("2026年3月1日");
        assert_eq!(adam.change_field_type(area(FieldType::Date), true).unwrap().unfit, 2);
        // Bounds count as what fits.
        let bounded = CustomFieldInput { most: Some(FieldValue::Integer(10)), ..area(FieldType::Integer) };
        assert_eq!(adam.change_field_type(bounded, true).unwrap().unfit, 2);
        says("80");
        let FieldTypeChange { field, values, unfit, .. } =
            adam.change_field_type(area(FieldType::Integer), false).unwrap();
        assert_eq!((field.field_type, values, unfit), (FieldType::Integer, 3, 0));
        assert_eq!(held(world, fits), [value("area", FieldValue::Integer(1_200))]);
        assert_eq!(held(world, none), []);
        assert_eq!(adam.restore_customer(deleted, None).unwrap().custom, [value("area", FieldValue::Integer(7))]);
        // Records are found by what they have now, in its order.
        let more = Condition::field("custom.area", Test::Greater(FieldValue::Integer(50)));
        let query = CustomerQuery { matching: Some(more), ..View::Mine.into() };
        let page = alice.customers(query, PageRequest::first(10)).unwrap();
        let mut found: Vec<CustomerId> = page.items.iter().map(|customer| customer.id).collect();
        found.sort();
        assert_eq!(found, {
            let mut both = [fits, odd];
            both.sort();
            both
        });
        let late = alice.create_customer(with("late", vec![value("area", text("x"))]));
        violates(late, "custom[0].value", "malformed");
        let history = adam.settings_history(PageRequest::first(20)).unwrap().items;
        let told = history
            .iter()
            .flat_map(|entry| &entry.changes)
            .any(|change| change.field.ends_with("area.field_type") && change.was.is_some());
        assert!(told);
    });
}

#[test]
fn q3_a_change_of_type_is_refused_where_it_would_leave_something_behind() {
    in_every_world(|world| {
        let (adam, alice) = (world.user("adam"), world.user("alice"));
        adam.save_custom_field(field("plain", FieldType::Text)).unwrap();
        adam.save_custom_field(CustomFieldInput { unique: true, ..field("tax", FieldType::Text) }).unwrap();
        let number = CustomFieldInput { number: Some("N{random}".into()), ..field("serial", FieldType::AutoNumber) };
        adam.save_custom_field(number).unwrap();
        let shown = Condition::field("custom.plain", Test::Contains("a".into()));
        adam.save_custom_field(CustomFieldInput { visible_when: Some(shown), ..field("shown", FieldType::Date) })
            .unwrap();
        let before = world.bed.dump();
        let change = |input: CustomFieldInput| adam.change_field_type(input, false);
        refused(change(field("tax", FieldType::Integer)), "field_type_fixed");
        refused(change(field("serial", FieldType::Text)), "field_type_fixed");
        refused(change(field("none", FieldType::Text)), "not_found");
        violates(change(field("plain", FieldType::Text)), "field_type", "repeated");
        violates(change(field("plain", FieldType::Integer)), "field_type", "not_allowed");
        violates(change(field("shown", FieldType::OneOf)), "options", "required");
        refused(change(CustomFieldInput { version: Some(9), ..field("plain", FieldType::LongText) }), "conflict");
        refused(alice.change_field_type(field("plain", FieldType::LongText), true), "forbidden");
        let unique = CustomFieldInput { unique: true, ..field("plain", FieldType::LongText) };
        refused(change(unique), "field_unique_fixed");
        refused(change(CustomFieldInput { unique: true, ..field("shown", FieldType::Integer) }), "field_unique_fixed");
        refused(adam.save_custom_field(field("plain", FieldType::Integer)), "field_type_fixed");
        assert_eq!(difference(&before, &world.bed.dump()), "");
    });
}

#[test]
fn q3_contacts_follow_ups_and_contracts_change_along_and_merges_bring_nothing_odd_back() {
    in_every_world(|world| {
        let (adam, alice) = (world.user("adam"), world.user("alice"));
        for of in [Customized::Contact, Customized::FollowUp] {
            adam.save_custom_field(CustomFieldInput { of, ..field("x", FieldType::Text) }).unwrap();
        }
        let custom = || vec![value("x", text("12"))];
        let contact = NewContact { name: "王五".into(), custom: custom(), ..NewContact::default() };
        let contact = alice.add_contact(world.customer, contact).unwrap();
        let follow_up = NewFollowUp { custom: custom(), ..NewFollowUp::text("拜访") };
        let follow_up = alice.follow_up(world.customer, follow_up).unwrap();
        for of in [Customized::Contact, Customized::FollowUp] {
            let became =
                adam.change_field_type(CustomFieldInput { of, ..field("x", FieldType::Decimal) }, false).unwrap();
            assert_eq!((became.values, became.unfit), (1, 0));
        }
        let became = [value("x", FieldValue::Decimal("12".parse().unwrap()))];
        let contacts = alice.customer_panels(world.customer).unwrap().contacts;
        let now = contacts.iter().find(|own| own.id == contact.id).unwrap();
        assert_eq!((now.custom.as_slice(), now.version), (&became[..], contact.version + 1));
        let views =
            alice.follow_ups(crm_core::FollowUps::Of { customer: world.customer }, PageRequest::first(5)).unwrap();
        let now = views.items.iter().find(|own| own.follow_up.id == follow_up.id).unwrap();
        assert_eq!(now.follow_up.custom, became);

        adam.save_custom_field(field("size", FieldType::Text)).unwrap();
        let (one, two) = (with("one", vec![value("size", text("大"))]), with("two", vec![value("size", text("7"))]));
        let (one, two) = (alice.create_customer(one).unwrap().id, alice.create_customer(two).unwrap().id);
        let choice = crm_core::MergeChoice { field: "custom.size".into(), from: two };
        let merged =
            alice.merge_customers(MergeInput { fields: vec![choice], ..MergeInput::of(one, vec![two]) }).unwrap();
        assert_eq!(merged.customer.custom, [value("size", text("7"))]);
        // One that is left as the merge left it, and a contact that was united with another one.
        let three = alice.create_customer(with("three", vec![value("size", text("很大"))])).unwrap().id;
        let four = alice.create_customer(with("four", Vec::new())).unwrap().id;
        let person = |own: &str| {
            let custom = vec![value("x", FieldValue::Decimal(own.parse().unwrap()))];
            NewContact { name: "赵六".into(), phones: vec!["13800138000".into()], custom, ..NewContact::default() }
        };
        alice.add_contact(three, person("1")).unwrap();
        let united = alice.add_contact(four, person("2.5")).unwrap();
        let choice = crm_core::MergeChoice { field: "custom.size".into(), from: four };
        let input = MergeInput { fields: vec![choice], ..MergeInput::of(three, vec![four]) };
        let other = alice.merge_customers(input).unwrap().merge.unwrap();
        adam.change_field_type(field("size", FieldType::Integer), false).unwrap();
        let contacts = CustomFieldInput { of: Customized::Contact, ..field("x", FieldType::Integer) };
        let preview = adam.change_field_type(contacts.clone(), true).unwrap();
        if preview.unfit == 0 {
            adam.change_field_type(contacts, false).unwrap();
        }
        alice.unmerge(other.id).unwrap();
        assert_eq!(held(world, three), []);
        let kept = alice.customer_panels(four).unwrap().contacts;
        let whole = |own: &CustomValue| matches!(own.value, FieldValue::Integer(_)) || preview.unfit > 0;
        assert!(kept.iter().all(|own| own.custom.iter().all(whole)), "{united:?} {kept:?}");
        alice.unmerge(merged.merge.unwrap().id).unwrap();
        assert_eq!(held(world, two), [value("size", FieldValue::Integer(7))]);
        // What it was called before is nothing that it can have.
        assert!(held(world, one).iter().all(|own| matches!(own.value, FieldValue::Integer(_))));
    });
}

/// Of a field whose type changes no value of the type before is left, whoever writes meanwhile.
#[test]
fn q3_who_writes_meanwhile_leaves_no_value_of_the_type_before() {
    in_every_world(|world| {
        let adam = world.user("adam");
        adam.save_custom_field(field("size", FieldType::Text)).unwrap();
        for number in 0..30 {
            world
                .user("alice")
                .create_customer(with(&format!("first {number}"), vec![value("size", text("12"))]))
                .unwrap();
        }
        std::thread::scope(|scope| {
            let writers: Vec<_> = (0..3)
                .map(|writer| {
                    scope.spawn(move || {
                        let alice = world.user("alice");
                        let mut refusals = 0;
                        for number in 0..40 {
                            let new = with(&format!("w{writer} {number}"), vec![value("size", text("7"))]);
                            match alice.create_customer(new) {
                                Ok(_) => {}
                                Err(error) if ["field_changing", "contended", "invalid"].contains(&error.code()) => {
                                    refusals += 1
                                }
                                Err(error) => panic!("{error:?}"),
                            }
                        }
                        refusals
                    })
                })
                .collect();
            let changed = adam.change_field_type(field("size", FieldType::Integer), false).unwrap();
            assert!(changed.values >= 30, "{changed:?}");
            writers.into_iter().for_each(|writer| _ = writer.join().unwrap());
        });
        let page = world.user("alice").customers(View::Mine, PageRequest::first(500)).unwrap();
        let values = page.items.iter().flat_map(|customer| &customer.custom).filter(|own| own.field.as_str() == "size");
        assert!(values.clone().count() >= 30);
        assert!(values.into_iter().all(|own| matches!(own.value, FieldValue::Integer(_))));
        // Afterwards it is a field like any other.
        world.user("alice").create_customer(with("later", vec![value("size", FieldValue::Integer(3))])).unwrap();
    });
}

#[test]
fn q3_saved_queries_that_ask_what_can_not_be_asked_any_more_are_counted_and_refused_when_run() {
    in_every_world(|world| {
        let (adam, alice) = (world.user("adam"), world.user("alice"));
        let size = |ty| CustomFieldInput { filterable: true, ..field("size", ty) };
        adam.save_custom_field(size(FieldType::Text)).unwrap();
        while world.bed.host().tick().unwrap().more {}
        let contains = Condition::field("custom.size", Test::Contains("a".into()));
        let query = CustomerQuery { matching: Some(contains), ..View::Mine.into() };
        let saved = SavedQueryInput::named("有大小", query);
        alice.save_query(saved).unwrap();
        let became = adam.change_field_type(size(FieldType::Date), false).unwrap();
        assert_eq!((became.values, became.saved_queries), (0, 1));
    });
}

fn any_value() -> impl Strategy<Value = (FieldType, FieldValue)> {
    let texts = prop::sample::select(vec![
        "12",
        "1.5",
        "2026-03-01",
        "甲",
        "x",
        "甲; 乙",
        "是",
        "a@b.example",
        "1e3",
        "100 USD",
    ]);
    prop_oneof![
        texts.prop_map(|own| (FieldType::Text, text(own))),
        (-3_i64..1_000).prop_map(|own| (FieldType::Integer, FieldValue::Integer(own))),
        prop::sample::select(vec!["0.50", "3", "-2.125"])
            .prop_map(|own| (FieldType::Decimal, FieldValue::Decimal(own.parse().unwrap()))),
        prop::sample::select(vec!["2026-03-01", "1999-12-31"])
            .prop_map(|own| (FieldType::Date, FieldValue::Date(own.parse().unwrap()))),
        any::<bool>().prop_map(|own| (FieldType::YesNo, FieldValue::YesNo(own))),
        prop::sample::select(vec!["x", "y", "z"]).prop_map(|own| (FieldType::OneOf, FieldValue::OneOf(code(own)))),
        prop::sample::subsequence(vec!["x", "y", "z"], 1..=3)
            .prop_map(|own| (FieldType::ManyOf, FieldValue::ManyOf(own.into_iter().map(code).collect()))),
    ]
}

/// There and back again is what it was, wherever both ways are open: nothing is lost underway.
#[test]
fn q3_what_becomes_another_type_and_back_is_what_it_was() {
    in_every_world(|world| {
        let (adam, alice) = (world.user("adam"), world.user("alice"));
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let into = prop::sample::select(vec![
            FieldType::Text,
            FieldType::LongText,
            FieldType::Integer,
            FieldType::Decimal,
            FieldType::Date,
            FieldType::OneOf,
            FieldType::ManyOf,
            FieldType::YesNo,
        ]);
        let (mut there, mut back) = (0, 0);
        for round in 0..110 {
            let ((from, own), into) = (any_value(), into.clone()).new_tree(&mut runner).unwrap().current();
            if from == into {
                continue;
            }
            let name = format!("f{round}");
            let input = |ty: FieldType| {
                let options = if matches!(ty, FieldType::OneOf | FieldType::ManyOf) { options() } else { Vec::new() };
                CustomFieldInput { options, ..field(&name, ty) }
            };
            adam.save_custom_field(input(from)).unwrap();
            let id = alice.create_customer(with(&format!("c{round}"), vec![value(&name, own.clone())])).unwrap().id;
            let of_field = || held(world, id).into_iter().find(|own| own.field.as_str() == name).map(|own| own.value);
            let preview = adam.change_field_type(input(into), true).unwrap();
            let changed = adam.change_field_type(input(into), false);
            assert_eq!((preview.values, preview.unfit == 0), (1, changed.is_ok()), "{own:?} {into:?}");
            if changed.is_ok() {
                there += 1;
                if adam.change_field_type(input(from), false).is_ok() {
                    back += 1;
                    let now = of_field().unwrap();
                    let same = match (&own, &now) {
                        // A text may be written otherwise.
                        (FieldValue::Text(_), FieldValue::Text(_)) => true,
                        (own, now) => own == now,
                    };
                    assert!(same, "{own:?} {into:?} {now:?}");
                }
            } else {
                assert_eq!(of_field(), Some(own));
            }
            adam.save_custom_field(CustomFieldInput { retired: true, ..input(adam_type(world, &name)) }).unwrap();
        }
        assert!(there > 15 && back > 10, "{there} {back}");
    });
}

fn adam_type(world: &World, name: &str) -> FieldType {
    let fields = world.user("adam").custom_fields(Customized::Customer).unwrap();
    fields.into_iter().find(|field| field.key.as_str() == name).unwrap().field_type
}
