//! Writing rows that may be there on DM, which has no `ON CONFLICT`: by `MERGE`.

use super::dialect::{Dialect, Holds};
use super::statements::Text;
use crate::store::{ColumnType, Kind};

/// The rows as a source `n`, with the parameters of [`insert`], and how the target's
/// is found. Two that insert one key at once may both find it absent: the second one's error is a unique violation, on
/// which an executor tries the whole transaction again.
pub(super) fn merging(dialect: Dialect, table: &str, kind: &Kind, rows: usize) -> Text {
    let text = Holds::Value(ColumnType::Text);
    let columns = kind.columns.iter().map(|c| (c.name, Holds::Value(c.ty)));
    let given = || {
        let columns = columns.clone();
        [("org_id", Holds::Org), ("id", text)].into_iter().chain(columns).chain([("body", Holds::Body)])
    };
    // A parameter that is selected has no type of its own.
    let cast = |t: Text, (name, holds)| {
        t.add("CAST(").bind().add(" AS ").add(dialect.column_type(holds)).add(") AS ").name(name)
    };
    let same = |t: Text, c| t.name(table).add(".").name(c).add(" = ").name("n").add(".").name(c);
    let merge = Text::new(dialect, "MERGE INTO ").name(table).add(" USING (");
    let merge = (0..rows).fold(merge, |merge, place| {
        let select = if place == 0 { "SELECT " } else { " UNION ALL SELECT " };
        merge.add(select).list(given(), cast).add(" FROM DUAL")
    });
    let merge = merge.add(") AS ").name("n").add(" ON (");
    same(same(merge, "org_id").add(" AND "), "id").add(")")
}

/// The end of a merge: what happens when the key is not there. Elsewhere it was said before.
pub(super) fn inserting(text: Text, kind: &Kind) -> Text {
    if text.dialect() != Dialect::Dm {
        return text;
    }
    let columns = || kind.columns.iter().map(|c| c.name).chain(["body"]);
    let of_source = |t: Text, c| t.name("n").add(".").name(c);
    text.add(" WHEN NOT MATCHED THEN INSERT (")
        .list(["org_id", "id", "version"].into_iter().chain(columns()), Text::name)
        .add(") VALUES (")
        .list(["org_id", "id"], of_source)
        .add(", 1, ")
        .list(columns(), of_source)
        .add(")")
}
