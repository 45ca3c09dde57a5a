//! Sharing a customer, and ending it.

use crate::app::{Reply, Shared};
use crate::desk::{Choice, Desk};
use crate::form::Sheet;
use crate::pages::customer_form::last_minute;
use crate::pages::{Above, contact, form_page, id};
use crate::security::Posted;
use crate::session::Visitor;
use crate::values::{Reader, Values};
use axum::extract::{Path, State};
use crm_core::{Customer, CustomerId, Error, PositionId, Share, ShareId, ShareInput, ShareRight, UserId};

pub(crate) async fn fresh(State(app): State<Shared>, visitor: Visitor, Path(customer): Path<String>) -> Reply {
    app.desk(visitor, move |desk| {
        let customer = desk.open_for(id(&customer)?, "share")?;
        draw(desk, &customer, &Values::default().with("right", "read"), None)
    })
    .await
}

fn draw(desk: &Desk<'_>, customer: &Customer, values: &Values, error: Option<&Error>) -> Reply {
    let here = format!("/customers/{}", customer.id);
    let rights = vec![Choice::new("read", desk.t("right_read")), Choice::new("edit", desk.t("right_edit"))];
    let mut people = desk.people_choices()?;
    people.retain(|person| person.value != customer.owner.as_str());
    let sheet = Sheet::new(desk, format!("{here}/shares/new"), values, error)
        .choice("person", people)
        .choice("position", desk.position_choices()?)
        .help("share_help")
        .choice("right", rights)
        .required()
        .input("date", "ends_at")
        .help("ends_help")
        .line("label", 60)
        .labelled(desk.t("f_share_label"))
        .submit("share")
        .cancel(here.as_str());
    let above = Above {
        title: desk.t("share_customer").to_owned(),
        back: (here.clone(), customer.name.clone()),
        intro: String::new(),
    };
    form_page(desk, above, sheet, error)
}

pub(crate) async fn add(State(app): State<Shared>, Path(customer): Path<String>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        let customer: CustomerId = id(&customer)?;
        match added(desk, customer, &values) {
            Ok(_) => {
                desk.notice("done_shared");
                desk.go(&format!("/customers/{customer}"))
            }
            Err(error) => {
                let error = desk.for_form(error)?;
                draw(desk, &desk.crm.customer(customer)?, &values, Some(&error))
            }
        }
    })
    .await
}

fn added(desk: &Desk<'_>, customer: CustomerId, values: &Values) -> Result<Share, Error> {
    let zone = desk.look.zone;
    let mut read = Reader::new(values, zone);
    let share = ShareInput {
        person: read.made::<UserId>("person"),
        position: read.made::<PositionId>("position"),
        right: if values.get("right") == "edit" { ShareRight::Edit } else { ShareRight::Read },
        // The day itself is included.
        ends_at: read.instant("ends_at").map(|day| last_minute(zone, day)),
        label: values.text("label"),
    };
    read.done()?;
    desk.acting(values).share_customer(customer, share)
}

pub(crate) async fn end(State(app): State<Shared>, Path(share): Path<String>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        let share: ShareId = id(&share)?;
        desk.done(desk.crm.end_share(share), "done_removed_share", &contact::back(&values)?)
    })
    .await
}
