//! Receipts and what is due: lists, the panel on a contract, recording money and undoing it.

use crate::app::{Reply, Shared};
use crate::desk::{Choice, Desk, Look};
use crate::failure::Failure;
use crate::form::Sheet;
use crate::pages::{Above, Params, form_page, id};
use crate::security::Posted;
use crate::session::Visitor;
use crate::values::{Reader, Values, url};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use crm_core::{
    ContractId, CustomerId, Decimal, Error, Instalment, InstalmentQuery, InstalmentStatus, NewPrepayment, NewReceipt,
    NewRefund, NewWriteOff, PageRequest, PaymentPlan, Payments, Receipt, ReceiptId, ReceiptKind, ReceiptQuery,
    ReceiptStatus, Violation, dictionary,
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

fn receipt_query(params: &Values, d: &Look<'_>) -> Result<ReceiptQuery, Error> {
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
        let mut same: Vec<(&str, &str)> = names.into_iter().map(|name| (name, params.get(name))).collect();
        let first = if params.text("cursor").is_some() { url("/receipts", &same) } else { String::new() };
        let next = next.as_deref().map(|next| {
            same.push(("cursor", next));
            url("/receipts", &same)
        });
        let row = |row: &crm_core::ReceiptRow| {
            let name = row.contract_number.as_ref().or(row.contract_name.as_ref()).cloned().unwrap_or_default();
            Row::of(&row.receipt, &name, &row.customer_name, d)
        };
        let kinds = KINDS.iter().map(|(name, _)| Choice::new(*name, d.t(&format!("receipt_{name}"))));
        let list = Receipts {
            d,
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
            next: next.unwrap_or_default(),
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

fn instalment_query(params: &Values, d: &Look<'_>) -> Result<InstalmentQuery, Error> {
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
        let mut same: Vec<(&str, &str)> = names.into_iter().map(|name| (name, params.get(name))).collect();
        let first = if params.text("cursor").is_some() { url("/instalments", &same) } else { String::new() };
        let next = next.as_deref().map(|next| {
            same.push(("cursor", next));
            url("/instalments", &same)
        });
        let row = |row: &crm_core::InstalmentRow| {
            let name = row.contract_number.as_ref().or(row.contract_name.as_ref()).cloned().unwrap_or_default();
            Due::of(&row.instalment, &name, &row.customer_name, d)
        };
        let list = Instalments {
            d,
            lists: lists(d, "/instalments", params.get("of")),
            of: params.get("of").to_owned(),
            due_from: params.get("due_from").to_owned(),
            due_to: params.get("due_to").to_owned(),
            overdue: params.ticked("overdue"),
            count: count.map(|count| d.count(&count)).unwrap_or_default(),
            rows: items.iter().map(row).collect(),
            first,
            next: next.unwrap_or_default(),
            problem: problem.clone(),
        };
        desk.page_with(if problem.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }, &list)
    })
    .await
}

/// What can be done with the money of a contract.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Deed {
    Receive,
    Refund,
    WriteOff,
    Allocate,
    Invoice,
}

/// Name in addresses, what the person must be allowed, and title.
const DEEDS: [(&str, Deed, &str, &str); 5] = [
    ("receipt", Deed::Receive, "receive", "record_receipt"),
    ("refund", Deed::Refund, "undo", "record_refund"),
    ("write-off", Deed::WriteOff, "write_off", "write_off"),
    ("allocate", Deed::Allocate, "allocate", "allocate_credit"),
    ("invoiced", Deed::Invoice, "plan", "set_invoiced"),
];

fn deed(name: &str) -> Result<(&'static str, Deed, &'static str, &'static str), Failure> {
    DEEDS.into_iter().find(|(known, ..)| *known == name).ok_or_else(Failure::not_found)
}

pub(crate) async fn ask(
    State(app): State<Shared>,
    visitor: Visitor,
    Path((contract, name)): Path<(String, String)>,
) -> Reply {
    app.desk(visitor, move |desk| {
        let deed = deed(&name)?;
        let plan = desk.crm.payment_plan(id(&contract)?)?;
        if !plan.allowed.iter().any(|allowed| allowed == deed.2) {
            return Err(Error::Forbidden { module: "payment".to_owned(), right: deed.2.to_owned() }.into());
        }
        let open = plan.payments.unreceived;
        let today: String = desk.look.time(&desk.look.now).chars().take(10).collect();
        let values = match deed.1 {
            Deed::Receive => Values::default().with("on", today).with("amount", open.to_string()),
            Deed::Refund => Values::default().with("on", today),
            Deed::Invoice => Values::default().with("amount", plan.payments.invoiced.to_string()),
            Deed::WriteOff | Deed::Allocate => Values::default(),
        };
        draw(desk, deed, &plan, &values, None)
    })
    .await
}

fn draw(
    desk: &Desk<'_>,
    (name, deed, _, title): (&'static str, Deed, &'static str, &'static str),
    plan: &PaymentPlan,
    values: &Values,
    error: Option<&Error>,
) -> Reply {
    let d = &desk.look;
    let contract = desk.crm.contract(plan.contract)?.contract;
    let here = format!("/contracts/{}", contract.id);
    let open: Vec<Choice> = plan
        .instalments
        .iter()
        .filter(|own| deed == Deed::Refund || own.open.minor(own.currency).is_some_and(|open| open > 0))
        .map(|own| {
            let day = own.due_on.map(|day| day.to_string()).unwrap_or_default();
            Choice::new(own.id.to_string(), format!("{} · {day} · {}", own.no, d.money(own.open, own.currency)))
        })
        .collect();
    let sheet = Sheet::new(desk, format!("{here}/payments/{name}"), values, error)
        .submit(title)
        .cancel(here.as_str())
        .line("amount", 24);
    let sheet = match deed {
        Deed::Receive => sheet
            .required()
            .input("date", "on")
            .labelled(d.t("received_on"))
            .required()
            .entry("method", dictionary::PAYMENT_METHOD)
            .labelled(d.t("dict_payment_method"))
            .line("payer", 100)
            .line("voucher", 60)
            .choice("instalment", open)
            .help("instalment_help")
            .tick("as_credit")
            .area("note", 1_000),
        Deed::Refund => sheet
            .required()
            .input("date", "on")
            .labelled(d.t("refunded_on"))
            .required()
            .line("reason", 200)
            .required()
            .entry("method", dictionary::PAYMENT_METHOD)
            .labelled(d.t("dict_payment_method"))
            .line("payee", 100)
            .line("voucher", 60)
            .choice("instalment", open),
        Deed::WriteOff => sheet
            .help("write_off_help")
            .line("reason", 200)
            .required()
            .choice("instalment", open)
            .help("instalment_help")
            .danger(),
        Deed::Allocate => sheet.help("allocate_help").choice("instalment", open).help("instalment_help"),
        Deed::Invoice => sheet.required().help("invoiced_help"),
    };
    let unreceived = d.money(plan.payments.unreceived, plan.currency);
    let above = Above {
        title: d.t(title).to_owned(),
        back: (here, contract.name),
        intro: format!("{} {unreceived}", d.t("unreceived")),
    };
    form_page(desk, above, sheet, error)
}

pub(crate) async fn take(
    State(app): State<Shared>,
    Path((contract, name)): Path<(String, String)>,
    posted: Posted,
) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        let deed = deed(&name)?;
        let contract: ContractId = id(&contract)?;
        match taken(desk, deed.1, contract, &values) {
            Ok(pending) => {
                desk.notice(if pending { "done_asked" } else { "done_recorded" });
                desk.go(&format!("/contracts/{contract}"))
            }
            Err(error) => {
                let error = desk.for_form(error)?;
                draw(desk, deed, &desk.crm.payment_plan(contract)?, &values, Some(&error))
            }
        }
    })
    .await
}

/// Whether what was recorded waits for an approval.
fn taken(desk: &Desk<'_>, deed: Deed, contract: ContractId, values: &Values) -> Result<bool, Error> {
    let mut read = Reader::new(values, desk.look.zone);
    let crm = desk.acting(values);
    let instalment = read.parsed("instalment");
    let receipt = match deed {
        Deed::Receive => {
            let (amount, on, method) = (read.needed_decimal("amount"), read.needed_day("on"), read.code("method"));
            read.done()?;
            let on = on.ok_or_else(|| Violation::required("on"))?;
            let receipt = NewReceipt {
                instalment,
                as_credit: values.ticked("as_credit"),
                method,
                payer: values.text("payer"),
                voucher: values.text("voucher"),
                note: values.text("note"),
                ..NewReceipt::of(amount, on)
            };
            crm.record_receipt(contract, receipt)?
        }
        Deed::Refund => {
            let (amount, on, method) = (read.needed_decimal("amount"), read.needed_day("on"), read.code("method"));
            read.require("reason");
            read.done()?;
            let refund = NewRefund {
                on: on.ok_or_else(|| Violation::required("on"))?,
                amount,
                reason: values.get("reason").to_owned(),
                instalment,
                method,
                payee: values.text("payee"),
                voucher: values.text("voucher"),
            };
            crm.record_refund(contract, refund)?
        }
        Deed::WriteOff => {
            let (amount, reason) = (read.decimal("amount"), values.get("reason").to_owned());
            read.require("reason");
            read.done()?;
            crm.write_off(contract, NewWriteOff { reason, amount, instalment })?
        }
        Deed::Allocate => {
            let amount = read.decimal("amount");
            read.done()?;
            crm.allocate_credit(contract, amount, instalment)?
        }
        Deed::Invoice => {
            let amount = read.needed_decimal("amount");
            read.done()?;
            crm.set_invoiced(contract, amount)?;
            return Ok(false);
        }
    };
    Ok(receipt.status == ReceiptStatus::Pending)
}

pub(crate) async fn reversal(State(app): State<Shared>, visitor: Visitor, Path(receipt): Path<String>) -> Reply {
    app.desk(visitor, move |desk| {
        desk.needs("payment", "delete")?;
        let receipt = desk.crm.receipt(id(&receipt)?)?;
        reversal_form(desk, &receipt, &Values::default(), None)
    })
    .await
}

/// The page of what a receipt belongs to.
fn home(receipt: &Receipt) -> String {
    match receipt.contract {
        Some(contract) => format!("/contracts/{contract}"),
        None => format!("/customers/{}", receipt.customer),
    }
}

fn reversal_form(desk: &Desk<'_>, receipt: &Receipt, values: &Values, error: Option<&Error>) -> Reply {
    let d = &desk.look;
    let home = home(receipt);
    let sheet = Sheet::new(desk, format!("/receipts/{}/reverse", receipt.id), values, error)
        .line("reason", 200)
        .required()
        .submit("reverse")
        .danger()
        .cancel(home.as_str());
    let above = Above {
        title: d.t("reverse_receipt").to_owned(),
        back: (home, d.t("back_to_contract").to_owned()),
        intro: format!("{} · {}", receipt.on, d.money(receipt.amount, receipt.currency)),
    };
    form_page(desk, above, sheet, error)
}

pub(crate) async fn reverse(State(app): State<Shared>, Path(receipt): Path<String>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        let receipt: ReceiptId = id(&receipt)?;
        match desk.acting(&values).reverse_receipt(receipt, values.get("reason").to_owned()) {
            Ok(reversal) => {
                desk.notice("done_reversed");
                desk.go(&home(&reversal))
            }
            Err(error) => {
                let error = desk.for_form(error)?;
                reversal_form(desk, &desk.crm.receipt(receipt)?, &values, Some(&error))
            }
        }
    })
    .await
}

pub(crate) async fn date(State(app): State<Shared>, Path(instalment): Path<String>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        let mut read = Reader::new(&values, desk.look.zone);
        let on = read.needed_day("on");
        let on = read.done().and_then(|()| on.ok_or_else(|| Violation::required("on").into()));
        let instalment = id(&instalment)?;
        let dated = on.and_then(|on| desk.acting(&values).date_instalment(instalment, on));
        desk.done(dated, "done_saved", &crate::values::local(values.get("back")))
    })
    .await
}

pub(crate) async fn prepay(State(app): State<Shared>, visitor: Visitor, Path(customer): Path<String>) -> Reply {
    app.desk(visitor, move |desk| {
        desk.needs("payment", "create")?;
        let customer = desk.crm.customer(id(&customer)?)?;
        let today: String = desk.look.time(&desk.look.now).chars().take(10).collect();
        let values = Values::default().with("on", today).with("currency", desk.base_currency()?.code());
        prepay_form(desk, customer.id, &customer.name, &values, None)
    })
    .await
}

fn prepay_form(desk: &Desk<'_>, customer: CustomerId, name: &str, values: &Values, error: Option<&Error>) -> Reply {
    let d = &desk.look;
    let back = format!("/customers/{customer}");
    let sheet = Sheet::new(desk, format!("{back}/prepayment"), values, error)
        .line("amount", 24)
        .required()
        .input("date", "on")
        .labelled(d.t("received_on"))
        .required()
        .line("currency", 3)
        .line("rate", 24)
        .help("rate_help")
        .entry("method", dictionary::PAYMENT_METHOD)
        .labelled(d.t("dict_payment_method"))
        .line("payer", 100)
        .line("voucher", 60)
        .area("note", 1_000)
        .submit("record_prepayment")
        .cancel(back.as_str());
    let above = Above {
        title: d.t("record_prepayment").to_owned(),
        back: (back, name.to_owned()),
        intro: d.t("prepayment_intro").to_owned(),
    };
    form_page(desk, above, sheet, error)
}

pub(crate) async fn do_prepay(State(app): State<Shared>, Path(customer): Path<String>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        let customer: CustomerId = id(&customer)?;
        match prepaid(desk, customer, &values) {
            Ok(_) => {
                desk.notice("done_recorded");
                desk.go(&format!("/customers/{customer}"))
            }
            Err(error) => {
                let error = desk.for_form(error)?;
                let customer = desk.crm.customer(customer)?;
                prepay_form(desk, customer.id, &customer.name, &values, Some(&error))
            }
        }
    })
    .await
}

fn prepaid(desk: &Desk<'_>, customer: CustomerId, values: &Values) -> Result<Receipt, Error> {
    let mut read = Reader::new(values, desk.look.zone);
    let on = read.needed_day("on");
    let amount = read.needed_decimal("amount");
    let (currency, rate, method) = (read.currency("currency"), read.decimal("rate"), read.code("method"));
    read.done()?;
    let prepayment = NewPrepayment {
        on: on.ok_or_else(|| Violation::required("on"))?,
        amount,
        currency,
        rate,
        method,
        payer: values.text("payer"),
        voucher: values.text("voucher"),
        note: values.text("note"),
    };
    desk.acting(values).record_prepayment(customer, prepayment)
}
