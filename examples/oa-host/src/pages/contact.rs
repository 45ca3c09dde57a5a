//! Adding, editing and removing a contact, choosing the primary one.

use crate::app::{Reply, Shared};
use crate::desk::{Choice, Desk, Look};
use crate::failure::Failure;
use crate::form::Sheet;
use crate::pages::duplicate::{Below, Of, REASON};
use crate::pages::laid_out::LaidOut;
use crate::pages::{Above, custom_values, form_page, id};
use crate::security::Posted;
use crate::session::Visitor;
use crate::values::{Reader, Values};
use axum::extract::{Path, State};
use crm_core::{
    Contact, ContactEdit, ContactId, Customer, CustomerId, Customized, Error, FormPurpose, Gender, NewContact,
};

/// The fields of a contact as they are laid out.
fn fields<'a>(
    desk: &'a Desk<'a>,
    sheet: Sheet<'a>,
    form: &LaidOut,
    contact: Option<&Contact>,
    below: Below,
) -> Result<Sheet<'a>, Failure> {
    let mut below = Some(below);
    let id = contact.map(|contact| contact.id);
    form.draw(desk, sheet, contact.map(|contact| contact.custom.as_slice()), |field, sheet| match below.take() {
        Some(found) if field == "contact.name" => Of::Contact(id).below(desk, sheet, found),
        kept => {
            below = kept;
            sheet
        }
    })
}

/// The gender that was chosen in a field.
pub(crate) fn gender(values: &Values, name: &str) -> Option<Gender> {
    match values.get(name) {
        "female" => Some(Gender::Female),
        "male" => Some(Gender::Male),
        "other" => Some(Gender::Other),
        _ => None,
    }
}

pub(crate) async fn fresh(State(app): State<Shared>, visitor: Visitor, Path(customer): Path<String>) -> Reply {
    app.desk(visitor, move |desk| {
        let customer = desk.open_for(id(&customer)?, "add_contact")?;
        let values = custom_values::with_defaults(&desk.look, Customized::Contact, Values::default());
        add_form(desk, &customer, &values, None, Below::default())
    })
    .await
}

fn add_form(desk: &Desk<'_>, customer: &Customer, values: &Values, error: Option<&Error>, below: Below) -> Reply {
    let here = format!("/customers/{}", customer.id);
    let sheet =
        Sheet::new(desk, format!("{here}/contacts/new"), values, error).of_record("contact").cancel(here.as_str());
    let form = LaidOut::of(desk, Customized::Contact, FormPurpose::Create)?;
    let sheet = fields(desk, sheet, &form, None, below)?.section("s_primary").tick("primary");
    let above = Above {
        title: desk.t("add_contact").to_owned(),
        back: (here.clone(), customer.name.clone()),
        intro: String::new(),
    };
    form_page(desk, above, sheet, error)
}

pub(crate) async fn add(State(app): State<Shared>, Path(customer): Path<String>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        let customer: CustomerId = id(&customer)?;
        if values.ticked("check") {
            let standing = desk.open_for(customer, "add_contact")?;
            let (below, error) = Of::Contact(None).asked(desk, &values)?;
            return add_form(desk, &standing, &values, error.as_ref(), below);
        }
        match added(desk, customer, &values) {
            Ok(_) => {
                desk.notice("done_contact_added");
                desk.go(&format!("/customers/{customer}"))
            }
            Err(error) => {
                let error = desk.for_form(error)?;
                let below = Of::Contact(None).refused(desk, &values, &error)?;
                add_form(desk, &desk.crm.customer(customer)?, &values, Some(&error), below)
            }
        }
    })
    .await
}

fn added(desk: &Desk<'_>, customer: CustomerId, values: &Values) -> Result<Contact, Error> {
    let mut read = Reader::new(values, desk.look.zone);
    let own = custom_values::read(desk, values, Customized::Contact, None, &mut read)?;
    let contact = NewContact {
        name: values.get("name").to_owned(),
        primary: values.ticked("primary"),
        gender: gender(values, "gender"),
        title: values.text("title"),
        department: values.text("department"),
        phones: values.lines("phones"),
        email: values.text("email"),
        wechat: values.text("wechat"),
        qq: values.text("qq"),
        birthday: read.birthday(),
        address: values.text("address"),
        preferences: values.text("preferences"),
        note: values.text("note"),
        custom: own.values.clone(),
        duplicate_reason: values.text(REASON),
    };
    read.done()?;
    let form = LaidOut::of(desk, Customized::Contact, FormPurpose::Create)?;
    let contact = desk.look.asked(&form, contact)?;
    let added = desk.acting(values).add_contact(customer, contact);
    added.map_err(|error| custom_values::placed(error, &own.values))
}

fn values_of(d: &Look<'_>, contact: &Contact) -> Values {
    let gender = contact.gender.map(|gender| match gender {
        Gender::Female => "female",
        Gender::Male => "male",
        Gender::Other => "other",
    });
    custom_values::with_values(d, Values::default(), &contact.custom)
        .with("version", contact.version.to_string())
        .with("name", &contact.name)
        .with_some("gender", gender)
        .with_some("title", contact.title.clone())
        .with_some("department", contact.department.clone())
        .with("phones", contact.phones.join("\n"))
        .with_some("email", contact.email.clone())
        .with_some("wechat", contact.wechat.clone())
        .with_some("qq", contact.qq.clone())
        .with_birthday(contact.birthday.as_ref())
        .with_some("address", contact.address.clone())
        .with_some("preferences", contact.preferences.clone())
        .with_some("note", contact.note.clone())
}

pub(crate) async fn edit(State(app): State<Shared>, visitor: Visitor, Path(contact): Path<String>) -> Reply {
    app.desk(visitor, move |desk| {
        let contact = desk.crm.contact(id(&contact)?)?;
        edit_form(desk, &contact, &values_of(&desk.look, &contact), None, Below::default())
    })
    .await
}

fn edit_form(desk: &Desk<'_>, contact: &Contact, values: &Values, error: Option<&Error>, below: Below) -> Reply {
    let customer = desk.crm.customer(contact.customer)?;
    let back = format!("/customers/{}", customer.id);
    let now = values_of(&desk.look, contact);
    let conflict = matches!(error, Some(Error::Conflict { .. }));
    let version = if conflict { now.get("version") } else { values.get("version") };
    let sheet = Sheet::new(desk, format!("/contacts/{}/edit", contact.id), values, error)
        .of_record("contact")
        .present(conflict.then_some(&now))
        .hidden("version", version)
        .hidden("contact", contact.id.to_string())
        .cancel(back.as_str());
    let above = Above {
        title: desk.t("edit_contact").to_owned(),
        back: (back.clone(), customer.name.clone()),
        intro: String::new(),
    };
    let form = LaidOut::of(desk, Customized::Contact, FormPurpose::Edit)?;
    form_page(desk, above, fields(desk, sheet, &form, Some(contact), below)?, error)
}

pub(crate) async fn save(State(app): State<Shared>, Path(contact): Path<String>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        let contact: ContactId = id(&contact)?;
        if values.ticked("check") {
            let (below, error) = Of::Contact(Some(contact)).asked(desk, &values)?;
            return edit_form(desk, &desk.crm.contact(contact)?, &values, error.as_ref(), below);
        }
        match saved(desk, contact, &values) {
            Ok(contact) => {
                desk.notice("done_saved");
                desk.go(&format!("/customers/{}", contact.customer))
            }
            Err(error) => {
                let error = desk.for_form(error)?;
                let below = Of::Contact(Some(contact)).refused(desk, &values, &error)?;
                edit_form(desk, &desk.crm.contact(contact)?, &values, Some(&error), below)
            }
        }
    })
    .await
}

fn saved(desk: &Desk<'_>, contact: ContactId, values: &Values) -> Result<Contact, Error> {
    let mut read = Reader::new(values, desk.look.zone);
    let record = desk.crm.contact(contact)?;
    let own = custom_values::read(desk, values, Customized::Contact, Some(&record.custom), &mut read)?;
    let mut edit = ContactEdit {
        version: values.get("version").parse().unwrap_or_default(),
        name: Some(values.get("name").to_owned()),
        gender: gender(values, "gender"),
        title: values.text("title"),
        department: values.text("department"),
        phones: Some(values.lines("phones")),
        email: values.text("email"),
        wechat: values.text("wechat"),
        qq: values.text("qq"),
        birthday: read.birthday(),
        address: values.text("address"),
        preferences: values.text("preferences"),
        note: values.text("note"),
        custom: own.values.clone(),
        clear: Vec::new(),
        duplicate_reason: values.text(REASON),
    };
    read.done()?;
    let blank = [
        ("gender", edit.gender.is_none()),
        ("title", edit.title.is_none()),
        ("department", edit.department.is_none()),
        ("email", edit.email.is_none()),
        ("wechat", edit.wechat.is_none()),
        ("qq", edit.qq.is_none()),
        ("birthday", edit.birthday.is_none()),
        ("address", edit.address.is_none()),
        ("preferences", edit.preferences.is_none()),
        ("note", edit.note.is_none()),
    ];
    edit.clear = blank.iter().filter(|(_, blank)| *blank).map(|(name, _)| (*name).to_owned()).collect();
    edit.clear.extend(own.clear);
    let form = LaidOut::of(desk, Customized::Contact, FormPurpose::Edit)?;
    let edited = desk.acting(values).edit_contact(contact, desk.look.asked(&form, edit)?);
    edited.map_err(|error| custom_values::placed(error, &own.values))
}

pub(crate) async fn remove(State(app): State<Shared>, visitor: Visitor, Path(contact): Path<String>) -> Reply {
    app.desk(visitor, move |desk| remove_form(desk, id(&contact)?, &Values::default(), None)).await
}

fn remove_form(desk: &Desk<'_>, contact: ContactId, values: &Values, error: Option<&Error>) -> Reply {
    let contact = desk.crm.contact(contact)?;
    let panels = desk.crm.customer_panels(contact.customer)?;
    let back = format!("/customers/{}", contact.customer);
    let others = panels.contacts.iter().filter(|other| other.id != contact.id);
    let others: Vec<Choice> = others.map(|other| Choice::new(other.id.to_string(), &other.name)).collect();
    let mut sheet = Sheet::new(desk, format!("/contacts/{}/remove", contact.id), values, error)
        .hidden("customer", contact.customer.to_string())
        .submit("remove")
        .danger()
        .cancel(back.as_str());
    if contact.primary && !others.is_empty() {
        sheet = sheet.choice("new_primary", others).required();
    }
    let above = Above {
        title: format!("{} {}", desk.t("remove_contact"), contact.name),
        back: (back.clone(), panels.customer.name.clone()),
        intro: desk.t("remove_contact_intro").to_owned(),
    };
    form_page(desk, above, sheet, error)
}

pub(crate) async fn do_remove(State(app): State<Shared>, Path(contact): Path<String>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        let contact: ContactId = id(&contact)?;
        let mut read = Reader::new(&values, desk.look.zone);
        let heir = read.parsed("new_primary");
        let removed = read.done().and_then(|()| desk.crm.remove_contact(contact, heir));
        match removed {
            Err(error @ (Error::Invalid { .. } | Error::Refused(_))) => {
                remove_form(desk, contact, &values, Some(&error))
            }
            other => desk.done(other, "done_removed_contact", &back(&values)?),
        }
    })
    .await
}

pub(crate) async fn erase(State(app): State<Shared>, visitor: Visitor, Path(contact): Path<String>) -> Reply {
    app.desk(visitor, move |desk| {
        desk.needs("settings", "manage_settings")?;
        erase_form(desk, id(&contact)?, &Values::default(), None)
    })
    .await
}

fn erase_form(desk: &Desk<'_>, contact: ContactId, values: &Values, error: Option<&Error>) -> Reply {
    let contact = desk.crm.contact(contact)?;
    let customer = desk.crm.customer(contact.customer)?;
    let back = format!("/customers/{}", customer.id);
    let sheet = Sheet::new(desk, format!("/contacts/{}/erase", contact.id), values, error)
        .hidden("customer", customer.id.to_string())
        .line("reason", 300)
        .wide()
        .submit("erase_person")
        .danger()
        .cancel(back.as_str());
    let above = Above {
        title: format!("{}: {}", desk.t("erase_person"), contact.name),
        back: (back, customer.name),
        intro: desk.t("erase_person_intro").to_owned(),
    };
    form_page(desk, above, sheet, error)
}

pub(crate) async fn do_erase(State(app): State<Shared>, Path(contact): Path<String>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        let contact: ContactId = id(&contact)?;
        let back = format!("/customers/{}", desk.crm.contact(contact)?.customer);
        match desk.acting(&values).erase_person(contact, values.text("reason")) {
            Err(error @ (Error::Invalid { .. } | Error::Refused(_))) => {
                erase_form(desk, contact, &values, Some(&error))
            }
            other => desk.done(other, "done_erased", &back),
        }
    })
    .await
}

/// The page of the customer that a small form belongs to.
pub(crate) fn back(values: &Values) -> Result<String, Failure> {
    let customer: CustomerId = id(values.get("customer"))?;
    Ok(format!("/customers/{customer}"))
}

pub(crate) async fn primary(State(app): State<Shared>, Path(contact): Path<String>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        desk.done(desk.crm.set_primary_contact(id(&contact)?), "done_primary", &back(&values)?)
    })
    .await
}
