//! What a person wants to be told of, other than his organisation says.

use crate::app::{Reply, Shared};
use crate::desk::{Choice, Desk, Look};
use crate::form::Sheet;
use crate::pages::reminder::HERE as INBOX;
use crate::pages::{Above, form_page};
use crate::security::Posted;
use crate::session::Visitor;
use crate::values::{Reader, Values};
use axum::extract::State;
use crm_core::{Error, ReminderLeads, ReminderPreferences, Violation};

const HERE: &str = "/reminders/preferences";

/// The name of a kind, the days that the person wants, and those of the organisation.
type Days<'a> = (&'static str, Option<&'a [i32]>, &'a [i32]);

/// What there are days of.
fn lists<'a>(own: &'a ReminderPreferences, all: &'a ReminderLeads) -> [Days<'a>; 4] {
    [
        ("contract_end", own.contract_end.as_deref(), &all.contract_end),
        ("instalment_due", own.instalment_due.as_deref(), &all.instalment_due),
        ("birthday", own.birthday.as_deref(), &all.birthday),
        ("share_end", own.share_end.as_deref(), &all.share_end),
    ]
}

/// What is told or not, by the name of the kind: as the person wants it, and the organisation.
fn ticks(own: &ReminderPreferences, all: &ReminderLeads) -> [(&'static str, Option<bool>, bool); 4] {
    [
        ("instalment_overdue", own.instalment_overdue, all.instalment_overdue),
        ("follow_up_due", own.follow_up_due, all.follow_up_due),
        ("recycle_warning", own.recycle_warning, all.recycle_warning),
        ("reply", own.reply, all.reply),
    ]
}

/// Days as they are typed.
pub(crate) fn typed_days(days: &[i32]) -> String {
    days.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn values_of(own: &ReminderPreferences) -> Values {
    let all = ReminderLeads::default();
    let values = Values::default().with("version", own.version.to_string());
    let values = lists(own, &all).into_iter().fold(values, |values, (kind, own, _)| {
        let says = match own {
            None => "organisation",
            Some([]) => "off",
            Some(_) => "own",
        };
        let values = values.with(&format!("{kind}_as"), says);
        values.with(&format!("own_{kind}"), own.map(typed_days).unwrap_or_default())
    });
    ticks(own, &all).into_iter().fold(values, |values, (kind, own, _)| {
        let says = match own {
            None => "organisation",
            Some(false) => "off",
            Some(true) => "on",
        };
        values.with(&format!("{kind}_as"), says)
    })
}

/// What can be chosen of a kind: what the organisation says is said.
fn choices(d: &Look<'_>, organisation: &str, own: (&str, &str)) -> Vec<Choice> {
    vec![
        Choice::new("organisation", d.t("as_organisation").replace("{value}", organisation)),
        Choice::new(own.0, d.t(own.1)),
        Choice::new("off", d.t("told_off")),
    ]
}

fn draw(desk: &Desk<'_>, values: &Values, error: Option<&Error>) -> Reply {
    let d = &desk.look;
    let all = desk.reminder_leads()?;
    let now = desk.crm.reminder_preferences()?;
    let present = values_of(&now);
    // After a conflict the form counts on what it has just shown beside its fields.
    let conflict = matches!(error, Some(Error::Conflict { .. }));
    let version = if conflict { present.get("version") } else { values.get("version") };
    let mut sheet = Sheet::new(desk, HERE, values, error)
        .present(conflict.then_some(&present))
        .hidden("version", version)
        .cancel(INBOX);
    for (kind, _, days) in lists(&now, &all) {
        let organisation = match days {
            [] => d.t("told_off").to_owned(),
            days => d.t("days_before").replace("{days}", &typed_days(days)),
        };
        sheet = sheet
            .section(&format!("kind_{kind}"))
            .choice(&format!("{kind}_as"), choices(d, &organisation, ("own", "told_own")))
            .labelled(d.t("told_when"))
            .required()
            .line(&format!("own_{kind}"), 60)
            .labelled(d.t("own_days"))
            .help("own_days_help");
    }
    sheet = sheet.section("s_told_at_once");
    for (kind, _, told) in ticks(&now, &all) {
        let organisation = d.t(if told { "told_on" } else { "told_off" });
        sheet = sheet
            .choice(&format!("{kind}_as"), choices(d, organisation, ("on", "told_on")))
            .labelled(d.t(&format!("kind_{kind}")))
            .required();
    }
    let above = Above {
        title: d.t("my_reminders").to_owned(),
        back: (INBOX.to_owned(), d.t("reminder_centre").to_owned()),
        intro: d.t("my_reminders_intro").to_owned(),
    };
    form_page(desk, above, sheet, error)
}

pub(crate) async fn show(State(app): State<Shared>, visitor: Visitor) -> Reply {
    app.desk(visitor, |desk| draw(desk, &values_of(&desk.crm.reminder_preferences()?), None)).await
}

pub(crate) async fn save(State(app): State<Shared>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| match saved(desk, &values) {
        Ok(_) => {
            desk.notice("done_saved");
            desk.go(HERE)
        }
        Err(error) => draw(desk, &values, Some(&desk.for_form(error)?)),
    })
    .await
}

fn saved(desk: &Desk<'_>, values: &Values) -> Result<ReminderPreferences, Error> {
    let saved = desk.acting(values).change_reminder_preferences(wanted(desk, values)?);
    saved.map_err(|error| match error {
        // Of a kind there are two fields: the CRM speaks of the days.
        Error::Invalid { violations } => {
            let own = |violation: Violation| Violation { field: format!("own_{}", violation.field), ..violation };
            Error::Invalid { violations: violations.into_iter().map(own).collect() }
        }
        other => other,
    })
}

fn wanted(desk: &Desk<'_>, values: &Values) -> Result<ReminderPreferences, Error> {
    let mut read = Reader::new(values, desk.look.zone);
    let mut list = |kind: &str| {
        let field = format!("{kind}_as");
        match values.get(&field) {
            "organisation" => return None,
            "off" => {}
            "own" => {
                let days = format!("own_{kind}");
                read.require(&days);
                return Some(read.days(&days));
            }
            _ => read.note(Violation::unknown(field)),
        }
        Some(Vec::new())
    };
    let [contract_end, instalment_due, birthday, share_end] =
        ["contract_end", "instalment_due", "birthday", "share_end"].map(&mut list);
    let mut tick = |kind: &str| {
        let field = format!("{kind}_as");
        match values.get(&field) {
            "organisation" => None,
            "on" => Some(true),
            "off" => Some(false),
            _ => {
                read.note(Violation::unknown(field));
                None
            }
        }
    };
    let [instalment_overdue, follow_up_due, recycle_warning, reply] =
        ["instalment_overdue", "follow_up_due", "recycle_warning", "reply"].map(&mut tick);
    read.done()?;
    Ok(ReminderPreferences {
        contract_end,
        instalment_due,
        instalment_overdue,
        birthday,
        follow_up_due,
        recycle_warning,
        share_end,
        reply,
        version: values.get("version").parse().unwrap_or_default(),
    })
}
