//! Handing over what somebody has: what it would do, doing it, and what was handed over.

use crate::app::{Reply, Shared};
use crate::desk::{Choice, Desk, Look};
use crate::failure::Failure;
use crate::form::Sheet;
use crate::pages::Params;
use crate::pages::customer_form::last_minute;
use crate::security::Posted;
use crate::session::Visitor;
use crate::values::{Reader, Values, around};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use crm_core::{
    Error, HandOver, HandOverCounts, HandOverInput, HandOverPart, HandOverPreview, HandOverState, HandOverStay,
    PageRequest, PositionId, UserId, Violation,
};

/// The page.
pub(crate) const HERE: &str = "/hand-over";

const PARTS: [(&str, HandOverPart); 4] = [
    ("customers", HandOverPart::Customers),
    ("contracts", HandOverPart::Contracts),
    ("shares", HandOverPart::Shares),
    ("pools", HandOverPart::Pools),
];

#[derive(Template)]
#[template(path = "hand_over.html")]
struct Page<'a> {
    d: &'a Look<'a>,
    form: Sheet<'a>,
    preview: Option<Preview>,
    rows: Vec<Row>,
    problem: String,
    first: String,
    next: String,
}

/// What would go.
struct Preview {
    counts: Vec<(String, i32)>,
    stays: Stays,
}

/// What stays.
struct Stays {
    count: i32,
    /// Where it is, its name and why.
    items: Vec<(String, String, String)>,
}

/// A hand-over that was.
struct Row {
    from: String,
    to: String,
    when: String,
    by: String,
    reason: String,
    state: &'static str,
    error: String,
    counts: Vec<(String, i32)>,
    stays: Stays,
}

/// How much of what goes or went; without what there is none of.
fn counts(d: &Look<'_>, counts: HandOverCounts) -> Vec<(String, i32)> {
    let all = [
        ("part_customers", counts.customers),
        ("part_planned", counts.planned_follow_ups),
        ("part_contracts", counts.contracts),
        ("part_instalments", counts.open_instalments),
        ("part_shares", counts.shares),
        ("part_pools", counts.pools),
    ];
    all.into_iter().filter(|(_, count)| *count > 0).map(|(key, count)| (d.t(key).to_owned(), count)).collect()
}

fn stays(desk: &Desk<'_>, count: i32, items: &[HandOverStay]) -> Stays {
    let item = |stay: &HandOverStay| {
        let list = if stay.part == HandOverPart::Contracts { "contracts" } else { "customers" };
        let why = crate::pages::batch::said(desk, &stay.texts).unwrap_or_default();
        (format!("/{list}/{}", stay.id), stay.name.clone(), why)
    };
    Stays { count, items: items.iter().map(item).collect() }
}

/// Who left comes first: he is whom one looks for.
fn whose(desk: &Desk<'_>) -> Result<Vec<Choice>, Failure> {
    let mut people = desk.everybody()?;
    people.sort_by_key(|person| person.active);
    let named = |person: crm_core::Person| {
        let label = if person.active { person.name } else { format!("{} {}", person.name, desk.t("who_left")) };
        Choice::new(person.id.as_str(), label)
    };
    Ok(people.into_iter().map(named).collect())
}

fn fields<'a>(desk: &Desk<'_>, sheet: Sheet<'a>) -> Result<Sheet<'a>, Failure> {
    let d = &desk.look;
    let personal = d.administrator;
    let parts = PARTS.iter().take(if personal { 4 } else { 2 });
    Ok(sheet
        .choice("from", whose(desk)?)
        .labelled(d.t("hand_over_from"))
        .help("hand_over_from_help")
        .choice("position", desk.position_choices()?)
        .help("hand_over_position_help")
        .choice("to", desk.assignable()?)
        .labelled(d.t("hand_over_to"))
        .required()
        .choice("to_position", desk.position_choices()?)
        .help("hand_over_to_position_help")
        .checks("parts", parts.map(|(name, _)| Choice::new(*name, d.t(&format!("part_{name}")))).collect())
        .help("parts_help")
        .input("date", "keep_reader_until")
        .help("keep_reader_help")
        .line("reason", 200)
        .submit("hand_over")
        .also("/hand-over/preview#preview", "preview"))
}

fn input(desk: &Desk<'_>, values: &Values) -> Result<HandOverInput, Error> {
    let mut read = Reader::new(values, desk.look.zone);
    let from = read.made::<UserId>("from");
    let to = read.made::<UserId>("to");
    let position = read.made::<PositionId>("position");
    let to_position = read.made::<PositionId>("to_position");
    let keep_reader_until = read.instant("keep_reader_until");
    read.done()?;
    let ticked = values.all("parts");
    Ok(HandOverInput {
        from,
        position,
        to: to.ok_or_else(|| Violation::required("to"))?,
        to_position,
        parts: PARTS.iter().filter(|(name, _)| ticked.contains(name)).map(|(_, part)| *part).collect(),
        // The day itself is included.
        keep_reader_until: keep_reader_until.map(|day| last_minute(desk.look.zone, day)),
        reason: values.text("reason"),
    })
}

fn draw(
    desk: &Desk<'_>,
    values: &Values,
    params: &Values,
    error: Option<&Error>,
    preview: Option<HandOverPreview>,
) -> Reply {
    let d = &desk.look;
    let mut page = PageRequest::first(20);
    page.cursor = params.text("cursor");
    let (items, next, problem) = match desk.crm.hand_overs(page) {
        Ok(found) => (found.items, found.next, String::new()),
        Err(error) => (Vec::new(), None, d.said(&desk.for_form(error)?)),
    };
    let (first, next) = around(HERE, &[], params, next.as_deref());
    let form = fields(desk, Sheet::new(desk, HERE, values, error))?.done();
    let preview = preview.map(|preview| Preview {
        counts: counts(d, preview.moves),
        stays: stays(desk, preview.stay_count, &preview.stays),
    });
    let rows = items.iter().map(|handed| row(desk, handed)).collect::<Result<_, Failure>>()?;
    let fine = error.is_none() && problem.is_empty();
    let status = if fine { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    desk.page_with(status, &Page { d, form, preview, rows, problem, first, next })
}

fn row(desk: &Desk<'_>, handed: &HandOver) -> Result<Row, Failure> {
    let d = &desk.look;
    let at = |position: &Option<PositionId>| position.as_ref().map(|id| desk.position_name(id.as_str())).transpose();
    let from = handed.from.as_ref().map(|person| d.person(person.as_str()));
    let from = [from, at(&handed.position)?].into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let to = [Some(d.person(handed.to.as_str())), at(&handed.to_position)?].into_iter().flatten().collect::<Vec<_>>();
    Ok(Row {
        from,
        to: to.join(" · "),
        when: d.time(&handed.started_at),
        by: d.person(&handed.started_by),
        reason: handed.reason.clone().unwrap_or_default(),
        state: match handed.state {
            HandOverState::Running => "running",
            HandOverState::Finished => "finished",
            HandOverState::Stopped => "stopped",
        },
        error: handed.error.as_deref().map(|code| d.t(&format!("stopped_{code}")).to_owned()).unwrap_or_default(),
        counts: counts(d, handed.moved),
        stays: stays(desk, handed.stay_count, &handed.stays),
    })
}

pub(crate) async fn show(State(app): State<Shared>, visitor: Visitor, Params(params): Params) -> Reply {
    app.desk(visitor, move |desk| {
        desk.needs("customer", "assign")?;
        draw(desk, &params.clone().without(|name| name == "cursor"), &params, None, None)
    })
    .await
}

/// There is no preview of nothing.
pub(crate) async fn start(visitor: Visitor) -> Reply {
    let _ = visitor;
    Ok(Redirect::to(HERE).into_response())
}

pub(crate) async fn preview(State(app): State<Shared>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        desk.needs("customer", "assign")?;
        match input(desk, &values).and_then(|input| desk.crm.preview_hand_over(input)) {
            Ok(preview) => draw(desk, &values, &Values::default(), None, Some(preview)),
            Err(error) => draw(desk, &values, &Values::default(), Some(&desk.for_form(error)?), None),
        }
    })
    .await
}

pub(crate) async fn carry_out(State(app): State<Shared>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        desk.needs("customer", "assign")?;
        match input(desk, &values).and_then(|input| desk.acting(&values).hand_over(input)) {
            Ok(handed) => {
                desk.notice(match (handed.state, handed.stay_count) {
                    (HandOverState::Finished, 0) => "done_handed_over",
                    (HandOverState::Finished, _) => "done_handed_over_left",
                    (HandOverState::Running, _) => "hand_over_goes_on",
                    (HandOverState::Stopped, _) => "hand_over_stopped_short",
                });
                desk.go(HERE)
            }
            Err(error) => draw(desk, &values, &Values::default(), Some(&desk.for_form(error)?), None),
        }
    })
    .await
}
