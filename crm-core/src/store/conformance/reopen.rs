//! What outlives a store.

use super::Make;
use super::kinds::{ITEM, KINDS, TOTAL};
use super::tools::{Client, Outcome, add, delete, example, insert, item, same, total, update};
use crate::store::Write;

/// Each acknowledged commit stands after the store is closed and opened again; a conflict left
/// nothing behind.
pub(super) fn outlives(open: &Make<'_>) -> Outcome {
    let mut left = None;
    for round in 1..=5_i64 {
        let store = open();
        let client = Client::new(&*store, "acme")?;
        let other = Client::new(&*store, "宏远")?;
        let found = (client.dump()?, other.dump()?);
        if let Some(left) = left {
            same(&format!("what is found when opened again, {round}"), &found, &left)?;
        }
        let new = format!("round {round}");
        let mut writes: Vec<Write> = KINDS.iter().map(|k| insert(k, example(k, &new))).collect();
        writes.push(add(total("sum", 5, 1), &["total", "number"]));
        client.commit(writes)?;
        other.commit(vec![insert(&ITEM, item(&new, "o", round))])?;
        if round > 1 {
            let before = format!("round {}", round - 1);
            client.commit(vec![update(&ITEM, item(&before, "changed", round)), delete(&TOTAL, &before, 1)])?;
        }
        let taken = vec![insert(&ITEM, item("lost", "o", 1)), insert(&ITEM, item(&new, "o", 1))];
        client.conflicts(Vec::new(), taken, &ITEM, &new)?;
        left = Some((client.dump()?, other.dump()?));
    }
    Ok(())
}
