//! Filters and counts, compared with the naive model.

use super::Make;
use super::kinds::ITEM;
use super::model::{self, value_of};
use super::searches::{INTEGERS, TEXTS, byte_strings};
use super::tools::{Client, Dice, Outcome, item, item_with, same, set};
use crate::store::{ColumnType, Comparison, Direction, Filter, Has, Related, Row, Search, Value};

pub(super) fn lists_and_their_opposites(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    let rows: Vec<Row> = (0..12).map(|i| item(&format!("{i}"), "o", i)).collect();
    client.insert(&ITEM, &rows)?;
    let less = || Filter::Is("rank", Comparison::Less, 4.into());
    let three = || Filter::equal("amount", 0);
    let not = |filter| Filter::Not(Box::new(filter));
    let filters = [
        Filter::All(vec![]),
        Filter::Any(vec![]),
        not(Filter::All(vec![])),
        not(Filter::Any(vec![])),
        not(not(less())),
        Filter::All(vec![less(), three()]),
        Filter::Any(vec![less(), three()]),
        not(Filter::All(vec![less(), three()])),
        not(Filter::Any(vec![less(), three()])),
        Filter::All(vec![Filter::All(vec![]), less(), Filter::All(vec![])]),
        Filter::Any(vec![Filter::Any(vec![]), less()]),
        Filter::Any(vec![Filter::All(vec![]), less()]),
        Filter::All(vec![Filter::Any(vec![]), less()]),
        Filter::All(vec![Filter::Any(vec![less(), three()]), not(less())]),
        Filter::Any(vec![Filter::All(vec![less(), not(three())]), Filter::equal("rank", 11)]),
        Filter::All(vec![Filter::equal("rank", 3), Filter::equal("rank", 4)]),
        Filter::In("rank", vec![]),
        not(Filter::In("rank", vec![])),
        Filter::In("rank", vec![3.into()]),
        Filter::In("rank", vec![9.into(), 1.into(), 9.into(), 77.into()]),
        not(Filter::In("owner", vec!["o".into(), "p".into()])),
        Filter::In("label", vec!["label of 1".into(), "none".into()]),
        Filter::In("sort_key", vec![Value::Bytes(b"7".to_vec())]),
        Filter::equal("owner", ""),
        Filter::equal("sort_key", Vec::new()),
    ];
    for filter in filters {
        let search = Search::of(&ITEM).filtered(filter);
        client.agrees(&rows, &search)?;
        client.agrees(&rows, &search.clone().within("owner", vec!["o".into()]))?;
        client.agrees(&rows, &search.clone().ordered("rank", Direction::Descending).limited(3))?;
        let expected = model::count(&rows, &search, 100);
        same(&format!("count of {search:?}"), &client.count(&search, 100)?, &expected)?;
    }
    Ok(())
}

pub(super) fn contains_takes_bytes_as_they_are(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    let whole = byte_strings();
    let rows = whole.iter().enumerate();
    let rows: Vec<Row> = rows.map(|(i, bytes)| item_with(&format!("{i}"), "sort_key", bytes.clone())).collect();
    client.insert(&ITEM, &rows)?;
    let part: [&[u8]; 6] = [b"\0b", b"0%", b"x", "国".as_bytes(), b"\xff\xff\xff", b"\\\\"];
    for bytes in whole.into_iter().chain(part.map(<[u8]>::to_vec)) {
        let filter = Filter::Contains("sort_key", bytes);
        client.agrees(&rows, &Search::of(&ITEM).filtered(filter.clone()))?;
        let opposite = Filter::Not(Box::new(filter));
        client.agrees(&rows, &Search::of(&ITEM).filtered(opposite))?;
    }
    Ok(())
}

pub(super) fn related_rows_are_those_of_the_organisation_that_hold_the_id(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    let of = |id: &str, label: &str, amount: i64| {
        let mut row = item_with(id, "label", label);
        set(&ITEM, &mut row, "amount", amount.into());
        row
    };
    let rows = [of("1", "0", 5), of("2", "1", 7), of("3", "1", -7), of("4", "2", 2), of("5", "2", 4)];
    client.insert(&ITEM, &rows)?;
    // Of others nothing is seen.
    Client::new(&*store, "other")?.insert(&ITEM, &[of("9", "3", 1)])?;
    use Comparison::{AtLeast, Equal, Greater, Less};
    for filter in [Filter::All(vec![]), Filter::Is("amount", Less, 0.into()), Filter::Any(vec![])] {
        for has in
            [Has::One, Has::Sum("amount", Equal, 0), Has::Sum("amount", Greater, 0), Has::Sum("amount", AtLeast, -7)]
        {
            let related =
                || Filter::Related(Box::new(Related { kind: &ITEM, column: "label", filter: filter.clone(), has }));
            for filter in
                [related(), Filter::Not(Box::new(related())), Filter::Any(vec![related(), Filter::equal("label", "1")])]
            {
                let search = Search::of(&ITEM).filtered(filter);
                client.agrees(&rows, &search)?;
                client.agrees(&rows, &search.clone().within("owner", vec!["o".into()]))?;
                client.agrees(&rows, &search.clone().ordered("rank", Direction::Descending).limited(2))?;
                same(
                    &format!("count of {search:?}"),
                    &client.count(&search, 100)?,
                    &model::count(&rows, &search, 100),
                )?;
            }
        }
    }
    Ok(())
}

/// A value for a column, mostly one that occurs.
fn some_value(dice: &mut Dice, column: &str) -> Value {
    let ty = ITEM.column(column).map(|column| column.ty);
    let value = match (ty, column) {
        (Some(ColumnType::Integer), "amount") => Some(Value::Integer(dice.roll(4))),
        (Some(ColumnType::Integer), _) => dice.pick(&INTEGERS).map(Value::Integer),
        (Some(ColumnType::Bytes), _) => dice.pick(&byte_strings()).map(Value::Bytes),
        (_, "owner") => dice.pick(&["a", "b", "c", "A", "d"]).map(Value::from),
        _ => dice.pick(&TEXTS).map(Value::from),
    };
    value.unwrap_or(Value::Integer(0))
}

fn some_column(dice: &mut Dice) -> &'static str {
    let names: Vec<&'static str> = ITEM.columns.iter().map(|column| column.name).collect();
    dice.pick(&names).unwrap_or("rank")
}

fn some_filter(dice: &mut Dice, depth: i64) -> Filter {
    use Comparison::{AtLeast, AtMost, Equal, Greater, Less};
    let column = some_column(dice);
    match dice.roll(if depth > 0 { 8 } else { 4 }) {
        0 => {
            let values = (0..dice.roll(5)).map(|_| some_value(dice, column));
            Filter::In(column, values.collect())
        }
        1 => match some_value(dice, "sort_key") {
            Value::Bytes(bytes) => Filter::Contains("sort_key", bytes),
            value => Filter::equal("sort_key", value),
        },
        2 | 3 => {
            let comparison = dice.pick(&[Equal, Less, AtMost, Greater, AtLeast]);
            Filter::Is(column, comparison.unwrap_or(Equal), some_value(dice, column))
        }
        4 if dice.roll(2) == 0 => some_relation(dice, depth - 1),
        4 => Filter::Not(Box::new(some_filter(dice, depth - 1))),
        5 => Filter::Any((0..dice.roll(4)).map(|_| some_filter(dice, depth - 1)).collect()),
        _ => Filter::All((0..dice.roll(4)).map(|_| some_filter(dice, depth - 1)).collect()),
    }
}

/// Something asked of the items whose label is the id of another one.
fn some_relation(dice: &mut Dice, depth: i64) -> Filter {
    use Comparison::{AtLeast, AtMost, Equal, Greater, Less};
    let comparison = dice.pick(&[Equal, Less, AtMost, Greater, AtLeast]).unwrap_or(Equal);
    let filter = if dice.roll(3) == 0 { Filter::All(vec![]) } else { unrelated(some_filter(dice, depth)) };
    let has = if dice.roll(2) == 0 { Has::One } else { Has::Sum("amount", comparison, dice.roll(5)) };
    Filter::Related(Box::new(Related { kind: &ITEM, column: "label", filter, has }))
}

/// The same without what it asks of related rows.
fn unrelated(filter: Filter) -> Filter {
    let each = |list: Vec<Filter>| list.into_iter().map(unrelated).collect();
    match filter {
        Filter::All(list) => Filter::All(each(list)),
        Filter::Any(list) => Filter::Any(each(list)),
        Filter::Not(inner) => Filter::Not(Box::new(unrelated(*inner))),
        Filter::Related(others) => others.filter,
        other => other,
    }
}

pub(super) fn some_search(dice: &mut Dice, rows: &[Row]) -> Search {
    let depth = dice.roll(4);
    let mut search = Search::of(&ITEM).filtered(some_filter(dice, depth));
    if dice.roll(2) == 0 {
        let column = dice.pick(&["owner", "owner", "rank", "amount", "label"]);
        let column = column.unwrap_or("owner");
        let mut values: Vec<Value> = (0..dice.roll(5)).map(|_| some_value(dice, column)).collect();
        values.sort();
        values.dedup();
        search = search.within(column, values);
    }
    search.order = (dice.roll(4) > 0).then(|| some_column(dice));
    if dice.roll(2) == 0 {
        search.direction = Direction::Descending;
    }
    if dice.roll(2) == 0 {
        let row = dice.pick(rows);
        let id = row.as_ref().map_or("5".to_owned(), |row| row.id.clone());
        let value = search.order.map(|order| match &row {
            Some(row) if dice.roll(3) > 0 => value_of(&ITEM, row, order),
            _ => some_value(dice, order),
        });
        search.after = Some((value, id));
    }
    search.limited(1 + dice.roll(12))
}

pub(super) fn random_searches_follow_the_model(make: &Make<'_>) -> Outcome {
    let store = make();
    for seed in 1..=4 {
        let client = Client::new(&*store, &format!("seed {seed}"))?;
        let mut dice = Dice::new(seed);
        let mut rows = Vec::new();
        for i in 0..90 {
            let mut row = item(&format!("{}", i * 37 % 100), "a", 0);
            for column in ITEM.columns {
                let value = some_value(&mut dice, column.name);
                set(&ITEM, &mut row, column.name, value);
            }
            if dice.roll(2) == 0 {
                set(&ITEM, &mut row, "label", format!("{}", dice.roll(100)).into());
            }
            rows.push(row);
        }
        client.insert(&ITEM, &rows)?;
        for _ in 0..150 {
            let search = some_search(&mut dice, &rows);
            let told = client.agrees(&rows, &search);
            told.map_err(|e| format!("seed {seed}: {e}"))?;
            let cap = 1 + dice.roll(100);
            let expected = model::count(&rows, &search, cap);
            let what = format!("seed {seed}: count up to {cap} of {search:?}");
            same(&what, &client.count(&search, cap)?, &expected)?;
        }
    }
    Ok(())
}

pub(super) fn counts_are_exact_below_the_cap(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    let all = Search::of(&ITEM);
    same("of nothing", &client.count(&all, 1)?, &Some(0))?;
    let rows: Vec<Row> = (0..50).map(|i| item(&format!("{i}"), "o", i)).collect();
    client.insert(&ITEM, &rows)?;
    same("of all", &client.count(&all, 51)?, &Some(50))?;
    let none = all.clone().filtered(Filter::Any(vec![]));
    same("of none", &client.count(&none, 51)?, &Some(0))?;
    let some = Filter::Is("rank", Comparison::AtLeast, 45.into());
    let some = all.filtered(some);
    same("of some", &client.count(&some, i64::MAX)?, &Some(5))?;
    // Order, place and size of the page do not matter.
    let mut paged = some.ordered("rank", Direction::Descending);
    paged.after = Some((Some(46.into()), "46".to_owned()));
    paged.limit = 2;
    same("of a page", &client.count(&paged, 51)?, &Some(5))?;
    paged.after = None;
    paged.limit = 0;
    same("of no page", &client.count(&paged, 51)?, &Some(5))
}

pub(super) fn counts_stop_at_the_cap(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    let owners = ["o", "o", "p"].iter().cycle();
    let rows = (0..30).zip(owners);
    let rows: Vec<Row> = rows.map(|(i, o)| item(&format!("{i}"), o, i)).collect();
    client.insert(&ITEM, &rows)?;
    // 30 rows, 20 of o, 10 of p; the filter lets 2 pass, which must not raise the cap.
    let few = Filter::Is("rank", Comparison::Less, 2.into());
    let scope = |owners: &[&str]| {
        let values = owners.iter().map(|owner| (*owner).into()).collect();
        Search::of(&ITEM).within("owner", values)
    };
    let cases = [
        (Search::of(&ITEM), 30),
        (scope(&["o"]), 20),
        (scope(&["p"]), 10),
        (scope(&["p", "o"]), 30),
        (scope(&["p", "none"]), 10),
    ];
    for (search, size) in cases {
        let filtered = search.clone().filtered(few.clone());
        for cap in [1, size - 1, size] {
            same(&format!("{size} rows, cap {cap}"), &client.count(&search, cap)?, &None)?;
            same("and a filter", &client.count(&filtered, cap)?, &None)?;
        }
        let below = Some(size);
        same("below the cap", &client.count(&search, size + 1)?, &below)?;
        let expected = model::count(&rows, &filtered, size + 1);
        same("filtered, below", &client.count(&filtered, size + 1)?, &expected)?;
    }
    same("no scope at all", &client.count(&scope(&[]), 1)?, &Some(0))
}
