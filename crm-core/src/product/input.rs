//! What people type about a product, and how it becomes one.

use super::{ListPrice, Product};
use crate::customer::apply_edit;
use crate::dictionary::{self, EntryCode};
use crate::error::{Error, Violation};
use crate::money::Decimal;
use crate::organisation::Context;
use crate::text::Checker;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A product to create. Only the name must be given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields, default)]
pub struct NewProduct {
    /// The number, at most 60 characters, unique; absent: one is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub number: Option<String>,
    /// The name, 1 to 200 characters.
    pub name: String,
    /// The category, a code of the dictionary `product_category`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub category: Option<EntryCode>,
    /// The unit, at most 20 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub unit: Option<String>,
    /// List prices, at most 20, one per currency.
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub prices: Vec<ListPrice>,
    /// The tax rate in percent, 0 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub tax_rate: Option<Decimal>,
    /// A description, at most 4,000 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub description: Option<String>,
}

impl NewProduct {
    /// Of a name, with nothing else known.
    pub fn named(name: impl Into<String>) -> Self {
        NewProduct { name: name.into(), ..NewProduct::default() }
    }
}

/// Changes to a product: what is absent stays, what `clear` names becomes empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields, default)]
pub struct ProductEdit {
    /// The version that was read. Somebody else's change in between is a conflict.
    pub version: i64,
    /// The number.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub number: Option<String>,
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub name: Option<String>,
    /// The category.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub category: Option<EntryCode>,
    /// The unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub unit: Option<String>,
    /// All list prices.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub prices: Option<Vec<ListPrice>>,
    /// The tax rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub tax_rate: Option<Decimal>,
    /// The description.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub description: Option<String>,
    /// Whether it is retired.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub retired: Option<bool>,
    /// Fields to make empty: any of `category`, `unit`, `prices`, `tax_rate`, `description`.
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub clear: Vec<String>,
}

/// Fields of a product that people edit, for the history.
pub(super) const EDITABLE: [&str; 8] =
    ["number", "name", "category", "unit", "prices", "tax_rate", "description", "retired"];

impl ProductEdit {
    /// The product as edited, cleaned and checked.
    pub(super) fn apply(&self, before: &Product, context: &Context) -> Result<Product, Error> {
        let mut after = before.clone();
        let mut check = Checker::new();
        apply_edit!(self => after, check;
            set: number, name, retired;
            clearable: category, unit, tax_rate, description;
            lists: prices);
        clean(&mut after, Some(before), context, &mut check);
        check.done()?;
        Ok(after)
    }
}

/// Cleans the fields that people type, and notes what is wrong with them.
pub(super) fn clean(product: &mut Product, held: Option<&Product>, context: &Context, check: &mut Checker) {
    product.number = check.line("number", &product.number, 60);
    product.name = check.line("name", &product.name, 200);
    product.unit = check.optional_line("unit", &product.unit, 20);
    product.description = check.optional_lines("description", &product.description, 4_000);
    product.tax_rate = product.tax_rate.map(Decimal::shortest);
    check.ensure(product.tax_rate.is_none_or(|rate| rate.is_within(0, 100)), || Violation::out_of_range("tax_rate"));
    if product.prices.len() > 20 {
        check.note(Violation::too_many("prices", 20));
        return;
    }
    let mut seen = BTreeSet::new();
    for (place, price) in product.prices.iter_mut().enumerate() {
        price.price = price.price.shortest();
        let (repeated, negative) = (!seen.insert(price.currency), price.price.mantissa() < 0);
        check.under(&format!("prices[{place}]"), |check| {
            check.ensure(!repeated, || Violation::repeated("currency"));
            check.ensure(!negative, || Violation::out_of_range("price"));
        });
    }
    let held = held.and_then(|held| held.category.as_ref());
    dictionary::check_code(check, context, dictionary::PRODUCT_CATEGORY, "category", product.category.as_ref(), held);
}
