//! The receipts and instalments behind a figure: receipt details 收款明细, and what is open.

use super::rows::scope_values;
use super::whose::ReportOf;
use crate::actor::UserId;
use crate::contract::{CONTRACT, Contract};
use crate::crm::Session;
use crate::date::Date;
use crate::error::Error;
use crate::id::{ContractId, InstalmentId, ReceiptId};
use crate::money::{Currency, Decimal};
use crate::operations::op;
use crate::page::{PageRequest, list_identity, page};
use crate::payment::{INSTALMENT, Instalment, RECEIPT, Receipt, ReceiptKind};
use crate::position::PositionId;
use crate::record::{NEVER, Record};
use crate::sorted::Gather as _;
use crate::store::{ColumnType, Comparison, Direction, Filter, Search};
use crate::work::{Stop, Work};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Receipts behind a figure of sales by receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct ReportReceiptQuery {
    /// Whose.
    pub of: ReportOf,
    /// On this day or later.
    pub from: Date,
    /// On this day or earlier.
    pub to: Date,
    /// Only in this currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub currency: Option<Currency>,
}

/// A receipt, a reversal or a refund as a figure counted it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct ReportReceipt {
    /// The receipt.
    pub receipt: ReceiptId,
    /// What it is.
    pub kind: ReceiptKind,
    /// Its day.
    pub on: Date,
    /// The contract; absent: it came before one was signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<ContractId>,
    /// The contract's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// The name of the customer.
    pub customer_name: String,
    /// The voucher number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voucher: Option<String>,
    /// Whose performance it is.
    pub performer: UserId,
    /// The position whose performance it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub performer_position: Option<PositionId>,
    /// The currency.
    pub currency: Currency,
    /// What it counted for; less than nothing for what was taken or given back.
    pub received: Decimal,
    /// The base currency.
    pub base_currency: Currency,
    /// The same in the base currency.
    pub base_received: Decimal,
}

/// Instalments behind a figure of ageing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct ReportInstalmentQuery {
    /// Whose.
    pub of: ReportOf,
    /// Only due on this day or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub due_from: Option<Date>,
    /// Only due on this day or earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub due_to: Option<Date>,
    /// Only in this currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub currency: Option<Currency>,
}

/// An open instalment as a figure counted it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct ReportInstalment {
    /// The instalment.
    pub instalment: InstalmentId,
    /// Its number within the plan.
    pub no: i32,
    /// The contract.
    pub contract: ContractId,
    /// The contract's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// The name of the customer.
    pub customer_name: String,
    /// When it is due.
    pub due_on: Date,
    /// For how many days it is overdue; nought: it is not.
    pub overdue_days: i32,
    /// Who has the duties.
    pub owner: UserId,
    /// The currency.
    pub currency: Currency,
    /// What is open of it.
    pub open: Decimal,
}

page! {
    /// A page of receipts, newest first.
    ReportReceiptPage of ReportReceipt
}

page! {
    /// A page of instalments, due first first.
    ReportInstalmentPage of ReportInstalment
}

impl Session<'_> {
    /// The receipts behind a figure of sales by receipt, newest first.
    ///
    /// # Errors
    /// As [`Session::sales_report`]; `cursor_foreign`.
    pub fn report_receipts(&self, query: ReportReceiptQuery, page: PageRequest) -> Result<ReportReceiptPage, Error> {
        let list = list_identity(self.actor(), op::report_receipts.name, &query);
        let (limit, after) = (page.limit()?, page.place(&list, ColumnType::Integer)?);
        self.query(&op::report_receipts, |work| {
            let whose = work.whose(&query.of, "payment.view")?;
            let search = Search::of(&RECEIPT)
                .within("credit", scope_values(&whose, &work.context.clone()))
                .filtered(Filter::All(vec![
                    Filter::Is("received_on", Comparison::AtLeast, query.from.number().into()),
                    Filter::Is("received_on", Comparison::AtMost, query.to.number().into()),
                ]))
                .ordered("received_on", Direction::Descending);
            let (found, next) = work.page_of_those(search, after.clone(), limit, &list, |row| {
                Ok(query.currency.is_none() || Some(Receipt::from_row(row)?.currency) == query.currency)
            })?;
            let receipts = Receipt::from_rows(&found)?;
            let customers = work.customers_of(receipts.iter().map(|own| own.customer).collect())?;
            let numbers = work.contract_numbers(receipts.iter().filter_map(|own| own.contract).collect())?;
            let item = |own: Receipt| ReportReceipt {
                receipt: own.id,
                kind: own.kind,
                on: own.on,
                contract: own.contract,
                number: own.contract.and_then(|contract| numbers.get(&contract).cloned()),
                customer_name: customers.get(&own.customer).map(|own| own.name.clone()).unwrap_or_default(),
                voucher: own.voucher,
                performer: own.performer,
                performer_position: own.performer_position,
                currency: own.currency,
                received: own.net,
                base_currency: own.base_currency,
                base_received: own.base_net,
            };
            Ok(ReportReceiptPage { items: receipts.into_iter().map(item).collect(), next, count: None })
        })
    }

    /// The open instalments behind a figure of ageing, due first first.
    ///
    /// # Errors
    /// As [`Session::ageing_report`]; `cursor_foreign`.
    pub fn report_instalments(
        &self,
        query: ReportInstalmentQuery,
        page: PageRequest,
    ) -> Result<ReportInstalmentPage, Error> {
        let list = list_identity(self.actor(), op::report_instalments.name, &query);
        let (limit, after) = (page.limit()?, page.place(&list, ColumnType::Integer)?);
        self.query(&op::report_instalments, |work| {
            let whose = work.whose(&query.of, "payment.view")?;
            let today = work.today();
            let mut conditions = vec![Filter::Is("due_on", Comparison::Less, NEVER.into())];
            let bounds = [(Comparison::AtLeast, query.due_from), (Comparison::AtMost, query.due_to)];
            for (comparison, day) in bounds {
                conditions.extend(day.map(|day| Filter::Is("due_on", comparison, day.number().into())));
            }
            let search = Search::of(&INSTALMENT)
                .within("scope", scope_values(&whose, &work.context.clone()))
                .filtered(Filter::All(conditions))
                .ordered("due_on", Direction::Ascending);
            let (found, next) = work.page_of_those(search, after.clone(), limit, &list, |row| {
                Ok(query.currency.is_none() || Some(Instalment::from_row(row)?.currency) == query.currency)
            })?;
            let instalments = Instalment::from_rows(&found)?;
            let customers = work.customers_of(instalments.iter().map(|own| own.customer).collect())?;
            let numbers = work.contract_numbers(instalments.iter().map(|own| own.contract).collect())?;
            let item = |own: Instalment| {
                let due_on = own.due_on?;
                Some(ReportInstalment {
                    instalment: own.id,
                    no: own.no,
                    contract: own.contract,
                    number: numbers.get(&own.contract).cloned(),
                    customer_name: customers.get(&own.customer).map(|own| own.name.clone()).unwrap_or_default(),
                    due_on,
                    overdue_days: i32::try_from((today.number() - due_on.number()).max(0)).unwrap_or(i32::MAX),
                    owner: own.owner.clone(),
                    currency: own.currency,
                    open: Decimal::of_minor(own.open_minor(), own.currency),
                })
            };
            Ok(ReportInstalmentPage { items: instalments.into_iter().filter_map(item).collect(), next, count: None })
        })
    }
}

impl Work<'_> {
    /// The numbers of contracts, whoever sees them.
    fn contract_numbers(&mut self, ids: Vec<ContractId>) -> Result<BTreeMap<ContractId, String>, Stop> {
        let mut ids: Vec<String> = ids.into_iter().map(|id| id.to_string()).collect();
        ids.sort();
        ids.dedup();
        let contracts = Contract::from_rows(&self.get(&CONTRACT, ids)?)?;
        Ok(contracts.into_iter().filter_map(|own| Some((own.id, own.number?))).into_map())
    }
}
