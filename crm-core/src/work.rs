//! One attempt at a call: what it knows, what it has decided so far, and why it may end early.

use crate::access::{Access, Redact};
use crate::actor::Actor;
use crate::crm::Session;
use crate::custom_field::Customized;
use crate::environment::Environment;
use crate::error::{Error, Violation};
use crate::event;
use crate::history::{self, FieldChange};
use crate::idempotency;
use crate::operations::Operation;
use crate::organisation::{Context, ORGANISATION};
use crate::page::{COUNT_CAP, Count, PageRequest, encode_cursor};
use crate::record::Record;
use crate::store::{
    Answer, Change, ChangeSet, Check, ColumnType, CommitError, Kind, Read, Row, Search, Selection, Value, Write,
};
use crate::time::Timestamp;
use std::sync::Arc;

/// Ids drawn in a command: decided anew, it gets the same ones.
#[derive(Default)]
pub(crate) struct Draws {
    drawn: std::cell::RefCell<Vec<uuid::Uuid>>,
    next: std::cell::Cell<usize>,
    attempt: std::cell::Cell<u32>,
}

impl Draws {
    pub(crate) fn rewind(&self) {
        self.next.set(0);
        self.attempt.set(self.attempt.get().saturating_add(1));
    }

    fn draw(&self, environment: &dyn Environment, now: Timestamp) -> Result<uuid::Uuid, Error> {
        let mut drawn = self.drawn.borrow_mut();
        let place = self.next.get();
        self.next.set(place + 1);
        if let Some(id) = drawn.get(place) {
            return Ok(*id);
        }
        let entropy = environment.entropy()?;
        let [_, _, _, _, _, _, mut random @ ..] = entropy;
        // Ids of one command ascend in the order in which they are drawn: its events keep theirs.
        if let ([first, second, ..], Ok(place)) = (&mut random, u16::try_from(place)) {
            [*first, *second] = place.min(0xfff).to_be_bytes();
        }
        let millis = u64::try_from(now.millis()).unwrap_or_default();
        let id = uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
        drawn.push(id);
        Ok(id)
    }
}

/// Why the work on a call ends early. Inside: what happened; [`Error`] is what a caller can act on.
#[derive(Debug)]
pub(crate) enum Stop {
    /// It is answered with an error.
    Error(Error),
    /// The organisation changed since its context was read: again, with the new one.
    Stale,
    /// The request was carried out before, with these ids.
    Replay(Vec<String>),
}

impl<E: Into<Error>> From<E> for Stop {
    fn from(error: E) -> Self {
        Stop::Error(error.into())
    }
}

/// The rows of a page, the marker of the next one, and the count where it was asked for.
pub(crate) struct Listed {
    pub(crate) rows: Vec<Row>,
    pub(crate) next: Option<String>,
    pub(crate) count: Option<Count>,
}

/// One attempt at a call: what it knows and what it has decided so far.
pub(crate) struct Work<'w> {
    session: &'w Session<'w>,
    pub(crate) context: Arc<Context>,
    pub(crate) now: Timestamp,
    draws: &'w Draws,
    pub(crate) claim: Option<&'w idempotency::Claim>,
    /// The version of an expired key of an earlier request, to be replaced.
    expired_claim: Option<i64>,
    verified: bool,
    checks_context: bool,
    pub(crate) changes: ChangeSet,
    /// Rows that count in reports, as a command read them last.
    counted: Option<std::collections::HashMap<(&'static str, String), Row>>,
    /// Whether it writes the values of a field that comes to hold something else, which stand still for everybody else.
    pub(crate) retyping: bool,
    /// Ids by which an idempotent request is answered again.
    pub(crate) made: Vec<String>,
    /// Customers of whose contracts the command changed what makes them dealt.
    pub(crate) deals_moved: std::collections::BTreeSet<crate::id::CustomerId>,
    /// Who began what is gone on with.
    on_behalf: Option<String>,
}

impl<'w> Work<'w> {
    pub(crate) fn new(
        session: &'w Session<'w>,
        context: Arc<Context>,
        draws: &'w Draws,
        claim: Option<&'w idempotency::Claim>,
    ) -> Result<Self, Error> {
        if let Some(id) = &session.correlation_id {
            if id.chars().count() > 100 {
                return Err(Violation::too_long("correlation_id", 100).into());
            }
            if id.chars().any(char::is_control) {
                return Err(Violation::control_character("correlation_id").into());
            }
        }
        Ok(Work {
            session,
            context,
            now: session.engine.environment.now()?,
            draws,
            claim,
            expired_claim: None,
            verified: false,
            checks_context: true,
            changes: ChangeSet::new(session.actor.org.clone()),
            counted: None,
            retyping: false,
            made: Vec::new(),
            deals_moved: std::collections::BTreeSet::new(),
            on_behalf: None,
        })
    }

    /// Keeps what is read and counts in reports, or has keys: a command will want to know what it was.
    pub(crate) fn for_command(mut self) -> Self {
        self.counted = Some(std::collections::HashMap::new());
        self
    }

    /// A row that counts in reports or has keys, as it was read last.
    pub(crate) fn seen(&self, kind: &'static Kind, id: &str) -> Option<&Row> {
        self.counted.as_ref()?.get(&(kind.name, id.to_owned()))
    }

    /// Whether such a row was read.
    pub(crate) fn has_seen(&self, kind: &'static Kind, id: &str) -> bool {
        self.seen(kind, id).is_some()
    }

    fn keep(&mut self, reads: &[Read], answers: &[Answer]) {
        let Some(counted) = &mut self.counted else { return };
        for (read, answer) in reads.iter().zip(answers) {
            let kind = match read {
                Read::Get { kind, .. } => kind,
                Read::Find(search) => search.kind,
                _ => continue,
            };
            if let (true, Answer::Rows(rows)) =
                (crate::report::counts(kind) || Customized::of_kind(kind).is_some(), answer)
            {
                counted.extend(rows.iter().map(|row| ((kind.name, row.id.clone()), row.clone())));
            }
        }
    }

    /// As [`Work::read`], but what was read is not kept: of a whole kind that would be too much.
    pub(crate) fn unremembered(&mut self, reads: Vec<Read>) -> Result<Vec<Answer>, Stop> {
        let counted = self.counted.take();
        let answers = self.read(reads);
        self.counted = counted;
        answers
    }

    /// A row with another body, and nothing else of it changed.
    pub(crate) fn rewrite(&mut self, kind: &'static Kind, row: Row, body: String) {
        let became = Row { body, ..row.clone() };
        if let Some(counted) = &mut self.counted {
            counted.insert((kind.name, row.id.clone()), row);
        }
        self.update(kind, became);
    }

    /// How often the command has been decided, this time included.
    pub(crate) fn attempt(&self) -> u32 {
        self.draws.attempt.get()
    }

    /// Whether it happens inside a transaction of the host.
    pub(crate) fn joined(&self) -> bool {
        self.session.store.joined()
    }

    /// Whether other commits run beside this one.
    pub(crate) fn commits_beside_others(&self) -> bool {
        self.session.store.concurrent()
    }

    /// The actor.
    pub(crate) fn actor(&self) -> &Actor {
        &self.session.actor
    }

    /// Goes on with what somebody began: history and events name him.
    pub(crate) fn on_behalf_of(&mut self, person: String) {
        self.on_behalf = Some(person);
    }

    /// Who changes something, as it is written down.
    pub(crate) fn author(&self) -> String {
        self.on_behalf.clone().unwrap_or_else(|| self.actor().name())
    }

    /// Who may do and see what.
    pub(crate) fn access(&self) -> Result<Access<'_>, Error> {
        Access::of(&self.context, &self.session.actor)
    }

    pub(crate) fn allowed(&self, operation: &Operation) -> Result<(), Error> {
        self.access()?.allow(operation.right)
    }

    /// An answer without what the actor may not know of fields.
    pub(crate) fn redacted<T: Redact>(&self, mut answer: T) -> Result<T, Error> {
        let access = self.access()?;
        if access.restricts_fields() {
            answer.redact(&access);
        }
        Ok(answer)
    }

    /// A new id.
    pub(crate) fn draw(&self) -> Result<uuid::Uuid, Error> {
        self.draws.draw(self.session.engine.environment.as_ref(), self.now)
    }

    /// What nobody guesses.
    pub(crate) fn entropy(&self) -> Result<[u8; 16], Error> {
        Ok(self.session.engine.environment.entropy()?)
    }

    /// Reads facts. The first batch also tells whether the context is of today and the request
    /// was not carried out before.
    pub(crate) fn read(&mut self, mut reads: Vec<Read>) -> Result<Vec<Answer>, Stop> {
        if self.verified {
            let answers = self.session.store.read(&self.session.actor.org, &reads)?;
            self.keep(&reads, &answers);
            return Ok(answers);
        }
        let asked = reads.len();
        reads.push(Read::Get { kind: &ORGANISATION, ids: vec![ORGANISATION.name.to_owned()] });
        if let Some(claim) = self.claim {
            reads.push(claim.question());
        }
        let mut answers = self.session.store.read(&self.session.actor.org, &reads)?;
        let mut own = answers.split_off(asked.min(answers.len())).into_iter();
        let version = rows(own.next()).into_iter().next().map(|row| row.version);
        if version != Some(self.context.version) {
            return Err(Stop::Stale);
        }
        self.verified = true;
        if let (Some(claim), Some(row)) = (self.claim, rows(own.next()).into_iter().next()) {
            match claim.answered_by(&row, self.now)? {
                Some(ids) => return Err(Stop::Replay(ids)),
                None => self.expired_claim = Some(row.version),
            }
        }
        self.keep(&reads, &answers);
        Ok(answers)
    }

    /// Rows by key.
    pub(crate) fn get(&mut self, kind: &'static Kind, ids: Vec<String>) -> Result<Vec<Row>, Stop> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        Ok(rows(self.read(vec![Read::Get { kind, ids }])?.into_iter().next()))
    }

    /// One row by key.
    pub(crate) fn get_one(&mut self, kind: &'static Kind, id: String) -> Result<Option<Row>, Stop> {
        Ok(self.get(kind, vec![id])?.into_iter().next())
    }

    /// Some columns of rows, behind their keys.
    pub(crate) fn columns(
        &mut self,
        of: Selection,
        columns: Vec<&'static str>,
    ) -> Result<Vec<(String, Vec<Value>)>, Stop> {
        Ok(columns_of(self.read(vec![Read::Columns { of, columns }])?.into_iter().next()))
    }

    /// Every row of a search, however many pages it takes.
    pub(crate) fn find_all(&mut self, mut search: Search) -> Result<Vec<Row>, Stop> {
        let mut all = Vec::new();
        loop {
            let page = rows(self.read(vec![Read::Find(search.clone())])?.into_iter().next());
            let last = page.last().cloned();
            let full = page.len() as i64 >= search.limit;
            all.extend(page);
            match last {
                Some(last) if full => {
                    let value = search.order.and_then(|column| {
                        let place = search.kind.position(column)?;
                        last.values.get(place).cloned()
                    });
                    search.after = Some((value, last.id));
                }
                _ => return Ok(all),
            }
        }
    }

    /// A page of a list, whose marker works for `list` alone.
    pub(crate) fn listed(&mut self, search: Search, list: &str, page: &PageRequest) -> Result<Listed, Stop> {
        let limit = page.limit()?;
        let order =
            search.order.and_then(|column| Some((search.kind.position(column)?, search.kind.column(column)?.ty)));
        let after = page.place(list, order.map_or(ColumnType::Text, |(_, ty)| ty))?;
        let floor = if search.filter.is_empty() { Some(COUNT_CAP) } else { None };
        let search = search.limited(limit + 1);
        let mut reads = vec![Read::Find(Search { after, ..search.clone() })];
        reads.extend(page.count.then_some(Read::Count { search, cap: COUNT_CAP }));
        let mut answers = self.read(reads)?.into_iter();
        let mut found = rows(answers.next());
        let floor = floor.unwrap_or(found.len() as i64);
        let count = page.count.then(|| Count::of(counted(answers.next()), floor));
        let more = found.len() as i64 > limit;
        found.truncate(usize::try_from(limit).unwrap_or_default());
        let value = |row: &Row| order.and_then(|(place, _)| row.values.get(place).cloned());
        let next = found.last().filter(|_| more).map(|last| encode_cursor(list, &(value(last), last.id.clone())));
        Ok(Listed { rows: found, next, count })
    }

    /// An answer or a refusal counts only on the organisation as it is now: where nothing was
    /// read yet, its version still has to be looked at.
    pub(crate) fn on_todays_grounds<T>(&mut self, decided: Result<T, Stop>) -> Result<T, Stop> {
        if !self.verified && !matches!(decided, Err(Stop::Stale | Stop::Replay(_))) {
            self.read(Vec::new())?;
        }
        decided
    }

    /// Begins the decision anew: nothing of it is written.
    pub(crate) fn forget_decision(&mut self) {
        self.changes.writes.clear();
        self.changes.checks.clear();
        self.deals_moved.clear();
        self.made.clear();
        self.retyping = false;
        self.checks_context = true;
    }

    /// Adds a write to the decision.
    pub(crate) fn write(&mut self, write: Write) {
        self.changes.writes.push(write);
    }

    /// A new row.
    pub(crate) fn insert(&mut self, kind: &'static Kind, row: Row) {
        self.write(Write::Insert { kind, row });
    }

    /// A changed row, which must stand at the version it was read at; its live columns stay.
    pub(crate) fn update(&mut self, kind: &'static Kind, row: Row) {
        self.write(Write::Update { kind, row, changes: Vec::new() });
    }

    /// A changed record, with the live columns in which it differs from what was read.
    pub(crate) fn save<R: Record>(&mut self, before: &R, after: &R) -> Result<(), Error> {
        let row = Row { version: before.version(), ..after.to_row()? };
        let changes = R::KIND
            .columns
            .iter()
            .zip(before.columns().into_iter().zip(&row.values))
            .filter(|(column, (was, becomes))| column.live && was != *becomes)
            .map(|(column, (_, becomes))| (column.name, Change::Set(becomes.clone())))
            .collect();
        self.write(Write::Update { kind: R::KIND, row, changes });
        Ok(())
    }

    /// Changes live columns of a row that must exist.
    pub(crate) fn touch(
        &mut self,
        kind: &'static Kind,
        id: impl ToString,
        version: Option<i64>,
        changes: Vec<(&'static str, Change)>,
    ) {
        if !changes.is_empty() {
            self.write(Write::Touch { kind, id: id.to_string(), version, changes });
        }
    }

    /// Notes an id by which an idempotent request is answered again.
    pub(crate) fn made(&mut self, id: impl ToString) {
        self.made.push(id.to_string());
    }

    /// The command changes the organisation itself: its row gets a new version, so that every
    /// process loads the context anew.
    pub(crate) fn change_organisation(
        &mut self,
        organisation: &crate::organisation::Organisation,
    ) -> Result<(), Error> {
        self.checks_context = false;
        let row = organisation.to_row(self.context.version)?;
        // Who changes several things of it writes its row once, as it stands after all of them.
        let written = |write: &&mut Write| matches!(write, Write::Update { kind, .. } if **kind == ORGANISATION);
        match self.changes.writes.iter_mut().find(written) {
            Some(written) => *written = Write::Update { kind: &ORGANISATION, row, changes: Vec::new() },
            None => self.update(&ORGANISATION, row),
        }
        Ok(())
    }

    /// Writes what changed into the history of a record.
    pub(crate) fn remember(
        &mut self,
        record: &str,
        id: impl ToString,
        operation: &str,
        changes: Vec<FieldChange>,
    ) -> Result<(), Error> {
        if changes.is_empty() {
            return Ok(());
        }
        let row = history::entry(
            self.draw()?,
            record,
            &id.to_string(),
            self.now,
            &self.author(),
            operation,
            self.session.correlation_id.as_deref(),
            changes,
        )?;
        self.insert(&history::HISTORY, row);
        Ok(())
    }

    /// Writes what changed in the settings, roles, dictionaries or positions into their one history;
    /// `what` stands before the fields.
    pub(crate) fn remember_setting(
        &mut self,
        what: &str,
        operation: &str,
        mut changes: Vec<FieldChange>,
    ) -> Result<(), Error> {
        for change in &mut changes {
            change.field = format!("{what}.{}", change.field);
        }
        self.remember("settings", "settings", operation, changes)
    }

    /// Tells the host what happened, once the commit stands.
    pub(crate) fn announce(
        &mut self,
        kind: &str,
        record: &str,
        id: impl ToString,
        data: serde_json::Value,
    ) -> Result<(), Error> {
        let row = event::unnumbered(
            self.draw()?,
            kind,
            record,
            &id.to_string(),
            self.now,
            &self.author(),
            self.session.correlation_id.as_deref(),
            data,
        )?;
        self.insert(&event::EVENT, row);
        Ok(())
    }

    /// Whether a commit would write anything.
    pub(crate) fn writes(&self) -> bool {
        !self.changes.is_empty() || self.claim.is_some()
    }

    pub(crate) fn commit(&mut self) -> Result<(), CommitError> {
        if !self.writes() {
            return Ok(());
        }
        if self.checks_context {
            self.changes.checks.push(Check {
                kind: &ORGANISATION,
                id: ORGANISATION.name.to_owned(),
                version: self.context.version,
            });
        }
        if let Some(claim) = self.claim {
            let write = claim.keep(std::mem::take(&mut self.made), self.now, self.expired_claim);
            self.changes.writes.push(write);
        }
        self.session.store.commit(&self.changes)
    }
}

/// The rows of an answer; none when it is of another kind.
pub(crate) fn rows(answer: Option<Answer>) -> Vec<Row> {
    match answer {
        Some(Answer::Rows(rows)) => rows,
        _ => Vec::new(),
    }
}

/// The columns of an answer; none when it is of another kind.
pub(crate) fn columns_of(answer: Option<Answer>) -> Vec<(String, Vec<Value>)> {
    match answer {
        Some(Answer::Columns(columns)) => columns,
        _ => Vec::new(),
    }
}

/// The sums of an answer by groups; none when it is of another kind.
pub(crate) fn sums(answer: Option<Answer>) -> Vec<(Vec<Value>, Vec<i64>)> {
    match answer {
        Some(Answer::Sums(sums)) => sums,
        _ => Vec::new(),
    }
}

/// The number of an answer.
pub(crate) fn counted(answer: Option<Answer>) -> Option<i64> {
    match answer {
        Some(Answer::Count(count)) => count,
        _ => None,
    }
}
