//! Sharing a customer, and ending it.

use crate::app::{Reply, Shared};
use crate::desk::{Choice, Desk, Look};
use crate::form::Sheet;
use crate::pages::customer_form::last_minute;
use crate::pages::{Above, contact, form_page, id};
use crate::security::Posted;
use crate::session::Visitor;
use crate::values::{Reader, Values};
use axum::extract::{Path, State};
use crm_core::{
    Customer, CustomerId, Error, PositionId, Share, ShareId, ShareInput, SharePanel, ShareRight, SharedPanel, UserId,
    Violation,
};

pub(crate) async fn fresh(State(app): State<Shared>, visitor: Visitor, Path(customer): Path<String>) -> Reply {
    app.desk(visitor, move |desk| {
        let customer = desk.open_for(id(&customer)?, "share")?;
        let to_read = |values: Values, panel: &SharePanel| values.with(&field(*panel), "read");
        draw(desk, &customer, &SharePanel::ALL.iter().fold(Values::default(), to_read), None)
    })
    .await
}

fn draw(desk: &Desk<'_>, customer: &Customer, values: &Values, error: Option<&Error>) -> Reply {
    let here = format!("/customers/{}", customer.id);
    let mut people = desk.people_choices()?;
    people.retain(|person| person.value != customer.owner.as_str());
    let mut sheet = Sheet::new(desk, format!("{here}/shares/new"), values, error)
        .choice("person", people)
        .choice("position", desk.position_choices()?)
        .help("share_help")
        .input("date", "ends_at")
        .help("ends_help")
        .line("label", 60)
        .labelled(desk.t("f_share_label"))
        .section("share_panels");
    for panel in SharePanel::ALL {
        let rights = [("none", "right_none"), ("read", "right_read"), ("edit", "right_edit")];
        let rights = rights.map(|(value, key)| Choice::new(value, desk.t(key)));
        sheet = sheet.choice(&field(panel), rights.into()).required().labelled(desk.t(panel_key(panel)));
    }
    let sheet = sheet.submit("share").cancel(here.as_str());
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

/// The field of a panel's right.
fn field(panel: SharePanel) -> String {
    format!("panel_{}", panel_key(panel))
}

/// The text that names a panel.
pub(crate) fn panel_key(panel: SharePanel) -> &'static str {
    match panel {
        SharePanel::Information => "details",
        SharePanel::Contacts => "contacts",
        SharePanel::FollowUps => "follow_ups",
        SharePanel::Documents => "documents",
        SharePanel::Contracts => "contracts",
        SharePanel::Receipts => "panel_receipts",
    }
}

/// What a share opens, in words; nothing where it opens all.
pub(crate) fn panels_told(d: &Look<'_>, panels: &[SharedPanel]) -> String {
    let told = |shared: &SharedPanel| {
        let right = if shared.right == ShareRight::Edit { "right_edit" } else { "right_read" };
        format!("{} {}", d.t(panel_key(shared.panel)), d.t(right))
    };
    panels.iter().map(told).collect::<Vec<_>>().join(d.t("between_reasons"))
}

fn added(desk: &Desk<'_>, customer: CustomerId, values: &Values) -> Result<Share, Error> {
    let zone = desk.look.zone;
    let shared = |panel| {
        let right = match values.get(&field(panel)) {
            "edit" => ShareRight::Edit,
            "read" => ShareRight::Read,
            _ => return None,
        };
        Some(SharedPanel { panel, right })
    };
    let panels: Vec<SharedPanel> = SharePanel::ALL.into_iter().filter_map(shared).collect();
    if panels.is_empty() {
        // To the library it would mean all six.
        return Err(Violation::required("panel_details").into());
    }
    let mut read = Reader::new(values, zone);
    let share = ShareInput {
        person: read.made::<UserId>("person"),
        position: read.made::<PositionId>("position"),
        right: ShareRight::Read,
        panels,
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
