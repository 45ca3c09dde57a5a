//! Drafting a contract, a supplement or a renewal, and editing one.

use crate::app::{Reply, Shared};
use crate::desk::{Choice, Desk, Look};
use crate::failure::Failure;
use crate::form::Sheet;
use crate::pages::{Above, custom_values, form_page, id};
use crate::security::Posted;
use crate::session::Visitor;
use crate::values::{Reader, Values};
use axum::extract::{Path, State};
use crm_core::{
    Contract, ContractEdit, ContractId, ContractStatus, ContractView, Customer, CustomerId, Customized, Error, Lowered,
    NewContract, NewContractLine, PageRequest, ProductQuery, dictionary,
};

/// Lines that a form offers beyond those that are there.
const SPARE_LINES: usize = 3;

/// What of a line is typed.
const LINE: [&str; 7] = ["product", "name", "unit", "quantity", "price", "discount_percent", "tax_rate"];

fn product_choices(desk: &Desk<'_>, held: &[String]) -> Result<Vec<Choice>, Failure> {
    let query = ProductQuery { retired: Some(false), ..ProductQuery::default() };
    // A catalogue is long: the first hundred are offered, and what a line has already.
    let listed = match desk.crm.products(query, PageRequest::first(100)) {
        Ok(listed) => listed.items,
        Err(Error::Forbidden { .. }) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let mut choices: Vec<Choice> = listed
        .iter()
        .map(|product| Choice::new(product.id.to_string(), format!("{} · {}", product.name, product.number)))
        .collect();
    for held in held {
        if !choices.iter().any(|choice| choice.value == *held)
            && let Ok(held) = held.parse()
            && let Ok(product) = desk.crm.product(held)
        {
            choices.push(Choice::new(held.to_string(), format!("{} · {}", product.name, product.number)));
        }
    }
    Ok(choices)
}

/// How many lines the values speak of.
fn filled(values: &Values) -> usize {
    let place = |name: &str| name.strip_prefix("lines_")?.split('_').next()?.parse::<usize>().ok();
    let filled = values.pairs().iter().filter(|(_, value)| !value.trim().is_empty());
    filled.filter_map(|(name, _)| place(name)).filter(|place| *place < 200).map(|place| place + 1).max().unwrap_or(0)
}

fn line_fields<'a>(desk: &Desk<'_>, mut sheet: Sheet<'a>, values: &Values) -> Result<Sheet<'a>, Failure> {
    let d = &desk.look;
    let lines = filled(values);
    let held: Vec<String> = (0..lines).filter_map(|at| values.text(&format!("lines_{at}_product"))).collect();
    let products = product_choices(desk, &held)?;
    for at in 0..(lines + SPARE_LINES).min(200) {
        let name = |field: &str| format!("lines_{at}_{field}");
        sheet = sheet
            .titled(d.t("line_n").replace("{n}", &(at + 1).to_string()))
            .choice(&name("product"), products.clone())
            .labelled(d.t("product_of"))
            .line(&name("name"), 200)
            .labelled(d.t("line_name"))
            .line(&name("quantity"), 24)
            .labelled(d.t("f_quantity"))
            .line(&name("price"), 24)
            .labelled(d.t("f_price"))
            .line(&name("discount_percent"), 12)
            .labelled(d.t("f_discount_percent"))
            .line(&name("tax_rate"), 12)
            .labelled(d.t("f_tax_rate"))
            .line(&name("unit"), 20)
            .labelled(d.t("f_unit"));
        if at >= lines.max(1) {
            sheet = sheet.fold();
        }
    }
    Ok(sheet)
}

/// The fields of a draft.
fn draft_fields<'a>(desk: &Desk<'_>, sheet: Sheet<'a>, values: &Values) -> Result<Sheet<'a>, Failure> {
    let sheet = sheet
        .section("s_contract")
        .line("name", 200)
        .required()
        .entry("kind", dictionary::CONTRACT_KIND)
        .labelled(desk.t("dict_contract_kind"))
        .input("date", "signed_on")
        .input("date", "starts_on")
        .input("date", "ends_on")
        .section("s_money")
        .line("amount", 24)
        .help("amount_help")
        .line("currency", 3)
        .help("currency_help")
        .line("rate", 24)
        .help("rate_help")
        .line("whole_discount", 24)
        .tick("agreed_price")
        .tick("tax_excluded");
    let sheet = line_fields(desk, sheet, values)?;
    Ok(other_fields(desk, sheet))
}

/// What stays editable when it is signed.
fn other_fields<'a>(desk: &Desk<'_>, sheet: Sheet<'a>) -> Sheet<'a> {
    sheet
        .section("s_signing")
        .line("customer_signatory", 60)
        .line("own_signatory", 60)
        .entry("payment_method", dictionary::PAYMENT_METHOD)
        .labelled(desk.t("dict_payment_method"))
        .area("note", 4_000)
}

/// The lines as they are typed. A line that is blank is none, wherever it stands.
fn lines(values: &Values, read: &mut Reader<'_>) -> Vec<NewContractLine> {
    let mut typed = Vec::new();
    for at in 0..filled(values) {
        let name = |field: &str| format!("lines_{at}_{field}");
        if LINE.iter().all(|field| values.text(&name(field)).is_none()) {
            continue;
        }
        typed.push(NewContractLine {
            product: read.parsed(&name("product")),
            name: values.text(&name("name")),
            unit: values.text(&name("unit")),
            quantity: read.needed_decimal(&name("quantity")),
            price: read.needed_decimal(&name("price")),
            tax_rate: read.decimal(&name("tax_rate")),
            discount_percent: read.decimal(&name("discount_percent")),
            discount_amount: None,
        });
    }
    typed
}

/// By how much a supplement lowers the instalments of its parent.
fn lowered(values: &Values, read: &mut Reader<'_>) -> Vec<Lowered> {
    let mut lowers = Vec::new();
    for (name, value) in values.pairs() {
        let instalment = name.strip_prefix("lower_").and_then(|id| id.parse().ok());
        if let Some(instalment) = instalment.filter(|_| !value.trim().is_empty()) {
            lowers.push(Lowered { instalment, amount: read.needed_decimal(name) });
        }
    }
    lowers
}

/// What of the parent's plan is open and can be lowered.
fn lower_fields<'a>(desk: &Desk<'_>, mut sheet: Sheet<'a>, parent: &str) -> Result<Sheet<'a>, Failure> {
    // What names no contract is said by the field, when the form is sent.
    let Ok(parent) = parent.parse() else { return Ok(sheet) };
    let plan = match desk.crm.payment_plan(parent) {
        Ok(plan) => plan,
        Err(Error::Forbidden { .. }) => return Ok(sheet),
        Err(error) => return Err(error.into()),
    };
    sheet = sheet.folded("s_lowers");
    for own in plan.instalments.iter().filter(|own| own.open.minor(own.currency).is_some_and(|open| open > 0)) {
        let label = desk.t("instalment_n").replace("{n}", &own.no.to_string());
        let open = desk.look.money(own.open, own.currency);
        sheet = sheet.line(&format!("lower_{}", own.id), 24).labelled(format!("{label} · {open}"));
    }
    Ok(sheet)
}

pub(crate) async fn fresh(State(app): State<Shared>, visitor: Visitor, Path(customer): Path<String>) -> Reply {
    app.desk(visitor, move |desk| {
        desk.needs("contract", "create")?;
        let customer = desk.crm.customer(id(&customer)?)?;
        let values = custom_values::with_defaults(&desk.look, Customized::Contract, Values::default());
        let values = values.with("currency", desk.base_currency()?.code());
        add_form(desk, &customer, &values, None)
    })
    .await
}

fn of_contract(desk: &Desk<'_>, contract: &str, may: &str) -> Result<ContractView, Failure> {
    let view = desk.crm.contract(id(contract)?)?;
    if view.allowed.iter().any(|allowed| allowed == may) {
        return Ok(view);
    }
    Err(Error::Forbidden { module: "contract".to_owned(), right: "create".to_owned() }.into())
}

pub(crate) async fn supplement(State(app): State<Shared>, visitor: Visitor, Path(contract): Path<String>) -> Reply {
    app.desk(visitor, move |desk| {
        let parent = of_contract(desk, &contract, "supplement")?.contract;
        let values = custom_values::with_defaults(&desk.look, Customized::Contract, Values::default())
            .with("parent", parent.id.to_string())
            .with("name", format!("{} {}", parent.name, desk.t("supplement")))
            .with("currency", parent.currency.code())
            .with("rate", parent.rate.to_string())
            .with_some("kind", parent.kind.as_ref().map(ToString::to_string));
        add_form(desk, &desk.crm.customer(parent.customer)?, &values, None)
    })
    .await
}

pub(crate) async fn renew(State(app): State<Shared>, visitor: Visitor, Path(contract): Path<String>) -> Reply {
    app.desk(visitor, move |desk| {
        let renewed = of_contract(desk, &contract, "renew")?.contract;
        let values = values_of(&desk.look, &renewed).with("renews", renewed.id.to_string());
        // A renewal has days of its own.
        let own = |name: &str| matches!(name, "signed_on" | "starts_on" | "ends_on" | "version");
        let values = values.without(own);
        add_form(desk, &desk.crm.customer(renewed.customer)?, &values, None)
    })
    .await
}

fn add_form(desk: &Desk<'_>, customer: &Customer, values: &Values, error: Option<&Error>) -> Reply {
    let (parent, renews) = (values.get("parent"), values.get("renews"));
    let from = if parent.is_empty() { renews } else { parent };
    let back = if from.is_empty() { format!("/customers/{}", customer.id) } else { format!("/contracts/{from}") };
    let mut sheet = Sheet::new(desk, format!("/customers/{}/contracts/new", customer.id), values, error)
        .of_record("contract")
        .submit("save_draft")
        .cancel(back.as_str());
    for name in ["parent", "renews"] {
        if values.text(name).is_some() {
            sheet = sheet.hidden(name, values.get(name));
        }
    }
    let sheet = draft_fields(desk, sheet.section(""), values)?;
    let mut sheet = custom_values::fields(desk, sheet, Customized::Contract, None)?;
    if !parent.is_empty() {
        sheet = lower_fields(desk, sheet, parent)?;
    }
    let title = match (parent.is_empty(), renews.is_empty()) {
        (false, _) => "write_supplement",
        (_, false) => "renew",
        _ => "new_contract",
    };
    let above = Above {
        title: desk.t(title).to_owned(),
        back: (back, customer.name.clone()),
        intro: if parent.is_empty() { String::new() } else { desk.t("supplement_intro").to_owned() },
    };
    form_page(desk, above, sheet, error)
}

pub(crate) async fn add(State(app): State<Shared>, Path(customer): Path<String>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    let values = values.packed("lines", "");
    app.desk(visitor, move |desk| {
        let customer: CustomerId = id(&customer)?;
        match added(desk, customer, &values) {
            Ok(contract) => {
                desk.notice("done_drafted");
                desk.go(&format!("/contracts/{}", contract.id))
            }
            Err(error) => {
                let error = desk.for_form(error)?;
                add_form(desk, &desk.crm.customer(customer)?, &values, Some(&error))
            }
        }
    })
    .await
}

fn added(desk: &Desk<'_>, customer: CustomerId, values: &Values) -> Result<Contract, Error> {
    let mut read = Reader::new(values, desk.look.zone);
    let own = custom_values::read(desk, values, Customized::Contract, None, &mut read)?;
    let contract = NewContract {
        custom: own.values.clone(),
        number: None,
        name: values.get("name").to_owned(),
        parent: read.parsed("parent"),
        renews: read.parsed("renews"),
        kind: read.code("kind"),
        signed_on: read.day("signed_on"),
        starts_on: read.day("starts_on"),
        ends_on: read.day("ends_on"),
        currency: read.currency("currency"),
        rate: read.decimal("rate"),
        amount: read.decimal("amount"),
        agreed_price: values.ticked("agreed_price"),
        tax_excluded: values.ticked("tax_excluded"),
        whole_discount: read.decimal("whole_discount"),
        lines: lines(values, &mut read),
        owner: None,
        owner_position: None,
        customer_signatory: values.text("customer_signatory"),
        own_signatory: values.text("own_signatory"),
        payment_method: read.code("payment_method"),
        note: values.text("note"),
        lowers: lowered(values, &mut read),
    };
    read.done()?;
    let contract = desk.look.editable("contract", contract)?;
    let created = desk.acting(values).create_contract(customer, contract);
    created.map_err(|error| custom_values::placed(error, &own.values))
}

fn values_of(d: &Look<'_>, contract: &Contract) -> Values {
    let text = |decimal: Option<crm_core::Decimal>| decimal.map(|decimal| decimal.to_string());
    let day = |date: Option<crm_core::Date>| date.map(|day| day.to_string());
    let code = |code: &Option<crm_core::EntryCode>| code.as_ref().map(ToString::to_string);
    // The sum of lines follows from them: typed again it would be a second truth.
    let amount = (contract.agreed_price || contract.lines.is_empty()).then(|| contract.amount.to_string());
    let mut values = custom_values::with_values(d, Values::default(), &contract.custom)
        .with("version", contract.version.to_string())
        .with("name", &contract.name)
        .with_some("kind", code(&contract.kind))
        .with_some("signed_on", day(contract.signed_on))
        .with_some("starts_on", day(contract.starts_on))
        .with_some("ends_on", day(contract.ends_on))
        .with_some("amount", amount)
        .with("currency", contract.currency.code())
        .with("rate", contract.rate.to_string())
        .with_some("whole_discount", text(contract.whole_discount))
        .with_some("agreed_price", contract.agreed_price.then_some("1"))
        .with_some("tax_excluded", (!contract.tax_included).then_some("1"))
        .with_some("customer_signatory", contract.customer_signatory.clone())
        .with_some("own_signatory", contract.own_signatory.clone())
        .with_some("payment_method", code(&contract.payment_method))
        .with_some("note", contract.note.clone());
    for (at, line) in contract.lines.iter().enumerate() {
        let name = |field: &str| format!("lines_{at}_{field}");
        values = values
            .with_some(&name("product"), line.product.map(|product| product.to_string()))
            .with(&name("name"), &line.name)
            .with_some(&name("unit"), line.unit.clone())
            .with(&name("quantity"), line.quantity.to_string())
            .with(&name("price"), line.price.to_string())
            .with_some(&name("discount_percent"), text(line.discount_percent))
            .with_some(&name("tax_rate"), text(line.tax_rate));
    }
    values
}

pub(crate) async fn edit(State(app): State<Shared>, visitor: Visitor, Path(contract): Path<String>) -> Reply {
    app.desk(visitor, move |desk| {
        let contract = of_contract(desk, &contract, "edit")?.contract;
        edit_form(desk, &contract, &values_of(&desk.look, &contract), None)
    })
    .await
}

fn edit_form(desk: &Desk<'_>, contract: &Contract, values: &Values, error: Option<&Error>) -> Reply {
    let back = format!("/contracts/{}", contract.id);
    let now = values_of(&desk.look, contract);
    let conflict = matches!(error, Some(Error::Conflict { .. }));
    let version = if conflict { now.get("version") } else { values.get("version") };
    let sheet = Sheet::new(desk, format!("{back}/edit"), values, error)
        .of_record("contract")
        .present(conflict.then_some(&now))
        .hidden("version", version)
        .cancel(back.as_str());
    let draft = contract.status == ContractStatus::Draft;
    let sheet = if draft {
        draft_fields(desk, sheet, values)?
    } else {
        let sheet = sheet.line("name", 200).required().entry("kind", dictionary::CONTRACT_KIND);
        other_fields(desk, sheet.labelled(desk.t("dict_contract_kind")))
    };
    let sheet = custom_values::fields(desk, sheet, Customized::Contract, Some(&contract.custom))?;
    let above = Above {
        title: desk.t("edit_contract").to_owned(),
        back: (back.clone(), contract.name.clone()),
        intro: if draft { String::new() } else { desk.t("signed_intro").to_owned() },
    };
    form_page(desk, above, sheet, error)
}

pub(crate) async fn save(State(app): State<Shared>, Path(contract): Path<String>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    let values = values.packed("lines", "");
    app.desk(visitor, move |desk| {
        let contract: ContractId = id(&contract)?;
        let before = desk.crm.contract(contract)?.contract;
        match saved(desk, &before, &values) {
            Ok(contract) => {
                desk.notice("done_saved");
                desk.go(&format!("/contracts/{}", contract.id))
            }
            Err(error) => edit_form(desk, &before, &values, Some(&desk.for_form(error)?)),
        }
    })
    .await
}

fn saved(desk: &Desk<'_>, before: &Contract, values: &Values) -> Result<Contract, Error> {
    let mut read = Reader::new(values, desk.look.zone);
    let own = custom_values::read(desk, values, Customized::Contract, Some(&before.custom), &mut read)?;
    let mut edit = ContractEdit {
        version: values.get("version").parse().unwrap_or_default(),
        name: Some(values.get("name").to_owned()),
        kind: read.code("kind"),
        customer_signatory: values.text("customer_signatory"),
        own_signatory: values.text("own_signatory"),
        payment_method: read.code("payment_method"),
        note: values.text("note"),
        custom: own.values.clone(),
        ..ContractEdit::default()
    };
    let mut blank = vec![
        ("kind", edit.kind.is_none()),
        ("customer_signatory", edit.customer_signatory.is_none()),
        ("own_signatory", edit.own_signatory.is_none()),
        ("payment_method", edit.payment_method.is_none()),
        ("note", edit.note.is_none()),
    ];
    if before.status == ContractStatus::Draft {
        edit.signed_on = read.day("signed_on");
        edit.starts_on = read.day("starts_on");
        edit.ends_on = read.day("ends_on");
        edit.currency = read.currency("currency");
        edit.rate = read.decimal("rate");
        edit.amount = read.decimal("amount");
        edit.agreed_price = Some(values.ticked("agreed_price"));
        edit.tax_included = Some(!values.ticked("tax_excluded"));
        edit.whole_discount = read.decimal("whole_discount");
        edit.lines = Some(lines(values, &mut read));
        blank.extend([
            ("signed_on", edit.signed_on.is_none()),
            ("starts_on", edit.starts_on.is_none()),
            ("ends_on", edit.ends_on.is_none()),
            ("whole_discount", edit.whole_discount.is_none()),
        ]);
    }
    read.done()?;
    edit.clear = blank.iter().filter(|(_, blank)| *blank).map(|(name, _)| (*name).to_owned()).collect();
    edit.clear.extend(own.clear);
    let edit = desk.look.editable("contract", edit)?;
    let edited = desk.acting(values).edit_contract(before.id, edit);
    edited.map_err(|error| custom_values::placed(error, &own.values))
}
