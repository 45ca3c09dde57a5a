//! Lists as files, and who had which.

use crate::app::{Reply, Shared};
use crate::desk::{Desk, Look, typed};
use crate::failure::Failure;
use crate::pages::{Params, contacts, contracts, follow_up, list, payment_list};
use crate::security::Posted;
use crate::session::Visitor;
use crate::values::{Values, around, url};
use askama::Template;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use crm_core::files::FileError;
use crm_core::{Error, ExportInput, PageRequest, Violation};
use std::fs::File;
use std::io::{Read as _, Seek as _};

/// The log of exports.
pub(crate) const HERE: &str = "/exports";

/// Bytes that go to the browser in one piece.
const PIECE: usize = 64 * 1024;

/// Where a list is exported as its page asks for it; nothing for who may not. `right` is what that needs.
pub(crate) fn place(d: &Look<'_>, list: &str, right: &str, params: &Values) -> String {
    let same: Vec<(&str, &str)> = params
        .pairs()
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .filter(|own| own.0 != "cursor")
        .collect();
    if d.may(right) { url(&format!("{HERE}/{list}"), &same) } else { String::new() }
}

/// What a page of a list asks for.
fn asked(desk: &Desk<'_>, list: &str, params: &Values) -> Result<ExportInput, Failure> {
    let mut input = ExportInput::in_language(desk.look.lang().core());
    match list {
        "customers" => input.customers = Some(list::of_page(desk, params)?),
        "contacts" => input.contacts = Some(contacts::of_page(desk, params)?),
        "follow_ups" => input.follow_ups = Some(follow_up::of_page(desk, params)?),
        "contracts" => input.contracts = Some(contracts::of_page(desk, params)?),
        "receipts" => input.receipts = Some(payment_list::receipt_query(params, &desk.look)?),
        "instalments" => input.instalments = Some(payment_list::instalment_query(params, &desk.look)?),
        _ => return Err(Failure::not_found()),
    }
    Ok(input)
}

pub(crate) async fn take(
    State(app): State<Shared>,
    Path(list): Path<String>,
    Params(params): Params,
    posted: Posted,
) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        let input = asked(desk, &list, &params)?;
        let broken = |error: &dyn std::fmt::Display| {
            eprintln!("a list can't be exported: {error}");
            Failure::internal()
        };
        // It is sent when it is whole.
        let mut file = tempfile::tempfile().map_err(|error| broken(&error))?;
        let (made, ending, media) = match values.get("format") {
            "csv" => (desk.crm.export_csv(input, &mut file, |_| ()), "csv", "text/csv; charset=utf-8"),
            "xlsx" => (
                desk.crm.export_xlsx(input, &mut file, |_| ()),
                "xlsx",
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            ),
            _ => return Err(Error::from(Violation::unknown("format")).into()),
        };
        let export = made.map_err(|error| match error {
            FileError::Crm(error) => error.into(),
            FileError::Write(_) => broken(&error),
        })?;
        file.rewind().map_err(|error| broken(&error))?;
        let length = file.metadata().map_err(|error| broken(&error))?.len();
        let mut response = typed(StatusCode::OK, media, in_pieces(file));
        let at = desk.look.zone.local_text(export.at);
        let day = at.split(' ').next().unwrap_or_default();
        let name = format!("attachment; filename=\"{}-{day}.{ending}\"", export.list);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_LENGTH, length.into());
        headers.insert(
            header::CONTENT_DISPOSITION,
            HeaderValue::try_from(name).unwrap_or(HeaderValue::from_static("attachment")),
        );
        Ok(response)
    })
    .await
}

/// A file as a body that is read as it is sent.
fn in_pieces(mut file: File) -> Body {
    let (sender, pieces) = tokio::sync::mpsc::channel::<std::io::Result<Bytes>>(4);
    tokio::task::spawn_blocking(move || {
        loop {
            let mut piece = vec![0; PIECE];
            let read = file.read(&mut piece).map(|read| {
                piece.truncate(read);
                Bytes::from(piece)
            });
            let ended = read.as_ref().map_or(true, Bytes::is_empty);
            let wanted = matches!(&read, Ok(piece) if piece.is_empty()) || sender.blocking_send(read).is_ok();
            // At its end, broken off, or wanted by nobody any more.
            if ended || !wanted {
                break;
            }
        }
    });
    Body::from_stream(tokio_stream::wrappers::ReceiverStream::new(pieces))
}

struct Row {
    at: String,
    person: String,
    list: String,
    rows: String,
    state: &'static str,
    columns: String,
    filter: String,
}

#[derive(Template)]
#[template(path = "exports.html")]
struct Log<'a> {
    d: &'a Look<'a>,
    /// Whether those of everybody are there.
    all: bool,
    rows: Vec<Row>,
    first: String,
    next: String,
}

pub(crate) async fn log(State(app): State<Shared>, visitor: Visitor, Params(params): Params) -> Reply {
    app.desk(visitor, move |desk| {
        let d = &desk.look;
        let page = PageRequest { cursor: params.text("cursor"), ..PageRequest::first(30) };
        let found = match desk.crm.exports(page) {
            Ok(found) => found,
            Err(error) => return desk.lost(error, HERE),
        };
        let rows = found.items.iter().map(|own| Row {
            at: d.time(&own.at),
            person: d.person(&own.person),
            list: d.t(&format!("export_{}", own.list)).to_owned(),
            rows: own.rows.to_string(),
            state: match (own.finished_at, own.capped) {
                (None, _) => "export_open",
                (Some(_), true) => "export_capped",
                (Some(_), false) => "export_done",
            },
            columns: own.columns.iter().map(|column| column.label.as_str()).collect::<Vec<_>>().join(" · "),
            filter: own.filter.clone(),
        });
        let (first, next) = around(HERE, &[], &params, found.next.as_deref());
        let all = d.may("settings.manage_settings");
        desk.page(&Log { d, all, rows: rows.collect(), first, next })
    })
    .await
}
