//! Targets of a month against what was reached, by people or positions; setting them.

use crate::app::{Reply, Shared};
use crate::desk::{Choice, Desk, Look};
use crate::form::Sheet;
use crate::pages::report::{chosen, months, of_minor, whose};
use crate::pages::{Above, Params, form_page};
use crate::security::Posted;
use crate::session::Visitor;
use crate::values::{Reader, Values, url};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use crm_core::{
    Currency, Date, Decimal, Error, ReportOf, ReportPer, Target, TargetAmount, TargetAmountInput, TargetBy,
    TargetFigures, TargetInput, TargetQuery, TargetReport, TargetReportQuery, TargetRow, Violation,
};
use std::collections::BTreeMap;

const BYS: [(&str, TargetBy); 2] = [("person", TargetBy::Person), ("position", TargetBy::Position)];

#[derive(Template)]
#[template(path = "targets.html")]
struct Targets<'a> {
    d: &'a Look<'a>,
    problem: String,
    selects: Vec<(&'static str, String, Vec<Choice>, String)>,
    month: String,
    by_title: String,
    edits: bool,
    add: String,
    rows: Vec<Row>,
}

/// Somebody's month.
struct Row {
    name: String,
    edit: String,
    cells: Vec<Cell>,
}

/// One measure of it.
struct Cell {
    title: String,
    /// The rows behind what was reached; empty where there is no list of them.
    rows: String,
    lines: Vec<Against>,
}

/// A target against what was reached.
struct Against {
    target: String,
    below: String,
    reached: String,
    /// How much of a hundred; empty without a target.
    percent: String,
}

/// How much of a hundred one is of another.
fn percent(reached: i64, target: i64) -> Option<i64> {
    let share = (i128::from(reached) * 100).checked_div(i128::from(target))?;
    i64::try_from(share).ok().filter(|_| target > 0)
}

fn minor(amounts: &[TargetAmount], currency: Currency) -> Option<i64> {
    amounts.iter().find(|own| own.currency == currency)?.amount.minor(currency)
}

fn said(amounts: &[TargetAmount], currency: Currency, d: &Look<'_>) -> String {
    let found = amounts.iter().find(|own| own.currency == currency);
    found.map(|own| d.money(own.amount, currency)).unwrap_or_default()
}

/// Amounts of a row, a line for each currency.
fn money(row: &TargetRow, of: impl Fn(&TargetFigures) -> &[TargetAmount], d: &Look<'_>) -> Vec<Against> {
    // What has a target or a sum below stands among what was reached, too.
    let line = |own: &TargetAmount| {
        let (target, reached) = (minor(of(&row.target), own.currency), minor(of(&row.reached), own.currency));
        let percent = target.and_then(|target| percent(reached.unwrap_or_default(), target));
        Against {
            target: said(of(&row.target), own.currency, d),
            below: said(of(&row.below), own.currency, d),
            reached: d.money(own.amount, own.currency),
            percent: percent.map(|percent| format!("{percent}%")).unwrap_or_default(),
        }
    };
    of(&row.reached).iter().map(line).collect()
}

fn count(row: &TargetRow, of: impl Fn(&TargetFigures) -> Option<i64>) -> Vec<Against> {
    let Some(reached) = of(&row.reached) else { return Vec::new() };
    let text = |count: Option<i64>| count.map(|count| count.to_string()).unwrap_or_default();
    let percent = of(&row.target).and_then(|target| percent(reached, target));
    vec![Against {
        target: text(of(&row.target)),
        below: text(of(&row.below)),
        reached: reached.to_string(),
        percent: percent.map(|percent| format!("{percent}%")).unwrap_or_default(),
    }]
}

impl Row {
    fn of(row: &TargetRow, of: &str, d: &Look<'_>) -> Self {
        let (name, id) = match (&row.person, &row.position) {
            (Some(person), _) => ("person", person.to_string()),
            (None, position) => ("position", position.as_ref().map(ToString::to_string).unwrap_or_default()),
        };
        let (from, to) = (row.from.to_string(), row.to.to_string());
        let cell = |key: &str, what: &str, lines| Cell {
            title: d.t(key).to_owned(),
            rows: match what {
                "" => String::new(),
                what => url("/reports/rows", &[("what", what), ("of", of), (name, &id), ("from", &from), ("to", &to)]),
            },
            lines,
        };
        Row {
            name: row.name.clone().unwrap_or_else(|| id.clone()),
            edit: url("/reports/targets/edit", &[("of", of), (name, &id), ("month", &month_of(row.from))]),
            cells: vec![
                cell("signed", "contracts", money(row, |own| &own.signed, d)),
                cell("received", "receipts", money(row, |own| &own.received, d)),
                cell("f_new_customers", "customers", count(row, |own| own.new_customers)),
                cell("f_follow_ups", "", count(row, |own| own.follow_ups)),
            ],
        }
    }
}

/// `2026-11`
fn month_of(day: Date) -> String {
    day.to_string().get(..7).unwrap_or_default().to_owned()
}

/// The month asked for, by its first day; this month where none is.
fn month(desk: &Desk<'_>, values: &Values) -> Result<Date, Error> {
    let typed = values.text("month");
    let month = typed.unwrap_or_else(|| desk.look.time(&desk.look.now).get(..7).unwrap_or_default().to_owned());
    format!("{month}-01").parse().map_err(|_| Violation::malformed("month").into())
}

fn read(desk: &Desk<'_>, params: &Values) -> Result<TargetReport, Error> {
    let month = month(desk, params)?;
    desk.crm.target_report(TargetReportQuery {
        of: whose(params),
        from: month,
        to: month,
        per: ReportPer::Month,
        by: chosen(params, "by", &BYS)?.unwrap_or_default(),
        in_base: false,
    })
}

pub(crate) async fn show(State(app): State<Shared>, visitor: Visitor, Params(params): Params) -> Reply {
    app.desk(visitor, move |desk| {
        let d = &desk.look;
        desk.needs("report", "view")?;
        let (rows, problem) = match read(desk, &params) {
            Ok(found) => (found.rows, String::new()),
            Err(error) => (Vec::new(), d.said(&desk.for_form(error)?)),
        };
        let of = if params.get("of").is_empty() { "subtree" } else { params.get("of") };
        let by = if params.get("by").is_empty() { "person" } else { params.get("by") };
        let mut scopes = vec![Choice::new("subtree", d.t("of_subtree")), Choice::new("mine", d.t("of_mine"))];
        if d.administrator {
            scopes.push(Choice::new("all", d.t("of_all")));
        }
        let bys = BYS.iter().map(|(name, _)| Choice::new(*name, d.t(&format!("by_{name}")))).collect();
        let shown = month(desk, &params).map(month_of).unwrap_or_else(|_| params.get("month").to_owned());
        let page = Targets {
            d,
            problem: problem.clone(),
            selects: vec![
                ("of", d.t("whose").to_owned(), scopes, of.to_owned()),
                ("by", d.t("told_apart").to_owned(), bys, by.to_owned()),
            ],
            by_title: d.t(if by == "position" { "by_position" } else { "by_person" }).to_owned(),
            edits: d.may("position.edit"),
            add: url("/reports/targets/edit", &[("of", of), ("month", &shown)]),
            month: shown,
            rows: rows.iter().map(|row| Row::of(row, of, d)).collect(),
        };
        desk.page_with(if problem.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }, &page)
    })
    .await
}

/// The list that a form leads back to.
fn list(values: &Values) -> String {
    let by = if values.text("position").is_some() { "position" } else { "person" };
    url("/reports/targets", &[("of", values.get("of")), ("by", by), ("month", values.get("month"))])
}

/// Whose version a form has: another person's, position's or month's target has one of its own.
fn version_of(values: &Values) -> String {
    ["person", "position", "month"].map(|name| values.get(name)).join("|")
}

/// The target that stands for whom the form names; none: nothing was ever set.
fn standing(desk: &Desk<'_>, values: &Values) -> Result<Option<Target>, Error> {
    let mut read = Reader::new(values, desk.look.zone);
    let of = match (read.made("person"), read.made("position")) {
        (Some(person), None) => ReportOf::Person { person },
        (None, Some(position)) => ReportOf::Position { position },
        _ => return Ok(None),
    };
    let month = month(desk, values)?;
    let found = desk.crm.targets(TargetQuery { of, from: month, to: month })?;
    let (person, position) = (values.get("person"), values.get("position"));
    Ok(found.into_iter().find(|own| match (&own.person, &own.position) {
        (Some(own), _) => own.as_str() == person,
        (None, own) => own.as_ref().is_some_and(|own| own.as_str() == position),
    }))
}

fn values_of(target: Option<&Target>) -> Values {
    let Some(target) = target else { return Values::default().with("version", "0") };
    let lines = |amounts: &[TargetAmount]| -> String {
        let lines: Vec<String> = amounts.iter().map(|own| format!("{} {}", own.currency, own.amount)).collect();
        lines.join("\n")
    };
    Values::default()
        .with("version", target.version.to_string())
        .with("signed", lines(&target.signed))
        .with("received", lines(&target.received))
        .with_some("new_customers", target.new_customers.map(|count| count.to_string()))
        .with_some("follow_ups", target.follow_ups.map(|count| count.to_string()))
}

pub(crate) async fn edit(State(app): State<Shared>, visitor: Visitor, Params(params): Params) -> Reply {
    app.desk(visitor, move |desk| {
        desk.needs("position", "edit")?;
        let month = month(desk, &params)?;
        let known = standing(desk, &params)?;
        let asked = params.without(|name| name == "month").with("month", month_of(month));
        edit_form(desk, &asked.and(values_of(known.as_ref())), None)
    })
    .await
}

/// Who is gone can't be chosen any more, but the target that is his can be cleared.
fn with_chosen(mut choices: Vec<Choice>, chosen: &str, label: String) -> Vec<Choice> {
    if !chosen.is_empty() && choices.iter().all(|choice| choice.value != chosen) {
        choices.push(Choice::new(chosen, label));
    }
    choices
}

fn edit_form(desk: &Desk<'_>, values: &Values, error: Option<&Error>) -> Reply {
    let d = &desk.look;
    let conflict = matches!(error, Some(Error::Conflict { .. }));
    let mut now = Values::default();
    if conflict {
        let same = ["person", "position", "month"].into_iter();
        let stands = values_of(standing(desk, values)?.as_ref());
        now = same.fold(stands, |now, name| now.with(name, values.get(name)));
    }
    let version = if conflict { now.get("version") } else { values.get("version") };
    let known = values.get("version_of");
    let of = if conflict || known.is_empty() { version_of(values) } else { known.to_owned() };
    let back = list(values);
    let mut sheet = Sheet::new(desk, "/reports/targets/edit", values, error)
        .present(conflict.then_some(&now))
        .hidden("version", version)
        .hidden("of", values.get("of"))
        .hidden("version_of", of)
        .cancel(back.clone())
        .choice("person", with_chosen(desk.people_choices()?, values.get("person"), d.person(values.get("person"))))
        .choice(
            "position",
            with_chosen(desk.position_choices()?, values.get("position"), desk.position_name(values.get("position"))?),
        )
        .help("target_of_help")
        .input("month", "month")
        .required();
    // Who may not see a figure is not asked for it: what stands there stays.
    if d.may("contract.view") {
        sheet = sheet.area("signed", 400).help("target_amounts_help");
    }
    if d.may("payment.view") {
        sheet = sheet.area("received", 400).help("target_amounts_help");
    }
    if d.may("customer.view") {
        sheet = sheet.input("number", "new_customers");
    }
    if d.may("follow_up.view") {
        sheet = sheet.input("number", "follow_ups");
    }
    let above =
        Above { title: d.t("edit_target").to_owned(), back: (back, d.t("targets").to_owned()), intro: String::new() };
    form_page(desk, above, sheet, error)
}

pub(crate) async fn save(State(app): State<Shared>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| match saved(desk, &values) {
        Ok(_) => {
            desk.notice("done_saved");
            desk.go(&list(&values))
        }
        Err(error) => edit_form(desk, &values, Some(&desk.for_form(error)?)),
    })
    .await
}

/// One amount a line: `USD 5000`, or the number alone for the base currency.
fn amounts(values: &Values, name: &str, read: &mut Reader<'_>) -> Vec<TargetAmountInput> {
    let amount = |line: &str| {
        let (currency, amount) = match line.split_once(char::is_whitespace) {
            Some((code, amount)) => (Some(Currency::new(&code.to_uppercase()).ok()?), amount.trim()),
            None => (None, line),
        };
        let amount: Decimal = amount.replace([',', '，'], "").parse().ok()?;
        Some(TargetAmountInput { amount, currency })
    };
    let mut amounts = Vec::new();
    for line in values.lines(name) {
        match amount(&line) {
            Some(amount) => amounts.push(amount),
            None => read.note(Violation::malformed(name)),
        }
    }
    amounts
}

fn saved(desk: &Desk<'_>, values: &Values) -> Result<Vec<Target>, Error> {
    let d = &desk.look;
    let month = month(desk, values)?;
    let mut read = Reader::new(values, d.zone);
    let mut target = TargetInput {
        person: read.made("person"),
        position: read.made("position"),
        month,
        // Of another target than the one that was opened nothing is known yet: one that stands is a conflict, and shown.
        version: match values.get("version_of") == version_of(values) {
            true => values.get("version").parse().unwrap_or_default(),
            false => 0,
        },
        signed: d.may("contract.view").then(|| amounts(values, "signed", &mut read)),
        received: d.may("payment.view").then(|| amounts(values, "received", &mut read)),
        new_customers: read.whole("new_customers"),
        follow_ups: read.whole("follow_ups"),
        clear: Vec::new(),
    };
    read.done()?;
    let blank = [
        ("new_customers", target.new_customers.is_none() && d.may("customer.view")),
        ("follow_ups", target.follow_ups.is_none() && d.may("follow_up.view")),
    ];
    target.clear = blank.iter().filter(|(_, blank)| *blank).map(|(name, _)| (*name).to_owned()).collect();
    desk.acting(values).set_targets(vec![target])
}

/// A person's target against what was reached, on the page of reports.
pub(crate) struct Reached {
    pub(crate) name: String,
    pub(crate) target: String,
    pub(crate) reached: String,
    pub(crate) percent: i64,
    /// Of a hundred of the plane, both below the greater of all.
    pub(crate) target_width: i64,
    pub(crate) reached_width: i64,
}

/// Rows of the chart: the greatest targets, the page of targets has all.
const CHARTED: usize = 30;

/// Signed against targets in the base currency, of the people asked for, over the months that have a target, of the last
/// year of the days at the most.
pub(crate) fn chart(desk: &Desk<'_>, params: &Values, (from, to): (Date, Date)) -> Result<Vec<Reached>, Error> {
    let year = months(to) - 11;
    let from = match months(from) < year {
        true => format!("{:04}-{:02}-01", year.div_euclid(12), year.rem_euclid(12) + 1).parse()?,
        false => from,
    };
    let base = desk.base_currency()?;
    let query =
        TargetReportQuery { of: whose(params), from, to, per: ReportPer::Month, by: TargetBy::Person, in_base: true };
    let mut sums: BTreeMap<String, (String, i64, i64)> = BTreeMap::new();
    for row in desk.crm.target_report(query)?.rows {
        let (Some(target), Some(person)) = (minor(&row.target.signed, base), &row.person) else { continue };
        let fresh = || (row.name.clone().unwrap_or_default(), 0, 0);
        let (_, targets, reached) = sums.entry(person.to_string()).or_insert_with(fresh);
        *targets += target;
        *reached += minor(&row.reached.signed, base).unwrap_or_default();
    }
    let mut sums: Vec<_> = sums.into_values().collect();
    sums.sort_by_key(|(_, target, _)| std::cmp::Reverse(*target));
    sums.truncate(CHARTED);
    let most = sums.iter().map(|(_, target, reached)| *target.max(reached)).max().unwrap_or(1).max(1);
    let width = |amount: i64| percent(amount.max(0), most).unwrap_or_default();
    let said = |amount: i64| desk.look.money(of_minor(amount, base), base);
    let row = |(name, target, reached): (String, i64, i64)| Reached {
        name,
        target: said(target),
        reached: said(reached),
        percent: percent(reached, target).unwrap_or_default(),
        target_width: width(target),
        reached_width: width(reached),
    };
    Ok(sums.into_iter().map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn t3_percents_are_whole_and_need_a_target() {
        assert_eq!(percent(1, 3), Some(33));
        assert_eq!(percent(300, 100), Some(300));
        assert_eq!(percent(-50, 100), Some(-50));
        assert_eq!((percent(5, 0), percent(i64::MAX, i64::MAX)), (None, Some(100)));
    }
}
