//! A contract: its lines, supplements, entries and documents.

use crate::app::{Reply, Shared};
use crate::desk::{Choice, Desk, Look};
use crate::failure::Failure;
use crate::form::Sheet;
use crate::pages::contracts::{Row, Status};
use crate::pages::custom_values;
use crate::pages::customer::facts;
use crate::pages::{Params, document, history, id, payment_list};
use crate::security::Posted;
use crate::session::Visitor;
use crate::values::{Reader, Values, url};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use crm_core::{
    Contract, ContractEntry, ContractEntryKind, ContractId, ContractView, Customized, DocumentsOf, Error,
    NewContractEntry, PageRequest, dictionary,
};

#[derive(Template)]
#[template(path = "contract.html")]
struct ContractPage<'a> {
    d: &'a Look<'a>,
    id: String,
    name: String,
    number: String,
    customer: String,
    customer_name: String,
    status: Status,
    /// The contract that it supplements: id and name.
    parent: Option<(String, String)>,
    amount: String,
    /// With its supplements, where there are any.
    effective: String,
    base: String,
    signed: String,
    term: String,
    facts: Vec<(String, String)>,
    note: String,
    /// Fields that are masked, and what people call them.
    masked: Vec<(String, String)>,
    lines: Vec<Line>,
    whole_discount: String,
    supplements: Vec<Row>,
    entries: Vec<EntryLine>,
    write: Option<Sheet<'a>>,
    payments: Option<payment_list::Panel>,
    documents: Option<document::Panel>,
    may: May,
}

/// What the person may do with the contract.
struct May {
    edit: bool,
    submit: bool,
    delete: bool,
    assign: bool,
    supplement: bool,
    renew: bool,
    complete: bool,
    terminate: bool,
    void: bool,
}

/// A line of the contract.
struct Line {
    name: String,
    number: String,
    unit: String,
    quantity: String,
    price: String,
    list_price: String,
    discount: String,
    tax_rate: String,
    tax: String,
    amount: String,
}

/// An evaluation, a progress or a risk.
struct EntryLine {
    kind: String,
    value: String,
    /// The share of a bar that is filled, of a progress.
    percent: Option<i32>,
    risky: bool,
    text: String,
    by: String,
    at: String,
    all: String,
}

/// Kinds of entries by their name.
const ENTRY_KINDS: [(&str, ContractEntryKind); 3] = [
    ("progress", ContractEntryKind::Progress),
    ("risk", ContractEntryKind::Risk),
    ("evaluation", ContractEntryKind::Evaluation),
];

impl EntryLine {
    fn of(entry: &ContractEntry, d: &Look<'_>) -> Self {
        let name = ENTRY_KINDS.iter().find(|(_, kind)| *kind == entry.kind).map_or("", |(name, _)| name);
        let value = match entry.kind {
            ContractEntryKind::Progress => format!("{}%", entry.value),
            ContractEntryKind::Risk => d.t(&format!("risk_{}", entry.value)).to_owned(),
            ContractEntryKind::Evaluation => format!("{} / 5", entry.value),
        };
        EntryLine {
            kind: d.t(&format!("entry_{name}")).to_owned(),
            value,
            percent: (entry.kind == ContractEntryKind::Progress).then_some(entry.value),
            risky: entry.kind == ContractEntryKind::Risk && entry.value > 1,
            text: entry.text.clone().unwrap_or_default(),
            by: d.person(&entry.by),
            at: d.time(&entry.at),
            all: url(&format!("/contracts/{}/entries", entry.contract), &[("kind", name)]),
        }
    }
}

pub(crate) async fn show(State(app): State<Shared>, visitor: Visitor, Path(contract): Path<String>) -> Reply {
    app.desk(visitor, move |desk| {
        let view = desk.crm.contract(id(&contract)?)?;
        draw(desk, &view, &Values::default(), None)
    })
    .await
}

fn optional(text: &Option<String>) -> String {
    text.clone().unwrap_or_default()
}

fn draw(desk: &Desk<'_>, view: &ContractView, values: &Values, error: Option<&Error>) -> Reply {
    let d = &desk.look;
    let contract = &view.contract;
    let may = |what: &str| view.allowed.iter().any(|allowed| allowed == what);
    let money = |amount| d.money(amount, contract.currency);
    let parent = contract.parent.map(|parent| desk.crm.contract(parent)).transpose()?;
    let day = |date: Option<crm_core::Date>| date.map(|day| day.to_string()).unwrap_or_default();
    let term = match (day(contract.starts_on), day(contract.effective_ends_on)) {
        (start, end) if start.is_empty() && end.is_empty() => String::new(),
        (start, end) => format!("{start} — {end}"),
    };
    let page = ContractPage {
        d,
        id: contract.id.to_string(),
        name: contract.name.clone(),
        number: optional(&contract.number),
        customer: contract.customer.to_string(),
        customer_name: view.customer_name.clone(),
        status: Status::of(contract, d),
        parent: parent.map(|parent| (parent.contract.id.to_string(), parent.contract.name)),
        amount: money(contract.amount),
        effective: if contract.effective_amount == contract.amount {
            String::new()
        } else {
            money(contract.effective_amount)
        },
        base: if contract.currency == contract.base_currency {
            String::new()
        } else {
            d.money(contract.base_amount, contract.base_currency)
        },
        signed: day(contract.signed_on),
        term,
        facts: contract_facts(desk, contract)?,
        note: optional(&contract.note),
        masked: d.masked("contract"),
        lines: contract
            .lines
            .iter()
            .map(|line| Line {
                name: line.name.clone(),
                number: optional(&line.product_number),
                unit: optional(&line.unit),
                quantity: line.quantity.to_string(),
                price: money(line.price),
                list_price: line.list_price.filter(|list| *list != line.price).map(money).unwrap_or_default(),
                discount: match (line.discount_percent, line.discount_amount) {
                    (Some(percent), _) => format!("{percent}%"),
                    (None, Some(amount)) => money(amount),
                    (None, None) => String::new(),
                },
                tax_rate: line.tax_rate.map(|rate| format!("{rate}%")).unwrap_or_default(),
                tax: money(line.tax),
                amount: money(line.amount),
            })
            .collect(),
        whole_discount: contract.whole_discount.map(money).unwrap_or_default(),
        supplements: view.supplements.iter().map(|own| Row::of(own, &view.customer_name, d)).collect(),
        entries: view.entries.iter().map(|entry| EntryLine::of(entry, d)).collect(),
        write: may("add_entry").then(|| entry_sheet(desk, contract.id, values, error).done()),
        payments: payment_list::panel(desk, contract.id)?,
        documents: document::panel(
            desk,
            DocumentsOf::Contract { contract: contract.id },
            &format!("/contracts/{}", contract.id),
            d.may("document.create"),
        )?,
        may: May {
            edit: may("edit"),
            submit: may("submit"),
            delete: may("delete"),
            assign: may("assign"),
            supplement: may("supplement"),
            renew: may("renew"),
            complete: may("complete"),
            terminate: may("terminate"),
            void: may("void"),
        },
    };
    desk.page_with(if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }, &page)
}

fn contract_facts(desk: &Desk<'_>, contract: &Contract) -> Result<Vec<(String, String)>, Failure> {
    let d = &desk.look;
    let named = |other: Option<ContractId>| -> String {
        let found = other.and_then(|other| desk.crm.contract(other).ok());
        found.map(|view| view.contract.number.unwrap_or(view.contract.name)).unwrap_or_default()
    };
    let positions = desk.positions()?;
    let position = |held: &Option<crm_core::PositionId>| -> String {
        let found = held.as_ref().and_then(|held| positions.iter().find(|position| position.id == *held));
        found.map(|position| format!(" · {}", position.name)).unwrap_or_default()
    };
    let rate = (contract.currency != contract.base_currency).then(|| contract.rate.to_string());
    let agreed = if contract.agreed_price { d.t("yes") } else { "" };
    let own = custom_values::facts(d, Customized::Contract, &contract.custom);
    let facts = facts(
        d,
        vec![
            ("dict_contract_kind", d.label(dictionary::CONTRACT_KIND, &contract.kind)),
            ("dict_payment_method", d.label(dictionary::PAYMENT_METHOD, &contract.payment_method)),
            ("f_rate", rate.unwrap_or_default()),
            ("f_agreed_price", agreed.to_owned()),
            ("f_customer_signatory", optional(&contract.customer_signatory)),
            ("f_own_signatory", optional(&contract.own_signatory)),
            ("contract_owner", d.person(contract.owner.as_str()) + &position(&contract.owner_position)),
            ("f_performer", d.person(contract.performer.as_str()) + &position(&contract.performer_position)),
            ("renews", named(contract.renews)),
            ("renewed_by", named(contract.renewed_by)),
            ("ended_on", contract.ended_on.map(|day| day.to_string()).unwrap_or_default()),
            ("f_reason", optional(&contract.end_reason)),
            ("created", format!("{} · {}", d.time(&contract.created_at), d.person(&contract.created_by))),
            ("changed", format!("{} · {}", d.time(&contract.changed_at), d.person(&contract.changed_by))),
        ],
    );
    Ok(facts.into_iter().chain(own).collect())
}

fn entry_sheet<'a>(
    desk: &'a Desk<'a>,
    contract: ContractId,
    values: &'a Values,
    error: Option<&'a Error>,
) -> Sheet<'a> {
    let d = &desk.look;
    let kinds = ENTRY_KINDS.iter().map(|(name, _)| Choice::new(*name, d.t(&format!("entry_{name}"))));
    Sheet::new(desk, format!("/contracts/{contract}/entries"), values, error)
        .prefix("entry-")
        .choice("kind", kinds.collect())
        .labelled(d.t("entry_kind"))
        .required()
        .input("number", "value")
        .required()
        .help("entry_help")
        .line("text", 1_000)
        .wide()
        .submit("add")
}

pub(crate) async fn add_entry(State(app): State<Shared>, Path(contract): Path<String>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        let contract: ContractId = id(&contract)?;
        let mut read = Reader::new(&values, desk.look.zone);
        let value = read.number("value");
        let kind = ENTRY_KINDS.iter().find(|(name, _)| *name == values.get("kind"));
        let written = read.done().and_then(|()| {
            let kind = kind.ok_or_else(|| crm_core::Violation::required("kind"))?.1;
            let entry = NewContractEntry { kind, value, text: values.text("text") };
            desk.acting(&values).add_contract_entry(contract, entry)
        });
        match written {
            Ok(_) => {
                desk.notice("done_saved");
                desk.go(&format!("/contracts/{contract}"))
            }
            Err(error) => {
                let error = desk.for_form(error)?;
                draw(desk, &desk.crm.contract(contract)?, &values, Some(&error))
            }
        }
    })
    .await
}

#[derive(Template)]
#[template(path = "contract_entries.html")]
struct EntriesPage<'a> {
    d: &'a Look<'a>,
    id: String,
    name: String,
    title: String,
    entries: Vec<EntryLine>,
    first: String,
    next: String,
}

pub(crate) async fn entries(
    State(app): State<Shared>,
    visitor: Visitor,
    Path(contract): Path<String>,
    Params(params): Params,
) -> Reply {
    app.desk(visitor, move |desk| {
        let d = &desk.look;
        let contract = desk.crm.contract(id(&contract)?)?.contract;
        let (name, kind) =
            *ENTRY_KINDS.iter().find(|(name, _)| *name == params.get("kind")).ok_or_else(Failure::not_found)?;
        let here = url(&format!("/contracts/{}/entries", contract.id), &[("kind", name)]);
        let mut page = PageRequest::first(30);
        page.cursor = params.text("cursor");
        let found = match desk.crm.contract_entries(contract.id, kind, page) {
            Ok(found) => found,
            Err(error) => return desk.lost(error, &here),
        };
        desk.page(&EntriesPage {
            d,
            id: contract.id.to_string(),
            name: contract.name,
            title: d.t(&format!("entry_{name}")).to_owned(),
            entries: found.items.iter().map(|entry| EntryLine::of(entry, d)).collect(),
            next: found.next.map(|next| format!("{here}&cursor={next}")).unwrap_or_default(),
            first: if params.text("cursor").is_some() { here } else { String::new() },
        })
    })
    .await
}

pub(crate) async fn history(
    State(app): State<Shared>,
    visitor: Visitor,
    Path(contract): Path<String>,
    Params(params): Params,
) -> Reply {
    app.desk(visitor, move |desk| {
        let contract = desk.crm.contract(id(&contract)?)?.contract;
        let back = (format!("/contracts/{}", contract.id), contract.name);
        history::page(desk, history::Of::Contract(contract.currency), back, &params, |page| {
            desk.crm.contract_history(contract.id, page)
        })
    })
    .await
}
