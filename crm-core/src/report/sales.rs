//! Sales by month, quarter and year, on two bases (T2).

use super::activity::MOST_ROWS;
use super::figures::Series;
use super::period::{ReportPer, Span};
use super::sums::Summed;
use super::whose::{ReportOf, Whose};
use crate::crm::Session;
use crate::date::Date;
use crate::error::{Error, Violation};
use crate::money::{self, Currency, Decimal};
use crate::operations::op;
use crate::product::{PRODUCT, Product};
use crate::record::{ABSENT, Record};
use crate::sorted::{Gather as _, Sort as _};
use crate::store::Value;
use crate::work::{Stop, Work};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// On which day an amount counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum SalesBasis {
    /// 签约口径: all of a contract in the month of its signing, a supplement in that of its own.
    #[default]
    Signed,
    /// 回款口径: what came in, less what was taken back or given back, each on its own day.
    Received,
}

/// By what sales are told apart, beside time and currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum SalesBy {
    /// By the person whose performance it is.
    Person,
    /// By the position whose performance it is.
    Position,
    /// By product; what an agreed price leaves belongs to none.
    Product,
}

/// With what a period is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum Compare {
    /// 环比: the period before.
    Previous,
    /// 同比: the same period of the year before.
    LastYear,
}

/// Which sales, and how they are told apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct SalesQuery {
    /// Whose.
    pub of: ReportOf,
    /// On which basis.
    #[serde(default)]
    pub basis: SalesBasis,
    /// From the month of this day on.
    pub from: Date,
    /// To the month of this day, included; at most 120 months.
    pub to: Date,
    /// How it is cut by time.
    #[serde(default)]
    pub per: ReportPer,
    /// By what else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub by: Option<SalesBy>,
    /// Only contracts in this currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub currency: Option<Currency>,
    /// Whether amounts are those in the base currency 折合本币, by the rates of the contracts.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub in_base: bool,
    /// With what each period is compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub compare: Option<Compare>,
}

/// Amounts of one currency. By product there is nothing but what was signed: a receipt pays a contract, not one of its lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct SalesFigures {
    /// How many contracts, supplements counted; by receipt: how many receipts, reversals and refunds counted.
    pub entries: i64,
    /// Signed 签约金额; by receipt nothing.
    pub signed: Decimal,
    /// Received 已收: by signing, to date on these contracts; by receipt, in the period.
    pub received: Decimal,
    /// Written off 核销 to date: never received, and not outstanding any more.
    pub written_off: Decimal,
    /// Unreceived 未收: signed, not received, not written off; less than nothing where more came. By receipt nothing.
    pub unreceived: Decimal,
}

/// One row of sales.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct SalesRow {
    /// The period: `2026-11`, `2026Q4`, `2026`; empty for the whole time.
    pub period: String,
    /// Its first day within the report.
    pub from: Date,
    /// Its last day within the report.
    pub to: Date,
    /// The person, position or product; absent: of none, or they are not told apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The currency of the amounts: currencies are never added.
    pub currency: Currency,
    /// The amounts.
    pub figures: SalesFigures,
    /// Those of the period that it is compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<SalesFigures>,
}

/// Sales in order of time, then of names, then of currencies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct SalesReport {
    /// The rows; none for what is nothing.
    pub rows: Vec<SalesRow>,
    /// All of the time and of everyone, by currency.
    pub totals: Vec<SalesRow>,
}

/// Period, whom or what, currency.
type Place = (i64, String, Currency);
type Sums = BTreeMap<Place, [i64; 4]>;

impl Session<'_> {
    /// Sales by month, quarter or year, by person, position or product, by currency or in the base currency.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the rights `report.view` and `contract.view` (by receipt: `payment.view`), and on [`ReportOf::All`] for who is no
    /// administrator; [`Error::Invalid`]; `figures_not_built`; `sum_too_great`.
    pub fn sales_report(&self, query: SalesQuery) -> Result<SalesReport, Error> {
        self.query(&op::sales_report, |work| {
            let received = query.basis == SalesBasis::Received;
            let whose = work.whose(&query.of, if received { "payment.view" } else { "contract.view" })?;
            if received && query.by == Some(SalesBy::Product) {
                return Err(Violation::not_allowed("query.by").into());
            }
            // A receipt pays a contract, not one of its lines.
            let owed = !received && query.by != Some(SalesBy::Product);
            let told = |figures: &[i64; 4], currency| told(figures, currency, owed);
            let begins = work.context.settings().report.fiscal_year_month;
            let span = Span::of(query.from, query.to, query.per, begins)?;
            let back = query.compare.map(|compare| match compare {
                Compare::Previous => span.period_months(),
                Compare::LastYear => 12,
            });
            let found = work.sales(&whose, &query, span)?;
            let earlier = back.map(|back| work.sales(&whose, &query, span.earlier(back))).transpose()?;
            // What is compared stands beside its period, also where that one has nothing.
            let mut before: Sums = Sums::new();
            for ((period, key, currency), figures) in earlier.into_iter().flatten() {
                before.insert((period + back.unwrap_or_default(), key, currency), figures);
            }
            let mut places: Vec<&Place> = found.keys().chain(before.keys()).collect();
            places.sort();
            places.dedup();
            if places.len() > MOST_ROWS {
                return Err(Violation::too_many("query.by", MOST_ROWS as i64).into());
            }
            let names = work.sales_names(&query, places.iter().map(|place| place.1.clone()).collect())?;
            let compared = back.is_some();
            let row = |place: &Place, figures: &[i64; 4], before: Option<&[i64; 4]>| {
                let (period, key, currency) = place;
                let (from, to) = span.days(*period).ok_or_else(|| Violation::out_of_range("query.from"))?;
                Ok::<SalesRow, Error>(SalesRow {
                    period: span.name(*period),
                    from,
                    to,
                    name: names.get(key).cloned(),
                    key: Some(key.clone()).filter(|key| !key.is_empty()),
                    currency: *currency,
                    figures: told(figures, *currency)?,
                    before: before.map(|before| told(before, *currency)).transpose()?,
                })
            };
            let nothing = [0; 4];
            let mut rows = Vec::with_capacity(places.len());
            let mut totals: BTreeMap<Currency, [[i64; 4]; 2]> = BTreeMap::new();
            for place in places {
                let figures = found.get(place).unwrap_or(&nothing);
                let own = compared.then(|| before.get(place).unwrap_or(&nothing));
                if figures == &nothing && own.is_none_or(|own| own == &nothing) {
                    continue;
                }
                rows.push(row(place, figures, own)?);
                let total = totals.entry(place.2).or_default();
                for (total, more) in total.iter_mut().zip([Some(figures), own]) {
                    for (sum, more) in total.iter_mut().zip(more.unwrap_or(&nothing)) {
                        *sum = money::sum([*sum, *more])?;
                    }
                }
            }
            rows.order_by(|a, b| (a.from, &a.name, &a.key, a.currency).cmp(&(b.from, &b.name, &b.key, b.currency)));
            let whole = Span::of(query.from, query.to, ReportPer::Whole, begins)?;
            let (from, to) = whole.days(whole.first).ok_or_else(|| Violation::out_of_range("query.from"))?;
            let totals = totals.into_iter().map(|(currency, [figures, before])| {
                Ok(SalesRow {
                    period: String::new(),
                    from,
                    to,
                    key: None,
                    name: None,
                    currency,
                    figures: told(&figures, currency)?,
                    before: compared.then(|| told(&before, currency)).transpose()?,
                })
            });
            Ok(SalesReport { rows, totals: totals.collect::<Result<_, Error>>()? })
        })
    }
}

/// Entries, signed, received and written off as they are shown.
fn told(figures: &[i64; 4], currency: Currency, owed: bool) -> Result<SalesFigures, Error> {
    let [entries, signed, received, written_off] = *figures;
    let unreceived = if owed { money::sum([signed, -received, -written_off])? } else { 0 };
    let told = |amount| Ok::<_, Error>(Decimal::of_minor(money::sum([amount])?, currency));
    Ok(SalesFigures {
        entries,
        signed: told(signed)?,
        received: told(received)?,
        written_off: told(written_off)?,
        unreceived: told(unreceived)?,
    })
}

impl SalesQuery {
    /// The currency of the amounts and the product of a value, if it is asked for.
    fn told_apart(&self, value: &str) -> Option<(Currency, String)> {
        let (currency, rest) = currency_of(value, self.in_base)?;
        if let Some(asked) = self.currency
            && Some(asked) != currency_of(value, false).map(|(own, _)| own)
        {
            return None;
        }
        let product = self.by == Some(SalesBy::Product) && rest != ABSENT;
        Some((currency, if product { rest.to_owned() } else { String::new() }))
    }
}

/// The currency of a sum, or its base currency, and what stands behind them.
pub(super) fn currency_of(value: &str, base: bool) -> Option<(Currency, &str)> {
    let (currency, rest) = value.split_once('/')?;
    let (own, rest) = rest.split_once('/').unwrap_or((rest, ""));
    Some((Currency::new(if base { own } else { currency }).ok()?, rest))
}

impl Work<'_> {
    fn sales(&mut self, whose: &Whose, query: &SalesQuery, span: Span) -> Result<Sums, Stop> {
        let context = self.context.clone();
        let series = match (query.basis, query.by) {
            (SalesBasis::Received, _) => Series::Received,
            (SalesBasis::Signed, Some(SalesBy::Product)) => Series::Product,
            (SalesBasis::Signed, _) => Series::Signed,
        };
        let lines = match query.by {
            Some(SalesBy::Person) => whose.lines_of_people(series, &context),
            _ => whose.lines(series, &context),
        };
        let by_line = matches!(query.by, Some(SalesBy::Person | SalesBy::Position));
        let columns = columns_of(series, query.in_base);
        let names: Vec<&'static str> = columns.iter().map(|(column, _)| *column).collect();
        let summed = Summed::of(series, lines.keys().cloned().collect(), by_line, &names);
        let summed = summed.within((span.first, span.last));
        let found = summed.told(&mut self.read(summed.reads())?.into_iter());
        // Rows come line by line: whose a line is, is looked up once, and what a value stands for, too.
        let mut values: BTreeMap<&str, Option<(Currency, String)>> = BTreeMap::new();
        let mut last: Option<(&str, String)> = None;
        let mut sums_of = Sums::new();
        for (group, amounts) in &found {
            let (line, value, month) = match group.as_slice() {
                [Value::Text(line), Value::Text(value), Value::Integer(month)] => (line.as_str(), value, month),
                [Value::Text(value), Value::Integer(month)] => ("", value, month),
                _ => continue,
            };
            let told = values.entry(value.as_str()).or_insert_with(|| query.told_apart(value));
            let Some((currency, product)) = told else { continue };
            if by_line && last.as_ref().is_none_or(|(known, _)| *known != line) {
                let whom = lines.get(line);
                let person = || whom?.person.as_ref().map(ToString::to_string);
                let position = || whom?.position.as_ref().map(ToString::to_string);
                let key = if query.by == Some(SalesBy::Person) { person() } else { position() };
                last = Some((line, key.unwrap_or_default()));
            }
            let key = last.as_ref().map_or(product.as_str(), |(_, key)| key.as_str());
            let standing = sums_of.entry((span.period_of(*month), key.to_owned(), *currency)).or_default();
            for ((_, place), more) in columns.iter().zip(amounts) {
                if let Some(sum) = standing.get_mut(*place) {
                    *sum = money::sum([*sum, *more])?;
                }
            }
        }
        Ok(sums_of)
    }

    /// The names of people, positions or products.
    fn sales_names(&mut self, query: &SalesQuery, mut keys: Vec<String>) -> Result<BTreeMap<String, String>, Stop> {
        keys.sort();
        keys.dedup();
        keys.retain(|key| !key.is_empty());
        let context = self.context.clone();
        Ok(match query.by {
            None => BTreeMap::new(),
            Some(SalesBy::Person) => {
                let named = |(id, person): (&crate::actor::UserId, &crate::person::Person)| {
                    (id.to_string(), person.name.clone())
                };
                context.people.iter().map(named).filter(|(id, _)| keys.binary_search(id).is_ok()).into_map()
            }
            Some(SalesBy::Position) => {
                let named = context.positions.all().map(|position| (position.id.to_string(), position.name.clone()));
                named.filter(|(id, _)| keys.binary_search(id).is_ok()).into_map()
            }
            Some(SalesBy::Product) => {
                let products = Product::from_rows(&self.get(&PRODUCT, keys)?)?;
                products.into_iter().map(|product| (product.id.to_string(), product.name)).into_map()
            }
        })
    }
}

/// The columns that a series has, with the place of each among entries, signed, received and written off.
fn columns_of(series: Series, in_base: bool) -> Vec<(&'static str, usize)> {
    let own = |column, base| if in_base { base } else { column };
    let signed = (own("amount", "base_amount"), 1);
    let received = (own("received", "base_received"), 2);
    let written_off = (own("written_off", "base_written_off"), 3);
    let mut columns = vec![("entries", 0)];
    columns.extend(match series {
        Series::Received => vec![received],
        Series::Product => vec![signed],
        _ => vec![signed, received, written_off],
    });
    columns
}
