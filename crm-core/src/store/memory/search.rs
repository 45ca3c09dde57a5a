//! Pages and counts out of a table: which index answers, and the merge of its ranges.

use super::table::{Entry, Index, Part, Range, Table};
use crate::sorted::{Gather as _, Sort as _};
use crate::store::{Comparison, Direction, Filter, Has, Kind, Related, Row, Search, Value};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

/// More ranges than this are not merged: then more rows are looked at instead.
const MOST_RANGES: usize = 10_000;

/// Whether what is asked of related rows holds for a row with an id.
pub(super) type Relations<'r> = &'r dyn Fn(&Related, &str) -> bool;

/// What is asked of rows that are not related to others.
const ALONE: Relations<'static> = &|_, _| false;

/// Whether what is asked of the rows related to an id holds.
pub(super) fn related(table: Option<&Table>, others: &Related, id: &str) -> bool {
    let of_id = Search::of(others.kind).within(others.column, vec![id.into()]).filtered(others.filter.clone());
    match others.has {
        Has::One => table.is_some_and(|table| !page(table, &of_id.limited(1), ALONE).is_empty()),
        Has::Sum(column, comparison, value) => {
            let rows = table.map(|table| page(table, &of_id.limited(i64::MAX), ALONE)).unwrap_or_default();
            let values = rows.into_iter().filter_map(|row| value_of(others.kind, row, column)?.as_integer());
            comparison.holds(&values.map(i128::from).sum::<i128>(), &value.into())
        }
    }
}

/// The page of rows that a search asks for.
pub(super) fn page<'t>(table: &'t Table, search: &Search, relations: Relations<'_>) -> Vec<&'t Row> {
    // Whoever wants everything says more than an address may have.
    let limit = usize::try_from(search.limit.max(0)).unwrap_or(usize::MAX);
    let members = search.scope.as_ref();
    let members: Option<BTreeSet<&Value>> = members.map(|s| s.values.iter().into_set());
    let before_end = |row: &&Row| search.until.as_ref().is_none_or(|until| row.id < *until);
    let shown = |row: &&Row| {
        let inside = match (&search.scope, &members) {
            (Some(scope), Some(members)) => {
                value_of(search.kind, row, scope.column).is_some_and(|v| members.contains(v))
            }
            _ => true,
        };
        inside && before_end(row) && search.filter.passes(search.kind, row, relations)
    };
    let Some(plan) = Plan::of(table, search) else {
        return Vec::new();
    };
    let ranges = plan.ranges(search);
    if plan.ordered {
        let rows = Merge::new(plan.order_part(search), search.direction, ranges);
        let rows = rows.filter_map(|entry| table.get(&entry.id));
        // In the order of ids nothing comes behind the end.
        let ends = search.order.is_none() && search.direction == Direction::Ascending;
        return rows.take_while(|row| !ends || before_end(row)).filter(shown).take(limit).collect();
    }
    let rows = ranges.into_iter().flatten();
    let rows = rows.filter_map(|entry| table.get(&entry.id));
    let mut rows: Vec<&Row> = rows.filter(shown).filter(|r| behind(search, r)).collect();
    rows.order_by(|a, b| {
        let order = key(search, a).cmp(&key(search, b));
        directed(order, search.direction)
    });
    rows.truncate(limit);
    rows
}

/// How many rows a search finds, unless its scope has `cap` rows or more.
pub(super) fn count(table: &Table, search: &Search, cap: i64, relations: Relations<'_>) -> Option<i64> {
    let cap = usize::try_from(cap).unwrap_or(usize::MAX);
    let (mut seen, mut found) = (0_usize, 0_i64);
    let mut look = |row: &Row| {
        if !search.range().all(|range| range.passes(search.kind, row, ALONE)) {
            return true;
        }
        seen = seen.saturating_add(1);
        if search.filter.passes(search.kind, row, relations) {
            found = found.saturating_add(1);
        }
        seen < cap
    };
    let below = match &search.scope {
        None => table.rows().all(look),
        Some(scope) => {
            // The rows of the scope before the filter are what the cap bounds, so that the
            // filter must not choose the ranges.
            let scoped = Search::of(search.kind).within(scope.column, scope.values.clone());
            let members: BTreeSet<&Value> = scope.values.iter().into_set();
            let inside = |row: &&Row| value_of(search.kind, row, scope.column).is_some_and(|v| members.contains(v));
            match Plan::of(table, &scoped) {
                None => true,
                Some(plan) => {
                    let ranges = plan.ranges(&scoped);
                    let mut rows = ranges.into_iter().flatten();
                    rows.by_ref().filter_map(|entry| table.get(&entry.id)).filter(inside).all(&mut look)
                }
            }
        }
    };
    below.then_some(found)
}

/// The sums of the columns over the rows of a search, by groups; none when one does not fit.
pub(super) fn sums(
    table: &Table,
    search: &Search,
    by: &[&'static str],
    columns: &[&'static str],
    relations: Relations<'_>,
) -> Option<Vec<(Vec<Value>, Vec<i64>)>> {
    let whole = Search { after: None, until: None, limit: i64::MAX, ..search.clone() };
    let mut groups: BTreeMap<Vec<Value>, Vec<i64>> = BTreeMap::new();
    for row in page(table, &whole, relations) {
        let value = |column: &&'static str| value_of(search.kind, row, column);
        let group = by.iter().filter_map(value).cloned().collect();
        let sums = groups.entry(group).or_insert_with(|| vec![0; columns.len()]);
        for (sum, column) in sums.iter_mut().zip(columns) {
            *sum = sum.checked_add(value(column).and_then(Value::as_integer).unwrap_or_default())?;
        }
    }
    Some(groups.into_iter().collect())
}

/// How a search is answered: the index, and how many of its columns have known values.
struct Plan<'t, 's> {
    index: &'t Index,
    /// The values that the leading columns may have, by column.
    prefix: Vec<Vec<&'s Value>>,
    /// Whether each range has the order of the search.
    ordered: bool,
}

impl<'t, 's> Plan<'t, 's> {
    fn of(table: &'t Table, search: &'s Search) -> Option<Self> {
        let mut fixed = Vec::new();
        if let Some(scope) = &search.scope {
            let place = search.kind.position(scope.column)?;
            fixed.push((place, scope.values.iter().collect::<Vec<_>>()));
        }
        gather_fixed(search, &search.filter, &mut fixed);
        let scope = search.scope.as_ref();
        let scope = scope.and_then(|scope| search.kind.position(scope.column));
        let order = search.order.and_then(|order| search.kind.position(order));
        let plans = table.indexes.iter().map(|index| {
            let mut ranges = 1_usize;
            let prefix: Vec<Vec<&Value>> = index
                .columns
                .iter()
                .map_while(|place| fixed.iter().find(|(fixed, _)| fixed == place))
                .map_while(|(_, values)| {
                    ranges = ranges.saturating_mul(values.len());
                    (ranges <= MOST_RANGES).then(|| values.clone())
                })
                .collect();
            let (known, rest) = index.columns.split_at(prefix.len().min(index.columns.len()));
            let ordered = match (order, rest) {
                (None, []) => true,
                (Some(order), []) => known.contains(&order),
                (Some(order), [next]) => order == *next && !known.contains(&order),
                _ => false,
            };
            let scoped = scope.is_none_or(|scope| known.contains(&scope));
            let worth = (scoped && ordered, scoped, prefix.len(), ordered);
            let plan = Plan { index, prefix, ordered };
            (worth, plan)
        });
        plans.max_by_key(|(worth, _)| *worth).map(|(_, plan)| plan)
    }

    /// The place of the order's value among the parts of an entry.
    fn order_part(&self, search: &Search) -> Option<usize> {
        let place = search.order.and_then(|order| search.kind.position(order))?;
        self.index.columns.iter().position(|column| *column == place)
    }

    /// One range for each combination of the known values.
    fn ranges(&self, search: &Search) -> Vec<Range<'t>> {
        let mut prefixes: Vec<Vec<Part>> = vec![Vec::new()];
        for values in &self.prefix {
            prefixes = prefixes.iter().flat_map(|prefix| values.iter().map(move |value| with(prefix, value))).collect();
        }
        let cut = |prefix| self.range(search, prefix);
        prefixes.into_iter().filter_map(cut).collect()
    }

    /// The entries that begin with a prefix, as far as order, `after` and filter allow.
    fn range(&self, search: &Search, prefix: Vec<Part>) -> Option<Range<'t>> {
        let mut from = Entry::before(prefix.clone());
        let mut to = Entry::behind(prefix.clone());
        if !self.ordered {
            return self.index.range(from, to);
        }
        // The order's column either comes next, or is among the known values.
        let place = self.order_part(search);
        let next = place.is_some_and(|place| place >= prefix.len());
        if let Some((value, id)) = &search.after {
            let mut cut = Entry { parts: prefix.clone(), id: id.clone() };
            if let (Some(value), Some(place)) = (value, place) {
                let value = Part::Value(value.clone());
                if next {
                    cut.parts.push(value);
                } else if let Some(known) = prefix.get(place) {
                    match known.cmp(&value) {
                        Ordering::Less => cut = to.clone(),
                        Ordering::Equal => {}
                        Ordering::Greater => cut = from.clone(),
                    }
                }
            }
            match search.direction {
                Direction::Ascending => from = from.max(cut),
                Direction::Descending => to = to.min(cut),
            }
        }
        if let (true, Some(until)) = (prefix.is_empty() && search.order.is_none(), &search.until) {
            to = to.min(Entry { parts: Vec::new(), id: until.clone() });
        }
        if let (true, Some(order)) = (next, search.order) {
            bound(&search.filter, order, &prefix, &mut from, &mut to);
        }
        self.index.range(from, to)
    }
}

/// Columns that the filter allows a few values only, beside the ones known already.
fn gather_fixed<'s>(search: &'s Search, filter: &'s Filter, fixed: &mut Vec<(usize, Vec<&'s Value>)>) {
    let (column, values) = match filter {
        Filter::All(all) => {
            all.iter().for_each(|f| gather_fixed(search, f, fixed));
            return;
        }
        Filter::Is(column, Comparison::Equal, value) => (column, vec![value]),
        Filter::In(column, values) => {
            // Each once: a value in two ranges would show its rows twice.
            let values: BTreeSet<&Value> = values.iter().into_set();
            (column, values.into_iter().collect())
        }
        _ => return,
    };
    if let Some(place) = search.kind.position(column)
        && !fixed.iter().any(|(known, _)| *known == place)
    {
        fixed.push((place, values));
    }
}

/// Narrows a range to what the filter allows the order's column.
fn bound(filter: &Filter, order: &str, prefix: &[Part], from: &mut Entry, to: &mut Entry) {
    match filter {
        Filter::All(all) => all.iter().for_each(|f| bound(f, order, prefix, from, to)),
        Filter::Is(column, comparison, value) if *column == order => {
            let parts = with(prefix, value);
            let cut = match comparison {
                Comparison::Equal => return,
                Comparison::Less | Comparison::AtLeast => Entry::before(parts),
                Comparison::AtMost | Comparison::Greater => Entry::behind(parts),
            };
            match comparison {
                Comparison::Less | Comparison::AtMost => {
                    if cut < *to {
                        *to = cut;
                    }
                }
                _ => {
                    if cut > *from {
                        *from = cut;
                    }
                }
            }
        }
        _ => {}
    }
}

fn with(prefix: &[Part], value: &Value) -> Vec<Part> {
    let mut parts = prefix.to_vec();
    parts.push(Part::Value(value.clone()));
    parts
}

/// What rows are ordered by.
fn key<'r>(search: &Search, row: &'r Row) -> (Option<&'r Value>, &'r str) {
    let value = search.order.and_then(|o| value_of(search.kind, row, o));
    (value, &row.id)
}

/// Whether a row stands behind the place that the search goes on from.
fn behind(search: &Search, row: &Row) -> bool {
    match &search.after {
        None => true,
        Some((value, id)) => {
            let order = key(search, row).cmp(&(value.as_ref(), id));
            directed(order, search.direction) == Ordering::Greater
        }
    }
}

fn directed(order: Ordering, direction: Direction) -> Ordering {
    match direction {
        Direction::Ascending => order,
        Direction::Descending => order.reverse(),
    }
}

/// Entries of several ordered ranges, in one order.
struct Merge<'t> {
    heads: BinaryHeap<Head<'t>>,
}

/// The first entry of a range that is left, and the others.
struct Head<'t> {
    first: &'t Entry,
    rest: Range<'t>,
    order: Option<usize>,
    direction: Direction,
}

impl<'t> Merge<'t> {
    fn new(order: Option<usize>, direction: Direction, ranges: Vec<Range<'t>>) -> Self {
        let heads = ranges.into_iter();
        let heads = heads.filter_map(|rest| Head::new(order, direction, rest));
        Merge { heads: heads.collect() }
    }
}

impl<'t> Iterator for Merge<'t> {
    type Item = &'t Entry;

    fn next(&mut self) -> Option<&'t Entry> {
        let head = self.heads.pop()?;
        let next = Head::new(head.order, head.direction, head.rest);
        self.heads.extend(next);
        Some(head.first)
    }
}

impl<'t> Head<'t> {
    fn new(order: Option<usize>, direction: Direction, mut rest: Range<'t>) -> Option<Self> {
        let first = match direction {
            Direction::Ascending => rest.next(),
            Direction::Descending => rest.next_back(),
        }?;
        Some(Head { first, rest, order, direction })
    }

    fn key(&self) -> (Option<&Part>, &str) {
        let value = self.order.and_then(|place| self.first.parts.get(place));
        (value, &self.first.id)
    }
}

impl Ord for Head<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        // The heap yields its greatest: what comes first is the greatest here.
        directed(self.key().cmp(&other.key()), self.direction).reverse()
    }
}

impl PartialOrd for Head<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Head<'_> {}

/// A row's value of a column.
fn value_of<'r>(kind: &Kind, row: &'r Row, column: &str) -> Option<&'r Value> {
    kind.position(column).and_then(|place| row.values.get(place))
}
