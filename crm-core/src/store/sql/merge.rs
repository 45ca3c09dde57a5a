//! Writing rows that may be there on DM, which has no `ON CONFLICT`: by `MERGE`.

use super::dialect::{Dialect, Holds};
use super::statements::Text;
use crate::store::{ColumnType, Kind};

/// Rows that are left alone where their key is there; `versioned` if the rows say their versions.
pub(super) fn insert(dialect: Dialect, table: &str, kind: &Kind, rows: usize, versioned: bool) -> Text {
    inserting(merging(dialect, table, kind, rows, versioned), kind, versioned)
}

/// The rows as a source `n`, and how the target's is found. Two that insert one key at once may both find it absent:
/// the second one's error is a unique violation, on which an executor tries the whole transaction again.
pub(super) fn merging(dialect: Dialect, table: &str, kind: &Kind, rows: usize, versioned: bool) -> Text {
    let text = Holds::Value(ColumnType::Text);
    let version = versioned.then_some(("version", Holds::Value(ColumnType::Integer)));
    let columns = kind.columns.iter().map(|c| (c.name, Holds::Value(c.ty)));
    let given = || {
        let columns = columns.clone();
        [("org_id", Holds::Org), ("id", text)].into_iter().chain(version).chain(columns).chain([("body", Holds::Body)])
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
pub(super) fn inserting(text: Text, kind: &Kind, versioned: bool) -> Text {
    if text.dialect() != Dialect::Dm {
        return text;
    }
    let version = |t: Text| if versioned { t.name("n").add(".").name("version") } else { t.add("1") };
    let columns = || kind.columns.iter().map(|c| c.name).chain(["body"]);
    let of_source = |t: Text, c| t.name("n").add(".").name(c);
    let text = text
        .add(" WHEN NOT MATCHED THEN INSERT (")
        .list(["org_id", "id", "version"].into_iter().chain(columns()), Text::name)
        .add(") VALUES (")
        .list(["org_id", "id"], of_source)
        .add(", ");
    version(text).add(", ").list(columns(), of_source).add(")")
}
