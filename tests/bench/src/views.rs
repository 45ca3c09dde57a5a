//! The first page of every list with its count, and without, in every order, on a large database and on one of a tenth.

use crate::floor::{self, List};
use crate::generate::{self, NOW, Noon, OWNERS, TEAMS, manager, member};
use crate::report::{Measure, percentiles};
use crate::setup::{self, ORG};
use crate::{Options, Result};
use crm_core::store::sql::sqlite::Durability;
use crm_core::store::sql::sqlite::rusqlite::Connection;
use crm_core::{Actor, ContactFilter, Crm, CustomerOrder, CustomerQuery, FollowUps, PageRequest, View};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

/// Calls of each list, and the time after which fewer must do.
const CALLS: usize = 300;
pub const LEAST_CALLS: usize = 20;
pub const PATIENCE: Duration = Duration::from_secs(6);

/// How often each is asked at most. In a small run a few times: that shows what it answers, and no figure of it is taken.
pub fn most_calls(options: &Options) -> usize {
    if options.scale < 0.1 { 3 } else { CALLS }
}

const ORDERS: [(&str, CustomerOrder, &str, bool); 6] = [
    ("newest", CustomerOrder::Newest, "created_at", true),
    ("oldest", CustomerOrder::Oldest, "created_at", false),
    ("name", CustomerOrder::Name, "name_sort", false),
    ("next-follow-up", CustomerOrder::NextFollowUp, "next_follow_up_at", false),
    ("longest-idle", CustomerOrder::LongestIdle, "idle_since", false),
    ("shortest-idle", CustomerOrder::ShortestIdle, "idle_since", true),
];

enum Ask {
    Customers(Box<CustomerQuery>),
    Contacts(ContactFilter),
    FollowUps(FollowUps),
}

enum Bare {
    List(List),
    Statements(Vec<String>),
}

/// A list as somebody asks for it.
pub struct Case {
    /// `views/...`.
    pub name: String,
    /// Who asks.
    pub actor: String,
    ask: Ask,
    bare: Bare,
    /// How many owners it goes over.
    pub owners: usize,
}

/// The figures of a case.
struct Figure {
    p50: f64,
    p99: f64,
    /// The median of the page alone.
    page_p50: f64,
    /// How many rows the page has.
    items: usize,
    /// Of the processor alone: what else ran on the machine does not count.
    cpu_p99: f64,
    floor: f64,
    /// Whether library and statements found the same.
    agrees: bool,
}

/// Generates, measures, compares.
pub fn run(options: &Options, dir: &Path) -> Result<()> {
    let large = ((1_000_000.0 * options.scale) as usize).max(5_000);
    let small = (large / 10).max(2_500);
    let beginnings = measure(options, dir, small)?;
    let figures = measure(options, dir, large)?;
    let cases = cases()?;
    let on = |owners: &str| {
        json!({"what": format!("the worst of the lists over {owners}: first page of 20 with its count, every order"),
            "customers": large, "follow_ups": 5 * large, "commit": "readers only"})
    };
    for (class, owners, target) in
        [("up-to-30-owners", 1..=31, 5.0), ("2000-owners", OWNERS..=OWNERS, 10.0), ("all", 2_001..=99_999, 10.0)]
    {
        let of = |case: &&Case| owners.contains(&case.owners) && figures.contains_key(&case.name);
        let figure = |case: &Case| &figures[&case.name];
        let worst = cases.iter().filter(of).max_by(|a, b| figure(a).p99.total_cmp(&figure(b).p99));
        if let Some(worst) = worst {
            let over = cases.iter().filter(of).filter(|case| figure(case).p99 > target).count();
            let mut on = on(class);
            on["list"] = worst.name.clone().into();
            on["lists"] = cases.iter().filter(of).count().into();
            on["lists_over_target"] = over.into();
            let busy = cases.iter().filter(of).map(|case| figure(case).cpu_p99);
            on["lists_over_target_by_processor_time"] = busy.clone().filter(|time| *time > target).count().into();
            on["worst_by_processor_time"] = busy.fold(0.0, f64::max).into();
            let found = figure(worst);
            Measure {
                measure: &format!("views/worst/{class}"),
                value: found.p99,
                unit: "ms p99",
                floor: Some(found.floor),
                judged: found.p99,
                target: Some((target, false)),
                on,
            }
            .print();
        }
    }
    let both = |name: &str| Some((figures.get(name)?, beginnings.get(name)?));
    for (measure, what, median) in [
        ("views/worst/growth", "page and count", (|figure| figure.p50) as fn(&Figure) -> f64),
        ("views/worst/growth-of-the-page", "the page alone", |figure| figure.page_p50),
    ] {
        // A page of 20 rows is not the same page as one of two.
        let same = |case: &Case| both(&case.name).filter(|(large, small)| large.items == small.items);
        let growth = |case: &Case| same(case).map(|(large, small)| median(large) / median(small));
        let grown: Vec<(f64, &str)> =
            cases.iter().filter_map(|case| Some((growth(case)?, case.name.as_str()))).collect();
        if let Some((value, name)) = grown.iter().copied().max_by(|a, b| a.0.total_cmp(&b.0)) {
            let over: Vec<&str> = grown.iter().filter(|(growth, _)| *growth > 2.0).map(|(_, name)| *name).collect();
            let on = json!({"what": format!("median of {what} on the large database, as a multiple of that on a tenth; lists whose page has as many rows there"),
                "customers": [small, large], "list": name, "lists": grown.len(), "lists_over_target": over.len(), "over": over});
            let target = Some((2.0, false));
            Measure { measure, value, unit: "times", floor: None, judged: value, target, on }.print();
        }
    }
    let differing = figures.values().chain(beginnings.values()).filter(|figure| !figure.agrees).count();
    if differing > 0 {
        return Err(format!("{differing} lists differ from what bare statements find").into());
    }
    Ok(())
}

/// Everybody who is asked: a name for the case, the user, his own scopes.
fn own(who: &str, user: String, position: String) -> (String, String, String) {
    (who.into(), user.clone(), format!("a\u{1f}{position}\u{1f}{user}"))
}

fn team_scopes(standing: char, team: usize) -> Vec<String> {
    (0..if team < 20 { 30 } else { 29 })
        .map(|place| format!("{standing}\u{1f}t{team:02}\u{1f}{}", member(team, place)))
        .collect()
}

fn all_scopes(standing: char) -> Vec<String> {
    let of = |team| {
        let mut scopes = team_scopes(standing, team);
        scopes.push(format!("{standing}\u{1f}p{team:02}\u{1f}{}", manager(team)));
        scopes
    };
    (0..TEAMS).flat_map(of).collect()
}

/// All lists.
pub fn cases() -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    let today = NOW - (NOW + 8 * 3_600_000) % 86_400_000;
    let (tomorrow, week) = (today + 86_400_000, today - 6 * 86_400_000);
    let people = [
        own("typical", member(0, 0), "t00".into()),
        own("oldest", member(1, 0), "t01".into()),
        own("ties", member(2, 0), "t02".into()),
        own("a-twentieth-of-all", member(3, 0), "t03".into()),
        own("few", member(3, 1), "t03".into()),
        own("nothing-due", member(4, 0), "t04".into()),
    ];
    for (word, order, column, descending) in ORDERS {
        let list = |scopes: Vec<String>, less| List {
            table: "customer",
            scope: "scope",
            scopes,
            order: column,
            descending,
            less,
            counted: true,
            beside: Vec::new(),
        };
        let mut add = |name: String, actor: &str, view: View, bare: Bare, owners: usize| {
            let query = CustomerQuery { order: Some(order), ..view.into() };
            let name = format!("views/{name}/{word}");
            cases.push(Case { name, actor: actor.to_owned(), ask: Ask::Customers(Box::new(query)), bare, owners });
        };
        for (who, user, scope) in &people {
            let scopes = || vec![scope.clone()];
            add(format!("mine/{who}"), user, View::Mine, Bare::List(list(scopes(), None)), 1);
            let due = Bare::List(list(scopes(), Some(("next_follow_up_at", tomorrow))));
            add(format!("today/{who}"), user, View::Today, due, 1);
            let idle = Bare::List(list(scopes(), Some(("idle_since", week))));
            add(format!("not-followed-7/{who}"), user, View::NotFollowedFor { days: 7 }, idle, 1);
        }
        for (who, team) in [("typical", 0), ("oldest", 1), ("ties", 2), ("a-twentieth-of-all", 3)] {
            let bare = Bare::List(list(team_scopes('a', team), None));
            add(format!("subordinates/{who}"), &manager(team), View::Subordinates, bare, 30);
        }
        let bare = Bare::List(list(all_scopes('a'), None));
        add("subordinates/director".into(), "director", View::Subordinates, bare, OWNERS);
        let bare = Bare::List(list(all_scopes('a'), None));
        add("all/administrator".into(), "admin", View::All, bare, OWNERS + 2);
        let bin = vec![format!("d\u{1f}t00\u{1f}{}", member(0, 0))];
        add("recycle-bin/typical".into(), &member(0, 0), View::RecycleBin, Bare::List(list(bin, None)), 1);
        let mut scopes = team_scopes('d', 0);
        scopes.push(format!("d\u{1f}p00\u{1f}{}", manager(0)));
        let bin = Bare::List(list(scopes, None));
        add("recycle-bin/manager".into(), &manager(0), View::RecycleBin, bin, 31);
        let bin = Bare::List(list(all_scopes('d'), None));
        add("recycle-bin/director".into(), "director", View::RecycleBin, bin, OWNERS);
        let bin = Bare::List(list(all_scopes('d'), None));
        add("recycle-bin/administrator".into(), "admin", View::RecycleBin, bin, OWNERS + 2);
        let way = if descending { "DESC" } else { "ASC" };
        for (who, place) in [("50", 0), ("2000", 1)] {
            let from = format!(
                "FROM crm_share AS s CROSS JOIN crm_customer AS c WHERE s.org_id = '{ORG}' AND s.grantee = 'u:{}' AND s.ends_at > {NOW} AND c.org_id = s.org_id AND c.id = s.customer",
                member(6, place)
            );
            let page = format!("SELECT c.* {from} ORDER BY c.{column} {way}, c.id {way} LIMIT 21");
            let bare = Bare::Statements(vec![page, format!("SELECT count(*) {from}")]);
            add(format!("shared/{who}"), &member(6, place), View::SharedWithMe, bare, 1);
        }
        for (who, user) in [("team", manager(0)), ("shared", member(6, 0)), ("hidden", member(6, 1))] {
            let page = format!(
                "SELECT c.* FROM (SELECT substr(id, instr(id, char(31)) + 1) AS id FROM crm_recent_view WHERE org_id = '{ORG}' AND viewer = '{user}' ORDER BY viewed_at DESC LIMIT 100) AS r CROSS JOIN crm_customer AS c WHERE c.org_id = '{ORG}' AND c.id = r.id ORDER BY c.{column} {way}, c.id {way} LIMIT 21"
            );
            add(format!("recently-viewed/{who}"), &user, View::RecentlyViewed, Bare::Statements(vec![page]), 1);
        }
    }
    let names = "SELECT c.body FROM json_each(?1) AS k CROSS JOIN crm_customer AS c WHERE c.org_id = 'bench' AND c.id = k.value";
    let contacts = |scopes| List {
        table: "contact",
        scope: "scope",
        scopes,
        order: "name_sort",
        descending: false,
        less: None,
        counted: true,
        beside: vec![(3, names)],
    };
    let mine = ContactFilter { mine: true, ..ContactFilter::default() };
    let with_own = |team: usize| {
        let mut scopes = team_scopes('a', team);
        scopes.push(format!("a\u{1f}p{team:02}\u{1f}{}", manager(team)));
        scopes
    };
    for (who, user, filter, scopes, owners) in [
        ("mine", member(0, 0), mine.clone(), vec![people[0].2.clone()], 1),
        ("a-twentieth-of-all", member(3, 0), mine, vec![people[3].2.clone()], 1),
        ("manager", manager(0), ContactFilter::default(), with_own(0), 31),
        ("manager-of-a-twentieth", manager(3), ContactFilter::default(), with_own(3), 31),
        ("director", "director".into(), ContactFilter::default(), all_scopes('a'), OWNERS),
        ("administrator", "admin".into(), ContactFilter::default(), all_scopes('a'), OWNERS + 2),
    ] {
        let (name, ask, bare) =
            (format!("views/contacts/{who}/name"), Ask::Contacts(filter), Bare::List(contacts(scopes)));
        cases.push(Case { name, actor: user, ask, bare, owners });
    }
    let replies = "SELECT r.body FROM json_each(?1) AS k CROSS JOIN crm_reply AS r WHERE r.org_id = 'bench' AND r.follow_up = k.value";
    let follow_ups = |scopes| List {
        table: "follow_up",
        scope: "author",
        scopes,
        order: "at",
        descending: true,
        less: None,
        counted: false,
        beside: vec![(3, names), (1, replies)],
    };
    let team = |team: usize| (0..if team < 20 { 30 } else { 29 }).map(|place| member(team, place)).collect::<Vec<_>>();
    let everyone =
        || (0..TEAMS).flat_map(|number| team(number).into_iter().chain([manager(number)])).collect::<Vec<_>>();
    for (who, user, of, authors, owners) in [
        ("mine/typical", member(0, 0), FollowUps::Mine, vec![member(0, 0)], 1),
        ("mine/oldest", member(1, 0), FollowUps::Mine, vec![member(1, 0)], 1),
        ("mine/a-twentieth-of-all", member(3, 0), FollowUps::Mine, vec![member(3, 0)], 1),
        ("mine/on-customers-of-others", member(5, 0), FollowUps::Mine, vec![member(5, 0)], 1),
        ("subordinates/manager", manager(0), FollowUps::Subordinates, team(0), 30),
        ("subordinates/oldest", manager(1), FollowUps::Subordinates, team(1), 30),
        ("subordinates/director", "director".into(), FollowUps::Subordinates, everyone(), OWNERS),
    ] {
        let (name, bare) = (format!("views/follow-ups/{who}"), Bare::List(follow_ups(authors)));
        cases.push(Case { name, actor: user, ask: Ask::FollowUps(of), bare, owners });
    }
    Ok(cases)
}

fn measure(options: &Options, dir: &Path, customers: usize) -> Result<BTreeMap<String, Figure>> {
    let file = format!("views-{customers}.db");
    let kept = options.dir.as_deref().filter(|_| options.keep).map(|dir| dir.join(&file));
    let path = kept.clone().unwrap_or_else(|| dir.join(&file));
    if kept.is_none() || !path.exists() {
        let started = Instant::now();
        generate::fill(&path, customers, true)?;
        let size = std::fs::metadata(&path)?.len() / 1_048_576;
        eprintln!("{customers} customers generated in {:.0} s: {size} MiB", started.elapsed().as_secs_f64());
    }
    let crm = Crm::new(setup::store(&path, Durability::Full)?, Noon);
    let bare = setup::bare(&path, "FULL")?;
    let mut figures = BTreeMap::new();
    for case in cases()? {
        if options.wants(&case.name) {
            let figure = case.measure(&crm, &bare, customers, most_calls(options))?;
            figures.insert(case.name, figure);
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

impl Case {
    /// Whether it is a list of follow-ups.
    pub fn of_follow_ups(&self) -> bool {
        matches!(self.ask, Ask::FollowUps(_))
    }

    /// The page as JSON, and its count.
    pub fn shown(&self, crm: &Crm, actor: &Actor, page: PageRequest) -> Result<serde_json::Value> {
        let session = crm.as_user(actor);
        Ok(match &self.ask {
            Ask::Customers(query) => serde_json::to_value(session.customers(query.as_ref().clone(), page)?)?,
            Ask::Contacts(filter) => serde_json::to_value(session.contacts(filter.clone(), page)?)?,
            Ask::FollowUps(of) => serde_json::to_value(session.follow_ups(of.clone(), page)?)?,
        })
    }

    /// Items of the page, and the count where it is exact.
    pub fn ask(&self, crm: &Crm, actor: &Actor, page: PageRequest) -> Result<(usize, Option<i64>)> {
        let session = crm.as_user(actor);
        Ok(match &self.ask {
            Ask::Customers(query) => {
                let page = session.customers(query.as_ref().clone(), page)?;
                (page.items.len(), page.count.filter(|count| count.exact).map(|count| count.value))
            }
            Ask::Contacts(filter) => {
                let page = session.contacts(filter.clone(), page)?;
                (page.items.len(), page.count.filter(|count| count.exact).map(|count| count.value))
            }
            Ask::FollowUps(of) => (session.follow_ups(of.clone(), page)?.items.len(), None),
        })
    }

    fn bare(&self, db: &Connection) -> Result<(usize, Option<i64>)> {
        match &self.bare {
            Bare::List(list) => {
                let (items, count) = list.run(db)?;
                Ok((items.min(20), list.counted.then_some(count)))
            }
            Bare::Statements(statements) => {
                let mut items = None;
                for sql in statements {
                    let read = floor::statement(db, sql)?;
                    items.get_or_insert(read.min(20));
                }
                Ok((items.unwrap_or_default(), None))
            }
        }
    }

    fn measure(&self, crm: &Crm, db: &Connection, customers: usize, most: usize) -> Result<Figure> {
        let actor = Actor::user(ORG, self.actor.as_str())?;
        let (page, counted) = (PageRequest::first(20), PageRequest::first(20).counted());
        let (items, count) = self.ask(crm, &actor, counted.clone())?;
        let same = self.bare(db)?;
        let compared = matches!(&self.bare, Bare::List(list) if list.table == "customer");
        let agrees = !compared || (items == same.0 && (count.is_none() || count == same.1));
        if !agrees {
            eprintln!("{}: the library answers {:?}, the statement {same:?}", self.name, (items, count));
        }
        let (mut times, mut pages, mut floors, mut worked) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for _ in 0..3 {
            self.ask(crm, &actor, counted.clone())?;
            self.bare(db)?;
        }
        let began = Instant::now();
        while times.len() < most && (times.len() < LEAST_CALLS || began.elapsed() < PATIENCE) {
            let (started, work) = (Instant::now(), cpu_time());
            self.ask(crm, &actor, counted.clone())?;
            times.push(started.elapsed());
            worked.push(cpu_time().saturating_sub(work));
            let started = Instant::now();
            self.ask(crm, &actor, page.clone())?;
            pages.push(started.elapsed());
            let started = Instant::now();
            self.bare(db)?;
            floors.push(started.elapsed());
        }
        let calls = times.len();
        let (p50, p99) = percentiles(&mut times);
        let (page_p50, page_p99) = percentiles(&mut pages);
        let (floor_p50, floor) = percentiles(&mut floors);
        let (_, cpu_p99) = percentiles(&mut worked);
        let target = if self.owners <= 31 { 5.0 } else { 10.0 };
        let round = |value: f64| (value * 1_000.0).round() / 1_000.0;
        Measure {
            measure: &self.name,
            value: p99,
            unit: "ms p99",
            floor: Some(floor),
            judged: p99,
            target: Some((target, false)),
            on: json!({"customers": customers, "follow_ups": 5 * customers, "owners": self.owners, "calls": calls,
                "p50": round(p50), "page_p50": round(page_p50), "page_p99": round(page_p99), "cpu_p99": round(cpu_p99), "floor_p50": round(floor_p50), "items": items, "count": count, "agrees": agrees}),
        }
        .print();
        Ok(Figure { p50, p99, page_p50, items, cpu_p99, floor, agrees })
    }
}

/// Processor time of this thread.
pub fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Processor time of this process, all its threads.
pub fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
