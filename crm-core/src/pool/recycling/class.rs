//! Who looks at a customer next, as its column `recycling` says.

use super::RecyclingSettings;
use super::rule::Facts;
use crate::customer::{CUSTOMER, Customer};
use crate::dictionary::{self, EntryCode};
use crate::organisation::{Context, Days};
use crate::record::{ABSENT, Record as _};
use crate::store::{Change, Comparison, Direction, Filter, Read, Search, Value, Write};
use crate::time::Timestamp;
use crate::work::{Stop, Work};

/// The daily sweep puts it on the agenda, whatever it is. What was written before there were rules is that, too.
pub(super) const AGAIN: &str = ABSENT;
/// No rule can take it: it is locked, in a pool, in the recycle bin or merged.
const OUT: &str = "x";
/// It stands on the agenda.
pub(super) const ON_AGENDA: &str = "a";
/// It is dealt, and nothing that time brings changes what the rules say to that.
pub(super) const DEALT: &str = "d";

/// The sweep looks for it where a limit of its level is passed.
pub(super) fn watched(level: Option<&EntryCode>) -> String {
    format!("r{}", level.map_or("", EntryCode::as_str))
}

/// The class of a customer that is written, if what it goes by has changed. That it is dealt is found out when a limit reaches it.
pub(crate) fn class_of(customer: &Customer) -> Value {
    Value::Text(if !customer.is_watched() {
        OUT.to_owned()
    } else if customer.recycle_warning.is_some() {
        // It comes back, or was given a version: the agenda may have forgotten it.
        AGAIN.to_owned()
    } else {
        watched(customer.level.as_ref())
    })
}

impl RecyclingSettings {
    /// Searches of customers that a limit reaches so far that they may have to be looked at: at least those that must be. Each is cut
    /// at `limit`.
    pub(super) fn reached(&self, context: &Context, days: &Days, now: Timestamp, limit: i64) -> Vec<Search> {
        let most = self.leads().first().copied().unwrap_or_default();
        let mut searches = Vec::new();
        for rule in self.rules.iter().filter(|rule| rule.enabled) {
            let classes = self.classes_of(context, rule.level.as_ref());
            if classes.is_empty() {
                continue;
            }
            let limits = [
                ("idle_since", rule.idle_days),
                ("received_at", rule.undealt_days.into_iter().chain(rule.holding_days).min()),
            ];
            for (column, days_allowed) in limits {
                let Some(allowed) = days_allowed else { continue };
                let search = Search::of(&CUSTOMER).within("recycling", classes.clone());
                let search = search.filtered(Filter::All(match reach(days, now, allowed, most) {
                    Some(before) => vec![Filter::Is(column, Comparison::Less, before.millis().into())],
                    None => Vec::new(),
                }));
                searches.push(search.ordered(column, Direction::Ascending).limited(limit));
            }
        }
        searches
    }

    /// Whether one of those searches finds a customer.
    pub(super) fn reaches(&self, facts: &Facts<'_>, days: &Days, now: Timestamp) -> bool {
        let Some(rule) = self.rule_of(facts.level) else { return false };
        let most = self.leads().first().copied().unwrap_or_default();
        let limits = [
            (facts.idle_since, rule.idle_days),
            (facts.received_at, rule.undealt_days),
            (facts.received_at, rule.holding_days),
        ];
        let is_past = |since: Timestamp, allowed| reach(days, now, allowed, most).is_none_or(|before| since < before);
        limits.into_iter().any(|(since, allowed)| allowed.is_some_and(|allowed| is_past(since, allowed)))
    }

    /// The classes whose customers a rule takes.
    fn classes_of(&self, context: &Context, level: Option<&EntryCode>) -> Vec<Value> {
        let excluded = |level: &&EntryCode| self.excluded_levels.contains(level);
        if let Some(level) = level {
            let own = Some(level).filter(|level| !excluded(level));
            return own.into_iter().map(|level| watched(Some(level)).into()).collect();
        }
        let named = |level: &&EntryCode| self.rules.iter().any(|rule| rule.level.as_ref() == Some(*level));
        let levels = context.dictionaries.get(dictionary::LEVEL).into_iter().flatten().map(|entry| &entry.code);
        let others = levels.filter(|level| !excluded(level) && !named(level)).map(Some);
        std::iter::once(None).chain(others).map(|level| watched(level).into()).collect()
    }
}

/// Before which instant an owner must have received or followed up a customer for its first warning to be due; none: it is in any case.
fn reach(days: &Days, now: Timestamp, allowed: i32, most: i64) -> Option<Timestamp> {
    let passed = i64::from(allowed) + 1 - most;
    (passed > 0).then(|| days.past(now, passed))
}

impl Work<'_> {
    /// Customers of whose contracts the command changed whether, or how long, they are dealt: the rules are to be asked anew about
    /// them, if they can take them at all.
    pub(crate) fn look_at_deals(&mut self) -> Result<(), Stop> {
        let moved = std::mem::take(&mut self.deals_moved);
        if moved.is_empty() || !self.context.settings().pool.recycling.any() {
            return Ok(());
        }
        for row in self.get(&CUSTOMER, moved.iter().map(ToString::to_string).collect())? {
            let customer = Customer::from_row(&row)?;
            if !customer.is_watched() {
                continue;
            }
            let again = ("recycling", Change::Set(AGAIN.into()));
            let own = self.changes.writes.iter_mut().find_map(|write| match write {
                Write::Update { kind, row: own, changes } if *kind == &CUSTOMER && own.id == row.id => Some(changes),
                Write::Touch { kind, id, changes, .. } if *kind == &CUSTOMER && *id == row.id => Some(changes),
                _ => None,
            });
            match own {
                Some(changes) => {
                    changes.retain(|(column, _)| *column != again.0);
                    changes.push(again);
                }
                // With a new version: who looked at the contract as it was must look again.
                None => {
                    let row = customer.to_row()?;
                    self.write(Write::Update { kind: &CUSTOMER, row, changes: vec![again] });
                }
            }
        }
        Ok(())
    }

    /// What the rules say has changed: whoever waits, or waits for nothing, is asked about anew.
    pub(crate) fn look_at_all_again(&mut self) {
        for class in [ON_AGENDA, DEALT] {
            let (from, to) = (class.into(), AGAIN.into());
            self.write(Write::Reassign { kind: &CUSTOMER, column: "recycling", from, to });
        }
        self.write(crate::agenda::at(self.now, &super::SWEEP, super::sweep::DAILY));
    }

    /// Customers of a level are of another one from now on, of which the rules say something else.
    pub(crate) fn levels_merged(&mut self, from: &EntryCode, to: &EntryCode) {
        let (from, to) = (watched(Some(from)).into(), watched(Some(to)).into());
        self.write(Write::Reassign { kind: &CUSTOMER, column: "recycling", from, to });
        if self.context.settings().pool.recycling.any() {
            self.look_at_all_again();
        }
    }
}

/// Which customers the sweep looks at whatever they are.
pub(super) fn again(limit: i64) -> Search {
    Search::of(&CUSTOMER)
        .within("recycling", vec![AGAIN.into()])
        .ordered("idle_since", Direction::Ascending)
        .limited(limit)
}

/// Ids and classes of what searches find.
pub(super) fn classes(searches: Vec<Search>) -> Vec<Read> {
    let columns = |search| Read::Columns { of: crate::store::Selection::Page(search), columns: vec!["recycling"] };
    searches.into_iter().map(columns).collect()
}
