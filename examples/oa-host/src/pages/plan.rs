//! The payment plan of a contract: generated, altered, set.

use crate::app::{Reply, Shared};
use crate::desk::{Choice, Desk};
use crate::form::Sheet;
use crate::pages::{Params, id};
use crate::security::Posted;
use crate::session::Visitor;
use crate::values::{Reader, Values};
use axum::extract::{Path, State};
use crm_core::{ContractId, Decimal, Error, NewInstalment, PaymentPlan, PlanGenerator, PlanInterval, Violation};

/// Instalments that the form offers beyond those that are there.
const SPARE: usize = 3;

const INTERVALS: [(&str, PlanInterval); 4] = [
    ("month", PlanInterval::Month),
    ("quarter", PlanInterval::Quarter),
    ("half_year", PlanInterval::HalfYear),
    ("year", PlanInterval::Year),
];

/// What of an instalment is typed; the last one is sent along.
const INSTALMENT: [&str; 8] = ["amount", "percent", "due_on", "milestone", "milestone_days", "condition", "note", "id"];

fn with_instalment(values: Values, at: usize, own: &NewInstalment) -> Values {
    let name = |field: &str| format!("instalments_{at}_{field}");
    values
        .with_some(&name("id"), own.id.map(|id| id.to_string()))
        .with_some(&name("amount"), own.amount.map(|amount| amount.to_string()))
        .with_some(&name("percent"), own.percent.map(|percent| percent.to_string()))
        .with_some(&name("due_on"), own.due_on.map(|day| day.to_string()))
        .with_some(&name("milestone"), own.milestone.clone())
        .with_some(&name("milestone_days"), own.milestone_days.map(|days| days.to_string()))
        .with_some(&name("condition"), own.condition.clone())
        .with_some(&name("note"), own.note.clone())
}

/// The plan as it stands.
fn values_of(plan: &PaymentPlan) -> Values {
    let values = Values::default().with("revision", plan.payments.revision.to_string());
    plan.instalments.iter().enumerate().fold(values, |values, (at, own)| {
        let typed = NewInstalment {
            id: Some(own.id),
            // A share stays one: the amount follows from it.
            amount: own.percent.is_none().then_some(own.amount),
            percent: own.percent,
            // The day of a milestone follows from it.
            due_on: own.due_on.filter(|_| own.milestone_on.is_none()),
            milestone: own.milestone.clone(),
            milestone_days: own.milestone_days,
            condition: own.condition.clone(),
            note: own.note.clone(),
        };
        with_instalment(values, at, &typed)
    })
}

fn filled(values: &Values) -> usize {
    let place = |name: &str| name.strip_prefix("instalments_")?.split('_').next()?.parse::<usize>().ok();
    let filled = values.pairs().iter().filter(|(_, value)| !value.trim().is_empty());
    filled.filter_map(|(name, _)| place(name)).filter(|place| *place < 200).map(|place| place + 1).max().unwrap_or(0)
}

fn generator(params: &Values) -> Result<PlanGenerator, Error> {
    let mut read = Reader::new(params, crm_core::TimeZone::SHANGHAI);
    let percents: Vec<Decimal> = params
        .get("percents")
        .split(|letter: char| letter.is_whitespace() || matches!(letter, ',' | '，' | '、' | '/' | '%'))
        .filter(|part| !part.is_empty())
        .map(|part| part.parse().map_err(|_| Error::from(Violation::malformed("percents"))))
        .collect::<Result<_, _>>()?;
    let parts = if percents.is_empty() { Some(read.number("parts")) } else { None };
    let interval = params.text("interval").map(|wanted| {
        let known = INTERVALS.iter().find(|(name, _)| *name == wanted);
        known.map(|(_, interval)| *interval).ok_or_else(|| Error::from(Violation::unknown("interval")))
    });
    let first_due_on = read.day("first_due_on");
    read.done()?;
    Ok(PlanGenerator { parts, percents, first_due_on, interval: interval.transpose()? })
}

pub(crate) async fn show(
    State(app): State<Shared>,
    visitor: Visitor,
    Path(contract): Path<String>,
    Params(params): Params,
) -> Reply {
    app.desk(visitor, move |desk| {
        let plan = desk.crm.payment_plan(id(&contract)?)?;
        if !plan.allowed.iter().any(|allowed| allowed == "plan") {
            return Err(Error::Forbidden { module: "payment".to_owned(), right: "edit".to_owned() }.into());
        }
        let stands = values_of(&plan);
        if !params.ticked("draft") {
            return draw(desk, &plan, (&params, None), &stands, None);
        }
        let drafted = generator(&params).and_then(|how| desk.crm.draft_payment_plan(plan.contract, how));
        match drafted {
            Ok(instalments) => {
                let values = Values::default().with("revision", plan.payments.revision.to_string());
                let values =
                    instalments.iter().enumerate().fold(values, |values, (at, own)| with_instalment(values, at, own));
                draw(desk, &plan, (&params, None), &values, None)
            }
            Err(error) => draw(desk, &plan, (&params, Some(&desk.for_form(error)?)), &stands, None),
        }
    })
    .await
}

#[derive(askama::Template)]
#[template(path = "plan.html")]
struct PlanPage<'a> {
    d: &'a crate::desk::Look<'a>,
    id: String,
    name: String,
    amount: String,
    parts: String,
    percents: String,
    first_due_on: String,
    interval: String,
    problem: String,
    /// What is wrong with parts, percentages, first day and interval.
    wrongs: [String; 4],
    intervals: Vec<Choice>,
    form: Sheet<'a>,
}

/// What is wrong with a field of the generator.
fn wrong(d: &crate::desk::Look<'_>, error: Option<&Error>, name: &str) -> String {
    let of = |field: &str| field.rsplit('.').next().and_then(|last| last.split('[').next()) == Some(name);
    let found = error.and_then(|error| error.violations().iter().find(|violation| of(&violation.field)));
    found.map(|violation| violation.text(d.lang().core())).unwrap_or_default()
}

/// The page: the generator with what was asked of it, and the plan with what was typed.
fn draw(
    desk: &Desk<'_>,
    plan: &PaymentPlan,
    (params, refused): (&Values, Option<&Error>),
    values: &Values,
    error: Option<&Error>,
) -> Reply {
    let d = &desk.look;
    let contract = desk.crm.contract(plan.contract)?.contract;
    let here = format!("/contracts/{}", contract.id);
    let conflict = matches!(error, Some(Error::Conflict { .. }));
    let now = values_of(plan);
    let revision = if conflict { now.get("revision") } else { values.get("revision") };
    let mut sheet = Sheet::new(desk, format!("{here}/plan"), values, error)
        .present(conflict.then_some(&now))
        .hidden("revision", revision)
        .submit("save_plan")
        .cancel(here.as_str());
    let there = filled(values);
    for at in 0..(there + SPARE).min(200) {
        let name = |field: &str| format!("instalments_{at}_{field}");
        if let Some(known) = values.text(&name("id")) {
            sheet = sheet.hidden(&name("id"), known);
        }
        sheet = sheet
            .titled(d.t("instalment_n").replace("{n}", &(at + 1).to_string()))
            .line(&name("amount"), 24)
            .labelled(d.t("f_amount"))
            .line(&name("percent"), 12)
            .labelled(d.t("share_percent"))
            .input("date", &name("due_on"))
            .labelled(d.t("due_on"))
            .line(&name("milestone"), 60)
            .labelled(d.t("milestone"))
            .input("number", &name("milestone_days"))
            .labelled(d.t("milestone_days"))
            .line(&name("condition"), 200)
            .labelled(d.t("condition"))
            .line(&name("note"), 1_000)
            .labelled(d.t("f_note"))
            .wide();
        if at >= there.max(1) {
            sheet = sheet.fold();
        }
    }
    let intervals = INTERVALS.iter().map(|(name, _)| Choice::new(*name, d.t(&format!("interval_{name}")))).collect();
    let wrongs = ["parts", "percents", "first_due_on", "interval"].map(|name| wrong(d, refused, name));
    // What is wrong with none of the fields is said above them.
    let problem = refused.filter(|_| wrongs.iter().all(String::is_empty)).map(|error| d.said(error));
    let page = PlanPage {
        d,
        problem: problem.unwrap_or_default(),
        wrongs,
        id: contract.id.to_string(),
        name: contract.name.clone(),
        amount: d.money(plan.amount, plan.currency),
        parts: params.text("parts").unwrap_or_else(|| "3".to_owned()),
        percents: params.get("percents").to_owned(),
        first_due_on: params.get("first_due_on").to_owned(),
        interval: params.get("interval").to_owned(),
        intervals,
        form: sheet.done(),
    };
    let status = if error.or(refused).is_some() {
        axum::http::StatusCode::UNPROCESSABLE_ENTITY
    } else {
        axum::http::StatusCode::OK
    };
    desk.page_with(status, &page)
}

pub(crate) async fn set(State(app): State<Shared>, Path(contract): Path<String>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    let values = values.packed("instalments", "id");
    app.desk(visitor, move |desk| {
        let contract: ContractId = id(&contract)?;
        match planned(desk, contract, &values) {
            Ok(plan) => {
                let over = plan.warnings.iter().any(|warning| warning == "plan_over_contract");
                desk.notice(if over { "done_planned_over" } else { "done_planned" });
                desk.go(&format!("/contracts/{contract}"))
            }
            Err(error) => {
                let error = desk.for_form(error)?;
                draw(desk, &desk.crm.payment_plan(contract)?, (&Values::default(), None), &values, Some(&error))
            }
        }
    })
    .await
}

fn planned(desk: &Desk<'_>, contract: ContractId, values: &Values) -> Result<PaymentPlan, Error> {
    let mut read = Reader::new(values, desk.look.zone);
    let mut instalments = Vec::new();
    for at in 0..filled(values) {
        let name = |field: &str| format!("instalments_{at}_{field}");
        // One whose fields were all emptied is taken out; its id alone does not keep it.
        if INSTALMENT.iter().filter(|field| **field != "id").all(|field| values.text(&name(field)).is_none()) {
            continue;
        }
        let days = values.text(&name("milestone_days")).map(|_| read.number(&name("milestone_days")));
        instalments.push(NewInstalment {
            id: read.parsed(&name("id")),
            due_on: read.day(&name("due_on")),
            milestone: values.text(&name("milestone")),
            milestone_days: days,
            amount: read.decimal(&name("amount")),
            percent: read.decimal(&name("percent")),
            condition: values.text(&name("condition")),
            note: values.text(&name("note")),
        });
    }
    read.done()?;
    let revision = values.get("revision").parse().unwrap_or_default();
    desk.acting(values).set_payment_plan(contract, revision, instalments)
}
