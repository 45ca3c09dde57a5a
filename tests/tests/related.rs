//! Conditions on what belongs to customers, their contracts, instalments and receipts: Q1.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use crm_core::{
    Belonging, Condition, Contract, ContractQuery, ContractStatus, Contracts, Currency, CustomerId, CustomerQuery,
    Date, DayRange, Decimal, EntryCode, FieldTest, FieldValue, Money, NewContract, NewCustomer, NewInstalment,
    NewReceipt, PageRequest, Payments, Permission, Receipt, ReceiptQuery, RelatedTest, RoleInput, Session, ShareInput,
    SharePanel, ShareRight, SharedPanel, SyncMode, Test, View,
};
use crm_tests::{World, difference, in_every_world, user, violates};
use proptest::prelude::*;
use proptest::strategy::ValueTree;

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn money(amount: i64, currency: &str) -> FieldValue {
    FieldValue::Money(Money { amount: decimal(&amount.to_string()), currency: Currency::new(currency).unwrap() })
}

fn code(code: &str) -> FieldValue {
    FieldValue::OneOf(EntryCode::new(code).unwrap())
}

fn related(of: Belonging, matching: Option<Condition>, total: Option<(&str, Test)>) -> Condition {
    let total = total.map(|(key, is)| FieldTest { key: key.to_owned(), is });
    Condition::Related(RelatedTest { of, matching: matching.map(Box::new), total })
}

fn unpaid(amount: i64, currency: &str) -> Condition {
    related(Belonging::Contracts, None, Some(("unreceived", Test::Greater(money(amount, currency)))))
}

fn asked(view: View, matching: &Condition) -> CustomerQuery {
    CustomerQuery { matching: Some(matching.clone()), ..view.into() }
}

fn found(session: &Session<'_>, view: View, matching: &Condition) -> Vec<String> {
    let page = session.customers(asked(view, matching), PageRequest::first(100)).unwrap();
    let mut names: Vec<String> = page.items.into_iter().map(|customer| customer.name).collect();
    names.sort();
    names
}

/// A signed contract of a customer.
fn signed(alice: &Session<'_>, customer: CustomerId, amount: &str, currency: &str, ends_on: Option<Date>) -> Contract {
    let new = NewContract {
        currency: Some(Currency::new(currency).unwrap()),
        rate: (currency != "CNY").then(|| decimal("7")),
        ends_on,
        ..NewContract::of("合同", decimal(amount))
    };
    let drafted = alice.create_contract(customer, new).unwrap();
    alice.submit_contract(drafted.id, drafted.version, Some(day("2026-11-01"))).unwrap()
}

/// Six customers of alice by the names a to f.
fn six(world: &World) -> Vec<CustomerId> {
    let alice = world.user("alice");
    let create = |name: char| alice.create_customer(NewCustomer { name: name.to_string(), ..NewCustomer::default() });
    ('a'..='f').map(|name| create(name).unwrap().id).collect()
}

/// Only those of the six.
fn of_six(names: Vec<String>) -> String {
    names.into_iter().filter(|name| name.len() == 1).collect()
}

#[test]
fn q1_unpaid_above_an_amount_adds_up_the_contracts_of_a_customer() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let six = six(world);
        signed(&alice, six[0], "6000", "CNY", None);
        let second = signed(&alice, six[0], "5000", "CNY", None);
        signed(&alice, six[1], "10000", "CNY", None);
        signed(&alice, six[2], "20000", "USD", None);
        let over = |amount| of_six(found(&alice, View::Mine, &unpaid(amount, "CNY")));
        assert_eq!((over(10_000), over(9_999)), ("a".to_owned(), "ab".to_owned()));
        assert_eq!(of_six(found(&alice, View::Mine, &unpaid(10_000, "USD"))), "c");
        // Once it is paid it is not unpaid any more; what one has is no sum of the others.
        alice.record_receipt(second.id, NewReceipt::of(decimal("1000"), day("2026-11-20"))).unwrap();
        assert_eq!((over(10_000), over(9_999)), (String::new(), "ab".to_owned()));
        let one = |amount| {
            let greater = Condition::field("unreceived", Test::Greater(money(amount, "CNY")));
            of_six(found(&alice, View::Mine, &related(Belonging::Contracts, Some(greater), None)))
        };
        assert_eq!((one(4_000), one(6_000)), ("ab".to_owned(), "b".to_owned()));
        // Nought without any, and none where there is none.
        let none = Condition::Not(Box::new(related(Belonging::Contracts, None, None)));
        assert_eq!(of_six(found(&alice, View::Mine, &none)), "def");
        let less = related(Belonging::Contracts, None, Some(("unreceived", Test::Less(money(1, "CNY")))));
        assert_eq!(of_six(found(&alice, View::Mine, &less)), "cdef");
        let paid = related(Belonging::Receipts, None, Some(("net", Test::AtLeast(money(1_000, "CNY")))));
        assert_eq!(of_six(found(&alice, View::Mine, &paid)), "a");
    });
}

#[test]
fn q1_contracts_that_end_and_what_falls_due_are_asked_by_days_from_today() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let six = six(world);
        let today = day("2026-11-23");
        assert!(world.bed.now().to_string().starts_with("2026-11-2"), "{}", world.bed.now());
        signed(&alice, six[0], "1", "CNY", Some(day("2026-12-20")));
        let ended = signed(&alice, six[1], "1", "CNY", Some(day("2026-12-20")));
        alice
            .terminate_contract(ended.id, alice.contract(ended.id).unwrap().contract.version, today, "停".to_owned())
            .unwrap();
        let planned = signed(&alice, six[2], "10", "CNY", None);
        let due = NewInstalment { amount: Some(decimal("10")), due_on: Some(today), ..NewInstalment::default() };
        alice.set_payment_plan(planned.id, 0, vec![due]).unwrap();
        let ending = |status: Option<&str>| {
            let days = Condition::field("ends_on", Test::Days(DayRange { from: Some(0), to: Some(40) }));
            let status = status.map(|status| Condition::equal("status", code(status)));
            let matching = Condition::All(status.into_iter().chain([days]).collect());
            of_six(found(&alice, View::Mine, &related(Belonging::Contracts, Some(matching), None)))
        };
        assert_eq!((ending(Some("in_force")), ending(None)), ("a".to_owned(), "ab".to_owned()));
        let falls = |from, to| {
            let days = Condition::field("due_on", Test::Days(DayRange { from: Some(from), to: Some(to) }));
            of_six(found(&alice, View::Mine, &related(Belonging::Instalments, Some(days), None)))
        };
        assert_eq!((falls(-3, 3), falls(4, 9)), ("c".to_owned(), String::new()));
        // What is paid is due no more.
        alice.record_receipt(planned.id, NewReceipt::of(decimal("10"), today)).unwrap();
        assert_eq!(falls(-3, 3), "");
    });
}

#[test]
fn q1_what_can_not_be_asked_of_related_records_is_refused() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let before = world.bed.dump();
        let nested = related(Belonging::Contracts, Some(related(Belonging::Receipts, None, None)), None);
        let total = |of, key: &'static str, is| related(of, None, Some((key, is)));
        let fine = || Test::Less(money(1, "CNY"));
        let cents = Test::Less(FieldValue::Money(Money { amount: decimal("0.001"), currency: Currency::CNY }));
        for (condition, field, code) in [
            (nested, "matching.contracts.matching", "not_allowed"),
            (total(Belonging::Contracts, "none", fine()), "matching.contracts.none", "unknown"),
            (total(Belonging::Contracts, "ends_on", fine()), "matching.contracts.ends_on", "malformed"),
            (total(Belonging::Contracts, "unreceived", Test::Empty), "matching.contracts.unreceived", "malformed"),
            (total(Belonging::Receipts, "net", cents), "matching.receipts.net", "malformed"),
            (
                related(Belonging::Contracts, Some(Condition::field("unreceived", Test::Empty)), None),
                "matching.unreceived",
                "malformed",
            ),
            (
                related(Belonging::Instalments, Some(Condition::equal("level", code("a"))), None),
                "matching.instalments.level",
                "unknown",
            ),
        ] {
            violates(alice.customers(asked(View::Mine, &condition), PageRequest::first(5)), field, code);
        }
        // As deep and as many as any other condition.
        let deep = (0..12).fold(Condition::All(vec![]), |inner, _| Condition::Not(Box::new(inner)));
        let deep = related(Belonging::Contracts, Some(deep), None);
        violates(alice.customers(asked(View::Mine, &deep), PageRequest::first(5)), "matching.condition", "too_many");
        let many = Condition::All((0..26).map(|n| unpaid(n, "CNY")).collect());
        violates(alice.customers(asked(View::Mine, &many), PageRequest::first(5)), "matching.condition", "too_many");
        assert_eq!(difference(&before, &world.bed.dump()), "");
    });
}

#[test]
fn a3_nobody_learns_of_contracts_and_receipts_that_he_may_not_see() {
    in_every_world(|world| {
        let (alice, adam) = (world.user("alice"), world.user("adam"));
        let six = six(world);
        signed(&alice, six[0], "6000", "CNY", None);
        signed(&alice, six[1], "6000", "CNY", None);
        // Of what is shared with him without its contracts a person can't be told by them; without them there is no list that
        // would differ.
        let share = |customer, panels: &[SharePanel]| {
            let panels = panels.iter().map(|panel| SharedPanel { panel: *panel, right: ShareRight::Read }).collect();
            let input = ShareInput { person: Some(user("bob")), panels, ..ShareInput::default() };
            alice.share_customer(customer, input).unwrap();
        };
        share(six[0], &[SharePanel::Information]);
        share(six[1], &[SharePanel::Information, SharePanel::Contracts]);
        let bob = world.user("bob");
        let shared = |condition: &Condition| of_six(found(&bob, View::SharedWithMe, condition));
        assert_eq!(shared(&Condition::All(vec![])), "ab");
        assert_eq!(shared(&unpaid(1, "CNY")), "b");
        assert_eq!(shared(&Condition::Not(Box::new(unpaid(1, "CNY")))), "");
        assert_eq!(shared(&related(Belonging::Receipts, None, None)), "");
        for id in [six[0], six[1]] {
            bob.mark_viewed(id).unwrap();
        }
        assert_eq!(of_six(found(&bob, View::RecentlyViewed, &unpaid(1, "CNY"))), "b");
        // In a pool nobody is found by what was agreed with him; who sees everything finds him.
        let pool = View::Pool { pool: None };
        violates(
            alice.customers(asked(pool.clone(), &unpaid(1, "CNY")), PageRequest::first(5)),
            "matching.contracts",
            "unknown",
        );
        adam.customers(asked(pool, &unpaid(1, "CNY")), PageRequest::first(5)).unwrap();
        // Without the right to see any there are none to ask for.
        let role = RoleInput {
            deny: vec![Permission::new("payment.view").unwrap()],
            people: vec![user("alice")],
            ..RoleInput::named("blind", "Blind").unwrap()
        };
        adam.sync_roles(vec![role], SyncMode::Delta).unwrap();
        let receipts = related(Belonging::Receipts, None, None);
        violates(alice.customers(asked(View::Mine, &receipts), PageRequest::first(5)), "matching.receipts", "unknown");
        assert_eq!(of_six(found(&alice, View::Mine, &unpaid(1, "CNY"))), "ab");
        // Receipts of customers are read by who reads contracts, too.
        let role = RoleInput {
            deny: vec![Permission::new("contract.view").unwrap()],
            people: vec![user("alice")],
            ..RoleInput::named("blind", "Blind").unwrap()
        };
        adam.sync_roles(vec![role], SyncMode::Delta).unwrap();
        for (of, field) in [
            (Belonging::Contracts, "matching.contracts"),
            (Belonging::Instalments, "matching.instalments"),
            (Belonging::Receipts, "matching.receipts"),
        ] {
            let condition = related(of, None, None);
            violates(alice.customers(asked(View::Mine, &condition), PageRequest::first(5)), field, "unknown");
        }
    });
}

/// What a customer has, read as a person reads it.
struct Held {
    name: String,
    contracts: Vec<Contract>,
    receipts: Vec<Receipt>,
}

fn amounts() -> impl Strategy<Value = (i64, &'static str)> {
    (0_i64..4, prop::sample::select(vec!["CNY", "USD"])).prop_map(|(amount, currency)| (amount * 500, currency))
}

fn compared() -> impl Strategy<Value = Test> {
    let by = prop::sample::select(vec![Test::Less, Test::AtMost, Test::Greater, Test::AtLeast, Test::Equal]);
    (by, amounts()).prop_map(|(by, (amount, currency)): (fn(FieldValue) -> Test, _)| by(money(amount, currency)))
}

fn any_condition() -> impl Strategy<Value = Condition> {
    let of_contracts = prop_oneof![
        prop::sample::select(vec!["draft", "in_force", "terminated"])
            .prop_map(|own| Condition::equal("status", code(own))),
        compared().prop_map(|is| Condition::field("unreceived", is)),
        compared().prop_map(|is| Condition::field("received", is)),
        Just(Condition::field("ends_on", Test::Empty)),
        Just(Condition::field("ends_on", Test::Days(DayRange { from: None, to: Some(30) }))),
    ];
    let inner = of_contracts.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Condition::All),
            prop::collection::vec(inner.clone(), 0..3).prop_map(Condition::Any),
            inner.prop_map(|inner| Condition::Not(Box::new(inner))),
        ]
    });
    let total = (prop::sample::select(vec!["unreceived", "received"]), compared());
    let contracts = (prop::option::of(inner), prop::option::of(total))
        .prop_map(|(matching, total)| related(Belonging::Contracts, matching, total));
    let receipts = prop::option::of(compared().prop_map(|is| ("net", is)))
        .prop_map(|total| related(Belonging::Receipts, None, total));
    prop_oneof![3 => contracts, 1 => receipts].prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Condition::All),
            prop::collection::vec(inner.clone(), 0..3).prop_map(Condition::Any),
            inner.prop_map(|inner| Condition::Not(Box::new(inner))),
        ]
    })
}

/// What a condition means, written apart from the library.
mod oracle {
    use super::*;

    fn passes(sum: i64, is: &Test) -> Option<bool> {
        let of = |value: &FieldValue| match value {
            FieldValue::Money(money) => money.amount.to_string().parse::<i64>().ok().map(|amount| amount * 100),
            _ => None,
        };
        Some(match is {
            Test::Equal(value) => sum == of(value)?,
            Test::Less(value) => sum < of(value)?,
            Test::AtMost(value) => sum <= of(value)?,
            Test::Greater(value) => sum > of(value)?,
            Test::AtLeast(value) => sum >= of(value)?,
            _ => return None,
        })
    }

    fn currency(is: &Test) -> Currency {
        match is {
            Test::Equal(FieldValue::Money(own))
            | Test::Less(FieldValue::Money(own))
            | Test::AtMost(FieldValue::Money(own))
            | Test::Greater(FieldValue::Money(own))
            | Test::AtLeast(FieldValue::Money(own)) => own.currency,
            other => panic!("{other:?}"),
        }
    }

    fn cents(amount: Decimal) -> i64 {
        amount.minor(Currency::CNY).unwrap()
    }

    fn amount(contract: &Contract, key: &str) -> i64 {
        if key == "unreceived" && contract.status == ContractStatus::Draft {
            // Nothing is owed yet.
            return 0;
        }
        cents(if key == "received" { contract.payments.received } else { contract.payments.unreceived })
    }

    fn contract_holds(condition: &Condition, contract: &Contract) -> bool {
        match condition {
            Condition::All(all) => all.iter().all(|inner| contract_holds(inner, contract)),
            Condition::Any(any) => any.iter().any(|inner| contract_holds(inner, contract)),
            Condition::Not(inner) => !contract_holds(inner, contract),
            Condition::Field(test) => match (test.key.as_str(), &test.is) {
                ("status", Test::Equal(FieldValue::OneOf(own))) => {
                    let status = match contract.status {
                        ContractStatus::Draft => "draft",
                        ContractStatus::InForce => "in_force",
                        ContractStatus::Terminated => "terminated",
                        _ => "other",
                    };
                    own.as_str() == status
                }
                ("ends_on", Test::Empty) => contract.effective_ends_on.is_none(),
                ("ends_on", Test::Days(_)) => {
                    contract.effective_ends_on.is_some_and(|ends| ends.to_string().as_str() <= "2026-12-23")
                }
                (key, is) => contract.currency == currency(is) && passes(amount(contract, key), is).unwrap(),
            },
            Condition::Related(_) => panic!("nothing of others"),
        }
    }

    pub fn holds(condition: &Condition, held: &Held) -> bool {
        match condition {
            Condition::All(all) => all.iter().all(|inner| holds(inner, held)),
            Condition::Any(any) => any.iter().any(|inner| holds(inner, held)),
            Condition::Not(inner) => !holds(inner, held),
            Condition::Related(test) if test.of == Belonging::Receipts => match &test.total {
                None => !held.receipts.is_empty(),
                Some(total) => {
                    let own = held.receipts.iter().filter(|own| own.currency == currency(&total.is));
                    passes(own.map(|own| cents(own.net)).sum(), &total.is).unwrap()
                }
            },
            Condition::Related(test) => {
                let fits = |own: &&Contract| test.matching.as_ref().is_none_or(|inner| contract_holds(inner, own));
                let mut own = held.contracts.iter().filter(fits);
                match &test.total {
                    None => own.next().is_some(),
                    Some(total) => {
                        let own = own.filter(|own| own.currency == currency(&total.is));
                        passes(own.map(|own| amount(own, &total.key)).sum(), &total.is).unwrap()
                    }
                }
            }
            Condition::Field(_) => panic!("nothing of its own"),
        }
    }
}

#[test]
fn q1_random_conditions_on_contracts_and_receipts_find_the_same_on_every_store() {
    in_every_world(|world| {
        let (alice, adam) = (world.user("alice"), world.user("adam"));
        let six = six(world);
        let made = prop::collection::vec((0_usize..5, amounts(), 0_usize..4, prop::option::of(0_i32..3)), 14);
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        for (customer, (amount, currency), fate, end) in made.new_tree(&mut runner).unwrap().current() {
            let ends_on = end.map(|month| day(&format!("2026-12-{:02}", 1 + month * 14)));
            let amount = (amount + 500).to_string();
            let currency_of = Currency::new(currency).unwrap();
            if fate == 0 {
                let new =
                    NewContract { currency: Some(currency_of), ends_on, ..NewContract::of("草稿", decimal(&amount)) };
                let rate = (currency != "CNY").then(|| decimal("7"));
                alice.create_contract(six[customer], NewContract { rate, ..new }).unwrap();
                continue;
            }
            let contract = signed(&alice, six[customer], &amount, currency, ends_on);
            if fate > 1 {
                alice.record_receipt(contract.id, NewReceipt::of(decimal("500"), day("2026-11-20"))).unwrap();
            }
            if fate > 2 {
                let version = alice.contract(contract.id).unwrap().contract.version;
                alice.terminate_contract(contract.id, version, day("2026-11-21"), "停".to_owned()).unwrap();
            }
        }
        let held: Vec<Held> = (six.iter().zip('a'..))
            .map(|(customer, name)| {
                let page =
                    alice.contracts(ContractQuery::from(Contracts::Of { customer: *customer }), PageRequest::first(50));
                let receipts = alice
                    .receipts(ReceiptQuery::from(Payments::Customer { customer: *customer }), PageRequest::first(50));
                Held {
                    name: name.to_string(),
                    contracts: page.unwrap().items.into_iter().map(|row| row.contract).collect(),
                    receipts: receipts.unwrap().items.into_iter().map(|row| row.receipt).collect(),
                }
            })
            .collect();
        for customer in &six {
            alice.mark_viewed(*customer).unwrap();
        }
        let mut differing = 0;
        for _ in 0..120 {
            let condition = any_condition().new_tree(&mut runner).unwrap().current();
            let expected: String =
                held.iter().filter(|held| oracle::holds(&condition, held)).map(|held| held.name.as_str()).collect();
            differing += usize::from(!matches!(expected.as_str(), "" | "abcdef"));
            assert_eq!(of_six(found(&alice, View::Mine, &condition)), expected, "{condition:?}");
            // Of those named one by one, and where they are counted.
            assert_eq!(of_six(found(&alice, View::RecentlyViewed, &condition)), expected, "{condition:?}");
            assert_eq!(of_six(found(&adam, View::All, &condition)), expected, "{condition:?}");
            let counted = alice.customers(asked(View::Mine, &condition), PageRequest::first(100).counted()).unwrap();
            assert_eq!(counted.count.unwrap().value, counted.items.len() as i64, "{condition:?}");
        }
        assert!(differing > 40, "{differing}");
    });
}
