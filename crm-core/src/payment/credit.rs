//! Credit 预收款 (K5): money that came before a contract, and what becomes of it.

use super::input::{NewPrepayment, NewReceipt};
use super::receipt::{Entry, RECEIVING, voucher_read, voucher_space};
use super::rules::{Part, check_day, put, typed};
use super::{PaymentRefusal, Receipt, ReceiptKind, SINCE};
use crate::access::{Part as AccessPart, Reach};
use crate::crm::Session;
use crate::customer::{CUSTOMER, Customer, CustomerId, CustomerStatus};
use crate::dictionary;
use crate::error::{Error, Violation};
use crate::id::{ContractId, InstalmentId};
use crate::money::{self, Currency, Decimal};
use crate::operations::op;
use crate::record::{Columns, Record};
use crate::sharing::{Share, SharePanel, shares_of};
use crate::store::{Change, Column, ColumnType, Index, Kind, Read, Search, Value};
use crate::text::Checker;
use crate::work::{Stop, Work, rows};
use serde::{Deserialize, Serialize};

/// What customers have as credit, by customer and currency.
pub(crate) static CUSTOMER_CREDIT: Kind = Kind {
    name: "customer_credit",
    columns: &[
        Column { name: "customer", ty: ColumnType::Text, live: true, since: SINCE, repeats: None },
        Column { name: "balance", ty: ColumnType::Integer, live: true, since: SINCE, repeats: None },
    ],
    indexes: &[Index { since: SINCE, ..Index::on("customer", &["customer"]) }],
    since: SINCE,
};

/// What a customer has as credit 预收余额 in one currency: for no contract yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct CustomerCredit {
    /// The customer.
    pub customer: CustomerId,
    /// The currency.
    pub currency: Currency,
    /// What is left.
    pub balance: Decimal,
    /// The version.
    #[serde(default)]
    pub version: i64,
}

impl Record for CustomerCredit {
    const KIND: &'static Kind = &CUSTOMER_CREDIT;

    fn key(&self) -> String {
        key(self.customer, self.currency)
    }
    fn version(&self) -> i64 {
        self.version
    }
    fn columns(&self) -> Vec<Value> {
        vec![self.customer.to_string().into(), self.balance.minor(self.currency).unwrap_or_default().into()]
    }
    fn refresh(&mut self, row: &Columns<'_>) {
        self.version = row.version();
        self.balance = Decimal::of_minor(row.integer("balance"), self.currency);
        if let Some(Ok(customer)) = row.text("customer").map(|customer| customer.parse()) {
            self.customer = customer;
        }
    }
}

fn key(customer: CustomerId, currency: Currency) -> String {
    format!("{customer}:{}", currency.code())
}

impl Session<'_> {
    /// Records money that came before there is a contract: it is the customer's credit.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `payment.create`, or for who may only read the customer; [`Error::NotFound`];
    /// [`Error::Invalid`]; `in_recycle_bin`, `duplicate_voucher`.
    pub fn record_prepayment(&self, customer: CustomerId, prepayment: NewPrepayment) -> Result<Receipt, Error> {
        self.command(
            &op::record_prepayment,
            &(customer, &prepayment),
            |work| {
                let found = work.customer_with_shares(customer, (Reach::Edit, SharePanel::Receipts))?.0;
                found.check_active()?;
                let customer = found.id;
                let base = work.context.settings().contract.base_currency;
                let currency = prepayment.currency.unwrap_or(base);
                let receipt = prepayment.receipt();
                let mut reads = vec![Read::Get { kind: &CUSTOMER_CREDIT, ids: vec![key(customer, currency)] }];
                reads.extend(voucher_read(&voucher_space(customer), receipt.voucher.as_ref()));
                let mut answers = work.read(reads)?.into_iter();
                let credit = rows(answers.next());
                if let Some(first) = work.known_voucher(&mut answers, &receipt, currency)? {
                    work.made(first.id);
                    return Ok(first);
                }
                let context = work.context.clone();
                let mut check = Checker::new();
                check_day(receipt.on, work.today(), "on", &mut check);
                let amount = typed(receipt.amount, currency, "amount", &mut check);
                let rate = prepayment.rate.or((currency == base).then_some(Decimal::ONE));
                check.ensure(rate.is_some(), || Violation::required("rate"));
                let rate = rate.unwrap_or(Decimal::ONE).shortest();
                let possible = rate.mantissa() > 0 && (currency != base || rate == Decimal::ONE);
                check.ensure(possible, || Violation::out_of_range("rate"));
                let method = receipt.method.as_ref();
                dictionary::check_code(&mut check, &context, dictionary::PAYMENT_METHOD, "method", method, None);
                let payer = check.optional_line("payer", &receipt.payer, 100);
                let voucher = check.optional_line("voucher", &receipt.voucher, 60);
                let note = check.optional_lines("note", &receipt.note, 1_000);
                check.done()?;
                work.move_credit(customer, currency, &credit, amount)?;
                let entry = Entry {
                    method: receipt.method.clone(),
                    payer,
                    voucher,
                    note,
                    ..Entry::of(ReceiptKind::Receipt, receipt.on, amount, amount)
                };
                let base_net = Decimal::of_minor(money::converted(amount, currency, rate, base)?, base);
                let written = work.post_credit(&found, currency, (base_net, base), entry, "record_prepayment")?;
                // Who deletes the customer meanwhile must see the money.
                work.bump_customer(&found)?;
                work.made(written.id);
                Ok(written)
            },
            |work, ids| work.receipt_made(ids),
        )
    }

    /// Uses a customer's credit for one of its signed contracts in the same currency, today: it pays the instalment that is
    /// named, then the oldest that are open.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `payment.create`, or for who has not the contract's duties;
    /// [`Error::NotFound`]; [`Error::Invalid`]; `more_than_credit`, `more_than_owed`, `wrong_contract_status`,
    /// `contract_pending`.
    pub fn use_prepayment(
        &self,
        contract: ContractId,
        amount: Decimal,
        instalment: Option<InstalmentId>,
    ) -> Result<Receipt, Error> {
        self.command(
            &op::use_prepayment,
            &(contract, amount, instalment),
            |work| {
                let mut book = work.book_within(contract, Vec::new())?.0;
                book.contract.check_status(&RECEIVING)?;
                let (customer, currency) = (book.contract.customer, book.contract.currency);
                let mut check = Checker::new();
                let minor = typed(amount, currency, "amount", &mut check);
                book.check_named(instalment, &mut check);
                check.done()?;
                let mut answers = work
                    .read(vec![
                        Read::Get { kind: &CUSTOMER_CREDIT, ids: vec![key(customer, currency)] },
                        Read::Get { kind: &CUSTOMER, ids: vec![customer.to_string()] },
                    ])?
                    .into_iter();
                let credit = rows(answers.next());
                let row =
                    rows(answers.next()).into_iter().next().ok_or_else(|| crate::customer::not_found(customer))?;
                let found = Customer::from_row(&row)?;
                found.check_in_place()?;
                // Of a customer in a pool nobody has more to say than whose contract it is.
                let pooled = found.status == CustomerStatus::Pooled;
                if !pooled && !work.access()?.disposes_of(&found.stands()) {
                    // Whom the balance is not shared with neither learns of it nor spends it, though the contract be his.
                    let shares = Share::from_rows(&work.find_all(shares_of(customer))?)?;
                    let reaches = work.access()?.reach_into(&found.stands(), &shares, work.now);
                    let reach = reaches.map(|reaches| reaches.of(AccessPart::Panel(SharePanel::Receipts)));
                    if reach.is_some_and(|reach| reach < Some(Reach::Edit)) {
                        let (module, right) = (SharePanel::Receipts.module().to_owned(), "edit".to_owned());
                        return Err(Error::Forbidden { module, right }.into());
                    }
                }
                let owed = book.contract.owed().max(0);
                if minor > owed {
                    let owed = Decimal::of_minor(owed, currency).to_string();
                    return Err(PaymentRefusal::MoreThanOwed { owed }.into());
                }
                work.move_credit(customer, currency, &credit, -minor)?;
                let (allocations, _) = put(&mut book.instalments, minor, instalment, Part::Paid);
                book.receive(minor)?;
                let today = work.today();
                let on_contract = Entry { allocations, ..Entry::of(ReceiptKind::Credit, today, minor, minor) };
                let written = work.post(&book, on_contract, "use_prepayment")?;
                // The same money leaves the customer's credit.
                let base = (negative(written.base_net, written.base_currency), written.base_currency);
                let note = book.contract.number.clone();
                let gone = Entry { note, ..Entry::of(ReceiptKind::Credit, today, minor, -minor) };
                work.post_credit(&found, currency, base, gone, "use_prepayment")?;
                work.keep_book(&mut book)?;
                // Who merges the customer meanwhile must see what became of its credit.
                work.bump_customer(&found)?;
                work.made(written.id);
                Ok(written)
            },
            |work, ids| work.receipt_made(ids),
        )
    }

    /// Lets credit on a contract pay instalments: the one that is named, then the oldest that are open; all of it, or so much.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `payment.edit`, or for who has not the contract's duties; [`Error::NotFound`];
    /// [`Error::Invalid`]; `more_than_credit`, `wrong_contract_status`, `contract_pending`.
    pub fn allocate_credit(
        &self,
        contract: ContractId,
        amount: Option<Decimal>,
        instalment: Option<InstalmentId>,
    ) -> Result<Receipt, Error> {
        self.command(
            &op::allocate_credit,
            &(contract, amount, instalment),
            |work| {
                let mut book = work.book_within(contract, Vec::new())?.0;
                book.contract.check_status(&RECEIVING)?;
                let left = book.unallocated()?;
                let mut check = Checker::new();
                let wanted = match amount {
                    Some(amount) => typed(amount, book.contract.currency, "amount", &mut check),
                    None => left,
                };
                book.check_named(instalment, &mut check);
                check.done()?;
                if wanted > left || left <= 0 {
                    let credit = Decimal::of_minor(left.max(0), book.contract.currency).to_string();
                    return Err(PaymentRefusal::MoreThanCredit { credit }.into());
                }
                let (allocations, rest) = put(&mut book.instalments, wanted, instalment, Part::Paid);
                if allocations.is_empty() {
                    return Err(PaymentRefusal::NothingOpen.into());
                }
                let entry = Entry { allocations, ..Entry::of(ReceiptKind::Credit, work.today(), wanted - rest, 0) };
                let written = work.post(&book, entry, "allocate_credit")?;
                work.keep_book(&mut book)?;
                work.made(written.id);
                Ok(written)
            },
            |work, ids| work.receipt_made(ids),
        )
    }

    /// What a customer has as credit, by currency.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `payment.view`; [`Error::NotFound`].
    pub fn customer_credit(&self, customer: CustomerId) -> Result<Vec<CustomerCredit>, Error> {
        self.query(&op::customer_credit, |work| {
            let customer = work.customer_with_shares(customer, (Reach::Read, SharePanel::Receipts))?.0.id;
            let own = Search::of(&CUSTOMER_CREDIT).within("customer", vec![customer.to_string().into()]);
            let found = rows(work.read(vec![Read::Find(own)])?.into_iter().next());
            Ok(CustomerCredit::from_rows(&found)?)
        })
    }
}

fn negative(amount: Decimal, currency: Currency) -> Decimal {
    Decimal::of_minor(-amount.minor(currency).unwrap_or_default(), currency)
}

impl NewPrepayment {
    /// As a receipt, but for what it has of its own.
    fn receipt(&self) -> NewReceipt {
        NewReceipt {
            method: self.method.clone(),
            payer: self.payer.clone(),
            voucher: self.voucher.clone(),
            note: self.note.clone(),
            ..NewReceipt::of(self.amount, self.on)
        }
    }
}

impl Work<'_> {
    /// Moves what a customer has as credit; it never falls below nothing.
    fn move_credit(
        &mut self,
        customer: CustomerId,
        currency: Currency,
        known: &[crate::store::Row],
        amount: i64,
    ) -> Result<(), Stop> {
        let before = known.first().map(CustomerCredit::from_row).transpose()?;
        let had = before.as_ref().map_or(0, |own| own.balance.minor(currency).unwrap_or_default());
        let has = money::sum([had, amount])?;
        if has < 0 {
            return Err(PaymentRefusal::MoreThanCredit { credit: Decimal::of_minor(had, currency).to_string() }.into());
        }
        match before {
            Some(before) => {
                let change = Change::Replace(had.into(), has.into());
                self.touch(&CUSTOMER_CREDIT, before.key(), Some(before.version), vec![("balance", change)]);
            }
            None => {
                let balance = Decimal::of_minor(has, currency);
                self.insert(&CUSTOMER_CREDIT, CustomerCredit { customer, currency, balance, version: 1 }.to_row()?);
            }
        }
        Ok(())
    }

    /// Writes what takes back a prepayment that was not used.
    pub(super) fn reverse_prepayment(&mut self, before: &Receipt, reason: String) -> Result<Receipt, Stop> {
        let customer = self.customer_with_shares(before.customer, (Reach::Edit, SharePanel::Receipts))?.0;
        let credit = self.get(&CUSTOMER_CREDIT, vec![key(customer.id, before.currency)])?;
        let amount = before.minor(before.amount);
        self.move_credit(customer.id, before.currency, &credit, -amount)?;
        self.bump_customer(&customer)?;
        let base = (negative(before.base_net, before.base_currency), before.base_currency);
        let entry = Entry {
            reason: Some(reason),
            reverses: Some(before.id),
            ..Entry::of(ReceiptKind::Reversal, self.today(), amount, -amount)
        };
        self.post_credit(&customer, before.currency, base, entry, "reverse_receipt")
    }
}
