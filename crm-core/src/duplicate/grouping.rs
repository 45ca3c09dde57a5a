//! Groups out of pairs (D4): whoever is like a member belongs to it, the most alike first, while there is room.

use crate::sorted::Sort as _;

/// How many customers a group has at the most.
pub(super) const MOST_IN_GROUP: usize = 20;

/// Two who are alike, by their places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Alike {
    pub(super) score: i32,
    pub(super) one: u32,
    pub(super) other: u32,
}

/// A group by the places of its members.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Group {
    /// The greatest score of its pairs.
    pub(super) score: i32,
    pub(super) members: Vec<u32>,
    /// Whether somebody was like a member and had no room.
    pub(super) cut: bool,
}

/// Groups that grow.
struct Groups {
    groups: Vec<Group>,
    /// In which group each place is.
    of: Vec<Option<u32>>,
}

impl Groups {
    fn of(&self, place: u32) -> Option<u32> {
        self.of.get(place as usize).copied().flatten()
    }

    fn group(&mut self, group: u32) -> Option<&mut Group> {
        self.groups.get_mut(group as usize)
    }

    fn size(&self, group: u32) -> usize {
        self.groups.get(group as usize).map_or(0, |group| group.members.len())
    }

    fn add(&mut self, group: u32, place: u32) {
        if self.size(group) >= MOST_IN_GROUP {
            self.cut(group);
        } else if let (Some(of), Some(known)) = (self.of.get_mut(place as usize), self.groups.get_mut(group as usize)) {
            *of = Some(group);
            known.members.push(place);
        }
    }

    fn cut(&mut self, group: u32) {
        if let Some(group) = self.group(group) {
            group.cut = true;
        }
    }

    fn unite(&mut self, a: u32, b: u32) {
        if self.size(a) + self.size(b) > MOST_IN_GROUP {
            self.cut(a);
            self.cut(b);
            return;
        }
        let (small, large) = if self.size(a) <= self.size(b) { (a, b) } else { (b, a) };
        let Some(gone) = self.group(small).map(std::mem::take) else { return };
        for place in gone.members {
            self.add(large, place);
        }
        if let Some(group) = self.group(large) {
            group.score = group.score.max(gone.score);
            group.cut |= gone.cut;
        }
    }
}

/// The groups of pairs among `everyone`, the highest score first. Pairs come with the highest score first.
pub(super) fn grouped(pairs: &[Alike], everyone: usize) -> Vec<Group> {
    let mut groups = Groups { groups: Vec::new(), of: vec![None; everyone] };
    for Alike { score, one, other } in pairs {
        match (groups.of(*one), groups.of(*other)) {
            (None, None) => {
                let group = u32::try_from(groups.groups.len()).unwrap_or(u32::MAX);
                groups.groups.push(Group { score: *score, ..Group::default() });
                groups.add(group, *one);
                groups.add(group, *other);
            }
            (Some(group), None) => groups.add(group, *other),
            (None, Some(group)) => groups.add(group, *one),
            (Some(a), Some(b)) if a != b => groups.unite(a, b),
            _ => {}
        }
    }
    let mut groups = groups.groups;
    groups.retain(|group| group.members.len() > 1);
    groups.order_by(|a, b| b.score.cmp(&a.score));
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pair(score: i32, one: u32, other: u32) -> Alike {
        Alike { score, one, other }
    }

    #[test]
    fn d4_who_is_like_a_member_joins_and_the_highest_score_comes_first() {
        let pairs = [pair(1_000, 3, 4), pair(990, 0, 1), pair(950, 1, 2), pair(900, 2, 4), pair(880, 6, 7)];
        let groups = grouped(&pairs, 8);
        let told: Vec<(i32, Vec<u32>, bool)> = groups
            .into_iter()
            .map(|mut group| {
                group.members.sort_unstable();
                (group.score, group.members, group.cut)
            })
            .collect();
        assert_eq!(told, [(1_000, vec![0, 1, 2, 3, 4], false), (880, vec![6, 7], false)]);
    }

    #[test]
    fn d4_a_group_has_its_bounds_and_says_so() {
        let chain: Vec<Alike> = (0..30).map(|place| pair(900, place, place + 1)).collect();
        let groups = grouped(&chain, 31);
        assert_eq!(groups.iter().map(|group| group.members.len()).collect::<Vec<_>>(), [20, 11]);
        assert!(groups.iter().any(|group| group.cut));
    }

    proptest! {
        /// Nobody stands in two groups, nobody in one of his own; where nothing is cut, two who are alike stand in one.
        #[test]
        fn d4_groups_are_apart(pairs in prop::collection::vec((0..40_u32, 0..40_u32), 0..60)) {
            let pairs: Vec<Alike> = pairs.into_iter().filter(|(a, b)| a != b).map(|(a, b)| pair(900, a, b)).collect();
            let groups = grouped(&pairs, 40);
            let mut all: Vec<u32> = groups.iter().flat_map(|group| group.members.clone()).collect();
            all.sort_unstable();
            let count = all.len();
            all.dedup();
            prop_assert_eq!(all.len(), count);
            prop_assert!(groups.iter().all(|group| (2..=MOST_IN_GROUP).contains(&group.members.len())));
            for Alike { one, other, .. } in pairs {
                let of = |place: u32| groups.iter().position(|group| group.members.contains(&place));
                let cut = |place: u32| of(place).is_some_and(|group| groups[group].cut);
                prop_assert!(of(one) == of(other) || cut(one) || cut(other));
            }
        }
    }
}
