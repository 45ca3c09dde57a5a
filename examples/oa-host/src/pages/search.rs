//! The quick search: a box on every page, which works as a page of its own, too.

use crate::app::{Reply, Shared};
use crate::desk::{Desk, Look, typed};
use crate::pages::Params;
use crate::session::Visitor;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use crm_core::{CustomerStatus, Error, FoundCustomer};

/// How many are told below the box, and on the page.
const BELOW: i32 = 8;
const ON_PAGE: i32 = 50;

#[derive(Template)]
#[template(path = "search.html")]
struct Found<'a> {
    d: &'a Look<'a>,
    text: String,
    problem: String,
    /// Whether some of before an update may be missing.
    incomplete: bool,
    rows: Vec<Row>,
}

/// A customer that was found.
struct Row {
    href: String,
    name: String,
    number: String,
    /// What was found, where it is not the name.
    said: String,
    owner: String,
    pooled: bool,
}

impl Row {
    fn of(d: &Look<'_>, found: FoundCustomer) -> Self {
        let said = match found.by.as_str() {
            "name" => found.short_name.unwrap_or_default(),
            "number" => String::new(),
            by => format!("{}{}", d.t(&format!("found_by_{by}")), found.matched),
        };
        Row {
            href: format!("/customers/{}", found.id),
            name: found.name,
            number: found.number,
            said,
            owner: d.person(found.owner.as_str()),
            pooled: found.status == CustomerStatus::Pooled,
        }
    }
}

fn rows(desk: &Desk<'_>, text: &str, most: i32) -> Result<(Vec<Row>, bool), Error> {
    let found = desk.crm.search_customers(text.to_owned(), Some(most))?;
    Ok((found.customers.into_iter().map(|customer| Row::of(&desk.look, customer)).collect(), found.complete))
}

/// The page.
pub(crate) async fn show(State(app): State<Shared>, visitor: Visitor, Params(params): Params) -> Reply {
    app.desk(visitor, move |desk| {
        let d = &desk.look;
        let text = params.get("q").trim().to_owned();
        let (rows, complete, problem) = match rows(desk, &text, ON_PAGE) {
            Ok((rows, complete)) => (rows, complete, String::new()),
            Err(error) => (Vec::new(), true, d.said(&desk.for_form(error)?)),
        };
        let status = if problem.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        desk.page_with(status, &Found { d, text, problem, incomplete: !complete, rows })
    })
    .await
}

/// What is told below the box while one types.
pub(crate) async fn suggest(State(app): State<Shared>, visitor: Visitor, Params(params): Params) -> Reply {
    app.desk(visitor, move |desk| {
        let rows = match rows(desk, params.get("q").trim(), BELOW) {
            Ok((rows, _)) => rows,
            // What can't be looked for has no answers yet.
            Err(Error::Invalid { .. }) => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        let told = |row: Row| {
            let said = [row.said, row.number, row.owner];
            let said: Vec<String> = said.into_iter().filter(|text| !text.is_empty()).collect();
            serde_json::json!({"href": row.href, "name": row.name, "said": said.join(" · ")})
        };
        let told: Vec<serde_json::Value> = rows.into_iter().map(told).collect();
        Ok(typed(StatusCode::OK, "application/json", serde_json::json!(told).to_string()))
    })
    .await
}
