//! Lines of contracts (K3): each rounded once, half up, to the minor unit; the discount on the whole is spread.

use crate::error::{Error, Violation};
use crate::id::ProductId;
use crate::money::{self, Currency, Decimal};
use crate::product::Product;
use crate::text::Checker;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A line as it is typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct NewContractLine {
    /// The product, not retired; absent: something that the catalogue does not have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub product: Option<ProductId>,
    /// What it is, at most 200 characters; absent: as the product is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub name: Option<String>,
    /// The unit, at most 20 characters; absent: the product's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub unit: Option<String>,
    /// The quantity, more than nothing; of a supplement it may be negative.
    pub quantity: Decimal,
    /// The price of one unit, not negative.
    pub price: Decimal,
    /// The tax rate in percent, 0 to 100; absent: the product's, or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub tax_rate: Option<Decimal>,
    /// A discount in percent, 0 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub discount_percent: Option<Decimal>,
    /// A discount as an amount, instead of one in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub discount_amount: Option<Decimal>,
}

/// A line of a contract 合同明细, with what follows from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct ContractLine {
    /// The product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductId>,
    /// The product's number then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_number: Option<String>,
    /// What it is.
    pub name: String,
    /// The unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The quantity.
    pub quantity: Decimal,
    /// The list price then, in the contract's currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list_price: Option<Decimal>,
    /// The price of one unit.
    pub price: Decimal,
    /// The tax rate in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_rate: Option<Decimal>,
    /// The discount in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discount_percent: Option<Decimal>,
    /// The discount as an amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discount_amount: Option<Decimal>,
    /// Its share of the discount on the whole.
    pub whole_discount: Decimal,
    /// Without tax 未税金额.
    pub net: Decimal,
    /// The tax 税额.
    pub tax: Decimal,
    /// With tax 含税金额.
    pub amount: Decimal,
}

impl ContractLine {
    /// As it was typed.
    pub(super) fn typed(&self) -> NewContractLine {
        NewContractLine {
            product: self.product,
            name: Some(self.name.clone()),
            unit: self.unit.clone(),
            quantity: self.quantity,
            price: self.price,
            tax_rate: self.tax_rate,
            discount_percent: self.discount_percent,
            discount_amount: self.discount_amount,
        }
    }
}

/// Lines, at the most.
pub(super) const MOST_LINES: usize = 200;

/// What lines are calculated with.
pub(super) struct Terms<'t> {
    pub(super) currency: Currency,
    pub(super) tax_included: bool,
    pub(super) whole_discount: Option<Decimal>,
    /// Whether quantities may be negative.
    pub(super) supplement: bool,
    pub(super) products: &'t BTreeMap<ProductId, Product>,
    /// Products that the contract has already: they may be retired by now, and stay as they were.
    pub(super) held: &'t [ContractLine],
}

/// The lines out of what was typed, and their sum in minor units; notes what is wrong with them.
pub(super) fn calculated(
    typed: &[NewContractLine],
    terms: &Terms<'_>,
    check: &mut Checker,
) -> Result<(Vec<ContractLine>, i64), Error> {
    if typed.len() > MOST_LINES {
        check.note(Violation::too_many("lines", MOST_LINES as i64));
        return Ok((Vec::new(), 0));
    }
    let mut lines = Vec::with_capacity(typed.len());
    let mut amounts = Vec::with_capacity(typed.len());
    for (place, line) in typed.iter().enumerate() {
        let (line, amount) = check.under(&format!("lines[{place}]"), |check| one(line, terms, check))?;
        lines.push(line);
        amounts.push(amount);
    }
    let discount = match terms.whole_discount.map(|discount| discount.minor(terms.currency)) {
        None => 0,
        Some(Some(discount)) => discount,
        Some(None) => {
            check.note(Violation::malformed("whole_discount"));
            0
        }
    };
    let bearable = !amounts.iter().any(|amount| *amount < 0) && (0..=money::sum(amounts.clone())?).contains(&discount);
    let shares = if discount == 0 {
        vec![0; amounts.len()]
    } else if bearable {
        money::spread(discount, &amounts)?
    } else {
        check.note(Violation::out_of_range("whole_discount"));
        return Ok((lines, 0));
    };
    let mut total = Vec::with_capacity(lines.len());
    for ((line, amount), share) in lines.iter_mut().zip(amounts).zip(shares) {
        let amount = amount - share;
        let rate = line.tax_rate.unwrap_or(Decimal::ZERO);
        let (net, tax) = if terms.tax_included {
            let tax = money::tax_within(amount, rate)?;
            (amount - tax, tax)
        } else {
            (amount, money::tax_on(amount, rate)?)
        };
        let with_tax = money::sum([net, tax])?;
        let told = |amount| Decimal::of_minor(amount, terms.currency);
        (line.whole_discount, line.net, line.tax, line.amount) = (told(share), told(net), told(tax), told(with_tax));
        total.push(with_tax);
    }
    Ok((lines, money::sum(total)?))
}

/// One line before the discount on the whole, and its amount.
fn one(typed: &NewContractLine, terms: &Terms<'_>, check: &mut Checker) -> Result<(ContractLine, i64), Error> {
    let held = terms.held.iter().find(|held| held.product.is_some() && held.product == typed.product);
    let product = typed.product.and_then(|id| terms.products.get(&id));
    let usable = typed.product.is_none() || held.is_some() || product.is_some_and(|product| !product.retired);
    check.ensure(usable, || Violation::unknown("product"));
    let name = match (&typed.name, held, product) {
        (Some(name), ..) => name.clone(),
        (None, Some(held), _) => held.name.clone(),
        (None, None, Some(product)) => product.name.clone(),
        (None, None, None) => String::new(),
    };
    let unit = typed.unit.clone().or_else(|| held.map_or_else(|| product?.unit.clone(), |held| held.unit.clone()));
    let tax_rate = typed.tax_rate.or_else(|| held.map_or_else(|| product?.tax_rate, |held| held.tax_rate));
    let listed = |product: &Product| {
        product.prices.iter().find(|price| price.currency == terms.currency).map(|price| price.price)
    };
    let quantity = typed.quantity.shortest();
    let signed = if terms.supplement { quantity.mantissa() != 0 } else { quantity.mantissa() > 0 };
    check.ensure(signed, || Violation::out_of_range("quantity"));
    check.ensure(typed.price.mantissa() >= 0, || Violation::out_of_range("price"));
    check.ensure(tax_rate.is_none_or(|rate| rate.is_within(0, 100)), || Violation::out_of_range("tax_rate"));
    let percent = typed.discount_percent.map(Decimal::shortest);
    check.ensure(percent.is_none_or(|percent| percent.is_within(0, 100)), || {
        Violation::out_of_range("discount_percent")
    });
    check.ensure(percent.is_none() || typed.discount_amount.is_none(), || Violation::not_allowed("discount_amount"));
    let less = typed.discount_amount.map_or(Some(0), |less| less.minor(terms.currency));
    check.ensure(less.is_some(), || Violation::malformed("discount_amount"));
    let less = less.unwrap_or_default();
    let whole = money::times(quantity, typed.price, terms.currency);
    let Ok(whole) = whole else {
        check.note(Violation::out_of_range("price"));
        return Ok((line(typed, name, quantity, unit, tax_rate, check), 0));
    };
    check.ensure((0..=whole.max(0)).contains(&less), || Violation::out_of_range("discount_amount"));
    let amount = match percent {
        Some(percent) => money::times_less(quantity, typed.price, percent, terms.currency)?,
        None => whole - less,
    };
    let mut line = line(typed, name, quantity, unit, tax_rate, check);
    line.discount_percent = percent;
    line.product_number =
        held.map(|held| held.product_number.clone()).unwrap_or_else(|| product.map(|product| product.number.clone()));
    line.list_price = held.map_or_else(|| product.and_then(listed), |held| held.list_price);
    line.discount_amount = typed.discount_amount.map(|_| Decimal::of_minor(less, terms.currency));
    Ok((line, amount))
}

fn line(
    typed: &NewContractLine,
    name: String,
    quantity: Decimal,
    unit: Option<String>,
    tax_rate: Option<Decimal>,
    check: &mut Checker,
) -> ContractLine {
    ContractLine {
        product: typed.product,
        product_number: None,
        name: check.line("name", &name, 200),
        unit: check.optional_line("unit", &unit, 20),
        quantity,
        list_price: None,
        price: typed.price.shortest(),
        tax_rate: tax_rate.map(Decimal::shortest),
        discount_percent: None,
        discount_amount: None,
        whole_discount: Decimal::ZERO,
        net: Decimal::ZERO,
        tax: Decimal::ZERO,
        amount: Decimal::ZERO,
    }
}
