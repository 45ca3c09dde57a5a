//! Order, pages, scopes.

use super::Make;
use super::kinds::{AGENDA, BARE, ITEM};
use super::model::{self, value_of};
use super::tools::{Client, Dice, Outcome, agenda, bare, delete, holds, insert, item, item_with, same, set};
use crate::store::{Answer, Comparison, Direction, Filter, Read, Row, Search, Value};
use std::collections::{BTreeMap, BTreeSet};

const DIRECTIONS: [Direction; 2] = [Direction::Ascending, Direction::Descending];

/// Texts that collations fold, pad or take for patterns; the order of their bytes differs from
/// that of UTF-16 (U+FFFF against U+10000).
pub(super) const TEXTS: [&str; 30] = [
    "-", " ", "  ", "a", "A", "a ", "a  ", "a\t", "a b", "ab", "b", "B", "é", "e\u{301}", "中", "中国", "中 国", "ｱ",
    "ア", "ß", "ss", "%", "_", "a%", "\\", "'", "\"", "\u{ffff}", "𝄞", "0",
];

/// Bytes with the edges.
pub(super) fn byte_strings() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = [
        &b""[..],
        b"\0",
        b"\0\0",
        b"\0\x01",
        b"\x01",
        b"a",
        b"a\0",
        b"a\0b",
        b"ab",
        b"A",
        b"%",
        b"_",
        b"100%",
        b"a_b",
        b"axb",
        b"\\",
        b"'",
        b"\x7f",
        b"\x80",
        b"\xc3\x28",
        b"\xff",
        b"\xff\0",
        b"\xff\xff",
        "中国".as_bytes(),
    ]
    .map(<[u8]>::to_vec)
    .to_vec();
    all.push(vec![0xff; 255]);
    all.push(vec![0; 255]);
    all
}

/// Integers with the edges, and those a float would lose.
pub(super) const INTEGERS: [i64; 14] = [
    i64::MIN,
    i64::MIN + 1,
    -(1 << 53) - 1,
    -(1 << 53),
    -10,
    -9,
    -1,
    0,
    1,
    2,
    1 << 53,
    (1 << 53) + 1,
    i64::MAX - 1,
    i64::MAX,
];

/// Searches by a column of edges: both directions, scoped or not, from every value on, and
/// every comparison with every value, against the model.
fn column_follows_the_model(make: &Make<'_>, column: &'static str, values: &[Value]) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    // Inserted from the middle outwards; every third value twice.
    let mut rows = Vec::new();
    for (i, value) in values.iter().enumerate() {
        let place = (i * 7) % 100;
        rows.push(item_with(&format!("{place:02}-{i}"), column, value.clone()));
        if i % 3 == 0 {
            rows.push(item_with(&format!("{i}-again"), column, value.clone()));
        }
    }
    rows.rotate_left(values.len() / 2);
    client.insert(&ITEM, &rows)?;
    for direction in DIRECTIONS {
        let search = Search::of(&ITEM).ordered(column, direction);
        let owned = search.clone().within("owner", vec!["o".into()]);
        client.agrees(&rows, &search)?;
        client.agrees(&rows, &owned)?;
        for value in values {
            let mut later = search.clone();
            later.after = Some((Some(value.clone()), "5".to_owned()));
            client.agrees(&rows, &later)?;
        }
    }
    use Comparison::{AtLeast, AtMost, Equal, Greater, Less};
    for value in values {
        for comparison in [Equal, Less, AtMost, Greater, AtLeast] {
            let filter = Filter::Is(column, comparison, value.clone());
            let search = Search::of(&ITEM).filtered(filter);
            client.agrees(&rows, &search)?;
            client.agrees(&rows, &search.ordered(column, Direction::Descending))?;
        }
        let search = Search::of(&ITEM);
        client.agrees(&rows, &search.within(column, vec![value.clone()]))?;
    }
    Ok(())
}

pub(super) fn integers_are_in_order(make: &Make<'_>) -> Outcome {
    column_follows_the_model(make, "rank", &INTEGERS.map(Value::Integer))
}

pub(super) fn texts_are_in_byte_order(make: &Make<'_>) -> Outcome {
    column_follows_the_model(make, "label", &TEXTS.map(Value::from))
}

pub(super) fn bytes_are_in_byte_order(make: &Make<'_>) -> Outcome {
    let values: Vec<Value> = byte_strings().into_iter().map(Value::Bytes).collect();
    column_follows_the_model(make, "sort_key", &values)
}

pub(super) fn ids_are_in_byte_order(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    let rows: Vec<Row> = TEXTS.iter().rev().map(|id| bare(id)).collect();
    client.insert(&BARE, &rows)?;
    for direction in DIRECTIONS {
        let mut search = Search::of(&BARE);
        search.direction = direction;
        client.agrees(&rows, &search)?;
        for id in TEXTS {
            search.after = Some((None, id.to_owned()));
            client.agrees(&rows, &search)?;
            for end in TEXTS.iter().step_by(7) {
                search.until = Some((*end).to_owned());
                client.agrees(&rows, &search)?;
            }
            search.until = None;
        }
    }
    Ok(())
}

pub(super) fn ties_follow_the_direction(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    let ids = ["m", "B", "z", "a", "10", "9", "中", "é"];
    let owners = ["o", "p"].iter().cycle();
    let rows = ids.iter().zip(owners);
    let rows: Vec<Row> = rows.map(|(id, owner)| item(id, owner, 5)).collect();
    client.insert(&ITEM, &rows)?;
    let mut expected: Vec<String> = ids.map(str::to_owned).to_vec();
    expected.sort();
    for direction in DIRECTIONS {
        for search in [
            Search::of(&ITEM).ordered("rank", direction),
            Search::of(&ITEM).ordered("rank", direction).within("owner", vec!["p".into(), "o".into()]),
            Search::of(&ITEM).ordered("amount", direction).filtered(Filter::equal("rank", 5)),
        ] {
            let found = client.find(&search)?;
            let found: Vec<String> = found.into_iter().map(|row| row.id).collect();
            same(&format!("ties {direction:?}"), &found, &expected)?;
        }
        expected.reverse();
    }
    Ok(())
}

/// The place of a row to go on from.
fn place(search: &Search, row: &Row) -> (Option<Value>, String) {
    let value = search.order.map(|order| value_of(search.kind, row, order));
    (value, row.id.clone())
}

/// Walks all pages, with something done between them, and answers the ids in their order.
fn walk(
    client: &Client<'_>,
    mut search: Search,
    mut between: impl FnMut(&[Row]) -> Outcome,
) -> Result<Vec<String>, String> {
    let mut ids = Vec::new();
    let size = usize::try_from(search.limit).unwrap_or(0);
    for _ in 0..1_000 {
        let page = client.find(&search)?;
        holds(page.len() <= size, "a page is greater than asked for")?;
        ids.extend(page.iter().map(|row| row.id.clone()));
        match page.last() {
            Some(last) if page.len() == size => search.after = Some(place(&search, last)),
            _ => return Ok(ids),
        }
        between(&page)?;
    }
    Err("a walk over pages does not end".to_owned())
}

pub(super) fn pages_show_every_row_once(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    // Few ranks: pages end within ties.
    let owners = ["o", "p", "q"].iter().cycle();
    let rows = (0..42).zip(owners);
    let rows: Vec<Row> = rows.map(|(i, o)| item(&format!("row {i}"), o, i * i % 5)).collect();
    client.insert(&ITEM, &rows)?;
    let scopes = [None, Some(vec!["o"]), Some(vec!["q", "o"]), Some(vec!["o", "none", "p", "q"])];
    for order in [None, Some("rank"), Some("amount"), Some("sort_key")] {
        for direction in DIRECTIONS {
            for scope in &scopes {
                let mut search = Search::of(&ITEM);
                search.order = order;
                search.direction = direction;
                if let Some(scope) = scope {
                    search = search.within("owner", scope.iter().map(|o| (*o).into()).collect());
                }
                let all = model::page(&rows, &search);
                let all: Vec<String> = all.into_iter().map(|row| row.id).collect();
                for limit in 1..=7 {
                    let found = walk(&client, search.clone().limited(limit), |_| Ok(()))?;
                    same(&format!("pages of {limit}: {search:?}"), &found, &all)?;
                }
            }
        }
    }
    Ok(())
}

pub(super) fn pages_go_on_while_rows_come_and_go(make: &Make<'_>) -> Outcome {
    let store = make();
    for (round, direction) in DIRECTIONS.iter().cycle().take(4).enumerate() {
        let client = Client::new(&*store, &format!("round {round}"))?;
        let rows: Vec<Row> = (0..40).map(|i| item(&format!("{i:02}"), "o", i / 6)).collect();
        client.insert(&ITEM, &rows)?;
        let mut search = Search::of(&ITEM).ordered("rank", *direction).limited(6);
        if round > 1 {
            search = search.within("owner", vec!["o".into(), "p".into()]);
        }
        let mut gone: BTreeSet<String> = BTreeSet::new();
        let mut dice = Dice::new(0xfeed);
        let mut turn = 0;
        let found = walk(&client, search, |page| {
            turn += 1;
            // The last row seen goes, from which the next page goes on, and any other one; new
            // rows come at both ends and in the middle.
            let any = format!("{:02}", dice.roll(40));
            let last = page.last().map(|row| row.id.clone());
            let mut writes = Vec::new();
            for id in last.into_iter().chain([any]) {
                let new = id.starts_with("new") || !gone.insert(id.clone());
                if !new {
                    writes.push(delete(&ITEM, &id, 1));
                }
            }
            for rank in [-1, dice.roll(7), 7] {
                let row = item(&format!("new {turn} {rank}"), "p", rank);
                writes.push(insert(&ITEM, row));
            }
            client.commit(writes)
        })?;
        let once: BTreeSet<&String> = found.iter().collect();
        same("rows shown and different rows", &once.len(), &found.len())?;
        let missing = rows.iter().find(|r| !gone.contains(&r.id) && !once.contains(&r.id));
        let missing = missing.map(|row| row.id.clone());
        same("a row that stood all the time and was not shown", &missing, &None)?;
    }
    Ok(())
}

pub(super) fn limits_are_kept(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    let rows: Vec<Row> = (0..30).map(|i| agenda(&format!("{i:02}"), i)).collect();
    client.insert(&AGENDA, &rows)?;
    for limit in [1, 2, 29, 30, 31, 10_000] {
        let search = Search::of(&AGENDA).limited(limit);
        client.agrees(&rows, &search)?;
        client.agrees(&rows, &search.clone().ordered("due", Direction::Descending))?;
        let few = Filter::Is("due", Comparison::AtLeast, 28.into());
        client.agrees(&rows, &search.filtered(few))?;
    }
    Ok(())
}

pub(super) fn scopes_of_any_size(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    let owner = |i: usize| format!("owner {i:04}");
    let rows = (0_i64..).zip((0..1_200).map(|i| owner(i * 31 % 600)));
    let rows: Vec<Row> = rows.map(|(i, o)| item(&format!("row {i}"), &o, i % 50)).collect();
    client.insert(&ITEM, &rows)?;
    for size in [0, 1, 3, 40, 2_000] {
        let values: Vec<Value> = (0..size).rev().map(|i| owner(i).into()).collect();
        let mut search = Search::of(&ITEM).within("owner", values).limited(25);
        for order in [None, Some("rank"), Some("label"), Some("sort_key"), Some("amount")] {
            for direction in DIRECTIONS {
                search.order = order;
                search.direction = direction;
                search.after = None;
                client.agrees(&rows, &search)?;
                if let Some(last) = client.find(&search)?.last() {
                    search.after = Some(place(&search, last));
                    client.agrees(&rows, &search)?;
                }
            }
        }
        let filter = Filter::Is("rank", Comparison::Greater, 45.into());
        client.agrees(&rows, &search.clone().filtered(filter.clone()))?;
        let counted = search.filtered(filter);
        let expected = model::count(&rows, &counted, 10_000);
        same("count in a scope", &client.count(&counted, 10_000)?, &expected)?;
    }
    // A scope by a column that leads no index of its own beside others.
    let values = [0, 2].map(Value::Integer).to_vec();
    let search = Search::of(&ITEM).within("amount", values).limited(40);
    client.agrees(&rows, &search)?;
    client.agrees(&rows, &search.ordered("rank", Direction::Descending))
}

/// The sums that a search must answer, out of the rows.
fn sums_of(
    rows: &[Row],
    search: &Search,
    by: &[&'static str],
    columns: &[&'static str],
) -> Vec<(Vec<Value>, Vec<i64>)> {
    let mut groups: BTreeMap<Vec<Value>, Vec<i64>> = BTreeMap::new();
    for row in model::page(rows, search) {
        let group = by.iter().map(|column| value_of(&ITEM, &row, column)).collect();
        let sums = groups.entry(group).or_insert_with(|| vec![0; columns.len()]);
        for (sum, column) in sums.iter_mut().zip(columns) {
            *sum += value_of(&ITEM, &row, column).as_integer().unwrap_or_default();
        }
    }
    groups.into_iter().collect()
}

pub(super) fn sums_are_those_of_the_rows_in_the_order_of_their_groups(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    let other = Client::new(&*store, "other")?;
    let mut rows = Vec::new();
    for (number, text) in (0_i64..).zip(TEXTS.iter().cycle().take(180)) {
        let mut row = item_with(&format!("i{number}"), "label", *text);
        set(&ITEM, &mut row, "owner", TEXTS.get((number % 7) as usize).copied().unwrap_or("o").into());
        let great = if number % 11 == 0 { 1 << 55 } else { 0 };
        set(&ITEM, &mut row, "rank", (number % 5 - 2 + great).into());
        set(&ITEM, &mut row, "amount", (number - 90).into());
        rows.push(row);
    }
    client.insert(&ITEM, &rows)?;
    other.insert(&ITEM, &[item("i1", "a", 1_000)])?;
    let owners = |owners: &[&str]| owners.iter().map(|owner| (*owner).into()).collect::<Vec<Value>>();
    let range = Filter::All(vec![
        Filter::Is("rank", Comparison::AtLeast, (-1).into()),
        Filter::Is("rank", Comparison::AtMost, 1.into()),
    ]);
    let searches = [
        Search::of(&ITEM),
        Search::of(&ITEM).filtered(Filter::Is("amount", Comparison::Less, 0.into())),
        Search::of(&ITEM).within("owner", owners(&["a"])),
        Search::of(&ITEM).within("owner", owners(&["a", "A", "-", "nobody"])),
        Search::of(&ITEM).within("owner", owners(&["a", "A"])).ordered("rank", Direction::Ascending).filtered(range),
        Search::of(&ITEM).within("owner", owners(&["nobody"])),
    ];
    let by: [&[&'static str]; 4] = [&["label"], &["owner", "label", "rank"], &["sort_key"], &[]];
    for search in searches {
        for by in by {
            for columns in [&["amount", "rank"][..], &["rank"]] {
                let (search, by, columns) = (search.clone(), by.to_vec(), columns.to_vec());
                let expected = sums_of(&rows, &search, &by, &columns);
                let what = format!("sums of {columns:?} by {by:?} of {search:?}");
                let found = client.read(&[Read::Sum { search, by, columns }])?.pop();
                same(&what, &found, &Some(Answer::Sums(expected)))?;
            }
        }
    }
    Ok(())
}
