//! What goes wrong, and the page that says so.

use crate::app::{App, Shared};
use crate::desk::{Bare, Desk};
use crate::form::field_of;
use crate::session::Visitor;
use crate::text::{Lang, Words};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use crm_core::{Error, Problem};

/// Why there is no page.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    status: StatusCode,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    /// The CRM said no.
    Error(Box<Error>),
    /// The host said no, with a text of its table.
    Text(&'static str),
}

impl Failure {
    fn text(status: StatusCode, key: &'static str) -> Self {
        Failure { status, what: What::Text(key) }
    }

    /// There is no such page.
    pub(crate) fn not_found() -> Self {
        Failure::text(StatusCode::NOT_FOUND, "e_not_found")
    }

    /// The page does not take this method.
    pub(crate) fn method() -> Self {
        Failure::text(StatusCode::METHOD_NOT_ALLOWED, "e_method")
    }

    /// The request can't be read.
    pub(crate) fn bad_request() -> Self {
        Failure::text(StatusCode::BAD_REQUEST, "e_bad_request")
    }

    /// The form does not come from a page of this session.
    pub(crate) fn stale_form() -> Self {
        Failure::text(StatusCode::FORBIDDEN, "e_stale_form")
    }

    /// More was sent than is taken.
    pub(crate) fn too_large() -> Self {
        Failure::text(StatusCode::PAYLOAD_TOO_LARGE, "e_too_large")
    }

    /// The gateway did not name the person.
    pub(crate) fn unnamed() -> Self {
        Failure::text(StatusCode::UNAUTHORIZED, "e_unnamed")
    }

    /// Something that should not happen.
    pub(crate) fn internal() -> Self {
        Failure::text(StatusCode::INTERNAL_SERVER_ERROR, "e_internal")
    }

    /// The status.
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// What is said, in the page's language.
    pub(crate) fn says(&self, words: &Words) -> String {
        match &self.what {
            What::Error(error) => said(error, words),
            What::Text(key) => words.t(key).to_owned(),
        }
    }
}

/// What went wrong where no field stands beside it: each violation with the name under which people know the field.
pub(crate) fn said(error: &Error, words: &Words) -> String {
    let Error::Invalid { violations } = error else { return error.text(words.lang().core()) };
    let said = violations.iter().map(|violation| {
        let field = field_of(&violation.field);
        let field = field.strip_prefix("query_").unwrap_or(&field);
        format!("{} {}", label(words, &["q_", "f_", ""], field), violation.text(words.lang().core()))
    });
    said.collect::<Vec<_>>().join(if words.lang() == Lang::English { "; " } else { "；" })
}

/// The text of a field under the first prefix that the table knows; its own name where it knows none.
pub(crate) fn label(words: &Words, prefixes: &[&str], field: &str) -> String {
    let known = prefixes.iter().find_map(|prefix| {
        let key = format!("{prefix}{field}");
        let text = words.t(&key);
        (text != key).then(|| text.to_owned())
    });
    known.unwrap_or_else(|| field.to_owned())
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        if let Error::Unavailable { reason, .. } = &error {
            eprintln!("the store can't answer: {reason}");
        }
        let status = u16::try_from(Problem::of(&error, Lang::English.core()).status).ok();
        let status =
            status.and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Failure { status, what: What::Error(Box::new(error)) }
    }
}

impl From<askama::Error> for Failure {
    fn from(error: askama::Error) -> Self {
        eprintln!("a page can't be written: {error}");
        Failure::internal()
    }
}

impl IntoResponse for Failure {
    /// Without a body: [`dress`] knows the visitor and writes the page.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Writes the page of a failure, in the layout and the language of the visitor.
pub(crate) async fn dress(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let visitor = Visitor::of(&parts, &app);
    let response = next.run(Request::from_parts(parts, body)).await;
    let Some(failure) = response.extensions().get::<Failure>().cloned() else { return response };
    let status = failure.status;
    let page = app.blocking(move |app| page(app, &visitor, &failure)).await;
    match page {
        Ok(page) => page,
        Err(_) => status.into_response(),
    }
}

fn page(app: &App, visitor: &Visitor, failure: &Failure) -> Response {
    // Who can't be shown a desk (not signed in, deactivated, no database) gets the bare page.
    let desk = if visitor.who.is_some() && visitor.token.is_some() { Desk::open(app, visitor).ok() } else { None };
    let written = match &desk {
        Some(desk) => desk.failure(failure),
        None => Bare::failure(app, visitor, failure),
    };
    written.unwrap_or_else(|failure| failure.status.into_response())
}
