//! What is asked when a customer is saved (D3): who has the same values, and whom it is like.

use super::entry::understood;
use super::key::{holders, phone_key, value_and_holder, values};
use super::look::Asked;
use crate::customer::{CUSTOMER, Customer, CustomerKind, CustomerRefusal};
use crate::error::Error;
use crate::history::{self, FieldChange};
use crate::organisation::DuplicateRule;
use crate::record::Record;
use crate::sorted::Sort as _;
use crate::store::{Read, Row};
use crate::text::Checker;
use crate::work::{Stop, Work, rows};
use std::collections::BTreeSet;

/// How many of the most alike are looked at.
const MOST: usize = 50;

/// The values of a customer that the settings may refuse to somebody else: the credit code, and a person's phones.
/// Who takes one first holds it, so that two who enter it at once find each other.
pub(crate) fn exclusive_values(customer: &Customer) -> Vec<String> {
    let former = || customer.former.iter();
    let codes = former().map(|former| &former.credit_code).chain([&customer.credit_code]);
    let codes = codes.flat_map(|code| values(code.as_deref(), [], None, None));
    let phones = former().flat_map(|former| &former.phones).chain(&customer.phones);
    let phones = phones.filter(|_| customer.kind == CustomerKind::Person).filter_map(|phone| phone_key(phone));
    codes.chain(phones).collect::<BTreeSet<String>>().into_iter().collect()
}

/// The reason for which a warning is gone over, cleaned.
pub(super) fn reason_of(given: Option<&String>) -> Result<Option<String>, Error> {
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
        // Both may refuse, whatever the other warns of.
        let (shared, alike) = (self.shared_values(after, before)?, self.alike(after, before)?);
        let warned = shared.or(alike);
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
        let rule = |value: &str| settings.rule_of(value);
        // What it was before is found with it, but is no value that it takes now.
        let mut new = exclusive_values(&Customer { former: Vec::new(), ..after.clone() });
        // What he does not read he did not give: another kind of customer makes it count.
        let access = self.access()?;
        let reads = |value: &str| {
            access.reads(if value.starts_with("credit:") { "customer.credit_code" } else { "customer.phones" })
        };
        new.retain(|value| !had.contains(value) && rule(value) != DuplicateRule::Allow && reads(value));
        if new.is_empty() {
            return Ok(None);
        }
        let own = after.id.to_string();
        let asked = new.iter().map(|value| Read::Find(holders(value))).collect();
        let found: Vec<Row> = self.read(asked)?.into_iter().flat_map(|answer| rows(Some(answer))).collect();
        let holding: Vec<(String, String)> = found
            .iter()
            .filter_map(value_and_holder)
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
            if customer.is_live() {
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
        let names = [after.name.as_str(), after.short_name.as_deref().unwrap_or_default()];
        let names = names.map(|name| understood(name, person)).to_vec();
        let asked = Asked { names, person, exact: None, values: Vec::new() };
        let mut found: Vec<(i32, String)> =
            self.look_up(&asked)?.customers.into_iter().map(|(id, likeness)| (likeness.any.score, id)).collect();
        let own = after.id.to_string();
        found.retain(|(score, id)| *score >= least && *id != own);
        found.order_by(|a, b| b.cmp(a));
        found.truncate(MOST);
        let mut ids: Vec<String> = found.iter().map(|(_, id)| id.clone()).collect();
        ids.sort();
        let mut active = BTreeSet::new();
        for row in self.get(&CUSTOMER, ids)? {
            if Customer::from_row(&row)?.is_live() {
                active.insert(row.id);
            }
        }
        let score = found.iter().find(|(_, id)| active.contains(id)).map_or(0, |(score, _)| *score);
        if settings.refuse_from > 0 && score >= settings.refuse_from {
            return Err(Error::from(CustomerRefusal::CertainDuplicate).into());
        }
        let warned = settings.warn_from > 0 && score >= settings.warn_from;
        Ok(warned.then(|| Warned(CustomerRefusal::LikelyDuplicate.into())))
    }
}

/// A warning, as the refusal that it is without a reason.
struct Warned(Error);
