//! The contacts of all customers that the person sees.

use crate::app::{Reply, Shared};
use crate::desk::{Choice, Desk, Look};
use crate::failure::Failure;
use crate::pages::query::{self, Builder};
use crate::pages::{Params, export};
use crate::session::Visitor;
use crate::values::{Values, around};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use crm_core::{ContactFilter, Customized, Error, PageRequest};

#[derive(Template)]
#[template(path = "contacts.html")]
struct Contacts<'a> {
    d: &'a Look<'a>,
    text: String,
    mine: bool,
    orders: Vec<Choice>,
    order: String,
    narrowed: bool,
    builder: Builder,
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

fn filter(params: &Values, builder: &Builder) -> Result<ContactFilter, Error> {
    Ok(ContactFilter {
        text: params.text("text"),
        mine: params.ticked("mine"),
        matching: builder.wanted()?,
        order_by: query::only_by_fields(params)?,
    })
}

/// What the page of the list asks for.
pub(crate) fn of_page(desk: &Desk<'_>, params: &Values) -> Result<ContactFilter, Failure> {
    Ok(filter(params, &query::read(desk, Customized::Contact, params)?)?)
}

pub(crate) async fn show(State(app): State<Shared>, visitor: Visitor, Params(params): Params) -> Reply {
    app.desk(visitor, move |desk| {
        let d = &desk.look;
        let mut page = PageRequest::first(20).counted();
        page.cursor = params.text("cursor");
        let mut builder = query::read(desk, Customized::Contact, &params)?;
        let ask = |builder: &Builder| desk.crm.contacts(filter(&params, builder)?, page);
        let (found, problem) = builder.found(desk, ask)?;
        let (items, next, count) = found.map(|found| (found.items, found.next, found.count)).unwrap_or_default();
        let names = query::names(&["text", "mine", "order"]);
        let (first, next) = around("/contacts", &names, &params, next.as_deref());
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
            orders: query::orders(d, Customized::Contact),
            order: params.get("order").to_owned(),
            narrowed: names.iter().any(|name| !["order", "match"].contains(name) && params.text(name).is_some()),
            builder,
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
