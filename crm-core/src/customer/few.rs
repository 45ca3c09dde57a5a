//! Lists that are narrowed to few customers: those are found by what narrows them, and put in order here. Walking the order until enough of them turn
//! up would cost what exists, not what is found.

use super::list::CustomerOrder;
use super::{CustomerQuery, STANDING, View};
use crate::custom_field::{SLOTS, absent};
use crate::page::Place;
use crate::sorted::{Gather as _, Sort as _};
use crate::store::{Comparison, Direction, Filter, Read, Search, Selection};
use crate::work::{Stop, Work, counted};
use std::collections::BTreeMap;

/// How many are put in order here, at the most.
const FEW: i64 = 10_000;
/// How many in any case: walking is hardly faster.
const FEW_ANYHOW: i64 = 50;
/// How many rows are walked in the time in which one is fetched from where it stands.
const WALKED: i64 = 25;
/// How many of all customers: walking an order gets by so many of these.
const FEW_OF_ALL: i64 = 2_000;
/// How many found by the condition of their view.
const FEW_OF_VIEW: i64 = 150;
/// How many ways to find them are looked at.
const MOST_COVERS: usize = 4;
/// In how many ranges they may lie.
const MOST_RANGES: usize = 20;

/// A range of a column that has an index within scopes.
#[derive(Debug, Clone)]
struct Range {
    column: &'static str,
    conditions: Vec<Filter>,
}

/// Ranges of which each record that passes a filter lies in one.
type Cover = Vec<Range>;

/// The covers of a filter over these columns, those that ask for single values first.
fn covers(filter: &Filter, columns: &[&'static str]) -> Vec<Cover> {
    let mut flat = Vec::new();
    flatten(filter, &mut flat);
    let is_there = |column: &'static str| {
        let absent_one = |inner: &Filter| matches!(inner, Filter::Is(own, Comparison::Equal, value) if *own == column && *value == absent());
        let there = flat.iter().any(|filter| matches!(filter, Filter::Not(inner) if absent_one(inner)));
        there.then(|| Filter::Is(column, Comparison::Greater, absent()))
    };
    let mut ranges: BTreeMap<&'static str, Vec<Filter>> = BTreeMap::new();
    let (mut values, mut others) = (Vec::new(), Vec::new());
    for part in flat.iter().copied() {
        match part {
            Filter::Is(column, _, _) if columns.contains(column) => {
                ranges.entry(column).or_default().push(part.clone())
            }
            Filter::In(column, all) if columns.contains(column) && all.len() <= MOST_RANGES => {
                let value = |value| Range { column, conditions: vec![Filter::equal(column, value)] };
                values.push(all.iter().cloned().map(value).collect());
            }
            Filter::Any(any) => {
                let each: Option<Vec<Cover>> = any.iter().map(|one| covers(one, columns).into_iter().next()).collect();
                let cover: Option<Cover> = each.map(|each| each.into_iter().flatten().collect());
                others.extend(cover.filter(|cover| cover.len() <= MOST_RANGES));
            }
            _ => {}
        }
    }
    for (column, conditions) in &mut ranges {
        // What is less than a value has one.
        conditions.extend(is_there(column));
    }
    let (single, wide): (Vec<Range>, Vec<Range>) = ranges
        .into_iter()
        .map(|(column, conditions)| Range { column, conditions })
        .partition(|range| range.conditions.iter().any(is_equality));
    values.extend(single.into_iter().map(|range| vec![range]));
    values.extend(wide.into_iter().map(|range| vec![range]));
    values.extend(others);
    values
}

fn is_equality(filter: &Filter) -> bool {
    matches!(filter, Filter::Is(_, Comparison::Equal, _))
}

impl Range {
    /// Whether what lies in it has something there.
    fn is_there(&self) -> bool {
        self.conditions.iter().any(|condition| condition.is_there(self.column))
    }
}

/// What all has to hold, one by one.
fn flatten<'f>(filter: &'f Filter, into: &mut Vec<&'f Filter>) {
    match filter {
        Filter::All(all) => all.iter().for_each(|filter| flatten(filter, into)),
        other => into.push(other),
    }
}

impl Work<'_> {
    /// The places of all customers of a view, if they are few.
    ///
    /// In a list of all customers what they have is found among all; what they don't have, which the indexes of all leave out, scope by scope.
    pub(super) fn few(
        &mut self,
        query: &CustomerQuery,
        search: &Search,
        scoped: &Search,
    ) -> Result<Option<Vec<Place>>, Stop> {
        let Some(order) = search.order else { return Ok(None) };
        let (own, _) = CustomerOrder::of(&query.view).column();
        let conditional = matches!(query.view, View::Today | View::NotFollowedFor { .. });
        let mut columns = SLOTS.to_vec();
        columns.extend(conditional.then_some(own));
        // In the order of a column its range is walked as it is.
        columns.retain(|column| *column != order);
        let within = |range: &Range, filter: Option<&Filter>| {
            let conditions = range.conditions.iter().chain(filter).cloned().collect();
            let within = if range.is_there() { search } else { scoped };
            let filtered = Search { after: None, until: None, filter: Filter::All(conditions), ..within.clone() };
            filtered.ordered(range.column, Direction::Ascending)
        };
        let mut best: Option<(i64, Cover)> = None;
        for cover in covers(&search.filter, &columns).into_iter().take(MOST_COVERS) {
            // Counted out of the index first: rows are only read if it pays.
            let cap = if cover.iter().any(|range| range.column == own) { FEW_OF_VIEW } else { FEW };
            let count = |range: &Range| Read::Count { search: within(range, None), cap };
            let counts = self.read(cover.iter().map(count).collect())?.into_iter();
            let known: Option<Vec<i64>> = counts.map(|answer| counted(Some(answer))).collect();
            let Some(all) = known.map(|known| known.into_iter().sum::<i64>()).filter(|all| *all < cap) else {
                continue;
            };
            if best.as_ref().is_none_or(|(least, _)| all < *least) {
                best = Some((all, cover));
            }
            if all < FEW_OF_VIEW {
                break;
            }
        }
        let Some((all, cover)) = best else { return Ok(None) };
        let of_all = search.scope.as_ref().is_some_and(|scope| scope.column == STANDING);
        if of_all && all > FEW_ANYHOW {
            let single =
                matches!(cover.as_slice(), [range] if range.is_there() && range.conditions.iter().any(is_equality));
            // Its index has those of one value in the order of their creation.
            if all > FEW_OF_ALL || (single && order == "created_at") {
                return Ok(None);
            }
        } else if all > FEW_ANYHOW {
            // Walking ends in each scope with a page, or with the scope: it looks at some rows for each of those that pass.
            let scopes = search.scope.as_ref().map_or(1, |scope| scope.values.len() as i64);
            if all > scopes.saturating_mul(search.limit) {
                return Ok(None);
            }
            let whole = Search { after: None, filter: Filter::All(Vec::new()), ..search.clone() };
            let whole = Read::Count { search: whole, cap: all * WALKED };
            if counted(self.read(vec![whole])?.into_iter().next()).is_some() {
                return Ok(None);
            }
        }
        let mut found: BTreeMap<String, Place> = BTreeMap::new();
        for range in &cover {
            let page = Selection::Page(within(range, Some(&search.filter)).limited(FEW));
            let rows = self.columns(page, vec![order])?;
            if rows.len() as i64 >= FEW {
                // They became more since they were counted.
                return Ok(None);
            }
            found.extend(rows.into_iter().map(|(id, values)| (id.clone(), (values.into_iter().next(), id))).into_map());
        }
        let mut places: Vec<Place> = found.into_values().collect();
        places.order_by(Ord::cmp);
        Ok(Some(places))
    }
}
