//! Drafting a contract, reading it, editing it, removing a draft.

use super::input::{EDITABLE, EDITABLE_WHEN_SIGNED, Typed, clean};
use super::{
    CONTRACT, Contract, ContractEdit, ContractPayments, ContractRefusal, ContractStatus, ContractView, NewContract,
};
use crate::access::{Reach, Reaches};
use crate::crm::Session;
use crate::custom_field::{self, Customized, entered_values};
use crate::customer::{CUSTOMER, Customer, owner};
use crate::date::Date;
use crate::error::{Error, Violation};
use crate::history::{self, HistoryPage};
use crate::id::{ContractId, CustomerId, ProductId};
use crate::layout::check_required;
use crate::money::Decimal;
use crate::operations::op;
use crate::page::PageRequest;
use crate::product::{PRODUCT, Product};
use crate::record::{Record, Removed};
use crate::sharing::{Share, SharePanel, shares_of};
use crate::sorted::Gather as _;
use crate::store::{Change, Direction, Read, Search, Value, Write};
use crate::text::Checker;
use crate::work::{Stop, Work, rows};
use std::collections::BTreeMap;

/// Supplements of a contract, at the most.
const MOST_SUPPLEMENTS: i64 = 200;

impl Session<'_> {
    /// Drafts a contract for a customer, or a supplement to one of the customer's contracts.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `contract.create`, or for who may only read the customer;
    /// [`Error::NotFound`]; [`Error::Invalid`]; refusals of [`ContractRefusal`]; `in_recycle_bin`.
    pub fn create_contract(&self, customer: CustomerId, contract: NewContract) -> Result<Contract, Error> {
        self.command(
            &op::create_contract,
            &(customer, &contract),
            |work| {
                let customer = work.customer_with_shares(customer, (Reach::Edit, SharePanel::Contracts))?.0;
                customer.check_active()?;
                work.access()?.changing("contract", &contract, "")?;
                let drafted = work.drafted(&customer, &contract)?;
                work.rely_on_customer(&customer);
                work.insert(&CONTRACT, drafted.to_row()?);
                let data = serde_json::json!({"customer": customer.id, "parent": drafted.parent});
                work.announce("contract_created", ContractId::RECORD, drafted.id, data)?;
                work.made(drafted.id);
                Ok(drafted)
            },
            |work, ids| work.contract_made(ids),
        )
    }

    /// A contract with its supplements, the name of its customer and what the actor may do with it.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `contract.view`; [`Error::NotFound`].
    pub fn contract(&self, contract: ContractId) -> Result<ContractView, Error> {
        self.query(&op::contract, |work| {
            let (contract, customer) = work.contract_within(contract, Reach::Read)?;
            let today = work.today();
            let supplements = work.supplements_of(&contract)?.into_iter().map(|own| own.seen_on(today)).collect();
            let entries = work.latest_entries(contract.id)?;
            let allowed = work.allowed_with(&contract, &customer)?;
            Ok(ContractView { contract, customer_name: customer.name, supplements, entries, allowed })
        })
    }

    /// Edits a draft, or what of a signed contract is no matter of money or dates.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `contract.edit`, or for who has not its duties; [`Error::NotFound`];
    /// [`Error::Conflict`]; [`Error::Invalid`]; `signed_contract_stays`, `contract_pending`, `wrong_contract_status`,
    /// `total_differs`, `agreed_price_refused`.
    pub fn edit_contract(&self, contract: ContractId, edit: ContractEdit) -> Result<Contract, Error> {
        self.command(
            &op::edit_contract,
            &(contract, &edit),
            |work| {
                let before = work.contract_at(contract, edit.version)?;
                let open = [ContractStatus::Draft, ContractStatus::InForce, ContractStatus::Completed];
                before.check_status(&open)?;
                let context = work.context.clone();
                let mut check = Checker::new();
                let (mut after, typed) = {
                    let access = work.access()?;
                    access.changing("contract", &edit, "")?;
                    edit.apply(&before, &access, &mut check)
                };
                let products = work.products_of(&typed)?;
                clean(&mut after, &typed, Some(&before), &products, &context, &mut check)?;
                check_required(Customized::Contract, &after, Some(&before), &work.access()?, &mut check);
                check.done()?;
                if before.status != ContractStatus::Draft {
                    let money = history::changes(&before, &after, EDITABLE.get(EDITABLE_WHEN_SIGNED..).unwrap_or(&[]));
                    let asked = edit.lines.is_some().then_some("lines").or(edit.amount.and(Some("amount")));
                    if let Some(field) = money.first().map(|change| change.field.as_str()).or(asked) {
                        return Err(ContractRefusal::SignedContractStays { field: field.to_owned() }.into());
                    }
                } else {
                    super::input::check_total(&after, context.settings().contract.agreed_price)?;
                    work.check_parent(&after)?;
                    if before.currency != after.currency && !before.payments.planned.is_zero() {
                        return Err(Violation::not_allowed("currency").into());
                    }
                }
                let mut changes = history::changes(&before, &after, &EDITABLE);
                changes.extend(custom_field::changes(&before.custom, &after.custom));
                work.made(contract);
                if changes.is_empty() {
                    return Ok(before);
                }
                let fields: Vec<String> = changes.iter().map(|change| change.field.clone()).collect();
                let after = work.save_contract(&before, after, "edit_contract", changes)?;
                work.announce(
                    "contract_changed",
                    ContractId::RECORD,
                    contract,
                    serde_json::json!({"customer": after.customer, "fields": fields}),
                )?;
                Ok(after)
            },
            |work, ids| work.contract_made(ids),
        )
    }

    /// Removes a draft. Its number, if it had one, is not given again.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `contract.delete`, or for who has not its duties; [`Error::NotFound`];
    /// [`Error::Conflict`]; `contract_pending`, `wrong_contract_status`.
    pub fn delete_contract(&self, contract: ContractId, version: i64) -> Result<Removed, Error> {
        self.command(
            &op::delete_contract,
            &(contract, version),
            |work| {
                let before = work.contract_at(contract, version)?;
                before.check_status(&[ContractStatus::Draft])?;
                work.write(Write::Delete { kind: &CONTRACT, id: contract.to_string(), version: before.version });
                work.drop_plan(&before)?;
                work.write(crate::document::unlink(contract));
                let gone = history::change("contract", Some(serde_json::json!(before.name)), None);
                work.remember(ContractId::RECORD, contract, "delete_contract", vec![gone])?;
                let data = serde_json::json!({"customer": before.customer});
                work.announce("contract_deleted", ContractId::RECORD, contract, data)?;
                Ok(Removed::new(ContractId::RECORD, contract))
            },
            |_, _| Ok(Removed::new(ContractId::RECORD, contract)),
        )
    }

    /// What changed on a contract.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `contract.view`; [`Error::NotFound`].
    pub fn contract_history(&self, contract: ContractId, page: PageRequest) -> Result<HistoryPage, Error> {
        self.query(&op::contract_history, |work| {
            let (found, customer) = work.contract_within(contract, Reach::Read)?;
            let reaches = work.reaches_by_contract(&found, &customer)?;
            let mut history =
                work.history_page(&op::contract_history, ContractId::RECORD, &[contract.to_string()], &page)?;
            let access = work.access()?;
            let documents = access.may("document.view") && reaches.opens(SharePanel::Documents);
            let payments = access.may("payment.view") && reaches.opens(SharePanel::Receipts);
            for entry in &mut history.items {
                entry.changes.retain(|change| match change.field.as_str() {
                    "document" => documents,
                    "plan" | "receipt" | "invoiced" => payments,
                    _ => true,
                });
            }
            history.items.retain(|entry| !entry.changes.is_empty());
            Ok(history)
        })
    }
}

pub(crate) fn not_found(contract: impl ToString) -> Error {
    Error::NotFound { record: ContractId::RECORD.to_owned(), id: contract.to_string() }
}

impl Work<'_> {
    /// The organisation's day.
    pub(crate) fn today(&self) -> Date {
        Date::of(self.context.settings().time_zone.day_of(self.now))
    }

    /// A contract into which the actor reaches so far, and its customer. Who has its duties and his superiors dispose of
    /// it; whoever sees the customer reads it.
    pub(crate) fn contract_within(&mut self, id: ContractId, need: Reach) -> Result<(Contract, Customer), Stop> {
        self.contract_by_panel(id, need, SharePanel::Contracts)
    }

    /// A contract of which something stands on a panel of its customer: see [`Work::contract_within`].
    pub(crate) fn contract_by_panel(
        &mut self,
        id: ContractId,
        need: Reach,
        panel: SharePanel,
    ) -> Result<(Contract, Customer), Stop> {
        let row = self.get_one(&CONTRACT, id.to_string())?.ok_or_else(|| not_found(id))?;
        let contract = Contract::from_row(&row)?.seen_on(self.today());
        let mut answers = self
            .read(vec![
                Read::Get { kind: &CUSTOMER, ids: vec![contract.customer.to_string()] },
                Read::Find(shares_of(contract.customer)),
            ])?
            .into_iter();
        let row = rows(answers.next()).into_iter().next().ok_or_else(|| not_found(id))?;
        let customer = Customer::from_row(&row)?;
        customer.check_in_place()?;
        let shares = Share::from_rows(&rows(answers.next()))?;
        let access = self.access()?;
        access.allow("contract.view")?;
        if access.disposes_of(&contract.stands()) {
            return Ok((contract, customer));
        }
        let opens = |panel| {
            let reaches = access.reach_into(&customer.stands(), &shares, self.now);
            reaches.is_some_and(|reaches| reaches.opens(panel))
        };
        if !opens(panel) {
            if !opens(SharePanel::Contracts) {
                return Err(not_found(id).into());
            }
            return Err(Error::Forbidden { module: panel.module().to_owned(), right: "view".to_owned() }.into());
        }
        if need == Reach::Read {
            return Ok((contract, customer));
        }
        let right = if need == Reach::Own { "assign" } else { "edit" };
        Err(Error::Forbidden { module: "contract".to_owned(), right: right.to_owned() }.into())
    }

    /// How far the actor reaches into what stands under a contract that he sees: by its duties, or by its customer.
    pub(crate) fn reaches_by_contract(&mut self, contract: &Contract, customer: &Customer) -> Result<Reaches, Stop> {
        if self.access()?.disposes_of(&contract.stands()) {
            return Ok(Reaches::OWN);
        }
        let shares = Share::from_rows(&self.find_all(shares_of(customer.id))?)?;
        let reaches = self.access()?.reach_into(&customer.stands(), &shares, self.now);
        Ok(reaches.unwrap_or(Reaches::NONE))
    }

    /// A contract that the actor disposes of, at the version that he read.
    pub(crate) fn contract_at(&mut self, id: ContractId, version: i64) -> Result<Contract, Stop> {
        let contract = self.contract_within(id, Reach::Own)?.0;
        if contract.version != version {
            return Err(Error::Conflict { record: ContractId::RECORD.to_owned(), id: id.to_string() }.into());
        }
        Ok(contract)
    }

    /// A contract that another one names, whoever sees it; the caller has made sure of that.
    pub(crate) fn contract_named(&mut self, id: ContractId) -> Result<Contract, Stop> {
        let row = self.get_one(&CONTRACT, id.to_string())?.ok_or_else(|| not_found(id))?;
        Ok(Contract::from_row(&row)?)
    }

    /// Answers a repeated request with the contract it made or changed.
    pub(crate) fn contract_made(&mut self, ids: &[String]) -> Result<Contract, Stop> {
        let id = ids.first().cloned().unwrap_or_default();
        match id.parse() {
            Ok(id) => Ok(self.contract_within(id, Reach::Read)?.0),
            Err(_) => Err(not_found(id).into()),
        }
    }

    /// The supplements of a contract, oldest first.
    pub(super) fn supplements_of(&mut self, contract: &Contract) -> Result<Vec<Contract>, Stop> {
        if contract.parent.is_some() {
            return Ok(Vec::new());
        }
        let search = Search::of(&CONTRACT)
            .within("parent", vec![contract.id.to_string().into()])
            .ordered("created_at", Direction::Ascending)
            .limited(MOST_SUPPLEMENTS);
        let found = rows(self.read(vec![Read::Find(search)])?.into_iter().next());
        Ok(Contract::from_rows(&found)?)
    }

    /// Saves what changed, with its history; answers with the contract as it stands then.
    pub(crate) fn save_contract(
        &mut self,
        before: &Contract,
        mut after: Contract,
        operation: &str,
        changes: Vec<history::FieldChange>,
    ) -> Result<Contract, Stop> {
        if before.deal() != after.deal() {
            self.deals_moved.insert(after.customer);
        }
        self.follow_contract(before, &mut after)?;
        after.changed_at = self.now;
        after.changed_by = self.author();
        self.save(before, &after)?;
        // Whoever decides on a contract has seen its plan and its receipts as they are.
        let revision = |own: &Contract| Value::from(own.payments.revision);
        if let Some(Write::Update { changes, .. }) = self.changes.writes.last_mut() {
            changes.retain(|(column, _)| *column != "payment_revision");
            changes.push(("payment_revision", Change::Replace(revision(before), revision(&after))));
        }
        self.remember(ContractId::RECORD, after.id, operation, changes)?;
        after.version += 1;
        Ok(after.seen_on(self.today()))
    }

    /// The products that lines name.
    fn products_of(&mut self, typed: &Typed) -> Result<BTreeMap<ProductId, Product>, Stop> {
        let mut ids: Vec<String> = typed
            .lines
            .iter()
            .take(super::line::MOST_LINES)
            .filter_map(|line| line.product)
            .map(|id| id.to_string())
            .collect();
        ids.sort();
        ids.dedup();
        let products = Product::from_rows(&self.get(&PRODUCT, ids)?)?;
        Ok(products.into_iter().map(|product| (product.id, product)).into_map())
    }

    /// Whether a supplement fits its parent, and a renewal what it renews.
    pub(super) fn check_parent(&mut self, contract: &Contract) -> Result<Option<Contract>, Stop> {
        if let Some(renewed) = contract.renews {
            self.contract_named(renewed)?.check_renewable(contract)?;
        }
        let Some(parent) = contract.parent else { return Ok(None) };
        let parent = self.contract_named(parent)?;
        parent.check_amendable(contract, &self.context.settings().contract)?;
        Ok(Some(parent))
    }

    /// The contract out of what was typed, cleaned, checked and calculated.
    fn drafted(&mut self, customer: &Customer, input: &NewContract) -> Result<Contract, Stop> {
        let (now, by, context) = (self.now, self.actor().name(), self.context.clone());
        let mut check = Checker::new();
        check.ensure(input.parent.is_none() || input.renews.is_none(), || Violation::not_allowed("renews"));
        // What the actor does not see is not there for him.
        let mut seen = |work: &mut Self, id: Option<ContractId>, field: &str| -> Result<Option<Contract>, Stop> {
            let Some(id) = id else { return Ok(None) };
            match work.contract_within(id, Reach::Read) {
                Ok((contract, _)) => Ok(Some(contract)),
                Err(Stop::Error(Error::NotFound { .. })) => {
                    check.note(Violation::unknown(field));
                    Ok(None)
                }
                Err(other) => Err(other),
            }
        };
        let parent = seen(self, input.parent, "parent")?;
        seen(self, input.renews, "renews")?;
        check.done()?;
        let (owner, owner_position) = {
            let access = self.access()?;
            let fields = ["owner", "owner_position"];
            owner(&context, &access, input.owner.as_ref(), input.owner_position.as_ref(), fields, "contract.assign")?
        };
        let base_currency = context.settings().contract.base_currency;
        let currency = input.currency.or(parent.as_ref().map(|parent| parent.currency)).unwrap_or(base_currency);
        let mut check = Checker::new();
        let one = (currency == base_currency).then_some(Decimal::ONE);
        let rate = input.rate.or(one).or(parent.as_ref().filter(|own| own.currency == currency).map(|own| own.rate));
        check.ensure(rate.is_some(), || Violation::required("rate"));
        let mut drafted = Contract {
            id: ContractId(self.draw()?),
            number: check.optional_line("number", &input.number, 60),
            name: input.name.clone(),
            customer: customer.id,
            parent: input.parent,
            kind: input.kind.clone(),
            status: ContractStatus::Draft,
            expired: false,
            signed_on: input.signed_on,
            starts_on: input.starts_on,
            ends_on: input.ends_on,
            currency,
            base_currency,
            rate: rate.unwrap_or(Decimal::ONE),
            amount: Decimal::ZERO,
            base_amount: Decimal::ZERO,
            agreed_price: input.agreed_price,
            effective_amount: Decimal::ZERO,
            effective_ends_on: None,
            tax_included: !input.tax_excluded,
            whole_discount: input.whole_discount,
            lines: Vec::new(),
            performer: owner.clone(),
            performer_position: owner_position.clone(),
            owner,
            owner_position,
            customer_signatory: input.customer_signatory.clone(),
            own_signatory: input.own_signatory.clone(),
            payment_method: input.payment_method.clone(),
            note: input.note.clone(),
            custom: Vec::new(),
            renews: input.renews,
            renewed_by: None,
            end_reason: None,
            ended_on: None,
            approval: None,
            lowers: input.lowers.clone(),
            payments: ContractPayments::default(),
            created_at: now,
            created_by: by.clone(),
            changed_at: now,
            changed_by: by,
            version: 1,
        };
        let typed = Typed { lines: input.lines.clone(), amount: input.amount };
        let products = self.products_of(&typed)?;
        clean(&mut drafted, &typed, None, &products, &context, &mut check)?;
        let given = (input.custom.as_slice(), [].as_slice());
        drafted.custom = {
            let access = self.access()?;
            entered_values(Customized::Contract, &|_| None, None, given, &access, &mut check)
        };
        check_required(Customized::Contract, &drafted, None, &self.access()?, &mut check);
        check.done()?;
        self.number_fields(Customized::Contract, &mut drafted.custom)?;
        super::input::check_total(&drafted, context.settings().contract.agreed_price)?;
        let parent = self.check_parent(&drafted)?;
        self.check_lowers(&drafted, parent.as_ref())?;
        if let Some(parent) = parent
            && self.supplements_of(&parent)?.len() as i64 >= MOST_SUPPLEMENTS
        {
            return Err(Violation::too_many("supplements", MOST_SUPPLEMENTS).into());
        }
        if let Some(number) = drafted.number.clone() {
            self.claim_contract_number(&drafted, &number)?;
        }
        let nothing = Decimal::of_minor(0, drafted.currency);
        let sums = &mut drafted.payments;
        for sum in [&mut sums.planned, &mut sums.received, &mut sums.written_off, &mut sums.lowered] {
            *sum = nothing;
        }
        (sums.allocated, sums.invoiced) = (nothing, nothing);
        Ok(drafted.seen_on(self.today()))
    }

    /// What the actor may do with a contract as it stands.
    fn allowed_with(&self, contract: &Contract, customer: &Customer) -> Result<Vec<String>, Stop> {
        let access = self.access()?;
        let own = access.disposes_of(&contract.stands()) && contract.approval.is_none();
        let edits = own && access.may("contract.edit");
        let draft = contract.status == ContractStatus::Draft;
        let (force, standard) = (contract.status == ContractStatus::InForce, contract.parent.is_none());
        let drafts = access.may("contract.create")
            && access.reach_into(&customer.stands(), &[], self.now).is_some()
            && customer.check_active().is_ok();
        let amendable = self.context.settings().contract.amendable.contains(&contract.status);
        let doable = [
            ("edit", edits && (draft || contract.counts())),
            ("submit", edits && draft),
            ("delete", own && draft && access.may("contract.delete")),
            ("assign", own && contract.status != ContractStatus::Void && access.may("contract.assign")),
            ("supplement", drafts && standard && amendable && contract.approval.is_none()),
            ("renew", drafts && standard && contract.counts() && contract.renewed_by.is_none()),
            ("complete", edits && force && standard),
            ("terminate", edits && force && standard),
            ("void", edits && contract.counts()),
            ("add_entry", edits && (contract.counts() || contract.status == ContractStatus::Terminated)),
        ];
        Ok(doable.iter().filter(|(_, may)| *may).map(|(name, _)| (*name).to_owned()).collect())
    }
}

/// The amount and the last day of a standard contract with its supplements.
pub(super) fn effective(contract: &Contract, supplements: &[Contract]) -> Result<(Decimal, Option<Date>), Error> {
    let counting = || supplements.iter().filter(|supplement| supplement.counts());
    let amounts = counting().map(Contract::minor_amount).chain([contract.minor_amount()]);
    let amount = crate::money::sum(amounts)?;
    let last = counting().filter(|own| own.ends_on.is_some()).max_by_key(|own| (own.signed_on, own.created_at, own.id));
    Ok((Decimal::of_minor(amount, contract.currency), last.map_or(contract.ends_on, |own| own.ends_on)))
}
