//! Receipts 回款 (K5): recorded, read; nothing of them is ever deleted.

use super::book::Book;
use super::input::{NewReceipt, ReceiptSlip, SlipPart};
use super::rules::{check_day, typed};
use super::{Allocation, PaymentRefusal, RECEIPT, Receipt, ReceiptKind, ReceiptStatus};
use crate::access::{Reach, Scope};
use crate::actor::UserId;
use crate::approval::Request;
use crate::contract::ContractStatus;
use crate::crm::Session;
use crate::customer::{CUSTOMER, Customer, CustomerId};
use crate::date::Date;
use crate::dictionary::{self, EntryCode};
use crate::error::{Error, Violation};
use crate::history;
use crate::id::{ContractId, InstalmentId, ReceiptId};
use crate::money::{Currency, Decimal};
use crate::operations::op;
use crate::organisation::{ReceiptRule, UNIQUE_KEY, holder_of, unique_key, unique_key_id};
use crate::position::PositionId;
use crate::record::Record;
use crate::sharing::SharePanel;
use crate::store::{Answer, Read, Write};
use crate::text::{Checker, FOLD_VERSION, fold};
use crate::work::{Stop, Work, rows};

/// Statuses of contracts on which money may come.
pub(super) const RECEIVING: [ContractStatus; 3] =
    [ContractStatus::InForce, ContractStatus::Completed, ContractStatus::Terminated];

/// What is written of a receipt.
pub(super) struct Entry {
    pub(super) kind: ReceiptKind,
    pub(super) on: Date,
    pub(super) amount: i64,
    pub(super) net: i64,
    pub(super) method: Option<EntryCode>,
    pub(super) payer: Option<String>,
    pub(super) voucher: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) note: Option<String>,
    pub(super) allocations: Vec<Allocation>,
    pub(super) reverses: Option<ReceiptId>,
    pub(super) instalment: Option<InstalmentId>,
    pub(super) as_credit: bool,
    pub(super) status: ReceiptStatus,
}

/// Where a receipt stands.
struct Place {
    customer: CustomerId,
    contract: Option<ContractId>,
    currency: Currency,
    base_net: Decimal,
    base_currency: Currency,
    owner: (UserId, Option<PositionId>),
    /// In whose lists it stands: its contract's, or its customer's, which may be in a pool.
    stands: Scope,
    performer: (UserId, Option<PositionId>),
}

impl Entry {
    /// Of a kind, with nothing else known.
    pub(super) fn of(kind: ReceiptKind, on: Date, amount: i64, net: i64) -> Self {
        Entry {
            kind,
            on,
            amount,
            net,
            method: None,
            payer: None,
            voucher: None,
            reason: None,
            note: None,
            allocations: Vec::new(),
            reverses: None,
            instalment: None,
            as_credit: false,
            status: ReceiptStatus::Counted,
        }
    }
}

impl Session<'_> {
    /// Records a receipt on a signed contract. It pays the instalment that is named, then the oldest that are open; what no
    /// instalment takes is left as credit on the contract. The same voucher number on the same contract, with the same amount
    /// and day, answers with the receipt that is there.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `payment.create`, or for who has not the contract's duties; [`Error::NotFound`];
    /// [`Error::Invalid`]; `wrong_contract_status`, `contract_pending`, `more_than_owed`, `duplicate_voucher`.
    pub fn record_receipt(&self, contract: ContractId, receipt: NewReceipt) -> Result<Receipt, Error> {
        self.command(
            &op::record_receipt,
            &(contract, &receipt),
            |work| {
                let space = voucher_space(contract);
                let (mut book, mut more) =
                    work.book_within(contract, voucher_read(&space, receipt.voucher.as_ref()))?;
                book.contract.check_status(&RECEIVING)?;
                if let Some(first) = work.known_voucher(&mut more, &receipt, book.contract.currency)? {
                    work.made(first.id);
                    return Ok(first);
                }
                let written = work.receive(&mut book, &receipt)?;
                work.keep_book(&mut book)?;
                work.made(written.id);
                Ok(written)
            },
            |work, ids| work.receipt_made(ids),
        )
    }

    /// Records one slip that pays several contracts, in one commit: all of it or nothing.
    ///
    /// # Errors
    /// As [`Session::record_receipt`].
    pub fn record_receipts(&self, slip: ReceiptSlip) -> Result<Vec<Receipt>, Error> {
        self.command(
            &op::record_receipts,
            &slip,
            |work| {
                if !(1..=MOST_PARTS).contains(&slip.parts.len()) {
                    return Err(Violation::out_of_range("parts").into());
                }
                for (place, part) in slip.parts.iter().enumerate() {
                    if slip.parts.iter().take(place).any(|other| other.contract == part.contract) {
                        return Err(Violation::repeated(format!("parts[{place}].contract")).into());
                    }
                }
                let mut written: Vec<Receipt> = Vec::with_capacity(slip.parts.len());
                let mut known = 0;
                for (place, part) in slip.parts.iter().enumerate() {
                    let receipt = slip.receipt(part);
                    let reads = voucher_read(&voucher_space(part.contract), receipt.voucher.as_ref());
                    let (mut book, mut more) = work.book_within(part.contract, reads)?;
                    book.contract.check_status(&RECEIVING)?;
                    if let Some(first) = work.known_voucher(&mut more, &receipt, book.contract.currency)? {
                        known += 1;
                        written.push(first);
                        continue;
                    }
                    written.push(work.receive(&mut book, &receipt).map_err(|stop| under(stop, place))?);
                    work.keep_book(&mut book)?;
                }
                if known > 0 && known < written.len() {
                    let voucher = slip.voucher.clone().unwrap_or_default();
                    return Err(PaymentRefusal::DuplicateVoucher { voucher }.into());
                }
                written.iter().for_each(|own| work.made(own.id));
                Ok(written)
            },
            |work, ids| ids.iter().map(|id| work.receipt_made(std::slice::from_ref(id))).collect(),
        )
    }

    /// A receipt.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `payment.view`; [`Error::NotFound`].
    pub fn receipt(&self, receipt: ReceiptId) -> Result<Receipt, Error> {
        self.query(&op::receipt, |work| work.receipt_within(receipt))
    }
}

/// Contracts that one slip pays, at the most.
const MOST_PARTS: usize = 50;

impl ReceiptSlip {
    fn receipt(&self, part: &SlipPart) -> NewReceipt {
        NewReceipt {
            instalment: part.instalment,
            method: self.method.clone(),
            payer: self.payer.clone(),
            voucher: self.voucher.clone(),
            note: self.note.clone(),
            ..NewReceipt::of(part.amount, self.on)
        }
    }
}

/// What is wrong with a part is named by its place.
fn under(stop: Stop, place: usize) -> Stop {
    match stop {
        Stop::Error(Error::Invalid { mut violations }) => {
            for violation in &mut violations {
                if matches!(violation.field.as_str(), "amount" | "instalment") {
                    violation.field.insert_str(0, &format!("parts[{place}]."));
                }
            }
            Error::Invalid { violations }.into()
        }
        other => other,
    }
}

pub(super) fn not_found(receipt: impl ToString) -> Error {
    Error::NotFound { record: ReceiptId::RECORD.to_owned(), id: receipt.to_string() }
}

/// Where voucher numbers are unique: within one contract, or one customer's credit.
pub(crate) fn voucher_space(of: impl std::fmt::Display) -> String {
    format!("voucher.{FOLD_VERSION}.{of}")
}

fn voucher_text(voucher: Option<&String>) -> Option<String> {
    voucher
        .map(|voucher| voucher.trim())
        .filter(|voucher| !voucher.is_empty() && voucher.chars().count() <= 60)
        .map(fold)
}

/// The key of a voucher number.
pub(crate) fn voucher_key(space: &str, voucher: Option<&String>) -> Option<String> {
    voucher_text(voucher).map(|voucher| unique_key_id(space, &voucher))
}

/// Who has this voucher number.
pub(super) fn voucher_read(space: &str, voucher: Option<&String>) -> Vec<Read> {
    voucher_key(space, voucher).map(|key| Read::Get { kind: &UNIQUE_KEY, ids: vec![key] }).into_iter().collect()
}

impl Work<'_> {
    /// The receipt that has the voucher number already, if it is the same.
    pub(super) fn known_voucher(
        &mut self,
        answers: &mut impl Iterator<Item = Answer>,
        receipt: &NewReceipt,
        currency: Currency,
    ) -> Result<Option<Receipt>, Stop> {
        if voucher_text(receipt.voucher.as_ref()).is_none() {
            return Ok(None);
        }
        let Some(holder) = rows(answers.next()).first().and_then(holder_of) else { return Ok(None) };
        let Some(row) = self.get_one(&RECEIPT, holder)? else { return Ok(None) };
        let first = Receipt::from_row(&row)?;
        let same = first.on == receipt.on && receipt.amount.minor(currency) == Some(first.minor(first.amount));
        if same && first.kind == ReceiptKind::Receipt {
            return Ok(Some(first));
        }
        Err(PaymentRefusal::DuplicateVoucher { voucher: first.voucher.unwrap_or_default() }.into())
    }

    /// Takes money in on a contract.
    pub(super) fn receive(&mut self, book: &mut Book, receipt: &NewReceipt) -> Result<Receipt, Stop> {
        let context = self.context.clone();
        let mut check = Checker::new();
        check_day(receipt.on, self.today(), "on", &mut check);
        let amount = typed(receipt.amount, book.contract.currency, "amount", &mut check);
        book.check_named(receipt.instalment, &mut check);
        check.ensure(!receipt.as_credit || receipt.instalment.is_none(), || Violation::not_allowed("as_credit"));
        dictionary::check_code(
            &mut check,
            &context,
            dictionary::PAYMENT_METHOD,
            "method",
            receipt.method.as_ref(),
            None,
        );
        let payer = check.optional_line("payer", &receipt.payer, 100);
        let voucher = check.optional_line("voucher", &receipt.voucher, 60);
        let note = check.optional_lines("note", &receipt.note, 1_000);
        check.done()?;
        self.check_owed(book, amount)?;
        let waits = self.needs_approval("receipt");
        let counts = if waits { 0 } else { amount };
        let allocations = book.pay(counts, receipt.instalment, receipt.as_credit)?;
        let entry = Entry {
            instalment: receipt.instalment,
            as_credit: receipt.as_credit,
            status: if waits { ReceiptStatus::Pending } else { ReceiptStatus::Counted },
            method: receipt.method.clone(),
            payer,
            voucher,
            note,
            allocations,
            ..Entry::of(ReceiptKind::Receipt, receipt.on, amount, counts)
        };
        self.post(book, entry, "record_receipt")
    }

    /// Writes a receipt on a contract, with its history and its event.
    pub(super) fn post(&mut self, book: &Book, entry: Entry, operation: &str) -> Result<Receipt, Stop> {
        let contract = &book.contract;
        let base = crate::money::converted(entry.net, contract.currency, contract.rate, contract.base_currency)?;
        let place = Place {
            customer: contract.customer,
            contract: Some(contract.id),
            currency: contract.currency,
            base_net: Decimal::of_minor(base, contract.base_currency),
            base_currency: contract.base_currency,
            owner: (contract.owner.clone(), contract.owner_position.clone()),
            stands: contract.stands(),
            performer: (contract.performer.clone(), contract.performer_position.clone()),
        };
        self.write_receipt(place, entry, operation)
    }

    /// Writes a receipt on a customer's credit.
    pub(super) fn post_credit(
        &mut self,
        customer: &Customer,
        currency: Currency,
        base: (Decimal, Currency),
        entry: Entry,
        operation: &str,
    ) -> Result<Receipt, Stop> {
        let owner = (customer.owner.clone(), customer.owner_position.clone());
        let place = Place {
            customer: customer.id,
            contract: None,
            currency,
            base_net: base.0,
            base_currency: base.1,
            performer: owner.clone(),
            owner,
            stands: customer.stands(),
        };
        self.write_receipt(place, entry, operation)
    }

    fn write_receipt(&mut self, place: Place, entry: Entry, operation: &str) -> Result<Receipt, Stop> {
        let amount = |minor| Decimal::of_minor(minor, place.currency);
        let mut written = Receipt {
            id: ReceiptId(self.draw()?),
            kind: entry.kind,
            status: entry.status,
            approval: None,
            customer: place.customer,
            contract: place.contract,
            on: entry.on,
            currency: place.currency,
            amount: amount(entry.amount),
            net: amount(entry.net),
            base_net: place.base_net,
            base_currency: place.base_currency,
            method: entry.method,
            payer: entry.payer,
            voucher: entry.voucher,
            reason: entry.reason,
            note: entry.note,
            instalment: entry.instalment,
            as_credit: entry.as_credit,
            allocations: entry.allocations,
            reverses: entry.reverses,
            reversed_by: None,
            performer: place.performer.0,
            performer_position: place.performer.1,
            owner: place.owner.0,
            owner_position: place.owner.1,
            created_at: self.now,
            created_by: self.actor().name(),
            version: 1,
        };
        let (record, of) = match written.contract {
            Some(contract) => (ContractId::RECORD, contract.to_string()),
            None => (CustomerId::RECORD, written.customer.to_string()),
        };
        if let Some(voucher) = voucher_text(written.voucher.as_ref()) {
            self.insert(&UNIQUE_KEY, unique_key(&voucher_space(&of), &voucher, &written.id.to_string()));
        }
        if written.status == ReceiptStatus::Pending {
            self.ask_for(&mut written)?;
        }
        let mut row = written.to_row()?;
        if let Some(scope) = RECEIPT.position("scope").and_then(|place| row.values.get_mut(place)) {
            *scope = place.stands.to_value();
        }
        self.insert(&RECEIPT, row);
        let told = serde_json::json!({
            "id": written.id, "kind": written.kind, "on": written.on, "amount": written.amount,
        });
        let change = history::change("receipt", None, Some(told));
        self.remember(record, of, operation, vec![change])?;
        let data = serde_json::json!({
            "contract": written.contract, "customer": written.customer, "kind": written.kind, "on": written.on,
            "amount": written.amount, "currency": written.currency, "reverses": written.reverses,
        });
        self.announce("receipt_recorded", ReceiptId::RECORD, written.id, data)?;
        Ok(written)
    }

    /// Asks for a receipt, which counts when it is approved.
    fn ask_for(&mut self, written: &mut Receipt) -> Result<(), Stop> {
        let Some(contract) = written.contract else { return Ok(()) };
        let contract = self.contract_named(contract)?;
        let row = self.get_one(&CUSTOMER, written.customer.to_string())?;
        let customer = row.map(|row| Customer::from_row(&row)).transpose()?;
        let customer = customer.ok_or_else(|| crate::customer::not_found(written.customer))?;
        let snapshot = serde_json::to_value(&*written).unwrap_or_default();
        let (command, receipt) = ("receipt", Some(written.id));
        let (contract, customer) = (Some(&contract), &customer);
        let request =
            Request { command, contract, receipt, customer, transfer: None, merge: None, reason: None, snapshot };
        written.approval = Some(self.request_approval(request)?);
        Ok(())
    }

    /// A receipt counts, or never will, as was decided.
    pub(crate) fn decided_receipt(&mut self, receipt: ReceiptId, approved: bool) -> Result<(), Stop> {
        let row = self.get_one(&RECEIPT, receipt.to_string())?.ok_or_else(|| not_found(receipt))?;
        let before = Receipt::from_row(&row)?;
        let contract = self.contract_named(before.contract.ok_or_else(|| not_found(receipt))?)?;
        let mut book = self.book_of(contract)?;
        let mut after = Receipt { approval: None, status: ReceiptStatus::Rejected, ..before.clone() };
        if approved {
            book.contract.check_status(&RECEIVING)?;
            let amount = before.minor(before.amount);
            self.check_owed(&book, amount)?;
            after.status = ReceiptStatus::Counted;
            after.allocations = book.pay(amount, before.instalment, before.as_credit)?;
            after.net = before.amount;
            let base = book.contract.base_currency;
            let net = crate::money::converted(amount, before.currency, book.contract.rate, base)?;
            after.base_net = Decimal::of_minor(net, base);
            self.keep_book(&mut book)?;
        } else if let Some(id) = voucher_key(&voucher_space(book.contract.id), before.voucher.as_ref()) {
            self.write(Write::Delete { kind: &UNIQUE_KEY, id, version: 1 });
        }
        self.save(&before, &after)?;
        let told = |own: &Receipt| serde_json::json!({"id": own.id, "status": own.status, "amount": own.amount});
        let change = history::change("receipt", Some(told(&before)), Some(told(&after)));
        self.remember(ContractId::RECORD, book.contract.id, "resolve_approval", vec![change])?;
        let data = serde_json::json!({
            "contract": book.contract.id, "customer": after.customer, "status": after.status, "on": after.on,
            "amount": after.amount, "currency": after.currency,
        });
        self.announce("receipt_decided", ReceiptId::RECORD, receipt, data)?;
        Ok(())
    }

    /// Refuses more than is owed, where the settings say so.
    fn check_owed(&self, book: &Book, amount: i64) -> Result<(), Error> {
        let owed = book.contract.owed().max(0);
        if self.context.settings().contract.receipt_over == ReceiptRule::Refuse && amount > owed {
            let owed = Decimal::of_minor(owed, book.contract.currency).to_string();
            return Err(PaymentRefusal::MoreThanOwed { owed }.into());
        }
        Ok(())
    }

    /// A receipt that the actor sees by its contract or its customer.
    pub(super) fn receipt_within(&mut self, id: ReceiptId) -> Result<Receipt, Stop> {
        let row = self.get_one(&RECEIPT, id.to_string())?.ok_or_else(|| not_found(id))?;
        let receipt = Receipt::from_row(&row)?;
        let panel = SharePanel::Receipts;
        let seen = match receipt.contract {
            Some(contract) => self.contract_by_panel(contract, Reach::Read, panel).map(|_| ()),
            None => self.customer_of_part(receipt.customer, (Reach::Read, panel), || not_found(id)).map(|_| ()),
        };
        match seen {
            Ok(()) => Ok(receipt),
            Err(Stop::Error(Error::NotFound { .. })) => Err(not_found(id).into()),
            Err(Stop::Error(Error::Forbidden { module, .. })) if module == panel.module() => Err(not_found(id).into()),
            Err(other) => Err(other),
        }
    }

    /// Answers a repeated request with the receipt it wrote.
    pub(super) fn receipt_made(&mut self, ids: &[String]) -> Result<Receipt, Stop> {
        let id = ids.first().cloned().unwrap_or_default();
        let id: ReceiptId = id.parse().map_err(|_| not_found(id.clone()))?;
        self.receipt_within(id)
    }
}
