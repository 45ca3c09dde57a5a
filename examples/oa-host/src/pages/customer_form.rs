//! Creating and editing a customer, giving it to somebody else, deleting and restoring it.

use crate::app::{Reply, Shared};
use crate::desk::{Desk, Look};
use crate::form::Sheet;
use crate::pages::contact::gender;
use crate::pages::duplicate::{Below, FIRST_REASON, Of, REASON};
use crate::pages::laid_out::{FIRST_CONTACT, LaidOut};
use crate::pages::{Above, Params, custom_values, form_page, id};
use crate::security::Posted;
use crate::session::Visitor;
use crate::values::{Reader, Values};
use axum::extract::{Path, State};
use crm_core::{
    BatchAnswer, Customer, CustomerEdit, CustomerId, CustomerKind, Customized, Error, FormPurpose, NewContact,
    NewCustomer, TimeZone, Timestamp, Transfer, UserId, Violation,
};

pub(crate) async fn fresh(State(app): State<Shared>, visitor: Visitor, Params(params): Params) -> Reply {
    app.desk(visitor, move |desk| {
        let values = Values::default().with("kind", "company").with_some("form", params.text("form"));
        let values = custom_values::with_defaults(&desk.look, Customized::Customer, values);
        create_form(desk, &values, None, Default::default())
    })
    .await
}

pub(crate) async fn create(State(app): State<Shared>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        if values.ticked("check") {
            let (below, error) = Of::Customer(None).asked(desk, &values)?;
            // What is wrong with the contact is said when the form is sent.
            let (contact, _) = Of::FirstContact.asked(desk, &values)?;
            return create_form(desk, &values, error.as_ref(), (below, contact));
        }
        match created(desk, &values) {
            Ok(customer) => {
                desk.notice("done_created");
                match desk.crm.customer(customer.id) {
                    Ok(customer) => desk.go(&format!("/customers/{}", customer.id)),
                    // Straight into a pool that he does not see.
                    Err(_) => desk.go("/customers?view=mine"),
                }
            }
            Err(error) => {
                let error = desk.for_form(error)?;
                let below = Of::Customer(None).refused(desk, &values, &error)?;
                let contact = Of::FirstContact.refused(desk, &values, &error)?;
                create_form(desk, &values, Some(&error), (below, contact))
            }
        }
    })
    .await
}

/// The purpose of a form that makes a customer.
fn purpose(values: &Values) -> FormPurpose {
    if values.get("form") == "quick_create" { FormPurpose::QuickCreate } else { FormPurpose::Create }
}

fn create_form(desk: &Desk<'_>, values: &Values, error: Option<&Error>, (below, contact): (Below, Below)) -> Reply {
    let sheet = Sheet::new(desk, "/customers/new", values, error)
        .of_record("customer")
        .submit("create")
        .cancel("/customers?view=mine");
    let purpose = purpose(values);
    let quick = purpose == FormPurpose::QuickCreate;
    let sheet = if quick { sheet.hidden("form", "quick_create") } else { sheet };
    let form = LaidOut::of(desk, Customized::Customer, purpose)?;
    let mut below = (Some(below), Some(contact));
    let mut sheet = form.draw(desk, sheet, None, |field, sheet| match field {
        "customer.name" => match below.0.take() {
            Some(found) => Of::Customer(None).below(desk, sheet, found),
            None => sheet,
        },
        "contact.name" => match below.1.take() {
            Some(found) => Of::FirstContact.below(desk, sheet, found),
            None => sheet,
        },
        _ => sheet,
    })?;
    if !quick {
        let assignable = desk.assignable()?;
        let pools = if desk.look.may("pool.release") { desk.pool_choices()? } else { Vec::new() };
        sheet = sheet.folded("s_owner");
        if assignable.len() > 1 {
            sheet = sheet.choice("owner", assignable).help("owner_help");
        }
        if !pools.is_empty() {
            sheet = sheet.choice("pool", pools).labelled(desk.t("straight_to_pool")).help("straight_to_pool_help");
        }
    }
    let above = Above {
        title: desk.t(if quick { "quick_customer" } else { "new_customer" }).to_owned(),
        back: match quick {
            true => ("/customers/new".to_owned(), desk.t("every_field").to_owned()),
            false => ("/customers/new?form=quick_create".to_owned(), desk.t("quick_customer").to_owned()),
        },
        intro: String::new(),
    };
    form_page(desk, above, sheet, error)
}

/// What of a first contact says that one is meant.
const FIRST_FIELDS: [&str; 11] =
    ["name", "title", "department", "phones", "email", "wechat", "qq", "gender", "address", "preferences", "note"];

fn kind(values: &Values) -> CustomerKind {
    if values.get("kind") == "person" { CustomerKind::Person } else { CustomerKind::Company }
}

fn created(desk: &Desk<'_>, values: &Values) -> Result<Customer, Error> {
    let mut read = Reader::new(values, desk.look.zone);
    // A contact is meant as soon as anything is said about it.
    let said = FIRST_FIELDS.iter().any(|name| values.text(&format!("{FIRST_CONTACT}{name}")).is_some());
    let of_contact = custom_values::read_under(desk, values, (Customized::Contact, FIRST_CONTACT), None, &mut read)?;
    let contact = (said || !of_contact.values.is_empty()).then(|| NewContact {
        name: values.get("contacts_name").to_owned(),
        title: values.text("contacts_title"),
        phones: values.lines("contacts_phones"),
        email: values.text("contacts_email"),
        department: values.text("contacts_department"),
        wechat: values.text("contacts_wechat"),
        qq: values.text("contacts_qq"),
        gender: gender(values, "contacts_gender"),
        address: values.text("contacts_address"),
        preferences: values.text("contacts_preferences"),
        note: values.text("contacts_note"),
        custom: of_contact.values.clone(),
        duplicate_reason: values.text(FIRST_REASON),
        ..NewContact::default()
    });
    let own = custom_values::read(desk, values, Customized::Customer, None, &mut read)?;
    let customer = NewCustomer {
        number: values.text("number"),
        kind: Some(kind(values)),
        name: values.get("name").to_owned(),
        short_name: values.text("short_name"),
        credit_code: values.text("credit_code"),
        level: read.code("level"),
        stage: read.code("stage"),
        source: read.code("source"),
        industry: read.code("industry"),
        region: values.text("region"),
        address: values.text("address"),
        phones: values.lines("phones"),
        website: values.text("website"),
        email: values.text("email"),
        description: values.text("description"),
        birthday: read.birthday(),
        custom: own.values.clone(),
        owner: read.made::<UserId>("owner"),
        owner_position: None,
        pool: read.parsed("pool"),
        contacts: contact.into_iter().collect(),
        relations: Vec::new(),
        duplicate_reason: values.text(REASON),
    };
    read.done()?;
    let contacts = customer.contacts.into_iter().map(|contact| desk.look.editable("contact", contact));
    let customer = NewCustomer { contacts: contacts.collect::<Result<_, _>>()?, ..customer };
    let form = LaidOut::of(desk, Customized::Customer, purpose(values))?;
    let customer = desk.look.asked(&form, customer)?;
    let created = desk.acting(values).create_customer(customer);
    created.map_err(|error| {
        let error = custom_values::placed(error, &own.values);
        custom_values::placed_under(error, "contacts[0].", &of_contact.values)
    })
}

/// What the form of a customer shows of it.
fn values_of(d: &Look<'_>, customer: &Customer) -> Values {
    let code = |code: &Option<crm_core::EntryCode>| code.as_ref().map(ToString::to_string);
    custom_values::with_values(d, Values::default(), &customer.custom)
        .with("version", customer.version.to_string())
        .with("number", &customer.number)
        .with("name", &customer.name)
        .with(
            "kind",
            match customer.kind {
                CustomerKind::Company => "company",
                CustomerKind::Person => "person",
            },
        )
        .with_some("short_name", customer.short_name.clone())
        .with_some("credit_code", customer.credit_code.clone())
        .with_some("level", code(&customer.level))
        .with_some("stage", code(&customer.stage))
        .with_some("source", code(&customer.source))
        .with_some("industry", code(&customer.industry))
        .with_some("region", customer.region.clone())
        .with_some("address", customer.address.clone())
        .with("phones", customer.phones.join("\n"))
        .with_some("website", customer.website.clone())
        .with_some("email", customer.email.clone())
        .with_some("description", customer.description.clone())
        .with_birthday(customer.birthday.as_ref())
}

pub(crate) async fn edit(State(app): State<Shared>, visitor: Visitor, Path(customer): Path<String>) -> Reply {
    app.desk(visitor, move |desk| {
        let customer = desk.open_for(id(&customer)?, "edit")?;
        edit_form(desk, &customer, &values_of(&desk.look, &customer), None, Below::default())
    })
    .await
}

pub(crate) async fn save(State(app): State<Shared>, Path(customer): Path<String>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        let customer: CustomerId = id(&customer)?;
        if values.ticked("check") {
            let standing = desk.open_for(customer, "edit")?;
            let (below, error) = Of::Customer(Some(customer)).asked(desk, &values)?;
            return edit_form(desk, &standing, &values, error.as_ref(), below);
        }
        match saved(desk, customer, &values) {
            Ok(customer) => {
                desk.notice("done_saved");
                desk.go(&format!("/customers/{}", customer.id))
            }
            Err(error) => {
                let error = desk.for_form(error)?;
                let below = Of::Customer(Some(customer)).refused(desk, &values, &error)?;
                edit_form(desk, &desk.crm.customer(customer)?, &values, Some(&error), below)
            }
        }
    })
    .await
}

fn edit_form(desk: &Desk<'_>, customer: &Customer, values: &Values, error: Option<&Error>, below: Below) -> Reply {
    let here = format!("/customers/{}", customer.id);
    let now = values_of(&desk.look, customer);
    // After a conflict the form counts on what it has just shown beside its fields.
    let conflict = matches!(error, Some(Error::Conflict { .. }));
    let version = if conflict { now.get("version") } else { values.get("version") };
    let sheet = Sheet::new(desk, format!("{here}/edit"), values, error)
        .of_record("customer")
        .present(conflict.then_some(&now))
        .cancel(here.as_str());
    let sheet = sheet.hidden("version", version).hidden("customer", customer.id.to_string());
    let form = LaidOut::of(desk, Customized::Customer, FormPurpose::Edit)?;
    let mut below = Some(below);
    let sheet = form.draw(desk, sheet, Some(&customer.custom), |field, sheet| match below.take() {
        Some(found) if field == "customer.name" => Of::Customer(Some(customer.id)).below(desk, sheet, found),
        kept => {
            below = kept;
            sheet
        }
    })?;
    let above = Above {
        title: desk.t("edit_customer").to_owned(),
        back: (here.clone(), customer.name.clone()),
        intro: String::new(),
    };
    form_page(desk, above, sheet, error)
}

fn saved(desk: &Desk<'_>, customer: CustomerId, values: &Values) -> Result<Customer, Error> {
    let mut read = Reader::new(values, desk.look.zone);
    let record = desk.crm.customer(customer)?;
    let own = custom_values::read(desk, values, Customized::Customer, Some(&record.custom), &mut read)?;
    let mut edit = CustomerEdit {
        version: values.get("version").parse().unwrap_or_default(),
        number: Some(values.get("number").to_owned()),
        kind: Some(kind(values)),
        name: Some(values.get("name").to_owned()),
        short_name: values.text("short_name"),
        credit_code: values.text("credit_code"),
        level: read.code("level"),
        stage: read.code("stage"),
        source: read.code("source"),
        industry: read.code("industry"),
        region: values.text("region"),
        address: values.text("address"),
        phones: Some(values.lines("phones")),
        website: values.text("website"),
        email: values.text("email"),
        description: values.text("description"),
        birthday: read.birthday(),
        custom: own.values.clone(),
        clear: Vec::new(),
        duplicate_reason: values.text(REASON),
    };
    read.done()?;
    let blank = [
        ("short_name", edit.short_name.is_none()),
        ("credit_code", edit.credit_code.is_none()),
        ("level", edit.level.is_none()),
        ("stage", edit.stage.is_none()),
        ("source", edit.source.is_none()),
        ("industry", edit.industry.is_none()),
        ("region", edit.region.is_none()),
        ("address", edit.address.is_none()),
        ("website", edit.website.is_none()),
        ("email", edit.email.is_none()),
        ("description", edit.description.is_none()),
        ("birthday", edit.birthday.is_none()),
    ];
    edit.clear = blank.iter().filter(|(_, blank)| *blank).map(|(name, _)| (*name).to_owned()).collect();
    edit.clear.extend(own.clear);
    let form = LaidOut::of(desk, Customized::Customer, FormPurpose::Edit)?;
    let edit = desk.look.asked(&form, edit)?;
    desk.acting(values).edit_customer(customer, edit).map_err(|error| custom_values::placed(error, &own.values))
}

pub(crate) async fn transfer(State(app): State<Shared>, visitor: Visitor, Path(customer): Path<String>) -> Reply {
    app.desk(visitor, move |desk| {
        let customer = desk.open_for(id(&customer)?, "assign")?;
        transfer_form(desk, &customer, &Values::default(), None, None)
    })
    .await
}

/// The fields of a transfer, of one customer or many.
pub(crate) fn transfer_fields<'a>(desk: &Desk<'_>, sheet: Sheet<'a>) -> Result<Sheet<'a>, crate::failure::Failure> {
    Ok(sheet
        .choice("to", desk.assignable()?)
        .required()
        .input("date", "keep_reader_until")
        .help("keep_reader_help")
        .line("reason", 200)
        .wide()
        .submit("transfer"))
}

/// The last minute of a day: what ends "on" a day ends with it.
pub(crate) fn last_minute(zone: TimeZone, day: Timestamp) -> Timestamp {
    zone.start_of(zone.day_after(day, 1)).plus_millis(-60_000)
}

/// What a form of a transfer says.
pub(crate) fn transfer_of(desk: &Desk<'_>, values: &Values) -> Result<Transfer, Error> {
    let mut read = Reader::new(values, desk.look.zone);
    let to = read.made::<UserId>("to");
    let keep_reader_until = read.instant("keep_reader_until");
    read.done()?;
    Ok(Transfer {
        to: to.ok_or_else(|| Violation::required("to"))?,
        to_position: None,
        // The day itself is included.
        keep_reader_until: keep_reader_until.map(|day| last_minute(desk.look.zone, day)),
        reason: values.text("reason"),
    })
}

/// What an answer to a batch of one says against it.
fn refused(desk: &Desk<'_>, answer: &BatchAnswer) -> Option<String> {
    let item = answer.items.first().filter(|item| item.error.is_some())?;
    crate::pages::batch::said(desk, &item.texts)
}

fn transfer_form(
    desk: &Desk<'_>,
    customer: &Customer,
    values: &Values,
    error: Option<&Error>,
    problem: Option<String>,
) -> Reply {
    let here = format!("/customers/{}", customer.id);
    let sheet = Sheet::new(desk, format!("{here}/transfer"), values, error).problem(problem).cancel(here.as_str());
    let above = Above {
        title: desk.t("transfer_customer").to_owned(),
        back: (here.clone(), customer.name.clone()),
        intro: desk.t("transfer_intro").to_owned(),
    };
    form_page(desk, above, transfer_fields(desk, sheet)?, error)
}

pub(crate) async fn do_transfer(State(app): State<Shared>, Path(customer): Path<String>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        let customer = desk.crm.customer(id(&customer)?)?;
        let transferred = transfer_of(desk, &values)
            .and_then(|transfer| desk.acting(&values).transfer_customers(vec![customer.id], transfer));
        match transferred {
            Ok(answer) if answer.failed == 0 => {
                let asked = answer.items.iter().any(|item| item.approval.is_some());
                desk.notice(if asked { "done_transfer_asked" } else { "done_transferred" });
                // Who gave it away may not see it any more.
                match desk.crm.customer(customer.id) {
                    Ok(customer) => desk.go(&format!("/customers/{}", customer.id)),
                    Err(_) => desk.go("/customers?view=mine"),
                }
            }
            Ok(answer) => transfer_form(desk, &customer, &values, None, refused(desk, &answer)),
            Err(error) => transfer_form(desk, &customer, &values, Some(&desk.for_form(error)?), None),
        }
    })
    .await
}

pub(crate) async fn delete(State(app): State<Shared>, visitor: Visitor, Path(customer): Path<String>) -> Reply {
    app.desk(visitor, move |desk| {
        let customer = desk.open_for(id(&customer)?, "delete")?;
        delete_form(desk, &customer, None)
    })
    .await
}

fn delete_form(desk: &Desk<'_>, customer: &Customer, error: Option<&Error>) -> Reply {
    let here = format!("/customers/{}", customer.id);
    let values = Values::default();
    let sheet =
        Sheet::new(desk, format!("{here}/delete"), &values, error).submit("delete").danger().cancel(here.as_str());
    let above = Above {
        title: format!("{} {}", desk.t("delete_customer"), customer.name),
        back: (here.clone(), customer.name.clone()),
        intro: desk.t("delete_intro").to_owned(),
    };
    form_page(desk, above, sheet, error)
}

pub(crate) async fn do_delete(State(app): State<Shared>, Path(customer): Path<String>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        let customer = desk.crm.customer(id(&customer)?)?;
        match desk.acting(&values).delete_customer(customer.id) {
            Ok(_) => {
                desk.notice("done_deleted");
                desk.go("/customers?view=recycle_bin")
            }
            Err(error) => delete_form(desk, &customer, Some(&desk.for_form(error)?)),
        }
    })
    .await
}

/// Asked for where the name was taken while the customer lay in the recycle bin.
fn restore_form(desk: &Desk<'_>, customer: &Customer, values: &Values, error: &Error) -> Reply {
    let here = format!("/customers/{}", customer.id);
    let values = Values::default().with("name", values.text("name").unwrap_or_else(|| customer.name.clone()));
    let sheet = Sheet::new(desk, format!("{here}/restore"), &values, Some(error))
        .line("name", 200)
        .required()
        .submit("restore")
        .cancel(here.as_str());
    let above = Above {
        title: desk.t("restore").to_owned(),
        back: (here.clone(), customer.name.clone()),
        intro: desk.t("restore_intro").to_owned(),
    };
    form_page(desk, above, sheet, Some(error))
}

pub(crate) async fn restore(State(app): State<Shared>, Path(customer): Path<String>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        let customer: CustomerId = id(&customer)?;
        let restored = desk.acting(&values).restore_customer(customer, values.text("name"));
        match &restored {
            Err(error) if matches!(error.code(), "same_name" | "invalid") => {
                restore_form(desk, &desk.crm.customer(customer)?, &values, error)
            }
            _ => desk.done(restored, "done_restored", &format!("/customers/{customer}")),
        }
    })
    .await
}
