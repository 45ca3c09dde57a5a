//! Rules of payments: pure, told everything they need.

use super::{Allocation, Instalment};
use crate::date::Date;
use crate::error::{Error, Violation, refusals};
use crate::id::InstalmentId;
use crate::money::{self, Currency, Decimal};

refusals! {
    /// Why something can't be done with payments.
    pub enum PaymentRefusal {
        /// The plan is more than the contract, and the settings refuse that.
        PlanOverContract { planned, amount } = "plan_over_contract", "The plan is more than the contract", "{receipt}计划合计超过合同金额";
        /// An instalment on which something was paid stays, with at least what was paid.
        InstalmentPaid { no } = "instalment_paid", "Something was paid on the instalment already", "该期次已有{receipt}，不能删除或改小";
        /// More than is owed, and the settings refuse that.
        MoreThanOwed { owed } = "more_than_owed", "This is more than is owed", "{receipt}金额超过应收余额";
        /// The voucher number was used for another amount or day.
        DuplicateVoucher { voucher } = "duplicate_voucher", "The voucher number was used already", "凭证号重复";
        /// The customer has receipts.
        HasReceipts = "has_receipts", "The customer has {receipt}s", "客户存在{receipt}记录，不能删除";
        /// A reversal stays, and so does what moves no money of its own.
        NotReversible { kind } = "not_reversible", "This can't be reversed", "该记录不能冲销";
        /// It was reversed already.
        ReversedAlready = "reversed_already", "It was reversed already", "该{receipt}已冲销";
        /// More money out than came in.
        MoreThanReceived { received } = "more_than_received", "This is more than was received", "金额超过已收金额";
        /// The instalment waits for no milestone.
        NoMilestone = "no_milestone", "The instalment waits for no milestone", "该期次没有里程碑";
        /// No instalment is open.
        NothingOpen = "nothing_open", "No instalment is open", "没有未收清的期次";
        /// More than is left as credit.
        MoreThanCredit { credit } = "more_than_credit", "This is more than the credit that is left", "金额超过可用预收余额";
    }
}

/// Instalments of a plan, at the most.
pub(super) const MOST_INSTALMENTS: usize = 200;

/// The places of open instalments, first due first, those without a day last.
fn oldest_first(instalments: &[Instalment]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..instalments.len()).collect();
    places.sort_by_key(|place| {
        let own = instalments.get(*place);
        (own.is_none_or(|own| own.due_on.is_none()), own.and_then(|own| own.due_on), own.map(|own| own.no))
    });
    places
}

/// Instalments, last due first.
pub(super) fn newest_first(instalments: &[Instalment]) -> Vec<InstalmentId> {
    oldest_first(instalments).into_iter().rev().filter_map(|place| Some(instalments.get(place)?.id)).collect()
}

/// What a part of an amount does to an instalment.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Part {
    Paid,
    WrittenOff,
}

impl Instalment {
    fn add(&mut self, part: Part, amount: i64) -> Allocation {
        let total = match part {
            Part::Paid => &mut self.paid,
            Part::WrittenOff => &mut self.written_off,
        };
        let sum = total.minor(self.currency).unwrap_or_default().saturating_add(amount);
        *total = Decimal::of_minor(sum, self.currency);
        Allocation { instalment: self.id, no: self.no, amount: Decimal::of_minor(amount, self.currency) }
    }
}

/// Puts an amount on open instalments: the one that is named first, then the oldest. Answers with what went where and
/// with what is left.
pub(super) fn put(
    instalments: &mut [Instalment],
    amount: i64,
    named: Option<InstalmentId>,
    part: Part,
) -> (Vec<Allocation>, i64) {
    let mut places = oldest_first(instalments);
    if let Some(at) = places.iter().position(|place| instalments.get(*place).map(|own| own.id) == named) {
        let first = places.remove(at);
        places.insert(0, first);
    }
    let (mut rest, mut moved) = (amount, Vec::new());
    for place in places {
        let Some(own) = instalments.get_mut(place) else { continue };
        let share = own.open_minor().min(rest);
        if share > 0 {
            moved.push(own.add(part, share));
            rest -= share;
        }
    }
    (moved, rest)
}

/// Takes back what went to instalments, as far as it is still there.
pub(super) fn take_back(instalments: &mut [Instalment], went: &[Allocation], part: Part) -> Vec<Allocation> {
    let mut moved = Vec::new();
    for went in went {
        let Some(own) = instalments.iter_mut().find(|own| own.id == went.instalment) else { continue };
        let held = own.minor(if part == Part::Paid { own.paid } else { own.written_off });
        let share = held.min(own.minor(went.amount));
        if share > 0 {
            moved.push(own.add(part, -share));
        }
    }
    moved
}

/// Takes an amount that was paid from the newest instalments.
pub(super) fn take_newest(instalments: &mut [Instalment], amount: i64) -> Vec<Allocation> {
    let (mut rest, mut moved) = (amount, Vec::new());
    for place in oldest_first(instalments).into_iter().rev() {
        let Some(own) = instalments.get_mut(place) else { continue };
        let share = own.minor(own.paid).min(rest);
        if share > 0 {
            rest -= share;
            moved.push(own.add(Part::Paid, -share));
        }
    }
    moved
}

/// Pays again what was taken from instalments, as far as it is open.
pub(super) fn put_back(instalments: &mut [Instalment], taken: &[Allocation]) -> Vec<Allocation> {
    let mut moved = Vec::new();
    for taken in taken {
        let Some(own) = instalments.iter_mut().find(|own| own.id == taken.instalment) else { continue };
        let share = own.open_minor().min(-own.minor(taken.amount));
        if share > 0 {
            moved.push(own.add(Part::Paid, share));
        }
    }
    moved
}

/// Equal parts of an amount; the remainder goes to the last.
pub(super) fn equal_parts(amount: i64, parts: usize) -> Vec<i64> {
    let count = i64::try_from(parts.max(1)).unwrap_or(i64::MAX);
    let mut shares = vec![amount / count; parts];
    if let Some(last) = shares.last_mut() {
        *last += amount % count;
    }
    shares
}

/// A share in percent, rounded half up.
pub(super) fn percent_of(amount: i64, percent: Decimal) -> Result<i64, Error> {
    money::tax_on(amount, percent)
}

/// Shares in percent that come to 100, rounded down; the remainder goes to the last. None where they come to something else.
pub(super) fn percent_parts(amount: i64, percents: &[Decimal]) -> Result<Option<Vec<i64>>, Error> {
    if !come_to_hundred(percents) {
        return Ok(None);
    }
    let share = |own: &Decimal| {
        let product = i128::from(amount) * i128::from(own.mantissa());
        let share = product.checked_div(100 * 10_i128.pow(own.places())).and_then(|share| i64::try_from(share).ok());
        share.ok_or_else(|| Error::from(Violation::out_of_range("percents")))
    };
    let mut shares = percents.iter().map(share).collect::<Result<Vec<i64>, Error>>()?;
    let rest = amount - money::sum(shares.iter().copied())?;
    if let Some(last) = shares.last_mut() {
        *last += rest;
    }
    Ok(Some(shares))
}

pub(super) fn come_to_hundred(percents: &[Decimal]) -> bool {
    let millionths = |own: &Decimal| i128::from(own.mantissa()) * 10_i128.pow(6 - own.places().min(6));
    percents.iter().map(millionths).sum::<i128>() == 100_000_000
}

/// An amount that was typed, more than nothing, in minor units.
pub(super) fn typed(amount: Decimal, currency: Currency, field: &str, check: &mut crate::text::Checker) -> i64 {
    match amount.minor(currency) {
        Some(minor) if minor > 0 => minor,
        Some(_) => {
            check.note(Violation::out_of_range(field));
            0
        }
        None => {
            check.note(Violation::malformed(field));
            0
        }
    }
}

/// A day that is not in the future.
pub(super) fn check_day(on: Date, today: Date, field: &str, check: &mut crate::text::Checker) {
    check.ensure(on <= today, || Violation::out_of_range(field));
}
