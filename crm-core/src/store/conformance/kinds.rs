//! The kinds that the suite stores. They look like what the domain stores, and are none of it.

use crate::store::{Column, ColumnType, Index, Kind};

/// The kinds of the suite. A store that makes tables makes these before it is certified. Some
/// columns bear names that databases reserve (`rank`, `number`): names want quoting.
pub const KINDS: &[&Kind] = &[&ITEM, &TOTAL, &AGENDA, &BARE];

const fn column(name: &'static str, ty: ColumnType, live: bool) -> Column {
    let since = 1;
    Column { name, ty, live, since, repeats: None }
}

const fn index(name: &'static str, columns: &'static [&'static str]) -> Index {
    Index { since: 1, ..Index::on(name, columns) }
}

/// The kind most checks use: each type of column, live and not, and indexes for scopes, orders
/// and equal values before an order.
pub(super) static ITEM: Kind = Kind {
    name: "conf_item",
    columns: &[
        column("owner", ColumnType::Text, true),
        column("rank", ColumnType::Integer, true),
        column("label", ColumnType::Text, false),
        column("sort_key", ColumnType::Bytes, false),
        column("amount", ColumnType::Integer, false),
    ],
    indexes: &[
        index("owner", &["owner"]),
        index("owner_rank", &["owner", "rank"]),
        index("owner_label", &["owner", "label"]),
        index("owner_sort_key", &["owner", "sort_key"]),
        index("amount_owner_rank", &["amount", "owner", "rank"]),
        index("rank", &["rank"]),
        index("label", &["label"]),
        index("sort_key", &["sort_key"]),
    ],
    since: 1,
};

/// Sums without an index.
pub(super) static TOTAL: Kind = Kind {
    name: "conf_total",
    columns: &[
        column("title", ColumnType::Text, false),
        column("total", ColumnType::Integer, true),
        column("number", ColumnType::Integer, true),
    ],
    indexes: &[],
    since: 1,
};

/// Something due, indexed across organisations.
pub(super) static AGENDA: Kind = Kind {
    name: "conf_agenda",
    columns: &[column("due", ColumnType::Integer, true), column("subject", ColumnType::Text, true)],
    indexes: &[Index { across: true, ..Index::on("due_across", &["due"]) }, index("subject", &["subject"])],
    since: 1,
};

/// No columns at all: keys that are taken, and nothing else.
pub(super) static BARE: Kind = Kind { name: "conf_bare", columns: &[], indexes: &[], since: 1 };
