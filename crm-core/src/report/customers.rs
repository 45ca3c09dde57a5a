//! Customers by level, stage, source, industry and region (T1).

use super::figures::{ROLLUP, Series};
use super::whose::{ReportOf, Whose};
use crate::crm::Session;
use crate::error::Error;
use crate::operations::op;
use crate::store::{Read, Search, Value};
use crate::work::{Stop, Work, sums};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// By what customers are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum CustomerDimension {
    /// 级别
    Level,
    /// 销售阶段: the funnel 销售漏斗.
    Stage,
    /// 来源
    Source,
    /// 行业
    Industry,
    /// 地区, as it was typed.
    Region,
}

impl CustomerDimension {
    pub(super) fn series(self) -> Series {
        match self {
            CustomerDimension::Level => Series::Level,
            CustomerDimension::Stage => Series::Stage,
            CustomerDimension::Source => Series::Source,
            CustomerDimension::Industry => Series::Industry,
            CustomerDimension::Region => Series::Region,
        }
    }

    /// The field by whose rights it goes.
    pub(super) fn field(self) -> &'static str {
        match self {
            CustomerDimension::Level => "customer.level",
            CustomerDimension::Stage => "customer.stage",
            CustomerDimension::Source => "customer.source",
            CustomerDimension::Industry => "customer.industry",
            CustomerDimension::Region => "customer.region",
        }
    }

    fn dictionary(self) -> Option<&'static str> {
        match self {
            CustomerDimension::Level => Some(crate::dictionary::LEVEL),
            CustomerDimension::Stage => Some(crate::dictionary::STAGE),
            CustomerDimension::Source => Some(crate::dictionary::SOURCE),
            CustomerDimension::Industry => Some(crate::dictionary::INDUSTRY),
            CustomerDimension::Region => None,
        }
    }
}

/// How many customers have a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct CustomerReportRow {
    /// The code of the dictionary's entry, or the region; absent: those that have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What people see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The colour of the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour: Option<String>,
    /// How many.
    pub customers: i64,
}

/// Customers told apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct CustomerReport {
    /// Entries in the order of their dictionary, retired ones only where customers have them; regions by name; those
    /// without a value last, if there are any.
    pub rows: Vec<CustomerReportRow>,
    /// All customers of the scope.
    pub total: i64,
}

impl Session<'_> {
    /// Customers by level, stage (the funnel), source, industry or region. Those in the recycle bin do not count.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the rights `report.view` and `customer.view`, and on [`ReportOf::All`] for who is no
    /// administrator; `figures_not_built`.
    pub fn customer_report(&self, of: ReportOf, by: CustomerDimension) -> Result<CustomerReport, Error> {
        self.query(&op::customer_report, |work| {
            let context = work.context.clone();
            let whose = work.whose(&of, "customer.view")?;
            work.access()?.reading(by.field(), "by")?;
            let all = work.customer_sums(&whose, Series::Customers)?;
            let total = all.into_values().try_fold(0_i64, i64::checked_add).unwrap_or_default();
            let found = work.customer_sums(&whose, by.series())?;
            let mut counts: BTreeMap<String, i64> = BTreeMap::new();
            for (value, count) in found {
                *counts.entry(by.series().code_of(&value).unwrap_or_default().to_owned()).or_default() += count;
            }
            let without = total - counts.values().sum::<i64>();
            let mut rows = Vec::new();
            for entry in by.dictionary().and_then(|own| context.dictionaries.get(own)).into_iter().flatten() {
                let customers = counts.remove(entry.code.as_str()).unwrap_or_default();
                if customers != 0 || !entry.retired {
                    rows.push(CustomerReportRow {
                        code: Some(entry.code.to_string()),
                        label: Some(entry.label.clone()),
                        colour: entry.colour.clone(),
                        customers,
                    });
                }
            }
            let others = counts.into_iter().filter(|(_, customers)| *customers != 0);
            rows.extend(others.map(|(code, customers)| CustomerReportRow {
                label: Some(code.clone()),
                code: Some(code),
                colour: None,
                customers,
            }));
            if without != 0 {
                rows.push(CustomerReportRow { code: None, label: None, colour: None, customers: without });
            }
            Ok(CustomerReport { rows, total })
        })
    }
}

impl Work<'_> {
    /// Whose figures the actor asks for; what they count he must be allowed to see.
    pub(super) fn whose(&mut self, of: &ReportOf, right: &str) -> Result<Whose, Stop> {
        let context = self.context.clone();
        let access = crate::access::Access::of(&context, self.actor())?;
        access.allow("report.view")?;
        access.allow(right)?;
        if context.organisation.figures().is_none() {
            return Err(super::ReportRefusal::FiguresNotBuilt.into());
        }
        Ok(Whose::of(of, &access, &context)?)
    }

    /// Customers by value.
    fn customer_sums(&mut self, whose: &Whose, series: Series) -> Result<BTreeMap<String, i64>, Stop> {
        let lines: Vec<Value> =
            whose.lines_of_people(series, &self.context.clone()).into_keys().map(Value::Text).collect();
        let search = Search::of(&ROLLUP).within("line", lines).ordered("period", crate::store::Direction::Ascending);
        let read = Read::Sum { search, by: vec!["value"], columns: vec!["entries"] };
        let found = sums(self.read(vec![read])?.into_iter().next());
        let row = |(group, sums): (Vec<Value>, Vec<i64>)| {
            let value = group.first().and_then(Value::as_text).unwrap_or_default().to_owned();
            (value, sums.first().copied().unwrap_or_default())
        };
        Ok(found.into_iter().map(row).collect())
    }
}
