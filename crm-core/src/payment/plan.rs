//! Payment plans 收款计划 (K4): set as one, drafted by a generator, dated when milestones are reached.

use super::book::Book;
use super::input::{NewInstalment, PlanGenerator};
use super::rules::{MOST_INSTALMENTS, come_to_hundred, equal_parts, percent_of, percent_parts, typed};
use super::{Instalment, PaymentRefusal};
use crate::access::Reach;
use crate::contract::{Contract, ContractPayments, ContractStatus};
use crate::crm::Session;
use crate::customer::CustomerId;
use crate::date::Date;
use crate::error::{Error, Violation};
use crate::history;
use crate::id::{ContractId, InstalmentId};
use crate::money::{self, Currency, Decimal};
use crate::operations::op;
use crate::organisation::PlanRule;
use crate::record::Record;
use crate::sharing::SharePanel;
use crate::text::Checker;
use crate::work::{Stop, Work};
use serde::{Deserialize, Serialize};

/// The plan of a contract with what was paid on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct PaymentPlan {
    /// The contract.
    pub contract: ContractId,
    /// Its customer.
    pub customer: CustomerId,
    /// The currency.
    pub currency: Currency,
    /// The contract's own amount.
    pub amount: Decimal,
    /// What is planned, received and still owed.
    pub payments: ContractPayments,
    /// How much of the contract is in no instalment; less than nothing: the plan is more than the contract.
    pub unplanned: Decimal,
    /// What is overdue.
    pub overdue: Decimal,
    /// The instalments, in their order.
    pub instalments: Vec<Instalment>,
    /// What does not fit, any of `plan_over_contract`, `plan_below_contract`.
    pub warnings: Vec<String>,
    /// What the actor may do, any of `plan`, `receive`, `undo`, `write_off`, `allocate`.
    pub allowed: Vec<String>,
}

/// Statuses in which a plan changes.
const PLANNABLE: [ContractStatus; 4] =
    [ContractStatus::Draft, ContractStatus::InForce, ContractStatus::Completed, ContractStatus::Terminated];

impl Session<'_> {
    /// The plan of a contract with what was paid on it.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the rights `payment.view` and `contract.view`; [`Error::NotFound`].
    pub fn payment_plan(&self, contract: ContractId) -> Result<PaymentPlan, Error> {
        self.query(&op::payment_plan, |work| {
            let found = work.contract_by_panel(contract, Reach::Read, SharePanel::Receipts)?.0;
            let book = work.book_of(found)?;
            Ok(work.plan_of(book)?)
        })
    }

    /// Instalments by a generator over the whole amount of a contract, to be looked at, altered and set.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the rights `payment.view` and `contract.view`; [`Error::NotFound`]; [`Error::Invalid`].
    pub fn draft_payment_plan(
        &self,
        contract: ContractId,
        generator: PlanGenerator,
    ) -> Result<Vec<NewInstalment>, Error> {
        self.query(&op::draft_payment_plan, |work| {
            let found = work.contract_by_panel(contract, Reach::Read, SharePanel::Receipts)?.0;
            Ok(generator.drafted(&found)?)
        })
    }

    /// Sets the whole plan of a contract, of up to 200 instalments in their order. Instalments with an `id` stay, with these
    /// terms; the others of the plan before go, unless something was paid on them. `revision` is that of the plan that was
    /// read: a receipt or another change in between is a conflict.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `payment.edit`, or for who has not the contract's duties; [`Error::NotFound`];
    /// [`Error::Conflict`]; [`Error::Invalid`]; `contract_pending`, `wrong_contract_status`, `instalment_paid`,
    /// `plan_over_contract`.
    pub fn set_payment_plan(
        &self,
        contract: ContractId,
        revision: i64,
        instalments: Vec<NewInstalment>,
    ) -> Result<PaymentPlan, Error> {
        self.command(
            &op::set_payment_plan,
            &(contract, revision, &instalments),
            |work| {
                let mut book = work.book_within(contract, Vec::new())?.0;
                if book.before.payments.revision != revision {
                    let record = ContractId::RECORD.to_owned();
                    return Err(Error::Conflict { record, id: contract.to_string() }.into());
                }
                book.contract.check_status(&PLANNABLE)?;
                let before = book.instalments.clone();
                book.instalments = work.planned(&book, &instalments)?;
                let over = work.context.settings().contract.plan_over;
                let planned = money::sum(book.instalments.iter().map(|own| own.minor(own.amount)))?;
                if over == PlanRule::Refuse && planned > book.contract.payable() {
                    let amount = Decimal::of_minor(book.contract.payable(), book.contract.currency).to_string();
                    let planned = Decimal::of_minor(planned, book.contract.currency).to_string();
                    return Err(PaymentRefusal::PlanOverContract { planned, amount }.into());
                }
                work.keep_book(&mut book)?;
                let told = |plan: &[Instalment]| {
                    let terms = plan.iter().map(|own| serde_json::json!({"amount": own.amount, "due_on": own.due_on}));
                    (!plan.is_empty()).then(|| terms.collect::<Vec<_>>().into())
                };
                let change = history::change("plan", told(&before), told(&book.instalments));
                work.remember(ContractId::RECORD, contract, "set_payment_plan", vec![change])?;
                let data =
                    serde_json::json!({"customer": book.contract.customer, "planned": book.contract.payments.planned});
                work.announce("plan_changed", ContractId::RECORD, contract, data)?;
                work.made(contract);
                Ok(work.plan_of(book)?)
            },
            |work, ids| work.plan_made(ids),
        )
    }
}

impl Session<'_> {
    /// Says when the milestone of an instalment was reached: from then on it has a day.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `payment.edit`, or for who has not the contract's duties; [`Error::NotFound`];
    /// [`Error::Invalid`]; `no_milestone`, `contract_pending`, `wrong_contract_status`.
    pub fn date_instalment(&self, instalment: InstalmentId, on: Date) -> Result<PaymentPlan, Error> {
        self.command(
            &op::date_instalment,
            &(instalment, on),
            |work| {
                let contract = work.contract_of(instalment)?;
                let mut book = work.book_within(contract, Vec::new())?.0;
                book.contract.check_status(&PLANNABLE)?;
                let mut check = Checker::new();
                super::rules::check_day(on, work.today(), "on", &mut check);
                check.done()?;
                let Some(own) = book.instalments.iter_mut().find(|own| own.id == instalment) else {
                    return Err(instalment_not_found(instalment).into());
                };
                let Some(days) = own.milestone_days else { return Err(PaymentRefusal::NoMilestone.into()) };
                let was = own.clone();
                own.milestone_on = Some(on);
                own.due_on = on.plus_days(days.into());
                if own.due_on.is_none() {
                    return Err(Violation::out_of_range("on").into());
                }
                let told = |own: &Instalment| serde_json::json!({"no": own.no, "due_on": own.due_on});
                let change = history::change("plan", Some(told(&was)), Some(told(own)));
                work.keep_book(&mut book)?;
                work.remember(ContractId::RECORD, contract, "date_instalment", vec![change])?;
                let data = serde_json::json!({"customer": book.contract.customer, "instalment": instalment});
                work.announce("plan_changed", ContractId::RECORD, contract, data)?;
                work.made(contract);
                Ok(work.plan_of(book)?)
            },
            |work, ids| work.plan_made(ids),
        )
    }

    /// Says how much of a contract is invoiced 已开票, in all: the host knows.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `payment.edit`, or for who has not the contract's duties; [`Error::NotFound`];
    /// [`Error::Invalid`]; `contract_pending`, `wrong_contract_status`.
    pub fn set_invoiced(&self, contract: ContractId, amount: Decimal) -> Result<PaymentPlan, Error> {
        self.command(
            &op::set_invoiced,
            &(contract, amount),
            |work| {
                let mut book = work.book_within(contract, Vec::new())?.0;
                book.contract.check_status(&super::receipt::RECEIVING)?;
                let minor = amount.minor(book.contract.currency).ok_or_else(|| Violation::malformed("amount"))?;
                if minor < 0 {
                    return Err(Violation::out_of_range("amount").into());
                }
                let was = book.contract.payments.invoiced;
                let invoiced = Decimal::of_minor(minor, book.contract.currency);
                book.contract.payments.invoiced = invoiced;
                work.made(contract);
                if was == invoiced {
                    return Ok(work.plan_of(book)?);
                }
                work.keep_book(&mut book)?;
                let told = |amount: Decimal| Some(serde_json::json!(amount)).filter(|_| !amount.is_zero());
                let change = history::change("invoiced", told(was), told(invoiced));
                work.remember(ContractId::RECORD, contract, "set_invoiced", vec![change])?;
                let data = serde_json::json!({"customer": book.contract.customer, "fields": ["invoiced"]});
                work.announce("contract_changed", ContractId::RECORD, contract, data)?;
                Ok(work.plan_of(book)?)
            },
            |work, ids| work.plan_made(ids),
        )
    }
}

fn instalment_not_found(instalment: InstalmentId) -> Error {
    Error::NotFound { record: InstalmentId::RECORD.to_owned(), id: instalment.to_string() }
}

impl PlanGenerator {
    fn drafted(&self, contract: &Contract) -> Result<Vec<NewInstalment>, Error> {
        let mut check = Checker::new();
        let amount = contract.payable();
        let one_of_both = self.parts.is_some() == self.percents.is_empty();
        check.ensure(one_of_both, || Violation::required("parts"));
        let parts = self.parts.map(|parts| usize::try_from(parts).unwrap_or_default());
        check.ensure(parts.is_none_or(|parts| (1..=120).contains(&parts)), || Violation::out_of_range("parts"));
        check.ensure(self.percents.len() <= 120, || Violation::too_many("percents", 120));
        let positive = self.percents.iter().all(|own| own.mantissa() > 0);
        let whole = self.percents.is_empty() || (positive && come_to_hundred(&self.percents));
        check.ensure(whole, || Violation::out_of_range("percents"));
        check.ensure(self.interval.is_none() || self.first_due_on.is_some(), || Violation::required("first_due_on"));
        check.done()?;
        let shares = match parts {
            Some(parts) => equal_parts(amount, parts),
            None => percent_parts(amount, &self.percents)?.unwrap_or_default(),
        };
        if shares.iter().any(|share| *share <= 0) {
            return Err(Violation::out_of_range(if parts.is_some() { "parts" } else { "percents" }).into());
        }
        let months = self.interval.map(super::PlanInterval::months);
        let due = |place: usize| match (self.first_due_on, months) {
            (first, _) if place == 0 => Ok(first),
            (Some(first), Some(months)) => {
                let later = u32::try_from(place).ok().and_then(|place| first.plus_months(place.checked_mul(months)?));
                later.map(Some).ok_or_else(|| Error::from(Violation::out_of_range("first_due_on")))
            }
            _ => Ok(None),
        };
        let drafted = shares.into_iter().enumerate().map(|(place, share)| {
            Ok(NewInstalment {
                due_on: due(place)?,
                amount: Some(Decimal::of_minor(share, contract.currency)),
                ..NewInstalment::default()
            })
        });
        drafted.collect()
    }
}

/// The terms of an instalment out of what was typed.
fn termed(
    typed_in: &NewInstalment,
    kept: Option<&Instalment>,
    share: Option<i64>,
    contract: &Contract,
    check: &mut Checker,
) -> Result<Terms, Error> {
    let percent = typed_in.percent.map(Decimal::shortest);
    check.ensure(typed_in.amount.is_none() || percent.is_none(), || Violation::not_allowed("percent"));
    let bounded = percent.is_none_or(|percent| percent.mantissa() > 0 && percent.is_within(0, 100));
    check.ensure(bounded, || Violation::out_of_range("percent"));
    let amount = match (typed_in.amount, percent) {
        (Some(amount), _) => typed(amount, contract.currency, "amount", check),
        (None, Some(percent)) if bounded => {
            let amount = share.map_or_else(|| percent_of(contract.minor_amount(), percent), Ok)?;
            check.ensure(amount > 0, || Violation::out_of_range("percent"));
            amount
        }
        (None, Some(_)) => 0,
        (None, None) => {
            check.note(Violation::required("amount"));
            0
        }
    };
    let milestone = check.optional_line("milestone", &typed_in.milestone, 60);
    let days = typed_in.milestone_days;
    check.ensure(days.is_none() || milestone.is_some(), || Violation::not_allowed("milestone_days"));
    check.ensure(days.is_none_or(|days| (0..=3_650).contains(&days)), || Violation::out_of_range("milestone_days"));
    check.ensure(typed_in.due_on.is_some() || milestone.is_some(), || Violation::required("due_on"));
    // A milestone that was reached stays so, as long as it is the same one.
    let reached = kept.filter(|kept| kept.milestone == milestone).and_then(|kept| kept.milestone_on);
    let dated = reached.and_then(|on| on.plus_days(i64::from(days.unwrap_or_default())));
    Ok(Terms {
        amount,
        due_on: dated.or(typed_in.due_on),
        milestone_days: milestone.is_some().then(|| days.unwrap_or_default()),
        milestone,
        milestone_on: reached,
        percent,
        condition: check.optional_line("condition", &typed_in.condition, 200),
        note: check.optional_lines("note", &typed_in.note, 1_000),
    })
}

struct Terms {
    amount: i64,
    due_on: Option<Date>,
    milestone: Option<String>,
    milestone_days: Option<i32>,
    milestone_on: Option<Date>,
    percent: Option<Decimal>,
    condition: Option<String>,
    note: Option<String>,
}

impl Work<'_> {
    /// The instalments out of what was typed.
    fn planned(&mut self, book: &Book, typed_in: &[NewInstalment]) -> Result<Vec<Instalment>, Stop> {
        if typed_in.len() > MOST_INSTALMENTS {
            return Err(Violation::too_many("instalments", MOST_INSTALMENTS as i64).into());
        }
        let (contract, before) = (&book.contract, &book.instalments);
        let percents: Vec<Decimal> = typed_in.iter().filter_map(|own| own.percent).collect();
        let whole = percents.len() == typed_in.len() && percents.iter().all(|own| own.is_within(0, 100));
        let shares = if whole { percent_parts(contract.minor_amount(), &percents)? } else { None };
        let mut check = Checker::new();
        let mut planned: Vec<Instalment> = Vec::with_capacity(typed_in.len());
        for (place, own) in typed_in.iter().enumerate() {
            let share = shares.as_ref().and_then(|shares| shares.get(place).copied());
            let kept = own.id.and_then(|id| before.iter().find(|known| known.id == id));
            let (known, twice) =
                (own.id.is_none() || kept.is_some(), planned.iter().any(|last| Some(last.id) == own.id));
            let terms = check.under(&format!("instalments[{place}]"), |check| {
                check.ensure(known, || Violation::unknown("id"));
                check.ensure(!twice, || Violation::repeated("id"));
                termed(own, kept, share, contract, check)
            })?;
            let nothing = Decimal::of_minor(0, contract.currency);
            let mut instalment = Instalment {
                id: kept.map_or_else(|| self.draw().map(InstalmentId), |kept| Ok(kept.id))?,
                contract: contract.id,
                customer: contract.customer,
                no: i32::try_from(place + 1).unwrap_or(i32::MAX),
                due_on: terms.due_on,
                milestone: terms.milestone,
                milestone_days: terms.milestone_days,
                milestone_on: terms.milestone_on,
                currency: contract.currency,
                amount: Decimal::of_minor(terms.amount, contract.currency),
                percent: terms.percent,
                condition: terms.condition,
                note: terms.note,
                paid: kept.map_or(nothing, |kept| kept.paid),
                written_off: kept.map_or(nothing, |kept| kept.written_off),
                open: nothing,
                status: super::InstalmentStatus::default(),
                in_force: false,
                void: false,
                owner: contract.owner.clone(),
                owner_position: contract.owner_position.clone(),
                version: kept.map_or(1, |kept| kept.version),
            };
            instalment.follow(contract);
            // What stands in the row is what it is without a day: so nothing is saved that did not change.
            instalment.open = kept.map_or(nothing, |kept| kept.open);
            instalment.status = kept.map_or_else(Default::default, |kept| kept.status);
            planned.push(instalment);
        }
        check.done()?;
        for was in before {
            let settled = money::sum([was.minor(was.paid), was.minor(was.written_off)])?;
            let amount = planned.iter().find(|own| own.id == was.id).map_or(0, |own| own.minor(own.amount));
            if settled > amount {
                return Err(PaymentRefusal::InstalmentPaid { no: was.no.to_string() }.into());
            }
        }
        Ok(planned)
    }

    /// The contract of an instalment that the actor sees.
    fn contract_of(&mut self, id: InstalmentId) -> Result<ContractId, Stop> {
        let row = self.get_one(&super::INSTALMENT, id.to_string())?.ok_or_else(|| instalment_not_found(id))?;
        let contract = Instalment::from_row(&row)?.contract;
        match self.contract_by_panel(contract, Reach::Read, SharePanel::Receipts) {
            Ok(_) => Ok(contract),
            Err(Stop::Error(Error::NotFound { .. })) => Err(instalment_not_found(id).into()),
            Err(Stop::Error(Error::Forbidden { module, .. })) if module == SharePanel::Receipts.module() => {
                Err(instalment_not_found(id).into())
            }
            Err(other) => Err(other),
        }
    }

    /// Answers a repeated request with the plan as it stands.
    fn plan_made(&mut self, ids: &[String]) -> Result<PaymentPlan, Stop> {
        let id = ids.first().cloned().unwrap_or_default();
        let id: ContractId = id.parse().map_err(|_| crate::contract::contract_not_found(&id))?;
        let found = self.contract_by_panel(id, Reach::Read, SharePanel::Receipts)?.0;
        let book = self.book_of(found)?;
        Ok(self.plan_of(book)?)
    }

    /// A plan as one looks at it.
    fn plan_of(&self, book: Book) -> Result<PaymentPlan, Error> {
        let Book { mut contract, instalments, .. } = book;
        let today = self.today();
        contract.derive_money(today);
        let instalments: Vec<Instalment> = instalments.into_iter().map(|own| own.seen_on(today)).collect();
        let late = instalments.iter().filter(|own| own.status == super::InstalmentStatus::Overdue);
        let overdue = money::sum(late.map(|own| own.minor(own.open)))?;
        let unplanned = money::sum([contract.payable(), -contract.minor(contract.payments.planned)])?;
        let warnings = match unplanned {
            _ if instalments.is_empty() || contract.is_void() => Vec::new(),
            0 => Vec::new(),
            ..0 => vec!["plan_over_contract".to_owned()],
            _ => vec!["plan_below_contract".to_owned()],
        };
        let access = self.access()?;
        let duty = access.disposes_of(&contract.stands());
        let own = duty && contract.check_status(&PLANNABLE).is_ok();
        let unallocated = contract.minor(contract.payments.unallocated);
        let open = instalments.iter().any(|own| own.open_minor() > 0);
        let doable = [
            ("plan", own && access.may("payment.edit")),
            ("receive", own && contract.is_collected() && access.may("payment.create")),
            ("undo", duty && !contract.is_frozen() && contract.was_signed() && access.may("payment.delete")),
            ("write_off", own && contract.owed() > 0 && contract.is_collected() && access.may("payment.write_off")),
            ("allocate", own && contract.is_collected() && unallocated > 0 && open && access.may("payment.edit")),
        ];
        Ok(PaymentPlan {
            contract: contract.id,
            customer: contract.customer,
            currency: contract.currency,
            amount: contract.amount,
            unplanned: Decimal::of_minor(unplanned, contract.currency),
            overdue: Decimal::of_minor(overdue, contract.currency),
            instalments,
            warnings,
            allowed: doable.iter().filter(|(_, may)| *may).map(|(name, _)| (*name).to_owned()).collect(),
            payments: contract.payments,
        })
    }
}
