//! Masked fields shown one by one, and who had which shown.

use crate::app::{Reply, Shared};
use crate::desk::{Desk, Look};
use crate::failure::Failure;
use crate::pages::custom_values::{known, of_word, said};

use crate::pages::query::CODES;
use crate::pages::{Params, customer, follow_up, id};
use crate::security::Posted;
use crate::session::Visitor;
use crate::values::around;
use askama::Template;
use axum::extract::{Path, State};
use crm_core::{CustomerId, EntryCode, Error, FieldValue, PageRequest, RevealedField, dictionary};

/// A field as it is.
#[derive(Template)]
#[template(path = "revealed.html")]
struct Revealed<'a> {
    d: &'a Look<'a>,
    /// Of whom.
    name: String,
    back: String,
    label: String,
    lines: Vec<String>,
    left: String,
    problem: String,
}

pub(crate) async fn of_customer(State(app): State<Shared>, Path(customer): Path<String>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        let customer = desk.crm.customer(id(&customer)?)?;
        let field = values.get("field").to_owned();
        let told = desk.acting(&values).reveal_customer_field(customer.id, field.clone());
        draw(desk, customer.name, format!("/customers/{}", customer.id), ("customer", &field), told)
    })
    .await
}

pub(crate) async fn of_contact(State(app): State<Shared>, Path(contact): Path<String>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        let contact = desk.crm.contact(id(&contact)?)?;
        let field = values.get("field").to_owned();
        let told = desk.acting(&values).reveal_contact_field(contact.id, field.clone());
        draw(desk, contact.name, format!("/customers/{}", contact.customer), ("contact", &field), told)
    })
    .await
}

pub(crate) async fn of_follow_up(State(app): State<Shared>, Path(follow_up): Path<String>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        let found = desk.crm.follow_up_with_replies(id(&follow_up)?)?;
        let field = values.get("field").to_owned();
        let told = desk.acting(&values).reveal_follow_up_field(found.follow_up.id, field.clone());
        let back = format!("/customers/{}", found.follow_up.customer);
        draw(desk, found.customer_name, back, ("follow_up", &field), told)
    })
    .await
}

pub(crate) async fn of_contract(State(app): State<Shared>, Path(contract): Path<String>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        let contract = desk.crm.contract(id(&contract)?)?.contract;
        let field = values.get("field").to_owned();
        let told = desk.acting(&values).reveal_contract_field(contract.id, field.clone());
        draw(desk, contract.name, format!("/contracts/{}", contract.id), ("contract", &field), told)
    })
    .await
}

fn draw(
    desk: &Desk<'_>,
    name: String,
    back: String,
    (record, field): (&str, &str),
    told: Result<RevealedField, Error>,
) -> Reply {
    let d = &desk.look;
    let (lines, left, problem) = match told {
        Ok(told) => {
            let left = d.t("reveals_left").replace("{n}", &told.left.to_string());
            (lines(d, record, field, told.value)?, left, String::new())
        }
        Err(error @ Error::Refused(_)) => (Vec::new(), String::new(), d.said(&error)),
        Err(error) => return Err(error.into()),
    };
    desk.page(&Revealed { d, name, back, label: d.field_label(record, field), lines, left, problem })
}

/// What stands in the field, in words.
fn lines(d: &Look<'_>, record: &str, field: &str, value: Option<serde_json::Value>) -> Result<Vec<String>, Failure> {
    let Some(value) = value else { return Ok(Vec::new()) };
    if let Some(own) = known(d, of_word(record), field) {
        let value: FieldValue = serde_json::from_value(value).map_err(|_| Failure::internal())?;
        return Ok(vec![said(d, own, &value)]);
    }
    if field == "birthday" {
        let birthday = serde_json::from_value(value).map_err(|_| Failure::internal())?;
        return Ok(vec![customer::birthday(d, &birthday)]);
    }
    if field == "place" {
        let place = serde_json::from_value(value).map_err(|_| Failure::internal())?;
        return Ok(vec![follow_up::place(&place)]);
    }
    let texts = match &value {
        serde_json::Value::Array(list) => list.iter().filter_map(|text| text.as_str()).collect(),
        value => Vec::from_iter(value.as_str()),
    };
    let others = [("method", dictionary::METHOD), ("payment_method", dictionary::PAYMENT_METHOD)];
    let dictionary = CODES.into_iter().chain(others).find(|(name, _)| *name == field).map(|(_, dictionary)| dictionary);
    let said = |text: &str| match (dictionary, field) {
        (Some(dictionary), _) => d.label(dictionary, &EntryCode::new(text).ok()),
        (None, "gender") => d.t(&format!("gender_{text}")).to_owned(),
        (None, _) => text.to_owned(),
    };
    Ok(texts.into_iter().map(said).collect())
}

/// One that was shown.
struct Row {
    person: String,
    at: String,
    name: String,
    href: String,
    field: String,
}

#[derive(Template)]
#[template(path = "field_reveals.html")]
struct Log<'a> {
    d: &'a Look<'a>,
    rows: Vec<Row>,
    first: String,
    next: String,
}

pub(crate) async fn log(State(app): State<Shared>, visitor: Visitor, Params(params): Params) -> Reply {
    const HERE: &str = "/settings/field-reveals";
    app.desk(visitor, move |desk| {
        let d = &desk.look;
        let page = PageRequest { cursor: params.text("cursor"), ..PageRequest::first(30) };
        let found = match desk.crm.field_reveals(page) {
            Ok(found) => found,
            Err(error) => return desk.lost(error, HERE),
        };
        let mut rows = Vec::new();
        for own in found.items {
            // What it is called is for who sees it.
            let of_customer = |customer: CustomerId, name: String| (format!("/customers/{customer}"), name);
            let named = match own.subject.split_once(':') {
                Some(("customer", own)) => {
                    desk.crm.customer(id(own)?).ok().map(|found| of_customer(found.id, found.name))
                }
                Some(("contact", own)) => {
                    desk.crm.contact(id(own)?).ok().map(|found| of_customer(found.customer, found.name))
                }
                Some(("follow_up", own)) => {
                    let found = desk.crm.follow_up_with_replies(id(own)?).ok();
                    found.map(|found| of_customer(found.follow_up.customer, found.customer_name))
                }
                Some(("contract", own)) => {
                    let found = desk.crm.contract(id(own)?).ok().map(|found| found.contract);
                    found.map(|found| (format!("/contracts/{}", found.id), found.name))
                }
                _ => None,
            };
            let (href, name) = named.unwrap_or_default();
            rows.push(Row {
                person: d.person(&own.person),
                at: d.time(&own.at),
                href,
                name,
                field: d.field_label(own.subject.split_once(':').map_or("", |(record, _)| record), &own.field),
            });
        }
        let (first, next) = around(HERE, &[], &params, found.next.as_deref());
        desk.page(&Log { d, rows, first, next })
    })
    .await
}
