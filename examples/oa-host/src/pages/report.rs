//! The reports: sales by month, the funnel, levels, what is overdue, and the rows behind each figure.

use crate::app::{Reply, Shared};
use crate::desk::{Choice, Desk, Look, typed};
use crate::failure::Failure;
use crate::pages::Params;
use crate::session::Visitor;
use crate::values::{Reader, Values, url};
use askama::Template;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use crm_core::{
    AgeingReport, Currency, CustomerDimension, CustomerReport, Date, Decimal, Error, PageRequest, ReportContractQuery,
    ReportCustomerQuery, ReportInstalmentQuery, ReportOf, ReportPer, ReportReceiptQuery, SalesBasis, SalesBy,
    SalesQuery, SalesReport, SalesRow, Violation,
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
    csv: String,
}

/// Sales as a chart with the table under it.
struct Sales {
    bars: Vec<Bar>,
    /// Lines across, with what they stand for.
    lines: Vec<(i64, String)>,
    rows: Vec<Line>,
    totals: Vec<Line>,
    others: Vec<Line>,
    by_receipt: bool,
}

/// The bars of a period.
struct Bar {
    label: String,
    /// Where the label stands.
    middle: i64,
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
fn whose(params: &Values) -> ReportOf {
    match params.get("of") {
        "mine" => ReportOf::Mine,
        "all" => ReportOf::All,
        _ => ReportOf::Subtree,
    }
}

fn chosen<T: Copy>(params: &Values, name: &str, known: &[(&str, T)]) -> Result<Option<T>, Error> {
    let Some(wanted) = params.text(name) else { return Ok(None) };
    let found = known.iter().find(|(known, _)| *known == wanted);
    found.map(|(_, found)| Some(*found)).ok_or_else(|| Violation::unknown(name).into())
}

/// The days that are asked for; the last twelve months where none are.
fn span(desk: &Desk<'_>, params: &Values) -> Result<(Date, Date), Error> {
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

/// Everything on the page.
struct Read {
    sales: Option<(SalesReport, Option<SalesReport>)>,
    funnel: Option<CustomerReport>,
    levels: Option<CustomerReport>,
    ageing: Option<AgeingReport>,
    by_receipt: bool,
}

fn read(desk: &Desk<'_>, params: &Values) -> Result<Read, Error> {
    let query = sales_query(desk, params)?;
    let by = chosen(params, "by", &BYS)?;
    let by_receipt = query.basis == SalesBasis::Received;
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
        funnel: unless_forbidden(desk.crm.customer_report(whose(params), CustomerDimension::Stage))?,
        levels: unless_forbidden(desk.crm.customer_report(whose(params), CustomerDimension::Level))?,
        ageing: unless_forbidden(desk.crm.ageing_report(whose(params), None))?,
        by_receipt,
    })
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
    fn of(desk: &Desk<'_>, report: &SalesReport, others: Option<&SalesReport>, by_receipt: bool, of: &str) -> Self {
        let d = &desk.look;
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
        let slot = WIDTH / i64::try_from(report.rows.len().max(1)).unwrap_or(1);
        let bars = (0..).zip(&report.rows).map(|(place, row): (i64, _)| {
            let columns = series(row);
            let width = (slot * 8 / 10 / i64::try_from(columns.len().max(1)).unwrap_or(1)).clamp(2, 36);
            let whole = width * i64::try_from(columns.len()).unwrap_or(1);
            let left = place * slot + (slot - whole) / 2;
            let columns = (0..).zip(columns).map(|(at, (name, amount)): (i64, _)| {
                let height = scaled(amount, most);
                let says = format!("{} {} {}", row.period, d.t(name), d.money(of_minor(amount, row), row.currency));
                (left + at * width, HEIGHT - height, (width - 1).max(1), height, name, says)
            });
            Bar { label: row.period.clone(), middle: place * slot + slot / 2, columns: columns.collect() }
        });
        let currency = report.rows.first().map(|row| row.currency);
        let lines = (0..=4).map(|part: i64| {
            let amount = most / 4 * part;
            let label = currency.map(|currency| short(amount, currency, d)).unwrap_or_default();
            (HEIGHT - scaled(amount, most), label)
        });
        let line = |row: &SalesRow| Line::of(row, by_receipt, of, d);
        Sales {
            bars: bars.collect(),
            lines: lines.collect(),
            rows: report.rows.iter().map(line).collect(),
            totals: report.totals.iter().map(line).collect(),
            others: others.map(|others| others.rows.iter().map(line).collect()).unwrap_or_default(),
            by_receipt,
        }
    }
}

fn of_minor(amount: i64, row: &SalesRow) -> Decimal {
    let digits = usize::try_from(row.currency.digits()).unwrap_or_default();
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
        return if whole >= 10_000 { format!("{}k", whole / 1_000) } else { whole.to_string() };
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
        let title = if by == "stage" { "funnel" } else { "levels" };
        Ranking { title: d.t(title).to_owned(), total: report.total, rows: rows.collect() }
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
                let href = url("/reports/rows", &[("what", "instalments"), ("of", of)]);
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
        let (found, problem) = match read(desk, &params) {
            Ok(found) => (Some(found), String::new()),
            Err(error) => (None, desk.for_form(error)?.text(d.lang().core())),
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
        let page = Reports {
            d,
            problem: problem.clone(),
            selects,
            sales: found.as_ref().and_then(|found| {
                let (sales, others) = found.sales.as_ref()?;
                Some(Sales::of(desk, sales, others.as_ref(), found.by_receipt, of))
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

#[derive(Template)]
#[template(path = "report_rows.html")]
struct Rows<'a> {
    d: &'a Look<'a>,
    title: String,
    heads: Vec<String>,
    rows: Vec<Vec<Cell>>,
    first: String,
    next: String,
}

/// A cell: text, and where it leads, if anywhere.
struct Cell {
    text: String,
    href: String,
}

fn plain(text: impl Into<String>) -> Cell {
    Cell { text: text.into(), href: String::new() }
}

fn linked(text: impl Into<String>, href: String) -> Cell {
    Cell { text: text.into(), href }
}

/// A page of rows, and where the next one begins.
type Found = (Vec<&'static str>, Vec<Vec<Cell>>, Option<String>);

fn contracts(desk: &Desk<'_>, params: &Values, page: PageRequest) -> Result<Found, Error> {
    let d = &desk.look;
    let (from, to) = span(desk, params)?;
    let query =
        ReportContractQuery { of: whose(params), from, to, currency: None, product: None, without_product: false };
    let found = desk.crm.report_contracts(query, page)?;
    let row = |row: &crm_core::ReportContract| {
        let name = row.number.clone().unwrap_or_else(|| row.name.clone());
        vec![
            plain(row.signed_on.to_string()),
            linked(name, format!("/contracts/{}", row.contract)),
            plain(&row.customer_name),
            plain(d.person(row.performer.as_str())),
            plain(d.money(row.signed, row.currency)),
        ]
    };
    let heads = vec!["f_signed_on", "contract", "customer", "f_performer", "f_amount"];
    Ok((heads, found.items.iter().map(row).collect(), found.next))
}

fn receipts(desk: &Desk<'_>, params: &Values, page: PageRequest) -> Result<Found, Error> {
    let d = &desk.look;
    let (from, to) = span(desk, params)?;
    let query = ReportReceiptQuery { of: whose(params), from, to, currency: None };
    let found = desk.crm.report_receipts(query, page)?;
    let row = |row: &crm_core::ReportReceipt| {
        let contract = match row.contract {
            Some(contract) => linked(
                row.number.clone().unwrap_or_else(|| d.t("contract").to_owned()),
                format!("/contracts/{contract}"),
            ),
            None => plain(d.t("prepayment")),
        };
        vec![
            plain(row.on.to_string()),
            contract,
            plain(&row.customer_name),
            plain(d.person(row.performer.as_str())),
            plain(d.money(row.received, row.currency)),
        ]
    };
    let heads = vec!["received_on", "contract", "customer", "f_performer", "f_amount"];
    Ok((heads, found.items.iter().map(row).collect(), found.next))
}

fn instalments(desk: &Desk<'_>, params: &Values, page: PageRequest) -> Result<Found, Error> {
    let d = &desk.look;
    let query = ReportInstalmentQuery { of: whose(params), due_from: None, due_to: None, currency: None };
    let found = desk.crm.report_instalments(query, page)?;
    let row = |row: &crm_core::ReportInstalment| {
        let name = row.number.clone().unwrap_or_else(|| d.t("contract").to_owned());
        vec![
            plain(row.due_on.to_string()),
            plain(row.overdue_days.to_string()),
            linked(name, format!("/contracts/{}", row.contract)),
            plain(&row.customer_name),
            plain(d.person(row.owner.as_str())),
            plain(d.money(row.open, row.currency)),
        ]
    };
    let heads = vec!["due_on", "overdue_days", "contract", "customer", "contract_owner", "open_amount"];
    Ok((heads, found.items.iter().map(row).collect(), found.next))
}

fn customers(desk: &Desk<'_>, params: &Values, page: PageRequest) -> Result<Found, Error> {
    let d = &desk.look;
    let by = chosen(params, "by", &[("level", CustomerDimension::Level), ("stage", CustomerDimension::Stage)])?;
    let query =
        ReportCustomerQuery { of: whose(params), by, code: params.text("code"), created_from: None, created_to: None };
    let found = desk.crm.report_customers(query, page)?;
    let row = |customer: &crm_core::Customer| {
        vec![
            linked(&customer.name, format!("/customers/{}", customer.id)),
            plain(&customer.number),
            plain(d.label(crm_core::dictionary::LEVEL, &customer.level)),
            plain(d.label(crm_core::dictionary::STAGE, &customer.stage)),
            plain(d.person(customer.owner.as_str())),
        ]
    };
    let heads = vec!["customer", "f_number", "f_level", "f_stage", "f_owner"];
    Ok((heads, found.items.iter().map(row).collect(), found.next))
}

pub(crate) async fn rows(State(app): State<Shared>, visitor: Visitor, Params(params): Params) -> Reply {
    app.desk(visitor, move |desk| {
        let d = &desk.look;
        let mut page = PageRequest::first(30);
        page.cursor = params.text("cursor");
        let (title, found) = match params.get("what") {
            "contracts" => ("rows_contracts", contracts(desk, &params, page)),
            "receipts" => ("rows_receipts", receipts(desk, &params, page)),
            "instalments" => ("rows_instalments", instalments(desk, &params, page)),
            "customers" => ("rows_customers", customers(desk, &params, page)),
            _ => return Err(Failure::not_found()),
        };
        let (heads, rows, next) = match found {
            Ok(found) => found,
            Err(error) => {
                desk.complain(desk.for_form(error)?.text(d.lang().core()));
                return desk.go("/reports");
            }
        };
        let mut same: Vec<(&str, &str)> =
            ["what", "of", "from", "to", "by", "code"].into_iter().map(|name| (name, params.get(name))).collect();
        let first = if params.text("cursor").is_some() { url("/reports/rows", &same) } else { String::new() };
        let next = next.as_deref().map(|next| {
            same.push(("cursor", next));
            url("/reports/rows", &same)
        });
        desk.page(&Rows {
            d,
            title: d.t(title).to_owned(),
            heads: heads.into_iter().map(|key| d.t(key).to_owned()).collect(),
            rows,
            first,
            next: next.unwrap_or_default(),
        })
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
