//! The layouts of forms: which fields stand where, with a preview of the form.

use crate::app::{Reply, Shared};
use crate::desk::{Choice, Desk, Look};
use crate::failure::Failure;
use crate::form::Sheet;
use crate::pages::Params;
use crate::pages::laid_out::{LaidOut, PURPOSES, label};
use crate::pages::settings::word;
use crate::security::Posted;
use crate::session::Visitor;
use crate::values::{Values, url};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use crm_core::{
    Customized, Error, Form, FormField, FormPurpose, Layout, LayoutField, LayoutInput, LayoutSection, Violation,
};
use std::collections::{HashMap, HashSet};

/// The most fields that the page lists: those of customers and of their first contacts.
const MOST_ROWS: usize = 440;

/// The page.
pub(crate) const HERE: &str = "/layouts";

/// Records whose forms this host lays out; its forms of follow-ups and contracts have custom fields behind their own.
const KINDS: [(&str, Customized); 2] = [("customer", Customized::Customer), ("contact", Customized::Contact)];

#[derive(Template)]
#[template(path = "layouts.html")]
struct Page<'a> {
    d: &'a Look<'a>,
    /// Kinds of records and purposes: address, words, whether it is the one at hand.
    tabs: Vec<(String, String, bool)>,
    purposes: Vec<(String, String, bool)>,
    of: &'static str,
    purpose: &'static str,
    version: i64,
    standard: bool,
    /// Whether new records must have what it asks for.
    asks: bool,
    problems: Vec<String>,
    sections: Vec<SectionRow>,
    choices: Vec<Choice>,
    fields: Vec<FieldRow>,
    preview: Preview<'a>,
}

/// The form as it would be.
#[derive(Template)]
#[template(path = "layout_preview.html")]
struct Preview<'a> {
    problems: Vec<String>,
    form: Option<Sheet<'a>>,
}

/// A section in the list of sections.
struct SectionRow {
    key: String,
    /// What it is called by itself; empty: nothing.
    known: String,
    title: String,
    columns: i32,
    folded: bool,
}

/// A field in the list of fields.
struct FieldRow {
    path: String,
    label: String,
    section: String,
    width: i32,
    begins_row: bool,
    read_only: bool,
    required: bool,
    /// Whether it can be asked for by a layout.
    can_require: bool,
    shown: bool,
}

fn manager(desk: &Desk<'_>) -> Result<(), Failure> {
    desk.needs("customer", "manage_fields")
}

/// Of what records, and for what, a request speaks.
fn meant(values: &Values) -> (Customized, FormPurpose) {
    let of = KINDS.iter().find(|(word, _)| *word == values.get("of")).map_or(Customized::Customer, |(_, of)| *of);
    let purpose = PURPOSES.iter().find(|(word, _)| *word == values.get("form"));
    (of, purpose.map_or(FormPurpose::Create, |(_, purpose)| *purpose))
}

fn address(of: Customized, purpose: FormPurpose) -> String {
    url(HERE, &[("of", word(&KINDS, of)), ("form", word(&PURPOSES, purpose))])
}

pub(crate) async fn show(State(app): State<Shared>, visitor: Visitor, Params(params): Params) -> Reply {
    app.desk(visitor, move |desk| {
        manager(desk)?;
        let (of, purpose) = meant(&params);
        let layout = standing(desk, of, purpose)?;
        draw(desk, &layout, None)
    })
    .await
}

fn standing(desk: &Desk<'_>, of: Customized, purpose: FormPurpose) -> Result<Layout, Failure> {
    let found = desk.crm.layouts(of)?.into_iter().find(|layout| layout.purpose == purpose);
    found.ok_or_else(Failure::not_found)
}

/// Every field that the layout can name, with what it is called.
fn every_field(desk: &Desk<'_>, of: Customized, purpose: FormPurpose) -> Result<Vec<FormField>, Error> {
    let creates = matches!(purpose, FormPurpose::Create | FormPurpose::QuickCreate);
    let fields = |form: Form| form.sections.into_iter().flat_map(|section| section.fields);
    // The form that asks for most, as if nothing were left out.
    let all = |of: Customized| {
        let section =
            LayoutSection { key: "basic".to_owned(), title: None, columns: 1, folded: false, fields: Vec::new() };
        let purpose = if creates { FormPurpose::Create } else { purpose };
        desk.crm.preview_form(LayoutInput { of, purpose, sections: vec![section], left_out: Vec::new(), version: None })
    };
    let mut found: Vec<FormField> = fields(all(of)?).collect();
    if of == Customized::Customer && creates {
        found.extend(fields(all(Customized::Contact)?).filter(|field| field.field != "contact.birthday"));
    }
    Ok(found)
}

fn draw(desk: &Desk<'_>, layout: &Layout, error: Option<&Error>) -> Reply {
    let d = &desk.look;
    let (of, purpose) = (layout.of, layout.purpose);
    let every = every_field(desk, of, purpose)?;
    let known: HashMap<&str, &FormField> = every.iter().map(|field| (field.field.as_str(), field)).collect();
    let last = layout.sections.iter().find(|section| section.key == "details").or(layout.sections.last());
    let last = last.map(|section| section.key.clone()).unwrap_or_default();
    let called = |field: &FormField| {
        let label = label(d, field);
        // Of the first contact, in a form of customers.
        if field.field.starts_with("contact.") && of == Customized::Customer {
            format!("{} · {label}", d.t("contact_of"))
        } else {
            label
        }
    };
    let row = |field: &FormField, laid: &LayoutField, section: &str, shown: bool| FieldRow {
        path: field.field.clone(),
        label: called(field),
        section: section.to_owned(),
        width: laid.width,
        begins_row: laid.begins_row,
        read_only: laid.read_only,
        required: laid.required,
        can_require: purpose == FormPurpose::Create
            && field.field.split_once('.').is_some_and(|(own, name)| {
                own == word(&KINDS, of) && !name.starts_with("custom.") && field.field != "customer.birthday"
            }),
        shown,
    };
    let mut fields: Vec<FieldRow> = Vec::new();
    for section in &layout.sections {
        let named = section.fields.iter().filter_map(|laid| Some((*known.get(laid.field.as_str())?, laid)));
        fields.extend(named.map(|(field, laid)| row(field, laid, &section.key, true)));
    }
    for field in &every {
        if fields.iter().any(|row| row.path == field.field) {
            continue;
        }
        let of_contact = field.field.starts_with("contact.") && of == Customized::Customer;
        let shown = purpose != FormPurpose::QuickCreate && !of_contact && !layout.left_out.contains(&field.field);
        fields.push(row(field, &LayoutField::new(field.field.as_str()), &last, shown));
    }
    let sections: Vec<SectionRow> = layout
        .sections
        .iter()
        .map(|section| {
            let known = d.t(&format!("section_{}", section.key)).to_owned();
            SectionRow {
                key: section.key.clone(),
                known: if known.starts_with("section_") { String::new() } else { known },
                title: section.title.clone().unwrap_or_default(),
                columns: section.columns,
                folded: section.folded,
            }
        })
        .collect();
    let named = |row: &SectionRow| {
        let title = [&row.title, &row.known, &row.key].into_iter().find(|title| !title.is_empty());
        Choice::new(&row.key, title.cloned().unwrap_or_default())
    };
    let input = LayoutInput {
        of,
        purpose,
        sections: layout.sections.clone(),
        left_out: layout.left_out.clone(),
        version: None,
    };
    let page = Page {
        d,
        tabs: KINDS
            .iter()
            .map(|(name, own)| {
                (address(*own, FormPurpose::Create), d.t(&format!("records_{name}")).to_owned(), *own == of)
            })
            .collect(),
        purposes: PURPOSES
            .iter()
            .map(|(name, own)| (address(of, *own), d.t(&format!("form_{name}")).to_owned(), *own == purpose))
            .collect(),
        of: word(&KINDS, of),
        purpose: word(&PURPOSES, purpose),
        version: layout.version,
        standard: layout.standard,
        asks: purpose == FormPurpose::Create,
        problems: error.map(|error| said(desk, error)).unwrap_or_default(),
        choices: sections.iter().map(named).collect(),
        sections,
        fields,
        preview: previewed(desk, input),
    };
    desk.page_with(if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }, &page)
}

/// What is wrong, in words.
fn said(desk: &Desk<'_>, error: &Error) -> Vec<String> {
    let lang = desk.look.lang().core();
    match error {
        Error::Invalid { violations } => {
            let said = |violation: &Violation| format!("{} {}", violation.field, violation.text(lang));
            violations.iter().take(10).map(said).collect()
        }
        Error::Conflict { .. } => vec![desk.t("conflict").to_owned()],
        other => vec![other.text(lang)],
    }
}

fn previewed<'a>(desk: &'a Desk<'a>, layout: LayoutInput) -> Preview<'a> {
    static NOTHING: std::sync::LazyLock<Values> = std::sync::LazyLock::new(Values::default);
    let drawn = || -> Result<Sheet<'a>, Vec<String>> {
        let form = desk.crm.preview_form(layout).map_err(|error| said(desk, &error))?;
        let sheet = Sheet::new(desk, "", &NOTHING, None).looked_at().prefix("preview-");
        let drawn = LaidOut(form).draw(desk, sheet, None, |_, sheet| sheet);
        Ok(drawn.map_err(|_| vec![desk.t("preview_unavailable").to_owned()])?.done())
    };
    match drawn() {
        Ok(form) => Preview { problems: Vec::new(), form: Some(form) },
        Err(problems) => Preview { problems, form: None },
    }
}

/// The layout that was typed.
fn typed(values: &Values) -> LayoutInput {
    let (of, purpose) = meant(values);
    let number = |name: String, otherwise: i32| values.get(&name).trim().parse::<i32>().unwrap_or(otherwise);
    let mut sections: Vec<(i32, LayoutSection)> = Vec::new();
    for place in 0..=20 {
        let name = |part: &str| format!("s{place}_{part}");
        let (key, title) = (values.get(&name("key")).to_owned(), values.text(&name("title")));
        if key.is_empty() && title.is_none() {
            continue;
        }
        let taken = |key: &str| sections.iter().any(|(_, section)| section.key == key);
        let key = match key.is_empty() {
            true => (1..).map(|n| format!("section{n}")).find(|key| !taken(key)).unwrap_or_default(),
            false => key,
        };
        let section = LayoutSection {
            key,
            title,
            columns: number(name("columns"), 1),
            folded: values.ticked(&name("folded")),
            fields: Vec::new(),
        };
        sections.push((number(name("place"), place), section));
    }
    let mut fields: Vec<(i32, String, LayoutField)> = Vec::new();
    let mut left_out = Vec::new();
    for place in 0..MOST_ROWS {
        let name = |part: &str| format!("f{place}_{part}");
        let Some(path) = values.text(&name("field")) else { break };
        if !values.ticked(&name("shown")) {
            // A short form shows what it names, and nothing else.
            let is_own = path.split_once('.').is_some_and(|(own, _)| own == word(&KINDS, of));
            if purpose != FormPurpose::QuickCreate && is_own {
                left_out.push(path);
            }
            continue;
        }
        let field = LayoutField {
            width: number(name("width"), 1),
            begins_row: values.ticked(&name("row")),
            read_only: values.ticked(&name("read")),
            required: values.ticked(&name("must")),
            field: path,
        };
        let last = i32::try_from(place).unwrap_or(i32::MAX);
        fields.push((number(name("place"), last), values.get(&name("section")).to_owned(), field));
    }
    fields.sort_by_key(|(place, ..)| *place);
    for (_, section, field) in fields {
        let found = sections.iter().position(|(_, own)| own.key == section).unwrap_or_default();
        if let Some((_, section)) = sections.get_mut(found) {
            section.fields.push(field);
        }
    }
    sections.sort_by_key(|(place, _)| *place);
    // One without a title of its own and without fields was emptied to go.
    let sections = sections.into_iter().map(|(_, section)| section);
    let stays = |section: &LayoutSection| section.title.is_some() || !section.fields.is_empty();
    let version = values.text("version").and_then(|version| version.parse().ok());
    LayoutInput { of, purpose, sections: sections.filter(stays).collect(), left_out, version }
}

/// What the person does not see of a layout, such as fields that are hidden from him or retired, stays in it as it is.
fn keep_unlisted(standing: &Layout, values: &Values, input: &mut LayoutInput) {
    let listed: HashSet<&str> = (0..MOST_ROWS)
        .map(|place| values.get(&format!("f{place}_field")))
        .take_while(|path| !path.is_empty())
        .collect();
    for section in &standing.sections {
        for field in section.fields.iter().filter(|field| !listed.contains(field.field.as_str())) {
            let same = input.sections.iter().position(|own| own.key == section.key).unwrap_or_default();
            if let Some(section) = input.sections.get_mut(same) {
                section.fields.push(field.clone());
            }
        }
    }
    let left_out = standing.left_out.iter().filter(|path| !listed.contains(path.as_str()));
    input.left_out.extend(left_out.cloned());
}

pub(crate) async fn save(State(app): State<Shared>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        manager(desk)?;
        let mut input = typed(&values);
        let (of, purpose) = (input.of, input.purpose);
        keep_unlisted(&standing(desk, of, purpose)?, &values, &mut input);
        match desk.acting(&values).save_layout(input.clone()) {
            Ok(_) => {
                desk.notice("done_saved");
                desk.go(&address(of, purpose))
            }
            Err(error) => {
                let error = desk.for_form(error)?;
                let now = standing(desk, of, purpose)?;
                // After a conflict the form counts on the layout as it stands now.
                let known = input.version.filter(|_| !matches!(error, Error::Conflict { .. }));
                let version = known.unwrap_or(now.version);
                let LayoutInput { sections, left_out, .. } = input;
                draw(desk, &Layout { sections, left_out, version, ..now }, Some(&error))
            }
        }
    })
    .await
}

/// The form as it would be, drawn.
pub(crate) async fn preview(State(app): State<Shared>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        manager(desk)?;
        desk.page(&previewed(desk, typed(&values)))
    })
    .await
}

pub(crate) async fn reset(State(app): State<Shared>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        manager(desk)?;
        let (of, purpose) = meant(&values);
        let reset = desk.acting(&values).reset_layout(of, purpose);
        desk.done(reset, "done_saved", &address(of, purpose))
    })
    .await
}
