//! The dictionaries: their entries, in order, with colour; retiring and merging.

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
use crm_core::dictionary::{DICTIONARIES, RELATION_KIND};
use crm_core::{DictionaryEntry, DictionaryEntryInput, EntryCode, Error, Violation};

#[derive(Template)]
#[template(path = "dictionaries.html")]
struct Dictionaries<'a> {
    d: &'a Look<'a>,
    edits: bool,
    groups: Vec<Group>,
}

/// One dictionary.
struct Group {
    id: &'static str,
    name: String,
    entries: Vec<Row>,
    merges: bool,
}

/// One entry.
struct Row {
    label: String,
    inverse: String,
    code: String,
    colour: String,
    retired: bool,
    edit: String,
    merge: String,
}

pub(crate) async fn show(State(app): State<Shared>, visitor: Visitor) -> Reply {
    app.desk(visitor, |desk| {
        let d = &desk.look;
        let entries = desk.crm.dictionaries()?;
        let row = |entry: &DictionaryEntry| {
            let names = [("dictionary", entry.dictionary.as_str()), ("code", entry.code.as_str())];
            Row {
                label: entry.label.clone(),
                inverse: entry.inverse_label.clone().unwrap_or_default(),
                code: entry.code.to_string(),
                colour: entry.colour.clone().unwrap_or_default(),
                retired: entry.retired,
                edit: url("/dictionaries/edit", &names),
                merge: url("/dictionaries/merge", &names),
            }
        };
        let groups = DICTIONARIES.map(|id| Group {
            id,
            name: d.t(&format!("dict_{id}")).to_owned(),
            entries: entries.iter().filter(|entry| entry.dictionary == id).map(row).collect(),
            merges: id != RELATION_KIND,
        });
        // The entry stands on the menu of those who may edit.
        desk.page(&Dictionaries { d, edits: d.offers("dictionaries"), groups: groups.into_iter().collect() })
    })
    .await
}

/// The entry stands on the menu of those who may edit.
fn editor(desk: &Desk<'_>) -> Result<(), Failure> {
    if desk.look.offers("dictionaries") {
        return Ok(());
    }
    Err(Error::Forbidden { module: "dictionary".to_owned(), right: "edit".to_owned() }.into())
}

fn known(values: &Values) -> Result<&'static str, Failure> {
    DICTIONARIES.into_iter().find(|dictionary| *dictionary == values.get("dictionary")).ok_or_else(Failure::not_found)
}

fn entry(desk: &Desk<'_>, values: &Values) -> Option<DictionaryEntry> {
    let of = desk.entries().iter().filter(|entry| entry.dictionary == values.get("dictionary"));
    of.into_iter().find(|entry| entry.code.as_str() == values.get("code")).cloned()
}

pub(crate) async fn edit(State(app): State<Shared>, visitor: Visitor, Params(params): Params) -> Reply {
    app.desk(visitor, move |desk| {
        editor(desk)?;
        let dictionary = known(&params)?;
        let values = Values::default().with("dictionary", dictionary);
        let values = match params.text("code") {
            None => {
                let last =
                    desk.entries().iter().filter(|entry| entry.dictionary == dictionary).map(|entry| entry.order).max();
                values.with("order", last.map_or(0, |last| last.saturating_add(1)).to_string())
            }
            Some(_) => {
                let entry = entry(desk, &params).ok_or_else(Failure::not_found)?;
                values
                    .with("code", entry.code.as_str())
                    .with("label", entry.label)
                    .with_some("inverse_label", entry.inverse_label)
                    .with_some("hierarchical", entry.hierarchical.then_some("1"))
                    .with("order", entry.order.to_string())
                    .with_some("colour", entry.colour)
                    .with_some("retired", entry.retired.then_some("1"))
                    .with("version", entry.version.to_string())
                    .with("known", "1")
            }
        };
        draw(desk, &values, None)
    })
    .await
}

fn draw(desk: &Desk<'_>, values: &Values, error: Option<&Error>) -> Reply {
    let dictionary = known(values)?;
    let exists = values.ticked("known");
    let mut sheet =
        Sheet::new(desk, "/dictionaries/edit", values, error).hidden("dictionary", dictionary).cancel("/dictionaries");
    if exists {
        // After a conflict the form counts on the entry as it stands now.
        let now = entry(desk, values).filter(|_| matches!(error, Some(Error::Conflict { .. })));
        let version = now.map_or_else(|| values.get("version").to_owned(), |entry| entry.version.to_string());
        sheet = sheet.hidden("known", "1").hidden("code", values.get("code")).hidden("version", version);
    } else {
        sheet = sheet.line("code", 64).required().help("code_help");
    }
    sheet = sheet.line("label", 60).required();
    if dictionary == RELATION_KIND {
        sheet = sheet.line("inverse_label", 60).help("inverse_help");
        // What makes a tree stays one.
        sheet = match (exists, values.ticked("hierarchical")) {
            (false, _) => sheet.tick("hierarchical"),
            (true, true) => sheet.hidden("hierarchical", "1"),
            (true, false) => sheet,
        };
    }
    let sheet = sheet
        .input("number", "order")
        .required()
        .line("colour", 7)
        .help("colour_help")
        .tick("retired")
        .help("retired_help");
    let title = format!(
        "{} · {}",
        desk.t(if exists { "edit_entry" } else { "add_entry" }),
        desk.t(&format!("dict_{dictionary}"))
    );
    let back = ("/dictionaries".to_owned(), desk.look.menu_label("dictionaries"));
    form_page(desk, Above { title, back, intro: String::new() }, sheet, error)
}

pub(crate) async fn save(State(app): State<Shared>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| match saved(desk, &values) {
        Ok(_) => {
            desk.notice("done_saved");
            desk.go("/dictionaries")
        }
        Err(error) => draw(desk, &values, Some(&desk.for_form(error)?)),
    })
    .await
}

fn saved(desk: &Desk<'_>, values: &Values) -> Result<DictionaryEntry, Error> {
    let mut read = Reader::new(values, desk.look.zone);
    let (code, order) = (read.code("code"), read.number("order"));
    read.done()?;
    // A code that is taken would change the other entry.
    if !values.ticked("known") && entry(desk, values).is_some() {
        return Err(Violation::repeated("code").into());
    }
    desk.acting(values).save_dictionary_entry(DictionaryEntryInput {
        dictionary: values.get("dictionary").to_owned(),
        code: code.ok_or_else(|| Violation::required("code"))?,
        label: values.get("label").to_owned(),
        inverse_label: values.text("inverse_label"),
        hierarchical: values.ticked("hierarchical"),
        order,
        colour: values.text("colour"),
        retired: values.ticked("retired"),
        version: values.text("version").and_then(|version| version.parse().ok()),
    })
}

pub(crate) async fn merge(State(app): State<Shared>, visitor: Visitor, Params(params): Params) -> Reply {
    app.desk(visitor, move |desk| {
        editor(desk)?;
        draw_merge(desk, &params, None)
    })
    .await
}

fn draw_merge(desk: &Desk<'_>, values: &Values, error: Option<&Error>) -> Reply {
    let dictionary = known(values)?;
    let entry = entry(desk, values).ok_or_else(Failure::not_found)?;
    let mut others: Vec<Choice> = desk.look.choices(dictionary, "");
    others.retain(|other| other.value != entry.code.as_str());
    let sheet = Sheet::new(desk, "/dictionaries/merge", values, error)
        .hidden("dictionary", dictionary)
        .hidden("code", entry.code.as_str())
        .choice("into", others)
        .required()
        .submit("merge")
        .danger()
        .cancel("/dictionaries");
    let above = Above {
        title: format!("{} {}", desk.t("merge_entry"), entry.label),
        back: ("/dictionaries".to_owned(), desk.look.menu_label("dictionaries")),
        intro: desk.t("merge_intro").to_owned(),
    };
    form_page(desk, above, sheet, error)
}

pub(crate) async fn do_merge(State(app): State<Shared>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| match merged(desk, &values) {
        Ok(_) => {
            desk.notice("done_merged");
            desk.go("/dictionaries")
        }
        Err(error) => draw_merge(desk, &values, Some(&desk.for_form(error)?)),
    })
    .await
}

fn merged(desk: &Desk<'_>, values: &Values) -> Result<DictionaryEntry, Error> {
    let code = |name: &str| EntryCode::new(values.get(name)).map_err(|_| Error::from(Violation::required(name)));
    desk.acting(values).merge_dictionary_entries(values.get("dictionary").to_owned(), code("code")?, code("into")?)
}
