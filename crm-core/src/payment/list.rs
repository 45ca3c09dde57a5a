//! Lists of instalments and of receipts: mine, my subordinates', all, of a customer, of a contract.

use super::{INSTALMENT, Instalment, RECEIPT, Receipt, ReceiptKind};
use crate::access::{Reach, Scope, Standing};
use crate::actor::UserId;
use crate::contract::{CONTRACT, Contract};
use crate::crm::Session;
use crate::customer::{CUSTOMER, Customer, CustomerId};
use crate::date::Date;
use crate::dictionary::EntryCode;
use crate::error::{Error, Violation};
use crate::id::ContractId;
use crate::operations::{Operation, op};
use crate::page::{COUNT_CAP, Count, PageRequest, encode_cursor, list_identity, page, searched};
use crate::record::{NEVER, Record};
use crate::sharing::SharePanel;
use crate::store::{ColumnType, Comparison, Direction, Filter, Kind, Read, Row, Search};
use crate::work::{Stop, Work, counted, rows};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Whose instalments or receipts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(tag = "kind", rename_all = "snake_case", from = "PaymentsInput")]
pub enum Payments {
    /// 我的: of contracts whose duties the actor has.
    Mine,
    /// 下属: of the people below him, apart from his own.
    Subordinates,
    /// 全部: of everybody, for administrators.
    All,
    /// Of one customer, which he sees.
    Customer {
        /// The customer.
        customer: CustomerId,
    },
    /// Of one contract, which he sees.
    Contract {
        /// The contract.
        contract: ContractId,
    },
}

/// Whose, as it arrives: variants without fields would take any, these take none.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Payments"))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum PaymentsInput {
    Mine {},
    Subordinates {},
    All {},
    Customer { customer: CustomerId },
    Contract { contract: ContractId },
}

impl From<PaymentsInput> for Payments {
    fn from(of: PaymentsInput) -> Self {
        match of {
            PaymentsInput::Mine {} => Payments::Mine,
            PaymentsInput::Subordinates {} => Payments::Subordinates,
            PaymentsInput::All {} => Payments::All,
            PaymentsInput::Customer { customer } => Payments::Customer { customer },
            PaymentsInput::Contract { contract } => Payments::Contract { contract },
        }
    }
}

/// Which receipts, the newest day first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct ReceiptQuery {
    /// Whose.
    pub of: Payments,
    /// Only of this kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub receipt_kind: Option<ReceiptKind>,
    /// Only by this method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub method: Option<EntryCode>,
    /// Only of this person's contracts; not of one customer or contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub owner: Option<UserId>,
    /// Only of this day or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub from: Option<Date>,
    /// Only of this day or earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub to: Option<Date>,
    /// Voucher number or payer contains this, at most 60 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub text: Option<String>,
}

impl From<Payments> for ReceiptQuery {
    fn from(of: Payments) -> Self {
        ReceiptQuery { of, receipt_kind: None, method: None, owner: None, from: None, to: None, text: None }
    }
}

/// Which instalments, first due first, those that are not due behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct InstalmentQuery {
    /// Whose.
    pub of: Payments,
    /// Only what is overdue 逾期.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub overdue: bool,
    /// Only what is open.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub open: bool,
    /// Only of this person's contracts; not of one customer or contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub owner: Option<UserId>,
    /// Only open ones that are due on this day or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub due_from: Option<Date>,
    /// Only open ones that are due on this day or earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub due_to: Option<Date>,
}

impl From<Payments> for InstalmentQuery {
    fn from(of: Payments) -> Self {
        InstalmentQuery { of, overdue: false, open: false, owner: None, due_from: None, due_to: None }
    }
}

/// A receipt in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct ReceiptRow {
    /// The receipt.
    pub receipt: Receipt,
    /// The name of its customer.
    pub customer_name: String,
    /// The number of its contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract_number: Option<String>,
    /// The name of its contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract_name: Option<String>,
}

/// An instalment in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct InstalmentRow {
    /// The instalment.
    pub instalment: Instalment,
    /// The name of its customer.
    pub customer_name: String,
    /// The number of its contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract_number: Option<String>,
    /// The name of its contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract_name: Option<String>,
}

page! {
    /// A page of receipts.
    ReceiptPage of ReceiptRow
}

page! {
    /// A page of instalments.
    InstalmentPage of InstalmentRow
}

/// How a list is ordered.
struct Order {
    column: &'static str,
    direction: Direction,
}

impl Session<'_> {
    /// A page of receipts, with all that undid some.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `payment.view`, and on [`Payments::All`] for who is no administrator;
    /// [`Error::NotFound`]; [`Error::Invalid`]; `cursor_foreign`.
    pub fn receipts(&self, query: impl Into<ReceiptQuery>, page: PageRequest) -> Result<ReceiptPage, Error> {
        let query = query.into();
        let list = list_identity(self.actor(), op::receipts.name, &query);
        let order = Order { column: "received_on", direction: Direction::Descending };
        self.payment_list(
            &op::receipts,
            &list,
            &page,
            order,
            |work| {
                let conditions = query.conditions()?;
                let search = work.payment_scope(&RECEIPT, &query.of, query.owner.as_ref())?;
                Ok(search.filtered(Filter::All(conditions)))
            },
            |work, found, next, count| {
                let mut receipts = Receipt::from_rows(found)?;
                let told = work.tells_contracts(&query.of)?;
                for receipt in receipts.iter_mut().filter(|own| !told && own.contract.is_none()) {
                    // Of what went to a contract it tells which.
                    receipt.note = None;
                }
                let contract = |own: &Receipt| own.contract.filter(|_| told);
                let named = work.names(receipts.iter().map(|own| (own.customer, contract(own))))?;
                let items = receipts.into_iter().map(|receipt| {
                    let (customer_name, contract_number, contract_name) = named.of(receipt.customer, receipt.contract);
                    ReceiptRow { receipt, customer_name, contract_number, contract_name }
                });
                Ok(ReceiptPage { items: items.collect(), next, count })
            },
        )
    }

    /// A page of instalments.
    ///
    /// # Errors
    /// As [`Session::receipts`].
    pub fn instalments(&self, query: impl Into<InstalmentQuery>, page: PageRequest) -> Result<InstalmentPage, Error> {
        let query = query.into();
        let list = list_identity(self.actor(), op::instalments.name, &query);
        let order = Order { column: "due_on", direction: Direction::Ascending };
        self.payment_list(
            &op::instalments,
            &list,
            &page,
            order,
            |work| {
                let conditions = query.conditions(work.today());
                let search = work.payment_scope(&INSTALMENT, &query.of, query.owner.as_ref())?;
                Ok(search.filtered(Filter::All(conditions)))
            },
            |work, found, next, count| {
                let today = work.today();
                let instalments = Instalment::from_rows(found)?;
                let told = work.tells_contracts(&query.of)?;
                let contract = |own: &Instalment| Some(own.contract).filter(|_| told);
                let named = work.names(instalments.iter().map(|own| (own.customer, contract(own))))?;
                let items = instalments.into_iter().map(|instalment| {
                    let (customer_name, contract_number, contract_name) =
                        named.of(instalment.customer, Some(instalment.contract));
                    InstalmentRow {
                        instalment: instalment.seen_on(today),
                        customer_name,
                        contract_number,
                        contract_name,
                    }
                });
                Ok(InstalmentPage { items: items.collect(), next, count })
            },
        )
    }

    fn payment_list<P: crate::access::Redact>(
        &self,
        operation: &'static Operation,
        list: &str,
        page: &PageRequest,
        order: Order,
        search: impl Fn(&mut Work<'_>) -> Result<Search, Stop>,
        answer: impl Fn(&mut Work<'_>, &[Row], Option<String>, Option<Count>) -> Result<P, Stop>,
    ) -> Result<P, Error> {
        let limit = self.rows_of(page)?;
        self.query(operation, |work| {
            let after = page.place(list, ColumnType::Integer)?;
            let mut search = search(work)?.ordered(order.column, order.direction).limited(limit + 1);
            let kind = search.kind;
            let narrowed = !search.filter.is_empty();
            let counting = Read::Count { search: search.clone(), cap: COUNT_CAP };
            search.after = after;
            let mut reads = vec![Read::Find(search)];
            reads.extend(page.count.then_some(counting));
            let mut answers = work.read(reads)?.into_iter();
            let mut found = rows(answers.next());
            let floor = if narrowed { found.len() as i64 } else { COUNT_CAP };
            let count = page.count.then(|| Count::of(counted(answers.next()), floor));
            let more = found.len() as i64 > limit;
            found.truncate(usize::try_from(limit).unwrap_or_default());
            let value = |row: &Row| row.values.get(kind.position(order.column)?).cloned();
            let next = found.last().filter(|_| more).map(|last| encode_cursor(list, &(value(last), last.id.clone())));
            answer(work, &found, next, count)
        })
    }
}

/// Names of customers and contracts.
struct Names {
    customers: BTreeMap<CustomerId, String>,
    contracts: BTreeMap<ContractId, Contract>,
}

impl Names {
    fn of(&self, customer: CustomerId, contract: Option<ContractId>) -> (String, Option<String>, Option<String>) {
        let contract = contract.and_then(|contract| self.contracts.get(&contract));
        (
            self.customers.get(&customer).cloned().unwrap_or_default(),
            contract.and_then(|own| own.number.clone()),
            contract.map(|own| own.name.clone()),
        )
    }
}

impl Work<'_> {
    /// Whether payments of these are told with the numbers and names of their contracts: to whom the contracts are open, too.
    fn tells_contracts(&mut self, of: &Payments) -> Result<bool, Stop> {
        let panel = SharePanel::Contracts;
        match of {
            Payments::Customer { customer } => {
                let (customer, shares) = self.customer_with_shares(*customer, Reach::Read)?;
                Ok(self.opens(&customer, &shares, panel)?)
            }
            Payments::Contract { contract } => {
                let (contract, customer) = self.contract_by_panel(*contract, Reach::Read, SharePanel::Receipts)?;
                Ok(self.reaches_by_contract(&contract, &customer)?.opens(panel))
            }
            _ => Ok(true),
        }
    }

    fn payment_scope(&mut self, kind: &'static Kind, of: &Payments, owner: Option<&UserId>) -> Result<Search, Stop> {
        let search = Search::of(kind);
        if owner.is_some() && matches!(of, Payments::Customer { .. } | Payments::Contract { .. }) {
            return Err(Violation::not_allowed("query.owner").into());
        }
        let access = self.access()?;
        let mut scopes = match of {
            Payments::Customer { customer } => {
                access.allow("contract.view")?;
                let customer = self.customer_with_shares(*customer, (Reach::Read, SharePanel::Receipts))?.0.id;
                return Ok(search.within("customer", vec![customer.to_string().into()]));
            }
            Payments::Contract { contract } => {
                self.contract_by_panel(*contract, Reach::Read, SharePanel::Receipts)?;
                return Ok(search.within("contract", vec![contract.to_string().into()]));
            }
            Payments::Mine => access.own_scopes(Standing::Active),
            Payments::Subordinates => access.subordinate_scopes(Standing::Active),
            Payments::All if !access.sees_all() => {
                let right = "view_all".to_owned();
                return Err(Error::Forbidden { module: "payment".to_owned(), right }.into());
            }
            Payments::All => {
                let mut scopes = access.visible_scopes(Standing::Active);
                // What was paid before there is a contract stands where its customer does.
                let pools: Vec<_> = self.context.pools.keys().copied().collect();
                scopes.extend(pools.into_iter().flat_map(|pool| access.all_scopes(Standing::Pooled(pool))));
                scopes
            }
        };
        if let Some(owner) = owner {
            scopes.retain(|scope| {
                let parsed = scope.as_text().map(Scope::parse);
                matches!(parsed, Some(Ok(scope)) if scope.owner == *owner)
            });
        }
        Ok(search.within("scope", scopes))
    }

    fn names(&mut self, of: impl Iterator<Item = (CustomerId, Option<ContractId>)>) -> Result<Names, Stop> {
        let (mut customers, mut contracts) = (Vec::new(), Vec::new());
        for (customer, contract) in of {
            customers.push(customer.to_string());
            contracts.extend(contract.map(|contract| contract.to_string()));
        }
        for ids in [&mut customers, &mut contracts] {
            ids.sort();
            ids.dedup();
        }
        let mut answers = self
            .read(vec![Read::Get { kind: &CUSTOMER, ids: customers }, Read::Get { kind: &CONTRACT, ids: contracts }])?
            .into_iter();
        let customers = Customer::from_rows(&rows(answers.next()))?;
        let contracts = Contract::from_rows(&rows(answers.next()))?;
        Ok(Names {
            customers: customers.into_iter().map(|own| (own.id, own.name)).collect(),
            contracts: contracts.into_iter().map(|own| (own.id, own)).collect(),
        })
    }
}

impl ReceiptQuery {
    fn conditions(&self) -> Result<Vec<Filter>, Error> {
        let mut conditions: Vec<Filter> = searched(self.text.as_deref())?.into_iter().collect();
        if let Some(kind) = self.receipt_kind {
            conditions.push(Filter::equal("kind", kind.as_str()));
        }
        if let Some(method) = &self.method {
            conditions.push(Filter::equal("method", method.as_str()));
        }
        for (comparison, day) in [(Comparison::AtLeast, self.from), (Comparison::AtMost, self.to)] {
            if let Some(day) = day {
                conditions.push(Filter::Is("received_on", comparison, day.number().into()));
            }
        }
        Ok(conditions)
    }
}

impl InstalmentQuery {
    fn conditions(&self, today: Date) -> Vec<Filter> {
        let mut conditions = Vec::new();
        if self.overdue {
            conditions.push(Filter::Is("due_on", Comparison::Less, today.number().into()));
        }
        if self.open {
            conditions.push(Filter::Is("open", Comparison::AtLeast, 1.into()));
        }
        if let Some(day) = self.due_from {
            conditions.push(Filter::Is("due_on", Comparison::AtLeast, day.number().into()));
            conditions.push(Filter::Is("due_on", Comparison::Less, NEVER.into()));
        }
        if let Some(day) = self.due_to {
            conditions.push(Filter::Is("due_on", Comparison::AtMost, day.number().into()));
        }
        conditions
    }
}
