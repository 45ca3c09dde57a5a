//! Making the sums anew from the records, while work goes on.
//!
//! A commit adds to a sum what it adds to the records, so that between two commits the difference of sums and records stays
//! what it is. It is found by reading both in one batch, which sees one state, and added whenever: what happens in
//! between adds to both. Only two rebuilds at once would add it twice; a guard keeps them apart.

use super::figures::{BY_POSITION, EDITION, Figures, Key, Place, SERIES, SUMS, Series, counts, of_row, place_of};
use super::sums::Summed;
use crate::access::Scope;
use crate::contract::{CONTRACT, Contract};
use crate::crm::Session;
use crate::customer::CUSTOMER;
use crate::error::Error;
use crate::follow_up::FOLLOW_UP;
use crate::operations::op;
use crate::organisation::{Context, GUARD};
use crate::payment::{INSTALMENT, RECEIPT};
use crate::position::PositionId;
use crate::record::{NEVER, Record};
use crate::sorted::Gather as _;
use crate::store::{Comparison, Direction, Filter, Kind, Read, Row, Search, Value};
use crate::work::{Stop, Work, rows};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a rebuild found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct RebuildReport {
    /// Records that were counted.
    pub records: i64,
    /// Sums that differed and were put right.
    pub corrected: i64,
}

/// What a part of the sums is made of.
enum Part {
    /// Customers, contracts, receipts and instalments of a scope.
    Scope(Scope),
    /// Follow-ups of an author.
    Author(String),
    /// Sums of a position, of those of its people.
    Position(Option<PositionId>),
}

crate::access::nothing_to_redact!(Part);

/// The row that two rebuilds at once both write.
const REBUILDING: &str = "rollups";
/// Rows that are read at once.
const PAGE: i64 = 10_000;

impl Session<'_> {
    /// Makes the sums of the reports anew from the records, part by part, while work goes on; says how many were wrong.
    /// Needed once after an update from a version without reports or with sums of another edition, and after the time zone was changed.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `settings.manage_settings`; `contended` while another one is at it.
    pub fn rebuild_rollups(&self) -> Result<RebuildReport, Error> {
        self.check_key()?;
        let step = Session::clone(self).not_idempotent();
        let mut report = RebuildReport::default();
        while step.credit_contracts()? {}
        let parts = step.query(&op::rebuild_rollups, |work| Ok(parts(&work.context)))?;
        for part in &parts {
            let done = step.rebuild_part(part)?;
            report.records += done.records;
            report.corrected += done.corrected;
        }
        step.command(
            &op::rebuild_rollups,
            &(),
            |work| {
                let mut organisation = work.context.organisation.clone();
                let zone = Some(organisation.settings.time_zone);
                if organisation.figures() != zone {
                    organisation.figures = zone;
                    organisation.figures_edition = EDITION;
                    work.change_organisation(&organisation)?;
                }
                Ok(())
            },
            |_, _| Ok(()),
        )?;
        Ok(report)
    }

    /// Contracts of before there was a column for whose performance they are get it, some at a time.
    fn credit_contracts(&self) -> Result<bool, Error> {
        self.command(
            &op::rebuild_rollups,
            &(),
            |work| {
                let mut search = Search::of(&CONTRACT).filtered(Filter::All(vec![
                    Filter::equal("credit", crate::record::ABSENT),
                    Filter::In("status", ["in_force", "completed", "terminated"].map(Value::from).to_vec()),
                ]));
                search.limit = 200;
                let found = rows(work.read(vec![Read::Find(search)])?.into_iter().next());
                let more = found.len() == 200;
                for row in found {
                    let contract = Contract::from_row(&row)?;
                    work.save(&contract, &contract.clone())?;
                }
                Ok(more)
            },
            |_, _| Ok(false),
        )
    }

    fn rebuild_part(&self, part: &Part) -> Result<RebuildReport, Error> {
        self.command(
            &op::rebuild_rollups,
            &(),
            |work| {
                let found = match part {
                    Part::Position(position) => work.position_figures(position.as_ref())?,
                    Part::Scope(scope) => work.scope_figures(scope)?,
                    Part::Author(author) => work.author_figures(author)?,
                };
                let (records, differences) = found;
                let differences = differences.dense();
                let corrected = i64::try_from(differences.0.len()).unwrap_or(i64::MAX);
                if corrected > 0 {
                    let guard = work.get_one(&GUARD, REBUILDING.to_owned())?;
                    match guard {
                        Some(guard) => work.update(&GUARD, guard),
                        None => work.insert(
                            &GUARD,
                            Row { id: REBUILDING.to_owned(), version: 1, values: Vec::new(), body: "{}".to_owned() },
                        ),
                    }
                    differences.writes(None).into_iter().for_each(|write| work.write(write));
                }
                Ok(RebuildReport { records, corrected })
            },
            |_, _| Ok(RebuildReport::default()),
        )
    }
}

/// Everything that there is to make anew: people first, the positions out of them then.
fn parts(context: &Context) -> Vec<Part> {
    let mut parts = Vec::new();
    for person in context.people.values() {
        let seats = std::iter::once(None).chain(person.seats.iter().cloned().map(Some));
        let scope = |seat| Scope::new(crate::access::Standing::Active, seat, person.id.clone());
        parts.extend(seats.map(|seat| Part::Scope(scope(seat))));
        parts.push(Part::Author(person.id.to_string()));
    }
    parts.extend(context.positions.all().map(|position| Part::Position(Some(position.id.clone()))));
    parts.push(Part::Position(None));
    parts
}

/// Whether a line is one of some places.
fn within(lines: &[(Series, String)], line: &str) -> bool {
    lines.iter().any(|(_, own)| own == line)
}

impl Work<'_> {
    /// What the sums of a scope lack.
    fn scope_figures(&mut self, scope: &Scope) -> Result<(i64, Figures), Stop> {
        let context = self.context.clone();
        let place = place_of(scope);
        let lines: Vec<(Series, String)> = SERIES.map(|series| (series, series.line(&place, &context))).to_vec();
        let value = scope.to_value();
        // What is settled is due never and counts for nothing: all of one day, it could be more than is read at once.
        let pending = Filter::Is("due_on", Comparison::Less, NEVER.into());
        let searches = [
            Search::of(&CUSTOMER).within("scope", vec![value.clone()]).ordered("created_at", Direction::Ascending),
            Search::of(&CONTRACT).within("credit", vec![value.clone()]).ordered("signed_on", Direction::Ascending),
            Search::of(&RECEIPT).within("credit", vec![value.clone()]).ordered("received_on", Direction::Ascending),
            Search::of(&INSTALMENT)
                .within("scope", vec![value])
                .filtered(pending)
                .ordered("due_on", Direction::Ascending),
        ];
        self.differences(&lines, searches.to_vec())
    }

    /// What the sums of an author lack.
    fn author_figures(&mut self, author: &str) -> Result<(i64, Figures), Stop> {
        let context = self.context.clone();
        let place = Place::Author(author.to_owned());
        let series = [Series::FollowUpsOfDay, Series::FollowUpsOfMonth];
        let lines = series.map(|series| (series, series.line(&place, &context))).to_vec();
        let search = Search::of(&FOLLOW_UP).within("author", vec![author.into()]).ordered("at", Direction::Ascending);
        self.differences(&lines, vec![search])
    }

    /// Records and sums out of one state.
    fn differences(&mut self, lines: &[(Series, String)], searches: Vec<Search>) -> Result<(i64, Figures), Stop> {
        let context = self.context.clone();
        let mut summed: Vec<(bool, Summed)> = Vec::new();
        for by_year in [false, true] {
            let own: Vec<_> = lines.iter().filter(|(series, _)| series.by_year() == by_year).collect();
            if let Some((series, _)) = own.first() {
                let lines = own.iter().map(|(_, line)| line.clone()).collect();
                summed.push((by_year, Summed::of(*series, lines, true, &SUMS)));
            }
        }
        // A page of each search first; where there is more, all pages by their bounds, in one batch again.
        let mut bounds: Vec<Vec<(i64, i64)>> = searches.iter().map(|_| vec![(i64::MIN, i64::MAX)]).collect();
        loop {
            let mut reads: Vec<Read> = summed.iter().flat_map(|(_, summed)| summed.reads()).collect();
            for (search, bounds) in searches.iter().zip(&bounds) {
                let order = search.order.unwrap_or_default();
                reads.extend(bounds.iter().map(|(from, to)| {
                    let range = vec![
                        Filter::Is(order, Comparison::AtLeast, (*from).into()),
                        Filter::Is(order, Comparison::AtMost, (*to).into()),
                    ];
                    let filter = std::iter::once(search.filter.clone()).chain(range).collect();
                    Read::Find(search.clone().filtered(Filter::All(filter)))
                }));
            }
            let mut answers = self.read(reads)?.into_iter();
            let mut standing = Figures::default();
            for (by_year, summed) in &summed {
                standing.merge(&figures_of(*by_year, summed.told(&mut answers), &context)?, 1)?;
            }
            let mut whole = true;
            let mut expected = Figures::default();
            let mut records = 0;
            for (search, bounds) in searches.iter().zip(&mut bounds) {
                let mut next = Vec::new();
                for (from, to) in std::mem::take(bounds) {
                    let found = rows(answers.next());
                    if (found.len() as i64) < PAGE {
                        next.push((from, to));
                        records += found.len() as i64;
                        expected.merge(&expected_of(search.kind, &found, lines, &context)?, 1)?;
                        continue;
                    }
                    whole = false;
                    let at = search.order.and_then(|order| search.kind.position(order));
                    let middle = at.and_then(|at| found.get(found.len() / 2)?.values.get(at)?.as_integer());
                    let middle = middle.unwrap_or(from);
                    if middle <= from || middle > to {
                        // As many of one day or instant: more than can be read at once.
                        return Err(crate::error::CallRefusal::Contended.into());
                    }
                    next.extend([(from, middle - 1), (middle, to)]);
                }
                *bounds = next;
            }
            if !whole {
                continue;
            }
            expected.merge(&standing, -1)?;
            return Ok((records, expected));
        }
    }

    /// What the sums of a position lack to those of its people.
    fn position_figures(&mut self, position: Option<&PositionId>) -> Result<(i64, Figures), Stop> {
        let context = self.context.clone();
        let people: Vec<crate::UserId> = match position {
            Some(position) => context.positions.seated_at(position).to_vec(),
            None => context.people.keys().cloned().collect(),
        };
        let own = Place::Position(position.map_or(String::new(), ToString::to_string));
        let mut summed = Vec::new();
        for series in BY_POSITION {
            let scope =
                |person: &crate::UserId| Scope::new(crate::access::Standing::Active, position.cloned(), person.clone());
            let people = people.iter().map(|person| series.line(&place_of(&scope(person)), &context));
            for (sign, lines) in [(1, people.collect()), (-1, vec![series.line(&own, &context)])] {
                summed.push((series, sign, Summed::of(series, lines, false, &SUMS)));
            }
        }
        let answers = self.read(summed.iter().flat_map(|(_, _, summed)| summed.reads()).collect())?;
        let mut answers = answers.into_iter();
        let mut lacking = Figures::default();
        for (series, sign, summed) in summed {
            for (mut group, amounts) in summed.told(&mut answers) {
                group.insert(0, Value::Text(series.line(&own, &context)));
                lacking.merge(&figures_of(series.by_year(), vec![(group, amounts)], &context)?, sign)?;
            }
        }
        Ok((0, lacking))
    }
}

/// What rows count for at some lines, whatever the edition of an entry.
fn expected_of(
    kind: &'static Kind,
    found: &[Row],
    lines: &[(Series, String)],
    context: &Context,
) -> Result<Figures, Error> {
    debug_assert!(counts(kind));
    let mut expected = Figures::default();
    for row in found {
        for (key, amounts) in of_row(kind, row, context)?.0 {
            if within(lines, &key.line) {
                expected.plus(key, &amounts, 1)?;
            }
        }
    }
    Ok(expected)
}

/// Sums by line, value and period as figures of today's editions.
fn figures_of(by_year: bool, standing: Vec<(Vec<Value>, Vec<i64>)>, context: &Context) -> Result<Figures, Error> {
    let editions: BTreeMap<String, i64> = [Series::Level, Series::Stage, Series::Source, Series::Industry]
        .into_iter()
        .flat_map(|series| {
            let entries = context.dictionaries.get(series.dictionary()).into_iter().flatten();
            entries.map(move |entry| (series.value(entry.code.as_str()), entry.version))
        })
        .into_map();
    let mut figures = Figures::default();
    for (group, amounts) in standing {
        let [Value::Text(line), Value::Text(value), Value::Integer(period)] = group.as_slice() else { continue };
        let Ok(amounts) = <[i64; 7]>::try_from(amounts) else { continue };
        let edition = editions.get(value).copied().unwrap_or_default();
        let (line, value) = (line.clone(), value.clone());
        figures.plus(Key { by_year, line, value, period: *period, edition }, &amounts, 1)?;
    }
    Ok(figures)
}
