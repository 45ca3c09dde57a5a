//! Processes that share a database, and processes that are killed: nothing acknowledged is lost, nothing is half done,
//! one wins. `CRM_KILLS` says how often something is killed (6 by default; `tests/run long` takes 500).

use crm_core::store::sql::server::sqlx::{MySql, Postgres};
use crm_core::{Actor, Crm, NewCustomer};
use crm_tests::servers::{self, OwnServers};
use crm_tests::{ORG, dump, found};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A process at work; killed when dropped.
struct Worker {
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<String>,
}

impl Worker {
    fn start(url: &str, prefix: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_worker"));
        let mut child = command.args([url, prefix]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let stdin = child.stdin.take().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (send, lines) = mpsc::channel();
        // A line that a kill cut off is no acknowledgement.
        std::thread::spawn(move || {
            let mut out = out;
            let mut line = String::new();
            while out.read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
                if let Some(whole) = line.strip_suffix('\n') {
                    let _ = send.send(whole.to_owned());
                }
                line.clear();
            }
        });
        Worker { child, stdin, lines }
    }

    fn say(&mut self, line: &str) {
        writeln!(self.stdin, "{line}").unwrap();
    }

    fn answer(&self) -> String {
        self.lines.recv_timeout(Duration::from_secs(90)).unwrap()
    }

    fn kill(&mut self) -> Vec<String> {
        let _ = self.child.kill();
        self.child.wait().unwrap();
        self.lines.iter().collect()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn kills() -> usize {
    std::env::var("CRM_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(6)
}

/// Numbers without a pattern, of the moment.
fn random(below: u64) -> u64 {
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos();
    u64::from(nanos / 100) % below
}

const COLLEAGUES: [&str; 8] = ["alice", "p1", "p2", "p3", "p4", "p5", "p6", "p7"];

fn rounds() -> usize {
    std::env::var("CRM_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(20)
}

fn founded(url: &str) -> (Crm, String) {
    let prefix = servers::prefix().as_str().to_owned();
    let crm = servers::open_crm(url, &prefix);
    // Eight colleagues at one position, who see the same in the pool.
    let people: Vec<(&str, &[&str])> = COLLEAGUES.iter().map(|person| (*person, &[][..])).collect();
    found(&crm, ORG, &people, &[("agent", None, &COLLEAGUES)]);
    // A worker that writes for ever has more customers than one person may.
    let host = crm.as_user(&Actor::system(ORG, "test").unwrap());
    let mut settings = host.settings().unwrap();
    (settings.pool.most_held, settings.pool.claims_per_day) = (0, 0);
    host.change_settings(settings).unwrap();
    (crm, prefix)
}

/// Where processes meet: SQLite's file, and the servers there are.
fn urls(directory: &Path) -> Vec<String> {
    let sqlite = format!("sqlite:{}", directory.join("crm.db").display());
    [Some(sqlite), servers::url::<Postgres>(), servers::url::<MySql>()].into_iter().flatten().collect()
}

/// Acknowledged: the id by seed and number.
type Acknowledged = BTreeMap<(String, usize), String>;

fn take(acknowledged: &mut Acknowledged, lines: impl IntoIterator<Item = String>) {
    for line in lines {
        let words: Vec<&str> = line.split(' ').collect();
        let [seed, n, id] = words[..] else { panic!("a worker gave up: {line}") };
        acknowledged.insert((seed.to_owned(), n.parse().unwrap()), id.to_owned());
    }
}

/// Everything acknowledged is there, every customer is there whole and once.
fn whole(crm: &Crm, acknowledged: &Acknowledged) {
    let text = dump(crm.store(), ORG);
    let of = |kind: &str| {
        let mark = format!("{ORG} {kind} ");
        text.lines().filter(|line| line.starts_with(&mark)).collect::<Vec<_>>()
    };
    let body = |line: &str| -> Value { serde_json::from_str(&line[line.find(" {").unwrap()..]).unwrap() };
    let customers = of("customer");
    let mut contacts: BTreeMap<&str, usize> =
        customers.iter().map(|line| (line.split('"').nth(1).unwrap(), 0)).collect();
    for (which, id) in acknowledged {
        assert!(contacts.contains_key(id.as_str()), "{which:?} was acknowledged and is not there");
    }
    let mut names = BTreeSet::new();
    for line in &customers {
        let name = body(line)["name"].as_str().unwrap().to_owned();
        assert!(names.insert(name.clone()), "{name} is there twice");
    }
    for line in of("contact") {
        let of = line.split_once(" customer=\"").unwrap().1.split('"').next().unwrap();
        *contacts.get_mut(of).unwrap_or_else(|| panic!("a contact without its customer: {line}")) += 1;
    }
    for (id, count) in &contacts {
        assert_eq!(*count, 1, "contacts of {id}");
    }
    // A key for each, as an answer that was lost would need it.
    assert_eq!(of("idempotency").len(), contacts.len(), "idempotency keys");
    let told = of("event").into_iter().filter(|line| line.contains("customer_created")).count();
    assert_eq!(told, contacts.len(), "events");
    // What the rows say can be read by the library.
    let session = crm.as_user(&Actor::user(ORG, "alice").unwrap());
    for id in contacts.keys().step_by(contacts.len().div_ceil(100).max(1)) {
        assert_eq!(session.customer_panels(id.parse().unwrap()).unwrap().contacts.len(), 1, "{id}");
    }
    println!("{} customers, {} acknowledged", contacts.len(), acknowledged.len());
}

#[test]
fn h1_clients_killed_at_any_moment_leave_nothing_half_done() {
    let directory = tempfile::tempdir().unwrap();
    for url in urls(directory.path()) {
        let (crm, prefix) = founded(&url);
        let mut acknowledged = Acknowledged::new();
        let start = |seed: usize| {
            let mut worker = Worker::start(&url, &prefix);
            worker.say(&format!("write w{seed}"));
            worker
        };
        let mut workers: Vec<Worker> = (0..3).map(start).collect();
        for round in 0..kills() {
            std::thread::sleep(Duration::from_millis(30 + random(120)));
            let mut killed = std::mem::replace(&mut workers[round % 3], start(3 + round));
            take(&mut acknowledged, killed.kill());
        }
        // On a busy machine a worker is no sooner ready than it is killed: the last ones get the time.
        std::thread::sleep(Duration::from_secs(2));
        for worker in &mut workers {
            take(&mut acknowledged, worker.kill());
        }
        assert!(!acknowledged.is_empty());
        whole(&crm, &acknowledged);
        // Whoever lost the answer asks again under the same key: it is done once.
        let before = acknowledged.clone();
        let mut known: BTreeMap<&str, usize> = BTreeMap::new();
        before.keys().for_each(|(seed, _)| *known.entry(seed).or_default() += 1);
        let mut workers: Vec<Worker> = (0..3).map(|_| Worker::start(&url, &prefix)).collect();
        for (place, (seed, known)) in known.iter().enumerate() {
            workers[place % 3].say(&format!("again {seed} {}", known + 2));
        }
        for (place, (_, known)) in known.iter().enumerate() {
            take(&mut acknowledged, (0..known + 2).map(|_| workers[place % 3].answer()));
            assert_eq!(workers[place % 3].answer(), "written");
        }
        for (which, id) in &before {
            assert_eq!(acknowledged[which], *id, "{which:?}");
        }
        whole(&crm, &acknowledged);
    }
}

#[test]
fn h1_servers_killed_at_any_moment_lose_nothing_that_they_acknowledged() {
    if servers::url::<Postgres>().is_none() {
        return;
    }
    let own = OwnServers::start(&[]);
    let urls = [&own.postgres, &own.mysql];
    let founded: Vec<(Crm, String)> = urls.iter().map(|url| founded(url)).collect();
    let mut workers = Vec::new();
    for (url, (_, prefix)) in urls.iter().zip(&founded) {
        for seed in 0..3 {
            let mut worker = Worker::start(url, prefix);
            worker.say(&format!("write w{seed}"));
            workers.push(worker);
        }
    }
    let mut acknowledged = [Acknowledged::new(), Acknowledged::new()];
    for _ in 0..kills() {
        // Each has gone on since the last time.
        for (place, worker) in workers.iter().enumerate() {
            take(&mut acknowledged[place / 3], [worker.answer()]);
        }
        std::thread::sleep(Duration::from_millis(random(200)));
        own.crash();
        own.again();
    }
    for (place, worker) in workers.iter_mut().enumerate() {
        take(&mut acknowledged[place / 3], [worker.answer()]);
        take(&mut acknowledged[place / 3], worker.kill());
    }
    for ((crm, _), acknowledged) in founded.iter().zip(&acknowledged) {
        whole(crm, acknowledged);
    }
}

#[test]
fn h1_eight_processes_race_and_one_wins() {
    let directory = tempfile::tempdir().unwrap();
    for url in urls(directory.path()) {
        let (crm, prefix) = founded(&url);
        let alice = crm.as_user(&Actor::user(ORG, "alice").unwrap());
        let mut workers: Vec<Worker> = (0..8).map(|_| Worker::start(&url, &prefix)).collect();
        for worker in &mut workers {
            worker.say("ready");
            assert_eq!(worker.answer(), "ready");
        }
        let mut race = |of: &dyn Fn(usize) -> String| {
            for (place, worker) in workers.iter_mut().enumerate() {
                worker.say(&of(place));
            }
            let codes: Vec<String> = workers.iter().map(Worker::answer).collect();
            let won = codes.iter().filter(|code| *code == "done").count();
            (won, codes)
        };
        let make = |name: String| alice.create_customer(NewCustomer::named(name)).unwrap();
        for round in 0..15 {
            // A unique number.
            let (won, codes) = race(&|place| format!("number N-{round} name-{round}-{place}"));
            assert!(won == 1 && codes.iter().all(|code| code == "done" || code == "number_taken"), "{codes:?}");
            // A version.
            let made = make(format!("edited-{round}"));
            let (won, codes) = race(&|place| format!("edit {} {} text-{place}", made.id, made.version));
            assert!(won == 1 && codes.iter().all(|code| code == "done" || code == "conflict"), "{codes:?}");
            // A guard: eight customers in a ring, each to become the parent of the next. One link fails.
            let ring: Vec<_> = (0..8).map(|place| make(format!("ring-{round}-{place}")).id).collect();
            let (won, codes) = race(&|place| format!("parent {} {}", ring[place], ring[(place + 1) % 8]));
            let allowed = ["done", "relation_circle", "contended", "conflict"];
            assert!(won < 8 && codes.iter().all(|code| allowed.contains(&code.as_str())), "{codes:?}");
            assert!(won >= 1, "{codes:?}");
        }
    }
}

#[test]
fn p6_eight_processes_claim_and_one_wins() {
    let directory = tempfile::tempdir().unwrap();
    for url in urls(directory.path()) {
        let (crm, prefix) = founded(&url);
        let of = |person: &str| crm.as_user(&Actor::user(ORG, person).unwrap());
        let pool = of("alice").pools().unwrap()[0].id;
        let mut workers: Vec<Worker> = (0..8).map(|_| Worker::start(&url, &prefix)).collect();
        for worker in &mut workers {
            worker.say("ready");
            assert_eq!(worker.answer(), "ready");
        }
        let mut wins = BTreeMap::new();
        for round in 0..rounds() {
            let new = NewCustomer { pool: Some(pool), ..NewCustomer::named(format!("pooled-{round}")) };
            let customer = of("alice").create_customer(new).unwrap().id;
            for (worker, person) in workers.iter_mut().zip(COLLEAGUES) {
                worker.say(&format!("claim {customer} {person}"));
            }
            let codes: Vec<String> = workers.iter().map(Worker::answer).collect();
            let winner = codes.iter().position(|code| code == "done").unwrap();
            let lost = codes.iter().filter(|code| *code == "already_claimed").count();
            assert_eq!(lost, 7, "{codes:?}");
            assert_eq!(of(COLLEAGUES[winner]).customer(customer).unwrap().owner.as_str(), COLLEAGUES[winner]);
            *wins.entry(COLLEAGUES[winner]).or_insert(0) += 1;
        }
        // Nobody spent more than he won.
        for person in COLLEAGUES {
            let claimed = of(person).claim_allowance().unwrap().claimed_today;
            assert_eq!(claimed, wins.get(person).copied().unwrap_or_default(), "{person}");
        }
    }
}
