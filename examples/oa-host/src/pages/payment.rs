//! Recording money on contracts and customers, and undoing it.

use crate::app::{Reply, Shared};
use crate::desk::{Choice, Desk};
use crate::failure::Failure;
use crate::form::Sheet;
use crate::pages::{Above, form_page, id};
use crate::security::Posted;
use crate::session::Visitor;
use crate::values::{Reader, Values};
use axum::extract::{Path, State};
use crm_core::{
    ContractId, CustomerId, Error, NewPrepayment, NewReceipt, NewRefund, NewWriteOff, PaymentPlan, Receipt, ReceiptId,
    ReceiptStatus, Violation, dictionary,
};

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
