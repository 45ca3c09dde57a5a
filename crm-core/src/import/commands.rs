//! Beginning an import, sending it rows, ending it, and its report.

use super::fields::{by_header, check_headers, known, mapping};
use super::values::{cell, customer, is_blank, refused};
use super::{
    DAYS, IMPORT, IMPORT_ROW, Import, ImportAnswer, ImportColumns, ImportError, ImportInput, ImportedRow, LONGEST_CELL,
    MOST_ROWS, Reported,
};
use crate::crm::Session;
use crate::customer::NewCustomer;
use crate::error::{CallRefusal, Error, Violation, refusals};
use crate::id::{CustomerId, ImportId};
use crate::operations::op;
use crate::page::{PageRequest, list_identity, page};
use crate::record::Record;
use crate::store::{self, Comparison, Direction, Filter, Row, Search};
use crate::text::Checker;
use crate::work::{Stop, Work, rows};

/// Rows of a batch, at the most.
const BATCH: usize = 500;

/// Refusals of a row that is like what is there.
const LIKE_OTHERS: [&str; 7] = [
    "same_name",
    "number_taken",
    "same_credit_code",
    "same_phone",
    "likely_duplicate",
    "certain_duplicate",
    "field_value_taken",
];

/// Refusals of a row whose contact is like one that is there.
const CONTACTS_LIKE_OTHERS: [&str; 2] = ["likely_duplicate_contact", "certain_duplicate_contact"];

page! {
    /// A page of imports, the latest first.
    ImportLogPage of Import
}

page! {
    /// A page of the report of an import, in the order of its rows.
    ImportReportPage of ImportedRow
}

refusals! {
    /// Why rows are not imported.
    pub enum ImportRefusal {
        /// Rows come one after the other, each once.
        Order { next } = "import_order", "Rows are imported one after the other, each once", "须按顺序导入各行，且每行只导入一次";
        /// It is finished.
        Finished = "import_finished", "The import is finished", "该导入已结束";
        /// An import has at most 200,000 rows.
        TooLong { limit } = "import_too_long", "An import has no more rows than that", "导入的行数超过上限";
        /// Whether a row of a dry run is like others is not told: he was told of customers that he may not open as often today as he may be.
        LookedUpEnough = "import_looked_up_enough", "Today no more is told of whether it is there already", "今日查重次数已用完，无法判断该客户是否已存在";
    }
}

fn not_found(id: ImportId) -> Error {
    Error::NotFound { record: ImportId::RECORD.to_owned(), id: id.to_string() }
}

/// Whether an error is one of the call, not of the row that it came with.
fn stops(error: &Error) -> bool {
    matches!(error, Error::Unavailable { .. } | Error::ActorUnknown { .. } | Error::Conflict { .. })
        || [CallRefusal::CONTENDED, CallRefusal::CLOSED].contains(&error.code())
}

/// Whether a refusal tells that somebody is there already.
fn tells_of_others(error: &Error) -> bool {
    LIKE_OTHERS.contains(&error.code()) || CONTACTS_LIKE_OTHERS.contains(&error.code())
}

/// A name as the report shows it: a line, however odd it is.
fn shown(name: &str) -> String {
    let odd = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    name.chars().map(|c| if odd(c) { ' ' } else { c }).take(200).collect()
}

/// A row on its way to a customer.
enum Read {
    Blank,
    Wrong(Vec<ImportError>),
    Customer(Box<NewCustomer>),
}

/// What stays inside of the core.
struct Within<T>(T);

impl<T> crate::access::Redact for Within<T> {
    fn redact(&mut self, _: &crate::access::Access<'_>) {}
}

impl Session<'_> {
    /// To which fields the columns of a file can go, and to which they would go by their headers.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `customer.create`; [`Error::Invalid`]: `repeated` on a header that is there twice.
    pub fn import_columns(&self, headers: Vec<String>) -> Result<ImportColumns, Error> {
        let mut check = Checker::new();
        check_headers(&headers, "headers", &mut check);
        check.done()?;
        self.query(&op::import_columns, |work| {
            let known = known(&work.access()?);
            let fields = by_header(&headers, &known);
            Ok(ImportColumns { known, fields })
        })
    }

    /// Begins an import of customers, each with a contact. Its rows are sent by [`Session::import_rows`].
    ///
    /// ```
    /// # #[cfg(feature = "system")] {
    /// # use crm_core::*;
    /// # let crm = Crm::in_memory();
    /// # let host = Actor::system("acme", "set-up")?;
    /// # crm.as_user(&host).create_organisation(NewOrganisation::named("Acme"))?;
    /// # crm.as_user(&host).sync_people(vec![PersonInput::new("li", "李")?], SyncMode::Delta)?;
    /// let li = Actor::user("acme", "li")?;
    /// let headers = vec!["客户名称".to_owned(), "级别".to_owned(), "手机".to_owned(), "联系人".to_owned()];
    /// let input = ImportInput { file: "客户.xlsx".into(), headers, fields: vec![], dry_run: false, duplicate_reason: None };
    /// let import = crm.as_user(&li).begin_import(input)?;
    /// let row = ["云帆科技", "A", "13800001234", "王小明"].map(str::to_owned).to_vec();
    /// let again = vec!["云帆科技".to_owned()];
    /// let answer = crm.as_user(&li).import_rows(import.id, 1, vec![row, again])?;
    /// assert_eq!((answer.so_far.created, answer.so_far.skipped), (1, 1));
    /// # }
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `customer.create`; [`Error::Invalid`]: `repeated` on a header or a field that is there
    /// twice, `unknown` on a field that is none or that the actor may not give, `required` on `fields.name` where no column is the name.
    pub fn begin_import(&self, input: ImportInput) -> Result<Import, Error> {
        self.command(
            &op::begin_import,
            &input,
            |work| work.begin_import(&input),
            |work, ids| {
                let id = ids.first().and_then(|id| id.parse().ok());
                work.own_import(id.ok_or_else(|| Error::from(Violation::unknown("import")))?)
            },
        )
    }

    /// Imports rows, up to 500, the first of which is the `first` of the import, from 1: each is created by itself, as
    /// [`Session::create_customer`] would, or, in a dry run, looked at. Cells behind the last header are refused.
    ///
    /// Where a call is broken off, it is sent again: what it created before is not created twice. Of a call that ends with an error the rows
    /// before it count; the next one is asked for by `import_order`. An idempotency key is not needed and does nothing.
    ///
    /// A row of a dry run that is refused for being like a customer that the actor may not open counts as one look-up of
    /// [`Session::check_duplicates`], and is noted down as those are. Where he has none left today, each row that is not wrong by itself
    /// fails with `import_looked_up_enough`, whether it is like another or not.
    ///
    /// # Errors
    /// [`Error::NotFound`], also for imports of others; [`Error::Forbidden`] without the right `customer.create`; [`Error::Invalid`];
    /// `import_order` with the `next` row that is asked for, `import_finished`, `import_too_long`; [`Error::Conflict`] when they were sent
    /// twice at once. What is wrong with a row is said in its answer.
    pub fn import_rows(&self, import_id: ImportId, first: i64, rows: Vec<Vec<String>>) -> Result<ImportAnswer, Error> {
        self.check_key()?;
        let session = Session::clone(self).not_idempotent();
        if rows.is_empty() {
            return Err(Violation::required("rows").into());
        }
        if rows.len() > BATCH {
            return Err(Violation::too_many("rows", BATCH as i64).into());
        }
        let Within((own, read)) = session.query(&op::import_rows, |work| work.read_rows(import_id, first, &rows))?;
        let places = (first..).zip(rows.iter()).zip(read);
        let mut told = Vec::with_capacity(rows.len());
        let mut stopped = None;
        for ((place, cells), read) in places {
            let row = |outcome: &str, customer, errors| ImportedRow {
                place,
                name: shown(cell(&own, cells, "name").unwrap_or_default()),
                outcome: outcome.to_owned(),
                customer,
                errors,
            };
            told.push(match read {
                Read::Blank => row("blank", None, Vec::new()),
                Read::Wrong(errors) => row("failed", None, errors),
                Read::Customer(new) => match session.import_one(&own, place, &new) {
                    Ok(id) => row("created", id, Vec::new()),
                    // What stops one row for want of a store stops them all: those from here on are sent again.
                    Err(error) if stops(&error) => {
                        stopped = Some(error);
                        break;
                    }
                    Err(error) => {
                        let like = LIKE_OTHERS.contains(&error.code());
                        row(if like { "skipped" } else { "failed" }, None, refused(&own, &new, &error))
                    }
                },
            });
        }
        let note = || {
            session.command(
                &op::import_rows,
                &(import_id, first),
                |work| work.note_rows(&own, told.clone()),
                |_, _| Err(ImportRefusal::Finished.into()),
            )
        };
        match stopped {
            None => note(),
            Some(error) => {
                // Of two things that go wrong the first is told; what is not noted is sent again and created once.
                if !told.is_empty() {
                    let _ = note();
                }
                Err(error)
            }
        }
    }

    /// An import of one's own as it stands.
    #[cfg(feature = "files")]
    pub(crate) fn import_so_far(&self, import_id: ImportId) -> Result<Import, Error> {
        self.query(&op::imports, |work| work.own_import(import_id))
    }

    /// Creates the customer of a row, or looks whether it would be.
    fn import_one(&self, import: &Import, place: i64, new: &NewCustomer) -> Result<Option<CustomerId>, Error> {
        if import.dry_run {
            let Within(refused) = self.command(
                &op::import_rows,
                &(import.id, place),
                |work| work.try_row(new),
                |_, _| Err(ImportRefusal::Finished.into()),
            )?;
            return refused.map_or(Ok(None), Err);
        }
        let place = usize::try_from(place).unwrap_or_default();
        let session = Session::clone(self).idempotent(format!("import {}", import.id)).item(place);
        Ok(Some(session.create_customer(new.clone())?.id))
    }

    /// Ends an import of one's own; one that is ended stays as it is.
    ///
    /// # Errors
    /// [`Error::NotFound`], also for imports of others.
    pub fn finish_import(&self, import_id: ImportId) -> Result<Import, Error> {
        self.command(
            &op::finish_import,
            &import_id,
            |work| {
                let mut own = work.own_import(import_id)?;
                work.made(import_id);
                if own.finished_at.is_none() {
                    own.finished_at = Some(work.now);
                    work.update(&IMPORT, own.to_row()?);
                    let data = serde_json::json!({
                        "dry_run": own.dry_run, "rows": own.rows, "created": own.created, "skipped": own.skipped, "failed": own.failed,
                    });
                    work.announce("imported", ImportId::RECORD, own.id, data)?;
                    own.version += 1;
                }
                Ok(own)
            },
            |work, _| work.own_import(import_id),
        )
    }

    /// The actor's own imports, the latest first.
    ///
    /// # Errors
    /// [`Error::Invalid`]; `cursor_foreign`.
    pub fn imports(&self, page: PageRequest) -> Result<ImportLogPage, Error> {
        let list = list_identity(self.actor(), op::imports.name, &());
        self.query(&op::imports, |work| {
            let own = vec![work.actor().name().into()];
            let search = Search::of(&IMPORT).within("person", own).ordered("at", Direction::Descending);
            let listed = work.listed(search, &list, &page)?;
            Ok(ImportLogPage { items: Import::from_rows(&listed.rows)?, next: listed.next, count: listed.count })
        })
    }

    /// What became of the rows of an import of one's own that became no customers, in their order; kept for 90 days.
    ///
    /// # Errors
    /// [`Error::NotFound`], also for imports of others; [`Error::Invalid`]; `cursor_foreign`.
    pub fn import_report(&self, import_id: ImportId, page: PageRequest) -> Result<ImportReportPage, Error> {
        let list = list_identity(self.actor(), op::import_report.name, &import_id);
        self.query(&op::import_report, |work| {
            work.own_import(import_id)?;
            let of = vec![import_id.to_string().into()];
            let search = Search::of(&IMPORT_ROW).within("import", of).ordered("place", Direction::Ascending);
            let listed = work.listed(search, &list, &page)?;
            let items = Reported::from_rows(&listed.rows)?.into_iter().map(|own| own.row).collect();
            Ok(ImportReportPage { items, next: listed.next, count: listed.count })
        })
    }
}

impl Work<'_> {
    /// An import of the actor's.
    fn own_import(&mut self, id: ImportId) -> Result<Import, Stop> {
        let row = self.get_one(&IMPORT, id.to_string())?.ok_or_else(|| not_found(id))?;
        let own = Import::from_row(&row)?;
        if own.person == self.actor().name() { Ok(own) } else { Err(not_found(id).into()) }
    }

    fn begin_import(&mut self, input: &ImportInput) -> Result<Import, Stop> {
        let known = known(&self.access()?);
        let mut check = Checker::new();
        let (file, duplicate_reason, (headers, fields)) = check.under("input", |check| {
            let file = check.line("file", &input.file, 200);
            let reason = check.optional_line("duplicate_reason", &input.duplicate_reason, 300);
            (file, reason, mapping(input, &known, check))
        });
        check.done()?;
        let import = Import {
            id: ImportId(self.draw()?),
            file,
            person: self.actor().name(),
            at: self.now,
            headers,
            fields,
            dry_run: input.dry_run,
            duplicate_reason,
            rows: 0,
            created: 0,
            skipped: 0,
            failed: 0,
            finished_at: None,
            version: 1,
        };
        self.insert(&IMPORT, import.to_row()?);
        self.announce("import_began", ImportId::RECORD, import.id, serde_json::json!({ "dry_run": import.dry_run }))?;
        self.made(import.id);
        Ok(import)
    }

    /// Whether the customer of a row would be created; answers why not where it is like another one. That tells of customers that the actor
    /// may not open, so it goes by the limit of look-ups, and is noted down.
    fn try_row(&mut self, new: &NewCustomer) -> Result<Within<Option<Error>>, Stop> {
        // Whether he may be told is known before anything is found: it says nothing of what there is.
        let limited = self.has_looked_up_enough()?;
        let tried = self.try_customer(new);
        self.forget_decision();
        match tried {
            Err(Stop::Error(error)) if tells_of_others(&error) => {
                if limited {
                    return Err(ImportRefusal::LookedUpEnough.into());
                }
                self.note_trial(new, error.code())?;
                Ok(Within(Some(error)))
            }
            Ok(()) if limited => Err(ImportRefusal::LookedUpEnough.into()),
            Ok(()) => Ok(Within(None)),
            Err(stop) => Err(stop),
        }
    }

    /// Reads the rows that come next.
    fn read_rows(
        &mut self,
        id: ImportId,
        first: i64,
        rows: &[Vec<String>],
    ) -> Result<Within<(Import, Vec<Read>)>, Stop> {
        let own = self.own_import(id)?;
        if own.finished_at.is_some() {
            return Err(ImportRefusal::Finished.into());
        }
        let next = own.rows.saturating_add(1);
        if first != next {
            return Err(ImportRefusal::Order { next: next.to_string() }.into());
        }
        let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        if own.rows.saturating_add(count) > MOST_ROWS {
            return Err(ImportRefusal::TooLong { limit: MOST_ROWS.to_string() }.into());
        }
        let columns = own.headers.len();
        let mut check = Checker::new();
        for (place, cells) in rows.iter().enumerate() {
            let more = cells.len() > columns;
            check.ensure(!more, || {
                Violation::too_many(format!("rows[{place}]"), i64::try_from(columns).unwrap_or(i64::MAX))
            });
            let long = cells.iter().position(|cell| cell.chars().nth(LONGEST_CELL as usize).is_some());
            if let Some(column) = long {
                check.note(Violation::too_long(format!("rows[{place}][{column}]"), LONGEST_CELL));
            }
        }
        check.done()?;
        let context = self.context.clone();
        let read = rows.iter().map(|cells| match is_blank(cells) {
            true => Read::Blank,
            false => match customer(&context, &own, cells) {
                Ok(new) => Read::Customer(Box::new(new)),
                Err(errors) => Read::Wrong(errors),
            },
        });
        let read = read.collect();
        Ok(Within((own, read)))
    }

    /// Rows of reports whose time is over.
    pub(crate) fn old_import_rows(&mut self, limit: i64) -> Result<Vec<Row>, Stop> {
        let until = self.now.plus_days(-DAYS).millis();
        let old = Search::of(&IMPORT_ROW)
            .filtered(Filter::Is("at", Comparison::AtMost, until.into()))
            .ordered("at", Direction::Ascending)
            .limited(limit);
        Ok(rows(self.read(vec![store::Read::Find(old)])?.into_iter().next()))
    }

    /// Writes down what became of rows.
    fn note_rows(&mut self, before: &Import, told: Vec<ImportedRow>) -> Result<ImportAnswer, Stop> {
        let mut own = self.own_import(before.id)?;
        if own.version != before.version {
            return Err(Error::Conflict { record: ImportId::RECORD.to_owned(), id: own.id.to_string() }.into());
        }
        for row in &told {
            own.rows = own.rows.saturating_add(1);
            let count = match row.outcome.as_str() {
                "created" => &mut own.created,
                "skipped" => &mut own.skipped,
                "failed" => &mut own.failed,
                _ => continue,
            };
            *count = count.saturating_add(1);
            if row.outcome != "created" {
                self.insert(&IMPORT_ROW, Reported { import: own.id, at: self.now, row: row.clone() }.to_row()?);
            }
        }
        self.update(&IMPORT, own.to_row()?);
        own.version += 1;
        Ok(ImportAnswer { rows: told, so_far: own })
    }
}
