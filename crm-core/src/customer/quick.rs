//! The quick search: customers by what is typed into a box.
//!
//! What somebody searches are his own scopes, and the customers that are shared with him. A bound on rows is one on rows
//! that he sees, so that nothing he may not see changes what he is told.

use super::key::{Class, Origin, Whose, cut, keys_of, keys_of_contact, letters_of};
use super::{CUSTOMER, CUSTOMER_KEY, Customer, CustomerStatus};
use crate::access::{Access, Reaches, Standing};
use crate::actor::UserId;
use crate::contact::{CONTACT, StoredContact};
use crate::crm::Session;
use crate::duplicate::{digits, national};
use crate::error::{Error, Violation};
use crate::id::CustomerId;
use crate::operations::op;
use crate::organisation::{UNIQUE_KEY, holder_of, unique_key_id};
use crate::record::Record;
use crate::sharing::SharePanel;
use crate::sorted::{Gather as _, Sort as _};
use crate::store::{Answer, Read, Row, Search, Selection, Value};
use crate::text::{Checker, fold};
use crate::work::{Stop, Work};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How many are told where no number is asked for, and at the most.
const SHOWN: i32 = 20;
const MOST: i32 = 50;
/// The least digits by which phones are found: from the first on, and of the last.
const FIRST_DIGITS: usize = 3;
const LAST_DIGITS: usize = 4;
/// How many keys of a class are read at once: as many of one customer are neighbours, then more.
const AT_ONCE: i64 = 100;
const THEN: i64 = 1_000;
/// From how many scopes on keys are looked at as they come, before the scopes are merged.
const MANY_SCOPES: usize = 200;
/// How often at the most: behind a customer with thousands of contacts of one name others may be missing.
const ROUNDS: usize = 6;

/// A customer that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct FoundCustomer {
    /// The id.
    pub id: CustomerId,
    /// The customer number 客户编号.
    pub number: String,
    /// The name.
    pub name: String,
    /// The short name 简称.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub short_name: Option<String>,
    /// The owner; of one in a pool the former one.
    pub owner: UserId,
    /// Whether it is its owner's or in a pool.
    pub status: CustomerStatus,
    /// What was found: `name`, `short_name`, `former_name`, `number`, `contact`, `phone` or `contact_phone`.
    pub by: String,
    /// What stands there, as it was entered.
    pub matched: String,
}

/// What a quick search found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct FoundCustomers {
    /// The best first: what is the text to the letter, what begins with it, what has it further on.
    pub customers: Vec<FoundCustomer>,
    /// Whether everybody can be found: after an update some of before may not be for some time.
    pub complete: bool,
}

// It is found by what the actor reads alone, and tells nothing else that has rights.
crate::access::nothing_to_redact!(FoundCustomers);

/// One way in which a customer was found, as it ranks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    rank: Rank,
    /// The class of its key; none of a number.
    class: Option<Class>,
    /// The id of its key.
    key: String,
    customer: String,
    contact: Option<String>,
}

/// How good it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Exact,
    Beginning,
    Within,
}

/// What is looked for among keys.
struct Asked {
    class: Class,
    /// What ids begin with.
    start: String,
}

impl Asked {
    fn of(text: &str, access: &Access<'_>) -> Vec<Asked> {
        let contacts = access.may("contact.view");
        let mut asked = Vec::new();
        let mut ask = |class: Class, term: &str| {
            let reads = |field: &str| access.reads(field);
            let open = (!class.is_contacts() || contacts)
                && match (class.is_phones(), class.is_contacts()) {
                    (false, _) => true,
                    (true, false) => reads("customer.phones"),
                    (true, true) => reads("contact.phones"),
                };
            if open && !term.is_empty() {
                asked.push(Asked { class, start: class.start(&cut(term)) });
            }
        };
        let letters = letters_of(text);
        for class in [Class::Name, Class::Contact, Class::Word, Class::ContactWord] {
            ask(class, &letters);
        }
        let typed = digits(text);
        let is_phone = fold(text).chars().all(|c| c.is_ascii_digit() || " +-()/.".contains(c));
        let whole = national(&typed);
        if is_phone && whole.len() >= FIRST_DIGITS {
            ask(Class::Phone, whole);
            ask(Class::ContactPhone, whole);
        }
        // Of a whole number what stands before it is no part of the key.
        let last = if typed.len() < 7 { typed.as_str() } else { whole };
        if is_phone && last.len() >= LAST_DIGITS {
            let backwards: String = last.chars().rev().collect();
            ask(Class::Tail, &backwards);
            ask(Class::ContactTail, &backwards);
        }
        asked
    }

    /// What a key is to it.
    fn candidate(&self, id: &str) -> Option<Candidate> {
        if !id.starts_with(&self.start) {
            return None;
        }
        let (term, Whose { customer, contact }) = Whose::of(id)?;
        let rank = match self.class.is_beginning() {
            true if term == self.start => Rank::Exact,
            true => Rank::Beginning,
            false => Rank::Within,
        };
        Some(Candidate { rank, class: Some(self.class), key: id.to_owned(), customer, contact })
    }
}

/// How far keys were read for what is asked.
struct Walk<'a> {
    asked: &'a Asked,
    /// The last one that was read.
    last: Option<String>,
    /// Whether enough was found, or there are no more.
    done: bool,
    customers: BTreeSet<String>,
    found: Vec<Candidate>,
}

impl<'a> Walk<'a> {
    fn new(asked: &'a Asked) -> Self {
        Walk { asked, last: None, done: false, customers: BTreeSet::new(), found: Vec::new() }
    }
}

impl Session<'_> {
    /// Customers that the actor sees, by what is typed into a search box: a name, a short name, a former name, a number, the
    /// name of a contact, the first or last digits of a phone, or the pinyin initials 拼音首字母 of a name; of names also from a
    /// later word on, such as behind the place. At most 20, where no `limit` (1 to 50) is given; a blank text finds nothing.
    ///
    /// Contacts and phones are searched as far as he reads them.
    ///
    /// ```
    /// # #[cfg(feature = "system")] {
    /// # use crm_core::{Actor, Crm, NewCustomer, NewOrganisation};
    /// # let crm = Crm::in_memory();
    /// # let host = Actor::system("acme", "set-up")?;
    /// # crm.as_user(&host).create_organisation(NewOrganisation::named("Acme"))?;
    /// # crm.as_user(&host).sync_people(vec![crm_core::PersonInput::new("alice", "Alice")?], crm_core::SyncMode::Delta)?;
    /// let alice = Actor::user("acme", "alice")?;
    /// crm.as_user(&alice).create_customer(NewCustomer::named("杭州云帆科技有限公司"))?;
    /// for text in ["杭州云帆", "云帆", "雲帆", "hzyf", "YFKJ"] {
    ///     let found = crm.as_user(&alice).search_customers(text.to_owned(), None)?;
    ///     assert_eq!((found.customers[0].by.as_str(), found.customers.len()), ("name", 1), "{text}");
    /// }
    /// # }
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `customer.view`; [`Error::Invalid`].
    pub fn search_customers(&self, text: String, limit: Option<i32>) -> Result<FoundCustomers, Error> {
        let mut check = Checker::new();
        let typed = check.optional_line("text", &Some(text), 60).unwrap_or_default();
        let limit = limit.unwrap_or(SHOWN);
        check.ensure((1..=MOST).contains(&limit), || Violation::out_of_range("limit"));
        check.done()?;
        let limit = usize::try_from(limit).unwrap_or_default();
        self.query(&op::search_customers, |work| {
            let complete = work.has_all_customer_keys()?;
            let customers = if typed.is_empty() { Vec::new() } else { work.quick_search(&typed, limit)? };
            Ok(FoundCustomers { customers, complete })
        })
    }
}

impl Work<'_> {
    fn quick_search(&mut self, typed: &str, limit: usize) -> Result<Vec<FoundCustomer>, Stop> {
        let asked = Asked::of(typed, &self.access()?);
        let mut candidates = self.numbered(typed)?;
        candidates.extend(self.found_by_scope(&asked, limit)?);
        candidates.extend(self.found_among_shared(&asked)?);
        candidates.order_by(Ord::cmp);
        let mut known = BTreeSet::new();
        candidates.retain(|candidate| known.insert(candidate.customer.clone()));
        // Some may be gone by now, or have a number that is nobody's to see: a few more are looked at.
        candidates.truncate(limit + 4);
        let mut found = self.found_as_they_are(&candidates, typed)?;
        found.truncate(limit);
        Ok(found)
    }

    /// Who has the text as a number.
    fn numbered(&mut self, typed: &str) -> Result<Vec<Candidate>, Stop> {
        let ids = [typed.to_owned(), typed.to_uppercase()].into_iter().into_set();
        let ids = ids.iter().map(|number| unique_key_id("customer_number", number)).collect();
        let holders = self.get(&UNIQUE_KEY, ids)?;
        let customers = holders.iter().filter_map(holder_of).into_set();
        let customers: Vec<String> = customers.into_iter().collect();
        let rows = self.get(&CUSTOMER, customers)?;
        let reached = self.reach_of_rows(&rows)?;
        let seen = rows.into_iter().zip(reached).filter(|(_, reached)| reached.is_some());
        let candidate = |row: Row| Candidate {
            rank: Rank::Exact,
            class: None,
            key: String::new(),
            customer: row.id,
            contact: None,
        };
        Ok(seen.map(|(row, _)| candidate(row)).collect())
    }

    /// What has such keys of what stands in the scopes of the actor.
    ///
    /// Who sees many scopes finds what many keys begin with among the first keys of all; where he does not, his scopes are merged.
    /// Both come in the order of ids: it is the same answer.
    fn found_by_scope(&mut self, asked: &[Asked], limit: usize) -> Result<Vec<Candidate>, Stop> {
        // A few more than are told, as above.
        let limit = limit + 4;
        let access = self.access()?;
        // Whoever sees all sees all that is live, and nothing else has keys.
        let all = access.sees_all();
        let (mut scopes, mut with_phones) = (Vec::new(), Vec::new());
        if !all {
            scopes = access.visible_scopes(Standing::Active);
            with_phones.clone_from(&scopes);
            scopes.extend(access.pooled_key_scopes(false));
            with_phones.extend(access.pooled_key_scopes(true));
        }
        let mut open: Vec<Walk<'_>> = asked.iter().map(Walk::new).collect();
        if all || scopes.len() > MANY_SCOPES {
            let seen = [&scopes, &with_phones].map(|scopes| scopes.iter().into_set());
            let [names, phones] = &seen;
            let shown = |asked: &Asked, scope: Option<&Value>| {
                let seen = if asked.class.is_phones() { phones } else { names };
                all || scope.is_some_and(|scope| seen.contains(scope))
            };
            self.walk_keys(&mut open, limit, if all { ROUNDS } else { 2 }, None, &shown)?;
            if !all {
                // Of what did not come to an end nothing is kept.
                open.iter_mut().filter(|walk| !walk.done).for_each(|walk| *walk = Walk::new(walk.asked));
            }
        }
        if !all {
            self.walk_keys(&mut open, limit, ROUNDS, Some([&scopes, &with_phones]), &|_, _| true)?;
        }
        Ok(open.into_iter().flat_map(|walk| walk.found).collect())
    }

    /// Reads keys in the order of ids, of these scopes, or of all, until enough customers are found or there are no more.
    fn walk_keys(
        &mut self,
        walks: &mut [Walk<'_>],
        limit: usize,
        rounds: usize,
        scopes: Option<[&Vec<Value>; 2]>,
        shown: &dyn Fn(&Asked, Option<&Value>) -> bool,
    ) -> Result<(), Stop> {
        for round in 0..rounds {
            let most = if round == 0 { AT_ONCE } else { THEN };
            let mut open: Vec<&mut Walk<'_>> = walks.iter_mut().filter(|walk| !walk.done).collect();
            if open.is_empty() {
                break;
            }
            let read = |walk: &&mut Walk<'_>| {
                let start = Search::starting(&CUSTOMER_KEY, &walk.asked.start).limited(most);
                let search = Search { after: walk.last.clone().map(|id| (None, id)).or(start.after.clone()), ..start };
                let search = match scopes {
                    Some([_, with_phones]) if walk.asked.class.is_phones() => {
                        search.within("scope", with_phones.clone())
                    }
                    Some([scopes, _]) => search.within("scope", scopes.clone()),
                    None => search,
                };
                // In scopes that are his it is not asked in which.
                let columns = if scopes.is_some() { Vec::new() } else { vec!["scope"] };
                Read::Columns { of: Selection::Page(search), columns }
            };
            let answers = self.read(open.iter().map(read).collect())?;
            for (walk, answer) in open.iter_mut().zip(answers) {
                let Answer::Columns(page) = answer else { continue };
                walk.last = page.last().map(|(id, _)| id.clone());
                walk.done = (page.len() as i64) < most;
                for (id, values) in page {
                    let candidate = walk.asked.candidate(&id).filter(|_| shown(walk.asked, values.first()));
                    let Some(candidate) = candidate else { continue };
                    walk.customers.insert(candidate.customer.clone());
                    walk.found.push(candidate);
                }
                walk.done |= walk.customers.len() >= limit;
            }
        }
        Ok(())
    }

    /// What has such keys of what is shared with the actor, as far as it is.
    fn found_among_shared(&mut self, asked: &[Asked]) -> Result<Vec<Candidate>, Stop> {
        let shared = self.shared_with_actor()?;
        if shared.is_empty() || asked.is_empty() {
            return Ok(Vec::new());
        }
        let rows = self.get(&CUSTOMER, shared)?;
        let reached = self.reach_of_rows(&rows)?;
        let mut found = Vec::new();
        let mut with_contacts: Vec<Value> = Vec::new();
        let mut take = |keys: BTreeMap<String, Origin>, open: &dyn Fn(Class) -> bool| {
            let asked = asked.iter().filter(|asked| open(asked.class));
            found.extend(asked.flat_map(|asked| keys.keys().filter_map(|id| asked.candidate(id))));
        };
        for (row, reaches) in rows.iter().zip(reached) {
            let Some(reaches) = reaches else { continue };
            let open = |class: Class| !class.is_phones() || reaches.opens(SharePanel::Information);
            take(keys_of(&Customer::from_row(row)?), &open);
            if reaches.opens(SharePanel::Contacts) {
                with_contacts.push(row.id.as_str().into());
            }
        }
        if !with_contacts.is_empty() && asked.iter().any(|asked| asked.class.is_contacts()) {
            let of = Search::of(&CONTACT).within("customer", with_contacts);
            for contact in StoredContact::from_rows(&self.find_all(of)?)? {
                take(keys_of_contact(&contact), &|_| true);
            }
        }
        Ok(found)
    }

    /// Those that are there still for the actor, as they are today.
    fn found_as_they_are(&mut self, candidates: &[Candidate], typed: &str) -> Result<Vec<FoundCustomer>, Stop> {
        let customers = self.get(&CUSTOMER, candidates.iter().map(|candidate| candidate.customer.clone()).collect())?;
        let contacts = candidates.iter().filter_map(|candidate| candidate.contact.clone()).collect();
        let contacts = self.get(&CONTACT, contacts)?;
        let reached = self.reach_of_rows(&customers)?;
        let by_id = |rows: Vec<Row>| rows.into_iter().map(|row| (row.id.clone(), row)).into_map();
        let contacts: BTreeMap<String, Row> = by_id(contacts);
        let mut standing: BTreeMap<String, (Customer, Reaches)> = BTreeMap::new();
        for (row, reaches) in customers.iter().zip(reached) {
            let customer = Customer::from_row(row)?;
            if let Some(reaches) = reaches.filter(|_| customer.is_live()) {
                standing.insert(row.id.clone(), (customer, reaches));
            }
        }
        let mut found = Vec::new();
        for candidate in candidates {
            let Some((customer, reaches)) = standing.get(&candidate.customer) else { continue };
            let origin = match (candidate.class, &candidate.contact) {
                (None, _) => number_of(customer, typed),
                (Some(class), None) => {
                    let open = !class.is_phones() || self.opens_found(customer, reaches, SharePanel::Information, true);
                    keys_of(customer).remove(&candidate.key).filter(|_| open)
                }
                (Some(class), Some(contact)) => {
                    let open = self.opens_found(customer, reaches, SharePanel::Contacts, class.is_phones());
                    let contact = contacts.get(contact).map(StoredContact::from_row).transpose()?;
                    contact.and_then(|contact| keys_of_contact(&contact).remove(&candidate.key)).filter(|_| open)
                }
            };
            let Some(origin) = origin else { continue };
            found.push(FoundCustomer {
                id: customer.id,
                number: customer.number.clone(),
                name: customer.name.clone(),
                short_name: customer.short_name.clone(),
                owner: customer.owner.clone(),
                status: customer.status,
                by: origin.by.to_owned(),
                matched: origin.text,
            });
        }
        Ok(found)
    }

    /// Whether a panel of a customer is open to the actor, or shown to him by its pool; and its phones, where they are asked for.
    fn opens_found(&self, customer: &Customer, reaches: &Reaches, panel: SharePanel, phones: bool) -> bool {
        let pool = customer.pool_stay.as_ref().filter(|_| customer.status == CustomerStatus::Pooled);
        let pool = pool.and_then(|stay| self.context.pools.get(&stay.pool));
        let shown = pool.is_some_and(|pool| pool.shows(panel) && !(phones && pool.hides_value("phone:")));
        reaches.opens(panel) || shown
    }
}

/// The number of a customer that is meant by a text.
fn number_of(customer: &Customer, typed: &str) -> Option<Origin> {
    let upper = typed.to_uppercase();
    let numbers = std::iter::once(&customer.number).chain(customer.former.iter().map(|former| &former.number));
    let text = numbers.into_iter().find(|number| **number == typed || **number == upper)?.clone();
    Some(Origin { by: "number", text })
}
