//! Products 商品 (K8): the catalogue that lines of contracts come from.

mod commands;
mod input;
mod list;

pub use commands::ProductRefusal;
pub use input::{NewProduct, ProductEdit};
pub use list::{ProductOrder, ProductPage, ProductQuery};

use crate::dictionary::EntryCode;
use crate::id::ProductId;
use crate::money::{Currency, Decimal};
use crate::record::{Columns, Record, bytes_column, text_column};
use crate::store::{Column, ColumnType, Index, Kind, Value};
use crate::text::{fold, sort_key};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The migration that brought the room.
const SINCE: i32 = 2;

const fn column(column: Column) -> Column {
    Column { since: SINCE, ..column }
}

const fn index(name: &'static str, columns: &'static [&'static str]) -> Index {
    Index { since: SINCE, ..Index::on(name, columns) }
}

/// Products by id.
pub(crate) static PRODUCT: Kind = Kind {
    name: "product",
    columns: &[
        column(Column::projected("standing", ColumnType::Text)),
        column(Column::projected("created_at", ColumnType::Integer)),
        column(Column::projected("name_sort", ColumnType::Bytes)),
        column(Column::projected("number_sort", ColumnType::Bytes)),
        column(Column::projected("search_text", ColumnType::Bytes)),
        column(Column::live("category", ColumnType::Text)),
    ],
    indexes: &[
        index("created", &["standing", "created_at"]),
        index("name", &["standing", "name_sort"]),
        index("number", &["standing", "number_sort"]),
    ],
    since: SINCE,
};

/// A product 商品.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct Product {
    /// The id.
    pub id: ProductId,
    /// The product number 商品编号, unique.
    pub number: String,
    /// The name.
    pub name: String,
    /// The category 分类.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<EntryCode>,
    /// The unit 单位 that it is sold by: 台, 套, 人天.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// List prices 标价, at most one per currency.
    pub prices: Vec<ListPrice>,
    /// The tax rate 税率 in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_rate: Option<Decimal>,
    /// A description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether it is retired 停用: contracts keep it, nobody chooses it any more.
    #[serde(default)]
    pub retired: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
    /// When it was changed last.
    pub changed_at: Timestamp,
    /// By whom.
    pub changed_by: String,
    /// The version.
    #[serde(default)]
    pub version: i64,
}

/// A list price in one currency, of up to 6 places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct ListPrice {
    /// The currency.
    pub currency: Currency,
    /// The price of one unit, not negative.
    pub price: Decimal,
}

/// The list in which a product stands.
fn standing(retired: bool) -> Value {
    if retired { "retired" } else { "on" }.into()
}

impl Record for Product {
    const KIND: &'static Kind = &PRODUCT;

    fn key(&self) -> String {
        self.id.to_string()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn columns(&self) -> Vec<Value> {
        let search = format!("{}\n{}", fold(&self.number), fold(&self.name));
        vec![
            standing(self.retired),
            self.created_at.millis().into(),
            sort_key(&self.name).into(),
            bytes_column(&fold(&self.number), 255),
            bytes_column(&search, 255),
            text_column(self.category.as_ref().map(EntryCode::as_str)),
        ]
    }

    fn refresh(&mut self, row: &Columns<'_>) {
        self.version = row.version();
        self.category = row.text("category").and_then(|code| EntryCode::new(code).ok());
    }
}
