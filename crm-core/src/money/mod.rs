//! Money 金额: minor units of a currency inside, an exact decimal text at the edges, no float anywhere.

mod currency;
mod decimal;

pub use currency::Currency;
pub use decimal::Decimal;
pub(crate) use decimal::MOST;

use crate::error::{Error, Violation, refusals};
use serde::{Deserialize, Serialize};

/// An amount of a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// How much, with no more places than the currency has.
    pub amount: Decimal,
    /// Of what.
    pub currency: Currency,
}

refusals! {
    /// Why sums can't be made.
    pub enum MoneyRefusal {
        /// A sum is beyond what every language can hold (2^53 minor units).
        SumTooGreat = "sum_too_great", "The sum is too great", "金额合计超出范围";
    }
}

/// Adds up minor units; refuses what is beyond 2^53.
pub(crate) fn sum(amounts: impl IntoIterator<Item = i64>) -> Result<i64, Error> {
    let total = amounts.into_iter().try_fold(0_i64, i64::checked_add);
    total.filter(|total| total.abs() <= MOST).ok_or_else(|| MoneyRefusal::SumTooGreat.into())
}

/// A fraction as a whole number, a half going away from zero (四舍五入); none for what is divided by nothing.
pub(crate) fn half_up(numerator: i128, denominator: i128) -> Option<i128> {
    let (whole, rest) = (numerator.checked_div(denominator)?, numerator.checked_rem(denominator)?);
    let up = rest.abs().checked_mul(2)? >= denominator.abs();
    let sign = if (numerator < 0) == (denominator < 0) { 1 } else { -1 };
    if up && rest != 0 { whole.checked_add(sign) } else { Some(whole) }
}

/// Minor units as 128 bits told them; refuses what is beyond 2^53.
fn minor(amount: Option<i128>) -> Result<i64, Error> {
    let amount = amount.and_then(|amount| i64::try_from(amount).ok()).filter(|amount| amount.abs() <= MOST);
    amount.ok_or_else(|| MoneyRefusal::SumTooGreat.into())
}

/// Quantity times unit price in minor units, rounded once.
pub(crate) fn times(quantity: Decimal, price: Decimal, currency: Currency) -> Result<i64, Error> {
    let product = i128::from(quantity.mantissa()) * i128::from(price.mantissa());
    let (places, digits) = (quantity.places() + price.places(), currency.digits());
    let scaled = if places <= digits {
        product.checked_mul(10_i128.pow(digits - places))
    } else {
        half_up(product, 10_i128.pow(places - digits))
    };
    minor(scaled)
}

/// Several factors, each rounded once at the end: `quantity` times `price` less `percent` of it.
pub(crate) fn times_less(
    quantity: Decimal,
    price: Decimal,
    percent: Decimal,
    currency: Currency,
) -> Result<i64, Error> {
    let product = i128::from(quantity.mantissa()) * i128::from(price.mantissa());
    let hundred = 100 * 10_i128.pow(percent.places());
    let kept = hundred - i128::from(percent.mantissa());
    // 53 bits each, and a factor of up to 27 bits: within 127 only because bounds are kept; still checked.
    let product = product.checked_mul(kept);
    let (places, digits) = (quantity.places() + price.places(), currency.digits());
    let divisor = hundred.checked_mul(10_i128.pow(places));
    let scaled = product.and_then(|product| product.checked_mul(10_i128.pow(digits)));
    minor(scaled.zip(divisor).and_then(|(scaled, divisor)| half_up(scaled, divisor)))
}

/// The tax in an amount that includes it, at a rate in percent.
pub(crate) fn tax_within(amount: i64, rate: Decimal) -> Result<i64, Error> {
    let hundred = 100 * 10_i128.pow(rate.places());
    let rate = i128::from(rate.mantissa());
    minor(half_up(i128::from(amount) * rate, hundred + rate))
}

/// The tax on an amount that does not include it, at a rate in percent.
pub(crate) fn tax_on(amount: i64, rate: Decimal) -> Result<i64, Error> {
    let hundred = 100 * 10_i128.pow(rate.places());
    minor(half_up(i128::from(amount) * i128::from(rate.mantissa()), hundred))
}

/// An amount in another currency, at a rate.
pub(crate) fn converted(amount: i64, from: Currency, rate: Decimal, to: Currency) -> Result<i64, Error> {
    let product = i128::from(amount) * i128::from(rate.mantissa());
    let (up, down) = (to.digits(), from.digits() + rate.places());
    minor(product.checked_mul(10_i128.pow(up)).and_then(|product| half_up(product, 10_i128.pow(down))))
}

/// Spreads a total over parts of these sizes: each gets its share rounded down, the remainder goes to the last one, and
/// what that one can't bear to the one before. All are positive or zero, and the total is at most their sum.
pub(crate) fn spread(total: i64, parts: &[i64]) -> Result<Vec<i64>, Error> {
    let whole = sum(parts.iter().copied())?;
    if total < 0 || total > whole || parts.iter().any(|part| *part < 0) {
        return Err(Violation::out_of_range("discount").into());
    }
    let share = |part: &i64| minor((i128::from(*part) * i128::from(total)).checked_div(i128::from(whole.max(1))));
    let mut shares = parts.iter().map(share).collect::<Result<Vec<i64>, Error>>()?;
    let mut rest = total - sum(shares.iter().copied())?;
    for (share, part) in shares.iter_mut().zip(parts).rev() {
        let more = rest.min(part - *share);
        *share += more;
        rest -= more;
    }
    Ok(shares)
}

#[cfg(test)]
mod tests;
