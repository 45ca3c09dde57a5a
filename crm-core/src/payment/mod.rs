//! Payments (K4-K6): plans 收款计划 of instalments, receipts 回款 and what becomes of them.

mod book;
mod credit;
mod input;
mod list;
mod lower;
mod plan;
mod receipt;
mod rules;
mod undo;

pub(crate) use book::PAYMENTS_UNDER;
pub(crate) use credit::CUSTOMER_CREDIT;
pub use credit::CustomerCredit;
pub use input::{
    NewInstalment, NewPrepayment, NewReceipt, NewRefund, NewWriteOff, PlanGenerator, PlanInterval, ReceiptSlip,
    SlipPart,
};
pub use list::{InstalmentPage, InstalmentQuery, InstalmentRow, Payments, ReceiptPage, ReceiptQuery, ReceiptRow};
pub use plan::PaymentPlan;
pub(crate) use receipt::{voucher_key, voucher_space};
pub use rules::PaymentRefusal;

use crate::access::{Scope, Standing};
use crate::actor::UserId;
use crate::contract::{CURRENCY, Contract};
use crate::customer::CustomerId;
use crate::date::Date;
use crate::dictionary::EntryCode;
use crate::id::{ApprovalId, ContractId, InstalmentId, ReceiptId};
use crate::money::{Currency, Decimal};
use crate::position::PositionId;
use crate::record::{Columns, NEVER, Record, bytes_column, text_column};
use crate::store::{Column, ColumnType, Index, Kind, Value};
use crate::text::fold;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The migration that brought the room.
pub(crate) const SINCE: i32 = 5;

const fn column(name: &'static str, ty: ColumnType, live: bool) -> Column {
    Column { name, ty, live, since: SINCE, repeats: None }
}

const fn index(name: &'static str, columns: &'static [&'static str]) -> Index {
    Index { since: SINCE, ..Index::on(name, columns) }
}

/// Instalments by id, in the scope of their contract. What is not open any more, or has no day, is due never.
pub(crate) static INSTALMENT: Kind = Kind {
    name: "instalment",
    columns: &[
        column("scope", ColumnType::Text, true),
        column("contract", ColumnType::Text, false),
        column("customer", ColumnType::Text, true),
        column("place", ColumnType::Integer, false),
        column("due_on", ColumnType::Integer, false),
        column("open", ColumnType::Integer, false),
        CURRENCY,
    ],
    indexes: &[
        index("due", &["scope", "due_on"]),
        index("contract", &["contract", "place"]),
        index("customer", &["customer", "due_on"]),
        Index { since: crate::reminder::SINCE, ..index("due_day", &["due_on"]) },
    ],
    since: SINCE,
};

/// Receipts by id, in the scope of their contract. `net` is by how much each moves what was received.
pub(crate) static RECEIPT: Kind = Kind {
    name: "receipt",
    columns: &[
        column("scope", ColumnType::Text, true),
        column("contract", ColumnType::Text, false),
        column("customer", ColumnType::Text, true),
        column("received_on", ColumnType::Integer, false),
        column("kind", ColumnType::Text, false),
        column("net", ColumnType::Integer, false),
        column("method", ColumnType::Text, true),
        column("search_text", ColumnType::Bytes, false),
        column("credit", ColumnType::Text, false),
        CURRENCY,
    ],
    indexes: &[
        index("received", &["scope", "received_on"]),
        index("credit", &["credit", "received_on"]),
        index("contract", &["contract", "received_on"]),
        index("customer", &["customer", "received_on"]),
    ],
    since: SINCE,
};

/// Where an instalment stands: derived, never typed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum InstalmentStatus {
    /// 未到期: its day is yet to come, or it has none, or its contract is not signed.
    #[default]
    NotDue,
    /// 到期: its day is today.
    Due,
    /// 部分收款, and not overdue.
    PartlyPaid,
    /// 已收清: paid, or what is missing was written off.
    Paid,
    /// 逾期: its day has passed.
    Overdue,
    /// 作废: its contract is void.
    Void,
}

/// An instalment 期次 of a payment plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct Instalment {
    /// The id.
    pub id: InstalmentId,
    /// The contract.
    pub contract: ContractId,
    /// Its customer.
    pub customer: CustomerId,
    /// The number within the plan, from 1.
    pub no: i32,
    /// When it is due; absent: its milestone is not dated yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_on: Option<Date>,
    /// What it waits for 里程碑, such as the acceptance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub milestone: Option<String>,
    /// So many days after the milestone it is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub milestone_days: Option<i32>,
    /// When the milestone was reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub milestone_on: Option<Date>,
    /// The currency, that of the contract.
    pub currency: Currency,
    /// The amount.
    pub amount: Decimal,
    /// The share of the contract in percent, where it was planned so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<Decimal>,
    /// The condition 付款条件.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// A note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What receipts paid of it.
    pub paid: Decimal,
    /// What was written off of it.
    pub written_off: Decimal,
    /// Derived: what is still open.
    pub open: Decimal,
    /// Derived: where it stands.
    #[serde(default)]
    pub status: InstalmentStatus,
    /// Whether its contract is signed and not void: only then it is due.
    pub in_force: bool,
    /// Whether its contract is void.
    pub void: bool,
    /// Who has the duties.
    pub owner: UserId,
    /// His position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_position: Option<PositionId>,
    /// The version.
    #[serde(default)]
    pub version: i64,
}

impl Instalment {
    /// In whose lists it stands.
    pub(crate) fn stands(&self) -> Scope {
        Scope::new(Standing::Active, self.owner_position.clone(), self.owner.clone())
    }

    fn minor(&self, amount: Decimal) -> i64 {
        amount.minor(self.currency).unwrap_or_default()
    }

    /// What is neither paid nor written off, in minor units.
    pub(crate) fn open_minor(&self) -> i64 {
        if self.void { 0 } else { self.missing() }
    }

    fn missing(&self) -> i64 {
        let settled = self.minor(self.paid).saturating_add(self.minor(self.written_off));
        self.minor(self.amount).saturating_sub(settled).max(0)
    }

    /// The day on which it is due, as long as it is open.
    pub(crate) fn pending_on(&self) -> Option<Date> {
        self.due_on.filter(|_| self.in_force && self.open_minor() > 0)
    }

    /// As of a day: what is derived from it.
    pub(crate) fn seen_on(mut self, today: Date) -> Self {
        let open = self.open_minor();
        self.open = Decimal::of_minor(open, self.currency);
        let due = self.due_on.filter(|_| self.in_force);
        self.status = if self.missing() == 0 {
            InstalmentStatus::Paid
        } else if self.void {
            InstalmentStatus::Void
        } else if due.is_some_and(|due| due < today) {
            InstalmentStatus::Overdue
        } else if self.minor(self.paid) > 0 {
            InstalmentStatus::PartlyPaid
        } else if due == Some(today) {
            InstalmentStatus::Due
        } else {
            InstalmentStatus::NotDue
        };
        self
    }

    /// Stands as its contract does.
    pub(crate) fn follow(&mut self, contract: &Contract) {
        self.in_force = contract.is_collected();
        self.void = contract.is_void();
        self.owner.clone_from(&contract.owner);
        self.owner_position.clone_from(&contract.owner_position);
    }
}

impl Record for Instalment {
    const KIND: &'static Kind = &INSTALMENT;

    fn key(&self) -> String {
        self.id.to_string()
    }
    fn version(&self) -> i64 {
        self.version
    }
    fn columns(&self) -> Vec<Value> {
        vec![
            self.stands().to_value(),
            self.contract.to_string().into(),
            self.customer.to_string().into(),
            i64::from(self.no).into(),
            self.pending_on().map_or(NEVER, Date::number).into(),
            self.open_minor().into(),
            self.currency.code().into(),
        ]
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
    }
}

/// What a receipt is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum ReceiptKind {
    /// 收款: money in.
    Receipt,
    /// 冲销: takes another one back.
    Reversal,
    /// 退款: money out.
    Refund,
    /// 尾差/坏账: no money, it lowers what is unreceived.
    WriteOff,
    /// 核销预收: no money, what was left as credit goes to instalments, or from the customer to a contract.
    Credit,
}

impl ReceiptKind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            ReceiptKind::Receipt => "receipt",
            ReceiptKind::Reversal => "reversal",
            ReceiptKind::Refund => "refund",
            ReceiptKind::WriteOff => "write_off",
            ReceiptKind::Credit => "credit",
        }
    }
}

/// Whether a receipt counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum ReceiptStatus {
    /// 已入账: it counts.
    #[default]
    Counted,
    /// 待审批: it counts when it is approved.
    Pending,
    /// 未通过: it was rejected or withdrawn, and never counts.
    Rejected,
}

/// How much of a receipt went to an instalment, or came back from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct Allocation {
    /// The instalment.
    pub instalment: InstalmentId,
    /// Its number then.
    pub no: i32,
    /// How much; less than nothing where it came back.
    pub amount: Decimal,
}

/// A receipt 回款 or what undoes one. It stays as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct Receipt {
    /// The id.
    pub id: ReceiptId,
    /// What it is.
    pub kind: ReceiptKind,
    /// Whether it counts.
    #[serde(default)]
    pub status: ReceiptStatus,
    /// The request that is decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<ApprovalId>,
    /// The customer.
    pub customer: CustomerId,
    /// The contract; absent: it is the customer's credit 预收款.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<ContractId>,
    /// The day 收款日期.
    pub on: Date,
    /// The currency.
    pub currency: Currency,
    /// The amount, more than nothing.
    pub amount: Decimal,
    /// By how much it moves what was received: nothing, where no money counts.
    pub net: Decimal,
    /// The same in the base currency, by the contract's rate.
    pub base_net: Decimal,
    /// The base currency.
    pub base_currency: Currency,
    /// The method 收款方式.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<EntryCode>,
    /// Who paid 付款方.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payer: Option<String>,
    /// The voucher number 凭证号.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voucher: Option<String>,
    /// Why it was reversed, refunded or written off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// A note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The instalment that it was to pay first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instalment: Option<InstalmentId>,
    /// Whether it was to pay no instalment.
    #[serde(default)]
    pub as_credit: bool,
    /// The instalments that it moved.
    pub allocations: Vec<Allocation>,
    /// Of a reversal: what it takes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reverses: Option<ReceiptId>,
    /// What took it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reversed_by: Option<ReceiptId>,
    /// Whose performance it is.
    pub performer: UserId,
    /// The position whose performance it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub performer_position: Option<PositionId>,
    /// Who has the duties.
    pub owner: UserId,
    /// His position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_position: Option<PositionId>,
    /// When it was written.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
    /// The version.
    #[serde(default)]
    pub version: i64,
}

impl Receipt {
    pub(crate) fn minor(&self, amount: Decimal) -> i64 {
        amount.minor(self.currency).unwrap_or_default()
    }

    /// In whose lists it stands.
    pub(crate) fn stands(&self) -> Scope {
        Scope::new(Standing::Active, self.owner_position.clone(), self.owner.clone())
    }

    /// Whether money came or went, and counts: what only moves credit within a contract, or waits for an approval, is in no
    /// report.
    pub(crate) fn is_money(&self) -> bool {
        self.status == ReceiptStatus::Counted && self.minor(self.net) != 0
    }

    /// Whose performance it is, as a scope.
    pub(crate) fn credit(&self) -> Scope {
        Scope::new(Standing::Active, self.performer_position.clone(), self.performer.clone())
    }
}

impl Record for Receipt {
    const KIND: &'static Kind = &RECEIPT;

    fn key(&self) -> String {
        self.id.to_string()
    }
    fn version(&self) -> i64 {
        self.version
    }
    fn columns(&self) -> Vec<Value> {
        let text = |text: &Option<String>| fold(text.as_deref().unwrap_or_default());
        let search = format!("{}\n{}", text(&self.voucher), text(&self.payer));
        vec![
            self.stands().to_value(),
            text_column(self.contract.map(|contract| contract.to_string()).as_deref()),
            self.customer.to_string().into(),
            self.on.number().into(),
            self.kind.as_str().into(),
            self.minor(self.net).into(),
            text_column(self.method.as_ref().map(EntryCode::as_str)),
            bytes_column(&search, 255),
            if self.is_money() { self.credit().to_value() } else { text_column(None) },
            self.currency.code().into(),
        ]
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
        self.method = row.text("method").and_then(|code| EntryCode::new(code).ok());
    }
}
