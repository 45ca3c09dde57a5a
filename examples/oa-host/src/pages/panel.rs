//! Panels of the host's own data: on the page of a customer, by themselves, and as an administrator keeps them.

use crate::app::{Reply, Shared};
use crate::desk::{Choice, Desk, Look};
use crate::failure::Failure;
use crate::form::Sheet;
use crate::pages::{Above, Params, form_page, id};
use crate::security::Posted;
use crate::session::Visitor;
use crate::values::{Reader, Values, around, url};
use askama::Template;
use axum::extract::{Path, State};
use crm_core::{
    CustomerId, Error, PageRequest, Panel, PanelColumn, PanelColumnKind, PanelId, PanelInput, PanelRows, PositionId,
    RoleId, Timestamp, UserId, Violation,
};

/// Where panels are kept.
pub(crate) const HERE: &str = "/panels";

/// How many rows are on the page of a customer, and on a page of their own.
const SHOWN: i32 = 5;
const ON_PAGE: i32 = 20;

/// What the values of a column may be, as they are typed.
const KINDS: [(&str, PanelColumnKind); 4] = [
    ("text", PanelColumnKind::Text),
    ("number", PanelColumnKind::Number),
    ("date", PanelColumnKind::Date),
    ("instant", PanelColumnKind::Instant),
];

/// A panel on the page of a customer.
pub(crate) struct Card {
    /// What names it on the page.
    pub(crate) anchor: String,
    pub(crate) title: String,
    pub(crate) heads: Vec<String>,
    pub(crate) rows: Vec<Line>,
    /// Where all of them are; empty: these are all.
    pub(crate) all: String,
    /// What is said in place of rows.
    pub(crate) said: String,
}

/// A row.
pub(crate) struct Line {
    pub(crate) cells: Vec<Cell>,
    pub(crate) address: String,
}

/// A value, with what people call its column.
pub(crate) struct Cell {
    pub(crate) label: String,
    pub(crate) text: String,
}

fn lines(d: &Look<'_>, rows: &PanelRows) -> Vec<Line> {
    let cell = |row: &crm_core::PanelRow, column: &PanelColumn| {
        let own = row.cells.iter().find(|cell| cell.column == column.key);
        let text = own.map(|cell| cell.text.clone()).unwrap_or_default();
        let instant = match column.kind {
            Some(PanelColumnKind::Instant) => text.parse::<Timestamp>().ok(),
            _ => None,
        };
        Cell { label: column.label.clone(), text: instant.map_or(text, |instant| d.time(&instant)) }
    };
    let line = |row: &crm_core::PanelRow| Line {
        cells: rows.columns.iter().map(|column| cell(row, column)).collect(),
        address: row.address.clone().unwrap_or_default(),
    };
    rows.items.iter().map(line).collect()
}

/// The panels of a customer that the person sees. Where the rows of one can't be had, it says so: the page opens all the same.
pub(crate) fn cards(desk: &Desk<'_>, customer: CustomerId) -> Result<Vec<Card>, Failure> {
    let d = &desk.look;
    let mut cards = Vec::new();
    for panel in desk.crm.panels()? {
        let card = |heads: Vec<String>, rows: Vec<Line>, all: String, said: &str| Card {
            anchor: format!("panel-{}", panel.id),
            title: panel.title.clone(),
            heads,
            rows,
            all,
            said: said.to_owned(),
        };
        match desk.crm.panel_rows(customer, panel.id, PageRequest::first(SHOWN)) {
            Ok(rows) => {
                let all = rows.next.as_ref().map(|_| format!("/customers/{customer}/panels/{}", panel.id));
                let said = if rows.items.is_empty() { d.t("panel_empty") } else { "" };
                let heads = rows.columns.iter().map(|column| column.label.clone()).collect();
                cards.push(card(heads, lines(d, &rows), all.unwrap_or_default(), said));
            }
            // One that he keeps for others; or a customer whose information is closed to him.
            Err(Error::NotFound { .. } | Error::Forbidden { .. }) => {}
            Err(Error::Unavailable { .. }) => {
                cards.push(card(Vec::new(), Vec::new(), String::new(), d.t("panel_failed")))
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(cards)
}

/// Rows under their heads.
struct Table {
    heads: Vec<String>,
    rows: Vec<Line>,
}

#[derive(Template)]
#[template(path = "panel.html")]
struct Rows<'a> {
    d: &'a Look<'a>,
    title: String,
    customer: String,
    customer_name: String,
    panel: Table,
    first: String,
    next: String,
}

/// All rows of a panel, page by page.
pub(crate) async fn rows(
    State(app): State<Shared>,
    visitor: Visitor,
    Path((customer, panel)): Path<(String, String)>,
    Params(params): Params,
) -> Reply {
    app.desk(visitor, move |desk| {
        let d = &desk.look;
        let (customer, panel): (CustomerId, PanelId) = (id(&customer)?, id(&panel)?);
        let page = PageRequest { cursor: params.text("cursor"), ..PageRequest::first(ON_PAGE) };
        let found = desk.crm.panel_rows(customer, panel, page)?;
        let here = format!("/customers/{customer}/panels/{panel}");
        let (first, next) = around(&here, &[], &params, found.next.as_deref());
        desk.page(&Rows {
            d,
            title: found.title.clone(),
            customer: customer.to_string(),
            customer_name: desk.crm.customer(customer)?.name,
            panel: Table {
                heads: found.columns.iter().map(|column| column.label.clone()).collect(),
                rows: lines(d, &found),
            },
            first,
            next,
        })
    })
    .await
}

#[derive(Template)]
#[template(path = "panels.html")]
struct Panels<'a> {
    d: &'a Look<'a>,
    rows: Vec<Kept>,
}

/// A panel, as an administrator sees it.
struct Kept {
    title: String,
    retired: bool,
    source: String,
    columns: Vec<String>,
    /// Roles, positions and people; none: it is for all.
    seen_by: Vec<String>,
    edit: String,
}

/// Roles to choose from.
fn roles(desk: &Desk<'_>) -> Result<Vec<Choice>, Failure> {
    match desk.crm.roles() {
        Ok(roles) => Ok(roles.into_iter().map(|role| Choice::new(role.id.as_str(), role.name)).collect()),
        Err(Error::Forbidden { .. }) => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

fn label(choices: &[Choice], id: &str) -> String {
    choices.iter().find(|choice| choice.value == id).map_or_else(|| id.to_owned(), |choice| choice.label.clone())
}

pub(crate) async fn show(State(app): State<Shared>, visitor: Visitor) -> Reply {
    app.desk(visitor, |desk| {
        let d = &desk.look;
        desk.needs("settings", "manage_settings")?;
        let (roles, positions) = (roles(desk)?, desk.position_choices()?);
        let rows = desk.crm.panels()?.into_iter().map(|panel| {
            let mut seen_by: Vec<String> = panel.roles.iter().map(|role| label(&roles, role.as_str())).collect();
            seen_by.extend(panel.positions.iter().map(|position| label(&positions, position.as_str())));
            seen_by.extend(panel.people.iter().map(|person| d.person(person.as_str())));
            Kept {
                edit: url("/panels/edit", &[("id", &panel.id.to_string())]),
                title: panel.title,
                retired: panel.retired,
                source: panel.source,
                columns: panel.columns.into_iter().map(|column| column.label).collect(),
                seen_by,
            }
        });
        desk.page(&Panels { d, rows: rows.collect() })
    })
    .await
}

/// The panel that a form is of, as it stands now; none: a new one.
fn standing(desk: &Desk<'_>, values: &Values) -> Result<Option<Panel>, Failure> {
    let Some(id) = values.text("id") else { return Ok(None) };
    let known = desk.crm.panels()?.into_iter().find(|panel| panel.id.to_string() == id);
    known.map(Some).ok_or_else(Failure::not_found)
}

fn values_of(panel: &Panel) -> Values {
    let word = |column: &PanelColumn| {
        let kind = column.kind.unwrap_or_default();
        KINDS.iter().find(|(_, known)| *known == kind).map_or("text", |(word, _)| *word)
    };
    let columns: Vec<String> =
        panel.columns.iter().map(|column| format!("{} {} {}", column.key, word(column), column.label)).collect();
    let mut values = Values::default()
        .with("id", panel.id.to_string())
        .with("version", panel.version.to_string())
        .with("title", &panel.title)
        .with("source", &panel.source)
        .with("columns", columns.join("\n"))
        .with("order", panel.order.to_string())
        .with_some("retired", panel.retired.then_some("1"));
    for role in &panel.roles {
        values = values.with("roles", role.as_str());
    }
    for position in &panel.positions {
        values = values.with("positions", position.as_str());
    }
    panel.people.iter().fold(values, |values, person| values.with("people", person.as_str()))
}

pub(crate) async fn edit(State(app): State<Shared>, visitor: Visitor, Params(params): Params) -> Reply {
    app.desk(visitor, move |desk| {
        desk.needs("settings", "manage_settings")?;
        let values = match standing(desk, &params)? {
            Some(panel) => values_of(&panel),
            None => Values::default().with("order", "0"),
        };
        draw(desk, &values, None)
    })
    .await
}

/// The choices with those that stand in the panel and can't be chosen any more.
fn standing_too(d: &Look<'_>, mut choices: Vec<Choice>, held: Vec<String>) -> Vec<Choice> {
    for id in held {
        if !choices.iter().any(|choice| choice.value == id) {
            let label = format!("{} {}", d.person(&id), d.t("no_longer_there"));
            choices.push(Choice::new(id, label));
        }
    }
    choices
}

fn draw(desk: &Desk<'_>, values: &Values, error: Option<&Error>) -> Reply {
    let d = &desk.look;
    let known = standing(desk, values)?;
    // After a conflict the form counts on the panel as it stands now.
    let conflict = matches!(error, Some(Error::Conflict { .. }));
    let now = known.as_ref().map(values_of).filter(|_| conflict);
    let version = now.as_ref().unwrap_or(values).get("version");
    let mut sheet = Sheet::new(desk, "/panels/edit", values, error).present(now.as_ref()).cancel(HERE);
    if known.is_some() {
        sheet = sheet.hidden("id", values.get("id")).hidden("version", version);
    }
    let held = |of: fn(&Panel) -> Vec<String>| known.as_ref().map(of).unwrap_or_default();
    let roles = standing_too(d, roles(desk)?, held(|panel| panel.roles.iter().map(ToString::to_string).collect()));
    let positions = standing_too(
        d,
        desk.position_choices()?,
        held(|panel| panel.positions.iter().map(ToString::to_string).collect()),
    );
    let people =
        standing_too(d, desk.people_choices()?, held(|panel| panel.people.iter().map(ToString::to_string).collect()));
    sheet = sheet
        .line("title", 30)
        .labelled(d.t("panel_title"))
        .required()
        .line("source", 60)
        .labelled(d.t("f_panel_source"))
        .required()
        .help("panel_source_help")
        .area("columns", 4_000)
        .required()
        .help("panel_columns_help")
        .line("order", 5)
        .help("panel_order_help");
    if known.is_some() {
        sheet = sheet.tick("retired").help("panel_retired_help");
    }
    sheet = sheet
        .section("s_panel_seen_by")
        .checks("roles", roles)
        .help("panel_seen_by_help")
        .checks("positions", positions)
        .checks("people", people);
    let title = d.t(if known.is_some() { "edit_panel" } else { "add_panel" }).to_owned();
    let back = (HERE.to_owned(), d.t("panels").to_owned());
    form_page(desk, Above { title, back, intro: String::new() }, sheet, error)
}

pub(crate) async fn save(State(app): State<Shared>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| match saved(desk, &values) {
        Ok(_) => {
            desk.notice("done_saved");
            desk.go(HERE)
        }
        Err(error) => draw(desk, &values, Some(&desk.for_form(error)?)),
    })
    .await
}

/// A column, as it is typed: its key, what its values are, its label.
fn column(line: &str) -> Result<PanelColumn, Error> {
    let malformed = || Error::from(Violation::malformed("columns"));
    let mut words = line.splitn(3, char::is_whitespace);
    let (Some(key), Some(kind), Some(label)) = (words.next(), words.next(), words.next()) else {
        return Err(malformed());
    };
    let kind = KINDS.iter().find(|(word, _)| *word == kind).map(|(_, kind)| *kind).ok_or_else(malformed)?;
    Ok(PanelColumn { key: key.to_owned(), label: label.trim().to_owned(), kind: Some(kind) })
}

fn saved(desk: &Desk<'_>, values: &Values) -> Result<Panel, Error> {
    let mut read = Reader::new(values, desk.look.zone);
    let panel = read.parsed("id");
    let order = read.parsed("order");
    read.done()?;
    fn ids<T>(values: &Values, name: &str, parse: impl Fn(&str) -> Result<T, Error>) -> Result<Vec<T>, Error> {
        let ids: Result<Vec<T>, Error> = values.all(name).into_iter().map(parse).collect();
        ids.map_err(|_| Violation::unknown(name).into())
    }
    let saving = PanelInput {
        panel,
        version: values.text("version").and_then(|version| version.parse().ok()),
        title: values.get("title").to_owned(),
        source: values.get("source").trim().to_owned(),
        columns: values.lines("columns").iter().map(|line| column(line)).collect::<Result<_, _>>()?,
        roles: ids(values, "roles", |id| RoleId::new(id))?,
        positions: ids(values, "positions", |id| PositionId::new(id))?,
        people: ids(values, "people", |id| UserId::new(id))?,
        order: order.unwrap_or_default(),
        retired: values.ticked("retired"),
    };
    desk.acting(values).save_panel(saving).map_err(|error| match error {
        // Columns are one field of this form.
        Error::Invalid { mut violations } => {
            violations
                .iter_mut()
                .filter(|own| own.field.starts_with("columns["))
                .for_each(|own| own.field = "columns".to_owned());
            Error::Invalid { violations }
        }
        other => other,
    })
}
