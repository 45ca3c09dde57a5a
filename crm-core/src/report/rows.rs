//! The rows behind a figure (T4): they are listed by whose they are, as the figure counted them, and sum to it.

use super::customers::CustomerDimension;
use super::whose::{ReportOf, Whose};
use crate::access::Standing;
use crate::actor::UserId;
use crate::contract::{CONTRACT, Contract};
use crate::crm::Session;
use crate::customer::{CUSTOMER, Customer, CustomerId, CustomerPage};
use crate::date::Date;
use crate::error::Error;
use crate::follow_up::{FOLLOW_UP, FollowUp};
use crate::id::{ContractId, FollowUpId, ProductId};
use crate::money::{Currency, Decimal};
use crate::operations::op;
use crate::organisation::Context;
use crate::page::{PageRequest, Place, encode_cursor, list_identity, page};
use crate::position::PositionId;
use crate::record::{ABSENT, Record};
use crate::sorted::Gather as _;
use crate::store::{ColumnType, Comparison, Direction, Filter, Read, Row, Search, Value};
use crate::time::Timestamp;
use crate::work::{Stop, Work, rows};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Customers behind a figure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct ReportCustomerQuery {
    /// Whose.
    pub of: ReportOf,
    /// By what they were told apart, if they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub by: Option<CustomerDimension>,
    /// The code or region that they have; absent: those that have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub code: Option<String>,
    /// Only created on this day or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub created_from: Option<Date>,
    /// Only created on this day or earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub created_to: Option<Date>,
}

/// Follow-ups behind a figure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct ReportFollowUpQuery {
    /// Whose.
    pub of: ReportOf,
    /// Done on this day or later.
    pub from: Date,
    /// Done on this day or earlier.
    pub to: Date,
}

/// A follow-up as a figure counted it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct ReportFollowUp {
    /// The follow-up.
    pub follow_up: FollowUpId,
    /// Who did it.
    pub author: UserId,
    /// When.
    pub at: Timestamp,
    /// The customer, where the reader sees it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<CustomerId>,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_name: Option<String>,
}

/// Contracts behind a figure of sales by signing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct ReportContractQuery {
    /// Whose.
    pub of: ReportOf,
    /// Signed on this day or later.
    pub from: Date,
    /// Signed on this day or earlier.
    pub to: Date,
    /// Only in this currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub currency: Option<Currency>,
    /// Only what they have of this product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub product: Option<ProductId>,
    /// Only what belongs to no product.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub without_product: bool,
}

/// A contract as a figure counted it: with its customer's name, and no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct ReportContract {
    /// The contract.
    pub contract: ContractId,
    /// Its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Its name.
    pub name: String,
    /// The name of its customer.
    pub customer_name: String,
    /// Of a supplement: the standard contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<ContractId>,
    /// When it was signed.
    pub signed_on: Date,
    /// Whose performance it is.
    pub performer: UserId,
    /// The position whose performance it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub performer_position: Option<PositionId>,
    /// The currency.
    pub currency: Currency,
    /// What it counted for: its amount, or that of the product.
    pub signed: Decimal,
    /// The base currency.
    pub base_currency: Currency,
    /// The same in the base currency.
    pub base_signed: Decimal,
    /// Received on it to date.
    pub received: Decimal,
    /// Written off on it to date.
    pub written_off: Decimal,
    /// Its amount, less what was received and written off.
    pub unreceived: Decimal,
}

page! {
    /// A page of follow-ups, newest first.
    ReportFollowUpPage of ReportFollowUp
}

page! {
    /// A page of contracts, signed last first.
    ReportContractPage of ReportContract
}

/// Rows read at once when looking for those that pass.
const BATCH: i64 = 500;

impl Session<'_> {
    /// The customers behind a figure, newest first.
    ///
    /// # Errors
    /// As [`Session::customer_report`]; `cursor_foreign`.
    pub fn report_customers(&self, query: ReportCustomerQuery, page: PageRequest) -> Result<CustomerPage, Error> {
        let list = list_identity(self.actor(), op::report_customers.name, &query);
        let (limit, after) = (page.limit()?, page.place(&list, ColumnType::Integer)?);
        self.query(&op::report_customers, |work| {
            let whose = work.whose(&query.of, "customer.view")?;
            let context = work.context.clone();
            let zone = context.settings().time_zone;
            let mut conditions = Vec::new();
            if let Some(from) = query.created_from {
                let start = zone.start_of(from.naive()).millis();
                conditions.push(Filter::Is("created_at", Comparison::AtLeast, start.into()));
            }
            if let Some(next) = query.created_to.and_then(Date::after) {
                let end = zone.start_of(next.naive()).millis();
                conditions.push(Filter::Is("created_at", Comparison::Less, end.into()));
            }
            let code = query.code.as_deref();
            if let Some(by) = query.by {
                work.access()?.reading(by.field(), "query.by")?;
            }
            let column = match query.by {
                Some(CustomerDimension::Level) => Some("level"),
                Some(CustomerDimension::Stage) => Some("stage"),
                Some(CustomerDimension::Source) => Some("source"),
                Some(CustomerDimension::Industry) => Some("industry"),
                Some(CustomerDimension::Region) | None => None,
            };
            if let Some(column) = column {
                let code = code.filter(|code| code.chars().count() <= 191 && !code.is_empty()).unwrap_or(ABSENT);
                conditions.push(Filter::equal(column, code));
            }
            let search = Search::of(&CUSTOMER)
                .within("scope", scope_values(&whose, &context))
                .filtered(Filter::All(conditions))
                .ordered("created_at", Direction::Descending);
            let by_region = query.by == Some(CustomerDimension::Region);
            let (found, next) = work.page_of_those(search, after.clone(), limit, &list, |row| {
                Ok(!by_region || Customer::from_row(row)?.region.as_deref() == code)
            })?;
            Ok(CustomerPage { items: Customer::from_rows(&found)?, next, count: None })
        })
    }

    /// The follow-ups behind a figure, newest first. Those on customers that the reader does not see are there, without
    /// their customers.
    ///
    /// # Errors
    /// As [`Session::activity_report`]; `cursor_foreign`.
    pub fn report_follow_ups(
        &self,
        query: ReportFollowUpQuery,
        page: PageRequest,
    ) -> Result<ReportFollowUpPage, Error> {
        let list = list_identity(self.actor(), op::report_follow_ups.name, &query);
        let (limit, after) = (page.limit()?, page.place(&list, ColumnType::Integer)?);
        self.query(&op::report_follow_ups, |work| {
            let whose = work.whose(&query.of, "follow_up.view")?;
            let context = work.context.clone();
            let zone = context.settings().time_zone;
            let end = query.to.after().unwrap_or(query.to);
            let search = Search::of(&FOLLOW_UP)
                .within("author", whose.authors.iter().map(|author| author.as_str().into()).collect())
                .filtered(Filter::All(vec![
                    Filter::Is("at", Comparison::AtLeast, zone.start_of(query.from.naive()).millis().into()),
                    Filter::Is("at", Comparison::Less, zone.start_of(end.naive()).millis().into()),
                ]))
                .ordered("at", Direction::Descending);
            let (found, next) = work.page_of_those(search, after.clone(), limit, &list, |_| Ok(true))?;
            let follow_ups = FollowUp::from_rows(&found)?;
            let customers = work.customers_of(follow_ups.iter().map(|own| own.customer).collect())?;
            let access = crate::access::Access::of(&context, work.actor())?;
            let item = |own: FollowUp| {
                let seen = customers
                    .get(&own.customer)
                    .filter(|customer| access.reach_into(&customer.stands(), &[], work.now).is_some());
                ReportFollowUp {
                    follow_up: own.id,
                    author: own.author,
                    at: own.at,
                    customer: seen.map(|customer| customer.id),
                    customer_name: seen.map(|customer| customer.name.clone()),
                }
            };
            Ok(ReportFollowUpPage { items: follow_ups.into_iter().map(item).collect(), next, count: None })
        })
    }

    /// The contracts behind a figure of sales by signing, signed last first.
    ///
    /// # Errors
    /// As [`Session::sales_report`]; `cursor_foreign`.
    pub fn report_contracts(&self, query: ReportContractQuery, page: PageRequest) -> Result<ReportContractPage, Error> {
        let list = list_identity(self.actor(), op::report_contracts.name, &query);
        let (limit, after) = (page.limit()?, page.place(&list, ColumnType::Integer)?);
        self.query(&op::report_contracts, |work| {
            let whose = work.whose(&query.of, "contract.view")?;
            let context = work.context.clone();
            let search = Search::of(&CONTRACT)
                .within("credit", scope_values(&whose, &context))
                .filtered(Filter::All(vec![
                    Filter::Is("signed_on", Comparison::AtLeast, query.from.number().into()),
                    Filter::Is("signed_on", Comparison::AtMost, query.to.number().into()),
                ]))
                .ordered("signed_on", Direction::Descending);
            let (found, next) = work.page_of_those(search, after.clone(), limit, &list, |row| {
                let contract = Contract::from_row(row)?;
                Ok(query.currency.is_none_or(|own| own == contract.currency) && query.counted(&contract)?.is_some())
            })?;
            let contracts = Contract::from_rows(&found)?;
            let customers = work.customers_of(contracts.iter().map(|own| own.customer).collect())?;
            let item = |own: Contract| {
                let (signed, base_signed) = query.counted(&own)?.unwrap_or_default();
                let [received, _, written_off, _] = own.settled()?;
                let unreceived = crate::money::sum([own.minor_amount(), -received, -written_off])?;
                let name = customers.get(&own.customer).map(|customer| customer.name.clone());
                Ok(ReportContract {
                    contract: own.id,
                    number: own.number,
                    name: own.name,
                    customer_name: name.unwrap_or_default(),
                    parent: own.parent,
                    signed_on: own.signed_on.unwrap_or(query.from),
                    performer: own.performer,
                    performer_position: own.performer_position,
                    currency: own.currency,
                    signed: Decimal::of_minor(signed, own.currency),
                    base_currency: own.base_currency,
                    base_signed: Decimal::of_minor(base_signed, own.base_currency),
                    received: Decimal::of_minor(received, own.currency),
                    written_off: Decimal::of_minor(written_off, own.currency),
                    unreceived: Decimal::of_minor(unreceived, own.currency),
                })
            };
            let items = contracts.into_iter().map(item).collect::<Result<_, Error>>()?;
            Ok(ReportContractPage { items, next, count: None })
        })
    }
}

impl ReportContractQuery {
    /// What a contract counts for, if it does.
    fn counted(&self, contract: &Contract) -> Result<Option<(i64, i64)>, Error> {
        if self.product.is_none() && !self.without_product {
            return Ok(Some((contract.minor_amount(), contract.minor_base_amount())));
        }
        let key = self.product.map_or(ABSENT.to_owned(), |product| product.to_string());
        Ok(contract.by_product()?.remove(&key))
    }
}

pub(super) fn scope_values(whose: &Whose, context: &Context) -> Vec<Value> {
    let mut scopes: Vec<Value> = whose.scopes(context).iter().map(|scope| scope.to_value()).collect();
    debug_assert!(scopes.iter().all(|scope| scope.as_text().and_then(Standing::of_scope) == Some(Standing::Active)));
    scopes.sort();
    scopes.dedup();
    scopes
}

impl Work<'_> {
    /// A page of the rows that pass, and the marker of the next.
    pub(super) fn page_of_those(
        &mut self,
        mut search: Search,
        after: Option<Place>,
        limit: i64,
        list: &str,
        mut passes: impl FnMut(&Row) -> Result<bool, Error>,
    ) -> Result<(Vec<Row>, Option<String>), Stop> {
        let place = |row: &Row, search: &Search| {
            let value = search.order.and_then(|column| row.values.get(search.kind.position(column)?).cloned());
            (value, row.id.clone())
        };
        let wanted = usize::try_from(limit).unwrap_or_default();
        (search.after, search.limit) = (after, BATCH.max(limit + 1));
        let mut found = Vec::new();
        loop {
            let batch = rows(self.read(vec![Read::Find(search.clone())])?.into_iter().next());
            let full = batch.len() as i64 >= search.limit;
            search.after = batch.last().map(|last| place(last, &search));
            for row in batch {
                if passes(&row)? {
                    found.push(row);
                }
            }
            if !full || found.len() > wanted {
                break;
            }
        }
        let more = found.len() > wanted;
        found.truncate(wanted);
        let next = found.last().filter(|_| more).map(|last| encode_cursor(list, &place(last, &search)));
        Ok((found, next))
    }

    /// Customers by id, whoever sees them.
    pub(super) fn customers_of(&mut self, ids: Vec<CustomerId>) -> Result<BTreeMap<CustomerId, Customer>, Stop> {
        let mut ids: Vec<String> = ids.into_iter().map(|id| id.to_string()).collect();
        ids.sort();
        ids.dedup();
        let customers = Customer::from_rows(&self.get(&CUSTOMER, ids)?)?;
        Ok(customers.into_iter().map(|customer| (customer.id, customer)).into_map())
    }
}
