//! Lists of contracts: mine, my subordinates', all, of a customer.

use super::{CONTRACT, Contract, ContractStatus};
use crate::access::{Reach, Scope, Standing};
use crate::actor::UserId;
use crate::crm::Session;
use crate::custom_field::Customized;
use crate::customer::{CUSTOMER, Customer, CustomerId};
use crate::date::Date;
use crate::dictionary::EntryCode;
use crate::error::{Error, Violation};
use crate::operations::op;
use crate::page::{COUNT_CAP, Count, PageRequest, encode_cursor, list_identity, page, place_of, searched};
use crate::query::{Condition, FieldOrder};
use crate::record::Record;
use crate::sharing::SharePanel;
use crate::sorted::Gather as _;
use crate::store::{ColumnType, Comparison, Direction, Filter, Read, Row, Search};
use crate::work::{Stop, Work, counted, rows};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Whose contracts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(tag = "kind", rename_all = "snake_case", from = "ContractsInput")]
pub enum Contracts {
    /// 我的合同: whose duties the actor has.
    Mine,
    /// 下属合同: of the people below him, apart from his own.
    Subordinates,
    /// 全部合同: of everybody, for administrators.
    All,
    /// Of one customer, which he sees.
    Of {
        /// The customer.
        customer: CustomerId,
    },
}

/// Whose contracts, as it arrives: variants without fields would take any, these take none.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Contracts"))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum ContractsInput {
    Mine {},
    Subordinates {},
    All {},
    Of { customer: CustomerId },
}

impl From<ContractsInput> for Contracts {
    fn from(of: ContractsInput) -> Self {
        match of {
            ContractsInput::Mine {} => Contracts::Mine,
            ContractsInput::Subordinates {} => Contracts::Subordinates,
            ContractsInput::All {} => Contracts::All,
            ContractsInput::Of { customer } => Contracts::Of { customer },
        }
    }
}

/// The order of a list of contracts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum ContractOrder {
    /// Last created first.
    #[default]
    Newest,
    /// First signed first, drafts last.
    Signed,
    /// Signed last first, drafts before them.
    LastSigned,
    /// First ending first, those without an end last.
    Ending,
    /// By number, those without one first.
    Number,
}

/// Which contracts, ordered how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct ContractQuery {
    /// Whose.
    pub of: Contracts,
    /// Number or name contains this, at most 60 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub text: Option<String>,
    /// Only in this status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub status: Option<ContractStatus>,
    /// Only of this kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub contract_kind: Option<EntryCode>,
    /// Only those that are expired 已到期 (or are not).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub expired: Option<bool>,
    /// Only those of which something is overdue 逾期 (or of which nothing is).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub overdue: Option<bool>,
    /// Only those of which something is still to be received 未收 (or of which nothing is).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub unpaid: Option<bool>,
    /// Only of this person; not with contracts of one customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub owner: Option<UserId>,
    /// Only signed on this day or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub signed_from: Option<Date>,
    /// Only signed on this day or earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub signed_to: Option<Date>,
    /// Only ending on this day or earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub ends_to: Option<Date>,
    /// The order; absent: last created first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub order: Option<ContractOrder>,
    /// An order by a custom field, in place of `order`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub order_by: Option<FieldOrder>,
    /// A condition that they all meet, over custom fields of contracts as `custom.` with their keys, and `name` (or number), `kind`, `status`,
    /// `payment_method`, `created_at`, `signed_on`, `ends_on`, and the amounts `planned`, `received` and `unreceived`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub matching: Option<Condition>,
}

impl From<Contracts> for ContractQuery {
    fn from(of: Contracts) -> Self {
        ContractQuery {
            of,
            text: None,
            status: None,
            contract_kind: None,
            expired: None,
            overdue: None,
            unpaid: None,
            owner: None,
            signed_from: None,
            signed_to: None,
            ends_to: None,
            order: None,
            order_by: None,
            matching: None,
        }
    }
}

/// A contract in a list, with its customer's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct ContractRow {
    /// The contract.
    pub contract: Contract,
    /// The name of its customer.
    pub customer_name: String,
}

page! {
    /// A page of contracts.
    ContractPage of ContractRow
}

impl Session<'_> {
    /// A page of contracts.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `contract.view`, and on [`Contracts::All`] for who is no administrator;
    /// [`Error::NotFound`]; [`Error::Invalid`]; `field_building`; `cursor_foreign`.
    pub fn contracts(&self, query: impl Into<ContractQuery>, page: PageRequest) -> Result<ContractPage, Error> {
        let query = query.into();
        let list = list_identity(self.actor(), op::contracts.name, &query);
        let limit = self.rows_of(&page)?;
        self.query(&op::contracts, |work| {
            let (column, direction) = work.contract_order(&query)?;
            let after = page.place(&list, CONTRACT.column(column).map_or(ColumnType::Integer, |column| column.ty))?;
            let mut filter = query.conditions(work.today())?;
            if let Some(matching) = &query.matching {
                filter.push(work.narrowed_by(Customized::Contract, matching)?);
            }
            let filter = Filter::All(filter);
            let narrowed = !filter.is_empty();
            let mut search =
                work.contract_scope(&query)?.filtered(filter).ordered(column, direction).limited(limit + 1);
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
            let next = found.last().filter(|_| more);
            let next = next.map(|last| encode_cursor(&list, &place_of(&CONTRACT, column, last)));
            Ok(ContractPage { items: work.contract_rows(&found)?, next, count })
        })
    }
}

impl Work<'_> {
    /// The column and the direction in which a list is put in order.
    fn contract_order(&self, query: &ContractQuery) -> Result<(&'static str, Direction), Error> {
        if let Some(by) = &query.order_by {
            if query.order.is_some() {
                return Err(Violation::not_allowed("order_by").into());
            }
            return self.ordered_by(Customized::Contract, by);
        }
        Ok(match query.order.unwrap_or_default() {
            ContractOrder::Newest => ("created_at", Direction::Descending),
            ContractOrder::Signed => ("signed_on", Direction::Ascending),
            ContractOrder::LastSigned => ("signed_on", Direction::Descending),
            ContractOrder::Ending => ("ends_on", Direction::Ascending),
            ContractOrder::Number => ("number_sort", Direction::Ascending),
        })
    }

    fn contract_scope(&mut self, query: &ContractQuery) -> Result<Search, Stop> {
        let search = Search::of(&CONTRACT);
        if let Contracts::Of { customer } = query.of {
            if query.owner.is_some() {
                return Err(Violation::not_allowed("query.owner").into());
            }
            let customer = self.customer_with_shares(customer, (Reach::Read, SharePanel::Contracts))?.0.id;
            return Ok(search.within("customer", vec![customer.to_string().into()]));
        }
        let access = self.access()?;
        let mut scopes = match query.of {
            Contracts::Mine => access.own_scopes(Standing::Active),
            Contracts::Subordinates => access.subordinate_scopes(Standing::Active),
            _ if !access.sees_all() => {
                let right = "view_all".to_owned();
                return Err(Error::Forbidden { module: "contract".to_owned(), right }.into());
            }
            _ => access.visible_scopes(Standing::Active),
        };
        if let Some(owner) = &query.owner {
            scopes.retain(|scope| {
                let parsed = scope.as_text().map(Scope::parse);
                matches!(parsed, Some(Ok(scope)) if scope.owner == *owner)
            });
        }
        Ok(search.within("scope", scopes))
    }

    /// Contracts with the names of their customers.
    pub(crate) fn contract_rows(&mut self, found: &[Row]) -> Result<Vec<ContractRow>, Stop> {
        let today = self.today();
        let contracts = Contract::from_rows(found)?;
        let mut ids: Vec<String> = contracts.iter().map(|contract| contract.customer.to_string()).collect();
        ids.sort();
        ids.dedup();
        let customers = Customer::from_rows(&self.get(&CUSTOMER, ids)?)?;
        let names: BTreeMap<CustomerId, String> =
            customers.into_iter().map(|customer| (customer.id, customer.name)).into_map();
        let row = |contract: Contract| ContractRow {
            customer_name: names.get(&contract.customer).cloned().unwrap_or_default(),
            contract: contract.seen_on(today),
        };
        Ok(contracts.into_iter().map(row).collect())
    }
}

impl ContractQuery {
    fn conditions(&self, today: Date) -> Result<Vec<Filter>, Error> {
        let mut conditions: Vec<Filter> = searched(self.text.as_deref())?.into_iter().collect();
        if let Some(status) = self.status {
            conditions.push(Filter::equal("status", status.as_str()));
        }
        if let Some(kind) = &self.contract_kind {
            conditions.push(Filter::equal("kind", kind.as_str()));
        }
        if let Some(expired) = self.expired {
            let over = Filter::Is("ends_on", Comparison::Less, today.number().into());
            let over = Filter::All(vec![Filter::equal("settled", 0), over]);
            conditions.push(if expired { over } else { Filter::Not(Box::new(over)) });
        }
        // No day is nought.
        let due = |comparison, day: i64| Filter::Is("next_due_on", comparison, day.into());
        let late = Filter::All(vec![due(Comparison::AtLeast, 1), due(Comparison::Less, today.number())]);
        let open = Filter::Is("unreceived", Comparison::AtLeast, 1.into());
        for (wanted, holds) in [(self.overdue, late), (self.unpaid, open)] {
            match wanted {
                Some(true) => conditions.push(holds),
                Some(false) => conditions.push(Filter::Not(Box::new(holds))),
                None => {}
            }
        }
        let bounds = [
            ("signed_on", Comparison::AtLeast, self.signed_from),
            ("signed_on", Comparison::AtMost, self.signed_to),
            ("ends_on", Comparison::AtMost, self.ends_to),
        ];
        for (column, comparison, day) in bounds {
            if let Some(day) = day {
                conditions.push(Filter::Is(column, comparison, day.number().into()));
            }
        }
        // Who asks from when they were signed does not ask for drafts.
        if self.signed_from.is_some() {
            conditions.push(Filter::Is("signed_on", Comparison::Less, crate::record::NEVER.into()));
        }
        Ok(conditions)
    }
}
