//! A small office host with the CRM inside.
mod demo;
mod import;
use crm_core::Crm;
use std::path::Path;
fn main() -> std::process::ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let started = std::time::Instant::now();
    let done = match args.as_slice() {
        ["import", "crm-sales", dir, "--database", database] => {
            let path = Path::new(database.trim_start_matches("sqlite:"));
            Crm::sqlite(path).map_err(|error| error.to_string()).and_then(|crm| {
                let summary = import::run(&crm, import::ORGANISATION, Path::new(dir), true).map_err(|error| error.to_string())?;
                let report = import::report_path(path);
                import::write_report(&summary, &report).map_err(|error| error.to_string())?;
                println!("{summary}report: {}", report.display());
                Ok(())
            })
        }
        ["demo", "--database", database] => {
            demo::create(Path::new(database.trim_start_matches("sqlite:"))).map_err(|error| error.to_string())
        }
        _ => Err("usage".to_owned()),
    };
    eprintln!("{:?}", started.elapsed());
    match done {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}
