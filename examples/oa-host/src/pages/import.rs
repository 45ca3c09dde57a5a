//! Customers out of a file: uploaded, its columns chosen, looked through, imported, and what became of its rows.

use crate::app::{App, Reply, Shared};
use crate::desk::{Choice, Desk, Look, html, typed};
use crate::failure::Failure;
use crate::pages::{Params, id};
use crate::security::{LARGEST_FILE, Posted, Upload};
use crate::session::{Visitor, random};
use crate::uploads::{Pending, State};
use crate::values::around;
use askama::Template;
use axum::extract::{Path, State as With};
use axum::http::{HeaderValue, StatusCode, header};
use crm_core::export::defused;
use crm_core::files::{FileError, FileImport, FileKind, file_sample};
use crm_core::{Error, Import, ImportId, ImportedRow, Language, PageRequest};
use std::sync::Arc;

/// Where imports are.
pub(crate) const HERE: &str = "/imports";

/// Rows that are shown beside the columns.
const SAMPLES: usize = 3;

/// An import as it is shown.
struct Told {
    id: String,
    file: String,
    at: String,
    dry: bool,
    created: i64,
    skipped: i64,
    failed: i64,
    ended: bool,
}

impl Told {
    fn of(import: &Import, d: &Look<'_>) -> Self {
        Told {
            id: import.id.to_string(),
            file: import.file.clone(),
            at: d.time(&import.at),
            dry: import.dry_run,
            created: import.created,
            skipped: import.skipped,
            failed: import.failed,
            ended: import.finished_at.is_some(),
        }
    }
}

#[derive(Template)]
#[template(path = "imports.html")]
struct Imports<'a> {
    d: &'a Look<'a>,
    problem: String,
    most: usize,
    rows: Vec<Told>,
    first: String,
    next: String,
}

/// A column of the file.
struct Column {
    place: usize,
    header: String,
    samples: String,
    field: String,
}

#[derive(Template)]
#[template(path = "import.html")]
struct Mapping<'a> {
    d: &'a Look<'a>,
    token: String,
    file: String,
    count: i64,
    columns: Vec<Column>,
    known: Vec<Choice>,
    reason: String,
    problem: String,
    /// What a look through it told.
    dry: Option<Told>,
}

#[derive(Template)]
#[template(path = "import_progress.html")]
struct Progress<'a> {
    d: &'a Look<'a>,
    file: String,
    percent: i64,
    words: String,
}

/// A row that became no customer.
struct Row {
    place: i64,
    name: String,
    outcome: String,
    errors: Vec<String>,
}

#[derive(Template)]
#[template(path = "import_report.html")]
struct Report<'a> {
    d: &'a Look<'a>,
    told: Told,
    rows: Vec<Row>,
    first: String,
    next: String,
}

fn who(desk: &Desk<'_>) -> (String, String) {
    (desk.crm.actor().org().to_string(), desk.me.to_string())
}

fn broken(error: &dyn std::fmt::Display) -> Failure {
    eprintln!("a file can't be imported: {error}");
    Failure::internal()
}

fn draw(desk: &Desk<'_>, params: &crate::values::Values, problem: String) -> Reply {
    desk.needs("customer", "create")?;
    let d = &desk.look;
    let page = PageRequest { cursor: params.text("cursor"), ..PageRequest::first(20) };
    let found = match desk.crm.imports(page) {
        Ok(found) => found,
        Err(error) => return desk.lost(error, HERE),
    };
    let (first, next) = around(HERE, &[], params, found.next.as_deref());
    let status = if problem.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let rows = found.items.iter().map(|import| Told::of(import, d)).collect();
    desk.page_with(status, &Imports { d, problem, most: LARGEST_FILE, rows, first, next })
}

pub(crate) async fn show(With(app): With<Shared>, visitor: Visitor, Params(params): Params) -> Reply {
    app.desk(visitor, move |desk| draw(desk, &params, String::new())).await
}

pub(crate) async fn upload(With(app): With<Shared>, upload: Upload) -> Reply {
    let Upload { visitor, values, file } = upload;
    let shared = Arc::clone(&app);
    app.desk(visitor, move |desk| {
        desk.needs("customer", "create")?;
        let d = &desk.look;
        if file.too_large {
            return draw(desk, &values, d.t("file_too_large").to_owned());
        }
        if file.name.is_empty() || file.content.is_empty() {
            return draw(desk, &values, d.t("choose_file").to_owned());
        }
        let kind = FileKind::of(&file.content);
        let read = file_sample(kind, &file.content, SAMPLES)
            .and_then(|sample| Ok((desk.crm.import_columns(sample.headers.clone())?.fields, sample)));
        let (fields, sample) = match read {
            Ok(read) => read,
            Err(error) => return draw(desk, &values, said(d, &desk.for_form(error)?)),
        };
        let token = random().ok_or_else(Failure::internal)?;
        let pending = Pending::new(token.clone(), who(desk), file.name.clone(), &file.content, (kind, sample, fields));
        if !shared.uploads.keep(pending.map_err(|error| broken(&error))?) {
            return draw(desk, &values, d.t("imports_busy").to_owned());
        }
        desk.go(&format!("{HERE}/{token}"))
    })
    .await
}

/// An error with the line or the row that it names.
fn said(d: &Look<'_>, error: &Error) -> String {
    let data = error.data();
    let place = data.get("line").or(data.get("row")).map(|place| d.t("import_line").replace("{n}", place));
    format!("{}{}", d.said(error), place.unwrap_or_default())
}

fn mapping(desk: &Desk<'_>, token: &str, pending: &Pending, reason: &str, problem: String) -> Reply {
    let d = &desk.look;
    let known = desk.crm.import_columns(pending.sample.headers.clone())?.known;
    let chosen = pending.fields();
    let columns = pending.sample.headers.iter().enumerate().map(|(place, header)| {
        let cells = pending.sample.rows.iter().filter_map(|row| row.get(place)).filter(|cell| !cell.is_empty());
        // Enough to tell what it is.
        let cells = cells.map(|cell| cell.chars().take(40).collect::<String>());
        Column {
            place,
            header: header.clone(),
            samples: cells.collect::<Vec<_>>().join(" · "),
            field: chosen.get(place).cloned().unwrap_or_default(),
        }
    });
    let chinese = d.lang().core() == Language::Chinese;
    let known = known.into_iter().map(|field| {
        let must = if field.required { " *" } else { "" };
        Choice::new(field.name, format!("{}{must}", if chinese { field.chinese } else { field.english }))
    });
    let dry = match pending.state() {
        State::Waiting(Some(dry)) => Some(Told::of(&dry, d)),
        _ => None,
    };
    let status = if problem.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = Mapping {
        d,
        token: token.to_owned(),
        file: pending.name.clone(),
        count: pending.sample.count,
        columns: columns.collect(),
        known: known.collect(),
        reason: reason.to_owned(),
        problem,
        dry,
    };
    desk.page_with(status, &page)
}

pub(crate) async fn step(With(app): With<Shared>, visitor: Visitor, Path(token): Path<String>) -> Reply {
    let shared = Arc::clone(&app);
    app.desk(visitor, move |desk| {
        let d = &desk.look;
        let pending = shared.uploads.of(&token, &who(desk)).ok_or_else(Failure::not_found)?;
        match pending.state() {
            State::Waiting(_) => {
                let problem = pending.problem().map(|error| said(d, &error)).unwrap_or_default();
                mapping(desk, &token, &pending, "", problem)
            }
            State::Done(import) => {
                shared.uploads.forget(&token);
                desk.go(&format!("{HERE}/reports/{}", import.id))
            }
            State::Running(import) => {
                let rows = import.as_ref().map_or(0, |import| import.rows);
                let all = pending.sample.count.max(1);
                let words = d.t("import_so_far").replace("{n}", &rows.to_string()).replace("{all}", &all.to_string());
                let percent = (rows.saturating_mul(100) / all).min(100);
                let page = Progress { d, file: pending.name.clone(), percent, words };
                let mut response = html(StatusCode::OK, &page)?;
                // Without a script: the browser looks again by itself.
                response.headers_mut().insert(header::REFRESH, HeaderValue::from_static("2"));
                Ok(response)
            }
        }
    })
    .await
}

pub(crate) async fn run(With(app): With<Shared>, Path(token): Path<String>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    let shared = Arc::clone(&app);
    app.desk(visitor, move |desk| {
        desk.needs("customer", "create")?;
        let pending = shared.uploads.of(&token, &who(desk)).ok_or_else(Failure::not_found)?;
        let columns = pending.sample.headers.len();
        let fields: Vec<String> = (0..columns).map(|place| values.get(&format!("field{place}")).to_owned()).collect();
        pending.choose(fields.clone());
        if !fields.iter().any(|field| field == "name") {
            return mapping(desk, &token, &pending, values.get("reason"), desk.t("import_no_name").to_owned());
        }
        let (dry_run, reason) = (values.get("deed") != "run", values.text("reason"));
        if let Some(running) = shared.uploads.start(&pending) {
            return desk.go(&format!("{HERE}/{running}"));
        }
        let (app, actor) = (Arc::clone(&shared), desk.crm.actor().clone());
        tokio::task::spawn_blocking(move || carry_out(&app, &actor, &pending, fields, dry_run, reason));
        desk.go(&format!("{HERE}/{token}"))
    })
    .await
}

/// Imports a file, or looks through it.
fn carry_out(
    app: &App,
    actor: &crm_core::Actor,
    pending: &Pending,
    fields: Vec<String>,
    dry_run: bool,
    duplicate_reason: Option<String>,
) {
    let _held = pending.hold();
    let content = pending.content().map_err(|error| FileError::Write(error.to_string()));
    let done = content.and_then(|content| {
        let from = FileImport {
            file: pending.name.clone(),
            kind: pending.kind,
            bytes: &content,
            fields,
            dry_run,
            duplicate_reason,
        };
        app.crm.as_user(actor).import_file(from, |import| pending.be(State::Running(Some(import.clone()))))
    });
    match done {
        Ok(import) if dry_run => pending.be(State::Waiting(Some(import))),
        Ok(import) => pending.be(State::Done(import)),
        // How far it came is among the person's imports.
        Err(FileError::Crm(error)) => pending.stop(error),
        Err(FileError::Write(error)) => {
            eprintln!("an import broke off: {error}");
            pending.stop(Error::Unavailable { reason: error, retryable: true });
        }
    }
}

/// An import of the person's, of the latest hundred.
fn one(desk: &Desk<'_>, id: ImportId) -> Result<Import, Failure> {
    let all = desk.crm.imports(PageRequest::first(100))?.items;
    all.into_iter().find(|own| own.id == id).ok_or_else(Failure::not_found)
}

fn outcome(d: &Look<'_>, row: &ImportedRow) -> String {
    d.t(if row.outcome == "skipped" { "import_skipped" } else { "import_failed" }).to_owned()
}

/// What is wrong with a row, in words.
fn wrong(d: &Look<'_>, row: &ImportedRow) -> Vec<String> {
    let place = usize::from(d.lang().core() == Language::Chinese);
    let told = row.errors.iter().map(|error| {
        let text = error.texts.get(place).cloned().unwrap_or_default();
        if error.column.is_empty() { text } else { format!("{} {text}", error.column) }
    });
    told.collect()
}

pub(crate) async fn report(
    With(app): With<Shared>,
    visitor: Visitor,
    Path(import): Path<String>,
    Params(params): Params,
) -> Reply {
    app.desk(visitor, move |desk| {
        let d = &desk.look;
        let import = one(desk, id(&import)?)?;
        let here = format!("{HERE}/reports/{}", import.id);
        let page = PageRequest { cursor: params.text("cursor"), ..PageRequest::first(50) };
        let found = match desk.crm.import_report(import.id, page) {
            Ok(found) => found,
            Err(error) => return desk.lost(error, &here),
        };
        let (first, next) = around(&here, &[], &params, found.next.as_deref());
        let rows = found.items.iter().map(|row| Row {
            place: row.place,
            name: row.name.clone(),
            outcome: outcome(d, row),
            errors: wrong(d, row),
        });
        desk.page(&Report { d, told: Told::of(&import, d), rows: rows.collect(), first, next })
    })
    .await
}

pub(crate) async fn report_file(With(app): With<Shared>, visitor: Visitor, Path(import): Path<String>) -> Reply {
    app.desk(visitor, move |desk| {
        let d = &desk.look;
        let import: ImportId = id(&import)?;
        let mut writer = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
        let heads = ["import_row", "f_name", "f_status", "import_errors"];
        writer.write_record(heads.map(|key| d.t(key))).map_err(|error| broken(&error))?;
        let mut page = PageRequest::first(500);
        loop {
            let found = desk.crm.import_report(import, page)?;
            for row in &found.items {
                let cells = [row.place.to_string(), row.name.clone(), outcome(d, row), wrong(d, row).join("; ")];
                let cells = cells.iter().map(|cell| defused(cell).into_owned());
                writer.write_record(cells).map_err(|error| broken(&error))?;
            }
            let Some(next) = found.next else { break };
            page = PageRequest::first(500).after(next);
        }
        let body = writer.into_inner().map_err(|error| broken(&error))?;
        let mut response = typed(StatusCode::OK, "text/csv; charset=utf-8", body);
        let saved = HeaderValue::from_static("attachment; filename=\"import-report.csv\"");
        response.headers_mut().insert(header::CONTENT_DISPOSITION, saved);
        Ok(response)
    })
    .await
}
