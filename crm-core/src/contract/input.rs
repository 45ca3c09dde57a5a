//! What people type about a contract, and how it becomes one.

use super::line::{NewContractLine, Terms, calculated};
use super::{Contract, ContractRefusal, ContractStatus, Lowered};
use crate::access::Access;
use crate::actor::UserId;
use crate::custom_field::{CustomValue, Customized, entered_values, is_clearable};
use crate::customer::apply_edit;
use crate::date::Date;
use crate::dictionary::{self, EntryCode};
use crate::error::{Error, Violation};
use crate::id::{ContractId, ProductId};
use crate::money::{Currency, Decimal};
use crate::organisation::{AgreedPriceRule, Context};
use crate::position::PositionId;
use crate::product::Product;
use crate::text::Checker;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A contract to draft. Name, and lines or an amount, must be given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields, default)]
pub struct NewContract {
    /// The host's number, at most 60 characters; absent: one is made when it is submitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub number: Option<String>,
    /// The name, 1 to 200 characters.
    pub name: String,
    /// Of a supplement: the standard contract of the same customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub parent: Option<ContractId>,
    /// The contract of the same customer that it renews.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub renews: Option<ContractId>,
    /// The kind, a code of the dictionary `contract_kind`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub kind: Option<EntryCode>,
    /// The signing date, not in the future; absent: the day on which it is submitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub signed_on: Option<Date>,
    /// The first day.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub starts_on: Option<Date>,
    /// The last day, included.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub ends_on: Option<Date>,
    /// The currency; absent: the parent's, or the base currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub currency: Option<Currency>,
    /// What one unit of the currency is in the base currency; needed where the two differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub rate: Option<Decimal>,
    /// The amount, tax included; absent: the sum of the lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub amount: Option<Decimal>,
    /// Whether the amount was agreed and need not be the sum of the lines.
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub agreed_price: bool,
    /// Whether prices exclude the tax.
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub tax_excluded: bool,
    /// A discount on the whole, as an amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub whole_discount: Option<Decimal>,
    /// The lines, at most 200.
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub lines: Vec<NewContractLine>,
    /// Of a supplement of less than nothing: the open instalments of its parent that it lowers, each once, at most 200; what
    /// they leave comes from the last ones.
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub lowers: Vec<Lowered>,
    /// Who has the duties; absent: the caller. Another one needs the right `contract.assign` and stands below the caller.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub owner: Option<UserId>,
    /// His position; absent: his main one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub owner_position: Option<PositionId>,
    /// Who signs for the customer, at most 60 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub customer_signatory: Option<String>,
    /// Who signs for the organisation, at most 60 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub own_signatory: Option<String>,
    /// The payment method, a code of the dictionary `payment_method`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub payment_method: Option<EntryCode>,
    /// A note, at most 4,000 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub note: Option<String>,
    /// Values of custom fields, each at most once.
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub custom: Vec<CustomValue>,
}

impl NewContract {
    /// Of a name and an amount, with nothing else known.
    pub fn of(name: impl Into<String>, amount: Decimal) -> Self {
        NewContract { name: name.into(), amount: Some(amount), ..NewContract::default() }
    }
}

/// Changes to a contract: what is absent stays, what `clear` names becomes empty. Of a signed one only `name`, `kind`,
/// `customer_signatory`, `own_signatory`, `payment_method`, `note` and custom fields change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields, default)]
pub struct ContractEdit {
    /// The version that was read. Somebody else's change in between is a conflict.
    pub version: i64,
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub name: Option<String>,
    /// The kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub kind: Option<EntryCode>,
    /// The signing date.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub signed_on: Option<Date>,
    /// The first day.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub starts_on: Option<Date>,
    /// The last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub ends_on: Option<Date>,
    /// The currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub currency: Option<Currency>,
    /// The rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub rate: Option<Decimal>,
    /// The amount; absent: the sum of the lines, unless it is an agreed price.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub amount: Option<Decimal>,
    /// Whether the amount was agreed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub agreed_price: Option<bool>,
    /// Whether prices include the tax.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub tax_included: Option<bool>,
    /// The discount on the whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub whole_discount: Option<Decimal>,
    /// All lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub lines: Option<Vec<NewContractLine>>,
    /// Who signs for the customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub customer_signatory: Option<String>,
    /// Who signs for the organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub own_signatory: Option<String>,
    /// The payment method.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub payment_method: Option<EntryCode>,
    /// The note.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub note: Option<String>,
    /// Values of custom fields, each at most once; those of others stay.
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub custom: Vec<CustomValue>,
    /// Fields to make empty: any of `kind`, `signed_on`, `starts_on`, `ends_on`, `whole_discount`, `customer_signatory`,
    /// `own_signatory`, `payment_method`, `note`, and custom fields as `custom.` with their keys.
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub clear: Vec<String>,
}

/// Fields that people edit, for the history; the first ones of a signed contract, too.
pub(crate) const EDITABLE: [&str; 16] = [
    "name",
    "kind",
    "customer_signatory",
    "own_signatory",
    "payment_method",
    "note",
    "signed_on",
    "starts_on",
    "ends_on",
    "currency",
    "rate",
    "amount",
    "agreed_price",
    "tax_included",
    "whole_discount",
    "lines",
];
pub(super) const EDITABLE_WHEN_SIGNED: usize = 6;

/// The amount and the lines as they were typed, or stand.
pub(super) struct Typed {
    pub(super) lines: Vec<NewContractLine>,
    pub(super) amount: Option<Decimal>,
}

impl ContractEdit {
    /// The contract as edited, not yet calculated, and what its amount comes from.
    pub(super) fn apply(&self, before: &Contract, access: &Access<'_>, check: &mut Checker) -> (Contract, Typed) {
        let mut after = before.clone();
        apply_edit!(self => after, *check;
            set: name, currency, rate, agreed_price, tax_included;
            clearable: kind, signed_on, starts_on, ends_on, whole_discount, customer_signatory, own_signatory, payment_method, note;
            lists:;
            others: |name| is_clearable(Customized::Contract, name, access.context));
        let given = (self.custom.as_slice(), self.clear.as_slice());
        after.custom = entered_values(Customized::Contract, &|_| None, Some(&before.custom), given, access, check);
        let lines = match &self.lines {
            Some(lines) => lines.clone(),
            None => before.lines.iter().map(super::ContractLine::typed).collect(),
        };
        // What was agreed stays; a sum follows its lines.
        let stays = after.agreed_price || lines.is_empty();
        let amount = self.amount.or_else(|| stays.then_some(before.amount));
        (after, Typed { lines, amount })
    }
}

/// Cleans the fields that people type and calculates the amounts; notes what is wrong with them. A signed contract keeps
/// its lines and amounts.
pub(super) fn clean(
    contract: &mut Contract,
    typed: &Typed,
    held: Option<&Contract>,
    products: &BTreeMap<ProductId, Product>,
    context: &Context,
    check: &mut Checker,
) -> Result<(), Error> {
    contract.name = check.line("name", &contract.name, 200);
    contract.customer_signatory = check.optional_line("customer_signatory", &contract.customer_signatory, 60);
    contract.own_signatory = check.optional_line("own_signatory", &contract.own_signatory, 60);
    contract.note = check.optional_lines("note", &contract.note, 4_000);
    let codes = [
        (dictionary::CONTRACT_KIND, "kind", &contract.kind, held.map(|held| &held.kind)),
        (dictionary::PAYMENT_METHOD, "payment_method", &contract.payment_method, held.map(|held| &held.payment_method)),
    ];
    for (dictionary, field, code, held) in codes {
        dictionary::check_code(check, context, dictionary, field, code.as_ref(), held.and_then(Option::as_ref));
    }
    if contract.status != ContractStatus::Draft {
        return Ok(());
    }
    let backwards = contract.starts_on.zip(contract.ends_on).is_some_and(|(start, end)| end < start);
    check.ensure(!backwards, || Violation::out_of_range("ends_on"));
    let same = contract.currency == contract.base_currency;
    contract.rate = contract.rate.shortest();
    let possible = contract.rate.mantissa() > 0 && (!same || contract.rate == Decimal::ONE);
    check.ensure(possible, || Violation::out_of_range("rate"));
    let terms = Terms {
        currency: contract.currency,
        tax_included: contract.tax_included,
        whole_discount: contract.whole_discount,
        supplement: contract.parent.is_some(),
        products,
        held: held.map_or(&[], |held| &held.lines),
    };
    let (lines, computed) = calculated(&typed.lines, &terms, check)?;
    let whole = contract.whole_discount.and_then(|discount| discount.minor(contract.currency));
    contract.whole_discount = whole.map(|discount| Decimal::of_minor(discount, contract.currency));
    let told = typed.amount.map(|amount| amount.minor(contract.currency));
    let amount = match told {
        Some(Some(amount)) => amount,
        Some(None) => {
            check.note(Violation::malformed("amount"));
            return Ok(());
        }
        None if typed.lines.is_empty() => {
            check.note(Violation::required("amount"));
            return Ok(());
        }
        None => computed,
    };
    check.ensure(contract.parent.is_some() || amount >= 0, || Violation::out_of_range("amount"));
    contract.lines = lines;
    contract.amount = Decimal::of_minor(amount, contract.currency);
    let base = crate::money::converted(amount, contract.currency, contract.rate, contract.base_currency)?;
    contract.base_amount = Decimal::of_minor(base, contract.base_currency);
    contract.effective_amount = contract.amount;
    contract.effective_ends_on = contract.ends_on;
    Ok(())
}

/// Refuses an amount that is neither the sum of the lines nor marked as agreed.
pub(super) fn check_total(contract: &Contract, rule: AgreedPriceRule) -> Result<(), Error> {
    let sum = crate::money::sum(contract.lines.iter().filter_map(|line| line.amount.minor(contract.currency)))?;
    if contract.lines.is_empty() || sum == contract.minor_amount() {
        return Ok(());
    }
    if rule == AgreedPriceRule::Refuse {
        return Err(ContractRefusal::AgreedPriceRefused.into());
    }
    if contract.agreed_price {
        return Ok(());
    }
    let computed = Decimal::of_minor(sum, contract.currency).to_string();
    Err(ContractRefusal::TotalDiffers { computed, typed: contract.amount.to_string() }.into())
}
