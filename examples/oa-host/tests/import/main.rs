//! The import of the CRM sales data set, through the program itself: what it makes of the real
//! files, that it can be run again, what it says to broken files, what a kill leaves behind.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod again;

use crm_core::{
    Actor, Contracts, Crm, Currency, CustomerQuery, FollowUps, PageRequest, ReportOf, ReportPer, SalesBasis, SalesBy,
    SalesQuery, View,
};
use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

const ORGANISATION: &str = "crm-sales";
const FILES: [&str; 3] = ["accounts.csv", "products.csv", "sales_teams.csv"];

/// What an import tells apart.
const KINDS: [&str; 11] = [
    "people",
    "positions",
    "dictionary",
    "products",
    "customers",
    "relations",
    "shares",
    "deals",
    "follow-ups",
    "contracts",
    "receipts",
];

/// The data set, if it is on this machine.
fn data() -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = here.ancestors().map(|above| above.join("shared/data/crm_sales")).find(|path| path.is_dir());
    if found.is_none() {
        eprintln!("SKIPPED: there is no shared/data/crm_sales above {}", here.display());
    }
    found
}

fn command(dir: &Path, database: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oa-host"));
    command.args(["import", "crm-sales"]).arg(dir).arg("--database").arg(format!("sqlite:{}", database.display()));
    command
}

fn import(dir: &Path, database: &Path) -> Output {
    command(dir, database).output().unwrap()
}

fn imported(dir: &Path, database: &Path) -> String {
    let output = import(dir, database);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The counts of a line of the summary: created, unchanged, rejected.
fn counts(summary: &str, name: &str) -> Vec<u64> {
    let line = summary.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("no {name} in {summary}"));
    line.split_whitespace()
        .rev()
        .take(3)
        .map(|count| count.parse().unwrap())
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .collect()
}

/// The rows of the pipeline, unpacked.
fn pipeline(data: &Path) -> String {
    let packed = fs::File::open(data.join("sales_pipeline.csv.gz")).unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(packed).read_to_string(&mut text).unwrap();
    text
}

/// What was won, signed and received, per month, quarter, agent and product, is what the rows of the file add up to.
fn sums_are_those_of_the_file(data: &Path, database: &Path) {
    let mut expected: BTreeMap<(&str, String), (i64, i64)> = BTreeMap::new();
    let text = pipeline(data);
    for line in text.lines().skip(1) {
        // No cell of the file holds a comma.
        let cells: Vec<&str> = line.split(',').collect();
        let [_, agent, product, _, "Won", _, closed, value] = cells[..] else { continue };
        // Year, month, day, or month/day/year.
        let (year, month) = match closed.split(&['-', '/'][..]).collect::<Vec<_>>()[..] {
            [year, month, _] if closed.contains('-') => (year, month),
            [month, _, year] => (year, month),
            _ => panic!("{closed}"),
        };
        let month: u32 = month.parse().unwrap();
        let keys = [
            ("month", format!("{year}-{month:02}")),
            ("quarter", format!("{year}Q{}", month.div_ceil(3))),
            ("product", if product == "GTXPro" { "GTX Pro" } else { product }.to_owned()),
            ("agent", agent.to_owned()),
        ];
        for key in keys {
            let sum = expected.entry(key).or_default();
            sum.0 += 1;
            sum.1 += value.parse::<i64>().unwrap() * 100;
        }
    }
    assert!(expected.len() > 40, "{expected:?}");

    let crm = Crm::sqlite(database).unwrap();
    let system = crm.as_user(&Actor::system(ORGANISATION, "test").unwrap());
    let currency = Currency::new("USD").unwrap();
    for basis in [SalesBasis::Signed, SalesBasis::Received] {
        let mut found = BTreeMap::new();
        for (name, per, by) in [
            ("month", ReportPer::Month, None),
            ("quarter", ReportPer::Quarter, None),
            ("product", ReportPer::Whole, Some(SalesBy::Product)),
            ("agent", ReportPer::Whole, Some(SalesBy::Person)),
        ] {
            // By receipt there are no products: a receipt pays a contract.
            if basis == SalesBasis::Received && by == Some(SalesBy::Product) {
                continue;
            }
            let query = SalesQuery {
                of: ReportOf::All,
                basis,
                from: "2016-01-01".parse().unwrap(),
                to: "2018-12-31".parse().unwrap(),
                per,
                by,
                currency: None,
                in_base: false,
                compare: None,
            };
            for row in system.sales_report(query).unwrap().rows {
                assert_eq!(row.currency, currency);
                let figures = row.figures;
                assert_eq!(figures.unreceived.minor(currency), Some(0));
                let amount = if basis == SalesBasis::Signed { figures.signed } else { figures.received };
                if by != Some(SalesBy::Product) {
                    assert_eq!(figures.received, amount);
                }
                let key = if by.is_some() { row.name.unwrap() } else { row.period };
                found.insert((name, key), (figures.entries, amount.minor(currency).unwrap()));
            }
        }
        let wanted: BTreeMap<_, _> = expected
            .iter()
            .filter(|((name, _), _)| basis == SalesBasis::Signed || *name != "product")
            .map(|(key, sum)| (key.clone(), *sum))
            .collect();
        assert_eq!(found, wanted, "{basis:?}");
    }
}

/// A copy of the data set with the first so many rows of the pipeline, not compressed.
fn part_of(data: &Path, rows: usize) -> tempfile::TempDir {
    let part = tempfile::tempdir().unwrap();
    for file in FILES {
        fs::write(part.path().join(file), fs::read(data.join(file)).unwrap()).unwrap();
    }
    let text = pipeline(data);
    let lines: Vec<&str> = text.lines().take(rows + 1).collect();
    fs::write(part.path().join("sales_pipeline.csv"), lines.join("\n")).unwrap();
    part
}

/// A data set of two accounts, small enough to be read here.
fn small() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let write = |file: &str, text: &str| fs::write(dir.path().join(file), text).unwrap();
    write("sales_teams.csv", "sales_agent,manager,regional_office\nAnn Lee,Max Roe,East\nBob Ray,Max Roe,East\n");
    write("products.csv", "product,series,sales_price\nGTX Pro,GTX,4821\n");
    write(
        "accounts.csv",
        "account,sector,year_established,revenue,employees,office_location,subsidiary_of\n\
         Child,technolgy,1996,1100.04,2822,Kenya,Parent\nParent,retail,,,,,\n",
    );
    write(
        "sales_pipeline.csv",
        "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value\n\
         D1,Ann Lee,GTXPro,Child,Won,10/20/2016,3/1/2017,1054\n\
         D2,Bob Ray,GTX Pro,Child,Engaging,10/21/2016,,\n\
         D3,Ann Lee,GTX Pro,Child,Lost,10/20/2016,10/20/2016,0\n\
         D4,Bob Ray,GTX Pro,Parent,Prospecting,10/22/2016,,\n",
    );
    dir
}

fn replace(dir: &Path, file: &str, from: &str, to: &str) {
    let path = dir.join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{file} has no {from}");
    fs::write(path, text.replace(from, to)).unwrap();
}

/// Everything that an import makes, without ids and the times at which it ran, in order.
fn dump(database: &Path) -> Vec<String> {
    let crm = Crm::sqlite(database).unwrap();
    let system = crm.as_user(&Actor::system(ORGANISATION, "test").unwrap());
    let mut lines = Vec::new();
    for person in system.people(None).unwrap() {
        lines.push(format!("person {} {} {:?} {:?}", person.id, person.name, person.seats, person.host_roles));
    }
    for position in system.positions().unwrap() {
        lines.push(format!("position {} {} {:?} {:?}", position.id, position.name, position.parent, position.holders));
    }
    for entry in system.dictionaries().unwrap() {
        lines.push(format!("entry {}/{} {}", entry.dictionary, entry.code, entry.label));
    }
    let mut customers = BTreeMap::new();
    let mut page = PageRequest::first(500);
    loop {
        let found = system.customers(CustomerQuery::from(View::All), page).unwrap();
        customers.extend(found.items.into_iter().map(|customer| (customer.number.clone(), customer)));
        match found.next {
            Some(next) => page = PageRequest::first(500).after(next),
            None => break,
        }
    }
    for (number, customer) in customers {
        lines.push(format!(
            "customer {number} {} {} {:?} {:?} {:?} {:?} {:?} {:?}",
            customer.name,
            customer.owner,
            customer.owner_position,
            customer.industry,
            customer.region,
            customer.description,
            customer.stage,
            customer.last_follow_up_at
        ));
        for relation in system.relations(customer.id).unwrap() {
            lines.push(format!("relation {number} {} {} {}", relation.kind, relation.inverse, relation.customer_name));
        }
        let mut shares: Vec<String> = system
            .shares(customer.id)
            .unwrap()
            .iter()
            .map(|share| format!("share {number} {:?} {:?}", share.person, share.right))
            .collect();
        shares.sort();
        lines.extend(shares);
        let history = system.customer_history(customer.id, PageRequest::first(500)).unwrap();
        lines.push(format!("history {number} {}", history.items.len()));
        let mut follow_ups = Vec::new();
        let mut page = PageRequest::first(500);
        loop {
            let found = system.follow_ups(FollowUps::Of { customer: customer.id }, page).unwrap();
            follow_ups.extend(found.items.into_iter().map(|item| {
                let it = item.follow_up;
                format!("follow-up {number} {} {} {:?} {}", it.at, it.author, it.stage, it.content)
            }));
            match found.next {
                Some(next) => page = PageRequest::first(500).after(next),
                None => break,
            }
        }
        lines.extend(follow_ups);
        let mut contracts = Vec::new();
        for item in system.contracts(Contracts::Of { customer: customer.id }, PageRequest::first(500)).unwrap().items {
            let it = item.contract;
            let plan = system.payment_plan(it.id).unwrap();
            let due: Vec<_> = plan
                .instalments
                .iter()
                .map(|part| (part.due_on.map(|on| on.to_string()), part.amount.to_string(), part.status))
                .collect();
            contracts.push(format!(
                "contract {number} {:?} {} {:?} {:?} {} {} {} {} {:?} {due:?}",
                it.number,
                it.name,
                it.status,
                it.signed_on.map(|on| on.to_string()),
                it.amount,
                it.currency,
                it.performer,
                it.payments.received,
                it.lines.iter().map(|line| (&line.name, line.product.is_some())).collect::<Vec<_>>()
            ));
        }
        contracts.sort();
        lines.extend(contracts);
    }
    lines
}

#[test]
fn the_real_data_set_comes_in_once() {
    let Some(data) = data() else { return };
    let place = tempfile::tempdir().unwrap();
    let database = place.path().join("x.db");
    let first = imported(&data, &database);
    for (name, expected) in [
        ("people", [42, 0, 0]),
        ("positions", [44, 0, 0]),
        ("customers", [85, 0, 0]),
        ("relations", [15, 0, 0]),
        ("products", [7, 0, 0]),
        // 1,425 deals name no account, 163 have no date.
        ("deals", [7_212, 0, 1_588]),
        ("follow-ups", [13_923, 0, 0]),
        ("contracts", [4_238, 0, 0]),
        ("receipts", [4_238, 0, 0]),
    ] {
        assert_eq!(counts(&first, name), expected, "{name}");
    }
    assert!(
        first.contains("mended product GTXPro to GTX Pro: 1480 rows")
            && first.contains("mended sector technolgy to technology: 12 rows")
    );
    let report = fs::read_to_string(place.path().join("x.db.import-report.csv")).unwrap();
    assert_eq!(report.lines().count(), 1 + 1_588);
    let before = dump(&database);
    sums_are_those_of_the_file(&data, &database);

    let second = imported(&data, &database);
    for name in KINDS {
        assert_eq!(counts(&second, name)[0], 0, "{name}");
    }
    assert_eq!(counts(&second, "follow-ups"), [0, 13_923, 0]);
    assert_eq!(dump(&database), before);
}

#[test]
fn every_row_means_what_it_says() {
    let dir = small();
    let place = tempfile::tempdir().unwrap();
    let database = place.path().join("x.db");
    imported(dir.path(), &database);
    let dump = dump(&database);
    let expect = |line: &str| assert!(dump.iter().any(|found| found.starts_with(line)), "{line}\nin {dump:#?}");
    expect("position agent-ann.lee Sales agent (Ann Lee) Some(PositionId(\"manager-max.roe\")) [UserId(\"ann.lee\")]");
    expect("position manager-max.roe East manager (Max Roe) Some(PositionId(\"office-east\"))");
    expect("customer CRM-SALES-CHILD Child ann.lee");
    expect("customer CRM-SALES-PARENT Parent bob.ray");
    expect("relation CRM-SALES-CHILD parent true Parent");
    expect("share CRM-SALES-CHILD Some(UserId(\"bob.ray\")) Edit");
    // The offices are in Chicago: a day of the data set is a day there.
    let won = dump.iter().find(|line| line.contains("Won: GTX Pro, value 1054 (deal D1)")).unwrap();
    assert!(
        won.starts_with("follow-up CRM-SALES-CHILD 2017-03-01T") && won.contains("ann.lee Some(EntryCode(\"won\"))"),
        "{won}"
    );
    assert!(dump.iter().any(|line| line.contains("Established 1996. Revenue: 1100.04 million USD. Employees: 2822.")));
    expect(
        "contract CRM-SALES-CHILD Some(\"CRM-SALES-D1\") GTX Pro (deal D1) InForce Some(\"2017-03-01\") 1054.00 USD ann.lee \
         1054.00 [(\"GTX Pro\", true)] [(Some(\"2017-03-01\"), \"1054.00\", Paid)]",
    );
    assert_eq!(dump.iter().filter(|line| line.starts_with("contract ")).count(), 1);
    // What was won last decides the stage.
    assert!(dump.iter().any(|line| line.starts_with("customer CRM-SALES-CHILD") && line.contains("Some(EntryCode(\"won\")) Some(")));
    assert_eq!(dump.iter().filter(|line| line.starts_with("follow-up")).count(), 6);
}

#[test]
fn rows_that_make_no_sense_are_reported_one_by_one() {
    let dir = small();
    let mut rows = fs::read_to_string(dir.path().join("sales_pipeline.csv")).unwrap();
    for (id, rest, _) in BAD_DEALS {
        rows.push_str(&format!("{id},{rest}\n"));
    }
    fs::write(dir.path().join("sales_pipeline.csv"), rows).unwrap();
    let place = tempfile::tempdir().unwrap();
    let database = place.path().join("x.db");
    let summary = imported(dir.path(), &database);
    assert_eq!(counts(&summary, "deals"), [4, 0, BAD_DEALS.len() as u64]);
    let report = fs::read_to_string(place.path().join("x.db.import-report.csv")).unwrap();
    for (id, _, code) in BAD_DEALS {
        assert!(report.contains(&format!(",{id},{code},")), "{id} {code}\n{report}");
    }
}

const BAD_DEALS: [(&str, &str, &str); 11] = [
    ("B1", "Ann Lee,GTX Pro,,Engaging,1/1/2017,,", "account_empty"),
    ("B2", "Ann Lee,GTX Pro,Nobody,Engaging,1/1/2017,,", "account_unknown"),
    ("B3", "No One,GTX Pro,Child,Engaging,1/1/2017,,", "agent_unknown"),
    ("B4", "Ann Lee,GTX,Child,Engaging,1/1/2017,,", "product_unknown"),
    ("B5", "Ann Lee,GTX Pro,Child,Dreaming,1/1/2017,,", "stage_unknown"),
    ("B6", "Ann Lee,GTX Pro,Child,Engaging,31/1/2017,,", "date_malformed"),
    ("B7", "Ann Lee,GTX Pro,Child,Prospecting,,,", "date_empty"),
    ("B8", "Ann Lee,GTX Pro,Child,Won,1/2/2017,1/1/2017,5", "dates_reversed"),
    ("B9", "Ann Lee,GTX Pro,Child,Won,1/1/2017,1/2/2017,=1+1", "number_malformed"),
    ("B10", "Ann Lee,GTX Pro,Child,Engaging,1/1/9990,,", "date_not_over"),
    ("D1", "Ann Lee,GTX Pro,Child,Engaging,1/1/2017,,", "deal_repeated"),
];

/// Spoils one thing of a good data set.
type Spoil = fn(&Path);

#[test]
fn files_that_can_not_be_understood_are_refused_whole() {
    let spoils: [(Spoil, &str); 8] = [
        (|dir| fs::remove_file(dir.join("products.csv")).unwrap(), "there is no products.csv"),
        (|dir| replace(dir, "accounts.csv", "subsidiary_of", "belongs_to"), "accounts.csv has no column subsidiary_of"),
        (|dir| replace(dir, "accounts.csv", "revenue", "sector"), "accounts.csv has the column sector twice"),
        (
            |dir| replace(dir, "sales_pipeline.csv", "D2,Bob Ray,", "D2,"),
            "sales_pipeline.csv, line 3: 7 fields where the header has 8",
        ),
        (
            |dir| fs::write(dir.join("sales_teams.csv"), b"sales_agent,manager\nJos\xe9,x\n").unwrap(),
            "sales_teams.csv, line 2: not UTF-8",
        ),
        (|dir| fs::write(dir.join("products.csv"), "").unwrap(), "products.csv has no column product"),
        (|dir| spoil_gz(dir, 60), "sales_pipeline.csv.gz is cut off"),
        (|dir| spoil_gz(dir, 0), "sales_pipeline.csv.gz"),
    ];
    for (spoil, expected) in spoils {
        let dir = small();
        spoil(dir.path());
        let place = tempfile::tempdir().unwrap();
        let database = place.path().join("x.db");
        let output = import(dir.path(), &database);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(expected), "{expected}: {said}");
        let crm = Crm::sqlite(&database).unwrap();
        let system = crm.as_user(&Actor::system(ORGANISATION, "test").unwrap());
        assert_eq!(system.people(None).unwrap_err().code(), "actor_unknown", "{expected}: something was written");
    }
    let place = tempfile::tempdir().unwrap();
    let output = import(&place.path().join("nowhere"), &place.path().join("x.db"));
    assert!(!output.status.success() && String::from_utf8_lossy(&output.stderr).contains("nowhere can't be read"));
}

/// Compresses the pipeline and keeps so many bytes of it; of none, it is no archive at all.
fn spoil_gz(dir: &Path, bytes: usize) {
    use std::io::Write as _;
    let plain = dir.join("sales_pipeline.csv");
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(&fs::read(&plain).unwrap()).unwrap();
    let packed = packer.finish().unwrap();
    fs::write(dir.join("sales_pipeline.csv.gz"), if bytes == 0 { &b"no archive at all"[..] } else { &packed[..bytes] })
        .unwrap();
    fs::remove_file(plain).unwrap();
}

#[test]
fn what_people_changed_since_stays() {
    let dir = small();
    let place = tempfile::tempdir().unwrap();
    let database = place.path().join("x.db");
    imported(dir.path(), &database);
    {
        let crm = Crm::sqlite(&database).unwrap();
        let system = crm.as_user(&Actor::system(ORGANISATION, "test").unwrap());
        let all = system.customers(View::All, PageRequest::first(10)).unwrap().items;
        let child = all.iter().find(|customer| customer.name == "Child").unwrap();
        let edit =
            crm_core::CustomerEdit { version: child.version, name: Some("Renamed".to_owned()), ..Default::default() };
        system.edit_customer(child.id, edit).unwrap();
        for share in system.shares(child.id).unwrap() {
            system.end_share(share.id).unwrap();
        }
        let relation = system.relations(child.id).unwrap().remove(0);
        system.remove_relation(relation.id).unwrap();
        let ann = crm.as_user(&Actor::user(ORGANISATION, "ann.lee").unwrap());
        for item in ann.follow_ups(FollowUps::Mine, PageRequest::first(50)).unwrap().items {
            ann.correct_follow_up(item.follow_up.id, item.follow_up.version, "said otherwise".to_owned()).unwrap();
        }
        let mut settings = system.settings().unwrap();
        settings.follow_up.correction_hours = 1;
        system.change_settings(settings).unwrap();
        let moved = crm_core::PositionInput::new("agent-bob.ray", "Sales agent (Bob Ray)", None, &[]).unwrap();
        system.sync_positions(vec![moved], crm_core::SyncMode::Delta, false).unwrap();
    }
    let before = dump(&database);
    let again = imported(dir.path(), &database);
    for name in KINDS {
        assert_eq!(counts(&again, name)[0], 0, "{name}");
    }
    assert_eq!(dump(&database), before);
}

#[test]
fn two_at_the_same_time_make_one() {
    let dir = small();
    let place = tempfile::tempdir().unwrap();
    let (alone, shared) = (place.path().join("alone.db"), place.path().join("shared.db"));
    imported(dir.path(), &alone);
    Crm::sqlite(&shared).unwrap();
    let both: Vec<_> = (0..2).map(|_| command(dir.path(), &shared).stdout(Stdio::null()).spawn().unwrap()).collect();
    for mut one in both {
        assert!(one.wait().unwrap().success());
    }
    let history = |line: &String| !line.starts_with("history");
    let kept = |database: &Path| dump(database).into_iter().filter(history).collect::<Vec<_>>();
    assert_eq!(kept(&shared), kept(&alone));
}

#[test]
fn killed_at_any_moment_it_goes_on_to_the_same_end() {
    let Some(data) = data() else { return };
    let part = part_of(&data, 1_500);
    let place = tempfile::tempdir().unwrap();
    let whole = place.path().join("whole.db");
    let started = std::time::Instant::now();
    imported(part.path(), &whole);
    let takes = started.elapsed();
    let expected = dump(&whole);

    let database = place.path().join("killed.db");
    let mut interrupted = 0;
    // Early, while organisation and people are made, and spread over the run. The moments differ
    // from run to run; the end may not.
    let chance = u64::from(std::process::id()) % 100;
    for round in 0..8_u64 {
        let share = 2 + round * round * 2 + (chance * (round + 1)) % 13;
        let mut child = command(part.path(), &database).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(takes.mul_f64(share as f64 / 130.0).max(Duration::from_millis(3)));
        child.kill().unwrap();
        interrupted += u32::from(!child.wait().unwrap().success());
        // What is left opens, and holds nothing by halves.
        if database.exists() {
            Crm::sqlite(&database).unwrap();
        }
    }
    assert!(interrupted >= 2, "only {interrupted} runs were interrupted");
    imported(part.path(), &database);
    let found = dump(&database);
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(found, expected);
    }
}
