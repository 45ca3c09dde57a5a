//! The pools: who administers each, who sees what in it, what it hides.

use crate::app::{Reply, Shared};
use crate::desk::{Choice, Desk, Look};
use crate::failure::Failure;
use crate::form::Sheet;
use crate::pages::{Above, Params, form_page};
use crate::security::Posted;
use crate::session::Visitor;
use crate::values::{Reader, Values, url};
use askama::Template;
use axum::extract::State;
use crm_core::{Error, Pool, PoolField, PoolInput, PositionId, UserId, Violation};

/// What a pool may hide, by the name that it has as a field of a customer or a contact.
const FIELDS: [(&str, PoolField); 5] = [
    ("phones", PoolField::Phones),
    ("email", PoolField::Email),
    ("wechat", PoolField::Wechat),
    ("qq", PoolField::Qq),
    ("address", PoolField::Address),
];

#[derive(Template)]
#[template(path = "pools.html")]
struct Pools<'a> {
    d: &'a Look<'a>,
    rows: Vec<Row>,
}

/// A pool.
struct Row {
    name: String,
    standard: bool,
    retired: bool,
    administrators: Vec<String>,
    /// People and positions; none: it is for all.
    members: Vec<String>,
    hidden: Vec<String>,
    show_follow_ups: bool,
    list: String,
    edit: String,
}

fn hidden(pool: &Pool) -> impl Iterator<Item = &'static str> {
    FIELDS.iter().filter(|(_, field)| pool.hidden.contains(field)).map(|(name, _)| *name)
}

pub(crate) async fn show(State(app): State<Shared>, visitor: Visitor) -> Reply {
    app.desk(visitor, |desk| {
        let d = &desk.look;
        desk.needs("settings", "manage_settings")?;
        let pools = desk.crm.pools()?;
        let positions = desk.position_choices()?;
        let named = |id: &PositionId| {
            let known = positions.iter().find(|position| position.value == id.as_str());
            known.map_or_else(|| id.to_string(), |position| position.label.clone())
        };
        let person = |id: &UserId| d.person(id.as_str());
        let rows = pools.iter().map(|pool| Row {
            name: pool.name.clone(),
            standard: pool.standard,
            retired: pool.retired,
            administrators: pool.administrators.iter().map(person).collect(),
            members: pool.people.iter().map(person).chain(pool.positions.iter().map(named)).collect(),
            hidden: hidden(pool).map(|name| d.t(&format!("f_{name}")).to_owned()).collect(),
            show_follow_ups: pool.show_follow_ups,
            list: url("/customers", &[("view", "pool"), ("pool", &pool.id.to_string())]),
            edit: url("/pools/edit", &[("id", &pool.id.to_string())]),
        });
        desk.page(&Pools { d, rows: rows.collect() })
    })
    .await
}

/// The pool that a form is of, as it stands now; none: a new one.
fn standing(desk: &Desk<'_>, values: &Values) -> Result<Option<Pool>, Failure> {
    let Some(id) = values.text("id") else { return Ok(None) };
    let known = desk.crm.pools()?.into_iter().find(|pool| pool.id.to_string() == id);
    known.map(Some).ok_or_else(Failure::not_found)
}

fn values_of(pool: &Pool) -> Values {
    let mut values = Values::default()
        .with("id", pool.id.to_string())
        .with("version", pool.version.to_string())
        .with("name", &pool.name)
        .with_some("standard", pool.standard.then_some("1"))
        .with_some("show_follow_ups", pool.show_follow_ups.then_some("1"))
        .with_some("retired", pool.retired.then_some("1"));
    for person in &pool.administrators {
        values = values.with("administrators", person.as_str());
    }
    for person in &pool.people {
        values = values.with("people", person.as_str());
    }
    for position in &pool.positions {
        values = values.with("positions", position.as_str());
    }
    hidden(pool).fold(values, |values, name| values.with("hidden", name))
}

pub(crate) async fn edit(State(app): State<Shared>, visitor: Visitor, Params(params): Params) -> Reply {
    app.desk(visitor, move |desk| {
        desk.needs("settings", "manage_settings")?;
        let values = match standing(desk, &params)? {
            Some(pool) => values_of(&pool),
            // A new one hides all that it can.
            None => FIELDS.iter().fold(Values::default(), |values, (name, _)| values.with("hidden", *name)),
        };
        draw(desk, &values, None)
    })
    .await
}

fn ids<T: ToString>(ids: &[T]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

/// The choices with those that stand in the pool and can't be chosen any more: who left is taken out by hand, not by saving.
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
    // After a conflict the form counts on the pool as it stands now.
    let conflict = matches!(error, Some(Error::Conflict { .. }));
    let now = known.as_ref().map(values_of).filter(|_| conflict);
    let version = now.as_ref().unwrap_or(values).get("version");
    let mut sheet = Sheet::new(desk, "/pools/edit", values, error).present(now.as_ref()).cancel("/pools");
    if known.is_some() {
        sheet = sheet.hidden("id", values.get("id")).hidden("version", version);
    }
    sheet = sheet.line("name", 60).required();
    // Another pool becomes the standard one in its place; it does not cease to be that by itself, nor can it be retired.
    let standard = known.as_ref().is_some_and(|pool| pool.standard);
    sheet = if standard { sheet.hidden("standard", "1") } else { sheet.tick("standard").help("pool_standard_help") };
    let held = |of: fn(&Pool) -> Vec<String>| known.as_ref().map(of).unwrap_or_default();
    let administrators = standing_too(d, desk.people_choices()?, held(|pool| ids(&pool.administrators)));
    let people = standing_too(d, desk.people_choices()?, held(|pool| ids(&pool.people)));
    let positions = standing_too(d, desk.position_choices()?, held(|pool| ids(&pool.positions)));
    sheet = sheet
        .checks("administrators", administrators)
        .help("pool_administrators_help")
        .checks("hidden", FIELDS.map(|(name, _)| Choice::new(name, d.t(&format!("f_{name}")))).to_vec())
        .help("pool_hidden_help")
        .tick("show_follow_ups");
    if known.is_some() && !standard {
        sheet = sheet.tick("retired").help("pool_retired_help");
    }
    let sheet = sheet.section("s_members").checks("people", people).help("members_help").checks("positions", positions);
    let title = d.t(if known.is_some() { "edit_pool" } else { "add_pool" }).to_owned();
    let back = ("/pools".to_owned(), d.menu_label("pools"));
    form_page(desk, Above { title, back, intro: String::new() }, sheet, error)
}

pub(crate) async fn save(State(app): State<Shared>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| match saved(desk, &values) {
        Ok(_) => {
            desk.notice("done_saved");
            desk.go("/pools")
        }
        Err(error) => draw(desk, &values, Some(&desk.for_form(error)?)),
    })
    .await
}

fn saved(desk: &Desk<'_>, values: &Values) -> Result<Pool, Error> {
    let mut read = Reader::new(values, desk.look.zone);
    let pool = read.parsed("id");
    read.done()?;
    let people = |name: &str| -> Result<Vec<UserId>, Error> {
        let people = values.all(name).into_iter().map(UserId::new).collect::<Result<_, _>>();
        people.map_err(|_| Violation::unknown(name).into())
    };
    let positions = values.all("positions").into_iter().map(PositionId::new).collect::<Result<_, _>>();
    let hidden = values.all("hidden");
    desk.acting(values).save_pool(PoolInput {
        pool,
        version: values.text("version").and_then(|version| version.parse().ok()),
        name: values.get("name").to_owned(),
        standard: values.ticked("standard"),
        administrators: people("administrators")?,
        people: people("people")?,
        positions: positions.map_err(|_| Violation::unknown("positions"))?,
        hidden: Some(FIELDS.iter().filter(|(name, _)| hidden.contains(name)).map(|(_, field)| *field).collect()),
        show_follow_ups: values.ticked("show_follow_ups"),
        retired: values.ticked("retired"),
    })
}
