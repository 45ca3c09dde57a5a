//! What lies under the sources goes to the survivor: follow-ups, relations.

use super::MergeEffect;
use super::MergeRefusal;
use super::item::{Item, Standing};
use crate::customer::{Customer, CustomerId};
use crate::dictionary::RELATION_KIND;
use crate::follow_up::{FOLLOW_UP, FollowUp, REPLY};
use crate::id::ContactId;
use crate::organisation::{GUARD, UNIQUE_KEY, unique_key_row};
use crate::record::Record;
use crate::relation::{MOST_ABOVE, RELATION, Relation, RelationRefusal, relations_of};
use crate::store::{Change, Kind, Row, Search, Value, Write};
use crate::work::{Stop, Work};
use std::collections::{BTreeMap, BTreeSet};

/// How many keys are asked for at once.
pub(super) const KEYS: usize = 500;

/// A merge while it is decided.
pub(super) struct Merging<'m> {
    /// The survivor as it was, and as it becomes.
    pub(super) survivor: &'m Customer,
    pub(super) after: &'m Customer,
    pub(super) sources: &'m [Customer],
    pub(super) items: Vec<Item>,
    /// What the survivor has of its own, by kind.
    pub(super) own: BTreeMap<String, Vec<String>>,
    /// The row that commands about parents write, as it stood before they were looked at.
    guard: Option<Row>,
}

impl<'m> Merging<'m> {
    pub(super) fn new(survivor: &'m Customer, after: &'m Customer, sources: &'m [Customer]) -> Self {
        Merging { survivor, after, sources, items: Vec::new(), own: BTreeMap::new(), guard: None }
    }

    /// Where one of these customers will be.
    pub(super) fn place(&self, id: CustomerId) -> CustomerId {
        if self.is_source(id) { self.survivor.id } else { id }
    }

    fn is_source(&self, id: CustomerId) -> bool {
        self.sources.iter().any(|source| source.id == id)
    }

    fn is_member(&self, id: CustomerId) -> bool {
        id == self.survivor.id || self.is_source(id)
    }

    /// Notes what the survivor has of its own.
    pub(super) fn owns(&mut self, kind: &'static Kind, ids: impl IntoIterator<Item = String>) {
        self.own.entry(kind.name.to_owned()).or_default().extend(ids);
    }
}

/// Everything of a kind that lies under a customer.
pub(super) fn under(kind: &'static Kind, customer: CustomerId) -> Search {
    Search::of(kind).within("customer", vec![customer.to_string().into()])
}

/// What goes back with a follow-up, and what with a contract.
pub(super) fn follow_up_unit(id: &str) -> String {
    format!("follow_up:{id}")
}

impl Work<'_> {
    /// Everything of a kind that lies under a customer goes to another, also what comes at this moment and was not seen: no other
    /// column of it changes.
    pub(super) fn reassign(&mut self, kind: &'static Kind, from: CustomerId, to: CustomerId) {
        let (from, to) = (from.to_string().into(), to.to_string().into());
        self.write(Write::Reassign { kind, column: "customer", from, to });
    }

    /// The rows of a kind whose column has one of many values.
    pub(super) fn found_within(
        &mut self,
        kind: &'static Kind,
        column: &'static str,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, Stop> {
        let mut found = Vec::new();
        for some in values.chunks(KEYS) {
            found.extend(self.find_all(Search::of(kind).within(column, some.to_vec()))?);
        }
        Ok(found)
    }

    /// Follow-ups with their replies; those that name a contact which goes name the one that stays.
    pub(super) fn merge_follow_ups(
        &mut self,
        merging: &mut Merging<'_>,
        same: &BTreeMap<ContactId, ContactId>,
    ) -> Result<(), Stop> {
        let own = self.ids_under(&FOLLOW_UP, merging.survivor.id)?;
        merging.owns(&FOLLOW_UP, own);
        for source in merging.sources {
            let found = Standing::<FollowUp>::all(self.find_all(under(&FOLLOW_UP, source.id))?)?;
            self.reassign(&FOLLOW_UP, source.id, merging.survivor.id);
            let ids = found.iter().map(|own| own.row.id.as_str().into()).collect();
            let of: BTreeMap<String, Vec<Row>> =
                by_text(self.found_within(&REPLY, "follow_up", ids)?, &REPLY, "follow_up");
            for Standing { row, record } in found {
                let unit = follow_up_unit(&row.id);
                let heir = record.contact.and_then(|contact| same.get(&contact));
                let item = match heir {
                    Some(heir) => {
                        let after = FollowUp { contact: Some(*heir), ..record.clone() }.to_row()?;
                        let item = Item::changed(&FOLLOW_UP, &row, &after, source.id);
                        let here = Change::Set(merging.survivor.id.to_string().into());
                        let changes = vec![("customer", here)];
                        self.write(Write::Update { kind: &FOLLOW_UP, row: after, changes });
                        Item { effect: Some(MergeEffect::Moved), ..item }
                    }
                    None => Item::moved(&FOLLOW_UP, &row, source.id, &["customer"]),
                };
                for reply in of.get(&row.id).into_iter().flatten() {
                    merging.items.push(Item::kept(&REPLY, reply, source.id).within(unit.clone()));
                }
                merging.items.push(item.named(record.content).within(unit));
            }
        }
        Ok(())
    }

    /// The keys of what lies under a customer.
    pub(super) fn ids_under(&mut self, kind: &'static Kind, customer: CustomerId) -> Result<Vec<String>, Stop> {
        let mut all = Vec::new();
        let mut search = under(kind, customer);
        loop {
            let found = self.columns(crate::store::Selection::Page(search.clone()), Vec::new())?;
            let full = found.len() as i64 >= search.limit;
            all.extend(found.into_iter().map(|(id, _)| id));
            match all.last() {
                Some(last) if full => search.after = Some((None, last.clone())),
                _ => return Ok(all),
            }
        }
    }

    /// Refuses what would put a customer above itself, and a parent with its child unless that is meant.
    pub(super) fn check_family(&mut self, merging: &mut Merging<'_>, meant: bool) -> Result<(), Stop> {
        merging.guard = Some(self.guard_of_parents()?);
        let members = std::iter::once(merging.survivor.id).chain(merging.sources.iter().map(|source| source.id));
        let mut next: Vec<CustomerId> = members.collect();
        let mut above: BTreeSet<CustomerId> = BTreeSet::new();
        let mut first = true;
        while !next.is_empty() {
            if above.len() > MOST_ABOVE {
                return Err(RelationRefusal::TooDeep.into());
            }
            let mut parents = self.parents_of(&next)?;
            if parents.iter().any(|parent| merging.is_member(*parent)) {
                if !first {
                    return Err(RelationRefusal::ParentCircle.into());
                }
                if !meant {
                    return Err(MergeRefusal::ParentWithChild.into());
                }
                parents.retain(|parent| !merging.is_member(*parent));
            }
            first = false;
            next = parents.into_iter().filter(|id| above.insert(*id)).collect();
        }
        Ok(())
    }

    /// Whether the order of a relation's ends means something.
    pub(super) fn is_directed(&self, relation: &Relation) -> bool {
        self.context.entry(RELATION_KIND, relation.kind.as_str()).is_none_or(|entry| entry.inverse_label.is_some())
    }

    /// Relations: each goes to the survivor, but for those that would relate it to itself or stand there twice.
    pub(super) fn merge_relations(&mut self, merging: &mut Merging<'_>) -> Result<(), Stop> {
        let mut standing = BTreeSet::new();
        for search in relations_of(merging.survivor.id) {
            let own = Standing::<Relation>::all(self.find_all(search)?)?;
            merging.owns(&RELATION, own.iter().map(|own| own.row.id.clone()));
            let apart =
                own.iter().filter(|own| !merging.is_source(own.record.first) && !merging.is_source(own.record.second));
            standing.extend(apart.map(|own| own.record.unique_key_id()));
        }
        let mut all: BTreeMap<String, (CustomerId, Standing<Relation>)> = BTreeMap::new();
        for source in merging.sources {
            for search in relations_of(source.id) {
                for own in Standing::<Relation>::all(self.find_all(search)?)? {
                    all.entry(own.row.id.clone()).or_insert((source.id, own));
                }
            }
        }
        let mut keys: Vec<String> = all.values().map(|(_, own)| own.record.unique_key_id()).collect();
        keys.sort();
        keys.dedup();
        let keys = self.get(&UNIQUE_KEY, keys)?;
        let mut hierarchical = false;
        for (from, Standing { row, record }) in all.into_values() {
            hierarchical |= record.hierarchical;
            if let Some(key) = keys.iter().find(|key| key.id == record.unique_key_id()) {
                self.write(Write::Delete { kind: &UNIQUE_KEY, id: key.id.clone(), version: key.version });
            }
            let label = self.context.entry(RELATION_KIND, record.kind.as_str()).map(|entry| entry.label.clone());
            let label = label.unwrap_or_else(|| record.kind.to_string());
            let moved = self.placed(&record, |end| merging.place(end));
            let effect = match (moved.first == moved.second, standing.insert(moved.unique_key_id())) {
                (true, _) => Some(MergeEffect::Dropped),
                (false, false) => Some(MergeEffect::United),
                (false, true) => None,
            };
            if let Some(effect) = effect {
                self.write(Write::Delete { kind: &RELATION, id: row.id.clone(), version: row.version });
                merging.items.push(Item::removed(&RELATION, &row, from, Some(effect)).named(label));
                continue;
            }
            self.insert(&UNIQUE_KEY, unique_key_row(moved.unique_key_id(), &row.id));
            self.move_relation(&record, &moved);
            merging.items.push(Item::moved(&RELATION, &row, from, &["first", "second"]).named(label));
        }
        if let Some(guard) = merging.guard.take().filter(|_| hierarchical) {
            self.update(&GUARD, guard);
        }
        Ok(())
    }

    /// A relation whose ends are elsewhere; where their order means nothing, the smaller id first.
    pub(super) fn placed(&self, relation: &Relation, place: impl Fn(CustomerId) -> CustomerId) -> Relation {
        let (first, second) = (place(relation.first), place(relation.second));
        let swap = second < first && !self.is_directed(relation);
        let (first, second) = if swap { (second, first) } else { (first, second) };
        Relation { first, second, ..relation.clone() }
    }

    pub(super) fn move_relation(&mut self, before: &Relation, after: &Relation) {
        let ends = [("first", before.first, after.first), ("second", before.second, after.second)];
        let moved = ends.into_iter().filter(|(_, was, becomes)| was != becomes);
        let changes =
            moved.map(|(end, was, becomes)| (end, Change::Replace(was.to_string().into(), becomes.to_string().into())));
        self.touch(&RELATION, before.id, None, changes.collect());
    }
}

/// Rows by the text in one of their columns.
pub(super) fn by_text(rows: Vec<Row>, kind: &'static Kind, column: &str) -> BTreeMap<String, Vec<Row>> {
    let mut by: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for row in rows {
        if let Some(text) = crate::record::Columns::of(kind, &row).text(column) {
            by.entry(text).or_default().push(row);
        }
    }
    by
}
