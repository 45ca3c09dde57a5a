//! What the rows of the data set mean: people and positions, products, accounts, deals. Pure; nothing is
//! written here, and every row that makes no sense is noted with its reason.

use super::report::{ImportSummary, Rejection, Tally};
use super::source::{Table, TableRow};
use crm_core::TimeZone;
use std::collections::{BTreeMap, BTreeSet};

/// Spellings of the data set that are known to be wrong.
const SECTOR_MENDED: (&str, &str) = ("technolgy", "technology");
const PRODUCT_MENDED: (&str, &str) = ("GTXPro", "GTX Pro");

pub(super) const TEAM_COLUMNS: [&str; 3] = ["sales_agent", "manager", "regional_office"];
pub(super) const PRODUCT_COLUMNS: [&str; 3] = ["product", "series", "sales_price"];
pub(super) const ACCOUNT_COLUMNS: [&str; 7] =
    ["account", "sector", "year_established", "revenue", "employees", "office_location", "subsidiary_of"];
pub(super) const DEAL_COLUMNS: [&str; 8] =
    ["opportunity_id", "sales_agent", "product", "account", "deal_stage", "engage_date", "close_date", "close_value"];

/// The tables as they were read.
pub(super) struct Tables {
    pub(super) teams: Table,
    pub(super) products: Table,
    pub(super) accounts: Table,
    pub(super) deals: Table,
}

/// What shall be in the CRM.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Agents by name.
    pub(super) agents: BTreeMap<String, Agent>,
    /// Managers by name, with their office.
    pub(super) managers: BTreeMap<String, String>,
    /// Sectors of accounts.
    pub(super) sectors: BTreeSet<String>,
    /// Series of products.
    pub(super) series: BTreeSet<String>,
    pub(super) products: Vec<Goods>,
    /// Accounts, parents before their subsidiaries.
    pub(super) accounts: Vec<Account>,
}

#[derive(Debug)]
pub(super) struct Goods {
    pub(super) source: Source,
    pub(super) name: String,
    pub(super) number: String,
    pub(super) series: String,
    /// The list price in dollars, a plain number.
    pub(super) price: String,
}

#[derive(Debug)]
pub(super) struct Agent {
    pub(super) user: String,
    pub(super) manager: String,
}

#[derive(Debug)]
pub(super) struct Account {
    pub(super) source: Source,
    pub(super) name: String,
    pub(super) number: String,
    pub(super) sector: String,
    pub(super) region: String,
    pub(super) description: String,
    /// The name of the account it belongs to.
    pub(super) parent: Option<String>,
    /// The user with most deals on it.
    pub(super) owner: String,
    pub(super) deals: Vec<Deal>,
}

#[derive(Debug)]
pub(super) struct Deal {
    pub(super) source: Source,
    pub(super) id: String,
    /// The user whose deal it is.
    pub(super) agent: String,
    pub(super) steps: Vec<Step>,
    /// What a won deal brought.
    pub(super) sale: Option<Sale>,
}

/// A won deal, which is a contract, paid on the day on which it was closed.
#[derive(Debug, Clone)]
pub(super) struct Sale {
    /// The number of its contract.
    pub(super) number: String,
    pub(super) product: String,
    /// In dollars, a plain number, more than nothing.
    pub(super) value: String,
    /// `yyyy-MM-dd`.
    pub(super) day: String,
}

/// Something that happened on a deal, and will be a follow-up.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) kind: StepKind,
    /// `yyyy-MM-dd`.
    pub(super) day: String,
    pub(super) content: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum StepKind {
    Engaged,
    Won,
    Lost,
}

impl StepKind {
    pub(super) const ALL: [StepKind; 3] = [StepKind::Engaged, StepKind::Won, StepKind::Lost];

    /// The word with which the text of such a follow-up begins.
    pub(super) fn word(self) -> &'static str {
        match self {
            StepKind::Engaged => "Engaged",
            StepKind::Won => "Won",
            StepKind::Lost => "Lost",
        }
    }

    /// The stage to which the customer comes.
    pub(super) fn stage(self) -> &'static str {
        match self {
            StepKind::Engaged => "engaging",
            StepKind::Won => "won",
            StepKind::Lost => "lost",
        }
    }
}

/// Where a record comes from, for the report.
#[derive(Debug, Clone)]
pub(super) struct Source {
    file: String,
    line: u64,
    subject: String,
    row: String,
}

impl Source {
    fn new(table: &Table, row: &TableRow, subject: &str) -> Self {
        Source { file: table.file.clone(), line: row.line, subject: subject.to_owned(), row: row.text.clone() }
    }

    pub(super) fn rejection(&self, code: &str, reason: impl Into<String>) -> Rejection {
        Rejection {
            file: self.file.clone(),
            line: self.line,
            subject: self.subject.clone(),
            code: code.to_owned(),
            reason: reason.into(),
            row: self.row.clone(),
        }
    }
}

/// Why a row is not taken: code, words.
type Reason = (&'static str, String);

/// Works out what the tables mean; what can't be taken is noted in the summary. `today`, as
/// `yyyy-MM-dd`, is the first day that is not over.
pub(super) fn plan(tables: &Tables, today: &str, summary: &mut ImportSummary) -> Plan {
    let mut plan = Plan::default();
    teams(&tables.teams, &mut plan, summary);
    products(&tables.products, &mut plan, summary);
    let products: BTreeSet<String> = tables.products.rows.iter().map(|row| row.cell(0).to_owned()).collect();
    let mut accounts = accounts(&tables.accounts, summary);
    deals(&tables.deals, &plan.agents, &products, today, &mut accounts, summary);
    for account in &mut accounts {
        account.owner = busiest(&account.deals);
    }
    plan.sectors = accounts.iter().map(|account| account.sector.clone()).filter(|sector| !sector.is_empty()).collect();
    plan.accounts = parents_first(accounts, summary);
    plan
}

fn teams(table: &Table, plan: &mut Plan, summary: &mut ImportSummary) {
    let mut users: BTreeSet<String> = BTreeSet::new();
    for row in &table.rows {
        let (name, manager, office) = (row.cell(0), row.cell(1), row.cell(2));
        let user = user_id(name);
        let reason = if let Err(reason) = sane(row, 3, 60) {
            Some(reason)
        } else if name.is_empty() || manager.is_empty() || office.is_empty() {
            Some(("cell_empty", "an agent needs a name, a manager and an office".to_owned()))
        } else if plan.agents.contains_key(name) || users.contains(&user) {
            Some(("agent_repeated", "there is an agent of this name already".to_owned()))
        } else if plan.managers.get(manager).is_some_and(|known| known != office) {
            Some(("manager_of_two_offices", format!("{manager} manages another office already")))
        } else {
            None
        };
        match reason {
            Some(reason) => {
                reject(summary, |summary| &mut summary.people, &Source::new(table, row, name), reason);
            }
            None => {
                users.insert(user.clone());
                plan.managers.insert(manager.to_owned(), office.to_owned());
                plan.agents.insert(name.to_owned(), Agent { user, manager: manager.to_owned() });
            }
        }
    }
}

fn products(table: &Table, plan: &mut Plan, summary: &mut ImportSummary) {
    let mut names: BTreeSet<&str> = BTreeSet::new();
    let mut numbers: BTreeSet<String> = BTreeSet::new();
    for row in &table.rows {
        let (name, series, price) = (row.cell(0), row.cell(1), row.cell(2));
        let number = number_of(name);
        let source = Source::new(table, row, name);
        let reason = if let Err(reason) = sane(row, 3, 60) {
            Some(reason)
        } else if name.is_empty() {
            Some(("cell_empty", "a product needs a name".to_owned()))
        } else if !names.insert(name) {
            Some(("product_repeated", "there is a product of this name already".to_owned()))
        } else if amount(price).is_none() {
            Some(("number_malformed", format!("sales_price {price:?} is no number")))
        } else if !numbers.insert(number.clone()) {
            Some(("number_repeated", format!("another product has the number {number} already")))
        } else {
            None
        };
        if let Some(reason) = reason {
            reject(summary, |summary| &mut summary.products, &source, reason);
            continue;
        }
        if !series.is_empty() {
            plan.series.insert(series.to_owned());
        }
        plan.products.push(Goods {
            source,
            name: name.to_owned(),
            number,
            series: series.to_owned(),
            price: price.to_owned(),
        });
    }
}

fn accounts(table: &Table, summary: &mut ImportSummary) -> Vec<Account> {
    let mut accounts: Vec<Account> = Vec::new();
    let mut names: BTreeSet<String> = BTreeSet::new();
    let mut numbers: BTreeSet<String> = BTreeSet::new();
    for row in &table.rows {
        let name = row.cell(0);
        let source = Source::new(table, row, name);
        let number = number_of(name);
        let described = describe(row);
        let reason = if let Err(reason) = sane(row, 7, 200) {
            Some(reason)
        } else if row.cell(1).chars().count() > 60 {
            Some(("cell_too_long", "a sector has at most 60 characters".to_owned()))
        } else if name.is_empty() {
            Some(("cell_empty", "an account needs a name".to_owned()))
        } else if names.contains(&crm_core::text::fold(name)) || numbers.contains(&number) {
            Some(("account_repeated", "there is an account of this name already".to_owned()))
        } else {
            described.as_ref().err().cloned()
        };
        if let Some(reason) = reason {
            reject(summary, |summary| &mut summary.customers, &source, reason);
            continue;
        }
        names.insert(crm_core::text::fold(name));
        numbers.insert(number.clone());
        let parent = row.cell(6);
        accounts.push(Account {
            source,
            name: name.to_owned(),
            number,
            sector: mend(row.cell(1), "sector", SECTOR_MENDED, summary),
            region: row.cell(5).to_owned(),
            description: described.unwrap_or_default(),
            parent: Some(parent).filter(|parent| !parent.is_empty()).map(str::to_owned),
            owner: String::new(),
            deals: Vec::new(),
        });
    }
    accounts
}

/// Founding year, revenue and employees in words.
fn describe(row: &TableRow) -> Result<String, Reason> {
    let mut words = Vec::new();
    let year = row.cell(2);
    if !year.is_empty() {
        year.parse::<u16>().map_err(|_| ("number_malformed", format!("year_established {year:?} is no year")))?;
        words.push(format!("Established {year}."));
    }
    let revenue = row.cell(3);
    if !revenue.is_empty() {
        amount(revenue).ok_or_else(|| ("number_malformed", format!("revenue {revenue:?} is no number")))?;
        words.push(format!("Revenue: {revenue} million USD."));
    }
    let employees = row.cell(4);
    if !employees.is_empty() {
        employees.parse::<u64>().map_err(|_| ("number_malformed", format!("employees {employees:?} is no number")))?;
        words.push(format!("Employees: {employees}."));
    }
    Ok(words.join(" "))
}

fn deals(
    table: &Table,
    agents: &BTreeMap<String, Agent>,
    products: &BTreeSet<String>,
    today: &str,
    accounts: &mut [Account],
    summary: &mut ImportSummary,
) {
    let mut by_name: BTreeMap<String, &mut Account> =
        accounts.iter_mut().map(|account| (account.name.clone(), account)).collect();
    let mut ids = BTreeSet::new();
    let mut numbers = BTreeSet::new();
    for row in &table.rows {
        let id = row.cell(0);
        let source = Source::new(table, row, id);
        let product = mend(row.cell(2), "product", PRODUCT_MENDED, summary);
        let account = row.cell(3);
        let taken = if let Err(reason) = sane(row, 8, 200) {
            Err(reason)
        } else if id.is_empty() || id.chars().count() > 40 {
            Err(("id_malformed", "a deal needs an id of at most 40 characters".to_owned()))
        } else if !ids.insert(id.to_owned()) {
            Err(("deal_repeated", "there is a deal of this id already".to_owned()))
        } else if account.is_empty() {
            Err(("account_empty", "no account is named, so there is no customer to follow up".to_owned()))
        } else {
            steps(row, &product, products, today)
        };
        let agent = agents.get(row.cell(1)).ok_or_else(|| ("agent_unknown", "no such agent in sales_teams".to_owned()));
        let found = by_name.get_mut(account).ok_or_else(|| ("account_unknown", "no such account was taken".to_owned()));
        match taken.and_then(|steps| Ok((steps, agent?, found?))) {
            Ok((steps, agent, account)) => {
                let sale = sale(row, &product, &steps, &mut numbers);
                if let Some(Err(reason)) = &sale {
                    reject(summary, |summary| &mut summary.contracts, &source, reason.clone());
                }
                let sale = sale.and_then(Result::ok);
                account.deals.push(Deal { source, id: id.to_owned(), agent: agent.user.clone(), steps, sale });
            }
            Err(reason) => reject(summary, |summary| &mut summary.deals, &source, reason),
        }
    }
}

/// What happened on a deal, in order.
fn steps(row: &TableRow, product: &str, products: &BTreeSet<String>, today: &str) -> Result<Vec<Step>, Reason> {
    if !products.contains(product) {
        return Err(("product_unknown", format!("there is no product {product:?}")));
    }
    let (id, stage) = (row.cell(0), row.cell(4));
    let engaged = date(row.cell(5), "engage_date")?;
    let closed = date(row.cell(6), "close_date")?;
    let value = row.cell(7);
    if !value.is_empty() && amount(value).is_none() {
        return Err(("number_malformed", format!("close_value {value:?} is no number")));
    }
    let close = match stage {
        "Prospecting" | "Engaging" => None,
        "Won" => Some(StepKind::Won),
        "Lost" => Some(StepKind::Lost),
        _ => return Err(("stage_unknown", format!("there is no stage {stage:?}"))),
    };
    match (close, &closed) {
        (Some(_), None) => return Err(("date_empty", "a closed deal needs its close_date".to_owned())),
        (None, Some(_)) => return Err(("date_not_allowed", "an open deal has no close_date".to_owned())),
        _ => {}
    }
    if let (Some(engaged), Some(closed)) = (&engaged, &closed)
        && closed < engaged
    {
        return Err(("dates_reversed", "close_date lies before engage_date".to_owned()));
    }
    let mut steps = Vec::new();
    if let Some(day) = engaged {
        let kind = StepKind::Engaged;
        steps.push(Step { kind, day, content: format!("{}: {product} {}", kind.word(), tag(id)) });
    }
    if let (Some(kind), Some(day)) = (close, closed) {
        let value = if value.is_empty() { String::new() } else { format!(", value {value}") };
        steps.push(Step { kind, day, content: format!("{}: {product}{value} {}", kind.word(), tag(id)) });
    }
    if steps.is_empty() {
        return Err(("date_empty", "there is no date, and a follow-up has one".to_owned()));
    }
    if steps.iter().any(|step| step.day.as_str() >= today) {
        return Err(("date_not_over", "only days that are over are taken".to_owned()));
    }
    Ok(steps)
}

/// What a won deal brought; one that brought nothing makes no contract.
fn sale(row: &TableRow, product: &str, steps: &[Step], numbers: &mut BTreeSet<String>) -> Option<Result<Sale, Reason>> {
    let won = steps.iter().find(|step| step.kind == StepKind::Won)?;
    let value = row.cell(7);
    if !value.bytes().any(|byte| matches!(byte, b'1'..=b'9')) {
        return Some(Err(("value_empty", "a deal that brought nothing makes no contract".to_owned())));
    }
    if value.split_once('.').is_some_and(|(_, parts)| parts.trim_end_matches('0').len() > 2) {
        return Some(Err(("number_malformed", format!("close_value {value:?} holds less than a cent"))));
    }
    let number = number_of(row.cell(0));
    // Two ids may differ in what a number leaves out; the second must not be taken for the contract of the first.
    if !numbers.insert(number.clone()) {
        return Some(Err(("number_repeated", format!("another deal's contract has the number {number} already"))));
    }
    Some(Ok(Sale { number, product: product.to_owned(), value: value.to_owned(), day: won.day.clone() }))
}

/// How a follow-up names its deal.
pub(super) fn tag(deal: &str) -> String {
    format!("(deal {deal})")
}

/// That the cells of the first columns are texts that can be kept and shown.
fn sane(row: &TableRow, columns: usize, most: usize) -> Result<(), Reason> {
    for cell in (0..columns).map(|place| row.cell(place)) {
        if cell.chars().any(char::is_control) {
            return Err(("control_character", "a cell holds a control character".to_owned()));
        }
        if cell.chars().count() > most {
            return Err(("cell_too_long", format!("a cell has more than {most} characters")));
        }
    }
    Ok(())
}

/// `month/day/year`, as `yyyy-MM-dd`.
fn date(text: &str, column: &str) -> Result<Option<String>, Reason> {
    if text.is_empty() {
        return Ok(None);
    }
    let mut parts = text.split('/').map(|part| part.parse::<u32>().ok());
    let day = match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(Some(month)), Some(Some(day)), Some(Some(year @ 1900..=9999)), None) => {
            Some(format!("{year:04}-{month:02}-{day:02}"))
        }
        _ => None,
    };
    day.filter(|day| TimeZone::SHANGHAI.instant_of(day).is_some())
        .map(Some)
        .ok_or_else(|| ("date_malformed", format!("{column} {text:?} is no day written month/day/year")))
}

/// A plain decimal number that is not negative.
fn amount(text: &str) -> Option<()> {
    let digits = |part: &str| !part.is_empty() && part.len() <= 15 && part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    (digits(whole) && digits(fraction)).then_some(())
}

fn mend(cell: &str, what: &str, (wrong, right): (&str, &str), summary: &mut ImportSummary) -> String {
    if cell != wrong {
        return cell.to_owned();
    }
    *summary.mended.entry(format!("{what} {wrong} to {right}")).or_default() += 1;
    right.to_owned()
}

/// The user with the most deals; of several the first by id. Empty when there are none.
fn busiest(deals: &[Deal]) -> String {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for deal in deals {
        *counts.entry(&deal.agent).or_default() += 1;
    }
    let most = counts.into_iter().rev().max_by_key(|(_, deals)| *deals);
    most.map(|(agent, _)| agent.to_owned()).unwrap_or_default()
}

/// Parents before subsidiaries, otherwise in the order of the file. A relation to an account that
/// was not taken, or that closes a circle, is noted and left out.
fn parents_first(accounts: Vec<Account>, summary: &mut ImportSummary) -> Vec<Account> {
    let names: BTreeSet<String> = accounts.iter().map(|account| account.name.clone()).collect();
    let mut waiting = Vec::new();
    for mut account in accounts {
        if account.owner.is_empty() {
            let reason = ("no_deals", "no agent has a deal on it, so nobody can own it".to_owned());
            reject(summary, |summary| &mut summary.customers, &account.source, reason);
            continue;
        }
        if let Some(parent) = account.parent.take_if(|parent| !names.contains(parent)) {
            let reason = ("parent_unknown", format!("there is no account {parent:?}; taken without its parent"));
            reject(summary, |summary| &mut summary.relations, &account.source, reason);
        }
        waiting.push(account);
    }
    let mut sorted: Vec<Account> = Vec::with_capacity(waiting.len());
    let mut placed: BTreeSet<String> = BTreeSet::new();
    while !waiting.is_empty() {
        let (mut ready, rest): (Vec<_>, Vec<_>) = waiting
            .into_iter()
            .partition(|account| account.parent.as_ref().is_none_or(|parent| placed.contains(parent)));
        waiting = rest;
        if ready.is_empty() {
            // A circle, or a parent that could not be taken: let go of the first relation.
            let Some(first) = waiting.first_mut() else { break };
            first.parent = None;
            let reason =
                ("parent_circle", "its parents form a circle or were not taken; taken without its parent".to_owned());
            reject(summary, |summary| &mut summary.relations, &first.source.clone(), reason);
            continue;
        }
        placed.extend(ready.iter().map(|account| account.name.clone()));
        sorted.append(&mut ready);
    }
    sorted
}

fn reject(
    summary: &mut ImportSummary,
    tally: impl FnOnce(&mut ImportSummary) -> &mut Tally,
    source: &Source,
    (code, reason): Reason,
) {
    tally(summary).rejected += 1;
    summary.rejections.push(source.rejection(code, reason));
}

/// The user id of a person of the data set: `anna.snelling`.
pub(super) fn user_id(name: &str) -> String {
    slug(name, '.').to_lowercase()
}

/// The number of an account's customer, of a product, of a deal's contract: `CRM-SALES-ACME-CORPORATION`.
fn number_of(name: &str) -> String {
    format!("{}{}", super::NUMBER_PREFIX, slug(name, '-').to_uppercase())
}

/// Letters and digits, all else as one separator; long names are cut, and told apart by a hash.
fn slug(name: &str, separator: char) -> String {
    let mut slug = String::new();
    for c in name.chars() {
        if c.is_alphanumeric() || c == '-' {
            slug.push(c);
        } else if !slug.ends_with(separator) && !slug.is_empty() {
            slug.push(separator);
        }
    }
    let slug = slug.trim_end_matches(separator);
    if slug.is_empty() || slug.chars().count() > 36 {
        let cut: String = slug.chars().take(24).collect();
        return format!("{cut}{separator}{:x}", super::fingerprint(name) % 0x1_0000_0000);
    }
    slug.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_month_first() {
        assert_eq!(date("2/28/2017", "d"), Ok(Some("2017-02-28".to_owned())));
        assert_eq!(date("", "d"), Ok(None));
        for wrong in ["28/2/2017", "2/29/2017", "2/1/17", "2017-02-01", "1/2", "1/2/3/4", "a/b/c", "1/1/99999"] {
            assert_eq!(date(wrong, "d").unwrap_err().0, "date_malformed", "{wrong}");
        }
    }

    #[test]
    fn amounts_are_plain_numbers() {
        for good in ["0", "1054", "1100.04"] {
            assert!(amount(good).is_some(), "{good}");
        }
        for wrong in ["", "-1", "1e3", "NaN", "1.", ".5", "1,000", "=1"] {
            assert!(amount(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn ids_are_short_and_tell_names_apart() {
        assert_eq!(user_id("Mei-Mei Johns"), "mei-mei.johns");
        assert_eq!(number_of("Acme Corporation"), "CRM-SALES-ACME-CORPORATION");
        let (long, longer) = ("x".repeat(50), "x".repeat(51));
        assert_ne!(number_of(&long), number_of(&longer));
        assert!(number_of(&long).chars().count() <= 60 && user_id(&long).chars().count() <= 60);
        assert!(!user_id("***").is_empty());
    }
}
