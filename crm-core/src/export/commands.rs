//! Beginning an export, going through it, ending it, and the log of all of them.

use super::cells::Teller;
use super::lists::{Asked, Items};
use super::{EXPORT, Export, ExportColumn, ExportInput, MOST_COLUMNS, MOST_ON_PAGE, ROWS, Stored};
use crate::crm::Session;
use crate::error::{Error, Violation, refusals};
use crate::id::ExportId;
use crate::operations::op;
use crate::page::{PageRequest, list_identity, page};
use crate::record::Record;
use crate::store::{Direction, Row, Search};
use crate::text::Checker;
use crate::work::{Stop, Work};
use serde::{Deserialize, Serialize};

/// For how long the page that was given last is given once more, in milliseconds: it is for answers that were lost, not for watching a list.
const AGAIN: i64 = 10 * 60_000;

/// A page of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct ExportRows {
    /// The rows: a cell for each column, in the order of the columns. Texts are as they are; in a csv file each has to be
    /// [`defused`](super::defused).
    pub rows: Vec<Vec<String>>,
    /// Whether another page follows. Where none does, the export is finished.
    pub more: bool,
}

page! {
    /// A page of the log of exports, the latest first.
    ExportLogPage of Export
}

crate::access::nothing_to_redact!(ExportRows);

refusals! {
    /// Why a page of an export is not given.
    pub enum ExportRefusal {
        /// Pages are given one after the other; the last one once more, if asked.
        Page { next } = "export_page", "Pages of an export are given one after the other", "导出的各页须依次读取";
        /// It is finished.
        Finished = "export_finished", "The export is finished", "该导出已结束";
    }
}

fn not_found(id: ExportId) -> Error {
    Error::NotFound { record: ExportId::RECORD.to_owned(), id: id.to_string() }
}

/// Which page is to be read.
struct Wanted {
    stored: Stored,
    input: ExportInput,
    cursor: Option<String>,
    size: i32,
    /// How many rows it had when it was given before.
    again: Option<usize>,
}

impl crate::access::Redact for Wanted {
    /// It stays inside.
    fn redact(&mut self, _: &crate::access::Access<'_>) {}
}

impl Session<'_> {
    /// Begins an export of a list, and writes down who exports what. Its rows are asked for by [`Session::export_rows`].
    ///
    /// Salespeople of the preset roles have no right to export: who leaves takes a file along. Administrators have, and grant it.
    ///
    /// ```
    /// # #[cfg(feature = "system")] {
    /// # use crm_core::*;
    /// # let crm = Crm::in_memory();
    /// # let host = Actor::system("acme", "set-up")?;
    /// # crm.as_user(&host).create_organisation(NewOrganisation::named("Acme"))?;
    /// # crm.as_user(&host).sync_people(vec![PersonInput::new("li", "李")?], SyncMode::Delta)?;
    /// # crm.as_user(&host).create_customer(NewCustomer { owner: Some(UserId::new("li")?), ..NewCustomer::named("云帆科技") })?;
    /// let input = ExportInput {
    ///     customers: Some(View::All.into()),
    ///     columns: vec!["name".to_owned(), "owner".to_owned()],
    ///     ..ExportInput::in_language(Language::Chinese)
    /// };
    /// let export = crm.as_user(&host).begin_export(input)?;
    /// assert_eq!(export.columns[1].label, "所属销售");
    /// let page = crm.as_user(&host).export_rows(export.id, 1)?;
    /// assert_eq!(page.rows, [["云帆科技", "李"]]);
    /// assert!(!page.more);
    /// # }
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right to export and whatever the list needs; [`Error::Invalid`]: not one list, `unknown` on a
    /// column that the actor does not read, and whatever the list answers.
    pub fn begin_export(&self, export: ExportInput) -> Result<Export, Error> {
        let asked = export.asked()?;
        if !(1..=MOST_ON_PAGE).contains(&export.page_size) {
            return Err(Violation::out_of_range("export.page_size").into());
        }
        // What is kept of the query is clean.
        let mut check = Checker::new();
        let texts = [
            ("export.customers.filter.text", export.customers.as_ref().map(|query| &query.filter.text)),
            ("export.contacts.text", export.contacts.as_ref().map(|query| &query.text)),
            ("export.contracts.text", export.contracts.as_ref().map(|query| &query.text)),
            ("export.receipts.text", export.receipts.as_ref().map(|query| &query.text)),
            ("export.products.text", export.products.as_ref().map(|query| &query.text)),
        ];
        for (path, text) in texts {
            if let Some(text) = text {
                check.optional_line(path, text, 60);
            }
        }
        check.done()?;
        self.query(&op::begin_export, |work| Ok(work.access()?.allow(asked.right())?))?;
        // What the list itself refuses is refused before anything is written down.
        self.export_items(asked, PageRequest::first(1))?;
        self.command(
            &op::begin_export,
            &export,
            |work| work.begin_export(&export, asked),
            |work, ids| {
                let id = ids.first().and_then(|id| id.parse().ok());
                Ok(work.own_export(id.ok_or_else(|| Error::from(Violation::unknown("export")))?)?.export)
            },
        )
    }

    /// A page of the exporter's export, from 1 on, one after the other; the last one given once more if asked, for answers that were lost, with
    /// no more rows than it had, within ten minutes of when it was given or the export was finished.
    /// Each page goes by the rights of now: what the exporter reads no more is empty, and a page is refused without the right to export.
    /// A page may hold fewer rows than others although more follow. An idempotency key is not needed and does nothing.
    ///
    /// # Errors
    /// [`Error::NotFound`], also for exports of others; [`Error::Forbidden`]; `export_page`, `export_finished`; [`Error::Conflict`]
    /// when the page was asked for twice at once.
    pub fn export_rows(&self, export: ExportId, number: i32) -> Result<ExportRows, Error> {
        self.check_key()?;
        let session = Session::clone(self).not_idempotent();
        let wanted = session.query(&op::export_rows, |work| work.wanted_page(export, number))?;
        let asked = wanted.input.asked()?;
        let request = PageRequest { cursor: wanted.cursor.clone(), ..PageRequest::first(wanted.size) };
        let (items, next) = session.clone().by_pages_of(MOST_ON_PAGE).export_items(asked, request)?;
        session.command(
            &op::export_rows,
            &(export, number),
            |work| work.give_page(&wanted, asked, &items, next.as_ref()),
            |_, _| Err(ExportRefusal::Finished.into()),
        )
    }

    /// Ends an export of one's own early; one that is finished stays as it is.
    ///
    /// # Errors
    /// [`Error::NotFound`], also for exports of others.
    pub fn finish_export(&self, export: ExportId) -> Result<Export, Error> {
        self.command(
            &op::finish_export,
            &export,
            |work| {
                let mut stored = work.own_export(export)?;
                work.made(export);
                if stored.export.finished_at.is_none() {
                    work.end_export(&mut stored)?;
                    stored.export.version += 1;
                }
                Ok(stored.export)
            },
            |work, _| Ok(work.own_export(export)?.export),
        )
    }

    /// Who exported what, the latest first: one's own exports; those of everybody for who has the right `settings.manage_settings`.
    ///
    /// # Errors
    /// [`Error::Invalid`]; `cursor_foreign`.
    pub fn exports(&self, page: PageRequest) -> Result<ExportLogPage, Error> {
        let list = list_identity(self.actor(), op::exports.name, &());
        self.query(&op::exports, |work| {
            let mut search = Search::of(&EXPORT).ordered("at", Direction::Descending);
            if !work.access()?.may("settings.manage_settings") {
                search = search.within("person", vec![work.actor().name().into()]);
            }
            let listed = work.listed(search, &list, &page)?;
            let items = Stored::from_rows(&listed.rows)?.into_iter().map(|stored| stored.export).collect();
            Ok(ExportLogPage { items, next: listed.next, count: listed.count })
        })
    }
}

impl Work<'_> {
    /// An export of the actor's.
    fn own_export(&mut self, id: ExportId) -> Result<Stored, Stop> {
        let row = self.get_one(&EXPORT, id.to_string())?.ok_or_else(|| not_found(id))?;
        let stored = Stored::from_row(&row)?;
        if stored.export.person == self.actor().name() { Ok(stored) } else { Err(not_found(id).into()) }
    }

    fn begin_export(&mut self, input: &ExportInput, asked: Asked<'_>) -> Result<Export, Stop> {
        let access = self.access()?;
        access.allow(asked.right())?;
        let known = asked.columns(&access, input.language);
        let columns: Vec<ExportColumn> = if input.columns.is_empty() {
            known.into_iter().filter(|known| known.usual).map(|known| known.column).collect()
        } else {
            let mut check = Checker::new();
            let most = MOST_COLUMNS;
            check.ensure(input.columns.len() <= most, || Violation::too_many("export.columns", most as i64));
            let mut columns: Vec<ExportColumn> = Vec::new();
            for (place, name) in input.columns.iter().enumerate().take(most) {
                let path = || format!("export.columns[{place}]");
                if columns.iter().any(|column| column.name == *name) {
                    check.note(Violation::repeated(path()));
                }
                match known.iter().find(|known| known.column.name == *name) {
                    Some(known) => columns.push(known.column.clone()),
                    None => check.note(Violation::unknown(path())),
                }
            }
            check.done()?;
            columns
        };
        let limit = self.context.settings().export_rows.unwrap_or(ROWS);
        let export = Export {
            id: ExportId(self.draw()?),
            list: asked.name().to_owned(),
            person: self.actor().name(),
            at: self.now,
            filter: asked.filter()?,
            columns,
            rows: 0,
            limit: i64::from(limit),
            capped: false,
            finished_at: None,
            version: 1,
        };
        let (language, page_size) = (input.language, input.page_size);
        let stored = Stored {
            export: export.clone(),
            language,
            page_size,
            pages: 0,
            last: None,
            before: 0,
            given: None,
            next: None,
        };
        self.insert(&EXPORT, stored.to_row()?);
        let data = serde_json::json!({ "list": export.list });
        self.announce("export_began", ExportId::RECORD, export.id, data)?;
        self.made(export.id);
        Ok(export)
    }

    /// Looks up which page comes.
    fn wanted_page(&mut self, id: ExportId, number: i32) -> Result<Wanted, Stop> {
        let stored = self.own_export(id)?;
        let input = stored.input()?;
        self.access()?.allow(input.asked()?.right())?;
        let next = stored.pages.saturating_add(1);
        let over = stored.export.finished_at;
        let (again, before) = match number {
            given if given == stored.pages && given > 0 => {
                if over.or(stored.given).is_some_and(|at| self.now > at.plus_millis(AGAIN)) {
                    return Err(match over {
                        Some(_) => ExportRefusal::Finished.into(),
                        None => ExportRefusal::Page { next: next.to_string() }.into(),
                    });
                }
                // What came into the list since is not given, as it is not counted.
                let had = stored.export.rows.saturating_sub(stored.before);
                (Some(usize::try_from(had).unwrap_or_default()), stored.before)
            }
            _ if over.is_some() => return Err(ExportRefusal::Finished.into()),
            wanted if wanted == next => (None, stored.export.rows),
            _ => return Err(ExportRefusal::Page { next: next.to_string() }.into()),
        };
        let cursor = if again.is_some() { stored.last.clone() } else { stored.next.clone() };
        let left = stored.export.limit.saturating_sub(before);
        let size = i32::try_from(left).unwrap_or(i32::MAX).min(stored.page_size);
        Ok(Wanted { stored, input, cursor, size, again })
    }

    /// Gives the page that was read, and notes that.
    fn give_page(
        &mut self,
        wanted: &Wanted,
        asked: Asked<'_>,
        items: &Items,
        next: Option<&String>,
    ) -> Result<ExportRows, Stop> {
        let mut stored = self.own_export(wanted.stored.export.id)?;
        let id = stored.export.id;
        if stored.export.version != wanted.stored.export.version {
            return Err(Error::Conflict { record: ExportId::RECORD.to_owned(), id: id.to_string() }.into());
        }
        let access = self.access()?;
        access.allow(asked.right())?;
        let columns = stored.export.columns.iter();
        let columns: Vec<(&str, bool)> =
            columns.map(|own| (own.name.as_str(), asked.reads(&own.name, &access))).collect();
        let mut rows = Teller::new(&self.context, stored.language).rows(items, &columns);
        if let Some(had) = wanted.again {
            rows.truncate(had);
            return Ok(ExportRows { rows, more: stored.export.finished_at.is_none() });
        }
        stored.before = stored.export.rows;
        stored.export.rows = stored.before.saturating_add(i64::try_from(items.len()).unwrap_or(i64::MAX));
        stored.pages = stored.pages.saturating_add(1);
        stored.given = Some(self.now);
        stored.last = stored.next.take();
        stored.next = next.cloned();
        stored.export.capped = next.is_some() && stored.export.rows >= stored.export.limit;
        let more = next.is_some() && !stored.export.capped;
        if more {
            self.update(&EXPORT, stored.to_row()?);
        } else {
            self.end_export(&mut stored)?;
        }
        Ok(ExportRows { rows, more })
    }

    /// Nothing more is given.
    fn end_export(&mut self, stored: &mut Stored) -> Result<(), Stop> {
        stored.export.finished_at = Some(self.now);
        let row: Row = stored.to_row()?;
        self.update(&EXPORT, row);
        let export = &stored.export;
        let data = serde_json::json!({ "list": export.list, "rows": export.rows, "capped": export.capped });
        Ok(self.announce("exported", ExportId::RECORD, export.id, data)?)
    }
}
