//! Relating customers, and taking it back.

use crate::app::{Reply, Shared};
use crate::desk::{Choice, Desk, Look};
use crate::failure::Failure;
use crate::form::Sheet;
use crate::pages::{Params, contact, id};
use crate::security::Posted;
use crate::session::Visitor;
use crate::values::{Reader, Values};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use crm_core::{
    Customer, CustomerFilter, CustomerId, CustomerQuery, EntryCode, Error, NewRelation, PageRequest, RelationId,
    RelationView, View, Violation, dictionary,
};

/// Behind the code of a kind: the other customer is the first one.
const INVERSE: &str = "|inverse";

#[derive(Template)]
#[template(path = "relation.html")]
struct RelationPage<'a> {
    d: &'a Look<'a>,
    id: String,
    name: String,
    search: String,
    /// Whether nothing was found.
    none: bool,
    form: Option<Sheet<'a>>,
}

pub(crate) async fn fresh(
    State(app): State<Shared>,
    visitor: Visitor,
    Path(customer): Path<String>,
    Params(params): Params,
) -> Reply {
    app.desk(visitor, move |desk| {
        let customer = desk.open_for(id(&customer)?, "edit")?;
        draw(desk, &customer, &params, None)
    })
    .await
}

/// Customers whose name contains a text, out of all that the person sees.
pub(super) fn found(desk: &Desk<'_>, text: &str, but: CustomerId) -> Result<Vec<Choice>, Failure> {
    let views = if desk.look.offers("all") {
        vec![View::All]
    } else {
        vec![View::Mine, View::Subordinates, View::SharedWithMe]
    };
    let mut choices: Vec<Choice> = Vec::new();
    for view in views {
        let filter = CustomerFilter { text: Some(text.to_owned()), ..CustomerFilter::default() };
        let page = desk.crm.customers(CustomerQuery { filter, ..view.into() }, PageRequest::first(30))?;
        for customer in page.items.iter().filter(|customer| customer.id != but) {
            let id = customer.id.to_string();
            if !choices.iter().any(|choice| choice.value == id) {
                choices.push(Choice::new(id, format!("{} ({})", customer.name, customer.number)));
            }
        }
    }
    Ok(choices)
}

/// The kinds of relation, by what the other customer is to this one.
fn kinds(desk: &Desk<'_>) -> Vec<Choice> {
    let mut kinds = Vec::new();
    for entry in desk.entries().iter().filter(|entry| entry.dictionary == dictionary::RELATION_KIND && !entry.retired) {
        match &entry.inverse_label {
            Some(inverse) => {
                kinds.push(Choice::new(format!("{}{INVERSE}", entry.code), &entry.label));
                kinds.push(Choice::new(entry.code.as_str(), inverse));
            }
            None => kinds.push(Choice::new(entry.code.as_str(), &entry.label)),
        }
    }
    kinds
}

fn draw(desk: &Desk<'_>, customer: &Customer, values: &Values, error: Option<&Error>) -> Reply {
    let search = values.get("search").trim().to_owned();
    let here = format!("/customers/{}", customer.id);
    let too_long = search.chars().count() > 60;
    let choices = if search.is_empty() || too_long { Vec::new() } else { found(desk, &search, customer.id)? };
    let none = choices.is_empty() && !search.is_empty();
    let form = (!choices.is_empty()).then(|| {
        Sheet::new(desk, format!("{here}/relations/new"), values, error)
            .hidden("search", search.as_str())
            .choice("customer", choices)
            .required()
            .wide()
            .choice("kind", kinds(desk))
            .labelled(desk.t("f_relation_kind"))
            .required()
            .line("note", 200)
            .submit("add_relation")
            .cancel(here.as_str())
            .done()
    });
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page =
        RelationPage { d: &desk.look, id: customer.id.to_string(), name: customer.name.clone(), search, none, form };
    desk.page_with(status, &page)
}

pub(crate) async fn add(State(app): State<Shared>, Path(customer): Path<String>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        let customer: CustomerId = id(&customer)?;
        match added(desk, customer, &values) {
            Ok(_) => {
                desk.notice("done_related");
                desk.go(&format!("/customers/{customer}"))
            }
            Err(error) => {
                let here = desk.crm.customer(customer)?;
                // The other customer is not open to the person for editing.
                let error = match error {
                    Error::NotFound { .. } | Error::Forbidden { .. } => Violation::not_allowed("customer").into(),
                    other => desk.for_form(other)?,
                };
                draw(desk, &here, &values, Some(&error))
            }
        }
    })
    .await
}

fn added(desk: &Desk<'_>, customer: CustomerId, values: &Values) -> Result<RelationView, Error> {
    let mut read = Reader::new(values, desk.look.zone);
    let other = read.parsed::<CustomerId>("customer");
    read.done()?;
    let kind = values.get("kind");
    let (code, inverse) = kind.strip_suffix(INVERSE).map_or((kind, false), |code| (code, true));
    let relation = NewRelation {
        customer: other.ok_or_else(|| Violation::required("customer"))?,
        kind: EntryCode::new(code).map_err(|_| Violation::required("kind"))?,
        inverse,
        note: values.text("note"),
    };
    desk.acting(values).add_relation(customer, relation)
}

pub(crate) async fn remove(State(app): State<Shared>, Path(relation): Path<String>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        let relation: RelationId = id(&relation)?;
        desk.done(desk.crm.remove_relation(relation), "done_removed_relation", &contact::back(&values)?)
    })
    .await
}
