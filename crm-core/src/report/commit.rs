//! The differences that a command makes to the sums, written with what makes them.
//!
//! Where commits run beside each other, as on servers, they are parts of sums, new rows that wait for nobody: a host's
//! open transaction would hold up everyone else's work in the row of a sum. A tick folds them. Every report adds up
//! sums and parts alike.

use super::figures::{Apart, Figures, ROLLUP, ROLLUP_YEAR, Series, counts, folding, of_row, relied_on};
use crate::OrgId;
use crate::crm::{Crm, Session};
use crate::customer::CUSTOMER;
use crate::error::{CallRefusal, Error};
use crate::event::EVENT;
use crate::history::HISTORY;
use crate::operations::op;
use crate::store::{Change, Comparison, Direction, Filter, Kind, Read, Row, Search, Value, Write};
use crate::work::{Stop, Work, rows};

/// Makes sure that the live columns on which the figures rely are still what they were.
fn pin(kind: &'static Kind, before: &Row, changes: &mut Vec<(&'static str, Change)>, all: bool) {
    for column in relied_on(kind) {
        let Some(was) = kind.position(column).and_then(|place| before.values.get(place)) else { continue };
        match changes.iter_mut().find(|(own, _)| own == column) {
            Some((_, change)) => {
                if let Change::Set(next) = change {
                    *change = Change::Replace(was.clone(), next.clone());
                }
            }
            None if all => changes.push((column, Change::Replace(was.clone(), was.clone()))),
            None => {}
        }
    }
}

/// Where sums stand.
const TABLES: [&Kind; 2] = [&ROLLUP, &ROLLUP_YEAR];

/// For how long parts of sums stand beside them, in milliseconds.
const FOLD_AFTER: i64 = 60_000;

impl Crm {
    /// Organisations that have parts of sums to fold, by id; at most 1,000 for days and as many for months.
    pub(crate) fn organisations_to_fold(&self) -> Result<Vec<OrgId>, Error> {
        let now = self.now()?.millis();
        let mut due: Vec<OrgId> = Vec::new();
        for kind in TABLES {
            due.extend(self.store().due_organisations(kind, "fold_at", now, 1_000)?);
        }
        due.sort();
        due.dedup();
        Ok(due)
    }
}

impl Session<'_> {
    /// Folds the parts of sums that are due; says whether there were any. What the reports say stays as it is.
    pub(crate) fn fold_sums(&self) -> Result<bool, Error> {
        let step = Session::clone(self).not_idempotent();
        let mut folded = false;
        loop {
            match step.command(&op::tick, &(), |work| work.fold_parts(), |_, _| Ok(0)) {
                Ok(0) => return Ok(folded),
                Ok(_) => folded = true,
                // Another tick has folded them meanwhile.
                Err(Error::Conflict { .. }) => return Ok(folded),
                Err(Error::Refused(refusal)) if refusal.code == CallRefusal::CONTENDED => return Ok(folded),
                Err(error) => return Err(error),
            }
        }
    }
}

impl Work<'_> {
    /// Adds to the decision what it changes in the sums of the reports. Every command comes by here before its commit;
    /// rooms know nothing of it.
    pub(crate) fn add_figures(&mut self) -> Result<(), Stop> {
        let touched: Vec<(usize, &'static Kind, String)> = self
            .changes
            .writes
            .iter()
            .enumerate()
            .filter_map(|(at, write)| write.row().map(|(kind, id)| (at, kind, id.to_owned())))
            .filter(|(_, kind, _)| counts(kind))
            .collect();
        // Mostly the command has read what it changes.
        for (at, kind, id) in &touched {
            let new = matches!(self.changes.writes.get(*at), Some(Write::Insert { .. }));
            if !new && !self.has_seen(kind, id) {
                self.get_one(kind, id.clone())?;
            }
        }
        let mut sums = Figures::default();
        for (at, kind, id) in touched {
            let before = self.seen(kind, &id).cloned();
            let Some(write) = self.changes.writes.get_mut(at) else { continue };
            let before = before.filter(|_| !matches!(write, Write::Insert { .. }));
            let mut difference = Figures::default();
            if let Some(after) = write.makes(before.as_ref()) {
                difference.merge(&of_row(kind, &after, &self.context)?, 1)?;
            }
            if let Some(before) = &before {
                difference.merge(&of_row(kind, before, &self.context)?, -1)?;
            }
            let difference = difference.dense();
            if let (Some(before), Write::Update { changes, .. } | Write::Touch { changes, .. }) = (&before, write) {
                pin(kind, before, changes, !difference.0.is_empty());
            }
            sums.merge(&difference, 1)?;
        }
        self.reassign_figures();
        // The id of an event or of an entry in the history is drawn for this commit alone, and stays when it is tried
        // again. A commit that tells nothing to anybody adds to the sums themselves.
        let commit = self.changes.writes.iter().find_map(|write| match write {
            Write::Insert { kind, row } if [&EVENT, &HISTORY].contains(kind) => Some(row.id.clone()),
            _ => None,
        });
        let commit = commit.filter(|_| self.commits_beside_others());
        let fold_at = self.now.plus_millis(FOLD_AFTER).millis();
        let apart = commit.as_deref().map(|commit| Apart { commit, fold_at });
        self.changes.writes.extend(sums.writes(apart.as_ref()));
        Ok(())
    }

    /// Folds the parts of sums that are due, the oldest first; says how many.
    fn fold_parts(&mut self) -> Result<usize, Stop> {
        const BATCH: i64 = 1_000;
        let due = TABLES.map(|kind| {
            let due = Filter::Is("fold_at", Comparison::AtMost, self.now.millis().into());
            Read::Find(Search::of(kind).filtered(due).ordered("fold_at", Direction::Ascending).limited(BATCH))
        });
        let mut folded = 0;
        for (kind, answer) in TABLES.into_iter().zip(self.read(due.to_vec())?) {
            let parts = rows(Some(answer));
            folded += parts.len();
            self.changes.writes.extend(folding(kind, parts)?);
        }
        Ok(folded)
    }

    /// Where entries of a dictionary are merged, their sums are.
    fn reassign_figures(&mut self) {
        let moved = self.changes.writes.iter().filter_map(|write| match write {
            Write::Reassign { kind, column, from, to } if *kind == &CUSTOMER => {
                let series = Series::of_column(column)?;
                let value = |code: &Value| code.as_text().map(|code| Value::Text(series.value(code)));
                Some(Write::Reassign { kind: &ROLLUP, column: "value", from: value(from)?, to: value(to)? })
            }
            _ => None,
        });
        let moved: Vec<Write> = moved.collect();
        self.changes.writes.extend(moved);
    }
}
