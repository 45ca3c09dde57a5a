//! The lists of contracts: mine, of who works below me, all.

use crate::app::{Reply, Shared};
use crate::desk::{Choice, Desk, Look};
use crate::failure::Failure;
use crate::pages::query::{self, Builder};
use crate::pages::{Params, export};
use crate::session::Visitor;
use crate::values::{Reader, Values, around, url};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use crm_core::{
    Contract, ContractOrder, ContractQuery, ContractStatus, Contracts, Customized, Error, PageRequest, Violation,
    dictionary,
};

/// Orders by the name they have in an address.
const ORDERS: [(&str, ContractOrder); 5] = [
    ("newest", ContractOrder::Newest),
    ("last_signed", ContractOrder::LastSigned),
    ("signed", ContractOrder::Signed),
    ("ending", ContractOrder::Ending),
    ("number", ContractOrder::Number),
];

/// Statuses by their name.
pub(crate) const STATUSES: [(&str, ContractStatus); 6] = [
    ("draft", ContractStatus::Draft),
    ("pending", ContractStatus::Pending),
    ("in_force", ContractStatus::InForce),
    ("completed", ContractStatus::Completed),
    ("terminated", ContractStatus::Terminated),
    ("void", ContractStatus::Void),
];

/// What a filter asks for.
const FILTERS: [&str; 9] =
    ["of", "text", "status", "contract_kind", "owner", "signed_from", "signed_to", "expired", "order"];

#[derive(Template)]
#[template(path = "contracts.html")]
struct ContractsPage<'a> {
    d: &'a Look<'a>,
    /// The lists: name, label, where it is, whether it is this one.
    lists: Vec<(String, String, bool)>,
    of: String,
    text: String,
    signed_from: String,
    signed_to: String,
    expired: bool,
    selects: Vec<(&'static str, String, Vec<Choice>, String)>,
    narrowed: bool,
    builder: Builder,
    problem: String,
    count: String,
    rows: Vec<Row>,
    shows_owner: bool,
    export: String,
    first: String,
    next: String,
}

/// A contract in a list.
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) number: String,
    pub(crate) supplement: bool,
    pub(crate) customer: String,
    pub(crate) customer_name: String,
    pub(crate) amount: String,
    pub(crate) signed: String,
    pub(crate) ends: String,
    pub(crate) status: Status,
    pub(crate) owner: String,
}

/// A status as it is shown.
pub(crate) struct Status {
    pub(crate) label: String,
    /// The look of its chip.
    pub(crate) class: &'static str,
    pub(crate) expired: bool,
}

impl Status {
    pub(crate) fn of(contract: &Contract, d: &Look<'_>) -> Self {
        let class = match contract.status {
            ContractStatus::Draft => "",
            ContractStatus::Pending => "vacant",
            ContractStatus::InForce => "main",
            ContractStatus::Completed => "good",
            ContractStatus::Terminated | ContractStatus::Void => "warn",
        };
        Status { label: d.t(&status_key(contract.status)).to_owned(), class, expired: contract.expired }
    }
}

/// The key of a status in the table of texts.
pub(crate) fn status_key(status: ContractStatus) -> String {
    let known = STATUSES.iter().find(|(_, known)| *known == status);
    format!("contract_{}", known.map_or("draft", |(name, _)| name))
}

impl Row {
    pub(crate) fn of(contract: &Contract, customer_name: &str, d: &Look<'_>) -> Self {
        Row {
            id: contract.id.to_string(),
            name: contract.name.clone(),
            number: contract.number.clone().unwrap_or_default(),
            supplement: contract.parent.is_some(),
            customer: contract.customer.to_string(),
            customer_name: customer_name.to_owned(),
            amount: d.money(contract.effective_amount, contract.currency),
            signed: contract.signed_on.map(|day| day.to_string()).unwrap_or_default(),
            ends: contract.effective_ends_on.map(|day| day.to_string()).unwrap_or_default(),
            status: Status::of(contract, d),
            owner: d.person(contract.owner.as_str()),
        }
    }
}

fn chosen<T: Copy>(params: &Values, name: &str, known: &[(&str, T)]) -> Result<Option<T>, Error> {
    params
        .text(name)
        .map(|wanted| {
            let found = known.iter().find(|(known, _)| *known == wanted);
            found.map(|(_, found)| *found).ok_or_else(|| Violation::unknown(name).into())
        })
        .transpose()
}

/// What the page of a list asks for.
pub(crate) fn of_page(desk: &Desk<'_>, params: &Values) -> Result<ContractQuery, Failure> {
    Ok(asked(params, &desk.look, &query::read(desk, Customized::Contract, params)?)?)
}

fn asked(params: &Values, d: &Look<'_>, builder: &Builder) -> Result<ContractQuery, Error> {
    let of = match params.get("of") {
        "subordinates" => Contracts::Subordinates,
        "all" => Contracts::All,
        _ => Contracts::Mine,
    };
    let order_by = query::order_by(params)?;
    let mut read = Reader::new(params, d.zone);
    let query = ContractQuery {
        text: params.text("text"),
        status: chosen(params, "status", &STATUSES)?,
        contract_kind: read.code("contract_kind"),
        expired: params.ticked("expired").then_some(true),
        owner: read.made("owner"),
        signed_from: read.day("signed_from"),
        signed_to: read.day("signed_to"),
        order: if order_by.is_some() { None } else { chosen(params, "order", &ORDERS)? },
        order_by,
        matching: builder.wanted()?,
        ..ContractQuery::from(of)
    };
    read.done()?;
    Ok(query)
}

pub(crate) async fn show(State(app): State<Shared>, visitor: Visitor, Params(params): Params) -> Reply {
    app.desk(visitor, move |desk| {
        let d = &desk.look;
        let mut page = PageRequest::first(20).counted();
        page.cursor = params.text("cursor");
        let mut builder = query::read(desk, Customized::Contract, &params)?;
        let ask = |builder: &Builder| desk.crm.contracts(asked(&params, d, builder)?, page);
        let (found, problem) = builder.found(desk, ask)?;
        let (items, next, count) = found.map(|found| (found.items, found.next, found.count)).unwrap_or_default();
        let names = query::names(&FILTERS);
        let of = if params.get("of").is_empty() { "mine" } else { params.get("of") };
        let (first, next) = around("/contracts", &names, &params, next.as_deref());
        let mut lists = vec![("mine", "contracts_mine"), ("subordinates", "contracts_subordinates")];
        if d.administrator {
            lists.push(("all", "contracts_all"));
        }
        let lists = lists
            .into_iter()
            .map(|(name, label)| (url("/contracts", &[("of", name)]), d.t(label).to_owned(), name == of))
            .collect();
        let statuses = STATUSES.iter().map(|(name, status)| Choice::new(*name, d.t(&status_key(*status))));
        let orders = ORDERS.iter().skip(1).map(|(name, _)| Choice::new(*name, d.t(&format!("contract_order_{name}"))));
        let mut selects = vec![
            ("status", d.t("f_status").to_owned(), statuses.collect(), params.get("status").to_owned()),
            (
                "contract_kind",
                d.t("dict_contract_kind").to_owned(),
                d.choices(dictionary::CONTRACT_KIND, params.get("contract_kind")),
                params.get("contract_kind").to_owned(),
            ),
        ];
        if of != "mine" {
            selects.push((
                "owner",
                d.t("contract_owner").to_owned(),
                desk.people_choices()?,
                params.get("owner").to_owned(),
            ));
        }
        let orders = orders.chain(query::orders(d, Customized::Contract)).collect();
        selects.push(("order", d.t("f_order").to_owned(), orders, params.get("order").to_owned()));
        let list = ContractsPage {
            d,
            lists,
            of: of.to_owned(),
            text: params.get("text").to_owned(),
            signed_from: params.get("signed_from").to_owned(),
            signed_to: params.get("signed_to").to_owned(),
            expired: params.ticked("expired"),
            selects,
            narrowed: names.iter().any(|name| !["of", "order", "match"].contains(name) && params.text(name).is_some()),
            builder,
            count: count.map(|count| d.count(&count)).unwrap_or_default(),
            rows: items.iter().map(|row| Row::of(&row.contract, &row.customer_name, d)).collect(),
            shows_owner: of != "mine",
            export: export::place(d, "contracts", "contract.export", &params),
            first,
            next,
            problem: problem.clone(),
        };
        desk.page_with(if problem.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }, &list)
    })
    .await
}
