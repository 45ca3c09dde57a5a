//! Acting on many customers at once, or on one from its page: transfer, next follow-up, the pool, locks; answered one by one.

use crate::app::{Reply, Shared};
use crate::desk::{Choice, Desk, Look};
use crate::failure::Failure;
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
use crm_core::{
    Assignment, BatchAnswer, CustomerId, Error, NextFollowUp, Pool, PoolId, PositionId, Release, UserId, Violation,
    dictionary,
};

/// What can be done with customers together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Transfer,
    Plan,
    Release,
    Claim,
    Assign,
    Lock,
    Unlock,
}

impl Action {
    const ALL: [Action; 7] =
        [Action::Transfer, Action::Plan, Action::Release, Action::Claim, Action::Assign, Action::Lock, Action::Unlock];

    /// What can be done with customers that somebody owns; a form says of the first two who may not.
    pub(crate) fn of_owned(d: &Look<'_>) -> Vec<Action> {
        let all = [Action::Transfer, Action::Plan, Action::Release, Action::Lock, Action::Unlock];
        all.into_iter().filter(|action| action.open_to(d)).collect()
    }

    /// What can be done with customers in a pool.
    pub(crate) fn of_pool(d: &Look<'_>) -> Vec<Action> {
        [Action::Claim, Action::Assign].into_iter().filter(|action| action.open_to(d)).collect()
    }

    /// Its name in forms.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Action::Transfer => "transfer",
            Action::Plan => "plan",
            Action::Release => "release",
            Action::Claim => "claim",
            Action::Assign => "assign",
            Action::Lock => "lock",
            Action::Unlock => "unlock",
        }
    }

    fn named(name: &str) -> Result<Self, Failure> {
        Action::ALL.into_iter().find(|action| action.name() == name).ok_or_else(Failure::bad_request)
    }

    /// The text of its button.
    pub(crate) fn button(self) -> &'static str {
        match self {
            Action::Plan => "plan_next",
            other => other.name(),
        }
    }

    /// The text that stands above its form and its answer.
    fn title(self) -> &'static str {
        match self {
            Action::Transfer => "transfer_customers",
            Action::Plan => "plan_customers",
            Action::Release => "release_customers",
            Action::Claim => "claim_customers",
            Action::Assign => "assign_customers",
            Action::Lock => "lock_customers",
            Action::Unlock => "unlock_customers",
        }
    }

    /// What its form says first; empty: nothing.
    fn intro(self) -> &'static str {
        match self {
            Action::Release => "release_intro",
            Action::Lock => "lock_intro",
            _ => "",
        }
    }

    /// The right without which it is not offered.
    fn right(self) -> Option<(&'static str, &'static str)> {
        match self {
            Action::Transfer | Action::Plan => None,
            Action::Release => Some(("pool", "release")),
            Action::Claim => Some(("pool", "claim")),
            Action::Assign => Some(("pool", "assign")),
            Action::Lock | Action::Unlock => Some(("customer", "edit")),
        }
    }

    fn open_to(self, d: &Look<'_>) -> bool {
        self.right().is_none_or(|(module, right)| d.may(&format!("{module}.{right}")))
    }

    /// Whether it is carried out as soon as it is chosen: nothing more is to be known.
    fn at_once(self) -> bool {
        matches!(self, Action::Claim | Action::Unlock)
    }

    /// What is asked.
    fn fields<'a>(self, desk: &Desk<'_>, ids: &[CustomerId], sheet: Sheet<'a>) -> Result<Sheet<'a>, Failure> {
        let sheet = match self {
            Action::Transfer => return transfer_fields(desk, sheet),
            Action::Plan => return Ok(sheet.input("datetime-local", "next_at").help("plan_help").submit("plan_next")),
            Action::Release => release_fields(desk, ids, sheet)?,
            Action::Assign => sheet
                .choice("to", recipients(desk, ids)?)
                .labelled(desk.t("assign_to"))
                .required()
                .choice("to_position", desk.position_choices()?)
                .help("to_position_help")
                .line("reason", 200)
                .wide(),
            Action::Lock => sheet.line("reason", 200).wide(),
            Action::Claim | Action::Unlock => sheet,
        };
        Ok(sheet.submit(self.button()))
    }

    /// Does what was asked.
    fn carry_out(self, desk: &Desk<'_>, values: &Values, ids: Vec<CustomerId>) -> Result<BatchAnswer, Error> {
        let acting = desk.acting(values);
        match self {
            Action::Transfer => acting.transfer_customers(ids, transfer_of(desk, values)?),
            Action::Plan => {
                let mut read = Reader::new(values, desk.look.zone);
                let at = read.instant("next_at");
                read.done()?;
                acting.plan_follow_ups(ids.into_iter().map(|customer| NextFollowUp { customer, at }).collect())
            }
            Action::Release => acting.release_customers(ids, release_of(desk, values)?),
            Action::Claim => acting.claim_customers(ids, None),
            Action::Assign => acting.assign_customers(ids, assignment_of(desk, values)?),
            Action::Lock => acting.lock_customers(ids, values.text("reason")),
            Action::Unlock => acting.unlock_customers(ids),
        }
    }
}

fn release_fields<'a>(desk: &Desk<'_>, ids: &[CustomerId], sheet: Sheet<'a>) -> Result<Sheet<'a>, Failure> {
    let mut pools = desk.pool_choices()?;
    if let [id] = ids {
        let there = desk.crm.customer(*id)?.pool_stay.filter(|stay| stay.left_at.is_none());
        pools.retain(|pool| there.as_ref().is_none_or(|stay| stay.pool.to_string() != pool.value));
    }
    let standard = standard(desk)?.map(|pool| pool.id.to_string());
    let sheet = match &standard {
        // There is nothing to choose.
        Some(standard) if pools.iter().all(|pool| pool.value == *standard) => sheet,
        Some(_) => sheet.choice("pool", pools).required(),
        None if pools.is_empty() => sheet,
        // Where customers go otherwise is not for him to see, but they may go there.
        None => sheet.choice("pool", pools).help("release_pool_help"),
    };
    let sheet = sheet.entry("reason", dictionary::RELEASE_REASON).help("release_reason_help");
    Ok(sheet.line("note", 200).wide())
}

/// The pool where customers go if none is named, if the person may see it.
fn standard(desk: &Desk<'_>) -> Result<Option<Pool>, Failure> {
    Ok(desk.pools()?.into_iter().find(|pool| pool.standard))
}

fn release_of(desk: &Desk<'_>, values: &Values) -> Result<Release, Error> {
    let mut read = Reader::new(values, desk.look.zone);
    let (pool, reason, note) = (read.parsed::<PoolId>("pool"), read.code("reason"), values.text("note"));
    if values.text("reason").is_none() && note.is_none() {
        // Once beside its field, rather than once for each customer.
        read.note(Violation::required("reason"));
    }
    read.done()?;
    Ok(Release { pool, reason, note })
}

/// To whom the person may assign these customers: anybody where he administers a pool in which one of them is.
fn recipients(desk: &Desk<'_>, ids: &[CustomerId]) -> Result<Vec<Choice>, Failure> {
    let pools = desk.pools()?;
    let administered: Vec<PoolId> =
        pools.iter().filter(|pool| pool.administrators.contains(&desk.me)).map(|pool| pool.id).collect();
    let there = |id: &CustomerId| {
        let stay =
            desk.crm.customer(*id).ok().and_then(|customer| customer.pool_stay.filter(|stay| stay.left_at.is_none()));
        stay.is_some_and(|stay| administered.contains(&stay.pool))
    };
    if !administered.is_empty() && ids.iter().any(there) {
        return desk.people_choices();
    }
    let mut people = desk.assignable()?;
    // To himself he claims.
    people.retain(|person| desk.look.administrator || person.value != desk.me.as_str());
    Ok(people)
}

fn assignment_of(desk: &Desk<'_>, values: &Values) -> Result<Assignment, Error> {
    let mut read = Reader::new(values, desk.look.zone);
    read.require("to");
    let (to, to_position) = (read.made::<UserId>("to"), read.made::<PositionId>("to_position"));
    read.done()?;
    let to = to.ok_or_else(|| Violation::required("to"))?;
    Ok(Assignment { to, to_position, reason: values.text("reason") })
}

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
        let action = Action::named(values.get("action"))?;
        let ids = ticked(&values);
        if ids.is_empty() {
            desk.complain(desk.t("tick_some").to_owned());
            return desk.go(&local(values.get("back")));
        }
        if let Some((module, right)) = action.right() {
            desk.needs(module, right)?;
        }
        if action.at_once() {
            return act(desk, action, &values, ids);
        }
        let values = match action {
            Action::Release => values.with_some("pool", standard(desk)?.map(|pool| pool.id.to_string())),
            _ => values,
        };
        draw(desk, action, &values, None)
    })
    .await
}

/// The page that the batch came from, and its name: a list, or the page of a single customer.
fn origin(desk: &Desk<'_>, values: &Values) -> (String, String) {
    let back = local(values.get("back"));
    let of_one = ticked(values).iter().any(|id| back == format!("/customers/{id}"));
    let label = desk.t(if of_one { "back_to_customer" } else { "back_to_list" }).to_owned();
    (back, label)
}

fn draw(desk: &Desk<'_>, action: Action, values: &Values, error: Option<&Error>) -> Reply {
    let ids = ticked(values);
    let (back, label) = origin(desk, values);
    let mut sheet = Sheet::new(desk, "/customers/batch/run", values, error)
        .hidden("action", action.name())
        .hidden("back", back.as_str())
        .cancel(back.as_str());
    for id in &ids {
        sheet = sheet.hidden("id", id.to_string());
    }
    let sheet = action.fields(desk, &ids, sheet)?;
    let title = desk.t(action.title()).to_owned();
    let many = desk.t("n_ticked").replace("{n}", &ids.len().to_string());
    let intro = format!("{many} {}", desk.t(action.intro())).trim_end().to_owned();
    form_page(desk, Above { title, back: (back, label), intro }, sheet, error)
}

#[derive(Template)]
#[template(path = "batch.html")]
struct Answer<'a> {
    d: &'a Look<'a>,
    title: String,
    back: String,
    back_label: String,
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
        let action = Action::named(values.get("action"))?;
        act(desk, action, &values, ticked(&values))
    })
    .await
}

fn act(desk: &Desk<'_>, action: Action, values: &Values, ids: Vec<CustomerId>) -> Reply {
    // Names before the act: who gives customers away may not see them afterwards.
    let names: Vec<String> =
        ids.iter().map(|id| desk.crm.customer(*id).map_or_else(|_| id.to_string(), |customer| customer.name)).collect();
    match action.carry_out(desk, values, ids) {
        Ok(answer) => show(desk, action, values, &answer, &names),
        Err(error) if action.at_once() => desk.lost(error, &local(values.get("back"))),
        Err(error) => draw(desk, action, values, Some(&desk.for_form(error)?)),
    }
}

fn show(desk: &Desk<'_>, action: Action, values: &Values, answer: &BatchAnswer, names: &[String]) -> Reply {
    let items = answer.items.iter().zip(names).map(|(item, name)| Item {
        id: item.customer.to_string(),
        name: name.clone(),
        waits: item.approval.is_some(),
        problem: if item.error.is_some() { said(desk, &item.texts).unwrap_or_default() } else { String::new() },
    });
    let (mut back, mut back_label) = origin(desk, values);
    let from_page = answer.items.iter().find(|item| back == format!("/customers/{}", item.customer));
    if from_page.is_some_and(|item| desk.crm.customer(item.customer).is_err()) {
        // Its page is closed to who gave it away.
        (back, back_label) = ("/customers?view=mine".to_owned(), desk.t("back_to_list").to_owned());
    }
    desk.page(&Answer {
        d: &desk.look,
        title: desk.t(action.title()).to_owned(),
        back,
        back_label,
        done: answer.done,
        failed: answer.failed,
        items: items.collect(),
    })
}
