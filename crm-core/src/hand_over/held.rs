//! A page of what is held of a part, and what of it can go: the same for the preview and for the hand-over itself.

use super::Kept;
use crate::contract::{ALIVE, CONTRACT, Contract, ContractStatus};
use crate::customer::{CUSTOMER, Customer};
use crate::error::Error;
use crate::pool::PoolRefusal;
use crate::record::Record;
use crate::sharing::{SHARE, Share};
use crate::sorted::Sort as _;
use crate::store::{Comparison, Filter, Read, Row, Search, Value};
use crate::work::{Stop, Work, rows};
use std::collections::BTreeMap;

/// Records of a part.
pub(super) struct Held<T> {
    /// Those that can go.
    pub(super) moves: Vec<T>,
    /// Those that can't, and why.
    pub(super) stays: Vec<(String, Error)>,
    /// Behind which key the next page begins; none: that was the last one.
    pub(super) next: Option<String>,
}

/// A customer of which something is shared with who hands over.
pub(super) struct SharedWith {
    pub(super) customer: Customer,
    pub(super) his: Vec<Share>,
    /// What is shared of it with the new one already.
    pub(super) known: Vec<Share>,
}

/// Customers in one commit, each with its contacts and shares.
const CUSTOMERS: i64 = 50;
/// Contracts in one commit, each with its plan and receipts.
const CONTRACTS: i64 = 10;
const SHARES: i64 = 100;

impl Work<'_> {
    fn page_held(&mut self, of: Search, after: Option<&String>) -> Result<(Vec<Row>, Option<String>), Stop> {
        let limit = of.limit;
        let search = Search { after: after.map(|id| (None, id.clone())), ..of };
        let found = rows(self.read(vec![Read::Find(search)])?.into_iter().next());
        let next = found.last().filter(|_| found.len() as i64 >= limit).map(|last| last.id.clone());
        Ok((found, next))
    }

    /// Customers; `taken` is how many go to the new owner before them that he has not yet, and is raised by these.
    pub(super) fn held_customers(
        &mut self,
        kept: &Kept,
        after: Option<&String>,
        taken: &mut i64,
    ) -> Result<Held<Customer>, Stop> {
        let search = Search::of(&CUSTOMER).within("scope", kept.within()).limited(CUSTOMERS);
        let (found, next) = self.page_held(search, after)?;
        let mut held = Held { moves: Vec::new(), stays: Vec::new(), next };
        for customer in Customer::from_rows(&found)? {
            match customer.check_open() {
                Ok(()) => held.moves.push(customer),
                Err(error) => held.stays.push((customer.id.to_string(), error)),
            }
        }
        let to = &kept.told.to;
        // Whoever changes his position has them already.
        let others = held.moves.iter().filter(|customer| customer.owner != *to).map(|customer| customer.id);
        let (others, most) = (others.collect::<Vec<_>>(), self.context.settings().pool.most_held);
        let over = self.over_holding(to, &others, taken)?;
        let (stay, go) = held.moves.into_iter().partition::<Vec<_>, _>(|customer| over.contains(&customer.id));
        held.moves = go;
        for customer in stay {
            let refusal = PoolRefusal::HoldingLimit { person: to.to_string(), limit: most.to_string() };
            held.stays.push((customer.id.to_string(), refusal.into()));
        }
        Ok(held)
    }

    /// Contracts that bring duties: all but void ones.
    pub(super) fn held_contracts(&mut self, kept: &Kept, after: Option<&String>) -> Result<Held<Contract>, Stop> {
        let statuses = ALIVE.iter().chain([&ContractStatus::Pending]).map(|status| status.as_str().into());
        let search = Search::of(&CONTRACT).within("scope", kept.within()).limited(CONTRACTS);
        let search = search.filtered(Filter::In("status", statuses.collect()));
        let (found, next) = self.page_held(search, after)?;
        let mut held = Held { moves: Vec::new(), stays: Vec::new(), next };
        for contract in Contract::from_rows(&found)? {
            match contract.check_status(&ALIVE) {
                Ok(()) => held.moves.push(contract),
                Err(error) => held.stays.push((contract.id.to_string(), error)),
            }
        }
        Ok(held)
    }

    /// What is shared with him, by customer.
    pub(super) fn held_shares(&mut self, kept: &Kept, after: Option<&String>) -> Result<Held<SharedWith>, Stop> {
        let mut held = Held { moves: Vec::new(), stays: Vec::new(), next: None };
        let Some(from) = kept.told.from.as_ref() else { return Ok(held) };
        let holds = Filter::Is("ends_at", Comparison::Greater, self.now.millis().into());
        let with = |person| Search::of(&SHARE).within("grantee", vec![Share::person_key(person).into()]);
        let (found, next) = self.page_held(with(from).filtered(holds.clone()).limited(SHARES), after)?;
        held.next = next;
        let mut his: BTreeMap<String, Vec<Share>> = BTreeMap::new();
        for share in Share::from_rows(&found)? {
            his.entry(share.customer.to_string()).or_default().push(share);
        }
        let of: Vec<Value> = his.keys().map(|customer| customer.as_str().into()).collect();
        let with_new = Search::of(&SHARE).within("customer", of).filtered(holds);
        let mut known: BTreeMap<String, Vec<Share>> = BTreeMap::new();
        for share in Share::from_rows(&self.find_all(with_new)?)? {
            if share.person.as_ref() == Some(&kept.told.to) {
                known.entry(share.customer.to_string()).or_default().push(share);
            }
        }
        let customers = self.get(&CUSTOMER, his.keys().cloned().collect())?;
        let mut customers = Customer::from_rows(&customers)?;
        customers.order_by_key(|customer| customer.id);
        let to = &kept.told.to;
        // That somebody goes on reading what he had is not taken from him again.
        let given = |customer: &Customer| kept.told.keep_reader_until.is_some() && customer.owner == *to;
        held.moves = customers
            .into_iter()
            .filter(|customer| !given(customer))
            .map(|customer| {
                let id = customer.id.to_string();
                let (his, known) = (his.remove(&id).unwrap_or_default(), known.remove(&id).unwrap_or_default());
                SharedWith { customer, his, known }
            })
            .collect();
        Ok(held)
    }
}
