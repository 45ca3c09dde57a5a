//! Saved queries: what is asked again and again, for oneself and for others.

use crate::app::{Reply, Shared};
use crate::desk::{Desk, Look};
use crate::form::Sheet;
use crate::pages::columns::{COLUMNS, Columns};
use crate::pages::list::{Row, asked, view};
use crate::pages::{Above, Params, form_page, id, query};
use crate::security::Posted;
use crate::session::Visitor;
use crate::values::{Values, around};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use crm_core::{
    CustomerQuery, Customized, Error, PageRequest, PositionId, SavedQuery, SavedQueryId, SavedQueryInput, UserId, View,
    Violation,
};

/// Where they are kept.
pub(crate) const HERE: &str = "/saved-queries";

/// Every query that is for the person.
#[derive(Template)]
#[template(path = "saved_queries.html")]
struct All<'a> {
    d: &'a Look<'a>,
    lines: Vec<Line>,
}

/// A saved query.
struct Line {
    id: String,
    name: String,
    owner: String,
    /// For whom it is, too.
    readers: Vec<String>,
    pinned: bool,
    standard: bool,
    keeps: bool,
}

/// What a query finds.
#[derive(Template)]
#[template(path = "saved_query.html")]
struct Found<'a> {
    d: &'a Look<'a>,
    line: Line,
    count: String,
    problem: String,
    columns: Columns,
    rows: Vec<Row>,
    first: String,
    next: String,
}

/// What is pinned, for the list of customers.
pub(crate) fn pinned(desk: &Desk<'_>) -> Result<Vec<(String, String)>, Error> {
    let all = desk.crm.saved_queries()?.into_iter();
    Ok(all.filter(|saved| saved.pinned).map(|saved| (format!("{HERE}/{}", saved.id), saved.name)).collect())
}

/// With which query the person's list begins.
pub(crate) fn standard(desk: &Desk<'_>) -> Result<Option<String>, Error> {
    let all = desk.crm.saved_queries()?.into_iter();
    Ok(all.filter(|saved| saved.standard).map(|saved| format!("{HERE}/{}", saved.id)).next())
}

fn keeps(desk: &Desk<'_>, saved: &SavedQuery) -> bool {
    desk.me.as_str() == saved.owner.as_str() || desk.look.administrator
}

fn line(desk: &Desk<'_>, saved: &SavedQuery) -> Result<Line, crate::failure::Failure> {
    let d = &desk.look;
    let positions = if saved.positions.is_empty() { Vec::new() } else { desk.position_choices()? };
    let place = |id: &PositionId| {
        let known = positions.iter().find(|position| position.value == id.as_str());
        known.map_or_else(|| id.to_string(), |position| position.label.clone())
    };
    let all = saved.everyone.then(|| d.t("f_everyone").to_owned());
    let people = saved.people.iter().map(|person| d.person(person.as_str()));
    Ok(Line {
        id: saved.id.to_string(),
        name: saved.name.clone(),
        owner: d.person(saved.owner.as_str()),
        readers: all.into_iter().chain(people).chain(saved.positions.iter().map(place)).collect(),
        pinned: saved.pinned,
        standard: saved.standard,
        keeps: keeps(desk, saved),
    })
}

/// A query that is for the person.
fn known(desk: &Desk<'_>, query: SavedQueryId) -> Result<SavedQuery, Error> {
    let mut all = desk.crm.saved_queries()?.into_iter();
    let absent = Error::NotFound { record: "saved_query".to_owned(), id: query.to_string() };
    all.find(|saved| saved.id == query).ok_or(absent)
}

pub(crate) async fn show(State(app): State<Shared>, visitor: Visitor) -> Reply {
    app.desk(visitor, |desk| {
        let lines = desk.crm.saved_queries()?.iter().map(|saved| line(desk, saved)).collect::<Result<_, _>>()?;
        desk.page(&All { d: &desk.look, lines })
    })
    .await
}

pub(crate) async fn run(
    State(app): State<Shared>,
    visitor: Visitor,
    Path(query): Path<String>,
    Params(params): Params,
) -> Reply {
    app.desk(visitor, move |desk| {
        let d = &desk.look;
        let saved = known(desk, id(&query)?)?;
        let here = format!("{HERE}/{}", saved.id);
        let page = PageRequest { cursor: params.text("cursor"), ..PageRequest::first(20).counted() };
        let (items, next, count, problem) = match desk.crm.saved_query_customers(saved.id, page) {
            Ok(found) => (found.items, found.next, found.count, String::new()),
            Err(error @ Error::Forbidden { .. }) => return Err(error.into()),
            // A field that he does not read, or that is gone, is named.
            Err(error) => (Vec::new(), None, None, wrong(d, &desk.for_form(error)?)),
        };
        let shown = saved.columns.iter().fold(Values::default(), |values, column| values.with(COLUMNS, column));
        let pool = matches!(saved.query.view, View::Pool { .. });
        let owner = d.t(if pool { "former_owner" } else { "f_owner" });
        let columns = Columns::of(d, &shown, owner, !pool);
        let rows = items.iter().map(|customer| Row::with_cells(customer, d, &columns)).collect();
        let (first, next) = around(&here, &[], &params, next.as_deref());
        let status = if problem.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        let page = Found {
            d,
            line: line(desk, &saved)?,
            count: count.map(|count| d.count(&count)).unwrap_or_default(),
            problem,
            columns,
            rows,
            first,
            next,
        };
        desk.page_with(status, &page)
    })
    .await
}

/// What is wrong with a query, by what people call the fields that it asks for.
fn wrong(d: &Look<'_>, error: &Error) -> String {
    let said = error.violations().iter().map(|violation| {
        let of = ["filter.", "matching."].iter().find_map(|prefix| violation.field.strip_prefix(prefix));
        let label = of.map_or_else(|| d.t("f_order").to_owned(), |field| d.field_label("customer", field));
        format!("{label} {}", violation.text(d.lang().core()))
    });
    let said: Vec<String> = said.collect();
    if said.is_empty() { d.said(error) } else { said.join(d.t("between_reasons")) }
}

/// What a list asked for, out of its address.
fn query_of(desk: &Desk<'_>, address: &str) -> Result<(CustomerQuery, Vec<String>), crate::failure::Failure> {
    let params = Values::parse(address.split_once('?').map_or("", |(_, query)| query).as_bytes());
    let view = view(params.get("view"), params.get("days")).ok_or_else(crate::failure::Failure::not_found)?;
    let builder = query::read(desk, Customized::Customer, &params)?;
    let columns = params.all(COLUMNS).into_iter().map(str::to_owned).collect();
    Ok((asked(view, &params, &builder)?, columns))
}

fn readers<'a>(desk: &Desk<'_>, sheet: Sheet<'a>) -> Result<Sheet<'a>, crate::failure::Failure> {
    let mut people = desk.people_choices()?;
    people.retain(|person| person.value != desk.me.as_str());
    let sheet = sheet.folded("s_readers").checks("people", people).checks("positions", desk.position_choices()?);
    Ok(if desk.look.may("settings.manage_settings") { sheet.tick("everyone") } else { sheet })
}

fn form(desk: &Desk<'_>, action: &str, title: &str, values: &Values, error: Option<&Error>) -> Reply {
    let sheet = Sheet::new(desk, action, values, error)
        .hidden("of", values.get("of"))
        .hidden("version", values.get("version"))
        .line("name", 60)
        .labelled(desk.t("f_query_name"))
        .required()
        .cancel(HERE);
    let above = Above {
        title: desk.t(title).to_owned(),
        back: (HERE.to_owned(), desk.t("saved_queries").to_owned()),
        intro: desk.t("saved_queries_intro").to_owned(),
    };
    form_page(desk, above, readers(desk, sheet)?, error)
}

fn input(desk: &Desk<'_>, values: &Values, query: CustomerQuery) -> Result<SavedQueryInput, Error> {
    let people = values.all("people").into_iter().map(UserId::new).collect::<Result<_, _>>();
    let positions = values.all("positions").into_iter().map(PositionId::new).collect::<Result<_, _>>();
    Ok(SavedQueryInput {
        version: values.get("version").parse().unwrap_or_default(),
        people: people.map_err(|_| Violation::unknown("people"))?,
        positions: positions.map_err(|_| Violation::unknown("positions"))?,
        everyone: values.ticked("everyone") && desk.look.may("settings.manage_settings"),
        ..SavedQueryInput::named(values.get("name").trim(), query)
    })
}

pub(crate) async fn fresh(State(app): State<Shared>, visitor: Visitor, Params(params): Params) -> Reply {
    app.desk(visitor, move |desk| {
        query_of(desk, params.get("of"))?;
        form(desk, &format!("{HERE}/new"), "save_query", &params, None)
    })
    .await
}

pub(crate) async fn create(State(app): State<Shared>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        let (query, columns) = query_of(desk, values.get("of"))?;
        let saved = input(desk, &values, query)
            .and_then(|input| desk.acting(&values).save_query(SavedQueryInput { columns, ..input }));
        match saved {
            Ok(saved) => {
                desk.notice("done_saved");
                desk.go(&format!("{HERE}/{}", saved.id))
            }
            Err(error) => form(desk, &format!("{HERE}/new"), "save_query", &values, Some(&desk.for_form(error)?)),
        }
    })
    .await
}

pub(crate) async fn edit(State(app): State<Shared>, visitor: Visitor, Path(query): Path<String>) -> Reply {
    app.desk(visitor, move |desk| {
        let saved = known(desk, id(&query)?)?;
        if !keeps(desk, &saved) {
            return Err(Error::Forbidden { module: "customer".to_owned(), right: "view".to_owned() }.into());
        }
        let mut values = Values::default().with("name", &saved.name).with("version", saved.version.to_string());
        values = saved.people.iter().fold(values, |values, person| values.with("people", person.as_str()));
        values = saved.positions.iter().fold(values, |values, place| values.with("positions", place.as_str()));
        values = values.with_some("everyone", saved.everyone.then_some("1"));
        form(desk, &format!("{HERE}/{}/edit", saved.id), "edit_query", &values, None)
    })
    .await
}

pub(crate) async fn save(State(app): State<Shared>, Path(query): Path<String>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        let saved = known(desk, id(&query)?)?;
        let (id, columns) = (Some(saved.id), saved.columns.clone());
        let done = input(desk, &values, saved.query.clone())
            .and_then(|input| desk.acting(&values).save_query(SavedQueryInput { id, columns, ..input }));
        match done {
            Ok(_) => {
                desk.notice("done_saved");
                desk.go(HERE)
            }
            Err(error) => {
                let action = format!("{HERE}/{}/edit", saved.id);
                form(desk, &action, "edit_query", &values, Some(&desk.for_form(error)?))
            }
        }
    })
    .await
}

pub(crate) async fn mark(State(app): State<Shared>, Path(query): Path<String>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        let marks = (values.ticked("pinned"), values.ticked("standard"));
        let marked = desk.acting(&values).mark_saved_query(id(&query)?, marks.0, marks.1);
        desk.done(marked, "done_saved", HERE)
    })
    .await
}

pub(crate) async fn delete(State(app): State<Shared>, Path(query): Path<String>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        let deleted = desk.acting(&values).delete_saved_query(id(&query)?);
        desk.done(deleted, "done_removed_query", HERE)
    })
    .await
}
