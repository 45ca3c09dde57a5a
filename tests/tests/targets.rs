//! Targets 目标 (T3): typed by month for people and positions, beside the sum of those below and what was reached.

use crm_core::{
    ActivityPer, ActivityQuery, Currency, Date, NewContract, NewFollowUp, NewReceipt, PageRequest, PersonInput,
    PositionId, PositionInput, ReportOf, ReportPer, RoleInput, SalesBasis, SalesBy, SalesQuery, SyncMode, Target,
    TargetAmount, TargetAmountInput, TargetBy, TargetFigures, TargetInput, TargetQuery, TargetReportQuery, TargetRow,
};
use crm_tests::inputs::named;
use crm_tests::{World, call, code, in_every_world, position, refused, user, violates};
use serde_json::{Value, json};

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn usd() -> Currency {
    Currency::new("USD").unwrap()
}

fn amounts(amounts: &[&str]) -> Option<Vec<TargetAmountInput>> {
    Some(amounts.iter().map(|amount| TargetAmountInput::of(amount.parse().unwrap())).collect())
}

fn of_person(id: &str, month: &str) -> TargetInput {
    TargetInput::of_person(user(id), day(month))
}

fn of_position(id: &str, month: &str) -> TargetInput {
    TargetInput::of_position(PositionId::new(id).unwrap(), day(month))
}

fn at_position(id: &str) -> ReportOf {
    ReportOf::Position { position: PositionId::new(id).unwrap() }
}

fn november(of: ReportOf) -> TargetQuery {
    TargetQuery { of, from: day("2026-11-01"), to: day("2026-11-30") }
}

fn report(of: ReportOf, by: TargetBy) -> TargetReportQuery {
    let (from, to) = (day("2026-11-01"), day("2026-11-30"));
    TargetReportQuery { of, from, to, per: ReportPer::Month, by, in_base: false }
}

fn rows(world: &World, who: &str, query: TargetReportQuery) -> Vec<TargetRow> {
    world.user(who).target_report(query).unwrap().rows
}

fn told(figures: &TargetFigures) -> String {
    let money = |letter: char, amounts: &[TargetAmount]| -> String {
        amounts.iter().map(|own| format!("{letter}{} {} ", own.amount, own.currency)).collect()
    };
    let count = |letter: char, count: Option<i64>| count.map_or(String::new(), |count| format!("{letter}{count} "));
    let (signed, received) = (money('s', &figures.signed), money('r', &figures.received));
    let text = signed + &received + &count('n', figures.new_customers) + &count('f', figures.follow_ups);
    text.trim_end().to_owned()
}

/// Whose, the target and the sum below; of rows with either.
fn targets(rows: &[TargetRow]) -> Vec<String> {
    let nothing = TargetFigures::default();
    let some = rows.iter().filter(|row| row.target != nothing || row.below != nothing);
    some.map(|row| format!("{} [{}] [{}]", row.name.clone().unwrap(), told(&row.target), told(&row.below))).collect()
}

fn signed(world: &World, who: &str, new: NewContract, on: &str) -> crm_core::Contract {
    let session = world.user(who);
    let customer = session.create_customer(named(&format!("{who} {on} {:?}", new.amount))).unwrap().id;
    let drafted = session.create_contract(customer, new).unwrap();
    session.submit_contract(drafted.id, drafted.version, Some(day(on))).unwrap()
}

/// Nothing was changed, and the answer says why.
#[track_caller]
fn refuses(world: &World, target: TargetInput, field: &str, violation: &str) {
    let before = world.bed.dump();
    violates(world.user("adam").set_targets(vec![target]), field, violation);
    assert!(before == world.bed.dump(), "a refusal changed something");
}

#[test]
fn t3_targets_are_set_edited_and_cleared_all_or_none() {
    in_every_world(|world| {
        let adam = world.user("adam");
        let alice = TargetInput {
            signed: Some(vec![
                TargetAmountInput { amount: "5000".parse().unwrap(), currency: Some(usd()) },
                TargetAmountInput::of("100000.5".parse().unwrap()),
            ]),
            received: amounts(&["80000"]),
            new_customers: Some(5),
            ..of_person("alice", "2026-11-17")
        };
        let manager = TargetInput { follow_ups: Some(200), ..of_position("manager", "2026-12-31") };
        let set = adam.set_targets(vec![alice.clone(), manager.clone()]).unwrap();
        let alices = &set[0];
        assert_eq!((alices.person.clone(), alices.position.clone()), (Some(user("alice")), None));
        assert_eq!((alices.month, alices.version), (day("2026-11-01"), 1), "any day means its month");
        assert_eq!((alices.changed_at, alices.changed_by.as_str()), (world.bed.now(), "adam"));
        let money = |currency, amount: &str| TargetAmount { currency, amount: amount.parse().unwrap() };
        assert_eq!(alices.signed, [money(Currency::CNY, "100000.50"), money(usd(), "5000.00")], "base currency");
        assert_eq!((alices.received.len(), alices.new_customers, alices.follow_ups), (1, Some(5), None));
        let all = TargetQuery { of: ReportOf::All, from: day("2026-11-01"), to: day("2027-10-01") };
        assert_eq!(adam.targets(all.clone()).unwrap(), set, "in the order of the months");
        assert_eq!(adam.targets(november(ReportOf::All)).unwrap(), set[..1], "no other month");
        // What is left out stays; what is cleared goes.
        world.bed.clock.advance(1_000);
        let edit = TargetInput {
            version: 1,
            signed: amounts(&["90000"]),
            clear: vec!["received".to_owned(), "new_customers".to_owned()],
            follow_ups: Some(60),
            ..of_person("alice", "2026-11-01")
        };
        let edited = adam.set_targets(vec![edit.clone()]).unwrap().remove(0);
        assert_eq!(edited.signed, [money(Currency::CNY, "90000.00")]);
        assert_eq!((edited.received.len(), edited.new_customers, edited.follow_ups), (0, None, Some(60)));
        assert_eq!((edited.version, edited.changed_at), (2, world.bed.now()));
        // Who read an older state is told, and then nothing of all that was given together is set.
        let both = vec![TargetInput { version: 1, follow_ups: Some(1), ..manager.clone() }, edit.clone()];
        refused(adam.set_targets(both), "conflict");
        refused(adam.set_targets(vec![TargetInput { version: 0, ..manager.clone() }]), "conflict");
        refused(adam.set_targets(vec![TargetInput { version: 7, ..of_nothing("bob") }]), "conflict");
        assert_eq!(adam.targets(all).unwrap()[1], set[1]);
        // The same again changes nothing, not even the version.
        let same = TargetInput { version: 2, follow_ups: Some(60), ..of_person("alice", "2026-11-30") };
        let before = world.bed.dump();
        assert_eq!(adam.set_targets(vec![same]).unwrap(), std::slice::from_ref(&edited));
        assert_eq!(before, world.bed.dump());
        // One that was made empty stays with its version.
        let clear = ["signed", "follow_ups"].map(str::to_owned).to_vec();
        let empty = adam.set_targets(vec![TargetInput { version: 2, clear, ..of_person("alice", "2026-11-01") }]);
        assert_eq!(empty.unwrap()[0].version, 3);
        let left = adam.targets(november(ReportOf::All)).unwrap().remove(0);
        assert_eq!((left.signed.len(), left.follow_ups, left.version), (0, None, 3));
        assert_eq!(targets(&rows(world, "adam", report(ReportOf::All, TargetBy::Person))), [""; 0]);
    });
}

fn of_nothing(person: &str) -> TargetInput {
    TargetInput { follow_ups: Some(1), ..of_person(person, "2026-11-01") }
}

#[test]
fn t3_what_makes_no_target_is_named_and_changes_nothing() {
    in_every_world(|world| {
        let target = || of_nothing("alice");
        let at = |field: &str| format!("targets[0].{field}");
        let refuses = |target, field: &str, code| refuses(world, target, &at(field), code);
        for wrong in ["0", "-1", "-0.01"] {
            refuses(TargetInput { signed: amounts(&[wrong]), ..target() }, "signed[0].amount", "out_of_range");
            refuses(TargetInput { received: amounts(&["1", wrong]), ..target() }, "received[1].amount", "out_of_range");
        }
        refuses(TargetInput { signed: amounts(&["0.001"]), ..target() }, "signed[0].amount", "malformed");
        // Below 2^53 as a text, not any more in minor units.
        refuses(TargetInput { signed: amounts(&["90071992547410"]), ..target() }, "signed[0].amount", "malformed");
        refuses(TargetInput { signed: amounts(&["1", "2"]), ..target() }, "signed[1].currency", "repeated");
        refuses(TargetInput { signed: amounts(&["1"; 21]), ..target() }, "signed", "too_many");
        for count in [0, -1, 1_000_000_001, 9_007_199_254_740_993, i64::MIN, i64::MAX] {
            refuses(TargetInput { new_customers: Some(count), ..target() }, "new_customers", "out_of_range");
            refuses(TargetInput { follow_ups: Some(count), ..target() }, "follow_ups", "out_of_range");
        }
        refuses(of_nothing("nobody"), "person", "unknown");
        refuses(TargetInput { follow_ups: Some(1), ..of_position("nowhere", "2026-11-01") }, "position", "unknown");
        refuses(TargetInput { person: None, ..target() }, "person", "required");
        let two = TargetInput { position: Some(PositionId::new("agent").unwrap()), ..target() };
        refuses(two, "position", "not_allowed");
        for month in ["2016-10-31", "2036-12-01", "1900-01-01", "9999-12-31"] {
            refuses(TargetInput { month: day(month), ..target() }, "month", "out_of_range");
        }
        refuses(TargetInput { version: -1, ..target() }, "version", "out_of_range");
        refuses(of_person("alice", "2026-11-01"), "signed", "required");
        let unknown = vec!["signed".to_owned(), "version".to_owned()];
        refuses(TargetInput { clear: unknown, ..target() }, "clear[1]", "unknown");
        refuses(TargetInput { clear: vec!["signed".to_owned(); 5], ..target() }, "clear", "too_many");
        let adam = world.user("adam");
        let before = world.bed.dump();
        let twice = vec![target(), TargetInput { month: day("2026-11-30"), ..target() }];
        violates(adam.set_targets(twice), "targets[1].month", "repeated");
        violates(adam.set_targets(vec![target(); 501]), "targets", "too_many");
        // One that is wrong among others: nothing of them is set.
        let others = vec![target(), of_nothing("bob"), of_nothing("nobody")];
        violates(adam.set_targets(others), "targets[2].person", "unknown");
        // What is no target at all.
        for (field, value) in [
            ("signed[0].amount", json!({"signed": [{"amount": 100.5}]})),
            ("signed[0].amount", json!({"signed": [{"amount": 100}]})),
            ("signed[0].amount", json!({"signed": [{"amount": "1e3"}]})),
            ("signed[0].amount", json!({"signed": [{"amount": "9007199254740993"}]})),
            ("signed[0].currency", json!({"signed": [{"amount": "1", "currency": "XXX"}]})),
            ("new_customers", json!({"new_customers": 1.5})),
            ("new_customers", json!({"new_customers": "1"})),
            ("new_customers", json!({"new_customers": 9_223_372_036_854_775_808_u64})),
            ("month", json!({"month": "2026-13-01"})),
            ("month", json!({"month": "2026-11"})),
        ] {
            let mut target = json!({"person": "alice", "month": "2026-11-01"});
            for (name, value) in value.as_object().unwrap() {
                target[name] = value.clone();
            }
            violates(call(&adam, "set_targets", &json!({"targets": [target]})), &at(field), "malformed");
        }
        assert!(before == world.bed.dump());
        // Months that are asked for.
        let asked = |from: &str, to: &str| TargetQuery { of: ReportOf::All, from: day(from), to: day(to) };
        violates(adam.targets(asked("2026-11-01", "2026-10-31")), "query.to", "out_of_range");
        violates(adam.targets(asked("2026-11-30", "2027-11-01")), "query.to", "too_many");
        assert!(adam.targets(asked("2026-11-30", "2027-10-31")).unwrap().is_empty(), "a year");
        let long = TargetReportQuery { to: day("2027-11-01"), ..report(ReportOf::All, TargetBy::Person) };
        violates(adam.target_report(long), "query.to", "too_many");
    });
}

#[test]
fn t3_a_superiors_target_is_typed_and_stands_beside_the_sum_below() {
    in_every_world(|world| {
        let signed = |amount: &str| amounts(&[amount]);
        let month = "2026-11-01";
        let dollars = TargetAmountInput { amount: "7".parse().unwrap(), currency: Some(usd()) };
        world
            .user("adam")
            .set_targets(vec![
                TargetInput { signed: signed("100"), follow_ups: Some(3), ..of_person("alice", month) },
                TargetInput { signed: signed("50"), ..of_person("bob", month) },
                TargetInput { signed: Some(vec![dollars]), ..of_person("luis", month) },
                TargetInput { signed: signed("1000"), ..of_position("manager", month) },
                TargetInput { signed: signed("20"), ..of_person("mona", month) },
                TargetInput { signed: signed("9"), ..of_person("stan", month) },
                TargetInput { signed: signed("77"), ..of_person("alice", "2026-12-01") },
            ])
            .unwrap();
        let by_position = |who: &str, of: ReportOf| targets(&rows(world, who, report(of, TargetBy::Position)));
        // `agent` has no target of its own: above it stands what lies below it. What is typed for the manager differs from
        // the sum below and is what counts above, in its currency; the dollars come up to the top, and are added to nothing.
        let all = [
            "agent [] [s150.00 CNY s7.00 USD f3]",
            "director [] [s1000.00 CNY s7.00 USD f3]",
            "helper [] [s7.00 USD]",
            "manager [s1000.00 CNY] [s170.00 CNY s7.00 USD f3]",
            "north [] [s9.00 CNY]",
            "north-agent [] [s9.00 CNY]",
            "root [] [s1009.00 CNY s7.00 USD f3]",
        ];
        assert_eq!(by_position("adam", ReportOf::All), all);
        // A superior sees his own position and those below.
        assert_eq!(by_position("mona", ReportOf::Subtree), [all[0], all[2], all[3]]);
        assert_eq!(by_position("mona", ReportOf::Mine), [all[3]]);
        assert_eq!(by_position("mona", ReportOf::Person { person: user("luis") }), [all[2]]);
        assert_eq!(by_position("dora", at_position("agent")), [all[0], all[2]]);
        // Nobody sees those beside or above him: not even as a sum.
        assert_eq!(by_position("mona", at_position("director")), [all[0], all[2], all[3]]);
        assert_eq!(by_position("mona", at_position("north")), [""; 0]);
        assert_eq!(by_position("alice", ReportOf::Mine), ["agent [] [s100.00 CNY s7.00 USD f3]"], "not bob's");
        // By people: what a person does himself, beside what lies below his positions.
        let by_person = |who: &str, of: ReportOf| targets(&rows(world, who, report(of, TargetBy::Person)));
        let people = [
            "alice [s100.00 CNY f3] [s7.00 USD]",
            "bob [s50.00 CNY] [s7.00 USD]",
            "dan [] [s7.00 USD]",
            "luis [s7.00 USD] []",
            "mona [s20.00 CNY] [s150.00 CNY s7.00 USD f3]",
            "xavier [] [s7.00 USD]",
        ];
        assert_eq!(by_person("mona", ReportOf::Subtree), people);
        assert_eq!(by_person("alice", ReportOf::Mine), [people[0]]);
        assert_eq!(by_person("alice", ReportOf::Person { person: user("bob") }), [""; 0]);
        assert_eq!(by_person("stan", ReportOf::Subtree), ["stan [s9.00 CNY] []"]);
        // Months are added up into quarters.
        let quarter = TargetReportQuery {
            to: day("2026-12-31"),
            per: ReportPer::Quarter,
            ..report(ReportOf::Mine, TargetBy::Person)
        };
        let row = rows(world, "alice", quarter).remove(0);
        assert_eq!((row.period.as_str(), told(&row.target).as_str()), ("2026Q4", "s177.00 CNY f3"));
        // Whoever holds several positions counts at his main one alone.
        let two = position("north-agent", Some("north"), &["stan", "rhea", "eve", "alice"]);
        world.bed.host().sync_positions(vec![two], SyncMode::Delta, false).unwrap();
        assert_eq!(by_position("adam", ReportOf::All), all);
    });
}

#[test]
fn t3_what_was_reached_is_what_the_reports_say() {
    in_every_world(|world| {
        let on = "2026-11-10";
        let own = |amount: &str| NewContract::of("合同", amount.parse().unwrap());
        let contract = signed(world, "alice", own("250.50"), on);
        world
            .user("alice")
            .record_receipt(contract.id, NewReceipt::of("99".parse().unwrap(), day("2026-11-20")))
            .unwrap();
        signed(world, "luis", own("10"), on);
        signed(world, "mona", own("3"), "2026-10-31");
        let foreign = NewContract { currency: Some(usd()), rate: Some("7.1".parse().unwrap()), ..own("40") };
        signed(world, "bob", foreign, on);
        signed(world, "stan", own("5"), on);
        let customer = world.user("luis").create_customer(named("跟")).unwrap().id;
        world.user("luis").follow_up(customer, NewFollowUp::text("谈")).unwrap();
        let target = TargetInput { signed: amounts(&["1"]), received: amounts(&["1"]), ..of_position("helper", on) };
        world.user("adam").set_targets(vec![target]).unwrap();
        // Every figure of every row is that of the other reports, whoever asks and for whom.
        let (mut compared, mut something) = (0, 0);
        for (who, of) in [
            ("adam", ReportOf::All),
            ("dora", ReportOf::Subtree),
            ("mona", ReportOf::Subtree),
            ("mona", ReportOf::Mine),
            ("alice", ReportOf::Subtree),
            ("olga", at_position("north")),
            ("dora", ReportOf::Person { person: user("alice") }),
        ] {
            let session = world.user(who);
            for (by, in_base) in [(TargetBy::Person, false), (TargetBy::Position, false), (TargetBy::Position, true)] {
                let query = TargetReportQuery { in_base, from: day("2026-10-01"), ..report(of.clone(), by) };
                for row in rows(world, who, query) {
                    let of = match (&row.person, &row.position) {
                        (Some(person), None) => ReportOf::Person { person: person.clone() },
                        (None, Some(position)) => ReportOf::Position { position: position.clone() },
                        other => panic!("{other:?}"),
                    };
                    let sales = |basis| SalesQuery {
                        of: of.clone(),
                        basis,
                        from: row.from,
                        to: row.to,
                        per: ReportPer::Whole,
                        by: None::<SalesBy>,
                        currency: None,
                        in_base,
                        compare: None,
                    };
                    let expected = |basis: SalesBasis| -> Vec<String> {
                        let report = session.sales_report(sales(basis)).unwrap();
                        let amount = |row: &crm_core::SalesRow| match basis {
                            SalesBasis::Signed => (row.currency, row.figures.signed),
                            SalesBasis::Received => (row.currency, row.figures.received),
                        };
                        let some = report.rows.iter().map(amount).filter(|(_, amount)| !nothing(*amount));
                        some.map(|(currency, amount)| format!("{currency} {amount}")).collect()
                    };
                    // Nothing was reached of a target: that shows, and is no row of the others.
                    let shown = |own: &[TargetAmount]| -> Vec<String> {
                        let some = own.iter().filter(|own| !nothing(own.amount));
                        some.map(|own| format!("{} {}", own.currency, own.amount)).collect()
                    };
                    assert_eq!(shown(&row.reached.signed), expected(SalesBasis::Signed), "{who} {row:?}");
                    assert_eq!(shown(&row.reached.received), expected(SalesBasis::Received), "{who} {row:?}");
                    let (from, to) = (row.from, row.to);
                    let activity = ActivityQuery { of, from, to, per: ActivityPer::Month, by_person: false };
                    let activity = session.activity_report(activity).unwrap();
                    let counts = (Some(activity.new_customers), Some(activity.follow_ups));
                    assert_eq!((row.reached.new_customers, row.reached.follow_ups), counts, "{who} {row:?}");
                    compared += 1;
                    something += i32::from(activity.follow_ups > 0) + i32::from(!shown(&row.reached.signed).is_empty());
                }
            }
        }
        assert!(compared > 40 && something > 40, "{compared} {something}");
        let helper = rows(world, "adam", report(at_position("helper"), TargetBy::Position)).remove(0);
        assert_eq!(told(&helper.reached), "s10.00 CNY r0.00 CNY n2 f1");
        // A void contract was not reached.
        let reached = || {
            let rows = rows(world, "dora", report(at_position("manager"), TargetBy::Position));
            let row = rows.iter().find(|row| row.name.as_deref() == Some("manager")).unwrap();
            let yuan = row.reached.signed.iter().find(|own| own.currency == Currency::CNY);
            yuan.unwrap().amount.minor(Currency::CNY).unwrap()
        };
        let before = reached();
        world.user("mona").void_contract(contract.id, version(world, &contract), "错".to_owned()).unwrap();
        assert_eq!(before - reached(), 25_050);
        // Days of another zone have no sums yet.
        let mut settings = world.bed.host().settings().unwrap();
        settings.time_zone = crm_core::TimeZone::named("Europe/London").unwrap();
        world.bed.host().change_settings(settings).unwrap();
        refused(world.user("adam").target_report(report(ReportOf::All, TargetBy::Person)), "figures_not_built");
    });
}

fn nothing(amount: crm_core::Decimal) -> bool {
    amount.to_string().bytes().all(|digit| b"0.".contains(&digit))
}

fn version(world: &World, contract: &crm_core::Contract) -> i64 {
    world.user("adam").contract(contract.id).unwrap().contract.version
}

/// Gives Mona a role.
fn superiors(world: &World, allow: &[&str], deny: &[&str]) {
    let rights = |rights: &[&str]| rights.iter().map(|own| crm_core::Permission::new(own).unwrap()).collect();
    let role = RoleInput {
        allow: rights(allow),
        deny: rights(deny),
        people: vec![user("mona")],
        ..RoleInput::named("superiors", "主管").unwrap()
    };
    world.bed.host().sync_roles(vec![role], SyncMode::Delta).unwrap();
}

#[test]
fn t3_who_moved_is_the_business_of_his_new_superiors_alone() {
    in_every_world(|world| {
        superiors(world, &["position.edit", "settings.view"], &[]);
        let (adam, mona) = (world.user("adam"), world.user("mona"));
        let target = |follow_ups: i64| TargetInput { follow_ups: Some(follow_ups), ..of_nothing("alice") };
        let again = vec![target(5)];
        let first = mona.clone().idempotent("k").set_targets(again.clone()).unwrap();
        assert_eq!(first[0].follow_ups, Some(5));
        let customer = world.user("alice").create_customer(named("Before she moved")).unwrap().id;
        let other = world.user("alice").create_customer(named("Where she was")).unwrap().id;
        world.user("alice").follow_up(customer, NewFollowUp::text("来访")).unwrap();
        let history = |who: &str| world.user(who).settings_history(PageRequest::first(100)).unwrap();
        let told = |who: &str| {
            let items = history(who).items;
            items.iter().flat_map(|own| &own.changes).filter(|own| own.field.starts_with("target ")).count()
        };
        assert_eq!((told("mona"), told("adam")), (1, 1));
        let moved = [
            position("agent", Some("manager"), &["bob", "xavier", "dan"]),
            position("north-agent", Some("north"), &["stan", "rhea", "eve", "alice"]),
        ];
        world.bed.host().sync_positions(moved.into(), SyncMode::Delta, false).unwrap();
        // Her old superior sees neither the target nor what was done with it, sets none, and a repeat tells nothing.
        for of in [ReportOf::Person { person: user("alice") }, ReportOf::Subtree, at_position("agent")] {
            assert_eq!(mona.targets(november(of.clone())).unwrap(), []);
            let rows = rows(world, "mona", report(of, TargetBy::Person));
            assert!(rows.iter().all(|row| row.person != Some(user("alice"))));
        }
        violates(mona.set_targets(vec![TargetInput { version: 1, ..target(9) }]), "targets[0].person", "unknown");
        assert_eq!(mona.clone().idempotent("k").set_targets(again).unwrap(), []);
        assert_eq!((told("mona"), told("adam")), (0, 1));
        // Her new one sees it, and what she follows counts where she sits, once.
        assert_eq!(world.user("olga").targets(november(ReportOf::Subtree)).unwrap().len(), 1);
        let reached = |id: &str| {
            let rows = rows(world, "adam", report(ReportOf::All, TargetBy::Position));
            let row = rows.into_iter().find(|row| row.position == Some(PositionId::new(id).unwrap()));
            row.map(|row| (row.reached.follow_ups, row.reached.new_customers))
        };
        let before = reached("agent").and_then(|own| own.0).unwrap_or_default();
        let alice = adam.target_report(report(ReportOf::Person { person: user("alice") }, TargetBy::Person)).unwrap();
        let hers = alice.rows[0].reached.follow_ups.unwrap();
        assert!(hers >= 1 && reached("north-agent").unwrap().0 >= Some(hers));
        assert_eq!(
            reached("root").unwrap().0.unwrap(),
            reached("director").unwrap().0.unwrap() + reached("north").unwrap().0.unwrap()
        );
        let there = reached("north-agent").unwrap().0.unwrap();
        world.user("alice").follow_up(other, NewFollowUp::text("回访")).unwrap();
        assert_eq!(reached("agent").and_then(|own| own.0).unwrap_or_default(), before);
        assert_eq!(reached("north-agent").unwrap().0, Some(there + 1));
        // Back, and then nowhere: what counts is where she sat last.
        for holders in [&["alice", "bob"][..], &["bob"]] {
            let moved =
                [position("agent", Some("manager"), holders), position("north-agent", Some("north"), &["stan"])];
            world.bed.host().sync_positions(moved.into(), SyncMode::Delta, false).unwrap();
        }
        let hers = november(ReportOf::Person { person: user("alice") });
        assert_eq!(
            (mona.targets(hers.clone()).unwrap().len(), world.user("olga").targets(hers).unwrap().len()),
            (1, 0)
        );
    });
}

#[test]
fn t3_below_somebody_at_two_heights_everybody_counts_once() {
    in_every_world(|world| {
        let signed = |amount: &str| amounts(&[amount]);
        let month = "2026-11-01";
        let set = vec![
            TargetInput { signed: signed("100"), ..of_person("alice", month) },
            TargetInput { signed: signed("50"), ..of_person("bob", month) },
            TargetInput { signed: signed("7"), ..of_person("luis", month) },
            TargetInput { signed: signed("20"), ..of_person("mona", month) },
            TargetInput { signed: signed("3"), ..of_person("dora", month) },
        ];
        world.user("adam").set_targets(set).unwrap();
        let below = |who: &str| {
            let of = ReportOf::Person { person: user(who) };
            told(&rows(world, "adam", report(of, TargetBy::Person))[0].below)
        };
        assert_eq!((below("mona"), below("dora")), ("s157.00 CNY".to_owned(), "s177.00 CNY".to_owned()));
        let agent = position("agent", Some("manager"), &["alice", "bob", "xavier", "dan", "mona", "dora"]);
        world.bed.host().sync_positions(vec![agent], SyncMode::Delta, false).unwrap();
        assert_eq!((below("mona"), below("dora")), ("s157.00 CNY".to_owned(), "s177.00 CNY".to_owned()));
        // Nor is one's own target below one where one's main position is the lower.
        let main = PersonInput {
            main_position: Some(PositionId::new("agent").unwrap()),
            ..PersonInput::new("mona", "mona").unwrap()
        };
        world.bed.host().sync_people(vec![main], SyncMode::Delta).unwrap();
        assert_eq!((below("mona"), below("dora")), ("s157.00 CNY".to_owned(), "s177.00 CNY".to_owned()));
    });
}

#[test]
fn t3_targets_of_who_left_can_be_cleared_and_not_set() {
    in_every_world(|world| {
        let signed = |amount: &str| amounts(&[amount]);
        let adam = world.user("adam");
        let months = ["2026-11-01", "2026-12-01"];
        let both =
            |input: fn(&str) -> TargetInput| months.map(|month| TargetInput { signed: signed("10"), ..input(month) });
        adam.set_targets([both(|month| of_person("bob", month)), both(|month| of_position("helper", month))].concat())
            .unwrap();
        let below = |month: &str| {
            let query = TargetReportQuery {
                from: day(month),
                to: day(month),
                ..report(at_position("agent"), TargetBy::Position)
            };
            let rows = rows(world, "adam", query);
            let row = rows.iter().find(|row| row.position == Some(PositionId::new("agent").unwrap()));
            row.map_or(String::new(), |row| told(&row.below))
        };
        assert_eq!(months.map(below), ["s20.00 CNY", "s20.00 CNY"]);
        world.bed.host().deactivate_person(user("bob")).unwrap();
        let gone = PositionInput { removed: true, ..position("helper", Some("agent"), &[]) };
        world.bed.host().sync_positions(vec![gone], SyncMode::Delta, false).unwrap();
        assert_eq!(months.map(below), ["s20.00 CNY", "s20.00 CNY"]);
        for input in [of_person("bob", months[1]), of_position("helper", months[1])] {
            let field = if input.person.is_some() { "targets[0].person" } else { "targets[0].position" };
            let set = TargetInput { version: 1, signed: signed("1"), ..input.clone() };
            violates(adam.set_targets(vec![set]), field, "not_allowed");
            let cleared = TargetInput { version: 1, clear: vec!["signed".to_owned()], ..input };
            assert_eq!(adam.set_targets(vec![cleared]).unwrap()[0].signed, []);
        }
        assert_eq!(months.map(below), ["s20.00 CNY", ""]);
    });
}

#[test]
fn t3_targets_are_set_by_who_keeps_positions_and_seen_by_ownership_and_right() {
    in_every_world(|world| {
        let set = |who: &str, target: TargetInput| world.user(who).set_targets(vec![target]);
        let target = |person: &str| TargetInput { signed: amounts(&["100"]), ..of_nothing(person) };
        for who in ["alice", "mona", "stan"] {
            refused(set(who, target("alice")), "forbidden");
        }
        // Superiors to whom a role grants it set those of the people below them and their own, and no others.
        let role = |allow: &[&str], deny: &[&str]| superiors(world, allow, deny);
        role(&["position.edit", "settings.view"], &[]);
        set("mona", target("alice")).unwrap();
        set("mona", TargetInput { received: amounts(&["9"]), ..of_position("manager", "2026-11-01") }).unwrap();
        let unseen = [target("stan"), target("dora"), target("nobody")];
        for hidden in unseen {
            violates(set("mona", hidden), "targets[0].person", "unknown");
        }
        for hidden in ["director", "north", "nowhere"] {
            let target = TargetInput { follow_ups: Some(1), ..of_position(hidden, "2026-11-01") };
            violates(set("mona", target), "targets[0].position", "unknown");
        }
        // Shares never count: who was given a customer to edit sees no target of its owner.
        let seen = |who: &str, of: ReportOf| world.user(who).targets(november(of)).unwrap().len();
        assert_eq!([seen("mona", ReportOf::Subtree), seen("dora", ReportOf::Subtree)], [2, 2]);
        assert_eq!([seen("alice", ReportOf::Mine), seen("alice", ReportOf::Subtree)], [1, 1]);
        for who in ["bob", "eve", "rhea", "stan"] {
            assert_eq!(seen(who, ReportOf::Person { person: user("alice") }), 0, "{who}");
            assert_eq!(seen(who, at_position("manager")), 0, "{who}");
        }
        for who in ["mona", "alice"] {
            refused(world.user(who).targets(november(ReportOf::All)), "forbidden");
            refused(world.user(who).target_report(report(ReportOf::All, TargetBy::Person)), "forbidden");
        }
        // Who may not see amounts gets none, by any way, and sets none.
        let text = |value: &dyn std::fmt::Debug| format!("{value:?}");
        let history = |who: &str| world.user(who).settings_history(PageRequest::first(50)).unwrap();
        assert!(text(&history("mona")).contains("100.00"), "{:?}", history("mona"));
        signed(world, "mona", NewContract::of("合同", "55".parse().unwrap()), "2026-11-02");
        role(&["position.edit", "settings.view"], &["contract.view"]);
        let shown: Vec<Target> = world.user("mona").targets(november(ReportOf::Subtree)).unwrap();
        assert_eq!(shown.iter().map(|own| (own.signed.len(), own.received.len())).max(), Some((0, 1)));
        for by in [TargetBy::Person, TargetBy::Position] {
            let rows = rows(world, "mona", report(ReportOf::Subtree, by));
            assert!(!rows.is_empty());
            for row in rows {
                for figures in [&row.target, &row.below, &row.reached] {
                    assert!(figures.signed.is_empty(), "{row:?}");
                }
                assert!(row.reached.follow_ups.is_some());
            }
        }
        assert!(!text(&history("mona")).contains("signed"), "{:?}", history("mona"));
        assert!(text(&history("mona")).contains("follow_ups"));
        refused(set("mona", TargetInput { version: 1, ..target("alice") }), "forbidden");
        let clear = TargetInput { version: 1, clear: vec!["signed".to_owned()], ..of_person("alice", "2026-11-01") };
        refused(set("mona", clear), "forbidden");
        // What he does not see stays when he sets the rest.
        let rest = TargetInput { version: 1, follow_ups: Some(8), ..of_person("alice", "2026-11-01") };
        assert!(set("mona", rest).unwrap()[0].signed.is_empty());
        let kept = world.user("adam").targets(november(ReportOf::Person { person: user("alice") })).unwrap();
        assert_eq!((kept[0].signed.len(), kept[0].follow_ups), (1, Some(8)));
        role(&["position.edit"], &["report.view"]);
        refused(world.user("mona").targets(november(ReportOf::Mine)), "forbidden");
        refused(world.user("mona").target_report(report(ReportOf::Mine, TargetBy::Person)), "forbidden");
    });
}

#[test]
fn t3_setting_targets_is_in_the_history_and_told_and_a_repeat_is_none() {
    in_every_world(|world| {
        let adam = world.user("adam");
        world.bed.clock.advance(1_000);
        let targets = vec![
            TargetInput { signed: amounts(&["100"]), ..of_nothing("alice") },
            TargetInput { follow_ups: Some(2), ..of_position("agent", "2026-12-01") },
        ];
        let first = adam.clone().idempotent("k").set_targets(targets.clone()).unwrap();
        let dump = world.bed.dump();
        assert_eq!(adam.clone().idempotent("k").set_targets(targets).unwrap(), first);
        refused(adam.clone().idempotent("k").set_targets(vec![of_nothing("bob")]), "idempotency_key_reused");
        assert!(dump == world.bed.dump());
        let history = adam.settings_history(PageRequest::first(2)).unwrap();
        let mut fields: Vec<Value> = history
            .items
            .iter()
            .flat_map(|entry| &entry.changes)
            .map(|own| serde_json::to_value(own).unwrap())
            .collect();
        fields.sort_by_key(|own| own["field"].to_string());
        let expected = json!([
            {"field": "target 2026-11 person:alice.follow_ups", "became": 1},
            {"field": "target 2026-11 person:alice.signed", "became": [{"currency": "CNY", "amount": "100.00"}]},
            {"field": "target 2026-12 position:agent.follow_ups", "became": 2},
        ]);
        assert_eq!(json!(fields), expected);
        assert!(history.items.iter().all(|own| (own.by.as_str(), own.operation.as_str()) == ("adam", "set_targets")));
        let events = world.bed.host().events("t".to_owned(), 500).unwrap();
        let told: Vec<_> = events.iter().filter(|event| event.kind == "targets_changed").collect();
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].data, json!({"months": ["2026-11", "2026-12"]}), "no amounts");
    });
}

#[test]
fn t3_of_many_who_set_a_target_at_once_one_wins_each_time() {
    in_every_world(|world| {
        for round in 0..4_i64 {
            let outcomes: Vec<String> = std::thread::scope(|scope| {
                let one = |n: i64| {
                    let target =
                        TargetInput { version: round, follow_ups: Some(round * 10 + n), ..of_nothing("alice") };
                    scope.spawn(move || code(&world.user("adam").set_targets(vec![target])))
                };
                let all: Vec<_> = (1..=6).map(one).collect();
                all.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            assert_eq!(outcomes.iter().filter(|own| *own == "done").count(), 1, "{outcomes:?}");
            assert!(outcomes.iter().all(|own| own == "done" || own == "conflict"), "{outcomes:?}");
        }
        let left = world.user("adam").targets(november(ReportOf::All)).unwrap();
        assert_eq!((left.len(), left[0].version), (1, 4));
    });
}
