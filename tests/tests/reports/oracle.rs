//! What reports must say, written apart from the library: straight from the rows, in 128 bits.

use crate::support::Dice;
use crm_core::Session;
use crm_core::store::{Answer, Read, Row, Search, Value as Column};
use crm_tests::{Bed, ORG, POSITIONS, call};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A record as a row holds it: its body, and its columns above it.
struct Record {
    body: Value,
    columns: BTreeMap<&'static str, Column>,
}

impl Record {
    fn text(&self, column: &str) -> String {
        match &self.columns[column] {
            Column::Text(text) => text.clone(),
            other => panic!("{column} is {other:?}"),
        }
    }

    /// Position and owner of a scope, if it is one of what is active.
    fn scope(&self) -> Option<(String, String)> {
        let scope = self.text("scope");
        let parts: Vec<&str> = scope.split('\u{1f}').collect();
        (parts[0] == "a").then(|| (parts[1].to_owned(), parts[2].to_owned()))
    }
}

/// Everything that counts.
pub struct Oracle {
    customers: Vec<Record>,
    contracts: Vec<Record>,
    follow_ups: Vec<Record>,
    receipts: Vec<Record>,
    instalments: Vec<Record>,
    /// Received and written off by contract.
    settled: BTreeMap<String, [i128; 2]>,
    today: String,
}

fn records(bed: &Bed, name: &str) -> Vec<Record> {
    let kind = *crm_core::KINDS.iter().find(|kind| kind.name == name).unwrap();
    let org = crm_core::OrgId::new(ORG).unwrap();
    let mut search = Search::of(kind);
    let mut all: Vec<Row> = Vec::new();
    loop {
        let mut answers = bed.crm.store().read(&org, &[Read::Find(search.clone())]).unwrap();
        let Some(Answer::Rows(rows)) = answers.pop() else { panic!("no rows of {name}") };
        search.after = rows.last().map(|row| (None, row.id.clone()));
        let last = rows.len() < 10_000;
        all.extend(rows);
        if last {
            break;
        }
    }
    let record = |row: Row| Record {
        body: serde_json::from_str(&row.body).unwrap(),
        columns: kind.columns.iter().map(|column| column.name).zip(row.values).collect(),
    };
    all.into_iter().map(record).collect()
}

/// An exact decimal in so many digits, as a whole number.
fn minor(text: &Value, digits: usize) -> i128 {
    let text = text.as_str().unwrap();
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |text| (-1, text));
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    assert!(rest.len() <= digits, "{text} has more than {digits} places");
    sign * format!("{whole}{rest:0<digits$}").parse::<i128>().unwrap()
}

fn digits(currency: &str) -> usize {
    if currency == "JPY" { 0 } else { 2 }
}

/// A product half up, away from zero.
fn converted(amount: i128, digits: usize, rate: &Value) -> i128 {
    let (rate, scale) = (minor(rate, 6), 10_i128.pow(6 + digits as u32));
    let product = amount * rate * 100;
    let (whole, rest) = (product.abs() / scale, product.abs() % scale);
    product.signum() * (whole + i128::from(rest * 2 >= scale))
}

fn below(positions: &BTreeSet<String>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    loop {
        let known = found.len();
        for (id, parent, _) in POSITIONS {
            if parent.is_some_and(|parent| positions.contains(parent) || found.contains(parent)) {
                found.insert(id.to_owned());
            }
        }
        if found.len() == known {
            return found;
        }
    }
}

/// Whether a figure that counts for somebody at a position is in a report.
fn counts(viewer: &str, of: &Value, position: &str, owner: &str) -> bool {
    let held: BTreeSet<String> =
        POSITIONS.iter().filter(|(_, _, holders)| holders.contains(&viewer)).map(|(id, ..)| (*id).to_owned()).collect();
    let visible = viewer == "adam" || owner == viewer || below(&held).contains(position);
    match of["kind"].as_str().unwrap() {
        "mine" => owner == viewer,
        "subtree" => owner == viewer || below(&held).contains(position),
        "all" => true,
        "person" => of["person"] == owner && visible,
        "position" => {
            let root = of["position"].as_str().unwrap().to_owned();
            let mut within = below(&BTreeSet::from([root.clone()]));
            within.insert(root);
            within.contains(position) && visible
        }
        other => panic!("{other}"),
    }
}

/// Year and month, as a number.
fn month(day: &str) -> i64 {
    day[..4].parse::<i64>().unwrap() * 12 + day[5..7].parse::<i64>().unwrap() - 1
}

/// The name of the period of a month.
fn period(per: &str, month: i64, begins: i64) -> String {
    let (year, of_year) = (month.div_euclid(12), month.rem_euclid(12));
    let shifted = month - (begins - 1);
    match per {
        "month" => format!("{year}-{:02}", of_year + 1),
        "quarter" => format!("{}Q{}", shifted.div_euclid(12), shifted.rem_euclid(12) / 3 + 1),
        "year" => shifted.div_euclid(12).to_string(),
        _ => String::new(),
    }
}

/// Period, key and currency with entries, amount, received and written off.
type Sums = BTreeMap<(String, String, String), [i128; 4]>;

impl Oracle {
    pub fn of(bed: &Bed) -> Self {
        let mut receipts = records(bed, "receipt");
        receipts.retain(|receipt| receipt.body["status"] == "counted");
        let mut settled: BTreeMap<String, [i128; 2]> = BTreeMap::new();
        for receipt in &receipts {
            let own = &receipt.body;
            let digits = digits(own["currency"].as_str().unwrap());
            let written_off = own["kind"] == "write_off" && own["reversed_by"].is_null();
            let sums = settled.entry(own["contract"].as_str().unwrap_or_default().to_owned()).or_default();
            sums[0] += minor(&own["net"], digits);
            sums[1] += if written_off { minor(&own["amount"], digits) } else { 0 };
        }
        Oracle {
            customers: records(bed, "customer"),
            contracts: records(bed, "contract"),
            follow_ups: records(bed, "follow_up"),
            instalments: records(bed, "instalment"),
            receipts,
            settled,
            // Shanghai is eight hours ahead.
            today: bed.now().plus_millis(8 * 3_600_000).to_string()[..10].to_owned(),
        }
    }

    /// How many receipts there are, and instalments that are open.
    pub fn payments(&self) -> (usize, usize) {
        (self.receipts.len(), self.open().count())
    }

    /// Open instalments with a day, of contracts that were signed and are not void: with what is open, and whose they are.
    fn open(&self) -> impl Iterator<Item = (&Record, i128, String, String)> {
        let statuses: BTreeMap<&str, &str> = self
            .contracts
            .iter()
            .map(|own| (own.body["id"].as_str().unwrap(), own.body["status"].as_str().unwrap()))
            .collect();
        self.instalments.iter().filter_map(move |record| {
            let own = &record.body;
            let signed = ["in_force", "completed", "terminated"].contains(&statuses[own["contract"].as_str().unwrap()]);
            let digits = digits(own["currency"].as_str().unwrap());
            let [amount, paid, off] = ["amount", "paid", "written_off"].map(|name| minor(&own[name], digits));
            let open = amount - paid - off;
            let (position, owner) = record.scope().unwrap();
            (signed && open > 0 && own["due_on"].is_string()).then_some((record, open, position, owner))
        })
    }

    /// Sales by receipt.
    fn received(&self, viewer: &str, query: &Value, begins: i64) -> Sums {
        let mut sums = Sums::new();
        for record in &self.receipts {
            let own = &record.body;
            let text = |name: &str| own[name].as_str().unwrap_or_default().to_owned();
            let (position, performer, currency) = (text("performer_position"), text("performer"), text("currency"));
            let at = month(&text("on"));
            let within = month(query["from"].as_str().unwrap())..=month(query["to"].as_str().unwrap());
            let net = minor(&own["net"], digits(&currency));
            let asked = query["currency"].as_str().is_none_or(|asked| asked == currency);
            if net == 0 || !within.contains(&at) || !asked || !counts(viewer, &query["of"], &position, &performer) {
                continue;
            }
            let period = period(query["per"].as_str().unwrap(), at, begins);
            let key = match query["by"].as_str() {
                Some("person") => performer,
                Some("position") => position,
                _ => String::new(),
            };
            let (currency, net) = match query["in_base"] == true {
                true => ("CNY".to_owned(), minor(&own["base_net"], 2)),
                false => (currency, net),
            };
            let sum = sums.entry((period, key, currency)).or_default();
            *sum = [sum[0] + 1, 0, sum[2] + net, 0];
        }
        sums.retain(|_, figures| *figures != [0; 4]);
        sums
    }

    /// Days between two.
    fn days(from: &str, to: &str) -> i64 {
        let start = |day: &str| format!("{day}T00:00:00Z").parse::<crm_core::Timestamp>().unwrap().millis();
        (start(to) - start(from)) / 86_400_000
    }

    fn check_ageing(&self, session: &Session<'_>, viewer: &str, of: &Value) {
        for by in [None, Some("person"), Some("position")] {
            let mut expected: BTreeMap<(String, String), [i128; 6]> = BTreeMap::new();
            for (record, open, position, owner) in self.open() {
                if !counts(viewer, of, &position, &owner) {
                    continue;
                }
                let late = Self::days(record.body["due_on"].as_str().unwrap(), &self.today);
                let bucket = [0, 30, 60, 90, 180].iter().filter(|days| late > **days).count();
                let key = match by {
                    Some("person") => owner,
                    Some(_) => position,
                    None => String::new(),
                };
                let currency = record.body["currency"].as_str().unwrap().to_owned();
                expected.entry((key, currency)).or_default()[bucket] += open;
            }
            let report = call(session, "ageing_report", &json!({"of": of, "by": by})).unwrap();
            assert_eq!(report["on"], json!(self.today));
            let mut found: BTreeMap<(String, String), [i128; 6]> = BTreeMap::new();
            for row in report["rows"].as_array().unwrap() {
                let currency = row["currency"].as_str().unwrap().to_owned();
                let own = digits(&currency);
                let mut sums = [0; 6];
                sums[0] = minor(&row["not_due"], own);
                for (sum, bucket) in sums[1..].iter_mut().zip(row["buckets"].as_array().unwrap()) {
                    *sum = minor(&bucket["amount"], own);
                }
                assert_eq!(minor(&row["overdue"], own), sums[1..].iter().sum::<i128>(), "{row}");
                found.insert((row["key"].as_str().unwrap_or_default().to_owned(), currency), sums);
            }
            assert_eq!(found, expected, "{viewer} {of} {by:?}");
        }
    }

    /// Sums what a list of rows says, by currency.
    fn opened(session: &Session<'_>, operation: &str, query: &Value, amount: &str) -> BTreeMap<String, (i128, i128)> {
        let mut found: BTreeMap<String, (i128, i128)> = BTreeMap::new();
        let mut page = json!({"size": 37});
        loop {
            let answer = call(session, operation, &json!({"query": query, "page": page})).unwrap();
            for row in answer["items"].as_array().unwrap() {
                let currency = row["currency"].as_str().unwrap().to_owned();
                let sum = found.entry(currency.clone()).or_default();
                *sum = (sum.0 + 1, sum.1 + minor(&row[amount], digits(&currency)));
            }
            match answer.get("next") {
                Some(next) => page["cursor"] = next.clone(),
                None => return found,
            }
        }
    }

    pub fn contracts(&self) -> usize {
        self.contracts.iter().filter(|own| own.body["status"] != "draft").count()
    }

    /// Sales by signing, as a query asks for them; `shift` counts months earlier.
    fn sales(&self, viewer: &str, query: &Value, begins: i64) -> Sums {
        let mut sums = Sums::new();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        for record in &self.contracts {
            let own = &record.body;
            let counted = ["in_force", "completed", "terminated"].contains(&own["status"].as_str().unwrap());
            let (position, performer) = (text(&own["performer_position"]), text(&own["performer"]));
            if !counted || !counts(viewer, &query["of"], &position, &performer) {
                continue;
            }
            let at = month(own["signed_on"].as_str().unwrap());
            let within = month(query["from"].as_str().unwrap())..=month(query["to"].as_str().unwrap());
            let currency = text(&own["currency"]);
            if !within.contains(&at) || query["currency"].as_str().is_some_and(|asked| asked != currency) {
                continue;
            }
            let period = period(query["per"].as_str().unwrap(), at, begins);
            let digits = digits(&currency);
            let amount = minor(&own["amount"], digits);
            let base = minor(&own["base_amount"], 2);
            assert_eq!(base, if currency == "CNY" { amount } else { converted(amount, digits, &own["rate"]) });
            let settled = self.settled.get(own["id"].as_str().unwrap()).copied().unwrap_or_default();
            let base_of = |amount| if currency == "CNY" { amount } else { converted(amount, digits, &own["rate"]) };
            let settled = if query["in_base"] == true { settled.map(base_of) } else { settled };
            let shown = if query["in_base"] == true { "CNY".to_owned() } else { currency.clone() };
            let mut put = |key: String, entries: i128, amount: i128| {
                let sum = sums.entry((period.clone(), key, shown.clone())).or_default();
                let [received, written_off] = if query["by"] == "product" { [0, 0] } else { settled };
                for (sum, more) in sum.iter_mut().zip([entries, amount, received, written_off]) {
                    *sum += more;
                }
            };
            let amount_shown = if query["in_base"] == true { base } else { amount };
            match query["by"].as_str() {
                Some("person") => put(performer, 1, amount_shown),
                Some("position") => put(position, 1, amount_shown),
                Some("product") => {
                    let mut parts: BTreeMap<String, i128> = BTreeMap::new();
                    for line in own["lines"].as_array().unwrap() {
                        *parts.entry(text(&line["product"])).or_default() += minor(&line["amount"], digits);
                    }
                    let rest = amount - parts.values().sum::<i128>();
                    if rest != 0 || parts.is_empty() {
                        *parts.entry(String::new()).or_default() += rest;
                    }
                    if query["in_base"] == true {
                        // Parts are rounded each by itself, and sum to the whole; here the whole is looked at alone.
                        put(String::new(), 0, base);
                    } else {
                        parts.into_iter().for_each(|(product, part)| put(product, 1, part));
                    }
                }
                _ => put(String::new(), 1, amount_shown),
            }
        }
        sums.retain(|_, figures| *figures != [0; 4]);
        sums
    }

    fn check_sales(&self, session: &Session<'_>, viewer: &str, query: &Value, begins: i64) {
        let report = call(session, "sales_report", &json!({"query": query})).unwrap();
        let by_receipt = query["basis"] == "received";
        let products_in_base = query["in_base"] == true && query["by"] == "product";
        let mut found = Sums::new();
        for row in report["rows"].as_array().unwrap() {
            let currency = row["currency"].as_str().unwrap().to_owned();
            let own = digits(&currency);
            let figures = &row["figures"];
            let amounts = ["signed", "received", "written_off", "unreceived"].map(|name| minor(&figures[name], own));
            // A receipt pays a contract, not one of its products.
            let owed = !by_receipt && query["by"] != "product";
            assert_eq!(amounts[3], if owed { amounts[0] - amounts[1] - amounts[2] } else { 0 }, "{row}");
            let key = if products_in_base { "" } else { row["key"].as_str().unwrap_or_default() };
            let entries = if products_in_base { 0 } else { i128::from(figures["entries"].as_i64().unwrap()) };
            let place = (row["period"].as_str().unwrap().to_owned(), key.to_owned(), currency);
            let sum = found.entry(place).or_default();
            for (sum, more) in sum.iter_mut().zip([entries, amounts[0], amounts[1], amounts[2]]) {
                *sum += more;
            }
        }
        found.retain(|_, figures| *figures != [0; 4]);
        let expected = match query["basis"] == "received" {
            true => self.received(viewer, query, begins),
            false => self.sales(viewer, query, begins),
        };
        assert_eq!(found, expected, "{viewer} {query}");
        // The totals are the sums of the rows.
        let mut totals: BTreeMap<String, i128> = BTreeMap::new();
        found.iter().for_each(|((_, _, currency), figures)| *totals.entry(currency.clone()).or_default() += figures[1]);
        for total in report["totals"].as_array().unwrap() {
            let currency = total["currency"].as_str().unwrap();
            let told = minor(&total["figures"]["signed"], digits(currency));
            if by_receipt {
                continue;
            }
            assert_eq!(totals.get(currency).copied().unwrap_or_default(), told, "{viewer} {query}");
        }
    }

    /// The rows behind a figure sum to it.
    fn check_rows(&self, session: &Session<'_>, viewer: &str, of: &Value) {
        let query = json!({"of": of, "from": "2024-01-01", "to": "2026-12-31", "per": "whole"});
        let rows = json!({"of": of, "from": "2024-01-01", "to": "2026-12-31"});
        let mut found = Self::opened(session, "report_contracts", &rows, "signed");
        let expected = self.sales(viewer, &query, 1);
        let expected: BTreeMap<String, (i128, i128)> =
            expected.into_iter().map(|((_, _, currency), figures)| (currency, (figures[0], figures[1]))).collect();
        found.retain(|_, sum| *sum != (0, 0));
        assert_eq!(found, expected, "{viewer} {of}");
        let received = self.received(viewer, &query, 1);
        let received: BTreeMap<String, (i128, i128)> =
            received.into_iter().map(|((_, _, currency), figures)| (currency, (figures[0], figures[2]))).collect();
        assert_eq!(Self::opened(session, "report_receipts", &rows, "received"), received, "{viewer} {of}");
        let mut open: BTreeMap<String, (i128, i128)> = BTreeMap::new();
        for (record, amount, position, owner) in self.open() {
            if counts(viewer, of, &position, &owner) {
                let sum = open.entry(record.body["currency"].as_str().unwrap().to_owned()).or_default();
                *sum = (sum.0 + 1, sum.1 + amount);
            }
        }
        assert_eq!(Self::opened(session, "report_instalments", &json!({"of": of}), "open"), open, "{viewer} {of}");
    }

    fn check_customers(&self, session: &Session<'_>, viewer: &str, of: &Value) {
        let mine = self
            .customers
            .iter()
            .filter(|customer| customer.scope().is_some_and(|(position, owner)| counts(viewer, of, &position, &owner)));
        let mine: Vec<&Record> = mine.collect();
        for by in ["level", "stage", "source", "industry", "region"] {
            let mut expected: BTreeMap<String, i64> = BTreeMap::new();
            for customer in &mine {
                let value = match by {
                    "region" => customer.body["region"].as_str().unwrap_or("-").to_owned(),
                    by => customer.text(by),
                };
                *expected.entry(value).or_default() += 1;
            }
            let report = call(session, "customer_report", &json!({"of": of, "by": by})).unwrap();
            let mut found: BTreeMap<String, i64> = BTreeMap::new();
            for row in report["rows"].as_array().unwrap() {
                let code = row["code"].as_str().unwrap_or("-").to_owned();
                let customers = row["customers"].as_i64().unwrap();
                if customers != 0 {
                    found.insert(code.clone(), customers);
                    let query = json!({"of": of, "by": by, "code": row["code"]});
                    let mut opened = 0;
                    let mut page = json!({"size": 100});
                    loop {
                        let answer = call(session, "report_customers", &json!({"query": query, "page": page})).unwrap();
                        opened += answer["items"].as_array().unwrap().len() as i64;
                        match answer.get("next") {
                            Some(next) => page["cursor"] = next.clone(),
                            None => break,
                        }
                    }
                    assert_eq!(opened, customers, "{viewer} {query}");
                }
            }
            assert_eq!(found, expected, "{viewer} {of} by {by}");
            assert_eq!(report["total"], json!(mine.len()), "{viewer} {of}");
        }
        // Instants are told apart by the zone of the organisation, which is eight hours ahead.
        let months = json!({"of": of, "from": "2026-11-01", "to": "2029-12-31", "per": "month", "by_person": false});
        let report = call(session, "activity_report", &json!({"query": months})).unwrap();
        assert_eq!(report["new_customers"], json!(mine.len()), "{viewer} {of}");
        let mut by_month: BTreeMap<i64, i64> = BTreeMap::new();
        for customer in &mine {
            let at: crm_core::Timestamp = customer.body["created_at"].as_str().unwrap().parse().unwrap();
            *by_month.entry(month(&at.plus_millis(8 * 3_600_000).to_string()[..10])).or_default() += 1;
        }
        for row in report["rows"].as_array().unwrap() {
            let at = month(row["from"].as_str().unwrap());
            let expected = by_month.get(&at).copied().unwrap_or_default();
            assert_eq!(row["new_customers"], json!(expected), "{viewer} {of} {row}");
        }
        if of["kind"] == "mine" || of["kind"] == "all" {
            let own = |record: &&Record| of["kind"] == "all" || record.text("author") == viewer;
            let expected = self.follow_ups.iter().filter(own).count();
            assert_eq!(report["follow_ups"], json!(expected), "{viewer} {of}");
        }
    }
}

/// Every report, as several people see it, against the rows.
pub fn check_everything(bed: &Bed, oracle: &Oracle, seed: u64) {
    let mut dice = Dice::new(seed ^ 0x5eed);
    for viewer in ["alice", "mona", "dora", "stan", "adam"] {
        let session = bed.user(viewer);
        let mut whose = vec![json!({"kind": "mine"}), json!({"kind": "subtree"})];
        whose.extend(["bob", "stan"].map(|person| json!({"kind": "person", "person": person})));
        whose.extend(["agent", "root", "north"].map(|position| json!({"kind": "position", "position": position})));
        if viewer == "adam" {
            whose.push(json!({"kind": "all"}));
        }
        for of in &whose {
            oracle.check_customers(&session, viewer, of);
            oracle.check_rows(&session, viewer, of);
            oracle.check_ageing(&session, viewer, of);
            for by in [None, Some("person"), Some("position"), Some("product")] {
                for per in ["month", "quarter", "year", "whole"] {
                    let (first, last) = (dice.below(36), dice.below(36));
                    let day = |at: usize| format!("{}-{:02}-{:02}", 2024 + at / 12, at % 12 + 1, 15);
                    let mut query = json!({
                        "of": of, "from": day(first.min(last)), "to": day(first.max(last)), "per": per,
                        "in_base": dice.below(2) == 0,
                    });
                    if let Some(by) = by {
                        query["by"] = json!(by);
                    }
                    if dice.below(4) == 0 {
                        query["currency"] = json!(dice.pick(&["CNY", "USD", "JPY"]));
                    }
                    oracle.check_sales(&session, viewer, &query, 1);
                    if by != Some("product") {
                        query["basis"] = json!("received");
                        oracle.check_sales(&session, viewer, &query, 1);
                    }
                }
            }
        }
    }
}
