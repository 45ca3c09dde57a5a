//! Customers named one by one: by shares, by what was viewed. Of each only those columns are read
//! that put it in its place; whole rows are read of the page alone.

use super::list::{CustomerQuery, View};
use super::{CUSTOMER, Customer, CustomerId, RECENT};
use crate::access::{Part, Reaches, Scope, Standing};
use crate::error::Error;
use crate::page::Place;
use crate::query::Condition;
use crate::record::{Columns, Record};
use crate::sharing::{SHARE, Share, SharePanel, rights_of};
use crate::sorted::{Gather as _, Sort as _};
use crate::store::{
    Answer, ColumnType, Comparison, Direction, Filter, Has, Read, Related, Row, Search, Selection, Value,
};
use crate::work::{Stop, Work, columns_of, rows};
use std::collections::{BTreeMap, BTreeSet};

/// Shares looked at for the view of what is shared, and views for what was viewed.
const MOST_SHARED: i64 = 2_000;
pub(super) const MOST_RECENT: i64 = 100;

/// Orders that tell no more of a customer than everybody knows with whom something of it is shared.
const BY_NAME: [&str; 3] = ["scope", "created_at", "name_sort"];

/// Customers named one by one, in an order of their own.
pub(super) struct Named {
    ids: Vec<String>,
    /// Whether these are all.
    pub(super) whole: bool,
    /// Whether what names them also lets the actor see them while they are active.
    seen: bool,
    /// Those of which the shares that name them leave out the information.
    by_name_only: BTreeSet<String>,
}

impl Named {
    /// Whether the actor may see of one of them no more than its name.
    pub(super) fn may_be_closed(&self) -> bool {
        !self.seen || !self.by_name_only.is_empty()
    }
}

impl Work<'_> {
    /// The customers shared with one of these grantees, those of which this panel is if there is one: by the latest of shares that hold.
    pub(super) fn shared_ids(&mut self, grantees: Vec<Value>, panel: Option<SharePanel>) -> Result<Named, Stop> {
        let holds = Filter::Is("ends_at", Comparison::Greater, self.now.millis().into());
        let of = |grantee| {
            let search = Search::of(&SHARE).within("grantee", vec![grantee]).filtered(holds.clone());
            let search = search.ordered("created_at", Direction::Descending).limited(MOST_SHARED);
            Read::Columns { of: Selection::Page(search), columns: vec!["created_at", "customer", "panels"] }
        };
        let mut found: Vec<(Vec<Value>, String)> = Vec::new();
        for answer in self.read(grantees.into_iter().map(of).collect())? {
            found.extend(columns_of(Some(answer)).into_iter().map(|(id, values)| (values, id)));
        }
        let most = usize::try_from(MOST_SHARED).unwrap_or_default();
        let whole = found.len() < most;
        if found.len() > most {
            found.order_by(Ord::cmp);
            found.drain(..found.len() - most);
        }
        let mut named = Vec::with_capacity(found.len());
        for (values, _) in found {
            let [_, Value::Text(customer), Value::Text(panels)] = &values[..] else { continue };
            let rights = rights_of(panels);
            if panel.is_none_or(|panel| rights.on(panel).is_some()) {
                named.push((customer.clone(), rights.on(SharePanel::Information).is_some()));
            }
        }
        let mut by_name_only = BTreeSet::new();
        if named.iter().any(|(_, informed)| !informed) {
            by_name_only.extend(named.iter().map(|(customer, _)| customer.clone()));
            named.iter().filter(|(_, informed)| *informed).for_each(|(customer, _)| _ = by_name_only.remove(customer));
        }
        let mut ids: Vec<String> = named.into_iter().map(|(customer, _)| customer).collect();
        ids.sort();
        ids.dedup();
        Ok(Named { ids, whole, seen: true, by_name_only })
    }

    /// The customers that somebody viewed last, the last one first.
    pub(super) fn recent_ids(&mut self, viewer: String) -> Result<Named, Stop> {
        let search = Search::of(&RECENT)
            .within("viewer", vec![viewer.into()])
            .ordered("viewed_at", Direction::Descending)
            .limited(MOST_RECENT);
        let found = rows(self.read(vec![Read::Find(search)])?.into_iter().next());
        let ids = found.iter().filter_map(|row| row.id.split('\u{1f}').nth(1)).map(str::to_owned).collect();
        Ok(Named { ids, whole: true, seen: false, by_name_only: BTreeSet::new() })
    }

    /// The ids of customers that are shared with the actor; of more than 2,000 the latest.
    pub(super) fn shared_with_actor(&mut self) -> Result<Vec<String>, Stop> {
        let grantees = self.access()?.grantee_keys();
        Ok(if grantees.is_empty() { Vec::new() } else { self.shared_ids(grantees, None)?.ids })
    }

    /// The ids of active customers of which the actor sees a panel by a share alone: that stand in none of
    /// these scopes.
    pub(crate) fn shared_customers(&mut self, scopes: &[Value], panel: SharePanel) -> Result<Vec<Value>, Stop> {
        let grantees = self.access()?.grantee_keys();
        let shared = self.shared_ids(grantees, Some(panel))?;
        let named = self.named(shared, &CustomerQuery::from(View::SharedWithMe), "scope")?;
        if named.is_empty() {
            return Ok(Vec::new());
        }
        let scopes: BTreeSet<&Value> = scopes.iter().into_set();
        let alone = |(scope, _): &Place| scope.as_ref().is_none_or(|scope| !scopes.contains(scope));
        Ok(named.into_iter().filter(alone).map(|(_, id)| id.into()).collect())
    }

    /// The places in an order of those of the named customers that are active, that the actor
    /// sees and that pass the filter; still in their own order.
    pub(super) fn named(
        &mut self,
        list: Named,
        query: &CustomerQuery,
        order: &'static str,
    ) -> Result<Vec<Place>, Stop> {
        let filter = &query.filter;
        let mut conditions = vec![filter.conditions(&self.access()?)?];
        if let Some(matching) = &query.matching {
            conditions.push(self.matching(matching, None, &query.view)?);
        }
        let conditions = Filter::All(conditions);
        let relations = self.relations_of(&conditions, &list.ids)?;
        let relations = |others: &Related, id: &str| {
            relations.iter().any(|(known, holding)| std::ptr::eq(*known, others) && holding.contains(id))
        };
        // Of whom not every panel that is looked at is open tells the list nothing.
        let asked = query.matching.as_ref().map(Condition::relations).unwrap_or_default();
        let panels: Vec<SharePanel> = asked.iter().map(|test| test.of.panel()).collect();
        let known_seen = list.seen && panels.is_empty();
        let mut columns = vec!["scope"];
        if !columns.contains(&order) {
            columns.push(order);
        }
        if query.matching.is_some() {
            // Always the same ones: which of them a condition looks at must not make a statement of its own.
            columns = CUSTOMER.columns.iter().map(|column| column.name).collect();
        } else {
            conditions.columns(&mut columns);
        }
        let found = self.columns(Selection::Keys { kind: &CUSTOMER, ids: list.ids }, columns.clone())?;
        let of = |column: &str| columns.iter().position(|known| *known == column);
        let ordered = of(order);
        // A list that is put in order or narrowed by what is not open of a customer leaves it out.
        let by_information = filter.is_by_information() || query.matching.is_some();
        let telling = by_information || !BY_NAME.contains(&order);
        let access = self.access()?;
        let (mut places, mut scopes) = (Vec::with_capacity(found.len()), Vec::new());
        for (id, values) in found {
            let scope = values.first().and_then(Value::as_text).unwrap_or_default();
            if Standing::of_scope(scope) != Some(Standing::Active)
                || !conditions
                    .holds(&|column| of(column).and_then(|place| values.get(place)), &|others| relations(others, &id))
            {
                continue;
            }
            // Who owns it matters to some lists only, and there are thousands.
            let closed = telling && list.by_name_only.contains(&id);
            if filter.owner.is_some() || !known_seen || closed {
                let scope = Scope::parse(scope)?;
                if closed && !access.disposes_of(&scope) {
                    continue;
                }
                if filter.owner.as_ref().is_some_and(|owner| *owner != scope.owner) {
                    continue;
                }
                scopes.push(scope);
            }
            let value = ordered.and_then(|place| values.into_iter().nth(place));
            places.push((value, id));
        }
        if known_seen {
            return Ok(places);
        }
        let ids: Vec<&str> = places.iter().map(|(_, id)| id.as_str()).collect();
        let reached = self.reach_of(&ids, &scopes)?;
        let part = if telling { Part::Panel(SharePanel::Information) } else { Part::Anything };
        let seen = |reaches: Option<Reaches>| {
            let open = |reaches: Reaches| panels.iter().all(|panel| reaches.opens(*panel));
            reaches.is_some_and(|reaches| reaches.of(part).is_some() && open(reaches))
        };
        Ok(places.into_iter().zip(reached).filter(|(_, reaches)| seen(*reaches)).map(|(place, _)| place).collect())
    }

    /// Of each thing that a filter asks of related rows, for which of these ids it holds.
    fn relations_of<'f>(
        &mut self,
        filter: &'f Filter,
        ids: &[String],
    ) -> Result<Vec<(&'f Related, BTreeSet<String>)>, Stop> {
        let mut asked = Vec::new();
        filter.related(&mut asked);
        let mut reads = Vec::with_capacity(asked.len());
        for others in &asked {
            let mut integers = others.kind.columns.iter().filter(|column| column.ty == ColumnType::Integer);
            let added = match others.has {
                Has::Sum(column, ..) => Some(column),
                Has::One => integers.next().map(|column| column.name),
            };
            let of_ids = ids.iter().map(|id| id.as_str().into()).collect();
            let search = Search::of(others.kind).within(others.column, of_ids).filtered(others.filter.clone());
            reads.push(Read::Sum { search, by: vec![others.column], columns: added.into_iter().collect() });
        }
        if reads.is_empty() || ids.is_empty() {
            return Ok(Vec::new());
        }
        let answers = self.read(reads)?;
        let holding = |(others, answer): (&'f Related, Answer)| {
            let Answer::Sums(sums) = answer else { return (others, BTreeSet::new()) };
            let sums = sums.into_iter().filter_map(|(by, sums)| {
                let id = by.first().and_then(Value::as_text)?.to_owned();
                Some((id, sums.first().copied().unwrap_or_default()))
            });
            let sums: BTreeMap<String, i64> = sums.into_map();
            let holds = |id: &&String| match others.has {
                Has::One => sums.contains_key(*id),
                Has::Sum(_, comparison, value) => comparison.holds(&sums.get(*id).copied().unwrap_or_default(), &value),
            };
            (others, ids.iter().filter(holds).cloned().collect())
        };
        Ok(asked.into_iter().zip(answers).map(holding).collect())
    }

    /// How far the actor reaches into each of these customers.
    pub(crate) fn reach_of_rows(&mut self, found: &[Row]) -> Result<Vec<Option<Reaches>>, Stop> {
        let scope = |row| Scope::parse(&Columns::of(&CUSTOMER, row).text("scope").unwrap_or_default());
        let scopes = found.iter().map(scope).collect::<Result<Vec<Scope>, Error>>()?;
        let ids: Vec<&str> = found.iter().map(|row| row.id.as_str()).collect();
        self.reach_of(&ids, &scopes)
    }

    /// How far the actor reaches into customers that stand in these scopes.
    pub(crate) fn reach_of(&mut self, ids: &[&str], scopes: &[Scope]) -> Result<Vec<Option<Reaches>>, Stop> {
        let access = self.access()?;
        let owned = |scope: &Scope| access.reach_into(scope, &[], self.now).is_some();
        let others: Vec<Value> =
            ids.iter().zip(scopes).filter(|(_, scope)| !owned(scope)).map(|(id, _)| (*id).into()).collect();
        let mut shares: BTreeMap<String, Vec<Share>> = BTreeMap::new();
        if !others.is_empty() {
            let of_others = Search::of(&SHARE).within("customer", others);
            for share in Share::from_rows(&self.find_all(of_others)?)? {
                shares.entry(share.customer.to_string()).or_default().push(share);
            }
        }
        let access = self.access()?;
        let reach = |(id, scope): (&&str, &Scope)| {
            let shares = shares.get(*id).map_or(&[][..], Vec::as_slice);
            access.reach_into(scope, shares, self.now)
        };
        Ok(ids.iter().zip(scopes).map(reach).collect())
    }

    /// Customers that the actor sees, as he sees them.
    pub(super) fn all_shown(&mut self, customers: Vec<Customer>) -> Result<Vec<Customer>, Stop> {
        let ids: Vec<String> = customers.iter().map(|customer| customer.id.to_string()).collect();
        let scopes: Vec<Scope> = customers.iter().map(Customer::stands).collect();
        let reached = self.reach_of(&ids.iter().map(String::as_str).collect::<Vec<_>>(), &scopes)?;
        let opens = |reaches: Option<Reaches>| reaches.is_some_and(|reaches| reaches.opens(SharePanel::Information));
        let shown = |(customer, reaches): (Customer, _)| {
            if opens(reaches) { customer } else { customer.by_name_only() }
        };
        Ok(customers.into_iter().zip(reached).map(shown).collect())
    }

    /// Those of the customers that the actor sees, by id with their names and how far he reaches into them; those in the recycle
    /// bin only where asked for.
    pub(crate) fn visible_customers(
        &mut self,
        mut ids: Vec<String>,
        in_bin: bool,
    ) -> Result<BTreeMap<CustomerId, (String, Reaches)>, Stop> {
        ids.sort();
        ids.dedup();
        let found = self.get(&CUSTOMER, ids)?;
        let reached = self.reach_of_rows(&found)?;
        let mut names = BTreeMap::new();
        for (row, reach) in found.iter().zip(reached) {
            let customer = Customer::from_row(row)?;
            if let Some(reaches) = reach
                && (in_bin || customer.is_live())
            {
                names.insert(customer.id, (customer.name, reaches));
            }
        }
        Ok(names)
    }
}
