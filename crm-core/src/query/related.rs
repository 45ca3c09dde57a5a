//! What conditions ask of records that belong to a customer: its contracts, instalments and receipts (Q1).

use super::columns::{Catalogue, Column, Days, Known};
use super::condition::{Condition, FieldTest};
use crate::contract::CONTRACT;
use crate::custom_field::FieldType;
use crate::error::{Error, Violation};
use crate::payment::{INSTALMENT, RECEIPT};
use crate::record::{LONG_AGO, NEVER};
use crate::sharing::SharePanel;
use crate::store::{Filter, Has, Kind, Related};
use crate::text::Checker;
use serde::{Deserialize, Serialize};

/// Records that belong to a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum Belonging {
    /// Its contracts 合同, supplements among them: `kind`, `status`, `created_at`, `signed_on`, `ends_on`, and the amounts `planned`, `received` and
    /// `unreceived`, which is nothing of a draft.
    Contracts,
    /// The instalments 期次 of its payment plans: `due_on`, which those have that are open and in force, and the amount `open`.
    Instalments,
    /// Its receipts 回款 and what undoes them: `kind`, `method`, `received_on`, and the amount `net`, by which each moves what was received.
    Receipts,
}

/// What is asked of the records that belong to a customer: that there is one, or what they come to. Customers who have contracts of which more
/// than 10,000 is unpaid in all:
///
/// ```
/// use crm_core::Condition;
/// let json = r#"{"related": {"of": "contracts", "total": {
///     "key": "unreceived", "is": {"greater": {"money": {"amount": "10000", "currency": "CNY"}}}}}}"#;
/// let unpaid: Condition = serde_json::from_str(json)?;
/// // Those that have one in force that ends within 30 days:
/// let json = r#"{"related": {"of": "contracts", "matching": {"all": [
///     {"field": {"key": "status", "is": {"equal": {"one_of": "in_force"}}}},
///     {"field": {"key": "ends_on", "is": {"days": {"from": 0, "to": 30}}}}]}}}"#;
/// let ending: Condition = serde_json::from_str(json)?;
/// assert_ne!(unpaid, ending);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct RelatedTest {
    /// Of which records.
    pub of: Belonging,
    /// Which of them; absent: all. It asks nothing of related ones itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matching: Option<Box<Condition>>,
    /// What an amount of theirs adds up to: of those in the currency that is asked for, nought without any. Absent: there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<FieldTest>,
}

impl Belonging {
    fn kind(self) -> &'static Kind {
        match self {
            Belonging::Contracts => &CONTRACT,
            Belonging::Instalments => &INSTALMENT,
            Belonging::Receipts => &RECEIPT,
        }
    }

    /// As it is written.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Belonging::Contracts => "contracts",
            Belonging::Instalments => "instalments",
            Belonging::Receipts => "receipts",
        }
    }

    /// The rights without which nobody reads those of a customer.
    pub(crate) fn rights(self) -> &'static [&'static str] {
        match self {
            Belonging::Contracts => &["contract.view"],
            Belonging::Instalments | Belonging::Receipts => &["contract.view", "payment.view"],
        }
    }

    /// The panel of a customer on which they stand.
    pub(crate) fn panel(self) -> SharePanel {
        match self {
            Belonging::Contracts => SharePanel::Contracts,
            Belonging::Instalments | Belonging::Receipts => SharePanel::Receipts,
        }
    }

    fn at(self, key: &str) -> String {
        format!("matching.{}.{key}", self.as_str())
    }
}

impl Belonging {
    /// A field of such records that conditions may look at.
    pub(super) fn field(self, key: &str) -> Option<Known> {
        use Belonging::{Contracts, Instalments, Receipts};
        let (ty, column, holds) = match (self, key) {
            (Contracts | Receipts, "kind") => (FieldType::OneOf, "kind", Column::Code),
            (Contracts, "status") => (FieldType::OneOf, "status", Column::Code),
            (Contracts, "created_at") => (FieldType::Time, "created_at", Column::Instant(NEVER)),
            (Contracts, "signed_on") => (FieldType::Date, "signed_on", Column::Day(NEVER)),
            (Contracts, "ends_on") => (FieldType::Date, "ends_on", Column::Day(NEVER)),
            (Contracts, "planned") => (FieldType::Money, "planned", Column::Minor("currency")),
            (Contracts, "received") => (FieldType::Money, "received", Column::Minor("currency")),
            (Contracts, "unreceived") => (FieldType::Money, "unreceived", Column::Minor("currency")),
            (Instalments, "due_on") => (FieldType::Date, "due_on", Column::Day(NEVER)),
            (Instalments, "open") => (FieldType::Money, "open", Column::Minor("currency")),
            (Receipts, "method") => (FieldType::OneOf, "method", Column::Code),
            (Receipts, "received_on") => (FieldType::Date, "received_on", Column::Day(LONG_AGO)),
            (Receipts, "net") => (FieldType::Money, "net", Column::Minor("currency")),
            _ => return None,
        };
        Some(Known { ty, column, holds })
    }
}

impl Catalogue for Belonging {
    fn known(&self, key: &str) -> Result<Known, Error> {
        self.field(key).ok_or_else(|| Violation::unknown(self.at(key)).into())
    }
}

impl RelatedTest {
    /// Finds what is out of bounds.
    pub(super) fn check(&self, check: &mut Checker) -> bool {
        check.under(self.of.as_str(), |check| {
            if let Some(total) = &self.total {
                total.check(check);
            }
            self.matching.as_ref().is_none_or(|matching| {
                check.ensure(matching.relations().is_empty(), || Violation::not_allowed("matching"));
                matching.check(check)
            })
        })
    }

    /// As a filter of customers.
    pub(crate) fn filter(&self, days: Days) -> Result<Filter, Error> {
        let of = self.of;
        let matching = self.matching.as_ref().map(|matching| matching.filter(&of, days)).transpose()?;
        let mut filter: Vec<Filter> = matching.into_iter().collect();
        let mut has = Has::One;
        if let Some(total) = &self.total {
            let known = of.known(&total.key)?;
            let malformed = || Violation::malformed(of.at(&total.key));
            let (money, comparison) = total.is.compares_money().ok_or_else(malformed)?;
            let (Column::Minor(currency), Some(minor)) = (&known.holds, money.amount.minor(money.currency)) else {
                return Err(malformed().into());
            };
            filter.push(Filter::equal(currency, money.currency.code()));
            has = Has::Sum(known.column, comparison, minor);
        }
        let filter = if filter.len() == 1 { filter.remove(0) } else { Filter::All(filter) };
        Ok(Filter::Related(Box::new(Related { kind: of.kind(), column: "customer", filter, has })))
    }
}
