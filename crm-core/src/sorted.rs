//! What is sorted, and sorted collections. The standard library sorts, and builds its maps and sets by sorting, in code
//! that there is once for each type: 40 KB of the gzipped wasm module, where lists are short.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// Lists that are sorted by code that there is once.
pub(crate) trait Sort<T> {
    /// Sorts; equal ones stay in their order.
    fn order_by(&mut self, compare: impl FnMut(&T, &T) -> Ordering);

    /// Sorts by a key, which is made for each item once.
    fn order_by_key<K: Ord>(&mut self, key: impl FnMut(&T) -> K);
}

impl<T> Sort<T> for [T] {
    fn order_by(&mut self, mut compare: impl FnMut(&T, &T) -> Ordering) {
        let mut places = order(self.len(), &mut |a, b| match (self.get(a), self.get(b)) {
            (Some(a), Some(b)) => compare(a, b),
            _ => Ordering::Equal,
        });
        arrange(&mut places, &mut |a, b| self.swap(a, b));
    }

    fn order_by_key<K: Ord>(&mut self, key: impl FnMut(&T) -> K) {
        let keys: Vec<K> = self.iter().map(key).collect();
        let mut places = order(self.len(), &mut |a, b| keys.get(a).cmp(&keys.get(b)));
        arrange(&mut places, &mut |a, b| self.swap(a, b));
    }
}

/// Places in the order of what stands there.
fn order(length: usize, compare: &mut dyn FnMut(usize, usize) -> Ordering) -> Vec<usize> {
    let mut places: Vec<usize> = (0..length).collect();
    places.sort_by(|a, b| compare(*a, *b));
    places
}

/// Brings what stands at the places, one after the other, to the front.
fn arrange(places: &mut [usize], swap: &mut dyn FnMut(usize, usize)) {
    for place in 0..places.len() {
        // What stood there may have been swapped away before.
        let mut from = places.get(place).copied().unwrap_or(place);
        while from < place {
            from = places.get(from).copied().unwrap_or(place);
        }
        swap(place, from);
        if let Some(now) = places.get_mut(place) {
            *now = from;
        }
    }
}

/// Maps and sets, filled one by one.
pub(crate) trait Gather: Iterator + Sized {
    /// As a map; the last of equal keys wins.
    fn into_map<K: Ord, V>(self) -> BTreeMap<K, V>
    where
        Self: Iterator<Item = (K, V)>,
    {
        let mut map = BTreeMap::new();
        for (key, value) in self {
            map.insert(key, value);
        }
        map
    }

    /// As a set.
    fn into_set(self) -> BTreeSet<Self::Item>
    where
        Self::Item: Ord,
    {
        let mut set = BTreeSet::new();
        for item in self {
            set.insert(item);
        }
        set
    }
}

impl<I: Iterator> Gather for I {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sorting_is_that_of_the_standard_library(list in prop::collection::vec((0..20_u8, any::<u16>()), 0..200)) {
            let mut expected = list.clone();
            expected.sort_by_key(|item| std::cmp::Reverse(item.0));
            let mut sorted = list.clone();
            sorted.order_by(|a, b| b.0.cmp(&a.0));
            prop_assert_eq!(&sorted, &expected);
            expected.sort_by_key(|item| item.0 % 7);
            sorted.order_by_key(|item| item.0 % 7);
            prop_assert_eq!(&sorted, &expected);
            prop_assert_eq!(list.iter().copied().into_map(), list.iter().copied().collect::<BTreeMap<_, _>>());
            prop_assert_eq!(list.iter().into_set(), list.iter().collect::<BTreeSet<_>>());
        }
    }
}
