//! Exports of all customers as csv and as a workbook, and imports of files of customers: seconds, and the memory that it takes. Each is done by a process of its own, whose
//! peak the kernel knows; there is no floor: no bare statement writes such a file.

use crate::report::Measure;
use crate::setup::{self, ORG};
use crate::{Options, Result, generate};
use crm_core::files::{FileImport, FileKind};
use crm_core::store::sql::sqlite::Durability;
use crm_core::{Actor, Crm, ExportInput, Language, SystemEnvironment, View};
use serde_json::{Value, json};
use std::io::BufWriter;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// The word that makes this program export once.
pub const CHILD: &str = "files-child";

/// So many customers at the scale of 1; the targets are for them.
const CUSTOMERS: f64 = 1_000_000.0;
const MOST_SECONDS: f64 = 60.0;
/// So many rows are imported at the scale of 1.
const ROWS: f64 = 100_000.0;
const MOST_IMPORT_SECONDS: f64 = 120.0;
const MOST_MB: f64 = 300.0;

/// Exports of a generated database.
pub fn run(options: &Options, dir: &Path) -> Result<()> {
    // No workbook has more rows.
    let customers = ((CUSTOMERS * options.scale) as usize).clamp(1_000, 1_048_575);
    let source = dir.join("files.db");
    generate::fill(&source, customers, false)?;
    {
        let crm = Crm::new(setup::store(&source, Durability::Normal)?, SystemEnvironment);
        let actor = Actor::system(ORG, "bench")?;
        let system = crm.as_user(&actor);
        let mut settings = system.settings()?;
        settings.export_rows = Some(1_048_575);
        system.change_settings(settings)?;
    }
    let share = customers as f64 / CUSTOMERS;
    for what in ["csv", "xlsx"] {
        let file = dir.join(format!("customers.{what}"));
        let figure = child(what, &source, &file)?;
        let of = |field: &str| figure[field].as_f64().unwrap_or_default();
        let (seconds, megabytes) = (of("seconds"), of("peak_mb"));
        let on = json!({"what": "all customers with all their columns, by the system, a page of 5,000 at a time, each a commit",
            "customers": customers, "rows": figure["rows"], "columns": figure["columns"], "file_mb": figure["file_mb"]});
        Measure {
            measure: &format!("files/export/{what}"),
            value: seconds,
            unit: "s",
            floor: None,
            judged: seconds,
            // Time goes with the number of rows; memory does not.
            target: Some((MOST_SECONDS * share.max(0.01), false)),
            on: on.clone(),
        }
        .print();
        Measure {
            measure: &format!("files/export/{what}/memory"),
            value: megabytes,
            unit: "MB at the most",
            floor: None,
            judged: megabytes,
            target: Some((MOST_MB, false)),
            on,
        }
        .print();
    }
    let rows = ((ROWS * options.scale) as usize).clamp(500, 200_000);
    for what in ["import-csv", "import-xlsx"] {
        let (target, file) = (dir.join(format!("{what}.db")), dir.join(format!("{what}.file")));
        drop(setup::small(&target, Durability::Normal)?);
        fill(&file, what == "import-xlsx", rows)?;
        let figure = child(what, &target, &file)?;
        let of = |field: &str| figure[field].as_f64().unwrap_or_default();
        if figure["created"] != json!(rows) {
            return Err(format!("{what}: {figure}").into());
        }
        let (seconds, megabytes) = (of("seconds"), of("peak_mb"));
        let on = json!({"what": "customers with a contact each, checked for duplicates, a commit each, one thread",
            "rows": rows, "file_mb": figure["file_mb"], "commit": "SQLite, WAL, synchronous=NORMAL"});
        Measure {
            measure: &format!("files/{}", what.replace('-', "/")),
            value: seconds,
            unit: "s",
            floor: None,
            judged: seconds,
            target: Some((MOST_IMPORT_SECONDS * (rows as f64 / ROWS), false)),
            on: on.clone(),
        }
        .print();
        Measure {
            measure: &format!("files/{}/memory", what.replace('-', "/")),
            value: megabytes,
            unit: "MB at the most",
            floor: None,
            judged: megabytes,
            target: Some((MOST_MB, false)),
            on,
        }
        .print();
    }
    Ok(())
}

/// A file of customers with a contact each.
fn fill(path: &Path, workbook: bool, rows: usize) -> Result<()> {
    let heads = ["客户名称", "级别", "来源", "地区", "电话", "联系人姓名", "联系人电话"];
    let row = |number: usize| {
        let phone = format!("138{number:08}");
        let name = format!("杭州云帆科技第{number:08}有限公司");
        [name, "A".into(), "官网咨询".into(), "杭州".into(), format!("0571-{number:08}"), "王小明".into(), phone]
    };
    let mut text = String::from("\u{feff}");
    if !workbook {
        text.push_str(&heads.join(","));
        for number in 0..rows {
            text.push_str("\r\n");
            text.push_str(&row(number).join(","));
        }
        std::fs::write(path, text)?;
        return Ok(());
    }
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet_with_constant_memory();
    sheet.write_row(0, 0, heads)?;
    for number in 0..rows {
        sheet.write_row(u32::try_from(number)? + 1, 0, row(number))?;
    }
    book.save(path)?;
    Ok(())
}

fn child(what: &str, source: &Path, file: &Path) -> Result<Value> {
    let output = Command::new(std::env::current_exe()?).args([CHILD, what]).arg(source).arg(file).output()?;
    if !output.status.success() {
        return Err(format!("{what}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Exports or imports once and prints what it took.
pub fn exported(arguments: impl Iterator<Item = String>) -> Result<()> {
    let arguments: Vec<String> = arguments.collect();
    let [what, source, file] = arguments.as_slice() else { return Err("what, where, file".into()) };
    let imports = what.starts_with("import");
    let durability = if imports { Durability::Normal } else { Durability::Full };
    let crm = Crm::new(setup::store(Path::new(source), durability)?, SystemEnvironment);
    if imports {
        let alice = Actor::user(ORG, "alice")?;
        let started = Instant::now();
        let bytes = std::fs::read(file)?;
        let from = FileImport {
            file: what.clone(),
            kind: FileKind::of(&bytes),
            bytes: &bytes,
            fields: Vec::new(),
            dry_run: false,
            duplicate_reason: None,
        };
        let import = crm.as_user(&alice).import_file(from, |_| ())?;
        let seconds = started.elapsed().as_secs_f64();
        println!(
            "{}",
            json!({"seconds": seconds, "peak_mb": peak()?, "created": import.created, "failed": import.failed,
                "skipped": import.skipped, "file_mb": bytes.len() / 1_000_000})
        );
        return Ok(());
    }
    let system = Actor::system(ORG, "bench")?;
    let session = crm.as_user(&system);
    let input = ExportInput { customers: Some(View::All.into()), ..ExportInput::in_language(Language::Chinese) };
    let started = Instant::now();
    let mut to = BufWriter::new(std::fs::File::create(file)?);
    let export = match what.as_str() {
        "csv" => session.export_csv(input, &mut to, |_| ())?,
        _ => session.export_xlsx(input, &mut to, |_| ())?,
    };
    drop(to);
    let seconds = started.elapsed().as_secs_f64();
    let size = std::fs::metadata(file)?.len() / 1_000_000;
    println!(
        "{}",
        json!({"seconds": seconds, "peak_mb": peak()?, "rows": export.rows, "columns": export.columns.len(), "file_mb": size})
    );
    Ok(())
}

/// The most memory that this process had, in MB.
fn peak() -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no peak")?;
    Ok(peak.trim().trim_end_matches(" kB").parse::<f64>()? / 1_024.0)
}
