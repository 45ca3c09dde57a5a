//! A contract's plan with what was paid on it: read as one, changed as one, kept as one.

use super::rules::{Part, put};
use super::{Allocation, INSTALMENT, Instalment, RECEIPT};
use crate::access::Reach;
use crate::contract::{CONTRACT, Contract, contract_not_found};
use crate::customer::{CustomerId, Under, scopes_by_id};
use crate::error::{Error, Violation};
use crate::id::{ContractId, InstalmentId};
use crate::money::{self, Decimal};
use crate::page::COUNT_CAP;
use crate::record::{ABSENT, Columns, Record};
use crate::store::{Answer, Change, Comparison, Direction, Filter, Read, Search, Selection, Value, Write};
use crate::work::{Stop, Work, counted, rows};

/// Changes of plan and receipts of a contract, at the most: a commit that moves all of them stays small enough.
const MOST_CHANGES: i64 = 10_000;

/// A contract with its instalments.
pub(super) struct Book {
    /// The contract as it was read.
    pub(super) before: Contract,
    /// As it shall be: only what stands in its payments.
    pub(super) contract: Contract,
    pub(super) read: Vec<Instalment>,
    /// The instalments, in their order.
    pub(super) instalments: Vec<Instalment>,
}

fn of_contract(contract: ContractId) -> Read {
    let search = Search::of(&INSTALMENT).within("contract", vec![contract.to_string().into()]);
    Read::Find(search.ordered("place", Direction::Ascending))
}

/// What instalments come to.
struct Sums {
    planned: i64,
    allocated: i64,
    next_due_on: Option<crate::date::Date>,
}

fn sums(instalments: &[Instalment]) -> Result<Sums, Error> {
    let planned = |own: &Instalment| if own.void { own.minor(own.paid) } else { own.minor(own.amount) };
    Ok(Sums {
        planned: money::sum(instalments.iter().map(planned))?,
        allocated: money::sum(instalments.iter().map(|own| own.minor(own.paid)))?,
        next_due_on: instalments.iter().filter_map(Instalment::pending_on).min(),
    })
}

impl Contract {
    pub(super) fn take_sums(&mut self, instalments: &[Instalment]) -> Result<(), Error> {
        let sums = sums(instalments)?;
        self.payments.planned = Decimal::of_minor(sums.planned, self.currency);
        self.payments.allocated = Decimal::of_minor(sums.allocated, self.currency);
        self.payments.next_due_on = sums.next_due_on;
        Ok(())
    }
}

impl Book {
    fn of(contract: Contract, found: &[crate::store::Row]) -> Result<Self, Error> {
        let read = Instalment::from_rows(found)?;
        Ok(Book { before: contract.clone(), contract, instalments: read.clone(), read })
    }

    /// An instalment of this contract.
    pub(super) fn check_named(&self, named: Option<InstalmentId>, check: &mut crate::text::Checker) {
        let known = named.is_none_or(|named| self.instalments.iter().any(|own| own.id == named));
        check.ensure(known, || Violation::unknown("instalment"));
    }

    pub(super) fn received(&self) -> i64 {
        self.contract.minor(self.contract.payments.received)
    }

    /// Received, and gone to no instalment.
    pub(super) fn unallocated(&self) -> Result<i64, Error> {
        Ok(self.received() - sums(&self.instalments)?.allocated)
    }

    /// What was paid of the instalment that is named, up to an amount.
    pub(super) fn whole_of(&self, named: Option<InstalmentId>, most: i64) -> Vec<Allocation> {
        let own = self.instalments.iter().find(|own| Some(own.id) == named);
        let whole = |own: &Instalment| {
            let amount = Decimal::of_minor(own.minor(own.paid).min(most), own.currency);
            Allocation { instalment: own.id, no: own.no, amount }
        };
        own.map(whole).into_iter().collect()
    }

    /// Takes money in, and pays instalments by it.
    pub(super) fn pay(
        &mut self,
        amount: i64,
        named: Option<InstalmentId>,
        as_credit: bool,
    ) -> Result<Vec<Allocation>, Error> {
        self.receive(amount)?;
        Ok(put(&mut self.instalments, if as_credit { 0 } else { amount }, named, Part::Paid).0)
    }

    /// Moves what was written off.
    pub(super) fn write_off(&mut self, amount: i64) -> Result<(), Error> {
        let sum = money::sum([self.contract.minor(self.contract.payments.written_off), amount])?;
        self.contract.payments.written_off = Decimal::of_minor(sum, self.contract.currency);
        Ok(())
    }

    /// Moves what was received.
    pub(super) fn receive(&mut self, amount: i64) -> Result<(), Error> {
        let received = money::sum([self.received(), amount])?;
        self.contract.payments.received = Decimal::of_minor(received, self.contract.currency);
        Ok(())
    }
}

impl Work<'_> {
    /// The book of a contract whose duties the actor has, with the answers to further questions: in one read.
    pub(super) fn book_within(
        &mut self,
        id: ContractId,
        more: Vec<Read>,
    ) -> Result<(Book, impl Iterator<Item = Answer> + use<>), Stop> {
        let mut reads = vec![Read::Get { kind: &CONTRACT, ids: vec![id.to_string()] }, of_contract(id)];
        reads.extend(more);
        let mut answers = self.read(reads)?.into_iter();
        let row = rows(answers.next()).into_iter().next().ok_or_else(|| contract_not_found(id))?;
        let contract = Contract::from_row(&row)?;
        let book = Book::of(contract, &rows(answers.next()))?;
        let access = self.access()?;
        access.allow("contract.view")?;
        if !access.disposes_of(&book.contract.stands()) {
            // He may see it by its customer: then he is told that he may not.
            self.contract_within(id, Reach::Own)?;
        }
        Ok((book, answers))
    }

    /// The book of a contract that was read.
    pub(super) fn book_of(&mut self, contract: Contract) -> Result<Book, Stop> {
        let found = rows(self.read(vec![of_contract(contract.id)])?.into_iter().next());
        Ok(Book::of(contract, &found)?)
    }

    /// Keeps what changed in a book; the contract gets no new version.
    pub(super) fn keep_book(&mut self, book: &mut Book) -> Result<(), Stop> {
        if book.before.payments.revision >= MOST_CHANGES {
            return Err(Violation::too_many("receipts", MOST_CHANGES).into());
        }
        book.contract.take_sums(&book.instalments)?;
        book.contract.payments.revision += 1;
        self.keep_instalments(&book.read, &book.instalments)?;
        for own in &mut book.instalments {
            let saved = book.read.iter().any(|was| was.id == own.id && was != own);
            own.version += i64::from(saved);
        }
        let columns = crate::contract::MONEY.iter();
        let values = book.before.money_columns().into_iter().zip(book.contract.money_columns());
        let changes = columns
            .zip(values)
            .filter(|(_, (was, becomes))| was != becomes)
            .map(|(column, (was, becomes))| match *column {
                // Two that decide on one contract at once: the second decides again.
                "payment_revision" => (*column, Change::Replace(was, becomes)),
                _ => (*column, Change::Set(becomes)),
            })
            .collect();
        self.touch(&CONTRACT, book.contract.id, Some(book.before.version), changes);
        book.contract.derive_money(self.today());
        Ok(())
    }

    pub(super) fn keep_instalments(&mut self, before: &[Instalment], after: &[Instalment]) -> Result<(), Error> {
        for gone in before.iter().filter(|own| !after.iter().any(|kept| kept.id == own.id)) {
            self.write(Write::Delete { kind: &INSTALMENT, id: gone.id.to_string(), version: gone.version });
        }
        for own in after {
            match before.iter().find(|was| was.id == own.id) {
                Some(was) if was == own => {}
                Some(was) => self.save(was, own)?,
                None => self.insert(&INSTALMENT, own.to_row()?),
            }
        }
        Ok(())
    }

    /// Plan and receipts stand as their contract does, which is about to be saved.
    pub(crate) fn follow_contract(&mut self, before: &Contract, after: &mut Contract) -> Result<(), Stop> {
        let moved = before.stands() != after.stands();
        let same = before.is_collected() == after.is_collected() && before.is_void() == after.is_void();
        if before.payments.revision == 0 || (same && !moved) {
            return Ok(());
        }
        let found = rows(self.read(vec![of_contract(after.id)])?.into_iter().next());
        let read = Instalment::from_rows(&found)?;
        let mut instalments = read.clone();
        instalments.iter_mut().for_each(|own| own.follow(after));
        self.keep_instalments(&read, &instalments)?;
        after.take_sums(&instalments)?;
        if moved {
            let receipts = Search::of(&RECEIPT).within("contract", vec![after.id.to_string().into()]);
            for (receipt, _) in self.columns(Selection::Page(receipts), vec!["scope"])? {
                let scope = after.stands().to_value();
                self.touch(&RECEIPT, receipt, None, vec![("scope", Change::Set(scope))]);
            }
        }
        Ok(())
    }

    /// How many instalments of contracts are not paid; beyond 10,000 no more are counted.
    pub(crate) fn open_instalments(&mut self, contracts: &[Contract]) -> Result<i32, Stop> {
        let of: Vec<Value> = contracts.iter().map(|contract| contract.id.to_string().into()).collect();
        if of.is_empty() {
            return Ok(0);
        }
        let open = Filter::Is("open", Comparison::Greater, 0.into());
        let search =
            Search::of(&INSTALMENT).within("contract", of).filtered(open).ordered("place", Direction::Ascending);
        let count = self.read(vec![Read::Count { search, cap: COUNT_CAP }])?.into_iter().next();
        Ok(i32::try_from(counted(count).unwrap_or(COUNT_CAP)).unwrap_or(i32::MAX))
    }

    /// The plan of a draft goes with it.
    pub(crate) fn drop_plan(&mut self, contract: &Contract) -> Result<(), Stop> {
        if contract.payments.revision > 0 {
            let found = rows(self.read(vec![of_contract(contract.id)])?.into_iter().next());
            self.keep_instalments(&Instalment::from_rows(&found)?, &[])?;
        }
        Ok(())
    }

    /// Refuses what would take a customer away from money that came.
    pub(crate) fn check_no_receipts(&mut self, customer: CustomerId) -> Result<(), Stop> {
        let own = Search::of(&RECEIPT).within("customer", vec![customer.to_string().into()]).limited(1);
        match rows(self.read(vec![Read::Find(own)])?.into_iter().next()).is_empty() {
            true => Ok(()),
            false => Err(super::PaymentRefusal::HasReceipts.into()),
        }
    }
}

/// Plans of drafts go with their customer.
pub(crate) static PAYMENTS_UNDER: Under = Under {
    purge: |work, customer| {
        let own = Search::of(&INSTALMENT).within("customer", vec![customer.to_string().into()]).limited(200);
        let found = rows(work.read(vec![Read::Find(own)])?.into_iter().next());
        let whole = found.len() < 200;
        for row in found {
            work.write(Write::Delete { kind: &INSTALMENT, id: row.id, version: row.version });
        }
        Ok(whole)
    },
    // Credit stands where its customer does; what came on contracts where they do.
    follow: Some(|work, customers| {
        let scopes = scopes_by_id(customers);
        let of = scopes.keys().map(|customer| customer.as_str().into()).collect();
        let own = Search::of(&RECEIPT).within("customer", of).filtered(Filter::equal("contract", ABSENT));
        for receipt in work.find_all(own)? {
            let customer = Columns::of(&RECEIPT, &receipt).text("customer");
            if let Some(scope) = customer.and_then(|customer| scopes.get(&customer)) {
                work.touch(&RECEIPT, receipt.id, None, vec![("scope", Change::Set(scope.clone()))]);
            }
        }
        Ok(())
    }),
};
