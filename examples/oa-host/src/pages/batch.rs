//! Acting on many customers at once: transfer, next follow-up; answered one by one.

use crate::app::{Reply, Shared};
use crate::desk::{Desk, Look};
use crate::form::Sheet;
use crate::pages::customer_form::{transfer_fields, transfer_of};
use crate::pages::{Above, form_page};
use crate::security::Posted;
use crate::session::Visitor;
use crate::text::Lang;
use crate::values::{Reader, Values, local};
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect};
use crm_core::{BatchAnswer, CustomerId, Error, NextFollowUp};

/// Beginning without customers leads to the list of them.
pub(crate) async fn start(visitor: Visitor) -> Reply {
    let _ = visitor;
    Ok(Redirect::to("/customers?view=mine").into_response())
}

/// The customers that were ticked.
fn ticked(values: &Values) -> Vec<CustomerId> {
    values.all("id").iter().filter_map(|id| id.parse().ok()).collect()
}

pub(crate) async fn choose(State(app): State<Shared>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        if ticked(&values).is_empty() {
            desk.complain(desk.t("tick_some").to_owned());
            return desk.go(&local(values.get("back")));
        }
        draw(desk, &values, None)
    })
    .await
}

fn draw(desk: &Desk<'_>, values: &Values, error: Option<&Error>) -> Reply {
    let ids = ticked(values);
    let back = local(values.get("back"));
    let plan = values.get("action") == "plan";
    let mut sheet = Sheet::new(desk, "/customers/batch/run", values, error)
        .hidden("action", if plan { "plan" } else { "transfer" })
        .hidden("back", back.as_str())
        .cancel(back.as_str());
    for id in &ids {
        sheet = sheet.hidden("id", id.to_string());
    }
    sheet = if plan {
        sheet.input("datetime-local", "next_at").help("plan_help").submit("plan_next")
    } else {
        transfer_fields(desk, sheet)?
    };
    let title = desk.t(if plan { "plan_customers" } else { "transfer_customers" }).to_owned();
    let intro = desk.t("n_ticked").replace("{n}", &ids.len().to_string());
    form_page(desk, Above { title, back: (back, desk.t("back_to_list").to_owned()), intro }, sheet, error)
}

#[derive(Template)]
#[template(path = "batch.html")]
struct Answer<'a> {
    d: &'a Look<'a>,
    title: String,
    back: String,
    done: i32,
    failed: i32,
    items: Vec<Item>,
}

/// What became of one customer.
struct Item {
    id: String,
    name: String,
    /// Whether somebody else decides first.
    waits: bool,
    /// Why not; empty: it was done.
    problem: String,
}

/// The text of an item's error in the page's language: English stands first, Chinese second.
pub(crate) fn said(desk: &Desk<'_>, texts: &[String]) -> Option<String> {
    let place = if desk.look.lang() == Lang::English { 0 } else { 1 };
    texts.get(place).cloned()
}

pub(crate) async fn run(State(app): State<Shared>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        let ids = ticked(&values);
        let plan = values.get("action") == "plan";
        // Names before the act: who gives customers away may not see them afterwards.
        let names: Vec<String> = ids
            .iter()
            .map(|id| desk.crm.customer(*id).map_or_else(|_| id.to_string(), |customer| customer.name))
            .collect();
        let answer = if plan { planned(desk, &values, &ids) } else { transferred(desk, &values, ids) };
        match answer {
            Ok(answer) => show(desk, &values, plan, &answer, &names),
            Err(error) => draw(desk, &values, Some(&desk.for_form(error)?)),
        }
    })
    .await
}

fn transferred(desk: &Desk<'_>, values: &Values, ids: Vec<CustomerId>) -> Result<BatchAnswer, Error> {
    desk.acting(values).transfer_customers(ids, transfer_of(desk, values)?)
}

fn planned(desk: &Desk<'_>, values: &Values, ids: &[CustomerId]) -> Result<BatchAnswer, Error> {
    let mut read = Reader::new(values, desk.look.zone);
    let at = read.instant("next_at");
    read.done()?;
    desk.acting(values).plan_follow_ups(ids.iter().map(|customer| NextFollowUp { customer: *customer, at }).collect())
}

fn show(desk: &Desk<'_>, values: &Values, plan: bool, answer: &BatchAnswer, names: &[String]) -> Reply {
    let items = answer.items.iter().zip(names).map(|(item, name)| Item {
        id: item.customer.to_string(),
        name: name.clone(),
        waits: item.approval.is_some(),
        problem: if item.error.is_some() { said(desk, &item.texts).unwrap_or_default() } else { String::new() },
    });
    desk.page(&Answer {
        d: &desk.look,
        title: desk.t(if plan { "plan_customers" } else { "transfer_customers" }).to_owned(),
        back: local(values.get("back")),
        done: answer.done,
        failed: answer.failed,
        items: items.collect(),
    })
}
