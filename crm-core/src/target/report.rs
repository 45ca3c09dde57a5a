//! Targets against what was reached.

use super::commands::months;
use super::{TargetAmount, TargetQuery};
use crate::actor::UserId;
use crate::crm::Session;
use crate::date::Date;
use crate::error::{Error, Violation};
use crate::money::Decimal;
use crate::operations::op;
use crate::organisation::Context;
use crate::position::PositionId;
use crate::report::{Bearer, Circle, MOST_ROWS, Measure, Measures, ReportOf, ReportPer, add, home};
use crate::sorted::{Gather as _, Sort as _};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Whose targets a report shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum TargetBy {
    /// Of people, each with what he did himself.
    #[default]
    Person,
    /// Of positions, each with everything below it.
    Position,
}

/// Which targets, and how they are shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct TargetReportQuery {
    /// Whose.
    pub of: ReportOf,
    /// From the month of this day on.
    pub from: Date,
    /// To the month of this day, included; at most 12 months.
    pub to: Date,
    /// How it is cut by time: the targets of the months of a period are added up.
    #[serde(default)]
    pub per: ReportPer,
    /// People or positions.
    #[serde(default)]
    pub by: TargetBy,
    /// Whether what was reached is in the base currency 折合本币, by the rates of the contracts. Targets in other
    /// currencies are then left out.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub in_base: bool,
}

/// What is to be reached, or was; what the reader may not see is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct TargetFigures {
    /// Signed 签约, by currency.
    pub signed: Vec<TargetAmount>,
    /// Received 回款, by currency.
    pub received: Vec<TargetAmount>,
    /// New customers 新增客户.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_customers: Option<i64>,
    /// Follow-ups 跟单.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follow_ups: Option<i64>,
}

/// The target of one person or position in one period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct TargetRow {
    /// The period: `2026-11`, `2026Q4`, `2026`; empty for the whole time.
    pub period: String,
    /// Its first day within the report.
    pub from: Date,
    /// Its last day within the report.
    pub to: Date,
    /// The person, by people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<UserId>,
    /// The position, by positions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<PositionId>,
    /// The name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The target that was typed.
    pub target: TargetFigures,
    /// 下级目标合计: the sum of the targets below. Of a position: its holders' own and those of the positions directly below
    /// it; where one of these has none, the sum of what lies below that. Of a person: those of the positions directly
    /// below his.
    pub below: TargetFigures,
    /// What was reached, also of what has no target.
    pub reached: TargetFigures,
}

/// Targets in order of time, then of names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct TargetReport {
    /// The rows; none for who has no target, nobody with one below him, and reached nothing.
    pub rows: Vec<TargetRow>,
}

impl Session<'_> {
    /// Targets 目标 against what was reached, of people or of positions, month by month or added up.
    ///
    /// What was reached is what [`Session::sales_report`] and [`Session::activity_report`] say: of a person what is his,
    /// of a position what is of it and below it, as far as the reader sees it; but follow-ups are at the main position
    /// of their author, once. A position's target is typed; the sum of those below stands beside it. Of who left, and of a
    /// position that is gone, targets count until somebody clears them.
    ///
    /// ```
    /// # #[cfg(feature = "system")] {
    /// # use crm_core::{Actor, Crm, NewOrganisation, PersonInput, SyncMode, TargetInput, UserId};
    /// use crm_core::{ReportOf, ReportPer, TargetBy, TargetReportQuery};
    /// # let crm = Crm::in_memory();
    /// # let host = Actor::system("acme", "set-up")?;
    /// # crm.as_user(&host).create_organisation(NewOrganisation::named("Acme"))?;
    /// # crm.as_user(&host).sync_people(vec![PersonInput::new("alice", "Alice")?], SyncMode::Whole)?;
    /// # let month = crm.now()?.to_string()[..10].parse()?;
    /// # let alice = UserId::new("alice")?;
    /// # let target = TargetInput { follow_ups: Some(60), ..TargetInput::of_person(alice, month) };
    /// # crm.as_user(&host).set_targets(vec![target])?;
    /// let alice = Actor::user("acme", "alice")?;
    /// let query = TargetReportQuery {
    ///     of: ReportOf::Mine, from: month, to: month, per: ReportPer::Month, by: TargetBy::Person, in_base: false,
    /// };
    /// let row = &crm.as_user(&alice).target_report(query)?.rows[0];
    /// assert_eq!((row.target.follow_ups, row.reached.follow_ups), (Some(60), Some(0)));
    /// # }
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `report.view`, and on [`ReportOf::All`] for who is no administrator; figures
    /// need the right to view what they count, and are left out without it; [`Error::Invalid`]; `figures_not_built`;
    /// `sum_too_great`.
    pub fn target_report(&self, query: TargetReportQuery) -> Result<TargetReport, Error> {
        self.query(&op::target_report, |work| {
            let context = work.context.clone();
            let settings = context.settings();
            let asked = TargetQuery { of: query.of.clone(), from: query.from, to: query.to };
            let span = months(&asked, query.per, settings.report.fiscal_year_month)?;
            let circle = work.circle(&query.of)?;
            let by_position = query.by == TargetBy::Position;
            let reached = work.reached(&circle, span, by_position, query.in_base)?;
            let bearers: BTreeSet<Bearer> = match query.by {
                TargetBy::Person => circle.people.iter().cloned().map(Bearer::Person).into_set(),
                TargetBy::Position => circle.positions.iter().cloned().map(Bearer::Position).into_set(),
            };
            let mut by_month: BTreeMap<i64, BTreeMap<Bearer, Measures>> = BTreeMap::new();
            for target in work.targets_of(with_those_below(&bearers, &circle, &context), span)? {
                let (month, bearer) = (target.month.month_number(), target.bearer());
                let mut measures = target.shown(circle.sight).measures();
                let base = settings.contract.base_currency;
                measures.retain(|measure, _| match measure {
                    Measure::Signed(currency) | Measure::Received(currency) => !query.in_base || *currency == base,
                    _ => true,
                });
                if let Some(bearer) = bearer {
                    by_month.entry(month).or_default().insert(bearer, measures);
                }
            }
            let mut rows: BTreeMap<(i64, Bearer), [Measures; 3]> = BTreeMap::new();
            for (month, targets) in &by_month {
                let mut tree = Tree { context: &context, circle: &circle, targets, known: BTreeMap::new() };
                for bearer in &bearers {
                    let below = tree.below(bearer)?;
                    let own = targets.get(bearer).filter(|own| !own.is_empty());
                    if own.is_none() && below.is_empty() {
                        continue;
                    }
                    let [target, sum, _] = rows.entry((span.period_of(*month), bearer.clone())).or_default();
                    add(target, own.unwrap_or(&Measures::new()))?;
                    add(sum, &below)?;
                }
            }
            for (place, found) in reached {
                let [_, _, reached] = rows.entry(place).or_default();
                *reached = found;
            }
            if rows.len() > MOST_ROWS {
                return Err(Violation::too_many("query.of", MOST_ROWS as i64).into());
            }
            let row = |((period, bearer), [target, below, mut reached]): ((i64, Bearer), [Measures; 3])| {
                let (from, to) = span.days(period).ok_or_else(|| Violation::out_of_range("query.from"))?;
                // Nothing was reached of a target: that stands there, too.
                for measure in target.keys().chain(below.keys()) {
                    reached.entry(*measure).or_default();
                }
                let sight = circle.sight;
                let counts = [(Measure::NewCustomers, sight.new_customers), (Measure::FollowUps, sight.follow_ups)];
                for (measure, _) in counts.into_iter().filter(|(_, shown)| *shown) {
                    reached.entry(measure).or_default();
                }
                let (person, position, name) = match bearer {
                    Bearer::Person(person) => {
                        let name = context.people.get(&person).map(|own| own.name.clone());
                        (Some(person), None, name)
                    }
                    Bearer::Position(position) => {
                        let name = context.positions.get(&position).map(|own| own.name.clone());
                        (None, Some(position), name)
                    }
                };
                Ok::<TargetRow, Error>(TargetRow {
                    period: span.name(period),
                    from,
                    to,
                    person,
                    position,
                    name,
                    target: told(&target)?,
                    below: told(&below)?,
                    reached: told(&reached)?,
                })
            };
            let mut rows = rows.into_iter().map(row).collect::<Result<Vec<_>, Error>>()?;
            let place = |row: &TargetRow| (row.from, row.name.clone(), row.person.clone(), row.position.clone());
            rows.order_by_key(place);
            Ok(TargetReport { rows })
        })
    }
}

/// Measures as they are shown.
fn told(measures: &Measures) -> Result<TargetFigures, Error> {
    let mut figures = TargetFigures::default();
    for (measure, sum) in measures {
        let sum = crate::money::sum([*sum])?;
        let amount = |currency| TargetAmount { currency, amount: Decimal::of_minor(sum, currency) };
        match *measure {
            Measure::Signed(currency) => figures.signed.push(amount(currency)),
            Measure::Received(currency) => figures.received.push(amount(currency)),
            Measure::NewCustomers => figures.new_customers = Some(sum),
            Measure::FollowUps => figures.follow_ups = Some(sum),
        }
    }
    Ok(figures)
}

/// Those asked for, and those of whose targets their sums are made.
fn with_those_below(bearers: &BTreeSet<Bearer>, circle: &Circle, context: &Context) -> BTreeSet<Bearer> {
    let tree = &context.positions;
    let tops: Vec<PositionId> = bearers
        .iter()
        .flat_map(|bearer| match bearer {
            Bearer::Person(person) => tree.held_by(person).to_vec(),
            Bearer::Position(position) => vec![position.clone()],
        })
        .collect();
    let positions: BTreeSet<PositionId> = tree.below(&tops).into_iter().chain(tops).into_set();
    let positions: Vec<PositionId> = positions.into_iter().filter(|own| circle.seen_positions.contains(own)).collect();
    let holders = positions.iter().flat_map(|own| tree.seated_at(own));
    let holders = holders.filter(|holder| circle.seen_people.contains(*holder)).cloned().map(Bearer::Person);
    let all = holders.chain(positions.iter().cloned().map(Bearer::Position));
    all.chain(bearers.iter().cloned()).into_set()
}

/// The targets of one month along the tree of positions.
struct Tree<'t> {
    context: &'t Context,
    circle: &'t Circle,
    targets: &'t BTreeMap<Bearer, Measures>,
    known: BTreeMap<PositionId, Measures>,
}

impl Tree<'_> {
    /// The sum of the targets below somebody.
    fn below(&mut self, bearer: &Bearer) -> Result<Measures, Error> {
        let person = match bearer {
            Bearer::Position(position) => return self.below_position(position),
            Bearer::Person(person) => person,
        };
        let tree = &self.context.positions;
        let held = tree.held_by(person);
        let tops: Vec<&PositionId> = held.iter().filter(|own| !tree.is_below(own, held)).collect();
        let below = tops.iter().flat_map(|own| tree.directly_below(own));
        if tops.len() == held.len() {
            return self.sum_of(below);
        }
        // One of his positions lies below another of his: what he promised himself is not below him.
        let mut targets = self.targets.clone();
        targets.remove(bearer);
        let (context, circle) = (self.context, self.circle);
        Tree { context, circle, targets: &targets, known: BTreeMap::new() }.sum_of(below)
    }

    /// What positions have as their targets, together.
    fn sum_of<'p>(&mut self, positions: impl Iterator<Item = &'p PositionId>) -> Result<Measures, Error> {
        let mut sum = Measures::new();
        for position in positions {
            add(&mut sum, &self.stands_for(position)?)?;
        }
        Ok(sum)
    }

    fn below_position(&mut self, position: &PositionId) -> Result<Measures, Error> {
        if let Some(known) = self.known.get(position) {
            return Ok(known.clone());
        }
        // Of damaged data, which has a circle, there is an end, too.
        self.known.insert(position.clone(), Measures::new());
        let tree = &self.context.positions;
        let mut sum = Measures::new();
        for person in tree.seated_at(position) {
            let counts = self.circle.seen_people.contains(person) && home(person, self.context) == Some(position);
            if let Some(own) = self.targets.get(&Bearer::Person(person.clone())).filter(|_| counts) {
                add(&mut sum, own)?;
            }
        }
        add(&mut sum, &self.sum_of(tree.directly_below(position).iter())?)?;
        self.known.insert(position.clone(), sum.clone());
        Ok(sum)
    }

    /// What a position has as its target: what was typed, else the sum below.
    fn stands_for(&mut self, position: &PositionId) -> Result<Measures, Error> {
        if !self.circle.seen_positions.contains(position) {
            return Ok(Measures::new());
        }
        let mut sum = self.below_position(position)?;
        let typed = self.targets.get(&Bearer::Position(position.clone()));
        sum.extend(typed.into_iter().flatten().map(|(measure, own)| (*measure, *own)));
        Ok(sum)
    }
}
