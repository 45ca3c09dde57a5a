//! Many clients that write at once, each on a connection of its own.

use super::bare::{self, Bare, Statements};
use super::{Seen, Tables, prefix};
use crate::report::{Measure, median};
use crate::{Options, Result, commits};
use serde_json::json;

const CLIENTS: [usize; 4] = [1, 4, 16, 64];

/// Throughput of 64 clients against one, through the library and of the same rows by bare statements.
pub fn run<S: Bare>(options: &Options, url: &str) -> Result<()> {
    let (crm, ours) = Tables::<S>::small(url, &prefix("bm"), 64)?;
    let (_, floor) = Tables::<S>::small(url, &prefix("bn"), 1)?;
    let mut seen = Seen::default();
    seen.fresh(&*ours.store)?;
    let mut rates = [const { Vec::new() }; CLIENTS.len()];
    let mut floors = [const { Vec::new() }; CLIENTS.len()];
    let mut busy = [const { Vec::new() }; CLIENTS.len()];
    for warm in 0..=options.rounds.min(3) {
        for (place, clients) in CLIENTS.into_iter().enumerate() {
            let before = Processors::now()?;
            let (done, seconds) = commits::write(&crm, clients, options.seconds)?;
            let used = Processors::now()?.busy_since(&before);
            let rows = seen.fresh(&*ours.store)?;
            let commands = bare::commands::<S>(&floor.prefix, &rows, done, Statements::EachRow)?;
            let bare = bare::replay::<S>(url, &floor.prefix, commands, clients)?;
            // The first round warms up.
            if warm > 0 {
                rates[place].push(done as f64 / seconds);
                floors[place].push(done as f64 / bare);
                busy[place].push(used);
            }
        }
    }
    let [rates, floors, busy] = [rates, floors, busy].map(|all| all.map(|mut of| median(&mut of)));
    let by_clients = |of: &[f64], digits: f64| -> serde_json::Value {
        let each = CLIENTS
            .iter()
            .zip(of)
            .map(|(clients, value)| (clients.to_string(), json!((value * digits).round() / digits)));
        each.collect::<serde_json::Map<_, _>>().into()
    };
    let (one, many) = (rates[0], rates[CLIENTS.len() - 1]);
    Measure {
        measure: &format!("servers/clients/{}", S::WORD),
        value: many / one,
        unit: "times the rate of one client, 64 clients",
        floor: Some(floors[CLIENTS.len() - 1] / floors[0]),
        judged: many / one,
        target: Some((5.0, true)),
        on: json!({
            "what": "creating customers with one contact and an idempotency key",
            "commit": super::durable::<S>(url)?,
            "seconds_of_a_round": options.seconds,
            "customers_a_second_by_clients": by_clients(&rates, 1.0),
            "bare_statements_by_clients": by_clients(&floors, 1.0),
            "processors_busy_by_clients": by_clients(&busy, 100.0),
            "processors": std::thread::available_parallelism()?.get(),
        }),
    }
    .print();
    Ok(())
}

/// Times of all processors together, of everything that runs on them.
struct Processors {
    all: u64,
    idle: u64,
}

impl Processors {
    fn now() -> Result<Self> {
        let stat = std::fs::read_to_string("/proc/stat")?;
        let times = stat.lines().next().unwrap_or_default().split_whitespace().skip(1);
        let times = times.map(str::parse).collect::<std::result::Result<Vec<u64>, _>>()?;
        // Idle, and waiting for the disk.
        Ok(Processors { all: times.iter().take(8).sum(), idle: times.iter().skip(3).take(2).sum() })
    }

    /// The share of the time in which they were at work.
    fn busy_since(&self, before: &Processors) -> f64 {
        let all = (self.all - before.all).max(1) as f64;
        1.0 - (self.idle - before.idle) as f64 / all
    }
}
