//! Tests of the layer; the engine's own are in [`super::sqlite`].

mod golden;
#[cfg(feature = "rusqlite")]
#[cfg(feature = "rusqlite")]
mod migrations;
#[cfg(feature = "rusqlite")]
mod naive;
#[cfg(feature = "rusqlite")]
mod pages;
#[cfg(feature = "rusqlite")]
mod plans;

use crate::store::{Column, ColumnType, Index, Kind};

/// A kind with an index for each shape of search.
pub(crate) static THING: Kind = Kind {
    name: "thing",
    columns: &[
        column("owner", ColumnType::Text, true, 1),
        column("rank", ColumnType::Integer, true, 1),
        column("name", ColumnType::Bytes, false, 1),
        column("label", ColumnType::Text, false, 1),
        column("level", ColumnType::Integer, true, 1),
        column("due", ColumnType::Integer, true, 1),
        column("grp", ColumnType::Bytes, false, 2),
    ],
    indexes: &[
        index("rank", &["rank"], 1),
        index("level", &["level", "rank"], 1),
        index("owner", &["owner"], 1),
        index("owner_rank", &["owner", "rank"], 1),
        index("owner_name", &["owner", "name"], 1),
        index("owner_label", &["owner", "label"], 1),
        Index { across: true, ..Index::on("due", &["due"]) },
        index("grp_name", &["grp", "name"], 2),
        index("level_name", &["level", "name"], 3),
        Index { present: Some("grp"), ..index("level_grp", &["level", "grp", "rank"], 3) },
    ],
    since: 1,
};

/// A kind that came later and has no columns.
pub(crate) static NOTE: Kind = Kind { name: "note", columns: &[], indexes: &[], since: 2 };

pub(crate) static KINDS: &[&Kind] = &[&THING, &NOTE];

pub(crate) const fn column(name: &'static str, ty: ColumnType, live: bool, since: i32) -> Column {
    Column { name, ty, live, since, repeats: None }
}

pub(crate) const fn index(name: &'static str, columns: &'static [&'static str], since: i32) -> Index {
    Index { since, ..Index::on(name, columns) }
}
