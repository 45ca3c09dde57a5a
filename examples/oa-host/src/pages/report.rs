//! The reports: sales by month, the funnel, levels, and what is overdue.

use crate::app::{Reply, Shared};
use crate::desk::{Choice, Desk, Look, typed};
use crate::failure::Failure;
use crate::pages::Params;
use crate::pages::target::{self, Reached};
use crate::session::Visitor;
use crate::values::{Reader, Values, url};
use askama::Template;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use crm_core::{
    AgeingReport, Currency, CustomerDimension, CustomerReport, Date, Decimal, Error, ReportOf, ReportPer, SalesBasis,
    SalesBy, SalesQuery, SalesReport, SalesRow, Violation,
};

const PERS: [(&str, ReportPer); 3] =
    [("month", ReportPer::Month), ("quarter", ReportPer::Quarter), ("year", ReportPer::Year)];
const BYS: [(&str, SalesBy); 3] =
    [("person", SalesBy::Person), ("position", SalesBy::Position), ("product", SalesBy::Product)];
const BASES: [(&str, SalesBasis); 2] = [("signed", SalesBasis::Signed), ("received", SalesBasis::Received)];

/// The width of a chart's plane, in its own units.
const WIDTH: i64 = 640;
/// Its height.
const HEIGHT: i64 = 200;

#[derive(Template)]
#[template(path = "reports.html")]
struct Reports<'a> {
    d: &'a Look<'a>,
    problem: String,
    selects: Vec<(&'static str, String, Vec<Choice>, String)>,
    from: String,
    to: String,
    sales: Option<Sales>,
    by_title: String,
    funnel: Option<Ranking>,
    levels: Option<Ranking>,
    ageing: Vec<Ageing>,
    /// People's targets against what they signed.
    targets: Vec<Reached>,
    csv: String,
}

/// Sales as a chart with the table under it.
struct Sales {
    /// The currency of every figure.
    currency: String,
    bars: Vec<Bar>,
    /// What stands under the bars.
    labels: Vec<Label>,
    /// Lines across, with what they stand for.
    lines: Vec<(i64, String)>,
    rows: Vec<Line>,
    totals: Vec<Line>,
    others: Vec<Line>,
    by_receipt: bool,
    /// Whether the rows are told apart by product: nothing is received on a product.
    by_product: bool,
}

/// A period under the chart.
struct Label {
    /// Where it stands.
    middle: i64,
    text: String,
    /// The year, where it is another one than to the left.
    year: String,
}

/// The bars of a period.
struct Bar {
    /// Place, top, width, height, series, and the figure in words.
    columns: Vec<(i64, i64, i64, i64, &'static str, String)>,
}

/// A row of sales in words.
struct Line {
    period: String,
    name: String,
    entries: i64,
    signed: String,
    received: String,
    unreceived: String,
    before: String,
    /// Where the rows behind it are.
    href: String,
}

/// Customers by a value, as bars that lie.
struct Ranking {
    title: String,
    head: String,
    total: i64,
    rows: Vec<Rank>,
}

/// One value.
struct Rank {
    label: String,
    customers: i64,
    /// How much of a hundred of the greatest.
    percent: i64,
    colour: String,
    href: String,
}

/// What is open in a currency, by how long it is overdue.
struct Ageing {
    currency: String,
    not_due: String,
    overdue: String,
    buckets: Vec<(String, i64, String, i64, String)>,
}

/// Whose figures an address asks for.
pub(crate) fn whose(params: &Values) -> ReportOf {
    match params.get("of") {
        "mine" => ReportOf::Mine,
        "all" => ReportOf::All,
        _ => ReportOf::Subtree,
    }
}

pub(crate) fn chosen<T: Copy>(params: &Values, name: &str, known: &[(&str, T)]) -> Result<Option<T>, Error> {
    let Some(wanted) = params.text(name) else { return Ok(None) };
    let found = known.iter().find(|(known, _)| *known == wanted);
    found.map(|(_, found)| Some(*found)).ok_or_else(|| Violation::unknown(name).into())
}

/// The days that are asked for; the last twelve months where none are.
pub(crate) fn span(desk: &Desk<'_>, params: &Values) -> Result<(Date, Date), Error> {
    let mut read = Reader::new(params, desk.look.zone);
    let (from, to) = (read.day("from"), read.day("to"));
    read.done()?;
    let today = desk.look.time(&desk.look.now);
    let to = match to {
        Some(to) => to,
        None => today.get(..10).unwrap_or_default().parse()?,
    };
    let from = match from {
        Some(from) => from,
        None => {
            let text = to.to_string();
            let number = |range: std::ops::Range<usize>| text.get(range).and_then(|part| part.parse::<i32>().ok());
            let (year, month) = (number(0..4).unwrap_or(2000), number(5..7).unwrap_or(1));
            let (year, month) = if month == 12 { (year, 1) } else { (year - 1, month + 1) };
            format!("{year:04}-{month:02}-01").parse()?
        }
    };
    Ok((from, to))
}

fn sales_query(desk: &Desk<'_>, params: &Values) -> Result<SalesQuery, Error> {
    let (from, to) = span(desk, params)?;
    Ok(SalesQuery {
        of: whose(params),
        basis: chosen(params, "basis", &BASES)?.unwrap_or_default(),
        from,
        to,
        per: chosen(params, "per", &PERS)?.unwrap_or_default(),
        by: None,
        currency: None,
        in_base: true,
        compare: Some(crm_core::Compare::Previous),
    })
}

/// A report that the person may not see is left out, and nothing else.
fn unless_forbidden<T>(answer: Result<T, Error>) -> Result<Option<T>, Error> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(Error::Forbidden { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Targets against what was signed. Where they can't be told, for too many people or until sums are made anew after the
/// time zone was changed, that is no reason to be without the rest of the page; their own page says why.
fn reached(desk: &Desk<'_>, params: &Values) -> Result<Vec<Reached>, Error> {
    let chart = unless_forbidden(target::chart(desk, params, span(desk, params)?));
    match chart {
        Err(error) if ["figures_not_built", "sum_too_great", "invalid"].contains(&error.code()) => Ok(Vec::new()),
        chart => Ok(chart?.unwrap_or_default()),
    }
}

/// Everything on the page.
struct Read {
    sales: Option<(SalesReport, Option<SalesReport>)>,
    funnel: Option<CustomerReport>,
    levels: Option<CustomerReport>,
    ageing: Option<AgeingReport>,
    targets: Vec<Reached>,
    by_receipt: bool,
    /// How many months a period has.
    step: i64,
    by: Option<SalesBy>,
}

impl Read {
    /// Whether the person may see none of it.
    fn is_empty(&self) -> bool {
        self.sales.is_none() && self.funnel.is_none() && self.levels.is_none() && self.ageing.is_none()
    }
}

fn read(desk: &Desk<'_>, params: &Values) -> Result<Read, Error> {
    let query = sales_query(desk, params)?;
    let by = chosen(params, "by", &BYS)?;
    let by_receipt = query.basis == SalesBasis::Received;
    let step = match query.per {
        ReportPer::Quarter => 3,
        ReportPer::Year => 12,
        _ => 1,
    };
    let others = SalesQuery { per: ReportPer::Whole, by, compare: None, ..query.clone() };
    let sales = match unless_forbidden(desk.crm.sales_report(query))? {
        Some(sales) => {
            let others = by.map(|_| desk.crm.sales_report(others)).transpose()?;
            Some((sales, others))
        }
        None => None,
    };
    Ok(Read {
        sales,
        funnel: told_apart(desk, params, CustomerDimension::Stage, "customer.stage")?,
        levels: told_apart(desk, params, CustomerDimension::Level, "customer.level")?,
        ageing: unless_forbidden(desk.crm.ageing_report(whose(params), None))?,
        targets: reached(desk, params)?,
        by_receipt,
        step,
        by,
    })
}

/// The months since the year 0.
pub(crate) fn months(day: Date) -> i64 {
    let text = day.to_string();
    let number = |range: std::ops::Range<usize>| text.get(range).and_then(|part| part.parse::<i64>().ok());
    number(0..4).unwrap_or_default() * 12 + number(5..7).unwrap_or(1) - 1
}

/// Of how many periods one has a label, so that labels of this width do not run into each other.
fn rarely(slots: i64, width: i64) -> i64 {
    ((slots * width + WIDTH - 1) / WIDTH).max(1)
}

/// Months under a chart, the first one of each year with it.
fn month_labels(first: i64, slots: i64, slot: i64, d: &Look<'_>) -> Vec<Label> {
    let names: Vec<&str> = d.t("month_names").split(' ').collect();
    let mut labels: Vec<Label> = Vec::new();
    let mut last = None;
    for place in (0..slots).step_by(usize::try_from(rarely(slots, 52)).unwrap_or(1)) {
        let (year, month) = ((first + place).div_euclid(12), (first + place).rem_euclid(12));
        let name = usize::try_from(month).ok().and_then(|month| names.get(month));
        labels.push(Label {
            middle: place * slot + slot / 2,
            text: name.map(|name| (*name).to_owned()).unwrap_or_default(),
            year: if last == Some(year) { String::new() } else { year.to_string() },
        });
        last = Some(year);
    }
    labels
}

fn minor(amount: Decimal, currency: Currency) -> i64 {
    amount.minor(currency).unwrap_or_default()
}

/// The smallest round number that is not less: 1, 2 or 5 with noughts.
fn round_up(most: i64) -> i64 {
    let mut unit = 1_i64;
    loop {
        for step in [1, 2, 5] {
            let round = unit.saturating_mul(step);
            if round >= most || round == i64::MAX {
                return round;
            }
        }
        unit = unit.saturating_mul(10);
    }
}

/// A height within the plane.
fn scaled(amount: i64, most: i64) -> i64 {
    i64::try_from(i128::from(amount.max(0)) * i128::from(HEIGHT) / i128::from(most.max(1))).unwrap_or(HEIGHT)
}

impl Sales {
    fn of(desk: &Desk<'_>, report: &SalesReport, others: Option<&SalesReport>, found: &Read, of: &str) -> Self {
        let d = &desk.look;
        let (by_receipt, step) = (found.by_receipt, found.step);
        let series = |row: &SalesRow| -> Vec<(&'static str, i64)> {
            let amount = |amount| minor(amount, row.currency);
            if by_receipt {
                vec![("received", amount(row.figures.received))]
            } else {
                vec![
                    ("signed", amount(row.figures.signed)),
                    ("received", amount(row.figures.received)),
                    ("unreceived", amount(row.figures.unreceived)),
                ]
            }
        };
        let most = report.rows.iter().flat_map(&series).map(|(_, amount)| amount).max().unwrap_or(0);
        let most = round_up(most.max(1));
        let first = report.rows.first().map_or(0, |row| months(row.from));
        // The report leaves out a period without figures; on an axis of time it has its place.
        let place = |row: &SalesRow| (months(row.from) - first + step - 1) / step;
        let slots = report.rows.last().map_or(1, |row| place(row) + 1);
        let slot = WIDTH / slots.max(1);
        let bars = report.rows.iter().map(|row| {
            let place = place(row);
            let columns = series(row);
            let width = (slot * 8 / 10 / i64::try_from(columns.len().max(1)).unwrap_or(1)).clamp(2, 36);
            let whole = width * i64::try_from(columns.len()).unwrap_or(1);
            let left = place * slot + (slot - whole) / 2;
            let columns = (0..).zip(columns).map(|(at, (name, amount)): (i64, _)| {
                let height = scaled(amount, most);
                let says =
                    format!("{} {} {}", row.period, d.t(name), d.money(of_minor(amount, row.currency), row.currency));
                (left + at * width, HEIGHT - height, (width - 1).max(1), height, name, says)
            });
            Bar { columns: columns.collect() }
        });
        let labels = if step == 1 {
            month_labels(first, slots, slot, d)
        } else {
            let rarely = rarely(slots, 88);
            let shown = report.rows.iter().filter(|row| place(row) % rarely == 0);
            let label = |row: &SalesRow| Label {
                middle: place(row) * slot + slot / 2,
                text: row.period.clone(),
                year: String::new(),
            };
            shown.map(label).collect()
        };
        let currency = report.rows.first().map(|row| row.currency);
        let lines = (0..=4).map(|part: i64| {
            let amount = most / 4 * part;
            let label = currency.map(|currency| short(amount, currency, d)).unwrap_or_default();
            (HEIGHT - scaled(amount, most), label)
        });
        let line = |row: &SalesRow| Line::of(row, by_receipt, of, d);
        Sales {
            currency: currency.map(|currency| currency.to_string()).unwrap_or_default(),
            bars: bars.collect(),
            labels,
            lines: lines.collect(),
            rows: report.rows.iter().map(line).collect(),
            totals: report.totals.iter().map(line).collect(),
            others: others.map(|others| others.rows.iter().map(line).collect()).unwrap_or_default(),
            by_receipt,
            by_product: found.by == Some(SalesBy::Product),
        }
    }
}

/// An amount out of the smallest units of its currency.
pub(crate) fn of_minor(amount: i64, currency: Currency) -> Decimal {
    let digits = usize::try_from(currency.digits()).unwrap_or_default();
    let text = format!("{:0>width$}", amount.unsigned_abs(), width = digits + 1);
    let (whole, part) = text.split_at(text.len() - digits);
    let sign = if amount < 0 { "-" } else { "" };
    let point = if part.is_empty() { "" } else { "." };
    format!("{sign}{whole}{point}{part}").parse().unwrap_or(Decimal::ZERO)
}

/// An amount for the edge of a chart: in ten thousands where it is great, as Chinese counts.
fn short(amount: i64, currency: Currency, d: &Look<'_>) -> String {
    let whole = amount / 10_i64.pow(currency.digits());
    if d.tag() == "en" {
        return match whole {
            0..10_000 => whole.to_string(),
            10_000..1_000_000 => format!("{}k", whole / 1_000),
            _ if whole % 1_000_000 / 10_000 == 0 => format!("{}M", whole / 1_000_000),
            _ => format!("{}.{:02}M", whole / 1_000_000, whole % 1_000_000 / 10_000).replace("0M", "M"),
        };
    }
    if whole >= 10_000 {
        let (ten_thousands, rest) = (whole / 10_000, whole % 10_000 / 1_000);
        return if rest == 0 { format!("{ten_thousands}万") } else { format!("{ten_thousands}.{rest}万") };
    }
    whole.to_string()
}

impl Line {
    fn of(row: &SalesRow, by_receipt: bool, of: &str, d: &Look<'_>) -> Self {
        let money = |amount| d.money(amount, row.currency);
        let figure = |figures: &crm_core::SalesFigures| if by_receipt { figures.received } else { figures.signed };
        let (from, to) = (row.from.to_string(), row.to.to_string());
        let what = if by_receipt { "receipts" } else { "contracts" };
        Line {
            period: row.period.clone(),
            name: row.name.clone().or_else(|| row.key.clone()).unwrap_or_else(|| d.t("of_none").to_owned()),
            entries: row.figures.entries,
            signed: money(row.figures.signed),
            received: money(row.figures.received),
            unreceived: money(row.figures.unreceived),
            before: row.before.as_ref().map(|before| money(figure(before))).unwrap_or_default(),
            href: if row.key.is_none() {
                url("/reports/rows", &[("what", what), ("of", of), ("from", &from), ("to", &to)])
            } else {
                String::new()
            },
        }
    }
}

/// Customers by a field, for who reads it.
fn told_apart(
    desk: &Desk<'_>,
    params: &Values,
    by: CustomerDimension,
    field: &str,
) -> Result<Option<CustomerReport>, Error> {
    if !desk.look.reads(field) {
        return Ok(None);
    }
    unless_forbidden(desk.crm.customer_report(whose(params), by))
}

impl Ranking {
    fn of(report: &CustomerReport, by: &'static str, of: &str, d: &Look<'_>) -> Self {
        let most = report.rows.iter().map(|row| row.customers).max().unwrap_or(0).max(1);
        let rows = report.rows.iter().map(|row| Rank {
            label: row.label.clone().or_else(|| row.code.clone()).unwrap_or_else(|| d.t("of_none").to_owned()),
            customers: row.customers,
            percent: row.customers * 100 / most,
            colour: row.colour.clone().unwrap_or_else(|| "#1f5fbf".to_owned()),
            href: match &row.code {
                Some(code) => url("/reports/rows", &[("what", "customers"), ("of", of), ("by", by), ("code", code)]),
                None => url("/reports/rows", &[("what", "customers"), ("of", of), ("by", by)]),
            },
        });
        let (title, head) = if by == "stage" { ("funnel", "f_stage") } else { ("levels", "f_level") };
        Ranking { title: d.t(title).to_owned(), head: d.t(head).to_owned(), total: report.total, rows: rows.collect() }
    }
}

fn ageing(report: &AgeingReport, of: &str, d: &Look<'_>) -> Vec<Ageing> {
    report
        .rows
        .iter()
        .map(|row| {
            let most = row.buckets.iter().map(|bucket| minor(bucket.amount, row.currency)).max().unwrap_or(0).max(1);
            let bucket = |bucket: &crm_core::AgeingBucket| {
                let label = match bucket.to_days {
                    Some(to) => format!("{}–{to} {}", bucket.from_days, d.t("days")),
                    None => format!("≥ {} {}", bucket.from_days, d.t("days")),
                };
                let share = minor(bucket.amount, row.currency).max(0).saturating_mul(100) / most;
                let day = |days: i32| {
                    let day = d.time(&d.now.plus_days(-i64::from(days)));
                    day.get(..10).unwrap_or_default().to_owned()
                };
                let (from, to) = (bucket.to_days.map(day).unwrap_or_default(), day(bucket.from_days));
                let (what, currency) = (("what", "instalments"), row.currency.to_string());
                let span = [what, ("of", of), ("from", &from), ("to", &to), ("currency", &currency)];
                let href = url("/reports/rows", &span);
                (label, bucket.entries, d.money(bucket.amount, row.currency), share, href)
            };
            Ageing {
                currency: row.currency.to_string(),
                not_due: d.money(row.not_due, row.currency),
                overdue: d.money(row.overdue, row.currency),
                buckets: row.buckets.iter().map(bucket).collect(),
            }
        })
        .collect()
}

fn named<T>(d: &Look<'_>, prefix: &str, known: &[(&str, T)]) -> Vec<Choice> {
    known.iter().map(|(name, _)| Choice::new(*name, d.t(&format!("{prefix}{name}")))).collect()
}

pub(crate) async fn show(State(app): State<Shared>, visitor: Visitor, Params(params): Params) -> Reply {
    app.desk(visitor, move |desk| {
        let d = &desk.look;
        let (mut found, problem) = match read(desk, &params) {
            Ok(found) if found.is_empty() => {
                return Err(Error::Forbidden { module: "report".to_owned(), right: "view".to_owned() }.into());
            }
            Ok(found) => (Some(found), String::new()),
            Err(error) => {
                let error = desk.for_form(error)?;
                let product =
                    |violation: &Violation| violation.field.ends_with("by") && violation.code == "not_allowed";
                let said = match error.violations().iter().any(product) {
                    true => d.t("no_product_of_receipts").to_owned(),
                    false => d.said(&error),
                };
                (None, said)
            }
        };
        let of = if params.get("of").is_empty() { "subtree" } else { params.get("of") };
        let mut whose = vec![Choice::new("subtree", d.t("of_subtree")), Choice::new("mine", d.t("of_mine"))];
        if d.administrator {
            whose.push(Choice::new("all", d.t("of_all")));
        }
        let selects = vec![
            ("of", d.t("whose").to_owned(), whose, of.to_owned()),
            ("basis", d.t("basis").to_owned(), named(d, "basis_", &BASES), params.get("basis").to_owned()),
            ("per", d.t("per").to_owned(), named(d, "per_", &PERS), params.get("per").to_owned()),
            ("by", d.t("told_apart").to_owned(), named(d, "by_", &BYS), params.get("by").to_owned()),
        ];
        let (from, to) = match span(desk, &params) {
            Ok((from, to)) => (from.to_string(), to.to_string()),
            Err(_) => (params.get("from").to_owned(), params.get("to").to_owned()),
        };
        let by = params.get("by");
        let asked = ["of", "basis", "per", "from", "to"].map(|name| (name, params.get(name)));
        let targets = found.as_mut().map(|found| std::mem::take(&mut found.targets)).unwrap_or_default();
        let page = Reports {
            d,
            targets,
            problem: problem.clone(),
            selects,
            sales: found.as_ref().and_then(|found| {
                let (sales, others) = found.sales.as_ref()?;
                Some(Sales::of(desk, sales, others.as_ref(), found, of))
            }),
            by_title: if by.is_empty() { String::new() } else { d.t(&format!("by_{by}")).to_owned() },
            funnel: found.as_ref().and_then(|found| Some(Ranking::of(found.funnel.as_ref()?, "stage", of, d))),
            levels: found.as_ref().and_then(|found| Some(Ranking::of(found.levels.as_ref()?, "level", of, d))),
            ageing: found.as_ref().and_then(|found| Some(ageing(found.ageing.as_ref()?, of, d))).unwrap_or_default(),
            csv: url("/reports/sales.csv", &asked),
            from,
            to,
        };
        desk.page_with(if problem.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }, &page)
    })
    .await
}

/// A text as a cell that no spreadsheet takes for a formula.
fn cell(text: &str) -> String {
    match text.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n') => format!("'{text}"),
        _ => text.to_owned(),
    }
}

pub(crate) async fn csv(State(app): State<Shared>, visitor: Visitor, Params(params): Params) -> Reply {
    app.desk(visitor, move |desk| {
        let d = &desk.look;
        let mut query = sales_query(desk, &params)?;
        query.by = Some(SalesBy::Person);
        query.compare = None;
        let report = desk.crm.sales_report(query)?;
        let broken = |error: &dyn std::fmt::Display| {
            eprintln!("a table can't be written: {error}");
            Failure::internal()
        };
        let mut writer = csv::Writer::from_writer(Vec::new());
        let head = ["period", "by_person", "f_currency", "entries", "signed", "received", "unreceived"];
        writer.write_record(head.map(|key| d.t(key))).map_err(|error| broken(&error))?;
        for row in &report.rows {
            let name = cell(&row.name.clone().or_else(|| row.key.clone()).unwrap_or_default());
            let figures = &row.figures;
            // Amounts are numbers, whatever their sign.
            let amounts = [figures.signed, figures.received, figures.unreceived].map(|amount| amount.to_string());
            let told = [row.period.clone(), name, row.currency.to_string(), figures.entries.to_string()];
            writer.write_record(told.iter().chain(&amounts)).map_err(|error| broken(&error))?;
        }
        let written = writer.into_inner().map_err(|error| broken(&error))?;
        // With the mark by which spreadsheets know UTF-8.
        let mut body = "\u{feff}".as_bytes().to_vec();
        body.extend(written);
        let mut response = typed(StatusCode::OK, "text/csv; charset=utf-8", body);
        let saved = HeaderValue::from_static("attachment; filename=\"sales.csv\"");
        response.headers_mut().insert(header::CONTENT_DISPOSITION, saved);
        Ok(response)
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::{cell, round_up};

    #[test]
    fn t2_cells_are_no_formulas() {
        for text in ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1"] {
            assert!(cell(text).starts_with('\''), "{text:?}");
        }
        assert_eq!(cell("云帆"), "云帆");
    }

    #[test]
    fn edges_of_charts_are_round() {
        for (most, round) in [(1, 1), (3, 5), (10, 10), (11, 20), (4_999, 5_000), (i64::MAX, i64::MAX)] {
            assert_eq!(round_up(most), round);
        }
    }
}
