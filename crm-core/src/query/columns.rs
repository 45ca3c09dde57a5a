//! What a condition asks of the columns of a row. Stores and memory evaluate the same filter.

use super::condition::{Condition, DayRange, FieldTest, Test};
use super::related::RelatedTest;
use crate::custom_field::{FieldType, FieldValue, absent, folded};
use crate::date::Date;
use crate::error::{Error, Violation};
use crate::record::ABSENT;
use crate::store::{Comparison, Filter, Value};
use crate::text::fold;
use crate::time::{TimeZone, Timestamp};

/// How a column holds the values of a field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Column {
    /// As [`FieldValue::column`] does.
    Field,
    /// The code of an entry.
    Code,
    /// Milliseconds, and the number that stands for none.
    Instant(i64),
    /// 0 or 1.
    Flag,
    /// Folded text in which parts are looked for.
    Parts,
    /// A day by its number, and the number that stands for none.
    Day(i64),
    /// An amount in minor units of the currency that stands in this other column.
    Minor(&'static str),
}

/// A field that conditions may look at.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) ty: FieldType,
    pub(crate) column: &'static str,
    pub(crate) holds: Column,
}

/// What days there are, seen from now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Days {
    pub(crate) now: Timestamp,
    pub(crate) zone: TimeZone,
}

/// The fields of a kind of records that conditions may look at, for who asks.
pub(crate) trait Catalogue {
    /// What is there under a key.
    fn known(&self, key: &str) -> Result<Known, Error>;

    /// The filter of what is asked of related records.
    fn related(&self, test: &RelatedTest, _days: Days) -> Result<Filter, Error> {
        Err(Violation::unknown(format!("matching.{}", test.of.as_str())).into())
    }

    /// The filter of a test on a field that has no column of its own; none where it has.
    fn special(&self, _test: &FieldTest) -> Option<Result<Filter, Error>> {
        None
    }
}

impl Condition {
    /// As a filter of a store.
    pub(crate) fn filter(&self, catalogue: &dyn Catalogue, days: Days) -> Result<Filter, Error> {
        let all = |list: &[Condition]| list.iter().map(|inner| inner.filter(catalogue, days)).collect::<Result<_, _>>();
        Ok(match self {
            Condition::All(list) => Filter::All(all(list)?),
            Condition::Any(list) => Filter::Any(all(list)?),
            Condition::Not(inner) => Filter::Not(Box::new(inner.filter(catalogue, days)?)),
            Condition::Field(test) => {
                if let Some(filter) = catalogue.special(test) {
                    return filter;
                }
                let known = catalogue.known(&test.key)?;
                let malformed = || Error::from(Violation::malformed(format!("matching.{}", test.key)));
                if !test.fits(known.ty) {
                    return Err(malformed());
                }
                known.filter(&test.is, days).ok_or_else(malformed)?
            }
            Condition::Related(test) => catalogue.related(test, days)?,
        })
    }

    /// Whether it holds for a record whose fields are told by `of`; for conditions without days.
    pub(crate) fn holds(&self, of: &dyn Fn(&str) -> Option<FieldValue>) -> bool {
        match self {
            Condition::All(list) => list.iter().all(|inner| inner.holds(of)),
            Condition::Any(list) => list.iter().any(|inner| inner.holds(of)),
            Condition::Not(inner) => !inner.holds(of),
            Condition::Field(test) => {
                let own = of(&test.key);
                let known = own.as_ref().map_or(FieldType::Text, FieldValue::ty);
                let known = Known { ty: known, column: "field", holds: Column::Field };
                let days = Days { now: Timestamp::saturating(0), zone: TimeZone::SHANGHAI };
                let own = own.map_or_else(absent, |own| own.column());
                known.filter(&test.is, days).is_some_and(|filter| filter.holds(&|_| Some(&own), &|_| false))
            }
            // Nothing depends on records beside the one that is entered.
            Condition::Related(_) => false,
        }
    }
}

/// Beyond every value that begins so.
fn beyond(start: &[u8]) -> Value {
    Value::Bytes([start, &[0xff; 17]].concat())
}

impl Known {
    /// The filter of a test; none of one that can't be asked of such a field.
    pub(crate) fn filter(&self, test: &Test, days: Days) -> Option<Filter> {
        if let Column::Minor(currency) = self.holds {
            return self.amount(currency, test);
        }
        let is = |comparison, value: Value| Filter::Is(self.column, comparison, value);
        let within = |least: Option<Value>, beyond: Option<Value>| {
            let least = least.map(|least| is(Comparison::AtLeast, least));
            Filter::All(least.into_iter().chain(beyond.map(|beyond| is(Comparison::Less, beyond))).collect())
        };
        let compared = |comparison, value: &FieldValue| {
            let mut all = vec![is(comparison, self.value(value)?)];
            if let FieldValue::Money(money) = value {
                // Amounts of one currency stand together.
                let start = [&[1], money.currency.code().as_bytes()].concat();
                all.push(within(Some(Value::Bytes(start.clone())), Some(beyond(&start))));
            }
            all.push(self.is_there()?);
            Some(Filter::All(all))
        };
        match test {
            Test::Equal(value) => Some(Filter::Is(self.column, Comparison::Equal, self.value(value)?)),
            Test::OneOf(values) if self.ty == FieldType::ManyOf => {
                let part = |value: &FieldValue| match value {
                    FieldValue::OneOf(code) => Some(Filter::Contains(self.column, FieldValue::among(code))),
                    _ => None,
                };
                Some(Filter::Any(values.iter().map(part).collect::<Option<_>>()?))
            }
            Test::OneOf(values) => {
                let mut values = values.iter().map(|value| self.value(value)).collect::<Option<Vec<_>>>()?;
                values.sort();
                values.dedup();
                Some(Filter::In(self.column, values))
            }
            Test::Less(value) => compared(Comparison::Less, value),
            Test::AtMost(value) => compared(Comparison::AtMost, value),
            Test::Greater(value) => compared(Comparison::Greater, value),
            Test::AtLeast(value) => compared(Comparison::AtLeast, value),
            Test::Contains(text) => match self.holds {
                Column::Field | Column::Parts => Some(Filter::Contains(self.column, fold(text).into_bytes())),
                _ => None,
            },
            Test::BeginsWith(text) => match self.holds {
                Column::Field => {
                    let start = [&[1], folded(text).as_slice()].concat();
                    Some(within(Some(Value::Bytes(start.clone())), Some(beyond(&start))))
                }
                _ => None,
            },
            Test::Days(range) => {
                let (first, beyond) = self.days(range, days)?;
                Some(Filter::All(vec![within(first, beyond), self.is_there()?]))
            }
            Test::Empty => Some(match self.absent() {
                Some(absent) => is(Comparison::Equal, absent),
                None => Filter::Any(Vec::new()),
            }),
        }
    }

    /// The filter of a test on an amount; it is never absent.
    fn amount(&self, currency: &'static str, test: &Test) -> Option<Filter> {
        let (money, comparison) = test.compares_money()?;
        let minor = money.amount.minor(money.currency)?;
        let compared = Filter::Is(self.column, comparison, minor.into());
        Some(Filter::All(vec![Filter::equal(currency, money.currency.code()), compared]))
    }

    /// The value as the column has it.
    fn value(&self, value: &FieldValue) -> Option<Value> {
        Some(match (&self.holds, value) {
            (Column::Field, value) => value.column(),
            (Column::Code, FieldValue::OneOf(code)) => code.as_str().into(),
            (Column::Code, FieldValue::Person(person)) => person.as_str().into(),
            (Column::Instant(_), FieldValue::Time(at)) => at.millis().into(),
            (Column::Day(_), FieldValue::Date(on)) => on.number().into(),
            (Column::Flag, FieldValue::YesNo(yes)) => i64::from(*yes).into(),
            _ => return None,
        })
    }

    /// What the column has where the record has nothing.
    fn absent(&self) -> Option<Value> {
        match self.holds {
            Column::Field => Some(absent()),
            Column::Code => Some(ABSENT.into()),
            Column::Instant(none) | Column::Day(none) => Some(none.into()),
            Column::Flag | Column::Parts | Column::Minor(_) => None,
        }
    }

    fn is_there(&self) -> Option<Filter> {
        Some(match self.absent() {
            Some(absent) => Filter::Not(Box::new(Filter::Is(self.column, Comparison::Equal, absent))),
            None => Filter::All(Vec::new()),
        })
    }

    /// The first value of a range of days, and the first behind it.
    fn days(&self, range: &DayRange, days: Days) -> Option<(Option<Value>, Option<Value>)> {
        let edge = |offset: Option<i64>| -> Option<Option<Value>> {
            let Some(offset) = offset else { return Some(None) };
            let day = days.zone.day_after(days.now, offset);
            let value = match self.ty {
                FieldType::Date => FieldValue::Date(Date::of(day)),
                FieldType::Time => FieldValue::Time(days.zone.start_of(day)),
                _ => return None,
            };
            Some(Some(self.value(&value)?))
        };
        Some((edge(range.from.map(i64::from))?, edge(range.to.map(|to| i64::from(to) + 1))?))
    }
}
