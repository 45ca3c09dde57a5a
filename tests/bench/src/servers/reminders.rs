//! A tick when 200 are to be reminded, on a server.

use super::{Bare, Tables, bare, prefix};
use crate::contracts;
use crate::generate::DAY;
use crate::recycling::{Clock, ticked};
use crate::reminders::{DUE, LEAD, ROUNDS, prepared, today};
use crate::report::{Measure, median};
use crate::setup::{self, ORG};
use crate::{Options, Result};
use crm_core::store::sql::sqlite::Durability;
use crm_core::{Actor, Afterwards, Crm, OrgId};
use serde_json::json;
use std::io::{BufReader, BufWriter};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// A tenth of the contracts that are measured on SQLite, moved there.
pub fn run<S: Bare>(options: &Options, url: &str, dir: &Path) -> Result<()> {
    let contracts = ((100_000.0 * options.scale) as usize).max(2_500);
    let path = dir.join(format!("reminders-{}-{contracts}.db", S::WORD));
    contracts::fill(&path, contracts)?;
    let clock = Arc::new(Clock::new());
    let source = Crm::new(setup::store(&path, Durability::Normal)?, clock.clone());
    let bare = setup::bare(&path, "NORMAL")?;
    prepared(&source, &bare)?;
    let file = dir.join("reminders.jsonl");
    source.export_organisation(
        &OrgId::new(ORG)?,
        &mut BufWriter::new(std::fs::File::create(&file)?),
        Afterwards::Reopen,
    )?;
    let mut tables = Tables::<S>::open(url, &prefix("remind"), 8)?;
    tables.keep = options.keep;
    let crm = Crm::new(tables.store.clone(), clock.clone());
    crm.import_organisation(&mut BufReader::new(std::fs::File::open(&file)?))?;
    let system = Actor::system(ORG, "bench")?;
    let host = crm.as_user(&system);
    while ticked(&host)?.1 > 0 {}
    let (mut told, mut nothing) = (vec![], vec![]);
    for _ in 0..ROUNDS {
        let ids = crate::reminders::some(&bare, contracts)?;
        clock.0.fetch_add(DAY, Ordering::Relaxed);
        let ends = today(clock.0.load(Ordering::Relaxed)) + LEAD;
        let listed = ids.iter().map(|id| format!("'{id}'")).collect::<Vec<_>>().join(", ");
        let update = format!(
            "UPDATE {}contract SET ends_on = {ends}, settled = 0 WHERE org_id = '{ORG}' AND id IN ({listed})",
            tables.prefix
        );
        bare::statements::<S>(url, &[update])?;
        let before = host.events("bench".to_owned(), 1_000)?.len();
        told.push(ticked(&host)?.0);
        let after = host.events("bench".to_owned(), 1_000)?;
        if after.len() - before != DUE {
            return Err(format!("{} of {DUE} were told", after.len() - before).into());
        }
        if let Some(last) = after.last() {
            host.acknowledge_events("bench".to_owned(), last.number)?;
        }
        nothing.push(ticked(&host)?.0);
    }
    let value = median(&mut told);
    Measure {
        measure: &format!("servers/reminders/{}", S::WORD),
        value,
        unit: "ms",
        floor: None,
        judged: value,
        target: Some((50.0, false)),
        on: json!({
            "what": "ticks until nothing is due on a day on which contracts are to be told of",
            "contracts": contracts,
            "due": DUE,
            "with_nothing_due": (median(&mut nothing) * 1_000.0).round() / 1_000.0,
        }),
    }
    .print();
    Ok(())
}
