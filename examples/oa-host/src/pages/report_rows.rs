//! The rows behind a figure of the reports.

use crate::app::{Reply, Shared};
use crate::desk::{Desk, Look};
use crate::failure::Failure;
use crate::pages::Params;
use crate::pages::report::{chosen, span, whose};
use crate::session::Visitor;
use crate::values::{Reader, Values, around, url};
use askama::Template;
use axum::extract::State;
use crm_core::{
    CustomerDimension, Error, PageRequest, PositionId, ReportContractQuery, ReportCustomerQuery, ReportInstalmentQuery,
    ReportOf, ReportReceiptQuery, UserId, dictionary,
};

#[derive(Template)]
#[template(path = "report_rows.html")]
struct Rows<'a> {
    d: &'a Look<'a>,
    title: String,
    /// Which figure it is: whose, and of when or of what.
    intro: String,
    back: String,
    heads: Vec<Head>,
    rows: Vec<Vec<Cell>>,
    first: String,
    next: String,
}

/// A column.
struct Head {
    label: String,
    /// Whether it holds numbers.
    amount: bool,
}

/// A cell: text, and where it leads, if anywhere.
struct Cell {
    text: String,
    href: String,
}

fn plain(text: impl Into<String>) -> Cell {
    Cell { text: text.into(), href: String::new() }
}

fn linked(text: impl Into<String>, href: String) -> Cell {
    Cell { text: text.into(), href }
}

/// A page of rows: which figure, its columns and rows, and where the next page begins.
struct Found {
    of: String,
    heads: &'static [&'static str],
    rows: Vec<Vec<Cell>>,
    next: Option<String>,
}

/// Columns that hold numbers.
const AMOUNTS: [&str; 3] = ["f_amount", "open_amount", "overdue_days"];

/// One person or position where one is named, else whose report it was.
fn of_whom(params: &Values) -> Result<ReportOf, Error> {
    Ok(match (params.text("person"), params.text("position")) {
        (Some(person), _) => ReportOf::Person { person: UserId::new(person)? },
        (None, Some(position)) => ReportOf::Position { position: PositionId::new(position)? },
        (None, None) => whose(params),
    })
}

fn contracts(desk: &Desk<'_>, params: &Values, page: PageRequest) -> Result<Found, Error> {
    let d = &desk.look;
    let (from, to) = span(desk, params)?;
    let query =
        ReportContractQuery { of: of_whom(params)?, from, to, currency: None, product: None, without_product: false };
    let found = desk.crm.report_contracts(query, page)?;
    let row = |row: &crm_core::ReportContract| {
        let name = row.number.clone().unwrap_or_else(|| row.name.clone());
        vec![
            linked(name, format!("/contracts/{}", row.contract)),
            plain(row.signed_on.to_string()),
            plain(&row.customer_name),
            plain(d.person(row.performer.as_str())),
            plain(d.money(row.signed, row.currency)),
        ]
    };
    Ok(Found {
        of: format!("{from} – {to}"),
        heads: &["contract", "f_signed_on", "customer", "f_performer", "f_amount"],
        rows: found.items.iter().map(row).collect(),
        next: found.next,
    })
}

fn receipts(desk: &Desk<'_>, params: &Values, page: PageRequest) -> Result<Found, Error> {
    let d = &desk.look;
    let (from, to) = span(desk, params)?;
    let query = ReportReceiptQuery { of: of_whom(params)?, from, to, currency: None };
    let found = desk.crm.report_receipts(query, page)?;
    let row = |row: &crm_core::ReportReceipt| {
        let contract = match row.contract {
            Some(contract) => linked(
                row.number.clone().unwrap_or_else(|| d.t("contract").to_owned()),
                format!("/contracts/{contract}"),
            ),
            None => plain(d.t("prepayment")),
        };
        vec![
            contract,
            plain(row.on.to_string()),
            plain(&row.customer_name),
            plain(d.person(row.performer.as_str())),
            plain(d.money(row.received, row.currency)),
        ]
    };
    Ok(Found {
        of: format!("{from} – {to}"),
        heads: &["contract", "received_on", "customer", "f_performer", "f_amount"],
        rows: found.items.iter().map(row).collect(),
        next: found.next,
    })
}

fn instalments(desk: &Desk<'_>, params: &Values, page: PageRequest) -> Result<Found, Error> {
    let d = &desk.look;
    let mut read = Reader::new(params, d.zone);
    let (due_from, due_to, currency) = (read.day("from"), read.day("to"), read.currency("currency"));
    read.done()?;
    let query = ReportInstalmentQuery { of: of_whom(params)?, due_from, due_to, currency };
    let found = desk.crm.report_instalments(query, page)?;
    let row = |row: &crm_core::ReportInstalment| {
        let name = row.number.clone().unwrap_or_else(|| d.t("contract").to_owned());
        vec![
            linked(name, format!("/contracts/{}", row.contract)),
            plain(row.due_on.to_string()),
            plain(if row.overdue_days > 0 { row.overdue_days.to_string() } else { String::new() }),
            plain(&row.customer_name),
            plain(d.person(row.owner.as_str())),
            plain(d.money(row.open, row.currency)),
        ]
    };
    let day = |key: &str, day: Option<crm_core::Date>| day.map(|day| format!("{} {day}", d.t(key)));
    let of = [day("due_from", due_from), day("due_to", due_to), currency.map(|currency| currency.to_string())];
    Ok(Found {
        of: of.into_iter().flatten().collect::<Vec<_>>().join(" · "),
        heads: &["contract", "due_on", "overdue_days", "customer", "contract_owner", "open_amount"],
        rows: found.items.iter().map(row).collect(),
        next: found.next,
    })
}

fn customers(desk: &Desk<'_>, params: &Values, page: PageRequest) -> Result<Found, Error> {
    let d = &desk.look;
    let by = chosen(params, "by", &[("level", CustomerDimension::Level), ("stage", CustomerDimension::Stage)])?;
    let mut read = Reader::new(params, d.zone);
    let (code, created_from, created_to) = (read.code("code"), read.day("from"), read.day("to"));
    read.done()?;
    let query = ReportCustomerQuery { of: of_whom(params)?, by, code: params.text("code"), created_from, created_to };
    let found = desk.crm.report_customers(query, page)?;
    let row = |customer: &crm_core::Customer| {
        vec![
            linked(&customer.name, format!("/customers/{}", customer.id)),
            plain(&customer.number),
            plain(d.label(dictionary::LEVEL, &customer.level)),
            plain(d.label(dictionary::STAGE, &customer.stage)),
            plain(d.person(customer.owner.as_str())),
        ]
    };
    let of = by.map(|_| {
        let (field, entries) = match params.get("by") {
            "level" => ("f_level", dictionary::LEVEL),
            _ => ("f_stage", dictionary::STAGE),
        };
        let label = if code.is_some() { d.label(entries, &code) } else { d.t("of_none").to_owned() };
        format!("{} {label}", d.t(field))
    });
    Ok(Found {
        of: of.unwrap_or_default(),
        heads: &["customer", "f_number", "f_level", "f_stage", "f_owner"],
        rows: found.items.iter().map(row).collect(),
        next: found.next,
    })
}

pub(crate) async fn show(State(app): State<Shared>, visitor: Visitor, Params(params): Params) -> Reply {
    app.desk(visitor, move |desk| {
        let d = &desk.look;
        let mut page = PageRequest::first(30);
        page.cursor = params.text("cursor");
        let (title, found) = match params.get("what") {
            "contracts" => ("rows_contracts", contracts(desk, &params, page)),
            "receipts" => ("rows_receipts", receipts(desk, &params, page)),
            "instalments" => ("rows_instalments", instalments(desk, &params, page)),
            "customers" => ("rows_customers", customers(desk, &params, page)),
            _ => return Err(Failure::not_found()),
        };
        let found = match found {
            Ok(found) => found,
            Err(error) => return desk.lost(error, "/reports"),
        };
        let names = ["what", "of", "person", "position", "from", "to", "currency", "by", "code"];
        let (first, next) = around("/reports/rows", &names, &params, found.next.as_deref());
        let of = match params.get("of") {
            of @ ("mine" | "all") => of,
            _ => "subtree",
        };
        let whose = match (params.text("person"), params.text("position")) {
            (Some(person), _) => d.person(&person),
            (None, Some(position)) => desk.position_name(&position)?,
            (None, None) => d.t(&format!("of_{of}")).to_owned(),
        };
        desk.page(&Rows {
            d,
            title: d.t(title).to_owned(),
            intro: if found.of.is_empty() { whose } else { format!("{whose} · {}", found.of) },
            back: match params.get("position") {
                "" if params.get("person").is_empty() => url("/reports", &[("of", of)]),
                position => {
                    let by = if position.is_empty() { "person" } else { "position" };
                    let month = params.get("from").get(..7).unwrap_or_default();
                    url("/reports/targets", &[("of", of), ("by", by), ("month", month)])
                }
            },
            heads: found
                .heads
                .iter()
                .map(|key| Head { label: d.t(key).to_owned(), amount: AMOUNTS.contains(key) })
                .collect(),
            rows: found.rows,
            first,
            next,
        })
    })
    .await
}
