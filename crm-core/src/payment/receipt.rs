//! Receipts 回款 (K5): recorded, read; nothing of them is ever deleted.

use super::book::Book;
use super::input::NewReceipt;
use super::rules::{Part, check_day, put, typed};
use super::{Allocation, PaymentRefusal, RECEIPT, Receipt, ReceiptKind};
use crate::access::Reach;
use crate::contract::ContractStatus;
use crate::crm::Session;
use crate::date::Date;
use crate::dictionary::{self, EntryCode};
use crate::error::{Error, Violation};
use crate::history;
use crate::id::{ContractId, ReceiptId};
use crate::money::Decimal;
use crate::operations::op;
use crate::organisation::{ReceiptRule, UNIQUE_KEY, holder_of, unique_key, unique_key_id};
use crate::record::Record;
use crate::store::{Answer, Read};
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

    /// A receipt.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `payment.view`; [`Error::NotFound`].
    pub fn receipt(&self, receipt: ReceiptId) -> Result<Receipt, Error> {
        self.query(&op::receipt, |work| work.receipt_within(receipt))
    }
}

pub(super) fn not_found(receipt: impl ToString) -> Error {
    Error::NotFound { record: ReceiptId::RECORD.to_owned(), id: receipt.to_string() }
}

/// Where voucher numbers are unique: within one contract, or one customer's credit.
pub(super) fn voucher_space(of: impl std::fmt::Display) -> String {
    format!("voucher.{FOLD_VERSION}.{of}")
}

fn voucher_text(voucher: Option<&String>) -> Option<String> {
    voucher
        .map(|voucher| voucher.trim())
        .filter(|voucher| !voucher.is_empty() && voucher.chars().count() <= 60)
        .map(fold)
}

/// Who has this voucher number.
pub(super) fn voucher_read(space: &str, voucher: Option<&String>) -> Vec<Read> {
    let ids = voucher_text(voucher).map(|voucher| vec![unique_key_id(space, &voucher)]);
    ids.map(|ids| Read::Get { kind: &UNIQUE_KEY, ids }).into_iter().collect()
}

impl Work<'_> {
    /// The receipt that has the voucher number already, if it is the same.
    pub(super) fn known_voucher(
        &mut self,
        answers: &mut impl Iterator<Item = Answer>,
        receipt: &NewReceipt,
        currency: crate::money::Currency,
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
        let owed = book.contract.owed().max(0);
        if context.settings().contract.receipt_over == ReceiptRule::Refuse && amount > owed {
            let owed = Decimal::of_minor(owed, book.contract.currency).to_string();
            return Err(PaymentRefusal::MoreThanOwed { owed }.into());
        }
        let payable = if receipt.as_credit { 0 } else { amount };
        let (allocations, _) = put(&mut book.instalments, payable, receipt.instalment, Part::Paid);
        book.receive(amount)?;
        let entry = Entry {
            kind: ReceiptKind::Receipt,
            on: receipt.on,
            amount,
            net: amount,
            method: receipt.method.clone(),
            payer,
            voucher,
            reason: None,
            note,
            allocations,
            reverses: None,
        };
        self.post(book, entry, "record_receipt")
    }

    /// Writes a receipt on a contract, with its history and its event.
    pub(super) fn post(&mut self, book: &Book, entry: Entry, operation: &str) -> Result<Receipt, Stop> {
        let contract = &book.contract;
        let amount = |minor| Decimal::of_minor(minor, contract.currency);
        let base = crate::money::converted(entry.net, contract.currency, contract.rate, contract.base_currency)?;
        let written = Receipt {
            id: ReceiptId(self.draw()?),
            kind: entry.kind,
            customer: contract.customer,
            contract: Some(contract.id),
            on: entry.on,
            currency: contract.currency,
            amount: amount(entry.amount),
            net: amount(entry.net),
            base_net: Decimal::of_minor(base, contract.base_currency),
            base_currency: contract.base_currency,
            method: entry.method,
            payer: entry.payer,
            voucher: entry.voucher,
            reason: entry.reason,
            note: entry.note,
            allocations: entry.allocations,
            reverses: entry.reverses,
            reversed_by: None,
            performer: contract.performer.clone(),
            performer_position: contract.performer_position.clone(),
            owner: contract.owner.clone(),
            owner_position: contract.owner_position.clone(),
            created_at: self.now,
            created_by: self.actor().name(),
            version: 1,
        };
        if let Some(voucher) = voucher_text(written.voucher.as_ref()) {
            self.insert(&UNIQUE_KEY, unique_key(&voucher_space(contract.id), &voucher, &written.id.to_string()));
        }
        self.insert(&RECEIPT, written.to_row()?);
        let told = serde_json::json!({
            "id": written.id, "kind": written.kind, "on": written.on, "amount": written.amount,
        });
        let change = history::change("receipt", None, Some(told));
        self.remember(ContractId::RECORD, contract.id, operation, vec![change])?;
        let data = serde_json::json!({
            "contract": contract.id, "customer": contract.customer, "kind": written.kind, "on": written.on,
            "amount": written.amount, "currency": written.currency, "reverses": written.reverses,
        });
        self.announce("receipt_recorded", ReceiptId::RECORD, written.id, data)?;
        Ok(written)
    }

    /// A receipt that the actor sees by its contract or its customer.
    pub(super) fn receipt_within(&mut self, id: ReceiptId) -> Result<Receipt, Stop> {
        let row = self.get_one(&RECEIPT, id.to_string())?.ok_or_else(|| not_found(id))?;
        let receipt = Receipt::from_row(&row)?;
        let seen = match receipt.contract {
            Some(contract) => self.contract_within(contract, Reach::Read).map(|_| ()),
            None => self.customer_with_shares(receipt.customer, Reach::Read).map(|_| ()),
        };
        match seen {
            Ok(()) => Ok(receipt),
            Err(Stop::Error(Error::NotFound { .. })) => Err(not_found(id).into()),
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
