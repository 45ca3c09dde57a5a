//! What is asked when a customer is saved (D3): who has the same values, and whom it is like.

use super::key::{holders, phone_key, values};
use super::look::Asked;
use super::name::CompanyName;
use crate::customer::{CUSTOMER, Customer, CustomerKind, CustomerRefusal, CustomerStatus};
use crate::error::Error;
use crate::history::{self, FieldChange};
use crate::organisation::DuplicateRule;
use crate::record::Record;
use crate::store::Read;
use crate::text::Checker;
use crate::work::{Stop, Work, rows};
use std::collections::BTreeSet;

/// The values of a customer that the settings may refuse to somebody else: the credit code, and a person's phones.
/// Who takes one first holds it, so that two who enter it at once find each other.
pub(crate) fn exclusive_values(customer: &Customer) -> Vec<String> {
    let code = values(customer.credit_code.as_deref(), [], None, None);
    let phones = customer.phones.iter().filter(|_| customer.kind == CustomerKind::Person);
    let phones: BTreeSet<String> = phones.filter_map(|phone| phone_key(phone)).collect();
    code.into_iter().chain(phones).collect()
}

/// The reason for which a warning is gone over, cleaned.
fn reason_of(given: Option<&String>) -> Result<Option<String>, Error> {
    let mut check = Checker::new();
    let reason = check.optional_line("duplicate_reason", &given.cloned(), 300);
    check.done()?;
    Ok(reason)
}

impl Work<'_> {
    /// Refuses what the settings refuse of a customer that is like another, and what they warn of where no reason is
    /// given. Answers what the history shall tell of a warning that was gone over.
    pub(crate) fn check_likeness(
        &mut self,
        after: &Customer,
        before: Option<&Customer>,
        reason: Option<&String>,
    ) -> Result<Option<FieldChange>, Stop> {
        let reason = reason_of(reason)?;
        let warned = match self.shared_values(after, before)? {
            None => self.alike(after, before)?,
            warned => warned,
        };
        match (warned, reason) {
            (None, _) => Ok(None),
            (Some(_), Some(reason)) => Ok(Some(history::change("duplicate_reason", None, Some(reason.into())))),
            (Some(Warned(warning)), None) => Err(warning.into()),
        }
    }

    /// Who has the credit code or a person's phone already.
    fn shared_values(&mut self, after: &Customer, before: Option<&Customer>) -> Result<Option<Warned>, Stop> {
        let settings = self.context.settings().duplicates.clone();
        let had: Vec<String> = before.map(exclusive_values).unwrap_or_default();
        let rule = |value: &str| {
            if value.starts_with("credit:") { settings.same_credit_code } else { settings.same_phone }
        };
        let mut new = exclusive_values(after);
        new.retain(|value| !had.contains(value) && rule(value) != DuplicateRule::Allow);
        if new.is_empty() {
            return Ok(None);
        }
        let own = after.id.to_string();
        let found = rows(self.read(vec![Read::Find(holders(&new))])?.into_iter().next());
        let holding: Vec<(String, String)> = found
            .iter()
            .filter_map(|row| row.id.split_once('\u{1f}'))
            .map(|(value, holder)| (value.to_owned(), holder.to_owned()))
            .filter(|(_, holder)| *holder != own)
            .collect();
        let mut ids: Vec<String> = holding.iter().map(|(_, holder)| holder.clone()).collect();
        ids.sort();
        ids.dedup();
        let mut active = BTreeSet::new();
        for row in self.get(&CUSTOMER, ids)? {
            let customer = Customer::from_row(&row)?;
            // A phone is a person's own among persons.
            if customer.status == CustomerStatus::Active {
                active.extend(exclusive_values(&customer).into_iter().map(|value| (value, row.id.clone())));
            }
        }
        let mut warned = None;
        for (value, holder) in holding {
            if !active.contains(&(value.clone(), holder)) {
                continue;
            }
            let refusal = match value.starts_with("credit:") {
                true => CustomerRefusal::SameCreditCode,
                false => CustomerRefusal::SamePhone,
            };
            if rule(&value) == DuplicateRule::Refuse {
                return Err(Error::from(refusal).into());
            }
            warned = Some(Warned(refusal.into()));
        }
        Ok(warned)
    }

    /// Whom it is like by its name, where the settings ask for that.
    fn alike(&mut self, after: &Customer, before: Option<&Customer>) -> Result<Option<Warned>, Stop> {
        let settings = self.context.settings().duplicates.clone();
        let named = |customer: &Customer| (customer.name.clone(), customer.short_name.clone(), customer.kind);
        let asked_for = [settings.warn_from, settings.refuse_from].into_iter().filter(|from| *from > 0).min();
        let Some(least) = asked_for.filter(|_| before.map(named) != Some(named(after))) else { return Ok(None) };
        let person = after.kind == CustomerKind::Person;
        let understood = |name: &str| if person { CompanyName::of_person(name) } else { CompanyName::of(name) };
        let names = [after.name.as_str(), after.short_name.as_deref().unwrap_or_default()].map(understood).to_vec();
        let mut found = self.look_up(&Asked { names, person, values: Vec::new() })?.customers;
        found.remove(&after.id.to_string());
        found.retain(|_, likeness| likeness.score >= least);
        let mut ids: Vec<String> = found.keys().cloned().collect();
        ids.truncate(200);
        let mut score = 0;
        for row in self.get(&CUSTOMER, ids)? {
            let active = Customer::from_row(&row)?.status == CustomerStatus::Active;
            if let Some(likeness) = found.get(&row.id).filter(|_| active) {
                score = score.max(likeness.score);
            }
        }
        if settings.refuse_from > 0 && score >= settings.refuse_from {
            return Err(Error::from(CustomerRefusal::CertainDuplicate { score: score.to_string() }).into());
        }
        let warned = settings.warn_from > 0 && score >= settings.warn_from;
        Ok(warned.then(|| Warned(CustomerRefusal::LikelyDuplicate { score: score.to_string() }.into())))
    }
}

/// A warning, as the refusal that it is without a reason.
struct Warned(Error);
