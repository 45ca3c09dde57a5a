//! Contracts 合同 (K1-K3): standard ones and supplements, their lines, numbers and states.

mod commands;
mod duty;
mod entry;
mod input;
mod line;
mod list;
mod money;
mod number;
mod rules;
mod state;

pub(crate) use commands::not_found as contract_not_found;
pub(crate) use duty::ALIVE;
pub use duty::ContractTransfer;
pub(crate) use entry::{CONTRACT_ENTRY, all_series};
pub use entry::{ContractEntry, ContractEntryKind, ContractEntryPage, NewContractEntry};
#[cfg(test)]
pub(crate) use input::EDITABLE;
pub use input::{ContractEdit, NewContract};
pub use line::{ContractLine, NewContractLine};
pub use list::{ContractOrder, ContractPage, ContractQuery, ContractRow, Contracts};
pub(crate) use money::MONEY;
pub use money::{ContractPayments, Lowered, PaymentStatus};
pub(crate) use number::{NUMBER_SERIES, parts as number_parts};
pub use rules::ContractRefusal;
pub(crate) use state::{CONTRACTS_UNDER, Deal};

use crate::access::{Scope, Standing};
use crate::actor::UserId;
use crate::custom_field::{CustomValue, SINCE_ELSEWHERE, no_fields, slot_column, slot_index};
use crate::customer::CustomerId;
use crate::date::Date;
use crate::dictionary::EntryCode;
use crate::id::{ApprovalId, ContractId};
use crate::money::{Currency, Decimal};
use crate::position::PositionId;
use crate::record::{Columns, NEVER, Record, bytes_column, text_column};
use crate::store::{Column, ColumnType, Index, Kind, Repeats, Value};
use crate::text::fold;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The migration that brought the room.
pub(crate) const SINCE: i32 = 3;

/// The migration that brought whose performance it is into a column.
const CREDITED: i32 = 4;

const fn column(column: Column) -> Column {
    Column { since: SINCE, ..column }
}

const fn index(name: &'static str, columns: &'static [&'static str]) -> Index {
    Index { since: SINCE, ..Index::on(name, columns) }
}

/// The currency of a record's amounts, beside which they can be compared.
pub(crate) const CURRENCY: Column =
    Column { since: 19, repeats: Some(Repeats::Body("currency")), ..Column::projected("currency", ColumnType::Text) };

/// What payments move, in minor units; by the migration that brought them.
const fn paid(name: &'static str) -> Column {
    Column { name, ty: ColumnType::Integer, live: true, since: crate::payment::SINCE, repeats: None }
}

/// Contracts by id. The scope is that of those who have the duties, whoever owns the customer.
pub(crate) static CONTRACT: Kind = Kind {
    name: "contract",
    columns: &[
        column(Column::live("scope", ColumnType::Text)),
        column(Column::live("customer", ColumnType::Text)),
        column(Column::projected("parent", ColumnType::Text)),
        column(Column::projected("status", ColumnType::Text)),
        column(Column::projected("created_at", ColumnType::Integer)),
        column(Column::projected("signed_on", ColumnType::Integer)),
        column(Column::projected("ends_on", ColumnType::Integer)),
        column(Column::projected("settled", ColumnType::Integer)),
        column(Column::projected("number_sort", ColumnType::Bytes)),
        column(Column::projected("search_text", ColumnType::Bytes)),
        column(Column::live("kind", ColumnType::Text)),
        column(Column::live("payment_method", ColumnType::Text)),
        Column { since: CREDITED, ..Column::projected("credit", ColumnType::Text) },
        paid("planned"),
        paid("received"),
        paid("written_off"),
        paid("lowered"),
        paid("allocated"),
        paid("invoiced"),
        paid("next_due_on"),
        paid("payment_revision"),
        paid("unreceived"),
        CURRENCY,
        slot_column("field1", SINCE_ELSEWHERE),
        slot_column("field2", SINCE_ELSEWHERE),
        slot_column("field3", SINCE_ELSEWHERE),
        slot_column("field4", SINCE_ELSEWHERE),
    ],
    indexes: &[
        index("created", &["scope", "created_at"]),
        index("signed", &["scope", "signed_on"]),
        index("ends", &["scope", "ends_on"]),
        index("number", &["scope", "number_sort"]),
        index("customer", &["customer", "created_at"]),
        index("parent", &["parent"]),
        Index { since: crate::reminder::SINCE, ..index("open_until", &["settled", "ends_on"]) },
        Index { since: CREDITED, ..Index::on("credit", &["credit", "signed_on"]) },
        slot_index("field1", &["scope", "field1"], SINCE_ELSEWHERE),
        slot_index("field2", &["scope", "field2"], SINCE_ELSEWHERE),
        slot_index("field3", &["scope", "field3"], SINCE_ELSEWHERE),
        slot_index("field4", &["scope", "field4"], SINCE_ELSEWHERE),
    ],
    since: SINCE,
};

/// Where a contract stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum ContractStatus {
    /// 草稿: it can still be edited.
    Draft,
    /// 待审批: the host decides; nothing can be changed meanwhile.
    Pending,
    /// 执行中
    InForce,
    /// 已完成
    Completed,
    /// 已终止
    Terminated,
    /// 已作废
    Void,
}

impl ContractStatus {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            ContractStatus::Draft => "draft",
            ContractStatus::Pending => "pending",
            ContractStatus::InForce => "in_force",
            ContractStatus::Completed => "completed",
            ContractStatus::Terminated => "terminated",
            ContractStatus::Void => "void",
        }
    }
}

/// A contract 合同, standard 标准合同 or, with a parent, supplementary 补充合同.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct Contract {
    /// The id.
    pub id: ContractId,
    /// The contract number 合同编号; absent until it is submitted, unless the host gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// The name.
    pub name: String,
    /// The customer.
    pub customer: CustomerId,
    /// Of a supplement: the standard contract that it changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<ContractId>,
    /// The kind 合同类型.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<EntryCode>,
    /// The status.
    pub status: ContractStatus,
    /// Derived: whether it is in force beyond its last day and was not renewed 已到期.
    #[serde(default)]
    pub expired: bool,
    /// The signing date 签订日期.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_on: Option<Date>,
    /// The first day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_on: Option<Date>,
    /// The last day, included; absent: it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_on: Option<Date>,
    /// The currency 币种 of all its amounts.
    pub currency: Currency,
    /// The base currency 本币 that the rate leads to.
    pub base_currency: Currency,
    /// What one unit of the currency is in the base currency 汇率, fixed at signing.
    pub rate: Decimal,
    /// The amount 合同金额, tax included; a supplement's own, which may be negative.
    pub amount: Decimal,
    /// The amount in the base currency 折合本币, by the rate.
    pub base_amount: Decimal,
    /// Whether the amount was agreed 议定价 and need not be the sum of the lines.
    #[serde(default)]
    pub agreed_price: bool,
    /// Derived: the amount with all supplements that are in force or completed.
    pub effective_amount: Decimal,
    /// Derived: the last day as the supplement that was signed last says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_ends_on: Option<Date>,
    /// Whether prices include the tax 含税.
    pub tax_included: bool,
    /// The discount on the whole 整单折扣/抹零, as an amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whole_discount: Option<Decimal>,
    /// The lines.
    pub lines: Vec<ContractLine>,
    /// Who has the duties now.
    pub owner: UserId,
    /// His position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_position: Option<PositionId>,
    /// Whose performance it is 业绩归属, fixed at signing.
    pub performer: UserId,
    /// The position whose performance it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub performer_position: Option<PositionId>,
    /// Who signs for the customer 对方签约人.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_signatory: Option<String>,
    /// Who signs for the organisation 我方签约人.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_signatory: Option<String>,
    /// The payment method 付款方式.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_method: Option<EntryCode>,
    /// A note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Values of custom fields, those that have one.
    #[serde(default)]
    pub custom: Vec<CustomValue>,
    /// The contract that it renews 续签.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renews: Option<ContractId>,
    /// The contract that renewed it, which settles its expiry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renewed_by: Option<ContractId>,
    /// Why and from when it was terminated, or why it is void.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_reason: Option<String>,
    /// The day on which it was terminated, became void or was completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_on: Option<Date>,
    /// The request that the host decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<ApprovalId>,
    /// Of a supplement of less than nothing: the instalments of its parent that it lowers.
    #[serde(default)]
    pub lowers: Vec<Lowered>,
    /// What is planned, received and still owed.
    #[serde(default)]
    pub payments: ContractPayments,
    /// When it was created.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
    /// When it was changed last.
    pub changed_at: Timestamp,
    /// By whom.
    pub changed_by: String,
    /// The version.
    #[serde(default)]
    pub version: i64,
}

/// A contract as one looks at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct ContractView {
    /// The contract.
    pub contract: Contract,
    /// The name of its customer.
    pub customer_name: String,
    /// Its supplements, oldest first.
    pub supplements: Vec<Contract>,
    /// The newest evaluation, progress and risk.
    pub entries: Vec<ContractEntry>,
    /// What the actor may do with it: any of `edit`, `submit`, `delete`, `assign`, `supplement`, `renew`, `complete`,
    /// `terminate`, `void`, `add_entry`.
    pub allowed: Vec<String>,
}

/// The names that a contract's own fields have.
pub(crate) const FIELDS: [&str; 43] = [
    "id",
    "number",
    "name",
    "customer",
    "parent",
    "kind",
    "status",
    "expired",
    "signed_on",
    "starts_on",
    "ends_on",
    "currency",
    "base_currency",
    "rate",
    "amount",
    "base_amount",
    "agreed_price",
    "effective_amount",
    "effective_ends_on",
    "tax_included",
    "whole_discount",
    "lines",
    "owner",
    "owner_position",
    "performer",
    "performer_position",
    "customer_signatory",
    "own_signatory",
    "payment_method",
    "note",
    "custom",
    "renews",
    "renewed_by",
    "end_reason",
    "ended_on",
    "approval",
    "lowers",
    "payments",
    "created_at",
    "created_by",
    "changed_at",
    "changed_by",
    "version",
];

impl Contract {
    /// In whose lists it stands.
    pub(crate) fn stands(&self) -> Scope {
        Scope::new(Standing::Active, self.owner_position.clone(), self.owner.clone())
    }

    /// As of a day: what is derived from it.
    pub(crate) fn seen_on(mut self, today: Date) -> Self {
        let over = self.effective_ends_on.is_some_and(|end| end < today);
        self.expired = self.status == ContractStatus::InForce && self.renewed_by.is_none() && over;
        self.derive_money(today);
        self
    }

    /// Whether it was signed and counts.
    pub(crate) fn counts(&self) -> bool {
        matches!(self.status, ContractStatus::InForce | ContractStatus::Completed)
    }

    /// Whether money is due on it: it was signed, and is not void.
    pub(crate) fn is_collected(&self) -> bool {
        self.counts() || self.status == ContractStatus::Terminated
    }

    /// Whether it waits for an approval.
    pub(crate) fn is_frozen(&self) -> bool {
        self.approval.is_some() || self.status == ContractStatus::Pending
    }

    /// Whether it was signed, whatever became of it.
    pub(crate) fn was_signed(&self) -> bool {
        self.is_collected() || self.is_void()
    }

    pub(crate) fn is_void(&self) -> bool {
        self.status == ContractStatus::Void
    }

    pub(crate) fn minor_amount(&self) -> i64 {
        self.amount.minor(self.currency).unwrap_or_default()
    }

    pub(crate) fn minor_base_amount(&self) -> i64 {
        self.base_amount.minor(self.base_currency).unwrap_or_default()
    }
}

fn day(date: Option<Date>) -> Value {
    date.map_or(NEVER, Date::number).into()
}

impl Record for Contract {
    const KIND: &'static Kind = &CONTRACT;

    fn key(&self) -> String {
        self.id.to_string()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn columns(&self) -> Vec<Value> {
        let number = fold(self.number.as_deref().unwrap_or_default());
        let search = format!("{number}\n{}", fold(&self.name));
        let code = |code: &Option<EntryCode>| text_column(code.as_ref().map(EntryCode::as_str));
        let open = self.status == ContractStatus::InForce && self.renewed_by.is_none();
        let mut values = vec![
            self.stands().to_value(),
            self.customer.to_string().into(),
            text_column(self.parent.map(|parent| parent.to_string()).as_deref()),
            self.status.as_str().into(),
            self.created_at.millis().into(),
            day(self.signed_on),
            day(self.effective_ends_on),
            i64::from(!open).into(),
            bytes_column(&number, 255),
            bytes_column(&search, 255),
            code(&self.kind),
            code(&self.payment_method),
            if self.is_credited() { self.credit().to_value() } else { text_column(None) },
        ];
        values.extend(self.money_columns());
        values.push(self.currency.code().into());
        values.extend(no_fields(Self::KIND));
        values
    }

    fn refresh(&mut self, row: &Columns<'_>) {
        self.version = row.version();
        if let Some(Ok(scope)) = row.text("scope").map(|scope| Scope::parse(&scope)) {
            self.owner = scope.owner;
            self.owner_position = scope.position;
        }
        if let Some(Ok(customer)) = row.text("customer").map(|customer| customer.parse()) {
            self.customer = customer;
        }
        let code = |column: &str| row.text(column).and_then(|code| EntryCode::new(code).ok());
        self.kind = code("kind");
        self.payment_method = code("payment_method");
        self.refresh_money(row);
    }
}
