//! What is kept comes back as it was.

use super::Make;
use super::kinds::{BARE, ITEM};
use super::model::value_of;
use super::searches::{INTEGERS, TEXTS, byte_strings};
use super::tools::{Client, Outcome, bare, delete, insert, item, item_with, same, update};
use crate::store::{Answer, Change, Read, Row, Search, Selection, Value, Write};

pub(super) fn bodies_come_back_as_they_were(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    let long = "长".repeat(34_000);
    let bodies = [
        "{}".to_owned(),
        // Blanks, the order of keys, repeated keys and the form of numbers are the text's own.
        " {\n\t\"b\" : 1.0, \"a\":1e2, \"b\": 12345678901234567890 }\r\n".to_owned(),
        r#"{"quotes":"it's \"so\" \\ `here` $1 ?1 :x @y %s {}"}"#.to_owned(),
        "{\"text\":\"宏远科技 𝄞 😀 e\u{301} é \u{feff}\u{200b}\u{202e}\u{2028}\u{7f}\u{85}\u{ffff}\"}".to_owned(),
        "{\"escaped\":\"\\u0000 \\u0001 \\u001f \\ud834\\udd1e\"}".to_owned(),
        "{\"raw\":\"\u{1} \u{8} \u{1f} \u{1b}[0m\"}".to_owned(),
        "{\"sql\":\"'); DROP TABLE crm_conf_item; --\"}".to_owned(),
        format!("{{\"long\":\"{long}\"}}"),
    ];
    let rows = bodies.iter().enumerate();
    let rows: Vec<Row> = rows.map(|(i, body)| Row { body: body.clone(), ..item(&format!("{i}"), "o", 1) }).collect();
    client.insert(&ITEM, &rows)?;
    same("inserted bodies", &client.find(&Search::of(&ITEM))?, &rows)?;
    // Each body at the place of another.
    let turned: Vec<Row> =
        rows.iter().zip(bodies.iter().rev()).map(|(row, body)| Row { body: body.clone(), ..row.clone() }).collect();
    client.commit(turned.iter().cloned().map(|row| update(&ITEM, row)).collect())?;
    let found = client.find(&Search::of(&ITEM))?;
    let found: Vec<String> = found.into_iter().map(|row| row.body).collect();
    let expected: Vec<String> = turned.into_iter().map(|row| row.body).collect();
    same("updated bodies", &found, &expected)
}

pub(super) fn values_come_back_as_they_were(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    let longest = ["x", "中", "𝄞"].map(|c| c.repeat(191));
    let texts = TEXTS.iter().map(|text| Value::from(*text));
    let texts = texts.chain(longest.into_iter().map(Value::from));
    let controls = Value::from("a\u{1}\u{1f}\r\n\u{7f}\u{85}\u{2028}\u{feff}");
    let texts = texts.chain([controls]).map(|text| ("label", text));
    let bytes = byte_strings().into_iter().chain([(0..=254).collect()]);
    let bytes = bytes.map(|bytes| ("sort_key", Value::Bytes(bytes)));
    let integers = INTEGERS.iter().map(|i| ("rank", Value::Integer(*i)));
    let values = texts.chain(bytes).chain(integers).enumerate();
    let rows: Vec<Row> = values.map(|(i, (column, value))| item_with(&format!("{i:03}"), column, value)).collect();
    client.insert(&ITEM, &rows)?;
    same("values", &client.find(&Search::of(&ITEM))?, &rows)
}

pub(super) fn columns_come_back_without_the_rest(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    let columns = |ids: &[String], columns: &[&'static str]| {
        let columns = columns.to_vec();
        match client.read(&[Read::Columns { of: Selection::Keys { kind: &ITEM, ids: ids.to_vec() }, columns }])?.pop() {
            Some(Answer::Columns(found)) => Ok(found),
            other => Err(format!("columns were asked for, {other:?} answered")),
        }
    };
    let mut ids: Vec<String> = (0..2_500).map(|i| format!("row-{i}")).collect();
    same("of an empty store", &columns(&ids, &["rank"])?, &Vec::new())?;
    let row = |id: &String| item(id, &format!("owner of {id}"), i64::try_from(id.len()).unwrap_or(0));
    let rows: Vec<Row> = ids.iter().map(row).collect();
    for part in rows.chunks(1_000) {
        client.insert(&ITEM, part)?;
    }
    // Live columns answer what they hold now.
    client.commit(vec![touch("row-7", "rank", 77)])?;
    // Neither the order of the keys nor that of the columns is the stored one; one is absent.
    ids.reverse();
    ids.insert(3, "absent".to_owned());
    let value = |row: &Row, column| match (row.id.as_str(), column) {
        ("row-7", "rank") => 77.into(),
        _ => value_of(&ITEM, row, column),
    };
    for asked in [&["sort_key", "rank", "owner"][..], &["label"], &["amount", "label"], &[]] {
        let expected = rows.iter().rev().map(|row| (row.id.clone(), asked.iter().map(|c| value(row, *c)).collect()));
        let expected: Vec<(String, Vec<Value>)> = expected.collect();
        same(&format!("columns {asked:?}"), &columns(&ids, asked)?, &expected)?;
    }
    same("of no keys", &columns(&[], &["rank"])?, &Vec::new())
}

fn touch(id: &str, column: &'static str, value: i64) -> Write {
    Write::Touch { kind: &ITEM, id: id.to_owned(), version: None, changes: vec![(column, Change::Set(value.into()))] }
}

pub(super) fn ids_differ_by_every_byte(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    let longest = ["x", "中", "𝄞"].map(|c| c.repeat(191));
    let nearly = longest.clone().map(|id| {
        let mut id: String = id.chars().take(190).collect();
        id.push('y');
        id
    });
    let odd = [
        "'; DROP TABLE crm_conf_bare; --",
        "a/b?c=d&e#f",
        "客户/公司名：宏远",
        "客户/公司名:宏远",
        "null",
        "NULL",
        "1",
        "01",
        "1.0",
        "1e0",
        " 1",
    ];
    let ids: Vec<String> = TEXTS.iter().chain(&odd).map(|id| (*id).to_owned()).collect();
    let mut ids: Vec<String> = ids.into_iter().chain(longest).chain(nearly).collect();
    let rows: Vec<Row> = ids.iter().map(|id| bare(id)).collect();
    client.insert(&BARE, &rows)?;
    for id in &ids {
        let row = bare(id);
        same("a row by its key", &client.get(&BARE, &[id])?, &vec![row.clone()])?;
        client.conflicts(Vec::new(), vec![insert(&BARE, row)], &BARE, id)?;
    }
    // Every other one goes, and no neighbour with it.
    let gone: Vec<String> = ids.iter().step_by(2).cloned().collect();
    client.commit(gone.iter().map(|id| delete(&BARE, id, 1)).collect())?;
    ids.retain(|id| !gone.contains(id));
    ids.sort();
    let left = client.find(&Search::of(&BARE))?;
    let left: Vec<String> = left.into_iter().map(|row| row.id).collect();
    same("the rows left", &left, &ids)
}
