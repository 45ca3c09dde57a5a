//! The message centre 提醒中心 of the person signed in: what waits for him, what rests, what has ended, and what he makes of it.

use crate::app::{Reply, Shared};
use crate::desk::{Choice, Desk, Look, typed};
use crate::failure::Failure;
use crate::pages::{Params, id};
use crate::security::Posted;
use crate::session::{Undo, Visitor};
use crate::values::{Reader, Values, around, local, url};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use crm_core::{
    Birthday, Calendar, Count, Date, Error, PageRequest, ReminderId, ReminderKind, ReminderMark, ReminderQuery,
    ReminderRow, ReminderShelf, ReminderState, ReminderSubject, Timestamp, Violation,
};

/// The page.
pub(crate) const HERE: &str = "/reminders";

/// Reminders on a page.
const SIZE: i32 = 20;
/// More than this the bell does not tell one by one.
const MOST_SHOWN: i64 = 99;
const DAY: i64 = 86_400_000;

const SHELVES: [(&str, ReminderShelf); 3] =
    [("open", ReminderShelf::Open), ("snoozed", ReminderShelf::Snoozed), ("ended", ReminderShelf::Ended)];

/// Kinds by their name, and the colour of their chip.
pub(crate) const KINDS: [(&str, ReminderKind, &str); 8] = [
    ("contract_end", ReminderKind::ContractEnd, "vacant"),
    ("instalment_due", ReminderKind::InstalmentDue, "vacant"),
    ("instalment_overdue", ReminderKind::InstalmentOverdue, "warn"),
    ("birthday", ReminderKind::Birthday, "good"),
    ("follow_up_due", ReminderKind::FollowUpDue, "main"),
    ("recycle_warning", ReminderKind::RecycleWarning, "warn"),
    ("share_end", ReminderKind::ShareEnd, ""),
    ("reply", ReminderKind::Reply, "main"),
];

/// For how long a reminder can rest, by the name of the button.
const RESTS: [&str; 4] = ["hour", "tomorrow", "three_days", "week"];

#[derive(Template)]
#[template(path = "reminders.html")]
struct Page<'a> {
    d: &'a Look<'a>,
    /// The parts of the inbox: address, name, how many, whether it is the one at hand.
    shelves: Vec<(String, String, String, bool)>,
    shelf: &'static str,
    kinds: Vec<Choice>,
    kind: String,
    late: bool,
    narrowed: bool,
    problem: String,
    /// For how long one can rest.
    rests: Vec<Choice>,
    rows: Vec<Row>,
    first: String,
    next: String,
}

/// A reminder as it is shown.
struct Row {
    id: String,
    kind: String,
    class: &'static str,
    /// What it is about, in words, and where that is; empty: it has no page.
    about: (String, String),
    /// What else is to be known of it, in words.
    more: Vec<String>,
    customer: String,
    customer_name: String,
    /// The day of the occasion, its hour where it has one, and how far it is away.
    day: String,
    away: String,
    passed: bool,
    /// Whether it was told on a later day than it should have been.
    late: bool,
    /// Whose it was before nothing came of it, in words.
    escalated: String,
    /// What became of it, and when it did, or until when it rests.
    state: String,
    since: String,
    /// Whether there is something to be done with it.
    acts: bool,
}

/// What the bell in the head of every page says.
pub(crate) struct Bell {
    /// The number; empty: there is nothing.
    pub(crate) badge: String,
    /// The same in words.
    pub(crate) label: String,
}

impl Bell {
    fn of(d: &Look<'_>, waiting: Option<Count>) -> Self {
        let badge = match waiting {
            Some(count) if !count.exact || count.value > MOST_SHOWN => format!("{MOST_SHOWN}+"),
            Some(count) if count.value > 0 => count.value.to_string(),
            _ => String::new(),
        };
        let said = if badge.is_empty() { "bell_nothing" } else { "bell_waiting" };
        Bell { label: d.t(said).replace("{n}", &badge), badge }
    }
}

impl Look<'_> {
    /// The bell.
    pub(crate) fn bell(&self) -> Bell {
        Bell::of(self, self.waiting())
    }
}

/// How many days a day lies ahead.
fn days_until(d: &Look<'_>, on: Date) -> i64 {
    let start = |day: String| d.zone.instant_of(&day).map_or(0, Timestamp::millis);
    let (there, here) = (start(on.to_string()), start(d.zone.day_of(d.now).to_string()));
    // Where the clocks are changed a day has not 24 hours.
    (there - here + DAY / 2).div_euclid(DAY)
}

/// How far a day is away, in words.
fn away(d: &Look<'_>, days: i64) -> String {
    let key = match days {
        0 => "away_today",
        1 => "away_tomorrow",
        -1 => "away_yesterday",
        2.. => "away_ahead",
        _ => "away_ago",
    };
    d.t(key).replace("{n}", &days.abs().to_string())
}

/// A birthday that falls on a day: a lunar one by its own calendar, and how old somebody becomes where that is known.
fn birthday(d: &Look<'_>, birthday: &Birthday, on: Date) -> Vec<String> {
    let mut said = Vec::new();
    let (year, month) = {
        let on = on.to_string();
        let mut parts = on.split('-').map(|part| part.parse::<i32>().unwrap_or_default());
        (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
    };
    let lunar = birthday.calendar == Calendar::Lunar;
    if lunar {
        let leap = if birthday.leap_month { "lunar_leap_day" } else { "lunar_day" };
        let (month, day) = (birthday.month.to_string(), birthday.day.to_string());
        said.push(d.t(leap).replace("{month}", &month).replace("{day}", &day));
    }
    // The last months of a lunar year fall into the beginning of the next solar one.
    let year = if lunar && birthday.month > 10 && month < 3 { year - 1 } else { year };
    let age = birthday.year.map(|born| year - born).filter(|age| *age > 0);
    said.extend(age.map(|age| d.t("turns").replace("{n}", &age.to_string())));
    said
}

/// What something on a day is about, in words, with its page where it has one; and what else is to be known of it. `record` is what the
/// reminder, or the entry of a calendar, calls its subject.
pub(crate) fn told_of(
    d: &Look<'_>,
    kind: ReminderKind,
    record: &str,
    on: Date,
    subject: ReminderSubject,
) -> ((String, String), Vec<String>) {
    let follow_up = subject.follow_up.map(|id| format!("/follow-ups/{id}")).unwrap_or_default();
    let mut more = Vec::new();
    let about = match kind {
        ReminderKind::ContractEnd | ReminderKind::InstalmentDue | ReminderKind::InstalmentOverdue => {
            more.extend(subject.contract_number);
            let amount = subject.amount.zip(subject.currency).map(|(amount, currency)| d.money(amount, currency));
            more.extend(amount);
            let contract = subject.contract.map(|id| format!("/contracts/{id}")).unwrap_or_default();
            (subject.contract_name.unwrap_or_default(), contract)
        }
        ReminderKind::Birthday => {
            more.extend(subject.birthday.iter().flat_map(|known| birthday(d, known, on)));
            (subject.contact_name.unwrap_or_else(|| subject.customer_name.clone()), String::new())
        }
        ReminderKind::FollowUpDue => (subject.content.unwrap_or_else(|| d.t("reminder_planned").to_owned()), follow_up),
        ReminderKind::RecycleWarning => (d.t("reminder_goes").to_owned(), String::new()),
        ReminderKind::ShareEnd => (d.t("reminder_share_ends").to_owned(), String::new()),
        ReminderKind::Reply => {
            more.extend(subject.by.map(|by| d.t("reminder_by").replace("{name}", &d.person(by.as_str()))));
            let reply = record.replace(':', "-");
            (subject.content.unwrap_or_default(), format!("{follow_up}#{reply}"))
        }
    };
    (about, more)
}

/// The name of a kind, and the colour of its chip.
pub(crate) fn kind_of(kind: ReminderKind) -> (&'static str, &'static str) {
    KINDS.iter().find(|(_, known, _)| *known == kind).map_or(("", ""), |(name, _, class)| (*name, *class))
}

impl Row {
    fn of(row: ReminderRow, d: &Look<'_>) -> Self {
        let ReminderRow { reminder: told, about: subject } = row;
        let (name, class) = kind_of(told.kind);
        let (customer, customer_name) = (subject.customer.to_string(), subject.customer_name.clone());
        let (about, mut more) = told_of(d, told.kind, &told.subject, told.on, subject);
        more.extend(told.days_before.map(|days| match days {
            0 => d.t("told_same_day").to_owned(),
            1 => d.t("told_day_before").to_owned(),
            days => d.t("told_before").replace("{n}", &days.to_string()),
        }));
        let days = days_until(d, told.on);
        // What rested is back at its time, whether or not that was noted already.
        let rests = told.state == ReminderState::Snoozed && told.until.is_some_and(|until| until > d.now);
        let (state, since) = match told.state {
            ReminderState::Done => ("reminder_done", told.ended_at),
            ReminderState::Dismissed => ("reminder_dismissed", told.ended_at),
            ReminderState::Settled => ("reminder_settled", told.ended_at),
            ReminderState::Snoozed if rests => ("reminder_rests", told.until),
            ReminderState::Open | ReminderState::Snoozed => ("", None),
        };
        let escalated = told.escalated_from.map(|from| d.person(from.as_str()));
        Row {
            id: told.id.to_string(),
            kind: d.t(&format!("kind_{name}")).to_owned(),
            class,
            about,
            more,
            customer,
            customer_name,
            day: told.at.map_or_else(|| told.on.to_string(), |at| d.time(&at)),
            away: away(d, days),
            passed: days < 0 && told.kind != ReminderKind::Reply,
            late: told.late,
            escalated: escalated.map(|from| d.t("escalated_from").replace("{name}", &from)).unwrap_or_default(),
            state: d.t(state).to_owned(),
            since: d.time_or_none(&since),
            acts: told.state != ReminderState::Settled,
        }
    }
}

/// The part of the inbox of an address; the first where none is named.
fn shelf(params: &Values) -> Result<(&'static str, ReminderShelf), Failure> {
    let wanted = if params.get("shelf").is_empty() { "open" } else { params.get("shelf") };
    SHELVES.into_iter().find(|(name, _)| *name == wanted).ok_or_else(Failure::not_found)
}

fn query(shelf: ReminderShelf, params: &Values) -> Result<ReminderQuery, Error> {
    let kind = params.text("kind").map(|wanted| {
        let known = KINDS.iter().find(|(name, ..)| *name == wanted).map(|(_, kind, _)| *kind);
        known.ok_or_else(|| Error::from(Violation::unknown("kind")))
    });
    Ok(ReminderQuery { shelf, kinds: kind.transpose()?.into_iter().collect(), late: params.ticked("late") })
}

pub(crate) async fn show(State(app): State<Shared>, visitor: Visitor, Params(params): Params) -> Reply {
    app.desk(visitor, move |desk| {
        let d = &desk.look;
        let (name, shelf) = shelf(&params)?;
        let mut page = PageRequest::first(SIZE);
        page.cursor = params.text("cursor");
        let found = query(shelf, &params).and_then(|query| desk.crm.reminders(query, page));
        let (items, next, problem) = match found {
            Ok(found) => (found.items, found.next, String::new()),
            Err(error) => (Vec::new(), None, d.said(&desk.for_form(error)?)),
        };
        let (first, next) = around(HERE, &["shelf", "kind", "late"], &params, next.as_deref());
        let counts = desk.crm.reminder_counts()?;
        let count = |name: &str| match name {
            "open" => Some(counts.open),
            "snoozed" => Some(counts.snoozed),
            _ => None,
        };
        let count = |name: &str| {
            let some = count(name).filter(|count| count.value > 0);
            some.map(|count| d.count(&count)).unwrap_or_default()
        };
        let tab = |(own, _): (&'static str, ReminderShelf)| {
            let label = d.t(&format!("shelf_{own}")).to_owned();
            let href = if own == "open" { HERE.to_owned() } else { url(HERE, &[("shelf", own)]) };
            (href, label, count(own), own == name)
        };
        let status = if problem.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        let list = Page {
            d,
            shelves: SHELVES.map(tab).to_vec(),
            shelf: name,
            kinds: KINDS.iter().map(|(name, ..)| Choice::new(*name, d.t(&format!("kind_{name}")))).collect(),
            kind: params.get("kind").to_owned(),
            late: params.ticked("late"),
            narrowed: params.text("kind").is_some() || params.ticked("late"),
            problem,
            rests: RESTS.map(|rest| Choice::new(rest, d.t(&format!("rest_{rest}")))).to_vec(),
            rows: items.into_iter().map(|row| Row::of(row, d)).collect(),
            first,
            next,
        };
        desk.page_with(status, &list)
    })
    .await
}

/// What the script of every page asks for.
pub(crate) async fn count(State(app): State<Shared>, visitor: Visitor) -> Reply {
    app.desk(visitor, |desk| {
        let bell = Bell::of(&desk.look, Some(desk.crm.reminder_counts()?.open));
        let told = serde_json::json!({"badge": bell.badge, "label": bell.label});
        Ok(typed(StatusCode::OK, "application/json", told.to_string()))
    })
    .await
}

/// Until when a reminder rests that is put off.
fn until(desk: &Desk<'_>, act: &str, values: &Values) -> Result<Timestamp, Error> {
    let d = &desk.look;
    let morning = |days: i64| {
        let day = d.zone.day_after(d.now, days);
        d.zone.instant_of(&format!("{day}T09:00")).unwrap_or_else(|| d.now.plus_days(days))
    };
    Ok(match act {
        "hour" => d.now.plus_millis(DAY / 24),
        "tomorrow" => morning(1),
        "three_days" => morning(3),
        "week" => morning(7),
        _ => {
            let mut read = Reader::new(values, d.zone);
            read.require("rest_until");
            let until = read.instant("rest_until");
            read.done()?;
            until.ok_or_else(|| Violation::required("rest_until"))?
        }
    })
}

/// Does with reminders what a button says; how many there were, and the text that tells it.
fn acted(desk: &Desk<'_>, reminders: Vec<ReminderId>, values: &Values) -> Result<(i64, &'static str), Error> {
    let acting = desk.acting(values);
    Ok(match values.get("act") {
        "done" => (acting.mark_reminders(reminders, ReminderMark::Done)?, "reminders_done"),
        "dismissed" => (acting.mark_reminders(reminders, ReminderMark::Dismissed)?, "reminders_dismissed"),
        "open" => (acting.mark_reminders(reminders, ReminderMark::Open)?, "reminders_opened"),
        act => {
            let until = until(desk, act, values)?;
            // The CRM does not know how the field is called here.
            let rested = acting.snooze_reminders(reminders, until).map_err(|error| match error {
                Error::Invalid { violations } => {
                    let own = |violation: Violation| match violation.field.as_str() {
                        "until" => Violation { field: "rest_until".to_owned(), ..violation },
                        _ => violation,
                    };
                    Error::Invalid { violations: violations.into_iter().map(own).collect() }
                }
                other => other,
            });
            (rested?, "reminders_rest")
        }
    })
}

pub(crate) async fn act(State(app): State<Shared>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        let back = if values.get("back").is_empty() { HERE.to_owned() } else { local(values.get("back")) };
        let reminders = values.all("id").into_iter().map(id::<ReminderId>).collect::<Result<Vec<_>, _>>()?;
        if reminders.is_empty() {
            desk.complain(desk.t("tick_reminders").to_owned());
            return desk.go(&back);
        }
        match acted(desk, reminders.clone(), &values) {
            Ok((0, _)) => desk.notice("reminders_unchanged"),
            Ok((many, said)) => {
                let text = desk.t(said).replace("{n}", &many.to_string());
                if said == "reminders_opened" {
                    desk.tell(text);
                } else {
                    let mut again: Vec<(&'static str, String)> =
                        reminders.iter().map(|reminder| ("id", reminder.to_string())).collect();
                    again.extend([("act", "open".to_owned()), ("back", back.clone())]);
                    desk.offer(text, Undo { action: HERE, values: again });
                }
            }
            // What it is about went away meanwhile, or is no more for him to see.
            Err(Error::NotFound { .. }) => desk.complain(desk.t("reminder_gone").to_owned()),
            Err(error) => desk.complain(desk.look.said(&desk.for_form(error)?)),
        }
        desk.go(&back)
    })
    .await
}
