//! The rules that move customers to a pool by themselves: keeping them, trying them on what happened, and what goes next.

use crate::app::{Reply, Shared};
use crate::desk::{Choice, Desk, Look};
use crate::failure::Failure;
use crate::form::Sheet;
use crate::pages::Params;
use crate::pages::settings::{choices, chosen, word};
use crate::security::Posted;
use crate::session::Visitor;
use crate::values::{Reader, Values};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use crm_core::{
    Date, DealtRule, DictionaryEntry, EntryCode, Error, PoolId, RecycleReason, RecycleRule, RecyclingItem,
    RecyclingSettings, RecyclingSimulationQuery, Settings, SimulatedCustomer, SimulatedOwner, Violation, dictionary,
};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// The page of the rules, and of what goes by them.
pub(crate) const HERE: &str = "/recycling";

/// Days that are shown ahead, and tried back, where none are named.
const AHEAD: i64 = 30;
const BACK: i64 = 90;

/// Answers that a trial is made of at the most: each is of some thousand customers.
const MOST_ANSWERS: usize = 50;

/// Examples that are shown of a person.
const EXAMPLES: usize = 3;

const DEALT: [(&str, DealtRule); 3] =
    [("kept", DealtRule::Kept), ("kept_until", DealtRule::KeptUntil), ("not_kept", DealtRule::NotKept)];

#[derive(Template)]
#[template(path = "recycling.html")]
struct Page<'a> {
    d: &'a Look<'a>,
    title: &'a str,
    /// The form of the rules; none for who does not keep them.
    form: Option<Sheet<'a>>,
    tried: Option<Trial>,
    /// What goes next; none for who may not look into pools.
    preview: Option<Preview>,
}

/// What goes by the rules as they are.
struct Preview {
    until: String,
    problem: String,
    /// Whether any rule is on.
    on: bool,
    complete: bool,
    rows: Vec<Row>,
}

/// A customer that goes.
struct Row {
    id: String,
    name: String,
    number: String,
    owner: String,
    at: String,
    why: String,
    warned: bool,
    pool: String,
}

/// What rules would have done.
struct Trial {
    /// The days, in words.
    days: String,
    complete: bool,
    rows: Vec<Loss>,
    total: Loss,
}

/// What a person would have lost.
struct Loss {
    name: String,
    counts: [i64; 5],
    examples: Vec<Example>,
}

/// A customer that would have gone.
struct Example {
    id: String,
    name: String,
    why: String,
}

/// The text that says which limit a customer passed.
pub(crate) fn reason(reason: RecycleReason) -> &'static str {
    match reason {
        RecycleReason::Idle => "recycle_idle",
        RecycleReason::Undealt => "recycle_undealt",
        RecycleReason::Held => "recycle_held",
    }
}

/// The day so many days from today.
fn day(d: &Look<'_>, days: i64) -> String {
    d.zone.day_after(d.now, days).to_string()
}

fn keeps(desk: &Desk<'_>) -> bool {
    desk.look.may("settings.manage_settings")
}

fn levels<'d>(desk: &'d Desk<'_>) -> impl Iterator<Item = &'d DictionaryEntry> {
    desk.entries().iter().filter(|entry| entry.dictionary == dictionary::LEVEL)
}

/// For which levels there are rules to be filled in, in order; the last is for customers of all others, and of none.
fn rows(values: &Values) -> Vec<Option<EntryCode>> {
    let named = values.pairs().iter().filter_map(|(name, value)| {
        let place = name.strip_prefix("rules_")?.strip_suffix("_level")?;
        Some((place.parse::<usize>().ok()?, EntryCode::new(value.as_str()).ok()))
    });
    named.collect::<BTreeMap<_, _>>().into_values().collect()
}

/// What the fields show: with a row for each of these levels.
fn values_of(settings: &Settings, rows: &[Option<EntryCode>]) -> Values {
    let recycling = &settings.pool.recycling;
    let warn_days: Vec<String> = recycling.warn_days.iter().map(ToString::to_string).collect();
    let mut values = Values::default()
        .with("version", settings.version.to_string())
        .with("protection_days", recycling.protection_days.to_string())
        .with("dealt", word(&DEALT, recycling.dealt))
        .with("dealt_days", recycling.dealt_days.to_string())
        .with("warn_days", warn_days.join(", "))
        .with_some("working_days", recycling.working_days.then_some("1"));
    for level in &recycling.excluded_levels {
        values = values.with("excluded_levels", level.as_str());
    }
    for (place, level) in rows.iter().enumerate() {
        let name = |field: &str| format!("rules_{place}_{field}");
        values = values.with(&name("level"), level.as_ref().map_or("", EntryCode::as_str));
        let Some(rule) = recycling.rules.iter().find(|rule| rule.level == *level) else { continue };
        let days = |days: Option<i32>| days.map(|days| days.to_string());
        values = values
            .with_some(&name("enabled"), rule.enabled.then_some("1"))
            .with_some(&name("idle_days"), days(rule.idle_days))
            .with_some(&name("undealt_days"), days(rule.undealt_days))
            .with_some(&name("holding_days"), days(rule.holding_days))
            .with_some(&name("pool"), rule.pool.map(|pool| pool.to_string()));
    }
    values
}

/// What the form shows at first.
fn opened(desk: &Desk<'_>) -> Result<Values, Failure> {
    let settings = desk.crm.settings()?;
    let named = |code: &EntryCode| settings.pool.recycling.rules.iter().any(|rule| rule.level.as_ref() == Some(code));
    // Of a level that is retired a rule may still be there.
    let known = levels(desk).filter(|level| !level.retired || named(&level.code));
    let rows: Vec<_> = known.map(|level| Some(level.code.clone())).chain([None]).collect();
    let d = &desk.look;
    Ok(values_of(&settings, &rows).with("from", day(d, -BACK)).with("to", day(d, 0)))
}

pub(crate) async fn show(State(app): State<Shared>, visitor: Visitor, Params(params): Params) -> Reply {
    app.desk(visitor, move |desk| {
        let values = match keeps(desk) {
            true => opened(desk)?,
            false => {
                desk.needs("pool", "view")?;
                Values::default()
            }
        };
        draw(desk, &values, params.text("until"), None, None)
    })
    .await
}

/// Where rules are tried there is nothing to see without any.
pub(crate) async fn start(visitor: Visitor) -> Reply {
    let _ = visitor;
    Ok(Redirect::to(HERE).into_response())
}

fn draw(desk: &Desk<'_>, values: &Values, until: Option<String>, error: Option<&Error>, tried: Option<Trial>) -> Reply {
    let d = &desk.look;
    // After a conflict the form counts on what it has just shown beside its fields.
    let now = match error {
        Some(Error::Conflict { .. }) => {
            let now = values_of(&desk.crm.settings()?, &rows(values));
            Some(now.with("from", values.get("from")).with("to", values.get("to")))
        }
        _ => None,
    };
    let form = match keeps(desk) {
        true => {
            let version = now.as_ref().unwrap_or(values).get("version");
            let sheet = Sheet::new(desk, HERE, values, error).present(now.as_ref()).hidden("version", version);
            Some(fields(desk, sheet, values)?.done())
        }
        false => None,
    };
    let preview = if d.may("pool.view") { Some(preview(desk, until)?) } else { None };
    let fine = error.is_none() && preview.as_ref().is_none_or(|preview| preview.problem.is_empty());
    let title = d.t(if form.is_some() { "recycling_rules" } else { "going_soon" });
    let status = if fine { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    desk.page_with(status, &Page { d, title, form, tried, preview })
}

fn fields<'a>(desk: &Desk<'_>, mut sheet: Sheet<'a>, values: &Values) -> Result<Sheet<'a>, Failure> {
    let d = &desk.look;
    let pools = desk.crm.pools()?.into_iter().filter(|pool| !pool.retired);
    let pools: Vec<Choice> = pools.map(|pool| Choice::new(pool.id.to_string(), pool.name)).collect();
    for (place, level) in rows(values).iter().enumerate() {
        let name = |field: &str| format!("rules_{place}_{field}");
        let title = match level {
            Some(_) => d.label(dictionary::LEVEL, level),
            None => d.t("other_levels").to_owned(),
        };
        sheet = sheet
            .titled(title)
            .narrow()
            .hidden(&name("level"), level.as_ref().map_or("", EntryCode::as_str))
            .tick(&name("enabled"))
            .labelled(d.t("f_enabled"))
            .input("number", &name("idle_days"))
            .labelled(d.t("f_idle_days"))
            .input("number", &name("undealt_days"))
            .labelled(d.t("f_undealt_days"))
            .input("number", &name("holding_days"))
            .labelled(d.t("f_holding_days"))
            .choice(&name("pool"), pools.clone())
            .labelled(d.t("into_pool"));
    }
    let held = values.all("excluded_levels");
    let known = levels(desk).filter(|level| !level.retired || held.contains(&level.code.as_str()));
    let known = known.map(|level| Choice::new(level.code.as_str(), &level.label)).collect();
    Ok(sheet
        .section("s_recycling")
        .checks("excluded_levels", known)
        .help("excluded_levels_help")
        .input("number", "protection_days")
        .required()
        .help("protection_days_help")
        .choice("dealt", choices(d, "dealt_", &DEALT))
        .required()
        .help("count_dealt_help")
        .input("number", "dealt_days")
        .required()
        .help("dealt_days_help")
        .line("warn_days", 40)
        .help("warn_days_help")
        .tick("working_days")
        .help("working_days_help")
        .section("s_trial")
        .input("date", "from")
        .labelled(d.t("q_from"))
        .help("trial_help")
        .input("date", "to")
        .labelled(d.t("q_to"))
        .also("/recycling/simulate#trial", "try_rules"))
}

fn preview(desk: &Desk<'_>, until: Option<String>) -> Result<Preview, Failure> {
    let d = &desk.look;
    let until = until.unwrap_or_else(|| day(d, AHEAD));
    let asked = until.parse::<Date>().map_err(|_| Error::from(Violation::malformed("until")));
    let mut preview = Preview { until, problem: String::new(), on: desk.recycles()?, complete: true, rows: Vec::new() };
    let found = match asked.and_then(|until| desk.crm.preview_recycling(until, None)) {
        Ok(found) => found,
        Err(error) => {
            preview.problem = d.said(&desk.for_form(error)?);
            return Ok(preview);
        }
    };
    let mut pools: BTreeMap<PoolId, String> = BTreeMap::new();
    for item in &found.items {
        if let Entry::Vacant(place) = pools.entry(item.pool) {
            place.insert(desk.pool_name(item.pool)?);
        }
    }
    let row = |item: RecyclingItem| Row {
        id: item.customer.to_string(),
        name: item.name,
        number: item.number,
        owner: d.person(item.owner.as_str()),
        at: d.time(&item.goes_at),
        why: d.t(reason(item.reason)).to_owned(),
        warned: item.warned,
        pool: pools.get(&item.pool).cloned().unwrap_or_default(),
    };
    preview.complete = found.complete;
    preview.rows = found.items.into_iter().map(row).collect();
    Ok(preview)
}

pub(crate) async fn save(State(app): State<Shared>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        desk.needs("settings", "manage_settings")?;
        match saved(desk, &values) {
            Ok(_) => {
                desk.notice("done_saved");
                desk.go(HERE)
            }
            Err(error) => draw(desk, &values, None, Some(&desk.for_form(error)?), None),
        }
    })
    .await
}

fn saved(desk: &Desk<'_>, values: &Values) -> Result<Settings, Error> {
    let (recycling, places) = typed(desk, values)?;
    let mut settings = desk.crm.settings()?;
    settings.pool.recycling = recycling;
    settings.version = values.get("version").parse().unwrap_or_default();
    let saved = desk.acting(values).change_settings(settings);
    saved.map_err(|error| at_fields(error, "pool.recycling.", &places))
}

/// The rules as they are typed, and in which row each stands: of rows in which there is nothing to keep there is no rule.
fn typed(desk: &Desk<'_>, values: &Values) -> Result<(RecyclingSettings, Vec<usize>), Error> {
    let mut read = Reader::new(values, desk.look.zone);
    let (mut rules, mut places) = (Vec::new(), Vec::new());
    for (place, level) in rows(values).into_iter().enumerate() {
        let name = |field: &str| format!("rules_{place}_{field}");
        // What is too much for the type is too much for the rule.
        let mut days = |field: &str| read.whole(&name(field)).map(|days| i32::try_from(days).unwrap_or(i32::MAX));
        let [idle_days, undealt_days, holding_days] = ["idle_days", "undealt_days", "holding_days"].map(&mut days);
        let pool = read.parsed(&name("pool"));
        let rule = RecycleRule {
            level,
            enabled: values.ticked(&name("enabled")),
            idle_days,
            undealt_days,
            holding_days,
            pool,
        };
        if rule.enabled || idle_days.or(undealt_days).or(holding_days).is_some() {
            rules.push(rule);
            places.push(place);
        }
    }
    let warn_days = read.days("warn_days");
    let excluded = values.all("excluded_levels").into_iter().map(EntryCode::new).collect::<Result<_, _>>();
    let dealt = chosen(&mut read, &DEALT, "dealt", values.get("dealt"));
    let (protection_days, dealt_days) = (read.number("protection_days"), read.number("dealt_days"));
    read.done()?;
    let recycling = RecyclingSettings {
        rules,
        excluded_levels: excluded.map_err(|_| Violation::unknown("excluded_levels"))?,
        protection_days,
        dealt: dealt.unwrap_or_default(),
        dealt_days,
        warn_days,
        working_days: values.ticked("working_days"),
    };
    Ok((recycling, places))
}

/// What the CRM says of rules, said of the fields of this form: which rule stands in which row only the form knows.
fn at_fields(error: Error, prefix: &str, places: &[usize]) -> Error {
    let Error::Invalid { mut violations } = error else { return error };
    for violation in &mut violations {
        let Some(path) = violation.field.strip_prefix(prefix) else { continue };
        let of_rule = path.strip_prefix("rules[").and_then(|rest| rest.split_once("]."));
        violation.field = match of_rule {
            None => path.to_owned(),
            // The level of a row is no field, so it is said above the form.
            Some((_, "level")) => "level".to_owned(),
            Some((rule, field)) => {
                let place = rule.parse::<usize>().ok().and_then(|rule| places.get(rule));
                place.map_or_else(|| path.to_owned(), |place| format!("rules[{place}].{field}"))
            }
        };
    }
    Error::Invalid { violations }
}

pub(crate) async fn simulate(State(app): State<Shared>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        desk.needs("settings", "manage_settings")?;
        match simulated(desk, &values) {
            Ok(tried) => draw(desk, &values, None, None, Some(tried)),
            Err(error) => draw(desk, &values, None, Some(&desk.for_form(error)?), None),
        }
    })
    .await
}

fn simulated(desk: &Desk<'_>, values: &Values) -> Result<Trial, Error> {
    let d = &desk.look;
    let (rules, places) = typed(desk, values)?;
    let mut read = Reader::new(values, d.zone);
    let days = (read.needed_day("from"), read.needed_day("to"));
    read.done()?;
    let (from, to) = days.0.zip(days.1).ok_or_else(|| Violation::required("from"))?;
    let mut query = RecyclingSimulationQuery { rules, from, to, after: None };
    let mut owners: Vec<SimulatedOwner> = Vec::new();
    for _ in 0..MOST_ANSWERS {
        let answer = desk.crm.simulate_recycling(query.clone());
        let answer = answer.map_err(|error| at_fields(error, "rules.", &places))?;
        owners.extend(answer.owners);
        query.after = answer.next;
        if query.after.is_none() {
            break;
        }
    }
    // Whoever would have lost most is looked at first.
    owners.sort_by_key(|own| std::cmp::Reverse(own.gone));
    let example = |own: &SimulatedCustomer| Example {
        id: own.customer.to_string(),
        name: own.name.clone(),
        why: format!("{} · {}", d.time(&own.at), d.t(reason(own.reason))),
    };
    let mut total = Loss { name: d.t("total").to_owned(), counts: [0; 5], examples: Vec::new() };
    let mut rows = Vec::new();
    for own in &owners {
        let counts = [own.customers, own.gone, own.idle, own.undealt, own.held];
        for (sum, count) in total.counts.iter_mut().zip(counts) {
            *sum += count;
        }
        rows.push(Loss {
            name: d.person(own.owner.as_str()),
            counts,
            examples: own.examples.iter().take(EXAMPLES).map(example).collect(),
        });
    }
    let days = format!("{} {from} {} {to}", d.t("from"), d.t("until"));
    Ok(Trial { days, complete: query.after.is_none(), rows, total })
}
