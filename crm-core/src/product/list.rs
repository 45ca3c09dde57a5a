//! Lists of products.

use super::{PRODUCT, Product, standing};
use crate::crm::Session;
use crate::dictionary::EntryCode;
use crate::error::Error;
use crate::operations::op;
use crate::page::{COUNT_CAP, Count, PageRequest, encode_cursor, list_identity, page, place_of, searched};
use crate::record::Record;
use crate::store::{ColumnType, Direction, Filter, Read, Search};
use crate::work::{counted, rows};
use serde::{Deserialize, Serialize};

/// Which products, ordered how.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields, default)]
pub struct ProductQuery {
    /// Number or name contains this, at most 60 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub text: Option<String>,
    /// The category.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub category: Option<EntryCode>,
    /// Only those that are (or are not) retired; absent: both.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub retired: Option<bool>,
    /// The order; absent: by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub order: Option<ProductOrder>,
}

/// The order of a list of products.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum ProductOrder {
    /// By name.
    #[default]
    Name,
    /// By number.
    Number,
    /// Last created first.
    Newest,
}

page! {
    /// A page of products.
    ProductPage of Product
}

impl Session<'_> {
    /// A page of the catalogue.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `product.view`; [`Error::Invalid`]; `cursor_foreign`.
    pub fn products(&self, query: ProductQuery, page: PageRequest) -> Result<ProductPage, Error> {
        let list = list_identity(self.actor(), op::products.name, &query);
        let limit = self.rows_of(&page)?;
        let (column, direction) = match query.order.unwrap_or_default() {
            ProductOrder::Name => ("name_sort", Direction::Ascending),
            ProductOrder::Number => ("number_sort", Direction::Ascending),
            ProductOrder::Newest => ("created_at", Direction::Descending),
        };
        let ty = PRODUCT.column(column).map_or(ColumnType::Integer, |column| column.ty);
        self.query(&op::products, |work| {
            let both = [standing(false), standing(true)];
            let kept = |retired: bool| query.retired.is_none_or(|wanted| wanted == retired);
            let standings = both.into_iter().zip([false, true]).filter(|(_, retired)| kept(*retired));
            let conditions = query.conditions()?;
            let floor_is_cap = conditions.is_empty();
            let mut search = Search::of(&PRODUCT)
                .within("standing", standings.map(|(standing, _)| standing).collect())
                .filtered(conditions)
                .ordered(column, direction)
                .limited(limit + 1);
            let counting = Read::Count { search: search.clone(), cap: COUNT_CAP };
            search.after = page.place(&list, ty)?;
            let mut reads = vec![Read::Find(search)];
            reads.extend(page.count.then_some(counting));
            let mut answers = work.read(reads)?.into_iter();
            let mut found = rows(answers.next());
            let floor = if floor_is_cap { COUNT_CAP } else { found.len() as i64 };
            let count = page.count.then(|| Count::of(counted(answers.next()), floor));
            let more = found.len() as i64 > limit;
            found.truncate(usize::try_from(limit).unwrap_or_default());
            let next = found.last().filter(|_| more);
            let next = next.map(|last| encode_cursor(&list, &place_of(&PRODUCT, column, last)));
            Ok(ProductPage { items: Product::from_rows(&found)?, next, count })
        })
    }
}

impl ProductQuery {
    fn conditions(&self) -> Result<Filter, Error> {
        let mut conditions: Vec<Filter> = searched(self.text.as_deref())?.into_iter().collect();
        if let Some(category) = &self.category {
            conditions.push(Filter::equal("category", category.as_str()));
        }
        Ok(Filter::All(conditions))
    }
}
