//! What people type about plans and receipts.

use crate::date::Date;
use crate::dictionary::EntryCode;
use crate::id::{ContractId, InstalmentId};
use crate::money::{Currency, Decimal};
use serde::{Deserialize, Serialize};

/// An instalment to plan: with an amount or a share in percent, and a day, or a milestone that is dated later.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields, default)]
pub struct NewInstalment {
    /// The instalment of the plan that stays, with these terms; absent: it is a new one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub id: Option<InstalmentId>,
    /// When it is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub due_on: Option<Date>,
    /// What it waits for, at most 60 characters. Without a day it is due so many days after that.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub milestone: Option<String>,
    /// Days after the milestone, 0 to 3,650; absent: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub milestone_days: Option<i32>,
    /// The amount, more than nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub amount: Option<Decimal>,
    /// A share of the contract in percent, up to 100, instead of an amount. Shares that come to 100 come to the whole amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub percent: Option<Decimal>,
    /// The condition, at most 200 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub condition: Option<String>,
    /// A note, at most 1,000 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub note: Option<String>,
}

impl NewInstalment {
    /// Of an amount, due on a day.
    pub fn of(amount: Decimal, due_on: Date) -> Self {
        NewInstalment { amount: Some(amount), due_on: Some(due_on), ..NewInstalment::default() }
    }
}

/// How often instalments of a generated plan are due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum PlanInterval {
    /// 按月
    Month,
    /// 按季
    Quarter,
    /// 按半年
    HalfYear,
    /// 按年
    Year,
}

impl PlanInterval {
    pub(super) fn months(self) -> u32 {
        match self {
            PlanInterval::Month => 1,
            PlanInterval::Quarter => 3,
            PlanInterval::HalfYear => 6,
            PlanInterval::Year => 12,
        }
    }
}

/// How to make a plan: in equal parts, or by percentages. The remainder goes to the last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields, default)]
pub struct PlanGenerator {
    /// So many equal parts, 1 to 120.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub parts: Option<i32>,
    /// Percentages instead, which come to 100; at most 120.
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub percents: Vec<Decimal>,
    /// When the first is due; absent: none has a day yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub first_due_on: Option<Date>,
    /// How long after one the next is due; absent: only the first has a day. A month that has no such day has it on its last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub interval: Option<PlanInterval>,
}

/// A receipt to record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct NewReceipt {
    /// The day, not in the future.
    pub on: Date,
    /// The amount in the contract's currency, more than nothing.
    pub amount: Decimal,
    /// The instalment that it pays first; absent: the oldest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub instalment: Option<InstalmentId>,
    /// Whether it pays no instalment, but is left as credit on the contract.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub as_credit: bool,
    /// The method, a code of the dictionary `payment_method`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub method: Option<EntryCode>,
    /// Who paid, at most 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub payer: Option<String>,
    /// The voucher number, at most 60 characters; once per contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub voucher: Option<String>,
    /// A note, at most 1,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub note: Option<String>,
}

impl NewReceipt {
    /// Of an amount on a day, with nothing else known.
    pub fn of(amount: Decimal, on: Date) -> Self {
        NewReceipt {
            on,
            amount,
            instalment: None,
            as_credit: false,
            method: None,
            payer: None,
            voucher: None,
            note: None,
        }
    }
}

/// One slip that pays several contracts: what is the same for all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct ReceiptSlip {
    /// The day, not in the future.
    pub on: Date,
    /// The method, a code of the dictionary `payment_method`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub method: Option<EntryCode>,
    /// Who paid, at most 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub payer: Option<String>,
    /// The voucher number, at most 60 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub voucher: Option<String>,
    /// A note, at most 1,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub note: Option<String>,
    /// What each contract gets, 1 to 50 of them, each once.
    pub parts: Vec<SlipPart>,
}

/// What a contract gets of a slip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct SlipPart {
    /// The contract.
    pub contract: ContractId,
    /// The amount in its currency, more than nothing.
    pub amount: Decimal,
    /// The instalment that it pays first; absent: the oldest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub instalment: Option<InstalmentId>,
}

/// Money that came before there is a contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct NewPrepayment {
    /// The day, not in the future.
    pub on: Date,
    /// The amount, more than nothing.
    pub amount: Decimal,
    /// The currency; absent: the base currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub currency: Option<Currency>,
    /// What one unit of the currency is in the base currency; needed where the two differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub rate: Option<Decimal>,
    /// The method, a code of the dictionary `payment_method`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub method: Option<EntryCode>,
    /// Who paid, at most 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub payer: Option<String>,
    /// The voucher number, at most 60 characters; once per customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub voucher: Option<String>,
    /// A note, at most 1,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub note: Option<String>,
}

/// Money that went back to the customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct NewRefund {
    /// The day, not in the future.
    pub on: Date,
    /// The amount in the contract's currency, more than nothing.
    pub amount: Decimal,
    /// Why, at most 200 characters.
    pub reason: String,
    /// The instalment that is open again by it; absent: the newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub instalment: Option<InstalmentId>,
    /// The method, a code of the dictionary `payment_method`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub method: Option<EntryCode>,
    /// Who got it, at most 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub payee: Option<String>,
    /// The voucher number, at most 60 characters; once per contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub voucher: Option<String>,
}

/// What is written off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct NewWriteOff {
    /// Why, at most 200 characters.
    pub reason: String,
    /// The amount in the contract's currency, more than nothing; absent: all that is owed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub amount: Option<Decimal>,
    /// The instalment that it lowers first; absent: the oldest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub instalment: Option<InstalmentId>,
}
