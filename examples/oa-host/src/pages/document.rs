//! Documents of a customer or a contract: attached, downloaded, taken away.

use crate::app::{Reply, Shared};
use crate::desk::{Desk, Look};
use crate::failure::Failure;
use crate::pages::id;
use crate::security::{LARGEST_FILE, Posted, Upload};
use crate::session::Visitor;
use crate::values::{local, url};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::IntoResponse as _;
use crm_core::{ContractId, CustomerId, DocumentsOf, Error, PageRequest};
use std::io::Read as _;

/// Documents on the page of a record.
pub(crate) struct Panel {
    pub(crate) rows: Vec<Row>,
    pub(crate) more: bool,
    /// Where one is attached; empty for who may not.
    pub(crate) upload: String,
    pub(crate) remove: bool,
    pub(crate) back: String,
}

/// A document in its panel.
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) size: String,
    pub(crate) by: String,
    pub(crate) at: String,
}

/// A size in words.
fn size(bytes: i64) -> String {
    let bytes = u64::try_from(bytes).unwrap_or_default();
    match bytes {
        0..1_024 => format!("{bytes} B"),
        1_024..1_048_576 => format!("{} KB", bytes.div_ceil(1_024)),
        _ => format!("{}.{} MB", bytes / 1_048_576, bytes % 1_048_576 * 10 / 1_048_576),
    }
}

/// The panel of a record's documents, to which the person may attach some or not; none for who may not see them.
pub(crate) fn panel(desk: &Desk<'_>, of: DocumentsOf, back: &str, attach: bool) -> Result<Option<Panel>, Failure> {
    let d = &desk.look;
    let found = match desk.crm.documents(of.clone(), PageRequest::first(50)) {
        Ok(found) => found,
        Err(Error::Forbidden { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let (name, record) = match of {
        DocumentsOf::Customer { customer } => ("customer", customer.to_string()),
        DocumentsOf::Contract { contract } => ("contract", contract.to_string()),
    };
    Ok(Some(Panel {
        rows: found
            .items
            .into_iter()
            .map(|document| Row {
                id: document.id.to_string(),
                size: size(document.size),
                by: d.person(&document.created_by),
                at: d.time(&document.created_at),
                name: document.name,
            })
            .collect(),
        more: found.next.is_some(),
        upload: if attach { url("/documents/new", &[(name, &record)]) } else { String::new() },
        remove: d.may("document.delete"),
        back: back.to_owned(),
    }))
}

#[derive(Template)]
#[template(path = "upload.html")]
struct UploadPage<'a> {
    d: &'a Look<'a>,
    back: String,
    name: String,
    customer: String,
    contract: String,
    key: String,
    problem: String,
    most: usize,
}

/// The record that documents are attached to.
struct Place {
    customer: CustomerId,
    contract: Option<ContractId>,
    name: String,
    back: String,
}

fn place(desk: &Desk<'_>, customer: &str, contract: &str) -> Result<Place, Failure> {
    if contract.is_empty() {
        let customer = desk.crm.customer(id(customer)?)?;
        let back = format!("/customers/{}", customer.id);
        return Ok(Place { customer: customer.id, contract: None, name: customer.name, back });
    }
    let contract = desk.crm.contract(id(contract)?)?.contract;
    let back = format!("/contracts/{}", contract.id);
    Ok(Place { customer: contract.customer, contract: Some(contract.id), name: contract.name, back })
}

fn draw(desk: &Desk<'_>, place: Place, status: StatusCode, problem: String) -> Reply {
    let contract = place.contract.map(|contract| contract.to_string()).unwrap_or_default();
    let page = UploadPage {
        d: &desk.look,
        back: place.back,
        name: place.name,
        customer: if contract.is_empty() { place.customer.to_string() } else { String::new() },
        contract,
        key: crate::session::random().unwrap_or_default(),
        problem,
        most: LARGEST_FILE,
    };
    desk.page_with(status, &page)
}

pub(crate) async fn fresh(
    State(app): State<Shared>,
    visitor: Visitor,
    crate::pages::Params(params): crate::pages::Params,
) -> Reply {
    app.desk(visitor, move |desk| {
        let place = place(desk, params.get("customer"), params.get("contract"))?;
        desk.needs("document", "create")?;
        draw(desk, place, StatusCode::OK, String::new())
    })
    .await
}

pub(crate) async fn attach(State(app): State<Shared>, upload: Upload) -> Reply {
    let Upload { visitor, values, file } = upload;
    app.desk(visitor, move |desk| {
        let d = &desk.look;
        let place = place(desk, values.get("customer"), values.get("contract"))?;
        if file.too_large {
            return draw(desk, place, StatusCode::PAYLOAD_TOO_LARGE, d.t("file_too_large").to_owned());
        }
        if file.name.is_empty() || file.content.is_empty() {
            return draw(desk, place, StatusCode::UNPROCESSABLE_ENTITY, d.t("choose_file").to_owned());
        }
        // Without a key: the bytes have another reference each time, and a form is sent once.
        let attached = desk.crm.attach_bytes(
            desk.documents(),
            place.customer,
            place.contract,
            (&file.name, &file.media_type),
            &mut file.content.as_ref(),
        );
        match attached {
            Ok(_) => {
                desk.notice("done_attached");
                desk.go(&place.back)
            }
            Err(error) => {
                let error = desk.for_form(error)?;
                let named = |violation: &crm_core::Violation| match violation.field.as_str() {
                    "name" => format!("{} {}", d.t("file_name"), violation.text(d.lang().core())),
                    _ => d.said(&Error::Invalid { violations: vec![violation.clone()] }),
                };
                let text = match &error {
                    Error::Invalid { violations } => violations.iter().map(named).collect::<Vec<_>>().join(" "),
                    other => d.said(other),
                };
                draw(desk, place, StatusCode::UNPROCESSABLE_ENTITY, text)
            }
        }
    })
    .await
}

pub(crate) async fn download(State(app): State<Shared>, visitor: Visitor, Path(document): Path<String>) -> Reply {
    app.desk(visitor, move |desk| {
        let (document, content) = desk.crm.document_bytes(desk.documents(), id(&document)?)?;
        let mut bytes = Vec::new();
        // The host takes no greater files.
        content.take(LARGEST_FILE as u64).read_to_end(&mut bytes).map_err(|error| {
            eprintln!("a document can't be read: {error}");
            Failure::internal()
        })?;
        // Nothing that was uploaded is shown as a page of this host: it is saved.
        let name: String = form_urlencoded::byte_serialize(document.name.as_bytes()).collect();
        let disposition = format!("attachment; filename*=UTF-8''{}", name.replace('+', "%20"));
        let mut response = bytes.into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        headers.insert(
            header::CONTENT_DISPOSITION,
            HeaderValue::try_from(disposition).unwrap_or(HeaderValue::from_static("attachment")),
        );
        Ok(response)
    })
    .await
}

pub(crate) async fn remove(State(app): State<Shared>, Path(document): Path<String>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        let removed = desk.crm.remove_bytes(desk.documents(), id(&document)?);
        desk.done(removed, "done_removed_document", &local(values.get("back")))
    })
    .await
}
