//! The tree of positions, as fast to ask as it is asked often.

use super::{Position, PositionId};
use crate::actor::UserId;
use crate::person::Person;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Positions, what lies below them, and who sits or sat at them.
#[derive(Debug, Clone, Default)]
pub(crate) struct PositionTree {
    positions: BTreeMap<PositionId, Position>,
    below: HashMap<PositionId, Vec<PositionId>>,
    held: HashMap<UserId, Vec<PositionId>>,
    seated: HashMap<PositionId, Vec<UserId>>,
}

impl PositionTree {
    pub(crate) fn new(positions: Vec<Position>, people: &BTreeMap<UserId, Person>) -> Self {
        let mut tree = PositionTree::default();
        for position in positions {
            if let Some(parent) = &position.parent {
                tree.below.entry(parent.clone()).or_default().push(position.id.clone());
            }
            for holder in &position.holders {
                tree.held.entry(holder.clone()).or_default().push(position.id.clone());
            }
            tree.positions.insert(position.id.clone(), position);
        }
        for person in people.values() {
            for seat in &person.seats {
                tree.seated.entry(seat.clone()).or_default().push(person.id.clone());
            }
        }
        tree
    }

    pub(crate) fn get(&self, id: &PositionId) -> Option<&Position> {
        self.positions.get(id)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Position> {
        self.positions.values()
    }

    /// The positions that a person holds.
    pub(crate) fn held_by(&self, person: &UserId) -> &[PositionId] {
        self.held.get(person).map_or(&[], Vec::as_slice)
    }

    /// Everyone who holds the position or ever held it.
    pub(crate) fn seated_at(&self, position: &PositionId) -> &[UserId] {
        self.seated.get(position).map_or(&[], Vec::as_slice)
    }

    /// The positions that lie directly below one.
    pub(crate) fn directly_below(&self, position: &PositionId) -> &[PositionId] {
        self.below.get(position).map_or(&[], Vec::as_slice)
    }

    /// Every position strictly below one of these, however deep.
    pub(crate) fn below(&self, roots: &[PositionId]) -> BTreeSet<PositionId> {
        let mut found = BTreeSet::new();
        let mut next: Vec<&PositionId> = roots.iter().collect();
        while let Some(position) = next.pop() {
            for child in self.below.get(position).into_iter().flatten() {
                if found.insert(child.clone()) {
                    next.push(child);
                }
            }
        }
        found
    }

    /// The positions above one, nearest first.
    pub(crate) fn above(&self, position: &PositionId) -> Vec<&Position> {
        let mut seen = HashSet::from([position]);
        let mut found = Vec::new();
        let mut next = self.positions.get(position);
        while let Some(above) = next.and_then(|position| position.parent.as_ref()) {
            if !seen.insert(above) {
                break; // damaged data: a circle
            }
            next = self.positions.get(above);
            found.extend(next);
        }
        found
    }

    /// Whether one lies strictly below one of the others.
    pub(crate) fn is_below(&self, position: &PositionId, others: &[PositionId]) -> bool {
        !others.is_empty() && self.above(position).iter().any(|above| others.contains(&above.id))
    }
}

/// A position that lies on a circle of parents, if there is one.
pub(crate) fn circle(parents: &BTreeMap<PositionId, Option<PositionId>>) -> Option<PositionId> {
    let mut settled: HashSet<&PositionId> = HashSet::new();
    for start in parents.keys() {
        let mut path = HashSet::new();
        let mut next = Some(start);
        while let Some(position) = next {
            if settled.contains(position) {
                break;
            }
            if !path.insert(position) {
                return Some(position.clone());
            }
            next = parents.get(position).and_then(Option::as_ref);
        }
        settled.extend(path);
    }
    None
}
