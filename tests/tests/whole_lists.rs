//! Lists of (nearly) all customers, which are not put together scope by scope: F4, Q1.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use crm_core::{
    Actor, Assignment, Condition, Count, Crm, CustomFieldInput, CustomValue, CustomerOrder, CustomerQuery, Customized,
    FieldKey, FieldOrder, FieldType, FieldValue, MergeInput, NewCustomer, PageRequest, PositionInput, Release,
    SyncMode, Test, Transfer, View,
};
use crm_tests::{Bed, on_every_store, user};

/// So many people that leaving out those who are not below somebody pays.
const PEOPLE: usize = 300;
const ORG: &str = "wide";

fn session<'c>(crm: &'c Crm, who: &str) -> crm_core::Session<'c> {
    crm.as_user(&Actor::user(ORG, who).unwrap())
}

fn name(person: usize) -> String {
    format!("p{person:03}")
}

/// A customer as the oracle knows it.
#[derive(Debug, Clone)]
struct Known {
    name: String,
    owner: String,
    position: Option<String>,
    size: Option<i64>,
    deleted: bool,
}

fn position_of(person: usize) -> Option<String> {
    // Some sit nowhere.
    (person % 50 != 7).then(|| format!("team{}", person / 10))
}

/// A boss above all people but those of a few teams, with customers of his own, of others, of no position and deleted ones.
fn filled(bed: &Bed) -> Vec<Known> {
    let names: Vec<String> = (0..PEOPLE).map(name).collect();
    let mut people: Vec<(&str, &[&str])> = names.iter().map(|name| (name.as_str(), [].as_slice())).collect();
    people.extend([("boss", [].as_slice()), ("adam", &["crm_admin"])]);
    crm_tests::found(&bed.crm, ORG, &people, &[("top", None, &["boss"]), ("beside", None, &[])]);
    let host = bed.crm.as_user(&Actor::system(ORG, "test").unwrap());
    let teams = (0..PEOPLE / 10).map(|team| {
        let holders: Vec<&str> = (team * 10..team * 10 + 10)
            .filter(|person| position_of(*person).is_some())
            .map(|person| names[person].as_str())
            .collect();
        let above = if team % 10 == 3 { "beside" } else { "top" };
        PositionInput::new(format!("team{team}").as_str(), &format!("team{team}"), Some(above), &holders).unwrap()
    });
    host.sync_positions(teams.collect(), SyncMode::Delta, false).unwrap();
    let adam = session(&bed.crm, "adam");
    let size = CustomFieldInput {
        filterable: true,
        ..CustomFieldInput::new(Customized::Customer, FieldKey::new("size").unwrap(), "size", FieldType::Integer)
    };
    adam.save_custom_field(size).unwrap();
    while host.tick().unwrap().more {}
    let mut known = Vec::new();
    for number in 0..60_usize {
        let (owner, position) = match number % 6 {
            5 => ("boss".to_owned(), Some("top".to_owned())),
            _ => (name(number * 37 % PEOPLE), position_of(number * 37 % PEOPLE)),
        };
        let size = (number % 5 > 0).then_some(number as i64 % 5);
        let field = || FieldKey::new("size").unwrap();
        let custom = size.map(|size| CustomValue { field: field(), value: FieldValue::Integer(size) });
        let new = NewCustomer {
            name: format!("客户{number:02}"),
            owner: Some(user(&owner)),
            custom: custom.into_iter().collect(),
            ..NewCustomer::default()
        };
        bed.clock.advance(1000);
        let customer = adam.create_customer(new).unwrap();
        assert_eq!(customer.owner_position.as_ref().map(|position| position.as_str().to_owned()), position);
        let deleted = number % 11 == 4;
        if deleted {
            adam.delete_customer(customer.id).unwrap();
        }
        known.push(Known { name: customer.name, owner, position, size, deleted });
    }
    known
}

fn below(known: &Known) -> bool {
    let team = known.position.as_deref().and_then(|position| position.strip_prefix("team"));
    known.owner != "boss" && team.is_some_and(|team| team.parse::<usize>().unwrap() % 10 != 3)
}

/// Page by page, with the count of the first.
fn listed(crm: &Crm, who: &str, query: &CustomerQuery) -> (Vec<String>, Count) {
    let (mut all, mut cursor, mut count) = (Vec::new(), None, None);
    loop {
        let request = PageRequest { cursor, ..PageRequest::first(7).counted() };
        let page = session(crm, who).customers(query.clone(), request).unwrap();
        count = count.or(page.count);
        all.extend(page.items.into_iter().map(|customer| customer.name));
        let Some(next) = page.next else { return (all, count.unwrap()) };
        cursor = Some(next);
    }
}

#[test]
fn f4_lists_of_all_and_of_nearly_all_are_those_of_their_scopes() {
    on_every_store(|bed| {
        let known = filled(bed);
        type Of = fn(&Known) -> bool;
        let views: [(&str, View, Of); 4] = [
            ("adam", View::All, |known| !known.deleted),
            ("adam", View::RecycleBin, |known| known.deleted),
            ("boss", View::Subordinates, |known| below(known) && !known.deleted),
            ("boss", View::Mine, |known| known.owner == "boss" && !known.deleted),
        ];
        let size = |is: Test| Condition::field("custom.size", is);
        let two = || FieldValue::Integer(2);
        type Test_ = fn(&Known) -> bool;
        let conditions: [(Option<Condition>, Test_); 6] = [
            (None, |_| true),
            (Some(size(Test::Equal(two()))), |known| known.size == Some(2)),
            (Some(size(Test::AtLeast(two()))), |known| known.size >= Some(2)),
            (Some(size(Test::Empty)), |known| known.size.is_none()),
            (Some(size(Test::OneOf(vec![two(), FieldValue::Integer(4)]))), |known| {
                [Some(2), Some(4)].contains(&known.size)
            }),
            (Some(Condition::Not(Box::new(size(Test::Less(two()))))), |known| known.size.is_none_or(|size| size >= 2)),
        ];
        for (who, view, of) in &views {
            for (matching, passes) in &conditions {
                let meant: Vec<&Known> = known.iter().filter(|known| of(known) && passes(known)).collect();
                let names = |known: Vec<&Known>| known.into_iter().map(|known| known.name.clone()).collect::<Vec<_>>();
                let ask = |order, order_by| {
                    let query = CustomerQuery { matching: matching.clone(), order, order_by, ..view.clone().into() };
                    let (found, count) = listed(&bed.crm, who, &query);
                    assert_eq!(count, Count { value: meant.len() as i64, exact: true }, "{who} {view:?} {matching:?}");
                    found
                };
                let newest: Vec<&Known> = meant.iter().rev().copied().collect();
                assert_eq!(ask(None, None), names(newest), "{who} {view:?} {matching:?}");
                for order in [CustomerOrder::Oldest, CustomerOrder::Name, CustomerOrder::LongestIdle] {
                    assert_eq!(ask(Some(order), None), names(meant.clone()), "{who} {view:?} {matching:?} {order:?}");
                }
                let by = FieldOrder { field: FieldKey::new("size").unwrap(), descending: false };
                let mut by_size = meant.clone();
                by_size.sort_by_key(|known| (known.size, known.name.clone()));
                assert_eq!(ask(None, Some(by)), names(by_size), "{who} {view:?} {matching:?}");
            }
        }
    });
}

#[test]
fn f4_what_moves_and_comes_back_stands_in_the_lists_of_all() {
    on_every_store(|bed| {
        let known = filled(bed);
        let adam = session(&bed.crm, "adam");
        let all = || listed(&bed.crm, "adam", &View::All.into()).0.len();
        let there = known.iter().filter(|known| !known.deleted).count();
        let one = adam.customers(View::All, PageRequest::first(1)).unwrap().items.remove(0);
        let boss = |view| listed(&bed.crm, "boss", &CustomerQuery::from(view)).0.contains(&one.name);
        let to = |owner: &str| Transfer { to: user(owner), ..crm_tests::inputs::to(owner) };
        // To a team that is not below him, below him, to himself.
        for (owner, is_below, his) in
            [(name(31), false, false), (name(2), true, false), ("boss".to_owned(), false, true)]
        {
            adam.transfer_customers(vec![one.id], to(&owner)).unwrap();
            assert_eq!((boss(View::Subordinates), boss(View::Mine), all()), (is_below, his, there), "{owner}");
        }
        adam.delete_customer(one.id).unwrap();
        assert_eq!((all(), boss(View::Mine)), (there - 1, false));
        adam.restore_customer(one.id, None).unwrap();
        assert_eq!((all(), boss(View::Mine)), (there, true));
        // In a pool, out of it, merged into another: each time it leaves one list for another.
        let release = Release { note: Some("暂缓".to_owned()), ..Release::default() };
        adam.release_customers(vec![one.id], release).unwrap();
        assert_eq!((all(), boss(View::Mine)), (there - 1, false));
        let to_boss = Assignment { to: user("boss"), to_position: None, reason: None };
        adam.assign_customers(vec![one.id], to_boss).unwrap();
        assert_eq!((all(), boss(View::Mine)), (there, true));
        let other = adam.customers(View::All, PageRequest::first(2)).unwrap().items.into_iter();
        let other = other.map(|customer| customer.id).find(|id| *id != one.id).unwrap();
        let merge = MergeInput::of(other, vec![one.id]);
        let merge = adam.merge_customers(merge).unwrap().merge.unwrap();
        assert_eq!((all(), boss(View::Mine)), (there - 1, false));
        adam.unmerge(merge.id).unwrap();
        assert_eq!((all(), boss(View::Mine)), (there, true));
        bed.dump();
    });
}
