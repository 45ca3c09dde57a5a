//! Supplements of less than nothing (K2): what they take from the plan of their parent.

use super::book::Book;
use super::rules::{MOST_INSTALMENTS, newest_first, typed};
use crate::contract::{Contract, Lowered};
use crate::error::Violation;
use crate::money::{self, Decimal};
use crate::text::Checker;
use crate::work::{Stop, Work};

impl Work<'_> {
    /// Refuses to lower what is no open instalment of the parent.
    pub(crate) fn check_lowers(&mut self, supplement: &Contract, parent: Option<&Contract>) -> Result<(), Stop> {
        if supplement.lowers.is_empty() {
            return Ok(());
        }
        let Some(parent) = parent.filter(|_| supplement.minor_amount() < 0) else {
            return Err(Violation::not_allowed("lowers").into());
        };
        if supplement.lowers.len() > MOST_INSTALMENTS {
            return Err(Violation::too_many("lowers", MOST_INSTALMENTS as i64).into());
        }
        let book = self.book_of(parent.clone())?;
        let mut check = Checker::new();
        let mut total = Vec::new();
        for (place, lowered) in supplement.lowers.iter().enumerate() {
            check.under(&format!("lowers[{place}]"), |check| {
                let amount = typed(lowered.amount, parent.currency, "amount", check);
                let own = book.instalments.iter().find(|own| own.id == lowered.instalment);
                check.ensure(own.is_some(), || Violation::unknown("instalment"));
                check.ensure(own.is_none_or(|own| amount <= own.open_minor()), || Violation::out_of_range("amount"));
                let mut before = supplement.lowers.iter().take(place);
                let twice = before.any(|other| other.instalment == lowered.instalment);
                check.ensure(!twice, || Violation::repeated("instalment"));
                total.push(amount);
            });
        }
        let whole = money::sum(total)? <= supplement.minor_amount().saturating_neg();
        check.ensure(whole, || Violation::out_of_range("lowers"));
        Ok(check.done()?)
    }

    /// A supplement of less than nothing, which is signed, lowers what is owed on its parent, and the instalments that it
    /// names, then the last ones. Answers with those that it lowered.
    pub(crate) fn lower(
        &mut self,
        parent: &Contract,
        after: &mut Contract,
        supplement: &Contract,
    ) -> Result<Vec<Lowered>, Stop> {
        let less = supplement.minor_amount().saturating_neg();
        if less <= 0 {
            return Ok(Vec::new());
        }
        self.check_lowers(supplement, Some(parent))?;
        let mut book = self.book_of(parent.clone())?;
        let (mut rest, mut lowered) = (less, Vec::<Lowered>::new());
        let named = supplement.lowers.iter().map(|own| (own.instalment, parent.minor(own.amount)));
        let last = newest_first(&book.instalments).into_iter().map(|id| (id, i64::MAX));
        for (id, most) in named.chain(last) {
            let Some(own) = book.instalments.iter_mut().find(|own| own.id == id) else { continue };
            let share = own.open_minor().min(most).min(rest);
            if share <= 0 {
                continue;
            }
            rest -= share;
            own.amount = Decimal::of_minor(parent.minor(own.amount) - share, own.currency);
            let known = lowered.iter().position(|known| known.instalment == id);
            let had = known.map_or(0, |place| parent.minor(lowered.remove(place).amount));
            lowered.push(Lowered { instalment: id, amount: Decimal::of_minor(had + share, parent.currency) });
        }
        let sum = money::sum([parent.minor(parent.payments.lowered), less])?;
        self.keep_lowered(&book, after, sum)?;
        Ok(lowered)
    }

    /// Gives back what a supplement lowered, which is void by now.
    pub(crate) fn raise(&mut self, parent: &Contract, after: &mut Contract, supplement: &Contract) -> Result<(), Stop> {
        let less = supplement.minor_amount().saturating_neg();
        if less <= 0 {
            return Ok(());
        }
        let mut book = self.book_of(parent.clone())?;
        for lowered in &supplement.lowers {
            if let Some(own) = book.instalments.iter_mut().find(|own| own.id == lowered.instalment) {
                let sum = money::sum([parent.minor(own.amount), parent.minor(lowered.amount)])?;
                own.amount = Decimal::of_minor(sum, own.currency);
            }
        }
        let sum = parent.minor(parent.payments.lowered).saturating_sub(less).max(0);
        self.keep_lowered(&book, after, sum)
    }

    fn keep_lowered(&mut self, book: &Book, after: &mut Contract, lowered: i64) -> Result<(), Stop> {
        self.keep_instalments(&book.read, &book.instalments)?;
        after.payments.lowered = Decimal::of_minor(lowered, after.currency);
        after.payments.revision += 1;
        Ok(after.take_sums(&book.instalments)?)
    }
}
