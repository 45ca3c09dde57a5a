//! Reports over many contracts, beside a `SELECT ... GROUP BY` over the rows themselves, whose figures must be the same.

use crate::contracts::{self, TODAY};
use crate::generate::{Noon, OWNERS, TEAMS, manager, member};
use crate::report::{Measure, percentiles};
use crate::setup::{self, ORG};
use crate::views::{LEAST_CALLS, cpu_time, most_calls};
use crate::{Options, Result};
use crm_core::store::sql::sqlite::Durability;
use crm_core::store::sql::sqlite::rusqlite::Connection;
use crm_core::{
    Actor, AgeingBy, AgeingReport, Crm, Currency, CustomerDimension, CustomerReport, Decimal, ReportOf, ReportPer,
    SalesBasis, SalesBy, SalesQuery, SalesReport,
};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

/// The time after which fewer calls of a report must do.
const PATIENCE: Duration = Duration::from_secs(3);
/// The statement is asked so often at the most, and no longer than this.
const BARE_CALLS: usize = 20;
const BARE_PATIENCE: Duration = Duration::from_millis(500);

/// Figures by period, key and currency.
type Figures = BTreeMap<String, Vec<i64>>;

enum Ask {
    Sales(Box<SalesQuery>),
    Customers(ReportOf, CustomerDimension),
    Ageing(ReportOf, Option<AgeingBy>),
}

enum Answer {
    Sales(SalesReport),
    Customers(CustomerReport),
    Ageing(AgeingReport),
}

/// A report as somebody asks for it.
struct Case {
    name: String,
    actor: String,
    ask: Ask,
    /// Whose rows the statement reads.
    scopes: Vec<String>,
    /// The periods of sales.
    periods: Vec<Period>,
    /// Milliseconds at the 99th percentile.
    target: f64,
}

/// A period of a report: its name and the days of it that lie within.
struct Period {
    name: String,
    first: i64,
    last: i64,
}

fn minor(amount: Decimal, currency: Currency) -> Result<i64> {
    Ok(amount.minor(currency).ok_or("an amount has more places than its currency")?)
}

/// What one sees of whom, 2,000 owners below the director.
struct Reader {
    name: &'static str,
    actor: String,
    of: ReportOf,
    scopes: Vec<String>,
}

fn readers() -> Vec<Reader> {
    let scope = |position: String, owner: String| format!("a\u{1f}{position}\u{1f}{owner}");
    let size = |team| if team < 20 { 30 } else { 29 };
    let mut all = Vec::with_capacity(OWNERS);
    for team in 0..TEAMS {
        all.push(scope(format!("p{team:02}"), manager(team)));
        all.extend((0..size(team)).map(|place| scope(format!("t{team:02}"), member(team, place))));
    }
    let own = |team, place| vec![scope(format!("t{team:02}"), member(team, place))];
    let mut team = all.iter().take(31).cloned().collect::<Vec<_>>();
    team.sort();
    vec![
        Reader { name: "person/typical", actor: member(0, 0), of: ReportOf::Mine, scopes: own(0, 0) },
        Reader { name: "person/a-twentieth-of-all", actor: member(3, 0), of: ReportOf::Mine, scopes: own(3, 0) },
        Reader { name: "subtree-of-31", actor: manager(0), of: ReportOf::Subtree, scopes: team },
        Reader { name: "subtree-of-2000", actor: "director".into(), of: ReportOf::Subtree, scopes: all.clone() },
        Reader { name: "all", actor: "admin".into(), of: ReportOf::All, scopes: all },
    ]
}

fn cases() -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    let days = contracts::Days::new(&Connection::open_in_memory()?)?;
    let (from, to) = ("2024-12-01".parse()?, "2026-11-30".parse()?);
    for reader in readers() {
        let many = reader.scopes.len() == OWNERS;
        let mut add = |name: String, ask: Ask, target: f64| -> Result<()> {
            let (actor, scopes) = (reader.actor.clone(), reader.scopes.clone());
            let periods = if let Ask::Sales(query) = &ask { periods(query, &days)? } else { Vec::new() };
            cases.push(Case { name: format!("reports/{name}/{}", reader.name), actor, ask, scopes, periods, target });
            Ok(())
        };
        for (basis, called) in [(SalesBasis::Signed, "signed"), (SalesBasis::Received, "received")] {
            for (by, told) in [
                (None, "whole"),
                (Some(SalesBy::Person), "by-person"),
                (Some(SalesBy::Position), "by-position"),
                (Some(SalesBy::Product), "by-product"),
            ] {
                if basis == SalesBasis::Received && by == Some(SalesBy::Product) {
                    continue;
                }
                for (per, cut) in
                    [(ReportPer::Month, "month"), (ReportPer::Quarter, "quarter"), (ReportPer::Year, "year")]
                {
                    let mut query = SalesQuery {
                        of: reader.of.clone(),
                        basis,
                        from,
                        to,
                        per,
                        by,
                        currency: None,
                        in_base: false,
                        compare: None,
                    };
                    // A report of more than 20,000 rows is refused: 2,000 people have as many within 9 months, or
                    // within 9 quarters, in one currency.
                    if many && by == Some(SalesBy::Person) && per != ReportPer::Year {
                        query.currency = Some(Currency::new("CNY")?);
                        if per == ReportPer::Month {
                            query.from = "2026-03-01".parse()?;
                        }
                    }
                    let target = if by == Some(SalesBy::Product) { 40.0 } else { 10.0 };
                    add(format!("sales/{called}/{told}/{cut}"), Ask::Sales(Box::new(query)), target)?;
                }
            }
        }
        for (by, told) in [(CustomerDimension::Level, "level"), (CustomerDimension::Stage, "stage")] {
            add(format!("customers/{told}"), Ask::Customers(reader.of.clone(), by), 10.0)?;
        }
        for (by, told) in
            [(None, "whole"), (Some(AgeingBy::Person), "by-person"), (Some(AgeingBy::Position), "by-position")]
        {
            add(format!("ageing/{told}"), Ask::Ageing(reader.of.clone(), by), 10.0)?;
        }
    }
    Ok(cases)
}

/// The figures of a case.
struct Figure {
    p50: f64,
    p99: f64,
    rows: usize,
    agrees: bool,
}

/// Generates, measures, compares.
pub fn run(options: &Options, dir: &Path) -> Result<()> {
    let sizes = match options.scale < 0.1 {
        // A small run looks whether figures agree; how they grow it does not tell.
        true => vec![((1_000_000.0 * options.scale) as usize).max(1_000)],
        false => [10_000.0, 100_000.0, 1_000_000.0].iter().map(|size| (size * options.scale) as usize).collect(),
    };
    let mut measured: Vec<(usize, BTreeMap<String, Figure>)> = Vec::new();
    for contracts in sizes {
        measured.push((contracts, measure(options, dir, contracts)?));
    }
    for pair in measured.windows(2) {
        let [(small, before), (large, after)] = pair else { continue };
        // A report that has other rows has more or less to tell.
        let same = |name: &String, figure: &Figure| {
            before.get(name).filter(|before| before.rows == figure.rows).map(|before| figure.p50 / before.p50)
        };
        let grown: BTreeMap<&str, f64> =
            after.iter().filter_map(|(name, figure)| Some((name.as_str(), same(name, figure)?))).collect();
        let Some((name, worst)) = grown.iter().max_by(|a, b| a.1.total_cmp(b.1)) else { continue };
        let over: Vec<&&str> = grown.iter().filter(|(_, growth)| **growth > 2.0).map(|(name, _)| name).collect();
        let on = json!({"what": "median of a report as a multiple of that on a tenth of the contracts; reports that have as many rows there",
            "contracts": [small, large], "report": name, "reports": grown.len(), "reports_over_target": over.len(), "over": over});
        let target = Some((2.0, false));
        Measure { measure: "reports/growth", value: *worst, unit: "times", floor: None, judged: *worst, target, on }
            .print();
    }
    let differing: Vec<&String> = measured
        .iter()
        .flat_map(|(_, figures)| figures.iter().filter(|(_, figure)| !figure.agrees).map(|(name, _)| name))
        .collect();
    if !differing.is_empty() {
        return Err(format!("reports differ from what bare statements find: {differing:?}").into());
    }
    if let Some((contracts, figures)) = measured.last() {
        let missed: Vec<String> = cases()?
            .iter()
            .filter_map(|case| {
                figures
                    .get(&case.name)
                    .filter(|own| own.p99 > case.target)
                    .map(|own| format!("{} {:.1}", case.name, own.p99))
            })
            .collect();
        let (met, all) = (figures.len() - missed.len(), figures.len());
        let on = json!({"what": "reports within their target at the 99th percentile", "contracts": contracts, "reports": all, "missed": missed});
        let target = Some((all as f64, true));
        Measure {
            measure: "reports/met",
            value: met as f64,
            unit: "reports",
            floor: None,
            judged: met as f64,
            target,
            on,
        }
        .print();
    }
    Ok(())
}

fn measure(options: &Options, dir: &Path, contracts: usize) -> Result<BTreeMap<String, Figure>> {
    let file = format!("reports-{contracts}.db");
    let kept = options.dir.as_deref().filter(|_| options.keep).map(|dir| dir.join(&file));
    let path = kept.clone().unwrap_or_else(|| dir.join(&file));
    if kept.is_none() || !path.exists() {
        // A file has its name once its sums are made, so that none without them is kept.
        let unfinished = path.with_extension("unfinished");
        let _ = std::fs::remove_file(&unfinished);
        let started = Instant::now();
        let rows = contracts::fill(&unfinished, contracts)?;
        let (size, took) = (std::fs::metadata(&unfinished)?.len() / 1_048_576, started.elapsed().as_secs_f64());
        eprintln!(
            "{contracts} contracts, {rows} rows with instalments and receipts, generated in {took:.0} s: {size} MiB"
        );
        rebuilt(&unfinished, contracts)?;
        std::fs::rename(&unfinished, &path)?;
    }
    let crm = Crm::new(setup::store(&path, Durability::Full)?, Noon);
    let bare = setup::bare(&path, "FULL")?;
    let mut figures = BTreeMap::new();
    for case in cases()? {
        if options.wants(&case.name) {
            figures.insert(case.name.clone(), case.measure(&crm, &bare, contracts, most_calls(options))?);
        }
    }
    drop((crm, bare));
    if kept.is_none() {
        for end in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{end}", path.display()));
        }
    }
    Ok(figures)
}

/// Makes the sums out of the rows; another time there must be nothing to correct.
fn rebuilt(path: &Path, contracts: usize) -> Result<()> {
    let crm = Crm::new(setup::store(path, Durability::Normal)?, Noon);
    let admin = Actor::user(ORG, "admin")?;
    let started = Instant::now();
    let first = crm.as_user(&admin).rebuild_rollups()?;
    let took = started.elapsed().as_secs_f64();
    let started = Instant::now();
    let second = crm.as_user(&admin).rebuild_rollups()?;
    let again = started.elapsed().as_secs_f64();
    if second.corrected != 0 || second.records != first.records {
        return Err(format!("a second rebuild found {second:?} after {first:?}").into());
    }
    let rate = first.records as f64 / took;
    let on = json!({"what": "all sums made out of all records, with nothing there before; then again, with nothing to correct",
        "contracts": contracts, "records": first.records, "sums": first.corrected, "seconds": took, "seconds_again": again});
    Measure { measure: "reports/rebuild", value: rate, unit: "records/s", floor: None, judged: rate, target: None, on }
        .print();
    Ok(())
}

impl Case {
    fn ask(&self, crm: &Crm, actor: &Actor) -> Result<Answer> {
        let session = crm.as_user(actor);
        Ok(match &self.ask {
            Ask::Sales(query) => Answer::Sales(session.sales_report((**query).clone())?),
            Ask::Customers(of, by) => Answer::Customers(session.customer_report(of.clone(), *by)?),
            Ask::Ageing(of, by) => Answer::Ageing(session.ageing_report(of.clone(), *by)?),
        })
    }

    fn measure(&self, crm: &Crm, db: &Connection, contracts: usize, most: usize) -> Result<Figure> {
        let actor = Actor::user(ORG, self.actor.as_str())?;
        let answer = self.ask(crm, &actor)?;
        let (own, bare) = (answer.figures()?, self.bare(db)?);
        let agrees = own == bare;
        if let Some((key, _)) = own.iter().find(|(key, figures)| bare.get(*key) != Some(*figures)) {
            eprintln!("{}: {key:?}: the library answers {:?}, the statement {:?}", self.name, own[key], bare.get(key));
        } else if let Some((key, figures)) = bare.iter().find(|(key, _)| !own.contains_key(*key)) {
            eprintln!("{}: {key:?}: the library answers nothing, the statement {figures:?}", self.name);
        }
        for _ in 0..3 {
            self.ask(crm, &actor)?;
        }
        let (mut times, mut worked) = (Vec::new(), Vec::new());
        let began = Instant::now();
        while times.len() < most && (times.len() < LEAST_CALLS || began.elapsed() < PATIENCE) {
            let (started, work) = (Instant::now(), cpu_time());
            self.ask(crm, &actor)?;
            times.push(started.elapsed());
            worked.push(cpu_time().saturating_sub(work));
        }
        let mut floors = Vec::new();
        let began = Instant::now();
        while floors.is_empty() || (floors.len() < BARE_CALLS.min(most) && began.elapsed() < BARE_PATIENCE) {
            let started = Instant::now();
            self.bare(db)?;
            floors.push(started.elapsed());
        }
        let (calls, bare_calls) = (times.len(), floors.len());
        let (p50, p99) = percentiles(&mut times);
        let (_, cpu_p99) = percentiles(&mut worked);
        let (floor_p50, floor) = percentiles(&mut floors);
        let round = |value: f64| (value * 1_000.0).round() / 1_000.0;
        Measure {
            measure: &self.name,
            value: p99,
            unit: "ms p99",
            floor: Some(floor),
            judged: p99,
            target: Some((self.target, false)),
            on: json!({"contracts": contracts, "owners": self.scopes.len(), "rows": own.len(), "calls": calls, "p50": round(p50),
                "cpu_p99": round(cpu_p99), "floor": "SELECT ... GROUP BY over the rows", "floor_calls": bare_calls, "floor_p50": round(floor_p50), "agrees": agrees}),
        }
        .print();
        Ok(Figure { p50, p99, rows: own.len(), agrees })
    }

    /// The same figures by statements over the rows themselves.
    fn bare(&self, db: &Connection) -> Result<Figures> {
        let scopes = serde_json::to_string(&self.scopes)?;
        match &self.ask {
            Ask::Sales(query) => {
                let mut statement = db.prepare_cached(&sales_by_rows(query, &self.periods))?;
                let mut found = statement.query([&scopes])?;
                let mut figures = Figures::new();
                while let Some(row) = found.next()? {
                    let (period, key, currency): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
                    let values = (3..7).map(|place| row.get(place)).collect::<std::result::Result<_, _>>()?;
                    figures.insert(key_of(&period, &key, &currency), values);
                }
                Ok(with_totals(figures))
            }
            Ask::Customers(..) => {
                let column = if self.name.contains("/level/") { "level" } else { "stage" };
                let sql = format!(
                    "SELECT x.{column}, count(*) FROM json_each(?1) AS v CROSS JOIN crm_customer AS x WHERE x.org_id = '{ORG}' AND x.scope = v.value GROUP BY 1"
                );
                let mut statement = db.prepare_cached(&sql)?;
                let found = statement.query_map([&scopes], |row| Ok((row.get(0)?, vec![row.get(1)?])))?;
                Ok(found.collect::<std::result::Result<_, _>>()?)
            }
            Ask::Ageing(_, by) => {
                let who = who(by.map(|by| by == AgeingBy::Person), "scope");
                let sql = format!(
                    "SELECT {who}, json_extract(x.body, '$.currency'), CASE WHEN ?2 <= x.due_on THEN 0 WHEN ?2 - x.due_on <= 30 THEN 1 WHEN ?2 - x.due_on <= 60 THEN 2 WHEN ?2 - x.due_on <= 90 THEN 3 WHEN ?2 - x.due_on <= 180 THEN 4 ELSE 5 END, count(*), sum(x.open) FROM json_each(?1) AS v CROSS JOIN crm_instalment AS x WHERE x.org_id = '{ORG}' AND x.scope = v.value AND x.due_on < 9007199254740991 GROUP BY 1, 2, 3"
                );
                let mut statement = db.prepare_cached(&sql)?;
                let mut found = statement.query((&scopes, TODAY))?;
                let mut figures = Figures::new();
                while let Some(row) = found.next()? {
                    let (key, currency): (String, String) = (row.get(0)?, row.get(1)?);
                    let bucket: usize = row.get::<_, i64>(2)?.try_into()?;
                    let own = figures.entry(key_of("", &key, &currency)).or_insert_with(|| vec![0; 11]);
                    // Of what is not due yet the report does not say how many.
                    if bucket > 0 {
                        own[2 * bucket - 1] = row.get(3)?;
                    }
                    own[2 * bucket] = row.get(4)?;
                }
                Ok(figures)
            }
        }
    }
}

/// The person or the position of a scope, which is `a`, the position and the person with a sign between them.
fn who(person: Option<bool>, column: &str) -> String {
    let rest = format!("substr(x.{column}, 3)");
    match person {
        None => "''".to_owned(),
        Some(true) => format!("substr({rest}, instr({rest}, char(31)) + 1)"),
        Some(false) => format!("substr({rest}, 1, instr({rest}, char(31)) - 1)"),
    }
}

fn key_of(period: &str, key: &str, currency: &str) -> String {
    format!("{period} {key} {currency}")
}

/// The periods of a query whose fiscal year is the calendar's.
fn periods(query: &SalesQuery, days: &contracts::Days) -> Result<Vec<Period>> {
    let (first, last) = (days.number(query.from)?, days.number(query.to)?);
    let mut periods: Vec<Period> = Vec::new();
    for number in first..=last {
        let day = days.day(number).to_string();
        let (year, month) = (&day[..4], day[5..7].parse::<u32>()?);
        let name = match query.per {
            ReportPer::Month => day[..7].to_owned(),
            ReportPer::Quarter => format!("{year}Q{}", (month - 1) / 3 + 1),
            ReportPer::Year => year.to_owned(),
            ReportPer::Whole => String::new(),
        };
        match periods.last_mut() {
            Some(period) if period.name == name => period.last = number,
            _ => periods.push(Period { name, first: number, last: number }),
        }
    }
    Ok(periods)
}

/// Each scope and period is one range of the index; currencies and products stand in the bodies alone.
fn sales_by_rows(query: &SalesQuery, periods: &[Period]) -> String {
    let values: Vec<String> =
        periods.iter().map(|own| format!("('{}', {}, {})", own.name, own.first, own.last)).collect();
    let currency = "json_extract(x.body, '$.currency')";
    let only = query.currency.map_or(String::new(), |own| format!(" AND {currency} = '{}'", own.code()));
    let (table, day, beside, key, sums) = match (query.basis, query.by) {
        (SalesBasis::Received, by) => {
            ("receipt", "received_on", "", who(by.map(|by| by == SalesBy::Person), "credit"), "0, sum(x.net), 0")
        }
        (SalesBasis::Signed, Some(SalesBy::Product)) => (
            "contract",
            "signed_on",
            " CROSS JOIN json_each(x.body, '$.lines') AS l",
            "json_extract(l.value, '$.product')".to_owned(),
            "sum(CAST(round(json_extract(l.value, '$.amount') * 100) AS INTEGER)), 0, 0",
        ),
        (SalesBasis::Signed, by) => (
            "contract",
            "signed_on",
            "",
            who(by.map(|by| by == SalesBy::Person), "credit"),
            // The plans of these contracts come to their amounts.
            "sum(x.planned), sum(x.received), sum(x.written_off)",
        ),
    };
    format!(
        "WITH p(name, first, last) AS (VALUES {}) SELECT p.name, {key}, {currency}, count(*), {sums} FROM json_each(?1) AS v CROSS JOIN p CROSS JOIN crm_{table} AS x{beside} WHERE x.org_id = '{ORG}' AND x.credit = v.value AND x.{day} BETWEEN p.first AND p.last{only} GROUP BY 1, 2, 3",
        values.join(", ")
    )
}

/// Sums of everything, by currency.
fn with_totals(mut figures: Figures) -> Figures {
    let mut totals = Figures::new();
    for (key, own) in &figures {
        let currency = key.rsplit(' ').next().unwrap_or_default();
        let total = totals.entry(format!("total {currency}")).or_insert_with(|| vec![0; own.len()]);
        total.iter_mut().zip(own).for_each(|(sum, more)| *sum += more);
    }
    figures.append(&mut totals);
    figures
}

impl Answer {
    /// As the statements have it.
    fn figures(&self) -> Result<Figures> {
        let mut figures = Figures::new();
        match self {
            Answer::Sales(report) => {
                for row in report.rows.iter().chain(&report.totals) {
                    let (own, currency) = (&row.figures, row.currency);
                    let amounts = [own.signed, own.received, own.written_off];
                    let mut values = vec![own.entries];
                    for amount in amounts {
                        values.push(minor(amount, currency)?);
                    }
                    let key = match row.period.as_str() {
                        "" => format!("total {}", currency.code()),
                        period => key_of(period, row.key.as_deref().unwrap_or_default(), currency.code()),
                    };
                    figures.insert(key, values);
                }
            }
            Answer::Customers(report) => {
                // What nobody has stands in the report, not among the groups of a statement.
                let rows = report.rows.iter().filter(|row| row.customers > 0);
                figures.extend(rows.map(|row| (row.code.clone().unwrap_or_else(|| "-".into()), vec![row.customers])));
                let total: i64 = report.rows.iter().map(|row| row.customers).sum();
                if total != report.total {
                    return Err(format!("{total} customers by value, {} together", report.total).into());
                }
            }
            Answer::Ageing(report) => {
                for row in &report.rows {
                    let mut values = vec![minor(row.not_due, row.currency)?];
                    for bucket in &row.buckets {
                        values.extend([bucket.entries, minor(bucket.amount, row.currency)?]);
                    }
                    let key = row.key.as_deref().unwrap_or_default();
                    figures.insert(key_of("", key, row.currency.code()), values);
                }
            }
        }
        Ok(figures)
    }
}
