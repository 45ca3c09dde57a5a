//! Receipts and what is due: lists, and the panel on a contract.

use crate::app::{Reply, Shared};
use crate::desk::{Choice, Desk, Look};
use crate::failure::Failure;
use crate::pages::{Params, export};
use crate::session::Visitor;
use crate::values::{Reader, Values, around, url};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use crm_core::{
    ContractId, Decimal, Error, Instalment, InstalmentQuery, InstalmentStatus, PageRequest, Payments, Receipt,
    ReceiptKind, ReceiptQuery, ReceiptStatus, Violation, dictionary,
};

/// Kinds of receipts by their name.
const KINDS: [(&str, ReceiptKind); 5] = [
    ("receipt", ReceiptKind::Receipt),
    ("reversal", ReceiptKind::Reversal),
    ("refund", ReceiptKind::Refund),
    ("write_off", ReceiptKind::WriteOff),
    ("credit", ReceiptKind::Credit),
];

/// The payments of a contract on its page.
pub(crate) struct Panel {
    pub(crate) received: String,
    pub(crate) unreceived: String,
    pub(crate) overdue: String,
    pub(crate) written_off: String,
    pub(crate) unallocated: String,
    pub(crate) invoiced_unpaid: String,
    pub(crate) unplanned: String,
    /// How much of a hundred was received.
    pub(crate) percent: i64,
    pub(crate) instalments: Vec<Due>,
    pub(crate) receipts: Vec<Row>,
    pub(crate) more: bool,
    pub(crate) plan: bool,
    pub(crate) receive: bool,
    pub(crate) undo: bool,
    pub(crate) write_off: bool,
    pub(crate) allocate: bool,
}

/// An instalment as it is shown.
pub(crate) struct Due {
    pub(crate) id: String,
    pub(crate) no: i32,
    pub(crate) on: String,
    pub(crate) condition: String,
    /// Whether its milestone is still to be dated.
    pub(crate) waits: bool,
    pub(crate) amount: String,
    pub(crate) paid: String,
    pub(crate) open: String,
    pub(crate) status: String,
    pub(crate) class: &'static str,
    pub(crate) contract: String,
    pub(crate) contract_name: String,
    pub(crate) customer: String,
    pub(crate) customer_name: String,
    pub(crate) owner: String,
}

impl Due {
    fn of(instalment: &Instalment, contract_name: &str, customer_name: &str, d: &Look<'_>) -> Self {
        let (status, class) = match instalment.status {
            InstalmentStatus::NotDue => ("not_due", ""),
            InstalmentStatus::Due => ("due", "vacant"),
            InstalmentStatus::PartlyPaid => ("partly_paid", "main"),
            InstalmentStatus::Paid => ("paid", "good"),
            InstalmentStatus::Overdue => ("overdue", "warn"),
            InstalmentStatus::Void => ("void", ""),
        };
        let money = |amount| d.money(amount, instalment.currency);
        let milestone = instalment.milestone.as_ref().map(|milestone| match instalment.milestone_days {
            Some(days) if days > 0 => format!("{milestone} + {days}"),
            _ => milestone.clone(),
        });
        let told = [milestone, instalment.condition.clone(), instalment.note.clone()];
        Due {
            id: instalment.id.to_string(),
            no: instalment.no,
            on: instalment.due_on.map(|day| day.to_string()).unwrap_or_default(),
            condition: told.into_iter().flatten().collect::<Vec<_>>().join(" · "),
            waits: instalment.due_on.is_none() && instalment.milestone.is_some(),
            amount: money(instalment.amount),
            paid: money(instalment.paid),
            open: money(instalment.open),
            status: d.t(&format!("instalment_{status}")).to_owned(),
            class,
            contract: instalment.contract.to_string(),
            contract_name: contract_name.to_owned(),
            customer: instalment.customer.to_string(),
            customer_name: customer_name.to_owned(),
            owner: d.person(instalment.owner.as_str()),
        }
    }
}

/// A receipt as it is shown.
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) on: String,
    pub(crate) kind: String,
    pub(crate) class: &'static str,
    pub(crate) amount: String,
    pub(crate) method: String,
    pub(crate) payer: String,
    pub(crate) voucher: String,
    pub(crate) reason: String,
    pub(crate) state: String,
    pub(crate) reversible: bool,
    /// The contract: where it is, and its number or name; empty: the customer's credit.
    pub(crate) contract: String,
    pub(crate) contract_name: String,
    pub(crate) customer: String,
    pub(crate) customer_name: String,
    pub(crate) owner: String,
}

impl Row {
    fn of(receipt: &Receipt, contract_name: &str, customer_name: &str, d: &Look<'_>) -> Self {
        let kind = KINDS.iter().find(|(_, kind)| *kind == receipt.kind).map_or("receipt", |(name, _)| name);
        let out = matches!(receipt.kind, ReceiptKind::Reversal | ReceiptKind::Refund);
        let state = match (receipt.status, receipt.reversed_by) {
            (ReceiptStatus::Pending, _) => d.t("contract_pending"),
            (ReceiptStatus::Rejected, _) => d.t("rejected"),
            (ReceiptStatus::Counted, Some(_)) => d.t("reversed"),
            (ReceiptStatus::Counted, None) => "",
        };
        let amount = d.money(receipt.amount, receipt.currency);
        Row {
            id: receipt.id.to_string(),
            on: receipt.on.to_string(),
            kind: d.t(&format!("receipt_{kind}")).to_owned(),
            class: if out {
                "warn"
            } else if receipt.kind == ReceiptKind::Receipt {
                "good"
            } else {
                ""
            },
            amount: if out { format!("−{amount}") } else { amount },
            method: d.label(dictionary::PAYMENT_METHOD, &receipt.method),
            payer: receipt.payer.clone().unwrap_or_default(),
            voucher: receipt.voucher.clone().unwrap_or_default(),
            reason: receipt.reason.clone().or_else(|| receipt.note.clone()).unwrap_or_default(),
            state: state.to_owned(),
            reversible: receipt.status == ReceiptStatus::Counted
                && receipt.reversed_by.is_none()
                && receipt.kind != ReceiptKind::Reversal,
            contract: receipt.contract.map(|contract| contract.to_string()).unwrap_or_default(),
            contract_name: contract_name.to_owned(),
            customer: receipt.customer.to_string(),
            customer_name: customer_name.to_owned(),
            owner: d.person(receipt.owner.as_str()),
        }
    }
}

/// The panel of a contract's payments; none for who may not see money.
pub(crate) fn panel(desk: &Desk<'_>, contract: ContractId) -> Result<Option<Panel>, Failure> {
    let d = &desk.look;
    let plan = match desk.crm.payment_plan(contract) {
        Ok(plan) => plan,
        Err(Error::Forbidden { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let found = desk.crm.receipts(Payments::Contract { contract }, PageRequest::first(50))?;
    let may = |what: &str| plan.allowed.iter().any(|allowed| allowed == what);
    let money = |amount: Decimal| d.money(amount, plan.currency);
    let some = |amount: Decimal| match amount.minor(plan.currency) {
        None | Some(0) => String::new(),
        Some(_) => money(amount),
    };
    let payments = &plan.payments;
    let whole = payments.received.minor(plan.currency).unwrap_or_default()
        + payments.unreceived.minor(plan.currency).unwrap_or_default();
    let received = payments.received.minor(plan.currency).unwrap_or_default();
    Ok(Some(Panel {
        received: money(payments.received),
        unreceived: money(payments.unreceived),
        overdue: some(plan.overdue),
        written_off: some(payments.written_off),
        unallocated: some(payments.unallocated),
        invoiced_unpaid: some(payments.invoiced_unpaid),
        unplanned: if plan.instalments.is_empty() { String::new() } else { some(plan.unplanned) },
        percent: if whole > 0 { (received.max(0).saturating_mul(100) / whole).min(100) } else { 0 },
        instalments: plan.instalments.iter().map(|own| Due::of(own, "", "", d)).collect(),
        receipts: found.items.iter().map(|row| Row::of(&row.receipt, "", "", d)).collect(),
        more: found.next.is_some(),
        plan: may("plan"),
        receive: may("receive"),
        undo: may("undo"),
        write_off: may("write_off"),
        allocate: may("allocate"),
    }))
}

/// Whose, by the name in an address.
fn whose(params: &Values) -> Payments {
    match params.get("of") {
        "subordinates" => Payments::Subordinates,
        "all" => Payments::All,
        _ => Payments::Mine,
    }
}

fn lists(d: &Look<'_>, path: &str, of: &str) -> Vec<(String, String, bool)> {
    let mut lists = vec![("mine", "payments_mine"), ("subordinates", "payments_subordinates")];
    if d.administrator {
        lists.push(("all", "payments_all"));
    }
    let current = if of.is_empty() { "mine" } else { of };
    lists
        .into_iter()
        .map(|(name, label)| (url(path, &[("of", name)]), d.t(label).to_owned(), name == current))
        .collect()
}

#[derive(Template)]
#[template(path = "receipts.html")]
struct Receipts<'a> {
    d: &'a Look<'a>,
    export: String,
    lists: Vec<(String, String, bool)>,
    of: String,
    text: String,
    from: String,
    to: String,
    kinds: Vec<Choice>,
    kind: String,
    methods: Vec<Choice>,
    method: String,
    problem: String,
    count: String,
    rows: Vec<Row>,
    first: String,
    next: String,
}

/// What the page of the list asks for.
pub(crate) fn receipt_query(params: &Values, d: &Look<'_>) -> Result<ReceiptQuery, Error> {
    let mut read = Reader::new(params, d.zone);
    let kind = match params.text("kind") {
        None => None,
        Some(wanted) => {
            let known = KINDS.iter().find(|(name, _)| *name == wanted);
            Some(known.ok_or_else(|| Violation::unknown("kind"))?.1)
        }
    };
    let query = ReceiptQuery {
        receipt_kind: kind,
        method: read.code("method"),
        from: read.day("from"),
        to: read.day("to"),
        text: params.text("text"),
        ..ReceiptQuery::from(whose(params))
    };
    read.done()?;
    Ok(query)
}

pub(crate) async fn receipts(State(app): State<Shared>, visitor: Visitor, Params(params): Params) -> Reply {
    app.desk(visitor, move |desk| {
        let d = &desk.look;
        let mut page = PageRequest::first(20).counted();
        page.cursor = params.text("cursor");
        let found = receipt_query(&params, d).and_then(|query| desk.crm.receipts(query, page));
        let (items, next, count, problem) = match found {
            Ok(found) => (found.items, found.next, found.count, String::new()),
            Err(error) => (Vec::new(), None, None, d.said(&desk.for_form(error)?)),
        };
        let names = ["of", "text", "kind", "method", "from", "to"];
        let (first, next) = around("/receipts", &names, &params, next.as_deref());
        let row = |row: &crm_core::ReceiptRow| {
            let name = row.contract_number.as_ref().or(row.contract_name.as_ref()).cloned().unwrap_or_default();
            Row::of(&row.receipt, &name, &row.customer_name, d)
        };
        let kinds = KINDS.iter().map(|(name, _)| Choice::new(*name, d.t(&format!("receipt_{name}"))));
        let list = Receipts {
            d,
            export: export::place(d, "receipts", "payment.export", &params),
            lists: lists(d, "/receipts", params.get("of")),
            of: params.get("of").to_owned(),
            text: params.get("text").to_owned(),
            from: params.get("from").to_owned(),
            to: params.get("to").to_owned(),
            kinds: kinds.collect(),
            kind: params.get("kind").to_owned(),
            methods: d.choices(dictionary::PAYMENT_METHOD, params.get("method")),
            method: params.get("method").to_owned(),
            count: count.map(|count| d.count(&count)).unwrap_or_default(),
            rows: items.iter().map(row).collect(),
            first,
            next,
            problem: problem.clone(),
        };
        desk.page_with(if problem.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }, &list)
    })
    .await
}

#[derive(Template)]
#[template(path = "instalments.html")]
struct Instalments<'a> {
    d: &'a Look<'a>,
    export: String,
    lists: Vec<(String, String, bool)>,
    of: String,
    due_from: String,
    due_to: String,
    overdue: bool,
    problem: String,
    count: String,
    rows: Vec<Due>,
    first: String,
    next: String,
}

/// What the page of the list asks for.
pub(crate) fn instalment_query(params: &Values, d: &Look<'_>) -> Result<InstalmentQuery, Error> {
    let mut read = Reader::new(params, d.zone);
    let query = InstalmentQuery {
        open: true,
        overdue: params.ticked("overdue"),
        due_from: read.day("due_from"),
        due_to: read.day("due_to"),
        ..InstalmentQuery::from(whose(params))
    };
    read.done()?;
    Ok(query)
}

pub(crate) async fn instalments(State(app): State<Shared>, visitor: Visitor, Params(params): Params) -> Reply {
    app.desk(visitor, move |desk| {
        let d = &desk.look;
        let mut page = PageRequest::first(20).counted();
        page.cursor = params.text("cursor");
        let found = instalment_query(&params, d).and_then(|query| desk.crm.instalments(query, page));
        let (items, next, count, problem) = match found {
            Ok(found) => (found.items, found.next, found.count, String::new()),
            Err(error) => (Vec::new(), None, None, d.said(&desk.for_form(error)?)),
        };
        let names = ["of", "due_from", "due_to", "overdue"];
        let (first, next) = around("/instalments", &names, &params, next.as_deref());
        let row = |row: &crm_core::InstalmentRow| {
            let name = row.contract_number.as_ref().or(row.contract_name.as_ref()).cloned().unwrap_or_default();
            Due::of(&row.instalment, &name, &row.customer_name, d)
        };
        let list = Instalments {
            d,
            export: export::place(d, "instalments", "payment.export", &params),
            lists: lists(d, "/instalments", params.get("of")),
            of: params.get("of").to_owned(),
            due_from: params.get("due_from").to_owned(),
            due_to: params.get("due_to").to_owned(),
            overdue: params.ticked("overdue"),
            count: count.map(|count| d.count(&count)).unwrap_or_default(),
            rows: items.iter().map(row).collect(),
            first,
            next,
            problem: problem.clone(),
        };
        desk.page_with(if problem.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }, &list)
    })
    .await
}
