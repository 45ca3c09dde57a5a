//! The calendar of a year: birthdays, payments, ends of contracts, what is planned; and its feed for calendar programs.

use crate::app::{Reply, Shared};
use crate::desk::{Desk, Look, typed};
use crate::failure::Failure;
use crate::pages::Params;
use crate::pages::reminder::{KINDS, kind_of, told_of};
use crate::security::Posted;
use crate::session::{Visitor, random};
use crate::values::{Values, url};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{Datelike as _, NaiveDate};
use crm_core::{Actor, CalendarEntry, CalendarFeed, CalendarQuery, Date, Error, ReminderKind};

const HERE: &str = "/reminders/calendar";

/// Entries of a month that stand there at once; the others unfold.
const SHOWN: usize = 6;

/// Answers of the CRM that make one page at most.
const MOST_ANSWERS: usize = 5;

/// What is shown unless somebody chooses: what a year is looked at for.
const FIRST: [&str; 3] = ["birthday", "instalment_due", "contract_end"];
/// What can be.
const CHOICES: [&str; 5] = ["birthday", "instalment_due", "contract_end", "follow_up_due", "share_end"];

#[derive(Template)]
#[template(path = "year.html")]
struct Page<'a> {
    d: &'a Look<'a>,
    title: String,
    before: String,
    after: String,
    now: String,
    year: String,
    kinds: Vec<Kind>,
    problem: String,
    nothing: bool,
    weekdays: Vec<&'a str>,
    months: Vec<Month>,
    feed: Feed,
    key: String,
}

/// A kind that can be chosen.
struct Kind {
    name: &'static str,
    label: String,
    class: &'static str,
    chosen: bool,
    count: usize,
}

struct Month {
    number: u32,
    name: String,
    /// Cells by weeks.
    weeks: Vec<Vec<Cell>>,
    shown: Vec<Entry>,
    folded: Vec<Entry>,
    more: String,
}

/// A day, or, without a number, none.
#[derive(Clone, Default)]
struct Cell {
    number: u32,
    today: bool,
    /// Where its entries stand, what there are, and in which colours; empty: nothing.
    link: String,
    said: String,
    colours: Vec<&'static str>,
}

struct Entry {
    /// On the first of a day: the day, to be gone to.
    anchor: String,
    day: String,
    kind: String,
    class: &'static str,
    about: (String, String),
    more: Vec<String>,
    customer: String,
    customer_name: String,
}

/// Whether the calendar is published, and under which address where that is told.
struct Feed {
    since: String,
    address: String,
    problem: String,
}

impl Feed {
    fn of(d: &Look<'_>, feed: &CalendarFeed) -> Self {
        let since = d.time_or_none(&feed.since);
        let said = if since.is_empty() { String::new() } else { d.t("feed_since").replace("{at}", &since) };
        Feed { since: said, address: String::new(), problem: String::new() }
    }
}

fn naive(day: Date) -> NaiveDate {
    day.to_string().parse().unwrap_or_default()
}

fn date(day: NaiveDate) -> Result<Date, Failure> {
    day.to_string().parse().map_err(|_| Failure::not_found())
}

/// The year of an address; the present one where none is named.
fn year(d: &Look<'_>, params: &Values) -> Result<i32, Failure> {
    match params.text("year") {
        None => Ok(d.zone.day_of(d.now).year()),
        Some(text) => {
            let year = text.parse().ok().filter(|year| (1900..=9999).contains(year));
            year.ok_or_else(Failure::not_found)
        }
    }
}

fn chosen(params: &Values) -> Vec<&'static str> {
    let named = params.all("kind");
    let own: Vec<_> = CHOICES.into_iter().filter(|name| named.contains(name)).collect();
    if own.is_empty() { FIRST.to_vec() } else { own }
}

fn query(year: i32, chosen: &[&str]) -> Result<CalendarQuery, Failure> {
    let day = |month, day| NaiveDate::from_ymd_opt(year, month, day).ok_or_else(Failure::not_found).and_then(date);
    let kinds: Vec<ReminderKind> =
        KINDS.iter().filter(|(name, ..)| chosen.contains(name)).map(|(_, kind, _)| *kind).collect();
    Ok(CalendarQuery { kinds, ..CalendarQuery::between(day(1, 1)?, day(12, 31)?) })
}

fn entry(d: &Look<'_>, own: CalendarEntry, first: bool) -> Entry {
    let (name, class) = kind_of(own.kind);
    let (customer, customer_name) = (own.about.customer.to_string(), own.about.customer_name.clone());
    let (about, more) = told_of(d, own.kind, &own.subject, own.on, own.about);
    let day = naive(own.on);
    Entry {
        anchor: if first { format!("d-{}", own.on) } else { String::new() },
        day: format!("{:02}-{:02}", day.month(), day.day()),
        kind: d.t(&format!("kind_{name}")).to_owned(),
        class,
        about,
        more,
        customer,
        customer_name,
    }
}

/// The cells of a month, Mondays first.
fn weeks(d: &Look<'_>, first: NaiveDate, entries: &[CalendarEntry]) -> Vec<Vec<Cell>> {
    let today = d.zone.day_of(d.now);
    let mut cells = vec![Cell::default(); first.weekday().num_days_from_monday() as usize];
    for day in first.iter_days().take_while(|day| day.month() == first.month()) {
        let own: Vec<_> = entries.iter().filter(|own| naive(own.on) == day).collect();
        let mut cell = Cell { number: day.day(), today: day == today, ..Cell::default() };
        if !own.is_empty() {
            cell.link = format!("#d-{day}");
            cell.said = d.t("calendar_days").replace("{day}", &day.to_string()).replace("{n}", &own.len().to_string());
            for own in own {
                let (_, class) = kind_of(own.kind);
                if !cell.colours.contains(&class) {
                    cell.colours.push(class);
                }
            }
        }
        cells.push(cell);
    }
    cells.chunks(7).map(<[Cell]>::to_vec).collect()
}

fn month(d: &Look<'_>, first: NaiveDate, entries: Vec<CalendarEntry>) -> Month {
    let weeks = weeks(d, first, &entries);
    let mut last = None;
    let mut shown: Vec<Entry> = Vec::with_capacity(entries.len());
    for own in entries {
        let begins = last != Some(own.on);
        last = Some(own.on);
        shown.push(entry(d, own, begins));
    }
    let folded = shown.split_off(shown.len().min(SHOWN));
    let more = d.t("month_more").replace("{n}", &folded.len().to_string());
    let number = first.month();
    Month { number, name: d.t(&format!("month_{number}")).to_owned(), weeks, shown, folded, more }
}

fn address(year: i32, chosen: &[&str]) -> String {
    let year = year.to_string();
    let kinds = if chosen == FIRST { Vec::new() } else { chosen.iter().map(|kind| ("kind", *kind)).collect() };
    let pairs: Vec<_> = std::iter::once(("year", year.as_str())).chain(kinds).collect();
    url(HERE, &pairs)
}

fn draw(desk: &Desk<'_>, params: &Values, status: StatusCode, feed: Feed) -> Reply {
    let d = &desk.look;
    let (year, chosen) = (year(d, params)?, chosen(params));
    let asked = query(year, &chosen)?;
    let mut span = desk.crm.calendar(asked.clone())?;
    // An answer ends where there is more than fits into it.
    for _ in 1..MOST_ANSWERS {
        if span.until >= asked.until {
            break;
        }
        let Some(next) = naive(span.until).succ_opt() else { break };
        let from = date(next)?;
        let more = desk.crm.calendar(CalendarQuery { from, ..asked.clone() })?;
        span.entries.extend(more.entries);
        span.until = more.until;
    }
    let whole = span.until >= asked.until;
    let kind = |name: &'static str| {
        let count = span.entries.iter().filter(|own| kind_of(own.kind).0 == name).count();
        let class = KINDS.iter().find(|(known, ..)| *known == name).map_or("", |(.., class)| class);
        Kind { name, label: d.t(&format!("kind_{name}")).to_owned(), class, chosen: chosen.contains(&name), count }
    };
    let kinds = CHOICES.map(kind).into_iter().collect();
    let nothing = span.entries.is_empty();
    let mut months: [Vec<CalendarEntry>; 12] = Default::default();
    for own in span.entries {
        let place = naive(own.on).month0() as usize;
        if let Some(month) = months.get_mut(place) {
            month.push(own);
        }
    }
    let first = |number| NaiveDate::from_ymd_opt(year, number, 1).unwrap_or_default();
    let around = |other: i32| if (1900..=9999).contains(&other) { address(other, &chosen) } else { String::new() };
    let page = Page {
        d,
        title: d.t("calendar_of").replace("{year}", &year.to_string()),
        before: around(year - 1),
        after: around(year + 1),
        now: if d.zone.day_of(d.now).year() == year { String::new() } else { url(HERE, &[]) },
        year: year.to_string(),
        kinds,
        problem: if whole { String::new() } else { d.t("calendar_until").replace("{day}", &span.until.to_string()) },
        nothing,
        weekdays: d.t("weekdays").split(' ').collect(),
        months: (1..).zip(months).map(|(number, entries)| month(d, first(number), entries)).collect(),
        feed,
        key: random().unwrap_or_default(),
    };
    desk.page_with(status, &page)
}

pub(crate) async fn show(State(app): State<Shared>, visitor: Visitor, Params(params): Params) -> Reply {
    app.desk(visitor, move |desk| {
        let feed = Feed::of(&desk.look, &desk.crm.calendar_feed()?);
        draw(desk, &params, StatusCode::OK, feed)
    })
    .await
}

/// Where this host is, as the browser knows it: it says so with every form that it sends.
fn origin(headers: &HeaderMap) -> String {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    match (text(header::ORIGIN), text(header::HOST)) {
        (Some(origin), _) if origin != "null" => origin.to_owned(),
        (_, Some(host)) => format!("http://{host}"),
        (_, None) => String::new(),
    }
}

/// A part of a path.
fn part(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

pub(crate) async fn publish(State(app): State<Shared>, headers: HeaderMap, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    let origin = origin(&headers);
    app.desk(visitor, move |desk| {
        if values.get("act") == "end" {
            desk.crm.withdraw_calendar()?;
            desk.notice("feed_ended");
            return desk.go(&format!("{HERE}#feed"));
        }
        match desk.acting(&values).publish_calendar(desk.look.lang().core()) {
            // Shown in the answer itself, and nowhere kept: when the page is loaded anew the key of the form says that it was told.
            Ok(made) => {
                let org = desk.crm.actor().org().as_str().to_owned();
                let address = format!("{origin}/calendars/{}/{}.ics", part(&org), made.token);
                let feed = Feed { address, ..Feed::of(&desk.look, &desk.crm.calendar_feed()?) };
                draw(desk, &Values::default(), StatusCode::OK, feed)
            }
            Err(error) => {
                let problem = desk.look.said(&desk.for_form(error)?);
                let feed = Feed { problem, ..Feed::of(&desk.look, &desk.crm.calendar_feed()?) };
                draw(desk, &Values::default(), StatusCode::UNPROCESSABLE_ENTITY, feed)
            }
        }
    })
    .await
}

/// What calendar programs read, without signing in: by its address alone.
pub(crate) async fn feed(
    State(app): State<Shared>,
    Path((org, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Reply {
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).map(str::to_owned);
    app.blocking(move |app| {
        let token = file.strip_suffix(".ics").filter(|_| app.orgs.contains(&org)).ok_or_else(Failure::not_found)?;
        let reader = Actor::system(&org, "calendar")?;
        let published = match app.crm.as_user(&reader).published_calendar(token.to_owned()) {
            // An organisation that was never founded here.
            Err(Error::NotFound { .. } | Error::ActorUnknown { .. }) => return Err(Failure::not_found()),
            published => published?,
        };
        let etag = format!("\"{}\"", published.etag);
        let same = known.is_some_and(|known| known.split(',').any(|one| one.trim().trim_start_matches("W/") == etag));
        let mut response: Response = if same {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            typed(StatusCode::OK, "text/calendar; charset=utf-8", published.text)
        };
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        if let Ok(etag) = HeaderValue::try_from(etag) {
            headers.insert(header::ETAG, etag);
        }
        Ok(response)
    })
    .await?
}
