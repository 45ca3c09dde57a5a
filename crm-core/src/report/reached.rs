//! What was reached, month by month, by people and at positions with what lies below them: for targets 目标 (T3).

use super::figures::{Place, Series};
use super::period::Span;
use super::sales::currency_of;
use super::sums::Summed;
use super::whose::{ReportOf, Whom, Whose};
use crate::access::Access;
use crate::actor::UserId;
use crate::error::Error;
use crate::money::{self, Currency};
use crate::organisation::Context;
use crate::position::PositionId;
use crate::sorted::Gather as _;
use crate::store::Value;
use crate::work::{Stop, Work};
use std::collections::{BTreeMap, BTreeSet};

/// What a target is set for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Measure {
    /// 签约: signed, in one currency.
    Signed(Currency),
    /// 回款: received, in one currency.
    Received(Currency),
    /// 新增客户
    NewCustomers,
    /// 跟单
    FollowUps,
}

/// Minor units or counts of what there is.
pub(crate) type Measures = BTreeMap<Measure, i64>;

/// Adds to what there is.
pub(crate) fn add(sums: &mut Measures, more: &Measures) -> Result<(), Error> {
    for (measure, more) in more {
        let sum = sums.entry(*measure).or_default();
        *sum = money::sum([*sum, *more])?;
    }
    Ok(())
}

/// Who has targets and reaches them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Bearer {
    /// A person, with what he does himself, wherever he sits.
    Person(UserId),
    /// A position, with everything below it.
    Position(PositionId),
}

/// Which measures a reader may see.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sight {
    pub(crate) signed: bool,
    pub(crate) received: bool,
    pub(crate) new_customers: bool,
    pub(crate) follow_ups: bool,
}

impl Sight {
    pub(crate) fn of(access: &Access<'_>) -> Self {
        Sight {
            signed: access.may("contract.view"),
            received: access.may("payment.view"),
            new_customers: access.may("customer.view"),
            follow_ups: access.may("follow_up.view"),
        }
    }
}

/// The position at which what is a person's own counts: his main one, where he holds it. Of who holds none any more it is the
/// last that he held.
pub(crate) fn home<'c>(person: &UserId, context: &'c Context) -> Option<&'c PositionId> {
    let (held, known) = (context.positions.held_by(person), context.people.get(person));
    let main = known.and_then(|person| person.main_position.as_ref());
    let main = main.and_then(|main| held.iter().find(|own| *own == main));
    main.or_else(|| held.first()).or_else(|| known?.seats.last())
}

/// Those whom a report is asked for, and all whom its reader sees: himself, and by ownership alone who sits below him.
pub(crate) struct Circle {
    /// The people asked for.
    pub(crate) people: BTreeSet<UserId>,
    /// The positions asked for: a holder sees his own, too, though of it no more than is his.
    pub(crate) positions: BTreeSet<PositionId>,
    /// Everyone whom the reader sees: who sat below him once and sits elsewhere now is none of them.
    pub(crate) seen_people: BTreeSet<UserId>,
    /// Every position that he holds or sees.
    pub(crate) seen_positions: BTreeSet<PositionId>,
    /// What of all this he may see.
    pub(crate) sight: Sight,
    seen: Whose,
}

impl Circle {
    pub(crate) fn of(of: &ReportOf, access: &Access<'_>, context: &Context) -> Result<Self, Error> {
        of.allow(access)?;
        let (all, tree, held) = (access.sees_all(), &context.positions, access.positions());
        let seen = Whose::of(if all { &ReportOf::All } else { &ReportOf::Subtree }, access, context)?;
        let below = tree.below(held);
        let whole: BTreeSet<PositionId> = match all {
            true => tree.all().map(|position| position.id.clone()).into_set(),
            false => below.clone(),
        };
        let me = access.person().map(|person| &person.id);
        let sits = |person: &UserId, among: &BTreeSet<PositionId>| {
            home(person, context).is_some_and(|own| among.contains(own))
        };
        let seen_people = context.people.keys().filter(|own| all || me == Some(*own) || sits(own, &whole));
        let seen_people: BTreeSet<UserId> = seen_people.cloned().into_set();
        let seen_positions: BTreeSet<PositionId> = whole.iter().chain(held).cloned().into_set();
        let mut positions: BTreeSet<PositionId> = match of {
            ReportOf::Mine => held.iter().cloned().into_set(),
            ReportOf::Subtree => below.iter().chain(held).cloned().into_set(),
            ReportOf::All => seen_positions.clone(),
            ReportOf::Person { person } => tree.held_by(person).iter().cloned().into_set(),
            ReportOf::Position { position } => {
                tree.below(std::slice::from_ref(position)).into_iter().chain([position.clone()]).into_set()
            }
        };
        positions.retain(|position| seen_positions.contains(position));
        let asked = |own: &UserId| match of {
            ReportOf::Mine => me == Some(own),
            ReportOf::Subtree => me == Some(own) || sits(own, &below),
            ReportOf::All => true,
            ReportOf::Person { person } => person == own,
            ReportOf::Position { .. } => sits(own, &positions),
        };
        Ok(Circle {
            people: seen_people.iter().filter(|own| asked(own)).cloned().into_set(),
            positions,
            seen_people,
            seen_positions,
            sight: Sight::of(access),
            seen,
        })
    }

    /// Whether the reader sees whose it is.
    pub(crate) fn sees(&self, bearer: &Bearer) -> bool {
        match bearer {
            Bearer::Person(person) => self.seen_people.contains(person),
            Bearer::Position(position) => self.seen_positions.contains(position),
        }
    }

    /// Those asked for whose figures those of a position are: itself and what lies above it.
    fn above(&self, position: Option<&PositionId>, context: &Context) -> BTreeSet<Bearer> {
        let above = position.into_iter().flat_map(|own| context.positions.above(own));
        let covering = position.into_iter().chain(above.map(|above| &above.id));
        covering.filter(|own| self.positions.contains(*own)).cloned().map(Bearer::Position).into_set()
    }

    /// Those asked for, if a person is one.
    fn person(&self, person: Option<&UserId>) -> BTreeSet<Bearer> {
        person.filter(|own| self.people.contains(*own)).cloned().map(Bearer::Person).into_iter().into_set()
    }

    /// The lines of a series, with those whose figures they are. Lines of nobody who was asked for are left out. A
    /// person has all that is his and that the reader sees, wherever it lies: his target is one, too.
    fn lines(&self, series: Series, by_position: bool, context: &Context) -> BTreeMap<String, BTreeSet<Bearer>> {
        let lines = match (by_position, series) {
            (true, Series::Signed | Series::Received) => self.seen.lines(series, context),
            _ => self.seen.lines_of_people(series, context),
        };
        let bearers = |whom: &Whom| match by_position {
            true => self.above(whom.position.as_ref(), context),
            false => self.person(whom.person.as_ref()),
        };
        let lines = lines.into_iter().map(|(line, whom)| (line, bearers(&whom)));
        lines.filter(|(_, bearers)| !bearers.is_empty()).into_map()
    }

    /// The same of follow-ups, which are summed up by their authors: at a position are those of who sits there.
    fn authors(&self, by_position: bool, context: &Context) -> BTreeMap<String, BTreeSet<Bearer>> {
        let line = |author: &UserId| {
            let bearers = match by_position {
                true => self.above(home(author, context), context),
                false => self.person(Some(author)),
            };
            (Series::FollowUpsOfMonth.line(&Place::Author(author.to_string()), context), bearers)
        };
        self.seen_people.iter().map(line).filter(|(_, bearers)| !bearers.is_empty()).into_map()
    }
}

impl Work<'_> {
    /// Those whom a report is asked for.
    pub(crate) fn circle(&self, of: &ReportOf) -> Result<Circle, Error> {
        Circle::of(of, &self.access()?, &self.context)
    }

    /// All whom the actor sees: everybody of an administrator, himself and those below of all others.
    pub(crate) fn circle_in_sight(&self) -> Result<Circle, Error> {
        self.circle(if self.access()?.sees_all() { &ReportOf::All } else { &ReportOf::Subtree })
    }

    /// What those asked for reached, by the first month of each period; what is nothing is left out.
    pub(crate) fn reached(
        &mut self,
        circle: &Circle,
        span: Span,
        by_position: bool,
        in_base: bool,
    ) -> Result<BTreeMap<(i64, Bearer), Measures>, Stop> {
        let context = self.context.clone();
        // New customers and follow-ups go by days, which are those of a time zone. Money does not, but its sums may be
        // those of an older edition, which are not read.
        let by_day = circle.sight.new_customers || circle.sight.follow_ups;
        let figures = context.organisation.figures();
        if figures.is_none() || (by_day && figures != Some(context.settings().time_zone)) {
            return Err(super::ReportRefusal::FiguresNotBuilt.into());
        }
        let wanted = [
            (Series::Signed, circle.sight.signed, if in_base { "base_amount" } else { "amount" }),
            (Series::Received, circle.sight.received, if in_base { "base_received" } else { "received" }),
            (Series::NewOfMonth, circle.sight.new_customers, "entries"),
            (Series::FollowUpsOfMonth, circle.sight.follow_ups, "entries"),
        ];
        let (mut reads, mut asked) = (Vec::new(), Vec::new());
        for (series, _, column) in wanted.into_iter().filter(|(_, shown, _)| *shown) {
            let lines = match series {
                Series::FollowUpsOfMonth => circle.authors(by_position, &context),
                _ => circle.lines(series, by_position, &context),
            };
            let summed = Summed::of(series, lines.keys().cloned().collect(), true, &[column]);
            let summed = summed.within((span.first, span.last));
            reads.extend(summed.reads());
            asked.push((series, lines, summed));
        }
        let mut reached: BTreeMap<(i64, Bearer), Measures> = BTreeMap::new();
        let mut answers = self.read(reads)?.into_iter();
        for (series, lines, summed) in asked {
            for (group, found) in summed.told(&mut answers) {
                let [Value::Text(line), Value::Text(value), Value::Integer(month)] = group.as_slice() else { continue };
                let currency = || currency_of(value, in_base).map(|(currency, _)| currency);
                let measure = match series {
                    Series::Signed => currency().map(Measure::Signed),
                    Series::Received => currency().map(Measure::Received),
                    Series::NewOfMonth => Some(Measure::NewCustomers),
                    _ => Some(Measure::FollowUps),
                };
                let (Some(measure), Some(sum)) = (measure, found.first()) else { continue };
                for bearer in lines.get(line).into_iter().flatten() {
                    let place = (span.period_of(*month), bearer.clone());
                    add(reached.entry(place).or_default(), &[(measure, *sum)].into_iter().into_map())?;
                }
            }
        }
        for measures in reached.values_mut() {
            measures.retain(|_, sum| *sum != 0);
        }
        reached.retain(|_, measures| !measures.is_empty());
        Ok(reached)
    }
}
