//! Pairs of customers that somebody said are no duplicates (D4), as long as both are what they were then.

use super::group::SINCE;
use super::index::plain_row;
use crate::access::Reach;
use crate::crm::Session;
use crate::customer::{CUSTOMER, Customer, CustomerId};
use crate::error::{Error, Violation};
use crate::json;
use crate::operations::op;
use crate::record::Record;
use crate::sorted::Gather as _;
use crate::store::{Kind, Row, StoreError, Write};
use crate::time::Timestamp;
use crate::work::{Stop, Work};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Pairs that are none: the key is both ids, the smaller first.
pub(crate) static DISMISSED: Kind = Kind { since: SINCE, ..Kind::plain("duplicate_dismissed") };

/// How many customers are dismissed at once.
const MOST: usize = 20;

/// What stands in a row.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Dismissal {
    /// What both were, in the order of their ids.
    of: [String; 2],
    /// Who said it.
    by: String,
    at: Timestamp,
}

/// What customers are, by id.
pub(super) type Fingerprints = BTreeMap<String, String>;

/// All that is compared of a customer, in short.
fn fingerprint(customer: &Customer) -> Result<String, Error> {
    let Customer { name, short_name, kind, credit_code, phones, email, website, .. } = customer;
    let compared = json::text(&(name, short_name, kind, credit_code, phones, email, website))
        .map_err(|error| StoreError::Corrupt(format!("{}: {error}", customer.id)))?;
    Ok(URL_SAFE_NO_PAD.encode(Sha256::digest(compared.as_bytes()).get(..12).unwrap_or_default()))
}

/// The key of a pair.
pub(super) fn pair_key(one: &str, other: &str) -> String {
    format!("{}/{}", one.min(other), one.max(other))
}

/// Pairs that were dismissed, with what both were.
#[derive(Default)]
pub(super) struct Dismissals(BTreeMap<String, [String; 2]>);

impl Dismissals {
    pub(super) fn extend(&mut self, rows: &[Row]) -> Result<(), Error> {
        for row in rows {
            let dismissal: Dismissal = serde_json::from_str(&row.body)
                .map_err(|error| StoreError::Corrupt(format!("{} {}: {error}", DISMISSED.name, row.id)))?;
            self.0.insert(row.id.clone(), dismissal.of);
        }
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Everybody who stands in one, each once.
    pub(super) fn customers(&self) -> Vec<String> {
        let both = self.0.keys().filter_map(|key| key.split_once('/'));
        let mut all: Vec<String> = both.flat_map(|(a, b)| [a.to_owned(), b.to_owned()]).collect();
        all.sort();
        all.dedup();
        all
    }

    /// Whether a pair was dismissed and both are what they were then.
    pub(super) fn hold(&self, one: &str, other: &str, today: &Fingerprints) -> bool {
        let (first, second) = (one.min(other), one.max(other));
        self.0.get(&pair_key(one, other)).is_some_and(|[was, and]| {
            today.get(first).is_some_and(|is| is == was) && today.get(second).is_some_and(|is| is == and)
        })
    }

    /// The keys of those with somebody who is none of these.
    pub(super) fn of_others_than(&self, there: &Fingerprints) -> Vec<String> {
        let gone =
            |key: &&String| key.split_once('/').is_none_or(|(a, b)| !there.contains_key(a) || !there.contains_key(b));
        self.0.keys().filter(gone).cloned().collect()
    }
}

impl Session<'_> {
    /// Says that customers are no duplicates of each other, any two of them (D4): groups leave out each such pair until
    /// a name, a short name, the kind, the credit code, a phone, the e-mail address or the website of one of the two changes. Answers
    /// how many pairs that are.
    ///
    /// ```
    /// # #[cfg(feature = "system")] {
    /// # use crm_core::{Actor, Crm, NewCustomer, NewOrganisation, PageRequest};
    /// # let crm = Crm::in_memory();
    /// # let host = Actor::system("acme", "set-up")?;
    /// # crm.as_user(&host).create_organisation(NewOrganisation::named("Acme"))?;
    /// # let mut alice = crm_core::PersonInput::new("alice", "Alice")?;
    /// # alice.host_roles.push("crm_admin".to_owned());
    /// # crm.as_user(&host).sync_people(vec![alice], crm_core::SyncMode::Delta)?;
    /// let alice = Actor::user("acme", "alice")?;
    /// let names = ["杭州云帆科技有限公司", "杭州云帆科技股份有限公司"];
    /// let made = names.map(|name| crm.as_user(&alice).create_customer(NewCustomer::named(name)));
    /// let ids = made.into_iter().map(|customer| Ok(customer?.id)).collect::<Result<Vec<_>, crm_core::Error>>()?;
    /// crm.as_user(&alice).find_duplicate_groups(None)?;
    /// assert_eq!(crm.as_user(&alice).duplicate_groups(PageRequest::first(20))?.items.len(), 1);
    /// assert_eq!(crm.as_user(&alice).dismiss_duplicates(ids)?, 1);
    /// assert!(crm.as_user(&alice).duplicate_groups(PageRequest::first(20))?.items.is_empty());
    /// # }
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `customer.merge`, or for who may only read one of them;
    /// [`Error::NotFound`]; [`Error::Invalid`] for fewer than two or more than 20.
    pub fn dismiss_duplicates(&self, customers: Vec<CustomerId>) -> Result<i64, Error> {
        let pairs = pairs_of(&customers);
        self.command(
            &op::dismiss_duplicates,
            &customers,
            |work| {
                let found = work.ready_to_dismiss(&customers)?;
                let (by, at) = (work.actor().name(), work.now);
                for (place, (one, was)) in found.iter().enumerate() {
                    for (other, and) in found.iter().skip(place + 1) {
                        let [first, second] = if one <= other { [was, and] } else { [and, was] };
                        let dismissal = Dismissal { of: [first.clone(), second.clone()], by: by.clone(), at };
                        let row = plain_row(pair_key(one, other), 1, &dismissal)?;
                        work.write(Write::Put { kind: &DISMISSED, row });
                    }
                }
                Ok(pairs)
            },
            |_, _| Ok(pairs),
        )
    }

    /// Takes back that customers are no duplicates of each other, any two of them, whoever said it (D4): groups tell them again,
    /// those of a search that left them out with the next one.
    /// Answers how many pairs had been dismissed.
    ///
    /// # Errors
    /// As [`Session::dismiss_duplicates`].
    pub fn reopen_duplicates(&self, customers: Vec<CustomerId>) -> Result<i64, Error> {
        self.command(
            &op::reopen_duplicates,
            &customers,
            |work| {
                let found = work.ready_to_dismiss(&customers)?;
                let keys = found.iter().enumerate().flat_map(|(place, (one, _))| {
                    found.iter().skip(place + 1).map(move |(other, _)| pair_key(one, other))
                });
                let standing = work.get(&DISMISSED, keys.into_set().into_iter().collect())?;
                let pairs = i64::try_from(standing.len()).unwrap_or(i64::MAX);
                for row in standing {
                    work.write(Write::Delete { kind: &DISMISSED, id: row.id, version: row.version });
                }
                work.made(pairs);
                Ok(pairs)
            },
            |_, made| Ok(made.first().and_then(|pairs| pairs.parse().ok()).unwrap_or_default()),
        )
    }
}

/// How many pairs customers make.
fn pairs_of(customers: &[CustomerId]) -> i64 {
    let each = customers.iter().copied().into_set().len();
    i64::try_from(each * each.saturating_sub(1) / 2).unwrap_or(i64::MAX)
}

impl Work<'_> {
    /// Each of the customers that are dismissed, or told again, with what it is.
    fn ready_to_dismiss(&mut self, customers: &[CustomerId]) -> Result<Vec<(String, String)>, Stop> {
        let each: BTreeSet<CustomerId> = customers.iter().copied().into_set();
        if !(2..=MOST).contains(&each.len()) {
            return Err(Error::from(Violation::out_of_range("customers")).into());
        }
        let mut found = Vec::new();
        for id in each {
            let customer = self.customer_with_shares(id, Reach::Edit)?.0;
            customer.check_live()?;
            self.rely_on_customer(&customer);
            found.push((id.to_string(), fingerprint(&customer)?));
        }
        Ok(found)
    }

    /// What customers are today; whoever is gone for good is left out.
    pub(super) fn fingerprints(&mut self, ids: Vec<String>) -> Result<Fingerprints, Stop> {
        let mut found = Fingerprints::new();
        for row in self.get(&CUSTOMER, ids)? {
            found.insert(row.id.clone(), fingerprint(&Customer::from_row(&row)?)?);
        }
        Ok(found)
    }

    /// Which of these pairs were dismissed, of customers as they were read.
    pub(super) fn dismissed(&mut self, mut keys: Vec<String>) -> Result<Dismissals, Stop> {
        keys.sort();
        keys.dedup();
        let mut dismissals = Dismissals::default();
        dismissals.extend(&self.get(&DISMISSED, keys)?)?;
        Ok(dismissals)
    }
}

/// What a customer is.
pub(super) fn fingerprint_of(customer: &Customer) -> Result<(String, String), Error> {
    Ok((customer.id.to_string(), fingerprint(customer)?))
}
