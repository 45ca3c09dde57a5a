//! The contacts of all customers that the person sees.

use crate::app::{Reply, Shared};
use crate::desk::Look;
use crate::pages::{Params, export};
use crate::session::Visitor;
use crate::values::{Values, around};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use crm_core::{ContactFilter, PageRequest};

#[derive(Template)]
#[template(path = "contacts.html")]
struct Contacts<'a> {
    d: &'a Look<'a>,
    text: String,
    mine: bool,
    problem: String,
    count: String,
    rows: Vec<Row>,
    export: String,
    first: String,
    next: String,
}

/// A contact in the list.
struct Row {
    name: String,
    primary: bool,
    does: String,
    customer: String,
    customer_name: String,
    phone: String,
    email: String,
}

/// What the page of the list asks for.
pub(crate) fn filter(params: &Values) -> ContactFilter {
    ContactFilter { text: params.text("text"), mine: params.ticked("mine") }
}

pub(crate) async fn show(State(app): State<Shared>, visitor: Visitor, Params(params): Params) -> Reply {
    app.desk(visitor, move |desk| {
        let d = &desk.look;
        let filter = filter(&params);
        let mut page = PageRequest::first(20).counted();
        page.cursor = params.text("cursor");
        let (items, next, count, problem) = match desk.crm.contacts(filter, page) {
            Ok(found) => (found.items, found.next, found.count, String::new()),
            Err(error) => (Vec::new(), None, None, d.said(&desk.for_form(error)?)),
        };
        let (first, next) = around("/contacts", &["text", "mine"], &params, next.as_deref());
        let rows = items.iter().map(|row| {
            let contact = &row.contact;
            Row {
                name: contact.name.clone(),
                primary: contact.primary,
                does: [&contact.department, &contact.title]
                    .into_iter()
                    .flatten()
                    .map(String::as_str)
                    .collect::<Vec<_>>()
                    .join(" · "),
                customer: contact.customer.to_string(),
                customer_name: row.customer_name.clone(),
                phone: contact.phones.first().cloned().unwrap_or_default(),
                email: contact.email.clone().unwrap_or_default(),
            }
        });
        let list = Contacts {
            d,
            text: params.get("text").to_owned(),
            mine: params.ticked("mine"),
            count: count.map(|count| d.count(&count)).unwrap_or_default(),
            rows: rows.collect(),
            export: export::place(d, "contacts", "contact.export", &params),
            first,
            next,
            problem: problem.clone(),
        };
        desk.page_with(if problem.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }, &list)
    })
    .await
}
