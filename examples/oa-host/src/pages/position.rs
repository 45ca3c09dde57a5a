//! The tree of positions and who holds them; changing it, with a look at who gains or loses sight.

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
use crm_core::{Error, Position, PositionId, PositionInput, PositionSyncReport, SyncMode, UserId, Violation};

#[derive(Template)]
#[template(path = "positions.html")]
struct Positions<'a> {
    d: &'a Look<'a>,
    edits: bool,
    rows: Vec<Row>,
}

/// A position in the tree.
struct Row {
    name: String,
    /// How deep it stands, at most 8: deeper ones are not set further in.
    depth: usize,
    holders: Vec<String>,
    edit: String,
    add: String,
}

/// Positions in the order of the tree, each with its depth.
fn in_order(positions: &[Position]) -> Vec<(&Position, usize)> {
    let known = |parent: &Option<PositionId>| {
        parent.as_ref().is_some_and(|parent| positions.iter().any(|other| other.id == *parent))
    };
    let mut next: Vec<(&Position, usize)> =
        positions.iter().filter(|position| !known(&position.parent)).map(|root| (root, 0)).collect();
    next.reverse();
    let mut ordered: Vec<(&Position, usize)> = Vec::new();
    while let Some((position, depth)) = next.pop() {
        ordered.push((position, depth));
        let children = positions.iter().rev().filter(|child| child.parent.as_ref() == Some(&position.id));
        // The core lets no circle in; one in damaged data must not keep the page busy.
        if depth < positions.len() {
            next.extend(children.map(|child| (child, depth + 1)));
        }
    }
    ordered
}

pub(crate) async fn show(State(app): State<Shared>, visitor: Visitor) -> Reply {
    app.desk(visitor, |desk| {
        let d = &desk.look;
        let positions = desk.crm.positions()?;
        let rows = in_order(&positions).into_iter().map(|(position, depth)| Row {
            name: position.name.clone(),
            depth: depth.min(8),
            holders: position.holders.iter().map(|holder| d.person(holder.as_str())).collect(),
            edit: url("/positions/edit", &[("id", position.id.as_str())]),
            add: url("/positions/edit", &[("parent", position.id.as_str())]),
        });
        desk.page(&Positions { d, edits: desk.look.may("position.edit"), rows: rows.collect() })
    })
    .await
}

pub(crate) async fn edit(State(app): State<Shared>, visitor: Visitor, Params(params): Params) -> Reply {
    app.desk(visitor, move |desk| {
        if !desk.look.may("position.edit") {
            return Err(Error::Forbidden { module: "position".to_owned(), right: "edit".to_owned() }.into());
        }
        let known = params.text("id");
        let values = match &known {
            Some(id) => {
                let positions = desk.crm.positions()?;
                let position =
                    positions.iter().find(|position| position.id.as_str() == id).ok_or_else(Failure::not_found)?;
                let values = Values::default()
                    .with("id", id)
                    .with("name", &position.name)
                    .with_some("parent", position.parent.as_ref().map(ToString::to_string));
                position.holders.iter().fold(values, |values, holder| values.with("holders", holder.as_str()))
            }
            None => Values::default().with("parent", params.get("parent")),
        };
        draw(desk, &values, known.is_some(), None)
    })
    .await
}

fn draw(desk: &Desk<'_>, values: &Values, known: bool, error: Option<&Error>) -> Reply {
    let mut sheet = Sheet::new(desk, "/positions/edit", values, error)
        .hidden("step", "preview")
        .cancel("/positions")
        .submit("preview");
    if known {
        sheet = sheet.hidden("known", "1").hidden("id", values.get("id"));
    } else {
        sheet = sheet.line("id", 64).labelled(desk.t("f_position_id")).required().help("position_id_help");
    }
    let mut parents = desk.position_choices()?;
    parents.retain(|parent| !known || parent.value != values.get("id"));
    let mut sheet =
        sheet.line("name", 100).required().choice("parent", parents).checks("holders", desk.people_choices()?);
    if known {
        sheet = sheet.tick("removed").help("removed_help");
    }
    let title = desk.t(if known { "edit_position" } else { "add_position" }).to_owned();
    let back = ("/positions".to_owned(), desk.look.menu_label("positions"));
    form_page(desk, Above { title, back, intro: String::new() }, sheet, error)
}

fn input(desk: &Desk<'_>, values: &Values) -> Result<PositionInput, Error> {
    let mut read = Reader::new(values, desk.look.zone);
    let (id, parent) = (read.made::<PositionId>("id"), read.made::<PositionId>("parent"));
    read.done()?;
    let holders = values.all("holders").into_iter().map(UserId::new).collect::<Result<_, _>>();
    Ok(PositionInput {
        id: id.ok_or_else(|| Violation::required("id"))?,
        name: values.get("name").to_owned(),
        parent,
        holders: holders.map_err(|_| Violation::unknown("holders"))?,
        removed: values.ticked("removed"),
    })
}

#[derive(Template)]
#[template(path = "position_preview.html")]
struct Preview<'a> {
    d: &'a Look<'a>,
    title: String,
    changes: Vec<Change>,
    form: Sheet<'a>,
}

/// Whose sight of others' customers changes.
struct Change {
    person: String,
    gained: String,
    lost: String,
}

pub(crate) async fn save(State(app): State<Shared>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        let known = values.ticked("known");
        let preview = values.get("step") != "save";
        let saved = input(desk, &values).and_then(|input| {
            // A code that is taken would change the other position.
            if !known && preview && desk.crm.positions()?.iter().any(|position| position.id == input.id) {
                return Err(Violation::repeated("id").into());
            }
            let session = if preview { desk.crm.clone() } else { desk.acting(&values) };
            session.sync_positions(vec![input], SyncMode::Delta, preview)
        });
        match saved {
            Ok(report) if preview => confirm(desk, &values, &report),
            Ok(_) => {
                desk.notice("done_saved");
                desk.go("/positions")
            }
            Err(error) => draw(desk, &values, known, Some(&desk.for_form(error)?)),
        }
    })
    .await
}

fn confirm(desk: &Desk<'_>, values: &Values, report: &PositionSyncReport) -> Reply {
    let mut names = desk.position_choices()?;
    names.push(Choice::new(values.get("id"), values.get("name")));
    let named = |ids: &[PositionId]| {
        let name = |id: &PositionId| {
            names
                .iter()
                .find(|choice| choice.value == id.as_str())
                .map_or_else(|| id.to_string(), |choice| choice.label.clone())
        };
        ids.iter().map(name).collect::<Vec<_>>().join(" · ")
    };
    let changes = report.access.iter().map(|change| Change {
        person: desk.look.person(change.person.as_str()),
        gained: named(&change.gained),
        lost: named(&change.lost),
    });
    let mut form = Sheet::new(desk, "/positions/edit", values, None).hidden("step", "save").cancel("/positions");
    for (name, value) in values
        .pairs()
        .iter()
        .filter(|(name, _)| matches!(name.as_str(), "id" | "known" | "name" | "parent" | "holders" | "removed"))
    {
        form = form.hidden(name, value.as_str());
    }
    desk.page(&Preview {
        d: &desk.look,
        title: values.get("name").to_owned(),
        changes: changes.collect(),
        form: form.done(),
    })
}
