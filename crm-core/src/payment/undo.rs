//! What undoes receipts, or stands in for them (K5): reversals 冲销, refunds 退款, write-offs 尾差/坏账.

use super::book::Book;
use super::input::{NewRefund, NewWriteOff};
use super::receipt::{Entry, RECEIVING, voucher_key, voucher_read, voucher_space};
use super::rules::{Part, check_day, put, put_back, take_back, take_newest, typed};
use super::{Allocation, PaymentRefusal, Receipt, ReceiptKind, ReceiptStatus};
use crate::contract::ContractStatus;
use crate::crm::Session;
use crate::dictionary;
use crate::error::{Error, Violation};
use crate::id::{ContractId, ReceiptId};
use crate::money::Decimal;
use crate::operations::op;
use crate::organisation::{UNIQUE_KEY, holder_of};
use crate::store::Write;
use crate::text::Checker;
use crate::work::{Stop, Work, rows};

/// Statuses of contracts on which something may still be undone: money that came on a void one goes back.
const UNDOING: [ContractStatus; 4] = [RECEIVING[0], RECEIVING[1], RECEIVING[2], ContractStatus::Void];

impl Session<'_> {
    /// Reverses a receipt, a refund or a write-off, today: what it paid is open again. Its voucher number is free for the
    /// right one.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `payment.delete`, or for who has not the contract's duties;
    /// [`Error::NotFound`]; [`Error::Invalid`]; `not_reversible`, `reversed_already`, `more_than_received`,
    /// `more_than_credit`, `wrong_contract_status`, `contract_pending`.
    pub fn reverse_receipt(&self, receipt: ReceiptId, reason: String) -> Result<Receipt, Error> {
        self.command(
            &op::reverse_receipt,
            &(receipt, &reason),
            |work| {
                let before = work.receipt_within(receipt)?;
                let mut check = Checker::new();
                let reason = check.line("reason", &reason, 200);
                check.done()?;
                let kind = before.kind.as_str().to_owned();
                let stays = matches!(before.kind, ReceiptKind::Reversal | ReceiptKind::Credit);
                if stays || before.status != ReceiptStatus::Counted {
                    return Err(PaymentRefusal::NotReversible { kind }.into());
                }
                if before.reversed_by.is_some() {
                    return Err(PaymentRefusal::ReversedAlready.into());
                }
                let written = match before.contract {
                    Some(contract) => work.reverse_on(contract, &before, reason)?,
                    None => work.reverse_prepayment(&before, reason)?,
                };
                let after = Receipt { reversed_by: Some(written.id), ..before.clone() };
                work.save(&before, &after)?;
                let of = before.contract.map_or_else(|| before.customer.to_string(), |contract| contract.to_string());
                if let Some(id) = voucher_key(&voucher_space(of), before.voucher.as_ref()) {
                    // After a merge another receipt may have it there.
                    let own = work.get_one(&UNIQUE_KEY, id)?.filter(|key| holder_of(key) == Some(receipt.to_string()));
                    if let Some(key) = own {
                        work.write(Write::Delete { kind: &UNIQUE_KEY, id: key.id, version: key.version });
                    }
                }
                work.made(written.id);
                Ok(written)
            },
            |work, ids| work.receipt_made(ids),
        )
    }

    /// Records money that went back to the customer, at most what was received: first out of credit, then out of the
    /// instalment that is named, then out of the newest.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `payment.delete`, or for who has not the contract's duties;
    /// [`Error::NotFound`]; [`Error::Invalid`]; `more_than_received`, `duplicate_voucher`, `wrong_contract_status`,
    /// `contract_pending`.
    pub fn record_refund(&self, contract: ContractId, refund: NewRefund) -> Result<Receipt, Error> {
        self.command(
            &op::record_refund,
            &(contract, &refund),
            |work| {
                let space = voucher_space(contract);
                let (mut book, mut more) = work.book_within(contract, voucher_read(&space, refund.voucher.as_ref()))?;
                book.contract.check_status(&UNDOING)?;
                let context = work.context.clone();
                let mut check = Checker::new();
                check_day(refund.on, work.today(), "on", &mut check);
                let amount = typed(refund.amount, book.contract.currency, "amount", &mut check);
                book.check_named(refund.instalment, &mut check);
                let method = refund.method.as_ref();
                dictionary::check_code(&mut check, &context, dictionary::PAYMENT_METHOD, "method", method, None);
                let payer = check.optional_line("payee", &refund.payee, 100);
                let voucher = check.optional_line("voucher", &refund.voucher, 60);
                let reason = check.line("reason", &refund.reason, 200);
                check.done()?;
                let held = rows(more.next()).into_iter().next();
                if let (Some(voucher), true) = (voucher.clone(), held.is_some()) {
                    return Err(PaymentRefusal::DuplicateVoucher { voucher }.into());
                }
                if amount > book.received() {
                    let received = Decimal::of_minor(book.received(), book.contract.currency).to_string();
                    return Err(PaymentRefusal::MoreThanReceived { received }.into());
                }
                let beyond = (amount - book.unallocated()?).max(0);
                let first: Vec<Allocation> = book.whole_of(refund.instalment, beyond);
                let mut allocations = take_back(&mut book.instalments, &first, Part::Paid);
                book.receive(-amount)?;
                allocations.extend(work.settle_shortage(&mut book)?);
                let entry = Entry {
                    payer,
                    voucher,
                    method: refund.method.clone(),
                    reason: Some(reason),
                    allocations,
                    ..Entry::of(ReceiptKind::Refund, refund.on, amount, -amount)
                };
                let written = work.post(&book, entry, "record_refund")?;
                work.keep_book(&mut book)?;
                work.made(written.id);
                Ok(written)
            },
            |work, ids| work.receipt_made(ids),
        )
    }

    /// Writes off what will not be received: a rest, or a bad debt. It lowers what is unreceived and is never received.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `payment.write_off`, or for who has not the contract's duties;
    /// [`Error::NotFound`]; [`Error::Invalid`]; `more_than_owed`, `wrong_contract_status`, `contract_pending`.
    pub fn write_off(&self, contract: ContractId, write_off: NewWriteOff) -> Result<Receipt, Error> {
        self.command(
            &op::write_off,
            &(contract, &write_off),
            |work| {
                let mut book = work.book_within(contract, Vec::new())?.0;
                book.contract.check_status(&RECEIVING)?;
                let owed = book.contract.owed().max(0);
                let mut check = Checker::new();
                let amount = match write_off.amount {
                    Some(amount) => typed(amount, book.contract.currency, "amount", &mut check),
                    None => owed,
                };
                check.ensure(write_off.amount.is_some() || owed > 0, || Violation::out_of_range("amount"));
                book.check_named(write_off.instalment, &mut check);
                let reason = check.line("reason", &write_off.reason, 200);
                check.done()?;
                if amount > owed {
                    let owed = Decimal::of_minor(owed, book.contract.currency).to_string();
                    return Err(PaymentRefusal::MoreThanOwed { owed }.into());
                }
                let (allocations, _) = put(&mut book.instalments, amount, write_off.instalment, Part::WrittenOff);
                book.write_off(amount)?;
                let entry = Entry {
                    reason: Some(reason),
                    allocations,
                    ..Entry::of(ReceiptKind::WriteOff, work.today(), amount, 0)
                };
                let written = work.post(&book, entry, "write_off")?;
                work.keep_book(&mut book)?;
                work.made(written.id);
                Ok(written)
            },
            |work, ids| work.receipt_made(ids),
        )
    }
}

impl Work<'_> {
    /// Writes what takes back an entry of a contract.
    fn reverse_on(&mut self, contract: ContractId, before: &Receipt, reason: String) -> Result<Receipt, Stop> {
        let mut book = self.book_within(contract, Vec::new())?.0;
        book.contract.check_status(&UNDOING)?;
        let amount = before.minor(before.amount);
        let mut allocations = match before.kind {
            ReceiptKind::WriteOff => {
                book.write_off(-amount)?;
                take_back(&mut book.instalments, &before.allocations, Part::WrittenOff)
            }
            ReceiptKind::Refund => {
                book.receive(amount)?;
                put_back(&mut book.instalments, &before.allocations)
            }
            _ => {
                if amount > book.received() {
                    let received = Decimal::of_minor(book.received(), book.contract.currency).to_string();
                    return Err(PaymentRefusal::MoreThanReceived { received }.into());
                }
                book.receive(-amount)?;
                take_back(&mut book.instalments, &before.allocations, Part::Paid)
            }
        };
        allocations.extend(self.settle_shortage(&mut book)?);
        let net = -before.minor(before.net);
        let entry = Entry {
            reason: Some(reason),
            allocations,
            reverses: Some(before.id),
            ..Entry::of(ReceiptKind::Reversal, self.today(), amount, net)
        };
        let written = self.post(&book, entry, "reverse_receipt")?;
        self.keep_book(&mut book)?;
        Ok(written)
    }

    /// Instalments can't have more than was received: what is missing comes from the newest.
    fn settle_shortage(&mut self, book: &mut Book) -> Result<Vec<Allocation>, Error> {
        let missing = -book.unallocated()?;
        Ok(if missing > 0 { take_newest(&mut book.instalments, missing) } else { Vec::new() })
    }
}
