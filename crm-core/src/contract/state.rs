//! What becomes of a contract: submitted, signed, completed, terminated, void.

use super::commands::effective;
use super::{CONTRACT, Contract, ContractRefusal, ContractStatus};
use crate::access::Reach;
use crate::approval::Request;
use crate::crm::Session;
use crate::customer::{CUSTOMER, Customer, CustomerId, Under};
use crate::date::Date;
use crate::error::{Error, Violation};
use crate::history;
use crate::id::ContractId;
use crate::operations::op;
use crate::record::Record;
use crate::sorted::Gather as _;
use crate::store::{Filter, Read, Search, Value, Write};
use crate::text::Checker;
use crate::work::{Stop, Work, rows};
use std::collections::{BTreeMap, BTreeSet};

/// What moves when a contract changes its state, for the history.
const STATE: [&str; 9] = [
    "number",
    "status",
    "signed_on",
    "approval",
    "end_reason",
    "ended_on",
    "renewed_by",
    "effective_amount",
    "effective_ends_on",
];

impl Session<'_> {
    /// Submits a draft: it gets its number and is in force, or waits for the host's approval where the settings say so.
    /// `signed_on` is the signing date, not in the future; absent: the draft's, or today.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `contract.edit`, or for who has not its duties; [`Error::NotFound`];
    /// [`Error::Conflict`]; [`Error::Invalid`]; refusals of [`ContractRefusal`]; `in_recycle_bin`.
    pub fn submit_contract(
        &self,
        contract: ContractId,
        version: i64,
        signed_on: Option<Date>,
    ) -> Result<Contract, Error> {
        self.command(
            &op::submit_contract,
            &(contract, version, signed_on),
            |work| {
                let before = work.contract_at(contract, version)?;
                let customer = work.contract_within(contract, Reach::Own)?.1;
                before.check_status(&[ContractStatus::Draft])?;
                customer.check_live()?;
                let mut after = before.clone();
                let today = work.today();
                let signed = signed_on.or(before.signed_on).unwrap_or(today);
                if signed > today {
                    return Err(Violation::out_of_range("signed_on").into());
                }
                after.signed_on = Some(signed);
                super::input::check_total(&after, work.context.settings().contract.agreed_price)?;
                let parent = work.check_parent(&after)?;
                if after.number.is_none() {
                    after.number = Some(work.next_contract_number(&after, parent.as_ref())?);
                }
                work.made(contract);
                let command = if after.parent.is_some() { "supplement" } else { "sign" };
                if !work.needs_approval(command) {
                    return work.sign(&before, after, &customer, "submit_contract");
                }
                after.status = ContractStatus::Pending;
                work.rely_on_customer(&customer);
                if let Some(parent) = parent {
                    work.rely_on_contract(&parent);
                }
                work.ask(&before, after, &customer, command, None, "submit_contract")
            },
            |work, ids| work.contract_made(ids),
        )
    }

    /// Completes a contract that is in force, by hand.
    ///
    /// # Errors
    /// As [`Session::terminate_contract`].
    pub fn complete_contract(&self, contract: ContractId, version: i64) -> Result<Contract, Error> {
        self.command(
            &op::complete_contract,
            &(contract, version),
            |work| {
                let before = work.standing_alone(contract, version)?;
                let after =
                    Contract { status: ContractStatus::Completed, ended_on: Some(work.today()), ..before.clone() };
                work.moved(&before, after, "complete_contract", "contract_completed")
            },
            |work, ids| work.contract_made(ids),
        )
    }

    /// Terminates a contract that is in force, from a day on that is not in the future.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `contract.edit`, or for who has not its duties; [`Error::NotFound`];
    /// [`Error::Conflict`]; [`Error::Invalid`]; `wrong_contract_status` (a supplement ends with its parent, or is voided),
    /// `contract_pending`, `supplements_open`.
    pub fn terminate_contract(
        &self,
        contract: ContractId,
        version: i64,
        on: Date,
        reason: String,
    ) -> Result<Contract, Error> {
        self.command(
            &op::terminate_contract,
            &(contract, version, on, &reason),
            |work| {
                let before = work.standing_alone(contract, version)?;
                let mut check = Checker::new();
                let reason = check.line("reason", &reason, 200);
                let possible = on <= work.today() && before.signed_on.is_none_or(|signed| on >= signed);
                check.ensure(possible, || Violation::out_of_range("on"));
                check.done()?;
                let after = Contract {
                    status: ContractStatus::Terminated,
                    ended_on: Some(on),
                    end_reason: Some(reason),
                    ..before.clone()
                };
                work.moved(&before, after, "terminate_contract", "contract_terminated")
            },
            |work, ids| work.contract_made(ids),
        )
    }

    /// Voids a signed contract, and its supplements with it; or asks the host first, where the settings say so.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `contract.edit`, or for who has not its duties; [`Error::NotFound`];
    /// [`Error::Conflict`]; [`Error::Invalid`]; `wrong_contract_status`, `contract_pending`, `supplements_open`.
    pub fn void_contract(&self, contract: ContractId, version: i64, reason: String) -> Result<Contract, Error> {
        self.command(
            &op::void_contract,
            &(contract, version, &reason),
            |work| {
                let before = work.contract_at(contract, version)?;
                before.check_status(&[ContractStatus::InForce, ContractStatus::Completed])?;
                let mut check = Checker::new();
                let reason = check.line("reason", &reason, 200);
                check.done()?;
                work.made(contract);
                if !work.needs_approval("void") {
                    return work.make_void(&before, before.clone(), &reason, "void_contract");
                }
                work.check_no_open_supplements(&before)?;
                let customer = work.contract_within(contract, Reach::Own)?.1;
                let after = before.clone();
                work.ask(&before, after, &customer, "void", Some(reason), "void_contract")
            },
            |work, ids| work.contract_made(ids),
        )
    }
}

impl Work<'_> {
    pub(crate) fn needs_approval(&self, command: &str) -> bool {
        self.context.settings().contract.approval.iter().any(|own| own == command)
    }

    /// A standard contract in force whose supplements are all decided.
    fn standing_alone(&mut self, id: ContractId, version: i64) -> Result<Contract, Stop> {
        let contract = self.contract_at(id, version)?;
        contract.check_status(&[ContractStatus::InForce])?;
        if contract.parent.is_some() {
            return Err(ContractRefusal::WrongStatus { status: "supplement".to_owned() }.into());
        }
        self.check_no_open_supplements(&contract)?;
        Ok(contract)
    }

    fn check_no_open_supplements(&mut self, contract: &Contract) -> Result<Vec<Contract>, Stop> {
        let supplements = self.supplements_of(contract)?;
        if supplements.iter().any(|own| own.status == ContractStatus::Pending || own.approval.is_some()) {
            return Err(ContractRefusal::SupplementsOpen.into());
        }
        Ok(supplements)
    }

    /// Saves a contract in its new state and tells of it.
    fn moved(&mut self, before: &Contract, after: Contract, operation: &str, event: &str) -> Result<Contract, Stop> {
        let changes = history::changes(before, &after, &STATE);
        let after = self.save_contract(before, after, operation, changes)?;
        let data = serde_json::json!({
            "customer": after.customer, "number": after.number, "amount": after.amount, "currency": after.currency,
        });
        self.announce(event, ContractId::RECORD, after.id, data)?;
        self.made(after.id);
        Ok(after)
    }

    /// Freezes a contract until the host has decided.
    fn ask(
        &mut self,
        before: &Contract,
        mut after: Contract,
        customer: &Customer,
        command: &str,
        reason: Option<String>,
        operation: &str,
    ) -> Result<Contract, Stop> {
        let snapshot = history::as_value(&after);
        let contract = Some(before);
        let request =
            Request { command, contract, receipt: None, customer, transfer: None, merge: None, reason, snapshot };
        after.approval = Some(self.request_approval(request)?);
        let changes = history::changes(before, &after, &STATE);
        self.save_contract(before, after, operation, changes)
    }

    /// Puts a contract in force: its parent gets what it moves, what it renews is settled.
    fn sign(
        &mut self,
        before: &Contract,
        mut after: Contract,
        customer: &Customer,
        operation: &str,
    ) -> Result<Contract, Stop> {
        after.status = ContractStatus::InForce;
        after.approval = None;
        if let Some(parent) = self.check_parent(&after)? {
            let mut supplements = self.supplements_of(&parent)?;
            supplements.retain(|own| own.id != after.id);
            supplements.push(after.clone());
            let mut lowered = parent.clone();
            after.lowers = self.lower(&parent, &mut lowered, &after)?;
            self.follow_supplements(&parent, lowered, &supplements, operation)?;
        }
        if let Some(renewed) = after.renews {
            let renewed = self.contract_named(renewed)?;
            let settled = Contract { renewed_by: Some(after.id), ..renewed.clone() };
            let changes = history::changes(&renewed, &settled, &STATE);
            self.save_contract(&renewed, settled, operation, changes)?;
        }
        // Who deletes the customer meanwhile must see the signed contract.
        self.bump_customer(customer)?;
        self.moved(before, after, operation, "contract_signed")
    }

    /// A parent with its supplements as they are now.
    fn follow_supplements(
        &mut self,
        parent: &Contract,
        moved: Contract,
        supplements: &[Contract],
        operation: &str,
    ) -> Result<(), Stop> {
        let (amount, ends_on) = effective(parent, supplements)?;
        let moved = Contract { effective_amount: amount, effective_ends_on: ends_on, ..moved };
        let changes = history::changes(parent, &moved, &STATE);
        self.save_contract(parent, moved, operation, changes)?;
        Ok(())
    }

    /// Voids a contract and what hangs on it: its supplements; its share in its parent; what it renewed is open again.
    fn make_void(
        &mut self,
        before: &Contract,
        after: Contract,
        reason: &str,
        operation: &str,
    ) -> Result<Contract, Stop> {
        let today = self.today();
        let void = |contract: Contract| Contract {
            status: ContractStatus::Void,
            approval: None,
            ended_on: Some(today),
            end_reason: Some(reason.to_owned()),
            ..contract
        };
        for supplement in self.check_no_open_supplements(before)? {
            if supplement.counts() {
                self.moved(&supplement, void(supplement.clone()), operation, "contract_voided")?;
            }
        }
        if let Some(parent) = before.parent {
            let parent = self.contract_named(parent)?;
            let mut supplements = self.supplements_of(&parent)?;
            supplements.retain(|own| own.id != before.id);
            let mut raised = parent.clone();
            self.raise(&parent, &mut raised, before)?;
            self.follow_supplements(&parent, raised, &supplements, operation)?;
        }
        if let Some(renewed) = before.renews {
            let renewed = self.contract_named(renewed)?;
            if renewed.renewed_by == Some(before.id) {
                let open = Contract { renewed_by: None, ..renewed.clone() };
                let changes = history::changes(&renewed, &open, &STATE);
                self.save_contract(&renewed, open, operation, changes)?;
            }
        }
        self.moved(before, void(after), operation, "contract_voided")
    }

    /// Goes on, or back, as the host decided.
    pub(crate) fn decided(
        &mut self,
        contract: ContractId,
        command: &str,
        approved: bool,
        reason: Option<&str>,
    ) -> Result<(), Stop> {
        let before = self.contract_named(contract)?;
        let thawed = Contract { approval: None, ..before.clone() };
        match (command, approved) {
            ("void", true) => self.make_void(&before, thawed, reason.unwrap_or_default(), "resolve_approval")?,
            (_, true) => {
                let row = self.get_one(&CUSTOMER, before.customer.to_string())?;
                let row = row.ok_or_else(|| crate::customer::not_found(before.customer))?;
                let customer = Customer::from_row(&row)?;
                customer.check_live()?;
                self.sign(&before, thawed, &customer, "resolve_approval")?
            }
            ("void", false) => {
                let changes = history::changes(&before, &thawed, &STATE);
                self.save_contract(&before, thawed, "resolve_approval", changes)?
            }
            (_, false) => {
                let draft = Contract { status: ContractStatus::Draft, ..thawed };
                let changes = history::changes(&before, &draft, &STATE);
                self.save_contract(&before, draft, "resolve_approval", changes)?
            }
        };
        Ok(())
    }

    /// Refuses what would take a customer away from contracts that are more than drafts.
    pub(crate) fn check_no_contracts(&mut self, customer: CustomerId) -> Result<(), Stop> {
        let signed = of_customer(customer).limited(1);
        let signed = signed.filtered(Filter::Not(Box::new(Filter::equal("status", ContractStatus::Draft.as_str()))));
        match rows(self.read(vec![Read::Find(signed)])?.into_iter().next()).is_empty() {
            true => Ok(()),
            false => Err(ContractRefusal::HasContracts.into()),
        }
    }
}

impl Work<'_> {
    /// Those of some customers that are dealt 成交: that have a contract in force or completed.
    pub(crate) fn dealt(&mut self, customers: Vec<String>) -> Result<BTreeSet<String>, Stop> {
        Ok(self.deals_of(customers)?.into_keys().into_set())
    }

    /// Those of some customers that are dealt, and by what.
    pub(crate) fn deals_of(&mut self, customers: Vec<String>) -> Result<BTreeMap<String, Vec<Deal>>, Stop> {
        let mut deals: BTreeMap<String, Vec<Deal>> = BTreeMap::new();
        if customers.is_empty() {
            return Ok(deals);
        }
        let standing = [ContractStatus::InForce, ContractStatus::Completed].map(|status| status.as_str().into());
        let search = Search::of(&CONTRACT)
            .within("customer", customers.into_iter().map(Value::from).collect())
            .filtered(Filter::In("status", standing.into()));
        for contract in Contract::from_rows(&self.find_all(search)?)? {
            if let Some(deal) = contract.deal() {
                deals.entry(contract.customer.to_string()).or_default().push(deal);
            }
        }
        Ok(deals)
    }
}

/// What makes a customer dealt 成交: a contract in force or completed. Supplements stand and fall with theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Deal {
    /// Since when.
    pub(crate) since: Date,
    /// Its last day; absent: it has none.
    pub(crate) until: Option<Date>,
}

impl Deal {
    /// When the last of some that were made by a day ends: absent within, if one has no end; absent: there is none of them.
    pub(crate) fn last(deals: &[Deal], by: Date) -> Option<Option<Date>> {
        let mut made = deals.iter().filter(|deal| deal.since <= by).map(|deal| deal.until);
        let first = made.next()?;
        Some(made.fold(first, |last, until| Some(last?.max(until?))))
    }
}

impl Contract {
    /// What makes its customer dealt.
    pub(crate) fn deal(&self) -> Option<Deal> {
        let until = match self.status {
            ContractStatus::InForce => self.effective_ends_on,
            ContractStatus::Completed => self.ended_on.or(self.effective_ends_on),
            _ => return None,
        };
        self.parent.is_none().then_some(Deal { since: self.signed_on?, until })
    }
}

fn of_customer(customer: CustomerId) -> Search {
    Search::of(&CONTRACT).within("customer", vec![customer.to_string().into()])
}

/// Drafts go with their customer; a customer with more than drafts does not go.
pub(crate) static CONTRACTS_UNDER: Under = Under {
    purge: |work, customer| {
        let found = rows(work.read(vec![Read::Find(of_customer(customer).limited(200))])?.into_iter().next());
        let whole = found.len() < 200;
        for row in found {
            work.write(Write::Delete { kind: &CONTRACT, id: row.id, version: row.version });
        }
        Ok(whole)
    },
    follow: None,
};
