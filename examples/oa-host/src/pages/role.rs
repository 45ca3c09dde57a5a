//! Roles: who has them, what they grant and deny.

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
use crm_core::{
    Error, FieldAccess, FieldRight, Permission, PositionId, Role, RoleId, RoleInput, SyncMode, SyncReport, UserId,
    Violation, plugin_manifest,
};

#[derive(Template)]
#[template(path = "roles.html")]
struct Roles<'a> {
    d: &'a Look<'a>,
    edits: bool,
    rows: Vec<Row>,
}

/// A role.
struct Row {
    name: String,
    id: String,
    administrator: bool,
    everyone: bool,
    /// People, positions and host roles that have it.
    bearers: Vec<String>,
    allow: Vec<String>,
    deny: Vec<String>,
    /// What it says of fields.
    fields: Vec<String>,
    edit: String,
}

/// A right in words: what may be done, with what.
pub(super) fn named(d: &Look<'_>, right: &str) -> String {
    match right.split_once('.') {
        Some((module, right)) => format!("{} · {}", d.t(&format!("module_{module}")), d.t(&format!("may_{right}"))),
        None => right.to_owned(),
    }
}

/// The rights that operations need, and those that the role speaks of already: none is lost.
fn rights(values: &Values) -> Vec<String> {
    let mut rights = plugin_manifest().rights;
    rights.extend(values.pairs().iter().map(|(name, _)| name).filter(|name| Permission::new(name).is_ok()).cloned());
    rights.sort();
    rights.dedup();
    rights
}

pub(crate) async fn show(State(app): State<Shared>, visitor: Visitor) -> Reply {
    app.desk(visitor, |desk| {
        let d = &desk.look;
        let roles = desk.crm.roles()?;
        let positions = desk.position_choices()?;
        let rows = roles.iter().map(|role| {
            let people = role.people.iter().map(|person| d.person(person.as_str()));
            let places = role.positions.iter().map(|id| {
                positions
                    .iter()
                    .find(|position| position.value == id.as_str())
                    .map_or_else(|| id.to_string(), |position| position.label.clone())
            });
            let host = role.host_roles.iter().map(|host| format!("{} {host}", d.t("host_role")));
            Row {
                name: role.name.clone(),
                id: role.id.to_string(),
                administrator: role.administrator,
                everyone: role.everyone,
                bearers: people.chain(places).chain(host).collect(),
                allow: role.allow.iter().map(|right| named(d, right.as_str())).collect(),
                deny: role.deny.iter().map(|right| named(d, right.as_str())).collect(),
                fields: role
                    .fields
                    .iter()
                    .map(|right| {
                        format!(
                            "{}: {}",
                            field_named(d, &right.field),
                            d.t(&format!("access_{}", access_word(right.access)))
                        )
                    })
                    .collect(),
                edit: url("/roles/edit", &[("id", role.id.as_str())]),
            }
        });
        desk.page(&Roles { d, edits: desk.look.administrator && desk.look.may("role.edit"), rows: rows.collect() })
    })
    .await
}

/// How far a role may reach into a field, as it is sent.
const ACCESSES: [(&str, FieldAccess); 4] = [
    ("hidden", FieldAccess::Hidden),
    ("masked", FieldAccess::Masked),
    ("read", FieldAccess::Read),
    ("edit", FieldAccess::Edit),
];

fn access_word(access: FieldAccess) -> &'static str {
    ACCESSES.iter().find(|(_, known)| *known == access).map_or("", |(word, _)| word)
}

/// A field in words: of what it is, and what people call it.
fn field_named(d: &Look<'_>, field: &str) -> String {
    let known = d.fields_with_rights().into_iter().find(|(known, _)| known == field);
    let of = field.split_once('.').map_or("", |(of, _)| of);
    format!("{} · {}", d.t(&format!("module_{of}")), known.map_or_else(|| field.to_owned(), |(_, label)| label))
}

fn values_of(role: &Role) -> Values {
    let mut values = Values::default()
        .with("id", role.id.as_str())
        .with("known", "1")
        .with("name", &role.name)
        .with_some("administrator", role.administrator.then_some("1"))
        .with_some("everyone", role.everyone.then_some("1"))
        .with("host_roles", role.host_roles.join("\n"));
    for person in &role.people {
        values = values.with("people", person.as_str());
    }
    for position in &role.positions {
        values = values.with("positions", position.as_str());
    }
    for right in &role.allow {
        values = values.with(right.as_str(), "allow");
    }
    for right in &role.fields {
        values = values.with(&right.field, access_word(right.access));
    }
    for right in &role.deny {
        // A denial beats a grant; the form shows what counts.
        values = Values::default().with(right.as_str(), "deny").and(values);
    }
    values
}

pub(crate) async fn edit(State(app): State<Shared>, visitor: Visitor, Params(params): Params) -> Reply {
    app.desk(visitor, move |desk| {
        if !(desk.look.administrator && desk.look.may("role.edit")) {
            return Err(Error::Forbidden { module: "role".to_owned(), right: "edit".to_owned() }.into());
        }
        let roles = desk.crm.roles()?;
        let values = match params.text("id") {
            Some(id) => values_of(roles.iter().find(|role| role.id.as_str() == id).ok_or_else(Failure::not_found)?),
            None => Values::default(),
        };
        draw(desk, &values, None)
    })
    .await
}

fn draw(desk: &Desk<'_>, values: &Values, error: Option<&Error>) -> Reply {
    let d = &desk.look;
    let known = values.ticked("known");
    let mut sheet = Sheet::new(desk, "/roles/edit", values, error).cancel("/roles");
    sheet = if known {
        sheet.hidden("known", "1").hidden("id", values.get("id"))
    } else {
        sheet.line("id", 64).labelled(d.t("f_role_id")).required()
    };
    sheet = sheet
        .line("name", 60)
        .required()
        .tick("administrator")
        .help("administrator_help")
        .tick("everyone")
        .section("s_bearers")
        .checks("people", desk.people_choices()?)
        .checks("positions", desk.position_choices()?)
        .area("host_roles", 6_500)
        .help("one_per_line");
    let mut module = "";
    for right in &rights(values) {
        let (of, what) = right.split_once('.').unwrap_or((right, ""));
        if of != module {
            sheet = sheet.section(&format!("module_{of}"));
            module = of;
        }
        let choices = vec![Choice::new("allow", d.t("allow")), Choice::new("deny", d.t("deny"))];
        sheet = sheet.choice(right, choices).labelled(d.t(&format!("may_{what}")));
    }
    let mut of = "";
    let fields = d.fields_with_rights();
    for (field, label) in &fields {
        let (record, _) = field.split_once('.').unwrap_or((field, ""));
        if record != of {
            sheet = sheet.folded(&format!("fields_of_{record}"));
            of = record;
        }
        let choices = ACCESSES.map(|(word, _)| Choice::new(word, d.t(&format!("access_{word}"))));
        sheet = sheet.choice(field, choices.to_vec()).labelled(label.as_str());
    }
    let title = d.t(if known { "edit_role" } else { "add_role" }).to_owned();
    let back = ("/roles".to_owned(), d.menu_label("roles"));
    form_page(desk, Above { title, back, intro: String::new() }, sheet, error)
}

pub(crate) async fn save(State(app): State<Shared>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| match saved(desk, &values) {
        Ok(_) => {
            desk.notice("done_saved");
            desk.go("/roles")
        }
        Err(error) => draw(desk, &values, Some(&desk.for_form(error)?)),
    })
    .await
}

fn saved(desk: &Desk<'_>, values: &Values) -> Result<SyncReport, Error> {
    let mut read = Reader::new(values, desk.look.zone);
    let id = read.made::<RoleId>("id");
    read.done()?;
    let id = id.ok_or_else(|| Violation::required("id"))?;
    // A code that is taken would change the other role.
    if !values.ticked("known") && desk.crm.roles()?.iter().any(|role| role.id == id) {
        return Err(Violation::repeated("id").into());
    }
    let with = |state: &str| -> Result<Vec<Permission>, Error> {
        rights(values).iter().filter(|right| values.get(right) == state).map(|right| Permission::new(right)).collect()
    };
    let people = values.all("people").into_iter().map(UserId::new).collect::<Result<_, _>>();
    let positions = values.all("positions").into_iter().map(PositionId::new).collect::<Result<_, _>>();
    let fields = desk.look.fields_with_rights().into_iter().filter_map(|(field, _)| {
        let access = ACCESSES.iter().find(|(word, _)| *word == values.get(&field))?.1;
        Some(FieldRight { field, access })
    });
    let role = RoleInput {
        id,
        name: values.get("name").to_owned(),
        administrator: values.ticked("administrator"),
        allow: with("allow")?,
        deny: with("deny")?,
        fields: fields.collect(),
        everyone: values.ticked("everyone"),
        people: people.map_err(|_| Violation::unknown("people"))?,
        positions: positions.map_err(|_| Violation::unknown("positions"))?,
        host_roles: values.lines("host_roles"),
    };
    desk.acting(values).sync_roles(vec![role], SyncMode::Delta)
}
