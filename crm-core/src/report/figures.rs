//! What a record counts for: pure, and the only place that says so.

use crate::access::Scope;
use crate::contract::{CONTRACT, Contract, ContractStatus};
use crate::customer::{CUSTOMER, Customer, CustomerStatus};
use crate::date::Date;
use crate::dictionary::{EntryCode, INDUSTRY, LEVEL, SOURCE, STAGE};
use crate::error::Error;
use crate::follow_up::{FOLLOW_UP, FollowUp};
use crate::money;
use crate::organisation::Context;
use crate::payment::{INSTALMENT, Instalment, RECEIPT, Receipt};
use crate::record::{NEVER, Record};
use crate::store::{Column, ColumnType, Index, Kind, Row, Value, Write};
use crate::time::Timestamp;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// The migration that brought the room.
pub(crate) const SINCE: i32 = 4;
/// The migration that put the months of a year into one row.
const MONTHS_SINCE: i32 = 7;
/// The edition of the sums, for organisations whose sums were made by an earlier one.
pub(crate) const EDITION: i32 = 2;

const fn sum(name: &'static str) -> Column {
    Column { since: SINCE, ..Column::live(name, ColumnType::Integer) }
}

/// Sums, by line (what is summed up, and whose it is), value (a code, a currency) and period (a day, or a month of what is
/// no money).
pub(crate) static ROLLUP: Kind = Kind {
    name: "rollup",
    columns: &[
        Column { since: SINCE, ..Column::projected("line", ColumnType::Text) },
        Column { since: SINCE, ..Column::live("value", ColumnType::Text) },
        Column { since: SINCE, ..Column::projected("period", ColumnType::Integer) },
        sum("entries"),
        sum("amount"),
        sum("base_amount"),
        sum("received"),
        sum("base_received"),
        sum("written_off"),
        sum("base_written_off"),
        // When a part is due to be folded into its sum; of the sum itself never.
        sum("fold_at"),
    ],
    indexes: &[
        Index { since: SINCE, ..Index::on("line", &["line", "period"]) },
        Index { since: SINCE, ..Index::on("fold", &["fold_at"]) },
        Index { across: true, since: SINCE, ..Index::on("fold_across", &["fold_at"]) },
    ],
    since: SINCE,
};

macro_rules! by_month {
    ($($sum:literal)*) => {
        /// The columns of the months of each of [`SUMS`]: what a report reads lies together.
        pub(super) static SUMS_OF_MONTHS: [[&str; 12]; 7] = MONTH_NAMES;
        const MONTH_NAMES: [[&str; 12]; 7] = [$([
            concat!($sum, "_01"),
            concat!($sum, "_02"),
            concat!($sum, "_03"),
            concat!($sum, "_04"),
            concat!($sum, "_05"),
            concat!($sum, "_06"),
            concat!($sum, "_07"),
            concat!($sum, "_08"),
            concat!($sum, "_09"),
            concat!($sum, "_10"),
            concat!($sum, "_11"),
            concat!($sum, "_12"),
        ]),*];
    };
}
by_month!("entries" "amount" "base_amount" "received" "base_received" "written_off" "base_written_off");

/// Line, value and year, the months of each sum, and when a part is folded.
#[expect(clippy::indexing_slicing, reason = "worked out while compiling, which a wrong place would end")]
static MONTH_COLUMNS: [Column; 3 + 7 * 12 + 1] = {
    const fn since(column: Column) -> Column {
        Column { since: MONTHS_SINCE, ..column }
    }
    let mut columns = [const { since(Column::live("fold_at", ColumnType::Integer)) }; 3 + 7 * 12 + 1];
    columns[0] = since(Column::projected("line", ColumnType::Text));
    columns[1] = since(Column::live("value", ColumnType::Text));
    columns[2] = since(Column::projected("year", ColumnType::Integer));
    let mut place = 0;
    while place < 7 * 12 {
        columns[3 + place] = since(Column::live(MONTH_NAMES[place / 12][place % 12], ColumnType::Integer));
        place += 1;
    }
    columns
};

/// Sums of money by month: a row has a whole year of a line and a value, so that a report over two years reads two or
/// three rows of each, not two dozen.
pub(crate) static ROLLUP_YEAR: Kind = Kind {
    name: "rollup_year",
    columns: &MONTH_COLUMNS,
    indexes: &[
        Index { since: MONTHS_SINCE, ..Index::on("line", &["line", "year"]) },
        Index { since: MONTHS_SINCE, ..Index::on("fold", &["fold_at"]) },
        Index { across: true, since: MONTHS_SINCE, ..Index::on("fold_across", &["fold_at"]) },
    ],
    since: MONTHS_SINCE,
};

/// The columns that are summed up.
pub(super) const SUMS: [&str; 7] =
    ["entries", "amount", "base_amount", "received", "base_received", "written_off", "base_written_off"];

/// A value for each of [`SUMS`].
pub(super) type Amounts = [i64; 7];

/// What is summed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Series {
    /// Customers, all of a scope.
    Customers,
    /// Customers by level.
    Level,
    /// By sales stage.
    Stage,
    /// By source.
    Source,
    /// By industry.
    Industry,
    /// By region, as it was typed.
    Region,
    /// New customers of a day.
    NewOfDay,
    /// New customers of a month.
    NewOfMonth,
    /// Follow-ups of a day.
    FollowUpsOfDay,
    /// Follow-ups of a month.
    FollowUpsOfMonth,
    /// Contracts by the month of their signing.
    Signed,
    /// The same by product.
    Product,
    /// Receipts by the month in which they came.
    Received,
    /// What is open of instalments by the day on which they are due; overdue and ageing follow from it on any day.
    Due,
}

/// Every series.
pub(super) const SERIES: [Series; 14] = [
    Series::Customers,
    Series::Level,
    Series::Stage,
    Series::Source,
    Series::Industry,
    Series::Region,
    Series::NewOfDay,
    Series::NewOfMonth,
    Series::FollowUpsOfDay,
    Series::FollowUpsOfMonth,
    Series::Signed,
    Series::Product,
    Series::Received,
    Series::Due,
];

/// Series of money, which are summed up by position, too.
pub(super) const BY_POSITION: [Series; 4] = [Series::Signed, Series::Product, Series::Received, Series::Due];

/// Where a figure is summed up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// Of one person at one position, as the scope of a record says it.
    Scope(String),
    /// Of everyone at a position; of those without one when it is empty.
    Position(String),
    /// Of an author, wherever he sits.
    Author(String),
}

impl Series {
    fn code(self) -> &'static str {
        match self {
            Series::Customers => "customers",
            Series::Level => LEVEL,
            Series::Stage => STAGE,
            Series::Source => SOURCE,
            Series::Industry => INDUSTRY,
            Series::Region => "region",
            Series::NewOfDay => "new_day",
            Series::NewOfMonth => "new_month",
            Series::FollowUpsOfDay => "follow_ups_day",
            Series::FollowUpsOfMonth => "follow_ups_month",
            Series::Signed => "signed",
            Series::Product => "product",
            Series::Received => "received",
            Series::Due => "due",
        }
    }

    /// The dictionary of its values, where it has one.
    pub(super) fn dictionary(self) -> &'static str {
        self.code()
    }

    /// Whether it is one of [`ROLLUP_YEAR`].
    pub(super) fn by_year(self) -> bool {
        matches!(self, Series::Signed | Series::Product | Series::Received)
    }

    /// Whether days are cut out of instants, by the zone of the organisation.
    pub(super) fn zoned(self) -> bool {
        matches!(self, Series::NewOfDay | Series::NewOfMonth | Series::FollowUpsOfDay | Series::FollowUpsOfMonth)
    }

    /// The line of a place. What goes by instants stands apart for each zone.
    pub(super) fn line(self, place: &Place, context: &Context) -> String {
        let zone = if self.zoned() { context.settings().time_zone.name() } else { "" };
        let (kind, place) = match place {
            Place::Scope(scope) => ("", scope),
            Place::Position(position) => ("p\u{1f}", position),
            Place::Author(author) => ("u\u{1f}", author),
        };
        format!("{}{zone}\u{1f}{kind}{place}", self.code())
    }

    /// The value of an entry of its dictionary: no two series share one, so that merging entries moves its own alone.
    pub(super) fn value(self, code: &str) -> String {
        format!("{}:{code}", self.code())
    }

    /// The code in such a value.
    pub(super) fn code_of(self, value: &str) -> Option<&str> {
        value.strip_prefix(self.code())?.strip_prefix(':')
    }

    /// The series of a column of customers that holds entries of a dictionary.
    pub(super) fn of_column(column: &str) -> Option<Series> {
        [Series::Level, Series::Stage, Series::Source, Series::Industry].into_iter().find(|own| own.code() == column)
    }
}

/// One sum.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// Whether it stands in a row with the other months of its year.
    pub(super) by_year: bool,
    pub(super) line: String,
    pub(super) value: String,
    pub(super) period: i64,
    /// The version of the dictionary's entry: merging one moves its sums to another value, and what comes under its
    /// code again must not be added to those.
    pub(super) edition: i64,
}

/// What keeps the parts of one commit apart from those of every other, and when they are due to be folded into their sums.
pub(super) struct Apart<'a> {
    pub(super) commit: &'a str,
    pub(super) fold_at: i64,
}

impl Key {
    /// The id of its row.
    fn id(&self) -> String {
        let mut hash = Sha256::new();
        for part in [self.line.as_bytes(), self.value.as_bytes()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.update(self.period.to_be_bytes());
        hash.update(self.edition.to_be_bytes());
        crate::text::hex(hash.finalize().get(..16).unwrap_or_default())
    }

    /// What adds to its row, of `kind`: in the row of the sum, or as a part beside it.
    fn add(
        self,
        kind: &'static Kind,
        columns: Vec<&'static str>,
        amounts: Vec<i64>,
        apart: Option<&Apart<'_>>,
    ) -> Write {
        let sum = self.id();
        let (id, fold_at) = match apart {
            None => (sum, NEVER),
            Some(apart) => (format!("{sum}{PART}{}", apart.commit), apart.fold_at),
        };
        let values = [Value::Text(self.line), Value::Text(self.value), Value::Integer(self.period)];
        let sums = amounts.into_iter().chain([fold_at]).map(Value::Integer);
        let row = Row { id, version: 1, values: values.into_iter().chain(sums).collect(), body: "{}".to_owned() };
        match apart {
            None => Write::Add { kind, row, columns },
            Some(_) => Write::Insert { kind, row },
        }
    }
}

/// What stands between the id of a sum and the commit that made a part of it.
const PART: char = '~';

/// What folds parts into their sums: each sum changes by what its parts have, and they are gone.
pub(super) fn folding(kind: &'static Kind, parts: Vec<Row>) -> Result<Vec<Write>, Error> {
    // Line, value and period stand before the sums, when they are folded behind them.
    let (first, last) = (3, kind.columns.len() - 1);
    let columns: Vec<&'static str> = kind.columns.iter().take(last).skip(first).map(|column| column.name).collect();
    let mut folded: BTreeMap<String, Row> = BTreeMap::new();
    let mut writes = Vec::with_capacity(parts.len());
    for mut part in parts {
        writes.push(Write::Delete { kind, id: part.id.clone(), version: part.version });
        let id = part.id.split_once(PART).map_or(part.id.as_str(), |(sum, _)| sum).to_owned();
        match folded.get_mut(&id) {
            Some(sum) => {
                for (sum, more) in sum.values.iter_mut().zip(&part.values).take(last).skip(first) {
                    let both = sum.as_integer().zip(more.as_integer());
                    *sum = both.and_then(|(sum, more)| sum.checked_add(more)).ok_or_else(beyond)?.into();
                }
            }
            None => {
                if let Some(fold_at) = part.values.last_mut() {
                    *fold_at = NEVER.into();
                }
                folded.insert(id.clone(), Row { id, version: 1, ..part });
            }
        }
    }
    // Sums of nothing as well: where commits add in place they stand, too.
    writes.extend(folded.into_values().map(|row| Write::Add { kind, row, columns: columns.clone() }));
    Ok(writes)
}

/// Sums with what is to be added to them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Figures(pub(super) BTreeMap<Key, Amounts>);

/// A sum went beyond 64 bits.
fn beyond() -> Error {
    money::MoneyRefusal::SumTooGreat.into()
}

impl Figures {
    fn put(&mut self, key: Key, amounts: Amounts) -> Result<(), Error> {
        self.plus(key, &amounts, 1)
    }

    /// Adds `sign` times the amounts.
    pub(super) fn plus(&mut self, key: Key, amounts: &Amounts, sign: i64) -> Result<(), Error> {
        let standing = self.0.entry(key).or_default();
        for (sum, amount) in standing.iter_mut().zip(amounts) {
            *sum = amount.checked_mul(sign).and_then(|amount| sum.checked_add(amount)).ok_or_else(beyond)?;
        }
        Ok(())
    }

    /// Adds `sign` times others.
    pub(super) fn merge(&mut self, others: &Figures, sign: i64) -> Result<(), Error> {
        others.0.iter().try_for_each(|(key, amounts)| self.plus(key.clone(), amounts, sign))
    }

    /// What is not nothing, as writes: the months of a year are one.
    pub(super) fn writes(self, apart: Option<&Apart<'_>>) -> Vec<Write> {
        let mut years: BTreeMap<Key, [Amounts; 12]> = BTreeMap::new();
        let mut writes = Vec::new();
        for (key, amounts) in self.dense().0 {
            if key.by_year {
                let (year, month) = (key.period.div_euclid(12), key.period.rem_euclid(12));
                let months = years.entry(Key { period: year, ..key }).or_default();
                if let Some(own) = usize::try_from(month).ok().and_then(|month| months.get_mut(month)) {
                    *own = amounts;
                }
            } else {
                writes.push(key.add(&ROLLUP, SUMS.to_vec(), amounts.to_vec(), apart));
            }
        }
        for (key, months) in years {
            let all = |sum: usize| months.iter().map(move |amounts| amounts.get(sum).copied().unwrap_or_default());
            let amounts = (0..SUMS.len()).flat_map(all).collect();
            let touched = |names: &[&'static str; 12]| -> Vec<&'static str> {
                let own = names.iter().zip(&months).filter(|(_, amounts)| **amounts != Amounts::default());
                own.map(|(name, _)| *name).collect()
            };
            let columns = SUMS_OF_MONTHS.iter().flat_map(touched).collect();
            writes.push(key.add(&ROLLUP_YEAR, columns, amounts, apart));
        }
        writes
    }

    /// What is nothing is left out.
    pub(super) fn dense(mut self) -> Figures {
        self.0.retain(|_, amounts| amounts.iter().any(|amount| *amount != 0));
        self
    }
}

/// Whether records of a kind count for anything.
pub(crate) fn counts(kind: &Kind) -> bool {
    [&CUSTOMER, &FOLLOW_UP, &CONTRACT, &RECEIPT, &INSTALMENT].contains(&kind)
}

/// Live columns on which the figures of a kind rely.
pub(super) fn relied_on(kind: &Kind) -> &'static [&'static str] {
    if kind == &CUSTOMER {
        &["scope", "level", "stage", "source", "industry"]
    } else if kind == &CONTRACT {
        &["received", "written_off"]
    } else if kind == &INSTALMENT {
        &["scope"]
    } else {
        &[]
    }
}

/// What a row counts for.
pub(super) fn of_row(kind: &Kind, row: &Row, context: &Context) -> Result<Figures, Error> {
    let mut figures = Figures::default();
    if kind == &CUSTOMER {
        of_customer(&Customer::from_row(row)?, context, &mut figures)?;
    } else if kind == &FOLLOW_UP {
        of_follow_up(&FollowUp::from_row(row)?, context, &mut figures)?;
    } else if kind == &CONTRACT {
        of_contract(&Contract::from_row(row)?, context, &mut figures)?;
    } else if kind == &RECEIPT {
        of_receipt(&Receipt::from_row(row)?, context, &mut figures)?;
    } else if kind == &INSTALMENT {
        of_instalment(&Instalment::from_row(row)?, context, &mut figures)?;
    }
    Ok(figures)
}

const ONE: Amounts = [1, 0, 0, 0, 0, 0, 0];

/// The scope as sums know it.
pub(super) fn place_of(scope: &Scope) -> Place {
    Place::Scope(match scope.to_value() {
        Value::Text(text) => text,
        _ => String::new(),
    })
}

/// The day of an instant.
pub(super) fn day_of(at: Timestamp, context: &Context) -> Date {
    Date::of(context.settings().time_zone.day_of(at))
}

fn of_customer(customer: &Customer, context: &Context, figures: &mut Figures) -> Result<(), Error> {
    if customer.status != CustomerStatus::Active {
        return Ok(());
    }
    let place = place_of(&customer.stands());
    let mut one = |series: Series, value: String, period: i64, edition: i64| {
        figures.put(Key { by_year: false, line: series.line(&place, context), value, period, edition }, ONE)
    };
    one(Series::Customers, crate::record::ABSENT.to_owned(), 0, 0)?;
    let coded: [(Series, &Option<EntryCode>); 4] = [
        (Series::Level, &customer.level),
        (Series::Stage, &customer.stage),
        (Series::Source, &customer.source),
        (Series::Industry, &customer.industry),
    ];
    for (series, code) in coded {
        if let Some(code) = code {
            let edition = context.entry(series.code(), code.as_str()).map_or(0, |entry| entry.version);
            one(series, series.value(code.as_str()), 0, edition)?;
        }
    }
    if let Some(region) = &customer.region {
        one(Series::Region, Series::Region.value(region), 0, 0)?;
    }
    let day = day_of(customer.created_at, context);
    one(Series::NewOfDay, crate::record::ABSENT.to_owned(), day.number(), 0)?;
    one(Series::NewOfMonth, crate::record::ABSENT.to_owned(), day.month_number(), 0)
}

fn of_follow_up(follow_up: &FollowUp, context: &Context, figures: &mut Figures) -> Result<(), Error> {
    let place = Place::Author(follow_up.author.to_string());
    let day = day_of(follow_up.at, context);
    for (series, period) in [(Series::FollowUpsOfDay, day.number()), (Series::FollowUpsOfMonth, day.month_number())] {
        let line = series.line(&place, context);
        let value = crate::record::ABSENT.to_owned();
        figures.put(Key { by_year: false, line, value, period, edition: 0 }, ONE)?;
    }
    Ok(())
}

impl Contract {
    /// Whether it was signed and did not become void: what ended it later takes nothing from the month of its signing.
    pub(crate) fn is_credited(&self) -> bool {
        matches!(self.status, ContractStatus::InForce | ContractStatus::Completed | ContractStatus::Terminated)
    }

    /// Whose performance it is, as a scope.
    pub(crate) fn credit(&self) -> Scope {
        Scope::new(crate::access::Standing::Active, self.performer_position.clone(), self.performer.clone())
    }

    /// Received and written off, each with the same in the base currency by the contract's rate.
    pub(super) fn settled(&self) -> Result<[i64; 4], Error> {
        let base = |amount| money::converted(amount, self.currency, self.rate, self.base_currency);
        let (received, written_off) = (self.minor(self.payments.received), self.minor(self.payments.written_off));
        Ok([received, base(received)?, written_off, base(written_off)?])
    }

    /// The amounts that count for its performer, of a product or of what is none: they sum to the contract's.
    pub(super) fn by_product(&self) -> Result<BTreeMap<String, (i64, i64)>, Error> {
        let (amount, base) = (self.minor_amount(), self.minor_base_amount());
        let mut parts: BTreeMap<String, i64> = BTreeMap::new();
        for line in &self.lines {
            let product = line.product.map_or(crate::record::ABSENT.to_owned(), |product| product.to_string());
            let part = parts.entry(product).or_default();
            *part = money::sum([*part, line.amount.minor(self.currency).unwrap_or_default()])?;
        }
        // What an agreed price leaves, or all of a contract without lines, belongs to no product.
        let rest = amount - money::sum(parts.values().copied())?;
        if rest != 0 || parts.is_empty() {
            *parts.entry(crate::record::ABSENT.to_owned()).or_default() += rest;
        }
        let mut left = base;
        let last = parts.len();
        let mut shares = BTreeMap::new();
        for (place, (product, part)) in parts.into_iter().enumerate() {
            // The last takes what rounding left.
            let share = match place + 1 == last {
                true => left,
                false => money::converted(part, self.currency, self.rate, self.base_currency)?,
            };
            left -= share;
            shares.insert(product, (part, share));
        }
        Ok(shares)
    }
}

/// The places at which what counts for somebody is summed up.
fn both(scope: &Scope) -> [Place; 2] {
    let position = scope.position.as_ref().map_or("", |position| position.as_str());
    [place_of(scope), Place::Position(position.to_owned())]
}

fn of_contract(contract: &Contract, context: &Context, figures: &mut Figures) -> Result<(), Error> {
    let Some(signed) = contract.signed_on.filter(|_| contract.is_credited()) else { return Ok(()) };
    let (money, period) = (format!("{}/{}", contract.currency, contract.base_currency), signed.month_number());
    let products = contract.by_product()?;
    let settled = contract.settled()?;
    for place in both(&contract.credit()) {
        let key = |series: Series, value: String| {
            let line = series.line(&place, context);
            Key { by_year: true, line, value, period, edition: 0 }
        };
        let [received, base_received, written_off, base_written_off] = settled;
        let (amount, base) = (contract.minor_amount(), contract.minor_base_amount());
        let amounts = [1, amount, base, received, base_received, written_off, base_written_off];
        figures.put(key(Series::Signed, money.clone()), amounts)?;
        for (product, (amount, base)) in &products {
            figures.put(key(Series::Product, format!("{money}/{product}")), [1, *amount, *base, 0, 0, 0, 0])?;
        }
    }
    Ok(())
}

fn of_receipt(receipt: &Receipt, context: &Context, figures: &mut Figures) -> Result<(), Error> {
    if !receipt.is_money() {
        return Ok(());
    }
    let base = receipt.base_net.minor(receipt.base_currency).unwrap_or_default();
    let value = format!("{}/{}", receipt.currency, receipt.base_currency);
    for place in both(&receipt.credit()) {
        let line = Series::Received.line(&place, context);
        let period = receipt.on.month_number();
        let key = Key { by_year: true, line, value: value.clone(), period, edition: 0 };
        figures.put(key, [1, 0, 0, receipt.minor(receipt.net), base, 0, 0])?;
    }
    Ok(())
}

fn of_instalment(instalment: &Instalment, context: &Context, figures: &mut Figures) -> Result<(), Error> {
    let Some(due) = instalment.pending_on() else { return Ok(()) };
    for place in both(&instalment.stands()) {
        let (line, value) = (Series::Due.line(&place, context), instalment.currency.to_string());
        let key = Key { by_year: false, line, value, period: due.number(), edition: 0 };
        figures.put(key, [1, instalment.open_minor(), 0, 0, 0, 0, 0])?;
    }
    Ok(())
}
