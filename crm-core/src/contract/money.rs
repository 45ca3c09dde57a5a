//! What is planned, received and still owed on a contract: kept on its row, so that lists need no receipt.

use super::Contract;
use crate::date::Date;
use crate::id::InstalmentId;
use crate::money::Decimal;
use crate::record::Columns;
use crate::store::Value;
use serde::{Deserialize, Serialize};

/// How far a contract is paid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// 未收款
    #[default]
    Unpaid,
    /// 部分收款
    Partly,
    /// 已收清
    Paid,
}

/// What is planned, received and still owed on a contract, in its currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct ContractPayments {
    /// Derived: how far it is paid.
    pub status: PaymentStatus,
    /// The sum of its instalments, without what is void 计划金额.
    pub planned: Decimal,
    /// Receipts less reversals and refunds 已收.
    pub received: Decimal,
    /// Written off 核销.
    pub written_off: Decimal,
    /// By how much supplements of less lower what is owed on it.
    pub lowered: Decimal,
    /// Derived: what is still to be received 未收.
    pub unreceived: Decimal,
    /// Derived: received beyond what is owed.
    pub overpaid: Decimal,
    /// How much of what was received went to instalments.
    pub allocated: Decimal,
    /// Derived: received, and gone to no instalment.
    pub unallocated: Decimal,
    /// What the host says is invoiced 已开票.
    pub invoiced: Decimal,
    /// Derived: invoiced and not received.
    pub invoiced_unpaid: Decimal,
    /// When the first open instalment is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_due_on: Option<Date>,
    /// Derived: whether that day has passed 逾期.
    pub overdue: bool,
    /// Grows with every change of the plan and every receipt.
    pub revision: i64,
}

/// By how much a supplement lowers an instalment of its parent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct Lowered {
    /// The instalment.
    pub instalment: InstalmentId,
    /// By how much, more than nothing.
    pub amount: Decimal,
}

impl Default for ContractPayments {
    fn default() -> Self {
        let none = Decimal::ZERO;
        ContractPayments {
            status: PaymentStatus::Unpaid,
            planned: none,
            received: none,
            written_off: none,
            lowered: none,
            unreceived: none,
            overpaid: none,
            allocated: none,
            unallocated: none,
            invoiced: none,
            invoiced_unpaid: none,
            next_due_on: None,
            overdue: false,
            revision: 0,
        }
    }
}

/// The columns that hold what is not derived, in the kind's order.
pub(crate) const MONEY: [&str; 9] = [
    "planned",
    "received",
    "written_off",
    "lowered",
    "allocated",
    "invoiced",
    "next_due_on",
    "payment_revision",
    "unreceived",
];

impl Contract {
    /// Minor units of its currency.
    pub(crate) fn minor(&self, amount: Decimal) -> i64 {
        amount.minor(self.currency).unwrap_or_default()
    }

    /// What shall be received on it: its own amount, less what supplements of less take away.
    pub(crate) fn payable(&self) -> i64 {
        self.minor_amount().saturating_sub(self.minor(self.payments.lowered)).max(0)
    }

    /// What is still to be received, in minor units; less than nothing: it is overpaid. Nothing is owed on a void one.
    pub(crate) fn owed(&self) -> i64 {
        if self.is_void() {
            return 0;
        }
        let settled = self.minor(self.payments.received).saturating_add(self.minor(self.payments.written_off));
        self.payable().saturating_sub(settled)
    }

    /// Values of [`MONEY`]. A day that is not there is none.
    pub(crate) fn money_columns(&self) -> [Value; MONEY.len()] {
        let own = &self.payments;
        [
            self.minor(own.planned),
            self.minor(own.received),
            self.minor(own.written_off),
            self.minor(own.lowered),
            self.minor(own.allocated),
            self.minor(own.invoiced),
            own.next_due_on.map_or(0, Date::number),
            own.revision,
            // Of a draft nothing is owed yet.
            if self.is_collected() { self.owed().max(0) } else { 0 },
        ]
        .map(Value::from)
    }

    /// Takes over what the row holds.
    pub(super) fn refresh_money(&mut self, row: &Columns<'_>) {
        let currency = self.currency;
        let amount = |column: &str| Decimal::of_minor(row.integer(column), currency);
        let own = &mut self.payments;
        own.planned = amount("planned");
        own.received = amount("received");
        own.written_off = amount("written_off");
        own.lowered = amount("lowered");
        own.allocated = amount("allocated");
        own.invoiced = amount("invoiced");
        own.next_due_on = Date::numbered(row.integer("next_due_on"));
        own.revision = row.integer("payment_revision");
    }

    /// What follows from it on a day.
    pub(crate) fn derive_money(&mut self, today: Date) {
        let (currency, owed, void) = (self.currency, self.owed(), self.is_void());
        let received = self.minor(self.payments.received);
        let settled = received.saturating_add(self.minor(self.payments.written_off));
        let unallocated = received.saturating_sub(self.minor(self.payments.allocated));
        let invoiced_unpaid = self.minor(self.payments.invoiced).saturating_sub(received).max(0);
        let amount = |minor| Decimal::of_minor(minor, currency);
        let own = &mut self.payments;
        own.status = match (owed <= 0 && !void, settled > 0) {
            (true, _) => PaymentStatus::Paid,
            (false, true) => PaymentStatus::Partly,
            (false, false) => PaymentStatus::Unpaid,
        };
        own.unreceived = amount(owed.max(0));
        own.overpaid = amount(owed.saturating_neg().max(0));
        own.unallocated = amount(unallocated);
        own.invoiced_unpaid = amount(invoiced_unpaid);
        own.overdue = own.next_due_on.is_some_and(|due| due < today);
    }
}
