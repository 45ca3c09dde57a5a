//! What of a merge somebody may see.

use super::item::Item;
use super::{Merge, MergeItem};
use crate::access::{Need, Reach};
use crate::customer::{Customer, CustomerId};
use crate::record::Record;
use crate::relation::{RELATION, Relation};
use crate::sharing::{Share, shares_of};
use crate::sorted::Gather as _;
use crate::store::Row;
use crate::work::{Stop, Work};
use std::collections::{BTreeMap, BTreeSet};

impl Work<'_> {
    /// Things of a merge as the actor may be told of them.
    pub(super) fn shown_items(&mut self, items: &[Item], own: bool) -> Result<Vec<MergeItem>, Stop> {
        // Relations that are gone are known by what they were.
        let mut known = Vec::new();
        for item in items.iter().filter(|item| item.kind == RELATION.name) {
            if let Some(before) = &item.before {
                known.push(before.row(&RELATION, &item.id, None)?);
            }
        }
        self.shown(items.iter().filter_map(Item::shown).collect(), known, own)
    }

    /// Leaves out what the actor may not see elsewhere.
    pub(super) fn only_shown(&mut self, items: Vec<MergeItem>, own: bool) -> Result<Vec<MergeItem>, Stop> {
        self.shown(items, Vec::new(), own)
    }

    /// Leaves out what the actor may not see elsewhere: records of modules that are closed to him, relations to customers that are
    /// hidden from him, and with whom the customer is shared unless he disposes of it.
    fn shown(&mut self, items: Vec<MergeItem>, known: Vec<Row>, own: bool) -> Result<Vec<MergeItem>, Stop> {
        let related = items.iter().filter(|item| item.record == RELATION.name).map(|item| item.id.clone());
        let related: BTreeSet<String> = related.into_set();
        let mut rows = known;
        rows.extend(self.get(&RELATION, related.into_iter().collect())?);
        let mut ends: BTreeMap<String, [CustomerId; 2]> = BTreeMap::new();
        for relation in Relation::from_rows(&rows)? {
            ends.entry(relation.id.to_string()).or_insert([relation.first, relation.second]);
        }
        let mut open = BTreeSet::new();
        for end in ends.values().flatten().copied().into_set() {
            // A customer that was merged is seen by who sees the one that it was merged into.
            if self.customer_with_shares(end, Reach::Read).is_ok() {
                open.insert(end);
            }
        }
        let access = self.access()?;
        let shows = |item: &MergeItem| match item.record.as_str() {
            "contract" | "contact" | "document" | "follow_up" | "approval" => {
                access.may(&format!("{}.view", item.record))
            }
            "receipt" | "instalment" | "customer_credit" => access.may("payment.view"),
            "share" => own && access.may("sharing.view"),
            "relation" => ends.get(&item.id).is_some_and(|ends| ends.iter().all(|end| open.contains(end))),
            _ => true,
        };
        Ok(items.into_iter().filter(shows).collect())
    }

    /// A customer of those that are stored, as the actor sees it, and whether all of it is open to him; none if it is not there for him.
    pub(super) fn in_sight(&mut self, customer: Customer) -> Result<Option<(Customer, bool)>, Stop> {
        let shares = Share::from_rows(&self.find_all(shares_of(customer.id))?)?;
        if self.check_reach(&customer, &shares, Reach::Read).is_err() {
            return Ok(None);
        }
        let whole = self.check_reach(&customer, &shares, Need::whole(Reach::Read)).is_ok();
        Ok(Some((self.as_seen(customer, &shares)?, whole)))
    }

    /// A merge as the actor may be told of it: taken back, only with those sources that he sees.
    pub(super) fn as_told(&mut self, merge: Merge) -> Result<Merge, Stop> {
        if merge.undone_at.is_none() {
            return Ok(merge);
        }
        let mut seen = Vec::new();
        for source in &merge.sources {
            if self.customer_with_shares(source.id, Need::whole(Reach::Read)).is_ok() {
                seen.push(source.id);
            }
        }
        Ok(merge.only_of(&seen))
    }
}

impl Merge {
    /// With some of its sources; what it changed is told to who sees all of them.
    pub(super) fn only_of(mut self, seen: &[CustomerId]) -> Merge {
        let all = self.sources.len();
        let both = self.sources.into_iter().zip(self.owners);
        (self.sources, self.owners) = both.filter(|(source, _)| seen.contains(&source.id)).unzip();
        if self.sources.len() < all {
            self.changes.clear();
        }
        self
    }
}
