//! The settings of the organisation.

use crate::app::{Reply, Shared};
use crate::desk::{Choice, Desk};
use crate::form::Sheet;
use crate::pages::{Above, form_page};
use crate::security::Posted;
use crate::session::Visitor;
use crate::values::{Reader, Values};
use axum::extract::State;
use crm_core::{EntryCode, Error, FollowUpSettings, NameRule, Settings, TimeZone, Violation, dictionary};

pub(crate) async fn show(State(app): State<Shared>, visitor: Visitor) -> Reply {
    app.desk(visitor, |desk| {
        let settings = desk.crm.settings()?;
        draw(desk, &values_of(&settings), None)
    })
    .await
}

fn values_of(settings: &Settings) -> Values {
    let rule = match settings.same_name {
        NameRule::Refuse => "refuse",
        NameRule::Allow => "allow",
    };
    let follow_up = &settings.follow_up;
    let values = Values::default()
        .with("version", settings.version.to_string())
        .with("time_zone", settings.time_zone.name())
        .with("same_name", rule)
        .with("customer_number", &settings.customer_number)
        .with("recycle_bin_days", settings.recycle_bin_days.to_string())
        .with("follow_up_correction_hours", follow_up.correction_hours.to_string())
        .with("follow_up_least_length", follow_up.least_length.to_string())
        .with_some("follow_up_superiors_count", follow_up.superiors_count.then_some("1"));
    follow_up
        .methods_that_count
        .iter()
        .fold(values, |values, method| values.with("follow_up_methods_that_count", method.as_str()))
}

fn draw(desk: &Desk<'_>, values: &Values, error: Option<&Error>) -> Reply {
    let d = &desk.look;
    let rules = vec![Choice::new("refuse", d.t("name_refuse")), Choice::new("allow", d.t("name_allow"))];
    let methods = desk.entries().iter().filter(|entry| entry.dictionary == dictionary::METHOD);
    let methods = methods.map(|entry| Choice::new(entry.code.as_str(), &entry.label)).collect();
    let now = values_of(&desk.crm.settings()?);
    // After a conflict the form counts on what it has just shown beside its fields.
    let conflict = matches!(error, Some(Error::Conflict { .. }));
    let version = if conflict { now.get("version") } else { values.get("version") };
    let sheet = Sheet::new(desk, "/settings", values, error)
        .present(conflict.then_some(&now))
        .hidden("version", version)
        .section("s_customers")
        .choice("same_name", rules)
        .required()
        .line("customer_number", 40)
        .required()
        .help("number_help")
        .input("number", "recycle_bin_days")
        .required()
        .line("time_zone", 60)
        .required()
        .help("zone_help")
        .section("s_follow_ups")
        .input("number", "follow_up_correction_hours")
        .required()
        .input("number", "follow_up_least_length")
        .required()
        .checks("follow_up_methods_that_count", methods)
        .help("methods_help")
        .tick("follow_up_superiors_count");
    let above = Above { title: d.menu_label("settings"), back: Default::default(), intro: String::new() };
    form_page(desk, above, sheet, error)
}

pub(crate) async fn save(State(app): State<Shared>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| match saved(desk, &values) {
        Ok(_) => {
            desk.notice("done_saved");
            desk.go("/settings")
        }
        Err(error) => draw(desk, &values, Some(&desk.for_form(error)?)),
    })
    .await
}

fn saved(desk: &Desk<'_>, values: &Values) -> Result<Settings, Error> {
    let mut read = Reader::new(values, desk.look.zone);
    let recycle_bin_days = read.number("recycle_bin_days");
    let correction_hours = read.number("follow_up_correction_hours");
    let least_length = read.number("follow_up_least_length");
    read.done()?;
    let methods = values.all("follow_up_methods_that_count").into_iter().map(EntryCode::new).collect::<Result<_, _>>();
    let acting = desk.acting(values);
    // What has no field on the page stays; the version tells when somebody changed it meanwhile.
    let contract = acting.settings()?.contract;
    acting.change_settings(Settings {
        time_zone: TimeZone::named(values.get("time_zone").trim())?,
        same_name: if values.get("same_name") == "allow" { NameRule::Allow } else { NameRule::Refuse },
        customer_number: values.get("customer_number").to_owned(),
        recycle_bin_days,
        follow_up: FollowUpSettings {
            correction_hours,
            methods_that_count: methods.map_err(|_| Violation::unknown("follow_up_methods_that_count"))?,
            least_length,
            superiors_count: values.ticked("follow_up_superiors_count"),
        },
        contract,
        version: values.get("version").parse().unwrap_or_default(),
    })
}
