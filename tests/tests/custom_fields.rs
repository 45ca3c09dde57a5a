//! Custom fields and conditions: Q1, Q3.

use crm_core::{
    Condition, Currency, CustomFieldInput, CustomValue, Customer, CustomerEdit, CustomerQuery, Customized, DayRange,
    EntryCode, FieldIndex, FieldKey, FieldOption, FieldOrder, FieldType, FieldValue, MergeChoice, MergeInput, Money,
    NewCustomer, PageRequest, Test, View,
};
use crm_tests::inputs::named;
use crm_tests::{World, in_every_world, refused, user, violates};
use proptest::prelude::*;

fn key(key: &str) -> FieldKey {
    FieldKey::new(key).unwrap()
}

fn code(code: &str) -> EntryCode {
    EntryCode::new(code).unwrap()
}

fn option(of: &str, label: &str) -> FieldOption {
    FieldOption { code: code(of), label: label.to_owned(), retired: false }
}

fn field(name: &str, ty: FieldType) -> CustomFieldInput {
    let options = match ty {
        FieldType::OneOf | FieldType::ManyOf => vec![option("x", "甲"), option("y", "乙"), option("z", "丙")],
        _ => Vec::new(),
    };
    let number = (ty == FieldType::AutoNumber).then(|| "N{yyyy}-{random}".to_owned());
    CustomFieldInput { options, number, ..CustomFieldInput::new(Customized::Customer, key(name), name, ty) }
}

fn filterable(name: &str, ty: FieldType) -> CustomFieldInput {
    CustomFieldInput { filterable: true, ..field(name, ty) }
}

fn value(of: &str, value: FieldValue) -> CustomValue {
    CustomValue { field: key(of), value }
}

fn text(text: &str) -> FieldValue {
    FieldValue::Text(text.to_owned())
}

fn with(name: &str, custom: Vec<CustomValue>) -> NewCustomer {
    NewCustomer { custom, ..named(name) }
}

fn save(world: &World, field: CustomFieldInput) {
    world.user("adam").save_custom_field(field).unwrap();
}

fn ready(world: &World) {
    while world.bed.host().tick().unwrap().more {}
    let fields = world.user("adam").custom_fields(Customized::Customer).unwrap();
    assert!(fields.iter().all(|field| field.index != FieldIndex::Building));
}

fn names(world: &World, who: &str, condition: Condition) -> Vec<String> {
    let query = CustomerQuery { matching: Some(condition), ..View::Mine.into() };
    let page = world.user(who).customers(query, PageRequest::first(200)).unwrap();
    let mut names: Vec<String> = page.items.into_iter().map(|customer| customer.name).collect();
    names.sort();
    names
}

fn edit(customer: &Customer, custom: Vec<CustomValue>, clear: &[&str]) -> CustomerEdit {
    let clear = clear.iter().map(|name| (*name).to_owned()).collect();
    CustomerEdit { version: customer.version, custom, clear, ..CustomerEdit::default() }
}

#[test]
fn q3_a_field_of_every_type_takes_its_values_and_no_others() {
    in_every_world(|world| {
        let money = |amount: &str, currency: &str| {
            FieldValue::Money(Money { amount: amount.parse().unwrap(), currency: Currency::new(currency).unwrap() })
        };
        let day = |day: &str| FieldValue::Date(day.parse().unwrap());
        let good = [
            (FieldType::Text, text("红")),
            (FieldType::LongText, text("一\n二")),
            (FieldType::Integer, FieldValue::Integer(-9_007_199_254_740_991)),
            (FieldType::Decimal, FieldValue::Decimal("0.000001".parse().unwrap())),
            (FieldType::Money, money("12.50", "CNY")),
            (FieldType::Date, day("2028-02-29")),
            (FieldType::Time, FieldValue::Time("2026-11-23T01:00:00Z".parse().unwrap())),
            (FieldType::YesNo, FieldValue::YesNo(false)),
            (FieldType::OneOf, FieldValue::OneOf(code("y"))),
            (FieldType::ManyOf, FieldValue::ManyOf(vec![code("x"), code("z")])),
            (FieldType::Person, FieldValue::Person(user("bob"))),
            (FieldType::Phone, text("+86 571 8888")),
            (FieldType::Email, text("a@b.example")),
            (FieldType::Link, text("https://a.example/x")),
        ];
        let alice = world.user("alice");
        for (place, (ty, own)) in good.iter().enumerate() {
            let name = format!("f{place}");
            save(world, field(&name, *ty));
            let made = alice.create_customer(with(&name, vec![value(&name, own.clone())])).unwrap();
            assert_eq!(made.custom, [value(&name, own.clone())]);
            assert_eq!(alice.customer(made.id).unwrap().custom, made.custom);
            for (other, wrong) in &good {
                if std::mem::discriminant(wrong) != std::mem::discriminant(own) {
                    let wrong = with("wrong", vec![value(&name, wrong.clone())]);
                    violates(alice.create_customer(wrong), "custom[0].value", "malformed");
                    assert_ne!(ty, other);
                }
            }
        }
        let bad = [
            ("f0", text(""), "required"),
            ("f0", text(&"长".repeat(201)), "too_long"),
            ("f0", text("a\nb"), "control_character"),
            ("f2", FieldValue::Integer(9_007_199_254_740_992), "out_of_range"),
            ("f4", money("0.001", "CNY"), "malformed"),
            ("f8", FieldValue::OneOf(code("none")), "unknown"),
            ("f9", FieldValue::ManyOf(vec![code("x"), code("x")]), "repeated"),
            ("f10", FieldValue::Person(user("nobody")), "unknown"),
            ("f10", FieldValue::Person(user("dan")), "unknown"),
            ("f12", text("a@b"), "malformed"),
            ("f13", text("javascript:alert(1)"), "malformed"),
        ];
        for (of, wrong, problem) in bad {
            let answer = alice.create_customer(with("bad", vec![value(of, wrong)]));
            match of {
                "f9" => violates(answer, "custom[0].value[1]", problem),
                _ => violates(answer, "custom[0].value", problem),
            }
        }
        violates(alice.create_customer(with("bad", vec![value("none", text("x"))])), "custom[0].field", "unknown");
        let twice = vec![value("f0", text("x")), value("f0", text("y"))];
        violates(alice.create_customer(with("bad", twice)), "custom[1].field", "repeated");
    });
}

#[test]
fn q3_who_may_manage_fields_and_what_a_field_can_not_be() {
    in_every_world(|world| {
        let adam = world.user("adam");
        refused(world.user("alice").save_custom_field(field("area", FieldType::Text)), "forbidden");
        for bad in ["name", "owner", "custom", "id", "version", "constructor", "created_at"] {
            violates(adam.save_custom_field(field(bad, FieldType::Text)), "key", "not_allowed");
        }
        for bad in ["__proto__", "Area", "1a", "a-b", "面积", &"a".repeat(41)] {
            violates(adam.save_custom_field(field(bad, FieldType::Text)), "key", "malformed");
        }
        save(world, field("area", FieldType::Text));
        // 200 that look alike are one.
        for (place, alike) in ["area", "ＡＲＥＡ", "Area", "ar\u{200b}ea", " area "].iter().enumerate() {
            let other = CustomFieldInput { label: (*alike).to_owned(), ..field(&format!("a{place}"), FieldType::Text) };
            violates(adam.save_custom_field(other), "label", "repeated");
        }
        refused(adam.save_custom_field(field("area", FieldType::Integer)), "field_type_fixed");
        let unique = CustomFieldInput { unique: true, ..field("area", FieldType::Text) };
        refused(adam.save_custom_field(unique), "field_unique_fixed");
        let bounded = |least, most| CustomFieldInput { least, most, ..field("size", FieldType::Integer) };
        let number = |number| Some(FieldValue::Integer(number));
        violates(adam.save_custom_field(bounded(number(3), number(2))), "most", "out_of_range");
        violates(adam.save_custom_field(bounded(Some(text("x")), None)), "least", "malformed");
        let pattern =
            |pattern: &str| CustomFieldInput { pattern: Some(pattern.to_owned()), ..field("code", FieldType::Text) };
        for bad in ["(", "a{1,100000}{1,100000}", "[z-a]"] {
            violates(adam.save_custom_field(pattern(bad)), "pattern", "malformed");
        }
        let default = |default| CustomFieldInput { default_value: Some(default), ..field("sort", FieldType::OneOf) };
        violates(adam.save_custom_field(default(FieldValue::OneOf(code("none")))), "default_value", "unknown");
        let itself = Condition::equal("custom.self", text("x"));
        let shown =
            |visible_when| CustomFieldInput { visible_when: Some(visible_when), ..field("self", FieldType::Text) };
        violates(adam.save_custom_field(shown(itself)), "visible_when.custom.self", "unknown");
        let other = Condition::equal("custom.area", FieldValue::Integer(1));
        violates(adam.save_custom_field(shown(other)), "visible_when.custom.area", "malformed");
        let empty = CustomFieldInput { options: Vec::new(), ..field("sort", FieldType::OneOf) };
        violates(adam.save_custom_field(empty), "options", "required");
    });
}

#[test]
fn q3_required_defaults_bounds_patterns_and_conditions_of_sight_hold() {
    in_every_world(|world| {
        let alice = world.user("alice");
        save(
            world,
            CustomFieldInput { default_value: Some(FieldValue::OneOf(code("x"))), ..field("sort", FieldType::OneOf) },
        );
        let when = Condition::equal("custom.sort", FieldValue::OneOf(code("y")));
        let shown = CustomFieldInput { visible_when: Some(when), required: true, ..field("why", FieldType::Text) };
        save(world, shown);
        let size = |number| FieldValue::Integer(number);
        save(
            world,
            CustomFieldInput { least: Some(size(1)), most: Some(size(9)), ..field("size", FieldType::Integer) },
        );
        save(world, CustomFieldInput { pattern: Some("[A-Z]{2}|\\d".to_owned()), ..field("code", FieldType::Text) });

        let plain = alice.create_customer(named("plain")).unwrap();
        assert_eq!(plain.custom, [value("sort", FieldValue::OneOf(code("x")))]);
        for (number, fits) in [(0, false), (1, true), (9, true), (10, false)] {
            let made = alice.create_customer(with(&format!("size {number}"), vec![value("size", size(number))]));
            if fits { drop(made.unwrap()) } else { violates(made, "custom[0].value", "out_of_range") }
        }
        for (own, fits) in [("AB", true), ("7", true), ("ABC", false), ("77", false), ("xAB", false)] {
            let made = alice.create_customer(with(&format!("code {own}"), vec![value("code", text(own))]));
            if fits { drop(made.unwrap()) } else { violates(made, "custom[0].value", "malformed") }
        }
        // What is not there can't be given; what comes into sight must be.
        violates(alice.create_customer(with("why", vec![value("why", text("x"))])), "custom[0].field", "not_allowed");
        let y = value("sort", FieldValue::OneOf(code("y")));
        violates(alice.create_customer(with("y", vec![y.clone()])), "custom.why", "required");
        let both = alice.create_customer(with("y", vec![y.clone(), value("why", text("so"))])).unwrap();
        violates(alice.edit_customer(both.id, edit(&both, vec![], &["custom.why"])), "custom.why", "required");
        // An edit that hides it drops it.
        let x = vec![value("sort", FieldValue::OneOf(code("x")))];
        let hidden = alice.edit_customer(both.id, edit(&both, x.clone(), &[])).unwrap();
        assert_eq!(hidden.custom, x);
        violates(alice.edit_customer(hidden.id, edit(&hidden, vec![], &["custom.none"])), "clear[0]", "unknown");
        let history = alice.customer_history(hidden.id, PageRequest::first(10)).unwrap();
        let mut changed: Vec<&str> = history.items[0].changes.iter().map(|change| change.field.as_str()).collect();
        changed.sort_unstable();
        assert_eq!(changed, ["custom.sort", "custom.why"]);
    });
}

#[test]
fn q3_what_is_retired_stays_where_it_is_and_is_chosen_no_more() {
    in_every_world(|world| {
        let alice = world.user("alice");
        save(world, field("sort", FieldType::OneOf));
        save(world, field("old", FieldType::Text));
        let y = || FieldValue::OneOf(code("y"));
        let made = alice.create_customer(with("made", vec![value("sort", y()), value("old", text("x"))])).unwrap();
        let fewer = CustomFieldInput { options: vec![option("x", "甲")], ..field("sort", FieldType::OneOf) };
        let saved = world.user("adam").save_custom_field(fewer).unwrap();
        let retired: Vec<bool> = saved.options.iter().map(|option| option.retired).collect();
        assert_eq!(retired, [false, true, true]);
        save(world, CustomFieldInput { retired: true, ..field("old", FieldType::Text) });
        violates(alice.create_customer(with("new", vec![value("sort", y())])), "custom[0].value", "unknown");
        violates(alice.create_customer(with("new", vec![value("old", text("x"))])), "custom[0].field", "unknown");
        // Who holds it keeps it, also when he says so again.
        let kept = alice.edit_customer(made.id, edit(&made, vec![value("sort", y())], &[])).unwrap();
        assert_eq!(kept.custom, made.custom);
        let gone = alice.edit_customer(made.id, edit(&kept, vec![], &["custom.old"])).unwrap();
        assert_eq!(gone.custom, [value("sort", y())]);
    });
}

#[test]
fn q3_unique_values_have_one_holder_through_edits_the_recycle_bin_and_merges() {
    in_every_world(|world| {
        let alice = world.user("alice");
        save(world, CustomFieldInput { unique: true, ..field("tax", FieldType::Text) });
        let tax = |own: &str| vec![value("tax", text(own))];
        let first = alice.create_customer(with("first", tax("ＡＢ 1"))).unwrap();
        let second = alice.create_customer(with("second", tax("2"))).unwrap();
        refused(alice.create_customer(with("tertiary", tax("ab 1"))), "field_value_taken");
        refused(alice.edit_customer(second.id, edit(&second, tax("AB 1"), &[])), "field_value_taken");
        let first = alice.edit_customer(first.id, edit(&first, tax("3"), &[])).unwrap();
        let second = alice.edit_customer(second.id, edit(&second, tax("AB 1"), &[])).unwrap();
        alice.delete_customer(second.id).unwrap();
        let third = alice.create_customer(with("tertiary", tax("ab 1"))).unwrap();
        refused(alice.restore_customer(second.id, None), "field_value_taken");
        // Merged, the survivor holds both; taken back, each its own.
        let merge = MergeInput {
            survivor: first.id,
            sources: vec![third.id],
            fields: vec![MergeChoice { field: "custom.tax".into(), from: third.id }],
            ..MergeInput::of(first.id, vec![third.id])
        };
        let merged = alice.merge_customers(merge).unwrap();
        assert_eq!(merged.customer.custom, tax("ab 1"));
        refused(alice.create_customer(with("fourth", tax("3"))), "field_value_taken");
        refused(alice.create_customer(with("fourth", tax("AB 1"))), "field_value_taken");
        alice.unmerge(merged.merge.unwrap().id).unwrap();
        assert_eq!(alice.customer(first.id).unwrap().custom, tax("3"));
        assert_eq!(alice.customer(third.id).unwrap().custom, tax("ab 1"));
        for own in ["3", "AB 1"] {
            refused(alice.create_customer(with("fourth", tax(own))), "field_value_taken");
        }
    });
}

#[test]
fn q3_automatic_numbers_come_by_themselves_and_stay() {
    in_every_world(|world| {
        let alice = world.user("alice");
        save(world, field("no", FieldType::AutoNumber));
        let made = alice.create_customer(named("made")).unwrap();
        let Some(FieldValue::Text(number)) = made.custom.first().map(|own| own.value.clone()) else {
            panic!("no number")
        };
        assert!(number.starts_with("N2026-") && number.len() == 14, "{number}");
        let given = alice.create_customer(with("given", vec![value("no", text("N1"))]));
        violates(given, "custom[0].field", "not_allowed");
        violates(alice.edit_customer(made.id, edit(&made, vec![], &["custom.no"])), "clear[0]", "unknown");
    });
}

#[test]
fn q3_a_field_made_filterable_finds_what_was_there_before() {
    in_every_world(|world| {
        let alice = world.user("alice");
        save(world, field("size", FieldType::Integer));
        let size = |number| vec![value("size", FieldValue::Integer(number))];
        let before = alice.create_customer(with("before", size(5))).unwrap();
        let five = || Condition::equal("custom.size", FieldValue::Integer(5));
        let query = || CustomerQuery { matching: Some(five()), ..View::Mine.into() };
        violates(alice.customers(query(), PageRequest::first(5)), "matching.custom.size", "unknown");
        save(world, filterable("size", FieldType::Integer));
        refused(alice.customers(query(), PageRequest::first(5)), "field_building");
        // What comes meanwhile has its column at once.
        alice.create_customer(with("meanwhile", size(5))).unwrap();
        ready(world);
        assert_eq!(names(world, "alice", five()), ["before", "meanwhile"]);
        let before = alice.customer(before.id).unwrap();
        assert_eq!(before.version, 1, "finding it is no change of it");
        alice.edit_customer(before.id, edit(&before, size(6), &[])).unwrap();
        assert_eq!(names(world, "alice", five()), ["meanwhile"]);
        // Its place goes to another field, which finds nothing of the old one.
        save(world, field("size", FieldType::Integer));
        violates(alice.customers(query(), PageRequest::first(5)), "matching.custom.size", "unknown");
        save(world, filterable("other", FieldType::Integer));
        ready(world);
        let other = Condition::equal("custom.other", FieldValue::Integer(5));
        assert!(names(world, "alice", other).is_empty());
        for place in 1..8 {
            save(world, filterable(&format!("f{place}"), FieldType::Text));
        }
        refused(
            world.user("adam").save_custom_field(filterable("ninth", FieldType::Text)),
            "too_many_filterable_fields",
        );
    });
}

#[test]
fn q1_conditions_are_bounded_and_name_what_is_wrong() {
    in_every_world(|world| {
        let alice = world.user("alice");
        save(world, filterable("size", FieldType::Integer));
        ready(world);
        let ask = |condition: Condition| {
            let query = CustomerQuery { matching: Some(condition), ..View::Mine.into() };
            alice.customers(query, PageRequest::first(5))
        };
        let one = || Condition::equal("custom.size", FieldValue::Integer(1));
        let deep = (0..10).fold(one(), |inner, _| Condition::Not(Box::new(inner)));
        violates(ask(deep), "matching.condition", "too_many");
        violates(ask(Condition::All(vec![one(); 51])), "matching.condition", "too_many");
        violates(ask(Condition::equal("custom.size", text("1"))), "matching.custom.size", "malformed");
        violates(ask(Condition::equal("custom.none", text("1"))), "matching.custom.none", "unknown");
        violates(ask(Condition::equal("none", text("1"))), "matching.none", "unknown");
        violates(ask(Condition::field("name", Test::Contains("%".repeat(61)))), "matching.name.contains", "too_long");
        violates(
            ask(Condition::field("level", Test::Less(FieldValue::OneOf(code("a"))))),
            "matching.level",
            "malformed",
        );
        let days = |from, to| Condition::field("created_at", Test::Days(DayRange { from, to }));
        violates(ask(days(Some(40_000), None)), "matching.created_at.days.from", "out_of_range");
        violates(ask(days(None, None)), "matching.created_at.days", "required");
        // As JSON: deeper than a text may be, fields that are not there, tests that are none.
        let thousand = format!("{}{{\"all\":[]}}{}", "{\"not\":".repeat(1_000), "}".repeat(1_000));
        for wrong in [
            thousand.as_str(),
            r#"{"field":{"key":"level","is":{"like":"%"}}}"#,
            r#"{"field":{"key":"level","is":"empty","more":1}}"#,
            r#"{"field":{"key":"level","is":{"equal":{"one_of":"a","text":"b"}}}}"#,
            r#"{"sql":"1=1"}"#,
            r#"{"field":{"key":"custom.size","is":{"equal":{"integer":"1"}}}}"#,
        ] {
            let input = format!(r#"{{"query":{{"view":{{"kind":"mine"}},"matching":{wrong}}},"page":{{}}}}"#);
            refused(alice.dispatch("customers", &input), "invalid");
        }
    });
}

/// Values by which customers of the properties differ: of each of eight fields one, or nothing.
const TYPES: [FieldType; 8] = [
    FieldType::Text,
    FieldType::Integer,
    FieldType::Decimal,
    FieldType::Money,
    FieldType::Date,
    FieldType::YesNo,
    FieldType::OneOf,
    FieldType::ManyOf,
];

fn any_value(ty: FieldType) -> BoxedStrategy<FieldValue> {
    let days = prop::sample::select(vec!["2026-11-22", "2026-11-23", "2026-11-24", "2027-01-31"]);
    let texts = prop::sample::select(vec!["红", "ＲＥＤ", "red", "red car", "100%", "a_b", "\\", "'; --", "é"]);
    let decimals = prop::sample::select(vec!["1", "1.0", "-1.5", "0.000001", "120.50", "9007199254740991"]);
    let codes = || prop::sample::select(vec!["x", "y", "z"]);
    match ty {
        FieldType::Text => texts.prop_map(text).boxed(),
        FieldType::Integer => (-2_i64..3).prop_map(FieldValue::Integer).boxed(),
        FieldType::Decimal => decimals.prop_map(|own| FieldValue::Decimal(own.parse().unwrap())).boxed(),
        FieldType::Money => (0_i64..3, prop::sample::select(vec!["CNY", "USD"]))
            .prop_map(|(amount, currency)| {
                let amount = amount.to_string().parse().unwrap();
                FieldValue::Money(Money { amount, currency: Currency::new(currency).unwrap() })
            })
            .boxed(),
        FieldType::Date => days.prop_map(|day| FieldValue::Date(day.parse().unwrap())).boxed(),
        FieldType::YesNo => any::<bool>().prop_map(FieldValue::YesNo).boxed(),
        FieldType::OneOf => codes().prop_map(|own| FieldValue::OneOf(code(own))).boxed(),
        _ => prop::sample::subsequence(vec!["x", "y", "z"], 1..=3)
            .prop_map(|own| FieldValue::ManyOf(own.into_iter().map(code).collect()))
            .boxed(),
    }
}

fn any_test(place: usize) -> BoxedStrategy<Condition> {
    let ty = TYPES[place];
    let name = format!("custom.f{place}");
    let own = || any_value(ty);
    let members = match ty {
        FieldType::ManyOf => prop::collection::vec(any_value(FieldType::OneOf), 0..3).boxed(),
        _ => prop::collection::vec(own(), 0..3).boxed(),
    };
    let mut tests =
        vec![own().prop_map(Test::Equal).boxed(), members.prop_map(Test::OneOf).boxed(), Just(Test::Empty).boxed()];
    match ty {
        FieldType::Text => {
            let parts = || prop::sample::select(vec!["红", "re", "RED", "%", "_", "\\", "d c", "'"]);
            tests.push(parts().prop_map(|own| Test::Contains(own.to_owned())).boxed());
            tests.push(parts().prop_map(|own| Test::BeginsWith(own.to_owned())).boxed());
        }
        FieldType::Integer | FieldType::Decimal | FieldType::Money | FieldType::Date => {
            tests.push(own().prop_map(Test::Less).boxed());
            tests.push(own().prop_map(Test::AtMost).boxed());
            tests.push(own().prop_map(Test::Greater).boxed());
            tests.push(own().prop_map(Test::AtLeast).boxed());
        }
        _ => {}
    }
    if ty == FieldType::Date {
        let edge = || prop::option::of(-2_i32..3);
        let range = (edge(), edge()).prop_filter("a range has an edge", |(from, to)| from.is_some() || to.is_some());
        tests.push(range.prop_map(|(from, to)| Test::Days(DayRange { from, to })).boxed());
    }
    prop::strategy::Union::new(tests).prop_map(move |is| Condition::field(name.clone(), is)).boxed()
}

fn any_condition() -> impl Strategy<Value = Condition> {
    let leaf = (0..TYPES.len()).prop_flat_map(any_test);
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Condition::All),
            prop::collection::vec(inner.clone(), 0..3).prop_map(Condition::Any),
            inner.prop_map(|inner| Condition::Not(Box::new(inner))),
        ]
    })
}

/// What a condition means, written apart from the library: over plain values, without columns.
mod oracle {
    use super::*;
    use std::cmp::Ordering;

    fn folded(text: &str) -> String {
        crm_core::text::fold(text)
    }

    fn parts(text: &str) -> (i128, &str) {
        let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
        let digits = format!("{}{rest:0<6}", whole.trim_start_matches('-'));
        let number: i128 = digits.parse().unwrap();
        (if text.starts_with('-') { -number } else { number }, rest)
    }

    fn order(a: &FieldValue, b: &FieldValue) -> Option<Ordering> {
        match (a, b) {
            (FieldValue::Text(a), FieldValue::Text(b)) => Some(folded(a).cmp(&folded(b))),
            (FieldValue::Integer(a), FieldValue::Integer(b)) => Some(a.cmp(b)),
            (FieldValue::Decimal(a), FieldValue::Decimal(b)) => {
                Some(parts(&a.to_string()).0.cmp(&parts(&b.to_string()).0))
            }
            (FieldValue::Money(a), FieldValue::Money(b)) if a.currency == b.currency => {
                Some(parts(&a.amount.to_string()).0.cmp(&parts(&b.amount.to_string()).0))
            }
            (FieldValue::Date(a), FieldValue::Date(b)) => Some(a.to_string().cmp(&b.to_string())),
            (a, b) if a == b => Some(Ordering::Equal),
            _ => None,
        }
    }

    fn same(a: &FieldValue, b: &FieldValue) -> bool {
        order(a, b) == Some(Ordering::Equal)
    }

    fn passes(own: Option<&FieldValue>, is: &Test, today: i64) -> bool {
        let Some(own) = own else { return *is == Test::Empty };
        let compared = |other: &FieldValue, fits: &[Ordering]| order(own, other).is_some_and(|own| fits.contains(&own));
        match is {
            Test::Equal(other) => same(own, other),
            Test::OneOf(others) => others.iter().any(|other| match (own, other) {
                (FieldValue::ManyOf(chosen), FieldValue::OneOf(code)) => chosen.contains(code),
                _ => same(own, other),
            }),
            Test::Less(other) => compared(other, &[Ordering::Less]),
            Test::AtMost(other) => compared(other, &[Ordering::Less, Ordering::Equal]),
            Test::Greater(other) => compared(other, &[Ordering::Greater]),
            Test::AtLeast(other) => compared(other, &[Ordering::Greater, Ordering::Equal]),
            Test::Contains(part) => matches!(own, FieldValue::Text(own) if folded(own).contains(&folded(part))),
            Test::BeginsWith(part) => matches!(own, FieldValue::Text(own) if folded(own).starts_with(&folded(part))),
            Test::Days(range) => {
                let FieldValue::Date(day) = own else { return false };
                let epoch = chrono::NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
                let day: chrono::NaiveDate = day.to_string().parse().unwrap();
                let away = day.signed_duration_since(epoch).num_days() - today;
                range.from.is_none_or(|from| away >= from.into()) && range.to.is_none_or(|to| away <= to.into())
            }
            Test::Empty => false,
        }
    }

    pub fn holds(condition: &Condition, custom: &[CustomValue], today: i64) -> bool {
        match condition {
            Condition::All(all) => all.iter().all(|inner| holds(inner, custom, today)),
            Condition::Any(any) => any.iter().any(|inner| holds(inner, custom, today)),
            Condition::Not(inner) => !holds(inner, custom, today),
            Condition::Field(test) => {
                let name = test.key.strip_prefix("custom.").unwrap();
                let own = custom.iter().find(|own| own.field.as_str() == name).map(|own| &own.value);
                passes(own, &test.is, today)
            }
            Condition::Related(_) => unreachable!("nothing of others is asked here"),
        }
    }

    /// The customers in the order of a field: what does not have it first, then by id.
    pub fn ordered(mut all: Vec<Customer>, field: &str, descending: bool) -> Vec<Customer> {
        let value = |customer: &Customer| {
            customer.custom.iter().find(|own| own.field.as_str() == field).map(|own| own.value.clone())
        };
        all.sort_by(|a, b| {
            let by_value = match (value(a), value(b)) {
                (None, None) => Ordering::Equal,
                (None, Some(_)) => Ordering::Less,
                (Some(_), None) => Ordering::Greater,
                (Some(FieldValue::Money(a)), Some(FieldValue::Money(b))) if a.currency != b.currency => {
                    a.currency.code().cmp(b.currency.code())
                }
                (Some(FieldValue::YesNo(a)), Some(FieldValue::YesNo(b))) => a.cmp(&b),
                (Some(FieldValue::OneOf(a)), Some(FieldValue::OneOf(b))) => a.as_str().cmp(b.as_str()),
                (Some(FieldValue::ManyOf(a)), Some(FieldValue::ManyOf(b))) => {
                    let joined = |codes: &[EntryCode]| {
                        codes.iter().map(EntryCode::as_str).collect::<Vec<_>>().join("\u{1f}") + "\u{1f}"
                    };
                    joined(&a).cmp(&joined(&b))
                }
                (Some(a), Some(b)) => order(&a, &b).unwrap(),
            };
            let order = by_value.then_with(|| a.id.to_string().cmp(&b.id.to_string()));
            if descending { order.reverse() } else { order }
        });
        all
    }
}

#[test]
fn q1_random_conditions_give_the_same_rows_in_the_same_order_on_every_store() {
    let today = chrono::NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
    let today = today.signed_duration_since(chrono::NaiveDate::from_ymd_opt(1970, 1, 1).unwrap()).num_days();
    in_every_world(|world| {
        for (place, ty) in TYPES.iter().enumerate() {
            save(world, filterable(&format!("f{place}"), *ty));
        }
        ready(world);
        let alice = world.user("alice");
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let values: Vec<BoxedStrategy<Option<FieldValue>>> =
            TYPES.iter().map(|ty| prop::option::of(any_value(*ty)).boxed()).collect();
        for number in 0..60 {
            let drawn = values.clone().new_tree(&mut runner).unwrap();
            let custom = proptest::strategy::ValueTree::current(&drawn).into_iter().enumerate();
            let custom = custom.filter_map(|(place, own)| Some(value(&format!("f{place}"), own?))).collect();
            alice.create_customer(with(&format!("c{number}"), custom)).unwrap();
        }
        let all = alice.customers(View::Mine, PageRequest::first(500)).unwrap().items;
        assert!(all.len() >= 60);
        let asked = (any_condition(), 0..TYPES.len(), any::<bool>(), prop::sample::select(vec![1, 7, 100]));
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        for _ in 0..150 {
            let drawn = asked.new_tree(&mut runner).unwrap();
            let (condition, by, descending, size) = proptest::strategy::ValueTree::current(&drawn);
            let by = format!("f{by}");
            let query = CustomerQuery {
                matching: Some(condition.clone()),
                order_by: Some(FieldOrder { field: key(&by), descending }),
                ..View::Mine.into()
            };
            let expected: Vec<Customer> =
                all.iter().filter(|customer| oracle::holds(&condition, &customer.custom, today)).cloned().collect();
            let expected: Vec<_> =
                oracle::ordered(expected, &by, descending).into_iter().map(|customer| customer.id).collect();
            let mut found = Vec::new();
            let mut page = PageRequest::first(size);
            loop {
                let next = alice.customers(query.clone(), page).unwrap();
                found.extend(next.items.iter().map(|customer| customer.id));
                let Some(after) = next.next else { break };
                page = PageRequest::first(size).after(after);
            }
            assert_eq!(found, expected, "{condition:?} by {by}, descending: {descending}");
        }
    });
}

#[test]
fn q3_a_value_that_a_merge_left_twice_is_held_once_and_given_back() {
    in_every_world(|world| {
        let alice = world.user("alice");
        save(world, CustomFieldInput { unique: true, ..field("tax", FieldType::Text) });
        let tax = |own: &str| vec![value("tax", text(own))];
        // The survivor has none and takes over what the source had, which it is found under as well.
        let first = alice.create_customer(named("first")).unwrap();
        let second = alice.create_customer(with("second", tax("2"))).unwrap();
        let merged = alice.merge_customers(MergeInput::of(first.id, vec![second.id])).unwrap();
        assert_eq!(merged.customer.custom, tax("2"));
        alice.delete_customer(first.id).unwrap();
        alice.restore_customer(first.id, None).unwrap();
        let other = alice.create_customer(named("other")).unwrap();
        alice.merge_customers(MergeInput::of(other.id, vec![first.id])).unwrap();
        refused(alice.create_customer(with("taken", tax("2"))), "field_value_taken");

        // What the survivor gave up for the source's is still its own when that is taken back.
        let third = alice.create_customer(with("tertiary", tax("3"))).unwrap();
        let fourth = alice.create_customer(with("fourth", tax("4"))).unwrap();
        let merge = MergeInput {
            fields: vec![MergeChoice { field: "custom.tax".into(), from: fourth.id }],
            ..MergeInput::of(third.id, vec![fourth.id])
        };
        let merged = alice.merge_customers(merge).unwrap();
        refused(alice.create_customer(with("taken", tax("3"))), "field_value_taken");
        alice.unmerge(merged.merge.unwrap().id).unwrap();
        assert_eq!(alice.customer(third.id).unwrap().custom, tax("3"));
        assert_eq!(alice.customer(fourth.id).unwrap().custom, tax("4"));

        // Two never have it after an unmerge: the survivor gives it up before.
        let merged = alice.merge_customers(MergeInput::of(third.id, vec![fourth.id])).unwrap();
        let now = alice.customer(third.id).unwrap();
        let now = alice.edit_customer(third.id, edit(&now, tax("4"), &[])).unwrap();
        refused(alice.unmerge(merged.merge.as_ref().unwrap().id), "field_value_taken");
        alice.edit_customer(third.id, edit(&now, tax("5"), &[])).unwrap();
        alice.unmerge(merged.merge.unwrap().id).unwrap();
        assert_eq!(alice.customer(fourth.id).unwrap().custom, tax("4"));
    });
}

#[test]
fn q3_long_keys_and_values_a_phone_and_a_pattern_are_held_by_what_they_are() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let long = "k".repeat(40);
        save(world, CustomFieldInput { unique: true, ..field(&long, FieldType::Text) });
        for length in [130, 140, 141, 200] {
            let own = || vec![value(&long, text(&"x".repeat(length)))];
            alice.create_customer(with(&format!("long {length}"), own())).unwrap();
            refused(alice.create_customer(with("again", own())), "field_value_taken");
        }
        save(world, CustomFieldInput { unique: true, ..field("mobile", FieldType::Phone) });
        let mobile = |own: &str| vec![value("mobile", text(own))];
        alice.create_customer(with("mobile", mobile("138 0000 0000"))).unwrap();
        refused(alice.create_customer(with("again", mobile("+86 13800000000"))), "field_value_taken");
        let broken = CustomFieldInput { pattern: Some("a)|(?:b".to_owned()), ..field("code", FieldType::Text) };
        violates(world.user("adam").save_custom_field(broken), "pattern", "malformed");
        let when = Condition::equal("level", FieldValue::OneOf(code("a")));
        let numbered = CustomFieldInput { visible_when: Some(when), ..field("no", FieldType::AutoNumber) };
        violates(world.user("adam").save_custom_field(numbered), "visible_when.visible_when", "not_allowed");
    });
}

#[test]
fn q3_what_is_shown_by_an_entry_is_shown_by_the_one_that_it_is_merged_into() {
    in_every_world(|world| {
        let (alice, adam) = (world.user("alice"), world.user("adam"));
        let when = Condition::equal("level", FieldValue::OneOf(code("a")));
        save(world, CustomFieldInput { visible_when: Some(when), ..field("why", FieldType::Text) });
        let new = NewCustomer { level: Some(code("a")), ..with("made", vec![value("why", text("so"))]) };
        let made = alice.create_customer(new).unwrap();
        adam.merge_dictionary_entries("level".into(), code("a"), code("b")).unwrap();
        let made = alice.customer(made.id).unwrap();
        let renamed = CustomerEdit { region: Some("X".into()), ..edit(&made, vec![], &[]) };
        assert_eq!(alice.edit_customer(made.id, renamed).unwrap().custom, made.custom);
    });
}

#[test]
fn p1_who_may_only_claim_learns_no_phone_of_a_custom_field() {
    in_every_world(|world| {
        let alice = world.user("alice");
        save(world, filterable("mobile", FieldType::Phone));
        save(world, filterable("note", FieldType::Text));
        ready(world);
        let custom = vec![value("mobile", text("13800001111")), value("note", text("open"))];
        let made = alice.create_customer(with("made", custom)).unwrap();
        let released = serde_json::json!({"customers": [made.id], "release": {"note": "No need"}});
        crm_tests::call(&alice, "release_customers", &released).unwrap();
        let bob = world.user("bob");
        assert_eq!(bob.customer(made.id).unwrap().custom, [value("note", text("open"))]);
        let pool = || CustomerQuery::from(View::Pool { pool: None });
        let begins = Condition::field("custom.mobile", Test::BeginsWith("138".into()));
        let asked = CustomerQuery { matching: Some(begins), ..pool() };
        violates(bob.customers(asked, PageRequest::first(5)), "matching.custom.mobile", "unknown");
        let by = FieldOrder { field: key("mobile"), descending: false };
        let asked = CustomerQuery { order_by: Some(by), ..pool() };
        violates(bob.customers(asked, PageRequest::first(5)), "order_by.field", "unknown");
        let note = CustomerQuery { matching: Some(Condition::equal("custom.note", text("open"))), ..pool() };
        let found = bob.customers(note, PageRequest::first(5)).unwrap().items;
        assert_eq!(found.iter().map(|customer| customer.id).collect::<Vec<_>>(), [made.id]);
        assert_eq!(found[0].custom, [value("note", text("open"))]);
    });
}
