//! Setting targets, and listing them.

use super::input::{Change, EDITABLE, TargetInput};
use super::{RECORD, TARGET, Target, TargetQuery, key, month_name, whose};
use crate::crm::Session;
use crate::date::Date;
use crate::error::{Error, Violation};
use crate::history;
use crate::operations::op;
use crate::record::Record;
use crate::report::{Bearer, MOST_ROWS, ReportPer, Sight, Span};
use crate::sorted::Gather as _;
use crate::store::{Comparison, Direction, Filter, Search, Value};
use crate::text::Checker;
use crate::time::Timestamp;
use crate::work::{Stop, Work};
use std::collections::{BTreeMap, BTreeSet};

/// Targets that are set at once, at the most.
const MOST_SET: usize = 500;
/// Months that are looked at together: a year.
const MOST_MONTHS: i64 = 12;

impl Session<'_> {
    /// Sets targets 目标 of people and positions for months, all of them or none. What an item leaves out stays.
    ///
    /// Whoever keeps the positions (right `position.edit`: administrators, and superiors to whom a role grants it) sets
    /// targets, for himself and those below him; administrators for everybody.
    ///
    /// ```
    /// # #[cfg(feature = "system")] {
    /// # use crm_core::{Actor, Crm, NewOrganisation, PersonInput, SyncMode};
    /// use crm_core::{TargetAmountInput, TargetInput, UserId};
    /// # let crm = Crm::in_memory();
    /// # let host = Actor::system("acme", "set-up")?;
    /// # crm.as_user(&host).create_organisation(NewOrganisation::named("Acme"))?;
    /// # crm.as_user(&host).sync_people(vec![PersonInput::new("alice", "Alice")?], SyncMode::Whole)?;
    /// # let month = crm.now()?.to_string()[..10].parse()?;
    /// let target = TargetInput {
    ///     signed: Some(vec![TargetAmountInput::of("1200000".parse()?)]), // in the base currency
    ///     follow_ups: Some(60),
    ///     ..TargetInput::of_person(UserId::new("alice")?, month)
    /// };
    /// let set = crm.as_user(&host).set_targets(vec![target])?;
    /// assert_eq!(set[0].signed[0].amount.to_string(), "1200000.00");
    /// # }
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `position.edit`, or when it touches figures that the actor may not see
    /// (`signed`: `contract.view`, `received`: `payment.view`, `new_customers`: `customer.view`, `follow_ups`:
    /// `follow_up.view`); [`Error::Invalid`], also for people and positions that he does not see; [`Error::Conflict`].
    pub fn set_targets(&self, targets: Vec<TargetInput>) -> Result<Vec<Target>, Error> {
        self.command(
            &op::set_targets,
            &targets,
            |work| {
                let (changes, sight) = work.checked_targets(&targets)?;
                let ids: Vec<String> = changes.iter().map(|change| key(&change.bearer, change.month)).collect();
                let known = Target::from_rows(&work.get(&TARGET, ids.clone())?)?;
                let mut known: BTreeMap<String, Target> = known.into_iter().map(|own| (own.key(), own)).into_map();
                let mut set = Vec::with_capacity(changes.len());
                let mut check = Checker::new();
                let mut written = Vec::new();
                for (place, (change, id)) in changes.iter().zip(ids).enumerate() {
                    let before = known.remove(&id);
                    if before.as_ref().map_or(0, |own| own.version) != change.version {
                        return Err(Error::Conflict { record: RECORD.to_owned(), id }.into());
                    }
                    let blank = Target::blank(&change.bearer, change.month, work.now);
                    let was = before.as_ref().unwrap_or(&blank);
                    let mut after = check.under(&format!("targets[{place}]"), |check| change.apply(was, check));
                    let fields = history::changes(was, &after, &EDITABLE);
                    if !fields.is_empty() {
                        after.changed_at = work.now;
                        after.changed_by = work.actor().name();
                        written.push((before, after.clone(), fields));
                        after.version += 1;
                    }
                    set.push(after.shown(sight));
                }
                check.done()?;
                work.keep_targets(written)?;
                Ok(set)
            },
            |work, _| {
                // Whom he sees no more by now is not told again; what was cleared and never was is no row.
                let circle = work.circle_in_sight()?;
                let named = targets
                    .iter()
                    .filter_map(|input| Some((input.bearer()?, Date::first_of_month(input.month.month_number())?)));
                let named: Vec<(Bearer, Date)> = named.filter(|(bearer, _)| circle.sees(bearer)).collect();
                let ids = named.iter().map(|(bearer, month)| key(bearer, *month)).collect();
                let found = Target::from_rows(&work.get(&TARGET, ids)?)?;
                let mut found: BTreeMap<String, Target> = found.into_iter().map(|own| (own.key(), own)).into_map();
                let own = |(bearer, month): &(Bearer, Date)| {
                    let found = found.remove(&key(bearer, *month));
                    found.unwrap_or_else(|| Target::blank(bearer, *month, work.now)).shown(circle.sight)
                };
                Ok(named.iter().map(own).collect())
            },
        )
    }

    /// The targets of people and positions in some months, in the order of the months; also those that were made empty,
    /// with the versions that setting them again needs.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `report.view`, and on [`ReportOf::All`](crate::ReportOf::All) for who is no administrator;
    /// [`Error::Invalid`].
    pub fn targets(&self, query: TargetQuery) -> Result<Vec<Target>, Error> {
        self.query(&op::targets, |work| {
            let span = months(&query, ReportPer::Month, 1)?;
            let circle = work.circle(&query.of)?;
            let people = circle.people.iter().cloned().map(Bearer::Person);
            let positions = circle.positions.iter().cloned().map(Bearer::Position);
            let found = work.targets_of(people.chain(positions).collect(), span)?;
            Ok(found.into_iter().map(|own| own.shown(circle.sight)).collect())
        })
    }
}

/// The months asked for: a year of them at the most.
pub(super) fn months(query: &TargetQuery, per: ReportPer, begins: i32) -> Result<Span, Error> {
    let span = Span::of(query.from, query.to, per, begins)?;
    match span.last - span.first < MOST_MONTHS {
        true => Ok(span),
        false => Err(Violation::too_many("query.to", MOST_MONTHS).into()),
    }
}

impl Target {
    /// Nothing set.
    fn blank(bearer: &Bearer, month: Date, now: Timestamp) -> Self {
        let (person, position) = match bearer {
            Bearer::Person(person) => (Some(person.clone()), None),
            Bearer::Position(position) => (None, Some(position.clone())),
        };
        Target {
            person,
            position,
            month,
            signed: Vec::new(),
            received: Vec::new(),
            new_customers: None,
            follow_ups: None,
            changed_at: now,
            changed_by: String::new(),
            version: 0,
        }
    }
}

impl Work<'_> {
    /// What is to be set, as far as it needs no facts.
    fn checked_targets(&self, targets: &[TargetInput]) -> Result<(Vec<Change>, Sight), Stop> {
        let access = self.access()?;
        let rights = ["contract.view", "payment.view", "customer.view", "follow_up.view"];
        for (field, right) in EDITABLE.into_iter().zip(rights) {
            if targets.iter().any(|target| target.touches(field)) {
                access.allow(right)?;
            }
        }
        if targets.len() > MOST_SET {
            return Err(Violation::too_many("targets", MOST_SET as i64).into());
        }
        let circle = self.circle_in_sight()?;
        let base = self.context.settings().contract.base_currency;
        let mut check = Checker::new();
        let mut changes = Vec::with_capacity(targets.len());
        let mut seen = BTreeSet::new();
        for (place, target) in targets.iter().enumerate() {
            check.under(&format!("targets[{place}]"), |check| {
                if let Some(change) = Change::of(target, &circle, &self.context, self.today(), base, check) {
                    check.ensure(seen.insert(key(&change.bearer, change.month)), || Violation::repeated("month"));
                    changes.push(change);
                }
            });
        }
        check.done()?;
        Ok((changes, circle.sight))
    }

    /// Writes targets with their history, and tells the host.
    fn keep_targets(&mut self, written: Vec<(Option<Target>, Target, Vec<history::FieldChange>)>) -> Result<(), Stop> {
        let months: BTreeSet<String> = written.iter().map(|(_, after, _)| month_name(after.month)).into_set();
        for (before, mut after, fields) in written {
            let bearer = after.bearer().map_or_else(String::new, |bearer| whose(&bearer));
            let what = format!("{RECORD} {} {bearer}", month_name(after.month));
            match before {
                Some(before) => self.save(&before, &after)?,
                None => {
                    after.version = 1;
                    self.insert(&TARGET, after.to_row()?);
                }
            }
            self.remember_setting(&what, op::set_targets.name, fields)?;
        }
        if !months.is_empty() {
            let data = serde_json::json!({"months": months});
            self.announce("targets_changed", "organisation", "organisation", data)?;
        }
        Ok(())
    }

    /// Targets of some months, in their order.
    pub(super) fn targets_of(&mut self, of: BTreeSet<Bearer>, span: Span) -> Result<Vec<Target>, Stop> {
        let search = Search::of(&TARGET)
            .within("whose", of.iter().map(|bearer| Value::Text(whose(bearer))).collect())
            .ordered("month", Direction::Ascending)
            .filtered(Filter::All(vec![
                Filter::Is("month", Comparison::AtLeast, span.first.into()),
                Filter::Is("month", Comparison::AtMost, span.last.into()),
            ]));
        let found = self.find_all(search)?;
        if found.len() > MOST_ROWS {
            return Err(Violation::too_many("query.of", MOST_ROWS as i64).into());
        }
        Ok(Target::from_rows(&found)?)
    }
}
