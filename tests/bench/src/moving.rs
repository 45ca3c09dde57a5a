//! An organisation out of a store into a file, and from there into another: rows a second, and the memory that it takes,
//! which must not grow with the organisation. Each is done by a process of its own, whose peak the kernel knows.

use crate::generate;
use crate::report::Measure;
use crate::setup::ORG;
use crate::{Options, Result};
use crm_core::store::sql::{Database, SqlOptions, TablePrefix};
use crm_core::{Afterwards, Crm, KINDS, OrgId, SystemEnvironment};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, BufWriter};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// The word that makes this program move an organisation once.
pub const CHILD: &str = "moving-child";

const PREFIX: &str = "bench_moving_";

/// Two sizes; out of SQLite, into every store there is, and out of the servers.
pub fn run(options: &Options, dir: &Path) -> Result<()> {
    let large = ((200_000.0 * options.scale) as usize).max(5_000);
    let sizes = [(large / 20).max(2_500), large];
    let mut figures: Vec<(String, [Value; 2])> = Vec::new();
    for (place, customers) in sizes.into_iter().enumerate() {
        let (source, file) = (dir.join("moving.db"), dir.join("moving.jsonl"));
        let target = dir.join("moved.db");
        generate::fill(&source, customers, true)?;
        let sqlite = |path: &Path| format!("sqlite:{}", path.display());
        let mut add = |name: String, figure: Value| match figures.iter_mut().find(|(known, _)| *known == name) {
            Some((_, both)) => both[place] = figure,
            None => {
                let mut both = [Value::Null, Value::Null];
                both[place] = figure;
                figures.push((name, both));
            }
        };
        add("export/sqlite".into(), child("export", &sqlite(&source), "crm_", &file)?);
        add("import/sqlite".into(), child("import", &sqlite(&target), "crm_", &file)?);
        for (name, variable) in [("postgres", "CRM_POSTGRES_URL"), ("mariadb", "CRM_MYSQL_URL")] {
            let Some(url) = std::env::var(variable).ok().filter(|url| !url.is_empty()) else {
                eprintln!("moving/*/{name}: not measured, {variable} names no server");
                continue;
            };
            let _tables = crate::servers::dropped(&url, PREFIX);
            let (into, out) = (format!("import/{name}"), format!("export/{name}"));
            if options.wants(&format!("moving/{into}")) {
                add(into, child("import", &url, PREFIX, &file)?);
                add(out, child("export", &url, PREFIX, &dir.join("again.jsonl"))?);
                compare(&file, &dir.join("again.jsonl")).map_err(|error| format!("{name}: {error}"))?;
            }
        }
        for name in ["moving.db", "moved.db"] {
            for end in ["", "-wal", "-shm"] {
                let _ = std::fs::remove_file(dir.join(format!("{name}{end}")));
            }
        }
    }
    for (name, [small, large]) in figures {
        let of = |figure: &Value, field: &str| figure[field].as_f64().unwrap_or_default();
        let rate = of(&large, "rows") / of(&large, "seconds").max(1e-9);
        Measure {
            measure: &format!("moving/{name}"),
            value: of(&large, "peak_mb"),
            unit: "MB at the most",
            floor: Some(of(&small, "peak_mb")),
            judged: of(&large, "peak_mb") / of(&small, "peak_mb").max(1e-9),
            target: Some((1.5, false)),
            on: json!({"what": "the peak of the process; as the floor that of an organisation of a twentieth of the customers, the target is their ratio",
                "customers": sizes, "rows": large["rows"], "file_mb": large["file_mb"],
                "seconds": large["seconds"], "rows_a_second": rate.round()}),
        }
        .print();
    }
    Ok(())
}

/// All lines are to be the same but that of the organisation, whose version counts how often it was closed, and the last,
/// which has the checksum of the others.
fn compare(given: &Path, got: &Path) -> Result<()> {
    let lines = |path: &Path| std::fs::File::open(path).map(|file| BufReader::new(file).lines());
    let (mut given, mut got) = (lines(given)?, lines(got)?);
    for number in 1.. {
        match (given.next().transpose()?, got.next().transpose()?) {
            (None, None) => break,
            (Some(one), Some(other)) => {
                let varies = ["[\"organisation\",", "{\"rows\":"].iter().any(|start| one.starts_with(start));
                if one != other && !varies {
                    return Err(format!("line {number} was {one} and is {other}").into());
                }
            }
            _ => return Err(format!("one of the two files ends at line {number}").into()),
        }
    }
    Ok(())
}

fn child(what: &str, url: &str, prefix: &str, file: &Path) -> Result<Value> {
    let output = Command::new(std::env::current_exe()?).args([CHILD, what, url, prefix]).arg(file).output()?;
    if !output.status.success() {
        return Err(format!("{what} {url}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Moves once and prints what it took.
pub fn moved(arguments: impl Iterator<Item = String>) -> Result<()> {
    let arguments: Vec<String> = arguments.collect();
    let [what, url, prefix, file] = arguments.as_slice() else { return Err("what, where, prefix, file".into()) };
    let options = SqlOptions { prefix: TablePrefix::new(prefix)?, ..SqlOptions::new(KINDS) };
    let crm = Crm::new(url.parse::<Database>()?.open(options)?, SystemEnvironment);
    let started = Instant::now();
    let moved = if what == "export" {
        let mut to = BufWriter::new(std::fs::File::create(file)?);
        crm.export_organisation(&OrgId::new(ORG)?, &mut to, Afterwards::Reopen)?
    } else {
        crm.import_organisation(&mut BufReader::new(std::fs::File::open(file)?))?
    };
    let seconds = started.elapsed().as_secs_f64();
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no peak")?;
    let peak: f64 = peak.trim().trim_end_matches(" kB").parse()?;
    let size = std::fs::metadata(file)?.len() / 1_000_000;
    println!(
        "{}",
        json!({"rows": moved.rows, "seconds": seconds, "peak_mb": (peak / 1024.0).round(), "file_mb": size})
    );
    Ok(())
}
